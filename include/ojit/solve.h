/* Integrating a program in time.
 *
 * A solver is one workspace on a program: it holds values of parameters, initial
 * values and tolerances, runs the integration, and keeps its result until the
 * next one.  A program may be shared by any number of threads; a solver belongs to
 * one thread at a time.  Everything here but the program is run-time data: nothing that
 * is set here compiles anything anew, and solving again with the same method and the same
 * kind of output allocates nothing.  With one exception, for a program and a method: when
 * the method has evaluated the equations of a small model 500,000 times, in all solvers
 * together, its whole step is compiled, in 2 to 10 ms, and takes about two thirds of the
 * time from then on; after 10,000,000 it is optimised.  Not a bit changes.  See `executor`
 * and `without` in program.h for having it at once or never.
 *
 *     ojit_solver *solver = ojit_solver_new(program);
 *     ojit_options options = ojit_options_default();
 *     options.rtol = 1e-8;
 *     ojit_solver_set(solver, OJIT_PARAMETERS, "sigma", 10);
 *     if (ojit_solver_run(solver, &options, 0, 20, ojit_output_points(201)) != OJIT_OK)
 *             puts(ojit_solver_error(solver).text);
 *     for (size_t i = 0; i < ojit_solver_rows(solver); i++)
 *             printf("%g %g\n", ojit_solver_row(solver, i)[0], ojit_solver_row(solver, i)[1]);
 *     ojit_solver_free(solver);
 *
 * Methods, error control and interpolants follow Hairer, Nørsett, Wanner, Solving
 * Ordinary Differential Equations I (HNW), II.4 to II.6; each method names its own
 * source in ojit_method_info. */
#ifndef OJIT_SOLVE_H
#define OJIT_SOLVE_H

#include <ojit/base.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ojit_program ojit_program;
typedef struct ojit_solver ojit_solver;

/* ---- methods ---- */

typedef struct ojit_method {
	const char *name;      /* as an option takes it; NULL: no such method */
	const char *full_name; /* such as "Dormand-Prince 5(4)" */
	const char *aliases;   /* other names taken, blank-separated, "" for none */
	const char *source;    /* the publication */
	int order;             /* of the solution; 0: the one that rtol asks for (taylor, bdf) */
	int estimate_order;    /* of the solution that the error estimate compares with; 0: none */
	int stages;            /* including the one shared with the next step, if fsal; the
	                          fewest, where stability asks for more; 0: none */
	int dense_order;       /* of the interpolant that output goes through; 0: the solution's */
	int extra_stages;      /* evaluated only in steps that output falls inside; the fewest */
	int fsal;              /* the last stage of a step is the first of the next */
} ojit_method;

/* Methods number 0 .. count - 1; strings are static. */
OJIT_API size_t ojit_method_count(void);
OJIT_API ojit_method ojit_method_info(size_t i);

/* ---- options ---- */

/* Of the scaled errors e_i/sc_i, sc_i = atol_i + rtol max(|y_i before|, |y_i after|):
 * the root of their mean square, or their maximum.  It is a step's error that is held below 1; what
 * a run is off by is of that size times the problem's own sensitivity and falls with the tolerance, but
 * by implicit_euler, whose estimate is of a higher order than its solution, as its square root.  (For
 * rosenbrock23, trbdf2, implicit_midpoint and trapezoid, where it is too, errors are held below the share
 * 10 sqrt(rtol) of this.) */
typedef enum ojit_norm { OJIT_NORM_RMS, OJIT_NORM_MAX } ojit_norm;

/* What a check function answers. */
typedef enum ojit_verdict {
	OJIT_CONTINUE,
	OJIT_STOP,      /* ends as OJIT_STOPPED: the caller has what it wants */
	OJIT_INTERRUPT, /* ends as OJIT_INTERRUPTED: something else wants to end it */
} ojit_verdict;

/* Options of one run.  Start from ojit_options_default and change what you mean to
 * change.  Steps are lengths, positive in both directions of time. */
