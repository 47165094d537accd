/* Loops over all states: sums of stages, and norms.
 *
 * Sums are taken in the order of the tableau, of weights that are times h already.  A product
 * and its sum are rounded once where lib/math has fused multiply-adds (struct sums holds
 * the functions of this processor), and twice where it has not, whatever the vector length:
 * ((w0 k0 + w1 k1) + ...).  What y is added to differs: a stage waits for the slope of the stage
 * before, so this comes last, (y + older terms) + newest; what lasts is rounded least, y +
 * (all terms).  A step emitted as one kernel has to do the same to agree in bits. */
#ifndef OJ_SUMS_H
#define OJ_SUMS_H

#include "solvers/problem.h"
#include "solvers/tableau.h"

/* The terms of one sum whose weights are not 0: stage k[i] starts at offset[i]. */
struct terms {
	int count;
	int64_t offset[TABLEAU_STAGES];
};
/* Take those of `count` weights that are not 0 to taken[]; their number.  Stages are
 * `stride` doubles apart. */
int oj_terms_set(struct terms *terms, const double *weights, int count, int64_t stride, double *taken);
/* out[count] = h times w[count], which may be the same. */
void oj_terms_scale(int count, double h, const double *w, double *out);

struct sums {
	bool fused; /* multiply-adds are */
	void (*copy)(int64_t n, const double *from, double *to); /* apart from each other */
	/* out[n] = (y[n] + the older terms) + the newest, of weights w[terms->count]. */
	void (*stage)(int64_t n, const double *y, const double *k, const struct terms *terms, const double *w, double *out);
	/* out[n] = y[n] + sum of terms. */
	void (*step)(int64_t n, const double *y, const double *k, const struct terms *terms, const double *w, double *out);
	/* The square of the norm of one estimate's scaled errors, sums of terms; scales from
	 * y0 and y1.  Not finite when an error or y1 is not.  `padded` >= n is how far loops may run:
	 * stages, y0, y1 and atol are 0 from n on. */
	double (*norm)(int64_t n, int64_t padded, const double *k, const struct terms *terms, const double *w, const double *y0,
	               const double *y1, const struct tolerance *tolerance);
	/* change[i] = sum over k = 1 .. order of c_k h^k, slope[i] = that of k c_k h^(k-1), for
	 * c_k = c[k n + i]; slope NULL: not wanted.  Horner's scheme in h^2, even and odd powers
	 * apart, so that half as many operations wait for each other. */
	void (*powers)(int64_t n, int order, const double *c, double h, double *change, double *slope);
};
/* For n states; whatever n is, the bits are the same. */
const struct sums *oj_sums(int64_t n);
/* For slopes that a kernel has stored number by number: up to 64 states no vectors of eight, for
 * these wait longer for what was stored in parts. */
const struct sums *oj_sums_apart(int64_t n);

/* Those of less than OJ_FEW states (few.c), with and without fused multiply-adds. */
enum { OJ_FEW = 8 };
extern const struct sums oj_few_fused __attribute__((visibility("hidden")));
extern const struct sums oj_few_apart __attribute__((visibility("hidden")));
/* Those below, for so few. */
void oj_few_weighted(int64_t n, int count, const double *weights, const double *v, int64_t stride, double *out);
double oj_few_weighted_norm(int64_t n, const double *v, const double *weight, bool max_norm);
double oj_few_in_parts(int64_t n, const double *v);

/* out[n] = u[n] + v[n], apart from both. */
void oj_sum_two(int64_t n, const double *u, const double *v, double *out);
/* out[n] = a u[n] + b v[n] + c w[n]; out may be w. */
void oj_sum_three(int64_t n, double a, const double *u, double b, const double *v, double c,
                  const double *w, double *out);

/* The state whose scaled error is largest, found again for a message. */
int64_t oj_largest_error(int64_t n, const double *k, const struct terms *terms, const double *w, const double *y0,
                         const double *y1, const struct tolerance *tolerance);

/* The norm of v scaled by y, of v - w where w is given. */
double oj_scaled_norm(int64_t n, const double *v, const double *w, const double *y,
                      const struct tolerance *tolerance);

/* The norm of v times weights, of which 0 takes 0 whatever the weight is. */
double oj_weighted_norm(int64_t n, const double *v, const double *weight, bool max_norm);
/* The sum of v[n], in eight parts. */
double oj_sum_in_parts(int64_t n, const double *v);
/* out[n] = sum of weights[k] v[k stride + i] over k < count, at least one, in that order; apart from v. */
void oj_sum_weighted(int64_t n, int count, const double *weights, const double *v, int64_t stride, double *out);

/* y + (left out before + change): the sum, and what it leaves out. */
static inline double oj_add_change(double y, double low, double change, double *left)
{
	double more = low + change, sum = y + more, part = sum - y;
	*left = (y - (sum - part)) + (more - part);
	return sum;
}
bool oj_all_finite(int64_t n, const double *v);
/* The first that is not; -1: all are. */
int64_t oj_first_nonfinite(int64_t n, const double *v);

#endif
