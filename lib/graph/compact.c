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

struct roots { VECTOR(ojit_expr) list; };

static bool add_roots(struct roots *roots, const struct program *program)
{
	struct space *space = program->space;
	for (size_t b = 0; b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++) {
			const struct store *store = &block->stores.at[s];
			bool ok = VECTOR_PUSH(space->context, &roots->list, store->value);
			for (uint32_t k = 0; ok && k < RANK && store->index[k]; k++)
				ok = VECTOR_PUSH(space->context, &roots->list, store->index[k]);
			if (!ok)
				return false;
		}
	}
	return true;
}

/* The new number of each node that is needed; 0: not needed. */
static bool number_needed(struct space *space, struct program *const *programs, size_t count, uint32_t *numbers)
{
	struct roots roots = {0};
	struct expr_list list = {0};
	bool ok = true;
	for (size_t p = 0; ok && p < count; p++)
		ok = programs[p]->space != space || add_roots(&roots, programs[p]);
	ok = ok && oj_reach(&space->graph, roots.list.at, roots.list.count, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++)
		numbers[list.list.at[i]] = (uint32_t)i + 1;
	VECTOR_DROP(space->context, &roots.list);
	VECTOR_DROP(space->context, &list.list);
	return ok;
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
	uint32_t *numbers = oj_memory_get(space->context, nodes * sizeof *numbers);
	if (!numbers)
		return OJIT_OUT_OF_MEMORY;
	memset(numbers, 0, nodes * sizeof *numbers);
	bool ok = number_needed(space, programs, count, numbers);
	for (size_t p = 0; ok && p < count; p++)
		if (programs[p]->space == space)
			renumber_stores(programs[p], numbers);
	if (ok)
		oj_graph_keep(g, numbers);
	oj_memory_put(space->context, numbers, nodes * sizeof *numbers);
	ok = ok && oj_graph_rehash(g);
	space->compacted = g->nodes.count;
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}
