/* Comparing, at one point: what machine code, the interpreter and MPFR make of every
 * kernel.  See ojit/check.h for what is held to what. */
#include "jit/checker.h"

#include "jit/evaluator.h"

#include <math.h>
#include <string.h>

enum { NONE = -1 };

/* ---------------------------------------------------------------- names */

static const char *name_of(struct ojit_check *c, enum family_kind kind, size_t k, const char *after)
{
	struct text text;
	oj_text_init(&text, c->context);
	oj_system_name(oj_program_system(c->programs[WAY_MACHINE]), kind, (int64_t)k, &text);
	oj_text_string(&text, after);
	const char *kept = text.failed ? NULL : oj_arena_string(&c->arena, oj_text_get(&text), text.length);
	c->arena.failed |= text.failed;
	oj_text_drop(&text);
	return kept ? kept : "";
}

static const char *row_name(struct ojit_check *c, const struct check_kernel *k, int64_t row)
{
	if (row == NONE)
		return "";
	return k->subject == SUBJECT_RHS ? name_of(c, FAMILY_STATES, (size_t)row, "'")
	                                 : name_of(c, FAMILY_OUTPUTS, (size_t)row, "");
}

static const char *column_name(struct ojit_check *c, const struct check_kernel *k, int64_t column)
{
	size_t states = k->by & OJIT_BY_STATES ? c->states : 0;
	if (column == NONE || k->by == OJIT_BY_TIME)
		return column == NONE ? "" : "t";
	return (size_t)column < states ? name_of(c, FAMILY_STATES, (size_t)column, "")
	                               : name_of(c, FAMILY_PARAMETERS, (size_t)column - states, "");
}

/* ---------------------------------------------------------------- verdicts */

/* Which element of a kernel: an equation and a variable, NONE where it has none. */
struct element {
	int64_t row, column;
};

static size_t found_before(const struct ojit_check *c, const struct check_kernel *k, ojit_found kind)
{
	size_t count = 0;
	for (size_t f = 0; f < c->findings.count; f++)
		count += c->findings.at[f].kind == kind && c->findings.at[f].kernel == k->name &&
		         c->findings.at[f].of == k->found.of && c->findings.at[f].by == k->found.by;
	return count;
}

static void find(struct ojit_check *c, struct check_kernel *k, ojit_found kind, struct element e, ojit_finding finding)
{
	if (k->found.found[kind]++ >= c->options.findings && found_before(c, k, kind) >= c->options.findings)
		return;
	finding.kind = kind;
	finding.kernel = k->name;
	finding.of = k->found.of;
	finding.by = k->found.by;
	finding.row = row_name(c, k, e.row);
	finding.column = column_name(c, k, e.column);
	finding.point = c->points;
	finding.t = c->point.t;
	if (!VECTOR_PUSH(c->context, &c->findings, finding))
		oj_fail_memory(&c->error);
}

/* Digits that agree, relative to the size. */
static double digits_of(double apart, double size)
{
	const double most = 17;
	if (apart == 0)
		return most;
	double digits = -log10(apart / size);
	return isnan(digits) ? 0 : digits > most ? most : digits;
}

static void note_digits(struct check_kernel *k, struct element e, double digits)
{
	if (!(digits < k->found.digits))
		return;
	k->found.digits = digits;
	k->worst_row = e.row;
	k->worst_column = e.column;
	k->has_worst = true;
}

/* Nothing was judged: why. */
static bool is_marked(double value, struct truth_value expected, ojit_found *kind)
{
	if (!isfinite(expected.value) && !(expected.marks & TRUTH_OVERFLOW)) {
		*kind = OJIT_FOUND_UNDEFINED;
		return !isfinite(value) || (expected.marks & (TRUTH_SWITCH | TRUTH_KINK));
	}
	*kind = OJIT_FOUND_OVERFLOW;
	return (expected.marks & TRUTH_OVERFLOW) && !(isfinite(value) && isfinite(expected.size));
}

