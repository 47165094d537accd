/* Steps compiled whole, and the stages of their inside, against steps taken stage by stage: the same
 * steps, rows, counts and messages to the bit, whatever the method, the model, the options and the ending;
 * and when they are compiled. */
#include "solvers/method.h"
#include "solvers/solver.h"
#include "solvers/tableau.h"
#include "tests/support_allocator.h"
#include "tests/support_corpora.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <ojit/ojit.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- two programs of one model ---- */

static ojit_program *compile_with(ojit_model *model, enum ojit_executor executor, bool fused)
{
	static const char *const without[] = {"step"};
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program = NULL;
	options.executor = executor;
	options.without = without;
	options.without_count = !fused;
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	return program;
}

static ojit_model *read_model(ojit_context *context, const char *text)
{
	ojit_model *model = ojit_model_new(context);
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), "test"), OJIT_OK, "%s",
	             ojit_model_error(model).text);
	return model;
}

/* As if the method had made so many evaluations: is there a kernel for its whole step? */
static const struct kernel *ask(ojit_program *program, const char *name, uint64_t evaluations, uint64_t *wait)
{
	struct system *system = oj_program_system(program);
	struct oj_error error;
	struct method method;
	const struct kernel *kernel = NULL;
	oj_error_init(&error, system->context);
	cr_assert(oj_method_find(name, &method));
	struct setup setup = {.row = method.row, .n = system->states, .rtol = 1e-6};
	struct variant variant = {0};
	method.stepper->variant(&setup, &variant);
	variant.evaluations = evaluations;
	variant.wait = wait;
	cr_expect_eq(system->variant(system, &variant, &kernel, &error), OJIT_OK);
	oj_error_drop(&error);
	return kernel;
}

static bool has_steps(size_t method)
{
	struct method m = oj_method_at(method);
	return m.stepper == &oj_stepper_explicit;
}

/* Compile the whole steps of all methods that have them; how many there are. */
static int force(ojit_program *program)
{
	int made = 0;
	uint64_t wait;
	for (size_t i = 0; i < oj_method_count(); i++)
		if (has_steps(i))
			made += ask(program, oj_method_at(i).info.name, 500000, &wait) != NULL;
	return made;
}

/* Of the methods that have whole steps, how many evaluate extra stages where somebody looks
 * inside. */
static int with_extra_stages(ojit_program *program)
{
	int count = 0;
	uint64_t wait;
	for (size_t i = 0; i < oj_method_count(); i++)
		count += has_steps(i) && ((const struct tableau *)oj_method_at(i).row)->extra > 0 &&
		         ask(program, oj_method_at(i).info.name, 0, &wait);
	return count;
}

static bool same_bits(const double *a, const double *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
			return false;
	return true;
}

static void expect_same_stats(ojit_stats a, ojit_stats b, const char *what)
{
	cr_expect_eq(a.outcome, b.outcome, "%s: %s, %s", what, ojit_outcome_name(a.outcome),
	             ojit_outcome_name(b.outcome));
	cr_expect_eq(a.steps, b.steps, "%s: %d, %d steps", what, (int)a.steps, (int)b.steps);
	cr_expect_eq(a.rejected, b.rejected, "%s", what);
	cr_expect_eq(a.rhs, b.rhs, "%s: %d, %d evaluations", what, (int)a.rhs, (int)b.rhs);
	cr_expect_eq(a.extra, b.extra, "%s", what);
	cr_expect(same_bits(&a.t, &b.t, 1) && same_bits(&a.first_step, &b.first_step, 1) &&
	          same_bits(&a.last_step, &b.last_step, 1), "%s", what);
}

