/* Pass expand: operators made of others are written out, so that executors know
 * few operators and every executor rounds alike.  It runs late: rules and
 * derivatives see the operator, not its parts.
 *
 * Formulas are chosen to be right at the ends: sigmoid and softplus use
 * exp(-|x|), which cannot overflow.  Integer powers are products by repeated
 * squaring from the exponent's highest bit down; a negative power is the
 * reciprocal of the positive one.
 *
 * No call makes two nodes among its arguments: C does not say which comes first,
 * and nodes are numbered as they are made. */
#include "lib/graph/passes.h"

#include <math.h>

static ojit_expr make1(struct graph *g, enum op op, ojit_expr a)
{
	ojit_expr e = oj_make1(g, op, a);
	return e ? oj_simplified(g, e, &a) : 0;
}

static ojit_expr make2(struct graph *g, enum op op, ojit_expr a, ojit_expr b)
{
	ojit_expr e = oj_make2(g, op, a, b), operands[2] = {a, b};
	return e ? oj_simplified(g, e, operands) : 0;
}

static ojit_expr choose(struct graph *g, ojit_expr condition, ojit_expr yes, ojit_expr no)
{
	ojit_expr e = oj_make3(g, OP_IF, condition, yes, no), operands[3] = {condition, yes, no};
	return e ? oj_simplified(g, e, operands) : 0;
}

static ojit_expr cot(struct graph *g, ojit_expr x)
{
	ojit_expr one = oj_literal(g, 1);
	return make2(g, OP_DIV, one, make1(g, OP_TAN, x));
}

/* positive, negative, or `otherwise` at zero and nan */
static ojit_expr by_sign(struct graph *g, ojit_expr x, double positive, double negative, ojit_expr otherwise)
{
	ojit_expr zero = oj_literal(g, 0), below = oj_literal(g, negative), above = oj_literal(g, positive);
	ojit_expr is_below = make2(g, OP_LT, x, zero), is_above = make2(g, OP_LT, zero, x);
	return choose(g, is_above, above, choose(g, is_below, below, otherwise));
}

static ojit_expr sign(struct graph *g, ojit_expr x)
{
	return by_sign(g, x, 1, -1, make2(g, OP_ADD, x, oj_literal(g, 0))); /* -0 + 0 = 0, nan stays */
}

static ojit_expr heaviside(struct graph *g, ojit_expr x, ojit_expr at_zero)
{
	return by_sign(g, x, 1, 0, choose(g, make2(g, OP_EQ, x, oj_literal(g, 0)), at_zero, x));
}

static ojit_expr exp_minus_abs(struct graph *g, ojit_expr x)
{
	return make1(g, OP_EXP, make1(g, OP_NEG, make1(g, OP_ABS, x)));
}

static ojit_expr sigmoid(struct graph *g, ojit_expr x)
{
	ojit_expr one = oj_literal(g, 1), zero = oj_literal(g, 0), e = exp_minus_abs(g, x);
	ojit_expr numerator = choose(g, make2(g, OP_LE, zero, x), one, e);
	return make2(g, OP_DIV, numerator, make2(g, OP_ADD, one, e));
}

static ojit_expr relu(struct graph *g, ojit_expr x)
{
	return make2(g, OP_MAX, x, oj_literal(g, 0));
}

static ojit_expr softplus(struct graph *g, ojit_expr x)
{
	ojit_expr line = relu(g, x);
	return make2(g, OP_ADD, line, make1(g, OP_LOG1P, exp_minus_abs(g, x)));
}

static ojit_expr strong_product(struct graph *g, ojit_expr a, ojit_expr b)
{
	ojit_expr zero = oj_literal(g, 0), none = make2(g, OP_EQ, a, zero), product = make2(g, OP_MUL, a, b);
	return choose(g, none, zero, product);
}

static ojit_expr power(struct graph *g, ojit_expr x, int64_t exponent)
{
	uint64_t n = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent;
	if (n == 0)
		return oj_literal(g, 1);
	ojit_expr value = x;
	for (int bit = 62 - __builtin_clzll(n); bit >= 0; bit--) {
		value = make2(g, OP_MUL, value, value);
		if (n >> bit & 1)
			value = make2(g, OP_MUL, value, x);
	}
	ojit_expr one = exponent < 0 ? oj_literal(g, 1) : 0;
	return exponent < 0 ? make2(g, OP_DIV, one, value) : value;
}

/* x^0.5 and x^1.5 by a square root: within the bound of pow, and many times as
 * quick.  lib/math's pow does the same for these exponents, which thus may be data.
 * Adding 0 turns -0 into the 0 that pow gives; -inf is the one number for
 * which the root would be nan and pow is not. */
static ojit_expr half_power(struct graph *g, ojit_expr x, double exponent)
{
	ojit_expr root = make1(g, OP_SQRT, x), infinity = oj_literal(g, INFINITY);
	ojit_expr value = exponent == 0.5 ? make2(g, OP_ADD, root, oj_literal(g, 0)) : make2(g, OP_MUL, x, root);
	ojit_expr exception = make2(g, OP_EQ, x, oj_literal(g, -INFINITY));
	return choose(g, exception, infinity, value);
}

bool oj_is_root_exponent(const struct graph *g, ojit_expr exponent)
{
	double value = oj_node(g, exponent)->real;
	return oj_is(g, exponent, OP_LITERAL) && (value == 0.5 || value == 1.5);
}

static ojit_expr expand_pow(struct graph *g, ojit_expr e, const ojit_expr *operands)
{
	bool half = oj_is_root_exponent(g, operands[1]);
	return half ? half_power(g, operands[0], oj_node(g, operands[1])->real) : oj_simplified(g, e, operands);
}

static ojit_expr expand_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &rewrite->space->graph;
	ojit_expr x = oj_node(g, e)->arity ? operands[0] : 0;
	switch ((enum op)oj_node(g, e)->op) {
	case OP_COT:
		return cot(g, x);
	case OP_SIGN:
		return sign(g, x);
	case OP_SIGMOID:
		return sigmoid(g, x);
	case OP_RELU:
		return relu(g, x);
	case OP_SOFTPLUS:
		return softplus(g, x);
	case OP_HEAVISIDE:
		return heaviside(g, x, operands[1]);
	case OP_STRONG:
		return strong_product(g, x, operands[1]);
	case OP_POWI:
		return power(g, x, oj_node(g, e)->integer);
	case OP_POW:
		return expand_pow(g, e, operands);
	case OP_REDUCE:
		return oj_simplified_reduction(rewrite->space, e, operands);
	default:
		return oj_simplified(g, e, operands);
	}
}

ojit_status oj_pass_expand(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct rewrite rewrite = {.space = program->space, .node = expand_node};
	(void)options;
	for (size_t b = 0; b < program->blocks.count; b++)
		if (oj_rewrite_block(&rewrite, &program->blocks.at[b]) != OJIT_OK)
			return oj_fail_memory(error);
	return OJIT_OK;
}
