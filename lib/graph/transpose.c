/* See contribution.h: the listing way.  All points of the contribution's loops are walked
 * once, when compiling, and handed to the elements they add to. */
#include "lib/graph/contribution.h"

#include "lib/graph/listing.h"

struct points {
	VECTOR(int64_t) index, row;
};

static int64_t flat_element(const struct space *space, const struct contribution *c, const int64_t *index)
{
	const struct array *a = &space->arrays.at[c->array];
	int64_t at = 0;
	for (uint32_t k = 0; k < a->rank; k++)
		at = at * a->extent[k] + oj_integer_at(space, c->index[k], index) - a->base[k];
	return at;
}

static bool add_points(struct space *space, const struct contribution *c, struct points *points)
{
	struct walk walk;
	bool ok = true;
	for (oj_walk_begin(&walk, space, &c->domain); ok && oj_walk_next(&walk);) {
		for (uint32_t k = 0; ok && k < c->domain.count; k++)
			ok = VECTOR_PUSH(space->context, &points->index, walk.index[c->domain.at[k].level]);
		ok = ok && VECTOR_PUSH(space->context, &points->row, flat_element(space, c, walk.index));
	}
	return ok;
}

static struct listing listing_of(const struct contribution *c, const struct points *points, uint32_t origin)
{
	struct listing listing = {.value = c->value, .levels = c->domain.count, .origin = origin,
	                          .points = points->row.count, .index = points->index.at, .row = points->row.at};
	for (uint32_t k = 0; k < c->domain.count; k++)
		listing.level[k] = c->domain.at[k].level;
	return listing;
}

static void drop_points(struct space *space, struct points *points)
{
	VECTOR_DROP(space->context, &points->index);
	VECTOR_DROP(space->context, &points->row);
}

bool oj_transpose(struct program *made, const struct contribution *c, uint32_t target, uint32_t origin)
{
	struct space *space = made->space;
	struct points points = {0};
	bool ok = add_points(space, c, &points);
	struct listing listing = listing_of(c, &points, origin);
	listing.target = target;
	listing.rows = oj_array_length(&space->arrays.at[c->array]);
	ok = ok && oj_list(made, &listing);
	drop_points(space, &points);
	return ok;
}

/* ---------------------------------------------------------------- several */

size_t oj_contribution_points(const struct space *space, const struct contribution *c, size_t most)
{
	struct walk walk;
	size_t count = 0;
	for (oj_walk_begin(&walk, space, &c->domain); count < most && oj_walk_next(&walk);)
		count++;
	return count;
}

/* terms[first ..] = what the points contribute, one after the other. */
static bool store_terms(struct program *made, const struct contribution *c, uint32_t terms, size_t first,
                        uint32_t origin)
{
	struct space *space = made->space;
	struct points points = {0};
	VECTOR(int64_t) element = {0};
	bool ok = add_points(space, c, &points);
	for (size_t p = 0; ok && p < points.row.count; p++) {
		points.row.at[p] = (int64_t)p;
		ok = VECTOR_PUSH(space->context, &element, (int64_t)(first + p));
	}
	struct listing listing = listing_of(c, &points, origin);
	listing.target = terms;
	listing.rows = (int64_t)points.row.count;
	listing.element = element.at;
	ok = ok && (points.row.count == 0 || oj_list(made, &listing));
	VECTOR_DROP(space->context, &element);
	drop_points(space, &points);
	return ok;
}

bool oj_transpose_together(struct program *made, const struct contribution *c, size_t count, uint32_t target,
                           uint32_t origin)
{
	struct space *space = made->space;
	struct points all = {0};
	int64_t base = 0, length;
	size_t first = 0;
	bool ok = true;
	for (size_t k = 0; ok && k < count; k++)
		ok = add_points(space, &c[k], &all);
	all.index.count = 0;
	for (size_t p = 0; ok && p < all.row.count; p++)
		ok = VECTOR_PUSH(space->context, &all.index, (int64_t)p);
	length = (int64_t)all.row.count;
	uint32_t terms = ok ? oj_space_array(space, "terms", ROLE_TEMP, 1, &base, &length, 0) : UINT32_MAX;
	ok = terms != UINT32_MAX;
	for (size_t k = 0; ok && k < count; k++) {
		ok = store_terms(made, &c[k], terms, first, origin);
		first += oj_contribution_points(space, &c[k], SIZE_MAX);
	}
	ojit_expr index = oj_index(&space->graph, 0);
	struct listing listing = {.levels = 1, .target = target, .origin = origin, .points = all.row.count,
	                          .index = all.index.at, .row = all.row.at,
	                          .rows = oj_array_length(&space->arrays.at[c->array])};
	ok = ok && (listing.value = oj_load(&space->graph, terms, 1, &index)) && oj_list(made, &listing);
	drop_points(space, &all);
	return ok;
}
