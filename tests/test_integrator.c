/* Integrators: their steps are those of a run, what is read inside steps never
 * depends on when it is read, and going on differently is beginning there. */
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A damped pendulum of large amplitude, driven; `derived` depends on parameters alone. */
static const char pendulum[] =
	"param g = 1, c = 0.05, a = 0.3\n"
	"init x = 2, v = 0\n"
	"x' = v\n"
	"v' = -sqrt(g*g + a*a)*sin(x) - c*v + a*cos(t)\n"
	"out energy = v*v/2 - g*cos(x), scaled = sqrt(g*g + c)*x\n";

enum { N = 2, OUTPUTS = 2 };

static ojit_context *context;
static ojit_program *program;
static ojit_options options;
static ojit_solver *solver;
static ojit_integrator *it;

static ojit_program *compile(const char *text)
{
	ojit_program *result;
	ojit_model *model = ojit_model_new(context);
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), "test"), OJIT_OK, "%s",
	             ojit_model_error(model).text);
	cr_assert_eq(ojit_program_compile(model, NULL, &result), OJIT_OK);
	ojit_model_free(model);
	return result;
}

static void use(const char *text)
{
	ojit_integrator_free(it);
	ojit_solver_free(solver);
	ojit_program_free(program);
	program = compile(text);
	solver = ojit_solver_new(program);
	it = ojit_integrator_new(program);
	cr_assert_eq(ojit_integrator_error(it).status, OJIT_OK);
}

static void setup(void)
{
	context = ojit_context_new(NULL);
	options = ojit_options_default();
	use(pendulum);
}

static void teardown(void)
{
	ojit_integrator_free(it);
	ojit_solver_free(solver);
	ojit_program_free(program);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}

TestSuite(integrator, .init = setup, .fini = teardown);

#define OK(call) cr_assert_eq((call), OJIT_OK, "%s: %s", #call, ojit_integrator_error(it).text)

static void begin(double t0, double end, ojit_recording recording)
{
	OK(ojit_integrator_begin(it, &options, t0, end, recording));
}

static void run(double t0, double t1, ojit_output output)
{
	cr_assert_eq(ojit_solver_run(solver, &options, t0, t1, output), OJIT_OK, "%s",
	             ojit_solver_error(solver).text);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
}

/* Every method, with a tolerance that makes some tens of steps of it. */
#define FOR_EACH_METHOD(r) for (size_t r = 0; r < ojit_method_count() && choose(r); r++)
static bool choose(size_t r)
{
	ojit_method m = ojit_method_info(r);
	options.method = m.name;
	options.rtol = options.atol = m.order == 1 ? 1e-2 : m.order < 4 ? 1e-4 : 1e-7;
	return true;
}

static void expect_state(const ojit_integrator *i, double t, const double *y, const char *what)
{
	cr_assert_eq(ojit_integrator_time(i), t, "%s, %s", options.method, what);
	cr_assert_arr_eq(ojit_integrator_states(i), y, N * sizeof *y, "%s, %s at %g", options.method, what, t);
}

static void expect_refusal(ojit_status got, ojit_status wanted, const char *says)
{
	cr_expect_eq(got, wanted, "%s: %s", says, ojit_integrator_error(it).text);
	cr_expect_not_null(strstr(ojit_integrator_error(it).message, says), "'%s' in: %s", says,
	                   ojit_integrator_error(it).message);
}

/* Both take steps to the end of `one`, the same. */
static void expect_same_steps(ojit_integrator *one, ojit_integrator *other, const char *what)
{
	int steps = 0;
	while (ojit_integrator_step(one, INFINITY) == OJIT_OK) {
		cr_assert_eq(ojit_integrator_step(other, INFINITY), OJIT_OK);
		expect_state(other, ojit_integrator_time(one), ojit_integrator_states(one), what);
		steps++;
	}
	cr_expect_gt(steps, 0, "%s, %s", options.method, what);
	cr_expect_eq(ojit_integrator_step(other, INFINITY), OJIT_ENDED);
}

/* ---- the same as a run ---- */

Test(integrator, takes_the_steps_of_a_run)
{
	const double spans[][2] = {{0, 12}, {3, -5}};
	FOR_EACH_METHOD(r)
		for (int k = 0; k < 2; k++) {
			run(spans[k][0], spans[k][1], ojit_output_steps());
			begin(spans[k][0], spans[k][1], (ojit_recording)(r % 3));
			for (size_t i = 1; i < ojit_solver_rows(solver); i++) {
				const double *row = ojit_solver_row(solver, i);
				OK(ojit_integrator_step(it, INFINITY));
				expect_state(it, row[0], row + 1, "step");
			}
			ojit_stats a = ojit_solver_stats(solver), b = ojit_integrator_stats(it);
			cr_expect_eq(a.steps, b.steps);
			cr_expect_eq(a.rejected, b.rejected);
			cr_expect_eq(a.rhs, b.rhs - b.extra, "%s: %d, %d", options.method, (int)a.rhs,
			             (int)(b.rhs - b.extra));
			cr_expect_eq(a.first_step, b.first_step);
			cr_expect_eq(a.last_step, b.last_step);
			expect_refusal(ojit_integrator_step(it, INFINITY), OJIT_ENDED, "reached its end");
		}
}

Test(integrator, going_to_times_gives_the_rows_of_a_grid_and_changes_no_step)
{
	const double spans[][2] = {{0, 12}, {3, -5}};
	double y[N];
	FOR_EACH_METHOD(r)
		for (int k = 0; k < 2; k++) {
			run(spans[k][0], spans[k][1], ojit_output_points(137));
			begin(spans[k][0], spans[k][1], r % 2 ? OJIT_RECORD_LAST : OJIT_RECORD_ALL);
			for (size_t i = 0; i < 137; i++) {
				const double *row = ojit_solver_row(solver, i);
				OK(ojit_integrator_run_to(it, row[0], y));
				cr_assert_arr_eq(y, row + 1, sizeof y, "%s at %g", options.method, row[0]);
			}
			cr_expect_eq(ojit_integrator_stats(it).steps, ojit_solver_stats(solver).steps);
			expect_state(it, spans[k][1], ojit_solver_last_states(solver), "end");
		}
}

