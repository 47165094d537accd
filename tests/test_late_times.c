/* Late in a long span: steps may be shorter than the rounding of the time, which is summed with what
 * its rounding leaves out.  What equations that read no time do there is what they do at 0. */
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#define EPOCH 1.7e9 /* seconds since 1970; resolved to 2.4e-7 */
#define COUNT(list) (sizeof(list) / sizeof *(list))

static const char *const stiff_methods[] = {"auto", "radau", "bdf", "rodas5p", "kencarp4"};

static uint64_t attempts(const struct trial *trial)
{
	ojit_stats stats = ojit_solver_stats(trial->solver);
	return stats.steps + stats.rejected;
}

static void expect_said(const char *message, const char *says)
{
	cr_expect(strstr(message, says), "'%s' in: %s", says, message);
}

/* ---- sound solutions go on ---- */

/* Relaxation oscillations, whose jumps take a tenth of a rounding, twice in 1.6 seconds. */
static const char relaxation[] = "x' = (z + x - x^3/3)/1e-8\nz' = -x\ninit x = 2, z = -0.6666\n";

Test(late_times, many_jumps_within_a_rounding_are_followed)
{
	for (size_t m = 0; m < COUNT(stiff_methods); m++) {
		struct trial trial;
		trial_begin(&trial, relaxation, stiff_methods[m]);
		trial.options.rtol = 1e-6;
		trial_solve(&trial, 0, 200, ojit_output_final());
		double x = ojit_solver_last_states(trial.solver)[0], z = ojit_solver_last_states(trial.solver)[1];
		trial_solve(&trial, EPOCH, EPOCH + 200, ojit_output_final());
		cr_expect(attempts(&trial) > 20000);
		cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], x, 1e-4, "%s", stiff_methods[m]);
		cr_expect_float_eq(ojit_solver_last_states(trial.solver)[1], z, 1e-4, "%s", stiff_methods[m]);
		trial_end(&trial);
	}
}

/* A state that errors of such jumps take below 0, where shorter steps do not. */
Test(late_times, states_stay_above_0_in_jumps_within_a_rounding)
{
	static const char text[] = "x' = (z + x - x^3/3)/1e-6\nz' = -x\np' = 1e3*max(x - 1.9, 0) - 1000*p*(1 + x^2)\n"
	                           "init x = 2, z = -0.6666, p = 1\n";
	struct trial trial;
	trial_begin(&trial, text, "rodas5p");
	trial.options.rtol = 1e-4;
	trial.options.nonnegative = "p";
	ojit_solver_set(trial.solver, OJIT_TOLERANCES, "p", 1e-14);
	trial_solve(&trial, EPOCH, EPOCH + 5, ojit_output_points(100));
	for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++)
		cr_expect_geq(ojit_solver_row(trial.solver, i)[3], 0);
	trial_end(&trial);
}

/* Solutions that need steps of 1e-10 of a rounding and less. */
Test(late_times, tight_tolerances_take_steps_far_below_a_rounding)
{
	static const double tolerances[] = {1e-6, 1e-9, 1e-12};
	for (size_t m = 0; m < COUNT(stiff_methods); m++)
		for (size_t k = 0; k < COUNT(tolerances); k++) {
			struct trial trial;
			trial_begin(&trial, "x' = -1e9*(x - 1)\ninit x = 0\n", stiff_methods[m]);
			trial.options.rtol = trial.options.atol = tolerances[k];
			trial_solve(&trial, EPOCH, EPOCH + 1, ojit_output_final());
			cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], 1, 10 * tolerances[k], "%s", stiff_methods[m]);
			trial_end(&trial);
		}
}

Test(late_times, low_orders_follow_van_der_pol_at_tight_tolerances)
{
	struct trial trial;
	trial_begin(&trial, "x' = y\ny' = 1e8*(1 - x^2)*y - x\ninit x = 2, y = 0\n", "rosenbrock23");
	trial.options.rtol = 1e-9;
	trial_solve(&trial, 0, 2e8, ojit_output_final());
	double there = ojit_solver_last_states(trial.solver)[0];
	trial_end(&trial);
	trial_begin(&trial, "x' = y\ny' = 1e8*(1 - x^2)*y - x\ninit x = 2, y = 0\n", "radau");
	trial.options.rtol = 1e-10;
	trial_solve(&trial, 0, 2e8, ojit_output_final());
	cr_expect_float_eq(there, ojit_solver_last_states(trial.solver)[0], 1e-7);
	trial_end(&trial);
}

