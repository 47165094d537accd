/* Programs evaluated in MPFR, over the plans that the interpreter walks.
 *
 * Every operator is its mathematical meaning at `bits` bits (operators.h), numbers and
 * data are the doubles they are.  Sizes and marks come along: see jit/truth.h.  Exponents
 * beyond 2^16384 overflow, so that no function meets an argument that it would have to
 * reduce with millions of bits. */
#ifndef OJ_MPFR_EXACT_H
#define OJ_MPFR_EXACT_H

#include "jit/truth.h"

#include <mpfr.h>

struct exact_number {
	mpfr_t value;
	int64_t integer; /* where it is one, or a truth */
	double size;
	unsigned marks;
};

struct exact; /* vectors in MPFR, one a role */
/* NULL: out of memory. */
struct exact *oj_exact_new(ojit_context *context, int bits);
void oj_exact_free(struct exact *exact); /* NULL is allowed */
/* Element k of a vector (any role but DATA, which is the space's own), made when it
 * is first asked for, 0 then.  After a failure, which the next run reports, one nobody reads. */
struct exact_number *oj_exact_element(struct exact *exact, enum array_role role, int64_t k);
/* Forget all elements, for they take a hundred bytes each. */
void oj_exact_forget(struct exact *exact);
struct exact_number *oj_exact_time(struct exact *exact);
/* Has any run asked for the time? */
bool oj_exact_met_time(const struct exact *exact);
/* Give an input the value of a double. */
void oj_exact_set(struct exact_number *number, double value);

/* On which side of its edges (edges.h) every operator and condition was, in the order in
 * which they are met: kept by the next runs, or compared with what was kept, which marks
 * values that depend on another side with TRUTH_KINK. */
enum exact_sides { SIDES_IGNORED, SIDES_KEPT, SIDES_COMPARED };
void oj_exact_sides(struct exact *exact, enum exact_sides sides);

/* Of blocks that do nothing but put out, the next runs take the first and the last index of
 * the outermost axis, and `part` of those between, chosen by `seed`; 1: all, as at first.
 * What is left out keeps the value that it had.  A run that takes more than `most` additions
 * is given up, and its whole is infinite then. */
void oj_exact_sample(struct exact *exact, double part, uint64_t seed, double most);

struct exact_plan; /* of a program, which must outlive it */
ojit_status oj_exact_plan(const struct program *program, int bits, struct exact_plan **plan);
void oj_exact_plan_free(struct exact_plan *plan); /* NULL is allowed */
/* Run all its blocks: what the program puts out, and intermediates, are set.
 * OJIT_OUT_OF_MEMORY or OJIT_OK. */
ojit_status oj_exact_run(struct exact *exact, struct exact_plan *plan);
/* Additions, or what took as long, that the last run took, and would have taken without
 * leaving out any index. */
double oj_exact_work(const struct exact_plan *plan);
double oj_exact_whole(const struct exact_plan *plan);

#endif
