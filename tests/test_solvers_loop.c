/* The time loop: directions, ends, outputs, limits, and every way to end early. */
#include "solvers/solver.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

static ojit_context *context;
static struct support_system hand;
static ojit_solver *solver;
static ojit_options options;

static void setup(void)
{
	context = ojit_context_new(NULL);
	options = ojit_options_default();
}

static void teardown(void)
{
	ojit_solver_free(solver);
	ojit_context_free(context);
}

TestSuite(solvers_loop, .init = setup, .fini = teardown);

static void use(int64_t states, support_kernel rhs, support_kernel init)
{
	ojit_solver_free(solver);
	support_system_init(&hand, context, states, rhs, init);
	solver = oj_solver_new(&hand.system);
	cr_assert_eq(ojit_solver_error(solver).status, OJIT_OK);
}

static ojit_outcome run(double t0, double t1, ojit_output output)
{
	cr_assert_eq(ojit_solver_run(solver, &options, t0, t1, output), OJIT_OK, "%s",
	             ojit_solver_error(solver).text);
	return ojit_solver_stats(solver).outcome;
}

static const double *last(void)
{
	return ojit_solver_last_states(solver);
}

/* A pendulum of large amplitude: nonlinear, reversible. */
static void pendulum(const struct kernel_args *a)
{
	a->out[0] = a->y[1];
	a->out[1] = -sin(a->y[0]);
}
static void pendulum_init(const struct kernel_args *a)
{
	a->out[0] = 2;
	a->out[1] = 0;
}
static void decay(const struct kernel_args *a)
{
	a->out[0] = -a->y[0];
}
static void one(const struct kernel_args *a)
{
	a->out[0] = 1;
}
static void blow_up(const struct kernel_args *a) /* y = 1/(1 - t) */
{
	a->out[0] = a->y[0] * a->y[0];
}
static void square_root(const struct kernel_args *a) /* at 0 when t = 2(1 - ln 2) */
{
	a->out[0] = -1 - sqrt(a->y[0]);
}
static void nowhere(const struct kernel_args *a)
{
	a->out[0] = 1;
	a->out[1] = NAN;
}
static void minus_one(const struct kernel_args *a)
{
	a->out[0] = -1;
}

/* ---- directions and ends ---- */

Test(solvers_loop, going_there_and_back_returns_to_the_start)
{
	use(2, pendulum, pendulum_init);
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		ojit_method m = ojit_method_info(r);
		double there[2], tolerance = m.order == 1 ? 1e-6 : 1e-9;
		options.method = m.name;
		options.rtol = options.atol = tolerance;
		cr_assert_eq(run(0, 3, ojit_output_final()), OJIT_SUCCESS);
		memcpy(there, last(), sizeof there);
		cr_assert_eq(ojit_solver_set_all(solver, OJIT_STATES, there), OJIT_OK);
		cr_assert_eq(run(3, 0, ojit_output_final()), OJIT_SUCCESS);
		cr_expect_eq(ojit_solver_stats(solver).t, 0);
		double bound = m.order == 1 ? 2e-2 : 1e3 * tolerance;
		cr_expect_lt(fabs(last()[0] - 2), bound, "%s: %g", m.name, last()[0] - 2);
		cr_expect_lt(fabs(last()[1]), bound, "%s: %g", m.name, last()[1]);
		ojit_solver_reset(solver, OJIT_STATES);
	}
}

Test(solvers_loop, an_empty_span_is_the_start)
{
	use(2, pendulum, pendulum_init);
	const double times[] = {1.5, 1.5};
	const ojit_output outputs[] = {ojit_output_points(7), ojit_output_every(0.5), ojit_output_steps(),
	                               ojit_output_final(), ojit_output_times(times, 2)};
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(run(1.5, 1.5, outputs[i]), OJIT_SUCCESS);
		cr_assert_eq(ojit_solver_rows(solver), i == 4 ? 2 : 1, "output %d", i);
		cr_expect_eq(ojit_solver_row(solver, 0)[0], 1.5);
		cr_expect_eq(ojit_solver_row(solver, 0)[1], 2);
		cr_expect_eq(ojit_solver_stats(solver).steps, 0);
	}
}

