/* What a run holds its states to besides tolerances: states that stay at or above 0, an end
 * where nothing moves, a limit of growth. */
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const explicit_methods[] = {"tsit5", "vern8", "rock4", "taylor"};
static const char *const implicit_methods[] = {"radau", "rodas5p", "rodas4p", "rosenbrock23", "bdf", "kencarp4", "trbdf2", "auto"};
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* ---- states that stay at or above 0 ---- */

/* L. F. Shampine, S. Thompson, J. A. Kierzenka, G. D. Byrne, Non-negative solutions of ODEs,
 * Appl. Math. Comput. 170 (2005) 556-569: the solution is exp(-t), and what once is below 0
 * runs away. */
static void hold_decay(const char *method)
{
	struct trial trial;
	trial_begin(&trial, "y' = -abs(y)\ninit y = 1\n", method);
	trial.options.rtol = 1e-3;
	trial.options.atol = 1e-6;
	trial.options.nonnegative = "y";
	trial_solve(&trial, 0, 40, ojit_output_points(401));
	for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
		const double *row = ojit_solver_row(trial.solver, i);
		cr_expect(row[1] >= 0, "%s at %g: %g", method, row[0], row[1]);
		cr_expect_float_eq(row[1], exp(-row[0]), 1e-2, "%s at %g: %g", method, row[0], row[1]);
	}
	trial_end(&trial);
}

Test(limits, what_runs_away_below_0_does_not_get_there)
{
	for (size_t m = 0; m < COUNT(explicit_methods); m++)
		if (strcmp(explicit_methods[m], "taylor")) /* has no series of a kink */
			hold_decay(explicit_methods[m]);
	for (size_t m = 0; m < COUNT(implicit_methods); m++)
		hold_decay(implicit_methods[m]);
}

/* The same authors' knee: 1 - t as long as that is positive, then 0; numerically 1 - t goes on
 * (G. Dahlquist, L. Edsberg, G. Skollermo, G. Soderlind, Are the numerical methods and software
 * satisfactory for chemical kinetics?, 1982). */
Test(limits, the_knee_is_turned)
{
	for (size_t m = 0; m < COUNT(implicit_methods); m++) {
		struct trial trial;
		trial_begin(&trial, "y' = ((1 - t)*y - y^2)/1e-6\ninit y = 1\n", implicit_methods[m]);
		trial.options.rtol = 1e-3;
		trial.options.atol = 1e-6;
		trial.options.nonnegative = "all";
		trial_solve(&trial, 0, 2, ojit_output_points(41));
		for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
			const double *row = ojit_solver_row(trial.solver, i);
			double expected = fmax(1 - row[0], 0), near_knee = fabs(row[0] - 1) < 0.1 ? 0.02 : 0;
			cr_expect(row[1] >= 0, "%s at %g: %g", implicit_methods[m], row[0], row[1]);
			cr_expect_float_eq(row[1], expected, 3e-3 + near_knee, "%s at %g: %g", implicit_methods[m], row[0], row[1]);
		}
		trial_end(&trial);
	}
}

/* ---- slopes that are infinite where the solution is ---- */

/* With u = sqrt(x), u' = (1 - u)/(2 u), so t = -2 u - 2 log(1 - u). */
static double root_of(double t)
{
	double low = 0, high = 1;
	for (int i = 0; i < 60; i++) {
		double u = (low + high) / 2;
		*(-2 * u - 2 * log1p(-u) < t ? &low : &high) = u;
	}
	return low * low;
}

/* Of sqrt at 0, from above, from below, and by two states at once: y = 1 - x, z = x and w = x. */
static const char from_the_edge[] = "x' = 1 - sqrt(x)\ny' = sqrt(1 - y) - 1\nz' = 1 - (z*w)^0.25\nw' = 1 - sqrt(w)\n"
                                    "init x = 0, y = 1, z = 0, w = 0\n";

static void hold_from_the_edge(struct trial *trial, double bound)
{
	double x = root_of(3), expected[] = {x, 1 - x, x, x};
	trial_solve(trial, 0, 3, ojit_output_final());
	const double *end = ojit_solver_last_states(trial->solver);
	for (int i = 0; i < 4; i++)
		cr_expect_float_eq(end[i], expected[i], bound, "%s: state %d is off by %g", trial->options.method, i,
		                   end[i] - expected[i]);
}

