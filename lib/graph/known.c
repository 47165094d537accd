/* See known.h.
 *
 * Whether a node is known is asked once and remembered, so that values are only looked for
 * where there are any; the first operand that is not known ends the question, and what lies
 * very deep is not known.  A value is found by going down to its leaves; one that takes too
 * many steps is called unknown from then on, so that asking at every point of a loop stays
 * linear. */
#include "lib/graph/known.h"

#include "lib/graph/domain.h"
#include "lib/graph/interpret.h"

#include <math.h>
#include <string.h>

enum { STEPS = 4096, DEEPEST = 64, MAKERS = 16, OPERANDS = 8 };

bool oj_known_open(struct known *known, const struct space *space, const struct program *prepare)
{
	bool ok = true;
	*known = (struct known){.space = space};
	oj_expr_map_init(&known->made, space->context);
	oj_expr_map_init(&known->answers, space->context);
	for (size_t b = 0; prepare && ok && b < prepare->blocks.count; b++)
		for (size_t s = 0; ok && s < prepare->blocks.at[b].stores.count; s++) {
			const struct block *block = &prepare->blocks.at[b];
			struct known_maker maker = {block, &block->stores.at[s], 0};
			uint32_t seen = maker.store->array + 1; /* what others load lies behind it (hoist.c) */
			oj_expr_map_get(&known->made, seen + 1, &maker.next);
			ok = VECTOR_PUSH(space->context, &known->makers, maker) &&
			     oj_expr_map_put(&known->made, seen + 1, (uint32_t)known->makers.count);
		}
	return ok;
}

void oj_known_close(struct known *known)
{
	if (!known->space)
		return;
	oj_expr_map_drop(&known->made);
	oj_expr_map_drop(&known->answers);
	VECTOR_DROP(known->space->context, &known->makers);
}

/* ---------------------------------------------------------------- what is known */

/* Does it store element [i0, i1, ...] at that point? */
static bool is_in_place(const struct known *k, const struct store *store, uint32_t rank)
{
	const struct graph *g = &k->space->graph;
	bool is = true;
	for (uint32_t axis = 0; is && axis < rank; axis++)
		is = oj_is(g, store->index[axis], OP_INDEX) && oj_node(g, store->index[axis])->integer == axis;
	return is;
}

static bool is_known_array(struct known *k, uint32_t array)
{
	const struct array *a = &k->space->arrays.at[array];
	uint32_t maker = 0, makers = 0;
	bool is = true;
	if (a->role == ROLE_DATA)
		return true;
	if (a->role != ROLE_DERIVED || k->depth >= DEEPEST || !oj_expr_map_get(&k->made, array + 1, &maker))
		return false;
	k->depth += DEEPEST / 8;
	for (; is && maker; maker = k->makers.at[maker - 1].next) {
		const struct store *store = k->makers.at[maker - 1].store;
		is = ++makers <= MAKERS && is_in_place(k, store, a->rank) && oj_is_known(k, store->value);
	}
	k->depth -= DEEPEST / 8;
	return is;
}

static bool is_evaluated(enum op op)
{
	enum way way = oj_op_info[op].way;
	return way == WAY_INSTR || way == WAY_MATH || op == OP_POWI || op == OP_SIGN || op == OP_HEAVISIDE ||
	       op == OP_RELU || op == OP_REDUCE || op == OP_IF || oj_op_info[op].type == TRUTH;
}

static bool find_known(struct known *k, ojit_expr e)
{
	const struct graph *g = &k->space->graph;
	const struct node *n = oj_node(g, e);
	bool is = n->arity <= OPERANDS && is_evaluated(n->op) && k->depth < DEEPEST;
	if (n->op == OP_LITERAL || n->op == OP_ITOF || oj_type(g, e) == INTEGER)
		return true;
	if (n->op == OP_LOAD)
		return is_known_array(k, n->ref.id);
	k->depth++;
	for (uint32_t o = 0; is && o < n->arity; o++)
		is = oj_is_known(k, oj_operands(g, e)[o]);
	k->depth--;
	return is;
}

bool oj_is_known(struct known *k, ojit_expr e)
{
	uint32_t answer = 0;
	if (oj_expr_map_get(&k->answers, e, &answer))
		return answer == 2 && !k->failed;
	bool is = find_known(k, e);
	k->failed = !oj_expr_map_put(&k->answers, e, 1u + is) || k->failed;
	return is && !k->failed;
}

/* ---------------------------------------------------------------- values */

