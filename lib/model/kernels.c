/* Kernels: the units each needs, in order, one block a line.
 *
 *   right-hand side   equations
 *   outputs           observables
 *   initial values    inits
 *   parameters        defaults of parameters
 *
 * Intermediates are written into each kernel that needs them: a scalar without
 * reductions is just its node, and so is an element that is given and read by number;
 * anything else is an array with blocks of its own. */
#include "lib/model/translate.h"

#include <string.h>

struct emitter {
	struct lowering *low;
	struct program *program;
	struct translator translator;
	bool open; /* the last block takes further scalars */
};

/* One line as a block: where it goes and what it stores. */
struct target {
	uint32_t arrays[2]; /* NOWHERE: none */
};

static ojit_status memory_status(const struct lowering *low)
{
	return low->space->graph.failed || low->space->arena.failed ? oj_fail_memory(low->error) : OJIT_OK;
}

/* Numbers of a list or a file as an array of data, read at the line's places. */
static ojit_status emit_numbers(struct emitter *e, uint32_t line, uint32_t rank, const ojit_expr *index, ojit_expr *value)
{
	struct lowering *low = e->low;
	const struct definition *d = oj_definition(low, line);
	const struct range *box = oj_line_box(low, line);
	const double *numbers;
	int64_t offset = (int64_t)low->space->data.count, points = oj_box_points(rank, box);
	TRY(oj_line_numbers(low, line, &numbers));
	for (int64_t i = 0; i < points; i++)
		if (!VECTOR_PUSH(low->context, &low->space->data, numbers[i]))
			return oj_fail_memory(low->error);
	const char *name = oj_family_name(low, d->name, d->primes);
	uint32_t array = oj_box_array(low, name, ROLE_DATA, rank, box, offset);
	if (array == NOWHERE)
		return oj_fail_memory(low->error);
	*value = oj_load(&low->space->graph, array, rank, index);
	return OJIT_OK;
}

/* Scalars in a row share a block, for passes look at all that a block needs: a block
 * each would make what many equations share count once for each of them.  Not where
 * one may load what another stores, but for parameters, which are stored in order; nor
 * with tables, whose errors stand at a block. */
static bool is_flat(const struct emitter *e, const struct unit *u, uint32_t rank, const struct target *target)
{
	if (rank > 0 || u->reduces || e->low->tables)
		return false;
	if (e->translator.kernel == KERNEL_PARAMETERS)
		return u->kind == UNIT_PARAM;
	bool unread = e->low->space->arrays.at[target->arrays[0]].role == ROLE_OUT || (u->idle && oj_is_node(e->low, u));
	return unread && target->arrays[1] == NOWHERE;
}

static ojit_status add_block(struct emitter *e, const struct unit *u, uint32_t place, uint32_t rank, const int64_t *lo,
                             const int64_t *end, const struct target *target, ojit_expr value, const ojit_expr *index)
{
	struct lowering *low = e->low;
	bool flat = is_flat(e, u, rank, target);
	struct block *block = flat && e->open ? &e->program->blocks.at[e->program->blocks.count - 1]
	                      : oj_program_block(e->program, rank, lo, end, oj_lowered_origin(low, place));
	e->open = flat;
	if (!block || !value)
		return oj_fail_memory(low->error);
	for (int i = 0; i < 2; i++) {
		if (target->arrays[i] == NOWHERE)
			continue;
		if (!oj_block_store(low->space, block, target->arrays[i], value, index) ||
		    (flat && !oj_space_place(low->space, target->arrays[i], place)))
			return oj_fail_memory(low->error);
	}
	return memory_status(low);
}

