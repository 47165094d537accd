/* See shared.h. */
#include "lib/graph/shared.h"

#include "lib/graph/passes.h"
#include "lib/graph/rewrite.h"

#include <string.h>

struct sharing {
	struct program *made;
	uint32_t stage;            /* reductions of lower ones stay */
	size_t scalars;            /* of made's blocks up to that of sums without an index and without sums in them; 0: none */
	const struct block *block; /* at hand */
	struct expr_map known;     /* sums that depend on no index -> their loads */
	struct expr_map inside;    /* sums in the body of another, whose index they do not depend on -> 1 */
};

struct axes {
	uint32_t rank;
	unsigned level[RANK]; /* of the box */
	int64_t lo[RANK], end[RANK], extent[RANK];
};

/* Does it need fewer axes than the box has, or is it the same for all terms of a sum that it is in?  from: what it was
 * before what is in it was kept. */
static bool is_shared(const struct sharing *sharing, const struct graph *g, ojit_expr from, ojit_expr e, struct axes *axes)
{
	const struct node *n = oj_node(g, e);
	const struct block *block = sharing->block;
	uint32_t inside = 0;
	axes->rank = 0;
	if (n->op != OP_REDUCE || n->stage < sharing->stage || n->levels >> block->rank)
		return false;
	bool shared = oj_expr_map_get(&sharing->inside, from, &inside);
	for (uint32_t k = 0; k < block->rank; k++) {
		if (!(n->levels >> k & 1)) {
			shared = shared || block->end[k] - block->lo[k] > 1;
			continue;
		}
		axes->level[axes->rank] = k;
		axes->lo[axes->rank] = block->lo[k];
		axes->end[axes->rank] = block->end[k];
		axes->extent[axes->rank] = block->end[k] - block->lo[k];
		axes->rank++;
	}
	return shared;
}

/* The block for a sum over those axes.  Sums that need no index share one, where their bodies share what they have in
 * common; sums of sums load what was kept before. */
static struct block *block_for(struct sharing *sharing, const struct axes *axes, bool of_sums)
{
	struct program *made = sharing->made;
	if (axes->rank == 0 && !of_sums && sharing->scalars)
		return &made->blocks.at[sharing->scalars - 1];
	struct block *block = oj_program_block(made, axes->rank, axes->lo, axes->end, sharing->block->origin);
	if (axes->rank == 0 && !of_sums)
		sharing->scalars = made->blocks.count;
	return block;
}

/* The load of an array that a block of its own fills; 0: out of memory. */
static ojit_expr kept(struct sharing *sharing, ojit_expr e, const struct axes *axes)
{
	struct space *space = sharing->made->space;
	struct graph *g = &space->graph;
	ojit_expr inside[RANK], outside[RANK], map[LEVELS] = {0};
	for (uint32_t k = 0; k < axes->rank; k++) {
		inside[k] = map[axes->level[k]] = oj_index(g, k);
		outside[k] = oj_index(g, axes->level[k]);
	}
	uint32_t array = oj_space_array(space, "shared", ROLE_TEMP, axes->rank, axes->lo, axes->extent, 0);
	ojit_expr value = oj_substitute(space, e, map, LEVELS);
	struct block *block = array == UINT32_MAX || !value ? NULL : block_for(sharing, axes, oj_node(g, e)->stage > 1);
	if (!block || !oj_block_store(space, block, array, value, inside))
		return 0;
	return oj_load(g, array, axes->rank, outside);
}

static ojit_expr of_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct sharing *sharing = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	struct axes axes;
	ojit_expr known = 0, to = oj_is(g, e, OP_REDUCE) ? oj_simplified_reduction(rewrite->space, e, operands)
	                                                 : oj_remake(g, e, operands);
	if (!to || !is_shared(sharing, g, e, to, &axes))
		return to;
	if (oj_expr_map_get(&sharing->known, to, &known))
		return known;
	ojit_expr load = kept(sharing, to, &axes);
	if (load && axes.rank == 0 && !oj_expr_map_put(&sharing->known, to, load))
		return 0;
	return load;
}

/* Of the sums in one. */
static bool find_inside(struct sharing *sharing, const struct graph *g, ojit_expr sum)
{
	unsigned level = oj_node(g, sum)->reduction.level;
	ojit_expr body = oj_operands(g, sum)[REDUCE_BODY];
	struct expr_list list = {0};
	bool ok = oj_node(g, body)->stage == 0 || oj_reach(g, &body, 1, true, &list);
	for (size_t k = 0; ok && k < list.list.count; k++) {
		const struct node *n = oj_node(g, list.list.at[k]);
		if (n->op == OP_REDUCE && !(n->levels >> level & 1) && !(n->levels >> sharing->block->rank))
			ok = oj_expr_map_put(&sharing->inside, list.list.at[k], 1);
	}
	VECTOR_DROP(g->context, &list.list);
	return ok;
}

static bool find_all_inside(struct sharing *sharing, const struct space *space)
{
	struct expr_list list = {0};
	bool ok = sharing->block->rank == 0 || oj_block_reach(space, sharing->block, true, &list);
	for (size_t k = 0; ok && k < list.list.count; k++)
		if (oj_is(&space->graph, list.list.at[k], OP_REDUCE))
			ok = find_inside(sharing, &space->graph, list.list.at[k]);
	VECTOR_DROP(space->context, &list.list);
	return ok;
}

static bool has_sums(const struct program *program, uint32_t stage, bool *found)
{
	struct expr_list list = {0};
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count && !*found; b++) {
		const struct block *block = &program->blocks.at[b];
		list.list.count = 0;
		ok = block->rank == 0 || oj_block_reach(program->space, block, true, &list);
		for (size_t k = 0; ok && k < list.list.count; k++)
			*found = *found || (oj_is(&program->space->graph, list.list.at[k], OP_REDUCE) &&
			                    oj_node(&program->space->graph, list.list.at[k])->stage >= stage);
	}
	VECTOR_DROP(program->space->context, &list.list);
	return ok;
}

ojit_status oj_keep_shared_sums(struct program *program, uint32_t stage, struct oj_error *error)
{
	struct program made;
	struct sharing sharing = {.made = &made, .stage = stage};
	struct rewrite rewrite = {.space = program->space, .node = of_node, .data = &sharing};
	bool found = false;
	if (!has_sums(program, stage, &found))
		return oj_fail_memory(error);
	if (!found)
		return OJIT_OK;
	oj_program_init(&made, program->space, program->kind);
	oj_expr_map_init(&sharing.known, program->space->context);
	oj_expr_map_init(&sharing.inside, program->space->context);
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		sharing.block = &program->blocks.at[b];
		sharing.scalars = 0;
		ok = (stage > 1 || find_all_inside(&sharing, program->space)) &&
		     oj_rewrite_block(&rewrite, &program->blocks.at[b]) == OJIT_OK && oj_program_copy_block(&made, &program->blocks.at[b]);
	}
	oj_expr_map_drop(&sharing.known);
	oj_expr_map_drop(&sharing.inside);
	if (ok)
		oj_program_drop(program);
	else
		oj_program_drop(&made);
	if (ok)
		*program = made;
	return ok ? OJIT_OK : oj_fail_memory(error);
}
