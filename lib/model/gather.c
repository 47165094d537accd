/* What names stand for: definitions into entities and units.
 *
 * Statements come in any order, and what `let u[0]` is depends on whether u is a
 * state, so this goes over the definitions in three rounds: what makes entities of
 * its own; lets; initial values and observables. */
#include "lib/model/lowering.h"

#include <stdio.h>
#include <string.h>

const char *oj_line_text(const struct lowering *low, uint32_t place, char buffer[96])
{
	struct origin o = oj_forest_origin(low->forest, place);
	if (o.line == 0)
		return "elsewhere";
	snprintf(buffer, 96, "in line %d, column %d", o.line, o.column);
	return buffer;
}

const char *oj_entity_kind(const struct entity *entity)
{
	static const char *const kinds[] = {
		[OJIT_CONST] = "a const", [OJIT_PARAM] = "a param", [OJIT_EQUATION] = "a state",
		[OJIT_LET] = "a let", [OJIT_TABLE] = "an index table",
	};
	return kinds[entity->kind];
}

ojit_status oj_fail_place(const struct lowering *low, uint32_t place, ojit_status status,
                          const char *format, ...)
{
	char message[640];
	struct origin origin = oj_forest_origin(low->forest, place);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return oj_fail_at(low->error, status, &origin, "%s", message);
}

ojit_status oj_fail_unknown(const struct lowering *low, uint32_t place, const char *what, uint32_t name,
                            const char *remedy)
{
	struct nearest nearest = {.name = oj_name_of(low, name)};
	for (size_t i = 0; i < low->entities.count; i++)
		oj_nearest_offer(&nearest, oj_entity_name(low, &low->entities.at[i]));
	if (nearest.best)
		return oj_fail_place(low, place, OJIT_NAME, "%s %s is not defined; did you mean %s?", what, nearest.name, nearest.best);
	return oj_fail_place(low, place, OJIT_NAME, "%s %s is not defined; %s", what, nearest.name, remedy);
}

static ojit_status add_unit(struct lowering *low, enum unit_kind kind, uint32_t entity, uint32_t line, uint32_t *out)
{
	const struct definition *d = oj_definition(low, line);
	struct unit unit = {.kind = (uint8_t)kind, .rank = d->rank, .primes = d->primes, .entity = entity,
	                    .first = line, .last = line, .edges = NOWHERE, .next = NOWHERE, .array = NOWHERE};
	if (!VECTOR_PUSH(low->context, &low->units, unit))
		return oj_fail_memory(low->error);
	*out = (uint32_t)low->units.count - 1;
	return OJIT_OK;
}

static ojit_status fail_twice(const struct lowering *low, const struct definition *d, uint32_t other)
{
	char where[96];
	return oj_fail_place(low, d->place, OJIT_NAME, "%s is already defined %s; remove or rename one of the two",
	                     oj_name_of(low, d->name), oj_line_text(low, other, where));
}

/* One more line of a unit: another part of the same array. */
static ojit_status add_line(struct lowering *low, uint32_t unit, uint32_t line)
{
	struct unit *u = &low->units.at[unit];
	const struct definition *d = oj_definition(low, line);
	uint32_t place = oj_unit_definition(low, u)->place;
	char where[96];
	if (d->rank == 0 && u->rank == 0)
		return fail_twice(low, d, place);
	if (d->rank != u->rank)
		return oj_fail_place(low, d->place, OJIT_SHAPE, "%s has %d ind%s here and %d %s; give it one shape",
		                     oj_name_of(low, d->name), d->rank, d->rank == 1 ? "ex" : "ices", u->rank,
		                     oj_line_text(low, place, where));
	if (d->kind == OJIT_EQUATION && d->primes != u->primes)
		return oj_fail_place(low, d->place, OJIT_SHAPE, "%s has equations of first and of second order (%s); use one",
		                     oj_name_of(low, d->name), oj_line_text(low, place, where));
	low->next[oj_definition(low, u->last)->axes] = line;
	u->last = line;
	return OJIT_OK;
}

static ojit_status hold(struct lowering *low, struct entity *entity)
{
	if (entity->lone) {
		entity->init = entity->array = NOWHERE;
		return OJIT_OK;
	}
	if (entity->kind == OJIT_CONST || (entity->kind == OJIT_LET && entity->rank == 0))
		return OJIT_OK;
	entity->held = ARENA_ZEROED(&low->arena, struct holding, 1);
	if (!entity->held)
		return oj_fail_memory(low->error);
	*entity->held = (struct holding){.inits = {NOWHERE, NOWHERE}, .arrays = {NOWHERE, NOWHERE},
	                                 .table = NOWHERE, .table_copy = NOWHERE};
	return OJIT_OK;
}

