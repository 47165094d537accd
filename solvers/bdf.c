/* Backward differentiation formulas of orders 1 to 5 with a fixed leading coefficient
 * (bdf_formula.h), of which order and length follow from the tolerance as in CVODE (A. C.
 * Hindmarsh et al., SUNDIALS, ACM Trans. Math. Softw. 31 (2005) 363-396).
 *
 * What is known of the past is an array of h^j y^(j)/j!, j = 0 .. order, at the time reached.  A
 * step of any length scales it, moves it on by Pascal's triangle, and finds the correction
 * d of y from d = psi + gamma f(t1, y + d) (iterations.h); then the array at t1 is what was
 * predicted plus l_j d, and d times a constant of the formula is the error.  A failed attempt
 * leaves the array as it was.  The array is also the interpolant, of the formula's order.
 *
 * Every order + 1 steps the errors of the orders next to the present one are estimated too, and
 * the order with the longest step is taken; lengths change where that gains three tenths or more.
 * A run begins, and begins again, with order 1.  J and factors are kept for up to 20 steps as
 * long as iterations converge and gamma is within a fifth of theirs; dear ones, as sparse ones are
 * that fill up, twice as long and within two fifths, for a twentieth more iterations (the Brusselator
 * in a square at 1e-5: 57 factorisations become 28, the network bcr at 1e-6 254 become 171).
 * Iterations may leave 0.03 of the tolerance.  (CVODE waits for a half, keeps J longer and leaves 0.1: over five problems
 * at tolerances from 1e-3 to 1e-9 that takes a third more steps and evaluations, for errors
 * that are no smaller.)
 *
 * Steps of given size are of order 2, but for the first, of order 1: the highest order that is
 * stable for all stable equations.
 *
 * Errors of steps add up, since there is no extrapolation that would make a step better than its
 * estimate, and steps are many.  So that a run's error is near the tolerance a step is held to an
 * eighth of it (m, 34 problems of STIFF DETEST and the Bari set at 1e-4 to 1e-10: errors up to 47
 * tolerances times the problem's sensitivity become less than ten, for a third more work), and to less where
 * they are seen to add up (drift.h). */
#include "solvers/bdf.h"

#include "solvers/bdf_array.h"
#include "solvers/bdf_formula.h"
#include "solvers/control.h"
#include "solvers/drift.h"
#include "solvers/implicit.h"
#include "solvers/iterations.h"
#include "solvers/layout.h"
#include "solvers/sums.h"

#include <math.h>
#include <string.h>

/* The policy: of lengths, of orders, of J and factors. */
#define BIAS 6.0         /* safety: errors count so many times */
#define BIAS_HIGHER 10.0 /* those of the next order */
#define CHANGE_LEAST 1.3 /* what a change of length has to gain */
#define STAY_LONG 12     /* steps of one length and order, after which a higher order needs to gain nothing */
#define GROW_FIRST 1e4
#define GROW_MOST 10.0
#define SHRINK_MOST 0.1
#define SHRINK_AGAIN 0.2 /* at the most, after the second failure in a row */
#define SHARE 0.03       /* of the tolerance that iterations may leave */
#define GAMMA_KEPT 0.2
#define GAMMA_KEPT_LONG 0.4 /* of factors that are dear: that cost more than DEAR solves */
#define DEAR 16.0
#define STEP_SHARE 0.125 /* of the tolerance, for a single step's error */
#define COUNTS 2.0       /* what adds up is so many times more */
#define PATIENCE 16.0    /* in tolerances, see drift.h; steps are many, and have few solves */
enum {
	ROUNDS = 4,         /* of iterations */
	FACTORS_KEPT = 20,  /* steps */
	FACTORS_KEPT_LONG = 40,
	FAILURES_MANY = 3,  /* in a row: what was known of high derivatives is forgotten */
	ORDER_REST = 10,    /* steps at order 1 after that */
	ORDER_FIXED = 2,    /* of steps of given size */
};
enum { ROWS = BDF_MOST + 1 };

