/* The pipeline, from a model to programs that can be translated.
 *
 * All programs of a model go through the same passes; what hoist takes out of the
 * right-hand side and the observables gathers in the prepare program, which comes
 * last.  Nothing here knows of machine code. */
#include "jit/compile.h"

#include "lib/graph/compact.h"
#include "lib/graph/unroll.h"

#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

double oj_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

ojit_compile_options ojit_compile_options_default(void)
{
	return (ojit_compile_options){.executor = OJIT_AUTOMATIC, .law = OJIT_LAW_EXACT, .threads = 1};
}

bool oj_leaves_out(const struct settings *settings, const char *name)
{
	uint32_t p = 0;
	while (oj_passes[p].name && strcmp(oj_passes[p].name, name))
		p++;
	return settings->without >> p & 1;
}

static ojit_status fail_pass(const char *name, struct oj_error *error)
{
	struct text known;
	oj_text_init(&known, error->message.context);
	for (uint32_t p = 0; oj_passes[p].name; p++)
		if (!oj_passes[p].required)
			oj_text_format(&known, "%s%s", known.length ? ", " : "", oj_passes[p].name);
	oj_text_format(&known, ", step");
	oj_fail(error, OJIT_ARGUMENT, "there is no pass '%s' that can be left out. There are: %s", name,
	        oj_text_get(&known));
	oj_text_drop(&known);
	return error->status;
}

static ojit_status find_pass(const char *name, uint32_t *bit, struct oj_error *error)
{
	*bit = strcmp(name, "step") ? 0 : WITHOUT_STEP;
	for (uint32_t p = 0; oj_passes[p].name && !*bit; p++)
		if (!strcmp(name, oj_passes[p].name) && !oj_passes[p].required)
			*bit = 1u << p;
	return *bit ? OJIT_OK : fail_pass(name, error);
}

/* That this process may use. */
static int cores(void)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
		return CPU_COUNT(&set);
	long count = sysconf(_SC_NPROCESSORS_ONLN); /* more processors than a set has room for */
	return count > 0 ? (int)count : 1;
}

ojit_status oj_settings(const ojit_compile_options *options, struct settings *settings, struct oj_error *error)
{
	ojit_compile_options o = options ? *options : ojit_compile_options_default();
	*settings = (struct settings){.executor = o.executor, .law = (enum law)o.law, .lanes = o.lanes,
	                              .threads = o.threads ? o.threads : cores(),
	                              .jacobian = (enum jacobian_way)o.jacobian,
	                              .watch = o.watch, .watch_user = o.watch_user};
	if ((unsigned)o.executor > OJIT_INTERPRETER || (unsigned)o.law > OJIT_LAW_REAL)
		return oj_fail(error, OJIT_ARGUMENT, "the executor or the law is not one of those in ojit/program.h");
	if ((unsigned)o.jacobian > OJIT_JACOBIAN_COLOURED)
		return oj_fail(error, OJIT_ARGUMENT, "jacobian %d is not one of those in ojit/program.h", (int)o.jacobian);
	if (o.lanes < 0 || o.lanes > 8 || (o.lanes & (o.lanes - 1)))
		return oj_fail(error, OJIT_ARGUMENT, "%d lanes: use 1, 2, 4, 8, or 0 for what suits the machine", o.lanes);
	if (o.threads < 0)
		return oj_fail(error, OJIT_ARGUMENT, "%d threads: use 1 or more, or 0 for as many as there are cores",
		               o.threads);
	for (size_t i = 0; i < o.without_count; i++) {
		uint32_t bit = 0;
		if (!o.without || !o.without[i])
			return oj_fail(error, OJIT_ARGUMENT, "without[%zu] is NULL; give without_count names of passes", i);
		TRY(find_pass(o.without[i], &bit, error));
		settings->without |= bit;
	}
	return OJIT_OK;
}

static void begin_stage(const struct settings *settings, const char *stage)
{
	if (settings->watch)
		settings->watch(settings->watch_user, stage);
}

