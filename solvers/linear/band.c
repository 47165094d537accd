/* Banded factors.  Narrow bands are eliminated from both ends where no rows have to be exchanged
 * (twisted.h), else from above (narrow.h), others by LAPACK (dgbtrf, zgbtrf): entry (i, j) stands in
 * row lower + upper + i - j of column j; the first `lower` rows are room for fill. */
#include "solvers/linear/factors.h"
#include "solvers/linear/lapack.h"
#include "solvers/linear/narrow.h"
#include "solvers/linear/twisted.h"

#include <string.h>

struct banded {
	struct linear base;
	int n, lower, upper, rows; /* rows = 2 lower + upper + 1 */
	int *pivots;     /* [1 + complexes][n + 1], the last TWISTED for factors from both ends */
	double *factors; /* [rows n], then 2 rows n for each complex shift */
	size_t bytes;
};
enum { TWISTED = -1 };

struct band oj_band_of(const struct pattern *pattern)
{
	struct band band = {0, 0};
	for (int64_t j = 0; j < pattern->columns; j++) {
		if (pattern->column[j] == pattern->column[j + 1])
			continue;
		int64_t first = pattern->row[pattern->column[j]], last = pattern->row[pattern->column[j + 1] - 1];
		band.upper = j - first > band.upper ? j - first : band.upper;
		band.lower = last - j > band.lower ? last - j : band.lower;
	}
	return band;
}

struct effort oj_band_effort(int64_t n, struct band band)
{
	double size = (double)n, lower = (double)band.lower, upper = (double)(band.lower + band.upper);
	return (struct effort){.factor = size * lower * (2 * upper + 1), .solve = size * (2 * (lower + upper) + 1)};
}

static double *factors_of(const struct banded *b, int slot)
{
	size_t room = (size_t)b->n * (size_t)b->rows;
	return slot == 0 ? b->factors : b->factors + room + (size_t)(slot - 1) * 2 * room;
}

static int *pivots_of(const struct banded *b, int slot)
{
	return b->pivots + slot * (b->n + 1);
}

static bool is_narrow(const struct banded *b)
{
	return b->lower <= NARROW_MOST && b->upper <= NARROW_MOST;
}

/* z I - J, diagonals in row `diagonal` of `rows`. */
static void fill(const struct banded *b, int slot, const double *values, double re, double im, int rows, int diagonal)
{
	const struct pattern *p = b->base.pattern;
	double *a = factors_of(b, slot);
	int64_t n = b->n, width = slot == 0 ? 1 : 2;
	memset(a, 0, (size_t)(n * rows * width) * sizeof *a);
	for (int64_t j = 0; j < n; j++) {
		double *at = a + (j * rows + diagonal) * width;
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
			at[(p->row[k] - j) * width] = -values[k];
		at[0] += re;
		if (slot != 0)
			at[1] = im;
	}
}

static int width_of(const struct banded *b)
{
	return b->lower > b->upper ? b->lower : b->upper;
}

static bool factor_twisted(struct banded *b, int slot, const double *values, double re, double im)
{
	int width = width_of(b);
	if (!twisted_suits(b->n, width) || 2 * width >= b->rows)
		return false;
	fill(b, slot, values, re, im, 2 * width + 1, width);
	pivots_of(b, slot)[b->n] = TWISTED;
	return oj_twisted_factor(slot == 0, b->n, width, factors_of(b, slot));
}

static bool factor(struct linear *linear, int slot, const double *values, double re, double im)
{
	struct banded *b = (struct banded *)linear;
	double *a = factors_of(b, slot);
	int *pivots = pivots_of(b, slot), info = 0;
	if (factor_twisted(b, slot, values, re, im))
		return true;
	fill(b, slot, values, re, im, b->rows, b->lower + b->upper);
	if (is_narrow(b))
		return oj_narrow_factor(slot == 0, b->n, b->lower, b->upper, a, pivots);
	(slot == 0 ? dgbtrf_ : zgbtrf_)(&b->n, &b->n, &b->lower, &b->upper, a, &b->rows, pivots, &info);
	return info == 0;
}

static void solve(struct linear *linear, int slot, double *x)
{
	const struct banded *b = (const struct banded *)linear;
	const int one = 1;
	const int *pivots = pivots_of(b, slot);
	int info;
	if (is_narrow(b) && pivots[b->n] == TWISTED)
		oj_twisted_solve(slot == 0, b->n, width_of(b), factors_of(b, slot), x);
	else if (is_narrow(b))
		oj_narrow_solve(slot == 0, b->n, b->lower, b->upper, factors_of(b, slot), pivots, x);
	else
		(slot == 0 ? dgbtrs_ : zgbtrs_)("N", &b->n, &b->lower, &b->upper, &one, factors_of(b, slot), &b->rows, pivots, x,
		                                &b->n, &info, 1);
}

static void drop(struct linear *linear)
{
	struct banded *b = (struct banded *)linear;
	oj_memory_put(linear->context, b, b->bytes);
}

static bool copy(struct linear *linear, const struct linear *from)
{
	struct banded *b = (struct banded *)linear;
	memcpy(b->factors, ((const struct banded *)from)->factors, b->bytes - sizeof *b);
	return true;
}

static const struct linear_way banded = {.drop = drop, .factor = factor, .solve = solve, .copy = copy};

static size_t rows_of(struct band band)
{
	return (size_t)(2 * band.lower + band.upper + 1);
}

static size_t numbers_of(const struct linear *base, struct band band)
{
	return (size_t)base->pattern->columns * rows_of(band) * (1 + 2 * (size_t)base->complexes);
}

size_t oj_band_bytes(const struct linear *base, struct band band)
{
	size_t n = (size_t)base->pattern->columns, slots = 1 + (size_t)base->complexes;
	return sizeof(struct banded) + numbers_of(base, band) * sizeof(double) + slots * (n + 1) * sizeof(int);
}

struct linear *oj_band_make(const struct linear *base)
{
	struct band band = oj_band_of(base->pattern);
	size_t n = (size_t)base->pattern->columns, bytes = oj_band_bytes(base, band);
	struct banded *b = oj_memory_get(base->context, bytes);
	if (!b)
		return NULL;
	memset(b, 0, bytes);
	*b = (struct banded){.base = *base, .n = (int)n, .lower = (int)band.lower, .upper = (int)band.upper,
	                     .rows = (int)rows_of(band), .factors = (double *)(b + 1), .bytes = bytes};
	b->pivots = (int *)(b->factors + numbers_of(base, band));
	b->base.way = &banded;
	return &b->base;
}
