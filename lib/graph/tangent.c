/* See tangent.h.
 *
 * The tangent of a node is a node over the same index variables and, where several
 * directions are computed at once, the direction, which is the innermost axis of
 * every block: what does not depend on it is computed once for all of them, and
 * directions are neighbours in memory.  While tangents are built its index variable
 * is the highest level there is; it gets its place when a block is closed.
 *
 * A tangent that comes out of a choice (if, min, max) is 0 where its side was not
 * chosen.  What such a zero is multiplied with may be infinite there, so the product
 * is a strong one: 0 times anything is 0. */
#include "lib/graph/tangent.h"

#include "lib/graph/partial.h"
#include "lib/graph/passes.h"

#include <string.h>

enum { DIRECTION = LEVELS - 1 };

struct tangents {
	struct program *made;
	struct space *space;
	struct graph *g;
	const struct tangent_request *request;
	struct oj_error *error;
	size_t arrays;           /* when this began */
	uint32_t *array;         /* [arrays] its tangents' array, + 1; 0: structurally zero */
	uint32_t *part;          /* [arrays] where those are kept that tell where they have a part, + 1; 0: nowhere */
	unsigned char *chosen;   /* [arrays] some of them come out of a choice */
	struct expr_map known;   /* node -> place in dots, + 1 */
	VECTOR(struct slope) dots; /* of nodes, then of stores; e = 0: structurally zero */
	ojit_expr direction;     /* which direction, an integer; 0: there is one only */
	const struct block *block; /* at hand */
	bool preparing;          /* it is one of the prepare program's */
	bool failed;             /* `error` says why, or memory ran out */
};

/* ---------------------------------------------------------------- arrays */

/* Where tangents of the elements of `role` lie in seed; -1: they are zero. */
static int64_t seed_offset(const struct tangent_request *r, enum array_role role)
{
	if (role == ROLE_STATE)
		return r->states ? 0 : -1;
	return role == ROLE_PARAMETER && r->parameters ? r->states : -1;
}

/* The array of the tangents of array `a`, at `offset` elements behind `before` numbers:
 * the direction is part of its last axis. */
static uint32_t tangent_array(struct tangents *t, uint32_t a, enum array_role role, int64_t offset, int64_t before)
{
	struct array like = t->space->arrays.at[a];
	int64_t d = t->request->directions;
	int64_t base[RANK] = {0}, extent[RANK] = {1};
	for (uint32_t k = 0; k < like.rank; k++)
		base[k] = like.base[k], extent[k] = like.extent[k];
	uint32_t rank = like.rank == 0 && d > 1 ? 1 : like.rank;
	if (rank) {
		base[rank - 1] *= d;
		extent[rank - 1] *= d;
	}
	return oj_space_array(t->space, like.name, role, rank, base, extent, before + offset * d);
}

/* The array's tangents as far as they are known; makes those of inputs.  Derived
 * parameters are loaded from the array behind the one that prepare stores (hoist.c). */
static bool find_array(struct tangents *t, uint32_t a)
{
	const struct array *array = &t->space->arrays.at[a];
	int64_t offset = seed_offset(t->request, array->role);
	if (array->role == ROLE_DERIVED) {
		t->array[a] = t->array[a - 1];
		t->part[a] = t->part[a - 1];
		t->chosen[a] = t->chosen[a - 1];
	}
	if (t->array[a] || offset < 0)
		return true;
	uint32_t made = tangent_array(t, a, ROLE_SEED, array->offset + offset, t->request->before);
	t->array[a] = made + 1;
	t->chosen[a] = t->request->strong;
	return made != UINT32_MAX;
}

/* The subscripts of an element's tangent in the direction at hand. */
static uint32_t tangent_index(struct tangents *t, uint32_t a, const ojit_expr *index, ojit_expr *out)
{
	uint32_t rank = t->space->arrays.at[a].rank;
	for (uint32_t k = 0; k < rank; k++)
		out[k] = index[k];
	if (!t->direction)
		return rank;
	if (rank == 0) {
		out[0] = t->direction;
		return 1;
	}
	ojit_expr scaled = oj_integer_scale(t->g, out[rank - 1], t->request->directions);
	out[rank - 1] = oj_integer_add(t->g, scaled, t->direction);
	return rank;
}

