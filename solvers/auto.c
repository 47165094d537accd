/* The method that chooses: a stepper that hands every call to the one of its candidates
 * that is active, and may change it between steps (auto_choice.c).
 *
 * States of the candidates lie one behind the other in the block, and are laid out when
 * a candidate is first needed: a problem that is not stiff never sees a Jacobian, and has the
 * bits of the explicit row alone.  A kept step says whose it is. */
#include "solvers/auto_state.h"

#include "solvers/implicit.h"
#include "solvers/tableau.h"

#include <math.h>
#include <string.h>

/* Rows by tolerance: the first whose bound rtol is not below.  For 50 outputs of four smooth
 * problems tsit5 takes the fewest evaluations for an error down to 1e-5, and vern8 for all
 * smaller ones (397 and 435 for 1e-5, 879 and 635 for 1e-7, 4551 and 1370 for 1e-11).  What is
 * usual are lengths of steps that accuracy bounds, over those of rodas5p: explicit ones on ten smooth problems,
 * of the others medians over 65 problems, most of them stiff (of Radau and BDF
 * more, for their orders grow on the way).  The tighter the tolerance, the further away from
 * what is stable are steps that nothing but accuracy holds back. */
static const struct {
	double rtol, held_from;
	const char *names[CANDIDATES];
	double usual[CANDIDATES], radau_calls;
} rows[] = {
	{1e-3, 0.6, {"tsit5", "rock4", "rodas5p", "radau", "bdf"}, {1.2, 0.4, 1, 1, 0.3}, 9},
	{1e-4, 0.6, {"tsit5", "rock4", "rodas5p", "radau", "bdf"}, {1.5, 0.4, 1, 1, 0.3}, 10},
	{1e-5, 0.3, {"tsit5", "rock4", "rodas5p", "radau", "bdf"}, {1.5, 0.4, 1, 1.3, 0.35}, 11},
	{1e-6, 0.3, {"tsit5", "rock4", "rodas5p", "radau", "bdf"}, {1.5, 0.4, 1, 2.2, 0.4}, 12.5},
	{1e-7, 0.3, {"vern8", "rock4", "rodas5p", "radau", "bdf"}, {4.5, 0.35, 1, 3.3, 0.45}, 13.5},
	{1e-8, 0.3, {"vern8", "rock4", "rodas5p", "radau", "bdf"}, {6, 0.35, 1, 5, 0.55}, 14.5},
	{1e-9, 0.3, {"vern8", "rock4", "rodas5p", "radau", "bdf"}, {7, 0.3, 1, 7, 0.7}, 16},
	{0, 0.3, {"vern8", "rock4", "rodas5p", "radau", "bdf"}, {9, 0.3, 1, 8, 0.8}, 16},
};

/* ---- layout ---- */

enum { LINE = 64 };
static size_t lines(size_t bytes)
{
	return (bytes + LINE - 1) / LINE * LINE;
}

enum { ROWS = sizeof rows / sizeof rows[0] };

static struct method method_of(size_t row, enum candidate_kind kind)
{
	struct method method;
	oj_method_find(rows[row].names[kind], &method);
	return method;
}

static size_t row_for(const struct setup *setup)
{
	size_t row = 0;
	while (setup->rtol < rows[row].rtol)
		row++;
	return row;
}

static struct method method_for(const struct setup *setup, enum candidate_kind kind)
{
	return method_of(row_for(setup), kind);
}

static struct setup setup_for(const struct setup *setup, const struct method *method)
{
	return (struct setup){.row = method->row, .n = setup->n, .rtol = setup->rtol};
}

/* Asked for at every run: the explicit row is looked for among tableaus alone. */
static void variant(const struct setup *setup, struct variant *variant)
{
	const char *name = rows[row_for(setup)].names[CANDIDATE_EXPLICIT];
	size_t i = 0;
	while (strcmp(oj_tableau_at(i)->name, name) != 0)
		i++;
	struct setup own = {.row = oj_tableau_at(i), .n = setup->n, .rtol = setup->rtol};
	oj_stepper_explicit.variant(&own, variant);
}

static const struct controller *control(const void *state)
{
	return &((const struct auto_state *)state)->candidates[CANDIDATE_EXPLICIT].method.control;
}

static int shifts(const struct setup *setup)
{
	struct method method = method_for(setup, CANDIDATE_IMPLICIT);
	struct setup own = setup_for(setup, &method);
	return method.stepper->shifts(&own);
}

/* Of a candidate, whatever the tolerance: another one asks for no more memory. */
static size_t largest_state(const struct setup *setup, enum candidate_kind kind)
{
	size_t most = 0;
	for (size_t row = 0; row < ROWS; row++) {
		struct method method = method_of(row, kind);
		struct setup own = setup_for(setup, &method);
		size_t size = method.stepper->state_size(&own);
		most = size > most ? size : most;
	}
	return most;
}

