/* See support_tableaus.h. */
#include "tests/support_tableaus.h"

#include <criterion/criterion.h>
#include <math.h>
#include <mpfr.h>

/* ---- the numbers themselves ---- */

void support_tableau_sizes(const struct tableau *row)
{
	int s = row->stages, all = s + 1 + row->extra, extra = 0;
	for (int i = 0; i < row->extra; i++)
		extra += s + 1 + i;
	cr_expect_leq(all, TABLEAU_STAGES, "%s", row->name);
	cr_expect_leq(row->dense_degree, TABLEAU_DEGREE, "%s", row->name);
	cr_expect_eq(row->c.count, s, "%s", row->name);
	cr_expect_eq(row->a.count, s * (s - 1) / 2, "%s", row->name);
	cr_expect_eq(row->b.count, s, "%s", row->name);
	cr_expect(row->estimates >= 1 && row->estimates <= TABLEAU_ESTIMATES, "%s", row->name);
	for (int i = 0; i < row->estimates; i++)
		cr_expect_eq(row->e[i].count, s + 1, "%s", row->name);
	cr_expect_eq(row->extra_c.count, row->extra, "%s", row->name);
	cr_expect_eq(row->extra_a.count, extra, "%s", row->name);
	int bubbles = row->dense_degree > 3 ? row->dense_degree - 3 : 0;
	cr_expect_eq(row->bubble.count, bubbles * all, "%s", row->name);
}

void support_tableau_nodes(const struct tableau *row)
{
	struct support_stages m;
	support_stages_of(row, &m);
	for (int i = 0; i < m.count; i++) {
		support_real sum = 0, size = 1;
		for (int j = 0; j < i; j++)
			sum += m.a[i][j], size += fabsl(m.a[i][j]);
		support_real c = i < row->stages ? row->c.at[i]
		               : i == row->stages ? 1 : row->extra_c.at[i - row->stages - 1];
		cr_expect_leq(fabsl(sum - c), 2 * 0x1p-53L * size, "%s, stage %d", row->name, i);
	}
}

void support_tableau_fsal(const struct tableau *row)
{
	bool reads = false;
	for (int k = 0; k < row->estimates; k++)
		reads = reads || row->e[k].at[row->stages] != 0;
	cr_expect_eq(reads, row->fsal, "%s", row->name);
}

/* ---- order conditions ---- */

/* Coefficients are rounded to 2^-53, a product of nine of them to nine times that. */
#define ROUNDING (16 * 0x1p-53L)

void support_tableau_order(const char *name, const char *what, const struct support_stages *m, const support_real *w,
                           int order, support_real theta)
{
	cr_assert_lt(order, SUPPORT_TREE_ORDER, "%s: make more trees", name);
	for (int q = 1; q <= order; q++) {
		support_real most = support_trees_defect(m, w, q, theta);
		cr_expect_leq(most, ROUNDING, "%s %s, theta %Lg: order %d misses by %Lg", name, what,
		              theta, q, most);
	}
	cr_expect_gt(support_trees_defect(m, w, order + 1, theta), 1e3L * ROUNDING,
	             "%s %s: has order %d, not %d", name, what, order + 1, order);
}

static void expect_order(const struct tableau *row, const char *what, const support_real *w, int order,
                         support_real theta)
{
	struct support_stages m;
	support_stages_of(row, &m);
	support_tableau_order(row->name, what, &m, w, order, theta);
}

void support_tableau_solution(const struct tableau *row)
{
	support_real w[TABLEAU_STAGES] = {0};
	for (int i = 0; i < row->stages; i++)
		w[i] = row->b.at[i];
	expect_order(row, "solution", w, row->order, 1);
}

void support_tableau_comparisons(const struct tableau *row)
{
	for (int k = 0; k < row->estimates; k++) {
		support_real w[TABLEAU_STAGES] = {0};
		for (int i = 0; i <= row->stages; i++)
			w[i] = (i < row->stages ? (support_real)row->b.at[i] : 0) - row->e[k].at[i];
		expect_order(row, "comparison", w, row->estimate_order[k], 1);
	}
}

