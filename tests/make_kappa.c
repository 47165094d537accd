/* Writes tests/data/kappa.txt: how much each problem amplifies errors, by the
 * definition in tests/support_kappa.h.
 *
 *     make_kappa > tests/data/kappa.txt
 *
 * Run once for given corpora; the tests read the table and recompute a few rows. */
#include "tests/support_kappa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_smooth_and_not_stiff(const struct corpus_problem *problem)
{
	return problem->name[0] == 'n' && !problem->nonsmooth;
}

static bool is_explicit_and_hard(const struct corpus_problem *problem)
{
	return !strcmp(problem->name, "pleiades") || !strcmp(problem->name, "arenstorf");
}

static bool is_any(const struct corpus_problem *problem)
{
	return problem->reference_count > 0;
}

static bool is_stiff(const struct corpus_problem *problem)
{
	return kappa_is_stiff(problem->name);
}

static void print_kappa(const struct corpus_problem *problem, const struct kappa_methods *methods)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = corpus_read(context, problem);
	ojit_program *program;
	if (ojit_program_compile(model, NULL, &program) != OJIT_OK) {
		fputs(ojit_model_error(model).text, stderr);
		exit(1);
	}
	double way = kappa_on_the_way(program, problem, methods);
	printf("%s %.3e", problem->name, kappa_of(program, problem, methods));
	if (isfinite(way)) /* sf5 cannot be followed by steps of given size */
		printf(" %.3e", way);
	putchar('\n');
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

static void print_corpus(const char *file, bool (*wanted)(const struct corpus_problem *),
                         const struct kappa_methods *methods)
{
	struct corpus corpus;
	if (!corpus_load(file, &corpus)) {
		fprintf(stderr, "there is no %s/%s; set OJIT_CORPORA\n", corpora_path(), file);
		exit(1);
	}
	for (size_t i = 0; i < corpus.count; i++)
		if (wanted(&corpus.problems[i]))
			print_kappa(&corpus.problems[i], methods);
	corpus_free(&corpus);
}

static void print_models(void)
{
	for (int i = 0; i < KAPPA_MODELS; i++) {
		struct corpus_problem problem;
		if (!kappa_model_open(&kappa_models[i], &problem)) {
			fprintf(stderr, "%s cannot be solved\n", kappa_models[i].path);
			exit(1);
		}
		print_kappa(&problem, &kappa_explicit);
		kappa_model_close(&problem);
	}
}

int main(void)
{
	puts("# kappa of problems, written by make_kappa.\n"
	     "#\n"
	     "# With M = max_i |ref_i|, w_j(t) = max(|y_j(t)|, 1e-3 M), v_i = max(|ref_i|, 1e-3 M)\n"
	     "# and F(s) the derivative of the final state with respect to the state at time s,\n"
	     "#\n"
	     "#     kappa = max(1, max over s of max_i sum_j |F_ij(s)| w_j(s) / v_i):\n"
	     "#\n"
	     "# the largest factor by which relative perturbations of all components, made at any\n"
	     "# one time along the trajectory, appear in the final error.  F comes from central\n"
	     "# differences over single steps of a trajectory, of dop853 at rtol 1e-13, or of radau\n"
	     "# at 1e-12 where the problem is stiff, see tests/support_kappa.h; no error of any\n"
	     "# solve enters.  A second number is the largest kappa of all problems that end at one\n"
	     "# of fifty equidistant times, in all states.");
	print_corpus("odebench.json", is_any, &kappa_explicit);
	print_corpus("detest.json", is_smooth_and_not_stiff, &kappa_explicit);
	print_corpus("bari.json", is_explicit_and_hard, &kappa_explicit);
	print_models();
	print_corpus("detest.json", is_stiff, &kappa_stiff);
	print_corpus("bari.json", is_stiff, &kappa_stiff);
	return 0;
}
