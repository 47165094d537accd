/* Method `auto`: explicit where nothing is stiff, with not a bit changed and nothing
 * compiled for it; what is cheapest elsewhere, both ways. */
#include "solvers/solver.h"
#include "tests/support_systems.h"
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char lorenz[] = "init x = 1, y = 1, z = 1\nx' = 10*(y - x)\ny' = x*(28 - z) - y\nz' = x*y - 8/3*z\n";
static const char oscillator[] = "param mu = 1e3\ninit x = 2, y = 0\nx' = y\ny' = mu*((1 - x^2)*y) - x\n";

static bool chose(struct trial *trial, const char *words)
{
	return strstr(ojit_solver_choice(trial->solver), words);
}

Test(automatic, what_is_not_stiff_has_the_bits_of_the_explicit_row)
{
	static const struct {
		double rtol;
		const char *name;
	} rows[] = {{1e-4, "tsit5"}, {1e-6, "tsit5"}, {1e-9, "vern8"}};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct trial automatic, explicit;
		trial_begin(&automatic, lorenz, k ? "auto" : NULL);
		trial_begin(&explicit, lorenz, rows[k].name);
		automatic.options.rtol = explicit.options.rtol = rows[k].rtol;
		trial_solve(&automatic, 0, 10, ojit_output_points(101));
		trial_solve(&explicit, 0, 10, ojit_output_points(101));
		for (size_t i = 0; i < 101; i++)
			cr_expect_arr_eq(ojit_solver_row(automatic.solver, i), ojit_solver_row(explicit.solver, i),
			                 4 * sizeof(double), "%s, row %d", rows[k].name, (int)i);
		/* two evaluations whenever steps are four times longer, to see modes at rest */
		cr_expect_leq(ojit_solver_stats(automatic.solver).rhs, ojit_solver_stats(explicit.solver).rhs + 12);
		cr_expect_eq(ojit_context_counters(automatic.context).compiles, ojit_context_counters(explicit.context).compiles);
		cr_expect_eq(ojit_solver_stats(automatic.solver).jacobians, 0);
		cr_expect(chose(&automatic, rows[k].name) && !chose(&automatic, " from "));
		trial_end(&automatic);
		trial_end(&explicit);
	}
}

/* A fast mode that begins where it stays moves nothing, so no error bounds explicit steps, and rows inside of them
 * were off by up to 1e9. */
Test(automatic, rows_are_right_where_fast_modes_are_at_rest)
{
	static const char *const texts[] = {
		"param k = 1e5\nx' = -k*(x - y^2)\ny' = sin(pi*y)\nz' = cos(t)\ninit x = 1, y = 1, z = 0\n",
		"param k = 1e4, s = 1e-100\nx' = -k*(x - s*t)\nz' = -z\ninit x = 0, z = 1\n",
		"param k = 1e7\nx' = -k*(x - max(0, t - 5)^4) + 4*max(0, t - 5)^3\nz' = cos(t)\ninit x = 0, z = 0\n",
	};
	for (size_t m = 0; m < sizeof texts / sizeof *texts; m++)
		for (int digits = 5; digits <= 9; digits++) {
			struct trial trial;
			double worst = 0;
			trial_begin(&trial, texts[m], "auto");
			trial.options.rtol = trial.options.atol = pow(10, -digits);
			trial_solve(&trial, 0, 10, ojit_output_points(2001));
			for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
				const double *row = ojit_solver_row(trial.solver, i);
				double x = m == 0 ? 1 : m == 1 ? 0 : pow(fmax(0, row[0] - 5), 4);
				worst = fmax(worst, fabs(row[1] - x) / (1 + x));
			}
			cr_expect_lt(worst, 20 * trial.options.rtol, "%zu at 1e-%d: %g", m, digits, worst);
			trial_end(&trial);
		}
}