/* `slack`: what the truth itself may be off by. */
static void judge(struct ojit_check *c, struct check_kernel *k, struct element e, double value,
                  struct truth_value expected, double slack, const char *against)
{
	ojit_found kind;
	double apart = fabs(value - expected.value);
	ojit_finding finding = {.against = against, .value = value, .expected = expected.value, .size = expected.size};
	k->found.compared++;
	if (value == expected.value && isinf(value))
		return;
	if (is_marked(value, expected, &kind)) {
		find(c, k, kind, e, finding);
		return;
	}
	finding.digits = digits_of(apart, expected.size);
	if (apart <= c->tolerance * expected.size + slack) {
		note_digits(k, e, apart <= slack ? 17 : finding.digits);
		return;
	}
	if (expected.marks & (TRUTH_SWITCH | TRUTH_KINK))
		kind = OJIT_FOUND_KINK;
	else if (expected.marks & TRUTH_OVERFLOW)
		kind = OJIT_FOUND_OVERFLOW;
	else
		kind = OJIT_FOUND_WRONG;
	if (kind == OJIT_FOUND_WRONG)
		note_digits(k, e, finding.digits);
	find(c, k, kind, e, finding);
}

static void compare_bits(struct ojit_check *c, struct check_kernel *k, struct element e, double value, double other,
                         const char *against)
{
	if ((isnan(value) && isnan(other)) || !memcmp(&value, &other, sizeof value))
		return;
	double size = fmax(fabs(value), fabs(other));
	find(c, k, OJIT_FOUND_BITS, e, (ojit_finding){.against = against, .value = value, .expected = other,
	                                               .digits = digits_of(fabs(value - other), size)});
}

/* ---------------------------------------------------------------- truths */

static ojit_status values_of(struct ojit_check *c, struct truth *truth, const struct truth_point *point, size_t count,
                             struct truth_value *out)
{
	TRY(c->table->values(truth, point, count, out, &c->error));
	c->work += c->table->work(truth);
	return OJIT_OK;
}

static ojit_status slopes_of(struct ojit_check *c, const struct subject *s, const struct truth_point *direction,
                             struct truth_value *out)
{
	enum { EVALUATIONS = 2 };
	TRY(c->table->slopes(s->truth, &c->point, direction, s->rows, out, &c->error));
	c->work += EVALUATIONS * c->table->work(s->truth);
	return OJIT_OK;
}

/* Differences are off by this much of the value's size, and by far less of the slope. */
static double slack_of(const struct subject *s, size_t row)
{
	return isfinite(s->values[row].size) ? 0x1p-100 * s->values[row].size : 0;
}

static ojit_status set_subject(struct ojit_check *c, struct subject *s)
{
	const double *v = c->direction;
	struct truth_point along = c->point;
	if (!s->rows)
		return OJIT_OK;
	TRY(values_of(c, s->truth, &c->point, s->rows, s->values));
	along.t = 0, along.y = v, along.p = NULL;
	TRY(slopes_of(c, s, &along, s->by_states));
	along.y = NULL, along.p = v + c->states;
	if (c->parameters)
		TRY(slopes_of(c, s, &along, s->by_parameters));
	along.t = v[c->inputs - 1], along.p = NULL;
	return slopes_of(c, s, &along, s->by_time);
}

/* The slope of a row along the direction, as far as it is in inputs `by`. */
static struct truth_value slope_by(const struct subject *s, size_t row, unsigned by)
{
	const struct truth_value *parts[] = {&s->by_states[row], &s->by_parameters[row], &s->by_time[row]};
	struct truth_value sum = {0};
	for (int k = 0; k < 3; k++)
		if (by >> k & 1) {
			sum.value += parts[k]->value;
			sum.size += parts[k]->size;
			sum.marks |= parts[k]->marks;
		}
	return sum;
}

