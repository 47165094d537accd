/* When something jumps by time alone: doses, daylight, square waves.
 *
 * The kernel says of a span of time whether something may jump in it (VARIANT_SWITCHES).  Halving finds
 * the first two neighbouring times between which something does: at the one f is as before, at the other as
 * after; jumps a few roundings apart, as rounding makes them where a condition changes slowly, are one.  A step ends at
 * the one time, and the next begins at the other with the same states, so that no step knows both sides, and
 * none is longer than what comes and goes.
 *
 * Jumps that move no state by a part of its tolerance in a step are gone over: of each it is asked with
 * the states where the step begins, and again with those inside of it at the jump, for what is 0 now may not be 0 then.
 * No step goes beyond what was looked at. */
#ifndef OJ_CROSSINGS_H
#define OJ_CROSSINGS_H

#include "solvers/problem.h"

struct crossing {
	double before, after; /* neighbours, mostly */
	bool matters;         /* for sure */
	int which;            /* number of what jumps */
};
enum { CROSSINGS_AHEAD = 16 };

struct crossings {
	const struct kernel *kernel; /* NULL: nothing jumps by time alone */
	double *scratch;             /* [kernel->scratch] */
	double known;                /* so far was looked: nothing jumps but in between the */
	struct crossing next[CROSSINGS_AHEAD]; /* ones ahead, in their order */
	int count;
	double mark;                 /* since then, */
	int crossed;                 /* so many were crossed */
	bool without;                /* some were left out, which do not matter here */
	uint64_t mode;               /* of the next look */
	int which;                   /* what jumped in the last */
	double from, to;             /* the span that was looked at afresh last; from = to where much jumps in it */
	double last, width;          /* where the last one was found, */
	int crowded;                 /* and how many before it were next to one another */
};

/* Nothing is known from t on. */
void oj_crossings_begin(struct crossings *crossings, double t);
/* Those that lie behind t are not asked for any more. */
void oj_crossings_forget(struct crossings *crossings, double t, double direction);
/* Look for the next one, until `to`.  False: nobody can tell. */
bool oj_crossings_find(struct crossings *crossings, const struct rhs *f, double to);
/* Would f on the one side for f on the other change a state y[n] in a step of length h?  work[2 n]. */
bool oj_crossing_matters(const struct crossing *crossing, struct rhs *f, const struct tolerance *tolerance,
                         const double *y, double h, double *work);
/* There is room for no more of them, and none matters: leave out what these are of, keep half. */
void oj_crossings_leave_out(struct crossings *crossings, const struct rhs *f);
/* A step ends at one, at t. */
void oj_crossings_cross(struct crossings *crossings, double t);
/* The first one lies behind. */
void oj_crossings_pass(struct crossings *crossings);

#endif
