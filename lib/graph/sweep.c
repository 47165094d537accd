/* See sweep.h.
 *
 * Nodes with an adjoint wait in a heap, users on top of their operands, so whatever is
 * taken off has met all its users in these loops.  Reductions of one stage do not need each
 * other and come together, after all else of that stage: those over one range are swept in
 * one loop, where what their bodies share gets one adjoint.
 *
 * What comes out of a choice may be a 0 that means "no part"; it is multiplied strongly
 * (see partial.h).
 *
 * An adjoint over a box that takes a function or a loop to compute is kept in an array,
 * because every load below it is going to read it, each at a place of its own.  Inside of
 * sums this is left to those who ask for all of a sum's terms anyway: there are many. */
#include "lib/graph/sweep.h"

#include "lib/graph/cost.h"

#include <string.h>

struct surrounding { /* loops, and what waits in them */
	struct surrounding *outer; /* NULL: these are the box's */
	struct domain domain;
	enum reduction_order order; /* of the innermost loop */
	struct expr_map place;      /* node -> place in bars, + 1; + 1 is 0 when taken off */
	VECTOR(struct slope) bars;
	VECTOR(ojit_expr) heap;
};

bool oj_sweep_open(struct sweep *s, struct program *made, struct space *space, struct oj_error *error)
{
	size_t count = space->arrays.count + 1;
	*s = (struct sweep){.made = made, .space = space, .g = &space->graph, .error = error, .arrays = count - 1};
	oj_expr_map_init(&s->activity, space->context);
	s->active = oj_memory_get(space->context, count);
	s->last = oj_memory_get(space->context, 2 * count * sizeof *s->last);
	if (!s->active || !s->last)
		return false;
	memset(s->active, 0, count);
	memset(s->last, 0, 2 * count * sizeof *s->last);
	return true;
}

void oj_sweep_close(struct sweep *s)
{
	ojit_context *context = s->space->context;
	oj_memory_put(context, s->active, s->arrays + 1);
	oj_memory_put(context, s->last, 2 * (s->arrays + 1) * sizeof *s->last);
	oj_expr_map_drop(&s->activity);
	VECTOR_DROP(context, &s->contributions);
}

void oj_sweep_forget(struct sweep *s)
{
	for (size_t k = 0; k < s->contributions.count; k++)
		s->last[s->contributions.at[k].array] = 0;
	s->contributions.count = 0;
}

/* ---------------------------------------------------------------- what matters */

uint32_t oj_sweep_seen(const struct program *program, uint32_t array)
{
	bool out = program->space->arrays.at[array].role == ROLE_OUT;
	return array + (program->kind == KERNEL_PREPARE && out);
}

bool oj_sweep_activate(struct sweep *s, const struct program *program)
{
	for (size_t b = 0; b < program->blocks.count && !s->failed; b++) {
		const struct block *block = &program->blocks.at[b];
		for (size_t k = 0; k < block->stores.count; k++)
			if (oj_sweep_active(s, block->stores.at[k].value))
				s->active[oj_sweep_seen(program, block->stores.at[k].array)] = 1;
	}
	return !s->failed;
}

static bool find_active(struct sweep *s, ojit_expr e)
{
	const struct node *n = oj_node(s->g, e);
	if (n->op == OP_LOAD)
		return n->ref.id < s->arrays && s->active[n->ref.id];
	for (uint32_t k = 0; k < n->arity; k++) {
		uint32_t known = 0;
		oj_expr_map_get(&s->activity, oj_operands(s->g, e)[k], &known);
		if (known == 2)
			return true;
	}
	return false;
}

bool oj_sweep_active(struct sweep *s, ojit_expr e)
{
	uint32_t known;
	if (oj_expr_map_get(&s->activity, e, &known))
		return known == 2;
	struct expr_list list = {0};
	bool ok = oj_reach(s->g, &e, 1, true, &list);
	for (size_t k = 0; ok && k < list.list.count; k++) {
		ojit_expr node = list.list.at[k];
		if (!oj_expr_map_get(&s->activity, node, &known))
			ok = oj_expr_map_put(&s->activity, node, 1u + find_active(s, node));
	}
	VECTOR_DROP(s->space->context, &list.list);
	s->failed = s->failed || !ok;
	return ok && oj_expr_map_get(&s->activity, e, &known) && known == 2;
}

