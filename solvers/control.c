/* See control.h. */
#include "solvers/control.h"

#include "solvers/rough.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The next step's length waits for a power of the error, so it is written for the time
 * from argument to result: a logarithm in two parts, of which the coarse one has found
 * its place in the table of powers before the fine one is there; no calls, no
 * divisions, no conversions to wait for. */

enum { TABLE = 32 }; /* entries, a power of two */

/* Centres c of equal parts of 1 .. 2: 1/c and log2 c. */
static const double inverse[TABLE] = {
	64.0/65, 64.0/67, 64.0/69, 64.0/71, 64.0/73, 64.0/75, 64.0/77, 64.0/79,
	64.0/81, 64.0/83, 64.0/85, 64.0/87, 64.0/89, 64.0/91, 64.0/93, 64.0/95,
	64.0/97, 64.0/99, 64.0/101, 64.0/103, 64.0/105, 64.0/107, 64.0/109, 64.0/111,
	64.0/113, 64.0/115, 64.0/117, 64.0/119, 64.0/121, 64.0/123, 64.0/125, 64.0/127,
};
static const double centre_logarithm[TABLE] = {
	0.022367813028454427, 0.066089190457772465, 0.10852445677816903, 0.14974711950468203,
	0.18982455888001731, 0.22881869049588077, 0.26678654069490126, 0.30378074817710293,
	0.3398500028846248, 0.37503943134692469, 0.40939093613770178, 0.44294349584872833,
	0.47573343096639781, 0.50779464019869613, 0.53915881110803132, 0.56985560833094784,
	0.5999128421871277, 0.62935662007960946, 0.65821148275179475, 0.68650052718321852,
	0.71424551766612254, 0.74146698640114705, 0.76818432477692633, 0.79441586635010597,
	0.82017896241518773, 0.84549005094437524, 0.87036471958340433, 0.8948177633079436,
	0.91886323727459451, 0.94251450533923975, 0.96578428466208699, 0.98868468677216592,
};
/* 2^(i/TABLE) */
static const double root_power[TABLE] = {
	1, 1.0218971486541166, 1.0442737824274138, 1.0671404006768237,
	1.0905077326652577, 1.1143867425958924, 1.1387886347566916, 1.1637248587775775,
	1.189207115002721, 1.215247359980469, 1.241857812073484, 1.2690509571917332,
	1.2968395546510096, 1.3252366431597413, 1.3542555469368927, 1.383909881963832,
	1.4142135623730951, 1.4451808069770467, 1.4768261459394993, 1.5091644275934228,
	1.5422108254079407, 1.5759808451078865, 1.6104903319492543, 1.6457554781539649,
	1.681792830507429, 1.7186192981224779, 1.7562521603732995, 1.7947090750031072,
	1.8340080864093424, 1.8741676341103, 1.9152065613971474, 1.9571441241754002,
};

/* A logarithm to base 2, the sum of its parts; |fine| < 0.023. */
struct logarithm {
	double coarse, fine;
};

/* x = c (1 + r) 2^e; the polynomial agrees with log2(1 + r) at the Chebyshev points of
 * |r| <= 1/64 and is off by 4e-11 at most.  For x > 0. */
static struct logarithm logarithm(double x)
{
	uint64_t bits, one = (uint64_t)1023 << 52;
	if (!(x >= DBL_MIN && x <= DBL_MAX))
		x = x < DBL_MIN ? DBL_MIN : DBL_MAX;
	memcpy(&bits, &x, sizeof bits);
	uint64_t part = bits >> 47 & (TABLE - 1), mantissa = (bits & UINT64_MAX >> 12) | one;
	double m, e = (double)((int)(bits >> 52) - 1023);
	memcpy(&m, &mantissa, sizeof m);
	double r = m * inverse[part] - 1;
	double low = 1.4426950387388053 - 0.7213475186526677 * r;
	double high = 0.48096880180744667 - 0.3607324730406114 * r;
	return (struct logarithm){e + centre_logarithm[part], r * (low + r * r * high)};
}

/* 2^(coarse + fine) for |fine| < 0.023: the integer nearest to TABLE coarse stands in the
 * last bits of `shifted`; the polynomial agrees with 2^r at the Chebyshev points of |r| <=
 * 0.0385 and is off by 2e-11 at most. */
