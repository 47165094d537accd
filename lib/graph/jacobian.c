/* See jacobian.h.
 *
 * A part is the local derivative of one store by one load: an expression over loops.
 * Its terms are what it adds to entries, one for every point of the loops and, where the
 * load is of an intermediate array, every entry in that array's row.  Terms are sorted,
 * equal places are one entry, and every entry is computed in one of these ways:
 *
 *   by itself    all its terms come of parts without loops: an expression
 *   by a box     its part has one term an entry: a block over the part's own loops,
 *                whose subscripts stay what they are
 *   by a list    all its terms come of one part (listing.h)
 *   by a sum     terms of several parts lie in an array first, and a list adds them up */
#include "lib/graph/jacobian.h"

#include "lib/graph/listing.h"
#include "lib/graph/partial.h"
#include "lib/graph/sweep.h"

#include <stdlib.h>
#include <string.h>

struct part {
	struct contribution c; /* value over domain */
	uint32_t source;       /* the intermediate array that is read, + 1; 0: an input */
	size_t first, count;   /* of terms as they were made */
	VECTOR(int64_t) index; /* [count * (loops + 1)] the point, then the source's entry */
	uint32_t store;
	uint32_t origin;
	ojit_expr element;     /* of the store, over the box: its row */
};

struct term {
	int64_t row, column; /* of the entry */
	uint32_t part, number; /* in the part */
	int64_t entry;
};

enum { NOBODY = -1, SEVERAL = -2 };

/* Derivatives of an array's elements, row by row once they are settled. */
struct sparse {
	VECTOR(struct part) parts;
	VECTOR(struct term) terms;
	bool settled;
	int64_t rows, entries;
	int64_t *start;        /* [rows + 1] */
	int64_t *column;       /* [entries] */
	int64_t *owner;        /* [entries] the one part that has terms there, or SEVERAL */
	ojit_expr *value;      /* [entries] of what is computed by itself, 0: it is in `array` */
	uint32_t array;        /* of rank 1, [entries]; UINT32_MAX: none yet */
	bool by_itself;        /* all of it */
};

struct jacobian {
	struct sweep sweep;
	struct program *made;
	struct space *space;
	struct graph *g;
	const struct jacobian_request *request;
	struct sparse *of;     /* [arrays], those of OUT unused */
	struct sparse out;
	size_t arrays;
};

/* ---------------------------------------------------------------- terms */

static int64_t flat(const struct space *space, uint32_t array, const ojit_expr *index, const int64_t *at)
{
	const struct array *a = &space->arrays.at[array];
	int64_t element = 0;
	for (uint32_t k = 0; k < a->rank; k++)
		element = element * a->extent[k] + oj_integer_at(space, index[k], at) - a->base[k];
	return element;
}

static bool add_term(struct jacobian *j, struct sparse *to, struct part *part, const int64_t *at, int64_t row,
                     int64_t column, int64_t entry)
{
	ojit_context *context = j->space->context;
	struct term term = {row, column, (uint32_t)to->parts.count, (uint32_t)part->count++, 0};
	bool ok = VECTOR_PUSH(context, &to->terms, term);
	for (uint32_t k = 0; ok && k < part->c.domain.count; k++)
		ok = VECTOR_PUSH(context, &part->index, at[part->c.domain.at[k].level]);
	return ok && VECTOR_PUSH(context, &part->index, entry);
}

/* All terms of a part; what it reads is settled. */
static bool add_terms(struct jacobian *j, struct sparse *to, struct part *part, const struct store *store)
{
	const struct array *stored = &j->space->arrays.at[store->array], *read = &j->space->arrays.at[part->c.array];
	const struct sparse *source = part->source ? &j->of[part->source - 1] : NULL;
	bool ok = true, out = to == &j->out;
	struct walk walk;
	for (oj_walk_begin(&walk, j->space, &part->c.domain); ok && oj_walk_next(&walk);) {
		int64_t row = flat(j->space, store->array, store->index, walk.index) + (out ? stored->offset : 0);
		int64_t column = flat(j->space, part->c.array, part->c.index, walk.index);
		if (!source) {
			ok = add_term(j, to, part, walk.index, row, read->offset + column, 0);
			continue;
		}
		for (int64_t e = source->start[column]; ok && e < source->start[column + 1]; e++)
			ok = add_term(j, to, part, walk.index, row, source->column[e], e);
	}
	return ok;
}

