/* Pass pairs, and the short loops it makes: the same bits with and without it, in every
 * executor and for all lanes, at zeros of either sign and where nothing is finite. */
#include "lib/graph/parity.h"
#include "lib/graph/passes.h"
#include "lib/math/math.h"
#include "tests/support_golden.h"
#include "tests/support_jit.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <ojit/ojit.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, TEXT = 2048 };

/* ---------------------------------------------------------------- whole models */

static ojit_model *read_model(ojit_context *context, const char *text, int n)
{
	ojit_model *model = ojit_model_new(context);
	ojit_model_set_const(model, "N", n);
	ojit_model_read_text(model, text, strlen(text), NULL);
	return model;
}

struct manner {
	ojit_executor executor;
	int lanes;
	bool without;
};
static const struct manner ways[] = {
	{OJIT_INTERPRETER, 0, true}, {OJIT_INTERPRETER, 0, false}, {OJIT_OPTIMISED, 1, false}, {OJIT_OPTIMISED, 2, false},
	{OJIT_OPTIMISED, 4, false}, {OJIT_OPTIMISED, 8, false}, {OJIT_UNOPTIMISED, 0, false}, {OJIT_AUTOMATIC, 0, true},
};
enum { WAYS = sizeof ways / sizeof *ways, POINTS = 6 };

/* Plain numbers; equal ones; zeros of both signs; far apart; not finite. */
static void choose_states(double *y, size_t count, int point)
{
	static const double zeros[] = {0.0, -0.0, -0.0, 0.0, 1.0}, wild[] = {1e300, -INFINITY, 5e-324, NAN, -2.0, INFINITY};
	for (size_t k = 0; k < count; k++) {
		double plain = fmod(0.618034 * (double)(k + 1), 1) - 0.5;
		y[k] = point == 0 ? plain : point == 1 ? 0.75 : point == 2 ? zeros[k % 5] : point == 3 ? plain * 1e9
		     : point == 4 ? wild[k % 6] : -plain * 1e-200;
	}
}

enum product { VALUE, TANGENT, ADJOINT };

static ojit_status call(ojit_evaluator *evaluator, enum product product, const double *y, double *out)
{
	double seed[MOST];
	for (int k = 0; k < MOST; k++)
		seed[k] = sin(1 + 0.7 * k);
	return product == VALUE     ? ojit_evaluator_call(evaluator, OJIT_RHS, 0.5, y, out)
	       : product == TANGENT ? ojit_evaluator_tangent(evaluator, OJIT_RHS, OJIT_BY_STATES, 1, 0.5, y, seed, out)
	                            : ojit_evaluator_adjoint(evaluator, OJIT_RHS, OJIT_BY_STATES, 0.5, y, seed, out);
}

static void evaluate(const char *text, int n, enum product product, const struct manner *way, double rows[POINTS][MOST])
{
	static const char *const pass[] = {"pairs"};
	ojit_compile_options options = ojit_compile_options_default();
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, text, n);
	ojit_program *program;
	double y[MOST];
	options.executor = way->executor;
	options.lanes = way->lanes;
	options.without = pass;
	options.without_count = way->without;
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_evaluator *evaluator = ojit_evaluator_new(program);
	size_t states = ojit_program_describe(program).states;
	cr_assert_leq(states, MOST);
	for (int point = 0; point < POINTS; point++) {
		choose_states(y, states, point);
		memset(rows[point], 0, sizeof rows[point]);
		cr_assert_eq(call(evaluator, product, y, rows[point]), OJIT_OK);
	}
	ojit_evaluator_free(evaluator);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

static bool is_same(double a, double b)
{
	return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

/* Does the pass do something? */
static bool applies(const char *text, int n)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, text, n);
	char *before, *after;
	cr_assert_eq(ojit_program_dump(model, NULL, OJIT_RHS, "hoist", &before), OJIT_OK, "%s", ojit_model_error(model).text);
	cr_assert_eq(ojit_program_dump(model, NULL, OJIT_RHS, "pairs", &after), OJIT_OK);
	bool changed = strcmp(before, after) != 0;
	ojit_text_free(context, before);
	ojit_text_free(context, after);
	ojit_model_free(model);
	ojit_context_free(context);
	return changed;
}

