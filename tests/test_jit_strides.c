/* Lanes a few elements apart: loads that cover them with vectors of neighbours, stores
 * that fill an array together.  Arrays hold just the elements that are read, so what is
 * read besides must lie between them. */
#include "tests/support_jit.h"

#include <criterion/criterion.h>
#include <limits.h>

enum { STEPS = 5 };
static const int64_t steps[STEPS] = {2, 3, 4, -1, -2};
static const enum array_role roles[STEPS] = {ROLE_STATE, ROLE_PARAMETER, ROLE_DERIVED, ROLE_DISCRETE, ROLE_SEED};

/* step * i + shift over `role`, i in 0..n-1, every element of it from the first to the last. */
static ojit_expr strided(struct support_program *p, uint32_t array, int64_t step, int64_t shift, int64_t n)
{
	int64_t low = step < 0 ? -step * (n - 1) : 0;
	ojit_expr index = oj_integer_offset(p->g, oj_integer_scale(p->g, oj_index(p->g, 0), step), low + shift);
	return support_jit_load1(p, array, index);
}

/* Sizes below, at and above every number of lanes, and those whose last turn overlaps. */
static void each_size(void (*check)(int64_t n))
{
	static const int64_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 19, 24, 31, 40};
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
		check(sizes[k]);
}

static void check_loads(int64_t n)
{
	struct support_program p;
	support_jit_open(&p);
	ojit_expr product = oj_literal(p.g, 1);
	for (int k = 0; k < STEPS; k++) {
		int64_t apart = steps[k] < 0 ? -steps[k] : steps[k];
		uint32_t array = support_jit_array(&p, roles[k], 0, apart * (n - 1) + 1);
		ojit_expr load = strided(&p, array, steps[k], 0, n);
		product = oj_make2(p.g, OP_MUL, product, load);
	}
	uint32_t out = support_jit_array(&p, ROLE_OUT, 0, n);
	support_jit_store1(&p, support_jit_line(&p, 0, n), out, product, oj_index(p.g, 0));
	support_jit_agree(&p, "strided loads", INPUTS_HARD);
	support_jit_close(&p);
}

Test(jit_strides, lanes_up_to_four_apart_are_loaded_without_reading_beyond_them)
{
	each_size(check_loads);
}

/* All elements of a period, so that whole periods are in the array. */
static void check_neighbours(int64_t n)
{
	struct support_program p;
	support_jit_open(&p);
	struct block *block = support_jit_line(&p, 0, n);
	for (int k = 0; k < STEPS; k++) {
		int64_t apart = steps[k] < 0 ? -steps[k] : steps[k];
		uint32_t array = support_jit_array(&p, roles[k], 0, apart * n + 1), out = support_jit_array(&p, ROLE_OUT, 0, n);
		ojit_expr sum = strided(&p, array, steps[k], 0, n);
		for (int64_t shift = 1; shift <= apart; shift++) {
			ojit_expr next = strided(&p, array, steps[k], shift, n);
			ojit_expr minus = oj_make1(p.g, OP_NEG, sum);
			sum = oj_make2(p.g, OP_ADD, minus, next);
		}
		support_jit_store1(&p, block, out, sum, oj_index(p.g, 0));
	}
	support_jit_agree(&p, "neighbours", INPUTS_HARD);
	support_jit_close(&p);
}

Test(jit_strides, neighbours_that_share_their_vectors_agree)
{
	each_size(check_neighbours);
}

/* out[step * i + shift] = y[i] * (1 + shift) for shifts of the set bits of `which`. */
static void add_stores(struct support_program *p, struct block *block, uint32_t y, int64_t step, unsigned which,
                       int64_t n)
{
	int64_t apart = step < 0 ? -step : step, low = step < 0 ? -step * (n - 1) : 0;
	uint32_t out = support_jit_array(p, ROLE_OUT, 0, apart * n);
	for (int64_t shift = apart; shift-- > 0;) {
		ojit_expr factor = oj_literal(p->g, (double)(1 + shift));
		ojit_expr load = support_jit_load1(p, y, oj_index(p->g, 0));
		ojit_expr value = oj_make2(p->g, OP_MUL, factor, load);
		ojit_expr index = oj_integer_offset(p->g, oj_integer_scale(p->g, oj_index(p->g, 0), step), low + shift);
		if (which >> shift & 1)
			support_jit_store1(p, block, out, value, index);
	}
}

