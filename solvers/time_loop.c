/* See time_loop.h. */
#include "solvers/time_loop.h"

#include "solvers/endings.h"
#include "solvers/implicit.h"
#include "solvers/jumps.h"
#include "solvers/probe.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

void oj_loop_end(struct loop *l, ojit_outcome outcome)
{
	if (!l->running)
		return;
	l->running = false;
	l->ending.outcome = outcome;
}

/* ---- states that stay small ---- */

static void begin_small(struct loop *l, const double *y)
{
	l->small_count = 0;
	for (int64_t i = 0; l->tolerance && i < l->f->n; i++)
		if (fabs(y[i]) <= l->tolerance->atol[i])
			l->small[l->small_count++] = i;
}

/* Strike out those that have risen; most steps have no list to look through. */
static void watch_small(struct loop *l, const double *y)
{
	int64_t kept = 0;
	for (int64_t k = 0; k < l->small_count; k++) {
		int64_t i = l->small[k];
		if (fabs(y[i]) <= l->tolerance->atol[i])
			l->small[kept++] = i;
	}
	l->small_count = kept;
}

/* ---- the beginning ---- */

/* Steps shorter than this vanish in the rounding of the time; or, at 0, their reciprocals times what
 * equations say overflow. */
#define SHORTEST 1e-280
static double resolution(double t)
{
	return 16 * DBL_EPSILON * fabs(t) + SHORTEST;
}

/* But not in equations that read no time, and the time is summed with compensation: late in a
 * long span solutions may turn within less than a rounding (Van der Pol's with mu = 1e7).  On the way
 * to a pole steps shrink until they are too short for this, too.  Where they do not, but are refused
 * again and again while time hardly advances, the solution has nowhere to go: it swings about a
 * singularity, or creeps to where the caller's domain ends. */
#define UNREAD 1e-11      /* of the resolution; what its rounding leaves out is known to 1e-17 of it */
#define HARDLY_LONGER 1e3 /* times the resolution */
#define FAR 1e4           /* likewise */
enum { HIDDEN_ATTEMPTS = 10000, OFTEN_REFUSED = HIDDEN_ATTEMPTS / 4 };

static void count_hidden(struct loop *l)
{
	struct hidden *hidden = &l->hidden;
	double led = fabs((l->t - hidden->t) + (l->low - hidden->low));
	bool goes_on = hidden->attempts >= HIDDEN_ATTEMPTS && hidden->refused < OFTEN_REFUSED;
	if (hidden->attempts == 0 || goes_on || led > FAR * resolution(l->t))
		*hidden = (struct hidden){.t = l->t, .low = l->low};
	hidden->attempts += hidden->attempts < HIDDEN_ATTEMPTS;
	hidden->refused += l->refused;
}

/* Asked once an attempt. */
static bool is_short(struct loop *l)
{
	double least = resolution(l->t);
	if (!l->f->timeless)
		return l->h < least;
	if (l->h >= (l->hidden.attempts > 0 ? HARDLY_LONGER : 1) * least)
		return false;
	count_hidden(l);
	bool stuck = l->refused && l->hidden.attempts == HIDDEN_ATTEMPTS && l->hidden.refused >= OFTEN_REFUSED;
	return l->h < (stuck ? 1 : UNREAD) * least;
}

/* No longer than the caller allows, and than the method keeps stable. */
static double shorten(const struct loop *l, double h)
{
	if (l->options->max_step > 0)
		h = fmin(h, l->options->max_step);
	if (l->stepper->longest)
		h = fmin(h, l->stepper->longest(l->state));
	return h;
}

static double first_length(struct loop *l)
{
	const ojit_options *o = l->options;
	double span = fabs(l->t1 - l->t), h = o->first_step;
	if (!l->tolerance)
		return o->fixed_step;
	if (!(h > 0) && l->stepper->propose)
		h = fmin(l->stepper->propose(l->state), span);
	if (!(h > 0))
		h = oj_first_step(l->stepper, l->state, l->f, l->tolerance, &l->method.control, l->t,
		                  l->direction, span);
	h = shorten(l, h);
	return fmax(h, fmax(o->min_step, 2 * resolution(l->t)));
}

typedef enum attempt starter(void *state, double t, const double *y);

