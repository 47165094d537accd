/* Pass roll: the blocks of items of equal shape.
 *
 * Rows on a lattice become boxes, in which all elements are affine maps (roll_boxes.c);
 * those left over become blocks of rows that share elements (roll_lanes.c) and one block
 * that reads all of them from tables, or stay straight code where they are few. */
#include "lib/graph/roll.h"

#include <stdlib.h>
#include <string.h>

void oj_roll_place(struct roller *r, const struct item *items, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct mark *m = &r->marks[items[i].node];
		if (items[i].store == UINT32_MAX && !m->placed)
			m->place = r->shelves.at[items[i].height].filled++;
		m->placed = m->placed || items[i].store == UINT32_MAX;
	}
}

void oj_roll_unplace(struct roller *r, const struct item *items, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (items[i].store == UINT32_MAX) {
			r->marks[items[i].node].placed = false;
			r->shelves.at[items[i].height].filled--;
		}
}

int64_t oj_roll_target(const struct roller *r, const struct item *item)
{
	int64_t element = 0;
	if (item->store == UINT32_MAX)
		return r->marks[item->node].place;
	const struct store *store = &r->program->blocks.at[item->block].stores.at[item->store];
	oj_roll_element(r, store->array, store->index, &element);
	return element;
}

bool oj_roll_emit_block(struct roller *r, const struct item *item, const struct grid *box, ojit_expr value,
                        ojit_expr element)
{
	int64_t lo[RANK] = {0}, end[RANK];
	uint32_t origin = r->program->blocks.at[item->block].origin;
	uint32_t array = item->store == UINT32_MAX ? r->shelves.at[item->height].array : oj_roll_vector(r, ROLE_OUT);
	if (r->refused)
		return true;
	for (uint32_t a = 0; a < box->rank; a++)
		end[a] = box->extent[a];
	if (!value || !element || array == UINT32_MAX)
		return false;
	struct block *block = oj_program_block(&r->done, box->rank, lo, end, origin);
	return block && oj_block_store(r->space, block, array, value, &element);
}

struct rows {
	struct item *items;
	uint32_t count;
	struct columns columns;
	int64_t *targets;      /* [count] */
	const int64_t **moving; /* [columns + 1] those that hold elements, and the targets */
	struct boxes boxes;
	bool sort;             /* rows that are kept: their places are free */
};

static bool add_rows(struct roller *r, struct rows *rows)
{
	bool ok = true;
	for (uint32_t i = 0; ok && !r->refused && i < rows->count; i++)
		ok = oj_columns_add(r, &rows->columns, rows->items[i].node, i);
	return ok;
}

struct sorted { /* a row and its elements, of which there are `width` */
	const int64_t *elements;
	uint32_t width, row;
};

