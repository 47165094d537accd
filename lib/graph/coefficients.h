/* Programs that compute Taylor coefficients of a system's solution.
 *
 * From the right-hand side f of y' = f(t, y) comes a program with
 *
 *     out[k n + i] = coefficient k of state i about time t,   k = 0 .. order,
 *
 * the one of k = 0 being y itself: x_(k+1) = f_k / (k + 1), where f_k is coefficient k
 * of f along the solution (series.h). */
#ifndef OJ_TAYLOR_H
#define OJ_TAYLOR_H

#include "lib/graph/series.h"

/* Fill `made`, an empty program in the space of `rhs`, which may be changed.  `fused`:
 * the machine has fused multiply-adds.  OJIT_UNSUPPORTED, with the place, for operators
 * without a recurrence and for more series than memory should hold. */
ojit_status oj_taylor_program(struct program *made, struct program *rhs, int order, bool fused,
                              struct oj_error *error);

/* The form that recurrences are for: products of two, of which a constant is the first
 * factor; powers as products, squares and roots where they can be; short products over
 * a range written out.  `straight`: loads of intermediates become what was stored. */
ojit_status oj_taylor_form(struct program *program, bool straight, struct oj_error *error);

#endif
