/* Steps by Taylor series of high order.
 *
 * A kernel made from the equations (VARIANT_TAYLOR) gives all coefficients of the
 * solution about the time reached; a step sums them.  Order and step size are
 * Jorba's and Zou's (A software package for the numerical integration of ODEs by means
 * of high-order Taylor methods, Experimental Mathematics 14 (2005) 99-117, 3.1, 3.2):
 * the radius of convergence comes from the last two coefficients,
 *
 *     rho_k = |c_k|^(-1/k),  k = p-1, p;   h = min rho_k (rtol/2)^(1/(p-1)).
 *
 * If the time of a step grows with p^2, as operations do, steps of e^-2 times the radius are
 * the cheapest, for which p = 1 - ln(rtol)/2.  Of few states it hardly does: each order
 * waits for the one before, and p alone would make it steps of e^-1.  There it is e^(-4/3), between
 * the two (m: Lotka-Volterra at 1e-7 10.1 us with e^(-5/3), 8.6 with e^(-4/3), 8.1 with
 * e^-1, whose kernels take twice as long to compile), and p is at least 13: what a step
 * takes besides (40 ns) is worth seven orders (at 1e-4 4.6 us instead of 5.7).
 *
 * Their relative and absolute error become one here: coefficients of state i are
 * measured by max(|y_i|, |y_i'| h of the last step) + atol_i/rtol, so that a state
 * that passes through 0 does not cut the steps, and tolerances of single states count.
 *
 * A series about the start of a step knows nothing of a jump, or a kink, inside of
 * it.  So each step compares the slope that the series has at its end with f there:
 * their difference times h/(p+1) is the error of a smooth solution to leading order,
 * and far more than the tolerance where something was missed.
 *
 * What y loses by rounding is carried to the next step (Kahan; Hairer, McLachlan,
 * Razakarivony, Achieving Brouwer's law with implicit Runge-Kutta methods, BIT 48
 * (2008) 231-243, section 2).
 *
 * The series is its own interpolant: what a step leaves behind for output anywhere
 * inside of it are its (p + 1) n coefficients, and n more of what was left out. */
#include "solvers/control.h"
#include "solvers/layout.h"
#include "solvers/rough.h"
#include "solvers/sums.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct series_state {
	struct rhs *f;
	const struct tolerance *tolerance;
	const struct sums *sums;
	int64_t n;
	int order;
	double proposed;  /* of the coming step, positive */
	double following; /* of the one after it */
	double shrinking; /* exp(-2 - 0.7/(p-1)) */
	double root[2];   /* -1/(p-1) and -1/p */
	double *c, *next; /* [(order + 1) n] coefficients at the start of the step, at its end */
	double *low, *next_low; /* [n] what y's rounding left out */
	double *y1, *change, *slope, *f1;
	bool have_next;
};

static void variant(const struct setup *setup, struct variant *variant)
{
	*variant = (struct variant){.kind = VARIANT_TAYLOR, .order = oj_taylor_order(setup->rtol, setup->n)};
}

/* Doubles of all vectors. */
static int64_t room(int64_t n, int order)
{
	return 2 * (order + 1) * n + 6 * n;
}

static size_t state_size(const struct setup *setup)
{
	return sizeof(struct series_state) + (size_t)room(setup->n, oj_taylor_order(setup->rtol, setup->n)) * sizeof(double);
}

/* Every vector, in the order in which they lie in memory: coefficients, then single ones. */
enum { POINTERS = 8 };
static void list_parts(struct series_state *s, struct part parts[POINTERS])
{
	const struct part all[POINTERS] = {
		{&s->c, s->order + 1}, {&s->next, s->order + 1}, {&s->low, 1}, {&s->next_low, 1}, {&s->y1, 1},
		{&s->change, 1}, {&s->slope, 1}, {&s->f1, 1},
	};
	memcpy(parts, all, sizeof all);
}

static void init(void *state, const struct setup *setup)
{
	struct series_state *s = state;
	struct part parts[POINTERS];
	int64_t n = setup->n;
	*s = (struct series_state){.n = n, .sums = oj_sums(n), .order = oj_taylor_order(setup->rtol, setup->n)};
	s->shrinking = oj_control_power(0.5 * setup->rtol, 1.0 / (s->order - 1));
	for (int i = 0; i < 2; i++)
		s->root[i] = -1.0 / (s->order - 1 + i);
	memset(s + 1, 0, (size_t)room(n, s->order) * sizeof(double));
	list_parts(s, parts);
	lay_out_parts(parts, POINTERS, n, (double *)(s + 1));
}

