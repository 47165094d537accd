/* ROCK2 and ROCK4: their numbers against the theory, their steps against the equations
 * they are made for. */
#include "solvers/rock.h"
#include "solvers/solver.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef long double real;

/* ---- the numbers ---- */

static int finishing_of(const struct rock_degree *row)
{
	return row->method == ROCK2 ? 2 : 4;
}

static real mu(const struct rock_degree *row, int j)
{
	return row->recurrence.at[j == 1 ? 0 : 2 * j - 3];
}

static real kappa(const struct rock_degree *row, int j)
{
	return j == 1 ? 0 : row->recurrence.at[2 * j - 2];
}

/* The stability polynomial, straight from the scheme for y' = lambda y. */
static real stability(const struct rock_degree *row, real z)
{
	real older = 0, last = 1, k[4], y;
	for (int j = 1; j <= row->degree; j++) {
		real next = mu(row, j) * z * last + (1 + kappa(row, j)) * last - kappa(row, j) * older;
		older = last, last = next;
	}
	y = last;
	for (int i = 0, at = 0; i < finishing_of(row); i++) {
		real argument = last;
		for (int j = 0; j < i; j++)
			argument += row->a.at[at++] * k[j];
		k[i] = z * argument;
		y += row->b.at[i] * k[i];
	}
	return y;
}

Test(solvers_rock, every_degree_is_stable_as_far_as_it_says)
{
	const struct rock_degree *row, *before = NULL;
	for (size_t r = 0; (row = oj_rock_degree(r)); before = row, r++) {
		int stages = row->degree + finishing_of(row), points = 12 * stages;
		double share = row->reach / ((double)stages * stages);
		real most = 0;
		for (int i = 1; i <= points; i++)
			most = fmaxl(most, fabsl(stability(row, -(real)row->reach * i * i / points / points)));
		for (int i = 1; i <= points; i++)
			most = fmaxl(most, fabsl(stability(row, -(real)row->reach * i / points)));
		cr_expect_leq(most, 1, "%d of degree %d: %Lg", row->method, row->degree, most);
		cr_expect_gt(share, row->method == ROCK2 ? 0.68 : 0.24, "degree %d reaches %g", row->degree, row->reach);
		if (row->degree >= 20)
			cr_expect_gt(share, row->method == ROCK2 ? 0.79 : 0.347, "degree %d", row->degree);
		if (before && before->method == row->method)
			cr_expect(row->degree > before->degree && row->reach > before->reach, "degree %d", row->degree);
	}
}

/* What a map says at the eight rooted trees up to order 4: one node; two; the bush and
 * the path of three; bush, fork, root on a bush, path of four. */
enum { TREES = 8 };
struct series {
	real at[TREES];
};
static const int densities[TREES] = {1, 2, 3, 6, 4, 8, 12, 24}, orders[TREES] = {1, 2, 3, 3, 4, 4, 4, 4};

/* Of h f at a point with series a. */
static struct series derivative(const struct series *a)
{
	real t = a->at[0];
	return (struct series){{1, t, t * t, a->at[1], t * t * t, t * a->at[1], a->at[2], a->at[3]}};
}

static void add(struct series *to, real factor, const struct series *a)
{
	for (int i = 0; i < TREES; i++)
		to->at[i] += factor * a->at[i];
}

/* The series of the solution, and of the one that the estimate compares with. */
static void expand(const struct rock_degree *row, struct series *y, struct series *other)
{
	struct series older = {{0}}, last = {{0}}, k[5];
	for (int j = 1; j <= row->degree; j++) {
		struct series slope = derivative(&last), next = {{0}};
		add(&next, mu(row, j), &slope);
		add(&next, 1 + kappa(row, j), &last);
		add(&next, -kappa(row, j), &older);
		older = last, last = next;
	}
	*y = last;
	for (int i = 0, at = 0; i < finishing_of(row); i++) {
		struct series argument = last;
		for (int j = 0; j < i; j++)
			add(&argument, row->a.at[at++], &k[j]);
		k[i] = derivative(&argument);
		add(y, row->b.at[i], &k[i]);
	}
	k[finishing_of(row)] = derivative(y);
	*other = *y;
	for (int i = 0; i <= finishing_of(row); i++)
		add(other, -(real)row->e.at[i], &k[i]);
}

