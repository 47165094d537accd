/* See tableau.h and, for the columns, tableaus.def: the one place where the rows
 * are expanded. */
#include "solvers/tableau.h"

#include "solvers/vectors.h"

#define TABLEAU(tag, ...) {.name = #tag, __VA_ARGS__},
static const struct tableau rows[] = {
#include "solvers/tableaus.def"
};
#undef TABLEAU

enum { ROWS = sizeof rows / sizeof rows[0] };

size_t oj_tableau_count(void)
{
	return ROWS;
}

const struct tableau *oj_tableau_at(size_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

const double *oj_tableau_row(const struct tableau *row, int stage)
{
	return row->a.at + stage * (stage - 1) / 2;
}

const double *oj_tableau_extra_row(const struct tableau *row, int extra)
{
	return row->extra_a.at + extra * (row->stages + 1) + extra * (extra - 1) / 2;
}

/* The Hermite part follows from b: dy = h sum b k, h f0 = h k[0], h f1 = h k[stages]. */
static void set_hermite(struct interpolant *p, const struct tableau *row)
{
	for (int i = 0; i < p->count; i++) {
		double b = i < row->stages ? row->b.at[i] : 0, f0 = i == 0, f1 = i == row->stages;
		p->hermite[0][i] = b;
		if (row->dense_degree < 3)
			continue;
		p->hermite[1][i] = f0 - b;
		p->hermite[2][i] = 2 * b - f0 - f1;
	}
}

void oj_interpolant_set(struct interpolant *p, const struct tableau *row)
{
	int count = row->stages + 1 + row->extra;
	*p = (struct interpolant){.count = count, .bubbles = row->dense_degree > 3 ? row->dense_degree - 3 : 0};
	set_hermite(p, row);
	for (int m = 0; m < p->bubbles; m++)
		for (int i = 0; i < count; i++)
			p->bubble[m][i] = row->bubble.at[m * count + i];
	for (int m = 0; m < TABLEAU_GROUP; m++) {
		double scale = 1;
		for (int k = 0; k < p->bubbles; k++)
			scale *= k == m ? 1 : m - k;
		p->share[m] = 1 / scale;
	}
}

static void pick(double *values, const int *read, int count)
{
	for (int j = 0; j < count; j++)
		values[j] = values[read[j]];
}

void oj_interpolant_pick(struct interpolant *p, const int *read, int count)
{
	for (int m = 0; m < 3; m++)
		pick(p->hermite[m], read, count);
	for (int m = 0; m < p->bubbles; m++)
		pick(p->bubble[m], read, count);
	p->count = count;
}

/* What the values of the bubble count at theta: Lagrange's polynomials of the equally
 * spaced points, times what makes the bubble vanish at both ends twice. */
static INLINE void set_factors(const struct interpolant *p, const int bubbles, double theta, double *factor)
{
	double u = (bubbles + 1) * theta, ends = theta * (1 - theta), product[TABLEAU_GROUP];
	for (int m = 0; m < TABLEAU_GROUP; m++)
		product[m] = 1;
	for (int k = 0; k < bubbles; k++) {
		double distance = u - (k + 1);
		for (int m = 0; m < TABLEAU_GROUP; m++)
			product[m] *= m == k ? 1 : distance;
	}
	for (int m = 0; m < TABLEAU_GROUP; m++)
		factor[m] = ends * ends * (product[m] * p->share[m]);
}

static INLINE void set_group(const struct interpolant *p, const int bubbles, double theta, double h,
                             const double *factor, int from, double *out)
{
	const double *h0 = p->hermite[0] + from, *h1 = p->hermite[1] + from, *h2 = p->hermite[2] + from;
	double sum[TABLEAU_GROUP];
	for (int i = 0; i < TABLEAU_GROUP; i++)
		sum[i] = theta * (h0[i] + (1 - theta) * (h1[i] + theta * h2[i]));
	for (int m = 0; m < bubbles; m++)
		for (int i = 0; i < TABLEAU_GROUP; i++)
			sum[i] += factor[m] * p->bubble[m][from + i];
	for (int i = 0; i < TABLEAU_GROUP; i++)
		out[i] = h * sum[i];
}

static INLINE void set_weights(const struct interpolant *p, const int bubbles, double theta, double h, double *out)
{
	double factor[TABLEAU_GROUP];
	set_factors(p, bubbles, theta, factor);
	for (int from = 0; from < p->count; from += TABLEAU_GROUP)
		set_group(p, bubbles, theta, h, factor, from, out + from);
}

/* Loops over the bubbles are written out for each number of them. */
SHORT_VECTORS void oj_interpolant_weights(const struct interpolant *p, double theta, double h, double *out)
{
	switch (p->bubbles) {
#define CASE(count) \
	case count: \
		set_weights(p, count, theta, h, out); \
		break;
	CASE(0) CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#undef CASE
	}
}
_Static_assert(TABLEAU_DEGREE - 3 == 6, "a case for each number of bubbles");
