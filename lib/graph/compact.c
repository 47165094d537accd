/* Forgetting nodes that no program needs any more.
 *
 * A pass that rewrites leaves its input behind in the graph, and a graph never
 * frees a single node.  Between passes the nodes that some block still stores, with
 * all below them, move together; their order stays, so operands keep preceding
 * their operators and whatever goes by node numbers comes out the same. */
#include "lib/graph/compact.h"

#include <string.h>

/* Small graphs are left alone: there is nothing to gain. */
enum { SMALL = 1 << 13 };

static void mark_roots(const struct program *program, uint32_t *numbers)
{
	for (size_t b = 0; b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++) {
			const struct store *store = &block->stores.at[s];
			numbers[store->value] = 1;
			for (uint32_t k = 0; k < RANK; k++)
				numbers[store->index[k]] = 1;
		}
	}
}

/* The new number of each node that is needed; 0: not needed.  Operands have smaller
 * numbers, so one walk backwards meets every node after all that need it. */
static void number_needed(struct space *space, struct program *const *programs, size_t count, uint32_t *numbers)
{
	const struct graph *g = &space->graph;
	uint32_t needed = 0;
	for (size_t p = 0; p < count; p++)
		if (programs[p]->space == space)
			mark_roots(programs[p], numbers);
	for (ojit_expr e = (ojit_expr)g->nodes.count; e-- > 1;)
		for (uint32_t i = 0; numbers[e] && i < oj_node(g, e)->arity; i++)
			numbers[oj_operands(g, e)[i]] = 1;
	numbers[0] = 0; /* stands where there is no index */
	for (ojit_expr e = 1; e < g->nodes.count; e++)
		if (numbers[e])
			numbers[e] = ++needed;
}

static void renumber_stores(struct program *program, const uint32_t *numbers)
{
	for (size_t b = 0; b < program->blocks.count; b++) {
		struct block *block = &program->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++) {
			struct store *store = &block->stores.at[s];
			store->value = numbers[store->value];
			for (uint32_t k = 0; k < RANK; k++)
				store->index[k] = numbers[store->index[k]];
		}
	}
}

ojit_status oj_space_tidy(struct space *space, struct program *const *programs, size_t count)
{
	size_t nodes = space->graph.nodes.count, grown = nodes - space->compacted;
	bool worth_it = nodes >= SMALL && grown >= space->compacted / 4;
	return worth_it ? oj_space_compact(space, programs, count) : OJIT_OK;
}

ojit_status oj_space_compact(struct space *space, struct program *const *programs, size_t count)
{
	struct graph *g = &space->graph;
	size_t nodes = g->nodes.count;
	oj_graph_unhash(g);
	uint32_t *numbers = oj_memory_get(space->context, nodes * sizeof *numbers);
	if (!numbers)
		return OJIT_OUT_OF_MEMORY;
	memset(numbers, 0, nodes * sizeof *numbers);
	number_needed(space, programs, count, numbers);
	for (size_t p = 0; p < count; p++)
		if (programs[p]->space == space)
			renumber_stores(programs[p], numbers);
	oj_graph_keep(g, numbers);
	oj_memory_put(space->context, numbers, nodes * sizeof *numbers);
	space->compacted = g->nodes.count;
	return oj_graph_rehash(g) ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}
