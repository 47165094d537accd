/* Derivatives of all corpora's problems: the Jacobian's entries, a tangent and an adjoint
 * agree, by states and by parameters, rolled and, where that is quick, unrolled. */
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct host {
	const char *name;
	ojit_program *program;
	ojit_evaluator *evaluator;
	const double *y;
	double t;
};

static double number(size_t k)
{
	return sin(1 + 2.3 * (double)k);
}

static double *numbers(size_t count)
{
	double *made = malloc((count + 1) * sizeof *made);
	for (size_t k = 0; k < count; k++)
		made[k] = number(k);
	return made;
}

#define OK(call) cr_assert_eq((call), OJIT_OK, "%s: %s", h->name, ojit_evaluator_error(h->evaluator).text)

/* Both products by entries, with the sums of absolute terms they are measured by. */
static void by_entries(const ojit_pattern *p, const double *values, double *product, double *size, bool transposed)
{
	for (size_t c = 0; c < p->columns; c++)
		for (int64_t k = p->column[c]; k < p->column[c + 1]; k++) {
			size_t to = transposed ? c : (size_t)p->row[k];
			double term = values[k] * number(transposed ? (size_t)p->row[k] : c);
			product[to] += term;
			size[to] += fabs(term);
		}
}

static void compare(struct host *h, const ojit_pattern *p, const double *values, const double *by_kernel, bool transposed)
{
	size_t count = transposed ? p->columns : p->rows;
	double *product = calloc(count + 1, sizeof *product), *size = calloc(count + 1, sizeof *size), largest = 0;
	for (size_t k = 0; k < p->entries; k++) /* an entry may itself be what a cancellation left */
		largest = fabs(values[k]) > largest ? fabs(values[k]) : largest;
	by_entries(p, values, product, size, transposed);
	for (size_t k = 0; k < count; k++)
		if (isfinite(product[k]))
			cr_expect_leq(fabs(product[k] - by_kernel[k]), 1e-12 * size[k] + 1e-15 * largest, "%s, %s %zu: %.17g and %.17g", h->name,
			              transposed ? "adjoint" : "tangent", k, product[k], by_kernel[k]);
	free(product);
	free(size);
}

static void hold_by(struct host *h, ojit_inputs by)
{
	ojit_pattern p;
	OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, by, &p));
	double *values = numbers(p.entries), *seed = numbers(p.columns), *weights = numbers(p.rows);
	double *tangent = numbers(p.rows), *adjoint = numbers(p.columns);
	OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, by, h->t, h->y, values));
	if (p.columns) {
		OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, by, 1, h->t, h->y, seed, tangent));
		OK(ojit_evaluator_adjoint(h->evaluator, OJIT_RHS, by, h->t, h->y, weights, adjoint));
		compare(h, &p, values, tangent, false);
		compare(h, &p, values, adjoint, true);
	}
	free(values);
	free(seed);
	free(weights);
	free(tangent);
	free(adjoint);
}

/* Of the sum of all equations with weights: the Hessian's entries are symmetric and their
 * product with a vector is what the kernel of products gives. */
static void hold_twice(struct host *h)
{
	ojit_pattern p;
	double *weights = numbers(ojit_program_describe(h->program).states);
	const ojit_scalar sum = {.of = OJIT_RHS, .weights = weights};
	OK(ojit_evaluator_hessian_pattern(h->evaluator, &sum, OJIT_BY_STATES, OJIT_BY_STATES, &p));
	double *values = numbers(p.entries), *seed = numbers(p.columns), *product = numbers(p.rows);
	OK(ojit_evaluator_hessian(h->evaluator, &sum, OJIT_BY_STATES, OJIT_BY_STATES, h->t, h->y, values));
	OK(ojit_evaluator_hessian_product(h->evaluator, &sum, OJIT_BY_STATES, 1, h->t, h->y, seed, product));
	compare(h, &p, values, product, false);
	compare(h, &p, values, product, true);
	free(weights);
	free(values);
	free(seed);
	free(product);
}

enum what { ROLLED, FLAT, TWICE };

static void hold(const struct corpus_problem *problem, enum what what)
{
	const char *without[] = {"roll"};
	ojit_compile_options options = ojit_compile_options_default();
	if (what == TWICE)
		options.executor = OJIT_INTERPRETER;
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = corpus_read(context, problem);
	struct host h = {.name = problem->name, .t = problem->t0};
	options.without = without;
	options.without_count = what == FLAT;
	cr_assert_eq(ojit_program_compile(model, &options, &h.program), OJIT_OK, "%s", ojit_model_error(model).text);
	h.evaluator = ojit_evaluator_new(h.program);
	ojit_solver *solver = ojit_solver_new(h.program);
	h.y = ojit_solver_initials(solver, h.t);
	cr_assert(h.y, "%s", problem->name);
	if (what == TWICE) {
		hold_twice(&h);
	} else {
		hold_by(&h, OJIT_BY_STATES);
		hold_by(&h, OJIT_BY_PARAMETERS);
	}
	ojit_solver_free(solver);
	ojit_evaluator_free(h.evaluator);
	ojit_program_free(h.program);
	ojit_model_free(model);
	ojit_context_free(context);
}

static void hold_file(const char *file, enum what what)
{
	struct corpus corpus;
	if (!corpus_load(file, &corpus))
		cr_skip_test("%s/%s is not there", corpora_path(), file);
	for (size_t k = 0; k < corpus.count; k++)
		hold(&corpus.problems[k], what);
	corpus_free(&corpus);
}

Test(corpora_derivatives, agree_for_bari)
{
	hold_file("bari.json", ROLLED);
	hold_file("bari.json", FLAT);
}

Test(corpora_derivatives, agree_for_detest)
{
	hold_file("detest.json", ROLLED);
}

Test(corpora_derivatives, agree_for_odebench)
{
	hold_file("odebench.json", ROLLED);
}

Test(corpora_derivatives, agree_for_networks)
{
	static const char *const networks[] = {"haugh2b", "tlbr", "repressilator", "toy_jim", "egfr_net", "multistate", "bcr"};
	for (size_t k = 0; k < sizeof networks / sizeof networks[0]; k++) {
		char file[64];
		snprintf(file, sizeof file, "networks/%s.json", networks[k]);
		hold_file(file, ROLLED);
	}
}

Test(corpora_derivatives, second_ones_agree)
{
	static const char *const files[] = {"detest.json", "odebench.json", "networks/haugh2b.json",
	                                    "networks/repressilator.json", "networks/egfr_net.json"};
	for (size_t k = 0; k < sizeof files / sizeof files[0]; k++)
		hold_file(files[k], TWICE);
}

/* All but beam, whose Hessian of 6,400 long entries takes seconds. */
Test(corpora_derivatives, second_ones_agree_for_bari)
{
	struct corpus corpus;
	if (!corpus_load("bari.json", &corpus))
		cr_skip_test("%s/bari.json is not there", corpora_path());
	for (size_t k = 0; k < corpus.count; k++)
		if (strcmp(corpus.problems[k].name, "beam") != 0)
			hold(&corpus.problems[k], TWICE);
	corpus_free(&corpus);
}
