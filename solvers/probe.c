/* See probe.h. */
#include "solvers/probe.h"

#include "solvers/implicit.h"

#include <math.h>
#include <string.h>

/* What goes on unseen changes everything; insides that are merely worse than ends do not. */
#define UNSEEN 30.0 /* tolerances */
#define APART 1e-3    /* of a step, for differences */

/* slope[n] = that of the interpolant at theta, of a step from 0, by the central difference of order 4. */
static void find_slope(const struct stepper *stepper, void *state, int64_t n, const struct step *step, double theta,
                       double *slope, double *work)
{
	static const double weights[] = {1.0 / 12, -2.0 / 3, 2.0 / 3, -1.0 / 12}, places[] = {-2, -1, 1, 2};
	for (int64_t i = 0; i < n; i++)
		slope[i] = 0;
	for (int k = 0; k < 4; k++) {
		stepper->interpolate(state, step, (theta + places[k] * APART) * step->h, work);
		for (int64_t i = 0; i < n; i++)
			slope[i] += weights[k] * (work[i] - step->y0[i]);
	}
	for (int64_t i = 0; i < n; i++)
		slope[i] /= APART * step->h;
}

/* f less the slope, seen through the factors, over the scale of the step: the largest. */
static double find_unseen(struct rhs *f, const struct tolerance *tolerance, double t, const double *y0, const double *y,
                          const double *slope, double *defect)
{
	double most = 0;
	rhs_eval(f, t, y, defect);
	for (int64_t i = 0; i < f->n; i++)
		defect[i] -= slope[i];
	oj_shift_solve(f, 0, defect);
	for (int64_t i = 0; i < f->n; i++)
		most = fmax(most, fabs(defect[i]) / (tolerance->atol[i] + tolerance->rtol * fmax(fabs(y0[i]), fabs(y[i]))));
	return most;
}

bool oj_probe_step(const struct stepper *stepper, void *state, struct rhs *f, const struct tolerance *tolerance,
                   const struct step *step, double *scratch)
{
	static const double places[] = {0.11, 0.31, 0.5, 0.69, 0.89};
	int64_t n = f->n;
	double *y = scratch, *slope = y + n, *defect = slope + n, *work = defect + n;
	struct step from_0 = *step;
	from_0.t0 = 0; /* differences of times would be those of their roundings, where steps are short */
	for (int k = 0; k < 5; k++) {
		double into = places[k] * step->h;
		find_slope(stepper, state, n, &from_0, places[k], slope, work);
		stepper->interpolate(state, &from_0, into, y);
		if (find_unseen(f, tolerance, step->t0 + into, step->y0, y, slope, defect) > UNSEEN)
			return true;
	}
	return false;
}
