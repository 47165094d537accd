/* Patterns of sparse matrices; see system.h. */
#include "lib/system.h"

bool oj_pattern_init(struct pattern *pattern, ojit_context *context, int64_t rows, int64_t columns, int64_t entries)
{
	*pattern = (struct pattern){.rows = rows, .columns = columns, .entries = entries};
	pattern->column = oj_memory_get(context, (size_t)(columns + 1) * sizeof *pattern->column);
	pattern->row = oj_memory_get(context, (size_t)(entries + 1) * sizeof *pattern->row);
	if (pattern->column && pattern->row)
		return true;
	oj_pattern_drop(pattern, context);
	return false;
}

void oj_pattern_drop(struct pattern *pattern, ojit_context *context)
{
	oj_memory_put(context, pattern->column, (size_t)(pattern->columns + 1) * sizeof *pattern->column);
	oj_memory_put(context, pattern->row, (size_t)(pattern->entries + 1) * sizeof *pattern->row);
	pattern->column = pattern->row = NULL;
}
