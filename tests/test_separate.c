/* Pass separate: sums over pairs as sums over one index are what they were, within the
 * error that lib/graph/separate.c promises, and are left alone under other laws. */
#include "lib/graph/passes.h"
#include "tests/support_allocator.h"
#include "tests/support_exact.h"
#include "tests/support_golden.h"
#include "tests/support_model.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <ojit/ojit.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 24, TEXT = 4096 };

/* A right-hand side of sums of `body`, and sums of `size`: what M of separate.c is made of.
 * In both, u are states, c their mean; all sums are over j, `condition` or not. */
static const char frame[] =
	"const N = 24\n"
	"param K = 1.3, w[i in 1..N] = cos(i), A[i in 1..N, j in 1..N] = i + 1/j\n"
	"init u[i in 1..N] = 1\n"
	"let c = sum(j in 1..N, u[j])/N\n"
	"u[i in 1..N]' = sum(j in 1..N%s, %s)\n"
	"out size[i in 1..N] = sum(j in 1..N, %s)\n";

struct separable {
	struct support_model model, plain; /* separated, and not */
	struct text told;
	bool changed;
};

static void open_separable(struct separable *s, enum law law, const char *condition, const char *body, const char *size)
{
	char text[TEXT];
	struct pass_options options = {.law = law, .explanation = &s->told};
	cr_assert_lt(snprintf(text, sizeof text, frame, condition, body, size), TEXT);
	support_model_open(&s->model, text, NULL);
	support_model_open(&s->plain, text, NULL);
	struct program *rhs = &s->model.lowered.programs[KERNEL_RHS];
	struct oj_error *error = &s->model.error;
	oj_text_init(&s->told, s->model.context);
	cr_assert_eq(oj_pass_simplify(rhs, &options, error), OJIT_OK);
	cr_assert_eq(oj_pass_split(rhs, &options, error), OJIT_OK);
	char *before = bench_print(rhs);
	cr_assert_eq(oj_pass_separate(rhs, &options, error), OJIT_OK);
	char *after = bench_print(rhs);
	s->changed = strcmp(before, after) != 0;
	free(before), free(after);
	support_model_start(&s->model);
	support_model_start(&s->plain);
}

static void close_separable(struct separable *s)
{
	oj_text_drop(&s->told);
	support_model_close(&s->plain);
	support_model_close(&s->model);
}

/* The greatest error of the right-hand side at the model's states, against MPFR, in
 * units of rounding of what bounds it. */
static double worst_error(struct separable *s)
{
	enum { BITS = 300 };
	struct support_model *m = &s->model;
	const struct program *plain = &s->plain.lowered.programs[KERNEL_RHS];
	struct exact *exact = exact_new(plain, BITS);
	for (int k = 0; k < COUNT; k++)
		mpfr_set_d(exact_element(exact, ROLE_STATE, k), m->y[k], MPFR_RNDN);
	for (int64_t k = 0; k < m->lowered.lengths[FAMILY_PARAMETERS]; k++)
		mpfr_set_d(exact_element(exact, ROLE_PARAMETER, k), m->p[k], MPFR_RNDN);
	exact_run(exact, plain);
	double *out = support_model_run(m, KERNEL_RHS), *size = support_model_run(m, KERNEL_OUTPUTS), worst = 0;
	mpfr_t error;
	mpfr_init2(error, BITS);
	for (int k = 0; k < COUNT; k++) {
		mpfr_sub_d(error, exact_element(exact, ROLE_OUT, k), out[k], MPFR_RNDN);
		double units = fabs(mpfr_get_d(error, MPFR_RNDN)) / (size[k] * DBL_EPSILON / 2);
		worst = !(units <= worst) ? units : worst;
	}
	mpfr_clear(error);
	exact_free(exact);
	free(out), free(size);
	return worst;
}

/* States around a point, and how far apart. */
static const struct { double offset, spread; } states[] = {
	{0, 1}, {0.5, 3}, {0, 1e-9}, {40, 1e-5}, {1e5, 1}, {-3e8, 0.01}, {0, 60}, {-200, 250},
};
enum { STATES = sizeof states / sizeof *states };

static void choose_states(struct separable *s, int which)
{
	for (int k = 0; k < COUNT; k++)
		s->model.y[k] = states[which].offset + states[which].spread * (fmod(0.618034 * (k + 1), 1) - 0.5);
}

