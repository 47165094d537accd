/* See iterations.h. */
#include "solvers/iterations.h"

#include "solvers/control.h"
#include "solvers/implicit.h"
#include "solvers/sums.h"
#include "solvers/vectors.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- scales ---- */

#define FIXED_SCALE (0.5 * DBL_EPSILON) /* what increments of steps of given size are measured by */

static INLINE void weights_for(int64_t n, double most, double rtol, const double *restrict atol,
                               const double *restrict y, double *restrict weight)
{
	for (int64_t i = 0; i < n; i++)
		weight[i] = most / (atol[i] + rtol * fabs(y[i]));
}

BY_LENGTH(static, set_weights, weights_for,
          (int64_t n, double most, double rtol, const double *atol, const double *y, double *weight),
          (n, most, rtol, atol, y, weight))

static double share_of(const struct gauge *g)
{
	return g->share > 0 ? g->share : 1;
}

void oj_fixed_weights(int64_t n, double scale, const double *v, bool first, double *weight)
{
	double most = 1e3 * DBL_MIN / scale;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, fabs(v[i]));
	for (int64_t i = 0; i < n; i++) {
		double own = 1 / (scale * fmax(fabs(v[i]), 1e-3 * most));
		weight[i] = first ? own : fmin(weight[i], own);
	}
}

#define ROUNDINGS 16

bool oj_is_rounding(int64_t n, const double *v, const double *reached, double times)
{
	double most = 0, unit = times * ROUNDINGS * DBL_EPSILON;
	for (int64_t i = 0; i < n; i++)
		most = fmax(most, reached[i]);
	for (int64_t i = 0; i < n; i++)
		if (!(fabs(v[i]) <= unit * fmax(reached[i], 1e-3 * most)))
			return false;
	return true;
}

void oj_note_reached(int64_t n, const double *y, double *reached)
{
	for (int64_t i = 0; i < n; i++)
		reached[i] = fmax(reached[i], fabs(y[i]));
}

void oj_gauge_set(struct gauge *g, const struct tolerance *tolerance, const double *y)
{
	g->max_norm = tolerance && tolerance->max_norm;
	if (tolerance)
		set_weights(g->n, 1 / share_of(g), tolerance->rtol, tolerance->atol, y, g->weight);
	else
		oj_fixed_weights(g->n, FIXED_SCALE, y, true, g->weight);
}

double oj_gauge_norm(const struct gauge *g, const double *v)
{
	return oj_weighted_norm(g->n, v, g->weight, g->max_norm);
}

int64_t oj_gauge_worst(const struct gauge *g, const double *v)
{
	int64_t worst = 0;
	double most = -1;
	for (int64_t i = 0; i < g->n; i++) {
		double ratio = v[i] == 0 ? 0 : fabs(v[i] * g->weight[i]);
		if (ratio > most)
			most = ratio, worst = i;
	}
	return worst;
}

/* ---- convergence ---- */

#define NEAR 1e-6 /* of what counts: from there Newton's own iterations square what is left, or are held up by rounding */
#define SLOW 0.1  /* a rate from which on increments of rounding's size are rounding */
#define STALLED 0.01
#define STUCK 0.25 /* of a defect: what an iteration changes it by, at the least */

void oj_convergence_set(struct convergence *c, double rtol, double share, double spread)
{
	c->forced = rtol == 0;
	c->enough = c->forced ? 1 : fmax(10 * DBL_EPSILON / rtol, fmin(0.03, sqrt(rtol)));
	c->floor = 4 * DBL_EPSILON * spread / share;
}

void oj_convergence_begin(struct convergence *c)
{
	c->iterations = 0;
	c->rate = 0;
	c->shorten = 0.5;
}

/* rate^count */
static double shrunk(double rate, int count)
{
	double power = 1;
	for (; count > 0; count >>= 1, rate *= rate)
		power *= count & 1 ? rate : 1;
	return power;
}

/* Would they get there?  What they would be left with says how much shorter a step would. */
static bool falls_short(struct convergence *c, double size)
{
	int left = c->most - 1 - c->iterations;
	double end = c->remaining * size * shrunk(c->rate, left) / c->enough;
	if (end < 1)
		return false;
	c->shorten = 0.8 * oj_control_power(fmin(end, 20), -1.0 / (4 + left));
	return true;
}