Test(limits, an_infinite_slope_is_left)
{
	static const char *const more[] = {"radau5", "implicit_euler", "implicit_midpoint", "trapezoid"};
	for (size_t m = 0; m < COUNT(implicit_methods) + COUNT(more); m++) {
		struct trial trial;
		trial_begin(&trial, from_the_edge, m < COUNT(more) ? more[m] : implicit_methods[m - COUNT(more)]);
		hold_from_the_edge(&trial, 2e-4);
		trial.options.fixed_step = 1.0 / 64;
		if (strcmp(trial.options.method, "auto")) /* explicit there */
			hold_from_the_edge(&trial, 2e-2);
		trial_end(&trial);
	}
}

/* Of what is 0 because two states are equal: moved alike they would stay so. */
Test(limits, an_infinite_slope_between_equal_states_is_left)
{
	for (size_t m = 0; m < COUNT(implicit_methods); m++) {
		struct trial trial;
		trial_begin(&trial, "x' = 1 - sqrt(abs(x - y))\ny' = 0\ninit x = 0, y = 0\n", implicit_methods[m]);
		trial_solve(&trial, 0, 3, ojit_output_final());
		cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], root_of(3), 2e-4, "%s", implicit_methods[m]);
		trial_end(&trial);
	}
}

/* To 0 in a finite time, where it stays; what took it there is not to go on, so neither does it
 * grow again, nor is it driven below 0 step by step.  The methods are all that look back. */
static void hold_at_0(const char *text, double t1, double bound, const double *expected)
{
	static const char *const more[] = {"radau5", "implicit_euler"};
	for (size_t m = 0; m < COUNT(implicit_methods) + COUNT(more); m++) {
		struct trial trial;
		trial_begin(&trial, text, m < COUNT(more) ? more[m] : implicit_methods[m - COUNT(more)]);
		trial.options.nonnegative = "all";
		trial_solve(&trial, 0, t1, ojit_output_final());
		const double *end = ojit_solver_last_states(trial.solver);
		ojit_stats stats = ojit_solver_stats(trial.solver);
		for (int i = 0; i < 2; i++)
			cr_expect_float_eq(end[i], expected[i], i == 0 ? 1e-9 : bound, "%s: state %d is off by %g", trial.options.method,
			                   i, end[i] - expected[i]);
		cr_expect(end[0] >= 0);
		cr_expect(stats.clipped < 50, "%s: clipped %g", trial.options.method, (double)stats.clipped);
		trial_end(&trial);
	}
}

Test(limits, what_comes_to_0_stays_there)
{
	/* x = (1 - 500 t)^2, and y by quadrature */
	hold_at_0("x' = -1e3*sqrt(max(x, 0))\ny' = -10*(y - x)\ninit x = 1, y = 1\n", 1, 3e-7,
	          (const double[]){0, 4.570411536545114e-05});
	hold_at_0("x' = -1e2*max(x, 0)^0.5\ny' = 1e2*max(x, 0)^0.5\ninit x = 1, y = 0\n", 3, 1e-6, (const double[]){0, 1});
	hold_at_0("x' = -sqrt(max(x, 0))\ny' = -x\ninit x = 1, y = 1\n", 4, 1e-4, (const double[]){0, 1 - 2.0 / 3});
}

static const char robertson[] = "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
                                "init a = 1, b = 0, c = 0\n";

