/* What is freed is given back: thousands of models loaded, compiled, solved and
 * freed leave the process as large as it was, with as many mappings.
 *
 * OJIT_LIFETIMES says how many, 6,000 unless told. */
#include <ojit/ojit.h>

#include "tests/support_sanitizer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long resident_bytes(void)
{
	long size = 0, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	cr_assert_not_null(statm);
	cr_assert_eq(fscanf(statm, "%ld %ld", &size, &resident), 2);
	fclose(statm);
	return resident * sysconf(_SC_PAGESIZE);
}

static long mapping_count(void)
{
	long lines = 0;
	int c;
	FILE *maps = fopen("/proc/self/maps", "r");
	cr_assert_not_null(maps);
	while ((c = fgetc(maps)) != EOF)
		lines += c == '\n';
	fclose(maps);
	return lines;
}

/* The constant differs, so that nothing can be found from the time before. */
static void live(ojit_context *context, int k)
{
	char text[400];
	ojit_program *program;
	ojit_options options = ojit_options_default();
	snprintf(text, sizeof text,
	         "param a = %d.5, b = a/3\n"
	         "x' = a*(y - x) + sin(%d.25*t)\n"
	         "y' = x*(b - y) - y\n"
	         "init x = 1, y = 0.5\n"
	         "out r = hypot(x, y)\n", k % 97 + 1, k);
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), NULL);
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	ojit_solver *solver = ojit_solver_new(program);
	cr_assert_eq(ojit_solver_run(solver, &options, 0, 0.01, ojit_output_points(5)), OJIT_OK, "%s",
	             ojit_solver_error(solver).text);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
	ojit_solver_free(solver);
	ojit_program_free(program);
}

enum { WARM = 500, ALLOWED = 1 << 18 };

Test(lifetimes, thousands_of_models_leave_nothing_behind)
{
	const char *asked = getenv("OJIT_LIFETIMES");
	int lives = asked ? atoi(asked) : 6000;
#ifdef SANITIZED
	cr_skip_test("a sanitizer keeps what was freed; the allocator's counters are tested elsewhere");
#endif
	ojit_context *context = ojit_context_new(NULL);
	for (int k = 0; k < WARM; k++)
		live(context, k);
	long bytes = resident_bytes(), mappings = mapping_count();
	for (int k = WARM; k < lives; k++)
		live(context, k);
	long grown = resident_bytes() - bytes;
	cr_expect_lt(grown, ALLOWED, "%d models left %ld bytes", lives - WARM, grown);
	cr_expect_eq(mapping_count(), mappings, "%ld, then %ld", mappings, mapping_count());
	cr_log_info("%d models: resident %ld bytes, then %+ld; %ld mappings", lives, bytes, grown, mappings);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	cr_expect_eq(ojit_context_counters(context).live_code, 0);
	cr_expect_eq(ojit_context_counters(context).compiles, 2 * (uint64_t)lives);
	ojit_context_free(context);
}
