/* Kernels under check: making one, evaluating it in all ways and its own program in MPFR.
 * See checker.h. */
#include "jit/checker.h"

#include "jit/evaluator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static ojit_kernel kernel_of(const struct check_kernel *k)
{
	return k->row.subject == SUBJECT_RHS ? OJIT_RHS : OJIT_OBSERVABLES;
}

const double *oj_check_direction(const struct ojit_check *c, unsigned by)
{
	return c->direction + (by & OJIT_BY_STATES ? 0 : by & OJIT_BY_PARAMETERS ? c->states : c->inputs - 1);
}

size_t oj_check_inputs(const struct ojit_check *c, unsigned by)
{
	return (by & OJIT_BY_STATES ? c->states : 0) + (by & OJIT_BY_PARAMETERS ? c->parameters : 0) +
	       (by & OJIT_BY_TIME ? 1 : 0);
}

struct check_kernel *oj_check_find(const struct ojit_check *c, const struct check_kernel *like, enum check_form form,
                                   unsigned by, unsigned columns)
{
	bool weighted = form == CHECK_ADJOINT || form == CHECK_HESSIAN || form == CHECK_HESSIAN_PRODUCT;
	for (size_t k = 0; k < c->kernel_count; k++) {
		struct check_kernel *found = &c->kernels[k];
		if (found->row.form == form && found->row.subject == like->row.subject && found->row.by == by &&
		    found->row.columns == columns && found->row.directions <= 1 &&
		    (!weighted || found->row.is_element == like->row.is_element))
			return found->made ? found : NULL;
	}
	return NULL;
}

/* ---------------------------------------------------------------- what it is asked with */

/* Weights of an element are not handed over. */
static size_t weights_asked(const struct ojit_check *c, const struct check_kernel *k)
{
	bool weighted = k->row.form == CHECK_ADJOINT || k->row.form == CHECK_HESSIAN || k->row.form == CHECK_HESSIAN_PRODUCT;
	return weighted && !k->row.is_element ? c->subjects[k->row.subject].rows : 0;
}

static size_t seeds_asked(const struct ojit_check *c, const struct check_kernel *k)
{
	return weights_asked(c, k) + k->row.directions * oj_check_inputs(c, k->row.by) + (k->row.form == CHECK_NEWTON);
}

/* Direction 0 is in all inputs, the others are in one kind of them. */
static double element_of_direction(const struct ojit_check *c, size_t q, size_t input, unsigned by)
{
	size_t at = (size_t)(oj_check_direction(c, by) - c->direction) + input;
	size_t kind = at < c->states ? 0 : at < c->states + c->parameters ? 1 : 2;
	return q == 0 || q == kind + 1 ? c->direction[at] : 0;
}

static void ask(struct ojit_check *c, struct check_kernel *k)
{
	size_t weights = weights_asked(c, k), inputs = oj_check_inputs(c, k->row.by), directions = k->row.directions;
	for (size_t i = 0; i < weights; i++)
		k->direction[i] = c->weights[k->row.subject][i];
	for (size_t i = 0; i < inputs * directions; i++)
		k->direction[weights + i] = element_of_direction(c, i % directions, i / directions, k->row.by);
	if (k->row.form == CHECK_NEWTON)
		k->direction[0] = c->gamma;
}

static ojit_status evaluate(struct ojit_check *c, struct check_kernel *k, int way, double *out)
{
	ojit_evaluator *e = c->evaluators[way];
	ojit_kernel of = kernel_of(k);
	ojit_inputs by = (ojit_inputs)k->row.by;
	size_t weights = weights_asked(c, k);
	ojit_scalar scalar = {.of = of, .element = c->element[k->row.subject], .weights = weights ? k->direction : NULL};
	const double *directions = k->direction + weights;
	double t = c->point.t;
	switch (k->row.form) {
	case CHECK_VALUES:
		return ojit_evaluator_call(e, of, t, c->y, out);
	case CHECK_MATRIX:
		return ojit_evaluator_jacobian(e, of, by, t, c->y, out);
	case CHECK_NEWTON:
		return ojit_evaluator_newton(e, t, c->y, c->gamma, out);
	case CHECK_LINEARISATION:
		return ojit_evaluator_linearisation(e, of, by, t, c->y, out);
	case CHECK_TANGENT:
		return ojit_evaluator_tangent(e, of, by, k->row.directions, t, c->y, directions, out);
	case CHECK_HESSIAN_PRODUCT:
		return ojit_evaluator_hessian_product(e, &scalar, by, k->row.directions, t, c->y, directions, out);
	case CHECK_HESSIAN:
		return ojit_evaluator_hessian(e, &scalar, by, (ojit_inputs)k->row.columns, t, c->y, out);
	default:
		return k->row.is_element ? ojit_evaluator_gradient(e, &scalar, by, t, c->y, out)
		                         : ojit_evaluator_adjoint(e, of, by, t, c->y, k->direction, out);
	}
}

