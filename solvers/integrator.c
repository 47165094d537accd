/* The time loop in the caller's hands; see ojit/integrate.h.
 *
 * The loop, the workspace and the values are a solver's; what is added is the history
 * of steps.  Kernels read the parameters of the last era (history.h), not the
 * solver's: so parameters may be set at any time, and take effect between two calls of
 * the loop, after the step that was made with the old ones was put away. */
#include "solvers/integrator.h"

#include "solvers/conditions.h"
#include "solvers/report.h"

#include <math.h>
#include <string.h>

/* ---- making ---- */

ojit_integrator *oj_integrator_new(struct system *system)
{
	ojit_context *context = system->context;
	ojit_integrator *ig = oj_memory_get(context, sizeof *ig);
	ojit_solver *solver = oj_solver_new(system);
	if (!ig || !solver) {
		ojit_solver_free(solver);
		oj_memory_put(context, ig, sizeof *ig);
		return NULL;
	}
	*ig = (struct ojit_integrator){.solver = solver, .y = ARENA_ZEROED(&solver->arena, double, system->states)};
	solver->held = true;
	if (solver->arena.failed && !solver->broken)
		solver->broken = oj_fail_memory(&solver->error) != OJIT_OK;
	oj_history_init(&ig->history, context, (size_t)system->parameters, (size_t)system->derived);
	return ig;
}

ojit_integrator *ojit_integrator_new(ojit_program *program)
{
	return oj_integrator_new(oj_program_system(program));
}

ojit_integrator *ojit_integrator_from(const ojit_solver *solver)
{
	ojit_integrator *ig = oj_integrator_new(solver->system);
	if (ig && !ig->solver->broken && !solver->broken)
		oj_solver_copy_values(ig->solver, solver);
	return ig;
}

void ojit_integrator_free(ojit_integrator *ig)
{
	if (!ig)
		return;
	ojit_context *context = ig->solver->system->context;
	oj_history_drop(&ig->history);
	ojit_solver_free(ig->solver);
	oj_memory_put(context, ig, sizeof *ig);
}

ojit_error ojit_integrator_error(const ojit_integrator *ig)
{
	return ojit_solver_error(ig->solver);
}

ojit_solver *ojit_integrator_solver(ojit_integrator *ig)
{
	return ig->solver;
}

/* ---- times ---- */

static bool is_ahead(const struct loop *l, double t)
{
	return (t - l->t) * l->direction > 0;
}

/* Is there a step to take for it? */
static bool is_to_come(const struct loop *l, double t)
{
	return is_ahead(l, t) || (t == l->t && !oj_loop_reached(l, t));
}

static bool is_beyond_end(const struct loop *l, double t)
{
	return (t - l->t1) * l->direction > 0;
}

/* Where what can be looked at begins. */
static double first_time(const ojit_integrator *ig)
{
	const struct loop *l = &ig->solver->loop;
	if (ig->history.steps.rows > 0)
		return oj_record_row(&ig->history.steps, 0)[0];
	return ig->history.recording == OJIT_RECORD_LAST && l->open ? l->step.t0 : l->t;
}

static bool is_recorded(const ojit_integrator *ig, double t)
{
	const struct loop *l = &ig->solver->loop;
	return (t - first_time(ig)) * l->direction >= 0 && (l->t - t) * l->direction >= 0;
}

static ojit_status fail_time(ojit_integrator *ig, double t, const char *format)
{
	char asked[32], present[32];
	oj_number_shortest(asked, t);
	oj_number_shortest(present, ig->solver->loop.t);
	return oj_fail(&ig->solver->error, OJIT_ARGUMENT, format, asked, present);
}

static ojit_status fail_range(ojit_integrator *ig, double t)
{
	static const char *const remedies[] = {
		[OJIT_RECORD_NONE] = "begin with OJIT_RECORD_LAST or OJIT_RECORD_ALL to look into steps",
		[OJIT_RECORD_LAST] = "begin with OJIT_RECORD_ALL to look further back than one step",
		[OJIT_RECORD_ALL] = "go there first",
	};
	char asked[32], from[32], to[32];
	oj_number_shortest(asked, t);
	oj_number_shortest(from, first_time(ig));
	oj_number_shortest(to, ig->solver->loop.t);
	return oj_fail(&ig->solver->error, OJIT_ARGUMENT, "t = %s is not in the recorded range %s .. %s; %s",
	               asked, from, to, remedies[ig->history.recording]);
}

