/* Radau IIA methods (E. Hairer, G. Wanner, Solving Ordinary Differential Equations II,
 * IV.8; Stiff differential equations solved by Radau methods, J. Comp. Appl. Math. 111
 * (1999) 93-111, which is what sections and numbers below refer to).
 *
 * A step solves Z = h (A x I) F(Z), Z_i = u(t0 + c_i h) - y0, by simplified Newton
 * iterations.  With W = (T^-1 x I) Z they are one real and some complex systems of n
 * equations, each (lambda/h I - J) dW = T^-1 F - lambda/h W.  u is the collocation
 * polynomial, which starts the next step's iterations.
 *
 * Output inside a step goes through u plus a bubble, which vanishes at both ends and gives
 * u the slope f(y0) at the beginning, after the same filter as the estimate: that is
 * the estimate times a polynomial, and one order more than u, s + 1, for nothing.
 *
 * In the stiff limit the estimate, filtered, tells of the ends alone, which may be exact
 * where u is not.  So what u's slope at the beginning differs by from the slope that the last
 * step's u ended with is held to the tolerance too, as the bubble that it would make (HIRES at
 * 1e-8: error at fifty times 36 rtol when held to the looser one below, then 1.3).
 *
 * The number of stages follows the convergence of the iterations (1999, section 4):
 * where they converge fast two stages more cost little, where they hardly do, two fewer
 * help.  The estimate is of order s, far below the solution's 2s - 1; so a step is held to
 * a tolerance that is looser than what was asked for, 0.25 rtol^((3s+1)/(4s)).  That is just
 * below the mean of rtol and of what the published code takes, 0.1 rtol^((s+1)/(2s)), which
 * leaves errors of ten to 700 rtol at the ends of steps and inside (Prothero and Robinson's
 * equation at 1e-8); with 0.3 SD4 of STIFF DETEST is off by 13 rtol at 1e-7. */
#include "solvers/radau_state.h"

#include "solvers/control.h"
#include "solvers/faded.h"
#include "solvers/implicit.h"
#include "solvers/layout.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

const struct radau oj_radau = {3, RADAU_STAGES}, oj_radau5 = {3, 3}, oj_radau9 = {5, 5}, oj_radau13 = {7, 7},
                   oj_implicit_euler = {1, 1};

/* Numbers of the policy, as in the published code: steps between LENGTH_KEPT are taken
 * with the length and the factors of the last; J is kept where the iterations of the last
 * step shrank by SMALL_RATE, and where it foretells a step's change of f to FORETOLD of each
 * state's change, which is our own; the order goes up below RATE_UP and down above RATE_DOWN.  RATE_UP is
 * larger than published, 2e-3, with which whoever comes late keeps the least order (m: 47 stiff problems at 1e-4 to 1e-10,
 * counted operations: a fiftieth less; ROBER to 1e5 at 1e-6 from where `auto` begins 132 steps, with 1e-2 52). */
#define SAFETY 0.9
#define SMALL_RATE 1e-3
#define LENGTH_KEPT 1.2
#define RATE_UP 1e-2
#define RATE_DOWN 0.8
#define SHRINK_MOST 0.125
#define GROW_MOST 8.0
#define FORETOLD 0.25
#define FADED_SHRINK 0.25
#define INSIDE 3.0
enum { ORDER_REST = 10, FIRST_REST = 2 }; /* steps between changes upwards, and before the first, which are ours */

enum { VECTORS = 11 + 5 * RADAU_STAGES };

static size_t state_size(const struct setup *setup)
{
	return sizeof(struct radau_state) + VECTORS * (size_t)stride_of(setup->n) * sizeof(double);
}

