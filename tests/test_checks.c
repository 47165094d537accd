/* ojit/check.h: what is right passes, what was tampered with is found by name, and what
 * cannot be judged is marked. */
#include "jit/checker.h"
#include "tests/support_allocator.h"
#include "tests/support_derivatives.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bed {
	ojit_context *context;
	ojit_check *check;
};

static void begin_by(struct bed *b, const char *text, ojit_executor executor)
{
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = executor;
	b->context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(b->context);
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), NULL), OJIT_OK, "%s", ojit_model_error(model).text);
	cr_assert_eq(ojit_check_new(model, &options, NULL, &b->check), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
}

static void begin(struct bed *b, const char *text)
{
	begin_by(b, text, OJIT_AUTOMATIC);
}

static void end(struct bed *b)
{
	ojit_check_free(b->check);
	cr_expect_eq(ojit_context_counters(b->context).live_bytes, 0);
	ojit_context_free(b->context);
}

/* At the initial values, and at random points around them. */
static void visit(struct bed *b, size_t random)
{
	cr_assert_eq(ojit_check_at(b->check, 0.25, NULL, NULL), OJIT_OK, "%s", ojit_check_error(b->check).text);
	for (size_t k = 0; k < random; k++)
		cr_assert_eq(ojit_check_around(b->check, 0, 2, NULL, NULL), OJIT_OK, "%s", ojit_check_error(b->check).text);
}

static ojit_check_row row_of(const struct bed *b, const char *kernel, const char *of, const char *by)
{
	for (size_t k = 0; k < ojit_check_row_count(b->check); k++) {
		ojit_check_row row = ojit_check_row_at(b->check, k);
		if (!strcmp(row.kernel, kernel) && !strcmp(row.of, of) && !strcmp(row.by, by))
			return row;
	}
	cr_assert(false, "there is no %s of %s by %s", kernel, of, by);
	return (ojit_check_row){0};
}

/* The first finding of a kind of that kernel; kind OJIT_FOUND_KINDS: there is none. */
static ojit_finding found(const struct bed *b, ojit_found kind, const char *kernel, const char *against)
{
	for (size_t k = 0; k < ojit_check_finding_count(b->check); k++) {
		ojit_finding f = ojit_check_finding_at(b->check, k);
		if (f.kind == kind && !strcmp(f.kernel, kernel) && (!against || strstr(f.against, against)))
			return f;
	}
	return (ojit_finding){.kind = OJIT_FOUND_KINDS};
}

Test(checks, every_structure_passes)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct bed b;
		begin(&b, derivative_models[k]);
		visit(&b, 1);
		ojit_check_row jac = row_of(&b, "jac", "rhs", "states");
		cr_expect(ojit_check_passed(b.check), "%s", derivative_models[k]);
		cr_expect_gt(jac.columns, 0);
		cr_expect_eq(jac.differenced, jac.columns);
		cr_expect_gt(row_of(&b, "rhs", "rhs", "").compared, 0);
		for (size_t r = 0; r < ojit_check_row_count(b.check); r++) {
			ojit_check_row row = ojit_check_row_at(b.check, r);
			cr_expect_null(row.refused);
			cr_expect_null(row.omitted);
			cr_expect_eq(row.part, 1);
			cr_expect_geq(row.digits, 14, "%s of %s by %s: %g\n%s", row.kernel, row.of, row.by, row.digits,
			              derivative_models[k]);
		}
		end(&b);
	}
}

/* Sums of many rates, whose signs go through tables: an element is then reached by the greater
 * of two subscripts, also where several directions lie beside each other. */
Test(checks, networks_pass)
{
	enum { SPECIES = 40, RATES = 200 };
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	for (int r = 0; r < RATES; r++)
		fprintf(out, "let r%d = %d*s%d*s%d\n", r, 1 + r % 5, (7*r + 1) % SPECIES, (11*r*r + 3) % SPECIES);
	for (int i = 0; i < SPECIES; i++) {
		fprintf(out, "init s%d = %d\ns%d' = -s%d", i, 1 + i % 7, i, i);
		for (int r = 0; r < RATES; r++) {
			int made = (5*r*r + r) % SPECIES == i, used = (7*r + 1) % SPECIES == i, used_too = (11*r*r + 3) % SPECIES == i;
			for (int k = 0; k < made + used + used_too; k++)
				fprintf(out, " %c r%d", k < made ? '+' : '-', r);
		}
		fputc('\n', out);
	}
	fclose(out);
	struct bed b;
	begin_by(&b, text, OJIT_INTERPRETER);
	visit(&b, 0);
	cr_expect(ojit_check_passed(b.check));
	cr_expect_null(row_of(&b, "jvp x 4", "rhs", "states, parameters, time").refused);
	end(&b);
	free(text);
}

