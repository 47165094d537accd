/* See simplify.h.  Rules are tried in order of the table; each looks at one node
 * whose operands are simplified already.  Then come structural normal forms:
 * reductions get the least level they can have, so that equal reductions in
 * different surroundings are one node. */
#include "lib/graph/simplify.h"

#include "lib/graph/interpret.h"
#include "lib/graph/passes.h"

#include <math.h>
#include <string.h>

static bool literal(const struct graph *g, ojit_expr e, double *value)
{
	*value = oj_node(g, e)->real;
	return oj_is(g, e, OP_LITERAL);
}

static ojit_expr truth(struct graph *g, bool value)
{
	return oj_make(g, value ? OP_TRUE : OP_FALSE, 0, NULL);
}

static bool known_truth(const struct graph *g, ojit_expr e, bool *value)
{
	*value = oj_is(g, e, OP_TRUE);
	return *value || oj_is(g, e, OP_FALSE);
}

/* Any INSTR or MATH operator over literals. */
static ojit_expr fold_literals(struct graph *g, const struct node *like, const ojit_expr *operands)
{
	double few[8], *values = few;
	if (like->arity == 0 || like->arity > 8)
		return 0;
	for (uint32_t i = 0; i < like->arity; i++)
		if (!literal(g, operands[i], &values[i]))
			return 0;
	return oj_literal(g, oj_evaluate_many(like->op, values, like->arity));
}

static ojit_expr fold_compare(struct graph *g, const struct node *like, const ojit_expr *o)
{
	double a, b;
	if (!literal(g, o[0], &a) || !literal(g, o[1], &b))
		return 0;
	switch ((enum op)like->op) {
	case OP_LT:
		return truth(g, a < b);
	case OP_LE:
		return truth(g, a <= b);
	case OP_EQ:
		return truth(g, a == b);
	default:
		return truth(g, a != b);
	}
}

static ojit_expr fold_compare_integers(struct graph *g, const struct node *like, const ojit_expr *o)
{
	int64_t d;
	ojit_expr difference = oj_integer_add(g, o[0], oj_integer_scale(g, o[1], -1));
	if (!difference || !oj_integer_value(g, difference, &d))
		return 0;
	switch ((enum op)like->op) {
	case OP_ILT:
		return truth(g, d < 0);
	case OP_ILE:
		return truth(g, d <= 0);
	case OP_IEQ:
		return truth(g, d == 0);
	default:
		return truth(g, d != 0);
	}
}

static ojit_expr fold_itof(struct graph *g, const struct node *like, const ojit_expr *o)
{
	int64_t value;
	(void)like;
	return oj_integer_value(g, o[0], &value) ? oj_literal(g, (double)value) : 0;
}

static ojit_expr not_not(struct graph *g, const struct node *like, const ojit_expr *o)
{
	bool value;
	(void)like;
	if (known_truth(g, o[0], &value))
		return truth(g, !value);
	return oj_is(g, o[0], OP_NOT) ? oj_operands(g, o[0])[0] : 0;
}

/* x and true -> x, x and false -> false, x or ..., x and x -> x */
static ojit_expr absorb_truth(struct graph *g, const struct node *like, const ojit_expr *o)
{
	bool value, neutral = like->op == OP_AND;
	for (int i = 0; i < 2; i++)
		if (known_truth(g, o[i], &value))
			return value == neutral ? o[!i] : o[i];
	return o[0] == o[1] ? o[0] : 0;
}

static ojit_expr if_decided(struct graph *g, const struct node *like, const ojit_expr *o)
{
	bool value;
	(void)like;
	if (known_truth(g, o[0], &value))
		return value ? o[1] : o[2];
	return o[1] == o[2] ? o[1] : 0;
}

static ojit_expr if_not(struct graph *g, const struct node *like, const ojit_expr *o)
{
	(void)like;
	return oj_is(g, o[0], OP_NOT) ? oj_make3(g, OP_IF, oj_operands(g, o[0])[0], o[2], o[1]) : 0;
}

static ojit_expr neg_neg(struct graph *g, const struct node *like, const ojit_expr *o)
{
	(void)like;
	return oj_is(g, o[0], OP_NEG) ? oj_operands(g, o[0])[0] : 0;
}

/* All operands but those that are the literal `value`; 0: there are none of them.
 * *dropped, where asked for, says how many. */
