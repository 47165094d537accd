/* See implicit.h. */
#include "solvers/implicit.h"

#include <string.h>

static const struct variant jacobian_of_rhs = {.kind = VARIANT_JACOBIAN, .of = KERNEL_RHS, .by = BY_STATES};

void oj_implicit_drop(struct implicit *m, ojit_context *context)
{
	oj_linear_drop(m->linear);
	oj_memory_put(context, m->memory, m->bytes);
	oj_text_drop(&m->why);
	*m = (struct implicit){0};
}

static ojit_status make(struct implicit *m, struct system *system, struct oj_error *error)
{
	if (system->variant)
		TRY(system->variant(system, &jacobian_of_rhs, &m->jacobian, error));
	if (system->variant)
		m->pattern = system->pattern(system, &jacobian_of_rhs);
	if (!m->pattern)
		return oj_fail(error, OJIT_UNSUPPORTED, "implicit methods need the Jacobian, which is made from the "
		               "equations, and this system has only functions; choose an explicit method");
	size_t scratch = m->jacobian ? (size_t)m->jacobian->scratch : 0, entries = (size_t)m->pattern->entries;
	m->bytes = (scratch + entries) * sizeof(double);
	m->memory = oj_memory_get(system->context, m->bytes);
	if (m->bytes > 0 && !m->memory)
		return oj_fail_memory(error);
	m->values = m->memory;
	oj_text_init(&m->why, system->context);
	TRY(oj_linear_make(system->context, m->pattern, m->asked, m->complexes, &m->linear, &m->why, error));
	return m->why.failed ? oj_fail_memory(error) : OJIT_OK;
}

ojit_status oj_implicit_make(struct implicit *m, struct system *system, enum linear_kind kind, int complexes,
                             const struct kernel_args *args, struct oj_error *error)
{
	if (!m->linear || m->asked != kind || m->complexes != complexes) {
		oj_implicit_drop(m, system->context);
		m->asked = kind;
		m->complexes = complexes;
		ojit_status status = make(m, system, error);
		if (status != OJIT_OK) {
			oj_implicit_drop(m, system->context);
			return status;
		}
	}
	m->args = *args;
	if (!m->jacobian)
		return OJIT_OK;
	m->args.scratch = m->values + m->pattern->entries;
	oj_kernel_bind(m->jacobian, &m->args);
	return OJIT_OK;
}

bool oj_implicit_copy(struct implicit *m, const struct implicit *from)
{
	if (from->pattern->entries > 0)
		memcpy(m->values, from->values, (size_t)from->pattern->entries * sizeof *m->values);
	m->jacobians = from->jacobians;
	m->factorisations = from->factorisations;
	m->iterations = from->iterations;
	return m->linear->way->copy(m->linear, from->linear);
}

void oj_jacobian_eval(struct rhs *f, double t, const double *y)
{
	struct implicit *m = f->implicit;
	m->jacobians++;
	if (!m->jacobian)
		return;
	m->args.t = &t;
	m->args.y = y;
	m->args.out = m->values;
	m->jacobian->run(&m->args);
}

bool oj_shift_factor(struct rhs *f, int slot, double re, double im)
{
	struct implicit *m = f->implicit;
	m->factorisations++;
	return m->linear->way->factor(m->linear, slot, m->values, re, im);
}

void oj_shift_solve(struct rhs *f, int slot, double *x)
{
	struct linear *linear = f->implicit->linear;
	linear->way->solve(linear, slot, x);
}

void oj_sum_weighted(int64_t n, int count, const double *weights, const double *v, int64_t stride, double *out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = weights[0] * v[i];
	for (int k = 1; k < count; k++)
		for (int64_t i = 0; i < n; i++)
			out[i] += weights[k] * v[k * stride + i];
}
