/* Kernels as plain functions: see ojit/function.h.
 *
 * What the host holds is the kernel's own arguments, with the code to jump to behind them:
 * so a call writes down what is new and jumps. */
#include <ojit/function.h>

#include "jit/evaluator.h"
#include "jit/nans.h"

#include <string.h>

struct plain_function {
	struct kernel_args args; /* first: who has the arguments has the function */
	void (*run)(const struct kernel_args *);
	double t;
	const struct kernel *plain;  /* NULL: there is nothing to compute */
	const struct kernel *strong; /* where a seed of 0 has no part; NULL: not asked for, or nothing to compute */
	const struct derivative_kernel *derivative; /* NULL: a value */
	size_t seeds, count; /* of products: of seed and out */
	struct plain_function *next;
};

void oj_evaluator_drop_functions(ojit_evaluator *e)
{
	struct plain_function *function = e->functions, *next;
	for (; function; function = next) {
		next = function->next;
		oj_memory_put(e->program->system.context, function, sizeof *function);
	}
	e->functions = NULL;
}

void oj_functions_move(ojit_evaluator *e)
{
	for (struct plain_function *function = e->functions; function; function = function->next)
		function->args.scratch = e->scratch;
}

/* ---------------------------------------------------------------- what is run */

static void call(void *data, double t, const double *y, const double *seed, double *out)
{
	struct plain_function *function = data;
	function->t = t;
	function->args.y = y;
	function->args.seed = seed;
	function->args.out = out;
	function->run(&function->args);
}

/* Of what does not read the time: a store less is a fiftieth of a small kernel. */
static void call_timeless(void *data, double t, const double *y, const double *seed, double *out)
{
	struct plain_function *function = data;
	(void)t;
	function->args.y = y;
	function->args.seed = seed;
	function->args.out = out;
	function->run(&function->args);
}

static void run_nothing(const struct kernel_args *args)
{
	const struct plain_function *function = (const struct plain_function *)args;
	if (function->count)
		memset(args->out, 0, function->count * sizeof *args->out);
}

/* As tangents and adjoints through an evaluator are watched: derivatives.c. */
static void run_watched(const struct kernel_args *args)
{
	const struct plain_function *function = (const struct plain_function *)args;
	function->plain->run(args);
	if (!oj_has_nan(args->out, function->count) || !oj_has_zero(args->seed, function->seeds))
		return;
	if (!function->strong) {
		run_nothing(args);
		return;
	}
	struct kernel_args again = *args;
	oj_kernel_bind(function->strong, &again);
	function->strong->run(&again);
}

static ojit_status find_strong(ojit_evaluator *e, struct plain_function *function)
{
	struct variant variant = function->derivative->variant;
	struct derivative_kernel *found;
	variant.strong = true;
	TRY(oj_derivative_find(e, &variant, &found));
	function->strong = found->kernel;
	return OJIT_OK;
}

/* With the parameters as they are. */
static ojit_status choose(ojit_evaluator *e, struct plain_function *function)
{
	const struct derivative_kernel *derivative = function->derivative;
	bool product = derivative &&
	               (derivative->variant.kind == VARIANT_TANGENT || derivative->variant.kind == VARIANT_ADJOINT);
	if (!function->plain) {
		function->run = run_nothing;
		return OJIT_OK;
	}
	bool watched = product && !(derivative->finite && e->finite);
	if (watched && !function->strong)
		TRY(find_strong(e, function));
	function->run = watched ? run_watched : function->plain->run;
	return OJIT_OK;
}

ojit_status oj_functions_choose(ojit_evaluator *e)
{
	for (struct plain_function *function = e->functions; function; function = function->next)
		TRY(choose(e, function));
	return OJIT_OK;
}

/* ---------------------------------------------------------------- making */

