/* Three sources: numbers special to every function, every binary exponent, and
 * for each function the intervals and points where such functions go wrong. */
#include "tests/support_arguments.h"

#include <math.h>
#include <string.h>

enum { PER_INTERVAL = 700, AROUND = 25, PER_PAIR_KIND = 2400, QUADRUPLES = 5000 };

struct list {
	uint64_t state; /* of the generator, splitmix64 */
	double (*at)[SUPPORT_OPERANDS];
	size_t count;
};

static const double special[] = {
	0.0, -0.0, 1, -1, 2, -2, 3, -3, 4, 5, -5, 6, 10, -10, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 100,
	INFINITY, -INFINITY, NAN, 0x1p-1074, -0x1p-1074, 0x1p-1073, 0x1p-1022, -0x1p-1022,
	0x0.fffffffffffffp-1022, 1e-310, 1e-300, -1e-300, 1e300, -1e300, 1e308, 0x1.fffffffffffffp1023,
	-0x1.fffffffffffffp1023, 0x1.fffffffffffffp-1, -0x1.fffffffffffffp-1, 0x1.0000000000001p0,
	-0x1.0000000000001p0, 0x1p31, 0x1p32, 0x1p33, 0x1.00000001p33, 0x1p52, 0x1.8p52, 0x1.0000000000001p52,
	-0x1.0000000000001p52, 0x1p53, 0x1.fffffffffffffp52, -0x1.fffffffffffffp52, 0x1p63, 0x1p64, -0x1p64,
	1e22, 1023, 1024, -1074, -1075, 710, -745, 3.141592653589793, 1.5707963267948966,
};
enum { SPECIALS = sizeof special / sizeof *special };