/* Begin at the time (t, low) with these states. */
static void begin_at(struct loop *l, starter *start, double t, double low, const double *y)
{
	l->t = t;
	l->low = low;
	l->hidden = (struct hidden){.attempts = 0};
	l->limits.quiet = l->limits.pressed = 0;
	l->open = l->nonfinite = l->refused = l->negative = l->outside = false;
	oj_control_begin(&l->control, &l->method.control);
	if (l->f->implicit)
		oj_implicit_forget(l->f->implicit);
	if (start(l->state, t, y) != ATTEMPT_OK)
		oj_end_at_start(l);
	else if (oj_limits_outgrown(&l->limits, l->f->n, y))
		oj_end_outgrown(l);
	else if (t == l->t1)
		oj_loop_end(l, OJIT_SUCCESS);
	else
		l->h = first_length(l);
	watch_small(l, y);
}

/* What goes on within a run. */
static starter *resumer(const struct loop *l)
{
	return l->stepper->resume ? l->stepper->resume : l->stepper->start;
}

void oj_loop_restart(struct loop *l, double t, const double *y)
{
	l->above = oj_most_sunk(l, y) < 0;
	l->running = true;
	l->ending = (struct ending){.state = -1, .sunk = -1};
	oj_crossings_begin(&l->crossings, t);
	begin_at(l, l->stepper->start, t, 0, y);
}

void oj_loop_begin(struct loop *l, const double *y)
{
	l->stats = (ojit_stats){.outcome = OJIT_SUCCESS};
	l->step = (struct step){0};
	l->direction = l->t1 < l->t0 ? -1 : 1;
	l->attempts = l->nonfinite_count = 0;
	l->passage = NULL;
	l->leaps = (struct leaps){.count = 0};
	l->f->calls = l->f->told = 0;
	if (l->f->implicit)
		oj_implicit_begin(l->f->implicit);
	l->stepper->bind(l->state, l->f, l->tolerance);
	begin_small(l, y);
	oj_loop_restart(l, l->t0, y);
}

/* ---- a step ---- */

/* The time after a step of length h, and what its rounding leaves out (Knuth's
 * exact sum of two). */
static double add_time(double t, double h, double *low)
{
	double sum = t + h, part = sum - t;
	*low = (t - (sum - part)) + (h - part);
	return sum;
}

/* Where a step goes, and what becomes of time and length after it. */
struct course {
	bool lands;   /* on the target */
	double low;   /* what the rounding of the time leaves out */
	double uncut; /* the length that there was no room for; 0: the step was not cut short */
};

static void retrace(struct loop *l, struct course *course)
{
	*course = (struct course){.lands = true, .low = l->passage->low};
	l->step.t0 = l->t;
	l->from = l->low;
	l->step.t1 = l->passage->t;
	l->step.h = l->passage->h;
}

/* Lay out the next step.  One that lands is stretched by a hundredth rather than
 * leaving a sliver, and two equal steps are taken instead of a long and a short
 * one.  False: too small. */
static bool choose_step(struct loop *l, double target, struct course *course)
{
	double remaining = (target - l->t) - l->low, left = fabs(remaining);
	double stretch = l->tolerance ? 1.01 : 1 + 1e-8;
	*course = (struct course){.lands = l->h * stretch >= left};
	l->step.t0 = l->t;
	l->from = l->low;
	if (course->lands) {
		course->uncut = l->h > left ? l->h : 0;
		l->step.h = remaining;
		l->step.t1 = target;
		return true;
	}
	if (l->tolerance && 2 * l->h > left)
		l->h = left / 2;
	l->step.h = l->direction * l->h;
	l->step.t1 = add_time(l->t, l->step.h + l->low, &course->low);
	if (!l->tolerance)
		return l->step.t1 != l->t;
	return !is_short(l) && l->h >= l->options->min_step;
}

/* Iterations of implicit steps that fail are another matter than what is not finite. */
static void reject(struct loop *l, double squared)
{
	bool finite = false;
	l->stats.rejected++;
	l->refused = true;
	l->nonfinite = !isfinite(squared);
	if (l->nonfinite)
		l->stepper->culprit(l->state, &l->step, &finite);
	l->nonfinite_count += l->nonfinite && !finite;
	l->h = l->step.retry > 0 ? l->step.retry : fabs(l->step.h) * oj_control_reject(&l->control, squared);
}

