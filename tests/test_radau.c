/* Radau IIA: its numbers against their definitions, and what stiff equations ask of it. */
#include "solvers/iterations.h"
#include "solvers/radau.h"
#include "solvers/solver.h"
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 7 };
typedef long double real;
struct square {
	real at[MOST][MOST];
};

/* ---- the numbers ---- */

/* A from A^-1 = T Lambda T^-1: A = T Lambda^-1 T^-1. */
static struct square matrix_of(const struct radau_row *row)
{
	struct square a = {{{0}}}, inner = {{{0}}};
	int s = row->stages;
	for (int j = 0; j < s; j++)
		inner.at[0][j] = row->t_inverse.at[j] / (real)row->real;
	for (int k = 1; k < s; k += 2) {
		real alpha = row->shifts.at[k - 1], beta = row->shifts.at[k], size = alpha * alpha + beta * beta;
		for (int j = 0; j < s; j++) {
			real u = row->t_inverse.at[k * s + j], v = row->t_inverse.at[(k + 1) * s + j];
			inner.at[k][j] = (alpha * u + beta * v) / size;
			inner.at[k + 1][j] = (alpha * v - beta * u) / size;
		}
	}
	for (int i = 0; i < s; i++)
		for (int j = 0; j < s; j++)
			for (int k = 0; k < s; k++)
				a.at[i][j] += row->t.at[i * s + k] * inner.at[k][j];
	return a;
}

Test(radau, stages_integrate_polynomials_as_collocation_does)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		struct square a = matrix_of(row);
		cr_assert_eq(row->nodes.count, s);
		cr_assert(row->t.count == s * s && row->t_inverse.count == s * s && row->error.count == s);
		cr_assert_eq(row->shifts.count, s == 1 ? 1 : s - 1);
		for (int i = 0; i < s; i++)
			for (int q = 1; q <= s; q++) {
				real sum = 0;
				for (int j = 0; j < s; j++)
					sum += a.at[i][j] * powl(row->nodes.at[j], q - 1);
				cr_expect_lt(fabsl(sum - powl(row->nodes.at[i], q) / q), 1e-14, "%d stages, stage %d, power %d: %Lg", s,
				             i, q, sum - powl(row->nodes.at[i], q) / q);
			}
	}
}

/* With that, the last row's weights make the order 2s - 1 and no more (HW IV.5). */
Test(radau, weights_are_of_order_2s_minus_1)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		struct square a = matrix_of(row);
		cr_expect_eq(row->nodes.at[s - 1], 1);
		for (int q = 1; q <= 2 * s; q++) {
			real sum = 0;
			for (int j = 0; j < s; j++)
				sum += a.at[s - 1][j] * powl(row->nodes.at[j], q - 1);
			if (q < 2 * s)
				cr_expect_lt(fabsl(sum - 1.0L / q), 1e-14, "%d stages, power %d", s, q);
			else
				cr_expect_gt(fabsl(sum - 1.0L / q), 1e-9, "%d stages are of a higher order", s);
		}
	}
}

/* d = e A with sum d_i c_i^(q-1) = -1/real for q = 1, and 0 up to s. */
Test(radau, the_estimate_is_of_order_s)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		struct square a = matrix_of(row);
		for (int q = 1; q <= s; q++) {
			real sum = 0;
			for (int i = 0; i < s; i++)
				for (int j = 0; j < s; j++)
					sum += row->error.at[i] * a.at[i][j] * powl(row->nodes.at[j], q - 1);
			cr_expect_lt(fabsl(sum + (q == 1 ? 1 / (real)row->real : 0)), 1e-14, "%d stages, power %d", s, q);
		}
	}
}

Test(radau, the_transformation_has_its_inverse)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		for (int i = 0; i < s; i++)
			for (int j = 0; j < s; j++) {
				real sum = 0;
				for (int k = 0; k < s; k++)
					sum += (real)row->t.at[i * s + k] * row->t_inverse.at[k * s + j];
				cr_expect_lt(fabsl(sum - (i == j)), 1e-13, "%d stages: %d, %d", s, i, j);
			}
	}
}

