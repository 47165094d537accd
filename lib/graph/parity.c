/* See parity.h. */
#include "lib/graph/parity.h"

#include "lib/graph/passes.h"

static bool is_even(const struct node *n)
{
	return n->op == OP_COS || n->op == OP_COSH || n->op == OP_ABS || (n->op == OP_POWI && n->integer % 2 == 0);
}

/* x and y of x - y; false: it is another thing. */
static bool is_difference(const struct graph *g, ojit_expr e, ojit_expr *x, ojit_expr *y)
{
	if (!oj_is(g, e, OP_ADD) || oj_node(g, e)->arity != 2)
		return false;
	const ojit_expr *o = oj_operands(g, e);
	int negative = oj_is(g, o[0], OP_NEG) ? 0 : 1;
	*x = o[!negative];
	if (!oj_is(g, o[negative], OP_NEG) || oj_is(g, *x, OP_NEG))
		return false;
	*y = oj_operands(g, o[negative])[0];
	return true;
}

/* The difference, the smaller first. */
static ojit_expr ordered(struct graph *g, ojit_expr e)
{
	ojit_expr x, y, operands[2];
	if (!is_difference(g, e, &x, &y) || oj_node(g, x)->levels == oj_node(g, y)->levels || oj_compare(g, x, y, NULL) <= 0)
		return e;
	operands[0] = y;
	operands[1] = oj_make1(g, OP_NEG, x);
	return oj_make(g, OP_ADD, 2, operands);
}

static ojit_expr order_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &rewrite->space->graph;
	if (oj_is(g, e, OP_REDUCE))
		return oj_simplified_reduction(rewrite->space, e, operands);
	if (!is_even(oj_node(g, e)))
		return oj_simplified(g, e, operands);
	ojit_expr operand = ordered(g, operands[0]);
	return operand ? oj_simplified(g, e, &operand) : 0;
}

ojit_status oj_even_differences(struct program *program, struct oj_error *error)
{
	struct rewrite rewrite = {.space = program->space, .node = order_node};
	for (size_t b = 0; b < program->blocks.count; b++)
		if (oj_rewrite_block(&rewrite, &program->blocks.at[b]) != OJIT_OK)
			return oj_fail_memory(error);
	return OJIT_OK;
}
