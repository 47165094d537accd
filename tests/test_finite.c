/* What needs no looking after for numbers that are none, and the looking. */
#include "jit/compile.h"
#include "jit/nans.h"
#include "lib/graph/finite.h"

#include "tests/support_host.h"

#include <ojit/derive.h>
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
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

/* ---------------------------------------------------------------- calls in any order */

/* Some keep finite numbers finite, so that zeros in seeds are not looked after, and some do not. */
static const char *const threes[] = {
	"x' = x*x*y + z\ny' = z + y\nz' = x*y*z", "x' = x^3*z\ny' = z + y\nz' = y", "x' = sin(x)*z\ny' = x^3*y\nz' = tanh(y)*x^2",
	"x' = sqrt(x)*y\ny' = x*x*z\nz' = z/x", "x' = exp(x)*z\ny' = z + y\nz' = y", "x' = x^1.5 + log(y)\ny' = x^4*y\nz' = hypot(x, y)",
};
static const double places[][3] = {
	{1, 1, 0.5}, {1e200, 1, 0}, {0, 1, 2}, {INFINITY, 1, 0}, {1e110, 1, 1}, {NAN, 1, 0}, {0, 0, 0}, {1e200, 1e200, 1},
	{-INFINITY, INFINITY, 0}, {800, 1, 0},
};
enum { THREES = sizeof threes / sizeof *threes, PLACES = sizeof places / sizeof *places, LONGEST = 9 };

static const double unit[] = {0, 0, 1}, other[] = {0, 1, 0}, three_of_them[] = {0, 0, 1, 0, 1, 1, 1, 0, 0};
static const struct product {
	enum { TANGENT, ADJOINT, GRADIENT, HESSIAN_PRODUCT } kind;
	size_t directions;
	const double *seed;
} products[] = {
	{TANGENT, 1, unit}, {TANGENT, 1, other}, {TANGENT, 3, three_of_them}, {ADJOINT, 1, unit}, {ADJOINT, 1, other},
	{GRADIENT, 1, other}, {HESSIAN_PRODUCT, 1, unit}, {HESSIAN_PRODUCT, 3, three_of_them},
};
enum { PRODUCTS = sizeof products / sizeof *products };

static void by_call(ojit_evaluator *e, const struct product *p, const double *y, double *out)
{
	ojit_scalar weighted = {OJIT_RHS, 0, p->kind == GRADIENT ? p->seed : other};
	ojit_status status =
		p->kind == TANGENT   ? ojit_evaluator_tangent(e, OJIT_RHS, OJIT_BY_STATES, p->directions, 0, y, p->seed, out)
		: p->kind == ADJOINT ? ojit_evaluator_adjoint(e, OJIT_RHS, OJIT_BY_STATES, 0, y, p->seed, out)
		: p->kind == GRADIENT
			? ojit_evaluator_gradient(e, &weighted, OJIT_BY_STATES, 0, y, out)
			: ojit_evaluator_hessian_product(e, &weighted, OJIT_BY_STATES, p->directions, 0, y, p->seed, out);
	cr_assert_eq(status, OJIT_OK, "%s", ojit_evaluator_error(e).text);
}

/* False: there are no functions of that kind. */
static bool by_function(ojit_evaluator *e, const struct product *p, const double *y, double *out)
{
	ojit_function f;
	if (p->kind > ADJOINT)
		return false;
	ojit_function_kind kind = p->kind == TANGENT ? OJIT_FUNCTION_TANGENT : OJIT_FUNCTION_ADJOINT;
	cr_assert_eq(ojit_evaluator_function(e, kind, OJIT_RHS, OJIT_BY_STATES, p->directions, &f), OJIT_OK, "%s",
	             ojit_evaluator_error(e).text);
	f.call(f.data, 0, y, p->seed, out);
	return true;
}

static void expect_same(const double *a, const double *b, size_t count, const char *text, size_t place, const char *how)
{
	for (size_t k = 0; k < count; k++)
		cr_expect(memcmp(&a[k], &b[k], sizeof *a) == 0 || (isnan(a[k]) && isnan(b[k])), "%s\nplace %zu, element %zu: %.17g, %s %.17g",
		          text, place, k, a[k], how, b[k]);
}

