/* The iterations that find the stages of a Radau IIA step: simplified Newton with one real
 * and some complex factors (E. Hairer, G. Wanner, Solving Ordinary Differential Equations
 * II, IV.8). */
#include "solvers/radau_state.h"
#include "solvers/radau_sums.h"

#include "solvers/control.h"
#include "solvers/implicit.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define FIXED_SCALE (16 * DBL_EPSILON) /* what increments of steps of given size are measured by */

/* ---- scales ---- */

/* The tolerance that the estimate of `row` is held to. */
static double own_rtol(const struct radau_state *s, const struct radau_row *row)
{
	double stages = row->stages;
	return 0.25 * oj_control_power(s->tolerance->rtol, (3 * stages + 1) / (4 * stages));
}

/* weight[n], one over what increments and errors are measured by.  Steps of given size have no
 * tolerance: their iterations go on to rounding, for states that count. */
static void set_weights(struct radau_state *s)
{
	const struct tolerance *tolerance = s->tolerance;
	double spread = s->spread[s->row - oj_radau_row(0)];
	if (!tolerance) {
		oj_convergence_set(&s->convergence, 0, FIXED_SCALE, spread);
		oj_fixed_weights(s->n, FIXED_SCALE, s->y0, true, s->weight);
		oj_note_reached(s->n, s->y0, s->reached);
		return;
	}
	double rtol = own_rtol(s, s->row);
	s->share = rtol / tolerance->rtol;
	oj_convergence_set(&s->convergence, rtol, rtol, spread);
	for (int64_t i = 0; i < s->n; i++)
		s->weight[i] = 1 / (s->share * tolerance->atol[i] + rtol * fabs(s->y0[i]));
}

double oj_radau_norm(const struct radau_state *s, const double *v)
{
	return oj_weighted_norm(s->n, v, s->weight, s->tolerance && s->tolerance->max_norm);
}

/* ---- factors ---- */

static void evaluate_jacobian(struct radau_state *s, double t, const double *y)
{
	oj_jacobian_eval(s->f, t, y, s->tolerance);
	s->have_jacobian = s->fresh = true;
	s->factored = NULL;
}

/* Factors of lambda/h I - J for all eigenvalues.  False: one is singular. */
static bool factorise(struct radau_state *s, double h)
{
	if (s->factored == s->row && s->factored_h == h)
		return true;
	const struct radau_row *row = s->row;
	double *lambda = s->lambda;
	s->factored = NULL;
	lambda[0] = row->real / h;
	for (int k = 1; k < row->stages; k++)
		lambda[k] = row->shifts.at[k - 1] / h;
	bool ok = oj_shift_factor(s->f, 0, lambda[0], 0);
	for (int k = 1; ok && k < row->stages; k += 2)
		ok = oj_shift_factor(s->f, k / 2 + 1, lambda[k], lambda[k + 1]);
	if (ok) {
		s->factored = row;
		s->factored_h = h;
	}
	return ok;
}

/* ---- stages ---- */

/* Stages of the coming step of length h from the polynomial of the last: where that goes
 * on to, less where it ended. */
static void extrapolate(struct radau_state *s, double h)
{
	double *z = s->now.z, weights[RADAU_STAGES];
	int stages = s->row->stages;
	if (!s->last.row) {
		memset(z, 0, (size_t)(stages * s->stride) * sizeof *z);
		return;
	}
	int known = s->last.row->stages;
	const double *scales = s->scales[s->last.row - oj_radau_row(0)];
	for (int i = 0; i < stages; i++) {
		oj_radau_weights(s->last.row, scales, 1 + s->row->nodes.at[i] * h / s->last.h, weights);
		weights[known - 1] -= 1;
		oj_sum_weighted(s->n, known, weights, s->last.z, s->stride, z + i * s->stride);
	}
}

/* ---- iterations ---- */