/* Every vector, in the order in which they lie in memory, and how many strides it takes. */
enum { POINTERS = 15 };
static void list_parts(struct radau_state *s, struct part parts[POINTERS])
{
	const struct part all[POINTERS] = {
		{&s->y0, 1}, {&s->y1, 1}, {&s->low, 1}, {&s->next_low, 1}, {&s->f0, 1}, {&s->f1, 1}, {&s->weight, 1},
		{&s->error, 1}, {&s->reached, 1}, {&s->work, 2}, {&s->f_stages, RADAU_STAGES}, {&s->w, RADAU_STAGES}, {&s->g, RADAU_STAGES}, {&s->now.z, RADAU_STAGES},
		{&s->last.z, RADAU_STAGES},
	};
	memcpy(parts, all, sizeof all);
}

static void init(void *state, const struct setup *setup)
{
	struct radau_state *s = state;
	struct part parts[POINTERS];
	*s = (struct radau_state){.radau = setup->row, .n = setup->n, .stride = stride_of(setup->n)};
	for (size_t r = 0; r < RADAU_ROWS; r++) {
		oj_radau_slopes(oj_radau_row(r), 0, s->begin[r]);
		oj_radau_slopes(oj_radau_row(r), 1, s->end[r]);
		oj_radau_scales(oj_radau_row(r), s->scales[r]);
		for (int i = 1; i < 64; i++)
			s->crest[r] = fmax(s->crest[r], fabs(oj_radau_bubble(oj_radau_row(r), i / 64.0)) / oj_radau_row(r)->real);
		s->spread[r] = 1;
		for (int i = 0; i < oj_radau_row(r)->t_inverse.count; i++)
			s->spread[r] = fmax(s->spread[r], fabs(oj_radau_row(r)->t_inverse.at[i]));
	}
	double *memory = (double *)(s + 1);
	memset(memory, 0, state_size(setup) - sizeof *s);
	list_parts(s, parts);
	lay_out_parts(parts, POINTERS, s->stride, memory);
}

static int shifts(const struct setup *setup)
{
	return (((const struct radau *)setup->row)->most - 1) / 2;
}

static void bind(void *state, struct rhs *f, const struct tolerance *tolerance)
{
	struct radau_state *s = state;
	s->f = f;
	s->tolerance = tolerance;
}

static enum attempt start(void *state, double t, const double *y)
{
	struct radau_state *s = state;
	size_t bytes = (size_t)s->n * sizeof *y;
	memcpy(s->y0, y, bytes);
	memset(s->low, 0, bytes);
	memset(s->reached, 0, bytes);
	s->row = oj_radau_row_of(s->radau->least);
	s->last.row = s->factored = NULL;
	s->have_jacobian = s->fresh = s->have_f1 = s->rejected = s->failed = s->clipped = false;
	s->first = true;
	s->proposed = 0;
	s->convergence = (struct convergence){0};
	s->since = ORDER_REST - FIRST_REST;
	s->fault = -1;
	rhs_eval(s->f, t, s->y0, s->f0);
	return oj_all_finite(s->n, s->y0) && oj_all_finite(s->n, s->f0) ? ATTEMPT_OK : ATTEMPT_FATAL;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	struct radau_state *s = state;
	*y = s->y0;
	*f0 = s->f0;
	*scratch0 = s->work;
	*scratch1 = s->y1;
}

/* ---- the error ---- */

/* y1 = y0 + Z_s, and what is left out. */
static void finish(struct radau_state *s)
{
	const double *z = s->now.z + (s->row->stages - 1) * s->stride;
	for (int64_t c = 0; c < s->n; c++)
		s->y1[c] = oj_add_change(s->y0[c], s->low[c], z[c], &s->next_low[c]);
}

/* (real/h I - J)^-1 (slope + real/h e . Z). */
static double solve_error(struct radau_state *s, double h, const double *slope)
{
	const struct radau_row *row = s->row;
	double factor = row->real / h;
	oj_sum_weighted(s->n, row->stages, row->error.at, s->now.z, s->stride, s->error);
	for (int64_t c = 0; c < s->n; c++)
		s->error[c] = slope[c] + factor * s->error[c];
	oj_shift_solve(s->f, 0, s->error);
	return oj_radau_norm(s, s->error);
}

/* The error over the scale.  A large one is filtered once more where a first step or a
 * rejection says that the estimate may be of a fast mode that is gone by t1. */
