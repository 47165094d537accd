/* Programs as users hold them: kernels made on demand, defaults of parameters. */
#include "jit/compile.h"

#include "lib/graph/cost.h"
#include "lib/graph/enclose.h"
#include "lib/graph/switches.h"

#include <string.h>

struct target oj_program_target(const struct settings *settings, const struct backend *backend)
{
	static const int levels[] = {
		[OJIT_AUTOMATIC] = LEVEL_AUTOMATIC, [OJIT_OPTIMISED] = 2, [OJIT_UNOPTIMISED] = 0,
		[OJIT_INTERPRETER] = LEVEL_AUTOMATIC, /* for listings */
	};
	return (struct target){
		.lanes = settings->lanes ? settings->lanes : backend->lanes(),
		.axis = LANES_MAP,
		.level = levels[settings->executor],
		.threads = settings->threads,
	};
}

/* Straight code stores number by number; loops mostly do not. */
static bool stores_apart(const struct program *source)
{
	double apart = 0, together = 0;
	for (size_t b = 0; b < source->blocks.count; b++) {
		const struct block *block = &source->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++)
			if (source->space->arrays.at[block->stores.at[s].array].role == ROLE_OUT)
				*(block->rank ? &together : &apart) += (double)oj_block_points(block);
	}
	return apart >= together;
}

ojit_status oj_slot_translate(struct ojit_program *program, const struct program *source, enum pace pace,
                              struct kernel_slot *slot, struct oj_error *error)
{
	ojit_context *context = program->system.context;
	const struct backend *backend;
	struct object object = {0};
	TRY(oj_backend_open(context, &backend, error));
	struct target target = oj_program_target(&program->settings, backend);
	target.soon = pace == PACE_SOON;
	target.level = pace == PACE_THOROUGH ? 2 : target.level;
	TRY(backend->translate(source, &target, &object, NULL, NULL, error));
	ojit_status status = backend->load(context, &object, &slot->code, &slot->kernel.run, error);
	oj_memory_put(context, object.bytes, object.size);
	if (status != OJIT_OK)
		return status;
	slot->kernel.data = source->space->data.at;
	slot->kernel.tables = source->space->table_data.at;
	slot->kernel.env = oj_math_table();
	slot->kernel.scratch = source->scratch;
	slot->kernel.lanes = 1;
	slot->kernel.apart = stores_apart(source);
	program->code_bytes += backend->code_bytes(slot->code);
	program->compiles++;
	atomic_fetch_add_explicit(&context->compiles, 1, memory_order_relaxed);
	return OJIT_OK;
}

ojit_status oj_slot_plan(const struct program *source, struct kernel_slot *slot, struct oj_error *error)
{
	if (oj_interpreter_new(source, &slot->interpreter) != OJIT_OK)
		return oj_fail_memory(error);
	slot->kernel = oj_interpreter_kernel(slot->interpreter);
	return OJIT_OK;
}

ojit_status oj_slot_enclose(const struct program *source, struct kernel_slot *slot, struct oj_error *error)
{
	TRY(oj_slot_plan(source, slot, error));
	slot->kernel = oj_enclosing_kernel(slot->interpreter);
	return OJIT_OK;
}

enum { SMALL = 20000 }; /* additions: below, interpreting once is quicker than translating */

/* Kernels that run once a solve are worth translating only when they are long. */
static bool worth_translating(const struct ojit_program *program, enum kernel_kind kind)
{
	const struct program *source = &program->lowered.programs[kind];
	double work = 0;
	if (program->settings.executor == OJIT_INTERPRETER)
		return false;
	if (kind != KERNEL_INIT && kind != KERNEL_PREPARE)
		return true;
	for (size_t b = 0; b < source->blocks.count; b++) {
		const struct block *block = &source->blocks.at[b];
		for (size_t s = 0; s < block->stores.count; s++) {
			unsigned cost = SMALL;
			oj_cost(&source->space->graph, block->stores.at[s].value, SMALL, &cost);
			work += (double)oj_block_points(block) * (cost + 1);
		}
	}
	return work > SMALL;
}

static ojit_status fill_slot(struct ojit_program *program, enum kernel_kind kind, struct oj_error *error)
{
	struct kernel_slot *slot = &program->slots[kind];
	ojit_status status = OJIT_OK;
	pthread_mutex_lock(&program->lock);
	if (!atomic_load_explicit(&slot->ready, memory_order_relaxed)) {
		double begin = oj_seconds();
		const struct program *source = &program->lowered.programs[kind];
		status = worth_translating(program, kind) ? oj_slot_translate(program, source, PACE_AS_SET, slot, error)
		                                          : oj_slot_plan(source, slot, error);
		program->seconds += oj_seconds() - begin;
		if (status == OJIT_OK)
			atomic_store_explicit(&slot->ready, &slot->kernel, memory_order_release);
	}
	pthread_mutex_unlock(&program->lock);
	return status;
}

