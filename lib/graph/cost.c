/* See cost.h. */
#include "lib/graph/cost.h"

/* Multiplications of squaring and multiplying, and a division where it is negative. */
static unsigned power_cost(int64_t exponent)
{
	uint64_t n = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent;
	unsigned squares = n ? 63 - (unsigned)__builtin_clzll(n) : 0;
	return squares + (n ? (unsigned)__builtin_popcountll(n) - 1 : 0) + (exponent < 0 ? 5 : 0);
}

unsigned oj_node_cost(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	switch (oj_op_info[n->op].way) {
	case WAY_MATH:
	case WAY_EXPAND:
		if (n->op == OP_STRONG)
			return 3; /* a comparison, a product and a choice */
		return n->op == OP_POWI ? power_cost(n->integer) : COST_CALL;
	case WAY_INSTR:
		if (n->op == OP_ADD || n->op == OP_MUL)
			return n->arity - 1;
		return n->op == OP_DIV || n->op == OP_SQRT ? 5 : 1;
	case WAY_LEAF:
		if (n->op == OP_REDUCE)
			return COST_LOOP;
		return n->op == OP_LITERAL || oj_op_info[n->op].type == INTEGER ? 0 : 1;
	}
	return 1;
}

bool oj_cost(const struct graph *g, ojit_expr e, unsigned most, unsigned *cost)
{
	struct expr_map seen;
	struct expr_list list = {0};
	uint32_t ignored;
	oj_expr_map_init(&seen, g->context);
	bool ok = VECTOR_PUSH(g->context, &list.list, e);
	*cost = 0;
	while (ok && list.list.count && *cost < most) {
		e = list.list.at[--list.list.count];
		if (oj_expr_map_get(&seen, e, &ignored))
			continue;
		const struct node *n = oj_node(g, e);
		uint32_t count = n->op == OP_REDUCE ? REDUCE_BODY : n->arity;
		*cost += oj_node_cost(g, e);
		ok = oj_expr_map_put(&seen, e, 1);
		for (uint32_t i = 0; ok && i < count; i++)
			ok = VECTOR_PUSH(g->context, &list.list, oj_operands(g, e)[i]);
	}
	*cost = *cost < most ? *cost : most;
	VECTOR_DROP(g->context, &list.list);
	oj_expr_map_drop(&seen);
	return ok;
}
