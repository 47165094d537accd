/* There and back: a method's adjoint undoes its steps.
 *
 * What is left at the beginning is rounding, amplified on the way back.  On a stable linear
 * problem that is known: going back over steps of y' = A y, errors grow at most by the
 * method's factor for the eigenvalue furthest to the left, step by step. */
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

/* Pairs of which one undoes the other. */
static const char *const pairs[][2] = {
	{"euler", "implicit-euler"}, {"implicit_euler", "euler"}, {"implicit_midpoint", "implicit_midpoint"},
	{"trapezoid", "trapezoid"},
};
enum { PAIRS = sizeof pairs / sizeof pairs[0] };

static const char stable[] = "x' = -x + 2*y\ny' = -2*x - y + sin(t)\ninit x = 1, y = 0.5\n";

/* Eigenvalues -1 +- 2i: whatever the pair, a step back of length h multiplies errors by the
 * inverse of what the step forward does. */
static double factor_back(int pair, double h)
{
	double re = -h, im = 2 * h, ahead;
	switch (pair) {
	case 0: /* |1 + z| */
		ahead = hypot(1 + re, im);
		break;
	case 1: /* |1/(1 - z)| */
		ahead = 1 / hypot(1 - re, im);
		break;
	default: /* |(1 + z/2)/(1 - z/2)| */
		ahead = hypot(1 + re / 2, im / 2) / hypot(1 - re / 2, im / 2);
	}
	return fmax(1 / ahead, 1);
}

/* Rounding of each step, some units of it in states below 2, amplified by the steps after it. */
static double allowed(int pair, double h, double end)
{
	int steps = (int)lround(end / h);
	double factor = factor_back(pair, h), sum = 0;
	for (int k = 0; k < steps; k++)
		sum = sum * factor + 1;
	return 64 * DBL_EPSILON * sum;
}

Test(reverse, adjoint_methods_return_but_for_amplified_rounding)
{
	static const double lengths[] = {0.25, 0.0625, 0.015625};
	for (int p = 0; p < PAIRS; p++)
		for (int k = 0; k < 3; k++) {
			struct trial trial;
			trial_begin(&trial, stable, pairs[p][0]);
			trial.options.reverse_method = pairs[p][1];
			trial.options.fixed_step = lengths[k];
			trial_solve(&trial, 0, 5, ojit_output_final());
			const double *y = ojit_solver_last_states(trial.solver);
			double bound = allowed(p, lengths[k], 5);
			cr_expect_lt(bound, 1e-8);
			cr_expect_float_eq(y[0], 1, bound, "%s, %g: %g, not %g", pairs[p][0], lengths[k], y[0] - 1, bound);
			cr_expect_float_eq(y[1], 0.5, bound, "%s, %g: %g, not %g", pairs[p][0], lengths[k], y[1] - 0.5, bound);
			cr_expect_eq(ojit_solver_stats(trial.solver).t, 0);
			cr_expect_eq(ojit_solver_stats(trial.solver).steps, (uint64_t)(2 * 5 / lengths[k]));
			trial_end(&trial);
		}
}

/* The same for a Jacobian that changes: iterations of steps of given size have to go on to rounding, with
 * what is known of a J that is kept or without.  Norms of steps back are below |1 + h + 2ih|/(1 - h),
 * whatever the pair, for the matrix is -1 and a rotation. */
Test(reverse, a_jacobian_that_changes_is_no_hindrance)
{
	static const char text[] = "x' = -x + 2*cos(t)*y\ny' = -2*cos(t)*x - y + sin(t)\ninit x = 1, y = 0.5\n";
	for (int p = 0; p < PAIRS; p++)
		for (double h = 0.0625; h > 0.01; h /= 2) {
			struct trial trial;
			double sum = 0;
			for (int k = 0; k < (int)lround(5 / h); k++)
				sum = sum * hypot(1 + h, 2 * h) / (1 - h) + 1;
			trial_begin(&trial, text, pairs[p][0]);
			trial.options.reverse_method = pairs[p][1];
			trial.options.fixed_step = h;
			trial_solve(&trial, 0, 5, ojit_output_final());
			const double *y = ojit_solver_last_states(trial.solver);
			double bound = 64 * DBL_EPSILON * sum;
			cr_expect_lt(bound, 3e-8);
			cr_expect_float_eq(y[0], 1, bound, "%s, %g: %g, not %g", pairs[p][0], h, y[0] - 1, bound);
			cr_expect_float_eq(y[1], 0.5, bound, "%s, %g: %g, not %g", pairs[p][0], h, y[1] - 0.5, bound);
			trial_end(&trial);
		}
}

