/* Second derivatives of weighted right-hand sides and of single elements: products of
 * Hessians against differences of gradients in MPFR, Hessians against products. */
#include "lib/graph/hessian.h"

#include "tests/support_derivatives.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEP = 120, DIRECTIONS = 2 };

struct problem {
	struct derivative_problem d;
	struct scalar_request request;
	int64_t inputs;
	const char *text;
};

/* element -1: the sum with weights. */
static void begin(struct problem *p, const char *text, bool states, bool parameters, int64_t element)
{
	derivative_begin(&p->d, text, true);
	p->text = text;
	p->request = (struct scalar_request){
		.element = element, .weights = element < 0 ? p->d.states : 0,
		.states = states ? p->d.states : 0, .parameters = parameters ? p->d.parameters : 0,
	};
	p->inputs = p->request.states + p->request.parameters;
}

static void end(struct problem *p)
{
	derivative_end(&p->d);
}

static void finish(struct problem *p, struct program *made)
{
	struct pass_options options = {0};
	cr_assert_eq(oj_pass_simplify(made, &options, &p->d.m.error), OJIT_OK);
	cr_assert_eq(oj_pass_split(made, &options, &p->d.m.error), OJIT_OK);
}

static struct program gradient_of(struct problem *p)
{
	struct program made;
	oj_program_init(&made, p->d.rhs->space, KERNEL_RHS);
	cr_assert_eq(oj_gradient_program(&made, p->d.rhs, p->d.prepare, &p->request, &p->d.m.error), OJIT_OK, "%s",
	             oj_error_public(&p->d.m.error).text);
	return made;
}

static struct program product_of(struct problem *p, int64_t directions)
{
	struct program made;
	oj_program_init(&made, p->d.rhs->space, KERNEL_RHS);
	cr_assert_eq(oj_hessian_product(&made, p->d.rhs, p->d.prepare, &p->request, directions, &p->d.m.error), OJIT_OK,
	             "%s", oj_error_public(&p->d.m.error).text);
	finish(p, &made);
	return made;
}

static struct program hessian_of(struct problem *p, bool by_states, struct pattern *pattern)
{
	struct program made;
	oj_program_init(&made, p->d.rhs->space, KERNEL_RHS);
	cr_assert_eq(oj_hessian_program(&made, p->d.rhs, p->d.prepare, &p->request, by_states ? ROLE_STATE : ROLE_PARAMETER,
	                                by_states ? p->d.states : p->d.parameters, pattern, &p->d.m.error), OJIT_OK,
	             "%s", oj_error_public(&p->d.m.error).text);
	finish(p, &made);
	return made;
}

/* ---- values ---- */

static mpfr_ptr input(struct exact *x, const struct problem *p, int64_t k)
{
	bool state = k < p->request.states;
	return exact_element(x, state ? ROLE_STATE : ROLE_PARAMETER, state ? k : k - p->request.states);
}

/* At the model's start, moved by sign * 2^-STEP along the direction; sign 0: there. */
static struct exact *at_point(const struct problem *p, int64_t direction, int sign)
{
	struct exact *x = exact_new(p->d.rhs, DERIVATIVE_BITS);
	mpfr_t step;
	mpfr_init2(step, DERIVATIVE_BITS);
	derivative_point(x, &p->d);
	for (int64_t k = 0; k < p->inputs; k++) {
		mpfr_set_d(step, sign * derivative_seed(k, direction), MPFR_RNDN);
		mpfr_div_2ui(step, step, STEP, MPFR_RNDN);
		mpfr_add(input(x, p, k), input(x, p, k), step, MPFR_RNDN);
	}
	mpfr_clear(step);
	derivative_prepare(x, &p->d);
	for (int64_t k = 0; k < p->request.weights; k++)
		mpfr_set_d(exact_element(x, ROLE_SEED, k), derivative_seed(k, 7), MPFR_RNDN);
	return x;
}

/* Everything has to be written. */
static void run(struct exact *x, const struct program *program, int64_t count)
{
	for (int64_t k = 0; k < count; k++)
		mpfr_set_nan(exact_element(x, ROLE_OUT, k));
	exact_run(x, program);
}

