/* One width of one set of functions: SLEEF's, mended.
 *
 * A file lanes_<set><lanes>.c defines LANES, FAMILY (finz: with FMA, cinz:
 * without), ISA (SLEEF's suffix), WITH_FMA and TARGET, and includes this; so each
 * wrapper is written once for all widths.  A wrapper uses exactly rounded
 * operations, selects, SLEEF's deterministic functions of this width, and, in the
 * lanes that need it, the scalar functions of repair.h: hence the same bits in
 * every width.
 *
 * TARGET turns the instructions on function by function, which is all gcc needs.
 * Clang chooses between registers and memory for arguments by file, so the build
 * gives these files their -m flags too.
 *
 * What is mended in SLEEF 3.5.1, found by comparing it with MPFR:
 *   tan asinh log1p         0 for the least subnormal
 *   tanh atanh sinh asinh   a whole ulp between 2^-54 and 2^-52
 *   sinh cosh               infinite from 709.7827 on
 *   asinh acosh             infinite from 2^512 on
 *   log1p                   infinite from 2^1019 on
 *   hypot atan2             beyond 1 ulp when operands or result are near 2^-1022 (cinz)
 *   erf                     likewise (cinz)
 *   erfc                    beyond 1.5 ulp when subnormal
 *   exp                     infinite within 1.6e-6 below the limit of overflow
 *   tanh                    1 a little too early, at 18.714973875
 *   pow                     infinite within 800 ulp of the largest number; anything
 *                           when y log x does not fit 32 bits
 *   gamma                   infinite within 500 ulp of the largest number; wrong
 *                           below -170
 *   lgamma                  infinite from 2^1014 on; 130 ulp near its negative zeros */
#include "lib/math/math.h"
#include "lib/math/repair.h"

#include <immintrin.h>
#include <string.h>

#if defined(__clang__) && LANES == 4 && !defined(__AVX__)
#error "clang passes vectors of 4 lanes in memory: compile this file with -mavx2 -mfma"
#elif defined(__clang__) && LANES == 8 && !defined(__AVX512F__)
#error "clang passes vectors of 8 lanes in memory: compile this file with -mavx512f -mavx2 -mfma"
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define PASTE4(a, b, c, d) PASTE(PASTE(PASTE(a, b), c), d)
/* oj_finz_tan4, and Sleef_finz_tand4_u10avx2 */
#define WRAPPER(name) PASTE4(oj_, FAMILY, _##name, LANES)
#define SLEEF(name, error) PASTE(PASTE4(Sleef_, FAMILY, _##name##d, LANES), PASTE(_##error, ISA))
#define HELPER TARGET static inline

#if LANES == 1
typedef double lanes;
typedef int64_t mask; /* 0 or -1 */
#define TRUTH(comparison) (-(mask)(comparison))
#define ANY(m) (m)
#define LANE(x, l) (x)
#define ROOT __builtin_sqrt
#define FLOOR __builtin_floor
#define REMAINDER(a, q, b) __builtin_fma(-(q), b, a)
#else
typedef double lanes __attribute__((vector_size(8 * LANES)));
typedef int64_t mask __attribute__((vector_size(8 * LANES)));
#define TRUTH(comparison) (comparison)
#define LANE(x, l) ((x)[l])
#if LANES == 2
#define ANY(m) _mm_movemask_pd((__m128d)(m))
#define ROOT _mm_sqrt_pd
#define FLOOR _mm_floor_pd
#define REMAINDER(a, q, b) _mm_fnmadd_pd(q, b, a)
#elif LANES == 4
#define ANY(m) _mm256_movemask_pd((__m256d)(m))
#define ROOT _mm256_sqrt_pd
#define FLOOR _mm256_floor_pd
#define REMAINDER(a, q, b) _mm256_fnmadd_pd(q, b, a)
#else
#define ANY(m) _mm512_test_epi64_mask((__m512i)(m), (__m512i)(m))
#define ROOT _mm512_sqrt_pd
#define FLOOR _mm512_floor_pd
#define REMAINDER(a, q, b) _mm512_fnmadd_pd(q, b, a)
#endif
#endif