/* Of functions that models can call; what is written with signs is in all other models. */
static bool is_callable(enum op op)
{
	const struct op_info *info = &oj_op_info[op];
	bool twice = op != OP_DIGAMMA && op != OP_TRIGAMMA; /* with second derivatives */
	return info->type == REAL && info->way != WAY_LEAF && (info->arity == 1 || info->arity == 2) && op != OP_NEG &&
	       op != OP_DIV && op != OP_POWI && op != OP_STRONG && twice;
}

Test(checks, every_operator_passes_with_second_derivatives)
{
	char *text = NULL;
	size_t length, operators = 0;
	FILE *out = open_memstream(&text, &length);
	for (int op = 0; op < OP_COUNT; op++) {
		const char *name = oj_op_info[op].text, *x = op == OP_ACOSH ? "2.7" : "0.37"; /* inside also when halved or doubled */
		if (!is_callable(op))
			continue;
		fprintf(out, "init a_%s = %s, b_%s = 0.62\na_%s' = %s(a_%s%s%s)\nb_%s' = a_%s*b_%s\n", name, x, name, name, name, name,
		        oj_op_info[op].arity == 2 ? ", b_" : "", oj_op_info[op].arity == 2 ? name : "", name, name, name);
		operators++;
	}
	fclose(out);
	cr_expect_gt(operators, 40);
	struct bed b;
	begin_by(&b, text, OJIT_UNOPTIMISED);
	visit(&b, 12);
	cr_expect(ojit_check_passed(b.check));
	for (size_t r = 0; r < ojit_check_row_count(b.check); r++) {
		ojit_check_row row = ojit_check_row_at(b.check, r);
		cr_expect(!row.refused && !row.omitted, "%s of %s by %s", row.kernel, row.of, row.by);
		for (int kind = 0; kind < OJIT_FOUND_KINDS; kind++)
			cr_expect_eq(row.found[kind], 0, "%s of %s by %s: %zu of kind %d", row.kernel, row.of, row.by, row.found[kind], kind);
	}
	end(&b);
	free(text);
}

/* ---------------------------------------------------------------- what is wrong */

/* Equations of one shape, xk' = k/4 p^2 xk^3 (1 + t) + xk, and observables like them, whose
 * numbers become data. */
enum { COUNT = 60 };
static char family[16384];

static double number_of(size_t k)
{
	return 0.25 * (double)(k + 1);
}

static void write_family(void)
{
	size_t length = (size_t)snprintf(family, sizeof family, "param p = 1\n");
	for (size_t k = 0; k < COUNT; k++)
		length += (size_t)snprintf(family + length, sizeof family - length,
		                           "init x%zu = %zu\nx%zu' = %g*p^2*x%zu^3*(1 + t) + x%zu\nout s%zu = %g*p^2*x%zu^3*(1 + t) + x%zu\n",
		                           k + 1, k + 1, k + 1, number_of(k), k + 1, k + 1, k + 1, number_of(k), k + 1, k + 1);
}

/* Machine code reads its numbers from there: change the one that is `value`. */
static void tamper(const struct program *program, double value, double other)
{
	struct space *space = program->space;
	size_t changed = 0;
	for (size_t k = 0; k < space->data.count; k++)
		if (space->data.at[k] == value) {
			space->data.at[k] = other;
			changed++;
		}
	cr_assert_gt(changed, 0, "there is no %g among the data", value);
}

static double nearly(double value)
{
	return value * (1 + 0x1p-30);
}

