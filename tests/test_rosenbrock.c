/* Rosenbrock methods: their numbers against the conditions they have to satisfy, and what
 * stiff equations ask of them.  Slopes of whole steps are measured with all other methods'
 * (test_solvers_order.c). */
#include "solvers/rosenbrock.h"
#include "tests/support_trees.h"

#include <ojit/ojit.h>

#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* ---- the numbers ---- */

/* In the terms of the theory: alpha, Gamma and beta = alpha + Gamma, where
 * Gamma^-1 = 1/gamma - c and alpha = a Gamma. */
struct theory {
	int s;
	support_real gamma[TABLEAU_STAGES][TABLEAU_STAGES];
	struct support_stages stages;
};

static support_real below(const struct numbers *triangle, int i, int j)
{
	return j < i ? triangle->at[i * (i - 1) / 2 + j] : 0;
}

static struct theory theory_of(const struct rosenbrock *row)
{
	struct theory m = {.s = row->stages, .stages = {.count = row->stages}};
	for (int j = 0; j < m.s; j++)
		for (int i = j; i < m.s; i++) {
			support_real sum = i == j;
			for (int k = j; k < i; k++)
				sum += below(&row->c, i, k) * m.gamma[k][j];
			m.gamma[i][j] = sum * row->gamma;
		}
	for (int i = 0; i < m.s; i++)
		for (int j = 0; j <= i; j++) {
			for (int k = j; k < i; k++)
				m.stages.a[i][j] += below(&row->a, i, k) * m.gamma[k][j];
			m.stages.single[i][j] = m.stages.a[i][j] + m.gamma[i][j];
		}
	return m;
}

/* Weights of the u as weights of the slopes. */
static void slope_weights(const struct theory *m, const support_real *of_u, support_real *w)
{
	for (int j = 0; j < m->s; j++) {
		w[j] = 0;
		for (int i = j; i < m->s; i++)
			w[j] += of_u[i] * m->gamma[i][j];
	}
}

Test(rosenbrock, rows_have_their_sizes)
{
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		const struct rosenbrock *row = oj_rosenbrock_at(r);
		int s = row->stages;
		cr_assert_leq(s, TABLEAU_STAGES, "%s", row->name);
		cr_assert(row->nodes.count == s && row->slopes.count == s && row->solution.count == s, "%s", row->name);
		cr_assert(row->estimate.count == s && row->dense.count % s == 0 && row->dense.count > 0, "%s", row->name);
		cr_assert(row->a.count == s * (s - 1) / 2 && row->c.count == s * (s - 1) / 2, "%s", row->name);
	}
}

/* Digits that the numbers are given with are lost where Gamma is large. */
#define ROUNDING 2e-14L

Test(rosenbrock, nodes_and_slopes_are_the_sums_that_equations_with_time_ask_for)
{
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		const struct rosenbrock *row = oj_rosenbrock_at(r);
		struct theory m = theory_of(row);
		for (int i = 0; i < m.s; i++) {
			support_real node = 0, slope = 0;
			for (int j = 0; j <= i; j++) {
				node += m.stages.a[i][j];
				slope += m.gamma[i][j];
			}
			cr_expect_lt(fabsl(node - row->nodes.at[i]), ROUNDING, "%s, node %d", row->name, i);
			cr_expect_lt(fabsl(slope - row->slopes.at[i]), ROUNDING, "%s, slope %d", row->name, i);
		}
	}
}

static void expect_order(const struct rosenbrock *row, const char *what, const support_real *of_u, int order,
                         support_real theta)
{
	struct theory m = theory_of(row);
	support_real w[TABLEAU_STAGES];
	slope_weights(&m, of_u, w);
	for (int q = 1; q <= order; q++) {
		support_real most = support_trees_defect(&m.stages, w, q, theta);
		cr_expect_lt(most, ROUNDING, "%s %s, theta %Lg: order %d misses by %Lg", row->name, what, theta, q, most);
	}
	cr_expect_gt(support_trees_defect(&m.stages, w, order + 1, theta), 1e6L * ROUNDING, "%s %s: has order %d, not %d",
	             row->name, what, order + 1, order);
}