static double estimate(struct radau_state *s, const struct step *step)
{
	double error = solve_error(s, step->h, s->f0);
	if (error < 1 || !(s->first || s->rejected))
		return oj_error_at_least(error);
	for (int64_t c = 0; c < s->n; c++)
		s->work[c] = s->y0[c] + s->error[c];
	rhs_eval(s->f, step->t0, s->work, s->f1);
	return oj_error_at_least(solve_error(s, step->h, s->f1));
}

/* The error inside of the step, as far as the slopes of two polynomials where they meet tell.
 * Nothing there is of a higher order but the bubble; so it is held to less than the scale: in
 * the middle between that and what was asked for, and a third. */
static double estimate_inside(struct radau_state *s, double h)
{
	if (!s->last.row)
		return 0;
	ptrdiff_t before = s->last.row - oj_radau_row(0), now = s->row - oj_radau_row(0);
	oj_sum_weighted(s->n, s->last.row->stages, s->end[before], s->last.z, s->stride, s->work);
	oj_sum_weighted(s->n, s->row->stages, s->begin[now], s->now.z, s->stride, s->work + s->stride);
	for (int64_t c = 0; c < s->n; c++)
		s->work[c] = s->crest[now] * (s->work[c] * (h / s->last.h) - s->work[s->stride + c]);
	return INSIDE * sqrt(s->share) * oj_radau_norm(s, s->work);
}

/* ---- control ---- */

/* The factor that an error says; fewer where many iterations were needed. */
static double length_factor(const struct radau_state *s, double error)
{
	int most = oj_radau_rounds(s->row);
	double effort = (1.0 + 2 * most) / (s->convergence.iterations + 2 * most);
	double factor = SAFETY * effort * oj_control_power(error, -1.0 / (s->row->stages + 1));
	return fmin(fmax(factor, SHRINK_MOST), GROW_MOST);
}

/* After an accepted step: Gustafsson's prediction where it asks for less. */
static double accepted_length(struct radau_state *s, double h, double error)
{
	double factor = length_factor(s, error);
	if (!s->first && s->old_error > 0) {
		double ratio = h / s->old_h, power = 1.0 / (s->row->stages + 1);
		double predicted = SAFETY * ratio * oj_control_power(s->old_error / (error * error), power);
		factor = fmin(factor, fmin(fmax(predicted, SHRINK_MOST), GROW_MOST));
	}
	if (s->rejected || s->failed)
		factor = fmin(factor, 1);
	return h * factor;
}

/* More stages where the iterations were fast and steps even, fewer where slow. */
static void choose_stages(struct radau_state *s, double ratio)
{
	int stages = s->row->stages, next = stages;
	bool even = ratio > 0.8 && ratio < 1.2;
	s->since++;
	if (s->convergence.iterations > 1 && s->convergence.rate <= RATE_UP && even && s->since > ORDER_REST)
		next = stages + 2;
	if (s->convergence.rate >= RATE_DOWN || s->failed)
		next = stages - 2;
	next = next < s->radau->least ? s->radau->least : next > s->radau->most ? s->radau->most : next;
	if (next == stages)
		return;
	s->row = oj_radau_row_of(next);
	s->since = 0;
	s->old_error = 0;
}

/* Would J have told how f changed over the step?  Iterations need not show that it is far too large,
 * where stiffness has faded: increments are small then, and those of other states shrink fast.
 * What it says wrongly, seen through its own factors, is compared with each state's change. */
static bool foretells(struct radau_state *s)
{
	const struct matrix *jacobian = &s->f->implicit->jacobian;
	double *wrong = s->work;
	if (!s->have_f1 || !jacobian->kernel)
		return true;
	for (int64_t i = 0; i < s->n; i++)
		wrong[i] = s->f1[i] - s->f0[i];
	for (int64_t j = 0; j < s->n; j++)
		for (int64_t e = jacobian->pattern->column[j]; e < jacobian->pattern->column[j + 1]; e++)
			wrong[jacobian->pattern->row[e]] -= jacobian->values[e] * (s->y1[j] - s->y0[j]);
	oj_shift_solve(s->f, 0, wrong);
	for (int64_t i = 0; i < s->n; i++)
		if (!(fabs(wrong[i]) * s->weight[i] <= FORETOLD * (fabs(s->y1[i] - s->y0[i]) * s->weight[i] + 1)))
			return false;
	return true;
}

