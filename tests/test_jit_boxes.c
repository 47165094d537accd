/* Blocks over boxes as machine code: stencils, gathers, tables and wraps, at
 * extents that fit no lane count, give the interpreter's bits and stay in range. */
#include "tests/support_jit.h"

#include <criterion/criterion.h>

/* u'[i] = u[i-1] - 2 u[i] + u[i+1] + t p[i] over 1..n, u from 0 to n+1. */
static void check_line_stencil(int64_t n)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t u = support_jit_array(&p, ROLE_STATE, 0, n + 2), q = support_jit_array(&p, ROLE_PARAMETER, 1, n);
	uint32_t out = support_jit_array(&p, ROLE_OUT, 1, n);
	ojit_expr i = oj_index(g, 0), terms[4];
	terms[0] = support_jit_load1(&p, u, oj_integer_offset(g, i, -1));
	terms[1] = oj_make1(g, OP_NEG, oj_make2(g, OP_MUL, oj_literal(g, 2), support_jit_load1(&p, u, i)));
	terms[2] = support_jit_load1(&p, u, oj_integer_offset(g, i, 1));
	terms[3] = oj_make2(g, OP_MUL, oj_time(g), support_jit_load1(&p, q, i));
	support_jit_store1(&p, support_jit_line(&p, 1, n + 1), out, oj_make(g, OP_ADD, 4, terms), i);
	support_jit_agree(&p, "stencil on a line", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_boxes, stencils_on_lines_of_every_short_length_agree)
{
	for (int64_t n = 1; n <= 19; n++)
		check_line_stencil(n);
	check_line_stencil(100);
}

/* A five-point stencil over n by m, two stores, one through an intermediate. */
static void check_plane_stencil(int64_t n, int64_t m)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t u = support_jit_matrix(&p, ROLE_STATE, 0, n + 2, 0, m + 2);
	uint32_t v = support_jit_matrix(&p, ROLE_TEMP, 1, n, 1, m);
	uint32_t out = support_jit_matrix(&p, ROLE_OUT, 1, n, 1, m), second = support_jit_matrix(&p, ROLE_OUT, 1, n, 1, m);
	ojit_expr i = oj_index(g, 0), j = oj_index(g, 1), terms[5];
	terms[0] = support_jit_load2(&p, u, oj_integer_offset(g, i, -1), j);
	terms[1] = support_jit_load2(&p, u, oj_integer_offset(g, i, 1), j);
	terms[2] = support_jit_load2(&p, u, i, oj_integer_offset(g, j, -1));
	terms[3] = support_jit_load2(&p, u, i, oj_integer_offset(g, j, 1));
	terms[4] = oj_make2(g, OP_MUL, oj_literal(g, -4), support_jit_load2(&p, u, i, j));
	ojit_expr laplacian = oj_make(g, OP_ADD, 5, terms);
	struct block *first = support_jit_plane(&p, 1, n + 1, 1, m + 1);
	support_jit_store2(&p, first, v, laplacian, i, j);
	support_jit_store2(&p, first, out, oj_make1(g, OP_ABS, laplacian), i, j);
	ojit_expr square = oj_make2(g, OP_MUL, support_jit_load2(&p, v, i, j), support_jit_load2(&p, v, i, j));
	support_jit_store2(&p, support_jit_plane(&p, 1, n + 1, 1, m + 1), second, square, i, j);
	support_jit_agree(&p, "stencil on a plane", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_boxes, stencils_on_planes_of_odd_sizes_agree)
{
	check_plane_stencil(7, 13);
	check_plane_stencil(13, 7);
	check_plane_stencil(21, 1);
	check_plane_stencil(3, 3);
	check_plane_stencil(1, 16);
}

