/* See report.h.  A message has the place (time, step), the state, the cause and the
 * remedy. */
#include "solvers/report.h"

#include <float.h>
#include <math.h>

/* A span of fewer roundings of its times leaves no room for short steps. */
#define SHORT_SPAN 1e4
/* And steps of fewer are hardly steps. */
#define FEW_ROUNDINGS 1000

static void add_place(struct text *text, const struct loop *l)
{
	oj_text_string(text, " at t = ");
	oj_text_double(text, l->ending.t);
	if (l->ending.h > 0 && !l->ending.at_start) {
		oj_text_string(text, " with step ");
		oj_text_double(text, l->ending.h);
	}
}

static void add_state(struct text *text, const struct system *system, const struct loop *l)
{
	if (l->ending.state >= 0)
		oj_system_name(system, FAMILY_STATES, l->ending.state, text);
	else
		oj_text_string(text, "a state");
}

/* Concentrations that an error took below 0, where reactions run away. */
static void add_sunk(struct text *text, const struct system *system, const struct loop *l)
{
	if (l->ending.sunk < 0)
		return;
	oj_text_string(text, "; all states began at or above 0, and ");
	oj_system_name(system, FAMILY_STATES, l->ending.sunk, text);
	oj_text_string(text, " is far below: if none can be there, keep them from it with nonnegative, or lower their atol");
}

/* Of stiff equations they are unstable, but those of implicit methods. */
static void advise_on_fixed_steps(const struct loop *l, struct text *text)
{
	bool chooses = l->stepper->shifts_later;
	oj_text_string(text, "; take a shorter fixed step, or let the error control choose");
	if (!l->stepper->shifts || chooses)
		oj_text_string(text, "; if the equations are stiff, take an implicit method, such as radau or implicit_euler");
	if (chooses)
		oj_text_string(text, ", for with steps of given size auto is explicit");
}

static void report_no_series(const struct system *system, const struct loop *l, struct text *text)
{
	add_state(text, system, l);
	oj_text_string(text, " has no Taylor series");
	add_place(text, l);
	oj_text_format(text, ": its derivative is finite there, but further coefficients are not, as those of sqrt(x) at 0; start "
	               "a little beside it, or choose another method than %s, such as auto or vern9", l->method.info.name);
}

/* Products of states from here on overflow. */
#define HUGE_STATE 1e150

/* A solution that grew out of what numbers can be: it ends for no other reason. */
static bool add_overflow(struct text *text, const struct system *system, const struct loop *l)
{
	const double *y = oj_loop_states(l);
	int64_t largest = 0;
	for (int64_t i = 1; i < l->f->n; i++)
		if (fabs(y[i]) > fabs(y[largest]))
			largest = i;
	if (l->f->n == 0 || !(fabs(y[largest]) > HUGE_STATE))
		return false;
	oj_text_string(text, "; ");
	oj_system_name(system, FAMILY_STATES, largest, text);
	oj_text_string(text, " has grown to ");
	oj_text_double(text, y[largest]);
	oj_text_string(text, ", and what is computed from it overflows: end the run earlier, by growth_limit for one, and see "
	               "whether it is to go this way, for what decays going forward grows going backward");
	return true;
}

static void report_nonfinite(const struct system *system, const struct loop *l, struct text *text)
{
	if (l->ending.series) {
		report_no_series(system, l, text);
		return;
	}
	if (l->ending.at_start) {
		oj_text_string(text, l->ending.derivative ? "the derivative of " : "the initial value of ");
		add_state(text, system, l);
		oj_text_string(text, " is not finite");
		add_place(text, l);
		oj_text_string(text, "; check initial values and parameters");
		return;
	}
	add_state(text, system, l);
	oj_text_string(text, " or its derivative becomes infinite or not a number");
	add_place(text, l);
	if (l->tolerance && add_overflow(text, system, l))
		return;
	if (l->tolerance)
		oj_text_string(text, ", however short the step; the solution may have a pole there, or leave "
		               "the domain of a function; keep the argument inside, sqrt(max(x, 0)) for sqrt(x)");
	else
		advise_on_fixed_steps(l, text);
	add_sunk(text, system, l);
}

static bool has_no_tolerance(const struct loop *l)
{
	return l->tolerance && l->ending.state >= 0 && l->tolerance->atol[l->ending.state] == 0;
}

/* Were steps as short as time can tell, where that counts, before there was one that failed?  Near a
 * pole they are too, and so may sound ones be, late in a long span. */
