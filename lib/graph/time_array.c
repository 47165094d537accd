/* See time_array.h. */
#include "lib/graph/time_array.h"

#include "lib/graph/rewrite.h"

uint32_t oj_time_array(struct space *space)
{
	return oj_space_array(space, "time", ROLE_SEED, 0, NULL, NULL, 0);
}

/* Whole: operands are as they were but for what is replaced, so the node keeps its form. */
static ojit_expr to_array(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &rewrite->space->graph;
	const uint32_t *array = rewrite->data;
	return oj_is(g, e, OP_TIME) ? oj_load(g, *array, 0, NULL) : oj_remake(g, e, operands);
}

static ojit_expr to_time(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &rewrite->space->graph;
	const uint32_t *array = rewrite->data;
	bool is_it = oj_is(g, e, OP_LOAD) && oj_node(g, e)->ref.id == *array;
	return is_it ? oj_time(g) : oj_remake(g, e, operands);
}

static ojit_status rewrite_all(struct program *program, struct rewrite *rewrite, struct oj_error *error)
{
	for (size_t b = 0; b < program->blocks.count; b++)
		if (oj_rewrite_block(rewrite, &program->blocks.at[b]) != OJIT_OK)
			return oj_fail_memory(error);
	return OJIT_OK;
}

ojit_status oj_time_to_array(struct program *program, uint32_t array, struct oj_error *error)
{
	return rewrite_all(program, &(struct rewrite){.space = program->space, .node = to_array, .data = &array}, error);
}

ojit_status oj_array_to_time(struct program *program, uint32_t array, struct oj_error *error)
{
	return rewrite_all(program, &(struct rewrite){.space = program->space, .node = to_time, .data = &array}, error);
}