/* ---------------------------------------------------------------- making */

static struct variant variant_of(const struct ojit_check *c, const struct check_kernel *k)
{
	static const enum variant_kind kinds[CHECK_FORMS] = {
		[CHECK_MATRIX] = VARIANT_JACOBIAN, [CHECK_NEWTON] = VARIANT_NEWTON, [CHECK_LINEARISATION] = VARIANT_JACOBIAN,
		[CHECK_TANGENT] = VARIANT_TANGENT, [CHECK_ADJOINT] = VARIANT_ADJOINT,
		[CHECK_HESSIAN_PRODUCT] = VARIANT_HESSIAN_PRODUCT, [CHECK_HESSIAN] = VARIANT_HESSIAN};
	return (struct variant){.kind = kinds[k->row.form], .order = (int)k->row.directions, .by = k->row.by,
	                        .columns = k->row.columns, .with_value = k->row.form == CHECK_LINEARISATION,
	                        .scalar = k->row.is_element ? (int64_t)c->element[k->row.subject] + 1 : 0,
	                        .of = k->row.subject == SUBJECT_RHS ? KERNEL_RHS : KERNEL_OUTPUTS};
}

static ojit_status get_pattern(struct ojit_check *c, const struct check_kernel *k, int way, ojit_pattern *pattern)
{
	ojit_evaluator *e = c->evaluators[way];
	ojit_inputs by = (ojit_inputs)k->row.by;
	size_t weights = weights_asked(c, k);
	ojit_scalar scalar = {.of = kernel_of(k), .element = c->element[k->row.subject],
	                      .weights = weights ? k->direction : NULL};
	switch (k->row.form) {
	case CHECK_MATRIX: case CHECK_LINEARISATION:
		return ojit_evaluator_pattern(e, kernel_of(k), by, pattern);
	case CHECK_NEWTON:
		return ojit_evaluator_newton_pattern(e, pattern);
	case CHECK_HESSIAN:
		return ojit_evaluator_hessian_pattern(e, &scalar, by, (ojit_inputs)k->row.columns, pattern);
	default:
		return OJIT_OK;
	}
}

static size_t count_of(const struct ojit_check *c, const struct check_kernel *k)
{
	size_t rows = c->subjects[k->row.subject].rows, inputs = oj_check_inputs(c, k->row.by);
	switch (k->row.form) {
	case CHECK_VALUES:
		return rows;
	case CHECK_LINEARISATION:
		return rows + k->pattern.entries;
	case CHECK_TANGENT:
		return rows * k->row.directions;
	case CHECK_ADJOINT:
		return inputs;
	case CHECK_HESSIAN_PRODUCT:
		return inputs * k->row.directions;
	default:
		return k->pattern.entries;
	}
}

/* Columns that share no row are differenced together (Curtis, Powell, Reid, On the
 * estimation of sparse Jacobian matrices, 1974). */
static ojit_status colour_columns(struct ojit_check *c, struct check_kernel *k)
{
	const ojit_pattern *p = &k->pattern;
	k->colour = ARENA_ZEROED(&c->arena, int64_t, p->columns + 1);
	k->direction = ARENA_ZEROED(&c->arena, double, p->columns + 1);
	k->slopes[0] = ARENA_ZEROED(&c->arena, struct truth_value, p->rows + 1);
	if (c->arena.failed || ojit_pattern_colour(c->context, p, k->colour, &k->colours) != OJIT_OK)
		return oj_fail_memory(&c->error);
	return OJIT_OK;
}

