/* What expressions of the language are worth, against values known from elsewhere:
 * arithmetic by hand, or C's own. */
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct worth {
	const char *expression;
	double value;
};

/* Observed in a model with x = 2, u[1..3] = 10, 20, 30, K = 0.5, N = 4, t = 0.25. */
static double worth(const char *expression)
{
	char text[4096];
	snprintf(text, sizeof text,
	         "out v = %s\nx' = 1; u[i in 1..3]' = 0\ninit x = 2, u[i in 1..3] = 10*i\n"
	         "param K = 0.5; const N = 4\nindex row[i in 1..4] = [1, 3, 3, 6]\n"
	         "param W[e in 1..5] = [1, 2, 3, 4, 5]", expression);
	return support_model_output(text);
}

static void expect_all(const struct worth *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		double value = worth(rows[i].expression);
		bool same = isnan(rows[i].value) ? isnan(value) : value == rows[i].value && signbit(value) == signbit(rows[i].value);
		cr_expect(same, "%s is %.17g, not %.17g", rows[i].expression, value, rows[i].value);
	}
}
#define EXPECT_ALL(rows) expect_all((rows), sizeof(rows) / sizeof *(rows))

Test(language_expressions, operators_bind_as_in_mathematics)
{
	const struct worth rows[] = {
		{"-x^2", -4}, {"2^3^2", 512}, {"2^-1", 0.5}, {"-2^-2", -0.25}, {"2*-x", -4}, {"2 - 3 - 4", -5},
		{"12/3/2", 2}, {"12/3*2", 8}, {"2 + 3*4", 14}, {"(2 + 3)*4", 20}, {"--x", 2}, {"-+-x", 2},
		{"2^-x^2", 0.0625}, {"x - -x", 4}, {"3*x^2", 12}, {"-x*3", -6}, {"(-x)^2", 4}, {"x^2^0.5", pow(2, pow(2, 0.5))},
		{"1 + x < 4", 1}, {"not x < 1", 1}, {"not x < 1 and x > 3", 0}, {"x < 1 or x > 1 and x < 3", 1},
		{"(x < 1 or x > 1) and x > 3", 0}, {"x == 2", 1}, {"x != 2", 0}, {"x >= 2", 1}, {"x <= 1", 0},
		{"not not x", 1}, {"3 > 2 and 2 > 1", 1}, {"(x > 1) + (x > 0)", 2},
	};
	EXPECT_ALL(rows);
}

Test(language_expressions, numbers_are_read_as_written)
{
	const struct worth rows[] = {
		{"3.", 3}, {".5", 0.5}, {"1e3", 1000}, {"1E-3", 0.001}, {"2.5e+1", 25}, {"0.1", 0.1},
		{"9007199254740993", 9007199254740992.0}, {"1.7976931348623157e308", 1.7976931348623157e308},
		{"5e-324", 5e-324}, {"0.3 - 0.1", 0.3 - 0.1}, {"sum(i in 1..3, i)", 6}, {"sum(i in 1 .. 3,i)", 6},
		{"inf", INFINITY}, {"-inf", -INFINITY}, {"pi", M_PI}, {"t", 0.25}, {"3.*x", 6},
	};
	EXPECT_ALL(rows);
}

Test(language_expressions, functions_have_their_usual_values)
{
	const struct worth rows[] = {
		{"mod(-1, 3)", 2}, {"mod(5.5, 2)", 1.5}, {"mod(5, -3)", -1}, {"round(0.5)", 0}, {"round(2.5)", 2}, {"round(3.5)", 4},
		{"sign(0)", 0}, {"sign(-3)", -1}, {"sign(x)", 1}, {"heaviside(0)", 0.5}, {"heaviside(0, 1)", 1},
		{"heaviside(-1, 9)", 0}, {"heaviside(x)", 1}, {"0^0", 1}, {"(x - 2)^0", 1}, {"pow(x, 3)", 8}, {"x^64", ldexp(1, 64)},
		{"floor(-0.5)", -1}, {"ceil(0.5)", 1}, {"abs(-x)", 2}, {"min(3, x, 5)", 2}, {"max(3, x, 5)", 5}, {"min(x)", 2},
		{"hypot(3, 4)", 5}, {"sqrt(16)", 4}, {"cbrt(27)", 3}, {"exp2(x)", 4}, {"log2(8)", 3}, {"log10(1000)", 3},
		{"atan2(0, 1)", 0}, {"relu(-x)", 0}, {"relu(x)", 2}, {"sigmoid(0)", 0.5}, {"gamma(5)", 24}, {"erf(0)", 0},
		{"if(x > 1, 3, 4)", 3}, {"if(x, 3, 4)", 3}, {"if(x - 2, 3, 4)", 4}, {"if(x < 0, log(x - 3), 7)", 7},
		{"cot(pi/4) > 0.999", 1}, {"erfc(0)", 1}, {"lgamma(1)", 0}, {"abs(digamma(2) - digamma(1) - 1) < 1e-15", 1}, {"abs(trigamma(1) - pi^2/6) < 1e-15", 1}, {"softplus(0) == log(2)", 1},
	};
	EXPECT_ALL(rows);
}

