/* Making and reading a solver; see solver.h. */
#include "solvers/auto.h"
#include "solvers/probe.h"
#include "solvers/solver.h"

#include <string.h>

/* ---- making ---- */

/* A model without states has nothing to evaluate. */
static void run_nothing(const struct kernel_args *args)
{
	(void)args;
}
static const struct kernel nothing = {.run = run_nothing, .lanes = 1};

static ojit_status ask_kernel(ojit_solver *s, enum kernel_kind kind, int64_t size)
{
	s->kernels[kind] = NULL;
	if (size == 0)
		return OJIT_OK;
	return s->system->kernel(s->system, kind, &s->kernels[kind], &s->error);
}

static ojit_status ask_kernels(ojit_solver *s)
{
	TRY(ask_kernel(s, KERNEL_RHS, s->system->states));
	TRY(ask_kernel(s, KERNEL_INIT, s->system->states));
	TRY(ask_kernel(s, KERNEL_PREPARE, s->system->derived));
	TRY(ask_kernel(s, KERNEL_OUTPUTS, s->system->outputs));
	if (!s->kernels[KERNEL_RHS])
		s->kernels[KERNEL_RHS] = &nothing;
	return OJIT_OK;
}

static double *vector(ojit_solver *s, int64_t length)
{
	return ARENA_ZEROED(&s->arena, double, length);
}

static struct overrides overrides(ojit_solver *s, int64_t length)
{
	return (struct overrides){vector(s, length), ARENA_ZEROED(&s->arena, unsigned char, length)};
}

static ojit_status make_arrays(ojit_solver *s)
{
	const struct system *system = s->system;
	int64_t scratch = 0;
	for (int kind = 0; kind < KERNEL_KINDS; kind++)
		if (s->kernels[kind] && s->kernels[kind]->scratch > scratch)
			scratch = s->kernels[kind]->scratch;
	s->parameters = overrides(s, system->parameters);
	s->initials = overrides(s, system->states);
	s->tolerances = overrides(s, system->states);
	s->p = vector(s, system->parameters);
	s->d = vector(s, system->derived);
	s->z = vector(s, system->discrete);
	s->atol = vector(s, stride_of(system->states));
	s->small = ARENA_ZEROED(&s->arena, int64_t, system->states);
	s->probe = system->timeless ? NULL : vector(s, PROBE_VECTORS * system->states);
	s->again = vector(s, system->states);
	s->nonnegative = ARENA_ZEROED(&s->arena, int64_t, system->states);
	s->marks = ARENA_ZEROED(&s->arena, unsigned char, system->states);
	s->y = vector(s, system->states);
	s->start = vector(s, system->states);
	s->outputs = vector(s, system->outputs);
	s->scratch = vector(s, scratch);
	if (s->arena.failed)
		return oj_fail_memory(&s->error);
	s->rhs = (struct rhs){.kernel = s->kernels[KERNEL_RHS],
	                      .args = oj_solver_args(s, KERNEL_RHS), .n = system->states,
	                      .timeless = system->timeless && !system->jumps,
	                      .jumps = system->jumps};
	return OJIT_OK;
}

static ojit_status make(ojit_solver *s)
{
	TRY(ask_kernels(s));
	TRY(make_arrays(s));
	s->stale = true;
	return OJIT_OK;
}

ojit_solver *oj_solver_new(struct system *system)
{
	ojit_solver *s = oj_memory_get(system->context, sizeof *s);
	if (!s)
		return NULL;
	*s = (ojit_solver){.system = system};
	oj_error_init(&s->error, system->context);
	oj_error_init(&s->unmade, system->context);
	oj_arena_init(&s->arena, system->context);
	oj_record_init(&s->rows.record, system->context);
	oj_record_init(&s->way, system->context);
	oj_text_init(&s->message, system->context);
	oj_text_init(&s->choice, system->context);
	oj_text_init(&s->name, system->context);
	s->broken = make(s) != OJIT_OK;
	return s;
}

