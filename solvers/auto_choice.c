/* How method `auto` chooses.
 *
 * A candidate's price is what its last steps took, in counted operations (evaluations,
 * Jacobians, factors, solves), over the time that they covered: the cost of a step over the
 * step that accuracy, or stability, allows.  No clock is read, so that the choice is the
 * same wherever it is made.
 *
 * What another candidate's price would be nobody knows before it was tried.  But its
 * best case is known, and costs little: of implicit and stabilised steps, that they are much
 * longer than explicit ones that stability holds back; of explicit ones, that they are as
 * long as stability allows.  Where the best case promises enough the other is tried for
 * a few steps, which are accepted like any other, and stays if its price is lower.  Nothing is tried that
 * costs more than what was spent so far, and after a trial in vain the next one is due after
 * twice as many steps: what trials cost is bounded.  An explicit method is not left only because
 * it is held back, if that is still the cheapest there is.
 *
 * Stiffness shows where h times the spectral radius of the Jacobian comes near the end of
 * the explicit row's stability interval.  The radius follows from two stages at t1 (HW IV.2), from
 * ROCK's own estimate, or from a power method on the Jacobian that an implicit method has. */
#include "solvers/auto_state.h"

#include "solvers/implicit.h"
#include "solvers/rock.h"

#include <math.h>

/* Steps between looks around; looks that must find steps held back, and looks in turn that
 * find them free and make up for those; steps that are averaged over in a trial, and of a trial
 * at most; steps to the next after one in vain. */
enum { LOOK_EVERY = 5, HELD_LOOKS = 3, FREE_LOOKS = 3, TRIAL_MEAN = 3, TRIAL_STEPS = 15, FIRST_REST = 50 };
/* Share of what is stable from which steps count as held back. */
#define HELD 0.6
/* Of the price that is paid, what another may promise to be tried. */
#define PROMISE 0.7
/* Of the price that was paid, what a trial must come to, so that methods do not change for
 * next to nothing. */
#define GAIN 0.8
/* How much longer implicit steps than explicit ones are taken to be, at best. */
#define LONGER 100.0
/* Steps that a trial takes that comes to something. */
#define SHORT_TRIAL 5.0
enum { POWER_ROUNDS = 6 };

/* ---- prices ---- */

/* Sums over stages take about ten operations a state and call. */
static double call_price(struct auto_state *s)
{
	if (s->call_price == 0) {
		double effort = s->f->effort ? s->f->effort(s->f) : -1;
		s->call_price = (effort >= 0 ? effort : 10 * (double)s->n) + 10 * (double)s->n + 20;
	}
	return s->call_price;
}

double oj_auto_effort(const struct auto_state *s)
{
	return s->f->implicit ? s->f->implicit->effort : 0;
}

static void record(struct auto_state *s)
{
	double effort = oj_auto_effort(s) - s->looked_effort;
	s->outlays[s->since % OUTLAYS] = (struct outlay){oj_auto_calls(s) - s->calls, effort - s->effort, fabs(s->h)};
	s->calls = oj_auto_calls(s);
	s->effort = effort;
	s->since++;
	s->steps++;
}

/* Operations and time of the last `count` steps, which there were. */
static double price_of(struct auto_state *s, uint64_t count, double *mean_length)
{
	double operations = 0, length = 0;
	for (uint64_t k = 1; k <= count; k++) {
		const struct outlay *outlay = &s->outlays[(s->since - k) % OUTLAYS];
		operations += (double)outlay->calls * call_price(s) + outlay->effort;
		length += outlay->length;
	}
	if (mean_length)
		*mean_length = length / (double)count;
	return operations / length;
}

static double present_price(struct auto_state *s, double *mean_length)
{
	return price_of(s, s->since < OUTLAYS ? s->since : OUTLAYS, mean_length);
}

/* Operations since the active candidate began. */
static double spent(struct auto_state *s)
{
	double effort = oj_auto_effort(s) - s->looked_effort;
	return (double)(oj_auto_calls(s) - s->began_calls) * call_price(s) + (effort - s->began_effort);
}