Test(checks, a_wrong_value_is_found_by_name)
{
	struct bed b;
	write_family();
	begin(&b, family);
	tamper(&b.check->programs[WAY_MACHINE]->lowered.programs[KERNEL_RHS], 3.75, nearly(3.75));
	visit(&b, 0);
	ojit_finding f = found(&b, OJIT_FOUND_WRONG, "rhs", "MPFR");
	cr_expect_not(ojit_check_passed(b.check));
	cr_assert_eq(f.kind, OJIT_FOUND_WRONG);
	cr_expect_str_eq(f.row, "x15'");
	cr_expect_float_eq(f.expected, 3.75 * 15 * 15 * 15 * 1.25 + 15, 1e-9);
	cr_expect_float_eq(f.value - f.expected, 3.75 * 15 * 15 * 15 * 1.25 * 0x1p-30, 1e-9);
	cr_expect(f.digits > 8 && f.digits < 10, "%g", f.digits);
	cr_expect_eq(found(&b, OJIT_FOUND_BITS, "rhs", "the interpreter").kind, OJIT_FOUND_BITS);
	cr_expect_eq(found(&b, OJIT_FOUND_BITS, "rhs", "one by one").kind, OJIT_FOUND_BITS);
	cr_expect_eq(row_of(&b, "rhs", "rhs", "").found[OJIT_FOUND_WRONG], 1);
	f = found(&b, OJIT_FOUND_WRONG, "outputs", "MPFR");
	cr_expect_eq(f.kind, OJIT_FOUND_WRONG);
	cr_expect_str_eq(f.row, "s15");
	cr_expect_eq(found(&b, OJIT_FOUND_BITS, "outputs", "one by one").kind, OJIT_FOUND_BITS);
	end(&b);
}

/* A derivative that computes what its program says, and yet is none of the model's.  What
 * gives numbers of its own is held to others; what repeats another kernel's, to its bits. */
