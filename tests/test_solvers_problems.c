/* Two problems with published end values, as C right-hand sides: the Arenstorf orbit
 * (HNW II.0, periodic) and PLEIADES (HNW II.10; Bari test set). */
#include "solvers/solver.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 28 };
static json_t *corpus;
static ojit_context *context;
static struct support_system hand;
static ojit_solver *solver;
static double start[MOST], ref[MOST], tend;

static void read_numbers(json_t *problem, const char *name, double *out)
{
	json_t *list = json_object_get(problem, name);
	for (size_t i = 0; i < json_array_size(list); i++)
		out[i] = json_number_value(json_array_get(list, i));
}

static void load(const char *name)
{
	char path[1024];
	const char *corpora = getenv("OJIT_CORPORA");
	snprintf(path, sizeof path, "%s/bari.json", corpora ? corpora : "../shared/corpora");
	corpus = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL);
	if (!corpus)
		cr_skip_test("%s is not there; set OJIT_CORPORA", path);
	json_t *problem = json_object_get(corpus, name);
	read_numbers(problem, "init", start);
	read_numbers(problem, "ref", ref);
	tend = json_number_value(json_object_get(problem, "tend"));
}

static void copy_start(const struct kernel_args *a)
{
	for (int64_t i = 0; i < hand.system.states; i++)
		a->out[i] = start[i];
}

static void arenstorf(const struct kernel_args *a)
{
	const double mu = 0.012277471, *y = a->y;
	double left = y[0] + mu, right = y[0] - (1 - mu);
	double d1 = pow(left * left + y[1] * y[1], 1.5), d2 = pow(right * right + y[1] * y[1], 1.5);
	a->out[0] = y[2];
	a->out[1] = y[3];
	a->out[2] = y[0] + 2 * y[3] - (1 - mu) * left / d1 - mu * right / d2;
	a->out[3] = y[1] - 2 * y[2] - (1 - mu) * y[1] / d1 - mu * y[1] / d2;
}

/* Seven stars of masses 1..7: positions x, y, velocities x, y. */
static void pleiades(const struct kernel_args *a)
{
	const double *x = a->y, *y = a->y + 7;
	for (int i = 0; i < 14; i++)
		a->out[i] = a->y[14 + i];
	for (int i = 0; i < 7; i++) {
		double fx = 0, fy = 0;
		for (int j = 0; j < 7; j++) {
			double dx = x[j] - x[i], dy = y[j] - y[i];
			if (j == i)
				continue;
			double r = pow(dx * dx + dy * dy, 1.5);
			fx += (j + 1) * dx / r;
			fy += (j + 1) * dy / r;
		}
		a->out[14 + i] = fx;
		a->out[21 + i] = fy;
	}
}

static void use(int64_t states, support_kernel rhs)
{
	ojit_solver_free(solver);
	support_system_init(&hand, context, states, rhs, copy_start);
	solver = oj_solver_new(&hand.system);
}

static void setup(void)
{
	context = ojit_context_new(NULL);
}

static void teardown(void)
{
	ojit_solver_free(solver);
	ojit_context_free(context);
	json_decref(corpus);
}

TestSuite(solvers_problems, .init = setup, .fini = teardown);

/* max |y - ref| / max(|ref|, 1e-3 max|ref|) */
static double error_of_end(int64_t n)
{
	const double *y = ojit_solver_last_states(solver);
	double largest = 0, most = 0;
	for (int64_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(ref[i]));
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(y[i] - ref[i]) / fmax(fabs(ref[i]), 1e-3 * largest));
	return most;
}

static double run(const char *method, double rtol, double atol, int64_t n)
{
	ojit_options o = ojit_options_default();
	o.method = method;
	o.rtol = rtol;
	o.atol = atol;
	cr_assert_eq(ojit_solver_run(solver, &o, 0, tend, ojit_output_final()), OJIT_OK);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	return error_of_end(n);
}

/* Small enough for the Arenstorf orbit, which multiplies it by 1e9. */
#define CHANGE 1e-11

/* How much a relative change of 1 of the start would change the end, to first
 * order, in the measure above: the sum over all starting values. */
static double sensitivity(int64_t n)
{
	double base[MOST], sum[MOST] = {0}, largest = 0, worst = 0;
	run("dop853", 1e-13, 1e-16, n);
	for (int64_t i = 0; i < n; i++) {
		base[i] = ojit_solver_last_states(solver)[i];
		largest = fmax(largest, fabs(ref[i]));
	}
	for (int64_t j = 0; j < n; j++) {
		double kept = start[j], size = fmax(fabs(kept), 1e-3), change = CHANGE * size;
		start[j] = kept + change;
		run("dop853", 1e-13, 1e-16, n);
		start[j] = kept;
		for (int64_t i = 0; i < n; i++)
			sum[i] += fabs(ojit_solver_last_states(solver)[i] - base[i]) / CHANGE;
	}
	for (int64_t i = 0; i < n; i++)
		worst = fmax(worst, sum[i] / fmax(fabs(ref[i]), 1e-3 * largest));
	return worst;
}

Test(solvers_problems, the_arenstorf_orbit_closes)
{
	load("arenstorf");
	use(4, arenstorf);
	double kappa = sensitivity(4), error = run("dop853", 1e-13, 1e-16, 4);
	cr_expect_lt(error, kappa * 1e-13, "%g with sensitivity %g", error, kappa);
}

Test(solvers_problems, pleiades_ends_where_it_was_published)
{
	load("pleiades");
	use(28, pleiades);
	double kappa = sensitivity(28), error = run("dop853", 1e-10, 5e-13, 28);
	cr_expect_lt(error, kappa * 1e-10, "%g with sensitivity %g", error, kappa);
	cr_expect_lt(run("dop853", 1e-13, 1e-16, 28), 1e-10);
}

/* Error proportional to tolerance, for every method that takes steps of order 5 or more. */
Test(solvers_problems, the_error_of_pleiades_follows_the_tolerance)
{
	static const struct {
		const char *method;
		double loose, tight;
	} cases[] = {{"dopri5", 1e-7, 1e-11}, {"tsit5", 1e-7, 1e-11}, {"dop853", 1e-8, 1e-12}};
	load("pleiades");
	use(28, pleiades);
	for (size_t i = 0; i < 3; i++) {
		double wide = run(cases[i].method, cases[i].loose, cases[i].loose * 1e-2, 28);
		double narrow = run(cases[i].method, cases[i].tight, cases[i].tight * 1e-2, 28);
		double slope = log(wide / narrow) / log(cases[i].loose / cases[i].tight);
		cr_expect(slope > 0.7 && slope < 1.3, "%s: %g", cases[i].method, slope);
	}
}