/* Each begins with steps that time does not tell, which is no reason to end the later ones. */
Test(late_times, beginning_again_and_again_goes_on)
{
	static const char *const methods[] = {"bdf", "rodas5p"};
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		trial_begin(&trial, "x' = -1e9*x^3\ninit x = 1\n", methods[m]);
		ojit_integrator *integrator = ojit_integrator_new(trial.program);
		cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, EPOCH, INFINITY, OJIT_RECORD_LAST), OJIT_OK);
		for (int i = 1; i < 160; i++) {
			const double kicked = 1;
			cr_assert_eq(ojit_integrator_stop_at(integrator, EPOCH + i * 0.01), OJIT_OK, "%s: %s", methods[m],
			             ojit_integrator_message(integrator));
			cr_assert_eq(ojit_integrator_restart(integrator, ojit_integrator_time(integrator), &kicked), OJIT_OK);
		}
		ojit_integrator_free(integrator);
		trial_end(&trial);
	}
}

Test(late_times, an_explicit_method_for_stiff_equations_is_said_to_be_one)
{
	struct trial trial;
	trial_begin(&trial, "x' = -1e12*(x - 1e-3)\ninit x = 1\n", "tsit5");
	trial.options.step_limit = 50000;
	expect_said(trial_fail(&trial, 1e6, 1e6 + 1, OJIT_MAX_STEPS), "of stiff equations explicit steps have to be short");
	trial_end(&trial);
}

/* ---- others end ---- */

Test(late_times, a_pole_ends_the_run_soon)
{
	static const char *const methods[] = {"auto", "tsit5", "radau", "bdf", "trbdf2"};
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		trial_begin(&trial, "x' = 1 + x^2\ninit x = 0\n", methods[m]);
		trial_fail(&trial, 1e9, 1e9 + 3, OJIT_STEP_TOO_SMALL);
		cr_expect_float_eq(ojit_solver_stats(trial.solver).t - 1e9, acos(-1) / 2, 1e-2, "%s", methods[m]);
		cr_expect_lt(attempts(&trial), 20000, "%s", methods[m]);
		trial_end(&trial);
	}
}

/* Beyond where it ends, x = sqrt(1 - 2 t) is driven back from either side of 0. */
Test(late_times, what_swings_about_a_singularity_ends_there)
{
	struct trial trial;
	trial_begin(&trial, "x' = -1/x\ninit x = 1\n", "tsit5");
	trial.options.step_limit = 100000;
	expect_said(trial_fail(&trial, 0, 10, OJIT_STEP_TOO_SMALL), "singularity");
	cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 0.5, 1e-6);
	trial_end(&trial);
}

static int below_nine_tenths(void *user, double t, const double *y)
{
	(void)user;
	(void)t;
	return *y <= 0.9;
}

Test(late_times, the_edge_of_a_domain_ends_the_run_there)
{
	static const double times[] = {0, 1e9};
	for (size_t m = 0; m < COUNT(stiff_methods); m++)
		for (size_t k = 0; k < COUNT(times); k++) {
			struct trial trial;
			trial_begin(&trial, "x' = 1 - x\ninit x = 0\n", stiff_methods[m]);
			trial.options.domain = below_nine_tenths;
			trial.options.step_limit = 100000;
			expect_said(trial_fail(&trial, times[k], times[k] + 10, OJIT_STEP_TOO_SMALL), "lead out of the domain");
			cr_expect_float_eq(ojit_solver_last_states(trial.solver)[0], 0.9, 1e-9, "%s", stiff_methods[m]);
			trial_end(&trial);
		}
}

/* ---- times that steps are shorter than ---- */

/* Sixteen turns within 86 roundings. */
static const char turning[] = "x' = 1e10*y\ny' = -1e10*x\ninit x = 1, y = 0\n";

static void expect_turned(const char *method, double t, const double *y)
{
	cr_expect_float_eq(y[0], cos(1e10 * (t - 1e6)), 5e-4, "%s at %.17g: %g", method, t, y[0]);
	cr_expect_float_eq(y[1], -sin(1e10 * (t - 1e6)), 5e-4, "%s at %.17g: %g", method, t, y[1]);
}

Test(late_times, rows_and_the_end_are_where_they_are_said_to_be)
{
	static const char *const methods[] = {"auto", "tsit5", "vern8", "dop853", "radau", "bdf", "taylor", "rodas5p", "kencarp4"};
	const double t1 = 1000000.00000001;
	double times[87];
	size_t count = 0;
	for (double t = 1e6; t <= t1 && count < COUNT(times); t = nextafter(t, t1 + 1))
		times[count++] = t;
	cr_assert_eq(count, COUNT(times));
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		trial_begin(&trial, turning, methods[m]);
		trial.options.rtol = trial.options.atol = 1e-7;
		trial_solve(&trial, 1e6, t1, ojit_output_times(times, count));
		cr_assert_eq(ojit_solver_rows(trial.solver), count);
		for (size_t i = 0; i < count; i++)
			expect_turned(methods[m], times[i], ojit_solver_row(trial.solver, i) + 1);
		expect_turned(methods[m], t1, ojit_solver_last_states(trial.solver));
		trial_end(&trial);
	}
}

