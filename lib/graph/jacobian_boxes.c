/* See jacobian_parts.h: entries by boxes.
 *
 * A part leads a box where it has one term an entry over loops of fixed ranges, none of
 * them in another box.  A part of the same store joins it where all its entries are the
 * leader's: the diagonal that gathers from all terms of a sum meets the matrix of these
 * terms where i = j, so the block over i and j adds it there.  Where its points lie in the
 * box is found by looking at all of them, and what is found is checked at all of them. */
#include "lib/graph/jacobian_parts.h"

#include "lib/graph/partial.h"

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

/* ---------------------------------------------------------------- storing */

struct box {
	const struct part *leader;
	uint32_t rank;
	uint32_t loop[RANK];        /* axis -> the leader's loop */
	ojit_expr index[RANK];      /* the leader's loop -> its axis' index */
	int64_t lo[RANK], end[RANK]; /* of axes */
	int64_t *entry;             /* [points] in order of the axes */
};

/* Axes in order of how far apart neighbours are stored, so that the last is the nearest. */
static void order_axes(struct jacobian *j, const int64_t *entry, const int64_t *lo, const int64_t *end, struct box *box)
{
	int64_t apart[RANK], stride = 1;
	for (uint32_t k = box->rank; k-- > 0; stride *= end[k] - lo[k])
		apart[k] = end[k] - lo[k] > 1 ? llabs(entry[stride] - entry[0]) : INT64_MAX;
	for (uint32_t k = 0; k < box->rank; k++) {
		uint32_t at = k;
		for (; at > 0 && apart[box->loop[at - 1]] < apart[k]; at--)
			box->loop[at] = box->loop[at - 1];
		box->loop[at] = k;
	}
	for (uint32_t axis = 0; axis < box->rank; axis++) {
		uint32_t k = box->loop[axis];
		box->lo[axis] = lo[k];
		box->end[axis] = end[k];
		box->index[k] = oj_index(j->g, axis);
	}
}

/* entry[] in the order of axes. */
static void reorder(const struct box *box, const int64_t *by_loops, size_t count)
{
	int64_t stride[RANK], step = 1;
	for (uint32_t k = box->rank; k-- > 0;) { /* of loops */
		uint32_t axis = 0;
		while (box->loop[axis] != k)
			axis++;
		stride[axis] = step;
		step *= box->end[axis] - box->lo[axis];
	}
	for (size_t p = 0; p < count; p++) {
		int64_t from = 0, rest = (int64_t)p;
		for (uint32_t axis = box->rank; axis-- > 0; rest /= box->end[axis] - box->lo[axis])
			from += stride[axis] * (rest % (box->end[axis] - box->lo[axis]));
		box->entry[p] = by_loops[from];
	}
}

static bool open_box(struct jacobian *j, const struct sparse *s, const struct part *leader, struct box *box)
{
	const struct term *terms = terms_of(s, leader);
	int64_t lo[RANK] = {0}, end[RANK] = {0}, count = (int64_t)leader->count;
	*box = (struct box){.leader = leader, .rank = loops_of(leader)};
	oj_jacobian_is_box(j, leader, lo, end);
	int64_t *entry = oj_jacobian_numbers(j, count);
	box->entry = oj_jacobian_numbers(j, count);
	bool ok = entry && box->entry;
	for (size_t k = 0; ok && k < leader->count; k++)
		entry[terms[k].number] = terms[k].entry; /* numbers go with the walk */
	if (ok) {
		order_axes(j, entry, lo, end, box);
		reorder(box, entry, leader->count);
	}
	if (entry)
		oj_jacobian_put(j, entry, count);
	return ok;
}

static ojit_expr on_line(struct jacobian *j, const struct box *box, const struct line *line)
{
	if (line->slope == 0)
		return oj_integer(j->g, line->constant);
	ojit_expr along = oj_integer_scale(j->g, box->index[line->axis], line->slope);
	return oj_integer_offset(j->g, along, line->constant);
}