/* The next length after an accepted step of length h.  A step cut short for a stop on
 * the way says little of what the next may be: it is as long as that one was to be. */
static void lengthen(struct loop *l, double h, const struct course *course)
{
	if (!l->tolerance || l->stepper->propose)
		return;
	l->h = h * oj_control_accept(&l->control, l->step.squared);
	if (course->uncut > 0)
		l->h = fmax(l->h, course->uncut);
	l->h = shorten(l, l->h);
}

/* Is there nothing more to wait for, or something not to go on with? */
static void look_for_an_end(struct loop *l)
{
	if (!l->running)
		return;
	if (oj_limits_outgrown(&l->limits, l->f->n, l->step.y1))
		oj_end_outgrown(l);
	else if (oj_limits_steady(&l->limits, l->f->n, &l->step, l->tolerance))
		oj_loop_end(l, OJIT_STEADY);
}

/* The time may round to the end before it is reached. */
static bool arrives(const struct loop *l, const struct course *course)
{
	return l->step.t1 == l->t1 && course->low == 0;
}

static void accept(struct loop *l, const struct course *course)
{
	double h = fabs(l->step.h);
	if (l->stats.steps++ == 0)
		l->stats.first_step = h;
	l->stats.last_step = h;
	l->t = l->step.t1;
	l->low = course->low;
	l->nonfinite = l->refused = l->negative = l->outside = false;
	l->open = true;
	l->uncut = course->uncut;
	if (l->small_count > 0)
		watch_small(l, l->step.y1);
	if (arrives(l, course))
		oj_loop_end(l, OJIT_SUCCESS);
	else
		lengthen(l, h, course);
	look_for_an_end(l);
}

/* States that are not to go below 0: a step that takes one further than its tolerance is
 * to be a shorter one (false), else they are set to 0. */
static bool hold_above_zero(struct loop *l)
{
	l->negative = false;
	if (l->limits.count == 0)
		return true;
	double squared = oj_limits_below(&l->limits, &l->step, l->tolerance);
	if (oj_limits_pressed(&l->limits, &l->step, squared)) {
		l->negative = true;
		oj_end_too_small(l);
		return false;
	}
	if (squared > 1) {
		reject(l, squared);
		l->negative = true;
		return false;
	}
	if (squared > 0) {
		l->stats.clipped += (uint64_t)oj_limits_clip(&l->limits, l->step.y1);
		l->step.clipped = true;
	}
	return true;
}

/* States that are to stay above 0 and come there in finite time, as those of y' = -sqrt(y): no step leads to 0,
 * for f is not finite behind it.  Those that are next to nothing, and would be through within the step that
 * was refused, are there. */
static void come_to_zero(struct loop *l)
{
	const double *y, *f0;
	double *scratch;
	int64_t come = 0;
	l->stepper->look(l->state, &y, &f0, &scratch, &scratch);
	memcpy(l->again, y, (size_t)l->f->n * sizeof *y);
	for (int64_t k = 0; k < l->limits.count; k++) {
		int64_t i = l->limits.nonnegative[k];
		double fall = -f0[i] * l->direction;
		bool little = y[i] <= fmax(l->tolerance->atol[i], fall * resolution(l->t));
		if (!(y[i] > 0 && little && y[i] < fall * fabs(l->step.h)))
			continue;
		l->again[i] = 0;
		come++;
	}
	if (come == 0)
		return;
	l->stats.clipped += (uint64_t)come;
	begin_at(l, resumer(l), l->t, l->low, l->again);
}

/* What is outside counts as a large error: the length of the next attempt follows. */
#define OUTSIDE 1e4

static bool hold_inside(struct loop *l)
{
	l->outside = l->options->domain && !l->options->domain(l->options->user, l->step.t1, l->step.y1);
	if (!l->outside)
		return true;
	if (l->tolerance)
		reject(l, OUTSIDE);
	else
		oj_end_too_small(l);
	return false;
}

/* A step that is longer than the last, of equations that depend on time, may miss what comes and goes in
 * between; what it missed counts as a large error. */
#define LONGER 1.2
#define UNSEEN 1e4

static bool misses_something(struct loop *l)
{
	if (!l->probe || !l->tolerance || fabs(l->step.h) < LONGER * l->stats.last_step)
		return false;
	return l->stepper->has_factors && l->stepper->has_factors(l->state)
		&& oj_probe_step(l->stepper, l->state, l->f, l->tolerance, &l->step, l->probe);
}

