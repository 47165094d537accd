/* What is known when compiling: constants, index tables, and the boxes of lines.
 *
 * A constant expression becomes a program of its own, over the box of the table or
 * over a point, that the interpreter runs: the same nodes, hence the same bits, as
 * the model itself would compute. */
#include "lib/model/translate.h"

#include "lib/graph/interpret.h"
#include "lib/graph/passes.h"
#include "lib/model/import.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int64_t oj_box_points(uint32_t rank, const struct range *box)
{
	int64_t points = 1;
	for (uint32_t k = 0; k < rank; k++) {
		int64_t extent = oj_extent(box[k]);
		if (extent <= 0)
			return 0;
		if (points > ((int64_t)1 << 40) / extent)
			return -1;
		points *= extent;
	}
	return points;
}

/* ---- running a static program */

static ojit_status interpret(struct lowering *low, struct program *program, double *values)
{
	struct interpreter *interpreter;
	struct pass_options options = {0};
	struct kernel_args args = {0};
	double time = 0;
	TRY(oj_pass_split(program, &options, low->error));
	TRY(oj_pass_expand(program, &options, low->error));
	if (oj_program_layout(program) != OJIT_OK || oj_interpreter_new(program, &interpreter) != OJIT_OK)
		return oj_fail_memory(low->error);
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	size_t bytes = (size_t)(kernel.scratch + 1) * sizeof(double);
	double *scratch = oj_memory_get(low->context, bytes);
	if (scratch) {
		oj_kernel_bind(&kernel, &args);
		args.t = &time;
		args.out = values;
		args.scratch = scratch;
		kernel.run(&args);
	}
	oj_memory_put(low->context, scratch, bytes);
	oj_interpreter_free(interpreter);
	return scratch ? OJIT_OK : oj_fail_memory(low->error);
}

static ojit_status run_static(struct lowering *low, struct program *program, ojit_expr value, uint32_t place,
                              uint32_t rank, const int64_t *lo, const int64_t *end, double *values)
{
	struct space *space = &low->statics;
	int64_t extent[RANK] = {0};
	ojit_expr index[RANK] = {0};
	struct origin origin = oj_forest_origin(low->forest, place);
	for (uint32_t k = 0; k < rank; k++) {
		extent[k] = end[k] - lo[k];
		index[k] = oj_index(&space->graph, k);
	}
	uint32_t array = oj_space_array(space, "value", ROLE_OUT, rank, lo, extent, 0);
	struct block *block = NULL;
	if (array != NOWHERE && VECTOR_PUSH(low->context, &space->origins, origin))
		block = oj_program_block(program, rank, lo, end, (uint32_t)space->origins.count - 1);
	if (!block || !oj_block_store(space, block, array, value, index))
		return oj_fail_memory(low->error);
	return interpret(low, program, values);
}

ojit_status oj_tabulate(struct lowering *low, ojit_expr term, uint32_t rank, const ojit_expr *indices,
                        const int64_t *lo, const int64_t *end, double *values)
{
	struct translator t;
	struct program program;
	ojit_expr value;
	size_t arrays = low->statics.arrays.count, origins = low->statics.origins.count;
	oj_translator_init(&t, low, &low->statics, STATIC_KERNEL);
	oj_translator_open(&t, rank, indices, lo, end, NULL);
	oj_program_init(&program, &low->statics, KERNEL_OUTPUTS);
	ojit_status status = oj_translate(&t, term, WANT_REAL, &value);
	if (status == OJIT_OK)
		status = run_static(low, &program, value, oj_term(low->forest, term)->place, rank, lo, end, values);
	oj_translator_drop(&t);
	oj_program_drop(&program);
	low->statics.arrays.count = arrays;
	low->statics.origins.count = origins;
	return status;
}

bool oj_plain_constant(const struct lowering *low, ojit_expr term, double *value)
{
	const struct term *t = oj_term(low->forest, term);
	if (t->kind == TERM_OP && t->op == OJIT_NEG) {
		if (!oj_plain_constant(low, oj_term_operands(low->forest, term)[0], value))
			return false;
		*value = -*value;
		return true;
	}
	if (t->kind == TERM_NUMBER) {
		*value = t->number;
		return true;
	}
	if (t->kind != TERM_NAME || t->arity || t->primes || low->entity_of[t->name] == NOWHERE)
		return false;
	const struct entity *e = &low->entities.at[low->entity_of[t->name]];
	if (e->kind != OJIT_CONST)
		return false;
	*value = e->value;
	return true;
}

