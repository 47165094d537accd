/* Every operator of lib/graph/ops.def over MPFR, at any precision.
 *
 * An operator is its mathematical meaning, correctly rounded to the precision of the
 * result, with C99 annex F's conventions at zeros, poles and infinities. */
#ifndef OJ_MPFR_OPERATORS_H
#define OJ_MPFR_OPERATORS_H

#include <mpfr.h>

/* result = operator(operands[0..count)), at the precision of `result`, which may
 * not be one of the operands.
 *
 * Numbers only: truth is 0 or 1.  `powi` takes its exponent as second operand,
 * `heaviside` its value at 0.  `uniform` and `normal` need operands that are
 * doubles. */
typedef void (*mpfr_operator)(mpfr_ptr result, const mpfr_srcptr *operands, int count);

/* The operator of that name (column `text` of ops.def).  NULL for leaves and
 * structures, which only the holder of the program can evaluate. */
mpfr_operator oj_mpfr_find(const char *text);

#endif
