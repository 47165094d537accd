/* See support_bits.h. */
#include "tests/support_bits.h"

#include "jit/compile.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- points */

struct points {
	size_t count, states, parameters, outputs;
	double *t, *y, *p; /* [count], [count * states], [count * parameters] */
};

static uint64_t scramble(uint64_t x)
{
	x += 0x9E3779B97F4A7C15u; /* splitmix64 */
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
	x = (x ^ x >> 27) * 0x94D049BB133111EBu;
	return x ^ x >> 31;
}

/* Between -1 and 1, a function of its arguments. */
static double chance(size_t point, size_t element, unsigned use)
{
	return (double)(int64_t)scramble(scramble(point * 31 + use) + element) * 0x1p-63;
}

static double hard(size_t point, size_t element, double plain)
{
	static const double numbers[] = {
		0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-1074, -0x1p-1022, 1e300, -1e300, 1e-200, -1, 0x1p52, -0.5,
	};
	/* Every other hard point keeps most elements, so that its nans stay few. */
	uint64_t bits = scramble(point * 7919 + element);
	if (point / 3 % 2 == 0 && bits >> 32 & 7)
		return bits >> 40 & 1 ? -plain : plain;
	return numbers[bits % (sizeof numbers / sizeof *numbers)];
}

static double *numbers_for(size_t count)
{
	double *at = calloc(count + 1, sizeof *at);
	cr_assert_not_null(at);
	return at;
}

static void fill_point(struct points *q, size_t k)
{
	double *y = q->y + k * q->states, *p = q->p + k * q->parameters;
	for (size_t i = 0; i < q->parameters && k > 0; i++)
		p[i] = q->p[i] * (k % 2 ? 1 + 0.1 * chance(k, i, 2) : 1);
	for (size_t i = 0; i < q->states && k > 0; i++) {
		double start = q->y[i];
		y[i] = start + chance(k, i, 1) * (0.1 + 0.5 * fabs(start));
		if (k % 3 == 0)
			y[i] = hard(k, i, y[i]);
	}
}

/* Points of a program, from its own initial values and parameters. */
static struct points choose_points(ojit_program *program, size_t count)
{
	struct oj_error error;
	struct system *system = oj_program_system(program);
	ojit_program_info info = ojit_program_describe(program);
	struct points q = {count, info.states, info.parameters, info.outputs, numbers_for(count),
	                   numbers_for(count * info.states), numbers_for(count * info.parameters)};
	oj_error_init(&error, system->context);
	cr_assert_eq(system->defaults(system, NULL, q.p, &error), OJIT_OK);
	oj_error_drop(&error);
	for (size_t k = 0; k < count; k++)
		q.t[k] = info.span[0] + (k ? fabs(chance(k, 0, 3)) : 0) * (info.span[1] - info.span[0]);
	ojit_evaluator *e = ojit_evaluator_new(program);
	cr_assert_eq(ojit_evaluator_call(e, OJIT_INITIAL, q.t[0], NULL, q.y), OJIT_OK);
	ojit_evaluator_free(e);
	for (size_t k = 0; k < count; k++)
		fill_point(&q, k);
	return q;
}

static void free_points(struct points *q)
{
	free(q->t);
	free(q->y);
	free(q->p);
}

/* ---------------------------------------------------------------- comparing */

static bool same_bits(double a, double b)
{
	return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

struct executor_variant {
	ojit_compile_options options;
	const char *without[1];
};

static const char *describe(const char *name, const struct executor_variant *v)
{
	static const char *const executors[] = {
		[OJIT_AUTOMATIC] = "automatic", [OJIT_OPTIMISED] = "optimised",
		[OJIT_UNOPTIMISED] = "unoptimised", [OJIT_INTERPRETER] = "interpreted",
	};
	static char text[200];
	snprintf(text, sizeof text, "%s, %s, %d lanes, without %s", name, executors[v->options.executor],
	         v->options.lanes, v->without[0] ? v->without[0] : "nothing");
	return text;
}

/* Numbers a point has: right-hand side, initial values, observables. */
static size_t width_of(const struct points *q)
{
	return 2 * q->states + q->outputs;
}

static void check(ojit_evaluator *e, ojit_status status, const char *name, const struct executor_variant *v)
{
	cr_assert_eq(status, OJIT_OK, "%s: %s", describe(name, v), ojit_evaluator_error(e).text);
}

/* out: [count * width_of] */
static void evaluate(ojit_program *program, const struct points *q, const char *name,
                     const struct executor_variant *v, double *out)
{
	ojit_evaluator *e = ojit_evaluator_new(program);
	for (size_t k = 0; k < q->count; k++, out += width_of(q)) {
		const double *y = q->y + k * q->states;
		check(e, ojit_evaluator_parameters(e, q->p + k * q->parameters), name, v);
		check(e, ojit_evaluator_call(e, OJIT_RHS, q->t[k], y, out), name, v);
		check(e, ojit_evaluator_call(e, OJIT_INITIAL, q->t[k], NULL, out + q->states), name, v);
		if (q->outputs)
			check(e, ojit_evaluator_call(e, OJIT_OBSERVABLES, q->t[k], y, out + 2 * q->states), name, v);
	}
	ojit_evaluator_free(e);
}

static void compare(const char *what, const struct points *q, const double *got, const double *want)
{
	size_t width = width_of(q);
	for (size_t i = 0; i < q->count * width; i++) {
		if (same_bits(got[i], want[i]))
			continue;
		size_t element = i % width;
		const char *kernel = element < q->states ? "rhs" : element < 2 * q->states ? "init" : "outputs";
		cr_expect(false, "%s: point %zu, %s, element %zu is %a, interpreted %a", what, i / width, kernel,
		          element < 2 * q->states ? element % q->states : element - 2 * q->states, got[i], want[i]);
		return;
	}
	cr_expect(true);
}

static ojit_program *compile(ojit_model *model, const char *name, const struct executor_variant *v)
{
	ojit_program *program;
	ojit_compile_options options = v->options;
	options.without = v->without;
	options.without_count = v->without[0] != NULL;
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s: %s", describe(name, v),
	             ojit_model_error(model).text);
	return program;
}