static size_t state_size(const struct setup *setup)
{
	size_t bytes = lines(sizeof(struct auto_state)) + lines(oj_spectrum_room(setup->n) * sizeof(double)) +
	               lines(oj_curvature_room(setup->n) * sizeof(double));
	for (int k = 0; k < CANDIDATES; k++)
		bytes += lines(largest_state(setup, k));
	return bytes;
}

/* What a step of any candidate keeps, and whose it is. */
static size_t kept_size(const struct setup *setup)
{
	size_t most = 0;
	for (int k = 0; k < CANDIDATES; k++) {
		struct method method = method_for(setup, k);
		struct setup own = setup_for(setup, &method);
		size_t size = method.stepper->kept_size(&own);
		most = size > most ? size : most;
	}
	return most + 1;
}

static void lay_out(struct candidate *candidate)
{
	if (!candidate->laid_out)
		candidate->method.stepper->init(candidate->state, &candidate->setup);
	candidate->laid_out = true;
}

static void init(void *state, const struct setup *setup)
{
	struct auto_state *s = state;
	char *memory = (char *)state + lines(sizeof *s);
	size_t row = row_for(setup);
	*s = (struct auto_state){.n = setup->n, .kept = kept_size(setup), .usual = rows[row].usual,
	                         .radau_calls = rows[row].radau_calls, .held_from = rows[row].held_from};
	oj_spectrum_lay_out(&s->spectrum, setup->n, (double *)memory);
	memory += lines(oj_spectrum_room(setup->n) * sizeof(double));
	oj_curvature_lay_out(&s->curvature, setup->n, (double *)memory);
	memory += lines(oj_curvature_room(setup->n) * sizeof(double));
	for (int k = 0; k < CANDIDATES; k++) {
		struct candidate *candidate = &s->candidates[k];
		candidate->method = method_for(setup, k);
		candidate->setup = setup_for(setup, &candidate->method);
		candidate->state = memory;
		memory += lines(candidate->method.stepper->state_size(&candidate->setup));
	}
	lay_out(&s->candidates[CANDIDATE_EXPLICIT]);
	s->reach = oj_explicit_reach(s->candidates[CANDIDATE_EXPLICIT].method.row, 1);
	s->reach_turning = oj_explicit_reach(s->candidates[CANDIDATE_EXPLICIT].method.row, -1);
}

static void bind(void *state, struct rhs *f, const struct tolerance *tolerance)
{
	struct auto_state *s = state;
	s->f = f;
	s->tolerance = tolerance;
	for (int k = 0; k < CANDIDATES; k++)
		if (s->candidates[k].laid_out)
			s->candidates[k].method.stepper->bind(s->candidates[k].state, f, tolerance);
}

/* ---- the calls handed on ---- */

/* What is counted in a run. */
static void begin_run(struct auto_state *s)
{
	s->change_count = s->looked_calls = 0;
	s->looked_effort = 0;
	for (int k = 0; k < CANDIDATES; k++)
		s->candidates[k].steps = s->candidates[k].vain = 0;
}

/* Nothing is known yet. */
static void forget(struct auto_state *s)
{
	s->active = CANDIDATE_EXPLICIT;
	s->steps = s->begun = s->next_sight = s->shown_until = 0;
	s->radius = s->proposed = s->glanced = 0;
	s->trying = s->bounded = false;
	oj_spectrum_forget(&s->spectrum);
	for (int k = 0; k < CANDIDATES; k++) {
		struct candidate *candidate = &s->candidates[k];
		candidate->trials = candidate->rest = candidate->due = 0;
		candidate->impossible = false;
	}
}

static enum attempt start_active(struct auto_state *s, double t, const double *y)
{
	const struct candidate *active = active_of(s);
	oj_control_begin(&s->control, &active->method.control);
	enum attempt outcome = active->method.stepper->start(active->state, t, y);
	s->calls = oj_auto_calls(s);
	s->effort = oj_auto_effort(s) - s->looked_effort;
	s->spent = 0;
	s->since = s->attempts = 0;
	s->next_look = OJ_AUTO_LOOK_EVERY;
	s->held = s->stuck = 0;
	s->refused = s->share = 0;
	oj_curvature_forget(&s->curvature);
	return outcome;
}

/* Within a run the candidate that was active, or that was to be gone back to, goes on; where explicit steps lead is
 * looked at again. */
static enum attempt resume(void *state, double t, const double *y)
{
	struct auto_state *s = state;
	s->active = s->trying ? s->before : s->active;
	s->trying = false;
	s->proposed = 0;
	s->begun = s->next_sight = s->steps;
	return start_active(s, t, y);
}

/* A run begins with its first call of f, and begins again at every later start, without a memory of what was chosen:
 * where it leads depends on where it begins alone. */