/* Forget what a pass has left behind. */
static ojit_status tidy(struct lowered *lowered, struct oj_error *error)
{
	enum { PRIMALS = 3 };
	struct program *programs[PROGRAM_KINDS + PRIMALS] = {&lowered->primal, &lowered->primal_outputs,
	                                                     &lowered->primal_prepare};
	for (int kind = 0; kind < PROGRAM_KINDS; kind++)
		programs[kind + PRIMALS] = &lowered->programs[kind];
	if (oj_space_tidy(&lowered->space, programs, PROGRAM_KINDS + PRIMALS) != OJIT_OK)
		return oj_fail_memory(error);
	return OJIT_OK;
}

/* Run the passes over one program, up to and including `stop`.  `lowered`: all that
 * is in its space, NULL where others hold on to nodes of it. */
static ojit_status run_passes(struct lowered *lowered, struct program *program, const struct settings *settings,
                              struct program *prepare, const char *stop, struct oj_error *error)
{
	struct pass_options options = {.law = settings->law, .prepare = prepare};
	for (uint32_t p = 0; oj_passes[p].name; p++) {
		bool last = stop && !strcmp(stop, oj_passes[p].name);
		options.explanation = last ? settings->explanation : NULL;
		if (!(settings->without >> p & 1) && (program->blocks.count || options.explanation)) {
			begin_stage(settings, oj_passes[p].name);
			TRY(oj_passes[p].run(program, &options, error));
			TRY(lowered ? tidy(lowered, error) : OJIT_OK);
		}
		if (last)
			break;
	}
	return OJIT_OK;
}

/* What is still to be run over a variant.  Rules that change bits may not meet the sums of
 * a step, and its parts wait for each other, so that cutting it would only put memory
 * between them.  Series keep their loops: orders are written out already. */
static const char *const *passes_of(enum variant_kind kind)
{
	static const char *const whole[] = {"expand", NULL};
	static const char *const series[] = {"simplify", "inline", "fuse", "expand", "partition", NULL};
	static const char *const derivative[] = {"simplify", "inline", "fuse", "pairs", "expand", "partition", NULL};
	return kind == VARIANT_STEP || kind == VARIANT_EXTRA || kind == VARIANT_SWITCHES ? whole : kind == VARIANT_TAYLOR ? series : derivative;
}

ojit_status oj_finish_variant(struct program *program, enum variant_kind kind, const struct settings *settings,
                              struct oj_error *error)
{
	struct settings rest = *settings;
	for (uint32_t p = 0; oj_passes[p].name; p++) {
		const char *const *wanted = passes_of(kind);
		while (*wanted && strcmp(oj_passes[p].name, *wanted))
			wanted++;
		rest.without |= *wanted ? 0 : 1u << p;
	}
	return run_passes(NULL, program, &rest, NULL, NULL, error);
}

/* Defaults of parameters stay in the order they are stored in: what the user has set
 * stands in for a default before the next one reads it. */
static ojit_status prepare_parameters(struct lowered *lowered, const struct settings *settings, struct oj_error *error)
{
	static const char *const joining[] = {"roll", "separate", "inline", "fuse", "pairs", "partition"};
	struct program *program = &lowered->programs[KERNEL_PARAMETERS];
	struct settings apart = *settings;
	for (uint32_t p = 0; oj_passes[p].name; p++)
		for (size_t a = 0; a < sizeof joining / sizeof *joining; a++)
			if (!strcmp(oj_passes[p].name, joining[a]))
				apart.without |= 1u << p;
	TRY(run_passes(lowered, program, &apart, NULL, NULL, error));
	return oj_program_layout(program) == OJIT_OK ? OJIT_OK : oj_fail_memory(error);
}

/* Those passes that make primal programs and are left out: what variants are made of is brought
 * there by all of them nevertheless, so that derivatives have the same bits whatever the user
 * leaves out.  Only `separate` changes values itself. */
static uint32_t left_out_early(const struct settings *settings)
{
	uint32_t early = 0;
	for (uint32_t p = 0; oj_passes[p].name; p++) {
		early |= strcmp(oj_passes[p].name, "separate") ? 1u << p : 0;
		if (!strcmp(oj_passes[p].name, "hoist"))
			break;
	}
	return settings->without & early;
}

