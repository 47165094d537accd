/* Real and complex numbers in one text: functions that are given `real` when they are compiled
 * take one double or two, so that an elimination is written once.
 *
 * Products and sums are contracted where the processor can (bits differ between machines then, as
 * LAPACK's do). */
#ifndef OJ_NUMBERS_H
#define OJ_NUMBERS_H

#include "solvers/complexes.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "fp-contract=fast")
#endif
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_THREAD__)
#define CONTRACTED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define CONTRACTED
#endif
#define INLINE inline __attribute__((always_inline))

struct number {
	double re, im; /* im is 0 of real ones */
};

static INLINE struct number get(const bool real, const double *a, ptrdiff_t i)
{
	return real ? (struct number){a[i], 0} : (struct number){a[2 * i], a[2 * i + 1]};
}

static INLINE void put(const bool real, double *a, ptrdiff_t i, struct number x)
{
	a[real ? i : 2 * i] = x.re;
	if (!real)
		a[2 * i + 1] = x.im;
}

static INLINE struct number times(const bool real, struct number a, struct number b)
{
	if (real)
		return (struct number){a.re * b.re, 0};
	return (struct number){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* c - a b */
static INLINE struct number less(const bool real, struct number c, struct number a, struct number b)
{
	if (real)
		return (struct number){c.re - a.re * b.re, 0};
	return (struct number){c.re - a.re * b.re + a.im * b.im, c.im - a.re * b.im - a.im * b.re};
}

static INLINE struct number inverse(const bool real, struct number a)
{
	double z[2] = {a.re, a.im};
	if (real)
		return (struct number){1 / a.re, 0};
	complex_invert(z, z);
	return (struct number){z[0], z[1]};
}

/* A size to choose pivots by, as LAPACK does. */
static INLINE double size(const bool real, struct number a)
{
	return real ? fabs(a.re) : fabs(a.re) + fabs(a.im);
}

#endif