Test(solvers_loop, a_span_of_a_few_roundings_is_one_step)
{
	use(1, decay, one);
	double t1 = 1 + 4 * DBL_EPSILON;
	cr_expect_eq(run(1, t1, ojit_output_final()), OJIT_SUCCESS);
	cr_expect_eq(ojit_solver_stats(solver).t, t1);
	cr_expect_lt(fabs(last()[0] - (1 - 4 * DBL_EPSILON)), DBL_EPSILON);
}

Test(solvers_loop, the_last_row_is_at_the_end_exactly)
{
	use(2, pendulum, pendulum_init);
	for (int k = 1; k < 40; k++) {
		double t1 = k * 0.1 + 1.0 / 3;
		cr_assert_eq(run(0, t1, ojit_output_points(11)), OJIT_SUCCESS);
		cr_expect_eq(ojit_solver_row(solver, 10)[0], t1);
		cr_expect_arr_eq(ojit_solver_row(solver, 10) + 1, last(), 2 * sizeof(double));
	}
}

Test(solvers_loop, a_system_without_states_runs)
{
	use(0, NULL, NULL);
	cr_expect_eq(run(0, 10, ojit_output_points(5)), OJIT_SUCCESS);
	cr_expect_eq(ojit_solver_rows(solver), 5);
	cr_expect_eq(ojit_solver_row(solver, 2)[0], 5);
}

/* ---- output ---- */

Test(solvers_loop, output_never_changes_a_step)
{
	use(2, pendulum, pendulum_init);
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		options.method = ojit_method_info(r).name;
		options.rtol = options.atol = 1e-5;
		double end[2];
		run(0, 20, ojit_output_final());
		memcpy(end, last(), sizeof end);
		ojit_stats stats = ojit_solver_stats(solver);
		const ojit_output outputs[] = {ojit_output_points(3), ojit_output_points(1000),
		                               ojit_output_every(0.01), ojit_output_steps()};
		for (int i = 0; i < 4; i++) {
			run(0, 20, outputs[i]);
			ojit_stats s = ojit_solver_stats(solver);
			cr_expect_arr_eq(last(), end, sizeof end, "%s, output %d", options.method, i);
			cr_expect_eq(s.steps, stats.steps);
			cr_expect_eq(s.rejected, stats.rejected);
			cr_expect_eq(s.rhs - s.extra, stats.rhs);
		}
	}
}

Test(solvers_loop, a_row_does_not_depend_on_the_rows_around_it)
{
	use(2, pendulum, pendulum_init);
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		double times[] = {1.25, 7.5, 7.625}, alone[2];
		options.method = ojit_method_info(r).name;
		run(0, 20, ojit_output_times(times + 1, 1));
		memcpy(alone, ojit_solver_row(solver, 0) + 1, sizeof alone);
		run(0, 20, ojit_output_times(times, 3));
		cr_expect_arr_eq(ojit_solver_row(solver, 1) + 1, alone, sizeof alone);
		run(0, 20, ojit_output_every(2.5));
		cr_expect_arr_eq(ojit_solver_row(solver, 3) + 1, alone, sizeof alone);
	}
}

Test(solvers_loop, every_kind_of_grid_has_its_times)
{
	use(1, decay, one);
	run(1, 0, ojit_output_points(5));
	cr_assert_eq(ojit_solver_rows(solver), 5);
	for (size_t i = 0; i < 5; i++)
		cr_expect_eq(ojit_solver_row(solver, i)[0], 1 - 0.25 * (double)i);
	run(0, 1, ojit_output_every(0.1));
	cr_assert_eq(ojit_solver_rows(solver), 11);
	cr_expect_eq(ojit_solver_row(solver, 10)[0], 1);
	run(0, 1, ojit_output_every(0.4));
	cr_assert_eq(ojit_solver_rows(solver), 3);
	cr_expect_eq(ojit_solver_row(solver, 2)[0], 0.8);
	run(0, 1, ojit_output_points(1));
	cr_assert_eq(ojit_solver_rows(solver), 1);
	cr_expect_eq(ojit_solver_row(solver, 0)[0], 1);
	run(0, 1, ojit_output_points(0));
	cr_expect_eq(ojit_solver_rows(solver), 0);
	cr_expect_null(ojit_solver_row(solver, 0));
	run(0, 1, ojit_output_steps());
	cr_expect_eq(ojit_solver_rows(solver), ojit_solver_stats(solver).steps + 1);
}