/* ---- stiff equations ---- */

static const char *const methods[] = {"radau", "radau5", "radau9", "radau13"};

/* A. Prothero, A. Robinson, Math. Comp. 28 (1974) 145-162: the solution is cos t whatever
 * the stiffness is, and so must be the work. */
Test(radau, work_does_not_grow_with_stiffness)
{
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		uint64_t steps[2];
		for (int k = 0; k < 2; k++) {
			struct trial trial;
			trial_begin(&trial, k ? "y' = -1e9*(y - cos(t)) - sin(t)\ninit y = 1\n"
			                      : "y' = -1e3*(y - cos(t)) - sin(t)\ninit y = 1\n", methods[m]);
			trial.options.rtol = trial.options.atol = 1e-8;
			trial_solve(&trial, 0, 10, ojit_output_points(101));
			for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
				const double *row = ojit_solver_row(trial.solver, i);
				cr_expect_float_eq(row[1], cos(row[0]), 1e-6, "%s at %g: %g", methods[m], row[0], row[1] - cos(row[0]));
			}
			steps[k] = ojit_solver_stats(trial.solver).steps;
			trial_end(&trial);
		}
		cr_expect_lt(steps[1], steps[0] + 20, "%s: %d and %d", methods[m], (int)steps[0], (int)steps[1]);
	}
}

/* H. H. Robertson (1966); sums of the three are 1, and 2.0833e-8 is left of the first at
 * t = 1e11. */
static const char robertson[] = "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
                                "init a = 1, b = 0, c = 0\nspan 0..1e11\n";

Test(radau, robertson_reaches_its_end)
{
	static const char *const ways[] = {"auto", "dense", "band", "sparse", "static"};
	for (size_t w = 0; w < 5; w++) {
		struct trial trial;
		trial_begin(&trial, robertson, "radau");
		trial.options.linear = ways[w];
		trial.options.rtol = 1e-8;
		trial.options.atol = 1e-14;
		trial_solve(&trial, 0, 1e11, ojit_output_final());
		const double *y = ojit_solver_last_states(trial.solver);
		ojit_stats stats = ojit_solver_stats(trial.solver);
		cr_expect_float_eq(y[0], 2.083340149701255e-08, 5e-7 * y[0], "%s: %.17g", ways[w], y[0]);
		cr_expect_float_eq(y[1], 8.333360770334713e-14, 5e-7 * y[1], "%s: %.17g", ways[w], y[1]);
		cr_expect_float_eq(y[0] + y[1] + y[2], 1, 1e-10);
		cr_expect_lt(stats.steps, 250);
		cr_expect(stats.jacobians > 0 && stats.factorisations >= stats.jacobians && stats.iterations > stats.steps);
		const char *way = ojit_solver_linear(trial.solver);
		cr_expect_eq(strncmp(way, w ? ways[w] : "static", 4), 0, "%s", way);
		trial_end(&trial);
	}
}

Test(radau, unknown_ways_and_missing_derivatives_are_refused_by_name)
{
	struct trial trial;
	trial_begin(&trial, robertson, "Radau");
	trial.options.linear = "banded";
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_NAME);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "sparse"), "%s", ojit_solver_error(trial.solver).text);
	trial.options.linear = "band";
	trial.options.method = "tsit5";
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_ARGUMENT);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "tsit5 is explicit"), "%s",
	          ojit_solver_error(trial.solver).text);
	trial_end(&trial);
}

/* x = 0.5/t is where the root's argument gets below 0. */
Test(radau, a_domain_that_is_left_ends_with_the_state_named)
{
	struct trial trial;
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		trial_begin(&trial, "a' = -a\nx' = sqrt(0.5 - x*t)\ninit a = 1, x = 0\n", methods[m]);
		const char *message = trial_fail(&trial, 0, 5, OJIT_NONFINITE);
		cr_expect_eq(strncmp(message, "x or its derivative", 19), 0, "%s: %s", methods[m], message);
		trial_end(&trial);
	}
}

