/* The sums of sums.h for states so few that vectors do not pay.
 *
 * What the right-hand side has just stored state by state cannot be loaded as a vector
 * until all of it has reached the cache, which takes longer than to compute it; and loops
 * that choose between vectors first ask how many there are.  So here all is scalar, and
 * the bits are those of vectors. */
#include "solvers/powers.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-vectorize", "no-tree-slp-vectorize", "no-tree-loop-distribute-patterns", "fp-contract=off")
#endif
#define INLINE inline __attribute__((always_inline))

#include "solvers/weighted.h"

enum { MOST = OJ_FEW - 1 };

static INLINE double plus(const bool fused, double sum, double w, double k)
{
	return fused ? __builtin_fma(w, k, sum) : sum + w * k;
}

/* The sum of the first `count` terms for state i. */
static INLINE double sum_at(const bool fused, int64_t i, const double *k, const struct terms *terms, const int count,
                            const double *w)
{
	double sum = count > 0 ? w[0] * k[terms->offset[0] + i] : 0;
#pragma GCC unroll 16
	for (int j = 1; j < count; j++)
		sum = plus(fused, sum, w[j], k[terms->offset[j] + i]);
	return sum;
}

static INLINE void stage_of(const bool fused, const int count, int64_t n, const double *y, const double *k,
                            const struct terms *terms, const double *w, double *out)
{
	const int last = count - 1;
	for (int64_t i = 0; i < n; i++) {
		double whole = last > 0 ? y[i] + sum_at(fused, i, k, terms, last, w) : y[i];
		out[i] = last >= 0 ? plus(fused, whole, w[last], k[terms->offset[last] + i]) : whole;
	}
}

static INLINE void step_of(const bool fused, const int count, int64_t n, const double *y, const double *k,
                           const struct terms *terms, const double *w, double *out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = count > 0 ? y[i] + sum_at(fused, i, k, terms, count, w) : y[i];
}

/* As in sums.c, a loop for each number of terms: the ends of loops are hard to foresee. */
#define FOR_EACH_COUNT(sum, is_fused) \
	switch (terms->count) { \
		CASE(sum, is_fused, 1) CASE(sum, is_fused, 2) CASE(sum, is_fused, 3) CASE(sum, is_fused, 4) \
		CASE(sum, is_fused, 5) CASE(sum, is_fused, 6) CASE(sum, is_fused, 7) CASE(sum, is_fused, 8) \
		CASE(sum, is_fused, 9) CASE(sum, is_fused, 10) CASE(sum, is_fused, 11) CASE(sum, is_fused, 12) \
		CASE(sum, is_fused, 13) CASE(sum, is_fused, 14) CASE(sum, is_fused, 15) CASE(sum, is_fused, 16) \
	default: \
		sum(is_fused, terms->count, n, y, k, terms, w, out); \
	}
#define CASE(sum, is_fused, m) \
	case m: \
		sum(is_fused, m, n, y, k, terms, w, out); \
		break;

static INLINE double larger(double a, double b)
{
	return a > b ? a : b;
}

/* The square of the largest; a NaN survives. */
static INLINE double largest_of(int64_t n, const double *square)
{
	double most = 0;
	for (int64_t i = 0; i < n; i++)
		most = square[i] > most || square[i] != square[i] ? square[i] : most;
	return most;
}

/* Every state is a part of its own: their sum, in the order of eight parts. */
static INLINE double sum_parts(const double part[MOST + 1])
{
	double low = (part[0] + part[1]) + (part[2] + part[3]);
	double high = (part[4] + part[5]) + (part[6] + part[7]);
	return low + high;
}

static INLINE double norm_of(const bool fused, int64_t n, const double *k, const struct terms *terms, const double *w,
                             const double *y0, const double *y1, const struct tolerance *tolerance)
{
	double square[MOST + 1] = {0};
	for (int64_t i = 0; i < n; i++) {
		double scale = plus(fused, tolerance->atol[i], tolerance->rtol, larger(fabs(y0[i]), fabs(y1[i])));
		double inverse = 1 / larger(scale, DBL_MIN);
		double r = sum_at(fused, i, k, terms, terms->count, w) * inverse;
		square[i] = plus(fused, y1[i] - y1[i], r, r);
	}
	if (tolerance->max_norm)
		return largest_of(n, square);
	return n > 0 ? sum_parts(square) * (1 / (double)n) : 0;
}

/* All states at once, so that their sums do not wait for each other. */
static INLINE void powers_of(const bool fused, const bool slopes, int64_t n, int order, const double *c, double h,
                             double *change, double *slope)
{
	switch (n) {
#define STATES(m) \
	case m: \
		oj_powers_of(fused, m, slopes, m, order, c, h, change, slope); \
		break;
	STATES(1) STATES(2) STATES(3) STATES(4) STATES(5) STATES(6) STATES(7)
#undef STATES
	}
}

static void copy(int64_t n, const double *from, double *to)
{
	for (int64_t i = 0; i < n; i++)
		to[i] = from[i];
}

#define SUMS(name, attribute, is_fused) \
	attribute static void name##_stage(int64_t n, const double *y, const double *k, const struct terms *terms, \
	                                   const double *w, double *out) \
	{ \
		FOR_EACH_COUNT(stage_of, is_fused) \
	} \
	attribute static void name##_step(int64_t n, const double *y, const double *k, const struct terms *terms, \
	                                  const double *w, double *out) \
	{ \
		FOR_EACH_COUNT(step_of, is_fused) \
	} \
	attribute static double name##_norm(int64_t n, int64_t padded, const double *k, const struct terms *terms, \
	                                    const double *w, const double *y0, const double *y1, \
	                                    const struct tolerance *tolerance) \
	{ \
		(void)padded; \
		return norm_of(is_fused, n, k, terms, w, y0, y1, tolerance); \
	} \
	attribute static void name##_powers(int64_t n, int order, const double *c, double h, double *change, double *slope) \
	{ \
		if (slope) \
			powers_of(is_fused, true, n, order, c, h, change, slope); \
		else \
			powers_of(is_fused, false, n, order, c, h, change, NULL); \
	} \
	const struct sums name = {is_fused, copy, name##_stage, name##_step, name##_norm, name##_powers};

SUMS(oj_few_apart, , false)
SUMS(oj_few_fused, __attribute__((target("avx2,fma"))), true)

void oj_few_weighted(int64_t n, int count, const double *weights, const double *v, int64_t stride, double *out)
{
	switch (count) {
#define COUNT(m) \
	case m: \
		weighted_rows(n, m, weights, v, stride, out); \
		break;
	COUNT(3) COUNT(5) COUNT(7) COUNT(8)
#undef COUNT
	default:
		weighted_rows(n, count, weights, v, stride, out);
	}
}

double oj_few_in_parts(int64_t n, const double *v)
{
	double part[MOST + 1] = {0};
	for (int64_t i = 0; i < n; i++)
		part[i] += v[i];
	return sum_parts(part);
}

double oj_few_weighted_norm(int64_t n, const double *v, const double *weight, bool max_norm)
{
	double square[MOST + 1] = {0};
	for (int64_t i = 0; i < n; i++) {
		double ratio = v[i] == 0 ? 0 : v[i] * weight[i];
		square[i] += ratio * ratio;
	}
	return sqrt(max_norm ? largest_of(n, square) : n > 0 ? sum_parts(square) * (1 / (double)n) : 0);
}
