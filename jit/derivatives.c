/* Derivatives through an evaluator: see ojit/derive.h.  Each is a variant of the program
 * (variants.c); here arguments are checked and kernels called. */
#include <ojit/derive.h>

#include "jit/evaluator.h"
#include "jit/nans.h"

#include "lib/graph/finite.h"

#include <string.h>

void oj_evaluator_drop_derivatives(ojit_evaluator *e)
{
	struct derivative_kernel *kernel = e->derivatives, *next;
	for (; kernel; kernel = next) {
		next = kernel->next;
		oj_memory_put(e->program->system.context, kernel->seed, kernel->seeds * sizeof *kernel->seed);
		oj_memory_put(e->program->system.context, kernel, sizeof *kernel);
	}
}

/* ---------------------------------------------------------------- kernels */

static bool same_variant(const struct variant *a, const struct variant *b)
{
	return a->kind == b->kind && a->order == b->order && a->of == b->of && a->by == b->by &&
	       a->with_value == b->with_value && a->scalar == b->scalar && a->columns == b->columns &&
	       a->strong == b->strong;
}

static ojit_status fetch(ojit_evaluator *e, const struct variant *variant, struct derivative_kernel **out)
{
	struct system *system = &e->program->system;
	struct derivative_kernel *made = oj_memory_get(system->context, sizeof *made);
	if (!made)
		return oj_fail_memory(&e->error);
	*made = (struct derivative_kernel){.variant = *variant, .next = e->derivatives};
	ojit_status status = system->variant(system, variant, &made->kernel, &e->error);
	if (status == OJIT_OK && made->kernel)
		status = oj_evaluator_reserve(e, (size_t)made->kernel->scratch + 1);
	const struct program *source = status == OJIT_OK ? oj_program_variant_source(system, variant) : NULL;
	if (source && !oj_keeps_finite(source, &made->finite))
		status = oj_fail_memory(&e->error);
	if (status != OJIT_OK) {
		oj_memory_put(system->context, made, sizeof *made);
		return status;
	}
	made->args = (struct kernel_args){.t = &e->t, .p = e->p, .d = e->d, .scratch = e->scratch};
	if (made->kernel)
		oj_kernel_bind(made->kernel, &made->args);
	*out = e->derivatives = made;
	return OJIT_OK;
}

/* What was found comes first, for it is asked for again. */
ojit_status oj_derivative_find(ojit_evaluator *e, const struct variant *variant, struct derivative_kernel **out)
{
	for (struct derivative_kernel **at = &e->derivatives; *at; at = &(*at)->next) {
		struct derivative_kernel *found = *at;
		if (!same_variant(&found->variant, variant))
			continue;
		*at = found->next;
		found->next = e->derivatives;
		*out = e->derivatives = found;
		return OJIT_OK;
	}
	return fetch(e, variant, out);
}

static ojit_status call(ojit_evaluator *e, struct derivative_kernel *found, double t, const double *y,
                        const double *seed, double *out)
{
	e->t = t;
	found->args.y = y;
	found->args.seed = seed;
	found->args.out = out;
	found->kernel->run(&found->args);
	return OJIT_OK;
}

static ojit_status run(ojit_evaluator *e, const struct variant *variant, double t, const double *y, const double *seed,
                       double *out, size_t count)
{
	struct derivative_kernel *found;
	TRY(oj_derivative_find(e, variant, &found));
	if (found->kernel)
		return call(e, found, t, y, seed, out);
	if (count)
		memset(out, 0, count * sizeof *out);
	return OJIT_OK;
}

enum { LINEARISATION = VARIANT_KINDS };

/* What was called last is the first of all; `status` is the call's. */
static ojit_status remember(ojit_evaluator *e, int kind, ojit_kernel of, ojit_status status)
{
	struct derivative_kernel *last = e->derivatives;
	if (status == OJIT_OK && last->kernel)
		e->latest[kind] = (struct derivative_ready){last->kernel->run, &last->args, of, last->variant.by,
		                                            (size_t)last->variant.order, last->finite && e->finite};
	return status;
}

/* Is the same asked for again that was called last?  Then there is nothing to check,
 * prepare or forget. */
static inline const struct derivative_ready *same_again(const ojit_evaluator *e, int kind, ojit_kernel of, unsigned by)
{
	const struct derivative_ready *latest = &e->latest[kind];
	return latest->run && latest->by == by && latest->of == of && e->error.status == OJIT_OK ? latest : NULL;
}

/* A store more or less shows in the time of a small kernel: time has its place, and who has
 * no seed leaves the last. */