/* Elements that nobody stores stay what they were; each has its own block that does. */
static void check_stores(int64_t n)
{
	struct support_program p;
	support_jit_open(&p);
	uint32_t y = support_jit_array(&p, ROLE_STATE, 0, n);
	struct block *block = support_jit_line(&p, 0, n);
	for (int k = 0; k < STEPS; k++)
		add_stores(&p, block, y, steps[k], UINT_MAX, n);
	support_jit_agree(&p, "stores that fill an array", INPUTS_HARD);
	support_jit_close(&p);
}

Test(jit_strides, stores_that_fill_an_array_together_agree)
{
	each_size(check_stores);
}

static void check_gaps(int64_t n)
{
	struct support_program p;
	support_jit_open(&p);
	uint32_t y = support_jit_array(&p, ROLE_STATE, 0, n);
	add_stores(&p, support_jit_line(&p, 0, n), y, 2, 1, n);
	add_stores(&p, support_jit_line(&p, 0, n), y, 3, 5, n);
	add_stores(&p, support_jit_line(&p, 0, n), y, -3, 6, n);
	support_jit_agree(&p, "stores with gaps", INPUTS_HARD);
	support_jit_close(&p);
}

/* What is stored nowhere holds the same numbers before every run. */
Test(jit_strides, stores_that_leave_gaps_touch_nothing_between)
{
	check_gaps(5);
	check_gaps(8);
	check_gaps(21);
}

Test(jit_strides, two_axes_interleave_where_the_inner_one_is_strided)
{
	struct support_program p;
	support_jit_open(&p);
	enum { N = 5, M = 11 };
	uint32_t y = support_jit_matrix(&p, ROLE_STATE, 0, N, 0, 2 * M), out = support_jit_matrix(&p, ROLE_OUT, 0, N, 0, 2 * M);
	ojit_expr i = oj_index(p.g, 0), even = oj_integer_scale(p.g, oj_index(p.g, 1), 2);
	ojit_expr odd = oj_integer_offset(p.g, even, 1);
	ojit_expr u = support_jit_load2(&p, y, i, even), v = support_jit_load2(&p, y, i, odd);
	struct block *block = support_jit_plane(&p, 0, N, 0, M);
	support_jit_store2(&p, block, out, oj_make2(p.g, OP_ADD, u, v), i, odd);
	support_jit_store2(&p, block, out, oj_make2(p.g, OP_MUL, u, v), i, even);
	support_jit_agree(&p, "pairs on a plane", INPUTS_HARD);
	support_jit_close(&p);
}

/* Every lane's range has its own end, and tables say where it reads; entries beyond a
 * lane's end are in range, so no mask guards them. */
Test(jit_strides, ragged_ranges_over_padded_tables_agree)
{
	struct support_program p;
	support_jit_open(&p);
	enum { ROWS = 21, TURNS = 9 };
	int32_t ends[ROWS], entries[ROWS * TURNS];
	for (int k = 0; k < ROWS; k++)
		ends[k] = (k * 5 + 3) % (TURNS + 1);
	for (int k = 0; k < ROWS * TURNS; k++)
		entries[k] = k * 7 % 40 - 20;
	uint32_t end = support_jit_table(&p, 0, ROWS, ends), at = support_jit_table(&p, 0, ROWS * TURNS, entries);
	uint32_t y = support_jit_array(&p, ROLE_STATE, -20, 40), out = support_jit_array(&p, ROLE_OUT, 0, ROWS);
	ojit_expr i = oj_index(p.g, 0), j = oj_index(p.g, 1);
	ojit_expr place = oj_integer_add(p.g, i, oj_integer_scale(p.g, j, ROWS));
	ojit_expr body = support_jit_load1(&p, y, support_jit_table1(&p, at, place));
	ojit_expr sum = support_jit_reduce(&p, REDUCE_SUM, SEQUENTIAL, 1, oj_integer(p.g, 0),
	                                   support_jit_table1(&p, end, i), body);
	support_jit_store1(&p, support_jit_line(&p, 0, ROWS), out, sum, i);
	support_jit_agree(&p, "ragged sums", INPUTS_HARD);
	support_jit_close(&p);
}