Test(radau, a_state_without_a_tolerance_is_named)
{
	struct trial trial;
	trial_begin(&trial, robertson, "radau");
	trial.options.atol = 0;
	const char *message = trial_fail(&trial, 0, 40, OJIT_STEP_TOO_SMALL);
	cr_expect(strstr(message, "the error of b") && strstr(message, "atol = 0"), "%s", message);
	trial_end(&trial);
}

/* x is sent back from either side, by more than any step is short. */
Test(radau, a_step_that_cannot_be_solved_names_the_state_and_a_remedy)
{
	static const char *const some[] = {"radau", "bdf", "trbdf2", "implicit_euler"};
	struct trial trial;
	trial_begin(&trial, "a' = -a\nx' = if(x > 0, -1e10, 1e10)\ninit a = 1, x = 0\n", NULL);
	for (size_t m = 0; m < sizeof some / sizeof *some; m++) {
		trial.options.method = some[m];
		const char *message = trial_fail(&trial, 1, 2, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(message, "could not be solved") && strstr(message, "for x changed") && strstr(message, "tanh"),
		          "%s: %s", some[m], message);
	}
	trial_end(&trial);
}

Test(radau, slopes_that_are_nowhere_finite_are_named)
{
	static const char *const some[] = {"radau", "bdf", "trbdf2", "rosenbrock23"};
	struct trial trial;
	trial_begin(&trial, "a' = -a\nx' = 1 + sqrt(x*floor(x))\ninit a = 1, x = 0.25\n", NULL);
	for (size_t m = 0; m < sizeof some / sizeof *some; m++) {
		trial.options.method = some[m];
		const char *message = trial_fail(&trial, 0, 0.5, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(message, "derivative of x is finite") && strstr(message, "tsit5"), "%s: %s", some[m], message);
	}
	trial_end(&trial);
}

/* Van der Pol's oscillator jumps within less than a rounding of t, but has no pole; where its
 * equations read t, time is in the way. */
Test(radau, steps_of_a_few_roundings_are_not_taken_for_a_pole_alone)
{
	struct trial trial;
	trial_begin(&trial, "x' = y\ny' = 1e6*(1 - x^2)*y - x + 1e-9*sin(t)\ninit x = 2, y = 0\n", "bdf");
	trial.options.rtol = 1e-11;
	const char *message = trial_fail(&trial, 0, 2e6, OJIT_STEP_TOO_SMALL);
	cr_expect(strstr(message, "rounding of t") && strstr(message, "looser tolerances") && strstr(message, "times from 0"),
	          "%s", message);
	trial_end(&trial);
}

/* Where they do not, it is not.  The slow motion from x to 1 takes x^2/2 - ln x - 1/2 of mu; at 2 mu a third one is on
 * its way, and what the jumps take besides is of the order mu^(-1/3). */
Test(radau, solutions_turn_within_less_than_a_rounding_of_the_time)
{
	static const char *const some[] = {"radau", "rodas5p", "bdf", "kencarp4", "trbdf2", "rosenbrock23", "auto"};
	const double mu = 1e8, slow = 1.5 - log(2);
	struct trial trial;
	trial_begin(&trial, "x' = y\ny' = 1e8*(1 - x^2)*y - x\ninit x = 2, y = 0\n", NULL);
	trial.options.rtol = 1e-5;
	for (size_t m = 0; m < sizeof some / sizeof *some; m++) {
		trial.options.method = some[m];
		trial_solve(&trial, 0, 2*mu, ojit_output_final());
		double x = ojit_solver_last_states(trial.solver)[0];
		double way = (2 - log(2)) - (x*x/2 - log(x)); /* from 2 to x, over mu */
		cr_expect_float_eq(way, 2 - 2*slow, 2e-3, "%s: %.6f, %.6f", some[m], way, 2 - 2*slow);
	}
	trial_end(&trial);
}