/* ---------------------------------------------------------------- kernels */

static ojit_kernel kernel_of(const struct check_kernel *k)
{
	return k->subject == SUBJECT_RHS ? OJIT_RHS : OJIT_OBSERVABLES;
}

/* Where the inputs `by` begin in the direction. */
static const double *direction_by(const struct ojit_check *c, unsigned by)
{
	return c->direction + (by & OJIT_BY_STATES ? 0 : by & OJIT_BY_PARAMETERS ? c->states : c->inputs - 1);
}

static ojit_status evaluate(struct ojit_check *c, struct check_kernel *k, int way, double *out)
{
	ojit_evaluator *e = c->evaluators[way];
	ojit_kernel of = kernel_of(k);
	double t = c->point.t;
	switch (k->form) {
	case CHECK_VALUES:
		return ojit_evaluator_call(e, of, t, c->y, out);
	case CHECK_MATRIX:
		return ojit_evaluator_jacobian(e, of, (ojit_inputs)k->by, t, c->y, out);
	case CHECK_NEWTON:
		return ojit_evaluator_newton(e, t, c->y, c->gamma, out);
	case CHECK_LINEARISATION:
		return ojit_evaluator_linearisation(e, of, (ojit_inputs)k->by, t, c->y, out);
	case CHECK_TANGENT:
		return ojit_evaluator_tangent(e, of, k->by, 1, t, c->y, direction_by(c, k->by), out);
	case CHECK_HESSIAN_PRODUCT:
		return ojit_evaluator_hessian_product(e, &(ojit_scalar){.of = of, .weights = c->weights[k->subject]}, k->by, 1, t,
		                                      c->y, direction_by(c, k->by), out);
	default:
		return ojit_evaluator_adjoint(e, of, k->by, t, c->y, c->weights[k->subject], out);
	}
}

static struct variant variant_of(const struct check_kernel *k)
{
	static const enum variant_kind kinds[] = {[CHECK_MATRIX] = VARIANT_JACOBIAN, [CHECK_NEWTON] = VARIANT_NEWTON,
	                                          [CHECK_LINEARISATION] = VARIANT_JACOBIAN,
	                                          [CHECK_TANGENT] = VARIANT_TANGENT, [CHECK_ADJOINT] = VARIANT_ADJOINT,
	                                          [CHECK_HESSIAN_PRODUCT] = VARIANT_HESSIAN_PRODUCT};
	bool directed = k->form == CHECK_TANGENT || k->form == CHECK_HESSIAN_PRODUCT;
	return (struct variant){.kind = kinds[k->form], .order = directed, .by = k->by,
	                        .with_value = k->form == CHECK_LINEARISATION,
	                        .of = k->subject == SUBJECT_RHS ? KERNEL_RHS : KERNEL_OUTPUTS};
}

/* Has what the kernel puts out one element a column? */
static bool is_by_column(const struct check_kernel *k)
{
	return k->form == CHECK_ADJOINT || k->form == CHECK_HESSIAN_PRODUCT;
}

