/* Dense factors, by LAPACK (dgetrf, zgetrf), of many rows in blocks of columns (blocked.h).  Columns one behind the other. */
#include "solvers/linear/blocked.h"
#include "solvers/linear/factors.h"
#include "solvers/linear/lapack.h"

#include <math.h>
#include <string.h>

struct dense {
	struct linear base;
	int n;
	int *pivots;    /* [1 + complexes][n] */
	double *factors; /* [n n], then 2 n n for each complex shift */
	size_t bytes;
};

static double *factors_of(const struct dense *d, int slot)
{
	size_t square = (size_t)d->n * (size_t)d->n;
	return slot == 0 ? d->factors : d->factors + square + (size_t)(slot - 1) * 2 * square;
}

static bool factor(struct linear *linear, int slot, const double *values, double re, double im)
{
	struct dense *d = (struct dense *)linear;
	const struct pattern *p = linear->pattern;
	double *a = factors_of(d, slot);
	int64_t n = d->n, width = slot == 0 ? 1 : 2;
	int info = 0;
	memset(a, 0, (size_t)(n * n * width) * sizeof *a);
	for (int64_t j = 0; j < n; j++) {
		double *column = a + j * n * width;
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
			column[p->row[k] * width] = -values[k];
		column[j * width] += re;
		if (slot != 0)
			column[j * width + 1] = im;
	}
	if (n >= BLOCKED_LEAST)
		return oj_blocked_factor(linear, slot == 0, d->n, a, d->pivots + slot * n);
	(slot == 0 ? dgetrf_ : zgetrf_)(&d->n, &d->n, a, &d->n, d->pivots + slot * n, &info);
	return info == 0;
}

static void solve(struct linear *linear, int slot, double *x)
{
	const struct dense *d = (const struct dense *)linear;
	const int one = 1;
	int info;
	if (d->n >= BLOCKED_LEAST && linear->go_on && !linear->go_on(linear->asked)) {
		x[0] = NAN; /* and whoever iterates ends it */
		return;
	}
	(slot == 0 ? dgetrs_ : zgetrs_)("N", &d->n, &one, factors_of(d, slot), &d->n, d->pivots + slot * d->n, x, &d->n,
	                                &info, 1);
}

static void drop(struct linear *linear)
{
	struct dense *d = (struct dense *)linear;
	oj_memory_put(linear->context, d, d->bytes);
}

static bool copy(struct linear *linear, const struct linear *from)
{
	struct dense *d = (struct dense *)linear;
	memcpy(d->factors, ((const struct dense *)from)->factors, d->bytes - sizeof *d);
	return true;
}

static const struct linear_way dense = {.drop = drop, .factor = factor, .solve = solve, .copy = copy};

static size_t numbers_of(const struct linear *base)
{
	size_t n = (size_t)base->pattern->columns;
	return n * n * (1 + 2 * (size_t)base->complexes);
}

size_t oj_dense_bytes(const struct linear *base)
{
	size_t n = (size_t)base->pattern->columns, slots = 1 + (size_t)base->complexes;
	return sizeof(struct dense) + numbers_of(base) * sizeof(double) + slots * n * sizeof(int);
}

struct linear *oj_dense_make(const struct linear *base)
{
	size_t n = (size_t)base->pattern->columns, bytes = oj_dense_bytes(base);
	struct dense *d = oj_memory_get(base->context, bytes);
	if (!d)
		return NULL;
	memset(d, 0, bytes);
	*d = (struct dense){.base = *base, .n = (int)n, .factors = (double *)(d + 1), .bytes = bytes};
	d->pivots = (int *)(d->factors + numbers_of(base));
	d->base.way = &dense;
	return &d->base;
}
