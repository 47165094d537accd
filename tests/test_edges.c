/* Derivatives where they have no formula: zeros by structure and edges of operators.  All
 * kernels follow one rule: the sparse Jacobian by formulas and by tangents, J v, v' J. */
#include <ojit/ojit.h>

#include "tests/support_host.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct host *h, const char *text, ojit_executor executor, ojit_jacobian jacobian)
{
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = executor;
	options.jacobian = jacobian;
	host_begin_with(h, text, &options);
}

static bool is_same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b)) || (isfinite(b) && fabs(a - b) <= 1e-14 * fabs(b));
}

/* The derivative of row by input, states before parameters; what is not named has no entry. */
struct entry {
	size_t row, input;
	double value;
};
enum { ENTRIES = 24 };
struct edge {
	const char *text;
	struct entry entries[ENTRIES];
};

/* Those behind the last are 0. */
static size_t count_of(const struct edge *edge)
{
	size_t count = 0;
	while (count < ENTRIES && edge->entries[count].value != 0)
		count++;
	return count;
}

static double expected(const struct edge *edge, size_t row, size_t input)
{
	for (size_t k = 0; k < count_of(edge); k++)
		if (edge->entries[k].row == row && edge->entries[k].input == input)
			return edge->entries[k].value;
	return 0;
}

/* Entries of the Jacobian by one kind of inputs, which begin at `first`. */
static size_t hold_matrix(struct host *h, const struct edge *edge, ojit_inputs by, size_t first)
{
	ojit_pattern p;
	HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, by, &p));
	double *values = calloc(p.entries + 1, sizeof *values);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, by, 0, h->y, values));
	for (size_t j = 0; j < p.columns; j++)
		for (int64_t e = p.column[j]; e < p.column[j + 1]; e++)
			cr_expect(is_same(values[e], expected(edge, (size_t)p.row[e], first + j)), "%s\nd %zu / d %zu = %g", edge->text,
			          (size_t)p.row[e], first + j, values[e]);
	free(values);
	return p.entries;
}

static void hold_products(struct host *h, const struct edge *edge)
{
	unsigned by = OJIT_BY_STATES | OJIT_BY_PARAMETERS;
	double *v = calloc(h->states + h->parameters + 1, sizeof *v), *out = calloc(h->states + h->parameters + 1, sizeof *out);
	for (size_t j = 0; j < h->states + h->parameters; j++) {
		v[j] = 1;
		HOST_OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, by, 1, 0, h->y, v, out));
		for (size_t i = 0; i < h->states; i++)
			cr_expect(is_same(out[i], expected(edge, i, j)), "%s\nJ v, %zu by %zu: %g", edge->text, i, j, out[i]);
		v[j] = 0;
	}
	for (size_t i = 0; i < h->states; i++) {
		v[i] = 1;
		HOST_OK(ojit_evaluator_adjoint(h->evaluator, OJIT_RHS, by, 0, h->y, v, out));
		for (size_t j = 0; j < h->states + h->parameters; j++)
			cr_expect(is_same(out[j], expected(edge, i, j)), "%s\nv' J, %zu by %zu: %g", edge->text, i, j, out[j]);
		ojit_scalar scalar = {.of = OJIT_RHS, .element = i};
		HOST_OK(ojit_evaluator_gradient(h->evaluator, &scalar, by, 0, h->y, out));
		for (size_t j = 0; j < h->states + h->parameters; j++)
			cr_expect(is_same(out[j], expected(edge, i, j)), "%s\ngradient of %zu by %zu: %g", edge->text, i, j, out[j]);
		v[i] = 0;
	}
	free(v);
	free(out);
}

/* exact: there are no more entries than those named. */
static void hold(const struct edge *edge, bool exact, ojit_executor executor, ojit_jacobian jacobian)
{
	struct host h;
	begin(&h, edge->text, executor, jacobian);
	size_t entries = hold_matrix(&h, edge, OJIT_BY_STATES, 0) + hold_matrix(&h, edge, OJIT_BY_PARAMETERS, h.states);
	cr_expect(entries == count_of(edge) || !exact, "%s\n%zu entries", edge->text, entries);
	if (jacobian == OJIT_JACOBIAN_DIRECT)
		hold_products(&h, edge);
	host_end(&h);
}