/* What follows an accepted step. */
static void plan_next(struct radau_state *s, double h, double error)
{
	bool old = s->convergence.rate > SMALL_RATE || !foretells(s);
	double next = accepted_length(s, h, error), ratio = next / h;
	s->old_h = h;
	s->old_error = fmax(error, 1e-2);
	choose_stages(s, ratio);
	if (!old && ratio >= 1 && ratio <= LENGTH_KEPT)
		next = h;
	s->proposed = next;
	if (old)
		s->have_jacobian = false;
}

/* ---- the stepper ---- */

static double propose(const void *state)
{
	return ((const struct radau_state *)state)->proposed;
}

/* Is it another f that the step ends with than the one that J is of? */
static bool has_faded(struct radau_state *s, const struct step *step)
{
	double weights[RADAU_STAGES], *slope = s->work;
	const double *at_end = s->end[s->row - oj_radau_row(0)];
	rhs_eval(s->f, step->t1, s->y1, s->f1);
	s->have_f1 = true;
	for (int i = 0; i < s->row->stages; i++)
		weights[i] = at_end[i] / step->h;
	oj_sum_weighted(s->n, s->row->stages, weights, s->now.z, s->stride, slope);
	const struct step_end end = {.t = step->t1, .shift = s->lambda[0], .y = s->y1, .f = s->f1, .slope = slope,
	                             .weight = s->weight, .aside = s->work + s->stride, .change = s->f_stages};
	return oj_has_faded(s->f, &end);
}