static bool settle(struct jacobian *j, struct sparse *s, int64_t rows, bool by_column);

static bool add_part(struct jacobian *j, struct sparse *to, const struct contribution *c, const struct block *block,
                     uint32_t store)
{
	struct part part = {.c = *c, .store = store, .origin = block->origin};
	enum array_role role = j->space->arrays.at[c->array].role;
	if (role != j->request->role) {
		struct sparse *source = &j->of[c->array];
		part.source = c->array + 1;
		if (!source->settled && !settle(j, source, oj_array_length(&j->space->arrays.at[c->array]), false))
			return false;
	}
	bool ok = add_terms(j, to, &part, &block->stores.at[store]);
	if (VECTOR_PUSH(j->space->context, &to->parts, part))
		return ok;
	VECTOR_DROP(j->space->context, &part.index);
	return false;
}

static bool differentiate_store(struct jacobian *j, const struct program *program, const struct block *block,
                                uint32_t store, struct bar *bars)
{
	uint32_t seen = oj_sweep_seen(program, block->stores.at[store].array);
	struct sparse *to = j->space->arrays.at[seen].role == ROLE_OUT ? &j->out : &j->of[seen];
	bars[store].e = oj_literal(j->g, 1);
	bool ok = bars[store].e && oj_sweep_block(&j->sweep, block, bars);
	bars[store].e = 0;
	for (size_t k = 0; ok && k < j->sweep.contributions.count; k++) {
		struct contribution c = j->sweep.contributions.at[k];
		ok = add_part(j, to, &c, block, store);
	}
	oj_sweep_forget(&j->sweep);
	return ok;
}