Test(integrator, recorded_steps_can_be_looked_into_in_any_order_and_as_often_as_wanted)
{
	enum { ROWS = 97 };
	const double spans[][2] = {{0, 12}, {3, -5}};
	double y[N], out[OUTPUTS];
	FOR_EACH_METHOD(r)
		for (int k = 0; k < 2; k++) {
			run(spans[k][0], spans[k][1], ojit_output_points(ROWS));
			begin(spans[k][0], spans[k][1], OJIT_RECORD_ALL);
			OK(ojit_integrator_stop_at(it, spans[k][1]));
			uint64_t calls = ojit_integrator_stats(it).rhs;
			for (size_t turn = 0; turn < 3 * ROWS; turn++) { /* 40 and 97 have no common factor */
				const double *row = ojit_solver_row(solver, turn * 40 % ROWS);
				OK(ojit_integrator_interpolate(it, row[0], y));
				cr_assert_arr_eq(y, row + 1, sizeof y, "%s at %g", options.method, row[0]);
				OK(ojit_integrator_observe(it, row[0], out));
				cr_assert_arr_eq(out, row + 1 + N, sizeof out, "%s at %g", options.method, row[0]);
			}
			cr_expect_eq(ojit_integrator_stats(it).rhs, calls);
			cr_expect_eq(ojit_integrator_stats(it).outputs, 3 * ROWS);
		}
}

Test(integrator, the_last_step_can_be_looked_into_without_being_recorded)
{
	double from, to, y[N], again[N];
	FOR_EACH_METHOD(r) {
		begin(0, 12, OJIT_RECORD_LAST);
		ojit_integrator_range(it, &from, &to);
		cr_expect(from == 0 && to == 0);
		for (int k = 0; k < 5; k++) {
			double before = ojit_integrator_time(it);
			OK(ojit_integrator_step(it, INFINITY));
			ojit_integrator_range(it, &from, &to);
			cr_expect(from == before && to == ojit_integrator_time(it));
			OK(ojit_integrator_interpolate(it, from + 0.75 * (to - from), y));
			OK(ojit_integrator_interpolate(it, from + 0.25 * (to - from), again));
			OK(ojit_integrator_interpolate(it, from + 0.75 * (to - from), again));
			cr_expect_arr_eq(y, again, sizeof y, "%s", options.method);
		}
		expect_refusal(ojit_integrator_interpolate(it, 0, y), OJIT_ARGUMENT, "OJIT_RECORD_ALL");
		expect_refusal(ojit_integrator_run_to(it, 0, y), OJIT_ARGUMENT, "t = 0 is not in the recorded range");
	}
}

Test(integrator, needs_no_end)
{
	double y[N], back[N];
	options.rtol = options.atol = 1e-10;
	run(0, 12, ojit_output_points(25));
	begin(0, INFINITY, OJIT_RECORD_LAST);
	for (size_t i = 0; i < 25; i++) {
		OK(ojit_integrator_run_to(it, ojit_solver_row(solver, i)[0], y));
		cr_expect_lt(fabs(y[0] - ojit_solver_row(solver, i)[1]), 1e-8);
	}
	cr_expect_geq(ojit_integrator_time(it), 12);
	begin(0, -INFINITY, OJIT_RECORD_LAST);
	OK(ojit_integrator_run_to(it, -3, back));
	cr_expect_leq(ojit_integrator_time(it), -3);
	run(0, -3, ojit_output_final());
	cr_expect_lt(fabs(back[0] - ojit_solver_last_states(solver)[0]), 1e-8);
}

Test(integrator, a_span_of_no_length_is_over_at_once)
{
	double y[N], from, to;
	begin(2, 2, OJIT_RECORD_ALL);
	OK(ojit_integrator_run_to(it, 2, y));
	cr_expect(y[0] == 2 && y[1] == 0);
	ojit_integrator_range(it, &from, &to);
	cr_expect(from == 2 && to == 2);
	cr_expect_eq(ojit_integrator_stats(it).steps, 0);
	expect_refusal(ojit_integrator_step(it, INFINITY), OJIT_ENDED, "has reached its end, t = 2");
	cr_expect_eq(ojit_integrator_stats(it).outcome, OJIT_SUCCESS);
}

/* ---- stops ---- */

/* Both ways err on their own: against the solution, up to 1100 rtol on the way back, which
 * magnifies errors (ck45). */
Test(integrator, stops_are_met_exactly_and_leave_the_length_of_steps_alone)
{
	const double directions[] = {1, -1};
	FOR_EACH_METHOD(r)
		for (int k = 0; k < 2; k++) {
			double end = 12 * directions[k], bound;
			bool euler = ojit_method_info(r).order == 1;
			options.rtol = options.atol = euler ? 1e-7 : fmin(options.rtol, 1e-5);
			bound = euler ? 0.05 : 1000 * options.rtol;
			run(0, end, ojit_output_points(41));
			begin(0, end, OJIT_RECORD_NONE);
			for (size_t i = 0; i < 41; i++) {
				const double *row = ojit_solver_row(solver, i);
				OK(ojit_integrator_stop_at(it, row[0]));
				cr_assert_eq(ojit_integrator_time(it), row[0]);
				cr_assert_lt(fabs(ojit_integrator_states(it)[0] - row[1]), bound,
				             "%s at %g: %g", options.method, row[0],
				             ojit_integrator_states(it)[0] - row[1]);
			}
			expect_refusal(ojit_integrator_stop_at(it, 0), OJIT_ARGUMENT, "behind the present time");
		}
}

