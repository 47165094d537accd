/* See pattern.h. */
#include "lib/base/pattern.h"

#include <stdlib.h>
#include <string.h>

bool oj_pattern_init(struct pattern *pattern, ojit_context *context, int64_t rows, int64_t columns, int64_t entries)
{
	*pattern = (struct pattern){.rows = rows, .columns = columns, .entries = entries};
	pattern->column = oj_memory_get(context, (size_t)(columns + 1) * sizeof *pattern->column);
	pattern->row = oj_memory_get(context, (size_t)(entries + 1) * sizeof *pattern->row);
	if (pattern->column && pattern->row)
		return true;
	oj_pattern_drop(pattern, context);
	return false;
}

void oj_pattern_drop(struct pattern *pattern, ojit_context *context)
{
	oj_memory_put(context, pattern->column, (size_t)(pattern->columns + 1) * sizeof *pattern->column);
	oj_memory_put(context, pattern->row, (size_t)(pattern->entries + 1) * sizeof *pattern->row);
	pattern->column = pattern->row = NULL;
}

ojit_pattern oj_pattern_public(const struct pattern *p)
{
	return (ojit_pattern){(size_t)p->rows, (size_t)p->columns, (size_t)p->entries, p->column, p->row};
}

/* Only to be read. */
static struct pattern view(const ojit_pattern *p)
{
	return (struct pattern){(int64_t)p->rows, (int64_t)p->columns, (int64_t)p->entries, (int64_t *)p->column,
	                        (int64_t *)p->row};
}

/* ---------------------------------------------------------------- places */

void oj_pattern_bandwidths(const struct pattern *p, int64_t *lower, int64_t *upper)
{
	*lower = *upper = 0;
	for (int64_t j = 0; j < p->columns; j++) {
		if (p->column[j] == p->column[j + 1])
			continue;
		int64_t above = j - p->row[p->column[j]], below = p->row[p->column[j + 1] - 1] - j;
		*upper = above > *upper ? above : *upper;
		*lower = below > *lower ? below : *lower;
	}
}

void ojit_pattern_bandwidths(const ojit_pattern *pattern, size_t *lower, size_t *upper)
{
	struct pattern p = view(pattern);
	int64_t below, above;
	oj_pattern_bandwidths(&p, &below, &above);
	*lower = (size_t)below;
	*upper = (size_t)above;
}

/* Where rows begin, one after where they are written to next. */
void ojit_pattern_rows(const ojit_pattern *p, int64_t *row, int64_t *column, int64_t *entry)
{
	memset(row, 0, (p->rows + 1) * sizeof *row);
	for (size_t k = 0; k < p->entries; k++)
		row[p->row[k] + 1]++;
	for (size_t i = 0; i < p->rows; i++)
		row[i + 1] += row[i];
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++) {
			int64_t to = row[p->row[k]]++;
			column[to] = (int64_t)j;
			if (entry)
				entry[to] = k;
		}
	memmove(row + 1, row, p->rows * sizeof *row);
	row[0] = 0;
}

void oj_pattern_diagonal(const struct pattern *p, int64_t *position)
{
	for (int64_t j = 0; j < p->columns; j++) {
		int64_t lo = p->column[j], end = p->column[j + 1];
		while (lo < end) {
			int64_t middle = lo + (end - lo) / 2;
			if (p->row[middle] < j)
				lo = middle + 1;
			else
				end = middle;
		}
		position[j] = lo < p->column[j + 1] && p->row[lo] == j ? lo : -1;
	}
}

void ojit_pattern_diagonal(const ojit_pattern *pattern, int64_t *position)
{
	struct pattern p = view(pattern);
	oj_pattern_diagonal(&p, position);
}

/* Column j behind those before it. */
static void copy_with_diagonal(const struct pattern *from, struct pattern *to, int64_t j, int64_t *entry)
{
	int64_t k = from->column[j], end = from->column[j + 1], at = to->column[j];
	for (; k < end && from->row[k] < j; k++, at++) {
		to->row[at] = from->row[k];
		entry[k] = at;
	}
	if (k == end || from->row[k] != j)
		to->row[at++] = j;
	for (; k < end; k++, at++) {
		to->row[at] = from->row[k];
		entry[k] = at;
	}
	to->column[j + 1] = at;
}