static void hold(const char *condition, const char *body, const char *size, double bound)
{
	struct separable s;
	open_separable(&s, LAW_REAL, condition, body, size);
	cr_expect(s.changed, "%s stays: %s", body, oj_text_get(&s.told));
	for (int which = 0; which < STATES; which++) {
		choose_states(&s, which);
		double worst = worst_error(&s);
		cr_expect(worst <= bound, "%s%s, states around %g, spread %g: %g", condition, body, states[which].offset,
		          states[which].spread, worst);
	}
	close_separable(&s);
}

#define APART "(abs(u[j] - c) + abs(u[i] - c))"

Test(separate, waves_are_as_exact_as_their_differences)
{
	hold("", "sin(u[j] - u[i])", APART, 4);
	hold("", "K/N*sin(u[j] - u[i])", "K/N*" APART, 4);
	hold("", "cos(u[j] - u[i])", "1 + " APART, 4);
	hold("", "sin(2*(u[i] - u[j]))", "2*" APART, 4);
	hold("", "w[j]*w[i]*sin(u[j] - u[i])", "abs(w[j]*w[i])*" APART, 4);
	hold("", "sin(u[j] - u[i] - 0.3)", "1 + " APART, 4);
	hold("", "cos(K*(u[j] - u[i]) + K)", "1 + K + K*" APART, 4);
}

Test(separate, a_row_may_leave_itself_out)
{
	hold(" if j != i", "sin(u[j] - u[i])", APART, 4);
	hold(" if j != i", "cos(u[j] - u[i])", "1 + " APART, 4);
	hold(" if j != i", "(u[j] - u[i])^3", APART "^3", 4);
	hold(" if j != i", "sin(u[j] - u[i] - K)", "1 + K + " APART, 4);
	hold(" if j != i", "w[j]*(1 + (u[j] - u[i])^2)", "1 + " APART "^2", 4);
}

Test(separate, powers_are_as_exact_as_a_sum_over_pairs)
{
	hold("", "u[j] - u[i]", APART, 4);
	hold("", "(u[j] - u[i])^2", APART "^2", 4);
	hold("", "(u[j] - u[i])^5", APART "^5", 4);
	hold("", "(u[j] - u[i])*abs(u[j])/(1 + u[i]^2)", APART "*abs(u[j])/(1 + u[i]^2)", 4);
}

/* Their sums are of terms of one sign, so the bound is of the sum itself. */
Test(separate, exponentials_overflow_only_where_the_sum_does)
{
	hold("", "exp(u[j] - u[i])", "exp(u[j] - u[i])*(1 + abs(u[j] - u[i]))", 4);
	hold("", "exp(3*(u[i] - u[j]))/N", "exp(3*(u[i] - u[j]))/N*(1 + 3*abs(u[j] - u[i]))", 4);
	hold("", "cosh(u[j] - u[i])", "cosh(u[j] - u[i])*(1 + abs(u[j] - u[i]))", 4);
	hold("", "exp2(u[j] - u[i] - K)", "exp2(u[j] - u[i] - K)*(3 + abs(u[j] - u[i]))", 4);
}

Test(separate, odd_functions_may_leave_out_the_row_too)
{
	hold(" if j != i", "sinh((u[j] - u[i])/8)", "sinh(" APART "/8)*(1 + " APART ")", 4);
}

Test(separate, indices_are_numbers_too)
{
	hold("", "cos(2*pi*(j - i)/N)*u[j]", "20*abs(u[j])", 4);
}

Test(separate, what_cannot_be_separated_stays_and_says_why)
{
	static const struct { const char *condition, *body, *reason; } all[] = {
		{"", "tanh(u[j] - u[i])", "without an addition theorem"},
		{"", "A[i, j]*sin(u[j] - u[i])", "by row and term"},
		{"", "1/(2 + sin(u[j] - u[i]))", "divides by a sum"},
		{"", "sin(u[j]*u[i])", "function of products"},
		{"", "(u[j] - u[i])^40", "high power"},
		{" if j != i", "exp(u[j] - u[i])", "may be larger than all others"},
	};
	for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
		struct separable s;
		open_separable(&s, LAW_REAL, all[k].condition, all[k].body, "1");
		cr_expect(!s.changed, "%s", all[k].body);
		cr_expect_not_null(strstr(oj_text_get(&s.told), all[k].reason), "%s: %s", all[k].body, oj_text_get(&s.told));
		close_separable(&s);
	}
}

