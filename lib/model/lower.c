/* See lower.h: the steps, and the families that come out. */
#include "lib/model/lowering.h"

#include <string.h>

const char *oj_family_name(struct lowering *low, uint32_t name, unsigned primes)
{
	const char *text = oj_name_of(low, name);
	if (primes)
		return oj_primed(&low->space->arena, text, primes);
	return oj_arena_string(&low->space->arena, text, strlen(text));
}

uint32_t oj_box_array(struct lowering *low, const char *name, enum array_role role, uint32_t rank,
                      const struct range *box, int64_t offset)
{
	int64_t base[RANK], extent[RANK];
	for (uint32_t k = 0; k < rank; k++)
		base[k] = box[k].lo, extent[k] = oj_extent(box[k]);
	return name ? oj_space_array_named(low->space, name, role, rank, base, extent, offset) : NOWHERE;
}

static ojit_status add_family(struct lowering *low, enum family_kind kind, const struct unit *u, unsigned primes,
                              uint32_t *offset)
{
	struct lowered *out = low->out;
	struct family *family = &out->families[kind][out->family_count[kind]];
	int64_t *shape = u->rank ? ARENA_NEW(&low->space->arena, int64_t, 2 * u->rank) : NULL;
	if (u->rank && !shape)
		return oj_fail_memory(low->error);
	for (int k = 0; k < u->rank; k++) {
		shape[k] = u->box[k].lo;
		shape[u->rank + k] = oj_extent(u->box[k]);
	}
	*family = (struct family){.name = oj_family_name(low, oj_unit_definition(low, u)->name, primes), .shape = shape,
	                          .offset = out->lengths[kind], .rank = (signed char)u->rank};
	*offset = (uint32_t)family->offset;
	out->lengths[kind] += oj_family_length(family);
	out->family_count[kind]++;
	if (out->lengths[kind] > INT32_MAX)
		return oj_fail_place(low, oj_unit_definition(low, u)->place, OJIT_UNSUPPORTED, "more than 2^31 values of one kind are not supported; make the arrays smaller");
	return family->name ? OJIT_OK : oj_fail_memory(low->error);
}

/* Of the family that was added last; its array shares it. */
static const char *latest_name(const struct lowering *low, enum family_kind kind)
{
	return low->out->families[kind][low->out->family_count[kind] - 1].name;
}

static ojit_status add_state(struct lowering *low, struct entity *e)
{
	const struct unit *u = &low->units.at[e->unit];
	for (unsigned k = 0; k < e->order; k++) {
		uint32_t *offset = &low->units.at[*oj_entity_init(e, k)].offset, *array = oj_entity_array(e, k);
		TRY(add_family(low, FAMILY_STATES, u, k, offset));
		*array = oj_box_array(low, latest_name(low, FAMILY_STATES), ROLE_STATE, u->rank, u->box, *offset);
		if (*array == NOWHERE)
			return oj_fail_memory(low->error);
	}
	return OJIT_OK;
}

static ojit_status add_param(struct lowering *low, struct entity *e)
{
	const struct unit *u = &low->units.at[e->unit];
	uint32_t offset, *array = oj_entity_array(e, 0);
	TRY(add_family(low, FAMILY_PARAMETERS, u, 0, &offset));
	*array = oj_box_array(low, latest_name(low, FAMILY_PARAMETERS), ROLE_PARAMETER, u->rank, u->box, offset);
	return *array == NOWHERE ? oj_fail_memory(low->error) : OJIT_OK;
}

/* Room for as many as there will be; and for their arrays, to which passes add few. */
static bool make_families(struct lowering *low)
{
	struct lowered *out = low->out;
	size_t most[FAMILY_KINDS] = {0};
	for (size_t i = 0; i < low->entities.count; i++) {
		const struct entity *e = &low->entities.at[i];
		most[FAMILY_STATES] += e->kind == OJIT_EQUATION ? e->order : 0;
		most[FAMILY_PARAMETERS] += e->kind == OJIT_PARAM;
	}
	for (size_t i = 0; i < low->units.count; i++)
		most[FAMILY_OUTPUTS] += low->units.at[i].kind == UNIT_OUT;
	for (int kind = 0; kind < FAMILY_KINDS; kind++) {
		out->families[kind] = ARENA_ZEROED(&low->space->arena, struct family, most[kind]);
		if (!out->families[kind])
			return false;
	}
	size_t arrays = 3 * most[FAMILY_STATES] + most[FAMILY_PARAMETERS] + most[FAMILY_OUTPUTS];
	return VECTOR_RESERVE(low->context, &low->space->arrays, arrays + arrays / 64 + 64);
}

static ojit_status add_families(struct lowering *low)
{
	struct lowered *out = low->out;
	if (!make_families(low))
		return oj_fail_memory(low->error);
	for (size_t i = 0; i < low->entities.count; i++) {
		struct entity *e = &low->entities.at[i];
		if (e->kind == OJIT_EQUATION)
			TRY(add_state(low, e));
		else if (e->kind == OJIT_PARAM)
			TRY(add_param(low, e));
	}
	for (size_t i = 0; i < low->units.count; i++) {
		struct unit *u = &low->units.at[i];
		if (u->kind == UNIT_OUT)
			TRY(add_family(low, FAMILY_OUTPUTS, u, u->primes, &u->offset));
	}
	if (out->family_count[FAMILY_STATES] == 0)
		return oj_fail(low->error, OJIT_NAME, "the model has no state; write an equation such as x' = -x");
	return OJIT_OK;
}

