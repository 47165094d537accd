/* See fused_step.h.
 *
 * Stage by stage, the nodes of the right-hand side are made again with other leaves: the
 * time is the stage's, states are its sums, and intermediates what was just stored there.
 * What depends on neither is the same node in all stages and is computed once a step.
 *
 * Weights are numbers in the code, times h once a step.  All stages are stored, since interpolants and messages read them; stores wait for
 * nothing and nothing waits for them.  The norm is the mean square; who wants another takes
 * it of the stages. */
#include "lib/graph/fused_step.h"

#include "lib/graph/simplify.h"

#include <float.h>
#include <string.h>

/* States, and nodes of all stages together.  Measured on chains of n states by tsit5
 * against single calls: with cubic forces 0.56 of the time for n = 4, 0.85 for 12, 1.04 for
 * 16, 1.24 for 24, where sums over the states go through wide vectors; with sines 0.61,
 * 0.68, 0.74, 0.85.  More nodes than this are a wait that is felt. */
enum { MOST_STATES = 14, MOST_NODES = 2000 };
enum { PARTS = 8 }; /* of a norm, as in solvers/sums.c */

struct fuser {
	struct program *made;
	const struct program *rhs;
	struct space *space;
	struct graph *g;
	const struct step_recipe *recipe;
	int64_t n;
	struct arena arena;
	int64_t *temporary;    /* [arrays] where the elements of a TEMP array begin in `kept` */
	ojit_expr *kept;       /* values of TEMP arrays in this stage */
	ojit_expr *y0, *y, *k; /* [n], [n] of the stage, [(stages + 1 + extra) n] */
	ojit_expr *roots;      /* room for the values of a block */
	ojit_expr t0, t, h;
	uint32_t tolerances;   /* arrays over all that the caller hands over */
	uint32_t given;
	uint32_t results;      /* and over all that it gets */
};

/* ---- is it worth it? ---- */

static bool is_plain(enum op op)
{
	return op != OP_REDUCE && op != OP_INDEX && op != OP_TABLE && op != OP_SYMBOL;
}

/* The nodes of a block; UINT32_MAX where there are loops. */
static bool count_nodes(const struct space *space, const struct block *block, size_t *nodes)
{
	struct expr_list list = {0};
	bool plain = block->rank == 0, ok = !plain || oj_block_reach(space, block, true, &list);
	for (size_t i = 0; plain && i < list.list.count; i++)
		plain = is_plain(oj_node(&space->graph, list.list.at[i])->op);
	*nodes = plain ? list.list.count : UINT32_MAX;
	VECTOR_DROP(space->context, &list.list);
	return ok;
}

ojit_status oj_fused_step_pays(const struct program *rhs, const struct step_recipe *recipe, bool *pays,
                               struct oj_error *error)
{
	size_t stages = (size_t)recipe->stages, nodes = (size_t)recipe->states * (stages + 3), more;
	for (size_t b = 0; b < rhs->blocks.count && nodes * stages <= MOST_NODES; b++) {
		if (!count_nodes(rhs->space, &rhs->blocks.at[b], &more))
			return oj_fail_memory(error);
		nodes += more;
	}
	bool few = recipe->states > 0 && recipe->states <= MOST_STATES;
	*pays = few && rhs->blocks.count > 0 && nodes * stages <= MOST_NODES;
	return OJIT_OK;
}

/* ---- what is handed over ---- */

/* An array of a role over all of a vector. */
static uint32_t whole(struct fuser *f, const char *name, enum array_role role, int64_t length)
{
	int64_t base = 0;
	return oj_space_array(f->space, name, role, 1, &base, &length, 0);
}

static ojit_expr element(struct fuser *f, uint32_t array, int64_t at)
{
	ojit_expr index = oj_integer(f->g, at);
	return array == UINT32_MAX ? 0 : oj_load(f->g, array, 1, &index);
}

static ojit_expr input(struct fuser *f, int64_t vector, int64_t at)
{
	return element(f, f->given, vector * f->recipe->stride + at);
}

static bool output(struct fuser *f, int64_t vector, int64_t at, ojit_expr value)
{
	ojit_expr index = oj_integer(f->g, vector * f->recipe->stride + at);
	return value && index && oj_block_store(f->space, &f->made->blocks.at[0], f->results, value, &index);
}

