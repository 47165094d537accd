/* Stores into intermediate arrays that no load can reach.
 *
 * oj_program_layout drops arrays nobody loads.  Of an array that straight code was given
 * most elements of in another way, single ones may still be loaded: here every store is
 * held to what later loads can reach, single elements one by one (as bits) and ranges as
 * the boxes they lie in. */
#include "lib/graph/passes.h"

#include <string.h>

enum { BOXES = 32 }; /* of one array; more are joined */

struct box {
	int64_t least[RANK], greatest[RANK];
};

struct reading { /* of one array */
	VECTOR(struct box) boxes;
	uint64_t *points; /* bits of elements, NULL: none */
};

struct unread {
	struct program *program;
	struct space *space;
	struct surroundings around;
	struct reading *of; /* [arrays] */
	size_t arrays;
};

static size_t bytes_of_points(const struct array *array)
{
	return ((size_t)oj_array_length(array) / 64 + 1) * sizeof(uint64_t);
}

static int64_t flat(const struct array *array, const int64_t *index)
{
	int64_t at = 0;
	for (uint32_t k = 0; k < array->rank; k++)
		at = at * array->extent[k] + index[k] - array->base[k];
	return at;
}

/* What subscripts can be, within the array. */
static void find_box(struct unread *u, const struct array *array, const ojit_expr *index, struct box *box)
{
	memset(box, 0, sizeof *box);
	for (uint32_t k = 0; k < array->rank; k++) {
		int64_t lo = array->base[k], hi = lo + array->extent[k] - 1, *least = &box->least[k], *greatest = &box->greatest[k];
		bool known = oj_bounds(&u->around, index[k], least, greatest);
		if (!known || *least < lo)
			*least = lo;
		if (!known || *greatest > hi)
			*greatest = hi;
	}
}

static bool is_point(const struct array *array, const struct box *box)
{
	return memcmp(box->least, box->greatest, array->rank * sizeof *box->least) == 0;
}

static bool add_point(struct unread *u, struct reading *reading, const struct array *array, const struct box *box)
{
	size_t bytes = bytes_of_points(array);
	int64_t at = flat(array, box->least);
	if (!reading->points && (reading->points = oj_memory_get(u->space->context, bytes)))
		memset(reading->points, 0, bytes);
	if (reading->points)
		reading->points[at / 64] |= (uint64_t)1 << at % 64;
	return reading->points != NULL;
}

static void join(struct box *box, const struct box *with, uint32_t rank)
{
	for (uint32_t k = 0; k < rank; k++) {
		if (with->least[k] < box->least[k])
			box->least[k] = with->least[k];
		if (with->greatest[k] > box->greatest[k])
			box->greatest[k] = with->greatest[k];
	}
}

static bool add_box(struct unread *u, struct reading *reading, const struct array *array, const struct box *box)
{
	for (size_t k = 0; k < reading->boxes.count; k++)
		if (memcmp(&reading->boxes.at[k], box, sizeof *box) == 0)
			return true;
	if (reading->boxes.count < BOXES)
		return VECTOR_PUSH(u->space->context, &reading->boxes, *box);
	join(&reading->boxes.at[BOXES - 1], box, array->rank);
	return true;
}

static bool note_load(struct unread *u, ojit_expr e)
{
	const struct node *n = oj_node(&u->space->graph, e);
	const struct array array = u->space->arrays.at[n->ref.id];
	struct reading *reading = &u->of[n->ref.id];
	ojit_expr index[RANK];
	struct box box;
	if (array.role != ROLE_TEMP)
		return true;
	for (uint32_t k = 0; k < array.rank; k++)
		index[k] = oj_operands(&u->space->graph, e)[k];
	find_box(u, &array, index, &box);
	return is_point(&array, &box) ? add_point(u, reading, &array, &box) : add_box(u, reading, &array, &box);
}

static bool note_open(struct unread *u, const ojit_expr *roots, size_t count);