Test(rosenbrock, solution_and_comparison_satisfy_the_order_conditions)
{
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		const struct rosenbrock *row = oj_rosenbrock_at(r);
		support_real solution[TABLEAU_STAGES], compared[TABLEAU_STAGES];
		for (int i = 0; i < row->stages; i++) {
			solution[i] = row->solution.at[i];
			compared[i] = solution[i] - row->estimate.at[i];
		}
		expect_order(row, "solution", solution, row->order, 1);
		expect_order(row, "comparison", compared, row->estimate_order, 1);
	}
}

Test(rosenbrock, interpolants_satisfy_the_order_conditions)
{
	static const support_real thetas[] = {0.0625, 0.21, 0.5, 0.77, 0.9375};
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		const struct rosenbrock *row = oj_rosenbrock_at(r);
		for (size_t k = 0; k < sizeof thetas / sizeof *thetas; k++) {
			support_real w[TABLEAU_STAGES], theta = thetas[k];
			for (int i = 0; i < row->stages; i++) {
				support_real inner = 0;
				for (int d = row->dense.count / row->stages - 1; d >= 0; d--)
					inner = row->dense.at[d * row->stages + i] + theta * inner;
				w[i] = theta * (row->solution.at[i] + (1 - theta) * inner);
			}
			expect_order(row, "interpolant", w, row->dense_order, theta);
		}
	}
}

/* y1/y0 for y' = z/h y: 1 + z b (1 - z beta)^-1 e. */
static long double complex growth(const struct rosenbrock *row, long double complex z)
{
	struct theory m = theory_of(row);
	support_real of_u[TABLEAU_STAGES] = {0}, b[TABLEAU_STAGES];
	long double complex k[TABLEAU_STAGES], sum = 0;
	for (int i = 0; i < m.s; i++)
		of_u[i] = row->solution.at[i];
	slope_weights(&m, of_u, b);
	for (int i = 0; i < m.s; i++) {
		k[i] = 1;
		for (int j = 0; j < i; j++)
			k[i] += z * m.stages.single[i][j] * k[j];
		k[i] /= 1 - z * m.stages.single[i][i];
		sum += b[i] * k[i];
	}
	return 1 + z * sum;
}

Test(rosenbrock, all_are_stable_in_the_left_half_plane_and_forget_what_is_infinitely_stiff)
{
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		const struct rosenbrock *row = oj_rosenbrock_at(r);
		for (long double y = 1e-2L; y < 1e4L; y *= 1.05L)
			cr_expect_lt(cabsl(growth(row, y * I)), 1 + 1e-12L, "%s at %Lg i", row->name, y);
		cr_expect_lt(cabsl(growth(row, -1e8L)), 1e-6L, "%s", row->name);
	}
}

/* ---- stiff equations ---- */

struct run {
	ojit_context *context;
	ojit_program *program;
	ojit_solver *solver;
};