Test(solvers_loop, output_times_out_of_order_or_outside_are_refused_by_number)
{
	use(1, decay, one);
	const double wrong[][3] = {{0.5, 0.25, 1}, {0, 1, 2}, {-1, 0, 1}, {0, NAN, 1}};
	const char *const says[] = {"output time 2, 0.25", "output time 3 is 2", "output time 1 is -1",
	                            "output time 2 is nan"};
	for (int i = 0; i < 4; i++) {
		cr_expect_eq(ojit_solver_run(solver, NULL, 0, 1, ojit_output_times(wrong[i], 3)),
		             OJIT_ARGUMENT);
		cr_expect_not_null(strstr(ojit_solver_error(solver).message, says[i]), "%s",
		                   ojit_solver_error(solver).message);
		cr_expect_eq(ojit_solver_rows(solver), 0);
	}
	cr_expect_eq(run(0, 1, ojit_output_final()), OJIT_SUCCESS);
}

/* ---- step sizes ---- */

/* y' = -y, y = 1: |y|/sc = |f|/sc, so h0 = 0.01; f changes by h0, so the second
 * derivative is as large as the first, and h1 = (0.01 sc)^(1/5). */
Test(solvers_loop, the_first_step_is_hairers)
{
	use(1, decay, one);
	options.method = "dopri5";
	options.rtol = options.atol = 5e-7;
	run(0, 10, ojit_output_final());
	double expected = pow(0.01 * 1e-6, 0.2);
	cr_expect_lt(fabs(ojit_solver_stats(solver).first_step - expected), 1e-3 * expected, "%g, not %g",
	             ojit_solver_stats(solver).first_step, expected);
}

Test(solvers_loop, a_first_step_that_was_given_is_taken)
{
	use(1, decay, one);
	options.first_step = 1.0 / 128;
	run(0, 1, ojit_output_final());
	cr_expect_eq(ojit_solver_stats(solver).first_step, 1.0 / 128);
}

Test(solvers_loop, no_step_is_longer_than_the_longest)
{
	use(1, decay, one);
	options.max_step = 0.125;
	run(0, 10, ojit_output_steps());
	for (size_t i = 1; i < ojit_solver_rows(solver); i++)
		cr_expect_leq(ojit_solver_row(solver, i)[0] - ojit_solver_row(solver, i - 1)[0],
		              0.125 * 1.011);
	cr_expect_geq(ojit_solver_stats(solver).steps, 79);
}

Test(solvers_loop, fixed_steps_are_equal_and_as_many_as_fit)
{
	use(1, decay, one);
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		ojit_method m = ojit_method_info(r);
		options.method = m.name;
		options.fixed_step = 0.1;
		run(0, 1, ojit_output_steps());
		cr_expect_eq(ojit_solver_stats(solver).steps, 10, "%s", m.name);
		run(1, 0.05, ojit_output_steps());
		cr_expect_eq(ojit_solver_stats(solver).steps, 10, "%s", m.name);
		cr_expect_lt(fabs(ojit_solver_stats(solver).last_step - 0.05), 1e-15, "%s", m.name);
	}
	options.method = "euler";
	run(0, 1, ojit_output_final());
	cr_expect_lt(fabs(last()[0] - pow(0.9, 10)), 1e-15);
	cr_expect_eq(ojit_solver_stats(solver).rhs, 10);
}

static void zeros(const struct kernel_args *a)
{
	a->out[0] = a->out[1] = 0;
}

static void filling(const struct kernel_args *a)
{
	a->out[0] = 1 - a->y[0];
	a->out[1] = 1e8 * a->y[0] - a->y[1];
}

