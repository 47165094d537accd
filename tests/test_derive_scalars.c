/* Gradients and Hessians through the public API: rules at edges under two
 * differentiations, closed forms of potentials, and machine code to the interpreter's bits. */
#include "tests/support_derivatives.h"
#include "tests/support_host.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The dense matrix of second derivatives, rows * columns; free it. */
static double *dense_hessian(struct host *h, const ojit_scalar *scalar, ojit_inputs rows, ojit_inputs columns,
                             const double *y)
{
	ojit_pattern p;
	HOST_OK(ojit_evaluator_hessian_pattern(h->evaluator, scalar, rows, columns, &p));
	double *values = calloc(p.entries + 1, sizeof *values), *dense = calloc(p.rows * p.columns + 1, sizeof *dense);
	HOST_OK(ojit_evaluator_hessian(h->evaluator, scalar, rows, columns, 0.25, y, values));
	for (size_t c = 0; c < p.columns; c++)
		for (int64_t k = p.column[c]; k < p.column[c + 1]; k++)
			dense[(size_t)p.row[k] * p.columns + c] = values[k];
	free(values);
	return dense;
}

/* ---- edges ---- */

static const struct edge {
	const char *scalar;
	double x, y, xx, xy, yy;
} edges[] = {
	{"abs(x)*y", 0, 3, 0, 0, 0}, {"x*abs(x)", 0, 0, 0, 0, 0}, {"sign(x)*x*y", 0, 2, 0, 0, 0},
	{"floor(x)*x*y", 2, 1, 0, 2, 0}, {"mod(x, y)*y", 4, 2, 0, 1, -4},
	{"max(x, y)^2", 2, 2, 2, 0, 0}, {"min(x, y)*y", 2, 2, 0, 1, 0}, {"min(i in 1..2, (x - i)^2)", 1.5, 0, 2, 0, 0},
	{"max(i in 1..2, x*i*y)", 0, 0, 0, 1, 0},
	{"relu(x)^2*y", 0, 2, 0, 0, 0}, {"heaviside(x, 0.5)*x*y", 0, 3, 0, 0.5, 0},
	{"x^2*y", 0, 3, 6, 0, 0}, {"x^3", 0, 0, 0, 0, 0}, {"x^1*y", 0, 0, 0, 1, 0}, {"x^0*y^2", 0, 5, 0, 0, 2},
	{"pow(x, y)", 0, 2, 2, 0, 0}, {"pow(x, y)", 0, 3, 0, 0, 0}, {"pow(x, y)", 0, 2.5, 0, 0, 0},
	{"pow(x, y)", -2, 3, -12, NAN, NAN}, {"pow(x, 1.5)", 0, 0, INFINITY, 0, 0}, {"pow(x, 2.5)*y", 0, 1, 0, 0, 0},
	{"sqrt(x)", 0, 0, -INFINITY, 0, 0}, {"log1p(x)", -1, 0, -INFINITY, 0, 0}, {"log(x)", 0, 0, -INFINITY, 0, 0},
	{"hypot(x, y)", 0, 0, 0, 0, 0}, {"atan2(x, y)", 0, 0, 0, 0, 0}, {"hypot(x, y)", 3, 4, 16.0 / 125, -12.0 / 125, 9.0 / 125},
	{"x*y*x*y", 0, 0, 0, 0, 0}, {"x*y*x*y", 0, 3, 18, 0, 0}, {"prod(i in 1..3, x + i - 1)*y", 0, 5, 30, 2, 0},
	{"lgamma(x)*y", 2, 1, 0.64493406684822644, 0.42278433509846714, 0},
	/* what is not chosen is infinite or not a number, and has no part */
	{"if(x > 0, sqrt(x)*y, y*x)", -1, 2, 0, 1, 0}, {"if(x > 0, log(x)*y, x^2)", 0, 2, 2, 0, 0},
	{"sqrt(if(x > 0, x, 0))*y", -1, 2, 0, 0, 0}, {"y*min(y, 1/x)", 0, 3, 0, 0, 2},
	{"if(y > 0, y^2, 1/x)*x", 0, 3, 0, 6, 0},
	/* a factor that happens to be 0 is not one that was left out */
	{"x*if(y > -1, x*y, log(-1 - y))", 0, 3, 6, 0, 0}, {"x*y*if(y > -1, x*exp(y), 1/(y + 1))", 0, 1, 2 * M_E, 0, 0},
	{"(x - 1)*max(x*y, x - 9)", 1, 3, 6, 1, 0},
};

