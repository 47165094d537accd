/* What solvers allocate: nothing in a re-solve, nothing left behind, and no harm
 * where the allocator refuses. */
#include "solvers/solver.h"
#include "tests/support_allocator.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void circle(const struct kernel_args *a)
{
	a->out[0] = a->p[0] * a->y[1];
	a->out[1] = -a->p[0] * a->y[0];
}
static void circle_init(const struct kernel_args *a)
{
	a->out[0] = 1;
	a->out[1] = 0;
}
static void radius(const struct kernel_args *a)
{
	a->out[0] = hypot(a->y[0], a->y[1]);
}

static void make(struct support_system *hand, ojit_context *context)
{
	static const char *const parameters[] = {"omega"}, *const outputs[] = {"radius"};
	static const double defaults[] = {1};
	support_system_init(hand, context, 2, circle, circle_init);
	support_system_scalars(hand, FAMILY_PARAMETERS, parameters, 1);
	support_system_scalars(hand, FAMILY_OUTPUTS, outputs, 1);
	support_system_kernel(hand, KERNEL_OUTPUTS, radius);
	hand->defaults = defaults;
}

Test(solvers_memory, solving_again_allocates_and_compiles_nothing)
{
	ojit_context *context = ojit_context_new(NULL);
	struct support_system hand;
	make(&hand, context);
	ojit_solver *solver = oj_solver_new(&hand.system);
	const double times[] = {0.1, 0.7, 3};
	const ojit_output outputs[] = {ojit_output_points(5000), ojit_output_every(0.5),
	                               ojit_output_steps(), ojit_output_final(), ojit_output_times(times, 3)};
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		ojit_options o = ojit_options_default();
		o.method = ojit_method_info(r).name;
		o.rtol = o.atol = 1e-4;
		for (int i = 0; i < 5; i++)
			ojit_solver_run(solver, &o, 0, 5, outputs[i]);
		ojit_counters before = ojit_context_counters(context);
		for (int i = 0; i < 5; i++) {
			cr_expect_eq(ojit_solver_set(solver, OJIT_PARAMETERS, "omega", 1 + 0.1 * i), OJIT_OK);
			cr_expect_eq(ojit_solver_set(solver, OJIT_STATES, "x[1]", 0.5), OJIT_OK);
			cr_expect_eq(ojit_solver_set(solver, OJIT_TOLERANCES, "x", 1e-4), OJIT_OK);
			o.rtol = 1e-4 / (1 + i);
			cr_expect_eq(ojit_solver_run(solver, &o, 0, 5 - 0.1 * i, outputs[i == 4 ? 2 : i]), OJIT_OK);
			cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
		}
		ojit_counters after = ojit_context_counters(context);
		cr_expect_eq(after.allocations, before.allocations, "%s: %d", o.method,
		             (int)(after.allocations - before.allocations));
		cr_expect_eq(after.compiles, before.compiles);
	}
	for (int kind = 0; kind < KERNEL_KINDS; kind++)
		cr_expect_leq(hand.asked[kind], 1);
	ojit_solver_free(solver);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}

/* All of a solver's life; with memory it ends with a full result. */
static int live(ojit_context *context, void *user)
{
	struct support_system hand;
	(void)user;
	make(&hand, context);
	ojit_solver *solver = oj_solver_new(&hand.system);
	if (!solver)
		return 0;
	ojit_options o = ojit_options_default();
	o.method = "dop853";
	int fine = ojit_solver_set(solver, OJIT_STATES, "x[2]", 0.25) == OJIT_OK
		&& ojit_solver_run(solver, &o, 0, 5, ojit_output_points(20000)) == OJIT_OK
		&& ojit_solver_rows(solver) == 20000
		&& strcmp(ojit_solver_name(solver, OJIT_STATES, 1), "x[2]") == 0;
	o.step_limit = 3;
	fine = fine && ojit_solver_run(solver, &o, 0, 50, ojit_output_final()) == OJIT_OK
		&& strstr(ojit_solver_message(solver), "the step limit of 3");
	o = ojit_options_default();
	o.method = "rodas5p";
	o.nonnegative = "x[1]";
	fine = fine && ojit_solver_run(solver, &o, 0, 50, ojit_output_final()) == OJIT_OK
		&& strstr(ojit_solver_message(solver), "x[1] is to stay nonnegative");
	o = ojit_options_default();
	o.method = "euler";
	o.reverse_method = "implicit_euler";
	o.fixed_step = 0.125;
	fine = fine && ojit_solver_run(solver, &o, 0, 5, ojit_output_points(3)) == OJIT_OK
		&& ojit_solver_rows(solver) == 3 && fabs(ojit_solver_row(solver, 2)[1] - 1) < 1e-12;
	fine = fine && ojit_solver_set(solver, OJIT_PARAMETERS, "omgea", 1) == OJIT_NAME;
	fine = fine && strstr(ojit_solver_error(solver).text, "did you mean 'omega'?");
	ojit_solver_free(solver);
	return fine;
}

