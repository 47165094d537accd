/* Explicit Runge–Kutta steps of any row of the table.
 *
 * Stages lie in one matrix k, `stride` apart: k[0] = f(t0, y0), the inner stages,
 * k[stages] = f(t1, y1), then the extra stages of the interpolant.  f(t1, y1) is
 * computed inside the attempt where the estimate reads it (fsal), else when the
 * step is completed; either way it is the next step's k[0], so no method evaluates
 * it twice, and every interpolant has both end slopes for free.
 *
 * Weights are stripped of their zeros once (struct terms) and lie one behind the other; an
 * attempt multiplies all of them with h before its first stage, so that no sum has to.
 * Steps of given size leave out the last stages where only the estimate reads them.
 *
 * Where the system has a kernel for the whole step (struct step_recipe), an attempt is
 * one call of it, and nothing else changes: it leaves the same stages with the same
 * bits.  So does the kernel for the extra stages.  The first computes f(t1, y1) in any case, which counts as an evaluation when it is
 * asked for.  It leaves y1 in one place only, so that y1 becomes y0 by copying; else the
 * two change places.
 *
 * A step is kept as y0 and those stages that the interpolant reads, one behind the
 * other: the same sums in the same order, hence the same bits.  Coefficients of the
 * polynomial would be fewer vectors, but round differently. */
#include "solvers/complexes.h"
#include "solvers/stepper.h"
#include "solvers/sums.h"
#include "solvers/tableau.h"

#include <math.h>
#include <string.h>

/* A sum and where its weights lie among all. */
struct sum {
	struct terms terms;
	int first;
};

struct explicit {
	const struct tableau *row;
	const struct sums *sums;
	struct rhs *f;
	const struct tolerance *tolerance;
	int64_t n, stride, padded;
	bool have_f1, have_extra;
	bool whole; /* the last attempt was, and left f1 where it belongs */
	double *y0, *stage, *weights;
	double h;                     /* of the last attempt */
	double *scaled;               /* weights times h; not those of a step that was whole */
	double *vectors;              /* see enum step_vector */
	double *y1, *k;               /* among the vectors */
	int step_weights, all_weights; /* what an attempt reads, and with the extra stages' */
	struct sum inner[TABLEAU_STAGES]; /* of stages 1 .. stages-1, then the extra ones */
	struct sum solution, estimate[TABLEAU_ESTIMATES];
	struct interpolant interpolant; /* of the stages it reads alone */
	struct terms dense;             /* likewise */
	int read[TABLEAU_STAGES], reads; /* stages that the interpolant reads */
	int carried; /* stages without the last ones that only the estimate reads */
};

/* How many doubles sums over states within the state run over: whole vectors, for the
 * rest is 0 and stays so.  Not for a handful: a vector cannot be loaded quickly from
 * what was stored one by one a moment ago. */
static int64_t padded_of(int64_t n)
{
	return n < 8 ? n : (n + 7) / 8 * 8;
}

/* Vectors begin with a cache line, or every load of a wide vector would touch two. */
enum { LINE = 64 };
static double *vectors_in(struct explicit *s)
{
	char *end = (char *)(s + 1);
	return (double *)(end + (LINE - (uintptr_t)end % LINE) % LINE);
}

static int stage_count(const struct tableau *row)
{
	return row->stages + 1 + row->extra;
}

/* Does the interpolant read stage i at all? */
static bool reads_stage(const struct interpolant *interpolant, int i)
{
	bool reads = false;
	for (int m = 0; m < 3; m++)
		reads = reads || interpolant->hermite[m][i] != 0;
	for (int m = 0; m < interpolant->bubbles; m++)
		reads = reads || interpolant->bubble[m][i] != 0;
	return reads;
}

/* The stages that the interpolant reads; their number. */
static int list_read(const struct interpolant *interpolant, int *read)
{
	int count = 0;
	for (int i = 0; i < interpolant->count; i++)
		if (reads_stage(interpolant, i))
			read[count++] = i;
	return count;
}

/* Does anything but the estimate and later stages read stage i? */
static bool is_carried(const struct tableau *row, const struct interpolant *interpolant, int i)
{
	if (row->b.at[i] != 0 || reads_stage(interpolant, i))
		return true;
	for (int extra = 0; extra < row->extra; extra++)
		if (oj_tableau_extra_row(row, extra)[i] != 0)
			return true;
	return false;
}