/* From t = 1 on x is held to a half by a slope of 1e8 from either side: the shortest of steps is off by more than 1e-9. */
Test(radau, a_jump_that_no_step_is_short_enough_for_is_named)
{
	static const char *const some[] = {"rodas5p", "tsit5"};
	struct trial trial;
	trial_begin(&trial, "x' = if(t < 1, 0, if(x > 0.5, -1e8, 1e8))\ninit x = 0.5\n", NULL);
	trial.options.rtol = trial.options.atol = 1e-9;
	for (size_t m = 0; m < sizeof some / sizeof *some; m++) {
		trial.options.method = some[m];
		const char *message = trial_fail(&trial, 0, 2, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(message, "may jump there") && strstr(message, "steep slope"), "%s: %s", some[m], message);
		cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 1, 1e-12);
	}
	trial_end(&trial);
}

/* x is held to cos 3t at the rate k of 1e8, which fades within w at t = 1, and then goes its own way:
 * its lead, of slope 1, is the integral of exp(-K exp(-2 s/w)), for what is left of k beyond 1 + s adds up to
 * K exp(-2 s/w), K = 1e8 w/2; so it begins w/2 (ln K + 0.5772...) after 1. */
Test(radau, what_stiffness_lets_go_is_not_held_on_to)
{
	static const char *const some[] = {"radau", "radau5", "rodas5p", "rodas4p", "rosenbrock23", "bdf", "kencarp4", "trbdf2",
	                                   "implicit_midpoint", "trapezoid", "auto"};
	const double w = 1e-3, lead = 1 - w/2 * (log(1e8 * w/2) + 0.57721566490153286);
	struct trial trial;
	trial_begin(&trial, "x' = -1e8*(0.5 - 0.5*tanh((t - 1)/1e-3))*(x - cos(3*t)) - 3*sin(3*t) + 1\ninit x = 1\n", NULL);
	for (size_t m = 0; m < sizeof some / sizeof *some; m++)
		for (int digits = 2; digits <= 6; digits++) {
			trial.options.method = some[m];
			trial.options.rtol = trial.options.atol = pow(10, -digits);
			trial_solve(&trial, 0, 2, ojit_output_final());
			double error = ojit_solver_last_states(trial.solver)[0] - (cos(6) + lead);
			cr_expect_leq(fabs(error), 10 * trial.options.rtol, "%s at 1e-%d: %.3g", some[m], digits, error);
		}
	trial_end(&trial);
}

/* z gains the integral of sin^8 over half a period, 35 pi/128, on each of ten days; at night nothing happens, so
 * that steps become longer than a day. */
Test(radau, what_comes_and_goes_between_long_steps_is_not_missed)
{
	static const char *const some[] = {"radau", "radau5", "rodas5p", "rodas4p", "rosenbrock23", "bdf", "kencarp4", "trbdf2",
	                                   "implicit_midpoint", "trapezoid", "auto"};
	const double gained = 10 * 35 * acos(-1) / 128;
	struct trial trial;
	trial_begin(&trial, "z' = max(0, sin(t))^8\nx' = -1000*(x - z)\ninit z = 0, x = 0\n", NULL);
	for (size_t m = 0; m < sizeof some / sizeof *some; m++)
		for (int digits = 4; digits <= 6; digits++) {
			trial.options.method = some[m];
			trial.options.rtol = trial.options.atol = pow(10, -digits);
			trial_solve(&trial, 3.3, 66.1, ojit_output_final());
			double error = ojit_solver_last_states(trial.solver)[0] / gained - 1;
			cr_expect_leq(fabs(error), 15 * trial.options.rtol, "%s at 1e-%d: %.3g", some[m], digits, error);
		}
	trial_end(&trial);
}

