/* Every method as it runs, in doubles: how errors of steps, estimates and interpolants
 * shrink with h, and errors of whole runs with the tolerance.  That nothing is of higher
 * order than its row says, the order conditions show (test_solvers_tableaus.c). */
#include "solvers/method.h"
#include "solvers/solver.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

/* Entire, time-dependent, nonlinear, solved by exp(sin t), exp(sin t) cos t, cos t, sin t. */
enum { N = 4 };
static void rhs(const struct kernel_args *a)
{
	double t = *a->t, r = a->y[2] * a->y[2] + a->y[3] * a->y[3];
	a->out[0] = a->y[0] * cos(t);
	a->out[1] = a->y[0] * (a->y[2] * cos(t) - a->y[3]);
	a->out[2] = -a->y[3] * r;
	a->out[3] = a->y[2] * r;
}

static void exact(double t, double *y)
{
	y[0] = exp(sin(t));
	y[1] = y[0] * cos(t);
	y[2] = cos(t);
	y[3] = sin(t);
}

static void init(const struct kernel_args *a)
{
	exact(*a->t, a->out);
}

static double distance(const double *y, double t)
{
	double e[N], most = 0;
	exact(t, e);
	for (int i = 0; i < N; i++)
		most = fmax(most, fabs(y[i] - e[i]));
	return most;
}

static ojit_context *context;
static struct support_system hand;
static ojit_solver *solver;

static void setup(void)
{
	context = ojit_context_new(NULL);
	support_system_init(&hand, context, N, rhs, init);
	solver = oj_solver_new(&hand.system);
}

static void teardown(void)
{
	ojit_solver_free(solver);
	ojit_context_free(context);
}

TestSuite(solvers_order, .init = setup, .fini = teardown);

static double error_of_fixed(const char *method, double h)
{
	ojit_options o = ojit_options_default();
	o.method = method;
	o.fixed_step = h;
	cr_assert_eq(ojit_solver_run(solver, &o, 0.25, 2.25, ojit_output_final()), OJIT_OK);
	return distance(ojit_solver_last_states(solver), 2.25);
}

/* At which errors are small and still above rounding; those of few stages for their
 * order have small ones. */
static double length_for(int order, int stages)
{
	if (order >= 9 && stages < order)
		return 1;
	return order >= 6 ? 1.0 / 4 : 1.0 / 32;
}

Test(solvers_order, fixed_steps_converge_with_the_order)
{
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		ojit_method m = ojit_method_info(r);
		if (m.order > 12) /* from one halving to the next errors go to rounding; see test_radau.c */
			continue;
		double h = length_for(m.order, m.stages);
		double slope = log2(error_of_fixed(m.name, h) / error_of_fixed(m.name, h / 2));
		cr_expect_gt(slope, m.order - 0.35, "%s: %g", m.name, slope);
	}
}

/* One step of length h from the exact solution at t = 0.25: the estimate, and the
 * largest error inside. */
static void single_step(const struct method *method, double h, double *estimate, double *inside)
{
	/* Iterations of implicit methods stop by the tolerance. */
	const double small = method->stepper->shifts ? 1e-10 : 0, t0 = 0.25;
	const double atol[N] = {small + !small, small + !small, small + !small, small + !small};
	struct tolerance tolerance = {.atol = atol, .rtol = small};
	struct rhs f = {.kernel = &hand.kernels[KERNEL_RHS], .n = N};
	struct implicit implicit = {0};
	const struct stepper *stepper = method->stepper;
	struct setup setup = {.row = method->row, .n = N, .rtol = 1e-6};
	if (stepper->shifts) {
		struct implicit_request request = {LINEAR_AUTO, stepper->shifts(&setup), stepper->by_time};
		cr_assert_eq(oj_implicit_make(&implicit, &hand.system, &request, &f.args, NULL), OJIT_OK);
		f.implicit = &implicit;
	}
	void *state = malloc(stepper->state_size(&setup));
	double y[N];
	exact(t0, y);
	stepper->init(state, &setup);
	stepper->bind(state, &f, &tolerance);
	cr_assert_eq(stepper->start(state, t0, y), ATTEMPT_OK);
	struct step step = {.t0 = t0, .t1 = t0 + h, .h = h};
	cr_assert_eq(stepper->attempt(state, &step), ATTEMPT_OK);
	cr_assert_eq(stepper->complete(state, &step), ATTEMPT_OK);
	*estimate = sqrt(step.squared);
	*inside = 0;
	for (int i = 1; i < 32; i++) {
		double t = t0 + h * i / 32;
		stepper->interpolate(state, &step, t, y);
		*inside = fmax(*inside, distance(y, t));
	}
	oj_implicit_drop(&implicit, context);
	free(state);
}

/* Methods whose steps need nothing but the right-hand side. */
static bool next_method(size_t *i, struct method *method)
{
	while (*i < oj_method_count()) {
		*method = oj_method_at((*i)++);
		if (!method->stepper->needs_variant && !method->stepper->control) /* nor what goes by the rows of others */
			return true;
	}
	return false;
}