/* What iterations of implicit methods are measured by is not there at the beginning. */
Test(solvers_loop, fixed_steps_begin_at_rest)
{
	const double exact[] = {1 - exp(-1), 1e8 * (1 - 2 * exp(-1))};
	use(2, filling, zeros);
	for (size_t r = 0; r < ojit_method_count(); r++) {
		ojit_method m = ojit_method_info(r);
		if (support_system_lacks(m.name))
			continue;
		options.method = m.name;
		options.fixed_step = 1.0 / 128;
		run(0, 1, ojit_output_final());
		for (int i = 0; i < 2; i++)
			cr_expect_lt(fabs(last()[i] / exact[i] - 1), m.order == 1 ? 1e-2 : 1e-4, "%s: %.17g", m.name, last()[i]);
	}
}

/* A million summed tenths would be off by 1e-6 without compensation. */
Test(solvers_loop, a_million_steps_do_not_drift)
{
	use(1, decay, one);
	options.method = "euler";
	options.fixed_step = 0.1;
	options.step_limit = 2000000;
	double times[] = {99999.9};
	run(0, 100000, ojit_output_times(times, 1));
	cr_expect_eq(ojit_solver_stats(solver).steps, 1000000);
	cr_expect_lt(fabs(ojit_solver_stats(solver).last_step - 0.1), 2e-11);
}

Test(solvers_loop, the_power_of_the_controller_is_good_to_ten_digits)
{
	for (double x = 1e-300; x < 1e300; x *= 7.3)
		for (double e = -1; e <= 1; e += 0.125) {
			double exact = pow(x, e);
			if (exact > 1e-290 && exact < 1e290)
				cr_assert_lt(fabs(oj_control_power(x, e) / exact - 1), 1e-10, "%g^%g", x, e);
		}
}

/* ---- norms and tolerances ---- */

static int64_t many;
static void oscillate_first(const struct kernel_args *a)
{
	for (int64_t i = 0; i < many; i++)
		a->out[i] = 0;
	a->out[0] = cos(20 * *a->t);
}
static void ones(const struct kernel_args *a)
{
	for (int64_t i = 0; i < many; i++)
		a->out[i] = 1;
}

Test(solvers_loop, the_mean_norm_dilutes_and_the_largest_does_not)
{
	uint64_t steps[2][2];
	for (int norm = 0; norm < 2; norm++)
		for (int k = 0; k < 2; k++) {
			many = k ? 1009 : 1;
			use(many, oscillate_first, ones);
			options.norm = norm ? OJIT_NORM_MAX : OJIT_NORM_RMS;
			options.first_step = 0.01;
			cr_assert_eq(run(0, 10, ojit_output_final()), OJIT_SUCCESS);
			steps[norm][k] = ojit_solver_stats(solver).steps;
		}
	cr_expect_eq(steps[0][0], steps[1][0]);
	cr_expect_eq(steps[1][0], steps[1][1]);
	cr_expect_lt(steps[0][1], steps[0][0]);
}

Test(solvers_loop, a_states_own_tolerance_counts)
{
	use(2, pendulum, pendulum_init);
	options.rtol = 1e-12;
	options.atol = 1e-2;
	run(0, 20, ojit_output_final());
	uint64_t loose = ojit_solver_stats(solver).steps;
	cr_assert_eq(ojit_solver_set(solver, OJIT_TOLERANCES, "x[2]", 1e-10), OJIT_OK);
	run(0, 20, ojit_output_final());
	cr_expect_gt(ojit_solver_stats(solver).steps, 4 * loose);
	cr_expect_eq(ojit_solver_set(solver, OJIT_TOLERANCES, "x[1]", -1), OJIT_ARGUMENT);
	cr_expect_not_null(strstr(ojit_solver_error(solver).message, "tolerance of x[1] is -1"));
}

