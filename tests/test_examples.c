/* The models of examples/ against numbers that ojit did not make: published
 * solutions, quantities that stay, closed forms, and, for the rest, right-hand
 * sides written again in C under a Runge-Kutta method of fixed short steps. */
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- an example, solved ---- */

struct example {
	ojit_context *context;
	ojit_model *model;
	ojit_program *program;
	ojit_solver *solver;
	size_t states;
};

static void open_file(struct example *e, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/examples/%s.ojit", OJIT_SOURCE_DIR, name);
	e->context = ojit_context_new(NULL);
	e->model = ojit_model_new(e->context);
	ojit_model_read_file(e->model, path);
}

static void compile(struct example *e)
{
	ojit_program_compile(e->model, NULL, &e->program);
	cr_assert_not_null(e->program, "%s", ojit_model_error(e->model).text);
	e->solver = ojit_solver_new(e->program);
	cr_assert_eq(ojit_solver_error(e->solver).status, OJIT_OK, "%s", ojit_solver_error(e->solver).text);
	e->states = ojit_solver_count(e->solver, OJIT_STATES);
}

static struct example example(const char *name)
{
	struct example e = {0};
	open_file(&e, name);
	compile(&e);
	return e;
}

static struct example example_of_size(const char *name, double N)
{
	struct example e = {0};
	open_file(&e, name);
	ojit_model_set_const(e.model, "N", N);
	compile(&e);
	return e;
}

static void close_example(struct example *e)
{
	ojit_solver_free(e->solver);
	ojit_program_free(e->program);
	ojit_model_free(e->model);
	ojit_context_free(e->context);
}

static void set(struct example *e, ojit_vector vector, const char *name, double value)
{
	cr_assert_eq(ojit_solver_set(e->solver, vector, name, value), OJIT_OK, "%s",
	             ojit_solver_error(e->solver).text);
}

