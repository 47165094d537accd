/* Reference solutions: the extrapolated midpoint rule of Gragg, Bulirsch and Stoer
 * (HNW II.9) in 80-bit numbers, with steps that end at every output time.
 *
 * Neither ojit nor a peer has a part in it, so no error is measured against a relative
 * of itself.  The column is fixed: eight midpoint sequences of 2, 4, ... 16 substeps,
 * order 16; more would cost digits, for the weights of the sum grow.  The step is
 * chosen so that the last two columns agree to 1e-16.
 *
 * Against six columns and a third of the tolerance solutions move by 2e-13 at most, but
 * where the problem itself carries errors on: 1e-11 in Lorenz and Pleiades, 2e-8 in
 * Arenstorf, which nobody can be said to solve more closely.
 *
 * Small stiff problems are solved by stiff_reference.c; large ones here, for their stiffness
 * is that of diffusion, which costs these steps some seconds. */
#define REAL_IS_LONG
#include "bench/work/reference.h"

#include "bench/peers/stiff.h"
#include "bench/work/stiff_reference.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 8 };
#define TOLERANCE 1e-16L

typedef void right_hand_side(real t, const real *y, real *out);

#define P(name, ...) name##_rhs,
static right_hand_side *const functions[] = {ALL_PROBLEMS(P)};
#undef P

struct extrapolation {
	int n;
	right_hand_side *f;
	real *y, *slope_at_start; /* [n] each, as all below */
	real *slope, *before, *at;
	real *table[COLUMNS]; /* the last row of the table */
};

/* `count` substeps of the midpoint rule over h; where they end is e->at. */
static void midpoints(struct extrapolation *e, real t, real h, int count)
{
	real small = h / count;
	memcpy(e->before, e->y, (size_t)e->n * sizeof(real));
	for (int i = 0; i < e->n; i++)
		e->at[i] = e->y[i] + small * e->slope_at_start[i];
	for (int k = 1; k < count; k++) {
		e->f(t + k * small, e->at, e->slope);
		for (int i = 0; i < e->n; i++) {
			real next = e->before[i] + 2 * small * e->slope[i];
			e->before[i] = e->at[i];
			e->at[i] = next;
		}
	}
}

/* Row k of the table (Aitken, Neville). */
static void extrapolate(struct extrapolation *e, int k)
{
	for (int i = 0; i < e->n; i++) {
		real value = e->at[i];
		for (int j = 0; j < k; j++) {
			real above = e->table[j][i], ratio = (k + 1) / (real)(k - j);
			e->table[j][i] = value;
			value += (value - above) / (ratio * ratio - 1);
		}
		e->table[k][i] = value;
	}
}

/* How far the last two columns lie apart, over the tolerance. */
static real disagreement(const struct extrapolation *e)
{
	real largest = 0, worst = 0;
	for (int i = 0; i < e->n; i++)
		largest = fmaxl(largest, fabsl(e->y[i]));
	for (int i = 0; i < e->n; i++) {
		real apart = fabsl(e->table[COLUMNS - 1][i] - e->table[COLUMNS - 2][i]);
		worst = fmaxl(worst, apart / (TOLERANCE * (fabsl(e->y[i]) + 1e-3L * largest)));
	}
	return worst;
}

/* From t to t1; h is the length to try first and to go on with. */
static bool advance(struct extrapolation *e, real t, real t1, real *h)
{
	e->f(t, e->y, e->slope_at_start);
	while (t < t1) {
		bool last = t + *h >= t1;
		real length = last ? t1 - t : *h;
		for (int k = 0; k < COLUMNS; k++) {
			midpoints(e, t, length, 2 * (k + 1));
			extrapolate(e, k);
		}
		real worst = disagreement(e);
		real factor = worst > 0 ? 0.8L * powl(worst, -1.0L / (2 * COLUMNS - 1)) : 4;
		factor = fminl(4, fmaxl(0.1L, factor));
		if (worst <= 1) {
			t = last ? t1 : t + length;
			memcpy(e->y, e->table[COLUMNS - 1], (size_t)e->n * sizeof(real));
			e->f(t, e->y, e->slope_at_start);
		}
		if (worst > 1 || !last || factor < 1)
			*h = length * factor;
		if (!(*h > 1e-12L * (t1 - t)))
			return false;
	}
	return true;
}

static real *lay_out(struct extrapolation *e, int n)
{
	real *memory = calloc((size_t)n * (5 + COLUMNS), sizeof(real)), *at = memory;
	real **const vectors[] = {&e->y, &e->slope_at_start, &e->slope, &e->before, &e->at};
	for (int i = 0; i < 5; i++, at += n)
		*vectors[i] = at;
	for (int i = 0; i < COLUMNS; i++, at += n)
		e->table[i] = at;
	return memory;
}

bool reference_solve(int problem, int n, const double *start, const double *times, int count, double *rows)
{
	if (stiff_reference_has(problem))
		return stiff_reference_solve(problem, n, start, times, count, rows);
	struct extrapolation e = {.n = n, .f = functions[problem]};
	real *memory = lay_out(&e, n), h = 1e-4L * (times[count] - times[0]);
	bool ok = memory;
	for (int i = 0; ok && i < n; i++)
		e.y[i] = start[i];
	for (int k = 1; ok && k <= count; k++) {
		ok = advance(&e, times[k - 1], times[k], &h);
		for (int i = 0; i < n; i++)
			rows[(k - 1) * n + i] = (double)e.y[i];
	}
	free(memory);
	return ok;
}
