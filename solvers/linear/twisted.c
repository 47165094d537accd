/* See twisted.h.  The matrix is L D U in an order of rows that begins at both ends and ends in the
 * middle: from the first row down, and from the last row up, where below is above. */
#include "solvers/linear/twisted.h"

#include "solvers/linear/numbers.h"

/* Rows at either end that are eliminated side by side; those between are left to the first end. */
static INLINE int outer_rows(int n, const int width)
{
	return (n - 2 * width) / 2;
}

/* The column whose diagonal is at d.  Sign 1: from above, -1: from below; `reach` of the rows ahead
 * are still to be eliminated from this end. */
static INLINE bool eliminate(const bool real, const int width, const int sign, const int reach, double *d)
{
	const int next = 2 * width * sign; /* from an entry to its row's in the next column */
	struct number pivot = get(real, d, 0), inverted = inverse(real, pivot), factors[TWISTED_MOST];
	bool ok = size(real, pivot) > 0;
	for (int i = 1; i <= reach; i++) {
		struct number entry = get(real, d, i * sign);
		ok = ok && size(real, entry) <= size(real, pivot);
		factors[i - 1] = times(real, entry, inverted);
		put(real, d, i * sign, factors[i - 1]);
	}
	for (int c = 1; c <= reach; c++) {
		const ptrdiff_t at = c * next;
		struct number right = get(real, d, at);
		for (int i = 1; i <= reach; i++)
			put(real, d, at + i * sign, less(real, get(real, d, at + i * sign), factors[i - 1], right));
		put(real, d, at, times(real, right, inverted));
	}
	put(real, d, 0, inverted);
	return ok;
}

static INLINE bool factor(const bool real, int n, const int width, double *a)
{
	const int outer = outer_rows(n, width), column = (2 * width + 1) * (real ? 1 : 2);
	double *top = a + width * (real ? 1 : 2), *bottom = top + (n - 1) * (ptrdiff_t)column;
	for (int j = 0; j < outer; j++, top += column, bottom -= column) {
		bool ok = eliminate(real, width, 1, width, top);
		if (!eliminate(real, width, -1, width, bottom) || !ok)
			return false;
	}
	for (int left = n - 2 * outer; left > 0; left--, top += column)
		if (!eliminate(real, width, 1, left > width ? width : left - 1, top))
			return false;
	return true;
}

/* A walk over the rows, downwards with sign 1.  What is known of the next `width` entries of x waits in
 * `coming`, in registers. */
struct walk {
	const double *d;
	double *x;
	struct number coming[TWISTED_MOST];
};

static INLINE struct walk begin_walk(const bool real, const int width, const int sign, const double *d, double *x)
{
	struct walk walk = {d, x, {{0, 0}}};
	for (int i = 0; i < width; i++)
		walk.coming[i] = get(real, x, i * sign);
	return walk;
}

/* A row: x there is known, and taken out of the rows ahead.  `more`: is there a row beyond them? */
static INLINE void go_on(const bool real, const int width, const int sign, const bool divide, bool more, struct walk *w)
{
	const ptrdiff_t entry = real ? 1 : 2;
	struct number value = w->coming[0];
	put(real, w->x, 0, divide ? times(real, value, get(real, w->d, 0)) : value);
	for (int i = 1; i < width; i++)
		w->coming[i - 1] = less(real, w->coming[i], get(real, w->d, i * sign), value);
	struct number last = more ? get(real, w->x, width * sign) : (struct number){0, 0};
	w->coming[width - 1] = less(real, last, get(real, w->d, width * sign), value);
	w->d += sign * (2 * width + 1) * entry;
	w->x += sign * entry;
}

static INLINE void end_walk(const bool real, const int width, const int sign, struct walk *w)
{
	for (int i = 0; i < width; i++)
		put(real, w->x, i * sign, w->coming[i]);
}

/* The rows between, both ways, and what they are to the rows next to them; d and x are at the
 * first of them. */
static INLINE void solve_middle(const bool real, const int width, int rows, const double *d, double *x)
{
	const ptrdiff_t column = (2 * width + 1);
	for (int j = 0; j < rows; j++) {
		struct number value = get(real, x, j);
		for (int i = 1; i <= width && j + i < rows; i++)
			put(real, x, j + i, less(real, get(real, x, j + i), get(real, d, j * column + i), value));
		put(real, x, j, times(real, value, get(real, d, j * column)));
	}
	for (int j = rows - 1; j >= 0; j--) {
		struct number value = get(real, x, j);
		for (int i = 1; i <= width; i++)
			put(real, x, j - i, less(real, get(real, x, j - i), get(real, d, j * column - i), value));
		for (int i = width; j + i >= rows && i > 0; i--)
			put(real, x, j + i, less(real, get(real, x, j + i), get(real, d, j * column + i), value));
	}
}

static INLINE void solve(const bool real, int n, const int width, const double *a, double *x)
{
	const int outer = outer_rows(n, width);
	const ptrdiff_t entry = real ? 1 : 2, column = (2 * width + 1) * entry;
	const double *d = a + width * entry;
	struct walk top = begin_walk(real, width, 1, d, x);
	struct walk bottom = begin_walk(real, width, -1, d + (n - 1) * column, x + (n - 1) * entry);
	for (int j = 0; j < outer; j++) {
		go_on(real, width, 1, true, true, &top);
		go_on(real, width, -1, true, true, &bottom);
	}
	end_walk(real, width, 1, &top);
	end_walk(real, width, -1, &bottom);
	solve_middle(real, width, n - 2 * outer, d + outer * column, x + outer * entry);
	top = begin_walk(real, width, -1, d + (outer - 1) * column, x + (outer - 1) * entry);
	bottom = begin_walk(real, width, 1, d + (n - outer) * column, x + (n - outer) * entry);
	for (int left = outer; left > 0; left--) {
		go_on(real, width, -1, false, left > width, &top);
		go_on(real, width, 1, false, left > width, &bottom);
	}
}

#define BY_WIDTH(body, real, width, ...) \
	((width) == 1 ? body(real, n, 1, __VA_ARGS__) : (width) == 2 ? body(real, n, 2, __VA_ARGS__) \
	 : (width) == 3 ? body(real, n, 3, __VA_ARGS__) : body(real, n, 4, __VA_ARGS__))

CONTRACTED bool oj_twisted_factor(bool real, int n, int width, double *a)
{
	return real ? BY_WIDTH(factor, true, width, a) : BY_WIDTH(factor, false, width, a);
}

CONTRACTED void oj_twisted_solve(bool real, int n, int width, const double *a, double *x)
{
	if (real)
		BY_WIDTH(solve, true, width, a, x);
	else
		BY_WIDTH(solve, false, width, a, x);
}