ojit_status oj_constant(struct lowering *low, ojit_expr term, double *value)
{
	const struct term *t = oj_term(low->forest, term);
	bool sign = t->kind == TERM_OP && t->op == OJIT_NEG;
	uint32_t inner = sign ? oj_term_operands(low->forest, term)[0] : term;
	if (oj_term(low->forest, inner)->kind != TERM_OP && oj_plain_constant(low, term, value))
		return OJIT_OK;
	return oj_tabulate(low, term, 0, NULL, NULL, NULL, value);
}

ojit_status oj_constant_integer(struct lowering *low, ojit_expr term, const char *what, int64_t *value)
{
	double number;
	char digits[32];
	TRY(oj_constant(low, term, &number));
	if (number == floor(number) && fabs(number) < ldexp(1, 53)) {
		*value = (int64_t)number;
		return OJIT_OK;
	}
	oj_number_shortest(digits, number);
	return oj_fail_place(low, oj_term(low->forest, term)->place, OJIT_SHAPE,
	                     "a whole number is needed %s, not %s; use floor or round", what, digits);
}

/* ---- boxes */

static ojit_status find_box(struct lowering *low, uint32_t line)
{
	const struct definition *d = oj_definition(low, line);
	struct range *box = oj_line_box(low, line);
	for (int k = 0; k < d->rank; k++) {
		const struct axis *a = &oj_axes(low, d)[k];
		TRY(oj_constant_integer(low, a->lo, "at the beginning of a range", &box[k].lo));
		box[k].end = box[k].lo;
		if (a->index)
			TRY(oj_constant_integer(low, a->hi, "at the end of a range", &box[k].end));
		if (box[k].end++ < box[k].lo)
			return oj_fail_place(low, oj_term(low->forest, a->hi)->place, OJIT_SHAPE, "the range of %s is empty, from %lld to %lld; "
			                     "let it end where it begins or later", oj_name_of(low, oj_term(low->forest, a->index)->name),
			                     (long long)box[k].lo, (long long)box[k].end - 1);
	}
	int64_t points = oj_box_points(d->rank, box);
	if (points < 0 || points > INT32_MAX)
		return oj_fail_place(low, d->place, OJIT_UNSUPPORTED, "%s has more than 2^31 elements here; make it smaller",
		                     oj_name_of(low, d->name));
	return OJIT_OK;
}

/* The smallest box around the lines of a unit. */
static ojit_status bound_unit(struct lowering *low, struct unit *u)
{
	u->box = oj_line_box(low, u->first);
	if (oj_next_line(low, u->first) == NOWHERE)
		return OJIT_OK;
	u->box = ARENA_NEW(&low->arena, struct range, u->rank);
	if (!u->box)
		return oj_fail_memory(low->error);
	for (uint32_t line = u->first; line != NOWHERE; line = oj_next_line(low, line))
		for (int k = 0; k < u->rank; k++) {
			struct range range = oj_line_box(low, line)[k];
			if (line == u->first || range.lo < u->box[k].lo)
				u->box[k].lo = range.lo;
			if (line == u->first || range.end > u->box[k].end)
				u->box[k].end = range.end;
		}
	return OJIT_OK;
}

static ojit_status find_boxes(struct lowering *low, uint32_t unit)
{
	struct unit *u = &low->units.at[unit];
	for (uint32_t line = u->first; line != NOWHERE; line = oj_next_line(low, line))
		TRY(find_box(low, line));
	TRY(bound_unit(low, u));
	int64_t points = oj_box_points(u->rank, u->box);
	if (points < 0 || points > INT32_MAX)
		return oj_fail_place(low, oj_unit_definition(low, u)->place, OJIT_UNSUPPORTED, "%s has more than 2^31 elements; make it smaller",
		                     oj_unit_name(low, u));
	return OJIT_OK;
}

/* ---- constants and tables */