/* ---------------------------------------------------------------- the heap */

static bool is_on_top(const struct graph *g, ojit_expr a, ojit_expr b)
{
	const struct node *x = oj_node(g, a), *y = oj_node(g, b);
	if (x->stage != y->stage)
		return x->stage > y->stage;
	return (x->op == OP_REDUCE) != (y->op == OP_REDUCE) ? y->op == OP_REDUCE : a > b;
}

static void heap_up(const struct graph *g, ojit_expr *at, size_t k)
{
	for (; k > 0 && is_on_top(g, at[k], at[(k - 1) / 2]); k = (k - 1) / 2) {
		ojit_expr swap = at[k];
		at[k] = at[(k - 1) / 2];
		at[(k - 1) / 2] = swap;
	}
}

static void heap_down(const struct graph *g, ojit_expr *at, size_t count)
{
	for (size_t k = 0, next; (next = 2 * k + 1) < count; k = next) {
		if (next + 1 < count && is_on_top(g, at[next + 1], at[next]))
			next++;
		if (is_on_top(g, at[k], at[next]))
			return;
		ojit_expr swap = at[k];
		at[k] = at[next];
		at[next] = swap;
	}
}

/* Add to the adjoint of a node. */
static void add(struct sweep *s, struct surrounding *in, ojit_expr node, struct slope bar)
{
	ojit_context *context = s->space->context;
	uint32_t at = 0;
	s->failed = s->failed || !bar.e;
	if (s->failed || !oj_sweep_active(s, node))
		return;
	if (oj_expr_map_get(&in->place, node, &at) && at) {
		struct slope *known = &in->bars.at[at - 1];
		*known = oj_slope_either(s->g, *known, bar);
		known->e = oj_plus(s->g, known->e, bar.e);
		s->failed = !known->e;
		return;
	}
	bool ok = VECTOR_PUSH(context, &in->bars, bar) && VECTOR_PUSH(context, &in->heap, node) &&
	          oj_expr_map_put(&in->place, node, (uint32_t)in->bars.count);
	if (ok)
		heap_up(s->g, in->heap.at, in->heap.count - 1);
	s->failed = !ok;
}

static struct slope take(struct sweep *s, struct surrounding *in, ojit_expr *node)
{
	uint32_t at = 0;
	*node = in->heap.at[0];
	in->heap.at[0] = in->heap.at[--in->heap.count];
	heap_down(s->g, in->heap.at, in->heap.count);
	oj_expr_map_get(&in->place, *node, &at);
	s->failed = s->failed || !oj_expr_map_put(&in->place, *node, 0);
	return in->bars.at[at - 1];
}

static void drop_surrounding(struct sweep *s, struct surrounding *in)
{
	VECTOR_DROP(s->space->context, &in->bars);
	VECTOR_DROP(s->space->context, &in->heap);
	oj_expr_map_drop(&in->place);
}

/* ---------------------------------------------------------------- keeping */

/* The loops that `e` depends on, with fixed ranges: those of sums first, so that those of
 * the box are neighbours.  False: there are too many, or a range is not fixed. */
static bool find_loops(const struct sweep *s, const struct surrounding *in, ojit_expr e, struct domain *loops)
{
	uint32_t levels = oj_node(s->g, e)->levels, box = s->block->rank;
	int64_t ignored;
	bool fixed = true;
	loops->count = 0;
	for (uint32_t k = 0; k < in->domain.count; k++) {
		const struct loop *loop = &in->domain.at[(k + box) % in->domain.count];
		if (!(levels >> loop->level & 1))
			continue;
		fixed = fixed && oj_integer_value(s->g, loop->lo, &ignored) && oj_integer_value(s->g, loop->end, &ignored);
		loops->at[loops->count++] = *loop;
	}
	return fixed && loops->count <= RANK;
}

/* Is it worth an array? */
static bool is_dear(struct sweep *s, const struct surrounding *in, ojit_expr e, struct domain *loops)
{
	unsigned cost = 0;
	if ((in->outer && !s->keeps_terms) || in->domain.count == 0 || oj_is(s->g, e, OP_LOAD) ||
	    !find_loops(s, in, e, loops))
		return false;
	s->failed = s->failed || !oj_cost(s->g, e, COST_CALL, &cost);
	return cost >= COST_CALL;
}

