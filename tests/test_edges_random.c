/* Random expressions of all operators at points where many of them have an edge: 0, 1, ties,
 * infinities on the way.  All kernels of a model have the same derivatives there, numbers or not. */
#include "tests/support_host.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { ROWS = 3, PARAMETERS = 2, INPUTS = ROWS + PARAMETERS, DEPTH = 3 };

struct writer {
	uint64_t state;
	char text[4096];
	size_t length;
};

static unsigned draw(struct writer *w, unsigned count)
{
	w->state = w->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((w->state >> 33) % count);
}

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	w->length += (size_t)vsnprintf(w->text + w->length, sizeof w->text - w->length, format, arguments);
	va_end(arguments);
	cr_assert_lt(w->length, sizeof w->text);
}

#define DRAW(w, words) (words)[draw(w, sizeof (words) / sizeof (words)[0])]

static void put_leaf(struct writer *w)
{
	static const char *const leaves[] = {"x", "y", "z", "a", "b", "x", "y", "0", "1", "2", "0.5"};
	put(w, "%s", DRAW(w, leaves));
}

static void put_expression(struct writer *w, int depth);

/* before left between right after */
static void put_pair(struct writer *w, int depth, const char *before, const char *between, const char *after)
{
	put(w, "%s", before);
	put_expression(w, depth);
	put(w, "%s", between);
	put_expression(w, depth);
	put(w, "%s", after);
}

static void put_function(struct writer *w, int depth)
{
	static const char *const names[] = {"sqrt(", "cbrt(", "sqrt(", "cbrt(", "abs(", "sign(", "floor(", "exp(", "log(", "log1p(",
	                                    "sin(", "relu(", "atan(", "asin(", "acosh(", "tanh(", "heaviside(", "softplus("};
	put(w, "%s", DRAW(w, names));
	put_expression(w, depth);
	put(w, ")");
}

static void put_choice(struct writer *w, int depth)
{
	put(w, "if(");
	put_leaf(w);
	put(w, "%s", draw(w, 2) ? " > " : " == ");
	put_leaf(w);
	put_pair(w, depth, ", ", ", ", ")");
}

static void put_expression(struct writer *w, int depth)
{
	static const char *const pairs[] = {"min(", "max(", "hypot(", "atan2(", "mod(", "pow("};
	static const char *const exponents[] = {"2", "3", "0.5", "1.5", "a", "0", "(-1)"};
	unsigned kind = depth ? draw(w, 12) : 0;
	if (kind < 2)
		put_leaf(w);
	else if (kind < 4)
		put_pair(w, depth - 1, "(", draw(w, 2) ? " + " : " - ", ")");
	else if (kind < 7)
		put_pair(w, depth - 1, "(", kind < 6 ? "*" : "/", ")");
	else if (kind < 9)
		put_function(w, depth - 1);
	else if (kind == 9)
		put_pair(w, depth - 1, DRAW(w, pairs), ", ", ")");
	else if (kind == 10)
		put_choice(w, depth - 1);
	else {
		put(w, "((");
		put_expression(w, depth - 1);
		put(w, ")^%s)", DRAW(w, exponents));
	}
}

static void put_model(struct writer *w, uint64_t seed)
{
	static const char *const numbers[] = {"0", "1", "-1", "2", "0.5"}, *const names[] = {"a", "b", "x", "y", "z"};
	*w = (struct writer){.state = seed};
	for (int k = 0; k < INPUTS; k++)
		put(w, "%s %s = %s\n", k < PARAMETERS ? "param" : "init", names[k], DRAW(w, numbers));
	bool shared = draw(w, 3) == 0;
	if (shared) {
		put(w, "let w = ");
		put_expression(w, DEPTH - 1);
	}
	for (int k = 0; k < ROWS; k++) {
		put(w, "\n%s' = ", names[PARAMETERS + k]);
		put_expression(w, DEPTH);
		put(w, "%s", shared && k != 1 ? "*w" : "");
	}
	put(w, "\n");
}