/* H. H. Robertson (1966): 2.0833e-8 is left of the first at t = 1e11. */
Test(automatic, what_is_stiff_is_solved_implicitly)
{
	for (int k = 3; k <= 9; k += 3) {
		struct trial trial;
		trial_begin(&trial, "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
		                    "init a = 1, b = 0, c = 0\n", "auto");
		trial.options.rtol = pow(10, -k);
		trial.options.atol = 1e-8 * trial.options.rtol;
		trial_solve(&trial, 0, 1e11, ojit_output_final());
		double a = ojit_solver_last_states(trial.solver)[0];
		cr_expect_float_eq(a, 2.083340149701255e-08, 20 * trial.options.rtol * a, "1e-%d: %.17g", k, a);
		cr_expect_lt(ojit_solver_stats(trial.solver).steps, 700, "1e-%d: %d", k, (int)ojit_solver_stats(trial.solver).steps);
		cr_expect(chose(&trial, k == 9 ? "from vern8 to radau" : k == 6 ? "from tsit5 to radau" : "from tsit5 to rodas5p"),
		          "%s", ojit_solver_choice(trial.solver));
		trial_end(&trial);
	}
}

/* What follows cos(t) is stiff for a third of the time; prey and predators never are. */
Test(automatic, methods_change_both_ways)
{
	static const char text[] = "let g = 1e5*max(0, sin(t/10) - 0.5)\ninit x = 1, u = 1, v = 0.5\n"
	                           "x' = -g*(x - cos(t)) - 0.1*x\nu' = 1.5*u - u*v\nv' = u*v - 3*v\n";
	struct trial trial;
	trial_begin(&trial, text, "auto");
	trial_solve(&trial, 0, 200, ojit_output_final());
	const double *y = ojit_solver_last_states(trial.solver);
	cr_expect_float_eq(y[0], cos(200), 1e-4, "%g", y[0] / cos(200) - 1);
	cr_expect_float_eq(y[1] - 3 * log(y[1]) + y[2] - 1.5 * log(y[2]), 1.5 - 1.5 * log(0.5), 1e-2);
	cr_expect(chose(&trial, "from tsit5 to radau") && chose(&trial, "from radau to tsit5"),
	          "%s", ojit_solver_choice(trial.solver));
	cr_expect_lt(ojit_solver_stats(trial.solver).steps, 3000);
	trial_end(&trial);
}

Test(automatic, relaxations_are_followed)
{
	struct trial trial;
	trial_begin(&trial, oscillator, "auto");
	trial_solve(&trial, 0, 2000, ojit_output_final());
	cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], 1.7061677321, 3e-5);
	cr_expect_lt(ojit_solver_stats(trial.solver).steps, 1000);
	trial_end(&trial);
}

/* A hundred that are driven towards their mean: implicit steps would be a few times as long, and
 * factors of a dense matrix take more than that gains. */
Test(automatic, stability_alone_is_no_reason)
{
	struct trial trial;
	trial_begin(&trial, "let m = sum(i in 1..100, x[i])/100\nx[i in 1..100]' = 30*(m^2 - x[i]) + sin(t + i)\n"
	                    "init x[i in 1..100] = 0\n", "auto");
	trial.options.rtol = 1e-3;
	trial.options.atol = 1e-4;
	trial_solve(&trial, 0, 30, ojit_output_final());
	cr_expect(!chose(&trial, " to rodas5p"), "%s", ojit_solver_choice(trial.solver));
	cr_expect_gt(ojit_solver_stats(trial.solver).steps, 30 * 30 / 4); /* held back by stability */
	trial_end(&trial);
}

static const char heat[] = "u[i in 1..299]' = 90000*(u[i-1] - 2*u[i] + u[i+1])\nlet u[0] = 0, u[300] = 0\n"
                           "init u[i in 1..299] = sin(pi*i/300)\n";

Test(automatic, diffusion_is_solved_by_what_is_cheapest)
{
	struct trial trial;
	trial_begin(&trial, heat, "auto");
	trial_solve(&trial, 0, 0.1, ojit_output_final());
	double eigenvalue = 360000 * pow(sin(3.14159265358979323846 / 600), 2);
	double exact = exp(-0.1 * eigenvalue), y = ojit_solver_last_states(trial.solver)[149];
	ojit_stats stats = ojit_solver_stats(trial.solver);
	cr_expect_float_eq(y, exact, 2e-5 * exact, "%g", y / exact - 1);
	cr_expect_lt(stats.rhs, 3000, "%d", (int)stats.rhs);
	cr_expect(chose(&trial, " from tsit5 to "), "%s", ojit_solver_choice(trial.solver));
	trial_end(&trial);
}

/* States that are driven towards their mean, some fast and some slow: a full matrix of 120 rows takes
 * a hundred times what the right-hand side does. */
