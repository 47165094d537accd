/* Backward differentiation formulas: their numbers against definitions, and what stiff
 * equations ask of them. */
#include "solvers/bdf_formula.h"
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- formulas ---- */

static double harmonic(int k)
{
	return k == 0 ? 0 : harmonic(k - 1) + 1.0 / k;
}

static double factorial(int k)
{
	return k == 0 ? 1 : k * factorial(k - 1);
}

static double value(const double *p, int degree, double x)
{
	double sum = 0;
	for (int j = degree; j >= 0; j--)
		sum = sum * x + p[j];
	return sum;
}

static void expect_near(double got, double wanted, const char *what, int order)
{
	cr_expect_float_eq(got, wanted, 1e-13 * fmax(1, fabs(wanted)), "%s, order %d: %.17g, not %.17g", what, order, got, wanted);
}

/* With steps of one length all is known (C. W. Gear, Numerical Initial Value Problems in
 * Ordinary Differential Equations, 1971, 11.1): l are the coefficients of (1 + x)(1 + x/2)...,
 * the error is h^(q+1) y^(q+1) / ((q + 1)(1 + ... + 1/q)), and a correction h^(q+1) y^(q+1). */
Test(bdf, formulas_for_steps_of_one_length_are_the_known_ones)
{
	const double past[BDF_MOST + 1] = {0.25, 0.25, 0.25, 0.25, 0.25, 0.25};
	for (int q = 1; q <= BDF_MOST; q++) {
		struct bdf_formula f;
		oj_bdf_formula_set(&f, q, 0.25, past);
		expect_near(f.l[1], harmonic(q), "leading coefficient", q);
		expect_near(f.l[q], 1 / factorial(q), "last coefficient", q);
		for (int j = 1; j <= q; j++)
			expect_near(value(f.l, q, -j), 0, "zero", q);
		expect_near(f.error, 1 / ((q + 1) * harmonic(q)), "error", q);
		expect_near(f.lower, q > 1 ? factorial(q - 1) / harmonic(q - 1) : 0, "lower", q);
		expect_near(f.higher, 1 / ((q + 2) * harmonic(q + 1)), "higher", q);
		expect_near(f.measure, factorial(q + 1), "measure", q);
	}
}

static const double past[] = {0.3, 0.11, 0.2, 0.45, 0.07, 0.4};

/* xi_j of a step of length h after the past ones. */
static double distance(double h, int j)
{
	double sum = h;
	for (int k = 0; k < j - 1; k++)
		sum += past[k];
	return sum / h;
}

Test(bdf, corrections_leave_the_past_alone_and_keep_the_leading_coefficient)
{
	for (int q = 1; q <= BDF_MOST; q++) {
		struct bdf_formula f;
		oj_bdf_formula_set(&f, q, 0.17, past);
		expect_near(f.l[0], 1, "value", q);
		expect_near(f.l[1], harmonic(q), "leading coefficient", q);
		for (int j = 1; j < q; j++)
			expect_near(value(f.l, q, -distance(0.17, j)), 0, "zero", q);
	}
}

/* The array interpolates y, y' and the values before; one order more takes in the value that
 * the prediction knew and the correction, times l, has left. */
Test(bdf, a_raised_array_interpolates_one_value_more)
{
	for (int q = 1; q < BDF_MOST; q++) {
		struct bdf_formula f;
		double share[BDF_MOST + 1], p[BDF_MOST + 1], d = 0.7;
		oj_bdf_formula_set(&f, q, past[0], past + 1);
		double factor = oj_bdf_raise(q, past, share);
		for (int j = 0; j <= q; j++)
			p[j] = d * f.l[j] + d * factor * share[j];
		p[q + 1] = d * factor;
		double xi = 0;
		for (int j = 0; j < q; j++) {
			xi += past[j] / past[0];
			expect_near(value(p, q + 1, -xi), 0, "value before", q);
		}
		cr_expect(p[0] == d * f.l[0] && p[1] == d * f.l[1]);
	}
}

Test(bdf, a_lowered_array_interpolates_one_value_less)
{
	for (int q = 2; q <= BDF_MOST; q++) {
		double share[BDF_MOST + 1], p[BDF_MOST + 1] = {1, -2, 0.5, 0.3, -0.1, 0.7}, lowered[BDF_MOST + 1];
		oj_bdf_lower(q, past, share);
		for (int j = 0; j < q; j++)
			lowered[j] = p[j] - (j < 2 ? 0 : share[j] * p[q]);
		double xi = 0;
		for (int j = 0; j < q - 2; j++) {
			xi += past[j] / past[0];
			expect_near(value(lowered, q - 1, -xi), value(p, q, -xi), "value before", q);
		}
		cr_expect(lowered[0] == p[0] && lowered[1] == p[1]);
	}
}