static void hold_all(const struct edge *edges, size_t count, bool exact)
{
	for (size_t k = 0; k < count; k++) {
		hold(&edges[k], exact, OJIT_INTERPRETER, OJIT_JACOBIAN_DIRECT);
		hold(&edges[k], exact, OJIT_INTERPRETER, OJIT_JACOBIAN_COLOURED);
		if (k % 3 == 0) /* bits are the same everywhere: tested elsewhere */
			hold(&edges[k], exact, OJIT_UNOPTIMISED, OJIT_JACOBIAN_DIRECT);
	}
}

/* At 0 the slope of sqrt and cbrt is infinite: what has no part must not meet it. */
static const struct edge zeros[] = {
	{"init x = 0, y = 2\nx' = 0*sqrt(x) + 3*y\ny' = sqrt(x) - sqrt(x) + y", {{0, 1, 3}, {1, 1, 1}}},
	{"init x = 0, y = 2\nx' = sqrt(x) + y - sqrt(x)\ny' = 2*(cbrt(x) + y) - 2*cbrt(x)", {{0, 1, 1}, {1, 1, 2}}},
	{"init x = 0, y = 2\nx' = y - (y + sqrt(x)) + sqrt(x)\ny' = x*(y - y) + 5*y", {{1, 1, 5}}},
	{"init x = 0, y = 2\nlet z = x - x\nx' = cbrt(x)*z + y\ny' = sqrt(x)^z + sqrt(x)*0/y + y^2", {{0, 1, 1}, {1, 1, 4}}},
	{"init x = 0, y = 1\nx' = sum(i in 1..3, 0*sqrt(x))\ny' = prod(i in 1..3, (y - y)*sqrt(x)) + 7*y", {{1, 1, 7}}},
	{"param p = 0, q = 3\ninit x = 2\nx' = x*(p - p) + sqrt(p)*0 + q*x", {{0, 0, 3}, {0, 2, 2}}},
	{"param p = 2, w[i in 1..3] = i\ninit x = 0, y = 1\nx' = sqrt(x)*(p - p) + y\ny' = sqrt(x)^(p - p) + sum(i in 1..3, (w[i] - w[i])*cbrt(x))",
	 {{0, 1, 1}}},
	{"init x[i in 1..4] = 0\nx[i in 1..4]' = (i - 3)*cbrt(x[i])", {{0, 0, -INFINITY}, {1, 1, -INFINITY}, {3, 3, INFINITY}}},
	{"init x[i in 1..4] = 0\nx[i in 1..4]' = mod(i, 2)*sqrt(x[i]) + (i^2 - 9)*x[3]",
	 {{0, 0, INFINITY}, {0, 2, -8}, {1, 2, -5}, {2, 2, INFINITY}, {3, 2, 7}}},
	{"init x[i in 1..4] = 0\nlet c[i in 1..4] = i*(i - 2)/7\nx[i in 1..4]' = 7*c[i]*cbrt(x[i])",
	 {{0, 0, -INFINITY}, {2, 2, INFINITY}, {3, 3, INFINITY}}},
	{"init x[i in 0..3] = i\nx[i in 0..3]' = sqrt(x[i])*i^2/2", {{1, 1, 0.25}, {2, 2, 0.7071067811865475}, {3, 3, 1.299038105676658}}},
	{"init x[i in 1..3] = 0\nx[i in 1..3]' = (i - 1)/2*sum(j in 1..3, (i - j)*x[j])",
	 {{1, 0, 0.5}, {1, 2, -0.5}, {2, 0, 2}, {2, 1, 1}}},
	{"init x[i in 1..3] = i - 1\nx[i in 1..3]' = sum(j in 1..3, sqrt(x[j])^(j - 1))",
	 {{0, 1, 0.5}, {0, 2, 1}, {1, 1, 0.5}, {1, 2, 1}, {2, 1, 0.5}, {2, 2, 1}}},
	{"init u[i in 1..2, j in 1..2] = 0\nu[i in 1..2, j in 1..2]' = (i - j)*sqrt(u[i, j])", {{1, 1, -INFINITY}, {2, 2, INFINITY}}},
	{"init x[i in 1..3] = 4\nx[i in 1..3]' = prod(j in 1..3, (j - 2)*x[j]) + (2 - i)*x[i]^2", {{0, 0, 8}, {2, 2, -8}}},
	{"index row[i in 1..4] = [1, 2, 2, 4]\nindex col[e in 1..3] = [2, 3, 1]\ninit u[i in 1..3] = i\n"
	 "u[i in 1..3]' = u[i]*sum(e in row[i]..row[i+1]-1, u[col[e]])", {{0, 0, 2}, {0, 1, 1}, {2, 0, 3}, {2, 2, 7}}},
	{"index row[i in 1..4] = [1, 2, 2, 4]\nindex col[e in 1..3] = [2, 3, 1]\ninit u[i in 1..3] = i\n"
	 "let s[i in 1..3] = sum(e in row[i]..row[i+1]-1, u[col[e]])\nu[i in 1..3]' = u[i]*s[i] + u[1]*s[4-i]",
	 {{0, 0, 2 + 5}, {0, 1, 1}, {0, 2, 1}, {2, 0, 3 + 2}, {2, 1, 1}, {2, 2, 7}}},
	{"index row[i in 1..4] = [1, 2, 2, 4]\nindex col[e in 1..3] = [2, 3, 1]\ninit u[i in 1..3] = 1, v[i in 1..3] = i\n"
	 "let s[i in 1..3] = sum(e in row[i]..row[i+1]-1, v[col[e]])\nu[i in 1..3]' = -u[i]\n"
	 "v[i in 1..3]' = 2*v[i]*s[i]*cbrt(u[i])",
	 {{0, 0, -1}, {1, 1, -1}, {2, 2, -1}, {3, 0, 4. / 3}, {3, 3, 4}, {3, 4, 2}, {5, 2, 8}, {5, 5, 2 * 4 + 6}, {5, 3, 6}}},
	{"init x = 0, y = 0\nx' = cbrt(x)/inf + y\ny' = -sqrt(y)/inf - x", {{0, 1, 1}, {1, 0, -1}}},
	{"param a = 3\ninit x = 0, y = 2\nx' = a*(x + y) - a*x + sqrt(x)*(y*a - a*y)\ny' = sqrt(x)*(y*a) - (sqrt(x)*y)*a - y",
	 {{0, 1, 3}, {0, 2, 2}, {1, 1, -1}}},
	{"init x = 0, y = 2\nx' = cbrt(x)*((y + 1)*(y - 1) - y^2) + cbrt(x)\ny' = (x + y)^2 - x^2 - 2*x*y - y*y + y", {{1, 1, 1}}},
	{"param a = 2\ninit x = 0, y = 2\nx' = (sqrt(x) + y)/a - sqrt(x)/a\ny' = -(x*(-y)) - x*y", {{0, 1, 0.5}, {0, 2, -0.5}}},
	{"init x[i in 1..3] = 1\nlet a[i in 1..3] = (i - 2)*x[i]\nx[i in 1..3]' = a[i]*x[1]", {{0, 0, -2}, {2, 0, 1}, {2, 2, 1}}},
};

