/* Pass fuse: blocks over equal boxes become one, so that they share loads and
 * subexpressions, and intermediates between them stay in registers.
 *
 * A block may join an earlier one over the same box if everything it loads is
 * computed by then; what the earlier block itself stores must be loaded at the
 * very element that is being stored, and that load becomes the stored value. */
#include "lib/graph/passes.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct fuser {
	struct program *program;
	struct program done;
	uint32_t *written; /* [arrays] position in done.blocks of the last writer, + 1 */
	uint32_t target;   /* block being joined */
	struct expr_map boxes; /* hash of box -> position in done.blocks + 1 */
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

/* Is `e`, a load of `array`, exactly what the target stores? Then its value. */
static ojit_expr stored_value(const struct fuser *f, ojit_expr e)
{
	const struct graph *g = &f->program->space->graph;
	const struct node *n = oj_node(g, e);
	const struct block *target = &f->done.blocks.at[f->target];
	for (size_t s = 0; s < target->stores.count; s++) {
		const struct store *store = &target->stores.at[s];
		bool same = store->array == n->ref.id;
		for (uint32_t k = 0; same && k < n->arity; k++)
			same = store->index[k] == oj_operands(g, e)[k];
		if (same)
			return store->value;
	}
	return 0;
}

/* Can `block` join the target?  Its loads, and whether they allow it. */
static bool may_join(struct fuser *f, const struct block *block, bool *ok)
{
	const struct graph *g = &f->program->space->graph;
	struct expr_list list = {0};
	bool may = true;
	for (size_t s = 0; *ok && may && s < block->stores.count; s++) {
		list.list.count = 0;
		*ok = oj_reach(g, &block->stores.at[s].value, 1, true, &list);
		for (size_t i = 0; *ok && may && i < list.list.count; i++) {
			const struct node *n = oj_node(g, list.list.at[i]);
			if (n->op != OP_LOAD || !f->written[n->ref.id])
				continue;
			uint32_t writer = f->written[n->ref.id] - 1;
			may = writer < f->target || (writer == f->target && stored_value(f, list.list.at[i]));
		}
	}
	VECTOR_DROP(g->context, &list.list);
	return may;
}

static ojit_expr forward_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct fuser *f = rewrite->data;
	struct graph *g = &f->program->space->graph;
	const struct node *n = oj_node(g, e);
	if (n->op == OP_LOAD && f->written[n->ref.id] == f->target + 1) {
		ojit_expr value = stored_value(f, e);
		if (value)
			return value;
	}
	return n->op == OP_REDUCE ? oj_simplified_reduction(f->program->space, e, operands)
	                          : oj_simplified(g, e, operands);
}

static bool join(struct fuser *f, struct block *block)
{
	struct space *space = f->program->space;
	struct rewrite rewrite = {.space = space, .node = forward_node, .data = f};
	if (oj_rewrite_block(&rewrite, block) != OJIT_OK)
		return false;
	struct block *target = &f->done.blocks.at[f->target];
	for (size_t s = 0; s < block->stores.count; s++)
		if (!VECTOR_PUSH(space->context, &target->stores, block->stores.at[s]))
			return false;
	return true;
}

static bool append(struct fuser *f, const struct block *block)
{
	struct block copy = *block;
	memset(&copy.stores, 0, sizeof copy.stores);
	if (!VECTOR_PUSH(f->program->space->context, &f->done.blocks, copy))
		return false;
	f->target = (uint32_t)f->done.blocks.count - 1;
	return oj_expr_map_put(&f->boxes, box_key(block), f->target + 1);
}

static bool place(struct fuser *f, struct block *block)
{
	uint32_t known = 0;
	bool ok = true;
	bool found = oj_expr_map_get(&f->boxes, box_key(block), &known);
	f->target = known - 1;
	if (!found || !same_box(&f->done.blocks.at[f->target], block) || !may_join(f, block, &ok))
		ok = ok && append(f, block);
	ok = ok && join(f, block);
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		uint32_t *written = &f->written[block->stores.at[s].array];
		if (*written < f->target + 1)
			*written = f->target + 1;
	}
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
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = place(&f, &program->blocks.at[b]);
	oj_expr_map_drop(&f.boxes);
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