void support_tableau_interpolant(const struct tableau *row)
{
	static const double thetas[] = {0.0625, 0.21, 0.5, 0.77, 0.9375};
	struct interpolant interpolant;
	oj_interpolant_set(&interpolant, row);
	for (size_t k = 0; k < sizeof thetas / sizeof *thetas; k++) {
		double weights[TABLEAU_ROOM];
		support_real w[TABLEAU_STAGES] = {0};
		oj_interpolant_weights(&interpolant, thetas[k], 1, weights);
		for (int i = 0; i < interpolant.count; i++)
			w[i] = weights[i];
		expect_order(row, "interpolant", w, row->dense_order, thetas[k]);
	}
}

void support_tableau_ends(const struct tableau *row)
{
	struct interpolant interpolant;
	double weights[TABLEAU_ROOM];
	oj_interpolant_set(&interpolant, row);
	oj_interpolant_weights(&interpolant, 1, 1, weights);
	for (int i = 0; i < interpolant.count; i++)
		cr_expect_eq(weights[i], i < row->stages ? row->b.at[i] : 0, "%s, weight %d", row->name, i);
	oj_interpolant_weights(&interpolant, 0, 1, weights);
	for (int i = 0; i < interpolant.count; i++)
		cr_expect_eq(weights[i], 0, "%s, weight %d", row->name, i);
}

/* ---- slopes ---- */

/* y0' = y0 cos t, y1' = y0 (y2 cos t - y3), and (y2, y3) turns with speed y2^2 + y3^2,
 * solved by exp(sin t), exp(sin t) cos t, cos t, sin t: entire functions, so that steps
 * long enough for order 9 to show are short enough for it. */
enum { N = 4, BITS = 320, INSIDE = 7 };

typedef mpfr_t vector[N];

static void make(mpfr_t *v, int count)
{
	for (int i = 0; i < count; i++)
		mpfr_init2(v[i], BITS);
}

static void drop(mpfr_t *v, int count)
{
	for (int i = 0; i < count; i++)
		mpfr_clear(v[i]);
}

static void exact(mpfr_t t, vector y)
{
	mpfr_sin_cos(y[3], y[2], t, MPFR_RNDN);
	mpfr_exp(y[0], y[3], MPFR_RNDN);
	mpfr_mul(y[1], y[0], y[2], MPFR_RNDN);
}

static void slope(mpfr_t t, vector y, vector f)
{
	mpfr_cos(f[0], t, MPFR_RNDN);
	mpfr_mul(f[1], f[0], y[2], MPFR_RNDN);
	mpfr_sub(f[1], f[1], y[3], MPFR_RNDN);
	mpfr_mul(f[1], f[1], y[0], MPFR_RNDN);
	mpfr_mul(f[0], f[0], y[0], MPFR_RNDN);
	mpfr_sqr(f[2], y[2], MPFR_RNDN);
	mpfr_sqr(f[3], y[3], MPFR_RNDN);
	mpfr_add(f[3], f[3], f[2], MPFR_RNDN);
	mpfr_mul(f[2], f[3], y[3], MPFR_RNDN);
	mpfr_neg(f[2], f[2], MPFR_RNDN);
	mpfr_mul(f[3], f[3], y[2], MPFR_RNDN);
}

struct walk {
	mpfr_t t0, h, t, part;
	vector y0, y, expected, k[TABLEAU_STAGES];
};

static void make_walk(struct walk *w, double t0, double h)
{
	mpfr_inits2(BITS, w->t0, w->h, w->t, w->part, (mpfr_ptr)0);
	make(w->y0, N);
	make(w->y, N);
	make(w->expected, N);
	for (int i = 0; i < TABLEAU_STAGES; i++)
		make(w->k[i], N);
	mpfr_set_d(w->t0, t0, MPFR_RNDN);
	mpfr_set_d(w->h, h, MPFR_RNDN);
	exact(w->t0, w->y0);
}

static void drop_walk(struct walk *w)
{
	mpfr_clears(w->t0, w->h, w->t, w->part, (mpfr_ptr)0);
	drop(w->y0, N);
	drop(w->y, N);
	drop(w->expected, N);
	for (int i = 0; i < TABLEAU_STAGES; i++)
		drop(w->k[i], N);
}

