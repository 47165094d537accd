/* See support_kernels.h. */
#include "tests/support_kernels.h"

#include "lib/graph/passes.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 2, FEW = 2 /* directions at a time */ };
enum { MOST_OF_HESSIAN = 40, MOST_TWICE = 70 }; /* inputs of Hessians, and of what others stand for */

/* What all kernels put out, one after the other. */
struct kernel_output {
	const char *kernel, *of;
	size_t point, first;
};
struct outputs {
	double *numbers;
	size_t count, room;
	struct kernel_output *kernels;
	size_t kernel_count, kernel_room;
};

struct host {
	enum kernels_effort effort;
	ojit_evaluator *e;
	struct outputs *out;
	size_t states, parameters, observables;
	ojit_kernel of; /* at hand */
	size_t rows, point;
	double t, *y;
	double *seed, *weights;
};

static double number(size_t k)
{
	return sin(1 + 2.3 * (double)k);
}

static double *numbers(size_t count)
{
	double *made = calloc(count + 1, sizeof *made);
	for (size_t k = 0; k < count; k++)
		made[k] = number(k);
	return made;
}

/* Room for what the next kernel puts out. */
static double *next(struct host *h, const char *kernel, size_t count)
{
	struct outputs *o = h->out;
	if (o->count + count > o->room) {
		o->room = 2 * (o->count + count);
		o->numbers = realloc(o->numbers, o->room * sizeof *o->numbers);
	}
	if (o->kernel_count == o->kernel_room) {
		o->kernel_room = 2 * o->kernel_room + 16;
		o->kernels = realloc(o->kernels, o->kernel_room * sizeof *o->kernels);
	}
	cr_assert(o->numbers && o->kernels);
	o->kernels[o->kernel_count++] = (struct kernel_output){kernel, h->of == OJIT_RHS ? "rhs" : "observables", h->point, o->count};
	o->count += count;
	return o->numbers + o->count - count;
}

#define OK(call) cr_assert_eq((call), OJIT_OK, "%s", ojit_evaluator_error(h->e).text)

static void matrix(struct host *h, ojit_inputs by, const char *name)
{
	ojit_pattern p;
	OK(ojit_evaluator_pattern(h->e, h->of, by, &p));
	OK(ojit_evaluator_jacobian(h->e, h->of, by, h->t, h->y, next(h, name, p.entries)));
	if (h->states + h->parameters <= MOST_TWICE)
		OK(ojit_evaluator_linearisation(h->e, h->of, by, h->t, h->y, next(h, "linearised", h->rows + p.entries)));
}

static void newton(struct host *h)
{
	ojit_pattern p;
	OK(ojit_evaluator_newton_pattern(h->e, &p));
	OK(ojit_evaluator_newton(h->e, h->t, h->y, 0.37, next(h, "newton", p.entries)));
}

static void products(struct host *h, unsigned by, size_t inputs)
{
	ojit_scalar one = {.of = h->of, .element = h->rows / 2}, sum = {.of = h->of, .weights = h->weights};
	unsigned with_time = by | OJIT_BY_TIME;
	OK(ojit_evaluator_tangent(h->e, h->of, with_time, 1, h->t, h->y, h->seed, next(h, "jvp", h->rows)));
	OK(ojit_evaluator_adjoint(h->e, h->of, by, h->t, h->y, h->weights, next(h, "vjp", inputs)));
	OK(ojit_evaluator_gradient(h->e, &one, by, h->t, h->y, next(h, "grad", inputs)));
	if (inputs > MOST_TWICE)
		return;
	OK(ojit_evaluator_tangent(h->e, h->of, with_time, FEW, h->t, h->y, h->seed, next(h, "jvp x 2", h->rows * FEW)));
	OK(ojit_evaluator_gradient(h->e, &sum, by, h->t, h->y, next(h, "grad of the sum", inputs)));
	OK(ojit_evaluator_hessian_product(h->e, &sum, by, 1, h->t, h->y, h->seed, next(h, "hvp", inputs)));
}

static void hessian(struct host *h, ojit_inputs rows, ojit_inputs columns, const char *name)
{
	ojit_scalar sum = {.of = h->of, .weights = h->weights};
	ojit_pattern p;
	OK(ojit_evaluator_hessian_pattern(h->e, &sum, rows, columns, &p));
	OK(ojit_evaluator_hessian(h->e, &sum, rows, columns, h->t, h->y, next(h, name, p.entries)));
}

static void evaluate_large(struct host *h)
{
	unsigned by = OJIT_BY_STATES | OJIT_BY_PARAMETERS;
	ojit_pattern p;
	OK(ojit_evaluator_pattern(h->e, h->of, OJIT_BY_STATES, &p));
	OK(ojit_evaluator_jacobian(h->e, h->of, OJIT_BY_STATES, h->t, h->y, next(h, "jac", p.entries)));
	OK(ojit_evaluator_adjoint(h->e, h->of, by, h->t, h->y, h->weights, next(h, "vjp", h->states + h->parameters)));
}

