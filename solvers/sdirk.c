/* Diagonally implicit Runge-Kutta steps of any row of sdirk.def.
 *
 * Stage i is Y_i = y0 + d_i with d_i = psi_i + h gamma f(t_i, Y_i), psi_i = h sum over j < i of
 * a_ij k_j, which iterations.h finds; one factorisation serves all stages.  Slopes are
 * k_i = (d_i - psi_i)/(h gamma) and not f(Y_i), which would multiply what the iterations left
 * out with the stiffness (Hosea, Shampine 1996).  So is the slope that the next step begins
 * with, where the step ends in a stage; else it is evaluated.
 *
 * Iterations begin with the slope that the three nearest known ones, of this step and the last,
 * lead to (two or four take more iterations).  J and factors are kept while the iterations converge fast and the length stays
 * (control.h, iterations.h).  Rounding of the solution is compensated. */
#include "solvers/sdirk.h"

#include "solvers/control.h"
#include "solvers/drift.h"
#include "solvers/implicit.h"
#include "solvers/iterations.h"
#include "solvers/layout.h"
#include "solvers/sums.h"

#include <math.h>
#include <string.h>

#define SDIRK(tag, ...) {.name = #tag, __VA_ARGS__},
static const struct sdirk rows[] = {
#include "solvers/sdirk.def"
};
#undef SDIRK
enum { ROWS = sizeof rows / sizeof rows[0] };

enum { ROUNDS = 7 };     /* of iterations */
enum { NEIGHBOURS = 3 }; /* slopes that a stage's is guessed from */
enum { YOUNG = 3 };      /* steps in which what does not belong to the solution dies out */
enum { AGE_MOST = 10 };  /* of J, in steps, where errors may be adding up */
#define APART 0.15       /* the least distance of their times, in steps */
#define PATIENCE 4.0    /* in tolerances, see drift.h */
#define BUBBLE_CREST (4.0 / 27) /* of theta (1 - theta)^2 */
#define DIFFERENCE_YOUNG (1.0 / 3) /* of the slopes' difference counts as an error, in young steps */
#define DIFFERENCE 0.03  /* and later */
#define SMALL_RATE 1e-3  /* J is kept where iterations shrank by this */

/* A stage of this step or the last. */
struct neighbour {
	double at; /* its time, in steps from t0 */
	const double *slope;
};

struct sdirk_state {
	const struct sdirk *row;
	const struct tolerance *tolerance; /* NULL: steps of given size */
	struct newton newton;
	int64_t n, stride;
	int last;     /* the stage that the step ends in; -1: none */
	int carried;  /* stages without those that only the estimate reads */
	double difference[SDIRK_STAGES]; /* weights, see find_difference */
	bool has_difference;
	double *y0, *y1, *low, *next_low, *f0, *f1, *error, *psi, *d;
	double *k, *old_k; /* [stages][stride], of this step and the last */
	double size;       /* of the last error, over the scale */
	int steps;         /* since the start, up to YOUNG */
	double h, old_h;   /* old_h 0: there is no last step */
	bool clipped;      /* the loop set states of the last step to 0 */
	struct pace pace;
	struct drift drift;
	double share;      /* of the tolerance, for an estimate, while errors do not add up */
	double counts;     /* estimates that an error is: more by as much as a step is held to less */
	int age;           /* of J, in steps */
	bool have_error, have_f1;
};

enum { VECTORS = 19 }; /* and two times the stages */

/* ---- rows ---- */

size_t oj_sdirk_count(void)
{
	return ROWS;
}