static void hold_product(const char *text, int n, enum product product)
{
	static double first[POINTS][MOST], other[POINTS][MOST];
	evaluate(text, n, product, &ways[0], first);
	for (int w = 1; w < WAYS; w++) {
		evaluate(text, n, product, &ways[w], other);
		for (int point = 0; point < POINTS; point++)
			for (int k = 0; k < MOST; k++)
				cr_expect(is_same(first[point][k], other[point][k]), "way %d, point %d, element %d of %d: %.17g, %.17g\n%s",
				          w, point, k, n, first[point][k], other[point][k], text);
	}
}

static void hold(const char *text, int n, bool changes)
{
	cr_expect_eq(applies(text, n), changes, "%d elements:\n%s", n, text);
	hold_product(text, n, VALUE);
}

static void hold_body(const char *range, const char *body, int n)
{
	char text[TEXT];
	snprintf(text, sizeof text, "const N = 3\nindex n[i in 1..N] = mod(i*i, N)\nparam w[i in 1..N] = i/2, K = 1.25\ninit u[i in 1..N] = 1, v[i in 1..N] = 2\n"
	         "u[i in 1..N]' = w[i]*v[i] - K*sum(j in %s, %s)\nv[i in 1..N]' = u[i]\n", range, body);
	hold(text, n, true);
}

Test(pairs, forces_of_few_bodies_keep_their_bits)
{
	static const int sizes[] = {3, 7};
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		hold("const N = 3\ninit x[i in 1..N] = i, y[i in 1..N] = 1/i, x[i in 1..N]' = 0, y[i in 1..N]' = 0\n"
		     "let pull[i in 1..N, j in 1..N] = 1/((x[i] - x[j])^2 + (y[i] - y[j])^2)^1.5\n"
		     "x[i in 1..N]'' = sum(j in 1..N if j != i, j*pull[i, j]*(x[j] - x[i]))\n"
		     "y[i in 1..N]'' = sum(j in 1..N if j != i, j*pull[i, j]*(y[j] - y[i]))\n", sizes[k], true);
		hold("const N = 3\ninit p[i in 1..N, c in 1..3] = i + c, p[i in 1..N, c in 1..3]' = 0\n"
		     "let square[i in 1..N, j in 1..N] = sum(c in 1..3, (p[i, c] - p[j, c])^2)\n"
		     "p[i in 1..N, c in 1..3]'' = sum(j in 1..N if j != i, j*(p[j, c] - p[i, c])/square[i, j]^1.5)\n", sizes[k], true);
		hold("const N = 3\ninit x[i in 1..N] = i, y[i in 1..N] = 1/i\n"
		     "let r[i in 1..N, j in 1..N] = hypot(x[j] - x[i], y[i] - y[j])\n"
		     "x[i in 1..N]' = sum(j in 1..N if j != i, (x[j] - x[i])/r[j, i]^3)\n"
		     "y[i in 1..N]' = sum(j in 1..N if j != i, (y[j] - y[i])/r[i, j]^3)\n", sizes[k], true);
	}
}

/* The pass is run over what is made of a right-hand side, too. */
Test(pairs, derivatives_of_few_bodies_keep_their_bits)
{
	static const char text[] = "const N = 5\ninit x[i in 1..N] = i, y[i in 1..N] = 1/i\n"
		"let r[i in 1..N, j in 1..N] = (x[i] - x[j])^2 + (y[i] - y[j])^2\n"
		"x[i in 1..N]' = sum(j in 1..N if j != i, j*(y[j] - y[i])/r[i, j]^1.5)\n"
		"y[i in 1..N]' = sum(j in 1..N if j != i, j*(x[j] - x[i])/r[i, j]^1.5)\n";
	hold_product(text, 5, TANGENT);
	hold_product(text, 5, ADJOINT);
}

