/* See sums.h.
 *
 * A sum of m terms is written once, for m known when it is compiled, and picked by
 * a switch: the compiler unrolls over the terms and vectorises over the states.
 * Errors are summed tile by tile and scaled while they are still in cache, into
 * eight interleaved partial sums, which keeps the additions from waiting for each
 * other; the partial sums make the result independent of the vector length. */
#include "solvers/sums.h"

#include "lib/math/math.h"
#include "solvers/powers.h"
#include "solvers/vectors.h"
#include "solvers/weighted.h"

#include <float.h>
#include <math.h>
#include <string.h>

int oj_terms_set(struct terms *terms, const double *weights, int count, int64_t stride, double *taken)
{
	terms->count = 0;
	for (int i = 0; i < count; i++) {
		if (weights[i] == 0)
			continue;
		terms->offset[terms->count] = i * stride;
		taken[terms->count++] = weights[i];
	}
	return terms->count;
}

void oj_terms_scale(int count, double h, const double *w, double *out)
{
	for (int i = 0; i < count; i++)
		out[i] = h * w[i];
}

/* What a sum is added to. */
enum base {
	BASE_NONE,
	BASE_STAGE, /* y, before the newest term */
	BASE_STEP   /* y, after all terms */
};

/* sum + w k */
static INLINE double plus(const bool fused, double sum, double w, double k)
{
	return fused ? __builtin_fma(w, k, sum) : sum + w * k;
}

static INLINE void sum_of(const bool fused, const enum base base, const int count, int64_t n, const double *restrict y,
                          const double *restrict k, const struct terms *terms, const double *restrict w,
                          double *restrict out)
{
	const double *stage[TABLEAU_STAGES];
	const int last = count - (base == BASE_STAGE);
	for (int j = 0; j < count; j++)
		stage[j] = k + terms->offset[j];
	for (int64_t i = 0; i < n; i++) {
		double sum = last > 0 ? w[0] * stage[0][i] : 0;
#pragma GCC unroll 16
		for (int j = 1; j < last; j++)
			sum = plus(fused, sum, w[j], stage[j][i]);
		double whole = base == BASE_NONE ? sum : last > 0 ? y[i] + sum : y[i];
		out[i] = base == BASE_STAGE ? plus(fused, whole, w[last], stage[last][i]) : whole;
	}
}

static INLINE void dispatch(const bool fused, const enum base base, int64_t n, const double *y, const double *k,
                            const struct terms *terms, const double *w, double *out)
{
	switch (terms->count) {
#define CASE(m) \
	case m: \
		sum_of(fused, base, m, n, y, k, terms, w, out); \
		break;
	CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
	CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14) CASE(15) CASE(16)
#undef CASE
	case 0:
		for (int64_t i = 0; i < n; i++)
			out[i] = base == BASE_NONE ? 0 : y[i];
		break;
	default: /* inside steps of order 9 alone: not worth a loop for each count */
		sum_of(fused, base, terms->count, n, y, k, terms, w, out);
	}
}

static INLINE void sum_two(int64_t n, const double *restrict u, const double *restrict v, double *restrict out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = u[i] + v[i];
}

BY_LENGTH(, oj_sum_two, sum_two,
          (int64_t n, const double *u, const double *v, double *out),
          (n, u, v, out))

VECTORS void oj_sum_three(int64_t n, double a, const double *u, double b, const double *v, double c,
                  const double *w, double *out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = (a * u[i] + b * v[i]) + c * w[i];
}

enum { TILE = 128, PARTS = 8, WIDTH = OJ_POWERS / 2 };

static inline double larger(double a, double b)
{
	return a > b ? a : b;
}

/* The maximum that a NaN survives. */
static inline double largest(double a, double b)
{
	return b > a || b != b ? b : a;
}

/* errors[n] become squares of scaled errors.  y1 - y1 is 0, or NaN where y1 is not
 * finite; without an absolute tolerance a state that stays 0 has the least scale there is.
 * One over the scale is there before the error is, and a product does not keep it waiting. */
static INLINE void scale_tile(const bool fused, int64_t n, const double *restrict y0, const double *restrict y1,
                              const double *restrict atol, double rtol, double *restrict errors)
{
	for (int64_t i = 0; i < n; i++) {
		double scale = plus(fused, atol[i], rtol, larger(fabs(y0[i]), fabs(y1[i])));
		double r = errors[i] * (1 / larger(scale, DBL_MIN));
		errors[i] = plus(fused, y1[i] - y1[i], r, r);
	}
}

