/* Pass roll: thousands of scalar equations become a handful of blocks.
 *
 * Scalars of equal shape are rows of one block, whose loads and numbers go by affine
 * maps, tables and data; sums of terms of equal shape are reductions of any length.
 * Names of scalar intermediates are looked through, so that the same model rolls
 * alike with and without them.  Nothing is computed in another order: no bit
 * changes.  What has too few of its kind stays straight code; where there is
 * nothing to roll the program is left as it is.
 *
 * All is linear in the nodes, or sorting: shapes are compared by hash.
 * Order is by height (roll.h), then as the model was written. */
#include "lib/graph/roll.h"

#include <string.h>

static bool is_constant_store(const struct roller *r, const struct store *store)
{
	for (uint32_t k = 0; k < r->space->arrays.at[store->array].rank; k++)
		if (!oj_is(r->g, store->index[k], OP_INTEGER))
			return false;
	return true;
}

bool oj_roll_foreign(const struct roller *r, const struct block *block)
{
	bool foreign = block->rank > 0;
	for (size_t s = 0; !foreign && s < block->stores.count; s++) {
		const struct node *n = oj_node(r->g, block->stores.at[s].value);
		foreign = n->levels != 0 || n->stage != 0 || !is_constant_store(r, &block->stores.at[s]);
	}
	return foreign;
}

ojit_expr oj_roll_resolved(const struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	ojit_expr value = n->op == OP_LOAD && n->ref.id < r->arrays ? r->named[n->ref.id] : 0;
	return value ? value : e;
}

/* The key of an operand as find_key sees it, only to put two in order. */
static uint64_t rank_of(const struct roller *r, ojit_expr e)
{
	return r->marks[e].item ? r->marks[e].height : r->marks[e].key;
}

ojit_expr oj_roll_operand(const struct roller *r, ojit_expr e, uint32_t i)
{
	const struct node *n = oj_node(r->g, e);
	const ojit_expr *operands = oj_operands(r->g, e);
	if (i > 1 || n->arity < 2 || !oj_commutes(n->op))
		return oj_roll_resolved(r, operands[i]);
	ojit_expr a = oj_roll_resolved(r, operands[0]), b = oj_roll_resolved(r, operands[1]);
	bool swap = rank_of(r, a) > rank_of(r, b);
	return (i == 0) == swap ? b : a;
}

bool oj_roll_element(const struct roller *r, uint32_t array, const ojit_expr *index, int64_t *element)
{
	const struct array *a = &r->space->arrays.at[array];
	int64_t at = 0, k_index;
	if (a->role == ROLE_TEMP)
		return false;
	for (uint32_t k = 0; k < a->rank; k++) {
		if (!oj_integer_value(r->g, index[k], &k_index))
			return false;
		at = at * a->extent[k] + k_index - a->base[k];
	}
	*element = a->offset + at;
	return true;
}

ojit_expr oj_roll_term(const struct roller *r, ojit_expr e, double *factor)
{
	*factor = 1;
	for (;;) {
		const struct node *n = oj_node(r->g, e);
		const ojit_expr *o = oj_operands(r->g, e);
		bool scaled = n->op == OP_MUL && n->arity == 2 && *factor * *factor == 1;
		if (n->op == OP_NEG) {
			*factor = -*factor;
			e = oj_roll_resolved(r, o[0]);
		} else if (scaled && oj_is(r->g, o[0], OP_LITERAL)) {
			*factor *= oj_node(r->g, o[0])->real;
			e = oj_roll_resolved(r, o[1]);
		} else if (scaled && oj_is(r->g, o[1], OP_LITERAL)) {
			*factor *= oj_node(r->g, o[1])->real;
			e = oj_roll_resolved(r, o[0]);
		} else {
			return e;
		}
	}
}

/* ---------------------------------------------------------------- what is there */

/* Everything below a value that was not met yet: mark it, and arrays it loads. */
static bool mark_needed(struct roller *r, ojit_expr root, unsigned char *met)
{
	bool ok = true;
	r->stack.count = 0;
	if (!met[root])
		ok = VECTOR_PUSH(r->space->context, &r->stack, root);
	met[root] = 1;
	while (ok && r->stack.count) {
		ojit_expr e = r->stack.at[--r->stack.count];
		const struct node *n = oj_node(r->g, e);
		if (n->op == OP_LOAD)
			r->needed[n->ref.id] |= 1;
		for (uint32_t i = 0; ok && i < n->arity; i++) {
			ojit_expr o = oj_operands(r->g, e)[i];
			if (!met[o])
				ok = VECTOR_PUSH(r->space->context, &r->stack, o);
			met[o] = 1;
		}
	}
	return ok;
}

