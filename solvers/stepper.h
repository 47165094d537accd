/* A stepper attempts single steps; the time loop owns everything else: direction,
 * step control, output, limits, cancellation.
 *
 * The state of a stepper is one block of memory of state_size bytes that the caller
 * owns.  The order of calls: variant and init once a setup; bind and start at the
 * beginning of a run; then for each step attempt until one is accepted, complete,
 * any number of interpolate and keep, and accept; start again where y was changed from
 * outside.  A step that was kept can be recalled at any time later, for as long as there
 * is a state of the same setup.
 *
 * A method may have a kernel made for it, a variant of the right-hand side: what it
 * wants it says in `variant`, and finds it in struct rhs when it is bound. */
#ifndef OJ_STEPPER_H
#define OJ_STEPPER_H

#include "solvers/problem.h"

/* What the step-size control of a method goes by, see control.h. */
struct controller {
	double error_order; /* the estimate shrinks as h to this power */
	double safety, shrink, grow, beta;
	bool predicts; /* by Gustafsson's control, where that asks for less */
};

enum attempt {
	ATTEMPT_OK,
	ATTEMPT_RETRY, /* not finite: try a shorter step */
	ATTEMPT_FATAL, /* no step size will help */
};

struct step {
	double t0, t1; /* t1 is assigned by the loop; stages at c = 1 see exactly t1 */
	double h;      /* signed, what t1 - t0 was before rounding */
	double squared; /* set by attempt: the square of the estimate over the tolerance, 0 without control */
	double retry;  /* set by attempt: the length to try after a rejection; 0: the loop chooses */
	const double *y0; /* set by attempt, [n], inside the stepper's state */
	double *y1;       /* likewise; the loop may set states to 0 in it */
	bool clipped;     /* and did so: what was computed from y1 is not of it any more */
};

/* Doubles from one vector of n to the next in a stepper's state: whole cache lines, and
 * never a multiple of a page, where all vectors would meet in the same cache sets. */
static inline int64_t stride_of(int64_t n)
{
	int64_t stride = (n + 7) / 8 * 8;
	return stride % 512 == 0 ? stride + 8 : stride;
}

static inline void swap_vectors(double **a, double **b)
{
	double *c = *a;
	*a = *b;
	*b = c;
}

/* What a stepper's state is laid out for. */
struct setup {
	const void *row; /* of the method */
	int64_t n;       /* states */
	double rtol;     /* where the order follows from it */
};

struct stepper {
	const char *name;
	/* The kernel of its own that the method wants; NULL: none. */
	void (*variant)(const struct setup *setup, struct variant *variant);
	bool needs_variant; /* and cannot do without */
	/* The numbers of the control, where they are not the method's but follow from the setup, in
	 * the state; NULL: they do not. */
	const struct controller *(*control)(const void *state);
	/* An implicit method: complex shifts held factorised at once, besides a real one.
	 * NULL: explicit. */
	int (*shifts)(const struct setup *setup);
	bool by_time; /* an implicit method that reads df/dt too */
	bool shifts_later; /* only when it asks for them: rhs.need_implicit */
	size_t (*state_size)(const struct setup *setup);
	void (*init)(void *state, const struct setup *setup);
	/* tolerance NULL: steps of given size, no estimate. */
	void (*bind)(void *state, struct rhs *f, const struct tolerance *tolerance);
	/* Begin at (t, y): copies y, evaluates f there. */
	enum attempt (*start)(void *state, double t, const double *y);
	/* Begin again at (t, y) within a run, because f jumps there or y was changed: as start, but what was learnt
	 * may serve.  NULL: start. */
	enum attempt (*resume)(void *state, double t, const double *y);
	/* y and f at the beginning of the coming step, and two vectors of scratch; [n]. */
	void (*look)(void *state, const double **y, const double **f0, double **scratch0, double **scratch1);
	enum attempt (*attempt)(void *state, struct step *step);
	/* The length, positive, that the method gives the coming step, 0 for none at the start;
	 * NULL: the time loop's control does, from the error. */
	double (*propose)(const void *state);
	/* The longest step that is stable from here, as far as the method knows; the time
	 * loop's control keeps below it.  NULL: it does not know. */
	double (*longest)(const void *state);
	/* Was the step solved with factors, and are they in slot 0 of rhs.implicit?  NULL: an explicit method. */
	bool (*has_factors)(const void *state);
	/* What the next step needs of this one, which the estimate did not, and what is to be
	 * computed again where y1 was clipped: may still find the step unusable. */
	enum attempt (*complete)(void *state, const struct step *step);
	/* States at time t within the completed step.  May evaluate extra stages, once a
	 * step.  Never changes what the next step sees. */
	void (*interpolate)(void *state, const struct step *step, double t, double *y);
	/* Doubles that a kept step takes. */
	size_t (*kept_size)(const struct setup *setup);
	/* Write what interpolate reads of the completed step to kept[kept_size], y0 first.
	 * May evaluate extra stages, once a step. */
	void (*keep)(void *state, const struct step *step, double *kept);
	/* What interpolate gave, to the bit, from a kept step of length h that began at t0.
	 * Reads nothing of the state but what init wrote. */
	void (*recall)(const void *state, const double *kept, double t0, double h, double t, double *y);
	/* The state is a copy, byte by byte, of the one at `from`: mend pointers into it.
	 * bind follows, and then the next step is the one that `from` would take. */
	void (*move)(void *state, const void *from);
	void (*accept)(void *state);
	/* The state to name when a step fails: where something is not finite
	 * (*finite = false), else where the error is largest. */
	int64_t (*culprit)(const void *state, const struct step *step, bool *finite);
};

/* Explicit Runge–Kutta methods; a row is a struct tableau. */
extern const struct stepper oj_stepper_explicit __attribute__((visibility("hidden")));
/* The size of the Jacobian, in the scale of the tolerance, along what the stages at the end of the completed step, of
 * length h, differ by, which is near its spectral radius where stability bounds the
 * step (HNW II.4 and HW IV.2, eq. 2.26); 0: the method has no such stages. */
double oj_explicit_radius(const void *state, double h);
struct tableau;
/* How far the row's steps are stable, h times the size of an eigenvalue: `cosine` is that of twice its angle
 * with the negative real axis, 1 for what decays, -1 for what turns undamped. */
double oj_explicit_reach(const struct tableau *row, double cosine);
/* Taylor series; the order follows from rtol, `row` only has to differ from NULL. */
extern const struct stepper oj_stepper_taylor __attribute__((visibility("hidden")));

#endif
