/* Pass separate: values that rows, or rows and terms, have in common.
 *
 * After separation sin(x[j] - c) is needed of every j by a sum over all of them, and of
 * every row by the row.  Both are the same function of one index, and mathematical
 * functions are what takes time, so it is computed into an array first.
 *
 * A sum that depends on the second axis of a box only would be computed again along the
 * first.  It gets a block of its own too. */
#include "lib/graph/separate.h"

#include <string.h>

struct keeper {
	struct keeping *keeping;
	struct block *block;
	struct expr_list outside; /* nodes of the block that are in no body */
	struct expr_map outside_set, loads; /* a node to what stands for it */
};

/* The node over index variable `level` instead of `from`. */
static ojit_expr at_level(struct space *space, ojit_expr node, unsigned from, unsigned level)
{
	ojit_expr index[LEVELS] = {0};
	index[from] = oj_index(&space->graph, level);
	return oj_substitute(space, node, index, LEVELS);
}

static bool add_block(struct keeping *keeping, const struct kept *kept)
{
	struct space *space = keeping->space;
	struct block *block = oj_program_block(keeping->done, kept->rank, kept->lo, kept->end, 0);
	ojit_expr index[RANK] = {0};
	for (uint32_t k = 0; k < kept->rank; k++)
		index[k] = oj_index(&space->graph, k);
	return block && oj_block_store(space, block, kept->array, kept->node, index);
}

static bool is_same(const struct kept *a, const struct kept *b)
{
	if (a->node != b->node || a->rank != b->rank)
		return false;
	for (uint32_t k = 0; k < a->rank; k++)
		if (a->lo[k] != b->lo[k] || a->end[k] != b->end[k])
			return false;
	return true;
}

/* The array of a function over ranges, made where there is none yet. */
static bool find_kept(struct keeping *keeping, struct kept *kept)
{
	struct space *space = keeping->space;
	int64_t extent[RANK];
	for (size_t i = 0; i < keeping->all.count; i++)
		if (is_same(&keeping->all.at[i], kept)) {
			kept->array = keeping->all.at[i].array;
			return true;
		}
	for (uint32_t k = 0; k < kept->rank; k++)
		extent[k] = kept->end[k] - kept->lo[k];
	kept->array = oj_space_array(space, "factor", ROLE_TEMP, kept->rank, kept->lo, extent, -1);
	return kept->array != UINT32_MAX && VECTOR_PUSH(space->context, &keeping->all, *kept) &&
	       add_block(keeping, kept);
}

/* Load the array instead of `node`, at the index variables of `levels`. */
static bool put_load(struct keeper *k, ojit_expr node, const struct kept *kept, const unsigned *levels)
{
	struct graph *g = &k->keeping->space->graph;
	ojit_expr index[RANK] = {0};
	for (uint32_t axis = 0; axis < kept->rank; axis++)
		index[axis] = oj_index(g, levels[axis]);
	ojit_expr load = oj_load(g, kept->array, kept->rank, index);
	return load && oj_expr_map_put(&k->loads, node, load);
}

/* A function over level `own` of a sum's body: is it wanted of rows too? */
static bool keep_function(struct keeper *k, ojit_expr node, unsigned own, int64_t lo, int64_t end)
{
	struct space *space = k->keeping->space;
	struct kept kept = {.rank = 1, .lo = {lo}, .end = {end}};
	uint32_t ignored;
	for (unsigned level = 0; level < k->block->rank; level++) {
		ojit_expr row = at_level(space, node, own, level);
		if (!row)
			return false;
		if (!oj_expr_map_get(&k->outside_set, row, &ignored) || k->block->lo[level] < lo || k->block->end[level] > end)
			continue;
		kept.node = at_level(space, node, own, 0);
		if (!kept.node || !find_kept(k->keeping, &kept) || !put_load(k, row, &kept, &level) ||
		    !put_load(k, node, &kept, &own))
			return false;
	}
	return true;
}