static struct exact *products(const struct problem *p, const struct program *product, int64_t directions, bool units)
{
	struct exact *x = at_point(p, 0, 0);
	for (int64_t k = 0; k < p->inputs; k++)
		for (int64_t q = 0; q < directions; q++)
			mpfr_set_d(exact_element(x, ROLE_SEED, p->request.weights + k * directions + q),
			           units ? k == q : derivative_seed(k, q), MPFR_RNDN);
	run(x, product, p->inputs * directions);
	return x;
}

/* ---- products against differences ---- */

static void compare_direction(struct problem *p, const struct program *gradient, struct exact *got, int64_t q)
{
	struct exact *plus = at_point(p, q, 1), *minus = at_point(p, q, -1);
	run(plus, gradient, p->inputs);
	run(minus, gradient, p->inputs);
	for (int64_t k = 0; k < p->inputs; k++) {
		mpfr_ptr want = exact_element(plus, ROLE_OUT, k);
		mpfr_sub(want, want, exact_element(minus, ROLE_OUT, k), MPFR_RNDN);
		mpfr_mul_2ui(want, want, STEP - 1, MPFR_RNDN);
		double size = fabs(mpfr_get_d(want, MPFR_RNDN));
		mpfr_sub(want, want, exact_element(got, ROLE_OUT, k * DIRECTIONS + q), MPFR_RNDN);
		double error = fabs(mpfr_get_d(want, MPFR_RNDN));
		cr_expect_leq(error, 3e-16 * size + 1e-25, "%s\nelement %ld, direction %ld: off by %g of %g", p->text, (long)k,
		              (long)q, error, size);
	}
	exact_free(plus);
	exact_free(minus);
}

static void hold_product(const char *text, bool states, bool parameters, int64_t element)
{
	struct problem p;
	begin(&p, text, states, parameters, element);
	struct program gradient = gradient_of(&p), product = product_of(&p, DIRECTIONS);
	struct exact *got = products(&p, &product, DIRECTIONS, false);
	for (int64_t q = 0; q < DIRECTIONS; q++)
		compare_direction(&p, &gradient, got, q);
	exact_free(got);
	oj_program_drop(&gradient);
	oj_program_drop(&product);
	end(&p);
}

Test(hessians, times_vectors_are_limits_of_differences)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold_product(derivative_models[k], true, false, -1);
}

Test(hessians, by_parameters_go_through_derived_ones)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		hold_product(derivative_models[k], false, true, -1);
		hold_product(derivative_models[k], true, true, -1);
	}
}

Test(hessians, of_single_elements_are_limits_of_differences)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		hold_product(derivative_models[k], true, true, 0);
		hold_product(derivative_models[k], true, false, 1);
	}
}

/* ---- gradients ---- */

/* The gradient of one element is a row of what all tangents are. */
Test(hessians, gradients_of_elements_are_rows_of_the_Jacobian)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		for (int64_t element = 0; element < 2; element++) {
			struct problem p;
			begin(&p, derivative_models[k], true, true, element);
			struct program gradient = gradient_of(&p);
			struct exact *x = at_point(&p, 0, 0), *tangents = derivative_tangents(&p.d, p.d.states, p.d.parameters);
			run(x, &gradient, p.inputs);
			for (int64_t c = 0; c < p.inputs; c++) {
				double want = mpfr_get_d(exact_element(tangents, ROLE_OUT, element * p.inputs + c), MPFR_RNDN);
				double got = mpfr_get_d(exact_element(x, ROLE_OUT, c), MPFR_RNDN);
				cr_expect(fabs(got - want) <= 1e-15 * fabs(want), "%s\ninput %ld: %.17g instead of %.17g", p.text,
				          (long)c, got, want);
			}
			exact_free(x);
			exact_free(tangents);
			oj_program_drop(&gradient);
			end(&p);
		}
}

/* ---- Hessians against products ---- */

