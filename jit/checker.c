/* Checks: how they are made, where they look, what they hand out.  See checker.h. */
#include "jit/checker.h"

#include "jit/evaluator.h"
#include "lib/graph/unroll.h"
#include "lib/graph/effort.h"
#include "lib/math/math.h"

#include <math.h>
#include <string.h>

/* ---------------------------------------------------------------- making */

enum { STATES = OJIT_BY_STATES, PARAMETERS = OJIT_BY_PARAMETERS, TIME = OJIT_BY_TIME };

/* Those that others are held to come first. */
static const struct check_row rows[] = {
	{"rhs", SUBJECT_RHS, 0, CHECK_VALUES, 0, 0, false},
	{"jac", SUBJECT_RHS, STATES, CHECK_MATRIX, 0, 0, false},
	{"dfdp", SUBJECT_RHS, PARAMETERS, CHECK_MATRIX, 0, 0, false},
	{"dfdt", SUBJECT_RHS, TIME, CHECK_MATRIX, 0, 0, false},
	{"newton", SUBJECT_RHS, STATES, CHECK_NEWTON, 0, 0, false},
	{"linearised", SUBJECT_RHS, STATES, CHECK_LINEARISATION, 0, 0, false},
	{"linearised", SUBJECT_RHS, PARAMETERS, CHECK_LINEARISATION, 0, 0, false},
	{"jvp", SUBJECT_RHS, STATES, CHECK_TANGENT, 1, 0, false},
	{"jvp", SUBJECT_RHS, PARAMETERS, CHECK_TANGENT, 1, 0, false},
	{"jvp", SUBJECT_RHS, STATES | PARAMETERS | TIME, CHECK_TANGENT, 1, 0, false},
	{"jvp x 4", SUBJECT_RHS, STATES | PARAMETERS | TIME, CHECK_TANGENT, 4, 0, false},
	{"vjp", SUBJECT_RHS, STATES, CHECK_ADJOINT, 0, 0, false},
	{"vjp", SUBJECT_RHS, PARAMETERS, CHECK_ADJOINT, 0, 0, false},
	{"vjp", SUBJECT_RHS, STATES | PARAMETERS, CHECK_ADJOINT, 0, 0, false},
	{"hvp", SUBJECT_RHS, STATES | PARAMETERS, CHECK_HESSIAN_PRODUCT, 1, 0, false},
	{"hvp x 3", SUBJECT_RHS, STATES | PARAMETERS, CHECK_HESSIAN_PRODUCT, 3, 0, false},
	{"hess", SUBJECT_RHS, STATES, CHECK_HESSIAN, 0, STATES, false},
	{"hess", SUBJECT_RHS, STATES, CHECK_HESSIAN, 0, PARAMETERS, false},
	{"hess", SUBJECT_RHS, PARAMETERS, CHECK_HESSIAN, 0, PARAMETERS, false},
	{"grad", SUBJECT_RHS, STATES | PARAMETERS, CHECK_ADJOINT, 0, 0, true},
	{"hess", SUBJECT_RHS, STATES, CHECK_HESSIAN, 0, STATES, true},
	{"outputs", SUBJECT_OUTPUTS, 0, CHECK_VALUES, 0, 0, false},
	{"jac", SUBJECT_OUTPUTS, STATES, CHECK_MATRIX, 0, 0, false},
	{"dfdp", SUBJECT_OUTPUTS, PARAMETERS, CHECK_MATRIX, 0, 0, false},
	{"dfdt", SUBJECT_OUTPUTS, TIME, CHECK_MATRIX, 0, 0, false},
	{"linearised", SUBJECT_OUTPUTS, STATES, CHECK_LINEARISATION, 0, 0, false},
	{"jvp", SUBJECT_OUTPUTS, STATES | PARAMETERS | TIME, CHECK_TANGENT, 1, 0, false},
	{"vjp", SUBJECT_OUTPUTS, STATES | PARAMETERS, CHECK_ADJOINT, 0, 0, false},
	{"hvp", SUBJECT_OUTPUTS, STATES | PARAMETERS, CHECK_HESSIAN_PRODUCT, 1, 0, false},
	{"grad", SUBJECT_OUTPUTS, STATES | PARAMETERS, CHECK_ADJOINT, 0, 0, true},
	{"hvp", SUBJECT_OUTPUTS, STATES | PARAMETERS, CHECK_HESSIAN_PRODUCT, 1, 0, true},
	{"hess", SUBJECT_OUTPUTS, STATES, CHECK_HESSIAN, 0, STATES, true},
	{"hess", SUBJECT_OUTPUTS, PARAMETERS, CHECK_HESSIAN, 0, STATES, true},
};