struct bdf_state {
	const struct tolerance *tolerance; /* NULL: steps of given size */
	struct newton newton;
	int64_t n, stride;
	double *low, *next_low, *f0, *psi, *change, *y1, *predicted, *d, *old_d;
	double *z, *next; /* [ROWS][stride]: the array at t0, scaled by past[0]; at t1 */
	int order, rest;  /* steps until the order may change */
	int stayed;       /* steps since the length or order did */
	double past[ROWS + 1]; /* lengths of the steps before, the last one first; past[0] = 1 before the first */
	double h;
	struct bdf_formula formula;
	struct drift drift;
	double old_measure; /* of the last step; 0: there is none */
	double proposed, error;
	uint64_t steps, factored_at; /* counted since the start */
	int failures;     /* of this step's attempts */
	bool failed;      /* there was one */
	bool have_error, have_next;
	bool clipped;     /* the loop set states of the last step to 0; f0 is of its end then */
};

/* ---- the state ---- */

enum { VECTORS = 19, POINTERS = VECTORS + 2 };

static size_t state_size(const struct setup *setup)
{
	return sizeof(struct bdf_state) + (VECTORS + 2 * ROWS) * (size_t)stride_of(setup->n) * sizeof(double);
}

/* Every vector, in the order in which they lie in memory. */
static void list_parts(struct bdf_state *s, struct part parts[POINTERS])
{
	const struct part all[POINTERS] = {
		{&s->low, 1}, {&s->next_low, 1}, {&s->f0, 1}, {&s->psi, 1}, {&s->change, 1}, {&s->y1, 1}, {&s->predicted, 1},
		{&s->d, 1}, {&s->old_d, 1}, {&s->newton.gauge.weight, 1}, {&s->newton.argument, 1}, {&s->newton.slope, 1},
		{&s->newton.increment, 1}, {&s->newton.defect, 1}, {&s->newton.stuck, 1},
		{&s->newton.noise, 1}, {&s->newton.reached, 1}, {&s->drift.sum, 1}, {&s->drift.aside, 1}, {&s->z, ROWS}, {&s->next, ROWS},
	};
	memcpy(parts, all, sizeof all);
}

static void init(void *state, const struct setup *setup)
{
	struct bdf_state *s = state;
	struct part parts[POINTERS];
	double *memory = (double *)(s + 1);
	*s = (struct bdf_state){.n = setup->n, .stride = stride_of(setup->n)};
	s->newton.gauge.n = setup->n;
	memset(memory, 0, state_size(setup) - sizeof *s);
	list_parts(s, parts);
	lay_out_parts(parts, POINTERS, s->stride, memory);
}

static void move(void *state, const void *from)
{
	struct bdf_state *s = state;
	struct part parts[POINTERS];
	list_parts(s, parts);
	move_parts(parts, POINTERS, state, from);
}

static int shifts(const struct setup *setup)
{
	(void)setup;
	return 0;
}

static void bind(void *state, struct rhs *f, const struct tolerance *tolerance)
{
	struct bdf_state *s = state;
	s->newton.f = f;
	s->tolerance = tolerance;
}

static enum attempt start(void *state, double t, const double *y)
{
	struct bdf_state *s = state;
	size_t bytes = (size_t)s->n * sizeof *y;
	memcpy(s->z, y, bytes);
	memset(s->low, 0, bytes);
	oj_newton_restart(&s->newton);
	s->order = 1;
	s->rest = 2;
	s->stayed = 0;
	s->past[0] = 1;
	s->old_measure = s->proposed = 0;
	s->steps = s->factored_at = 0;
	oj_drift_begin(&s->drift, PATIENCE);
	s->failures = 0;
	s->failed = s->clipped = s->have_error = s->have_next = false;
	rhs_eval(s->newton.f, t, s->z, s->f0);
	memcpy(s->z + s->stride, s->f0, bytes);
	return oj_all_finite(s->n, s->z) && oj_all_finite(s->n, s->f0) ? ATTEMPT_OK : ATTEMPT_FATAL;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	struct bdf_state *s = state;
	*y = s->z;
	*f0 = s->f0;
	*scratch0 = s->predicted;
	*scratch1 = s->y1;
}

static double propose(const void *state)
{
	return ((const struct bdf_state *)state)->proposed;
}

/* ---- a step ---- */