static int count_carried(const struct tableau *row, const struct interpolant *interpolant)
{
	int count = row->stages;
	while (!is_carried(row, interpolant, count - 1))
		count--;
	return count;
}

static int nonzero(const struct numbers *numbers)
{
	int count = 0;
	for (int i = 0; i < numbers->count; i++)
		count += numbers->at[i] != 0;
	return count;
}

/* Doubles that all weights take, in whole cache lines. */
static int64_t weight_room(const struct tableau *row)
{
	int count = nonzero(&row->a) + nonzero(&row->b) + nonzero(&row->extra_a);
	for (int i = 0; i < row->estimates; i++)
		count += nonzero(&row->e[i]);
	return stride_of(count);
}

static void variant(const struct setup *setup, struct variant *variant)
{
	const struct tableau *row = setup->row;
	*variant = (struct variant){.kind = VARIANT_STEP};
	variant->recipe = (struct step_recipe){
		.stages = row->stages, .estimates = row->estimates, .extra = row->extra,
		.c = row->c.at, .a = row->a.at, .b = row->b.at, .e = {row->e[0].at, row->e[1].at},
		.extra_c = row->extra_c.at, .extra_a = row->extra_a.at,
		.states = setup->n, .stride = stride_of(setup->n),
		.fused = oj_sums(setup->n)->fused,
	};
}

static size_t state_size(const struct setup *setup)
{
	size_t vectors = 2 + STEP_STAGES + (size_t)stage_count(setup->row);
	size_t doubles = 2 * (size_t)weight_room(setup->row) + vectors * (size_t)stride_of(setup->n);
	return sizeof(struct explicit) + LINE + doubles * sizeof(double);
}

/* Lay out one behind the other y0, a stage's argument, weights; and the block that the kernel
 * for whole steps is handed. */
static void lay_out(struct explicit *s)
{
	double *memory = vectors_in(s);
	int64_t room = weight_room(s->row), stride = s->stride, vectors = STEP_STAGES + stage_count(s->row);
	memset(memory, 0, (size_t)(2 * room + (2 + vectors) * stride) * sizeof *memory);
	s->y0 = memory;
	s->stage = s->y0 + stride;
	s->weights = s->stage + stride;
	s->scaled = s->weights + room;
	s->vectors = s->scaled + room;
	s->y1 = s->vectors + STEP_SOLUTION * stride;
	s->k = s->vectors + STEP_STAGES * stride;
}

static void set_sum(struct explicit *s, struct sum *sum, const double *weights, int count)
{
	sum->first = s->all_weights;
	s->all_weights += oj_terms_set(&sum->terms, weights, count, s->stride, s->weights + sum->first);
}

/* In the order of struct step_recipe. */
static void set_sums(struct explicit *s)
{
	const struct tableau *row = s->row;
	for (int i = 1; i < row->stages; i++)
		set_sum(s, &s->inner[i], oj_tableau_row(row, i), i);
	set_sum(s, &s->solution, row->b.at, row->stages);
	for (int i = 0; i < row->estimates; i++)
		set_sum(s, &s->estimate[i], row->e[i].at, row->stages + 1);
	s->step_weights = s->all_weights;
	for (int i = 0; i < row->extra; i++)
		set_sum(s, &s->inner[row->stages + i], oj_tableau_extra_row(row, i), row->stages + 1 + i);
}

static void init(void *state, const struct setup *setup)
{
	struct explicit *s = state;
	const struct tableau *row = setup->row;
	int64_t n = setup->n;
	*s = (struct explicit){.row = row, .sums = oj_sums(n), .n = n, .stride = stride_of(n), .padded = padded_of(n)};
	lay_out(s);
	set_sums(s);
	oj_interpolant_set(&s->interpolant, row);
	s->reads = list_read(&s->interpolant, s->read);
	s->carried = count_carried(row, &s->interpolant);
	oj_interpolant_pick(&s->interpolant, s->read, s->reads);
	s->dense.count = s->reads;
	for (int j = 0; j < s->reads; j++)
		s->dense.offset[j] = s->read[j] * s->stride;
}

