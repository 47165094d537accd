/* All corpora's problems held to MPFR: values and every derivative, to 13 digits of the
 * sum of the absolute terms, rolled and equation by equation. */
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void tell(const char *name, const ojit_check *check)
{
	for (size_t k = 0; k < ojit_check_finding_count(check); k++) {
		ojit_finding f = ojit_check_finding_at(check, k);
		cr_expect(f.kind != OJIT_FOUND_WRONG && f.kind != OJIT_FOUND_BITS,
		          "%s: %s of %s by %s, %s %s at point %zu, t = %.17g: %.17g, %s: %.17g (size %g, %.1f digits)", name,
		          f.kernel, f.of, f.by, f.row, f.column, f.point, f.t, f.value, f.against, f.expected, f.size, f.digits);
	}
	for (size_t k = 0; k < ojit_check_row_count(check); k++)
		cr_expect_null(ojit_check_row_at(check, k).refused, "%s", name);
	cr_expect(ojit_check_passed(check), "%s", name);
}

/* Where a model is looked at: at the initial values, at random points around them, and at
 * points of its solution, roughly solved. */
struct places {
	size_t random, solution;
};

static void follow(ojit_check *check, ojit_program *program, const char *name, double t0, double t1, size_t points)
{
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options options = ojit_options_default();
	options.rtol = 1e-6;
	if (!strcmp(name, "e5")) /* whose states are small */
		options.atol = 1e-27;
	cr_assert_eq(ojit_solver_run(solver, &options, t0, t1, ojit_output_points(points + 1)), OJIT_OK, "%s: %s", name,
	             ojit_solver_error(solver).text);
	cr_assert_eq(ojit_solver_rows(solver), points + 1, "%s: %s", name, ojit_solver_message(solver));
	for (size_t k = 1; k <= points; k++) {
		const double *row = ojit_solver_row(solver, k);
		cr_assert_eq(ojit_check_at(check, row[0], row + 1, NULL), OJIT_OK, "%s: %s", name, ojit_check_error(check).text);
	}
	ojit_solver_free(solver);
}

/* Frees the model. */
static void check_model(ojit_model *model, const char *name, ojit_executor executor, double t0, double t1, struct places places)
{
	ojit_compile_options options = ojit_compile_options_default();
	ojit_check *check;
	ojit_program *program;
	options.executor = executor;
	cr_assert_eq(ojit_check_new(model, &options, NULL, &check), OJIT_OK, "%s: %s", name, ojit_model_error(model).text);
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK);
	ojit_model_free(model);
	cr_assert_eq(ojit_check_at(check, t0, NULL, NULL), OJIT_OK, "%s: %s", name, ojit_check_error(check).text);
	for (size_t k = 0; k < places.random; k++)
		cr_assert_eq(ojit_check_around(check, t0, t1, NULL, NULL), OJIT_OK, "%s", name);
	if (places.solution)
		follow(check, program, name, t0, t1, places.solution);
	tell(name, check);
	ojit_program_free(program);
	ojit_check_free(check);
}

static void hold(const struct corpus_problem *problem, ojit_executor executor, struct places places)
{
	ojit_context *context = ojit_context_new(NULL);
	check_model(corpus_read(context, problem), problem->name, executor, problem->t0, problem->tend, places);
	ojit_context_free(context);
}

static void hold_file(const char *file, ojit_executor executor, struct places places)
{
	struct corpus corpus;
	if (!corpus_load(file, &corpus))
		cr_skip_test("%s/%s is not there", corpora_path(), file);
	for (size_t k = 0; k < corpus.count; k++)
		hold(&corpus.problems[k], executor, places);
	corpus_free(&corpus);
}

Test(corpora_checks, bari)
{
	hold_file("bari.json", OJIT_AUTOMATIC, (struct places){10, 10});
}

Test(corpora_checks, detest)
{
	hold_file("detest.json", OJIT_AUTOMATIC, (struct places){10, 10});
}

Test(corpora_checks, odebench)
{
	hold_file("odebench.json", OJIT_AUTOMATIC, (struct places){10, 10});
}

Test(corpora_checks, networks)
{
	static const char *const networks[] = {"haugh2b", "tlbr", "repressilator", "toy_jim"};
	for (size_t k = 0; k < sizeof networks / sizeof networks[0]; k++) {
		char file[64];
		snprintf(file, sizeof file, "networks/%s.json", networks[k]);
		hold_file(file, OJIT_AUTOMATIC, (struct places){10, 10});
	}
}

/* Machine code of derivatives gives the interpreter's bits; these are many equations. */
Test(corpora_checks, large_networks)
{
	static const char *const networks[] = {"egfr_net", "multistate", "bcr"};
	for (size_t k = 0; k < sizeof networks / sizeof networks[0]; k++) {
		char file[64];
		snprintf(file, sizeof file, "networks/%s.json", networks[k]);
		hold_file(file, OJIT_INTERPRETER, (struct places){1, k < 2 ? 2 : 0});
	}
}

/* Those of pairs with fewer of them. */
Test(corpora_checks, examples)
{
	static const char *const examples[] = {"advection", "arenstorf", "brusselator1d", "brusselator2d", "burgers", "double_well", "kuramoto",
	                                       "lorenz", "lotka_volterra", "nbody_ring", "neural", "pleiades", "robertson"};
	for (size_t k = 0; k < sizeof examples / sizeof examples[0]; k++) {
		char path[512];
		ojit_context *context = ojit_context_new(NULL);
		ojit_model *model = ojit_model_new(context);
		snprintf(path, sizeof path, "%s/examples/%s.ojit", OJIT_SOURCE_DIR, examples[k]);
		cr_assert_eq(ojit_model_read_file(model, path), OJIT_OK);
		if (!strcmp(examples[k], "kuramoto") || !strcmp(examples[k], "brusselator2d"))
			ojit_model_set_const(model, "N", 12);
		check_model(model, examples[k], OJIT_AUTOMATIC, 0, 1, (struct places){4, 0});
		ojit_context_free(context);
	}
}
