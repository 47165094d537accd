/* A run: options and output request checked and completed, workspace laid out, the
 * loop, the message. */
#include "solvers/report.h"
#include "solvers/solver.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define DEFAULT_METHOD "auto"
#define DEFAULT_ATOL 1e-9
#define DEFAULT_STEP_LIMIT 1000000
#define DEFAULT_MEMORY_LIMIT ((size_t)4 << 30)

ojit_options ojit_options_default(void)
{
	return (ojit_options){.rtol = -1, .atol = -1};
}

ojit_output ojit_output_points(size_t count)
{
	return (ojit_output){.grid = OJIT_GRID_POINTS, .count = count};
}

ojit_output ojit_output_every(double every)
{
	return (ojit_output){.grid = OJIT_GRID_EVERY, .every = every};
}

ojit_output ojit_output_times(const double *times, size_t count)
{
	return (ojit_output){.grid = OJIT_GRID_TIMES, .times = times, .count = count};
}

ojit_output ojit_output_steps(void)
{
	return (ojit_output){.grid = OJIT_GRID_STEPS};
}

ojit_output ojit_output_final(void)
{
	return (ojit_output){.grid = OJIT_GRID_FINAL};
}

/* ---- options ---- */

/* What is not given comes from the model, then from the defaults. */
static void complete_options(ojit_options *o, const struct system *system)
{
	if (!o->method)
		o->method = system->method ? system->method : DEFAULT_METHOD;
	if (o->rtol < 0)
		o->rtol = system->rtol > 0 ? system->rtol : OJ_DEFAULT_RTOL;
	if (o->atol < 0)
		o->atol = system->atol > 0 || system->has_atol ? system->atol : DEFAULT_ATOL;
	if (!o->nonnegative)
		o->nonnegative = system->nonnegative;
	if (o->step_limit == 0)
		o->step_limit = DEFAULT_STEP_LIMIT;
	if (o->memory_limit == 0)
		o->memory_limit = DEFAULT_MEMORY_LIMIT;
}

/* "NAME = VALUE WHY".  Only a refusal writes a number as text, which takes as long as a
 * short solve. */
static ojit_status refuse_option(ojit_solver *s, const char *name, double value, const char *why)
{
	char number[32];
	oj_number_shortest(number, value);
	return oj_fail(&s->error, OJIT_ARGUMENT, "%s = %s %s", name, number, why);
}

static ojit_status check_tolerances(ojit_solver *s, const ojit_options *o)
{
	if (!(o->rtol >= 10 * DBL_EPSILON) || !isfinite(o->rtol))
		return refuse_option(s, "rtol", o->rtol, "is below 10 rounding errors; give 2.3e-15 or more");
	if (!isfinite(o->atol))
		return refuse_option(s, "atol", o->atol, "is no tolerance; give a finite one");
	if (o->norm != OJIT_NORM_RMS && o->norm != OJIT_NORM_MAX)
		return oj_fail(&s->error, OJIT_ARGUMENT, "there is no norm number %d; see ojit_norm", (int)o->norm);
	return OJIT_OK;
}

static ojit_status check_steps(ojit_solver *s, const ojit_options *o)
{
	const struct {
		const char *name;
		double value;
	} lengths[] = {
		{"first_step", o->first_step}, {"max_step", o->max_step},
		{"min_step", o->min_step}, {"fixed_step", o->fixed_step},
	};
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
		if (!(lengths[i].value >= 0) || !isfinite(lengths[i].value))
			return refuse_option(s, lengths[i].name, lengths[i].value,
			                     "is no length of a step; give a positive one, or 0 for none");
	if (o->max_step > 0 && o->min_step > o->max_step)
		return oj_fail(&s->error, OJIT_ARGUMENT, "min_step is larger than max_step; "
		               "lower min_step");
	if (o->fixed_step > 0 && (o->first_step > 0 || o->max_step > 0 || o->min_step > 0))
		return oj_fail(&s->error, OJIT_ARGUMENT, "fixed_step leaves nothing to first_step, "
		               "max_step and min_step; give the one or the others");
	return OJIT_OK;
}

