/* One function an operator, one row a function.  Most are MPFR's own; what is
 * written here is composed with GUARD bits more inside, so that no digit of the
 * result's precision is lost. */
#include "jit/mpfr/operators.h"

#include "lib/math/random.h"

#include <string.h>

enum { GUARD = 64 };

#define UNARY(name, call)                                                            \
	static void of_##name(mpfr_ptr r, const mpfr_srcptr *x, int count)           \
	{                                                                            \
		(void)count;                                                         \
		call(r, x[0], MPFR_RNDN);                                            \
	}
#define BINARY(name, call)                                                           \
	static void of_##name(mpfr_ptr r, const mpfr_srcptr *x, int count)           \
	{                                                                            \
		(void)count;                                                         \
		call(r, x[0], x[1], MPFR_RNDN);                                      \
	}
#define COMPARISON(name, test)                                                       \
	static void of_##name(mpfr_ptr r, const mpfr_srcptr *x, int count)           \
	{                                                                            \
		(void)count;                                                         \
		mpfr_set_si(r, (test) != 0, MPFR_RNDN);                              \
	}

UNARY(neg, mpfr_neg)
BINARY(div, mpfr_div)
UNARY(sqrt, mpfr_sqrt)
UNARY(abs, mpfr_abs)
UNARY(floor, mpfr_rint_floor)
UNARY(ceil, mpfr_rint_ceil)
UNARY(round, mpfr_rint_roundeven)

UNARY(sin, mpfr_sin)
UNARY(cos, mpfr_cos)
UNARY(tan, mpfr_tan)
UNARY(cot, mpfr_cot)
UNARY(asin, mpfr_asin)
UNARY(acos, mpfr_acos)
UNARY(atan, mpfr_atan)
BINARY(atan2, mpfr_atan2)
UNARY(sinh, mpfr_sinh)
UNARY(cosh, mpfr_cosh)
UNARY(tanh, mpfr_tanh)
UNARY(asinh, mpfr_asinh)
UNARY(acosh, mpfr_acosh)
UNARY(atanh, mpfr_atanh)
UNARY(exp, mpfr_exp)
UNARY(expm1, mpfr_expm1)
UNARY(exp2, mpfr_exp2)
UNARY(log, mpfr_log)
UNARY(log1p, mpfr_log1p)
UNARY(log2, mpfr_log2)
UNARY(log10, mpfr_log10)
UNARY(cbrt, mpfr_cbrt)
BINARY(hypot, mpfr_hypot)
BINARY(pow, mpfr_pow)
UNARY(erf, mpfr_erf)
UNARY(erfc, mpfr_erfc)
UNARY(gamma, mpfr_gamma)
UNARY(digamma, mpfr_digamma)

COMPARISON(lt, mpfr_less_p(x[0], x[1]))
COMPARISON(le, mpfr_lessequal_p(x[0], x[1]))
COMPARISON(eq, mpfr_equal_p(x[0], x[1]))
COMPARISON(ne, !mpfr_equal_p(x[0], x[1]))
COMPARISON(and, !mpfr_zero_p(x[0]) && !mpfr_zero_p(x[1]))
COMPARISON(or, !mpfr_zero_p(x[0]) || !mpfr_zero_p(x[1]))
COMPARISON(not, mpfr_zero_p(x[0]))

static void of_if(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	mpfr_set(r, mpfr_zero_p(x[0]) ? x[2] : x[1], MPFR_RNDN);
}

static void of_add(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	mpfr_set(r, x[0], MPFR_RNDN);
	for (int k = 1; k < count; k++)
		mpfr_add(r, r, x[k], MPFR_RNDN);
}

static void of_mul(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	mpfr_set(r, x[0], MPFR_RNDN);
	for (int k = 1; k < count; k++)
		mpfr_mul(r, r, x[k], MPFR_RNDN);
}

static void of_fma(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	mpfr_fma(r, x[0], x[1], x[2], MPFR_RNDN);
}

/* IEEE 754-2019 minimum and maximum: mpfr_min ignores a nan and orders zeros by
 * position, so both are said here. */