static const struct {
	const char *text;
	double low, high;
} intervals[] = {
	{ "sin", -20, 20 }, { "sin", 1e14, 1.1e14 }, { "sin", 1e300, 1e301 },
	{ "cos", -20, 20 }, { "cos", 1e14, 1.1e14 }, { "cos", 1e300, 1e301 },
	{ "tan", -20, 20 }, { "tan", 1e14, 1.1e14 }, { "tan", 1e300, 1e301 },
	{ "cot", -20, 20 }, { "cot", -1e-3, 1e-3 }, { "asin", -1, 1 }, { "asin", 0.9999, 1 },
	{ "acos", -1, 1 }, { "acos", 0.9999, 1 }, { "acos", -1, -0.9999 }, { "atan", -3, 3 },
	{ "sinh", -3, 3 }, { "sinh", 709, 711 }, { "sinh", -711, -709 }, { "sinh", -2e-8, 2e-8 },
	{ "cosh", -3, 3 }, { "cosh", 709, 711 }, { "cosh", -711, -709 }, { "cosh", -2e-8, 2e-8 },
	{ "tanh", -1, 1 }, { "tanh", 15, 25 }, { "tanh", 18.7149, 18.715 }, { "tanh", -2e-8, 2e-8 }, { "tanh", -2e-16, 2e-16 },
	{ "asinh", -2, 2 }, { "asinh", -2e-8, 2e-8 }, { "asinh", -2e-16, 2e-16 },
	{ "asinh", 0x1p499, 0x1p501 }, { "acosh", 1, 2 }, { "acosh", 1, 1.0001 },
	{ "acosh", 0x1p499, 0x1p501 }, { "atanh", -1, 1 }, { "atanh", 0.9999, 1 },
	{ "atanh", -2e-8, 2e-8 }, { "atanh", -2e-16, 2e-16 }, { "exp", -1, 1 }, { "exp", 709, 710 }, { "exp", 709.782, 709.783 },
	{ "exp", -746, -707 }, { "exp", -700, 700 }, { "expm1", -2, 2 }, { "expm1", -40, -30 },
	{ "expm1", 709, 710 }, { "expm1", -2e-16, 2e-16 }, { "exp2", -1, 1 }, { "exp2", 1023, 1025 },
	{ "exp2", -1076, -1020 }, { "log", 0.5, 2 }, { "log", 0.9999, 1.0001 }, { "log1p", -1, 1 },
	{ "log1p", -1, -0.9999 }, { "log1p", -2e-16, 2e-16 }, { "log2", 0.5, 2 },
	{ "log2", 0.9999, 1.0001 }, { "log10", 0.5, 2 }, { "log10", 0.9999, 1.0001 },
	{ "cbrt", -1, 1 }, { "cbrt", -0x1p-1040, 0x1p-1040 }, { "erf", -1, 1 }, { "erf", 3, 7 },
	{ "erf", -1e-307, 1e-307 }, { "erfc", -7, 0 }, { "erfc", 0, 6 }, { "erfc", 6, 26.4 },
	{ "erfc", 26.3, 28.1 }, { "gamma", -5, 3 }, { "gamma", 3, 20 }, { "gamma", 20, 171 },
	{ "gamma", 171, 172 }, { "gamma", 171.6243, 171.6244 }, { "gamma", -20, -5 }, { "gamma", -169, -20 }, { "gamma", -187, -166 },
	{ "gamma", -1000, -187 }, { "lgamma", 0, 0.9 }, { "lgamma", 0.9, 1.1 }, { "lgamma", 1.1, 1.9 },
	{ "lgamma", 1.9, 2.1 }, { "lgamma", 2.1, 10 }, { "lgamma", 10, 1000 }, { "lgamma", -2, 0 },
	{ "lgamma", -3, -2 }, { "lgamma", -2.8, -2.7 }, { "lgamma", -10, -3 }, { "lgamma", -100, -10 },
	{ "lgamma", -10000, -100 }, { "lgamma", 2e305, 3e305 }, { "sigmoid", -40, 40 },
	{ "digamma", 0, 1 }, { "digamma", 1, 2 }, { "digamma", 1.46, 1.463 }, { "digamma", 2, 8 }, { "digamma", 7.9, 30 },
	{ "digamma", -1, 0 }, { "digamma", -0.51, -0.5 }, { "digamma", -10, -1 }, { "digamma", -10000, -10 },
	{ "trigamma", 0, 1 }, { "trigamma", 1, 8 }, { "trigamma", 7.9, 30 }, { "trigamma", -1, 0 },
	{ "trigamma", -10, -1 }, { "trigamma", -10000, -10 },
	{ "sigmoid", -750, -700 }, { "softplus", -40, 40 }, { "softplus", -750, -700 },
};