static enum attempt start(void *state, double t, const double *y)
{
	struct auto_state *s = state;
	if (s->f->calls == 0)
		begin_run(s);
	forget(s);
	return start_active(s, t, y);
}

bool oj_auto_begin(struct auto_state *s, enum candidate_kind kind, double t, const double *y, double h)
{
	struct candidate *candidate = &s->candidates[kind];
	enum candidate_kind before = s->active;
	if (oj_auto_needs_factors(kind) && !s->f->need_implicit(s->f))
		return false;
	lay_out(candidate);
	candidate->method.stepper->bind(candidate->state, s->f, s->tolerance);
	s->active = kind;
	s->bounded = true;
	if (start_active(s, t, y) != ATTEMPT_OK) {
		s->active = before;
		return false;
	}
	s->proposed = h;
	return true;
}

static void look(void *state, const double **y, const double **f0, double **scratch0, double **scratch1)
{
	const struct candidate *active = active_of(state);
	active->method.stepper->look(active->state, y, f0, scratch0, scratch1);
}

static enum attempt attempt(void *state, struct step *step)
{
	struct auto_state *s = state;
	const struct candidate *active = active_of(s);
	enum attempt outcome = active->method.stepper->attempt(active->state, step);
	if (outcome == ATTEMPT_OK && s->tolerance && step->squared <= 1) {
		outcome = oj_auto_foresee(s, step);
		if (step->squared > 1)
			return outcome;
	}
	double squared = outcome == ATTEMPT_OK ? step->squared : HUGE_VAL;
	if (squared > 1 && !active->method.stepper->propose)
		step->retry = fabs(step->h) * oj_control_reject(&s->control, squared);
	oj_auto_compare(s, squared, step->h);
	s->attempts++;
	s->t1 = step->t1;
	s->h = step->h;
	s->squared = step->squared;
	return outcome;
}

static double propose(const void *state)
{
	return ((const struct auto_state *)state)->proposed;
}

static double longest(const void *state)
{
	const struct auto_state *s = state;
	const struct candidate *active = active_of(s);
	if (s->active == CANDIDATE_EXPLICIT)
		return oj_auto_longest(s);
	return active->method.stepper->longest ? active->method.stepper->longest(active->state) : HUGE_VAL;
}

static enum attempt complete(void *state, const struct step *step)
{
	struct auto_state *s = state;
	const struct candidate *active = active_of(s);
	enum attempt outcome = active->method.stepper->complete(active->state, step);
	if (outcome == ATTEMPT_RETRY)
		oj_control_reject(&s->control, HUGE_VAL);
	return outcome;
}

static void accept(void *state)
{
	struct auto_state *s = state;
	struct candidate *active = &s->candidates[s->active];
	const struct stepper *stepper = active->method.stepper;
	active->steps++;
	if (s->tolerance)
		oj_auto_observe(s);
	stepper->accept(active->state);
	if (!s->tolerance)
		return;
	s->proposed = stepper->propose ? stepper->propose(active->state)
	                               : fabs(s->h) * oj_control_accept(&s->control, s->squared);
	oj_auto_choose(s);
}

/* The state that moves fastest in its scales. */
static int64_t fastest(const struct auto_state *s, const double *y, const double *f0)
{
	int64_t worst = 0;
	double most = 0;
	for (int64_t i = 0; s->tolerance && i < s->n; i++) {
		double speed = fabs(f0[i]) / (s->tolerance->atol[i] + s->tolerance->rtol * fabs(y[i]));
		if (speed > most)
			most = speed, worst = i;
	}
	return worst;
}

/* A candidate that has only begun has no errors yet. */
static int64_t culprit(const void *state, const struct step *step, bool *finite)
{
	const struct auto_state *s = state;
	const struct candidate *active = active_of(s);
	*finite = true;
	if (s->attempts == 0) {
		const double *y, *f0;
		double *scratch[2];
		active->method.stepper->look(active->state, &y, &f0, &scratch[0], &scratch[1]);
		return fastest(s, y, f0);
	}
	return active->method.stepper->culprit(active->state, step, finite);
}

/* ---- inside steps ---- */

/* What output takes is nobody's price, or the choice would depend on who looks. */
static void leave_out(struct auto_state *s, uint64_t calls, double effort)
{
	s->looked_calls += s->f->calls - calls;
	s->looked_effort += oj_auto_effort(s) - effort;
}

static bool has_factors(const void *state)
{
	const struct candidate *active = active_of(state);
	const struct stepper *stepper = active->method.stepper;
	return stepper->has_factors && stepper->has_factors(active->state);
}

static void interpolate(void *state, const struct step *step, double t, double *y)
{
	struct auto_state *s = state;
	const struct candidate *active = active_of(state);
	uint64_t calls = s->f->calls;
	double effort = oj_auto_effort(s);
	active->method.stepper->interpolate(active->state, step, t, y);
	leave_out(s, calls, effort);
}

