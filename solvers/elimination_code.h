/* Machine code of an elimination: its lists as straight code, to the bit what going through them
 * gives.
 *
 * A handful of instructions, each with addresses that are known beforehand, need no compiler: they
 * are put down in microseconds, where LLVM would take as many milliseconds, so that solves of a
 * tenth of a millisecond gain by them.  What a solve waits for stays in registers, and no loop has an end
 * to foresee. */
#ifndef OJ_ELIMINATION_CODE_H
#define OJ_ELIMINATION_CODE_H

#include "solvers/elimination_plan.h"

struct elimination_code {
	void *pages; /* NULL: there is no code */
	size_t solve; /* where that begins, after factors */
	struct place pivots[ELIMINATION_MOST]; /* whose elimination this is */
};

/* Code for a plan of n rows, of real numbers (width 1) or pairs (2), in place of what `code` held.
 * False: there is none, because the system or the processor allows none, or it would be long. */
bool oj_elimination_code_make(struct elimination_code *code, const struct plan *plan, int n, int width);
void oj_elimination_code_drop(struct elimination_code *code);
/* Is it of these pivots? */
bool oj_elimination_code_fits(const struct elimination_code *code, const struct plan *plan, int n);

/* Factors of what is in plan->values.  False: the lists would say so, or are to be asked, because a
 * number was too large or too small; values were overwritten. */
bool oj_elimination_code_factor(const struct elimination_code *code, struct plan *plan);
void oj_elimination_code_solve(const struct elimination_code *code, const struct plan *plan, double *x);

#endif