/* ---------------------------------------------------------------- nodes */

static struct slope dot_of(const struct tangents *t, ojit_expr e)
{
	uint32_t at = 0;
	return oj_expr_map_get(&t->known, e, &at) ? t->dots.at[at - 1] : (struct slope){0};
}

static struct slope none(void)
{
	return (struct slope){0};
}

/* A tangent that has to be there. */
static struct slope checked(struct tangents *t, struct slope dot)
{
	t->failed = t->failed || !dot.e;
	return dot;
}

static struct slope made(struct tangents *t, ojit_expr e, bool chosen)
{
	return checked(t, (struct slope){e, chosen, 0});
}

/* Where zeros of directions are strong, what has one has no part. */
static struct slope seeded(struct tangents *t, ojit_expr seed)
{
	return checked(t, t->request->strong ? oj_slope_kept(t->g, seed, seed) : (struct slope){seed, false, 0});
}

static struct slope of_load(struct tangents *t, ojit_expr e)
{
	uint32_t a = oj_node(t->g, e)->ref.id;
	ojit_expr index[RANK], operands[RANK];
	memcpy(operands, oj_operands(t->g, e), t->space->arrays.at[a].rank * sizeof *operands);
	t->failed = t->failed || !find_array(t, a);
	if (t->failed || !t->array[a])
		return none();
	uint32_t rank = tangent_index(t, a, operands, index);
	ojit_expr load = oj_load(t->g, t->array[a] - 1, rank, index);
	if (t->part[a])
		return checked(t, oj_slope_kept(t->g, load, oj_load(t->g, t->part[a] - 1, rank, index)));
	return t->space->arrays.at[t->array[a] - 1].role == ROLE_SEED ? seeded(t, load) : made(t, load, t->chosen[a]);
}

static struct slope of_time(struct tangents *t)
{
	int64_t base = 0, extent = t->request->directions;
	if (!t->request->time)
		return none();
	uint32_t array = oj_space_array(t->space, "time", ROLE_SEED, 1, &base, &extent,
	                                t->request->before + (t->request->states + t->request->parameters) * extent);
	ojit_expr index = t->direction ? t->direction : oj_integer(t->g, 0);
	return seeded(t, array == UINT32_MAX ? 0 : oj_load(t->g, array, 1, &index));
}

static struct slope scaled(struct tangents *t, struct slope dot, ojit_expr factor)
{
	return checked(t, oj_slope_times(t->g, dot, factor));
}

static void refuse(struct tangents *t, ojit_expr e)
{
	if (!t->failed)
		oj_block_underivable(t->space, t->block, e, t->error);
	t->failed = true;
}

/* What operand `slot` contributes, whose tangent is not zero. */
static struct slope through(struct tangents *t, ojit_expr e, uint32_t slot)
{
	struct slope dot = dot_of(t, oj_operands(t->g, e)[slot]);
	struct partial partial = oj_partial(t->g, e, slot);
	switch (partial.kind) {
	case PARTIAL_ZERO:
		return none();
	case PARTIAL_MISSING:
		refuse(t, e);
		return none();
	case PARTIAL_CHOICE:
		return checked(t, oj_slope_where(t->g, partial.e, dot));
	case PARTIAL_FACTOR:
		break;
	}
	return partial.e ? scaled(t, dot, partial.e) : made(t, 0, false);
}

static struct slope sum(struct tangents *t, const struct slope *terms, uint32_t count)
{
	if (count == 0)
		return none();
	if (count == 1)
		return terms[0];
	size_t size = count * sizeof(ojit_expr);
	ojit_expr *operands = oj_memory_get(t->space->context, size), e = 0;
	struct slope all = terms[0];
	for (uint32_t i = 0; operands && i < count; i++) {
		operands[i] = terms[i].e;
		all = oj_slope_either(t->g, all, terms[i]);
	}
	if (operands)
		e = oj_make(t->g, OP_ADD, count, operands);
	all.e = e ? oj_simplified(t->g, e, operands) : 0;
	oj_memory_put(t->space->context, operands, size);
	return checked(t, all);
}

static struct slope sum_of_two(struct tangents *t, struct slope a, struct slope b)
{
	struct slope terms[2] = {a, b};
	return a.e && b.e ? sum(t, terms, 2) : a.e ? a : b;
}

