/* Steps of ROCK2 and ROCK4 (A. Abdulle, A. A. Medovikov, Numer. Math. 90 (2001) 1-18;
 * A. Abdulle, SIAM J. Sci. Comput. 23 (2002) 2041-2054).
 *
 * A step is a three-term recurrence of as many stages as stability needs, followed by a
 * finishing procedure of two or four stages, which makes the whole of order 2 or 4:
 *
 *     g_1 = y0 + mu_1 h f0
 *     g_j = mu_j h f(g_{j-1}) + (1 + kappa_j) g_{j-1} - kappa_j g_{j-2}
 *     y1  = g_m + h sum b_i k_i,   k_i = f(g_m + h sum a_ij k_j)
 *
 * The stability polynomial is at most 1 on [-reach, 0], reach being 0.81 or 0.35 times
 * the square of the stages, so the stages follow from h times the spectral radius of the
 * Jacobian.  That is estimated by a nonlinear power method, as in RKC (B. P. Sommeijer,
 * L. F. Shampine, J. G. Verwer, J. Comp. Appl. Math. 88 (1998) 315-326): differences of f
 * along the last eigenvector, until two agree to a hundredth, and a fifth more for
 * safety; anew every 25 steps, and when a step is rejected.  Differences are measured in the scale
 * of the tolerance, so that what is added to a state is small beside it, or beside its atol,
 * whatever the others are.
 *
 * Inside a step: polynomials through values alone, the quadratic with the middle for
 * ROCK2, the quartic with the quarters for ROCK4; shorter steps give these values when
 * somebody looks.  Not Hermite's polynomial: f multiplies what is left of fast modes, of
 * the size of the tolerance, by up to the reach (measured: with 1000 points of the heat
 * equation and a tolerance of 1e-3, errors of 0.09 at the ends of steps and of 42
 * between).  For the same reason no extra stage takes f at an interpolated state. */
#include "solvers/rock.h"

#include "solvers/control.h"
#include "solvers/layout.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define ROCK(method, degree, reach, ...) {method, degree, reach, __VA_ARGS__},
static const struct rock_degree degrees[] = {
#include "solvers/rock.def"
};
#undef ROCK
enum { DEGREES = sizeof degrees / sizeof degrees[0] };

const struct rock oj_rock2 = {.method = ROCK2, .finishing = 2, .error_order = 2, .parts = 2};
const struct rock oj_rock4 = {.method = ROCK4, .finishing = 4, .error_order = 4, .reads_f1 = true,
                              .parts = 4};

const struct rock_degree *oj_rock_degree(size_t i)
{
	return i < DEGREES ? &degrees[i] : NULL;
}

/* The smallest degree that reaches z, or the largest there is. */
static const struct rock_degree *degree_for(const struct rock *rock, double z)
{
	const struct rock_degree *last = NULL;
	for (size_t i = 0; i < DEGREES; i++) {
		if (degrees[i].method != rock->method)
			continue;
		last = &degrees[i];
		if (last->reach >= z)
			break;
	}
	return last;
}

/* Stages between estimates of the radius, and of the power method at most; the share to
 * which two must agree, and what is added for safety. */
enum { RADIUS_AGE = 25, RADIUS_ROUNDS = 50 };
#define RADIUS_AGREES 0.01
#define RADIUS_SAFETY 1.2
#define LEAST_LENGTH 0.01 /* of a difference, in tolerances */
#define ANY_SHARE 0.01    /* of the first direction, of no direction in particular */

enum { FINISHING = 4, PARTS = 4 }; /* at most */

struct rock_state {
	const struct rock *rock;
	struct rhs *f;
	const struct tolerance *tolerance;
	int64_t n, stride;
	double *y0, *y1, *f0, *vector; /* [n]; the last an eigenvector, nearly */
	double *inside[PARTS - 1], *slope; /* values between y0 and y1; f in the middle */
	double *work[3], *k;               /* k[finishing + 1], the last f1 */
	double radius;
	int age;        /* steps since it was estimated */
	bool rejected;  /* the last attempt came to nothing */
	bool have_f1, have_inside;
	const struct rock_degree *degree; /* of the last attempt, for the error */
};