static const char crowd[] = "let m = sum(i in 1..120, x[i])/120\n"
                            "x[i in 1..120]' = 20*i^2*(cos(t + i/120)*(1 + m^2)/2 - x[i])\ninit x[i in 1..120] = 0.5\n";

Test(automatic, bdf_is_chosen_where_factors_are_dear)
{
	struct trial trial, exact;
	trial_begin(&trial, crowd, "auto");
	trial_begin(&exact, crowd, "radau");
	exact.options.rtol = exact.options.atol = 1e-8;
	trial_solve(&trial, 0, 3, ojit_output_points(11));
	trial_solve(&exact, 0, 3, ojit_output_points(11));
	cr_expect(chose(&trial, " to bdf,"), "%s", ojit_solver_choice(trial.solver));
	for (size_t r = 0; r < 11; r++)
		for (size_t i = 1; i <= 120; i++)
			cr_expect_float_eq(ojit_solver_row(trial.solver, r)[i], ojit_solver_row(exact.solver, r)[i], 2e-6);
	cr_expect_lt(3 * ojit_solver_stats(trial.solver).factorisations, ojit_solver_stats(trial.solver).steps);
	trial_end(&trial);
	trial_end(&exact);
}

/* Waves on a string that is held in a thick liquid at one end: its modes turn, and only their
 * Jacobian tells, for how far explicit steps reach is nearly the same along either axis. */
Test(automatic, what_is_not_stable_where_modes_turn_is_not_tried)
{
	static const char text[] = "x[i in 1..40]' = v[i]\n"
	                           "v[i in 1..40]' = 1e6*(x[i-1] - 2*x[i] + x[i+1]) - 100*v[i]*(i/40)^8\n"
	                           "let x[0] = sin(t), x[41] = 0\ninit x[i in 1..40] = 0, v[i in 1..40] = 0\n";
	struct trial trial;
	trial_begin(&trial, text, "auto");
	trial.options.rtol = trial.options.atol = 1e-3;
	trial_solve(&trial, 0, 5, ojit_output_final());
	cr_expect_gt(ojit_solver_stats(trial.solver).jacobians, 0, "%s", ojit_solver_choice(trial.solver)); /* it was looked at */
	cr_expect(!chose(&trial, "rock") && !chose(&trial, "bdf"), "%s", ojit_solver_choice(trial.solver));
	trial_end(&trial);
}

/* A beam that is clamped at one end and bent slowly at the other: its modes are at rest, and turn undamped once
 * steps beyond what is stable have moved them. */
Test(automatic, modes_at_rest_that_turn_are_not_excited)
{
	static const char text[] = "let x[-1] = 0, x[0] = 0\nlet x[21] = 2*x[20] - x[19]\nlet x[22] = 2*x[21] - x[20]\n"
	                           "x[i in 1..20]' = v[i]\nv[i in 1..20]' = 5e2*i*sin(t)^2 -"
	                           " 1e6*(x[i-2] - 4*x[i-1] + 6*x[i] - 4*x[i+1] + x[i+2])\n"
	                           "init x[i in 1..20] = 0, v[i in 1..20] = 0\n";
	struct trial exact, trial;
	trial_begin(&exact, text, "radau");
	trial_begin(&trial, text, "auto");
	exact.options.rtol = exact.options.atol = 1e-10;
	trial_solve(&exact, 0, 3, ojit_output_final());
	const double *x = ojit_solver_last_states(exact.solver);
	for (int k = 4; k <= 7; k++) {
		trial.options.rtol = pow(10, -k);
		trial.options.atol = 1e-8;
		trial_solve(&trial, 0, 3, ojit_output_final());
		const double *y = ojit_solver_last_states(trial.solver);
		for (int i = 0; i < 20; i++) /* radau's errors are up to 150 tolerances */
			cr_expect_float_eq(y[i] / x[i], 1, 400 * trial.options.rtol, "1e-%d: %g", k, y[i] / x[i] - 1);
		cr_expect_lt(ojit_solver_stats(trial.solver).steps, 300, "1e-%d: %s", k, ojit_solver_choice(trial.solver));
	}
	trial_end(&exact);
	trial_end(&trial);
}