static void hold_edge(const struct edge *edge, ojit_executor executor)
{
	struct host hosted, *h = &hosted;
	char text[200];
	const ojit_scalar S = {.of = OJIT_OBSERVABLES, .element = 0};
	const double y[2] = {edge->x, edge->y}, want[4] = {edge->xx, edge->xy, edge->xy, edge->yy};
	const double unit[4] = {1, 0, 0, 1};
	double products[4], sum = edge->xx + edge->xy + edge->yy;
	snprintf(text, sizeof text, "init x = 1, y = 1\nx' = 0\ny' = 0\nout S = %s", edge->scalar);
	host_begin(h, text, executor);
	double *entries = dense_hessian(h, &S, OJIT_BY_STATES, OJIT_BY_STATES, y);
	HOST_OK(ojit_evaluator_hessian_product(h->evaluator, &S, OJIT_BY_STATES, 2, 0.25, y, unit, products));
	for (int k = 0; k < 4; k++) {
		bool right = isnan(want[k]) || entries[k] == want[k] || fabs(entries[k] - want[k]) <= 1e-15 * fabs(want[k]);
		cr_expect(right, "%s at %g %g, entry %d: %g instead of %g", edge->scalar, edge->x, edge->y, k, entries[k], want[k]);
		/* 0 times an infinite derivative is no number in a product */
		right = !isfinite(sum) || products[k] == want[k] || fabs(products[k] - want[k]) <= 1e-15 * fabs(want[k]);
		cr_expect(right, "%s at %g %g, product %d: %g instead of %g", edge->scalar, edge->x, edge->y, k, products[k],
		          want[k]);
	}
	free(entries);
	host_end(h);
}

Test(derive_scalars, edges_follow_the_stated_rules_twice)
{
	for (size_t k = 0; k < sizeof edges / sizeof edges[0]; k++) {
		hold_edge(&edges[k], OJIT_INTERPRETER);
		hold_edge(&edges[k], OJIT_UNOPTIMISED);
	}
}

/* ---- potentials ---- */

static const ojit_scalar first = {.of = OJIT_OBSERVABLES, .element = 0};

static void expect_near(const char *what, size_t i, size_t j, double got, double want, double scale)
{
	cr_expect(fabs(got - want) <= 1e-14 * scale, "%s, entry %zu %zu: %.17g instead of %.17g", what, i, j, got, want);
}

/* V = -(K/2N) sum of cos(b - a): -(K/N) cos beside the diagonal, and rows add up to 0. */
Test(derive_scalars, the_energy_of_coupled_oscillators_has_its_Hessian)
{
	enum { N = 9 };
	struct host hosted, *h = &hosted;
	host_begin(h, "const N = 9\nparam K = 0.5\ninit θ[i in 1..N] = 0.7*i*i\nθ[i in 1..N]' = 0\n"
	         "out V = -K/(2*N)*sum(i in 1..N, j in 1..N, cos(θ[j] - θ[i]))", OJIT_AUTOMATIC);
	double *H = dense_hessian(h, &first, OJIT_BY_STATES, OJIT_BY_STATES, h->y);
	for (size_t i = 0; i < N; i++) {
		double diagonal = 0;
		for (size_t j = 0; j < N; j++) {
			double c = 0.5 / N * cos(h->y[j] - h->y[i]);
			diagonal += i == j ? 0 : c;
			if (i != j)
				expect_near("oscillators", i, j, H[i * N + j], -c, 1);
		}
		expect_near("oscillators", i, i, H[i * N + i], diagonal, 1);
	}
	free(H);
	host_end(h);
}

/* Of two bodies at distance r: d2(-1/r)/dx_i dx_i = 1/r^3 - 3 dx^2/r^5, the negative for i and j. */
static double attraction(const double *y, size_t n, size_t i, size_t j, int a, int b)
{
	double d[2] = {y[j] - y[i], y[n + j] - y[n + i]}, r = hypot(d[0], d[1]);
	return (a == b) / pow(r, 3) - 3 * d[a] * d[b] / pow(r, 5);
}

Test(derive_scalars, the_potential_of_bodies_has_its_Hessian)
{
	enum { N = 6 };
	struct host hosted, *h = &hosted;
	host_begin(h, "const N = 6\ninit x[i in 1..N] = cos(i) + 0.1*i, y[i in 1..N] = sin(2*i)\nx[i in 1..N]' = 0\ny[i in 1..N]' = 0\n"
	         "out V = -sum(i in 1..N, j in i+1..N, 1/hypot(x[j] - x[i], y[j] - y[i]))", OJIT_AUTOMATIC);
	double *H = dense_hessian(h, &first, OJIT_BY_STATES, OJIT_BY_STATES, h->y);
	for (size_t row = 0; row < 2 * N; row++)
		for (size_t column = 0; column < 2 * N; column++) {
			size_t i = row % N, j = column % N;
			int a = (int)(row / N), b = (int)(column / N);
			double want = 0;
			for (size_t k = 0; k < N; k++)
				want += i == j && k != i ? attraction(h->y, N, i, k, a, b) : 0;
			want -= i != j ? attraction(h->y, N, i, j, a, b) : 0;
			expect_near("bodies", row, column, H[row * 2 * N + column], want, 1 + fabs(want));
			expect_near("mirrored", row, column, H[row * 2 * N + column], H[column * 2 * N + row], 1 + fabs(want));
		}
	free(H);
	host_end(h);
}

/* ---- bits ---- */