static double *stage_at(const struct explicit *s, int i)
{
	return s->k + i * s->stride;
}

static void bind(void *state, struct rhs *f, const struct tolerance *tolerance)
{
	struct explicit *s = state;
	s->f = f;
	s->tolerance = tolerance;
	s->sums = f->kernel->apart ? oj_sums_apart(s->n) : oj_sums(s->n);
}

static enum attempt start(void *state, double t, const double *y)
{
	struct explicit *s = state;
	s->have_f1 = s->have_extra = false;
	memcpy(s->y0, y, (size_t)s->n * sizeof *y);
	rhs_eval(s->f, t, s->y0, s->k);
	return oj_all_finite(s->n, s->y0) && oj_all_finite(s->n, s->k) ? ATTEMPT_OK : ATTEMPT_FATAL;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	struct explicit *s = state;
	*y = s->y0;
	*f0 = s->k;
	*scratch0 = s->stage;
	*scratch1 = s->y1;
}

/* The stages that an attempt evaluates. */
static int stages_of(const struct explicit *s)
{
	return s->tolerance ? s->row->stages : s->carried;
}

static void evaluate_f1(struct explicit *s, const struct step *step)
{
	if (s->have_f1)
		return;
	if (s->whole)
		s->f->calls++;
	else
		rhs_eval(s->f, step->t1, s->y1, stage_at(s, s->row->stages));
	s->have_f1 = true;
}

static void scale_weights(const struct explicit *s, int from, int count)
{
	oj_terms_scale(count, s->h, s->weights + from, s->scaled + from);
}

/* The weights of an estimate, times h, after whatever attempt. */
static const double *estimate_weights(const struct explicit *s, int estimate)
{
	const struct sum *sum = &s->estimate[estimate];
	if (s->whole)
		scale_weights(s, sum->first, sum->terms.count);
	return s->scaled + sum->first;
}

/* The square of the norm of an estimate. */
static double squared_norm(const struct explicit *s, int estimate)
{
	const struct sum *sum = &s->estimate[estimate];
	if (s->whole && !s->tolerance->max_norm)
		return s->vectors[STEP_SCALARS * s->stride + STEP_NORMS + estimate];
	const double *weights = estimate_weights(s, estimate);
	return s->sums->norm(s->n, s->padded, s->k, &sum->terms, weights, s->y0, s->y1, s->tolerance);
}

/* The square of the error over the tolerance; two estimates are combined as in DOP853. */
static double squared_error(const struct explicit *s)
{
	double first = squared_norm(s, 0);
	if (s->row->estimates == 1 || first == 0)
		return first;
	double second = squared_norm(s, 1);
	return isfinite(second) ? first * (first / (first + 0.01 * second)) : second;
}

/* Can the kernel for whole steps leave y1 where it is looked for? */
static bool takes_whole(const struct explicit *s)
{
	return s->f->variant && s->y1 == s->vectors + STEP_SOLUTION * s->stride;
}

/* What a kernel of the step is given. */
static void run_kernel(struct explicit *s, const struct step *step, const struct kernel *kernel,
                       struct kernel_args *args)
{
	double *scalars = s->vectors + STEP_SCALARS * s->stride;
	scalars[STEP_LENGTH] = step->h;
	scalars[STEP_END] = step->t1;
	scalars[STEP_RTOL] = s->tolerance ? s->tolerance->rtol : 0;
	args->t = &step->t0;
	args->y = s->y0;
	args->seed = s->tolerance ? s->tolerance->atol : s->y0; /* any numbers do where none count */
	args->out = s->vectors;
	kernel->run(args);
}

/* y1, all stages and the norms by one call. */
static void take_whole(struct explicit *s, const struct step *step)
{
	run_kernel(s, step, s->f->variant, &s->f->variant_args);
	s->f->calls += (uint64_t)stages_of(s) - 1;
}

/* The argument of stage i, or of an extra one. */
static void sum_stage(struct explicit *s, int i)
{
	const struct sum *sum = &s->inner[i];
	s->sums->stage(s->padded, s->y0, s->k, &sum->terms, s->scaled + sum->first, s->stage);
}