static bool at_the_end_of_digits(const struct loop *l)
{
	double last = l->stats.last_step;
	return l->tolerance && !l->f->timeless && last > 0 && last < FEW_ROUNDINGS * DBL_EPSILON * fabs(l->ending.t);
}

static const char digits_remedy[] = "steps had become as short as the rounding of t allows: the solution may have a singularity "
                                    "there, else use looser tolerances, or begin anew near there with times from 0";

static const char jump_remedy[] = "the right-hand side has conditions or steps, and may jump there by more than the tolerance "
                                  "in the shortest of steps: end the run there and go on from there, make the jump a "
                                  "steep slope, tanh(x/w) for sign(x), or use looser tolerances; else there is a singularity";

/* Newton's iterations of an implicit step. */
static void report_unsolved(const struct system *system, const struct loop *l, struct text *text)
{
	oj_text_string(text, "the equations of an implicit step could not be solved");
	add_place(text, l);
	if (l->ending.slopes) {
		oj_text_string(text, "; the derivative of ");
		add_state(text, system, l);
		oj_text_string(text, " is finite, but its slopes by states are not, nor a little beside, as that of sqrt(0*x); "
		               "write it without, or choose an explicit method, such as tsit5");
		return;
	}
	if (l->tolerance)
		oj_text_string(text, ", however short the step");
	if (l->tolerance && add_overflow(text, system, l))
		return;
	if (l->ending.state >= 0) {
		oj_text_string(text, "; what was found for ");
		add_state(text, system, l);
		oj_text_string(text, " changed the most");
	}
	if (!l->tolerance) {
		oj_text_string(text, "; take a shorter fixed step, or let the error control choose");
		return;
	}
	oj_text_string(text, "; ");
	oj_text_string(text, at_the_end_of_digits(l) ? digits_remedy : "the right-hand side may jump there, or have a singularity: "
	               "make a jump a steep slope, tanh(x/w) for sign(x), keep arguments of functions inside of their domain, or "
	               "choose an explicit method, such as tsit5");
}

static void report_negative(const struct system *system, const struct loop *l, struct text *text)
{
	oj_text_string(text, ": ");
	add_state(text, system, l);
	oj_text_string(text, " is to stay nonnegative, and goes below 0 again and again, however short the steps; the "
	               "equations take it there, or its atol is too small");
}

static const char *too_small_remedy(const struct system *system, const struct loop *l)
{
	if (has_no_tolerance(l))
		return "it has atol = 0, give it a positive one";
	if (l->ending.h <= l->options->min_step)
		return "lower min_step, or use looser tolerances";
	if (fabs(l->t1 - l->t0) < SHORT_SPAN * DBL_EPSILON * fabs(l->ending.t))
		return "times as large as these hardly differ in such a span; let it begin at 0";
	if (system->jumps)
		return jump_remedy;
	return at_the_end_of_digits(l) ? digits_remedy : "the solution may have a singularity there, else use looser tolerances";
}

static void report_too_small(const struct system *system, const struct loop *l, struct text *text)
{
	if (l->ending.unsolved && !has_no_tolerance(l)) {
		report_unsolved(system, l, text);
		return;
	}
	oj_text_string(text, "the step became too small");
	add_place(text, l);
	if (l->ending.outside) {
		oj_text_string(text, l->tolerance ? ": steps lead out of the domain that the caller's check allows, however short they are"
		               : ": it leads out of the domain that the caller's check allows; take a shorter fixed step, or let the "
		                 "error control choose");
		return;
	}
	if (!l->tolerance) {
		oj_text_string(text, ": time cannot resolve it; choose a longer fixed step");
		return;
	}
	if (l->ending.h <= l->options->min_step)
		oj_text_string(text, ": it fell below min_step");
	if (l->ending.negative) {
		report_negative(system, l, text);
		return;
	}
	if (l->ending.state < 0) {
		oj_text_string(text, "; choose a larger max_step");
		return;
	}
	oj_text_string(text, ": the error of ");
	add_state(text, system, l);
	oj_text_string(text, " does not get below its tolerance");
	if (add_overflow(text, system, l))
		return;
	oj_text_string(text, "; ");
	oj_text_string(text, too_small_remedy(system, l));
	add_sunk(text, system, l);
}

static void report_steady(const struct loop *l, struct text *text)
{
	oj_text_string(text, "steady");
	add_place(text, l);
	oj_text_string(text, ": going on as in the last two steps, no state would change by more than ");
	oj_text_double(text, l->limits.steady);
	oj_text_string(text, " of itself, or by its atol, in the whole span");
}

