/* Jacobians, Newton matrices, linearisations and Hessians: what each is held to.  See
 * ojit/check.h. */
#include "jit/checker.h"

#include <math.h>
#include <string.h>

/* What the matrix's own program makes of its entries. */
static ojit_status judge_entries(struct ojit_check *c, struct check_kernel *k)
{
	const ojit_pattern *p = &k->pattern;
	TRY(oj_checked_run(c, k));
	TRY(oj_checked_measure(c, k));
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			struct element e = {p->row[i], (int64_t)j};
			oj_judge(c, k, e, k->machine[i], k->measured.values[i], 0, "MPFR");
		}
	return OJIT_OK;
}

/* ---------------------------------------------------------------- products with a direction */

static void multiply(const struct check_kernel *k, const double *v, struct sum *rows)
{
	const ojit_pattern *p = &k->pattern;
	memset(rows, 0, (p->rows + 1) * sizeof *rows);
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++)
			oj_sum_add(&rows[p->row[i]], oj_checked_value(k, (size_t)i), v[j]);
}

/* Differences along a direction, what they are of, and where its first row is there. */
struct differences {
	struct measured *of;
	struct truth_value (*slope)(const void *source, size_t row, unsigned by);
	const void *source;
	size_t first;
};

static bool is_row_fine(const struct ojit_check *c, const struct sum *row, struct truth_value slope, double slack)
{
	struct truth_value expected = {slope.value, row->size, 0};
	return (slope.marks & TRUTH_SKIPPED) || oj_agrees(c, (double)row->value, expected, slack);
}

static bool are_rows_fine(const struct ojit_check *c, const struct check_kernel *k, const struct differences *d,
                          unsigned by, const struct sum *rows)
{
	bool fine = true;
	for (size_t i = 0; fine && i < k->pattern.rows; i++) {
		struct truth_value slope = d->slope(d->source, d->first + i, by);
		fine = is_row_fine(c, &rows[i], slope, slope.size);
	}
	return fine;
}

static ojit_status judge_row(struct ojit_check *c, struct check_kernel *k, const struct differences *d, size_t i,
                             unsigned by, const struct sum *row)
{
	struct truth_value slope = d->slope(d->source, d->first + i, by);
	struct reach reach = {0};
	double slack = slope.size;
	if (!is_row_fine(c, row, slope, slack))
		TRY(oj_measured_reach(c, d->of, by, d->first + i, &reach));
	slope.size = fmax(row->size, reach.change);
	slack += SLOPE_BENDS * reach.bend;
	slope.marks |= row->marks;
	oj_judge(c, k, (struct element){(int64_t)i, NO_ELEMENT}, (double)row->value, slope, slack,
	         "MPFR differences along a direction");
	return OJIT_OK;
}

/* Rows of the product of the entries with the direction of inputs `by`. */
static ojit_status judge_product(struct ojit_check *c, struct check_kernel *k, unsigned by, const struct differences *d)
{
	size_t bytes = (k->pattern.rows + 1) * sizeof(struct sum);
	struct sum *rows = oj_memory_get(c->context, bytes);
	ojit_status status = OJIT_OK;
	if (!rows)
		return oj_fail_memory(&c->error);
	multiply(k, oj_check_direction(c, by), rows);
	if (!are_rows_fine(c, k, d, by, rows)) {
		status = oj_measured_wholly(c, &k->measured);
		multiply(k, oj_check_direction(c, by), rows);
	}
	for (size_t i = 0; status == OJIT_OK && i < k->pattern.rows; i++)
		status = judge_row(c, k, d, i, by, &rows[i]);
	oj_memory_put(c->context, rows, bytes);
	return status;
}

/* ---------------------------------------------------------------- columns one by one */

static void set_direction(struct ojit_check *c, struct check_kernel *k, int64_t colour, struct truth_point *along)
{
	unsigned by = k->row.by;
	const double *at = by == OJIT_BY_STATES ? c->y : c->p;
	for (size_t j = 0; j < k->pattern.columns; j++) {
		bool in = k->colour[j] == colour;
		k->direction[j] = !in ? 0 : by == OJIT_BY_TIME ? 1 : oj_check_scale(at[j]);
		k->found.differenced += in;
	}
	*along = (struct truth_point){.states = c->states, .parameters = c->parameters};
	if (by == OJIT_BY_TIME)
		along->t = 1;
	else
		*(by == OJIT_BY_STATES ? &along->y : &along->p) = k->direction;
}