const struct sdirk *oj_sdirk_at(size_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

const double *oj_sdirk_before(const struct sdirk *row, int i)
{
	return row->a.at + i * (i - 1) / 2;
}

double oj_sdirk_diagonal(const struct sdirk *row, int i)
{
	return i == 0 && row->c.at[0] == 0 ? 0 : row->gamma;
}

void oj_sdirk_weights(const struct sdirk *row, double theta, double *out)
{
	int s = row->stages;
	for (int i = 0; i < s; i++) {
		double sum = 0;
		for (int m = row->inside.count / s - 1; m >= 0; m--)
			sum = sum * theta + row->inside.at[m * s + i];
		out[i] = theta * (row->b.at[i] + (1 - theta) * sum);
	}
}

/* Is the solution what stage i ends in? */
static bool ends_in(const struct sdirk *row, int i)
{
	bool same = row->b.at[i] == oj_sdirk_diagonal(row, i);
	for (int j = 0; j < row->stages && same; j++)
		same = j == i || row->b.at[j] == (j < i ? oj_sdirk_before(row, i)[j] : 0);
	return same;
}

static int find_last(const struct sdirk *row)
{
	int i = row->stages - 1;
	while (i >= 0 && !ends_in(row, i))
		i--;
	return i;
}

static bool is_carried(const struct sdirk *row, int i)
{
	bool is = row->b.at[i] != 0;
	for (int m = i; m < row->inside.count; m += row->stages)
		is = is || row->inside.at[m] != 0;
	return is;
}

static int count_carried(const struct sdirk *row)
{
	int count = row->stages;
	while (!is_carried(row, count - 1))
		count--;
	return count;
}

/* The weight of slope i in the divided difference of all that the solution reads. */
static double divided(const struct sdirk *row, int i)
{
	double product = 1;
	for (int j = 0; j < row->stages; j++)
		product *= j == i || row->b.at[j] == 0 ? 1 : row->c.at[i] - row->c.at[j];
	return row->b.at[i] == 0 ? 0 : 1 / product;
}

/* What else tells of errors: the divided difference of the slopes, which is of a high order in h where they are smooth.
 * - A mode that dies out within a step begins with a slope of any size, and an interpolant with the right slopes goes
 *   from y0 to y0 + theta (1 - theta)^2 h k before it turns; of this, the difference is as large as the crest.
 * - Where modes grow, as before a front, e may vanish: that of kencarp4 does for h lambda = 0.7.
 * False: e does for it, as TR-BDF2's, which is this difference. */
static bool find_difference(const struct sdirk *row, double weights[SDIRK_STAGES])
{
	if (row->b.at[0] == 0 || fabs(row->e.at[0]) > BUBBLE_CREST / 2)
		return false;
	for (int i = 0; i < row->stages; i++)
		weights[i] = BUBBLE_CREST * divided(row, i) / divided(row, 0);
	return true;
}

/* ---- the state ---- */

static size_t state_size(const struct setup *setup)
{
	const struct sdirk *row = setup->row;
	return sizeof(struct sdirk_state) + (size_t)(VECTORS + 2 * row->stages) * (size_t)stride_of(setup->n) * sizeof(double);
}

/* Every vector, in the order in which they lie in memory. */
enum { POINTERS = VECTORS + 2 };
static void list_parts(struct sdirk_state *s, struct part parts[POINTERS])
{
	const struct part all[POINTERS] = {
		{&s->y0, 1}, {&s->y1, 1}, {&s->low, 1}, {&s->next_low, 1}, {&s->f0, 1}, {&s->f1, 1}, {&s->error, 1},
		{&s->psi, 1}, {&s->d, 1}, {&s->newton.gauge.weight, 1}, {&s->newton.argument, 1}, {&s->newton.slope, 1},
		{&s->newton.increment, 1}, {&s->newton.defect, 1}, {&s->newton.stuck, 1},
		{&s->newton.noise, 1}, {&s->newton.reached, 1}, {&s->drift.sum, 1}, {&s->drift.aside, 1}, {&s->k, s->row->stages}, {&s->old_k, s->row->stages},
	};
	memcpy(parts, all, sizeof all);
}

static void init(void *state, const struct setup *setup)
{
	struct sdirk_state *s = state;
	const struct sdirk *row = setup->row;
	struct part parts[POINTERS];
	double *memory = (double *)(s + 1);
	*s = (struct sdirk_state){.row = row, .n = setup->n, .stride = stride_of(setup->n),
	                          .last = find_last(row), .carried = count_carried(row)};
	s->newton.gauge.n = setup->n;
	s->has_difference = find_difference(row, s->difference);
	memset(memory, 0, state_size(setup) - sizeof *s);
	list_parts(s, parts);
	lay_out_parts(parts, POINTERS, s->stride, memory);
}

static void move(void *state, const void *from)
{
	struct sdirk_state *s = state;
	struct part parts[POINTERS];
	list_parts(s, parts);
	move_parts(parts, POINTERS, state, from);
}

static int shifts(const struct setup *setup)
{
	(void)setup;
	return 0;
}

static double own_share(const struct sdirk *row)
{
	return row->share > 0 ? row->share : 1;
}

/* Of the tolerance, for an estimate. */
static double share_of(const struct sdirk *row, double rtol)
{
	return own_share(row) * oj_control_share(row->order, row->control.error_order, rtol);
}

static void bind(void *state, struct rhs *f, const struct tolerance *tolerance)
{
	struct sdirk_state *s = state;
	s->newton.f = f;
	s->tolerance = tolerance;
	if (!tolerance)
		return;
	s->share = share_of(s->row, tolerance->rtol);
	s->counts = oj_drift_counts(s->row->order, s->row->control.error_order, tolerance->rtol) / own_share(s->row);
}

static enum attempt start(void *state, double t, const double *y)
{
	struct sdirk_state *s = state;
	size_t bytes = (size_t)s->n * sizeof *y;
	memcpy(s->y0, y, bytes);
	memset(s->low, 0, bytes);
	oj_newton_restart(&s->newton);
	oj_pace_begin(&s->pace);
	oj_drift_begin(&s->drift, PATIENCE);
	s->old_h = 0;
	s->steps = 0;
	s->have_error = s->have_f1 = s->clipped = false;
	rhs_eval(s->newton.f, t, s->y0, s->f0);
	return oj_all_finite(s->n, s->y0) && oj_all_finite(s->n, s->f0) ? ATTEMPT_OK : ATTEMPT_FATAL;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	struct sdirk_state *s = state;
	*y = s->y0;
	*f0 = s->f0;
	*scratch0 = s->psi;
	*scratch1 = s->y1;
}

static double propose(const void *state)
{
	return ((const struct sdirk_state *)state)->pace.proposed;
}

/* ---- stages ---- */

static double *stage_at(const struct sdirk_state *s, int i)
{
	return s->k + i * s->stride;
}

/* Take `one` among the nearest to `at`, which lie apart from each other; their number. */
static int take_neighbour(struct neighbour *nearest, int count, struct neighbour one, double at)
{
	double distance = fabs(one.at - at);
	int place = count;
	for (int i = 0; i < count; i++)
		if (fabs(nearest[i].at - one.at) < APART && fabs(nearest[i].at - at) <= distance)
			return count;
	while (place > 0 && fabs(nearest[place - 1].at - at) > distance)
		place--;
	if (place >= NEIGHBOURS)
		return count;
	count += count < NEIGHBOURS;
	for (int i = count - 1; i > place; i--)
		nearest[i] = nearest[i - 1];
	nearest[place] = one;
	return count;
}

/* Known slopes nearest to stage i. */
static int find_neighbours(const struct sdirk_state *s, int i, struct neighbour nearest[NEIGHBOURS])
{
	const double *c = s->row->c.at;
	int count = 0;
	for (int j = i - 1; j >= 0; j--)
		count = take_neighbour(nearest, count, (struct neighbour){c[j], stage_at(s, j)}, c[i]);
	if (oj_sdirk_diagonal(s->row, 0) != 0)
		count = take_neighbour(nearest, count, (struct neighbour){0, s->f0}, c[i]);
	for (int j = s->carried - 1; j >= 0 && s->old_h != 0; j--) {
		struct neighbour old = {(c[j] - 1) * (s->old_h / s->h), s->old_k + j * s->stride};
		count = take_neighbour(nearest, count, old, c[i]);
	}
	return count;
}

/* Lagrange's polynomial through the neighbours into d = psi + h gamma k. */
static void guess_stage(struct sdirk_state *s, int i, double gamma)
{
	struct neighbour nearest[NEIGHBOURS];
	int count = find_neighbours(s, i, nearest);
	memcpy(s->d, s->psi, (size_t)s->n * sizeof *s->d);
	for (int m = 0; m < count; m++) {
		double weight = gamma;
		for (int l = 0; l < count; l++)
			weight *= l == m ? 1 : (s->row->c.at[i] - nearest[l].at) / (nearest[m].at - nearest[l].at);
		for (int64_t c = 0; c < s->n; c++)
			s->d[c] += weight * nearest[m].slope[c];
	}
}

/* h times the weights' sum of the first `count` slopes. */
static void sum_slopes(const struct sdirk_state *s, const double *weights, int count, double *out)
{
	double scaled[SDIRK_STAGES];
	for (int j = 0; j < count; j++)
		scaled[j] = s->h * weights[j];
	oj_sum_weighted(s->n, count, scaled, s->k, s->stride, out);
}

static bool solve_stage(struct sdirk_state *s, const struct step *step, int i)
{
	double gamma = s->h * s->row->gamma, c = s->row->c.at[i], t = c == 1 ? step->t1 : step->t0 + c * s->h;
	double *k = stage_at(s, i);
	if (i > 0)
		sum_slopes(s, oj_sdirk_before(s->row, i), i, s->psi);
	else
		memset(s->psi, 0, (size_t)s->n * sizeof *s->psi);
	guess_stage(s, i, gamma);
	if (!oj_newton_solve(&s->newton, t, gamma, s->y0, s->psi, s->d))
		return false;
	for (int64_t m = 0; m < s->n; m++)
		k[m] = (s->d[m] - s->psi[m]) / gamma;
	if (i == s->last)
		for (int64_t m = 0; m < s->n; m++)
			s->y1[m] = oj_add_change(s->y0[m], s->low[m], s->d[m], &s->next_low[m]);
	return true;
}

static bool solve_stages(struct sdirk_state *s, const struct step *step)
{
	int i = 0, count = s->tolerance ? s->row->stages : s->carried;
	if (oj_sdirk_diagonal(s->row, 0) == 0)
		memcpy(stage_at(s, i++), s->f0, (size_t)s->n * sizeof *s->k);
	while (i < count && solve_stage(s, step, i))
		i++;
	return i == count;
}

/* The iterations came to nothing: with a fresh J, then with a shorter step. */
static bool solve(struct sdirk_state *s, const struct step *step)
{
	struct newton *nw = &s->newton;
	nw->anew = false;
	for (;;) {
		bool fresh = nw->fresh || !nw->have_jacobian;
		s->age = nw->have_jacobian ? s->age : 0;
		oj_newton_linearise(nw, step->t0, s->y0, s->tolerance);
		oj_newton_begin(nw, s->tolerance, s->y0, ROUNDS, 0);
		if (oj_newton_factor(nw, s->h * s->row->gamma, step->t0, s->y0) && solve_stages(s, step))
			return true;
		if ((fresh || nw->anew) && !oj_newton_insist(nw, step->t0, s->y0))
			return false;
		nw->have_jacobian = false;
	}
}

/* ---- the error and what follows ---- */

/* The error over the scale.  In the stiff limit the filter leaves nothing of it, though stages
 * and what is inside of the step may be wrong; so only what a first step or a rejection
 * says may be of a fast mode that is gone by t1 is filtered. */
static double estimate(struct sdirk_state *s)
{
	sum_slopes(s, s->row->e.at, s->row->stages, s->error);
	if (s->pace.first || s->pace.rejected)
		oj_newton_filter(&s->newton, s->error);
	s->have_error = true;
	return oj_error_at_least(oj_gauge_norm(&s->newton.gauge, s->error));
}

/* Likewise, from the divided difference; of the whole tolerance. */
static double estimate_by_difference(struct sdirk_state *s)
{
	const struct gauge *gauge = &s->newton.gauge;
	if (!s->has_difference)
		return 0;
	sum_slopes(s, s->difference, s->row->stages, s->psi);
	return (s->steps < YOUNG ? DIFFERENCE_YOUNG : DIFFERENCE) * gauge->share * oj_gauge_norm(gauge, s->psi);
}

/* Fewer where many iterations were needed. */
static double effort(const struct sdirk_state *s)
{
	double stages = s->row->stages - (oj_sdirk_diagonal(s->row, 0) == 0);
	return (1.0 + 2 * ROUNDS) / (s->newton.iterations / stages + 2 * ROUNDS);
}

static void finish(struct sdirk_state *s)
{
	if (s->last >= 0)
		return;
	sum_slopes(s, s->row->b.at, s->carried, s->d);
	for (int64_t i = 0; i < s->n; i++)
		s->y1[i] = oj_add_change(s->y0[i], s->low[i], s->d[i], &s->next_low[i]);
}

static enum attempt retry(struct sdirk_state *s, struct step *step, double factor)
{
	step->retry = fabs(step->h) * factor;
	s->pace.rejected = true;
	return ATTEMPT_RETRY;
}

static enum attempt attempt(void *state, struct step *step)
{
	struct sdirk_state *s = state;
	step->y0 = s->y0;
	step->y1 = s->y1;
	step->squared = 0;
	s->have_error = s->have_f1 = false;
	s->h = step->h;
	if (s->tolerance)
		s->newton.gauge.share = oj_drift_share(&s->drift, s->share, s->row->order, s->row->control.error_order, s->tolerance->rtol);
	if (s->n == 0)
		return ATTEMPT_OK;
	if (!solve(s, step)) {
		memcpy(s->y1, s->y0, (size_t)s->n * sizeof *s->y1);
		return retry(s, step, s->newton.convergence.shorten);
	}
	finish(s);
	if (!s->tolerance)
		return oj_all_finite(s->n, s->y1) ? ATTEMPT_OK : ATTEMPT_RETRY;
	double error = estimate(s), other = estimate_by_difference(s);
	error = isnan(error) || error >= other ? error : other;
	s->size = error;
	step->squared = error * error;
	if (!isfinite(step->squared))
		return retry(s, step, 0.5);
	if (step->squared > 1)
		retry(s, step, oj_pace_factor(&s->row->control, error, effort(s)));
	return ATTEMPT_OK;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct sdirk_state *s = state;
	if (s->last >= 0 && !step->clipped)
		memcpy(s->f1, stage_at(s, s->last), (size_t)s->n * sizeof *s->f1);
	else
		rhs_eval(s->newton.f, step->t1, s->y1, s->f1);
	s->have_f1 = true;
	s->clipped = step->clipped;
	return oj_all_finite(s->n, s->f1) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

/* States that were set to 0 come there on a straight line: what took them below is not to go on. */
static void straighten(struct sdirk_state *s)
{
	for (int j = 0; j < s->carried; j++)
		for (int64_t i = 0; i < s->n; i++)
			if (s->y0[i] == 0)
				s->old_k[j * s->stride + i] = s->f0[i];
}

/* Lengths, and what errors add up to. */
static void plan_next(struct sdirk_state *s)
{
	const struct newton *nw = &s->newton;
	double error = oj_error_at_least(oj_gauge_norm(&nw->gauge, s->error));
	oj_pace_accept(&s->pace, &s->row->control, fabs(s->h), s->size, effort(s));
	if (!oj_drift_wants(&s->drift, s->counts * error * nw->gauge.share))
		return;
	const struct drift_step step = {.f = nw->f, .h = s->h, .gamma = nw->factored, .gauge = &nw->gauge,
		.begin = {s->f0, 1}, .end = {s->f1, 1}, .error = s->error, .counts = s->counts};
	oj_drift_see(&s->drift, &step);
}

static void accept(void *state)
{
	struct sdirk_state *s = state;
	struct newton *nw = &s->newton;
	if (s->tolerance && s->n > 0)
		plan_next(s);
	s->age++;
	s->steps += s->steps < YOUNG;
	if (nw->worst_rate > SMALL_RATE || (oj_drift_is_some(&s->drift) && s->age >= AGE_MOST))
		nw->have_jacobian = false;
	nw->fresh = false;
	nw->fault = -1;
	swap_vectors(&s->y0, &s->y1);
	swap_vectors(&s->low, &s->next_low);
	swap_vectors(&s->f0, &s->f1);
	swap_vectors(&s->k, &s->old_k);
	s->old_h = s->h;
	if (s->clipped)
		straighten(s);
	s->clipped = s->have_f1 = false; /* the error stays, for it may be asked for */
}

/* ---- inside a step ---- */

static void look_inside(const struct sdirk_state *s, double theta, double h, const double *y0, const double *k,
                        int64_t stride, double *y)
{
	double weights[SDIRK_STAGES];
	oj_sdirk_weights(s->row, theta, weights);
	for (int i = 0; i < s->carried; i++)
		weights[i] *= h;
	oj_sum_weighted(s->n, s->carried, weights, k, stride, y);
	for (int64_t i = 0; i < s->n; i++)
		y[i] += y0[i];
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct sdirk_state *s = state;
	look_inside(s, (t - step->t0) / step->h, step->h, s->y0, s->k, s->stride, y);
}

/* y0, then the slopes. */
static size_t kept_size(const struct setup *setup)
{
	return (size_t)setup->n * (size_t)(1 + count_carried(setup->row));
}

static void keep(void *state, const struct step *step, double *kept)
{
	struct sdirk_state *s = state;
	size_t n = (size_t)s->n, bytes = n * sizeof *kept;
	(void)step;
	if (n == 0)
		return;
	memcpy(kept, s->y0, bytes);
	for (int i = 0; i < s->carried; i++)
		memcpy(kept + (size_t)(i + 1) * n, stage_at(s, i), bytes);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct sdirk_state *s = state;
	if (s->n > 0)
		look_inside(s, (t - t0) / h, h, kept, kept + s->n, s->n, y);
}

static bool has_factors(const void *state)
{
	return ((const struct sdirk_state *)state)->newton.factored != 0;
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct sdirk_state *s = state;
	return oj_newton_culprit(&s->newton, step, s->have_f1 ? s->f1 : NULL, s->have_error ? s->error : NULL, finite);
}

const struct stepper oj_stepper_sdirk = {
	.name = "sdirk",
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
