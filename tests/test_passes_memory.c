/* Every allocation of reading, printing, all passes, planning and interpreting
 * fails once: reported, nothing left, nothing broken. */
#include "lib/graph/compact.h"
#include "lib/graph/passes.h"
#include "tests/support_allocator.h"
#include "tests/support_golden.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sweep {
	const char *text;
	struct vectors vectors;
	ojit_status status; /* of the last run */
};

static ojit_status run_passes(struct program *program, struct program *prepare, struct text *explanation,
                              struct oj_error *error)
{
	struct pass_options options = {.prepare = prepare, .partition = 3, .roll_all = true, .explanation = explanation};
	struct program *programs[] = {program, prepare};
	for (const struct pass *pass = oj_passes; pass->name; pass++) {
		TRY(pass->run(program, &options, error));
		TRY(oj_space_compact(program->space, programs, 2));
	}
	TRY(oj_pass_expand(prepare, &options, error));
	return oj_program_layout(prepare);
}

static int whole_way(ojit_context *context, void *user)
{
	struct sweep *sweep = user;
	struct space space = {0};
	struct program program = {0}, prepare = {0};
	struct oj_error error;
	struct text text;
	oj_error_init(&error, context);
	oj_text_init(&text, context);
	ojit_status status = oj_space_init(&space, context);
	if (status == OJIT_OK)
		status = oj_program_read(&space, &program, sweep->text, &error);
	if (status == OJIT_OK) {
		oj_program_init(&prepare, &space, KERNEL_PREPARE);
		status = run_passes(&program, &prepare, &text, &error);
	}
	if (status == OJIT_OK) {
		oj_program_print(&program, &text);
		status = text.failed ? OJIT_OUT_OF_MEMORY : interpreter_try(&program, &sweep->vectors);
	}
	cr_expect(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY || status == OJIT_RANGE);
	sweep->status = status;
	oj_text_drop(&text);
	oj_program_drop(&program);
	oj_program_drop(&prepare);
	oj_space_drop(&space);
	oj_error_drop(&error);
	return status == OJIT_OK;
}

/* A program that is refused, where no allocation fails: an error is reported even
 * when there is no memory for its text, so only what is left behind counts. */
static long sweep_error(struct sweep *sweep)
{
	struct watched_allocator watched = {0};
	long refuse = 0;
	do {
		watched = (struct watched_allocator){.refuse = ++refuse};
		ojit_allocator allocator = watched_allocator(&watched);
		ojit_context *context = ojit_context_new(&allocator);
		if (context)
			whole_way(context, sweep);
		ojit_context_free(context);
		cr_expect(!watched.live_blocks && !watched.wrong_sizes, "allocation %ld\n%s", refuse, sweep->text);
	} while (watched.calls >= refuse);
	cr_expect_eq(sweep->status, OJIT_RANGE);
	return refuse - 1;
}

static void sweep_text(const char *path, const char *text, void *user)
{
	struct sweep sweep = {.text = text};
	long culprit = 0, *total = user;
	ojit_context *context = ojit_context_new(NULL);
	whole_way(context, &sweep);
	ojit_context_free(context);
	long swept = sweep.status == OJIT_RANGE ? sweep_error(&sweep) : watched_sweep(whole_way, &sweep, &culprit);
	cr_expect(swept > 0, "%s: allocation %ld\n%s", path, culprit, text);
	*total += swept;
}

Test(passes_memory, every_allocation_may_fail_on_every_golden_program, .timeout = 280)
{
	long total = 0;
	golden_each(sweep_text, &total);
	cr_expect(total > 5000, "%ld", total);
}

/* Vectors grow when they have more than a few members: blocks of many stores. */
Test(passes_memory, every_allocation_may_fail_on_blocks_of_many_stores, .timeout = 280)
{
	char text[8192] = "program rhs\narray x[1..9] state at 0\narray du[1..9, 1..20] out at 0\n"
	                  "array v[1..9] temp\nsymbol u rank 1 = x[1..9]\nblock [1..9]\n  %1 = wrap i0-1 in 1..9\n"
	                  "  %2 = symbol u[%1]\n  %3 = reduce sum j1 in 1..i0 from 0 of %2\n  store v[i0] = %3\n"
	                  "block [1..9]\n  %4 = load v[i0]\n";
	long total = 0;
	for (int i = 1; i <= 20; i++)
		snprintf(text + strlen(text), 100, "  store du[i0, %d] = %s\n", i, i % 2 ? "%2" : "%4");
	sweep_text("many stores", text, &total);
	cr_expect(total > 100);
}
