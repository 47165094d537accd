/* See contribution.h.
 *
 * Every axis of the element gives one equation, m = e.  One that has a single unknown
 * index with coefficient 1 or -1 is solved for it; indices that no equation is solved
 * for stay loops of the sum.  A solved index has to lie in the range of its loop, which
 * is a condition; so is an equation without unknowns. */
#include "lib/graph/contribution.h"

#include "lib/graph/partial.h"
#include "lib/graph/passes.h"

#include <string.h>

enum { UNSOLVED = RANK, KEPT }; /* KEPT: a loop that an equation was solved in terms of */

struct equation {
	bool wrapped;
	int64_t lo, period;     /* of the wrap */
	int64_t outside;        /* added to the wrap */
	int64_t constant;
	uint32_t count;
	unsigned level[LEVELS];
	int64_t coefficient[LEVELS];
};

struct inversion {
	struct space *space;
	struct graph *g;
	const struct contribution *c;
	uint32_t rank;
	struct equation equations[RANK];
	uint32_t solved_by[LEVELS]; /* axis, UNSOLVED or KEPT */
	bool used[RANK];            /* the equation is solved for an index */
	uint32_t order[RANK], solved; /* axes in the order they are solved in */
	ojit_expr map[LEVELS];      /* what an old level becomes */
	ojit_expr outer, inner;     /* conditions, 0: none */
	bool undecided;             /* one of them stays a choice at run time */
	bool wanting;               /* one inside of a sum, most of whose terms would be computed in vain */
	bool few;
};

ojit_expr oj_nothing(struct graph *g)
{
	return oj_literal(g, -0.0);
}

/* Are there terms, whatever the loops around? */
static bool is_never_empty(const struct graph *g, ojit_expr lo, ojit_expr end)
{
	int64_t first, last;
	return oj_integer_value(g, lo, &first) && oj_integer_value(g, end, &last) && first < last;
}

/* `e` as *outside times what is returned, *outside being all factors that do not depend
 * on the level; 0: there are none. */
static ojit_expr take_factors(struct graph *g, ojit_expr e, unsigned level, ojit_expr *outside)
{
	*outside = 0;
	if (oj_is(g, e, OP_NEG)) {
		ojit_expr rest = take_factors(g, oj_operands(g, e)[0], level, outside);
		*outside = *outside ? oj_times(g, oj_literal(g, -1), *outside) : oj_literal(g, -1);
		return rest;
	}
	if (!oj_is(g, e, OP_MUL))
		return e;
	uint32_t arity = oj_node(g, e)->arity;
	ojit_expr inside = 0;
	for (uint32_t k = 0; k < arity; k++) {
		ojit_expr factor = oj_operands(g, e)[k], apart = 0;
		bool varies = oj_node(g, factor)->levels >> level & 1;
		if (varies)
			factor = take_factors(g, factor, level, &apart);
		if (varies)
			inside = inside ? oj_times(g, inside, factor) : factor;
		else
			apart = factor;
		if (apart)
			*outside = *outside ? oj_times(g, *outside, apart) : apart;
	}
	return inside;
}

ojit_expr oj_contribution_sum(struct graph *g, unsigned level, ojit_expr lo, ojit_expr end, ojit_expr body, bool few)
{
	struct reduction reduction = {.kind = REDUCE_SUM, .order = few ? TREE8 : SEQUENTIAL, .level = (uint16_t)level};
	ojit_expr start = oj_nothing(g), outside = 0;
	if (!lo || !end || !body)
		return 0;
	if (oj_node(g, body)->levels >> level & 1 && is_never_empty(g, lo, end))
		body = take_factors(g, body, level, &outside);
	ojit_expr sum = body ? oj_reduce(g, reduction, start, lo, end, body) : 0;
	return outside && sum ? oj_times(g, outside, sum) : sum;
}

/* ---------------------------------------------------------------- equations */

static bool read_affine(const struct graph *g, ojit_expr e, struct equation *q)
{
	struct affine a;
	oj_affine(g, e, &a);
	q->constant = a.constant;
	q->count = a.count;
	for (uint32_t k = 0; k < a.count; k++) {
		if (!oj_is(g, a.atoms[k], OP_INDEX))
			return false;
		q->level[k] = (unsigned)oj_node(g, a.atoms[k])->integer;
		q->coefficient[k] = a.coefficients[k];
	}
	return true;
}