/* By how much the size of a row changes along the columns at hand. */
static ojit_status change_of_row(struct ojit_check *c, struct check_kernel *k, const struct truth_point *along, size_t row,
                                 struct reach *reach)
{
	struct measured *m = &c->subjects[k->row.subject].measured;
	if (!k->sizes && !(k->sizes = ARENA_NEW(&c->arena, double, k->pattern.rows + 1)))
		return oj_fail_memory(&c->error);
	if (!k->has_sizes)
		TRY(oj_measured_sizes(c, m, along, k->sizes));
	k->has_sizes = true;
	double size = m->values[row].size;
	*reach = (struct reach){isfinite(size) ? fabs(k->sizes[row] - size) : 0, k->sizes[row]};
	return OJIT_OK;
}

static ojit_status judge_entry(struct ojit_check *c, struct check_kernel *k, const struct truth_point *along, size_t i,
                               struct element e)
{
	struct truth_value slope = k->slopes[0][e.row], own = oj_checked_value(k, i);
	double scale = k->direction[e.column], slack = slope.size / scale;
	if (slope.marks & TRUTH_SKIPPED)
		return OJIT_OK;
	slope.value /= scale;
	slope.size = fmax(own.size, fabs((double)slope.value));
	if (!oj_agrees(c, k->machine[i], slope, slack)) {
		struct reach reach;
		if (k->measured.values[i].marks & TRUTH_SKIPPED && oj_agrees_roughly(c, k->machine[i], slope, slack))
			return OJIT_OK;
		TRY(oj_measured_wholly(c, &k->measured));
		TRY(change_of_row(c, k, along, (size_t)e.row, &reach));
		own = oj_checked_value(k, i);
		slope.size = fmax(fmax(own.size, reach.change / scale), fabs((double)slope.value));
		slack += SLOPE_BENDS * reach.bend / scale;
	}
	slope.marks |= own.marks;
	oj_judge(c, k, e, k->machine[i], slope, slack, "MPFR differences");
	return OJIT_OK;
}

/* A row without an entry in these columns does not depend on them. */
static ojit_status judge_nothing(struct ojit_check *c, struct check_kernel *k, const struct truth_point *along, size_t row)
{
	struct truth_value slope = k->slopes[0][row];
	struct reach reach = {0};
	double slack = slope.size;
	slope.size = 0;
	if (!(slope.marks & TRUTH_SKIPPED) && !oj_agrees(c, 0, slope, slack))
		TRY(change_of_row(c, k, along, row, &reach));
	oj_judge(c, k, (struct element){(int64_t)row, NO_ELEMENT}, 0, slope, slack + SLOPE_BENDS * reach.bend,
	         "MPFR differences, where the pattern has no entry");
	return OJIT_OK;
}

/* The columns of one colour; rows that are done are skipped then. */
static ojit_status judge_colour(struct ojit_check *c, struct check_kernel *k, int64_t colour)
{
	struct subject *s = &c->subjects[k->row.subject];
	const ojit_pattern *p = &k->pattern;
	struct truth_point along;
	set_direction(c, k, colour, &along);
	k->has_sizes = false;
	TRY(oj_measured_slopes(c, &s->measured, &along, k->slopes[0]));
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; k->colour[j] == colour && i < p->column[j + 1]; i++) {
			TRY(judge_entry(c, k, &along, (size_t)i, (struct element){p->row[i], (int64_t)j}));
			k->slopes[0][p->row[i]].marks |= TRUTH_SKIPPED;
		}
	for (size_t row = 0; row < p->rows; row++)
		TRY(judge_nothing(c, k, &along, row));
	return OJIT_OK;
}