static bool count_rows(const struct check_kernel *matrix, size_t *counts)
{
	for (size_t e = 0; matrix && e < matrix->pattern.entries; e++)
		counts[matrix->pattern.row[e]]++;
	return matrix != NULL;
}

/* Entries of second derivatives are at most this many: of every row, those of its entries in
 * pairs.  *likely: where all rows are alike; few of those whose rows are long are dense. */
static ojit_status hessian_bound(struct ojit_check *c, const struct check_kernel *k, double *bound, double *likely)
{
	size_t rows = c->subjects[k->row.subject].rows, bytes = 2 * (rows + 1) * sizeof(size_t);
	size_t *counts = oj_memory_get(c->context, bytes), *others = counts + rows + 1;
	double all = (double)oj_check_inputs(c, k->row.by) * (double)oj_check_inputs(c, k->row.columns), sums[2] = {0};
	*bound = 0;
	if (!counts)
		return oj_fail_memory(&c->error);
	memset(counts, 0, bytes);
	bool both = count_rows(oj_check_find(c, k, CHECK_MATRIX, k->row.by, 0), counts) &&
	            count_rows(oj_check_find(c, k, CHECK_MATRIX, k->row.columns, 0), others);
	for (size_t r = 0; both && r < rows; r++) {
		if (k->row.is_element && r != c->element[k->row.subject])
			continue;
		*bound += (double)counts[r] * (double)others[r];
		sums[0] += (double)counts[r];
		sums[1] += (double)others[r];
	}
	*bound = fmin(*bound, all);
	*likely = !rows ? 0 : k->row.is_element ? *bound : fmin(sums[0] * sums[1] / (double)rows, all);
	oj_memory_put(c->context, counts, bytes);
	return OJIT_OK;
}

/* Operators in the program of a kernel that was made. */
static size_t length_of(struct ojit_check *c, const struct check_kernel *k)
{
	struct variant variant = k ? variant_of(c, k) : (struct variant){0};
	const struct program *program = k ? oj_program_variant_source(&c->programs[WAY_MACHINE]->system, &variant) : NULL;
	struct expr_list list = {0};
	size_t count = 0;
	for (size_t b = 0; program && b < program->blocks.count; b++) {
		list.list.count = 0;
		if (!oj_block_reach(program->space, &program->blocks.at[b], true, &list))
			c->arena.failed = true;
		count += list.list.count;
	}
	if (program)
		VECTOR_DROP(program->space->context, &list.list);
	return count;
}

/* The kernel that one stands for where its code is too long to be compiled besides: with one
 * direction, without values, as products.  NULL: there is none, it is the first of its kind. */
static const struct check_kernel *stand_in(const struct ojit_check *c, const struct check_kernel *k)
{
	struct check_kernel like = *k;
	like.row.is_element = false;
	if (k->row.form == CHECK_HESSIAN || (k->row.form == CHECK_HESSIAN_PRODUCT && k->row.directions > 1))
		return oj_check_find(c, &like, CHECK_HESSIAN_PRODUCT, OJIT_BY_STATES | OJIT_BY_PARAMETERS, 0);
	if (k->row.form == CHECK_TANGENT && k->row.directions > 1)
		return oj_check_find(c, &like, CHECK_TANGENT, k->row.by, 0);
	return k->row.form == CHECK_LINEARISATION ? oj_check_find(c, &like, CHECK_MATRIX, k->row.by, 0) : NULL;
}

enum { INTERPRETED = 4 }; /* operations take as long as an addition in MPFR */

/* What making a matrix takes, in additions: its operations, of which each is made once, and
 * what it reads from tables. */
static double dearness_of(struct ojit_check *c, const struct check_kernel *k)
{
	const double datum = 8;
	struct ojit_program *machine = c->programs[WAY_MACHINE];
	struct variant variant = variant_of(c, k);
	const struct program *program = oj_program_variant_source(&machine->system, &variant);
	if (!program)
		return 0;
	double effort = oj_program_effort_of(&machine->system, &variant);
	c->arena.failed = c->arena.failed || effort < 0;
	return effort + datum * (double)(program->space->table_data.count + k->pattern.entries);
}

/* Matrices that are made of the Jacobian's entries.  NULL: it is none. */
static const struct check_kernel *jacobian_of(const struct ojit_check *c, const struct check_kernel *k)
{
	bool repeats = k->row.form == CHECK_NEWTON || k->row.form == CHECK_LINEARISATION;
	return repeats ? oj_check_find(c, k, CHECK_MATRIX, k->row.by, 0) : NULL;
}