/* Add values[n] to the interleaved sums, or keep the largest. */
static INLINE void gather(int64_t n, const double *restrict values, bool max_norm, double *restrict part)
{
	int64_t i = 0;
	if (max_norm) {
		for (; i < n; i++)
			part[i % PARTS] = largest(part[i % PARTS], values[i]);
		return;
	}
	if (n >= PARTS) {
		double sum[PARTS];
		memcpy(sum, part, sizeof sum);
		for (; i + PARTS <= n; i += PARTS)
			for (int p = 0; p < PARTS; p++)
				sum[p] += values[i + p];
		memcpy(part, sum, sizeof sum);
	}
	for (int p = 0; i < n; i++, p++) /* in place: as a vector they could not be loaded at once */
		part[p] += values[i];
}

static INLINE double sum_parts(const double *part)
{
	double low = (part[0] + part[1]) + (part[2] + part[3]);
	double high = (part[4] + part[5]) + (part[6] + part[7]);
	return low + high;
}

/* The square of a norm from parts of the squares. */
static INLINE double norm_of(const double *part, int64_t n, bool max_norm)
{
	if (n == 0)
		return 0;
	double a = part[0];
	if (max_norm) {
		for (int p = 1; p < PARTS; p++)
			a = largest(a, part[p]);
		return a;
	}
	return sum_parts(part) * (1 / (double)n);
}

static INLINE void all_powers(const bool fused, int64_t n, int order, const double *c, double h, double *change,
                              double *slope)
{
	int64_t i = 0;
	for (; slope && i + WIDTH <= n; i += WIDTH)
		oj_powers_of(fused, WIDTH, true, n, order, c + i, h, change + i, slope + i);
	for (; slope && i < n; i++)
		oj_powers_of(fused, 1, true, n, order, c + i, h, change + i, slope + i);
	for (; i + WIDTH <= n; i += WIDTH)
		oj_powers_of(fused, WIDTH, false, n, order, c + i, h, change + i, NULL);
	for (; i < n; i++)
		oj_powers_of(fused, 1, false, n, order, c + i, h, change + i, NULL);
}

static INLINE double squared_norm(const bool fused, int64_t n, int64_t padded, const double *k,
                                  const struct terms *terms, const double *w, const double *y0, const double *y1,
                                  const struct tolerance *tolerance)
{
	double part[PARTS] = {0}, tile[TILE];
	for (int64_t from = 0; from < padded; from += TILE) {
		int64_t count = padded - from < TILE ? padded - from : TILE;
		dispatch(fused, BASE_NONE, count, NULL, k + from, terms, w, tile);
		scale_tile(fused, count, y0 + from, y1 + from, tolerance->atol + from, tolerance->rtol, tile);
		gather(count, tile, tolerance->max_norm, part);
	}
	return norm_of(part, n, tolerance->max_norm);
}

/* ---- one set of functions a processor ---- */

static void copy(int64_t n, const double *from, double *to)
{
	memcpy(to, from, (size_t)n * sizeof *to);
}