/* A pulse on a string: steps that are stable are as long as the pulse allows. */
Test(automatic, waves_are_followed_explicitly)
{
	struct trial trial;
	trial_begin(&trial, "x[i in 1..100]' = v[i]\nv[i in 1..100]' = 1e4*(x[i-1] - 2*x[i] + x[i+1])\n"
	                    "let x[0] = 0, x[101] = 0\n"
	                    "init x[i in 1..100] = exp(-((i - 50)/5)^2), v[i in 1..100] = 0\n", "auto");
	for (int k = 4; k <= 8; k += 2) {
		trial.options.rtol = trial.options.atol = pow(10, -k);
		trial_solve(&trial, 0, 2, ojit_output_final());
		cr_expect(!chose(&trial, ","), "%s", ojit_solver_choice(trial.solver));
	}
	trial_end(&trial);
}

Test(automatic, no_run_depends_on_the_one_before)
{
	struct trial a, b;
	trial_begin(&a, crowd, "auto");
	trial_begin(&b, crowd, "auto");
	trial_solve(&a, 0, 2, ojit_output_final());
	trial_solve(&a, 0, 1, ojit_output_final());
	trial_solve(&b, 0, 1, ojit_output_final());
	cr_expect_arr_eq(ojit_solver_last_states(a.solver), ojit_solver_last_states(b.solver), 120 * sizeof(double));
	cr_expect_str_eq(ojit_solver_choice(a.solver), ojit_solver_choice(b.solver));
	trial_end(&a);
	trial_end(&b);
}

/* Other states, or other parameters, while an implicit method is active: what follows has the bits of a new beginning
 * there. */
static void expect_new_beginning(ojit_integrator *it, const struct trial *trial, double parameter, double end)
{
	size_t n = ojit_solver_count(trial->solver, OJIT_STATES);
	double t = ojit_integrator_time(it);
	ojit_integrator *other = ojit_integrator_new(trial->program);
	cr_assert_eq(ojit_solver_set_all(ojit_integrator_solver(other), OJIT_STATES, ojit_integrator_states(it)), OJIT_OK);
	cr_assert_eq(ojit_solver_set_all(ojit_integrator_solver(other), OJIT_PARAMETERS, &parameter), OJIT_OK);
	cr_assert_eq(ojit_integrator_begin(other, &trial->options, t, end, OJIT_RECORD_NONE), OJIT_OK);
	while (ojit_integrator_time(it) < end) {
		cr_assert_eq(ojit_integrator_step(it, INFINITY), OJIT_OK);
		cr_assert_eq(ojit_integrator_step(other, INFINITY), OJIT_OK);
		cr_assert_eq(ojit_integrator_time(it), ojit_integrator_time(other));
		cr_expect_arr_eq(ojit_integrator_states(it), ojit_integrator_states(other), n * sizeof(double));
	}
	ojit_integrator_free(other);
}

Test(automatic, begun_again_it_chooses_as_in_a_new_run)
{
	struct trial trial;
	double states[2] = {2, 0.5}, parameter = 500;
	for (int k = 4; k <= 8; k += 2) {
		trial_begin(&trial, oscillator, "auto");
		trial.options.rtol = pow(10, -k);
		ojit_integrator *it = ojit_integrator_new(trial.program);
		cr_assert_eq(ojit_integrator_begin(it, &trial.options, 0, 2000, OJIT_RECORD_NONE), OJIT_OK);
		cr_assert_eq(ojit_integrator_stop_at(it, 400), OJIT_OK);
		cr_expect_gt(ojit_integrator_stats(it).jacobians, 0);
		cr_assert_eq(ojit_integrator_restart(it, 400, states), OJIT_OK);
		cr_assert_eq(ojit_integrator_stop_at(it, 900), OJIT_OK);
		cr_assert_eq(ojit_solver_set_all(ojit_integrator_solver(it), OJIT_PARAMETERS, &parameter), OJIT_OK);
		expect_new_beginning(it, &trial, parameter, 2000);
		ojit_integrator_free(it);
		trial_end(&trial);
	}
}