/* The largest distance from the order conditions of one order. */
static real defect(const struct series *y, int order)
{
	real most = 0;
	for (int i = 0; i < TREES; i++)
		if (orders[i] == order)
			most = fmaxl(most, fabsl(y->at[i] - (real)1 / densities[i]));
	return most;
}

Test(solvers_rock, every_degree_has_its_orders_and_no_more)
{
	const struct rock_degree *row;
	for (size_t r = 0; (row = oj_rock_degree(r)); r++) {
		struct series y, other;
		int order = row->method == ROCK2 ? 2 : 4, lower = order - 1;
		expand(row, &y, &other);
		for (int q = 1; q <= order; q++)
			cr_expect_lt(defect(&y, q), 1e-14L, "degree %d: order %d misses by %Lg", row->degree, q,
			             defect(&y, q));
		for (int q = 1; q <= lower; q++)
			cr_expect_lt(defect(&other, q), 1e-14L, "degree %d: comparison, order %d", row->degree, q);
		cr_expect_gt(defect(&other, order), 1e-8L, "degree %d: the comparison is too good", row->degree);
		if (order < 4)
			cr_expect_gt(defect(&y, order + 1), 1e-4L, "degree %d: the solution is too good", row->degree);
	}
}

/* ---- diffusion ---- */

enum { N = 100 };
static double diffusion = 0.05 * (N + 1) * (N + 1);
static double shape(int i) /* not 0 at the ends */
{
	double x = (double)i / (N + 1);
	return 1 + x * (1 - x) + x * x * x;
}

/* Heat with sources such that cos(t) shape(i) solves it. */
static void heat(const struct kernel_args *a)
{
	double c = cos(*a->t), s = sin(*a->t);
	for (int i = 1; i <= N; i++) {
		double left = i > 1 ? a->y[i - 2] : c * shape(0), right = i < N ? a->y[i] : c * shape(N + 1);
		double bend = c * (shape(i - 1) - 2 * shape(i) + shape(i + 1));
		a->out[i - 1] = diffusion * (left - 2 * a->y[i - 1] + right - bend) - s * shape(i);
	}
}

static void heat_exact(double t, double *y)
{
	for (int i = 1; i <= N; i++)
		y[i - 1] = cos(t) * shape(i);
}

static void heat_init(const struct kernel_args *a)
{
	heat_exact(*a->t, a->out);
}

static ojit_context *context;
static struct support_system hand;
static ojit_solver *solver;
static ojit_options options;

static void setup(void)
{
	context = ojit_context_new(NULL);
	options = ojit_options_default();
	support_system_init(&hand, context, N, heat, heat_init);
	solver = oj_solver_new(&hand.system);
}

static void teardown(void)
{
	ojit_solver_free(solver);
	ojit_context_free(context);
}

TestSuite(solvers_rock, .init = setup, .fini = teardown);

static ojit_stats run(const char *method, double tolerance, ojit_output output)
{
	options.method = method;
	options.rtol = options.atol = tolerance;
	cr_assert_eq(ojit_solver_run(solver, &options, 0, 2, output), OJIT_OK);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	return ojit_solver_stats(solver);
}

static double largest_error(void)
{
	double y[N], most = 0;
	for (size_t r = 0; r < ojit_solver_rows(solver); r++) {
		const double *row = ojit_solver_row(solver, r);
		heat_exact(row[0], y);
		for (int i = 0; i < N; i++)
			most = fmax(most, fabs(row[1 + i] - y[i]));
	}
	return most;
}

/* The Brusselator on a line, HNW II, IV.10, with u and v in turn. */
static void brusselator(const struct kernel_args *a)
{
	int points = N / 2;
	double stiffness = 0.02 * (2 * N + 1) * (2 * N + 1);
	for (int i = 0; i < points; i++) {
		const double *y = a->y + 2 * i;
		double u0 = i ? y[-2] : 1, v0 = i ? y[-1] : 3;
		double u1 = i + 1 < points ? y[2] : 1, v1 = i + 1 < points ? y[3] : 3;
		a->out[2 * i] = 1 + y[0] * y[0] * y[1] - 4 * y[0] + stiffness * (u0 - 2 * y[0] + u1);
		a->out[2 * i + 1] = 3 * y[0] - y[0] * y[0] * y[1] + stiffness * (v0 - 2 * y[1] + v1);
	}
}

