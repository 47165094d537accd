/* What needs no looking after for numbers that are none, and the looking. */
#include "jit/compile.h"
#include "jit/nans.h"
#include "lib/graph/finite.h"

#include <ojit/derive.h>
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static bool adjoint_keeps_finite(const char *text)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program;
	ojit_model_read_text(model, text, strlen(text), NULL);
	options.executor = OJIT_INTERPRETER;
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_evaluator *evaluator = ojit_evaluator_new(program);
	double y[8] = {0.5, 1, 2, 0.25}, weights[8] = {1, 2, 3, 4}, out[8];
	cr_assert_eq(ojit_evaluator_adjoint(evaluator, OJIT_RHS, OJIT_BY_STATES, 0, y, weights, out), OJIT_OK);
	const struct variant variant = {.kind = VARIANT_ADJOINT, .of = KERNEL_RHS, .by = BY_STATES};
	const struct program *source = oj_program_variant_source(oj_program_system(program), &variant);
	cr_assert_not_null(source);
	bool keeps;
	cr_assert(oj_keeps_finite(source, &keeps));
	ojit_evaluator_free(evaluator);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return keeps;
}

Test(finite, sums_products_and_moderate_functions_keep_numbers_finite)
{
	static const char *const finite[] = {
		"param k = 2\ninit x = 1, y = 2\nx' = -k*x*y^3 + 0.5\ny' = x - t",
		"init x[i in 1..4] = i\nx[i in 1..4]' = sum(j in 1..4, sin(x[j] - x[i]))",
		"init x = 1\nx' = tanh(3*x) + max(x, 2) + abs(x)",
	};
	static const char *const others[] = {
		"init x = 1\nx' = sqrt(x)", "init x = 1\nx' = 1/x", "init x = 1\nx' = log(x)", "init x = 1\nx' = x^-1",
		"init x = 1\nx' = x^1.5", "init x = 1\nx' = exp(x)", "init x[i in 1..4] = i\nx[i in 1..4]' = sum(j in 1..i, 1/x[j])",
	};
	for (size_t k = 0; k < sizeof finite / sizeof finite[0]; k++)
		cr_expect(adjoint_keeps_finite(finite[k]), "%s", finite[k]);
	for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
		cr_expect_not(adjoint_keeps_finite(others[k]), "%s", others[k]);
}

/* Parameters may be infinite though no operator makes them so: k = 1/0 is one. */
Test(finite, zeros_are_strong_where_parameters_are_infinite)
{
	static const char text[] = "param a = 0\nlet k = 1/a\ninit x = 1, y = 2\nx' = k*x\ny' = y*x";
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program;
	ojit_model_read_text(model, text, strlen(text), NULL);
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_evaluator *evaluator = ojit_evaluator_new(program);
	const double y[2] = {1, 2}, weights[2] = {0, 3}, finite[1] = {0.5};
	double out[2];
	for (int again = 0; again < 3; again++) {
		cr_assert_eq(ojit_evaluator_adjoint(evaluator, OJIT_RHS, OJIT_BY_STATES, 0, y, weights, out), OJIT_OK);
		cr_expect(out[0] == 6 && out[1] == 3, "%g %g", out[0], out[1]);
	}
	for (int again = 0; again < 3; again++) {
		cr_assert_eq(ojit_evaluator_parameters(evaluator, again == 1 ? NULL : finite), OJIT_OK);
		for (int twice = 0; twice < 2; twice++)
			cr_assert_eq(ojit_evaluator_adjoint(evaluator, OJIT_RHS, OJIT_BY_STATES, 0, y, weights, out), OJIT_OK);
		cr_expect(out[0] == 6 && out[1] == 3, "%g %g", out[0], out[1]);
	}
	ojit_evaluator_free(evaluator);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

Test(finite, one_nan_is_found_at_any_place_and_infinities_are_none)
{
	enum { LONGEST = 100 };
	double x[LONGEST];
	for (size_t count = 0; count <= LONGEST; count++) {
		for (size_t k = 0; k < count; k++)
			x[k] = k % 3 == 1 ? INFINITY : k % 5 ? -1e308 : -INFINITY;
		cr_expect_not(oj_has_nan(x, count));
		for (size_t at = 0; at < count; at++) {
			double was = x[at];
			x[at] = NAN;
			cr_expect(oj_has_nan(x, count), "%zu of %zu", at, count);
			x[at] = was;
		}
	}
}

Test(finite, what_is_not_finite_is_seen)
{
	double x[4] = {1, 2, 3, 1e308};
	cr_expect(oj_only_finite(x, 4));
	x[2] = -INFINITY;
	cr_expect_not(oj_only_finite(x, 4));
	cr_expect(oj_only_finite(x, 2));
	x[1] = NAN;
	cr_expect_not(oj_only_finite(x, 2));
}
