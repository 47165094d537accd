/* The time loop, one for all methods.
 *
 * It owns direction, step control, limits and cancellation; a stepper attempts
 * steps.  What is to become of a step its caller decides: rows of a run (rows.h), or
 * an integrator's record (history.h).  Time is summed with compensation and the end
 * is assigned, so that many small steps lose nothing and the last one ends at t1
 * exactly.  The loop allocates nothing.
 *
 * The last step stays open: the stepper is told that it was accepted only when the
 * next one begins, so until then its inside can be looked at, and nothing that an
 * interpolant computes is seen by the next step. */
#ifndef OJ_TIME_LOOP_H
#define OJ_TIME_LOOP_H

#include "solvers/control.h"
#include "solvers/crossings.h"
#include "solvers/limits.h"
#include "solvers/record.h"

/* Why a run ended early, for the message. */
struct ending {
	ojit_outcome outcome;
	double t, h;        /* time reached; length of the step that failed, or was last */
	int64_t state;      /* the one to name, -1: none */
	int64_t sunk;       /* the state that is farthest below 0 where all began at or above; -1: none */
	bool at_start;      /* the start itself is not finite */
	bool derivative;    /* and it is the state's derivative that is not */
	bool series;        /* or higher ones, which the method needs */
	bool negative;      /* the step is too small because the state would go below 0 */
	bool outside;       /* because the caller's domain ends */
	bool unsolved;      /* all is finite, but the equations of an implicit step were not solved */
	bool slopes;        /* because the state's row of the Jacobian is not finite, nor beside */
	enum record_room room; /* set by who keeps rows */
};

/* Attempts too short for what the time can tell. */
struct hidden {
	int attempts, refused; /* since the time was (t, low) */
	double t, low;
};

/* A step that was taken: what its end rounds to and leaves out, and its length. */
struct passage {
	double t, low, h;
};

struct loop {
	/* Set by the caller. */
	struct method method;
	const struct stepper *stepper; /* the method's */
	void *state;
	struct rhs *f;
	const struct tolerance *tolerance; /* NULL: options->fixed_step */
	const ojit_options *options; /* limits already defaulted */
	double t0, t1;  /* t1 may be infinite */
	double *probe;  /* [PROBE_VECTORS n] scratch; NULL: f does not depend on time */
	double *again;  /* [n] scratch: states to begin again with */
	int64_t *small; /* [n] room for the states named next */
	struct limits limits;
	struct crossings crossings; /* kernel and scratch; where there are any, there is `probe` */

	/* Results. */
	int64_t small_count; /* states never above their atol so far: small[small_count], rising */
	ojit_stats stats;
	struct ending ending;

	/* The loop's own. */
	struct control control;
	struct step step;
	double t, low; /* time reached, and what its rounding left out */
	double from;   /* what that of the open step's beginning left out */
	double h;      /* length of the next step */
	double uncut;  /* what the open step was to be before it was cut short for a stop; 0: it was not */
	double direction;
	uint64_t attempts; /* counted against the step limit; the caller may begin anew */
	struct hidden hidden; /* attempts whose lengths the rounding of the time hides */
	struct leaps {
		int count; /* over jumps, since the time was t */
		double t;
	} leaps;
	const struct passage *passage; /* the step to the target; NULL: it follows from times */
	bool above;    /* all states began at or above 0 */
	ojit_verdict verdict; /* of the caller's check, within the present step */
	bool running;
	bool open;      /* `step` was the last one, and the stepper does not know it was accepted */
	bool nonfinite; /* the last attempt was not finite */
	uint64_t nonfinite_count; /* attempts that were not, since the loop began */
	bool refused;   /* the last attempt was */
	bool negative;  /* the last attempt took a state below 0 */
	bool outside;   /* or where the caller's domain is not */
};

/* Begin at t0 with the states y[n]; ends at once where t1 = t0, or nothing is finite. */
void oj_loop_begin(struct loop *loop, const double *y);
/* Take a step that does not pass `target`, a time after the present one and not beyond
 * t1.  False: it ended instead, see `ending`. */
bool oj_loop_step(struct loop *loop, double target);
/* Take the step of that length that leads there, whatever the times say. */
bool oj_loop_pass(struct loop *loop, const struct passage *passage);
/* Be at the time t, which leaves `low` out, with the states as they are: the other side of a jump. */
void oj_loop_cross(struct loop *loop, double t, double low);
/* Go on from (t, y) as if begun there; t not beyond t1. */
void oj_loop_restart(struct loop *loop, double t, const double *y);
/* The states at the time reached. */
const double *oj_loop_states(const struct loop *loop);
/* Is what a step's rounded end or beginning left out, `low`, a part of its length that counts?  Towards `direction`. */
bool oj_low_counts(double low, double direction, double h);
/* Is t reached?  Short steps may end a good part before what their end rounds to. */
bool oj_loop_reached(const struct loop *loop, double t);
/* And passed, at a time that rounds to the same? */
bool oj_loop_past(const struct loop *loop, double t);
/* Times t0 and t of which t - t0 is how far t is into a step of length h, whose beginning the
 * time t0 leaves `from` out of. */
void oj_loop_place(const struct loop *loop, double from, double h, double *t0, double *t);
/* The states at time t within the open step. */
void oj_loop_inside(struct loop *loop, double t, double *y);
/* Write what is read of the open step later, see stepper.h. */
void oj_loop_keep(struct loop *loop, double *kept);
/* Ask the caller's check, which there is and which may end it. */
void oj_loop_ask(struct loop *loop);
/* Within a step: has it not yet said that the loop `l` is to end?  Then the step is not to be. */
bool oj_loop_goes_on(void *l);
void oj_loop_end(struct loop *loop, ojit_outcome outcome);
/* Bring `stats` and `ending` up to date. */
void oj_loop_settle(struct loop *loop);

#endif