/* `units` holds products with all unit vectors by all inputs, states first. */
static void compare_block(struct problem *p, struct exact *units, int64_t inputs, bool by_states)
{
	struct pattern pattern;
	struct program hessian = hessian_of(p, by_states, &pattern);
	struct exact *x = at_point(p, 0, 0);
	int64_t row0 = p->request.states ? 0 : p->d.states, column0 = by_states ? 0 : p->d.states;
	run(x, &hessian, pattern.entries);
	cr_expect_eq(pattern.rows, p->inputs);
	for (int64_t c = 0; c < pattern.columns; c++) {
		int64_t k = pattern.column[c];
		for (int64_t r = 0; r < pattern.rows; r++) {
			mpfr_ptr unit = exact_element(units, ROLE_OUT, (row0 + r) * inputs + column0 + c);
			double want = mpfr_get_d(unit, MPFR_RNDN), got = 0;
			if (k < pattern.column[c + 1] && pattern.row[k] == r)
				got = mpfr_get_d(exact_element(x, ROLE_OUT, k++), MPFR_RNDN);
			cr_expect(fabs(got - want) <= 1e-15 * fabs(want) + 1e-100, "%s\nrow %ld, column %ld: %.17g instead of %.17g",
			          p->text, (long)r, (long)c, got, want);
		}
		cr_expect_eq(k, pattern.column[c + 1], "%s\nrows of column %ld are not in order", p->text, (long)c);
	}
	exact_free(x);
	oj_program_drop(&hessian);
	oj_pattern_drop(&pattern, p->d.m.context);
}

static void hold_blocks(const char *text, int64_t element)
{
	struct problem p;
	begin(&p, text, true, true, element);
	int64_t inputs = p.inputs;
	struct program product = product_of(&p, inputs);
	struct exact *units = products(&p, &product, inputs, true);
	for (int rows = 0; rows < 2; rows++)
		for (int columns = 0; columns < 2; columns++) {
			p.request.states = rows ? 0 : p.d.states;
			p.request.parameters = rows ? p.d.parameters : 0;
			p.inputs = p.request.states + p.request.parameters;
			compare_block(&p, units, inputs, !columns);
		}
	exact_free(units);
	oj_program_drop(&product);
	end(&p);
}

Test(hessians, have_the_entries_that_products_have)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		hold_blocks(derivative_models[k], -1);
		hold_blocks(derivative_models[k], 0);
	}
}

Test(hessians, of_products_and_extremes_over_ragged_ranges)
{
	hold_blocks("const N = 5\nparam p = 1\ninit x[i in 1..N] = i\nx[i in 1..N]' = p*prod(j in 1..i-1, x[i-j]*x[j])", -1);
	hold_blocks("const N = 5\nparam p = 1\ninit x[i in 1..N] = i\n"
	            "x[i in 1..N]' = sum(j in 1..N if j > i, p*x[j-i]*prod(k in i..j, x[k]))", -1);
}

Test(hessians, are_texts_that_read_back)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct problem p;
		struct pattern pattern;
		begin(&p, derivative_models[k], true, false, -1);
		struct program product = product_of(&p, DIRECTIONS), hessian = hessian_of(&p, true, &pattern);
		derivative_reads_back(&product, p.text);
		derivative_reads_back(&hessian, p.text);
		oj_program_drop(&product);
		oj_program_drop(&hessian);
		oj_pattern_drop(&pattern, p.d.m.context);
		end(&p);
	}
}

/* ---- patterns ---- */

static int64_t entries_of(const char *text, int64_t element)
{
	struct problem p;
	struct pattern pattern;
	begin(&p, text, true, false, element);
	struct program hessian = hessian_of(&p, true, &pattern);
	int64_t entries = pattern.entries;
	oj_program_drop(&hessian);
	oj_pattern_drop(&pattern, p.d.m.context);
	end(&p);
	return entries;
}

Test(hessians, have_no_entries_that_are_zero_by_structure)
{
	cr_expect_eq(entries_of("init x = 1, y = 2\nx' = 3*x + y^2\ny' = x", 0), 1);
	cr_expect_eq(entries_of("init x = 1, y = 2\nx' = x*y\ny' = x", 0), 2);
	cr_expect_eq(entries_of("init x = 1, y = 2\nx' = floor(x)*x + 2*y\ny' = x", 0), 0);
	cr_expect_eq(entries_of("const N = 40\ninit u[i in 1..N] = i\n"
	                        "u[i in 1..N]' = sum(j in 1..N-1, (u[j+1] - u[j])^4)", 3), 3 * 40 - 2);
}

