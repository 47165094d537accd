/* See program.h. */
#include "lib/graph/program.h"

#include <string.h>

ojit_status oj_space_init(struct space *space, ojit_context *context)
{
	*space = (struct space){.context = context};
	oj_arena_init(&space->arena, context);
	TRY(oj_graph_init(&space->graph, context));
	return VECTOR_PUSH(context, &space->origins, (struct origin){0}) ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

ojit_status oj_space_copy(struct space *copy, const struct space *space)
{
	ojit_context *context = space->context;
	*copy = (struct space){.context = context, .temporaries = space->temporaries, .derived = space->derived,
	                       .finder = space->finder};
	oj_arena_init(&copy->arena, context);
	TRY(oj_graph_copy(&copy->graph, &space->graph));
	bool ok = VECTOR_APPEND(context, &copy->arrays, &space->arrays) &&
	          VECTOR_APPEND(context, &copy->tables, &space->tables) &&
	          VECTOR_APPEND(context, &copy->data, &space->data) &&
	          VECTOR_APPEND(context, &copy->table_data, &space->table_data) &&
	          VECTOR_APPEND(context, &copy->origins, &space->origins) &&
	          VECTOR_APPEND(context, &copy->places, &space->places);
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

void oj_space_drop(struct space *space)
{
	ojit_context *context = space->context;
	if (!context)
		return;
	oj_graph_drop(&space->graph);
	for (size_t i = 0; i < space->symbols.count; i++)
		VECTOR_DROP(context, &space->symbols.at[i].pieces);
	VECTOR_DROP(context, &space->arrays);
	VECTOR_DROP(context, &space->tables);
	VECTOR_DROP(context, &space->symbols);
	VECTOR_DROP(context, &space->data);
	VECTOR_DROP(context, &space->table_data);
	VECTOR_DROP(context, &space->origins);
	VECTOR_DROP(context, &space->places);
	oj_arena_drop(&space->arena);
}

uint32_t oj_space_array(struct space *space, const char *name, enum array_role role, uint32_t rank,
                        const int64_t *base, const int64_t *extent, int64_t offset)
{
	const char *copy = oj_arena_string(&space->arena, name, strlen(name));
	return copy ? oj_space_array_named(space, copy, role, rank, base, extent, offset) : UINT32_MAX;
}

uint32_t oj_space_array_named(struct space *space, const char *name, enum array_role role, uint32_t rank,
                              const int64_t *base, const int64_t *extent, int64_t offset)
{
	struct array array = {.name = name, .role = role, .rank = (uint8_t)rank, .offset = role == ROLE_TEMP ? -1 : offset};
	int64_t *shape = rank ? ARENA_NEW(&space->arena, int64_t, 2 * rank) : NULL;
	if (rank && !shape)
		return UINT32_MAX;
	for (uint32_t k = 0; k < rank; k++)
		shape[k] = base[k], shape[rank + k] = extent[k];
	if (rank)
		array.base = shape, array.extent = shape + rank;
	if (!VECTOR_PUSH(space->context, &space->arrays, array))
		return UINT32_MAX;
	return (uint32_t)space->arrays.count - 1;
}

bool oj_space_place(struct space *space, uint32_t array, uint32_t place)
{
	bool ok = true;
	while (ok && space->places.count <= array)
		ok = VECTOR_PUSH(space->context, &space->places, 0);
	if (ok)
		space->places.at[array] = place;
	return ok;
}

uint32_t oj_space_place_of(const struct space *space, uint32_t array)
{
	return array < space->places.count ? space->places.at[array] : 0;
}

uint32_t oj_space_table(struct space *space, const char *name, uint32_t rank, const int64_t *base,
                        const int64_t *extent, const int32_t *values)
{
	struct table table = {.rank = rank, .offset = (int64_t)space->table_data.count,
	                      .least = INT32_MAX, .greatest = INT32_MIN};
	table.name = oj_arena_string(&space->arena, name, strlen(name));
	int64_t length = 1;
	for (uint32_t k = 0; k < rank; k++) {
		table.base[k] = base[k];
		length *= table.extent[k] = extent[k];
	}
	for (int64_t i = 0; i < length; i++) {
		if (!VECTOR_PUSH(space->context, &space->table_data, values[i]))
			return UINT32_MAX;
		table.least = values[i] < table.least ? values[i] : table.least;
		table.greatest = values[i] > table.greatest ? values[i] : table.greatest;
	}
	if (!table.name || !VECTOR_PUSH(space->context, &space->tables, table))
		return UINT32_MAX;
	return (uint32_t)space->tables.count - 1;
}

int64_t oj_array_length(const struct array *array)
{
	int64_t length = 1;
	for (uint32_t k = 0; k < array->rank; k++)
		length *= array->extent[k];
	return length;
}

void oj_program_init(struct program *program, struct space *space, int kind)
{
	*program = (struct program){.space = space, .kind = kind};
}

void oj_program_drop(struct program *program)
{
	if (!program->space)
		return;
	for (size_t i = 0; i < program->blocks.count; i++)
		oj_block_drop(program->space, &program->blocks.at[i]);
	VECTOR_DROP(program->space->context, &program->blocks);
}

bool oj_program_copy_block(struct program *program, const struct block *like)
{
	struct block *block = oj_program_block(program, like->rank, like->lo, like->end, like->origin);
	bool ok = block != NULL;
	for (size_t s = 0; ok && s < like->stores.count; s++)
		ok = oj_block_store(program->space, block, like->stores.at[s].array, like->stores.at[s].value,
		                    like->stores.at[s].index);
	return ok;
}

ojit_status oj_program_copy(struct program *copy, const struct program *program, struct space *space)
{
	oj_program_init(copy, space, program->kind);
	copy->scratch = program->scratch;
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		const struct block *from = &program->blocks.at[b];
		struct block *block = oj_program_block(copy, from->rank, from->lo, from->end, from->origin);
		ok = block && VECTOR_APPEND(space->context, &block->stores, &from->stores);
	}
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

struct block *oj_program_block(struct program *program, uint32_t rank, const int64_t *lo,
                               const int64_t *end, uint32_t origin)
{
	struct block block = {.rank = rank, .origin = origin};
	for (uint32_t k = 0; k < rank; k++) {
		block.lo[k] = lo[k];
		block.end[k] = end[k];
	}
	if (!VECTOR_PUSH(program->space->context, &program->blocks, block))
		return NULL;
	return &program->blocks.at[program->blocks.count - 1];
}

bool oj_program_intermediates(struct program *program, const struct program *from)
{
	const struct space *space = program->space;
	bool ok = true;
	for (size_t b = 0; ok && b < from->blocks.count; b++) {
		const struct block *block = &from->blocks.at[b];
		struct block *copy = oj_program_block(program, block->rank, block->lo, block->end, block->origin);
		ok = copy != NULL;
		for (size_t s = 0; ok && s < block->stores.count; s++)
			if (space->arrays.at[block->stores.at[s].array].role == ROLE_TEMP)
				ok = VECTOR_PUSH(space->context, &copy->stores, block->stores.at[s]);
	}
	return ok;
}

bool oj_block_store(struct space *space, struct block *block, uint32_t array, ojit_expr value,
                    const ojit_expr *index)
{
	struct store store = {.array = array, .value = value};
	for (uint32_t k = 0; k < space->arrays.at[array].rank; k++)
		store.index[k] = index[k];
	return VECTOR_PUSH(space->context, &block->stores, store);
}

static bool is_part_of(const struct space *space, ojit_expr value, ojit_expr e)
{
	struct expr_list list = {0};
	bool found = false;
	oj_reach(&space->graph, &value, 1, true, &list); /* out of memory: what was found of it */
	for (size_t i = 0; i < list.list.count && !found; i++)
		found = list.list.at[i] == e;
	VECTOR_DROP(space->context, &list.list);
	return found;
}

/* The first store that `e` is a part of; NULL: none. */
static const struct store *store_with(const struct space *space, const struct block *block, ojit_expr e)
{
	for (size_t s = 0; s < block->stores.count; s++)
		if (block->stores.count == 1 || is_part_of(space, block->stores.at[s].value, e))
			return &block->stores.at[s];
	return NULL;
}

struct origin oj_block_origin(const struct space *space, const struct block *block, ojit_expr e)
{
	const struct store *store = block->stores.count > 1 ? store_with(space, block, e) : NULL;
	uint32_t place = store ? oj_space_place_of(space, store->array) : 0;
	return place && space->finder.find ? space->finder.find(space->finder.book, place) : space->origins.at[block->origin];
}

ojit_status oj_block_underivable(const struct space *space, const struct block *block, ojit_expr e, struct oj_error *error)
{
	struct origin origin = oj_block_origin(space, block, e);
	const struct store *store = store_with(space, block, e);
	return oj_fail_at(error, OJIT_UNSUPPORTED, &origin, "%s has no derivative that ojit knows, and %s is made of it, maybe by "
	                  "way of a let or fun; explicit methods other than taylor do without derivatives",
	                  oj_op_info[oj_node(&space->graph, e)->op].text, store ? space->arrays.at[store->array].name : "an equation");
}

void oj_block_drop(struct space *space, struct block *block)
{
	VECTOR_DROP(space->context, &block->stores);
}

int64_t oj_block_points(const struct block *block)
{
	int64_t points = 1;
	for (uint32_t k = 0; k < block->rank; k++)
		points *= block->end[k] > block->lo[k] ? block->end[k] - block->lo[k] : 0;
	return points;
}

bool oj_block_reach(const struct space *space, const struct block *block, bool into_bodies,
                    struct expr_list *list)
{
	struct expr_list roots = {0};
	bool ok = true;
	for (size_t s = 0; ok && s < block->stores.count; s++)
		ok = VECTOR_PUSH(space->context, &roots.list, block->stores.at[s].value);
	ok = ok && oj_reach(&space->graph, roots.list.at, roots.list.count, into_bodies, list);
	VECTOR_DROP(space->context, &roots.list);
	return ok;
}

/* Layout. */

static ojit_status mark_loads(struct program *program, const struct block *block, struct expr_list *list,
                              unsigned char *loaded)
{
	const struct graph *g = &program->space->graph;
	list->list.count = 0;
	if (!oj_block_reach(program->space, block, true, list))
		return OJIT_OUT_OF_MEMORY;
	for (size_t i = 0; i < list->list.count; i++)
		if (oj_is(g, list->list.at[i], OP_LOAD))
			loaded[oj_node(g, list->list.at[i])->ref.id] = 1;
	return OJIT_OK;
}

/* Keep the stores somebody wants.  Producers precede users, so one backward walk
 * over the blocks sees every use before the store. */
static void drop_dead_stores(struct program *program, struct block *block, const unsigned char *loaded)
{
	size_t kept = 0;
	for (size_t s = 0; s < block->stores.count; s++) {
		struct store *store = &block->stores.at[s];
		bool temp = program->space->arrays.at[store->array].role == ROLE_TEMP;
		if (!temp || loaded[store->array])
			block->stores.at[kept++] = *store;
	}
	block->stores.count = kept;
}

/* A TEMP array has one place for all programs of the space. */
static void place_temporaries(struct program *program, const unsigned char *loaded)
{
	struct space *space = program->space;
	program->scratch = 0;
	for (size_t a = 0; a < space->arrays.count; a++) {
		struct array *array = &space->arrays.at[a];
		if (array->role != ROLE_TEMP || !loaded[a])
			continue;
		int64_t length = oj_array_length(array);
		if (array->offset < 0) {
			array->offset = space->temporaries;
			space->temporaries += length;
		}
		if (program->scratch < array->offset + length)
			program->scratch = array->offset + length;
	}
}

ojit_status oj_program_layout(struct program *program)
{
	struct space *space = program->space;
	size_t count = space->arrays.count;
	unsigned char *loaded = oj_memory_get(space->context, count + 1);
	if (!loaded)
		return OJIT_OUT_OF_MEMORY;
	memset(loaded, 0, count + 1);
	struct expr_list list = {0};
	/* A node that could not be made may have passed for an unknown one. */
	ojit_status status = space->graph.failed ? OJIT_OUT_OF_MEMORY : OJIT_OK;
	for (size_t b = program->blocks.count; status == OJIT_OK && b-- > 0;) {
		struct block *block = &program->blocks.at[b];
		drop_dead_stores(program, block, loaded);
		status = mark_loads(program, block, &list, loaded);
	}
	VECTOR_DROP(space->context, &list.list);
	if (status == OJIT_OK) {
		size_t kept = 0;
		for (size_t b = 0; b < program->blocks.count; b++) {
			struct block *block = &program->blocks.at[b];
			if (block->stores.count && oj_block_points(block) > 0)
				program->blocks.at[kept++] = *block;
			else
				oj_block_drop(space, block);
		}
		program->blocks.count = kept;
		place_temporaries(program, loaded);
	}
	oj_memory_put(space->context, loaded, count + 1);
	return status;
}