static void report_outgrown(const struct system *system, const struct loop *l, struct text *text)
{
	add_state(text, system, l);
	oj_text_string(text, " is beyond growth_limit = ");
	oj_text_double(text, l->limits.growth);
	add_place(text, l);
	oj_text_string(text, "; raise the limit, or check parameters and initial values");
}

/* Was it stability that kept the last step short, and not the error? */
static bool kept_short(const struct loop *l)
{
	return l->tolerance && l->stepper->longest
		&& l->stats.last_step > 0.9 * l->stepper->longest(l->state);
}

/* Steps that are refused again and again, where the equations have something that jumps: so
 * it is when a solution slides along a jump, which sends it back from either side. */
static bool slides(const struct system *system, const struct loop *l)
{
	return l->tolerance && system->jumps && l->stats.rejected > l->stats.steps / 50;
}

static void report_max_steps(const struct system *system, const struct loop *l, struct text *text)
{
	oj_text_format(text, "the step limit of %llu was reached",
	               (unsigned long long)l->options->step_limit);
	add_place(text, l);
	oj_text_format(text, " after %llu accepted and %llu rejected steps", (unsigned long long)l->stats.steps,
	               (unsigned long long)l->stats.rejected);
	if (l->ending.state >= 0) {
		oj_text_string(text, ", the last with the largest error in ");
		add_state(text, system, l);
	}
	if (kept_short(l)) {
		oj_text_format(text, "; longer steps than these are not stable with %s, the equations are too "
		               "stiff for it", l->method.info.name);
		return;
	}
	if (l->nonfinite_count > l->attempts / 50) {
		oj_text_string(text, "; many steps led to what is infinite or not a number, as where a solution runs along the edge "
		               "of a function's domain; keep its argument inside, sqrt(max(x, 0)) for sqrt(x)");
		return;
	}
	if (slides(system, l)) {
		oj_text_string(text, "; the right-hand side seems to jump back and forth here, at a condition or a step such as "
		               "sign; make the jump a steep slope, tanh(x/w) for sign(x), or take it out");
		return;
	}
	if (has_no_tolerance(l)) {
		oj_text_string(text, "; it has atol = 0, give it a positive one");
		return;
	}
	oj_text_string(text, l->tolerance ? "; raise step_limit, or loosen the tolerances"
	               : "; raise step_limit, or choose a longer fixed step");
	if (l->tolerance && !l->stepper->shifts)
		oj_text_string(text, "; of stiff equations explicit steps have to be short, whatever the tolerance: choose auto, or "
		               "an implicit method such as radau");
}

static void report_verdict(const struct loop *l, const char *what, struct text *text)
{
	oj_text_string(text, what);
	add_place(text, l);
	oj_text_string(text, ", as was asked");
}

static void report_room(const struct loop *l, enum recorded recorded, struct text *text)
{
	static const struct {
		const char *many, *one, *remedy;
	} words[] = {
		[RECORDED_ROWS] = {"rows", "row", "ask for fewer rows"},
		[RECORDED_STEPS] = {"steps", "step", "record the last step only"},
	};
	if (l->ending.room == RECORD_LIMIT)
		oj_text_format(text, "the recorded %s reached their limit of %zu bytes", words[recorded].many,
		               l->options->memory_limit);
	else
		oj_text_format(text, "there was no memory for another recorded %s", words[recorded].one);
	add_place(text, l);
	oj_text_format(text, "; %s", words[recorded].remedy);
	if (l->ending.room == RECORD_LIMIT)
		oj_text_string(text, ", or raise memory_limit");
}

void oj_report(const struct system *system, const struct loop *l, enum recorded recorded,
               struct text *text)
{
	text->length = 0;
	text->failed = false;
	if (text->at)
		text->at[0] = '\0';
	switch (l->ending.outcome) {
	case OJIT_STOPPED:
		report_verdict(l, "stopped", text);
		break;
	case OJIT_MAX_STEPS:
		report_max_steps(system, l, text);
		break;
	case OJIT_STEP_TOO_SMALL:
		report_too_small(system, l, text);
		break;
	case OJIT_NONFINITE:
		report_nonfinite(system, l, text);
		break;
	case OJIT_STEADY:
		report_steady(l, text);
		break;
	case OJIT_OUTGROWN:
		report_outgrown(system, l, text);
		break;
	case OJIT_INTERRUPTED:
		if (l->ending.room != RECORD_ROOM)
			report_room(l, recorded, text);
		else
			report_verdict(l, "interrupted", text);
		break;
	default:
		break;
	}
}
