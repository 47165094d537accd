/* What an integrator keeps of its way: steps, and the parameters they were made with.
 *
 * A step is a row [t0, h, what the rounding of t0 left out, kept…] of a record, as its stepper keeps it; where it ends,
 * the next row or the present time tells.  So cutting the way off inside a step
 * changes no row.  An era is one set of parameters, derived ones behind them, and
 * the number of the first step it was used for; the last one is in force, and kernels
 * read it in place.
 *
 * Recording the last step only, there is at most one row: most of the time the last step
 * is open in the time loop and needs none. */
#ifndef OJ_HISTORY_H
#define OJ_HISTORY_H

#include "lib/base/error.h"
#include "solvers/record.h"

#include <ojit/integrate.h>

struct era {
	size_t first;
	double *values; /* parameters, derived parameters */
};

struct history {
	ojit_context *context;
	ojit_recording recording;
	size_t parameters, derived;
	size_t limit; /* bytes of everything */
	struct record steps;
	VECTOR(struct era) eras;
};
void oj_history_init(struct history *history, ojit_context *context, size_t parameters, size_t derived);
void oj_history_drop(struct history *history);

/* Empty it, for steps that take `kept` doubles each. */
void oj_history_begin(struct history *history, ojit_recording recording, size_t kept, size_t limit);
/* These parameters hold for the steps to come. */
enum record_room oj_history_era(struct history *history, const double *parameters, const double *derived);
const double *oj_history_in_force(const struct history *history);

/* Is there room for a step? */
enum record_room oj_history_room(struct history *history);
enum { KEPT_TIME, KEPT_LENGTH, KEPT_LOW, KEPT_REST };
/* Add one, where room was found; its kept[…] is to be filled. */
double *oj_history_add(struct history *history, double t0, double h, double low);
/* Forget all steps. */
void oj_history_clear(struct history *history);
/* Forget steps that begin at t or later in the direction, +1 or -1. */
void oj_history_cut(struct history *history, double t, double direction);

/* The step that covers t, which is not before the first and not behind the present. */
struct kept_step {
	const double *row;
	const double *before, *behind; /* the rows of its neighbours; NULL: there is none */
	const double *values;          /* the parameters that held in it */
};
struct kept_step oj_history_find(const struct history *history, double t, double direction);
size_t oj_history_bytes(const struct history *history);
/* Make `copy`, just initialised, equal to `history`. */
ojit_status oj_history_copy(struct history *copy, const struct history *history);

#endif
