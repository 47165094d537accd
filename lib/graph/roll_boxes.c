/* See roll_boxes.h.
 *
 * An object is a row, or a progression of objects that are alike: of equal extents
 * and with equal strides along their axes.  A round looks for progressions among
 * objects alike, which become objects of one axis more; after as many rounds as
 * there are axes (and one for edges, which are found a round late) what is left of
 * at least some points is a box.
 *
 * Three objects at equal distances are the least evidence for a progression, since
 * any two are.  Long ones are taken first, so that three that agree by chance do
 * not break them. */
#include "lib/graph/roll_boxes.h"

#include <stdlib.h>
#include <string.h>

enum {
	PERIOD = 4,       /* families that may take turns */
	LONG = 8,         /* a progression that is no chance */
	ROUNDS = RANK + 1,
	FEW_BOXES = 8,    /* beyond them a box has to have WORTH points */
	WORTH = 64,
	OTHERS = 8,       /* so many rows of no box go through tables */
	WORTH_BESIDE = 32, /* points of a box where a loop over tables is needed anyway */
};

struct object {
	uint32_t row;             /* its first */
	uint32_t points;
	uint32_t extent[RANK];    /* innermost axis first; of the last as many as it has parts */
	uint32_t second[RANK];    /* the row after `row` along each axis */
	uint32_t first_part;      /* in finder.parts */
	uint8_t rank;
	bool taken;
};

struct object_list { VECTOR(struct object) list; };

struct ordered { /* objects that are alike side by side, in the order of their rows */
	uint64_t key;
	uint32_t row, object;
};

struct finder {
	ojit_context *context;
	const int64_t *const *column;
	uint32_t width, count;
	VECTOR(struct object) objects;
	VECTOR(uint32_t) parts;
	VECTOR(struct ordered) order;
};

/* Differences wrap around: elements are far from the end of the range, numbers are
 * not looked at. */
static int64_t distance(const struct finder *f, uint32_t c, uint32_t from, uint32_t to)
{
	return (int64_t)((uint64_t)f->column[c][to] - (uint64_t)f->column[c][from]);
}

static uint64_t mixed(uint64_t h, uint64_t v)
{
	h = (h + 0xD1B54A32D192ED03u) ^ v;
	h = (h ^ h >> 32) * 0x9E3779B97F4A7C15u;
	return h ^ h >> 29;
}

static uint64_t key_of(const struct finder *f, const struct object *o)
{
	uint64_t key = o->rank;
	for (uint32_t a = 0; a < o->rank; a++) {
		key = mixed(key, o->extent[a]);
		for (uint32_t c = 0; c < f->width; c++)
			key = mixed(key, (uint64_t)distance(f, c, o->row, o->second[a]));
	}
	return key;
}

static bool alike(const struct finder *f, const struct object *a, const struct object *b)
{
	bool same = a->rank == b->rank && !memcmp(a->extent, b->extent, a->rank * sizeof *a->extent);
	for (uint32_t k = 0; same && k < a->rank; k++)
		for (uint32_t c = 0; same && c < f->width; c++)
			same = distance(f, c, a->row, a->second[k]) == distance(f, c, b->row, b->second[k]);
	return same;
}

/* ---------------------------------------------------------------- a round */

static int by_key(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->row > y->row) - (x->row < y->row);
}

static bool sort_objects(struct finder *f)
{
	bool ok = true, sorted = true;
	f->order.count = 0;
	for (uint32_t i = 0; ok && i < f->objects.count; i++) {
		const struct object *o = &f->objects.at[i];
		if (o->taken || o->rank == RANK)
			continue;
		struct ordered one = {key_of(f, o), o->row, i};
		sorted = sorted && (!f->order.count || by_key(&f->order.at[f->order.count - 1], &one) < 0);
		ok = VECTOR_PUSH(f->context, &f->order, one);
	}
	if (ok && !sorted)
		qsort(f->order.at, f->order.count, sizeof *f->order.at, by_key);
	return ok;
}

static struct object *object_at(const struct finder *f, size_t place)
{
	return &f->objects.at[f->order.at[place].object];
}

/* Is the object at `next` where a progression goes on that has `last` and, before
 * it, `before`? */
static bool goes_on(const struct finder *f, size_t before, size_t last, size_t next)
{
	const struct object *a = object_at(f, before), *b = object_at(f, last), *c = object_at(f, next);
	if (c->taken || !alike(f, b, c))
		return false;
	for (uint32_t k = 0; k < f->width; k++)
		if (distance(f, k, a->row, b->row) != distance(f, k, b->row, c->row))
			return false;
	return true;
}

/* Members of the progression that starts at `from` and takes every `period`-th. */
static uint32_t length_of(const struct finder *f, size_t from, size_t end, size_t period)
{
	uint32_t length = 2;
	if (from + period >= end || object_at(f, from + period)->taken ||
	    !alike(f, object_at(f, from), object_at(f, from + period)))
		return 1;
	for (size_t next = from + 2 * period; next < end && goes_on(f, next - 2 * period, next - period, next);
	     next += period)
		length++;
	return length;
}

static bool take(struct finder *f, size_t from, size_t period, uint32_t length)
{
	struct object made = *object_at(f, from);
	made.first_part = (uint32_t)f->parts.count;
	made.extent[made.rank] = length;
	made.second[made.rank++] = object_at(f, from + period)->row;
	made.points *= length;
	for (uint32_t k = 0; k < length; k++) {
		object_at(f, from + k * period)->taken = true;
		if (!VECTOR_PUSH(f->context, &f->parts, f->order.at[from + k * period].object))
			return false;
	}
	return VECTOR_PUSH(f->context, &f->objects, made);
}

/* Progressions of at least `least` among the objects alike at [from, end).  Neighbours
 * first: every third row of a grid may go on where its line ends. */
