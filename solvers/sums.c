/* See sums.h.
 *
 * A sum of m terms is written once, for m known when it is compiled, and picked by
 * a switch: the compiler unrolls over the terms and vectorises over the states.
 * Errors are summed tile by tile and scaled while they are still in cache, into
 * four interleaved partial sums, which keeps the additions from waiting for each
 * other; the partial sums make the result independent of the vector length. */
#include "solvers/sums.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "fp-contract=off")
#endif

void oj_terms_set(struct terms *terms, const double *weights, int count, int64_t stride)
{
	terms->count = 0;
	for (int i = 0; i < count; i++) {
		if (weights[i] == 0)
			continue;
		terms->offset[terms->count] = i * stride;
		terms->weight[terms->count++] = weights[i];
	}
}

static inline __attribute__((always_inline)) void
sum_of(const int count, int64_t n, const double *restrict y, double h, const double *restrict k,
       const struct terms *terms, double *restrict out)
{
	const double *stage[TABLEAU_STAGES];
	double weight[TABLEAU_STAGES];
	for (int j = 0; j < count; j++) {
		stage[j] = k + terms->offset[j];
		weight[j] = terms->weight[j];
	}
	for (int64_t i = 0; i < n; i++) {
		double sum = weight[0] * stage[0][i];
#pragma GCC unroll 16
		for (int j = 1; j < count; j++)
			sum += weight[j] * stage[j][i];
		out[i] = y ? y[i] + h * sum : h * sum;
	}
}

/* With y NULL the sum alone. */
static inline __attribute__((always_inline)) void
dispatch(int64_t n, const double *y, double h, const double *k, const struct terms *terms, double *out)
{
	switch (terms->count) {
#define CASE(m) \
	case m: \
		sum_of(m, n, y, h, k, terms, out); \
		break;
	CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
	CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
#undef CASE
	}
}

void oj_sum_step(int64_t n, const double *y, double h, const double *k, const struct terms *terms,
                 double *out)
{
	if (terms->count == 0)
		memcpy(out, y, (size_t)n * sizeof *out);
	else
		dispatch(n, y, h, k, terms, out);
}

enum { TILE = 128, PARTS = 4 };

static inline double larger(double a, double b)
{
	return a > b ? a : b;
}

/* The maximum that a NaN survives. */
static inline double largest(double a, double b)
{
	return b > a || b != b ? b : a;
}

/* Add to part[] the squares, or their maxima, of the n scaled errors of a tile.
 * y1 - y1 is 0, or NaN where y1 is not finite. */
static void tile_norm(int64_t n, const double *restrict error, const double *restrict y0,
                      const double *restrict y1, const double *restrict atol,
                      const struct tolerance *tolerance, double *restrict part)
{
	double rtol = tolerance->rtol;
	for (int64_t i = 0; i < n; i++) {
		double scale = atol[i] + rtol * larger(fabs(y0[i]), fabs(y1[i]));
		/* Without an absolute tolerance a zero state has no scale. */
		double r = error[i] == 0 ? 0 : error[i] / scale;
		r = r * r + (y1[i] - y1[i]);
		part[i % PARTS] = tolerance->max_norm ? largest(part[i % PARTS], r) : part[i % PARTS] + r;
	}
}

static double norm_of(const double *part, int64_t n, bool max_norm)
{
	if (n == 0)
		return 0;
	if (max_norm)
		return sqrt(largest(largest(part[0], part[1]), largest(part[2], part[3])));
	return sqrt(((part[0] + part[1]) + (part[2] + part[3])) / (double)n);
}

void oj_error_norms(int64_t n, double h, const double *k, const struct terms *e, int estimates,
                    const double *y0, const double *y1, const struct tolerance *tolerance,
                    double *norms)
{
	double part[TABLEAU_ESTIMATES][PARTS] = {{0}};
	double tile[TILE];
	for (int64_t from = 0; from < n; from += TILE) {
		int64_t count = n - from < TILE ? n - from : TILE;
		for (int j = 0; j < estimates; j++) {
			dispatch(count, NULL, h, k + from, &e[j], tile);
			tile_norm(count, tile, y0 + from, y1 + from, tolerance->atol + from, tolerance,
			          part[j]);
		}
	}
	for (int j = 0; j < estimates; j++)
		norms[j] = norm_of(part[j], n, tolerance->max_norm);
}

double oj_scaled_norm(int64_t n, const double *v, const double *w, const double *y,
                      const struct tolerance *tolerance)
{
	double part[PARTS] = {0}, tile[TILE];
	for (int64_t from = 0; from < n; from += TILE) {
		int64_t count = n - from < TILE ? n - from : TILE;
		for (int64_t i = 0; i < count; i++)
			tile[i] = w ? v[from + i] - w[from + i] : v[from + i];
		tile_norm(count, tile, y + from, y + from, tolerance->atol + from, tolerance, part);
	}
	return norm_of(part, n, tolerance->max_norm);
}

bool oj_all_finite(int64_t n, const double *v)
{
	double zero = 0;
	for (int64_t i = 0; i < n; i++)
		zero += v[i] - v[i];
	return zero == 0;
}

int64_t oj_first_nonfinite(int64_t n, const double *v)
{
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return i;
	return -1;
}
