/* Reductions as machine code: every range form, order and kind gives the
 * interpreter's bits and stays in range. */
#include "tests/support_jit.h"

#include <criterion/criterion.h>

enum { N = 21 };

/* What most tests here have: x[0..N), w[0..N), out[0..N), indices of two levels. */
struct sums {
	struct support_program p;
	struct graph *g;
	uint32_t x, w, out;
	ojit_expr i, j;
	struct block *block;
};

static void open_sums(struct sums *s)
{
	support_jit_open(&s->p);
	s->g = s->p.g;
	s->x = support_jit_array(&s->p, ROLE_STATE, 0, N);
	s->w = support_jit_array(&s->p, ROLE_PARAMETER, 0, N);
	s->out = support_jit_array(&s->p, ROLE_OUT, 0, N);
	s->i = oj_index(s->g, 0);
	s->j = oj_index(s->g, 1);
	s->block = support_jit_line(&s->p, 0, N);
}

static void close_sums(struct sums *s, const char *name)
{
	support_jit_agree(&s->p, name, INPUTS_PLAIN);
	support_jit_close(&s->p);
}

static ojit_expr x_at(struct sums *s, ojit_expr index)
{
	return support_jit_load1(&s->p, s->x, index);
}

static ojit_expr w_at(struct sums *s, ojit_expr index)
{
	return support_jit_load1(&s->p, s->w, index);
}

static ojit_expr difference(struct sums *s)
{
	ojit_expr minus = oj_make1(s->g, OP_NEG, x_at(s, s->i));
	return oj_make2(s->g, OP_ADD, x_at(s, s->j), minus);
}

static ojit_expr whole(struct sums *s, int64_t value)
{
	return oj_integer(s->g, value);
}

static void store_sum(struct sums *s, enum reduction_kind kind, ojit_expr lo, ojit_expr end, ojit_expr body)
{
	ojit_expr sum = support_jit_reduce(&s->p, kind, SEQUENTIAL, 1, lo, end, body);
	support_jit_store1(&s->p, s->block, s->out, sum, s->i);
}

Test(jit_reductions, all_pairs_agree_for_every_kind)
{
	for (int kind = REDUCE_SUM; kind <= REDUCE_MAX; kind++) {
		struct sums s;
		open_sums(&s);
		store_sum(&s, kind, whole(&s, 0), whole(&s, N), oj_make1(s.g, OP_SIN, difference(&s)));
		close_sums(&s, "all pairs");
	}
}

Test(jit_reductions, triangular_ranges_agree)
{
	for (int side = 0; side < 4; side++) {
		struct sums s;
		open_sums(&s);
		ojit_expr after = oj_integer_offset(s.g, s.i, 1);
		ojit_expr mirrored = oj_integer_offset(s.g, oj_integer_scale(s.g, s.i, -1), N - 1);
		const ojit_expr lo[] = {whole(&s, 0), after, mirrored, whole(&s, 2)};
		const ojit_expr end[] = {s.i, whole(&s, N), whole(&s, N), oj_integer_offset(s.g, mirrored, 1)};
		ojit_expr body = oj_make2(s.g, OP_MUL, w_at(&s, s.j), oj_make1(s.g, OP_SIN, difference(&s)));
		store_sum(&s, REDUCE_SUM, lo[side], end[side], body);
		close_sums(&s, "triangle");
	}
}

/* Terms of a triangle may only exist inside it. */
Test(jit_reductions, triangles_load_nothing_outside_their_range)
{
	struct sums s;
	open_sums(&s);
	ojit_expr back = oj_integer_offset(s.g, oj_integer_add(s.g, s.i, oj_integer_scale(s.g, s.j, -1)), -1);
	ojit_expr body = oj_make2(s.g, OP_MUL, x_at(&s, back), w_at(&s, s.j));
	store_sum(&s, REDUCE_SUM, whole(&s, 0), s.i, body);
	close_sums(&s, "convolution triangle");
}

