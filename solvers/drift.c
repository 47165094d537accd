/* See drift.h. */
#include "solvers/drift.h"

#include "solvers/control.h"
#include "solvers/implicit.h"
#include "solvers/sums.h"

#include <math.h>
#include <string.h>

#define MANY 1.7        /* tolerances that errors may add up to before steps are held to less */
#define STEEPNESS 3.0   /* the share falls as this power of what is more */
#define LEAST_SHARE (1.0 / 24)
#define WATCH_LEAST 1.0 /* sizes of errors, before it is said that they are forgotten */
#define WATCH_AGAIN 4.0 /* likewise, where it could not be said */
#define FEW 0.3         /* errors that have added up then, at which it is time to rest, too */
#define FORGOTTEN 0.03  /* of them may be left then */
#define REST_GROWS 8.0  /* at the most: rests become longer as long as nothing adds up */
#define COUNTS_ONE 1e-4 /* the tolerance at which an error is one estimate */

void oj_drift_begin(struct drift *d, double patience)
{
	d->watched = d->many = d->shift = 0;
	d->patience = d->rest = d->next_rest = patience;
	d->least = INFINITY;
	d->share = 1;
	d->watches = false;
}

double oj_drift_counts(double order, double error_order, double rtol)
{
	return error_order > order ? 1 : oj_control_power(rtol / COUNTS_ONE, 1 / error_order);
}

double oj_drift_share(const struct drift *d, double share, double order, double error_order, double rtol)
{
	if (d->share == 1)
		return share;
	double least = fmin(share, CONTROL_LEAST_TOLERANCE / rtol);
	return fmax(share * oj_control_power(d->share, error_order / order), least);
}

/* ---- the sum ---- */

/* v = (I - gamma J)^-1 v */
static void filter(const struct drift_step *step, double *v)
{
	double shift = 1 / step->gamma;
	for (int64_t i = 0; i < step->gauge->n; i++)
		v[i] *= shift;
	oj_shift_solve(step->f, 0, v);
}

static double share_of(const struct gauge *g)
{
	return g->share > 0 ? g->share : 1;
}

static void add(int64_t n, double factor, const double *v, double *sum)
{
	for (int64_t i = 0; i < n; i++)
		sum[i] += factor * v[i];
}

#define RATIO_OF_TWO (2 + M_SQRT2) /* h/gamma; drift.h */

/* sum = R(h J) sum, R = w (a0 + w (a1 + w a2)), w the filter. */
static void carry_on(struct drift *d, const struct drift_step *step)
{
	int64_t n = step->gauge->n;
	double ratio = step->h / step->gamma, first = ratio - 1, second = ratio * ratio / 2 - 1;
	int last = ratio <= RATIO_OF_TWO && d->many < MANY / 4 ? 1 : 2;
	double a2 = last == 1 ? 0 : second - 2 * first, a1 = first - 2 * a2, weight[] = {1 - a1 - a2, a1, a2};
	for (int64_t i = 0; i < n; i++)
		d->aside[i] = weight[last] * d->sum[i];
	for (int k = last - 1; k >= 0; k--) {
		filter(step, d->aside);
		add(n, weight[k], d->sum, d->aside);
	}
	filter(step, d->aside);
	memcpy(d->sum, d->aside, (size_t)n * sizeof *d->sum);
}

/* ---- what lies along f ---- */

/* In the scale of the tolerance; of the step's own, whatever its share is. */
static double product(const struct drift *d, const struct gauge *g, const double *v, const double *w)
{
	for (int64_t i = 0; i < g->n; i++) {
		double a = v[i] == 0 ? 0 : v[i] * g->weight[i], b = w[i] == 0 ? 0 : w[i] * g->weight[i];
		d->aside[i] = a * b;
	}
	return oj_sum_in_parts(g->n, d->aside);
}

/* How much of v lies along w, over w; `squared` is the product of w with itself. */
static double part_along(const struct drift *d, const struct gauge *g, const double *v, const double *w, double squared)
{
	double part = squared > 0 ? product(d, g, v, w) / squared : 0;
	return isfinite(part) ? part : 0;
}

/* The sum at the end of the step, without its error. */
static void move_sum(struct drift *d, const struct drift_step *step)
{
	const struct gauge *g = step->gauge;
	const double *f = step->begin.times_unit;
	double part = 0;
	if (step->f->timeless) {
		part = part_along(d, g, d->sum, f, product(d, g, f, f));
		add(g->n, -part, f, d->sum);
		d->beside = fmax(d->beside, share_of(g) * oj_gauge_norm(g, d->sum));
	}
	carry_on(d, step);
	add(g->n, part * (step->begin.unit / step->end.unit), step->end.times_unit, d->sum);
}

/* ---- what follows ---- */

static void set_share(struct drift *d, double many)
{
	d->many = many;
	d->share = many <= MANY ? 1 : fmax(oj_control_power(MANY / many, STEEPNESS), LEAST_SHARE);
}

/* The sum goes on as what of it lies along f, which is not forgotten. */
static void begin_rest(struct drift *d, const struct drift_step *step, double squared)
{
	double part = step->f->timeless ? part_along(d, step->gauge, d->sum, step->end.times_unit, squared) : 0;
	d->shift = part * step->end.unit;
	d->watches = false;
	d->rest = d->next_rest;
	d->next_rest = fmin(2 * d->next_rest, REST_GROWS * d->patience);
}

/* Of sizes of errors, in which what lies beside f may show. */
static void begin_window(struct drift *d, double enough)
{
	d->watched = d->beside = 0;
	d->enough = enough;
}

static void begin_watch(struct drift *d, const struct drift_step *step)
{
	int64_t n = step->gauge->n;
	memset(d->sum, 0, (size_t)n * sizeof *d->sum);
	add(n, d->shift / step->end.unit, step->end.times_unit, d->sum);
	begin_window(d, WATCH_LEAST);
	d->watches = true;
}

static void watch_on(struct drift *d, const struct drift_step *step, double growth, double squared)
{
	const struct gauge *g = step->gauge;
	move_sum(d, step);
	add(g->n, step->counts, step->error, d->sum);
	d->watched += d->size;
	double all = share_of(g) * oj_gauge_norm(g, d->sum), beside = step->f->timeless ? d->beside : all;
	if (!isfinite(all)) {
		oj_drift_begin(d, d->patience);
		return;
	}
	set_share(d, all / growth);
	if (d->watched < d->enough)
		return;
	bool forgotten = d->many <= MANY / 2 && beside <= FORGOTTEN * d->enough;
	if (forgotten || (d->enough > WATCH_LEAST && d->many <= FEW))
		begin_rest(d, step, squared);
	else
		begin_window(d, WATCH_AGAIN);
}

bool oj_drift_wants(struct drift *d, double size)
{
	d->size = size;
	if (!isfinite(size))
		return false;
	d->rest = d->rest > 0 ? d->rest - size : d->rest;
	return d->rest <= 0;
}

void oj_drift_see(struct drift *d, const struct drift_step *step)
{
	const struct gauge *g = step->gauge;
	double squared = product(d, g, step->end.times_unit, step->end.times_unit);
	double speed = share_of(g) * sqrt(squared / (double)g->n) / fabs(step->end.unit);
	if (speed > 0 && speed < d->least)
		d->least = speed;
	if (!d->watches)
		begin_watch(d, step);
	else if (isfinite(speed))
		watch_on(d, step, speed > d->least ? speed / d->least : 1, squared);
}