static void bind(void *state, struct rhs *f, const struct tolerance *tolerance)
{
	struct series_state *s = state;
	s->f = f;
	s->tolerance = tolerance;
}

static inline double larger(double a, double b)
{
	return a > b ? a : b;
}

static inline double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* ---- sizes ---- */

/* The largest coefficients of orders p-1 and p, scaled, up to 1e300. False: one of
 * them is not finite. */
static bool last_sizes(const struct series_state *s, const double *c, double h, double sizes[2])
{
	const double *f = c + s->n, *last = c + s->order * s->n, *before = last - s->n;
	double per_rtol = 1 / s->tolerance->rtol, flaw = 0;
	sizes[0] = sizes[1] = 0;
	for (int64_t i = 0; i < s->n; i++) {
		double scale = larger(fabs(c[i]), fabs(f[i]) * h) + s->tolerance->atol[i] * per_rtol;
		double inverse = 1 / larger(scale, DBL_MIN);
		sizes[0] = larger(fabs(before[i]) * inverse, sizes[0]);
		sizes[1] = larger(fabs(last[i]) * inverse, sizes[1]);
		flaw += (before[i] - before[i]) + (last[i] - last[i]);
	}
	sizes[0] = sizes[0] < 1e300 ? sizes[0] : 1e300;
	sizes[1] = sizes[1] < 1e300 ? sizes[1] : 1e300;
	return flaw == 0;
}

/* The length of a step from coefficients c, when the last step had length h; where
 * the last two vanish the series is taken for finite.  False: they are not finite. */
static bool choose_length(const struct series_state *s, const double *c, double h, double *length)
{
	double sizes[2], radii[2];
	if (!s->tolerance)
		return oj_all_finite(s->n, c + s->order * s->n);
	if (!last_sizes(s, c, h, sizes))
		return false;
	for (int i = 0; i < 2; i++)
		radii[i] = oj_rough_logarithm(sizes[i]) * s->root[i];
	double exponent = smaller(radii[0], radii[1]); /* nobody foresees which, so no branch */
	if (sizes[0] == 0 || sizes[1] == 0)
		exponent = sizes[0] > 0 ? radii[0] : sizes[1] > 0 ? radii[1] : 1000;
	*length = oj_rough_power_of_two(exponent) * s->shrinking;
	return true;
}

/* What stands for the last step's length at the start: the radius that coefficients 1
 * and p tell of, whatever the size of y. */
static double first_length(const struct series_state *s)
{
	double first = 0, last = 0;
	for (int64_t i = 0; i < s->n; i++) {
		first = larger(fabs(s->c[s->n + i]), first);
		last = larger(fabs(s->c[s->order * s->n + i]), last);
	}
	if (first == 0 || last == 0)
		return 0;
	double exponent = (oj_rough_logarithm(first) - oj_rough_logarithm(last)) / (s->order - 1);
	return oj_rough_power_of_two(exponent) * s->shrinking;
}

static double propose(const void *state)
{
	return ((const struct series_state *)state)->proposed;
}

/* ---- steps ---- */

static void expand(struct series_state *s, double t, const double *y, double *c)
{
	struct kernel_args *args = &s->f->variant_args;
	rhs_ask(s->f);
	args->t = &t;
	args->y = y;
	args->out = c;
	s->f->calls++;
	s->f->variant->run(args);
}

static enum attempt start(void *state, double t, const double *y)
{
	struct series_state *s = state;
	size_t bytes = (size_t)s->n * sizeof *y;
	s->have_next = false;
	memset(s->low, 0, bytes);
	memcpy(s->y1, y, bytes);
	expand(s, t, s->y1, s->c);
	if (!oj_all_finite((s->order + 1) * s->n, s->c) || !choose_length(s, s->c, first_length(s), &s->proposed))
		return ATTEMPT_FATAL;
	return ATTEMPT_OK;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	struct series_state *s = state;
	*y = s->c;
	*f0 = s->c + s->n;
	*scratch0 = s->slope;
	*scratch1 = s->f1;
}

/* The square of the error over the tolerance, from what the slopes at the end differ by;
 * not finite when y1 or f1 is not. */