Test(separate, other_laws_only_suggest_it)
{
	for (enum law law = LAW_EXACT; law <= LAW_FINITE; law++) {
		struct separable s;
		open_separable(&s, law, " if j != i", "sin(u[j] - u[i])", "1");
		cr_expect(!s.changed);
		cr_expect_not_null(strstr(oj_text_get(&s.told), "could become 2 sums over one index"), "%s", oj_text_get(&s.told));
		cr_expect_not_null(strstr(oj_text_get(&s.told), "--fp real"));
		close_separable(&s);
	}
}

/* ---------------------------------------------------------------- random bodies */

struct recipe {
	char body[TEXT], size[TEXT];
	uint64_t random;
};

static void add_text(char *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_text(char *to, const char *format, ...)
{
	va_list arguments;
	size_t length = strlen(to);
	va_start(arguments, format);
	cr_assert_lt(vsnprintf(to + length, TEXT - length, format, arguments), (int)(TEXT - length));
	va_end(arguments);
}

static void add_factor(struct recipe *r)
{
	static const struct { const char *body, *size; } factors[] = {
		{"sin(u[j] - u[i])", APART}, {"cos(u[i] - u[j])", "(1 + " APART ")"},
		{"sin(2*u[j] + K - 2*u[i])", "(3 + 2*" APART ")"}, {"(u[j] - u[i])", APART},
		{"(u[i] - u[j])^2", APART "^2"}, {"(w[j] - 2*w[i])", "6"}, {"w[i]", "1"}, {"exp(w[j] - w[i])", "8"},
		{"cos(u[j])", "1"}, {"(1 + u[j]^2)", "(1 + u[j]^2)"}, {"(-K)", "K"},
	};
	size_t k = random_bits(&r->random) % (sizeof factors / sizeof *factors);
	add_text(r->body, "*%s", factors[k].body);
	add_text(r->size, "*%s", factors[k].size);
}

static void make_recipe(struct recipe *r, uint64_t seed)
{
	*r = (struct recipe){.random = seed * 77 + 5};
	int terms = 1 + (int)(random_bits(&r->random) % 3);
	for (int t = 0; t < terms; t++) {
		double factor = (double)(1 + random_bits(&r->random) % 7) / 4;
		add_text(r->body, "%s%g*(u[j] - u[i])", t ? random_bits(&r->random) % 2 ? " + " : " - " : "", factor);
		add_text(r->size, "%s%g*" APART, t ? " + " : "", factor);
		for (int factors = (int)(random_bits(&r->random) % 3); factors-- > 0;)
			add_factor(r);
	}
}

Test(separate, random_bodies_are_what_they_were)
{
	int changed = 0;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct recipe r;
		struct separable s;
		make_recipe(&r, seed);
		open_separable(&s, LAW_REAL, seed % 2 ? " if j != i" : "", r.body, r.size);
		changed += s.changed;
		for (int which = 0; which < 4; which++) {
			choose_states(&s, which);
			double worst = worst_error(&s);
			cr_expect(worst <= 6, "%s: states %d: %g", r.body, which, worst);
		}
		close_separable(&s);
	}
	cr_expect(changed > 25, "%d", changed);
}

/* ---------------------------------------------------------------- executors */