static bool is_matrix(const struct check_kernel *k)
{
	return k->row.form == CHECK_MATRIX || k->row.form == CHECK_NEWTON || k->row.form == CHECK_LINEARISATION ||
	       k->row.form == CHECK_HESSIAN;
}

/* As a matrix, second derivatives are for scalars of few inputs.  *why NULL: it is fine. */
static ojit_status check_extent(struct ojit_check *c, const struct check_kernel *k, const char **why)
{
	const double most = 1e6, many = 1e5, dearest = 5e6, hardest = 2e7;
	const struct subject *subject = &c->subjects[k->row.subject];
	const size_t longest = 20000;
	const struct check_kernel *other = stand_in(c, k), *jacobian = jacobian_of(c, k);
	double entries = 0, likely = 0;
	size_t directions = k->row.directions ? k->row.directions : 1;
	char text[128] = "";
	if (k->row.form == CHECK_HESSIAN)
		TRY(hessian_bound(c, k, &entries, &likely));
	if (entries > most || likely > many)
		snprintf(text, sizeof text, "there may be %.0f entries; hvp stands for it", entries);
	else if (length_of(c, other) * directions > longest)
		snprintf(text, sizeof text, "it takes long to compile; %s stands for it", other->found.kernel);
	else if (is_matrix(k) && subject->effort > hardest && !subject->measured.is_known)
		snprintf(text, sizeof text, "it takes long to make, and MPFR as long; jvp and vjp stand for it");
	else if (jacobian && dearness_of(c, jacobian) > dearest)
		snprintf(text, sizeof text, "it takes long to make; %s stands for it", jacobian->found.kernel);
	*why = *text ? oj_arena_string(&c->arena, text, strlen(text)) : NULL;
	return c->arena.failed ? oj_fail_memory(&c->error) : OJIT_OK;
}

static ojit_status open_measured(struct ojit_check *c, struct check_kernel *k)
{
	struct ojit_program *machine = c->programs[WAY_MACHINE];
	struct variant variant = variant_of(c, k);
	variant.strong = k->strong;
	return oj_measured_open(c, &k->measured, oj_program_variant_source(&machine->system, &variant),
	                        &machine->lowered.programs[KERNEL_PREPARE], k->count);
}

/* Writing out takes some 3 us an operation: kernels that others stand for are so when they are
 * short, the others up to half a second. */
static bool is_written_out(const struct ojit_check *c, const struct check_kernel *k)
{
	const double most = 1.5e5, most_besides = 1.5e4;
	struct variant variant = variant_of(c, k);
	bool besides = k->row.form == CHECK_NEWTON || stand_in(c, k);
	return c->subjects[k->row.subject].is_rolled &&
	       oj_program_effort_of(&c->programs[WAY_MACHINE]->system, &variant) < (besides ? most_besides : most);
}