/* As many colours as `most` additions allow, others at every point. */
static ojit_status judge_columns(struct ojit_check *c, struct check_kernel *k, double most)
{
	size_t first = (size_t)(oj_check_draw(c, DRAW_COLOUR, k->pattern.entries) * (double)k->colours);
	double before = c->work;
	for (size_t n = 0; n < k->colours && c->work - before <= most; n++)
		TRY(judge_colour(c, k, (int64_t)((first + n) % k->colours)));
	return OJIT_OK;
}

/* ---------------------------------------------------------------- forms */

static struct truth_value slope_of_subject(const void *subject, size_t row, unsigned by)
{
	return oj_subject_slope(subject, row, by);
}

/* Where a product is wrong, the columns tell which variable it is. */
ojit_status oj_check_matrix(struct ojit_check *c, struct check_kernel *k)
{
	const double some = 3e5, many = 1e8; /* additions */
	struct subject *s = &c->subjects[k->row.subject];
	struct differences d = {&s->measured, slope_of_subject, s, 0};
	const size_t *wrong = &k->found.found[OJIT_FOUND_WRONG], before = *wrong;
	k->found.columns += k->pattern.columns;
	TRY(judge_entries(c, k));
	TRY(judge_columns(c, k, some));
	bool is_named = *wrong > before;
	TRY(judge_product(c, k, k->row.by, &d));
	return *wrong > before && !is_named ? judge_columns(c, k, many) : OJIT_OK;
}

/* I - gamma J, entry by entry, against J. */
ojit_status oj_check_newton(struct ojit_check *c, struct check_kernel *k)
{
	const struct check_kernel *jacobian = oj_check_find(c, k, CHECK_MATRIX, k->row.by, 0);
	const ojit_pattern *p = &k->pattern;
	TRY(judge_entries(c, k));
	for (size_t j = 0; jacobian && j < p->columns; j++) {
		int64_t at = jacobian->pattern.column[j], end = jacobian->pattern.column[j + 1];
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			struct sum sum = {.value = p->row[i] == (int64_t)j, .size = p->row[i] == (int64_t)j};
			if (at < end && jacobian->pattern.row[at] == p->row[i])
				oj_sum_add(&sum, oj_checked_value(jacobian, (size_t)at++), -c->gamma);
			oj_judge(c, k, (struct element){p->row[i], (int64_t)j}, k->machine[i], oj_sum_value(&sum), 0, "the Jacobian");
		}
	}
	return OJIT_OK;
}

/* Values and entries have the bits of the kernels that compute them apart. */
ojit_status oj_check_linearisation(struct ojit_check *c, struct check_kernel *k)
{
	const struct check_kernel *values = oj_check_find(c, k, CHECK_VALUES, 0, 0);
	const struct check_kernel *matrix = oj_check_find(c, k, CHECK_MATRIX, k->row.by, 0);
	const ojit_pattern *p = &k->pattern;
	size_t rows = k->count - p->entries;
	TRY(oj_checked_run(c, k));
	k->found.compared += k->count;
	for (size_t i = 0; values && i < rows; i++)
		oj_compare_bits(c, k, (struct element){(int64_t)i, NO_ELEMENT}, k->machine[i], values->machine[i], "the values alone");
	for (size_t j = 0; matrix && j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			struct element e = {p->row[i], (int64_t)j};
			oj_compare_bits(c, k, e, k->machine[rows + (size_t)i], matrix->machine[i], "the Jacobian alone");
		}
	return OJIT_OK;
}

static struct truth_value slope_of_gradient(const void *gradient, size_t row, unsigned by)
{
	return oj_gradient_slope(gradient, row, by);
}

/* Rows by some inputs, of the gradient by all of them. */
ojit_status oj_check_hessian(struct ojit_check *c, struct check_kernel *k)
{
	struct check_kernel *gradient;
	TRY(judge_entries(c, k));
	TRY(oj_check_gradient(c, k, &gradient));
	if (!gradient)
		return OJIT_OK;
	struct differences d = {&gradient->measured, slope_of_gradient, gradient,
	                        k->row.by & OJIT_BY_STATES ? 0 : c->states};
	return judge_product(c, k, k->row.columns, &d);
}
