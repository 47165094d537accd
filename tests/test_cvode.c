/* The example that drives CVODE, held to published values: a stiff problem to its end, and
 * a network of reactions at all times that are published. */
#include "tests/support_corpora.h"
#include "tests/support_sanitizer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef OJIT_CVODE

static char *write_model(const struct corpus_problem *problem)
{
	char *path = strdup("/tmp/ojit_cvode_XXXXXX");
	int descriptor = mkstemp(path);
	cr_assert_geq(descriptor, 0);
	FILE *file = fdopen(descriptor, "w");
	fputs(problem->text, file);
	fclose(file);
	return path;
}

/* states: [rows * problem->states] at the times. */
static void solve(const struct corpus_problem *problem, const char *tolerances, size_t rows, const double *times,
                  double *states)
{
	char *path = write_model(problem), *command = NULL;
	size_t size;
	FILE *memory = open_memstream(&command, &size);
	fprintf(memory, "%s %s %s", OJIT_CVODE, path, tolerances);
	for (size_t k = 0; k < rows; k++)
		fprintf(memory, " %.17g", times[k]);
	fclose(memory);
	FILE *answer = popen(command, "r");
	cr_assert_not_null(answer);
	for (size_t k = 0; k < rows * problem->states; k++)
		cr_assert_eq(fscanf(answer, "%lf", &states[k]), 1, "%s: number %zu", command, k);
	cr_assert_eq(pclose(answer), 0, "%s", command);
	remove(path);
	free(path);
	free(command);
}

Test(cvode, solves_robertson_to_its_end)
{
	struct corpus corpus;
	if (!corpus_load("bari.json", &corpus))
		cr_skip_test("there is no %s/bari.json; OJIT_CORPORA says where the corpora are", corpora_path());
	const struct corpus_problem *problem = corpus_find(&corpus, "rober");
	double y[3];
	solve(problem, "1e-8 1e-16", 1, &problem->tend, y);
	for (size_t i = 0; i < problem->states; i++)
		cr_expect_leq(fabs(y[i] - problem->reference[i]), 1e-5 * fabs(problem->reference[i]), "state %zu: %.12g, not %.12g",
		              i, y[i], problem->reference[i]);
	corpus_free(&corpus);
}

/* Relative, to 1e-3 of the row's largest at least. */
static void compare_row(const struct corpus_problem *problem, const double *published, const double *observables)
{
	double largest = 0;
	for (size_t i = 0; i < problem->outputs; i++)
		largest = fmax(largest, fabs(published[i]));
	for (size_t i = 0; i < problem->outputs; i++)
		cr_expect_leq(fabs(observables[i] - published[i]), 2e-6 * fmax(fabs(published[i]), 1e-3 * largest),
		              "t = %g, observable %zu: %.12g, not %.12g", published[-1], i, observables[i], published[i]);
}

Test(cvode, solves_a_network_with_its_sparse_newton_matrix)
{
	struct corpus corpus;
	if (!corpus_load("networks/tlbr.json", &corpus))
		cr_skip_test("there is no %s/networks; OJIT_CORPORA says where the corpora are", corpora_path());
	const struct corpus_problem *p = &corpus.problems[0];
	size_t rows = p->rows - 1; /* the first is the start */
	double *times = calloc(rows + 1, sizeof *times), *states = calloc(rows * p->states + 1, sizeof *states);
	double *observables = calloc(p->outputs + 1, sizeof *observables);
	for (size_t k = 0; k < rows; k++)
		times[k] = p->published[(k + 1) * (1 + p->outputs)];
	solve(p, "1e-9 1e-9", rows, times, states);
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = corpus_read(context, p);
	ojit_program *program;
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK);
	ojit_evaluator *e = ojit_evaluator_new(program);
	for (size_t k = 0; k < rows; k++) {
		cr_assert_eq(ojit_evaluator_call(e, OJIT_OBSERVABLES, times[k], states + k * p->states, observables), OJIT_OK);
		compare_row(p, p->published + (k + 1) * (1 + p->outputs) + 1, observables);
	}
	ojit_evaluator_free(e);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	free(observables);
	free(states);
	free(times);
	corpus_free(&corpus);
}

#else

Test(cvode, is_not_here)
{
	cr_skip_test("the example that drives CVODE is not built: SUNDIALS with KLU is not here (package libsundials-dev)");
}

#endif
