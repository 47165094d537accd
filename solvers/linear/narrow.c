/* See narrow.h.  Everything is written once, for widths that are known when it is compiled
 * and for others.
 *
 * A solve is one chain of operations, each of which waits for the one before.  So what comes
 * next stays in registers, and products and sums are contracted where the processor can (bits
 * differ between machines then, as LAPACK's do). */
#include "solvers/linear/narrow.h"

#include <math.h>

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

static INLINE int least(int a, int b)
{
	return a < b ? a : b;
}

/* ---- real ---- */

static INLINE void swap(double *a, double *b)
{
	double c = *a;
	*a = *b;
	*b = c;
}

/* Column j, d its diagonal, has `below` entries below that; rows up to `reach` to the right. */
static INLINE bool eliminate(int j, const int below, const int rows, double *d, int *pivot, int *reach, int n, int upper)
{
	int p = 0;
	for (int i = 1; i <= below; i++)
		p = fabs(d[i]) > fabs(d[p]) ? i : p;
	if (!(fabs(d[p]) > 0))
		return false;
	*pivot = p;
	*reach = least(j + upper + p, n - 1) > *reach ? least(j + upper + p, n - 1) : *reach;
	for (int c = 0; p > 0 && c <= *reach - j; c++)
		swap(d + c * (rows - 1), d + c * (rows - 1) + p);
	d[0] = 1 / d[0];
	for (int i = 1; i <= below; i++)
		d[i] *= d[0];
	for (int c = 1; c <= *reach - j; c++) {
		double *e = d + c * (rows - 1), factor = e[0];
		for (int i = 1; i <= below; i++)
			e[i] -= d[i] * factor;
	}
	return true;
}

static INLINE bool factor(int n, const int lower, const int upper, double *a, int *pivots)
{
	const int rows = 2 * lower + upper + 1;
	int reach = 0, most = 0, inner = n - lower;
	double *d = a + lower + upper;
	for (int j = 0; j < n; j++, d += rows) {
		bool ok = j < inner ? eliminate(j, lower, rows, d, pivots + j, &reach, n, upper)
		                    : eliminate(j, n - 1 - j, rows, d, pivots + j, &reach, n, upper);
		if (!ok)
			return false;
		most = pivots[j] > most ? pivots[j] : most;
	}
	pivots[n] = most;
	return true;
}

/* Without exchanges of rows: x[j + 1 .. j + width] as far as they are known wait in `coming`,
 * which a compiler that knows the width keeps in registers.  d steps from diagonal to
 * diagonal by `step`, x from entry to entry by `sign`. */
static INLINE void substitute(int n, const int width, const int step, const int sign, const bool divide, const double *d,
                              double *x)
{
	double coming[NARROW_MOST + 1];
	for (int i = 0; i < width; i++)
		coming[i] = i < n ? x[i * sign] : 0;
	for (int j = 0; j < n; j++, d += step) {
		double value = divide ? coming[0] * d[0] : coming[0];
		x[j * sign] = value;
		for (int i = 1; i < width; i++)
			coming[i - 1] = coming[i] - d[i * sign] * value;
		double last = j + width < n ? x[(j + width) * sign] : 0;
		coming[width - 1] = last - d[width * sign] * value;
	}
}

static INLINE void solve_lower(int n, const int lower, const int rows, const double *d, const int *pivots, double *x)
{
	for (int j = 0; j < n; j++, d += rows) {
		if (pivots[j] > 0)
			swap(x + j, x + j + pivots[j]);
		for (int i = 1; i <= least(lower, n - 1 - j); i++)
			x[j + i] -= d[i] * x[j];
	}
}

static INLINE void solve_upper(int n, const int width, const int rows, const double *d, double *x)
{
	d += (n - 1) * rows;
	for (int j = n - 1; j >= 0; j--, d -= rows) {
		x[j] *= d[0];
		for (int i = 1; i <= least(width, j); i++)
			x[j - i] -= d[-i] * x[j];
	}
}

static INLINE void solve(int n, const int lower, const int upper, const double *a, const int *pivots, double *x)
{
	const int rows = 2 * lower + upper + 1;
	const double *d = a + lower + upper;
	if (pivots[n] > 0 || lower == 0 || upper == 0) {
		solve_lower(n, lower, rows, d, pivots, x);
		solve_upper(n, upper + (pivots[n] > 0 ? lower : 0), rows, d, x);
		return;
	}
	substitute(n, lower, rows, 1, false, d, x);
	substitute(n, upper, -rows, -1, true, d + (n - 1) * rows, x + n - 1);
}

CONTRACTED bool oj_narrow_factor(int n, int lower, int upper, double *a, int *pivots)
{
	if (lower == 1 && upper == 1)
		return factor(n, 1, 1, a, pivots);
	if (lower == 2 && upper == 2)
		return factor(n, 2, 2, a, pivots);
	if (lower == 3 && upper == 3)
		return factor(n, 3, 3, a, pivots);
	if (lower == 4 && upper == 4)
		return factor(n, 4, 4, a, pivots);
	return factor(n, lower, upper, a, pivots);
}

CONTRACTED void oj_narrow_solve(int n, int lower, int upper, const double *a, const int *pivots, double *x)
{
	if (lower == 1 && upper == 1)
		solve(n, 1, 1, a, pivots, x);
	else if (lower == 2 && upper == 2)
		solve(n, 2, 2, a, pivots, x);
	else if (lower == 3 && upper == 3)
		solve(n, 3, 3, a, pivots, x);
	else if (lower == 4 && upper == 4)
		solve(n, 4, 4, a, pivots, x);
	else
		solve(n, lower, upper, a, pivots, x);
}

