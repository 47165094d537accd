/* Pass fuse: blocks over equal boxes become one, so that they share loads and
 * subexpressions, and intermediates between them stay in registers.
 *
 * A block may join an earlier one over the same box if everything it loads is
 * computed by then; what the earlier block itself stores must be loaded at the
 * very element that is being stored, and that load becomes the stored value.
 * Inside of a reduction, whose index variable may have the number of a box level,
 * only loads that do not depend on it are at that element.
 *
 * Loops do not grow without end: what their body costs to translate grows faster than it, and
 * registers are full long before (m: the Jacobian of 2,000 equations of random shapes, whose rows
 * come in 122 groups of eight, ready in 1.1 instead of 1.7 s).  Straight code does, for
 * pass partition cuts it. */
#include "lib/graph/passes.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct kept { /* a stored value */
	uint32_t block, next;
	ojit_expr value;
};

struct fuser {
	struct program *program;
	struct program done;
	uint32_t *written; /* [arrays] position in done.blocks of the last writer, + 1 */
	uint32_t target;   /* block being joined */
	VECTOR(size_t) nodes;  /* of each of done.blocks, what several share counted several times */
	struct expr_map boxes; /* hash of box -> position in done.blocks + 1 */
	VECTOR(struct kept) kept;
	struct expr_map keeps; /* a load -> the latest of kept that it reads, + 1 */
	uint32_t shadowed;     /* levels that are a reduction's around the node at hand */
	bool possible;         /* so far the block may join the target */
};

static bool same_box(const struct block *a, const struct block *b)
{
	if (a->rank != b->rank)
		return false;
	for (uint32_t k = 0; k < a->rank; k++)
		if (a->lo[k] != b->lo[k] || a->end[k] != b->end[k])
			return false;
	return true;
}

static uint32_t box_key(const struct block *block)
{
	uint64_t hash = XXH3_64bits(block->lo, block->rank * sizeof *block->lo) * 31 +
	                XXH3_64bits(block->end, block->rank * sizeof *block->end) + block->rank;
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

/* Is `e`, a load, exactly what the target stores? Then its value. */
static ojit_expr stored_value(const struct fuser *f, ojit_expr e)
{
	uint32_t at = 0;
	if (oj_node(&f->program->space->graph, e)->levels & f->shadowed)
		return 0;
	for (oj_expr_map_get(&f->keeps, e, &at); at; at = f->kept.at[at - 1].next)
		if (f->kept.at[at - 1].block == f->target)
			return f->kept.at[at - 1].value;
	return 0;
}

static bool keep_stored(struct fuser *f, const struct store *store)
{
	struct space *space = f->program->space;
	if (space->arrays.at[store->array].role != ROLE_TEMP)
		return true;
	ojit_expr load = oj_load(&space->graph, store->array, space->arrays.at[store->array].rank, store->index);
	struct kept kept = {.block = f->target, .value = store->value};
	if (!load)
		return false;
	oj_expr_map_get(&f->keeps, load, &kept.next);
	return VECTOR_PUSH(space->context, &f->kept, kept) &&
	       oj_expr_map_put(&f->keeps, load, (uint32_t)f->kept.count);
}

/* Replace loads of what the target stores; without `possible` afterwards there was
 * one that cannot be. */
static ojit_expr forward_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct fuser *f = rewrite->data;
	struct graph *g = &f->program->space->graph;
	const struct node *n = oj_node(g, e);
	uint32_t writer = n->op == OP_LOAD ? f->written[n->ref.id] : 0; /* + 1 */
	if (writer > f->target) {
		ojit_expr value = writer == f->target + 1 ? stored_value(f, e) : 0;
		if (value)
			return value;
		f->possible = false;
	}
	return oj_simplified(g, e, operands);
}

static ojit_expr forward_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct fuser *f = rewrite->data;
	struct graph *g = &f->program->space->graph;
	ojit_expr operands[4] = {outer[0], outer[1], outer[2], oj_operands(g, e)[REDUCE_BODY]};
	uint32_t shadowed = f->shadowed;
	f->shadowed |= 1u << oj_node(g, e)->reduction.level;
	ojit_status status = oj_rewrite(rewrite, &operands[REDUCE_BODY], 1);
	f->shadowed = shadowed;
	return status == OJIT_OK ? oj_simplified_reduction(f->program->space, e, operands) : 0;
}