static void evaluate_stages(struct radau_state *s, const struct step *step)
{
	int stages = s->row->stages;
	for (int i = 0; i < stages; i++) {
		const double *z = s->now.z + i * s->stride;
		double t = i == stages - 1 ? step->t1 : step->t0 + s->row->nodes.at[i] * step->h;
		oj_sum_two(s->n, s->y0, z, s->work);
		rhs_eval(s->f, t, s->work, s->f_stages + i * s->stride);
	}
}

/* Increments g of w. */
static void solve_stages(struct radau_state *s)
{
	oj_shift_solve(s->f, 0, s->g);
	for (int k = 1; k < s->row->stages; k += 2)
		oj_shift_solve(s->f, k / 2 + 1, s->g + k * s->stride);
}

/* In a step from rest, or one that states grow in, the first increments say more of how large they are than
 * the beginning does. */
static void measure_by_all(struct radau_state *s)
{
	oj_fixed_weights(s->n, FIXED_SCALE, s->y0, true, s->weight);
	for (int i = 0; i < s->row->stages; i++) {
		oj_fixed_weights(s->n, FIXED_SCALE, s->now.z + i * s->stride, false, s->weight);
		oj_fixed_weights(s->n, FIXED_SCALE, s->g + i * s->stride, false, s->weight);
	}
}

/* The norm of the increments, all stages together. */
static double increment_norm(const struct radau_state *s, const struct radau_sums *sums)
{
	sums->squares(s->n, s->stride, s->g, s->weight, s->work);
	return sqrt(oj_sum_in_parts(s->n, s->work) / (double)(s->n * s->row->stages));
}

/* Whose increment is not finite: F is not, or there is no tolerance to measure it by. */
static void find_fault(struct radau_state *s)
{
	s->fault = -1;
	for (int i = 0; s->fault < 0 && i < s->row->stages; i++)
		s->fault = oj_first_nonfinite(s->n, s->f_stages + i * s->stride);
	s->fault_is_scale = s->fault < 0;
	for (int64_t c = 0; s->fault < 0 && c < s->n; c++)
		if (isinf(s->weight[c]))
			s->fault = c;
}

static bool is_rounding(const struct radau_state *s)
{
	int i = 0;
	while (i < s->row->stages && oj_is_rounding(s->n, s->g + i * s->stride, s->reached, s->spread[s->row - oj_radau_row(0)]))
		i++;
	return i == s->row->stages;
}

int oj_radau_rounds(const struct radau_row *row)
{
	int most = 7 + (row->stages - 3) * 5 / 2;
	return most < 7 ? 7 : most;
}

/* Solve for the stages, from those that are there. */
static bool iterate(struct radau_state *s, const struct step *step)
{
	const struct radau_sums *sums = oj_radau_sums(s->row->stages, s->n);
	struct convergence *c = &s->convergence;
	int most = oj_radau_rounds(s->row);
	enum newton_verdict verdict = NEWTON_GOES_ON;
	c->most = c->forced ? NEWTON_FIXED_ROUNDS : most;
	c->fresh = s->fresh;
	oj_convergence_begin(c);
	sums->transform(s->row, s->n, s->stride, s->now.z, s->w);
	while (verdict == NEWTON_GOES_ON) {
		evaluate_stages(s, step);
		sums->residuals(s->row, s->n, s->stride, s->lambda, s->f_stages, s->w, s->g);
		solve_stages(s);
		if (c->forced && c->iterations == 0)
			measure_by_all(s);
		double size = increment_norm(s, sums);
		verdict = oj_convergence_judge(c, size);
		if (!isfinite(size))
			find_fault(s);
		if (c->forced && oj_convergence_is_slow(c) && is_rounding(s))
			verdict = NEWTON_DONE;
		if (verdict != NEWTON_FAILED)
			sums->advance(s->row, s->n, s->stride, s->g, s->w, s->now.z);
	}
	s->f->implicit->iterations += (uint64_t)c->iterations;
	s->retry = fabs(step->h) * c->shorten;
	return verdict == NEWTON_DONE;
}