static enum newton_verdict judge_rate(struct convergence *c, double size)
{
	double before = c->last;
	c->last = fmax(size, DBL_EPSILON);
	if (!isfinite(size))
		return NEWTON_FAILED;
	/* One increment alone shows no rate, and is small where J is far too large. */
	if (c->iterations == 0)
		return size <= fmin(c->floor, c->enough) ? NEWTON_DONE : NEWTON_GOES_ON;
	double rate = size / before;
	c->rate = c->iterations == 1 ? rate : sqrt(rate * c->last_rate);
	c->last_rate = rate;
	if (c->rate >= (c->forced ? 2 : 0.99))
		return NEWTON_FAILED;
	c->remaining = c->rate < 1 ? c->rate / (1 - c->rate) : 1e3;
	if (!c->forced && falls_short(c, size))
		return NEWTON_FAILED;
	return c->remaining * size <= c->enough ? NEWTON_DONE : NEWTON_GOES_ON;
}

/* Increments that hardly shrink, but are a hundredth of the tolerance: rounding of f may be far above
 * that of the states, where it sums large terms, and what it leaves out is as small.  Or J is far too
 * large, as an old one is where stiffness has faded: then they are as small, and say nothing. */
static bool is_stalled(const struct convergence *c, double size)
{
	double left = c->rate < 0.99 ? c->remaining * size : size;
	return !c->forced && c->fresh && fmax(size, left) <= STALLED;
}

enum newton_verdict oj_convergence_judge(struct convergence *c, double size)
{
	enum newton_verdict verdict = judge_rate(c, size);
	bool held_up = verdict == NEWTON_FAILED || (c->iterations > 0 && c->rate >= 0.5);
	c->iterations++;
	if (held_up && (size <= c->floor || is_stalled(c, size)))
		return NEWTON_DONE;
	return verdict == NEWTON_GOES_ON && c->iterations == c->most ? NEWTON_FAILED : verdict;
}

bool oj_convergence_is_slow(const struct convergence *c)
{
	return c->iterations > 1 && c->rate > SLOW;
}

bool oj_convergence_is_near(double size)
{
	return size <= NEAR / FIXED_SCALE;
}

bool oj_convergence_ends_anew(const struct convergence *c, double size, double last)
{
	return size <= fmax(c->enough, c->floor) || (oj_convergence_is_near(last) && size > last / 4);
}

/* ---- one real system ---- */

void oj_newton_restart(struct newton *nw)
{
	nw->have_jacobian = nw->fresh = false;
	nw->factored = 0;
	nw->fault = -1;
	memset(nw->reached, 0, (size_t)nw->gauge.n * sizeof *nw->reached);
}

void oj_newton_begin(struct newton *nw, const struct tolerance *tolerance, const double *y, int most, double enough)
{
	struct convergence *c = &nw->convergence;
	oj_gauge_set(&nw->gauge, tolerance, y);
	nw->start = y;
	if (tolerance)
		oj_convergence_set(c, tolerance->rtol, share_of(&nw->gauge) * tolerance->rtol, 1);
	else
		oj_convergence_set(c, 0, FIXED_SCALE, 16);
	if (!tolerance)
		oj_note_reached(nw->gauge.n, y, nw->reached);
	c->most = c->forced ? NEWTON_FIXED_ROUNDS : most;
	c->enough = c->forced || enough == 0 ? c->enough : enough;
	oj_convergence_begin(c);
	nw->worst_rate = 0;
	nw->iterations = 0;
}

void oj_newton_linearise(struct newton *nw, double t, const double *y, const struct tolerance *tolerance)
{
	if (nw->have_jacobian)
		return;
	oj_jacobian_eval(nw->f, t, y, tolerance);
	nw->have_jacobian = nw->fresh = true;
	nw->factored = 0;
}

void oj_newton_filter(struct newton *nw, double *v)
{
	double shift = 1 / nw->factored;
	for (int64_t i = 0; i < nw->gauge.n; i++)
		v[i] *= shift;
	oj_shift_solve(nw->f, 0, v);
}

bool oj_newton_factor(struct newton *nw, double gamma, double t, const double *y)
{
	if (nw->factored == gamma)
		return true;
	bool ok = oj_shift_factor(nw->f, 0, 1 / gamma, 0);
	nw->factored = ok ? gamma : 0;
	if (!ok) {
		rhs_eval(nw->f, t, y, nw->slope);
		nw->fault = oj_first_nonfinite(nw->gauge.n, nw->slope);
		nw->fault_is_scale = false;
	}
	return ok;
}

