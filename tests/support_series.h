/* Taylor coefficients of solutions in MPFR, by a way that knows no recurrences.
 *
 * With the coefficients up to k, x_0 + … + x_k s^k is put into the right-hand side at
 * s = 0, e, 2e, … and difference k of what comes out, over k! e^k, is coefficient k of
 * f up to a relative error of about e = 2^-100. */
#ifndef SUPPORT_SERIES_H
#define SUPPORT_SERIES_H

#include "lib/graph/program.h"

struct series_truth {
	const struct program *rhs;
	int64_t states, parameters, derived;
	const double *y, *p, *d;
	double t;
	int order;
};
/* out[(order + 1) * states], the layout of the taylor kernel. */
void support_series(const struct series_truth *truth, double *out);

/* Run a program, passes expand and layout still to come, through the interpreter:
 * out[count] at t, y, p, d. */
void support_series_run(struct program *program, const struct series_truth *at, double *out);

/* The largest difference of coefficients, each relative to the largest exact one of
 * its order or the geometric mean of its neighbours'. */
double support_series_distance(const struct series_truth *truth, const double *a, const double *exact);

#endif
