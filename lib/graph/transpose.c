/* See contribution.h: the listing way.
 *
 * All points of the contribution's loops are walked once, when compiling, and handed to
 * the elements they add to.  Elements become rows, the one with most points first; point
 * k of all rows that have one are neighbours, at start[k] + row, so that lanes run
 * across rows.  Every subscript of the value becomes one table over the points, every
 * datum one number a point: what is left to do at run time is one sum a row. */
#include "lib/graph/contribution.h"

#include "lib/graph/simplify.h"

#include <stdlib.h>
#include <string.h>

enum { ROW = LEVELS - 2, TURN = LEVELS - 3 }; /* until the block is closed */

struct listing {
	struct space *space;
	struct graph *g;
	const struct contribution *c;
	uint32_t levels;     /* of the domain */
	int64_t rows, turns;
	size_t points;
	int64_t *element;    /* [points] in order of the walk */
	int64_t *length;     /* [rows] by element */
	int64_t *row_of;     /* [rows] element -> row */
	int64_t *element_of; /* [rows] row -> element */
	int64_t *start;      /* [turns] */
	size_t *place;       /* [points] walk -> place */
	int64_t *work;       /* [points] a column in order of places */
	size_t room;         /* of points */
	ojit_expr at;        /* start[k] + row */
	struct expr_map tabled; /* integer of the value -> what stands for it */
};

static int64_t flat_element(const struct listing *l, const int64_t *index)
{
	const struct array *a = &l->space->arrays.at[l->c->array];
	int64_t at = 0;
	for (uint32_t k = 0; k < a->rank; k++)
		at = at * a->extent[k] + oj_integer_at(l->space, l->c->index[k], index) - a->base[k];
	return at;
}

static bool add_point(struct listing *l, int64_t element)
{
	if (l->points == l->room &&
	    !oj_vector_grow(l->space->context, (void **)&l->element, &l->room, l->points + 1, sizeof *l->element))
		return false;
	l->element[l->points++] = element;
	l->length[element]++;
	return true;
}

static bool list_points(struct listing *l)
{
	struct walk walk;
	bool ok = true;
	for (oj_walk_begin(&walk, l->space, &l->c->domain); ok && oj_walk_next(&walk);)
		ok = add_point(l, flat_element(l, walk.index));
	return ok && l->points + (size_t)l->rows < INT32_MAX;
}

static void *get(struct listing *l, int64_t count)
{
	void *memory = oj_memory_get(l->space->context, (size_t)(count + 1) * sizeof(int64_t));
	if (memory)
		memset(memory, 0, (size_t)(count + 1) * sizeof(int64_t));
	return memory;
}

static void put(struct listing *l, void *memory, int64_t count)
{
	oj_memory_put(l->space->context, memory, (size_t)(count + 1) * sizeof(int64_t));
}

/* Elements by length, the longest first, equals in their order: a counting sort. */
static bool sort_rows(struct listing *l)
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
		l->row_of[e] = next[l->turns - l->length[e]]++;
		l->element_of[l->row_of[e]] = e;
	}
	put(l, next, l->turns + 1);
	return true;
}

static bool place_points(struct listing *l)
{
	int64_t *met = get(l, l->rows), rows = l->rows, place = 0;
	l->start = get(l, l->turns);
	l->place = get(l, (int64_t)l->points);
	l->work = get(l, (int64_t)l->points);
	bool ok = met && l->start && l->place && l->work;
	for (int64_t k = 0; ok && k < l->turns; k++) {
		while (l->length[l->element_of[rows - 1]] <= k)
			rows--;
		l->start[k] = place;
		place += rows;
	}
	for (size_t p = 0; ok && p < l->points; p++) {
		int64_t e = l->element[p];
		l->place[p] = (size_t)(l->start[met[e]++] + l->row_of[e]);
	}
	put(l, met, l->rows);
	return ok;
}

/* ---------------------------------------------------------------- columns */