ojit_check_options ojit_check_options_default(void)
{
	return (ojit_check_options){.digits = 13, .seed = 1, .findings = 10};
}

static const char *inputs_name(const struct check_row *row)
{
	static const char *const names[] = {
		[0] = "",
		[STATES] = "states",
		[PARAMETERS] = "parameters",
		[STATES | PARAMETERS] = "states, parameters",
		[TIME] = "time",
		[STATES | PARAMETERS | TIME] = "states, parameters, time",
	};
	static const char *const twice[][4] = {
		[STATES] = {[STATES] = "states and states", [PARAMETERS] = "states and parameters"},
		[PARAMETERS] = {[STATES] = "parameters and states", [PARAMETERS] = "parameters twice"},
	};
	return row->form == CHECK_HESSIAN ? twice[row->by][row->columns] : names[row->by];
}

/* Is there anything that the kernel would put out? */
static bool has_kernel(const struct ojit_check *c, const struct check_row *row)
{
	return (row->form == CHECK_VALUES || oj_check_inputs(c, row->by)) && c->subjects[row->subject].rows &&
	       (row->columns == 0 || oj_check_inputs(c, row->columns));
}

static ojit_status list_kernels(struct ojit_check *c)
{
	enum { COUNT = sizeof rows / sizeof rows[0] };
	static const char *const subjects[SUBJECTS] = {[SUBJECT_RHS] = "rhs", [SUBJECT_OUTPUTS] = "outputs"};
	static const char *const elements[SUBJECTS] = {[SUBJECT_RHS] = "one of rhs", [SUBJECT_OUTPUTS] = "one output"};
	c->kernels = ARENA_ZEROED(&c->arena, struct check_kernel, COUNT);
	for (size_t k = 0; c->kernels && k < COUNT; k++) {
		if (!has_kernel(c, &rows[k]))
			continue;
		struct check_kernel *made = &c->kernels[c->kernel_count++];
		made->row = rows[k];
		made->found = (ojit_check_row){.kernel = rows[k].name, .by = inputs_name(&rows[k]), .digits = 17, .row = "", .column = "",
		                               .of = (rows[k].is_element ? elements : subjects)[rows[k].subject], .part = 1};
	}
	return c->kernels ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

static const enum kernel_kind kinds[SUBJECTS] = {KERNEL_RHS, KERNEL_OUTPUTS};

/* The three ways: as asked for, interpreted, and with every equation on its own. */
static ojit_status compile_ways(struct ojit_check *c, ojit_model *model, const ojit_compile_options *given)
{
	ojit_compile_options options = given ? *given : ojit_compile_options_default(), plain;
	bool flat = options.law != OJIT_LAW_REAL; /* which may sum in another order once rolled */
	TRY(ojit_program_compile(model, &options, &c->programs[WAY_MACHINE]));
	options.watch = NULL;
	options.executor = OJIT_INTERPRETER;
	TRY(ojit_program_compile(model, &options, &c->programs[WAY_INTERPRETED]));
	const char **without = ARENA_NEW(&c->arena, const char *, options.without_count + 1);
	if (!without)
		return oj_fail_memory(&model->error);
	plain = options;
	for (size_t k = 0; k < options.without_count; k++) {
		without[k] = options.without[k];
		flat = flat && strcmp(without[k], "roll");
	}
	without[plain.without_count++] = "roll";
	plain.without = without;
	return flat ? ojit_program_compile(model, &plain, &c->programs[WAY_FLAT]) : OJIT_OK;
}

/* Are there loops, and none without pass roll? */
static ojit_status compare_forms(struct ojit_check *c, struct oj_error *error)
{
	bool ok = true;
	for (int k = 0; k < SUBJECTS && c->programs[WAY_FLAT] && ok; k++)
		c->subjects[k].is_rolled = c->programs[WAY_FLAT]->lowered.loopless[kinds[k]] &&
		                           oj_has_loops(&c->programs[WAY_INTERPRETED]->lowered.programs[kinds[k]], &ok);
	return ok ? OJIT_OK : oj_fail_memory(error);
}

/* A kernel as the model has it. */
static ojit_status lower_plain(struct ojit_check *c, struct subject *s, ojit_model *model, enum kernel_kind kind)
{
	struct settings settings;
	TRY(oj_settings(NULL, &settings, &model->error));
	for (uint32_t k = 0; oj_passes[k].name; k++)
		if (!oj_passes[k].required)
			settings.without |= 1u << k;
	TRY(oj_compile(model, &settings, kind, "split", &s->lowered, &model->error));
	if (oj_program_layout(&s->lowered.programs[kind]) != OJIT_OK)
		return oj_fail_memory(&model->error);
	s->effort = oj_program_effort(&s->lowered.programs[kind]);
	if (s->effort < 0)
		return oj_fail_memory(&model->error);
	s->rows = (size_t)s->lowered.lengths[kind == KERNEL_RHS ? FAMILY_STATES : FAMILY_OUTPUTS];
	if (oj_measured_open(c, &s->measured, &s->lowered.programs[kind], NULL, s->rows) != OJIT_OK)
		return oj_fail_copy(&model->error, &c->error);
	return OJIT_OK;
}

static bool make_room(struct ojit_check *c)
{
	for (int k = 0; k < SUBJECTS; k++) {
		struct subject *s = &c->subjects[k];
		for (int slope = 0; slope < SLOPES; slope++)
			s->slopes[slope] = ARENA_ZEROED(&c->arena, struct truth_value, s->rows + 1);
		c->weights[k] = ARENA_ZEROED(&c->arena, double, s->rows + 1);
		c->unit[k] = ARENA_ZEROED(&c->arena, double, s->rows + 1);
		c->element[k] = (size_t)(oj_check_draw(c, DRAW_ELEMENT, (size_t)k) * (double)s->rows);
		if (c->unit[k])
			c->unit[k][c->element[k]] = 1;
	}
	c->y = ARENA_ZEROED(&c->arena, double, c->states + 1);
	c->p = ARENA_ZEROED(&c->arena, double, c->parameters + 1);
	c->direction = ARENA_ZEROED(&c->arena, double, c->inputs);
	c->other_direction = ARENA_ZEROED(&c->arena, double, c->inputs);
	c->away = ARENA_ZEROED(&c->arena, double, c->inputs);
	return !c->arena.failed;
}

static ojit_status make(struct ojit_check *c, ojit_model *model, const ojit_compile_options *compile)
{
	TRY(oj_truth_open(c->context, &c->table, &model->error));
	TRY(compile_ways(c, model, compile));
	TRY(compare_forms(c, &model->error));
	for (int k = 0; k < SUBJECTS; k++)
		TRY(lower_plain(c, &c->subjects[k], model, kinds[k]));
	ojit_program_info info = ojit_program_describe(c->programs[WAY_MACHINE]);
	c->states = info.states;
	c->parameters = info.parameters;
	c->inputs = c->states + c->parameters + 1;
	for (int w = 0; w < CHECK_WAYS; w++)
		if (c->programs[w] && !(c->evaluators[w] = ojit_evaluator_new(c->programs[w])))
			return oj_fail_memory(&model->error);
	if (list_kernels(c) != OJIT_OK || !make_room(c))
		return oj_fail_memory(&model->error);
	return OJIT_OK;
}

ojit_status ojit_check_new(ojit_model *model, const ojit_compile_options *compile, const ojit_check_options *options,
                           ojit_check **out)
{
	struct oj_error *error = &model->error;
	ojit_check_options wanted = options ? *options : ojit_check_options_default();
	*out = NULL;
	if (error->status != OJIT_OK)
		return error->status;
	if (wanted.digits < 1 || wanted.digits > 15)
		return oj_fail(error, OJIT_ARGUMENT, "%d digits: ask for 1 to 15", wanted.digits);
	struct ojit_check *c = oj_memory_get(model->context, sizeof *c);
	if (!c)
		return oj_fail_memory(error);
	*c = (struct ojit_check){.context = model->context, .options = wanted, .tolerance = pow(10, -wanted.digits)};
	oj_error_init(&c->error, c->context);
	oj_arena_init(&c->arena, c->context);
	ojit_status status = make(c, model, compile);
	if (status != OJIT_OK) {
		ojit_check_free(c);
		return status;
	}
	*out = c;
	return OJIT_OK;
}

void ojit_check_free(ojit_check *c)
{
	if (!c)
		return;
	for (size_t k = 0; k < c->kernel_count; k++)
		oj_measured_close(c, &c->kernels[k].measured);
	for (int k = 0; k < SUBJECTS; k++) {
		oj_measured_close(c, &c->subjects[k].measured);
		oj_lowered_drop(&c->subjects[k].lowered);
	}
	for (int w = 0; w < CHECK_WAYS; w++) {
		ojit_evaluator_free(c->evaluators[w]);
		ojit_program_free(c->programs[w]);
	}
	VECTOR_DROP(c->context, &c->findings);
	oj_error_drop(&c->error);
	oj_arena_drop(&c->arena);
	oj_memory_put(c->context, c, sizeof *c);
}

ojit_error ojit_check_error(const ojit_check *c)
{
	return oj_error_public(&c->error);
}

/* ---------------------------------------------------------------- points */

ojit_status oj_check_fail(struct ojit_check *c, int way)
{
	return oj_fail_copy(&c->error, &c->evaluators[way]->error);
}

double oj_check_draw(const struct ojit_check *c, int purpose, size_t k)
{
	double operands[4] = {(double)c->options.seed, (double)purpose, (double)c->points, (double)k};
	uint64_t words[2] = {0};
	oj_math_random(operands, OJ_MATH_STREAM_UNIFORM, words);
	return (double)(words[0] >> 11) * 0x1p-53;
}

/* Between half and all of `scale`, of either sign. */
static double draw_near(const struct ojit_check *c, int purpose, size_t k, double scale)
{
	double u = 2 * oj_check_draw(c, purpose, k) - 1;
	return (u < 0 ? u - 1 : u + 1) / 2 * scale;
}

double oj_check_scale(double x)
{
	return x == 0 || !isfinite(x) ? 1 : ldexp(1, ilogb(x));
}

static void draw_directions(struct ojit_check *c)
{
	size_t n = c->states, m = c->parameters;
	for (size_t k = 0; k < n + m; k++)
		c->direction[k] = draw_near(c, DRAW_DIRECTION, k, oj_check_scale(k < n ? c->point.y[k] : c->point.p[k - n]));
	for (size_t k = 0; k < n + m; k++)
		c->other_direction[k] = draw_near(c, DRAW_DIRECTION, n + m + k, oj_check_scale(k < n ? c->point.y[k] : c->point.p[k - n]));
	c->direction[n + m] = 1;
	c->gamma = draw_near(c, DRAW_GAMMA, 0, 1);
	for (int s = 0; s < SUBJECTS; s++)
		for (size_t k = 0; k < c->subjects[s].rows; k++)
			c->weights[s][k] = draw_near(c, DRAW_WEIGHT, k, 1);
}

static ojit_status set_parameters(struct ojit_check *c, const double *p)
{
	for (int w = 0; w < CHECK_WAYS; w++)
		if (c->evaluators[w] && ojit_evaluator_parameters(c->evaluators[w], p) != OJIT_OK)
			return oj_check_fail(c, w);
	if (c->parameters)
		memcpy(c->p, c->evaluators[WAY_MACHINE]->p, c->parameters * sizeof *c->p);
	return OJIT_OK;
}

static ojit_status set_states(struct ojit_check *c, double t, const double *y)
{
	if (y && c->states)
		memmove(c->y, y, c->states * sizeof *y);
	if (!y && ojit_evaluator_call(c->evaluators[WAY_INTERPRETED], OJIT_INITIAL, t, NULL, c->y) != OJIT_OK)
		return oj_check_fail(c, WAY_INTERPRETED);
	return OJIT_OK;
}

/* ---------------------------------------------------------------- one point */

/* Rows that a sample leaves out have no weight. */
static ojit_status measure_subjects(struct ojit_check *c)
{
	for (int k = 0; k < SUBJECTS; k++) {
		struct subject *s = &c->subjects[k];
		oj_measured_forget(&s->measured);
		TRY(oj_subject_measure(c, s));
		for (size_t row = 0; s->measured.is_known && row < s->rows; row++)
			if (s->measured.values[row].marks & TRUTH_SKIPPED)
				c->weights[k][row] = 0;
	}
	return OJIT_OK;
}

/* The least part that was looked at, of what it is held to and of its own program. */
static void note_part(const struct ojit_check *c, struct check_kernel *k)
{
	const struct measured *parts[] = {&c->subjects[k->row.subject].measured, &k->measured};
	for (int i = 0; i < 2; i++)
		if (parts[i]->part != 0 && !parts[i]->is_whole)
			k->found.part = fmin(k->found.part, fmax(parts[i]->part, 0));
}

static ojit_status check_point(struct ojit_check *c)
{
	static ojit_status (*const forms[CHECK_FORMS])(struct ojit_check *, struct check_kernel *) = {
		[CHECK_VALUES] = oj_check_values, [CHECK_MATRIX] = oj_check_matrix, [CHECK_NEWTON] = oj_check_newton,
		[CHECK_LINEARISATION] = oj_check_linearisation, [CHECK_TANGENT] = oj_check_tangent,
		[CHECK_ADJOINT] = oj_check_adjoint, [CHECK_HESSIAN_PRODUCT] = oj_check_hessian_product,
		[CHECK_HESSIAN] = oj_check_hessian,
	};
	TRY(measure_subjects(c));
	for (size_t i = 0; i < c->kernel_count; i++) {
		struct check_kernel *k = &c->kernels[i];
		oj_measured_forget(&k->measured);
		TRY(oj_checked_make(c, k));
		if (!k->made)
			continue;
		TRY(forms[k->row.form](c, k));
		oj_name_worst(c, k);
		note_part(c, k);
	}
	if (c->arena.failed)
		oj_fail_memory(&c->error);
	return c->error.status;
}

ojit_status ojit_check_at(ojit_check *c, double t, const double *y, const double *p)
{
	oj_error_clear(&c->error);
	TRY(set_parameters(c, p));
	TRY(set_states(c, t, y));
	c->point = (struct truth_point){.t = t, .y = c->y, .p = c->p, .states = c->states, .parameters = c->parameters};
	draw_directions(c);
	ojit_status status = check_point(c);
	c->points++;
	return status;
}

static double near(const struct ojit_check *c, size_t k, double x)
{
	double u = oj_check_draw(c, DRAW_POINT, k);
	if (x == 0)
		return c->draws % 2 ? 2 * u - 1 : u;
	return x * exp2(2 * u - 1);
}

ojit_status ojit_check_around(ojit_check *c, double t0, double t1, const double *y, const double *p)
{
	oj_error_clear(&c->error);
	TRY(set_parameters(c, p));
	TRY(set_states(c, t0, y));
	for (size_t k = 0; k < c->states; k++)
		c->y[k] = near(c, k, c->y[k]);
	for (size_t k = 0; k < c->parameters; k++)
		c->p[k] = near(c, c->states + k, c->p[k]);
	double t = t0 + (t1 - t0) * oj_check_draw(c, DRAW_POINT, c->states + c->parameters);
	c->draws++;
	return ojit_check_at(c, t, c->y, c->p);
}

size_t ojit_check_suggested(const ojit_check *c)
{
	enum { MOST = 20 };
	const double half_a_second = 1e7; /* additions in MPFR */
	double one = c->points ? c->work / (double)c->points + 1 : half_a_second, points = half_a_second / one;
	if (points < 1)
		return one < 2 * half_a_second;
	return points > MOST ? MOST : (size_t)points;
}

/* ---------------------------------------------------------------- results */

size_t ojit_check_row_count(const ojit_check *c)
{
	return c->kernel_count;
}

ojit_check_row ojit_check_row_at(const ojit_check *c, size_t k)
{
	return c->kernels[k].found;
}

size_t ojit_check_finding_count(const ojit_check *c)
{
	return c->findings.count;
}

ojit_finding ojit_check_finding_at(const ojit_check *c, size_t k)
{
	return c->findings.at[k];
}

int ojit_check_passed(const ojit_check *c)
{
	for (size_t k = 0; k < c->kernel_count; k++)
		if (c->kernels[k].found.found[OJIT_FOUND_WRONG] || c->kernels[k].found.found[OJIT_FOUND_BITS])
			return 0;
	return 1;
}
