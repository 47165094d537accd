/* How method `auto` chooses.
 *
 * A candidate's price is what its last steps took, in counted operations (evaluations,
 * Jacobians, factors, solves), over the time that they covered: the cost of a step over the
 * step that accuracy, or stability, allows.  No clock is read, so that the choice is the
 * same wherever it is made.
 *
 * What another candidate's price would be nobody knows before it was tried.  But its
 * best case is known, and costs little: of implicit and stabilised steps, that they are as
 * long as the solution's curvature allows (curvature.c), while stability holds explicit ones
 * back; of explicit ones, that they are as long as stability allows; of any, what is usual
 * beside steps of another.  Where the best case promises enough the other is tried for a few
 * steps, which are accepted like any other, and stays if its price is lower.  Nothing is tried
 * that costs more than twice what was spent so far; after a trial in vain the next one is due
 * after twice as many steps, and none promises what that one did not keep: what trials cost
 * is bounded.  An explicit method is not left only because it is held back, if that is still
 * the cheapest there is.  Where rounding holds steps back, of which no best case says anything,
 * another is tried too, as soon as that is cheap.
 *
 * Stiffness shows where h times the spectral radius of the Jacobian comes near the end of
 * the explicit row's stability interval.  The radius follows from two stages at t1 (HW IV.2), from
 * ROCK's own estimate, or from a power method on the Jacobian that an implicit method has.
 *
 * Modes that nothing has moved yet do not bound first steps, by their errors; but steps far beyond what is stable
 * move them, and undamped ones go on for the rest of the run.  So first steps that would go too far are not taken, if
 * the Jacobian agrees: another candidate begins where they began.  Where modes turn undamped, explicit steps are kept
 * to lengths that let them grow by next to nothing, as the imaginary axis allows: errors would bound them, too, but
 * only when they have grown (m: BEAM at 1e-4 to 1e-6, 36,600 steps of tsit5 with errors of 23 to 73 tolerances times the
 * sensitivity; held to 0.6 over the radius, 50,000 with errors below 1e-4). */
#include "solvers/auto_state.h"

#include "solvers/control.h"
#include "solvers/implicit.h"
#include "solvers/rock.h"
#include "solvers/sums.h"

#include <math.h>

/* Looks around are farther apart by a SELDOMth of the explicit steps that were taken, for they cost norms; steps
 * up to which every one is looked at while it is not clear whether it is held back; steps to the next trial of
 * what was left, and, early in a run, at most after trials in vain; steps between sights of the spectrum, at
 * first. */
enum { SELDOM = 50, DENSE_LOOKS = 60, LEFT_REST = 15, MOST_REST = 400, SIGHT_AGE = 50 };
/* Explicit steps are held back if three looks more find them so than free, or many find them at some
 * share of what is stable: where modes turn, the real axis says too much. */
enum { HELD_LOOK = 15, HELD = 45, MOST_HELD = 90 };
#define SOME_SHARE 0.3
/* Of the time, what steps that are still added to it are above. */
#define RESOLVED 1e-13
/* Up to which a share is the same. */
#define SAME 1.1
/* Steps that are as long as they may be, but for what is lost to their control. */
#define NEARLY 0.9
/* Of the price that is paid, what another may promise to be tried. */
#define PROMISE 0.7
/* And by how much more than was spent a trial of one may cost that promises much. */
#define EAGER 2.0
/* Of the price that was paid, what a trial must come to, so that methods do not change for
 * next to nothing. */
#define GAIN 0.8
/* And of BDF's, whose errors add up over many more steps. */
#define GAIN_MULTISTEP 0.5
/* How much longer implicit steps than explicit ones are taken to be, at best. */
#define LONGER 100.0
/* How much longer the first of them is, as far as a part of what is accurate allows. */
#define FIRST_LONGER 10.0
#define CAREFUL 0.2
/* How much longer than those of a trial in vain steps may be, each in its usual measure. */
#define SHOWN_LONGER 3.0
/* Attempts whose errors did not follow from their lengths, from which it is rounding that holds
 * explicit steps back, and how little of what was spent a trial costs then: for implicit steps may
 * be held back as well. */
enum { STUCK = 5 };
#define CHEAP 0.1
/* Steps of a run, and behind jumps, that are looked at before they are accepted: do they go beyond such a share of what
 * is stable, as their stages say, and then as the Jacobian says?  Where it has undamped modes, so are some more. */
