/* Evaluating kernels one call at a time. */
#include "jit/evaluator.h"
#include "jit/nans.h"

#include <math.h>
#include <string.h>

ojit_evaluator *ojit_evaluator_new(ojit_program *program)
{
	struct system *system = &program->system;
	ojit_evaluator *e = oj_memory_get(system->context, sizeof *e);
	if (!e)
		return NULL;
	*e = (ojit_evaluator){.program = program};
	oj_error_init(&e->error, system->context);
	e->room = (size_t)(system->parameters + system->derived) + 1;
	e->p = oj_memory_get(system->context, e->room * sizeof *e->p);
	if (!e->p) {
		ojit_evaluator_free(e);
		return NULL;
	}
	e->d = e->p + system->parameters;
	ojit_evaluator_parameters(e, NULL);
	return e;
}

void ojit_evaluator_free(ojit_evaluator *e)
{
	if (!e)
		return;
	ojit_context *context = e->program->system.context;
	oj_evaluator_drop_functions(e);
	oj_evaluator_drop_derivatives(e);
	oj_memory_put(context, e->p, e->room * sizeof *e->p);
	oj_memory_put(context, e->scratch, e->scratch_room * sizeof *e->scratch);
	oj_error_drop(&e->error);
	oj_memory_put(context, e, sizeof *e);
}

ojit_error ojit_evaluator_error(const ojit_evaluator *e)
{
	return oj_error_public(&e->error);
}

ojit_status oj_evaluator_reserve(ojit_evaluator *e, size_t count)
{
	ojit_context *context = e->program->system.context;
	if (count <= e->scratch_room)
		return OJIT_OK;
	double *fresh = oj_memory_get(context, count * sizeof *fresh);
	if (!fresh)
		return oj_fail_memory(&e->error);
	oj_memory_put(context, e->scratch, e->scratch_room * sizeof *e->scratch);
	e->scratch = fresh;
	e->scratch_room = count;
	for (int k = 0; k < KERNEL_KINDS; k++)
		e->args[k].scratch = fresh;
	for (struct derivative_kernel *k = e->derivatives; k; k = k->next)
		k->args.scratch = fresh;
	oj_functions_move(e);
	return OJIT_OK;
}

static ojit_status fetch(ojit_evaluator *e, enum kernel_kind kind)
{
	struct system *system = &e->program->system;
	const struct kernel *kernel;
	TRY(system->kernel(system, kind, &kernel, &e->error));
	TRY(oj_evaluator_reserve(e, (size_t)kernel->scratch + 1));
	e->args[kind] = (struct kernel_args){.t = &e->t, .p = e->p, .d = e->d, .scratch = e->scratch};
	oj_kernel_bind(kernel, &e->args[kind]);
	e->kernels[kind] = kernel;
	return OJIT_OK;
}

static ojit_status run(ojit_evaluator *e, enum kernel_kind kind, double t, const double *y, double *out)
{
	if (!e->kernels[kind])
		TRY(fetch(e, kind));
	struct kernel_args *args = &e->args[kind];
	e->t = t;
	args->y = y;
	args->out = out;
	e->kernels[kind]->run(args);
	return OJIT_OK;
}

static ojit_status prepare(ojit_evaluator *e)
{
	if (e->program->system.derived)
		TRY(run(e, KERNEL_PREPARE, 0, NULL, e->d));
	e->finite = oj_only_finite(e->p, e->room - 1);
	e->prepared = true;
	return OJIT_OK;
}

ojit_status oj_evaluator_begin(ojit_evaluator *e)
{
	if (e->error.status != OJIT_OK)
		oj_error_clear(&e->error);
	return e->prepared ? OJIT_OK : prepare(e);
}

ojit_status ojit_evaluator_parameters(ojit_evaluator *e, const double *p)
{
	struct system *system = &e->program->system;
	oj_error_clear(&e->error);
	e->prepared = false;
	memset(e->ready, 0, sizeof e->ready);
	memset(e->latest, 0, sizeof e->latest);
	if (!p)
		TRY(system->defaults(system, NULL, e->p, &e->error));
	else
		memcpy(e->p, p, (size_t)system->parameters * sizeof *p);
	if (!e->functions)
		return OJIT_OK;
	TRY(prepare(e));
	return oj_functions_choose(e);
}

static ojit_status find_kind(ojit_evaluator *e, ojit_kernel kernel, enum kernel_kind *kind)
{
	static const enum kernel_kind kinds[OJIT_KERNEL_COUNT] = {
		[OJIT_RHS] = KERNEL_RHS, [OJIT_OBSERVABLES] = KERNEL_OUTPUTS, [OJIT_INITIAL] = KERNEL_INIT,
	};
	*kind = (unsigned)kernel < OJIT_KERNEL_COUNT ? kinds[kernel] : KERNEL_KINDS;
	return *kind < KERNEL_KINDS ? OJIT_OK : oj_fail(&e->error, OJIT_ARGUMENT, "there is no kernel %d; see ojit_kernel",
	                                                (int)kernel);
}

ojit_status oj_evaluator_kernel(ojit_evaluator *e, ojit_kernel which, const struct kernel **kernel)
{
	enum kernel_kind kind = KERNEL_KINDS;
	TRY(find_kind(e, which, &kind));
	if (!e->kernels[kind])
		TRY(fetch(e, kind));
	*kernel = e->kernels[kind];
	return OJIT_OK;
}

/* Apart, so that the quick way saves no registers for it. */
__attribute__((noinline, cold)) static ojit_status call_slowly(ojit_evaluator *e, ojit_kernel kernel, double t,
                                                               const double *y, double *out)
{
	enum kernel_kind kind = KERNEL_KINDS;
	memset(e->ready, 0, sizeof e->ready);
	oj_error_clear(&e->error);
	TRY(find_kind(e, kernel, &kind));
	if (!e->prepared)
		TRY(prepare(e));
	TRY(run(e, kind, t, y, out));
	e->ready[kernel].run = e->kernels[kind]->run;
	e->ready[kernel].args = &e->args[kind];
	return OJIT_OK;
}

ojit_status ojit_evaluator_call(ojit_evaluator *e, ojit_kernel kernel, double t, const double *y, double *out)
{
	if ((unsigned)kernel >= OJIT_KERNEL_COUNT || !e->ready[kernel].run || e->error.status != OJIT_OK)
		return call_slowly(e, kernel, t, y, out);
	struct kernel_args *args = e->ready[kernel].args;
	e->t = t;
	args->y = y;
	args->out = out;
	e->ready[kernel].run(args);
	return OJIT_OK;
}