/* ---- parameters and what was recorded ---- */

static ojit_status fail_room(ojit_integrator *ig, enum record_room room)
{
	if (room == RECORD_NO_MEMORY)
		return oj_fail_memory(&ig->solver->error);
	return oj_fail(&ig->solver->error, OJIT_ARGUMENT, "the memory limit of %zu bytes has no room left for "
	               "a step of %zu bytes or other parameters; raise memory_limit",
	               ig->history.limit, ojit_integrator_step_bytes(ig));
}

/* Kernels read the parameters in force from here on. */
static void point_kernels(ojit_integrator *ig)
{
	ojit_solver *s = ig->solver;
	struct kernel_args *args[] = {&s->rhs.args, &s->rhs.variant_args, &s->rhs.extra_args, &s->implicit.args};
	for (int i = 0; i < 4; i++) {
		args[i]->p = oj_history_in_force(&ig->history);
		args[i]->d = args[i]->p + s->system->parameters;
	}
}

static ojit_status take_parameters(ojit_integrator *ig)
{
	ojit_solver *s = ig->solver;
	TRY(oj_solver_refresh(s));
	enum record_room room = oj_history_era(&ig->history, s->p, s->d);
	if (room != RECORD_ROOM)
		return fail_room(ig, room);
	ig->parameter_changes = s->parameter_changes;
	point_kernels(ig);
	return OJIT_OK;
}

static void keep_step(ojit_integrator *ig)
{
	struct loop *l = &ig->solver->loop;
	oj_loop_keep(l, oj_history_add(&ig->history, l->step.t0, l->step.h, l->from));
}

/* Put the open step away, before anything changes that its inside depends on.  Room
 * for it was found in the beginning. */
static void put_away(ojit_integrator *ig)
{
	if (ig->history.recording == OJIT_RECORD_LAST && ig->solver->loop.open && ig->history.steps.rows == 0)
		keep_step(ig);
}

static void forget_from(ojit_integrator *ig, double t)
{
	if (is_recorded(ig, t))
		oj_history_cut(&ig->history, t, ig->solver->loop.direction);
	else
		oj_history_clear(&ig->history);
}

/* ---- inside steps ---- */

static void copy_states(const ojit_integrator *ig, const double *from, double *y)
{
	if (ig->solver->system->states > 0)
		memcpy(y, from, (size_t)ig->solver->system->states * sizeof *y);
}

/* Into the open step, which began as far behind t0 as its rounding left out. */
static void look_into_open(struct loop *l, const ojit_integrator *ig, double t, double *y)
{
	if (t == l->step.t0 && !oj_low_counts(l->from, -l->direction, l->step.h))
		copy_states(ig, l->step.y0, y);
	else
		oj_loop_inside(l, t, y);
}

/* Is t where the step of a row began, behind one of length h? */
static bool is_begin(const struct loop *l, const double *row, double t, double h)
{
	return t == row[KEPT_TIME] && !oj_low_counts(row[KEPT_LOW], l->direction, h)
		&& !oj_low_counts(row[KEPT_LOW], -l->direction, h);
}

/* Into a step that was kept, or where it or the one behind it began. */
static void look_into_kept(struct loop *l, const ojit_integrator *ig, double t, double *y, const double **parameters)
{
	const struct kept_step step = oj_history_find(&ig->history, t, l->direction);
	double t0 = step.row[KEPT_TIME], h = step.row[KEPT_LENGTH];
	*parameters = step.values;
	if (is_begin(l, step.row, t, step.before ? step.before[KEPT_LENGTH] : h)) {
		copy_states(ig, step.row + KEPT_REST, y);
	} else if (step.behind && is_begin(l, step.behind, t, h)) {
		copy_states(ig, step.behind + KEPT_REST, y);
	} else {
		oj_loop_place(l, step.row[KEPT_LOW], h, &t0, &t);
		l->stepper->recall(l->state, step.row + KEPT_REST, t0, h, t, y);
	}
	oj_limits_clip(&l->limits, y);
}

/* States at a recorded time, and the parameters that held there. */
static void look(ojit_integrator *ig, double t, double *y, const double **parameters)
{
	struct loop *l = &ig->solver->loop;
	bool kept = ig->history.steps.rows > 0;
	*parameters = oj_history_in_force(&ig->history);
	if (t == l->t && !((kept || l->open) && oj_loop_past(l, t)))
		copy_states(ig, oj_loop_states(l), y);
	else if (kept)
		look_into_kept(l, ig, t, y, parameters);
	else
		look_into_open(l, ig, t, y);
}