enum { VECTORS = 8 + PARTS - 1 + FINISHING + 1 };

static size_t state_size(const struct setup *setup)
{
	return sizeof(struct rock_state) + VECTORS * (size_t)stride_of(setup->n) * sizeof(double);
}

/* Every vector, in the order in which they lie in memory. */
enum { POINTERS = 12 };
static void list_parts(struct rock_state *s, struct part parts[POINTERS])
{
	const struct part all[POINTERS] = {
		{&s->y0, 1}, {&s->y1, 1}, {&s->f0, 1}, {&s->vector, 1}, {&s->inside[0], 1}, {&s->inside[1], 1},
		{&s->inside[2], 1}, {&s->slope, 1}, {&s->work[0], 1}, {&s->work[1], 1}, {&s->work[2], 1},
		{&s->k, FINISHING + 1},
	};
	memcpy(parts, all, sizeof all);
}

static void init(void *state, const struct setup *setup)
{
	struct rock_state *s = state;
	struct part parts[POINTERS];
	*s = (struct rock_state){.rock = setup->row, .n = setup->n, .stride = stride_of(setup->n)};
	list_parts(s, parts);
	lay_out_parts(parts, POINTERS, s->stride, (double *)(s + 1));
}

static void bind(void *state, struct rhs *f, const struct tolerance *tolerance)
{
	struct rock_state *s = state;
	s->f = f;
	s->tolerance = tolerance;
}

static double *stage_at(const struct rock_state *s, int i)
{
	return s->k + i * s->stride;
}

static double *f1_of(const struct rock_state *s)
{
	return stage_at(s, s->rock->finishing);
}

/* ---- the spectral radius ---- */

/* What a state is measured by; 1 in steps of given size. */
static double scale(const struct rock_state *s, int64_t i)
{
	return s->tolerance ? s->tolerance->atol[i] + s->tolerance->rtol * fabs(s->y0[i]) : 1;
}

/* The mean of v - w, of v where w is NULL, in scales; a state at 0 with an atol of 0 has none. */
static double distance(const struct rock_state *s, const double *v, const double *w)
{
	double sum[4] = {0};
	for (int64_t i = 0; i < s->n; i++) {
		double d = w ? v[i] - w[i] : v[i], unit = scale(s, i);
		d = unit > 0 ? d / unit : 0;
		sum[i % 4] += d * d;
	}
	return sqrt(((sum[0] + sum[1]) + (sum[2] + sum[3])) / (double)s->n);
}

/* z = y0 + length times the direction of d, which is not 0. */
static void aim(const struct rock_state *s, const double *d, double norm, double length, double *z)
{
	double factor = length / norm;
	for (int64_t i = 0; i < s->n; i++)
		z[i] = s->y0[i] + factor * d[i];
}

/* Add a direction with no component 0, no two neighbours alike: some direction has nothing of the
 * eigenvector, f0 where the fast states are at rest. */
static void add_any_direction(const struct rock_state *s, double *d)
{
	double norm = distance(s, d, NULL), factor = norm > 0 && isfinite(norm) ? 1 / norm : 0;
	for (int64_t i = 0; i < s->n; i++) {
		double any = i % 2 ? -1 - 1.0 / (double)(i + 1) : 1 + 1.0 / (double)(i + 1);
		d[i] = (factor > 0 ? factor * d[i] : 0) + ANY_SHARE * any * scale(s, i);
	}
}

