/* Step sizes: the first one, and the next one from an error. */
#ifndef OJ_CONTROL_H
#define OJ_CONTROL_H

#include "solvers/method.h"

#include <float.h>

/* Proportional-integral control (HNW IV.2; Gustafsson 1991): after an accepted step
 * h grows by safety err^-alpha old^beta, alpha = 1/error_order - 0.75 beta; after a
 * rejected one by safety err^(-1/error_order).  Limited by shrink and
 * grow; no growth in the step after a rejection.  Errors are handed over as their
 * squares, and kept as rough logarithms to base 2 of these: the next step waits for the
 * factor, which is as near to the formula as a percent (three for factors beyond 1/4 and 4).
 *
 * Where steps get shorter and shorter, as they do before a front, an error says what the step
 * should have been and not what the next may be: every second one is rejected.  A method that
 * `predicts` goes on as it went, with safety ratio (old/err^2)^(1/error_order), where that is
 * less; ratio is what the last step was longer than the one before (Gustafsson 1994, HW IV.8). */
struct control {
	const struct controller *numbers;
	double safety, alpha, beta; /* log2 of the one, half of the others, all over 8 */
	double old;                 /* of the last accepted step's error, at least of 1e-4 */
	double ratio;               /* of the coming step to the last accepted one; 0: there is none */
	bool rejected;
};
void oj_control_begin(struct control *control, const struct controller *numbers);
/* Factors for the next step's length. */
double oj_control_accept(struct control *control, double squared);
double oj_control_reject(struct control *control, double squared); /* not finite: shrink most */

/* The share of the tolerance that an estimate of h^error_order may take where the solution is of
 * `order`: where that is less, errors of a run fall as h^order, and held to rtol as rtol^(order/error_order)
 * only.  Held to rtol^(error_order/order), ten times that, they fall with rtol (L. F. Shampine, Tolerance
 * proportionality in ODE codes, Lect. Notes Math. 1386 (1989) 118-136). */
double oj_control_share(double order, double error_order, double rtol);
#define CONTROL_LEAST_TOLERANCE (100 * DBL_EPSILON) /* below, estimates are rounding */

/* The length of the first step, HNW II.4: an Euler step of a length at which it
 * changes y by a hundredth, then the second derivative from the difference of
 * slopes.  One evaluation.  `stepper` was started at t; 0 < result <= span. */
double oj_first_step(const struct stepper *stepper, void *state, struct rhs *f,
                     const struct tolerance *tolerance, const struct controller *numbers, double t,
                     double direction, double span);

/* An error over its scale that nothing can be divided by is nearly none; one that is not a number stays so. */
static inline double oj_error_at_least(double error)
{
	return error < 1e-10 ? 1e-10 : error;
}

/* Lengths of implicit steps (HW IV.8): Gustafsson's prediction from two errors where it asks for
 * less than one error does, and the length of the last step where the next would be longer by
 * less than a fifth, for then factors can be kept. */
struct pace {
	double proposed; /* the next length; 0: none yet */
	double old_h, old_error;
	bool first;    /* no step was accepted yet */
	bool rejected; /* the last attempt was */
};
void oj_pace_begin(struct pace *pace);
/* What an error says; effort <= 1 for what the iterations took. */
double oj_pace_factor(const struct controller *numbers, double error, double effort);
/* After an accepted step of length h > 0. */
void oj_pace_accept(struct pace *pace, const struct controller *numbers, double h, double error, double effort);

/* x^e for x > 0, to about ten digits, the same bits on every machine: step sizes
 * must not depend on the version of a mathematical library. */
double oj_control_power(double x, double e);

#endif
