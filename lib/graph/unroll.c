/* See unroll.h.
 *
 * First reductions that depend on no index are written out, each once; then, point by
 * point, what is left: whatever has no index in it by then is the same at every point and
 * is not looked at again. */
#include "lib/graph/unroll.h"

#include "lib/graph/domain.h"
#include "lib/graph/passes.h"
#include "lib/graph/written.h"

#include <string.h>

struct point { /* index variables that have a value: the others are 0 */
	ojit_expr index[LEVELS];
};

bool oj_has_loops(const struct program *program, bool *ok)
{
	const struct graph *g = &program->space->graph;
	struct expr_list list = {0};
	bool found = false;
	*ok = true;
	for (size_t b = 0; *ok && !found && b < program->blocks.count; b++) {
		found = program->blocks.at[b].rank > 0;
		list.list.count = 0;
		*ok = found || oj_block_reach(program->space, &program->blocks.at[b], false, &list);
		for (size_t k = 0; k < list.list.count; k++)
			found = found || oj_is(g, list.list.at[k], OP_REDUCE);
	}
	VECTOR_DROP(program->space->context, &list.list);
	return found;
}

/* ---------------------------------------------------------------- at a point */

static ojit_expr node_at(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	const struct point *point = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	if (n->op == OP_INDEX)
		return point->index[n->integer] ? point->index[n->integer] : e;
	ojit_expr entry = n->op == OP_TABLE ? oj_fixed_entry(rewrite->space, e, operands) : 0;
	return entry ? entry : oj_simplified(g, e, operands);
}

static ojit_expr reduction_at(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer);

/* roots[0 .. count - 1] where indices have these values. */
static bool bring_to(struct space *space, struct point *point, ojit_expr *roots, size_t count)
{
	struct rewrite rewrite = {.space = space, .node = node_at, .reduction = reduction_at, .data = point,
	                          .keep_closed = true};
	return oj_rewrite(&rewrite, roots, count) == OJIT_OK;
}

/* The reduction over `body` in the loops of the point, from outer[REDUCE_START] over that range. */
static ojit_expr written_out(struct space *space, const struct point *around, struct reduction r, ojit_expr body,
                             const ojit_expr *outer)
{
	struct graph *g = &space->graph;
	struct point point = *around;
	VECTOR(ojit_expr) values = {0};
	int64_t lo = 0, end = 0;
	bool ok = oj_integer_value(g, outer[REDUCE_LO], &lo) && oj_integer_value(g, outer[REDUCE_END], &end) &&
	          VECTOR_PUSH(space->context, &values, outer[REDUCE_START]);
	for (int64_t j = lo; ok && j < end; j++) {
		ojit_expr term = body;
		point.index[r.level] = oj_integer(g, j);
		ok = point.index[r.level] && bring_to(space, &point, &term, 1) && VECTOR_PUSH(space->context, &values, term);
	}
	ojit_expr written = ok ? oj_written_reduction(g, r, values.at, values.count - 1) : 0;
	VECTOR_DROP(space->context, &values);
	return written;
}

static ojit_expr reduction_at(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	const struct graph *g = &rewrite->space->graph;
	ojit_expr body = oj_operands(g, e)[REDUCE_BODY];
	return written_out(rewrite->space, rewrite->data, oj_node(g, e)->reduction, body, outer);
}

/* ---------------------------------------------------------------- everywhere the same */

/* Of reductions that depend on no index; in the bodies of the others, too. */
static ojit_expr closed_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct graph *g = &rewrite->space->graph;
	struct reduction r = oj_node(g, e)->reduction;
	ojit_expr body = oj_operands(g, e)[REDUCE_BODY];
	bool closed = oj_node(g, e)->levels == 0;
	struct point nowhere = {0};
	ojit_expr start = outer[REDUCE_START], lo = outer[REDUCE_LO], end = outer[REDUCE_END];
	ojit_expr kept[] = {start, lo, end};
	if (oj_rewrite(rewrite, &body, 1) != OJIT_OK)
		return 0;
	return closed ? written_out(rewrite->space, &nowhere, r, body, kept) : oj_reduce(g, r, start, lo, end, body);
}

/* ---------------------------------------------------------------- blocks */

static bool push_roots(ojit_context *context, const struct block *block, struct expr_list *roots)
{
	bool ok = true;
	roots->list.count = 0;
	for (size_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		ok = ok && VECTOR_PUSH(context, &roots->list, store->value);
		for (uint32_t k = 0; ok && k < RANK; k++)
			ok = VECTOR_PUSH(context, &roots->list, store->index[k]);
	}
	return ok;
}

static bool store_point(struct space *space, const struct block *block, struct point *point, struct expr_list *roots,
                        struct block *straight)
{
	enum { WIDTH = 1 + RANK };
	bool ok = push_roots(space->context, block, roots) && bring_to(space, point, roots->list.at, roots->list.count);
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		const ojit_expr *root = roots->list.at + s * WIDTH;
		ok = oj_block_store(space, straight, block->stores.at[s].array, root[0], root + 1);
	}
	return ok;
}

static bool unroll_block(struct program *made, struct block *block)
{
	struct space *space = made->space;
	struct rewrite closed = {.space = space, .reduction = closed_reduction};
	struct expr_list roots = {0};
	struct point point = {0};
	struct domain domain;
	struct walk walk;
	struct block *straight = oj_program_block(made, 0, NULL, NULL, block->origin);
	bool ok = straight && oj_rewrite_block(&closed, block) == OJIT_OK && oj_domain_of_box(space, block, &domain);
	if (ok)
		oj_walk_begin(&walk, space, &domain);
	while (ok && oj_walk_next(&walk)) {
		for (uint32_t k = 0; k < block->rank; k++)
			point.index[k] = oj_integer(&space->graph, walk.index[k]);
		ok = store_point(space, block, &point, &roots, straight);
	}
	VECTOR_DROP(space->context, &roots.list);
	return ok;
}

ojit_status oj_unroll(struct program *program, struct oj_error *error)
{
	struct program made;
	bool ok = true;
	oj_program_init(&made, program->space, program->kind);
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = unroll_block(&made, &program->blocks.at[b]);
	if (!ok || program->space->graph.failed) {
		oj_program_drop(&made);
		return oj_fail_memory(error);
	}
	oj_program_drop(program);
	*program = made;
	return oj_program_layout(program) == OJIT_OK ? OJIT_OK : oj_fail_memory(error);
}