/* Robertson's equations, fed for one of every ten seconds: behind a hundred jumps the first choice still holds. */
Test(automatic, what_was_chosen_outlasts_jumps)
{
	static const char text[] = "let fed = if(t - 10*floor(t/10) < 1, 0.1, 0)\na' = -0.04*a + 1e4*b*c + fed\n"
	                           "b' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2 - 0.05*c\ninit a = 1, b = 0, c = 0\n";
	struct trial trial;
	trial_begin(&trial, text, "auto");
	trial.options.atol = 1e-10;
	for (int k = 4; k <= 6; k += 2) {
		trial.options.rtol = pow(10, -k);
		trial_solve(&trial, 0, 500, ojit_output_final());
		const char *first = strstr(ojit_solver_choice(trial.solver), " from ");
		cr_assert_not_null(first);
		cr_expect_null(strstr(first + 1, " from "), "%s", ojit_solver_choice(trial.solver));
	}
	trial_end(&trial);
}

/* (d/dt + 100)^4 a = 1.  At rest d' is what rounding leaves of 1 - 1, which is far above the
 * tolerance of d: an explicit method of high order sums it up with large weights. */
Test(automatic, what_rounding_holds_back_is_left)
{
	static const char text[] = "a' = b\nb' = c\nc' = d\nd' = 1 - 1e8*a - 4e6*b - 6e4*c - 400*d\n"
	                           "init a = 0, b = 0, c = 0, d = 0\n";
	struct trial automatic, explicit;
	trial_begin(&automatic, text, "auto");
	trial_begin(&explicit, text, "vern8");
	automatic.options.rtol = explicit.options.rtol = 1e-9;
	automatic.options.atol = explicit.options.atol = 1e-20;
	trial_solve(&automatic, 0, 1, ojit_output_final());
	trial_solve(&explicit, 0, 1, ojit_output_final());
	cr_expect_float_eq(ojit_solver_last_states(automatic.solver)[0], 1e-8, 1e-16);
	cr_expect_lt(10 * ojit_solver_stats(automatic.solver).steps, ojit_solver_stats(explicit.solver).steps);
	cr_expect(chose(&automatic, "from rounding"), "%s", ojit_solver_choice(automatic.solver));
	trial_end(&automatic);
	trial_end(&explicit);
}

/* Counted costs alone decide: neither the output nor the clock. */
Test(automatic, the_choice_does_not_depend_on_output)
{
	static const struct {
		const char *text;
		double rtol, end;
	} runs[] = {{oscillator, 1e-6, 1000}, {oscillator, 1e-7, 2000}, {heat, 1e-6, 0.1}, {heat, 1e-8, 0.1},
	            {crowd, 1e-6, 4}};
	for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
		struct trial a, b;
		trial_begin(&a, runs[k].text, "auto");
		trial_begin(&b, runs[k].text, "auto");
		a.options.rtol = b.options.rtol = runs[k].rtol;
		trial_solve(&a, 0, runs[k].end, ojit_output_points(5000));
		trial_solve(&b, 0, runs[k].end, ojit_output_final());
		size_t n = ojit_solver_count(a.solver, OJIT_STATES);
		cr_expect_arr_eq(ojit_solver_last_states(a.solver), ojit_solver_last_states(b.solver), n * sizeof(double));
		cr_expect_eq(ojit_solver_stats(a.solver).steps, ojit_solver_stats(b.solver).steps);
		cr_expect_str_eq(ojit_solver_choice(a.solver), ojit_solver_choice(b.solver));
		trial_end(&a);
		trial_end(&b);
	}
}

/* What was recorded by several methods is looked into, from a copy made between changes, too. */
static void look_back(const char *text, double middle, double end)
{
	enum { ROWS = 50 };
	struct trial trial;
	trial_begin(&trial, text, "auto");
	trial_solve(&trial, 0, end, ojit_output_points(ROWS));
	size_t n = ojit_solver_count(trial.solver, OJIT_STATES);
	double *y = calloc(n, sizeof *y);
	ojit_integrator *whole = ojit_integrator_new(trial.program);
	cr_assert_eq(ojit_integrator_begin(whole, &trial.options, 0, end, OJIT_RECORD_ALL), OJIT_OK);
	cr_assert_eq(ojit_integrator_run_to(whole, middle, NULL), OJIT_OK);
	ojit_integrator *copy = ojit_integrator_copy(whole);
	cr_assert_not_null(copy);
	ojit_integrator_free(whole);
	cr_assert_eq(ojit_integrator_run_to(copy, end, NULL), OJIT_OK);
	for (size_t i = ROWS; i-- > 0;) {
		const double *row = ojit_solver_row(trial.solver, i);
		cr_assert_eq(ojit_integrator_interpolate(copy, row[0], y), OJIT_OK);
		cr_expect_arr_eq(y, row + 1, n * sizeof *y, "t = %g", row[0]);
	}
	ojit_integrator_free(copy);
	free(y);
	trial_end(&trial);
}