Test(edges, what_is_0_by_structure_has_no_part_in_any_kernel)
{
	hold_all(zeros, sizeof zeros / sizeof zeros[0], true);
}

/* What indices and tables say is known when compiling, and so are the entries that it leaves. */
#define BAND "init u[i in 1..20] = i/4\nu[i in 1..20]' = "
#define GRAPH "index A[i in 1..6, j in 1..6] = if(abs(i - j) == 1 or abs(i - j) == 5, 1, 0)\ninit u[i in 1..6] = i/2\nu[i in 1..6]' = "
#define ROOTS "index A[i in 1..4, j in 1..4] = if(i == j, 0, j)\ninit u[i in 1..4] = 0\nlet w[i in 1..4] = sqrt(u[i])\n" \
	"u[i in 1..4]' = "
static const struct pattern_of {
	const char *text;
	size_t entries;
} known[] = {
	{BAND "sum(j in 1..20 if abs(i - j) <= 1, u[j])", 58},
	{BAND "sum(j in 1..20 if (i - j)^2 <= 4, u[j]^2)", 94},
	{BAND "sum(j in 1..20 if abs(i - j)/4 <= 0.5 and u[j] > 1, u[j]^2)", 94},
	{BAND "sum(j in 1..20 if mod(j, 2) == 0, u[j])", 200},
	{BAND "sum(j in 1..20 if mod(i + j, 3) == 1, u[i]*u[j])", 133 + 13},
	{BAND "sum(j in 1..20 if i*j > 200, u[j]*u[j])", 70},
	{BAND "if(mod(i, 4) == 0, u[1], 0) + heaviside(i - 17.5)*u[2] + prod(j in 1..18, i - j)*u[3]", 5 + 3 + 2},
	{BAND "if(sum(j in 1..i, 1/j) > 3, u[1], 2)", 10},
	{GRAPH "sum(j in 1..6 if A[i, j] == 1, u[j]*u[j])", 12},
	{GRAPH "sum(j in 1..6 if A[i, j] == 1, u[j]^2 + tanh(u[j]))", 12},
	{GRAPH "sum(j in 1..6, A[i, j]*u[j]^2)", 12},
	{GRAPH "sum(j in 1..6 if A[i, j] + A[j, i] > 1.5, sin(u[i] - u[j]))", 18},
	{GRAPH "sum(j in 1..6 if A[i, j] == 1 and mod(i, 3) != 0, sin(u[j] - u[i]))", 12},
	{ROOTS "sum(j in 1..4, A[i, j]*sqrt(u[j]))", 12},
	{ROOTS "sum(j in 1..4, A[i, j]*w[j])", 12},
	{ROOTS "sum(j in 1..4, A[i, j]*(1 + A[j, i])*heaviside(i - j)*w[j])", 6},
	{ROOTS "heaviside(i - 2.5)*w[i]*sqrt(u[1]) + prod(j in 1..3, i - j)*w[2]", 2 + 2 + 1},
	{"init x = 0, y = 0.5, u[i in 1..2] = 0\nx' = 0\ny' = 0\nu[i in 1..2]' = i^y/x", 4},
	{"init y = 0.5, u[i in 1..3] = 0\ny' = 0\nu[i in 1..3]' = i^y*sqrt(u[i])", 6},
	{"init u[i in 1..5] = i\nlet u[0] = u[1]\nu[i in 1..5]' = -3*(u[i] - u[i-1])", 8},
	{"init u[i in 1..5] = i\nlet u[0] = u[2], u[6] = u[4]\nu[i in 1..5]' = (u[i+1] - u[i-1])/2 + cbrt(u[3])", 9},
	{"init u[i in 1..5] = i\nlet u[0] = 0, u[6] = -u[4]\nu[i in 1..5]' = u[i-1] - 2*u[i] + u[i+1]", 12},
	{"init u[i in 1..4, j in 1..4] = i + j^2\nlet u[0, j in 1..4] = u[1, j], u[5, j in 1..4] = u[4, j]\n"
	 "u[i in 1..4, j in 1..4]' = u[i+1, j] - u[i, j] + 0*u[i-1, j]", 24},
};

