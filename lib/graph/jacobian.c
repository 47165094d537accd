/* See jacobian.h.
 *
 * Here are the ways through the program and the entries that are computed by themselves;
 * jacobian_parts.h tells of the others. */
#include "lib/graph/jacobian_parts.h"

#include "lib/graph/finite.h"
#include "lib/graph/partial.h"

#include <string.h>

/* ---------------------------------------------------------------- parts */

static bool settle(struct jacobian *j, struct sparse *s, int64_t rows, bool by_column);

ojit_expr oj_jacobian_product(struct jacobian *j, const struct part *part, ojit_expr inner)
{
	struct slope outer = {part->c.value, part->c.chosen, part->c.part};
	struct slope entry = {inner, j->of[part->source - 1].chosen, 0};
	if (!entry.chosen)
		return oj_slope_times(j->g, outer, inner).e;
	ojit_expr product = oj_slope_times(j->g, entry, outer.e).e;
	if (!outer.chosen || !product)
		return product;
	ojit_expr has_part = oj_slope_part(j->g, outer);
	return has_part ? oj_times_strong(j->g, has_part, product) : 0;
}

static bool add_part(struct jacobian *j, struct sparse *to, const struct contribution *c, const struct store *store,
                     uint32_t origin)
{
	struct part part = {.c = *c, .store = j->stores, .origin = origin};
	enum array_role role = j->space->arrays.at[c->array].role;
	if (role != j->request->role) {
		struct sparse *source = &j->of[c->array];
		part.source = c->array + 1;
		if (!source->settled && !settle(j, source, oj_array_length(&j->space->arrays.at[c->array]), false))
			return false;
	}
	to->chosen = to->chosen || c->chosen || (part.source && j->of[part.source - 1].chosen);
	bool ok = oj_jacobian_terms(j, to, &part, store);
	if (VECTOR_PUSH(j->space->context, &to->parts, part))
		return ok;
	VECTOR_DROP(j->space->context, &part.index);
	return false;
}

static bool differentiate_store(struct jacobian *j, const struct program *program, const struct block *block,
                                uint32_t store, struct slope *bars)
{
	uint32_t seen = oj_sweep_seen(program, block->stores.at[store].array);
	struct sparse *to = j->space->arrays.at[seen].role == ROLE_OUT ? &j->out : &j->of[seen];
	bars[store].e = oj_literal(j->g, 1);
	bool ok = bars[store].e && oj_sweep_block(&j->sweep, block, bars);
	bars[store].e = 0;
	for (size_t k = 0; ok && k < j->sweep.contributions.count; k++) {
		struct contribution c = j->sweep.contributions.at[k];
		ok = add_part(j, to, &c, &block->stores.at[store], block->origin);
	}
	oj_sweep_forget(&j->sweep);
	j->stores++;
	return ok;
}

static bool differentiate(struct jacobian *j, const struct program *program)
{
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		size_t size = (block->stores.count + 1) * sizeof(struct slope);
		struct slope *bars = oj_memory_get(j->space->context, size);
		if (!bars)
			return false;
		memset(bars, 0, size);
		for (uint32_t s = 0; ok && s < block->stores.count; s++)
			ok = !oj_sweep_active(&j->sweep, block->stores.at[s].value) ||
			     differentiate_store(j, program, block, s, bars);
		oj_memory_put(j->space->context, bars, size);
	}
	return ok && !j->sweep.failed;
}

/* ---------------------------------------------------------------- by themselves */

static ojit_expr load_at(struct jacobian *j, uint32_t array, int64_t k)
{
	ojit_expr index = oj_integer(j->g, k);
	return oj_load(j->g, array, 1, &index);
}

/* A term of a part without loops. */
static ojit_expr term_value(struct jacobian *j, const struct sparse *s, const struct term *t)
{
	const struct part *part = &s->parts.at[t->part];
	if (!part->source)
		return part->c.value;
	const struct sparse *source = &j->of[part->source - 1];
	int64_t e = part->index.at[t->number];
	ojit_expr inner = source->value[e] ? source->value[e] : load_at(j, source->array, e);
	return oj_jacobian_product(j, part, inner);
}

static bool sum_by_themselves(struct jacobian *j, struct sparse *s)
{
	for (size_t k = 0; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		ojit_expr *value = &s->value[t->entry], term;
		if (s->owner[t->entry] < 0 || !oj_jacobian_is_loopless(&s->parts.at[s->owner[t->entry]]))
			continue;
		term = term_value(j, s, t);
		*value = *value && term ? oj_plus(j->g, *value, term) : term;
		if (!*value)
			return false;
	}
	return true;
}

static bool store_by_themselves(struct jacobian *j, struct sparse *s, uint32_t origin)
{
	struct block *block = NULL;
	bool ok = true;
	for (int64_t e = 0; ok && e < s->entries; e++) {
		if (!s->value[e])
			continue;
		ojit_expr index = oj_integer(j->g, e);
		if (!block)
			block = oj_program_block(j->made, 0, NULL, NULL, origin);
		ok = block && index && oj_block_store(j->space, block, s->array, s->value[e], &index);
	}
	return ok;
}

/* ---------------------------------------------------------------- settling */

/* A source that was not put into an array yet has to be, for lists to read. */
static bool ready_sources(struct jacobian *j, struct sparse *s)
{
	int64_t base = 0;
	for (size_t p = 0; p < s->parts.count; p++) {
		struct sparse *source = s->parts.at[p].source ? &j->of[s->parts.at[p].source - 1] : NULL;
		if (!source || source->array != UINT32_MAX || source->entries == 0)
			continue;
		source->array = oj_space_array(j->space, "derivative", ROLE_TEMP, 1, &base, &source->entries, 0);
		if (source->array == UINT32_MAX || !store_by_themselves(j, source, s->parts.at[p].origin))
			return false;
	}
	return true;
}