/* v[4] is looked up by none. */
Test(hessians, have_no_entries_of_elements_that_no_table_names)
{
	const char *reciprocals = "index k[i in 1..4] = [2, 3, 1, 3]\ninit v[i in 1..4] = i\nv[i in 1..4]' = 1/v[k[i]]";
	const char *products = "index k[i in 1..4] = [2, 3, 1, 3]\ninit v[i in 1..4] = i\nv[i in 1..4]' = v[i]*sqrt(v[k[i]])";
	cr_expect_eq(entries_of(reciprocals, -1), 3);
	cr_expect_eq(entries_of(products, -1), 11);
	hold_blocks(reciprocals, -1);
	hold_blocks(products, -1);
}

/* ---- operators ---- */

static bool is_callable(enum op op)
{
	const struct op_info *info = &oj_op_info[op];
	return info->type == REAL && info->way != WAY_LEAF && (info->arity == 1 || info->arity == 2) && op != OP_NEG &&
	       op != OP_DIV && op != OP_POWI && op != OP_STRONG;
}

/* An equation whose right-hand side is the operator, away from where it has kinks. */
static void write_equation(char *text, size_t room, enum op op)
{
	const char *x = op == OP_ACOSH ? "1.37" : "0.37";
	snprintf(text, room, "init x = %s, y = 0.62\nx' = %s(x%s)\ny' = x", x, oj_op_info[op].text,
	         oj_op_info[op].arity == 2 ? ", y" : "");
}

Test(hessians, of_every_operator_are_limits_of_differences)
{
	char text[200];
	for (int op = 0; op < OP_COUNT; op++) {
		if (!is_callable(op) || op == OP_DIGAMMA || op == OP_TRIGAMMA)
			continue;
		write_equation(text, sizeof text, op);
		hold_product(text, true, false, 0);
	}
	hold_product("init x = 0.37, y = 0.62\nx' = -x/y + x*y/x^3 - (y - x)^-2\ny' = x", true, false, 0);
}

Test(hessians, of_operators_without_second_derivatives_are_refused_by_name)
{
	static const enum op refused[] = {OP_DIGAMMA, OP_TRIGAMMA};
	for (int k = 0; k < 2; k++) {
		char text[200];
		struct problem p;
		struct program made;
		write_equation(text, sizeof text, refused[k]);
		begin(&p, text, true, false, 0);
		oj_program_init(&made, p.d.rhs->space, KERNEL_RHS);
		cr_expect_eq(oj_hessian_product(&made, p.d.rhs, p.d.prepare, &p.request, 1, &p.d.m.error), OJIT_UNSUPPORTED);
		cr_expect(strstr(oj_error_public(&p.d.m.error).text, "trigamma has no derivative"));
		oj_program_drop(&made);
		end(&p);
	}
}

/* ---- random programs ---- */

/* How long the vector of a role is. */
static int64_t length_of(const struct space *space, enum array_role role)
{
	int64_t length = 0;
	for (size_t a = 0; a < space->arrays.count; a++) {
		const struct array *array = &space->arrays.at[a];
		int64_t end = array->role == role ? array->offset + oj_array_length(array) : 0;
		length = end > length ? end : length;
	}
	return length;
}

struct random {
	struct space space;
	struct program program, product, hessian;
	struct pattern pattern;
	struct scalar_request request;
	struct oj_error error;
};