/* What steps cost.  ROCK's stages grow with the root of h times the radius. */
static double stabilised_cost(struct auto_state *s, double h)
{
	const struct rock *rock = s->candidates[CANDIDATE_STABILISED].method.row;
	double reach = rock->method == ROCK2 ? 0.81 : 0.35;
	return (sqrt(h * s->radius / reach) + rock->finishing) * call_price(s);
}

/* A Jacobian, factors, some iterations; of the least order there is, with one complex shift. */
static double implicit_cost(struct auto_state *s)
{
	const struct implicit *m = s->f->implicit;
	double systems = 5, iterations = 3, calls = 3 * iterations;
	return m->jacobian_effort + systems * (m->linear->effort.factor + iterations * m->linear->effort.solve) +
	       calls * call_price(s);
}

/* A Jacobian, real factors, a solve and a call for each stage. */
static double rosenbrock_cost(struct auto_state *s)
{
	const struct implicit *m = s->f->implicit;
	int stages = s->candidates[CANDIDATE_ROSENBROCK].method.info.stages;
	return m->jacobian_effort + m->linear->effort.factor + stages * (m->linear->effort.solve + call_price(s));
}

/* ---- stiffness ---- */

/* A direction that no eigenvector of a sensible matrix is at a right angle to. */
static void any_direction(struct auto_state *s)
{
	for (int64_t i = 0; i < s->n; i++)
		s->vector[i] = 1 + (double)(i * 7919 % 101) / 101;
}

static double norm(int64_t n, const double *v)
{
	double sum = 0;
	for (int64_t i = 0; i < n; i++)
		sum += v[i] * v[i];
	return sqrt(sum);
}

/* The spectral radius of the Jacobian that was evaluated last, by the power method; the
 * largest of two estimates, because of complex pairs. */
static double jacobian_radius(struct auto_state *s)
{
	const struct pattern *p = s->f->implicit->jacobian.pattern;
	const double *values = s->f->implicit->jacobian.values;
	double growth[2] = {0}, size = norm(s->n, s->vector);
	if (!(size > 0) || !isfinite(size)) {
		any_direction(s);
		size = norm(s->n, s->vector);
	}
	for (int round = 0; round < POWER_ROUNDS && size > 0; round++) {
		for (int64_t i = 0; i < s->n; i++)
			s->product[i] = 0;
		for (int64_t j = 0; j < p->columns; j++)
			for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
				s->product[p->row[k]] += values[k] * (s->vector[j] / size);
		double *spare = s->vector;
		s->vector = s->product;
		s->product = spare;
		size = norm(s->n, s->vector);
		growth[round % 2] = size;
	}
	return fmax(growth[0], growth[1]);
}

void oj_auto_observe(struct auto_state *s)
{
	if ((s->since + 1) % LOOK_EVERY != 0 || s->active != CANDIDATE_EXPLICIT)
		return;
	s->radius = oj_explicit_radius(active_of(s)->state, s->h);
	bool held = fabs(s->h) * s->radius > HELD * s->reach;
	s->free = held ? 0 : s->free + 1;
	s->held = held ? s->held + 1 : s->free < FREE_LOOKS ? s->held : 0;
}

/* ---- trials ---- */

static void begin_trial(struct auto_state *s, enum candidate_kind kind, double h)
{
	const struct candidate *active = active_of(s);
	const double *y, *f0;
	double *scratch, price = present_price(s, NULL), length = s->proposed;
	enum candidate_kind before = s->active;
	active->method.stepper->look(active->state, &y, &f0, &scratch, &scratch);
	if (!oj_auto_begin(s, kind, s->t1, y, h)) {
		s->candidates[kind].impossible = true;
		return;
	}
	s->trying = true;
	s->before = before;
	s->before_price = price;
	s->before_length = length;
}

static void stay(struct auto_state *s, double price)
{
	uint64_t at = s->change_count < CHANGES ? s->change_count : CHANGES - 1;
	struct candidate *left = &s->candidates[s->before];
	s->changes[at] = (struct change){s->t1, s->before, s->active, s->before_price, price,
	                                 s->before_length * s->radius / s->reach};
	s->change_count++;
	s->trying = false;
	left->due = s->steps + FIRST_REST;
}

