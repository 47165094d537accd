/* See support_exact.h.  Values of nodes are kept while indices stand still; a
 * reduction evaluates its body with a memory of its own for every index. */
#include "tests/support_exact.h"

#include "tests/support_mpfr.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct vector {
	mpfr_t *at;
	unsigned char *made;
	int64_t room;
};

struct exact {
	const struct space *space;
	const struct graph *g;
	int bits;
	struct vector vectors[ROLE_COUNT];
	mpfr_t time;
	int64_t index[LEVELS];
};

struct exact *exact_new(const struct program *program, int bits)
{
	struct exact *x = calloc(1, sizeof *x);
	x->space = program->space;
	x->g = &program->space->graph;
	x->bits = bits;
	mpfr_init2(x->time, bits);
	mpfr_set_zero(x->time, 1);
	return x;
}

void exact_free(struct exact *x)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		for (int64_t k = 0; k < x->vectors[role].room; k++)
			if (x->vectors[role].made[k])
				mpfr_clear(x->vectors[role].at[k]);
		free(x->vectors[role].at);
		free(x->vectors[role].made);
	}
	mpfr_clear(x->time);
	free(x);
}

mpfr_ptr exact_time(struct exact *x)
{
	return x->time;
}

mpfr_ptr exact_element(struct exact *x, enum array_role role, int64_t k)
{
	struct vector *v = &x->vectors[role];
	cr_assert_geq(k, 0);
	if (k >= v->room) {
		int64_t room = 2 * k + 16;
		v->at = realloc(v->at, (size_t)room * sizeof *v->at);
		v->made = realloc(v->made, (size_t)room);
		memset(v->made + v->room, 0, (size_t)(room - v->room));
		v->room = room;
	}
	if (!v->made[k]) {
		mpfr_init2(v->at[k], x->bits);
		mpfr_set_zero(v->at[k], 1);
		v->made[k] = 1;
	}
	return v->at[k];
}

/* ---- integers ---- */

static int64_t integer(struct exact *x, ojit_expr e);

static int64_t in_table(struct exact *x, ojit_expr e)
{
	const struct table *t = &x->space->tables.at[oj_node(x->g, e)->ref.id];
	int64_t at = 0;
	for (uint32_t k = 0; k < t->rank; k++)
		at = at * t->extent[k] + integer(x, oj_operands(x->g, e)[k]) - t->base[k];
	return x->space->table_data.at[t->offset + at];
}

static int64_t affine(struct exact *x, ojit_expr e)
{
	struct affine a;
	oj_affine(x->g, e, &a);
	int64_t value = a.constant;
	for (uint32_t k = 0; k < a.count; k++)
		value += a.coefficients[k] * integer(x, a.atoms[k]);
	return value;
}

static int64_t wrapped(struct exact *x, ojit_expr e)
{
	const int64_t *record = x->g->coefficients.at + oj_node(x->g, e)->ref.id;
	int64_t rest = (integer(x, oj_operands(x->g, e)[0]) - record[0]) % record[1];
	return record[0] + (rest < 0 ? rest + record[1] : rest);
}

static int64_t integer(struct exact *x, ojit_expr e)
{
	const struct node *n = oj_node(x->g, e);
	const ojit_expr *o = oj_operands(x->g, e);
	int64_t a, b;
	switch ((enum op)n->op) {
	case OP_INTEGER:
		return n->integer;
	case OP_INDEX:
		return x->index[n->integer];
	case OP_AFFINE:
		return affine(x, e);
	case OP_TABLE:
		return in_table(x, e);
	case OP_WRAP:
		return wrapped(x, e);
	default:
		a = integer(x, o[0]), b = integer(x, o[1]);
		return (n->op == OP_IMIN) == (a < b) ? a : b;
	}
}

/* ---- numbers and truths ---- */

struct memory {
	struct expr_map place; /* node -> place in values, + 1 */
	mpfr_t *values;
	size_t count, room;
};

static void value_of(struct exact *x, mpfr_ptr result, ojit_expr e);

static mpfr_ptr kept(struct memory *m, ojit_expr e)
{
	uint32_t at = 0;
	cr_assert(oj_expr_map_get(&m->place, e, &at));
	return m->values[at - 1];
}

static void load(struct exact *x, mpfr_ptr result, ojit_expr e)
{
	const struct array *a = &x->space->arrays.at[oj_node(x->g, e)->ref.id];
	int64_t at = 0;
	for (uint32_t k = 0; k < a->rank; k++)
		at = at * a->extent[k] + integer(x, oj_operands(x->g, e)[k]) - a->base[k];
	if (a->role == ROLE_DATA)
		mpfr_set_d(result, x->space->data.at[a->offset + at], MPFR_RNDN);
	else
		mpfr_set(result, exact_element(x, a->role, a->offset + at), MPFR_RNDN);
}