/* y = h sum of weights * k, plus y0 where `whole`. */
static void combine(struct walk *w, const double *weights, int count, bool whole)
{
	for (int i = 0; i < N; i++) {
		mpfr_set_zero(w->y[i], 1);
		for (int j = 0; j < count; j++) {
			mpfr_mul_d(w->part, w->k[j][i], weights[j], MPFR_RNDN);
			mpfr_add(w->y[i], w->y[i], w->part, MPFR_RNDN);
		}
		mpfr_mul(w->y[i], w->y[i], w->h, MPFR_RNDN);
		if (whole)
			mpfr_add(w->y[i], w->y[i], w->y0[i], MPFR_RNDN);
	}
}

static void set_time(struct walk *w, double theta)
{
	mpfr_mul_d(w->t, w->h, theta, MPFR_RNDN);
	mpfr_add(w->t, w->t, w->t0, MPFR_RNDN);
}

static void stage(struct walk *w, int i, double c, const double *weights)
{
	combine(w, weights, i, true);
	set_time(w, c);
	slope(w->t, w->y, w->k[i]);
}

static void take_step(struct walk *w, const struct tableau *row)
{
	stage(w, 0, 0, NULL);
	for (int i = 1; i < row->stages; i++)
		stage(w, i, row->c.at[i], oj_tableau_row(row, i));
	stage(w, row->stages, 1, row->b.at);
	for (int i = 0; i < row->extra; i++)
		stage(w, row->stages + 1 + i, row->extra_c.at[i], oj_tableau_extra_row(row, i));
}

static double length(vector y)
{
	double sum = 0;
	for (int i = 0; i < N; i++)
		sum = hypot(sum, mpfr_get_d(y[i], MPFR_RNDN));
	return sum;
}

static double distance(struct walk *w, double theta)
{
	set_time(w, theta);
	exact(w->t, w->expected);
	for (int i = 0; i < N; i++)
		mpfr_sub(w->expected[i], w->expected[i], w->y[i], MPFR_RNDN);
	return length(w->expected);
}

struct measured {
	double step, estimate[TABLEAU_ESTIMATES], inside[INSIDE];
};

static void measure_at(const struct tableau *row, double t0, double h, struct measured *m)
{
	struct walk w;
	struct interpolant interpolant;
	make_walk(&w, t0, h);
	take_step(&w, row);
	combine(&w, row->b.at, row->stages, true);
	m->step = hypot(m->step, distance(&w, 1));
	for (int k = 0; k < row->estimates; k++) {
		combine(&w, row->e[k].at, row->stages + 1, false);
		m->estimate[k] = hypot(m->estimate[k], length(w.y));
	}
	oj_interpolant_set(&interpolant, row);
	for (int i = 0; i < INSIDE; i++) {
		double theta = (i + 1.0) / (INSIDE + 1), weights[TABLEAU_ROOM];
		oj_interpolant_weights(&interpolant, theta, 1, weights);
		combine(&w, weights, interpolant.count, true);
		m->inside[i] = hypot(m->inside[i], distance(&w, theta));
	}
	drop_walk(&w);
}

/* From several starts, lest an error that changes sign is met where it does. */
static struct measured measure(const struct tableau *row, double h)
{
	struct measured m = {0};
	for (int i = 0; i < 5; i++)
		measure_at(row, 0.25 + 1.3 * i, h, &m);
	return m;
}

static void expect_slope(const struct tableau *row, const char *what, int at, double wide, double narrow,
                         int power)
{
	double found = log2(wide / narrow);
	cr_expect_gt(found, power - 0.3, "%s, %s %d: shrinks as h^%.2f (%g to %g), not h^%d", row->name, what, at,
	             found, wide, narrow, power);
}

void support_tableau_slopes(const struct tableau *row)
{
	double h = row->order >= 8 ? 3.0 / 16 : row->order >= 6 ? 1.0 / 8 : 1.0 / 32;
	struct measured wide = measure(row, h), narrow = measure(row, h / 2);
	expect_slope(row, "step", 1, wide.step, narrow.step, row->order + 1);
	for (int k = 0; k < row->estimates; k++) {
		int lower = row->estimate_order[k] < row->order ? row->estimate_order[k] : row->order;
		expect_slope(row, "estimate", k, wide.estimate[k], narrow.estimate[k], lower + 1);
	}
	for (int i = 0; i < INSIDE; i++)
		expect_slope(row, "inside", i, wide.inside[i], narrow.inside[i], row->dense_order + 1);
}