Test(integrator, a_step_cut_short_does_not_shorten_the_next)
{
	options.rtol = options.atol = 1e-6;
	begin(0, INFINITY, OJIT_RECORD_NONE);
	for (int k = 0; k < 20; k++)
		OK(ojit_integrator_step(it, INFINITY));
	double usual = ojit_integrator_stats(it).last_step, t = ojit_integrator_time(it);
	OK(ojit_integrator_stop_at(it, t + 1e-6));
	OK(ojit_integrator_step(it, INFINITY));
	cr_expect_gt(ojit_integrator_stats(it).last_step, usual / 2);
}

Test(integrator, a_bound_is_not_passed_and_ends_a_step_that_would)
{
	begin(0, 12, OJIT_RECORD_LAST);
	for (double bound = 0.001; bound < 1; bound *= 2) {
		OK(ojit_integrator_step(it, bound));
		cr_expect_leq(ojit_integrator_time(it), bound);
	}
	double t = ojit_integrator_time(it);
	OK(ojit_integrator_step(it, t + 1e-5));
	cr_expect_eq(ojit_integrator_time(it), t + 1e-5);
	OK(ojit_integrator_step(it, 100)); /* the end is nearer */
	expect_refusal(ojit_integrator_step(it, t), OJIT_ARGUMENT, "not ahead of the present time");
	expect_refusal(ojit_integrator_step(it, NAN), OJIT_ARGUMENT, "the bound nan");
}

Test(integrator, fixed_steps_go_on_after_a_stop)
{
	options.method = "rk4";
	options.fixed_step = 0.25;
	begin(0, 10, OJIT_RECORD_NONE);
	OK(ojit_integrator_stop_at(it, 0.6));
	cr_expect_eq(ojit_integrator_stats(it).steps, 3);
	OK(ojit_integrator_step(it, INFINITY));
	cr_expect_lt(fabs(ojit_integrator_time(it) - 0.85), 1e-15);
}

/* ---- going on differently ---- */

Test(integrator, a_restart_is_a_beginning)
{
	const double moved[N] = {-1, 0.5};
	FOR_EACH_METHOD(r) {
		begin(0, 12, OJIT_RECORD_ALL);
		OK(ojit_integrator_run_to(it, 4, NULL));
		double t = ojit_integrator_time(it);
		OK(ojit_integrator_restart(it, t, moved));
		expect_state(it, t, moved, "restart");
		ojit_integrator *other = ojit_integrator_new(program);
		cr_assert_eq(ojit_solver_set_all(ojit_integrator_solver(other), OJIT_STATES, moved), OJIT_OK);
		cr_assert_eq(ojit_integrator_begin(other, &options, t, 12, OJIT_RECORD_LAST), OJIT_OK);
		expect_same_steps(other, it, "restarted");
		ojit_integrator_free(other);
	}
}

Test(integrator, a_restart_inside_what_is_recorded_forgets_what_came_after)
{
	const double moved[N] = {1, 1};
	double y[N], early[N], late[N], from, to;
	FOR_EACH_METHOD(r) {
		begin(0, 12, OJIT_RECORD_ALL);
		OK(ojit_integrator_run_to(it, 6, NULL));
		OK(ojit_integrator_interpolate(it, 1.5, early));
		OK(ojit_integrator_interpolate(it, 2.984375, late));
		OK(ojit_integrator_restart(it, 3, moved));
		ojit_integrator_range(it, &from, &to);
		cr_expect(from == 0 && to == 3);
		expect_refusal(ojit_integrator_interpolate(it, 3.5, y), OJIT_ARGUMENT, "go there first");
		for (int after = 0; after < 2; after++) {
			OK(ojit_integrator_interpolate(it, 1.5, y));
			cr_expect_arr_eq(y, early, sizeof y);
			OK(ojit_integrator_interpolate(it, 2.984375, y));
			cr_expect_arr_eq(y, late, sizeof y, "%s", options.method);
			OK(ojit_integrator_interpolate(it, 3, y));
			cr_expect_arr_eq(y, moved, sizeof y, "the new states count");
			OK(ojit_integrator_run_to(it, 5, NULL));
		}
	}
}

Test(integrator, a_restart_without_states_goes_back_to_those_of_the_time)
{
	double then[N], again[N], y[N];
	FOR_EACH_METHOD(r) {
		begin(0, 12, OJIT_RECORD_ALL);
		OK(ojit_integrator_run_to(it, 3, then));
		OK(ojit_integrator_run_to(it, 9, NULL));
		OK(ojit_integrator_restart(it, 3, NULL));
		expect_state(it, 3, then, "back");
		OK(ojit_integrator_run_to(it, 9, y));
		OK(ojit_integrator_restart(it, 3, then));
		OK(ojit_integrator_run_to(it, 9, again));
		cr_expect_arr_eq(y, again, sizeof y, "%s", options.method);
		begin(0, 12, OJIT_RECORD_LAST);
		OK(ojit_integrator_step(it, INFINITY));
		double t = ojit_integrator_time(it) / 2;
		OK(ojit_integrator_interpolate(it, t, then));
		OK(ojit_integrator_restart(it, t, NULL));
		expect_state(it, t, then, "back inside the last step");
	}
}

Test(integrator, a_restart_elsewhere_begins_what_is_recorded_anew)
{
	double from, to, y[N];
	for (int mode = OJIT_RECORD_NONE; mode <= OJIT_RECORD_ALL; mode++) {
		begin(0, INFINITY, (ojit_recording)mode);
		for (int k = 0; k < 10; k++)
			OK(ojit_integrator_step(it, INFINITY));
		OK(ojit_integrator_restart(it, 100, NULL));
		ojit_integrator_range(it, &from, &to);
		cr_expect(from == 100 && to == 100);
		OK(ojit_integrator_step(it, INFINITY));
		ojit_integrator_range(it, &from, &to);
		cr_expect_eq(from, mode == OJIT_RECORD_NONE ? to : 100);
		OK(ojit_integrator_interpolate(it, to, y));
		expect_refusal(ojit_integrator_restart(it, NAN, NULL), OJIT_ARGUMENT, "t = nan");
	}
}