Test(pairs, functions_of_differences_keep_their_bits)
{
	static const char *const bodies[] = {
		"sin(u[j] - u[i])", "tanh(u[i] - u[j])*cos(v[j] - v[i])", "sinh(u[j] - u[i] + v[i])", "erf(u[j] - v[i])",
		"atan((u[j] - u[i])*(u[j] - u[i])*v[j])", "asinh(u[j] - u[i])", "cbrt(v[j] - v[i])/cosh(v[i] - v[j])",
		"abs(u[i] - u[j])*(u[j] - u[i])^3*exp(-(v[i] - v[j])^4)",
	};
	for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++)
		hold_body("1..N", bodies[k], 5);
	hold_body("1..N if j != i", bodies[0], 9);
	hold_body("1..N if j != i", bodies[1], 7);
}

/* Pairs that are needed one way only, ranges that end at the row, empty ones. */
Test(pairs, ranges_of_any_form_keep_their_bits)
{
	static const char *const ranges[] = {"1..i", "i..N", "i+1..N", "1..N if j <= N/2", "2..N-1", "1..n[i]"};
	for (size_t k = 0; k < sizeof ranges / sizeof *ranges; k++)
		hold_body(ranges[k], "exp(-(u[j] - u[i])^2)*log(3 + w[j]*v[i])", 6);
}

Test(pairs, products_extremes_and_functions_of_sums_keep_their_bits)
{
	hold("const N = 5\ninit u[i in 1..N] = 1, v[i in 1..N] = 2\n"
	     "u[i in 1..N]' = prod(j in 1..N if j != i, sin(u[j] - u[i]) + 2) + max(j in 1..N, cos(u[i]*v[j]))\n"
	     "v[i in 1..N]' = min(j in 1..i, cos(u[i]*v[j])) - sum(j in 1..N, v[j])\n", 5, true);
	hold("const N = 5\ninit u[i in 1..N] = 1\n"
	     "u[i in 1..N]' = tanh(u[i] + sum(j in 1..N, exp(u[j]*u[i])))*sum(j in 1..N if j != i, sin(u[j] - u[i]))\n", 6, true);
}

Test(pairs, what_fills_lanes_or_takes_little_stays_a_loop)
{
	hold("const N = 17\ninit u[i in 1..N] = 1\nu[i in 1..N]' = sum(j in 1..N, sin(u[j] - u[i]))\n", 17, false);
	hold("const N = 8\ninit u[i in 1..N] = 1\nu[i in 1..N]' = sum(j in 1..N, u[j] - u[i])\n", 8, false);
	hold("const N = 8\ninit u[i in 1..N] = 1\nu[i in 1..N]' = sum(j in 1..N, sum(k in 1..j, sin(u[k] - u[i])))\n", 5, false);
}

