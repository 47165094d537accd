/* What jumps by time alone: steps end there and begin again behind it, so that jumps into fast rates end no
 * run, and what comes and goes within a step is not missed. */
#include "tests/support_allocator.h"
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define COUNT(list) (sizeof(list) / sizeof *(list))

static double last(const struct trial *trial, size_t state)
{
	return ojit_solver_last_states(trial->solver)[state];
}

/* ---- jumps into fast rates ---- */

static const char *const stiff_methods[] = {"auto", "radau", "radau5", "radau9", "bdf", "rodas4p", "rodas5p", "kencarp4", "trbdf2"};

static void expect_follows(const char *text, double t1, double expected)
{
	static const double tolerances[] = {1e-3, 1e-5, 1e-7, 1e-9};
	for (size_t m = 0; m < COUNT(stiff_methods); m++)
		for (size_t k = 0; k < COUNT(tolerances); k++) {
			struct trial trial;
			trial_begin(&trial, text, stiff_methods[m]);
			trial.options.rtol = trial.options.atol = tolerances[k];
			trial_solve(&trial, 0, t1, ojit_output_final());
			cr_expect_float_eq(last(&trial, 0), expected, 10 * tolerances[k], "%s at %g: %g", stiff_methods[m],
			                   tolerances[k], last(&trial, 0) - expected);
			trial_end(&trial);
		}
}

Test(crossings, rates_of_1e8_may_begin_at_any_time)
{
	expect_follows("x' = -1e8*(x - cos(t))*if(t > 1, 1, 0)\ninit x = 0\n", 3, cos(3));
	expect_follows("param a = 0.7\nx' = if(t < a, 1, -1e8*(x - cos(t)))\ninit x = 0\n", 3, cos(3));
}

Test(crossings, square_waves_may_drive_rates_of_1e8)
{
	expect_follows("x' = -1e8*(x - if(mod(t, 1) < 0.5, 1, -1))\ninit x = 0\n", 2.75, -1);
	expect_follows("x' = -1e8*(x - sign(sin(2*pi*t)))\ninit x = 0\n", 2.75, -1);
}

/* The time at which a state gets there is known as well as the time, no better. */
Test(crossings, states_may_decide_when_rates_of_1e8_begin)
{
	expect_follows("x' = if(z > 1, -1e8*(x - cos(t)), 0)\nz' = 1\ninit x = 0, z = 0\n", 3, cos(3));
	expect_follows("x' = if(y*z > 0.5, -1e8*(x - sin(t)), -x)\ny' = z\nz' = -y\ninit x = 1, y = 0, z = 1.5\n", 0.6, sin(0.6));
}

/* ---- pulses ---- */

/* A dose in 0.01 hours of every day; an hour after the tenth. */
static double after_doses(void)
{
	double x = 0;
	for (int day = 0; day < 10; day++)
		x = (x * exp(-0.3 * 0.01) + 100 / 0.3 * -expm1(-0.3 * 0.01)) * exp(-0.3 * (day < 9 ? 23.99 : 0.99));
	return x;
}

Test(crossings, short_doses_are_not_missed_by_any_method)
{
	static const char doses[] = "x' = -0.3*x + 100*if(mod(t, 24) < 0.01, 1, 0)\ninit x = 0\n";
	static const double tolerances[] = {1e-2, 1e-3, 1e-5};
	for (size_t m = 0; m < ojit_method_count(); m++)
		for (size_t k = 0; k < COUNT(tolerances); k++) {
			ojit_method info = ojit_method_info(m);
			double bound = info.order == 1 ? 5 * sqrt(tolerances[k]) : 10 * tolerances[k];
			struct trial trial;
			trial_begin(&trial, doses, info.name);
			trial.options.rtol = tolerances[k];
			trial_solve(&trial, 0, 217, ojit_output_final());
			cr_expect_float_eq(last(&trial, 0), after_doses(), bound * after_doses(), "%s at %g: %g", info.name,
			                   tolerances[k], last(&trial, 0) / after_doses() - 1);
			trial_end(&trial);
		}
}