static void solve_with(struct example *e, const char *method, double rtol, double atol, double t0, double t1)
{
	ojit_options options = ojit_options_default();
	options.method = method;
	options.rtol = rtol;
	options.atol = atol;
	cr_assert_eq(ojit_solver_run(e->solver, &options, t0, t1, ojit_output_steps()), OJIT_OK, "%s",
	             ojit_solver_error(e->solver).text);
	cr_assert_eq(ojit_solver_stats(e->solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(e->solver));
}

static void solve(struct example *e, double t0, double t1)
{
	solve_with(e, "dop853", 1e-11, 1e-13, t0, t1);
}

static double state(struct example *e, const char *name)
{
	size_t first, count;
	cr_assert_eq(ojit_solver_find(e->solver, OJIT_STATES, name, &first, &count), OJIT_OK, "%s",
	             ojit_solver_error(e->solver).text);
	return ojit_solver_last_states(e->solver)[first];
}

/* The largest distance of an observable from its first value in any row. */
static double drift_of(struct example *e, size_t output)
{
	double drift = 0;
	for (size_t i = 0; i < ojit_solver_rows(e->solver); i++) {
		size_t column = 1 + e->states + output;
		double change = ojit_solver_row(e->solver, i)[column] - ojit_solver_row(e->solver, 0)[column];
		drift = fmax(drift, fabs(change));
	}
	return drift;
}

/* The span that the file names, beginning to end. */
static void solve_own_span(struct example *e)
{
	ojit_program_info info = ojit_program_describe(e->program);
	cr_assert(info.has_span);
	solve(e, info.span[0], info.span[1]);
}

/* ---- the other way to the same numbers ---- */

typedef void rhs(double t, const double *y, double *dy, const void *data);

/* The classical Runge-Kutta method, `steps` steps of one length; y[n] goes from t0 to t1. */
static void march(rhs *f, const void *data, size_t n, double t0, double t1, int steps, double *y)
{
	static const double nodes[] = {0, 0.5, 0.5, 1}, weights[] = {1, 2, 2, 1};
	double *stage = calloc(3 * n, sizeof *stage), *slope = stage + n, *sum = slope + n;
	double h = (t1 - t0) / steps;
	for (int k = 0; k < steps; k++) {
		double t = t0 + k * h;
		memset(sum, 0, n * sizeof *sum);
		for (int s = 0; s < 4; s++) {
			for (size_t i = 0; i < n; i++)
				stage[i] = y[i] + nodes[s] * h * slope[i] * (s > 0);
			f(t + nodes[s] * h, stage, slope, data);
			for (size_t i = 0; i < n; i++)
				sum[i] += weights[s] * slope[i];
		}
		for (size_t i = 0; i < n; i++)
			y[i] += h / 6 * sum[i];
	}
	free(stage);
}

/* A solution that has nothing of ojit in it, compared state by state.  The error of
 * the march itself is known by marching with half the steps as well. */
static void expect_marched(struct example *e, rhs *f, const void *data, const double *start, double t0,
                           double t1, int steps, double bound)
{
	size_t n = e->states;
	double *coarse = malloc(2 * n * sizeof *coarse), *fine = coarse + n;
	memcpy(coarse, start, n * sizeof *start);
	memcpy(fine, start, n * sizeof *start);
	march(f, data, n, t0, t1, steps / 2, coarse);
	march(f, data, n, t0, t1, steps, fine);
	const double *found = ojit_solver_last_states(e->solver);
	for (size_t i = 0; i < n; i++) {
		cr_assert_lt(fabs(fine[i] - coarse[i]), 15 * bound / 3, "the march itself is too coarse");
		cr_expect_lt(fabs(found[i] - fine[i]), bound * fmax(1, fabs(fine[i])), "%s is %.17g, marched %.17g",
		             ojit_solver_name(e->solver, OJIT_STATES, i), found[i], fine[i]);
	}
	free(coarse);
}

/* ---- Lorenz ---- */

static void lorenz(double t, const double *y, double *dy, const void *data)
{
	(void)t, (void)data;
	dy[0] = 10 * (y[1] - y[0]);
	dy[1] = y[0] * (28 - y[2]) - y[1];
	dy[2] = y[0] * y[1] - 8.0 / 3 * y[2];
}

Test(examples, lorenz_goes_where_c_goes)
{
	struct example e = example("lorenz");
	solve(&e, 0, 5);
	expect_marched(&e, lorenz, NULL, (double[]){1, 1, 1}, 0, 5, 100000, 1e-8);
	close_example(&e);
}

Test(examples, lorenz_ends_in_its_fixed_points_for_weak_heating)
{
	struct example e = example("lorenz");
	set(&e, OJIT_PARAMETERS, "rho", 10);
	solve(&e, 0, 60);
	double side = sqrt(8.0 / 3 * 9);
	cr_expect_float_eq(fabs(state(&e, "x")), side, 1e-8);
	cr_expect_float_eq(state(&e, "y"), state(&e, "x"), 1e-8);
	cr_expect_float_eq(state(&e, "z"), 9, 1e-8);
	set(&e, OJIT_PARAMETERS, "rho", 0.5);
	solve(&e, 0, 60);
	cr_expect_float_eq(state(&e, "x"), 0, 1e-8);
	close_example(&e);
}

/* ---- Lotka and Volterra ---- */

Test(examples, lotka_volterra_keeps_its_invariant)
{
	struct example e = example("lotka_volterra");
	solve_own_span(&e);
	double prey = state(&e, "prey"), predators = state(&e, "predators");
	double V = prey - 3 * log(prey) + predators - 1.5 * log(predators);
	cr_expect_float_eq(V, 10 - 3 * log(10) + 5 - 1.5 * log(5), 1e-9);
	cr_expect_lt(drift_of(&e, 0), 1e-9);
	cr_expect_float_eq(ojit_solver_last_outputs(e.solver)[0], V, 1e-12);
	close_example(&e);
}

Test(examples, lotka_volterra_rests_at_its_equilibrium)
{
	struct example e = example("lotka_volterra");
	set(&e, OJIT_STATES, "prey", 3);
	set(&e, OJIT_STATES, "predators", 1.5);
	solve_own_span(&e);
	cr_expect_float_eq(state(&e, "prey"), 3, 1e-12);
	cr_expect_float_eq(state(&e, "predators"), 1.5, 1e-12);
	close_example(&e);
}

/* ---- the double well ---- */

Test(examples, the_double_well_has_the_gradient_and_Hessian_of_its_closed_form)
{
	struct example e = example("double_well");
	ojit_evaluator *evaluator = ojit_evaluator_new(e.program);
	const ojit_scalar V = {.of = OJIT_OBSERVABLES, .element = 0};
	ojit_pattern p;
	cr_assert_eq(ojit_evaluator_hessian_pattern(evaluator, &V, OJIT_BY_STATES, OJIT_BY_STATES, &p), OJIT_OK);
	cr_assert_eq(p.entries, 1, "the speed is in no second derivative");
	for (double x = -2; x <= 2; x += 0.125) {
		double y[2] = {x, 3}, gradient[2], curvature, seed[2] = {0.5, 7}, product[2];
		ojit_evaluator_gradient(evaluator, &V, OJIT_BY_STATES, 0, y, gradient);
		ojit_evaluator_hessian(evaluator, &V, OJIT_BY_STATES, OJIT_BY_STATES, 0, y, &curvature);
		ojit_evaluator_hessian_product(evaluator, &V, OJIT_BY_STATES, 1, 0, y, seed, product);
		cr_expect_eq(gradient[0], 4 * x * x * x - 4 * x, "V' at %g: %.17g", x, gradient[0]);
		cr_expect_eq(gradient[1], 0);
		cr_expect_eq(curvature, 12 * x * x - 4, "V'' at %g: %.17g", x, curvature);
		cr_expect_eq(product[0], 0.5 * (12 * x * x - 4));
		cr_expect_eq(product[1], 0);
	}
	ojit_evaluator_free(evaluator);
	close_example(&e);
}

Test(examples, the_double_well_catches_its_ball)
{
	struct example e = example("double_well");
	solve_own_span(&e);
	cr_expect_float_eq(fabs(state(&e, "x")), 1, 1e-3);
	cr_expect_float_eq(ojit_solver_last_outputs(e.solver)[1], -1, 1e-6);
	close_example(&e);
}

/* ---- Kuramoto ---- */

/* Through the mean field: sum_j sin(b - a) = S cos(a) - C sin(a). */
static void kuramoto(double t, const double *y, double *dy, const void *data)
{
	int N = *(const int *)data;
	double C = 0, S = 0;
	(void)t;
	for (int i = 0; i < N; i++)
		C += cos(y[i]), S += sin(y[i]);
	for (int i = 0; i < N; i++)
		dy[i] = 0.1 + 0.03 * sin(i + 1) + 0.5 / N * (S * cos(y[i]) - C * sin(y[i]));
}

static void check_kuramoto(int N, double t1, int steps)
{
	struct example e = example_of_size("kuramoto", N);
	double *start = malloc((size_t)N * sizeof *start);
	cr_assert_eq(e.states, (size_t)N);
	for (int i = 1; i <= N; i++)
		start[i - 1] = M_PI * fmod(0.618034 * i, 1);
	solve_with(&e, "tsit5", 1e-9, 1e-11, 0, t1);
	expect_marched(&e, kuramoto, &N, start, 0, t1, steps, 1e-6);
	free(start);
	close_example(&e);
}

Test(examples, kuramoto_of_10_150_and_1000_goes_where_its_mean_field_goes)
{
	check_kuramoto(10, 20, 400);
	check_kuramoto(150, 20, 400);
	check_kuramoto(1000, 10, 200);
}

/* In step, oscillator i stays behind the mean phase by asin((w_i - W)/(K R)), which
 * R must agree with: R = mean(sqrt(1 - ((w_i - W)/(K R))^2)). */
static double locked_order(int N)
{
	double W = 0, R = 1;
	for (int i = 1; i <= N; i++)
		W += (0.1 + 0.03 * sin(i)) / N;
	for (int k = 0; k < 200; k++) {
		double sum = 0;
		for (int i = 1; i <= N; i++)
			sum += sqrt(1 - pow((0.1 + 0.03 * sin(i) - W) / (0.5 * R), 2));
		R = sum / N;
	}
	return R;
}

Test(examples, kuramoto_falls_into_step)
{
	static const int sizes[] = {10, 150};
	for (int k = 0; k < 2; k++) {
		struct example e = example_of_size("kuramoto", sizes[k]);
		solve_own_span(&e);
		double R = ojit_solver_last_outputs(e.solver)[0];
		cr_expect_float_eq(R, locked_order(sizes[k]), 1e-8, "%d: %.17g", sizes[k], R);
		cr_expect_lt(ojit_solver_row(e.solver, 0)[1 + e.states], 0.95 * R, "they did not start in step");
		close_example(&e);
	}
}

/* ---- gravity ---- */

Test(examples, the_ring_turns_as_a_rigid_body)
{
	struct example e = example("nbody_ring");
	double omega2 = 0;
	for (int k = 1; k < 6; k++)
		omega2 += 0.25 / sin(M_PI * k / 6);
	double period = 2 * M_PI / sqrt(omega2);
	solve_with(&e, "dop853", 1e-13, 1e-14, 0, period);
	const double *y = ojit_solver_last_states(e.solver);
	const double *start = ojit_solver_row(e.solver, 0) + 1;
	for (size_t i = 0; i < e.states; i++)
		cr_expect_float_eq(y[i], start[i], 1e-8, "%s", ojit_solver_name(e.solver, OJIT_STATES, i));
	cr_expect_float_eq(state(&e, "x[6]"), 1, 1e-8);
	solve_with(&e, "dop853", 1e-13, 1e-14, 0, period / 6);
	cr_expect_float_eq(state(&e, "x[5]"), 1, 1e-8, "a sixth of a turn brings the next one");
	close_example(&e);
}

Test(examples, the_ring_keeps_energy_and_momentum_when_disturbed)
{
	struct example e = example("nbody_ring");
	set(&e, OJIT_STATES, "x[1]", 0.6);
	set(&e, OJIT_STATES, "y[2]'", 0.1);
	solve_own_span(&e);
	cr_expect_lt(drift_of(&e, 0), 1e-8);
	cr_expect_lt(drift_of(&e, 1), 1e-8);
	close_example(&e);
}

/* A problem of the Bari test set; NULL where the corpora are not there. */
static json_t *bari(const char *name)
{
	char path[1024];
	const char *corpora = getenv("OJIT_CORPORA");
	snprintf(path, sizeof path, "%s/bari.json", corpora ? corpora : OJIT_SOURCE_DIR "/../shared/corpora");
	json_error_t error;
	json_t *all = json_load_file(path, 0, &error);
	if (!all)
		cr_skip_test("the published solutions are not there: %s", path);
	json_t *problem = json_object_get(all, name);
	json_incref(problem);
	json_decref(all);
	cr_assert_not_null(problem);
	return problem;
}

/* max_i |y_i - ref_i| / max(|ref_i|, 1e-3 max|ref|), the states named by a pattern. */
static double error_against(struct example *e, json_t *problem, const char *const *patterns, int each)
{
	json_t *ref = json_object_get(problem, "ref");
	double largest = 0, error = 0;
	size_t count = json_array_size(ref);
	cr_assert_eq(count, e->states);
	for (size_t i = 0; i < count; i++)
		largest = fmax(largest, fabs(json_number_value(json_array_get(ref, i))));
	for (size_t i = 0; i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, patterns[i / (size_t)each], (int)(i % (size_t)each) + 1);
		double expected = json_number_value(json_array_get(ref, i));
		error = fmax(error, fabs(state(e, name) - expected) / fmax(fabs(expected), 1e-3 * largest));
	}
	return error;
}

