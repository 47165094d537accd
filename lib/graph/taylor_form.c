/* See coefficients.h.
 *
 * Values change in the last bits: this is the form of another program, not a pass.
 * Integer powers are products by repeated squaring, because the recurrence of general
 * powers divides by the base, which may be 0; negative ones from -3 on take it, since
 * their base may not. */
#include "lib/graph/passes.h"
#include "lib/graph/coefficients.h"

#include <math.h>

enum { UNROLLED_PRODUCT = 64 };

struct form {
	struct degrees degrees;
	struct expr_map stored; /* straight code: a load of an intermediate -> what was stored */
	bool straight, ok;
};

static bool changes(struct form *f, ojit_expr e)
{
	return oj_degree(&f->degrees, e, &f->ok) > 0;
}

static ojit_expr make(struct graph *g, enum op op, uint32_t count, const ojit_expr *operands)
{
	ojit_expr e = oj_make(g, op, count, operands);
	return e ? oj_simplified(g, e, operands) : 0;
}

static ojit_expr product(struct graph *g, ojit_expr a, ojit_expr b)
{
	return make(g, OP_MUL, 2, (ojit_expr[]){a, b});
}

/* Constant factors first, the others from the left. */
static ojit_expr product_of_two(struct form *f, struct graph *g, ojit_expr e, const ojit_expr *operands)
{
	uint32_t arity = oj_node(g, e)->arity;
	ojit_expr constant = 0, changing = 0;
	for (uint32_t i = 0; i < arity; i++) {
		ojit_expr *to = changes(f, operands[i]) ? &changing : &constant;
		*to = *to ? product(g, *to, operands[i]) : operands[i];
	}
	return constant && changing ? product(g, constant, changing) : constant ? constant : changing;
}

static ojit_expr whole_power(struct graph *g, ojit_expr x, int64_t exponent)
{
	if (exponent == 0)
		return oj_literal(g, 1);
	ojit_expr value = x;
	for (int bit = 62 - __builtin_clzll((uint64_t)exponent); bit >= 0; bit--) {
		value = product(g, value, value);
		if (exponent >> bit & 1)
			value = product(g, value, x);
	}
	return value;
}

static ojit_expr power(struct graph *g, ojit_expr x, int64_t exponent)
{
	if (exponent >= 0)
		return whole_power(g, x, exponent);
	if (exponent < -2)
		return oj_power(g, x, exponent);
	ojit_expr one = oj_literal(g, 1), below = whole_power(g, x, -exponent);
	return make(g, OP_DIV, 2, (ojit_expr[]){one, below});
}

/* An exponent that changes is the logarithm's factor; halves are roots. */
static ojit_expr general_power(struct form *f, struct graph *g, ojit_expr e, const ojit_expr *operands)
{
	ojit_expr x = operands[0], y = operands[1];
	if (changes(f, y)) {
		ojit_expr logarithm = make(g, OP_LOG, 1, &x), exponent = product(g, logarithm, y);
		return make(g, OP_EXP, 1, &exponent);
	}
	double value = oj_node(g, y)->real;
	if (!oj_is(g, y, OP_LITERAL))
		return oj_remake(g, e, operands);
	if (fabs(value) <= INT32_MAX && value == floor(value))
		return power(g, x, (int64_t)value);
	if (value != 0.5 && value != 1.5)
		return oj_remake(g, e, operands);
	ojit_expr root = make(g, OP_SQRT, 1, &x);
	return value == 0.5 ? root : product(g, x, root);
}

/* A product over a short constant range, written out; else it stays. */
static ojit_expr unrolled(struct space *space, ojit_expr e)
{
	struct graph *g = &space->graph;
	struct node n = *oj_node(g, e);
	ojit_expr o[4], index[LEVELS] = {0};
	int64_t lo, end;
	for (int i = 0; i < 4; i++)
		o[i] = oj_operands(g, e)[i];
	if (!oj_integer_value(g, o[REDUCE_LO], &lo) || !oj_integer_value(g, o[REDUCE_END], &end) ||
	    end - lo > UNROLLED_PRODUCT)
		return e;
	ojit_expr value = o[REDUCE_START];
	for (int64_t i = lo; i < end && value; i++) {
		index[n.reduction.level] = oj_integer(g, i);
		ojit_expr term = oj_substitute(space, o[REDUCE_BODY], index, n.reduction.level + 1);
		value = term ? product(g, value, term) : 0;
	}
	return value;
}

static ojit_expr reduction(struct form *f, struct space *space, ojit_expr e, const ojit_expr *operands)
{
	ojit_expr made = oj_simplified_reduction(space, e, operands);
	if (!made || !oj_is(&space->graph, made, OP_REDUCE) || !changes(f, made) ||
	    oj_node(&space->graph, made)->reduction.kind != REDUCE_PROD)
		return made;
	return unrolled(space, made);
}

static ojit_expr form_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct form *f = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	uint32_t value = 0;
	ojit_expr part;
	switch ((enum op)oj_node(g, e)->op) {
	case OP_MUL:
		return product_of_two(f, g, e, operands);
	case OP_POWI:
		return power(g, operands[0], oj_node(g, e)->integer);
	case OP_POW:
		return general_power(f, g, e, operands);
	case OP_FMA:
		part = product(g, operands[0], operands[1]);
		return make(g, OP_ADD, 2, (ojit_expr[]){part, operands[2]});
	case OP_REDUCE:
		return reduction(f, rewrite->space, e, operands);
	case OP_LOAD:
		part = oj_remake(g, e, operands);
		return part && f->straight && oj_expr_map_get(&f->stored, part, &value) ? value : part;
	default:
		return oj_simplified(g, e, operands);
	}
}

/* Remember what straight code stores into intermediates. */
static bool remember(struct form *f, struct space *space, const struct block *block)
{
	for (size_t i = 0; i < block->stores.count; i++) {
		const struct store *store = &block->stores.at[i];
		const struct array *array = &space->arrays.at[store->array];
		if (array->role != ROLE_TEMP)
			continue;
		ojit_expr load = oj_load(&space->graph, store->array, array->rank, store->index);
		if (!load || !oj_expr_map_put(&f->stored, load, store->value))
			return false;
	}
	return true;
}

ojit_status oj_taylor_form(struct program *program, bool straight, struct oj_error *error)
{
	struct space *space = program->space;
	struct form form = {.degrees = {.space = space}, .straight = straight, .ok = true};
	struct rewrite rewrite = {.space = space, .node = form_node, .data = &form};
	oj_expr_map_init(&form.stored, space->context);
	for (size_t b = 0; form.ok && b < program->blocks.count; b++)
		form.ok = oj_rewrite_block(&rewrite, &program->blocks.at[b]) == OJIT_OK && form.ok &&
		          (!straight || remember(&form, space, &program->blocks.at[b]));
	oj_expr_map_drop(&form.stored);
	oj_degrees_drop(&form.degrees);
	return form.ok && !space->graph.failed ? OJIT_OK : oj_fail_memory(error);
}
