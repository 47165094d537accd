/* Method taylor from a model's text to its solution. */
#include "solvers/method.h"
#include "tests/support_allocator.h"
#include "tests/support_kappa.h"

#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static ojit_context *context;
static ojit_program *program;
static ojit_solver *solver;
static ojit_options options;

static void open_with(const char *text, enum ojit_executor executor, int lanes)
{
	ojit_model *model = ojit_model_new(context);
	ojit_compile_options compile = ojit_compile_options_default();
	compile.executor = executor;
	compile.lanes = lanes;
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), NULL), OJIT_OK, "%s", ojit_model_error(model).text);
	cr_assert_eq(ojit_program_compile(model, &compile, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	solver = ojit_solver_new(program);
	options = ojit_options_default();
	options.method = "taylor";
}

static void open(const char *text)
{
	open_with(text, OJIT_AUTOMATIC, 0);
}

static void close(void)
{
	ojit_solver_free(solver);
	ojit_program_free(program);
}

static void setup(void)
{
	context = ojit_context_new(NULL);
}

static void teardown(void)
{
	ojit_counters counters = ojit_context_counters(context);
	cr_expect_eq(counters.live_bytes, 0);
	cr_expect_eq(counters.live_code, 0);
	ojit_context_free(context);
}

TestSuite(solvers_taylor, .init = setup, .fini = teardown);

static const double *run(double t0, double t1, double tolerance, ojit_output output)
{
	options.rtol = options.atol = tolerance;
	cr_assert_eq(ojit_solver_run(solver, &options, t0, t1, output), OJIT_OK, "%s", ojit_solver_error(solver).text);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	return ojit_solver_last_states(solver);
}

/* Solved by exp(sin t), 1/(1 + t^2), cos t, sin t. */
static const char known[] =
	"init a = 1, b = 1, c = 1, s = 0\n"
	"a' = a*cos(t)\nb' = -2*t*b^2\nc' = -s*(c^2 + s^2)\ns' = c*(c^2 + s^2)";

static double distance(const double *y, double t)
{
	const double exact[] = {exp(sin(t)), 1 / (1 + t * t), cos(t), sin(t)};
	double most = 0;
	for (int i = 0; i < 4; i++)
		most = fmax(most, fabs(y[i] - exact[i]));
	return most;
}

Test(solvers_taylor, errors_follow_the_tolerance_down_to_rounding)
{
	open(known);
	for (double tolerance = 1e-3; tolerance > 1e-15; tolerance *= 0.1) {
		double limit = fmax(tolerance, 2.3e-15), error = distance(run(0, 6.25, limit, ojit_output_final()), 6.25);
		cr_expect_lt(error, 5 * limit, "%g: %g", limit, error);
	}
	close();
}

Test(solvers_taylor, output_inside_of_steps_is_as_good_as_at_their_ends)
{
	open(known);
	run(0, 6.25, 2.3e-15, ojit_output_points(1001));
	for (size_t i = 0; i < ojit_solver_rows(solver); i++) {
		const double *row = ojit_solver_row(solver, i);
		cr_expect_lt(distance(row + 1, row[0]), 1.2e-14, "%g: %g", row[0], distance(row + 1, row[0]));
	}
	cr_expect_lt(ojit_solver_stats(solver).steps, 100);
	close();
}

Test(solvers_taylor, output_never_changes_a_step)
{
	open(known);
	double end[4];
	memcpy(end, run(0, 20, 1e-9, ojit_output_final()), sizeof end);
	ojit_stats stats = ojit_solver_stats(solver);
	const ojit_output outputs[] = {ojit_output_points(3), ojit_output_points(1000), ojit_output_every(0.01),
	                               ojit_output_steps()};
	for (int i = 0; i < 4; i++) {
		cr_expect_arr_eq(run(0, 20, 1e-9, outputs[i]), end, sizeof end);
		cr_expect_eq(ojit_solver_stats(solver).steps, stats.steps);
		cr_expect_eq(ojit_solver_stats(solver).rhs, stats.rhs);
	}
	close();
}

Test(solvers_taylor, going_there_and_back_returns_to_the_start)
{
	open("init x = 2, v = 0\nx' = v\nv' = -sin(x)");
	double there[2];
	memcpy(there, run(0, 10, 2.3e-15, ojit_output_final()), sizeof there);
	cr_assert_eq(ojit_solver_set_all(solver, OJIT_STATES, there), OJIT_OK);
	const double *back = run(10, 0, 2.3e-15, ojit_output_final());
	cr_expect_lt(fabs(back[0] - 2), 1e-13, "%g", back[0] - 2);
	cr_expect_lt(fabs(back[1]), 1e-13, "%g", back[1]);
	cr_expect_eq(ojit_solver_stats(solver).t, 0);
	close();
}

Test(solvers_taylor, empty_and_tiny_spans_are_fine)
{
	open(known);
	cr_expect_lt(distance(run(0, 0, 1e-9, ojit_output_points(7)), 0), 1e-15);
	cr_expect_eq(ojit_solver_rows(solver), 1);
	cr_expect_lt(distance(run(0, 4 * DBL_EPSILON, 1e-9, ojit_output_final()), 0), 1e-14);
	cr_expect_eq(ojit_solver_stats(solver).steps, 1);
	close();
}

Test(solvers_taylor, steps_of_given_length_have_the_order_of_rtol)
{
	open(known);
	options.fixed_step = 0.25;
	cr_expect_lt(distance(run(0, 6.25, 1e-15 * 3, ojit_output_final()), 6.25), 1e-13);
	cr_expect_eq(ojit_solver_stats(solver).steps, 25);
	double wide = distance(run(0, 6.25, 1e-6, ojit_output_final()), 6.25);
	options.fixed_step = 0.125;
	double narrow = distance(run(0, 6.25, 1e-6, ojit_output_final()), 6.25);
	cr_expect_gt(log2(wide / narrow), 7.5, "%g", log2(wide / narrow)); /* order 8 */
	close();
}

/* With steps so short that their series end in rounding, 40,000 of them. */
Test(solvers_taylor, rounding_does_not_add_up_over_thousands_of_steps)
{
	open("init x = 1, v = 0\nx' = v\nv' = -x");
	options.fixed_step = 0.25;
	const double *y = run(0, 10000, 2.3e-15, ojit_output_final());
	cr_expect_eq(ojit_solver_stats(solver).steps, 40000);
	cr_expect_lt(fabs(y[0] - cos(10000)), 2e-14, "%g", y[0] - cos(10000));
	cr_expect_lt(fabs(y[0] * y[0] + y[1] * y[1] - 1), 2e-14, "%g", y[0] * y[0] + y[1] * y[1] - 1);
	close();
}

Test(solvers_taylor, jumps_and_kinks_inside_of_steps_are_found)
{
	open("init x = 0, y = -1, z = 0\nx' = if(t < 1.2345, 1, -2)\ny' = 1\nz' = abs(y - 0.3)");
	const double *y = run(0, 3, 1e-11, ojit_output_final());
	cr_expect_lt(fabs(y[0] - (1.2345 - 2 * (3 - 1.2345))), 1e-9, "%g", y[0]);
	cr_expect_lt(fabs(y[2] - (1.3 * 1.3 + 1.7 * 1.7) / 2), 1e-9, "%g", y[2]);
	cr_expect_gt(ojit_solver_stats(solver).rejected, 0);
	close();
}

Test(solvers_taylor, polynomials_are_solved_in_one_step)
{
	open("init x = 1, y = 0\nx' = 3*t^2\ny' = x");
	const double *y = run(0, 10, 1e-9, ojit_output_final());
	cr_expect_eq(y[0], 1001);
	cr_expect_lt(fabs(y[1] / 2510 - 1), 1e-15);
	cr_expect_eq(ojit_solver_stats(solver).steps, 1);
	close();
}

Test(solvers_taylor, states_that_begin_at_zero_without_a_tolerance_of_their_own_begin)
{
	open("init x = 0, y = 1\nx' = y*cos(t)\ny' = -0.1*y");
	options.rtol = 1e-12;
	options.atol = 0;
	cr_assert_eq(ojit_solver_run(solver, &options, 0, 2, ojit_output_final()), OJIT_OK);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	cr_expect_lt(ojit_solver_stats(solver).steps, 100);
	close();
}

Test(solvers_taylor, poles_and_ends_of_domains_end_the_run_with_the_state_named)
{
	static const char *const texts[] = {"init p = 1\np' = p^2", "init p = 1\np' = -1/sqrt(p)", "init p = 0\np' = log(p)"};
	for (int i = 0; i < 3; i++) {
		open(texts[i]);
		options.rtol = options.atol = 1e-10;
		cr_assert_eq(ojit_solver_run(solver, &options, 0, 2, ojit_output_final()), OJIT_OK);
		cr_expect_neq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
		cr_expect_not_null(strstr(ojit_solver_message(solver), "p"), "%s", ojit_solver_message(solver));
		double t = ojit_solver_stats(solver).t, ends[] = {1, 2.0 / 3, 0};
		cr_expect_lt(fabs(t - ends[i]), 1e-3, "%s: %g", texts[i], t);
		close();
	}
}

/* x' is finite, later coefficients are not: steps of either kind say so. */
Test(solvers_taylor, starts_without_a_series_name_the_state_and_another_method)
{
	static const char *const slopes[] = {"sqrt(t)*x", "1 - sqrt(x - 1)", "t^2.5", "cbrt(t)", "hypot(t, t)*x", "x*t^1.5",
	                                     "acos(1 - t)", "exp(-sqrt(t))", "sqrt(t^3)"};
	for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++)
		for (int fixed = 0; fixed < 2; fixed++) {
			char text[128];
			snprintf(text, sizeof text, "init w = 1, x = 1\nw' = -w\nx' = %s", slopes[i]);
			open(text);
			options.fixed_step = fixed ? 0.125 : 0;
			cr_assert_eq(ojit_solver_run(solver, &options, 0, 2, ojit_output_final()), OJIT_OK);
			cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_NONFINITE, "%s", slopes[i]);
			const char *message = ojit_solver_message(solver);
			cr_expect_not_null(strstr(message, "x has no Taylor series at t = 0"), "%s: %s", slopes[i], message);
			cr_expect_not_null(strstr(message, "choose another method"), "%s: %s", slopes[i], message);
			close();
		}
}

