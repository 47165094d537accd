/* Kernels are translated when they are first asked for, once, and nothing else is. */
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <string.h>

/* Derived parameters and initial values with formulas: interpreted, for they run once. */
static const char model_text[] =
	"param k = 0.5, m = 2\n"
	"let r = exp(-k)*m\n"
	"init x = r, y = k*m, z = 1\n"
	"x' = -r*x + y*z\ny' = sin(t)*x - y\nz' = k*x*y - z\n"
	"out energy = x^2 + m*y^2, total = x + y + z\n";

struct bed {
	ojit_context *context;
	ojit_program *program;
	ojit_evaluator *e;
	double y[3], seed[64], out[256];
};

static void begin(struct bed *b, ojit_executor executor)
{
	ojit_compile_options options = ojit_compile_options_default();
	memset(b, 0, sizeof *b);
	options.executor = executor;
	b->context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(b->context);
	ojit_model_read_text(model, model_text, strlen(model_text), "model");
	cr_assert_eq(ojit_program_compile(model, &options, &b->program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	b->e = ojit_evaluator_new(b->program);
	for (size_t k = 0; k < sizeof b->seed / sizeof *b->seed; k++)
		b->seed[k] = 1.0 / (double)(k + 2);
}

static void end(struct bed *b)
{
	ojit_evaluator_free(b->e);
	ojit_program_free(b->program);
	cr_expect_eq(ojit_context_counters(b->context).live_bytes, 0);
	ojit_context_free(b->context);
}

static int compiles(const struct bed *b)
{
	int count = (int)ojit_program_describe(b->program).compiles;
	cr_expect_eq((int)ojit_context_counters(b->context).compiles, count);
	return count;
}

/* ---------------------------------------------------------------- one by one */

#define S OJIT_BY_STATES
#define P OJIT_BY_PARAMETERS
#define T OJIT_BY_TIME
static const ojit_scalar second = {.of = OJIT_RHS, .element = 1}, first_output = {.of = OJIT_OBSERVABLES};

static ojit_status rhs(struct bed *b) { return ojit_evaluator_call(b->e, OJIT_RHS, 0.5, b->y, b->out); }
static ojit_status observables(struct bed *b) { return ojit_evaluator_call(b->e, OJIT_OBSERVABLES, 0.5, b->y, b->out); }
static ojit_status jac(struct bed *b) { return ojit_evaluator_jacobian(b->e, OJIT_RHS, S, 0.5, b->y, b->out); }
static ojit_status dfdp(struct bed *b) { return ojit_evaluator_jacobian(b->e, OJIT_RHS, P, 0.5, b->y, b->out); }
static ojit_status dfdt(struct bed *b) { return ojit_evaluator_jacobian(b->e, OJIT_RHS, T, 0.5, b->y, b->out); }
static ojit_status jac_of_observables(struct bed *b) { return ojit_evaluator_jacobian(b->e, OJIT_OBSERVABLES, S, 0.5, b->y, b->out); }
static ojit_status linearised(struct bed *b) { return ojit_evaluator_linearisation(b->e, OJIT_RHS, S, 0.5, b->y, b->out); }
static ojit_status newton(struct bed *b) { return ojit_evaluator_newton(b->e, 0.5, b->y, 0.1, b->out); }
static ojit_status jvp(struct bed *b) { return ojit_evaluator_tangent(b->e, OJIT_RHS, S, 1, 0.5, b->y, b->seed, b->out); }
static ojit_status jvp_of_two(struct bed *b) { return ojit_evaluator_tangent(b->e, OJIT_RHS, S, 2, 0.5, b->y, b->seed, b->out); }
static ojit_status vjp(struct bed *b) { return ojit_evaluator_adjoint(b->e, OJIT_RHS, S, 0.5, b->y, b->seed, b->out); }
static ojit_status vjp_of_all(struct bed *b) { return ojit_evaluator_adjoint(b->e, OJIT_RHS, S | P, 0.5, b->y, b->seed, b->out); }
static ojit_status grad(struct bed *b) { return ojit_evaluator_gradient(b->e, &second, S, 0.5, b->y, b->out); }
static ojit_status hvp(struct bed *b) { return ojit_evaluator_hessian_product(b->e, &first_output, S, 1, 0.5, b->y, b->seed, b->out); }
static ojit_status hess(struct bed *b) { return ojit_evaluator_hessian(b->e, &first_output, S, S, 0.5, b->y, b->out); }

static ojit_status (*const kernels[])(struct bed *b) = {rhs, observables, jac, dfdp, dfdt, jac_of_observables, linearised,
                                                       newton, jvp, jvp_of_two, vjp, vjp_of_all, grad, hvp, hess};
enum { KERNELS = sizeof kernels / sizeof *kernels };

#define OK(call) cr_assert_eq((call), OJIT_OK, "%s", ojit_evaluator_error(b->e).text)

/* Whoever asks, first or again. */
static void ask_for_all(struct bed *b, int each)
{
	int before = compiles(b);
	for (int k = 0; k < KERNELS; k++) {
		OK(kernels[k](b));
		OK(kernels[k](b));
		cr_expect_eq(compiles(b), before + (k + 1) * each, "kernel %d", k);
	}
}

Test(first_use, each_kernel_is_translated_once)
{
	static const ojit_executor executors[] = {OJIT_AUTOMATIC, OJIT_OPTIMISED, OJIT_UNOPTIMISED};
	for (size_t k = 0; k < sizeof executors / sizeof *executors; k++) {
		struct bed bed, *b = &bed;
		begin(b, executors[k]);
		OK(ojit_evaluator_call(b->e, OJIT_INITIAL, 0, NULL, b->y));
		cr_expect_eq(compiles(b), 0);
		ask_for_all(b, 1);
		ojit_evaluator_free(b->e);
		b->e = ojit_evaluator_new(b->program);
		ask_for_all(b, 0);
		end(b);
	}
}

Test(first_use, the_interpreter_translates_nothing)
{
	struct bed bed;
	begin(&bed, OJIT_INTERPRETER);
	ask_for_all(&bed, 0);
	end(&bed);
}

/* Any one alone: what it is made of needs no kernel of its own. */
Test(first_use, a_kernel_needs_no_other)
{
	for (int k = 0; k < KERNELS; k++) {
		struct bed bed, *b = &bed;
		begin(b, OJIT_AUTOMATIC);
		OK(kernels[k](b));
		cr_expect_eq(compiles(b), 1, "kernel %d", k);
		end(b);
	}
}

Test(first_use, patterns_need_no_kernel)
{
	struct bed bed, *b = &bed;
	ojit_pattern p;
	begin(b, OJIT_OPTIMISED);
	OK(ojit_evaluator_pattern(b->e, OJIT_RHS, S, &p));
	cr_expect_eq(p.entries, 8);
	OK(ojit_evaluator_pattern(b->e, OJIT_RHS, T, &p));
	cr_expect_eq(p.entries, 1);
	OK(ojit_evaluator_newton_pattern(b->e, &p));
	cr_expect_eq(p.entries, 8);
	OK(ojit_evaluator_hessian_pattern(b->e, &first_output, S, S, &p));
	cr_expect_eq(p.entries, 2);
	OK(ojit_evaluator_hessian_pattern(b->e, &(ojit_scalar){.of = OJIT_OBSERVABLES, .element = 1}, S, S, &p));
	cr_expect_eq(p.entries, 0);
	OK(ojit_evaluator_hessian_pattern(b->e, &(ojit_scalar){.of = OJIT_OBSERVABLES, .element = 1}, S, S, &p));
	cr_expect_eq(compiles(b), 0);
	OK(jac(b));
	cr_expect_eq(compiles(b), 1);
	end(b);
}

/* ---------------------------------------------------------------- solvers */

static void expect_of_run(const char *method, ojit_executor executor, ojit_output output, int expected)
{
	struct bed b;
	begin(&b, executor);
	ojit_solver *solver = ojit_solver_new(b.program);
	ojit_options options = ojit_options_default();
	options.method = method;
	cr_assert_eq(ojit_solver_run(solver, &options, 0, 1, output), OJIT_OK, "%s", ojit_solver_error(solver).text);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
	cr_expect_eq(compiles(&b), expected, "%s: %d", method, compiles(&b));
	ojit_solver_free(solver);
	end(&b);
}

/* Rows hold the observables.  Matrices are interpreted as long as that is quicker. */
Test(first_use, runs_translate_what_they_evaluate)
{
	enum { VALUES = 2 };
	expect_of_run("bs3", OJIT_AUTOMATIC, ojit_output_points(3), VALUES);
	expect_of_run("radau", OJIT_AUTOMATIC, ojit_output_points(3), VALUES);
	expect_of_run("rodas5p", OJIT_AUTOMATIC, ojit_output_points(3), VALUES);
	expect_of_run("radau", OJIT_UNOPTIMISED, ojit_output_points(3), VALUES + 1); /* the Jacobian */
	expect_of_run("rodas5p", OJIT_UNOPTIMISED, ojit_output_points(3), VALUES + 2); /* and df/dt */
	expect_of_run("radau", OJIT_INTERPRETER, ojit_output_points(3), 0);
}