static void brusselator_init(const struct kernel_args *a)
{
	for (int i = 0; i < N / 2; i++) {
		a->out[2 * i] = 1 + sin(2 * acos(-1.0) * (i + 1) / (N / 2 + 1));
		a->out[2 * i + 1] = 3;
	}
}

Test(solvers_rock, diffusion_takes_few_evaluations)
{
	static const char *const methods[] = {"rock2", "rock4"};
	double right[N];
	support_system_kernel(&hand, KERNEL_RHS, brusselator);
	support_system_kernel(&hand, KERNEL_INIT, brusselator_init);
	ojit_stats plain = run("dopri5", 1e-4, ojit_output_final());
	memcpy(right, ojit_solver_last_states(solver), sizeof right);
	for (int m = 0; m < 2; m++) {
		double most = 0;
		ojit_stats stats = run(methods[m], 1e-4, ojit_output_final());
		for (int i = 0; i < N; i++)
			most = fmax(most, fabs(ojit_solver_last_states(solver)[i] - right[i]));
		cr_expect_lt(15 * stats.rhs, plain.rhs, "%s: %d evaluations, dopri5 %d", methods[m],
		             (int)stats.rhs, (int)plain.rhs);
		cr_expect_lt(most, 1e-3, "%s: %g", methods[m], most);
	}
}

Test(solvers_rock, inside_stiff_steps_output_is_as_good_as_at_their_ends)
{
	static const char *const methods[] = {"rock2", "rock4"};
	for (int m = 0; m < 2; m++)
		for (int k = 3; k <= 6; k++) {
			run(methods[m], pow(10, -k), ojit_output_steps());
			double ends = largest_error();
			run(methods[m], pow(10, -k), ojit_output_points(501));
			cr_expect_lt(largest_error(), 2 * ends, "%s: %g inside, %g at the ends", methods[m],
			             largest_error(), ends);
		}
}

/* ---- the spectral radius ---- */

static double known_radius;
static void linear(const struct kernel_args *a)
{
	for (int i = 0; i < N; i++)
		a->out[i] = -known_radius * (i + 1) / N * a->y[i] + (i == 0) * *a->t;
}

static void ones(const struct kernel_args *a)
{
	for (int i = 0; i < N; i++)
		a->out[i] = 1;
}

/* The estimate after a start at y; tolerance NULL: of steps of given size. */
static double estimate_for(const struct rock *rock, support_kernel f, const double *y, const struct tolerance *tolerance)
{
	struct kernel kernel = {.run = f, .lanes = 1};
	struct rhs rhs = {.kernel = &kernel, .n = N};
	struct setup setup = {.row = rock, .n = N, .rtol = 1e-3};
	void *state = malloc(oj_stepper_rock.state_size(&setup));
	oj_stepper_rock.init(state, &setup);
	oj_stepper_rock.bind(state, &rhs, tolerance);
	cr_assert_eq(oj_stepper_rock.start(state, 0, y), ATTEMPT_OK);
	double radius = oj_rock_radius(state);
	cr_expect_leq(rhs.calls, 51);
	free(state);
	return radius;
}

static double estimate(const struct rock *rock, support_kernel f, const double *y)
{
	return estimate_for(rock, f, y, NULL);
}

/* At least nine tenths, and a fifth more for safety at most. */
static void expect_radius(double found, double right)
{
	cr_expect(found > 1.08 * right && found < 1.21 * right, "%g for %g", found, right);
}

Test(solvers_rock, the_spectral_radius_is_found)
{
	double y[N], zero[N] = {0};
	heat_exact(0, y);
	double widest = 4 * diffusion * pow(sin(acos(-1.0) * N / 2 / (N + 1)), 2);
	expect_radius(estimate(&oj_rock2, heat, y), widest);
	expect_radius(estimate(&oj_rock4, heat, y), widest);
	for (known_radius = 1e-3; known_radius < 1e9; known_radius *= 1000) {
		expect_radius(estimate(&oj_rock2, linear, y), known_radius);
		expect_radius(estimate(&oj_rock2, linear, zero), known_radius);
	}
	cr_expect_eq(estimate(&oj_rock4, ones, zero), 0);
}