static ojit_expr keep(struct sweep *s, ojit_expr e, const struct domain *loops)
{
	int64_t lo[RANK], end[RANK], extent[RANK];
	ojit_expr inside[RANK], outside[RANK], map[LEVELS] = {0};
	for (uint32_t k = 0; k < loops->count; k++) {
		oj_integer_value(s->g, loops->at[k].lo, &lo[k]);
		oj_integer_value(s->g, loops->at[k].end, &end[k]);
		extent[k] = end[k] - lo[k];
		outside[k] = oj_index(s->g, loops->at[k].level);
		map[loops->at[k].level] = inside[k] = oj_index(s->g, k);
	}
	uint32_t array = oj_space_array(s->space, "kept", ROLE_TEMP, loops->count, lo, extent, 0);
	ojit_expr value = oj_substitute(s->space, e, map, LEVELS);
	struct block *block = array == UINT32_MAX || !value ? NULL
		: oj_program_block(s->made, loops->count, lo, end, s->block->origin);
	if (!block || !oj_block_store(s->space, block, array, value, inside))
		return 0;
	return oj_load(s->g, array, loops->count, outside);
}

static struct slope kept(struct sweep *s, const struct surrounding *in, struct slope bar)
{
	struct domain loops;
	unsigned cost = 0;
	if (!bar.e || !is_dear(s, in, bar.e, &loops))
		return bar;
	bar.e = keep(s, bar.e, &loops);
	if (bar.part)
		s->failed = s->failed || !oj_cost(s->g, bar.part, COST_CALL, &cost);
	if (cost >= COST_CALL)
		bar.part = 0; /* which is not computed again for every load below */
	return bar;
}

/* ---------------------------------------------------------------- nodes */

static void refuse(struct sweep *s, ojit_expr e)
{
	if (!s->failed)
		oj_block_underivable(s->space, s->block, e, s->error);
	s->failed = true;
}

static struct slope scaled(struct sweep *s, struct slope bar, ojit_expr factor)
{
	return oj_slope_times(s->g, bar, factor);
}

static void contribute(struct sweep *s, const struct surrounding *in, ojit_expr e, uint32_t array, struct slope bar)
{
	struct contribution c = {.array = array, .value = bar.e, .chosen = bar.chosen, .part = bar.part,
	                         .domain = in->domain, .next = s->last[array]};
	memcpy(c.index, oj_operands(s->g, e), oj_node(s->g, e)->arity * sizeof *c.index);
	s->failed = s->failed || !VECTOR_PUSH(s->space->context, &s->contributions, c);
	s->last[array] = (uint32_t)s->contributions.count;
}

static void of_load(struct sweep *s, const struct surrounding *in, ojit_expr e, struct slope bar)
{
	uint32_t array = oj_node(s->g, e)->ref.id;
	contribute(s, in, e, array, bar);
	enum array_role role = s->space->arrays.at[array].role;
	if (s->tells_parts && (role == ROLE_DERIVED || role == ROLE_TEMP)) {
		struct slope part = {oj_slope_part(s->g, bar), false, 0};
		s->failed = s->failed || !part.e;
		contribute(s, in, e, array + (uint32_t)s->arrays, part);
	}
}

static void through(struct sweep *s, struct surrounding *in, ojit_expr e, uint32_t slot, struct slope bar)
{
	ojit_expr operand = oj_operands(s->g, e)[slot];
	if (!oj_sweep_active(s, operand))
		return;
	struct partial partial = oj_partial(s->g, e, slot);
	s->failed = s->failed || (!partial.e && (partial.kind == PARTIAL_FACTOR || partial.kind == PARTIAL_CHOICE));
	if (s->failed || partial.kind == PARTIAL_ZERO)
		return;
	if (partial.kind == PARTIAL_MISSING) {
		refuse(s, e);
		return;
	}
	if (partial.kind == PARTIAL_FACTOR)
		bar = scaled(s, bar, partial.e);
	else
		bar = oj_slope_where(s->g, partial.e, bar);
	add(s, in, operand, kept(s, in, bar));
}

