/* See control.h. */
#include "solvers/control.h"

#include "solvers/sums.h"

#include <math.h>
#include <string.h>

/* The next step's length waits for a logarithm and an exponential, one after the
 * other, so both are written for the time from argument to result: numbers are taken
 * apart and rounded without calls or conversions. */

/* x = m 2^e with m in 1/2 .. 1, for x > 0. */
static double take_apart(double x, int *e)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	if (bits >> 52 == 0 || bits >> 52 == 2047)
		return frexp(x, e);
	*e = (int)(bits >> 52) - 1022;
	bits = (bits & (UINT64_MAX >> 12)) | (uint64_t)1022 << 52;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* x = m 2^e with m in [1/sqrt 2, sqrt 2), then 2 artanh((m-1)/(m+1)): the argument is
 * below 0.172, and thirteen powers of it are enough. */
static double logarithm(double x)
{
	int e;
	double m = take_apart(x, &e);
	if (m < 0.70710678118654752)
		m *= 2, e--;
	double s = (m - 1) / (m + 1), q = s * s, low = 1 + q * (1.0/3 + q * (1.0/5 + q * (1.0/7)));
	double high = 1.0/9 + q * (1.0/11 + q * (1.0/13));
	return e * 0.69314718055994531 + 2 * s * (low + q * q * (q * q) * high);
}

/* The Taylor series on |x| <= ln 2 / 2, times a power of two. */
static double exponential(double x)
{
	if (!(x < 700))
		return HUGE_VAL;
	if (x < -700)
		return 0;
	/* Adding 3 2^51 rounds to an integer, which then stands in the last bits. */
	const double shift = 6755399441055744.0;
	double near = x * 1.4426950408889634, shifted = near + shift;
	double k = shifted - shift, r = x - k * 0.69314718055994531, q = r * r;
	double low = (1 + r) + q * (1.0/2 + r * (1.0/6)) + q * q * (1.0/24 + r * (1.0/120));
	double high = (1.0/720 + r * (1.0/5040)) + q * (1.0/40320 + r * (1.0/362880));
	uint64_t bits;
	double power;
	memcpy(&bits, &shifted, sizeof bits);
	bits = (bits + 1023) << 52;
	memcpy(&power, &bits, sizeof power);
	return (low + q * q * q * high) * power;
}

double oj_control_power(double x, double e)
{
	return exponential(e * logarithm(x));
}

/* Errors below this count as this much when the next step looks back. */
#define LEAST_ERROR 1e-4

static double limit(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

void oj_control_begin(struct control *control, const struct controller *numbers)
{
	*control = (struct control){.numbers = numbers, .old = logarithm(LEAST_ERROR)};
}

double oj_control_accept(struct control *control, double error)
{
	const struct controller *c = control->numbers;
	double alpha = 1.0 / c->error_order - 0.75 * c->beta;
	double factor = c->grow, size = logarithm(error > LEAST_ERROR ? error : LEAST_ERROR);
	if (error > 0)
		factor = c->safety * exponential(c->beta * control->old
		                                   - alpha * (error > LEAST_ERROR ? size : logarithm(error)));
	factor = limit(factor, c->shrink, control->rejected ? 1 : c->grow);
	control->old = size;
	control->rejected = false;
	return factor;
}

double oj_control_reject(struct control *control, double error)
{
	const struct controller *c = control->numbers;
	control->rejected = true;
	if (!isfinite(error))
		return 0.1;
	return limit(c->safety * oj_control_power(error, -1.0 / c->error_order), c->shrink, 1);
}

/* A length from which the Euler step changes y by about a hundredth of its scale. */
static double euler_length(double size, double slope, double span)
{
	double h = size < 1e-5 || slope < 1e-5 ? 1e-6 : 0.01 * (size / slope);
	return h < span ? h : span;
}

double oj_first_step(const struct stepper *stepper, void *state, struct rhs *f,
                     const struct tolerance *tolerance, const struct controller *numbers, double t,
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
	                              : oj_control_power(0.01 / steepest, 1.0 / numbers->error_order);
	return fmin(fmin(100 * h0, h1), span);
}