Test(automatic, integrators_look_into_steps_of_every_method)
{
	look_back(oscillator, 500, 1000);
	look_back(crowd, 1, 3);
}

static void decay(const struct kernel_args *args)
{
	args->out[0] = -1e4 * (args->y[0] - 1);
}

Test(automatic, without_a_jacobian_the_run_goes_on_explicitly)
{
	ojit_context *context = ojit_context_new(NULL);
	struct support_system hand;
	support_system_init(&hand, context, 1, decay, NULL);
	hand.system.variant = NULL;
	ojit_solver *solver = oj_solver_new(&hand.system);
	cr_assert_eq(ojit_solver_run(solver, NULL, 0, 0.1, ojit_output_final()), OJIT_OK);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
	cr_expect_float_eq(ojit_solver_last_states(solver)[0], 1, 1e-5);
	cr_expect(strstr(ojit_solver_choice(solver), "no implicit method: implicit methods need the Jacobian"), "%s", ojit_solver_choice(solver));
	ojit_solver_free(solver);
	ojit_context_free(context);
}

/* Asked for, a way of solving linear systems that cannot be is refused, stiff or not. */
Test(automatic, ways_that_cannot_be_are_refused_at_once)
{
	struct trial trial;
	trial_begin(&trial, "const N = 70\ninit u[i in 1..N] = i\nu[i in 1..N]' = -i*u[i]\n", "auto");
	trial.options.linear = "static";
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_UNSUPPORTED);
	cr_expect(strstr(ojit_solver_error(trial.solver).text, "at most 64 states"), "%s", ojit_solver_error(trial.solver).text);
	trial.options.linear = "dense";
	cr_expect_eq(ojit_solver_run(trial.solver, &trial.options, 0, 1, ojit_output_final()), OJIT_OK);
	trial_end(&trial);
}

/* The scale of an error is the tolerance's: a state of 1e9 hides nothing of one of 1. */
Test(automatic, small_states_beside_large_ones_count)
{
	struct trial trial;
	trial_begin(&trial, "init x = 1e12, y = 1\nx' = -x\ny' = -1e5*(y - cos(t))\n", "auto");
	trial_solve(&trial, 0, 10, ojit_output_final());
	cr_expect_lt(ojit_solver_stats(trial.solver).steps, 200, "%s", ojit_solver_choice(trial.solver));
	trial_end(&trial);
}

/* Steps of given size are the explicit row's: what they lead to says what there is besides. */
Test(automatic, steps_of_given_size_that_are_not_stable_name_implicit_methods)
{
	static const char *const methods[] = {"auto", "rk4", "rodas5p"};
	for (size_t m = 0; m < 3; m++) {
		struct trial trial;
		trial_begin(&trial, "init y = 1\ny' = -1e5*y^3 + cos(t)\n", methods[m]);
		trial.options.fixed_step = m < 2 ? 0.01 : 0.5;
		if (m == 2) {
			trial_solve(&trial, 0, 1, ojit_output_final());
		} else {
			const char *message = trial_fail(&trial, 0, 1, OJIT_NONFINITE);
			cr_expect(strstr(message, "radau") && strstr(message, "implicit_euler"), "%s", message);
			cr_expect_eq(!strstr(message, "auto is explicit"), m == 1, "%s", message);
		}
		trial_end(&trial);
	}
}

/* y = 4 is reached at t = 2 sqrt 3, and never left: steps beyond it have no root. */
Test(automatic, a_solution_along_the_edge_of_a_domain_is_named)
{
	struct trial trial;
	trial_begin(&trial, "init y = 1\ny' = sqrt(4 - y)\n", "auto");
	trial.options.step_limit = 10000;
	const char *message = trial_fail(&trial, 0, 5, OJIT_MAX_STEPS);
	cr_expect(strstr(message, "the edge of a function's domain"), "%s", message);
	trial_end(&trial);
}
