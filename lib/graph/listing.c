/* See listing.h. */
#include "lib/graph/listing.h"

#include "lib/graph/contribution.h"
#include "lib/graph/partial.h"
#include "lib/graph/simplify.h"

#include <string.h>

enum { ROW, TURN, FIRST }; /* levels: of the block, of the sum, of what is listed */

struct lister {
	const struct listing *listing;
	struct space *space;
	struct graph *g;
	ojit_expr value;         /* levels renumbered, see below */
	uint32_t levels;         /* those of the points, as bits */
	int64_t rows, turns;
	size_t points;
	int64_t *length;         /* [rows] points of a row of the listing */
	int64_t *place_of;       /* [rows] row of the listing -> row of the block */
	int64_t *row_at;         /* [rows] the other way */
	int64_t *start;          /* [turns] */
	size_t *place;           /* [points] */
	int64_t *work;           /* [points] a column in order of places */
	ojit_expr at;            /* start[k] + row */
	struct expr_map tabled;  /* integer of the value -> what stands for it */
};

/* The points' levels are moved behind the block's two. */
static unsigned renumbered(uint32_t k)
{
	return FIRST + k;
}

static bool renumber(struct lister *l)
{
	ojit_expr index[LEVELS] = {0};
	for (uint32_t k = 0; k < l->listing->levels; k++) {
		index[l->listing->level[k]] = oj_index(l->g, renumbered(k));
		l->levels |= 1u << renumbered(k);
	}
	l->value = oj_substitute(l->space, l->listing->value, index, LEVELS);
	return l->value != 0;
}

static void *get(struct lister *l, int64_t count)
{
	void *memory = oj_memory_get(l->space->context, (size_t)(count + 1) * sizeof(int64_t));
	if (memory)
		memset(memory, 0, (size_t)(count + 1) * sizeof(int64_t));
	return memory;
}

static void put(struct lister *l, void *memory, int64_t count)
{
	oj_memory_put(l->space->context, memory, (size_t)(count + 1) * sizeof(int64_t));
}

/* Rows by length, the longest first, equals in their order: a counting sort. */
static bool sort_rows(struct lister *l)
{
	for (int64_t e = 0; e < l->rows; e++)
		l->turns = l->length[e] > l->turns ? l->length[e] : l->turns;
	int64_t *next = get(l, l->turns + 1);
	if (!next)
		return false;
	for (int64_t e = 0; e < l->rows; e++)
		next[l->turns - l->length[e] + 1]++;
	for (int64_t k = 1; k <= l->turns; k++)
		next[k] += next[k - 1];
	for (int64_t e = 0; e < l->rows; e++) {
		l->place_of[e] = next[l->turns - l->length[e]]++;
		l->row_at[l->place_of[e]] = e;
	}
	put(l, next, l->turns + 1);
	return true;
}

static bool place_points(struct lister *l)
{
	int64_t *met = get(l, l->rows), rows = l->rows, place = 0;
	l->start = get(l, l->turns);
	l->place = get(l, (int64_t)l->points);
	l->work = get(l, (int64_t)l->points);
	bool ok = met && l->start && l->place && l->work;
	for (int64_t k = 0; ok && k < l->turns; k++) {
		while (l->length[l->row_at[rows - 1]] <= k)
			rows--;
		l->start[k] = place;
		place += rows;
	}
	for (size_t p = 0; ok && p < l->points; p++) {
		int64_t e = l->listing->row[p];
		l->place[p] = (size_t)(l->start[met[e]++] + l->place_of[e]);
	}
	put(l, met, l->rows);
	return ok;
}

/* ---------------------------------------------------------------- columns */

/* A table of these values, padded to `extent`, read at `at`. */
static ojit_expr table_at(struct lister *l, const int64_t *values, int64_t count, int64_t extent, ojit_expr at)
{
	int64_t base = 0;
	int32_t *narrow = oj_memory_get(l->space->context, (size_t)extent * sizeof *narrow);
	if (!narrow)
		return 0;
	for (int64_t k = 0; k < extent; k++)
		narrow[k] = (int32_t)values[k < count ? k : count - 1];
	uint32_t table = oj_space_table(l->space, "listed", 1, &base, &extent, narrow);
	oj_memory_put(l->space->context, narrow, (size_t)extent * sizeof *narrow);
	return table == UINT32_MAX ? 0 : oj_table(l->g, table, 1, &at);
}

/* values[0..count) as constant + slope * at where they are, else as a table; `at` runs
 * from 0 to count - 1. */