static ojit_status make(struct ojit_check *c, struct check_kernel *k)
{
	k->direction = ARENA_ZEROED(&c->arena, double, seeds_asked(c, k) + 1);
	if (!k->direction)
		return oj_fail_memory(&c->error);
	if (get_pattern(c, k, WAY_MACHINE, &k->pattern) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	k->count = count_of(c, k);
	k->machine = ARENA_ZEROED(&c->arena, double, k->count + 1);
	k->other = ARENA_ZEROED(&c->arena, double, k->count + 1);
	if (c->arena.failed)
		return oj_fail_memory(&c->error);
	if (k->row.form == CHECK_MATRIX)
		TRY(colour_columns(c, k));
	ask(c, k);
	if (k->row.form != CHECK_VALUES && evaluate(c, k, WAY_MACHINE, k->machine) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	k->is_written_out = k->row.form == CHECK_VALUES || is_written_out(c, k);
	return k->row.form == CHECK_VALUES ? OJIT_OK : open_measured(c, k);
}

ojit_status oj_checked_make(struct ojit_check *c, struct check_kernel *k)
{
	if (k->made || k->found.refused || k->found.omitted)
		return OJIT_OK;
	TRY(check_extent(c, k, &k->found.omitted));
	if (k->found.omitted)
		return OJIT_OK;
	ojit_status status = make(c, k);
	k->made = status == OJIT_OK;
	k->effort = k->made ? dearness_of(c, k) / INTERPRETED : 0;
	if (c->arena.failed)
		return oj_fail_memory(&c->error);
	if (status != OJIT_UNSUPPORTED)
		return status;
	const char *why = oj_error_public(&c->error).message;
	k->found.refused = oj_arena_string(&c->arena, why, strlen(why));
	oj_error_clear(&c->error);
	return k->found.refused ? OJIT_OK : oj_fail_memory(&c->error);
}

/* ---------------------------------------------------------------- running */

/* Before the entries of a matrix come, of a linearisation, the rows' values. */
static void compare(struct ojit_check *c, struct check_kernel *k, const char *against)
{
	const ojit_pattern *p = &k->pattern;
	size_t before = k->count - p->entries;
	for (size_t i = 0; i < before; i++)
		oj_compare_bits(c, k, oj_checked_element(c, k, i), k->machine[i], k->other[i], against);
	for (size_t j = 0; j < p->columns; j++)
		for (int64_t i = p->column[j]; i < p->column[j + 1]; i++) {
			size_t at = before + (size_t)i;
			oj_compare_bits(c, k, (struct element){p->row[i], (int64_t)j}, k->machine[at], k->other[at], against);
		}
}

static ojit_status run_way(struct ojit_check *c, struct check_kernel *k, int way)
{
	static const char *const names[CHECK_WAYS] = {[WAY_INTERPRETED] = "the interpreter", [WAY_FLAT] = "equations one by one"};
	struct element none = {NO_ELEMENT, NO_ELEMENT};
	ojit_pattern pattern = {0};
	if (get_pattern(c, k, way, &pattern) != OJIT_OK)
		return oj_check_fail(c, way);
	if (pattern.entries != k->pattern.entries) {
		oj_compare_bits(c, k, none, (double)k->pattern.entries, (double)pattern.entries, names[way]);
		return OJIT_OK;
	}
	c->work += k->effort;
	if (evaluate(c, k, way, k->other) != OJIT_OK)
		return oj_check_fail(c, way);
	compare(c, k, names[way]);
	return OJIT_OK;
}

ojit_status oj_checked_run(struct ojit_check *c, struct check_kernel *k)
{
	if (k->row.form != CHECK_MATRIX)
		ask(c, k);
	if (evaluate(c, k, WAY_MACHINE, k->machine) != OJIT_OK)
		return oj_check_fail(c, WAY_MACHINE);
	for (int w = WAY_INTERPRETED; w < CHECK_WAYS; w++)
		if (c->programs[w] && (w != WAY_FLAT || k->is_written_out))
			TRY(run_way(c, k, w));
	return OJIT_OK;
}

static ojit_status measure(struct ojit_check *c, struct check_kernel *k)
{
	const double limit = 2e5; /* additions: 10 ms */
	return oj_measured_values(c, &k->measured, limit, k->direction, k->row.form == CHECK_MATRIX ? 0 : seeds_asked(c, k));
}

/* Did the kernel give numbers where its program has none?  Then zeros in what it was asked with
 * were strong ones, and there is a program that says so. */
static bool was_strong(const struct ojit_check *c, const struct check_kernel *k)
{
	struct variant variant = variant_of(c, k);
	bool was = false;
	for (size_t i = 0; i < k->count; i++)
		was = was || (isnan(k->measured.values[i].value) && !isnan(k->machine[i]));
	variant.strong = true;
	return was && !k->strong && oj_program_variant_source(&c->programs[WAY_MACHINE]->system, &variant);
}

ojit_status oj_checked_measure(struct ojit_check *c, struct check_kernel *k)
{
	TRY(measure(c, k));
	if (!was_strong(c, k))
		return OJIT_OK;
	oj_measured_close(c, &k->measured);
	k->measured = (struct measured){0};
	k->strong = true;
	TRY(open_measured(c, k));
	return measure(c, k);
}

struct truth_value oj_checked_value(const struct check_kernel *k, size_t i)
{
	if (k->measured.values[i].marks & TRUTH_SKIPPED)
		return (struct truth_value){k->machine[i], fabs(k->machine[i]), TRUTH_ROUNDED};
	return k->measured.values[i];
}