/* May factors of J, which are there, serve for gamma? */
static bool may_keep(const struct bdf_state *s, double gamma)
{
	const struct implicit *m = s->newton.f->implicit;
	double away = s->newton.factored == 0 ? INFINITY : fabs(gamma / s->newton.factored - 1);
	if (!s->tolerance)
		return away == 0;
	bool dear = m->linear->effort.factor > DEAR * m->linear->effort.solve;
	return away <= (dear ? GAMMA_KEPT_LONG : GAMMA_KEPT)
		&& s->steps - s->factored_at < (dear ? FACTORS_KEPT_LONG : FACTORS_KEPT);
}

/* Factors for gamma, those that are there or new ones, of J at the step's beginning. */
static bool prepare_factors(struct bdf_state *s, const struct step *step, double gamma)
{
	struct newton *nw = &s->newton;
	if (nw->have_jacobian && may_keep(s, gamma))
		return true;
	nw->have_jacobian = nw->have_jacobian && nw->fresh;
	oj_newton_linearise(nw, step->t0, s->z, s->tolerance);
	s->factored_at = s->steps;
	return oj_newton_factor(nw, gamma, step->t0, s->z);
}

static bool solve(struct bdf_state *s, const struct step *step)
{
	struct newton *nw = &s->newton;
	double gamma = step->h / s->formula.l[1];
	nw->anew = false;
	for (;;) {
		bool fresh = nw->fresh || !nw->have_jacobian;
		oj_newton_begin(nw, s->tolerance, s->z, ROUNDS, SHARE / s->formula.error);
		memset(s->d, 0, (size_t)s->n * sizeof *s->d);
		if (prepare_factors(s, step, gamma)
		    && oj_newton_solve(nw, step->t1, gamma, s->predicted, s->psi, s->d))
			return true;
		nw->factored = 0;
		if ((fresh || nw->fresh || nw->anew) && !oj_newton_insist(nw, step->t0, s->z))
			return false;
		nw->have_jacobian = false;
	}
}

static double power_of(double error, int root)
{
	return oj_control_power(error, 1.0 / root);
}

/* The factor of the length that an error of the formula of `order` allows. */
static double factor_of(double error, double bias, int order)
{
	return error > 0 ? 1 / (power_of(bias * error, order + 1) + 1e-6) : 1e6;
}

static enum attempt retry(struct bdf_state *s, struct step *step, double factor)
{
	step->retry = fabs(step->h) * fmax(factor, SHRINK_MOST);
	s->failed = true;
	s->failures++;
	return ATTEMPT_RETRY;
}

/* After many failures high derivatives say nothing: one order less, and order 1 anew. */
static void forget(struct bdf_state *s, const struct step *step)
{
	if (s->failures < FAILURES_MANY)
		return;
	s->order = 1;
	s->rest = ORDER_REST;
	s->stayed = 0;
	rhs_eval(s->newton.f, step->t0, s->z, s->f0);
	for (int64_t i = 0; i < s->n; i++)
		s->z[s->stride + i] = s->past[0] * s->f0[i];
}