/* Mostly the last run's. */
static ojit_status find_method(ojit_solver *s, const char *name, struct method *method)
{
	struct text known;
	*method = s->loop.method;
	if (method->stepper && strcmp(name, method->info.name) == 0)
		return OJIT_OK;
	if (oj_method_find(name, method))
		return OJIT_OK;
	oj_text_init(&known, s->system->context);
	oj_method_known(name, &known);
	oj_fail(&s->error, OJIT_NAME, "there is no method '%s'; choose one of %s", name, oj_text_get(&known));
	oj_text_drop(&known);
	return s->error.status;
}

static ojit_status find_way_back(ojit_solver *s, const ojit_options *o)
{
	s->back = (struct method){.stepper = NULL};
	if (!o->reverse_method)
		return OJIT_OK;
	if (s->held)
		return oj_fail(&s->error, OJIT_UNSUPPORTED, "reverse_method is for runs; an integrator goes back with another "
		               "beginning");
	return find_method(s, o->reverse_method, &s->back);
}

static ojit_status find_linear(ojit_solver *s, const ojit_options *o, const struct method *method)
{
	s->linear = LINEAR_AUTO;
	if (!o->linear)
		return OJIT_OK;
	if (!method->stepper->shifts)
		return oj_fail(&s->error, OJIT_ARGUMENT, "linear = %s is for implicit methods, and %s is explicit; leave it out, "
		               "or choose radau", o->linear, method->info.name);
	for (int kind = 0; kind < LINEAR_KINDS; kind++) {
		s->linear = (enum linear_kind)kind;
		if (strcmp(o->linear, oj_linear_name(s->linear)) == 0)
			return OJIT_OK;
	}
	return oj_fail(&s->error, OJIT_NAME, "linear = %s is not known; choose one of auto, dense, band, sparse, static",
	               o->linear);
}

/* ---- limits ---- */

/* The length of the first of the names in a list, which are separated by commas; those inside
 * of brackets belong to a name. */
static size_t first_name(const char *list)
{
	size_t length = 0;
	for (int depth = 0; list[length] && (depth > 0 || list[length] != ','); length++)
		depth += (list[length] == '[') - (list[length] == ']');
	return length;
}

/* Mark the states that a name means. */
static ojit_status mark_states(ojit_solver *s, const char *name)
{
	int64_t first = 0, count = s->system->states;
	if (strcmp(name, "all"))
		TRY(oj_system_find(s->system, FAMILY_STATES, name, &first, &count, &s->error));
	for (int64_t i = first; i < first + count; i++)
		s->marks[i] = 1;
	return OJIT_OK;
}

static ojit_status mark_list(ojit_solver *s, const char *list)
{
	while (*list) {
		size_t length = first_name(list), from = strspn(list, " \t"), to = length;
		while (to > from && strchr(" \t", list[to - 1]))
			to--;
		s->name.length = 0;
		oj_text_format(&s->name, "%.*s", (int)(to > from ? to - from : 0), list + from);
		if (s->name.failed)
			return oj_fail_memory(&s->error);
		TRY(mark_states(s, oj_text_get(&s->name)));
		list += length + (list[length] == ',');
	}
	return OJIT_OK;
}

/* The states that are to stay at or above 0. */
static ojit_status find_nonnegative(ojit_solver *s, const ojit_options *o)
{
	int64_t count = 0;
	s->loop.limits = (struct limits){.count = 0};
	if (!o->nonnegative || !*o->nonnegative)
		return OJIT_OK;
	memset(s->marks, 0, (size_t)s->system->states);
	TRY(mark_list(s, o->nonnegative));
	for (int64_t i = 0; i < s->system->states; i++)
		if (s->marks[i])
			s->nonnegative[count++] = i;
	s->loop.limits = (struct limits){.nonnegative = s->nonnegative, .count = count};
	if (count > 0 && o->fixed_step > 0)
		return oj_fail(&s->error, OJIT_ARGUMENT, "nonnegative needs error control, which shortens steps; "
		               "leave fixed_step out, or give nonnegative no names");
	return OJIT_OK;
}

