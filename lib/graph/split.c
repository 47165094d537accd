/* Pass split: cut until everything about indices is decided.
 *
 * A block is rebuilt for its box.  On the way every comparison of indices, every
 * wrapped subscript and every symbol made of pieces is looked at: over the box it
 * either has one answer, or there is a position on one axis at which the answer
 * changes.  Positions on box axes cut the box and all parts are rebuilt;
 * positions on the range of a reduction cut that range, and the parts become a
 * chain of reductions that hand on their value.  So edges are peeled, filters like
 * j != i become two ranges, and no padded copies are made.
 *
 * What depends on two box axes at once, or on a table, has no such position: a
 * comparison then stays as a choice at run time, a wrap as a remainder, and an
 * access that can leave its array is an error.  Errors are only looked for when
 * all is decided, so `if(i > 1, u[i-1], 0)` is fine.
 *
 * Parts that turn out equal are joined again. */
#include "lib/graph/passes.h"

#include <stdlib.h>

struct cut {
	unsigned level;
	ojit_expr at; /* first index of the upper part */
};

struct splitter {
	struct surroundings around;
	VECTOR(struct cut) cuts;
	struct oj_error *error;
	bool failed; /* out of memory */
};

static void add_cut(struct splitter *s, unsigned level, ojit_expr at)
{
	if (!at || !VECTOR_PUSH(s->around.space->context, &s->cuts, (struct cut){level, at}))
		s->failed = true;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;
	return q - (a % b != 0 && (a < 0) != (b < 0));
}

/* The level that may be cut to decide something about `e`: the deepest index it
 * has, if that stands alone with coefficient +-1 or beside a constant.  Box axes
 * are cut at constants only. */
static bool cuttable(const struct splitter *s, ojit_expr e, unsigned *level, int64_t *coefficient,
                     ojit_expr *rest, struct graph *g)
{
	struct affine a;
	oj_affine(g, e, &a);
	uint32_t best = UINT32_MAX;
	for (uint32_t i = 0; i < a.count; i++) {
		const struct node *n = oj_node(g, a.atoms[i]);
		if (n->op == OP_INDEX && (best == UINT32_MAX || n->integer > (int64_t)*level)) {
			best = i;
			*level = (unsigned)n->integer;
		}
	}
	if (best == UINT32_MAX)
		return false;
	ojit_expr atom = a.atoms[best];
	*coefficient = a.coefficients[best];
	*rest = oj_integer_add(g, e, oj_integer_scale(g, atom, -*coefficient));
	if (!*rest || oj_node(g, *rest)->levels >> *level)
		return false; /* also inside a table or a wrap */
	bool constant = oj_is(g, *rest, OP_INTEGER);
	if (!s->around.reduction_lo[*level])
		return constant; /* a box axis */
	return constant || *coefficient == 1 || *coefficient == -1;
}

/* Where does e < 0 change?  Cut there, if anywhere. */
static bool cut_at_sign(struct splitter *s, ojit_expr e)
{
	struct graph *g = &s->around.space->graph;
	unsigned level = 0;
	int64_t c, constant;
	ojit_expr rest;
	if (!e || !cuttable(s, e, &level, &c, &rest, g))
		return false;
	if (oj_integer_value(g, rest, &constant)) /* c x + r < 0: x < -r/c, or x > r/-c */
		add_cut(s, level, oj_integer(g, c > 0 ? -floor_div(constant, c) : floor_div(constant, -c) + 1));
	else
		add_cut(s, level, c > 0 ? oj_integer_scale(g, rest, -1) : oj_integer_offset(g, rest, 1));
	return true;
}

static ojit_expr truth(struct graph *g, bool value)
{
	return oj_make(g, value ? OP_TRUE : OP_FALSE, 0, NULL);
}

static ojit_expr decide_below(struct splitter *s, ojit_expr d, ojit_expr otherwise);

