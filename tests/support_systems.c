/* See support_systems.h. */
#include "tests/support_systems.h"

#include "solvers/method.h"

#include <math.h>
#include <string.h>

static void run_zero_init(const struct kernel_args *args)
{
	(void)args;
}

static ojit_status ask(struct system *system, enum kernel_kind kind, const struct kernel **kernel,
                       struct oj_error *error)
{
	struct support_system *s = (struct support_system *)system;
	s->asked[kind]++;
	if (s->refused == (int)kind + 1)
		return oj_fail(error, OJIT_BACKEND, "this kernel does not compile; ask for another");
	*kernel = &s->kernels[kind];
	return OJIT_OK;
}

static ojit_status defaults(struct system *system, const unsigned char *set, double *p,
                            struct oj_error *error)
{
	const struct support_system *s = (const struct support_system *)system;
	(void)error;
	for (int64_t i = 0; i < system->parameters; i++)
		if (!set || !set[i])
			p[i] = s->defaults ? s->defaults[i] : 0;
	return OJIT_OK;
}

static int64_t *size_of(struct support_system *s, enum family_kind kind)
{
	switch (kind) {
	case FAMILY_STATES:
		return &s->system.states;
	case FAMILY_PARAMETERS:
		return &s->system.parameters;
	case FAMILY_OUTPUTS:
		return &s->system.outputs;
	default:
		return &s->system.discrete;
	}
}

void support_system_kernel(struct support_system *s, enum kernel_kind kind, support_kernel run)
{
	s->kernels[kind] = (struct kernel){.run = run, .lanes = 1};
}

void support_system_family(struct support_system *s, enum family_kind kind, const char *name, int rank,
                           const int64_t *base, const int64_t *extent)
{
	size_t count = s->system.family_count[kind]++;
	struct family *family = &s->families[kind][count];
	int64_t *shape = s->shapes[kind][count];
	*family = (struct family){.name = name, .shape = shape, .rank = (signed char)rank, .offset = *size_of(s, kind)};
	for (int axis = 0; axis < rank; axis++) {
		shape[axis] = base[axis];
		shape[rank + axis] = extent[axis];
	}
	*size_of(s, kind) += oj_family_length(family);
	s->system.families[kind] = s->families[kind];
}

void support_system_scalars(struct support_system *s, enum family_kind kind, const char *const *names,
                            int count)
{
	s->system.family_count[kind] = 0;
	*size_of(s, kind) = 0;
	for (int i = 0; i < count; i++)
		support_system_family(s, kind, names[i], 0, NULL, NULL);
}

/* ---- a Jacobian ---- */

static void run_differences(const struct kernel_args *args)
{
	const struct support_system *s = args->env;
	int64_t n = s->system.states;
	double y[SUPPORT_STATES], up[SUPPORT_STATES], down[SUPPORT_STATES];
	struct kernel_args call = *args;
	oj_kernel_bind(&s->kernels[KERNEL_RHS], &call);
	memcpy(y, args->y, (size_t)n * sizeof *y);
	call.y = y;
	for (int64_t j = 0; j < n; j++) {
		double step = 6e-6 * fmax(fabs(y[j]), 1e-3), middle = y[j];
		y[j] = middle + step;
		call.out = up;
		s->kernels[KERNEL_RHS].run(&call);
		y[j] = middle - step;
		call.out = down;
		s->kernels[KERNEL_RHS].run(&call);
		y[j] = middle;
		for (int64_t i = 0; i < n; i++)
			args->out[j * n + i] = (up[i] - down[i]) / (2 * step);
	}
}

static void run_differences_by_time(const struct kernel_args *args)
{
	const struct support_system *s = args->env;
	double step = 6e-6 * fmax(fabs(*args->t), 1), up = *args->t + step, down = *args->t - step, low[SUPPORT_STATES];
	struct kernel_args call = *args;
	oj_kernel_bind(&s->kernels[KERNEL_RHS], &call);
	call.t = &up;
	s->kernels[KERNEL_RHS].run(&call);
	call.t = &down;
	call.out = low;
	s->kernels[KERNEL_RHS].run(&call);
	for (int64_t i = 0; i < s->system.states; i++)
		args->out[i] = (args->out[i] - low[i]) / (2 * step);
}

static ojit_status ask_variant(struct system *system, const struct variant *variant, const struct kernel **kernel,
                               struct oj_error *error)
{
	struct support_system *s = (struct support_system *)system;
	const struct kernel *jacobian = variant->by == BY_TIME ? &s->by_time : &s->jacobian;
	(void)error;
	*kernel = variant->kind == VARIANT_JACOBIAN ? jacobian : NULL;
	return OJIT_OK;
}

static const struct pattern *ask_pattern(struct system *system, const struct variant *variant)
{
	struct support_system *s = (struct support_system *)system;
	int64_t n = system->states;
	for (int64_t j = 0; j <= n; j++)
		s->column[j] = j * n;
	for (int64_t k = 0; k < n * n; k++)
		s->row[k] = k % n;
	s->pattern = (struct pattern){.rows = n, .columns = n, .entries = n * n, .column = s->column, .row = s->row};
	s->time_pattern = (struct pattern){.rows = n, .columns = 1, .entries = n, .column = s->column, .row = s->row};
	return variant->by == BY_TIME ? &s->time_pattern : &s->pattern;
}

static void give_jacobian(struct support_system *s)
{
	if (s->system.states > SUPPORT_STATES)
		return;
	s->jacobian = (struct kernel){.run = run_differences, .env = s, .lanes = 1};
	s->by_time = (struct kernel){.run = run_differences_by_time, .env = s, .lanes = 1};
	s->system.variant = ask_variant;
	s->system.pattern = ask_pattern;
}

bool support_system_lacks(const char *name)
{
	struct method method;
	return oj_method_find(name, &method) && method.stepper->needs_variant;
}

void support_system_init(struct support_system *s, ojit_context *context, int64_t states,
                         support_kernel rhs, support_kernel init)
{
	memset(s, 0, sizeof *s);
	s->system.context = context;
	s->system.kernel = ask;
	s->system.defaults = defaults;
	for (int kind = 0; kind < FAMILY_KINDS; kind++)
		s->system.families[kind] = s->families[kind];
	support_system_kernel(s, KERNEL_RHS, rhs);
	support_system_kernel(s, KERNEL_INIT, init ? init : run_zero_init);
	if (states > 0)
		support_system_family(s, FAMILY_STATES, "x", states > 1, &(int64_t){1}, &states);
	give_jacobian(s);
}
