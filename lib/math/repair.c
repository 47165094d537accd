/* What SLEEF gets wrong, done in binary128 from textbook series.
 *
 * Binary128 has 60 bits and an exponent range to spare: no intermediate result
 * overflows, and each function is rounded to double once, at its end, subnormal
 * results included.  Its operations are exactly rounded on every CPU (libgcc
 * where there is no hardware), so the bits are too.  A call costs microseconds.
 *
 * Gamma is Stirling's series with Bernoulli numbers at z >= 30 (NIST DLMF
 * 5.11.1; the first omitted term is below 2^-118), reached from smaller z by
 * Γ(z) = Γ(z + n) / (z (z+1) ... (z+n-1)), and from negative arguments by
 * reflection, |Γ(x)| = π / (|sin πx| Γ(1 - x)) (DLMF 5.5.3). */
#include "lib/math/repair.h"

#include <math.h>

typedef __float128 quad;

static const quad LN2 = 0.6931471805599453094172321214581765680755Q;
static const quad PI = 3.1415926535897932384626433832795028841972Q;
static const quad SQRT_PI = 1.7724538509055160272981674833411451827975Q;
static const quad HALF_LN_2PI = 0.9189385332046727417803297364056176398614Q;

/* 2^n, |n| < 2000. */
static quad power_of_two(int n)
{
	return (quad)ldexp(1, n / 2) * (quad)ldexp(1, n - n / 2);
}

/* e^x, |x| < 1000: Taylor's series after reduction to |r| <= log(2)/2. */
static quad exponential(quad x)
{
	int n = (int)rint((double)x * M_LOG2E);
	quad r = x - n * LN2, sum = 1;
	for (int k = 28; k > 0; k--)
		sum = 1 + r * sum / k;
	return sum * power_of_two(n);
}

/* log x for x > 0 within the range of doubles: x = m 2^n with m around 1, and
 * log m = 2 artanh((m - 1)/(m + 1)), so x near 1 has all its relative digits. */
static quad logarithm(quad x)
{
	int n;
	if (frexp((double)x, &n) < M_SQRT1_2)
		n--;
	quad m = x * power_of_two(-n), s = (m - 1) / (m + 1), square = s * s, sum = 0;
	for (int k = 49; k > 0; k -= 2)
		sum = sum * square + (quad)1 / k;
	return 2 * s * sum + n * LN2;
}

/* |sin πx|, x not an integer. */
static quad sine_of_pi(double x)
{
	quad r = PI * (quad)fabs(x - rint(x)), square = r * r, sum = 1;
	for (int k = 34; k > 0; k -= 2)
		sum = 1 - square * sum / (k * (k + 1));
	return r * sum;
}

/* B_2k / (2k (2k - 1)), k = 1 ... STIRLING. */
enum { STIRLING = 14 };
static quad stirling(int k)
{
	static const double top[] = { 1, -1, 1, -1, 1, -691, 1, -3617, 43867, -174611, 77683,
		                      -236364091, 657931, -3392780147.0 };
	static const double bottom[] = { 12,   360,    1260,   1680,  1188,   360360, 156,
		                         122400, 244188, 125400, 5796, 1506960, 300, 93960 };
	return (quad)top[k - 1] / (quad)bottom[k - 1];
}

/* log Γ(z) for z > 1. */
static quad log_gamma(quad z)
{
	quad product = 1, sum = 0;
	for (; z < 30; z += 1)
		product *= z;
	for (int k = STIRLING; k > 0; k--)
		sum = sum / (z * z) + stirling(k);
	quad result = (z - 0.5Q) * logarithm(z) - z + HALF_LN_2PI + sum / z;
	return product > 1 ? result - logarithm(product) : result;
}

/* log |Γ(x)|, x < 0 and not an integer. */
static quad log_gamma_reflected(double x)
{
	return logarithm(PI / sine_of_pi(x)) - log_gamma(1 - (quad)x);
}

