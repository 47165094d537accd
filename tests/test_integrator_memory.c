/* What integrators allocate: nothing in a step but for recording, nothing left behind,
 * and no harm where the allocator refuses. */
#include "solvers/integrator.h"
#include "tests/support_allocator.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void circle(const struct kernel_args *a)
{
	a->out[0] = a->d[0] * a->y[1];
	a->out[1] = -a->d[0] * a->y[0];
}
static void circle_init(const struct kernel_args *a)
{
	a->out[0] = 1;
	a->out[1] = 0;
}
static void twice(const struct kernel_args *a)
{
	a->out[0] = 2 * a->p[0];
}
static void radius(const struct kernel_args *a)
{
	a->out[0] = a->p[0] * hypot(a->y[0], a->y[1]);
}

static void make(struct support_system *hand, ojit_context *context)
{
	static const char *const parameters[] = {"omega"}, *const outputs[] = {"radius"};
	static const double defaults[] = {1};
	support_system_init(hand, context, 2, circle, circle_init);
	support_system_scalars(hand, FAMILY_PARAMETERS, parameters, 1);
	support_system_scalars(hand, FAMILY_OUTPUTS, outputs, 1);
	support_system_kernel(hand, KERNEL_OUTPUTS, radius);
	support_system_kernel(hand, KERNEL_PREPARE, twice);
	hand->system.derived = 1;
	hand->defaults = defaults;
}

static ojit_status set_omega(ojit_integrator *it, double omega)
{
	return ojit_solver_set(ojit_integrator_solver(it), OJIT_PARAMETERS, "omega", omega);
}

Test(integrator_memory, a_step_allocates_nothing_but_for_recording)
{
	ojit_context *context = ojit_context_new(NULL);
	struct support_system hand;
	make(&hand, context);
	ojit_integrator *it = oj_integrator_new(&hand.system);
	double y[2];
	for (int mode = OJIT_RECORD_NONE; mode <= OJIT_RECORD_ALL; mode++) {
		cr_assert_eq(ojit_integrator_begin(it, NULL, 0, INFINITY, (ojit_recording)mode), OJIT_OK);
		ojit_integrator_step(it, INFINITY);
		set_omega(it, 1.5);
		ojit_integrator_step(it, INFINITY); /* a second set of parameters is kept */
		uint64_t before = ojit_context_counters(context).allocations;
		for (int k = 0; k < 30; k++) {
			cr_assert_eq(ojit_integrator_step(it, INFINITY), OJIT_OK);
			double from, to;
			ojit_integrator_range(it, &from, &to);
			cr_assert_eq(ojit_integrator_interpolate(it, (from + to) / 2, y), OJIT_OK);
			cr_assert_eq(ojit_integrator_restart(it, to, y), OJIT_OK);
		}
		cr_expect_eq(ojit_context_counters(context).allocations, before, "mode %d", mode);
	}
	ojit_integrator_free(it);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}

/* A failed call did nothing that another try would not mend. */
static int insist(ojit_integrator *it, ojit_status status)
{
	return status == OJIT_OK && ojit_integrator_error(it).status == OJIT_OK;
}

/* Steps, looks, parameters, a restart and a copy; with memory all of it succeeds. */
static int live_once(ojit_integrator *it, ojit_recording recording)
{
	ojit_options o = ojit_options_default();
	double y[2], out, from, to;
	o.method = "dop853";
	int fine = insist(it, ojit_integrator_begin(it, &o, 0, 500, recording)) && insist(it, ojit_integrator_run_to(it, 100, y));
	fine = fine && set_omega(it, 2) == OJIT_OK && insist(it, ojit_integrator_run_to(it, 200, y));
	fine = fine && set_omega(it, 3) == OJIT_OK && insist(it, ojit_integrator_observe(it, ojit_integrator_time(it), &out));
	if (!fine)
		return 0;
	ojit_integrator_range(it, &from, &to);
	fine = insist(it, ojit_integrator_interpolate(it, (from + to) / 2, y)) && insist(it, ojit_integrator_restart(it, to, y));
	ojit_integrator *copy = ojit_integrator_copy(it);
	fine = fine && copy && ojit_integrator_run_to(copy, 300, y) == OJIT_OK
		&& ojit_integrator_step(it, -1) == OJIT_ARGUMENT && strstr(ojit_integrator_error(it).text, "bound");
	ojit_integrator_free(copy);
	return fine;
}

