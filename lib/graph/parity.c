/* See parity.h. */
#include "lib/graph/parity.h"

#include "lib/graph/passes.h"

#include <string.h>

enum { FACTORS = 6 }; /* beside a square that is written as a product */

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

/* The operands that an even operator has of the graph's two ways. */
static ojit_expr order_even(struct graph *g, ojit_expr e, const ojit_expr *operands, uint32_t even)
{
	ojit_expr both[2] = {operands[0], even > 1 ? operands[1] : 0};
	for (uint32_t i = 0; i < even; i++)
		if (!(both[i] = ordered(g, both[i])))
			return 0;
	return oj_simplified(g, e, both);
}

/* Those of lib/math that are odd to the bit, which its asinh is not. */
static bool is_odd(enum op op)
{
	switch (op) {
	case OP_SIN: case OP_TAN: case OP_ASIN: case OP_ATAN: case OP_SINH: case OP_TANH: case OP_ATANH: case OP_CBRT:
	case OP_ERF:
		return true;
	default:
		return false;
	}
}

static ojit_expr make_if(struct graph *g, enum op op, ojit_expr x, ojit_expr yes, ojit_expr no)
{
	ojit_expr zero = oj_literal(g, 0), condition = oj_make2(g, op, x, zero);
	return oj_make3(g, OP_IF, condition, yes, no);
}

/* Is the difference x - y with both loops exchanged y - x?  *ok false: out of memory. */
static bool is_mutual(struct space *space, ojit_expr x, ojit_expr y, bool *ok)
{
	struct graph *g = &space->graph;
	uint32_t a = oj_node(g, x)->levels, b = oj_node(g, y)->levels;
	ojit_expr exchanged[LEVELS] = {0};
	if (!a || !b || a & (a - 1) || b & (b - 1) || a == b)
		return false;
	exchanged[__builtin_ctz(a)] = oj_index(g, (unsigned)__builtin_ctz(b));
	exchanged[__builtin_ctz(b)] = oj_index(g, (unsigned)__builtin_ctz(a));
	ojit_expr other = oj_substitute(space, x, exchanged, LEVELS);
	*ok = other != 0;
	return other == y;
}

/* sin d = 0 where d = 0, else sin |d| with the sign of d. */
static ojit_expr order_odd(struct space *space, ojit_expr e, ojit_expr d)
{
	struct graph *g = &space->graph;
	ojit_expr x, y;
	bool ok = true;
	if (!is_difference(g, d, &x, &y) || !is_mutual(space, x, y, &ok))
		return ok ? oj_simplified(g, e, &d) : 0;
	ojit_expr either = ordered(g, d), size = oj_make1(g, OP_ABS, either);
	ojit_expr value = size ? oj_simplified(g, e, &size) : 0, negative = oj_make1(g, OP_NEG, value);
	return make_if(g, OP_EQ, d, d, make_if(g, OP_LT, d, negative, value));
}

/* d*d, and more factors behind. */
static ojit_expr order_square(struct graph *g, ojit_expr e, const ojit_expr *operands)
{
	ojit_expr difference = ordered(g, operands[0]);
	if (!difference || difference == operands[0])
		return difference ? oj_simplified(g, e, operands) : 0;
	uint32_t rest = oj_node(g, e)->arity - 2;
	ojit_expr square = oj_make2(g, OP_MUL, difference, difference), factors[1 + FACTORS];
	factors[0] = square;
	memcpy(factors + 1, operands + 2, rest * sizeof *factors);
	return !square || rest == 0 ? square : oj_make(g, OP_MUL, 1 + rest, factors);
}

/* `data` not NULL: odd functions too. */
static ojit_expr order_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	if (n->op == OP_REDUCE)
		return oj_simplified_reduction(rewrite->space, e, operands);
	if (n->op == OP_MUL && operands[0] == operands[1] && n->arity <= 2 + FACTORS)
		return order_square(g, e, operands);
	if (n->op == OP_HYPOT)
		return order_even(g, e, operands, 2);
	if (is_even(n))
		return order_even(g, e, operands, 1);
	return rewrite->data && is_odd(n->op) ? order_odd(rewrite->space, e, operands[0]) : oj_simplified(g, e, operands);
}

ojit_status oj_mutual_differences(struct space *space, ojit_expr *roots, size_t count)
{
	struct rewrite rewrite = {.space = space, .node = order_node, .data = space};
	return oj_rewrite(&rewrite, roots, count);
}

ojit_status oj_even_differences(struct program *program, struct oj_error *error)
{
	struct rewrite rewrite = {.space = program->space, .node = order_node};
	for (size_t b = 0; b < program->blocks.count; b++)
		if (oj_rewrite_block(&rewrite, &program->blocks.at[b]) != OJIT_OK)
			return oj_fail_memory(error);
	return OJIT_OK;
}