Test(integrator, other_parameters_take_effect_at_the_present_time)
{
	double y[N], out[OUTPUTS];
	FOR_EACH_METHOD(r) {
		begin(0, 12, OJIT_RECORD_LAST);
		for (int k = 0; k < 4; k++)
			OK(ojit_integrator_step(it, INFINITY));
		ojit_integrator *other = ojit_integrator_new(program);
		ojit_solver *set[] = {ojit_integrator_solver(it), ojit_integrator_solver(other)};
		for (int k = 0; k < 2; k++)
			cr_assert_eq(ojit_solver_set(set[k], OJIT_PARAMETERS, "g", 2), OJIT_OK);
		double t = ojit_integrator_time(it);
		memcpy(y, ojit_integrator_states(it), sizeof y);
		cr_assert_eq(ojit_solver_set_all(set[1], OJIT_STATES, y), OJIT_OK);
		cr_assert_eq(ojit_integrator_begin(other, &options, t, 12, OJIT_RECORD_LAST), OJIT_OK);
		OK(ojit_integrator_observe(it, t, out));
		cr_expect_eq(out[0], y[1] * y[1] / 2 - 2 * cos(y[0]));
		expect_same_steps(other, it, "other parameters");
		ojit_integrator_free(other);
		OK(ojit_solver_reset(set[0], OJIT_PARAMETERS));
	}
}

static void expect_same_inside(ojit_integrator *one, ojit_integrator *other, double from, double to)
{
	enum { TIMES = 9 };
	double y[N], z[N], a[OUTPUTS], b[OUTPUTS];
	for (int i = 0; i < TIMES; i++) {
		double t = from + (to - from) * i / TIMES;
		cr_assert_eq(ojit_integrator_interpolate(one, t, y), OJIT_OK);
		cr_assert_eq(ojit_integrator_interpolate(other, t, z), OJIT_OK);
		cr_assert_arr_eq(y, z, sizeof y, "%s at %g", options.method, t);
		cr_assert_eq(ojit_integrator_observe(one, t, a), OJIT_OK);
		cr_assert_eq(ojit_integrator_observe(other, t, b), OJIT_OK);
		cr_assert_arr_eq(a, b, sizeof a, "%s at %g", options.method, t);
	}
}

/* Looked into for the first time after the change. */
Test(integrator, what_is_recorded_keeps_its_parameters)
{
	double from, to, out[OUTPUTS], now[OUTPUTS];
	FOR_EACH_METHOD(r)
		for (int mode = OJIT_RECORD_LAST; mode <= OJIT_RECORD_ALL; mode++) {
			ojit_solver *values = ojit_integrator_solver(it);
			cr_assert_eq(ojit_solver_reset(values, OJIT_PARAMETERS), OJIT_OK);
			begin(0, 12, (ojit_recording)mode);
			for (int k = 0; k < 4; k++)
				OK(ojit_integrator_step(it, INFINITY));
			ojit_integrator *unchanged = ojit_integrator_copy(it);
			ojit_integrator_range(it, &from, &to);
			OK(ojit_integrator_observe(it, to, out));
			cr_assert_eq(ojit_solver_set(values, OJIT_PARAMETERS, "g", 3), OJIT_OK);
			cr_assert_not_null(ojit_solver_parameters(values));
			expect_same_inside(it, unchanged, from, to);
			OK(ojit_integrator_observe(it, to, now));
			cr_expect_neq(now[0], out[0]);
			expect_same_inside(it, unchanged, from, to);
			for (int k = 0; mode == OJIT_RECORD_ALL && k < 3; k++) {
				cr_assert_eq(ojit_solver_set(values, OJIT_PARAMETERS, "g", k), OJIT_OK);
				OK(ojit_integrator_step(it, INFINITY));
				expect_same_inside(it, unchanged, from, to);
			}
			ojit_integrator_free(unchanged);
		}
}

Test(integrator, other_tolerances_hold_from_the_next_step_on)
{
	options.rtol = 1e-12;
	options.atol = 1e-2;
	begin(0, 40, OJIT_RECORD_NONE);
	OK(ojit_integrator_stop_at(it, 20));
	uint64_t loose = ojit_integrator_stats(it).steps;
	cr_assert_eq(ojit_solver_set(ojit_integrator_solver(it), OJIT_TOLERANCES, "v", 1e-10), OJIT_OK);
	OK(ojit_integrator_stop_at(it, 40));
	cr_expect_gt(ojit_integrator_stats(it).steps, 4 * loose);
}

/* ---- any sequence of calls ---- */

/* What was read once, and has to stay. */
enum { SAMPLES = 64 };
struct sample {
	double t, y[N], out[OUTPUTS];
};

static uint64_t state = 1;
static double chance(void) /* in 0..1; Knuth's MMIX generator */
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (double)(state >> 11) * 0x1p-53;
}

static void take_sample(struct sample *sample, double t)
{
	sample->t = t;
	OK(ojit_integrator_interpolate(it, t, sample->y));
	OK(ojit_integrator_observe(it, t, sample->out));
}

/* Samples at `now` may be replaced by a restart or other parameters. */
static size_t forget_samples(struct sample *samples, size_t count, double now)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (samples[i].t < now)
			samples[kept++] = samples[i];
	return kept;
}

