/* What a program computes, in numbers of 256 bits: what double is held to.
 *
 * It lives in a library of its own (libojit-mpfr), opened when something is checked, so
 * that nobody else pays for MPFR.  The table of functions below is all that passes
 * between them.
 *
 * Every value comes with its *size*, which says what a relative error in double is
 * relative to.  Of an input or a number it is |x|; of a sum the sum of its terms' sizes;
 * of f(x, ...) the sum of |df/dx| times size(x), and never less than |f| or than the least
 * normal double.  So it is the sum of the absolute values of what is added up on the way
 * to the value, each as often as it has factors: where much cancels, it is larger than the
 * value by as much as double loses digits.  (N. Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., section 3.3, without the count of roundings.) */
#ifndef OJ_TRUTH_H
#define OJ_TRUTH_H

#include "lib/graph/program.h"

enum truth_mark {
	TRUTH_ROUNDED = 1,  /* it is computed, so double may have rounded it */
	TRUTH_SWITCH = 2,   /* a condition or a step on the way is so near its limit that double may
	                     * fall on the other side */
	TRUTH_OVERFLOW = 4, /* something on the way is beyond double's range */
	TRUTH_KINK = 8,     /* of a slope: the point is an edge of something on the way: a condition, min
	                     * or max chooses otherwise to a side of it, or an operator is not smooth */
	TRUTH_SKIPPED = 16, /* it was not computed: see sample */
	TRUTH_NOWHERE = 32, /* of a slope: there is no number at the point itself */
};

/* Long, for a slope may be beyond double's range where what it is divided by is as well. */
struct truth_value {
	long double value;
	double size;
	unsigned marks;
};

/* Where to evaluate, and the direction of a slope.  NULL: all of them 0. */
struct truth_point {
	double t;
	const double *y, *p, *seed;
	size_t states, parameters, seeds;
};

struct truth; /* a program made ready */

struct truth_table {
	unsigned version; /* TRUTH_VERSION of whoever built it */
	/* `program` and `prepare`, the program of its derived parameters (NULL: it has none),
	 * must outlive *truth. */
	ojit_status (*open)(const struct program *program, const struct program *prepare, struct truth **truth,
	                    struct oj_error *error);
	void (*close)(struct truth *truth); /* NULL is allowed */
	/* The first `count` elements that the program puts out. */
	ojit_status (*values)(struct truth *truth, const struct truth_point *point, size_t count,
	                      struct truth_value *out, struct oj_error *error);
	/* Their derivatives along `direction` in t, y, p and seed, by central differences, at the
	 * point where as many values were asked for last; the step is 2^-85 of the direction, so
	 * that what is left of the second order is as small as what rounding leaves.  size: what
	 * the slope may be off by where the point alone tells. */
	ojit_status (*slopes)(struct truth *truth, const struct truth_point *point, const struct truth_point *direction,
	                      size_t count, struct truth_value *out, struct oj_error *error);
	/* Their second derivatives along `a` and `b`, in the same way; the step is 2^-64. */
	ojit_status (*bends)(struct truth *truth, const struct truth_point *point, const struct truth_point *a,
	                     const struct truth_point *b, size_t count, struct truth_value *out, struct oj_error *error);
	/* From now on evaluate `part` of what loops put out, chosen by `seed`, 0 < part <= 1, and give
	 * up what takes more than `most` additions: its values mean nothing, its whole is infinite. */
	void (*sample)(struct truth *truth, double part, uint64_t seed, double most);
	/* In additions: what it took so far, and what evaluating all of it once takes. */
	double (*work)(const struct truth *truth);
	double (*whole)(const struct truth *truth);
};
enum { TRUTH_VERSION = 2 };

/* The table, from libojit-mpfr.  OJIT_BACKEND where there is none. */
ojit_status oj_truth_open(ojit_context *context, const struct truth_table **table, struct oj_error *error);

#endif
