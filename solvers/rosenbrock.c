/* Rosenbrock methods (E. Hairer, G. Wanner, Solving Ordinary Differential Equations II,
 * IV.7): what is left of Newton's method when every stage is allowed one iteration.  The
 * Jacobian and the derivative by time are taken anew at every step, so there is nothing
 * to converge and no policy; a rejected step keeps them and factorises once more.
 *
 * At loose tolerances they are the cheapest there is for stiff problems.  Rows are data,
 * see rosenbrock.def.
 *
 * Of stiff modes the estimate sees the ends of a step alone, which may be exact where its
 * inside is not.  So what the interpolant's slope at the beginning differs by from the one
 * that the last step's ended with is held to the tolerance too, as the bubble of Hermite's
 * that it makes (Prothero and Robinson's equation: without it errors inside are 1e5 times
 * the tolerance). */
#include "solvers/rosenbrock.h"

#include "solvers/control.h"
#include "solvers/drift.h"
#include "solvers/faded.h"
#include "solvers/implicit.h"
#include "solvers/layout.h"
#include "solvers/sums.h"

#include <math.h>
#include <string.h>

#define ROSENBROCK(id, ...) {.name = #id, __VA_ARGS__},
static const struct rosenbrock rows[] = {
#include "solvers/rosenbrock.def"
};
#undef ROSENBROCK
enum { ROWS = sizeof rows / sizeof rows[0] };

size_t oj_rosenbrock_count(void)
{
	return ROWS;
}

const struct rosenbrock *oj_rosenbrock_at(size_t i)
{
	return &rows[i];
}

struct rosenbrock_state {
	const struct rosenbrock *row;
	const struct sums *sums;
	struct terms stages; /* the first few of u, as many as a sum takes */
	struct rhs *f;
	const struct tolerance *tolerance; /* NULL: steps of given size */
	double share;  /* of the tolerance, for an estimate, while errors do not add up */
	double h, size; /* of the step; of its estimate, in tolerances */
	struct drift drift;
	struct gauge gauge; /* for it */
	int64_t n, stride;
	double *y0, *y1, *f0, *f1, *by_time, *work, *aside, *weight;
	double *slope, *next_slope; /* of the last step's interpolant where it ended; of this one's */
	double *u;     /* [stages][stride] */
	double *dense; /* [rows of dense][stride] */
	bool linearised; /* J and by_time are of this step's beginning */
	bool timed;      /* f depends on time */
	bool have_slope, have_f1, have_dense, have_stages;
	double begin[TABLEAU_STAGES], end[TABLEAU_STAGES]; /* slopes of the interpolant, from the stages */
	double c[TABLEAU_STAGES * (TABLEAU_STAGES - 1) / 2]; /* over h */
};

enum { VECTORS = 13 };
#define PATIENCE 4.0 /* in tolerances, see drift.h */
#define FADED_SHRINK 0.25
#define BUBBLE_CREST (4.0 / 27) /* of theta (1 - theta)^2 */

static int dense_rows(const struct rosenbrock *row)
{
	return row->dense.count / row->stages;
}

static size_t state_size(const struct setup *setup)
{
	const struct rosenbrock *row = setup->row;
	size_t vectors = (size_t)(VECTORS + row->stages + dense_rows(row));
	return sizeof(struct rosenbrock_state) + vectors * (size_t)stride_of(setup->n) * sizeof(double);
}

static void set_slopes(struct rosenbrock_state *s)
{
	const struct rosenbrock *row = s->row;
	for (int i = 0; i < row->stages; i++) {
		s->begin[i] = s->end[i] = row->solution.at[i];
		s->begin[i] += row->dense.at[i];
		for (int k = 0; k < dense_rows(row); k++)
			s->end[i] -= row->dense.at[k * row->stages + i];
	}
}

