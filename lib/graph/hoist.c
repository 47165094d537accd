/* Pass hoist: what depends on parameters, constants and indices alone is computed
 * when parameters change, in the prepare program, and loaded from d after.
 *
 * Taken are the largest such expressions below one that is not.  A scalar always
 * moves; an array moves when it costs more than the load that takes its place and
 * its box is known: the axes are the levels it depends on.  Whole intermediate
 * arrays of this kind move with their blocks: the prepare program keeps the TEMP
 * array for its own use and stores a copy into d, which the others load.
 *
 * Arrays for d come in pairs, OUT for prepare and right behind it DERIVED for the
 * others.  A block of prepare stores a TEMP array and its OUT, one OUT over a box, or
 * any number of scalars: those of a program share a block, for what many of them
 * need would else count once for each. */
#include "lib/graph/cost.h"
#include "lib/graph/passes.h"

#include <stdio.h>
#include <string.h>

enum { WORTH = 8, MOST = 1 << 22 }; /* additions a point; points of one array */

struct hoister {
	struct program *program, *prepare;
	unsigned char *varies;   /* [arrays] of role TEMP: some store does not depend on p alone */
	struct expr_map fixed;   /* fixed node -> 1, for the block at hand */
	struct expr_map known;   /* value over a box -> position in prepare->blocks + 1, the last one */
	struct expr_map scalars; /* value -> its DERIVED array */
	uint32_t scalar_block;   /* this program's in prepare, + 1; 0: none yet */
	struct expr_map moved;   /* TEMP array + 1 -> the DERIVED array that took its place */
	struct surroundings around;
	bool failed;
};

static bool fixed_leaf(const struct hoister *h, const struct node *n)
{
	if (n->op == OP_TIME)
		return false;
	if (n->op != OP_LOAD)
		return true;
	switch (h->program->space->arrays.at[n->ref.id].role) {
	case ROLE_PARAMETER:
	case ROLE_DERIVED:
	case ROLE_DATA:
		return true;
	case ROLE_TEMP:
		return !h->varies[n->ref.id];
	default:
		return false;
	}
}

static bool is_fixed(const struct hoister *h, ojit_expr e)
{
	uint32_t ignored;
	return oj_expr_map_get(&h->fixed, e, &ignored);
}

/* Find out for everything the block computes whether it is fixed. */
static bool mark(struct hoister *h, const struct block *block)
{
	const struct graph *g = &h->program->space->graph;
	struct expr_list list = {0};
	bool ok = oj_block_reach(h->program->space, block, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		ojit_expr e = list.list.at[i];
		bool fixed = fixed_leaf(h, oj_node(g, e));
		for (uint32_t k = 0; fixed && k < oj_node(g, e)->arity; k++)
			fixed = is_fixed(h, oj_operands(g, e)[k]);
		ok = !fixed || oj_expr_map_put(&h->fixed, e, 1);
	}
	VECTOR_DROP(g->context, &list.list);
	return ok;
}

/* The box an expression needs: one axis a level.  False: no constant box. */
static bool box_of(struct hoister *h, ojit_expr e, struct block *box, unsigned *levels)
{
	struct graph *g = &h->program->space->graph;
	uint32_t mask = oj_node(g, e)->levels;
	int64_t points = 1;
	*box = (struct block){0};
	for (unsigned k = 0; k < LEVELS; k++) {
		if (!(mask >> k & 1))
			continue;
		int64_t least, greatest;
		if (box->rank == RANK || !oj_bounds(&h->around, oj_index(g, k), &least, &greatest))
			return false;
		levels[box->rank] = k;
		box->lo[box->rank] = least;
		box->end[box->rank++] = greatest + 1;
		if (greatest < least || (points *= greatest + 1 - least) > MOST)
			return false;
	}
	return true;
}

/* Where ranges depend on outer indices, the box has points that the loops never
 * meet.  Is `value` defined there too? */
static bool defined_over(struct hoister *h, const struct block *box, ojit_expr value, bool *inside)
{
	struct surroundings around;
	oj_surroundings_init(&around, h->program->space, box);
	*inside = true;
	return oj_accesses_inside(&around, value, inside);
}

