/* Stiffness that has faded within a step.
 *
 * Errors of implicit steps are seen through the factors they were solved with.  Where f pulled strongly
 * when J was evaluated and does not at the end of the step any more, that hides whatever is wrong
 * there: iterations seem to have converged, estimates are 0, and the solution stays where it was
 * pulled to.  What tells is f at the end: it differs from the slope that the step ends with, and to go
 * where J says that it would not, changes nothing. */
#ifndef OJ_FADED_H
#define OJ_FADED_H

#include "solvers/stepper.h"

/* The end of a step, solved with factors of shift I - J in slot 0. */
struct step_end {
	double t, shift;
	const double *y, *f;  /* [n], f(t, y) */
	const double *slope;  /* [n], what the step ends with */
	const double *weight; /* [n], one over what errors are held to */
	double *aside, *change; /* [n], scratch */
};
/* May evaluate f once. */
bool oj_has_faded(struct rhs *f, const struct step_end *end);

#endif
