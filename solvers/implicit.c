/* See implicit.h. */
#include "solvers/implicit.h"

#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* What linear algebra takes, in operations of compiled equations: one of its own waits for the one
 * before it, or for an index, and a row of a matrix or of its Jacobian costs something
 * whatever its length (m: factors, solves and Jacobians of 60 models of 2 to 2,000 states, nine of ten
 * within a factor of 1.6).  A complex factorisation takes as long as two real ones. */
#define LINEAR_PRICE 4
#define FACTOR_ROW_PRICE 100
#define SOLVE_ROW_PRICE 40
#define FACTOR_START 300
#define SOLVE_START 100
#define JACOBIAN_START 300
#define COMPLEX_PRICE 2

static const struct variant jacobian_of_rhs = {.kind = VARIANT_JACOBIAN, .of = KERNEL_RHS, .by = BY_STATES};
static const struct variant by_time_of_rhs = {.kind = VARIANT_JACOBIAN, .of = KERNEL_RHS, .by = BY_TIME};

void oj_implicit_drop(struct implicit *m, ojit_context *context)
{
	oj_linear_drop(m->linear);
	oj_memory_put(context, m->memory, m->bytes);
	oj_memory_put(context, m->scratch, m->scratch_bytes);
	oj_memory_put(context, m->aside, m->aside_bytes);
	oj_text_drop(&m->why);
	*m = (struct implicit){0};
}

/* Scratch that is enough for a kernel. */
static ojit_status make_scratch(struct implicit *m, const struct kernel *kernel, struct oj_error *error)
{
	size_t bytes = kernel ? (size_t)kernel->scratch * sizeof(double) : 0;
	if (bytes <= m->scratch_bytes)
		return OJIT_OK;
	double *scratch = oj_memory_get(m->system->context, bytes);
	if (!scratch)
		return oj_fail_memory(error);
	oj_memory_put(m->system->context, m->scratch, m->scratch_bytes);
	m->scratch = m->args.scratch = scratch;
	m->scratch_bytes = bytes;
	return OJIT_OK;
}

/* The matrix' kernel, or the one that is faster by now. */
static ojit_status ask(struct implicit *m, struct matrix *matrix, struct oj_error *error)
{
	struct system *system = m->system;
	const struct kernel *kernel = NULL;
	matrix->variant.evaluations = matrix->calls;
	matrix->variant.wait = &matrix->wait;
	matrix->calls = 0;
	matrix->wait = UINT64_MAX;
	TRY(system->variant(system, &matrix->variant, &kernel, error));
	TRY(make_scratch(m, kernel, error));
	matrix->kernel = kernel;
	matrix->pattern = system->pattern(system, &matrix->variant);
	return OJIT_OK;
}

/* Between two calls.  Without memory the run goes on as it did. */
static void ask_again(struct implicit *m, struct matrix *matrix)
{
	struct oj_error ignored;
	oj_error_init(&ignored, m->system->context);
	ask(m, matrix, &ignored);
	oj_error_drop(&ignored);
}

static int64_t entries_of(const struct matrix *matrix)
{
	return matrix->pattern ? matrix->pattern->entries : 0;
}

static ojit_status make_values(struct implicit *m, struct oj_error *error)
{
	m->bytes = (size_t)(entries_of(&m->jacobian) + entries_of(&m->by_time)) * sizeof(double);
	m->memory = oj_memory_get(m->system->context, m->bytes);
	if (m->bytes > 0 && !m->memory)
		return oj_fail_memory(error);
	m->jacobian.values = m->memory;
	m->by_time.values = m->bytes ? m->memory + entries_of(&m->jacobian) : NULL;
	return OJIT_OK;
}

static double count_effort(const struct implicit *m)
{
	const struct matrix *jacobian = &m->jacobian;
	double effort = jacobian->kernel && m->system->effort ? m->system->effort(m->system, &jacobian->variant) : -1;
	return (effort >= 0 ? effort : (double)entries_of(jacobian)) + JACOBIAN_START;
}

static ojit_status make(struct implicit *m, struct oj_error *error)
{
	const struct pattern **pattern = &m->jacobian.pattern;
	m->jacobian.variant = jacobian_of_rhs;
	m->by_time.variant = by_time_of_rhs;
	if (!m->system->variant)
		return oj_fail(error, OJIT_UNSUPPORTED, "implicit methods need the Jacobian, which is made from the "
		               "equations, and this system has only functions; choose an explicit method");
	TRY(ask(m, &m->jacobian, error));
	if (m->request.by_time)
		TRY(ask(m, &m->by_time, error));
	TRY(make_values(m, error));
	m->jacobian_effort = count_effort(m);
	oj_text_init(&m->why, m->system->context);
	TRY(oj_linear_make(m->system->context, *pattern, m->request.kind, m->request.complexes, &m->linear, &m->why, error));
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
		m->system = system;
		ojit_status status = make(m, error);
		if (status != OJIT_OK) {
			oj_implicit_drop(m, system->context);
			return status;
		}
	}
	m->args = *args;
	m->args.scratch = m->scratch;
	return OJIT_OK;
}

bool oj_implicit_copy(struct implicit *m, const struct implicit *from)
{
	if (entries_of(&m->jacobian) > 0)
		memcpy(m->jacobian.values, from->jacobian.values, (size_t)entries_of(&m->jacobian) * sizeof(double));
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
	oj_implicit_forget(m);
}

void oj_implicit_forget(struct implicit *m)
{
	if (m->linear->way->forget)
		m->linear->way->forget(m->linear);
}

static void evaluate(struct implicit *m, struct matrix *matrix, double t, const double *y)
{
	if (matrix->calls >= matrix->wait)
		ask_again(m, matrix);
	matrix->calls++;
	oj_kernel_bind(matrix->kernel, &m->args);
	m->args.t = &t;
	m->args.y = y;
	m->args.out = matrix->values;
	matrix->kernel->run(&m->args);
}