/* ---- complex ---- */

struct pair {
	double re, im;
};

static INLINE struct pair times(struct pair a, struct pair b)
{
	return (struct pair){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

static INLINE void subtract(struct pair *a, struct pair b)
{
	a->re -= b.re;
	a->im -= b.im;
}

/* Smith's, so that nothing overflows. */
static INLINE struct pair inverse(struct pair a)
{
	if (fabs(a.re) >= fabs(a.im)) {
		double ratio = a.im / a.re, scale = 1 / (a.re + a.im * ratio);
		return (struct pair){scale, -ratio * scale};
	}
	double ratio = a.re / a.im, scale = 1 / (a.re * ratio + a.im);
	return (struct pair){ratio * scale, -scale};
}

/* A size to choose pivots by, as LAPACK does. */
static INLINE double size(struct pair a)
{
	return fabs(a.re) + fabs(a.im);
}

static INLINE void swap_pairs(struct pair *a, struct pair *b)
{
	struct pair c = *a;
	*a = *b;
	*b = c;
}

static INLINE bool eliminate_pairs(int j, const int below, const int rows, struct pair *d, int *pivot, int *reach, int n,
                                   int upper)
{
	int p = 0;
	for (int i = 1; i <= below; i++)
		p = size(d[i]) > size(d[p]) ? i : p;
	if (!(size(d[p]) > 0))
		return false;
	*pivot = p;
	*reach = least(j + upper + p, n - 1) > *reach ? least(j + upper + p, n - 1) : *reach;
	for (int c = 0; p > 0 && c <= *reach - j; c++)
		swap_pairs(d + c * (rows - 1), d + c * (rows - 1) + p);
	d[0] = inverse(d[0]);
	for (int i = 1; i <= below; i++)
		d[i] = times(d[i], d[0]);
	for (int c = 1; c <= *reach - j; c++) {
		struct pair *e = d + c * (rows - 1), factor = e[0];
		for (int i = 1; i <= below; i++)
			subtract(e + i, times(d[i], factor));
	}
	return true;
}

static INLINE bool factor_pairs(int n, const int lower, const int upper, struct pair *a, int *pivots)
{
	const int rows = 2 * lower + upper + 1;
	int reach = 0, most = 0, inner = n - lower;
	struct pair *d = a + lower + upper;
	for (int j = 0; j < n; j++, d += rows) {
		bool ok = j < inner ? eliminate_pairs(j, lower, rows, d, pivots + j, &reach, n, upper)
		                    : eliminate_pairs(j, n - 1 - j, rows, d, pivots + j, &reach, n, upper);
		if (!ok)
			return false;
		most = pivots[j] > most ? pivots[j] : most;
	}
	pivots[n] = most;
	return true;
}

static INLINE void substitute_pairs(int n, const int width, const int step, const int sign, const bool divide,
                                    const struct pair *d, struct pair *x)
{
	struct pair coming[NARROW_MOST + 1];
	for (int i = 0; i < width; i++)
		coming[i] = i < n ? x[i * sign] : (struct pair){0, 0};
	for (int j = 0; j < n; j++, d += step) {
		struct pair value = divide ? times(coming[0], d[0]) : coming[0];
		x[j * sign] = value;
		for (int i = 1; i < width; i++) {
			coming[i - 1] = coming[i];
			subtract(&coming[i - 1], times(d[i * sign], value));
		}
		coming[width - 1] = j + width < n ? x[(j + width) * sign] : (struct pair){0, 0};
		subtract(&coming[width - 1], times(d[width * sign], value));
	}
}

static INLINE void solve_pairs(int n, const int lower, const int upper, const struct pair *a, const int *pivots,
                               struct pair *x)
{
	const int rows = 2 * lower + upper + 1;
	const struct pair *d = a + lower + upper;
	bool few = lower > 0 && upper > 0 && lower <= 2 && upper <= 2; /* for the registers there are */
	if (pivots[n] == 0 && few) {
		substitute_pairs(n, lower, rows, 1, false, d, x);
		substitute_pairs(n, upper, -rows, -1, true, d + (n - 1) * rows, x + n - 1);
		return;
	}
	for (int j = 0; j < n; j++, d += rows) {
		if (pivots[j] > 0)
			swap_pairs(x + j, x + j + pivots[j]);
		for (int i = 1; i <= least(lower, n - 1 - j); i++)
			subtract(x + j + i, times(d[i], x[j]));
	}
	for (int j = n - 1; j >= 0; j--) {
		d -= rows;
		x[j] = times(x[j], d[0]);
		for (int i = 1; i <= least(pivots[n] == 0 ? upper : upper + lower, j); i++)
			subtract(x + j - i, times(d[-i], x[j]));
	}
}

CONTRACTED bool oj_narrow_factor_complex(int n, int lower, int upper, double *a, int *pivots)
{
	struct pair *at = (struct pair *)a;
	if (lower == 1 && upper == 1)
		return factor_pairs(n, 1, 1, at, pivots);
	if (lower == 2 && upper == 2)
		return factor_pairs(n, 2, 2, at, pivots);
	return factor_pairs(n, lower, upper, at, pivots);
}

CONTRACTED void oj_narrow_solve_complex(int n, int lower, int upper, const double *a, const int *pivots, double *x)
{
	const struct pair *at = (const struct pair *)a;
	if (lower == 1 && upper == 1)
		solve_pairs(n, 1, 1, at, pivots, (struct pair *)x);
	else if (lower == 2 && upper == 2)
		solve_pairs(n, 2, 2, at, pivots, (struct pair *)x);
	else
		solve_pairs(n, lower, upper, at, pivots, (struct pair *)x);
}