static ojit_status add(ojit_evaluator *e, const struct kernel *plain, const struct derivative_kernel *derivative,
                       size_t seeds, size_t count, struct plain_function **out)
{
	ojit_context *context = e->program->system.context;
	struct plain_function *made = oj_memory_get(context, sizeof *made);
	if (!made)
		return oj_fail_memory(&e->error);
	*made = (struct plain_function){.plain = plain, .derivative = derivative, .seeds = seeds, .count = count};
	made->args = (struct kernel_args){.t = &made->t, .p = e->p, .d = e->d, .scratch = e->scratch};
	if (plain)
		oj_kernel_bind(plain, &made->args);
	ojit_status status = choose(e, made);
	made->args.scratch = e->scratch; /* it may have grown */
	if (status != OJIT_OK) {
		oj_memory_put(context, made, sizeof *made);
		return status;
	}
	made->next = e->functions;
	*out = e->functions = made;
	return OJIT_OK;
}

static ojit_status find(ojit_evaluator *e, ojit_kernel of, const struct kernel *plain,
                        const struct derivative_kernel *derivative, size_t seeds, size_t count, ojit_function *out)
{
	bool timeless = of == OJIT_RHS && e->program->system.timeless;
	struct plain_function *function = e->functions;
	while (function && (function->plain != plain || function->derivative != derivative))
		function = function->next;
	if (!function)
		TRY(add(e, plain, derivative, seeds, count, &function));
	*out = (ojit_function){timeless ? call_timeless : call, function};
	return OJIT_OK;
}

static ojit_status find_value(ojit_evaluator *e, ojit_kernel of, ojit_function *out)
{
	const struct kernel *kernel;
	TRY(oj_evaluator_begin(e));
	TRY(oj_evaluator_kernel(e, of, &kernel));
	return find(e, of, kernel, NULL, 0, 0, out);
}

static ojit_status find_newton(ojit_evaluator *e, ojit_kernel of, unsigned by, ojit_function *out)
{
	struct variant variant = {.kind = VARIANT_NEWTON, .of = KERNEL_RHS, .by = BY_STATES};
	struct derivative_kernel *found;
	TRY(oj_evaluator_begin(e));
	if (of != OJIT_RHS || by != OJIT_BY_STATES)
		return oj_fail(&e->error, OJIT_ARGUMENT, "there are Newton matrices of OJIT_RHS by OJIT_BY_STATES only");
	TRY(oj_derivative_find(e, &variant, &found));
	return find(e, of, found->kernel, found, 0, 0, out);
}

static ojit_status find_derivative(ojit_evaluator *e, ojit_function_kind kind, ojit_kernel of, unsigned by,
                                   size_t directions, ojit_function *out)
{
	static const enum variant_kind kinds[OJIT_FUNCTION_KINDS] = {
		[OJIT_FUNCTION_JACOBIAN] = VARIANT_JACOBIAN, [OJIT_FUNCTION_LINEARISATION] = VARIANT_JACOBIAN,
		[OJIT_FUNCTION_TANGENT] = VARIANT_TANGENT, [OJIT_FUNCTION_ADJOINT] = VARIANT_ADJOINT,
	};
	struct variant variant = {.kind = kinds[kind], .with_value = kind == OJIT_FUNCTION_LINEARISATION};
	struct derivative_kernel *found;
	size_t elements, inputs, seeds = 0, count = 0;
	TRY(oj_derivative_begin(e, of, by, kind == OJIT_FUNCTION_TANGENT ? directions : 1, &variant));
	oj_derivative_sizes(e, &variant, &elements, &inputs);
	if (kind == OJIT_FUNCTION_TANGENT)
		seeds = inputs * directions, count = elements * directions;
	if (kind == OJIT_FUNCTION_ADJOINT)
		seeds = elements, count = inputs;
	TRY(oj_derivative_find(e, &variant, &found));
	return find(e, of, found->kernel, found, seeds, count, out);
}

ojit_status ojit_evaluator_function(ojit_evaluator *e, ojit_function_kind kind, ojit_kernel of, unsigned by,
                                    size_t directions, ojit_function *function)
{
	*function = (ojit_function){0};
	oj_error_clear(&e->error);
	if ((unsigned)kind >= OJIT_FUNCTION_KINDS)
		return oj_fail(&e->error, OJIT_ARGUMENT, "there is no function of kind %d; see ojit_function_kind", (int)kind);
	if (kind == OJIT_FUNCTION_VALUE)
		return find_value(e, of, function);
	if (kind == OJIT_FUNCTION_NEWTON)
		return find_newton(e, of, by, function);
	return find_derivative(e, kind, of, by, directions, function);
}
