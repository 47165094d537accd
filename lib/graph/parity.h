/* Even functions of differences. */
#ifndef OJ_PARITY_H
#define OJ_PARITY_H

#include "lib/graph/program.h"

/* cos(y - x) becomes cos(x - y), one of both ways, where x and y belong to different
 * loops; likewise cosh, hypot, abs, even powers and squares written as products.  A
 * difference changes its sign to the bit and an even function does not see it, so no bit
 * changes, and what element i gives to j and j gives to i share one function.  Not for
 * what is in no loop: there the order of elements would hide equal shapes. */
ojit_status oj_even_differences(struct program *program, struct oj_error *error);
/* The same below some roots, which change to what they become, and for odd functions too:
 * sin(x[j] - x[i]) becomes sin|x[i] - x[j]| with the sign of the difference, which is the
 * same to the bit; for values that are wanted both ways. */
ojit_status oj_mutual_differences(struct space *space, ojit_expr *roots, size_t count);

#endif