/* Patterns, and how many elements the kernel puts out. */
static ojit_status measure(struct ojit_check *c, struct check_kernel *k)
{
	ojit_evaluator *e = c->evaluators[WAY_MACHINE];
	size_t states = k->by & OJIT_BY_STATES ? c->states : 0, parameters = k->by & OJIT_BY_PARAMETERS ? c->parameters : 0;
	bool matrix = k->form == CHECK_MATRIX || k->form == CHECK_LINEARISATION;
	k->count = is_by_column(k) ? states + parameters : c->subjects[k->subject].rows;
	if (matrix && ojit_evaluator_pattern(e, kernel_of(k), (ojit_inputs)k->by, &k->pattern) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	if (k->form == CHECK_NEWTON && ojit_evaluator_newton_pattern(e, &k->pattern) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	if (k->form == CHECK_MATRIX || k->form == CHECK_NEWTON)
		k->count = k->pattern.entries;
	if (k->form == CHECK_LINEARISATION)
		k->count += k->pattern.entries;
	return OJIT_OK;
}

/* Columns that share no row are differenced together (Curtis, Powell, Reid, On the
 * estimation of sparse Jacobian matrices, 1974). */
static ojit_status colour_columns(struct ojit_check *c, struct check_kernel *k)
{
	const ojit_pattern *p = &k->pattern;
	k->colour = ARENA_ZEROED(&c->arena, int64_t, p->columns + 1);
	k->direction = ARENA_ZEROED(&c->arena, double, p->columns + 1);
	k->slopes = ARENA_ZEROED(&c->arena, struct truth_value, p->rows + 1);
	if (c->arena.failed || ojit_pattern_colour(c->context, p, k->colour, &k->colours) != OJIT_OK)
		return oj_fail_memory(&c->error);
	return OJIT_OK;
}

/* The program that the kernel was compiled from, and room for what it puts out. */
static ojit_status open_kernel(struct ojit_check *c, struct check_kernel *k)
{
	struct ojit_program *machine = c->programs[WAY_MACHINE];
	struct variant variant = variant_of(k);
	TRY(measure(c, k));
	k->machine = ARENA_ZEROED(&c->arena, double, k->count + 1);
	k->other = ARENA_ZEROED(&c->arena, double, k->count + 1);
	k->exact = ARENA_ZEROED(&c->arena, struct truth_value, k->count + 1);
	if (c->arena.failed)
		return oj_fail_memory(&c->error);
	if (k->form == CHECK_MATRIX)
		TRY(colour_columns(c, k));
	k->made = true;
	if (k->form == CHECK_VALUES)
		return OJIT_OK;
	if (evaluate(c, k, WAY_MACHINE, k->machine) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	const struct program *source = oj_program_variant_source(&machine->system, &variant);
	return source ? c->table->open(source, &machine->lowered.programs[KERNEL_PREPARE], &k->truth, &c->error) : OJIT_OK;
}

/* What cannot be differentiated is told once and left out. */
static ojit_status ensure_kernel(struct ojit_check *c, struct check_kernel *k)
{
	if (k->made || k->found.refused)
		return OJIT_OK;
	ojit_status status = open_kernel(c, k);
	if (status != OJIT_UNSUPPORTED)
		return status;
	k->made = false;
	const char *why = oj_error_public(&c->error).message;
	k->found.refused = oj_arena_string(&c->arena, why, strlen(why));
	oj_error_clear(&c->error);
	return k->found.refused ? OJIT_OK : oj_fail_memory(&c->error);
}

/* ---------------------------------------------------------------- forms */

static struct element element_of(const struct check_kernel *k, size_t i)
{
	return is_by_column(k) ? (struct element){NONE, (int64_t)i} : (struct element){(int64_t)i, NONE};
}

/* Is what the kernel puts out a vector of rows or columns? */
static bool has_elements(const struct check_kernel *k)
{
	return k->form == CHECK_VALUES || k->form == CHECK_TANGENT || is_by_column(k);
}

/* Evaluate in all ways; the bits of vectors are compared. */
static ojit_status compare_executors(struct ojit_check *c, struct check_kernel *k)
{
	static const char *const names[CHECK_WAYS] = {[WAY_INTERPRETED] = "the interpreter", [WAY_FLAT] = "equations one by one"};
	int ways = k->form == CHECK_VALUES ? CHECK_WAYS : WAY_INTERPRETED + 1;
	if (evaluate(c, k, WAY_MACHINE, k->machine) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	for (int w = WAY_INTERPRETED; w < ways; w++) {
		if (!c->programs[w])
			continue;
		if (evaluate(c, k, w, k->other) != OJIT_OK)
			return oj_check_fail(c, w);
		for (size_t i = 0; has_elements(k) && i < k->count; i++)
			compare_bits(c, k, element_of(k, i), k->machine[i], k->other[i], names[w]);
	}
	return OJIT_OK;
}

static ojit_status run_exactly(struct ojit_check *c, struct check_kernel *k, const double *seed, size_t seeds)
{
	struct truth_point point = c->point;
	point.seed = seed;
	point.seeds = seeds;
	return k->truth ? values_of(c, k->truth, &point, k->count, k->exact) : OJIT_OK;
}

static ojit_status check_values(struct ojit_check *c, struct check_kernel *k)
{
	const struct subject *s = &c->subjects[k->subject];
	TRY(compare_executors(c, k));
	for (size_t i = 0; i < k->count; i++)
		judge(c, k, element_of(k, i), k->machine[i], s->values[i], 0, "MPFR");
	return OJIT_OK;
}

/* An entry or element against a difference, by the size that its own program gives. */
static void judge_slope(struct ojit_check *c, struct check_kernel *k, struct element e, size_t i, double slope,
                        unsigned marks, double slack)
{
	struct truth_value expected = {slope, k->exact[i].size, k->exact[i].marks | marks};
	judge(c, k, e, k->machine[i], expected, slack, "MPFR differences");
}

static ojit_status check_tangent(struct ojit_check *c, struct check_kernel *k)
{
	const struct subject *s = &c->subjects[k->subject];
	const double *seed = direction_by(c, k->by);
	TRY(compare_executors(c, k));
	TRY(run_exactly(c, k, seed, (size_t)(c->direction + c->inputs - seed)));
	for (size_t i = 0; i < k->count; i++) {
		struct truth_value slope = slope_by(s, i, k->by);
		judge(c, k, element_of(k, i), k->machine[i], k->exact[i], 0, "MPFR");
		judge_slope(c, k, element_of(k, i), i, slope.value, slope.marks, slack_of(s, i));
	}
	return OJIT_OK;
}

/* Sums of products, in numbers long enough for their own rounding not to count. */
struct sum {
	long double value;
	double size;
	unsigned marks;
};

static void add_term(struct sum *sum, const struct truth_value *value, double factor)
{
	sum->value += (long double)value->value * factor;
	sum->size += value->size * fabs(factor);
	sum->marks |= value->marks;
}

/* ---- matrices ---- */

/* Rows of the product of the exact entries with the direction. */
static ojit_status check_product(struct ojit_check *c, struct check_kernel *k)
{
	const struct subject *s = &c->subjects[k->subject];
	const ojit_pattern *p = &k->pattern;
	const double *v = direction_by(c, k->by);
	struct sum *sums = oj_memory_get(c->context, (p->rows + 1) * sizeof *sums);
	if (!sums)
		return oj_fail_memory(&c->error);
	memset(sums, 0, (p->rows + 1) * sizeof *sums);
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++)
			add_term(&sums[p->row[i]], &k->exact[i], v[j]);
	for (size_t i = 0; i < p->rows; i++) {
		struct truth_value slope = slope_by(s, i, k->by);
		struct truth_value expected = {slope.value, sums[i].size, sums[i].marks | slope.marks};
		judge(c, k, (struct element){(int64_t)i, NONE}, (double)sums[i].value, expected, slack_of(s, i),
		      "MPFR differences along a direction");
	}
	oj_memory_put(c->context, sums, (p->rows + 1) * sizeof *sums);
	return OJIT_OK;
}

static void set_direction(struct ojit_check *c, struct check_kernel *k, int64_t colour, struct truth_point *along)
{
	const double *at = k->by == OJIT_BY_STATES ? c->y : c->p;
	for (size_t j = 0; j < k->pattern.columns; j++) {
		bool in = k->colour[j] == colour;
		k->direction[j] = !in ? 0 : k->by == OJIT_BY_TIME ? 1 : oj_check_scale(at[j]);
		k->found.differenced += in;
	}
	*along = (struct truth_point){.states = c->states, .parameters = c->parameters};
	if (k->by == OJIT_BY_TIME)
		along->t = 1;
	else
		*(k->by == OJIT_BY_STATES ? &along->y : &along->p) = k->direction;
}

/* The columns of one colour.  Where they have no entry, there is nothing: rows that are
 * done are marked by a size. */
static ojit_status check_colour(struct ojit_check *c, struct check_kernel *k, int64_t colour)
{
	const struct subject *s = &c->subjects[k->subject];
	const ojit_pattern *p = &k->pattern;
	struct truth_point along;
	set_direction(c, k, colour, &along);
	TRY(slopes_of(c, s, &along, k->slopes));
	for (size_t row = 0; row < p->rows; row++)
		k->slopes[row].size = 0;
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; k->colour[j] == colour && i < p->column[j + 1]; i++) {
			size_t row = (size_t)p->row[i];
			struct truth_value *slope = &k->slopes[row];
			judge_slope(c, k, (struct element){(int64_t)row, (int64_t)j}, (size_t)i, slope->value / k->direction[j],
			            slope->marks, slack_of(s, row) / k->direction[j]);
			slope->size = INFINITY;
		}
	for (size_t row = 0; row < p->rows; row++)
		if (k->slopes[row].size == 0)
			judge(c, k, (struct element){(int64_t)row, NONE}, 0, k->slopes[row], slack_of(s, row),
			      "MPFR differences, where the pattern has no entry");
	return OJIT_OK;
}

/* As many colours as the work allows, others at every point. */
static ojit_status check_columns(struct ojit_check *c, struct check_kernel *k)
{
	const double most = 5e5; /* additions in MPFR, a matrix and a point */
	double can = 1 + most / (2 * c->table->work(c->subjects[k->subject].truth) + 1);
	size_t count = can < (double)k->colours ? (size_t)can : k->colours;
	size_t first = (size_t)(oj_check_draw(c, DRAW_COLOUR, k->pattern.entries) * (double)k->colours);
	k->found.columns += k->pattern.columns;
	for (size_t n = 0; n < count; n++)
		TRY(check_colour(c, k, (int64_t)((first + n) % k->colours)));
	return OJIT_OK;
}

/* What the interpreter and the matrix's own program make of its entries. */
static ojit_status check_entries(struct ojit_check *c, struct check_kernel *k, const double *seed, size_t seeds)
{
	const ojit_pattern *p = &k->pattern;
	TRY(compare_executors(c, k));
	TRY(run_exactly(c, k, seed, seeds));
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			struct element e = {p->row[i], (int64_t)j};
			compare_bits(c, k, e, k->machine[i], k->other[i], "the interpreter");
			judge(c, k, e, k->machine[i], k->exact[i], 0, "MPFR");
		}
	return OJIT_OK;
}

static ojit_status check_matrix(struct ojit_check *c, struct check_kernel *k)
{
	TRY(check_entries(c, k, NULL, 0));
	TRY(check_columns(c, k));
	return check_product(c, k);
}

/* A kernel of that form for the same subject; NULL: it was not made. */
static const struct check_kernel *find_kernel(const struct ojit_check *c, const struct check_kernel *like,
                                              enum check_form form, unsigned by)
{
	for (size_t k = 0; k < c->kernel_count; k++) {
		const struct check_kernel *found = &c->kernels[k];
		if (found->form == form && found->subject == like->subject && found->by == by)
			return found->made ? found : NULL;
	}
	return NULL;
}

/* I - gamma J, entry by entry, against J in MPFR. */
static ojit_status check_newton(struct ojit_check *c, struct check_kernel *k)
{
	const struct check_kernel *jacobian = find_kernel(c, k, CHECK_MATRIX, k->by);
	const ojit_pattern *p = &k->pattern;
	TRY(check_entries(c, k, &c->gamma, 1));
	for (size_t j = 0; jacobian && j < p->columns; j++) {
		int64_t at = jacobian->pattern.column[j], end = jacobian->pattern.column[j + 1];
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			struct sum sum = {.value = p->row[i] == (int64_t)j, .size = p->row[i] == (int64_t)j};
			if (at < end && jacobian->pattern.row[at] == p->row[i])
				add_term(&sum, &jacobian->exact[at++], -c->gamma);
			struct truth_value expected = {(double)sum.value, sum.size, sum.marks};
			judge(c, k, (struct element){p->row[i], (int64_t)j}, k->machine[i], expected, 0, "the Jacobian in MPFR");
		}
	}
	return OJIT_OK;
}