static bool read_equation(const struct graph *g, ojit_expr e, struct equation *q)
{
	struct affine a;
	*q = (struct equation){0};
	oj_affine(g, e, &a);
	if (a.count != 1 || a.coefficients[0] != 1 || !oj_is(g, a.atoms[0], OP_WRAP))
		return read_affine(g, e, q);
	const int64_t *record = g->coefficients.at + oj_node(g, a.atoms[0])->ref.id;
	q->wrapped = true;
	q->lo = record[0];
	q->period = record[1];
	int64_t outside = a.constant;
	if (!read_affine(g, oj_operands(g, a.atoms[0])[0], q))
		return false;
	q->outside = outside;
	return true;
}

/* The loop's place, from the outside in. */
static uint32_t place_of(const struct contribution *c, unsigned level)
{
	uint32_t k = 0;
	while (c->domain.at[k].level != level)
		k++;
	return k;
}

static const struct loop *loop_of(const struct contribution *c, unsigned level)
{
	return &c->domain.at[place_of(c, level)];
}

/* May the equation be solved for its unknown k?  A wrapped one only where every
 * remainder is met once. */
static bool may_solve(const struct inversion *v, const struct equation *q, uint32_t k)
{
	int64_t lo, end, c = q->coefficient[k];
	if (c != 1 && c != -1)
		return false;
	if (!q->wrapped)
		return true;
	const struct loop *loop = loop_of(v->c, q->level[k]);
	return oj_integer_value(v->g, loop->lo, &lo) && oj_integer_value(v->g, loop->end, &end) && end - lo == q->period;
}

/* The unknown that equation `axis` is to be solved for: the only one, or the innermost,
 * on which the ranges of the others do not depend. */
static uint32_t choose_unknown(const struct inversion *v, uint32_t axis, bool only)
{
	const struct equation *q = &v->equations[axis];
	uint32_t unknowns = 0, chosen = UINT32_MAX;
	for (uint32_t k = 0; k < q->count; k++) {
		if (v->solved_by[q->level[k]] != UNSOLVED)
			continue;
		unknowns++;
		if (may_solve(v, q, k) &&
		    (chosen == UINT32_MAX || place_of(v->c, q->level[k]) > place_of(v->c, q->level[chosen])))
			chosen = k;
	}
	return only && unknowns != 1 ? UINT32_MAX : chosen;
}

static bool solve_one(struct inversion *v, bool only)
{
	for (uint32_t axis = 0; axis < v->rank; axis++) {
		uint32_t k = v->used[axis] ? UINT32_MAX : choose_unknown(v, axis, only);
		if (k == UINT32_MAX)
			continue;
		const struct equation *q = &v->equations[axis];
		for (uint32_t other = 0; other < q->count; other++)
			if (v->solved_by[q->level[other]] == UNSOLVED)
				v->solved_by[q->level[other]] = other == k ? axis : KEPT;
		v->used[axis] = true;
		v->order[v->solved++] = axis;
		return true;
	}
	return false;
}

/* ---------------------------------------------------------------- new indices */

/* e - (what is known of m), for the equation's axis. */
static ojit_expr rest_of(const struct inversion *v, uint32_t axis, unsigned but)
{
	const struct equation *q = &v->equations[axis];
	ojit_expr sum = oj_integer_offset(v->g, oj_index(v->g, axis), -q->constant - q->outside);
	for (uint32_t k = 0; sum && k < q->count; k++) {
		if (q->level[k] == but)
			continue;
		ojit_expr term = oj_integer_scale(v->g, v->map[q->level[k]], -q->coefficient[k]);
		sum = oj_integer_add(v->g, sum, term);
	}
	return sum;
}

static ojit_expr both(struct graph *g, ojit_expr a, ojit_expr b)
{
	ojit_expr operands[2] = {a, b};
	if (!a || !b)
		return a ? a : b;
	ojit_expr e = oj_make2(g, OP_AND, a, b);
	return e ? oj_simplified(g, e, operands) : 0;
}

/* Can pass split find where integer `e` changes its sign?  It cuts boxes at constants, and
 * ranges of sums at whatever is known outside of them. */
