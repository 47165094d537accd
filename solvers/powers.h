/* Sums of powers for a number of states that is known when it is compiled: the part that
 * sums.c, with vectors, and few.c, without, have in common. */
#ifndef OJ_POWERS_H
#define OJ_POWERS_H

#include <stdbool.h>
#include <stdint.h>

enum { OJ_POWERS = 8 }; /* states at once, at most */

static inline __attribute__((always_inline)) double oj_power_plus(const bool fused, double sum, double a, double b)
{
	return fused ? __builtin_fma(a, b, sum) : sum + a * b;
}

/* What struct sums says of powers, for `width` of n states; the slopes too, or the changes
 * alone. */
static inline __attribute__((always_inline)) void
oj_powers_of(const bool fused, const int width, const bool slopes, int64_t n, int order, const double *restrict c,
             double h, double *restrict change, double *restrict slope)
{
	double odd[OJ_POWERS] = {0}, even[OJ_POWERS] = {0}, odd_slope[OJ_POWERS] = {0}, even_slope[OJ_POWERS] = {0};
	double q = h * h;
	int k = order;
	if (k % 2) {
#pragma GCC unroll 8
		for (int i = 0; i < width; i++) {
			odd[i] = c[k * n + i];
			odd_slope[i] = k * odd[i];
		}
		k--;
	}
	for (; k >= 2; k -= 2) { /* c_k h^(k-1) is an odd power: h divides out */
		const double *above = c + k * n, *below = above - n;
#pragma GCC unroll 8
		for (int i = 0; i < width; i++) {
			even[i] = oj_power_plus(fused, above[i], even[i], q);
			odd[i] = oj_power_plus(fused, below[i], odd[i], q);
			if (!slopes)
				continue;
			even_slope[i] = oj_power_plus(fused, k * above[i], even_slope[i], q);
			odd_slope[i] = oj_power_plus(fused, (k - 1) * below[i], odd_slope[i], q);
		}
	}
#pragma GCC unroll 8
	for (int i = 0; i < width; i++) {
		change[i] = h * oj_power_plus(fused, odd[i], even[i], h);
		if (slopes)
			slope[i] = oj_power_plus(fused, odd_slope[i], even_slope[i], h);
	}
}

#endif