/* Columns of the Jacobian and J v agree, be they numbers or not. */
static void hold_columns(struct host *h, const char *text, const ojit_pattern *p)
{
	double *values = calloc(p->entries + 1, sizeof *values), *v = calloc(h->states, sizeof *v);
	double *column = calloc(h->states, sizeof *column), *out = calloc(h->states, sizeof *out);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, values));
	for (size_t j = 0; j < h->states; j++) {
		memset(column, 0, h->states * sizeof *column);
		for (int64_t e = p->column[j]; e < p->column[j + 1]; e++)
			column[p->row[e]] = values[e];
		v[j] = 1;
		HOST_OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 1, 0, h->y, v, out));
		for (size_t i = 0; i < h->states; i++)
			cr_expect(is_same(column[i], out[i]), "%s\n%zu by %zu: %g and %g", text, i, j, column[i], out[i]);
		v[j] = 0;
	}
	free(values);
	free(v);
	free(column);
	free(out);
}

Test(edges, patterns_leave_out_what_indices_and_tables_do_and_no_kernel_has_it)
{
	for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
		struct host host, *h = &host;
		ojit_pattern p;
		begin(h, known[k].text, k % 4 ? OJIT_INTERPRETER : OJIT_UNOPTIMISED, OJIT_JACOBIAN_DIRECT);
		HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_STATES, &p));
		cr_expect_eq(p.entries, known[k].entries, "%s\n%zu entries", known[k].text, p.entries);
		hold_columns(h, known[k].text, &p);
		host_end(h);
	}
}

/* Where a direction or a weight is 0, what it would be multiplied with has no part. */
static const struct edge seeds[] = {
	{"param k = 3, p = 2\ninit x = -2\nx' = k*x^p", {{0, 0, -12}, {0, 1, 4}, {0, 2, NAN}}},
	{"init x = 0, y = 4\nx' = sqrt(x) + 3*y\ny' = y", {{0, 0, INFINITY}, {0, 1, 3}, {1, 1, 1}}},
	{"init x = 1, y = 4\nx' = x/0 + 3*y\ny' = y", {{0, 0, INFINITY}, {0, 1, 3}, {1, 1, 1}}},
	{"init x[i in 1..3] = i - 1\nx[i in 1..3]' = sqrt(x[i]) + sum(j in 1..3, x[j])",
	 {{0, 0, INFINITY}, {0, 1, 1}, {0, 2, 1}, {1, 0, 1}, {1, 1, 1.5}, {1, 2, 1}, {2, 0, 1}, {2, 1, 1},
	  {2, 2, 1 + 0.35355339059327379}}},
};

