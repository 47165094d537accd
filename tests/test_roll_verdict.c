/* What pass roll decides: groups that pay are rolled, others are as if they had never
 * been tried, and what is told of it is the same every time. */
#include "tests/support_allocator.h"
#include "tests/support_golden.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Equations u[i]' = u[a] + u[b] * u[c] of scattered elements or neighbours. */
enum sizes { FEW = 6, SOME = 20, MANY_ROWS = 500 };

static char *make_text(int rows, bool neighbours)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	/* Primes, modulo which no two numbers have the same cube. */
	int states = rows == FEW ? 11 : rows == SOME ? 23 : 503;
	fputs("program rhs\n", out);
	for (int i = 0; i < states; i++)
		fprintf(out, "array u%d state at %d\n", i, i);
	for (int i = 0; i < rows; i++)
		fprintf(out, "array du%d out at %d\n", i, i);
	for (int i = 0, line = 0; i < rows; i++, line += 5) {
		int element[3];
		for (int k = 0; k < 3; k++)
			element[k] = neighbours ? i + k : (int)(((long)i * i * i + 7 * k) % states);
		fprintf(out, "block\n  %%%d = load u%d\n  %%%d = load u%d\n  %%%d = load u%d\n", line + 1, element[0],
		        line + 2, element[1], line + 3, element[2]);
		fprintf(out, "  %%%d = mul %%%d %%%d\n  %%%d = add %%%d %%%d\n  store du%d = %%%d\n", line + 4, line + 2,
		        line + 3, line + 5, line + 1, line + 4, i, line + 5);
	}
	fclose(out);
	return text;
}

/* Blocks of more than one point after the pass. */
static int count_loops(const char *text, bool all)
{
	struct bench bench;
	int loops = 0;
	bench_open(&bench, text);
	bench_pass(&bench, &bench.program, "roll", (struct pass_options){.roll_all = all});
	for (size_t b = 0; b < bench.program.blocks.count; b++)
		loops += bench.program.blocks.at[b].rank > 0;
	bench_close(&bench);
	return loops;
}

static void expect_loops(int rows, bool neighbours, bool all, int loops)
{
	char *text = make_text(rows, neighbours);
	cr_expect_eq(count_loops(text, all), loops, "%d rows", rows);
	free(text);
}

Test(roll_verdict, long_groups_are_rolled_however_they_read)
{
	expect_loops(MANY_ROWS, true, false, 1);
	expect_loops(MANY_ROWS, false, false, 1);
}

Test(roll_verdict, short_programs_stay_straight)
{
	expect_loops(SOME, true, false, 0);
	expect_loops(SOME, false, false, 0);
}

Test(roll_verdict, whoever_asks_for_it_gets_all_rolled)
{
	expect_loops(SOME, true, true, 1);
	expect_loops(SOME, false, true, 1);
}

/* A few rows that read neighbours pay where as many that gather do not. */
static char *make_mixed(bool neighbours)
{
	char *few = make_text(FEW, neighbours), *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	fputs(few, out);
	fputs("array e out at 6\nblock\n", out);
	for (int i = 0; i < 60; i++)
		fprintf(out, i ? "  %%%d = sin %%%d\n" : "  %%%d = load u0\n", 5 * FEW + 1 + i, 5 * FEW + i);
	fprintf(out, "  store e = %%%d\n", 5 * FEW + 60);
	fclose(out);
	free(few);
	return text;
}

Test(roll_verdict, what_a_row_reads_decides)
{
	char *near = make_mixed(true), *far = make_mixed(false);
	cr_expect_eq(count_loops(near, false), 1);
	cr_expect_eq(count_loops(far, false), 0);
	free(near);
	free(far);
}

static char *explain(const char *text, bool all)
{
	struct bench bench;
	struct text told;
	bench_open(&bench, text);
	oj_text_init(&told, bench.context);
	bench_pass(&bench, &bench.program, "roll", (struct pass_options){.roll_all = all, .explanation = &told});
	char *copy = strdup(oj_text_get(&told));
	oj_text_drop(&told);
	bench_close(&bench);
	return copy;
}

Test(roll_verdict, a_group_that_does_not_pay_is_told_of_and_leaves_the_program_alone)
{
	char *text = make_mixed(false), *told = explain(text, false), *again = explain(text, false);
	cr_expect_str_eq(told, again);
	cr_expect_not_null(strstr(told, "# rolled groups: 0 of 1\n"), "%s", told);
	cr_expect_not_null(strstr(told, "in groups whose loops would cost more: 6\n"), "%s", told);
	cr_expect_not_null(strstr(told, "of a shape that no other has: 1\n"), "%s", told);
	struct bench bench;
	bench_open(&bench, text);
	char *before = bench_print(&bench.program);
	bench_pass(&bench, &bench.program, "roll", (struct pass_options){0});
	char *after = bench_print(&bench.program);
	cr_expect_str_eq(after, before);
	bench_close(&bench);
	free(before), free(after), free(told), free(again), free(text);
}

struct attempt { const char *text; bool all; };

static int roll_once(ojit_context *context, void *user)
{
	const struct attempt *attempt = user;
	struct space space = {0};
	struct program program = {0};
	struct oj_error error;
	struct text told;
	oj_error_init(&error, context);
	oj_text_init(&told, context);
	struct pass_options options = {.roll_all = attempt->all, .explanation = &told};
	ojit_status status = oj_space_init(&space, context);
	if (status == OJIT_OK)
		status = oj_program_read(&space, &program, attempt->text, &error);
	if (status == OJIT_OK)
		status = oj_pass_roll(&program, &options, &error);
	if (status == OJIT_OK && told.failed)
		status = OJIT_OUT_OF_MEMORY;
	cr_expect(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY);
	oj_text_drop(&told);
	oj_program_drop(&program);
	oj_space_drop(&space);
	oj_error_drop(&error);
	return status == OJIT_OK;
}

Test(roll_verdict, every_allocation_of_a_verdict_may_fail)
{
	char *text = make_mixed(false);
	for (int all = 0; all < 2; all++) {
		struct attempt attempt = {text, all};
		long culprit = 0, swept = watched_sweep(roll_once, &attempt, &culprit);
		cr_assert_gt(swept, 10, "call %ld", culprit);
	}
	free(text);
}