static void expect_same(ojit_solver *a, ojit_solver *b, const ojit_options *options, double t0, double t1,
                        ojit_output output, const char *what)
{
	cr_expect_eq(ojit_solver_run(a, options, t0, t1, output), ojit_solver_run(b, options, t0, t1, output), "%s",
	             what);
	expect_same_stats(ojit_solver_stats(a), ojit_solver_stats(b), what);
	cr_expect_str_eq(ojit_solver_message(a), ojit_solver_message(b), "%s", what);
	cr_expect_eq(ojit_solver_below_atol(a, NULL, 0), ojit_solver_below_atol(b, NULL, 0), "%s", what);
	size_t rows = ojit_solver_rows(a), columns = ojit_solver_columns(a);
	cr_assert_eq(rows, ojit_solver_rows(b), "%s", what);
	for (size_t i = 0; i < rows; i++)
		cr_assert(same_bits(ojit_solver_row(a, i), ojit_solver_row(b, i), columns), "%s: row %zu", what, i);
	cr_expect(same_bits(ojit_solver_last_states(a), ojit_solver_last_states(b),
	                    ojit_solver_count(a, OJIT_STATES)), "%s", what);
}

/* ---- models ---- */

static const struct {
	const char *name, *text;
	double t0, t1;
} models[] = {
	{"lorenz", "param s = 10, r = 28, b = 8/3\ninit x = 1, y = 1, z = 1\n"
	           "x' = s*(y - x)\ny' = x*(r - z) - y\nz' = x*y - b*z\n", 0, 3},
	{"prey", "init x = 1, y = 1\nx' = x*(1.5 - y)\ny' = y*(x - 3)\nout sum = x + y\n", 0, 10},
	{"backward", "init x = 2, v = 0\nx' = v\nv' = -sin(x) - 0.05*v + 0.3*cos(t)\n", 5, -3},
	{"one", "init x = 1\nx' = -x^3 + exp(-t)\n", 0, 8},
	{"shared", "param k = 2\ninit a = 1, b = 0, c = 0.5\nlet r = k^2*a*b, w = sqrt(k)*r\n"
	           "a' = w - r\nb' = r*abs(c) - b\nc' = min(a, b) - c*sigmoid(t - 1)\n", 0, 6},
	{"second order", "init x = 1, x' = 0, y = 0\nx'' = -x - 0.1*x' + y\ny' = if(x > 0, x, -2*x)\n", 0, 12},
	{"nine", "init a = 1, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, k = 2\n"
	         "a' = b - a\nb' = c*a - b\nc' = d - c\nd' = e*b - d\ne' = f - e\nf' = g - f\n"
	         "g' = h*k - g\nh' = k - h\nk' = -a*k\n", 0, 6},
	{"zero", "init x = 0, y = 1\nx' = 0\ny' = y - x\n", 0, 2},
	{"blow up", "init x = 1, y = 0\nx' = x^2\ny' = 1\n", 0, 2},
	{"no root", "init x = 1, y = 1\nx' = -sqrt(x)\ny' = 0.5 - y\n", 0, 5},
};
enum { MODELS = sizeof models / sizeof models[0] };

/* Options that matter to an attempt. */
static ojit_options options_of(int way)
{
	ojit_options o = ojit_options_default();
	o.step_limit = 3000;
	o.rtol = way == 1 ? 1e-9 : 1e-4;
	o.atol = way == 1 ? 1e-12 : way == 2 ? 0 : 1e-4;
	o.norm = way == 3 ? OJIT_NORM_MAX : OJIT_NORM_RMS;
	if (way == 4)
		o.fixed_step = 0.03;
	if (way == 5)
		o.step_limit = 7;
	if (way == 6)
		o.first_step = 2; /* is rejected */
	return o;
}
enum { WAYS = 7 };

static void expect_all_ways(ojit_program *fused, ojit_program *apart, size_t m)
{
	ojit_solver *a = ojit_solver_new(fused), *b = ojit_solver_new(apart);
	char what[200];
	for (size_t i = 0; i < oj_method_count(); i++)
		for (int way = 0; way < WAYS; way++) {
			ojit_options o = options_of(way);
			o.method = oj_method_at(i).info.name;
			snprintf(what, sizeof what, "%s, %s, way %d", models[m].name, o.method, way);
			if (!has_steps(i))
				continue;
			expect_same(a, b, &o, models[m].t0, models[m].t1,
			            way % 2 ? ojit_output_points(40) : ojit_output_steps(), what);
		}
	ojit_solver_free(a);
	ojit_solver_free(b);
}

