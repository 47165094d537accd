/* The range of an integer expression over a box and the reductions around it.
 *
 * An affine expression is extreme at the ends of its index ranges.  The range of
 * a reduction may itself depend on outer indices (j in 1..i-1), so the innermost
 * index is replaced by the end that is extreme before the outer ones are looked
 * at; the answer is then exact, not merely a bound, whenever ranges are affine.
 * What leaves 64 bits is unknown. */
#include "lib/graph/passes.h"

void oj_surroundings_init(struct surroundings *s, struct space *space, const struct block *block)
{
	*s = (struct surroundings){.space = space, .rank = block->rank};
	for (uint32_t k = 0; k < block->rank; k++) {
		s->lo[k] = block->lo[k];
		s->end[k] = block->end[k];
	}
}

struct entered oj_enter(struct surroundings *s, unsigned level, ojit_expr lo, ojit_expr end)
{
	struct entered before = {level, s->reduction_lo[level], s->reduction_end[level]};
	s->reduction_lo[level] = lo;
	s->reduction_end[level] = end;
	return before;
}

void oj_leave(struct surroundings *s, struct entered before)
{
	s->reduction_lo[before.level] = before.lo;
	s->reduction_end[before.level] = before.end;
}

/* The innermost reduction index in `e` and its coefficient; false: there is none. */
static bool innermost_reduction(const struct surroundings *s, ojit_expr e, ojit_expr *atom,
                                int64_t *coefficient)
{
	const struct graph *g = &s->space->graph;
	struct affine a;
	int64_t best = -1;
	oj_affine(g, e, &a);
	for (uint32_t i = 0; i < a.count; i++) {
		const struct node *n = oj_node(g, a.atoms[i]);
		if (n->op != OP_INDEX || n->integer <= best || !s->reduction_lo[n->integer])
			continue;
		best = n->integer;
		*atom = a.atoms[i];
		*coefficient = a.coefficients[i];
	}
	return best >= 0;
}

enum { DEEP = 8 }; /* minima looked into, one inside the other */

static bool extreme(struct surroundings *s, ojit_expr e, bool greatest, int depth, int64_t *value);

static bool atom_extreme(struct surroundings *s, ojit_expr atom, bool greatest, int64_t *value)
{
	const struct graph *g = &s->space->graph;
	struct node n = *oj_node(g, atom);
	int64_t a, b;
	switch (n.op) {
	case OP_INDEX:
		if (n.integer >= s->rank)
			return false;
		*value = greatest ? s->end[n.integer] - 1 : s->lo[n.integer];
		return true;
	case OP_TABLE: {
		const struct table *table = &s->space->tables.at[n.ref.id];
		*value = greatest ? table->greatest : table->least;
		return true;
	}
	case OP_WRAP:
		*value = g->coefficients.at[n.ref.id] + (greatest ? g->coefficients.at[n.ref.id + 1] - 1 : 0);
		return true;
	case OP_IMIN:
	case OP_IMAX: {
		ojit_expr left = oj_operands(g, atom)[0], right = oj_operands(g, atom)[1];
		if (!extreme(s, left, greatest, DEEP, &a) || !extreme(s, right, greatest, DEEP, &b))
			return false;
		*value = (a < b) == (n.op == OP_IMIN) ? a : b;
		return true;
	}
	default:
		return false;
	}
}

/* `e` with `atom`, whose coefficient is c, replaced. */
static ojit_expr replaced(struct graph *g, ojit_expr e, ojit_expr atom, int64_t c, ojit_expr by)
{
	if (c == INT64_MIN)
		return 0;
	return oj_integer_sum(g, 0, 3, (ojit_expr[]){e, atom, by}, (int64_t[]){1, -c, c});
}

/* The greater of k + x and k - x is at least k, the lesser at most: so c times it and the
 * rest has a bound that x has no part in. */
static bool mirrored_extreme(struct surroundings *s, ojit_expr e, ojit_expr atom, int64_t c, bool greatest, int depth,
                             int64_t *value)
{
	struct graph *g = &s->space->graph;
	int64_t least, most, rest;
	if (!oj_mirrored(g, oj_operands(g, atom)[0], oj_operands(g, atom)[1], &least, &most))
		return false;
	ojit_expr others = replaced(g, e, atom, c, oj_integer(g, oj_is(g, atom, OP_IMAX) ? least : most));
	if (!others || !extreme(s, others, greatest, depth + 1, &rest))
		return false;
	*value = rest;
	return true;
}

/* c * min(a, b) + rest is the lesser of c * a + rest and c * b + rest, or the
 * greater for negative c; what a has in common with the rest then cancels. */