Test(solvers_loop, options_that_make_no_sense_are_refused_by_name)
{
	use(1, decay, one);
	const struct {
		const char *says;
		ojit_options change;
		double t1;
	} cases[] = {
		{"rtol = 1e-16", {.rtol = 1e-16, .atol = 1e-9}, 1},
		{"rtol = 0", {.rtol = 0, .atol = 1e-9}, 1},
		{"rtol = nan", {.rtol = NAN, .atol = 1e-9}, 1},
		{"atol = inf", {.rtol = 1e-6, .atol = INFINITY}, 1},
		{"'rk5'; choose one of euler, midpoint", {.rtol = -1, .atol = -1, .method = "rk5"}, 1},
		{"first_step = -1", {.rtol = -1, .atol = -1, .first_step = -1}, 1},
		{"fixed_step = nan", {.rtol = -1, .atol = -1, .fixed_step = NAN}, 1},
		{"min_step is larger", {.rtol = -1, .atol = -1, .max_step = 1, .min_step = 2}, 1},
		{"fixed_step leaves nothing", {.rtol = -1, .atol = -1, .fixed_step = 1, .max_step = 2}, 1},
		{"norm number 7", {.rtol = -1, .atol = -1, .norm = (ojit_norm)7}, 1},
		{"from 0 to inf", {.rtol = -1, .atol = -1}, INFINITY},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_expect_neq(ojit_solver_run(solver, &cases[i].change, 0, cases[i].t1, ojit_output_final()),
		              OJIT_OK, "%s", cases[i].says);
		cr_expect_not_null(strstr(ojit_solver_error(solver).message, cases[i].says), "%s: %s",
		                   cases[i].says, ojit_solver_error(solver).message);
	}
	cr_expect_eq(ojit_solver_run(solver, NULL, 0, 1, ojit_output_every(0)), OJIT_ARGUMENT);
	cr_expect_eq(ojit_solver_run(solver, NULL, 0, 1, ojit_output_times(NULL, 1)), OJIT_ARGUMENT);
}

/* ---- ending early ---- */

static void expect_message(const char *says)
{
	cr_expect_not_null(strstr(ojit_solver_message(solver), says), "'%s' in: %s", says,
	                   ojit_solver_message(solver));
}

Test(solvers_loop, success_has_no_message)
{
	use(1, decay, one);
	cr_expect_eq(run(0, 1, ojit_output_points(3)), OJIT_SUCCESS);
	cr_expect_str_empty(ojit_solver_message(solver));
}

Test(solvers_loop, a_pole_ends_the_run_where_it_is_and_names_the_state)
{
	use(1, blow_up, one);
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		ojit_method m = ojit_method_info(r);
		options.method = m.name;
		options.rtol = m.order == 1 ? 1e-3 : 1e-8;
		ojit_outcome outcome = run(0, 2, ojit_output_points(200));
		cr_expect(outcome == OJIT_STEP_TOO_SMALL || outcome == OJIT_NONFINITE, "%s: %s", m.name,
		          ojit_outcome_name(outcome));
		cr_expect_lt(fabs(ojit_solver_stats(solver).t - 1), m.order == 1 ? 0.2 : 1e-5, "%s: %g",
		             m.name, ojit_solver_stats(solver).t);
		if (m.order > 1)
			cr_expect_eq(ojit_solver_rows(solver), 100, "%s", m.name);
		expect_message("x");
		expect_message(" at t = ");
		expect_message("step");
	}
}

Test(solvers_loop, leaving_the_domain_of_a_function_is_not_finite)
{
	use(1, square_root, one);
	options.rtol = options.atol = 1e-8;
	cr_expect_eq(run(0, 2, ojit_output_points(11)), OJIT_NONFINITE);
	cr_expect_lt(fabs(ojit_solver_stats(solver).t - 2 * (1 - log(2))), 1e-3, "%g",
	             ojit_solver_stats(solver).t);
	cr_expect_eq(ojit_solver_rows(solver), 4);
	expect_message("x or its derivative becomes infinite or not a number");
}

