/* The inside of an ojit_solver: values, kernels, workspace, result.
 *
 * Everything of fixed size lies in one arena.  The stepper's state is one more
 * block, remade when the method changes; rows are the record's. */
#ifndef OJ_SOLVER_H
#define OJ_SOLVER_H

#include "solvers/implicit.h"
#include "solvers/rows.h"

/* Values a caller may set: some elements, marked. */
struct overrides {
	double *at;         /* [length] */
	unsigned char *set; /* [length] */
};

struct ojit_solver {
	struct system *system;
	struct oj_error error;
	bool broken; /* making it failed; `error` says why */
	bool held;   /* an integrator's own: it cannot be run */
	struct arena arena;
	const struct kernel *kernels[KERNEL_KINDS]; /* NULL where there is nothing to compute */

	/* Values.  p and d follow from the overrides when `stale`. */
	struct overrides parameters, initials, tolerances;
	double *p, *d, *z;
	bool stale;
	uint64_t parameter_changes, tolerance_changes; /* counted */
	double *atol;   /* of the coming run */
	int64_t *small; /* the loop's */
	double *probe, *again; /* likewise */
	int64_t *nonnegative; /* [states] room for the loop's limits */
	unsigned char *marks; /* [states] */

	double *scratch; /* of any kernel */
	struct rhs rhs;
	struct tolerance tolerance;

	/* Workspace. */
	void *state;
	size_t state_bytes;
	struct setup setup; /* what `state` is laid out for; row NULL: nothing */
	enum linear_kind linear;  /* asked for */
	struct implicit implicit; /* in rhs.implicit where the method is implicit */
	struct oj_error unmade;   /* why there is none, where auto wanted it */
	double *variant_scratch, *crossing_scratch;
	size_t variant_bytes, crossing_bytes;

	/* Result. */
	struct loop loop;
	struct rows rows;
	struct method back; /* of the way back; stepper NULL: there is none */
	struct record way;  /* times at the ends of steps, where there is one */
	ojit_options options; /* of the last run, defaulted */
	double *y, *outputs;  /* last states, last observables */
	double *start;        /* what ojit_solver_initials shows */
	bool ran;
	struct text message, name, choice;
};

/* A solver on a system, which must outlive it; ojit_solver_new does this with the
 * system inside a program. */
ojit_solver *oj_solver_new(struct system *system);

/* Begin a call: forget the last failure.  Not OJIT_OK for a broken solver. */
ojit_status oj_solver_call(ojit_solver *solver);
/* Kernel arguments with everything set but t, y, out. */
struct kernel_args oj_solver_args(const ojit_solver *solver, enum kernel_kind kind);
/* Bring parameters and derived parameters up to date. */
ojit_status oj_solver_refresh(ojit_solver *solver);
/* The states at the start into y. */
ojit_status oj_solver_start(ojit_solver *solver, double t, double *y);

/* Have the values that were set on `from`, a solver on the same system. */
void oj_solver_copy_values(ojit_solver *solver, const ojit_solver *from);

/* Make the workspace and the loop ready to begin at t0: options checked and completed
 * into solver->options, states at the start in solver->y.  t1 may be infinite. */
ojit_status oj_solver_prepare(ojit_solver *solver, const ojit_options *options, double t0, double t1);
/* Its second half, once the options are found to make sense (oj_conditions_check). */
ojit_status oj_solver_ready(ojit_solver *solver, struct method method, double t0, double t1);
/* The stepper's state for this method and solver->options, kept where it fits already. */
ojit_status oj_solver_lay_out(ojit_solver *solver, const struct method *method);
/* Bring absolute tolerances up to date. */
void oj_solver_tolerate(ojit_solver *solver);
/* The last report, after an early end. */
const char *oj_solver_message(const ojit_solver *solver);

#endif
