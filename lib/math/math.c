/* The tables of functions, one a set, and the choice among them.
 *
 * Functions appear here only as addresses, hence their declarations without
 * types.  A row of math.def becomes, by its way, a symbol for each width. */
#include "lib/math/math.h"

#include <stddef.h>

#define CINZ1_SLEEF(fn, error) Sleef_cinz_##fn##d1_##error##purec
#define CINZ2_SLEEF(fn, error) Sleef_cinz_##fn##d2_##error##sse2
#define FINZ1_SLEEF(fn, error) Sleef_finz_##fn##d1_##error##purecfma
#define FINZ2_SLEEF(fn, error) Sleef_finz_##fn##d2_##error##avx2128
#define FINZ4_SLEEF(fn, error) Sleef_finz_##fn##d4_##error##avx2
#define FINZ8_SLEEF(fn, error) Sleef_finz_##fn##d8_##error##avx512f
#define CINZ1_WRAPPED(fn) oj_cinz_##fn##1
#define CINZ2_WRAPPED(fn) oj_cinz_##fn##2
#define FINZ1_WRAPPED(fn) oj_finz_##fn##1
#define FINZ2_WRAPPED(fn) oj_finz_##fn##2
#define FINZ4_WRAPPED(fn) oj_finz_##fn##4
#define FINZ8_WRAPPED(fn) oj_finz_##fn##8
#define CINZ1_SCALAR(fn) oj_cinz_##fn##1
#define CINZ2_SCALAR(fn) NULL
#define FINZ1_SCALAR(fn) oj_finz_##fn##1
#define FINZ2_SCALAR(fn) NULL
#define FINZ4_SCALAR(fn) NULL
#define FINZ8_SCALAR(fn) NULL

#define DECLARE_SLEEF(fn, error)                                                           \
	void CINZ1_SLEEF(fn, error)(void), CINZ2_SLEEF(fn, error)(void),                   \
		FINZ1_SLEEF(fn, error)(void), FINZ2_SLEEF(fn, error)(void),                \
		FINZ4_SLEEF(fn, error)(void), FINZ8_SLEEF(fn, error)(void);
#define DECLARE_WRAPPED(fn)                                                                \
	void CINZ1_WRAPPED(fn)(void), CINZ2_WRAPPED(fn)(void), FINZ1_WRAPPED(fn)(void),    \
		FINZ2_WRAPPED(fn)(void), FINZ4_WRAPPED(fn)(void), FINZ8_WRAPPED(fn)(void);
#define DECLARE_SCALAR(fn) void CINZ1_SCALAR(fn)(void), FINZ1_SCALAR(fn)(void);
#define FUNCTION(name, arity, way) DECLARE_##way
#include "lib/math/math.def"
#undef FUNCTION

#define ADDRESS(symbol) (void *)(symbol)

static const struct math_function sse2[OJ_MATH_COUNT] = {
#define FUNCTION(name, arity, way) \
	{ #name, arity, ADDRESS(CINZ1_##way), ADDRESS(CINZ2_##way), NULL, NULL },
#include "lib/math/math.def"
#undef FUNCTION
};

static const struct math_function avx2[OJ_MATH_COUNT] = {
#define FUNCTION(name, arity, way)                                             \
	{ #name, arity, ADDRESS(FINZ1_##way), ADDRESS(FINZ2_##way),            \
	  ADDRESS(FINZ4_##way), NULL },
#include "lib/math/math.def"
#undef FUNCTION
};

static const struct math_function avx512[OJ_MATH_COUNT] = {
#define FUNCTION(name, arity, way)                                             \
	{ #name, arity, ADDRESS(FINZ1_##way), ADDRESS(FINZ2_##way),            \
	  ADDRESS(FINZ4_##way), ADDRESS(FINZ8_##way) },
#include "lib/math/math.def"
#undef FUNCTION
};

static bool runs(enum oj_math_set set)
{
	bool fma = __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
	switch (set) {
	case OJ_MATH_SSE2:
		return true;
	case OJ_MATH_AVX2:
		return fma;
	case OJ_MATH_AVX512:
		return fma && __builtin_cpu_supports("avx512f");
	default:
		return false;
	}
}

enum oj_math_set oj_math_best(void)
{
	return runs(OJ_MATH_AVX512) ? OJ_MATH_AVX512 : runs(OJ_MATH_AVX2) ? OJ_MATH_AVX2 : OJ_MATH_SSE2;
}

const struct math_function *oj_math_table_of(enum oj_math_set set)
{
	static const struct math_function *const tables[] = { sse2, avx2, avx512 };
	return runs(set) ? tables[set] : NULL;
}

const struct math_function *oj_math_table(void)
{
	return oj_math_table_of(oj_math_best());
}

double oj_math_call(const struct math_function *function, const double *x)
{
	typedef double one(double), two(double, double), four(double, double, double, double);
	switch (function->arity) {
	case 1:
		return ((one *)function->lanes1)(x[0]);
	case 2:
		return ((two *)function->lanes1)(x[0], x[1]);
	default:
		return ((four *)function->lanes1)(x[0], x[1], x[2], x[3]);
	}
}

double oj_math_scalar(enum oj_math function, const double *operands)
{
	return oj_math_call(&oj_math_table()[function], operands);
}