/* Values and entries have the bits of the kernels that compute them apart. */
static ojit_status check_linearisation(struct ojit_check *c, struct check_kernel *k)
{
	const struct check_kernel *values = find_kernel(c, k, CHECK_VALUES, 0), *matrix = find_kernel(c, k, CHECK_MATRIX, k->by);
	const ojit_pattern *p = &k->pattern;
	size_t rows = k->count - p->entries;
	TRY(compare_executors(c, k));
	k->found.compared += k->count;
	for (size_t i = 0; values && i < rows; i++)
		compare_bits(c, k, (struct element){(int64_t)i, NONE}, k->machine[i], values->machine[i], "the values alone");
	for (size_t j = 0; matrix && j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			struct element e = {p->row[i], (int64_t)j};
			compare_bits(c, k, e, k->machine[rows + (size_t)i], matrix->machine[i], "the Jacobian alone");
			compare_bits(c, k, e, k->machine[rows + (size_t)i], k->other[rows + (size_t)i], "the interpreter");
		}
	return OJIT_OK;
}

/* ---- adjoints ---- */

/* Elements from `first` on against the rows of a matrix, in MPFR. */
static void check_rows(struct ojit_check *c, struct check_kernel *k, unsigned by, size_t first)
{
	const struct check_kernel *matrix = k->by & by ? find_kernel(c, k, CHECK_MATRIX, by) : NULL;
	const double *w = c->weights[k->subject];
	for (size_t j = 0; matrix && j < matrix->pattern.columns; j++) {
		const ojit_pattern *p = &matrix->pattern;
		struct sum sum = {0};
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++)
			add_term(&sum, &matrix->exact[i], w[p->row[i]]);
		struct truth_value expected = {(double)sum.value, fmax(sum.size, k->exact[first + j].size),
		                               sum.marks | k->exact[first + j].marks};
		judge(c, k, element_of(k, first + j), k->machine[first + j], expected, 0, "the Jacobian's rows in MPFR");
	}
}