static void evaluate_jacobian(struct implicit *m, double t, const double *y)
{
	m->jacobians++;
	m->effort += m->jacobian_effort;
	if (m->jacobian.kernel)
		evaluate(m, &m->jacobian, t, y);
}

/* ---- where slopes are infinite ---- */

#define FIXED_ASIDE 1e-4 /* of the largest state, where steps are of given size, and seldom short */

/* Seldom needed, so made when it is. */
static bool make_aside(struct implicit *m, int64_t n)
{
	if (m->aside)
		return true;
	m->aside_bytes = (size_t)(n + entries_of(&m->jacobian)) * sizeof(double);
	m->aside = oj_memory_get(m->system->context, m->aside_bytes);
	return m->aside;
}

static double largest_of(int64_t n, const double *y)
{
	double most = 0;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(y[i]));
	return most > 0 ? most : 1;
}

/* y, but states whose columns have what is not finite are moved, each by another length: their
 * difference may be what is 0. */
static void step_aside(struct implicit *m, int64_t n, const double *y, const struct tolerance *tolerance, double side)
{
	const struct pattern *pattern = m->jacobian.pattern;
	double unit = tolerance ? 0 : FIXED_ASIDE * largest_of(n, y);
	for (int64_t j = 0; j < n; j++) {
		int64_t begin = pattern->column[j], entries = pattern->column[j + 1] - begin;
		double distance = tolerance ? tolerance->atol[j] + tolerance->rtol * fabs(y[j]) : unit;
		bool finite = entries == 0 || oj_all_finite(entries, m->jacobian.values + begin);
		m->aside[j] = finite ? y[j] : y[j] + side * distance * (1 + (double)(j * 7919 % 101) / 101);
	}
}

static void take_from_beside(struct implicit *m, double *beside, double t)
{
	double *values = m->jacobian.values;
	m->jacobian.values = beside;
	evaluate_jacobian(m, t, m->aside);
	m->jacobian.values = values;
	for (int64_t k = 0; k < entries_of(&m->jacobian); k++)
		values[k] = isfinite(values[k]) ? values[k] : beside[k];
}

/* Where the solution touches the edge of a function's domain, steps go on; what iterates with J
 * needs no exact one, and errors of what does not are controlled.  First above, then below: there
 * may be no other side. */
static void mend(struct implicit *m, int64_t n, double t, const double *y, const struct tolerance *tolerance)
{
	static const double sides[] = {1, -1};
	for (size_t k = 0; k < sizeof sides / sizeof *sides; k++) {
		if (oj_all_finite(entries_of(&m->jacobian), m->jacobian.values) || !make_aside(m, n))
			return;
		step_aside(m, n, y, tolerance, sides[k]);
		take_from_beside(m, m->aside + n, t);
	}
}

void oj_jacobian_eval(struct rhs *f, double t, const double *y, const struct tolerance *tolerance)
{
	struct implicit *m = f->implicit;
	evaluate_jacobian(m, t, y);
	if (m->jacobian.kernel && entries_of(&m->jacobian) > 0)
		mend(m, f->n, t, y, tolerance);
}

int64_t oj_jacobian_fault(const struct implicit *m)
{
	if (!m->jacobian.kernel || entries_of(&m->jacobian) == 0)
		return -1;
	int64_t at = oj_first_nonfinite(entries_of(&m->jacobian), m->jacobian.values);
	return at < 0 ? -1 : m->jacobian.pattern->row[at];
}

#define ROUNDINGS (64 * DBL_EPSILON)

void oj_jacobian_noise(const struct implicit *m, int64_t n, const double *y, double *noise)
{
	const struct pattern *pattern = m->jacobian.pattern;
	for (int64_t i = 0; i < n; i++)
		noise[i] = 0;
	for (int64_t j = 0; j < n && m->jacobian.kernel; j++)
		for (int64_t e = pattern->column[j]; e < pattern->column[j + 1]; e++)
			noise[pattern->row[e]] += ROUNDINGS * fabs(m->jacobian.values[e] * y[j]);
}

bool oj_by_time_eval(struct rhs *f, double t, const double *y, double *out)
{
	struct matrix *by_time = &f->implicit->by_time;
	if (!by_time->kernel || entries_of(by_time) == 0)
		return false;
	evaluate(f->implicit, by_time, t, y);
	for (int64_t i = 0; i < f->n; i++)
		out[i] = 0;
	for (int64_t k = 0; k < entries_of(by_time); k++)
		out[by_time->pattern->row[k]] = by_time->values[k];
	return true;
}

double oj_factor_price(const struct rhs *f)
{
	return FACTOR_START + FACTOR_ROW_PRICE * (double)f->n + LINEAR_PRICE * f->implicit->linear->effort.factor;
}

double oj_solve_price(const struct rhs *f)
{
	return SOLVE_START + SOLVE_ROW_PRICE * (double)f->n + LINEAR_PRICE * f->implicit->linear->effort.solve;
}

bool oj_shift_factor(struct rhs *f, int slot, double re, double im)
{
	struct implicit *m = f->implicit;
	m->factorisations++;
	m->effort += (im != 0 ? COMPLEX_PRICE : 1) * oj_factor_price(f);
	return m->linear->way->factor(m->linear, slot, m->jacobian.values, re, im);
}

void oj_shift_solve(struct rhs *f, int slot, double *x)
{
	struct implicit *m = f->implicit;
	m->effort += (slot > 0 ? COMPLEX_PRICE : 1) * oj_solve_price(f);
	m->linear->way->solve(m->linear, slot, x);
}
