/* Work-precision curves: what a method pays for which error. */
#ifndef BENCH_CURVE_H
#define BENCH_CURVE_H

#include <stdbool.h>

enum { RUNGS = 11 }; /* tolerances 1e-3, 1e-4, … 1e-13 */

enum side {
	OJIT_SIDE,
	PEER_SIDE,
	ASIDE, /* shown, but no rival: an interpreter, a library built without optimisation */
};

struct point {
	double tolerance, error, seconds;
	long evaluations;
};

struct curve {
	char name[64];
	enum side side;
	int count;
	struct point points[RUNGS];
};

/* The largest error of rows[count][n]: |y_i - r_i| / max(|r_i|, max|r| / 1000); infinite where
 * one is no number. */
double curve_error(const double *rows, const double *reference, int count, int n);

/* The least time in which the curve reaches an error: that of a point which is at least
 * as good, or between two neighbours on the line through their logarithms.  Infinite:
 * it is never reached. */
double curve_seconds(const struct curve *curve, double error);

/* The quickest of `count` curves on a side at that error; NULL: none reaches it. */
const struct curve *curve_best(const struct curve *curves, int count, enum side side, double error);

/* Draw the curves into DIRECTORY/NAME.svg through gnuplot; where there is none, in
 * characters into DIRECTORY/NAME.txt.  False: nothing could be written. */
bool curve_draw(const struct curve *curves, int count, const char *directory, const char *name, const char *title);

#endif