/* A product of many is (a b) c and so on, and so is its tangent, ((da b + a db) c) + (a b) dc:
 * the bits do not depend on which of the first two comes first, or on whether factors were
 * multiplied before. */
static struct slope of_product(struct tangents *t, ojit_expr e)
{
	ojit_expr product = oj_operands(t->g, e)[0];
	struct slope dot = dot_of(t, product);
	uint32_t arity = oj_node(t->g, e)->arity;
	for (uint32_t i = 1; i < arity && !t->failed; i++) {
		ojit_expr factor = oj_operands(t->g, e)[i];
		struct slope other = dot_of(t, factor);
		if (dot.e)
			dot = scaled(t, dot, factor);
		if (other.e)
			dot = sum_of_two(t, dot, scaled(t, other, product));
		if (i + 1 < arity)
			product = oj_times(t->g, product, factor);
	}
	return dot;
}

/* a * b', 0 where a is 0 that stands for "no part", and where b' has none. */
static struct slope strong_in_both(struct tangents *t, ojit_expr a, struct slope dot)
{
	ojit_expr product = oj_times_strong(t->g, a, dot.e), part = dot.part;
	if (!product || (!part && !t->request->strong))
		return made(t, product, true);
	ojit_expr zero = oj_literal(t->g, 0);
	if (!part)
		part = oj_make2(t->g, OP_NE, dot.e, zero);
	return made(t, part ? oj_where(t->g, part, product) : 0, true);
}

/* A strong product is one in the tangents of both factors: either may be what a choice
 * left out. */
static struct slope of_strong(struct tangents *t, ojit_expr e)
{
	ojit_expr a = oj_operands(t->g, e)[0], b = oj_operands(t->g, e)[1];
	struct slope terms[2];
	uint32_t count = 0;
	if (dot_of(t, a).e)
		terms[count++] = made(t, oj_times_strong(t->g, dot_of(t, a).e, b), true);
	if (dot_of(t, b).e)
		terms[count++] = strong_in_both(t, a, dot_of(t, b));
	return sum(t, terms, count);
}

static struct slope of_operator(struct tangents *t, ojit_expr e)
{
	uint32_t arity = oj_node(t->g, e)->arity, count = 0, active = 0;
	for (uint32_t i = 0; i < arity; i++)
		active += dot_of(t, oj_operands(t->g, e)[i]).e != 0;
	if (active == 0)
		return none();
	if (oj_is(t->g, e, OP_STRONG))
		return of_strong(t, e);
	if (oj_is(t->g, e, OP_MUL))
		return of_product(t, e);
	size_t room = arity * sizeof(struct slope);
	struct slope *terms = oj_memory_get(t->space->context, room), result;
	if (!terms)
		return made(t, 0, false);
	for (uint32_t i = 0; i < arity && !t->failed; i++) {
		if (!dot_of(t, oj_operands(t->g, e)[i]).e)
			continue;
		terms[count] = through(t, e, i);
		count += terms[count].e != 0;
	}
	result = sum(t, terms, count);
	oj_memory_put(t->space->context, terms, room);
	return result;
}

/* ---------------------------------------------------------------- reductions */

/* A sequential reduction of `body` over the range of `like`, from `start`. */
static ojit_expr over_range(struct tangents *t, ojit_expr like, enum reduction_kind kind, ojit_expr start,
                            ojit_expr body)
{
	struct reduction reduction = oj_node(t->g, like)->reduction;
	ojit_expr lo = oj_operands(t->g, like)[REDUCE_LO], end = oj_operands(t->g, like)[REDUCE_END];
	reduction.kind = (uint8_t)kind;
	return start && body ? oj_reduce(t->g, reduction, start, lo, end, body) : 0;
}

/* A sum over the index of `e`, from `start`. */
static struct slope over_indices(struct tangents *t, ojit_expr e, struct slope start, struct slope body, ojit_expr sum)
{
	unsigned level = oj_node(t->g, e)->reduction.level;
	ojit_expr none_yet = oj_literal(t->g, 0);
	struct slope all = oj_slope_summed(t->g, body, level, sum);
	if (t->request->strong && body.chosen && !all.part)
		all = oj_slope_kept(t->g, sum, over_range(t, e, REDUCE_SUM, none_yet, oj_slope_part(t->g, body)));
	return start.e ? oj_slope_either(t->g, all, start) : all;
}

