/* Pass inline: intermediate arrays that are cheaper to compute again than to keep.
 *
 * A load of a TEMP array is replaced by the value its block stores there, with
 * the block's indices replaced by the load's, when the whole range of the access
 * falls into one producing block and either the value is cheap, or this is the
 * only load and no loop repeats it.  Elements nobody loads any more (unread.c) and
 * arrays (oj_program_layout) vanish. */
#include "lib/graph/cost.h"
#include "lib/graph/passes.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CHEAP = 5 }; /* an access to memory and the store behind it */

struct producer {
	uint32_t block, store;
	bool cheap, gathers; /* to compute again; even so it takes several loads */
	uint32_t next; /* another producer of the same array, or of an element of the same key, + 1 */
};

struct inliner {
	struct program *program;
	VECTOR(struct producer) producers;
	uint32_t *first; /* [arrays] producer over a box, + 1 */
	struct expr_map points; /* key of a single element -> the latest producer, + 1 */
	uint32_t *uses;  /* [arrays] distinct loads, over all blocks */
	size_t arrays;
	struct surroundings around;
	uint32_t consumer; /* block being rewritten */
	int depth;         /* reductions around the node being rewritten */
};

/* An index that is one of the block's own and a constant: its level; -1: it is not. */
static int level_of(const struct graph *g, ojit_expr index, int64_t *constant)
{
	struct affine a;
	oj_affine(g, index, &a);
	*constant = a.constant;
	if (a.count != 1 || a.coefficients[0] != 1 || !oj_is(g, a.atoms[0], OP_INDEX))
		return -1;
	return (int)oj_node(g, a.atoms[0])->integer;
}

/* A store whose every index is a constant or one of the block's own, shifted or not,
 * none twice and none left out: then indices and elements belong to each other. */
static bool is_plain(const struct graph *g, const struct block *block, const struct store *store, uint32_t rank)
{
	uint32_t levels = 0;
	for (uint32_t k = 0; k < rank; k++) {
		int64_t constant;
		const struct node *n = oj_node(g, store->index[k]);
		if (n->op != OP_INTEGER && (level_of(g, store->index[k], &constant) < 0 || levels & n->levels))
			return false;
		levels |= n->levels;
	}
	return levels == (1u << block->rank) - 1;
}

