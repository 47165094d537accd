/* Programs evaluated in MPFR (jit/mpfr/exact.h), with everything asserted: what
 * derivatives are held to. */
#ifndef SUPPORT_EXACT_H
#define SUPPORT_EXACT_H

#include "jit/mpfr/exact.h"

struct exact *exact_new(const struct program *program, int bits);
void exact_free(struct exact *exact);

/* Element k of a vector (any role but DATA), made when it is first asked for, 0 then. */
mpfr_ptr exact_element(struct exact *exact, enum array_role role, int64_t k);
mpfr_ptr exact_time(struct exact *exact);
/* Run all blocks of any program over the same space: out and intermediates are set. */
void exact_run(struct exact *exact, const struct program *program);

#endif