/* Every vector, in the order in which they lie in memory. */
enum { POINTERS = VECTORS + 2 };
static void list_parts(struct rosenbrock_state *s, struct part parts[POINTERS])
{
	const struct part all[POINTERS] = {
		{&s->y0, 1}, {&s->y1, 1}, {&s->f0, 1}, {&s->f1, 1}, {&s->by_time, 1}, {&s->work, 1}, {&s->aside, 1}, {&s->weight, 1}, {&s->slope, 1},
		{&s->next_slope, 1}, {&s->gauge.weight, 1}, {&s->drift.sum, 1}, {&s->drift.aside, 1}, {&s->u, s->row->stages}, {&s->dense, dense_rows(s->row)},
	};
	memcpy(parts, all, sizeof all);
}

static void init(void *state, const struct setup *setup)
{
	struct rosenbrock_state *s = state;
	*s = (struct rosenbrock_state){.row = setup->row, .sums = oj_sums(setup->n), .n = setup->n,
	                               .stride = stride_of(setup->n), .gauge = {.n = setup->n}};
	struct part parts[POINTERS];
	memset(s + 1, 0, state_size(setup) - sizeof *s);
	list_parts(s, parts);
	lay_out_parts(parts, POINTERS, s->stride, (double *)(s + 1));
	for (int i = 0; i < s->row->stages; i++)
		s->stages.offset[i] = i * s->stride;
	set_slopes(s);
}

static void move(void *state, const void *from)
{
	struct rosenbrock_state *s = state;
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
	struct rosenbrock_state *s = state;
	s->f = f;
	s->tolerance = tolerance;
	s->share = tolerance ? oj_control_share(s->row->order, s->row->error_order, tolerance->rtol) : 1;
}

static enum attempt start(void *state, double t, const double *y)
{
	struct rosenbrock_state *s = state;
	s->linearised = s->have_slope = s->have_f1 = s->have_dense = s->have_stages = false;
	memcpy(s->y0, y, (size_t)s->n * sizeof *y);
	oj_drift_begin(&s->drift, PATIENCE);
	rhs_eval(s->f, t, s->y0, s->f0);
	return oj_all_finite(s->n, s->y0) && oj_all_finite(s->n, s->f0) ? ATTEMPT_OK : ATTEMPT_FATAL;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	struct rosenbrock_state *s = state;
	*y = s->y0;
	*f0 = s->f0;
	*scratch0 = s->work;
	*scratch1 = s->y1;
}

/* ---- a step ---- */

/* The first `count` stages. */
static const struct terms *stages(struct rosenbrock_state *s, int count)
{
	s->stages.count = count;
	return &s->stages;
}

/* u_i, i from 0, from the stages before it. */
static void solve_stage(struct rosenbrock_state *s, const struct step *step, int i)
{
	const struct rosenbrock *row = s->row;
	const double *a = row->a.at + i * (i - 1) / 2, *c = s->c + i * (i - 1) / 2;
	double *u = s->u + i * s->stride, slope = row->slopes.at[i] * step->h;
	double t = row->nodes.at[i] == 1 ? step->t1 : step->t0 + row->nodes.at[i] * step->h;
	if (i == 0) {
		memcpy(u, s->f0, (size_t)s->n * sizeof *u);
	} else {
		s->sums->step(s->n, s->y0, s->u, stages(s, i), a, s->work);
		rhs_eval(s->f, t, s->work, s->f1);
		s->sums->step(s->n, s->f1, s->u, stages(s, i), c, u);
	}
	for (int64_t k = 0; s->timed && slope != 0 && k < s->n; k++)
		u[k] += slope * s->by_time[k];
	oj_shift_solve(s->f, 0, u);
}

/* J and df/dt where the step begins, once, and factors for its length.  False: singular. */
static bool linearise(struct rosenbrock_state *s, const struct step *step)
{
	if (!s->linearised) {
		oj_jacobian_eval(s->f, step->t0, s->y0, s->tolerance);
		s->timed = oj_by_time_eval(s->f, step->t0, s->y0, s->by_time);
		s->linearised = true;
	}
	return oj_shift_factor(s->f, 0, 1 / (s->row->gamma * step->h), 0);
}