/* Near its pole x = x0 + h (x^2 + 1) has no real solution. */
Test(radau, a_fixed_step_that_cannot_be_solved_says_so)
{
	struct trial trial;
	trial_begin(&trial, "x' = x^2 + 1\ninit x = 0.3\n", "implicit_euler");
	trial.options.fixed_step = 0.25;
	const char *message = trial_fail(&trial, 0, 10, OJIT_STEP_TOO_SMALL);
	cr_expect(strstr(message, "could not be solved") && strstr(message, "shorter fixed step"), "%s", message);
	trial_end(&trial);
}

/* What is in the way of an iteration is a step's length, never the end of the solve. */
Test(radau, a_pole_ends_with_the_state_named)
{
	struct trial trial;
	trial_begin(&trial, "a' = -a\ny' = y^2\ninit a = 1, y = 1\n", NULL);
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		trial.options.method = methods[m];
		cr_assert_eq(ojit_solver_run(trial.solver, &trial.options, 0, 2, ojit_output_final()), OJIT_OK);
		const char *message = ojit_solver_message(trial.solver);
		cr_expect_neq(ojit_solver_stats(trial.solver).outcome, OJIT_SUCCESS);
		cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 1, 1e-3, "%s: %s", methods[m], message);
		cr_expect(strstr(message, "y"), "%s", message);
	}
	trial_end(&trial);
}

/* A Jacobian without entries. */
Test(radau, there_may_be_nothing_to_linearise)
{
	struct trial trial;
	trial_begin(&trial, "x' = cos(t)\ninit x = 0\n", "radau");
	trial_solve(&trial, 0, 2, ojit_output_points(5));
	cr_expect_float_eq(ojit_solver_row(trial.solver, 4)[1], sin(2), 1e-5);
	trial_end(&trial);
}

/* Steps of given size have no shorter ones to fall back on: x' = -x^3, x = 1/sqrt(1 + 2 t). */
Test(radau, steps_of_given_size_are_solved_to_rounding)
{
	const double lengths[] = {0.5, 0.2, 0.05};
	for (int k = 0; k < 3; k++) {
		struct trial trial;
		trial_begin(&trial, "x' = -x^3\ninit x = 1\n", NULL);
		trial.options.fixed_step = lengths[k];
		trial.options.method = "radau5";
		trial_solve(&trial, 0, 1, ojit_output_final());
		cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], 1 / sqrt(3), 1e-3 * pow(lengths[k], 4));
		trial.options.method = "implicit_euler";
		trial_solve(&trial, 0, lengths[k], ojit_output_final());
		double x = ojit_solver_last_states(trial.solver)[0];
		cr_expect_float_eq(x + lengths[k] * x * x * x, 1, 1e-13);
		trial_end(&trial);
	}
}

Test(radau, huge_states_are_solved_as_others_are)
{
	struct trial trial;
	trial_begin(&trial, "x' = -x\ninit x = 1e200\n", "radau");
	trial_solve(&trial, 0, 3, ojit_output_final());
	cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0] / 1e200, exp(-3), 1e-6);
	trial_end(&trial);
}

/* Who solves once does not wait for a compiler; who solves often gets machine code, and the
 * same bits. */
Test(radau, jacobians_are_compiled_when_they_are_evaluated_often)
{
	struct trial trial;
	double first[3];
	trial_begin(&trial, robertson, "radau");
	trial_solve(&trial, 0, 1e4, ojit_output_final());
	memcpy(first, ojit_solver_last_states(trial.solver), sizeof first);
	uint64_t compiles = ojit_context_counters(trial.context).compiles, runs = 0;
	while (ojit_context_counters(trial.context).compiles == compiles && runs++ < 1000) {
		trial_solve(&trial, 0, 1e4, ojit_output_final());
		cr_assert_arr_eq(ojit_solver_last_states(trial.solver), first, sizeof first, "run %d", (int)runs);
	}
	cr_expect_gt(runs, 3);
	cr_expect_lt(runs, 1000);
	trial_solve(&trial, 0, 1e4, ojit_output_final());
	cr_expect_arr_eq(ojit_solver_last_states(trial.solver), first, sizeof first);
	trial_end(&trial);
}