/* Whose increment is not finite: f is not, or there is no tolerance to measure it by. */
static void find_fault(struct newton *nw)
{
	const struct gauge *g = &nw->gauge;
	nw->fault = oj_first_nonfinite(g->n, nw->slope);
	nw->fault_is_scale = nw->fault < 0;
	for (int64_t i = 0; nw->fault < 0 && i < g->n; i++)
		if (isinf(g->weight[i]))
			nw->fault = i;
}

static INLINE void defect_of(int64_t n, double shift, const double *restrict slope, const double *restrict d,
                               const double *restrict psi, double *restrict out)
{
	for (int64_t i = 0; i < n; i++)
		out[i] = slope[i] - shift * (d[i] - psi[i]);
}

BY_LENGTH(static, set_defect, defect_of,
          (int64_t n, double shift, const double *slope, const double *d, const double *psi, double *out),
          (n, shift, slope, d, psi, out))

static INLINE void compare_for(int64_t n, double least, const double *restrict weight, const double *restrict v,
                               double *restrict last, double *restrict stuck)
{
	for (int64_t i = 0; i < n; i++) {
		bool is = (fabs(v[i]) * weight[i] > least) & (fabs(v[i] - last[i]) < STUCK * fabs(last[i]));
		stuck[i] = is ? v[i] : 0;
		last[i] = v[i];
	}
}

BY_LENGTH(static, compare_defects, compare_for,
          (int64_t n, double least, const double *weight, const double *v, double *last, double *stuck),
          (n, least, weight, v, last, stuck))

/* In a step from rest, or one that states grow in, the first increment says more of how large they are than
 * the beginning does. */
static void measure_by_all(struct newton *nw, const double *increment)
{
	const double *vectors[] = {nw->start, nw->argument, increment};
	for (int k = 0; k < 3; k++)
		oj_fixed_weights(nw->gauge.n, FIXED_SCALE, vectors[k], k == 0, nw->gauge.weight);
}

/* The size of the next increment of d. */
static double find_increment(struct newton *nw, double t, double gamma, const double *base, const double *psi,
                             const double *d)
{
	int64_t n = nw->gauge.n;
	double shift = 1 / gamma, rho = gamma / nw->factored, share = rho == 1 ? 1 : 2 * rho / (1 + rho);
	double *v = nw->increment;
	oj_sum_two(n, base, d, nw->argument);
	rhs_eval(nw->f, t, nw->argument, nw->slope);
	set_defect(n, shift, nw->slope, d, psi, v);
	if (!nw->convergence.forced)
		compare_defects(n, fabs(shift), nw->gauge.weight, v, nw->defect, nw->stuck);
	oj_shift_solve(nw->f, 0, v);
	if (share != 1)
		for (int64_t i = 0; i < n; i++)
			v[i] *= share;
	if (nw->convergence.forced && nw->convergence.iterations == 0)
		measure_by_all(nw, v);
	return oj_gauge_norm(&nw->gauge, v);
}

/* Iterations answer every defect.  One that stays as it is, while its increments are nothing, is of a
 * state that J holds fast and f does not: the stiffness that J tells of has faded.  If it is more than
 * rounding.  (One that grows, or changes its sign, is what others' increments made of it: asking for
 * defects to be halved, the network bcr at 1e-3 took 196 factorisations instead of 132.) */
static bool is_held(struct newton *nw)
{
	int64_t n = nw->gauge.n, i = 0;
	while (i < n && nw->stuck[i] == 0)
		i++;
	if (i == n)
		return false;
	oj_jacobian_noise(nw->f->implicit, n, nw->argument, nw->noise);
	while (i < n && fabs(nw->stuck[i]) <= nw->noise[i])
		i++;
	return i < n;
}

/* ---- steps of given size that one J does not serve ---- */

bool oj_newton_insist(struct newton *nw, double t, const double *y)
{
	if (!nw->convergence.forced)
		return false;
	if (!nw->anew) {
		nw->anew = true;
		nw->fault_before = nw->fault;
		return true;
	}
	oj_newton_restart(nw);
	nw->fault = nw->fault_before;
	oj_jacobian_eval(nw->f, t, y, NULL); /* for who asks why */
	return false;
}