struct claim {
	ojit_model *model;
	const char *name;
	struct points points;
	double *want, *got;
};

static void hold(struct claim *c, struct executor_variant v)
{
	ojit_program *program = compile(c->model, c->name, &v);
	evaluate(program, &c->points, c->name, &v, c->got);
	compare(describe(c->name, &v), &c->points, c->got, c->want);
	ojit_program_free(program);
}

static void hold_code(struct claim *c)
{
	for (int lanes = 1; lanes <= 8; lanes *= 2) {
		hold(c, (struct executor_variant){.options = {.executor = OJIT_OPTIMISED, .lanes = lanes}});
		hold(c, (struct executor_variant){.options = {.executor = OJIT_UNOPTIMISED, .lanes = lanes}});
	}
}

static void hold_passes(struct claim *c)
{
	for (const struct pass *pass = oj_passes; pass->name; pass++) {
		if (pass->required)
			continue;
		hold(c, (struct executor_variant){{.executor = OJIT_INTERPRETER}, {pass->name}});
		hold(c, (struct executor_variant){{.executor = OJIT_OPTIMISED}, {pass->name}});
	}
}

void bits_agree(ojit_model *model, const char *name, enum bits_effort effort, size_t points)
{
	struct executor_variant base = {.options = {.executor = OJIT_INTERPRETER}};
	struct claim c = {.model = model, .name = name};
	ojit_program *program = compile(model, name, &base);
	c.points = choose_points(program, points);
	c.want = numbers_for(points * width_of(&c.points));
	c.got = numbers_for(points * width_of(&c.points));
	evaluate(program, &c.points, name, &base, c.want);
	ojit_program_free(program);
	hold(&c, (struct executor_variant){{.executor = OJIT_INTERPRETER}, {"roll"}});
	if (effort == BITS_PAIR)
		hold(&c, (struct executor_variant){.options = {.executor = OJIT_OPTIMISED}});
	else
		hold_code(&c);
	if (effort == BITS_ALL)
		hold_passes(&c);
	free(c.want);
	free(c.got);
	free_points(&c.points);
}

/* ---------------------------------------------------------------- ensembles */

enum { WIDEST = 8 };

/* Arrays of one call, element k of lane l at [k * lanes + l], or shared. */
struct bundle {
	double t[WIDEST], *y, *p, *d, *out, *scratch;
	struct kernel_args args;
};

struct ensemble {
	const char *name;
	const struct backend *backend;
	ojit_program *program;
	struct points points;
	size_t derived, widest; /* doubles: of d, of any kernel's out */
	double *d;              /* [WIDEST * derived] */
};

static size_t out_length(const struct ensemble *e, int kind)
{
	return kind == KERNEL_OUTPUTS ? e->points.outputs
	     : kind == KERNEL_PREPARE ? e->derived : e->points.states;
}

/* The kernel for one trajectory: at the point of `lane`, or of lane 0 where shared. */
static void interpret(const struct ensemble *e, int kind, int lane, bool shared, double *out)
{
	struct interpreter *interpreter;
	size_t own = shared ? 0 : (size_t)lane;
	cr_assert_eq(oj_interpreter_new(&e->program->lowered.programs[kind], &interpreter), OJIT_OK);
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	double *scratch = numbers_for((size_t)kernel.scratch);
	struct kernel_args args = {
		.t = &e->points.t[own], .y = e->points.y + (size_t)lane * e->points.states,
		.p = e->points.p + own * e->points.parameters, .d = e->d + own * e->derived,
		.out = out, .scratch = scratch,
	};
	oj_kernel_bind(&kernel, &args);
	kernel.run(&args);
	free(scratch);
	oj_interpreter_free(interpreter);
}

