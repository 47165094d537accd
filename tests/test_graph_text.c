/* The text form of programs: reading gives the program back, and a mistake is
 * reported where it is. */
#include "tests/support_golden.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void round_trip(const char *path, const char *text, void *user)
{
	struct bench bench;
	int *count = user;
	bench_open(&bench, text);
	char *once = bench_print(&bench.program);
	bench_close(&bench);
	bench_open(&bench, once);
	char *twice = bench_print(&bench.program);
	cr_expect_str_eq(twice, once, "%s", path);
	bench_close(&bench);
	free(once);
	free(twice);
	++*count;
}

Test(graph_text, all_golden_files_read_and_print_to_the_same_text)
{
	int count = 0;
	golden_each(round_trip, &count);
	cr_assert(count > 60, "%d", count);
}

static void random_round_trip(uint64_t seed)
{
	struct bench made, read;
	struct vectors before, after;
	bench_open(&made, NULL);
	random_program(&made.space, &made.program, seed);
	random_vectors(&before, seed);
	after = before;
	naive_run(&made.program, &before);
	char *text = bench_print(&made.program);
	bench_open(&read, text);
	char *again = bench_print(&read.program);
	naive_run(&read.program, &after);
	cr_expect_str_eq(again, text);
	cr_expect(first_difference(before.out, after.out, VECTOR_LENGTH) < 0);
	free(text);
	free(again);
	bench_close(&made);
	bench_close(&read);
}

Test(graph_text, random_programs_read_and_print_to_the_same_text_and_values)
{
	for (uint64_t seed = 5000; seed < 5300; seed++)
		random_round_trip(seed);
}

Test(graph_text, all_operators_have_a_text)
{
	struct bench bench, read;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	int64_t base = 0, extent = OP_COUNT;
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 1, &base, &extent, 0);
	struct block *block = oj_program_block(&bench.program, 0, NULL, NULL, 0);
	ojit_expr time = oj_time(g), half = oj_literal(g, 0.5);
	for (int op = OP_ADD; op < OP_COUNT; op++) {
		ojit_expr operands[4] = {time, half, oj_literal(g, 3), time}, index = oj_integer(g, op);
		uint32_t arity = oj_op_info[op].arity == MANY ? 4 : (uint32_t)oj_op_info[op].arity;
		ojit_expr e = op == OP_POWI ? oj_power(g, time, INT64_MIN) : oj_make(g, op, arity, operands);
		cr_assert(oj_block_store(&bench.space, block, out, e, &index));
	}
	char *text = bench_print(&bench.program);
	bench_open(&read, text);
	char *again = bench_print(&read.program);
	cr_expect_str_eq(again, text);
	cr_expect_eq(read.program.blocks.at[0].stores.count, (size_t)OP_COUNT - OP_ADD);
	for (size_t s = 0; s < read.program.blocks.at[0].stores.count; s++)
		cr_expect_eq(oj_node(&read.space.graph, read.program.blocks.at[0].stores.at[s].value)->op, OP_ADD + s);
	free(text);
	free(again);
	bench_close(&bench);
	bench_close(&read);
}

Test(graph_text, numbers_keep_all_their_bits)
{
	static const uint64_t bits[] = {0, 1, 0x8000000000000000u, 0x3FB999999999999Au, 0x7FEFFFFFFFFFFFFFu,
	                                0x7FF0000000000000u, 0xFFF0000000000000u, 0x7FF8000000000000u,
	                                0xFFF8000000000000u, 0x7FF8000000000001u, 0x000FFFFFFFFFFFFFu};
	enum { COUNT = sizeof bits / sizeof *bits };
	struct bench bench, read;
	bench_open(&bench, NULL);
	int64_t base = 0, extent = COUNT;
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 1, &base, &extent, 0);
	struct block *block = oj_program_block(&bench.program, 0, NULL, NULL, 0);
	for (int i = 0; i < COUNT; i++) {
		double value;
		memcpy(&value, &bits[i], sizeof value);
		ojit_expr index = oj_integer(&bench.space.graph, i);
		cr_assert(oj_block_store(&bench.space, block, out, oj_literal(&bench.space.graph, value), &index));
	}
	char *text = bench_print(&bench.program);
	bench_open(&read, text);
	for (int i = 0; i < COUNT; i++)
		cr_expect_eq(oj_node(&read.space.graph, read.program.blocks.at[0].stores.at[i].value)->bits, bits[i]);
	free(text);
	bench_close(&bench);
	bench_close(&read);
}