static bool note_node(struct unread *u, ojit_expr e)
{
	struct graph *g = &u->space->graph;
	struct node n = *oj_node(g, e);
	if (n.op == OP_LOAD)
		return note_load(u, e);
	if (n.op != OP_REDUCE)
		return true;
	ojit_expr operands[4];
	memcpy(operands, oj_operands(g, e), sizeof operands);
	struct entered before = oj_enter(&u->around, n.reduction.level, operands[REDUCE_LO], operands[REDUCE_END]);
	bool ok = note_open(u, &operands[REDUCE_BODY], 1);
	oj_leave(&u->around, before);
	return ok;
}

static bool note_open(struct unread *u, const ojit_expr *roots, size_t count)
{
	struct expr_list list = {0};
	bool ok = oj_reach_open(&u->space->graph, roots, count, &list);
	for (size_t i = 0; ok && i < list.list.count; i++)
		ok = note_node(u, list.list.at[i]);
	VECTOR_DROP(u->space->context, &list.list);
	return ok;
}

/* All loads of a block; what depends on no index once, however deep it lies. */
static bool note_loads(struct unread *u, const struct block *block)
{
	struct expr_list list = {0};
	bool ok = oj_block_reach(u->space, block, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++)
		ok = oj_node(&u->space->graph, list.list.at[i])->levels || note_node(u, list.list.at[i]);
	for (size_t s = 0; ok && s < block->stores.count; s++)
		ok = note_open(u, &block->stores.at[s].value, 1);
	VECTOR_DROP(u->space->context, &list.list);
	return ok;
}

static bool overlap(const struct box *a, const struct box *b, uint32_t rank)
{
	bool overlap = true;
	for (uint32_t k = 0; overlap && k < rank; k++)
		overlap = a->least[k] <= b->greatest[k] && b->least[k] <= a->greatest[k];
	return overlap;
}

static bool has_point(const struct array *array, const uint64_t *points, const struct box *box)
{
	int64_t at[RANK];
	memcpy(at, box->least, sizeof at);
	for (;;) {
		int64_t e = flat(array, at);
		uint32_t k = array->rank;
		if (points[e / 64] >> e % 64 & 1)
			return true;
		while (k > 0 && ++at[k - 1] > box->greatest[k - 1]) {
			at[k - 1] = box->least[k - 1];
			k--;
		}
		if (k == 0)
			return false;
	}
}

static bool is_read(struct unread *u, const struct store *store)
{
	const struct array array = u->space->arrays.at[store->array];
	const struct reading *reading = &u->of[store->array];
	struct box box;
	bool read = false;
	if (array.role != ROLE_TEMP)
		return true;
	find_box(u, &array, store->index, &box);
	for (size_t k = 0; !read && k < reading->boxes.count; k++)
		read = overlap(&box, &reading->boxes.at[k], array.rank);
	return read || (reading->points && has_point(&array, reading->points, &box));
}

static bool look_at(struct unread *u, struct block *block)
{
	size_t kept = 0;
	oj_surroundings_init(&u->around, u->space, block);
	for (size_t s = 0; s < block->stores.count; s++)
		if (is_read(u, &block->stores.at[s]))
			block->stores.at[kept++] = block->stores.at[s];
	block->stores.count = kept;
	return kept == 0 || note_loads(u, block);
}

bool oj_drop_unread(struct program *program)
{
	struct space *space = program->space;
	struct unread u = {.program = program, .space = space, .arrays = space->arrays.count};
	size_t bytes = (u.arrays + 1) * sizeof *u.of;
	if (!(u.of = oj_memory_get(space->context, bytes)))
		return false;
	memset(u.of, 0, bytes);
	bool ok = true;
	for (size_t b = program->blocks.count; ok && b-- > 0;)
		ok = look_at(&u, &program->blocks.at[b]);
	for (size_t a = 0; a < u.arrays; a++) {
		VECTOR_DROP(space->context, &u.of[a].boxes);
		oj_memory_put(space->context, u.of[a].points, bytes_of_points(&space->arrays.at[a]));
	}
	oj_memory_put(space->context, u.of, bytes);
	return ok && !space->graph.failed;
}
