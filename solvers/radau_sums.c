/* See radau_sums.h. */
#include "solvers/radau_sums.h"

#include "solvers/radau_state.h"
#include "solvers/sums.h"
#include "solvers/vectors.h"

#define UNROLLED _Pragma("GCC unroll 8")

/* The sum of t[k] x[k stride]. */
static INLINE double sum_of(const int stages, const double *t, const double *x, int64_t stride)
{
	double sum = t[0] * x[0];
	UNROLLED
	for (int k = 1; k < stages; k++)
		sum += t[k] * x[k * stride];
	return sum;
}

static INLINE void transform_of(const int stages, const struct radau_row *row, int64_t n, int64_t stride,
                                const double *restrict z, double *restrict w)
{
	const double *t = row->t_inverse.at;
	SEPARATE_ROWS
	for (int64_t c = 0; c < n; c++) {
		w[c] = sum_of(stages, t, z + c, stride);
		UNROLLED
		for (int k = 1; k < stages; k += 2) {
			w[k * stride + 2 * c] = sum_of(stages, t + k * stages, z + c, stride);
			w[k * stride + 2 * c + 1] = sum_of(stages, t + (k + 1) * stages, z + c, stride);
		}
	}
}

static INLINE void residuals_of(const int stages, const struct radau_row *row, int64_t n, int64_t stride,
                                const double *restrict lambda, const double *restrict slopes,
                                const double *restrict w, double *restrict g)
{
	const double *t = row->t_inverse.at;
	SEPARATE_ROWS
	for (int64_t c = 0; c < n; c++) {
		g[c] = sum_of(stages, t, slopes + c, stride) - lambda[0] * w[c];
		UNROLLED
		for (int k = 1; k < stages; k += 2) {
			double re = w[k * stride + 2 * c], im = w[k * stride + 2 * c + 1];
			g[k * stride + 2 * c] = sum_of(stages, t + k * stages, slopes + c, stride)
				- (lambda[k] * re - lambda[k + 1] * im);
			g[k * stride + 2 * c + 1] = sum_of(stages, t + (k + 1) * stages, slopes + c, stride)
				- (lambda[k + 1] * re + lambda[k] * im);
		}
	}
}

static INLINE void advance_of(const int stages, const struct radau_row *row, int64_t n, int64_t stride,
                              const double *restrict g, double *restrict w, double *restrict z)
{
	const double *t = row->t.at;
	SEPARATE_ROWS
	for (int64_t c = 0; c < n; c++) {
		double v[RADAU_STAGES];
		v[0] = w[c] += g[c];
		UNROLLED
		for (int k = 1; k < stages; k += 2) {
			v[k] = w[k * stride + 2 * c] += g[k * stride + 2 * c];
			v[k + 1] = w[k * stride + 2 * c + 1] += g[k * stride + 2 * c + 1];
		}
		UNROLLED
		for (int i = 0; i < stages; i++)
			z[i * stride + c] = sum_of(stages, t + i * stages, v, 1);
	}
}

static INLINE double square_of(double x, double weight)
{
	double ratio = x == 0 ? 0 : x * weight;
	return ratio * ratio;
}

static INLINE void squares_of(const int stages, int64_t n, int64_t stride, const double *restrict g,
                              const double *restrict weight, double *restrict out)
{
	SEPARATE_ROWS
	for (int64_t c = 0; c < n; c++) {
		double sum = square_of(g[c], weight[c]);
		UNROLLED
		for (int k = 1; k < stages; k += 2)
			sum += square_of(g[k * stride + 2 * c], weight[c]) + square_of(g[k * stride + 2 * c + 1], weight[c]);
		out[c] = sum;
	}
}

#define SUMS(set, attribute, stages) \
	attribute static void set##_transform_##stages(const struct radau_row *row, int64_t n, int64_t stride, \
	                                               const double *z, double *w) \
	{ \
		transform_of(stages, row, n, stride, z, w); \
	} \
	attribute static void set##_residuals_##stages(const struct radau_row *row, int64_t n, int64_t stride, \
	                                               const double *lambda, const double *slopes, const double *w, \
	                                               double *g) \
	{ \
		residuals_of(stages, row, n, stride, lambda, slopes, w, g); \
	} \
	attribute static void set##_advance_##stages(const struct radau_row *row, int64_t n, int64_t stride, \
	                                             const double *g, double *w, double *z) \
	{ \
		advance_of(stages, row, n, stride, g, w, z); \
	} \
	attribute static void set##_squares_##stages(int64_t n, int64_t stride, const double *g, const double *weight, \
	                                             double *out) \
	{ \
		squares_of(stages, n, stride, g, weight, out); \
	}
#define ROW(set, stages) \
	{set##_transform_##stages, set##_residuals_##stages, set##_advance_##stages, set##_squares_##stages}
#define SET(set, attribute) \
	SUMS(set, attribute, 1) \
	SUMS(set, attribute, 3) \
	SUMS(set, attribute, 5) \
	SUMS(set, attribute, 7) \
	static const struct radau_sums set[RADAU_ROWS] = {ROW(set, 1), ROW(set, 3), ROW(set, 5), ROW(set, 7)};

/* As in few.c: what a right-hand side has just stored state by state is read state by state. */
#if defined(__GNUC__) && !defined(__clang__)
#define SCALAR __attribute__((optimize("no-tree-vectorize", "no-tree-slp-vectorize")))
#else
#define SCALAR
#endif

SET(few, SCALAR)
SET(some, SHORT_VECTORS)
SET(many, VECTORS)

const struct radau_sums *oj_radau_sums(int stages, int64_t n)
{
	return (n < OJ_FEW ? few : n < VECTORS_MANY ? some : many) + stages / 2;
}