Test(examples, pleiades_ends_where_it_was_published_to_end)
{
	static const char *const names[] = {"x[%d]", "y[%d]", "x[%d]'", "y[%d]'"};
	json_t *problem = bari("pleiades");
	struct example e = example("pleiades");
	solve_with(&e, "dop853", 1e-12, 1e-14, 0, 3);
	double error = error_against(&e, problem, names, 7);
	cr_expect_lt(error, 1e-8, "%g", error);
	json_decref(problem);
	close_example(&e);
}

Test(examples, the_arenstorf_orbit_closes)
{
	static const char *const names[] = {"x", "y", "x'", "y'"};
	json_t *problem = bari("arenstorf");
	struct example e = example("arenstorf");
	ojit_program_info info = ojit_program_describe(e.program);
	cr_expect_eq(info.span[1], json_number_value(json_object_get(problem, "tend")));
	solve_with(&e, "dop853", 1e-13, 1e-15, info.span[0], info.span[1]);
	double error = error_against(&e, problem, names, 1);
	cr_expect_lt(error, 1e-6, "%g", error);
	json_decref(problem);
	close_example(&e);
}

/* ---- fields ---- */

enum { CELLS = 40 };

static void brusselator(double t, const double *y, double *dy, const void *data)
{
	const double *u = y, *v = y + CELLS, D = (CELLS + 1.0) * (CELLS + 1) / 50;
	(void)t, (void)data;
	for (int i = 0; i < CELLS; i++) {
		double ul = i ? u[i - 1] : 1, ur = i < CELLS - 1 ? u[i + 1] : 1;
		double vl = i ? v[i - 1] : 3, vr = i < CELLS - 1 ? v[i + 1] : 3;
		dy[i] = 1 + u[i] * u[i] * v[i] - 4 * u[i] + D * (ul - 2 * u[i] + ur);
		dy[CELLS + i] = 3 * u[i] - u[i] * u[i] * v[i] + D * (vl - 2 * v[i] + vr);
	}
}