/* What is held up is rounding where it is a hundredth of the tolerance, and a failure above. */
Test(radau, iterations_that_rounding_holds_up_have_converged)
{
	static const double sizes[] = {0.009, 0.011, 0.009};
	for (int k = 0; k < 3; k++) {
		struct convergence c = {.most = 7, .remaining = 1, .fresh = k < 2}; /* of an old J they say nothing */
		oj_convergence_set(&c, 1e-10, 1e-10, 1);
		oj_convergence_begin(&c);
		cr_expect_eq(oj_convergence_judge(&c, sizes[k]), NEWTON_GOES_ON);
		cr_expect_eq(oj_convergence_judge(&c, sizes[k]), k == 0 ? NEWTON_DONE : NEWTON_FAILED);
	}
}

/* STIFF DETEST F5: rates of 1e11 and 1e12 that cancel, so f knows no more of the states than ten digits. */
Test(radau, a_right_hand_side_that_rounds_by_much_is_no_hindrance)
{
	struct trial trial;
	trial_begin(&trial, "a' = -3e11*a*b + 1.2e8*d - 9e11*a*c\nb' = -3e11*a*b + 2e7*d\nc' = -9e11*a*c + 1e8*d\n"
	                    "d' = 3e11*a*b - 1.2e8*d + 9e11*a*c\n"
	                    "init a = 3.365e-7, b = 8.261e-3, c = 1.642e-3, d = 9.38e-6\n", "radau");
	trial.options.rtol = 1e-10;
	trial.options.atol = 6e-16;
	trial_solve(&trial, 0, 100, ojit_output_final());
	cr_expect_float_eq(ojit_solver_last_states(trial.solver)[1] / 0.003713563071160676, 1, 1e-9);
	cr_expect_lt(ojit_solver_stats(trial.solver).steps, 300, "%d", (int)ojit_solver_stats(trial.solver).steps);
	cr_expect_lt(ojit_solver_stats(trial.solver).rejected, ojit_solver_stats(trial.solver).steps);
	trial_end(&trial);
}

/* Stiffness that fades by eight powers of ten: a J of before makes increments far too small, which
 * is no convergence.  x follows cos(t) until about t = 0.9, and then relaxes. */
Test(radau, stiffness_that_fades_is_seen)
{
	static const char *const methods[] = {"radau", "radau5", "radau9", "radau13", "auto", "bdf", "kencarp4", "trbdf2", "rodas5p"};
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++)
		for (double rtol = 1e-3; rtol > 1e-7; rtol /= 10) {
			struct trial trial;
			trial_begin(&trial, "init s = 1e8, x = 1\ns' = -20*s\nx' = -s*(x - cos(t)) - 0.1*x\n", methods[m]);
			trial.options.rtol = rtol;
			trial.options.atol = 1e-3 * rtol;
			trial_solve(&trial, 0, 10, ojit_output_final());
			cr_expect_float_eq(ojit_solver_last_states(trial.solver)[1], 0.276951382965, methods[m][0] == 't' ? 5 * cbrt(rtol * rtol) : rtol + 1e-6, "%s %g: %.9g", methods[m],
			                   rtol, ojit_solver_last_states(trial.solver)[1]);
			trial_end(&trial);
		}
}

/* Day and night: what is made by day is gone at night within seconds. */
Test(radau, nights_are_seen)
{
	static const char *const methods[] = {"radau", "auto", "bdf", "kencarp4"};
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		struct trial trial;
		trial_begin(&trial, "let day = max(0, sin(2*pi*t/24))\ninit a = 0, b = 40\n"
		                    "a' = day*b - 1e6*day*a - 0.5*a\nb' = 1e6*day*a - day*b + 0.1\n", methods[m]);
		trial_solve(&trial, 0, 72, ojit_output_final());
		cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], 1.139e-7, 1e-8, "%s: %g", methods[m],
		                   ojit_solver_last_states(trial.solver)[0]);
		trial_end(&trial);
	}
}