enum { S = OJIT_BY_STATES, P = OJIT_BY_PARAMETERS, T = OJIT_BY_TIME };
static const struct tampered {
	const char *kernel, *of, *by;
	struct variant variant;
	const char *against, *row, *column; /* "@": of the element's own variable */
	bool is_element;
} tampered[] = {
	{"jac", "rhs", "states", {.kind = VARIANT_JACOBIAN, .by = S}, "differences", "x60'", "x60", false},
	{"dfdp", "rhs", "parameters", {.kind = VARIANT_JACOBIAN, .by = P}, "differences", "x60'", "p", false},
	{"dfdt", "rhs", "time", {.kind = VARIANT_JACOBIAN, .by = T}, "differences", "x60'", "t", false},
	{"newton", "rhs", "states", {.kind = VARIANT_NEWTON, .by = S}, "Jacobian", "x60'", "x60", false},
	{"linearised", "rhs", "states", {.kind = VARIANT_JACOBIAN, .by = S, .with_value = true}, "alone", "x60'", NULL, false},
	{"linearised", "rhs", "parameters", {.kind = VARIANT_JACOBIAN, .by = P, .with_value = true}, "alone", "x60'", NULL, false},
	{"jvp", "rhs", "states", {.kind = VARIANT_TANGENT, .by = S, .order = 1}, "differences", "x60'", "", false},
	{"jvp", "rhs", "parameters", {.kind = VARIANT_TANGENT, .by = P, .order = 1}, "differences", "x60'", "", false},
	{"jvp", "rhs", "states, parameters, time", {.kind = VARIANT_TANGENT, .by = S | P | T, .order = 1}, "differences", "x60'", "", false},
	{"jvp x 4", "rhs", "states, parameters, time", {.kind = VARIANT_TANGENT, .by = S | P | T, .order = 4}, "differences", "x60'", "", false},
	{"vjp", "rhs", "states", {.kind = VARIANT_ADJOINT, .by = S}, "Jacobian", "", "x60", false},
	{"vjp", "rhs", "parameters", {.kind = VARIANT_ADJOINT, .by = P}, "Jacobian", "", "p", false},
	{"vjp", "rhs", "states, parameters", {.kind = VARIANT_ADJOINT, .by = S | P}, "Jacobian", "", "x60", false},
	{"hvp", "rhs", "states, parameters", {.kind = VARIANT_HESSIAN_PRODUCT, .by = S | P, .order = 1}, "differences", "", "x60", false},
	{"hvp x 3", "rhs", "states, parameters", {.kind = VARIANT_HESSIAN_PRODUCT, .by = S | P, .order = 3}, "differences", "", "x60", false},
	{"hess", "rhs", "states and states", {.kind = VARIANT_HESSIAN, .by = S, .columns = S}, "differences", "x60", "", false},
	{"hess", "rhs", "states and parameters", {.kind = VARIANT_HESSIAN, .by = S, .columns = P}, "differences", "x60", "", false},
	{"hess", "rhs", "parameters twice", {.kind = VARIANT_HESSIAN, .by = P, .columns = P}, "differences", "p", "", false},
	{"grad", "one of rhs", "states, parameters", {.kind = VARIANT_ADJOINT, .by = S | P}, "Jacobian", "", "@", true},
	{"hess", "one of rhs", "states and states", {.kind = VARIANT_HESSIAN, .by = S, .columns = S}, "differences", "@", "", true},
	{"jac", "outputs", "states", {.kind = VARIANT_JACOBIAN, .by = S}, "differences", "s60", "x60", false},
	{"dfdp", "outputs", "parameters", {.kind = VARIANT_JACOBIAN, .by = P}, "differences", "s60", "p", false},
	{"dfdt", "outputs", "time", {.kind = VARIANT_JACOBIAN, .by = T}, "differences", "s60", "t", false},
	{"linearised", "outputs", "states", {.kind = VARIANT_JACOBIAN, .by = S, .with_value = true}, "alone", "s60", NULL, false},
	{"jvp", "outputs", "states, parameters, time", {.kind = VARIANT_TANGENT, .by = S | P | T, .order = 1}, "differences", "s60", "", false},
	{"vjp", "outputs", "states, parameters", {.kind = VARIANT_ADJOINT, .by = S | P}, "Jacobian", "", "x60", false},
	{"hvp", "outputs", "states, parameters", {.kind = VARIANT_HESSIAN_PRODUCT, .by = S | P, .order = 1}, "differences", "", "x60", false},
	{"grad", "one output", "states, parameters", {.kind = VARIANT_ADJOINT, .by = S | P}, "Jacobian", "", "@", true},
	{"hvp", "one output", "states, parameters", {.kind = VARIANT_HESSIAN_PRODUCT, .by = S | P, .order = 1}, "differences", "", "@", true},
	{"hess", "one output", "states and states", {.kind = VARIANT_HESSIAN, .by = S, .columns = S}, "differences", "@", "", true},
	{"hess", "one output", "parameters and states", {.kind = VARIANT_HESSIAN, .by = P, .columns = S}, "differences", "p", "", true},
};

/* The first finding of that kernel at a point. */
static ojit_finding found_at(const struct bed *b, ojit_found kind, const struct tampered *one, const char *against, size_t point)
{
	for (size_t k = 0; k < ojit_check_finding_count(b->check); k++) {
		ojit_finding f = ojit_check_finding_at(b->check, k);
		if (f.kind == kind && !strcmp(f.kernel, one->kernel) && !strcmp(f.of, one->of) && !strcmp(f.by, one->by) &&
		    f.point == point && strstr(f.against, against))
			return f;
	}
	return (ojit_finding){.kind = OJIT_FOUND_KINDS};
}

static void expect_name(const struct tampered *one, const char *name, const char *wanted, size_t element)
{
	char own[16];
	snprintf(own, sizeof own, "x%zu", element + 1);
	if (wanted)
		cr_expect_str_eq(name, strcmp(wanted, "@") ? wanted : own, "%s of %s by %s", one->kernel, one->of, one->by);
}