static int by_elements(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	for (uint32_t c = 0; c < x->width; c++)
		if (x->elements[c] != y->elements[c])
			return (x->elements[c] > y->elements[c]) - (x->elements[c] < y->elements[c]);
	return (x->row > y->row) - (x->row < y->row);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

struct spread { uint32_t column, values; }; /* different values in it */

static int by_spread(const void *a, const void *b)
{
	const struct spread *x = a, *y = b;
	return x->values != y->values ? (x->values > y->values) - (x->values < y->values)
	                              : (x->column > y->column) - (x->column < y->column);
}

/* The columns of elements, those of few values first.  room: [count] */
static uint32_t rank_columns(const struct rows *rows, int64_t *room, struct spread *order)
{
	uint32_t width = 0;
	for (uint32_t c = 0; c < rows->columns.count; c++) {
		uint32_t values = 1;
		if (rows->columns.numbers.at[c])
			continue;
		memcpy(room, rows->columns.values + c * rows->columns.length, rows->count * sizeof *room);
		qsort(room, rows->count, sizeof *room, by_value);
		for (uint32_t i = 1; i < rows->count; i++)
			values += room[i] != room[i - 1];
		order[width++] = (struct spread){c, values};
	}
	if (width)
		qsort(order, width, sizeof *order, by_spread);
	return width;
}

/* elements: [count * width], by rows. */
static void gather_elements(const struct rows *rows, const struct spread *order, uint32_t width,
                            struct sorted *sorted, int64_t *elements)
{
	for (uint32_t i = 0; i < rows->count; i++) {
		sorted[i] = (struct sorted){elements, width, i};
		for (uint32_t c = 0; c < width; c++)
			*elements++ = rows->columns.values[order[c].column * rows->columns.length + i];
	}
}

/* How many rows go on as the row before did, in all elements. */
static size_t even_rows(const struct sorted *sorted, size_t count)
{
	size_t rows = 0;
	for (size_t i = 2; i < count; i++) {
		uint32_t c = 0;
		const int64_t *a = sorted[i - 2].elements, *b = sorted[i - 1].elements, *n = sorted[i].elements;
		while (c < sorted->width && n[c] - b[c] == b[c] - a[c])
			c++;
		rows += c == sorted->width;
	}
	return rows;
}

/* Sorts rows by elements; are they the better for it? */
static bool sort_elements(const struct rows *rows, struct spread *order, int64_t *elements, struct sorted *sorted)
{
	uint32_t width = rank_columns(rows, elements, order);
	gather_elements(rows, order, width, sorted, elements);
	size_t before = even_rows(sorted, rows->count);
	qsort(sorted, rows->count, sizeof *sorted, by_elements);
	size_t after = even_rows(sorted, rows->count);
	return after > before && after >= rows->count / 2;
}

/* Rows that go to a shelf may come in any order: in that of the elements they read,
 * where most of them go on evenly then. */
static bool sort_rows(struct roller *r, struct rows *rows)
{
	ojit_context *context = r->space->context;
	uint32_t columns = rows->columns.count + 1;
	size_t size = columns * (size_t)rows->count * sizeof(int64_t);
	struct sorted *sorted = oj_memory_get(context, rows->count * sizeof *sorted);
	struct item *items = oj_memory_get(context, rows->count * sizeof *items);
	struct spread *order = oj_memory_get(context, columns * sizeof *order);
	int64_t *elements = oj_memory_get(context, size);
	bool ok = sorted && items && order && elements;
	bool better = ok && sort_elements(rows, order, elements, sorted);
	for (uint32_t i = 0; better && i < rows->count; i++)
		items[i] = rows->items[sorted[i].row];
	if (better)
		memcpy(rows->items, items, rows->count * sizeof *items);
	oj_memory_put(context, elements, size);
	oj_memory_put(context, order, columns * sizeof *order);
	oj_memory_put(context, items, rows->count * sizeof *items);
	oj_memory_put(context, sorted, rows->count * sizeof *sorted);
	return ok && (!better || add_rows(r, rows));
}

static bool take_rows(struct roller *r, struct rows *rows)
{
	bool kept = rows->items->store == UINT32_MAX;
	bool ok = oj_columns_init(r, &rows->columns, rows->items->node, kept, rows->count) && add_rows(r, rows);
	if (ok && kept && rows->sort && !r->refused)
		ok = sort_rows(r, rows);
	rows->targets = oj_memory_get(r->space->context, rows->count * sizeof *rows->targets);
	rows->moving = oj_memory_get(r->space->context, (rows->columns.count + 1) * sizeof *rows->moving);
	oj_roll_place(r, rows->items, rows->count);
	for (uint32_t i = 0; rows->targets && i < rows->count; i++)
		rows->targets[i] = oj_roll_target(r, &rows->items[i]);
	return ok && rows->targets && rows->moving;
}

static void drop_rows(struct roller *r, struct rows *rows)
{
	ojit_context *context = r->space->context;
	oj_boxes_drop(context, &rows->boxes);
	oj_memory_put(context, rows->moving, (rows->columns.count + 1) * sizeof *rows->moving);
	oj_memory_put(context, rows->targets, rows->count * sizeof *rows->targets);
	oj_columns_drop(r, &rows->columns);
}

/* The fewest rows that may be worth a loop, of `count`, and of which there are not
 * many: small boxes only where the group is small. */
static uint32_t least_box(const struct roller *r, const struct item *like, uint32_t count)
{
	enum { MANY_ROWS = 64 };
	uint32_t rows = count / 2 < COMMON ? count / 2 + 1 : COMMON;
	while (rows < MANY_ROWS && !oj_roll_may_pay(r, like, rows, 0))
		rows++;
	return rows;
}

static bool find_boxes(struct roller *r, struct rows *rows)
{
	uint32_t width = 0;
	size_t end = rows->count;
	oj_columns_orient(r, &rows->columns, &end, 1);
	rows->moving[width++] = rows->targets;
	for (uint32_t c = 0; c < rows->columns.count; c++)
		if (!rows->columns.numbers.at[c])
			rows->moving[width++] = rows->columns.values + c * rows->columns.length;
	uint32_t least = least_box(r, rows->items, rows->count);
	return oj_boxes_find(r->space->context, rows->moving, width, rows->count, least, &rows->boxes);
}

/* Where most rows of a shelf lie in no box their order is free: they lie behind those
 * that do, so that they are stored side by side, and rows that share elements next to
 * each other.  Otherwise they stay as they were written, which those who read them may
 * follow. */
static bool reorder(struct roller *r, struct rows *rows)
{
	uint32_t count = rows->count, first = UINT32_MAX;
	if (rows->items->store != UINT32_MAX || rows->boxes.covered >= count - rows->boxes.covered)
		return true;
	if (!oj_roll_share_lanes(r, &rows->columns, &rows->boxes))
		return false;
	for (uint32_t i = 0; i < count; i++)
		first = rows->targets[i] < first ? (uint32_t)rows->targets[i] : first;
	for (uint32_t k = 0; k < count; k++) {
		uint32_t row = rows->boxes.rows[k];
		rows->targets[row] = r->marks[rows->items[row].node].place = first + k;
	}
	return true;
}

static ojit_expr element_of_box(struct roller *r, const struct filling *f, const int64_t *values)
{
	return oj_roll_integer(r, values, f->grid);
}

static ojit_expr number_of_box(struct roller *r, const struct filling *f, const int64_t *values)
{
	return oj_roll_number(r, values, f->grid);
}

static bool emit_box(struct roller *r, const struct rows *rows, const struct grid *box)
{
	struct filling filling = {&rows->columns, element_of_box, number_of_box, box, NULL};
	ojit_expr value = oj_columns_build(r, &filling);
	ojit_expr element = value ? oj_roll_integer(r, rows->targets, box) : 0;
	return oj_roll_emit_block(r, &rows->items[box->rows[0]], box, value, element);
}

/* Rows that lie in no box. */
static bool emit_others(struct roller *r, const struct rows *rows)
{
	const uint32_t *others = rows->boxes.rows + rows->boxes.covered;
	uint32_t count = rows->count - rows->boxes.covered;
	struct made before = oj_roll_made(r);
	bool few = rows->boxes.covered && count < COMMON; /* such as the corners of a grid */
	bool ok = true, pays = !few && oj_roll_may_pay(r, rows->items, count, 0);
	if (pays) {
		struct grid table = oj_roll_box(1, &count, others);
		ok = emit_box(r, rows, &table);
		if (ok && rows->boxes.covered)
			ok = oj_roll_part_pays(r, rows->items, count, before.blocks, &pays);
	}
	if (!ok || pays)
		return ok;
	oj_roll_take_back(r, &before);
	for (uint32_t i = 0; ok && i < count; i++)
		ok = oj_roll_emit_straight(r, &rows->items[others[i]]);
	return ok;
}

static bool emit_boxes(struct roller *r, const struct rows *rows)
{
	bool ok = true;
	for (size_t b = 0; ok && !r->refused && b < rows->boxes.list.count; b++) {
		const struct box *box = &rows->boxes.list.at[b];
		struct grid grid = oj_roll_box(box->rank, box->extent, rows->boxes.rows + box->first);
		ok = emit_box(r, rows, &grid);
	}
	return ok;
}

bool oj_roll_emit_equal(struct roller *r, struct item *items, uint32_t count)
{
	struct rows rows = {.items = items, .count = count, .sort = true};
	bool ok = take_rows(r, &rows) && (r->refused || (find_boxes(r, &rows) && reorder(r, &rows))) &&
	          emit_boxes(r, &rows) && (r->refused || emit_others(r, &rows));
	drop_rows(r, &rows);
	return ok;
}

/* Rows that are mostly a lattice become boxes; what is left comes first among items. */
static bool emit_lattice(struct roller *r, struct item *items, uint32_t *count)
{
	struct rows rows = {.items = items, .count = *count};
	bool ok = take_rows(r, &rows) && (r->refused || find_boxes(r, &rows));
	if (ok && !r->refused && rows.boxes.covered >= *count - *count / 4) {
		ok = emit_boxes(r, &rows);
		*count -= rows.boxes.covered;
		for (uint32_t i = 0; i < *count; i++) /* they are in order, none moves up */
			items[i] = items[rows.boxes.rows[rows.boxes.covered + i]];
	}
	drop_rows(r, &rows);
	return ok;
}

static int by_shape(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return x->key != y->key ? (x->key > y->key) - (x->key < y->key) : (x->order > y->order) - (x->order < y->order);
}

static int by_order(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	return (x->order > y->order) - (x->order < y->order);
}

bool oj_roll_emit_written_out(struct roller *r, struct item *items, uint32_t *count)
{
	uint32_t left = 0, next;
	bool ok = true;
	qsort(items, *count, sizeof *items, by_shape);
	for (uint32_t i = 0; ok && i < *count; i = next) {
		uint32_t rest;
		for (next = i + 1; next < *count && items[next].key == items[i].key;)
			next++;
		rest = next - i;
		if (rest >= COMMON && r->marks[items[i].node].work <= LONG_ROW)
			ok = emit_lattice(r, items + i, &rest);
		memmove(items + left, items + i, rest * sizeof *items);
		left += rest;
	}
	*count = left;
	qsort(items, left, sizeof *items, by_order);
	return ok;
}
