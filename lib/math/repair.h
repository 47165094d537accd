/* Values where SLEEF's are wrong: scalar, slow, right to well below one unit in
 * the last place, and the same on every CPU.  lanes.h says when it calls them. */
#ifndef OJ_MATH_REPAIR_H
#define OJ_MATH_REPAIR_H

/* The function at x, where |x| > 709 (sinh, cosh), |x| < 900 (exp), |x| > 2^60
 * (asinh, acosh, log1p), 26 < x < 28 (erfc), x < -160 or 2 < x < 172 (gamma),
 * x > 2^60 or x < -2 (lgamma), x < 0 (digamma, trigamma). */
double oj_repair_exp(double x);
double oj_repair_sinh(double x);
double oj_repair_cosh(double x);
double oj_repair_asinh(double x);
double oj_repair_acosh(double x);
double oj_repair_log1p(double x);
double oj_repair_erfc(double x);
double oj_repair_gamma(double x);
double oj_repair_lgamma(double x);
double oj_repair_digamma(double x);
double oj_repair_trigamma(double x);

/* x^y, finite operands, x not 0, where SLEEF says it overflows. */
double oj_repair_pow(double x, double y);

/* Floored modulo as lib/math/math.h defines it, any operands. */
double oj_repair_mod(double a, double b);

#endif
