/* Pass roll: the block of a group.
 *
 * Items of equal shape are the rows of a box.  Sums of terms of equal shape, of any
 * lengths, are a box of reductions: row i adds its terms from the left, as they were
 * written, each times its factor.  A sum begins with -0, which changes no bit of it;
 * 1 * x and -1 * x are x and -x, so that terms with and without a sign are alike. */
#include "lib/graph/roll.h"

#include <string.h>

/* The box of a group. */
static bool open_block(struct roller *r, const struct item *item, uint32_t rows)
{
	int64_t lo = 0, end = rows;
	uint32_t origin = r->program->blocks.at[item->block].origin;
	return oj_program_block(&r->done, 1, &lo, &end, origin) != NULL;
}

/* Where the rows go: places on the shelf, one after another, or elements of out. */
static ojit_expr row_elements(struct roller *r, const struct item *items, uint32_t count, const struct grid *grid)
{
	size_t size = count * sizeof(int64_t);
	int64_t *elements = oj_memory_get(r->space->context, size);
	if (!elements)
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		if (items[i].store == UINT32_MAX) {
			elements[i] = r->marks[items[i].node].place = r->shelves.at[items[i].height].filled++;
			continue;
		}
		const struct store *store = &r->program->blocks.at[items[i].block].stores.at[items[i].store];
		oj_roll_element(r, store->array, store->index, &elements[i]);
	}
	ojit_expr e = oj_roll_integer(r, elements, grid);
	oj_memory_put(r->space->context, elements, size);
	return e;
}

static bool close_block(struct roller *r, const struct item *items, uint32_t count, const struct grid *grid,
                        ojit_expr value)
{
	if (r->refused)
		return true;
	ojit_expr element = value ? row_elements(r, items, count, grid) : 0;
	uint32_t array = items->store == UINT32_MAX ? r->shelves.at[items->height].array : oj_roll_vector(r, ROLE_OUT);
	return element && array != UINT32_MAX && open_block(r, items, count) &&
	       oj_block_store(r->space, &r->done.blocks.at[r->done.blocks.count - 1], array, value, &element);
}

static bool emit_equal(struct roller *r, struct item *items, uint32_t count)
{
	struct columns columns;
	struct grid grid = {.rows = count};
	ojit_expr value = 0;
	bool ok = oj_columns_init(r, &columns, items->node, items->store == UINT32_MAX, count);
	for (uint32_t i = 0; ok && !r->refused && i < count; i++)
		ok = oj_columns_add(r, &columns, items[i].node, i);
	if (ok && !r->refused)
		value = oj_columns_build(r, &columns, &grid);
	ok = ok && close_block(r, items, count, &grid, value);
	oj_columns_drop(r, &columns);
	return ok;
}

/* ---------------------------------------------------------------- sums */

struct sums {
	struct grid grid;
	uint32_t *length, *start; /* [rows], [turns] */
	size_t terms;
	struct columns columns;
	int64_t *factors;         /* [terms], bits */
	bool plain;               /* all factors are 1 */
};

static bool find_grid(struct roller *r, const struct item *items, uint32_t count, struct sums *s)
{
	uint32_t turns = items->terms;
	s->length = oj_memory_get(r->space->context, count * sizeof *s->length);
	s->start = oj_memory_get(r->space->context, turns * sizeof *s->start);
	if (!s->length || !s->start)
		return false;
	for (uint32_t i = 0; i < count; i++)
		s->length[i] = items[i].terms;
	uint32_t rows = count;
	for (uint32_t k = 0; k < turns; k++) {
		while (s->length[rows - 1] <= k)
			rows--;
		s->start[k] = (uint32_t)s->terms;
		s->terms += rows;
	}
	s->grid = (struct grid){count, turns, s->length, s->start, s->length[count - 1] == turns, 0};
	s->factors = oj_memory_get(r->space->context, s->terms * sizeof *s->factors);
	return s->factors && s->terms + count < INT32_MAX;
}