static ojit_status run_steps(struct lowering *low)
{
	TRY(oj_gather(low));
	TRY(oj_evaluate_statics(low));
	TRY(oj_check_tiles(low));
	TRY(oj_scan(low));
	TRY(add_families(low));
	TRY(oj_emit_kernels(low));
	if (low->space->graph.failed || low->space->arena.failed || low->arena.failed || low->lost)
		return oj_fail_memory(low->error);
	return OJIT_OK;
}

/* Files and texts that origins point into outlive the model. */
static bool keep_sources(struct lowering *low)
{
	const struct forest *f = low->forest;
	struct lowered *out = low->out;
	low->files = ARENA_ZEROED(&low->space->arena, const char *, f->sources.count);
	out->texts = ARENA_ZEROED(&low->space->arena, struct shared_text *, f->sources.count);
	if (!low->files || !out->texts)
		return false;
	for (; out->text_count < f->sources.count; out->text_count++) {
		const struct source *s = &f->sources.at[out->text_count];
		if (s->file)
			low->files[out->text_count] = oj_arena_string(&low->space->arena, s->file, strlen(s->file));
		if (s->shared)
			out->texts[out->text_count] = oj_shared_text_hold(s->shared);
	}
	low->space->finder = oj_forest_finder(f, low->files, &low->space->arena);
	return !low->space->arena.failed;
}

static bool prepare(struct lowering *low)
{
	const struct forest *f = low->forest;
	size_t names = f->names.at.count, terms = f->terms.count;
	size_t axes = low->model->axes.count;
	low->ranges = ARENA_ZEROED(&low->arena, struct range, axes);
	low->next = ARENA_NEW(&low->arena, uint32_t, axes);
	low->entity_of = ARENA_NEW(&low->arena, uint32_t, names);
	low->integral = ARENA_ZEROED(&low->arena, uint8_t, terms);
	if (low->arena.failed)
		return false;
	memset(low->entity_of, 0xFF, names * sizeof *low->entity_of);
	memset(low->next, 0xFF, axes * sizeof *low->next);
	size_t definitions = low->model->definitions.count, entities = definitions < names ? definitions : names;
	if (!VECTOR_RESERVE(low->context, &low->units, definitions) || !VECTOR_RESERVE(low->context, &low->entities, entities) ||
	    !VECTOR_RESERVE(low->context, &low->order, definitions))
		return false;
	return keep_sources(low);
}

static ojit_status lower(struct lowering *low)
{
	bool ready = oj_space_init(low->space, low->context) == OJIT_OK;
	for (int kind = 0; kind < PROGRAM_KINDS; kind++)
		oj_program_init(&low->out->programs[kind], low->space, kind);
	if (oj_space_init(&low->statics, low->context) != OJIT_OK)
		ready = false;
	oj_arena_init(&low->arena, low->context);
	oj_expr_map_init(&low->out_of, low->context);
	oj_expr_map_init(&low->memo_of, low->context);
	oj_expr_map_init(&low->reduction_of, low->context);
	oj_expr_map_init(&low->seen, low->context);
	ojit_status status = ready && prepare(low) ? run_steps(low) : oj_fail_memory(low->error);
	VECTOR_DROP(low->context, &low->entities);
	VECTOR_DROP(low->context, &low->units);
	VECTOR_DROP(low->context, &low->edges);
	VECTOR_DROP(low->context, &low->order);
	VECTOR_DROP(low->context, &low->memo);
	oj_expr_map_drop(&low->out_of);
	oj_expr_map_drop(&low->memo_of);
	oj_expr_map_drop(&low->reduction_of);
	oj_expr_map_drop(&low->seen);
	oj_arena_drop(&low->arena);
	oj_space_drop(&low->statics);
	return status;
}

ojit_status oj_model_lower(const ojit_model *model, struct lowered *lowered, struct oj_error *error)
{
	*lowered = (struct lowered){.space.context = model->context};
	if (model->error.status != OJIT_OK)
		return oj_fail_copy(error, &model->error);
	struct lowering low = {.model = model, .forest = &model->forest, .out = lowered, .space = &lowered->space,
	                       .error = error, .context = model->context};
	ojit_status status = lower(&low);
	if (status != OJIT_OK)
		oj_lowered_drop(lowered);
	return status;
}

void oj_lowered_drop(struct lowered *lowered)
{
	for (int kind = 0; kind < PROGRAM_KINDS; kind++)
		if (lowered->programs[kind].space)
			oj_program_drop(&lowered->programs[kind]);
	oj_program_drop(&lowered->primal);
	oj_program_drop(&lowered->primal_outputs);
	oj_program_drop(&lowered->primal_prepare);
	for (size_t i = 0; i < lowered->text_count; i++)
		oj_shared_text_drop(lowered->space.context, lowered->texts[i]);
	oj_space_drop(&lowered->space);
	*lowered = (struct lowered){0};
}
