/* A run: workspace laid out, the loop, the message. */
#include "solvers/conditions.h"
#include "solvers/report.h"

#include <math.h>
#include <string.h>

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
	s->implicit.linear->go_on = s->options.check ? oj_loop_goes_on : NULL;
	s->implicit.linear->asked = &s->loop;
	s->rhs.implicit = &s->implicit;
	return OJIT_OK;
}

/* What an implicit method needs; a model without states needs nothing.  Who asks for a way of solving linear
 * systems hears at once that it cannot be. */
static ojit_status ask_implicit(ojit_solver *s, const struct method *method, const struct setup *setup)
{
	bool later = method->stepper->shifts_later && (s->linear == LINEAR_AUTO || s->options.fixed_step > 0);
	s->rhs.implicit = NULL;
	oj_error_clear(&s->unmade);
	if (!method->stepper->shifts || later || setup->n == 0)
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
	if (f->implicit)
		return true;
	oj_error_clear(&s->unmade);
	if (make_implicit(s, s->loop.stepper, &s->setup, &s->unmade) == OJIT_OK)
		oj_implicit_begin(f->implicit);
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

/* The kernel that tells what jumps by time alone, and its memory.  Steps of given size are not to be cut. */
static ojit_status ask_switches(ojit_solver *s)
{
	struct variant variant = {.kind = VARIANT_SWITCHES};
	const struct kernel *kernel = NULL;
	void *scratch = s->crossing_scratch;
	s->loop.crossings.kernel = NULL;
	if (!s->system->switches || s->options.fixed_step > 0)
		return OJIT_OK;
	TRY(s->system->variant(s->system, &variant, &kernel, &s->error));
	if (!kernel)
		return OJIT_OK;
	TRY(make_room(s, &scratch, &s->crossing_bytes, (size_t)kernel->scratch * sizeof(double)));
	s->crossing_scratch = scratch;
	s->loop.crossings = (struct crossings){.kernel = kernel, .scratch = scratch};
	return OJIT_OK;
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
	TRY(ask_switches(s));
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
	l->probe = s->probe;
	l->again = s->again;
}

ojit_status oj_solver_prepare(ojit_solver *s, const ojit_options *options, double t0, double t1)
{
	struct method method;
	TRY(oj_conditions_check(s, options, t0, t1, &method));
	return oj_solver_ready(s, method, t0, t1);
}

ojit_status oj_solver_ready(ojit_solver *s, struct method method, double t0, double t1)
{
	if (s->back.stepper)
		TRY(oj_solver_lay_out(s, &s->back)); /* so that what it lacks is said before anything is run */
	TRY(oj_solver_lay_out(s, &method));
	TRY(oj_solver_start(s, t0, s->y));
	TRY(oj_conditions_begin(s, t0, t1));
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

/* A step of the way: its length, where it led, and where it began: not where the one before led, where
 * something jumps. */
enum { WAY_TIME, WAY_LOW, WAY_LENGTH, WAY_FROM, WAY_FROM_LOW, WAY_WIDTH };

static void note_step(ojit_solver *s)
{
	struct loop *l = &s->loop;
	double *row = oj_record_add(&s->way, &l->ending.room);
	if (!row) {
		oj_loop_end(l, OJIT_INTERRUPTED);
		return;
	}
	row[WAY_TIME] = l->t;
	row[WAY_LOW] = l->low;
	row[WAY_LENGTH] = l->step.h;
	row[WAY_FROM] = l->step.t0;
	row[WAY_FROM_LOW] = l->from;
}

static void go_there(ojit_solver *s)
{
	struct loop *l = &s->loop;
	oj_record_begin(&s->way, WAY_WIDTH, s->options.memory_limit);
	oj_loop_begin(l, s->y);
	note_step(s); /* the beginning */
	while (l->running && oj_loop_step(l, l->t1)) {
		note_step(s);
		if (s->options.check)
			oj_loop_ask(l);
	}
	take_states(s);
}

/* Over the step of row i, back to where the one before it led.  Times do not say how long it was: late
 * in a long span their rounding takes much of it, or all. */
static bool step_back(ojit_solver *s, size_t i)
{
	const double *step = oj_record_row(&s->way, i), *before = oj_record_row(&s->way, i - 1);
	const struct passage passage = {step[WAY_FROM], step[WAY_FROM_LOW], -step[WAY_LENGTH]};
	if (!oj_loop_pass(&s->loop, &passage))
		return false;
	if (before[WAY_TIME] != passage.t)
		oj_loop_cross(&s->loop, before[WAY_TIME], before[WAY_LOW]);
	return true;
}

static void go_back(ojit_solver *s)
{
	struct loop *l = &s->loop;
	oj_loop_begin(l, s->y);
	oj_rows_due(&s->rows, l);
	for (size_t i = s->way.rows - 1; i > 0 && l->running && step_back(s, i); i--) {
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