static struct slope of_sum(struct tangents *t, ojit_expr e, struct slope start, struct slope body)
{
	ojit_expr from = start.e ? start.e : oj_literal(t->g, -0.0);
	if (!body.e)
		return start;
	ojit_expr sum = over_range(t, e, REDUCE_SUM, from, body.e);
	return checked(t, over_indices(t, e, start, body, sum));
}

/* The product of the body over lo .. end - 1, where one of the two ends is the index
 * variable of `e` itself and the body's own index becomes a level above. */
static ojit_expr partial_range(struct tangents *t, ojit_expr e, ojit_expr start, bool before, unsigned level)
{
	ojit_expr operands[4], index[LEVELS] = {0};
	memcpy(operands, oj_operands(t->g, e), sizeof operands);
	struct reduction reduction = oj_node(t->g, e)->reduction;
	ojit_expr at = oj_index(t->g, reduction.level), next = oj_integer_offset(t->g, at, 1);
	index[reduction.level] = oj_index(t->g, level);
	ojit_expr body = oj_substitute(t->space, operands[REDUCE_BODY], index, reduction.level + 1u);
	reduction.level = (uint16_t)level;
	reduction.order = SEQUENTIAL;
	return body ? oj_reduce(t->g, reduction, start, before ? operands[REDUCE_LO] : next,
	                        before ? at : operands[REDUCE_END], body) : 0;
}

/* A level that nothing below `e` means anything by. */
static unsigned fresh_level(const struct tangents *t, ojit_expr e)
{
	const struct node *n = oj_node(t->g, e);
	uint32_t used = n->levels | oj_node(t->g, oj_operands(t->g, e)[REDUCE_BODY])->levels |
	                1u << n->reduction.level;
	used &= ~(1u << DIRECTION);
	return 32 - (unsigned)__builtin_clz(used);
}

/* The sum over j of (product before j) * dot_j * (product after j): right also where
 * factors are zero.  The start counts as a factor before all. */
static struct slope of_prod(struct tangents *t, ojit_expr e, struct slope start, struct slope body)
{
	ojit_expr one = oj_literal(t->g, 1), from = oj_literal(t->g, -0.0), first = oj_operands(t->g, e)[REDUCE_START];
	unsigned level = fresh_level(t, e);
	struct slope term = none();
	if (start.e) {
		ojit_expr all = over_range(t, e, REDUCE_PROD, one, oj_operands(t->g, e)[REDUCE_BODY]);
		term = all ? scaled(t, start, all) : made(t, 0, false);
		from = term.e;
	}
	if (!body.e || t->failed)
		return term;
	if (level >= DIRECTION)
		return made(t, 0, false);
	ojit_expr before = partial_range(t, e, first, true, level), after = partial_range(t, e, one, false, level);
	if (!before || !after)
		return made(t, 0, false);
	struct slope factor = scaled(t, scaled(t, body, before), after);
	ojit_expr sum = over_range(t, e, REDUCE_SUM, from, factor.e);
	return checked(t, over_indices(t, e, start, factor, sum));
}

/* The tangent of whatever is the least (greatest) first: the start, or the term of
 * the first index where it is reached. */
static struct slope of_extreme(struct tangents *t, ojit_expr e, struct slope start, struct slope body)
{
	struct graph *g = t->g;
	ojit_expr first = oj_operands(g, e)[REDUCE_START], term = oj_operands(g, e)[REDUCE_BODY];
	ojit_expr never = oj_literal(g, __builtin_inf());
	ojit_expr index = oj_index(g, oj_node(g, e)->reduction.level);
	ojit_expr position = oj_make1(g, OP_ITOF, index);
	ojit_expr reached = oj_make2(g, OP_EQ, term, e), by_start = oj_make2(g, OP_EQ, first, e);
	ojit_expr candidate = oj_make3(g, OP_IF, reached, position, never);
	ojit_expr where = over_range(t, e, REDUCE_MIN, never, candidate);
	ojit_expr here = where ? oj_make2(g, OP_EQ, position, where) : 0;
	ojit_expr begin = start.e ? start.e : oj_literal(g, 0), from = oj_literal(g, -0.0);
	ojit_expr chosen = here && body.e ? oj_where(g, here, body.e) : oj_literal(g, 0);
	ojit_expr inside = here ? over_range(t, e, REDUCE_SUM, from, chosen) : 0;
	return made(t, inside && by_start ? oj_make3(g, OP_IF, by_start, begin, inside) : 0, true);
}

