/* The rows of a run: what its grid asks for, taken from the time loop's steps.
 *
 * Rows inside a step go through its interpolant, so they never change a step. */
#ifndef OJ_ROWS_H
#define OJ_ROWS_H

#include "solvers/grid.h"
#include "solvers/time_loop.h"

struct rows {
	struct grid grid;
	struct record record;
	const struct kernel *outputs; /* NULL: none */
	struct kernel_args output_args;
};
/* Record what is due up to the loop's time; ends the loop where there is no room. */
void oj_rows_due(struct rows *rows, struct loop *loop);
/* Record what only the end of the run tells. */
void oj_rows_end(struct rows *rows, struct loop *loop);

#endif
