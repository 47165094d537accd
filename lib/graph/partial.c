/* See partial.h. */
#include "lib/graph/partial.h"

#include "lib/base/text.h"

#include <math.h>
#include <string.h>

enum { OPERANDS = 4, DEPTH = 8 };

struct row {
	enum op op;
	uint32_t slot;
	enum partial_kind kind;
	const char *text;
};
static const struct row rows[] = {
#define PARTIAL(tag, slot, text) {OP_##tag, slot, PARTIAL_FACTOR, text},
#define CHOICE(tag, slot, text) {OP_##tag, slot, PARTIAL_CHOICE, text},
#include "lib/graph/partials.def"
#undef PARTIAL
#undef CHOICE
};

static const struct row *find_row(enum op op, uint32_t slot)
{
	for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
		if (rows[r].op == op && rows[r].slot == slot)
			return &rows[r];
	return NULL;
}

/* ---------------------------------------------------------------- makers */

static ojit_expr make(struct graph *g, enum op op, uint32_t arity, const ojit_expr *operands)
{
	ojit_expr e = oj_make(g, op, arity, operands);
	return e ? oj_simplified(g, e, operands) : 0;
}

/* Signs go outside, where a sum makes a difference of them. */
static ojit_expr without_sign(const struct graph *g, ojit_expr e, bool *negative)
{
	if (!e || !oj_is(g, e, OP_NEG))
		return e;
	*negative = !*negative;
	return oj_operands(g, e)[0];
}

ojit_expr oj_times(struct graph *g, ojit_expr a, ojit_expr b)
{
	bool negative = false;
	ojit_expr operands[2] = {without_sign(g, a, &negative), without_sign(g, b, &negative)};
	ojit_expr product = make(g, OP_MUL, 2, operands);
	return product && negative ? make(g, OP_NEG, 1, &product) : product;
}

ojit_expr oj_plus(struct graph *g, ojit_expr a, ojit_expr b)
{
	ojit_expr operands[2] = {a, b};
	return make(g, OP_ADD, 2, operands);
}

ojit_expr oj_where(struct graph *g, ojit_expr condition, ojit_expr e)
{
	ojit_expr operands[3] = {condition, e, oj_literal(g, 0)};
	return make(g, OP_IF, 3, operands);
}

static bool is_finite(const struct graph *g, ojit_expr e)
{
	return oj_is(g, e, OP_LITERAL) && isfinite(oj_node(g, e)->real); /* a model's 1/0 is not */
}

ojit_expr oj_times_strong(struct graph *g, ojit_expr a, ojit_expr b)
{
	if (!a || !b)
		return 0;
	if (oj_is_literal(g, a, 0))
		return a;
	if (is_finite(g, b) || oj_is(g, a, OP_LITERAL))
		return oj_times(g, a, b);
	ojit_expr operands[2] = {a, b};
	return make(g, OP_STRONG, 2, operands);
}

/* ---------------------------------------------------------------- slopes */

/* What `e` is where it has a part. */
static ojit_expr inside(const struct graph *g, ojit_expr e, ojit_expr part)
{
	bool guarded = oj_is(g, e, OP_IF) && oj_operands(g, e)[0] == part && oj_is_literal(g, oj_operands(g, e)[2], 0);
	return guarded ? oj_operands(g, e)[1] : e;
}

struct slope oj_slope_times(struct graph *g, struct slope slope, ojit_expr factor)
{
	if (!slope.e || !factor)
		slope.e = 0;
	else if (!slope.chosen || is_finite(g, factor))
		slope.e = oj_times(g, slope.e, factor);
	else if (!slope.part)
		slope.e = oj_times_strong(g, slope.e, factor);
	else if ((slope.e = oj_times(g, inside(g, slope.e, slope.part), factor)))
		slope.e = oj_where(g, slope.part, slope.e);
	return slope;
}

struct slope oj_slope_where(struct graph *g, ojit_expr condition, struct slope slope)
{
	ojit_expr both[2] = {condition, slope.part};
	bool known = !slope.chosen || slope.part;
	slope.e = condition && slope.e ? oj_where(g, condition, slope.e) : 0;
	slope.part = !known ? 0 : slope.chosen && condition ? make(g, OP_AND, 2, both) : condition;
	slope.chosen = true;
	return slope;
}

struct slope oj_slope_either(struct graph *g, struct slope a, struct slope b)
{
	ojit_expr both[2] = {a.part, b.part};
	a.chosen = a.chosen && b.chosen;
	if (!a.chosen || !a.part || !b.part)
		a.part = 0;
	else if (a.part != b.part)
		a.part = make(g, OP_OR, 2, both);
	return a;
}

struct slope oj_slope_summed(struct graph *g, struct slope slope, unsigned level, ojit_expr sum)
{
	slope.e = sum;
	if (slope.part && oj_node(g, slope.part)->levels >> level & 1)
		slope.part = 0;
	return slope;
}

static ojit_expr is_not_zero(struct graph *g, ojit_expr e)
{
	ojit_expr operands[2] = {e, oj_literal(g, 0)};
	return e ? make(g, OP_NE, 2, operands) : 0;
}

