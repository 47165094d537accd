/* Derivatives of all kinds have the same bits in whatever form they are evaluated. */
#include "tests/support_corpora.h"
#include "tests/support_derivatives.h"
#include "tests/support_kernels.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
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

static void hold_text(const char *text, enum kernels_effort effort)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), "model"), OJIT_OK);
	kernels_agree(model, text, effort);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* Loops of the text stay what they are, beside equations that are rolled or not. */
Test(kernels, every_structure_agrees)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold_text(derivative_models[k], KERNELS_PASSES);
}

Test(kernels, machine_code_agrees_with_any_lanes)
{
	hold_text("const N = 21\nparam d = 0.2\ninit u[i in 1..N] = 1 + 0.1*sin(i)\nlet u[0] = 1, u[N+1] = d\n"
	          "u[i in 1..N]' = exp(-u[i]) - 4*u[i]^3 + d*(u[i-1] - 2*u[i] + u[i+1])*u[i]", KERNELS_CODE);
}

/* ---- what is written out ---- */

static void expect_loops(const char *text, const char *stage, const char *without, bool loops)
{
	ojit_compile_options options = ojit_compile_options_default();
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	char *dump = NULL;
	options.without = &without;
	options.without_count = without != NULL;
	ojit_model_read_text(model, text, strlen(text), "model");
	cr_assert_eq(ojit_program_dump(model, &options, OJIT_RHS, stage, &dump), OJIT_OK, "%s", ojit_model_error(model).text);
	bool found = strstr(dump, "block [") || strstr(dump, " reduce ");
	cr_expect_eq(found, loops, "%s without %s:\n%s", stage, without ? without : "nothing", dump);
	ojit_text_free(context, dump);
	ojit_model_free(model);
	ojit_context_free(context);
}

static void expect_forms(const char *text, bool flat)
{
	static const char *const stages[] = {"jac", "newton", "jvp", "vjp", "hvp", "hess"};
	for (size_t s = 0; s < sizeof stages / sizeof *stages; s++) {
		expect_loops(text, stages[s], NULL, true);
		expect_loops(text, stages[s], "roll", !flat);
		expect_loops(text, stages[s], "inline", true);
	}
}

Test(kernels, without_roll_derivatives_have_the_loops_of_the_text_alone)
{
	enum { STATES = 60 };
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	for (int k = 0; k < STATES; k++)
		fprintf(out, "init x%d = %d\nx%d' = %d*x%d^3 + sin(x%d) - x%d*x%d\n", k, k, k, k + 2, k, 7 * k % STATES, k, 11 * k % STATES);
	fflush(out);
	expect_forms(text, true);
	fprintf(out, "let q[i in 0..4] = x0*i\ninit z = 1\nz' = sum(i in 0..4, q[i]^2)*z\n");
	fclose(out);
	expect_forms(text, false);
	free(text);
}