typedef struct ojit_options {
	const char *method; /* a name or alias; NULL: the model's, else "auto" */
	double rtol;        /* at least 10 eps = 2.2e-15; negative: the model's, else 1e-6 */
	double atol;        /* of states without their own; negative: the model's, else 1e-9 */
	ojit_norm norm;     /* OJIT_NORM_RMS */
	double first_step;  /* 0: chosen from the equations, HNW II.4 */
	double max_step;    /* 0: the whole span; a step that ends where it has to, as the last one
	                       does, may be a hundredth longer.  Conditions on the time alone end steps
	                       where they change; smooth pulses that are much shorter than what is
	                       between them may be missed without */
	double min_step;    /* 0: what the time's own rounding allows */
	double fixed_step;  /* 0: error control; else every step has this length but the last,
	                       no error is estimated, and the other lengths must be 0 */
	uint64_t step_limit; /* attempted steps, 0: 1,000,000 */
	size_t memory_limit; /* bytes of recorded rows, and of the way for reverse_method; 0: 4 GiB */
	const char *linear; /* how implicit methods solve linear systems: "auto" or NULL, by counted work;
	                       "dense", "band", "sparse", or "static" for at most 64 states */
	/* States that must not go below 0: names and families separated by commas, "x, u[3]", or
	 * "all"; "": none; NULL: the model's.  A step that takes one below by more than its tolerance is
	 * shortened; by less, the state is set to 0 (counted in ojit_stats), which adds what was
	 * missing: sums that the equations conserve move by as much.  Inside steps nothing
	 * negative is put out either.  Needs error control, and initial values that are not
	 * negative. */
	const char *nonnegative;
	/* End as OJIT_STEADY where nothing moves any more: going on as in each of two steps in a
	 * row, no state would change by more than this share of itself, or by its atol, in the
	 * whole span, which must have an end.  The last row is the point reached, whatever times rows
	 * were asked for at.  0: the model's, else never; negative: never. */
	double until_steady;
	/* Having reached t1, go back to t0 over the same steps with this method, and record the way
	 * back (the output's times run from t1 to t0); NULL: do not.  A method's adjoint undoes its
	 * steps but for rounding, which grows where solutions meet going forward: implicit_euler
	 * for euler and the reverse; implicit_midpoint and trapezoid are their own (E. Hairer,
	 * Ch. Lubich, G. Wanner, Geometric Numerical Integration, II.3).  Steps back are solved to
	 * rounding; implicit steps forward are if fixed_step is given, else to the tolerance.  Limits
	 * hold going forward alone.  Where the way forward ends early there are no rows, so it does
	 * not go with until_steady.  Counts are those of both ways. */
	const char *reverse_method;
	double growth_limit; /* end as OJIT_OUTGROWN where a state's magnitude is beyond; 0: the model's, else none;
	                        infinite: none */
	/* Is y[states], where a step would end, a state that the equations are for?  Where not (0) a
	 * shorter step is tried, and the run ends as OJIT_STEP_TOO_SMALL where none is short enough; with
	 * fixed_step it ends at once.  Answers by t and y alone.  NULL: all are. */
	int (*domain)(void *user, double t, const double *y);
	/* Asked after each step with the time reached, and within factorisations of more than a thousand
	 * rows (full ones; others are not asked in), whose step then is not taken; NULL: never. */
	ojit_verdict (*check)(void *user, double t);
	void *user;
} ojit_options;

OJIT_API ojit_options ojit_options_default(void);

/* ---- output ---- */

typedef enum ojit_grid {
	OJIT_GRID_POINTS, /* `count` equidistant times, both ends among them; 1: the end */
	OJIT_GRID_EVERY,  /* t0, t0 + every, … as far as they lie in the span */
	OJIT_GRID_TIMES,  /* `times[count]`, in the direction of integration, inside the span */
	OJIT_GRID_STEPS,  /* the start and the end of every step */
	OJIT_GRID_FINAL,  /* the last state only, wherever the run ended */
} ojit_grid;