static ojit_expr without(struct graph *g, const struct node *like, const ojit_expr *o, double value,
                         uint32_t *dropped)
{
	ojit_expr few[16] = {0}, *rest = few;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < like->arity; i++)
		kept += !oj_is_literal(g, o[i], value);
	if (dropped)
		*dropped = like->arity - kept;
	if (kept == like->arity || kept == 0) /* nothing to drop, or fold-front's */
		return 0;
	if (kept > 16 && !(rest = oj_memory_get(g->context, kept * sizeof *rest)))
		return 0;
	for (uint32_t i = 0, n = 0; i < like->arity; i++)
		if (!oj_is_literal(g, o[i], value))
			rest[n++] = o[i];
	ojit_expr made = oj_make(g, like->op, kept, rest);
	if (rest != few)
		oj_memory_put(g->context, rest, kept * sizeof *rest);
	return made;
}

static ojit_expr drop_literal(struct graph *g, const struct node *like, const ojit_expr *o, double value)
{
	return without(g, like, o, value, NULL);
}

/* 2 * 3 * x -> 6 * x: the first two are combined first anyway. */
static ojit_expr fold_front(struct graph *g, const struct node *like, const ojit_expr *o)
{
	ojit_expr few[16] = {0}, *rest = few;
	double front = 0, next;
	uint32_t count = 0, left;
	for (; count < like->arity && literal(g, o[count], &next); count++)
		front = count ? oj_evaluate(like->op, front, next, 0) : next;
	if (count == like->arity)
		return oj_literal(g, front);
	if (count < 2)
		return 0;
	left = like->arity - count + 1;
	if (left > 16 && !(rest = oj_memory_get(g->context, left * sizeof *rest)))
		return 0;
	rest[0] = oj_literal(g, front);
	memcpy(rest + 1, o + count, (left - 1) * sizeof *rest);
	ojit_expr made = oj_make(g, like->op, left, rest);
	if (rest != few)
		oj_memory_put(g->context, rest, left * sizeof *rest);
	return made;
}

static ojit_expr add_negative_zero(struct graph *g, const struct node *like, const ojit_expr *o)
{
	return drop_literal(g, like, o, -0.0);
}

static ojit_expr add_zero(struct graph *g, const struct node *like, const ojit_expr *o)
{
	return drop_literal(g, like, o, 0.0);
}

static ojit_expr add_opposite(struct graph *g, const struct node *like, const ojit_expr *o)
{
	if (like->arity != 2)
		return 0;
	for (int i = 0; i < 2; i++)
		if (oj_is(g, o[i], OP_NEG) && oj_operands(g, o[i])[0] == o[!i])
			return oj_literal(g, 0);
	return 0;
}

static ojit_expr mul_one(struct graph *g, const struct node *like, const ojit_expr *o)
{
	return drop_literal(g, like, o, 1.0);
}

static ojit_expr mul_minus_one(struct graph *g, const struct node *like, const ojit_expr *o)
{
	uint32_t dropped;
	ojit_expr rest = without(g, like, o, -1.0, &dropped);
	return rest && dropped % 2 ? oj_make1(g, OP_NEG, rest) : rest;
}

/* -x * y -> -(x*y): sums take differences at no cost, and x*y may be there already. */
static ojit_expr mul_neg(struct graph *g, const struct node *like, const ojit_expr *o)
{
	ojit_expr few[16] = {0}, *rest = few;
	uint32_t negated = 0;
	for (uint32_t i = 0; i < like->arity; i++)
		negated += oj_is(g, o[i], OP_NEG);
	if (!negated || (like->arity > 16 && !(rest = oj_memory_get(g->context, like->arity * sizeof *rest))))
		return 0;
	for (uint32_t i = 0; i < like->arity; i++)
		rest[i] = oj_is(g, o[i], OP_NEG) ? oj_operands(g, o[i])[0] : o[i];
	ojit_expr made = oj_make(g, OP_MUL, like->arity, rest);
	if (rest != few)
		oj_memory_put(g->context, rest, like->arity * sizeof *rest);
	return made && negated % 2 ? oj_make1(g, OP_NEG, made) : made;
}

static ojit_expr mul_zero(struct graph *g, const struct node *like, const ojit_expr *o)
{
	for (uint32_t i = 0; i < like->arity; i++)
		if (oj_is_literal(g, o[i], 0) || oj_is_literal(g, o[i], -0.0))
			return oj_literal(g, 0);
	return 0;
}

static ojit_expr div_one(struct graph *g, const struct node *like, const ojit_expr *o)
{
	(void)like;
	return oj_is_literal(g, o[1], 1) ? o[0] : 0;
}