Test(pairs, an_explanation_says_what_it_would_cost)
{
	static const char text[] = "const N = 7\ninit u[i in 1..N] = 1\nu[i in 1..N]' = sum(j in 1..N if j != i, sin(u[j] - u[i]))\n";
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = read_model(context, text, 7);
	char *told;
	cr_assert_eq(ojit_program_explain(model, NULL, OJIT_RHS, "pairs", &told), OJIT_OK);
	cr_expect(strstr(told, "# u': 2 sums of 42 terms in all over unordered pairs of 7 elements, 21 of them\n"), "%s", told);
	cr_expect(strstr(told, "#   written out\n"), "%s", told);
	ojit_text_free(context, told);
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---------------------------------------------------------------- what it rests on */

static double any_number(uint64_t *seed)
{
	double x;
	*seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17;
	uint64_t bits = *seed % 3 ? (*seed & UINT64_C(0x800fffffffffffff)) | (1003 + (*seed >> 52) % 40) << 52 : *seed;
	memcpy(&x, &bits, sizeof x);
	return x;
}

Test(pairs, functions_are_odd_or_even_to_the_bit)
{
	static const enum oj_math odd[] = {OJ_MATH_sin, OJ_MATH_tan, OJ_MATH_asin, OJ_MATH_atan, OJ_MATH_sinh, OJ_MATH_tanh,
	                                   OJ_MATH_atanh, OJ_MATH_cbrt, OJ_MATH_erf};
	static const enum oj_math even[] = {OJ_MATH_cos, OJ_MATH_cosh};
	uint64_t seed = 88172645463325252;
	for (int k = 0; k < 50000; k++) {
		double x = any_number(&seed), minus = -x, both[2] = {any_number(&seed), x}, turned[2] = {-both[0], minus};
		for (size_t f = 0; f < sizeof odd / sizeof *odd; f++)
			cr_assert(is_same(oj_math_scalar(odd[f], &minus), -oj_math_scalar(odd[f], &x)), "%zu at %a", f, x);
		for (size_t f = 0; f < sizeof even / sizeof *even; f++)
			cr_assert(is_same(oj_math_scalar(even[f], &minus), oj_math_scalar(even[f], &x)), "%zu at %a", f, x);
		cr_assert(is_same(oj_math_scalar(OJ_MATH_hypot, turned), oj_math_scalar(OJ_MATH_hypot, both)), "hypot at %a", x);
	}
}

/* ---------------------------------------------------------------- lanes at known places */

/* out[i] = y[table[i]] + d[table[i] + 1] - table2[table[i]], where y and d have `elements` and are
 * read to their ends. */
static void add_places(struct support_program *p, int64_t rows, int64_t elements)
{
	int32_t first[MOST * 2], second[MOST];
	for (int k = 0; k < rows; k++)
		first[k] = (int32_t)((k * 7 + k / 3) % elements);
	first[rows - 1] = (int32_t)(elements - 1);
	first[0] = 0;
	for (int k = 0; k < elements; k++)
		second[k] = (k * 5 + 2) % 11 - 5;
	uint32_t y = support_jit_array(p, ROLE_STATE, 0, elements), d = support_jit_array(p, ROLE_DERIVED, 1, elements);
	uint32_t out = support_jit_array(p, ROLE_OUT, 0, rows), table = support_jit_table(p, 0, rows, first);
	uint32_t inner = support_jit_table(p, 0, elements, second);
	ojit_expr place = support_jit_table1(p, table, oj_index(p->g, 0));
	ojit_expr a = support_jit_load1(p, y, place), next = oj_integer_offset(p->g, place, 1);
	ojit_expr b = support_jit_load1(p, d, next), number = oj_make1(p->g, OP_ITOF, support_jit_table1(p, inner, place));
	ojit_expr minus = oj_make1(p->g, OP_NEG, number), terms[3] = {a, b, minus};
	support_jit_store1(p, support_jit_line(p, 0, rows), out, oj_make(p->g, OP_ADD, 3, terms), oj_index(p->g, 0));
}

/* The last array of a role lies before a page that cannot be read: each size comes last once. */
static void check_places(int64_t elements)
{
	static const int64_t rows[] = {3, 8, 21, 65, 2};
	struct support_program p;
	support_jit_open(&p);
	for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
		add_places(&p, rows[r], elements);
	support_jit_agree(&p, "lanes at known places", INPUTS_HARD);
	support_jit_close(&p);
}

Test(pairs, lanes_at_known_places_are_loaded_without_reading_beyond_the_array)
{
	static const int64_t elements[] = {1, 3, 5, 8, 9, 17};
	for (size_t e = 0; e < sizeof elements / sizeof *elements; e++)
		check_places(elements[e]);
}

/* Neighbours in a table need no shuffle, and equal entries are one element. */
Test(pairs, even_and_equal_entries_of_tables_agree)
{
	struct support_program p;
	enum { ROWS = 24 };
	int32_t even[ROWS], same[ROWS], back[ROWS];
	support_jit_open(&p);
	for (int k = 0; k < ROWS; k++)
		even[k] = k + 1, same[k] = 3 + k / 8, back[k] = ROWS - k;
	uint32_t y = support_jit_array(&p, ROLE_STATE, 1, ROWS), out = support_jit_array(&p, ROLE_OUT, 0, ROWS);
	ojit_expr i = oj_index(p.g, 0), product = oj_literal(p.g, 1);
	const int32_t *entries[] = {even, same, back};
	for (int k = 0; k < 3; k++) {
		uint32_t table = support_jit_table(&p, 0, ROWS, entries[k]);
		ojit_expr load = support_jit_load1(&p, y, support_jit_table1(&p, table, i));
		product = oj_make2(p.g, OP_MUL, product, load);
	}
	support_jit_store1(&p, support_jit_line(&p, 0, ROWS), out, product, i);
	support_jit_agree(&p, "even entries", INPUTS_HARD);
	support_jit_close(&p);
}
