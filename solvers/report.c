/* See report.h.  A message has the place (time, step), the state, the cause and the
 * remedy. */
#include "solvers/report.h"

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

static void report_nonfinite(const struct system *system, const struct loop *l, struct text *text)
{
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
	oj_text_string(text, l->tolerance
		? ", however short the step; the solution may have a pole there, or leave "
		  "the domain of a function"
		: "; take a shorter fixed step, or let the error control choose");
}

static void report_too_small(const struct system *system, const struct loop *l, struct text *text)
{
	oj_text_string(text, "the step became too small");
	add_place(text, l);
	if (!l->tolerance) {
		oj_text_string(text, ": time cannot resolve it; choose a longer fixed step");
		return;
	}
	if (l->ending.h <= l->options->min_step)
		oj_text_string(text, ": it fell below min_step");
	if (l->ending.state < 0) {
		oj_text_string(text, "; choose a larger max_step");
		return;
	}
	oj_text_string(text, ": the error of ");
	add_state(text, system, l);
	oj_text_string(text, " does not get below its tolerance; ");
	oj_text_string(text, l->tolerance->atol[l->ending.state] == 0
		? "it has atol = 0, give it a positive one"
		: "the solution may have a singularity there, else use looser tolerances");
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
	oj_text_string(text, l->tolerance ? "; raise step_limit, or loosen the tolerances "
	               "(a stiff problem needs short steps for stability)"
	               : "; raise step_limit, or choose a longer fixed step");
}

static void report_interrupted(const struct loop *l, struct text *text)
{
	if (l->ending.room == RECORD_LIMIT)
		oj_text_format(text, "the recorded rows reached their limit of %zu bytes",
		               l->options->memory_limit);
	else if (l->ending.room == RECORD_NO_MEMORY)
		oj_text_string(text, "there was no memory for another recorded row");
	else
		oj_text_string(text, "interrupted by the caller's check");
	add_place(text, l);
	if (l->ending.room == RECORD_LIMIT)
		oj_text_string(text, "; ask for fewer rows, or raise memory_limit");
	else if (l->ending.room == RECORD_NO_MEMORY)
		oj_text_string(text, "; ask for fewer rows");
}

void oj_report(const struct system *system, const struct loop *l, struct text *text)
{
	text->length = 0;
	text->failed = false;
	if (text->at)
		text->at[0] = '\0';
	switch (l->ending.outcome) {
	case OJIT_STOPPED:
		oj_text_string(text, "stopped by the caller's check");
		add_place(text, l);
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
	case OJIT_INTERRUPTED:
		report_interrupted(l, text);
		break;
	default:
		break;
	}
}
