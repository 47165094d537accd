/* Programs evaluated in MPFR, node by node: what derivatives are held to.
 *
 * Every operator is its mathematical meaning at `bits` bits (support_mpfr.h), literals
 * and data are the doubles they are. */
#ifndef SUPPORT_EXACT_H
#define SUPPORT_EXACT_H

#include "lib/graph/program.h"

#include <mpfr.h>

struct exact; /* a program's vectors in MPFR */
struct exact *exact_new(const struct program *program, int bits);
void exact_free(struct exact *exact);

/* Element k of a vector (any role but DATA, which is the space's own), made when it
 * is first asked for, 0 then. */
mpfr_ptr exact_element(struct exact *exact, enum array_role role, int64_t k);
mpfr_ptr exact_time(struct exact *exact);
/* Run all blocks of any program over the same space: out and intermediates are set. */
void exact_run(struct exact *exact, const struct program *program);

#endif