static bool differentiate(struct jacobian *j, const struct program *program)
{
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		const struct block *block = &program->blocks.at[b];
		size_t size = (block->stores.count + 1) * sizeof(struct bar);
		struct bar *bars = oj_memory_get(j->space->context, size);
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

/* ---------------------------------------------------------------- entries */

#define THREE_WAY(x, y) (((x) > (y)) - ((x) < (y)))

static int by_row(const void *a, const void *b)
{
	const struct term *x = a, *y = b;
	if (x->row != y->row)
		return THREE_WAY(x->row, y->row);
	if (x->column != y->column)
		return THREE_WAY(x->column, y->column);
	return x->part != y->part ? THREE_WAY(x->part, y->part) : THREE_WAY(x->number, y->number);
}

static int by_column(const void *a, const void *b)
{
	const struct term *x = a, *y = b;
	return x->column != y->column ? THREE_WAY(x->column, y->column) : by_row(a, b);
}

static void number_entries(struct sparse *s)
{
	s->entries = 0;
	for (size_t k = 0; k < s->terms.count; k++) {
		struct term *t = &s->terms.at[k], *before = k ? t - 1 : NULL;
		bool same = before && before->row == t->row && before->column == t->column;
		s->entries += !same;
		t->entry = s->entries - 1;
	}
}

static int64_t *numbers(struct jacobian *j, int64_t count)
{
	size_t size = (size_t)(count + 1) * sizeof(int64_t);
	int64_t *made = oj_memory_get(j->space->context, size);
	if (made)
		memset(made, 0, size);
	return made;
}

static void put_numbers(struct jacobian *j, int64_t *numbers, int64_t count)
{
	oj_memory_put(j->space->context, numbers, (size_t)(count + 1) * sizeof(int64_t));
}

static bool is_loopless(const struct part *part)
{
	return part->c.domain.count == 0;
}

/* Owners: of all parts without loops, the first that has a term stands for them. */
static void find_owners(struct sparse *s)
{
	for (int64_t e = 0; e < s->entries; e++)
		s->owner[e] = NOBODY;
	for (size_t k = 0; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		int64_t *owner = &s->owner[t->entry];
		if (*owner == NOBODY)
			*owner = t->part;
		else if (*owner != t->part && (*owner == SEVERAL || !is_loopless(&s->parts.at[*owner]) ||
		                               !is_loopless(&s->parts.at[t->part])))
			*owner = SEVERAL;
	}
}

static bool make_entries(struct jacobian *j, struct sparse *s, int64_t rows, bool columns)
{
	s->rows = rows;
	if (s->terms.count)
		qsort(s->terms.at, s->terms.count, sizeof *s->terms.at, columns ? by_column : by_row);
	number_entries(s);
	s->start = numbers(j, rows);
	s->column = numbers(j, s->entries);
	s->owner = numbers(j, s->entries);
	s->value = oj_memory_get(j->space->context, (size_t)(s->entries + 1) * sizeof *s->value);
	if (!s->start || !s->column || !s->owner || !s->value)
		return false;
	memset(s->value, 0, (size_t)(s->entries + 1) * sizeof *s->value);
	find_owners(s);
	for (size_t k = 0; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		if (k == 0 || t[-1].entry != t->entry)
			s->start[t->row + 1]++;
		s->column[t->entry] = t->column;
	}
	for (int64_t r = 0; r < rows; r++)
		s->start[r + 1] += s->start[r];
	return true;
}

static void drop_sparse(struct jacobian *j, struct sparse *s)
{
	ojit_context *context = j->space->context;
	for (size_t k = 0; k < s->parts.count; k++)
		VECTOR_DROP(context, &s->parts.at[k].index);
	VECTOR_DROP(context, &s->parts);
	VECTOR_DROP(context, &s->terms);
	put_numbers(j, s->start, s->rows);
	put_numbers(j, s->column, s->entries);
	put_numbers(j, s->owner, s->entries);
	oj_memory_put(context, s->value, (size_t)(s->entries + 1) * sizeof *s->value);
	s->start = s->column = s->owner = NULL;
	s->value = NULL;
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
	return part->c.chosen ? oj_times_strong(j->g, part->c.value, inner) : oj_times(j->g, part->c.value, inner);
}

static bool sum_by_themselves(struct jacobian *j, struct sparse *s)
{
	for (size_t k = 0; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		ojit_expr *value = &s->value[t->entry], term;
		if (s->owner[t->entry] < 0 || !is_loopless(&s->parts.at[s->owner[t->entry]]))
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
		ojit_expr index = oj_integer(j->g, e);
		if (!s->value[e])
			continue;
		if (!block)
			block = oj_program_block(j->made, 0, NULL, NULL, origin);
		ok = block && index && oj_block_store(j->space, block, s->array, s->value[e], &index);
	}
	return ok;
}

/* ---------------------------------------------------------------- by lists */

/* The part's value times what its source holds: over its loops and one level more, the
 * source's entry. */
static ojit_expr part_value(struct jacobian *j, const struct part *part, unsigned *level)
{
	uint32_t used = oj_domain_levels(&part->c.domain) | oj_node(j->g, part->c.value)->levels;
	*level = used ? 32 - (unsigned)__builtin_clz(used) : 0;
	if (!part->source)
		return part->c.value;
	ojit_expr entry = *level < LEVELS ? oj_index(j->g, *level) : 0;
	ojit_expr inner = entry ? oj_load(j->g, j->of[part->source - 1].array, 1, &entry) : 0;
	if (!inner)
		return 0;
	return part->c.chosen ? oj_times_strong(j->g, part->c.value, inner) : oj_times(j->g, part->c.value, inner);
}

struct list { /* of terms being put together */
	VECTOR(int64_t) index, row, element;
};

static void drop_list(struct jacobian *j, struct list *list)
{
	VECTOR_DROP(j->space->context, &list->index);
	VECTOR_DROP(j->space->context, &list->row);
	VECTOR_DROP(j->space->context, &list->element);
}

static bool list_part(struct jacobian *j, const struct part *part, const struct list *list, uint32_t target)
{
	unsigned level;
	struct listing listing = {.points = list->row.count, .index = list->index.at, .row = list->row.at,
	                          .rows = (int64_t)list->element.count, .element = list->element.at,
	                          .target = target, .origin = part->origin, .levels = part->c.domain.count + 1};
	listing.value = part_value(j, part, &level);
	for (uint32_t k = 0; k < part->c.domain.count; k++)
		listing.level[k] = part->c.domain.at[k].level;
	listing.level[part->c.domain.count] = level;
	return listing.value && level < LEVELS && oj_list(j->made, &listing);
}

static bool push_point(struct jacobian *j, struct list *list, const struct part *part, uint32_t number)
{
	uint32_t width = part->c.domain.count + 1;
	bool ok = true;
	for (uint32_t k = 0; ok && k < width; k++)
		ok = VECTOR_PUSH(j->space->context, &list->index, part->index.at[(size_t)number * width + k]);
	return ok;
}

/* Entries that are the part's alone: terms[0..count) are its terms, by entry. */
static bool list_owned(struct jacobian *j, struct sparse *s, const struct part *part, const struct term *terms,
                       size_t count)
{
	ojit_context *context = j->space->context;
	struct list list = {0};
	int64_t last = -1;
	bool ok = true;
	for (size_t k = 0; ok && k < count; k++) {
		const struct term *t = &terms[k];
		if (s->owner[t->entry] != t->part)
			continue;
		if (t->entry != last)
			ok = VECTOR_PUSH(context, &list.element, t->entry);
		last = t->entry;
		ok = ok && VECTOR_PUSH(context, &list.row, (int64_t)list.element.count - 1) &&
		     push_point(j, &list, part, t->number);
	}
	ok = ok && (list.row.count == 0 || list_part(j, part, &list, s->array));
	drop_list(j, &list);
	return ok;
}

/* Terms that meet those of other parts go to `array` from `next` on, one by one. */
static bool list_shared(struct jacobian *j, struct sparse *s, const struct part *part, const struct term *terms,
                        size_t count, uint32_t array, int64_t *place, int64_t *next)
{
	ojit_context *context = j->space->context;
	struct list list = {0};
	bool ok = true;
	for (size_t k = 0; ok && k < count; k++) {
		if (s->owner[terms[k].entry] != SEVERAL)
			continue;
		place[terms[k].number] = *next;
		ok = VECTOR_PUSH(context, &list.row, (int64_t)list.element.count) &&
		     VECTOR_PUSH(context, &list.element, *next) && push_point(j, &list, part, terms[k].number);
		(*next)++;
	}
	ok = ok && (list.row.count == 0 || list_part(j, part, &list, array));
	drop_list(j, &list);
	return ok;
}

/* ---------------------------------------------------------------- by boxes */

/* Is there one entry a point, all of them the part's, over a box? */
static bool fits_box(struct jacobian *j, const struct sparse *s, const struct part *part, const struct term *terms,
                     size_t count, int64_t *lo, int64_t *end)
{
	size_t points = 1;
	if (part->source || part->c.domain.count > RANK || count != part->count)
		return false;
	for (uint32_t k = 0; k < part->c.domain.count; k++) {
		if (!oj_integer_value(j->g, part->c.domain.at[k].lo, &lo[k]) ||
		    !oj_integer_value(j->g, part->c.domain.at[k].end, &end[k]))
			return false;
		points *= (size_t)(end[k] - lo[k]);
	}
	for (size_t k = 0; k < count; k++)
		if (s->owner[terms[k].entry] != terms[k].part || (k && terms[k].entry == terms[k - 1].entry))
			return false;
	return points == count;
}

/* entries[point] as an integer in the box's indices: affine, or a table. */
static ojit_expr box_entry(struct jacobian *j, uint32_t rank, const int64_t *lo, const int64_t *end, const int64_t *entry,
                           size_t count)
{
	int64_t slope[RANK] = {0}, extent[RANK], stride = 1, constant = entry[0];
	ojit_expr index[RANK];
	bool affine = true;
	for (uint32_t k = rank; k-- > 0; stride *= extent[k]) {
		extent[k] = end[k] - lo[k];
		index[k] = oj_index(j->g, k);
		slope[k] = extent[k] > 1 ? entry[stride] - entry[0] : 0;
		constant -= slope[k] * lo[k];
	}
	for (size_t p = 0; affine && p < count; p++) {
		int64_t value = constant, rest = (int64_t)p;
		for (uint32_t k = rank; k-- > 0; rest /= extent[k])
			value += slope[k] * (lo[k] + rest % extent[k]);
		affine = value == entry[p];
	}
	if (affine)
		return oj_integer_sum(j->g, constant, rank, index, slope);
	int32_t *narrow = oj_memory_get(j->space->context, count * sizeof *narrow);
	for (size_t p = 0; narrow && p < count; p++)
		narrow[p] = (int32_t)entry[p];
	uint32_t table = narrow ? oj_space_table(j->space, "entry", rank, lo, extent, narrow) : UINT32_MAX;
	oj_memory_put(j->space->context, narrow, count * sizeof *narrow);
	return table == UINT32_MAX ? 0 : oj_table(j->g, table, rank, index);
}

static bool store_box(struct jacobian *j, struct sparse *s, const struct part *part, const struct term *terms,
                      size_t count, const int64_t *lo, const int64_t *end)
{
	ojit_expr map[LEVELS] = {0}, element = 0;
	uint32_t rank = part->c.domain.count;
	int64_t *entry = numbers(j, (int64_t)count);
	for (size_t k = 0; entry && k < count; k++)
		entry[terms[k].number] = terms[k].entry; /* numbers go with the walk */
	for (uint32_t k = 0; k < rank; k++)
		map[part->c.domain.at[k].level] = oj_index(j->g, k);
	ojit_expr value = oj_substitute(j->space, part->c.value, map, LEVELS);
	if (entry)
		element = box_entry(j, rank, lo, end, entry, count);
	put_numbers(j, entry, (int64_t)count);
	struct block *block = value && element ? oj_program_block(j->made, rank, lo, end, part->origin) : NULL;
	return block && oj_block_store(j->space, block, s->array, value, &element);
}

/* ---------------------------------------------------------------- settling */

/* What several parts add to lies in `terms` now; add it up. */
static bool sum_shared(struct jacobian *j, struct sparse *s, uint32_t array, int64_t *const *places, uint32_t origin)
{
	ojit_context *context = j->space->context;
	struct list list = {0};
	int64_t last = -1;
	bool ok = true;
	for (size_t k = 0; ok && k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		if (s->owner[t->entry] != SEVERAL)
			continue;
		if (t->entry != last)
			ok = VECTOR_PUSH(context, &list.element, t->entry);
		last = t->entry;
		ok = ok && VECTOR_PUSH(context, &list.row, (int64_t)list.element.count - 1) &&
		     VECTOR_PUSH(context, &list.index, places[t->part][t->number]);
	}
	ojit_expr index = oj_index(j->g, 0);
	struct listing listing = {.points = list.row.count, .index = list.index.at, .row = list.row.at, .levels = 1,
	                          .rows = (int64_t)list.element.count, .element = list.element.at,
	                          .target = s->array, .origin = origin};
	listing.value = oj_load(j->g, array, 1, &index);
	ok = ok && listing.value && oj_list(j->made, &listing);
	drop_list(j, &list);
	return ok;
}

/* Terms of each part, in order of entries: a stable counting sort. */
static struct term *terms_by_part(struct jacobian *j, const struct sparse *s, size_t *size)
{
	size_t *next = oj_memory_get(j->space->context, (s->parts.count + 1) * sizeof *next), sum = 0;
	*size = (s->terms.count + 1) * sizeof(struct term);
	struct term *sorted = oj_memory_get(j->space->context, *size);
	for (size_t p = 0; next && p < s->parts.count; sum += s->parts.at[p++].count)
		next[p] = sum;
	for (size_t k = 0; next && sorted && k < s->terms.count; k++)
		sorted[next[s->terms.at[k].part]++] = s->terms.at[k];
	oj_memory_put(j->space->context, next, (s->parts.count + 1) * sizeof *next);
	if (next)
		return sorted;
	oj_memory_put(j->space->context, sorted, *size);
	return NULL;
}

static int64_t count_shared(const struct sparse *s)
{
	int64_t shared = 0;
	for (size_t k = 0; k < s->terms.count; k++)
		shared += s->owner[s->terms.at[k].entry] == SEVERAL;
	return shared;
}

static bool emit_part(struct jacobian *j, struct sparse *s, size_t p, const struct term *terms, uint32_t shared,
                      int64_t *place, int64_t *next)
{
	struct part part = s->parts.at[p];
	int64_t lo[RANK], end[RANK];
	if (!is_loopless(&part) && fits_box(j, s, &part, terms, part.count, lo, end))
		return store_box(j, s, &part, terms, part.count, lo, end);
	if (!is_loopless(&part) && !list_owned(j, s, &part, terms, part.count))
		return false;
	return list_shared(j, s, &part, terms, part.count, shared, place, next);
}

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

static bool emit_parts(struct jacobian *j, struct sparse *s)
{
	int64_t base = 0, shared = count_shared(s), next = 0;
	uint32_t array = UINT32_MAX;
	size_t size, at = 0, room = (s->parts.count + 1) * sizeof(int64_t *);
	if (!ready_sources(j, s))
		return false;
	if (shared && (array = oj_space_array(j->space, "terms", ROLE_TEMP, 1, &base, &shared, 0)) == UINT32_MAX)
		return false;
	struct term *terms = terms_by_part(j, s, &size);
	int64_t **places = oj_memory_get(j->space->context, room);
	bool ok = terms && places;
	if (places)
		memset(places, 0, room);
	for (size_t p = 0; ok && p < s->parts.count; at += s->parts.at[p++].count)
		ok = (places[p] = numbers(j, (int64_t)s->parts.at[p].count)) &&
		     emit_part(j, s, p, terms + at, array, places[p], &next);
	ok = ok && (!shared || sum_shared(j, s, array, places, s->parts.at[0].origin));
	for (size_t p = 0; places && p < s->parts.count; p++)
		if (places[p])
			put_numbers(j, places[p], (int64_t)s->parts.at[p].count);
	oj_memory_put(j->space->context, places, room);
	oj_memory_put(j->space->context, terms, size);
	return ok;
}

/* All parts are there: entries, and blocks for their values. */
static bool settle(struct jacobian *j, struct sparse *s, int64_t rows, bool columns)
{
	int64_t base = 0;
	s->settled = true;
	if (!make_entries(j, s, rows, columns) || !sum_by_themselves(j, s))
		return false;
	s->by_itself = true;
	for (int64_t e = 0; e < s->entries; e++)
		s->by_itself = s->by_itself && s->value[e];
	bool out = s == &j->out;
	if (s->entries == 0 || (s->by_itself && !out))
		return true;
	s->array = oj_space_array(j->space, out ? "jacobian" : "derivative", out ? ROLE_OUT : ROLE_TEMP, 1, &base,
	                          &s->entries, 0);
	if (s->array == UINT32_MAX || !store_by_themselves(j, s, s->parts.at[0].origin))
		return false;
	bool ok = (s->by_itself || emit_parts(j, s));
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
	if (!oj_sweep_activate(&j->sweep, program) || !oj_program_intermediates(j->made, program))
		return false;
	return (!through || differentiate(j, prepare)) && differentiate(j, program) &&
	       settle(j, &j->out, j->request->rows, true) && oj_program_layout(j->made) == OJIT_OK;
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
	if (ok)
		memset(j.of, 0, size);
	ok = ok && run(&j, program, prepare) && !space->graph.failed && draw_pattern(&j, pattern);
	for (size_t k = 0; j.of && k < j.arrays; k++)
		drop_sparse(&j, &j.of[k]);
	drop_sparse(&j, &j.out);
	oj_memory_put(space->context, j.of, size);
	oj_sweep_close(&j.sweep);
	if (ok)
		return OJIT_OK;
	return error->status != OJIT_OK ? error->status : oj_fail_memory(error);
}
