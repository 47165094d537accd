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
	if (column == NONE)
		return k->by == OJIT_BY_TIME ? "t" : "";
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
	case CHECK_TANGENT:
		return ojit_evaluator_tangent(e, of, k->by, 1, t, c->y, direction_by(c, k->by), out);
	default:
		return ojit_evaluator_adjoint(e, of, k->by, t, c->y, c->weights[k->subject], out);
	}
}

static struct variant variant_of(const struct check_kernel *k)
{
	static const enum variant_kind kinds[] = {[CHECK_MATRIX] = VARIANT_JACOBIAN, [CHECK_TANGENT] = VARIANT_TANGENT,
	                                          [CHECK_ADJOINT] = VARIANT_ADJOINT};
	return (struct variant){.kind = kinds[k->form], .order = k->form == CHECK_TANGENT, .by = k->by,
	                        .of = k->subject == SUBJECT_RHS ? KERNEL_RHS : KERNEL_OUTPUTS};
}

/* The program that the kernel was compiled from, and room for what it puts out. */
static ojit_status open_kernel(struct ojit_check *c, struct check_kernel *k)
{
	struct ojit_program *machine = c->programs[WAY_MACHINE];
	struct variant variant = variant_of(k);
	const struct program *source;
	size_t states = k->by & OJIT_BY_STATES ? c->states : 0, parameters = k->by & OJIT_BY_PARAMETERS ? c->parameters : 0;
	k->count = k->form == CHECK_ADJOINT ? states + parameters : c->subjects[k->subject].rows;
	if (k->form == CHECK_MATRIX) {
		if (ojit_evaluator_pattern(c->evaluators[WAY_MACHINE], kernel_of(k), (ojit_inputs)k->by, &k->pattern) != OJIT_OK)
			return oj_check_fail(c, WAY_MACHINE);
		k->count = k->pattern.entries;
	}
	k->machine = ARENA_ZEROED(&c->arena, double, k->count + 1);
	k->other = ARENA_ZEROED(&c->arena, double, k->count + 1);
	k->exact = ARENA_ZEROED(&c->arena, struct truth_value, k->count + 1);
	if (c->arena.failed)
		return oj_fail_memory(&c->error);
	k->made = true;
	if (k->form == CHECK_VALUES)
		return OJIT_OK;
	if (evaluate(c, k, WAY_MACHINE, k->machine) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	source = oj_program_variant_source(&machine->system, &variant);
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
	return k->form == CHECK_ADJOINT ? (struct element){NONE, (int64_t)i} : (struct element){(int64_t)i, NONE};
}

/* Machine code, the interpreter, and the kernel's own program in MPFR. */
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
		for (size_t i = 0; k->form != CHECK_MATRIX && i < k->count; i++)
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

/* Columns that are differenced together because they share no row (Curtis, Powell, Reid,
 * On the estimation of sparse Jacobian matrices, 1974). */
struct groups {
	size_t count, rows, columns;
	size_t *owner; /* [count][rows] the column that has the row, + 1 */
	size_t *group; /* [columns] + 1; 0: none had room */
	double *direction; /* [columns] */
	struct truth_value *slopes; /* [rows] */
};

static void drop_groups(struct ojit_check *c, struct groups *g)
{
	oj_memory_put(c->context, g->owner, g->count * g->rows * sizeof *g->owner);
	oj_memory_put(c->context, g->group, g->columns * sizeof *g->group);
	oj_memory_put(c->context, g->direction, g->columns * sizeof *g->direction);
	oj_memory_put(c->context, g->slopes, g->rows * sizeof *g->slopes);
}

/* As many as the work allows: what they cost together is bounded. */
static bool begin_groups(struct ojit_check *c, const struct check_kernel *k, struct groups *g)
{
	const double most = 5e5; /* additions in MPFR, a matrix and a point */
	const ojit_pattern *p = &k->pattern;
	double can = most / (2 * c->table->work(c->subjects[k->subject].truth) + 1);
	size_t count = can < 1 ? 1 : (size_t)can;
	*g = (struct groups){.count = count < p->columns ? count : p->columns, .rows = p->rows, .columns = p->columns};
	g->owner = oj_memory_get(c->context, g->count * g->rows * sizeof *g->owner);
	g->group = oj_memory_get(c->context, g->columns * sizeof *g->group);
	g->direction = oj_memory_get(c->context, g->columns * sizeof *g->direction);
	g->slopes = oj_memory_get(c->context, g->rows * sizeof *g->slopes);
	if (!g->owner || !g->group || !g->direction || !g->slopes)
		return false;
	memset(g->owner, 0, g->count * g->rows * sizeof *g->owner);
	memset(g->group, 0, g->columns * sizeof *g->group);
	return true;
}

static bool has_room(const struct groups *g, const ojit_pattern *p, size_t group, size_t j)
{
	for (int64_t i = p->column[j]; i < p->column[j + 1]; i++)
		if (g->owner[group * g->rows + (size_t)p->row[i]])
			return false;
	return true;
}

static void group_columns(struct ojit_check *c, const ojit_pattern *p, struct groups *g)
{
	size_t first = (size_t)(oj_check_draw(c, DRAW_COLOUR, p->entries) * (double)p->columns);
	for (size_t n = 0; n < p->columns; n++) {
		size_t j = (first + n) % p->columns, group = 0;
		while (group < g->count && !has_room(g, p, group, j))
			group++;
		if (group == g->count)
			continue;
		g->group[j] = group + 1;
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++)
			g->owner[group * g->rows + (size_t)p->row[i]] = j + 1;
	}
}

