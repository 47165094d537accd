/* The text form of programs: what stands above the blocks.
 *
 * A thing the space had before this text, declared alike, is that thing; every
 * other is made.  Values go where the text says, gaps hold 0, and values that were
 * there before must be the same. */
#include "lib/graph/textform.h"

#include <string.h>

enum { LARGEST_GAP = 1 << 26 }; /* numbers before the first one given */

/* Points of a box, at most OJ_LARGEST. */
static bool count_points(struct reader *r, uint32_t rank, const int64_t *extent, int64_t *points)
{
	*points = 1;
	for (uint32_t k = 0; k < rank; k++)
		if (__builtin_mul_overflow(*points, extent[k], points) || *points > OJ_LARGEST)
			return oj_scan_fail(r, r->at, 1, "This array has more than 2^40 elements. Use smaller ranges");
	return true;
}

static bool same_shape(uint32_t rank, const int64_t *base, const int64_t *extent, uint32_t rank_b,
                       const int64_t *base_b, const int64_t *extent_b)
{
	return rank == rank_b && (rank == 0 || (!memcmp(base, base_b, rank * sizeof *base) &&
	                                        !memcmp(extent, extent_b, rank * sizeof *extent)));
}

static struct entry *known_array(struct reader *r, const char *name, const struct array *a)
{
	struct entry *e = NULL;
	while ((e = oj_scan_entry(r, e, NAME_ARRAY, name, strlen(name), true))) {
		const struct array *b = &r->space->arrays.at[e->id];
		if (!e->taken && a->role == b->role && a->offset == b->offset &&
		    same_shape(a->rank, a->base, a->extent, b->rank, b->base, b->extent))
			return e;
	}
	return NULL;
}

/* Make `need` numbers of a vector, new ones 0. */
#define EXTEND(r, vector, need)                                                                  \
	do {                                                                                     \
		while ((vector)->count < (size_t)(need))                                         \
			if (!VECTOR_PUSH((r)->space->context, (vector), 0))                      \
				return oj_scan_memory(r);                                             \
	} while (0)

static bool gap_is_small(struct reader *r, const char *at, int64_t offset, size_t count)
{
	return offset <= (int64_t)count + LARGEST_GAP ||
	       oj_scan_fail(r, at, 1, "Values start far behind the others, at %lld. Place them closer", (long long)offset);
}

static bool place_data(struct reader *r, const char *at, const struct array *a)
{
	int64_t length = oj_array_length(a);
	if (!oj_scan_numbers(r, length) || !gap_is_small(r, at, a->offset, r->space->data.count))
		return false;
	EXTEND(r, &r->space->data, a->offset + length);
	for (int64_t i = 0; i < length; i++) {
		double *place = &r->space->data.at[a->offset + i];
		if (a->offset + i < (int64_t)r->data_before && memcmp(place, &r->numbers.at[i], sizeof *place))
			return oj_scan_fail(r, at, 1, "Other values are there already. Place these elsewhere");
		*place = r->numbers.at[i];
	}
	return true;
}

static void reserve_array(struct space *space, const struct array *a)
{
	int64_t end = a->offset < 0 ? 0 : a->offset + oj_array_length(a);
	if (a->role == ROLE_TEMP && space->temporaries < end)
		space->temporaries = end;
	if (a->role == ROLE_DERIVED && space->derived < end)
		space->derived = end;
}

/* base, extent: [RANK] */
static bool read_shape(struct reader *r, uint32_t *rank, int64_t *base, int64_t *extent)
{
	int64_t end[RANK], points;
	if (!oj_scan_box(r, rank, base, end))
		return false;
	for (uint32_t k = 0; k < *rank; k++)
		extent[k] = end[k] - base[k];
	return count_points(r, *rank, extent, &points);
}

