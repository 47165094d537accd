/* See square.h.
 *
 * A reference LAPACK, which is what many systems have, takes an operation a nanosecond and a half.
 * Most of a factorisation is products of blocks; here four columns times eight rows of a
 * product stay in registers while the block's depth is gone through (R. van de Geijn, K. Goto,
 * ACM TOMS 34 (2008) 12, the innermost of their loops; matrices are small enough for the cache
 * to make do with that).  Products and sums are contracted where the processor can. */
#include "solvers/linear/square.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "fp-contract=fast")
#endif
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_THREAD__)
#define CONTRACTED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CONTRACTED
#endif
#define INLINE inline __attribute__((always_inline))

enum { BLOCK = 32, ROWS = 8, COLUMNS = 4 };

typedef double vector __attribute__((vector_size(ROWS * sizeof(double)), aligned(8), may_alias));

/* c -= sign l u for `rows` rows, of which ROWS at a time, and some columns. */
static INLINE void take_columns(int rows, const int columns, int depth, int n, double sign, const double *l,
                                const double *u, double *c)
{
	int i = 0;
	for (; i + ROWS <= rows; i += ROWS) {
		vector sum[COLUMNS] = {{0}};
		for (int k = 0; k < depth; k++) {
			vector left = *(const vector *)(l + (long)k * n + i);
#pragma GCC unroll 4
			for (int j = 0; j < columns; j++)
				sum[j] += left * u[(long)j * n + k];
		}
#pragma GCC unroll 4
		for (int j = 0; j < columns; j++)
			*(vector *)(c + (long)j * n + i) -= sign * sum[j];
	}
	for (; i < rows; i++)
		for (int j = 0; j < columns; j++) {
			double sum = 0;
			for (int k = 0; k < depth; k++)
				sum += l[(long)k * n + i] * u[(long)j * n + k];
			c[(long)j * n + i] -= sign * sum;
		}
}

CONTRACTED static void take_product(int rows, int columns, int depth, int n, double sign, const double *l,
                                    const double *u, double *c)
{
	int j = 0;
	for (; j + COLUMNS <= columns; j += COLUMNS)
		take_columns(rows, COLUMNS, depth, n, sign, l, u + (long)j * n, c + (long)j * n);
	for (; j < columns; j++)
		take_columns(rows, 1, depth, n, sign, l, u + (long)j * n, c + (long)j * n);
}

/* Rows to the right of and below a block of columns, less the products of both. */
static void take_block(int n, int planes, int from, int to, double *a)
{
	int rest = n - to, depth = to - from;
	long plane = (long)n * n, left = (long)from * n + to, right = (long)to * n + from, here = (long)to * n + to;
	take_product(rest, rest, depth, n, 1, a + left, a + right, a + here);
	if (planes == 1)
		return;
	take_product(rest, rest, depth, n, -1, a + plane + left, a + plane + right, a + here);
	take_product(rest, rest, depth, n, 1, a + left, a + plane + right, a + plane + here);
	take_product(rest, rest, depth, n, 1, a + plane + left, a + right, a + plane + here);
}

/* x[0 .. count - 1] -= (re, im) y */
static INLINE void take_multiple(int count, const int planes, long plane, double re, double im, const double *y, double *x)
{
	for (int i = 0; i < count; i++) {
		x[i] -= re * y[i];
		if (planes == 2) {
			x[i] += im * y[plane + i];
			x[plane + i] -= re * y[plane + i] + im * y[i];
		}
	}
}

static INLINE double size_at(const int planes, long plane, const double *a)
{
	return fabs(a[0]) + (planes == 2 ? fabs(a[plane]) : 0);
}

static INLINE void invert(const int planes, long plane, const double *a, double *re, double *im)
{
	double size = size_at(planes, plane, a), r = a[0] / size, i = planes == 2 ? a[plane] / size : 0;
	double scale = 1 / ((r * r + i * i) * size);
	*re = r * scale;
	*im = -i * scale;
}

static void swap_rows(int planes, long plane, double *a, int i, int j)
{
	for (int p = 0; p < planes; p++) {
		double value = a[p * plane + i];
		a[p * plane + i] = a[p * plane + j];
		a[p * plane + j] = value;
	}
}

/* Column j of a block that ends before `to`: its pivot, its multipliers, what that takes from
 * the block's other columns. */