Test(solvers_order, interpolants_are_of_their_order_inside_a_step)
{
	struct method m;
	for (size_t i = 0; next_method(&i, &m);) {
		double e, wide, narrow, h = m.info.order > 12 ? 1 : m.info.order >= 8 ? 3.0 / 8 : m.info.order >= 6 ? 1.0 / 4 : 1.0 / 16;
		h = m.info.order == 0 ? 1.0 / 64 : h; /* bdf, whose first step is of order 1 */
		single_step(&m, h, &e, &wide);
		single_step(&m, h / 2, &e, &narrow);
		double slope = log2(wide / narrow);
		cr_expect_gt(slope, m.info.dense_order + 1 - 0.35, "%s: %g", m.info.name, slope);
	}
}

Test(solvers_order, estimates_shrink_with_the_power_that_the_controller_assumes)
{
	struct method m;
	for (size_t i = 0; next_method(&i, &m);) {
		double wide, narrow, inside, h = m.info.order >= 6 ? 3.0 / 16 : 1.0 / 64;
		single_step(&m, h, &wide, &inside);
		single_step(&m, h / 2, &narrow, &inside);
		double slope = log2(wide / narrow);
		cr_expect_gt(slope, m.control.error_order - 0.35, "%s: %g", m.info.name, slope);
	}
}

static double error_of_run(const char *method, double rtol)
{
	ojit_options o = ojit_options_default();
	o.method = method;
	o.rtol = o.atol = rtol;
	cr_assert_eq(ojit_solver_run(solver, &o, 0.25, 6.25, ojit_output_final()), OJIT_OK);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
	return distance(ojit_solver_last_states(solver), 6.25);
}

/* Where the solution that is carried on is of the estimate's order at least (all
 * but euler, which has no local extrapolation). */
Test(solvers_order, errors_follow_the_tolerance)
{
	struct method m;
	for (size_t i = 0; next_method(&i, &m);) {
		int order = m.info.order;
		if (order < m.control.error_order)
			continue;
		double loose = order >= 8 ? 1e-7 : order > 2 ? 1e-5 : 1e-4;
		double tight = order >= 8 ? 1e-11 : order > 2 ? 1e-10 : 1e-8;
		double slope = log(error_of_run(m.info.name, loose) / error_of_run(m.info.name, tight))
		               / log(loose / tight);
		cr_expect(slope > 0.7 && slope < 1.3, "%s: %g", m.info.name, slope);
		cr_expect_lt(error_of_run(m.info.name, tight), 300 * tight, "%s", m.info.name);
	}
}

Test(solvers_order, output_inside_steps_is_as_good_as_the_steps)
{
	struct method m;
	for (size_t r = 0; next_method(&r, &m);) {
		ojit_options o = ojit_options_default();
		o.method = m.info.name;
		o.rtol = o.atol = m.info.order >= 8 ? 1e-11 : m.info.order > 2 ? 1e-8 : 1e-5;
		cr_assert_eq(ojit_solver_run(solver, &o, 0.25, 6.25, ojit_output_steps()), OJIT_OK);
		double at_steps = 0, inside = 0;
		for (size_t i = 0; i < ojit_solver_rows(solver); i++)
			at_steps = fmax(at_steps, distance(ojit_solver_row(solver, i) + 1,
			                                   ojit_solver_row(solver, i)[0]));
		cr_assert_eq(ojit_solver_run(solver, &o, 0.25, 6.25, ojit_output_points(1001)), OJIT_OK);
		for (size_t i = 0; i < ojit_solver_rows(solver); i++)
			inside = fmax(inside, distance(ojit_solver_row(solver, i) + 1,
			                               ojit_solver_row(solver, i)[0]));
		cr_expect_lt(inside, 10 * at_steps, "%s: %g inside, %g at the ends", m.info.name, inside,
		             at_steps);
	}
}

/* The largest error over the rows of a run with steps of given size. */
static double error_over(const char *method, double h, ojit_output output)
{
	ojit_options o = ojit_options_default();
	double most = 0;
	o.method = method;
	o.fixed_step = h;
	cr_assert_eq(ojit_solver_run(solver, &o, 0.25, 6.25, output), OJIT_OK);
	cr_expect_eq(ojit_solver_stats(solver).steps, 6 / h);
	for (size_t i = 0; i < ojit_solver_rows(solver); i++)
		most = fmax(most, distance(ojit_solver_row(solver, i) + 1, ojit_solver_row(solver, i)[0]));
	return most;
}

Test(solvers_order, steps_of_given_size_are_as_good_inside)
{
	for (size_t r = 0; r < ojit_method_count(); r++) {
		if (support_system_lacks(ojit_method_info(r).name))
			continue;
		ojit_method m = ojit_method_info(r);
		if (m.dense_order + 1 < m.order) /* the row says so */
			continue;
		double h = m.order >= 6 ? 1.0 / 4 : 1.0 / 32;
		double at_steps = error_over(m.name, h, ojit_output_steps());
		double inside = error_over(m.name, h, ojit_output_points(997));
		cr_expect_lt(inside, 20 * at_steps, "%s: %g inside, %g at the ends", m.name, inside, at_steps);
	}
}

Test(solvers_order, steps_of_given_size_leave_out_what_only_the_estimate_reads)
{
	static const struct {
		const char *method;
		int evaluations; /* a step */
	} cases[] = {{"dopri5", 6}, {"vern6", 8}, {"vern7", 9}, {"vern8", 12}, {"vern9", 15}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		error_over(cases[i].method, 1.0 / 4, ojit_output_final());
		cr_expect_eq(ojit_solver_stats(solver).rhs, (uint64_t)cases[i].evaluations * 24, "%s: %d",
		             cases[i].method, (int)ojit_solver_stats(solver).rhs);
	}
}
