/* See finite.h. */
#include "lib/graph/finite.h"

#include <math.h>

bool oj_node_keeps_finite(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	if (oj_op_info[n->op].type != REAL)
		return true;
	switch ((enum op)n->op) {
	case OP_LITERAL:
		return isfinite(n->real);
	case OP_TIME: case OP_LOAD: case OP_ITOF: case OP_REDUCE: case OP_IF:
	case OP_ADD: case OP_MUL: case OP_NEG: case OP_FMA: case OP_ABS:
	case OP_FLOOR: case OP_CEIL: case OP_ROUND: case OP_MIN: case OP_MAX:
	case OP_SIN: case OP_COS: case OP_ATAN: case OP_TANH: case OP_ASINH: case OP_CBRT: case OP_ERF: case OP_ERFC:
	case OP_STRONG:
		return true;
	case OP_POWI:
		return n->integer >= 0;
	default:
		return false;
	}
}

static bool look_at_block(const struct space *space, const struct block *block, bool *keeps)
{
	struct expr_list list = {0};
	bool ok = oj_block_reach(space, block, true, &list);
	for (size_t i = 0; ok && *keeps && i < list.list.count; i++)
		*keeps = oj_node_keeps_finite(&space->graph, list.list.at[i]);
	VECTOR_DROP(space->context, &list.list);
	return ok;
}

bool oj_keeps_finite(const struct program *program, bool *keeps)
{
	const struct space *space = program->space;
	bool ok = true;
	*keeps = true;
	for (size_t k = 0; *keeps && k < space->data.count; k++)
		*keeps = isfinite(space->data.at[k]);
	for (size_t b = 0; ok && *keeps && b < program->blocks.count; b++)
		ok = look_at_block(space, &program->blocks.at[b], keeps);
	return ok;
}