static bool mark_foreign(struct roller *r, const struct block *block)
{
	struct expr_list list = {0};
	bool ok = oj_block_reach(r->space, block, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++)
		if (oj_is(r->g, list.list.at[i], OP_LOAD))
			r->needed[oj_node(r->g, list.list.at[i])->ref.id] |= 3;
	VECTOR_DROP(r->space->context, &list.list);
	return ok;
}

/* Backwards: producers precede users. */
static bool find_needed(struct roller *r)
{
	unsigned char *met = oj_memory_get(r->space->context, r->nodes);
	bool ok = met != NULL;
	if (ok)
		memset(met, 0, r->nodes);
	for (size_t b = r->program->blocks.count; ok && b-- > 0;) {
		const struct block *block = &r->program->blocks.at[b];
		if (oj_roll_foreign(r, block)) {
			ok = mark_foreign(r, block);
			continue;
		}
		for (size_t s = 0; ok && s < block->stores.count; s++) {
			const struct store *store = &block->stores.at[s];
			if (r->space->arrays.at[store->array].role != ROLE_TEMP || r->needed[store->array])
				ok = mark_needed(r, store->value, met);
		}
	}
	oj_memory_put(r->space->context, met, r->nodes);
	return ok;
}

/* ---------------------------------------------------------------- nodes in order */

static void mark_terms(struct roller *r, ojit_expr e)
{
	for (uint32_t i = 0; i < oj_node(r->g, e)->arity; i++) {
		double factor;
		ojit_expr o = oj_roll_resolved(r, oj_operands(r->g, e)[i]);
		r->marks[oj_roll_term(r, o, &factor)].term = true;
	}
}

static bool has_operands(const struct node *n)
{
	return n->op != OP_LOAD && n->op != OP_ITOF && oj_op_info[n->op].type != INTEGER;
}

/* Append what is below `root` and new, operands first.  A node is on the stack once
 * to be opened and, as a complement, once to be closed. */
static bool visit(struct roller *r, ojit_expr root)
{
	ojit_context *context = r->space->context;
	r->stack.count = 0;
	bool ok = VECTOR_PUSH(context, &r->stack, root);
	while (ok && r->stack.count) {
		ojit_expr e = r->stack.at[--r->stack.count];
		if (e > UINT32_MAX / 2) {
			ok = VECTOR_PUSH(context, &r->order, ~e);
			continue;
		}
		const struct node *n = oj_node(r->g, e);
		if (r->marks[e].seen)
			continue;
		r->marks[e].seen = true;
		if (n->op == OP_ADD)
			mark_terms(r, e);
		ok = VECTOR_PUSH(context, &r->stack, ~e);
		for (uint32_t i = has_operands(n) ? n->arity : 0; ok && i-- > 0;) {
			ojit_expr o = oj_roll_resolved(r, oj_operands(r->g, e)[i]);
			r->marks[o].users++;
			ok = r->marks[o].seen || VECTOR_PUSH(context, &r->stack, o);
		}
	}
	return ok;
}

/* What a scalar block stores for good is a root; what only scalars load is a name. */
static bool visit_block(struct roller *r, const struct block *block)
{
	bool ok = true;
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		const struct array *array = &r->space->arrays.at[store->array];
		ojit_expr value = oj_roll_resolved(r, store->value);
		if (array->role == ROLE_TEMP && !r->needed[store->array])
			continue;
		ok = visit(r, value);
		if (array->role == ROLE_TEMP && array->rank == 0 && !(r->needed[store->array] & 2)) {
			r->named[store->array] = value;
			r->marks[value].named = true;
			continue;
		}
		r->marks[value].users++;
		r->marks[value].root = true;
	}
	return ok;
}

static bool visit_blocks(struct roller *r)
{
	bool ok = VECTOR_RESERVE(r->space->context, &r->order, r->nodes);
	for (size_t b = 0; ok && b < r->program->blocks.count; b++) {
		if (!oj_roll_foreign(r, &r->program->blocks.at[b]))
			ok = visit_block(r, &r->program->blocks.at[b]);
		ok = ok && VECTOR_PUSH(r->space->context, &r->ends, r->order.count);
	}
	return ok;
}

/* The lengths of vectors; programs that read what they write have another order. */
static void measure_vectors(struct roller *r)
{
	for (size_t a = 0; a < r->arrays; a++) {
		const struct array *array = &r->space->arrays.at[a];
		int64_t end = array->offset + oj_array_length(array);
		r->lengths[array->role] = end > r->lengths[array->role] ? end : r->lengths[array->role];
		if (array->role == ROLE_OUT && r->needed[a])
			r->refused = true;
	}
	if (r->program->kind == KERNEL_PREPARE || r->program->kind == KERNEL_PARAMETERS)
		r->refused = true;
}

/* ---------------------------------------------------------------- emission */