static double squared_error(struct rosenbrock_state *s)
{
	double squared = s->sums->norm(s->n, s->n, s->u, stages(s, s->row->stages), s->row->estimate.at, s->y0, s->y1, s->tolerance);
	double share = oj_drift_share(&s->drift, s->share, s->row->order, s->row->error_order, s->tolerance->rtol);
	s->size = sqrt(squared);
	return squared / (share * share);
}

/* The square of the error inside of the step, as far as the slopes of two interpolants where
 * they meet tell. */
static double squared_inside(struct rosenbrock_state *s, double h)
{
	const struct terms one = {.count = 1, .offset = {0}};
	const double crest = BUBBLE_CREST;
	oj_sum_weighted(s->n, s->row->stages, s->end, s->u, s->stride, s->next_slope);
	for (int64_t i = 0; i < s->n; i++)
		s->next_slope[i] /= h;
	if (!s->have_slope)
		return 0;
	oj_sum_weighted(s->n, s->row->stages, s->begin, s->u, s->stride, s->work);
	for (int64_t i = 0; i < s->n; i++)
		s->work[i] -= h * s->slope[i];
	return s->sums->norm(s->n, s->n, s->work, &one, &crest, s->y0, s->y1, s->tolerance);
}

/* Is it another f that the step ends with than the one that J is of?  next_slope is what it ends with. */
static bool has_faded(struct rosenbrock_state *s, const struct step *step)
{
	rhs_eval(s->f, step->t1, s->y1, s->f1);
	s->have_f1 = true;
	for (int64_t i = 0; i < s->n; i++)
		s->weight[i] = 1 / (s->tolerance->atol[i] + s->tolerance->rtol * fabs(s->y1[i]));
	const struct step_end end = {.t = step->t1, .shift = 1 / (s->row->gamma * step->h), .y = s->y1, .f = s->f1,
	                             .slope = s->next_slope, .weight = s->weight, .aside = s->work, .change = s->aside};
	return oj_has_faded(s->f, &end);
}

