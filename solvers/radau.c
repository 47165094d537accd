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
 * step's u ended with is held to the tolerance too, as the bubble that it would make.
 *
 * The number of stages follows the convergence of the iterations (1999, section 4):
 * where they converge fast two stages more cost little, where they hardly do, two fewer
 * help.  The estimate is of order s, far below the solution's 2s - 1; so a step is held to
 * a tolerance that is looser than what was asked for, 0.3 rtol^((3s+1)/(4s)).  That is the
 * mean of rtol and of what the published code takes, 0.1 rtol^((s+1)/(2s)), which leaves
 * errors of ten to 700 rtol at the ends of steps and inside (Prothero and Robinson's
 * equation at 1e-8). */
#include "solvers/radau.h"

#include "solvers/control.h"
#include "solvers/implicit.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define RADAU(stages, real, ...) {stages, real, __VA_ARGS__},
static const struct radau_row rows[] = {
#include "solvers/radau.def"
};
#undef RADAU
enum { ROWS = sizeof rows / sizeof rows[0], STAGES = 7, PAIRS = (STAGES - 1) / 2 };

const struct radau oj_radau = {3, STAGES}, oj_radau5 = {3, 3}, oj_radau9 = {5, 5}, oj_radau13 = {7, 7},
                   oj_implicit_euler = {1, 1};

const struct radau_row *oj_radau_row(size_t i)
{
	return i < ROWS ? &rows[i] : NULL;
}

static const struct radau_row *row_of(int stages)
{
	size_t i = 0;
	while (rows[i].stages != stages)
		i++;
	return &rows[i];
}

/* Numbers of the policy, as in the published code: steps between LENGTH_KEPT are taken
 * with the length and the factors of the last; J is kept where the iterations of the last
 * step shrank by SMALL_RATE; the order goes up below RATE_UP and down above RATE_DOWN. */
#define SAFETY 0.9
#define SMALL_RATE 1e-3
#define LENGTH_KEPT 1.2
#define RATE_UP 2e-3
#define RATE_DOWN 0.8
#define SHRINK_MOST 0.125
#define GROW_MOST 8.0
enum { FIXED_ROUNDS = 60 }; /* of iterations, where no shorter step can be tried */
enum { ORDER_REST = 10 }; /* steps between changes upwards */

/* A polynomial u - y0 through stages Z at the nodes of `row`, of a step of length h. */
struct course {
	const struct radau_row *row;
	double h;
	double *z; /* [stages][stride] */
};

struct radau_state {
	const struct radau *radau;
	struct rhs *f;
	const struct tolerance *tolerance; /* NULL: steps of given size */
	int64_t n, stride;
	double *y0, *y1, *low, *next_low, *f0, *f1, *scale, *error, *work; /* work[2 stride] */
	double *f_stages;      /* [stages][stride] */
	double *w, *g;         /* the same; pairs by turns, real and imaginary part */
	struct course now, last; /* last.row NULL: there is none */

	const struct radau_row *row; /* of the coming step */
	/* What the factors in f->implicit are of. */
	const struct radau_row *factored;
	double factored_h;
	bool fresh;    /* J is of this step's beginning */
	bool have_jacobian;

	/* The iterations of the last attempt. */
	double rate, remaining; /* a step's shrinking; theta/(1 - theta), kept for the next step */
	int iterations;
	double retry;           /* the length to try instead */

	/* Control. */
	double begin[ROWS][STAGES], end[ROWS][STAGES]; /* slopes of u at its ends, from stages */
	double crest[ROWS]; /* the largest |M(theta)/M'(0)| */
	double now_error, proposed, old_h, old_error;
	bool first, rejected, failed;
	int since; /* steps since the order changed */
	bool have_f1, have_error;
};

enum { VECTORS = 10 + 5 * STAGES };

/* ---- the collocation polynomial ---- */

/* Lagrange's polynomials through 0 and the nodes, those of the nodes, at theta. */
static void node_weights(const struct radau_row *row, double theta, double weights[STAGES])
{
	const double *c = row->nodes.at;
	for (int i = 0; i < row->stages; i++) {
		double product = theta / c[i];
		for (int j = 0; j < row->stages; j++)
			if (j != i)
				product *= (theta - c[j]) / (c[i] - c[j]);
		weights[i] = product;
	}
}