/* The reciprocal of a power of two is a number too: one rounding either way. */
static ojit_expr div_power_of_two(struct graph *g, const struct node *like, const ojit_expr *o)
{
	double d;
	int exponent;
	(void)like;
	if (!literal(g, o[1], &d) || !isfinite(d) || fabs(frexp(d, &exponent)) != 0.5)
		return 0;
	if (exponent < -1000 || exponent > 1000)
		return 0;
	return oj_make2(g, OP_MUL, o[0], oj_literal(g, 1 / d));
}

static ojit_expr div_literal(struct graph *g, const struct node *like, const ojit_expr *o)
{
	double d;
	(void)like;
	return literal(g, o[1], &d) && isnormal(1 / d) ? oj_make2(g, OP_MUL, o[0], oj_literal(g, 1 / d)) : 0;
}

static ojit_expr same_extreme(struct graph *g, const struct node *like, const ojit_expr *o)
{
	(void)g, (void)like;
	return o[0] == o[1] ? o[0] : 0;
}

static ojit_expr abs_of_sign(struct graph *g, const struct node *like, const ojit_expr *o)
{
	(void)like;
	if (oj_is(g, o[0], OP_ABS))
		return o[0];
	return oj_is(g, o[0], OP_NEG) ? oj_make1(g, OP_ABS, oj_operands(g, o[0])[0]) : 0;
}

static ojit_expr trivial_power(struct graph *g, const struct node *like, const ojit_expr *o)
{
	if (like->integer == 1)
		return o[0];
	return like->integer == 0 ? oj_literal(g, 1) : 0;
}

static ojit_expr pow_half(struct graph *g, const struct node *like, const ojit_expr *o)
{
	(void)like;
	return oj_is_literal(g, o[1], 0.5) ? oj_make1(g, OP_SQRT, o[0]) : 0;
}

/* Over no range, or of terms that add nothing. */
static ojit_expr empty_reduction(struct graph *g, const struct node *like, const ojit_expr *o)
{
	int64_t length;
	ojit_expr range = oj_integer_add(g, o[REDUCE_END], oj_integer_scale(g, o[REDUCE_LO], -1));
	if (range && oj_integer_value(g, range, &length) && length <= 0)
		return o[REDUCE_START];
	double identity = oj_reduction_identity(like->reduction.kind, true);
	return oj_is_literal(g, o[REDUCE_BODY], identity) ? o[REDUCE_START] : 0;
}

const struct rule oj_rules[] = {
	{"fold-compare", LAW_EXACT, OP_LT, fold_compare},
	{"fold-compare", LAW_EXACT, OP_LE, fold_compare},
	{"fold-compare", LAW_EXACT, OP_EQ, fold_compare},
	{"fold-compare", LAW_EXACT, OP_NE, fold_compare},
	{"fold-compare-integers", LAW_EXACT, OP_ILT, fold_compare_integers},
	{"fold-compare-integers", LAW_EXACT, OP_ILE, fold_compare_integers},
	{"fold-compare-integers", LAW_EXACT, OP_IEQ, fold_compare_integers},
	{"fold-compare-integers", LAW_EXACT, OP_INE, fold_compare_integers},
	{"fold-itof", LAW_EXACT, OP_ITOF, fold_itof},
	{"not-not", LAW_EXACT, OP_NOT, not_not},
	{"absorb-truth", LAW_EXACT, OP_AND, absorb_truth},
	{"absorb-truth", LAW_EXACT, OP_OR, absorb_truth},
	{"if-decided", LAW_EXACT, OP_IF, if_decided},
	{"if-not", LAW_EXACT, OP_IF, if_not},
	{"neg-neg", LAW_EXACT, OP_NEG, neg_neg},
	{"fold-front", LAW_EXACT, OP_ADD, fold_front},
	{"fold-front", LAW_EXACT, OP_MUL, fold_front},
	{"add-negative-zero", LAW_EXACT, OP_ADD, add_negative_zero},
	{"add-zero", LAW_FINITE, OP_ADD, add_zero},
	{"add-opposite", LAW_FINITE, OP_ADD, add_opposite},
	{"mul-one", LAW_EXACT, OP_MUL, mul_one},
	{"mul-minus-one", LAW_EXACT, OP_MUL, mul_minus_one},
	{"mul-neg", LAW_EXACT, OP_MUL, mul_neg},
	{"mul-zero", LAW_FINITE, OP_MUL, mul_zero},
	{"div-one", LAW_EXACT, OP_DIV, div_one},
	{"div-power-of-two", LAW_EXACT, OP_DIV, div_power_of_two},
	{"div-literal", LAW_REAL, OP_DIV, div_literal},
	{"same-extreme", LAW_EXACT, OP_MIN, same_extreme},
	{"same-extreme", LAW_EXACT, OP_MAX, same_extreme},
	{"abs-of-sign", LAW_EXACT, OP_ABS, abs_of_sign},
	{"trivial-power", LAW_EXACT, OP_POWI, trivial_power},
	{"pow-half", LAW_REAL, OP_POW, pow_half},
	{"empty-reduction", LAW_EXACT, OP_REDUCE, empty_reduction},
};
const size_t oj_rule_count = sizeof oj_rules / sizeof *oj_rules;