enum { FIRST_STEPS = 3, EARLY_STEPS = 10 };
#define SUSPICIOUS 0.4
#define FORESEEN 0.6
/* Modes that are at rest show in no stage, whatever the length, and rows inside of steps amplify their rounding by
 * powers of it: so two evaluations are spent on them whenever steps are so many times longer than before. */
#define GLANCE_LONGER 4.0
/* How far beyond what is stable such steps are. */
#define AT_REST 4.0
/* The square of an error that a step is refused for. */
#define REFUSED 4.0
/* From one step to the next, what says that steps have not come to their lengths yet. */
#define GROWTH 1.2
/* And by how much more steps may become cheaper at most. */
#define SURPRISE 3.0

/* Numbers of steps: those that are averaged over in a trial, for with BDF some have factors to make and
 * most have not; those of a trial that comes to something, those that one is given in any case, for Radau begins
 * with its least order, and those of any; and those until the price is
 * the method's own: BDF begins, and begins again after a trial of another, with order 1. */
static const struct {
	uint64_t mean, some, least, most, settled;
} trials[CANDIDATES] = {
	[CANDIDATE_EXPLICIT] = {3, 5, 5, 15, OUTLAYS}, [CANDIDATE_STABILISED] = {3, 5, 5, 15, OUTLAYS},
	[CANDIDATE_ROSENBROCK] = {3, 5, 5, 15, OUTLAYS}, [CANDIDATE_IMPLICIT] = {3, 5, 15, 25, OUTLAYS},
	[CANDIDATE_MULTISTEP] = {8, 30, 40, 60, 50},
};

/* ---- prices ---- */

double oj_auto_effort(const struct auto_state *s)
{
	return s->f->implicit ? s->f->implicit->effort : 0;
}

static void record(struct auto_state *s)
{
	double effort = oj_auto_effort(s) - s->looked_effort;
	double operations = (double)(oj_auto_calls(s) - s->calls) * oj_auto_call_price(s) + (effort - s->effort);
	operations += (double)s->attempts * oj_price_of_attempt(s->n, s->active == CANDIDATE_EXPLICIT);
	s->outlays[s->since % OUTLAYS] = (struct outlay){operations, fabs(s->h)};
	s->calls = oj_auto_calls(s);
	s->effort = effort;
	s->attempts = 0;
	s->spent += operations;
	s->since++;
	s->steps++;
}

/* Operations over time of the last `count` steps, which there were. */
static double price_of(const struct auto_state *s, uint64_t count, double *mean_length)
{
	double operations = 0, length = 0;
	for (uint64_t k = 1; k <= count; k++) {
		operations += s->outlays[(s->since - k) % OUTLAYS].operations;
		length += s->outlays[(s->since - k) % OUTLAYS].length;
	}
	if (mean_length)
		*mean_length = length / (double)count;
	return operations / length;
}

static double present_price(const struct auto_state *s, double *mean_length)
{
	return price_of(s, s->since < OUTLAYS ? s->since : OUTLAYS, mean_length);
}

/* ---- stiffness ---- */

/* The states at the beginning of the coming step. */
static const double *states_of(const struct auto_state *s)
{
	const struct candidate *active = active_of(s);
	const double *y, *f0;
	double *scratch;
	active->method.stepper->look(active->state, &y, &f0, &scratch, &scratch);
	return y;
}

/* What the Jacobian that was evaluated last says, where there is one. */
static void see_spectrum(struct auto_state *s)
{
	if (s->f->implicit)
		oj_spectrum_see(&s->spectrum, &s->f->implicit->jacobian, states_of(s), s->tolerance);
}

/* What that at (t, states_of) says, which is evaluated at nobody's expense. */
static void see_fresh_spectrum(struct auto_state *s, double t)
{
	double effort = oj_auto_effort(s);
	if (s->f->implicit)
		oj_jacobian_eval(s->f, t, states_of(s), s->tolerance);
	see_spectrum(s);
	s->looked_effort += oj_auto_effort(s) - effort;
	s->next_sight = s->steps + s->steps / 4 + SIGHT_AGE;
}

double oj_auto_longest(const struct auto_state *s)
{
	bool bounded = (s->bounded || s->steps >= SIGHT_AGE) && oj_spectrum_undamped(&s->spectrum);
	double resolution = RESOLVED * fabs(s->t1);
	return bounded ? fmax(s->reach_turning / s->spectrum.radius, resolution) : HUGE_VAL;
}

