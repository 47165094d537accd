/* Kernels as plain functions: what the evaluator's calls compute, by a jump. */
#include "tests/support_allocator.h"
#include "tests/support_host.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#define OK(call) cr_assert_eq((call), OJIT_OK, "%s", ojit_evaluator_error(h.evaluator).text)

enum { MOST = 64 };
static const double seed[MOST] = {0.3, -1, 0.25, 2, 0.5, -0.75, 1.5, -3, 0.125, 0.7, -0.2, 1.1};

static const char *const models[] = {
	"param k = 2, m = 0.5\ninit x = 1, y = 2\nx' = -k*x*y^3 + 0.5*t\ny' = m*x - k\nout s = x*y, c = k*t",
	"param k = 2, m = 0.5\ninit x = 1, y = 2\nx' = -k*x*y^3\ny' = m*x - k\nout s = x*y, c = k*t",
	("param k = 0.5, m = 2\ninit u[i in 1..5] = i\n"
	 "u[i in 1..5]' = k*sum(j in 1..5, sin(u[j] - u[i])) + m\nout s = sum(i in 1..5, sqrt(u[i])), c = m*t*k"),
};

/* The kind's result through the evaluator. */
static ojit_status call(ojit_evaluator *e, ojit_function_kind kind, ojit_kernel of, unsigned by, const double *y,
                        double *out)
{
	switch (kind) {
	case OJIT_FUNCTION_VALUE: return ojit_evaluator_call(e, of, 0.25, y, out);
	case OJIT_FUNCTION_JACOBIAN: return ojit_evaluator_jacobian(e, of, (ojit_inputs)by, 0.25, y, out);
	case OJIT_FUNCTION_LINEARISATION: return ojit_evaluator_linearisation(e, of, (ojit_inputs)by, 0.25, y, out);
	case OJIT_FUNCTION_NEWTON: return ojit_evaluator_newton(e, 0.25, y, seed[0], out);
	case OJIT_FUNCTION_TANGENT: return ojit_evaluator_tangent(e, of, by, 2, 0.25, y, seed, out);
	case OJIT_FUNCTION_ADJOINT: return ojit_evaluator_adjoint(e, of, by, 0.25, y, seed, out);
	default: return OJIT_ARGUMENT;
	}
}

static void hold_kind(struct host *h, ojit_function_kind kind, ojit_kernel of, unsigned by)
{
	ojit_function f, again;
	double by_call[MOST], by_jump[MOST];
	for (int k = 0; k < MOST; k++)
		by_call[k] = by_jump[k] = -7;
	cr_assert_eq(ojit_evaluator_function(h->evaluator, kind, of, by, 2, &f), OJIT_OK, "kind %d: %s", (int)kind,
	             ojit_evaluator_error(h->evaluator).text);
	f.call(f.data, 0.25, h->y, seed, by_jump);
	cr_assert_eq(call(h->evaluator, kind, of, by, h->y, by_call), OJIT_OK);
	cr_expect_arr_eq(by_jump, by_call, sizeof by_call, "kind %d", (int)kind);
	cr_expect_neq(by_jump[0], -7);
	cr_expect_eq(ojit_evaluator_function(h->evaluator, kind, of, by, 2, &again), OJIT_OK);
	cr_expect(again.data == f.data && again.call == f.call);
}

static void hold_all(struct host *h)
{
	hold_kind(h, OJIT_FUNCTION_VALUE, OJIT_RHS, 0);
	hold_kind(h, OJIT_FUNCTION_VALUE, OJIT_OBSERVABLES, 0);
	hold_kind(h, OJIT_FUNCTION_VALUE, OJIT_INITIAL, 0);
	hold_kind(h, OJIT_FUNCTION_NEWTON, OJIT_RHS, OJIT_BY_STATES);
	for (int of = OJIT_RHS; of <= OJIT_OBSERVABLES; of++) {
		hold_kind(h, OJIT_FUNCTION_JACOBIAN, (ojit_kernel)of, OJIT_BY_STATES);
		hold_kind(h, OJIT_FUNCTION_JACOBIAN, (ojit_kernel)of, OJIT_BY_PARAMETERS);
		hold_kind(h, OJIT_FUNCTION_LINEARISATION, (ojit_kernel)of, OJIT_BY_STATES);
		hold_kind(h, OJIT_FUNCTION_TANGENT, (ojit_kernel)of, OJIT_BY_STATES | OJIT_BY_TIME);
		hold_kind(h, OJIT_FUNCTION_ADJOINT, (ojit_kernel)of, OJIT_BY_STATES | OJIT_BY_PARAMETERS);
	}
}

