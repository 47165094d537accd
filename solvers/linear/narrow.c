/* See narrow.h.  Everything is written once, for widths and kinds of numbers that are known when it
 * is compiled, and for other widths. */
#include "solvers/linear/narrow.h"

#include "solvers/linear/numbers.h"

static INLINE int least(int a, int b)
{
	return a < b ? a : b;
}

static INLINE void swap(const bool real, double *a, ptrdiff_t i, ptrdiff_t k)
{
	struct number c = get(real, a, i);
	put(real, a, i, get(real, a, k));
	put(real, a, k, c);
}

/* Column j, d its diagonal, has `below` entries below that; rows up to `reach` to the right. */
static INLINE bool eliminate(const bool real, int j, const int below, const int rows, double *d, int *pivot, int *reach,
                             int n, int upper)
{
	int p = 0;
	for (int i = 1; i <= below; i++)
		p = size(real, get(real, d, i)) > size(real, get(real, d, p)) ? i : p;
	if (!(size(real, get(real, d, p)) > 0))
		return false;
	*pivot = p;
	*reach = least(j + upper + p, n - 1) > *reach ? least(j + upper + p, n - 1) : *reach;
	for (int c = 0; p > 0 && c <= *reach - j; c++)
		swap(real, d, c * (rows - 1), c * (rows - 1) + p);
	struct number inverted = inverse(real, get(real, d, 0));
	put(real, d, 0, inverted);
	for (int i = 1; i <= below; i++)
		put(real, d, i, times(real, get(real, d, i), inverted));
	for (int c = 1; c <= *reach - j; c++) {
		const ptrdiff_t at = c * (rows - 1);
		struct number factor = get(real, d, at);
		for (int i = 1; i <= below; i++)
			put(real, d, at + i, less(real, get(real, d, at + i), get(real, d, i), factor));
	}
	return true;
}

static INLINE bool factor(const bool real, int n, const int lower, const int upper, double *a, int *pivots)
{
	const int rows = 2 * lower + upper + 1, entry = real ? 1 : 2;
	int reach = 0, most = 0, inner = n - lower;
	double *d = a + (lower + upper) * entry;
	for (int j = 0; j < n; j++, d += rows * entry) {
		bool ok = j < inner ? eliminate(real, j, lower, rows, d, pivots + j, &reach, n, upper)
		                    : eliminate(real, j, n - 1 - j, rows, d, pivots + j, &reach, n, upper);
		if (!ok)
			return false;
		most = pivots[j] > most ? pivots[j] : most;
	}
	pivots[n] = most;
	return true;
}

/* One walk over the rows, downwards with sign 1.  The next `width` + 1 entries of x, as far as they
 * are known, wait in `coming`, which a compiler that knows the width keeps in registers. */
static INLINE void substitute(const bool real, int n, const int width, const int sign, ptrdiff_t rows, const double *d,
                              const int *pivots, double *x)
{
	struct number coming[2 * NARROW_MOST + 1];
	ptrdiff_t at = sign > 0 ? 0 : n - 1;
	for (int i = 0; i <= width; i++)
		coming[i] = i < n ? get(real, x, at + i * sign) : (struct number){0, 0};
	for (int left = n - 1; left >= 0; left--, at += sign) {
		for (int i = 1; sign > 0 && i <= width; i++) {
			struct number first = coming[0];
			bool exchange = pivots[at] == i;
			coming[0] = exchange ? coming[i] : first;
			coming[i] = exchange ? first : coming[i];
		}
		struct number value = sign > 0 ? coming[0] : times(real, coming[0], get(real, d, at * rows));
		put(real, x, at, value);
		for (int i = 1; i <= width; i++)
			coming[i - 1] = less(real, coming[i], get(real, d, at * rows + i * sign), value);
		coming[width] = left > width ? get(real, x, at + (width + 1) * sign) : (struct number){0, 0};
	}
}

static INLINE void solve(const bool real, int n, const int lower, const int upper, const double *a, const int *pivots,
                         double *x)
{
	const ptrdiff_t rows = 2 * lower + upper + 1;
	const double *d = a + (lower + upper) * (real ? 1 : 2);
	substitute(real, n, lower, 1, rows, d, pivots, x);
	if (pivots[n] > 0)
		substitute(real, n, lower + upper, -1, rows, d, pivots, x);
	else
		substitute(real, n, upper, -1, rows, d, pivots, x);
}

#define BY_WIDTHS(body, real, ...) \
	(lower == 1 && upper == 1 ? body(real, n, 1, 1, __VA_ARGS__) \
	 : lower == 2 && upper == 2 ? body(real, n, 2, 2, __VA_ARGS__) \
	 : lower == 3 && upper == 3 ? body(real, n, 3, 3, __VA_ARGS__) \
	 : lower == 4 && upper == 4 ? body(real, n, 4, 4, __VA_ARGS__) : body(real, n, lower, upper, __VA_ARGS__))

CONTRACTED bool oj_narrow_factor(bool real, int n, int lower, int upper, double *a, int *pivots)
{
	return real ? BY_WIDTHS(factor, true, a, pivots) : BY_WIDTHS(factor, false, a, pivots);
}

CONTRACTED void oj_narrow_solve(bool real, int n, int lower, int upper, const double *a, const int *pivots, double *x)
{
	if (real)
		BY_WIDTHS(solve, true, a, pivots, x);
	else
		BY_WIDTHS(solve, false, a, pivots, x);
}