/* How long explicit steps are that are stable. */
static double stable_length(const struct auto_state *s)
{
	return fmin(s->reach / s->radius, oj_auto_longest(s));
}

/* Is a step as long as they may be? */
static bool is_longest(const struct auto_state *s)
{
	return s->active == CANDIDATE_EXPLICIT && fabs(s->h) > NEARLY * oj_auto_longest(s);
}

/* Steps that grow while what they are of what is stable stays the same are not held back: fast modes die out. */
static bool is_growing(const struct auto_state *s)
{
	return s->since > 0 && fabs(s->h) > GROWTH * s->outlays[(s->since - 1) % OUTLAYS].length;
}

void oj_auto_observe(struct auto_state *s)
{
	bool suspicious = HELD_LOOK <= s->held && s->held < HELD && s->since < DENSE_LOOKS;
	if (s->active != CANDIDATE_EXPLICIT || (s->since + 1 < s->next_look && !suspicious))
		return;
	s->radius = oj_explicit_radius(active_of(s)->state, s->h);
	double share = is_longest(s) ? 1 : fabs(s->h) * s->radius / s->reach;
	int change = share > s->held_from ? HELD_LOOK : share > SOME_SHARE ? 1 : -HELD_LOOK;
	if (share <= SAME * s->share && is_growing(s))
		change = 0;
	s->share = share;
	s->held = s->held + change < 0 ? 0 : s->held + change > MOST_HELD ? MOST_HELD : s->held + change;
}

/* Do explicit steps follow stability? */
static bool is_held(const struct auto_state *s)
{
	return s->held >= HELD;
}

/* Errors are a power of the length, the method's or nearly so; what rounding makes of sums is not.  (m:
 * between 0.75 and 1.5 times the order for nine of ten attempts over all of odebench; beyond 0.5
 * and 2 for half of those that rounding holds back.) */
static void compare_explicit(struct auto_state *s, double squared, double h)
{
	double order = 2 * active_of(s)->method.control.error_order, ratio = fabs(h / s->h);
	if (s->refused > 0 && ratio < 0.9) {
		bool power = squared < s->refused * oj_control_power(ratio, 0.6 * order) &&
		             squared > s->refused * oj_control_power(ratio, 1.7 * order);
		s->stuck = power ? s->stuck - (s->stuck > 0) : s->stuck + 1;
	}
	s->refused = squared > 1 && isfinite(squared) ? squared : 0;
}

/* Of implicit steps it is the iterations that rounding keeps from converging. */
void oj_auto_compare(struct auto_state *s, double squared, double h)
{
	if (s->active == CANDIDATE_EXPLICIT)
		compare_explicit(s, squared, h);
	else if (!isfinite(squared))
		s->stuck++;
	else if (squared <= 1)
		s->stuck -= s->stuck > 0;
}

/* ---- trials ---- */

/* Of what is stable, a step of that length. */
static double share_of(const struct auto_state *s, double length)
{
	double longest = oj_auto_longest(s);
	return isfinite(longest) ? length / longest : length * s->radius / s->reach;
}

/* What is to be gone back to: the active candidate, its price, and the length of its next step. */
static void remember(struct auto_state *s, double price, double length)
{
	s->before = s->active;
	s->before_price = price;
	s->before_length = length;
	s->before_share = share_of(s, length);
	s->before_stuck = !is_held(s) && s->before_share <= s->held_from;
}

/* From t on, with a step of length h; false: there cannot be such steps. */
static bool begin_trial(struct auto_state *s, enum candidate_kind kind, double t, double h, double allowance)
{
	s->trying = oj_auto_begin(s, kind, t, states_of(s), h);
	s->candidates[kind].impossible = !s->trying;
	s->allowance = allowance;
	return s->trying;
}

static void stay(struct auto_state *s, double price)
{
	uint64_t at = s->change_count < CHANGES ? s->change_count : CHANGES - 1;
	struct candidate *left = &s->candidates[s->before];
	s->changes[at] = (struct change){s->t1, s->before, s->active, s->before_price, price,
	                                 s->before_share, s->before_stuck};
	s->change_count++;
	s->trying = false;
	left->due = s->steps + LEFT_REST;
}

/* Steps to the next trial after one in vain: twice as many each time, but no more than a part of all, for what
 * was in vain in one phase of a solution need not be in another. */
