/* See faded.h. */
#include "solvers/faded.h"

#include "solvers/implicit.h"

#include <math.h>

#define FADED 0.1 /* of the change that J foretells: a tenth has come of it */

/* Is f within the tolerance of the slope, were nothing stiff? */
static bool agrees(int64_t n, const struct step_end *end)
{
	double least = fabs(end->shift);
	for (int64_t i = 0; i < n; i++)
		if (!(fabs(end->f[i] - end->slope[i]) * end->weight[i] <= least))
			return false;
	return true;
}

/* foretold = J d and change = f(y + d) - f(y), for d as far as J says that y is from where f is the slope. */
static void look_aside(struct rhs *f, const struct step_end *end, double *foretold, double *change)
{
	for (int64_t i = 0; i < f->n; i++)
		foretold[i] = end->f[i] - end->slope[i];
	oj_shift_solve(f, 0, foretold);
	for (int64_t i = 0; i < f->n; i++)
		foretold[i] += end->y[i];
	rhs_eval(f, end->t, foretold, change);
	for (int64_t i = 0; i < f->n; i++) {
		change[i] -= end->f[i];
		foretold[i] = end->shift * (foretold[i] - end->y[i]) - (end->f[i] - end->slope[i]);
	}
}

bool oj_has_faded(struct rhs *f, const struct step_end *end)
{
	const struct matrix *jacobian = &f->implicit->jacobian;
	double *foretold = end->aside, *change = end->change;
	bool faded = false;
	if (!jacobian->kernel || agrees(f->n, end))
		return false;
	look_aside(f, end, foretold, change);
	for (int64_t i = 0; i < f->n; i++) {
		bool counts = fabs(foretold[i]) * end->weight[i] > fabs(end->shift);
		if (!(counts && fabs(change[i]) < FADED * fabs(foretold[i])))
			foretold[i] = 0;
		faded = faded || foretold[i] != 0;
	}
	if (!faded)
		return false;
	oj_jacobian_noise(f->implicit, f->n, end->y, change);
	for (int64_t i = 0; i < f->n; i++)
		if (fabs(foretold[i]) > change[i])
			return true;
	return false;
}