Test(edges, zeros_of_directions_and_weights_are_strong)
{
	hold_all(seeds, sizeof seeds / sizeof seeds[0], true);
}

/* A factor that is 0 by chance is a factor: times an infinite slope it is no number, in every kernel. */
static const struct edge chances[] = {
	{"param a = 0\ninit x = 0\nx' = a*sqrt(x)", {{0, 0, NAN}}},
	{"param a = 0\ninit x = 0, y = 1\nx' = sqrt(a*y)\ny' = y", {{0, 1, NAN}, {0, 2, INFINITY}, {1, 1, 1}}},
	{"param a = 0, b = 2\ninit x = 0, y = 2\nx' = cbrt(a/b*asin(x))\ny' = y", {{0, 0, NAN}, {0, 2, NAN}, {0, 3, NAN}, {1, 1, 1}}},
	{"param a = 0\ninit x = 1\nx' = x/(1/a)", {{0, 1, NAN}}},
	{"param a = 0\ninit x = 0, y = -1\nx' = a*max(sqrt(x), y)\ny' = sqrt(max(a*x, y))", {{0, 0, NAN}, {1, 0, NAN}, {1, 2, NAN}}},
	{"param a = 0\ninit x = 1, y = 2\nx' = if(y < 1, y, cbrt(a))*a\ny' = max(y, a*a^a)", {{0, 2, NAN}, {1, 1, 1}}},
	{"param a = 0, b = 1\ninit x = -1, y = 1\nx' = x*if(x > 0, y, sqrt(b - 1))*a\ny' = y", {{0, 3, NAN}, {1, 1, 1}}},
	{"param a = 0\ninit x[i in 1..3] = i - 2\nx[i in 1..3]' = sqrt(sum(j in 1..3, a*x[j]))",
	 {{0, 0, NAN}, {0, 1, NAN}, {0, 2, NAN}, {1, 0, NAN}, {1, 1, NAN}, {1, 2, NAN}, {2, 0, NAN}, {2, 1, NAN}, {2, 2, NAN},
	  {0, 3, NAN}, {1, 3, NAN}, {2, 3, NAN}}},
	{"param a = 0\ninit x[i in 1..3] = i - 1\nlet s[i in 1..3] = sum(j in 1..3, sqrt(x[j])*(i - j))\n"
	 "x[i in 1..3]' = a*s[i] + x[1]*s[4-i]",
	 {{0, 0, NAN}, {1, 0, NAN}, {2, 0, NAN}, {0, 3, -1 - 2 * 1.4142135623730951}, {1, 3, -1.4142135623730951}, {2, 3, 1}}},
};

Test(edges, a_zero_by_chance_is_a_factor_in_every_kernel)
{
	hold_all(chances, sizeof chances / sizeof chances[0], false);
}

/* Sums over nothing, which other elements of a family are not: what they are multiplied with has no part. */
static const struct edge nothing[] = {
	{"index row[i in 1..4] = [1, 2, 2, 4]\nindex col[e in 1..3] = [2, 3, 1]\ninit u[i in 1..3] = 0, v[i in 1..3] = i\n"
	 "u[i in 1..3]' = sqrt(u[i])*sum(e in row[i]..row[i+1]-1, v[col[e]]) + v[i]\nv[i in 1..3]' = v[i]",
	 {{0, 0, INFINITY}, {2, 2, INFINITY}, {0, 3, 1}, {1, 4, 1}, {2, 5, 1}, {3, 3, 1}, {4, 4, 1}, {5, 5, 1}}},
	{"index row[i in 1..4] = [1, 2, 2, 4]\nindex col[e in 1..3] = [2, 3, 1]\ninit u[i in 1..3] = 0, v[i in 1..3] = i\n"
	 "let s[i in 1..3] = sum(e in row[i]..row[i+1]-1, v[col[e]])\nu[i in 1..3]' = sqrt(u[i])*s[i] + v[i]\n"
	 "v[i in 1..3]' = v[i] - 2*v[i]*s[i]*cbrt(u[i])",
	 {{0, 0, INFINITY}, {2, 2, INFINITY}, {0, 3, 1}, {1, 4, 1}, {2, 5, 1}, {3, 3, 1}, {4, 4, 1}, {5, 5, 1},
	  {3, 0, -INFINITY}, {5, 2, -INFINITY}}},
};

