/* lib/graph/graph.h: nodes are stored once, integers have one form, and neither
 * depth nor number of nodes costs more than it should. */
#include "lib/graph/passes.h"
#include "tests/support_golden.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

Test(graph_nodes, products_and_sums_of_two_meet_in_either_order)
{
	struct bench bench;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	static const enum op commutative[] = {OP_ADD, OP_MUL, OP_HYPOT};
	ojit_expr a = oj_make1(g, OP_SIN, oj_time(g)), b = oj_make1(g, OP_SIN, a), two = oj_literal(g, 2);
	for (size_t i = 0; i < sizeof commutative / sizeof *commutative; i++) {
		cr_expect_eq(oj_make2(g, commutative[i], a, b), oj_make2(g, commutative[i], b, a));
		cr_expect_eq(oj_make2(g, commutative[i], two, b), oj_make2(g, commutative[i], b, two));
	}
	cr_expect_neq(oj_make2(g, OP_DIV, a, b), oj_make2(g, OP_DIV, b, a));
	cr_expect_neq(oj_make2(g, OP_MIN, a, b), oj_make2(g, OP_MIN, b, a), "the derivative at a tie would change");
	cr_expect_eq(oj_make3(g, OP_ADD, a, b, two), oj_make3(g, OP_ADD, b, a, two));
	cr_expect_neq(oj_make3(g, OP_ADD, a, b, two), oj_make3(g, OP_ADD, a, two, b), "rounding would change");
	cr_expect_neq(oj_literal(g, 0.0), oj_literal(g, -0.0));
	cr_expect_eq(oj_literal(g, NAN), oj_literal(g, NAN));
	bench_close(&bench);
}

Test(graph_nodes, equal_bodies_over_different_boxes_are_the_same_nodes)
{
	static const char text[] =
		"program rhs\narray x[1..9] state at 0\narray a[1..4] out at 0\narray b[5..9] out at 4\n"
		"block [1..4]\n  %1 = load x[i0]\n  %2 = sin %1\n  store a[i0] = %2\n"
		"block [5..9]\n  %3 = load x[i0]\n  %4 = sin %3\n  store b[i0] = %4\n";
	struct bench bench;
	bench_open(&bench, text);
	cr_expect_eq(bench.program.blocks.at[0].stores.at[0].value, bench.program.blocks.at[1].stores.at[0].value);
	bench_close(&bench);
}

Test(graph_nodes, a_failure_spreads_and_makes_no_node)
{
	struct bench bench;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	size_t before = g->nodes.count;
	cr_expect_eq(oj_make1(g, OP_SIN, 0), 0u);
	cr_expect_eq(oj_make2(g, OP_ADD, 0, 0), 0u);
	cr_expect_eq(oj_integer_add(g, 0, 0), 0u);
	cr_expect_eq(oj_integer_wrap(g, 0, 1, 3), 0u);
	cr_expect_eq(oj_integer_min(g, 0, 0), 0u);
	cr_expect_eq(oj_power(g, 0, 2), 0u);
	cr_expect_eq(g->nodes.count, before);
	bench_close(&bench);
}

Test(graph_nodes, integers_have_one_form)
{
	struct bench bench;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	ojit_expr k2 = oj_index(g, 2), i0 = oj_index(g, 0), j1 = oj_index(g, 1);
	ojit_expr sum = oj_integer_add(g, oj_integer_add(g, k2, i0), oj_integer_offset(g, j1, 3));
	cr_expect_eq(sum, oj_integer_offset(g, oj_integer_add(g, j1, oj_integer_add(g, i0, k2)), 3));
	struct affine a;
	oj_affine(g, sum, &a);
	cr_assert_eq(a.count, 3u);
	cr_expect(a.atoms[0] == i0 && a.atoms[1] == j1 && a.atoms[2] == k2, "index variables by level");
	cr_expect_eq(oj_integer_add(g, i0, oj_integer_scale(g, i0, -1)), oj_integer(g, 0));
	cr_expect_eq(oj_integer_scale(g, oj_integer_offset(g, i0, 2), 0), oj_integer(g, 0));
	cr_expect_eq(oj_integer_offset(g, oj_integer_offset(g, i0, 2), -2), i0);
	cr_expect_eq(oj_integer_wrap(g, oj_integer(g, -1), 1, 10), oj_integer(g, 9));
	cr_expect_eq(oj_integer_wrap(g, oj_integer(g, INT64_MIN), 1, 10), oj_integer(g, 2));
	cr_expect_eq(oj_integer_min(g, i0, oj_integer_offset(g, i0, 1)), i0);
	cr_expect_eq(oj_integer_max(g, oj_integer_offset(g, i0, 1), i0), oj_integer_offset(g, i0, 1));
	cr_expect_eq(oj_integer_min(g, i0, j1), oj_integer_min(g, j1, i0));
	bench_close(&bench);
}