static struct run compile(const char *text)
{
	struct run run = {.context = ojit_context_new(NULL)};
	ojit_model *model = ojit_model_new(run.context);
	ojit_model_read_text(model, text, strlen(text), "test");
	cr_assert_eq(ojit_program_compile(model, NULL, &run.program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	run.solver = ojit_solver_new(run.program);
	return run;
}

static void drop(struct run *run)
{
	ojit_solver_free(run->solver);
	ojit_program_free(run->program);
	ojit_context_free(run->context);
}

static ojit_options options_of(size_t row, double rtol, double atol)
{
	ojit_options o = ojit_options_default();
	o.method = oj_rosenbrock_at(row)->name;
	o.rtol = rtol;
	o.atol = atol;
	return o;
}

/* H. H. Robertson (1966), to t = 1e11; sums of the three are 1. */
static const char robertson[] = "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
                                "init a = 1, b = 0, c = 0\n";

Test(rosenbrock, robertson_reaches_its_end)
{
	struct run run = compile(robertson);
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		ojit_options o = options_of(r, 1e-6, 1e-14);
		cr_assert_eq(ojit_solver_run(run.solver, &o, 0, 1e11, ojit_output_final()), OJIT_OK, "%s",
		             ojit_solver_error(run.solver).text);
		const double *y = ojit_solver_last_states(run.solver);
		ojit_stats stats = ojit_solver_stats(run.solver);
		cr_expect_eq(stats.outcome, OJIT_SUCCESS, "%s: %s", o.method, ojit_solver_message(run.solver));
		cr_expect_float_eq(y[0], 2.083340149701255e-08, 1e-3 * y[0], "%s: %.17g", o.method, y[0]);
		cr_expect_float_eq(y[1], 8.333360770334713e-14, 1e-3 * y[1], "%s: %.17g", o.method, y[1]);
		cr_expect_float_eq(y[0] + y[1] + y[2], 1, 1e-10);
		cr_expect_eq(stats.jacobians, stats.steps, "%s: %d, %d", o.method, (int)stats.jacobians, (int)stats.steps);
		cr_expect_eq(stats.factorisations, stats.steps + stats.rejected, "%s", o.method);
		cr_expect_eq(stats.iterations, 0);
	}
	drop(&run);
}

/* A. Prothero, A. Robinson, Math. Comp. 28 (1974) 145-162: the solution is cos t, and only
 * with df/dt in every stage is it found at all; inside of steps, only where these are held
 * to more than the error at their ends. */
Test(rosenbrock, stiffness_that_moves_with_time_is_followed)
{
	struct run run = compile("y' = -1e6*(y - cos(t)) - sin(t)\ninit y = 1\n");
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		ojit_options o = options_of(r, 1e-6, 1e-6);
		cr_assert_eq(ojit_solver_run(run.solver, &o, 0, 10, ojit_output_points(101)), OJIT_OK);
		cr_expect_eq(ojit_solver_stats(run.solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(run.solver));
		for (size_t i = 0; i < ojit_solver_rows(run.solver); i++) {
			const double *row = ojit_solver_row(run.solver, i);
			cr_expect_float_eq(row[1], cos(row[0]), 1e-5, "%s at %g: %g", o.method, row[0], row[1] - cos(row[0]));
		}
	}
	drop(&run);
}

/* A Jacobian and a df/dt without entries. */
Test(rosenbrock, there_may_be_nothing_to_linearise)
{
	struct run run = compile("x' = cos(t)\ny' = -1\ninit x = 0, y = 1\n");
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		ojit_options o = options_of(r, 1e-6, 1e-6);
		cr_assert_eq(ojit_solver_run(run.solver, &o, 0, 2, ojit_output_points(5)), OJIT_OK);
		cr_expect_eq(ojit_solver_stats(run.solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(run.solver));
		double most = 1e-6 * (double)ojit_solver_stats(run.solver).steps;
		cr_expect_float_eq(ojit_solver_row(run.solver, 4)[1], sin(2), most, "%s", o.method);
		cr_expect_float_eq(ojit_solver_row(run.solver, 4)[2], -1, 1e-5, "%s", o.method);
	}
	drop(&run);
}

Test(rosenbrock, a_pole_ends_with_the_state_named)
{
	struct run run = compile("a' = -a\ny' = y^2\ninit a = 1, y = 1\n");
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		ojit_options o = options_of(r, 1e-6, 1e-9);
		cr_assert_eq(ojit_solver_run(run.solver, &o, 0, 2, ojit_output_final()), OJIT_OK);
		cr_expect_neq(ojit_solver_stats(run.solver).outcome, OJIT_SUCCESS);
		cr_expect_float_eq(ojit_solver_stats(run.solver).t, 1, 1e-3, "%s: %s", o.method, ojit_solver_message(run.solver));
		cr_expect(strstr(ojit_solver_message(run.solver), "y"), "%s", ojit_solver_message(run.solver));
	}
	drop(&run);
}

/* Kernels of derivatives read what the right-hand side reads. */
Test(rosenbrock, other_parameters_reach_the_jacobian_and_df_dt)
{
	struct run run = compile("param k = 50\ny' = -k*(y - sin(t))\ninit y = 1\n");
	for (size_t r = 0; r < oj_rosenbrock_count(); r++) {
		ojit_options o = options_of(r, 1e-8, 1e-8);
		ojit_solver *solver = ojit_solver_new(run.program);
		cr_assert_eq(ojit_solver_set(solver, OJIT_PARAMETERS, "k", 1000), OJIT_OK);
		cr_assert_eq(ojit_solver_run(solver, &o, 0, 3, ojit_output_points(50)), OJIT_OK);
		double k = 1000, t = 3, exact = (k * k * sin(t) - k * cos(t)) / (k * k + 1);
		cr_expect_float_eq(ojit_solver_row(solver, 49)[1], exact, 1e-6, "%s", o.method);
		ojit_solver_free(solver);
	}
	drop(&run);
}
