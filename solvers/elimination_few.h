/* Factors of a few rows, as if no entry were 0: what elimination.c does by lists, written out for
 * each number of rows.  There is nothing to read but numbers, no loop has an end to foresee, and a
 * stage that waits for a solve waits for little else than its chain of operations.  Sums are taken in
 * the order of the rounds. */
#ifndef OJ_ELIMINATION_FEW_H
#define OJ_ELIMINATION_FEW_H

#include <stdbool.h>
#include <stdint.h>

enum { ELIMINATION_FEW = 4 }; /* rows at most: with more, zeros are too many */

#define MOST_GROWTH 1e3 /* of a multiplier */

/* Where a round's pivot was. */
struct place {
	uint8_t row, column;
};

/* For a[n][n] with rows and columns in the order of elimination; complex: pairs. */
struct few_rows {
	/* a becomes factors: multipliers, inverses of pivots, the rest.  False: a pivot is 0, a
	 * multiplier is too large, or something is not finite. */
	bool (*factor[2])(double *a);
	void (*solve[2])(const double *a, const struct place *places, double *x);
};
/* [0] of functions for real, [1] for complex numbers; 1 <= n <= ELIMINATION_FEW. */
const struct few_rows *oj_few_rows(int n);

#endif
