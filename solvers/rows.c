/* See rows.h. */
#include "solvers/rows.h"

#include <string.h>

static void observe(struct rows *r, struct loop *l, double *row)
{
	if (!r->outputs)
		return;
	r->output_args.t = row;
	r->output_args.y = row + 1;
	r->output_args.out = row + 1 + l->f->n;
	r->outputs->run(&r->output_args);
	l->stats.outputs++;
}

/* Record a row at time t, the loop's own or one inside its open step. */
static void add(struct rows *r, struct loop *l, double t, bool inside)
{
	double *row = oj_record_add(&r->record, &l->ending.room);
	if (!row) {
		oj_loop_end(l, OJIT_INTERRUPTED);
		return;
	}
	row[0] = t;
	if (inside)
		oj_loop_inside(l, t, row + 1);
	else
		memcpy(row + 1, oj_loop_states(l), (size_t)l->f->n * sizeof *row);
	observe(r, l, row);
}

void oj_rows_due(struct rows *r, struct loop *l)
{
	if (r->grid.output.grid == OJIT_GRID_STEPS)
		add(r, l, l->t, false);
	while (l->ending.room == RECORD_ROOM && oj_grid_due(&r->grid, l->t) && oj_loop_reached(l, r->grid.due)) {
		double due = r->grid.due;
		add(r, l, due, due != l->t || oj_loop_past(l, due));
		oj_grid_advance(&r->grid);
	}
}

/* Is the time reached one that no row is at? */
static bool lacks_end(const struct rows *r, const struct loop *l)
{
	const struct record *record = &r->record;
	return record->rows == 0 || oj_record_row(record, record->rows - 1)[0] != l->t;
}

void oj_rows_end(struct rows *r, struct loop *l)
{
	bool steady = l->ending.outcome == OJIT_STEADY && l->ending.room == RECORD_ROOM;
	if (r->grid.output.grid == OJIT_GRID_FINAL || (steady && lacks_end(r, l)))
		add(r, l, l->t, false);
}