bool oj_pattern_add_diagonal(const struct pattern *from, ojit_context *context, struct pattern *to, int64_t *entry)
{
	int64_t missing = 0;
	size_t size = (size_t)(from->columns + 1) * sizeof(int64_t);
	int64_t *position = oj_memory_get(context, size);
	*to = (struct pattern){0};
	if (!position)
		return false;
	oj_pattern_diagonal(from, position);
	for (int64_t j = 0; j < from->columns; j++)
		missing += position[j] < 0;
	oj_memory_put(context, position, size);
	if (!oj_pattern_init(to, context, from->rows, from->columns, from->entries + missing))
		return false;
	to->column[0] = 0;
	for (int64_t j = 0; j < from->columns; j++)
		copy_with_diagonal(from, to, j, entry);
	return true;
}

/* ---------------------------------------------------------------- colours */

struct ranked {
	int64_t column, meets; /* entries that its rows have in other columns */
};

static int most_first(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->meets != y->meets)
		return x->meets < y->meets ? 1 : -1;
	return (x->column > y->column) - (x->column < y->column);
}

struct painter {
	const struct pattern *p;
	struct ranked *order; /* [columns] */
	uint64_t *taken;      /* [rows] colours that the row has met, of the 64 at hand */
};

/* Every column takes the first colour that is free; a pass for each 64 colours, so that
 * a word a row is enough. */
static int64_t first_fit(const struct painter *c, int64_t *colour)
{
	const struct pattern *p = c->p;
	int64_t left = p->columns, colours = 0;
	for (int64_t j = 0; j < p->columns; j++)
		colour[j] = -1;
	for (int64_t base = 0; left > 0; base += 64) {
		memset(c->taken, 0, (size_t)p->rows * sizeof *c->taken);
		for (int64_t at = 0; at < p->columns; at++) {
			int64_t j = c->order[at].column;
			uint64_t used = 0;
			if (colour[j] >= 0)
				continue;
			for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
				used |= c->taken[p->row[k]];
			if (used == UINT64_MAX)
				continue;
			int bit = __builtin_ctzll(~used);
			for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
				c->taken[p->row[k]] |= UINT64_C(1) << bit;
			colour[j] = base + bit;
			colours = colour[j] >= colours ? colour[j] + 1 : colours;
			left--;
		}
	}
	return colours;
}

/* Ranks the columns; gives the entries of the fullest row, than which there are no fewer
 * colours. */
static int64_t rank_columns(struct painter *c)
{
	const struct pattern *p = c->p;
	int64_t fullest = 0;
	memset(c->taken, 0, (size_t)p->rows * sizeof *c->taken);
	for (int64_t k = 0; k < p->entries; k++)
		c->taken[p->row[k]]++;
	for (int64_t i = 0; i < p->rows; i++)
		fullest = (int64_t)c->taken[i] > fullest ? (int64_t)c->taken[i] : fullest;
	for (int64_t j = 0; j < p->columns; j++) {
		c->order[j] = (struct ranked){.column = j};
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
			c->order[j].meets += (int64_t)c->taken[p->row[k]] - 1;
	}
	return fullest;
}

/* other: [columns] */
static int64_t choose_colours(struct painter *c, int64_t *colour, int64_t *other)
{
	size_t columns = (size_t)c->p->columns;
	int64_t fullest = rank_columns(c);
	if (fullest == c->p->columns) { /* they all meet */
		for (int64_t j = 0; j < c->p->columns; j++)
			colour[j] = j;
		return fullest;
	}
	int64_t colours = first_fit(c, colour);
	if (colours <= fullest || colours <= 1)
		return colours;
	qsort(c->order, columns, sizeof *c->order, most_first);
	int64_t others = first_fit(c, other);
	if (others < colours)
		memcpy(colour, other, columns * sizeof *colour);
	return others < colours ? others : colours;
}

bool oj_pattern_colour(const struct pattern *pattern, ojit_context *context, int64_t *colour, int64_t *colours)
{
	size_t columns = (size_t)pattern->columns + 1, rows = (size_t)pattern->rows + 1;
	struct painter c = {.p = pattern, .order = oj_memory_get(context, columns * sizeof *c.order),
	                      .taken = oj_memory_get(context, rows * sizeof *c.taken)};
	int64_t *other = oj_memory_get(context, columns * sizeof *other);
	bool ok = c.order && c.taken && other;
	if (ok)
		*colours = choose_colours(&c, colour, other);
	oj_memory_put(context, c.order, columns * sizeof *c.order);
	oj_memory_put(context, c.taken, rows * sizeof *c.taken);
	oj_memory_put(context, other, columns * sizeof *other);
	return ok;
}

ojit_status ojit_pattern_colour(ojit_context *context, const ojit_pattern *pattern, int64_t *colour, size_t *colours)
{
	struct pattern p = view(pattern);
	int64_t count = 0;
	bool ok = oj_pattern_colour(&p, context, colour, &count);
	*colours = (size_t)count;
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}