Test(edges, what_is_multiplied_with_a_sum_over_nothing_has_no_part)
{
	hold_all(nothing, sizeof nothing / sizeof nothing[0], false);
}

/* Elements of a family that a row does not read have slopes that are infinite. */
static const struct edge elsewhere[] = {
	{"param a = 1\ninit x[i in 1..3] = 0\nx[i in 1..3]' = cbrt(a - (i - 1))", {{0, 3, 1. / 3}, {1, 3, INFINITY}, {2, 3, 1. / 3}}},
	{"param a = 1, b = 4\ninit x[i in 1..3] = 0\nlet d[i in 1..3] = sqrt(b*(a - i + 1))\nx[i in 1..3]' = x[i] + if(i == 1, d[1], 0)",
	 {{0, 0, 1}, {1, 1, 1}, {2, 2, 1}, {0, 3, 1}, {0, 4, 0.25}}},
	{"init x[i in 1..3] = i - 1\nx[i in 1..3]' = log(i - 1)*tanh(x[1])", {{0, 0, -INFINITY}, {2, 0, 0.69314718055994531}}},
	{"index row[i in 1..4] = [1, 2, 2, 3]\nparam a = 0\ninit x[i in 1..3] = 0\nx[i in 1..3]' = sum(j in row[i]..row[i+1]-1, cbrt(a))",
	 {{0, 3, INFINITY}, {2, 3, INFINITY}}},
	{"index row[i in 1..4] = [1, 2, 2, 3]\ninit x[i in 1..3] = 0, y = 4\nx[i in 1..3]' = sum(j in row[i]..row[i+1]-1, sqrt(x[i])*y*j)\ny' = y",
	 {{0, 0, INFINITY}, {2, 2, INFINITY}, {3, 3, 1}}},
};

Test(edges, infinite_slopes_elsewhere_in_a_family_have_no_part)
{
	hold_all(elsewhere, sizeof elsewhere / sizeof elsewhere[0], false);
}

/* What a branch that is not taken would be multiplied with may be no number although it depends
 * on nothing: the other branch has the derivatives. */
#define NOT_TAKEN(branch) \
	{"const D = 0\ninit x = 0.5, y = 0.25\nx' = -x\ny' = " branch, {{0, 0, -1}, {1, 0, 0.25}, {1, 1, 0.5}}}
static const struct edge not_taken[] = {
	NOT_TAKEN("if(x > 1, y/0, x*y)"), NOT_TAKEN("if(x > 1, y/D, x*y)"), NOT_TAKEN("if(x < 1, x*y, y*inf)"),
	NOT_TAKEN("if(x > 1, y*sqrt(-1), x*y)"), NOT_TAKEN("if(x > 1, x*y*1e200*1e200, x*y)"),
	NOT_TAKEN("if(x > 1, y^2/D, x*y)"), NOT_TAKEN("min(x*y, y*inf)"), NOT_TAKEN("if(x > 1, sum(j in 1..3, y/D), x*y)"),
};

Test(edges, a_branch_not_taken_has_no_part_whatever_it_is_multiplied_with)
{
	hold_all(not_taken, sizeof not_taken / sizeof not_taken[0], true);
}