/* Estimate the radius at (t, y0), where f is f0; leaves the eigenvector in `vector`. */
static void estimate_radius(struct rock_state *s, double t)
{
	double *z = s->work[0], *fz = s->work[1], *d = s->vector;
	double size = distance(s, s->y0, NULL), norm = distance(s, d, NULL);
	double length = (size > 0 ? size : 1) * sqrt(DBL_EPSILON), radius = 0;
	if (s->tolerance)
		length = fmax(length, LEAST_LENGTH);
	s->age = 0;
	if (!(norm > 0) || !isfinite(norm)) {
		add_any_direction(s, d);
		norm = distance(s, d, NULL);
	}
	for (int round = 0; round < RADIUS_ROUNDS; round++) {
		double before = radius;
		aim(s, d, norm, length, z);
		double step = distance(s, z, s->y0); /* what is left after rounding */
		rhs_eval(s->f, t, z, fz);
		double change = distance(s, fz, s->f0);
		if (!(step > 0) || !(change > 0) || !isfinite(change))
			break;
		radius = change / step;
		for (int64_t i = 0; i < s->n; i++)
			d[i] = fz[i] - s->f0[i];
		norm = change;
		if (round > 0 && fabs(radius - before) <= RADIUS_AGREES * radius)
			break;
	}
	s->radius = RADIUS_SAFETY * radius;
}

double oj_rock_radius(const void *state)
{
	const struct rock_state *s = state;
	return s->radius;
}

/* ---- a step ---- */

/* Where a step begins. */
struct departure {
	double t;
	const double *y, *f; /* [n] */
};

/* The recurrence; where it ends, and the part of h it took. */
static double *recur(struct rock_state *s, const struct rock_degree *row, const struct departure *from,
                     double h, double *part)
{
	const double *r = row->recurrence.at;
	double *older = s->work[0], *last = s->work[1], *next = s->work[2], *slope = stage_at(s, 0);
	double c_older = 0, c = r[0];
	memcpy(older, from->y, (size_t)s->n * sizeof *older);
	for (int64_t i = 0; i < s->n; i++)
		last[i] = from->y[i] + r[0] * h * from->f[i];
	for (int j = 2; j <= row->degree; j++) {
		double mu = r[2 * j - 3], kappa = r[2 * j - 2];
		rhs_eval(s->f, from->t + c * h, last, slope);
		oj_sum_three(s->n, mu * h, slope, 1 + kappa, last, -kappa, older, next);
		double c_next = mu + (1 + kappa) * c - kappa * c_older;
		double *spare = older;
		older = last, last = next, next = spare;
		c_older = c, c = c_next;
	}
	*part = c;
	return last;
}

/* out = y + h (sum of `count` stages with these weights) */
static void sum_stages(struct rock_state *s, const double *y, double h, const double *weights, int count, double *out)
{
	struct terms terms;
	double scaled[TABLEAU_ROOM];
	oj_terms_set(&terms, weights, count, s->stride, scaled);
	oj_terms_scale(terms.count, h, scaled, scaled);
	oj_sums(s->n)->step(s->n, y, s->k, &terms, scaled, out);
}

/* The states a length of h further. */
static void advance(struct rock_state *s, const struct rock_degree *row, const struct departure *from,
                    double h, double *y)
{
	double c, *g = recur(s, row, from, h, &c), *argument = g == s->work[0] ? s->work[1] : s->work[0];
	for (int i = 0; i < s->rock->finishing; i++) {
		const double *a = i == 0 ? NULL : row->a.at + i * (i - 1) / 2;
		double sum = 0;
		for (int j = 0; j < i; j++)
			sum += a[j];
		sum_stages(s, g, h, a, i, argument);
		rhs_eval(s->f, from->t + (c + sum) * h, argument, stage_at(s, i));
	}
	sum_stages(s, g, h, row->b.at, s->rock->finishing, y);
}

