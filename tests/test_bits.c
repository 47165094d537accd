/* The exact-bits test: however a model is run, it gives the same bits.
 *
 * Interpreter, unoptimised and optimised machine code, 1, 2, 4 and 8 lanes along a
 * map axis or an ensemble, any optional pass left out: on all examples, on all
 * corpora, at plain points and at hard ones. */
#include "tests/support_bits.h"
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <string.h>

static const char kuramoto[] =
	"const N = 150\n"
	"param K = 0.5, w[i in 1..N] = 0.1 + 0.03*sin(i)\n"
	"param half = K/2\n"
	"init  th[i in 1..N] = pi*mod(0.618034*i, 1)\n"
	"th[i in 1..N]' = w[i] + K/N*sum(j in 1..N, sin(th[j] - th[i]))\n"
	"let   R = hypot(sum(j in 1..N, cos(th[j])), sum(j in 1..N, sin(th[j])))/N\n"
	"out   order = R\n"
	"out   pull = half*R\n"
	"span  0 .. 100\n";

static ojit_model *oscillators(ojit_context *context, double n)
{
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, kuramoto, strlen(kuramoto), "kuramoto");
	ojit_model_set_const(model, "N", n);
	return model;
}

static void hold_oscillators(double n, enum bits_effort effort, size_t points)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = oscillators(context, n);
	bits_agree(model, "kuramoto", effort, points);
	ojit_model_free(model);
	ojit_context_free(context);
}

Test(bits, ten_oscillators_agree)
{
	hold_oscillators(10, BITS_ALL, 10);
}

Test(bits, hundred_and_fifty_oscillators_agree)
{
	hold_oscillators(150, BITS_ALL, 7);
}

Test(bits, thousand_oscillators_agree)
{
	hold_oscillators(1000, BITS_CODE, 2);
}

Test(bits, oscillators_agree_in_ensembles)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = oscillators(context, 10);
	bits_agree_in_ensembles(model, "kuramoto");
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---------------------------------------------------------------- examples */

static void hold_examples(void (*hold)(ojit_model *model, const char *name))
{
	glob_t found;
	cr_assert_eq(glob(OJIT_SOURCE_DIR "/examples/*.ojit", 0, NULL, &found), 0, "there are no examples");
	for (size_t i = 0; i < found.gl_pathc; i++) {
		ojit_context *context = ojit_context_new(NULL);
		ojit_model *model = ojit_model_new(context);
		ojit_model_read_file(model, found.gl_pathv[i]);
		hold(model, strrchr(found.gl_pathv[i], '/') + 1);
		ojit_model_free(model);
		ojit_context_free(context);
	}
	globfree(&found);
}

static void hold_example(ojit_model *model, const char *name)
{
	bits_agree(model, name, BITS_ALL, 4);
}

Test(bits, examples_agree)
{
	hold_examples(hold_example);
}

Test(bits, examples_agree_in_ensembles)
{
	hold_examples(bits_agree_in_ensembles);
}

/* ---------------------------------------------------------------- corpora */

static void hold_corpus(const char *file, enum bits_effort effort, size_t points, size_t ensembles)
{
	struct corpus corpus;
	if (!corpus_load(file, &corpus))
		cr_skip_test("there is no %s/%s; OJIT_CORPORA says where the corpora are", corpora_path(), file);
	for (size_t i = 0; i < corpus.count; i++) {
		ojit_context *context = ojit_context_new(NULL);
		ojit_model *model = corpus_read(context, &corpus.problems[i]);
		bits_agree(model, corpus.problems[i].name, effort, points);
		if (ensembles && i % ensembles == 0)
			bits_agree_in_ensembles(model, corpus.problems[i].name);
		ojit_model_free(model);
		ojit_context_free(context);
	}
	corpus_free(&corpus);
}

Test(bits, bari_agrees)
{
	hold_corpus("bari.json", BITS_ALL, 10, 2);
}

Test(bits, detest_agrees)
{
	hold_corpus("detest.json", BITS_ALL, 10, 5);
}

Test(bits, odebench_agrees)
{
	hold_corpus("odebench.json", BITS_ALL, 10, 9);
}

Test(bits, small_networks_agree)
{
	hold_corpus("networks/haugh2b.json", BITS_ALL, 10, 1);
	hold_corpus("networks/repressilator.json", BITS_ALL, 10, 1);
	hold_corpus("networks/tlbr.json", BITS_ALL, 10, 1);
	hold_corpus("networks/toy_jim.json", BITS_ALL, 10, 1);
	hold_corpus("networks/multistate.json", BITS_ALL, 10, 1);
}

Test(bits, egfr_agrees)
{
	hold_corpus("networks/egfr_net.json", BITS_CODE, 4, 0);
}

Test(bits, bcr_agrees)
{
	hold_corpus("networks/bcr.json", BITS_PAIR, 4, 0);
}