static bool choice_extreme(struct surroundings *s, ojit_expr e, ojit_expr atom, int64_t c, bool greatest,
                           int depth, int64_t *value)
{
	struct graph *g = &s->space->graph;
	bool lesser = oj_is(g, atom, OP_IMIN) == (c > 0);
	ojit_expr left = oj_operands(g, atom)[0], right = oj_operands(g, atom)[1];
	int64_t a, b;
	left = replaced(g, e, atom, c, left);
	right = replaced(g, e, atom, c, right);
	if (!left || !right || !extreme(s, left, greatest, depth + 1, &a) ||
	    !extreme(s, right, greatest, depth + 1, &b))
		return false;
	*value = (a < b) == lesser ? a : b;
	if (lesser == greatest && mirrored_extreme(s, e, atom, c, greatest, depth, &a))
		*value = (a < *value) == greatest ? a : *value;
	return true;
}

static bool find_choice(const struct graph *g, ojit_expr e, ojit_expr *atom, int64_t *coefficient)
{
	struct affine a;
	oj_affine(g, e, &a);
	for (uint32_t i = 0; i < a.count; i++) {
		if (!oj_is(g, a.atoms[i], OP_IMIN) && !oj_is(g, a.atoms[i], OP_IMAX))
			continue;
		*atom = a.atoms[i];
		*coefficient = a.coefficients[i];
		return true;
	}
	return false;
}

static bool sum_extreme(struct surroundings *s, ojit_expr e, bool greatest, int64_t *value)
{
	const struct graph *g = &s->space->graph;
	struct affine a;
	oj_affine(g, e, &a);
	int64_t sum = a.constant;
	uint32_t count = a.count;
	for (uint32_t i = 0; i < count; i++) {
		int64_t end;
		oj_affine(g, e, &a); /* the graph may have moved */
		int64_t c = a.coefficients[i];
		if (!atom_extreme(s, a.atoms[i], (c > 0) == greatest, &end) || __builtin_mul_overflow(c, end, &end) ||
		    __builtin_add_overflow(sum, end, &sum))
			return false;
	}
	*value = sum;
	return true;
}

static bool extreme(struct surroundings *s, ojit_expr e, bool greatest, int depth, int64_t *value)
{
	struct graph *g = &s->space->graph;
	ojit_expr atom = 0;
	int64_t c = 0;
	for (;;) {
		if (depth < DEEP && find_choice(g, e, &atom, &c))
			return choice_extreme(s, e, atom, c, greatest, depth, value);
		if (!innermost_reduction(s, e, &atom, &c))
			return sum_extreme(s, e, greatest, value);
		unsigned level = (unsigned)oj_node(g, atom)->integer;
		bool at_end = (c > 0) == greatest;
		ojit_expr end = at_end ? oj_integer_offset(g, s->reduction_end[level], -1) : s->reduction_lo[level];
		e = replaced(g, e, atom, c, end);
		if (!e)
			return false;
	}
}

bool oj_bounds(struct surroundings *s, ojit_expr e, int64_t *least, int64_t *greatest)
{
	return e && extreme(s, e, false, 0, least) && extreme(s, e, true, 0, greatest);
}

/* Accesses. */

bool oj_access_inside(struct surroundings *s, ojit_expr e, uint32_t *axis, int64_t *index)
{
	const struct space *space = s->space;
	struct node n = *oj_node(&space->graph, e);
	bool load = n.op == OP_LOAD;
	const int64_t *base = load ? space->arrays.at[n.ref.id].base : space->tables.at[n.ref.id].base;
	const int64_t *extent = load ? space->arrays.at[n.ref.id].extent : space->tables.at[n.ref.id].extent;
	for (*axis = 0; *axis < n.arity; ++*axis) {
		int64_t least, greatest, lo = base[*axis], hi = lo + extent[*axis] - 1;
		if (!oj_bounds(s, oj_operands(&space->graph, e)[*axis], &least, &greatest))
			least = greatest = INT64_MIN;
		*index = least < lo ? least : greatest;
		if (least < lo || greatest > hi)
			return false;
	}
	return true;
}

bool oj_accesses_inside(struct surroundings *s, ojit_expr e, bool *inside)
{
	const struct graph *g = &s->space->graph;
	struct expr_list list = {0};
	bool ok = oj_reach_open(g, &e, 1, &list);
	for (size_t i = 0; ok && *inside && i < list.list.count; i++) {
		struct node n = *oj_node(g, list.list.at[i]);
		const ojit_expr *o = oj_operands(g, list.list.at[i]);
		uint32_t axis;
		int64_t index;
		if (n.op == OP_LOAD || n.op == OP_TABLE)
			*inside = oj_access_inside(s, list.list.at[i], &axis, &index);
		if (n.op != OP_REDUCE)
			continue;
		ojit_expr body = o[REDUCE_BODY];
		struct entered before = oj_enter(s, n.reduction.level, o[REDUCE_LO], o[REDUCE_END]);
		ok = oj_accesses_inside(s, body, inside);
		oj_leave(s, before);
	}
	VECTOR_DROP(g->context, &list.list);
	return ok;
}
