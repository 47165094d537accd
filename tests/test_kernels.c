/* Derivatives of all kinds have the same bits in whatever form they are evaluated. */
#include "tests/support_corpora.h"
#include "tests/support_derivatives.h"
#include "tests/support_kernels.h"

#include <criterion/criterion.h>
#include <string.h>

static void hold_file(const char *file, enum kernels_effort effort)
{
	struct corpus corpus;
	if (!corpus_load(file, &corpus))
		cr_skip_test("%s/%s is not there", corpora_path(), file);
	for (size_t k = 0; k < corpus.count; k++) {
		ojit_context *context = ojit_context_new(NULL);
		ojit_model *model = corpus_read(context, &corpus.problems[k]);
		kernels_agree(model, corpus.problems[k].name, effort);
		ojit_model_free(model);
		ojit_context_free(context);
	}
	corpus_free(&corpus);
}

Test(kernels, bari_agrees)
{
	hold_file("bari.json", KERNELS_FLAT);
}

Test(kernels, detest_agrees)
{
	hold_file("detest.json", KERNELS_PASSES);
}

Test(kernels, odebench_agrees)
{
	hold_file("odebench.json", KERNELS_PASSES);
}

Test(kernels, small_networks_agree)
{
	hold_file("networks/haugh2b.json", KERNELS_CODE);
	hold_file("networks/haugh2b.json", KERNELS_PASSES);
	hold_file("networks/tlbr.json", KERNELS_PASSES);
	hold_file("networks/repressilator.json", KERNELS_PASSES);
	hold_file("networks/toy_jim.json", KERNELS_PASSES);
	hold_file("networks/multistate.json", KERNELS_FLAT);
}

Test(kernels, large_networks_agree)
{
	hold_file("networks/egfr_net.json", KERNELS_FLAT);
	hold_file("networks/bcr.json", KERNELS_LARGE);
}

/* Loops of the text stay what they are, beside equations that are rolled or not. */
Test(kernels, every_structure_agrees)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		ojit_context *context = ojit_context_new(NULL);
		ojit_model *model = ojit_model_new(context);
		cr_assert_eq(ojit_model_read_text(model, derivative_models[k], strlen(derivative_models[k]), "model"), OJIT_OK);
		kernels_agree(model, derivative_models[k], KERNELS_PASSES);
		ojit_model_free(model);
		ojit_context_free(context);
	}
}