/* Of an element: arrays that are written one by one have very many producers. */
static uint32_t point_key(uint32_t array, uint32_t rank, const int64_t *index)
{
	uint64_t hash = XXH3_64bits_withSeed(index, rank * sizeof *index, array);
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

/* A store to one element: its key; 0: it goes over a box. */
static uint32_t stored_point(const struct graph *g, const struct store *store, uint32_t rank)
{
	int64_t index[RANK];
	for (uint32_t k = 0; k < rank; k++)
		if (!oj_integer_value(g, store->index[k], &index[k]))
			return 0;
	return point_key(store->array, rank, index);
}

/* Are there several loads below `e`?  *ok: false without memory. */
static bool takes_loads(const struct graph *g, ojit_expr e, bool *ok)
{
	struct expr_list list = {0};
	int loads = 0;
	*ok = oj_reach(g, &e, 1, true, &list);
	for (size_t k = 0; *ok && k < list.list.count; k++)
		loads += oj_is(g, list.list.at[k], OP_LOAD) && oj_node(g, list.list.at[k])->levels;
	VECTOR_DROP(g->context, &list.list);
	return loads > 1;
}

static bool add_producers(struct inliner *in, uint32_t b)
{
	struct space *space = in->program->space;
	const struct block *block = &in->program->blocks.at[b];
	for (uint32_t i = 0; i < block->stores.count; i++) {
		const struct store *store = &block->stores.at[i];
		const struct array *array = &space->arrays.at[store->array];
		unsigned cost;
		if (array->role != ROLE_TEMP || !is_plain(&space->graph, block, store, array->rank))
			continue;
		if (!oj_cost(&space->graph, store->value, CHEAP + 1, &cost))
			return false;
		uint32_t key = stored_point(&space->graph, store, array->rank), latest = 0;
		bool ok = true, gathers = cost <= CHEAP && takes_loads(&space->graph, store->value, &ok);
		if (!ok)
			return false;
		struct producer producer = {b, i, cost <= CHEAP, gathers, in->first[store->array]};
		if (key && oj_expr_map_get(&in->points, key, &latest))
			producer.next = latest;
		else if (key)
			producer.next = 0;
		if (!VECTOR_PUSH(space->context, &in->producers, producer))
			return false;
		uint32_t own = (uint32_t)in->producers.count;
		if (key && !oj_expr_map_put(&in->points, key, own))
			return false;
		if (!key)
			in->first[store->array] = own;
	}
	return true;
}

static void count_loads(struct inliner *in, const struct expr_list *list, bool open)
{
	const struct graph *g = &in->program->space->graph;
	for (size_t k = 0; k < list->list.count; k++) {
		const struct node *n = oj_node(g, list->list.at[k]);
		if (n->op == OP_LOAD && (!open || n->levels))
			in->uses[n->ref.id]++;
	}
}

/* What a body loads turn by turn stays an array, so it counts once more: the same
 * node may stand outside of the body, where its index is the block's. */
static bool count_uses(struct inliner *in, const struct block *block)
{
	const struct graph *g = &in->program->space->graph;
	struct expr_list list = {0}, bodies = {0}, inside = {0};
	bool ok = oj_block_reach(in->program->space, block, true, &list);
	for (size_t k = 0; ok && k < list.list.count; k++)
		if (oj_is(g, list.list.at[k], OP_REDUCE))
			ok = VECTOR_PUSH(g->context, &bodies.list, oj_operands(g, list.list.at[k])[REDUCE_BODY]);
	ok = ok && oj_reach(g, bodies.list.at, bodies.list.count, true, &inside);
	if (ok) {
		count_loads(in, &list, false);
		count_loads(in, &inside, true);
	}
	VECTOR_DROP(g->context, &list.list);
	VECTOR_DROP(g->context, &bodies.list);
	VECTOR_DROP(g->context, &inside.list);
	return ok;
}

/* What a load can read. */
struct reach {
	uint32_t array;
	const ojit_expr *index;
	int64_t least[RANK], greatest[RANK];
};

/* The block indices that make `store` write where the load reads: map[level].
 * False: the load can reach outside of what the block writes. */
static bool match(const struct inliner *in, const struct producer *producer, const struct reach *reach, ojit_expr *map)
{
	struct graph *g = &in->program->space->graph;
	const struct block *block = &in->program->blocks.at[producer->block];
	const struct store *store = &block->stores.at[producer->store];
	uint32_t rank = in->program->space->arrays.at[store->array].rank;
	if (store->array != reach->array) /* an element of the same key */
		return false;
	memset(map, 0, LEVELS * sizeof *map);
	for (uint32_t k = 0; k < rank; k++) {
		int64_t least = reach->least[k], greatest = reach->greatest[k], constant;
		if (oj_integer_value(g, store->index[k], &constant)) {
			if (least != constant || greatest != constant)
				return false;
			continue;
		}
		int level = level_of(g, store->index[k], &constant);
		if (least - constant < block->lo[level] || greatest - constant >= block->end[level])
			return false;
		map[level] = oj_integer_offset(g, reach->index[k], -constant);
	}
	return true;
}

/* False: nothing bounds the load. */
static bool find_reach(struct inliner *in, uint32_t array, const ojit_expr *index, struct reach *reach)
{
	uint32_t rank = in->program->space->arrays.at[array].rank;
	*reach = (struct reach){.array = array, .index = index};
	for (uint32_t k = 0; k < rank; k++)
		if (!oj_bounds(&in->around, index[k], &reach->least[k], &reach->greatest[k]))
			return false;
	return true;
}

/* The producer of all that a load can read, and its map; NULL: none. */
static const struct producer *find_producer(const struct inliner *in, const struct reach *reach, ojit_expr *map)
{
	uint32_t rank = in->program->space->arrays.at[reach->array].rank, point = 0;
	bool single = memcmp(reach->least, reach->greatest, rank * sizeof *reach->least) == 0;
	if (single && !oj_expr_map_get(&in->points, point_key(reach->array, rank, reach->least), &point))
		point = 0;
	for (int boxes = 0; boxes < 2; boxes++)
		for (uint32_t p = boxes ? in->first[reach->array] : point; p; p = in->producers.at[p - 1].next)
			if (match(in, &in->producers.at[p - 1], reach, map))
				return &in->producers.at[p - 1];
	return NULL;
}

/* Does a loop the producer does not have repeat the load?  It is done in the loop of its
 * deepest index, which those of all axes before repeat. */
static bool repeated(struct inliner *in, const struct producer *producer, ojit_expr load)
{
	const struct block *consumer = &in->program->blocks.at[in->consumer];
	uint32_t levels = oj_node(&in->program->space->graph, load)->levels;
	int64_t points = 1;
	for (uint32_t k = 0; k < consumer->rank; k++)
		if (levels >> k)
			points *= consumer->end[k] - consumer->lo[k];
	return points > oj_block_points(&in->program->blocks.at[producer->block]);
}

static ojit_expr inline_load(struct inliner *in, ojit_expr e, const ojit_expr *index)
{
	struct graph *g = &in->program->space->graph;
	ojit_expr load = oj_remake(g, e, index), map[LEVELS];
	if (!load)
		return 0;
	uint32_t array = oj_node(g, e)->ref.id;
	struct reach reach;
	if ((in->first[array] == 0 && in->points.count == 0) || !find_reach(in, array, index, &reach))
		return g->failed ? 0 : load;
	const struct producer *producer = find_producer(in, &reach, map);
	if (!producer)
		return load;
	/* Through a table each load of what is computed again is a gather, instead of one. */
	bool cheap = producer->cheap && !(producer->gathers && oj_read_tables(g, index, oj_node(g, e)->arity));
	bool once = in->uses[array] == 1 && in->depth == 0 && !repeated(in, producer, load);
	if (!cheap && !once)
		return load;
	const struct block *block = &in->program->blocks.at[producer->block];
	return oj_substitute(in->program->space, block->stores.at[producer->store].value, map, block->rank);
}

static ojit_expr inline_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct inliner *in = rewrite->data;
	struct graph *g = &in->program->space->graph;
	if (!oj_is(g, e, OP_LOAD))
		return oj_simplified(g, e, operands);
	return inline_load(in, e, operands);
}

