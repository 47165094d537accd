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

bool oj_transpose(struct program *made, const struct contribution *c, uint32_t target, uint32_t origin)
{
	struct space *space = made->space;
	struct points points = {0};
	struct listing listing = {.value = c->value, .levels = c->domain.count, .target = target, .origin = origin,
	                          .rows = oj_array_length(&space->arrays.at[c->array])};
	for (uint32_t k = 0; k < c->domain.count; k++)
		listing.level[k] = c->domain.at[k].level;
	bool ok = add_points(space, c, &points);
	listing.points = points.row.count;
	listing.index = points.index.at;
	listing.row = points.row.at;
	ok = ok && oj_list(made, &listing);
	VECTOR_DROP(space->context, &points.index);
	VECTOR_DROP(space->context, &points.row);
	return ok;
}
