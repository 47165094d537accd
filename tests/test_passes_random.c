/* Passes leave values unchanged to the last bit: random programs, every pass
 * switched on or off, against the plain evaluator of support_programs.c. */
#include "lib/graph/passes.h"
#include "tests/support_golden.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 60 };

static bool is_runnable(const struct program *program)
{
	bool runnable = true;
	struct expr_list list = {0};
	for (size_t b = 0; b < program->blocks.count; b++)
		cr_assert(oj_block_reach(program->space, &program->blocks.at[b], true, &list));
	for (size_t i = 0; i < list.list.count; i++) {
		const struct node *n = oj_node(&program->space->graph, list.list.at[i]);
		runnable = runnable && n->op != OP_SYMBOL && oj_op_info[n->op].way != WAY_EXPAND;
	}
	VECTOR_DROP(program->space->context, &list.list);
	return runnable;
}

struct trial {
	struct bench bench;
	struct program prepare;
	struct vectors inputs;
	double expected[VECTOR_LENGTH];
	char what[64];
};

static void compare(struct trial *trial, const struct vectors *got, const char *how, const char *pass)
{
	int at = first_difference(trial->expected, got->out, VECTOR_LENGTH);
	if (at < 0)
		return;
	char *text = bench_print(&trial->bench.program);
	cr_assert_fail("%s: %s after %s: out[%d] = %a, not %a\n%s", trial->what, how, pass, at, got->out[at],
	               trial->expected[at], text);
}

static void check_values(struct trial *trial, const char *pass)
{
	struct vectors naive = trial->inputs, run = trial->inputs;
	bool runnable = is_runnable(&trial->bench.program) && is_runnable(&trial->prepare);
	naive_run(&trial->prepare, &naive);
	naive_run(&trial->bench.program, &naive);
	compare(trial, &naive, "node by node", pass);
	if (!runnable)
		return;
	cr_assert_eq(oj_program_layout(&trial->bench.program), OJIT_OK);
	cr_assert_eq(oj_program_layout(&trial->prepare), OJIT_OK);
	interpreter_run(&trial->prepare, &run);
	interpreter_run(&trial->bench.program, &run);
	compare(trial, &run, "interpreted", pass);
}

static void run_passes(struct trial *trial, unsigned chosen)
{
	struct pass_options options = {.partition = 5};
	unsigned number = 0;
	oj_program_init(&trial->prepare, &trial->bench.space, KERNEL_PREPARE);
	for (const struct pass *pass = oj_passes; pass->name; pass++) {
		bool on = pass->required || chosen >> number & 1;
		number += !pass->required;
		if (!on)
			continue;
		options.prepare = !strcmp(pass->name, "hoist") ? &trial->prepare : NULL;
		bench_pass(&trial->bench, &trial->bench.program, pass->name, options);
		if (!strcmp(pass->name, "expand") || !strcmp(pass->name, "partition"))
			bench_pass(&trial->bench, &trial->prepare, pass->name, options);
		check_values(trial, pass->name);
	}
	oj_program_drop(&trial->prepare);
}

static void try_seed(uint64_t seed, unsigned first, unsigned last)
{
	struct trial trial;
	struct vectors direct;
	bench_open(&trial.bench, NULL);
	random_program(&trial.bench.space, &trial.bench.program, seed);
	char *text = bench_print(&trial.bench.program);
	random_vectors(&trial.inputs, seed);
	direct = trial.inputs;
	naive_run(&trial.bench.program, &direct);
	memcpy(trial.expected, direct.out, sizeof trial.expected);
	bench_close(&trial.bench);
	for (unsigned chosen = first; chosen <= last; chosen++) {
		snprintf(trial.what, sizeof trial.what, "seed %llu, passes %x", (unsigned long long)seed, chosen);
		bench_open(&trial.bench, text);
		run_passes(&trial, chosen);
		bench_close(&trial.bench);
	}
	free(text);
}

Test(passes_random, values_stay_the_same_through_all_passes, .timeout = 200)
{
	for (uint64_t seed = 1000; seed < 1000 + 20 * SEEDS; seed++)
		try_seed(seed, 63, 63);
}

Test(passes_random, values_stay_the_same_with_passes_on_and_off, .timeout = 200)
{
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		try_seed(seed, 0, 63);
}

static void passes_again_change_nothing(uint64_t seed)
{
	struct bench bench;
	struct pass_options options = {0};
	bench_open(&bench, NULL);
	random_program(&bench.space, &bench.program, seed);
	bench_pass(&bench, &bench.program, "split", options);
	bench_pass(&bench, &bench.program, "simplify", options);
	char *once = bench_print(&bench.program);
	bench_pass(&bench, &bench.program, "simplify", options);
	bench_pass(&bench, &bench.program, "split", options);
	char *twice = bench_print(&bench.program);
	cr_expect_str_eq(twice, once, "seed %llu", (unsigned long long)seed);
	free(once);
	free(twice);
	bench_close(&bench);
}

Test(passes_random, simplify_and_split_are_done_after_once, .timeout = 200)
{
	for (uint64_t seed = 1; seed <= 5 * SEEDS; seed++)
		passes_again_change_nothing(seed);
}