Test(crossings, times_of_doses_may_stand_in_arrays)
{
	static const char text[] = "const N = 40\nparam T[i in 1..N] = 1.3*i + 0.1*sin(i), D[i in 1..N] = i\n"
	                           "x' = sum(i in 1..N, if(t > T[i] and t <= T[i] + 1e-4, 1e4*D[i], 0))\n"
	                           "y[i in 1..N]' = if(t > T[i], D[i], 0)\n"
	                           "v' = sum(i in 1..3, sum(j in 1..4, if(t > 10*i + j and t <= 10*i + j + 1e-4, 1e4, 0)))\n"
	                           "w[i in 1..3, j in 1..4]' = if(t > 10*i + j, 1, 0)\n"
	                           "init x = 0, y[i in 1..N] = 0, v = 0, w[i in 1..3, j in 1..4] = 0\n";
	static const char *const methods[] = {"auto", "tsit5", "bdf", "radau", "taylor"};
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		trial_begin(&trial, text, methods[m]);
		trial.options.rtol = 1e-3;
		trial_solve(&trial, 0, 100, ojit_output_final());
		cr_expect_float_eq(last(&trial, 0), 820, 1e-6, "%s: %.12g", methods[m], last(&trial, 0));
		for (int i = 1; i <= 40; i++)
			cr_expect_float_eq(last(&trial, (size_t)i), i * (100 - 1.3 * i - 0.1 * sin(i)), 1e-6, "%s, y[%d]", methods[m], i);
		cr_expect_float_eq(last(&trial, 41), 12, 1e-6, "%s: %.12g", methods[m], last(&trial, 41));
		for (int k = 0; k < 12; k++)
			cr_expect_float_eq(last(&trial, (size_t)(42 + k)), 100 - 10 * (k / 4 + 1) - (k % 4 + 1), 1e-6, "%s, w %d", methods[m], k);
		trial_end(&trial);
	}
}

static void expect_last(const char *text, double t1, size_t state, double expected)
{
	static const char *const methods[] = {"auto", "tsit5", "dop853", "taylor", "bdf", "radau", "rodas5p"};
	static const double tolerances[] = {1e-4, 1e-7};
	for (size_t m = 0; m < COUNT(methods); m++)
		for (size_t k = 0; k < COUNT(tolerances); k++) {
			struct trial trial;
			trial_begin(&trial, text, methods[m]);
			trial.options.rtol = tolerances[k];
			trial.options.atol = 1e-12;
			trial_solve(&trial, 0, t1, ojit_output_final());
			cr_expect_float_eq(last(&trial, state), expected, 10 * tolerances[k] * fabs(expected), "%s at %g: %.9g", methods[m],
			                   tolerances[k], last(&trial, state));
			trial_end(&trial);
		}
}

/* Gates that open and close over nothing, hundreds of times, before there is something. */
Test(crossings, doses_behind_idle_gates_are_met)
{
	expect_last("C' = -0.2*if(mod(t, 24) < 12, 1, 0.5)*C + if(t >= 480 and t < 480.5, 10, 0)\ninit C = 0\n", 500, 0,
	            10 * -expm1(-0.1) / 0.2 * exp(-0.2 * 11.5 - 0.1 * 8));
	expect_last("x' = 1e-13*floor(1000*t) + if(t > 5 and t < 5.001, 1000, 0)\ninit x = 0\n", 10, 0, 1);
	expect_last("A' = -5*if(mod(t, 1) < 0.2, 1, 0)*A + if(t > 30 and t < 30.01, 100, 0)\ninit A = 0\n", 30.5, 0,
	            20 * -expm1(-0.05) * exp(-0.95));
}

/* What nothing depends on where a step begins may matter where it gets to. */
Test(crossings, doses_of_what_grows_are_met_from_afar)
{
	expect_last("z' = 1\nx' = if(t > 1 and t < 1.01, 100*z, 0)\ninit z = 0, x = 0\n", 10, 1, 50 * (1.01 * 1.01 - 1));
	expect_last("a' = -a\ny' = if(t > 20, 1, 0)\nx' = if(t > 30 and t < 30.01, 100*y, 0)\ninit a = 1, x = 0, y = 0\n", 100, 2,
	            50 * (10.01 * 10.01 - 100));
}

