/* Reference solutions of stiff problems: the linearly implicit Euler method, extrapolated (P.
 * Deuflhard, Recent progress in extrapolation methods for ODEs, SIAM Rev. 27 (1985) 505-535; E.
 * Hairer, G. Wanner, Solving Ordinary Differential Equations II, IV.9), in 80-bit numbers, with
 * steps that end at every output time.  The column is fixed, 1, 2, ... 8 substeps, order 8; more
 * would cost digits, for the weights of the sum grow;
 * the step is chosen so that the last two entries agree to 1e-14.  At their ends solutions agree
 * with the published ones (VDPOL, OREGO, HIRES, POLLU) to 1e-13 or better.
 *
 * For autonomous equations, of few states: factors are of full matrices. */
#define REAL_IS_LONG
#include "bench/work/stiff_reference.h"

#include "bench/peers/stiff.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8, SMALL = 20 };
#define TOLERANCE 1e-14L

typedef void right_hand_side(real t, const real *y, real *out);
typedef void derivative(real t, const real *y, real *J, ptrdiff_t rows, ptrdiff_t columns);

static const struct {
	int n;
	right_hand_side *f;
	derivative *jacobian;
} problems[] = {
#define P(name, n, from, to, atol, text, ...) {n, name##_rhs, name##_jacobian},
	STIFF_PROBLEMS(P)
#undef P
};

struct extrapolation {
	int n, problem;
	real y[SMALL], jacobian[SMALL * SMALL], factors[SMALL * SMALL]; /* by rows */
	int pivot[SMALL];
	real table[COLUMNS][SMALL]; /* the last row */
};

bool stiff_reference_has(int problem)
{
	return problem >= EASY_COUNT && problems[problem - EASY_COUNT].n <= SMALL;
}

/* Factors of I - h J with partial pivoting. */
static void factor(struct extrapolation *e, real h)
{
	int n = e->n;
	real *a = e->factors;
	for (int i = 0; i < n * n; i++)
		a[i] = (i % (n + 1) == 0) - h * e->jacobian[i];
	for (int k = 0; k < n; k++) {
		int best = k;
		for (int i = k + 1; i < n; i++)
			best = fabsl(a[i * n + k]) > fabsl(a[best * n + k]) ? i : best;
		e->pivot[k] = best;
		for (int j = 0; j < n && best != k; j++) {
			real value = a[k * n + j];
			a[k * n + j] = a[best * n + j];
			a[best * n + j] = value;
		}
		for (int i = k + 1; i < n; i++) {
			a[i * n + k] /= a[k * n + k];
			for (int j = k + 1; j < n; j++)
				a[i * n + j] -= a[i * n + k] * a[k * n + j];
		}
	}
}

static void solve(const struct extrapolation *e, real *x)
{
	int n = e->n;
	const real *a = e->factors;
	for (int k = 0; k < n; k++) {
		real value = x[e->pivot[k]];
		x[e->pivot[k]] = x[k];
		x[k] = value;
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < i; j++)
			x[i] -= a[i * n + j] * x[j];
	for (int i = n - 1; i >= 0; i--) {
		for (int j = i + 1; j < n; j++)
			x[i] -= a[i * n + j] * x[j];
		x[i] /= a[i * n + i];
	}
}

/* `count` substeps over h, to `at`. */
static void substeps(struct extrapolation *e, real h, int count, real *at)
{
	real change[SMALL];
	factor(e, h / count);
	memcpy(at, e->y, sizeof e->y);
	for (int k = 0; k < count; k++) {
		problems[e->problem].f(0, at, change);
		for (int i = 0; i < e->n; i++)
			change[i] *= h / count;
		solve(e, change);
		for (int i = 0; i < e->n; i++)
			at[i] += change[i];
	}
}

/* Row k of the table (Aitken, Neville). */
static void extrapolate(struct extrapolation *e, int k, const real *at)
{
	for (int i = 0; i < e->n; i++) {
		real value = at[i];
		for (int j = 0; j < k; j++) {
			real above = e->table[j][i], ratio = (k + 1) / (real)(k - j);
			e->table[j][i] = value;
			value += (value - above) / (ratio - 1);
		}
		e->table[k][i] = value;
	}
}

/* How far the last two entries lie apart, over the tolerance. */
static real disagreement(const struct extrapolation *e)
{
	real largest = 0, worst = 0;
	for (int i = 0; i < e->n; i++)
		largest = fmaxl(largest, fabsl(e->y[i]));
	for (int i = 0; i < e->n; i++) {
		real size = fmaxl(fabsl(e->y[i]), fabsl(e->table[COLUMNS - 1][i])) + 1e-5L * largest;
		real ratio = fabsl(e->table[COLUMNS - 1][i] - e->table[COLUMNS - 2][i]) / (TOLERANCE * size);
		worst = ratio > worst || ratio != ratio ? ratio : worst;
	}
	return worst;
}

/* From t to t1; h is the length to try first and to go on with. */
static bool advance(struct extrapolation *e, real t, real t1, real *h)
{
	while (t < t1) {
		bool last = t + *h >= t1;
		real length = last ? t1 - t : *h, at[SMALL];
		problems[e->problem].jacobian(0, e->y, e->jacobian, e->n, 1);
		for (int k = 0; k < COLUMNS; k++) {
			substeps(e, length, k + 1, at);
			extrapolate(e, k, at);
		}
		real worst = disagreement(e), change = 0.1L;
		if (worst == worst)
			change = worst > 0 ? fminl(4, fmaxl(0.1L, 0.7L * powl(worst, -1.0L / COLUMNS))) : 4;
		if (worst <= 1) {
			t = last ? t1 : t + length;
			memcpy(e->y, e->table[COLUMNS - 1], sizeof e->y);
		}
		if (!(worst <= 1) || !last || change < 1)
			*h = length * change;
		if (!(*h > 1e-16L * t1))
			return false;
	}
	return true;
}

bool stiff_reference_solve(int problem, int n, const double *start, const double *times, int count, double *rows)
{
	struct extrapolation *e = calloc(1, sizeof *e);
	real h = 1e-6L * (times[1] - times[0]);
	bool ok = e;
	if (!ok)
		return false;
	e->n = n;
	e->problem = problem - EASY_COUNT;
	for (int i = 0; i < n; i++)
		e->y[i] = start[i];
	for (int k = 1; ok && k <= count; k++) {
		ok = advance(e, times[k - 1], times[k], &h);
		for (int i = 0; i < n; i++)
			rows[(k - 1) * n + i] = (double)e->y[i];
	}
	free(e);
	return ok;
}
