/* Sums that several elements of a box share, in arrays of their own.
 *
 * A Jacobian's terms are the points of all loops around a load: for a sum over pairs that is
 * the same in all rows, pairs times rows.  Kept in an array, it has a gradient, over pairs,
 * and every row takes that.  The adjoint of a sum that is the same in all rows is a sum over them:
 * what the sum is of meets it once, and not once for every row. */
#ifndef OJ_SHARED_H
#define OJ_SHARED_H

#include "lib/graph/program.h"

/* stage: of the least that are kept, 2 for sums of sums. */
ojit_status oj_keep_shared_sums(struct program *program, uint32_t stage, struct oj_error *error);

#endif