ojit_expr oj_slope_part(struct graph *g, struct slope slope)
{
	ojit_expr one = oj_literal(g, 1), part = slope.part;
	if (slope.e && slope.chosen && !part)
		part = is_not_zero(g, slope.e);
	if (!slope.e || !slope.chosen)
		return slope.e ? one : 0;
	return part ? oj_where(g, part, one) : 0;
}

struct slope oj_slope_kept(struct graph *g, ojit_expr e, ojit_expr parts)
{
	ojit_expr part = is_not_zero(g, parts);
	return (struct slope){part ? e : 0, true, part};
}

/* ---------------------------------------------------------------- texts */

static bool is_word(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && !memcmp(word, name, length);
}

/* An operand, the value, or a number; 0: none of them, or out of memory. */
static ojit_expr leaf(struct graph *g, const char *word, size_t length, ojit_expr e)
{
	bool negative = *word == '-';
	double value;
	if (is_word(word, length, "self"))
		return e;
	if (length == 1 && *word >= 'a' && *word < 'a' + OPERANDS)
		return oj_operands(g, e)[*word - 'a'];
	if (oj_number_read(word + negative, length - negative, &value) != length - negative)
		return 0;
	return oj_literal(g, negative ? -value : value);
}

static enum op named(const char *word, size_t length)
{
	for (int op = 0; op < OP_COUNT; op++)
		if (is_word(word, length, oj_op_info[op].text))
			return (enum op)op;
	return OP_NONE;
}

/* Take the operator's operands off the stack and put its value there. */
static bool apply(struct graph *g, enum op op, ojit_expr *stack, uint32_t *depth)
{
	uint32_t arity = oj_op_info[op].arity == MANY ? 2 : (uint32_t)oj_op_info[op].arity;
	*depth -= arity;
	stack[*depth] = op == OP_STRONG ? oj_times_strong(g, stack[*depth], stack[*depth + 1])
	                                : make(g, op, arity, &stack[*depth]);
	return stack[(*depth)++] != 0;
}

/* The value of a text for the operands of `e`; 0: out of memory. */
static ojit_expr evaluate(struct graph *g, const char *text, ojit_expr e)
{
	ojit_expr stack[DEPTH];
	uint32_t depth = 0;
	for (size_t length; *text; text += length + (text[length] == ' ')) {
		length = strcspn(text, " ");
		enum op op = named(text, length);
		if (op != OP_NONE) {
			if (!apply(g, op, stack, &depth))
				return 0;
			continue;
		}
		ojit_expr value = leaf(g, text, length, e);
		if (!value)
			return 0;
		stack[depth++] = value;
	}
	return stack[0];
}

/* ---------------------------------------------------------------- partials */

static struct partial factor(const struct graph *g, ojit_expr e)
{
	bool zero = e && oj_is_literal(g, e, 0);
	return (struct partial){zero ? PARTIAL_ZERO : PARTIAL_FACTOR, zero ? 0 : e};
}

/* The product of the other operands, in their order. */
static ojit_expr others(struct graph *g, ojit_expr e, uint32_t slot)
{
	uint32_t arity = oj_node(g, e)->arity, count = 0;
	if (arity == 2)
		return oj_operands(g, e)[1 - slot];
	ojit_expr few[16] = {0}, *rest = few;
	if (arity > 16 && !(rest = oj_memory_get(g->context, arity * sizeof *rest)))
		return 0;
	for (uint32_t i = 0; i < arity; i++)
		if (i != slot)
			rest[count++] = oj_operands(g, e)[i];
	ojit_expr product = make(g, OP_MUL, count, rest);
	if (rest != few)
		oj_memory_put(g->context, rest, arity * sizeof *rest);
	return product;
}

/* n a^(n-1) */
static ojit_expr of_power(struct graph *g, ojit_expr e)
{
	int64_t n = oj_node(g, e)->integer;
	ojit_expr a = oj_operands(g, e)[0], scale = oj_literal(g, (double)n);
	ojit_expr power = oj_power(g, a, n - 1);
	return power ? oj_times(g, scale, oj_simplified(g, power, &a)) : 0;
}

/* IF: the condition decides and is not differentiated. */
static struct partial of_if(struct graph *g, ojit_expr e, uint32_t slot)
{
	ojit_expr condition = oj_operands(g, e)[0];
	if (slot == 0)
		return (struct partial){PARTIAL_ZERO, 0};
	return (struct partial){PARTIAL_CHOICE, slot == 1 ? condition : make(g, OP_NOT, 1, &condition)};
}

struct partial oj_partial(struct graph *g, ojit_expr e, uint32_t slot)
{
	enum op op = oj_node(g, e)->op;
	if (oj_type(g, oj_operands(g, e)[slot]) != REAL && op != OP_IF)
		return (struct partial){PARTIAL_ZERO, 0};
	switch (op) {
	case OP_ADD:
		return factor(g, oj_literal(g, 1));
	case OP_MUL:
		return factor(g, others(g, e, slot));
	case OP_POWI:
		return factor(g, of_power(g, e));
	case OP_IF:
		return of_if(g, e, slot);
	default:
		break;
	}
	const struct row *row = find_row(op, slot);
	if (!row)
		return (struct partial){PARTIAL_MISSING, 0};
	ojit_expr value = evaluate(g, row->text, e);
	return row->kind == PARTIAL_CHOICE ? (struct partial){PARTIAL_CHOICE, value} : factor(g, value);
}