static void move_somehow(double way)
{
	double t = ojit_integrator_time(it), y[N] = {2 * chance(), chance()};
	if (way < 0.4)
		OK(ojit_integrator_step(it, INFINITY));
	else if (way < 0.5)
		OK(ojit_integrator_step(it, t + 0.05 * chance() + 1e-3));
	else if (way < 0.6)
		OK(ojit_integrator_run_to(it, t + chance(), y));
	else if (way < 0.7)
		OK(ojit_integrator_stop_at(it, t + chance()));
	else if (way < 0.8)
		OK(ojit_integrator_restart(it, t * (chance() < 0.7 ? 1 : 0.8), chance() < 0.5 ? y : NULL));
	else if (way < 0.9)
		OK(ojit_solver_set(ojit_integrator_solver(it), OJIT_PARAMETERS, "g", 0.5 + chance()));
}

/* Now and then the copy goes on instead. */
static void change_places(double way)
{
	if (way < 0.9)
		return;
	ojit_integrator *copy = ojit_integrator_copy(it);
	ojit_integrator_free(it);
	it = copy;
}

Test(integrator, whatever_is_called_the_past_stays_as_it_was_read)
{
	struct sample samples[SAMPLES], again;
	FOR_EACH_METHOD(r) {
		size_t count = 0;
		begin(0, INFINITY, OJIT_RECORD_ALL);
		for (int call = 0; call < 150; call++) {
			double way = chance(), from, to;
			ojit_integrator_range(it, &from, &to);
			if (count < SAMPLES)
				take_sample(&samples[count++], from + (to - from) * chance());
			move_somehow(way);
			change_places(way);
			double now = fmin(to, ojit_integrator_time(it));
			count = forget_samples(samples, count, way >= 0.7 && way < 0.9 ? now : HUGE_VAL);
			for (size_t i = 0; i < count; i++) {
				take_sample(&again, samples[i].t);
				cr_assert_arr_eq(&again, &samples[i], sizeof again, "%s, call %d, t = %g of %g",
				                 options.method, call, again.t, now);
			}
		}
		OK(ojit_solver_reset(ojit_integrator_solver(it), OJIT_PARAMETERS));
	}
}

/* ---- copies ---- */

Test(integrator, a_copy_goes_on_to_the_bit_and_on_its_own)
{
	double from, to;
	FOR_EACH_METHOD(r)
		for (int mode = OJIT_RECORD_NONE; mode <= OJIT_RECORD_ALL; mode++) {
			begin(0, 12, (ojit_recording)mode);
			for (int k = 0; k < 5; k++)
				OK(ojit_integrator_step(it, INFINITY));
			ojit_integrator *copy = ojit_integrator_copy(it), *changed = ojit_integrator_copy(copy);
			cr_assert(copy && changed);
			cr_expect_eq(ojit_integrator_memory(copy), ojit_integrator_memory(it));
			ojit_integrator_range(copy, &from, &to);
			expect_same_inside(it, copy, from, to);
			cr_assert_eq(ojit_solver_set(ojit_integrator_solver(changed), OJIT_PARAMETERS, "c", 5), OJIT_OK);
			cr_assert_eq(ojit_integrator_step(changed, INFINITY), OJIT_OK);
			expect_same_steps(it, copy, "copied");
			ojit_stats a = ojit_integrator_stats(it), b = ojit_integrator_stats(copy);
			cr_expect(a.steps == b.steps && a.rejected == b.rejected && a.rhs - a.extra == b.rhs - b.extra);
			ojit_integrator_free(copy);
			ojit_integrator_free(changed);
		}
}

Test(integrator, a_copy_knows_what_was_set_and_not_yet_used)
{
	begin(0, 12, OJIT_RECORD_LAST);
	OK(ojit_integrator_step(it, INFINITY));
	cr_assert_eq(ojit_solver_set(ojit_integrator_solver(it), OJIT_PARAMETERS, "g", 2), OJIT_OK);
	ojit_integrator *copy = ojit_integrator_copy(it);
	expect_same_steps(it, copy, "pending");
	ojit_integrator_free(copy);
	ojit_integrator *blank = ojit_integrator_new(program);
	copy = ojit_integrator_copy(blank);
	cr_assert_not_null(copy);
	cr_expect_eq(ojit_integrator_step(copy, INFINITY), OJIT_ARGUMENT);
	ojit_integrator_free(blank);
	ojit_integrator_free(copy);
}

Test(integrator, takes_over_the_values_of_a_solver)
{
	cr_assert_eq(ojit_solver_set(solver, OJIT_PARAMETERS, "g", 2), OJIT_OK);
	cr_assert_eq(ojit_solver_set(solver, OJIT_STATES, "v", 1), OJIT_OK);
	cr_assert_eq(ojit_solver_set(solver, OJIT_TOLERANCES, "x", 1e-12), OJIT_OK);
	ojit_integrator *other = ojit_integrator_from(solver);
	run(0, 12, ojit_output_final());
	cr_assert_eq(ojit_integrator_begin(other, &options, 0, 12, OJIT_RECORD_NONE), OJIT_OK);
	cr_assert_eq(ojit_integrator_stop_at(other, 12), OJIT_OK);
	expect_state(other, 12, ojit_solver_last_states(solver), "from a solver");
	ojit_integrator_free(other);
}

/* ---- memory ---- */

/* The formula and the numbers that integrate.h states. */
Test(integrator, a_recorded_step_takes_the_memory_that_is_promised)
{
	const struct {
		const char *method;
		size_t vectors;
	} rows[] = {{"bs3", 5}, {"dopri5", 7}, {"tsit5", 8}, {"dop853", 13}};
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		options.method = rows[k].method;
		begin(0, 12, OJIT_RECORD_ALL);
		cr_expect_eq(ojit_integrator_step_bytes(it), 8 * (3 + N * rows[k].vectors), "%s: %zu", rows[k].method,
		             ojit_integrator_step_bytes(it));
	}
	options.max_step = 1e-3;
	begin(0, 12, OJIT_RECORD_ALL);
	OK(ojit_integrator_stop_at(it, 12));
	size_t all = ojit_integrator_stats(it).steps * ojit_integrator_step_bytes(it);
	cr_expect_geq(ojit_integrator_memory(it), all);
	cr_expect_leq(ojit_integrator_memory(it), 2 * all + 65536);
	begin(0, 12, OJIT_RECORD_LAST);
	OK(ojit_integrator_stop_at(it, 12));
	cr_expect_leq(ojit_integrator_memory(it), ojit_integrator_step_bytes(it) + 5 * 8);
}

