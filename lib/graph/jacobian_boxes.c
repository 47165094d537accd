/* See jacobian_parts.h: entries by boxes.
 *
 * A part leads a box where it has one term an entry over loops of fixed ranges, none of
 * them in another box.  A part of the same store joins it where all its entries are the
 * leader's: the diagonal that gathers from all terms of a sum meets the matrix of these
 * terms where i = j, so the block over i and j adds it there.  Where its points lie in the
 * box is found by looking at all of them, and what is found is checked at all of them. */
#include "lib/graph/jacobian_parts.h"

#include <stdlib.h>
#include <string.h>

struct finder {
	struct jacobian *j;
	struct sparse *s;
	int64_t *leader; /* [entries] the part that leads there, NOBODY or SEVERAL: it is listed */
	int64_t *number; /* [entries] of the leader's term there */
	bool changed;    /* a part is listed that was not */
};

/* ---------------------------------------------------------------- leaders */

static uint32_t loops_of(const struct part *part)
{
	return part->c.domain.count;
}

static const struct term *terms_of(const struct sparse *s, const struct part *part)
{
	return s->by_part + part->first;
}

/* The part leads at all its entries; false: some are taken, or it has two terms there. */
static bool lead(struct finder *f, size_t p)
{
	const struct part *part = &f->s->parts.at[p];
	const struct term *terms = terms_of(f->s, part);
	int64_t lo[RANK], end[RANK];
	if (!oj_jacobian_is_box(f->j, part, lo, end))
		return false;
	for (size_t k = 0; k < part->count; k++)
		if (f->leader[terms[k].entry] != NOBODY || (k && terms[k].entry == terms[k - 1].entry))
			return false;
	for (size_t k = 0; k < part->count; k++) {
		f->leader[terms[k].entry] = (int64_t)p;
		f->number[terms[k].entry] = terms[k].number;
	}
	return true;
}

/* ---------------------------------------------------------------- who joins */

struct points { /* of a part, as its leader counts them */
	uint32_t rank;
	size_t count;
	int64_t *at; /* [count * rank] */
};

/* values[k] as a line along one of the axes, at all points; false: it is none. */
static bool fit_line(const struct points *p, const int64_t *values, size_t stride, uint32_t axes, struct line *line)
{
	bool fits = true;
	*line = (struct line){0, 0, values[0]};
	for (size_t k = 1; fits && k < p->count; k++)
		fits = values[k * stride] == values[0];
	for (uint32_t axis = 0; !fits && axis < axes; axis++)
		for (int64_t slope = -1; !fits && slope <= 1; slope += 2) {
			*line = (struct line){axis, slope, values[0] - slope * p->at[axis]};
			fits = true;
			for (size_t k = 1; fits && k < p->count; k++)
				fits = values[k * stride] == slope * p->at[k * p->rank + axis] + line->constant;
		}
	return fits;
}

static bool is_at(const struct join *join, uint32_t rank, const int64_t *at)
{
	for (uint32_t k = 0; k < rank; k++) {
		const struct line *line = &join->equal[k];
		if (at[k] < join->lo[k] || at[k] >= join->end[k] ||
		    (line->slope && at[k] != line->slope * at[line->axis] + line->constant))
			return false;
	}
	return true;
}

/* Points of a box for which the join's conditions hold. */
static size_t count_met(const struct join *join, uint32_t rank, const int64_t *lo, const int64_t *end)
{
	int64_t at[RANK];
	size_t met = 0;
	memcpy(at, lo, rank * sizeof *at);
	for (;;) {
		uint32_t k = rank;
		met += is_at(join, rank, at);
		while (k > 0 && ++at[k - 1] == end[k - 1]) {
			at[k - 1] = lo[k - 1];
			k--;
		}
		if (k == 0)
			return met;
	}
}

/* Conditions that hold at the points and nowhere else in the leader's box. */
static bool find_conditions(struct finder *f, const struct part *leader, const struct points *p, struct join *join)
{
	int64_t lo[RANK] = {0}, end[RANK] = {0};
	oj_jacobian_is_box(f->j, leader, lo, end);
	join->everywhere = p->count == leader->count;
	for (uint32_t k = 0; k < p->rank; k++) {
		join->lo[k] = join->end[k] = p->at[k];
		for (size_t m = 0; m < p->count; m++) {
			int64_t at = p->at[m * p->rank + k];
			join->lo[k] = at < join->lo[k] ? at : join->lo[k];
			join->end[k] = at >= join->end[k] ? at + 1 : join->end[k];
		}
		if (!fit_line(p, p->at + k, p->rank, k, &join->equal[k]))
			join->equal[k] = (struct line){0};
	}
	return join->everywhere || count_met(join, p->rank, lo, end) == p->count;
}

/* Is loop k of the part the leader's own, with the same index at all points? */
static bool is_own_loop(const struct part *part, const struct part *leader, uint32_t k, const struct points *p,
                        const int64_t *values)
{
	const struct loop *a = &part->c.domain.at[k], *b = &leader->c.domain.at[k];
	bool own = k < loops_of(leader) && a->level == b->level && a->lo == b->lo && a->end == b->end;
	for (size_t m = 0; own && m < p->count; m++)
		own = values[m] == p->at[m * p->rank + k];
	return own;
}

/* The part's loops in indices of the leader's axes.  Where it is not everywhere, only
 * loops that both have: what is read over others may lie outside of arrays elsewhere. */