static void go_back(struct auto_state *s)
{
	struct candidate *tried = &s->candidates[s->active];
	const double *y, *f0;
	double *scratch;
	tried->trials++;
	tried->rest = tried->rest ? 2 * tried->rest : FIRST_REST;
	tried->due = s->steps + tried->rest;
	s->trying = false;
	tried->method.stepper->look(tried->state, &y, &f0, &scratch, &scratch);
	oj_auto_begin(s, s->before, s->t1, y, s->before_length);
}

static void judge_trial(struct auto_state *s)
{
	if (s->since < TRIAL_MEAN)
		return;
	double price = price_of(s, TRIAL_MEAN, NULL);
	if (price < GAIN * s->before_price)
		stay(s, price);
	else if (s->since >= TRIAL_STEPS)
		go_back(s);
}

static bool may_try(const struct auto_state *s, enum candidate_kind kind)
{
	const struct candidate *candidate = &s->candidates[kind];
	return kind != s->active && !candidate->impossible && s->steps >= candidate->due;
}

/* How long steps of another candidate may be at best, h being the mean of the last ones. */
static double best_length(const struct auto_state *s, enum candidate_kind kind, double h)
{
	if (!oj_auto_needs_factors(s->active))
		h *= LONGER;
	if (s->active == CANDIDATE_IMPLICIT)
		h /= s->gain;
	return kind == CANDIDATE_IMPLICIT ? h * s->gain : h;
}

/* What a step of another candidate costs; HUGE_VAL: it is not to be tried. */
static double step_cost(struct auto_state *s, enum candidate_kind kind, double h)
{
	if (!may_try(s, kind))
		return HUGE_VAL;
	if (kind == CANDIDATE_EXPLICIT)
		return s->candidates[kind].method.info.stages * call_price(s);
	if (kind == CANDIDATE_STABILISED)
		return stabilised_cost(s, h);
	s->candidates[kind].impossible = !s->f->need_implicit(s->f);
	if (s->candidates[kind].impossible)
		return HUGE_VAL;
	return kind == CANDIDATE_IMPLICIT ? implicit_cost(s) : rosenbrock_cost(s);
}

/* The price of a candidate at best; HUGE_VAL: it is not to be tried, or it would cost more than
 * all that was spent on the active one. */
static double promise(struct auto_state *s, enum candidate_kind kind, double h)
{
	double length = kind == CANDIDATE_EXPLICIT ? s->reach / s->radius : best_length(s, kind, h);
	double cost = step_cost(s, kind, length);
	return SHORT_TRIAL * cost <= spent(s) ? cost / length : HUGE_VAL;
}

/* The first length of another candidate's steps. */
static double first_length(const struct auto_state *s, enum candidate_kind kind, double h)
{
	return kind == CANDIDATE_EXPLICIT && s->radius > 0 ? fmin(h, 0.9 * s->reach / s->radius) : h;
}

static void look_around(struct auto_state *s)
{
	double mean, price = present_price(s, &mean), best = PROMISE * price;
	enum candidate_kind choice = s->active;
	for (int k = 0; k < CANDIDATES; k++) {
		double promised = promise(s, k, mean);
		if (promised < best)
			best = promised, choice = k;
	}
	if (choice != s->active)
		begin_trial(s, choice, first_length(s, choice, s->proposed));
}

/* Is there a reason to look around? */
static bool is_due(struct auto_state *s)
{
	if (s->since < OUTLAYS || s->since % LOOK_EVERY != 0)
		return false;
	if (s->active == CANDIDATE_EXPLICIT)
		return s->held >= HELD_LOOKS;
	if (s->active == CANDIDATE_STABILISED)
		s->radius = oj_rock_radius(active_of(s)->state);
	else
		s->radius = s->f->implicit ? jacobian_radius(s) : 0;
	return true;
}

void oj_auto_choose(struct auto_state *s)
{
	record(s);
	if (s->trying)
		judge_trial(s);
	else if (is_due(s))
		look_around(s);
}