static bool find_choice(const struct graph *g, ojit_expr e, ojit_expr *atom, int64_t *coefficient)
{
	struct affine a;
	oj_affine(g, e, &a);
	for (uint32_t i = 0; i < a.count; i++) {
		*atom = a.atoms[i];
		*coefficient = a.coefficients[i];
		if (oj_is(g, *atom, OP_IMIN) || oj_is(g, *atom, OP_IMAX))
			return true;
	}
	return false;
}

/* d < 0 where d is made of a minimum or maximum: of both parts, or of one of them. */
static ojit_expr decide_parts(struct splitter *s, ojit_expr d, ojit_expr atom, int64_t c)
{
	struct graph *g = &s->around.space->graph;
	ojit_expr operands[2];
	enum op op = oj_is(g, atom, OP_IMIN) == (c > 0) ? OP_OR : OP_AND;
	for (int k = 0; k < 2; k++) {
		ojit_expr part[3] = {d, atom, oj_operands(g, atom)[k]}, zero = oj_integer(g, 0);
		ojit_expr e = oj_integer_sum(g, 0, 3, part, (int64_t[]){1, -c, c});
		ojit_expr below = e ? oj_make2(g, OP_ILT, e, zero) : 0;
		operands[k] = below ? decide_below(s, e, below) : 0;
	}
	ojit_expr both = operands[0] && operands[1] ? oj_make(g, op, 2, operands) : 0;
	return both ? oj_simplified(g, both, operands) : 0;
}

/* d < 0: decided, or `otherwise`, which says so, and cuts that will tell. */
static ojit_expr decide_below(struct splitter *s, ojit_expr d, ojit_expr otherwise)
{
	struct graph *g = &s->around.space->graph;
	int64_t least, greatest, c = 0;
	ojit_expr atom = 0;
	if (!oj_bounds(&s->around, d, &least, &greatest))
		return otherwise;
	if (greatest < 0 || least >= 0)
		return truth(g, greatest < 0);
	if (find_choice(g, d, &atom, &c) && c != INT64_MIN)
		return decide_parts(s, d, atom, c);
	cut_at_sign(s, d);
	return otherwise;
}

static ojit_expr decide_comparison(struct splitter *s, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &s->around.space->graph;
	enum op op = oj_node(g, e)->op;
	int64_t least, greatest;
	ojit_expr as_it_is = oj_simplified(g, e, operands);
	ojit_expr d = oj_integer_add(g, operands[0], oj_integer_scale(g, operands[1], -1));
	if (op == OP_ILE)
		d = oj_integer_offset(g, d, -1); /* a <= b: a - b - 1 < 0 */
	if (!d || !as_it_is)
		return 0;
	if (op == OP_ILT || op == OP_ILE)
		return decide_below(s, d, as_it_is);
	if (!oj_bounds(&s->around, d, &least, &greatest))
		return as_it_is;
	if (least > 0 || greatest < 0 || least == greatest)
		return truth(g, (least == 0 && greatest == 0) == (op == OP_IEQ));
	if (least < 0)
		cut_at_sign(s, d);
	if (greatest > 0)
		cut_at_sign(s, oj_integer_offset(g, d, -1));
	return as_it_is;
}

enum { PERIODS = 4 }; /* more are left to the remainder at run time */

static ojit_expr decide_wrap(struct splitter *s, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &s->around.space->graph;
	uint32_t id = oj_node(g, e)->ref.id;
	int64_t lo = g->coefficients.at[id], n = g->coefficients.at[id + 1], least, greatest;
	if (!oj_bounds(&s->around, operands[0], &least, &greatest))
		return oj_simplified(g, e, operands);
	int64_t first = floor_div(least - lo, n), last = floor_div(greatest - lo, n);
	if (first == last)
		return oj_integer_offset(g, operands[0], -first * n);
	if (last - first <= PERIODS)
		for (int64_t q = first + 1; q <= last; q++)
			cut_at_sign(s, oj_integer_offset(g, operands[0], -(lo + q * n)));
	return oj_simplified(g, e, operands);
}

static bool holds(const struct piece *piece, uint32_t rank, const int64_t *least, const int64_t *greatest)
{
	for (uint32_t k = 0; k < rank; k++)
		if (least[k] < piece->base[k] || greatest[k] >= piece->base[k] + piece->extent[k])
			return false;
	return true;
}

