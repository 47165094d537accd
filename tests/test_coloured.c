/* Jacobians by coloured tangents are those by formulas, and what is chosen is what takes
 * fewer operations; counted operations are those that a hand counts. */
#include <ojit/ojit.h>

#include "lib/graph/effort.h"
#include "tests/support_host.h"
#include "tests/support_derivatives.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct host *h, const char *text, ojit_executor executor, ojit_jacobian jacobian)
{
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = executor;
	options.jacobian = jacobian;
	host_begin_with(h, text, &options);
}

/* Values and copies of the pattern. */
static size_t take(struct host *h, ojit_inputs by, bool newton, double *values, int64_t *rows)
{
	ojit_pattern p;
	if (newton)
		HOST_OK(ojit_evaluator_newton_pattern(h->evaluator, &p));
	else
		HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, by, &p));
	memcpy(rows, p.row, p.entries * sizeof *rows);
	if (newton)
		HOST_OK(ojit_evaluator_newton(h->evaluator, 0.25, h->y, 0.37, values));
	else
		HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, by, 0.25, h->y, values));
	return p.entries;
}

enum { MOST = 1000 };
struct sample {
	size_t entries;
	double values[MOST];
	int64_t rows[MOST];
};

static struct sample sample(const char *text, ojit_executor executor, ojit_jacobian jacobian, ojit_inputs by, bool newton)
{
	struct host h;
	struct sample s = {0};
	begin(&h, text, executor, jacobian);
	s.entries = take(&h, by, newton, s.values, s.rows);
	host_end(&h);
	return s;
}

static void hold(const char *text, ojit_inputs by, bool newton)
{
	struct sample direct = sample(text, OJIT_INTERPRETER, OJIT_JACOBIAN_DIRECT, by, newton);
	struct sample coloured = sample(text, OJIT_INTERPRETER, OJIT_JACOBIAN_COLOURED, by, newton);
	struct sample machine = sample(text, OJIT_AUTOMATIC, OJIT_JACOBIAN_COLOURED, by, newton);
	cr_assert_eq(coloured.entries, direct.entries);
	cr_expect(memcmp(coloured.rows, direct.rows, sizeof direct.rows) == 0);
	cr_expect(memcmp(coloured.values, machine.values, sizeof machine.values) == 0, "%s\nbits differ", text);
	for (size_t k = 0; k < direct.entries; k++)
		cr_expect(fabs(coloured.values[k] - direct.values[k]) <= 1e-13 * (1 + fabs(direct.values[k])),
		          "%s\nentry %zu: %.17g, by formula %.17g", text, k, coloured.values[k], direct.values[k]);
}

Test(coloured, jacobians_are_those_by_formulas)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		hold(derivative_models[k], OJIT_BY_STATES, false);
		hold(derivative_models[k], OJIT_BY_PARAMETERS, false);
		hold(derivative_models[k], OJIT_BY_STATES, true);
	}
}

/* "formulas" or "tangents", and the numbers that stand in the explanation. */
static char *explain(const char *text, ojit_jacobian jacobian, double *direct, double *coloured)
{
	ojit_compile_options options = ojit_compile_options_default();
	options.jacobian = jacobian;
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	char *told = NULL, *copy, *at;
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), NULL), OJIT_OK);
	cr_assert_eq(ojit_program_explain(model, &options, OJIT_RHS, "jac", &told), OJIT_OK, "%s",
	             ojit_model_error(model).text);
	cr_assert((at = strstr(told, "formulas of the entries: ")));
	*direct = atof(at + strlen("formulas of the entries: "));
	cr_assert((at = strstr(told, " directions: ")));
	at += strlen(" directions: ");
	at += strncmp(at, "no less than ", 13) ? 0 : 13;
	*coloured = atof(at);
	copy = strdup(strstr(told, "# -> "));
	ojit_text_free(context, told);
	ojit_model_free(model);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
	return copy;
}

Test(coloured, what_takes_fewer_operations_is_chosen)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		double direct, coloured;
		char *chosen = explain(derivative_models[k], OJIT_JACOBIAN_AUTOMATIC, &direct, &coloured);
		cr_expect_gt(direct, 0);
		cr_expect_str_eq(chosen, coloured < direct ? "# -> tangents\n" : "# -> formulas\n", "%s", derivative_models[k]);
		free(chosen);
	}
	double direct, coloured;
	char *chosen = explain(derivative_models[1], OJIT_JACOBIAN_COLOURED, &direct, &coloured);
	cr_expect_str_eq(chosen, "# -> tangents, as was asked for\n");
	free(chosen);
	chosen = explain(derivative_models[1], OJIT_JACOBIAN_DIRECT, &direct, &coloured);
	cr_expect_str_eq(chosen, "# -> formulas, as was asked for\n");
	free(chosen);
}

Test(coloured, other_numbers_are_no_way_to_compute)
{
	ojit_compile_options options = ojit_compile_options_default();
	options.jacobian = (ojit_jacobian)3;
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program;
	ojit_state(model, "x", 1);
	cr_expect_eq(ojit_program_compile(model, &options, &program), OJIT_ARGUMENT);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---------------------------------------------------------------- operations */

static double effort_of(const char *text)
{
	struct derivative_problem p;
	derivative_begin(&p, text, true);
	double effort = oj_program_effort(p.rhs);
	derivative_end(&p);
	return effort;
}

Test(coloured, operations_are_counted_as_often_as_they_are_done)
{
	/* loads, an operation, a store */
	cr_expect_eq(effort_of("init x = 1, y = 2\nx' = x*y\ny' = x*y"), 2 + 1 + 2);
	cr_expect_eq(effort_of("const N = 10\ninit u[i in 1..N] = i\nu[i in 1..N]' = u[i]*u[i]"), 10 * 3);
	/* the sum is taken once: a load, a product, an addition a term; then loads, a product and a store */
	cr_expect_eq(effort_of("const N = 10\ninit u[i in 1..N] = i\nlet s = sum(j in 1..N, u[j]*u[j])\n"
	                       "u[i in 1..N]' = s*u[i]"), 10 * 3 + 10 * 3);
	double ragged = effort_of("const N = 10\ninit u[i in 1..N] = i\nu[i in 1..N]' = sum(j in 1..i, u[j]*u[j])");
	double full = effort_of("const N = 10\ninit u[i in 1..N] = i\nu[i in 1..N]' = sum(j in 1..N, u[i]*u[j])");
	cr_expect_eq(ragged, 55 * 3 + 10);
	cr_expect_eq(full, 10 * (1 + 10 * 3 + 1));
}