static ojit_expr inline_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct inliner *in = rewrite->data;
	struct graph *g = &in->program->space->graph;
	ojit_expr operands[4] = {outer[0], outer[1], outer[2], oj_operands(g, e)[REDUCE_BODY]};
	struct entered before = oj_enter(&in->around, oj_node(g, e)->reduction.level, outer[REDUCE_LO],
	                                 outer[REDUCE_END]);
	in->depth++;
	ojit_status status = oj_rewrite(rewrite, &operands[REDUCE_BODY], 1);
	in->depth--;
	oj_leave(&in->around, before);
	return status == OJIT_OK ? oj_simplified_reduction(in->program->space, e, operands) : 0;
}

static bool inline_block(struct inliner *in, uint32_t b)
{
	struct space *space = in->program->space;
	struct rewrite rewrite = {.space = space, .node = inline_node, .reduction = inline_reduction, .data = in};
	in->consumer = b;
	oj_surroundings_init(&in->around, space, &in->program->blocks.at[b]);
	return oj_rewrite_block(&rewrite, &in->program->blocks.at[b]) == OJIT_OK && add_producers(in, b);
}

ojit_status oj_pass_inline(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct space *space = program->space;
	struct inliner in = {.program = program, .arrays = space->arrays.count + 1};
	(void)options;
	size_t bytes = 2 * in.arrays * sizeof *in.first;
	in.first = oj_memory_get(space->context, bytes);
	if (!in.first)
		return oj_fail_memory(error);
	memset(in.first, 0, bytes);
	in.uses = in.first + in.arrays;
	oj_expr_map_init(&in.points, space->context);
	bool ok = true;
	for (uint32_t b = 0; ok && b < program->blocks.count; b++)
		ok = count_uses(&in, &program->blocks.at[b]);
	for (uint32_t b = 0; ok && b < program->blocks.count; b++)
		ok = inline_block(&in, b);
	oj_memory_put(space->context, in.first, bytes);
	oj_expr_map_drop(&in.points);
	VECTOR_DROP(space->context, &in.producers);
	if (!ok || !oj_drop_unread(program) || oj_program_layout(program) != OJIT_OK)
		return oj_fail_memory(error);
	return OJIT_OK;
}