static ojit_expr integers_at(struct lister *l, const int64_t *values, int64_t count, ojit_expr at)
{
	int64_t slope = count > 1 ? values[1] - values[0] : 0;
	for (int64_t k = 0; k < count; k++)
		if (values[k] != values[0] + slope * k)
			return table_at(l, values, count, count, at);
	return oj_integer_sum(l->g, values[0], 1, &at, &slope);
}

/* Is the column the same for all points of a row?  Then rows[i] are its values. */
static bool by_row(const struct lister *l, int64_t *rows)
{
	for (int64_t i = 0; i < l->rows; i++) /* rows without points are the last */
		rows[i] = l->length[l->row_at[i]] ? l->work[l->start[0] + i] : rows[i - 1];
	for (int64_t k = 1; k < l->turns; k++)
		for (int64_t i = 0; i < l->rows && l->length[l->row_at[i]] > k; i++)
			if (l->work[l->start[k] + i] != rows[i])
				return false;
	return true;
}

/* Do all rows have as many points?  Then every row has one at every turn. */
static bool is_even(const struct lister *l)
{
	return (int64_t)l->points == l->rows * l->turns;
}

static int64_t padded(const struct lister *l)
{
	return l->start[l->turns - 1] + l->rows;
}

/* The column l->work as an integer.  Not every row has a point at every turn, so where
 * points are counted through only a table stays in range for those that are not there. */
static ojit_expr integer_column(struct lister *l)
{
	int64_t *rows = get(l, l->rows);
	ojit_expr e = 0;
	if (rows && by_row(l, rows))
		e = integers_at(l, rows, l->rows, oj_index(l->g, ROW));
	else if (rows)
		e = is_even(l) ? integers_at(l, l->work, (int64_t)l->points, l->at)
		               : table_at(l, l->work, (int64_t)l->points, padded(l), l->at);
	put(l, rows, l->rows);
	return e;
}

static void fill_column(struct lister *l, ojit_expr integer)
{
	const struct listing *listing = l->listing;
	int64_t index[LEVELS] = {0};
	for (size_t p = 0; p < l->points; p++) {
		for (uint32_t k = 0; k < listing->levels; k++)
			index[renumbered(k)] = listing->index[p * listing->levels + k];
		l->work[l->place[p]] = oj_integer_at(l->space, integer, index);
	}
}

/* What stands for an integer of the value: a table where it is known at every point,
 * else (an index of a sum inside of the value is in it) its loops' indices one by one. */
static ojit_expr tabulate(struct lister *l, ojit_expr e)
{
	uint32_t levels = oj_node(l->g, e)->levels, known;
	if (!(levels & l->levels))
		return e;
	if (oj_expr_map_get(&l->tabled, e, &known))
		return known;
	ojit_expr made;
	if (!(levels & ~l->levels)) {
		fill_column(l, e);
		made = integer_column(l);
	} else {
		ojit_expr index[LEVELS] = {0};
		for (uint32_t k = 0; k < l->listing->levels; k++) {
			unsigned level = renumbered(k);
			if (!(index[level] = tabulate(l, oj_index(l->g, level))))
				return 0;
		}
		made = oj_substitute(l->space, e, index, LEVELS);
	}
	return made && oj_expr_map_put(&l->tabled, e, made) ? made : 0;
}

/* A datum at every point: a number where all are alike, else data in order of points. */
static ojit_expr listed_data(struct lister *l, ojit_expr e)
{
	const struct array a = l->space->arrays.at[oj_node(l->g, e)->ref.id];
	int64_t base = 0, extent = padded(l), at = 0;
	ojit_expr flat = oj_integer(l->g, a.offset);
	for (uint32_t k = 0; k < a.rank; k++) {
		int64_t stride = 1;
		for (uint32_t m = k + 1; m < a.rank; m++)
			stride *= a.extent[m];
		ojit_expr index = oj_integer_offset(l->g, oj_operands(l->g, e)[k], -a.base[k]);
		flat = oj_integer_add(l->g, flat, oj_integer_scale(l->g, index, stride));
	}
	if (!flat)
		return 0;
	fill_column(l, flat);
	double first = l->space->data.at[l->work[0]];
	for (at = 1; at < (int64_t)l->points; at++)
		if (memcmp(&l->space->data.at[l->work[at]], &first, sizeof first))
			break;
	if (at == (int64_t)l->points)
		return oj_literal(l->g, first);
	uint32_t array = oj_space_array(l->space, "listed", ROLE_DATA, 1, &base, &extent, (int64_t)l->space->data.count);
	bool ok = array != UINT32_MAX;
	for (int64_t k = 0; ok && k < extent; k++) {
		double value = l->space->data.at[l->work[k < (int64_t)l->points ? k : 0]];
		ok = VECTOR_PUSH(l->space->context, &l->space->data, value);
	}
	return ok ? oj_load(l->g, array, 1, &l->at) : 0;
}