static bool same_box(const struct block *a, const struct block *b)
{
	bool same = a->rank == b->rank;
	for (uint32_t k = 0; same && k < a->rank; k++)
		same = a->lo[k] == b->lo[k] && a->end[k] == b->end[k];
	return same;
}

/* Room in d: the OUT array; DERIVED is the next one. UINT32_MAX: out of memory. */
static uint32_t add_pair(struct space *space, const char *name, uint32_t rank, const int64_t *base,
                         const int64_t *extent)
{
	uint32_t out = oj_space_array(space, name, ROLE_OUT, rank, base, extent, space->derived);
	if (out == UINT32_MAX)
		return UINT32_MAX;
	uint32_t derived = oj_space_array_named(space, space->arrays.at[out].name, ROLE_DERIVED, rank, base, extent, space->derived);
	if (derived == UINT32_MAX)
		return UINT32_MAX;
	space->derived += oj_array_length(&space->arrays.at[derived]);
	return out;
}

/* The block of prepare for a value over `box`; NULL: out of memory. */
static struct block *block_for(struct hoister *h, const struct block *box)
{
	if (box->rank == 0 && h->scalar_block)
		return &h->prepare->blocks.at[h->scalar_block - 1];
	struct block *block = oj_program_block(h->prepare, box->rank, box->lo, box->end, 0);
	if (box->rank == 0)
		h->scalar_block = (uint32_t)h->prepare->blocks.count;
	return block;
}

/* Have the prepare program store `value` over `box` into a fresh part of d; the
 * DERIVED array to load it from, UINT32_MAX when out of memory. */
static uint32_t add_derived(struct hoister *h, const struct block *box, ojit_expr value)
{
	struct space *space = h->program->space;
	int64_t extent[RANK] = {0};
	ojit_expr index[RANK] = {0};
	char name[32];
	snprintf(name, sizeof name, "d%lld", (long long)space->derived);
	for (uint32_t k = 0; k < box->rank; k++) {
		extent[k] = box->end[k] - box->lo[k];
		index[k] = oj_index(&space->graph, k);
	}
	uint32_t out = add_pair(space, name, box->rank, box->lo, extent);
	struct block *block = block_for(h, box);
	if (out == UINT32_MAX || !block || !value || !oj_block_store(space, block, out, value, index))
		return UINT32_MAX;
	bool ok = box->rank ? oj_expr_map_put(&h->known, value, (uint32_t)h->prepare->blocks.count)
	                    : oj_expr_map_put(&h->scalars, value, out + 1);
	return ok ? out + 1 : UINT32_MAX;
}

/* The DERIVED array that a block of prepare over a box fills. */
static uint32_t derived_by(const struct block *block)
{
	return block->stores.at[block->stores.count - 1].array + 1;
}

/* Where `value` over `box` is in d already; UINT32_MAX: nowhere. */
static uint32_t find_derived(const struct hoister *h, const struct block *box, ojit_expr value)
{
	uint32_t known;
	if (box->rank == 0)
		return oj_expr_map_get(&h->scalars, value, &known) ? known : UINT32_MAX;
	if (!oj_expr_map_get(&h->known, value, &known))
		return UINT32_MAX;
	for (uint32_t b = known; b-- > 0;) { /* as a rule the last one */
		const struct block *block = &h->prepare->blocks.at[b];
		if (block->rank && block->stores.count == 1 && block->stores.at[0].value == value && same_box(block, box))
			return derived_by(block);
	}
	return UINT32_MAX;
}