static void extremum(mpfr_ptr r, const mpfr_srcptr *x, int want_greater)
{
	if (mpfr_nan_p(x[0]) || mpfr_nan_p(x[1])) {
		mpfr_set_nan(r);
		return;
	}
	int first;
	if (mpfr_zero_p(x[0]) && mpfr_zero_p(x[1]))
		first = want_greater ? !mpfr_signbit(x[0]) : mpfr_signbit(x[0]);
	else
		first = want_greater ? mpfr_greater_p(x[0], x[1]) : mpfr_less_p(x[0], x[1]);
	mpfr_set(r, first ? x[0] : x[1], MPFR_RNDN);
}

static void of_min(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	extremum(r, x, 0);
}

static void of_max(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	extremum(r, x, 1);
}

static void of_lgamma(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	int sign;
	(void)count;
	mpfr_lgamma(r, &sign, x[0], MPFR_RNDN);
}

/* The central difference of digamma, which MPFR has: of a double's distance to the
 * next pole the step takes less than 2^-(precision / 2), and its square is lost. */
static void of_trigamma(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	mpfr_prec_t bits = mpfr_get_prec(r), shift = bits / 2 + GUARD;
	mpfr_t at, step, low;
	(void)count;
	if (mpfr_nan_p(x[0]) || mpfr_inf_p(x[0])) {
		mpfr_ui_div(r, 0, x[0], MPFR_RNDN);
		if (mpfr_inf_p(x[0]) && mpfr_signbit(x[0]))
			mpfr_set_nan(r);
		return;
	}
	if (mpfr_zero_p(x[0]) || (mpfr_integer_p(x[0]) && mpfr_signbit(x[0]))) {
		mpfr_set_inf(r, 1);
		return;
	}
	mpfr_inits2(bits + shift + 2 * GUARD, at, step, low, (mpfr_ptr)0);
	mpfr_div_2si(step, x[0], shift, MPFR_RNDN);
	mpfr_sub(at, x[0], step, MPFR_RNDN);
	mpfr_digamma(low, at, MPFR_RNDN);
	mpfr_add(at, x[0], step, MPFR_RNDN);
	mpfr_digamma(at, at, MPFR_RNDN);
	mpfr_sub(at, at, low, MPFR_RNDN);
	mpfr_div(at, at, step, MPFR_RNDN);
	mpfr_div_2ui(r, at, 1, MPFR_RNDN);
	mpfr_clears(at, step, low, (mpfr_ptr)0);
}

/* Floored modulo: fmod's remainder, moved by one divisor where the signs differ;
 * a zero takes the divisor's sign. */
static void of_mod(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	mpfr_fmod(r, x[0], x[1], MPFR_RNDN);
	if (mpfr_nan_p(r))
		return;
	if (mpfr_zero_p(r))
		mpfr_setsign(r, r, mpfr_signbit(x[1]), MPFR_RNDN);
	else if (!mpfr_signbit(r) != !mpfr_signbit(x[1]))
		mpfr_add(r, r, x[1], MPFR_RNDN);
}

static int random_words(const mpfr_srcptr *x, int stream, uint64_t words[2])
{
	double operands[4];
	for (int k = 0; k < 4; k++)
		operands[k] = mpfr_get_d(x[k], MPFR_RNDN);
	return oj_math_random(operands, stream, words);
}

static void of_uniform(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	uint64_t words[2];
	(void)count;
	if (!random_words(x, OJ_MATH_STREAM_UNIFORM, words)) {
		mpfr_set_nan(r);
		return;
	}
	mpfr_set_ui_2exp(r, words[0] >> 11, -53, MPFR_RNDN);
}

/* sqrt(-2 log u) cos(2 pi v), u and v as in lib/math/random.h. */
static void of_normal(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	uint64_t words[2];
	mpfr_t u, v;
	(void)count;
	if (!random_words(x, OJ_MATH_STREAM_NORMAL, words)) {
		mpfr_set_nan(r);
		return;
	}
	mpfr_inits2(mpfr_get_prec(r) + GUARD, u, v, (mpfr_ptr)0);
	mpfr_set_ui_2exp(u, (words[0] >> 11) + 1, -53, MPFR_RNDN);
	mpfr_log(u, u, MPFR_RNDN);
	mpfr_mul_si(u, u, -2, MPFR_RNDN);
	mpfr_sqrt(u, u, MPFR_RNDN);
	mpfr_set_ui_2exp(v, words[1] >> 11, -52, MPFR_RNDN);
	mpfr_cospi(v, v, MPFR_RNDN);
	mpfr_mul(r, u, v, MPFR_RNDN);
	mpfr_clears(u, v, (mpfr_ptr)0);
}