/* What to record.  Times inside a step go through the method's interpolant; the
 * output never changes the steps.  `times` is read during the run only. */
typedef struct ojit_output {
	ojit_grid grid;
	size_t count;
	double every; /* a length, positive in both directions */
	const double *times;
} ojit_output;

OJIT_API ojit_output ojit_output_points(size_t count);
OJIT_API ojit_output ojit_output_every(double every);
OJIT_API ojit_output ojit_output_times(const double *times, size_t count);
OJIT_API ojit_output ojit_output_steps(void);
OJIT_API ojit_output ojit_output_final(void);

/* ---- solvers ---- */

/* A solver on `program`, which must outlive it.  Compiles the kernels it needs if no
 * one did before.  NULL when out of memory; any other failure is kept in the solver,
 * and then every call on it returns that failure's status. */
OJIT_API ojit_solver *ojit_solver_new(ojit_program *program);
OJIT_API void ojit_solver_free(ojit_solver *solver); /* NULL is allowed */

/* The failure of the solver's last failing call; status OJIT_OK: it succeeded. */
OJIT_API ojit_error ojit_solver_error(const ojit_solver *solver);

/* The vectors of a solver.  Elements have names: "x", "u[3]", "u[2,7]"; the name of
 * a family, "u", means all its elements. */
typedef enum ojit_vector {
	OJIT_STATES,     /* setting one sets its initial value */
	OJIT_PARAMETERS,
	OJIT_OUTPUTS,    /* observables; cannot be set */
	OJIT_TOLERANCES, /* the absolute tolerance of each state, under the state's name */
} ojit_vector;

OJIT_API size_t ojit_solver_count(const ojit_solver *solver, ojit_vector vector);

/* The name of element k; valid until the next call with the same solver.  "" when
 * there is no such element or no memory. */
OJIT_API const char *ojit_solver_name(ojit_solver *solver, ojit_vector vector, size_t k);

/* Which elements a name means: `*count` of them from `*first` on.  OJIT_NAME,
 * OJIT_RANGE or OJIT_SHAPE with a message that says what there is instead. */
OJIT_API ojit_status ojit_solver_find(ojit_solver *solver, ojit_vector vector, const char *name,
                                      size_t *first, size_t *count);

/* Set every element that `name` means.  A parameter that the model defines through
 * others follows them until it is set itself; an initial value likewise.  Setting an
 * initial value acts on the states at the start after the model's own were
 * computed.  Initial values must be finite, tolerances finite and not negative. */
OJIT_API ojit_status ojit_solver_set(ojit_solver *solver, ojit_vector vector, const char *name,
                                     double value);

/* Set the whole vector, values[ojit_solver_count]. */
OJIT_API ojit_status ojit_solver_set_all(ojit_solver *solver, ojit_vector vector,
                                         const double *values);

/* Forget what was set: the model's own values again. */
OJIT_API ojit_status ojit_solver_reset(ojit_solver *solver, ojit_vector vector);

/* The values a run starting at time t would use: parameters, or states at the
 * start.  NULL on failure.  Valid until the next call with the same solver;
 * the result of the last run stays. */
OJIT_API const double *ojit_solver_parameters(ojit_solver *solver);
OJIT_API const double *ojit_solver_initials(ojit_solver *solver, double t);

/* ---- running ---- */

/* How a run ended. */
typedef enum ojit_outcome {
	OJIT_SUCCESS,        /* reached t1 */
	OJIT_STOPPED,        /* the check function said OJIT_STOP */
	OJIT_MAX_STEPS,      /* the step limit was reached */
	OJIT_STEP_TOO_SMALL, /* the error control asks for steps that time cannot resolve */
	OJIT_NONFINITE,      /* a state or a derivative became infinite or not a number */
	OJIT_INTERRUPTED,    /* the check function said OJIT_INTERRUPT, or rows ran out of memory */
	OJIT_STEADY,         /* nothing moves any more, see until_steady */
	OJIT_OUTGROWN,       /* a state is beyond growth_limit */
	OJIT_OUTCOME_COUNT
} ojit_outcome;

