/* Which programs make of finite numbers finite ones.
 *
 * Sums, products and functions that are defined and moderate everywhere do, but for
 * overflow; quotients, roots, logarithms and powers do not.  What such a program multiplies with 0 is
 * 0. */
#ifndef OJ_FINITE_H
#define OJ_FINITE_H

#include "lib/graph/program.h"

bool oj_node_keeps_finite(const struct graph *g, ojit_expr e);
/* *keeps: it is one of those.  False: out of memory. */
bool oj_keeps_finite(const struct program *program, bool *keeps);

#endif