struct finder {
	struct known *k;
	const struct graph *g;
	uint32_t steps; /* that may still be made */
	int64_t index[LEVELS];
};

static bool find_number(struct finder *f, ojit_expr e, double *value);

static bool compare(struct finder *f, ojit_expr e, bool *holds)
{
	const ojit_expr *o = oj_operands(f->g, e);
	enum op op = oj_node(f->g, e)->op;
	double a, b;
	if (oj_type(f->g, o[0]) == INTEGER) {
		int64_t x = oj_integer_at(f->k->space, o[0], f->index), y = oj_integer_at(f->k->space, o[1], f->index);
		*holds = op == OP_ILT ? x < y : op == OP_ILE ? x <= y : (x == y) == (op == OP_IEQ);
		return true;
	}
	if (!find_number(f, o[0], &a) || !find_number(f, o[1], &b))
		return false;
	*holds = op == OP_LT ? a < b : op == OP_LE ? a <= b : op == OP_EQ ? a == b : a != b;
	return true;
}

static bool find_truth(struct finder *f, ojit_expr e, bool *holds)
{
	const ojit_expr *o = oj_operands(f->g, e);
	enum op op = oj_node(f->g, e)->op;
	if (op == OP_TRUE || op == OP_FALSE) {
		*holds = op == OP_TRUE;
		return true;
	}
	if (op != OP_NOT && op != OP_AND && op != OP_OR)
		return compare(f, e, holds);
	if (f->steps == 0 || !find_truth(f, o[0], holds))
		return false;
	f->steps--;
	if (op == OP_NOT)
		*holds = !*holds;
	return op == OP_NOT || *holds == (op == OP_OR) || find_truth(f, o[1], holds);
}

static bool find_if(struct finder *f, ojit_expr e, double *value)
{
	bool holds;
	return find_truth(f, oj_operands(f->g, e)[0], &holds) &&
	       find_number(f, oj_operands(f->g, e)[holds ? 1 : 2], value);
}

static bool find_datum(const struct finder *f, const struct array *a, const int64_t *at, double *value)
{
	int64_t within = 0;
	for (uint32_t axis = 0; axis < a->rank; axis++) {
		int64_t place = at[axis] - a->base[axis];
		if (place < 0 || place >= a->extent[axis])
			return false;
		within = within * a->extent[axis] + place;
	}
	*value = f->k->space->data.at[a->offset + within];
	return true;
}

static bool is_inside(const struct block *block, const int64_t *at)
{
	bool inside = true;
	for (uint32_t axis = 0; inside && axis < block->rank; axis++)
		inside = at[axis] >= block->lo[axis] && at[axis] < block->end[axis];
	return inside;
}

static bool find_load(struct finder *f, ojit_expr e, double *value)
{
	const struct node *n = oj_node(f->g, e);
	const struct array *a = &f->k->space->arrays.at[n->ref.id];
	struct finder there = {f->k, f->g, 0, {0}};
	uint32_t maker = 0;
	for (uint32_t axis = 0; axis < a->rank; axis++)
		there.index[axis] = oj_integer_at(f->k->space, oj_operands(f->g, e)[axis], f->index);
	if (a->role == ROLE_DATA)
		return find_datum(f, a, there.index, value);
	oj_expr_map_get(&f->k->made, n->ref.id + 1, &maker);
	while (maker && !is_inside(f->k->makers.at[maker - 1].block, there.index))
		maker = f->k->makers.at[maker - 1].next;
	there.steps = f->steps;
	bool found = maker && find_number(&there, f->k->makers.at[maker - 1].store->value, value);
	f->steps = there.steps;
	return found;
}

/* As pass expand writes it out. */
static double power(double x, int64_t exponent)
{
	uint64_t n = exponent < 0 ? 0 - (uint64_t)exponent : (uint64_t)exponent;
	double value = n ? x : 1;
	for (int bit = n ? 62 - __builtin_clzll(n) : -1; bit >= 0; bit--) {
		value *= value;
		if (n >> bit & 1)
			value *= x;
	}
	return exponent < 0 ? 1 / value : value;
}

static double of_sign(double x, double positive, double negative, double at_zero)
{
	return x > 0 ? positive : x < 0 ? negative : x == 0 ? at_zero : x;
}