static void differentiate_random(struct random *r, uint64_t seed)
{
	struct pass_options options = {0};
	random_program(&r->space, &r->program, seed);
	cr_assert_eq(oj_pass_simplify(&r->program, &options, &r->error), OJIT_OK);
	cr_assert_eq(oj_pass_split(&r->program, &options, &r->error), OJIT_OK);
	r->request = (struct scalar_request){.element = -1, .weights = length_of(&r->space, ROLE_OUT),
	                                     .states = length_of(&r->space, ROLE_STATE)};
	oj_program_init(&r->product, &r->space, KERNEL_RHS);
	oj_program_init(&r->hessian, &r->space, KERNEL_RHS);
	cr_assert_eq(oj_hessian_product(&r->product, &r->program, NULL, &r->request, 1, &r->error), OJIT_OK, "%s",
	             oj_error_public(&r->error).text);
	cr_assert_eq(oj_pass_split(&r->product, &options, &r->error), OJIT_OK, "%s", oj_error_public(&r->error).text);
	cr_assert_eq(oj_hessian_program(&r->hessian, &r->program, NULL, &r->request, ROLE_STATE, r->request.states,
	                                &r->pattern, &r->error), OJIT_OK, "%s", oj_error_public(&r->error).text);
	cr_assert_eq(oj_pass_split(&r->hessian, &options, &r->error), OJIT_OK, "%s", oj_error_public(&r->error).text);
}

static struct exact *run_random(const struct random *r, const struct program *program)
{
	enum { BITS = 200 };
	struct exact *x = exact_new(&r->program, BITS);
	mpfr_set_d(exact_time(x), 0.25, MPFR_RNDN);
	for (int64_t k = 0; k < VECTOR_LENGTH; k++) {
		mpfr_set_d(exact_element(x, ROLE_STATE, k), 0.5 + 0.4 * derivative_seed(k, 3), MPFR_RNDN);
		mpfr_set_d(exact_element(x, ROLE_PARAMETER, k), 1 + 0.3 * derivative_seed(k, 4), MPFR_RNDN);
	}
	for (int64_t k = 0; k < r->request.weights + r->request.states; k++)
		mpfr_set_d(exact_element(x, ROLE_SEED, k), derivative_seed(k, 5), MPFR_RNDN);
	exact_run(x, program);
	return x;
}

/* The Hessian times the direction, and what terms it is a sum of. */
static void multiply(const struct random *r, struct exact *entries, double *product, double *size)
{
	for (int64_t c = 0; c < r->pattern.columns; c++)
		for (int64_t k = r->pattern.column[c]; k < r->pattern.column[c + 1]; k++) {
			double term = mpfr_get_d(exact_element(entries, ROLE_OUT, k), MPFR_RNDN);
			term *= derivative_seed(r->request.weights + c, 5);
			product[r->pattern.row[k]] += term;
			size[r->pattern.row[k]] += fabs(term);
		}
}

static size_t compare_random(uint64_t seed)
{
	ojit_context *context = ojit_context_new(NULL);
	struct random random = {0}, *r = &random;
	double product[VECTOR_LENGTH] = {0}, size[VECTOR_LENGTH] = {0};
	size_t entries;
	oj_error_init(&r->error, context);
	cr_assert_eq(oj_space_init(&r->space, context), OJIT_OK);
	differentiate_random(r, seed);
	struct exact *values = run_random(r, &r->hessian), *want = run_random(r, &r->product);
	multiply(r, values, product, size);
	for (int64_t k = 0; k < r->request.states; k++) {
		double exact = mpfr_get_d(exact_element(want, ROLE_OUT, k), MPFR_RNDN);
		if (isfinite(exact) && isfinite(size[k]))
			cr_expect_leq(fabs(product[k] - exact), 1e-13 * size[k] + 1e-40, "seed %lu, element %ld: %.17g instead of %.17g",
			              (unsigned long)seed, (long)k, product[k], exact);
	}
	entries = (size_t)r->pattern.entries;
	exact_free(values);
	exact_free(want);
	oj_program_drop(&r->program);
	oj_program_drop(&r->product);
	oj_program_drop(&r->hessian);
	oj_pattern_drop(&r->pattern, context);
	oj_space_drop(&r->space);
	oj_error_drop(&r->error);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
	return entries;
}

Test(hessians, of_random_programs_agree_with_their_products)
{
	size_t entries = 0;
	for (uint64_t seed = 1; seed <= 28; seed++)
		entries += compare_random(seed);
	cr_expect_gt(entries, 500);
}