/* One large state, and small ones that know how far they are away from 0. */
static void squares(const struct kernel_args *a)
{
	a->out[0] = -a->y[0];
	for (int i = 1; i < N; i++)
		a->out[i] = -1e4 * a->y[i] * a->y[i];
}

Test(solvers_rock, small_states_beside_large_ones_are_moved_by_little)
{
	double y[N] = {1e12}, atol[N];
	struct tolerance tolerance = {.atol = atol, .rtol = 1e-6};
	for (int i = 0; i < N; i++)
		atol[i] = 1e-12, y[i] = i ? 1e-3 : 1e12;
	expect_radius(estimate_for(&oj_rock2, squares, y, &tolerance), 20);
	expect_radius(estimate_for(&oj_rock4, squares, y, &tolerance), 20);
}

/* Slopes at the start say nothing of a fast state that is at rest there. */
static void resting(const struct kernel_args *a)
{
	for (int i = 0; i < N; i++)
		a->out[i] = i == N / 2 ? 1e5 * (1 - a->y[i]) : -a->y[i];
}

Test(solvers_rock, a_fast_state_at_rest_is_seen)
{
	double y[N], atol[N];
	struct tolerance tolerance = {.atol = atol, .rtol = 1e-6};
	for (int i = 0; i < N; i++)
		atol[i] = 1e-9, y[i] = 1;
	expect_radius(estimate_for(&oj_rock2, resting, y, &tolerance), 1e5);
	expect_radius(estimate(&oj_rock2, resting, y), 1e5);
}

/* The radius grows by ten thousand on the way: refreshed in time, nothing is unstable. */
static void stiffening(const struct kernel_args *a)
{
	double rate = exp(*a->t * log(1e4));
	for (int i = 0; i < N; i++)
		a->out[i] = -rate * (i + 1) / N * (a->y[i] - 1);
}

static void rising_init(const struct kernel_args *a)
{
	for (int i = 0; i < N; i++)
		a->out[i] = 1.0 * i / N;
}

Test(solvers_rock, a_radius_that_grows_is_followed)
{
	static const char *const methods[] = {"rock2", "rock4"};
	support_system_kernel(&hand, KERNEL_RHS, stiffening);
	support_system_kernel(&hand, KERNEL_INIT, rising_init);
	for (int m = 0; m < 2; m++) {
		ojit_stats stats = run(methods[m], 1e-5, ojit_output_final());
		for (int i = 0; i < N; i++) {
			double right = 1 - (1 - 1.0 * i / N) * exp(-(1e8 - 1) / log(1e4) * (i + 1) / N);
			cr_expect_float_eq(ojit_solver_last_states(solver)[i], right, 1e-3, "%s", methods[m]);
		}
		cr_expect_lt(stats.rejected, 0.2 * stats.steps, "%s: %d of %d", methods[m], (int)stats.rejected,
		             (int)stats.steps);
	}
}

Test(solvers_rock, equations_too_stiff_are_named_as_such)
{
	options.method = "rock2";
	options.rtol = options.atol = 1e-3;
	options.step_limit = 200;
	known_radius = 1e9;
	support_system_kernel(&hand, KERNEL_RHS, linear);
	cr_assert_eq(ojit_solver_run(solver, &options, 0, 10, ojit_output_final()), OJIT_OK);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_MAX_STEPS);
	cr_expect_not_null(strstr(ojit_solver_message(solver), "not stable with rock2"), "%s",
	                   ojit_solver_message(solver));
	cr_expect_not_null(strstr(ojit_solver_message(solver), "too stiff"), "%s", ojit_solver_message(solver));
}

Test(solvers_rock, equations_without_stiffness_are_solved_too)
{
	static const char *const methods[] = {"rock2", "rock4"};
	support_system_kernel(&hand, KERNEL_RHS, ones);
	for (int m = 0; m < 2; m++) {
		run(methods[m], 1e-8, ojit_output_points(11));
		cr_expect_float_eq(ojit_solver_last_states(solver)[0], cos(0) * shape(1) + 2, 1e-12);
	}
}