static ojit_status difference_group(struct ojit_check *c, struct check_kernel *k, struct groups *g, size_t group)
{
	const struct subject *s = &c->subjects[k->subject];
	const ojit_pattern *p = &k->pattern;
	struct truth_point along = {.states = c->states, .parameters = c->parameters};
	const double *at = k->by == OJIT_BY_STATES ? c->y : c->p;
	size_t columns = 0;
	for (size_t j = 0; j < p->columns; j++) {
		bool in = g->group[j] == group + 1;
		g->direction[j] = in ? oj_check_scale(at[j]) : 0;
		columns += in;
	}
	if (!columns)
		return OJIT_OK;
	k->found.differenced += columns;
	*(k->by == OJIT_BY_STATES ? &along.y : &along.p) = g->direction;
	TRY(slopes_of(c, s, &along, g->slopes));
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; g->group[j] == group + 1 && i < p->column[j + 1]; i++) {
			size_t row = (size_t)p->row[i];
			judge_slope(c, k, (struct element){(int64_t)row, (int64_t)j}, (size_t)i,
			            g->slopes[row].value / g->direction[j], g->slopes[row].marks,
			            slack_of(s, row) / g->direction[j]);
		}
	for (size_t row = 0; row < p->rows; row++) /* where the pattern has no entry, there is nothing */
		if (!g->owner[group * g->rows + row]) {
			struct truth_value expected = {g->slopes[row].value, 0, g->slopes[row].marks};
			judge(c, k, (struct element){(int64_t)row, NONE}, 0, expected, slack_of(s, row),
			      "MPFR differences, where the pattern has no entry");
		}
	return OJIT_OK;
}

static ojit_status check_columns(struct ojit_check *c, struct check_kernel *k)
{
	struct groups g;
	ojit_status status = begin_groups(c, k, &g) ? OJIT_OK : oj_fail_memory(&c->error);
	k->found.columns += k->pattern.columns;
	if (status == OJIT_OK)
		group_columns(c, &k->pattern, &g);
	for (size_t group = 0; status == OJIT_OK && group < g.count; group++)
		status = difference_group(c, k, &g, group);
	drop_groups(c, &g);
	return status;
}

static ojit_status check_matrix(struct ojit_check *c, struct check_kernel *k)
{
	const ojit_pattern *p = &k->pattern;
	TRY(compare_executors(c, k));
	TRY(run_exactly(c, k, NULL, 0));
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			struct element e = {p->row[i], (int64_t)j};
			compare_bits(c, k, e, k->machine[i], k->other[i], "the interpreter");
			judge(c, k, e, k->machine[i], k->exact[i], 0, "MPFR");
		}
	TRY(check_columns(c, k));
	return check_product(c, k);
}

/* ---- adjoints ---- */

/* The kernel of a matrix by one kind of inputs; NULL: it was not made. */
static const struct check_kernel *matrix_by(const struct ojit_check *c, const struct check_kernel *like, unsigned by)
{
	for (size_t k = 0; k < c->kernel_count; k++) {
		const struct check_kernel *found = &c->kernels[k];
		if (found->form == CHECK_MATRIX && found->subject == like->subject && found->by == by)
			return found->made ? found : NULL;
	}
	return NULL;
}

/* Elements from `first` on against the rows of a matrix, in MPFR. */
static void check_rows(struct ojit_check *c, struct check_kernel *k, unsigned by, size_t first)
{
	const struct check_kernel *matrix = k->by & by ? matrix_by(c, k, by) : NULL;
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
		[CHECK_TANGENT] = check_tangent, [CHECK_ADJOINT] = check_adjoint,
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