/* A load that gives `e`, or `e` itself where moving it does not pay. */
static ojit_expr hoisted(struct hoister *h, ojit_expr e)
{
	struct space *space = h->program->space;
	struct graph *g = &space->graph;
	struct block box;
	unsigned levels[RANK], cost;
	if (oj_type(g, e) != REAL)
		return e;
	bool leaf = oj_is(g, e, OP_LITERAL) || oj_is(g, e, OP_LOAD) || oj_is(g, e, OP_ITOF);
	if (leaf || !box_of(h, e, &box, levels))
		return e;
	if (box.rank && !oj_cost(g, e, COST_LOOP, &cost)) {
		h->failed = true;
		return 0;
	}
	if (box.rank && cost < WORTH)
		return e;
	ojit_expr map[LEVELS] = {0}, index[RANK];
	for (uint32_t k = 0; k < box.rank; k++) {
		map[levels[k]] = oj_index(g, k);
		index[k] = oj_index(g, levels[k]);
	}
	ojit_expr value = box.rank ? oj_substitute(space, e, map, LEVELS) : e;
	bool inside = false;
	if (!value || !defined_over(h, &box, value, &inside)) {
		h->failed = true;
		return 0;
	}
	if (!inside)
		return e;
	uint32_t array = find_derived(h, &box, value);
	if (array == UINT32_MAX && (array = add_derived(h, &box, value)) == UINT32_MAX) {
		h->failed = true;
		return 0;
	}
	return oj_load(g, array, box.rank, index);
}

/* a * b * x with a and b fixed: the product of the first two is fixed too, and
 * combining from the left it is computed first anyway. */
static uint32_t fixed_prefix(const struct hoister *h, ojit_expr e)
{
	const struct graph *g = &h->program->space->graph;
	const struct node *n = oj_node(g, e);
	uint32_t count = 0;
	if (n->op != OP_ADD && n->op != OP_MUL)
		return 0;
	while (count < n->arity && is_fixed(h, oj_operands(g, e)[count]))
		count++;
	return count;
}

static ojit_expr condition_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct hoister *h = rewrite->data;
	struct graph *g = &h->program->space->graph;
	ojit_expr pair[2];
	if (oj_type(g, e) != TRUTH)
		return e;
	uint32_t arity = oj_node(g, e)->arity;
	for (uint32_t i = 0; i < arity; i++)
		pair[i] = hoisted(h, operands[i]);
	return h->failed ? 0 : oj_simplified(g, e, pair);
}

static ojit_expr keep_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	(void)rewrite, (void)outer;
	return e;
}

/* A fixed condition stays where it is; the numbers it compares move. */
static ojit_expr hoist_condition(struct hoister *h, ojit_expr e)
{
	struct rewrite rewrite = {.space = h->program->space, .node = condition_node,
	                          .reduction = keep_reduction, .data = h};
	if (oj_rewrite(&rewrite, &e, 1) == OJIT_OK)
		return e;
	h->failed = true;
	return 0;
}

static ojit_expr hoist_operands(struct hoister *h, ojit_expr e, ojit_expr *operands, uint32_t count)
{
	struct graph *g = &h->program->space->graph;
	struct node n = *oj_node(g, e);
	uint32_t prefix = count == n.arity ? fixed_prefix(h, e) : 0;
	for (uint32_t i = prefix >= 2 ? prefix : 0; i < count; i++)
		if (is_fixed(h, oj_operands(g, e)[i]))
			operands[i] = oj_type(g, operands[i]) == TRUTH ? hoist_condition(h, operands[i])
			                                               : hoisted(h, operands[i]);
	if (h->failed)
		return 0;
	ojit_expr first = prefix >= 2 ? oj_make(g, n.op, prefix, operands) : 0;
	ojit_expr moved = first ? hoisted(h, first) : 0;
	if (moved == first)
		return oj_simplified(g, e, operands);
	operands[prefix - 1] = moved;
	return oj_make(g, n.op, n.arity - prefix + 1, operands + prefix - 1);
}

static ojit_expr hoist_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct hoister *h = rewrite->data;
	struct graph *g = &h->program->space->graph;
	uint32_t arity = oj_node(g, e)->arity;
	if (is_fixed(h, e) || arity == 0)
		return oj_simplified(g, e, operands);
	ojit_expr few[16], *copy = few;
	if (arity > 16 && !(copy = oj_memory_get(g->context, arity * sizeof *copy)))
		return 0;
	memcpy(copy, operands, arity * sizeof *copy);
	ojit_expr made = hoist_operands(h, e, copy, arity);
	if (copy != few)
		oj_memory_put(g->context, copy, arity * sizeof *copy);
	return h->failed ? 0 : made;
}