/* The rules of ojit/derive.h, one by one; what is 0 may be an entry. */
static const struct edge rules[] = {
	{"init x = 0\nx' = abs(x) + sign(x) + floor(x) + ceil(x + 0.5) + round(x + 0.5) + relu(x) + heaviside(x)", {{0}}},
	{"init x = 1\nx' = min(x, 1)", {{0, 0, 1}}}, {"init x = 1\nx' = min(1, x)", {{0}}},
	{"init x = 1\nx' = max(x, x^2)", {{0, 0, 1}}}, {"init x = 1\nx' = max(x^2, x)", {{0, 0, 2}}},
	{"init x = 1\nx' = min(3*x, 3, 2*x + 1)", {{0, 0, 3}}}, {"init x = 1\nx' = max(4 - x, 3*x, 3)", {{0, 0, -1}}},
	{"init x[i in 1..3] = 2\nx[i in 1..3]' = i*max(j in 1..3, x[j])", {{0, 0, 1}, {1, 0, 2}, {2, 0, 3}}},
	{"init x = 0, y = 0\nx' = hypot(x, y)\ny' = atan2(y, x)", {{0}}},
	{"param n = 0\ninit x = 0, y = 2\nx' = x^0 + y^n\ny' = y^0", {{0, 2, 0.69314718055994531}}},
	{"param p = 3, q = 1.5\ninit x = 0, y = 1\nx' = x^3 + x^p\ny' = x^q + x^1.5 + 2*y", {{1, 1, 2}}},
	{"param p = 1, q = 0.5\ninit x = 0, y = 0\nx' = x^p\ny' = y^q", {{0, 0, 1}, {1, 1, INFINITY}}},
	{"param p = 0\ninit x = 0\nx' = x^p", {{0, 1, -INFINITY}}},
	{"init x = 0, y = -1\nx' = sqrt(x)\ny' = log1p(y)", {{0, 0, INFINITY}, {1, 1, INFINITY}}},
	{"init x = 3, y = 1\nx' = mod(x, y)\ny' = mod(-x, 2*y)", {{0, 0, 1}, {0, 1, -3}, {1, 0, -1}, {1, 1, 4}}},
	{"init x[i in 1..4] = i - 2\nx[i in 1..4]' = prod(j in 1..4, x[j])", {{0, 1, -2}, {1, 1, -2}, {2, 1, -2}, {3, 1, -2}}},
	{"init x = 0\nx' = if(x > 0, log(x), 3*x) + if(x == 0, x, 1/x)", {{0, 0, 4}}},
	{"init x = -1, y = 2\nlet s = sqrt(x)\nx' = if(x > 0, s*y, x*y)\ny' = sqrt(max(x, 0)) + y", {{0, 0, 2}, {0, 1, -1}, {1, 1, 1}}},
	{"index n[i in 1..4] = [1, 1, 2, 4]\ninit x[i in 1..3] = i - 2\nx[i in 1..3]' = max(j in n[i]..n[i+1], abs(x[min(j, 3)])) + 2*x[i]",
	 {{0, 0, 1}, {1, 0, -1}, {1, 1, 2}, {2, 2, 3}}},
};

Test(edges, rules_are_those_of_the_manual)
{
	hold_all(rules, sizeof rules / sizeof rules[0], false);
}

/* ---------------------------------------------------------------- second derivatives */

/* As the manual has them; rows are differentiated by first. */
Test(edges, mixed_second_derivatives_of_powers_at_0_are_those_of_the_manual)
{
	static const struct {
		double p, x_last, p_last;
	} powers[] = {
		{-2, INFINITY, INFINITY}, {-1, INFINITY, INFINITY}, {-0.5, INFINITY, INFINITY}, {0, NAN, INFINITY}, {0.25, 0, NAN},
		{0.5, 0, NAN}, {0.75, 0, NAN}, {1, 0, -INFINITY}, {1.25, 0, 0}, {1.5, 0, 0}, {2, 0, 0}, {2.5, 0, 0}, {3, 0, 0},
	};
	const ojit_scalar whole = {OJIT_RHS, 0, NULL};
	struct host host, *h = &host;
	begin(h, "param p = 1\ninit x = 0\nx' = x^p", OJIT_INTERPRETER, OJIT_JACOBIAN_DIRECT);
	for (size_t k = 0; k < sizeof powers / sizeof powers[0]; k++) {
		double x_last, p_last;
		HOST_OK(ojit_evaluator_parameters(h->evaluator, &powers[k].p));
		HOST_OK(ojit_evaluator_hessian(h->evaluator, &whole, OJIT_BY_PARAMETERS, OJIT_BY_STATES, 0, h->y, &x_last));
		HOST_OK(ojit_evaluator_hessian(h->evaluator, &whole, OJIT_BY_STATES, OJIT_BY_PARAMETERS, 0, h->y, &p_last));
		cr_expect(is_same(x_last, powers[k].x_last), "p = %g, x last: %g", powers[k].p, x_last);
		cr_expect(is_same(p_last, powers[k].p_last), "p = %g, p last: %g", powers[k].p, p_last);
	}
	host_end(h);
}