static bool find_progressions(struct finder *f, size_t from, size_t end, uint32_t least)
{
	bool ok = true;
	for (size_t at = from; ok && at < end; at++)
		for (size_t period = 1; ok && period <= PERIOD && !object_at(f, at)->taken; period++) {
			uint32_t length = length_of(f, at, end, period);
			ok = length < least || take(f, at, period, length);
		}
	return ok;
}

static bool stack_objects(struct finder *f)
{
	bool ok = sort_objects(f);
	for (size_t from = 0, end; ok && from < f->order.count; from = end) {
		for (end = from + 1; end < f->order.count && f->order.at[end].key == f->order.at[from].key;)
			end++;
		ok = find_progressions(f, from, end, LONG) &&
		     find_progressions(f, from, end, object_at(f, from)->rank ? 4 : 3);
	}
	return ok;
}

/* ---------------------------------------------------------------- boxes */

/* Small ones are last. */
static int by_points(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	return x->points != y->points ? (y->points > x->points) - (y->points < x->points)
	                              : (x->row > y->row) - (x->row < y->row);
}

static int by_first(const void *a, const void *b)
{
	const struct object *x = a, *y = b;
	return (x->row > y->row) - (x->row < y->row);
}

/* Keep what becomes a box at the beginning of `list`, in the order of rows. */
static void keep(struct object_list *list, uint32_t least)
{
	size_t kept = 0;
	while (kept < list->list.count && list->list.at[kept].points >= (kept < FEW_BOXES ? least : WORTH))
		kept++;
	list->list.count = kept;
}

static uint32_t covered(const struct object_list *list)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < list->list.count; i++)
		sum += list->list.at[i].points;
	return sum;
}

/* The objects that become boxes, in the order of rows. */
static bool choose(struct finder *f, uint32_t least, struct object_list *list)
{
	bool ok = true;
	for (size_t i = 0; ok && i < f->objects.count; i++)
		if (!f->objects.at[i].taken && f->objects.at[i].points >= least)
			ok = VECTOR_PUSH(f->context, &list->list, f->objects.at[i]);
	if (!ok || list->list.count == 0)
		return ok;
	qsort(list->list.at, list->list.count, sizeof *list->list.at, by_points);
	keep(list, least);
	if (f->count - covered(list) >= OTHERS)
		keep(list, WORTH_BESIDE);
	if (list->list.count)
		qsort(list->list.at, list->list.count, sizeof *list->list.at, by_first);
	return true;
}

static void add_rows(const struct finder *f, const struct object *o, struct boxes *boxes)
{
	if (o->rank == 0)
		boxes->rows[boxes->covered++] = o->row;
	for (uint32_t k = 0; o->rank && k < o->extent[o->rank - 1]; k++)
		add_rows(f, &f->objects.at[f->parts.at[o->first_part + k]], boxes);
}

static bool add_box(struct finder *f, const struct object *o, struct boxes *boxes)
{
	struct box box = {.rank = o->rank, .first = boxes->covered, .points = o->points};
	for (uint32_t a = 0; a < o->rank; a++)
		box.extent[a] = o->extent[o->rank - 1 - a];
	add_rows(f, o, boxes);
	return VECTOR_PUSH(f->context, &boxes->list, box);
}

/* The rows of no box, in order, after those of boxes. */
static bool add_others(struct finder *f, struct boxes *boxes)
{
	unsigned char *inside = oj_memory_get(f->context, f->count);
	if (!inside)
		return false;
	memset(inside, 0, f->count);
	for (uint32_t i = 0; i < boxes->covered; i++)
		inside[boxes->rows[i]] = 1;
	for (uint32_t row = 0, at = boxes->covered; row < f->count; row++)
		if (!inside[row])
			boxes->rows[at++] = row;
	oj_memory_put(f->context, inside, f->count);
	return true;
}

static bool add_singles(struct finder *f)
{
	bool ok = VECTOR_RESERVE(f->context, &f->objects, f->count + f->count / 8 + 8) &&
	          VECTOR_RESERVE(f->context, &f->order, f->count);
	for (uint32_t row = 0; ok && row < f->count; row++)
		ok = VECTOR_PUSH(f->context, &f->objects, (struct object){.row = row, .points = 1});
	return ok;
}

static bool find(struct finder *f, uint32_t least, struct boxes *boxes)
{
	struct object_list list = {0};
	bool ok = add_singles(f);
	for (size_t round = 0, before = 0; ok && round < ROUNDS && before < f->objects.count; round++) {
		before = f->objects.count;
		ok = stack_objects(f);
	}
	ok = ok && choose(f, least, &list);
	for (size_t i = 0; ok && i < list.list.count; i++)
		ok = add_box(f, &list.list.at[i], boxes);
	VECTOR_DROP(f->context, &list.list);
	return ok && add_others(f, boxes);
}

bool oj_boxes_find(ojit_context *context, const int64_t *const *column, uint32_t width, uint32_t count,
                   uint32_t least, struct boxes *boxes)
{
	struct finder f = {.context = context, .column = column, .width = width, .count = count};
	*boxes = (struct boxes){.count = count};
	boxes->rows = oj_memory_get(context, count * sizeof *boxes->rows);
	bool ok = boxes->rows && find(&f, least, boxes);
	VECTOR_DROP(context, &f.objects);
	VECTOR_DROP(context, &f.parts);
	VECTOR_DROP(context, &f.order);
	return ok;
}

void oj_boxes_drop(ojit_context *context, struct boxes *boxes)
{
	VECTOR_DROP(context, &boxes->list);
	oj_memory_put(context, boxes->rows, boxes->count * sizeof *boxes->rows);
	boxes->rows = NULL;
}