static ojit_status check_limits(ojit_solver *s, const ojit_options *o, double t1)
{
	if (!(o->growth_limit >= 0))
		return refuse_option(s, "growth_limit", o->growth_limit, "is no limit; give a positive one, or 0 for none");
	if (!(o->until_steady >= 0) || o->until_steady >= 1)
		return refuse_option(s, "until_steady", o->until_steady, "is no share of a state; give one above 0 and below 1, "
		                     "or 0 to go on to the end");
	if (o->until_steady > 0 && isinf(t1))
		return oj_fail(&s->error, OJIT_UNSUPPORTED, "until_steady judges by the span, which has no end here; give one");
	return find_nonnegative(s, o);
}

/* Limits that hold at the start, and follow from the times. */
static ojit_status begin_limits(ojit_solver *s, double t0, double t1)
{
	struct limits *limits = &s->loop.limits;
	limits->growth = s->options.growth_limit;
	limits->steady = s->options.until_steady;
	limits->span = fabs(t1 - t0);
	for (int64_t k = 0; k < limits->count; k++) {
		int64_t i = limits->nonnegative[k];
		char number[32];
		if (!(s->y[i] < 0))
			continue;
		oj_number_shortest(number, s->y[i]);
		s->name.length = 0;
		oj_system_name(s->system, FAMILY_STATES, i, &s->name);
		return oj_fail(&s->error, OJIT_ARGUMENT, "%s is to stay nonnegative, but begins with %s; change its initial "
		               "value, or leave it out of nonnegative", oj_text_get(&s->name), number);
	}
	return OJIT_OK;
}

/* A span may be without an end where no grid divides it. */
static ojit_status check_span(ojit_solver *s, double t0, double t1, bool endless)
{
	char from[32], to[32];
	if (isfinite(t0) && (isfinite(t1 - t0) || (endless && isinf(t1))))
		return OJIT_OK;
	oj_number_shortest(from, t0);
	oj_number_shortest(to, t1);
	return oj_fail(&s->error, OJIT_ARGUMENT, "cannot integrate from %s to %s; give finite times", from, to);
}

/* ---- workspace ---- */

/* At least `bytes` of memory, whose contents are of no interest. */
static ojit_status make_room(ojit_solver *s, void **at, size_t *room, size_t bytes)
{
	if (bytes <= *room)
		return OJIT_OK;
	void *larger = oj_memory_get(s->system->context, bytes);
	if (!larger)
		return oj_fail_memory(&s->error);
	oj_memory_put(s->system->context, *at, *room);
	*at = larger;
	*room = bytes;
	return OJIT_OK;
}

/* Memory and arguments of a kernel that a method has for itself. */
static ojit_status bind_variant(ojit_solver *s, const struct kernel *kernel, struct kernel_args *args)
{
	void *scratch = s->variant_scratch;
	TRY(make_room(s, &scratch, &s->variant_bytes, (size_t)kernel->scratch * sizeof(double)));
	s->variant_scratch = scratch;
	*args = s->rhs.args;
	args->scratch = s->variant_scratch;
	oj_kernel_bind(kernel, args);
	return OJIT_OK;
}

/* The kernel for extra stages, which go with whole steps; both are straight code, without scratch
 * of which one could take the other's. */
