/* Values, tangents, adjoints and Hessian products: what each is held to.  See
 * ojit/check.h. */
#include "jit/checker.h"

#include <math.h>

/* What the kernel puts out, and what its own program has in MPFR. */
static void judge_own(struct ojit_check *c, struct check_kernel *k)
{
	for (size_t i = 0; i < k->count; i++)
		oj_judge(c, k, oj_checked_element(c, k, i), k->machine[i], k->measured.values[i], 0, "MPFR");
}

/* Where a difference was taken: element `at` of what the program puts out, along inputs `by`. */
struct taken {
	struct measured *of;
	size_t at;
	unsigned by;
};

/* There is a derivative, and the program that should compute it has none, though it be
 * evaluated in numbers without end. */
static bool is_poisoned(struct truth_value own, struct truth_value slope)
{
	return !isfinite(own.value) && isfinite(slope.value) && !(slope.marks & (TRUTH_KINK | TRUTH_SWITCH | TRUTH_NOWHERE));
}

/* Element i against a difference.  Sizes are those of its own program; only where they are
 * wanted are all of them computed, and how far a difference can be trusted. */
static ojit_status judge_slope(struct ojit_check *c, struct check_kernel *k, size_t i, struct truth_value slope,
                               const struct taken *taken)
{
	struct reach reach = {0};
	const struct truth_value *own = &k->measured.values[i];
	double slack = slope.size;
	if (slope.marks & TRUTH_SKIPPED)
		return OJIT_OK;
	slope.size = fabs((double)slope.value);
	if (own->marks & TRUTH_SKIPPED && !oj_agrees(c, k->machine[i], slope, slack)) {
		if (oj_agrees_roughly(c, k->machine[i], slope, slack))
			return OJIT_OK;
		TRY(oj_measured_wholly(c, &k->measured));
	}
	if (!(own->marks & TRUTH_SKIPPED) && !is_poisoned(*own, slope)) {
		slope.size = fmax(own->size, slope.size);
		slope.marks |= own->marks;
	}
	if (!oj_agrees(c, k->machine[i], slope, slack))
		TRY(oj_measured_reach(c, taken->of, taken->by, taken->at, &reach));
	slope.size = fmax(slope.size, reach.change);
	slack += SLOPE_BENDS * reach.bend;
	oj_judge(c, k, oj_checked_element(c, k, i), k->machine[i], slope, slack, "MPFR differences");
	return OJIT_OK;
}

ojit_status oj_check_values(struct ojit_check *c, struct check_kernel *k)
{
	const struct subject *s = &c->subjects[k->row.subject];
	TRY(oj_checked_run(c, k));
	for (size_t i = 0; i < k->count; i++)
		oj_judge(c, k, oj_checked_element(c, k, i), k->machine[i], s->measured.values[i], 0, "MPFR");
	return OJIT_OK;
}

/* Direction 0 is in all inputs, the others are in one kind of them. */
static unsigned kinds_of_direction(const struct check_kernel *k, size_t q)
{
	return q == 0 ? k->row.by : 1u << (q - 1) & k->row.by;
}

ojit_status oj_check_tangent(struct ojit_check *c, struct check_kernel *k)
{
	struct subject *s = &c->subjects[k->row.subject];
	TRY(oj_checked_run(c, k));
	TRY(oj_checked_measure(c, k));
	judge_own(c, k);
	for (size_t i = 0; i < k->count; i++) {
		size_t row = i / k->row.directions;
		struct taken taken = {&s->measured, row, kinds_of_direction(k, i % k->row.directions)};
		TRY(judge_slope(c, k, i, oj_subject_slope(s, row, taken.by), &taken));
	}
	return OJIT_OK;
}

/* ---------------------------------------------------------------- adjoints */

static const double *weights_of(const struct ojit_check *c, const struct check_kernel *k)
{
	return k->row.is_element ? c->unit[k->row.subject] : c->weights[k->row.subject];
}

/* Column j of the matrix times the weights. */
static struct truth_value weigh(const struct check_kernel *matrix, size_t j, const double *weights)
{
	const ojit_pattern *p = &matrix->pattern;
	struct sum sum = {0};
	for (int64_t i = p->column[j]; i < p->column[j + 1]; i++)
		oj_sum_add(&sum, oj_checked_value(matrix, (size_t)i), weights[p->row[i]]);
	return oj_sum_value(&sum);
}