/* Rounding has conditions that change slowly flicker: all of that is one jump. */
Test(crossings, conditions_that_flicker_are_crossed_once)
{
	double half = acos(0.999999);
	expect_last("x' = if(sin(t) > 0.999999, 1000, 0)\ninit x = 0\n", 100, 0, 16 * 2000 * half);
	expect_last("x' = if(cos(t) > 1 - 1e-9, 1, 0) + if(t > 50 and t < 50.001, 1000, 0)\ninit x = 0\n", 100, 0,
	            1 + 31 * acos(1 - 1e-9));
}

/* ---- where steps end ---- */

/* The times, each between two steps of a run that rejects none. */
static void expect_ends_at(const char *text, const char *method, double t0, double t1, const double *times, size_t count)
{
	struct trial trial;
	size_t met = 0;
	trial_begin(&trial, text, method);
	trial_solve(&trial, t0, t1, ojit_output_steps());
	for (size_t r = 0; r < ojit_solver_rows(trial.solver); r++)
		for (size_t k = 0; k < count; k++)
			met += fabs(ojit_solver_row(trial.solver, r)[0] - times[k]) <= 8 * DBL_EPSILON * fabs(times[k]);
	cr_expect_eq(met, count, "%s by %s: %zu of %zu", text, method, met, count);
	cr_expect_eq(ojit_solver_stats(trial.solver).rejected, 0, "%s by %s", text, method);
	trial_end(&trial);
}

Test(crossings, steps_end_at_jumps_whatever_jumps)
{
	const struct {
		const char *text;
		double times[4];
		size_t count;
	} cases[] = {
		{"x' = if(t > 1.3, 1, 0)\ninit x = 0\n", {1.3}, 1},
		{"x' = if(not (t >= 1.3 or t < 0.7), 1, 0)\ninit x = 0\n", {0.7, 1.3}, 2},
		{"x' = floor(t*t)\ninit x = 0\n", {1, sqrt(2), sqrt(3)}, 3},
		{"x' = sign(tan(t))\ninit x = 0\n", {acos(-1) / 2}, 1},
		{"x' = if(log(t + 1) > 1, 2, 3)\ninit x = 0\n", {exp(1) - 1}, 1},
		{"x' = if(exp(-t) < 0.5, 2, 3)\ninit x = 0\n", {log(2)}, 1},
		{"x' = if((t + 1)^0.3 < 1.2, 2, 3)\ninit x = 0\n", {pow(1.2, 1 / 0.3) - 1}, 1},
		{"x' = heaviside(1.5 - t, 0.5)\ninit x = 0\n", {1.5}, 1},
		{"x' = mod(-t, 0.7)\ninit x = 0\n", {0.7, 1.4}, 2},
		{"x' = round(t)\ninit x = 0\n", {0.5, 1.5}, 2},
		{"param a = 2\nlet s = a*sin(t)\nx' = if(s > 1, cos(t), 0)\ny' = if(s < 1, x, 1) - y\ninit x = 0, y = 1\n",
		 {acos(-1) / 6}, 1},
	};
	static const char *const methods[] = {"auto", "tsit5", "dop853", "taylor"};
	for (size_t c = 0; c < COUNT(cases); c++)
		for (size_t m = 0; m < COUNT(methods); m++) {
			expect_ends_at(cases[c].text, methods[m], 0, 1.9, cases[c].times, cases[c].count);
			expect_ends_at(cases[c].text, methods[m], 1.9, 0, cases[c].times, cases[c].count);
		}
}

static uint64_t steps_of(const char *text, const char *method, double t1)
{
	struct trial trial;
	trial_begin(&trial, text, method);
	trial_solve(&trial, 0, t1, ojit_output_final());
	ojit_stats stats = ojit_solver_stats(trial.solver);
	trial_end(&trial);
	return stats.steps + stats.rejected;
}