/* A table of these values, padded to `extent`, read at `at`. */
static ojit_expr table_at(struct listing *l, const int64_t *values, int64_t count, int64_t extent, ojit_expr at)
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
static ojit_expr integers_at(struct listing *l, const int64_t *values, int64_t count, ojit_expr at)
{
	int64_t slope = count > 1 ? values[1] - values[0] : 0;
	for (int64_t k = 0; k < count; k++)
		if (values[k] != values[0] + slope * k)
			return table_at(l, values, count, count, at);
	return oj_integer_sum(l->g, values[0], 1, &at, &slope);
}

/* Is the column the same for all points of a row?  Then rows[i] are its values. */
static bool by_row(const struct listing *l, int64_t *rows)
{
	for (int64_t i = 0; i < l->rows; i++) /* rows without points are the last */
		rows[i] = l->length[l->element_of[i]] ? l->work[l->start[0] + i] : rows[i - 1];
	for (int64_t k = 1; k < l->turns; k++)
		for (int64_t i = 0; i < l->rows && l->length[l->element_of[i]] > k; i++)
			if (l->work[l->start[k] + i] != rows[i])
				return false;
	return true;
}

static int64_t padded(const struct listing *l)
{
	return l->start[l->turns - 1] + l->rows;
}

/* The column l->work as an integer.  Not every row has a point at every turn, so where
 * points are counted through only a table stays in range for those that are not there. */
static ojit_expr integer_column(struct listing *l)
{
	int64_t *rows = get(l, l->rows);
	ojit_expr e = 0;
	if (rows && by_row(l, rows))
		e = integers_at(l, rows, l->rows, oj_index(l->g, ROW));
	else if (rows)
		e = table_at(l, l->work, (int64_t)l->points, padded(l), l->at);
	put(l, rows, l->rows);
	return e;
}

static void fill_column(struct listing *l, ojit_expr integer)
{
	struct walk walk;
	size_t point = 0;
	for (oj_walk_begin(&walk, l->space, &l->c->domain); oj_walk_next(&walk); point++)
		l->work[l->place[point]] = oj_integer_at(l->space, integer, walk.index);
}

/* What stands for an integer of the value: a table where it is known at every point,
 * else (an index of a sum inside of the value is in it) its loops' indices one by one. */
static ojit_expr tabulate(struct listing *l, ojit_expr e)
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
		for (uint32_t k = 0; k < l->c->domain.count; k++) {
			unsigned level = l->c->domain.at[k].level;
			if (!(index[level] = tabulate(l, oj_index(l->g, level))))
				return 0;
		}
		made = oj_substitute(l->space, e, index, LEVELS);
	}
	return made && oj_expr_map_put(&l->tabled, e, made) ? made : 0;
}

/* A datum at every point: a number where all are alike, else data in order of points. */
static ojit_expr listed_data(struct listing *l, ojit_expr e)
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

static ojit_expr remake(struct listing *l, ojit_expr e, const ojit_expr *operands)
{
	uint32_t arity = oj_node(l->g, e)->arity;
	size_t size = arity * sizeof(ojit_expr);
	ojit_expr few[8], *made = few, result;
	if (arity > 8 && !(made = oj_memory_get(l->space->context, size)))
		return 0;
	for (uint32_t k = 0; k < arity; k++) {
		bool integer = oj_type(l->g, oj_operands(l->g, e)[k]) == INTEGER;
		made[k] = integer ? tabulate(l, oj_operands(l->g, e)[k]) : operands[k];
	}
	result = oj_simplified(l->g, e, made);
	if (made != few)
		oj_memory_put(l->space->context, made, size);
	return result;
}

static ojit_expr list_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct listing *l = rewrite->data;
	const struct node *n = oj_node(l->g, e);
	if (oj_type(l->g, e) == INTEGER || n->arity == 0)
		return e;
	bool known = n->levels & l->levels && !(n->levels & ~l->levels);
	if (n->op == OP_LOAD && known && l->space->arrays.at[n->ref.id].role == ROLE_DATA)
		return listed_data(l, e);
	return remake(l, e, operands);
}

static ojit_expr listed_value(struct listing *l)
{
	ojit_expr e = l->c->value;
	struct rewrite rewrite = {.space = l->space, .node = list_node, .data = l};
	return oj_rewrite(&rewrite, &e, 1) == OJIT_OK ? e : 0;
}