/* (weights' J) v and weights' (J v), the latter from differences. */
static void check_duality(struct ojit_check *c, struct check_kernel *k)
{
	const struct subject *s = &c->subjects[k->subject];
	const double *v = direction_by(c, k->by), *w = c->weights[k->subject];
	struct sum here = {0}, there = {0};
	double slack = 0;
	for (size_t j = 0; j < k->count; j++)
		add_term(&here, &k->exact[j], v[j]);
	for (size_t i = 0; i < s->rows; i++) {
		struct truth_value slope = slope_by(s, i, k->by);
		add_term(&there, &slope, w[i]);
		slack += slack_of(s, i);
	}
	struct truth_value expected = {(double)there.value, here.size + there.size, here.marks | there.marks};
	judge(c, k, (struct element){NONE, NONE}, (double)here.value, expected, slack, "MPFR differences along a direction");
}

static ojit_status check_adjoint(struct ojit_check *c, struct check_kernel *k)
{
	TRY(compare_executors(c, k));
	TRY(run_exactly(c, k, c->weights[k->subject], c->subjects[k->subject].rows));
	for (size_t i = 0; i < k->count; i++)
		judge(c, k, element_of(k, i), k->machine[i], k->exact[i], 0, "MPFR");
	check_rows(c, k, OJIT_BY_STATES, 0);
	check_rows(c, k, OJIT_BY_PARAMETERS, k->by & OJIT_BY_STATES ? c->states : 0);
	check_duality(c, k);
	return OJIT_OK;
}