/* At 0 or at 1 for a while, where recurrences divide by 0. Integrals from 0 to 2. */
static const struct {
	const char *slope;
	double integral;
} still[] = {
	{"relu(t - 1)^1.5", 0.4},
	{"relu(t - 1)^p", 1 / 2.3},
	{"max(t - 1, 0)^2.75", 1 / 3.75},
	{"cbrt(max(t - 1, 0))", 0.75},
	{"sqrt(1 - min(t, 1))", 2 / 3.0},
	{"hypot(relu(t - 1), 2*relu(t - 1))", 1.1180339887498949},
	{"exp(-1/max(t - 1, 0))", 0.14849550677592205}, /* 1/e - E1(1) */
	{"2*exp(-0.5*max(t - 1, 0)^-2)", 0.41768182857856717}, /* by Simpson's rule */
	{"acos(min(t, 1))", 1},
	{"sqrt(y)", 0},
	{"y^1.3 + cbrt(y) + asin(y + 1)", 3.1415926535897932},
};

Test(solvers_taylor, operands_that_stay_zero_have_a_series)
{
	for (size_t i = 0; i < sizeof still / sizeof *still; i++) {
		char text[160];
		snprintf(text, sizeof text, "param p = 1.3\ninit x = 0, y = 0\nx' = %s\ny' = -y", still[i].slope);
		open(text);
		double error = fabs(run(0, 2, 1e-8, ojit_output_final())[0] - still[i].integral);
		cr_expect_lt(error, 2e-6, "%s: %g", still[i].slope, error);
		options.fixed_step = 1.0 / 64;
		error = fabs(run(0, 2, 1e-8, ojit_output_final())[0] - still[i].integral);
		cr_expect_lt(error, 0.01, "%s: %g", still[i].slope, error);
		close();
	}
}

