/* Powers to few digits, which is what lengths of steps need, in a tenth of the time of a short
 * step, which waits for them: no calls, divisions or tables.  The same bits on every machine. */
#ifndef OJ_ROUGH_H
#define OJ_ROUGH_H

#include <stdint.h>
#include <string.h>

/* log2 x for x > 0 to 0.043: what is behind the point of it is taken for the mantissa less
 * one, from which it differs by 0 to 0.086. */
static inline double oj_rough_logarithm(double x)
{
	int64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return (double)bits * 0x1p-52 - 1022.957;
}

/* 2^x, at least 2^-1000 and at most 2^1000, to 0.25 %: the polynomial agrees with 2^m at the
 * Chebyshev points of [0, 1]. */
static inline double oj_rough_power_of_two(double x)
{
	const double shift = 6755399441055744.0; /* added, the nearest integer stands in the last bits */
	x = x < -1000 ? -1000 : x > 1000 ? 1000 : x;
	double shifted = (x - 0.5) + shift, m = x - (shifted - shift), power;
	uint64_t bits;
	memcpy(&bits, &shifted, sizeof bits);
	bits = (bits + 1023) << 52;
	memcpy(&power, &bits, sizeof power);
	return power * (1.0022648 + m * (0.6527527 + m * 0.3422896));
}

/* Of factors that are seldom far from 1, sooner: 2^(8 u) to 0.1 % for |u| <= 0.15, 4 %
 * for |u| <= 0.42, exactly 1 at 0; it grows with u from -1.4 on.  The polynomial agrees
 * with 2^u at 0 and +-0.1299. */
static inline double oj_rough_power_of_256(double u)
{
	double power = (1 + 0.6940841921608706 * u) + 0.24038885675810537 * (u * u);
	power *= power;
	power *= power;
	return power * power;
}

#endif