static bool has_position(const struct inversion *v, ojit_expr e)
{
	struct affine a;
	uint32_t deepest = 0;
	oj_affine(v->g, e, &a);
	for (uint32_t k = 0; k < a.count; k++) {
		if (!oj_is(v->g, a.atoms[k], OP_INDEX))
			return false;
		if (oj_node(v->g, a.atoms[k])->integer > oj_node(v->g, a.atoms[deepest])->integer)
			deepest = k;
	}
	if (a.count <= 1)
		return true;
	int64_t level = oj_node(v->g, a.atoms[deepest])->integer, c = a.coefficients[deepest];
	return level >= v->rank && (c == 1 || c == -1);
}

static bool add_condition(struct inversion *v, enum op op, ojit_expr a, ojit_expr b)
{
	ojit_expr operands[2] = {a, b}, e = a && b ? oj_make2(v->g, op, a, b) : 0;
	ojit_expr difference = e ? oj_integer_add(v->g, a, oj_integer_scale(v->g, b, -1)) : 0;
	e = e ? oj_simplified(v->g, e, operands) : 0;
	if (!e || !difference)
		return false;
	bool position = has_position(v, difference);
	ojit_expr *to = oj_node(v->g, e)->levels >> v->rank ? &v->inner : &v->outer;
	v->undecided = v->undecided || !position;
	v->wanting = v->wanting || (!position && to == &v->inner);
	*to = both(v->g, *to, e);
	return *to != 0;
}

static bool map_solved(struct inversion *v, uint32_t axis)
{
	const struct equation *q = &v->equations[axis];
	uint32_t k = 0;
	while (v->solved_by[q->level[k]] != axis)
		k++;
	unsigned level = q->level[k];
	ojit_expr value = oj_integer_scale(v->g, rest_of(v, axis, level), q->coefficient[k]);
	int64_t lo;
	if (value && q->wrapped) {
		oj_integer_value(v->g, loop_of(v->c, level)->lo, &lo);
		value = oj_integer_wrap(v->g, value, lo, q->period);
		ojit_expr e = oj_integer_offset(v->g, oj_index(v->g, axis), -q->outside);
		ojit_expr least = oj_integer(v->g, q->lo), end = oj_integer(v->g, q->lo + q->period);
		if (!add_condition(v, OP_ILE, least, e) || !add_condition(v, OP_ILT, e, end))
			return false;
	}
	v->map[level] = value;
	return value != 0;
}

/* Has the loop one turn, whatever the loops around? */
static bool is_single(const struct inversion *v, const struct loop *loop)
{
	int64_t lo, end;
	return oj_integer_value(v->g, loop->lo, &lo) && oj_integer_value(v->g, loop->end, &end) && end == lo + 1;
}

/* Unsolved levels become reductions above the element's axes, in their order, or are the
 * only value they have. */
static bool map_levels(struct inversion *v)
{
	unsigned next = v->rank;
	for (uint32_t k = 0; k < v->c->domain.count; k++) {
		const struct loop *loop = &v->c->domain.at[k];
		if (v->solved_by[loop->level] >= UNSOLVED)
			v->map[loop->level] = is_single(v, loop) ? loop->lo : oj_index(v->g, next++);
	}
	for (uint32_t k = 0; k < v->solved; k++)
		if (!map_solved(v, v->order[k]))
			return false;
	return next < LEVELS;
}

static ojit_expr mapped(struct inversion *v, ojit_expr e)
{
	return oj_substitute(v->space, e, v->map, LEVELS);
}