Test(solvers_taylor, operands_of_families_that_stay_zero_have_a_series)
{
	open("const N = 3\nparam p = 1.3\ninit x[i in 1..N] = 0, y[i in 1..N] = 0\n"
	     "x[i in 1..N]' = sqrt(i - min(t, i)) + sum(j in 1..N, hypot(relu(t - j), relu(t - j)))\n"
	     "y[i in 1..N]' = relu(t - i)^p + exp(-1/relu(t - 5*i)) + acos(min(t/i, 1))");
	const double *y = run(0, 4, 1e-9, ojit_output_final());
	for (int i = 1; i <= 3; i++) {
		double root = pow(i, 1.5) / 1.5, pairs = sqrt(0.5) * (9 + 4 + 1), power = pow(4 - i, 2.3) / 2.3;
		cr_expect_lt(fabs(y[i - 1] - (root + pairs)), 1e-6, "%g", y[i - 1] - (root + pairs));
		cr_expect_lt(fabs(y[i + 2] - (power + i)), 1e-6, "%g", y[i + 2] - (power + i));
	}
	close();
}

static void expect_refused(const char *text, const char *says)
{
	open(text);
	cr_expect_eq(ojit_solver_run(solver, &options, 0, 1, ojit_output_final()), OJIT_UNSUPPORTED);
	cr_expect_not_null(strstr(ojit_solver_error(solver).text, says), "%s", ojit_solver_error(solver).text);
	options.method = "dopri5";
	cr_expect_eq(ojit_solver_run(solver, &options, 0, 1e-9, ojit_output_final()), OJIT_OK);
	close();
}