/* At loose tolerances a and b, which go to 0, are found on either side of it. */
/* A vessel runs empty at t = 2 (E. Torricelli), others in finite time as well; behind, powers are none. */
Test(limits, what_comes_to_0_in_finite_time_stays_there)
{
	const struct {
		const char *text;
		double end;
	} cases[] = {
		{"y' = -sqrt(y)\ninit y = 1\n", 2}, {"y' = -y^0.3\ninit y = 1\n", 1 / 0.7},
		{"y' = -sqrt(y)\nz' = sqrt(y)\ninit y = 1, z = 0\n", 2},
		{"y' = sqrt(y)\ninit y = 1\n", -2},
	};
	static const double tolerances[] = {1e-3, 1e-5, 1e-7};
	for (size_t c = 0; c < COUNT(cases); c++)
		for (size_t m = 0; m < COUNT(implicit_methods) + 3; m++)
			for (size_t k = 0; k < COUNT(tolerances); k++) {
				const char *method = m < 3 ? explicit_methods[m] : implicit_methods[m - 3];
				double end = cases[c].end;
				struct trial trial;
				trial_begin(&trial, cases[c].text, method);
				trial.options.rtol = tolerances[k];
				trial.options.nonnegative = "all";
				trial_solve(&trial, 0, 2 * end, ojit_output_points(9));
				for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
					const double *row = ojit_solver_row(trial.solver, i);
					double left = 1 - row[0] / end, expected = left > 0 ? pow(left, fabs(end)) : 0;
					cr_expect_float_eq(row[1], expected, 20 * tolerances[k], "%s at %g: %g", method, row[0], row[1] - expected);
					cr_expect(left > -0.1 || row[1] == 0, "%s at %g: %g", method, row[0], row[1]);
				}
				trial_end(&trial);
			}
}

Test(limits, robertson_stays_positive_at_loose_tolerances)
{
	for (size_t m = 0; m < COUNT(implicit_methods); m++) {
		struct trial trial;
		trial_begin(&trial, robertson, implicit_methods[m]);
		trial.options.rtol = 1e-2;
		trial.options.atol = 1e-6;
		trial.options.nonnegative = "a, b, c";
		trial_solve(&trial, 0, 1e11, ojit_output_steps());
		for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
			const double *row = ojit_solver_row(trial.solver, i);
			cr_expect(row[1] >= 0 && row[2] >= 0 && row[3] >= 0, "%s at %g", implicit_methods[m], row[0]);
		}
		double clipped = (double)ojit_solver_stats(trial.solver).clipped;
		const double *end = ojit_solver_last_states(trial.solver);
		cr_expect_float_eq(end[0] + end[1] + end[2], 1, 1e-9 + clipped * (1e-6 + 1e-2 * 4e-5), "%s", implicit_methods[m]);
		trial_end(&trial);
	}
}

/* Where nothing goes below 0 nothing changes, not a bit. */
Test(limits, what_stays_above_is_left_alone)
{
	for (size_t m = 0; m < COUNT(implicit_methods); m++) {
		struct trial trial;
		double end[2];
		trial_begin(&trial, "x' = x*(1 - y)\ny' = y*(x - 1)\ninit x = 0.5, y = 2\n", implicit_methods[m]);
		trial_solve(&trial, 0, 20, ojit_output_final());
		memcpy(end, ojit_solver_last_states(trial.solver), sizeof end);
		trial.options.nonnegative = "y,x";
		trial_solve(&trial, 0, 20, ojit_output_final());
		cr_expect_arr_eq(ojit_solver_last_states(trial.solver), end, sizeof end, "%s", implicit_methods[m]);
		cr_expect_eq(ojit_solver_stats(trial.solver).clipped, 0);
		trial_end(&trial);
	}
}

Test(limits, states_are_named_as_elsewhere)
{
	struct trial trial;
	trial_begin(&trial, "u[i in 1..3]' = -i*abs(u[i])\nv' = -1\ninit u[i in 1..3] = 1, v = 0\n", "tsit5");
	trial.options.rtol = 1e-3;
	trial.options.atol = 1e-6;
	trial.options.nonnegative = " u[2] ,u[3]";
	trial_solve(&trial, 0, 40, ojit_output_final());
	const double *y = ojit_solver_last_states(trial.solver);
	cr_expect(y[1] >= 0 && y[2] >= 0);
	cr_expect_lt(y[3], -39);
	trial.options.nonnegative = "u, w";
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_NAME);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "w"), "%s", ojit_solver_error(trial.solver).text);
	trial_end(&trial);
}