Test(function, all_kinds_have_the_bits_of_the_evaluators_calls)
{
	static const ojit_executor executors[] = {OJIT_AUTOMATIC, OJIT_INTERPRETER};
	for (size_t k = 0; k < 2 * sizeof models / sizeof *models; k++) {
		struct host h;
		host_begin(&h, models[k / 2], executors[k % 2]);
		hold_all(&h);
		host_end(&h);
	}
}

/* Derived parameters and the choice of kernels follow parameters, without another word. */
Test(function, what_was_handed_out_goes_on_with_new_parameters)
{
	struct host h;
	ojit_function value, adjoint;
	const double weights[2] = {0, 3}, zero[1] = {0}, half[1] = {0.5};
	double out[2];
	host_begin(&h, "param a = 2\nlet k = 1/a\ninit x = 1, y = 2\nx' = k*x\ny' = y*x", OJIT_AUTOMATIC);
	OK(ojit_evaluator_function(h.evaluator, OJIT_FUNCTION_ADJOINT, OJIT_RHS, OJIT_BY_STATES, 1, &adjoint));
	OK(ojit_evaluator_function(h.evaluator, OJIT_FUNCTION_VALUE, OJIT_RHS, 0, 1, &value));
	for (int round = 0; round < 6; round++) {
		const double *p = round % 3 == 0 ? NULL : round % 3 == 1 ? half : zero;
		OK(ojit_evaluator_parameters(h.evaluator, p));
		value.call(value.data, 0, h.y, NULL, out);
		cr_expect_eq(out[0], p == half ? 2 : p ? INFINITY : 0.5);
		adjoint.call(adjoint.data, 0, h.y, weights, out);
		cr_expect(out[0] == 6 && out[1] == 3, "round %d: %g %g", round, out[0], out[1]);
	}
	host_end(&h);
}

Test(function, zeros_of_seeds_are_strong)
{
	struct host h;
	ojit_function f;
	const double y[2] = {0, 2}, weights[2] = {0, 3}, direction[2] = {0, 3};
	double out[2];
	host_begin(&h, "init x = 1, y = 2\nx' = sqrt(x)\ny' = y*y + x", OJIT_AUTOMATIC);
	OK(ojit_evaluator_function(h.evaluator, OJIT_FUNCTION_ADJOINT, OJIT_RHS, OJIT_BY_STATES, 1, &f));
	f.call(f.data, 0, y, weights, out);
	cr_expect(out[0] == 3 && out[1] == 12, "%g %g", out[0], out[1]);
	OK(ojit_evaluator_function(h.evaluator, OJIT_FUNCTION_TANGENT, OJIT_RHS, OJIT_BY_STATES, 1, &f));
	f.call(f.data, 0, y, direction, out);
	cr_expect(out[0] == 0 && out[1] == 12, "%g %g", out[0], out[1]);
	host_end(&h);
}

Test(function, where_there_is_nothing_to_compute_results_are_0)
{
	struct host h;
	ojit_function f;
	double out[2] = {5, 5};
	host_begin(&h, "init x = 1, y = 2\nx' = 2\ny' = 1", OJIT_AUTOMATIC);
	OK(ojit_evaluator_function(h.evaluator, OJIT_FUNCTION_ADJOINT, OJIT_RHS, OJIT_BY_STATES, 1, &f));
	f.call(f.data, 0, h.y, seed, out);
	cr_expect(out[0] == 0 && out[1] == 0, "%g %g", out[0], out[1]);
	OK(ojit_evaluator_function(h.evaluator, OJIT_FUNCTION_JACOBIAN, OJIT_RHS, OJIT_BY_STATES, 1, &f));
	f.call(f.data, 0, h.y, NULL, out);
	host_end(&h);
}

/* A kernel that comes later may need more scratch, which then lies elsewhere. */
Test(function, scratch_may_grow_behind_it)
{
	struct host h;
	ojit_function value;
	double before[40], after[40], room[4000];
	host_begin(&h, "param k = 0.5\ninit u[i in 1..40] = i\nlet s[i in 1..40] = exp(-u[i])*sin(u[i])\n"
	               "u[i in 1..40]' = sum(j in 1..40, s[j]*s[i]*k) + s[mod(i, 40) + 1]", OJIT_INTERPRETER);
	OK(ojit_evaluator_function(h.evaluator, OJIT_FUNCTION_VALUE, OJIT_RHS, 0, 1, &value));
	value.call(value.data, 0, h.y, NULL, before);
	OK(ojit_evaluator_adjoint(h.evaluator, OJIT_RHS, OJIT_BY_STATES | OJIT_BY_PARAMETERS, 0, h.y, h.y, room));
	OK(ojit_evaluator_jacobian(h.evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h.y, room));
	value.call(value.data, 0, h.y, NULL, after);
	cr_expect_arr_eq(before, after, sizeof before);
	host_end(&h);
}

