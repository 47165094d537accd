/* See cost.h. */
#include "lib/graph/cost.h"

unsigned oj_node_cost(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	switch (oj_op_info[n->op].way) {
	case WAY_MATH:
	case WAY_EXPAND:
		return n->op == OP_POWI ? 4 : COST_CALL;
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
	struct expr_list list = {0};
	bool ok = oj_reach(g, &e, 1, false, &list);
	*cost = 0;
	for (size_t i = 0; ok && i < list.list.count && *cost < most; i++)
		*cost += oj_node_cost(g, list.list.at[i]);
	VECTOR_DROP(g->context, &list.list);
	return ok;
}