Test(solvers_fused, steps_compiled_whole_have_the_bits_of_single_stages)
{
	ojit_context *context = ojit_context_new(NULL);
	for (size_t m = 0; m < MODELS; m++) {
		ojit_model *model = read_model(context, models[m].text);
		ojit_program *fused = compile_with(model, OJIT_AUTOMATIC, true);
		ojit_program *apart = compile_with(model, OJIT_AUTOMATIC, false);
		int whole = force(fused);
		cr_expect_geq(whole, 10, "%s", models[m].name);
		cr_expect_eq(force(apart), 0);
		expect_all_ways(fused, apart, m);
		cr_expect_eq((int)ojit_program_describe(fused).compiles,
		             (int)ojit_program_describe(apart).compiles + whole + with_extra_stages(fused), "%s", models[m].name);
		ojit_program_free(fused);
		ojit_program_free(apart);
		ojit_model_free(model);
	}
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}

Test(solvers_fused, tolerances_of_single_states_and_later_ones_count)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, models[0].text);
	ojit_program *fused = compile_with(model, OJIT_OPTIMISED, true);
	ojit_program *apart = compile_with(model, OJIT_OPTIMISED, false);
	ojit_solver *a = ojit_solver_new(fused), *b = ojit_solver_new(apart), *both[] = {a, b};
	for (int i = 0; i < 4; i++) {
		for (int s = 0; s < 2; s++) {
			cr_expect_eq(ojit_solver_set(both[s], OJIT_TOLERANCES, "y", pow(10, -2 - 2 * i)), OJIT_OK);
			cr_expect_eq(ojit_solver_set(both[s], OJIT_PARAMETERS, "r", 20 + i), OJIT_OK);
		}
		expect_same(a, b, NULL, 0, 2 + i, ojit_output_points(100), "own tolerances");
	}
	cr_expect_eq(ojit_program_describe(fused).compiles, ojit_program_describe(apart).compiles + 1);
	ojit_solver_free(a);
	ojit_solver_free(b);
	ojit_program_free(fused);
	ojit_program_free(apart);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---- random models and those of others ---- */

static const char *pick(uint64_t *seed, const char *const *from, int count)
{
	return from[random_bits(seed) % (uint64_t)count];
}

/* An expression of states x0 .. xn-1, t and numbers that stays tame. */
static int write_expression(char *text, size_t room, uint64_t *seed, int n, int depth)
{
	static const char *const operators[] = {" + ", " - ", "*"}, *const functions[] = {"sin", "cos", "tanh", "abs", ""};
	int used;
	if (depth == 0) {
		uint64_t leaf = random_bits(seed) % 8;
		if (leaf < 6)
			return snprintf(text, room, "x%d", (int)(random_bits(seed) % (uint64_t)n));
		return leaf == 6 ? snprintf(text, room, "t") : snprintf(text, room, "0.%d", (int)(random_bits(seed) % 97));
	}
	used = snprintf(text, room, "%s(", pick(seed, functions, 5));
	used += write_expression(text + used, room - (size_t)used, seed, n, depth - 1);
	used += snprintf(text + used, room - (size_t)used, "%s", pick(seed, operators, 3));
	used += write_expression(text + used, room - (size_t)used, seed, n, depth - 1);
	return used + snprintf(text + used, room - (size_t)used, ")");
}

static void write_model(char *text, size_t room, uint64_t seed)
{
	int n = 1 + (int)(random_bits(&seed) % 11), used = 0;
	for (int i = 0; i < n; i++) {
		used += snprintf(text + used, room - (size_t)used, "init x%d = 0.%d\nx%d' = -x%d + 0.5*", i, i + 1, i, i);
		used += write_expression(text + used, room - (size_t)used, &seed, n, (int)(random_bits(&seed) % 3));
		used += snprintf(text + used, room - (size_t)used, "\n");
	}
}