static inline ojit_status call_unseeded(ojit_evaluator *e, const struct derivative_ready *ready, double t,
                                        const double *y, double *out)
{
	e->t = t;
	ready->args->y = y;
	ready->args->out = out;
	ready->run(ready->args);
	return OJIT_OK;
}

static inline ojit_status call_again(ojit_evaluator *e, const struct derivative_ready *ready, double t, const double *y,
                                     const double *seed, double *out)
{
	ready->args->seed = seed;
	return call_unseeded(e, ready, t, y, out);
}

/* Before what is slow, so that the quick way saves no registers for it. */
#define APART __attribute__((noinline, cold))

/* ---------------------------------------------------------------- zeros in seeds */

/* What a 0 in a direction or in weights is multiplied with may be infinite. So that nothing is
 * spent on this where it is not, products with seeds are plain ones; where they gave what is
 * not a number, all is computed again by a kernel of strong ones (oj_times_strong).  Where the
 * program keeps finite numbers finite this is never done, be it the first call or a later one: looking
 * would take as long as a small kernel does, and what there is infinite has overflowed or was so in y. */
/* After out[count] was computed from seed[seeds]. */
APART static ojit_status run_strong(ojit_evaluator *e, struct variant variant, double t, const double *y,
                                    const double *seed, size_t seeds, double *out, size_t count)
{
	variant.strong = true;
	return oj_has_nan(out, count) && oj_has_zero(seed, seeds) ? run(e, &variant, t, y, seed, out, count) : OJIT_OK;
}

/* `run` of a product, and what is to be done after. */
static ojit_status run_product(ojit_evaluator *e, const struct variant *variant, double t, const double *y,
                               const double *seed, size_t seeds, double *out, size_t count)
{
	TRY(run(e, variant, t, y, seed, out, count));
	bool finite = e->derivatives->finite && e->finite; /* what was called last is the first of all */
	return finite ? OJIT_OK : run_strong(e, *variant, t, y, seed, seeds, out, count);
}

/* ---------------------------------------------------------------- arguments */

/* `one`: a matrix is by one kind of input. */
static ojit_status set_variant(ojit_evaluator *e, ojit_kernel of, unsigned by, unsigned allowed, bool one,
                               struct variant *variant)
{
	TRY(oj_evaluator_begin(e));
	if (of != OJIT_RHS && of != OJIT_OBSERVABLES)
		return oj_fail(&e->error, OJIT_ARGUMENT, "there are derivatives of OJIT_RHS and OJIT_OBSERVABLES, not of "
		               "kernel %d", (int)of);
	if (by == 0 || by & ~allowed || (one && by & (by - 1)))
		return oj_fail(&e->error, OJIT_ARGUMENT, "inputs %u: choose %s %s", by, one ? "one of" : "among",
		               allowed & OJIT_BY_TIME ? "OJIT_BY_STATES, OJIT_BY_PARAMETERS and OJIT_BY_TIME"
		                                      : "OJIT_BY_STATES and OJIT_BY_PARAMETERS");
	variant->of = of == OJIT_RHS ? KERNEL_RHS : KERNEL_OUTPUTS;
	variant->by = by;
	return OJIT_OK;
}

static size_t elements_of(const ojit_evaluator *e, ojit_kernel of)
{
	const struct system *s = &e->program->system;
	return (size_t)(of == OJIT_RHS ? s->states : s->outputs);
}

static size_t elements(const ojit_evaluator *e, const struct variant *variant)
{
	return elements_of(e, variant->of == KERNEL_RHS ? OJIT_RHS : OJIT_OBSERVABLES);
}

static size_t inputs(const ojit_evaluator *e, unsigned by)
{
	const struct system *s = &e->program->system;
	return (size_t)((by & OJIT_BY_STATES ? s->states : 0) + (by & OJIT_BY_PARAMETERS ? s->parameters : 0)) +
	       (by & OJIT_BY_TIME ? 1 : 0);
}

void oj_derivative_sizes(const ojit_evaluator *e, const struct variant *variant, size_t *of, size_t *by)
{
	*of = elements(e, variant);
	*by = inputs(e, variant->by);
}

static ojit_status check_directions(ojit_evaluator *e, size_t directions)
{
	if (directions == 0 || directions > INT32_MAX)
		return oj_fail(&e->error, OJIT_ARGUMENT, "%zu directions: give at least one, and at most 2^31 - 1", directions);
	return OJIT_OK;
}

