/* Terms of sums that cancel: as f - f, also through nested sums, signs and literal factors, and once
 * short products and quotients of sums are multiplied out. */
#ifndef OJ_CANCEL_H
#define OJ_CANCEL_H

#include "lib/graph/graph.h"

/* The operand of a product of two whose other is a literal; 0: it is something else. */
ojit_expr oj_scaled_operand(const struct graph *g, ojit_expr e, double *factor);
/* The sum `e` over other operands without what cancels, simplified; 0: out of memory. */
ojit_expr oj_cancelled_sum(struct graph *g, ojit_expr e, const ojit_expr *operands);

#endif
