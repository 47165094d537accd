/* Powers of roots that have no edge: sqrt(x)^2 is x, cbrt(x)^3 too, abs(x)^2 is x^2, and hypot(x, y)^2 is
 * x^2 + y^2, which derivatives may go through at 0. */
#ifndef OJ_ROOTS_H
#define OJ_ROOTS_H

#include "lib/graph/graph.h"

/* Is `e` such a root and `exponent` a power that it has no edge with? */
bool oj_is_power_of_root(const struct graph *g, ojit_expr e, int64_t exponent);
/* That power, without the root; 0: out of memory. */
ojit_expr oj_power_of_root(struct graph *g, ojit_expr root, int64_t exponent);
/* The product `e` over other operands, with such powers of roots that are there several times,
 * simplified; 0: out of memory. */
ojit_expr oj_product_of_roots(struct graph *g, ojit_expr e, const ojit_expr *operands);

#endif