static INLINE bool eliminate_column(int n, const int planes, int from, int j, int to, double *a, int *pivots)
{
	long plane = (long)n * n;
	double *column = a + (long)j * n, re, im;
	int best = j;
	for (int i = j + 1; i < n; i++)
		best = size_at(planes, plane, column + i) > size_at(planes, plane, column + best) ? i : best;
	pivots[j] = best;
	for (int c = from; best != j && c < to; c++)
		swap_rows(planes, plane, a + (long)c * n, j, best);
	invert(planes, plane, column + j, &re, &im);
	if (!isfinite(re) || !isfinite(im))
		return false;
	for (int i = j + 1; i < n; i++) {
		double x = column[i], y = planes == 2 ? column[plane + i] : 0;
		column[i] = x * re - (planes == 2 ? y * im : 0);
		if (planes == 2)
			column[plane + i] = x * im + y * re;
	}
	for (int c = j + 1; c < to; c++) {
		double *other = a + (long)c * n;
		take_multiple(n - 1 - j, planes, plane, other[j], planes == 2 ? other[plane + j] : 0, column + j + 1, other + j + 1);
	}
	return true;
}

/* Column c outside of a block: the exchanges of its rows, and to its right the block's share of U. */
static INLINE void follow_block(int n, const int planes, int from, int to, int c, double *a, const int *pivots)
{
	long plane = (long)n * n;
	double *column = a + (long)c * n;
	for (int j = from; j < to; j++)
		if (pivots[j] != j)
			swap_rows(planes, plane, column, j, pivots[j]);
	for (int j = from; c >= to && j < to; j++)
		take_multiple(to - 1 - j, planes, plane, column[j], planes == 2 ? column[plane + j] : 0, a + (long)j * n + j + 1,
		              column + j + 1);
}

static INLINE bool factor(int n, const int planes, double *a, int *pivots)
{
	for (int from = 0; from < n; from += BLOCK) {
		int to = from + BLOCK < n ? from + BLOCK : n;
		for (int j = from; j < to; j++)
			if (!eliminate_column(n, planes, from, j, to, a, pivots))
				return false;
		for (int c = 0; c < n; c++)
			if (c < from || c >= to)
				follow_block(n, planes, from, to, c, a, pivots);
		take_block(n, planes, from, to, a);
	}
	return true;
}

static INLINE void solve(int n, const int planes, const double *a, const int *pivots, double *x)
{
	long plane = (long)n * n;
	for (int j = 0; j < n; j++)
		if (pivots[j] != j)
			swap_rows(planes, n, x, j, pivots[j]);
	for (int j = 0; j < n; j++) {
		const double *column = a + (long)j * n;
		double re = x[j], im = planes == 2 ? x[n + j] : 0;
		for (int i = j + 1; i < n; i++) {
			x[i] -= re * column[i];
			if (planes == 2) {
				x[i] += im * column[plane + i];
				x[n + i] -= re * column[plane + i] + im * column[i];
			}
		}
	}
	for (int j = n - 1; j >= 0; j--) {
		const double *column = a + (long)j * n;
		double re, im;
		invert(planes, plane, column + j, &re, &im);
		double value = x[j] * re - (planes == 2 ? x[n + j] * im : 0);
		double other = planes == 2 ? x[j] * im + x[n + j] * re : 0;
		x[j] = value;
		if (planes == 2)
			x[n + j] = other;
		for (int i = 0; i < j; i++) {
			x[i] -= value * column[i];
			if (planes == 2) {
				x[i] += other * column[plane + i];
				x[n + i] -= value * column[plane + i] + other * column[i];
			}
		}
	}
}

CONTRACTED static bool factor_real(int n, double *a, int *pivots)
{
	return factor(n, 1, a, pivots);
}

CONTRACTED static bool factor_complex(int n, double *a, int *pivots)
{
	return factor(n, 2, a, pivots);
}

CONTRACTED static void solve_real(int n, const double *a, const int *pivots, double *x)
{
	solve(n, 1, a, pivots, x);
}

CONTRACTED static void solve_complex(int n, const double *a, const int *pivots, double *x)
{
	solve(n, 2, a, pivots, x);
}

bool oj_square_factor(int n, int planes, double *a, int *pivots)
{
	return (planes == 1 ? factor_real : factor_complex)(n, a, pivots);
}

void oj_square_solve(int n, int planes, const double *a, const int *pivots, double *x)
{
	(planes == 1 ? solve_real : solve_complex)(n, a, pivots, x);
}