static void take_stages(struct explicit *s, const struct step *step)
{
	const struct tableau *row = s->row;
	const struct sum *solution = &s->solution;
	scale_weights(s, 0, s->step_weights);
	for (int i = 1; i < stages_of(s); i++) {
		double c = row->c.at[i];
		sum_stage(s, i);
		rhs_eval(s->f, c == 1 ? step->t1 : step->t0 + c * step->h, s->stage, stage_at(s, i));
	}
	s->sums->step(s->padded, s->y0, s->k, &solution->terms, s->scaled + solution->first, s->y1);
}

static enum attempt attempt(void *state, struct step *step)
{
	struct explicit *s = state;
	s->have_f1 = s->have_extra = false;
	step->y0 = s->y0;
	step->y1 = s->y1;
	rhs_ask(s->f);
	s->whole = takes_whole(s);
	s->h = step->h;
	if (s->whole)
		take_whole(s, step);
	else
		take_stages(s, step);
	if (!s->tolerance) {
		step->squared = 0;
		return oj_all_finite(s->n, s->y1) ? ATTEMPT_OK : ATTEMPT_RETRY;
	}
	if (s->row->fsal)
		evaluate_f1(s, step);
	step->squared = squared_error(s);
	return isfinite(step->squared) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct explicit *s = state;
	s->have_f1 = s->have_f1 && !step->clipped;
	if (s->have_f1)
		return ATTEMPT_OK; /* and the estimate, which reads it, was finite */
	evaluate_f1(s, step);
	return oj_all_finite(s->n, stage_at(s, s->row->stages)) ? ATTEMPT_OK : ATTEMPT_RETRY;
}

static void take_extra(struct explicit *s, const struct step *step)
{
	int stages = s->row->stages;
	scale_weights(s, s->step_weights, s->all_weights - s->step_weights);
	for (int i = 0; i < s->row->extra; i++) {
		double t = step->t0 + s->row->extra_c.at[i] * step->h;
		sum_stage(s, stages + i);
		rhs_eval(s->f, t, s->stage, stage_at(s, stages + 1 + i));
	}
}

static void evaluate_extra(struct explicit *s, const struct step *step)
{
	if (s->have_extra)
		return;
	evaluate_f1(s, step);
	s->f->inside = true;
	s->have_extra = true;
	if (!s->f->extra) {
		take_extra(s, step);
		return;
	}
	run_kernel(s, step, s->f->extra, &s->f->extra_args);
	s->f->calls += (uint64_t)s->row->extra;
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct explicit *s = state;
	double weights[TABLEAU_ROOM];
	evaluate_extra(s, step);
	oj_interpolant_weights(&s->interpolant, (t - step->t0) / step->h, step->h, weights);
	s->sums->step(s->n, s->y0, s->k, &s->dense, weights, y);
}

static size_t kept_size(const struct setup *setup)
{
	struct interpolant interpolant;
	int read[TABLEAU_STAGES];
	oj_interpolant_set(&interpolant, setup->row);
	return (size_t)setup->n * (size_t)(1 + list_read(&interpolant, read));
}

static void keep(void *state, const struct step *step, double *kept)
{
	struct explicit *s = state;
	size_t bytes = (size_t)s->n * sizeof *kept;
	evaluate_extra(s, step);
	memcpy(kept, s->y0, bytes);
	for (int j = 0; j < s->reads; j++)
		memcpy(kept + (j + 1) * s->n, stage_at(s, s->read[j]), bytes);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct explicit *s = state;
	struct terms terms = {.count = s->reads};
	double weights[TABLEAU_ROOM];
	for (int j = 0; j < s->reads; j++)
		terms.offset[j] = j * s->n;
	oj_interpolant_weights(&s->interpolant, (t - t0) / h, h, weights);
	s->sums->step(s->n, kept, kept + s->n, &terms, weights, y);
}

/* The same place in this state as `at` in the state `from`. */
static double *moved(struct explicit *s, const struct explicit *from, const double *at)
{
	return (double *)(s + 1) + (at - (const double *)(from + 1));
}