static void expect_model(ojit_model *model, double t0, double t1, const char *name)
{
	static const char *const methods[] = {"tsit5", "dop853", "bs3"};
	ojit_program *fused = compile_with(model, OJIT_AUTOMATIC, true), *apart = compile_with(model, OJIT_AUTOMATIC, false);
	ojit_solver *a = ojit_solver_new(fused), *b = ojit_solver_new(apart);
	ojit_options o = ojit_options_default();
	o.step_limit = 2000;
	for (int i = 0; i < 3; i++) {
		uint64_t wait;
		o.method = methods[i];
		ask(fused, methods[i], 500000, &wait);
		expect_same(a, b, &o, t0, t1, ojit_output_points(20), name);
	}
	ojit_solver_free(a);
	ojit_solver_free(b);
	ojit_program_free(fused);
	ojit_program_free(apart);
}

Test(solvers_fused, random_models_agree)
{
	ojit_context *context = ojit_context_new(NULL);
	for (uint64_t seed = 1; seed <= 25; seed++) {
		char text[20000];
		write_model(text, sizeof text, seed * 7919);
		ojit_model *model = read_model(context, text);
		expect_model(model, 0, 4, text);
		ojit_model_free(model);
	}
	ojit_context_free(context);
}

Test(solvers_fused, problems_of_the_corpora_agree)
{
	static const char *const files[] = {"odebench.json", "detest.json"};
	ojit_context *context = ojit_context_new(NULL);
	for (int f = 0; f < 2; f++) {
		struct corpus corpus;
		if (!corpus_load(files[f], &corpus))
			continue;
		for (size_t i = 0; i < corpus.count; i += 4) {
			const struct corpus_problem *p = &corpus.problems[i];
			ojit_model *model = corpus_read(context, p);
			expect_model(model, p->t0, p->t0 + (p->tend - p->t0) / 4, p->name);
			ojit_model_free(model);
		}
		corpus_free(&corpus);
	}
	ojit_context_free(context);
}

/* Sums take shorter vectors where the right-hand side stores number by number, which the
 * interpreter does not say. */
Test(solvers_fused, few_bodies_whose_slopes_are_stored_number_by_number_have_the_bits_of_the_interpreter)
{
	static const char text[] =
		"const N = 6\ninit x[i in 1..N] = cos(i), y[i in 1..N] = sin(1.3*i), x[i in 1..N]' = 0, y[i in 1..N]' = 0.1*i\n"
		"let r[i in 1..N, j in 1..N] = ((x[j] - x[i])^2 + (y[j] - y[i])^2 + 0.1)^1.5\n"
		"x[i in 1..N]'' = sum(j in 1..N if j != i, (x[j] - x[i])/r[i, j])\n"
		"y[i in 1..N]'' = sum(j in 1..N if j != i, (y[j] - y[i])/r[i, j])\n";
	static const char *const methods[] = {"dopri5", "vern7", "dop853"};
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, text);
	ojit_program *machine = compile_with(model, OJIT_AUTOMATIC, true), *walked = compile_with(model, OJIT_INTERPRETER, true);
	ojit_solver *a = ojit_solver_new(machine), *b = ojit_solver_new(walked);
	cr_expect(a->rhs.kernel->apart);
	cr_expect_not(b->rhs.kernel->apart);
	for (int i = 0; i < 3; i++)
		for (int norm = 0; norm < 2; norm++) {
			ojit_options o = ojit_options_default();
			o.method = methods[i];
			o.norm = norm ? OJIT_NORM_MAX : OJIT_NORM_RMS;
			expect_same(a, b, &o, 0, 2, ojit_output_points(15), methods[i]);
		}
	ojit_solver_free(a);
	ojit_solver_free(b);
	ojit_program_free(machine);
	ojit_program_free(walked);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---- when ---- */

