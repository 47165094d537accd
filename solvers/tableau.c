/* See tableau.h and, for the columns, tableaus.def: the one place where the rows
 * are expanded. */
#include "solvers/tableau.h"

#define LIST(...)                                                 \
	{                                                         \
		(const double[]){__VA_ARGS__},                    \
		(int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)) \
	}
#define TABLEAU(tag, ...) {.name = #tag, __VA_ARGS__},
static const struct tableau rows[] = {
#include "solvers/tableaus.def"
};
#undef TABLEAU
#undef LIST

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
void oj_tableau_nest(const struct tableau *row, struct nested *nested)
{
	int last = row->stages, count = last + 1 + row->extra;
	*nested = (struct nested){.count = count, .degree = row->dense_degree};
	for (int i = 0; i < count; i++) {
		double b = i < last ? row->b.at[i] : 0, f0 = i == 0, f1 = i == last;
		double *at = nested->at[i];
		at[0] = b;
		if (row->dense_degree < 3)
			continue;
		at[1] = f0 - b;
		at[2] = 2 * b - f0 - f1;
		for (int m = 3; m < row->dense_degree; m++)
			at[m] = row->bubble.at[(m - 3) * count + i];
	}
}

void oj_nested_weights(const struct nested *nested, double theta, double *out)
{
	double factor[2] = {theta, 1 - theta};
	for (int i = 0; i < nested->count; i++) {
		double sum = 0;
		for (int m = nested->degree - 1; m >= 0; m--)
			sum = (sum + nested->at[i][m]) * factor[m & 1];
		out[i] = sum;
	}
}
