/* Diagonally implicit methods: rows against the order conditions, what makes each of them
 * worth having, and what stiff equations ask of them. */
#include "solvers/sdirk.h"
#include "tests/support_tableaus.h"
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* ---- rows ---- */

static void stages_of(const struct sdirk *row, struct support_stages *m)
{
	memset(m, 0, sizeof *m);
	m->count = row->stages;
	for (int i = 0; i < row->stages; i++) {
		m->a[i][i] = oj_sdirk_diagonal(row, i);
		for (int j = 0; j < i; j++)
			m->a[i][j] = oj_sdirk_before(row, i)[j];
	}
	memcpy(m->single, m->a, sizeof m->single);
}

Test(sdirk, rows_have_as_many_numbers_as_they_say)
{
	const struct sdirk *row;
	for (size_t r = 0; (row = oj_sdirk_at(r)); r++) {
		int s = row->stages;
		cr_expect_leq(s, SDIRK_STAGES, "%s", row->name);
		cr_expect_eq(row->c.count, s, "%s", row->name);
		cr_expect_eq(row->a.count, s * (s - 1) / 2, "%s", row->name);
		cr_expect(row->b.count == s && row->e.count == s, "%s", row->name);
		cr_expect(row->inside.count > 0 && row->inside.count % s == 0, "%s", row->name);
	}
}

Test(sdirk, nodes_are_the_sums_of_their_rows)
{
	const struct sdirk *row;
	for (size_t r = 0; (row = oj_sdirk_at(r)); r++) {
		struct support_stages m;
		stages_of(row, &m);
		for (int i = 0; i < m.count; i++) {
			support_real sum = 0, size = 1;
			for (int j = 0; j <= i; j++)
				sum += m.a[i][j], size += fabsl(m.a[i][j]);
			cr_expect_leq(fabsl(sum - row->c.at[i]), 2 * 0x1p-53L * size, "%s, stage %d", row->name, i);
		}
	}
}

Test(sdirk, solutions_and_comparisons_have_their_orders_and_no_more)
{
	const struct sdirk *row;
	for (size_t r = 0; (row = oj_sdirk_at(r)); r++) {
		struct support_stages m;
		support_real b[SDIRK_STAGES], compared[SDIRK_STAGES];
		stages_of(row, &m);
		for (int i = 0; i < row->stages; i++) {
			b[i] = row->b.at[i];
			compared[i] = b[i] - row->e.at[i];
		}
		support_tableau_order(row->name, "solution", &m, b, row->order, 1);
		support_tableau_order(row->name, "comparison", &m, compared, row->estimate_order, 1);
	}
}

Test(sdirk, interpolants_have_their_order_and_no_more_and_end_in_the_solution)
{
	static const double thetas[] = {0.0625, 0.21, 0.5, 0.77, 0.9375};
	const struct sdirk *row;
	for (size_t r = 0; (row = oj_sdirk_at(r)); r++) {
		struct support_stages m;
		support_real w[SDIRK_STAGES];
		double weights[SDIRK_STAGES];
		stages_of(row, &m);
		for (size_t k = 0; k < sizeof thetas / sizeof *thetas; k++) {
			oj_sdirk_weights(row, thetas[k], weights);
			for (int i = 0; i < row->stages; i++)
				w[i] = weights[i];
			support_tableau_order(row->name, "interpolant", &m, w, row->dense_order, thetas[k]);
		}
		oj_sdirk_weights(row, 1, weights);
		for (int i = 0; i < row->stages; i++)
			cr_expect_eq(weights[i], row->b.at[i], "%s, weight %d", row->name, i);
	}
}

/* R(z) of a row at z = x, by its stages. */
static double stability(const struct sdirk *row, double x)
{
	double y[SDIRK_STAGES], end = 1;
	for (int i = 0; i < row->stages; i++) {
		double sum = 1;
		for (int j = 0; j < i; j++)
			sum += x * oj_sdirk_before(row, i)[j] * y[j];
		y[i] = sum / (1 - x * oj_sdirk_diagonal(row, i));
		end += x * row->b.at[i] * y[i];
	}
	return end;
}

/* TR-BDF2 and the method of Kennedy and Carpenter damp fast modes, symmetric methods
 * reflect them. */