static enum attempt attempt(void *state, struct step *step)
{
	struct bdf_state *s = state;
	step->y0 = s->z;
	step->y1 = s->y1;
	step->squared = 0;
	s->have_error = s->have_next = false;
	s->h = step->h;
	if (s->n == 0)
		return ATTEMPT_OK;
	forget(s, step);
	if (s->tolerance)
		s->newton.gauge.share = oj_drift_share(&s->drift, STEP_SHARE, s->order, s->order + 1, s->tolerance->rtol);
	oj_bdf_formula_set(&s->formula, s->order, step->h, s->past);
	oj_bdf_predict(s->n, s->order, s->z, s->stride, step->h / s->past[0], -1 / s->formula.l[1],
	               &(struct bdf_prediction){s->next, s->change, s->predicted, s->psi});
	if (!solve(s, step)) {
		memcpy(s->y1, s->z, (size_t)s->n * sizeof *s->y1);
		return retry(s, step, s->newton.convergence.shorten);
	}
	oj_bdf_add(s->n, s->z, s->low, s->change, s->d, s->y1, s->next_low);
	if (!s->tolerance)
		return oj_all_finite(s->n, s->y1) ? ATTEMPT_OK : ATTEMPT_RETRY;
	s->error = s->formula.error * oj_gauge_norm(&s->newton.gauge, s->d);
	s->have_error = true;
	step->squared = s->error * s->error;
	if (!isfinite(step->squared))
		return retry(s, step, 0.5);
	if (step->squared > 1) {
		double factor = factor_of(s->error, BIAS, s->order);
		retry(s, step, s->failures > 0 ? fmin(factor, SHRINK_AGAIN) : factor);
	}
	return ATTEMPT_OK;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct bdf_state *s = state;
	s->clipped = step->clipped;
	if (s->clipped)
		rhs_eval(s->newton.f, step->t1, s->y1, s->f0);
	return oj_all_finite(s->n, s->clipped ? s->f0 : s->newton.slope) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

/* The array at t1. */
static void need_next(struct bdf_state *s)
{
	if (s->have_next)
		return;
	memcpy(s->next, s->y1, (size_t)s->n * sizeof *s->y1);
	oj_bdf_correct(s->n, s->order, s->formula.l, s->d, s->next, s->stride);
	s->have_next = true;
}

/* ---- orders and lengths ---- */

static double factor_lower(const struct bdf_state *s)
{
	if (s->order == 1)
		return 0;
	double error = s->formula.lower * oj_gauge_norm(&s->newton.gauge, s->z + s->order * s->stride);
	return factor_of(error, BIAS, s->order - 1);
}

/* From the difference to the correction of the last step; psi is free. */
static double factor_higher(struct bdf_state *s)
{
	if (s->order == BDF_MOST || s->old_measure == 0)
		return 0;
	double share = s->formula.measure / s->old_measure, ratio = s->past[0] / s->past[1];
	for (int j = 0; j <= s->order; j++)
		share *= ratio;
	for (int64_t i = 0; i < s->n; i++)
		s->psi[i] = s->d[i] - share * s->old_d[i];
	return factor_of(s->formula.higher * oj_gauge_norm(&s->newton.gauge, s->psi), BIAS_HIGHER, s->order + 1);
}

static void add_rows(struct bdf_state *s, const double share[BDF_MOST + 1], int to, double sign, const double *row)
{
	for (int j = 2; j <= to; j++)
		for (int64_t i = 0; i < s->n; i++)
			s->z[j * s->stride + i] += sign * share[j] * row[i];
}

static void raise_order(struct bdf_state *s)
{
	double share[BDF_MOST + 1], factor = oj_bdf_raise(s->order, s->past, share);
	double *row = s->z + (s->order + 1) * s->stride;
	for (int64_t i = 0; i < s->n; i++)
		row[i] = factor * s->d[i];
	add_rows(s, share, s->order, 1, row);
	s->order++;
	s->rest = s->order + 1;
}

static void lower_order(struct bdf_state *s)
{
	double share[BDF_MOST + 1];
	oj_bdf_lower(s->order, s->past, share);
	add_rows(s, share, s->order - 1, -1, s->z + s->order * s->stride);
	s->order--;
	s->rest = s->order + 1;
}

/* The factor of the next length; the order it is for becomes that of the array. */
static double choose(struct bdf_state *s)
{
	double factor = factor_of(s->error, BIAS, s->order), lower = 0, higher = 0;
	if (s->rest == 0) {
		lower = factor_lower(s);
		higher = factor_higher(s);
		s->rest = 2;
	}
	double best = fmax(factor, fmax(lower, higher));
	/* Errors of a low order add up over many steps, and short of what a change has to gain they stay. */
	bool stays = best < CHANGE_LEAST, rises = stays && s->stayed >= STAY_LONG && higher >= fmax(factor, 1);
	s->stayed = stays && !rises ? s->stayed + 1 : 0;
	if (rises)
		raise_order(s);
	if (stays)
		return 1;
	if (best > factor && lower >= higher)
		lower_order(s);
	else if (best > factor)
		raise_order(s);
	return best;
}

/* What follows an accepted step of length h: z is the array there, d the correction. */
static void plan_next(struct bdf_state *s)
{
	double most = s->steps == 1 ? GROW_FIRST : GROW_MOST, length = fabs(s->h), uncut = s->proposed;
	s->rest--;
	if (s->failed) {
		s->rest = s->rest < 2 ? 2 : s->rest;
		s->proposed = length;
		return;
	}
	s->proposed = length * fmin(choose(s), most);
	if (uncut > length) /* the step was cut short, for a stop on the way */
		s->proposed = fmax(s->proposed, fmin(uncut, GROW_MOST * length));
}

/* Was a state at 0 taken below, and set to 0 again?  `next` is the array before. */
static bool is_driven_below(const struct bdf_state *s)
{
	for (int64_t i = 0; s->clipped && i < s->n; i++)
		if (s->next[i] == 0 && s->z[i] == 0 && s->change[i] + s->d[i] < 0)
			return true;
	return false;
}

/* By what the array knows of before, and it would be so again.  Of all states, for sums that the
 * equations keep are kept by the array as a whole. */
static void forget_past(struct bdf_state *s)
{
	s->order = 1;
	s->rest = 2;
	s->stayed = 0;
	s->proposed = fabs(s->h);
	for (int64_t i = 0; i < s->n; i++)
		s->z[s->stride + i] = s->h * s->f0[i];
}

/* What a step leaves in all that follow is its error times the leading coefficient, or somewhat more. */
static void watch_drift(struct bdf_state *s)
{
	const struct gauge *gauge = &s->newton.gauge;
	double counts = COUNTS * s->formula.l[1];
	if (!oj_drift_wants(&s->drift, counts * s->error * gauge->share))
		return;
	const struct drift_step step = {.f = s->newton.f, .h = s->h, .gamma = s->newton.factored, .gauge = gauge,
		.begin = {s->z + s->stride, s->past[0]}, .end = {s->next + s->stride, s->h},
		.error = s->d, .counts = counts * s->formula.error};
	oj_drift_see(&s->drift, &step);
}

static void accept(void *state)
{
	struct bdf_state *s = state;
	if (s->n > 0)
		need_next(s);
	if (s->n > 0 && s->tolerance)
		watch_drift(s);
	swap_vectors(&s->z, &s->next);
	swap_vectors(&s->low, &s->next_low);
	memmove(s->past + 1, s->past, ROWS * sizeof *s->past);
	s->past[0] = s->h;
	s->steps++;
	if (is_driven_below(s))
		forget_past(s);
	else if (s->tolerance && s->n > 0)
		plan_next(s);
	else if (s->n > 0 && s->order < ORDER_FIXED)
		raise_order(s);
	swap_vectors(&s->d, &s->old_d);
	s->old_measure = s->formula.measure;
	s->newton.fresh = s->clipped = s->failed = s->have_error = s->have_next = false;
	s->failures = 0;
}

/* ---- inside a step ---- */

/* y = y1 + the sum of rows[j] x^(j + 1), x = (t - t1)/h. */
static void look_inside(int64_t n, int order, double x, const double *y1, const double *rows, int64_t stride, double *y)
{
	double weights[BDF_MOST], power = 1;
	for (int j = 0; j < order; j++)
		weights[j] = power *= x;
	oj_sum_weighted(n, order, weights, rows, stride, y);
	for (int64_t i = 0; i < n; i++)
		y[i] += y1[i];
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct bdf_state *s = state;
	if (s->n == 0)
		return;
	need_next(s);
	look_inside(s->n, s->order, (t - step->t0) / step->h - 1, s->next, s->next + s->stride, s->stride, y);
}

/* y0, y1, the order, the array's other rows. */
static size_t kept_size(const struct setup *setup)
{
	return (size_t)setup->n * (2 + BDF_MOST) + 1;
}

static void keep(void *state, const struct step *step, double *kept)
{
	struct bdf_state *s = state;
	size_t n = (size_t)s->n, bytes = n * sizeof *kept;
	(void)step;
	if (n == 0)
		return;
	need_next(s);
	memcpy(kept, s->z, bytes);
	memcpy(kept + n, s->next, bytes);
	kept[2 * n] = s->order;
	for (int j = 1; j <= s->order; j++)
		memcpy(kept + 2 * n + 1 + (size_t)(j - 1) * n, s->next + j * s->stride, bytes);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct bdf_state *s = state;
	int64_t n = s->n;
	if (n > 0)
		look_inside(n, (int)kept[2 * n], (t - t0) / h - 1, kept + n, kept + 2 * n + 1, n, y);
}

static bool has_factors(const void *state)
{
	return ((const struct bdf_state *)state)->newton.factored != 0;
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct bdf_state *s = state;
	return oj_newton_culprit(&s->newton, step, NULL, s->have_error ? s->d : NULL, finite);
}

const struct stepper oj_stepper_bdf = {
	.name = "bdf",
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
