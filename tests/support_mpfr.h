/* Operators over MPFR (jit/mpfr/operators.h) for doubles, and distances from what they
 * give: the higher truth the tests measure against.
 *
 * MPFR's exponent range is far wider than double's, so nothing overflows or
 * underflows here; support_mpfr_ulps compares across that difference. */
#ifndef SUPPORT_MPFR_H
#define SUPPORT_MPFR_H

#include "jit/mpfr/operators.h"

/* The operator of that name for double operands, at most 8; false where there is none. */
int support_mpfr_apply(mpfr_ptr result, const char *text, const double *operands, int count);

/* The distance of `value` from `exact` in units of the last place of a double at
 * `exact`, which is 2^-1074 for subnormals.  Infinity stands where 2^1024 would.
 * 0 for two nans; infinite where one is a nan, where exactly one of them is an
 * exact infinity, and where a zero has the wrong sign. */
double support_mpfr_ulps(double value, mpfr_srcptr exact);

#endif
