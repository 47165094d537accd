/* The state of method `auto`, which its stepper (auto.c), its choice (auto_choice.c) and its prices
 * (auto_prices.c) share. */
#ifndef OJ_AUTO_STATE_H
#define OJ_AUTO_STATE_H

#include "solvers/auto.h"
#include "solvers/control.h"
#include "solvers/curvature.h"
#include "solvers/method.h"
#include "solvers/spectrum.h"

enum candidate_kind {
	CANDIDATE_EXPLICIT,
	CANDIDATE_STABILISED, /* ROCK, for real spectra */
	CANDIDATE_ROSENBROCK, /* where factors are dear: it takes real ones alone */
	CANDIDATE_IMPLICIT,   /* Radau */
	CANDIDATE_MULTISTEP,  /* BDF, where factors are dearer still: it keeps them for many short steps */
	CANDIDATES
};
static inline bool oj_auto_needs_factors(enum candidate_kind kind)
{
	return kind >= CANDIDATE_ROSENBROCK;
}

struct candidate {
	struct method method;
	struct setup setup;
	void *state;
	bool laid_out, impossible; /* its state; there cannot be such steps */
	uint64_t steps, vain;      /* taken in this run, and trials that came to nothing */
	uint64_t trials;           /* of these, since the run began, or began again */
	uint64_t rest, due;        /* steps from one trial to the next; the number of the step of the next */
};

/* What a step took. */
struct outlay {
	double operations, length;
};

/* A change that stayed. */
struct change {
	double t;
	enum candidate_kind from, to;
	double old_price, price; /* operations a unit of time */
	double stability;        /* of an explicit method: h times the radius over what is stable */
	bool stuck;              /* but what held it back was rounding */
};

/* Steps between looks around, at first. */
enum { OJ_AUTO_LOOK_EVERY = 5 };

enum { OUTLAYS = 8, CHANGES = 8 };
struct auto_state {
	struct candidate candidates[CANDIDATES];
	enum candidate_kind active;
	struct rhs *f;
	const struct tolerance *tolerance;
	int64_t n;
	size_t kept; /* doubles of a kept step, the last of which says whose it is */
	struct control control; /* of candidates that have none of their own */
	double proposed;        /* the coming step's length; 0: none */
	double t1, h, squared;  /* of the last attempt */

	/* What steps took. */
	struct outlay outlays[OUTLAYS]; /* a ring: the last ones */
	uint64_t attempts; /* of the coming step */
	uint64_t calls;   /* at the end of the last step */
	double effort;
	uint64_t looked_calls; /* of all, those for output */
	double looked_effort;
	double spent;         /* operations, since the active candidate began */
	uint64_t steps;   /* accepted since the run began, or began again */
	uint64_t since;   /* of them since the candidate changed */
	uint64_t begun;   /* of them before steps began again within the run */
	uint64_t next_look; /* number of the step since then at which is looked around next */
	double call_price; /* operations of a call, what sums of stages take included; 0: not counted yet */

	/* What is known of stiffness. */
	const double *usual; /* [CANDIDATES] how long steps that accuracy bounds are, those of Rosenbrock 1 */
	double radau_calls;  /* a step of Radau's */
	double reach;  /* of the explicit row: h times the radius where it gets unstable */
	double reach_turning; /* likewise, along the imaginary axis */
	double radius; /* of the Jacobian, estimated last */
	bool bounded;  /* explicit steps are to be no longer than is stable, even if there are but few of them */
	double held_from; /* share of what is stable from which explicit steps count as held back */
	double share;     /* that was found last */
	int held; /* what looks say for it, in points */
	double refused; /* the square of the error of an attempt that was refused for it, at h; 0: the last was not */
	int stuck;      /* how many more of the shorter ones after that had errors of no power of the length than had */
	struct spectrum spectrum; /* of the Jacobian */
	double glanced;           /* the longest explicit step before which a glance was taken at modes at rest */
	struct curvature curvature; /* of the solution, along explicit steps */
	uint64_t next_sight;      /* number of the step from which it is looked at again, for candidates that have none */

	/* A trial: the candidate it goes back to. */
	bool trying;
	double allowance; /* operations that it may take */
	enum candidate_kind before;
	double before_price, before_length, before_share;
	bool before_stuck;
	double shown;         /* what the last trial in vain came to, as lengths of Rosenbrock's steps */
	uint64_t shown_until; /* number of the step up to which that holds */

	struct change changes[CHANGES]; /* the first, and the last in the last place */
	uint64_t change_count;
};

static inline const struct candidate *active_of(const struct auto_state *s)
{
	return &s->candidates[s->active];
}

/* Calls in this run without those for output; operations on Jacobians and factors with
 * them. */
static inline uint64_t oj_auto_calls(const struct auto_state *s)
{
	return s->f->calls - s->looked_calls;
}
double oj_auto_effort(const struct auto_state *s);

/* Prices in operations (auto_prices.c): of a call with the sums over stages that go with it; of an attempt, what
 * no call and no factor has part in. */
double oj_price_of_call(struct rhs *f);
double oj_price_of_attempt(int64_t n, bool is_explicit);
double oj_auto_call_price(struct auto_state *s);
/* Of a step of a candidate, of length h; one that needs factors has f->implicit. */
double oj_auto_step_price(struct auto_state *s, enum candidate_kind kind, double h);

/* Go on with another candidate from (t, y), the first step of length h; false: it cannot. */
bool oj_auto_begin(struct auto_state *s, enum candidate_kind kind, double t, const double *y, double h);

/* After an attempt of length h, before s->h is set to it: does the error follow from the length? */
void oj_auto_compare(struct auto_state *s, double squared, double h);
/* How long explicit steps may be: those of modes that turn undamped are not to grow, which errors tell too late. */
double oj_auto_longest(const struct auto_state *s);
/* A step's error is small enough: does it go too far nevertheless?  Then it counts as larger than it is, and another
 * candidate may have begun where it did. */
enum attempt oj_auto_foresee(struct auto_state *s, struct step *step);
/* After a step that is not accepted by the candidate yet, what it tells of stiffness. */
void oj_auto_observe(struct auto_state *s);
/* After it was: count it, and change the candidate where another promises more. */
void oj_auto_choose(struct auto_state *s);

#endif
