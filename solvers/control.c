/* See control.h. */
#include "solvers/control.h"

#include "solvers/sums.h"

#include <math.h>

/* ln m through 2 artanh((m-1)/(m+1)), m in [sqrt 1/2, sqrt 2): |s| < 0.172. */
static double logarithm(double x)
{
	int exponent;
	double m = frexp(x, &exponent);
	if (m < 0.70710678118654752)
		m *= 2, exponent--;
	double s = (m - 1) / (m + 1), q = s * s;
	double series = 1 + q * (1.0/3 + q * (1.0/5 + q * (1.0/7 + q * (1.0/9 + q * (1.0/11 + q / 13)))));
	return exponent * 0.69314718055994531 + 2 * s * series;
}

/* The Taylor series on |x| < ln 2 / 2, scaled by a power of two. */
static double exponential(double x)
{
	if (x > 700)
		return HUGE_VAL;
	if (x < -700)
		return 0;
	double k = floor(x / 0.69314718055994531 + 0.5), r = x - k * 0.69314718055994531;
	double sum = 1;
	for (int i = 11; i > 0; i--)
		sum = 1 + sum * r / i;
	return ldexp(sum, (int)k);
}

double oj_power(double x, double e)
{
	return exponential(e * logarithm(x));
}

static double limit(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

void oj_control_begin(struct control *control, const struct tableau *row)
{
	*control = (struct control){.row = row, .old = 1e-4};
}

double oj_control_accept(struct control *control, double error)
{
	const struct tableau *row = control->row;
	double alpha = 1.0 / row->error_order - 0.75 * row->beta;
	double factor = row->grow;
	if (error > 0) {
		factor = row->safety * oj_power(error, -alpha);
		if (row->beta > 0)
			factor *= oj_power(control->old, row->beta);
	}
	factor = limit(factor, row->shrink, control->rejected ? 1 : row->grow);
	control->old = error > 1e-4 ? error : 1e-4;
	control->rejected = false;
	return factor;
}

double oj_control_reject(struct control *control, double error)
{
	const struct tableau *row = control->row;
	control->rejected = true;
	if (!isfinite(error))
		return 0.1;
	return limit(row->safety * oj_power(error, -1.0 / row->error_order), row->shrink, 1);
}

/* A length from which the Euler step changes y by about a hundredth of its scale. */
static double euler_length(double size, double slope, double span)
{
	double h = size < 1e-5 || slope < 1e-5 ? 1e-6 : 0.01 * (size / slope);
	return h < span ? h : span;
}

double oj_first_step(const struct stepper *stepper, void *state, struct rhs *f,
                     const struct tolerance *tolerance, const struct tableau *row, double t,
                     double direction, double span)
{
	const double *y, *f0;
	double *y_euler, *f_euler;
	stepper->look(state, &y, &f0, &y_euler, &f_euler);
	double size = oj_scaled_norm(f->n, y, NULL, y, tolerance);
	double slope = oj_scaled_norm(f->n, f0, NULL, y, tolerance);
	double h0 = euler_length(size, slope, span);
	for (int64_t i = 0; i < f->n; i++)
		y_euler[i] = y[i] + direction * h0 * f0[i];
	rhs_eval(f, t + direction * h0, y_euler, f_euler);
	double bend = oj_scaled_norm(f->n, f_euler, f0, y, tolerance) / h0;
	if (!isfinite(bend) || !isfinite(slope))
		return h0 * 1e-3;
	double steepest = slope > bend ? slope : bend;
	double h1 = steepest <= 1e-15 ? fmax(1e-6, h0 * 1e-3)
	                              : oj_power(0.01 / steepest, 1.0 / row->error_order);
	return fmin(fmin(100 * h0, h1), span);
}
