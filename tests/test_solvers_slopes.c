/* The error follows the tolerance for every method there is, measured at fifty times and
 * not at the end alone, since output is part of a solve: the slope of log error against
 * log rtol, which is 1 where the error that is controlled and the error of the solution are
 * of one order (Euler's method controls an error of order 2 and has one of order 1).
 *
 * References are another method's: Taylor's for all others, and Verner's of order 9 for
 * Taylor's, which have nothing in common. */
#include "solvers/method.h"

#include <criterion/criterion.h>
#include <math.h>
#include <ojit/ojit.h>
#include <string.h>

enum { TIMES = 50, MOST = 4 };

static const struct {
	const char *name, *text;
	double t1;
} problems[] = {
	{"prey", "init x = 10, y = 5\nx' = x*(1.5 - y)\ny' = y*(x - 3)\n", 5},
	{"lorenz", "init x = 1, y = 1, z = 1\nx' = 10*(y - x)\ny' = x*(28 - z) - y\nz' = x*y - 8/3*z\n", 3},
	{"driven", "init x = 1, v = 0\nx' = v\nv' = -sin(x) - 0.1*v + 0.5*cos(t)\n", 15},
	{"kepler", "init x = 0.7, y = 0, u = 0, v = sqrt(1.3/0.7)\nlet r = sqrt(x^2 + y^2)\n"
	           "x' = u\ny' = v\nu' = -x/r^3\nv' = -y/r^3\n", 10},
};
enum { PROBLEMS = sizeof problems / sizeof *problems };

/* Does the method hold a tolerance of its own, so that the error of the solution follows? */
static bool follows(const struct method *method)
{
	int order = method->info.order;
	return method->stepper->propose && (order == 0 || order > 4);
}

/* What the slope is to be.  Radau's ends of steps are of order 2s - 1, its interpolant is of order
 * s + 1, and s + 1 is what the step goes by: with 5 and 7 stages ends alone would have a slope of
 * 1.35 and 1.45, insides 1.05 and 1. */
static double wanted_of(const struct method *method)
{
	if (!follows(method))
		return method->info.order == 1 ? 1 / method->control.error_order : 1;
	return method->info.order > method->info.dense_order + 1 ? 1.2 : 1;
}

/* Exponents of rtol between which a method of this order is used, and where neither the
 * first steps nor rounding show. */
static void range_of(const struct method *method, double *coarse, double *fine)
{
	int order = method->info.order;
	*coarse = order <= 3 ? -4 : -6;
	*fine = order == 1 ? -6 : order <= 3 ? -7 : order <= 6 ? -10 : -11;
	if (follows(method))
		*coarse = -6, *fine = -12;
}

static void solve(ojit_solver *solver, const char *method, double rtol, double t1)
{
	ojit_options options = ojit_options_default();
	options.method = method;
	options.rtol = rtol;
	options.atol = 1e-2 * rtol;
	cr_assert_eq(ojit_solver_run(solver, &options, 0, t1, ojit_output_points(TIMES + 1)), OJIT_OK);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
}

/* The largest over all times of max_i |y_i - ref_i| / max(|ref_i|, 1e-3 max|ref|). */
static double error_of(ojit_solver *solver, ojit_solver *reference)
{
	size_t n = ojit_solver_count(solver, OJIT_STATES);
	double most = 0;
	for (size_t i = 0; i <= TIMES; i++) {
		const double *y = ojit_solver_row(solver, i) + 1, *ref = ojit_solver_row(reference, i) + 1;
		double largest = 0;
		for (size_t k = 0; k < n; k++)
			largest = fmax(largest, fabs(ref[k]));
		for (size_t k = 0; k < n; k++)
			most = fmax(most, fabs(y[k] - ref[k]) / fmax(fabs(ref[k]), 1e-3 * largest));
	}
	return most;
}

/* The slope of the line through the points in the sense of least squares. */
static double slope_of(const double *x, const double *y, int count)
{
	double n = count, sx = 0, sy = 0, sxx = 0, sxy = 0;
	for (int i = 0; i < count; i++) {
		sx += x[i];
		sy += y[i];
		sxx += x[i] * x[i];
		sxy += x[i] * y[i];
	}
	return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

static void hold_slope(ojit_solver *solver, ojit_solver *reference, const struct method *method, size_t problem)
{
	double coarse, fine, x[64], y[64];
	int count = 0;
	range_of(method, &coarse, &fine);
	for (double e = coarse; e >= fine; e -= 0.25) {
		solve(solver, method->info.name, pow(10, e), problems[problem].t1);
		x[count] = e;
		y[count++] = log10(error_of(solver, reference));
	}
	double wanted = wanted_of(method);
	double slope = slope_of(x, y, count);
	cr_expect(slope >= wanted - 0.3 && slope <= wanted + 0.3, "%s with %s: slope %.3f, not about %.2f",
	          problems[problem].name, method->info.name, slope, wanted);
}

Test(solvers_slopes, errors_at_fifty_times_follow_the_tolerance_with_every_method)
{
	ojit_context *context = ojit_context_new(NULL);
	for (size_t p = 0; p < PROBLEMS; p++) {
		ojit_model *model = ojit_model_new(context);
		ojit_program *program;
		ojit_model_read_text(model, problems[p].text, strlen(problems[p].text), problems[p].name);
		cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
		ojit_solver *solver = ojit_solver_new(program), *taylor = ojit_solver_new(program), *verner = ojit_solver_new(program);
		solve(taylor, "taylor", 2.3e-15, problems[p].t1);
		solve(verner, "vern9", 1e-13, problems[p].t1);
		cr_expect_lt(error_of(verner, taylor), 3e-12, "%s: %g", problems[p].name, error_of(verner, taylor));
		for (size_t i = 0; i < oj_method_count(); i++) {
			struct method method = oj_method_at(i);
			hold_slope(solver, method.stepper->propose ? verner : taylor, &method, p);
		}
		ojit_solver_free(solver);
		ojit_solver_free(taylor);
		ojit_solver_free(verner);
		ojit_program_free(program);
		ojit_model_free(model);
	}
	ojit_context_free(context);
}
