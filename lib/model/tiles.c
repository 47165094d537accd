/* Lines over disjoint ranges: overlaps, gaps, and what lies outside.
 *
 * The boundaries of all boxes cut every axis into intervals; in the grid of these
 * each box covers whole cells.  Painting the cells finds overlaps and gaps in time
 * proportional to what is covered, however far apart the numbers are. */
#include "lib/model/lowering.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

struct tile {
	int64_t lo[RANK], end[RANK];
	uint32_t place;
};
struct tiling {
	struct lowering *low;
	uint32_t name, rank;
	VECTOR(struct tile) boxes;
	int64_t *cuts[RANK]; /* sorted boundaries */
	size_t counts[RANK]; /* of cuts */
	uint32_t *cells;     /* box + 1 */
	size_t cell_count;
};

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static bool make_cuts(struct tiling *t, uint32_t axis)
{
	size_t count = 2 * t->boxes.count, kept = 0;
	int64_t *cuts = oj_memory_get(t->low->context, count * sizeof *cuts);
	t->cuts[axis] = cuts;
	if (!cuts)
		return false;
	for (size_t i = 0; i < t->boxes.count; i++) {
		cuts[2 * i] = t->boxes.at[i].lo[axis];
		cuts[2 * i + 1] = t->boxes.at[i].end[axis];
	}
	qsort(cuts, count, sizeof *cuts, by_value);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || cuts[kept - 1] != cuts[i])
			cuts[kept++] = cuts[i];
	t->counts[axis] = kept;
	return true;
}

static size_t interval(const struct tiling *t, uint32_t axis, int64_t at)
{
	size_t low = 0, high = t->counts[axis];
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		*(t->cuts[axis][middle] <= at ? &low : &high) = middle;
	}
	return low;
}

static void print_place(char buffer[96], uint32_t rank, const int64_t *at)
{
	int used = 0;
	for (uint32_t k = 0; k < rank; k++)
		used += snprintf(buffer + used, 96 - (size_t)used, k ? ",%lld" : "%lld", (long long)at[k]);
}

static ojit_status fail_overlap(struct tiling *t, uint32_t box, uint32_t other, const size_t *cell)
{
	char where[96], at[96];
	int64_t place[RANK];
	for (uint32_t k = 0; k < t->rank; k++)
		place[k] = t->cuts[k][cell[k]];
	print_place(at, t->rank, place);
	const char *name = oj_name_of(t->low, t->name);
	return oj_fail_place(t->low, t->boxes.at[box].place, OJIT_SHAPE, "%s[%s] is already defined %s; make the ranges disjoint",
	                     name, at, oj_line_text(t->low, t->boxes.at[other].place, where));
}

/* Paint one box; cells beyond the rank count as one. */
static ojit_status paint(struct tiling *t, uint32_t box)
{
	const struct tile *b = &t->boxes.at[box];
	size_t lo[RANK] = {0}, end[RANK] = {1, 1, 1}, cell[RANK], width[RANK] = {1, 1, 1};
	for (uint32_t k = 0; k < t->rank; k++) {
		lo[k] = interval(t, k, b->lo[k]);
		end[k] = interval(t, k, b->end[k] - 1) + 1;
		width[k] = t->counts[k] - 1;
	}
	for (cell[0] = lo[0]; cell[0] < end[0]; cell[0]++)
		for (cell[1] = lo[1]; cell[1] < end[1]; cell[1]++)
			for (cell[2] = lo[2]; cell[2] < end[2]; cell[2]++) {
				uint32_t *at = &t->cells[(cell[0] * width[1] + cell[1]) * width[2] + cell[2]];
				if (*at)
					return fail_overlap(t, box, *at - 1, cell);
				*at = box + 1;
			}
	return OJIT_OK;
}

static ojit_status fail_gap(struct tiling *t, size_t cell)
{
	char at[96];
	int64_t place[RANK];
	size_t rest = cell;
	for (uint32_t k = t->rank; k-- > 0;) {
		place[k] = t->cuts[k][rest % (t->counts[k] - 1)];
		rest /= t->counts[k] - 1;
	}
	print_place(at, t->rank, place);
	/* The line after the gap, or the last one. */
	uint32_t next = (uint32_t)t->boxes.count;
	for (size_t i = cell; i < t->cell_count && next == t->boxes.count; i++)
		if (t->cells[i])
			next = t->cells[i] - 1;
	const char *name = oj_name_of(t->low, t->name);
	char where[96];
	uint32_t before = next;
	for (size_t i = cell; i-- > 0 && before == next;)
		if (t->cells[i])
			before = t->cells[i] - 1;
	return oj_fail_place(t->low, t->boxes.at[next < t->boxes.count ? next : before].place, OJIT_SHAPE,
	                     "%s[%s] is not defined, between this and what is %s; the ranges must leave no gap",
	                     name, at, oj_line_text(t->low, t->boxes.at[before].place, where));
}

static ojit_status paint_all(struct tiling *t, bool gaps)
{
	double cells = 1;
	for (uint32_t k = 0; k < t->rank; k++) {
		if (!make_cuts(t, k))
			return oj_fail_memory(t->low->error);
		cells *= (double)(t->counts[k] - 1);
	}
	if (cells > (double)(1 << 26))
		return oj_fail_place(t->low, t->boxes.at[0].place, OJIT_UNSUPPORTED, "%s is given in too many parts; use fewer ranges",
		                     oj_name_of(t->low, t->name));
	t->cell_count = (size_t)cells;
	t->cells = oj_memory_get(t->low->context, t->cell_count * sizeof *t->cells);
	if (!t->cells)
		return oj_fail_memory(t->low->error);
	memset(t->cells, 0, t->cell_count * sizeof *t->cells);
	for (uint32_t box = 0; box < t->boxes.count; box++)
		TRY(paint(t, box));
	for (size_t i = 0; gaps && i < t->cell_count; i++)
		if (!t->cells[i])
			return fail_gap(t, i);
	return OJIT_OK;
}