/* At the present point; after it all is as it was. */
static void expect_found(struct bed *b, const struct tampered *one)
{
	struct variant variant = one->variant;
	bool outputs = strstr(one->of, "output");
	size_t element = one->is_element ? b->check->element[outputs ? SUBJECT_OUTPUTS : SUBJECT_RHS] : COUNT - 1;
	size_t point = b->check->points;
	variant.of = outputs ? KERNEL_OUTPUTS : KERNEL_RHS;
	variant.scalar = one->is_element ? (int64_t)element + 1 : 0;
	const struct program *source = oj_program_variant_source(&b->check->programs[WAY_MACHINE]->system, &variant);
	cr_assert_not_null(source, "%s of %s by %s", one->kernel, one->of, one->by);
	tamper(source, number_of(element), nearly(number_of(element)));
	visit(b, 0);
	tamper(source, nearly(number_of(element)), number_of(element));
	ojit_finding f = found_at(b, one->variant.with_value ? OJIT_FOUND_BITS : OJIT_FOUND_WRONG, one, one->against, point);
	cr_assert_neq(f.kind, OJIT_FOUND_KINDS, "%s of %s by %s", one->kernel, one->of, one->by);
	cr_expect_eq(found_at(b, OJIT_FOUND_BITS, one, "the interpreter", point).kind, OJIT_FOUND_BITS, "%s", one->kernel);
	cr_expect_eq(found_at(b, OJIT_FOUND_BITS, one, "one by one", point).kind, OJIT_FOUND_BITS, "%s", one->kernel);
	expect_name(one, f.row, one->row, element);
	expect_name(one, f.column, one->column, element);
	cr_expect(f.digits > 7 && f.digits < 12, "%s of %s: %g", one->kernel, one->of, f.digits);
}

/* So none is forgotten when kernels are added. */
static void expect_all(const struct bed *b)
{
	enum { COUNT_OF_TAMPERED = sizeof tampered / sizeof tampered[0] };
	size_t derivatives = 0;
	for (size_t r = 0; r < ojit_check_row_count(b->check); r++) {
		ojit_check_row row = ojit_check_row_at(b->check, r);
		size_t k = 0;
		while (k < COUNT_OF_TAMPERED && (strcmp(tampered[k].kernel, row.kernel) || strcmp(tampered[k].of, row.of) ||
		                                 strcmp(tampered[k].by, row.by)))
			k++;
		cr_expect(*row.by == 0 || k < COUNT_OF_TAMPERED, "%s of %s by %s", row.kernel, row.of, row.by);
		derivatives += *row.by != 0;
	}
	cr_expect_eq(derivatives, COUNT_OF_TAMPERED);
}

Test(checks, a_wrong_derivative_is_found_by_name)
{
	struct bed b;
	write_family();
	begin(&b, family);
	b.check->options.findings = 100000;
	visit(&b, 0);
	cr_expect(ojit_check_passed(b.check));
	expect_all(&b);
	for (size_t k = 0; k < sizeof tampered / sizeof tampered[0]; k++)
		expect_found(&b, &tampered[k]);
	size_t before = ojit_check_finding_count(b.check);
	visit(&b, 0);
	cr_expect_eq(ojit_check_finding_count(b.check), before);
	cr_expect_not(ojit_check_passed(b.check));
	cr_expect_eq(row_of(&b, "rhs", "rhs", "").found[OJIT_FOUND_WRONG], 0);
	end(&b);
}

/* ---------------------------------------------------------------- what cannot be judged */

static void expect_mark(const char *text, const char *kernel, ojit_found kind)
{
	struct bed b;
	begin(&b, text);
	visit(&b, 0);
	cr_expect(ojit_check_passed(b.check), "%s", text);
	cr_expect_eq(found(&b, kind, kernel, NULL).kind, kind, "%s", text);
	end(&b);
}

Test(checks, points_that_cannot_be_judged_are_marked)
{
	expect_mark("init x = 0\nx' = max(x, 2*x)", "jac", OJIT_FOUND_KINK);
	expect_mark("init x = 2\nx' = floor(x)", "jvp", OJIT_FOUND_KINK);
	expect_mark("init x = 0\nx' = if(x > 0, 1, x)", "vjp", OJIT_FOUND_KINK);
	expect_mark("init x = 1/3\nx' = floor(3*x)", "rhs", OJIT_FOUND_KINK);
	expect_mark("init x = 400\nx' = exp(x)*exp(x)*exp(-2*x)", "rhs", OJIT_FOUND_OVERFLOW);
	expect_mark("init x = 1\nx' = log(x - 2)", "rhs", OJIT_FOUND_UNDEFINED);
	expect_mark("init x = 0\nx' = sqrt(x)", "jac", OJIT_FOUND_UNDEFINED);
}

