/* Loops over arrays of scaled derivatives, z[order + 1][stride], for vectors. */
#ifndef OJ_BDF_ARRAY_H
#define OJ_BDF_ARRAY_H

#include <stdint.h>

/* The array moved on by `ratio` of the length it is scaled by: rows 1 .. order of `next`, by
 * Pascal's triangle; what y changes by, and where it gets; and psi = shift times row 1. */
struct bdf_prediction {
	double *next, *change, *predicted, *psi;
};
void oj_bdf_predict(int64_t n, int order, const double *z, int64_t stride, double ratio, double shift,
                    const struct bdf_prediction *out);
/* y1 = y + (low + change + d), and what its rounding leaves out. */
void oj_bdf_add(int64_t n, const double *y, const double *low, const double *change, const double *d, double *y1,
                double *left);
/* Rows 1 .. order gain l[j] d. */
void oj_bdf_correct(int64_t n, int order, const double *l, const double *d, double *next, int64_t stride);

#endif
