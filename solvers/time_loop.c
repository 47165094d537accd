/* See time_loop.h. */
#include "solvers/time_loop.h"

#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void end(struct loop *l, ojit_outcome outcome)
{
	if (!l->running)
		return;
	l->running = false;
	l->ending.outcome = outcome;
}

/* ---- rows ---- */

/* Record a row at time t: y where given, else the interpolant of the step. */
static void record_row(struct loop *l, double t, const double *y)
{
	double *row = oj_record_add(l->record, &l->ending.room);
	if (!row) {
		end(l, OJIT_INTERRUPTED);
		return;
	}
	row[0] = t;
	if (y) {
		memcpy(row + 1, y, (size_t)l->f->n * sizeof *y);
	} else {
		uint64_t calls = l->f->calls;
		l->stepper->interpolate(l->state, &l->step, t, row + 1);
		l->stats.extra += l->f->calls - calls;
	}
	if (!l->outputs)
		return;
	l->output_args.t = row;
	l->output_args.y = row + 1;
	l->output_args.out = row + 1 + l->f->n;
	l->outputs->run(&l->output_args);
	l->stats.outputs++;
}

/* Record what is due up to time t, where the state is y. */
static void record_due(struct loop *l, double t, const double *y)
{
	double time;
	if (l->grid.output.grid == OJIT_GRID_STEPS)
		record_row(l, t, y);
	while (l->running && oj_grid_due(&l->grid, t, &time)) {
		record_row(l, time, time == t ? y : NULL);
		l->grid.next++;
	}
}

/* ---- the beginning ---- */

/* Steps shorter than this vanish in the rounding of the time. */
static double resolution(double t)
{
	return 16 * DBL_EPSILON * fabs(t) + DBL_MIN;
}

static void end_at_start(struct loop *l)
{
	const double *y, *f0;
	double *scratch;
	l->stepper->look(l->state, &y, &f0, &scratch, &scratch);
	l->ending.at_start = true;
	l->ending.state = oj_first_nonfinite(l->f->n, y);
	l->ending.derivative = l->ending.state < 0;
	if (l->ending.derivative)
		l->ending.state = oj_first_nonfinite(l->f->n, f0);
	end(l, OJIT_NONFINITE);
}

static double first_length(struct loop *l)
{
	const ojit_options *o = l->options;
	double span = fabs(l->t1 - l->t0), h = o->first_step;
	if (!l->tolerance)
		return o->fixed_step;
	if (!(h > 0) && l->stepper->propose)
		h = fmin(l->stepper->propose(l->state), span);
	else if (!(h > 0))
		h = oj_first_step(l->stepper, l->state, l->f, l->tolerance, &l->method.control, l->t0,
		                  l->direction, span);
	if (o->max_step > 0)
		h = fmin(h, o->max_step);
	return fmax(h, fmax(o->min_step, 2 * resolution(l->t0)));
}

static void begin(struct loop *l)
{
	l->running = true;
	l->stats = (ojit_stats){.outcome = OJIT_SUCCESS};
	l->ending = (struct ending){.state = -1};
	l->step = (struct step){0};
	l->t = l->t0;
	l->low = 0;
	l->direction = l->t1 < l->t0 ? -1 : 1;
	l->nonfinite = l->reached = false;
	l->f->calls = 0;
	oj_control_begin(&l->control, &l->method.control);
	l->stepper->bind(l->state, l->f, l->tolerance);
	record_due(l, l->t0, l->y); /* first, so that the start is kept whatever follows */
	if (l->stepper->start(l->state, l->t0, l->y) != ATTEMPT_OK) {
		end_at_start(l);
		return;
	}
	if (l->t0 == l->t1)
		end(l, OJIT_SUCCESS);
	else if (l->running)
		l->h = first_length(l);
}

/* ---- a step ---- */

/* Nothing shorter can be tried: was it the error, or something not finite? */
static void end_too_small(struct loop *l)
{
	bool finite = true;
	l->ending.h = l->h;
	if (l->step.y1)
		l->ending.state = l->stepper->culprit(l->state, &l->step, &finite);
	end(l, l->nonfinite && !finite ? OJIT_NONFINITE : OJIT_STEP_TOO_SMALL);
}

/* The time after a step of length h, and what its rounding leaves out (Knuth's
 * exact sum of two). */
static double add_time(double t, double h, double *low)
{
	double sum = t + h, part = sum - t;
	*low = (t - (sum - part)) + (h - part);
	return sum;
}