static ojit_status add_entity(struct lowering *low, uint32_t line)
{
	static const uint8_t kinds[] = {
		[OJIT_CONST] = UNIT_CONST, [OJIT_PARAM] = UNIT_PARAM, [OJIT_EQUATION] = UNIT_EQUATION,
		[OJIT_LET] = UNIT_LET, [OJIT_TABLE] = UNIT_TABLE,
	};
	const struct definition *d = oj_definition(low, line);
	uint32_t known = low->entity_of[d->name];
	if (known != NOWHERE) {
		const struct entity *e = &low->entities.at[known];
		return e->kind == d->kind ? add_line(low, e->unit, line) : fail_twice(low, d, oj_entity_definition(low, e)->place);
	}
	struct entity entity = {.kind = d->kind, .rank = d->rank, .order = d->primes, .edge_units = NOWHERE};
	entity.lone = d->rank == 0 && (d->kind == OJIT_PARAM || (d->kind == OJIT_EQUATION && d->primes == 1));
	TRY(hold(low, &entity));
	TRY(add_unit(low, kinds[d->kind], (uint32_t)low->entities.count, line, &entity.unit));
	low->entity_of[d->name] = (uint32_t)low->entities.count;
	return VECTOR_PUSH(low->context, &low->entities, entity) ? OJIT_OK : oj_fail_memory(low->error);
}

/* A let: an entity of its own, or an edge of a state or a parameter. */
static ojit_status add_let(struct lowering *low, uint32_t line)
{
	const struct definition *d = oj_definition(low, line);
	uint32_t known = low->entity_of[d->name];
	if (known == NOWHERE || low->entities.at[known].kind == OJIT_LET)
		return add_entity(low, line);
	struct entity *e = &low->entities.at[known];
	if (d->rank == 0 || (e->kind != OJIT_EQUATION && e->kind != OJIT_PARAM))
		return fail_twice(low, d, oj_entity_definition(low, e)->place);
	if (d->rank != e->rank)
		return oj_fail_place(low, d->place, OJIT_SHAPE, "%s has %d ind%s, not %d; an edge has those of the array",
		                     oj_name_of(low, d->name), e->rank, e->rank == 1 ? "ex" : "ices", d->rank);
	uint32_t unit;
	TRY(add_unit(low, UNIT_EDGE, known, line, &unit));
	low->units.at[unit].next = e->edge_units;
	e->edge_units = unit;
	return OJIT_OK;
}

static ojit_status add_init(struct lowering *low, uint32_t line)
{
	const struct definition *d = oj_definition(low, line);
	uint32_t known = low->entity_of[d->name];
	const char *name = oj_name_of(low, d->name);
	if (known == NOWHERE)
		return oj_fail_unknown(low, d->place, "the state", d->name, "write its equation");
	struct entity *e = &low->entities.at[known];
	if (e->kind != OJIT_EQUATION)
		return oj_fail_place(low, d->place, OJIT_NAME, "%s is %s and has no initial value; remove this or give %s an equation",
		                     name, oj_entity_kind(e), name);
	if (d->primes >= e->order)
		return oj_fail_place(low, d->place, OJIT_NAME, "%s' has no initial value because the equation is for %s'; "
		                     "write it for %s'' or remove this", name, name, name);
	if (d->rank != e->rank)
		return oj_fail_place(low, d->place, OJIT_SHAPE, "%s has %d ind%s, not %d; write %s", name, e->rank,
		                     e->rank == 1 ? "ex" : "ices", d->rank,
		                     e->rank ? "init for its ranges, such as init u[i in 1..N] = ..." : "init without brackets");
	uint32_t *unit = oj_entity_init(e, d->primes);
	return *unit == NOWHERE ? add_unit(low, UNIT_INIT, known, line, unit) : add_line(low, *unit, line);
}

/* An observable of what has its name. */
static bool is_bare(const struct definition *d)
{
	return d->kind == OJIT_OUT && d->value == 0 && !d->given;
}

static ojit_status add_out(struct lowering *low, uint32_t line)
{
	const struct definition *d = oj_definition(low, line);
	uint32_t key = 3 * d->name + d->primes + 1, known;
	if (!oj_expr_map_get(&low->out_of, key, &known))
		known = NOWHERE;
	bool bare = is_bare(d);
	if (!bare && d->primes)
		return oj_fail_place(low, d->place, OJIT_NAME, "the name of an observable cannot have a prime; write out v = %s'",
		                     oj_name_of(low, d->name));
	if (!bare && low->entity_of[d->name] != NOWHERE)
		return fail_twice(low, d, oj_entity_definition(low, &low->entities.at[low->entity_of[d->name]])->place);
	if (known != NOWHERE) {
		const struct definition *first = oj_unit_definition(low, &low->units.at[known]);
		return bare || is_bare(first) ? fail_twice(low, d, first->place) : add_line(low, known, line);
	}
	TRY(add_unit(low, UNIT_OUT, NOWHERE, line, &known));
	return oj_expr_map_put(&low->out_of, key, known) ? OJIT_OK : oj_fail_memory(low->error);
}

ojit_status oj_gather(struct lowering *low)
{
	size_t count = low->model->definitions.count;
	for (uint32_t line = 0; line < count; line++) {
		int kind = oj_definition(low, line)->kind;
		if (kind != OJIT_LET && kind != OJIT_INIT && kind != OJIT_OUT)
			TRY(add_entity(low, line));
	}
	for (uint32_t line = 0; line < count; line++)
		if (oj_definition(low, line)->kind == OJIT_LET)
			TRY(add_let(low, line));
	for (uint32_t line = 0; line < count; line++) {
		int kind = oj_definition(low, line)->kind;
		if (kind == OJIT_INIT)
			TRY(add_init(low, line));
		else if (kind == OJIT_OUT)
			TRY(add_out(low, line));
	}
	return OJIT_OK;
}