static ojit_status fail_entry(const struct lowering *low, uint32_t place, const char *name, uint32_t rank,
                              const int64_t *base, const int64_t *extent, int64_t entry, double value)
{
	char digits[32], at[96] = "";
	int used = 0;
	int64_t step = 1;
	for (uint32_t k = 0; k < rank; k++)
		step *= extent[k];
	for (uint32_t k = 0; k < rank; k++) {
		step /= extent[k];
		used += snprintf(at + used, sizeof at - (size_t)used, k ? ",%lld" : "%lld", (long long)(base[k] + entry / step));
		entry %= step;
	}
	oj_number_shortest(digits, value);
	return oj_fail_place(low, place, OJIT_SHAPE, "%s is %s for index %s, not a whole number of at most 31 bits; use floor or round",
	                     name[0] ? name : "this", digits, at);
}

static ojit_status add_table_to(struct lowering *low, struct space *space, const char *name, uint32_t rank,
                                const int64_t *base, const int64_t *extent, const int32_t *values, uint32_t *table)
{
	*table = oj_space_table(space, name, rank, base, extent, values);
	return *table == UINT32_MAX ? oj_fail_memory(low->error) : OJIT_OK;
}

ojit_status oj_add_table(struct lowering *low, const char *name, uint32_t place, uint32_t rank,
                         const int64_t *base, const int64_t *extent, const double *values,
                         uint32_t *table, uint32_t *copy)
{
	int64_t count = 1;
	for (uint32_t k = 0; k < rank; k++)
		count *= extent[k];
	for (int64_t i = 0; i < count; i++)
		if (values[i] != floor(values[i]) || fabs(values[i]) > INT32_MAX)
			return fail_entry(low, place, name, rank, base, extent, i, values[i]);
	size_t bytes = (size_t)count * sizeof(int32_t);
	int32_t *whole = oj_memory_get(low->context, bytes);
	if (!whole)
		return oj_fail_memory(low->error);
	for (int64_t i = 0; i < count; i++)
		whole[i] = (int32_t)values[i];
	ojit_status status = add_table_to(low, low->space, name, rank, base, extent, whole, table);
	if (status == OJIT_OK)
		status = add_table_to(low, &low->statics, name, rank, base, extent, whole, copy);
	oj_memory_put(low->context, whole, bytes);
	return status;
}

ojit_status oj_line_numbers(struct lowering *low, uint32_t line, const double **values)
{
	const struct definition *d = oj_definition(low, line);
	const struct range *box = oj_line_box(low, line);
	size_t points = (size_t)oj_box_points(d->rank, box);
	const struct given *given = oj_model_given(low->model, line);
	if (given->path) {
		double *read = ARENA_NEW(&low->arena, double, points);
		struct origin origin = oj_forest_origin(low->forest, d->place);
		int64_t extent[RANK] = {0};
		for (int k = 0; k < d->rank; k++)
			extent[k] = oj_extent(box[k]);
		*values = read;
		if (!read)
			return oj_fail_memory(low->error);
		return oj_import(low->context, given->path, &origin, oj_name_of(low, d->name), d->rank, extent, read, low->error);
	}
	*values = given->numbers;
	if (given->count == points)
		return OJIT_OK;
	return oj_fail_place(low, d->place, OJIT_SHAPE, "%s has %zu places here and %zu numbers; give one number for each place",
	                     oj_name_of(low, d->name), points, given->count);
}