/* Lay out the next step; the last one ends at t1, stretched by a hundredth rather
 * than leaving a sliver, and two equal steps are taken instead of a long and a
 * short one.  False: too small. */
static bool choose_step(struct loop *l, bool *last, double *low)
{
	double remaining = (l->t1 - l->t) - l->low, left = fabs(remaining);
	double stretch = l->tolerance ? 1.01 : 1 + 1e-8;
	*last = l->h * stretch >= left;
	l->step.t0 = l->t;
	if (*last) {
		l->step.h = remaining;
		l->step.t1 = l->t1;
		*low = 0;
		return true;
	}
	if (l->tolerance && 2 * l->h > left)
		l->h = left / 2;
	l->step.h = l->direction * l->h;
	l->step.t1 = add_time(l->t, l->step.h + l->low, low);
	if (!l->tolerance)
		return l->step.t1 != l->t;
	return l->h >= resolution(l->t) && l->h >= l->options->min_step;
}

/* A step that no other length can mend. */
static void end_nonfinite(struct loop *l)
{
	bool finite = true;
	l->ending.h = fabs(l->step.h);
	l->ending.state = l->stepper->culprit(l->state, &l->step, &finite);
	end(l, OJIT_NONFINITE);
}

static void reject(struct loop *l, double error)
{
	l->stats.rejected++;
	l->nonfinite = !isfinite(error);
	l->h = fabs(l->step.h) * oj_control_reject(&l->control, error);
}

static void ask(struct loop *l)
{
	if (!l->running || !l->options->check)
		return;
	ojit_verdict verdict = l->options->check(l->options->user, l->t);
	if (verdict == OJIT_STOP)
		end(l, OJIT_STOPPED);
	else if (verdict != OJIT_CONTINUE)
		end(l, OJIT_INTERRUPTED);
}

static void accept(struct loop *l, bool last, double low)
{
	double h = fabs(l->step.h);
	if (l->stats.steps++ == 0)
		l->stats.first_step = h;
	l->stats.last_step = h;
	l->t = l->step.t1;
	l->low = low;
	l->nonfinite = false;
	record_due(l, l->step.t1, l->step.y1);
	if (last) {
		memcpy(l->y, l->step.y1, (size_t)l->f->n * sizeof *l->y);
		l->reached = true;
		end(l, OJIT_SUCCESS);
		return;
	}
	l->stepper->accept(l->state);
	if (l->tolerance)
		l->h = l->stepper->propose ? l->stepper->propose(l->state)
		                           : h * oj_control_accept(&l->control, l->step.error);
	if (l->tolerance && l->options->max_step > 0)
		l->h = fmin(l->h, l->options->max_step);
	ask(l);
}

static void try_step(struct loop *l, bool last, double low)
{
	enum attempt outcome = l->stepper->attempt(l->state, &l->step);
	if (outcome == ATTEMPT_OK && l->step.error > 1) {
		reject(l, l->step.error);
		return;
	}
	if (outcome == ATTEMPT_OK && !last)
		outcome = l->stepper->complete(l->state, &l->step);
	if (outcome == ATTEMPT_OK)
		accept(l, last, low);
	else if (outcome == ATTEMPT_RETRY && l->tolerance)
		reject(l, HUGE_VAL);
	else
		end_nonfinite(l);
}

/* ---- the end ---- */

static void finish(struct loop *l)
{
	const double *y, *f0;
	double *scratch;
	if (!l->reached) {
		l->stepper->look(l->state, &y, &f0, &scratch, &scratch);
		memcpy(l->y, y, (size_t)l->f->n * sizeof *y);
	}
	if (l->grid.output.grid == OJIT_GRID_FINAL)
		record_row(l, l->t, l->y);
	if (l->ending.room != RECORD_ROOM)
		l->ending.outcome = OJIT_INTERRUPTED;
	l->stats.outcome = l->ending.outcome;
	l->ending.t = l->t;
	if (l->ending.h == 0)
		l->ending.h = l->stats.last_step;
	l->stats.t = l->t;
	l->stats.rhs = l->f->calls;
}

void oj_loop_run(struct loop *l)
{
	begin(l);
	while (l->running) {
		bool last;
		double low;
		if (l->stats.steps + l->stats.rejected >= l->options->step_limit)
			end(l, OJIT_MAX_STEPS);
		else if (choose_step(l, &last, &low))
			try_step(l, last, low);
		else
			end_too_small(l);
	}
	finish(l);
}