static void evaluate(ojit_model *model, ojit_compile_options options, double *out)
{
	ojit_program *program;
	double y[64];
	cr_assert_eq(ojit_program_compile(model, &options, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_evaluator *evaluator = ojit_evaluator_new(program);
	for (int k = 0; k < 64; k++)
		y[k] = sin(k);
	cr_assert_eq(ojit_evaluator_call(evaluator, OJIT_RHS, 0, y, out), OJIT_OK);
	ojit_evaluator_free(evaluator);
	ojit_program_free(program);
}

Test(separate, executors_and_lanes_give_the_same_bits)
{
	static const char text[] =
		"const N = 21\nparam K = 1.3\ninit u[i in 1..N] = 1, v[i in 1..N] = 1\n"
		"u[i in 1..N]' = K/N*sum(j in 1..N if j != i, sin(u[j] - u[i] - 0.1))\n"
		"v[i in 1..N]' = sum(j in 1..N, exp(v[j] - u[i]) + (v[j] - v[i])^3)\n";
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	double want[42], got[42];
	ojit_model_read_text(model, text, strlen(text), NULL);
	evaluate(model, (ojit_compile_options){.executor = OJIT_INTERPRETER, .law = OJIT_LAW_REAL}, want);
	for (int lanes = 1; lanes <= 8; lanes *= 2)
		for (ojit_executor executor = OJIT_OPTIMISED; executor <= OJIT_UNOPTIMISED; executor++) {
			evaluate(model, (ojit_compile_options){.executor = executor, .law = OJIT_LAW_REAL, .lanes = lanes, .threads = 1},
			         got);
			cr_expect_arr_eq(got, want, sizeof want, "%d lanes", lanes);
		}
	ojit_model_free(model);
	ojit_context_free(context);
}

/* The right-hand side of 60 elements is the same under both laws, and separated. */
static void hold_axes(const char *text)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_compile_options options = {.executor = OJIT_INTERPRETER, .law = OJIT_LAW_REAL};
	double want[64], got[64];
	char *told;
	ojit_model_read_text(model, text, strlen(text), NULL);
	cr_assert_eq(ojit_program_explain(model, &options, OJIT_RHS, "separate", &told), OJIT_OK);
	cr_expect_not_null(strstr(told, "becomes"), "%s", told);
	ojit_text_free(context, told);
	evaluate(model, options, got);
	options.law = OJIT_LAW_EXACT;
	evaluate(model, options, want);
	for (int k = 0; k < 60; k++)
		cr_expect_float_eq(got[k], want[k], 1e-12, "%s: element %d: %.17g, %.17g", text, k, got[k], want[k]);
	ojit_model_free(model);
	ojit_context_free(context);
}

#define STATES_OF(n, m) "const N = " #n ", M = " #m "\nparam K = 0.7\ninit u[i in 1..N, k in 1..M] = 1\n"

Test(separate, sums_along_either_axis_or_both_are_separated)
{
	hold_axes(STATES_OF(20, 3) "u[i in 1..N, k in 1..M]' = sum(j in 1..N if j != i, sin(u[j, k] - u[i, k]))\n");
	hold_axes(STATES_OF(3, 20) "u[i in 1..N, k in 1..M]' = sum(j in 1..M if j != k, sin(u[i, j] - u[i, k] + K))\n");
	hold_axes(STATES_OF(6, 10) "u[i in 1..N, k in 1..M]' = sum(j in 1..N, sum(l in 1..M, cos(u[j, l] - u[i, k])))\n");
	hold_axes(STATES_OF(20, 3) "u[i in 1..N, k in 1..M]' = sum(j in 1..N, exp(u[j, k] - u[i, 1])*u[j, 2]^2)\n");
}

/* ---------------------------------------------------------------- memory */

static int separate_text(ojit_context *context, void *user)
{
	struct space space = {0};
	struct program program = {0};
	struct oj_error error;
	struct text text;
	struct pass_options options = {.law = LAW_REAL, .explanation = &text};
	oj_error_init(&error, context);
	oj_text_init(&text, context);
	ojit_status status = oj_space_init(&space, context);
	if (status == OJIT_OK)
		status = oj_program_read(&space, &program, user, &error);
	if (status == OJIT_OK)
		status = oj_pass_separate(&program, &options, &error);
	if (status == OJIT_OK && text.failed)
		status = OJIT_OUT_OF_MEMORY;
	oj_text_drop(&text);
	oj_program_drop(&program);
	oj_space_drop(&space);
	oj_error_drop(&error);
	return status == OJIT_OK;
}

static void sweep_text(const char *path, const char *text, void *user)
{
	long culprit = 0, swept;
	if (!strstr(path, "/separate/"))
		return;
	swept = watched_sweep(separate_text, (void *)text, &culprit);
	cr_expect(swept > 0, "%s: allocation %ld", path, culprit);
	*(int *)user += 1;
}

Test(separate, every_allocation_may_fail)
{
	int files = 0;
	golden_each(sweep_text, &files);
	cr_expect(files >= 4, "%d", files);
}