static bool copy_stores(struct space *space, const struct block *from, struct block *to)
{
	for (size_t s = 0; s < from->stores.count; s++)
		if (!VECTOR_PUSH(space->context, &to->stores, from->stores.at[s]))
			return false;
	return true;
}

/* Try to bring the block into the form it has inside the target. */
static bool forward(struct fuser *f, const struct block *block, struct block *forwarded)
{
	struct space *space = f->program->space;
	struct rewrite rewrite = {.space = space, .node = forward_node, .reduction = forward_reduction, .data = f};
	*forwarded = *block;
	memset(&forwarded->stores, 0, sizeof forwarded->stores);
	f->possible = true;
	return copy_stores(space, block, forwarded) && oj_rewrite_block(&rewrite, forwarded) == OJIT_OK;
}

static bool append(struct fuser *f, const struct block *block)
{
	struct block copy = *block;
	memset(&copy.stores, 0, sizeof copy.stores);
	if (!VECTOR_PUSH(f->program->space->context, &f->done.blocks, copy) ||
	    !VECTOR_PUSH(f->program->space->context, &f->nodes, 0))
		return false;
	f->target = (uint32_t)f->done.blocks.count - 1;
	return oj_expr_map_put(&f->boxes, box_key(block), f->target + 1);
}

static bool add_stores(struct fuser *f, const struct block *block)
{
	bool ok = copy_stores(f->program->space, block, &f->done.blocks.at[f->target]);
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		uint32_t *written = &f->written[block->stores.at[s].array];
		if (*written < f->target + 1)
			*written = f->target + 1;
		ok = keep_stored(f, &block->stores.at[s]);
	}
	return ok;
}

static bool count_nodes(const struct fuser *f, const struct block *block, size_t *count)
{
	struct expr_list list = {0};
	bool ok = oj_block_reach(f->program->space, block, true, &list);
	*count = list.list.count;
	VECTOR_DROP(f->program->space->context, &list.list);
	return ok;
}

static bool place(struct fuser *f, const struct block *block)
{
	enum { MOST_NODES = 256 }; /* of a loop */
	struct block forwarded = {0};
	uint32_t known = 0;
	size_t nodes = 0;
	bool ok = block->rank == 0 || count_nodes(f, block, &nodes);
	oj_expr_map_get(&f->boxes, box_key(block), &known);
	f->target = known - 1;
	bool joins = known && same_box(&f->done.blocks.at[f->target], block) &&
	             (block->rank == 0 || f->nodes.at[f->target] + nodes <= MOST_NODES);
	if (joins) {
		ok = ok && forward(f, block, &forwarded);
		joins = f->possible;
	}
	if (!joins)
		ok = ok && append(f, block);
	ok = ok && add_stores(f, joins ? &forwarded : block);
	if (ok)
		f->nodes.at[f->target] += nodes;
	oj_block_drop(f->program->space, &forwarded);
	return ok;
}

ojit_status oj_pass_fuse(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct space *space = program->space;
	struct fuser f = {.program = program};
	(void)options;
	size_t bytes = (space->arrays.count + 1) * sizeof *f.written;
	f.written = oj_memory_get(space->context, bytes);
	if (!f.written)
		return oj_fail_memory(error);
	memset(f.written, 0, bytes);
	oj_program_init(&f.done, space, program->kind);
	oj_expr_map_init(&f.boxes, space->context);
	oj_expr_map_init(&f.keeps, space->context);
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = place(&f, &program->blocks.at[b]);
	oj_expr_map_drop(&f.boxes);
	oj_expr_map_drop(&f.keeps);
	VECTOR_DROP(space->context, &f.kept);
	VECTOR_DROP(space->context, &f.nodes);
	oj_memory_put(space->context, f.written, bytes);
	if (ok) {
		struct program old = *program;
		*program = f.done;
		f.done = old;
		ok = oj_program_layout(program) == OJIT_OK;
	}
	oj_program_drop(&f.done);
	return ok ? OJIT_OK : oj_fail_memory(error);
}