Test(graph_text, things_of_one_name_and_names_of_any_bytes_are_told_apart)
{
	static const char *const names[] = {"x", "x", "x", "1st", "a b", "q\"\\\n\x01", "", "u[1]", "µ'", "x~2"};
	enum { COUNT = sizeof names / sizeof *names };
	struct bench bench, read;
	bench_open(&bench, NULL);
	struct block *block = oj_program_block(&bench.program, 0, NULL, NULL, 0);
	for (int i = 0; i < COUNT; i++) {
		uint32_t out = oj_space_array(&bench.space, names[i], ROLE_OUT, 0, NULL, NULL, i);
		cr_assert(oj_block_store(&bench.space, block, out, oj_literal(&bench.space.graph, i), NULL));
	}
	char *text = bench_print(&bench.program);
	bench_open(&read, text);
	char *again = bench_print(&read.program);
	cr_expect_str_eq(again, text);
	for (int i = 0; i < COUNT; i++) {
		const struct store *store = &read.program.blocks.at[0].stores.at[i];
		cr_expect_eq(read.space.arrays.at[store->array].offset, i);
		if (!strchr(names[i], '\n'))
			cr_expect_str_eq(read.space.arrays.at[store->array].name, names[i]);
	}
	free(text);
	free(again);
	bench_close(&bench);
	bench_close(&read);
}

Test(graph_text, a_second_program_finds_the_things_of_the_first)
{
	static const char text[] = "program rhs\narray x[1..2] state at 0\narray c[1..2] data at 0 = {1 2}\n"
	                           "array dx[1..2] out at 0\ntable t[1..2] at 0 = {2 1}\nsymbol u rank 1 = x[1..2]\n"
	                           "block [1..2]\n  %1 = table t[i0]\n  %2 = symbol u[%1]\n  %3 = load c[i0]\n"
	                           "  %4 = mul %2 %3\n  store dx[i0] = %4\n";
	struct bench bench;
	struct program second;
	bench_open(&bench, text);
	size_t nodes = bench.space.graph.nodes.count;
	cr_assert_eq(oj_program_read(&bench.space, &second, text, &bench.error), OJIT_OK);
	cr_expect_eq(bench.space.arrays.count, 3u);
	cr_expect_eq(bench.space.tables.count, 1u);
	cr_expect_eq(bench.space.symbols.count, 1u);
	cr_expect_eq(bench.space.data.count, 2u);
	cr_expect_eq(bench.space.graph.nodes.count, nodes);
	cr_expect_eq(second.blocks.at[0].stores.at[0].value, bench.program.blocks.at[0].stores.at[0].value);
	oj_program_drop(&second);
	bench_close(&bench);
}

struct mistake {
	const char *text;
	int line, column;
	const char *says;
};