static ojit_status check(struct tiling *t, bool gaps)
{
	ojit_status status = t->boxes.count > 1 ? paint_all(t, gaps) : OJIT_OK;
	for (uint32_t k = 0; k < t->rank; k++)
		oj_memory_put(t->low->context, t->cuts[k], 2 * t->boxes.count * sizeof(int64_t));
	oj_memory_put(t->low->context, t->cells, t->cell_count * sizeof *t->cells);
	VECTOR_DROP(t->low->context, &t->boxes);
	return status;
}

static ojit_status add_lines(struct tiling *t, uint32_t unit)
{
	struct lowering *low = t->low;
	for (uint32_t line = low->units.at[unit].first; line != NOWHERE; line = oj_next_line(low, line)) {
		const struct range *from = oj_line_box(low, line);
		struct tile box = {.place = oj_definition(low, line)->place};
		for (uint32_t k = 0; k < t->rank; k++)
			box.lo[k] = from[k].lo, box.end[k] = from[k].end;
		if (!VECTOR_PUSH(low->context, &t->boxes, box))
			return oj_fail_memory(low->error);
	}
	return OJIT_OK;
}

static ojit_status check_unit(struct lowering *low, uint32_t unit)
{
	const struct unit *u = &low->units.at[unit];
	struct tiling t = {.low = low, .name = oj_unit_definition(low, u)->name, .rank = u->rank};
	ojit_status status = oj_next_line(low, u->first) == NOWHERE ? OJIT_OK : add_lines(&t, unit);
	ojit_status checked = check(&t, true);
	return status ? status : checked;
}

/* Edges must not overlap each other nor the array. */
static ojit_status check_edges(struct lowering *low, const struct entity *e)
{
	struct tiling t = {.low = low, .name = oj_entity_definition(low, e)->name, .rank = e->rank};
	ojit_status status = add_lines(&t, e->unit);
	size_t first = t.boxes.count;
	for (uint32_t edge = e->edge_units; status == OJIT_OK && edge != NOWHERE; edge = low->units.at[edge].next)
		status = add_lines(&t, edge);
	/* They are chained backwards; errors should stand at the later line. */
	for (size_t i = first, j = t.boxes.count; i + 1 < j; i++) {
		struct tile swap = t.boxes.at[i];
		t.boxes.at[i] = t.boxes.at[--j];
		t.boxes.at[j] = swap;
	}
	ojit_status checked = check(&t, false);
	return status ? status : checked;
}

/* Initial values: for every element of the state and for no other. */
static ojit_status check_init(struct lowering *low, struct entity *e, uint32_t component)
{
	const struct unit *state = &low->units.at[e->unit];
	uint32_t init = *oj_entity_init(e, component), place = oj_entity_definition(low, e)->place;
	const char *name = oj_entity_name(low, e), *prime = component ? "'" : "";
	char at[96], where[96];
	if (init == NOWHERE)
		return oj_fail_place(low, place, OJIT_NAME, "the state %s%s has no initial value; write init %s%s%s = ...", name, prime,
		                     name, e->rank ? "[...]" : "", prime);
	const struct unit *u = &low->units.at[init];
	for (uint32_t line = u->first; line != NOWHERE; line = oj_next_line(low, line))
		for (int k = 0; k < u->rank; k++) {
			struct range range = oj_line_box(low, line)[k];
			if (range.lo >= state->box[k].lo && range.end <= state->box[k].end)
				continue;
			return oj_fail_place(low, oj_definition(low, line)->place, OJIT_SHAPE, "this goes beyond %s%s, whose%s index runs from "
			                     "%lld to %lld (%s); make the ranges equal", name, prime, u->rank == 1 ? "" : k == 0 ? " first" : k == 1 ? " second" : " third",
			                     (long long)state->box[k].lo, (long long)(state->box[k].end - 1), oj_line_text(low, place, where));
		}
	for (int k = 0; k < u->rank; k++) {
		if (u->box[k].lo == state->box[k].lo && u->box[k].end == state->box[k].end)
			continue;
		int64_t missing[RANK];
		for (int other = 0; other < u->rank; other++)
			missing[other] = u->box[other].lo;
		missing[k] = u->box[k].lo > state->box[k].lo ? state->box[k].lo : u->box[k].end;
		print_place(at, u->rank, missing);
		return oj_fail_place(low, oj_unit_definition(low, u)->place, OJIT_SHAPE, "%s%s[%s] has no initial value; make the ranges those of the equation (%s)",
		                     name, prime, at, oj_line_text(low, place, where));
	}
	return OJIT_OK;
}

ojit_status oj_check_tiles(struct lowering *low)
{
	for (uint32_t u = 0; u < low->units.count; u++)
		if (low->units.at[u].rank > 0 && low->units.at[u].kind != UNIT_EDGE)
			TRY(check_unit(low, u));
	for (size_t i = 0; i < low->entities.count; i++) {
		struct entity *e = &low->entities.at[i];
		if (e->edge_units != NOWHERE)
			TRY(check_edges(low, e));
		for (uint32_t k = 0; e->kind == OJIT_EQUATION && k < e->order; k++)
			TRY(check_init(low, e, k));
	}
	return OJIT_OK;
}
