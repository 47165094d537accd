/* The times at which rows are asked for.
 *
 * A grid is walked by number, so that the last time is assigned, not summed, and a
 * grid takes no memory. */
#ifndef OJ_GRID_H
#define OJ_GRID_H

#include "lib/base/error.h"

#include <ojit/solve.h>

#include <stdbool.h>

struct grid {
	ojit_output output;
	double t0, t1, direction; /* +1 or -1 */
	size_t count; /* of times; 0 for OJIT_GRID_STEPS and OJIT_GRID_FINAL */
	size_t next;  /* the first time not yet recorded, */
	double due;   /* and that time, where there is one */
};
/* Check the request against the span t0..t1. */
ojit_status oj_grid_begin(struct grid *grid, const ojit_output *output, double t0, double t1,
                          struct oj_error *error);
/* Is there a time left that lies at or before t?  It is grid->due. */
static inline bool oj_grid_due(const struct grid *grid, double t)
{
	return grid->next < grid->count && (t - grid->due) * grid->direction >= 0;
}
/* That time is recorded. */
void oj_grid_advance(struct grid *grid);

#endif
