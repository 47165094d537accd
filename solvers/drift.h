/* What errors of steps add up to.
 *
 * Most stiff equations forget: what a step is off by is gone some steps later, and errors at the end
 * are those of the last steps.  But relative to an oscillation, or to a long decay, an error stays as it
 * is, those of all steps are of one kind, and hundreds of them add up.  So their sum is
 * estimated, and where it is more than a tolerance or two, steps are held to a share of theirs, a 24th at the
 * least: a promise for any number of turns would take any number of steps.
 *
 * - The sum is carried along as a perturbation would be, by R(h J), L-stable, from solves with the
 *   factors of the step (E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, table IV.6.4): two,
 *   of order 1, for gamma/h from 0.293 to 1.707; or three, of order 2, from 0.181 to 2.185, where gamma is less,
 *   or something does add up.
 * - Where equations do not read the time, f is a perturbation too, that of beginning later, and what lies along f
 *   stays along f.  That part is carried by f itself: through a front, where perturbations grow by
 *   factors of 1e6, R of a J that is some steps old is off by thousands.
 * - What a single perturbation becomes is the problem's and not the method's: the sum is held
 *   against the growth of f since it was least.
 * - Where equations forget, nobody looks for a while; what of the sum lies along f is kept meanwhile. */
#ifndef OJ_DRIFT_H
#define OJ_DRIFT_H

#include "solvers/iterations.h"

struct drift {
	double *sum, *aside;    /* [n] */
	bool watches;           /* is the sum carried on? */
	double size;            /* of the last error, in tolerances */
	double watched, enough; /* sizes of errors in a window; until it is judged */
	double rest, next_rest; /* sizes to come until it is; then, until it is again */
	double shift;           /* meanwhile: the time by which it lies along f */
	double patience;
	double least;           /* of the speeds, in tolerances */
	double beside;          /* the most of the sum that was not along f, in the window */
	double many, share;     /* errors that have added up, and what follows */
};
/* A slope times a length. */
struct drift_slope {
	const double *times_unit; /* [n] */
	double unit;
};
/* A step that was accepted. */
struct drift_step {
	struct rhs *f;       /* with factors of I/gamma - J in slot 0 */
	double h, gamma;
	const struct gauge *gauge; /* of the step */
	struct drift_slope begin, end;
	const double *error; /* [n] */
	double counts;       /* what the step is off by is so many times this */
};
/* Nothing is known; the memory at sum and aside is the caller's.  Nobody looks before errors may have added up to
 * `patience`, in tolerances: looking takes two solves a step. */
void oj_drift_begin(struct drift *drift, double patience);
/* Is a step that was accepted to be seen?  It is off by `size` tolerances. */
bool oj_drift_wants(struct drift *drift, double size);
void oj_drift_see(struct drift *drift, const struct drift_step *step);
/* How many estimates of h^error_order an error is in a method of `order`: one of them, or, of steps that are better than
 * their estimate by a power of h, the fewer the stricter the tolerance is, and one at 1e-4. */
double oj_drift_counts(double order, double error_order, double rtol);
/* Could it be that errors add up, so that J had better be of now? */
static inline bool oj_drift_is_some(const struct drift *drift)
{
	return drift->many > 1;
}
/* What becomes of `share`, of the tolerance rtol for an estimate of h^error_order, where errors of a run are of `order`. */
double oj_drift_share(const struct drift *drift, double share, double order, double error_order, double rtol);

#endif
