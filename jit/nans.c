/* See nans.h.  A sum is nan where one of its terms is: that is a load and an addition for as
 * many numbers as a register holds, and no branch. */
#include "jit/nans.h"

#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDE
#endif

enum { MANY = 32 }; /* sums side by side */

/* The sum of the first numbers, as many as fill up `MANY` sums. */
WIDE static double sum_of_many(const double *x, size_t count)
{
	double sums[MANY] = {0}, sum = 0;
	for (size_t k = 0; k + MANY <= count; k += MANY)
		for (size_t j = 0; j < MANY; j++)
			sums[j] += x[k + j];
	for (size_t j = 0; j < MANY; j++)
		sum += sums[j];
	return sum;
}

bool oj_has_nan(const double *x, size_t count)
{
	double sum = count < MANY ? 0 : sum_of_many(x, count);
	for (size_t k = count - count % MANY; k < count; k++)
		sum += x[k];
	bool found = false;
	for (size_t k = 0; isnan(sum) && k < count; k++) /* else infinities of both signs */
		found |= isnan(x[k]);
	return found;
}

bool oj_only_finite(const double *x, size_t count)
{
	bool finite = true;
	for (size_t k = 0; k < count; k++)
		finite &= isfinite(x[k]);
	return finite;
}

bool oj_has_zero(const double *x, size_t count)
{
	bool found = false;
	for (size_t k = 0; k < count; k++)
		found |= x[k] == 0;
	return found;
}