/* "success", "stopped", "max_steps", "step_too_small", "nonfinite", "interrupted", "steady",
 * "outgrown". */
OJIT_API const char *ojit_outcome_name(ojit_outcome outcome);

/* Integrate from t0 to t1, which may lie before t0.  `options` may be NULL.
 *
 * OJIT_OK when the integration was begun, however it ended: see the outcome in
 * ojit_solver_stats and ojit_solver_message.  OJIT_OUT_OF_MEMORY when the allocator
 * refused rows on the way; the rows so far stay.  Any other status (options or times
 * that make no sense) means that nothing was run, and there are no rows. */
OJIT_API ojit_status ojit_solver_run(ojit_solver *solver, const ojit_options *options, double t0,
                                     double t1, ojit_output output);

/* What the last run did.  All zero before the first. */
typedef struct ojit_stats {
	ojit_outcome outcome;
	uint64_t steps, rejected; /* accepted and rejected steps */
	uint64_t rhs;             /* evaluations of the right-hand side, all of them; of method
	                             taylor all coefficients about one time count as one more */
	uint64_t extra;           /* those of them that output inside steps took */
	uint64_t outputs;         /* evaluations of the observables */
	uint64_t jacobians;       /* evaluations of the Jacobian, in implicit methods */
	uint64_t factorisations;  /* of I/(gamma h) - J, real or complex */
	uint64_t iterations;      /* of Newton's method */
	uint64_t clipped;         /* values that `nonnegative` set to 0 */
	double t;                 /* the time reached */
	double first_step;        /* length of the first accepted step */
	double last_step;         /* of the last accepted one */
} ojit_stats;

OJIT_API ojit_stats ojit_solver_stats(const ojit_solver *solver);

/* How the last run solved linear systems and what that was chosen from, such as "band;
 * counted a step: dense 2.1e+06, band of 2 below and 2 above 8.1e+04, sparse 2.2e+05"; ""
 * where its method is explicit.  Valid until the next run. */
OJIT_API const char *ojit_solver_linear(const ojit_solver *solver);

/* What method "auto" chose in the last run and why, such as "tsit5 15 steps, radau 87 steps; at
 * t = 0.002 from tsit5 to radau, 3.1e4 operations a unit of time and not 1.2e6, as stability
 * holds steps back (1.1 of what is stable)"; "" of every other method.  Written when it is
 * asked for; valid until the next call with the same solver. */
OJIT_API const char *ojit_solver_choice(ojit_solver *solver);

/* Why the last run ended early: state, time, step size, cause, remedy; "" after a
 * success.  Valid until the next call with the same solver. */
OJIT_API const char *ojit_solver_message(const ojit_solver *solver);

/* States that were nowhere above their absolute tolerance in the last run, neither at
 * the start nor at the end of a step: the error control had nothing to hold them to, and
 * they may be wrong in every digit.  Returns how many; the first `room` of them go to
 * states[room] as numbers in OJIT_STATES, rising.  None where steps were fixed. */
OJIT_API size_t ojit_solver_below_atol(const ojit_solver *solver, size_t *states, size_t room);

/* Recorded rows of the last run, also of one that ended early.  A row is
 * [t, states…, outputs…], ojit_solver_columns doubles; valid until the next run. */
OJIT_API size_t ojit_solver_rows(const ojit_solver *solver);
OJIT_API size_t ojit_solver_columns(const ojit_solver *solver);
OJIT_API const double *ojit_solver_row(const ojit_solver *solver, size_t i); /* NULL: no such row */

/* The states and the observables at ojit_stats.t; NULL before the first run, and after one that was refused. */
OJIT_API const double *ojit_solver_last_states(const ojit_solver *solver);
OJIT_API const double *ojit_solver_last_outputs(const ojit_solver *solver);

#ifdef __cplusplus
}
#endif
#endif
