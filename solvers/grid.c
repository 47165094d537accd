/* See grid.h. */
#include "solvers/grid.h"

#include <math.h>

/* A multiple of `every` this close to the end, in steps, is the end. */
#define NEAR_END 1e-9

static double time_at(const struct grid *grid, size_t i)
{
	double span = grid->t1 - grid->t0;
	switch (grid->output.grid) {
	case OJIT_GRID_POINTS:
		if (i + 1 == grid->count)
			return grid->t1;
		return grid->t0 + span * ((double)i / (double)(grid->count - 1));
	case OJIT_GRID_EVERY: {
		double step = grid->output.every;
		if (fabs((double)i * step - fabs(span)) <= NEAR_END * step)
			return grid->t1;
		return grid->t0 + grid->direction * ((double)i * step);
	}
	default:
		return grid->output.times[i];
	}
}

static ojit_status refuse_time(const struct grid *grid, size_t i, struct oj_error *error)
{
	double t = grid->output.times[i], low = fmin(grid->t0, grid->t1), high = fmax(grid->t0, grid->t1);
	char text[32], from[32], to[32];
	oj_number_shortest(text, t);
	oj_number_shortest(from, grid->t0);
	oj_number_shortest(to, grid->t1);
	if (!(t >= low && t <= high))
		return oj_fail(error, OJIT_ARGUMENT,
		               "output time %zu is %s, outside the span %s .. %s; ask for "
		               "times inside it", i + 1, text, from, to);
	return oj_fail(error, OJIT_ARGUMENT,
	               "output time %zu, %s, lies before the one in front of it; sort "
	               "the times from %s to %s", i + 1, text, from, to);
}

static ojit_status check_times(const struct grid *grid, struct oj_error *error)
{
	double low = fmin(grid->t0, grid->t1), high = fmax(grid->t0, grid->t1), before = grid->t0;
	for (size_t i = 0; i < grid->count; i++) {
		double t = grid->output.times[i];
		if (!(t >= low && t <= high) || (t - before) * grid->direction < 0)
			return refuse_time(grid, i, error);
		before = t;
	}
	return OJIT_OK;
}

static ojit_status begin_every(struct grid *grid, struct oj_error *error)
{
	double every = grid->output.every;
	if (!(every > 0) || !isfinite(every))
		return oj_fail(error, OJIT_ARGUMENT,
		               "the distance of output times must be positive and finite");
	double count = floor(fabs(grid->t1 - grid->t0) / every + NEAR_END) + 1;
	if (count > 1e15)
		return oj_fail(error, OJIT_ARGUMENT,
		               "the distance of output times asks for more than 1e15 rows; choose a larger one");
	grid->count = (size_t)count;
	return OJIT_OK;
}

static ojit_status count_times(struct grid *grid, struct oj_error *error)
{
	const ojit_output *output = &grid->output;
	switch (output->grid) {
	case OJIT_GRID_POINTS:
		/* All points of an empty span are one. */
		grid->count = grid->t0 == grid->t1 && output->count > 1 ? 1 : output->count;
		return OJIT_OK;
	case OJIT_GRID_EVERY:
		return begin_every(grid, error);
	case OJIT_GRID_TIMES:
		grid->count = output->count;
		if (grid->count && !output->times)
			return oj_fail(error, OJIT_ARGUMENT, "output times are missing; give times[count]");
		return check_times(grid, error);
	case OJIT_GRID_STEPS:
	case OJIT_GRID_FINAL:
		return OJIT_OK;
	}
	return oj_fail(error, OJIT_ARGUMENT, "there is no output grid number %d; see ojit_grid",
	               (int)output->grid);
}

static void set_due(struct grid *grid)
{
	if (grid->next < grid->count)
		grid->due = time_at(grid, grid->next);
}

ojit_status oj_grid_begin(struct grid *grid, const ojit_output *output, double t0, double t1,
                          struct oj_error *error)
{
	*grid = (struct grid){.output = *output, .t0 = t0, .t1 = t1, .direction = t1 < t0 ? -1 : 1};
	TRY(count_times(grid, error));
	set_due(grid);
	return OJIT_OK;
}

void oj_grid_advance(struct grid *grid)
{
	grid->next++;
	set_due(grid);
}
