/* See bdf_array.h.  Each loop is written once, for an order that is known when it is compiled,
 * and picked by a switch. */
#include "solvers/bdf_array.h"

#include "solvers/bdf_formula.h"
#include "solvers/sums.h"
#include "solvers/vectors.h"

#define UNROLLED _Pragma("GCC unroll 8")

static INLINE void predict(int64_t n, const int order, const double *restrict z, int64_t stride, double ratio, double shift,
                           const struct bdf_prediction *out)
{
	double *restrict next = out->next, *restrict change = out->change, *restrict predicted = out->predicted;
	double *restrict psi = out->psi, power[BDF_MOST + 1] = {1};
	for (int j = 1; j <= order; j++)
		power[j] = power[j - 1] * ratio;
	SEPARATE_ROWS
	for (int64_t i = 0; i < n; i++) {
		double row[BDF_MOST + 1], sum = 0;
		UNROLLED
		for (int j = order; j > 0; j--) {
			row[j] = power[j] * z[j * stride + i];
			sum += row[j];
		}
		UNROLLED
		for (int k = 1; k <= order; k++) {
			UNROLLED
			for (int j = order; j >= (k > 2 ? k : 2); j--)
				row[j - 1] += row[j];
		}
		UNROLLED
		for (int j = 1; j <= order; j++)
			next[j * stride + i] = row[j];
		change[i] = sum;
		predicted[i] = z[i] + sum;
		psi[i] = shift * row[1];
	}
}

static INLINE void predict_any(int64_t n, int order, const double *z, int64_t stride, double ratio, double shift,
                               const struct bdf_prediction *out)
{
	switch (order) {
#define CASE(q) \
	case q: \
		predict(n, q, z, stride, ratio, shift, out); \
		break;
	CASE(1) CASE(2) CASE(3) CASE(4) CASE(5)
#undef CASE
	}
}

BY_LENGTH(, oj_bdf_predict, predict_any,
          (int64_t n, int order, const double *z, int64_t stride, double ratio, double shift,
           const struct bdf_prediction *out), (n, order, z, stride, ratio, shift, out))

static INLINE void add(int64_t n, const double *restrict y, const double *restrict low, const double *restrict change,
                       const double *restrict d, double *restrict y1, double *restrict left)
{
	for (int64_t i = 0; i < n; i++)
		y1[i] = oj_add_change(y[i], low[i], change[i] + d[i], &left[i]);
}

BY_LENGTH(, oj_bdf_add, add,
          (int64_t n, const double *y, const double *low, const double *change, const double *d, double *y1, double *left),
          (n, y, low, change, d, y1, left))

static INLINE void correct(int64_t n, int order, const double *l, const double *restrict d, double *restrict next,
                           int64_t stride)
{
	for (int j = 1; j <= order; j++)
		for (int64_t i = 0; i < n; i++)
			next[j * stride + i] += l[j] * d[i];
}

BY_LENGTH(, oj_bdf_correct, correct,
          (int64_t n, int order, const double *l, const double *d, double *next, int64_t stride), (n, order, l, d, next, stride))