/* As people write them, at points where a formula or its derivative has an edge. */
static const char *const edges[] = {
	"init x = 0\nx' = sign(x) + heaviside(x) - x", "init x = 1, y = 1\nx' = max(x, y) + min(x, y)\ny' = -x",
	"init x = 0, y = 0\nx' = abs(x) + abs(y)\ny' = abs(x*y)", "init x = 4\nx' = mod(x, 2) + mod(t, 1)",
	"init x = 2.5, y = -1\nx' = round(x)\ny' = floor(y) + ceil(y)", "init x = 0\nx' = relu(x) - relu(-x)",
	"param p = 2\ninit x = 0\nx' = x^p + x^0", "param p = 1.5\ninit x = 0\nx' = x^p + x^2.5",
	"param p = 0.5\ninit x = 0\nx' = x^p", "param p = 3\ninit x = -2\nx' = x^p",
	"param n = 4, K = 1\ninit x = 0\nx' = 1/(1 + (x/K)^n) - x", "init x = 0\nx' = x^3 - x^4",
	"init x = 0, y = 0\nx' = x^3*y\ny' = (x*y)^2 + x^5", "init x = 0\nx' = sqrt(x)", "init x = 0\nx' = cbrt(x)",
	"init x = -1\nx' = sqrt(max(x, 0)) + if(x > 0, log(x), x)", "init x = 0\nx' = if(x == 0, 1, sin(x)/x)",
	"init x = 0\nx' = if(x != 0, 1/x, 0)", "init x = 0, y = 0\nx' = hypot(x, y) + atan2(y, x)\ny' = sqrt(x^2 + y^2)",
	"init x = -1, y = 0\nx' = atan2(y, x)\ny' = -x", "init x = -1\nx' = log1p(x)", "init x = 1\nx' = acosh(x) + asin(x)",
	"init x[i in 1..5] = i - 3\nx[i in 1..5]' = prod(j in 1..5, x[j])",
	"init x[i in 1..5] = 0\nx[i in 1..5]' = prod(j in 1..5 if j != i, x[j])",
	"init x[i in 1..4] = 1\nx[i in 1..4]' = max(j in 1..4, x[j]) - min(j in 1..4, x[j])",
	"param mu = 0.3\ninit x = 1, v = 0\nx' = v\nv' = -x - mu*sign(v) - v*abs(v)",
	"init x = 1e-300\nx' = x*x", "init x = 1e-160\nx' = x*x*1e200", "init x = 800\nx' = exp(x)/(1 + exp(x))",
	"param p = 0, k = 0.5\ninit x = 2, y = 1\nx' = -k*y*x^p\ny' = (x*x + 1)^(x*p) - y",
	"init x = 0.9, y = 0.1\nx' = mod(x, y)\ny' = -y", "param a = -1\ninit x = 1, y = 1\nlet s = sqrt(a)\nx' = if(a > 0, x^2/s, y*a)\ny' = -y",
	("init x[i in 1..2] = 2*i - 3\nlet s[i in 1..2] = sqrt(x[i])\nx[i in 1..2]' = -x[i]\n"
	"out E = sum(i in 1..2, if(x[i] > 0, s[i]*x[i], x[i]^2))"),
	"init x = 1, y = 1e-160\nx' = mod(x, y)\ny' = floor(1e30*x)", "init x = 0, y = 1\nx' = 0*sqrt(x) + y\ny' = cbrt(x) - cbrt(x)",
	"init x[i in 1..3] = 0\nx[i in 1..3]' = (i - 2)*sqrt(x[i])",
	"init x = -1\nx' = gamma(x)", "init x = 0\nx' = sin(x)/x", "init x = 1\nx' = (1 - 0.99999999^8)*x^2",
	("init x[i in 1..4] = i, y[i in 1..4] = i*i\nlet r[i in 1..4, j in 1..4] = ((x[i] - x[j])^2 + (y[i] - y[j])^2)^1.5\n"
	"x[i in 1..4]' = sum(j in 1..4 if j != i, (x[j] - x[i])/r[i, j])\ny[i in 1..4]' = -y[i]"),
};

