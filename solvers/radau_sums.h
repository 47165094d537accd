/* The sums over states that every iteration of a Radau IIA step takes, written out for each
 * number of stages.  Where there are few states, an iteration is short, and ends of loops that
 * are hard to foresee took a third of it.
 *
 * Stages lie `stride` apart: z and slopes one after the other; w and g as T^-1 orders them, a real one, then
 * pairs of real and imaginary parts by turns, each pair in two strides. */
#ifndef OJ_RADAU_SUMS_H
#define OJ_RADAU_SUMS_H

#include "solvers/radau.h"

struct radau_sums {
	/* w = T^-1 z */
	void (*transform)(const struct radau_row *row, int64_t n, int64_t stride, const double *z, double *w);
	/* g = T^-1 slopes - lambda w, for lambda[stages] a real number and pairs. */
	void (*residuals)(const struct radau_row *row, int64_t n, int64_t stride, const double *lambda, const double *slopes,
	                  const double *w, double *g);
	/* w += g, z = T w */
	void (*advance)(const struct radau_row *row, int64_t n, int64_t stride, const double *g, double *w, double *z);
	/* out[n] = the squares of g times the weight, summed over the stages; 0 counts as 0 whatever
	 * the weight is. */
	void (*squares)(int64_t n, int64_t stride, const double *g, const double *weight, double *out);
};
/* For rows of that many stages and n states; the bits do not depend on n. */
const struct radau_sums *oj_radau_sums(int stages, int64_t n);

#endif