static double squared_error(const struct series_state *s, double h)
{
	const struct tolerance *tolerance = s->tolerance;
	double factor = h / (s->order + 1), sum = 0, most = 0, flaw = 0;
	for (int64_t i = 0; i < s->n; i++) {
		double scale = tolerance->atol[i] + tolerance->rtol * larger(fabs(s->c[i]), fabs(s->y1[i]));
		double ratio = factor * (s->f1[i] - s->slope[i]) / larger(scale, DBL_MIN);
		sum += ratio * ratio;
		most = larger(ratio * ratio, most);
		flaw += (s->y1[i] - s->y1[i]) + (s->f1[i] - s->f1[i]);
	}
	return (tolerance->max_norm || s->n == 0 ? most : sum / (double)s->n) + flaw;
}

static enum attempt attempt(void *state, struct step *step)
{
	struct series_state *s = state;
	s->have_next = false;
	step->y0 = s->c;
	step->y1 = s->y1;
	step->squared = 0;
	s->sums->powers(s->n, s->order, s->c, step->h, s->change, s->tolerance ? s->slope : NULL);
	for (int64_t i = 0; i < s->n; i++)
		s->y1[i] = oj_add_change(s->c[i], s->low[i], s->change[i], &s->next_low[i]);
	if (!s->tolerance)
		return oj_all_finite(s->n, s->y1) ? ATTEMPT_OK : ATTEMPT_RETRY;
	rhs_eval(s->f, step->t1, s->y1, s->f1);
	step->squared = squared_error(s, step->h);
	return isfinite(step->squared) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct series_state *s = state;
	expand(s, step->t1, s->y1, s->next);
	s->have_next = true;
	return choose_length(s, s->next, fabs(step->h), &s->following) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

/* States at h from coefficients c, of which `low` was left out. */
static void sum_states(const struct series_state *s, const double *c, const double *low, double h, double *y)
{
	double left;
	s->sums->powers(s->n, s->order, c, h, y, NULL);
	for (int64_t i = 0; i < s->n; i++)
		y[i] = oj_add_change(c[i], low[i], y[i], &left);
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	const struct series_state *s = state;
	sum_states(s, s->c, s->low, t - step->t0, y);
}

static size_t kept_size(const struct setup *setup)
{
	return ((size_t)oj_taylor_order(setup->rtol, setup->n) + 2) * (size_t)setup->n;
}

static void keep(void *state, const struct step *step, double *kept)
{
	const struct series_state *s = state;
	size_t coefficients = (size_t)(s->order + 1) * (size_t)s->n;
	(void)step;
	memcpy(kept, s->c, coefficients * sizeof *kept);
	memcpy(kept + coefficients, s->low, (size_t)s->n * sizeof *kept);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct series_state *s = state;
	(void)h;
	sum_states(s, kept, kept + (s->order + 1) * s->n, t - t0, y);
}

/* Two pairs of vectors change places at every step. */
static void move(void *state, const void *from)
{
	struct part parts[POINTERS];
	list_parts(state, parts);
	move_parts(parts, POINTERS, state, from);
}

static void accept(void *state)
{
	struct series_state *s = state;
	swap_vectors(&s->c, &s->next);
	swap_vectors(&s->low, &s->next_low);
	s->proposed = s->following;
	s->have_next = false;
}

static int64_t worst_error(const struct series_state *s)
{
	int64_t worst = 0;
	double most = -1;
	for (int64_t i = 0; s->tolerance && i < s->n; i++) {
		double scale = s->tolerance->atol[i] + s->tolerance->rtol * fmax(fabs(s->c[i]), fabs(s->y1[i]));
		double e = fabs(s->f1[i] - s->slope[i]), ratio = e == 0 ? 0 : e / scale;
		if (ratio > most)
			most = ratio, worst = i;
	}
	return worst;
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct series_state *s = state;
	const double *vectors[] = {step->y1, s->tolerance ? s->f1 : NULL};
	int64_t begun = oj_first_nonfinite((s->order + 1) * s->n, s->c); /* at the start of a run alone */
	*finite = false;
	if (begun >= 0)
		return begun % s->n;
	for (size_t v = 0; v < sizeof vectors / sizeof *vectors; v++) {
		int64_t at = vectors[v] ? oj_first_nonfinite(s->n, vectors[v]) : -1;
		if (at >= 0)
			return at;
	}
	int64_t at = s->have_next ? oj_first_nonfinite((s->order + 1) * s->n, s->next) : -1;
	if (at >= 0)
		return at % s->n;
	*finite = true;
	return worst_error(s);
}

const struct stepper oj_stepper_taylor = {
	.name = "taylor",
	.variant = variant,
	.needs_variant = true,
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