static bool is_active(struct sweep *s, ojit_expr e, uint32_t slot)
{
	return oj_sweep_active(s, oj_operands(s->g, e)[slot]);
}

/* What does not matter is multiplied first, for all factors that do. */
static struct slope by_fixed_factors(struct sweep *s, ojit_expr e, struct slope bar)
{
	ojit_expr fixed = 0;
	for (uint32_t k = 0; k < oj_node(s->g, e)->arity; k++) {
		ojit_expr factor = oj_operands(s->g, e)[k];
		if (!is_active(s, e, k))
			fixed = fixed ? oj_times(s->g, fixed, factor) : factor;
	}
	return fixed ? scaled(s, bar, fixed) : bar;
}

static bool is_tabled_load(const struct graph *g, ojit_expr e)
{
	return oj_is(g, e, OP_LOAD) && oj_read_tables(g, oj_operands(g, e), oj_node(g, e)->arity);
}

/* What several factors that tables name have in common is kept, too: it is needed in a list
 * for each of them, where what it is made of would be looked up again (m: the adjoint of bcr
 * 65 us without). */
static struct slope kept_for_lists(struct sweep *s, const struct surrounding *in, ojit_expr product, struct slope bar)
{
	struct domain loops;
	uint32_t lists = 0;
	bool made = oj_is(s->g, bar.e, OP_MUL) || oj_is(s->g, bar.e, OP_STRONG);
	for (uint32_t k = 0; k < oj_node(s->g, product)->arity; k++)
		lists += is_active(s, product, k) && is_tabled_load(s->g, oj_operands(s->g, product)[k]);
	if (made && lists > 1 && !in->outer && in->domain.count > 0 && find_loops(s, in, bar.e, &loops))
		bar.e = keep(s, bar.e, &loops);
	return bar;
}

/* Products: the adjoint times what is before, times what is after, both kept, so that all
 * is linear in the factors. */
static void of_product(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	uint32_t arity = oj_node(s->g, e)->arity;
	size_t size = arity * sizeof(ojit_expr);
	ojit_expr *after = oj_memory_get(s->space->context, size), last = 0;
	if (!after) {
		s->failed = true;
		return;
	}
	for (uint32_t k = arity; k-- > 0;) {
		ojit_expr factor = oj_operands(s->g, e)[k];
		after[k] = last;
		if (is_active(s, e, k))
			last = last ? oj_times(s->g, factor, last) : factor;
	}
	bar = kept_for_lists(s, in, e, by_fixed_factors(s, e, bar));
	for (uint32_t k = 0; k < arity && !s->failed; k++) {
		ojit_expr factor = oj_operands(s->g, e)[k];
		if (!is_active(s, e, k))
			continue;
		add(s, in, factor, kept(s, in, after[k] ? scaled(s, bar, after[k]) : bar));
		bar = after[k] ? scaled(s, bar, factor) : bar;
	}
	oj_memory_put(s->space->context, after, size);
}

/* A first factor that does not matter leaves out the second where it is 0 itself, not where what both are
 * multiplied with later is. */
static void of_fixed_strong(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	ojit_expr a = oj_operands(s->g, e)[0], b = oj_operands(s->g, e)[1], zero = oj_literal(s->g, 0);
	ojit_expr operands[2] = {a, zero}, differs = oj_make(s->g, OP_NE, 2, operands);
	ojit_expr there = differs ? oj_simplified(s->g, differs, operands) : 0;
	struct slope second = scaled(s, bar, a);
	add(s, in, b, oj_slope_where(s->g, there, second));
}

/* See OP_STRONG: where its first factor was left out, the second has no part; it may be infinite, too. */
static void of_strong(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	ojit_expr a = oj_operands(s->g, e)[0], b = oj_operands(s->g, e)[1];
	if (!oj_sweep_active(s, a)) {
		of_fixed_strong(s, in, e, bar);
		return;
	}
	struct slope second = {oj_times_strong(s->g, a, bar.e), true, 0};
	if (bar.part && second.e)
		second.e = oj_where(s->g, bar.part, second.e);
	add(s, in, a, scaled(s, bar, b));
	add(s, in, b, second);
}

