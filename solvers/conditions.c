/* See conditions.h. */
#include "solvers/conditions.h"

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
	if (o->until_steady == 0)
		o->until_steady = system->until_steady;
	if (o->growth_limit == 0)
		o->growth_limit = system->growth_limit;
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
	if (isinf(o->rtol))
		return refuse_option(s, "rtol", o->rtol, "is no tolerance; give a finite one");
	if (!(o->rtol >= 10 * DBL_EPSILON))
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
			                     "is no length of a step; give a positive, finite one, or leave it out");
	if (o->max_step > 0 && o->min_step > o->max_step)
		return oj_fail(&s->error, OJIT_ARGUMENT, "min_step is larger than max_step; "
		               "lower min_step");
	if (o->first_step > 0 && o->min_step > o->first_step)
		return oj_fail(&s->error, OJIT_ARGUMENT, "min_step is larger than first_step; "
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
	for (int64_t i = 0; i < s->system->states && o->fixed_step > 0; i++)
		if (s->marks[i])
			return oj_fail(&s->error, OJIT_ARGUMENT, "nonnegative needs error control, which shortens steps; "
			               "leave fixed_step out, or give nonnegative no names");
	for (int64_t i = 0; i < s->system->states; i++)
		if (s->marks[i])
			s->nonnegative[count++] = i;
	s->loop.limits = (struct limits){.nonnegative = s->nonnegative, .count = count};
	return OJIT_OK;
}

static ojit_status check_limits(ojit_solver *s, const ojit_options *o, double t1)
{
	if (!(o->growth_limit >= 0))
		return refuse_option(s, "growth_limit", o->growth_limit, "is no limit; give a positive one, or an infinite one for none");
	if (!(o->until_steady < 1))
		return refuse_option(s, "until_steady", o->until_steady, "is no share of a state; give one above 0 and below 1, "
		                     "or leave it out");
	if (o->until_steady > 0 && o->reverse_method)
		return oj_fail(&s->error, OJIT_UNSUPPORTED, "reverse_method goes back from the end of the span, which until_steady "
		               "does not reach; leave one of them out (--until-steady 0, in C -1)");
	if (o->until_steady > 0 && isinf(t1))
		return oj_fail(&s->error, OJIT_UNSUPPORTED, "until_steady judges by the span, which has no end here; give it one, or "
		               "none to until_steady (--until-steady 0, in C -1)");
	return find_nonnegative(s, o);
}

ojit_status oj_conditions_begin(ojit_solver *s, double t0, double t1)
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

static ojit_status check_all(ojit_solver *s, const ojit_options *options, double t0, double t1, struct method *method)
{
	ojit_options *o = &s->options;
	*o = options ? *options : ojit_options_default();
	complete_options(o, s->system);
	TRY(find_method(s, o->method, method));
	TRY(find_way_back(s, o));
	TRY(check_tolerances(s, o));
	TRY(check_steps(s, o));
	TRY(find_linear(s, o, method));
	TRY(check_span(s, t0, t1, s->held));
	return check_limits(s, o, t1);
}

ojit_status oj_conditions_check(ojit_solver *s, const ojit_options *options, double t0, double t1,
                                struct method *method)
{
	ojit_options before = s->options;
	enum linear_kind linear = s->linear;
	struct method back = s->back;
	struct limits limits = s->loop.limits;
	ojit_status status = check_all(s, options, t0, t1, method);
	if (status != OJIT_OK) { /* an integration may be under way */
		s->options = before;
		s->linear = linear;
		s->back = back;
		s->loop.limits = limits;
	}
	return status;
}