Test(limits, models_may_ask_for_it)
{
	struct trial trial;
	trial_begin(&trial, "u[i in 1..3]' = -i*abs(u[i])\nv' = -abs(v)\ninit u[i in 1..3] = 1, v = 1\nnonnegative u\n",
	            "tsit5");
	cr_expect_str_eq(ojit_program_describe(trial.program).nonnegative, "u");
	trial.options.rtol = 1e-3;
	trial.options.atol = 1e-6;
	trial_solve(&trial, 0, 40, ojit_output_final());
	cr_expect(ojit_solver_last_states(trial.solver)[2] >= 0 && ojit_solver_last_states(trial.solver)[3] < 0);
	trial.options.nonnegative = "v";
	trial_solve(&trial, 0, 40, ojit_output_final());
	cr_expect(ojit_solver_last_states(trial.solver)[2] < 0 && ojit_solver_last_states(trial.solver)[3] >= 0);
	trial.options.nonnegative = "";
	trial_solve(&trial, 0, 40, ojit_output_final());
	const double *y = ojit_solver_last_states(trial.solver);
	cr_expect_lt(fmin(fmin(y[0], y[1]), fmin(y[2], y[3])), 0);
	trial_end(&trial);
}

Test(limits, what_a_model_names_must_be_states)
{
	static const char text[] = "x' = 1\ninit x = 0\nnonnegative x, q\n";
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program;
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), "test");
	cr_expect_eq(ojit_program_compile(model, NULL, &program), OJIT_NAME);
	cr_expect(strstr(ojit_model_error(model).text, "test:3:16: error: there is no state 'q'; the model has x"), "%s",
	          ojit_model_error(model).text);
	ojit_model_free(model);
	ojit_context_free(context);
}

Test(limits, what_the_equations_take_below_0_is_said)
{
	struct trial trial;
	trial_begin(&trial, "x' = 1\ny' = -1\ninit x = 0, y = 1\n", "tsit5");
	trial.options.nonnegative = "all";
	const char *said = trial_fail(&trial, 0, 2, OJIT_STEP_TOO_SMALL);
	cr_expect(strstr(said, "y is to stay nonnegative"), "%s", said);
	cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 1, 1e-4);
	trial_end(&trial);
}

/* A reaction of second order, which an error of a whole tolerance takes below 0: there its
 * concentration runs away.  The message names it, and not where negative states are in order. */
Test(limits, what_ran_away_below_0_is_told_of_nonnegative)
{
	static const char *const inits[] = {"init x = 1, y = 1, s = 0\n", "init x = 1, y = 1, s = -1\n"};
	for (int k = 0; k < 2; k++) {
		char text[200];
		struct trial trial;
		snprintf(text, sizeof text, "x' = -1e7*x^2\ny' = -1e7*y^2 - if(t > 1, 1e-3, 0)\ns' = 0\n%s", inits[k]);
		trial_begin(&trial, text, "rodas5p");
		const char *said = trial_fail(&trial, 0, 100, OJIT_STEP_TOO_SMALL);
		cr_expect_eq(strstr(said, "all states began at or above 0, and y is far below") != NULL, k == 0, "%s", said);
		cr_expect_eq(strstr(said, "nonnegative") != NULL, k == 0, "%s", said);
		trial_end(&trial);
	}
}

Test(limits, negative_beginnings_and_steps_of_given_size_are_refused)
{
	struct trial trial;
	trial_begin(&trial, "x' = -x\ny' = -y\ninit x = 1, y = -1\n", "tsit5");
	trial.options.nonnegative = "all";
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_ARGUMENT);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "y is to stay nonnegative, but begins with -1"), "%s",
	          ojit_solver_error(trial.solver).text);
	trial.options.nonnegative = "x";
	trial.options.fixed_step = 0.1;
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_ARGUMENT);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "fixed_step"), "%s", ojit_solver_error(trial.solver).text);
	trial_end(&trial);
}