static ojit_status make_primal(struct lowered *lowered, enum kernel_kind kind, struct program *primal,
                               const struct settings *settings, struct oj_error *error)
{
	struct settings all = *settings;
	all.without &= ~left_out_early(settings);
	all.watch = NULL; /* who watches hears of the way that was asked for */
	if (oj_program_copy(primal, &lowered->programs[kind], &lowered->space) != OJIT_OK)
		return oj_fail_memory(error);
	return run_passes(lowered, primal, &all, &lowered->programs[KERNEL_PREPARE], "hoist", error);
}

/* Variants are made of a program as it is when all passes are done that later ones do
 * not repeat: before operators are written out and code is cut. */
static ojit_status bring_to_primal(struct lowered *lowered, enum kernel_kind kind, struct program *primal,
                                   const struct settings *settings, struct oj_error *error)
{
	struct program *program = &lowered->programs[kind], *prepare = &lowered->programs[KERNEL_PREPARE];
	struct settings rest = *settings;
	TRY(run_passes(lowered, program, settings, prepare, "hoist", error));
	if (oj_program_copy(primal, program, program->space) != OJIT_OK)
		return oj_fail_memory(error);
	for (uint32_t p = 0; oj_passes[p].name; p++) {
		rest.without |= 1u << p;
		if (!strcmp(oj_passes[p].name, "hoist"))
			break;
	}
	return run_passes(lowered, program, &rest, NULL, NULL, error);
}

static ojit_status note_loops(struct lowered *lowered, const struct settings *settings, struct oj_error *error)
{
	static const enum kernel_kind kinds[] = {KERNEL_RHS, KERNEL_OUTPUTS};
	bool ok = true;
	for (size_t k = 0; ok && k < sizeof kinds / sizeof *kinds && oj_leaves_out(settings, "roll"); k++)
		lowered->loopless[kinds[k]] = !oj_has_loops(&lowered->programs[kinds[k]], &ok);
	return ok ? OJIT_OK : oj_fail_memory(error);
}

/* Where an early pass is left out, the primal programs come first, as they would be, and what
 * is evaluated goes its own way after. */
static ojit_status bring_to_primals(struct lowered *lowered, const struct settings *settings, struct oj_error *error)
{
	struct program *programs = lowered->programs, *prepare = &programs[KERNEL_PREPARE];
	bool apart = left_out_early(settings) != 0;
	TRY(note_loops(lowered, settings, error));
	TRY((apart ? make_primal : bring_to_primal)(lowered, KERNEL_RHS, &lowered->primal, settings, error));
	TRY((apart ? make_primal : bring_to_primal)(lowered, KERNEL_OUTPUTS, &lowered->primal_outputs, settings, error));
	if (oj_program_copy(&lowered->primal_prepare, prepare, &lowered->space) != OJIT_OK)
		return oj_fail_memory(error);
	TRY(apart ? run_passes(lowered, &programs[KERNEL_RHS], settings, prepare, NULL, error) : OJIT_OK);
	return apart ? run_passes(lowered, &programs[KERNEL_OUTPUTS], settings, prepare, NULL, error) : OJIT_OK;
}

static ojit_status run_all(ojit_model *model, const struct settings *settings, int kind, const char *stop,
                           struct lowered *lowered, struct oj_error *error)
{
	begin_stage(settings, "program");
	TRY(oj_model_lower(model, lowered, error));
	struct program *programs = lowered->programs, *prepare = &programs[KERNEL_PREPARE];
	if (stop && kind != KERNEL_PREPARE)
		return !strcmp(stop, "program") ? OJIT_OK
		                                : run_passes(lowered, &programs[kind], settings, prepare, stop, error);
	TRY(bring_to_primals(lowered, settings, error));
	TRY(run_passes(lowered, &programs[KERNEL_INIT], settings, NULL, NULL, error));
	TRY(prepare_parameters(lowered, settings, error));
	return run_passes(lowered, prepare, settings, NULL, NULL, error);
}

ojit_status oj_compile(ojit_model *model, const struct settings *settings, int kind, const char *stop,
                       struct lowered *lowered, struct oj_error *error)
{
	ojit_status status = run_all(model, settings, kind, stop, lowered, error);
	begin_stage(settings, "");
	return status;
}