static struct slope of_reduction(struct tangents *t, ojit_expr e)
{
	struct slope start = dot_of(t, oj_operands(t->g, e)[REDUCE_START]);
	struct slope body = dot_of(t, oj_operands(t->g, e)[REDUCE_BODY]);
	if (!start.e && !body.e)
		return none();
	switch ((enum reduction_kind)oj_node(t->g, e)->reduction.kind) {
	case REDUCE_SUM:
		return of_sum(t, e, start, body);
	case REDUCE_PROD:
		return of_prod(t, e, start, body);
	default:
		return of_extreme(t, e, start, body);
	}
}

static struct slope of_node(struct tangents *t, ojit_expr e)
{
	enum op op = oj_node(t->g, e)->op;
	if (oj_type(t->g, e) != REAL)
		return none();
	if (op == OP_LOAD)
		return of_load(t, e);
	if (op == OP_TIME)
		return of_time(t);
	return op == OP_REDUCE ? of_reduction(t, e) : of_operator(t, e);
}

static bool remember(struct tangents *t, ojit_expr e, struct slope dot)
{
	return VECTOR_PUSH(t->space->context, &t->dots, dot) &&
	       oj_expr_map_put(&t->known, e, (uint32_t)t->dots.count);
}

/* The tangents of all nodes below the block's values. */
static bool visit_block(struct tangents *t, const struct block *block)
{
	struct expr_list list = {0};
	uint32_t ignored;
	t->block = block;
	bool ok = oj_block_reach(t->space, block, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		ojit_expr e = list.list.at[i];
		if (oj_expr_map_get(&t->known, e, &ignored))
			continue;
		struct slope dot = of_node(t, e);
		ok = !t->failed && remember(t, e, dot);
	}
	VECTOR_DROP(t->space->context, &list.list);
	return ok;
}

/* ---------------------------------------------------------------- blocks */

static bool keep_parts(struct tangents *t, uint32_t array)
{
	uint32_t parts = tangent_array(t, array, ROLE_TEMP, 0, 0);
	t->part[array] = parts + 1;
	return parts != UINT32_MAX;
}

/* Stores decide which arrays have tangents. */
static bool settle_store(struct tangents *t, const struct store *store)
{
	const struct array *array = &t->space->arrays.at[store->array];
	struct slope dot = dot_of(t, store->value);
	bool out = array->role == ROLE_OUT && !t->preparing;
	t->chosen[store->array] |= dot.chosen;
	bool parts = !out && dot.e && (t->request->strong || (t->preparing && dot.chosen));
	if (parts && !t->part[store->array] && !keep_parts(t, store->array))
		return false;
	if (t->array[store->array] || (!dot.e && !out))
		return true;
	uint32_t to = tangent_array(t, store->array, out ? ROLE_OUT : ROLE_TEMP, out ? array->offset : 0, 0);
	t->array[store->array] = to + 1;
	return to != UINT32_MAX;
}

static bool find_tangents(struct tangents *t, const struct program *program)
{
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		ok = visit_block(t, block);
		for (size_t s = 0; ok && s < block->stores.count; s++)
			ok = settle_store(t, &block->stores.at[s]);
	}
	return ok;
}

/* The direction gets its place: level `rank`, or a number. */
static ojit_expr placed(struct tangents *t, ojit_expr e, ojit_expr direction)
{
	ojit_expr index[LEVELS] = {0};
	index[DIRECTION] = direction;
	return t->direction ? oj_substitute(t->space, e, index, LEVELS) : e;
}

/* value: 0 for none. */
static bool store_value(struct tangents *t, struct block *block, uint32_t to, ojit_expr value,
                        const ojit_expr *index, ojit_expr direction)
{
	value = value ? placed(t, value, direction) : oj_literal(t->g, 0);
	return value && oj_block_store(t->space, block, to, value, index);
}