Test(examples, the_brusselator_in_a_tube_goes_where_c_goes)
{
	struct example e = example("brusselator1d");
	double start[2 * CELLS];
	cr_assert_eq(e.states, 2 * CELLS);
	for (int i = 0; i < CELLS; i++) {
		start[i] = 1 + sin(2 * M_PI * (i + 1) / (CELLS + 1));
		start[CELLS + i] = 3;
	}
	solve(&e, 0, 10);
	expect_marched(&e, brusselator, NULL, start, 0, 10, 20000, 1e-8);
	close_example(&e);
}

/* The end that the IVP test set of Bari publishes. */
Test(examples, robertson_ends_where_it_was_published_to_end)
{
	static const double published[] = {0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050};
	struct example e = example("robertson");
	solve_with(&e, "auto", 1e-9, 1e-22, 0, 1e11);
	for (int k = 0; k < 3; k++)
		cr_expect_float_eq(ojit_solver_last_states(e.solver)[k] / published[k], 1, 1e-7);
	cr_expect_float_eq(ojit_solver_last_outputs(e.solver)[0], 1, 1e-12);
	close_example(&e);
}

enum { SIDE = 21 };

static void square(double t, const double *y, double *dy, const void *data)
{
	const double D = 2e-3 * (SIDE - 1) * (SIDE - 1);
	(void)t, (void)data;
	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			int up = i ? i - 1 : 1, down = i < SIDE - 1 ? i + 1 : SIDE - 2;
			int left = j ? j - 1 : 1, right = j < SIDE - 1 ? j + 1 : SIDE - 2, here = i * SIDE + j;
			double flow[2], value[2];
			for (int k = 0; k < 2; k++) {
				const double *w = y + k * SIDE * SIDE;
				value[k] = w[here];
				flow[k] = D * (w[up * SIDE + j] + w[down * SIDE + j] + w[i * SIDE + left] +
				               w[i * SIDE + right] - 4 * w[here]);
			}
			dy[here] = 1 + value[0] * value[0] * value[1] - 4.4 * value[0] + flow[0];
			dy[SIDE * SIDE + here] = 3.4 * value[0] - value[0] * value[0] * value[1] + flow[1];
		}
}