/* Both operands share the division: bar/b for a, and for b -(bar/b) (a/b). */
static void of_quotient(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	ojit_expr a = oj_operands(s->g, e)[0], b = oj_operands(s->g, e)[1], one = oj_literal(s->g, 1);
	ojit_expr operands[2] = {one, b}, inverse = oj_make(s->g, OP_DIV, 2, operands);
	inverse = inverse ? oj_simplified(s->g, inverse, operands) : 0;
	bar = scaled(s, bar, inverse);
	if (is_active(s, e, 0))
		add(s, in, a, kept(s, in, bar));
	if (is_active(s, e, 1)) {
		ojit_expr quotient = oj_times(s->g, a, inverse);
		add(s, in, b, kept(s, in, scaled(s, scaled(s, bar, quotient), oj_literal(s->g, -1))));
	}
}

static bool is_negative_of(const struct graph *g, ojit_expr a, ojit_expr b)
{
	return oj_is(g, a, OP_NEG) && oj_operands(g, a)[0] == b;
}

/* x or -x, by the sign of a table's entry: nothing is left out here. */
static bool of_sign(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	const ojit_expr *o = oj_operands(s->g, e);
	ojit_expr operands[3] = {o[0], o[1], o[2]};
	bool first = is_negative_of(s->g, o[1], o[2]);
	if (!first && !is_negative_of(s->g, o[2], o[1]))
		return false;
	ojit_expr x = operands[first ? 2 : 1], negative = oj_times(s->g, bar.e, oj_literal(s->g, -1));
	operands[1] = first ? negative : bar.e;
	operands[2] = first ? bar.e : negative;
	bar.e = negative ? oj_make(s->g, OP_IF, 3, operands) : 0;
	add(s, in, x, kept(s, in, bar));
	return true;
}

static void of_operator(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	enum op op = oj_node(s->g, e)->op;
	if (op == OP_MUL)
		of_product(s, in, e, bar);
	else if (op == OP_STRONG)
		of_strong(s, in, e, bar);
	else if (op == OP_DIV)
		of_quotient(s, in, e, bar);
	else if (op != OP_IF || !of_sign(s, in, e, bar))
		for (uint32_t slot = 0; slot < oj_node(s->g, e)->arity && !s->failed; slot++)
			through(s, in, e, slot, bar);
}

/* ---------------------------------------------------------------- reductions */

struct opened { /* a reduction at a level of its own */
	struct reduction reduction;
	ojit_expr value, start, lo, end, body;
	struct slope bar; /* its adjoint */
};
struct group { VECTOR(struct opened) at; };

static bool share_loop(const struct opened *a, const struct opened *b)
{
	return a->reduction.level == b->reduction.level && a->reduction.order == b->reduction.order && a->lo == b->lo &&
	       a->end == b->end;
}

/* Their index gets a level that neither the loops around nor anything in them uses. */
static bool open_group(struct sweep *s, const struct surrounding *in, struct opened *group, size_t count)
{
	ojit_expr index[LEVELS] = {0};
	uint32_t used = oj_domain_levels(&in->domain);
	bool ok = true;
	if (!(used >> group->reduction.level & 1))
		return true;
	for (size_t k = 0; k < count; k++)
		used |= oj_node(s->g, group[k].body)->levels;
	unsigned level = 32 - (unsigned)__builtin_clz(used);
	if (level >= LEVELS)
		return false;
	index[group->reduction.level] = oj_index(s->g, level);
	for (size_t k = 0; ok && k < count; k++) {
		group[k].body = oj_substitute(s->space, group[k].body, index, LEVELS);
		group[k].reduction.level = (uint16_t)level;
		ok = group[k].body != 0;
	}
	return ok;
}

static ojit_expr over(struct sweep *s, const struct opened *o, enum reduction_kind kind, ojit_expr start, ojit_expr body)
{
	struct reduction reduction = o->reduction;
	reduction.kind = (uint8_t)kind;
	return start && body ? oj_reduce(s->g, reduction, start, o->lo, o->end, body) : 0;
}