/* What jumps, but moves nothing; what only may jump, for all that can be told; what is rounding. */
Test(crossings, steps_go_over_what_is_no_jump)
{
	uint64_t smooth = steps_of("x' = cos(t) - x\ninit x = 0\n", "tsit5", 10);
	cr_expect_leq(steps_of("x' = cos(t) - x + 1e-15*floor(1e6*t)\ninit x = 0\n", "tsit5", 10), smooth + 2);
	cr_expect_leq(steps_of("x' = cos(t) - x + if(exp(-t)*sin(t)^2 < 0, 1, 0)\ninit x = 0\n", "tsit5", 10), smooth + 2);
	cr_expect_leq(steps_of("x' = cos(t) - x + if(sin(t) > 1, 1, 0)\ninit x = 0\n", "tsit5", 10), smooth + 2);
	cr_expect_leq(steps_of("x' = cos(t) - x + if(t + 1 - t > 1, 1, 1 + 1e-6)\ninit x = 0\n", "tsit5", 10), 10 * smooth);
}

/* ---- integrators, and the way back ---- */

static const char pulses[] = "param T = 1.25, w = 1e-3\nx' = if(t > T and t < T + w, 1/w, 0) - 0.1*x\ninit x = 0\n";

Test(crossings, parameters_that_are_set_move_the_jumps)
{
	struct trial trial;
	trial_begin(&trial, pulses, "tsit5");
	ojit_integrator *integrator = ojit_integrator_new(trial.program);
	ojit_solver *solver = ojit_integrator_solver(integrator);
	cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, 0, INFINITY, OJIT_RECORD_NONE), OJIT_OK);
	for (int i = 0; i < 5; i++) {
		cr_assert_eq(ojit_solver_set(solver, OJIT_PARAMETERS, "T", 10 * i + 3.21), OJIT_OK);
		cr_assert_eq(ojit_integrator_stop_at(integrator, 10 * i + 10), OJIT_OK);
	}
	double expected = 0;
	for (int i = 0; i < 5; i++)
		expected += 1e4 * -expm1(-1e-4) * exp(-0.1 * (50 - 10 * i - 3.211));
	cr_expect_float_eq(*ojit_integrator_states(integrator), expected, 1e-5);
	ojit_integrator_free(integrator);
	trial_end(&trial);
}

Test(crossings, integrators_take_the_steps_of_a_run_over_jumps)
{
	static const char *const methods[] = {"tsit5", "bdf", "radau", "rodas5p", "auto"};
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		trial_begin(&trial, pulses, methods[m]);
		trial_solve(&trial, 0, 3, ojit_output_points(301));
		ojit_integrator *integrator = ojit_integrator_new(trial.program);
		cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, 0, 3, OJIT_RECORD_ALL), OJIT_OK);
		cr_assert_eq(ojit_integrator_step(integrator, INFINITY), OJIT_OK);
		ojit_integrator *copy = ojit_integrator_copy(integrator);
		cr_assert_eq(ojit_integrator_run_to(integrator, 3, NULL), OJIT_OK);
		cr_assert_eq(ojit_integrator_run_to(copy, 3, NULL), OJIT_OK);
		for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
			const double *row = ojit_solver_row(trial.solver, i);
			double there, copied;
			cr_assert_eq(ojit_integrator_interpolate(integrator, row[0], &there), OJIT_OK);
			cr_assert_eq(ojit_integrator_interpolate(copy, row[0], &copied), OJIT_OK);
			cr_expect(there == row[1] && copied == row[1], "%s at %g", methods[m], row[0]);
		}
		ojit_integrator_free(copy);
		ojit_integrator_free(integrator);
		trial_end(&trial);
	}
}