/* ---------------------------------------------------------------- the block */

static bool find_place(struct listing *l)
{
	ojit_expr row = oj_index(l->g, ROW), turn = oj_index(l->g, TURN);
	ojit_expr start = integers_at(l, l->start, l->turns, turn);
	l->at = start ? oj_integer_add(l->g, start, row) : 0;
	return l->at != 0;
}

static ojit_expr sum_of_rows(struct listing *l)
{
	ojit_expr value = listed_value(l);
	int64_t *lengths = value ? get(l, l->rows) : NULL;
	if (!lengths)
		return 0;
	for (int64_t i = 0; i < l->rows; i++)
		lengths[i] = l->length[l->element_of[i]];
	ojit_expr end = integers_at(l, lengths, l->rows, oj_index(l->g, ROW));
	put(l, lengths, l->rows);
	return oj_contribution_sum(l->g, TURN, oj_integer(l->g, 0), end, value, l->rows < 8);
}

static bool store_rows(struct listing *l, struct program *made, uint32_t target, uint32_t origin)
{
	ojit_expr value = l->points ? 0 : oj_nothing(l->g), index[LEVELS] = {0};
	if (l->points)
		value = find_place(l) ? sum_of_rows(l) : 0;
	ojit_expr element = value ? integers_at(l, l->element_of, l->rows, oj_index(l->g, ROW)) : 0;
	if (!element)
		return false;
	index[ROW] = oj_index(l->g, 0);
	value = oj_substitute(l->space, value, index, LEVELS);
	element = oj_substitute(l->space, element, index, LEVELS);
	int64_t lo = 0;
	struct block *block = value && element ? oj_program_block(made, 1, &lo, &l->rows, origin) : NULL;
	return block && oj_block_store(l->space, block, target, value, &element);
}

/* The contribution with its loops at high levels, which no sum inside of the value
 * has: what is below them can then be told apart by levels alone. */
static bool renumber(struct space *space, const struct contribution *c, struct contribution *out)
{
	ojit_expr index[LEVELS] = {0};
	bool ok = true;
	*out = *c;
	for (uint32_t k = 0; k < c->domain.count; k++)
		index[c->domain.at[k].level] = oj_index(&space->graph, TURN - 1 - k);
	for (uint32_t k = 0; ok && k < c->domain.count; k++) {
		struct loop *loop = &out->domain.at[k];
		loop->level = TURN - 1 - k;
		loop->lo = oj_substitute(space, loop->lo, index, LEVELS);
		loop->end = oj_substitute(space, loop->end, index, LEVELS);
		ok = loop->lo && loop->end;
	}
	for (uint32_t k = 0; ok && k < space->arrays.at[c->array].rank; k++)
		ok = (out->index[k] = oj_substitute(space, c->index[k], index, LEVELS)) != 0;
	out->value = oj_substitute(space, c->value, index, LEVELS);
	return ok && out->value && !space->graph.failed;
}

bool oj_transpose(struct program *made, const struct contribution *contribution, uint32_t target, uint32_t origin)
{
	struct space *space = made->space;
	struct contribution renumbered, *c = &renumbered;
	if (!renumber(space, contribution, c))
		return false;
	struct listing l = {.space = space, .g = &space->graph, .c = c, .levels = oj_domain_levels(&c->domain)};
	l.rows = oj_array_length(&space->arrays.at[c->array]);
	l.length = get(&l, l.rows);
	l.row_of = get(&l, l.rows);
	l.element_of = get(&l, l.rows);
	oj_expr_map_init(&l.tabled, space->context);
	bool ok = l.length && l.row_of && l.element_of && list_points(&l) && sort_rows(&l) && place_points(&l) &&
	          store_rows(&l, made, target, origin);
	put(&l, l.length, l.rows);
	put(&l, l.row_of, l.rows);
	put(&l, l.element_of, l.rows);
	put(&l, l.start, l.turns);
	put(&l, l.place, (int64_t)l.points);
	put(&l, l.work, (int64_t)l.points);
	oj_memory_put(space->context, l.element, l.room * sizeof *l.element);
	oj_expr_map_drop(&l.tabled);
	return ok && !space->graph.failed;
}
