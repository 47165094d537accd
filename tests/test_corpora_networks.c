/* Small reaction networks, solved explicitly as far as that is cheap, against
 * published trajectories (12 digits printed, 6 to 7 good).
 *
 * multistate and egfr have no published trajectory; bcr is stiff and large, its text
 * is parsed, compiled and evaluated in test_corpora_text.c. */
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

struct errors {
	double *largest; /* [outputs], largest |published| of each observable */
	double worst;
	size_t output, row;
};

static void find_largest(const struct corpus_problem *problem, double *largest)
{
	for (size_t r = 0; r < problem->rows; r++)
		for (size_t i = 0; i < problem->outputs; i++)
			largest[i] = fmax(largest[i], fabs(problem->published[r * (problem->outputs + 1) + 1 + i]));
}

/* A row of the solution against the published one, relative to the observable, at
 * least to 1e-3 of the largest it comes to. */
static void compare_row(struct errors *e, const struct corpus_problem *problem, size_t row, const double *outputs)
{
	const double *published = problem->published + row * (problem->outputs + 1) + 1;
	for (size_t i = 0; i < problem->outputs; i++) {
		double scale = fmax(fabs(published[i]), 1e-3 * e->largest[i]);
		double error = scale > 0 ? fabs(outputs[i] - published[i]) / scale : fabs(outputs[i]);
		if (!(error <= e->worst)) {
			e->worst = isnan(error) ? INFINITY : error;
			e->output = i;
			e->row = row;
		}
	}
}

static void solve(ojit_solver *solver, const struct corpus_problem *problem, size_t rows, const char *method)
{
	ojit_options options = ojit_options_default();
	double *times = calloc(rows, sizeof *times);
	for (size_t r = 0; r < rows; r++)
		times[r] = problem->published[r * (problem->outputs + 1)];
	options.method = method;
	options.rtol = 1e-9;
	options.atol = 1e-12;
	options.step_limit = 10000000;
	cr_assert_eq(ojit_solver_run(solver, &options, times[0], times[rows - 1], ojit_output_times(times, rows)),
	             OJIT_OK, "%s", ojit_solver_error(solver).text);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	cr_assert_eq(ojit_solver_rows(solver), rows);
	free(times);
}

static void hold_published(const char *file, double until, const char *method)
{
	struct corpus corpus;
	if (!corpus_load(file, &corpus))
		cr_skip_test("there is no %s/%s; OJIT_CORPORA says where the corpora are", corpora_path(), file);
	const struct corpus_problem *problem = &corpus.problems[0];
	struct errors e = {.largest = calloc(problem->outputs, sizeof(double))};
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = corpus_read(context, problem);
	ojit_program *program;
	size_t rows = 0;
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_solver *solver = ojit_solver_new(program);
	while (rows < problem->rows && problem->published[rows * (problem->outputs + 1)] <= until)
		rows++;
	cr_assert_geq(rows, 2);
	find_largest(problem, e.largest);
	solve(solver, problem, rows, method);
	for (size_t r = 0; r < rows; r++)
		compare_row(&e, problem, r, ojit_solver_row(solver, r) + 1 + problem->states);
	cr_expect_leq(e.worst, 1e-6, "%s: error %.3g in observable %zu at row %zu", problem->name, e.worst,
	              e.output, e.row);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	free(e.largest);
	corpus_free(&corpus);
}

Test(networks, haugh2b_is_as_published)
{
	hold_published("networks/haugh2b.json", 50, "dop853");
}

Test(networks, tlbr_is_as_published)
{
	hold_published("networks/tlbr.json", 2, "dop853");
}

Test(networks, toy_jim_is_as_published)
{
	hold_published("networks/toy_jim.json", 120, "dop853");
}

/* The quickest reaction has the rate 500, and an explicit method counts in its
 * times: 10 of 100 published rows. */
Test(networks, repressilator_begins_as_published)
{
	hold_published("networks/repressilator.json", 4000, "dop853");
}
