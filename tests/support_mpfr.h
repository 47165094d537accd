/* Every operator of lib/graph/ops.def over MPFR, at any precision.
 *
 * The higher truth the tests measure against: an operator is its mathematical
 * meaning, correctly rounded to the precision of the result, with C99 annex F's
 * conventions at zeros, poles and infinities.  A whole program is evaluated by
 * calling these node by node.
 *
 * MPFR's exponent range is far wider than double's, so nothing overflows or
 * underflows here; support_mpfr_ulps compares across that difference. */
#ifndef SUPPORT_MPFR_H
#define SUPPORT_MPFR_H

#include <mpfr.h>

/* result = operator(operands[0..count)), at the precision of `result`, which may
 * not be one of the operands.
 *
 * Numbers only: truth is 0 or 1.  `powi` takes its exponent as second operand,
 * `heaviside` its value at 0.  `uniform` and `normal` need operands that are
 * doubles. */
typedef void (*support_mpfr_operator)(mpfr_ptr result, const mpfr_srcptr *operands, int count);

/* The operator of that name (column `text` of ops.def).  NULL for leaves and
 * structures, which only the holder of the program can evaluate. */
support_mpfr_operator support_mpfr_find(const char *text);

/* The same for double operands, at most 8; false where there is no such operator. */
int support_mpfr_apply(mpfr_ptr result, const char *text, const double *operands, int count);

/* The distance of `value` from `exact` in units of the last place of a double at
 * `exact`, which is 2^-1074 for subnormals.  Infinity stands where 2^1024 would.
 * 0 for two nans; infinite where one is a nan, where exactly one of them is an
 * exact infinity, and where a zero has the wrong sign. */
double support_mpfr_ulps(double value, mpfr_srcptr exact);

#endif