Test(solvers_loop, a_start_that_is_not_finite_is_named_and_kept)
{
	use(2, pendulum, nowhere);
	cr_expect_eq(run(0, 1, ojit_output_points(3)), OJIT_NONFINITE);
	expect_message("the initial value of x[2] is not finite at t = 0");
	cr_assert_eq(ojit_solver_rows(solver), 1);
	cr_expect_eq(ojit_solver_row(solver, 0)[0], 0);
	use(1, square_root, minus_one);
	cr_expect_eq(run(0, 1, ojit_output_points(3)), OJIT_NONFINITE);
	expect_message("the derivative of x is not finite at t = 0");
	cr_assert_eq(ojit_solver_rows(solver), 1);
	cr_expect_eq(ojit_solver_row(solver, 0)[1], -1);
}

Test(solvers_loop, fixed_steps_end_at_the_first_value_that_is_not_finite)
{
	use(1, blow_up, one);
	options.method = "rk4";
	options.fixed_step = 0.25;
	cr_expect_eq(run(0, 100, ojit_output_steps()), OJIT_NONFINITE);
	expect_message("take a shorter fixed step");
	cr_expect_gt(ojit_solver_rows(solver), 3);
	for (size_t i = 0; i < ojit_solver_rows(solver); i++)
		cr_expect(isfinite(ojit_solver_row(solver, i)[1]));
}

Test(solvers_loop, an_error_that_cannot_be_met_names_the_state)
{
	use(1, blow_up, one);
	options.min_step = 0.01;
	cr_expect_eq(run(0, 2, ojit_output_final()), OJIT_STEP_TOO_SMALL);
	expect_message("min_step");
	expect_message("the error of x does not get below its tolerance");
	cr_expect_eq(ojit_solver_rows(solver), 1);
	cr_expect_eq(ojit_solver_row(solver, 0)[0], ojit_solver_stats(solver).t);
}

Test(solvers_loop, the_step_limit_keeps_what_there_is)
{
	use(2, pendulum, pendulum_init);
	options.step_limit = 10;
	cr_expect_eq(run(0, 100, ojit_output_steps()), OJIT_MAX_STEPS);
	ojit_stats stats = ojit_solver_stats(solver);
	cr_expect_eq(stats.steps + stats.rejected, 10);
	cr_expect_eq(ojit_solver_rows(solver), stats.steps + 1);
	cr_expect_eq(ojit_solver_row(solver, stats.steps)[0], stats.t);
	cr_expect_arr_eq(ojit_solver_row(solver, stats.steps) + 1, last(), 2 * sizeof(double));
	expect_message("the step limit of 10 was reached at t = ");
	expect_message(" with step ");
	expect_message("the last with the largest error in x[");
	expect_message("raise step_limit");
}

static ojit_verdict end_after_two(void *user, double t)
{
	return t > 2 ? *(ojit_verdict *)user : OJIT_CONTINUE;
}

Test(solvers_loop, the_caller_can_stop_and_interrupt)
{
	use(2, pendulum, pendulum_init);
	ojit_verdict verdict = OJIT_STOP;
	options.check = end_after_two;
	options.user = &verdict;
	cr_expect_eq(run(0, 100, ojit_output_every(0.5)), OJIT_STOPPED);
	expect_message("stopped");
	cr_expect_gt(ojit_solver_stats(solver).t, 2);
	cr_expect_lt(ojit_solver_stats(solver).t, 4);
	cr_expect_geq(ojit_solver_rows(solver), 5);
	verdict = OJIT_INTERRUPT;
	cr_expect_eq(run(0, 100, ojit_output_final()), OJIT_INTERRUPTED);
	expect_message("interrupted");
	cr_expect_str_eq(ojit_outcome_name(OJIT_INTERRUPTED), "interrupted");
}

Test(solvers_loop, rows_stop_at_the_memory_limit)
{
	use(2, pendulum, pendulum_init);
	options.memory_limit = 3 * 1024;
	cr_expect_eq(run(0, 100, ojit_output_every(0.01)), OJIT_INTERRUPTED);
	expect_message("limit of 3072 bytes");
	cr_expect_leq(ojit_solver_rows(solver), 128);
	cr_expect_geq(ojit_solver_rows(solver), 64);
	size_t rows = ojit_solver_rows(solver);
	for (size_t i = 0; i < rows; i++)
		cr_expect_lt(fabs(ojit_solver_row(solver, i)[0] - 0.01 * (double)i), 1e-12);
}
