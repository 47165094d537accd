/* Radau IIA: its numbers against their definitions, and what stiff equations ask of it. */
#include "solvers/radau.h"
#include "solvers/solver.h"
#include "tests/support_systems.h"

#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 7 };
typedef long double real;
struct square {
	real at[MOST][MOST];
};

/* ---- the numbers ---- */

/* A from A^-1 = T Lambda T^-1: A = T Lambda^-1 T^-1. */
static struct square matrix_of(const struct radau_row *row)
{
	struct square a = {{{0}}}, inner = {{{0}}};
	int s = row->stages;
	for (int j = 0; j < s; j++)
		inner.at[0][j] = row->t_inverse.at[j] / (real)row->real;
	for (int k = 1; k < s; k += 2) {
		real alpha = row->shifts.at[k - 1], beta = row->shifts.at[k], size = alpha * alpha + beta * beta;
		for (int j = 0; j < s; j++) {
			real u = row->t_inverse.at[k * s + j], v = row->t_inverse.at[(k + 1) * s + j];
			inner.at[k][j] = (alpha * u + beta * v) / size;
			inner.at[k + 1][j] = (alpha * v - beta * u) / size;
		}
	}
	for (int i = 0; i < s; i++)
		for (int j = 0; j < s; j++)
			for (int k = 0; k < s; k++)
				a.at[i][j] += row->t.at[i * s + k] * inner.at[k][j];
	return a;
}

Test(radau, stages_integrate_polynomials_as_collocation_does)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		struct square a = matrix_of(row);
		cr_assert_eq(row->nodes.count, s);
		cr_assert(row->t.count == s * s && row->t_inverse.count == s * s && row->error.count == s);
		cr_assert_eq(row->shifts.count, s == 1 ? 1 : s - 1);
		for (int i = 0; i < s; i++)
			for (int q = 1; q <= s; q++) {
				real sum = 0;
				for (int j = 0; j < s; j++)
					sum += a.at[i][j] * powl(row->nodes.at[j], q - 1);
				cr_expect_lt(fabsl(sum - powl(row->nodes.at[i], q) / q), 1e-14, "%d stages, stage %d, power %d: %Lg", s,
				             i, q, sum - powl(row->nodes.at[i], q) / q);
			}
	}
}

/* With that, the last row's weights make the order 2s - 1 and no more (HW IV.5). */
Test(radau, weights_are_of_order_2s_minus_1)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		struct square a = matrix_of(row);
		cr_expect_eq(row->nodes.at[s - 1], 1);
		for (int q = 1; q <= 2 * s; q++) {
			real sum = 0;
			for (int j = 0; j < s; j++)
				sum += a.at[s - 1][j] * powl(row->nodes.at[j], q - 1);
			if (q < 2 * s)
				cr_expect_lt(fabsl(sum - 1.0L / q), 1e-14, "%d stages, power %d", s, q);
			else
				cr_expect_gt(fabsl(sum - 1.0L / q), 1e-9, "%d stages are of a higher order", s);
		}
	}
}

/* d = e A with sum d_i c_i^(q-1) = -1/real for q = 1, and 0 up to s. */
Test(radau, the_estimate_is_of_order_s)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		struct square a = matrix_of(row);
		for (int q = 1; q <= s; q++) {
			real sum = 0;
			for (int i = 0; i < s; i++)
				for (int j = 0; j < s; j++)
					sum += row->error.at[i] * a.at[i][j] * powl(row->nodes.at[j], q - 1);
			cr_expect_lt(fabsl(sum + (q == 1 ? 1 / (real)row->real : 0)), 1e-14, "%d stages, power %d", s, q);
		}
	}
}

Test(radau, the_transformation_has_its_inverse)
{
	const struct radau_row *row;
	for (size_t r = 0; (row = oj_radau_row(r)); r++) {
		int s = row->stages;
		for (int i = 0; i < s; i++)
			for (int j = 0; j < s; j++) {
				real sum = 0;
				for (int k = 0; k < s; k++)
					sum += (real)row->t.at[i * s + k] * row->t_inverse.at[k * s + j];
				cr_expect_lt(fabsl(sum - (i == j)), 1e-13, "%d stages: %d, %d", s, i, j);
			}
	}
}

/* ---- stiff equations ---- */

static ojit_program *compile(ojit_context *context, const char *text)
{
	ojit_program *program;
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, text, strlen(text), "test");
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	return program;
}

static const char *const methods[] = {"radau", "radau5", "radau9", "radau13"};

/* A. Prothero, A. Robinson, Math. Comp. 28 (1974) 145-162: the solution is cos t whatever
 * the stiffness is, and so must be the work. */
Test(radau, work_does_not_grow_with_stiffness)
{
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		uint64_t steps[2];
		for (int k = 0; k < 2; k++) {
			ojit_context *context = ojit_context_new(NULL);
			ojit_program *program = compile(context, k ? "y' = -1e9*(y - cos(t)) - sin(t)\ninit y = 1\n"
			                                           : "y' = -1e3*(y - cos(t)) - sin(t)\ninit y = 1\n");
			ojit_solver *solver = ojit_solver_new(program);
			ojit_options o = ojit_options_default();
			o.method = methods[m];
			o.rtol = o.atol = 1e-8;
			cr_assert_eq(ojit_solver_run(solver, &o, 0, 10, ojit_output_points(101)), OJIT_OK, "%s",
			             ojit_solver_error(solver).text);
			cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
			for (size_t i = 0; i < ojit_solver_rows(solver); i++) {
				const double *row = ojit_solver_row(solver, i);
				cr_expect_float_eq(row[1], cos(row[0]), 1e-6, "%s at %g: %g", o.method, row[0], row[1] - cos(row[0]));
			}
			steps[k] = ojit_solver_stats(solver).steps;
			ojit_solver_free(solver);
			ojit_program_free(program);
			ojit_context_free(context);
		}
		cr_expect_lt(steps[1], steps[0] + 20, "%s: %d and %d", methods[m], (int)steps[0], (int)steps[1]);
	}
}