/* Slopes of Lagrange's polynomials at theta, which is 0 or a node. */
static void node_slopes(const struct radau_row *row, double theta, double slopes[STAGES])
{
	const double *c = row->nodes.at;
	for (int i = 0; i < row->stages; i++) {
		double sum = 0;
		for (int skip = -1; skip < row->stages; skip++) {
			double product = skip < 0 ? 1 : theta;
			for (int j = 0; j < row->stages && skip != i; j++)
				if (j != i && j != skip)
					product *= theta - c[j];
			sum += skip == i ? 0 : product;
		}
		double scale = c[i];
		for (int j = 0; j < row->stages; j++)
			scale *= j == i ? 1 : c[i] - c[j];
		slopes[i] = sum / scale;
	}
}

/* What the error is multiplied with in the bubble: real/M'(0) M(theta), where M is the
 * integral from 0 of the product of theta - c_i, and vanishes at 1. */
static double bubble_weight(const struct radau_row *row, double theta)
{
	double product[STAGES + 1] = {1}, sum = 0;
	if (row->stages == 1) /* where it does not vanish at 1 */
		return 0;
	for (int i = 0; i < row->stages; i++)
		for (int k = i + 1; k >= 0; k--)
			product[k] = (k > 0 ? product[k - 1] : 0) - row->nodes.at[i] * product[k];
	for (int k = row->stages; k >= 0; k--)
		sum = sum * theta + product[k] / (k + 1);
	return row->real / product[0] * sum * theta;
}

static int64_t stride_of(int64_t n)
{
	return (n + 7) / 8 * 8;
}

static size_t state_size(const struct setup *setup)
{
	return sizeof(struct radau_state) + VECTORS * (size_t)stride_of(setup->n) * sizeof(double);
}

/* Every vector, in the order in which they lie in memory, and how many strides it takes. */
enum { POINTERS = 14 };
struct part {
	double **at;
	int strides;
};
static void list_parts(struct radau_state *s, struct part parts[POINTERS])
{
	const struct part all[POINTERS] = {
		{&s->y0, 1}, {&s->y1, 1}, {&s->low, 1}, {&s->next_low, 1}, {&s->f0, 1}, {&s->f1, 1}, {&s->scale, 1},
		{&s->error, 1}, {&s->work, 2}, {&s->f_stages, STAGES}, {&s->w, STAGES}, {&s->g, STAGES}, {&s->now.z, STAGES},
		{&s->last.z, STAGES},
	};
	memcpy(parts, all, sizeof all);
}