static ojit_status emit_line(struct emitter *e, const struct unit *u, uint32_t line, const struct target *target)
{
	struct lowering *low = e->low;
	const struct definition *d = oj_definition(low, line);
	const struct axis *axes = oj_axes(low, d);
	const struct range *box = oj_line_box(low, line);
	ojit_expr indices[RANK] = {0}, index[RANK] = {0}, value;
	int64_t lo[RANK], end[RANK];
	bool wrap[RANK];
	uint32_t rank = 0;
	for (int k = 0; k < d->rank; k++) {
		if (!axes[k].index) {
			index[k] = oj_integer(&low->space->graph, box[k].lo);
			continue;
		}
		index[k] = oj_index(&low->space->graph, rank);
		indices[rank] = axes[k].index;
		wrap[rank] = d->wraps >> k & 1;
		lo[rank] = box[k].lo, end[rank++] = box[k].end;
	}
	oj_translator_open(&e->translator, rank, indices, lo, end, wrap);
	TRY(d->value ? oj_translate(&e->translator, d->value, WANT_REAL, &value)
	             : emit_numbers(e, line, d->rank, index, &value));
	return add_block(e, u, d->place, rank, lo, end, target, value, index);
}

static ojit_status emit_lines(struct emitter *e, const struct unit *u, const struct target *target)
{
	for (uint32_t line = u->first; line != NOWHERE; line = oj_next_line(e->low, line))
		TRY(emit_line(e, u, line, target));
	return OJIT_OK;
}

/* A block over a whole unit that stores what a name stands for. */
static ojit_status emit_name(struct emitter *e, const struct unit *u, uint32_t name, unsigned primes, const struct target *target)
{
	struct graph *g = &e->low->space->graph;
	ojit_expr index[RANK] = {0}, none[RANK] = {0}, value = 0;
	uint32_t place = oj_unit_definition(e->low, u)->place;
	int64_t lo[RANK] = {0}, end[RANK] = {0};
	for (uint32_t k = 0; k < u->rank; k++) {
		index[k] = oj_index(g, k);
		lo[k] = u->box[k].lo, end[k] = u->box[k].end;
		if (!index[k])
			return oj_fail_memory(e->low->error);
	}
	oj_translator_open(&e->translator, u->rank, none, lo, end, NULL);
	TRY(oj_reference(&e->translator, place, name, primes, u->rank, index, WANT_REAL, &value));
	if (value && oj_type(g, value) == INTEGER)
		value = oj_make1(g, OP_ITOF, value);
	return add_block(e, u, place, u->rank, lo, end, target, value, index);
}

static ojit_status out_array(struct emitter *e, const struct unit *u, unsigned primes, int64_t offset, enum array_role role,
                             uint32_t *array)
{
	struct lowering *low = e->low;
	struct entity *state = u->kind == UNIT_INIT ? &low->entities.at[u->entity] : NULL; /* its name is there */
	const char *text = state ? low->space->arrays.at[*oj_entity_array(state, primes)].name
	                         : oj_family_name(low, oj_unit_definition(low, u)->name, primes);
	*array = oj_box_array(low, text, role, u->rank, u->box, offset);
	return *array == NOWHERE ? oj_fail_memory(low->error) : OJIT_OK;
}

/* See oj_is_node. */
static ojit_status emit_node(struct emitter *e, struct unit *u)
{
	u->kernel = (uint8_t)(e->translator.kernel + 1);
	u->array = NOWHERE;
	oj_translator_open(&e->translator, 0, NULL, NULL, NULL, NULL);
	return oj_translate(&e->translator, oj_unit_definition(e->low, u)->value, WANT_REAL, &u->value);
}

/* A node nobody reads is stored, so that it is checked; layout drops the store. */
static ojit_status emit_idle(struct emitter *e, const struct unit *u)
{
	struct target target = {{NOWHERE, NOWHERE}};
	ojit_expr index[RANK] = {0};
	for (uint32_t k = 0; k < u->rank; k++)
		index[k] = oj_integer(&e->low->space->graph, u->box[k].lo);
	TRY(out_array(e, u, 0, 0, ROLE_TEMP, &target.arrays[0]));
	return add_block(e, u, oj_unit_definition(e->low, u)->place, 0, NULL, NULL, &target, u->value, index);
}