ojit_status oj_program_kernel(struct system *system, enum kernel_kind kind, const struct kernel **kernel,
                              struct oj_error *error)
{
	struct ojit_program *program = (struct ojit_program *)system;
	struct kernel_slot *slot = &program->slots[kind];
	*kernel = atomic_load_explicit(&slot->ready, memory_order_acquire);
	if (*kernel)
		return OJIT_OK;
	TRY(fill_slot(program, kind, error));
	*kernel = atomic_load_explicit(&slot->ready, memory_order_acquire);
	return OJIT_OK;
}

struct system *oj_program_system(struct ojit_program *program)
{
	return &program->system;
}

static ojit_status defaults(struct system *system, const unsigned char *set, double *p, struct oj_error *error)
{
	struct ojit_program *program = (struct ojit_program *)system;
	struct kernel kernel = oj_interpreter_kernel(program->parameters);
	const double zero = 0;
	(void)error;
	pthread_mutex_lock(&program->lock);
	double *given = program->parameter_work + kernel.scratch;
	struct kernel_args args = {.t = &zero, .p = p, .out = p, .seed = set ? given : NULL, .scratch = program->parameter_work};
	oj_kernel_bind(&kernel, &args);
	for (int64_t k = 0; set && k < system->parameters; k++)
		given[k] = set[k] != 0;
	kernel.run(&args);
	pthread_mutex_unlock(&program->lock);
	return OJIT_OK;
}

static int64_t length_of(const struct family *families, size_t count)
{
	return count ? families[count - 1].offset + oj_family_length(&families[count - 1]) : 0;
}

static bool jumps(const struct graph *g)
{
	uint32_t e = 1;
	while (e < g->nodes.count && !oj_op_jumps(oj_node(g, e)->op))
		e++;
	return e < g->nodes.count;
}

static bool has_time(const struct graph *g)
{
	uint32_t e = 1;
	while (e < g->nodes.count && !oj_is(g, e, OP_TIME))
		e++;
	return e < g->nodes.count;
}

/* Does the program read the time? */
static ojit_status find_time(const struct program *program, bool *reads, struct oj_error *error)
{
	const struct graph *g = &program->space->graph;
	bool ok = true;
	*reads = false;
	if (!has_time(g))
		return OJIT_OK;
	for (size_t b = 0; b < program->blocks.count && ok && !*reads; b++) {
		struct expr_list list = {0};
		ok = oj_block_reach(program->space, &program->blocks.at[b], true, &list);
		for (size_t k = 0; k < list.list.count && !*reads; k++)
			*reads = oj_is(g, list.list.at[k], OP_TIME);
		VECTOR_DROP(g->context, &list.list);
	}
	return ok ? OJIT_OK : oj_fail_memory(error);
}

static ojit_status describe(struct ojit_program *program, struct oj_error *error)
{
	struct lowered *lowered = &program->lowered;
	struct system *system = &program->system;
	for (int k = 0; k < FAMILY_KINDS; k++) {
		system->families[k] = lowered->families[k];
		system->family_count[k] = lowered->family_count[k];
	}
	system->states = length_of(system->families[FAMILY_STATES], system->family_count[FAMILY_STATES]);
	system->parameters = length_of(system->families[FAMILY_PARAMETERS], system->family_count[FAMILY_PARAMETERS]);
	system->outputs = length_of(system->families[FAMILY_OUTPUTS], system->family_count[FAMILY_OUTPUTS]);
	system->discrete = length_of(system->families[FAMILY_DISCRETE], system->family_count[FAMILY_DISCRETE]);
	system->derived = lowered->space.derived;
	system->kernel = oj_program_kernel;
	system->variant = oj_program_variant;
	system->effort = oj_program_effort_of;
	system->pattern = oj_program_pattern;
	system->defaults = defaults;
	system->has_span = lowered->has_span;
	system->span[0] = lowered->span[0];
	system->span[1] = lowered->span[1];
	system->method = lowered->method;
	system->rtol = lowered->rtol;
	system->atol = lowered->atol;
	system->until_steady = lowered->until_steady;
	system->growth_limit = lowered->growth_limit;
	system->nonnegative = lowered->nonnegative;
	system->has_atol = lowered->has_atol;
	system->jumps = jumps(&lowered->space.graph);
	bool reads = false;
	ojit_status status = find_time(&lowered->programs[KERNEL_RHS], &reads, error);
	system->timeless = !reads;
	if (status == OJIT_OK && reads && system->jumps && !oj_may_switch(&lowered->space, &system->switches))
		status = oj_fail_memory(error);
	return status;
}