static const struct mistake mistakes[] = {
	{"", 1, 1, "'program'"},
	{"programme rhs", 1, 1, "'program'"},
	{"program stuff", 1, 9, "rhs, outputs"},
	{"program rhs\nblock\n  %1 = mul t\n", 3, 13, "a number"},
	{"program rhs\nblock\n  %2 = neg t\n", 3, 3, "next line is %1"},
	{"program rhs\nblock\n  %1 = neg %1\n", 3, 12, "There is no %1"},
	{"program rhs\nblock\n  %1 = frob t\n", 3, 8, "an operator"},
	{"program rhs\nblock\n  %1 = load x\n", 3, 13, "no array x"},
	{"program rhs\nblock\n  %1 = lt t t\n  %2 = neg %1\n", 4, 12, "not a number"},
	{"program rhs\nblock\n  %1 = ilt i0 j0\n", 3, 15, "no index variable"},
	{"program rhs\nblock\n  %1 = neg t t\n", 3, 14, "end of the line"},
	{"program rhs\n  store x = t\n", 2, 8, "in no block"},
	{"program rhs\narray x[1..2, 1..2, 1..2, 1..2] state at 0\n", 2, 26, "more than 3"},
	{"program rhs\narray x[3..1] state at 0\n", 2, 13, "ends before"},
	{"program rhs\narray x state at 0\narray x state at 1\n", 3, 7, "twice"},
	{"program rhs\narray x[1..99999999999, 1..99999999999] state at 0\n", 2, 40, "2^40"},
	{"program rhs\narray x[1..3] data at 0 = {1 2}\n", 2, 31, "2 values for 3"},
	{"program rhs\narray x[1..1] data at 900000000 = {1}\n", 2, 15, "far behind"},
	{"program rhs\narray x flat at 0\n", 2, 9, "a role"},
	{"program rhs\ntable t[1..1] at 0 = {0.5}\n", 2, 18, "not an integer of 32 bits"},
	{"program rhs\nblock\n  %1 = wrap i0 in 1..0\n", 3, 19, "empty range"},
	{"program rhs\nblock\n  %1 = neg 1e\n", 3, 13, "end of the line"},
	{"program rhs\narray \"x state at 0\n", 2, 20, "'\"'"},
	{"program rhs\nblock @1\n", 2, 7, "no origin @1"},
	{"program rhs\nblock # here\n  %1 = powi t 99999999999999999999\n", 3, 15, "too large"},
};

Test(graph_text, mistakes_are_reported_with_line_column_and_cause)
{
	for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
		const struct mistake *m = &mistakes[i];
		struct bench bench;
		struct program program;
		bench_open(&bench, NULL);
		cr_expect_eq(oj_program_read(&bench.space, &program, m->text, &bench.error), OJIT_SYNTAX, "%s", m->text);
		ojit_error error = oj_error_public(&bench.error);
		cr_expect(error.line == m->line && error.column == m->column && strstr(error.message, m->says),
		          "%d:%d %s\n%s", error.line, error.column, error.message, m->text);
		bench_close(&bench);
	}
}

static void cut_everywhere(const char *path, const char *text, void *user)
{
	uint64_t *state = user;
	size_t length = strlen(text);
	char *copy = malloc(length + 1);
	for (int i = 0; i < 60; i++) {
		struct bench bench;
		struct program program;
		memcpy(copy, text, length + 1);
		uint64_t bits = random_bits(state);
		if (bits & 1)
			copy[bits / 2 % (length + 1)] = '\0';
		else
			copy[bits / 2 % length] = " 0123456789[]%*+-.,=\n@abcxij{}~\""[bits >> 40 & 31];
		bench_open(&bench, NULL);
		ojit_status status = oj_program_read(&bench.space, &program, copy, &bench.error);
		cr_expect(status == OJIT_OK || status == OJIT_SYNTAX, "%s: %s\n%s", path, ojit_status_name(status), copy);
		if (status == OJIT_OK)
			oj_program_drop(&program);
		bench_close(&bench);
	}
	free(copy);
}

Test(graph_text, damaged_texts_are_refused_or_read_but_never_harm)
{
	uint64_t state = 7;
	golden_each(cut_everywhere, &state);
}

/* Blocks that all share one chain of nodes: written once. */
Test(graph_text, size_is_linear_in_the_program, .timeout = 100)
{
	enum { BLOCKS = 50000 };
	struct bench bench, read;
	bench_open(&bench, NULL);
	struct graph *g = &bench.space.graph;
	int64_t base = 0, extent = BLOCKS;
	uint32_t out = oj_space_array(&bench.space, "out", ROLE_OUT, 1, &base, &extent, 0);
	ojit_expr e = oj_time(g);
	for (int i = 0; i < BLOCKS; i++) {
		ojit_expr index = oj_integer(g, i);
		e = oj_make2(g, OP_ADD, oj_make1(g, OP_SIN, e), oj_literal(g, i));
		struct block *block = oj_program_block(&bench.program, 0, NULL, NULL, 0);
		cr_assert(oj_block_store(&bench.space, block, out, e, &index));
	}
	char *text = bench_print(&bench.program);
	cr_expect(strlen(text) < 100u * BLOCKS);
	bench_open(&read, text);
	cr_expect_eq(read.program.blocks.count, (size_t)BLOCKS);
	free(text);
	bench_close(&bench);
	bench_close(&read);
}