static void move(void *state, const void *original)
{
	struct explicit *s = state;
	const struct explicit *from = original;
	s->y0 = moved(s, from, from->y0);
	s->y1 = moved(s, from, from->y1);
	s->stage = moved(s, from, from->stage);
	s->weights = moved(s, from, from->weights);
	s->scaled = moved(s, from, from->scaled);
	s->vectors = moved(s, from, from->vectors);
	s->k = moved(s, from, from->k);
}

static void accept(void *state)
{
	struct explicit *s = state;
	double *y = s->y0;
	if (takes_whole(s)) {
		s->sums->copy(s->n, s->y1, y);
	} else {
		s->y0 = s->y1;
		s->y1 = y;
	}
	s->sums->copy(s->n, stage_at(s, s->row->stages), s->k);
	s->have_f1 = s->have_extra = false;
}

static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct explicit *s = state;
	*finite = false;
	for (int i = 0; i < stages_of(s); i++) {
		int64_t at = oj_first_nonfinite(s->n, stage_at(s, i));
		if (at >= 0)
			return at;
	}
	int64_t at = s->have_f1 ? oj_first_nonfinite(s->n, stage_at(s, s->row->stages)) : -1;
	if (at < 0)
		at = oj_first_nonfinite(s->n, step->y1);
	if (at >= 0)
		return at;
	*finite = true;
	return !s->tolerance ? 0 : oj_largest_error(s->n, s->k, &s->estimate[0].terms, estimate_weights(s, 0), step->y0,
	                                            step->y1, s->tolerance);
}

/* ---- what is stiff ---- */

/* The last inner stage at t1, whose argument differs from y1 in what an unstable mode
 * makes of a step; 0: there is none. */
static int stage_at_end(const struct tableau *row)
{
	int i = row->stages - 1;
	while (i > 0 && row->c.at[i] != 1)
		i--;
	return i;
}

double oj_explicit_radius(const void *state, double h)
{
	const struct explicit *s = state;
	int at = stage_at_end(s->row);
	if (at == 0 || !s->have_f1 || !s->tolerance)
		return 0;
	const double *a = oj_tableau_row(s->row, at);
	double weights[TABLEAU_STAGES];
	for (int j = 0; j < s->row->stages; j++)
		weights[j] = s->row->b.at[j] - (j < at ? a[j] : 0);
	oj_sum_weighted(s->n, s->row->stages, weights, s->k, s->stride, s->stage);
	double slopes = oj_scaled_norm(s->n, stage_at(s, s->row->stages), stage_at(s, at), s->y0, s->tolerance);
	double arguments = oj_scaled_norm(s->n, s->stage, NULL, s->y0, s->tolerance);
	double radius = slopes / (arguments * fabs(h));
	return isfinite(radius) ? radius : 0;
}

/* The size of the row's stability function at z = re + i im, by its stages. */
static double stability(const struct tableau *row, double re, double im)
{
	double k[TABLEAU_STAGES][2], y[2] = {1, 0};
	for (int i = 0; i < row->stages; i++) {
		double argument[2] = {1, 0};
		for (int j = 0; j < i; j++)
			complex_take(argument, -oj_tableau_row(row, i)[j], 0, k[j]);
		k[i][0] = re * argument[0] - im * argument[1];
		k[i][1] = re * argument[1] + im * argument[0];
		complex_take(y, -row->b.at[i], 0, k[i]);
	}
	return hypot(y[0], y[1]);
}

/* What a step may make of a mode that nothing damps: a tenth in 10,000 steps. */
#define GROWTH 1e-5

double oj_explicit_reach(const struct tableau *row, double cosine)
{
	double re = -sqrt((1 + cosine) / 2), im = sqrt((1 - cosine) / 2), reach = 0.05;
	while (reach < 100 && stability(row, reach * re, reach * im) <= 1 + GROWTH)
		reach += 0.05;
	return reach - 0.05;
}

const struct stepper oj_stepper_explicit = {
	.name = "explicit",
	.variant = variant,
	.state_size = state_size,
	.init = init,
	.bind = bind,
	.start = start,
	.look = look,
	.attempt = attempt,
	.complete = complete,
	.interpolate = interpolate,
	.kept_size = kept_size,
	.keep = keep,
	.recall = recall,
	.move = move,
	.accept = accept,
	.culprit = culprit,
};