static ojit_status ask_extra(ojit_solver *s, const struct variant *step, struct oj_error *error)
{
	struct variant variant = *step;
	s->rhs.extra = NULL;
	if (!s->rhs.variant || step->kind != VARIANT_STEP || step->recipe.extra == 0 || !s->rhs.inside)
		return OJIT_OK;
	variant.kind = VARIANT_EXTRA;
	variant.wait = NULL;
	TRY(s->system->variant(s->system, &variant, &s->rhs.extra, error));
	return s->rhs.extra ? bind_variant(s, s->rhs.extra, &s->rhs.extra_args) : OJIT_OK;
}

/* The kernel a method wants for itself. */
static ojit_status ask_variant(ojit_solver *s, const struct method *method, const struct setup *setup,
                               struct oj_error *error)
{
	const struct stepper *stepper = method->stepper;
	struct variant variant = {0};
	s->rhs.variant = s->rhs.extra = NULL;
	s->rhs.wait = UINT64_MAX;
	if (!stepper->variant)
		return OJIT_OK;
	stepper->variant(setup, &variant);
	variant.evaluations = s->setup.row == setup->row ? s->rhs.calls - s->rhs.told : 0;
	variant.wait = &s->rhs.wait;
	s->rhs.told = s->rhs.calls;
	if (s->system->variant)
		TRY(s->system->variant(s->system, &variant, &s->rhs.variant, error));
	if (!s->rhs.variant)
		return !stepper->needs_variant ? OJIT_OK
			: oj_fail(error, OJIT_UNSUPPORTED, "method %s is made from the equations, and this "
			          "system has only functions; choose another method", method->info.name);
	TRY(bind_variant(s, s->rhs.variant, &s->rhs.variant_args));
	return ask_extra(s, &variant, error);
}

static ojit_status make_implicit(ojit_solver *s, const struct stepper *stepper, const struct setup *setup,
                                 struct oj_error *error)
{
	struct implicit_request request = {s->linear, stepper->shifts(setup), stepper->by_time};
	TRY(oj_implicit_make(&s->implicit, s->system, &request, &s->rhs.args, error));
	s->rhs.implicit = &s->implicit;
	return OJIT_OK;
}

/* What an implicit method needs; a model without states needs nothing. */
static ojit_status ask_implicit(ojit_solver *s, const struct method *method, const struct setup *setup)
{
	s->rhs.implicit = NULL;
	if (!method->stepper->shifts || method->stepper->shifts_later || setup->n == 0)
		return OJIT_OK;
	return make_implicit(s, method->stepper, setup, &s->error);
}

static ojit_solver *solver_of(struct rhs *f)
{
	return (ojit_solver *)((char *)f - offsetof(ojit_solver, rhs));
}

/* Between two steps.  Where it cannot be, the run goes on as it did. */
static bool need_implicit(struct rhs *f)
{
	ojit_solver *s = solver_of(f);
	struct oj_error ignored;
	if (f->implicit)
		return true;
	oj_error_init(&ignored, s->system->context);
	if (make_implicit(s, s->loop.stepper, &s->setup, &ignored) == OJIT_OK)
		oj_implicit_begin(f->implicit);
	oj_error_drop(&ignored);
	return f->implicit;
}

static double count_effort(struct rhs *f)
{
	struct system *system = solver_of(f)->system;
	return system->effort ? system->effort(system, NULL) : -1;
}

/* Between two steps.  Without memory the run goes on as it did. */
static void ask_again(struct rhs *f)
{
	ojit_solver *s = solver_of(f);
	const struct kernel *before = f->variant, *extra = f->extra;
	struct oj_error ignored;
	oj_error_init(&ignored, s->system->context);
	if (ask_variant(s, &s->loop.method, &s->setup, &ignored) != OJIT_OK) {
		f->variant = before;
		f->extra = extra;
	}
	oj_error_drop(&ignored);
}

static bool same_setup(const struct setup *a, const struct setup *b)
{
	return a->row == b->row && a->n == b->n && a->rtol == b->rtol;
}

