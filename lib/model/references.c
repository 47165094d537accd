/* What a name with subscripts is: a literal, a load, a table entry, or a symbol
 * that pass split will find the right array for. */
#include "lib/model/translate.h"

#include <math.h>
#include <string.h>

static ojit_status add_piece(struct lowering *low, struct symbol *symbol, uint32_t array,
                             const struct range *box)
{
	struct piece piece = {.array = array};
	for (uint32_t k = 0; k < symbol->rank; k++)
		piece.base[k] = box[k].lo, piece.extent[k] = oj_extent(box[k]);
	return VECTOR_PUSH(low->context, &symbol->pieces, piece) ? OJIT_OK : oj_fail_memory(low->error);
}

/* The TEMP array of a unit in this kernel, made when it is first needed. */
ojit_status oj_unit_array(struct lowering *low, uint32_t unit, int kernel, uint32_t *array)
{
	struct unit *u = &low->units.at[unit];
	if (u->kernel != kernel + 1) {
		u->kernel = (uint8_t)(kernel + 1);
		u->array = NOWHERE;
	}
	if (u->array == NOWHERE) {
		const char *name = oj_family_name(low, oj_unit_definition(low, u)->name, u->kind == UNIT_EQUATION ? u->primes : 0);
		if (!name)
			return oj_fail_memory(low->error);
		u->array = oj_box_array(low, name, ROLE_TEMP, u->rank, u->box, 0);
	}
	*array = u->array;
	return u->array == NOWHERE ? oj_fail_memory(low->error) : OJIT_OK;
}

static ojit_status fill_symbol(struct lowering *low, const struct entity *e, unsigned primes, int kernel, struct symbol *symbol)
{
	const struct unit *main = &low->units.at[e->unit];
	bool given = e->kind == OJIT_PARAM || (e->kind == OJIT_EQUATION && primes < e->order);
	uint32_t array = e->held->arrays[e->kind == OJIT_EQUATION && given ? primes : 0];
	if (!given)
		TRY(oj_unit_array(low, e->unit, kernel, &array));
	TRY(add_piece(low, symbol, array, main->box));
	for (uint32_t part = e->edge_units; primes == 0 && part != NOWHERE; part = low->units.at[part].next) {
		TRY(oj_unit_array(low, part, kernel, &array));
		TRY(add_piece(low, symbol, array, low->units.at[part].box));
	}
	return OJIT_OK;
}

static ojit_status symbol_of(struct lowering *low, struct entity *e, unsigned primes, int kernel, uint32_t *out)
{
	if (e->held->symbol_kernel[primes] != kernel + 1) {
		struct symbol symbol = {.name = oj_family_name(low, oj_entity_definition(low, e)->name, primes), .rank = e->rank};
		if (!symbol.name || !VECTOR_PUSH(low->context, &low->space->symbols, symbol))
			return oj_fail_memory(low->error);
		e->held->symbols[primes] = (uint32_t)low->space->symbols.count - 1;
		TRY(fill_symbol(low, e, primes, kernel, &low->space->symbols.at[e->held->symbols[primes]]));
		e->held->symbol_kernel[primes] = (uint8_t)(kernel + 1);
	}
	*out = e->held->symbols[primes];
	return OJIT_OK;
}

uint32_t oj_lowered_origin(struct lowering *low, uint32_t place)
{
	if (place == 0)
		return 0;
	struct origin origin = oj_forest_origin_near(low->forest, place, &low->cursor);
	origin.file = low->files[oj_forest_source_of(low->forest, place)];
	if (!VECTOR_PUSH(low->context, &low->space->origins, origin))
		return low->lost = true, 0;
	return (uint32_t)low->space->origins.count - 1;
}

/* ---- elements that are known by number */

static bool holds(const struct range *box, uint32_t rank, const int64_t *at)
{
	for (uint32_t k = 0; k < rank; k++)
		if (at[k] < box[k].lo || at[k] >= box[k].end)
			return false;
	return true;
}

/* The part that computes an element; NOWHERE: none. */
static uint32_t part_at(const struct lowering *low, const struct entity *e, const int64_t *at)
{
	const struct holding *held = e->held;
	if (!held->parts) {
		for (uint32_t part = e->edge_units; part != NOWHERE; part = low->units.at[part].next)
			if (holds(low->units.at[part].box, e->rank, at))
				return part;
		return NOWHERE;
	}
	for (uint32_t p = oj_first_part(low, held, (double)at[0]); p < held->part_count && oj_part_lo(low, held, p) <= at[0]; p++)
		if (holds(low->units.at[held->parts[p]].box, e->rank, at))
			return held->parts[p];
	return NOWHERE;
}

ojit_expr oj_known_element(struct translator *t, const struct term *term, const uint32_t *subscripts)
{
	const struct lowering *low = t->low;
	uint32_t known = low->entity_of[term->name];
	const struct entity *e = known == NOWHERE ? NULL : &low->entities.at[known];
	int64_t at[RANK];
	double value;
	if (!e || term->arity != e->rank || term->primes || e->kind == OJIT_TABLE)
		return 0;
	for (uint32_t k = 0; k < e->rank; k++) {
		if (!oj_plain_constant(low, subscripts[k], &value) || value != floor(value) || fabs(value) >= ldexp(1, 53))
			return 0;
		at[k] = (int64_t)value;
	}
	bool main = e->kind == OJIT_LET && holds(low->units.at[e->unit].box, e->rank, at);
	uint32_t unit = main ? e->unit : part_at(low, e, at);
	const struct unit *u = unit == NOWHERE ? NULL : &low->units.at[unit];
	return u && oj_is_node(low, u) && u->kernel == t->kernel + 1 ? u->value : 0;
}

