/* See blocked.h. */
#include "solvers/linear/blocked.h"

#include "solvers/linear/lapack.h"

enum { PANEL = 128 };
#define BETWEEN 4e9 /* operations from one question to the next, at most */

struct elimination {
	bool real;
	int n;
	double *a;
	int *pivots;
};

static double *entry(const struct elimination *e, int64_t i, int64_t j)
{
	return e->a + (i + j * e->n) * (e->real ? 1 : 2);
}

static bool is_to_go_on(const struct linear *linear)
{
	return !linear->go_on || linear->go_on(linear->asked);
}

/* Factors of columns `from` .. from + width - 1, rows above excluded; false: singular. */
static bool factor_panel(const struct elimination *e, int from, int width)
{
	int rows = e->n - from, info = 0;
	(e->real ? dgetrf_ : zgetrf_)(&rows, &width, entry(e, from, from), &e->n, e->pivots + from, &info);
	for (int k = from; k < from + width; k++)
		e->pivots[k] += from;
	return info == 0;
}

/* The panel's exchanges of rows, in `count` columns from `column` on. */
static void exchange_rows(const struct elimination *e, int from, int width, int column, int count)
{
	const int first = from + 1, last = from + width, one = 1;
	if (count > 0)
		(e->real ? dlaswp_ : zlaswp_)(&count, entry(e, 0, column), &e->n, &first, &last, e->pivots, &one);
}

/* A strip of `count` columns right of the panel: exchanged, rows beside the panel's triangle solved, those below
 * less what the panel has of them. */
static void eliminate_strip(const struct elimination *e, int from, int width, int column, int count)
{
	static const double plus[] = {1, 0}, minus[] = {-1, 0};
	int below = e->n - from - width;
	exchange_rows(e, from, width, column, count);
	(e->real ? dtrsm_ : ztrsm_)("L", "L", "N", "U", &width, &count, plus, entry(e, from, from), &e->n,
	                            entry(e, from, column), &e->n, 1, 1, 1, 1);
	(e->real ? dgemm_ : zgemm_)("N", "N", &below, &count, &width, minus, entry(e, from + width, from), &e->n,
	                            entry(e, from, column), &e->n, plus, entry(e, from + width, column), &e->n, 1, 1);
}

/* Columns that take no longer than the time between two questions. */
static int strip_width(const struct elimination *e, int from)
{
	double column = (e->real ? 2.0 : 8.0) * PANEL * (double)(e->n - from), columns = BETWEEN / column;
	return columns < PANEL ? PANEL : columns > e->n ? e->n : (int)columns;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

bool oj_blocked_factor(const struct linear *linear, bool real, int n, double *a, int *pivots)
{
	const struct elimination e = {real, n, a, pivots};
	for (int from = 0; from < n; from += PANEL) {
		int width = least(PANEL, n - from), strip = strip_width(&e, from);
		if (!is_to_go_on(linear) || !factor_panel(&e, from, width))
			return false;
		exchange_rows(&e, from, width, 0, from);
		for (int column = from + width; column < n; column += strip) {
			if (!is_to_go_on(linear))
				return false;
			eliminate_strip(&e, from, width, column, least(strip, n - column));
		}
	}
	return true;
}