Test(jit_reductions, bands_that_move_with_the_row_agree)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t x = support_jit_array(&p, ROLE_STATE, -3, N + 6), w = support_jit_array(&p, ROLE_PARAMETER, -3, 7);
	uint32_t out = support_jit_array(&p, ROLE_OUT, 0, N);
	ojit_expr i = oj_index(g, 0), j = oj_index(g, 1);
	ojit_expr shift = oj_integer_add(g, j, oj_integer_scale(g, i, -1));
	ojit_expr body = oj_make2(g, OP_MUL, support_jit_load1(&p, w, shift), support_jit_load1(&p, x, j));
	ojit_expr sum = support_jit_reduce(&p, REDUCE_SUM, SEQUENTIAL, 1, oj_integer_offset(g, i, -3),
	                                   oj_integer_offset(g, i, 4), body);
	support_jit_store1(&p, support_jit_line(&p, 0, N), out, sum, i);
	support_jit_agree(&p, "band", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_reductions, bands_cut_off_at_the_edges_agree)
{
	struct sums s;
	open_sums(&s);
	ojit_expr lo = oj_integer_max(s.g, oj_integer_offset(s.g, s.i, -3), whole(&s, 0));
	ojit_expr end = oj_integer_min(s.g, oj_integer_offset(s.g, s.i, 4), whole(&s, N));
	store_sum(&s, REDUCE_MAX, lo, end, oj_make2(s.g, OP_MUL, x_at(&s, s.j), w_at(&s, s.j)));
	close_sums(&s, "cut band");
}

/* Both ends move, differently: holes between lanes, and rows without terms. */
Test(jit_reductions, ranges_whose_ends_move_differently_agree)
{
	struct sums s;
	open_sums(&s);
	uint32_t y = support_jit_array(&s.p, ROLE_DISCRETE, 0, 19);
	ojit_expr lo = oj_integer_offset(s.g, oj_integer_scale(s.g, s.i, 2), -20);
	ojit_expr end = oj_integer_offset(s.g, s.i, -10);
	ojit_expr body = support_jit_load1(&s.p, y, oj_integer_offset(s.g, s.j, 20));
	store_sum(&s, REDUCE_SUM, lo, end, oj_make2(s.g, OP_ADD, body, x_at(&s, s.i)));
	close_sums(&s, "ends that move differently");
}

static void ragged_rows(int32_t *row)
{
	static const int32_t lengths[N] = {3, 0, 1, 7, 2, 0, 0, 12, 1, 1, 5, 0, 2, 3, 4, 0, 9, 1, 0, 0, 6};
	row[0] = 0;
	for (int k = 0; k < N; k++)
		row[k + 1] = row[k] + lengths[k];
}

/* sum(e in row[i] .. row[i+1]-1, w[e] x[col[e]]) */
static void check_ragged(enum reduction_kind kind, enum reduction_order order)
{
	int32_t row[N + 1], col[64];
	ragged_rows(row);
	for (int e = 0; e < row[N]; e++)
		col[e] = (e * 13 + 4) % N;
	struct sums s;
	open_sums(&s);
	uint32_t rows = support_jit_table(&s.p, 0, N + 1, row), columns = support_jit_table(&s.p, 0, row[N], col);
	uint32_t weights = support_jit_array(&s.p, ROLE_DERIVED, 0, row[N]);
	ojit_expr lo = support_jit_table1(&s.p, rows, s.i);
	ojit_expr end = support_jit_table1(&s.p, rows, oj_integer_offset(s.g, s.i, 1));
	ojit_expr x = x_at(&s, support_jit_table1(&s.p, columns, s.j));
	ojit_expr body = oj_make2(s.g, OP_MUL, support_jit_load1(&s.p, weights, s.j), x);
	ojit_expr sum = support_jit_reduce(&s.p, kind, order, 1, lo, end, body);
	support_jit_store1(&s.p, s.block, s.out, sum, s.i);
	close_sums(&s, "ragged");
}