/* h->evaluator has been asked for other things before. */
static void hold_product(struct host *h, const struct product *p, const char *text, size_t place)
{
	double first[LONGEST], second[LONGEST], later[LONGEST], function[LONGEST];
	const double *y = places[place];
	size_t count = 3 * p->directions;
	ojit_evaluator *fresh = ojit_evaluator_new(h->program), *functions = ojit_evaluator_new(h->program);
	by_call(fresh, p, y, first);
	by_call(fresh, p, y, second);
	by_call(h->evaluator, p, y, later);
	expect_same(first, second, count, text, place, "called again");
	expect_same(first, later, count, text, place, "after other calls");
	if (by_function(functions, p, y, function))
		expect_same(first, function, count, text, place, "as a function");
	ojit_evaluator_free(fresh);
	ojit_evaluator_free(functions);
}

Test(finite, first_calls_later_ones_and_functions_have_the_same_bits)
{
	char text[200];
	for (size_t k = 0; k < 2 * THREES; k++) {
		struct host h;
		snprintf(text, sizeof text, "init x = 1, y = 1, z = 0\n%s", threes[k / 2]);
		host_begin(&h, text, k % 2 ? OJIT_INTERPRETER : OJIT_AUTOMATIC);
		for (size_t place = 0; place < PLACES; place++)
			for (size_t p = 0; p < PRODUCTS; p++)
				hold_product(&h, &products[p], text, place);
		host_end(&h);
	}
}

/* One by one they have the numbers that they have together, but for signs of zeros. */
Test(finite, what_is_not_finite_in_one_direction_changes_no_other)
{
	char text[200];
	for (size_t k = 0; k < THREES * PLACES; k++) {
		struct host h;
		double together[LONGEST], alone[3], direction[3];
		snprintf(text, sizeof text, "init x = 1, y = 1, z = 0\n%s", threes[k / PLACES]);
		host_begin(&h, text, OJIT_INTERPRETER);
		by_call(h.evaluator, &products[2], places[k % PLACES], together);
		for (size_t q = 0; q < 3; q++) {
			for (size_t i = 0; i < 3; i++)
				direction[i] = three_of_them[3 * i + q];
			by_call(h.evaluator, &(struct product){TANGENT, 1, direction}, places[k % PLACES], alone);
			for (size_t i = 0; i < 3; i++)
				cr_expect(alone[i] == together[3 * i + q] || (isnan(alone[i]) && isnan(together[3 * i + q])),
				          "%s\nplace %zu, direction %zu, element %zu: %g, together %g", text, k % PLACES, q, i, alone[i], together[3 * i + q]);
		}
		host_end(&h);
	}
}

/* What overflows where only sums and products are, times a 0, is no number; what an operator makes infinite is 0. */
Test(finite, zeros_of_seeds_are_strong_where_an_operator_makes_infinities)
{
	static const struct { const char *text; double y[3]; double dx; } rows[] = {
		{"x' = x*x*y + z\ny' = y\nz' = z", {1e200, 1, 0}, NAN}, /* 2 x y 0 + (x x) 0 + 1 */
		{"x' = x*x*y + z\ny' = y\nz' = z", {1e100, 1, 0}, 1},
		{"x' = sqrt(x)*y + z\ny' = y\nz' = z", {0, 1, 0}, 1},
		{"x' = y/x + z\ny' = y\nz' = z", {0, 1, 0}, 1},
		{"x' = exp(x)*y + z\ny' = y\nz' = z", {800, 1, 0}, 1},
	};
	for (size_t k = 0; k < 2 * sizeof rows / sizeof *rows; k++) {
		struct host hosted, *h = &hosted;
		char text[200];
		double out[3];
		snprintf(text, sizeof text, "init x = 1, y = 1, z = 0\n%s", rows[k / 2].text);
		host_begin(h, text, k % 2 ? OJIT_INTERPRETER : OJIT_AUTOMATIC);
		HOST_OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 1, 0, rows[k / 2].y, unit, out));
		cr_expect(out[0] == rows[k / 2].dx || (isnan(out[0]) && isnan(rows[k / 2].dx)), "%s\n%g", text, out[0]);
		host_end(h);
	}
}