/* ---- beginning again ---- */

/* Begin again at (t, y) with the parameters that are set; y NULL: see restart. */
static ojit_status begin_again(ojit_integrator *ig, double t, const double *y)
{
	ojit_solver *s = ig->solver;
	const double *parameters;
	if (!y && is_recorded(ig, t))
		look(ig, t, ig->y, &parameters);
	else
		copy_states(ig, y ? y : oj_loop_states(&s->loop), ig->y);
	put_away(ig);
	if (ig->parameter_changes != s->parameter_changes)
		TRY(take_parameters(ig));
	forget_from(ig, t);
	oj_loop_restart(&s->loop, t, ig->y);
	oj_loop_settle(&s->loop);
	return OJIT_OK;
}

static void take_tolerances(ojit_integrator *ig)
{
	ojit_solver *s = ig->solver;
	if (ig->tolerance_changes != s->tolerance_changes)
		oj_solver_tolerate(s);
	ig->tolerance_changes = s->tolerance_changes;
}

/* What was set on the solver takes effect. */
static ojit_status take_changes(ojit_integrator *ig)
{
	const ojit_solver *s = ig->solver;
	take_tolerances(ig);
	return ig->parameter_changes == s->parameter_changes ? OJIT_OK : begin_again(ig, s->loop.t, NULL);
}

/* ---- calls ---- */

static ojit_status enter(ojit_integrator *ig)
{
	TRY(oj_solver_call(ig->solver));
	if (ig->begun)
		return OJIT_OK;
	return oj_fail(&ig->solver->error, OJIT_ARGUMENT, "the integrator stands nowhere yet; call "
	               "ojit_integrator_begin first");
}

/* Begin a call that moves: what ended the last one does not end this one, unless nothing
 * changed that could help. */
static ojit_status enter_move(ojit_integrator *ig)
{
	struct loop *l = &ig->solver->loop;
	TRY(enter(ig));
	TRY(take_changes(ig));
	ojit_outcome outcome = l->ending.outcome;
	if (outcome == OJIT_MAX_STEPS || outcome == OJIT_STOPPED || outcome == OJIT_INTERRUPTED) {
		l->running = true;
		l->ending = (struct ending){.state = -1, .sunk = -1};
	}
	l->attempts = 0;
	return OJIT_OK;
}

/* One step towards `target`; false: ended early. */
static bool advance(ojit_integrator *ig, double target)
{
	struct loop *l = &ig->solver->loop;
	bool all = ig->history.recording == OJIT_RECORD_ALL;
	if (all && l->running)
		l->ending.room = oj_history_room(&ig->history);
	if (l->ending.room != RECORD_ROOM)
		oj_loop_end(l, OJIT_INTERRUPTED);
	if (!l->running)
		return false;
	bool stepped = oj_loop_step(l, target);
	if (!all && (stepped || !l->open)) /* the stepper moved on */
		oj_history_clear(&ig->history);
	if (!stepped)
		return false;
	if (all)
		keep_step(ig);
	if (l->options->check)
		oj_loop_ask(l);
	return l->ending.outcome == OJIT_SUCCESS;
}

/* End a call that moves. */
static ojit_status leave(ojit_integrator *ig, bool arrived)
{
	ojit_solver *s = ig->solver;
	oj_loop_settle(&s->loop);
	if (arrived)
		return OJIT_OK;
	oj_report(s->system, &s->loop, RECORDED_STEPS, &s->message);
	if (s->loop.ending.room == RECORD_NO_MEMORY)
		return oj_fail_memory(&s->error);
	if (s->loop.ending.outcome != OJIT_SUCCESS)
		return oj_fail(&s->error, OJIT_ENDED, "%s", ojit_integrator_message(ig));
	char end[32];
	oj_number_shortest(end, s->loop.t1);
	return oj_fail(&s->error, OJIT_ENDED, "the integration has reached its end, t = %s; begin again to go "
	               "further", end);
}