Test(solvers_fused, a_step_is_compiled_when_its_method_has_made_many_evaluations)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, models[0].text);
	ojit_program *program = compile_with(model, OJIT_AUTOMATIC, true);
	ojit_solver *solvers[] = {ojit_solver_new(program), ojit_solver_new(program)};
	size_t before = 0, made = 0;
	uint64_t evaluations = 0;
	for (int i = 0; i < 3000 && !made; i++) {
		ojit_solver_run(solvers[i % 2], NULL, 0, 5, ojit_output_final());
		evaluations += ojit_solver_stats(solvers[i % 2]).rhs;
		before = i == 0 ? ojit_program_describe(program).compiles : before;
		made = ojit_program_describe(program).compiles - before;
	}
	cr_expect_eq(made, 1);
	cr_expect_geq(evaluations, 500000);
	cr_expect_leq(evaluations, 520000);
	uint64_t wait = 0;
	cr_expect_null(ask(program, "dopri5", 1000, &wait), "each method counts its own");
	cr_expect_eq(wait, 499000);
	const struct kernel *kernel = ask(program, "tsit5", 0, &wait), *optimised;
	cr_expect_not_null(kernel);
	cr_expect_geq(wait, 10000000 - 520000);
	ojit_counters counters = ojit_context_counters(context);
	ojit_solver_run(solvers[0], NULL, 0, 50, ojit_output_final());
	cr_expect_eq(ojit_context_counters(context).allocations, counters.allocations);
	optimised = ask(program, "tsit5", 10000000, &wait);
	cr_expect(optimised && optimised != kernel);
	cr_expect_eq(wait, UINT64_MAX);
	cr_expect_eq(ask(program, "tsit5", 10000000, &wait), optimised);
	double before_x = ojit_solver_last_states(solvers[0])[0];
	ojit_solver_run(solvers[1], NULL, 0, 50, ojit_output_final());
	cr_expect_eq(ojit_solver_last_states(solvers[1])[0], before_x);
	ojit_solver_free(solvers[0]);
	ojit_solver_free(solvers[1]);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

Test(solvers_fused, a_long_run_changes_over_on_the_way_and_nobody_sees_it)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, models[1].text);
	ojit_program *fused = compile_with(model, OJIT_AUTOMATIC, true), *apart = compile_with(model, OJIT_AUTOMATIC, false);
	ojit_solver *a = ojit_solver_new(fused), *b = ojit_solver_new(apart);
	expect_same(a, b, NULL, 0, 15000, ojit_output_points(1000), "long run");
	cr_expect_gt(ojit_solver_stats(a).rhs, 600000, "%d", (int)ojit_solver_stats(a).rhs);
	cr_expect_eq(ojit_program_describe(fused).compiles, ojit_program_describe(apart).compiles + 1);
	ojit_solver_free(a);
	ojit_solver_free(b);
	ojit_program_free(fused);
	ojit_program_free(apart);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* A copy may have a kernel that the original did not have, in the middle of a step. */