Test(sdirk, what_is_infinitely_fast_is_damped_or_reflected)
{
	static const struct {
		const char *name;
		double limit;
	} known[] = {{"trbdf2", 0}, {"kencarp4", 0}, {"implicit_midpoint", -1}, {"trapezoid", -1}};
	const struct sdirk *row;
	for (size_t r = 0; (row = oj_sdirk_at(r)); r++) {
		size_t k = 0;
		while (k < sizeof known / sizeof *known && strcmp(known[k].name, row->name))
			k++;
		cr_assert_lt(k, sizeof known / sizeof *known, "%s: what is its limit?", row->name);
		cr_expect_float_eq(stability(row, -1e8), known[k].limit, 1e-6, "%s: %g", row->name, stability(row, -1e8));
		for (double x = 1e-3; x < 1e6; x *= 1.5)
			cr_expect_leq(fabs(stability(row, -x)), 1, "%s at %g", row->name, -x);
	}
}

/* ---- stiff equations ---- */

static const char *const damping[] = {"trbdf2", "kencarp4"};
enum { DAMPING = sizeof damping / sizeof *damping };

/* A. Prothero, A. Robinson, Math. Comp. 28 (1974) 145-162: the solution is cos t whatever
 * the stiffness is, and so must be the work. */
Test(sdirk, work_does_not_grow_with_stiffness)
{
	static const char *const texts[] = {"y' = -1e3*(y - cos(t)) - sin(t)\ninit y = 1\n",
	                                    "y' = -1e9*(y - cos(t)) - sin(t)\ninit y = 1\n"};
	for (int m = 0; m < DAMPING; m++) {
		uint64_t steps[2];
		for (int k = 0; k < 2; k++) {
			struct trial trial;
			trial_begin(&trial, texts[k], damping[m]);
			trial.options.rtol = trial.options.atol = 1e-6;
			trial_solve(&trial, 0, 10, ojit_output_points(101));
			for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
				const double *row = ojit_solver_row(trial.solver, i);
				cr_expect_float_eq(row[1], cos(row[0]), 2e-4, "%s at %g: %g", damping[m], row[0], row[1] - cos(row[0]));
			}
			steps[k] = ojit_solver_stats(trial.solver).steps;
			trial_end(&trial);
		}
		cr_expect_leq(steps[1], 1.5 * steps[0], "%s: %d and %d", damping[m], (int)steps[0], (int)steps[1]);
	}
}

/* The first step may be longer than a mode lives that does not belong to the solution: cos t and what has died out of the
 * mode is the solution inside of it, too. */
Test(sdirk, what_dies_out_in_the_first_step_is_right_inside_of_it)
{
	enum { INSIDE = 64 };
	for (int m = 0; m < DAMPING; m++)
		for (double rtol = 1e-3; rtol > 0.5e-6; rtol /= 10) {
			struct trial trial;
			double worst = 0, t1, y, from;
			trial_begin(&trial, "y' = -1e6*(y - cos(t)) - sin(t)\ninit y = 1.01\n", damping[m]);
			trial.options.rtol = trial.options.atol = rtol;
			ojit_integrator *it = ojit_integrator_from(trial.solver);
			cr_assert_eq(ojit_integrator_begin(it, &trial.options, 0, 1, OJIT_RECORD_LAST), OJIT_OK);
			while (ojit_integrator_time(it) < 1) {
				cr_assert_eq(ojit_integrator_step(it, INFINITY), OJIT_OK);
				ojit_integrator_range(it, &from, &t1);
				for (int i = 0; i <= INSIDE; i++) {
					double t = i == INSIDE ? t1 : from + (t1 - from) * i / INSIDE;
					cr_assert_eq(ojit_integrator_interpolate(it, t, &y), OJIT_OK);
					worst = fmax(worst, fabs(y - cos(t) - 0.01 * exp(-1e6 * t)));
				}
			}
			cr_expect_lt(worst, 10 * rtol, "%s at %g: %g", damping[m], rtol, worst);
			ojit_integrator_free(it);
			trial_end(&trial);
		}
}

/* H. H. Robertson (1966); 2.0833e-8 is left of the first at t = 1e11. */
Test(sdirk, robertson_reaches_its_end)
{
	for (int m = 0; m < DAMPING; m++) {
		struct trial trial;
		trial_begin(&trial, "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
		                    "init a = 1, b = 0, c = 0\n", damping[m]);
		trial.options.rtol = 1e-6;
		trial.options.atol = 1e-12;
		trial_solve(&trial, 0, 1e11, ojit_output_final());
		const double *y = ojit_solver_last_states(trial.solver);
		ojit_stats stats = ojit_solver_stats(trial.solver);
		cr_expect_float_eq(y[0] / 2.083340149701255e-08, 1, 1e-3, "%s: %g", damping[m], y[0]);
		cr_expect_float_eq(y[0] + y[1] + y[2], 1, 1e-10);
		/* Iterations begin near their ends, two at least a stage, and factors are kept. */
		cr_expect_lt(stats.iterations, (m == 0 ? 4.5 : 20) * stats.steps);
		cr_expect_lt(stats.factorisations, 1.5 * stats.steps);
		trial_end(&trial);
	}
}