/* ---- stages ---- */

/* The element of its vector that an access means. */
static int64_t place_of(struct fuser *f, uint32_t a, const ojit_expr *indices)
{
	const struct array *array = &f->space->arrays.at[a];
	int64_t at = 0;
	for (uint32_t k = 0; k < array->rank; k++) {
		int64_t index = array->base[k];
		oj_integer_value(f->g, indices[k], &index); /* in straight code every subscript is a number */
		at = at * array->extent[k] + (index - array->base[k]);
	}
	return at + (array->role == ROLE_TEMP ? f->temporary[a] : array->offset);
}

static ojit_expr in_stage(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct fuser *f = rewrite->data;
	const struct node *n = oj_node(f->g, e);
	if (n->op == OP_TIME)
		return f->t;
	enum array_role role = n->op == OP_LOAD ? f->space->arrays.at[n->ref.id].role : ROLE_PARAMETER;
	if (role == ROLE_STATE)
		return f->y[place_of(f, n->ref.id, operands)];
	if (role == ROLE_TEMP)
		return f->kept[place_of(f, n->ref.id, operands)];
	return oj_simplified(f->g, e, operands);
}

/* f(t, y) of the stage at hand into k[n]. */
static bool evaluate(struct fuser *f, ojit_expr *k)
{
	struct rewrite rewrite = {.space = f->space, .node = in_stage, .data = f};
	bool ok = true;
	for (size_t b = 0; ok && b < f->rhs->blocks.count; b++) {
		const struct block *block = &f->rhs->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++)
			f->roots[s] = block->stores.at[s].value;
		ok = oj_rewrite(&rewrite, f->roots, block->stores.count) == OJIT_OK;
		for (size_t s = 0; ok && s < block->stores.count; s++) {
			const struct store *store = &block->stores.at[s];
			bool temporary = f->space->arrays.at[store->array].role == ROLE_TEMP;
			(temporary ? f->kept : k)[place_of(f, store->array, store->index)] = f->roots[s];
		}
	}
	return ok;
}

/* sum + a b, as solvers/sums.c has it; sum 0: a b alone. */
static ojit_expr plus(struct fuser *f, ojit_expr sum, ojit_expr a, ojit_expr b)
{
	if (f->recipe->fused && sum)
		return oj_make3(f->g, OP_FMA, a, b, sum);
	ojit_expr product = oj_make2(f->g, OP_MUL, a, b);
	return sum ? oj_make2(f->g, OP_ADD, sum, product) : product;
}

/* Stage j of state i by its weight, times h, after what is there. */
static ojit_expr with_term(struct fuser *f, ojit_expr sum, const double *weights, int j, int64_t i)
{
	ojit_expr number = oj_literal(f->g, weights[j]), weight = oj_make2(f->g, OP_MUL, f->h, number);
	return plus(f, sum, weight, f->k[j * f->n + i]);
}

/* The last weight that is not 0; -1: there is none. */
static int last_of(const double *weights, int count)
{
	while (count > 0 && weights[count - 1] == 0)
		count--;
	return count - 1;
}

/* The sum of stages before `end` that have a weight; 0: none has. */
static ojit_expr sum_of(struct fuser *f, const double *weights, int end, int64_t i)
{
	ojit_expr sum = 0;
	for (int j = 0; j < end; j++)
		if (weights[j] != 0)
			sum = with_term(f, sum, weights, j, i);
	return sum;
}

static ojit_expr after_y0(struct fuser *f, ojit_expr sum, int64_t i)
{
	return sum ? oj_make2(f->g, OP_ADD, f->y0[i], sum) : f->y0[i];
}

/* The argument of a stage: y0 and the older terms, and then the newest. */
static void advance_stage(struct fuser *f, const double *weights, int count)
{
	int last = last_of(weights, count);
	for (int64_t i = 0; i < f->n; i++) {
		ojit_expr sum = sum_of(f, weights, last, i);
		f->y[i] = after_y0(f, sum, i);
		if (last >= 0)
			f->y[i] = with_term(f, f->y[i], weights, last, i);
	}
}

static void advance(struct fuser *f, const double *weights, int count)
{
	for (int64_t i = 0; i < f->n; i++) {
		ojit_expr sum = sum_of(f, weights, count, i);
		f->y[i] = after_y0(f, sum, i);
	}
}