ojit_status oj_solver_lay_out(ojit_solver *s, const struct method *method)
{
	struct setup setup = {.row = method->row, .n = s->system->states, .rtol = s->options.rtol};
	TRY(ask_variant(s, method, &setup, &s->error));
	TRY(ask_implicit(s, method, &setup));
	s->rhs.ask = ask_again;
	s->rhs.need_implicit = need_implicit;
	s->rhs.effort = count_effort;
	if (same_setup(&s->setup, &setup))
		return OJIT_OK;
	s->setup.row = NULL;
	TRY(make_room(s, &s->state, &s->state_bytes, method->stepper->state_size(&setup)));
	method->stepper->init(s->state, &setup);
	s->setup = setup;
	return OJIT_OK;
}

void oj_solver_tolerate(ojit_solver *s)
{
	for (int64_t i = 0; i < s->system->states; i++)
		s->atol[i] = s->tolerances.set[i] ? s->tolerances.at[i] : s->options.atol;
	s->tolerance = (struct tolerance){.atol = s->atol, .rtol = s->options.rtol,
	                                  .max_norm = s->options.norm == OJIT_NORM_MAX};
}

static void set_loop(ojit_solver *s, const struct method *method, double t0, double t1)
{
	struct loop *l = &s->loop;
	l->method = *method;
	l->stepper = method->stepper;
	if (l->stepper->control)
		l->method.control = *l->stepper->control(s->state);
	l->state = s->state;
	l->f = &s->rhs;
	l->tolerance = s->options.fixed_step > 0 ? NULL : &s->tolerance;
	l->options = &s->options;
	l->t0 = t0;
	l->t1 = t1;
	l->small = s->small;
}

ojit_status oj_solver_prepare(ojit_solver *s, const ojit_options *options, double t0, double t1)
{
	struct method method;
	s->options = options ? *options : ojit_options_default();
	complete_options(&s->options, s->system);
	TRY(find_method(s, s->options.method, &method));
	TRY(find_way_back(s, &s->options));
	TRY(check_tolerances(s, &s->options));
	TRY(check_steps(s, &s->options));
	TRY(find_linear(s, &s->options, &method));
	TRY(check_limits(s, &s->options, t1));
	TRY(check_span(s, t0, t1, s->held));
	if (s->back.stepper)
		TRY(oj_solver_lay_out(s, &s->back)); /* so that what it lacks is said before anything is run */
	TRY(oj_solver_lay_out(s, &method));
	TRY(oj_solver_start(s, t0, s->y));
	TRY(begin_limits(s, t0, t1));
	oj_solver_tolerate(s);
	set_loop(s, &method, t0, t1);
	return OJIT_OK;
}

static ojit_status prepare_rows(ojit_solver *s, const ojit_output *output, double t0, double t1)
{
	TRY(oj_grid_begin(&s->rows.grid, output, t0, t1, &s->error));
	s->rows.outputs = s->kernels[KERNEL_OUTPUTS];
	s->rows.output_args = oj_solver_args(s, KERNEL_OUTPUTS);
	oj_record_begin(&s->rows.record, ojit_solver_columns(s), s->options.memory_limit);
	return OJIT_OK;
}

/* The observables where the run ended. */
static void observe_end(ojit_solver *s)
{
	struct kernel_args args = s->rows.output_args;
	args.t = &s->loop.stats.t;
	args.y = s->y;
	args.out = s->outputs;
	if (s->kernels[KERNEL_OUTPUTS])
		s->kernels[KERNEL_OUTPUTS]->run(&args);
}

static void take_states(ojit_solver *s)
{
	oj_loop_settle(&s->loop);
	if (s->system->states > 0)
		memcpy(s->y, oj_loop_states(&s->loop), (size_t)s->system->states * sizeof *s->y);
}

