/* Intervals of numbers: what an operator's value can be where its operands lie in intervals.
 *
 * Rounding to nearest is monotone, so sums, products, quotients and whatever is rounded correctly are
 * enclosed to the bit by what comes of the ends.  Functions of lib/math may fall by the ulps that they
 * are off by where the exact ones rise, so what comes of their ends is widened by as much.  Of operands
 * that are single numbers the value is the one that executors find.  What may be no number is
 * everything, from -inf to inf; so is what nobody knows better. (R. E. Moore, Interval Analysis, 1966.) */
#ifndef OJ_INTERVAL_H
#define OJ_INTERVAL_H

#include "lib/graph/graph.h"

struct interval {
	double lo, hi; /* both nan: the value is */
};
extern const struct interval oj_interval_all;

/* Is it one number, or nan for sure?  The two zeros are two. */
static inline bool oj_interval_is_point(struct interval a)
{
	return (a.lo == a.hi && !__builtin_signbit(a.lo) == !__builtin_signbit(a.hi)) || (a.lo != a.lo && a.hi != a.hi);
}
/* The smallest that has both in it. */
struct interval oj_interval_hull(struct interval a, struct interval b);
/* The value of an INSTR or MATH operator. */
struct interval oj_interval_evaluate(enum op op, const struct interval *operands, uint32_t arity);
/* Is a < b, a <= b, a = b or a != b: 1 for sure, 0 for sure not, -1: it depends.  `op`: LT, LE, EQ or NE. */
int oj_interval_compare(enum op op, struct interval a, struct interval b);

#endif