static void keep(void *state, const struct step *step, double *kept)
{
	struct auto_state *s = state;
	uint64_t calls = s->f->calls;
	double effort = oj_auto_effort(s);
	kept[s->kept - 1] = s->active;
	active_of(s)->method.stepper->keep(active_of(s)->state, step, kept);
	leave_out(s, calls, effort);
}

static void recall(const void *state, const double *kept, double t0, double h, double t, double *y)
{
	const struct auto_state *s = state;
	const struct candidate *candidate = &s->candidates[(int)kept[s->kept - 1]];
	candidate->method.stepper->recall(candidate->state, kept, t0, h, t, y);
}

static void *moved(void *state, const void *from, const void *at)
{
	return (char *)state + ((const char *)at - (const char *)from);
}

static void move(void *state, const void *from)
{
	struct auto_state *s = state;
	s->spectrum.vector = moved(state, from, s->spectrum.vector);
	s->spectrum.once = moved(state, from, s->spectrum.once);
	s->spectrum.twice = moved(state, from, s->spectrum.twice);
	s->curvature.slope = moved(state, from, s->curvature.slope);
	s->control.numbers = &s->candidates[s->active].method.control;
	for (int k = 0; k < CANDIDATES; k++) {
		struct candidate *candidate = &s->candidates[k];
		const void *before = candidate->state;
		candidate->state = moved(state, from, before);
		if (candidate->laid_out)
			candidate->method.stepper->move(candidate->state, before);
	}
}

/* ---- what was chosen ---- */

static const char *name_of(const struct auto_state *s, enum candidate_kind kind)
{
	return s->candidates[kind].method.info.name;
}

/* Two digits are enough of what is counted roughly. */
static void add_rough(struct text *text, double value)
{
	int exponent = value > 0 && isfinite(value) ? (int)floor(log10(value)) : 0;
	int digits = isfinite(value) ? (int)round(value * pow(10, 1 - exponent)) : 0;
	if (digits == 100)
		digits = 10, exponent++;
	if (exponent >= 0 && exponent < 2)
		oj_text_format(text, exponent ? "%d" : "%d.%d", exponent ? digits : digits / 10, digits % 10);
	else
		oj_text_format(text, "%d.%de%d", digits / 10, digits % 10, exponent);
}

static void explain_change(const struct auto_state *s, const struct change *change, struct text *text)
{
	oj_text_format(text, "; at t = %.6g", change->t);
	oj_text_format(text, " from %s to %s, ", name_of(s, change->from), name_of(s, change->to));
	add_rough(text, change->price);
	oj_text_string(text, " operations a unit of time and not ");
	add_rough(text, change->old_price);
	if (change->from != CANDIDATE_EXPLICIT)
		return;
	if (change->stuck) {
		oj_text_string(text, ", as errors did not follow from lengths but from rounding or a kink");
		return;
	}
	oj_text_string(text, ", as stability holds steps back (");
	add_rough(text, change->stability);
	oj_text_string(text, " of what is stable)");
}

void oj_auto_explain(const void *state, uint64_t steps, struct text *text)
{
	const struct auto_state *s = state;
	const char *between = "";
	for (int k = 0; k < CANDIDATES; k++)
		steps -= s->candidates[k].steps; /* the last one is not accepted where the run ends with it */
	for (int k = 0; k < CANDIDATES; k++) {
		const struct candidate *candidate = &s->candidates[k];
		if (candidate->steps == 0 && k != (int)s->active)
			continue;
		oj_text_format(text, "%s%s %llu steps", between, name_of(s, k),
		               (unsigned long long)(candidate->steps + (k == (int)s->active ? steps : 0)));
		if (candidate->vain > 0)
			oj_text_format(text, " (tried in vain %llu times)", (unsigned long long)candidate->vain);
		between = ", ";
	}
	for (uint64_t k = 0; k < s->change_count && k < CHANGES; k++) {
		if (k == CHANGES - 1 && s->change_count > CHANGES)
			oj_text_format(text, "; %llu changes more", (unsigned long long)(s->change_count - CHANGES));
		explain_change(s, &s->changes[k], text);
	}
}

const struct stepper oj_stepper_auto = {
	.name = "auto",
	.variant = variant,
	.control = control,
	.shifts = shifts,
	.shifts_later = true,
	.by_time = true,
	.state_size = state_size,
	.init = init,
	.bind = bind,
	.start = start,
	.resume = resume,
	.look = look,
	.attempt = attempt,
	.has_factors = has_factors,
	.propose = propose,
	.longest = longest,
	.complete = complete,
	.interpolate = interpolate,
	.kept_size = kept_size,
	.keep = keep,
	.recall = recall,
	.move = move,
	.accept = accept,
	.culprit = culprit,
};