static bool make_shelves(struct roller *r)
{
	int64_t base = 0;
	for (size_t i = 0; i < r->items.count; i++) {
		const struct item *item = &r->items.at[i];
		while (item->height >= r->shelves.count)
			if (!VECTOR_PUSH(r->space->context, &r->shelves, (struct shelf){0}))
				return false;
		r->shelves.at[item->height].count += item->store == UINT32_MAX;
	}
	for (size_t h = 0; h < r->shelves.count; h++) {
		int64_t extent = r->shelves.at[h].count;
		if (extent)
			r->shelves.at[h].array = oj_space_array(r->space, "rolled", ROLE_TEMP, 1, &base, &extent, 0);
		if (r->shelves.at[h].array == UINT32_MAX)
			return false;
	}
	return true;
}

/* A node as straight code sees it; 0: not built yet. */
static ojit_expr outside(struct roller *r, ojit_expr e)
{
	const struct mark *m = &r->marks[e];
	if (m->item)
		return oj_roll_shelf_load(r, m->height, oj_integer(r->g, m->place));
	return m->built;
}

static ojit_expr remade(struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	uint32_t count = has_operands(n) ? n->arity : 0;
	if (count == 0)
		return e;
	r->operands.count = 0;
	for (uint32_t i = 0; i < count; i++) {
		ojit_expr o = outside(r, oj_roll_resolved(r, oj_operands(r->g, e)[i]));
		if (!o || !VECTOR_PUSH(r->space->context, &r->operands, o))
			return 0;
	}
	return oj_remake(r->g, e, r->operands.at);
}

static bool is_built(const struct roller *r, ojit_expr e)
{
	return !r->marks[e].item && r->marks[e].built;
}

/* The item's own value, loading the items below. */
static ojit_expr straight_value(struct roller *r, ojit_expr root)
{
	ojit_context *context = r->space->context;
	if (!r->marks[root].item && r->marks[root].built)
		return r->marks[root].built;
	r->stack.count = 0;
	bool ok = VECTOR_PUSH(context, &r->stack, root);
	while (ok && r->stack.count) {
		ojit_expr e = r->stack.at[r->stack.count - 1];
		const struct node *n = oj_node(r->g, e);
		size_t before = r->stack.count;
		for (uint32_t i = has_operands(n) ? n->arity : 0; ok && !is_built(r, e) && i-- > 0;) {
			ojit_expr o = oj_roll_resolved(r, oj_operands(r->g, e)[i]);
			if (!r->marks[o].item && !is_built(r, o))
				ok = VECTOR_PUSH(context, &r->stack, o);
		}
		if (!ok || r->stack.count > before)
			continue;
		r->stack.count--;
		ojit_expr value = is_built(r, e) ? r->marks[e].built : remade(r, e);
		if (r->marks[e].item) /* the root: its mark has its place */
			return value;
		r->marks[e].built = value;
		ok = value != 0;
	}
	return ok ? r->marks[root].built : 0;
}

/* The block for straight code of a height: nothing in it needs anything else in it. */
static struct block *straight_block(struct roller *r, uint32_t height, uint32_t origin)
{
	if (r->straight && r->straight_height == height)
		return &r->done.blocks.at[r->straight - 1];
	struct block *block = oj_program_block(&r->done, 0, NULL, NULL, origin);
	r->straight = (uint32_t)r->done.blocks.count;
	r->straight_height = height;
	return block;
}

bool oj_roll_emit_straight(struct roller *r, const struct item *item)
{
	const struct block *from = &r->program->blocks.at[item->block];
	bool kept = item->store == UINT32_MAX, other = !kept && r->marks[item->node].item;
	ojit_expr value = other ? outside(r, item->node) : straight_value(r, item->node);
	struct block *block = value ? straight_block(r, item->height, from->origin) : NULL;
	if (!block)
		return false;
	if (!kept) {
		const struct store *store = &from->stores.at[item->store];
		return oj_block_store(r->space, block, store->array, value, store->index);
	}
	ojit_expr index = oj_integer(r->g, r->marks[item->node].place);
	return index && oj_block_store(r->space, block, r->shelves.at[item->height].array, value, &index);
}

static bool emit_foreign(struct roller *r, const struct block *block)
{
	struct block *copy = oj_program_block(&r->done, block->rank, block->lo, block->end, block->origin);
	bool ok = copy != NULL;
	for (size_t s = 0; ok && s < block->stores.count; s++)
		ok = VECTOR_PUSH(r->space->context, &copy->stores, block->stores.at[s]);
	return ok;
}

struct made oj_roll_made(const struct roller *r)
{
	struct made made = {.blocks = r->done.blocks.count, .straight = r->straight, .straight_height = r->straight_height};
	if (r->straight)
		made.stores = r->done.blocks.at[r->straight - 1].stores.count;
	return made;
}