static void evaluate_all(struct host *h)
{
	size_t inputs = h->states + h->parameters;
	OK(ojit_evaluator_call(h->e, h->of, h->t, h->y, next(h, "values", h->rows)));
	matrix(h, OJIT_BY_STATES, "jac");
	matrix(h, OJIT_BY_TIME, "dfdt");
	if (h->parameters)
		matrix(h, OJIT_BY_PARAMETERS, "dfdp");
	if (h->of == OJIT_RHS)
		newton(h);
	products(h, OJIT_BY_STATES, h->states);
	if (h->parameters)
		products(h, OJIT_BY_STATES | OJIT_BY_PARAMETERS, inputs);
	if (inputs > MOST_OF_HESSIAN)
		return;
	hessian(h, OJIT_BY_STATES, OJIT_BY_STATES, "hess");
	if (h->parameters)
		hessian(h, OJIT_BY_PARAMETERS, OJIT_BY_STATES, "hess by parameters and states");
}

/* The initial values, later those beside them. */
static void go_to(struct host *h, size_t point)
{
	h->point = point;
	h->t = 0.25 + (double)point;
	OK(ojit_evaluator_call(h->e, OJIT_INITIAL, h->t, NULL, h->y));
	for (size_t k = 0; point && k < h->states; k++)
		h->y[k] += 0.3 * h->y[k] * number(k) + 0.1 * number(k + 3);
}

static void evaluate_points(struct host *h)
{
	if (h->effort == KERNELS_LARGE) {
		h->of = OJIT_RHS;
		go_to(h, 1);
		evaluate_large(h);
		return;
	}
	for (size_t point = 0; point < POINTS; point++) {
		go_to(h, point);
		for (h->of = OJIT_RHS; h->of <= OJIT_OBSERVABLES; h->of++) {
			h->rows = h->of == OJIT_RHS ? h->states : h->observables;
			if (h->rows)
				evaluate_all(h);
		}
	}
}

struct form {
	ojit_executor executor;
	const char *without; /* a pass; NULL: none */
	int lanes;           /* 0: what suits the machine */
};

static ojit_program *compile(ojit_model *model, const char *name, struct form form)
{
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program;
	options.executor = form.executor;
	options.lanes = form.lanes;
	options.without = &form.without;
	options.without_count = form.without != NULL;
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s: %s", name, ojit_model_error(model).text);
	return program;
}

static struct outputs outputs_of(ojit_model *model, const char *name, enum kernels_effort effort, struct form form)
{
	struct outputs out = {0};
	ojit_program *program = compile(model, name, form);
	ojit_program_info info = ojit_program_describe(program);
	size_t inputs = info.states + info.parameters + 1, most = info.states + info.outputs + 1;
	struct host h = {.effort = effort, .e = ojit_evaluator_new(program), .out = &out, .states = info.states, .parameters = info.parameters,
	                 .observables = info.outputs, .y = numbers(info.states), .seed = numbers(inputs * FEW),
	                 .weights = numbers(most)};
	evaluate_points(&h);
	ojit_evaluator_free(h.e);
	ojit_program_free(program);
	free(h.y);
	free(h.seed);
	free(h.weights);
	return out;
}

static void free_outputs(struct outputs *o)
{
	free(o->numbers);
	free(o->kernels);
}

/* The first difference of each kernel. */
static void compare(const char *name, const char *form, const struct outputs *got, const struct outputs *want)
{
	cr_assert_eq(got->count, want->count, "%s, %s: %zu numbers instead of %zu", name, form, got->count, want->count);
	for (size_t k = 0; k < want->kernel_count; k++) {
		const struct kernel_output *kernel = &want->kernels[k];
		size_t end = k + 1 < want->kernel_count ? kernel[1].first : want->count, i = kernel->first;
		cr_expect_eq(got->kernels[k].first, kernel->first, "%s, %s: %s of %s", name, form, kernel->kernel, kernel->of);
		while (i < end && ((isnan(got->numbers[i]) && isnan(want->numbers[i])) ||
		                   !memcmp(&got->numbers[i], &want->numbers[i], sizeof *want->numbers)))
			i++;
		cr_expect(i == end, "%s, %s: %s of %s, point %zu, number %zu is %a instead of %a", name, form, kernel->kernel,
		          kernel->of, kernel->point, i - kernel->first, got->numbers[i], want->numbers[i]);
	}
}

static void hold(ojit_model *model, const char *name, enum kernels_effort effort, const struct outputs *want, struct form form)
{
	char text[80];
	snprintf(text, sizeof text, "%s without %s, %d lanes", form.executor == OJIT_INTERPRETER ? "interpreted" : "machine code",
	         form.without ? form.without : "nothing", form.lanes);
	struct outputs got = outputs_of(model, name, effort, form);
	compare(name, text, &got, want);
	free_outputs(&got);
}

static void hold_code(ojit_model *model, const char *name, enum kernels_effort effort, const struct outputs *want)
{
	for (int lanes = 1; lanes <= 8; lanes *= 2)
		hold(model, name, effort, want, (struct form){.executor = OJIT_AUTOMATIC, .lanes = lanes});
	hold(model, name, effort, want, (struct form){.executor = OJIT_UNOPTIMISED, .without = "roll"});
}

void kernels_agree(ojit_model *model, const char *name, enum kernels_effort effort)
{
	struct form interpreted = {.executor = OJIT_INTERPRETER}, other = interpreted;
	struct outputs want = outputs_of(model, name, effort, interpreted);
	for (const struct pass *pass = oj_passes; pass->name; pass++) {
		other.without = pass->name;
		if (!strcmp(pass->name, "roll") || (effort == KERNELS_PASSES && !pass->required))
			hold(model, name, effort, &want, other);
	}
	if (effort == KERNELS_CODE)
		hold_code(model, name, effort, &want);
	free_outputs(&want);
}
