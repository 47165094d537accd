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

/* Of a model of n states; `equation` is what all of them follow. */
static double count_of(int n, const char *equation, enum variant_kind kind)
{
	char text[256];
	struct variant variant = {.kind = kind, .of = KERNEL_RHS, .by = BY_STATES, .order = 1};
	struct support_counted c;
	snprintf(text, sizeof text, "const N = %d\ninit x[i in 1..N] = 1\nx[i in 1..N]' = %s", n, equation);
	ojit_model *model = ojit_model_new(ojit_context_new(NULL));
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), NULL), OJIT_OK);
	support_counted_open(&c, model);
	double count = support_counted_variant(&c, &variant);
	support_counted_close(&c);
	return count;
}

Test(derivative_counts, derivatives_of_long_products_are_linear)
{
	static const struct {
		enum variant_kind kind;
		double factor; /* additions and products a factor */
	} kinds[] = {{VARIANT_TANGENT, 6}, {VARIANT_ADJOINT, 6}, {VARIANT_HESSIAN_PRODUCT, 16}};
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		for (int n = 500; n <= 4000; n *= 8) {
			double count = count_of(n, "prod(j in 1..N, x[j]) - x[i]", kinds[k].kind);
			cr_expect_leq(count, kinds[k].factor * n, "kind %d, %d factors: %g", (int)kinds[k].kind, n, count);
		}
}

/* What all rows share is differentiated once: n^2 terms, where rows times pairs are n^3. */
Test(derivative_counts, jacobians_take_sums_over_pairs_once)
{
	for (int n = 20; n <= 80; n *= 2) {
		double count = count_of(n, "-x[i] + i*sum(j in 1..N, k in 1..N, x[j]*sin(x[k]))", VARIANT_JACOBIAN);
		cr_expect_leq(count, 40.0 * n * n, "%d states: %g", n, count);
	}
}

/* A sum that is the same in all rows, times what is not: rows and terms, where each row's own way would be rows times terms. */
Test(derivative_counts, adjoints_take_sums_that_rows_share_once)
{
	static const char *const equations[] = {
		"x[i]*sum(j in 1..N, x[j]*x[j])", "x[i]*sum(j in 1..N, (x[j] + 2)*x[j])", "x[i]*sum(j in 1..N, sin(x[j])*x[j])",
		"-x[i]/(1 + sum(j in 1..N, x[j]/(1 + x[j])))", "i*cos(sum(j in 1..N, x[j]*x[j]) - x[i]) + x[i]*sum(j in 1..N, exp(-x[j]))",
	};
	static const enum variant_kind kinds[] = {VARIANT_ADJOINT, VARIANT_HESSIAN_PRODUCT};
	for (size_t e = 0; e < sizeof equations / sizeof equations[0]; e++)
		for (int k = 0; k < 2; k++) {
			double few = count_of(100, equations[e], kinds[k]), many = count_of(400, equations[e], kinds[k]);
			cr_expect_leq(many, 4.1 * few, "%s, kind %d: %g operations with 100 states, %g with 400", equations[e], (int)kinds[k],
			              few, many);
		}
}

/* Which term a row takes, or whether it takes any, is found out once a row and not for every term of every row. */
Test(derivative_counts, adjoints_find_out_once_what_rows_choose)
{
	static const char *const equations[] = {
		"max(0, sum(j in 1..N, x[j]/(i + j)))", "if(sum(j in 1..N, x[j]/(i + j)) > 1, sum(j in 1..N, x[j]*x[j]*i), x[i])",
		"min(j in 1..N, (x[j] - x[i])^2 + j)", "relu(sum(j in 1..N, x[j]*(i - j)) - 1)*x[i]",
		"sum(j in 1..N, if(sum(k in 1..N, x[k]/(i + k)) > 1, x[j]*x[j]*j, 0))", "sum(j in 1..N, sin(x[j]*i)*sum(k in 1..N, x[k]/(i + k)))",
	};
	for (size_t e = 0; e < sizeof equations / sizeof equations[0]; e++) {
		double few = count_of(50, equations[e], VARIANT_ADJOINT), many = count_of(200, equations[e], VARIANT_ADJOINT);
		cr_expect_leq(many, 17 * few, "%s: %g operations with 50 states, %g with 200", equations[e], few, many);
	}
}