Test(graph_nodes, integers_stick_at_the_ends_of_their_range)
{
	struct bench bench;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	ojit_expr most = oj_integer(g, INT64_MAX), least = oj_integer(g, INT64_MIN), i0 = oj_index(g, 0);
	cr_expect_eq(oj_integer_add(g, most, most), most);
	cr_expect_eq(oj_integer_add(g, least, least), least);
	cr_expect_eq(oj_integer_scale(g, least, -1), most);
	cr_expect_eq(oj_integer_offset(g, least, -1), least);
	ojit_expr steep = oj_integer_scale(g, i0, INT64_MAX);
	cr_expect_eq(oj_integer_scale(g, steep, 2), steep);
	struct surroundings around = {.space = &bench.space, .rank = 1, .lo = {1}, .end = {10}};
	int64_t lo, hi;
	cr_expect_not(oj_bounds(&around, steep, &lo, &hi), "what leaves 64 bits is unknown");
	cr_assert(oj_bounds(&around, oj_integer_scale(g, i0, -3), &lo, &hi));
	cr_expect(lo == -27 && hi == -3);
	bench_close(&bench);
}

Test(graph_nodes, bounds_see_through_minima_and_ranges_of_reductions)
{
	struct bench bench;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	struct surroundings around = {.space = &bench.space, .rank = 1, .lo = {1}, .end = {10}};
	ojit_expr i0 = oj_index(g, 0), j1 = oj_index(g, 1), ten = oj_integer(g, 10);
	int64_t lo, hi;
	oj_enter(&around, 1, oj_integer(g, 1), i0); /* j in 1..i-1 */
	cr_assert(oj_bounds(&around, oj_integer_add(g, i0, oj_integer_scale(g, j1, -1)), &lo, &hi));
	cr_expect(lo == 1 && hi == 8);
	oj_enter(&around, 1, oj_integer_max(g, i0, oj_integer(g, 4)), oj_integer_min(g, oj_integer_scale(g, i0, 2), ten));
	cr_assert(oj_bounds(&around, oj_integer_add(g, j1, oj_integer_scale(g, i0, -1)), &lo, &hi));
	cr_expect(lo == 0 && hi <= 8, "%lld %lld", (long long)lo, (long long)hi);
	cr_assert(oj_bounds(&around, j1, &lo, &hi));
	cr_expect(lo == 4 && hi == 9);
	cr_expect_not(oj_bounds(&around, oj_index(g, 7), &lo, &hi), "no loop of level 7 is around");
	bench_close(&bench);
}

/* Run all passes on a program and its result through the interpreter. */
static void run_all(struct bench *bench, struct vectors *vectors)
{
	struct program prepare;
	oj_program_init(&prepare, &bench->space, KERNEL_PREPARE);
	for (const struct pass *pass = oj_passes; pass->name; pass++) {
		struct pass_options options = {.prepare = &prepare};
		bench_pass(bench, &bench->program, pass->name, options);
	}
	bench_pass(bench, &prepare, "expand", (struct pass_options){0});
	cr_assert_eq(oj_program_layout(&prepare), OJIT_OK);
	interpreter_run(&prepare, vectors);
	interpreter_run(&bench->program, vectors);
	oj_program_drop(&prepare);
}

static void store_scalar(struct bench *bench, uint32_t array, ojit_expr value, ojit_expr index)
{
	struct block *block = oj_program_block(&bench->program, 0, NULL, NULL, 0);
	cr_assert(block && oj_block_store(&bench->space, block, array, value, &index));
}

Test(graph_nodes, a_chain_of_a_million_nodes_is_no_trouble, .timeout = 120)
{
	struct bench bench;
	struct vectors vectors = {.t = 0.5};
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 0, NULL, NULL, 0);
	ojit_expr e = oj_time(g), one = oj_literal(g, 1);
	double expected = 0.5;
	for (int i = 0; i < 500000; i++) {
		e = oj_make2(g, OP_DIV, one, oj_make2(g, OP_ADD, one, e));
		expected = 1 / (1 + expected);
	}
	store_scalar(&bench, out, e, 0);
	run_all(&bench, &vectors);
	cr_expect_eq(vectors.out[0], expected);
	bench_close(&bench);
}

Test(graph_nodes, a_chain_of_conditions_is_no_trouble, .timeout = 120)
{
	struct bench bench;
	struct vectors vectors = {.t = 0.5};
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 0, NULL, NULL, 0);
	ojit_expr all = oj_make2(g, OP_LT, oj_time(g), oj_literal(g, 1));
	for (int i = 1; i < 100000; i++)
		all = oj_make2(g, OP_AND, all, oj_make2(g, OP_LT, oj_time(g), oj_literal(g, 1 + i)));
	store_scalar(&bench, out, oj_make3(g, OP_IF, all, oj_literal(g, 3), oj_literal(g, 4)), 0);
	run_all(&bench, &vectors);
	cr_expect_eq(vectors.out[0], 3);
	bench_close(&bench);
}