#define ALL(value) ((lanes){ 0 } + (value))
#define LESS(a, b) TRUTH((a) < (b))
#define MORE(a, b) TRUTH((a) > (b))

HELPER mask as_mask(lanes x)
{
	mask bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

HELPER lanes as_lanes(mask bits)
{
	lanes x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

HELPER lanes pick(mask m, lanes yes, lanes no)
{
	return as_lanes((m & as_mask(yes)) | (~m & as_mask(no)));
}

HELPER lanes magnitude(lanes x)
{
	return as_lanes(as_mask(x) & INT64_MAX);
}

HELPER lanes with_sign(lanes x, lanes sign)
{
	return as_lanes((as_mask(x) & INT64_MAX) | (as_mask(sign) & INT64_MIN));
}

/* Lanes of y where m is set, again by a scalar function of x. */
HELPER lanes repair1(mask m, lanes y, lanes x, double (*function)(double))
{
	for (int l = 0; l < LANES; l++)
		if (LANE(m, l))
			LANE(y, l) = function(LANE(x, l));
	return y;
}

HELPER lanes repair2(mask m, lanes y, lanes a, lanes b, double (*function)(double, double))
{
	for (int l = 0; l < LANES; l++)
		if (LANE(m, l))
			LANE(y, l) = function(LANE(a, l), LANE(b, l));
	return y;
}

#define SLEEF1(name, error) lanes SLEEF(name, error)(lanes)
#define SLEEF2(name, error) lanes SLEEF(name, error)(lanes, lanes)
TARGET SLEEF1(exp, u10);
TARGET SLEEF1(tan, u10);
TARGET SLEEF1(sinh, u10);
TARGET SLEEF1(cosh, u10);
TARGET SLEEF1(tanh, u10);
TARGET SLEEF1(asinh, u10);
TARGET SLEEF1(acosh, u10);
TARGET SLEEF1(atanh, u10);
TARGET SLEEF1(log, u10);
TARGET SLEEF1(log1p, u10);
TARGET SLEEF1(erf, u10);
TARGET SLEEF1(erfc, u15);
TARGET SLEEF1(tgamma, u10);
TARGET SLEEF1(lgamma, u10);
TARGET SLEEF2(atan2, u10);
TARGET SLEEF2(hypot, u05);
TARGET SLEEF2(pow, u10);

/* A function of one operand, and its value y again where `m` says so. */
#define MENDED(name, sleef, m, near_zero)                                    \
	TARGET lanes WRAPPER(name)(lanes x);                                 \
	TARGET lanes WRAPPER(name)(lanes x)                                  \
	{                                                                    \
		lanes y = near_zero(x, sleef(x));                            \
		mask wrong = m;                                              \
		return ANY(wrong) ? repair1(wrong, y, x, oj_repair_##name) : y; \
	}
/* A function that needs no more than selects. */
#define SELECTED(name, corrected)                                                 \
	TARGET lanes WRAPPER(name)(lanes x);                                 \
	TARGET lanes WRAPPER(name)(lanes x)                                  \
	{                                                                    \
		return corrected(x, SLEEF(name, u10)(x));                    \
	}

HELPER lanes odd(lanes x, lanes y) /* x up to a term in x³ */
{
	return pick(LESS(magnitude(x), ALL(0x1p-28)), x, y);
}

HELPER lanes linear(lanes x, lanes y) /* x - x²/2 */
{
	return pick(LESS(magnitude(x), ALL(0x1p-54)), x, y);
}

HELPER lanes as_is(lanes x, lanes y)
{
	(void)x;
	return y;
}

/* 1 - 2^-53 wherever 1 - 2 exp(-2x) rounds to it. */
HELPER lanes below_one(lanes x, lanes y)
{
	mask edge = MORE(magnitude(x), ALL(18.71)) & LESS(magnitude(x), ALL(18.714973875118524));
	return pick(edge, with_sign(ALL(1 - 0x1p-53), x), odd(x, y));
}

SELECTED(tan, odd)
SELECTED(atanh, odd)
SELECTED(tanh, below_one)
MENDED(exp, SLEEF(exp, u10), MORE(x, ALL(709.78)) & LESS(x, ALL(709.79)), as_is)
MENDED(sinh, SLEEF(sinh, u10), MORE(magnitude(x), ALL(709.75)), odd)
MENDED(cosh, SLEEF(cosh, u10), MORE(magnitude(x), ALL(709.75)), as_is)
MENDED(asinh, SLEEF(asinh, u10), MORE(magnitude(x), ALL(0x1p500)), odd)
MENDED(acosh, SLEEF(acosh, u10), MORE(x, ALL(0x1p500)), as_is)
MENDED(log1p, SLEEF(log1p, u10), MORE(x, ALL(0x1p1000)), linear)
MENDED(erfc, SLEEF(erfc, u15), MORE(x, ALL(26.4)) & LESS(x, ALL(28)), as_is)
MENDED(gamma, SLEEF(tgamma, u10),
       LESS(x, ALL(0) - 168) | (MORE(x, ALL(171.6)) & LESS(x, ALL(171.7))), as_is)
MENDED(lgamma, SLEEF(lgamma, u10),
       MORE(x, ALL(0x1p1000)) | (LESS(x, ALL(0) - 2) & LESS(magnitude(y), ALL(0.5))), as_is)

/* Near 0 erf is 2/√π x; the product with what exceeds 1 loses least. */
TARGET lanes WRAPPER(erf)(lanes x);
TARGET lanes WRAPPER(erf)(lanes x)
{
	lanes y = SLEEF(erf, u10)(x);
	return pick(LESS(magnitude(x), ALL(0x1p-30)), x + x * ALL(0.12837916709551257), y);
}

/* Where both operands are near the subnormals, 2^600 or so is taken out. */
HELPER mask tiny(lanes a, lanes b)
{
	return LESS(magnitude(a), ALL(0x1p-900)) & LESS(magnitude(b), ALL(0x1p-900));
}

TARGET lanes WRAPPER(hypot)(lanes a, lanes b);
TARGET lanes WRAPPER(hypot)(lanes a, lanes b)
{
	mask small = tiny(a, b);
	lanes up = pick(small, ALL(0x1p600), ALL(1)), down = pick(small, ALL(0x1p-600), ALL(1));
	return SLEEF(hypot, u05)(a * up, b * up) * down;
}

/* A result this small is b > 0's quotient a/b. */
TARGET lanes WRAPPER(atan2)(lanes a, lanes b);
TARGET lanes WRAPPER(atan2)(lanes a, lanes b)
{
	lanes up = pick(tiny(a, b), ALL(0x1p600), ALL(1));
	lanes y = SLEEF(atan2, u10)(a * up, b * up);
	mask small = LESS(magnitude(y), ALL(0x1p-900)) & MORE(b, ALL(0));
	return ANY(small) ? pick(small, a / b, y) : y;
}

/* For |b| > 2^16, |a| is brought within 1 ± 2^15/|b|, and |b| within 2^64: the
 * power overflows or underflows as before, |b log a| is at most 2^16, and b, an
 * even integer from 2^54 on, stays odd or even.  Zeros and infinities have rules
 * of their own, which SLEEF keeps. */
HELPER lanes tame_base(mask huge, lanes a, lanes b)
{
	lanes reach = ALL(0x1p15) / magnitude(b), size = magnitude(a);
	reach = pick(MORE(ALL(0x1p-49), reach), ALL(0x1p-49), reach);
	lanes low = ALL(1) - reach, high = ALL(1) + reach, tame = size;
	tame = pick(LESS(tame, low), low, tame);
	tame = pick(MORE(tame, high), high, tame);
	huge &= MORE(size, ALL(0)) & LESS(size, ALL(INFINITY));
	return pick(huge, with_sign(tame, a), a);
}

/* a^0.5 and a^1.5 as pass expand writes them out where the exponent is a literal, so
 * that powers have the same bits however their exponent is given. */
HELPER lanes root_powers(mask roots, lanes y, lanes a, lanes b)
{
	lanes root = ROOT(a), power = pick(TRUTH(b == ALL(0.5)), root + ALL(0), a * root);
	power = pick(TRUTH(a == ALL(-INFINITY)), ALL(INFINITY), power);
	return pick(roots, power, y);
}

TARGET lanes WRAPPER(pow)(lanes a, lanes b);
TARGET lanes WRAPPER(pow)(lanes a, lanes b)
{
	lanes base = a, exponent = b, infinity = ALL(INFINITY);
	mask huge = MORE(magnitude(b), ALL(0x1p16));
	if (ANY(huge)) {
		base = tame_base(huge, a, b);
		exponent = pick(MORE(magnitude(b), ALL(0x1p64)), with_sign(ALL(0x1p64), b), b);
	}
	lanes y = SLEEF(pow, u10)(base, exponent);
	mask wrong = TRUTH(magnitude(y) == infinity) & LESS(magnitude(a), infinity) &
	             LESS(magnitude(b), infinity) & MORE(magnitude(a), ALL(0));
	mask roots = TRUTH(b == ALL(0.5)) | TRUTH(b == ALL(1.5));
	y = ANY(wrong) ? repair2(wrong, y, a, b, oj_repair_pow) : y;
	return ANY(roots) ? root_powers(roots, y, a, b) : y;
}

/* With FMA the remainder |a| - q|b| is exact for a quotient below 2^52, even when
 * the division rounded q up by one; the remainder is then negative. */
TARGET lanes WRAPPER(mod)(lanes a, lanes b);
TARGET lanes WRAPPER(mod)(lanes a, lanes b)
{
#if WITH_FMA
	lanes divisor = magnitude(b), quotient = magnitude(a) / divisor;
	mask plain = LESS(quotient, ALL(0x1p52)) & LESS(divisor, ALL(INFINITY));
	lanes r = REMAINDER(magnitude(a), FLOOR(quotient), divisor);
	r = pick(LESS(r, ALL(0)), r + divisor, r);
	mask crossed = LESS(as_mask(a) ^ as_mask(b), (mask){ 0 }) & MORE(r, ALL(0));
	r = with_sign(pick(crossed, divisor - r, r), b);
	return ANY(~plain) ? repair2(~plain, r, a, b, oj_repair_mod) : r;
#else
	return repair2(TRUTH((mask){ 0 } == (mask){ 0 }), a, a, b, oj_repair_mod);
#endif
}

/* ---- digamma and trigamma, which SLEEF has not ---- */

/* x in [1, 2]: ψ(x) = (x - x0) P(x - 3/2) / (x (x + 1)), x0 the zero and P the Chebyshev
 * interpolant of what that leaves, which has no pole nearer than -2 (off by less than
 * 2^-57 of it). */
HELPER lanes digamma_near(lanes x)
{
	static const double p[] = {
		4.5518769759041085e-09, -1.6199049019693457e-08, 5.368610607451517e-08, -1.9362453756465416e-07,
		7.069346526732497e-07, -2.610676594171931e-06, 9.828216186050696e-06, -3.803565990506649e-05,
		0.00015331863492718827, -0.0006580250116463634, 0.003130508723544546, -0.017975945770492083,
		0.15858050680894184, 2.2156206743218547, 3.5664595351193733,
	};
	lanes sum = ALL(p[0]), u = x - ALL(1.5);
	for (unsigned k = 1; k < sizeof p / sizeof *p; k++)
		sum = sum * u + ALL(p[k]);
	lanes distance = (x - ALL(1.4616321449683622)) - ALL(9.549995429965697e-17);
	return distance * (sum / (x * (x + ALL(1))));
}

/* The sum of c_k / x^2k, k = 0 ... TAIL - 1. */
enum { TAIL = 11 };
HELPER lanes tail(lanes x, const double c[TAIL])
{
	lanes y = ALL(1) / (x * x), sum = ALL(c[TAIL - 1]);
	for (int k = TAIL - 2; k >= 0; k--)
		sum = sum * y + ALL(c[k]);
	return sum;
}

/* x >= 8: log x - 1/(2x) - the sum of B_2k / (2k x^2k) (DLMF 5.11.2). */
HELPER lanes digamma_far(lanes x)
{
	static const double c[TAIL] = { 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132, -691.0 / 32760,
		                        1.0 / 12, -3617.0 / 8160, 43867.0 / 14364, -174611.0 / 6600,
		                        77683.0 / 276 };
	lanes reciprocal = ALL(1) / x;
	return SLEEF(log, u10)(x) - reciprocal * (ALL(0.5) + reciprocal * tail(x, c));
}

/* ψ(x) = ψ(x - 1) + 1/(x - 1) leads down to [1, 2], with nothing cancelling. */
TARGET lanes WRAPPER(digamma)(lanes x);
TARGET lanes WRAPPER(digamma)(lanes x)
{
	mask low = LESS(x, ALL(1)), middle = MORE(x, ALL(2)) & LESS(x, ALL(8)), wrong = LESS(x, ALL(0));
	lanes near = pick(low, x + ALL(1), x), sum = pick(low, ALL(-1) / x, ALL(0));
	for (mask above = middle; ANY(above); above = middle & MORE(near, ALL(2))) {
		near = pick(above, near - ALL(1), near);
		sum = pick(above, sum + ALL(1) / near, sum);
	}
	lanes y = pick(LESS(x, ALL(8)), digamma_near(near) + sum, digamma_far(x));
	return ANY(wrong) ? repair1(wrong, y, x, oj_repair_digamma) : y;
}

/* x >= 8: 1/x + 1/(2x²) + the sum of B_2k / x^(2k + 1) (DLMF 5.15.8). */
HELPER lanes trigamma_far(lanes x)
{
	static const double c[TAIL] = { 1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730, 7.0 / 6,
		                        -3617.0 / 510, 43867.0 / 798, -174611.0 / 330, 854513.0 / 138 };
	lanes reciprocal = ALL(1) / x;
	return reciprocal + reciprocal * reciprocal * (ALL(0.5) + reciprocal * tail(x, c));
}

/* ψ'(x) = 1/x² + ... + 1/(x + 7)² + ψ'(x + 8), the least first. */
TARGET lanes WRAPPER(trigamma)(lanes x);
TARGET lanes WRAPPER(trigamma)(lanes x)
{
	mask near = LESS(x, ALL(8)), wrong = LESS(x, ALL(0));
	lanes y = trigamma_far(pick(near, x + ALL(8), x)), sum = y;
	for (int k = 7; k > 0; k--)
		sum += ALL(1) / ((x + ALL(k)) * (x + ALL(k)));
	y = pick(near, sum + ALL(1) / x / x, y);
	return ANY(wrong) ? repair1(wrong, y, x, oj_repair_trigamma) : y;
}

#if LANES == 1
SLEEF1(cospi, u05);
double WRAPPER(uniform)(double seed, double i, double j, double k);
double WRAPPER(normal)(double seed, double i, double j, double k);

double WRAPPER(uniform)(double seed, double i, double j, double k)
{
	uint64_t words[2];
	if (!oj_math_random((const double[]){ seed, i, j, k }, OJ_MATH_STREAM_UNIFORM, words))
		return NAN;
	return (double)(words[0] >> 11) * 0x1p-53;
}

double WRAPPER(normal)(double seed, double i, double j, double k)
{
	uint64_t words[2];
	if (!oj_math_random((const double[]){ seed, i, j, k }, OJ_MATH_STREAM_NORMAL, words))
		return NAN;
	double u = (double)((words[0] >> 11) + 1) * 0x1p-53;
	double twice_v = (double)(words[1] >> 11) * 0x1p-52;
	return sqrt(-2 * SLEEF(log, u10)(u)) * SLEEF(cospi, u05)(twice_v);
}
#endif
