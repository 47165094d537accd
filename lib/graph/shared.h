/* Sums of sums that several elements of a box share, in arrays of their own.
 *
 * A Jacobian's terms are the points of all loops around a load: for a sum over pairs that is
 * the same in all rows, pairs times rows.  Kept in an array, it has a gradient, over pairs,
 * and every row takes that. */
#ifndef OJ_SHARED_H
#define OJ_SHARED_H

#include "lib/graph/program.h"

ojit_status oj_keep_shared_sums(struct program *program, struct oj_error *error);

#endif