/* What the caller's check said. */
static void obey(struct loop *l, ojit_verdict verdict)
{
	if (verdict == OJIT_STOP)
		oj_loop_end(l, OJIT_STOPPED);
	else if (verdict != OJIT_CONTINUE)
		oj_loop_end(l, OJIT_INTERRUPTED);
}

/* After an attempt that was not finite, or not solved. */
static void retry(struct loop *l)
{
	uint64_t nonfinite = l->nonfinite_count;
	reject(l, HUGE_VAL);
	if (l->nonfinite_count > nonfinite && l->limits.count > 0)
		come_to_zero(l);
}

static void try_step(struct loop *l, const struct course *course)
{
	l->step.retry = 0;
	l->step.clipped = false;
	enum attempt outcome = l->stepper->attempt(l->state, &l->step);
	l->attempts++;
	if (l->verdict != OJIT_CONTINUE) {
		obey(l, l->verdict);
		return;
	}
	if (outcome == ATTEMPT_OK && l->step.squared > 1) {
		reject(l, l->step.squared);
		return;
	}
	if (outcome == ATTEMPT_OK && (!hold_above_zero(l) || !hold_inside(l)))
		return;
	if (outcome == ATTEMPT_OK && oj_goes_over_jump(l)) {
		l->stats.rejected++;
		l->refused = true;
		l->h = fabs(l->step.h);
		return;
	}
	oj_jump_ends_step(l);
	if (outcome == ATTEMPT_OK && misses_something(l)) {
		reject(l, UNSEEN);
		return;
	}
	if (outcome == ATTEMPT_OK && !arrives(l, course))
		outcome = l->stepper->complete(l->state, &l->step);
	if (l->verdict != OJIT_CONTINUE)
		obey(l, l->verdict);
	else if (outcome == ATTEMPT_OK)
		accept(l, course);
	else if (outcome != ATTEMPT_RETRY || !l->tolerance)
		oj_end_nonfinite(l);
	else
		retry(l);
}

static void close_step(struct loop *l)
{
	if (!l->open)
		return;
	l->open = false;
	l->stepper->accept(l->state);
	if (l->tolerance && l->stepper->propose)
		l->h = shorten(l, fmax(l->stepper->propose(l->state), l->uncut));
}

/* ---- what jumps by time alone ---- */

void oj_loop_cross(struct loop *l, double t, double low)
{
	memcpy(l->again, oj_loop_states(l), (size_t)l->f->n * sizeof *l->again);
	begin_at(l, resumer(l), t, low, l->again);
}

static void go_over_jump(struct loop *l)
{
	const struct crossing next = l->crossings.next[0];
	oj_crossings_pass(&l->crossings);
	oj_crossings_cross(&l->crossings, l->t);
	oj_loop_cross(l, next.after, (l->t - next.after) + l->low);
}

/* Where a state decides that f jumps, steps across are refused until they are too short for the time to tell.
 * What jumps lies within the last that was refused, and cannot be told better: f of the one side leads there, and
 * steps begin again on the other, as they do where one came across.  Where they come no further, a solution slides along the jump, or there is another
 * reason. */
enum { LEAPS = 8 };

static bool may_leap(struct loop *l)
{
	struct leaps *leaps = &l->leaps;
	if (leaps->count == 0 || fabs(l->t - leaps->t) > FAR * resolution(l->t))
		*leaps = (struct leaps){.t = l->t};
	return l->f->jumps && l->tolerance && !l->negative && !l->outside && !l->options->domain &&
	       l->h < resolution(l->t) && leaps->count++ < LEAPS;
}

static bool leap(struct loop *l, double target)
{
	double h = l->refused ? fmax(fabs(l->step.h), resolution(l->t)) : 0, low;
	const double *y, *f0;
	double *scratch;
	if (!may_leap(l) || h >= fabs(target - l->t))
		return false;
	l->stepper->look(l->state, &y, &f0, &scratch, &scratch);
	for (int64_t i = 0; i < l->f->n; i++)
		l->again[i] = y[i] + l->direction * h * f0[i];
	if (!oj_all_finite(l->f->n, l->again))
		return false;
	oj_limits_clip(&l->limits, l->again);
	double t = add_time(l->t, l->direction * h + l->low, &low);
	begin_at(l, resumer(l), t, low, l->again);
	return true;
}