static ojit_status plan_parameters(struct ojit_program *program, struct oj_error *error)
{
	if (oj_interpreter_new(&program->lowered.programs[KERNEL_PARAMETERS], &program->parameters) != OJIT_OK)
		return oj_fail_memory(error);
	program->parameter_work_count =
		(size_t)(oj_interpreter_kernel(program->parameters).scratch + program->system.parameters) + 1;
	program->parameter_work =
		oj_memory_get(program->system.context, program->parameter_work_count * sizeof(double));
	return program->parameter_work ? OJIT_OK : oj_fail_memory(error);
}

/* A method that `solve` names must be one that solvers have. */
static ojit_status check_method(const ojit_model *model, const char *method, struct oj_error *error)
{
	struct text known;
	struct origin origin = oj_forest_origin(&model->forest, model->solve_place);
	oj_text_init(&known, model->context);
	if (method && !oj_method_known(method, &known))
		oj_fail_at(error, OJIT_NAME, &origin, "there is no method '%s'; choose one of %s", method,
		           oj_text_get(&known));
	oj_text_drop(&known);
	return error->status;
}

/* What `nonnegative` names must be states. */
static ojit_status check_nonnegative(const ojit_model *model, const struct system *system, struct oj_error *error)
{
	for (size_t i = 0; i < model->nonnegative.count; i++) {
		const char *name = oj_forest_text(&model->forest, model->nonnegative.at[i].name);
		struct oj_error wrong;
		int64_t first, count;
		if (strcmp(name, "all") == 0)
			continue;
		oj_error_init(&wrong, system->context);
		if (oj_system_find(system, FAMILY_STATES, name, &first, &count, &wrong) != OJIT_OK) {
			struct origin origin = oj_forest_origin(&model->forest, model->nonnegative.at[i].place);
			oj_fail_at(error, wrong.status, &origin, "%s", oj_text_get(&wrong.message));
		}
		oj_error_drop(&wrong);
		TRY(error->status);
	}
	return OJIT_OK;
}

ojit_status ojit_program_compile(ojit_model *model, const ojit_compile_options *options, ojit_program **out)
{
	ojit_context *context = model->context;
	struct oj_error *error = &model->error;
	double begin = oj_seconds();
	struct settings settings;
	*out = NULL;
	if (error->status != OJIT_OK)
		return error->status;
	TRY(oj_settings(options, &settings, error));
	struct ojit_program *program = oj_memory_get(context, sizeof *program);
	if (!program)
		return oj_fail_memory(error);
	memset(program, 0, sizeof *program);
	pthread_mutex_init(&program->lock, NULL);
	program->system.context = context;
	program->settings = settings;
	ojit_status status = oj_compile(model, &settings, 0, NULL, &program->lowered, error);
	if (status == OJIT_OK)
		status = check_method(model, program->lowered.method, error);
	if (status == OJIT_OK)
		status = describe(program, error);
	if (status == OJIT_OK)
		status = check_nonnegative(model, &program->system, error);
	if (status == OJIT_OK)
		status = plan_parameters(program, error);
	if (status != OJIT_OK) {
		ojit_program_free(program);
		return status;
	}
	program->seconds = oj_seconds() - begin;
	*out = program;
	return OJIT_OK;
}

void oj_slot_drop(ojit_context *context, struct kernel_slot *slot)
{
	oj_interpreter_free(slot->interpreter);
	if (!slot->code)
		return;
	const struct backend *backend = atomic_load(&context->modules[MODULE_CODE]);
	backend->unload(context, slot->code);
}

void ojit_program_free(ojit_program *program)
{
	if (!program)
		return;
	ojit_context *context = program->system.context;
	for (int k = 0; k < KERNEL_KINDS; k++)
		oj_slot_drop(context, &program->slots[k]);
	oj_variants_drop(program);
	oj_interpreter_free(program->parameters);
	oj_memory_put(context, program->parameter_work, program->parameter_work_count * sizeof(double));
	oj_lowered_drop(&program->lowered);
	pthread_mutex_destroy(&program->lock);
	oj_memory_put(context, program, sizeof *program);
}

ojit_program_info ojit_program_describe(ojit_program *program)
{
	const struct system *s = &program->system;
	pthread_mutex_lock(&program->lock);
	ojit_program_info info = {
		.states = (size_t)s->states, .parameters = (size_t)s->parameters,
		.outputs = (size_t)s->outputs, .derived = (size_t)s->derived,
		.nodes = program->lowered.space.graph.nodes.count - 1,
		.code_bytes = program->code_bytes, .compiles = program->compiles,
		.compile_seconds = program->seconds,
		.has_span = s->has_span, .span = {s->span[0], s->span[1]},
		.method = s->method ? s->method : "", .rtol = s->rtol, .atol = s->atol,
		.nonnegative = s->nonnegative ? s->nonnegative : "",
		.has_atol = s->has_atol,
		.until_steady = s->until_steady, .growth_limit = s->growth_limit,
	};
	pthread_mutex_unlock(&program->lock);
	return info;
}