/* Gradient, product and Hessian of the weighted right-hand side, one after another. */
static size_t all_bits(struct host *h, double *out)
{
	double weights[64], seed[64];
	const ojit_scalar sum = {.of = OJIT_RHS, .weights = weights};
	size_t inputs = h->states + h->parameters, n = h->states;
	for (size_t k = 0; k < 64; k++) {
		weights[k] = derivative_seed((int64_t)k, 0);
		seed[k] = derivative_seed((int64_t)k, 1);
	}
	cr_assert_leq(inputs, 64);
	HOST_OK(ojit_evaluator_gradient(h->evaluator, &sum, OJIT_BY_STATES | OJIT_BY_PARAMETERS, 0.25, h->y, out));
	HOST_OK(ojit_evaluator_hessian_product(h->evaluator, &sum, OJIT_BY_STATES | OJIT_BY_PARAMETERS, 1, 0.25, h->y, seed,
	                                  out + inputs));
	double *H = dense_hessian(h, &sum, OJIT_BY_STATES, OJIT_BY_STATES, h->y);
	memcpy(out + 2 * inputs, H, n * n * sizeof *H);
	free(H);
	return 2 * inputs + n * n;
}

Test(derive_scalars, machine_code_and_interpreter_have_equal_bits)
{
	static double a[5000], b[5000];
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct host h;
		host_begin(&h, derivative_models[k], OJIT_OPTIMISED);
		size_t count = all_bits(&h, a);
		host_end(&h);
		host_begin(&h, derivative_models[k], OJIT_INTERPRETER);
		cr_assert_eq(all_bits(&h, b), count);
		host_end(&h);
		cr_expect(memcmp(a, b, count * sizeof *a) == 0, "%s", derivative_models[k]);
	}
}

/* An element's gradient is the adjoint with a unit weight, and Hessians are symmetric. */
Test(derive_scalars, elements_and_unit_weights_agree)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct host hosted, *h = &hosted;
		double weights[64] = {0, 1};
		const ojit_scalar element = {.of = OJIT_RHS, .element = 1}, sum = {.of = OJIT_RHS, .weights = weights};
		host_begin(h, derivative_models[k], OJIT_INTERPRETER);
		double *one = dense_hessian(h, &element, OJIT_BY_STATES, OJIT_BY_PARAMETERS, h->y);
		double *other = dense_hessian(h, &sum, OJIT_BY_STATES, OJIT_BY_PARAMETERS, h->y);
		double *mixed = dense_hessian(h, &element, OJIT_BY_PARAMETERS, OJIT_BY_STATES, h->y);
		for (size_t e = 0; e < h->states * h->parameters; e++) {
			size_t i = e / h->parameters, j = e % h->parameters;
			expect_near(derivative_models[k], i, j, one[e], other[e], 1 + fabs(one[e]));
			expect_near(derivative_models[k], i, j, one[e], mixed[j * h->states + i], 1 + fabs(one[e]));
		}
		free(one);
		free(other);
		free(mixed);
		host_end(h);
	}
}

Test(derive_scalars, nothing_is_allocated_by_a_second_call)
{
	struct host hosted, *h = &hosted;
	double weights[64] = {1, 2, 3}, seed[64] = {1}, out[64], values[64];
	const ojit_scalar sum = {.of = OJIT_RHS, .weights = weights};
	host_begin(h, derivative_models[0], OJIT_AUTOMATIC);
	for (int call = 0; call < 2; call++) {
		uint64_t before = ojit_context_counters(h->context).allocations;
		HOST_OK(ojit_evaluator_gradient(h->evaluator, &sum, OJIT_BY_STATES, 0, h->y, out));
		HOST_OK(ojit_evaluator_hessian_product(h->evaluator, &sum, OJIT_BY_STATES, 1, 0, h->y, seed, out));
		HOST_OK(ojit_evaluator_hessian(h->evaluator, &sum, OJIT_BY_STATES, OJIT_BY_STATES, 0, h->y, values));
		cr_expect(call == 0 || ojit_context_counters(h->context).allocations == before);
	}
	host_end(h);
}

Test(derive_scalars, arguments_that_make_no_sense_are_refused)
{
	struct host h;
	ojit_pattern p;
	double out[4];
	const ojit_scalar beyond = {.of = OJIT_RHS, .element = 2}, initial = {.of = OJIT_INITIAL}, x = {.of = OJIT_RHS};
	host_begin(&h, derivative_models[0], OJIT_INTERPRETER);
	cr_expect_eq(ojit_evaluator_gradient(h.evaluator, &beyond, OJIT_BY_STATES, 0, h.y, out), OJIT_ARGUMENT);
	cr_expect(strstr(ojit_evaluator_error(h.evaluator).message, "element 2"));
	cr_expect_eq(ojit_evaluator_gradient(h.evaluator, &initial, OJIT_BY_STATES, 0, h.y, out), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_gradient(h.evaluator, &x, OJIT_BY_TIME, 0, h.y, out), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_hessian_product(h.evaluator, &x, OJIT_BY_STATES, 0, 0, h.y, out, out), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_hessian_pattern(h.evaluator, &x, OJIT_BY_STATES, (ojit_inputs)3, &p), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_hessian(h.evaluator, &x, OJIT_BY_TIME, OJIT_BY_STATES, 0, h.y, out), OJIT_ARGUMENT);
	host_end(&h);
}
