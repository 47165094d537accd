/* Pass roll: the blocks of items of equal shape.
 *
 * Rows on a lattice become boxes, in which all elements are affine maps (roll_boxes.c);
 * those left over become blocks of rows that share elements (roll_lanes.c) and one block
 * that reads all of them from tables, or stay straight code where they are few. */
#include "lib/graph/roll.h"

#include <string.h>

void oj_roll_place(struct roller *r, const struct item *items, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (items[i].store == UINT32_MAX)
			r->marks[items[i].node].place = r->shelves.at[items[i].height].filled++;
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
};

static bool take_rows(struct roller *r, struct rows *rows)
{
	bool ok = oj_columns_init(r, &rows->columns, rows->items->node, rows->items->store == UINT32_MAX, rows->count);
	rows->targets = oj_memory_get(r->space->context, rows->count * sizeof *rows->targets);
	rows->moving = oj_memory_get(r->space->context, (rows->columns.count + 1) * sizeof *rows->moving);
	ok = ok && rows->targets && rows->moving;
	for (uint32_t i = 0; ok && !r->refused && i < rows->count; i++) {
		rows->targets[i] = oj_roll_target(r, &rows->items[i]);
		ok = oj_columns_add(r, &rows->columns, rows->items[i].node, i);
	}
	return ok;
}

static void drop_rows(struct roller *r, struct rows *rows)
{
	ojit_context *context = r->space->context;
	oj_boxes_drop(context, &rows->boxes);
	oj_memory_put(context, rows->moving, (rows->columns.count + 1) * sizeof *rows->moving);
	oj_memory_put(context, rows->targets, rows->count * sizeof *rows->targets);
	oj_columns_drop(r, &rows->columns);
}

/* The fewest rows that may be worth a loop. */
static uint32_t least_box(const struct roller *r, const struct item *like)
{
	enum { MANY_ROWS = 64 };
	uint32_t rows = 2;
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
	return oj_boxes_find(r->space->context, rows->moving, width, rows->count, least_box(r, rows->items), &rows->boxes);
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
	bool ok = true, pays = oj_roll_may_pay(r, rows->items, count, 0);
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

bool oj_roll_emit_equal(struct roller *r, struct item *items, uint32_t count)
{
	struct rows rows = {.items = items, .count = count};
	oj_roll_place(r, items, count);
	bool ok = take_rows(r, &rows) && (r->refused || (find_boxes(r, &rows) && reorder(r, &rows)));
	for (size_t b = 0; ok && !r->refused && b < rows.boxes.list.count; b++) {
		const struct box *box = &rows.boxes.list.at[b];
		struct grid grid = oj_roll_box(box->rank, box->extent, rows.boxes.rows + box->first);
		ok = emit_box(r, &rows, &grid);
	}
	ok = ok && (r->refused || emit_others(r, &rows));
	drop_rows(r, &rows);
	return ok;
}