void ojit_solver_free(ojit_solver *s)
{
	if (!s)
		return;
	ojit_context *context = s->system->context;
	oj_record_drop(&s->rows.record);
	oj_record_drop(&s->way);
	oj_implicit_drop(&s->implicit, context);
	oj_memory_put(context, s->state, s->state_bytes);
	oj_memory_put(context, s->variant_scratch, s->variant_bytes);
	oj_memory_put(context, s->crossing_scratch, s->crossing_bytes);
	oj_text_drop(&s->message);
	oj_text_drop(&s->choice);
	oj_text_drop(&s->name);
	oj_arena_drop(&s->arena);
	oj_error_drop(&s->unmade);
	oj_error_drop(&s->error);
	oj_memory_put(context, s, sizeof *s);
}

ojit_status oj_solver_call(ojit_solver *s)
{
	if (s->broken)
		return s->error.status;
	if (s->error.status != OJIT_OK)
		oj_error_clear(&s->error);
	return OJIT_OK;
}

struct kernel_args oj_solver_args(const ojit_solver *s, enum kernel_kind kind)
{
	struct kernel_args args = {.p = s->p, .d = s->d, .z = s->z, .scratch = s->scratch};
	if (s->kernels[kind])
		oj_kernel_bind(s->kernels[kind], &args);
	return args;
}

ojit_error ojit_solver_error(const ojit_solver *s)
{
	return oj_error_public(&s->error);
}

/* ---- reading the result ---- */

const char *ojit_outcome_name(ojit_outcome outcome)
{
	static const char *const names[OJIT_OUTCOME_COUNT] = {
		"success", "stopped", "max_steps", "step_too_small", "nonfinite", "interrupted", "steady", "outgrown",
	};
	return (unsigned)outcome < OJIT_OUTCOME_COUNT ? names[outcome] : "unknown outcome";
}

ojit_stats ojit_solver_stats(const ojit_solver *s)
{
	return s->ran ? s->loop.stats : (ojit_stats){0};
}

const char *oj_solver_message(const ojit_solver *s)
{
	/* Without memory for the sentence its subject has to do. */
	return s->message.failed ? ojit_outcome_name(s->loop.stats.outcome) : oj_text_get(&s->message);
}

const char *ojit_solver_message(const ojit_solver *s)
{
	return s->ran && s->loop.stats.outcome != OJIT_SUCCESS ? oj_solver_message(s) : "";
}

const char *ojit_solver_linear(const ojit_solver *s)
{
	return s->rhs.implicit ? oj_text_get(&s->implicit.why) : "";
}

const char *ojit_solver_choice(ojit_solver *s)
{
	oj_text_drop(&s->choice);
	oj_text_init(&s->choice, s->system->context);
	if ((s->ran || s->held) && s->loop.stepper == &oj_stepper_auto)
		oj_auto_explain(s->state, s->loop.stats.steps, &s->choice);
	if (s->unmade.status != OJIT_OK)
		oj_text_format(&s->choice, "; no implicit method: %s", oj_error_public(&s->unmade).message);
	return s->choice.failed ? "" : oj_text_get(&s->choice);
}

size_t ojit_solver_below_atol(const ojit_solver *s, size_t *states, size_t room)
{
	size_t count = s->ran || s->held ? (size_t)s->loop.small_count : 0;
	for (size_t i = 0; i < count && i < room; i++)
		states[i] = (size_t)s->small[i];
	return count;
}

size_t ojit_solver_rows(const ojit_solver *s)
{
	return s->ran ? s->rows.record.rows : 0;
}

size_t ojit_solver_columns(const ojit_solver *s)
{
	return 1 + (size_t)s->system->states + (size_t)s->system->outputs;
}

const double *ojit_solver_row(const ojit_solver *s, size_t i)
{
	return i < ojit_solver_rows(s) ? oj_record_row(&s->rows.record, i) : NULL;
}

const double *ojit_solver_last_states(const ojit_solver *s)
{
	return s->ran ? s->y : NULL;
}

const double *ojit_solver_last_outputs(const ojit_solver *s)
{
	return s->ran ? s->outputs : NULL;
}