static int live(ojit_context *context, void *user)
{
	struct support_system hand;
	make(&hand, context);
	ojit_integrator *it = oj_integrator_new(&hand.system);
	if (!it)
		return 0;
	int fine = live_once(it, *(ojit_recording *)user);
	ojit_integrator_free(it);
	return fine;
}

Test(integrator_memory, every_allocation_may_fail_once)
{
	for (int mode = OJIT_RECORD_LAST; mode <= OJIT_RECORD_ALL; mode++) {
		long culprit = 0, swept = watched_sweep(live, &(ojit_recording){(ojit_recording)mode}, &culprit);
		cr_expect_gt(swept, 10, "mode %d: swept %ld, culprit %ld", mode, swept, culprit);
	}
}

/* Refused memory leaves the integrator where it was; once there is some it goes on as if
 * nothing had been. */
Test(integrator_memory, goes_on_where_memory_ran_out)
{
	struct watched_allocator watched = {0};
	ojit_allocator allocator = watched_allocator(&watched);
	ojit_context *context = ojit_context_new(&allocator);
	struct support_system hand;
	make(&hand, context);
	ojit_integrator *it = oj_integrator_new(&hand.system), *smooth = oj_integrator_new(&hand.system);
	double a[2], b[2];
	cr_assert_eq(ojit_integrator_begin(smooth, NULL, 0, INFINITY, OJIT_RECORD_ALL), OJIT_OK);
	cr_assert_eq(ojit_integrator_run_to(smooth, 1000, a), OJIT_OK);
	cr_assert_eq(ojit_integrator_begin(it, NULL, 0, INFINITY, OJIT_RECORD_ALL), OJIT_OK);
	watched.refuse_from = watched.calls + 1;
	cr_expect_eq(ojit_integrator_run_to(it, 1000, b), OJIT_OUT_OF_MEMORY);
	cr_expect_eq(ojit_integrator_stats(it).outcome, OJIT_INTERRUPTED);
	double reached = ojit_integrator_time(it);
	cr_expect_gt(reached, 0);
	cr_expect_eq(set_omega(it, 1), OJIT_OK); /* no other value, yet a change */
	cr_expect_eq(ojit_integrator_step(it, INFINITY), OJIT_OUT_OF_MEMORY);
	cr_expect_eq(ojit_integrator_time(it), reached);
	cr_expect_eq(ojit_integrator_interpolate(it, reached / 2, b), OJIT_OK);
	watched.refuse_from = 0;
	ojit_integrator_interpolate(smooth, reached / 2, a);
	cr_expect_arr_eq(a, b, sizeof a);
	cr_expect_eq(ojit_integrator_run_to(it, 1000, b), OJIT_OK);
	ojit_integrator_interpolate(smooth, 1000, a);
	cr_expect_lt(fabs(a[0] - b[0]), 1e-2);
	ojit_integrator_free(it);
	ojit_integrator_free(smooth);
	ojit_context_free(context);
	cr_expect_eq(watched.live_blocks, 0);
	cr_expect_eq(watched.wrong_sizes, 0);
}

Test(integrator_memory, a_kernel_that_does_not_compile_is_kept_as_the_failure)
{
	ojit_context *context = ojit_context_new(NULL);
	struct support_system hand;
	make(&hand, context);
	hand.refused = KERNEL_RHS + 1;
	ojit_integrator *it = oj_integrator_new(&hand.system), *copy = ojit_integrator_copy(it);
	cr_assert(it && copy);
	cr_expect_eq(ojit_integrator_error(it).status, OJIT_BACKEND);
	cr_expect_eq(ojit_integrator_begin(it, NULL, 0, 1, OJIT_RECORD_ALL), OJIT_BACKEND);
	cr_expect_eq(ojit_integrator_step(it, INFINITY), OJIT_BACKEND);
	cr_expect_eq(ojit_integrator_begin(copy, NULL, 0, 1, OJIT_RECORD_ALL), OJIT_BACKEND);
	ojit_integrator_free(it);
	ojit_integrator_free(copy);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}
