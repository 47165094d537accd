/* See tableau.h and, for the columns, tableaus.def: the one place where the rows
 * are expanded. */
#include "solvers/tableau.h"

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
void oj_interpolant_set(struct interpolant *p, const struct tableau *row)
{
	int last = row->stages, count = last + 1 + row->extra;
	*p = (struct interpolant){.count = count, .bubbles = row->dense_degree > 3 ? row->dense_degree - 3 : 0};
	for (int i = 0; i < count; i++) {
		double b = i < last ? row->b.at[i] : 0, f0 = i == 0, f1 = i == last;
		p->hermite[i][0] = b;
		if (row->dense_degree < 3)
			continue;
		p->hermite[i][1] = f0 - b;
		p->hermite[i][2] = 2 * b - f0 - f1;
	}
	for (int m = 0; m < p->bubbles; m++)
		for (int i = 0; i < count; i++)
			p->bubble[m][i] = row->bubble.at[m * count + i];
}

/* What value m of the bubble counts at theta: Lagrange's polynomial of the equally
 * spaced points, times what makes the bubble vanish at both ends twice. */
static double bubble_factor(const struct interpolant *p, int m, double theta)
{
	double u = (p->bubbles + 1) * theta, product = 1, scale = 1;
	for (int k = 0; k < p->bubbles; k++) {
		if (k == m)
			continue;
		product *= u - (k + 1);
		scale *= m - k;
	}
	double ends = theta * (1 - theta);
	return ends * ends * (product / scale);
}

void oj_interpolant_weights(const struct interpolant *p, double theta, double *out)
{
	double factor[TABLEAU_DEGREE];
	for (int m = 0; m < p->bubbles; m++)
		factor[m] = bubble_factor(p, m, theta);
	for (int i = 0; i < p->count; i++) {
		const double *h = p->hermite[i];
		double sum = theta * (h[0] + (1 - theta) * (h[1] + theta * h[2]));
		for (int m = 0; m < p->bubbles; m++)
			sum += factor[m] * p->bubble[m][i];
		out[i] = sum;
	}
}
