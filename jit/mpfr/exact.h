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
struct exact_number *oj_exact_time(struct exact *exact);
/* Give an input the value of a double. */
void oj_exact_set(struct exact_number *number, double value);

struct exact_plan; /* of a program, which must outlive it */
ojit_status oj_exact_plan(const struct program *program, int bits, struct exact_plan **plan);
void oj_exact_plan_free(struct exact_plan *plan); /* NULL is allowed */
/* Run all its blocks: what the program puts out, and intermediates, are set.
 * OJIT_OUT_OF_MEMORY or OJIT_OK. */
ojit_status oj_exact_run(struct exact *exact, struct exact_plan *plan);
/* Additions, or what took as long, that the last run took. */
double oj_exact_work(const struct exact_plan *plan);

#endif
