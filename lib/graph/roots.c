/* See roots.h. */
#include "lib/graph/roots.h"

#include "lib/graph/simplify.h"

/* Which power of `e` has no edge: that of hypot at the origin, which the sum of squares has not. */
static int64_t smooth_power(enum op op)
{
	return op == OP_HYPOT || op == OP_ABS || op == OP_SQRT ? 2 : op == OP_CBRT ? 3 : 0;
}

bool oj_is_power_of_root(const struct graph *g, ojit_expr e, int64_t exponent)
{
	int64_t smooth = smooth_power(oj_node(g, e)->op);
	return smooth && exponent > 0 && exponent % smooth == 0;
}

static ojit_expr power(struct graph *g, ojit_expr e, int64_t exponent)
{
	ojit_expr made = exponent == 1 ? e : oj_power(g, e, exponent);
	return made && made != e ? oj_simplified_by(g, made, &e, LAW_FINITE) : made;
}

ojit_expr oj_power_of_root(struct graph *g, ojit_expr root, int64_t exponent)
{
	const ojit_expr *o = oj_operands(g, root);
	ojit_expr a = o[0], b = oj_is(g, root, OP_HYPOT) ? o[1] : 0;
	if (oj_is(g, root, OP_ABS))
		return power(g, a, exponent);
	if (!b)
		return power(g, a, exponent / smooth_power(oj_node(g, root)->op));
	ojit_expr squares[2] = {power(g, a, 2), 0};
	squares[1] = power(g, b, 2);
	ojit_expr sum = squares[0] && squares[1] ? oj_make(g, OP_ADD, 2, squares) : 0;
	sum = sum ? oj_simplified_by(g, sum, squares, LAW_FINITE) : 0;
	return sum ? power(g, sum, exponent / 2) : 0;
}

/* How often the k-th operand is there; 0: it is there before. */
static uint32_t times_there(const ojit_expr *operands, uint32_t arity, uint32_t k)
{
	uint32_t count = 0;
	for (uint32_t m = 0; m < k; m++)
		if (operands[m] == operands[k])
			return 0;
	for (uint32_t m = k; m < arity; m++)
		count += operands[m] == operands[k];
	return count;
}

/* How many of the k-th operand, which is a root, make a power without an edge. */
static int64_t whole_of_root(const struct graph *g, const ojit_expr *operands, uint32_t arity, uint32_t k)
{
	int64_t smooth = smooth_power(oj_node(g, operands[k])->op), times = smooth ? times_there(operands, arity, k) : 0;
	return smooth ? times - times % smooth : 0;
}

static bool has_powers_of_roots(const struct graph *g, const ojit_expr *operands, uint32_t arity)
{
	bool has = false;
	for (uint32_t k = 0; !has && k < arity; k++)
		has = whole_of_root(g, operands, arity, k) > 0;
	return has;
}

/* factors[arity]: those of a product, with such powers where they are met first; returns how many. */
static uint32_t take_roots(struct graph *g, const ojit_expr *operands, uint32_t arity, ojit_expr *factors)
{
	uint32_t count = 0;
	for (uint32_t k = 0; k < arity; k++) {
		int64_t smooth = smooth_power(oj_node(g, operands[k])->op), times = times_there(operands, arity, k);
		if (!smooth) {
			factors[count++] = operands[k];
			continue;
		}
		if (times >= smooth)
			factors[count++] = oj_power_of_root(g, operands[k], times - times % smooth);
		for (int64_t rest = times % smooth; rest > 0; rest--)
			factors[count++] = operands[k];
	}
	return count;
}

ojit_expr oj_product_of_roots(struct graph *g, ojit_expr e, const ojit_expr *operands)
{
	uint32_t arity = oj_node(g, e)->arity;
	size_t size = arity * sizeof(ojit_expr);
	if (!has_powers_of_roots(g, operands, arity))
		return oj_simplified_by(g, e, operands, LAW_FINITE);
	ojit_expr *factors = oj_memory_get(g->context, size), product = 0;
	uint32_t count = factors ? take_roots(g, operands, arity, factors) : 0;
	bool ok = count > 0;
	for (uint32_t k = 0; k < count; k++)
		ok = ok && factors[k];
	if (ok)
		product = count == 1 ? factors[0] : oj_make(g, OP_MUL, count, factors);
	if (product && count > 1)
		product = oj_simplified_by(g, product, factors, LAW_FINITE);
	oj_memory_put(g->context, factors, size);
	return product;
}
