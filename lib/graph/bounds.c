/* The range of an integer expression over a box and the reductions around it.
 *
 * An affine expression is extreme at the ends of its index ranges.  The range of
 * a reduction may itself depend on outer indices (j in 1..i-1), so the innermost
 * index is replaced by the end that is extreme before the outer ones are looked
 * at; the answer is then exact, not merely a bound, whenever ranges are affine. */
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

static bool extreme(struct surroundings *s, ojit_expr e, bool greatest, int64_t *value);

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
		if (!extreme(s, left, greatest, &a) || !extreme(s, right, greatest, &b))
			return false;
		*value = (a < b) == (n.op == OP_IMIN) ? a : b;
		return true;
	}
	default:
		return false;
	}
}

static bool extreme(struct surroundings *s, ojit_expr e, bool greatest, int64_t *value)
{
	struct graph *g = &s->space->graph;
	ojit_expr atom = 0;
	int64_t coefficient = 0;
	while (innermost_reduction(s, e, &atom, &coefficient)) {
		unsigned level = (unsigned)oj_node(g, atom)->integer;
		bool at_end = (coefficient > 0) == greatest;
		ojit_expr end = at_end ? oj_integer_offset(g, s->reduction_end[level], -1) : s->reduction_lo[level];
		e = oj_integer_add(g, e, oj_integer_scale(g, atom, -coefficient));
		e = oj_integer_add(g, e, oj_integer_scale(g, end, coefficient));
		if (!e)
			return false;
	}
	struct affine a;
	oj_affine(g, e, &a);
	int64_t sum = a.constant;
	uint32_t count = a.count;
	for (uint32_t i = 0; i < count; i++) {
		int64_t end;
		oj_affine(g, e, &a); /* the graph may have moved */
		int64_t c = a.coefficients[i];
		if (!atom_extreme(s, a.atoms[i], (c > 0) == greatest, &end))
			return false;
		sum += c * end;
	}
	*value = sum;
	return true;
}

bool oj_bounds(struct surroundings *s, ojit_expr e, int64_t *least, int64_t *greatest)
{
	return e && extreme(s, e, false, least) && extreme(s, e, true, greatest);
}