/* The test above would not pass for any two methods. */
Test(reverse, others_do_not)
{
	static const char *const others[][2] = {{"euler", "euler"}, {"rk4", "rk4"}, {"euler", "implicit_midpoint"}};
	for (int p = 0; p < 3; p++) {
		struct trial trial;
		trial_begin(&trial, stable, others[p][0]);
		trial.options.reverse_method = others[p][1];
		trial.options.fixed_step = 0.25;
		trial_solve(&trial, 0, 5, ojit_output_final());
		cr_expect_gt(fabs(ojit_solver_last_states(trial.solver)[0] - 1), 1e-6, "%s", others[p][0]);
		trial_end(&trial);
	}
}

/* Steps of the error control are gone back over as they were: their ends are the rows. */
Test(reverse, steps_of_the_error_control_are_met_again)
{
	struct trial trial;
	double ahead[4096][3];
	trial_begin(&trial, "x' = x*(1 - y)\ny' = y*(x - 1)\ninit x = 0.5, y = 2\n", "euler");
	trial.options.rtol = trial.options.atol = 1e-3;
	trial_solve(&trial, 0, 3, ojit_output_steps());
	size_t rows = ojit_solver_rows(trial.solver);
	cr_assert(rows > 20 && rows <= 4096);
	for (size_t i = 0; i < rows; i++)
		memcpy(ahead[i], ojit_solver_row(trial.solver, i), sizeof ahead[i]);
	trial.options.reverse_method = "implicit_euler";
	trial_solve(&trial, 0, 3, ojit_output_steps());
	cr_assert_eq(ojit_solver_rows(trial.solver), rows);
	for (size_t i = 0; i < rows; i++) {
		const double *row = ojit_solver_row(trial.solver, rows - 1 - i);
		cr_expect_eq(row[0], ahead[i][0]);
		cr_expect_float_eq(row[1], ahead[i][1], 1e-11);
		cr_expect_float_eq(row[2], ahead[i][2], 1e-11);
	}
	trial_end(&trial);
}

/* Symmetric methods return on a nonlinear problem, too, and from a span that runs backwards. */
Test(reverse, spans_may_run_backwards)
{
	for (int p = 0; p < PAIRS; p++) {
		struct trial trial;
		trial_begin(&trial, "x' = x*(1 - y)*(1 + 0.1*sin(t))\ny' = y*(x - 1)\ninit x = 0.5, y = 2\n", pairs[p][0]);
		trial.options.reverse_method = pairs[p][1];
		trial.options.fixed_step = 0.05;
		trial_solve(&trial, 3, 1, ojit_output_points(9));
		const double *first = ojit_solver_row(trial.solver, 0), *last = ojit_solver_row(trial.solver, 8);
		cr_expect(first[0] == 1 && last[0] == 3);
		cr_expect_float_eq(last[1], 0.5, 1e-10, "%s", pairs[p][0]);
		cr_expect_float_eq(last[2], 2, 1e-10, "%s", pairs[p][0]);
		trial_end(&trial);
	}
}

Test(reverse, what_cannot_be_is_said)
{
	struct trial trial;
	trial_begin(&trial, "x' = x^2\ninit x = 1\n", "tsit5");
	trial.options.reverse_method = "there_is_none";
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 0.5, ojit_output_final()), OJIT_NAME);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "there_is_none"));
	trial.options.reverse_method = "implicit_euler";
	trial_fail(&trial, 0, 2, OJIT_STEP_TOO_SMALL); /* a pole at 1: no way back */
	cr_expect_eq(ojit_solver_rows(trial.solver), 0);
	trial.options.until_steady = 1e-3;
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 0.5, ojit_output_final()), OJIT_UNSUPPORTED);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "until_steady does not reach"));
	trial.options.until_steady = -1;
	ojit_integrator *integrator = ojit_integrator_new(trial.program);
	cr_expect_eq(ojit_integrator_begin(integrator, &trial.options, 0, 1, OJIT_RECORD_LAST), OJIT_UNSUPPORTED);
	ojit_integrator_free(integrator);
	trial_end(&trial);
}