/* What an intermediate is: its node, or the load of its array. */
static ojit_status refer_unit(struct translator *t, uint32_t unit, const ojit_expr *subscripts, ojit_expr *out)
{
	struct unit *u = &t->low->units.at[unit];
	uint32_t array;
	if (oj_is_node(t->low, u)) {
		*out = u->kernel == t->kernel + 1 ? u->value : 0;
		return OJIT_OK;
	}
	TRY(oj_unit_array(t->low, unit, t->kernel, &array));
	*out = oj_load(&t->space->graph, array, u->rank, subscripts);
	return OJIT_OK;
}

/* An element whose subscripts are numbers; *out stays where there is none. */
static ojit_status refer_element(struct translator *t, const struct entity *e, unsigned primes, const ojit_expr *subscripts,
                                 ojit_expr *out)
{
	struct lowering *low = t->low;
	int64_t at[RANK];
	bool given = e->kind == OJIT_PARAM || (e->kind == OJIT_EQUATION && primes < e->order);
	for (uint32_t k = 0; k < e->rank; k++)
		if (!oj_integer_value(&t->space->graph, subscripts[k], &at[k]))
			return OJIT_OK;
	if (holds(low->units.at[e->unit].box, e->rank, at)) {
		if (!given)
			return refer_unit(t, e->unit, subscripts, out);
		*out = oj_load(&t->space->graph, e->held->arrays[e->kind == OJIT_EQUATION ? primes : 0], e->rank, subscripts);
		return OJIT_OK;
	}
	uint32_t part = primes == 0 ? part_at(low, e, at) : NOWHERE;
	return part == NOWHERE ? OJIT_OK : refer_unit(t, part, subscripts, out);
}

static ojit_status refer_array(struct translator *t, uint32_t place, struct entity *e, unsigned primes,
                               const ojit_expr *subscripts, ojit_expr *out)
{
	uint32_t symbol = 0;
	*out = 0;
	TRY(refer_element(t, e, primes, subscripts, out));
	if (*out || t->space->graph.failed)
		return OJIT_OK;
	TRY(symbol_of(t->low, e, primes, t->kernel, &symbol));
	*out = oj_symbol(&t->space->graph, symbol, oj_lowered_origin(t->low, place), e->rank, subscripts);
	return OJIT_OK;
}

static ojit_status refer_const(struct translator *t, uint32_t place, const struct entity *e, enum want want, ojit_expr *out)
{
	char digits[32];
	if (want != WANT_INTEGER) {
		*out = oj_literal(&t->space->graph, e->value);
		return OJIT_OK;
	}
	if (e->value == floor(e->value) && fabs(e->value) < ldexp(1, 53)) {
		*out = oj_integer(&t->space->graph, (int64_t)e->value);
		return OJIT_OK;
	}
	oj_number_shortest(digits, e->value);
	return oj_fail_place(t->low, place, OJIT_SHAPE, "a whole number is needed here, and %s is %s; use floor or round",
	                     oj_entity_name(t->low, e), digits);
}

ojit_status oj_reference(struct translator *t, uint32_t place, uint32_t name, unsigned primes,
                         uint32_t rank, const ojit_expr *subscripts, enum want want, ojit_expr *out)
{
	struct lowering *low = t->low;
	uint32_t known = low->entity_of[name];
	if (known == NOWHERE)
		return oj_fail_unknown(low, place, "the name", name, DEFINE_IT);
	struct entity *e = &low->entities.at[known];
	bool statics = t->kernel == STATIC_KERNEL, fixed = e->kind == OJIT_CONST || e->kind == OJIT_TABLE;
	if ((statics || want == WANT_INTEGER) && !fixed)
		return oj_fail_place(low, place, OJIT_SHAPE, "this must be known when compiling, and %s is %s; make it a const or an index table",
		                     oj_name_of(low, name), oj_entity_kind(e));
	if (rank != e->rank || primes > (e->kind == OJIT_EQUATION ? e->order : 0))
		return oj_fail_place(low, place, OJIT_SHAPE, "%s is %s with %d ind%s; write it so", oj_name_of(low, name),
		                     oj_entity_kind(e), e->rank, e->rank == 1 ? "ex" : "ices");
	if (e->kind == OJIT_CONST)
		return refer_const(t, place, e, want, out);
	if (e->kind == OJIT_TABLE)
		*out = oj_table(&t->space->graph, statics ? e->held->table_copy : e->held->table, rank, subscripts);
	else if (rank > 0)
		return refer_array(t, place, e, primes, subscripts, out);
	else if (e->kind == OJIT_PARAM)
		*out = oj_load(&t->space->graph, *oj_entity_array(e, 0), 0, NULL);
	else if (e->kind == OJIT_EQUATION && primes < e->order)
		*out = oj_load(&t->space->graph, *oj_entity_array(e, primes), 0, NULL);
	else
		return refer_unit(t, e->unit, NULL, out);
	return OJIT_OK;
}