ojit_status oj_derivative_begin(ojit_evaluator *e, ojit_kernel of, unsigned by, size_t directions,
                                struct variant *variant)
{
	unsigned allowed = OJIT_BY_STATES | OJIT_BY_PARAMETERS | (variant->kind == VARIANT_ADJOINT ? 0 : OJIT_BY_TIME);
	TRY(set_variant(e, of, by, allowed, variant->kind == VARIANT_JACOBIAN, variant));
	if (variant->kind != VARIANT_TANGENT)
		return OJIT_OK;
	TRY(check_directions(e, directions));
	variant->order = (int)directions;
	return OJIT_OK;
}

static ojit_status jacobian_variant(ojit_evaluator *e, ojit_kernel of, ojit_inputs by, struct variant *variant)
{
	*variant = (struct variant){.kind = VARIANT_JACOBIAN};
	return oj_derivative_begin(e, of, by, 1, variant);
}

static ojit_status hand_out_pattern(ojit_evaluator *e, const struct variant *variant, ojit_pattern *out)
{
	const struct pattern *pattern;
	TRY(oj_program_draw_pattern(e->program, variant, &pattern, &e->error));
	*out = oj_pattern_public(pattern);
	return OJIT_OK;
}

ojit_status ojit_evaluator_pattern(ojit_evaluator *e, ojit_kernel of, ojit_inputs by, ojit_pattern *out)
{
	struct variant variant;
	*out = (ojit_pattern){0};
	TRY(jacobian_variant(e, of, by, &variant));
	return hand_out_pattern(e, &variant, out);
}

APART static ojit_status jacobian_slowly(ojit_evaluator *e, ojit_kernel of, ojit_inputs by, double t, const double *y,
                                         double *values)
{
	struct variant variant;
	TRY(jacobian_variant(e, of, by, &variant));
	return remember(e, VARIANT_JACOBIAN, of, run(e, &variant, t, y, NULL, values, 0));
}

ojit_status ojit_evaluator_jacobian(ojit_evaluator *e, ojit_kernel of, ojit_inputs by, double t, const double *y,
                                    double *values)
{
	const struct derivative_ready *again = same_again(e, VARIANT_JACOBIAN, of, by);
	return again ? call_unseeded(e, again, t, y, values) : jacobian_slowly(e, of, by, t, y, values);
}

APART static ojit_status linearise_slowly(ojit_evaluator *e, ojit_kernel of, ojit_inputs by, double t, const double *y,
                                          double *out)
{
	struct variant variant;
	TRY(jacobian_variant(e, of, by, &variant));
	variant.with_value = true;
	return remember(e, LINEARISATION, of, run(e, &variant, t, y, NULL, out, 0));
}

ojit_status ojit_evaluator_linearisation(ojit_evaluator *e, ojit_kernel of, ojit_inputs by, double t,
                                         const double *y, double *out)
{
	const struct derivative_ready *again = same_again(e, LINEARISATION, of, by);
	return again ? call_unseeded(e, again, t, y, out) : linearise_slowly(e, of, by, t, y, out);
}

static const struct variant newton = {.kind = VARIANT_NEWTON, .of = KERNEL_RHS, .by = BY_STATES};

ojit_status ojit_evaluator_newton_pattern(ojit_evaluator *e, ojit_pattern *out)
{
	*out = (ojit_pattern){0};
	TRY(oj_evaluator_begin(e));
	return hand_out_pattern(e, &newton, out);
}

APART static ojit_status newton_slowly(ojit_evaluator *e, double t, const double *y, double gamma, double *values)
{
	TRY(oj_evaluator_begin(e));
	return remember(e, VARIANT_NEWTON, OJIT_RHS, run(e, &newton, t, y, &gamma, values, 0));
}

ojit_status ojit_evaluator_newton(ojit_evaluator *e, double t, const double *y, double gamma, double *values)
{
	const struct derivative_ready *again = same_again(e, VARIANT_NEWTON, OJIT_RHS, OJIT_BY_STATES);
	return again ? call_again(e, again, t, y, &gamma, values) : newton_slowly(e, t, y, gamma, values);
}

APART static ojit_status tangent_slowly(ojit_evaluator *e, ojit_kernel of, unsigned by, size_t directions, double t,
                                        const double *y, const double *seed, double *out)
{
	struct variant variant = {.kind = VARIANT_TANGENT};
	TRY(oj_derivative_begin(e, of, by, directions, &variant));
	return remember(e, VARIANT_TANGENT, of, run(e, &variant, t, y, seed, out, elements(e, &variant) * directions));
}