Test(solvers_memory, every_allocation_may_fail_once)
{
	long culprit = 0, swept = watched_sweep(live, NULL, &culprit);
	cr_expect_gt(swept, 10, "swept %ld, culprit %ld", swept, culprit);
}

Test(solvers_memory, rows_recorded_before_memory_ran_out_stay)
{
	struct watched_allocator watched = {0};
	ojit_allocator allocator = watched_allocator(&watched);
	ojit_context *context = ojit_context_new(&allocator);
	struct support_system hand;
	make(&hand, context);
	ojit_solver *solver = oj_solver_new(&hand.system);
	ojit_solver_run(solver, NULL, 0, 1, ojit_output_final()); /* the workspace */
	watched.refuse_from = watched.calls + 3;                  /* some chunks of rows */
	cr_expect_eq(ojit_solver_run(solver, NULL, 0, 100, ojit_output_points(100000)), OJIT_OUT_OF_MEMORY);
	cr_expect_eq(ojit_solver_error(solver).status, OJIT_OUT_OF_MEMORY);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_INTERRUPTED);
	size_t rows = ojit_solver_rows(solver);
	cr_expect_gt(rows, 1000);
	cr_expect_lt(rows, 100000);
	for (size_t i = 0; i < rows; i += 100) {
		const double *row = ojit_solver_row(solver, i);
		cr_assert_lt(fabs(row[1] - cos(row[0])), 1e-3);
		cr_assert_lt(fabs(row[3] - 1), 1e-3);
	}
	cr_expect_not_null(strstr(ojit_solver_message(solver), "interrupted")
	                   ? ojit_solver_message(solver)
	                   : strstr(ojit_solver_message(solver), "no memory for another"));
	watched.refuse_from = 0;
	cr_expect_eq(ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(3)), OJIT_OK);
	cr_expect_eq(ojit_solver_error(solver).status, OJIT_OK);
	ojit_solver_free(solver);
	ojit_context_free(context);
	cr_expect_eq(watched.live_blocks, 0);
	cr_expect_eq(watched.wrong_sizes, 0);
}

Test(solvers_memory, a_kernel_that_does_not_compile_is_kept_as_the_failure)
{
	ojit_context *context = ojit_context_new(NULL);
	for (int kind = 0; kind < KERNEL_KINDS; kind++) {
		struct support_system hand;
		make(&hand, context);
		hand.refused = kind + 1;
		ojit_solver *solver = oj_solver_new(&hand.system);
		cr_assert_not_null(solver);
		ojit_status expected = kind == KERNEL_PREPARE ? OJIT_OK : OJIT_BACKEND; /* nothing derived */
		cr_expect_eq(ojit_solver_error(solver).status, expected);
		cr_expect_eq(ojit_solver_run(solver, NULL, 0, 1, ojit_output_final()), expected);
		cr_expect_eq(ojit_solver_set(solver, OJIT_PARAMETERS, "omega", 1), expected);
		cr_expect_eq(ojit_solver_parameters(solver) == NULL, expected != OJIT_OK);
		cr_expect_eq(ojit_solver_rows(solver), expected == OJIT_OK ? 1 : 0);
		ojit_solver_free(solver);
	}
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}