Test(checks, edges_are_no_disagreements)
{
	for (size_t k = 0; k < sizeof edges / sizeof edges[0]; k++) {
		struct bed b;
		begin_by(&b, edges[k], OJIT_INTERPRETER);
		visit(&b, 4);
		for (size_t f = 0; f < ojit_check_finding_count(b.check); f++) {
			ojit_finding one = ojit_check_finding_at(b.check, f);
			cr_expect(one.kind != OJIT_FOUND_WRONG && one.kind != OJIT_FOUND_BITS, "%s\n%s, %s by %s: %g, %s %g", edges[k],
			          one.kernel, one.row, one.column, one.value, one.against, one.expected);
		}
		end(&b);
	}
}

/* Powers with a parameter for exponent are well within double's range at 0, and are judged
 * everywhere; a slope without end is no number that differences could confirm. */
Test(checks, marks_say_what_holds)
{
	struct bed b;
	begin_by(&b, "param p = 3\ninit x = 0, y = 0\nx' = x^p\ny' = cbrt(y)", OJIT_INTERPRETER);
	visit(&b, 2);
	for (size_t r = 0; r < ojit_check_row_count(b.check); r++)
		cr_expect_eq(ojit_check_row_at(b.check, r).found[OJIT_FOUND_OVERFLOW], 0);
	cr_expect_gt(row_of(&b, "jac", "rhs", "states").found[OJIT_FOUND_KINK], 0);
	end(&b);
}

/* acosh and its like have slopes without end there, and yet a value. */
Test(checks, what_is_equal_is_not_marked)
{
	struct bed b;
	begin_by(&b, "init x = 1, y = -1\nx' = acosh(x)\ny' = y^2", OJIT_INTERPRETER);
	visit(&b, 0);
	for (int kind = 0; kind < OJIT_FOUND_KINDS; kind++)
		cr_expect_eq(row_of(&b, "rhs", "rhs", "").found[kind], 0);
	end(&b);
}

/* Each point takes others of the loops' turns; what they share is judged all the same. */
Test(checks, of_large_models_a_sample_is_looked_at)
{
	struct bed b;
	begin_by(&b, "const N = 64\nparam K = 0.5\ninit u[i in 1..N] = i\n"
	             "u[i in 1..N]' = -u[i] + K/N*sum(j in 1..N, sin(u[j] - u[i]))", OJIT_INTERPRETER);
	visit(&b, 1);
	ojit_check_row row = row_of(&b, "rhs", "rhs", "");
	cr_expect(ojit_check_passed(b.check));
	cr_expect(row.part > 0 && row.part < 1, "%g", row.part);
	cr_expect_gt(row.compared, 10);
	cr_expect_lt(row.compared, 128);
	end(&b);
}

/* A matrix that takes long to make is made once; what only repeats its entries says so. */
Test(checks, large_matrices_are_made_once)
{
	struct bed b;
	begin_by(&b, "const N = 360\ninit u[i in 1..N] = i\nu[i in 1..N]' = sum(j in 1..N, sin(u[j] - u[i]))/N", OJIT_INTERPRETER);
	visit(&b, 0);
	cr_expect(ojit_check_passed(b.check));
	cr_expect_null(row_of(&b, "jac", "rhs", "states").omitted);
	cr_assert(row_of(&b, "newton", "rhs", "states").omitted);
	cr_expect(strstr(row_of(&b, "newton", "rhs", "states").omitted, "jac stands for it"));
	end(&b);
}

/* A sum that is one number cannot be looked at in part: kernels are held to each other. */
Test(checks, what_takes_mpfr_too_long_says_so)
{
	struct bed b;
	begin_by(&b, "const N = 320\ninit x[i in 1..N] = i/N\nx[i in 1..N]' = -x[i]\n"
	         "out E = sum(i in 1..N, sum(j in 1..N, cos(x[i] - x[j])))", OJIT_UNOPTIMISED);
	visit(&b, 0);
	ojit_check_row row = row_of(&b, "outputs", "outputs", "");
	cr_expect(ojit_check_passed(b.check));
	cr_expect_eq(row.part, 0);
	cr_expect_eq(row.compared, 0);
	cr_expect_eq(row_of(&b, "rhs", "rhs", "").part, 1);
	cr_expect_gt(row_of(&b, "rhs", "rhs", "").compared, 0);
	end(&b);
}