/* An integrator's steps, recalled, show what the open ones showed; a copy goes on alike. */
Test(limits, integrators_keep_to_it)
{
	struct trial trial;
	trial_begin(&trial, "y' = -abs(y)\ninit y = 1\n", NULL);
	trial.options.method = "rodas5p";
	trial.options.rtol = 1e-3;
	trial.options.atol = 1e-6;
	trial.options.nonnegative = "all";
	ojit_integrator *integrator = ojit_integrator_new(trial.program);
	cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, 0, INFINITY, OJIT_RECORD_ALL), OJIT_OK, "%s",
	             ojit_integrator_error(integrator).text);
	cr_assert_eq(ojit_integrator_run_to(integrator, 20, NULL), OJIT_OK);
	ojit_integrator *copy = ojit_integrator_copy(integrator);
	cr_assert_eq(ojit_integrator_run_to(integrator, 40, NULL), OJIT_OK);
	cr_assert_eq(ojit_integrator_run_to(copy, 40, NULL), OJIT_OK);
	for (double t = 0; t <= 40; t += 0.25) {
		double y, z;
		cr_assert_eq(ojit_integrator_interpolate(integrator, t, &y), OJIT_OK);
		cr_assert_eq(ojit_integrator_interpolate(copy, t, &z), OJIT_OK);
		cr_expect(y >= 0 && y == z, "at %g: %g, %g", t, y, z);
	}
	trial.options.until_steady = 1e-3;
	cr_expect_eq(ojit_integrator_begin(integrator, &trial.options, 0, INFINITY, OJIT_RECORD_ALL), OJIT_UNSUPPORTED);
	ojit_integrator_free(copy);
	ojit_integrator_free(integrator);
	trial_end(&trial);
}

/* ---- an end where nothing moves ---- */

static const char reversible[] = "a' = -1e4*a*b + 3*c\nb' = -1e4*a*b + 3*c - 0.1*b + 0.1\nc' = 1e4*a*b - 3*c\n"
                                 "init a = 1, b = 0.5, c = 0\n";

Test(limits, a_run_ends_where_nothing_moves)
{
	for (size_t m = 0; m < COUNT(implicit_methods); m++) {
		struct trial trial;
		trial_begin(&trial, reversible, implicit_methods[m]);
		trial.options.until_steady = 1e-3;
		const char *said = trial_fail(&trial, 0, 1000, OJIT_STEADY);
		const double *y = ojit_solver_last_states(trial.solver);
		double t = ojit_solver_stats(trial.solver).t;
		cr_expect(t > 50 && t < 1000, "%s: %g", implicit_methods[m], t);
		cr_expect(strstr(said, "steady at t = "), "%s", said);
		cr_expect_float_eq(y[1], 1, 1e-4, "%s: %g", implicit_methods[m], y[1] - 1);
		cr_expect_float_eq(1e4 * y[0] * y[1], 3 * y[2], 1e-3, "%s", implicit_methods[m]);
		trial_end(&trial);
	}
}

/* Whatever times were asked for. */
Test(limits, the_last_row_of_a_steady_run_is_the_point_reached)
{
	const double times[] = {0, 1, 2000};
	const ojit_output outputs[] = {ojit_output_points(3), ojit_output_every(400), ojit_output_times(times, 3),
	                               ojit_output_steps(), ojit_output_final()};
	for (size_t k = 0; k < COUNT(outputs); k++) {
		struct trial trial;
		trial_begin(&trial, reversible, "radau");
		trial.options.until_steady = 1e-3;
		cr_assert_eq(ojit_solver_run(trial.solver, &trial.options, 0, 2000, outputs[k]), OJIT_OK);
		ojit_stats stats = ojit_solver_stats(trial.solver);
		size_t rows = ojit_solver_rows(trial.solver);
		cr_expect_eq(stats.outcome, OJIT_STEADY);
		const double *last = ojit_solver_row(trial.solver, rows - 1);
		cr_expect(last[0] == stats.t && last[1] == ojit_solver_last_states(trial.solver)[0], "%zu", k);
		cr_expect(rows == 1 || ojit_solver_row(trial.solver, rows - 2)[0] < last[0], "%zu: twice", k);
		trial_end(&trial);
	}
}

