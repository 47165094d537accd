/* The time loop, one for all methods.
 *
 * It owns direction, step control, output, limits and cancellation; a stepper
 * attempts steps.  Time is summed with compensation and the end is assigned, so
 * that many small steps lose nothing and the last row is at t1 exactly.
 *
 * Output never changes a step: rows inside a step go through its interpolant, and
 * nothing that an interpolant computes is seen by the next step.  The loop allocates
 * nothing but chunks of rows. */
#ifndef OJ_TIME_LOOP_H
#define OJ_TIME_LOOP_H

#include "solvers/control.h"
#include "solvers/grid.h"
#include "solvers/record.h"

/* Why a run ended early, for the message. */
struct ending {
	ojit_outcome outcome;
	double t, h;        /* time reached; length of the step that failed, or was last */
	int64_t state;      /* the one to name, -1: none */
	bool at_start;      /* the start itself is not finite */
	bool derivative;    /* and it is the state's derivative that is not */
	enum record_room room;
};

struct loop {
	/* Set by the caller. */
	struct method method;
	const struct stepper *stepper; /* the method's */
	void *state;
	struct rhs *f;
	const struct tolerance *tolerance; /* NULL: options->fixed_step */
	const struct kernel *outputs;      /* NULL: none */
	struct kernel_args output_args;
	const ojit_options *options; /* limits already defaulted */
	struct grid grid;
	struct record *record;
	double t0, t1;
	double *y; /* [n], the start; at the end the last state */

	/* Results. */
	ojit_stats stats;
	struct ending ending;

	/* The loop's own. */
	struct control control;
	struct step step;
	double t, low; /* time reached, and what its rounding left out */
	double h;      /* length of the next step */
	double direction;
	bool running;
	bool reached;   /* the end, by the last step */
	bool nonfinite; /* the last attempt was not finite */
};
void oj_loop_run(struct loop *loop);

#endif