static int64_t offset_of(const struct lowering *low, struct entity *entity, unsigned primes)
{
	return low->space->arrays.at[*oj_entity_array(entity, primes)].offset;
}

static ojit_status emit_equation(struct emitter *e, uint32_t unit)
{
	struct lowering *low = e->low;
	struct unit *u = &low->units.at[unit];
	struct entity *entity = &low->entities.at[u->entity];
	const struct definition *d = oj_unit_definition(low, u);
	struct target target = {{NOWHERE, NOWHERE}};
	bool rhs = e->translator.kernel == KERNEL_RHS, node = u->rank == 0 && !u->reduces && d->value;
	if (rhs)
		TRY(out_array(e, u, u->primes, offset_of(low, entity, entity->order - 1u), ROLE_OUT, &target.arrays[0]));
	if (rhs && entity->order == 2) { /* the derivative of x is the state x' */
		struct target first = {{NOWHERE, NOWHERE}};
		TRY(out_array(e, u, 1, offset_of(low, entity, 0), ROLE_OUT, &first.arrays[0]));
		TRY(emit_name(e, u, d->name, 1, &first));
	}
	if (node) {
		TRY(emit_node(e, u));
		return rhs ? add_block(e, u, d->place, 0, NULL, NULL, &target, u->value, NULL) : OJIT_OK;
	}
	if (u->shared || !rhs)
		TRY(oj_unit_array(low, unit, e->translator.kernel, &target.arrays[1]));
	return emit_lines(e, u, &target);
}

static ojit_status emit_result(struct emitter *e, uint32_t unit)
{
	struct lowering *low = e->low;
	const struct unit *u = &low->units.at[unit];
	const struct definition *d = oj_unit_definition(low, u);
	struct target target = {{NOWHERE, NOWHERE}};
	bool bare = u->kind == UNIT_OUT && u->entity != NOWHERE;
	if (u->kind == UNIT_PARAM) {
		target.arrays[0] = *oj_entity_array(&low->entities.at[u->entity], 0);
		return emit_lines(e, u, &target);
	}
	TRY(out_array(e, u, u->primes, u->offset, ROLE_OUT, &target.arrays[0]));
	return bare ? emit_name(e, u, d->name, u->primes, &target) : emit_lines(e, u, &target);
}

static ojit_status emit_unit(struct emitter *e, uint32_t unit)
{
	struct unit *u = &e->low->units.at[unit];
	struct target target = {{NOWHERE, NOWHERE}};
	switch ((enum unit_kind)u->kind) {
	case UNIT_EQUATION:
		return emit_equation(e, unit);
	case UNIT_PARAM:
	case UNIT_INIT:
	case UNIT_OUT:
		return emit_result(e, unit);
	case UNIT_LET:
	case UNIT_EDGE:
		if (!oj_is_node(e->low, u))
			break;
		TRY(emit_node(e, u));
		return u->idle ? emit_idle(e, u) : OJIT_OK;
	default:
		break;
	}
	TRY(oj_unit_array(e->low, unit, e->translator.kernel, &target.arrays[0]));
	return emit_lines(e, u, &target);
}

/* ---- which units a kernel needs */

static bool is_root(const struct unit *u, int kernel)
{
	switch (kernel) {
	case KERNEL_RHS:
		return u->kind == UNIT_EQUATION;
	case KERNEL_OUTPUTS:
		return u->kind == UNIT_OUT;
	case KERNEL_INIT:
		return u->kind == UNIT_INIT;
	default:
		return u->kind == UNIT_PARAM;
	}
}

static bool is_needed(const struct unit *u, int kernel)
{
	return u->needed >> kernel & 1;
}