/* All parts are there: entries, and blocks for their values. */
static bool settle(struct jacobian *j, struct sparse *s, int64_t rows, bool columns)
{
	int64_t base = 0;
	s->settled = true;
	if (!oj_jacobian_entries(j, s, rows, columns) || !oj_jacobian_find_boxes(j, s))
		return false;
	oj_jacobian_owners(s);
	bool out = s == &j->out;
	if ((!out && !oj_jacobian_renumber(j, s)) || !sum_by_themselves(j, s))
		return false;
	s->by_itself = true;
	for (int64_t e = 0; e < s->entries; e++)
		s->by_itself = s->by_itself && s->value[e];
	if (s->entries == 0 || (s->by_itself && !out))
		return true;
	s->array = oj_space_array(j->space, out ? "jacobian" : "derivative", out ? ROLE_OUT : ROLE_TEMP, 1, &base,
	                          &s->entries, 0);
	if (s->array == UINT32_MAX || !store_by_themselves(j, s, s->parts.at[0].origin))
		return false;
	bool ok = s->by_itself || (ready_sources(j, s) && oj_jacobian_store_boxes(j, s) && oj_jacobian_store_lists(j, s));
	/* From here on it is read from the array. */
	for (int64_t e = 0; e < s->entries && !out; e++)
		s->value[e] = 0;
	return ok;
}

/* ---------------------------------------------------------------- all of it */

static bool draw_pattern(struct jacobian *j, struct pattern *pattern)
{
	const struct sparse *s = &j->out;
	if (!oj_pattern_init(pattern, j->space->context, j->request->rows, j->request->columns, s->entries))
		return false;
	memset(pattern->column, 0, (size_t)(pattern->columns + 1) * sizeof *pattern->column);
	for (size_t k = 0; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		if (k == 0 || t[-1].entry != t->entry)
			pattern->column[t->column + 1]++;
		pattern->row[t->entry] = t->row;
	}
	for (int64_t c = 0; c < pattern->columns; c++)
		pattern->column[c + 1] += pattern->column[c];
	return true;
}

/* Does the store store element [i0, i1, …] at that point? */
static bool is_in_place(const struct jacobian *j, const struct store *store)
{
	bool is = true;
	for (uint32_t k = 0; is && k < j->space->arrays.at[store->array].rank; k++)
		is = oj_is(j->g, store->index[k], OP_INDEX) && oj_node(j->g, store->index[k])->integer == k;
	return is;
}

static void find_makers(struct jacobian *j, const struct program *program)
{
	for (size_t b = 0; b < program->blocks.count; b++)
		for (size_t s = 0; s < program->blocks.at[b].stores.count; s++) {
			const struct store *store = &program->blocks.at[b].stores.at[s];
			struct sparse *of = &j->of[store->array];
			if (j->space->arrays.at[store->array].role != ROLE_TEMP)
				continue;
			of->several = of->made_by || !is_in_place(j, store);
			of->made_by = store;
		}
}

static bool find_finite(struct jacobian *j, const struct program *program, const struct program *prepare)
{
	bool prepared = true;
	bool ok = oj_keeps_finite(program, &j->finite) && (!prepare || oj_keeps_finite(prepare, &prepared));
	j->finite = j->finite && prepared;
	return ok;
}

static bool run(struct jacobian *j, const struct program *program, const struct program *prepare)
{
	bool through = prepare && j->request->role == ROLE_PARAMETER;
	for (size_t k = 0; k < j->arrays; k++) {
		j->sweep.active[k] = j->space->arrays.at[k].role == j->request->role;
		j->of[k].array = UINT32_MAX;
	}
	j->out.array = UINT32_MAX;
	if (through && (!oj_sweep_activate(&j->sweep, prepare) || !oj_program_intermediates(j->made, prepare)))
		return false;
	if (!find_finite(j, program, through ? prepare : NULL) || !oj_known_open(&j->known, j->space, prepare))
		return false;
	if (!oj_sweep_activate(&j->sweep, program) || !oj_program_intermediates(j->made, program))
		return false;
	if (through)
		find_makers(j, prepare);
	find_makers(j, program);
	return (!through || differentiate(j, prepare)) && differentiate(j, program) &&
	       settle(j, &j->out, j->request->rows, true) && !j->failed && !j->known.failed && oj_program_layout(j->made) == OJIT_OK;
}

ojit_status oj_jacobian_program(struct program *made, const struct program *program, const struct program *prepare,
                                const struct jacobian_request *request, struct pattern *pattern,
                                struct oj_error *error)
{
	struct space *space = program->space;
	struct jacobian j = {.made = made, .space = space, .g = &space->graph, .request = request,
	                     .arrays = space->arrays.count};
	size_t size = (j.arrays + 1) * sizeof *j.of;
	bool ok = oj_sweep_open(&j.sweep, made, space, error) && (j.of = oj_memory_get(space->context, size));
	*pattern = (struct pattern){0};
	j.sweep.keeps_terms = true;
	oj_expr_map_init(&j.stays_finite, space->context);
	if (ok)
		memset(j.of, 0, size);
	ok = ok && run(&j, program, prepare) && !space->graph.failed && draw_pattern(&j, pattern);
	for (size_t k = 0; j.of && k < j.arrays; k++)
		oj_jacobian_drop(&j, &j.of[k]);
	oj_jacobian_drop(&j, &j.out);
	oj_memory_put(space->context, j.of, size);
	oj_sweep_close(&j.sweep);
	oj_known_close(&j.known);
	oj_expr_map_drop(&j.stays_finite);
	if (ok)
		return OJIT_OK;
	return error->status != OJIT_OK ? error->status : oj_fail_memory(error);
}