static uint64_t rest_after(const struct auto_state *s, uint64_t rest)
{
	uint64_t next = rest ? 2 * rest : 6 * trials[s->before].settled, most = s->steps / 4;
	most = most > MOST_REST ? most : MOST_REST;
	return next < most ? next : most;
}

static void go_back(struct auto_state *s, double length)
{
	struct candidate *tried = &s->candidates[s->active];
	tried->trials++;
	tried->vain++;
	tried->rest = rest_after(s, tried->rest);
	tried->due = s->steps + tried->rest;
	s->shown = length / s->usual[s->active];
	s->shown_until = tried->due;
	s->trying = false;
	oj_auto_begin(s, s->before, s->t1, states_of(s), s->before_length);
}

/* Of the price that was paid, what another candidate's must come to. */
static double gain(enum candidate_kind kind)
{
	return kind == CANDIDATE_MULTISTEP ? GAIN_MULTISTEP : GAIN;
}

/* Would steps that go on growing as the last one did come to that price before the trial ends?  (One of BDF's says
 * little: it may have factors to make.) */
static bool may_come_to(const struct auto_state *s, double price)
{
	double growth = s->proposed / fabs(s->h), left = (double)(trials[s->active].most - s->since);
	uint64_t last = s->active == CANDIDATE_MULTISTEP ? trials[s->active].mean : 1;
	return price_of(s, last, NULL) < price * oj_control_power(growth, left);
}

/* Even if steps become much longer than they grow now, for Radau's order rises from the least? */
static bool is_hopeless(const struct auto_state *s, double bound)
{
	double surprise = s->active == CANDIDATE_IMPLICIT ? SURPRISE * s->usual[CANDIDATE_IMPLICIT] : SURPRISE;
	return s->since >= trials[s->active].some && !may_come_to(s, surprise * bound);
}

/* Is there reason to go on, though it costs more than it was to? */
static bool is_hopeful(const struct auto_state *s, double bound)
{
	return s->since < trials[s->active].least || s->proposed > GROWTH * fabs(s->h) ||
	       price_of(s, 1, NULL) < s->before_price || may_come_to(s, bound);
}

static void judge_trial(struct auto_state *s)
{
	uint64_t mean = trials[s->active].mean;
	double length;
	if (s->since < mean)
		return;
	double price = price_of(s, mean, &length), bound = gain(s->active) * s->before_price;
	bool over = s->since >= trials[s->active].most || is_hopeless(s, bound);
	if (price < bound)
		stay(s, price);
	else if (over || (s->spent > s->allowance && !is_hopeful(s, bound)))
		go_back(s, length);
}

static bool may_try(const struct auto_state *s, enum candidate_kind kind)
{
	const struct candidate *candidate = &s->candidates[kind];
	return kind != s->active && !candidate->impossible && s->steps >= candidate->due;
}

/* How long steps of rodas5p may be that nothing but accuracy bounds.  Curvature is not asked where a trial is
 * cheap, for modes at rest whose errors a method stirs up bend slopes as well. */
static double accurate_length(const struct auto_state *s, double h, bool cheap)
{
	double longest = h * LONGER;
	if (s->curvature.length > 0 && !cheap)
		longest = fmin(longest, s->curvature.length);
	return s->steps < s->shown_until ? fmin(longest, SHOWN_LONGER * s->shown) : longest;
}

/* How long steps of another candidate may be at best, h being the mean of the last ones. */
static double best_length(const struct auto_state *s, enum candidate_kind kind, double h, bool cheap)
{
	bool known = oj_auto_needs_factors(s->active) && s->stuck < STUCK;
	double accurate = s->usual[kind] * (known ? h / s->usual[s->active] : accurate_length(s, h, cheap));
	return kind == CANDIDATE_EXPLICIT ? fmin(accurate, stable_length(s)) : accurate;
}

/* What a step of another candidate costs; HUGE_VAL: it is not to be tried. */
static double step_cost(struct auto_state *s, enum candidate_kind kind, double h)
{
	if (!may_try(s, kind))
		return HUGE_VAL;
	s->candidates[kind].impossible = oj_auto_needs_factors(kind) && !s->f->need_implicit(s->f);
	return s->candidates[kind].impossible ? HUGE_VAL : oj_auto_step_price(s, kind, h);
}

