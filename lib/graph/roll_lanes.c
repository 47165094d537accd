/* Pass roll: rows that share elements, eight at a time.
 *
 * Where rows lie in no box, one element of each is often one of few: rate constants of
 * a network, or a species that meets all others.  Rows of a shelf may lie in any order,
 * so those that share it become boxes of groups of eight: what the eight share is loaded
 * once for all lanes, where every lane would fetch its own.  First come groups that
 * share two elements, then those that share one; the rest stays behind. */
#include "lib/graph/roll.h"

#include <stdlib.h>

enum {
	LANES = 8,       /* of the widest vectors */
	LEAST = 32,      /* groups that are worth a loop */
	BOTH, ONE, NONE, /* what a row shares with its group */
};

struct sharer {
	int64_t first, second; /* elements that may be shared */
	uint32_t row, at;
	int shares;
};

static int by_elements(const void *a, const void *b)
{
	const struct sharer *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* How many different values a column has among some rows; values that meet by chance
 * count as one.  False: out of memory. */
static bool count_different(struct roller *r, const int64_t *values, const uint32_t *rows, uint32_t count,
                            uint32_t *different)
{
	struct expr_map met;
	bool ok = true;
	oj_expr_map_init(&met, r->space->context);
	for (uint32_t i = 0; ok && i < count; i++) {
		uint64_t bits = (uint64_t)values[rows[i]];
		uint32_t key = (uint32_t)(bits ^ bits >> 32) + 1;
		ok = oj_expr_map_put(&met, key ? key : 1, 1);
	}
	*different = (uint32_t)met.count;
	oj_expr_map_drop(&met);
	return ok;
}

/* The two columns of fewest different values, but more than one; NULL: none. */
static bool choose_columns(struct roller *r, const struct columns *columns, const uint32_t *rows, uint32_t count,
                           const int64_t *chosen[2])
{
	uint32_t fewest[2] = {count / (2 * LANES), UINT32_MAX}, different;
	chosen[0] = chosen[1] = NULL;
	for (uint32_t c = 0; c < columns->count; c++) {
		const int64_t *values = columns->values + c * columns->length;
		if (!count_different(r, values, rows, count, &different))
			return false;
		int place = different < 2 ? 2 : different < fewest[0] ? 0 : different < fewest[1] ? 1 : 2;
		if (place == 0) {
			fewest[1] = chosen[0] ? fewest[0] : fewest[1];
			chosen[1] = chosen[0] ? chosen[0] : chosen[1];
		}
		if (place < 2) {
			fewest[place] = different;
			chosen[place] = values;
		}
	}
	return true;
}

/* Rows that share both make full groups of all[from, end), which share one. */
static uint32_t group_both(struct sharer *all, uint32_t from, uint32_t end)
{
	uint32_t groups = 0;
	for (uint32_t i = from, next; i < end; i = next) {
		for (next = i + 1; next < end && all[next].second == all[i].second;)
			next++;
		uint32_t full = (next - i) / LANES;
		for (uint32_t k = i; k < i + full * LANES; k++)
			all[k].shares = BOTH;
		groups += full;
	}
	return groups;
}

static uint32_t group_one(struct sharer *all, uint32_t from, uint32_t end)
{
	uint32_t left = 0, taken = 0;
	for (uint32_t k = from; k < end; k++)
		left += all[k].shares == NONE;
	for (uint32_t k = from; k < end && taken < left / LANES * LANES; k++)
		if (all[k].shares == NONE) {
			all[k].shares = ONE;
			taken++;
		}
	return taken / LANES;
}

/* Sorted rows find their groups; groups[BOTH] of those that share both elements. */
static void find_groups(struct sharer *all, uint32_t count, bool both, uint32_t *groups)
{
	groups[BOTH] = groups[ONE] = 0;
	for (uint32_t i = 0; i < count; i++)
		all[i].shares = NONE;
	for (uint32_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && all[next].first == all[i].first;)
			next++;
		if (both)
			groups[BOTH] += group_both(all, i, next);
		groups[ONE] += group_one(all, i, next);
	}
}

/* The rows of one kind come next. */
static bool add_groups(struct roller *r, const struct sharer *all, uint32_t count, int shares, uint32_t groups,
                       struct boxes *boxes)
{
	struct box box = {.rank = 2, .extent = {groups, LANES}, .first = boxes->covered, .points = groups * LANES};
	for (uint32_t i = 0; i < count; i++)
		if (all[i].shares == shares)
			boxes->rows[boxes->covered++] = all[i].row;
	return groups == 0 || VECTOR_PUSH(r->space->context, &boxes->list, box);
}

static bool share(struct roller *r, const int64_t *const *chosen, struct sharer *all, uint32_t count,
                  struct boxes *boxes)
{
	uint32_t groups[NONE + 1], covered = boxes->covered;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t row = boxes->rows[covered + i];
		all[i] = (struct sharer){chosen[0][row], chosen[1] ? chosen[1][row] : 0, row, i, NONE};
	}
	qsort(all, count, sizeof *all, by_elements);
	find_groups(all, count, chosen[1] != NULL, groups);
	if (groups[BOTH] < LEAST)
		find_groups(all, count, false, groups);
	if (groups[BOTH] + groups[ONE] < LEAST)
		return true;
	bool ok = add_groups(r, all, count, BOTH, groups[BOTH], boxes) && add_groups(r, all, count, ONE, groups[ONE], boxes);
	covered = boxes->covered;
	ok = ok && add_groups(r, all, count, NONE, 0, boxes);
	boxes->covered = covered;
	return ok;
}

bool oj_roll_share_lanes(struct roller *r, const struct columns *columns, struct boxes *boxes)
{
	uint32_t count = boxes->count - boxes->covered;
	const int64_t *chosen[2];
	if (count < LEAST * LANES)
		return true;
	if (!choose_columns(r, columns, boxes->rows + boxes->covered, count, chosen))
		return false;
	if (!chosen[0])
		return true;
	struct sharer *all = oj_memory_get(r->space->context, count * sizeof *all);
	bool ok = all && share(r, chosen, all, count, boxes);
	oj_memory_put(r->space->context, all, count * sizeof *all);
	return ok;
}
