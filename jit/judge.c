/* Whether two numbers agree, and what is noted where they do not.  See checker.h. */
#include "jit/checker.h"

#include <float.h>
#include <math.h>
#include <string.h>

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

/* Element k of what is differentiated by. */
static const char *input_name(struct ojit_check *c, unsigned by, int64_t k)
{
	int64_t states = by & OJIT_BY_STATES ? (int64_t)c->states : 0;
	if (k == NO_ELEMENT || by == OJIT_BY_TIME)
		return k == NO_ELEMENT ? "" : "t";
	return k < states ? name_of(c, FAMILY_STATES, (size_t)k, "") : name_of(c, FAMILY_PARAMETERS, (size_t)(k - states), "");
}

static const char *row_name(struct ojit_check *c, const struct check_kernel *k, int64_t row)
{
	if (k->row.form == CHECK_HESSIAN || row == NO_ELEMENT)
		return input_name(c, k->row.by, row);
	return k->row.subject == SUBJECT_RHS ? name_of(c, FAMILY_STATES, (size_t)row, "'")
	                                     : name_of(c, FAMILY_OUTPUTS, (size_t)row, "");
}

static const char *column_name(struct ojit_check *c, const struct check_kernel *k, int64_t column)
{
	return input_name(c, k->row.form == CHECK_HESSIAN ? k->row.columns : k->row.by, column);
}

struct element oj_checked_element(const struct ojit_check *c, const struct check_kernel *k, size_t i)
{
	int64_t at = (int64_t)(k->row.directions ? i / k->row.directions : i);
	(void)c;
	if (k->row.form == CHECK_ADJOINT || k->row.form == CHECK_HESSIAN_PRODUCT)
		return (struct element){NO_ELEMENT, at};
	return (struct element){at, NO_ELEMENT};
}

/* ---------------------------------------------------------------- notes */

static size_t found_before(const struct ojit_check *c, const struct check_kernel *k, ojit_found kind)
{
	size_t count = 0;
	for (size_t f = 0; f < c->findings.count; f++)
		count += c->findings.at[f].kind == kind && c->findings.at[f].kernel == k->found.kernel &&
		         c->findings.at[f].of == k->found.of && c->findings.at[f].by == k->found.by;
	return count;
}

static void find(struct ojit_check *c, struct check_kernel *k, ojit_found kind, struct element e, ojit_finding finding)
{
	if (k->found.found[kind]++ >= c->options.findings && found_before(c, k, kind) >= c->options.findings)
		return;
	finding.kind = kind;
	finding.kernel = k->found.kernel;
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
	return isnan(digits) || digits < 0 ? 0 : digits > most ? most : digits;
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

void oj_name_worst(struct ojit_check *c, struct check_kernel *k)
{
	if (!k->has_worst)
		return;
	k->found.row = row_name(c, k, k->worst_row);
	k->found.column = column_name(c, k, k->worst_column);
	k->found.point = c->points;
	k->has_worst = false;
}

/* ---------------------------------------------------------------- verdicts */

static double distance(double value, struct truth_value expected)
{
	return (double)fabsl((long double)value - expected.value);
}

/* Also where nothing could be judged otherwise. */
static bool is_equal(double value, struct truth_value expected)
{
	return value == (double)expected.value;
}

bool oj_agrees(const struct ojit_check *c, double value, struct truth_value expected, double slack)
{
	double apart = distance(value, expected);
	return is_equal(value, expected) || (isfinite(apart) && apart <= c->tolerance * expected.size + slack);
}

/* Relative to the value alone, of which rounding may take some digits. */
bool oj_agrees_roughly(const struct ojit_check *c, double value, struct truth_value expected, double slack)
{
	const double digits = 1e3;
	expected.size = digits * fabs((double)expected.value);
	return oj_agrees(c, value, expected, slack);
}

static bool is_beyond_double(struct truth_value expected)
{
	return (expected.marks & TRUTH_OVERFLOW) || (isfinite(expected.value) && fabsl(expected.value) > DBL_MAX);
}

/* Nothing was judged: why. */
static bool is_marked(double value, struct truth_value expected, ojit_found *kind)
{
	bool beyond = is_beyond_double(expected);
	*kind = beyond ? OJIT_FOUND_OVERFLOW : OJIT_FOUND_UNDEFINED;
	if (!beyond)
		return (expected.marks & TRUTH_NOWHERE) ||
		       (!isfinite(expected.value) && (!isfinite(value) || (expected.marks & (TRUTH_SWITCH | TRUTH_KINK))));
	return !(isfinite(value) && isfinite(expected.size));
}

static ojit_found kind_of_difference(struct truth_value expected)
{
	if (expected.marks & (TRUTH_SWITCH | TRUTH_KINK))
		return OJIT_FOUND_KINK;
	return is_beyond_double(expected) ? OJIT_FOUND_OVERFLOW : OJIT_FOUND_WRONG;
}

void oj_judge(struct ojit_check *c, struct check_kernel *k, struct element e, double value, struct truth_value expected,
              double slack, const char *against)
{
	ojit_finding finding = {.against = against, .value = value, .expected = (double)expected.value, .size = expected.size};
	double apart = distance(value, expected);
	ojit_found kind;
	if (expected.marks & TRUTH_SKIPPED)
		return;
	k->found.compared++;
	if (is_equal(value, expected))
		return;
	if (is_marked(value, expected, &kind)) {
		find(c, k, kind, e, finding);
		return;
	}
	finding.digits = digits_of(apart, expected.size);
	if (oj_agrees(c, value, expected, slack)) {
		note_digits(k, e, apart <= slack ? 17 : finding.digits);
		return;
	}
	kind = kind_of_difference(expected);
	if (kind == OJIT_FOUND_WRONG)
		note_digits(k, e, finding.digits);
	find(c, k, kind, e, finding);
}

void oj_compare_bits(struct ojit_check *c, struct check_kernel *k, struct element e, double value, double other,
                     const char *against)
{
	if ((isnan(value) && isnan(other)) || !memcmp(&value, &other, sizeof value))
		return;
	double size = fmax(fabs(value), fabs(other));
	find(c, k, OJIT_FOUND_BITS, e, (ojit_finding){.against = against, .value = value, .expected = other,
	                                               .digits = digits_of(fabs(value - other), size)});
}

/* ---------------------------------------------------------------- sums */

/* A factor of 0 takes nothing, whatever it is of. */
void oj_sum_add(struct sum *sum, struct truth_value value, double factor)
{
	if (factor == 0)
		return;
	sum->value += value.value * factor;
	sum->size += value.size * fabs(factor);
	sum->marks |= value.marks;
}

struct truth_value oj_sum_value(const struct sum *sum)
{
	return (struct truth_value){sum->value, sum->size, sum->marks};
}