static bool find_operator(struct finder *f, ojit_expr e, double *value)
{
	const struct node *n = oj_node(f->g, e);
	double o[OPERANDS] = {0};
	for (uint32_t k = 0; k < n->arity; k++)
		if (!find_number(f, oj_operands(f->g, e)[k], &o[k]))
			return false;
	switch ((enum op)n->op) {
	case OP_POWI:
		*value = power(o[0], n->integer);
		break;
	case OP_SIGN:
		*value = of_sign(o[0], 1, -1, 0);
		break;
	case OP_HEAVISIDE:
		*value = of_sign(o[0], 1, 0, o[1]);
		break;
	case OP_RELU:
		*value = oj_evaluate(OP_MAX, o[0], 0, 0);
		break;
	default:
		*value = oj_evaluate_many(n->op, o, n->arity);
	}
	return true;
}

static double combine(enum reduction_kind kind, double a, double b)
{
	static const enum op by[] = {OP_ADD, OP_MUL, OP_MIN, OP_MAX};
	return oj_evaluate_many(by[kind], (double[]){a, b}, 2);
}

/* All turns in one sum, or each eighth in one of eight, which a tree joins. */
static bool find_reduction(struct finder *f, ojit_expr e, double *value)
{
	const ojit_expr *o = oj_operands(f->g, e);
	struct reduction reduction = oj_node(f->g, e)->reduction;
	int64_t lo = oj_integer_at(f->k->space, o[REDUCE_LO], f->index);
	int64_t end = oj_integer_at(f->k->space, o[REDUCE_END], f->index), outside = f->index[reduction.level];
	bool tree = reduction.order == TREE8, ok = find_number(f, o[REDUCE_START], value);
	double partial[8], term;
	for (int k = 0; k < 8; k++)
		partial[k] = oj_reduction_identity(reduction.kind, true);
	for (int64_t i = lo; ok && i < end; i++) {
		double *sum = tree ? &partial[(i - lo) % 8] : value;
		f->index[reduction.level] = i;
		ok = find_number(f, o[REDUCE_BODY], &term);
		*sum = ok ? combine(reduction.kind, *sum, term) : 0;
	}
	f->index[reduction.level] = outside;
	for (int width = 4; tree && width >= 1; width /= 2)
		for (int k = 0; k < width; k++)
			partial[k] = combine(reduction.kind, partial[k], partial[k + width]);
	if (ok && tree)
		*value = combine(reduction.kind, *value, partial[0]);
	return ok;
}

static bool find_number(struct finder *f, ojit_expr e, double *value)
{
	const struct node *n = oj_node(f->g, e);
	if (f->steps == 0)
		return false;
	f->steps--;
	switch ((enum op)n->op) {
	case OP_LITERAL:
		*value = n->real;
		return true;
	case OP_ITOF:
		*value = (double)oj_integer_at(f->k->space, oj_operands(f->g, e)[0], f->index);
		return true;
	case OP_LOAD:
		return find_load(f, e, value);
	case OP_IF:
		return find_if(f, e, value);
	case OP_REDUCE:
		return find_reduction(f, e, value);
	default:
		return find_operator(f, e, value);
	}
}

/* What was dear to find is not looked for again. */
static void give_up(struct known *k, ojit_expr e)
{
	k->failed = !oj_expr_map_put(&k->answers, e, 1) || k->failed;
}

bool oj_known_number(struct known *k, ojit_expr e, const int64_t *index, double *value)
{
	struct finder f = {k, &k->space->graph, STEPS, {0}};
	if (!oj_is_known(k, e))
		return false;
	memcpy(f.index, index, sizeof f.index);
	bool found = find_number(&f, e, value);
	if (!found)
		give_up(k, e);
	return found;
}

int oj_known_truth(struct known *k, ojit_expr e, const int64_t *index, int depth)
{
	struct finder f = {k, &k->space->graph, STEPS, {0}};
	const ojit_expr *o = oj_operands(f.g, e);
	enum op op = oj_node(f.g, e)->op;
	bool holds = false, known = oj_is_known(k, e);
	if (known) {
		memcpy(f.index, index, sizeof f.index);
		if (find_truth(&f, e, &holds))
			return holds;
		give_up(k, e);
		return -1;
	}
	if (depth == 0 || (op != OP_NOT && op != OP_AND && op != OP_OR))
		return -1;
	int a = oj_known_truth(k, o[0], index, depth - 1);
	if (op == OP_NOT)
		return a < 0 ? a : !a;
	int b = oj_known_truth(k, o[1], index, depth - 1);
	if (op == OP_AND)
		return a == 0 || b == 0 ? 0 : -1;
	return a > 0 || b > 0 ? 1 : -1;
}
