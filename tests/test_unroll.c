/* lib/graph/unroll.h: loops written out compute the same bits. */
#include "lib/graph/unroll.h"

#include "tests/support_allocator.h"
#include "tests/support_golden.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

static size_t stores_of(const struct program *program)
{
	size_t count = 0;
	for (size_t b = 0; b < program->blocks.count; b++)
		count += (size_t)oj_block_points(&program->blocks.at[b]) * program->blocks.at[b].stores.count;
	return count;
}

static void unroll(struct bench *bench, const char *what)
{
	bool ok, loops;
	size_t stores = stores_of(&bench->program);
	cr_assert_eq(oj_unroll(&bench->program, &bench->error), OJIT_OK, "%s: %s", what, oj_error_public(&bench->error).text);
	loops = oj_has_loops(&bench->program, &ok);
	cr_expect(ok && !loops, "%s", what);
	cr_expect_leq(stores_of(&bench->program), stores, "%s", what); /* what nobody loads is dropped */
}

/* After split, and after all passes, which make tables, chains of sums and lists of pairs. */
static void hold(uint64_t seed, const char *const *passes)
{
	struct bench bench;
	struct vectors before, after;
	char what[40];
	snprintf(what, sizeof what, "seed %d", (int)seed);
	bench_open(&bench, NULL);
	random_program(&bench.space, &bench.program, seed);
	for (; *passes; passes++)
		bench_pass(&bench, &bench.program, *passes, (struct pass_options){.roll_all = true});
	struct program written;
	cr_assert_eq(oj_program_layout(&bench.program), OJIT_OK);
	cr_assert_eq(oj_program_copy(&written, &bench.program, &bench.space), OJIT_OK);
	bench_pass(&bench, &written, "expand", (struct pass_options){0});
	random_vectors(&before, seed);
	after = before;
	interpreter_run(&written, &before);
	oj_program_drop(&written);
	unroll(&bench, what);
	bench_pass(&bench, &bench.program, "expand", (struct pass_options){0});
	interpreter_run(&bench.program, &after);
	cr_expect_eq(first_difference(before.out, after.out, VECTOR_LENGTH), -1, "%s", what);
	bench_close(&bench);
}

Test(unroll, random_programs_keep_their_bits)
{
	static const char *const few[] = {"split", NULL}, *const all[] = {"simplify", "split", "roll", "inline", "fuse", "pairs", NULL};
	for (uint64_t seed = 1; seed <= 150; seed++) {
		hold(seed, few);
		hold(seed, all);
	}
}

/* Fewer than eight rows share a tree; where a sum starts counts, and what it has no terms for. */
static const char orders[] =
	"program rhs\n"
	"array x[0..39] state at 0\n"
	"array out[0..4] out at 0\n"
	"block [0..4]\n"
	"  %1 = load x[3*i0+j1]\n"
	"  %2 = reduce sum tree8 j1 in 0..6*i0+3 from 0.5 of %1\n"
	"  %3 = reduce max j1 in 0..i0-1 from -0.25 of %1\n"
	"  %4 = mul %2 %3\n"
	"  store out[i0] = %4\n";

static void expect_orders(const char *text)
{
	struct bench bench;
	struct vectors before, after;
	bench_open(&bench, text);
	random_vectors(&before, 7);
	for (int k = 0; k < 40; k++)
		before.y[k] = sin(1 + k * k); /* rounds differently in any other order */
	after = before;
	interpreter_run(&bench.program, &before);
	unroll(&bench, "orders");
	interpreter_run(&bench.program, &after);
	cr_expect_eq(first_difference(before.out, after.out, 5), -1);
	bench_close(&bench);
}

Test(unroll, sums_keep_their_order)
{
	expect_orders(orders);
}

static int unroll_once(ojit_context *context, void *user)
{
	struct space space = {0};
	struct program program = {0};
	struct oj_error error;
	oj_error_init(&error, context);
	ojit_status status = oj_space_init(&space, context);
	if (status == OJIT_OK)
		status = oj_program_read(&space, &program, user, &error);
	if (status == OJIT_OK)
		status = oj_unroll(&program, &error);
	cr_expect(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY);
	oj_program_drop(&program);
	oj_space_drop(&space);
	oj_error_drop(&error);
	return status == OJIT_OK;
}

Test(unroll, every_allocation_may_fail)
{
	long culprit = 0;
	cr_expect_gt(watched_sweep(unroll_once, (void *)(uintptr_t)orders, &culprit), 20, "allocation %ld", culprit);
}