Test(crossings, the_way_back_is_that_of_the_steps)
{
	static const char *const pairs[][2] = {
		{"euler", "implicit_euler"}, {"implicit_midpoint", "implicit_midpoint"}, {"trapezoid", "trapezoid"},
	};
	for (size_t p = 0; p < COUNT(pairs); p++) {
		struct trial trial;
		trial_begin(&trial, "x' = y - x*floor(t)\ny' = -x + if(mod(t, 1) < 0.1, 3, 0)\ninit x = 1, y = 0\n", pairs[p][0]);
		trial.options.reverse_method = pairs[p][1];
		trial.options.rtol = 1e-4;
		trial_solve(&trial, 0, 2.5, ojit_output_points(3));
		cr_expect_eq(ojit_solver_stats(trial.solver).t, 0);
		cr_expect_float_eq(last(&trial, 0), 1, 1e-12, "%s: %g", pairs[p][0], last(&trial, 0) - 1);
		cr_expect_float_eq(last(&trial, 1), 0, 1e-12, "%s: %g", pairs[p][0], last(&trial, 1));
		trial_end(&trial);
	}
}

/* And at the end itself: rows are there, and no step ends in between. */
Test(crossings, jumps_may_be_where_spans_begin_and_end)
{
	static const char *const methods[] = {"auto", "tsit5", "taylor", "bdf", "radau", "rodas5p", "kencarp4"};
	for (size_t m = 0; m < COUNT(methods); m++)
		for (int back = 0; back < 2; back++) {
			struct trial trial;
			trial_begin(&trial, "x' = 1e8*(floor(t) - 3)\ny' = floor(t) - 3\ninit x = 0, y = 0\n", methods[m]);
			trial_solve(&trial, back ? 4 : 2, back ? 2 : 4, ojit_output_points(3));
			cr_expect_eq(ojit_solver_rows(trial.solver), 3);
			cr_expect_eq(ojit_solver_row(trial.solver, 2)[0], back ? 2 : 4);
			cr_expect_float_eq(last(&trial, 0), back ? 1e8 : -1e8, 1e-3, "%s", methods[m]);
			cr_expect_float_eq(last(&trial, 1), back ? 1 : -1, 1e-12);
			cr_expect_leq(ojit_solver_stats(trial.solver).rejected, 4, "%s", methods[m]);
			trial_end(&trial);
		}
}

/* Late, where times of jumps are far coarser than steps. */
Test(crossings, jumps_at_any_time_since_1970_are_met)
{
	struct trial trial;
	trial_begin(&trial, "x' = -x + if(mod(t, 86400) < 1, 1, 0)\ninit x = 0\n", "auto");
	trial_solve(&trial, 1.7e9, 1.7e9 + 86400 * 3, ojit_output_final());
	double noon = 86400 * ceil(1.7e9 / 86400) + 2 * 86400, gone = 1.7e9 + 86400 * 3 - noon - 1;
	cr_expect_float_eq(last(&trial, 0), -expm1(-1) * exp(-gone), 1e-6);
	trial_solve(&trial, 1.7e9, noon + 1.5, ojit_output_final());
	cr_expect_float_eq(last(&trial, 0), -expm1(-1) * exp(-0.5), 1e-5);
	trial_end(&trial);
}

/* ---- memory ---- */

static int solve_pulses(ojit_context *context, void *user)
{
	ojit_model *model = ojit_model_new(context);
	ojit_program *program = NULL;
	ojit_options options = ojit_options_default();
	(void)user;
	if (!model)
		return 0;
	options.method = "tsit5";
	ojit_model_read_text(model, pulses, strlen(pulses), "test");
	ojit_compile_options interpreted = ojit_compile_options_default();
	interpreted.executor = OJIT_INTERPRETER;
	ojit_status status = ojit_program_compile(model, &interpreted, &program);
	ojit_solver *solver = status == OJIT_OK ? ojit_solver_new(program) : NULL;
	bool ok = solver && ojit_solver_run(solver, &options, 0, 3, ojit_output_final()) == OJIT_OK;
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_model_free(model);
	return ok;
}

Test(crossings, every_allocation_may_fail)
{
	long culprit = 0, swept = watched_sweep(solve_pulses, NULL, &culprit);
	cr_expect_gt(swept, 0, "allocation %ld", culprit);
}
