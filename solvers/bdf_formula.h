/* Formulas of the backward differentiation family with a fixed leading coefficient, for any
 * lengths of the steps before, over arrays of h^j y^(j)/j! (Nordsieck's).
 *
 * With xi_j = (t_n - t_(n-j))/h a step corrects the predicted array by d l_j, d the correction of
 * y and l_j the coefficients of (1 + x/xi_1) ... (1 + x/xi_(q-1)) (1 + x/xi*), where xi* is such
 * that l_1 is 1 + 1/2 + ... + 1/q whatever the steps before were: hence gamma is h/l_1.
 *
 * Sources: K. R. Jackson, R. Sacks-Davis, An alternative implementation of variable step-size
 * multistep formulas for stiff ODEs, ACM Trans. Math. Softw. 6 (1980) 295-318; P. N. Brown, G. D.
 * Byrne, A. C. Hindmarsh, VODE, SIAM J. Sci. Stat. Comput. 10 (1989) 1038-1051. */
#ifndef OJ_BDF_FORMULA_H
#define OJ_BDF_FORMULA_H

enum { BDF_MOST = 5 }; /* the highest order that is stable for stiff equations at all */

struct bdf_formula {
	int order;
	double l[BDF_MOST + 1];
	double error;   /* times the correction: the error of this step */
	double lower;   /* times the array's last entry: that of the formula one order lower; 0 for order 1 */
	double higher;  /* times a difference of corrections: that of the formula one order higher */
	double measure; /* a correction over this and h^(order + 1) is comparable from step to step */
};
/* For a step of length h after steps of lengths past[0], past[1], ..., the last one first:
 * order of them, but order - 1 for all but `higher`. */
void oj_bdf_formula_set(struct bdf_formula *formula, int order, double h, const double *past);

/* How to go from an order to the next, given past[0 .. order - 1], past[0] the length that the
 * array is scaled by: entry order + 1 becomes the correction times the result, and entries
 * j = 2 .. order gain it times share[j]. */
double oj_bdf_raise(int order, const double *past, double share[BDF_MOST + 1]);
/* To the one before: entries j = 2 .. order - 1 lose share[j] times the last one. */
void oj_bdf_lower(int order, const double *past, double share[BDF_MOST + 1]);

#endif