/* start[k] + i */
static ojit_expr find_place(struct roller *r, const struct sums *s)
{
	struct grid by_turn = {.rows = s->grid.turns};
	ojit_expr row = oj_index(r->g, 0), turn = oj_index(r->g, 1), start = 0;
	if (s->grid.even)
		return oj_integer_sum(r->g, 0, 2, (ojit_expr[]){row, turn}, (int64_t[]){1, s->grid.rows});
	size_t size = s->grid.turns * sizeof(int64_t);
	int64_t *starts = oj_memory_get(r->space->context, size);
	if (!starts)
		return 0;
	for (uint32_t k = 0; k < s->grid.turns; k++)
		starts[k] = s->start[k];
	start = oj_roll_integer(r, starts, &by_turn);
	oj_memory_put(r->space->context, starts, size);
	ojit_expr map[1] = {turn};
	start = start ? oj_substitute(r->space, start, map, 1) : 0;
	return start ? oj_integer_add(r->g, start, row) : 0;
}

static bool add_terms(struct roller *r, const struct item *item, uint32_t row, struct sums *s)
{
	bool sum = oj_node(r->g, item->node)->op == OP_ADD, ok = true;
	for (uint32_t k = 0; ok && !r->refused && k < item->terms; k++) {
		ojit_expr e = oj_roll_resolved(r, oj_operands(r->g, item->node)[k]);
		double factor = 1;
		ojit_expr term = sum ? oj_roll_term(r, e, &factor) : e;
		size_t at = s->start[k] + (size_t)row;
		if (row == 0 && k == 0)
			ok = oj_columns_init(r, &s->columns, term, false, s->terms);
		memcpy(&s->factors[at], &factor, sizeof factor);
		s->plain = s->plain && factor == 1;
		ok = ok && oj_columns_add(r, &s->columns, term, at);
	}
	return ok;
}

static ojit_expr build_sum(struct roller *r, const struct item *items, const struct sums *s)
{
	enum reduction_kind kind = oj_node(r->g, items->node)->op == OP_ADD ? REDUCE_SUM : REDUCE_PROD;
	struct reduction reduction = {.kind = (uint8_t)kind, .order = SEQUENTIAL, .level = 1};
	int64_t *lengths = oj_memory_get(r->space->context, s->grid.rows * sizeof *lengths);
	if (!lengths)
		return 0;
	for (uint32_t i = 0; i < s->grid.rows; i++)
		lengths[i] = s->length[i];
	struct grid rows = {.rows = s->grid.rows};
	ojit_expr end = oj_roll_integer(r, lengths, &rows);
	oj_memory_put(r->space->context, lengths, s->grid.rows * sizeof *lengths);
	ojit_expr body = oj_columns_build(r, &s->columns, &s->grid);
	if (body && !s->plain) {
		ojit_expr factor = oj_roll_number(r, s->factors, &s->grid);
		body = factor ? oj_make2(r->g, OP_MUL, factor, body) : 0;
	}
	ojit_expr operands[4] = {oj_literal(r->g, oj_reduction_identity(kind, true)), oj_integer(r->g, 0), end, body};
	ojit_expr like = oj_reduce(r->g, reduction, operands[0], operands[1], operands[2], operands[3]);
	return like ? oj_simplified_reduction(r->space, like, operands) : 0;
}

static bool emit_sums(struct roller *r, struct item *items, uint32_t count)
{
	struct sums s = {.plain = true};
	ojit_expr value = 0;
	struct grid rows = {.rows = count};
	bool ok = find_grid(r, items, count, &s);
	for (uint32_t i = 0; ok && i < count; i++)
		ok = add_terms(r, &items[i], i, &s);
	if (ok && !r->refused) {
		s.grid.at = find_place(r, &s);
		value = s.grid.at ? build_sum(r, items, &s) : 0;
	}
	ok = ok && close_block(r, items, count, &rows, value);
	oj_columns_drop(r, &s.columns);
	oj_memory_put(r->space->context, s.factors, s.terms * sizeof *s.factors);
	oj_memory_put(r->space->context, s.start, items->terms * sizeof *s.start);
	oj_memory_put(r->space->context, s.length, count * sizeof *s.length);
	return ok;
}

bool oj_roll_emit_group(struct roller *r, struct item *items, uint32_t count)
{
	return items->choice == RAGGED ? emit_sums(r, items, count) : emit_equal(r, items, count);
}
