/* See curvature.h.
 *
 * A solution A exp(t/tau) has slopes of the size A/tau, which change by A/tau^2 in a unit of time: so both
 * follow from two slopes.  The error of a step of order 4, A (h/tau)^5 times a constant, is then
 * the tolerance at tau (constant A)^(-1/5).  Modes that are at rest but for errors of
 * the size of the tolerance bend slopes, too: what follows from them is no less than tens of the
 * steps that their stability allows, since the slopes are some steps apart.  (m: lengths are twice those of
 * rodas5p on smooth problems, half of them within a factor of 1.5.) */
#include "solvers/curvature.h"

#include "solvers/control.h"
#include "solvers/sums.h"

#include <math.h>
#include <string.h>

#define ERROR_CONSTANT 1e-3
/* Of the length, over which slopes are compared: the longer, the less those modes say. */
#define AGE 0.3

void oj_curvature_lay_out(struct curvature *c, int64_t n, double *memory)
{
	*c = (struct curvature){.n = n, .slope = memory};
}

void oj_curvature_forget(struct curvature *c)
{
	c->known = false;
	c->length = 0;
}

static double length_of(double slope, double bend)
{
	double tau = slope / bend, size = slope * tau;
	return bend > 0 && size > 0 ? tau * oj_control_power(ERROR_CONSTANT * size, -0.2) : HUGE_VAL;
}

void oj_curvature_see(struct curvature *c, double t, const double *y, const double *f, const struct tolerance *tolerance)
{
	if (c->known) {
		double slope = oj_scaled_norm(c->n, f, NULL, y, tolerance);
		double bend = oj_scaled_norm(c->n, f, c->slope, y, tolerance) / fabs(t - c->t);
		c->length = isfinite(slope) && isfinite(bend) ? length_of(slope, bend) : 0;
	}
	if (c->known && fabs(t - c->t) < AGE * c->length)
		return;
	memcpy(c->slope, f, (size_t)c->n * sizeof *f);
	c->t = t;
	c->known = true;
}