APART static ojit_status tangent_strongly(ojit_evaluator *e, ojit_kernel of, unsigned by, size_t directions, double t,
                                          const double *y, const double *seed, double *out)
{
	struct variant variant = {.kind = VARIANT_TANGENT, .order = (int)directions, .by = by,
	                          .of = of == OJIT_RHS ? KERNEL_RHS : KERNEL_OUTPUTS};
	return run_strong(e, variant, t, y, seed, inputs(e, by) * directions, out, elements_of(e, of) * directions);
}

/* Of a first call, and of all where the program promises nothing. */
__attribute__((noinline)) static ojit_status tangent_watched(ojit_evaluator *e, ojit_kernel of, unsigned by,
                                                             size_t directions, double t, const double *y,
                                                             const double *seed, double *out)
{
	const struct derivative_ready *again = same_again(e, VARIANT_TANGENT, of, by);
	ojit_status status = again && again->order == directions ? call_again(e, again, t, y, seed, out)
	                                                         : tangent_slowly(e, of, by, directions, t, y, seed, out);
	if (status != OJIT_OK || e->latest[VARIANT_TANGENT].finite || !oj_has_nan(out, elements_of(e, of) * directions))
		return status;
	return tangent_strongly(e, of, by, directions, t, y, seed, out);
}

ojit_status ojit_evaluator_tangent(ojit_evaluator *e, ojit_kernel of, unsigned by, size_t directions, double t,
                                   const double *y, const double *seed, double *out)
{
	const struct derivative_ready *again = same_again(e, VARIANT_TANGENT, of, by);
	return again && again->finite && again->order == directions ? call_again(e, again, t, y, seed, out)
	                                                            : tangent_watched(e, of, by, directions, t, y, seed, out);
}

APART static ojit_status adjoint_slowly(ojit_evaluator *e, ojit_kernel of, unsigned by, double t, const double *y,
                                        const double *weights, double *out)
{
	struct variant variant = {.kind = VARIANT_ADJOINT};
	TRY(oj_derivative_begin(e, of, by, 1, &variant));
	return remember(e, VARIANT_ADJOINT, of, run(e, &variant, t, y, weights, out, inputs(e, by)));
}

APART static ojit_status adjoint_strongly(ojit_evaluator *e, ojit_kernel of, unsigned by, double t, const double *y,
                                          const double *weights, double *out)
{
	struct variant variant = {.kind = VARIANT_ADJOINT, .by = by, .of = of == OJIT_RHS ? KERNEL_RHS : KERNEL_OUTPUTS};
	return run_strong(e, variant, t, y, weights, elements_of(e, of), out, inputs(e, by));
}

__attribute__((noinline)) static ojit_status adjoint_watched(ojit_evaluator *e, ojit_kernel of, unsigned by, double t,
                                                             const double *y, const double *weights, double *out)
{
	const struct derivative_ready *again = same_again(e, VARIANT_ADJOINT, of, by);
	ojit_status status = again ? call_again(e, again, t, y, weights, out) : adjoint_slowly(e, of, by, t, y, weights, out);
	if (status != OJIT_OK || e->latest[VARIANT_ADJOINT].finite || !oj_has_nan(out, inputs(e, by)))
		return status;
	return adjoint_strongly(e, of, by, t, y, weights, out);
}

ojit_status ojit_evaluator_adjoint(ojit_evaluator *e, ojit_kernel of, unsigned by, double t, const double *y,
                                   const double *weights, double *out)
{
	const struct derivative_ready *again = same_again(e, VARIANT_ADJOINT, of, by);
	return again && again->finite ? call_again(e, again, t, y, weights, out)
	                              : adjoint_watched(e, of, by, t, y, weights, out);
}

/* ---------------------------------------------------------------- scalars */

static ojit_status scalar_variant(ojit_evaluator *e, const ojit_scalar *scalar, unsigned by, bool one,
                                  struct variant *variant)
{
	TRY(set_variant(e, scalar->of, by, OJIT_BY_STATES | OJIT_BY_PARAMETERS, one, variant));
	size_t count = elements(e, variant);
	if (!scalar->weights && scalar->element >= count)
		return oj_fail(&e->error, OJIT_ARGUMENT, "element %zu is not there, the kernel has %zu; count from 0, or give "
		               "weights", scalar->element, count);
	variant->scalar = scalar->weights ? 0 : (int64_t)scalar->element + 1;
	return OJIT_OK;
}

static size_t weights_of(const ojit_evaluator *e, const ojit_scalar *scalar)
{
	return scalar->weights ? elements_of(e, scalar->of) : 0;
}