ojit_status ojit_integrator_begin(ojit_integrator *ig, const ojit_options *options, double t0, double end,
                                  ojit_recording recording)
{
	ojit_solver *s = ig->solver;
	struct method method;
	TRY(oj_solver_call(s));
	if ((unsigned)recording > OJIT_RECORD_ALL)
		return oj_fail(&s->error, OJIT_ARGUMENT, "there is no recording number %d; see ojit_recording",
		               (int)recording);
	TRY(oj_conditions_check(s, options, t0, end, &method));
	ig->begun = false;
	TRY(oj_solver_ready(s, method, t0, end));
	oj_history_begin(&ig->history, recording, s->loop.stepper->kept_size(&s->setup), s->options.memory_limit);
	TRY(take_parameters(ig));
	ig->tolerance_changes = s->tolerance_changes;
	enum record_room room = recording == OJIT_RECORD_NONE ? RECORD_ROOM : oj_history_room(&ig->history);
	if (room != RECORD_ROOM)
		return fail_room(ig, room);
	ig->begun = true;
	oj_loop_begin(&s->loop, s->y);
	return leave(ig, s->loop.ending.outcome == OJIT_SUCCESS);
}

ojit_status ojit_integrator_step(ojit_integrator *ig, double bound)
{
	struct loop *l = &ig->solver->loop;
	TRY(enter_move(ig));
	if (isnan(bound) || (isfinite(bound) && !is_ahead(l, bound)))
		return fail_time(ig, bound, "the bound %s is not ahead of the present time %s; give a later one, or "
		                 "INFINITY");
	return leave(ig, advance(ig, isinf(bound) || is_beyond_end(l, bound) ? l->t1 : bound));
}

/* Refuse times that no step leads to. */
static ojit_status check_target(ojit_integrator *ig, double t)
{
	struct loop *l = &ig->solver->loop;
	if (!isfinite(t))
		return fail_time(ig, t, "t = %s is no time to go to from %s; give a finite one");
	if (is_beyond_end(l, t))
		return fail_time(ig, t, "t = %s lies beyond the end of the integration, which stands at %s; begin it "
		                 "with a later end");
	return OJIT_OK;
}

ojit_status ojit_integrator_run_to(ojit_integrator *ig, double t, double *y)
{
	struct loop *l = &ig->solver->loop;
	TRY(enter_move(ig));
	TRY(check_target(ig, t));
	if (ig->history.recording == OJIT_RECORD_NONE && t != l->t)
		return fail_time(ig, t, "t = %s lies inside a step from %s on, and steps are not recorded; begin with "
		                 "OJIT_RECORD_LAST, or use ojit_integrator_stop_at");
	if (!is_ahead(l, t) && !is_recorded(ig, t))
		return fail_range(ig, t);
	while (is_to_come(l, t))
		if (!advance(ig, l->t1))
			return leave(ig, false);
	TRY(leave(ig, true));
	return y ? ojit_integrator_interpolate(ig, t, y) : OJIT_OK;
}

ojit_status ojit_integrator_stop_at(ojit_integrator *ig, double t)
{
	struct loop *l = &ig->solver->loop;
	TRY(enter_move(ig));
	TRY(check_target(ig, t));
	if (t != l->t && !is_ahead(l, t))
		return fail_time(ig, t, "t = %s lies behind the present time %s; use ojit_integrator_interpolate to "
		                 "look back, ojit_integrator_restart to go back");
	while (is_to_come(l, t))
		if (!advance(ig, t))
			return leave(ig, false);
	return leave(ig, true);
}

ojit_status ojit_integrator_restart(ojit_integrator *ig, double t, const double *y)
{
	struct loop *l = &ig->solver->loop;
	TRY(enter(ig));
	TRY(check_target(ig, t));
	take_tolerances(ig);
	TRY(begin_again(ig, t, y));
	l->attempts = 0;
	return leave(ig, l->ending.outcome == OJIT_SUCCESS);
}

/* ---- looking ---- */

double ojit_integrator_time(const ojit_integrator *ig)
{
	return ig->begun ? ig->solver->loop.t : NAN;
}

const double *ojit_integrator_states(const ojit_integrator *ig)
{
	return ig->begun ? oj_loop_states(&ig->solver->loop) : NULL;
}

void ojit_integrator_range(const ojit_integrator *ig, double *from, double *to)
{
	*from = ig->begun ? first_time(ig) : NAN;
	*to = ojit_integrator_time(ig);
}

ojit_status ojit_integrator_interpolate(ojit_integrator *ig, double t, double *y)
{
	const double *parameters;
	TRY(enter(ig));
	if (!is_recorded(ig, t))
		return fail_range(ig, t);
	look(ig, t, y, &parameters);
	return OJIT_OK;
}