bool oj_read_array(struct reader *r)
{
	struct entry entry, *known;
	int64_t base[RANK] = {0}, extent[RANK] = {0};
	struct array a = {.base = base, .extent = extent, .offset = -1};
	uint32_t rank = 0;
	int64_t offset = -1;
	struct text name;
	oj_text_init(&name, r->space->context);
	bool ok = oj_scan_declare(r, NAME_ARRAY, &entry, &name) && read_shape(r, &rank, base, extent);
	a.rank = (uint8_t)rank;
	oj_scan_blanks(r);
	const char *at = r->at;
	int role = ok ? oj_scan_one_of(r, oj_role_words, ROLE_COUNT) : -1;
	if (ok && role < 0)
		ok = oj_scan_expected(r, "a role (state, parameter, derived, discrete, seed, data, out or temp)");
	a.role = ok ? (enum array_role)role : 0;
	if (ok && (role != ROLE_TEMP || oj_scan_accept(r, "at")))
		ok = (role == ROLE_TEMP || oj_scan_expect(r, "at")) && oj_scan_size(r, &offset) &&
		     (offset >= 0 || oj_scan_fail(r, at, 1, "The offset is negative. Offsets start at 0"));
	a.offset = offset;
	ok = ok && (role != ROLE_DATA || place_data(r, at, &a));
	if (ok && (known = known_array(r, oj_text_get(&name), &a))) {
		known->taken = true;
		entry.id = known->id;
	} else if (ok) {
		entry.id = oj_space_array(r->space, oj_text_get(&name), a.role, a.rank, a.base, a.extent, a.offset);
		ok = entry.id != UINT32_MAX || oj_scan_memory(r);
		if (ok)
			r->space->arrays.at[entry.id].offset = a.offset;
	}
	if (ok)
		reserve_array(r->space, &a);
	oj_text_drop(&name);
	return ok && oj_scan_add(r, entry);
}

static struct entry *known_table(struct reader *r, const char *name, const struct table *t)
{
	struct entry *e = NULL;
	while ((e = oj_scan_entry(r, e, NAME_TABLE, name, strlen(name), true))) {
		const struct table *b = &r->space->tables.at[e->id];
		if (!e->taken && t->offset == b->offset && same_shape(t->rank, t->base, t->extent, b->rank, b->base, b->extent))
			return e;
	}
	return NULL;
}

static bool place_table(struct reader *r, const char *at, struct table *t)
{
	int64_t length;
	if (!count_points(r, t->rank, t->extent, &length) || !oj_scan_numbers(r, length) ||
	    !gap_is_small(r, at, t->offset, r->space->table_data.count))
		return false;
	EXTEND(r, &r->space->table_data, t->offset + length);
	for (int64_t i = 0; i < length; i++) {
		double value = r->numbers.at[i];
		int32_t *place = &r->space->table_data.at[t->offset + i];
		if (!(value >= INT32_MIN && value <= INT32_MAX) || value != (int32_t)value)
			return oj_scan_fail(r, at, 1, "Element %lld of the table is not an integer of 32 bits. Mend it", (long long)i);
		if (t->offset + i < (int64_t)r->table_data_before && *place != (int32_t)value)
			return oj_scan_fail(r, at, 1, "Another table is there already. Place this one elsewhere");
		*place = (int32_t)value;
		t->least = *place < t->least ? *place : t->least;
		t->greatest = *place > t->greatest ? *place : t->greatest;
	}
	return true;
}

bool oj_read_table(struct reader *r)
{
	struct entry entry, *known;
	struct table t = {.least = INT32_MAX, .greatest = INT32_MIN};
	struct text name;
	oj_text_init(&name, r->space->context);
	bool ok = oj_scan_declare(r, NAME_TABLE, &entry, &name) && read_shape(r, &t.rank, t.base, t.extent) && oj_scan_expect(r, "at");
	oj_scan_blanks(r);
	const char *at = r->at;
	ok = ok && oj_scan_size(r, &t.offset) &&
	     (t.offset >= 0 || oj_scan_fail(r, at, 1, "The offset is negative. Offsets start at 0")) && place_table(r, at, &t);
	if (ok && (known = known_table(r, oj_text_get(&name), &t))) {
		known->taken = true;
		entry.id = known->id;
	} else if (ok) {
		t.name = oj_arena_string(&r->space->arena, oj_text_get(&name), name.length);
		entry.id = (uint32_t)r->space->tables.count;
		ok = (t.name && VECTOR_PUSH(r->space->context, &r->space->tables, t)) || oj_scan_memory(r);
	}
	oj_text_drop(&name);
	return ok && oj_scan_add(r, entry);
}

static struct entry *known_symbol(struct reader *r, const char *name, const struct symbol *s)
{
	struct entry *e = NULL;
	while ((e = oj_scan_entry(r, e, NAME_SYMBOL, name, strlen(name), true))) {
		const struct symbol *b = &r->space->symbols.at[e->id];
		bool same = !e->taken && s->rank == b->rank && s->pieces.count == b->pieces.count;
		for (size_t i = 0; same && i < b->pieces.count; i++) {
			const struct piece *x = &s->pieces.at[i], *y = &b->pieces.at[i];
			same = x->array == y->array && same_shape(s->rank, x->base, x->extent, s->rank, y->base, y->extent);
		}
		if (same)
			return e;
	}
	return NULL;
}