static ojit_expr time_inside(struct fuser *f, double c)
{
	ojit_expr factor = oj_literal(f->g, c), part = oj_make2(f->g, OP_MUL, factor, f->h);
	return oj_make2(f->g, OP_ADD, f->t0, part);
}

/* A stage at c = 1 sees exactly t1. */
static ojit_expr time_of(struct fuser *f, double c)
{
	return c == 1 ? input(f, STEP_SCALARS, STEP_END) : time_inside(f, c);
}

static bool take_stages(struct fuser *f)
{
	const struct step_recipe *r = f->recipe;
	bool ok = true;
	for (int s = 1; ok && s < r->stages; s++) {
		advance_stage(f, r->a + s * (s - 1) / 2, s);
		f->t = time_of(f, r->c[s]);
		ok = evaluate(f, f->k + s * f->n);
	}
	advance(f, r->b, r->stages);
	f->t = time_of(f, 1);
	ok = ok && evaluate(f, f->k + r->stages * f->n);
	for (int64_t i = 0; ok && i < f->n; i++)
		ok = output(f, STEP_SOLUTION, i, f->y[i]);
	for (int s = 1; s <= r->stages; s++)
		for (int64_t i = 0; ok && i < f->n; i++)
			ok = output(f, STEP_STAGES + s, i, f->k[s * f->n + i]);
	return ok;
}

/* Stages behind all those of the step, which were stored. */
static bool take_extra(struct fuser *f)
{
	const struct step_recipe *r = f->recipe;
	const double *row = r->extra_a;
	bool ok = true;
	for (int s = 1; s <= r->stages; s++)
		for (int64_t i = 0; i < f->n; i++)
			f->k[s * f->n + i] = input(f, STEP_STAGES + s, i);
	for (int s = r->stages + 1; ok && s <= r->stages + r->extra; row += s++) {
		advance_stage(f, row, s);
		f->t = time_inside(f, r->extra_c[s - r->stages - 1]);
		ok = evaluate(f, f->k + s * f->n);
		for (int64_t i = 0; ok && i < f->n; i++)
			ok = output(f, STEP_STAGES + s, i, f->k[s * f->n + i]);
	}
	return ok;
}

/* ---- norms ---- */

/* One over atol + rtol max(|y0|, |y1|) */
static ojit_expr inverse_scale(struct fuser *f, int64_t i)
{
	ojit_expr before = oj_make1(f->g, OP_ABS, f->y0[i]), after = oj_make1(f->g, OP_ABS, f->y[i]);
	ojit_expr fell = oj_make2(f->g, OP_LT, after, before), most = oj_make3(f->g, OP_IF, fell, before, after);
	ojit_expr rtol = input(f, STEP_SCALARS, STEP_RTOL), atol = element(f, f->tolerances, i);
	ojit_expr scale = plus(f, atol, rtol, most), least = oj_literal(f->g, DBL_MIN);
	ojit_expr above = oj_make2(f->g, OP_LT, least, scale), usable = oj_make3(f->g, OP_IF, above, scale, least);
	ojit_expr one = oj_literal(f->g, 1);
	return oj_make2(f->g, OP_DIV, one, usable);
}

/* The square of a scaled error, as scale_tile has it: not a number where y1 is not finite. */
static ojit_expr square_of(struct fuser *f, const double *weights, int64_t i)
{
	ojit_expr error = sum_of(f, weights, f->recipe->stages + 1, i), inverse = inverse_scale(f, i);
	ojit_expr ratio = oj_make2(f->g, OP_MUL, error, inverse);
	ojit_expr minus = oj_make1(f->g, OP_NEG, f->y[i]), flaw = oj_make2(f->g, OP_ADD, f->y[i], minus);
	return plus(f, flaw, ratio, ratio);
}

/* a + b, where 0 stands for a part without states: adding it changes no square. */
static ojit_expr both(struct fuser *f, ojit_expr a, ojit_expr b)
{
	return a && b ? oj_make2(f->g, OP_ADD, a, b) : a ? a : b;
}