/* What a rule gave may be another rule's business; rules make less of it every time. */
static ojit_expr simplified_again(struct graph *g, ojit_expr e, enum law law)
{
	ojit_expr operands[16];
	uint32_t arity = oj_node(g, e)->arity;
	if (arity == 0 || arity > 16)
		return e;
	memcpy(operands, oj_operands(g, e), arity * sizeof *operands);
	return oj_simplified_by(g, e, operands, law);
}

ojit_expr oj_simplified_by(struct graph *g, ojit_expr like, const ojit_expr *operands, enum law law)
{
	struct node n = *oj_node(g, like); /* a copy: rules make nodes */
	if (n.arity == 0)
		return like;
	for (uint32_t i = 0; i < n.arity; i++)
		if (operands[i] == 0)
			return 0;
	enum way way = oj_op_info[n.op].way;
	ojit_expr folded = way == WAY_INSTR || way == WAY_MATH ? fold_literals(g, &n, operands) : 0;
	if (folded)
		return folded;
	for (size_t r = 0; r < oj_rule_count; r++) {
		if (oj_rules[r].op != n.op || oj_rules[r].law > law)
			continue;
		ojit_expr e = oj_rules[r].apply(g, &n, operands);
		if (e)
			return simplified_again(g, e, law);
	}
	return oj_remake(g, like, operands);
}

/* The least level the index of a reduction can have: above all it depends on. */
static unsigned least_level(const struct graph *g, const struct node *like, const ojit_expr *o)
{
	uint32_t levels = oj_node(g, o[REDUCE_BODY])->levels & ~(1u << like->reduction.level);
	levels |= oj_node(g, o[REDUCE_LO])->levels | oj_node(g, o[REDUCE_END])->levels |
	          oj_node(g, o[REDUCE_START])->levels;
	return levels ? 32 - (unsigned)__builtin_clz(levels) : 0;
}

static ojit_expr lower_level(struct space *space, const struct node *like, const ojit_expr *o, unsigned level)
{
	struct graph *g = &space->graph;
	if (level >= LEVELS)
		return 0;
	ojit_expr index[LEVELS] = {0};
	for (unsigned k = 0; k <= like->reduction.level; k++)
		index[k] = oj_index(g, k == like->reduction.level ? level : k);
	ojit_expr body = oj_substitute(space, o[REDUCE_BODY], index, like->reduction.level + 1);
	struct reduction reduction = like->reduction;
	reduction.level = (uint16_t)level;
	ojit_expr operands[4] = {o[REDUCE_START], o[REDUCE_LO], o[REDUCE_END], body};
	ojit_expr e = oj_reduce(g, reduction, operands[0], operands[1], operands[2], operands[3]);
	return e ? oj_simplified(g, e, operands) : 0;
}

ojit_expr oj_simplified_reduction(struct space *space, ojit_expr like, const ojit_expr *operands)
{
	struct graph *g = &space->graph;
	for (int i = 0; i < 4; i++)
		if (operands[i] == 0)
			return 0;
	struct node n = *oj_node(g, like);
	unsigned level = least_level(g, &n, operands);
	if (level != n.reduction.level)
		return lower_level(space, &n, operands, level);
	return oj_simplified(g, like, operands);
}

static ojit_expr simplify_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &rewrite->space->graph;
	if (oj_is(g, e, OP_REDUCE))
		return oj_simplified_reduction(rewrite->space, e, operands);
	return oj_simplified_by(g, e, operands, *(enum law *)rewrite->data);
}

ojit_status oj_pass_simplify(struct program *program, const struct pass_options *options,
                             struct oj_error *error)
{
	enum law law = options->law;
	struct rewrite rewrite = {.space = program->space, .node = simplify_node, .data = &law};
	for (size_t b = 0; b < program->blocks.count; b++)
		if (oj_rewrite_block(&rewrite, &program->blocks.at[b]) != OJIT_OK)
			return oj_fail_memory(error);
	return OJIT_OK;
}