/* Neither a slow beginning, nor a turning point, nor a decay that goes on for decades. */
Test(limits, what_still_moves_is_not_taken_for_its_end)
{
	static const struct {
		const char *text;
		double end;
	} moving[] = {
		{"x' = 1e-3*x*(1 - x)\ninit x = 1e-9\n", 2e4},
		{"x' = y\ny' = -x\ninit x = 1, y = 0\n", 100},
		{robertson, 1e11},
	};
	for (size_t k = 0; k < COUNT(moving); k++)
		for (size_t m = 0; m < COUNT(implicit_methods); m++) {
			struct trial trial;
			trial_begin(&trial, moving[k].text, implicit_methods[m]);
			trial.options.atol = 1e-14;
			trial.options.rtol = 1e-5;
			trial.options.until_steady = 1e-3;
			trial_solve(&trial, 0, moving[k].end, ojit_output_final());
			trial_end(&trial);
		}
}

/* ---- a limit of growth ---- */

static void expect_said(const char *message, const char *says)
{
	cr_expect(strstr(message, says), "'%s' in: %s", says, message);
}

Test(limits, a_state_that_outgrows_the_limit_is_named)
{
	struct trial trial;
	trial_begin(&trial, "x' = 0\ny' = y\ninit x = 1, y = 1\n", "auto");
	trial.options.growth_limit = 1e6;
	const char *said = trial_fail(&trial, 0, 100, OJIT_OUTGROWN);
	cr_expect(strstr(said, "y is beyond growth_limit = 1000000"), "%s", said);
	double y = ojit_solver_last_states(trial.solver)[1];
	cr_expect(y > 1e6 && y < 1e8, "%g", y);
	trial.options.growth_limit = 0.5;
	expect_said(trial_fail(&trial, 0, 100, OJIT_OUTGROWN), "x is beyond growth_limit = 0.5 at t = 0");
	cr_expect_eq(ojit_solver_stats(trial.solver).steps, 0);
	trial.options.growth_limit = -1;
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_ARGUMENT);
	trial.options.growth_limit = 0;
	trial.options.until_steady = 2;
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_ARGUMENT);
	expect_said(ojit_solver_error(trial.solver).text, "or leave it out");
	trial_end(&trial);
}

/* Without one it ends where numbers do, which is said, and not that something jumps or has a pole. */
Test(limits, a_state_that_outgrows_numbers_is_named)
{
	static const char *const methods[] = {"auto", "tsit5", "radau", "bdf", "kencarp4"};
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		trial_begin(&trial, "x' = -x + y\ny' = -1000*y + x\ninit x = 1, y = 0\n", methods[m]);
		const ojit_output output = ojit_output_final();
		cr_assert_eq(ojit_solver_run(trial.solver, &trial.options, 1, 0, output), OJIT_OK);
		cr_expect_neq(ojit_solver_stats(trial.solver).outcome, OJIT_SUCCESS);
		expect_said(ojit_solver_message(trial.solver), "y has grown to -");
		trial_end(&trial);
	}
}

/* ---- limits that stand in the model ---- */

/* What a model says holds, unless options say otherwise; text and calls say the same. */
Test(limits, a_model_says_where_its_solves_end)
{
	static const char body[] = "x' = x\ny' = -y\ninit x = 1, y = 1\n";
	char text[200];
	struct trial trial;
	snprintf(text, sizeof text, "%ssolve growth_limit = 10, until_steady = 1e-3\n", body);
	trial_begin(&trial, text, "auto");
	cr_expect_eq(ojit_program_describe(trial.program).growth_limit, 10);
	cr_expect_eq(ojit_program_describe(trial.program).until_steady, 1e-3);
	trial_fail(&trial, 0, 5, OJIT_OUTGROWN);
	trial.options.growth_limit = INFINITY;
	trial_solve(&trial, 0, 5, ojit_output_final());
	trial_end(&trial);
	trial_begin(&trial, "y' = 1 - y\ninit y = 0\nsolve until_steady = 1e-3\n", "auto");
	trial_fail(&trial, 0, 1000, OJIT_STEADY);
	trial.options.until_steady = -1;
	trial_solve(&trial, 0, 1000, ojit_output_final());
	trial_end(&trial);
}

static ojit_model *read(ojit_context *context, const char *text)
{
	ojit_model *model = ojit_model_new(context);
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), NULL), OJIT_OK);
	return model;
}