Test(jit_boxes, transposed_reversed_and_strided_access_agrees)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t a = support_jit_matrix(&p, ROLE_STATE, 0, 11, 0, 9), b = support_jit_array(&p, ROLE_PARAMETER, -3, 40);
	uint32_t turned = support_jit_matrix(&p, ROLE_OUT, 0, 9, 0, 11), back = support_jit_array(&p, ROLE_OUT, 0, 11);
	uint32_t thin = support_jit_array(&p, ROLE_OUT, 0, 31);
	ojit_expr i = oj_index(g, 0), j = oj_index(g, 1);
	ojit_expr down = oj_integer_offset(g, oj_integer_scale(g, i, -1), 10);
	ojit_expr value = oj_make2(g, OP_ADD, support_jit_load2(&p, a, down, j), support_jit_load2(&p, a, i, j));
	support_jit_store2(&p, support_jit_plane(&p, 0, 11, 0, 9), turned, value, j, i);
	struct block *line = support_jit_line(&p, 0, 11);
	ojit_expr triple = oj_integer_offset(g, oj_integer_scale(g, i, 3), -3);
	ojit_expr spread = oj_make2(g, OP_MUL, support_jit_load1(&p, b, triple), support_jit_load1(&p, b, down));
	support_jit_store1(&p, line, back, spread, down);
	support_jit_store1(&p, line, thin, oj_make1(g, OP_NEG, spread), oj_integer_scale(g, i, 3));
	support_jit_agree(&p, "transposed, reversed and strided", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_boxes, indices_as_numbers_agree)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t out = support_jit_matrix(&p, ROLE_OUT, -4, 10, -7, 17);
	ojit_expr i = oj_index(g, 0), j = oj_index(g, 1);
	ojit_expr sum = oj_integer_add(g, oj_integer_scale(g, i, -3), oj_integer_offset(g, j, 2));
	ojit_expr parts[] = {
		oj_make1(g, OP_ITOF, sum),
		oj_make1(g, OP_ITOF, oj_integer_wrap(g, sum, -2, 5)),
		oj_make1(g, OP_ITOF, oj_integer_min(g, i, j)),
		oj_make1(g, OP_ITOF, oj_integer_max(g, oj_integer_offset(g, j, 1), oj_integer(g, 3))),
		oj_make1(g, OP_ITOF, oj_integer_max(g, oj_integer_offset(g, j, 1), oj_integer_scale(g, j, 1))),
		oj_make1(g, OP_ITOF, oj_integer_min(g, i, oj_integer(g, 0))),
	};
	ojit_expr value = oj_make(g, OP_ADD, 6, parts);
	value = oj_make2(g, OP_DIV, oj_literal(g, 1), oj_make2(g, OP_ADD, value, parts[0]));
	support_jit_store2(&p, support_jit_plane(&p, -4, 6, -7, 10), out, value, i, j);
	support_jit_agree(&p, "indices as numbers", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_boxes, negative_zero_never_comes_from_an_index)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t out = support_jit_array(&p, ROLE_OUT, -8, 16);
	ojit_expr i = oj_index(g, 0);
	ojit_expr value = oj_make2(g, OP_DIV, oj_literal(g, 1), oj_make1(g, OP_ITOF, i));
	support_jit_store1(&p, support_jit_line(&p, -8, 8), out, value, i);
	support_jit_agree(&p, "zero as an index", INPUTS_PLAIN);
	support_jit_close(&p);
}