/* from[lane][k] to the layout of a call. */
static void interleave(double *to, const double *from, size_t length, int lanes, bool shared)
{
	for (size_t k = 0; k < length; k++)
		for (int l = 0; l < (shared ? 1 : lanes); l++)
			to[shared ? k : k * (size_t)lanes + (size_t)l] = from[(size_t)l * length + k];
}

static void open_bundle(struct bundle *b, const struct ensemble *e, int kind, int lanes, bool shared)
{
	const struct program *source = &e->program->lowered.programs[kind];
	const struct points *q = &e->points;
	*b = (struct bundle){.y = numbers_for(WIDEST * q->states), .p = numbers_for(WIDEST * q->parameters),
	                     .d = numbers_for(WIDEST * e->derived), .out = numbers_for(WIDEST * e->widest),
	                     .scratch = numbers_for(WIDEST * (size_t)source->scratch)};
	interleave(b->t, q->t, 1, lanes, shared);
	interleave(b->y, q->y, q->states, lanes, false);
	interleave(b->p, q->p, q->parameters, lanes, shared);
	interleave(b->d, e->d, e->derived, lanes, shared);
	b->args = (struct kernel_args){
		.t = b->t, .y = b->y, .p = b->p, .d = b->d, .out = b->out, .scratch = b->scratch,
		.data = source->space->data.at, .tables = source->space->table_data.at, .env = oj_math_table(),
	};
}

static void close_bundle(struct bundle *b)
{
	free(b->y);
	free(b->p);
	free(b->d);
	free(b->out);
	free(b->scratch);
}

static void compare_lanes(const struct ensemble *e, int kind, int lanes, bool shared, const double *got)
{
	size_t length = out_length(e, kind);
	double *want = numbers_for(length);
	for (int l = 0; l < lanes; l++) {
		interpret(e, kind, l, shared, want);
		for (size_t k = 0; k < length; k++)
			if (!same_bits(got[k * (size_t)lanes + (size_t)l], want[k])) {
				cr_expect(false, "%s, kernel %d, lane %d of %d%s: element %zu is %a, interpreted %a",
				          e->name, kind, l, lanes, shared ? ", shared" : "", k,
				          got[k * (size_t)lanes + (size_t)l], want[k]);
				free(want);
				return;
			}
	}
	cr_expect(true);
	free(want);
}

static void hold_ensemble(const struct ensemble *e, int kind, const struct target *target)
{
	struct object object = {0};
	struct code *code;
	struct oj_error error;
	void (*entry)(const struct kernel_args *);
	struct bundle b;
	ojit_context *context = e->program->system.context;
	bool shared = target->uniform != 0;
	oj_error_init(&error, context);
	cr_assert_eq(e->backend->translate(&e->program->lowered.programs[kind], target, &object, NULL, NULL, &error),
	             OJIT_OK, "%s: %s", e->name, oj_text_get(&error.message));
	cr_assert_eq(e->backend->load(context, &object, &code, &entry, &error), OJIT_OK, "%s: %s", e->name,
	             oj_text_get(&error.message));
	oj_memory_put(context, object.bytes, object.size);
	open_bundle(&b, e, kind, target->lanes, shared);
	entry(&b.args);
	compare_lanes(e, kind, target->lanes, shared, b.out);
	close_bundle(&b);
	e->backend->unload(context, code);
	oj_error_drop(&error);
}

static void hold_widths(const struct ensemble *e, unsigned uniform)
{
	for (int lanes = 2; lanes <= WIDEST; lanes *= 2)
		for (int kind = 0; kind < KERNEL_KINDS; kind++) {
			struct target t = {.lanes = lanes, .axis = LANES_ENSEMBLE, .level = 2, .uniform = uniform};
			if (out_length(e, kind))
				hold_ensemble(e, kind, &t);
		}
}

void bits_agree_in_ensembles(ojit_model *model, const char *name)
{
	struct executor_variant v = {.options = {.executor = OJIT_INTERPRETER}};
	struct ensemble e = {.name = name, .program = compile(model, name, &v)};
	struct oj_error error;
	ojit_context *context = e.program->system.context;
	oj_error_init(&error, context);
	cr_assert_eq(oj_backend_open(context, &e.backend, &error), OJIT_OK, "%s", oj_text_get(&error.message));
	oj_error_drop(&error);
	e.points = choose_points(e.program, WIDEST);
	e.derived = (size_t)e.program->system.derived;
	e.widest = e.derived + e.points.states + e.points.outputs;
	e.d = numbers_for(WIDEST * e.derived);
	for (int l = 0; l < WIDEST && e.derived; l++)
		interpret(&e, KERNEL_PREPARE, l, false, e.d + (size_t)l * e.derived);
	hold_widths(&e, 0);
	hold_widths(&e, 1u << ROLE_PARAMETER | 1u << ROLE_DERIVED | 1u << ROLE_COUNT);
	free(e.d);
	free_points(&e.points);
	ojit_program_free(e.program);
}