static ojit_status mark_from(struct lowering *low, uint32_t unit, int kernel, struct expr_list *stack)
{
	low->units.at[unit].needed |= (uint8_t)(1 << kernel);
	if (!VECTOR_PUSH(low->context, &stack->list, unit))
		return oj_fail_memory(low->error);
	while (stack->list.count > 0) {
		uint32_t at = stack->list.at[--stack->list.count];
		for (uint32_t e = low->units.at[at].edges; e != NOWHERE; e = low->edges.at[e].next) {
			struct unit *needed = &low->units.at[low->edges.at[e].unit];
			bool given = needed->kind <= UNIT_TABLE || (needed->kind == UNIT_PARAM && kernel != KERNEL_PARAMETERS);
			if (given || is_needed(needed, kernel))
				continue;
			needed->needed |= (uint8_t)(1 << kernel);
			if (!VECTOR_PUSH(low->context, &stack->list, low->edges.at[e].unit))
				return oj_fail_memory(low->error);
		}
	}
	return OJIT_OK;
}

/* `unused` adds the intermediates that no kernel uses, so that they are checked. */
static ojit_status mark_needed(struct lowering *low, int kernel, bool unused)
{
	struct expr_list stack = {0};
	ojit_status status = OJIT_OK;
	for (uint32_t u = 0; status == OJIT_OK && u < low->units.count; u++)
		if (is_root(&low->units.at[u], kernel) && !is_needed(&low->units.at[u], kernel))
			status = mark_from(low, u, kernel, &stack);
	/* The last in order first, so that of a chain nobody uses only the end is idle. */
	for (size_t i = unused ? low->order.count : 0; status == OJIT_OK && i-- > 0;) {
		struct unit *unit = &low->units.at[low->order.at[i]];
		unit->idle = !unit->needed && (unit->kind == UNIT_LET || unit->kind == UNIT_EDGE);
		if (unit->idle)
			status = mark_from(low, low->order.at[i], kernel, &stack);
	}
	VECTOR_DROP(low->context, &stack.list);
	return status;
}

static ojit_status emit_kernel(struct lowering *low, int kernel)
{
	struct emitter e = {.low = low, .program = &low->out->programs[kernel]};
	oj_translator_init(&e.translator, low, low->space, kernel);
	ojit_status status = OJIT_OK;
	for (size_t i = 0; status == OJIT_OK && i < low->order.count; i++)
		if (is_needed(&low->units.at[low->order.at[i]], kernel))
			status = emit_unit(&e, low->order.at[i]);
	oj_translator_drop(&e.translator);
	for (size_t b = 0; status == OJIT_OK && b < e.program->blocks.count; b++)
		if (e.program->blocks.at[b].stores.count && !VECTOR_TRIM(low->context, &e.program->blocks.at[b].stores))
			status = oj_fail_memory(low->error);
	return status;
}

/* As many nodes as there are operators, and a load for every state and parameter. */
static bool reserve_nodes(struct lowering *low)
{
	size_t nodes = low->out->family_count[FAMILY_STATES] + low->out->family_count[FAMILY_PARAMETERS] + 64;
	for (size_t t = 1; t < low->forest->terms.count; t++) {
		enum term_kind kind = (enum term_kind)low->forest->terms.at[t].kind;
		nodes += kind == TERM_OP || kind == TERM_REDUCE;
	}
	return oj_graph_reserve(&low->space->graph, nodes);
}

ojit_status oj_emit_kernels(struct lowering *low)
{
	/* The right-hand side comes last: it takes the intermediates nobody uses. */
	static const int kernels[] = {KERNEL_PARAMETERS, KERNEL_INIT, KERNEL_OUTPUTS, KERNEL_RHS};
	enum { COUNT = sizeof kernels / sizeof *kernels };
	_Static_assert(PROGRAM_KINDS <= 8, "a bit a kernel in unit.needed");
	for (int i = 0; i < COUNT; i++)
		TRY(mark_needed(low, kernels[i], kernels[i] == KERNEL_RHS));
	VECTOR_DROP(low->context, &low->edges); /* their work is done, and nodes need the memory */
	if (!reserve_nodes(low))
		return oj_fail_memory(low->error);
	for (int i = 0; i < COUNT; i++)
		TRY(emit_kernel(low, kernels[i]));
	return OJIT_OK;
}
