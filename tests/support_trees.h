/* Rooted trees, and how far the weights of a Runge–Kutta method are from a tree's order
 * condition (Butcher; HNW II.2, theorem 2.13; for interpolants II.6): the weighted sum
 * of elementary weights is theta^order / density.  Trees are generated here, so whoever
 * checks with them knows nothing of any method. */
#ifndef SUPPORT_TREES_H
#define SUPPORT_TREES_H

#include "solvers/tableau.h"

typedef long double support_real; /* 64 bits of mantissa at least: a row's own rounding shows */

enum { SUPPORT_TREE_ORDER = 10 }; /* trees up to here */

/* How many trees of an order were found. */
int support_trees_count(int order);

/* A row with all its stages, f1 and the extra ones, as one square matrix.  What hangs below a
 * node alone is weighed by `single`: in Runge-Kutta methods as all else, in Rosenbrock methods,
 * which know J exactly, by a and the coefficients of J together (Hairer, Wanner, Solving
 * Ordinary Differential Equations II, theorem IV.7.4). */
struct support_stages {
	int count;
	support_real a[TABLEAU_STAGES][TABLEAU_STAGES], single[TABLEAU_STAGES][TABLEAU_STAGES]; /* upper triangles 0 */
};
void support_stages_of(const struct tableau *row, struct support_stages *stages);

/* The largest distance of weights w[count] from the conditions of an order at theta,
 * over the sum of absolute terms, which is what rounded coefficients can be asked for. */
support_real support_trees_defect(const struct support_stages *stages, const support_real *w, int order,
                                  support_real theta);

#endif