static ojit_expr both(struct jacobian *j, ojit_expr condition, enum op op, ojit_expr a, ojit_expr b)
{
	ojit_expr e = oj_make2(j->g, op, a, b);
	return condition ? oj_make2(j->g, OP_AND, condition, e) : e;
}

/* What tells the join's points from the others; 0: there are no others. */
static ojit_expr condition_of(struct jacobian *j, const struct box *box, const struct join *join)
{
	ojit_expr condition = 0;
	for (uint32_t k = 0; k < box->rank && !join->everywhere; k++) {
		ojit_expr at = box->index[k], lo = oj_integer(j->g, join->lo[k]), last = oj_integer(j->g, join->end[k] - 1);
		if (join->equal[k].slope)
			condition = both(j, condition, OP_IEQ, at, on_line(j, box, &join->equal[k]));
		condition = both(j, condition, OP_ILE, lo, at);
		condition = both(j, condition, OP_ILE, at, last);
	}
	return condition;
}

static ojit_expr joined_value(struct jacobian *j, const struct box *box, const struct part *part, const struct join *join)
{
	ojit_expr map[LEVELS] = {0};
	for (uint32_t k = 0; k < loops_of(part); k++)
		map[part->c.domain.at[k].level] = on_line(j, box, &join->loop[k]);
	ojit_expr value = oj_substitute(j->space, part->c.value, map, LEVELS), condition = condition_of(j, box, join);
	if (!value || join->everywhere)
		return value;
	ojit_expr operands[3] = {condition, value, oj_nothing(j->g)};
	return oj_make(j->g, OP_IF, 3, operands);
}

static bool store_box(struct jacobian *j, struct sparse *s, const struct box *box)
{
	const struct part *leader = box->leader;
	ojit_expr map[LEVELS] = {0};
	for (uint32_t k = 0; k < box->rank; k++)
		map[leader->c.domain.at[k].level] = box->index[k];
	ojit_expr value = oj_substitute(j->space, leader->c.value, map, LEVELS);
	ojit_expr element = oj_box_integer(j->space, "entry", box->rank, box->lo, box->end, box->entry);
	for (size_t k = 0; value && k < s->joins.count; k++) {
		const struct join *join = &s->joins.at[k];
		const struct part *part = &s->parts.at[join->part];
		if (part->box != leader->box)
			continue;
		ojit_expr more = joined_value(j, box, part, join);
		value = more ? oj_plus(j->g, value, more) : 0;
	}
	struct block *block = value && element
		? oj_program_block(j->made, box->rank, box->lo, box->end, leader->origin) : NULL;
	return block && oj_block_store(j->space, block, s->array, value, &element);
}

struct leading {
	int64_t entry;
	uint32_t part;
};

static int by_entry(const void *a, const void *b)
{
	const struct leading *x = a, *y = b;
	return x->entry != y->entry ? (x->entry > y->entry) - (x->entry < y->entry) : (x->part > y->part) - (x->part < y->part);
}

static bool store_leader(struct jacobian *j, struct sparse *s, const struct part *leader)
{
	struct box box;
	bool ok = open_box(j, s, leader, &box) && store_box(j, s, &box);
	if (box.entry)
		oj_jacobian_put(j, box.entry, (int64_t)box.leader->count);
	return ok;
}

/* In order of their first entries, so that blocks that are fused store neighbours together. */
bool oj_jacobian_store_boxes(struct jacobian *j, struct sparse *s)
{
	size_t size = (s->parts.count + 1) * sizeof(struct leading), count = 0;
	struct leading *leading = oj_memory_get(j->space->context, size);
	bool ok = leading != NULL;
	for (size_t p = 0; ok && p < s->parts.count; p++)
		if (s->parts.at[p].box == p + 1)
			leading[count++] = (struct leading){terms_of(s, &s->parts.at[p])->entry, (uint32_t)p};
	if (count)
		qsort(leading, count, sizeof *leading, by_entry);
	for (size_t k = 0; ok && k < count; k++)
		ok = store_leader(j, s, &s->parts.at[leading[k].part]);
	oj_memory_put(j->space->context, leading, size);
	return ok;
}