Test(examples, the_brusselator_on_a_square_goes_where_c_goes)
{
	struct example e = example("brusselator2d");
	double start[2 * SIDE * SIDE];
	cr_assert_eq(e.states, 2 * SIDE * SIDE);
	for (int i = 0; i < SIDE; i++)
		for (int j = 0; j < SIDE; j++) {
			start[i * SIDE + j] = 0.5 + (double)j / (SIDE - 1);
			start[SIDE * SIDE + i * SIDE + j] = 1 + 5.0 * i / (SIDE - 1);
		}
	solve(&e, 0, 7.5);
	expect_marched(&e, square, NULL, start, 0, 7.5, 15000, 1e-8);
	close_example(&e);
}

/* The largest distance of Burgers' front from Cole's solution at the end. */
static double front_error(int N)
{
	struct example e = example_of_size("burgers", N);
	double error = 0;
	solve_own_span(&e);
	for (int i = 1; i <= N; i++) {
		double exact = 0.5 - 0.4 * tanh(0.4 * (i / (N + 1.0) - 0.25 - 0.5) / 0.04);
		error = fmax(error, fabs(ojit_solver_last_states(e.solver)[i - 1] - exact));
	}
	close_example(&e);
	return error;
}

Test(examples, the_front_of_burgers_meets_the_exact_one_to_second_order)
{
	double coarse = front_error(99), fine = front_error(199);
	cr_expect_lt(fine, 1e-3, "%g", fine);
	cr_expect_float_eq(log2(coarse / fine), 2, 0.1, "%g", log2(coarse / fine));
}