/* Overflow and underflow limits, zeros, and the hardest arguments of pi's multiples. */
static const struct {
	const char *text;
	double point;
} points[] = {
	{ "exp", 709.78 }, { "exp", 709.79 }, { "exp", 709.7827111495574 }, { "exp", 709.782712893384 }, { "exp", -745.1332191019412 }, { "exp", -708.3964185322641 },
	{ "expm1", 709.782712893384 }, { "expm1", -36.7368005696771 }, { "exp2", 1024 },
	{ "exp2", -1075 }, { "exp2", -1022 }, { "sinh", 710.4758600739439 },
	{ "sinh", 709.782712893384 }, { "sinh", -710.4758600739439 }, { "sinh", 709.75 },
	{ "cosh", 710.4758600739439 }, { "cosh", 709.782712893384 }, { "cosh", -710.4758600739439 },
	{ "cosh", 709.75 }, { "erfc", 26.543258454250973 }, { "erfc", 27.226017111108366 },
	{ "erfc", 26.4 }, { "erfc", 28 }, { "gamma", 171.6243769563027 }, { "gamma", -168 },
	{ "gamma", -170.5 }, { "gamma", -183.5 }, { "gamma", -190 }, { "gamma", 5.56268464626801e-309 },
	{ "gamma", 1 }, { "gamma", 2 }, { "gamma", -1 }, { "gamma", -2 }, { "gamma", -20 },
	{ "gamma", -170 }, { "gamma", -171 }, { "gamma", -177 }, { "gamma", -178 }, { "gamma", -184 },
	{ "gamma", -185 }, { "lgamma", 1 }, { "lgamma", 2 }, { "lgamma", -1 }, { "lgamma", -2 },
	{ "lgamma", -3 }, { "lgamma", -2.4570247382208006 }, { "lgamma", -2.7476826467274127 },
	{ "lgamma", -3.1435808883499798 }, { "lgamma", -3.9552942848585979 },
	{ "lgamma", -4.0392618081250764 }, { "lgamma", -4.9915446445599498 },
	{ "lgamma", -5.0082181631532494 }, { "lgamma", -10 }, { "lgamma", -15 }, { "lgamma", -18 },
	{ "lgamma", 2.5563481638716906e305 }, { "sin", 0x1.6ac5b262ca1ffp849 },
	{ "digamma", 1.4616321449683622 }, { "digamma", -0.5040830082644554 }, { "digamma", -1.573498473162391 },
	{ "digamma", -2.6107208684441447 }, { "digamma", -9.702672540001864 }, { "digamma", -1 }, { "digamma", 8 },
	{ "trigamma", 8 }, { "trigamma", -1 }, { "trigamma", 1e-154 }, { "trigamma", 7.458340731200207e-155 },
	{ "sin", 6381956970095103.0 * 0x1p797 }, { "cos", 0x1.6ac5b262ca1ffp849 },
	{ "cos", 6381956970095103.0 * 0x1p797 }, { "tan", 0x1.6ac5b262ca1ffp849 },
	{ "tan", 6381956970095103.0 * 0x1p797 }, { "acosh", 1 }, { "log", 1 }, { "log2", 1 },
	{ "log10", 1 }, { "log1p", -1 }, { "log1p", 0x1p1000 }, { "atanh", 1 }, { "atanh", -1 },
	{ "asin", 1 }, { "acos", 1 }, { "acos", -1 }, { "asinh", 0x1p500 }, { "asinh", 0x1p511 },
	{ "asinh", 0x1p1023 }, { "acosh", 0x1p511 }, { "acosh", 0x1p1023 }, { "tanh", 18.71497387511852 },
	{ "tanh", 18.71 }, { "tanh", -18.71497387511852 }, { "gamma", 171.6 }, { "gamma", 171.7 },
};