/* The first length of another candidate's steps, where h is the active one's. */
static double first_length(const struct auto_state *s, enum candidate_kind kind, double h)
{
	if (kind == CANDIDATE_EXPLICIT)
		return s->radius > 0 ? fmin(h, NEARLY * stable_length(s)) : h;
	bool free = s->active == CANDIDATE_EXPLICIT && is_held(s) && kind != CANDIDATE_MULTISTEP;
	double accurate = CAREFUL * s->usual[kind] * accurate_length(s, h, false);
	return free && accurate > h ? fmin(accurate, FIRST_LONGER * h) : h;
}

/* What another candidate must promise, to be tried. */
static double promise(enum candidate_kind kind)
{
	return PROMISE / GAIN * gain(kind);
}

/* ROCK is stable along the negative axis, BDF not where modes turn. */
static bool suits(const struct auto_state *s, enum candidate_kind kind)
{
	bool damps = kind != CANDIDATE_STABILISED && kind != CANDIDATE_MULTISTEP;
	return damps || !oj_spectrum_turns(&s->spectrum);
}

/* Who promises most, and what a trial would cost: as if less where it promises much, as if more the more were in
 * vain; nobody: the active one. */
static enum candidate_kind most_promising(struct auto_state *s, double *cost)
{
	double mean, price = present_price(s, &mean), best = 1;
	enum candidate_kind choice = s->active;
	*cost = 0;
	for (int k = 0; k < CANDIDATES; k++) {
		double steps = (double)(1 + s->candidates[k].trials) * (double)trials[k].some;
		bool cheap = steps * step_cost(s, k, best_length(s, k, mean, false)) <= CHEAP * s->spent;
		double length = best_length(s, k, mean, cheap), step = step_cost(s, k, length);
		double promised = step / length / (promise(k) * price);
		if (suits(s, k) && promised < best)
			best = promised, *cost = steps * step, choice = k;
	}
	if (s->active == CANDIDATE_MULTISTEP)
		*cost += (double)trials[s->active].settled * oj_auto_step_price(s, s->active, mean);
	*cost *= fmax(best, 1 / EAGER);
	return choice;
}

/* Try what promises most, once a trial of it costs no more than what was spent so far.  Candidates
 * without factors know of no Jacobian: it is looked at before the first trial, and seldom again. */
static void look_around(struct auto_state *s, double share)
{
	double cost;
	enum candidate_kind choice = most_promising(s, &cost);
	bool affordable = cost <= share * s->spent, known = oj_auto_needs_factors(s->active) || s->steps < s->next_sight;
	if (affordable && !known) {
		see_fresh_spectrum(s, s->t1);
		s->bounded = s->bounded || is_held(s);
		choice = most_promising(s, &cost);
		affordable = cost <= share * s->spent;
	}
	if (choice == s->active || !affordable)
		return;
	double length = s->active == CANDIDATE_EXPLICIT ? fmin(s->proposed, oj_auto_longest(s)) : s->proposed;
	double h = first_length(s, choice, length);
	remember(s, present_price(s, NULL), length);
	begin_trial(s, choice, s->t1, h, cost);
}

/* ---- the first steps ---- */

/* Who promises most where explicit steps are to be as long as stability allows, of those that begin well with any
 * length; the active one: nobody. */
static enum candidate_kind most_promising_first(struct auto_state *s, double stable, double *cost)
{
	double price = oj_auto_step_price(s, CANDIDATE_EXPLICIT, stable) / stable, best = 1;
	enum candidate_kind choice = s->active;
	for (int k = CANDIDATE_STABILISED; k <= CANDIDATE_IMPLICIT; k++) {
		double length = s->usual[k] * LONGER * stable, step = step_cost(s, k, length);
		double promised = step / length / (promise(k) * price);
		if (suits(s, k) && promised < best)
			best = promised, *cost = (double)trials[k].some * step, choice = k;
	}
	return choice;
}

static bool is_suspicious(struct auto_state *s, double h)
{
	return h * oj_explicit_radius(active_of(s)->state, h) > SUSPICIOUS * s->reach && s->f->need_implicit(s->f);
}