/* ---- steps of given size ---- */

/* Order 1, then order 2: y2 = 4/3 y1 - 1/3 y0 + 2/3 h f2. */
Test(bdf, steps_of_given_size_are_the_formulas_of_order_1_and_2)
{
	struct trial trial;
	const double h = 0.125;
	double y[4] = {1, 1 / (1 + h)};
	trial_begin(&trial, "y' = -y\ninit y = 1\n", "bdf");
	trial.options.fixed_step = h;
	trial_solve(&trial, 0, 3 * h, ojit_output_steps());
	for (int k = 2; k < 4; k++)
		y[k] = (4 * y[k - 1] - y[k - 2]) / (3 + 2 * h);
	for (int k = 0; k < 4; k++)
		cr_expect_float_eq(ojit_solver_row(trial.solver, (size_t)k)[1], y[k], 1e-15, "%d", k);
	trial_end(&trial);
}

/* ---- stiff equations ---- */

/* A. Prothero, A. Robinson, Math. Comp. 28 (1974) 145-162: the solution is cos t whatever
 * the stiffness is, and so must be the work. */
Test(bdf, work_does_not_grow_with_stiffness)
{
	static const char *const texts[] = {"y' = -1e3*(y - cos(t)) - sin(t)\ninit y = 1\n",
	                                    "y' = -1e9*(y - cos(t)) - sin(t)\ninit y = 1\n"};
	uint64_t steps[2];
	for (int k = 0; k < 2; k++) {
		struct trial trial;
		trial_begin(&trial, texts[k], "BDF");
		trial.options.rtol = trial.options.atol = 1e-8;
		trial_solve(&trial, 0, 10, ojit_output_points(101));
		for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
			const double *row = ojit_solver_row(trial.solver, i);
			cr_expect_float_eq(row[1], cos(row[0]), 1e-7, "at %g: %g", row[0], row[1] - cos(row[0]));
		}
		steps[k] = ojit_solver_stats(trial.solver).steps;
		trial_end(&trial);
	}
	cr_expect_leq(steps[1], 1.3 * steps[0], "%d and %d", (int)steps[0], (int)steps[1]);
	cr_expect_lt(steps[0], 300); /* what only orders 4 and 5 can do */
}

/* H. H. Robertson (1966); 2.0833e-8 is left of the first at t = 1e11. */
static const char robertson[] = "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
                                "init a = 1, b = 0, c = 0\n";

Test(bdf, robertson_reaches_its_end_with_factors_that_are_kept)
{
	static const char *const ways[] = {"auto", "dense", "band", "sparse"};
	for (size_t w = 0; w < 4; w++) {
		struct trial trial;
		trial_begin(&trial, robertson, "bdf");
		trial.options.linear = ways[w];
		trial.options.rtol = 1e-6;
		trial.options.atol = 1e-12;
		trial_solve(&trial, 0, 1e11, ojit_output_final());
		const double *y = ojit_solver_last_states(trial.solver);
		ojit_stats stats = ojit_solver_stats(trial.solver);
		cr_expect_float_eq(y[0] / 2.083340149701255e-08, 1, 1e-3, "%s: %g", ways[w], y[0]);
		cr_expect_float_eq(y[0] + y[1] + y[2], 1, 1e-10);
		cr_expect_lt(stats.steps, 1300);
		cr_expect_lt(stats.iterations, 2.3 * stats.steps); /* two at least, see iterations.h */
		cr_expect_lt(4 * stats.factorisations, stats.steps);
		cr_expect_leq(stats.jacobians, stats.factorisations);
		trial_end(&trial);
	}
}

/* A limit cycle with steep fronts, J. G. Verwer's form of B. van der Pol's equation. */
Test(bdf, errors_fall_with_the_tolerance)
{
	static const double known[] = {1.706167732170469, -0.0008928097010248125};
	double last = INFINITY;
	for (double e = 4; e <= 10; e += 2) {
		struct trial trial;
		trial_begin(&trial, "x' = y\ny' = 1000*(1 - x^2)*y - x\ninit x = 2, y = 0\n", "bdf");
		trial.options.rtol = pow(10, -e);
		trial.options.atol = 1e-3 * trial.options.rtol;
		trial_solve(&trial, 0, 2000, ojit_output_final());
		const double *y = ojit_solver_last_states(trial.solver);
		double error = fmax(fabs(y[0] / known[0] - 1), fabs(y[1] / known[1] - 1));
		cr_expect_lt(error, 100 * trial.options.rtol, "1e-%g: %g", e, error);
		cr_expect_lt(error, last / 5, "1e-%g: %g after %g", e, error, last);
		last = error;
		trial_end(&trial);
	}
}

