/* Calls of lib/math's functions by lane count. */
#ifndef SUPPORT_LANES_H
#define SUPPORT_LANES_H

#include "lib/math/math.h"
#include "tests/support_arguments.h"

/* values[k] = function(x[k]), `lanes` neighbours a call (the last call is filled
 * up with the first arguments).  False where the function has no such width. */
bool support_lanes(const struct math_function *function, int lanes, double (*x)[SUPPORT_OPERANDS],
                   size_t count, double *values);

#endif