/* Wraps that stay at run time: steps 1, -1, 2, 7 over lengths down to 1. */
Test(jit_boxes, wraps_at_run_time_agree)
{
	static const int64_t lengths[] = {1, 2, 3, 5, 8, 9, 16, 29, 64};
	static const int64_t steps[] = {1, -1, 2, 7, -5};
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	ojit_expr i = oj_index(g, 0);
	for (int n = 0; n < 9; n++) {
		uint32_t a = support_jit_array(&p, ROLE_STATE, 2, lengths[n]), out = support_jit_array(&p, ROLE_OUT, -20, 53);
		ojit_expr terms[5];
		for (int s = 0; s < 5; s++) {
			ojit_expr moved = oj_integer_offset(g, oj_integer_scale(g, i, steps[s]), s);
			terms[s] = support_jit_load1(&p, a, oj_integer_wrap(g, moved, 2, lengths[n]));
		}
		support_jit_store1(&p, support_jit_line(&p, -20, 33), out, oj_make(g, OP_ADD, 5, terms), i);
	}
	support_jit_agree(&p, "wraps", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_boxes, tables_and_gathers_agree)
{
	enum { N = 29 };
	int32_t first[N], second[N];
	for (int k = 0; k < N; k++) {
		first[k] = (k * 17 + 5) % N;
		second[k] = -3 + (k * k) % 11;
	}
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t t = support_jit_table(&p, 0, N, first), s = support_jit_table(&p, 0, N, second);
	uint32_t a = support_jit_array(&p, ROLE_STATE, 0, N), b = support_jit_array(&p, ROLE_PARAMETER, -3, 11);
	uint32_t out = support_jit_array(&p, ROLE_OUT, 0, N), moved = support_jit_array(&p, ROLE_OUT, 0, N);
	ojit_expr i = oj_index(g, 0), at = support_jit_table1(&p, t, i);
	ojit_expr twice = support_jit_table1(&p, t, at), low = support_jit_table1(&p, s, at);
	ojit_expr terms[] = {
		support_jit_load1(&p, a, at), support_jit_load1(&p, a, twice), support_jit_load1(&p, b, low),
		oj_make1(g, OP_ITOF, low), oj_make1(g, OP_ITOF, oj_integer_add(g, low, oj_integer_scale(g, i, 2))),
		support_jit_load1(&p, a, support_jit_table1(&p, t, oj_integer(g, 4))),
	};
	struct block *block = support_jit_line(&p, 0, N);
	support_jit_store1(&p, block, out, oj_make(g, OP_ADD, 6, terms), i);
	support_jit_store1(&p, block, moved, terms[1], at);
	support_jit_agree(&p, "tables", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_boxes, empty_boxes_and_constants_agree)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	uint32_t out = support_jit_matrix(&p, ROLE_OUT, 0, 9, 0, 9), one = support_jit_array(&p, ROLE_OUT, 0, 2);
	ojit_expr i = oj_index(g, 0), j = oj_index(g, 1);
	support_jit_store2(&p, support_jit_plane(&p, 0, 9, 4, 4), out, oj_literal(g, 1), i, j);
	support_jit_store2(&p, support_jit_plane(&p, 2, 5, 0, 9), out, oj_literal(g, 2.5), i, j);
	support_jit_store1(&p, support_jit_scalar(&p), one, oj_time(g), oj_integer(g, 1));
	support_jit_agree(&p, "empty boxes", INPUTS_PLAIN);
	support_jit_close(&p);
}

Test(jit_boxes, boxes_of_three_axes_agree)
{
	struct support_program p;
	support_jit_open(&p);
	struct graph *g = p.g;
	static const int64_t base[] = {0, 0, 0}, extent[] = {5, 12, 3}, lo[] = {1, 0, 0}, end[] = {4, 12, 3};
	uint32_t a = oj_space_array(&p.space, "a", ROLE_STATE, 3, base, extent, 0);
	uint32_t out = oj_space_array(&p.space, "out", ROLE_OUT, 3, base, extent, 0);
	p.used[ROLE_STATE] = p.used[ROLE_OUT] = 5 * 12 * 3;
	ojit_expr here[] = {oj_index(g, 0), oj_index(g, 1), oj_index(g, 2)};
	ojit_expr up[] = {oj_integer_offset(g, here[0], 1), here[1], here[2]};
	ojit_expr down[] = {oj_integer_offset(g, here[0], -1), here[1], here[2]};
	ojit_expr value = oj_make2(g, OP_MUL, oj_load(g, a, 3, up), oj_load(g, a, 3, down));
	struct block *block = oj_program_block(&p.program, 3, lo, end, 0);
	cr_assert(oj_block_store(&p.space, block, out, value, here));
	support_jit_agree(&p, "three axes", INPUTS_PLAIN);
	support_jit_close(&p);
}