Test(solvers_taylor, what_has_no_recurrence_is_refused_by_name_and_place)
{
	expect_refused("init x = 1\nx' = lgamma(x)", "no recurrence for lgamma");
	expect_refused("init x = 1\nx' = gamma(x + t)", "no recurrence for gamma");
	expect_refused("init x = 1\n\nx' = lgamma(x)", "3");
	expect_refused("const N = 70\ninit x[i in 1..N] = 1\nx[i in 1..N]' = prod(j in 1..N, x[j]) - x[i]", "prod over more");
	expect_refused("const N = 2\ninit u[i in 1..N, j in 1..N] = 1\n"
	               "u[i in 1..N, j in 1..N]' = sum(k in 1..N, l in 1..N, sin(u[i, j] - u[k, l]))", "more than 3 indices");
	expect_refused("const N = 3500\ninit x[i in 1..N] = i\nx[i in 1..N]' = sum(j in 1..N, sin(x[j] - x[i]))", "GB");
}

/* ---- single steps ---- */

struct bench {
	struct rhs f;
	struct setup setup;
	struct tolerance tolerance;
	double atol[4];
	const struct stepper *stepper;
};

static void open_bench(struct bench *b)
{
	static const double none[1];
	struct system *system = oj_program_system(program);
	struct method method;
	struct variant variant;
	struct oj_error error;
	oj_error_init(&error, context);
	cr_assert(oj_method_find("taylor", &method));
	*b = (struct bench){.stepper = method.stepper, .atol = {1e-9, 1e-9, 1e-9, 1e-9},
	                    .setup = {.row = method.row, .n = system->states, .rtol = 1e-9}};
	b->tolerance = (struct tolerance){.atol = b->atol, .rtol = 1e-9};
	b->stepper->variant(&b->setup, &variant);
	b->f = (struct rhs){.n = system->states, .args = {.p = none, .d = none, .z = none}};
	cr_assert_eq(system->kernel(system, KERNEL_RHS, &b->f.kernel, &error), OJIT_OK);
	cr_assert_eq(system->variant(system, &variant, &b->f.variant, &error), OJIT_OK);
	b->f.variant_args = b->f.args;
	b->f.args.scratch = calloc((size_t)b->f.kernel->scratch + 1, sizeof(double));
	b->f.variant_args.scratch = calloc((size_t)b->f.variant->scratch + 1, sizeof(double));
	oj_kernel_bind(b->f.kernel, &b->f.args);
	oj_kernel_bind(b->f.variant, &b->f.variant_args);
}

static void close_bench(struct bench *b)
{
	free(b->f.args.scratch);
	free(b->f.variant_args.scratch);
}

static struct step take_step(struct bench *b, void *state, double t)
{
	double h = b->stepper->propose(state);
	struct step step = {.t0 = t, .t1 = t + h, .h = h};
	cr_assert_eq(b->stepper->attempt(state, &step), ATTEMPT_OK);
	cr_assert_eq(b->stepper->complete(state, &step), ATTEMPT_OK);
	cr_expect_lt(step.squared, 1);
	return step;
}