static uint64_t next(struct list *list)
{
	uint64_t z = list->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double within(struct list *list, double low, double high)
{
	return low + (high - low) * ((double)(next(list) >> 11) * 0x1p-53);
}

static double from_bits(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* Any finite double, all exponents alike. */
static double anything(struct list *list)
{
	uint64_t bits = next(list);
	return from_bits((bits >> 52 & 2047) == 2047 ? bits ^ UINT64_C(1) << 62 : bits);
}

static void add(struct list *list, double a, double b, double c, double d)
{
	if (list->count == SUPPORT_ARGUMENTS)
		return;
	double *row = list->at[list->count++];
	row[0] = a, row[1] = b, row[2] = c, row[3] = d;
}

static void add_around(struct list *list, double x)
{
	double up = x, down = x;
	for (int k = 0; k < AROUND; k++) {
		add(list, up, 0, 0, 0);
		add(list, down, 0, 0, 0);
		up = nextafter(up, INFINITY);
		down = nextafter(down, -INFINITY);
	}
	for (int k = 30; k < 50; k++) {
		add(list, x * (1 + ldexp(1, -k)), 0, 0, 0);
		add(list, x * (1 - ldexp(1, -k)), 0, 0, 0);
	}
}

static void fill_one(struct list *list, const char *text)
{
	for (int k = 0; k < SPECIALS; k++)
		add(list, special[k], 0, 0, 0);
	for (uint64_t top = 0; top < 4096; top++) /* sign and exponent */
		if (top % 2048 != 2047)
			for (int k = 0; k < 4; k++)
				add(list, from_bits(top << 52 | (k == 0 ? 0 : next(list) >> 12)), 0, 0, 0);
	for (size_t k = 0; k < sizeof intervals / sizeof *intervals; k++)
		if (strcmp(intervals[k].text, text) == 0)
			for (int n = 0; n < PER_INTERVAL; n++)
				add(list, within(list, intervals[k].low, intervals[k].high), 0, 0, 0);
	for (size_t k = 0; k < sizeof points / sizeof *points; k++)
		if (strcmp(points[k].text, text) == 0)
			add_around(list, points[k].point);
	for (int n = 1; n <= 1000; n++) /* near multiples of pi/2, and integers */
		add(list, n * M_PI_2, 0, 0, 0), add(list, n * n * n * 0x1p20 * M_PI_2, 0, 0, 0);
	for (int n = -200; n <= 200; n++)
		add(list, n, 0, 0, 0);
}

/* Pairs of one kind: unrelated, moderate, of about one size, and bases with the
 * exponents that bring their power near overflow or underflow. */
static void add_pair(struct list *list, int kind)
{
	double a = anything(list), s = within(list, -1, 1);
	double near_one = 1 + s * ldexp(1, -(int)(next(list) % 53));
	switch (kind) {
	case 0: add(list, a, anything(list), 0, 0); break;
	case 1: add(list, 100 * s, within(list, -30, 30), 0, 0); break;
	case 2: add(list, a, a * within(list, -2, 2), 0, 0); break;
	case 3: add(list, a, a * ldexp(s, (int)(next(list) % 120) - 60), 0, 0); break;
	case 4: add(list, ldexp(s, -1015), ldexp(within(list, -1, 1), -1015), 0, 0); break;
	case 5: add(list, ldexp(s, -1000), ldexp(s, (int)(next(list) % 40) - 10), 0, 0); break;
	case 6: add(list, fabs(a), within(list, -746, 746) / log(fabs(a)), 0, 0); break;
	case 7: add(list, fabs(a), within(list, 709.7, 709.8) / log(fabs(a)), 0, 0); break;
	case 8: add(list, near_one, within(list, -746, 746) / log(near_one), 0, 0); break;
	case 9: add(list, near_one, ldexp(s, (int)(next(list) % 100)), 0, 0); break;
	case 10: add(list, -near_one, rint(ldexp(s, (int)(next(list) % 70))), 0, 0); break;
	case 11: add(list, 2 * s, rint(ldexp(s, (int)(next(list) % 70))), 0, 0); break;
	case 12: add(list, a, rint(within(list, -746, 746) / log(fabs(a))), 0, 0); break;
	default: add(list, rint(1000 * s), rint(within(list, -50, 50)), 0, 0); break;
	}
}

static void fill_two(struct list *list)
{
	for (int k = 0; k < SPECIALS; k++)
		for (int j = 0; j < SPECIALS; j++)
			add(list, special[k], special[j], 0, 0);
	for (int kind = 0; kind <= 13; kind++)
		for (int n = 0; n < PER_PAIR_KIND; n++)
			add_pair(list, kind);
}

static void fill_four(struct list *list)
{
	for (int n = 0; n < QUADRUPLES; n++) {
		double big = within(list, -0x1p40, 0x1p40);
		uint64_t four = next(list);
		add(list, special[four % SPECIALS], special[four / 64 % SPECIALS],
		    special[four / 4096 % SPECIALS], special[four / 262144 % SPECIALS]);
		add(list, (double)(n % 7), (double)(n % 100), (double)(n / 100), 0);
		add(list, anything(list), rint(big), (double)n, rint(-big));
	}
}

static void shuffle(struct list *list)
{
	for (size_t k = list->count; k > 1; k--) {
		size_t j = next(list) % k;
		double held[SUPPORT_OPERANDS];
		memcpy(held, list->at[j], sizeof held);
		memcpy(list->at[j], list->at[k - 1], sizeof held);
		memcpy(list->at[k - 1], held, sizeof held);
	}
}

size_t support_arguments(const char *text, int arity, double (*at)[SUPPORT_OPERANDS])
{
	struct list list = { 1, at, 0 };
	if (arity == 1)
		fill_one(&list, text);
	else if (arity == 2)
		fill_two(&list);
	else
		fill_four(&list);
	shuffle(&list);
	return list.count;
}
