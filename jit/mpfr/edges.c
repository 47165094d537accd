/* See edges.h. */
#include "jit/mpfr/edges.h"

static int sign(mpfr_srcptr x)
{
	return mpfr_nan_p(x) ? 3 : 1 + (mpfr_sgn(x) > 0) - (mpfr_sgn(x) < 0);
}

enum { PERIODS = 64 }; /* of jumps that are told apart */

/* a / b rounded down, but for multiples of PERIODS: exact, however great it is. */
static int quotient(mpfr_srcptr a, mpfr_srcptr b)
{
	mpfr_t rest, periods;
	if (!mpfr_number_p(a) || !mpfr_regular_p(b))
		return PERIODS;
	mpfr_inits2(mpfr_get_prec(b), rest, periods, (mpfr_ptr)0);
	mpfr_mul_ui(periods, b, PERIODS, MPFR_RNDN);
	mpfr_fmod(rest, a, periods, MPFR_RNDN);
	mpfr_div(rest, rest, b, MPFR_RNDD);
	int times = (int)mpfr_get_si(rest, MPFR_RNDD);
	mpfr_clears(rest, periods, (mpfr_ptr)0);
	return times < 0 ? times + PERIODS : times;
}

/* Jumps from one whole number to the next. */
static int whole(mpfr_srcptr value)
{
	mpfr_t one;
	mpfr_init2(one, mpfr_get_prec(value));
	mpfr_set_ui(one, 1, MPFR_RNDN);
	int side = quotient(value, one);
	mpfr_clear(one);
	return side;
}

/* The jump along the negative axis ends at the origin. */
static int cut(mpfr_srcptr y, mpfr_srcptr x)
{
	if (mpfr_zero_p(x) && mpfr_zero_p(y))
		return 4;
	return mpfr_sgn(x) < 0 && mpfr_cmpabs(y, x) < 0 ? sign(y) : 5;
}

/* At base 0 it matters whether the exponent is positive. */
static int power(const mpfr_srcptr *a)
{
	return 4 * (mpfr_zero_p(a[0]) ? sign(a[1]) : 3) + sign(a[0]);
}

bool oj_has_edges(enum op op)
{
	switch (op) {
	case OP_DIV: case OP_SQRT: case OP_CBRT: case OP_ABS: case OP_FLOOR: case OP_CEIL: case OP_ROUND:
	case OP_ATAN2: case OP_HYPOT: case OP_POW: case OP_POWI: case OP_MOD: case OP_SIGN: case OP_RELU:
	case OP_HEAVISIDE: case OP_LOG: case OP_LOG2: case OP_LOG10: case OP_STRONG:
		return true;
	default:
		return false;
	}
}

int oj_edge_side(enum op op, const mpfr_srcptr *a, mpfr_srcptr value)
{
	switch (op) {
	case OP_DIV:
		return sign(a[1]);
	case OP_FLOOR: case OP_CEIL: case OP_ROUND:
		return whole(value);
	case OP_MOD:
		return quotient(a[0], a[1]);
	case OP_ATAN2:
		return cut(a[0], a[1]);
	case OP_HYPOT:
		return mpfr_zero_p(value) != 0;
	case OP_POW:
		return power(a);
	case OP_POWI: /* a pole, or none */
		return mpfr_sgn(a[1]) < 0 ? sign(a[0]) : 0;
	case OP_STRONG: /* what is left out is a number, or not */
		return mpfr_number_p(a[1]) ? 0 : 1 + (mpfr_zero_p(a[0]) != 0);
	default:
		return sign(a[0]);
	}
}