/* d goes along the increment as far as the next one, by the same factors, is smaller; false: nowhere. */
static bool go_damped(struct newton *nw, double t, double gamma, const double *base, const double *psi, double *d,
                      double size)
{
	int64_t n = nw->gauge.n;
	double *from = nw->noise, *way = nw->defect;
	memcpy(from, d, (size_t)n * sizeof *d);
	memcpy(way, nw->increment, (size_t)n * sizeof *d);
	for (double factor = 1; factor >= NEWTON_DAMPED_LEAST; factor /= 2) {
		for (int64_t i = 0; i < n; i++)
			d[i] = from[i] + factor * way[i];
		if (oj_convergence_is_near(size) || find_increment(nw, t, gamma, base, psi, d) <= (1 - factor / 4) * size)
			return true;
	}
	return false;
}

/* Newton's own iterations, damped, with J at every iterate, from the step's beginning, so that of several
 * solutions it is the one that lies before all others. */
static bool solve_anew(struct newton *nw, double t, double gamma, const double *base, const double *psi, double *d)
{
	struct convergence *c = &nw->convergence;
	int64_t n = nw->gauge.n;
	double last = INFINITY;
	nw->worst_rate = 1;
	for (int64_t i = 0; i < n; i++)
		d[i] = nw->start[i] - base[i];
	for (int k = 0; k < NEWTON_FIXED_ROUNDS; k++) {
		oj_sum_two(n, base, d, nw->argument);
		oj_jacobian_eval(nw->f, t, nw->argument, NULL);
		nw->factored = 0;
		if (!oj_newton_factor(nw, gamma, t, nw->argument))
			return false;
		c->iterations = 0; /* sizes are measured anew */
		double size = find_increment(nw, t, gamma, base, psi, d);
		nw->f->implicit->iterations++;
		if (!isfinite(size))
			return false;
		c->iterations = 1;
		bool rounding = k > 0 && size > last / 4 && oj_is_rounding(n, nw->increment, nw->reached, 1);
		if (rounding || oj_convergence_ends_anew(c, size, last)) {
			for (int64_t i = 0; i < n; i++)
				d[i] += nw->increment[i];
			return true;
		}
		if (!go_damped(nw, t, gamma, base, psi, d, size))
			return false;
		last = size;
	}
	return false;
}

bool oj_newton_solve(struct newton *nw, double t, double gamma, const double *base, const double *psi, double *d)
{
	struct convergence *c = &nw->convergence;
	enum newton_verdict verdict = NEWTON_GOES_ON;
	int held = 0;
	if (nw->anew)
		return solve_anew(nw, t, gamma, base, psi, d);
	oj_convergence_begin(c);
	c->fresh = nw->fresh;
	while (verdict == NEWTON_GOES_ON) {
		double size = find_increment(nw, t, gamma, base, psi, d);
		verdict = oj_convergence_judge(c, size);
		if (!isfinite(size))
			find_fault(nw);
		if (c->forced && oj_convergence_is_slow(c) && oj_is_rounding(nw->gauge.n, nw->increment, nw->reached, 1))
			verdict = NEWTON_DONE;
		if (verdict == NEWTON_DONE && c->iterations > 1 && !c->forced && is_held(nw))
			verdict = held++ == 0 && c->iterations < c->most ? NEWTON_GOES_ON : NEWTON_FAILED;
		for (int64_t i = 0; i < nw->gauge.n && verdict != NEWTON_FAILED; i++)
			d[i] += nw->increment[i];
	}
	nw->iterations += c->iterations;
	nw->f->implicit->iterations += (uint64_t)c->iterations;
	nw->worst_rate = c->iterations > 1 ? fmax(nw->worst_rate, c->rate) : nw->worst_rate;
	return verdict == NEWTON_DONE;
}

int64_t oj_newton_culprit(const struct newton *nw, const struct step *step, const double *f1, const double *error,
                          bool *finite)
{
	const double *vectors[] = {step->y1, f1, error};
	*finite = nw->fault >= 0 && nw->fault_is_scale;
	if (nw->fault >= 0)
		return nw->fault;
	*finite = false;
	for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
		int64_t at = vectors[v] ? oj_first_nonfinite(nw->gauge.n, vectors[v]) : -1;
		if (at >= 0)
			return at;
	}
	*finite = true;
	return oj_gauge_worst(&nw->gauge, error ? error : nw->increment);
}
