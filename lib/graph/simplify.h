/* Simplification that is honest about floating point.
 *
 * Every rule says under which law it holds:
 *   EXACT   the same bits for all operands, nan payloads aside
 *   FINITE  equal numbers whenever no inf or nan meets it; a zero's sign may differ
 *   REAL    equal as real numbers; rounding may differ
 * Only EXACT rules are used unless more is asked for.  `x + 0 -> x` is not EXACT:
 * it is wrong for x = -0.  A test holds every rule to its law. */
#ifndef OJ_SIMPLIFY_H
#define OJ_SIMPLIFY_H

#include "lib/graph/rewrite.h"

enum law { LAW_EXACT, LAW_FINITE, LAW_REAL };

struct rule {
	const char *name;
	enum law law;
	enum op op;
	/* The replacement of `e` with these operands; 0: the rule does not apply.
	 * Operands are never 0. */
	ojit_expr (*apply)(struct graph *g, const struct node *like, const ojit_expr *operands);
};
extern const struct rule oj_rules[];
extern const size_t oj_rule_count;

/* Node `like` over other operands, simplified by the rules up to `law`. */
ojit_expr oj_simplified_by(struct graph *g, ojit_expr like, const ojit_expr *operands, enum law law);
static inline ojit_expr oj_simplified(struct graph *g, ojit_expr like, const ojit_expr *operands)
{
	return oj_simplified_by(g, like, operands, LAW_EXACT);
}

#endif