/* With the size and the marks of the element's own program, where they are known. */
static struct truth_value with_own_size(const struct check_kernel *k, size_t i, struct truth_value expected)
{
	const struct truth_value *own = &k->measured.values[i];
	if (own->marks & TRUTH_SKIPPED)
		return expected;
	return (struct truth_value){expected.value, fmax(expected.size, own->size), expected.marks | own->marks};
}

/* Elements from `first` on against the rows of a matrix. */
static ojit_status judge_rows(struct ojit_check *c, struct check_kernel *k, unsigned by, size_t first)
{
	struct check_kernel *matrix = k->row.by & by ? oj_check_find(c, k, CHECK_MATRIX, by, 0) : NULL;
	const double *w = weights_of(c, k);
	for (size_t j = 0; matrix && j < matrix->pattern.columns; j++) {
		size_t i = first + j;
		struct truth_value expected = with_own_size(k, i, weigh(matrix, j, w));
		if (!oj_agrees(c, k->machine[i], expected, 0)) {
			TRY(oj_measured_wholly(c, &matrix->measured));
			TRY(oj_measured_wholly(c, &k->measured));
			expected = with_own_size(k, i, weigh(matrix, j, w));
		}
		oj_judge(c, k, oj_checked_element(c, k, i), k->machine[i], expected, 0, "the Jacobian's rows");
	}
	return OJIT_OK;
}

/* (weights' J) v, of all inputs. */
static struct truth_value along_direction(const struct ojit_check *c, const struct check_kernel *k)
{
	const double *v = oj_check_direction(c, k->row.by);
	struct sum sum = {0};
	for (size_t j = 0; j < k->count; j++)
		oj_sum_add(&sum, oj_checked_value(k, j), v[j]);
	return oj_sum_value(&sum);
}

/* weights' (J v), from differences; size: what it may be off by. */
static struct truth_value weighted_slope(const struct ojit_check *c, const struct check_kernel *k)
{
	const struct subject *s = &c->subjects[k->row.subject];
	const double *w = weights_of(c, k);
	struct sum sum = {0};
	for (size_t i = 0; i < s->rows; i++)
		oj_sum_add(&sum, oj_subject_slope(s, i, k->row.by), w[i]);
	return oj_sum_value(&sum);
}

/* That of all weighted rows. */
static ojit_status weighted_reach(struct ojit_check *c, const struct check_kernel *k, struct reach *sum)
{
	struct subject *s = &c->subjects[k->row.subject];
	const double *w = weights_of(c, k);
	*sum = (struct reach){0};
	for (size_t i = 0; i < s->rows; i++) {
		struct reach reach;
		if (w[i] == 0)
			continue;
		TRY(oj_measured_reach(c, &s->measured, k->row.by, i, &reach));
		sum->change += fabs(w[i]) * reach.change;
		sum->bend += fabs(w[i]) * reach.bend;
	}
	return OJIT_OK;
}

typedef struct truth_value along(const struct ojit_check *c, const struct check_kernel *k);

/* A kernel's value along a direction against `there`, by differences: where that is not near
 * enough, more is measured, and what the model bends counts `bends` times. */
static ojit_status judge_along(struct ojit_check *c, struct check_kernel *k, along *value, struct truth_value there,
                               double bends, const char *against)
{
	struct truth_value here = value(c, k);
	double slack = there.size;
	if (there.marks & TRUTH_SKIPPED)
		return OJIT_OK;
	there.size = here.size;
	if (!oj_agrees(c, (double)here.value, there, slack)) {
		struct reach reach;
		TRY(oj_measured_wholly(c, &k->measured));
		TRY(weighted_reach(c, k, &reach));
		here = value(c, k);
		there.size = fmax(here.size, reach.change);
		slack += bends * reach.bend;
	}
	there.marks |= is_poisoned(here, there) ? 0 : here.marks;
	oj_judge(c, k, (struct element){NO_ELEMENT, NO_ELEMENT}, (double)here.value, there, slack, against);
	return OJIT_OK;
}

/* (weights' J) v = weights' (J v). */
static ojit_status judge_duality(struct ojit_check *c, struct check_kernel *k)
{
	return judge_along(c, k, along_direction, weighted_slope(c, k), SLOPE_BENDS, "MPFR differences along a direction");
}

