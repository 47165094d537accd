/* See implicit.h. */
#include "solvers/implicit.h"

#include <math.h>
#include <string.h>

/* Operations on complex numbers, in those on real ones. */
#define COMPLEX_PRICE 4

static const struct variant jacobian_of_rhs = {.kind = VARIANT_JACOBIAN, .of = KERNEL_RHS, .by = BY_STATES};
static const struct variant by_time_of_rhs = {.kind = VARIANT_JACOBIAN, .of = KERNEL_RHS, .by = BY_TIME};

void oj_implicit_drop(struct implicit *m, ojit_context *context)
{
	oj_linear_drop(m->linear);
	oj_memory_put(context, m->memory, m->bytes);
	oj_text_drop(&m->why);
	*m = (struct implicit){0};
}

/* Kernel and pattern of a derivative. */
static ojit_status ask(struct system *system, const struct variant *variant, const struct kernel **kernel,
                       const struct pattern **pattern, struct oj_error *error)
{
	if (!system->variant)
		return oj_fail(error, OJIT_UNSUPPORTED, "implicit methods need the Jacobian, which is made from the "
		               "equations, and this system has only functions; choose an explicit method");
	TRY(system->variant(system, variant, kernel, error));
	*pattern = system->pattern(system, variant);
	return OJIT_OK;
}

static size_t scratch_of(const struct kernel *kernel)
{
	return kernel ? (size_t)kernel->scratch : 0;
}

/* One block for J, df/dt and the scratch of their kernels. */
static ojit_status make_room(struct implicit *m, ojit_context *context, struct oj_error *error)
{
	size_t scratch = scratch_of(m->jacobian), entries = (size_t)m->pattern->entries;
	size_t times = m->by_time ? (size_t)m->time_pattern->entries : 0;
	scratch = scratch_of(m->by_time) > scratch ? scratch_of(m->by_time) : scratch;
	m->bytes = (entries + times + scratch) * sizeof(double);
	m->memory = oj_memory_get(context, m->bytes);
	if (m->bytes > 0 && !m->memory)
		return oj_fail_memory(error);
	m->values = m->memory;
	m->time_values = m->bytes ? m->memory + entries : NULL;
	return OJIT_OK;
}

static ojit_status make(struct implicit *m, struct system *system, struct oj_error *error)
{
	TRY(ask(system, &jacobian_of_rhs, &m->jacobian, &m->pattern, error));
	if (m->request.by_time)
		TRY(ask(system, &by_time_of_rhs, &m->by_time, &m->time_pattern, error));
	TRY(make_room(m, system->context, error));
	m->jacobian_effort = m->jacobian && system->effort ? fmax(system->effort(system, &jacobian_of_rhs), 0)
	                                                   : (double)m->pattern->entries;
	oj_text_init(&m->why, system->context);
	TRY(oj_linear_make(system->context, m->pattern, m->request.kind, m->request.complexes, &m->linear, &m->why, error));
	return m->why.failed ? oj_fail_memory(error) : OJIT_OK;
}

static bool same_request(const struct implicit_request *a, const struct implicit_request *b)
{
	return a->kind == b->kind && a->complexes == b->complexes && a->by_time == b->by_time;
}

ojit_status oj_implicit_make(struct implicit *m, struct system *system, const struct implicit_request *request,
                             const struct kernel_args *args, struct oj_error *error)
{
	if (!m->linear || !same_request(&m->request, request)) {
		oj_implicit_drop(m, system->context);
		m->request = *request;
		ojit_status status = make(m, system, error);
		if (status != OJIT_OK) {
			oj_implicit_drop(m, system->context);
			return status;
		}
	}
	m->args = *args;
	if (m->bytes)
		m->args.scratch = m->time_values + (m->by_time ? m->time_pattern->entries : 0);
	return OJIT_OK;
}

bool oj_implicit_copy(struct implicit *m, const struct implicit *from)
{
	if (from->pattern->entries > 0)
		memcpy(m->values, from->values, (size_t)from->pattern->entries * sizeof *m->values);
	m->jacobians = from->jacobians;
	m->effort = from->effort;
	m->factorisations = from->factorisations;
	m->iterations = from->iterations;
	return m->linear->way->copy(m->linear, from->linear);
}

void oj_implicit_begin(struct implicit *m)
{
	m->jacobians = m->factorisations = m->iterations = 0;
	m->effort = 0;
	if (m->linear->way->forget)
		m->linear->way->forget(m->linear);
}

static void evaluate(struct implicit *m, const struct kernel *kernel, double t, const double *y, double *out)
{
	oj_kernel_bind(kernel, &m->args);
	m->args.t = &t;
	m->args.y = y;
	m->args.out = out;
	kernel->run(&m->args);
}

void oj_jacobian_eval(struct rhs *f, double t, const double *y)
{
	struct implicit *m = f->implicit;
	m->jacobians++;
	m->effort += m->jacobian_effort;
	if (m->jacobian)
		evaluate(m, m->jacobian, t, y, m->values);
}

bool oj_by_time_eval(struct rhs *f, double t, const double *y, double *out)
{
	struct implicit *m = f->implicit;
	if (!m->by_time || m->time_pattern->entries == 0)
		return false;
	evaluate(m, m->by_time, t, y, m->time_values);
	for (int64_t i = 0; i < f->n; i++)
		out[i] = 0;
	for (int64_t k = 0; k < m->time_pattern->entries; k++)
		out[m->time_pattern->row[k]] = m->time_values[k];
	return true;
}

bool oj_shift_factor(struct rhs *f, int slot, double re, double im)
{
	struct implicit *m = f->implicit;
	m->factorisations++;
	m->effort += (im != 0 ? COMPLEX_PRICE : 1) * m->linear->effort.factor;
	return m->linear->way->factor(m->linear, slot, m->values, re, im);
}

void oj_shift_solve(struct rhs *f, int slot, double *x)
{
	struct implicit *m = f->implicit;
	m->effort += (slot > 0 ? COMPLEX_PRICE : 1) * m->linear->effort.solve;
	m->linear->way->solve(m->linear, slot, x);
}

void oj_sum_weighted(int64_t n, int count, const double *weights, const double *v, int64_t stride, double *out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = weights[0] * v[i];
	for (int k = 1; k < count; k++)
		for (int64_t i = 0; i < n; i++)
			out[i] += weights[k] * v[k * stride + i];
}
