/* See support_mpfr.h. */
#include "tests/support_mpfr.h"

#include <math.h>

enum { GUARD = 64, OPERANDS = 8 };

int support_mpfr_apply(mpfr_ptr result, const char *text, const double *operands, int count)
{
	mpfr_operator evaluate = oj_mpfr_find(text);
	mpfr_t values[OPERANDS];
	mpfr_srcptr pointers[OPERANDS];
	if (evaluate == NULL || count < 1 || count > OPERANDS)
		return 0;
	for (int k = 0; k < count; k++) {
		mpfr_init2(values[k], 53);
		mpfr_set_d(values[k], operands[k], MPFR_RNDN);
		pointers[k] = values[k];
	}
	evaluate(result, pointers, count);
	for (int k = 0; k < count; k++)
		mpfr_clear(values[k]);
	return 1;
}

double support_mpfr_ulps(double value, mpfr_srcptr exact)
{
	if (isnan(value) || mpfr_nan_p(exact))
		return isnan(value) && mpfr_nan_p(exact) ? 0 : INFINITY;
	if (mpfr_inf_p(exact))
		return isinf(value) && !signbit(value) == !mpfr_signbit(exact) ? 0 : INFINITY;
	if (value == 0 && !signbit(value) != !mpfr_signbit(exact))
		return INFINITY;
	mpfr_exp_t exponent = mpfr_zero_p(exact) ? -1021 : mpfr_get_exp(exact);
	if (isinf(value) && exponent > 1024)
		return !signbit(value) == !mpfr_signbit(exact) ? 0 : INFINITY;
	if (exponent < -1021)
		exponent = -1021;
	if (exponent > 1024)
		exponent = 1024;
	mpfr_t distance;
	mpfr_init2(distance, mpfr_get_prec(exact) + GUARD);
	if (isinf(value))
		mpfr_set_si_2exp(distance, value > 0 ? 1 : -1, 1024, MPFR_RNDN);
	else
		mpfr_set_d(distance, value, MPFR_RNDN);
	mpfr_sub(distance, distance, exact, MPFR_RNDN);
	mpfr_mul_2si(distance, distance, 53 - exponent, MPFR_RNDN);
	double ulps = fabs(mpfr_get_d(distance, MPFR_RNDA));
	mpfr_clear(distance);
	return ulps;
}