static void init(void *state, const struct setup *setup)
{
	struct radau_state *s = state;
	struct part parts[POINTERS];
	*s = (struct radau_state){.radau = setup->row, .n = setup->n, .stride = stride_of(setup->n)};
	for (int r = 0; r < ROWS; r++) {
		node_slopes(&rows[r], 0, s->begin[r]);
		node_slopes(&rows[r], 1, s->end[r]);
		for (int i = 1; i < 64; i++)
			s->crest[r] = fmax(s->crest[r], fabs(bubble_weight(&rows[r], i / 64.0)) / rows[r].real);
	}
	double *memory = (double *)(s + 1);
	memset(memory, 0, state_size(setup) - sizeof *s);
	list_parts(s, parts);
	for (int i = 0; i < POINTERS; i++) {
		*parts[i].at = memory;
		memory += parts[i].strides * s->stride;
	}
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
	s->row = row_of(s->radau->least);
	s->last.row = s->factored = NULL;
	s->have_jacobian = s->fresh = s->have_f1 = s->rejected = s->failed = false;
	s->first = true;
	s->proposed = 0;
	s->rate = 1;
	s->remaining = 1;
	s->since = 0;
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

/* ---- scales ---- */

/* The tolerance that the estimate of `row` is held to. */
static double own_rtol(const struct radau_state *s, const struct radau_row *row)
{
	double stages = row->stages;
	return 0.3 * oj_control_power(s->tolerance->rtol, (3 * stages + 1) / (4 * stages));
}

/* scale[n], what increments and errors are measured by.  Steps of given size have no
 * tolerance: their iterations go on to rounding, for states that count. */
static void set_scale(struct radau_state *s)
{
	const struct tolerance *tolerance = s->tolerance;
	if (!tolerance) {
		double most = DBL_MIN;
		for (int64_t i = 0; i < s->n; i++)
			most = fmax(most, fabs(s->y0[i]));
		for (int64_t i = 0; i < s->n; i++)
			s->scale[i] = 16 * DBL_EPSILON * fmax(fabs(s->y0[i]), 1e-3 * most);
		return;
	}
	double rtol = own_rtol(s, s->row), share = rtol / tolerance->rtol;
	for (int64_t i = 0; i < s->n; i++)
		s->scale[i] = share * tolerance->atol[i] + rtol * fabs(s->y0[i]);
}

/* The norm of v over the scale; not finite where v is not. */
static double norm_of(const struct radau_state *s, const double *v)
{
	double sum = 0, most = 0;
	for (int64_t i = 0; i < s->n; i++) {
		double ratio = v[i] == 0 ? 0 : v[i] / s->scale[i];
		sum += ratio * ratio;
		most = fabs(ratio) > most ? fabs(ratio) : most;
	}
	bool max_norm = s->tolerance && s->tolerance->max_norm && isfinite(sum);
	return max_norm ? most : sqrt(sum / (double)s->n);
}

/* Where increments are taken for nothing. */
static double stop_below(const struct radau_state *s)
{
	if (!s->tolerance)
		return 1;
	double rtol = own_rtol(s, s->row);
	return fmax(10 * DBL_EPSILON / rtol, fmin(0.03, sqrt(rtol)));
}

/* ---- factors ---- */

static void evaluate_jacobian(struct radau_state *s, double t)
{
	oj_jacobian_eval(s->f, t, s->y0);
	s->have_jacobian = s->fresh = true;
	s->factored = NULL;
}

/* Factors of lambda/h I - J for all eigenvalues.  False: one is singular. */
static bool factorise(struct radau_state *s, double h)
{
	if (s->factored == s->row && s->factored_h == h)
		return true;
	const struct radau_row *row = s->row;
	s->factored = NULL;
	bool ok = oj_shift_factor(s->f, 0, row->real / h, 0);
	for (int k = 0; ok && k < row->stages / 2; k++)
		ok = oj_shift_factor(s->f, k + 1, row->shifts.at[2 * k] / h, row->shifts.at[2 * k + 1] / h);
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
	double *z = s->now.z, weights[STAGES];
	int stages = s->row->stages;
	if (!s->last.row) {
		memset(z, 0, (size_t)(stages * s->stride) * sizeof *z);
		return;
	}
	int known = s->last.row->stages;
	for (int i = 0; i < stages; i++) {
		node_weights(s->last.row, 1 + s->row->nodes.at[i] * h / s->last.h, weights);
		weights[known - 1] -= 1;
		oj_sum_weighted(s->n, known, weights, s->last.z, s->stride, z + i * s->stride);
	}
}

/* Rows of a matrix [stages][stages] times stages; pairs on the one side by turns. */
static void to_stages(const struct radau_state *s)
{
	int stages = s->row->stages;
	for (int i = 0; i < stages; i++) {
		const double *t = s->row->t.at + i * stages;
		double *z = s->now.z + i * s->stride;
		for (int64_t c = 0; c < s->n; c++)
			z[c] = t[0] * s->w[c];
		for (int k = 1; k < stages; k += 2) {
			const double *pair = s->w + k * s->stride;
			for (int64_t c = 0; c < s->n; c++)
				z[c] += t[k] * pair[2 * c] + t[k + 1] * pair[2 * c + 1];
		}
	}
}

/* out = T^-1 in. */
static void from_stages(const struct radau_state *s, const double *in, double *out)
{
	int stages = s->row->stages;
	const double *t = s->row->t_inverse.at;
	oj_sum_weighted(s->n, stages, t, in, s->stride, out);
	for (int k = 1; k < stages; k += 2) {
		double *pair = out + k * s->stride;
		oj_sum_weighted(s->n, stages, t + k * stages, in, s->stride, s->work);
		oj_sum_weighted(s->n, stages, t + (k + 1) * stages, in, s->stride, s->work + s->stride);
		for (int64_t c = 0; c < s->n; c++) {
			pair[2 * c] = s->work[c];
			pair[2 * c + 1] = s->work[s->stride + c];
		}
	}
}

/* ---- iterations ---- */

static void evaluate_stages(struct radau_state *s, const struct step *step)
{
	int stages = s->row->stages;
	for (int i = 0; i < stages; i++) {
		const double *z = s->now.z + i * s->stride;
		double t = i == stages - 1 ? step->t1 : step->t0 + s->row->nodes.at[i] * step->h;
		for (int64_t c = 0; c < s->n; c++)
			s->work[c] = s->y0[c] + z[c];
		rhs_eval(s->f, t, s->work, s->f_stages + i * s->stride);
	}
}

/* Increments g of w, from g = T^-1 F. */
static void solve_stages(struct radau_state *s, double h)
{
	const struct radau_row *row = s->row;
	double real = row->real / h;
	for (int64_t c = 0; c < s->n; c++)
		s->g[c] -= real * s->w[c];
	oj_shift_solve(s->f, 0, s->g);
	for (int k = 0; k < row->stages / 2; k++) {
		double alpha = row->shifts.at[2 * k] / h, beta = row->shifts.at[2 * k + 1] / h;
		double *g = s->g + (2 * k + 1) * s->stride;
		const double *w = s->w + (2 * k + 1) * s->stride;
		for (int64_t c = 0; c < s->n; c++) {
			g[2 * c] -= alpha * w[2 * c] - beta * w[2 * c + 1];
			g[2 * c + 1] -= beta * w[2 * c] + alpha * w[2 * c + 1];
		}
		oj_shift_solve(s->f, k + 1, g);
	}
}

/* The norm of the increments, all stages together. */
static double increment_norm(const struct radau_state *s)
{
	int stages = s->row->stages;
	double sum = 0;
	for (int64_t c = 0; c < s->n; c++) {
		double scale = s->scale[c], first = s->g[c] == 0 ? 0 : s->g[c] / scale;
		sum += first * first;
		for (int k = 1; k < stages; k += 2) {
			const double *pair = s->g + k * s->stride + 2 * c;
			double re = pair[0] == 0 ? 0 : pair[0] / scale, im = pair[1] == 0 ? 0 : pair[1] / scale;
			sum += re * re + im * im;
		}
	}
	return sqrt(sum / (double)(s->n * stages));
}

static void add_increments(struct radau_state *s)
{
	int stages = s->row->stages;
	for (int64_t c = 0; c < s->n; c++)
		s->w[c] += s->g[c];
	for (int k = 1; k < stages; k += 2)
		for (int64_t c = 0; c < 2 * s->n; c++)
			s->w[k * s->stride + c] += s->g[k * s->stride + c];
	to_stages(s);
}

/* What rounding makes of the increments, at the least: T^-1 brings errors of the size of
 * the largest of its entries. */
static double rounding_floor(const struct radau_state *s)
{
	double largest = 1;
	for (int i = 0; i < s->row->t_inverse.count; i++)
		largest = fmax(largest, fabs(s->row->t_inverse.at[i]));
	return 4 * DBL_EPSILON * largest * norm_of(s, s->y0);
}

enum newton { NEWTON_GOES_ON, NEWTON_DONE, NEWTON_FAILED };

/* What an increment says, the k-th from 0, of at most `most`. */
static enum newton judge_rate(struct radau_state *s, int k, int most, double size, double *last, double *last_rate,
                         double h)
{
	double enough = stop_below(s);
	if (!isfinite(size)) {
		s->retry = fabs(h) / 2;
		return NEWTON_FAILED;
	}
	if (k > 0) {
		double rate = size / *last;
		s->rate = k == 1 ? rate : sqrt(rate * *last_rate);
		*last_rate = rate;
		if (s->rate >= (s->tolerance ? 0.99 : 2)) {
			s->retry = fabs(h) / 2;
			return NEWTON_FAILED;
		}
		s->remaining = s->rate < 1 ? s->rate / (1 - s->rate) : 1e3;
		int left = most - 1 - k;
		double end = s->remaining * size * (s->rate > 0 ? oj_control_power(s->rate, left) : 0) / enough;
		if (s->tolerance && end >= 1) {
			end = fmin(fmax(end, 1e-4), 20);
			s->retry = fabs(h) * 0.8 * oj_control_power(end, -1.0 / (4 + left));
			return NEWTON_FAILED;
		}
	}
	*last = fmax(size, DBL_EPSILON);
	return s->remaining * size <= enough ? NEWTON_DONE : NEWTON_GOES_ON;
}

/* The same; what rounding holds up has converged. */
static enum newton judge(struct radau_state *s, int k, int most, double size, double *last, double *last_rate,
                         double h)
{
	enum newton verdict = judge_rate(s, k, most, size, last, last_rate, h);
	bool held_up = verdict == NEWTON_FAILED || (k > 0 && s->rate >= 0.5);
	return held_up && size <= rounding_floor(s) ? NEWTON_DONE : verdict;
}

/* Solve for the stages, from those that are there. */
static bool iterate(struct radau_state *s, const struct step *step)
{
	int most = 7 + (s->row->stages - 3) * 5 / 2;
	double last = 0, last_rate = 0;
	enum newton verdict = NEWTON_GOES_ON;
	most = !s->tolerance ? FIXED_ROUNDS : most < 7 ? 7 : most;
	s->remaining = oj_control_power(fmax(s->remaining, DBL_EPSILON), 0.8);
	s->iterations = 0;
	s->rate = s->rate < 1 ? s->rate : 1;
	from_stages(s, s->now.z, s->w);
	for (int k = 0; k < most && verdict == NEWTON_GOES_ON; k++) {
		evaluate_stages(s, step);
		from_stages(s, s->f_stages, s->g);
		solve_stages(s, step->h);
		verdict = judge(s, k, most, increment_norm(s), &last, &last_rate, step->h);
		s->iterations++;
		if (verdict != NEWTON_FAILED)
			add_increments(s);
	}
	s->f->implicit->iterations += (uint64_t)s->iterations;
	if (verdict == NEWTON_GOES_ON) {
		s->retry = fabs(step->h) / 2;
		return false;
	}
	return verdict == NEWTON_DONE;
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
	return norm_of(s, s->error);
}

/* The error over the scale.  A large one is filtered once more where a first step or a
 * rejection says that the estimate may be of a fast mode that is gone by t1. */
static double estimate(struct radau_state *s, const struct step *step)
{
	double error = solve_error(s, step->h, s->f0);
	if (error < 1 || !(s->first || s->rejected))
		return fmax(error, 1e-10);
	for (int64_t c = 0; c < s->n; c++)
		s->work[c] = s->y0[c] + s->error[c];
	rhs_eval(s->f, step->t0, s->work, s->f1);
	return fmax(solve_error(s, step->h, s->f1), 1e-10);
}

/* The error inside of the step, over the scale, as far as the slopes of two polynomials
 * where they meet tell. */
static double estimate_inside(struct radau_state *s, double h)
{
	if (!s->last.row)
		return 0;
	ptrdiff_t before = s->last.row - rows, now = s->row - rows;
	oj_sum_weighted(s->n, s->last.row->stages, s->end[before], s->last.z, s->stride, s->work);
	oj_sum_weighted(s->n, s->row->stages, s->begin[now], s->now.z, s->stride, s->work + s->stride);
	for (int64_t c = 0; c < s->n; c++)
		s->work[c] = s->crest[now] * (s->work[c] * (h / s->last.h) - s->work[s->stride + c]);
	return norm_of(s, s->work);
}

/* ---- control ---- */

/* The factor that an error says; fewer where many iterations were needed. */
static double length_factor(const struct radau_state *s, double error)
{
	int most = 7 + (s->row->stages - 3) * 5 / 2;
	double effort = (1.0 + 2 * most) / (s->iterations + 2 * most);
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
	if (s->iterations > 1 && s->rate <= RATE_UP && even && s->since > ORDER_REST)
		next = stages + 2;
	if (s->rate >= RATE_DOWN || s->failed)
		next = stages - 2;
	next = next < s->radau->least ? s->radau->least : next > s->radau->most ? s->radau->most : next;
	if (next == stages)
		return;
	s->row = row_of(next);
	s->since = 0;
	s->old_error = 0;
}

/* What follows an accepted step. */
static void plan_next(struct radau_state *s, double h, double error)
{
	double next = accepted_length(s, h, error), ratio = next / h;
	bool slow = s->rate > SMALL_RATE && s->iterations > 1;
	s->old_h = h;
	s->old_error = fmax(error, 1e-2);
	choose_stages(s, ratio);
	if (!slow && ratio >= 1 && ratio <= LENGTH_KEPT)
		next = h;
	s->proposed = next;
	if (slow)
		s->have_jacobian = false;
}

/* ---- the stepper ---- */

static double propose(const void *state)
{
	return ((const struct radau_state *)state)->proposed;
}

/* The iterations came to nothing: with a fresh J, then with a shorter step. */
static bool solve_step(struct radau_state *s, const struct step *step)
{
	for (;;) {
		if (!s->have_jacobian)
			evaluate_jacobian(s, step->t0);
		set_scale(s);
		s->retry = fabs(step->h) / 2;
		extrapolate(s, step->h);
		bool fresh = s->fresh;
		if (factorise(s, step->h) && iterate(s, step))
			return true;
		s->remaining = 1;
		if (fresh)
			return false;
		s->have_jacobian = false;
	}
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
	if (!solve_step(s, step)) {
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
	if (step->squared > 1) {
		step->retry = s->first ? fabs(step->h) / 10 : fabs(step->h) * length_factor(s, s->now_error);
		s->rejected = true;
	}
	return ATTEMPT_OK;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct radau_state *s = state;
	rhs_eval(s->f, step->t1, s->y1, s->f1);
	s->have_f1 = true;
	return oj_all_finite(s->n, s->f1) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

static void swap(double **a, double **b)
{
	double *c = *a;
	*a = *b;
	*b = c;
}

static void accept(void *state)
{
	struct radau_state *s = state;
	if (s->tolerance && s->n > 0)
		plan_next(s, fabs(s->now.h), s->now_error);
	swap(&s->y0, &s->y1);
	swap(&s->low, &s->next_low);
	swap(&s->f0, &s->f1);
	struct course course = s->last;
	s->last = s->now;
	s->now = course;
	s->first = s->rejected = s->failed = s->fresh = s->have_f1 = false;
}

/* ---- inside a step ---- */

/* y = y0 + the polynomial of `row` through stages z[stages][stride] + the bubble. */
static void look_inside(int64_t n, const struct radau_row *row, double theta, const double *y0, const double *error,
                        const double *z, int64_t stride, double *y)
{
	double weights[STAGES], bubble = bubble_weight(row, theta);
	node_weights(row, theta, weights);
	oj_sum_weighted(n, row->stages, weights, z, stride, y);
	for (int64_t c = 0; c < n; c++)
		y[c] = y0[c] + (y[c] + bubble * error[c]);
}

/* The estimate, which steps of given size do without otherwise. */
static void need_error(struct radau_state *s, const struct step *step)
{
	if (s->have_error)
		return;
	solve_error(s, step->h, s->f0);
	s->have_error = true;
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct radau_state *s = state;
	if (s->n == 0)
		return;
	need_error(s, step);
	look_inside(s->n, s->now.row, (t - step->t0) / step->h, s->y0, s->error, s->now.z, s->stride, y);
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
	if (n > 0)
		look_inside(n, row_of((int)kept[2 * n]), (t - t0) / h, kept, kept + n, kept + 2 * n + 1, n, y);
}

static void move(void *state, const void *from)
{
	struct radau_state *s = state;
	struct part parts[POINTERS];
	list_parts(s, parts);
	for (int i = 0; i < POINTERS; i++)
		*parts[i].at = (double *)((char *)state + ((const char *)*parts[i].at - (const char *)from));
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct radau_state *s = state;
	const double *vectors[] = {step->y1, s->have_f1 ? s->f1 : s->f0, s->have_error ? s->error : s->f0};
	int64_t worst = 0;
	double most = -1;
	*finite = false;
	for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
		int64_t at = oj_first_nonfinite(s->n, vectors[v]);
		if (at >= 0)
			return at;
	}
	*finite = true;
	for (int64_t i = 0; s->have_error && i < s->n; i++) {
		double ratio = s->error[i] == 0 ? 0 : fabs(s->error[i]) / s->scale[i];
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
