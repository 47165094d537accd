/* See support_programs.h. */
#include "tests/support_programs.h"

#include "lib/graph/interpret.h"
#include "lib/math/math.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t random_bits(uint64_t *state)
{
	uint64_t z = *state += 0x9E3779B97F4A7C15u; /* splitmix64 */
	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

int first_difference(const double *a, const double *b, int count)
{
	for (int i = 0; i < count; i++)
		if (memcmp(&a[i], &b[i], sizeof *a) && !(isnan(a[i]) && isnan(b[i])))
			return i;
	return -1;
}

void random_vectors(struct vectors *vectors, uint64_t seed)
{
	static const double special[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1.0, 1e-310, 1e300};
	double *all[] = {vectors->y, vectors->p};
	memset(vectors, 0, sizeof *vectors);
	vectors->t = 0.75;
	for (int v = 0; v < 2; v++)
		for (int i = 0; i < VECTOR_LENGTH; i++) {
			uint64_t bits = random_bits(&seed);
			all[v][i] = bits % 23 == 0 ? special[bits / 32 % 8] : (double)(int64_t)(bits >> 8 & 0xFFFFF) / 262144 - 2;
		}
}

/* The evaluator. */

struct walker {
	const struct program *program;
	const struct space *space;
	const struct graph *g;
	struct vectors *vectors;
	double **temporaries; /* [arrays] */
	int64_t index[LEVELS];
};

static double *element(struct walker *w, uint32_t id, const int64_t *index)
{
	const struct array *a = &w->space->arrays.at[id];
	int64_t at = 0;
	for (uint32_t k = 0; k < a->rank; k++) {
		cr_assert(index[k] >= a->base[k] && index[k] < a->base[k] + a->extent[k], "%s left at axis %u by %lld",
		          a->name, k, (long long)index[k]);
		at = at * a->extent[k] + index[k] - a->base[k];
	}
	switch (a->role) {
	case ROLE_STATE:
		return &w->vectors->y[a->offset + at];
	case ROLE_PARAMETER:
		return &w->vectors->p[a->offset + at];
	case ROLE_DERIVED:
		return &w->vectors->d[a->offset + at];
	case ROLE_DATA:
		return &w->space->data.at[a->offset + at];
	case ROLE_OUT:
		return w->program->kind == KERNEL_PREPARE ? &w->vectors->d[a->offset + at] : &w->vectors->out[a->offset + at];
	case ROLE_TEMP:
		return &w->temporaries[id][at];
	default:
		cr_assert_fail("role %d", a->role);
		return NULL;
	}
}

static int64_t walk_integer(struct walker *w, ojit_expr e);

static void walk_indices(struct walker *w, ojit_expr e, int64_t *index)
{
	for (uint32_t k = 0; k < oj_node(w->g, e)->arity; k++)
		index[k] = walk_integer(w, oj_operands(w->g, e)[k]);
}

static int64_t walk_table(struct walker *w, ojit_expr e)
{
	const struct table *t = &w->space->tables.at[oj_node(w->g, e)->ref.id];
	int64_t index[RANK], at = 0;
	walk_indices(w, e, index);
	for (uint32_t k = 0; k < t->rank; k++) {
		cr_assert(index[k] >= t->base[k] && index[k] < t->base[k] + t->extent[k], "table %s left", t->name);
		at = at * t->extent[k] + index[k] - t->base[k];
	}
	return w->space->table_data.at[t->offset + at];
}

static int64_t walk_integer(struct walker *w, ojit_expr e)
{
	const struct node *n = oj_node(w->g, e);
	const ojit_expr *o = oj_operands(w->g, e);
	const int64_t *c = w->g->coefficients.at + n->ref.id;
	int64_t a, b;
	switch ((enum op)n->op) {
	case OP_INTEGER:
		return n->integer;
	case OP_INDEX:
		return w->index[n->integer];
	case OP_AFFINE:
		a = c[0];
		for (uint32_t i = 0; i < n->arity; i++)
			a += c[1 + i] * walk_integer(w, o[i]);
		return a;
	case OP_WRAP:
		a = (walk_integer(w, o[0]) - c[0]) % c[1];
		return c[0] + (a < 0 ? a + c[1] : a);
	case OP_TABLE:
		return walk_table(w, e);
	case OP_IMIN:
	case OP_IMAX:
		a = walk_integer(w, o[0]), b = walk_integer(w, o[1]);
		return (a < b) == (n->op == OP_IMIN) ? a : b;
	default:
		cr_assert_fail("operator %s is no integer", oj_op_info[n->op].text);
		return 0;
	}
}

static double walk_real(struct walker *w, ojit_expr e);

static bool walk_truth(struct walker *w, ojit_expr e)
{
	const struct node *n = oj_node(w->g, e);
	const ojit_expr *o = oj_operands(w->g, e);
	switch ((enum op)n->op) {
	case OP_ILT:
		return walk_integer(w, o[0]) < walk_integer(w, o[1]);
	case OP_ILE:
		return walk_integer(w, o[0]) <= walk_integer(w, o[1]);
	case OP_IEQ:
		return walk_integer(w, o[0]) == walk_integer(w, o[1]);
	case OP_INE:
		return walk_integer(w, o[0]) != walk_integer(w, o[1]);
	case OP_LT:
		return walk_real(w, o[0]) < walk_real(w, o[1]);
	case OP_LE:
		return walk_real(w, o[0]) <= walk_real(w, o[1]);
	case OP_EQ:
		return walk_real(w, o[0]) == walk_real(w, o[1]);
	case OP_NE:
		return walk_real(w, o[0]) != walk_real(w, o[1]);
	case OP_AND:
		return walk_truth(w, o[0]) && walk_truth(w, o[1]);
	case OP_OR:
		return walk_truth(w, o[0]) || walk_truth(w, o[1]);
	case OP_NOT:
		return !walk_truth(w, o[0]);
	default:
		return n->op == OP_TRUE;
	}
}

static double combine(int kind, double a, double b)
{
	return kind == REDUCE_SUM ? a + b : kind == REDUCE_PROD ? a * b : kind == REDUCE_MIN ? oj_minimum(a, b)
	                                                                                     : oj_maximum(a, b);
}

static double walk_reduction(struct walker *w, ojit_expr e)
{
	const struct reduction r = oj_node(w->g, e)->reduction;
	const ojit_expr *o = oj_operands(w->g, e);
	int64_t lo = walk_integer(w, o[REDUCE_LO]), end = walk_integer(w, o[REDUCE_END]), before = w->index[r.level];
	double value = walk_real(w, o[REDUCE_START]), p[8];
	for (int k = 0; k < 8; k++)
		p[k] = oj_reduction_identity(r.kind, true);
	for (int64_t i = lo; i < end; i++) {
		w->index[r.level] = i;
		double term = walk_real(w, o[REDUCE_BODY]), *sum = r.order == TREE8 ? &p[(i - lo) % 8] : &value;
		*sum = combine(r.kind, *sum, term);
	}
	w->index[r.level] = before;
	if (r.order != TREE8)
		return value;
	double left = combine(r.kind, combine(r.kind, p[0], p[4]), combine(r.kind, p[2], p[6]));
	double right = combine(r.kind, combine(r.kind, p[1], p[5]), combine(r.kind, p[3], p[7]));
	return combine(r.kind, value, combine(r.kind, left, right));
}

static double walk_symbol(struct walker *w, ojit_expr e)
{
	const struct symbol *s = &w->space->symbols.at[oj_node(w->g, e)->ref.id];
	int64_t index[RANK];
	walk_indices(w, e, index);
	for (size_t p = 0; p < s->pieces.count; p++) {
		const struct piece *piece = &s->pieces.at[p];
		bool inside = true;
		for (uint32_t k = 0; k < s->rank; k++)
			inside = inside && index[k] >= piece->base[k] && index[k] < piece->base[k] + piece->extent[k];
		if (inside)
			return *element(w, piece->array, index);
	}
	cr_assert_fail("%s is not defined at %lld", s->name, (long long)index[0]);
	return 0;
}

static double squared(double x, int64_t n)
{
	double value = x;
	for (int bit = 62 - __builtin_clzll((uint64_t)n); bit >= 0; bit--) {
		value *= value;
		if (n >> bit & 1)
			value *= x;
	}
	return value;
}

/* The operators that pass expand knows, by the formulas it states. */
static double walk_made(const struct node *n, double x, double second)
{
	double small = oj_evaluate(OP_EXP, -fabs(x), 0, 0);
	switch ((enum op)n->op) {
	case OP_COT:
		return 1 / oj_evaluate(OP_TAN, x, 0, 0);
	case OP_SIGN:
		return x > 0 ? 1 : x < 0 ? -1 : x + 0;
	case OP_SIGMOID:
		return (0 <= x ? 1 : small) / (1 + small);
	case OP_RELU:
		return oj_maximum(x, 0);
	case OP_SOFTPLUS:
		return oj_maximum(x, 0) + oj_evaluate(OP_LOG1P, small, 0, 0);
	case OP_HEAVISIDE:
		return x > 0 ? 1 : x < 0 ? 0 : x == 0 ? second : x;
	case OP_STRONG:
		return x == 0 ? 0 : x * second;
	default: /* POWI */
		return n->integer == 0 ? 1 : n->integer < 0 ? 1 / squared(x, -n->integer) : squared(x, n->integer);
	}
}

static double walk_real(struct walker *w, ojit_expr e)
{
	const struct node *n = oj_node(w->g, e);
	const ojit_expr *o = oj_operands(w->g, e);
	int64_t index[RANK];
	double values[8];
	switch ((enum op)n->op) {
	case OP_LITERAL:
		return n->real;
	case OP_TIME:
		return w->vectors->t;
	case OP_LOAD:
		walk_indices(w, e, index);
		return *element(w, n->ref.id, index);
	case OP_SYMBOL:
		return walk_symbol(w, e);
	case OP_ITOF:
		return (double)walk_integer(w, o[0]);
	case OP_REDUCE:
		return walk_reduction(w, e);
	case OP_IF: /* only the side that is picked: the other may not be defined */
		return walk_real(w, o[walk_truth(w, o[0]) ? 1 : 2]);
	default:
		break;
	}
	cr_assert(n->arity <= 8);
	for (uint32_t i = 0; i < n->arity; i++)
		values[i] = walk_real(w, o[i]);
	if (oj_op_info[n->op].way == WAY_EXPAND)
		return walk_made(n, values[0], values[1]);
	return oj_evaluate_many(n->op, values, n->arity);
}

static void walk_block(struct walker *w, const struct block *block)
{
	int64_t points = oj_block_points(block);
	for (int64_t point = 0; point < points; point++) {
		int64_t rest = point;
		for (uint32_t k = block->rank; k-- > 0; rest /= block->end[k] - block->lo[k])
			w->index[k] = block->lo[k] + rest % (block->end[k] - block->lo[k]);
		for (size_t s = 0; s < block->stores.count; s++) {
			const struct store *store = &block->stores.at[s];
			int64_t index[RANK];
			for (uint32_t k = 0; k < w->space->arrays.at[store->array].rank; k++)
				index[k] = walk_integer(w, store->index[k]);
			*element(w, store->array, index) = walk_real(w, store->value);
		}
	}
}

void naive_run(const struct program *program, struct vectors *vectors)
{
	struct walker w = {.program = program, .space = program->space, .g = &program->space->graph, .vectors = vectors};
	w.temporaries = calloc(program->space->arrays.count + 1, sizeof *w.temporaries);
	for (size_t a = 0; a < program->space->arrays.count; a++)
		w.temporaries[a] = calloc((size_t)oj_array_length(&program->space->arrays.at[a]) + 1, sizeof(double));
	for (size_t b = 0; b < program->blocks.count; b++)
		walk_block(&w, &program->blocks.at[b]);
	for (size_t a = 0; a < program->space->arrays.count; a++)
		free(w.temporaries[a]);
	free(w.temporaries);
}

ojit_status interpreter_try(const struct program *program, struct vectors *vectors)
{
	struct interpreter *interpreter;
	TRY(oj_interpreter_new(program, &interpreter));
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	double *scratch = calloc((size_t)kernel.scratch + 1, sizeof *scratch);
	struct kernel_args args = {.t = &vectors->t, .y = vectors->y, .p = vectors->p, .d = vectors->d, .scratch = scratch,
	                           .out = program->kind == KERNEL_PREPARE ? vectors->d : vectors->out};
	oj_kernel_bind(&kernel, &args);
	kernel.run(&args);
	free(scratch);
	oj_interpreter_free(interpreter);
	return OJIT_OK;
}

void interpreter_run(const struct program *program, struct vectors *vectors)
{
	cr_assert_eq(interpreter_try(program, vectors), OJIT_OK);
}

/* The generator. */

enum { BASE = -2, COUNT = 6, LAST = BASE + COUNT - 1, DEEPEST = 4 };

struct maker {
	uint64_t state;
	struct space *space;
	struct graph *g;
	uint32_t symbol, parameter, weights, neighbours, starts, scale;
	uint32_t vectors[8], scalars[8]; /* TEMP arrays made so far */
	int vector_count, scalar_count;
	int levels, reductions; /* index variables around; reductions among them */
};

static int pick(struct maker *m, int count)
{
	return (int)(random_bits(&m->state) % (uint64_t)count);
}

/* An index variable, or a constant where there is none: in BASE..LAST. */
static ojit_expr make_variable(struct maker *m)
{
	if (m->levels == 0 || pick(m, 12) == 0)
		return oj_integer(m->g, BASE + pick(m, COUNT));
	return oj_index(m->g, (unsigned)pick(m, m->levels));
}

/* Something in BASE..LAST. */
static ojit_expr make_index(struct maker *m)
{
	ojit_expr v = make_variable(m), pair[2];
	switch (pick(m, 6)) {
	case 0:
		return oj_integer_wrap(m->g, oj_integer_offset(m->g, v, pick(m, 9) - 4), BASE, COUNT);
	case 1:
		return oj_integer_offset(m->g, oj_integer_scale(m->g, v, -1), BASE + LAST);
	case 2:
		pair[0] = v, pair[1] = oj_integer(m->g, pick(m, 2));
		return oj_table(m->g, m->neighbours, 2, pair);
	case 3:
		return oj_integer_wrap(m->g, oj_integer_add(m->g, v, make_variable(m)), BASE, COUNT);
	default:
		return v;
	}
}

static ojit_expr make_real(struct maker *m, int depth);

static ojit_expr make_condition(struct maker *m, int depth)
{
	static const enum op integers[] = {OP_ILT, OP_ILE, OP_IEQ, OP_INE}, reals[] = {OP_LT, OP_LE, OP_EQ, OP_NE};
	ojit_expr a, b;
	switch (pick(m, 5)) {
	case 0:
		return oj_make2(m->g, reals[pick(m, 4)], make_real(m, depth - 1), make_real(m, depth - 1));
	case 1:
		a = make_condition(m, depth - 1), b = make_condition(m, depth - 1);
		return oj_make2(m->g, pick(m, 2) ? OP_AND : OP_OR, a, b);
	case 2:
		return oj_make1(m->g, OP_NOT, make_condition(m, depth - 1));
	default:
		a = oj_integer_offset(m->g, oj_integer_scale(m->g, make_variable(m), 1 + pick(m, 2)), pick(m, 5) - 2);
		return oj_make2(m->g, integers[pick(m, 4)], a, pick(m, 4) ? make_variable(m) : make_index(m));
	}
}

/* u[v-2] where v > BASE: not defined elsewhere, and not wanted there. */
static ojit_expr make_guarded(struct maker *m, int depth)
{
	ojit_expr v = make_variable(m), at = oj_integer_offset(m->g, v, -2);
	ojit_expr wanted = oj_make2(m->g, OP_ILT, oj_integer(m->g, BASE), v);
	return oj_make3(m->g, OP_IF, wanted, oj_symbol(m->g, m->symbol, 0, 1, &at), make_real(m, depth - 1));
}

static void make_range(struct maker *m, ojit_expr *lo, ojit_expr *end)
{
	ojit_expr v = make_variable(m);
	*lo = oj_integer(m->g, BASE);
	*end = oj_integer(m->g, LAST + 1);
	switch (pick(m, 6)) {
	case 0:
		*end = v; /* empty at the least v */
		break;
	case 1:
		*lo = oj_integer_offset(m->g, v, 1); /* empty at the greatest */
		break;
	case 2:
		*lo = oj_table(m->g, m->starts, 1, &v);
		v = oj_integer_offset(m->g, v, 1);
		*end = oj_table(m->g, m->starts, 1, &v);
		break;
	}
}

static ojit_expr make_reduction(struct maker *m, int depth)
{
	struct reduction r = {.kind = (uint8_t)pick(m, 4), .level = (uint16_t)m->levels};
	ojit_expr lo, end, body, condition;
	make_range(m, &lo, &end);
	m->levels++, m->reductions++;
	if (pick(m, 5) == 0) { /* no cuts, so the order may be any */
		r.order = TREE8;
		ojit_expr at = oj_index(m->g, r.level);
		body = oj_load(m->g, m->parameter, 1, &at);
	} else {
		body = make_real(m, depth - 1);
		condition = make_condition(m, depth - 2);
		if (pick(m, 2))
			body = oj_make3(m->g, OP_IF, condition, body, oj_literal(m->g, oj_reduction_identity(r.kind, true)));
	}
	m->levels--, m->reductions--;
	return oj_reduce(m->g, r, oj_literal(m->g, oj_reduction_identity(r.kind, false)), lo, end, body);
}

static ojit_expr make_leaf(struct maker *m)
{
	static const double numbers[] = {0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.25, 1e-3};
	ojit_expr at;
	switch (pick(m, 9)) {
	case 0:
		return oj_literal(m->g, numbers[pick(m, 8)]);
	case 1:
		return pick(m, 2) ? oj_time(m->g) : oj_load(m->g, m->scale, 0, NULL);
	case 2:
		at = make_index(m);
		return oj_load(m->g, pick(m, 3) ? m->parameter : m->weights, 1, &at);
	case 3:
		return oj_make1(m->g, OP_ITOF, make_index(m));
	case 4:
	case 5:
		at = make_index(m);
		if (m->vector_count)
			return oj_load(m->g, m->vectors[pick(m, m->vector_count)], 1, &at);
		return m->scalar_count ? oj_load(m->g, m->scalars[pick(m, m->scalar_count)], 0, NULL) : oj_time(m->g);
	default:
		at = pick(m, 3) ? oj_integer_offset(m->g, make_variable(m), pick(m, 3) - 1) : make_index(m);
		return oj_symbol(m->g, m->symbol, 0, 1, &at);
	}
}

static ojit_expr make_real(struct maker *m, int depth)
{
	static const enum op ones[] = {OP_NEG, OP_SIN, OP_EXP, OP_SQRT, OP_ABS, OP_FLOOR, OP_SIGMOID, OP_SIGN,
	                               OP_RELU, OP_SOFTPLUS, OP_COT, OP_TANH};
	static const enum op twos[] = {OP_DIV, OP_MIN, OP_MAX, OP_HEAVISIDE, OP_HYPOT, OP_DIV};
	ojit_expr o[3];
	if (depth <= 0 || pick(m, 7) == 0)
		return make_leaf(m);
	for (int i = 0; i < 3; i++)
		o[i] = make_real(m, depth - 1);
	switch (pick(m, 9)) {
	case 0:
		return oj_make1(m->g, ones[pick(m, 12)], o[0]);
	case 1:
		return oj_make2(m->g, twos[pick(m, 6)], o[0], o[1]);
	case 2:
		return oj_power(m->g, o[0], pick(m, 9) - 3);
	case 3:
		return oj_make3(m->g, OP_IF, make_condition(m, depth - 1), o[0], o[1]);
	case 4:
		return make_guarded(m, depth);
	case 5:
	case 6:
		if (m->reductions < 2)
			return make_reduction(m, depth);
		return oj_make3(m->g, OP_FMA, o[0], o[1], o[2]);
	default:
		return oj_make(m->g, pick(m, 2) ? OP_ADD : OP_MUL, 2 + (uint32_t)pick(m, 2), o);
	}
}

static void declare_things(struct maker *m)
{
	static const int32_t neighbours[2 * COUNT] = {LAST, BASE, 0, 0, 1, -1, 2, 3, -2, 1, 0, LAST};
	static const int32_t starts[COUNT + 1] = {BASE, BASE, 0, 2, 2, LAST, LAST + 1};
	struct space *s = m->space;
	int64_t base = BASE, count = COUNT, bases[2] = {BASE, 0}, extents[2] = {COUNT, 2};
	int64_t one = 1, before = BASE - 1, after = LAST + 1, longer = COUNT + 1;
	uint32_t x = oj_space_array(s, "x", ROLE_STATE, 1, &base, &count, 0);
	uint32_t left = oj_space_array(s, "left", ROLE_STATE, 1, &before, &one, COUNT);
	uint32_t right = oj_space_array(s, "right", ROLE_PARAMETER, 1, &after, &one, 0);
	m->parameter = oj_space_array(s, "p", ROLE_PARAMETER, 1, &base, &count, 1);
	m->scale = oj_space_array(s, "scale", ROLE_PARAMETER, 0, NULL, NULL, 20);
	m->weights = oj_space_array(s, "w", ROLE_DATA, 1, &base, &count, 0);
	for (int i = 0; i < COUNT; i++)
		cr_assert(VECTOR_PUSH(s->context, &s->data, 0.25 * i - 1));
	m->neighbours = oj_space_table(s, "nbr", 2, bases, extents, neighbours);
	m->starts = oj_space_table(s, "row", 1, &base, &longer, starts);
	struct symbol u = {.name = "u", .rank = 1};
	cr_assert(VECTOR_PUSH(s->context, &u.pieces, (struct piece){{BASE}, {COUNT}, x}));
	cr_assert(VECTOR_PUSH(s->context, &u.pieces, (struct piece){{BASE - 1}, {1}, left}));
	cr_assert(VECTOR_PUSH(s->context, &u.pieces, (struct piece){{LAST + 1}, {1}, right}));
	cr_assert(VECTOR_PUSH(s->context, &s->symbols, u));
	m->symbol = 0;
}

/* Blocks that together fill a box of the given rank, with one store each. */
static void fill(struct maker *m, struct program *program, uint32_t array, uint32_t rank)
{
	int64_t lo[2] = {BASE, BASE}, end[2] = {LAST + 1, LAST + 1};
	ojit_expr index[2] = {oj_index(m->g, 0), oj_index(m->g, 1)};
	int64_t middle = rank && pick(m, 3) == 0 ? BASE + 1 + pick(m, COUNT - 1) : LAST + 1;
	for (int part = 0; part < (middle > LAST ? 1 : 2); part++) {
		lo[0] = part ? middle : BASE;
		end[0] = part ? LAST + 1 : middle;
		struct block *block = oj_program_block(program, rank, lo, end, 0);
		m->levels = (int)rank;
		cr_assert(oj_block_store(m->space, block, array, make_real(m, DEEPEST), index));
	}
}

void random_program(struct space *space, struct program *program, uint64_t seed)
{
	struct maker m = {.state = seed * 2654435761u + 1, .space = space, .g = &space->graph};
	int64_t base[2] = {BASE, BASE}, count[2] = {COUNT, COUNT};
	declare_things(&m);
	oj_program_init(program, space, KERNEL_RHS);
	for (int i = 0; i < 4; i++) {
		bool scalar = pick(&m, 3) == 0;
		uint32_t array = oj_space_array(space, scalar ? "a" : "v", ROLE_TEMP, scalar ? 0 : 1, base, count, -1);
		fill(&m, program, array, scalar ? 0 : 1);
		if (scalar)
			m.scalars[m.scalar_count++] = array;
		else
			m.vectors[m.vector_count++] = array;
	}
	for (uint32_t rank = 0; rank <= 2; rank++) {
		uint32_t out = oj_space_array(space, "out", ROLE_OUT, rank, base, count, 100 * rank);
		fill(&m, program, out, rank);
	}
	cr_assert_not(space->graph.failed);
}