#define SUMS(name, attribute, is_fused) \
	attribute static void name##_stage(int64_t n, const double *y, const double *k, const struct terms *terms, \
	                                   const double *w, double *out) \
	{ \
		dispatch(is_fused, BASE_STAGE, n, y, k, terms, w, out); \
	} \
	attribute static void name##_step(int64_t n, const double *y, const double *k, const struct terms *terms, \
	                                  const double *w, double *out) \
	{ \
		dispatch(is_fused, BASE_STEP, n, y, k, terms, w, out); \
	} \
	attribute static double name##_norm(int64_t n, int64_t padded, const double *k, const struct terms *terms, \
	                                    const double *w, const double *y0, const double *y1, \
	                                    const struct tolerance *tolerance) \
	{ \
		return squared_norm(is_fused, n, padded, k, terms, w, y0, y1, tolerance); \
	} \
	attribute static void name##_powers(int64_t n, int order, const double *c, double h, double *change, double *slope) \
	{ \
		all_powers(is_fused, n, order, c, h, change, slope); \
	} \
	static const struct sums name = {is_fused, copy, name##_stage, name##_step, name##_norm, name##_powers};

SUMS(sse2, , false)
SUMS(avx2, __attribute__((target("avx2,fma"))), true)
SUMS(avx512, __attribute__((target("avx512f,fma"))), true)

/* Short vectors below; see vectors.h. */
enum { MANY = 16, MANY_APART = 64 };

static const struct sums *sums_for(int64_t n, int64_t many)
{
	enum oj_math_set best = oj_math_best();
	if (n < OJ_FEW)
		return best == OJ_MATH_SSE2 ? &oj_few_apart : &oj_few_fused;
	return best == OJ_MATH_SSE2 ? &sse2 : best == OJ_MATH_AVX2 || n < many ? &avx2 : &avx512;
}

const struct sums *oj_sums(int64_t n)
{
	return sums_for(n, MANY);
}

const struct sums *oj_sums_apart(int64_t n)
{
	return sums_for(n, MANY_APART);
}

/* ---- norms of other vectors ---- */

SHORT_VECTORS double oj_scaled_norm(int64_t n, const double *v, const double *w, const double *y,
                      const struct tolerance *tolerance)
{
	double part[PARTS] = {0}, tile[TILE];
	for (int64_t from = 0; from < n; from += TILE) {
		int64_t count = n - from < TILE ? n - from : TILE;
		for (int64_t i = 0; i < count; i++)
			tile[i] = w ? v[from + i] - w[from + i] : v[from + i];
		scale_tile(false, count, y + from, y + from, tolerance->atol + from, tolerance->rtol, tile);
		gather(count, tile, tolerance->max_norm, part);
	}
	return sqrt(norm_of(part, n, tolerance->max_norm));
}

static INLINE double weighted_norm(int64_t n, const double *v, const double *weight, bool max_norm)
{
	double part[PARTS] = {0}, tile[TILE];
	for (int64_t from = 0; from < n; from += TILE) {
		int64_t count = n - from < TILE ? n - from : TILE;
		for (int64_t i = 0; i < count; i++) {
			double ratio = v[from + i] * weight[from + i];
			ratio = v[from + i] == 0 ? 0 : ratio;
			tile[i] = ratio * ratio;
		}
		gather(count, tile, max_norm, part);
	}
	return sqrt(norm_of(part, n, max_norm));
}

SHORT_VECTORS static double norm_of_some(int64_t n, const double *v, const double *weight, bool max_norm)
{
	return weighted_norm(n, v, weight, max_norm);
}

VECTORS static double norm_of_many(int64_t n, const double *v, const double *weight, bool max_norm)
{
	return weighted_norm(n, v, weight, max_norm);
}

double oj_weighted_norm(int64_t n, const double *v, const double *weight, bool max_norm)
{
	if (n < OJ_FEW)
		return oj_few_weighted_norm(n, v, weight, max_norm);
	return (n < VECTORS_MANY ? norm_of_some : norm_of_many)(n, v, weight, max_norm);
}

double oj_sum_in_parts(int64_t n, const double *v)
{
	double part[PARTS] = {0};
	if (n < OJ_FEW)
		return oj_few_in_parts(n, v);
	gather(n, v, false, part);
	return sum_parts(part);
}

static INLINE void sum_weighted(int64_t n, int count, const double *weights, const double *restrict v, int64_t stride,
                                double *restrict out)
{
	switch (count) {
#define CASE(m) \
	case m: \
		weighted_rows(n, m, weights, v, stride, out); \
		return;
	CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
#undef CASE
	}
	weighted_rows(n, 8, weights, v, stride, out);
	for (int k = 8; k < count; k++)
		for (int64_t i = 0; i < n; i++)
			out[i] += weights[k] * v[k * stride + i];
}

BY_LENGTH(static, weighted, sum_weighted,
          (int64_t n, int count, const double *weights, const double *v, int64_t stride, double *out),
          (n, count, weights, v, stride, out))

void oj_sum_weighted(int64_t n, int count, const double *weights, const double *v, int64_t stride, double *out)
{
	(n < OJ_FEW ? oj_few_weighted : weighted)(n, count, weights, v, stride, out);
}

SHORT_VECTORS bool oj_all_finite(int64_t n, const double *v)
{
	double zero[PARTS] = {0};
	int64_t i = 0;
	for (; i + PARTS <= n; i += PARTS)
		for (int p = 0; p < PARTS; p++)
			zero[p] += v[i + p] - v[i + p];
	for (; i < n; i++)
		zero[0] += v[i] - v[i];
	return norm_of(zero, 1, false) == 0;
}

int64_t oj_first_nonfinite(int64_t n, const double *v)
{
	for (int64_t i = 0; i < n; i++)
		if (!isfinite(v[i]))
			return i;
	return -1;
}

int64_t oj_largest_error(int64_t n, const double *k, const struct terms *terms, const double *w, const double *y0,
                         const double *y1, const struct tolerance *tolerance)
{
	int64_t worst = 0;
	double most = -1;
	for (int64_t i = 0; i < n; i++) {
		double sum = 0, scale = tolerance->atol[i] + tolerance->rtol * fmax(fabs(y0[i]), fabs(y1[i]));
		for (int j = 0; j < terms->count; j++)
			sum += w[j] * k[terms->offset[j] + i];
		double ratio = sum == 0 ? 0 : fabs(sum) / scale;
		if (ratio > most)
			most = ratio, worst = i;
	}
	return worst;
}