enum { LETS = 100000 };

/* let a_k = sin(a_k-1) + p; the last one, and every hundredth, is also put out. */
Test(graph_nodes, a_hundred_thousand_scalars_in_a_chain_take_linear_time, .timeout = 120)
{
	struct bench bench;
	struct vectors vectors = {.y = {0.25}, .p = {0.125}};
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	int64_t base = 0, few = VECTOR_LENGTH;
	uint32_t x = oj_space_array(&bench.space, "x", ROLE_STATE, 0, NULL, NULL, 0);
	uint32_t p = oj_space_array(&bench.space, "p", ROLE_PARAMETER, 0, NULL, NULL, 0);
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 1, &base, &few, 0);
	ojit_expr last = oj_load(g, x, 0, NULL);
	double value = 0.25;
	for (int i = 0; i < LETS; i++) {
		uint32_t a = oj_space_array(&bench.space, "a", ROLE_TEMP, 0, NULL, NULL, -1);
		store_scalar(&bench, a, oj_make2(g, OP_ADD, oj_make1(g, OP_ABS, last), oj_load(g, p, 0, NULL)), 0);
		last = oj_load(g, a, 0, NULL);
		value = fabs(value) + 0.125;
		if (i % 250 == 0)
			store_scalar(&bench, out, last, oj_integer(g, i / 250));
	}
	store_scalar(&bench, out, last, oj_integer(g, few - 1));
	run_all(&bench, &vectors);
	cr_expect_eq(vectors.out[VECTOR_LENGTH - 1], value);
	bench_close(&bench);
}

/* Reductions over different ranges, side by side and one inside of the other. */
Test(graph_nodes, many_reductions_in_one_block_take_linear_time, .timeout = 120)
{
	enum { SUMS = 20000 };
	struct bench bench;
	struct vectors vectors = {.y = {1, 2, 3, 4}};
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	int64_t base = 0, four = 4, few = 3;
	uint32_t x = oj_space_array(&bench.space, "x", ROLE_STATE, 1, &base, &four, 0);
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 1, &base, &few, 0);
	ojit_expr i0 = oj_index(g, 0), load = oj_load(g, x, 1, &i0), zero = oj_literal(g, 0);
	ojit_expr lo = oj_integer(g, 0), end = oj_integer(g, 4), inner = oj_literal(g, 1), before = inner, all = zero;
	for (int i = 0; i < SUMS; i++) {
		struct reduction r = {.kind = REDUCE_MAX};
		ojit_expr scaled = oj_make2(g, OP_ADD, load, oj_literal(g, 1.0 / (i + 1)));
		ojit_expr row = oj_reduce(g, r, zero, oj_integer(g, i % 3), oj_integer(g, 3 + i % 2), scaled);
		all = oj_make2(g, OP_MAX, all, row);
		/* Each of two levels of this wants both of the levels below. */
		ojit_expr body = oj_make3(g, OP_MUL, load, oj_literal(g, 0.25), oj_make2(g, OP_MIN, inner, before));
		ojit_expr outer = oj_reduce(g, r, zero, lo, end, body);
		before = inner, inner = outer;
	}
	store_scalar(&bench, out, all, lo);
	store_scalar(&bench, out, inner, oj_integer(g, 1));
	run_all(&bench, &vectors);
	cr_expect_eq(vectors.out[0], 4.5);
	cr_expect_eq(vectors.out[1], 1);
	bench_close(&bench);
}

Test(graph_nodes, an_array_of_a_thousand_pieces_is_cut_in_reasonable_time, .timeout = 120)
{
	enum { PIECES = 1000 };
	struct bench bench;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	struct symbol u = {.name = "u", .rank = 1};
	int64_t one = 1, all = PIECES, first = 0;
	for (int64_t i = 0; i < PIECES; i++) {
		uint32_t piece = oj_space_array(&bench.space, "u", ROLE_STATE, 1, &i, &one, i);
		cr_assert(VECTOR_PUSH(bench.context, &u.pieces, (struct piece){{i}, {1}, piece}));
	}
	cr_assert(VECTOR_PUSH(bench.context, &bench.space.symbols, u));
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 1, &first, &all, 0);
	ojit_expr i0 = oj_index(g, 0), value = oj_symbol(g, 0, 0, 1, &i0);
	struct block *block = oj_program_block(&bench.program, 1, &first, &all, 0);
	cr_assert(oj_block_store(&bench.space, block, out, value, &i0));
	bench_pass(&bench, &bench.program, "split", (struct pass_options){0});
	cr_expect_eq(bench.program.blocks.count, (size_t)PIECES);
	bench_close(&bench);
}