Test(jit_reductions, ragged_ranges_agree)
{
	for (int kind = REDUCE_SUM; kind <= REDUCE_MAX; kind++)
		for (int order = SEQUENTIAL; order <= TREE8; order++)
			check_ragged(kind, order);
}

/* A scalar equation with all kinds over 0 .. n-1. */
static void check_tree(int64_t n)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t x = support_jit_array(&p, ROLE_STATE, 0, n), w = support_jit_array(&p, ROLE_PARAMETER, 0, n);
	uint32_t out = support_jit_array(&p, ROLE_OUT, 0, 4);
	ojit_expr j = oj_index(g, 0);
	ojit_expr body = oj_make2(g, OP_MUL, support_jit_load1(&p, x, j), support_jit_load1(&p, w, j));
	struct block *block = support_jit_scalar(&p);
	for (int kind = REDUCE_SUM; kind <= REDUCE_MAX; kind++) {
		ojit_expr sum = support_jit_reduce(&p, kind, TREE8, 0, oj_integer(g, 0), oj_integer(g, n), body);
		support_jit_store1(&p, block, out, sum, oj_integer(g, kind));
	}
	support_jit_agree(&p, "tree", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_reductions, eight_partial_sums_of_every_short_length_agree)
{
	for (int64_t n = 0; n <= 40; n++)
		check_tree(n);
}

/* Lengths known at run time only, through a table. */
Test(jit_reductions, eight_partial_sums_of_lengths_from_a_table_agree)
{
	int32_t row[N + 1];
	ragged_rows(row);
	for (int k = 0; k < N; k++) {
		struct support_program p;
		support_jit_open(&p);
		uint32_t rows = support_jit_table(&p, 0, N + 1, row);
		uint32_t x = support_jit_array(&p, ROLE_STATE, 0, row[N]), out = support_jit_array(&p, ROLE_OUT, 0, 1);
		ojit_expr lo = support_jit_table1(&p, rows, oj_integer(p.g, k));
		ojit_expr end = support_jit_table1(&p, rows, oj_integer(p.g, k + 1));
		ojit_expr body = support_jit_load1(&p, x, oj_index(p.g, 0));
		ojit_expr sum = support_jit_reduce(&p, REDUCE_SUM, TREE8, 0, lo, end, body);
		support_jit_store1(&p, support_jit_scalar(&p), out, sum, oj_integer(p.g, 0));
		support_jit_agree(&p, "tree from a table", INPUTS_PLAIN);
		support_jit_close(&p);
	}
}

/* Few rows, long sums: reductions of order TREE8 inside a box. */
Test(jit_reductions, eight_partial_sums_inside_a_box_agree)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t m = support_jit_matrix(&p, ROLE_PARAMETER, 0, 5, 0, 19), x = support_jit_array(&p, ROLE_STATE, 0, 19);
	uint32_t out = support_jit_array(&p, ROLE_OUT, 0, 5), means = support_jit_array(&p, ROLE_OUT, 0, 5);
	ojit_expr i = oj_index(g, 0), j = oj_index(g, 1);
	ojit_expr body = oj_make2(g, OP_MUL, support_jit_load2(&p, m, i, j), support_jit_load1(&p, x, j));
	ojit_expr sum = support_jit_reduce(&p, REDUCE_SUM, TREE8, 1, oj_integer(g, 0), oj_integer(g, 19), body);
	ojit_expr part = support_jit_reduce(&p, REDUCE_MIN, TREE8, 1, i, oj_integer(g, 19), body);
	struct block *block = support_jit_line(&p, 0, 5);
	support_jit_store1(&p, block, out, oj_make1(g, OP_TANH, sum), i);
	support_jit_store1(&p, block, means, part, i);
	support_jit_agree(&p, "tree in a box", INPUTS_PLAIN);
	support_jit_close(&p);
}