static void refuse(struct host *h, int kind, int of, unsigned by, size_t directions, ojit_status status, const char *words)
{
	ojit_function f = {.data = h};
	cr_expect_eq(ojit_evaluator_function(h->evaluator, (ojit_function_kind)kind, (ojit_kernel)of, by, directions, &f), status);
	ojit_error error = ojit_evaluator_error(h->evaluator);
	cr_expect_eq(error.status, status);
	cr_expect_not_null(strstr(error.message, words), "%s", error.message);
	cr_expect(!f.call && !f.data);
}

Test(function, what_is_not_there_is_refused_by_name)
{
	struct host h;
	host_begin(&h, "init x = 2\nx' = trigamma(x)", OJIT_INTERPRETER);
	refuse(&h, OJIT_FUNCTION_KINDS, OJIT_RHS, OJIT_BY_STATES, 1, OJIT_ARGUMENT, "function of kind 6");
	refuse(&h, -1, OJIT_RHS, OJIT_BY_STATES, 1, OJIT_ARGUMENT, "function of kind -1");
	refuse(&h, OJIT_FUNCTION_VALUE, OJIT_KERNEL_COUNT, 0, 1, OJIT_ARGUMENT, "no kernel 3");
	refuse(&h, OJIT_FUNCTION_JACOBIAN, OJIT_INITIAL, OJIT_BY_STATES, 1, OJIT_ARGUMENT, "OJIT_OBSERVABLES");
	refuse(&h, OJIT_FUNCTION_JACOBIAN, OJIT_RHS, OJIT_BY_STATES | OJIT_BY_TIME, 1, OJIT_ARGUMENT, "one of");
	refuse(&h, OJIT_FUNCTION_ADJOINT, OJIT_RHS, OJIT_BY_TIME, 1, OJIT_ARGUMENT, "OJIT_BY_PARAMETERS");
	refuse(&h, OJIT_FUNCTION_TANGENT, OJIT_RHS, OJIT_BY_STATES, 0, OJIT_ARGUMENT, "at least one");
	refuse(&h, OJIT_FUNCTION_NEWTON, OJIT_OBSERVABLES, OJIT_BY_STATES, 1, OJIT_ARGUMENT, "OJIT_RHS by OJIT_BY_STATES");
	refuse(&h, OJIT_FUNCTION_ADJOINT, OJIT_RHS, OJIT_BY_STATES, 1, OJIT_UNSUPPORTED, "trigamma");
	host_end(&h);
}

/* The interpreter's, so that every allocation is ours. */
static int ask_for_functions(ojit_context *context, void *user)
{
	static const char text[] = "param k = 2\nlet q = k*k\ninit x = 1, y = 2\nx' = q*sqrt(x)\ny' = y*x";
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program = NULL;
	ojit_model *model = ojit_model_new(context);
	options.executor = OJIT_INTERPRETER;
	int ok = model && ojit_model_read_text(model, text, sizeof text - 1, NULL) == OJIT_OK &&
	         ojit_program_compile(model, &options, &program) == OJIT_OK;
	ojit_evaluator *e = ok ? ojit_evaluator_new(program) : NULL;
	ojit_function f;
	double y[2] = {0, 1}, weights[2] = {0, 1}, out[2];
	(void)user;
	ok = e && ojit_evaluator_function(e, OJIT_FUNCTION_VALUE, OJIT_RHS, 0, 1, &f) == OJIT_OK &&
	     ojit_evaluator_function(e, OJIT_FUNCTION_ADJOINT, OJIT_RHS, OJIT_BY_STATES, 1, &f) == OJIT_OK;
	uint64_t allocations = ojit_context_counters(context).allocations;
	if (ok)
		f.call(f.data, 0, y, weights, out);
	if (ok && (out[0] != 1 || out[1] != 0 || ojit_context_counters(context).allocations != allocations))
		ok = 0;
	ojit_evaluator_free(e);
	ojit_program_free(program);
	ojit_model_free(model);
	return ok;
}

Test(function, every_allocation_fails_once_and_calls_make_none)
{
	long culprit = 0, swept = watched_sweep(ask_for_functions, NULL, &culprit);
	cr_expect_gt(swept, 10, "allocation %ld", culprit);
}