/* Values of one line of a table into the table's box. */
static ojit_status fill_line(struct lowering *low, const struct unit *u, uint32_t line, double *values)
{
	const struct definition *d = oj_definition(low, line);
	const struct axis *axes = oj_axes(low, d);
	const struct range *box = oj_line_box(low, line);
	size_t points = (size_t)oj_box_points(u->rank, box), bytes = points * sizeof(double);
	double *mine = oj_memory_get(low->context, bytes);
	const double *from = mine;
	ojit_expr indices[RANK] = {0};
	int64_t lo[RANK], end[RANK];
	uint32_t rank = 0;
	ojit_status status = mine ? OJIT_OK : oj_fail_memory(low->error);
	for (int k = 0; k < u->rank; k++)
		if (axes[k].index) {
			indices[rank] = axes[k].index;
			lo[rank] = box[k].lo, end[rank++] = box[k].end;
		}
	if (status == OJIT_OK)
		status = d->value ? oj_tabulate(low, d->value, rank, indices, lo, end, mine) : oj_line_numbers(low, line, &from);
	for (size_t i = 0; status == OJIT_OK && i < points; i++) {
		int64_t rest = (int64_t)i, at = 0, scale = 1;
		for (int k = u->rank; k-- > 0;) {
			int64_t extent = oj_extent(box[k]);
			at += scale * (box[k].lo + rest % extent - u->box[k].lo);
			rest /= extent;
			scale *= oj_extent(u->box[k]);
		}
		values[at] = from[i];
	}
	oj_memory_put(low->context, mine, bytes);
	return status;
}

static ojit_status evaluate_table(struct lowering *low, uint32_t unit)
{
	struct unit *u = &low->units.at[unit];
	struct entity *e = &low->entities.at[u->entity];
	TRY(find_boxes(low, unit));
	size_t points = 1;
	int64_t base[RANK], extent[RANK];
	for (int k = 0; k < u->rank; k++) {
		base[k] = u->box[k].lo;
		points *= (size_t)(extent[k] = oj_extent(u->box[k]));
	}
	if (points > (size_t)1 << 26)
		return oj_fail_place(low, oj_unit_definition(low, u)->place, OJIT_UNSUPPORTED, "an index table of more than 2^26 entries is not supported; make it smaller");
	double *values = oj_memory_get(low->context, points * sizeof(double));
	if (!values)
		return oj_fail_memory(low->error);
	for (size_t i = 0; i < points; i++)
		values[i] = 0; /* gaps are found later */
	ojit_status status = OJIT_OK;
	for (uint32_t line = u->first; status == OJIT_OK && line != NOWHERE; line = oj_next_line(low, line))
		status = fill_line(low, u, line, values);
	if (status == OJIT_OK)
		status = oj_add_table(low, oj_unit_name(low, u), oj_unit_definition(low, u)->place, u->rank, base, extent, values,
		                      &e->held->table, &e->held->table_copy);
	oj_memory_put(low->context, values, points * sizeof(double));
	return status;
}

static ojit_status evaluate_const(struct lowering *low, uint32_t unit)
{
	const struct unit *u = &low->units.at[unit];
	double value = 0;
	bool given = false;
	for (size_t i = 0; i < low->model->overridings.count; i++)
		if (low->model->overridings.at[i].name == oj_unit_definition(low, u)->name)
			value = low->model->overridings.at[i].value, given = true;
	if (!given)
		TRY(oj_constant(low, oj_definition(low, u->first)->value, &value));
	low->entities.at[u->entity].value = value;
	return OJIT_OK;
}

static ojit_status check_overridings(struct lowering *low)
{
	for (size_t i = 0; i < low->model->overridings.count; i++) {
		uint32_t name = low->model->overridings.at[i].name, known = low->entity_of[name];
		if (known == NOWHERE)
			return oj_fail_unknown(low, 0, "a value is given for a const, and", name, "correct the name or define it");
		if (low->entities.at[known].kind != OJIT_CONST)
			return oj_fail_place(low, 0, OJIT_NAME, "%s is %s, not a const; set it when solving", oj_name_of(low, name),
			                     oj_entity_kind(&low->entities.at[known]));
	}
	return OJIT_OK;
}

