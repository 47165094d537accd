/* See interval.h. */
#include "lib/graph/interval.h"

#include "lib/graph/interpret.h"

#include <float.h>
#include <math.h>

const struct interval oj_interval_all = {-HUGE_VAL, HUGE_VAL};

#define TURN 6.283185307179586
#define ULPS (4 * DBL_EPSILON) /* more than any function of lib/math is off by */
#define LEAST (4 * DBL_TRUE_MIN)   /* likewise, where numbers lose digits */

static struct interval between(double lo, double hi)
{
	return isnan(lo) || isnan(hi) ? oj_interval_all : (struct interval){lo, hi};
}

static struct interval widened(struct interval a)
{
	return between(a.lo - ULPS * fabs(a.lo) - LEAST, a.hi + ULPS * fabs(a.hi) + LEAST);
}

static bool has_zero(struct interval a)
{
	return a.lo <= 0 && a.hi >= 0;
}

struct interval oj_interval_hull(struct interval a, struct interval b)
{
	if (isnan(a.lo) || isnan(b.lo))
		return isnan(a.lo) && isnan(b.lo) ? a : oj_interval_all;
	return (struct interval){fmin(a.lo, b.lo), fmax(a.hi, b.hi)};
}

/* Of an operator that rises or falls in each operand wherever it is defined, which is an interval. */
static struct interval by_ends(enum op op, const struct interval *a)
{
	double p = oj_evaluate(op, a->lo, 0, 0), q = oj_evaluate(op, a->hi, 0, 0);
	return isnan(p) || isnan(q) ? oj_interval_all : between(fmin(p, q), fmax(p, q));
}

static struct interval by_corners(enum op op, struct interval a, struct interval b)
{
	const double x[] = {a.lo, a.lo, a.hi, a.hi}, y[] = {b.lo, b.hi, b.lo, b.hi};
	double lo = HUGE_VAL, hi = -HUGE_VAL;
	for (int k = 0; k < 4; k++) {
		double value = oj_evaluate(op, x[k], y[k], 0);
		if (isnan(value))
			return oj_interval_all;
		lo = fmin(lo, value);
		hi = fmax(hi, value);
	}
	return (struct interval){lo, hi};
}

/* What is even falls to 0 and rises from there. */
static struct interval size_of(struct interval a)
{
	double p = fabs(a.lo), q = fabs(a.hi);
	return between(has_zero(a) ? 0 : fmin(p, q), fmax(p, q));
}

static struct interval fma_of(const struct interval *o)
{
	const double x[] = {o[0].lo, o[0].lo, o[0].hi, o[0].hi}, y[] = {o[1].lo, o[1].hi, o[1].lo, o[1].hi};
	double lo = HUGE_VAL, hi = -HUGE_VAL;
	for (int k = 0; k < 4; k++) {
		double least = fma(x[k], y[k], o[2].lo), most = fma(x[k], y[k], o[2].hi);
		if (isnan(least) || isnan(most))
			return oj_interval_all;
		lo = fmin(lo, least);
		hi = fmax(hi, most);
	}
	return (struct interval){lo, hi};
}

/* Is (k + phase) periods in `a`, for some k, or nearly so? */
static bool meets(struct interval a, double period, double phase)
{
	double from = a.lo / period - phase, to = a.hi / period - phase;
	double slack = 8 * DBL_EPSILON * (1 + fabs(from) + fabs(to));
	return !(floor(to + slack) < ceil(from - slack));
}

/* sine or cosine, which is 1 at `top` turns */
static struct interval wave(enum op op, struct interval a, double top)
{
	struct interval value = {-1, 1};
	if (!(a.hi - a.lo < TURN))
		return isinf(a.lo) || isinf(a.hi) ? oj_interval_all : value;
	struct interval ends = widened(by_ends(op, &a));
	if (!meets(a, TURN, top))
		value.hi = ends.hi;
	if (!meets(a, TURN, top + 0.5))
		value.lo = ends.lo;
	return value;
}

/* a between two multiples of b, one number, where it rises */
static struct interval remainder_of(struct interval a, struct interval b)
{
	if (!oj_interval_is_point(b) || !isfinite(b.lo) || b.lo == 0 || !isfinite(a.lo) || !isfinite(a.hi))
		return oj_interval_all;
	double from = oj_evaluate(OP_MOD, a.lo, b.lo, 0), to = oj_evaluate(OP_MOD, a.hi, b.lo, 0);
	if (a.hi - a.lo < fabs(b.lo) && from <= to)
		return (struct interval){from, to};
	return (struct interval){fmin(0, b.lo), fmax(0, b.lo)};
}