ojit_status oj_check_adjoint(struct ojit_check *c, struct check_kernel *k)
{
	k->has_slopes = false;
	TRY(oj_checked_run(c, k));
	TRY(oj_checked_measure(c, k));
	judge_own(c, k);
	TRY(judge_rows(c, k, OJIT_BY_STATES, 0));
	TRY(judge_rows(c, k, OJIT_BY_PARAMETERS, k->row.by & OJIT_BY_STATES ? c->states : 0));
	return judge_duality(c, k);
}

/* ---------------------------------------------------------------- second derivatives */

/* Slopes of the gradient's own program, which oj_check_adjoint holds to the model, along
 * the directions of states and of parameters. */
static ojit_status difference_gradient(struct ojit_check *c, struct check_kernel *gradient)
{
	if (gradient->has_slopes || !gradient->measured.is_known)
		return OJIT_OK;
	for (int kind = 0; kind < 2; kind++) {
		if (!gradient->slopes[kind])
			gradient->slopes[kind] = ARENA_ZEROED(&c->arena, struct truth_value, gradient->count + 1);
		if (!gradient->slopes[kind])
			return oj_fail_memory(&c->error);
		struct truth_point along = oj_check_along(c, 1u << kind);
		TRY(oj_measured_slopes(c, &gradient->measured, &along, gradient->slopes[kind]));
	}
	gradient->has_slopes = true;
	return OJIT_OK;
}

ojit_status oj_check_gradient(struct ojit_check *c, const struct check_kernel *k, struct check_kernel **gradient)
{
	*gradient = oj_check_find(c, k, CHECK_ADJOINT, OJIT_BY_STATES | OJIT_BY_PARAMETERS, 0);
	if (*gradient)
		TRY(difference_gradient(c, *gradient));
	if (*gradient && !(*gradient)->has_slopes)
		*gradient = NULL;
	return OJIT_OK;
}

struct truth_value oj_gradient_slope(const struct check_kernel *gradient, size_t i, unsigned by)
{
	struct truth_value sum = {0};
	for (int kind = 0; kind < 2; kind++)
		if (by >> kind & 1) {
			sum.value += gradient->slopes[kind][i].value;
			sum.size += gradient->slopes[kind][i].size;
			sum.marks |= gradient->slopes[kind][i].marks;
		}
	return sum;
}

/* u' (H v). */
static struct truth_value along_other_direction(const struct ojit_check *c, const struct check_kernel *k)
{
	struct sum sum = {0};
	for (size_t j = 0; j < k->count; j++)
		oj_sum_add(&sum, oj_checked_value(k, j), c->other_direction[j]);
	return oj_sum_value(&sum);
}

/* That from second differences of the model itself, along u and v; size: what it may be off
 * by. */
static ojit_status weighted_bend(struct ojit_check *c, const struct check_kernel *k, struct truth_value *bend)
{
	struct subject *s = &c->subjects[k->row.subject];
	const double *w = weights_of(c, k);
	struct truth_point v = oj_check_along(c, k->row.by), u = v;
	struct sum sum = {0};
	u.y = c->other_direction;
	u.p = c->other_direction + c->states;
	if (!s->bends && !(s->bends = ARENA_ZEROED(&c->arena, struct truth_value, s->rows + 1)))
		return oj_fail_memory(&c->error);
	TRY(oj_measured_bends(c, &s->measured, &u, &v, s->bends));
	for (size_t i = 0; i < s->rows; i++)
		oj_sum_add(&sum, s->bends[i], w[i]);
	*bend = oj_sum_value(&sum);
	return OJIT_OK;
}

static ojit_status judge_bend(struct ojit_check *c, struct check_kernel *k)
{
	struct truth_value there;
	TRY(weighted_bend(c, k, &there));
	return judge_along(c, k, along_other_direction, there, BEND_BENDS, "second MPFR differences along two directions");
}

ojit_status oj_check_hessian_product(struct ojit_check *c, struct check_kernel *k)
{
	struct check_kernel *gradient;
	size_t directions = k->row.directions;
	TRY(oj_checked_run(c, k));
	TRY(oj_checked_measure(c, k));
	judge_own(c, k);
	TRY(oj_check_gradient(c, k, &gradient));
	for (size_t i = 0; gradient && i < k->count; i++) {
		struct taken taken = {&gradient->measured, i / directions, kinds_of_direction(k, i % directions)};
		TRY(judge_slope(c, k, i, oj_gradient_slope(gradient, taken.at, taken.by), &taken));
	}
	return directions == 1 ? judge_bend(c, k) : OJIT_OK;
}