static enum attempt start(void *state, double t, const double *y)
{
	struct rock_state *s = state;
	size_t bytes = (size_t)s->n * sizeof *y;
	s->have_f1 = s->have_inside = s->rejected = false;
	memcpy(s->y0, y, bytes);
	rhs_eval(s->f, t, s->y0, s->f0);
	if (!oj_all_finite(s->n, s->y0) || !oj_all_finite(s->n, s->f0))
		return ATTEMPT_FATAL;
	memcpy(s->vector, s->f0, bytes);
	add_any_direction(s, s->vector);
	estimate_radius(s, t);
	return ATTEMPT_OK;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	struct rock_state *s = state;
	*y = s->y0;
	*f0 = s->f0;
	*scratch0 = s->work[0];
	*scratch1 = s->y1;
}

/* The most that h times the radius may be. */
static double most_reach(const struct rock_state *s)
{
	return degree_for(s->rock, HUGE_VAL)->reach;
}

static double longest(const void *state)
{
	const struct rock_state *s = state;
	return s->radius > 0 ? 0.95 * most_reach(s) / s->radius : HUGE_VAL;
}

static void evaluate_f1(struct rock_state *s, const struct step *step)
{
	if (s->have_f1)
		return;
	rhs_eval(s->f, step->t1, s->y1, f1_of(s));
	s->have_f1 = true;
}

/* The square of the error over the tolerance. */
static double squared_error(struct rock_state *s, double h)
{
	struct terms terms;
	double scaled[TABLEAU_ROOM];
	oj_terms_set(&terms, s->degree->e.at, s->rock->finishing + 1, s->stride, scaled);
	oj_terms_scale(terms.count, h, scaled, scaled);
	return oj_sums(s->n)->norm(s->n, s->n, s->k, &terms, scaled, s->y0, s->y1, s->tolerance);
}