Test(integrator, the_memory_limit_keeps_all_that_was_recorded_and_can_be_lived_with)
{
	double y[N], from, to;
	options.memory_limit = 4096;
	options.max_step = 0.01;
	begin(0, INFINITY, OJIT_RECORD_ALL);
	expect_refusal(ojit_integrator_run_to(it, 100, y), OJIT_ENDED, "limit of 4096 bytes");
	cr_expect_eq(ojit_integrator_stats(it).outcome, OJIT_INTERRUPTED);
	cr_expect_not_null(strstr(ojit_integrator_message(it), " at t = "));
	cr_expect_not_null(strstr(ojit_integrator_message(it), "; record the last step only, or raise memory_limit"));
	cr_expect_leq(ojit_integrator_memory(it), 4096);
	ojit_integrator_range(it, &from, &to);
	cr_expect_eq(from, 0);
	cr_expect_eq(ojit_integrator_stats(it).steps, 16); /* as a power of two in 4096 bytes */
	OK(ojit_integrator_interpolate(it, to / 2, y));
	OK(ojit_integrator_run_to(it, to / 2, y));
	cr_expect_eq(ojit_integrator_step(it, INFINITY), OJIT_ENDED);
	ojit_integrator_range(it, &from, &to);
	OK(ojit_integrator_restart(it, to + 1, NULL)); /* room again */
	OK(ojit_integrator_step(it, INFINITY));
	options.memory_limit = 100;
	for (int mode = OJIT_RECORD_LAST; mode <= OJIT_RECORD_ALL; mode++)
		expect_refusal(ojit_integrator_begin(it, &options, 0, 1, (ojit_recording)mode), OJIT_ARGUMENT,
		               "the memory limit of 100 bytes has no room");
	OK(ojit_integrator_begin(it, &options, 0, 1, OJIT_RECORD_NONE));
}

/* ---- early ends ---- */

Test(integrator, a_pole_ends_it_with_the_state_time_and_cause_and_all_so_far_kept)
{
	use("init y = 1\ny' = y*y\n"); /* 1/(1 - t) */
	double y, from, to;
	begin(0, 2, OJIT_RECORD_ALL);
	expect_refusal(ojit_integrator_run_to(it, 1.5, &y), OJIT_ENDED, " at t = ");
	ojit_outcome outcome = ojit_integrator_stats(it).outcome;
	cr_expect(outcome == OJIT_STEP_TOO_SMALL || outcome == OJIT_NONFINITE);
	cr_expect_str_eq(ojit_integrator_message(it), ojit_integrator_error(it).message);
	cr_expect_not_null(strstr(ojit_integrator_message(it), "y"));
	cr_expect_not_null(strstr(ojit_integrator_message(it), " with step "));
	cr_expect_eq(ojit_integrator_step(it, INFINITY), OJIT_ENDED, "it stays ended");
	ojit_integrator_range(it, &from, &to);
	cr_expect(from == 0 && to > 0.999 && to < 1.001);
	OK(ojit_integrator_run_to(it, 0.5, &y));
	cr_expect_lt(fabs(y - 2), 1e-5);
	y = -1;
	OK(ojit_integrator_restart(it, 0.5, &y)); /* -1/(0.5 + t) */
	OK(ojit_integrator_run_to(it, 1.5, &y));
	cr_expect_lt(fabs(y + 0.5), 1e-5);
	cr_expect_str_empty(ojit_integrator_message(it));
}

Test(integrator, a_start_that_is_not_finite_is_named_and_kept)
{
	use("param p = -1\ninit y = 1, z = 2\ny' = sqrt(p)\nz' = 1\n");
	expect_refusal(ojit_integrator_begin(it, NULL, 0, 1, OJIT_RECORD_LAST), OJIT_ENDED,
	               "the derivative of y is not finite at t = 0");
	cr_expect_eq(ojit_integrator_stats(it).outcome, OJIT_NONFINITE);
	cr_expect(ojit_integrator_time(it) == 0 && ojit_integrator_states(it)[1] == 2);
	cr_expect_eq(ojit_integrator_step(it, INFINITY), OJIT_ENDED);
	cr_assert_eq(ojit_solver_set(ojit_integrator_solver(it), OJIT_PARAMETERS, "p", 4), OJIT_OK);
	OK(ojit_integrator_stop_at(it, 1));
	cr_expect_lt(fabs(ojit_integrator_states(it)[0] - 3), 1e-12);
	const double wrong[] = {INFINITY, 0};
	expect_refusal(ojit_integrator_restart(it, 0.5, wrong), OJIT_ENDED, "y is not finite at t = 0.5");
}

Test(integrator, the_step_limit_is_that_of_a_call)
{
	options.step_limit = 10;
	begin(0, INFINITY, OJIT_RECORD_LAST);
	for (uint64_t k = 1; k <= 3; k++) {
		expect_refusal(ojit_integrator_run_to(it, 1e6, NULL), OJIT_ENDED, "the step limit of 10 was reached");
		ojit_stats stats = ojit_integrator_stats(it);
		cr_expect_eq(stats.steps + stats.rejected, 10 * k);
		cr_expect_eq(stats.outcome, OJIT_MAX_STEPS);
	}
	for (int k = 0; k < 100; k++)
		OK(ojit_integrator_step(it, INFINITY));
	cr_expect_eq(ojit_integrator_stats(it).outcome, OJIT_SUCCESS);
}