/* hypot and abs have an edge at 0, their even powers have none, and no power of a root has that is whole. */
Test(edges, powers_without_an_edge_have_second_derivatives_there)
{
	static const struct {
		const char *equation;
		double xx, yy;
	} powers[] = {
		{"hypot(x, y)^2", 2, 2}, {"3*hypot(x, y)*hypot(x, y)", 6, 6}, {"hypot(x, 2*y)^2", 2, 8}, {"abs(x)^2 + abs(y)^4", 2, 0},
		{"abs(x)*y*abs(x) + abs(y)^3 + x^2", 2, 0}, {"sqrt(x)^4 + cbrt(y)^6", 2, 2}, {"sqrt(x^2 + y^2)^2", 2, 2},
	};
	for (size_t k = 0; k < sizeof powers / sizeof powers[0]; k++) {
		char text[128];
		double columns[2][2];
		struct host host, *h = &host;
		snprintf(text, sizeof text, "init x = 0, y = 0\nx' = %s\ny' = x", powers[k].equation);
		begin(h, text, k % 2 ? OJIT_UNOPTIMISED : OJIT_INTERPRETER, OJIT_JACOBIAN_DIRECT);
		ojit_scalar scalar = {.of = OJIT_RHS, .element = 0};
		for (size_t j = 0; j < 2; j++) {
			double v[2] = {j == 0, j == 1};
			HOST_OK(ojit_evaluator_hessian_product(h->evaluator, &scalar, OJIT_BY_STATES, 1, 0, h->y, v, columns[j]));
		}
		cr_expect(columns[0][0] == powers[k].xx && columns[1][1] == powers[k].yy && columns[0][1] == 0 && columns[1][0] == 0,
		          "%s\n%g %g\n%g %g", text, columns[0][0], columns[1][0], columns[0][1], columns[1][1]);
		host_end(h);
	}
}

/* ---------------------------------------------------------------- long products */

enum { FACTORS = 71 };

/* The product of all but two. */
static double rest(const double *x, size_t n, size_t without, size_t also)
{
	double product = 1;
	for (size_t j = 0; j < n; j++)
		product *= j == without || j == also ? 1 : x[j];
	return product;
}

static void hold_product(size_t n, size_t zero, size_t other)
{
	char text[512];
	double direction[FACTORS], weights[FACTORS] = {0}, out[FACTORS], seconds[FACTORS];
	struct host host, *h = &host;
	snprintf(text, sizeof text, "const N = %zu\ninit x[i in 1..N] = if(i == %zu or i == %zu, 0, 1 + (i - N/2)/N)\n"
	         "x[i in 1..N]' = i*prod(j in 1..N, x[j])", n, zero, other);
	begin(h, text, OJIT_UNOPTIMISED, OJIT_JACOBIAN_DIRECT);
	for (size_t k = 0; k < n; k++)
		direction[k] = 1 + (double)(k % 3);
	weights[0] = 1;
	HOST_OK(ojit_evaluator_adjoint(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, weights, out));
	ojit_scalar scalar = {.of = OJIT_RHS, .element = 0};
	HOST_OK(ojit_evaluator_hessian_product(h->evaluator, &scalar, OJIT_BY_STATES, 1, 0, h->y, direction, seconds));
	for (size_t k = 0; k < n; k++) {
		double sum = 0, size = 0;
		for (size_t l = 0; l < n; l++) {
			double term = l == k ? 0 : direction[l] * rest(h->y, n, k, l);
			sum += term;
			size += fabs(term);
		}
		double first = rest(h->y, n, k, k);
		cr_expect(fabs(out[k] - first) <= 1e-13 * fabs(first), "%s\n%zu: %g, by hand %g", text, k, out[k], first);
		cr_expect(fabs(seconds[k] - sum) <= 1e-13 * size, "%s\nsecond, %zu: %g, by hand %g", text, k, seconds[k], sum);
	}
	host_end(h);
}

/* Of any length, with no zero among the factors, with one and with two. */
Test(edges, long_products_have_the_derivatives_of_short_ones)
{
	static const size_t lengths[] = {31, 32, 33, 47, 64, FACTORS};
	for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
		hold_product(lengths[k], 0, 0);
		hold_product(lengths[k], 5, 5);
		hold_product(lengths[k], 1, lengths[k]);
	}
}

/* Its factors depend on the row as well. */
Test(edges, long_products_of_rows)
{
	struct host host, *h = &host;
	double out[40], v[40] = {1};
	begin(h, "const N = 40\ninit x[i in 1..N] = i/N\nx[i in 1..N]' = 2*prod(j in 1..N, 1 + (x[i] - x[j])/N)", OJIT_INTERPRETER,
	      OJIT_JACOBIAN_DIRECT);
	HOST_OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 1, 0, h->y, v, out));
	for (size_t i = 0; i < 40; i++) {
		double product = 2, sum = 0;
		for (size_t j = 0; j < 40; j++) {
			double factor = 1 + (h->y[i] - h->y[j]) / 40;
			product *= factor;
			sum += (v[i] - v[j]) / 40 / factor;
		}
		cr_expect(fabs(out[i] - product * sum) <= 1e-13 * product, "%zu: %g, by hand %g", i, out[i], product * sum);
	}
	host_end(h);
}