Test(solvers_taylor, a_kept_step_is_recalled_to_the_bit_and_a_copied_state_goes_on_alike)
{
	struct bench b;
	open(known);
	open_bench(&b);
	size_t size = b.stepper->state_size(&b.setup);
	void *state = malloc(size), *copy = malloc(size);
	double *kept = malloc(b.stepper->kept_size(&b.setup) * sizeof *kept), inside[4], recalled[4];
	b.stepper->init(state, &b.setup);
	b.stepper->bind(state, &b.f, &b.tolerance);
	cr_assert_eq(b.stepper->start(state, 0, (const double[]){1, 1, 1, 0}), ATTEMPT_OK);
	double t = 0;
	for (int i = 0; i < 3; i++) {
		struct step step = take_step(&b, state, t);
		t = step.t1;
		b.stepper->keep(state, &step, kept);
		cr_expect_arr_eq(kept, step.y0, sizeof inside);
		b.stepper->interpolate(state, &step, step.t0 + 0.3 * step.h, inside);
		b.stepper->recall(state, kept, step.t0, step.h, step.t0 + 0.3 * step.h, recalled);
		cr_expect_arr_eq(recalled, inside, sizeof inside);
		memcpy(copy, state, size);
		b.stepper->move(copy, state);
		b.stepper->bind(copy, &b.f, &b.tolerance);
		b.stepper->accept(copy);
		memset(state, 0xFF, size);
		void *next = copy;
		copy = state;
		state = next;
	}
	free(state);
	free(copy);
	free(kept);
	close_bench(&b);
	close();
}

/* ---- the same bits ---- */

static const char *const models[] = {
	known,
	"const N = 9\nparam K = 0.5\ninit x[i in 1..N] = 0.3*i*i\nx[i in 1..N]' = 0.1*i + K*sum(j in 1..N, sin(x[j] - x[i]))",
	"const N = 7\ninit x[i in 1..N] = sin(i), x[i in 1..N]' = 0\nlet r[i in 1..N, j in 1..N] = hypot(x[j] - x[i], 0.1*i + j)\n"
	"x[i in 1..N]'' = sum(j in 1..N if j != i, (x[j] - x[i])/r[i, j]^3)",
	"const N = 21\ninit u[i in 1..N] = 1 + 0.01*i\nlet u[0] = 1, u[N+1] = t\n"
	"u[i in 1..N]' = u[i-1] - 2*u[i] + u[i+1] - u[i]^3*tanh(u[i+1])",
};

Test(solvers_taylor, every_executor_gives_the_same_bits)
{
	static const struct {
		enum ojit_executor executor;
		int lanes;
	} ways[] = {{OJIT_INTERPRETER, 0}, {OJIT_AUTOMATIC, 0}, {OJIT_UNOPTIMISED, 1}, {OJIT_UNOPTIMISED, 4},
	            {OJIT_OPTIMISED, 1}, {OJIT_OPTIMISED, 2}, {OJIT_OPTIMISED, 8}};
	for (size_t m = 0; m < sizeof models / sizeof *models; m++) {
		double first[32];
		for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
			open_with(models[m], ways[w].executor, ways[w].lanes);
			const double *y = run(0, 1.25, 1e-7, ojit_output_final());
			size_t bytes = ojit_solver_count(solver, OJIT_STATES) * sizeof *y;
			if (w == 0)
				memcpy(first, y, bytes);
			cr_expect_arr_eq(y, first, bytes, "model %zu, way %zu", m, w);
			close();
		}
	}
}

Test(solvers_taylor, solving_again_allocates_and_compiles_nothing)
{
	open(models[1]);
	run(0, 1, 1e-10, ojit_output_points(100));
	ojit_counters before = ojit_context_counters(context);
	for (int i = 0; i < 5; i++) {
		cr_expect_eq(ojit_solver_set(solver, OJIT_PARAMETERS, "K", 0.1 * i), OJIT_OK);
		run(0, 1, 1e-10, ojit_output_points(100));
	}
	cr_expect_eq(ojit_context_counters(context).allocations, before.allocations);
	cr_expect_eq(ojit_context_counters(context).compiles, before.compiles);
	close();
}

static const char pairs[] =
	"const N = 40\nparam K = 0.3\ninit th[i in 1..N] = sin(i)\n"
	"th[i in 1..N]' = cos(i) + K/N*sum(j in 1..N, sin(th[j] - th[i]))";

/* Calls of kernels are counted over runs: the loops of a family are optimised in the middle
 * of one of them. */