/* ---- second derivatives ---- */

/* Slopes of the gradient's own program, which is held to the model by check_adjoint: of
 * its values at this point, which it has seen last. */
static ojit_status slopes_of_gradient(struct ojit_check *c, const struct check_kernel *gradient, struct truth_value *out)
{
	struct truth_point point = c->point, along = {.states = c->states, .parameters = c->parameters};
	if (!gradient->truth)
		return OJIT_OK;
	point.seed = c->weights[gradient->subject];
	point.seeds = c->subjects[gradient->subject].rows;
	along.y = gradient->by & OJIT_BY_STATES ? c->direction : NULL;
	along.p = gradient->by & OJIT_BY_PARAMETERS ? c->direction + c->states : NULL;
	TRY(c->table->slopes(gradient->truth, &point, &along, gradient->count, out, &c->error));
	c->work += 2 * c->table->work(gradient->truth);
	return OJIT_OK;
}

static ojit_status check_hessian_product(struct ojit_check *c, struct check_kernel *k)
{
	const struct check_kernel *gradient = find_kernel(c, k, CHECK_ADJOINT, k->by);
	size_t rows = c->subjects[k->subject].rows;
	TRY(compare_executors(c, k));
	memcpy(c->seeds, c->weights[k->subject], rows * sizeof *c->seeds);
	memcpy(c->seeds + rows, direction_by(c, k->by), k->count * sizeof *c->seeds);
	TRY(run_exactly(c, k, c->seeds, rows + k->count));
	for (size_t i = 0; i < k->count; i++)
		judge(c, k, element_of(k, i), k->machine[i], k->exact[i], 0, "MPFR");
	if (!gradient)
		return OJIT_OK;
	if (!k->slopes && !(k->slopes = ARENA_ZEROED(&c->arena, struct truth_value, k->count + 1)))
		return oj_fail_memory(&c->error);
	TRY(slopes_of_gradient(c, gradient, k->slopes));
	for (size_t i = 0; i < k->count; i++) {
		double size = gradient->exact[i].size;
		judge_slope(c, k, element_of(k, i), i, k->slopes[i].value, k->slopes[i].marks, isfinite(size) ? 0x1p-100 * size : 0);
	}
	return OJIT_OK;
}