static ojit_expr hoist_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct hoister *h = rewrite->data;
	struct graph *g = &h->program->space->graph;
	ojit_expr operands[4] = {outer[0], outer[1], outer[2], oj_operands(g, e)[REDUCE_BODY]};
	if (is_fixed(h, e))
		return oj_simplified_reduction(h->program->space, e, operands);
	struct entered before = oj_enter(&h->around, oj_node(g, e)->reduction.level, outer[REDUCE_LO],
	                                 outer[REDUCE_END]);
	bool body_fixed = is_fixed(h, operands[REDUCE_BODY]);
	bool ok = oj_rewrite(rewrite, &operands[REDUCE_BODY], 1) == OJIT_OK;
	if (ok && body_fixed)
		operands[REDUCE_BODY] = hoisted(h, operands[REDUCE_BODY]);
	oj_leave(&h->around, before);
	if (ok && is_fixed(h, oj_operands(g, e)[REDUCE_START]))
		operands[REDUCE_START] = hoisted(h, operands[REDUCE_START]);
	return ok && !h->failed ? oj_simplified_reduction(h->program->space, e, operands) : 0;
}

/* TEMP arrays all of whose stores are fixed. */
static bool find_fixed_arrays(struct hoister *h)
{
	for (size_t b = 0; b < h->program->blocks.count; b++) {
		const struct block *block = &h->program->blocks.at[b];
		oj_expr_map_drop(&h->fixed);
		if (!mark(h, block))
			return false;
		for (size_t s = 0; s < block->stores.count; s++)
			if (!is_fixed(h, block->stores.at[s].value))
				h->varies[block->stores.at[s].array] = 1;
	}
	return true;
}

/* Does the block of prepare compute a TEMP array and copy it into d? */
static bool is_copy(const struct hoister *h, const struct block *block)
{
	return block->stores.count == 2 && h->program->space->arrays.at[block->stores.at[0].array].role == ROLE_TEMP;
}

/* Which TEMP arrays prepare computes already: `moved` maps array + 1 to DERIVED. */
static bool find_moved(struct hoister *h)
{
	for (uint32_t b = 0; b < h->prepare->blocks.count; b++) {
		const struct block *block = &h->prepare->blocks.at[b];
		if (is_copy(h, block) && !oj_expr_map_put(&h->moved, block->stores.at[0].array + 1, derived_by(block)))
			return false;
	}
	return true;
}

static bool move_store(struct hoister *h, const struct block *block, const struct store *store)
{
	struct space *space = h->program->space;
	struct array array = space->arrays.at[store->array];
	uint32_t derived;
	if (!oj_expr_map_get(&h->moved, store->array + 1, &derived)) {
		uint32_t out = add_pair(space, array.name, array.rank, array.base, array.extent);
		derived = out + 1;
		if (out == UINT32_MAX || !oj_expr_map_put(&h->moved, store->array + 1, derived))
			return false;
	}
	struct block *moved = oj_program_block(h->prepare, block->rank, block->lo, block->end, block->origin);
	return moved && oj_block_store(space, moved, store->array, store->value, store->index) &&
	       oj_block_store(space, moved, derived - 1, store->value, store->index);
}

/* Move stores of fixed arrays to prepare; drop those another program moved before. */
static bool move_fixed_stores(struct hoister *h, const struct expr_map *before)
{
	struct space *space = h->program->space;
	bool ok = true;
	for (size_t b = 0; ok && b < h->program->blocks.count; b++) {
		struct block *block = &h->program->blocks.at[b];
		size_t kept = 0;
		for (size_t s = 0; ok && s < block->stores.count; s++) {
			struct store store = block->stores.at[s];
			uint32_t ignored;
			if (space->arrays.at[store.array].role != ROLE_TEMP || h->varies[store.array])
				block->stores.at[kept++] = store;
			else if (!oj_expr_map_get(before, store.array + 1, &ignored))
				ok = move_store(h, block, &store);
		}
		block->stores.count = ok ? kept : block->stores.count;
	}
	return ok;
}

