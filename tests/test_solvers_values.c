/* Parameters, initial values and observables: what follows what, and reading back. */
#include "solvers/solver.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

/* param K = 0.5, half = K/2, w[1..3]; derived 2 K; y' = w - half y, start t + K. */
static ojit_status defaults(struct system *system, const unsigned char *set, double *p,
                            struct oj_error *error)
{
	(void)system, (void)error;
	const double model[] = {0.5, 0, 1, 2, 3};
	for (int i = 0; i < 5; i++)
		if (!set || !set[i])
			p[i] = i == 1 ? p[0] / 2 : model[i];
	return OJIT_OK;
}
static int prepares;
static void prepare(const struct kernel_args *a)
{
	prepares++;
	a->out[0] = 2 * a->p[0];
}
static void rhs(const struct kernel_args *a)
{
	for (int i = 0; i < 3; i++)
		a->out[i] = a->p[2 + i] - a->p[1] * a->y[i];
}
static int inits;
static void init(const struct kernel_args *a)
{
	inits++;
	for (int i = 0; i < 3; i++)
		a->out[i] = *a->t + a->p[0];
}
static void outputs(const struct kernel_args *a)
{
	a->out[0] = a->y[0] + a->y[1] + a->y[2];
	a->out[1] = *a->t * a->d[0];
}

static ojit_context *context;
static struct support_system hand;
static ojit_solver *solver;

static void setup(void)
{
	static const char *const scalars[] = {"K", "half"}, *const observed[] = {"total", "doubled"};
	context = ojit_context_new(NULL);
	support_system_init(&hand, context, 3, rhs, init);
	support_system_scalars(&hand, FAMILY_PARAMETERS, scalars, 2);
	support_system_family(&hand, FAMILY_PARAMETERS, "w", 1, (const int64_t[]){1}, (const int64_t[]){3});
	support_system_scalars(&hand, FAMILY_OUTPUTS, observed, 2);
	support_system_kernel(&hand, KERNEL_OUTPUTS, outputs);
	support_system_kernel(&hand, KERNEL_PREPARE, prepare);
	hand.system.derived = 1;
	hand.system.defaults = defaults;
	solver = oj_solver_new(&hand.system);
	prepares = inits = 0;
}

static void teardown(void)
{
	ojit_solver_free(solver);
	ojit_context_free(context);
}

TestSuite(solvers_values, .init = setup, .fini = teardown);

static void expect_parameters(double k, double half, double w1, double w2, double w3)
{
	const double *p = ojit_solver_parameters(solver), e[] = {k, half, w1, w2, w3};
	for (int i = 0; i < 5; i++)
		cr_expect_eq(p[i], e[i], "p[%d] = %g", i, p[i]);
}

Test(solvers_values, a_default_follows_other_parameters_until_it_is_set)
{
	expect_parameters(0.5, 0.25, 1, 2, 3);
	ojit_solver_set(solver, OJIT_PARAMETERS, "K", 3);
	expect_parameters(3, 1.5, 1, 2, 3);
	ojit_solver_set(solver, OJIT_PARAMETERS, "half", 7);
	ojit_solver_set(solver, OJIT_PARAMETERS, "K", 4);
	expect_parameters(4, 7, 1, 2, 3);
	ojit_solver_reset(solver, OJIT_PARAMETERS);
	expect_parameters(0.5, 0.25, 1, 2, 3);
}

Test(solvers_values, a_family_name_sets_all_and_an_element_name_one)
{
	ojit_solver_set(solver, OJIT_PARAMETERS, "w", 9);
	ojit_solver_set(solver, OJIT_PARAMETERS, "w[2]", 8);
	expect_parameters(0.5, 0.25, 9, 8, 9);
	const double all[] = {1, 2, 3, 4, 5};
	ojit_solver_set_all(solver, OJIT_PARAMETERS, all);
	expect_parameters(1, 2, 3, 4, 5);
}

Test(solvers_values, initial_values_come_from_the_model_and_then_from_the_caller)
{
	const double *y = ojit_solver_initials(solver, 10);
	cr_expect(y[0] == 10.5 && y[1] == 10.5 && y[2] == 10.5);
	ojit_solver_set(solver, OJIT_STATES, "x[2]", -1);
	ojit_solver_set(solver, OJIT_PARAMETERS, "K", 1);
	y = ojit_solver_initials(solver, 0);
	cr_expect(y[0] == 1 && y[1] == -1 && y[2] == 1);
	cr_assert_eq(ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(2)), OJIT_OK);
	const double *row = ojit_solver_row(solver, 0);
	cr_expect(row[1] == 1 && row[2] == -1 && row[3] == 1);
	cr_expect_eq(ojit_solver_set(solver, OJIT_STATES, "x[1]", NAN), OJIT_ARGUMENT);
	cr_expect_not_null(strstr(ojit_solver_error(solver).message, "initial value of x[1] is nan"));
}

