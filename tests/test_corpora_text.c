/* Every corpus problem is a model: its text parses, compiles and evaluates, and says
 * the same as the model built through the C API. */
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const files[] = {
	"bari.json", "detest.json", "odebench.json", "networks/haugh2b.json", "networks/multistate.json",
	"networks/repressilator.json", "networks/tlbr.json", "networks/toy_jim.json", "networks/egfr_net.json",
	"networks/bcr.json",
};
enum { FILES = sizeof files / sizeof *files, BCR = FILES - 1 };

static void each(int from, int to, void (*check)(ojit_context *context, const struct corpus_problem *problem))
{
	for (int f = from; f < to; f++) {
		struct corpus corpus;
		if (!corpus_load(files[f], &corpus))
			cr_skip_test("there is no %s/%s; OJIT_CORPORA says where the corpora are", corpora_path(),
			             files[f]);
		for (size_t i = 0; i < corpus.count; i++) {
			ojit_context *context = ojit_context_new(NULL);
			check(context, &corpus.problems[i]);
			ojit_context_free(context);
		}
		corpus_free(&corpus);
	}
}

static ojit_program *compile(ojit_model *model, ojit_executor executor)
{
	ojit_program *program;
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = executor;
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	return program;
}

/* out: [states + outputs] */
static void evaluate(ojit_program *program, const struct corpus_problem *problem, double t, const double *y,
                     double *out)
{
	ojit_evaluator *e = ojit_evaluator_new(program);
	cr_assert_eq(ojit_evaluator_call(e, OJIT_RHS, t, y, out), OJIT_OK, "%s", ojit_evaluator_error(e).text);
	if (problem->outputs)
		cr_assert_eq(ojit_evaluator_call(e, OJIT_OBSERVABLES, t, y, out + problem->states), OJIT_OK);
	ojit_evaluator_free(e);
}

/* ---- what the files say is what the model has ---- */

static void check_start(ojit_context *context, const struct corpus_problem *problem)
{
	ojit_program *program = compile(corpus_read(context, problem), OJIT_INTERPRETER);
	ojit_program_info info = ojit_program_describe(program);
	double *y = calloc(problem->states, sizeof *y);
	cr_expect_eq(info.states, problem->states, "%s", problem->name);
	cr_expect_eq(info.parameters, problem->parameters, "%s", problem->name);
	cr_expect_eq(info.outputs, problem->outputs, "%s", problem->name);
	cr_expect(info.has_span && info.span[0] == problem->t0 && info.span[1] == problem->tend, "%s",
	          problem->name);
	ojit_evaluator *e = ojit_evaluator_new(program);
	cr_assert_eq(ojit_evaluator_call(e, OJIT_INITIAL, problem->t0, NULL, y), OJIT_OK);
	for (size_t i = 0; i < problem->states; i++)
		cr_expect_eq(y[i], problem->init[i], "%s, state %zu: %.17g, not %.17g", problem->name, i, y[i],
		             problem->init[i]);
	ojit_evaluator_free(e);
	ojit_program_free(program);
	free(y);
}

Test(corpora, texts_have_the_states_parameters_and_spans_of_their_files)
{
	each(0, FILES, check_start);
}

/* Published observables at the start follow from the initial values alone. */
static void check_observables(ojit_context *context, const struct corpus_problem *problem)
{
	double *out = calloc(problem->outputs + 1, sizeof *out);
	ojit_program *program = compile(corpus_read(context, problem), OJIT_OPTIMISED);
	ojit_evaluator *e = ojit_evaluator_new(program);
	cr_assert_eq(ojit_evaluator_call(e, OJIT_OBSERVABLES, problem->t0, problem->init, out), OJIT_OK, "%s",
	             ojit_evaluator_error(e).text);
	for (size_t i = 0; problem->rows && i < problem->outputs; i++) {
		double want = problem->published[1 + i];
		cr_expect_float_eq(out[i], want, 1e-9 * fabs(want) + 1e-9, "%s, observable %zu: %.10g, not %.10g",
		                   problem->name, i, out[i], want);
	}
	ojit_evaluator_free(e);
	ojit_program_free(program);
	free(out);
}

Test(corpora, observables_of_networks_start_where_they_were_published)
{
	each(3, FILES, check_observables);
}

/* ---- text and calls ---- */

static void check_ways(ojit_context *context, const struct corpus_problem *problem)
{
	size_t count = problem->states + problem->outputs;
	double *y = calloc(problem->states, sizeof *y), *a = calloc(count, sizeof *a), *b = calloc(count, sizeof *b);
	ojit_program *read = compile(corpus_read(context, problem), OJIT_INTERPRETER);
	ojit_program *built = compile(corpus_build(context, problem), OJIT_INTERPRETER);
	for (int point = 0; point < 5; point++) {
		double t = problem->t0 + 0.21 * point * (problem->tend - problem->t0);
		for (size_t i = 0; i < problem->states; i++)
			y[i] = problem->init[i] * (1 + 0.07 * point) + 0.3 * point * sin(0.7 * (double)i + point);
		evaluate(read, problem, t, y, a);
		evaluate(built, problem, t, y, b);
		for (size_t i = 0; i < count; i++)
			cr_expect((isnan(a[i]) && isnan(b[i])) || !memcmp(&a[i], &b[i], sizeof *a),
			          "%s, point %d, element %zu: %a from text, %a through the C API", problem->name, point,
			          i, a[i], b[i]);
	}
	ojit_program_free(read);
	ojit_program_free(built);
	free(y);
	free(a);
	free(b);
}

Test(corpora, text_and_calls_make_the_same_model)
{
	each(0, BCR, check_ways);
}

Test(corpora, text_and_calls_make_the_same_network_of_24388_reactions)
{
	each(BCR, FILES, check_ways);
}

/* E5 subtracts what two other equations computed, to the bit. */
Test(corpora, e5_reads_derivatives)
{
	struct corpus corpus;
	if (!corpus_load("bari.json", &corpus))
		cr_skip_test("there is no %s/bari.json; OJIT_CORPORA says where the corpora are", corpora_path());
	const struct corpus_problem *problem = corpus_find(&corpus, "e5");
	const double y[] = {1.7e-3, 3.1e-7, 2.9e-7, 1.3e-8};
	double out[4];
	cr_expect(strstr(problem->text, "y3' = y2' - y4'\n") != NULL);
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = compile(corpus_read(context, problem), OJIT_OPTIMISED);
	evaluate(program, problem, 0, y, out);
	cr_expect_eq(out[2], out[1] - out[3]);
	cr_expect_neq(out[1], 0);
	ojit_program_free(program);
	ojit_context_free(context);
	corpus_free(&corpus);
}