Test(solvers_fused, integrators_and_their_copies_go_on_alike)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, models[1].text);
	ojit_program *program = compile_with(model, OJIT_AUTOMATIC, true);
	ojit_integrator *before = ojit_integrator_new(program);
	double y[2][2];
	uint64_t wait;
	cr_assert_eq(ojit_integrator_begin(before, NULL, 0, 1000, OJIT_RECORD_LAST), OJIT_OK);
	cr_expect_eq(ojit_integrator_step(before, 1000), OJIT_OK);
	for (int i = 0; i < 6; i++) {
		if (i == 2)
			cr_expect_not_null(ask(program, "tsit5", 500000, &wait));
		ojit_integrator *copy = ojit_integrator_copy(before);
		ojit_integrator *pair[] = {before, copy};
		for (int k = 0; k < 2; k++) {
			double from, to;
			ojit_solver_set(ojit_integrator_solver(pair[k]), OJIT_TOLERANCES, "x", 1e-6 / (i + 1));
			cr_expect_eq(ojit_integrator_step(pair[k], 1000), OJIT_OK);
			cr_expect_eq(ojit_integrator_step(pair[k], 1000), OJIT_OK);
			ojit_integrator_range(pair[k], &from, &to);
			cr_expect_eq(ojit_integrator_interpolate(pair[k], from + 0.7 * (to - from), y[k]), OJIT_OK);
		}
		cr_expect(same_bits(y[0], y[1], 2), "inside, after copy %d", i);
		cr_expect(same_bits(ojit_integrator_states(before), ojit_integrator_states(copy), 2), "after copy %d", i);
		expect_same_stats(ojit_integrator_stats(before), ojit_integrator_stats(copy), "copy");
		if (i % 2)
			before = copy, ojit_integrator_free(pair[0]);
		else
			ojit_integrator_free(copy);
	}
	ojit_integrator_free(before);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

Test(solvers_fused, loops_long_equations_and_the_interpreter_have_no_whole_steps)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *loops = read_model(context, "init u[i in 1..40] = i\nu[i in 1..40]' = -u[i]*i\n");
	ojit_model *small = read_model(context, models[0].text);
	ojit_program *programs[] = {compile_with(loops, OJIT_AUTOMATIC, true), compile_with(small, OJIT_INTERPRETER, true)};
	for (int i = 0; i < 2; i++) {
		uint64_t wait = 0;
		cr_expect_null(ask(programs[i], "tsit5", 500000, &wait));
		cr_expect_eq(wait, UINT64_MAX);
		ojit_program_free(programs[i]);
	}
	ojit_model_free(loops);
	ojit_model_free(small);
	ojit_context_free(context);
}

struct alone {
	ojit_program *program;
	double x;
};

static void *solve_alone(void *user)
{
	struct alone *alone = user;
	ojit_solver *solver = ojit_solver_new(alone->program);
	for (int i = 0; i < 20; i++)
		ojit_solver_run(solver, NULL, 0, 20, ojit_output_final());
	alone->x = ojit_solver_last_states(solver)[0];
	ojit_solver_free(solver);
	return NULL;
}

Test(solvers_fused, threads_that_share_a_program_share_its_steps)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, models[0].text);
	ojit_program *program = compile_with(model, OJIT_AUTOMATIC, true);
	pthread_t threads[8];
	struct alone alone[8];
	for (int i = 0; i < 8; i++) {
		alone[i].program = program;
		cr_assert_eq(pthread_create(&threads[i], NULL, solve_alone, &alone[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < 8; i++)
		cr_expect(same_bits(&alone[0].x, &alone[i].x, 1));
	cr_expect_eq(ojit_program_describe(program).compiles, 2);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---- memory ---- */

Test(solvers_fused, without_memory_there_is_a_failure_and_the_next_run_tries_again)
{
	struct watched_allocator watched = {0};
	ojit_allocator allocator = watched_allocator(&watched);
	ojit_context *context = ojit_context_new(&allocator);
	ojit_model *model = read_model(context, models[4].text);
	ojit_program *program = compile_with(model, OJIT_OPTIMISED, true);
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options o = ojit_options_default();
	long refused = 0;
	o.method = "heun";
	for (ojit_status status = OJIT_OUT_OF_MEMORY; status != OJIT_OK; refused++) {
		watched.refuse = watched.calls + 1 + refused;
		status = ojit_solver_run(solver, &o, 0, 0.1, ojit_output_final());
		cr_assert(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY, "%s", ojit_solver_error(solver).text);
	}
	cr_expect_gt(refused, 50);
	cr_expect_eq(ojit_program_describe(program).compiles, 2, "%d", (int)ojit_program_describe(program).compiles);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	cr_expect_eq(watched.live_blocks, 0);
	cr_expect_eq(watched.wrong_sizes, 0);
}