/* The product of the terms before (after) the one at hand. */
static ojit_expr part_of_product(struct sweep *s, const struct opened *o, ojit_expr start, bool before)
{
	ojit_expr index[LEVELS] = {0}, at = oj_index(s->g, o->reduction.level), next = oj_integer_offset(s->g, at, 1);
	uint32_t used = oj_node(s->g, o->body)->levels | oj_node(s->g, o->lo)->levels | oj_node(s->g, o->end)->levels |
	                oj_node(s->g, start)->levels | 1u << o->reduction.level;
	unsigned level = 32 - (unsigned)__builtin_clz(used);
	if (level >= LEVELS)
		return 0;
	index[o->reduction.level] = oj_index(s->g, level);
	ojit_expr body = oj_substitute(s->space, o->body, index, LEVELS);
	struct reduction reduction = {.kind = REDUCE_PROD, .order = SEQUENTIAL, .level = (uint16_t)level};
	return body ? oj_reduce(s->g, reduction, start, before ? o->lo : next, before ? at : o->end, body) : 0;
}

static struct slope of_prod(struct sweep *s, struct surrounding *in, const struct opened *o, struct slope bar)
{
	ojit_expr one = oj_literal(s->g, 1), all = over(s, o, REDUCE_PROD, one, o->body);
	ojit_expr before = part_of_product(s, o, o->start, true), after = part_of_product(s, o, one, false);
	s->failed = s->failed || !all || !before || !after;
	if (s->failed)
		return bar;
	add(s, in, o->start, scaled(s, bar, all));
	return scaled(s, scaled(s, bar, before), after);
}

/* A reduction that loops around it vary, in an array: whatever is gathered over those loops would go through all of
 * it for each of their points. */
static ojit_expr kept_reduction(struct sweep *s, const struct surrounding *in, ojit_expr e)
{
	struct domain loops;
	if (!e || !oj_is(s->g, e, OP_REDUCE) || !find_loops(s, in, e, &loops) || loops.count == 0)
		return e;
	return keep(s, e, &loops);
}

/* The first term that reaches the extreme gets it all, the start before any. */
static struct slope of_extreme(struct sweep *s, struct surrounding *in, const struct opened *o, struct slope bar)
{
	struct graph *g = s->g;
	ojit_expr value = kept_reduction(s, in, o->value);
	ojit_expr never = oj_literal(g, __builtin_inf()), index = oj_index(g, o->reduction.level);
	ojit_expr position = oj_make1(g, OP_ITOF, index), reached = oj_make2(g, OP_EQ, o->body, value);
	ojit_expr candidate = oj_make3(g, OP_IF, reached, position, never);
	ojit_expr first = kept_reduction(s, in, over(s, o, REDUCE_MIN, never, candidate));
	ojit_expr by_start = oj_make2(g, OP_EQ, o->start, value);
	ojit_expr here = first ? oj_make2(g, OP_EQ, position, first) : 0;
	ojit_expr not_by_start = by_start ? oj_make1(g, OP_NOT, by_start) : 0;
	s->failed = s->failed || !here || !not_by_start;
	if (s->failed)
		return bar;
	add(s, in, o->start, oj_slope_where(g, by_start, bar));
	return oj_slope_where(g, here, oj_slope_where(g, not_by_start, bar));
}

static void sweep_surrounding(struct sweep *s, struct surrounding *in);

/* What does not depend on the innermost index belongs to the loops outside. */
static void hand_out(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	const struct loop *loop = &in->domain.at[in->domain.count - 1];
	ojit_expr sum = oj_contribution_sum(s->g, loop->level, loop->lo, loop->end, bar.e, in->order == TREE8);
	struct slope all = oj_slope_summed(s->g, bar, loop->level, sum);
	if (s->sums_parts && bar.chosen && !all.part) {
		ojit_expr parts = oj_contribution_sum(s->g, loop->level, loop->lo, loop->end, oj_slope_part(s->g, bar), false);
		all = oj_slope_kept(s->g, sum, parts);
	}
	add(s, in->outer, e, all);
}

static bool is_from_outside(const struct sweep *s, const struct surrounding *in, ojit_expr e)
{
	return in->outer && !(oj_node(s->g, e)->levels >> in->domain.at[in->domain.count - 1].level & 1);
}

/* The adjoint of the body's value, and that of the start. */
static struct slope of_body(struct sweep *s, struct surrounding *in, const struct opened *o)
{
	struct slope bar = kept(s, in, o->bar);
	if (o->reduction.kind == REDUCE_PROD)
		return of_prod(s, in, o, bar);
	if (o->reduction.kind != REDUCE_SUM)
		return of_extreme(s, in, o, bar);
	add(s, in, o->start, bar);
	return bar;
}