static ojit_expr reload_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct hoister *h = rewrite->data;
	struct graph *g = &h->program->space->graph;
	struct node n = *oj_node(g, e);
	uint32_t derived;
	if (n.op == OP_LOAD && oj_expr_map_get(&h->moved, n.ref.id + 1, &derived))
		return oj_load(g, derived, n.arity, operands);
	return n.op == OP_REDUCE ? oj_simplified_reduction(h->program->space, e, operands)
	                         : oj_simplified(g, e, operands);
}

/* Loads of arrays that moved come from d now. */
static bool reload(struct hoister *h)
{
	struct rewrite rewrite = {.space = h->program->space, .node = reload_node, .data = h};
	bool ok = true;
	if (h->moved.count == 0)
		return true;
	for (size_t b = 0; ok && b < h->program->blocks.count; b++)
		ok = oj_rewrite_block(&rewrite, &h->program->blocks.at[b]) == OJIT_OK;
	return ok;
}

static bool hoist_block(struct hoister *h, struct block *block)
{
	struct space *space = h->program->space;
	struct rewrite rewrite = {.space = space, .node = hoist_node, .reduction = hoist_reduction, .data = h};
	oj_expr_map_drop(&h->fixed);
	oj_surroundings_init(&h->around, space, block);
	if (!mark(h, block))
		return false;
	for (size_t s = 0; s < block->stores.count; s++) {
		ojit_expr *value = &block->stores.at[s].value;
		if (!is_fixed(h, *value))
			continue;
		*value = hoisted(h, *value);
		if (!*value || !oj_expr_map_put(&h->fixed, *value, 1))
			return false;
	}
	return oj_rewrite_block(&rewrite, block) == OJIT_OK && !h->failed;
}

static bool remember(struct hoister *h)
{
	bool ok = find_moved(h);
	for (uint32_t b = 0; ok && b < h->prepare->blocks.count; b++) {
		const struct block *block = &h->prepare->blocks.at[b];
		if (block->rank && block->stores.count == 1)
			ok = oj_expr_map_put(&h->known, block->stores.at[0].value, b + 1);
		for (size_t s = 0; ok && block->rank == 0 && s < block->stores.count; s++)
			if (!is_copy(h, block))
				ok = oj_expr_map_put(&h->scalars, block->stores.at[s].value, block->stores.at[s].array + 1);
	}
	return ok;
}

static bool hoist(struct hoister *h)
{
	struct expr_map before;
	oj_expr_map_init(&before, h->program->space->context);
	bool ok = remember(h);
	for (size_t i = 0; ok && i < h->moved.room; i++)
		if (h->moved.keys[i])
			ok = oj_expr_map_put(&before, h->moved.keys[i], h->moved.values[i]);
	ok = ok && find_fixed_arrays(h) && move_fixed_stores(h, &before);
	oj_expr_map_drop(&before);
	for (size_t b = 0; ok && b < h->program->blocks.count; b++)
		ok = hoist_block(h, &h->program->blocks.at[b]);
	return ok && reload(h);
}

ojit_status oj_pass_hoist(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct space *space = program->space;
	struct hoister h = {.program = program, .prepare = options->prepare};
	if (!options->prepare)
		return OJIT_OK;
	size_t arrays = space->arrays.count;
	h.varies = oj_memory_get(space->context, arrays + 1);
	if (!h.varies)
		return oj_fail_memory(error);
	memset(h.varies, 0, arrays + 1);
	oj_expr_map_init(&h.fixed, space->context);
	oj_expr_map_init(&h.known, space->context);
	oj_expr_map_init(&h.scalars, space->context);
	oj_expr_map_init(&h.moved, space->context);
	bool ok = hoist(&h) && oj_program_layout(program) == OJIT_OK;
	oj_expr_map_drop(&h.fixed);
	oj_expr_map_drop(&h.known);
	oj_expr_map_drop(&h.scalars);
	oj_expr_map_drop(&h.moved);
	oj_memory_put(space->context, h.varies, arrays + 1);
	return ok ? OJIT_OK : oj_fail_memory(error);
}
