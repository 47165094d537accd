/* A run: options and output request checked and completed, workspace laid out, the
 * loop, the message. */
#include "solvers/report.h"
#include "solvers/solver.h"

#include <float.h>
#include <math.h>

#define DEFAULT_METHOD "tsit5"
#define DEFAULT_RTOL 1e-6
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
		o->rtol = system->rtol > 0 ? system->rtol : DEFAULT_RTOL;
	if (o->atol < 0)
		o->atol = system->atol > 0 ? system->atol : DEFAULT_ATOL;
	if (o->step_limit == 0)
		o->step_limit = DEFAULT_STEP_LIMIT;
	if (o->memory_limit == 0)
		o->memory_limit = DEFAULT_MEMORY_LIMIT;
}

static ojit_status check_tolerances(ojit_solver *s, const ojit_options *o)
{
	char number[32];
	oj_number_shortest(number, o->rtol);
	if (!(o->rtol >= 10 * DBL_EPSILON) || !isfinite(o->rtol))
		return oj_fail(&s->error, OJIT_ARGUMENT,
		               "rtol = %s is below 10 rounding errors; give 2.3e-15 or more", number);
	oj_number_shortest(number, o->atol);
	if (!isfinite(o->atol))
		return oj_fail(&s->error, OJIT_ARGUMENT, "atol = %s is no tolerance; give a finite one",
		               number);
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
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		char number[32];
		oj_number_shortest(number, lengths[i].value);
		if (!(lengths[i].value >= 0) || !isfinite(lengths[i].value))
			return oj_fail(&s->error, OJIT_ARGUMENT,
			               "%s = %s is no length of a step; give a positive one, or 0 for none",
			               lengths[i].name, number);
	}
	if (o->max_step > 0 && o->min_step > o->max_step)
		return oj_fail(&s->error, OJIT_ARGUMENT, "min_step is larger than max_step; "
		               "lower min_step");
	if (o->fixed_step > 0 && (o->first_step > 0 || o->max_step > 0 || o->min_step > 0))
		return oj_fail(&s->error, OJIT_ARGUMENT, "fixed_step leaves nothing to first_step, "
		               "max_step and min_step; give the one or the others");
	return OJIT_OK;
}

static ojit_status find_method(ojit_solver *s, const ojit_options *o, const struct tableau **row)
{
	struct text known;
	*row = oj_tableau_find(o->method);
	oj_text_init(&known, s->system->context);
	if (!oj_method_known(o->method, &known))
		oj_fail(&s->error, OJIT_NAME, "there is no method '%s'; choose one of %s", o->method,
		        oj_text_get(&known));
	oj_text_drop(&known);
	return *row ? OJIT_OK : s->error.status;
}

static ojit_status check_span(ojit_solver *s, double t0, double t1)
{
	char from[32], to[32];
	oj_number_shortest(from, t0);
	oj_number_shortest(to, t1);
	if (!isfinite(t0) || !isfinite(t1) || !isfinite(t1 - t0))
		return oj_fail(&s->error, OJIT_ARGUMENT, "cannot integrate from %s to %s; give finite times",
		               from, to);
	return OJIT_OK;
}

/* ---- workspace ---- */

/* The stepper's state for this method, kept where it fits already. */
static ojit_status lay_out(ojit_solver *s, const struct stepper *stepper, const struct tableau *row)
{
	int64_t n = s->system->states;
	size_t bytes = stepper->state_size(row, n);
	if (bytes > s->state_bytes) {
		void *state = oj_memory_get(s->system->context, bytes);
		if (!state)
			return oj_fail_memory(&s->error);
		oj_memory_put(s->system->context, s->state, s->state_bytes);
		s->state = state;
		s->state_bytes = bytes;
		s->state_row = NULL;
	}
	if (s->state_row != row)
		stepper->init(s->state, row, n);
	s->state_row = row;
	return OJIT_OK;
}

static void set_tolerance(ojit_solver *s)
{
	for (int64_t i = 0; i < s->system->states; i++)
		s->atol[i] = s->tolerances.set[i] ? s->tolerances.at[i] : s->options.atol;
	s->tolerance = (struct tolerance){.atol = s->atol, .rtol = s->options.rtol,
	                                  .max_norm = s->options.norm == OJIT_NORM_MAX};
}

static void set_loop(ojit_solver *s, const struct tableau *row, double t0, double t1)
{
	struct loop *l = &s->loop;
	l->stepper = &oj_stepper_explicit;
	l->state = s->state;
	l->row = row;
	l->f = &s->rhs;
	l->tolerance = s->options.fixed_step > 0 ? NULL : &s->tolerance;
	l->outputs = s->kernels[KERNEL_OUTPUTS];
	l->output_args = oj_solver_args(s, KERNEL_OUTPUTS);
	l->options = &s->options;
	l->record = &s->record;
	l->t0 = t0;
	l->t1 = t1;
	l->y = s->y;
}

static ojit_status prepare(ojit_solver *s, const ojit_output *output, double t0, double t1)
{
	const struct tableau *row;
	complete_options(&s->options, s->system);
	TRY(find_method(s, &s->options, &row));
	TRY(check_tolerances(s, &s->options));
	TRY(check_steps(s, &s->options));
	TRY(check_span(s, t0, t1));
	TRY(oj_grid_begin(&s->loop.grid, output, t0, t1, &s->error));
	TRY(lay_out(s, &oj_stepper_explicit, row));
	TRY(oj_solver_start(s, t0, s->y));
	set_tolerance(s);
	set_loop(s, row, t0, t1);
	oj_record_begin(&s->record, ojit_solver_columns(s), s->options.memory_limit);
	return OJIT_OK;
}

/* The observables where the run ended. */
static void observe_end(ojit_solver *s)
{
	struct kernel_args args = s->loop.output_args;
	args.t = &s->loop.stats.t;
	args.y = s->y;
	args.out = s->outputs;
	if (s->kernels[KERNEL_OUTPUTS])
		s->kernels[KERNEL_OUTPUTS]->run(&args);
}

ojit_status ojit_solver_run(ojit_solver *s, const ojit_options *options, double t0, double t1,
                            ojit_output output)
{
	TRY(oj_solver_call(s));
	s->ran = false;
	s->options = options ? *options : ojit_options_default();
	TRY(prepare(s, &output, t0, t1));
	oj_loop_run(&s->loop);
	observe_end(s);
	s->ran = true;
	oj_report(s->system, &s->loop, &s->message);
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