/* ---- steps of given size that one J does not serve ---- */

/* g is the increment that the stages as they are lead to; its norm. */
static double find_increment(struct radau_state *s, bool measure)
{
	const struct radau_sums *sums = oj_radau_sums(s->row->stages, s->n);
	sums->residuals(s->row, s->n, s->stride, s->lambda, s->f_stages, s->w, s->g);
	solve_stages(s);
	if (measure)
		measure_by_all(s);
	s->f->implicit->iterations += measure;
	return increment_norm(s, sums);
}

/* The stages go on by a share of what `way` says. */
static void advance_by(struct radau_state *s, double share, const double *way)
{
	const struct radau_sums *sums = oj_radau_sums(s->row->stages, s->n);
	for (int64_t i = 0; i < s->row->stages * s->stride; i++)
		s->g[i] = share * way[i];
	sums->advance(s->row, s->n, s->stride, s->g, s->w, s->now.z);
}

/* The stages go along the increment as far as the next one is smaller; false: nowhere. */
static bool go_damped(struct radau_state *s, const struct step *step, double size)
{
	double *way = s->last.z, done = 0;
	s->last.row = NULL;
	memcpy(way, s->g, (size_t)(s->row->stages * s->stride) * sizeof *way);
	for (double share = 1; share >= NEWTON_DAMPED_LEAST; share /= 2) {
		advance_by(s, share - done, way);
		done = share;
		if (oj_convergence_is_near(size))
			return true;
		evaluate_stages(s, step);
		if (find_increment(s, false) <= (1 - share / 4) * size)
			return true;
	}
	return false;
}

/* Newton's iterations, damped, with J at the step's end as each leaves it, from no change at all. */
static bool iterate_anew(struct radau_state *s, const struct step *step)
{
	const struct radau_sums *sums = oj_radau_sums(s->row->stages, s->n);
	size_t bytes = (size_t)(s->row->stages * s->stride) * sizeof *s->w;
	double last = INFINITY;
	memset(s->now.z, 0, bytes);
	memset(s->w, 0, bytes);
	for (int k = 0; k < NEWTON_FIXED_ROUNDS; k++) {
		evaluate_stages(s, step); /* leaves the end in s->work */
		evaluate_jacobian(s, step->t1, s->work);
		s->fresh = false;
		if (!factorise(s, step->h))
			return false;
		double size = find_increment(s, true);
		if (!isfinite(size))
			return false;
		bool rounding = k > 0 && size > last / 4 && is_rounding(s);
		if (rounding || oj_convergence_ends_anew(&s->convergence, size, last)) {
			sums->advance(s->row, s->n, s->stride, s->g, s->w, s->now.z);
			return true;
		}
		if (!go_damped(s, step, size))
			return false;
		last = size;
	}
	return false;
}

static bool insist(struct radau_state *s, const struct step *step)
{
	int64_t fault = s->fault;
	bool ok = iterate_anew(s, step);
	s->have_jacobian = false; /* it is of the step's end */
	if (!ok) {
		s->fault = fault;
		evaluate_jacobian(s, step->t0, s->y0); /* for who asks why */
	}
	return ok;
}

/* ---- a step ---- */

/* The iterations came to nothing: with a fresh J, then with a shorter step. */
bool oj_radau_solve(struct radau_state *s, const struct step *step)
{
	for (;;) {
		if (!s->have_jacobian)
			evaluate_jacobian(s, step->t0, s->y0);
		set_weights(s);
		s->retry = fabs(step->h) / 2;
		extrapolate(s, step->h);
		bool fresh = s->fresh;
		if (factorise(s, step->h) && iterate(s, step))
			return true;
		if (fresh)
			return s->convergence.forced && insist(s, step);
		s->have_jacobian = false;
	}
}