void oj_roll_take_back(struct roller *r, const struct made *before)
{
	while (r->done.blocks.count > before->blocks)
		oj_block_drop(r->space, &r->done.blocks.at[--r->done.blocks.count]);
	r->straight = before->straight;
	r->straight_height = before->straight_height;
	if (r->straight)
		r->done.blocks.at[r->straight - 1].stores.count = before->stores;
}

/* A group as loops; where they do not pay they are taken back. */
static bool emit_group(struct roller *r, struct item *items, uint32_t count)
{
	struct made before = oj_roll_made(r);
	bool rolls = true, ok = items->choice == EQUAL ? oj_roll_emit_equal(r, items, count)
	                                               : oj_roll_emit_sums(r, items, count);
	if (ok && !r->refused)
		ok = oj_roll_weigh(r, items, count, before.blocks, &rolls);
	if (!ok || rolls)
		return ok;
	oj_roll_take_back(r, &before);
	for (uint32_t i = 0; ok && i < count; i++)
		ok = oj_roll_emit_straight(r, &items[i]);
	return ok;
}

static bool emit_unit(struct roller *r, const struct unit *unit)
{
	struct item *items = r->items.at + unit->first;
	if (unit->count == 0)
		return emit_foreign(r, &r->program->blocks.at[unit->first]);
	if (items->choice != STRAIGHT)
		return emit_group(r, items, unit->count);
	oj_roll_place(r, items, 1);
	return oj_roll_emit_straight(r, items);
}

static bool emit(struct roller *r)
{
	bool ok = make_shelves(r);
	for (size_t u = 0; ok && !r->refused && u < r->units.count; u++)
		ok = emit_unit(r, &r->units.at[u]);
	return ok && !r->g->failed;
}

/* ---------------------------------------------------------------- the pass */

static bool open_roller(struct roller *r)
{
	r->marks = ARENA_ZEROED(&r->arena, struct mark, r->nodes);
	r->named = ARENA_ZEROED(&r->arena, ojit_expr, r->arrays + 1);
	r->needed = ARENA_ZEROED(&r->arena, unsigned char, r->arrays + 1);
	r->array_height = ARENA_ZEROED(&r->arena, uint32_t, r->arrays + 1);
	return !r->arena.failed;
}

static void close_roller(struct roller *r)
{
	ojit_context *context = r->space->context;
	VECTOR_DROP(context, &r->order);
	VECTOR_DROP(context, &r->ends);
	VECTOR_DROP(context, &r->items);
	VECTOR_DROP(context, &r->units);
	VECTOR_DROP(context, &r->shelves);
	VECTOR_DROP(context, &r->stack);
	VECTOR_DROP(context, &r->operands);
	oj_expr_map_drop(&r->tables);
	oj_expr_map_drop(&r->data);
	oj_arena_drop(&r->arena);
	oj_program_drop(&r->done);
}

static bool roll(struct roller *r)
{
	if (!open_roller(r) || !find_needed(r))
		return false;
	measure_vectors(r);
	if (r->refused)
		return true;
	if (!visit_blocks(r) || !oj_roll_find_items(r))
		return false;
	if (!oj_roll_is_long(r)) {
		r->told.straight[SHORT] += (unsigned)r->items.count;
		return true;
	}
	if (!oj_roll_group(r))
		return false;
	if (r->hopeful == 0)
		return true;
	if (!emit(r))
		return false;
	if (!r->refused && r->rolled > 0) {
		struct program old = *r->program;
		*r->program = r->done;
		r->done = old;
	}
	return oj_program_layout(r->program) == OJIT_OK;
}

/* No block needs a node behind the last that it stores. */
static size_t last_node(const struct program *program)
{
	ojit_expr last = 0;
	for (size_t b = 0; b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++)
			last = block->stores.at[s].value > last ? block->stores.at[s].value : last;
	}
	return last;
}

ojit_status oj_pass_roll(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct space *space = program->space;
	struct roller r = {.program = program, .space = space, .g = &space->graph,
	                   .arrays = space->arrays.count, .nodes = last_node(program) + 1};
	struct text groups;
	oj_text_init(&groups, space->context);
	r.told.text = options->explanation ? &groups : NULL;
	r.all = options->roll_all;
	oj_arena_init(&r.arena, space->context);
	oj_program_init(&r.done, space, program->kind);
	oj_expr_map_init(&r.tables, space->context);
	oj_expr_map_init(&r.data, space->context);
	bool ok = roll(&r);
	if (ok && options->explanation)
		oj_roll_tell(&r, options->explanation);
	ok = ok && !groups.failed;
	oj_text_drop(&groups);
	close_roller(&r);
	return ok ? OJIT_OK : oj_fail_memory(error);
}