static int by_base(const void *a, const void *b)
{
	const struct piece *x = *(const struct piece *const *)a, *y = *(const struct piece *const *)b;
	for (uint32_t k = 0; k < RANK; k++)
		if (x->base[k] != y->base[k])
			return (x->base[k] > y->base[k]) - (x->base[k] < y->base[k]);
	return 0;
}

/* Pieces in order; they are disjoint, and all of them are known by now. */
static bool order_pieces(struct splitter *s, struct symbol *symbol)
{
	if (symbol->order)
		return true;
	symbol->order = ARENA_NEW(&s->around.space->arena, const struct piece *, symbol->pieces.count);
	for (size_t p = 0; symbol->order && p < symbol->pieces.count; p++) {
		const struct piece *piece = symbol->order[p] = &symbol->pieces.at[p];
		symbol->longest = piece->extent[0] > symbol->longest ? piece->extent[0] : symbol->longest;
	}
	if (symbol->order)
		qsort(symbol->order, symbol->pieces.count, sizeof *symbol->order, by_base);
	else
		s->failed = true;
	return symbol->order != NULL;
}

/* Pieces in order whose bases come no later than an element: one of them holds it. */
static size_t pieces_until(const struct symbol *symbol, const int64_t *index)
{
	struct piece at = {.array = 0};
	const struct piece *key = &at;
	size_t low = 0, high = symbol->pieces.count;
	for (uint32_t k = 0; k < symbol->rank; k++)
		at.base[k] = index[k];
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_base(&symbol->order[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Mostly the piece in the middle that edges lie around is asked for again and again, or
 * one of many that are short along the first axis. */
static const struct piece *find_among_many(struct symbol *symbol, const int64_t *least, const int64_t *greatest)
{
	if (symbol->latest && holds(symbol->latest, symbol->rank, least, greatest))
		return symbol->latest;
	for (size_t p = pieces_until(symbol, least); p-- > 0 && symbol->order[p]->base[0] + symbol->longest > least[0];)
		if (holds(symbol->order[p], symbol->rank, least, greatest))
			return symbol->latest = symbol->order[p];
	return NULL;
}

/* The piece that holds all from least to greatest; NULL: none. */
static const struct piece *find_piece(struct splitter *s, struct symbol *symbol, const int64_t *least, const int64_t *greatest)
{
	enum { MANY_PIECES = 16 };
	if (symbol->pieces.count >= MANY_PIECES)
		return order_pieces(s, symbol) ? find_among_many(symbol, least, greatest) : NULL;
	for (size_t p = 0; p < symbol->pieces.count; p++)
		if (holds(&symbol->pieces.at[p], symbol->rank, least, greatest))
			return &symbol->pieces.at[p];
	return NULL;
}

/* The piece that holds all of a symbol's accesses, or cuts that will tell. */
static ojit_expr decide_symbol(struct splitter *s, ojit_expr e, const ojit_expr *index)
{
	struct graph *g = &s->around.space->graph;
	struct node n = *oj_node(g, e);
	struct symbol *symbol = &s->around.space->symbols.at[n.ref.id];
	int64_t least[RANK], greatest[RANK];
	for (uint32_t k = 0; k < n.arity; k++)
		if (!oj_bounds(&s->around, index[k], &least[k], &greatest[k]))
			return oj_remake(g, e, index);
	const struct piece *piece = find_piece(s, symbol, least, greatest);
	if (piece || s->failed)
		return piece ? oj_load(g, piece->array, n.arity, index) : 0;
	for (size_t p = 0; p < symbol->pieces.count; p++) {
		const struct piece *piece = &symbol->pieces.at[p];
		for (uint32_t k = 0; k < n.arity; k++) {
			int64_t ends[2] = {piece->base[k], piece->base[k] + piece->extent[k]};
			for (int i = 0; i < 2; i++)
				if (least[k] < ends[i] && greatest[k] >= ends[i])
					cut_at_sign(s, oj_integer_offset(g, index[k], -ends[i]));
		}
	}
	return oj_remake(g, e, index);
}

/* Cuts where the subscripts of a load or a table leave it: derivatives load what loops
 * with a turn alone have, so beyond such a cut a range around is empty. */
static void cut_at_ends(struct splitter *s, uint32_t rank, const int64_t *base, const int64_t *extent,
                        const ojit_expr *index)
{
	struct graph *g = &s->around.space->graph;
	int64_t least, greatest;
	for (uint32_t k = 0; k < rank; k++) {
		if (!oj_bounds(&s->around, index[k], &least, &greatest))
			continue;
		if (least < base[k])
			cut_at_sign(s, oj_integer_offset(g, index[k], -base[k]));
		if (greatest >= base[k] + extent[k])
			cut_at_sign(s, oj_integer_offset(g, index[k], -(base[k] + extent[k])));
	}
}

static ojit_expr decide_load(struct splitter *s, ojit_expr e, const ojit_expr *index)
{
	struct graph *g = &s->around.space->graph;
	const struct array *array = &s->around.space->arrays.at[oj_node(g, e)->ref.id];
	cut_at_ends(s, array->rank, array->base, array->extent, index);
	return oj_simplified(g, e, index);
}

static int64_t table_position(const struct table *table, const int64_t *index)
{
	int64_t at = 0;
	for (uint32_t k = 0; k < table->rank; k++) {
		if (index[k] < table->base[k] || index[k] >= table->base[k] + table->extent[k])
			return -1;
		at = at * table->extent[k] + index[k] - table->base[k];
	}
	return table->offset + at;
}

/* A table at constant indices is a constant; out of range it stays and is refused
 * when all is decided. */
static ojit_expr decide_table(struct splitter *s, ojit_expr e, const ojit_expr *index)
{
	struct graph *g = &s->around.space->graph;
	struct node n = *oj_node(g, e);
	const struct table *table = &s->around.space->tables.at[n.ref.id];
	int64_t at[RANK];
	for (uint32_t k = 0; k < n.arity; k++)
		if (!oj_integer_value(g, index[k], &at[k])) {
			cut_at_ends(s, n.arity, table->base, table->extent, index);
			return oj_remake(g, e, index);
		}
	int64_t position = table_position(table, at);
	if (position < 0)
		return oj_remake(g, e, index);
	return oj_integer(g, s->around.space->table_data.at[position]);
}

static ojit_expr split_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct splitter *s = rewrite->data;
	switch ((enum op)oj_node(&s->around.space->graph, e)->op) {
	case OP_ILT: case OP_ILE: case OP_IEQ: case OP_INE:
		return decide_comparison(s, e, operands);
	case OP_WRAP:
		return decide_wrap(s, e, operands);
	case OP_SYMBOL:
		return decide_symbol(s, e, operands);
	case OP_LOAD:
		return decide_load(s, e, operands);
	case OP_TABLE:
		return decide_table(s, e, operands);
	default:
		return oj_simplified(&s->around.space->graph, e, operands);
	}
}

/* Reductions. */

struct segment {
	ojit_expr lo, end;
};
struct segments {
	VECTOR(struct segment) at; /* a stack: the first part on top */
};

/* Known to be empty whatever the outer indices are? */
static bool is_empty(struct splitter *s, struct segment segment)
{
	struct graph *g = &s->around.space->graph;
	int64_t least, greatest;
	ojit_expr length = oj_integer_add(g, segment.end, oj_integer_scale(g, segment.lo, -1));
	return oj_bounds(&s->around, length, &least, &greatest) && greatest <= 0;
}

enum outcome { DECIDED, CUT, FAILED };

/* Cut a segment at `at` into lo..min(at, end) and max(at, lo)..end.  Where it
 * depends on an index outside whether `at` lies within, that one is cut first: this
 * loop will come again with a narrower one around.  If there is no such position, a
 * minimum is left to run time.  DECIDED: `at` is not inside. */
static enum outcome cut_segment_at(struct splitter *s, struct segments *segments, struct segment whole, ojit_expr at)
{
	struct graph *g = &s->around.space->graph;
	ojit_context *context = s->around.space->context;
	int64_t least = INT64_MIN, greatest = INT64_MAX;
	ojit_expr above = oj_integer_add(g, at, oj_integer_scale(g, whole.end, -1));
	ojit_expr below = oj_integer_add(g, at, oj_integer_scale(g, whole.lo, -1));
	struct segment lower = {whole.lo, at}, upper = {at, whole.end};
	if (oj_bounds(&s->around, above, &least, &greatest) && least >= 0)
		return DECIDED;
	if (greatest > 0) {
		if (cut_at_sign(s, oj_integer_offset(g, above, -1)))
			return DECIDED;
		lower.end = oj_integer_min(g, at, whole.end);
	}
	least = INT64_MIN, greatest = INT64_MAX;
	if (oj_bounds(&s->around, below, &least, &greatest) && greatest <= 0)
		return DECIDED;
	if (least < 0) {
		if (cut_at_sign(s, below))
			return DECIDED;
		upper.lo = oj_integer_max(g, at, whole.lo);
	}
	if (lower.end == whole.end || upper.lo == whole.lo)
		return DECIDED;
	if (!lower.end || !upper.lo || !VECTOR_PUSH(context, &segments->at, upper) ||
	    !VECTOR_PUSH(context, &segments->at, lower))
		return FAILED;
	return CUT;
}

/* Cut a segment at the first position found since `first` on its level. */
static enum outcome cut_segment(struct splitter *s, struct segments *segments, struct segment whole,
                                unsigned level, size_t first)
{
	size_t found = s->cuts.count;
	for (size_t c = first; c < found; c++) {
		if (s->cuts.at[c].level != level)
			continue;
		enum outcome outcome = cut_segment_at(s, segments, whole, s->cuts.at[c].at);
		if (outcome == CUT)
			s->cuts.count = first; /* the rest is found again in the parts */
		if (outcome != DECIDED)
			return outcome;
	}
	return DECIDED;
}

static void forget_cuts(struct splitter *s, unsigned level, size_t first)
{
	size_t kept = first;
	for (size_t c = first; c < s->cuts.count; c++)
		if (s->cuts.at[c].level != level)
			s->cuts.at[kept++] = s->cuts.at[c];
	s->cuts.count = kept;
}

enum { CUTS = 64 }; /* in one reduction; then choices are left to run time */

/* Rebuild the body for one segment.  True with *body when it is decided, else the
 * segment was cut into two.  Failure sets s->failed. */
static bool settle(struct rewrite *rewrite, struct segments *segments, struct segment segment,
                   unsigned level, ojit_expr *body, int *cuts)
{
	struct splitter *s = rewrite->data;
	size_t first = s->cuts.count;
	struct entered before = oj_enter(&s->around, level, segment.lo, segment.end);
	if (oj_rewrite(rewrite, body, 1) != OJIT_OK)
		s->failed = true;
	oj_leave(&s->around, before);
	if (s->failed)
		return false;
	enum outcome outcome = *cuts < CUTS ? cut_segment(s, segments, segment, level, first) : DECIDED;
	s->failed = s->failed || outcome == FAILED;
	*cuts += outcome == CUT;
	forget_cuts(s, level, first);
	return outcome == DECIDED;
}

static ojit_expr split_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct splitter *s = rewrite->data;
	struct graph *g = &s->around.space->graph;
	ojit_context *context = s->around.space->context;
	struct reduction reduction = oj_node(g, e)->reduction;
	ojit_expr value = outer[REDUCE_START];
	struct segments segments = {0};
	int cuts = 0;
	if (!VECTOR_PUSH(context, &segments.at, (struct segment){outer[REDUCE_LO], outer[REDUCE_END]}))
		return 0;
	while (segments.at.count && !s->failed && value) {
		struct segment segment = segments.at.at[--segments.at.count];
		if (is_empty(s, segment))
			continue;
		ojit_expr body = oj_operands(g, e)[REDUCE_BODY];
		if (!settle(rewrite, &segments, segment, reduction.level, &body, &cuts))
			continue;
		ojit_expr operands[4] = {value, segment.lo, segment.end, body};
		ojit_expr like = oj_reduce(g, reduction, value, segment.lo, segment.end, body);
		value = like ? oj_simplified_reduction(s->around.space, like, operands) : 0;
	}
	VECTOR_DROP(context, &segments.at);
	if (s->failed)
		return 0;
	return oj_is_literal(g, value, -0.0) ? oj_literal(g, 0) : value; /* nothing was added */
}

/* Boxes. */

static bool copy_block(struct space *space, const struct block *from, struct block *to)
{
	*to = *from;
	to->stores.at = NULL;
	to->stores.count = to->stores.room = 0;
	return VECTOR_APPEND(space->context, &to->stores, &from->stores);
}

/* Is the cut inside of the box, and where? */
static bool cuts_box(const struct graph *g, const struct cut *cut, const struct block *box, int64_t *at)
{
	return cut->level < box->rank && oj_integer_value(g, cut->at, at) && *at > box->lo[cut->level] &&
	       *at < box->end[cut->level];
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

struct positions { VECTOR(int64_t) at; };

/* Positions found on the first axis that has any, in order. */
static bool find_positions(struct splitter *s, const struct block *box, unsigned *level, struct positions *positions)
{
	const struct graph *g = &s->around.space->graph;
	int64_t at;
	for (size_t c = 0; c < s->cuts.count; c++) {
		const struct cut *cut = &s->cuts.at[c];
		if (!cuts_box(g, cut, box, &at) || (positions->at.count && cut->level != *level))
			continue;
		*level = cut->level;
		if (!VECTOR_PUSH(g->context, &positions->at, at))
			return false;
	}
	if (positions->at.count)
		qsort(positions->at.at, positions->at.count, sizeof at, by_value);
	return true;
}

static bool push_copy(struct space *space, struct program *blocks, const struct block *block)
{
	struct block copy;
	if (!copy_block(space, block, &copy))
		return false;
	if (VECTOR_PUSH(space->context, &blocks->blocks, copy))
		return true;
	oj_block_drop(space, &copy);
	return false;
}

/* Cut `box` at all positions; parts go to `parts`. */
static bool cut_box(struct space *space, const struct block *box, unsigned level,
                    const struct positions *positions, struct program *parts)
{
	struct block part = *box;
	bool ok = true;
	for (size_t i = 0; ok && i <= positions->at.count; i++) {
		part.end[level] = i < positions->at.count ? positions->at.at[i] : box->end[level];
		if (part.end[level] > part.lo[level])
			ok = push_copy(space, parts, &part);
		part.lo[level] = part.end[level];
	}
	return ok;
}

/* Rebuild one box; decided ones go to `done`, others are cut back onto `todo`. */
static bool split_box(struct splitter *s, struct block *box, struct program *todo, struct program *done)
{
	struct space *space = s->around.space;
	struct rewrite rewrite = {.space = space, .node = split_node, .reduction = split_reduction, .data = s};
	struct positions positions = {0};
	struct block rebuilt;
	unsigned level = 0;
	s->cuts.count = 0;
	oj_surroundings_init(&s->around, space, box);
	if (!copy_block(space, box, &rebuilt))
		return false;
	bool ok = oj_rewrite_block(&rewrite, &rebuilt) == OJIT_OK && !s->failed &&
	          find_positions(s, box, &level, &positions);
	bool cut = positions.at.count > 0;
	if (ok)
		ok = cut ? cut_box(space, box, level, &positions, todo)
		         : VECTOR_PUSH(space->context, &done->blocks, rebuilt);
	if (cut || !ok)
		oj_block_drop(space, &rebuilt);
	VECTOR_DROP(space->context, &positions.at);
	return ok;
}

static bool same_stores(const struct space *space, const struct block *a, const struct block *b)
{
	if (a->stores.count != b->stores.count)
		return false;
	for (size_t i = 0; i < a->stores.count; i++) {
		const struct store *x = &a->stores.at[i], *y = &b->stores.at[i];
		if (x->array != y->array || x->value != y->value)
			return false;
		for (uint32_t k = 0; k < space->arrays.at[x->array].rank; k++)
			if (x->index[k] != y->index[k])
				return false;
	}
	return true;
}

static bool adjacent(const struct block *a, const struct block *b, uint32_t axis)
{
	for (uint32_t k = 0; k < a->rank; k++)
		if (k == axis ? a->end[k] != b->lo[k] : a->lo[k] != b->lo[k] || a->end[k] != b->end[k])
			return false;
	return true;
}

/* By all axes but the last one, then by that. */
static int by_axes(const struct block *a, const struct block *b, uint32_t last)
{
	for (uint32_t k = 0; k < a->rank; k++) {
		if (k != last && a->lo[k] != b->lo[k])
			return a->lo[k] < b->lo[k] ? -1 : 1;
		if (k != last && a->end[k] != b->end[k])
			return a->end[k] < b->end[k] ? -1 : 1;
	}
	return (a->lo[last] > b->lo[last]) - (a->lo[last] < b->lo[last]);
}

static int along_0(const void *a, const void *b)
{
	return by_axes(a, b, 0);
}

static int along_1(const void *a, const void *b)
{
	return by_axes(a, b, 1);
}

static int along_2(const void *a, const void *b)
{
	return by_axes(a, b, 2);
}

/* Parts from `first` on that are one cut in two along an axis become one. */
static bool join_along(struct program *done, size_t first, uint32_t axis)
{
	static int (*const order[RANK])(const void *, const void *) = {along_0, along_1, along_2};
	struct block *at = done->blocks.at + first;
	size_t count = done->blocks.count - first, kept = 1;
	qsort(at, count, sizeof *at, order[axis]);
	for (size_t b = 1; b < count; b++) {
		if (adjacent(&at[kept - 1], &at[b], axis) && same_stores(done->space, &at[kept - 1], &at[b])) {
			at[kept - 1].end[axis] = at[b].end[axis];
			oj_block_drop(done->space, &at[b]);
		} else {
			at[kept++] = at[b];
		}
	}
	done->blocks.count = first + kept;
	return kept < count;
}

static void join_equal(struct program *done, size_t first)
{
	bool joined = done->blocks.count > first + 1;
	while (joined) {
		joined = false;
		for (uint32_t axis = 0; axis < done->blocks.at[first].rank; axis++)
			joined = join_along(done, first, axis) || joined;
	}
}

static ojit_status split_block(struct splitter *s, const struct block *block, struct program *done)
{
	struct space *space = s->around.space;
	struct program todo;
	size_t first = done->blocks.count;
	oj_program_init(&todo, space, done->kind);
	bool ok = push_copy(space, &todo, block);
	while (ok && todo.blocks.count) {
		struct block box = todo.blocks.at[--todo.blocks.count];
		ok = oj_block_points(&box) == 0 || split_box(s, &box, &todo, done);
		oj_block_drop(space, &box);
	}
	oj_program_drop(&todo);
	if (!ok)
		return oj_fail_memory(s->error);
	join_equal(done, first);
	for (size_t b = first; b < done->blocks.count; b++)
		TRY(oj_check_block(space, &done->blocks.at[b], s->error));
	return OJIT_OK;
}

ojit_status oj_pass_split(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	(void)options;
	struct space *space = program->space;
	struct splitter s = {.around.space = space, .error = error};
	struct program done;
	oj_program_init(&done, space, program->kind);
	ojit_status status = OJIT_OK;
	for (size_t b = 0; status == OJIT_OK && b < program->blocks.count; b++)
		status = split_block(&s, &program->blocks.at[b], &done);
	VECTOR_DROP(space->context, &s.cuts);
	if (status == OJIT_OK) {
		struct program old = *program;
		*program = done;
		done = old;
	}
	oj_program_drop(&done);
	return status;
}