static ojit_verdict stop_after(void *user, double t)
{
	return t > *(double *)user ? OJIT_STOP : OJIT_CONTINUE;
}

Test(integrator, the_callers_check_ends_a_call_and_not_the_integration)
{
	double limit = 2;
	options.check = stop_after;
	options.user = &limit;
	begin(0, 12, OJIT_RECORD_ALL);
	expect_refusal(ojit_integrator_stop_at(it, 12), OJIT_ENDED, "stopped at t = ");
	cr_expect_eq(ojit_integrator_stats(it).outcome, OJIT_STOPPED);
	limit = 20;
	OK(ojit_integrator_stop_at(it, 12));
	options.check = NULL;
	run(0, 12, ojit_output_final());
	expect_state(it, 12, ojit_solver_last_states(solver), "after a stop");
}

Test(integrator, calls_that_make_no_sense_are_refused_by_name)
{
	double y[N];
	expect_refusal(ojit_integrator_step(it, INFINITY), OJIT_ARGUMENT, "ojit_integrator_begin");
	expect_refusal(ojit_integrator_interpolate(it, 0, y), OJIT_ARGUMENT, "ojit_integrator_begin");
	cr_expect(isnan(ojit_integrator_time(it)));
	cr_expect_null(ojit_integrator_states(it));
	expect_refusal(ojit_integrator_begin(it, NULL, NAN, 1, OJIT_RECORD_NONE), OJIT_ARGUMENT, "from nan to 1");
	expect_refusal(ojit_integrator_begin(it, NULL, 0, NAN, OJIT_RECORD_NONE), OJIT_ARGUMENT, "from 0 to nan");
	expect_refusal(ojit_integrator_begin(it, NULL, 0, 1, (ojit_recording)7), OJIT_ARGUMENT, "recording number 7");
	options.rtol = 1e-16;
	expect_refusal(ojit_integrator_begin(it, &options, 0, 1, OJIT_RECORD_NONE), OJIT_ARGUMENT, "rtol = 1e-16");
	options.rtol = -1;
	begin(0, 5, OJIT_RECORD_NONE);
	OK(ojit_integrator_step(it, INFINITY));
	expect_refusal(ojit_integrator_run_to(it, 6, y), OJIT_ARGUMENT, "t = 6 lies beyond the end");
	expect_refusal(ojit_integrator_stop_at(it, 6), OJIT_ARGUMENT, "t = 6 lies beyond the end");
	expect_refusal(ojit_integrator_restart(it, 6, NULL), OJIT_ARGUMENT, "t = 6 lies beyond the end");
	expect_refusal(ojit_integrator_run_to(it, INFINITY, y), OJIT_ARGUMENT, "t = inf");
	expect_refusal(ojit_integrator_run_to(it, 4, y), OJIT_ARGUMENT, "steps are not recorded");
	expect_refusal(ojit_integrator_interpolate(it, NAN, y), OJIT_ARGUMENT, "t = nan");
	expect_refusal(ojit_solver_run(ojit_integrator_solver(it), NULL, 0, 1, ojit_output_final()), OJIT_ARGUMENT,
	               "an integrator's own");
}

/* Options that make no sense leave the integration before as it was. */
Test(integrator, a_beginning_that_is_refused_loses_nothing)
{
	begin(0, 10, OJIT_RECORD_ALL);
	cr_assert_eq(ojit_integrator_run_to(it, 2, NULL), OJIT_OK);
	double t = ojit_integrator_time(it), before[2], after[2];
	cr_assert_eq(ojit_integrator_interpolate(it, 1.5, before), OJIT_OK);
	ojit_options wrong[7];
	for (size_t k = 0; k < 7; k++)
		wrong[k] = options;
	wrong[0].rtol = 1e-30;
	wrong[1].method = "lsoda";
	wrong[2].method = "radau", wrong[2].linear = "foo";
	wrong[3].nonnegative = "q";
	wrong[4].reverse_method = "euler";
	wrong[5].until_steady = 2;
	wrong[6].nonnegative = "all", wrong[6].fixed_step = 0.1;
	for (size_t k = 0; k < 7; k++)
		cr_expect_neq(ojit_integrator_begin(it, &wrong[k], 0, 1, OJIT_RECORD_LAST), OJIT_OK, "%zu", k);
	cr_expect_eq(ojit_integrator_begin(it, &options, 0, NAN, OJIT_RECORD_LAST), OJIT_ARGUMENT);
	cr_expect_eq(ojit_integrator_time(it), t);
	cr_assert_eq(ojit_integrator_interpolate(it, 1.5, after), OJIT_OK);
	cr_expect_arr_eq(before, after, sizeof before);
	ojit_integrator *straight = ojit_integrator_new(program);
	cr_assert_eq(ojit_integrator_begin(straight, &options, 0, 10, OJIT_RECORD_ALL), OJIT_OK);
	cr_assert_eq(ojit_integrator_stop_at(straight, 10), OJIT_OK);
	cr_assert_eq(ojit_integrator_stop_at(it, 10), OJIT_OK);
	cr_expect_arr_eq(ojit_integrator_states(it), ojit_integrator_states(straight), sizeof before);
	ojit_integrator_free(straight);
}

/* Pivot orders are those of what is factorised first, so they are forgotten, too: of a nerve (A. L. Hodgkin,
 * A. F. Huxley, J. Physiol. 117 (1952) 500-544), whose matrix asks for others at rest and in a spike. */