/* ---- what symmetric methods keep ---- */

static const char rotor[] = "x' = y*z\ny' = -x*z\nz' = -0.51*x*y\ninit x = 0, y = 1, z = 1\n";

/* Quadratic invariants: x^2 + y^2 and 0.51 x^2 + z^2 of the rigid body. */
Test(sdirk, implicit_midpoint_keeps_quadratic_invariants)
{
	struct trial trial;
	trial_begin(&trial, rotor, "implicit_midpoint");
	trial.options.fixed_step = 0.1;
	trial_solve(&trial, 0, 200, ojit_output_points(21));
	for (size_t i = 0; i < ojit_solver_rows(trial.solver); i++) {
		const double *y = ojit_solver_row(trial.solver, i) + 1;
		double one = y[0] * y[0] + y[1] * y[1] - 1, two = 0.51 * y[0] * y[0] + y[2] * y[2] - 1;
		cr_expect(fabs(one) < 1e-13 && fabs(two) < 1e-13, "%g, %g", one, two);
	}
	trial_end(&trial);
}

/* Steps of given size are undone by the same steps backwards. */
Test(sdirk, symmetric_methods_return_to_the_start)
{
	static const char *const methods[] = {"implicit_midpoint", "trapezoid"};
	for (int m = 0; m < 2; m++) {
		struct trial trial;
		double y[3];
		trial_begin(&trial, rotor, methods[m]);
		trial.options.fixed_step = 0.125;
		trial_solve(&trial, 0, 20, ojit_output_final());
		memcpy(y, ojit_solver_last_states(trial.solver), sizeof y);
		cr_assert_eq(ojit_solver_set_all(trial.solver, OJIT_STATES, y), OJIT_OK);
		trial_solve(&trial, 20, 0, ojit_output_final());
		memcpy(y, ojit_solver_last_states(trial.solver), sizeof y);
		for (int i = 0; i < 3; i++)
			cr_expect_float_eq(y[i], i > 0, 1e-12, "%s: %g", methods[m], y[i] - (i > 0));
		trial_end(&trial);
	}
}

/* ---- failures ---- */

Test(sdirk, what_ends_a_run_is_named)
{
	const struct sdirk *row;
	for (size_t r = 0; (row = oj_sdirk_at(r)); r++) {
		struct trial trial;
		trial_begin(&trial, "a' = -a\ny' = y^2\ninit a = 1, y = 1\n", row->name);
		const char *message = trial_fail(&trial, 0, 2, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(message, "y"), "%s: %s", row->name, message);
		cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 1, 1e-2, "%s: %s", row->name, message);
		trial_end(&trial);
		trial_begin(&trial, "a' = -a\nu' = -sqrt(u)\ninit a = 1, u = 1\n", row->name);
		message = trial_fail(&trial, 0, 3, OJIT_NONFINITE);
		cr_expect(strstr(message, "u or its derivative"), "%s: %s", row->name, message);
		cr_expect_float_eq(ojit_solver_stats(trial.solver).t, 2, 2e-2, "%s: %s", row->name, message);
		trial_end(&trial);
	}
}

/* x' = -x^3 by implicit midpoint: x1 = x0 - h ((x0 + x1)/2)^3. */
Test(sdirk, steps_of_given_size_are_solved_to_rounding)
{
	struct trial trial;
	trial_begin(&trial, "x' = -x^3\ninit x = 1\n", "implicit_midpoint");
	trial.options.fixed_step = 0.5;
	trial_solve(&trial, 0, 0.5, ojit_output_final());
	double x = ojit_solver_last_states(trial.solver)[0];
	cr_expect_float_eq(x + 0.5 * pow((1 + x) / 2, 3), 1, 1e-15, "%g", x + 0.5 * pow((1 + x) / 2, 3) - 1);
	cr_expect_eq(ojit_solver_stats(trial.solver).jacobians, 1);
	trial_end(&trial);
}

static const char rober[] = "a' = -0.04*a + 1e4*b*c\nb' = 0.04*a - 1e4*b*c - 3e7*b^2\nc' = 3e7*b^2\n"
                            "init a = 1, b = 0, c = 0\n";

/* Robertson's B begins at rest, where J holds nothing of what bounds it: a length at which no iteration
 * with one J converges, and no shorter step to take.  Of two solutions it is the positive one. */