static bool store_tangent(struct tangents *t, struct block *block, const struct store *store, ojit_expr direction)
{
	ojit_expr index[RANK] = {0};
	struct slope dot = dot_of(t, store->value);
	uint32_t to = t->array[store->array], part = t->part[store->array];
	if (!to)
		return true;
	uint32_t rank = tangent_index(t, store->array, store->index, index);
	bool ok = true;
	for (uint32_t k = 0; ok && k < rank; k++)
		ok = (index[k] = placed(t, index[k], direction)) != 0;
	return ok && store_value(t, block, to - 1, dot.e, index, direction) &&
	       (!part || store_value(t, block, part - 1, dot.e ? oj_slope_part(t->g, dot) : 0, index, direction));
}

/* The tangents of one block, in all directions or, where `direction` is a number, in one. */
static bool emit_block(struct tangents *t, const struct block *from, uint32_t rank, ojit_expr direction)
{
	int64_t lo[RANK] = {0}, end[RANK] = {0};
	memcpy(lo, from->lo, from->rank * sizeof *lo);
	memcpy(end, from->end, from->rank * sizeof *end);
	if (rank > from->rank)
		end[from->rank] = t->request->directions;
	if (!oj_program_block(t->made, rank, lo, end, from->origin))
		return false;
	bool ok = true;
	for (size_t s = 0; ok && s < from->stores.count; s++)
		ok = store_tangent(t, &t->made->blocks.at[t->made->blocks.count - 1], &from->stores.at[s], direction);
	return ok;
}

/* Boxes that have no axis left for the direction are repeated. */
static bool emit_directions(struct tangents *t, const struct block *block)
{
	bool ok = true;
	if (!t->direction)
		return emit_block(t, block, block->rank, 0);
	if (block->rank < RANK)
		return emit_block(t, block, block->rank + 1, oj_index(t->g, block->rank));
	for (int64_t d = 0; ok && d < t->request->directions; d++)
		ok = emit_block(t, block, block->rank, oj_integer(t->g, d));
	return ok;
}

/* Of the intermediates that tangents may need, those they do not are dropped by the
 * layout. */
static bool emit(struct tangents *t, const struct program *program)
{
	bool ok = oj_program_intermediates(t->made, program);
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = emit_directions(t, &program->blocks.at[b]);
	return ok;
}

static bool run(struct tangents *t, const struct program *program, const struct program *prepare)
{
	t->array = oj_memory_get(t->space->context, (t->arrays + 1) * sizeof *t->array);
	t->part = oj_memory_get(t->space->context, (t->arrays + 1) * sizeof *t->part);
	t->chosen = oj_memory_get(t->space->context, t->arrays + 1);
	if (!t->array || !t->part || !t->chosen)
		return false;
	memset(t->array, 0, (t->arrays + 1) * sizeof *t->array);
	memset(t->part, 0, (t->arrays + 1) * sizeof *t->part);
	memset(t->chosen, 0, t->arrays + 1);
	if (t->request->directions > 1)
		t->direction = oj_index(t->g, DIRECTION);
	t->preparing = true;
	if (prepare && (!find_tangents(t, prepare) || !emit(t, prepare)))
		return false;
	t->preparing = false;
	return find_tangents(t, program) && emit(t, program) && oj_program_layout(t->made) == OJIT_OK;
}

ojit_status oj_tangent_program(struct program *made, const struct program *program, const struct program *prepare,
                               const struct tangent_request *request, struct oj_error *error)
{
	struct space *space = program->space;
	struct tangents t = {.made = made, .space = space, .g = &space->graph, .request = request, .error = error,
	                     .arrays = space->arrays.count};
	oj_expr_map_init(&t.known, space->context);
	bool ok = run(&t, program, prepare) && !space->graph.failed;
	oj_memory_put(space->context, t.array, (t.arrays + 1) * sizeof *t.array);
	oj_memory_put(space->context, t.part, (t.arrays + 1) * sizeof *t.part);
	oj_memory_put(space->context, t.chosen, t.arrays + 1);
	oj_expr_map_drop(&t.known);
	VECTOR_DROP(space->context, &t.dots);
	if (ok)
		return OJIT_OK;
	return error->status != OJIT_OK ? error->status : oj_fail_memory(error);
}
