/* See written.h. */
#include "lib/graph/written.h"

#include "lib/graph/simplify.h"

static ojit_expr combined(struct graph *g, enum op op, ojit_expr a, ojit_expr b)
{
	ojit_expr pair[2] = {a, b}, e = a && b ? oj_make(g, op, 2, pair) : 0;
	return e ? oj_simplified(g, e, pair) : 0;
}

/* values[0 .. count - 1], at least one, from left to right. */
static ojit_expr in_order(struct graph *g, enum op op, const ojit_expr *values, size_t count)
{
	ojit_expr value = values[0];
	for (size_t k = 1; k < count; k++)
		value = combined(g, op, value, values[k]);
	return value;
}

/* By eight partial values, as struct reduction has it; those without terms have no part. */
static ojit_expr as_tree(struct graph *g, enum op op, const ojit_expr *terms, size_t count)
{
	enum { PARTS = 8 };
	ojit_expr parts[PARTS] = {0};
	for (size_t k = 0; k < count; k++)
		parts[k % PARTS] = k < PARTS ? terms[k] : combined(g, op, parts[k % PARTS], terms[k]);
	for (size_t width = PARTS / 2; width >= 1; width /= 2)
		for (size_t k = 0; k < width && k + width < count; k++)
			parts[k] = combined(g, op, parts[k], parts[k + width]);
	return parts[0];
}

ojit_expr oj_written_reduction(struct graph *g, struct reduction r, const ojit_expr *values, size_t count)
{
	static const enum op ops[] = {[REDUCE_SUM] = OP_ADD, [REDUCE_PROD] = OP_MUL, [REDUCE_MIN] = OP_MIN, [REDUCE_MAX] = OP_MAX};
	enum op op = ops[r.kind];
	/* Combined with the start of nothing, a value stays what it is. */
	bool alone = count > 0 && oj_is_literal(g, values[0], oj_reduction_identity(r.kind, true));
	if (count > 0 && r.order == TREE8) {
		ojit_expr tree = as_tree(g, op, values + 1, count);
		return alone ? tree : combined(g, op, values[0], tree);
	}
	return in_order(g, op, values + alone, count + !alone);
}