static double power_of_two(double coarse, double fine)
{
	const double shift = 6755399441055744.0 / TABLE; /* 3 2^51 / TABLE */
	if (!(fabs(coarse) < 1000))
		return coarse < 0 ? 0 : HUGE_VAL;
	double shifted = coarse + shift, r = (coarse - (shifted - shift)) + fine, power;
	int64_t place, origin;
	uint64_t bits;
	memcpy(&place, &shifted, sizeof place);
	memcpy(&origin, &shift, sizeof origin);
	place -= origin;
	memcpy(&bits, &root_power[place & (TABLE - 1)], sizeof bits);
	bits += (uint64_t)((place - (place & (TABLE - 1))) / TABLE) << 52;
	memcpy(&power, &bits, sizeof power);
	double low = 0.6931471801937554 + 0.24022650691679698 * r;
	double high = 0.055506085060800424 + 0.009618357428998338 * r;
	return power + (power * r) * (low + r * r * high);
}

double oj_control_power(double x, double e)
{
	struct logarithm size = logarithm(x);
	return power_of_two(e * size.coarse, e * size.fine);
}

/* Errors below this count as this much when the next step looks back. */
#define LEAST_ERROR 1e-4
#define LEAST_LOGARITHM -26.5754247590989 /* log2 of its square */

static double limit(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

void oj_control_begin(struct control *control, const struct controller *numbers)
{
	*control = (struct control){.numbers = numbers, .old = LEAST_LOGARITHM};
	struct logarithm safety = logarithm(numbers->safety);
	control->safety = 0.125 * (safety.coarse + safety.fine);
	control->beta = 0.125 * (0.5 * numbers->beta);
	control->alpha = 0.125 * (0.5 / numbers->error_order) - 0.75 * control->beta;
}

/* Errors below a hundredth count as this much when the next step is predicted. */
#define LEAST_PREDICTED -13.28771237954945 /* log2 of its square */

static double predict(const struct control *control, double size)
{
	double old = control->old > LEAST_PREDICTED ? control->old : LEAST_PREDICTED;
	double factor = control->ratio * oj_rough_power_of_256(control->safety + control->alpha * (old - 2 * size));
	return control->ratio > 0 ? factor : HUGE_VAL;
}

double oj_control_accept(struct control *control, double squared)
{
	const struct controller *c = control->numbers;
	double most = control->rejected ? 1 : c->grow, factor = c->grow, old = LEAST_LOGARITHM;
	if (squared > 0) {
		double size = oj_rough_logarithm(squared), rest = control->safety + control->beta * control->old;
		factor = oj_rough_power_of_256(rest - control->alpha * size);
		if (c->predicts)
			factor = limit(factor, 0, predict(control, size));
		if (squared > LEAST_ERROR * LEAST_ERROR)
			old = size;
	}
	control->old = old;
	control->rejected = false;
	control->ratio = limit(factor, c->shrink, most);
	return control->ratio;
}

double oj_control_reject(struct control *control, double squared)
{
	const struct controller *c = control->numbers;
	double factor = isfinite(squared) ? limit(c->safety * oj_control_power(squared, -0.5 / c->error_order), c->shrink, 1) : 0.1;
	control->rejected = true;
	control->ratio *= factor;
	return factor;
}

#define PROPORTION 10.0

double oj_control_share(double order, double error_order, double rtol)
{
	if (order >= error_order)
		return 1;
	double share = PROPORTION * oj_control_power(rtol, error_order / order - 1);
	return fmin(1, fmax(share, CONTROL_LEAST_TOLERANCE / rtol));
}

/* ---- lengths of implicit steps ---- */

/* Errors below this count as this much when the next step looks back. */
#define LEAST_OLD_ERROR 1e-2
#define LENGTH_KEPT 1.2

void oj_pace_begin(struct pace *pace)
{
	*pace = (struct pace){.first = true};
}

double oj_pace_factor(const struct controller *numbers, double error, double effort)
{
	double factor = numbers->safety * effort * oj_control_power(error, -1 / numbers->error_order);
	return limit(factor, numbers->shrink, numbers->grow);
}

void oj_pace_accept(struct pace *pace, const struct controller *numbers, double h, double error, double effort)
{
	double factor = oj_pace_factor(numbers, error, effort);
	if (!pace->first) {
		double power = oj_control_power(pace->old_error / (error * error), 1 / numbers->error_order);
		factor = fmin(factor, limit(numbers->safety * (h / pace->old_h) * power, numbers->shrink, numbers->grow));
	}
	if (pace->rejected)
		factor = fmin(factor, 1);
	pace->proposed = factor >= 1 && factor <= LENGTH_KEPT ? h : h * factor;
	pace->old_h = h;
	pace->old_error = fmax(error, LEAST_OLD_ERROR);
	pace->first = pace->rejected = false;
}

/* ---- the first step ---- */

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