static bool read_pieces(struct reader *r, struct symbol *s)
{
	while (!oj_scan_end(r)) {
		struct piece piece = {0};
		uint32_t rank;
		const char *at = r->at;
		if (!oj_scan_name(r, NAME_ARRAY, "array", &piece.array) || !read_shape(r, &rank, piece.base, piece.extent))
			return false;
		if (rank != s->rank || r->space->arrays.at[piece.array].rank != s->rank)
			return oj_scan_fail(r, at, 1, "This piece is not of rank %u. Give it as many ranges", s->rank);
		if (!VECTOR_PUSH(r->space->context, &s->pieces, piece))
			return oj_scan_memory(r);
	}
	return true;
}

bool oj_read_symbol(struct reader *r)
{
	struct entry entry, *known;
	struct symbol s = {0};
	struct text name;
	int64_t rank = 0;
	oj_text_init(&name, r->space->context);
	bool ok = oj_scan_declare(r, NAME_SYMBOL, &entry, &name) && oj_scan_expect(r, "rank") && oj_scan_size(r, &rank) &&
	          ((rank >= 0 && rank <= RANK) || oj_scan_fail(r, r->at, 1, "Ranks are 0 to %d. Use one of these", RANK)) &&
	          oj_scan_expect(r, "=");
	s.rank = (uint32_t)rank;
	ok = ok && read_pieces(r, &s);
	if (ok && (known = known_symbol(r, oj_text_get(&name), &s))) {
		known->taken = true;
		entry.id = known->id;
	} else if (ok) {
		s.name = oj_arena_string(&r->space->arena, oj_text_get(&name), name.length);
		entry.id = (uint32_t)r->space->symbols.count;
		ok = (s.name && VECTOR_PUSH(r->space->context, &r->space->symbols, s)) || oj_scan_memory(r);
		if (ok)
			memset(&s.pieces, 0, sizeof s.pieces); /* moved */
	}
	VECTOR_DROP(r->space->context, &s.pieces);
	oj_text_drop(&name);
	return ok && oj_scan_add(r, entry);
}

/* @number of an origin; 0 when there is none here. */
static bool read_origin_number(struct reader *r, uint32_t *number)
{
	uint64_t value = 0;
	*number = 0;
	if (!oj_scan_accept(r, "@"))
		return true;
	if (!oj_scan_magnitude(r, UINT32_MAX, &value))
		return false;
	*number = (uint32_t)value;
	return true;
}

static const char *read_kept(struct reader *r)
{
	struct text text;
	oj_text_init(&text, r->space->context);
	bool ok = oj_scan_quoted(r, &text);
	const char *kept = ok ? oj_arena_string(&r->space->arena, oj_text_get(&text), text.length) : NULL;
	if (ok && !kept)
		oj_scan_memory(r);
	oj_text_drop(&text);
	return kept;
}

/* @1 line:column+length "file" "source" */
bool oj_read_origin(struct reader *r)
{
	struct origin origin = {0};
	int64_t line, column, length;
	uint32_t number;
	oj_scan_blanks(r);
	const char *at = r->at;
	if (!read_origin_number(r, &number))
		return false;
	if (number != r->origins.count)
		return oj_scan_fail(r, at, 1, "The next origin is @%zu. Number them in order", r->origins.count);
	if (!oj_scan_size(r, &line) || !oj_scan_expect(r, ":") || !oj_scan_size(r, &column) || !oj_scan_expect(r, "+") || !oj_scan_size(r, &length))
		return false;
	origin.line = (int)(line & INT32_MAX);
	origin.column = (int)(column & INT32_MAX);
	origin.length = (int)(length & INT32_MAX);
	origin.file = read_kept(r);
	origin.source = origin.file ? read_kept(r) : NULL;
	if (r->failed)
		return false;
	return (VECTOR_PUSH(r->space->context, &r->space->origins, origin) &&
	        VECTOR_PUSH(r->space->context, &r->origins, (uint32_t)r->space->origins.count - 1)) || oj_scan_memory(r);
}

/* The origin a node or block names, as the space numbers it. */
bool oj_scan_origin(struct reader *r, uint32_t *origin)
{
	oj_scan_blanks(r);
	const char *at = r->at;
	if (!read_origin_number(r, origin))
		return false;
	if (*origin >= r->origins.count)
		return oj_scan_fail(r, at, (size_t)(r->at - at), "There is no origin @%u. Declare it above", *origin);
	*origin = r->origins.at[*origin];
	return true;
}