/* ---------------------------------------------------------------- a point */

/* Names of where the fewest digits agreed, where that has changed. */
static void name_worst(struct ojit_check *c, struct check_kernel *k)
{
	if (!k->has_worst)
		return;
	k->found.row = row_name(c, k, k->worst_row);
	k->found.column = column_name(c, k, k->worst_column);
	k->found.point = c->points;
	k->has_worst = false;
}

ojit_status oj_check_point(struct ojit_check *c)
{
	static ojit_status (*const forms[])(struct ojit_check *, struct check_kernel *) = {
		[CHECK_VALUES] = check_values, [CHECK_MATRIX] = check_matrix,
		[CHECK_NEWTON] = check_newton, [CHECK_LINEARISATION] = check_linearisation,
		[CHECK_TANGENT] = check_tangent, [CHECK_ADJOINT] = check_adjoint,
		[CHECK_HESSIAN_PRODUCT] = check_hessian_product,
	};
	for (int s = 0; s < SUBJECTS; s++)
		TRY(set_subject(c, &c->subjects[s]));
	for (size_t i = 0; i < c->kernel_count; i++) {
		struct check_kernel *k = &c->kernels[i];
		TRY(ensure_kernel(c, k));
		if (!k->made)
			continue;
		TRY(forms[k->form](c, k));
		name_worst(c, k);
	}
	if (c->arena.failed)
		oj_fail_memory(&c->error);
	return c->error.status;
}