/* Which terms are whole numbers made of constants, indices and tables. */
static uint8_t integral_of(const struct lowering *low, uint32_t term)
{
	const struct term *t = oj_term(low->forest, term);
	const uint32_t *o = oj_term_operands(low->forest, term);
	const double largest = ldexp(1, 53);
	if (t->kind == TERM_NUMBER)
		return t->number == floor(t->number) && fabs(t->number) < largest ? INTEGRAL | CONSTANT : 0;
	if (t->kind == TERM_INDEX)
		return INTEGRAL;
	if (t->kind == TERM_NAME && low->entity_of[t->name] != NOWHERE) {
		const struct entity *e = &low->entities.at[low->entity_of[t->name]];
		if (e->kind == OJIT_TABLE)
			return t->arity ? INTEGRAL : 0;
		return e->kind == OJIT_CONST && e->value == floor(e->value) && fabs(e->value) < largest ? INTEGRAL | CONSTANT : 0;
	}
	if (t->kind != TERM_OP)
		return 0;
	if (t->op != OJIT_ADD && t->op != OJIT_SUB && t->op != OJIT_MUL && t->op != OJIT_NEG && t->op != OJIT_MIN && t->op != OJIT_MAX)
		return 0;
	uint8_t all = INTEGRAL | CONSTANT, any = 0;
	for (uint32_t i = 0; i < t->arity; i++)
		all &= low->integral[o[i]], any |= low->integral[o[i]];
	if (t->op == OJIT_MUL && !(any & CONSTANT))
		return 0;
	return all & INTEGRAL ? all : 0;
}

/* The names one after the other. */
static ojit_status list_nonnegative(struct lowering *low)
{
	const ojit_model *m = low->model;
	struct text names;
	oj_text_init(&names, low->context);
	for (size_t i = 0; i < m->nonnegative.count; i++)
		oj_text_format(&names, i ? ", %s" : "%s", oj_forest_text(&m->forest, m->nonnegative.at[i].name));
	if (!names.failed && names.length > 0)
		low->out->nonnegative = oj_arena_string(&low->space->arena, oj_text_get(&names), names.length);
	bool ok = !names.failed && (names.length == 0 || low->out->nonnegative);
	oj_text_drop(&names);
	return ok ? OJIT_OK : oj_fail_memory(low->error);
}

/* Of `solve`. */
static ojit_status evaluate_numbers(struct lowering *low)
{
	const ojit_model *m = low->model;
	struct lowered *out = low->out;
	double *const numbers[SETTINGS] = {[SETTING_RTOL] = &out->rtol, [SETTING_ATOL] = &out->atol,
	                                   [SETTING_UNTIL_STEADY] = &out->until_steady,
	                                   [SETTING_GROWTH_LIMIT] = &out->growth_limit};
	for (int k = 0; k < SETTINGS; k++) {
		if (!m->settings[k])
			continue;
		TRY(oj_constant(low, m->settings[k], numbers[k]));
		if (!oj_solve_allows((enum setting)k, *numbers[k]))
			return oj_fail_place(low, m->solve_place, OJIT_ARGUMENT, "%s %s", oj_solve_numbers[k].name, oj_solve_numbers[k].wrong);
	}
	out->has_atol = m->settings[SETTING_ATOL] != 0;
	return OJIT_OK;
}

static ojit_status evaluate_settings(struct lowering *low)
{
	const ojit_model *m = low->model;
	struct lowered *out = low->out;
	out->has_span = m->span[0] != 0;
	for (int k = 0; out->has_span && k < 2; k++)
		TRY(oj_constant(low, m->span[k], &out->span[k]));
	if (out->has_span && !(isfinite(out->span[0]) && isfinite(out->span[1])))
		return oj_fail_place(low, m->span_place, OJIT_ARGUMENT, "the span must be from one finite time to another");
	TRY(evaluate_numbers(low));
	if (m->method && !(out->method = oj_arena_string(&low->space->arena, m->method, strlen(m->method))))
		return oj_fail_memory(low->error);
	return list_nonnegative(low);
}

ojit_status oj_evaluate_statics(struct lowering *low)
{
	TRY(check_overridings(low));
	for (uint32_t u = 0; u < low->units.count; u++)
		if (low->units.at[u].kind <= UNIT_TABLE)
			TRY(oj_scan_unit(low, u));
	TRY(oj_order_units(low, true));
	for (size_t i = 0; i < low->order.count; i++) {
		uint32_t unit = low->order.at[i];
		TRY(low->units.at[unit].kind == UNIT_CONST ? evaluate_const(low, unit) : evaluate_table(low, unit));
	}
	for (uint32_t term = 1; term < low->forest->terms.count; term++)
		low->integral[term] = integral_of(low, term);
	for (uint32_t u = 0; u < low->units.count; u++)
		if (low->units.at[u].kind > UNIT_TABLE)
			TRY(find_boxes(low, u));
	return evaluate_settings(low);
}