static enum attempt attempt(void *state, struct step *step)
{
	struct rosenbrock_state *s = state;
	step->y0 = s->y0;
	step->y1 = s->y1;
	step->squared = 0;
	s->have_f1 = s->have_dense = s->have_stages = false;
	s->h = step->h;
	if (s->n == 0)
		return ATTEMPT_OK;
	if (!linearise(s, step)) {
		memcpy(s->y1, s->y0, (size_t)s->n * sizeof *s->y1);
		step->retry = fabs(step->h) / 2;
		return ATTEMPT_RETRY;
	}
	oj_terms_scale(s->row->c.count, 1 / step->h, s->row->c.at, s->c);
	for (int i = 0; i < s->row->stages; i++)
		solve_stage(s, step, i);
	s->have_stages = true;
	s->sums->step(s->n, s->y0, s->u, stages(s, s->row->stages), s->row->solution.at, s->y1);
	if (!s->tolerance)
		return oj_all_finite(s->n, s->y1) ? ATTEMPT_OK : ATTEMPT_RETRY;
	step->squared = squared_error(s);
	double inside = squared_inside(s, step->h);
	if (!isfinite(step->squared) || !isfinite(inside))
		return ATTEMPT_RETRY;
	step->squared = fmax(step->squared, inside);
	if (step->squared <= 1 && has_faded(s, step)) {
		step->retry = FADED_SHRINK * fabs(step->h);
		return ATTEMPT_RETRY;
	}
	return ATTEMPT_OK;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct rosenbrock_state *s = state;
	if (!s->have_f1 || step->clipped)
		rhs_eval(s->f, step->t1, s->y1, s->f1);
	s->have_f1 = true;
	return oj_all_finite(s->n, s->f1) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

/* Slopes are the interpolant's: f would be what stiff modes make of errors. */
static void watch_drift(struct rosenbrock_state *s)
{
	const struct rosenbrock *row = s->row;
	double counts = row->counts * oj_drift_counts(row->order, row->error_order, s->tolerance->rtol);
	if (counts == 0 || !oj_drift_wants(&s->drift, counts * s->size))
		return;
	oj_gauge_set(&s->gauge, s->tolerance, s->y0);
	oj_sum_weighted(s->n, row->stages, row->estimate.at, s->u, s->stride, s->work);
	const struct drift_step step = {.f = s->f, .h = s->h, .gamma = row->gamma * s->h, .gauge = &s->gauge,
		.begin = {s->have_slope ? s->slope : s->f0, 1}, .end = {s->next_slope, 1}, .error = s->work, .counts = counts};
	oj_drift_see(&s->drift, &step);
}

static void accept(void *state)
{
	struct rosenbrock_state *s = state;
	if (s->tolerance && s->n > 0)
		watch_drift(s);
	swap_vectors(&s->y0, &s->y1);
	swap_vectors(&s->f0, &s->f1);
	swap_vectors(&s->slope, &s->next_slope);
	s->have_slope = s->tolerance;
	s->linearised = s->have_f1 = s->have_dense = false; /* stages stay, for their error may be asked for */
}

/* ---- inside a step ---- */

static void make_dense(struct rosenbrock_state *s)
{
	const struct rosenbrock *row = s->row;
	for (int k = 0; !s->have_dense && k < dense_rows(row); k++)
		oj_sum_weighted(s->n, row->stages, row->dense.at + k * row->stages, s->u, s->stride, s->dense + k * s->stride);
	s->have_dense = true;
}

/* dense: `count` vectors, `stride` apart. */
static void look_inside(int64_t n, int count, double theta, const double *y0, const double *y1, const double *dense,
                        int64_t stride, double *y)
{
	for (int64_t i = 0; i < n; i++) {
		double sum = 0;
		for (int k = count - 1; k >= 0; k--)
			sum = dense[k * stride + i] + theta * sum;
		y[i] = y0[i] + theta * ((y1[i] - y0[i]) + (1 - theta) * sum);
	}
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct rosenbrock_state *s = state;
	make_dense(s);
	look_inside(s->n, dense_rows(s->row), (t - step->t0) / step->h, s->y0, s->y1, s->dense, s->stride, y);
}

static size_t kept_size(const struct setup *setup)
{
	return (size_t)setup->n * (size_t)(2 + dense_rows(setup->row));
}

static void keep(void *state, const struct step *step, double *kept)
{
	struct rosenbrock_state *s = state;
	size_t n = (size_t)s->n, bytes = n * sizeof *kept;
	(void)step;
	if (n == 0)
		return;
	make_dense(s);
	memcpy(kept, s->y0, bytes);
	memcpy(kept + n, s->y1, bytes);
	for (int k = 0; k < dense_rows(s->row); k++)
		memcpy(kept + (size_t)(2 + k) * n, s->dense + k * s->stride, bytes);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct rosenbrock_state *s = state;
	int64_t n = s->n;
	if (n > 0)
		look_inside(n, dense_rows(s->row), (t - t0) / h, kept, kept + n, kept + 2 * n, n, y);
}

/* ---- when a step fails ---- */

static bool has_factors(const void *state)
{
	return ((const struct rosenbrock_state *)state)->linearised;
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct rosenbrock_state *s = state;
	(void)step;
	*finite = false;
	int64_t at = oj_first_nonfinite(s->n, s->y1);
	if (at < 0 && s->have_f1)
		at = oj_first_nonfinite(s->n, s->f1);
	for (int i = 0; at < 0 && s->have_stages && i < s->row->stages; i++)
		at = oj_first_nonfinite(s->n, s->u + i * s->stride);
	if (at >= 0)
		return at;
	*finite = true;
	if (!s->tolerance || !s->have_stages)
		return 0;
	return oj_largest_error(s->n, s->u, &s->stages, s->row->estimate.at, s->y0, s->y1, s->tolerance);
}

const struct stepper oj_stepper_rosenbrock = {
	.name = "rosenbrock",
	.shifts = shifts,
	.by_time = true,
	.state_size = state_size,
	.init = init,
	.bind = bind,
	.start = start,
	.look = look,
	.attempt = attempt,
	.has_factors = has_factors,
	.complete = complete,
	.interpolate = interpolate,
	.kept_size = kept_size,
	.keep = keep,
	.recall = recall,
	.move = move,
	.accept = accept,
	.culprit = culprit,
};
