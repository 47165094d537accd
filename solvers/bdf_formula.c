/* See bdf_formula.h. */
#include "solvers/bdf_formula.h"

#include <math.h>
#include <string.h>

/* 1 + 1/2 + ... + 1/k */
static double harmonic(int k)
{
	double sum = 0;
	for (int j = 1; j <= k; j++)
		sum += 1.0 / j;
	return sum;
}

/* Multiply the polynomial p of degree `degree` by a + b x. */
static void multiply(double *p, int degree, double a, double b)
{
	p[degree + 1] = b * p[degree];
	for (int j = degree; j > 0; j--)
		p[j] = a * p[j] + b * p[j - 1];
	p[0] *= a;
}

void oj_bdf_formula_set(struct bdf_formula *formula, int order, double h, const double *past)
{
	int q = order;
	double xi = 1, inverse = 0, product = 1; /* xi_j; the sum of 1/xi_j and the product of xi_j for j < q */
	*formula = (struct bdf_formula){.order = q, .l = {1}};
	for (int j = 1; j < q; j++) {
		multiply(formula->l, j - 1, 1, 1 / xi);
		inverse += 1 / xi;
		product *= xi;
		xi += past[j - 1] / h;
	}
	multiply(formula->l, q - 1, 1, harmonic(q) - inverse);
	double leading = harmonic(q), all = inverse + 1 / xi, next = xi + past[q - 1] / h;
	double a = 1 + all - leading, b = 1 + q * a;
	formula->error = fabs(a / (leading * b));
	formula->measure = fabs(b * product * xi);
	formula->lower = q > 1 ? fabs(product * (1 + inverse - harmonic(q - 1)) / harmonic(q - 1)) : 0;
	formula->higher = fabs((1 + all + 1 / next - harmonic(q + 1)) * next / (b * (q + 2) * harmonic(q + 1)));
}

/* x^2 (x + xi_1) ... (x + xi_count), xi_j the distance of the j-th point before. */
static void vanishing(int count, const double *past, double share[BDF_MOST + 1])
{
	double xi = 0;
	memset(share, 0, (BDF_MOST + 1) * sizeof *share);
	share[2] = 1;
	for (int j = 0; j < count; j++) {
		xi += past[j] / past[0];
		multiply(share, j + 2, xi, 1);
	}
}

double oj_bdf_raise(int order, const double *past, double share[BDF_MOST + 1])
{
	double xi = 0, inverse = 0, product = 1;
	for (int j = 0; j < order; j++) {
		xi += past[j] / past[0];
		inverse += 1 / xi;
		product *= xi;
	}
	vanishing(order - 1, past, share);
	return (harmonic(order) - inverse) / product;
}

void oj_bdf_lower(int order, const double *past, double share[BDF_MOST + 1])
{
	vanishing(order - 2, past, share);
}
