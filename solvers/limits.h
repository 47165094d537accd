/* What a run holds its states to, besides tolerances: some stay at or above 0, all below a
 * limit, and it may end once nothing moves.  The time loop asks at every step. */
#ifndef OJ_LIMITS_H
#define OJ_LIMITS_H

#include "solvers/problem.h"
#include "solvers/stepper.h"

struct limits {
	const int64_t *nonnegative; /* [count] states, rising */
	int64_t count;
	double growth;  /* the limit of magnitudes; 0: none */
	double steady;  /* the share of itself by which a state may still change; 0: do not ask */
	double span;    /* of time, in which it may */
	int quiet;      /* steps in a row in which nothing moved */
	int pressed;    /* steps in a row that took a state from 0 to below it, by a good part of its tolerance */
	int64_t culprit; /* the state that oj_limits_below found, or oj_limits_outgrown */
};

/* How far a listed state of the step's end is below 0, over its tolerance, squared; 0 where
 * none is. */
double oj_limits_below(struct limits *limits, const struct step *step, const struct tolerance *tolerance);
/* Do the equations drive a state below 0, whatever the step?  Asked once for each answer above. */
bool oj_limits_pressed(struct limits *limits, const struct step *step, double squared);
/* Listed states below 0 become 0; how many. */
int64_t oj_limits_clip(const struct limits *limits, double *y);
/* A right-hand side that sees listed states below 0 as 0, for interpolants: their stages inside of a step that is
 * accepted may lie where it is not finite. */
struct held_rhs {
	struct kernel kernel; /* the one that stands in */
	struct rhs *f;
	const struct kernel *inner, *extra; /* what f had */
	const struct limits *limits;
	double *y; /* [n] */
};
/* Begin and end that, where anything is listed; y[n] is scratch. */
void oj_limits_hold(const struct limits *limits, struct held_rhs *held, struct rhs *f, double *y);
void oj_limits_release(struct held_rhs *held);
/* Is a state beyond the limit? */
bool oj_limits_outgrown(struct limits *limits, int64_t n, const double *y);
/* Has nothing moved in the last steps?  Asked once a step. */
bool oj_limits_steady(struct limits *limits, int64_t n, const struct step *step, const struct tolerance *tolerance);

#endif