struct edges { /* of a model */
	struct host host;
	const char *text;
	double f[ROWS], jacobian[ROWS][INPUTS];
	size_t infinite, compared;
};


static void fill_matrix(struct edges *m, ojit_inputs by, size_t first)
{
	const struct host *h = &m->host;
	ojit_pattern p;
	double values[ROWS * INPUTS];
	HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, by, &p));
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, by, 0, h->y, values));
	for (size_t j = 0; j < p.columns; j++)
		for (int64_t e = p.column[j]; e < p.column[j + 1]; e++)
			m->jacobian[p.row[e]][first + j] = values[e];
}

/* Forward and backward add up in another order, which double shows where terms are great. */
static bool is_same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-11 * (fabs(a) + fabs(b)) + 1e-12;
}

/* Forward, an infinite slope meets a sum of terms, backward the terms: they may be 0, or of both signs. */
static bool is_same_forward(double a, double b)
{
	return is_same(a, b) || (isnan(a) && isinf(b)) || (isinf(a) && isnan(b));
}

static void hold_columns(struct edges *m)
{
	const struct host *h = &m->host;
	for (size_t j = 0; j < INPUTS; j++) {
		double v[INPUTS] = {0}, out[ROWS];
		v[j] = 1;
		HOST_OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_STATES | OJIT_BY_PARAMETERS, 1, 0, h->y, v, out));
		for (size_t i = 0; i < ROWS; i++)
			cr_expect(!isfinite(m->f[i]) || is_same_forward(out[i], m->jacobian[i][j]), "%s\nJ v, %zu by %zu: %g, the entry: %g",
			          m->text, i, j, out[i], m->jacobian[i][j]);
	}
}

static void hold_row(struct edges *m, size_t i, const double *row, const char *what)
{
	for (size_t j = 0; j < INPUTS; j++) {
		double entry = m->jacobian[i][j];
		cr_expect(is_same(row[j], entry), "%s\n%s, %zu by %zu: %g, the entry: %g", m->text, what, i, j, row[j], entry);
		m->compared++;
		m->infinite += !isfinite(entry);
	}
}

static void hold_rows(struct edges *m)
{
	const struct host *h = &m->host;
	unsigned by = OJIT_BY_STATES | OJIT_BY_PARAMETERS;
	for (size_t i = 0; i < ROWS; i++) {
		double weights[ROWS] = {0}, row[INPUTS];
		ojit_scalar scalar = {.of = OJIT_RHS, .element = i};
		weights[i] = 1;
		if (!isfinite(m->f[i]))
			continue;
		HOST_OK(ojit_evaluator_adjoint(h->evaluator, OJIT_RHS, by, 0, h->y, weights, row));
		hold_row(m, i, row, "v' J");
		HOST_OK(ojit_evaluator_gradient(h->evaluator, &scalar, by, 0, h->y, row));
		hold_row(m, i, row, "gradient");
	}
}

static void hold(struct edges *m, uint64_t seed, ojit_executor executor)
{
	struct writer writer;
	struct host *h = &m->host;
	put_model(&writer, seed);
	m->text = writer.text;
	memset(m->jacobian, 0, sizeof m->jacobian);
	host_begin(h, m->text, executor);
	HOST_OK(ojit_evaluator_call(h->evaluator, OJIT_RHS, 0, h->y, m->f));
	fill_matrix(m, OJIT_BY_STATES, 0);
	fill_matrix(m, OJIT_BY_PARAMETERS, ROWS);
	hold_columns(m);
	hold_rows(m);
	host_end(h);
}

Test(edges_random, all_kernels_have_the_same_derivatives_at_edges)
{
	struct edges edges = {0};
	for (uint64_t seed = 1; seed <= 150; seed++)
		hold(&edges, seed, OJIT_INTERPRETER);
	for (uint64_t seed = 1; seed <= 6; seed++)
		hold(&edges, seed, OJIT_UNOPTIMISED);
	cr_expect_gt(edges.compared, 2500);
	cr_expect_gt(edges.infinite, 20); /* they are edges */
}