/* And an integrator stops there. */
Test(late_times, an_integrator_stops_there)
{
	const double t1 = 1000000.00000001;
	struct trial trial;
	trial_begin(&trial, turning, "tsit5");
	ojit_integrator *integrator = ojit_integrator_new(trial.program);
	cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, 1e6, 1e6 + 1, OJIT_RECORD_ALL), OJIT_OK);
	cr_assert_eq(ojit_integrator_stop_at(integrator, t1), OJIT_OK);
	expect_turned("tsit5", t1, ojit_integrator_states(integrator));
	cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, 1e6, t1, OJIT_RECORD_ALL), OJIT_OK);
	cr_assert_eq(ojit_integrator_stop_at(integrator, t1), OJIT_OK);
	trial_solve(&trial, 1e6, t1, ojit_output_points(2));
	cr_expect_arr_eq(ojit_integrator_states(integrator), ojit_solver_last_states(trial.solver), 2 * sizeof(double));
	ojit_integrator_free(integrator);
	trial_end(&trial);
}

/* Steps of some roundings, of which many begin and end at times that round to ones asked for: a kept one knows where between two of them it began, so that what an
 * integrator finds inside is what a run puts out. */
Test(late_times, an_integrator_looks_into_its_steps)
{
	static const char *const methods[] = {"tsit5", "dop853", "radau", "bdf", "auto"};
	const double t1 = 1000000.00000001;
	for (size_t m = 0; m < COUNT(methods); m++) {
		struct trial trial;
		double y[2], ends[200];
		size_t inside = 0, met = 0, count = 0;
		trial_begin(&trial, "x' = 3e8*y\ny' = -3e8*x\ninit x = 1, y = 0\n", methods[m]);
		trial_solve(&trial, 1e6, t1, ojit_output_steps());
		for (; count < ojit_solver_rows(trial.solver) && count < COUNT(ends); count++)
			ends[count] = ojit_solver_row(trial.solver, count)[0];
		ojit_integrator *integrator = ojit_integrator_new(trial.program);
		cr_assert_eq(ojit_integrator_begin(integrator, &trial.options, 1e6, t1, OJIT_RECORD_ALL), OJIT_OK);
		cr_assert_eq(ojit_integrator_stop_at(integrator, t1), OJIT_OK);
		for (double t = 1e6; t <= t1; t = nextafter(t, t1 + 1)) {
			for (size_t end = 1; end < count; end++)
				met += ends[end] == t;
			inside++;
			trial_solve(&trial, 1e6, t1, ojit_output_times(&t, 1));
			cr_assert_eq(ojit_integrator_interpolate(integrator, t, y), OJIT_OK);
			cr_expect_arr_eq(y, ojit_solver_row(trial.solver, 0) + 1, sizeof y, "%s at %.17g", methods[m], t);
			cr_expect_float_eq(y[0], cos(3e8 * (t - 1e6)), 1e-4, "%s at %.17g: %g", methods[m], t,
			                   y[0] - cos(3e8 * (t - 1e6)));
		}
		cr_expect(inside > 20 && met > 3, "%s: %zu, %zu", methods[m], inside, met);
		ojit_integrator_free(integrator);
		trial_end(&trial);
	}
}

Test(late_times, the_way_back_is_that_of_the_steps)
{
	static const char *const pairs[][2] = {
		{"euler", "implicit_euler"}, {"implicit_euler", "euler"}, {"implicit_midpoint", "implicit_midpoint"},
		{"trapezoid", "trapezoid"},
	};
	static const char slow[] = "x' = y - 0.01*x\ny' = -x\ninit x = 1, y = 0\n";
	const struct {
		const char *text;
		double from, to, rtol;
	} ways[] = {{turning, 1e6, 1000000.00000001, 1e-4}, {slow, 1e10, 1e10 + 10, 1e-5}};
	for (size_t p = 0; p < COUNT(pairs); p++)
		for (size_t k = 0; k < COUNT(ways); k++) {
			struct trial trial;
			trial_begin(&trial, ways[k].text, pairs[p][0]);
			trial.options.reverse_method = pairs[p][1];
			trial.options.rtol = ways[k].rtol;
			trial_solve(&trial, ways[k].from, ways[k].to, ojit_output_points(3));
			const double *y = ojit_solver_last_states(trial.solver);
			cr_expect_eq(ojit_solver_stats(trial.solver).t, ways[k].from);
			cr_expect_float_eq(y[0], 1, 1e-12, "%s: %g", pairs[p][0], y[0] - 1);
			cr_expect_float_eq(y[1], 0, 1e-12, "%s: %g", pairs[p][0], y[1]);
			trial_end(&trial);
		}
}
