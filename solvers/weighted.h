/* A sum that is compiled twice: in vectors (sums.c), and without for few states (few.c). */
#ifndef OJ_WEIGHTED_H
#define OJ_WEIGHTED_H

#include <stdint.h>

/* out[i] = sum of weights[k] v[k][i], k < count, which is known when compiling where that pays. */
static inline __attribute__((always_inline)) void
weighted_rows(int64_t n, const int count, const double *restrict weights, const double *restrict v, int64_t stride,
              double *restrict out)
{
	for (int64_t i = 0; i < n; i++) {
		double sum = weights[0] * v[i];
#pragma GCC unroll 8
		for (int k = 1; k < count; k++)
			sum += weights[k] * v[k * stride + i];
		out[i] = sum;
	}
}

#endif