/* Lay out the next step; false: there is none. */
static bool lay_out(struct loop *l, double target, struct course *course)
{
	double end = target;
	if (l->passage) {
		retrace(l, course);
		return true;
	}
	while (l->running && oj_minds_jumps(l) && (end = oj_foresee_jump(l, target), oj_stands_before_jump(l))) {
		go_over_jump(l);
		end = target;
	}
	return l->running && choose_step(l, end, course);
}

bool oj_loop_step(struct loop *l, double target)
{
	uint64_t steps = l->stats.steps;
	l->verdict = OJIT_CONTINUE;
	while (l->running && l->stats.steps == steps) {
		struct course course;
		if (l->attempts >= l->options->step_limit) {
			oj_end_max_steps(l);
			break;
		}
		close_step(l);
		if (lay_out(l, target, &course))
			try_step(l, &course);
		else if (l->running && !leap(l, target))
			oj_end_too_small(l);
	}
	return l->stats.steps != steps;
}

bool oj_loop_pass(struct loop *l, const struct passage *passage)
{
	l->passage = passage;
	bool passed = oj_loop_step(l, passage->t);
	l->passage = NULL;
	return passed;
}

/* ---- between steps ---- */

void oj_loop_ask(struct loop *l)
{
	if (l->running)
		obey(l, l->options->check(l->options->user, l->t));
}

bool oj_loop_goes_on(void *loop)
{
	struct loop *l = loop;
	if (l->verdict == OJIT_CONTINUE)
		l->verdict = l->options->check(l->options->user, l->t);
	return l->verdict == OJIT_CONTINUE;
}

const double *oj_loop_states(const struct loop *l)
{
	const double *y, *f0;
	double *scratch;
	if (l->open)
		return l->step.y1;
	l->stepper->look(l->state, &y, &f0, &scratch, &scratch);
	return y;
}

/* What the rounding of a time leaves out counts where it is more of a step. */
#define COUNTS 1e-9

bool oj_low_counts(double low, double direction, double h)
{
	return low * direction > COUNTS * fabs(h);
}

bool oj_loop_reached(const struct loop *l, double t)
{
	double beyond = (l->t - t) * l->direction;
	return beyond > 0 || (beyond == 0 && !oj_low_counts(l->low, -l->direction, l->stats.last_step));
}

bool oj_loop_past(const struct loop *l, double t)
{
	return t == l->t && oj_low_counts(l->low, l->direction, l->stats.last_step);
}

void oj_loop_place(const struct loop *l, double from, double h, double *t0, double *t)
{
	if (!l->f->timeless || fabs(from) <= COUNTS * fabs(h))
		return;
	*t = (*t - *t0) - from;
	*t0 = 0;
}

void oj_loop_inside(struct loop *l, double t, double *y)
{
	uint64_t calls = l->f->calls;
	struct step step = l->step;
	struct held_rhs held;
	oj_loop_place(l, l->from, step.h, &step.t0, &t);
	oj_limits_hold(&l->limits, &held, l->f, l->again);
	l->stepper->interpolate(l->state, &step, t, y);
	oj_limits_release(&held);
	oj_limits_clip(&l->limits, y);
	l->stats.extra += l->f->calls - calls;
}

void oj_loop_keep(struct loop *l, double *kept)
{
	uint64_t calls = l->f->calls;
	struct held_rhs held;
	oj_limits_hold(&l->limits, &held, l->f, l->again);
	l->stepper->keep(l->state, &l->step, kept);
	oj_limits_release(&held);
	l->stats.extra += l->f->calls - calls;
}

void oj_loop_settle(struct loop *l)
{
	if (l->ending.room != RECORD_ROOM)
		l->ending.outcome = OJIT_INTERRUPTED;
	l->ending.t = l->t;
	if (l->ending.h == 0)
		l->ending.h = l->stats.last_step;
	l->stats.outcome = l->ending.outcome;
	l->stats.t = l->t;
	l->stats.rhs = l->f->calls;
	if (!l->f->implicit)
		return;
	l->stats.jacobians = l->f->implicit->jacobians;
	l->stats.factorisations = l->f->implicit->factorisations;
	l->stats.iterations = l->f->implicit->iterations;
}