ojit_status ojit_evaluator_gradient(ojit_evaluator *e, const ojit_scalar *scalar, unsigned by, double t,
                                    const double *y, double *out)
{
	struct variant variant = {.kind = VARIANT_ADJOINT};
	TRY(scalar_variant(e, scalar, by, false, &variant));
	return run_product(e, &variant, t, y, scalar->weights, weights_of(e, scalar), out, inputs(e, by));
}

/* The weights and the directions as one vector, which is kept for the next call. */
static ojit_status join_seed(ojit_evaluator *e, const struct variant *variant, const double *weights,
                             const double *directions, const double **seed)
{
	struct derivative_kernel *found;
	size_t before = elements(e, variant), count = inputs(e, variant->by) * (size_t)variant->order;
	TRY(oj_derivative_find(e, variant, &found));
	if (!found->seed) {
		found->seeds = before + count + 1;
		found->seed = oj_memory_get(e->program->system.context, found->seeds * sizeof *found->seed);
	}
	if (!found->seed)
		return oj_fail_memory(&e->error);
	if (before)
		memcpy(found->seed, weights, before * sizeof *weights);
	if (count)
		memcpy(found->seed + before, directions, count * sizeof *directions);
	*seed = found->seed;
	return OJIT_OK;
}

ojit_status ojit_evaluator_hessian_product(ojit_evaluator *e, const ojit_scalar *scalar, unsigned by,
                                           size_t directions, double t, const double *y, const double *seed,
                                           double *out)
{
	struct variant variant = {.kind = VARIANT_HESSIAN_PRODUCT, .order = (int)directions};
	TRY(scalar_variant(e, scalar, by, false, &variant));
	TRY(check_directions(e, directions));
	if (scalar->weights)
		TRY(join_seed(e, &variant, scalar->weights, seed, &seed));
	size_t count = inputs(e, by) * directions;
	return run_product(e, &variant, t, y, seed, weights_of(e, scalar) + count, out, count);
}

static ojit_status row_variant(ojit_evaluator *e, ojit_kernel of, size_t element, ojit_inputs by, struct variant *variant)
{
	TRY(jacobian_variant(e, of, by, variant));
	if (element >= elements(e, variant))
		return oj_fail(&e->error, OJIT_ARGUMENT, "element %zu is not there, the kernel has %zu; count from 0", element,
		               elements(e, variant));
	variant->scalar = (int64_t)element + 1;
	return OJIT_OK;
}

ojit_status ojit_evaluator_row_pattern(ojit_evaluator *e, ojit_kernel of, size_t element, ojit_inputs by, ojit_pattern *out)
{
	struct variant variant;
	*out = (ojit_pattern){0};
	TRY(row_variant(e, of, element, by, &variant));
	return hand_out_pattern(e, &variant, out);
}

ojit_status ojit_evaluator_row(ojit_evaluator *e, ojit_kernel of, size_t element, ojit_inputs by, double t,
                               const double *y, double *values)
{
	struct variant variant;
	TRY(row_variant(e, of, element, by, &variant));
	return run(e, &variant, t, y, NULL, values, 0);
}

static ojit_status hessian_variant(ojit_evaluator *e, const ojit_scalar *scalar, ojit_inputs rows,
                                   ojit_inputs columns, struct variant *variant)
{
	*variant = (struct variant){.kind = VARIANT_HESSIAN};
	TRY(scalar_variant(e, scalar, columns, true, variant));
	variant->columns = columns;
	return scalar_variant(e, scalar, rows, true, variant);
}

ojit_status ojit_evaluator_hessian_pattern(ojit_evaluator *e, const ojit_scalar *scalar, ojit_inputs rows,
                                           ojit_inputs columns, ojit_pattern *out)
{
	struct variant variant;
	*out = (ojit_pattern){0};
	TRY(hessian_variant(e, scalar, rows, columns, &variant));
	return hand_out_pattern(e, &variant, out);
}

ojit_status ojit_evaluator_hessian(ojit_evaluator *e, const ojit_scalar *scalar, ojit_inputs rows,
                                   ojit_inputs columns, double t, const double *y, double *values)
{
	struct variant variant;
	TRY(hessian_variant(e, scalar, rows, columns, &variant));
	TRY(run(e, &variant, t, y, scalar->weights, values, 0));
	const struct pattern *pattern = e->program->system.pattern(&e->program->system, &variant);
	return run_strong(e, variant, t, y, scalar->weights, weights_of(e, scalar), values, (size_t)pattern->entries);
}