static void of_sign(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	if (mpfr_nan_p(x[0]))
		mpfr_set_nan(r);
	else
		mpfr_set_si(r, mpfr_sgn(x[0]), MPFR_RNDN);
}

/* 1 / (1 + exp(-x)) */
static void of_sigmoid(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	mpfr_t e;
	(void)count;
	mpfr_init2(e, mpfr_get_prec(r) + GUARD);
	mpfr_neg(e, x[0], MPFR_RNDN);
	mpfr_exp(e, e, MPFR_RNDN);
	mpfr_add_si(e, e, 1, MPFR_RNDN);
	mpfr_si_div(r, 1, e, MPFR_RNDN);
	mpfr_clear(e);
}

static void of_relu(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	if (mpfr_nan_p(x[0]))
		mpfr_set_nan(r);
	else if (mpfr_sgn(x[0]) > 0)
		mpfr_set(r, x[0], MPFR_RNDN);
	else
		mpfr_set_zero(r, +1);
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), which overflows nowhere */
static void of_softplus(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	mpfr_t e;
	(void)count;
	mpfr_init2(e, mpfr_get_prec(r) + GUARD);
	mpfr_abs(e, x[0], MPFR_RNDN);
	mpfr_neg(e, e, MPFR_RNDN);
	mpfr_exp(e, e, MPFR_RNDN);
	mpfr_log1p(e, e, MPFR_RNDN);
	if (mpfr_nan_p(x[0]) || mpfr_sgn(x[0]) > 0)
		mpfr_add(r, x[0], e, MPFR_RNDN);
	else
		mpfr_set(r, e, MPFR_RNDN);
	mpfr_clear(e);
}

static void of_heaviside(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	if (mpfr_nan_p(x[0]))
		mpfr_set_nan(r);
	else if (mpfr_zero_p(x[0]))
		mpfr_set(r, x[1], MPFR_RNDN);
	else
		mpfr_set_si(r, mpfr_sgn(x[0]) > 0, MPFR_RNDN);
}

static void of_strong(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	if (mpfr_zero_p(x[0]))
		mpfr_set_zero(r, 1);
	else
		mpfr_mul(r, x[0], x[1], MPFR_RNDN);
}

static void of_powi(mpfr_ptr r, const mpfr_srcptr *x, int count)
{
	(void)count;
	mpfr_pow_si(r, x[0], mpfr_get_si(x[1], MPFR_RNDN), MPFR_RNDN);
}

static const struct row {
	const char *text;
	mpfr_operator evaluate;
} rows[] = {
#define ROW(name) { #name, of_##name },
	ROW(add) ROW(mul) ROW(neg) ROW(div) ROW(fma) ROW(sqrt) ROW(abs) ROW(floor) ROW(ceil)
	ROW(round) ROW(min) ROW(max) ROW(lt) ROW(le) ROW(eq) ROW(ne) ROW(and) ROW(or) ROW(not)
	ROW(if) ROW(sin) ROW(cos) ROW(tan) ROW(asin) ROW(acos) ROW(atan) ROW(atan2) ROW(sinh)
	ROW(cosh) ROW(tanh) ROW(asinh) ROW(acosh) ROW(atanh) ROW(exp) ROW(expm1) ROW(exp2)
	ROW(log) ROW(log1p) ROW(log2) ROW(log10) ROW(cbrt) ROW(hypot) ROW(pow) ROW(erf) ROW(erfc)
	ROW(gamma) ROW(lgamma) ROW(digamma) ROW(trigamma) ROW(mod) ROW(uniform) ROW(normal) ROW(cot) ROW(sign) ROW(sigmoid)
	ROW(relu) ROW(softplus) ROW(heaviside) ROW(strong) ROW(powi)
#undef ROW
};

mpfr_operator oj_mpfr_find(const char *text)
{
	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
		if (strcmp(rows[k].text, text) == 0)
			return rows[k].evaluate;
	return NULL;
}