ojit_status ojit_integrator_observe(ojit_integrator *ig, double t, double *out)
{
	ojit_solver *s = ig->solver;
	const double *parameters;
	TRY(enter(ig));
	TRY(take_changes(ig));
	if (!is_recorded(ig, t))
		return fail_range(ig, t);
	if (!s->kernels[KERNEL_OUTPUTS])
		return OJIT_OK;
	look(ig, t, ig->y, &parameters);
	struct kernel_args args = oj_solver_args(s, KERNEL_OUTPUTS);
	args.t = &t;
	args.y = ig->y;
	args.p = parameters;
	args.d = parameters + s->system->parameters;
	args.out = out;
	s->kernels[KERNEL_OUTPUTS]->run(&args);
	s->loop.stats.outputs++;
	return OJIT_OK;
}

ojit_stats ojit_integrator_stats(const ojit_integrator *ig)
{
	if (!ig->begun)
		return (ojit_stats){0};
	ojit_stats stats = ig->solver->loop.stats;
	stats.rhs = ig->solver->rhs.calls;
	return stats;
}

const char *ojit_integrator_message(const ojit_integrator *ig)
{
	if (!ig->begun || ig->solver->loop.ending.outcome == OJIT_SUCCESS)
		return "";
	return oj_solver_message(ig->solver);
}

size_t ojit_integrator_memory(const ojit_integrator *ig)
{
	return ig->begun ? oj_history_bytes(&ig->history) : 0;
}

size_t ojit_integrator_step_bytes(const ojit_integrator *ig)
{
	return ig->history.steps.width * sizeof(double);
}

/* ---- copying ---- */

/* The loop with everything that it points to. */
static void copy_loop(ojit_solver *s, const ojit_solver *from)
{
	struct loop *l = &s->loop;
	*l = from->loop;
	l->state = s->state;
	l->f = &s->rhs;
	l->tolerance = from->loop.tolerance ? &s->tolerance : NULL;
	l->options = &s->options;
	l->control.numbers = &l->method.control;
	l->small = s->small;
	l->probe = s->probe;
	l->again = s->again;
	l->crossings.scratch = s->crossing_scratch;
	l->crossings.from = l->crossings.to; /* nothing was looked at in that scratch */
	l->crossings.mode = SWITCHES_ALL;
	for (int64_t i = 0; i < l->small_count; i++)
		l->small[i] = from->small[i];
	for (int64_t k = 0; k < l->limits.count; k++)
		s->nonnegative[k] = from->nonnegative[k];
	l->limits.nonnegative = s->nonnegative;
	if (!l->step.y1)
		return;
	l->step.y0 = (double *)((char *)s->state + ((const char *)l->step.y0 - (const char *)from->state));
	l->step.y1 = (double *)((char *)s->state + ((const char *)l->step.y1 - (const char *)from->state));
}

static ojit_status copy_course(ojit_integrator *copy, const ojit_integrator *ig)
{
	ojit_solver *s = copy->solver;
	const ojit_solver *from = ig->solver;
	const struct stepper *stepper = from->loop.stepper;
	s->options = from->options;
	s->linear = from->linear;
	TRY(oj_solver_lay_out(s, &from->loop.method));
	TRY(oj_history_copy(&copy->history, &ig->history));
	memcpy(s->state, from->state, stepper->state_size(&from->setup));
	stepper->move(s->state, from->state);
	oj_solver_tolerate(s);
	copy_loop(s, from);
	stepper->bind(s->state, &s->rhs, s->loop.tolerance);
	if (from->rhs.implicit && !s->rhs.need_implicit(&s->rhs))
		return oj_fail_memory(&s->error);
	if (s->rhs.implicit && !oj_implicit_copy(&s->implicit, &from->implicit))
		return oj_fail_memory(&s->error);
	s->rhs.calls = s->rhs.told = from->rhs.calls;
	point_kernels(copy);
	oj_report(s->system, &s->loop, RECORDED_STEPS, &s->message);
	return OJIT_OK;
}

ojit_integrator *ojit_integrator_copy(const ojit_integrator *ig)
{
	ojit_integrator *copy = ojit_integrator_from(ig->solver);
	if (!copy || !ig->begun || copy->solver->broken)
		return copy;
	if (copy_course(copy, ig) != OJIT_OK) {
		ojit_integrator_free(copy);
		return NULL;
	}
	copy->begun = true;
	copy->parameter_changes = ig->parameter_changes; /* others may be set and not in force yet */
	copy->tolerance_changes = copy->solver->tolerance_changes;
	return copy;
}