/* ---------------------------------------------------------------- the value */

/* A subscript of points and of a sum's index together: tables do not show that it stays
 * within the array, so it is held there, which changes none that is met. */
static ojit_expr held(struct lister *l, ojit_expr load, uint32_t axis, ojit_expr subscript)
{
	uint32_t levels = oj_node(l->g, oj_operands(l->g, load)[axis])->levels;
	if (!(levels & l->levels) || !(levels & ~l->levels))
		return subscript;
	const struct array *array = &l->space->arrays.at[oj_node(l->g, load)->ref.id];
	int64_t least = array->base[axis], greatest = least + array->extent[axis] - 1;
	ojit_expr from = oj_integer(l->g, least), to = oj_integer(l->g, greatest);
	ojit_expr above = oj_integer_max(l->g, subscript, from);
	return oj_integer_min(l->g, above, to);
}

static ojit_expr remake(struct lister *l, ojit_expr e, const ojit_expr *operands)
{
	uint32_t arity = oj_node(l->g, e)->arity;
	size_t size = arity * sizeof(ojit_expr);
	ojit_expr few[8], *made = few, result;
	if (arity > 8 && !(made = oj_memory_get(l->space->context, size)))
		return 0;
	for (uint32_t k = 0; k < arity; k++) {
		bool integer = oj_type(l->g, oj_operands(l->g, e)[k]) == INTEGER;
		made[k] = integer ? tabulate(l, oj_operands(l->g, e)[k]) : operands[k];
		if (oj_is(l->g, e, OP_LOAD))
			made[k] = held(l, e, k, made[k]);
	}
	result = oj_simplified(l->g, e, made);
	if (made != few)
		oj_memory_put(l->space->context, made, size);
	return result;
}

static ojit_expr list_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct lister *l = rewrite->data;
	const struct node *n = oj_node(l->g, e);
	if (oj_type(l->g, e) == INTEGER || n->arity == 0)
		return e;
	bool known = n->levels & l->levels && !(n->levels & ~l->levels);
	if (n->op == OP_LOAD && known && l->space->arrays.at[n->ref.id].role == ROLE_DATA)
		return listed_data(l, e);
	return remake(l, e, operands);
}

/* A sum inside of the value: its index gets a level that is none of the points', so that
 * what depends on the points can be told by levels alone. */
static ojit_expr list_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct lister *l = rewrite->data;
	struct reduction reduction = oj_node(l->g, e)->reduction;
	ojit_expr operands[4], index[LEVELS] = {0}, start = outer[REDUCE_START];
	memcpy(operands, oj_operands(l->g, e), sizeof operands);
	ojit_expr body = operands[REDUCE_BODY];
	if (l->levels >> reduction.level & 1) {
		unsigned level = 32 - (unsigned)__builtin_clz(l->levels | oj_node(l->g, body)->levels);
		if (level >= LEVELS)
			return 0;
		index[reduction.level] = oj_index(l->g, level);
		body = oj_substitute(l->space, body, index, LEVELS);
		reduction.level = (uint16_t)level;
	}
	struct rewrite again = *rewrite;
	if (!body || oj_rewrite(&again, &body, 1) != OJIT_OK)
		return 0;
	ojit_expr lo = tabulate(l, operands[REDUCE_LO]), end = tabulate(l, operands[REDUCE_END]);
	return oj_reduce(l->g, reduction, start, lo, end, body);
}

static ojit_expr listed_value(struct lister *l)
{
	ojit_expr e = l->value;
	struct rewrite rewrite = {.space = l->space, .node = list_node, .reduction = list_reduction, .data = l,
	                          .keep_closed = true};
	return oj_rewrite(&rewrite, &e, 1) == OJIT_OK ? e : 0;
}

/* ---------------------------------------------------------------- the block */

/* Single points need no turns. */
static bool find_place(struct lister *l)
{
	ojit_expr row = oj_index(l->g, ROW), turn = oj_index(l->g, TURN);
	ojit_expr start = l->turns == 1 ? oj_integer(l->g, 0) : integers_at(l, l->start, l->turns, turn);
	l->at = start ? oj_integer_add(l->g, start, row) : 0;
	return l->at != 0;
}