/* Are there modes that nothing has moved so far, for which steps of this length are much too long? */
static bool has_modes_at_rest(struct auto_state *s, const struct step *step)
{
	const struct candidate *active = active_of(s);
	const double *y, *f0;
	double *scratch, h = fabs(step->h);
	uint64_t calls = s->f->calls;
	double effort = oj_auto_effort(s);
	if (h <= GLANCE_LONGER * s->glanced)
		return false;
	s->glanced = h;
	active->method.stepper->look(active->state, &y, &f0, &scratch, &scratch);
	double radius = oj_spectrum_glance(&s->spectrum, s->f, step->t0, y, f0, s->tolerance);
	s->looked_calls += s->f->calls - calls;
	s->looked_effort += oj_auto_effort(s) - effort;
	return h * radius > AT_REST * s->reach && s->f->need_implicit(s->f);
}

/* A first step that goes beyond what is stable, though its error is small, for so far nothing has moved the fast modes:
 * it, and those that follow it, would. */
static bool goes_too_far(struct auto_state *s, const struct step *step)
{
	double h = fabs(step->h);
	if (has_modes_at_rest(s, step)) {
		see_fresh_spectrum(s, step->t0);
	} else if (s->steps >= s->next_sight) {
		if (s->steps >= s->begun + FIRST_STEPS || !is_suspicious(s, h))
			return false;
		see_fresh_spectrum(s, step->t0);
	} else if (!oj_spectrum_undamped(&s->spectrum)) {
		return false;
	}
	if (h * s->spectrum.radius <= FORESEEN * s->reach)
		return false;
	s->radius = s->spectrum.radius;
	s->bounded = true;
	return true;
}

/* Another candidate's steps in place of this one, or a shorter one. */
static void replace(struct auto_state *s, struct step *step)
{
	double stable = stable_length(s), h = fabs(step->h), cost;
	enum candidate_kind choice = most_promising_first(s, stable, &cost);
	remember(s, oj_auto_step_price(s, s->active, stable) / (NEARLY * stable), NEARLY * stable);
	if (choice != s->active && begin_trial(s, choice, step->t0, h, cost))
		step->retry = h > FIRST_LONGER * stable ? FIRST_LONGER * h : h;
	else if (h > oj_auto_longest(s))
		step->retry = oj_auto_longest(s);
	step->squared = step->retry > 0 ? REFUSED : step->squared;
}

enum attempt oj_auto_foresee(struct auto_state *s, struct step *step)
{
	const struct candidate *active = active_of(s);
	bool early = s->steps < s->begun + EARLY_STEPS && s->steps >= s->shown_until;
	if (s->active != CANDIDATE_EXPLICIT || !(early || fabs(step->h) > GLANCE_LONGER * s->glanced))
		return ATTEMPT_OK;
	enum attempt outcome = active->method.stepper->complete(active->state, step);
	if (outcome == ATTEMPT_OK && goes_too_far(s, step))
		replace(s, step);
	return outcome;
}

/* ---- after every step ---- */

static void see_curvature(struct auto_state *s)
{
	const struct candidate *active = active_of(s);
	const double *y, *f0;
	double *scratch;
	active->method.stepper->look(active->state, &y, &f0, &scratch, &scratch);
	oj_curvature_see(&s->curvature, s->t1, y, f0, s->tolerance);
}

/* How much of what was spent a trial may cost now; 0: there is no reason for one. */
static double share_of_trial(struct auto_state *s)
{
	bool due = s->since >= s->next_look;
	if (due)
		s->next_look = s->since + OJ_AUTO_LOOK_EVERY + (s->active == CANDIDATE_EXPLICIT ? s->since / SELDOM : 0);
	if (due && (s->active == CANDIDATE_STABILISED || s->held > 0))
		see_curvature(s);
	if (is_longest(s) && s->steps >= s->next_sight)
		see_fresh_spectrum(s, s->t1);
	if (s->since < trials[s->active].settled)
		return 0;
	if (s->active == CANDIDATE_EXPLICIT)
		return is_held(s) ? 1 : due && s->stuck >= STUCK ? CHEAP : 0;
	if (!due)
		return 0;
	if (s->stuck >= STUCK)
		return CHEAP;
	if (s->active == CANDIDATE_STABILISED) {
		s->radius = oj_rock_radius(active_of(s)->state);
	} else {
		see_spectrum(s);
		s->radius = s->spectrum.radius;
	}
	return 1;
}

void oj_auto_choose(struct auto_state *s)
{
	record(s);
	double share = s->trying ? 0 : share_of_trial(s);
	if (s->trying)
		judge_trial(s);
	else if (share > 0)
		look_around(s, share);
}