Test(solvers_values, the_models_initial_values_are_not_computed_where_the_caller_has_set_all)
{
	ojit_solver_set(solver, OJIT_STATES, "x[1]", 5);
	ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(2));
	cr_expect_eq(inits, 1);
	ojit_solver_set_all(solver, OJIT_STATES, (const double[]){5, 6, 7});
	ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(2));
	cr_expect_eq(inits, 1);
	const double *row = ojit_solver_row(solver, 0);
	cr_expect(row[1] == 5 && row[2] == 6 && row[3] == 7);
	ojit_solver_reset(solver, OJIT_STATES);
	ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(2));
	cr_expect_eq(inits, 2);
	cr_expect_eq(ojit_solver_row(solver, 0)[1], 0.5);
}

Test(solvers_values, derived_parameters_are_computed_once_a_change)
{
	for (int i = 0; i < 3; i++)
		ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(50));
	cr_expect_eq(prepares, 1);
	ojit_solver_set(solver, OJIT_PARAMETERS, "K", 3);
	ojit_solver_set(solver, OJIT_PARAMETERS, "w", 3);
	ojit_solver_set(solver, OJIT_STATES, "x", 3);
	ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(50));
	ojit_solver_run(solver, NULL, 0, 1, ojit_output_points(50));
	cr_expect_eq(prepares, 2);
}

Test(solvers_values, observables_belong_to_their_row)
{
	ojit_solver_run(solver, NULL, 0, 2, ojit_output_points(41));
	cr_assert_eq(ojit_solver_columns(solver), 6);
	for (size_t i = 0; i < 41; i++) {
		const double *row = ojit_solver_row(solver, i);
		cr_expect_eq(row[4], row[1] + row[2] + row[3]);
		cr_expect_eq(row[5], row[0] * 1.0);
	}
	ojit_solver_set(solver, OJIT_PARAMETERS, "K", 100); /* of the next run */
	cr_expect_eq(ojit_solver_last_outputs(solver)[0], ojit_solver_row(solver, 40)[4]);
	cr_expect_eq(ojit_solver_last_outputs(solver)[1], 2);
}

Test(solvers_values, names_and_counts_are_the_models)
{
	cr_expect_eq(ojit_solver_count(solver, OJIT_STATES), 3);
	cr_expect_eq(ojit_solver_count(solver, OJIT_TOLERANCES), 3);
	cr_expect_eq(ojit_solver_count(solver, OJIT_PARAMETERS), 5);
	cr_expect_eq(ojit_solver_count(solver, OJIT_OUTPUTS), 2);
	cr_expect_str_eq(ojit_solver_name(solver, OJIT_PARAMETERS, 4), "w[3]");
	cr_expect_str_eq(ojit_solver_name(solver, OJIT_OUTPUTS, 1), "doubled");
	cr_expect_str_empty(ojit_solver_name(solver, OJIT_OUTPUTS, 2));
	size_t first, count;
	cr_expect_eq(ojit_solver_find(solver, OJIT_PARAMETERS, "w", &first, &count), OJIT_OK);
	cr_expect(first == 2 && count == 3);
}

Test(solvers_values, observables_cannot_be_set)
{
	cr_expect_eq(ojit_solver_set(solver, OJIT_OUTPUTS, "total", 1), OJIT_ARGUMENT);
	cr_expect_eq(ojit_solver_set_all(solver, OJIT_OUTPUTS, (const double[]){1, 2}), OJIT_ARGUMENT);
	cr_expect_eq(ojit_solver_reset(solver, OJIT_OUTPUTS), OJIT_ARGUMENT);
}

Test(solvers_values, a_models_own_method_and_tolerances_hold_until_options_win)
{
	hand.system.method = "euler";
	hand.system.rtol = 1e-3;
	hand.system.atol = 1e-3;
	ojit_solver_run(solver, NULL, 0, 1, ojit_output_final());
	uint64_t as_model = ojit_solver_stats(solver).steps;
	ojit_options o = ojit_options_default();
	o.method = "euler";
	o.rtol = o.atol = 1e-3;
	ojit_solver_run(solver, &o, 0, 1, ojit_output_final());
	cr_expect_eq(ojit_solver_stats(solver).steps, as_model);
	o.method = "dop853";
	ojit_solver_run(solver, &o, 0, 1, ojit_output_final());
	cr_expect_lt(ojit_solver_stats(solver).steps, as_model);
}

Test(solvers_values, nothing_was_run_before_the_first_run)
{
	cr_expect_eq(ojit_solver_rows(solver), 0);
	cr_expect_null(ojit_solver_row(solver, 0));
	cr_expect_null(ojit_solver_last_states(solver));
	cr_expect_null(ojit_solver_last_outputs(solver));
	cr_expect_str_empty(ojit_solver_message(solver));
	cr_expect_eq(ojit_solver_stats(solver).rhs, 0);
}