/* The sum of as many points as each row has. */
static ojit_expr sum_of_rows(struct lister *l, ojit_expr value)
{
	ojit_expr zero = oj_integer(l->g, 0);
	if (l->turns == 1 && is_even(l))
		return value;
	int64_t *lengths = get(l, l->rows);
	if (!lengths)
		return 0;
	for (int64_t i = 0; i < l->rows; i++)
		lengths[i] = l->length[l->row_at[i]];
	ojit_expr end = integers_at(l, lengths, l->rows, oj_index(l->g, ROW));
	put(l, lengths, l->rows);
	return oj_contribution_sum(l->g, TURN, zero, end, value, l->rows < 8);
}

/* The same where all rows have `turns`, which are few, written out. */
static ojit_expr written_out(struct lister *l, ojit_expr value, int64_t turns)
{
	ojit_expr sum = 0, index[FIRST] = {0};
	for (int64_t k = 0; k < turns; k++) {
		index[TURN] = oj_integer(l->g, k);
		ojit_expr term = oj_substitute(l->space, value, index, FIRST);
		sum = sum && term ? oj_plus(l->g, sum, term) : term;
		if (!sum)
			return 0;
	}
	return sum;
}

static ojit_expr element_of_row(struct lister *l)
{
	int64_t *elements = get(l, l->rows);
	if (!elements)
		return 0;
	for (int64_t i = 0; i < l->rows; i++)
		elements[i] = l->listing->element ? l->listing->element[l->row_at[i]] : l->row_at[i];
	ojit_expr e = integers_at(l, elements, l->rows, oj_index(l->g, ROW));
	put(l, elements, l->rows);
	return e;
}

static bool store_some(struct lister *l, struct program *made, int64_t lo, int64_t end, ojit_expr value, ojit_expr element)
{
	if (lo == end)
		return true;
	struct block *block = value && element ? oj_program_block(made, 1, &lo, &end, l->listing->origin) : NULL;
	return block && oj_block_store(l->space, block, l->listing->target, value, &element);
}

/* The first row at or after `row` that is no longer than `length`. */
static int64_t next_row(const struct lister *l, int64_t row, int64_t length)
{
	while (row < l->rows && l->length[l->row_at[row]] > length)
		row++;
	return row;
}

/* Very many rows of few points, as entries of networks mostly are, do without counting
 * (m: bcr's Jacobian, 30,000 of 31,369 rows have three points at the most). */
static bool store_rows(struct lister *l, struct program *made)
{
	enum { FEW_POINTS = 3, MANY_ROWS = 3072 };
	ojit_expr value = find_place(l) ? listed_value(l) : 0, element = element_of_row(l);
	ojit_expr sum = value ? sum_of_rows(l, value) : 0;
	int64_t done = 0;
	for (int64_t turns = FEW_POINTS; sum && turns > 0; turns--) {
		int64_t first = next_row(l, done, turns), end = next_row(l, first, turns - 1);
		if (end - first < MANY_ROWS)
			continue;
		if (!store_some(l, made, done, first, sum, element) ||
		    !store_some(l, made, first, end, written_out(l, value, turns), element))
			return false;
		done = end;
	}
	return sum && store_some(l, made, done, l->rows, sum, element);
}

static bool store_zeros(struct lister *l, struct program *made)
{
	ojit_expr zero = oj_literal(l->g, 0), element = element_of_row(l);
	return store_some(l, made, 0, l->rows, zero, element);
}

bool oj_list(struct program *made, const struct listing *listing)
{
	struct space *space = made->space;
	struct lister l = {.listing = listing, .space = space, .g = &space->graph, .rows = listing->rows,
	                   .points = listing->points};
	if (l.points + (size_t)l.rows >= INT32_MAX || FIRST + listing->levels > LEVELS || !renumber(&l))
		return false;
	l.length = get(&l, l.rows);
	l.place_of = get(&l, l.rows);
	l.row_at = get(&l, l.rows);
	oj_expr_map_init(&l.tabled, space->context);
	bool ok = l.length && l.place_of && l.row_at;
	for (size_t p = 0; ok && p < l.points; p++)
		l.length[listing->row[p]]++;
	ok = ok && sort_rows(&l) && place_points(&l) && (l.points ? store_rows(&l, made) : store_zeros(&l, made));
	put(&l, l.length, l.rows);
	put(&l, l.place_of, l.rows);
	put(&l, l.row_at, l.rows);
	put(&l, l.start, l.turns);
	put(&l, l.place, (int64_t)l.points);
	put(&l, l.work, (int64_t)l.points);
	oj_expr_map_drop(&l.tabled);
	return ok && !space->graph.failed;
}