/* The mean square: every eighth state is one part, and so on as in norm_of. */
static ojit_expr norm_of(struct fuser *f, const double *weights)
{
	ojit_expr part[PARTS] = {0};
	for (int64_t i = 0; i < f->n; i++) {
		part[i % PARTS] = both(f, part[i % PARTS], square_of(f, weights, i));
	}
	for (int width = PARTS; width > 1; width /= 2)
		for (int p = 0; p < width / 2; p++)
			part[p] = both(f, part[2 * p], part[2 * p + 1]);
	ojit_expr share = oj_literal(f->g, 1 / (double)f->n);
	return oj_make2(f->g, OP_MUL, part[0], share);
}

static bool take_norms(struct fuser *f)
{
	bool ok = true;
	for (int e = 0; ok && e < f->recipe->estimates; e++)
		ok = output(f, STEP_SCALARS, STEP_NORMS + e, norm_of(f, f->recipe->e[e]));
	return ok;
}

/* ---- the whole ---- */

static size_t most_stores(const struct program *program)
{
	size_t most = 0;
	for (size_t b = 0; b < program->blocks.count; b++)
		if (program->blocks.at[b].stores.count > most)
			most = program->blocks.at[b].stores.count;
	return most;
}

static bool make_room(struct fuser *f)
{
	size_t stores = most_stores(f->rhs);
	size_t arrays = f->space->arrays.count, elements = 0, states = (size_t)f->n;
	size_t terms = (size_t)f->recipe->stages + 1 + (size_t)f->recipe->extra;
	f->temporary = ARENA_ZEROED(&f->arena, int64_t, arrays);
	for (size_t a = 0; f->temporary && a < arrays; a++) {
		if (f->space->arrays.at[a].role != ROLE_TEMP)
			continue;
		f->temporary[a] = (int64_t)elements;
		elements += (size_t)oj_array_length(&f->space->arrays.at[a]);
	}
	f->kept = ARENA_ZEROED(&f->arena, ojit_expr, elements);
	f->y0 = ARENA_ZEROED(&f->arena, ojit_expr, states);
	f->y = ARENA_ZEROED(&f->arena, ojit_expr, states);
	f->k = ARENA_ZEROED(&f->arena, ojit_expr, states * terms);
	f->roots = ARENA_ZEROED(&f->arena, ojit_expr, stores);
	return !f->arena.failed;
}

static void begin(struct fuser *f)
{
	int64_t length = f->recipe->stride * (STEP_STAGES + f->recipe->stages + 1 + f->recipe->extra);
	uint32_t states = whole(f, "y0", ROLE_STATE, f->n);
	f->tolerances = whole(f, "atol", ROLE_SEED, f->n);
	f->given = whole(f, "step", ROLE_OUT, length);
	f->results = whole(f, "result", ROLE_OUT, length);
	f->t0 = oj_time(f->g);
	f->h = input(f, STEP_SCALARS, STEP_LENGTH);
	for (int64_t i = 0; i < f->n; i++) {
		f->y0[i] = element(f, states, i);
		f->k[i] = input(f, STEP_STAGES, i);
	}
}

typedef bool filler(struct fuser *f);

static bool take_step(struct fuser *f)
{
	return take_stages(f) && take_norms(f);
}

static bool run(struct fuser *f, filler *fill)
{
	if (!make_room(f))
		return false;
	begin(f);
	if (f->results == UINT32_MAX || !oj_program_block(f->made, 0, NULL, NULL, f->rhs->blocks.at[0].origin))
		return false;
	return fill(f) && oj_program_layout(f->made) == OJIT_OK;
}

static ojit_status fuse(struct program *made, const struct program *rhs, const struct step_recipe *recipe, filler *fill,
                        struct oj_error *error)
{
	struct space *space = rhs->space;
	struct fuser f = {.made = made, .rhs = rhs, .space = space, .g = &space->graph, .recipe = recipe,
	                  .n = recipe->states};
	oj_arena_init(&f.arena, space->context);
	bool ok = run(&f, fill) && !space->graph.failed;
	oj_arena_drop(&f.arena);
	return ok ? OJIT_OK : oj_fail_memory(error);
}

ojit_status oj_fused_step(struct program *made, const struct program *rhs, const struct step_recipe *recipe,
                          struct oj_error *error)
{
	return fuse(made, rhs, recipe, take_step, error);
}

ojit_status oj_fused_extra(struct program *made, const struct program *rhs, const struct step_recipe *recipe,
                           struct oj_error *error)
{
	return fuse(made, rhs, recipe, take_extra, error);
}