Test(language_expressions, reductions_run_over_both_ends_of_their_range)
{
	const struct worth rows[] = {
		{"sum(j in 1..3, u[j])", 60}, {"prod(j in 1..N, j)", 24}, {"min(j in 1..3, u[j])", 10}, {"max(j in 1..3, -u[j])", -10},
		{"sum(j in 1..3 if j != 2, u[j])", 40}, {"sum(j in 1..3, k in 1..3, j*k)", 36}, {"sum(j in 1..3, k in 1..j, 1)", 6},
		{"sum(j in 1..3, k in 1..3 if k < j, u[k])", 40}, {"sum(j in 3..1, u[j])", 0}, {"prod(j in 1..0, 5)", 1},
		{"min(j in 1..0, 5)", INFINITY}, {"max(j in 1..0, 5)", -INFINITY}, {"sum(j in 1..3 if u[j] > 15, 1)", 2},
		{"sum(j in 1..3 if j > 1, 1/(j - 1))", 1.5}, {"sum(i in 1..3, sum(e in row[i]..row[i+1]-1, W[e]))", 15},
		{"sum(e in row[2]..row[3]-1, W[e])", 0}, {"sum(e in row[3]..row[4]-1, W[e])", 12}, {"sum(j in 1..3, u[4-j]*j)", 100},
		{"sum(j in 1..3, -0.0*x)", -0.0}, {"sum(j in 1..3, u[min(j, 2)])", 50}, {"sum(j in 1..N/2, u[j])", 30},
	};
	EXPECT_ALL(rows);
}

Test(language_expressions, whole_numbers_in_subscripts_may_be_any_function_of_indices)
{
	const struct worth rows[] = {
		{"sum(j in 1..3, u[1 + mod(j, 3)]*j)", 20 + 60 + 30}, {"sum(j in 1..2, u[j*j - (j - 1)])", 10 + 30},
		{"sum(j in 1..2, k in 1..1, u[j*k])", 30}, {"sum(j in 2..6, u[floor(j/2)])", 10 + 10 + 20 + 20 + 30},
		{"u[2^1]", 20}, {"u[floor(7/3)]", 20}, {"u[row[2]]", 30}, {"sum(j in 1..3, if(j == 2, u[j], 0))", 20},
	};
	EXPECT_ALL(rows);
}

Test(language_expressions, the_names_of_functions_and_keywords_are_ordinary_names)
{
	double v = support_model_output("out v = e + f*d - n/k^gamma + sin + in_\nparam e = 1, f = 2, d = 3, n = 8, k = 2\n"
	                                "param gamma = 2; let sin = 0.5; let in_ = 0.25\nsum' = 1; init sum = 0");
	cr_expect_eq(v, 1 + 6 - 2 + 0.5 + 0.25);
	v = support_model_rhs("init' = param + 1; init init = 1\nparam' = 2*init; init param = 5\nlet[i in 1..2]' = i; "
	                      "init let[i in 1..2] = 0\ncost' = 0; init cost = 0", 0);
	cr_expect_eq(v, 6);
}

Test(language_expressions, statements_end_at_semicolons_and_lines_but_not_inside_brackets)
{
	double v = support_model_output("x' = 0 ; init x = 3 # a comment; not a statement\r\nout v = sum(j in 1..2,\n"
	                                "  x*j  # here, too\n) + (1\n+ 2)\n\n;;\n");
	cr_expect_eq(v, 12);
	v = support_model_output("\xEF\xBB\xBFx' = 0\ninit x = 3\nout v = x");
	cr_expect_eq(v, 3);
}

Test(language_expressions, names_that_look_alike_are_alike)
{
	/* micro sign and mu; e with acute as one code point and as two */
	double v = support_model_output("param \xC2\xB5 = 3, \xC3\xA9t\xC3\xA9 = 4\nx' = 0; init x = 0\n"
	                                "out v = \xCE\xBC*e\xCC\x81te\xCC\x81");
	cr_expect_eq(v, 12);
	struct support_model m;
	support_model_open(&m, "\xCE\xB8\xE2\x82\x81' = 1; init \xCE\xB8\xE2\x82\x81 = 0", NULL);
	cr_expect_eq(support_model_find(&m, FAMILY_STATES, "\xCE\xB8\xE2\x82\x81"), 0);
	support_model_close(&m);
}

Test(language_expressions, functions_of_the_model_are_written_out_where_they_are_called)
{
	double v = support_model_output("fun f(a, b) = a^2 + g(b)\nfun g(a) = sum(j in 1..3, a*j)\nx' = 0; init x = 2\n"
	                                "out v = f(x, 3) + f(f(1, 0), x)");
	cr_expect_eq(v, 4 + 18 + 1 + 12);
	/* Both operands are the same call, 60 deep: 2^60 terms if they were not shared. */
	char text[8192] = "x' = 0; init x = 1\nfun f0(a) = a\n", line[96];
	for (int k = 1; k <= 60; k++) {
		snprintf(line, sizeof line, "fun f%d(a) = f%d(a) + f%d(a)\n", k, k - 1, k - 1);
		strcat(text, line);
	}
	strcat(text, "out v = f60(x)\n");
	cr_expect_eq(support_model_output(text), ldexp(1, 60));
}