/* ---- what begins and ends a run ---- */

/* At order 1 a step that decay leaves as it is may neither grow nor rise by the rule of gains alone. */
Test(bdf, a_low_order_is_left_in_the_end)
{
	struct trial trial;
	uint64_t before = 0;
	trial_begin(&trial, "x' = -x\ninit x = 1\n", "bdf");
	for (double rtol = 4e-3; rtol > 1e-4; rtol *= 0.8) {
		trial.options.rtol = rtol;
		trial_solve(&trial, 0, 10, ojit_output_final());
		uint64_t steps = ojit_solver_stats(trial.solver).steps;
		cr_expect(before == 0 || steps <= before + before / 3, "rtol %g: %d steps, %d before", rtol, (int)steps, (int)before);
		before = steps;
	}
	trial_end(&trial);
}

Test(bdf, both_directions_and_jumps_on_the_way_are_fine)
{
	struct trial trial;
	trial_begin(&trial, "y' = -50*(y - sin(t)) + cos(t)\ninit y = 0\n", "bdf");
	trial.options.rtol = trial.options.atol = 1e-7;
	ojit_integrator *it = ojit_integrator_from(trial.solver);
	double y = 1;
	cr_assert_eq(ojit_integrator_begin(it, &trial.options, 0, INFINITY, OJIT_RECORD_ALL), OJIT_OK);
	cr_assert_eq(ojit_integrator_stop_at(it, 2), OJIT_OK);
	cr_expect_float_eq(ojit_integrator_states(it)[0], sin(2), 1e-5);
	cr_assert_eq(ojit_integrator_restart(it, 2, &y), OJIT_OK); /* a jump */
	cr_assert_eq(ojit_integrator_stop_at(it, 4), OJIT_OK);
	cr_expect_float_eq(ojit_integrator_states(it)[0], sin(4) + (1 - sin(2)) * exp(-100), 1e-5);
	cr_assert_eq(ojit_integrator_interpolate(it, 1.3, &y), OJIT_OK);
	cr_expect_float_eq(y, sin(1.3), 1e-5);
	ojit_integrator_free(it);
	trial_end(&trial);
	trial_begin(&trial, "y' = 50*(y - sin(t)) + cos(t)\ninit y = sin(1)\n", "bdf");
	trial.options.rtol = trial.options.atol = 1e-7;
	trial_solve(&trial, 1, -3, ojit_output_final());
	cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], sin(-3), 1e-5);
	trial_end(&trial);
}

/* A stop does not make the steps behind it short. */
Test(bdf, stops_leave_the_length_of_steps_alone)
{
	struct trial trial;
	trial_begin(&trial, robertson, "bdf");
	ojit_integrator *it = ojit_integrator_from(trial.solver);
	uint64_t steps[2];
	for (int stops = 0; stops < 2; stops++) {
		cr_assert_eq(ojit_integrator_begin(it, &trial.options, 0, 1e6, OJIT_RECORD_NONE), OJIT_OK);
		for (double t = 1; stops && t < 1e6; t *= 10)
			cr_assert_eq(ojit_integrator_stop_at(it, t), OJIT_OK);
		cr_assert_eq(ojit_integrator_stop_at(it, 1e6), OJIT_OK);
		steps[stops] = ojit_integrator_stats(it).steps;
	}
	cr_expect_leq(steps[1], 1.1 * steps[0], "%d and %d", (int)steps[1], (int)steps[0]);
	ojit_integrator_free(it);
	trial_end(&trial);
}

Test(bdf, what_ends_a_run_is_named)
{
	struct trial trial;
	trial_begin(&trial, "a' = -a\ny' = y^2\ninit a = 1, y = 1\n", "bdf");
	const char *message = trial_fail(&trial, 0, 2, OJIT_STEP_TOO_SMALL);
	cr_expect(strstr(message, "y"), "%s", message);
	cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 1, 1e-2, "%s", message);
	trial_end(&trial);
	trial_begin(&trial, "a' = -a\nu' = -sqrt(u)\ninit a = 1, u = 1\n", "bdf");
	message = trial_fail(&trial, 0, 3, OJIT_NONFINITE);
	cr_expect(strstr(message, "u or its derivative"), "%s", message);
	cr_expect(strstr(message, "sqrt(max(x, 0)) for sqrt(x)"), "%s", message);
	cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 2, 2e-2, "%s", message);
	trial_end(&trial);
}