Test(limits, calls_say_what_solve_says)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read(context, "y' = y\ninit y = 1\n");
	ojit_program *program;
	cr_assert_eq(ojit_model_limits(model, 0, ojit_number(model, 100)), OJIT_OK);
	cr_assert_eq(ojit_model_limits(model, ojit_number(model, 0.5), 0), OJIT_OK);
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK);
	cr_expect_eq(ojit_program_describe(program).growth_limit, 100);
	cr_expect_eq(ojit_program_describe(program).until_steady, 0.5);
	ojit_program_free(program);
	cr_expect_eq(ojit_model_limits(model, 0, ojit_number(model, 100)), OJIT_NAME);
	cr_expect(strstr(ojit_model_error(model).text, "a setting of solve"), "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	model = read(context, "y' = y\ninit y = 1\nsolve until_steady = 1\n");
	cr_expect_eq(ojit_program_compile(model, NULL, &program), OJIT_ARGUMENT);
	cr_expect(strstr(ojit_model_error(model).text, "until_steady must be above 0 and below 1"), "%s",
	          ojit_model_error(model).text);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---- what ends a run otherwise ---- */

/* Whatever the method, the state that runs away is named, though the last attempt was accepted. */
Test(limits, a_pole_is_named_by_its_state)
{
	for (size_t m = 0; m < COUNT(implicit_methods); m++) {
		struct trial trial;
		trial_begin(&trial, "a' = -a\ny' = y^2\ninit a = 1, y = 1\n", implicit_methods[m]);
		const char *said = trial_fail(&trial, 0, 2, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(said, "error of y"), "%s: %s", implicit_methods[m], said);
		cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 1, 1e-2, "%s: %s", implicit_methods[m], said);
		trial_end(&trial);
	}
}

/* Iterations that fail at a jump are no numbers that are infinite. */
Test(limits, a_jump_that_holds_a_solution_is_named)
{
	static const char *const methods[] = {"radau", "bdf", "auto", "tsit5"};
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		trial_begin(&trial, "y' = if(y > 0.5, -1e6, 1e6)\ninit y = 0\n", methods[m]);
		trial.options.step_limit = 5000;
		const char *said = trial_fail(&trial, 0, 1, OJIT_MAX_STEPS);
		cr_expect(!strstr(said, "infinite"), "%s: %s", methods[m], said);
		if (m < 2)
			cr_expect(strstr(said, "seems to jump"), "%s: %s", methods[m], said);
		trial_end(&trial);
	}
}

/* ---- the caller's domain ---- */

static int above_a_tenth(void *user, double t, const double *y)
{
	int *asked = user;
	(void)t;
	(*asked)++;
	return y[0] > 0.1;
}

static int anywhere(void *user, double t, const double *y)
{
	return user && isfinite(t) && isfinite(y[0]);
}

/* exp(-t) is 0.1 at log 10: no step goes beyond it, and what led up to it is kept. */
Test(limits, steps_stay_in_the_domain)
{
	for (size_t m = 0; m < COUNT(implicit_methods) + COUNT(explicit_methods); m++) {
		const char *method = m < COUNT(implicit_methods) ? implicit_methods[m] : explicit_methods[m - COUNT(implicit_methods)];
		struct trial trial;
		int asked = 0;
		trial_begin(&trial, "y' = -y\ninit y = 1\n", method);
		trial.options.domain = above_a_tenth;
		trial.options.user = &asked;
		trial_solve(&trial, 0, 2, ojit_output_final());
		cr_expect_geq(asked, (int)ojit_solver_stats(trial.solver).steps);
		const char *said = trial_fail(&trial, 0, 3, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(said, "out of the domain that the caller's check allows"), "%s: %s", method, said);
		cr_expect_float_eq(ojit_solver_stats(trial.solver).t, log(10), 1e-2, "%s: %g", method, ojit_solver_stats(trial.solver).t);
		cr_expect(ojit_solver_last_states(trial.solver)[0] > 0.1);
		trial_end(&trial);
	}
}

static int nowhere(void *user, double t, const double *y)
{
	(void)user, (void)t, (void)y;
	return 0;
}