/* H. H. Robertson (1966); sums of the three are 1, and 2.0833e-8 is left of the first at
 * t = 1e11. */
static const char robertson[] = "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
                                "init a = 1, b = 0, c = 0\nspan 0..1e11\n";

Test(radau, robertson_reaches_its_end)
{
	static const char *const ways[] = {"auto", "dense", "band", "sparse"};
	for (size_t w = 0; w < 4; w++) {
		ojit_context *context = ojit_context_new(NULL);
		ojit_program *program = compile(context, robertson);
		ojit_solver *solver = ojit_solver_new(program);
		ojit_options o = ojit_options_default();
		o.method = "radau";
		o.linear = ways[w];
		o.rtol = 1e-8;
		o.atol = 1e-14;
		cr_assert_eq(ojit_solver_run(solver, &o, 0, 1e11, ojit_output_final()), OJIT_OK);
		const double *y = ojit_solver_last_states(solver);
		ojit_stats stats = ojit_solver_stats(solver);
		cr_expect_float_eq(y[0], 2.083340149701255e-08, 5e-7 * y[0], "%s: %.17g", ways[w], y[0]);
		cr_expect_float_eq(y[1], 8.333360770334713e-14, 5e-7 * y[1], "%s: %.17g", ways[w], y[1]);
		cr_expect_float_eq(y[0] + y[1] + y[2], 1, 1e-10);
		cr_expect_lt(stats.steps, 250);
		cr_expect(stats.jacobians > 0 && stats.factorisations >= stats.jacobians && stats.iterations > stats.steps);
		cr_expect_eq(strncmp(ojit_solver_linear(solver), w ? ways[w] : "dense", 4), 0, "%s", ojit_solver_linear(solver));
		ojit_solver_free(solver);
		ojit_program_free(program);
		ojit_context_free(context);
	}
}

Test(radau, unknown_ways_and_missing_derivatives_are_refused_by_name)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = compile(context, robertson);
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options o = ojit_options_default();
	o.method = "Radau";
	o.linear = "banded";
	cr_expect_eq(ojit_solver_run(solver, &o, 0, 1, ojit_output_final()), OJIT_NAME);
	cr_expect(strstr(ojit_solver_error(solver).text, "sparse"), "%s", ojit_solver_error(solver).text);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_context_free(context);
}

/* What is in the way of an iteration is a step's length, never the end of the solve. */
Test(radau, a_pole_ends_with_the_state_named)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = compile(context, "a' = -a\ny' = y^2\ninit a = 1, y = 1\n");
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options o = ojit_options_default();
	for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
		o.method = methods[m];
		cr_assert_eq(ojit_solver_run(solver, &o, 0, 2, ojit_output_final()), OJIT_OK);
		cr_expect_neq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
		cr_expect_float_eq(ojit_solver_stats(solver).t, 1, 1e-3, "%s: %s", methods[m], ojit_solver_message(solver));
		cr_expect(strstr(ojit_solver_message(solver), "y"), "%s", ojit_solver_message(solver));
	}
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_context_free(context);
}

/* A Jacobian without entries. */
Test(radau, there_may_be_nothing_to_linearise)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = compile(context, "x' = cos(t)\ninit x = 0\n");
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options o = ojit_options_default();
	o.method = "radau";
	cr_assert_eq(ojit_solver_run(solver, &o, 0, 2, ojit_output_points(5)), OJIT_OK, "%s", ojit_solver_error(solver).text);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	cr_expect_float_eq(ojit_solver_row(solver, 4)[1], sin(2), 1e-5);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_context_free(context);
}

/* Steps of given size have no shorter ones to fall back on: x' = -x^3, x = 1/sqrt(1 + 2 t). */
Test(radau, steps_of_given_size_are_solved_to_rounding)
{
	const double lengths[] = {0.5, 0.2, 0.05};
	for (int k = 0; k < 3; k++) {
		ojit_context *context = ojit_context_new(NULL);
		ojit_program *program = compile(context, "x' = -x^3\ninit x = 1\n");
		ojit_solver *solver = ojit_solver_new(program);
		ojit_options o = ojit_options_default();
		o.fixed_step = lengths[k];
		o.method = "radau5";
		cr_assert_eq(ojit_solver_run(solver, &o, 0, 1, ojit_output_final()), OJIT_OK);
		cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
		cr_expect_float_eq(ojit_solver_last_states(solver)[0], 1 / sqrt(3), 1e-3 * pow(lengths[k], 4));
		o.method = "implicit_euler";
		cr_assert_eq(ojit_solver_run(solver, &o, 0, lengths[k], ojit_output_final()), OJIT_OK);
		cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
		double x = ojit_solver_last_states(solver)[0];
		cr_expect_float_eq(x + lengths[k] * x * x * x, 1, 1e-13);
		ojit_solver_free(solver);
		ojit_program_free(program);
		ojit_context_free(context);
	}
}

Test(radau, huge_states_are_solved_as_others_are)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = compile(context, "x' = -x\ninit x = 1e200\n");
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options o = ojit_options_default();
	o.method = "radau";
	cr_assert_eq(ojit_solver_run(solver, &o, 0, 3, ojit_output_final()), OJIT_OK);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	cr_expect_float_eq(ojit_solver_last_states(solver)[0] / 1e200, exp(-3), 1e-6);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_context_free(context);
}