static void reduce(struct exact *x, mpfr_ptr result, ojit_expr e, struct memory *m)
{
	static const char *const names[] = {"add", "mul", "min", "max"};
	const struct reduction r = oj_node(x->g, e)->reduction;
	const ojit_expr *o = oj_operands(x->g, e);
	int64_t lo = integer(x, o[REDUCE_LO]), end = integer(x, o[REDUCE_END]), before = x->index[r.level];
	mpfr_t term, sum;
	mpfr_inits2(x->bits, term, sum, (mpfr_ptr)0);
	mpfr_set(result, kept(m, o[REDUCE_START]), MPFR_RNDN);
	for (int64_t i = lo; i < end; i++) {
		mpfr_srcptr both[2] = {result, term};
		x->index[r.level] = i;
		value_of(x, term, o[REDUCE_BODY]);
		support_mpfr_find(names[r.kind])(sum, both, 2);
		mpfr_set(result, sum, MPFR_RNDN);
	}
	x->index[r.level] = before;
	mpfr_clears(term, sum, (mpfr_ptr)0);
}

static bool compare_integers(struct exact *x, const struct node *n, const ojit_expr *o)
{
	int64_t a = integer(x, o[0]), b = integer(x, o[1]);
	return n->op == OP_ILT ? a < b : n->op == OP_ILE ? a <= b : n->op == OP_IEQ ? a == b : a != b;
}

static void operate(struct exact *x, mpfr_ptr result, ojit_expr e, struct memory *m)
{
	const struct node *n = oj_node(x->g, e);
	const ojit_expr *o = oj_operands(x->g, e);
	mpfr_srcptr *operands = malloc((n->arity + 1) * sizeof *operands);
	mpfr_t exponent;
	int count = (int)n->arity;
	for (uint32_t i = 0; i < n->arity; i++)
		operands[i] = kept(m, o[i]);
	mpfr_init2(exponent, x->bits);
	if (n->op == OP_POWI) {
		mpfr_set_si(exponent, (long)n->integer, MPFR_RNDN);
		operands[count++] = exponent;
	}
	support_mpfr_find(oj_op_info[n->op].text)(result, operands, count);
	mpfr_clear(exponent);
	free(operands);
}

static void node_value(struct exact *x, mpfr_ptr result, ojit_expr e, struct memory *m)
{
	const struct node *n = oj_node(x->g, e);
	const ojit_expr *o = oj_operands(x->g, e);
	switch ((enum op)n->op) {
	case OP_LITERAL:
		mpfr_set_d(result, n->real, MPFR_RNDN);
		break;
	case OP_TRUE: case OP_FALSE:
		mpfr_set_si(result, n->op == OP_TRUE, MPFR_RNDN);
		break;
	case OP_TIME:
		mpfr_set(result, x->time, MPFR_RNDN);
		break;
	case OP_LOAD:
		load(x, result, e);
		break;
	case OP_ITOF:
		mpfr_set_si(result, (long)integer(x, o[0]), MPFR_RNDN);
		break;
	case OP_ILT: case OP_ILE: case OP_IEQ: case OP_INE:
		mpfr_set_si(result, compare_integers(x, n, o), MPFR_RNDN);
		break;
	case OP_REDUCE:
		reduce(x, result, e, m);
		break;
	default:
		operate(x, result, e, m);
	}
}

static void remember(struct exact *x, struct memory *m, ojit_expr e)
{
	if (m->count == m->room) {
		m->room = 2 * m->room + 16;
		m->values = realloc(m->values, m->room * sizeof *m->values);
	}
	mpfr_init2(m->values[m->count], x->bits);
	node_value(x, m->values[m->count], e, m);
	m->count++;
	cr_assert(oj_expr_map_put(&m->place, e, (uint32_t)m->count));
}

static void value_of(struct exact *x, mpfr_ptr result, ojit_expr root)
{
	struct expr_list list = {0};
	struct memory m = {0};
	oj_expr_map_init(&m.place, x->space->context);
	cr_assert(oj_reach(x->g, &root, 1, false, &list));
	for (size_t i = 0; i < list.list.count; i++)
		if (oj_type(x->g, list.list.at[i]) != INTEGER)
			remember(x, &m, list.list.at[i]);
	mpfr_set(result, kept(&m, root), MPFR_RNDN);
	for (size_t i = 0; i < m.count; i++)
		mpfr_clear(m.values[i]);
	free(m.values);
	oj_expr_map_drop(&m.place);
	VECTOR_DROP(x->space->context, &list.list);
}

static void run_store(struct exact *x, const struct store *store)
{
	const struct array *a = &x->space->arrays.at[store->array];
	int64_t at = 0;
	mpfr_t value;
	for (uint32_t k = 0; k < a->rank; k++)
		at = at * a->extent[k] + integer(x, store->index[k]) - a->base[k];
	mpfr_init2(value, x->bits);
	value_of(x, value, store->value);
	mpfr_set(exact_element(x, a->role, a->offset + at), value, MPFR_RNDN);
	mpfr_clear(value);
}

void exact_run(struct exact *x, const struct program *program)
{
	for (size_t b = 0; b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		int64_t points = oj_block_points(block);
		for (int64_t point = 0; point < points; point++) {
			int64_t rest = point;
			for (uint32_t k = block->rank; k-- > 0; rest /= block->end[k] - block->lo[k])
				x->index[k] = block->lo[k] + rest % (block->end[k] - block->lo[k]);
			for (size_t s = 0; s < block->stores.count; s++)
				run_store(x, &block->stores.at[s]);
		}
	}
}