static void integrate(ojit_solver *s)
{
	struct loop *l = &s->loop;
	oj_loop_begin(l, s->y);
	oj_rows_due(&s->rows, l); /* also of a start that is not finite */
	while (l->running && oj_loop_step(l, l->t1)) {
		oj_rows_due(&s->rows, l);
		if (s->options.check)
			oj_loop_ask(l);
	}
	oj_rows_end(&s->rows, l);
	take_states(s);
}

/* ---- there and back ---- */

/* The time reached is one that the way back comes by. */
static void note_time(ojit_solver *s)
{
	struct loop *l = &s->loop;
	double *time = oj_record_add(&s->way, &l->ending.room);
	if (time)
		*time = l->t;
	else
		oj_loop_end(l, OJIT_INTERRUPTED);
}

static void go_there(ojit_solver *s)
{
	struct loop *l = &s->loop;
	oj_record_begin(&s->way, 1, s->options.memory_limit);
	oj_loop_begin(l, s->y);
	note_time(s);
	while (l->running && oj_loop_step(l, l->t1)) {
		note_time(s);
		if (s->options.check)
			oj_loop_ask(l);
	}
	take_states(s);
}

/* Steps that would be longer than all there is land on the times they are given. */
static void go_back(ojit_solver *s)
{
	struct loop *l = &s->loop;
	oj_loop_begin(l, s->y);
	oj_rows_due(&s->rows, l);
	for (size_t i = s->way.rows - 1; i > 0 && l->running && oj_loop_step(l, *oj_record_row(&s->way, i - 1)); i--) {
		oj_rows_due(&s->rows, l);
		if (s->options.check)
			oj_loop_ask(l);
	}
	oj_rows_end(&s->rows, l);
	take_states(s);
}

static void add_counts(ojit_stats *to, const ojit_stats *more)
{
	to->steps += more->steps;
	to->rejected += more->rejected;
	to->rhs += more->rhs;
	to->jacobians += more->jacobians;
	to->factorisations += more->factorisations;
	to->iterations += more->iterations;
	to->clipped += more->clipped;
}

static ojit_status integrate_there_and_back(ojit_solver *s, double t0, double t1)
{
	go_there(s);
	ojit_stats there = s->loop.stats;
	if (there.outcome != OJIT_SUCCESS || t0 == t1)
		return OJIT_OK;
	s->options.fixed_step = 2 * fabs(t1 - t0);
	TRY(oj_solver_lay_out(s, &s->back));
	set_loop(s, &s->back, t1, t0);
	s->loop.limits = (struct limits){.count = 0};
	go_back(s);
	add_counts(&s->loop.stats, &there);
	return OJIT_OK;
}

ojit_status ojit_solver_run(ojit_solver *s, const ojit_options *options, double t0, double t1,
                            ojit_output output)
{
	TRY(oj_solver_call(s));
	if (s->held)
		return oj_fail(&s->error, OJIT_ARGUMENT, "this solver is an integrator's own and cannot be run; "
		               "make another with ojit_solver_new");
	s->ran = false;
	TRY(oj_solver_prepare(s, options, t0, t1));
	if (s->back.stepper) {
		TRY(prepare_rows(s, &output, t1, t0));
		TRY(integrate_there_and_back(s, t0, t1));
	} else {
		TRY(prepare_rows(s, &output, t0, t1));
		integrate(s);
	}
	observe_end(s);
	s->ran = true;
	oj_report(s->system, &s->loop, RECORDED_ROWS, &s->message);
	if (s->loop.ending.room == RECORD_NO_MEMORY)
		return oj_fail_memory(&s->error);
	return OJIT_OK;
}

const double *ojit_solver_initials(ojit_solver *s, double t)
{
	if (oj_solver_call(s) != OJIT_OK)
		return NULL;
	return oj_solver_start(s, t, s->start) == OJIT_OK ? s->start : NULL;
}

ojit_solver *ojit_solver_new(ojit_program *program)
{
	return oj_solver_new(oj_program_system(program));
}