/* sum over j < i, passed on to j > i. */
Test(jit_reductions, chains_of_reductions_agree)
{
	struct sums s;
	open_sums(&s);
	ojit_expr body = oj_make1(s.g, OP_SIN, difference(&s));
	struct reduction sum = {.kind = REDUCE_SUM, .order = SEQUENTIAL, .level = 1};
	ojit_expr below = oj_reduce(s.g, sum, oj_literal(s.g, 0), whole(&s, 0), s.i, body);
	ojit_expr above = oj_reduce(s.g, sum, below, oj_integer_offset(s.g, s.i, 1), whole(&s, N), body);
	support_jit_store1(&s.p, s.block, s.out, above, s.i);
	close_sums(&s, "chain");
}

/* Several results from one loop, and a second loop that needs the first. */
Test(jit_reductions, reductions_that_share_a_loop_agree)
{
	struct sums s;
	open_sums(&s);
	ojit_expr zero = whole(&s, 0), end = whole(&s, N), d = difference(&s);
	ojit_expr sine = oj_make1(s.g, OP_SIN, d), cosine = oj_make1(s.g, OP_COS, d);
	ojit_expr a = support_jit_reduce(&s.p, REDUCE_SUM, SEQUENTIAL, 1, zero, end, sine);
	ojit_expr b = support_jit_reduce(&s.p, REDUCE_MAX, SEQUENTIAL, 1, zero, end, cosine);
	ojit_expr norm = support_jit_reduce(&s.p, REDUCE_SUM, SEQUENTIAL, 1, zero, end,
	                                    oj_make2(s.g, OP_MUL, x_at(&s, s.j), x_at(&s, s.j)));
	ojit_expr ratio = oj_make2(s.g, OP_DIV, oj_make2(s.g, OP_ADD, x_at(&s, s.j), a), norm);
	ojit_expr c = support_jit_reduce(&s.p, REDUCE_SUM, SEQUENTIAL, 1, zero, end, ratio);
	ojit_expr parts[] = {a, b, c};
	support_jit_store1(&s.p, s.block, s.out, oj_make(s.g, OP_ADD, 3, parts), s.i);
	close_sums(&s, "shared loop");
}

/* Inner ranges that depend on row and outer index, in both orders. */
static void check_nested(enum reduction_order outer_order, enum reduction_order inner_order)
{
	struct sums s;
	open_sums(&s);
	ojit_expr k = oj_index(s.g, 2);
	ojit_expr inner_body = oj_make2(s.g, OP_MUL, x_at(&s, k), oj_make2(s.g, OP_ADD, w_at(&s, s.j), x_at(&s, s.i)));
	const ojit_expr ends[] = {s.j, oj_integer_min(s.g, s.i, s.j), oj_integer_add(s.g, s.j, oj_integer_scale(s.g, s.i, -1))};
	ojit_expr total = oj_literal(s.g, 0);
	for (int e = 0; e < 3; e++) {
		ojit_expr inner = support_jit_reduce(&s.p, REDUCE_SUM, inner_order, 2, whole(&s, 0), ends[e], inner_body);
		ojit_expr body = oj_make2(s.g, OP_ADD, inner, w_at(&s, s.j));
		ojit_expr lo = e == 2 ? s.i : e == 1 ? oj_integer_offset(s.g, s.i, 1) : whole(&s, 0);
		ojit_expr outer = support_jit_reduce(&s.p, REDUCE_SUM, outer_order, 1, lo, whole(&s, N), body);
		total = oj_make2(s.g, OP_ADD, total, outer);
	}
	support_jit_store1(&s.p, s.block, s.out, total, s.i);
	close_sums(&s, "nested");
}

Test(jit_reductions, nested_reductions_agree)
{
	for (int order = 0; order < 4; order++)
		check_nested(order & 1 ? TREE8 : SEQUENTIAL, order & 2 ? TREE8 : SEQUENTIAL);
}

/* A scalar double sum: the outer one runs in lanes, the inner one over ranges that
 * differ between them. */
