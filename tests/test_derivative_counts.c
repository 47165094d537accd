/* What reverse mode takes, in counted operations of the right-hand side: the adjoint at
 * most 2.7 times as many, with parameters 3 times, where the cheap gradient principle
 * allows 4 (Griewank, Walther, Evaluating Derivatives, 2nd ed., 3.3). */
#include "tests/support_corpora.h"
#include "tests/support_counts.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <string.h>

static void hold(const char *name, ojit_model *model, double by_states, double by_all)
{
	struct variant adjoint = {.kind = VARIANT_ADJOINT, .of = KERNEL_RHS, .by = BY_STATES}, all = adjoint;
	struct support_counted c;
	all.by |= BY_PARAMETERS;
	support_counted_open(&c, model);
	double rhs = support_counted_rhs(&c), states = support_counted_variant(&c, &adjoint);
	double parameters = support_counted_variant(&c, &all);
	cr_expect_leq(states, by_states * rhs, "%s: the adjoint takes %g operations, the right-hand side %g: %.2f", name, states,
	              rhs, states / rhs);
	cr_expect_leq(parameters, by_all * rhs, "%s: with parameters the adjoint takes %g operations, the right-hand side %g: %.2f",
	              name, parameters, rhs, parameters / rhs);
	support_counted_close(&c);
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(name, *names))
			return true;
	return false;
}

Test(derivative_counts, adjoints_of_examples_take_few_times_the_operations)
{
	static const char *const sparse[] = {"kuramoto.ojit", "brusselator1d.ojit", "brusselator2d.ojit", NULL};
	glob_t found;
	cr_assert_eq(glob(OJIT_SOURCE_DIR "/examples/*.ojit", 0, NULL, &found), 0);
	for (size_t k = 0; k < found.gl_pathc; k++) {
		const char *name = strrchr(found.gl_pathv[k], '/') + 1;
		ojit_model *model = ojit_model_new(ojit_context_new(NULL));
		cr_assert_eq(ojit_model_read_file(model, found.gl_pathv[k]), OJIT_OK);
		hold(name, model, is_one_of(name, sparse) ? 2 : 2.7, 3);
	}
	globfree(&found);
}

Test(derivative_counts, adjoints_of_networks_take_at_most_twice_the_operations)
{
	static const char *const networks[] = {"haugh2b", "tlbr", "repressilator", "toy_jim", "egfr_net", "multistate", "bcr"};
	for (size_t k = 0; k < sizeof networks / sizeof networks[0]; k++) {
		char file[64];
		struct corpus corpus;
		snprintf(file, sizeof file, "networks/%s.json", networks[k]);
		if (!corpus_load(file, &corpus))
			cr_skip_test("%s/%s is not there", corpora_path(), file);
		hold(networks[k], corpus_read(ojit_context_new(NULL), &corpus.problems[0]), 2, 3);
		corpus_free(&corpus);
	}
}