static struct interval sum_of(const struct interval *o, uint32_t arity)
{
	struct interval sum = o[0];
	for (uint32_t k = 1; k < arity; k++)
		sum = between(sum.lo + o[k].lo, sum.hi + o[k].hi);
	return sum;
}

static struct interval product_of(const struct interval *o, uint32_t arity)
{
	struct interval product = o[0];
	for (uint32_t k = 1; k < arity; k++)
		product = by_corners(OP_MUL, product, o[k]);
	return product;
}

static struct interval of_intervals(enum op op, const struct interval *o, uint32_t arity)
{
	switch (op) {
	case OP_ADD:
		return sum_of(o, arity);
	case OP_MUL:
		return product_of(o, arity);
	case OP_DIV:
		return has_zero(o[1]) ? oj_interval_all : by_corners(op, o[0], o[1]);
	case OP_FMA:
		return fma_of(o);
	case OP_ABS:
		return size_of(o[0]);
	case OP_NEG: case OP_SQRT: case OP_FLOOR: case OP_CEIL: case OP_ROUND:
		return by_ends(op, o);
	case OP_MIN: case OP_MAX:
		return by_corners(op, o[0], o[1]);
	case OP_ASIN: case OP_ACOS: case OP_ATAN: case OP_SINH: case OP_TANH: case OP_ASINH: case OP_ACOSH: case OP_ATANH:
	case OP_EXP: case OP_EXPM1: case OP_EXP2: case OP_LOG: case OP_LOG1P: case OP_LOG2: case OP_LOG10: case OP_CBRT:
	case OP_ERF: case OP_ERFC:
		return widened(by_ends(op, o));
	case OP_COSH: {
		struct interval size = size_of(o[0]);
		return widened(by_ends(op, &size));
	}
	case OP_SIN:
		return wave(op, o[0], 0.25);
	case OP_COS:
		return wave(op, o[0], 0);
	case OP_TAN: /* its poles are half a turn apart */
		return o[0].hi - o[0].lo < TURN / 2 && !meets(o[0], TURN / 2, 0.5) ? widened(by_ends(op, o)) : oj_interval_all;
	case OP_HYPOT:
		return widened(by_corners(op, size_of(o[0]), size_of(o[1])));
	case OP_POW:
		return o[0].lo > 0 ? widened(by_corners(op, o[0], o[1])) : oj_interval_all;
	case OP_ATAN2: /* it jumps where the second is below 0 */
		return o[1].lo > 0 ? widened(by_corners(op, o[0], o[1])) : oj_interval_all;
	case OP_MOD:
		return remainder_of(o[0], o[1]);
	default:
		return oj_interval_all;
	}
}

enum { FEW = 16 };

struct interval oj_interval_evaluate(enum op op, const struct interval *operands, uint32_t arity)
{
	double values[FEW];
	uint32_t points = 0;
	bool none = false;
	for (; points < arity && oj_interval_is_point(operands[points]); points++)
		if (points < FEW)
			values[points] = operands[points].lo;
	if (points == arity && arity <= FEW) {
		double value = oj_evaluate_many(op, values, arity);
		return (struct interval){value, value};
	}
	for (uint32_t k = 0; k < arity; k++)
		none = none || isnan(operands[k].lo);
	return none ? oj_interval_all : of_intervals(op, operands, arity);
}

int oj_interval_compare(enum op op, struct interval a, struct interval b)
{
	bool points = oj_interval_is_point(a) && oj_interval_is_point(b), none = isnan(a.lo) || isnan(b.lo);
	bool apart = a.hi < b.lo || b.hi < a.lo;
	if (none)
		return op == OP_NE;
	switch (op) {
	case OP_LT:
		return a.hi < b.lo ? 1 : a.lo >= b.hi ? 0 : -1;
	case OP_LE:
		return a.hi <= b.lo ? 1 : a.lo > b.hi ? 0 : -1;
	default:
		return apart ? op == OP_NE : points ? op == OP_EQ : -1;
	}
}
