/* Patterns of sparse matrices against dense ones, entry by entry. */
#include "lib/base/pattern.h"
#include "tests/support_allocator.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct matrix { /* by columns, with a dense copy */
	size_t rows, columns;
	unsigned char *dense; /* [rows * columns], row by row */
	int64_t *column, *row;
	ojit_pattern p;
};

static struct matrix draw(size_t rows, size_t columns, bool (*is_there)(size_t i, size_t j))
{
	struct matrix m = {.rows = rows, .columns = columns, .dense = calloc(rows * columns + 1, 1),
	                   .column = calloc(columns + 1, sizeof(int64_t)),
	                   .row = calloc(rows * columns + 1, sizeof(int64_t))};
	int64_t entries = 0;
	for (size_t j = 0; j < columns; j++) {
		for (size_t i = 0; i < rows; i++)
			if (is_there(i, j)) {
				m.dense[i * columns + j] = 1;
				m.row[entries++] = (int64_t)i;
			}
		m.column[j + 1] = entries;
	}
	m.p = (ojit_pattern){rows, columns, (size_t)entries, m.column, m.row};
	return m;
}

static void drop(struct matrix *m)
{
	free(m->dense);
	free(m->column);
	free(m->row);
}

static bool scattered(size_t i, size_t j)
{
	return (i * 7919 + j * 104729 + i * j * 31) % 11 == 0;
}

static bool crowded(size_t i, size_t j)
{
	return (i * 131 + j * 37) % 3 == 0;
}

static bool on_three_lines(size_t i, size_t j)
{
	return i + 1 >= j && j + 1 >= i;
}

static bool left_of_one_line(size_t i, size_t j)
{
	return i == j + 2;
}

static bool everywhere(size_t i, size_t j)
{
	(void)i, (void)j;
	return true;
}

static bool nowhere(size_t i, size_t j)
{
	return i == j && i + 1 == i;
}

static bool like_an_arrow(size_t i, size_t j)
{
	return i == j || i == 0 || j == 0;
}

static bool two_in_a_row(size_t i, size_t j)
{
	return j == i || j == (i * 5 + 3) % 97;
}

static bool (*const kinds[])(size_t, size_t) = {scattered, crowded, on_three_lines, left_of_one_line,
                                                everywhere, nowhere, like_an_arrow, two_in_a_row};
enum { KINDS = sizeof kinds / sizeof *kinds };
static const size_t shapes[][2] = {{97, 97}, {40, 130}, {130, 40}, {1, 1}, {0, 5}, {5, 0}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void each(void (*hold)(const struct matrix *m))
{
	for (int k = 0; k < KINDS; k++)
		for (int s = 0; s < SHAPES; s++) {
			struct matrix m = draw(shapes[s][0], shapes[s][1], kinds[k]);
			hold(&m);
			drop(&m);
		}
}

static void hold_rows(const struct matrix *m)
{
	int64_t *row = calloc(m->rows + 1, sizeof *row), *column = calloc(m->p.entries + 1, sizeof *column);
	int64_t *entry = calloc(m->p.entries + 1, sizeof *entry), at = 0;
	ojit_pattern_rows(&m->p, row, column, entry);
	for (size_t i = 0; i < m->rows; i++) {
		cr_expect_eq(row[i], at);
		for (size_t j = 0; j < m->columns; j++) {
			if (!m->dense[i * m->columns + j])
				continue;
			cr_expect_eq(column[at], (int64_t)j);
			cr_expect_eq(m->row[entry[at]], (int64_t)i);
			cr_expect(m->column[j] <= entry[at] && entry[at] < m->column[j + 1]);
			at++;
		}
	}
	cr_expect_eq(row[m->rows], at);
	memset(column, 0, (m->p.entries + 1) * sizeof *column);
	ojit_pattern_rows(&m->p, row, column, NULL);
	cr_expect_eq(row[m->rows], (int64_t)m->p.entries);
	free(row);
	free(column);
	free(entry);
}

Test(patterns, by_rows_have_the_same_entries)
{
	each(hold_rows);
}

static void hold_lines(const struct matrix *m)
{
	size_t lower, upper, below = 0, above = 0;
	int64_t *position = calloc(m->columns + 1, sizeof *position);
	for (size_t i = 0; i < m->rows; i++)
		for (size_t j = 0; j < m->columns; j++) {
			if (!m->dense[i * m->columns + j])
				continue;
			below = i > j && i - j > below ? i - j : below;
			above = j > i && j - i > above ? j - i : above;
		}
	ojit_pattern_bandwidths(&m->p, &lower, &upper);
	cr_expect_eq(lower, below);
	cr_expect_eq(upper, above);
	ojit_pattern_diagonal(&m->p, position);
	for (size_t j = 0; j < m->columns; j++) {
		bool there = j < m->rows && m->dense[j * m->columns + j];
		cr_expect_eq(position[j] >= 0, there);
		if (there && position[j] >= 0)
			cr_expect(m->row[position[j]] == (int64_t)j && m->column[j] <= position[j] &&
			          position[j] < m->column[j + 1]);
	}
	free(position);
}

Test(patterns, know_their_bandwidths_and_their_diagonal)
{
	each(hold_lines);
}

static size_t colours_of(const struct matrix *m, int64_t *colour)
{
	ojit_context *context = ojit_context_new(NULL);
	size_t colours = 0;
	cr_assert_eq(ojit_pattern_colour(context, &m->p, colour, &colours), OJIT_OK);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
	return colours;
}

static void hold_colours(const struct matrix *m)
{
	int64_t *colour = calloc(m->columns + 1, sizeof *colour);
	size_t colours = colours_of(m, colour);
	unsigned char *used = calloc(colours + 1, 1), *met = calloc(colours + 1, 1);
	for (size_t j = 0; j < m->columns; j++) {
		cr_assert(colour[j] >= 0 && (size_t)colour[j] < colours);
		used[colour[j]] = 1;
	}
	for (size_t c = 0; c < colours; c++)
		cr_expect(used[c]);
	for (size_t i = 0; i < m->rows; i++) {
		memset(met, 0, colours);
		for (size_t j = 0; j < m->columns; j++)
			if (m->dense[i * m->columns + j])
				cr_expect(!met[colour[j]]++, "row %zu has two entries of colour %ld", i, (long)colour[j]);
	}
	free(met);
	free(used);
	free(colour);
}

Test(patterns, have_no_two_entries_of_a_colour_in_a_row)
{
	each(hold_colours);
}

Test(patterns, take_few_colours)
{
	static const struct {
		bool (*kind)(size_t, size_t);
		size_t colours; /* the least there can be; for the last, what is left of 97 */
	} cases[] = {{on_three_lines, 3}, {left_of_one_line, 1}, {everywhere, 97}, {like_an_arrow, 97},
	             {nowhere, 1}, {two_in_a_row, 3}};
	int64_t colour[97];
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct matrix m = draw(97, 97, cases[k].kind);
		cr_expect_leq(colours_of(&m, colour), cases[k].colours, "case %zu", k);
		drop(&m);
	}
}

static int try_colours(ojit_context *context, void *data)
{
	const struct matrix *m = data;
	int64_t colour[97];
	size_t colours;
	return ojit_pattern_colour(context, &m->p, colour, &colours) == OJIT_OK;
}

Test(patterns, colouring_reports_every_allocation_that_fails)
{
	long culprit = 0;
	struct matrix m = draw(97, 97, two_in_a_row);
	cr_expect_geq(watched_sweep(try_colours, &m, &culprit), 3, "allocation %ld", culprit);
	drop(&m);
}
