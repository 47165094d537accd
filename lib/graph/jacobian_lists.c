/* See jacobian_parts.h: entries by lists. */
#include "lib/graph/jacobian_parts.h"

#include "lib/graph/listing.h"
#include "lib/graph/partial.h"

#include <string.h>

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
	return oj_jacobian_product(j, part, inner);
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

static int64_t count_shared(const struct sparse *s)
{
	int64_t shared = 0;
	for (size_t k = 0; k < s->terms.count; k++)
		shared += s->owner[s->terms.at[k].entry] == SEVERAL;
	return shared;
}

static bool list_part_entries(struct jacobian *j, struct sparse *s, size_t p, uint32_t shared, int64_t *place, int64_t *next)
{
	struct part part = s->parts.at[p];
	const struct term *terms = s->by_part + part.first;
	if (!oj_jacobian_is_loopless(&part) && !list_owned(j, s, &part, terms, part.count))
		return false;
	return list_shared(j, s, &part, terms, part.count, shared, place, next);
}

bool oj_jacobian_store_lists(struct jacobian *j, struct sparse *s)
{
	int64_t base = 0, shared = count_shared(s), next = 0;
	uint32_t array = UINT32_MAX;
	size_t room = (s->parts.count + 1) * sizeof(int64_t *);
	if (shared && (array = oj_space_array(j->space, "terms", ROLE_TEMP, 1, &base, &shared, 0)) == UINT32_MAX)
		return false;
	int64_t **places = oj_memory_get(j->space->context, room);
	bool ok = places != NULL;
	if (places)
		memset(places, 0, room);
	for (size_t p = 0; ok && p < s->parts.count; p++)
		if (!s->parts.at[p].box)
			ok = (places[p] = oj_jacobian_numbers(j, (int64_t)s->parts.at[p].count)) &&
			     list_part_entries(j, s, p, array, places[p], &next);
	ok = ok && (!shared || sum_shared(j, s, array, places, s->parts.at[0].origin));
	for (size_t p = 0; places && p < s->parts.count; p++)
		if (places[p])
			oj_jacobian_put(j, places[p], (int64_t)s->parts.at[p].count);
	oj_memory_put(j->space->context, places, room);
	return ok;
}