/* Central differences carry sin(k i) at speed c sin(k)/k, exactly. */
Test(examples, advection_carries_its_wave_at_the_speed_of_central_differences)
{
	struct example e = example("advection");
	solve_own_span(&e);
	const double k = 2 * M_PI / 64, shift = 64 * sin(k);
	for (int i = 1; i <= 64; i++)
		cr_expect_float_eq(ojit_solver_last_states(e.solver)[i - 1], sin(k * i - shift), 1e-9, "%d", i);
	cr_expect_lt(drift_of(&e, 0), 1e-12, "nothing is lost on a circle");
	close_example(&e);
}

/* ---- a neural network ---- */

struct weights {
	double W1[16][3], b1[16], W2[16][16], b2[16], W3[3][16];
};

static void network(double t, const double *x, double *dx, const void *data)
{
	const struct weights *w = data;
	double h1[16], h2[16];
	(void)t;
	for (int k = 0; k < 16; k++) {
		double sum = w->b1[k];
		for (int j = 0; j < 3; j++)
			sum += w->W1[k][j] * x[j];
		h1[k] = tanh(sum);
	}
	for (int k = 0; k < 16; k++) {
		double sum = w->b2[k];
		for (int j = 0; j < 16; j++)
			sum += w->W2[k][j] * h1[j];
		h2[k] = tanh(sum);
	}
	for (int k = 0; k < 3; k++) {
		dx[k] = -x[k];
		for (int j = 0; j < 16; j++)
			dx[k] += w->W3[k][j] * h2[j];
	}
}

static FILE *open_beside(const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/examples/%s", OJIT_SOURCE_DIR, name);
	FILE *file = fopen(path, "rb");
	cr_assert_not_null(file, "%s", path);
	return file;
}

/* The weights of the two files, read here. */
static void read_weights(struct weights *w)
{
	FILE *csv = open_beside("neural_w1.csv"), *npy = open_beside("neural_b1.npy");
	cr_assert_eq(fscanf(csv, "%*[^\n]"), 0);
	for (int k = 0; k < 16; k++)
		cr_assert_eq(fscanf(csv, "%lf,%lf,%lf", &w->W1[k][0], &w->W1[k][1], &w->W1[k][2]), 3);
	cr_assert_eq(fseek(npy, -(long)sizeof w->b1, SEEK_END), 0);
	cr_assert_eq(fread(w->b1, sizeof w->b1, 1, npy), 1);
	fclose(csv);
	fclose(npy);
}

/* Those that are drawn, from the solver's parameters. */
static void take_weights(struct example *e, const char *name, double *values, size_t room)
{
	size_t first, count;
	cr_assert_eq(ojit_solver_find(e->solver, OJIT_PARAMETERS, name, &first, &count), OJIT_OK);
	cr_assert_eq(count, room, "%s", name);
	memcpy(values, ojit_solver_parameters(e->solver) + first, room * sizeof *values);
}

/* Mean near 0 and mean square near `square`, as draws of that variance have. */
static void expect_drawn(const double *values, int count, double square, const char *name)
{
	double mean = 0, squares = 0;
	for (int i = 0; i < count; i++)
		mean += values[i] / count, squares += values[i] * values[i] / count;
	cr_expect_lt(fabs(mean), 4 * sqrt(square / count), "%s: %g", name, mean);
	cr_expect_lt(fabs(squares / square - 1), 4 * sqrt(2.0 / count), "%s: %g", name, squares);
}

Test(examples, the_network_goes_where_c_goes)
{
	struct example e = example("neural");
	struct weights w;
	read_weights(&w);
	take_weights(&e, "W2", &w.W2[0][0], 256);
	take_weights(&e, "b2", w.b2, 16);
	take_weights(&e, "W3", &w.W3[0][0], 48);
	expect_drawn(&w.W2[0][0], 256, 1.0 / 16, "W2");
	expect_drawn(&w.W3[0][0], 48, 1.0 / 16, "W3");
	solve_own_span(&e);
	expect_marched(&e, network, &w, (double[]){1, 1.0 / 2, 1.0 / 3}, 0, 5, 5000, 1e-9);
	close_example(&e);
}