/* Solved indices lie in their ranges; equations that were not needed hold. */
static bool add_conditions(struct inversion *v)
{
	for (uint32_t k = 0; k < v->c->domain.count; k++) {
		const struct loop *loop = &v->c->domain.at[k];
		uint32_t axis = v->solved_by[loop->level];
		if (axis >= UNSOLVED || v->equations[axis].wrapped)
			continue;
		ojit_expr at = v->map[loop->level], lo = mapped(v, loop->lo), end = mapped(v, loop->end);
		if (!add_condition(v, OP_ILE, lo, at) || !add_condition(v, OP_ILT, at, end))
			return false;
	}
	for (uint32_t axis = 0; axis < v->rank; axis++) {
		ojit_expr e = oj_index(v->g, axis);
		if (!v->used[axis] && !add_condition(v, OP_IEQ, e, mapped(v, v->c->index[axis])))
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- the sum */

static ojit_expr guarded(struct graph *g, ojit_expr condition, ojit_expr e)
{
	ojit_expr operands[3] = {condition, e, oj_nothing(g)};
	if (!condition || !e)
		return e;
	ojit_expr made = oj_make(g, OP_IF, 3, operands);
	return made ? oj_simplified(g, made, operands) : 0;
}

static ojit_expr build(struct inversion *v)
{
	ojit_expr value = guarded(v->g, v->inner, mapped(v, v->c->value));
	for (uint32_t k = v->c->domain.count; value && k-- > 0;) {
		const struct loop *loop = &v->c->domain.at[k];
		if (v->solved_by[loop->level] < UNSOLVED || is_single(v, loop))
			continue;
		unsigned level = (unsigned)oj_node(v->g, v->map[loop->level])->integer;
		ojit_expr lo = mapped(v, loop->lo), end = mapped(v, loop->end);
		value = oj_contribution_sum(v->g, level, lo, end, value, v->few);
	}
	return guarded(v->g, v->outer, value);
}

/* Conditions that read tables cannot be decided when loops are cut. */
static bool reads_table(struct space *space, ojit_expr e, bool *ok)
{
	struct expr_list list = {0};
	bool found = false;
	*ok = oj_reach(&space->graph, &e, 1, true, &list);
	for (size_t i = 0; *ok && i < list.list.count; i++)
		found = found || oj_is(&space->graph, list.list.at[i], OP_TABLE);
	VECTOR_DROP(space->context, &list.list);
	return found;
}

static bool decidable(struct inversion *v, bool *ok)
{
	*ok = true;
	if (v->outer && reads_table(v->space, v->outer, ok))
		return false;
	return !(*ok && v->inner && reads_table(v->space, v->inner, ok)) && *ok;
}

/* A wrapped or strided equation can only be met by solving it. */
static bool all_are_met(const struct inversion *v)
{
	for (uint32_t axis = 0; axis < v->rank; axis++) {
		const struct equation *q = &v->equations[axis];
		bool free = false;
		for (uint32_t k = 0; k < q->count; k++)
			free = free || v->solved_by[q->level[k]] == UNSOLVED;
		if (!v->used[axis] && (q->wrapped || free))
			return false;
	}
	return true;
}

/* Does every loop that is left know its range from loops outside of it? */
static bool nested(struct inversion *v)
{
	for (uint32_t k = 0; k < v->c->domain.count; k++) {
		const struct loop *loop = &v->c->domain.at[k];
		if (v->solved_by[loop->level] < UNSOLVED || is_single(v, loop))
			continue;
		int64_t level = oj_node(v->g, v->map[loop->level])->integer;
		ojit_expr lo = mapped(v, loop->lo), end = mapped(v, loop->end);
		if (!lo || !end || (oj_node(v->g, lo)->levels | oj_node(v->g, end)->levels) >> level)
			return false;
	}
	return true;
}

/* Where a condition stays a choice, it guards nothing: what is read has to be there anyway. */
static bool reads_inside(struct inversion *v, ojit_expr value, bool *inside)
{
	const struct array *to = &v->space->arrays.at[v->c->array];
	struct block box = {.rank = v->rank};
	struct surroundings around;
	for (uint32_t k = 0; k < v->rank; k++) {
		box.lo[k] = to->base[k];
		box.end[k] = to->base[k] + to->extent[k];
	}
	oj_surroundings_init(&around, v->space, &box);
	*inside = true;
	return oj_accesses_inside(&around, value, inside);
}

bool oj_invert(struct space *space, const struct contribution *c, uint32_t rank, bool few, ojit_expr *value)
{
	struct inversion v = {.space = space, .g = &space->graph, .c = c, .rank = rank, .few = few};
	bool ok = true, inside = true;
	*value = 0;
	for (unsigned k = 0; k < LEVELS; k++)
		v.solved_by[k] = UNSOLVED;
	for (uint32_t axis = 0; axis < rank; axis++)
		if (!read_equation(v.g, c->index[axis], &v.equations[axis]))
			return true;
	while (solve_one(&v, true) || solve_one(&v, false))
		;
	if (!all_are_met(&v))
		return true;
	if (!map_levels(&v) || !add_conditions(&v))
		return false;
	if (v.wanting || !nested(&v) || !decidable(&v, &ok))
		return ok && !v.g->failed;
	ojit_expr built = build(&v);
	if (!built || (v.undecided && !reads_inside(&v, built, &inside)))
		return false;
	*value = inside ? built : 0;
	return true;
}