/* Many times nothing is left of the digits, and it is no fault of anybody. */
Test(checks, what_cancels_is_measured_by_its_terms)
{
	struct bed b;
	begin(&b, "init x = 0.3, y = 0.7\nx' = (x + 1e8)^2 - 1e16 - 2e8*x + sin(1e9*x*y)\ny' = exp(30*x)*(y + 1e5) - 1e5*exp(30*x)");
	visit(&b, 3);
	cr_expect(ojit_check_passed(b.check));
	for (size_t k = 0; k < ojit_check_row_count(b.check); k++)
		for (int kind = 0; kind < OJIT_FOUND_KINDS; kind++)
			cr_expect_eq(ojit_check_row_at(b.check, k).found[kind], 0);
	end(&b);
}

Test(checks, what_has_no_derivative_is_left_out_and_says_why)
{
	struct bed b;
	begin(&b, "init x = 2\nx' = trigamma(x)\nout s = x^2");
	visit(&b, 1);
	cr_expect(ojit_check_passed(b.check));
	cr_expect(strstr(row_of(&b, "jac", "rhs", "states").refused, "trigamma"));
	cr_expect_null(row_of(&b, "jac", "outputs", "states").refused);
	end(&b);
}

/* ---------------------------------------------------------------- asking wrongly */

Test(checks, digits_that_double_has_not_are_refused)
{
	ojit_check_options options = ojit_check_options_default();
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_check *check;
	options.digits = 16;
	cr_expect_eq(ojit_check_new(model, NULL, &options, &check), OJIT_ARGUMENT);
	cr_expect_null(check);
	ojit_model_free(model);
	ojit_context_free(context);
}

Test(checks, a_missing_module_is_an_error_with_its_remedy)
{
	setenv("OJIT_MPFR", "/nonexistent/libojit-mpfr.so", 1);
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_check *check;
	ojit_equation(model, "x'", ojit_state(model, "x", 1));
	cr_expect_eq(ojit_check_new(model, NULL, NULL, &check), OJIT_BACKEND);
	cr_expect_null(check);
	cr_expect(strstr(ojit_model_error(model).message, "/nonexistent/libojit-mpfr.so"));
	ojit_model_free(model);
	ojit_context_free(context);
}

/* ---------------------------------------------------------------- memory */

static int check_little(ojit_context *context, void *user)
{
	ojit_compile_options options = ojit_compile_options_default();
	ojit_model *model = ojit_model_new(context);
	ojit_check *check = NULL;
	const char *text = user;
	options.executor = OJIT_INTERPRETER;
	ojit_status status = model ? ojit_model_read_text(model, text, strlen(text), NULL) : OJIT_OUT_OF_MEMORY;
	if (status == OJIT_OK)
		status = ojit_check_new(model, &options, NULL, &check);
	if (status == OJIT_OK)
		status = ojit_check_at(check, 0, NULL, NULL);
	cr_assert(status == OJIT_OK || status == OJIT_OUT_OF_MEMORY);
	ojit_check_free(check);
	ojit_model_free(model);
	return status == OJIT_OK;
}

/* Every 37th allocation is refused once: compiling, of which most are, has tests of its own. */
Test(checks, allocations_that_fail_are_reported_and_nothing_is_left)
{
	enum { STRIDE = 37 };
	for (long refused = 1, went_well = 0; !went_well; refused += STRIDE) {
		struct watched_allocator watched = {.refuse = refused};
		ojit_allocator allocator = watched_allocator(&watched);
		ojit_context *context = ojit_context_new(&allocator);
		went_well = context ? check_little(context, (void *)(uintptr_t) "param k = 2\ninit x = 1\nx' = -k*x + t") : 0;
		cr_expect_eq(went_well, refused > watched.calls, "allocation %ld", refused);
		ojit_context_free(context);
		cr_assert_eq(watched.live_blocks, 0, "allocation %ld", refused);
		cr_assert_eq(watched.wrong_sizes, 0, "allocation %ld", refused);
	}
}