/* ψ(z) for z > 1: the derivative of log Γ's series (DLMF 5.11.2), and
 * ψ(z) = ψ(z + 1) - 1/z. */
static quad psi(quad z)
{
	quad before = 0, sum = 0;
	for (; z < 30; z += 1)
		before += 1 / z;
	for (int k = STIRLING; k > 0; k--)
		sum = sum / (z * z) + (2 * k - 1) * stirling(k);
	return logarithm(z) - 1 / (2 * z) - sum / (z * z) - before;
}

/* ψ'(z) for z > 1, likewise. */
static quad psi_slope(quad z)
{
	quad before = 0, sum = 0;
	for (; z < 30; z += 1)
		before += 1 / (z * z);
	for (int k = STIRLING; k > 0; k--)
		sum = sum / (z * z) + 2 * k * (2 * k - 1) * stirling(k);
	return 1 / z + 1 / (2 * z * z) + sum / (z * z * z) + before;
}

double oj_repair_exp(double x)
{
	return (double)exponential(x);
}

double oj_repair_sinh(double x)
{
	return copysign(oj_repair_cosh(x), x);
}

double oj_repair_cosh(double x)
{
	double a = fabs(x);
	return a > 711 ? INFINITY : (double)(exponential((quad)a - LN2));
}

double oj_repair_asinh(double x)
{
	double a = fabs(x);
	return isinf(a) ? x : copysign((double)(logarithm(a) + LN2), x);
}

double oj_repair_acosh(double x)
{
	return oj_repair_asinh(x);
}

double oj_repair_log1p(double x)
{
	return isinf(x) ? x : (double)logarithm(x);
}

/* e^(-x²) / (x √π) (1 - 1/(2x²) + 1·3/(2x²)² - ...) (DLMF 7.12.1). */
double oj_repair_erfc(double x)
{
	quad square = (quad)x * x, sum = 1;
	for (int k = 29; k > 0; k -= 2)
		sum = 1 - k * sum / (2 * square);
	return (double)(exponential(-square) / (x * SQRT_PI) * sum);
}

double oj_repair_gamma(double x)
{
	if (x > 0)
		return (double)exponential(log_gamma(x));
	if (x == floor(x))
		return NAN;
	/* Below -190 even next to a pole less than half the least subnormal. */
	double size = x < -190 ? 0 : (double)exponential(log_gamma_reflected(x));
	return fmod(floor(x), 2) == 0 ? size : -size;
}

double oj_repair_lgamma(double x)
{
	if (x == floor(x) && x < 0)
		return INFINITY;
	if (isinf(x))
		return x;
	return (double)(x < 0 ? log_gamma_reflected(x) : log_gamma(x));
}

/* ψ(x) = ψ(1 - x) - π cot πx (DLMF 5.5.4). */
double oj_repair_digamma(double x)
{
	double d = x - rint(x);
	if (x == floor(x))
		return NAN;
	quad cotangent = sine_of_pi(0.5 - fabs(d)) / sine_of_pi(d);
	return (double)(psi(1 - (quad)x) - PI * (d < 0 ? -cotangent : cotangent));
}

/* ψ'(x) = π²/sin² πx - ψ'(1 - x). */
double oj_repair_trigamma(double x)
{
	if (x == floor(x))
		return isinf(x) ? NAN : INFINITY;
	quad ratio = PI / sine_of_pi(x);
	return (double)(ratio * ratio - psi_slope(1 - (quad)x));
}

double oj_repair_pow(double x, double y)
{
	int n;
	double sign = x < 0 && fmod(y, 2) != 0 ? -1 : 1;
	frexp(x, &n);
	if (y * (y > 0 ? n - 1 : n) > 1025)
		return sign * INFINITY;
	quad exponent = y * logarithm(fabs(x));
	return sign * (exponent > 710 ? INFINITY : (double)exponential(exponent));
}

double oj_repair_mod(double a, double b)
{
	double r = fmod(a, b);
	if (r == 0)
		return copysign(r, b);
	return signbit(r) != signbit(b) ? r + b : r;
}