static bool find_loops(struct finder *f, const struct part *part, const struct part *leader, const struct points *p,
                       struct join *join)
{
	const struct term *terms = terms_of(f->s, part);
	uint32_t loops = loops_of(part);
	int64_t *values = oj_jacobian_numbers(f->j, (int64_t)part->count);
	bool ok = values != NULL;
	for (uint32_t k = 0; ok && k < loops; k++) {
		for (size_t m = 0; m < part->count; m++)
			values[m] = part->index.at[(size_t)terms[m].number * (loops + 1) + k];
		bool own = is_own_loop(part, leader, k, p, values);
		ok = fit_line(p, values, 1, p->rank, &join->loop[k]) && (join->everywhere || own);
		if (ok && own && !join->everywhere)
			join->loop[k] = (struct line){k, 1, 0};
	}
	if (values)
		oj_jacobian_put(f->j, values, (int64_t)part->count);
	return ok;
}

static void place_point(const struct finder *f, const struct part *leader, const struct term *term, int64_t *at)
{
	const int64_t *index = leader->index.at + (size_t)f->number[term->entry] * (loops_of(leader) + 1);
	memcpy(at, index, loops_of(leader) * sizeof *at);
}

/* All entries of the part are one leader's: does it join? */
static bool join_leader(struct finder *f, size_t number, const struct part *part, size_t l)
{
	const struct part *leader = &f->s->parts.at[l];
	struct join join = {.part = (uint32_t)number};
	struct points p = {.rank = loops_of(leader), .count = part->count};
	int64_t room = (int64_t)(p.rank * p.count);
	if (leader->store != part->store || loops_of(part) > RANK || !(p.at = oj_jacobian_numbers(f->j, room)))
		return false;
	for (size_t k = 0; k < p.count; k++)
		place_point(f, leader, &terms_of(f->s, part)[k], p.at + k * p.rank);
	bool ok = find_conditions(f, leader, &p, &join) && find_loops(f, part, leader, &p, &join) &&
	          VECTOR_PUSH(f->j->space->context, &f->s->joins, join);
	oj_jacobian_put(f->j, p.at, room);
	return ok;
}

static void list(struct finder *f, struct part *part)
{
	for (size_t k = 0; k < part->count; k++)
		f->leader[terms_of(f->s, part)[k].entry] = SEVERAL;
	f->changed = f->changed || !part->listed;
	part->listed = true;
	part->box = 0;
}

/* A part leads, joins, is without loops among its like, or is listed. */
static void place_part(struct finder *f, size_t p)
{
	struct part *part = &f->s->parts.at[p];
	const struct term *terms = terms_of(f->s, part);
	bool alone = true, together = true;
	part->box = 0;
	for (size_t k = 0; k < part->count; k++) {
		alone = alone && f->leader[terms[k].entry] == NOBODY;
		together = together && f->leader[terms[k].entry] == f->leader[terms[0].entry] &&
		           (k == 0 || terms[k].entry != terms[k - 1].entry);
	}
	if (part->count == 0 || (alone && oj_jacobian_is_loopless(part)))
		return;
	if (alone && lead(f, p))
		part->box = (uint32_t)p + 1;
	else if (together && !part->source && f->leader[terms[0].entry] >= 0 &&
	         join_leader(f, p, part, (size_t)f->leader[terms[0].entry]))
		part->box = (uint32_t)f->leader[terms[0].entry] + 1;
	else
		list(f, part);
}

/* ---------------------------------------------------------------- finding */

struct candidate {
	uint32_t loops, part;
	size_t count;
};

/* Those with most loops, then points, first: others may join them. */
static int by_extent(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;
	if (x->loops != y->loops)
		return x->loops > y->loops ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->part > y->part) - (x->part < y->part);
}

/* Listed parts keep their entries from boxes, which may send more parts to lists. */
static void place_all(struct finder *f, const struct candidate *order)
{
	struct sparse *s = f->s;
	do {
		f->changed = false;
		s->joins.count = 0;
		for (int64_t e = 0; e < s->entries; e++)
			f->leader[e] = NOBODY;
		for (size_t p = 0; p < s->parts.count; p++)
			if (s->parts.at[p].listed)
				list(f, &s->parts.at[p]);
		for (size_t p = 0; p < s->parts.count; p++)
			if (!s->parts.at[order[p].part].listed)
				place_part(f, order[p].part);
	} while (f->changed);
}

bool oj_jacobian_find_boxes(struct jacobian *j, struct sparse *s)
{
	size_t size = (s->parts.count + 1) * sizeof(struct candidate);
	struct finder f = {.j = j, .s = s};
	struct candidate *order = oj_memory_get(j->space->context, size);
	f.leader = oj_jacobian_numbers(j, s->entries);
	f.number = oj_jacobian_numbers(j, s->entries);
	bool ok = order && f.leader && f.number;
	for (size_t p = 0; ok && p < s->parts.count; p++) {
		struct part *part = &s->parts.at[p];
		order[p] = (struct candidate){loops_of(part), (uint32_t)p, part->count};
		part->listed = part->source && !oj_jacobian_is_loopless(part);
	}
	if (ok && s->parts.count) {
		qsort(order, s->parts.count, sizeof *order, by_extent);
		place_all(&f, order);
	}
	oj_memory_put(j->space->context, order, size);
	if (f.leader)
		oj_jacobian_put(j, f.leader, s->entries);
	if (f.number)
		oj_jacobian_put(j, f.number, s->entries);
	return ok;
}