static const char nerve[] =
	"let am = 0.1*(v + 40)/(1 - exp(-(v + 40)/10)), bm = 4*exp(-(v + 65)/18)\n"
	"let ah = 0.07*exp(-(v + 65)/20), bh = 1/(1 + exp(-(v + 35)/10))\n"
	"let an = 0.01*(v + 55)/(1 - exp(-(v + 55)/10)), bn = 0.125*exp(-(v + 65)/80)\n"
	"v' = 10 - 120*m^3*h*(v - 50) - 36*n^4*(v + 77) - 0.3*(v + 54.387)\n"
	"m' = am*(1 - m) - bm*m\nh' = ah*(1 - h) - bh*h\nn' = an*(1 - n) - bn*n\n"
	"init v = -65, m = 0.05, h = 0.6, n = 0.32\n";

Test(integrator, a_restart_of_an_implicit_method_is_a_beginning)
{
	static const char *const methods[] = {"radau", "bdf", "rodas5p", "kencarp4"};
	use(nerve);
	for (size_t m = 0; m < 4; m++)
		for (double t = 1; t < 16; t += 1.5) {
			double there[4], again[4];
			ojit_solver *inside = ojit_integrator_solver(it);
			options.method = methods[m];
			begin(0, 20, OJIT_RECORD_LAST);
			cr_assert_eq(ojit_integrator_stop_at(it, t), OJIT_OK);
			memcpy(there, ojit_integrator_states(it), sizeof there);
			cr_assert_eq(ojit_integrator_restart(it, t, there), OJIT_OK);
			cr_assert_eq(ojit_integrator_stop_at(it, 20), OJIT_OK);
			memcpy(again, ojit_integrator_states(it), sizeof again);
			cr_assert_eq(ojit_solver_set_all(inside, OJIT_STATES, there), OJIT_OK);
			begin(t, 20, OJIT_RECORD_LAST);
			cr_assert_eq(ojit_integrator_stop_at(it, 20), OJIT_OK);
			cr_expect_arr_eq(ojit_integrator_states(it), again, sizeof again, "%s at %g", methods[m], t);
			cr_assert_eq(ojit_solver_reset(inside, OJIT_STATES), OJIT_OK);
		}
}

Test(integrator, a_model_without_observables_has_none)
{
	use("init y = 1\ny' = -y\n");
	double none = 7;
	begin(0, 1, OJIT_RECORD_LAST);
	OK(ojit_integrator_observe(it, 0, &none));
	cr_expect_eq(none, 7);
}

/* ---- states below their tolerance ---- */

Test(integrator, states_that_never_rise_above_their_tolerance_are_named)
{
	use("init a = 0, b = 1e-12, c = 0, d = 1\na' = 0\nb' = -b\nc' = d\nd' = -d\n");
	size_t which[4] = {9, 9, 9, 9};
	ojit_solver *values = ojit_integrator_solver(it);
	cr_expect_eq(ojit_solver_below_atol(values, which, 4), 0);
	begin(0, 5, OJIT_RECORD_NONE);
	cr_expect_eq(ojit_solver_below_atol(values, which, 4), 3);
	OK(ojit_integrator_stop_at(it, 5));
	which[1] = 9;
	cr_expect_eq(ojit_solver_below_atol(values, which, 1), 2);
	cr_expect(which[0] == 0 && which[1] == 9);
	which[2] = 9;
	run(0, 5, ojit_output_final());
	cr_expect_eq(ojit_solver_below_atol(solver, which, 4), 2);
	cr_expect(which[0] == 0 && which[1] == 1 && which[2] == 9);
	cr_assert_eq(ojit_solver_set(solver, OJIT_TOLERANCES, "b", 1e-15), OJIT_OK);
	run(0, 5, ojit_output_final());
	cr_expect_eq(ojit_solver_below_atol(solver, which, 4), 1);
	options.fixed_step = 0.5;
	run(0, 5, ojit_output_final());
	cr_expect_eq(ojit_solver_below_atol(solver, which, 4), 0);
}

/* ---- threads ---- */

struct worker {
	pthread_t thread;
	double g, end[N], inside[N];
	ojit_status status;
};

static void *work(void *user)
{
	struct worker *w = user;
	ojit_integrator *own = ojit_integrator_new(program);
	w->status = ojit_solver_set(ojit_integrator_solver(own), OJIT_PARAMETERS, "g", w->g);
	for (int turn = 0; turn < 20 && w->status == OJIT_OK; turn++) {
		w->status = ojit_integrator_begin(own, &options, 0, 50, OJIT_RECORD_ALL);
		if (w->status == OJIT_OK)
			w->status = ojit_integrator_run_to(own, 50, w->end);
		if (w->status == OJIT_OK)
			w->status = ojit_integrator_interpolate(own, 20, w->inside);
	}
	ojit_integrator_free(own);
	return NULL;
}

Test(integrator, integrators_on_one_program_work_on_several_threads)
{
	struct worker workers[3] = {{.g = 1}, {.g = 2}, {.g = 1}};
	options.method = "dop853";
	for (int k = 0; k < 3; k++)
		cr_assert_eq(pthread_create(&workers[k].thread, NULL, work, &workers[k]), 0);
	for (int k = 0; k < 3; k++) {
		pthread_join(workers[k].thread, NULL);
		cr_expect_eq(workers[k].status, OJIT_OK);
	}
	cr_expect_arr_eq(workers[0].end, workers[2].end, sizeof workers[0].end);
	cr_expect_arr_eq(workers[0].inside, workers[2].inside, sizeof workers[0].inside);
	cr_expect_neq(workers[0].end[0], workers[1].end[0]);
	cr_assert_eq(ojit_solver_set(solver, OJIT_PARAMETERS, "g", 2), OJIT_OK);
	run(0, 50, ojit_output_points(6));
	cr_expect_arr_eq(workers[1].end, ojit_solver_row(solver, 5) + 1, sizeof workers[1].end);
	cr_expect_arr_eq(workers[1].inside, ojit_solver_row(solver, 2) + 1, sizeof workers[1].inside);
}