/* However short steps get, it is the domain that is named; and where there is no tolerance, that. */
Test(limits, what_shortens_the_first_step_for_ever_is_named)
{
	for (size_t m = 0; m < COUNT(implicit_methods) + COUNT(explicit_methods); m++) {
		const char *method = m < COUNT(implicit_methods) ? implicit_methods[m] : explicit_methods[m - COUNT(implicit_methods)];
		struct trial trial;
		trial_begin(&trial, "x' = 1 + x*y\ny' = -1000*(y - x)\ninit x = 1, y = 0\n", method);
		trial.options.domain = nowhere;
		const char *said = trial_fail(&trial, 0, 1, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(said, "out of the domain that the caller's check allows"), "%s: %s", method, said);
		trial_end(&trial);
	}
	static const char *const strict[] = {"rodas5p", "rosenbrock23", "radau", "kencarp4", "implicit_euler"};
	for (size_t m = 0; m < COUNT(strict); m++) {
		struct trial trial;
		trial_begin(&trial, "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
		            "init a = 1, b = 0, c = 0\n", strict[m]);
		trial.options.atol = 0;
		const char *said = trial_fail(&trial, 0, 40, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(said, "has atol = 0"), "%s: %s", strict[m], said);
		trial_end(&trial);
	}
}

Test(limits, a_domain_without_bounds_changes_no_bit_and_fixed_steps_end_at_its_edge)
{
	struct trial free, held;
	int asked = 0;
	trial_begin(&free, "y' = -y\ninit y = 1\n", "auto");
	trial_begin(&held, "y' = -y\ninit y = 1\n", "auto");
	held.options.domain = anywhere;
	held.options.user = &asked;
	trial_solve(&free, 0, 3, ojit_output_final());
	trial_solve(&held, 0, 3, ojit_output_final());
	cr_expect_eq(ojit_solver_last_states(free.solver)[0], ojit_solver_last_states(held.solver)[0]);
	held.options.domain = above_a_tenth;
	held.options.fixed_step = 0.25;
	const char *said = trial_fail(&held, 0, 3, OJIT_STEP_TOO_SMALL);
	cr_expect(strstr(said, "shorter fixed step"), "%s", said);
	cr_expect_eq(ojit_solver_stats(held.solver).t, 2.25);
	trial_end(&free);
	trial_end(&held);
}

/* ---- within a step ---- */

static int questions, answered; /* of the check, and how many of them with yes */

static ojit_verdict answer(void *user, double t)
{
	(void)user;
	(void)t;
	return questions++ < answered ? OJIT_CONTINUE : OJIT_INTERRUPT;
}

/* Factorisations of many rows ask whether to go on; the step that was to be is not taken, and can be later. */
Test(limits, a_long_factorisation_ends_when_it_is_asked_to)
{
	static const char *const methods[] = {"radau5", "rodas5p", "bdf", "kencarp4"};
	struct trial trial;
	trial_begin(&trial, "const N = 1030\nx[i in 1..N]' = -1000*(x[i] - 1/i) + if(i > 1, x[i-1], 0)\ninit x[i in 1..N] = 0\n", NULL);
	trial.options.linear = "dense";
	trial.options.check = answer;
	for (size_t m = 0; m < COUNT(methods); m++) {
		trial.options.method = methods[m];
		ojit_integrator *integrator = ojit_integrator_new(trial.program);
		questions = 0, answered = 5;
		cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, 0, 1, OJIT_RECORD_NONE), OJIT_OK);
		cr_expect_eq(ojit_integrator_step(integrator, INFINITY), OJIT_ENDED);
		cr_expect_eq(ojit_integrator_stats(integrator).outcome, OJIT_INTERRUPTED);
		cr_expect_eq(ojit_integrator_stats(integrator).steps, 0, "%s", methods[m]);
		cr_expect_eq(questions, 6, "%s: %d", methods[m], questions);
		cr_expect_eq(ojit_integrator_time(integrator), 0);
		answered = 1000000;
		cr_expect_eq(ojit_integrator_step(integrator, INFINITY), OJIT_OK, "%s: %s", methods[m],
		             ojit_integrator_message(integrator));
		cr_expect_gt(ojit_integrator_time(integrator), 0);
		cr_expect_float_eq(ojit_integrator_states(integrator)[0], -expm1(-1000 * ojit_integrator_time(integrator)), 1e-5);
		ojit_integrator_free(integrator);
	}
	trial_end(&trial);
}