static enum attempt attempt(void *state, struct step *step)
{
	struct radau_state *s = state;
	step->y0 = s->y0;
	step->y1 = s->y1;
	step->squared = 0;
	s->have_f1 = s->have_error = false;
	if (s->n == 0)
		return ATTEMPT_OK;
	if (!oj_radau_solve(s, step)) {
		s->failed = s->rejected = true;
		step->retry = s->retry;
		memcpy(s->y1, s->y0, (size_t)s->n * sizeof *s->y1);
		return ATTEMPT_RETRY;
	}
	finish(s);
	s->now.row = s->row;
	s->now.h = step->h;
	if (!s->tolerance)
		return oj_all_finite(s->n, s->y1) ? ATTEMPT_OK : ATTEMPT_RETRY;
	s->now_error = fmax(estimate(s, step), estimate_inside(s, step->h));
	step->squared = s->now_error * s->now_error;
	s->have_error = true;
	if (!isfinite(step->squared)) {
		step->retry = fabs(step->h) / 2;
		s->rejected = true;
		return ATTEMPT_RETRY;
	}
	if (step->squared <= 1 && has_faded(s, step)) {
		step->retry = FADED_SHRINK * fabs(step->h);
		s->rejected = true;
		return ATTEMPT_RETRY;
	}
	if (step->squared > 1) {
		step->retry = s->first ? fabs(step->h) / 10 : fabs(step->h) * length_factor(s, s->now_error);
		s->rejected = true;
	}
	return ATTEMPT_OK;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct radau_state *s = state;
	if (!s->have_f1 || step->clipped)
		rhs_eval(s->f, step->t1, s->y1, s->f1);
	s->have_f1 = true;
	s->clipped = step->clipped;
	return oj_all_finite(s->n, s->f1) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

/* States that were set to 0 come there on a straight line: what took them below is not to go on. */
static void straighten(struct radau_state *s)
{
	for (int i = 0; i < s->last.row->stages; i++)
		for (int64_t c = 0; c < s->n; c++)
			if (s->y0[c] == 0)
				s->last.z[i * s->stride + c] = s->last.row->nodes.at[i] * s->last.h * s->f0[c];
}

static void accept(void *state)
{
	struct radau_state *s = state;
	if (s->tolerance && s->n > 0)
		plan_next(s, fabs(s->now.h), s->now_error);
	swap_vectors(&s->y0, &s->y1);
	swap_vectors(&s->low, &s->next_low);
	swap_vectors(&s->f0, &s->f1);
	struct course course = s->last;
	s->last = s->now;
	s->now = course;
	s->fault = -1;
	if (s->clipped)
		straighten(s);
	s->clipped = s->first = s->rejected = s->failed = s->fresh = s->have_f1 = false;
}

/* ---- inside a step ---- */

/* The estimate, which steps of given size do without otherwise. */
static void need_error(struct radau_state *s, const struct step *step)
{
	if (s->have_error)
		return;
	solve_error(s, step->h, s->f0);
	s->have_error = true;
}

static const double *scales_of(const struct radau_state *s, const struct radau_row *row)
{
	return s->scales[row - oj_radau_row(0)];
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct radau_state *s = state;
	if (s->n == 0)
		return;
	need_error(s, step);
	oj_radau_look_inside(s->n, s->now.row, scales_of(s, s->now.row), (t - step->t0) / step->h, s->y0, s->error, s->now.z,
	                     s->stride, y);
}

/* y0, the error, the number of stages, the stages. */
static size_t kept_size(const struct setup *setup)
{
	return (size_t)setup->n * (size_t)(2 + ((const struct radau *)setup->row)->most) + 1;
}

static void keep(void *state, const struct step *step, double *kept)
{
	struct radau_state *s = state;
	size_t n = (size_t)s->n, bytes = n * sizeof *kept;
	if (n == 0)
		return;
	need_error(s, step);
	memcpy(kept, s->y0, bytes);
	memcpy(kept + n, s->error, bytes);
	kept[2 * n] = s->now.row->stages;
	for (int i = 0; i < s->now.row->stages; i++)
		memcpy(kept + 2 * n + 1 + (size_t)i * n, s->now.z + i * s->stride, bytes);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct radau_state *s = state;
	int64_t n = s->n;
	if (n == 0)
		return;
	const struct radau_row *row = oj_radau_row_of((int)kept[2 * n]);
	oj_radau_look_inside(n, row, scales_of(s, row), (t - t0) / h, kept, kept + n, kept + 2 * n + 1, n, y);
}

static void move(void *state, const void *from)
{
	struct radau_state *s = state;
	struct part parts[POINTERS];
	list_parts(s, parts);
	move_parts(parts, POINTERS, state, from);
}

static bool has_factors(const void *state)
{
	return ((const struct radau_state *)state)->factored;
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct radau_state *s = state;
	const double *vectors[] = {step->y1, s->have_f1 ? s->f1 : s->f0, s->have_error ? s->error : s->f0};
	int64_t worst = 0;
	double most = -1;
	*finite = s->fault >= 0 && s->fault_is_scale;
	if (s->fault >= 0)
		return s->fault;
	*finite = false;
	for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
		int64_t at = oj_first_nonfinite(s->n, vectors[v]);
		if (at >= 0)
			return at;
	}
	*finite = true;
	const double *sizes = s->have_error ? s->error : s->g; /* a failed step has the last increments */
	for (int64_t i = 0; i < s->n; i++) {
		double ratio = sizes[i] == 0 ? 0 : fabs(sizes[i]) * s->weight[i];
		if (ratio > most)
			most = ratio, worst = i;
	}
	return worst;
}

const struct stepper oj_stepper_radau = {
	.name = "radau",
	.shifts = shifts,
	.state_size = state_size,
	.init = init,
	.bind = bind,
	.start = start,
	.look = look,
	.attempt = attempt,
	.has_factors = has_factors,
	.propose = propose,
	.complete = complete,
	.interpolate = interpolate,
	.kept_size = kept_size,
	.keep = keep,
	.recall = recall,
	.move = move,
	.accept = accept,
	.culprit = culprit,
};
