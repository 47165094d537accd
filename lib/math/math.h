/* The functions of numbers that are not an instruction, for 1, 2, 4 and 8 lanes.
 *
 * The promise: for the same arguments a function gives the same bits in every
 * lane count (payloads of nans aside).  SLEEF's deterministic variants keep it;
 * where they are wrong (see lanes.h) they are wrapped so that it stays kept.
 *
 * There are two families of bits: with FMA and without.  A CPU gets the first at
 * every width when it has FMA and AVX2, else the second at every width.  Whoever
 * generates code asks oj_math_table, and so falls on the same side.
 *
 * Accuracy is the last column of lib/graph/ops.def, in units of the last place,
 * subnormal results and the neighbourhoods of all zeros (those of lgamma too)
 * included; special values are those of C99 annex F.
 *
 * gamma(±0) = ±inf and gamma(n) = nan at negative integers; lgamma is the
 * logarithm of |gamma|, +inf at 0 and all negative integers.  digamma, the
 * derivative of log gamma, is -±inf at ±0 and nan at negative integers; trigamma, the
 * derivative of digamma, is +inf at all of them.
 *
 * mod(a, b) is floored: a - floor(a/b) b, computed as C's exact fmod(a, b), plus
 * b (one rounding) where the two have different signs.  It lies between 0 and b,
 * both included; a zero has the sign of b.  mod(a, inf) is a for a >= 0 and inf
 * for a < 0, mod(a, -inf) likewise mirrored; mod(a, 0) and mod(inf, b) are nan.
 *
 * uniform and normal: see random.h. */
#ifndef OJ_MATH_H
#define OJ_MATH_H

#include "lib/math/random.h"

#include <math.h>

enum oj_math {
#define FUNCTION(name, arity, way) OJ_MATH_##name,
#include "lib/math/math.def"
#undef FUNCTION
	OJ_MATH_COUNT
};

/* Lanes are passed and returned by value as native vectors in the platform's
 * calling convention (__m128d, __m256d, __m512d), one argument an operand.
 * NULL: that width does not exist, call lanes1 for each lane. */
struct math_function {
	const char *name;
	int arity; /* 1, 2 or 4 */
	void *lanes1, *lanes2, *lanes4, *lanes8;
};

enum oj_math_set {
	OJ_MATH_SSE2,   /* no FMA: 1 and 2 lanes */
	OJ_MATH_AVX2,   /* FMA: 1, 2 and 4 lanes */
	OJ_MATH_AVX512, /* FMA: 1, 2, 4 and 8 lanes; the bits of OJ_MATH_AVX2 */
	OJ_MATH_SETS
};

/* The set this CPU gets, always the same, and its functions by enum oj_math. */
enum oj_math_set oj_math_best(void);
const struct math_function *oj_math_table(void);
/* Another set's functions; NULL when this CPU cannot run them. */
const struct math_function *oj_math_table_of(enum oj_math_set set);

/* One lane; `operands` holds as many as the function's arity. */
double oj_math_call(const struct math_function *function, const double *operands);
double oj_math_scalar(enum oj_math function, const double *operands);

/* IEEE 754-2019 minimum and maximum: nan if either is, -0 below +0. */
static inline double oj_minimum(double a, double b)
{
	if (isnan(a) || isnan(b))
		return a + b;
	if (a == b)
		return signbit(a) ? a : b;
	return a < b ? a : b;
}

static inline double oj_maximum(double a, double b)
{
	if (isnan(a) || isnan(b))
		return a + b;
	if (a == b)
		return signbit(a) ? b : a;
	return a > b ? a : b;
}

#endif
