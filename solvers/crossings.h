/* When something jumps by time alone: doses, daylight, square waves.
 *
 * The kernel says of a span of time whether something may jump in it (VARIANT_SWITCHES).  Halving finds
 * the first two neighbouring times between which something does: at the one f is as before, at the other as
 * after.  A step ends at the one, and the next begins at the other with the same states, so that no step
 * knows both sides, and none is longer than what comes and goes.  Jumps that move no state by a part of its
 * tolerance in a step are passed over. */
#ifndef OJ_CROSSINGS_H
#define OJ_CROSSINGS_H

#include "solvers/problem.h"

struct crossings {
	const struct kernel *kernel; /* NULL: nothing jumps by time alone */
	double *scratch;             /* [kernel->scratch] */
	double effort;               /* of one look, counted */
	double spent;                /* on looks since the run began */
	double from, to;             /* the span that was looked at afresh last; from = to where much jumps in it */
	double known;                /* until there, nothing jumps that matters, but for the one that was found, */
	bool found;
	double before, after;        /* which is between these neighbours */
	double ahead;                /* so far was looked last */
	int crowded;                 /* found in a row with next to nothing between them */
};

/* Nothing is known from t on. */
void oj_crossings_begin(struct crossings *crossings, double t);
/* Where states are y[n]: find the first one that matters in a step of length h from the time that is known
 * of to `to`; work[2 n].  After `steps` steps no more is spent on that than goes with as many. */
void oj_crossings_find(struct crossings *crossings, struct rhs *f, const struct tolerance *tolerance, const double *y,
                       double h, double to, uint64_t steps, double *work);
/* The one that was found lies behind.  Where too many come one right after the other, there are none from now on. */
void oj_crossings_pass(struct crossings *crossings);

#endif