Test(jit_reductions, double_sums_of_scalar_equations_agree)
{
	for (int order = SEQUENTIAL; order <= TREE8; order++) {
		struct support_program p;
		support_jit_open(&p);
		struct graph *g = p.g;
		uint32_t x = support_jit_array(&p, ROLE_STATE, 0, N), out = support_jit_array(&p, ROLE_OUT, 0, 1);
		ojit_expr i = oj_index(g, 0), j = oj_index(g, 1);
		ojit_expr pair = oj_make2(g, OP_MUL, support_jit_load1(&p, x, i), support_jit_load1(&p, x, j));
		ojit_expr inner = support_jit_reduce(&p, REDUCE_SUM, order, 1, oj_integer_offset(g, i, 1),
		                                     oj_integer(g, N), pair);
		ojit_expr outer = support_jit_reduce(&p, REDUCE_SUM, TREE8, 0, oj_integer(g, 0), oj_integer(g, N), inner);
		support_jit_store1(&p, support_jit_scalar(&p), out, outer, oj_integer(g, 0));
		support_jit_agree(&p, "double sum", INPUTS_PLAIN);
		support_jit_close(&p);
	}
}

Test(jit_reductions, reductions_of_what_does_not_vary_agree)
{
	struct sums s;
	open_sums(&s);
	ojit_expr same = support_jit_reduce(&s.p, REDUCE_SUM, SEQUENTIAL, 1, s.i, whole(&s, N), oj_time(s.g));
	ojit_expr fixed = support_jit_reduce(&s.p, REDUCE_PROD, SEQUENTIAL, 1, whole(&s, 0), whole(&s, 5), oj_time(s.g));
	ojit_expr index = support_jit_reduce(&s.p, REDUCE_SUM, SEQUENTIAL, 1, whole(&s, 0), s.i,
	                                     oj_make1(s.g, OP_ITOF, s.j));
	ojit_expr parts[] = {same, fixed, index};
	support_jit_store1(&s.p, s.block, s.out, oj_make(s.g, OP_ADD, 3, parts), s.i);
	close_sums(&s, "constant bodies");
}

Test(jit_reductions, minima_and_maxima_of_hard_numbers_agree)
{
	for (int kind = REDUCE_MIN; kind <= REDUCE_MAX; kind++)
		for (int order = SEQUENTIAL; order <= TREE8; order++) {
			struct sums s;
			open_sums(&s);
			ojit_expr body = oj_make2(s.g, OP_MUL, x_at(&s, s.j), w_at(&s, s.i));
			ojit_expr value = support_jit_reduce(&s.p, kind, order, 1, s.i, whole(&s, N), body);
			support_jit_store1(&s.p, s.block, s.out, value, s.i);
			support_jit_agree(&s.p, "hard extremes", INPUTS_HARD);
			support_jit_close(&s.p);
		}
}

/* Many scalar equations: blocks share functions, each still in its order. */
Test(jit_reductions, hundreds_of_scalar_blocks_that_feed_each_other_agree)
{
	enum { BLOCKS = 300 };
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t x = support_jit_array(&p, ROLE_STATE, 0, BLOCKS), out = support_jit_array(&p, ROLE_OUT, 0, BLOCKS);
	uint32_t before = UINT32_MAX;
	for (int k = 0; k < BLOCKS; k++) {
		struct block *block = support_jit_scalar(&p);
		ojit_expr at = oj_integer(g, k), here = support_jit_load1(&p, x, at);
		ojit_expr passed = k ? support_jit_load1(&p, before, oj_integer(g, 0)) : oj_time(g);
		ojit_expr value = oj_make2(g, OP_ADD, oj_make2(g, OP_MUL, here, passed), oj_literal(g, 0.25 * k));
		uint32_t temp = support_jit_array(&p, ROLE_TEMP, 0, 1);
		support_jit_store1(&p, block, temp, oj_make1(g, OP_TANH, value), oj_integer(g, 0));
		support_jit_store1(&p, block, out, value, at);
		before = temp;
	}
	support_jit_agree(&p, "many blocks", INPUTS_PLAIN);
	support_jit_close(&p);
}
