/* The collocation polynomial of a Radau IIA step: rows, weights and slopes. */
#include "solvers/radau_state.h"

#include "solvers/implicit.h"
#include "solvers/sums.h"

#define RADAU(stages, real, ...) {stages, real, __VA_ARGS__},
static const struct radau_row rows[] = {
#include "solvers/radau.def"
};
#undef RADAU
enum { ROWS = sizeof rows / sizeof rows[0] };
_Static_assert((int)ROWS == RADAU_ROWS, "rows of radau.def");

const struct radau_row *oj_radau_row(size_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

const struct radau_row *oj_radau_row_of(int stages)
{
	size_t i = 0;
	while (rows[i].stages != stages)
		i++;
	return &rows[i];
}

void oj_radau_scales(const struct radau_row *row, double scales[RADAU_STAGES])
{
	const double *c = row->nodes.at;
	for (int i = 0; i < row->stages; i++) {
		double product = c[i];
		for (int j = 0; j < row->stages; j++)
			product *= j == i ? 1 : c[i] - c[j];
		scales[i] = 1 / product;
	}
}

/* theta times the products of theta - c_j over all j but i: those before i, those behind. */
static inline __attribute__((always_inline)) void weights_of(const int stages, const double *c, const double *scales,
                                                             double theta, double *weights)
{
	double before = theta, behind = 1;
#pragma GCC unroll 8
	for (int i = 0; i < stages; i++) {
		weights[i] = before * scales[i];
		before *= theta - c[i];
	}
#pragma GCC unroll 8
	for (int i = stages - 1; i >= 0; i--) {
		weights[i] *= behind;
		behind *= theta - c[i];
	}
}

void oj_radau_weights(const struct radau_row *row, const double *scales, double theta, double weights[RADAU_STAGES])
{
	switch (row->stages) {
#define STAGES(s) \
	case s: \
		weights_of(s, row->nodes.at, scales, theta, weights); \
		break;
	STAGES(1) STAGES(3) STAGES(5) STAGES(7)
#undef STAGES
	}
}

void oj_radau_slopes(const struct radau_row *row, double theta, double slopes[RADAU_STAGES])
{
	const double *c = row->nodes.at;
	for (int i = 0; i < row->stages; i++) {
		double sum = 0;
		for (int skip = -1; skip < row->stages; skip++) {
			double product = skip < 0 ? 1 : theta;
			for (int j = 0; j < row->stages && skip != i; j++)
				if (j != i && j != skip)
					product *= theta - c[j];
			sum += skip == i ? 0 : product;
		}
		double scale = c[i];
		for (int j = 0; j < row->stages; j++)
			scale *= j == i ? 1 : c[i] - c[j];
		slopes[i] = sum / scale;
	}
}

double oj_radau_bubble(const struct radau_row *row, double theta)
{
	double product[RADAU_STAGES + 1] = {1}, sum = 0;
	if (row->stages == 1) /* where it does not vanish at 1 */
		return 0;
	for (int i = 0; i < row->stages; i++)
		for (int k = i + 1; k >= 0; k--)
			product[k] = (k > 0 ? product[k - 1] : 0) - row->nodes.at[i] * product[k];
	for (int k = row->stages; k >= 0; k--)
		sum = sum * theta + product[k] / (k + 1);
	return row->real / product[0] * sum * theta;
}

void oj_radau_look_inside(int64_t n, const struct radau_row *row, const double *scales, double theta,
                          const double *y0, const double *error, const double *z, int64_t stride, double *y)
{
	double weights[RADAU_STAGES], bubble = oj_radau_bubble(row, theta);
	oj_radau_weights(row, scales, theta, weights);
	oj_sum_weighted(n, row->stages, weights, z, stride, y);
	for (int64_t c = 0; c < n; c++)
		y[c] = y0[c] + (y[c] + bubble * error[c]);
}