Test(sdirk, steps_of_given_size_are_solved_where_one_jacobian_does_not_serve)
{
	static const struct {
		const char *method;
		double step, off; /* of a at t = 1000, as the method's order allows */
	} cases[] = {{"radau5", 1, 3e-10},   {"radau9", 0.5, 3e-10}, {"radau13", 0.5, 3e-10}, {"bdf", 0.5, 1e-6},
	             {"trbdf2", 1, 3e-7},    {"kencarp4", 0.25, 1e-7}, {"kencarp4", 1, 1e-6}, {"implicit_midpoint", 0.1, 5e-8},
	             {"trapezoid", 0.05, 4e-6}, {"implicit_euler", 2, 1e-3}};
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct trial trial;
		trial_begin(&trial, rober, cases[k].method);
		trial.options.fixed_step = cases[k].step;
		trial_solve(&trial, 0, 1000, ojit_output_final());
		double off = fabs(ojit_solver_last_states(trial.solver)[0] - 0.336874530660);
		cr_expect_lt(off, cases[k].off, "%s: %g", cases[k].method, off);
		trial_end(&trial);
	}
}

/* One step of implicit Euler leaves its equations to rounding. */
Test(sdirk, what_damped_iterations_find_solves_the_step)
{
	struct trial trial;
	trial_begin(&trial, rober, "implicit_euler");
	trial.options.fixed_step = 1;
	trial_solve(&trial, 0, 1, ojit_output_final());
	const double *y = ojit_solver_last_states(trial.solver);
	cr_expect_float_eq(y[2], 3e7 * y[1] * y[1], 1e-16 + 1e-12 * y[2]);
	cr_expect_float_eq(y[0] + y[1] + y[2], 1, 1e-14);
	cr_expect_float_eq(y[0], 1 - 0.04 * y[0] + 1e4 * y[1] * y[2], 1e-13);
	trial_end(&trial);
}

/* Two states that are exchanged a million times a second, whose difference is all that matters: increments
 * stay at what rounding makes of that. */
Test(sdirk, increments_that_rounding_holds_up_are_the_last)
{
	static const char text[] = "x' = -1e6*x + 1e6*y - 200*y*z\ny' = 1e6*x - 1e6*y + 0.5 - x^3\n"
	                           "z' = 0.015 - 200*y*z\ninit x = 0.9, y = 0.003, z = 0.05\n";
	static const char *const methods[] = {"implicit_euler", "bdf", "trbdf2", "kencarp4", "radau5"};
	for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
		for (int steps = 100; steps <= 3200; steps *= 2) {
			struct trial trial;
			trial_begin(&trial, text, methods[k]);
			trial.options.fixed_step = 10.0 / steps;
			trial_solve(&trial, 0, 10, ojit_output_final());
			trial_end(&trial);
		}
}

/* Where iterations run away, the equations are not to blame. */
Test(sdirk, steps_of_given_size_without_a_solution_say_so)
{
	static const char *const methods[] = {"implicit_euler", "bdf", "trbdf2", "kencarp4", "radau5", "trapezoid"};
	for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
		struct trial trial;
		trial_begin(&trial, "x' = 1e6*(x^2 + 1)\ninit x = 0.3\n", methods[k]);
		trial.options.fixed_step = 0.25;
		const char *message = trial_fail(&trial, 0, 1, OJIT_STEP_TOO_SMALL);
		cr_expect(strstr(message, "could not be solved") && strstr(message, "shorter fixed step"), "%s: %s", methods[k],
		          message);
		trial_end(&trial);
	}
}

/* At rest at 0 states get as small as one likes, and what terms cancel to does not. */
Test(sdirk, steps_of_given_size_go_on_at_rest)
{
	static const char *const methods[] = {"implicit_euler", "implicit_midpoint", "trapezoid", "bdf", "trbdf2", "kencarp4", "radau5",
	                                      "radau9", "radau13"};
	for (size_t k = 0; k < sizeof methods / sizeof *methods; k++)
		for (double step = 0.1; step <= 1; step *= 10) {
			struct trial trial;
			trial_begin(&trial, "x' = 1 - exp(x)\ny' = cos(y) - 1 - sin(y) + (1 + x) - 1\ninit x = 0.5, y = 0.5\n", methods[k]);
			trial.options.fixed_step = step;
			trial_solve(&trial, 0, 200, ojit_output_final());
			const double *y = ojit_solver_last_states(trial.solver);
			cr_expect(fabs(y[0]) < 1e-15 && fabs(y[1]) < 1e-15, "%s: %g, %g", methods[k], y[0], y[1]);
			trial_end(&trial);
		}
}