static void sweep_group(struct sweep *s, struct surrounding *in, struct opened *group, size_t count)
{
	struct surrounding inside = {.outer = in, .domain = in->domain, .order = group->reduction.order};
	s->failed = s->failed || !open_group(s, in, group, count);
	oj_expr_map_init(&inside.place, s->space->context);
	inside.domain.at[inside.domain.count++] = (struct loop){group->reduction.level, group->lo, group->end};
	for (size_t k = 0; k < count && !s->failed; k++) {
		struct slope body = of_body(s, in, &group[k]);
		if (!s->failed)
			add(s, &inside, group[k].body, body);
	}
	sweep_surrounding(s, &inside);
	drop_surrounding(s, &inside);
}

/* Those of the first one's loop come to the front. */
static size_t bring_together(struct opened *all, size_t count)
{
	size_t together = 1;
	for (size_t k = 1; k < count; k++) {
		struct opened next = all[k];
		if (!share_loop(&all[0], &next))
			continue;
		memmove(&all[together + 1], &all[together], (k - together) * sizeof next);
		all[together++] = next;
	}
	return together;
}

static void take_reduction(struct sweep *s, struct surrounding *in, struct group *group)
{
	ojit_expr e, operands[4];
	struct slope bar = take(s, in, &e);
	memcpy(operands, oj_operands(s->g, e), sizeof operands);
	if (oj_is_literal(s->g, bar.e, 0) || oj_is_literal(s->g, bar.e, -0.0))
		return;
	if (is_from_outside(s, in, e)) {
		hand_out(s, in, e, bar);
		return;
	}
	struct opened o = {oj_node(s->g, e)->reduction, e, operands[REDUCE_START], operands[REDUCE_LO],
	                   operands[REDUCE_END], operands[REDUCE_BODY], bar};
	s->failed = s->failed || !VECTOR_PUSH(s->space->context, &group->at, o);
}

/* All reductions of the stage on top. */
static void of_reductions(struct sweep *s, struct surrounding *in)
{
	struct group group = {0};
	uint32_t stage = oj_node(s->g, in->heap.at[0])->stage;
	while (!s->failed && in->heap.count && oj_is(s->g, in->heap.at[0], OP_REDUCE) &&
	       oj_node(s->g, in->heap.at[0])->stage == stage)
		take_reduction(s, in, &group);
	for (size_t k = 0, count; k < group.at.count && !s->failed; k += count) {
		count = bring_together(group.at.at + k, group.at.count - k);
		sweep_group(s, in, group.at.at + k, count);
	}
	VECTOR_DROP(s->space->context, &group.at);
}

static void of_node(struct sweep *s, struct surrounding *in, ojit_expr e, struct slope bar)
{
	if (oj_is_literal(s->g, bar.e, 0) || oj_is_literal(s->g, bar.e, -0.0))
		return; /* as in x - x */
	if (is_from_outside(s, in, e))
		hand_out(s, in, e, bar);
	else if (oj_is(s->g, e, OP_LOAD))
		of_load(s, in, e, bar);
	else
		of_operator(s, in, e, bar);
}

static void sweep_surrounding(struct sweep *s, struct surrounding *in)
{
	while (!s->failed && in->heap.count) {
		ojit_expr node;
		if (oj_is(s->g, in->heap.at[0], OP_REDUCE)) {
			of_reductions(s, in);
			continue;
		}
		struct slope bar = take(s, in, &node);
		if (!s->failed)
			of_node(s, in, node, bar);
	}
}

bool oj_sweep_block(struct sweep *s, const struct block *block, const struct slope *bars)
{
	struct surrounding box = {.outer = NULL};
	s->block = block;
	oj_expr_map_init(&box.place, s->space->context);
	s->failed = s->failed || !oj_domain_of_box(s->space, block, &box.domain);
	for (size_t k = 0; k < block->stores.count && !s->failed; k++)
		if (bars[k].e)
			add(s, &box, block->stores.at[k].value, bars[k]);
	sweep_surrounding(s, &box);
	drop_surrounding(s, &box);
	return !s->failed;
}