static enum attempt attempt(void *state, struct step *step)
{
	struct rock_state *s = state;
	step->y0 = s->y0;
	step->y1 = s->y1;
	step->squared = 0;
	s->have_f1 = s->have_inside = false;
	if (s->age >= RADIUS_AGE || (s->rejected && s->age > 0))
		estimate_radius(s, step->t0);
	double z = fabs(step->h) * s->radius, most = most_reach(s);
	s->rejected = true;
	if (s->tolerance && z > most) {
		step->squared = 4 * oj_control_power(z / most, 2 * s->rock->error_order);
		return ATTEMPT_OK;
	}
	s->degree = degree_for(s->rock, z);
	struct departure departure = {step->t0, s->y0, s->f0};
	advance(s, s->degree, &departure, step->h, s->y1);
	if (!s->tolerance)
		return oj_all_finite(s->n, s->y1) ? ATTEMPT_OK : ATTEMPT_RETRY;
	if (s->rock->reads_f1)
		evaluate_f1(s, step);
	step->squared = squared_error(s, step->h);
	return isfinite(step->squared) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct rock_state *s = state;
	s->have_f1 = s->have_f1 && !step->clipped;
	if (s->have_f1)
		return ATTEMPT_OK;
	evaluate_f1(s, step);
	return oj_all_finite(s->n, f1_of(s)) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

static void accept(void *state)
{
	struct rock_state *s = state;
	double *y = s->y0;
	s->y0 = s->y1;
	s->y1 = y;
	memcpy(s->f0, f1_of(s), (size_t)s->n * sizeof *s->f0);
	s->have_f1 = s->have_inside = s->rejected = false;
	s->age++;
}

/* ---- inside a step ---- */

static void advance_inside(struct rock_state *s, const struct departure *from, double h, double *y)
{
	advance(s, degree_for(s->rock, fabs(h) * s->radius), from, h, y);
}

/* The values between the ends.  The third quarter follows from the middle. */
static void evaluate_inside(struct rock_state *s, const struct step *step)
{
	struct departure start = {step->t0, s->y0, s->f0};
	double *middle = s->inside[s->rock->parts / 2 - 1], h = step->h / 2;
	if (s->have_inside)
		return;
	s->have_inside = true;
	advance_inside(s, &start, h, middle);
	if (s->rock->parts == 2)
		return;
	advance_inside(s, &start, h / 2, s->inside[0]);
	struct departure half = {step->t0 + h, middle, s->slope};
	rhs_eval(s->f, half.t, middle, s->slope);
	advance_inside(s, &half, h / 2, s->inside[2]);
}

/* Lagrange's polynomial of value j of parts + 1 at theta = 0, 1/parts, .. 1. */
static double lagrange(int parts, int j, double theta)
{
	double u = parts * theta, product = 1, scale = 1;
	for (int k = 0; k <= parts; k++) {
		if (k == j)
			continue;
		product *= u - k;
		scale *= j - k;
	}
	return product / scale;
}

/* The polynomial through values[parts + 1] at theta. */
static void pass_through(int64_t n, int parts, const double *const *values, double theta, double *y)
{
	double weight[PARTS + 1];
	for (int j = 1; j <= parts; j++)
		weight[j] = lagrange(parts, j, theta);
	for (int64_t i = 0; i < n; i++) {
		double sum = 0, first = values[0][i];
		for (int j = 1; j <= parts; j++)
			sum += weight[j] * (values[j][i] - first);
		y[i] = first + sum;
	}
}

/* The values that the interpolant passes through, in their order. */
static void list_values(const struct rock_state *s, const double **values)
{
	int parts = s->rock->parts;
	values[0] = s->y0;
	for (int j = 1; j < parts; j++)
		values[j] = s->inside[j - 1];
	values[parts] = s->y1;
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct rock_state *s = state;
	const double *values[PARTS + 1];
	evaluate_inside(s, step);
	list_values(s, values);
	pass_through(s->n, s->rock->parts, values, (t - step->t0) / step->h, y);
}

static size_t kept_size(const struct setup *setup)
{
	const struct rock *rock = setup->row;
	return (size_t)setup->n * (size_t)(rock->parts + 1);
}

static void keep(void *state, const struct step *step, double *kept)
{
	struct rock_state *s = state;
	const double *values[PARTS + 1];
	evaluate_inside(s, step);
	list_values(s, values);
	for (int j = 0; j <= s->rock->parts; j++)
		memcpy(kept + j * s->n, values[j], (size_t)s->n * sizeof *kept);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct rock_state *s = state;
	const double *values[PARTS + 1];
	for (int j = 0; j <= s->rock->parts; j++)
		values[j] = kept + j * s->n;
	pass_through(s->n, s->rock->parts, values, (t - t0) / h, y);
}

static void move(void *state, const void *from)
{
	struct part parts[POINTERS];
	list_parts(state, parts);
	move_parts(parts, POINTERS, state, from);
}

/* ---- when a step fails ---- */

static int64_t worst_error(const struct rock_state *s)
{
	struct terms terms;
	double weights[TABLEAU_ROOM];
	oj_terms_set(&terms, s->degree->e.at, s->rock->finishing + s->have_f1, s->stride, weights);
	return oj_largest_error(s->n, s->k, &terms, weights, s->y0, s->y1, s->tolerance);
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct rock_state *s = state;
	(void)step;
	*finite = true;
	if (!s->degree)
		return 0;
	*finite = false;
	for (int i = 0; i < s->rock->finishing + s->have_f1; i++) {
		int64_t at = oj_first_nonfinite(s->n, stage_at(s, i));
		if (at >= 0)
			return at;
	}
	int64_t at = oj_first_nonfinite(s->n, s->y1);
	if (at >= 0)
		return at;
	*finite = true;
	return s->tolerance ? worst_error(s) : 0;
}

const struct stepper oj_stepper_rock = {
	.name = "rock",
	.state_size = state_size,
	.init = init,
	.bind = bind,
	.start = start,
	.look = look,
	.attempt = attempt,
	.longest = longest,
	.complete = complete,
	.interpolate = interpolate,
	.kept_size = kept_size,
	.keep = keep,
	.recall = recall,
	.move = move,
	.accept = accept,
	.culprit = culprit,
};
