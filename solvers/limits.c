/* See limits.h.
 *
 * Below 0 by no more than a state's tolerance, where the error control would let it be, a
 * state is set to 0; by more, the step was too long.  (MATLAB's NonNegative holds it to the
 * absolute tolerance alone, CVODE's constraints to the norm of all.)  Steps that would do so
 * again and again are not the steps' fault, but the equations'.
 *
 * Nothing moves where, going on as in the last two steps, no state would change by more than
 * its share over the whole span.  That does not depend on the unit of time, nor on slopes,
 * which of stiff equations are what rounding leaves of large terms; a slow beginning is no
 * end as long as the span is one in which it grows. */
#include "solvers/limits.h"

#include <math.h>
#include <string.h>

enum { QUIET_STEPS = 2, PRESSED_STEPS = 50 };

double oj_limits_below(struct limits *limits, const struct step *step, const struct tolerance *tolerance)
{
	double worst = 0;
	for (int64_t k = 0; k < limits->count; k++) {
		int64_t i = limits->nonnegative[k];
		double y = step->y1[i], scale = tolerance->atol[i] + tolerance->rtol * fabs(step->y0[i]);
		double ratio = y < 0 ? (scale > 0 ? -y / scale : HUGE_VAL) : 0;
		if (ratio > worst) {
			worst = ratio;
			limits->culprit = i;
		}
	}
	return worst * worst;
}

bool oj_limits_pressed(struct limits *limits, const struct step *step, double squared)
{
	bool again = squared > 0.01 && step->y0[limits->culprit] == 0;
	limits->pressed = again ? limits->pressed + 1 : 0;
	return limits->pressed >= PRESSED_STEPS;
}

int64_t oj_limits_clip(const struct limits *limits, double *y)
{
	int64_t clipped = 0;
	for (int64_t k = 0; k < limits->count; k++) {
		double *at = y + limits->nonnegative[k];
		clipped += *at < 0;
		*at = *at < 0 ? 0 : *at;
	}
	return clipped;
}

static void run_held(const struct kernel_args *args)
{
	const struct held_rhs *held = args->env;
	struct kernel_args inner = *args;
	memcpy(held->y, args->y, (size_t)held->f->n * sizeof *held->y);
	oj_limits_clip(held->limits, held->y);
	oj_kernel_bind(held->inner, &inner);
	inner.y = held->y;
	held->inner->run(&inner);
}

void oj_limits_hold(const struct limits *limits, struct held_rhs *held, struct rhs *f, double *y)
{
	held->f = NULL;
	if (limits->count == 0)
		return;
	*held = (struct held_rhs){.kernel = *f->kernel, .f = f, .inner = f->kernel, .extra = f->extra, .limits = limits, .y = y};
	held->kernel.run = run_held;
	held->kernel.env = held;
	f->kernel = &held->kernel;
	f->extra = NULL;
	oj_kernel_bind(f->kernel, &f->args);
}

void oj_limits_release(struct held_rhs *held)
{
	struct rhs *f = held->f;
	if (!f)
		return;
	f->kernel = held->inner;
	f->extra = held->extra;
	oj_kernel_bind(f->kernel, &f->args);
}

bool oj_limits_outgrown(struct limits *limits, int64_t n, const double *y)
{
	for (int64_t i = 0; limits->growth > 0 && i < n; i++)
		if (fabs(y[i]) > limits->growth) {
			limits->culprit = i;
			return true;
		}
	return false;
}

bool oj_limits_steady(struct limits *limits, int64_t n, const struct step *step, const struct tolerance *tolerance)
{
	bool quiet = limits->steady > 0;
	for (int64_t i = 0; quiet && i < n; i++) {
		double change = fabs(step->y1[i] - step->y0[i]) * (limits->span / fabs(step->h));
		quiet = change <= limits->steady * fabs(step->y1[i]) + (tolerance ? tolerance->atol[i] : 0);
	}
	limits->quiet = quiet ? limits->quiet + 1 : 0;
	return limits->quiet >= QUIET_STEPS;
}