Test(solvers_taylor, loops_are_optimised_once_there_were_many_steps_and_no_bit_changes)
{
	double first[40];
	open_with(pairs, OJIT_UNOPTIMISED, 0);
	memcpy(first, run(0, 600, 1e-3, ojit_output_final()), sizeof first);
	cr_expect_eq(ojit_program_describe(program).compiles, 2);
	close();
	open_with(pairs, OJIT_AUTOMATIC, 0);
	run(0, 1, 1e-3, ojit_output_final());
	cr_expect_eq(ojit_program_describe(program).compiles, 2);
	cr_expect_arr_eq(run(0, 600, 1e-3, ojit_output_final()), first, sizeof first);
	cr_expect_gt(ojit_solver_stats(solver).rhs, 700);
	cr_expect_eq(ojit_program_describe(program).compiles, 3);
	run(0, 600, 1e-3, ojit_output_final());
	cr_expect_eq(ojit_program_describe(program).compiles, 3);
	close();
}

/* ---- memory ---- */

static int live(ojit_context *watched, void *user)
{
	ojit_model *model = ojit_model_new(watched);
	ojit_program *made = NULL;
	const char *text = user;
	ojit_compile_options compile = ojit_compile_options_default();
	compile.executor = OJIT_INTERPRETER; /* LLVM's own memory is not ours */
	if (!model)
		return 0;
	bool fine = ojit_model_read_text(model, text, strlen(text), NULL) == OJIT_OK &&
	            ojit_program_compile(model, &compile, &made) == OJIT_OK;
	ojit_model_free(model);
	ojit_solver *s = fine ? ojit_solver_new(made) : NULL;
	ojit_options o = ojit_options_default();
	o.method = "taylor";
	o.rtol = 0.01;
	fine = s && ojit_solver_run(s, &o, 0, 0.1, ojit_output_points(3)) == OJIT_OK && ojit_solver_rows(s) == 3;
	ojit_solver_free(s);
	ojit_program_free(made);
	return fine;
}

Test(solvers_taylor, every_allocation_may_fail_once)
{
	static char *const texts[] = { /* of more states than get high orders, whose code takes long to sweep */
		"init x = 1, y = 2, a = 0, b = 0, c = 0, d = 0, e = 0\nx' = tan(x)*y^3/(1 + x)\n"
		"y' = max(x, y) - atan2(x, 2 + y)\na' = 1\nb' = 1\nc' = 1\nd' = 1\ne' = 1",
		"const N = 3\ninit x[i in 1..N] = 1, w[i in 1..4] = 1\nlet r[i in 1..N] = exp(x[i])\nw[i in 1..4]' = 1\n"
		"x[i in 1..N]' = r[i] - sum(j in 1..i, sin(x[j] - x[i])) + prod(j in 1..N, x[j])",
	};
	for (int i = 0; i < 2; i++) {
		long culprit = 0, swept = watched_sweep(live, texts[i], &culprit);
		cr_expect_gt(swept, 10, "swept %ld, culprit %ld", swept, culprit);
	}
}

/* ---- problems with known ends ---- */

static double corpus_run(const struct corpus_problem *problem, double rtol)
{
	ojit_model *model = corpus_read(context, problem);
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	solver = ojit_solver_new(program);
	options = ojit_options_default();
	options.method = "taylor";
	options.rtol = rtol;
	options.atol = 1e-3 * rtol * corpus_magnitude(problem);
	cr_assert_eq(ojit_solver_run(solver, &options, problem->t0, problem->tend, ojit_output_final()), OJIT_OK, "%s: %s",
	             problem->name, ojit_solver_error(solver).text);
	double error = ojit_solver_stats(solver).outcome == OJIT_SUCCESS
		? corpus_error(problem, ojit_solver_last_states(solver)) : INFINITY;
	close();
	return error;
}

Test(solvers_taylor, odebench_is_solved_to_its_sensitivity)
{
	struct corpus corpus;
	if (!corpus_load("odebench.json", &corpus))
		cr_skip_test("there is no odebench.json in %s", corpora_path());
	size_t held = 0;
	for (size_t i = 0; i < corpus.count; i++) {
		const struct corpus_problem *problem = &corpus.problems[i];
		if (problem->nonsmooth)
			continue;
		double kappa = kappa_in_table(problem->name), error = corpus_run(problem, 1e-13);
		cr_expect_leq(error, fmax(kappa, 1) * 1e-12, "%s: error %.3g, kappa %.3g", problem->name, error, kappa);
		held++;
	}
	cr_expect_gt(held, 100);
	corpus_free(&corpus);
}
