/* Loops over all states: sums of stages, and norms.
 *
 * Every sum is taken in the order of the tableau, each product and each sum rounded
 * on its own, whatever the vector length: w0 k0 + w1 k1 + …, then times h, then
 * plus y.  A step emitted as one kernel has to do the same to agree in bits. */
#ifndef OJ_SUMS_H
#define OJ_SUMS_H

#include "solvers/problem.h"
#include "solvers/tableau.h"

/* The nonzero weights of one sum, prepared once: stage k[i] starts at offset[i]. */
struct terms {
	int count;
	int64_t offset[TABLEAU_STAGES];
	double weight[TABLEAU_ROOM];
};
/* Take `count` weights; stages are `stride` doubles apart. */
void oj_terms_set(struct terms *terms, const double *weights, int count, int64_t stride);

/* out[n] = y[n] + h sum of terms. */
void oj_sum_step(int64_t n, const double *y, double h, const double *k, const struct terms *terms,
                 double *out);

/* out[n] = a u[n] + b v[n] + c w[n]; out may be w. */
void oj_sum_three(int64_t n, double a, const double *u, double b, const double *v, double c,
                  const double *w, double *out);

/* change[i] = sum over k = 1 .. order of c_k h^k, slope[i] = that of k c_k h^(k-1), for
 * c_k = c[k n + i].  May read and write up to POWERS_TILE doubles beyond the vectors. */
enum { POWERS_TILE = 4 };
void oj_sum_powers(int64_t n, int order, const double *c, double h, double *change, double *slope);

/* Norms of `estimates` scaled errors h e_j, in one pass; sc from y0 and y1.  Not
 * finite when an error or y1 is not. */
void oj_error_norms(int64_t n, double h, const double *k, const struct terms *e, int estimates,
                    const double *y0, const double *y1, const struct tolerance *tolerance,
                    double *norms);

/* The state whose scaled error is largest, found again for a message. */
int64_t oj_largest_error(int64_t n, const double *k, const struct terms *e, const double *y0, const double *y1,
                         const struct tolerance *tolerance);

/* The norm of v scaled by y, of v - w where w is given. */
double oj_scaled_norm(int64_t n, const double *v, const double *w, const double *y,
                      const struct tolerance *tolerance);

bool oj_all_finite(int64_t n, const double *v);
/* The first that is not; -1: all are. */
int64_t oj_first_nonfinite(int64_t n, const double *v);

#endif