static bool keep_of_sum(struct keeper *k, ojit_expr sum)
{
	const struct graph *g = &k->keeping->space->graph;
	struct reduction reduction = oj_node(g, sum)->reduction;
	const ojit_expr *o = oj_operands(g, sum);
	struct expr_list list = {0};
	int64_t lo, end;
	if (!oj_integer_value(g, o[REDUCE_LO], &lo) || !oj_integer_value(g, o[REDUCE_END], &end) || end <= lo)
		return true;
	bool ok = oj_reach(g, &o[REDUCE_BODY], 1, false, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		const struct node *n = oj_node(g, list.list.at[i]);
		if (oj_op_info[n->op].way == WAY_MATH && n->levels == 1u << reduction.level)
			ok = keep_function(k, list.list.at[i], reduction.level, lo, end);
	}
	VECTOR_DROP(g->context, &list.list);
	return ok;
}

bool oj_is_stray(const struct graph *g, const struct block *block, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	return n->op == OP_REDUCE && n->levels & (n->levels + 1) && !(n->levels >> block->rank);
}

/* What depends on some axes of the box is computed over those. */
static bool keep_stray(struct keeper *k, ojit_expr e)
{
	struct space *space = k->keeping->space;
	uint32_t levels = oj_node(&space->graph, e)->levels;
	ojit_expr index[LEVELS] = {0};
	unsigned axes[RANK];
	struct kept kept = {0};
	for (unsigned level = 0; level < k->block->rank; level++) {
		if (!(levels >> level & 1))
			continue;
		index[level] = oj_index(&space->graph, kept.rank);
		kept.lo[kept.rank] = k->block->lo[level];
		kept.end[kept.rank] = k->block->end[level];
		axes[kept.rank++] = level;
	}
	kept.node = oj_substitute(space, e, index, LEVELS);
	return kept.node && find_kept(k->keeping, &kept) && put_load(k, e, &kept, axes);
}

static ojit_expr load_instead(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	const struct keeper *k = rewrite->data;
	ojit_expr load;
	if (oj_expr_map_get(&k->loads, e, &load))
		return load;
	return oj_simplified(&rewrite->space->graph, e, operands);
}

/* Kept functions may be in bodies with other ranges: then all stays as it is. */
static bool read_kept(struct keeper *k)
{
	struct space *space = k->keeping->space;
	struct rewrite rewrite = {.space = space, .node = load_instead, .data = k};
	struct surroundings around;
	bool ok = true, inside = true;
	ojit_expr *values = oj_memory_get(space->context, k->block->stores.count * sizeof *values);
	oj_surroundings_init(&around, space, k->block);
	for (size_t i = 0; values && ok && inside && i < k->block->stores.count; i++) {
		values[i] = k->block->stores.at[i].value;
		ok = oj_rewrite(&rewrite, &values[i], 1) == OJIT_OK && oj_accesses_inside(&around, values[i], &inside);
	}
	for (size_t i = 0; values && ok && inside && i < k->block->stores.count; i++)
		k->block->stores.at[i].value = values[i];
	oj_memory_put(space->context, values, k->block->stores.count * sizeof *values);
	return values && ok;
}

bool oj_separate_keep(struct keeping *keeping, struct block *block)
{
	struct graph *g = &keeping->space->graph;
	struct keeper k = {.keeping = keeping, .block = block};
	oj_expr_map_init(&k.outside_set, g->context);
	oj_expr_map_init(&k.loads, g->context);
	bool ok = oj_block_reach(keeping->space, block, false, &k.outside);
	for (size_t i = 0; ok && i < k.outside.list.count; i++)
		ok = oj_expr_map_put(&k.outside_set, k.outside.list.at[i], 1);
	for (size_t i = 0; ok && i < k.outside.list.count; i++) {
		ojit_expr e = k.outside.list.at[i];
		if (oj_is(g, e, OP_REDUCE) && oj_node(g, e)->levels == 0)
			ok = keep_of_sum(&k, e);
		else if (oj_is_stray(g, block, e))
			ok = keep_stray(&k, e);
	}
	ok = ok && (k.loads.count == 0 || read_kept(&k));
	VECTOR_DROP(g->context, &k.outside.list);
	oj_expr_map_drop(&k.outside_set);
	oj_expr_map_drop(&k.loads);
	return ok;
}
