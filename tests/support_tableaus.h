/* What every row of the table of methods must pass, and any row that is to become one:
 * Criterion expectations that name the row. */
#ifndef SUPPORT_TABLEAUS_H
#define SUPPORT_TABLEAUS_H

#include "tests/support_trees.h"

/* As many numbers as the row says; nodes are the sums of their rows; fsal is true. */
void support_tableau_sizes(const struct tableau *row);
void support_tableau_nodes(const struct tableau *row);
void support_tableau_fsal(const struct tableau *row);

/* Weights w at theta satisfy the conditions up to `order` and not those of the next. */
void support_tableau_order(const char *name, const char *what, const struct support_stages *stages, const support_real *w,
                           int order, support_real theta);

/* The order conditions: solution, comparison solutions and interpolant have their order
 * and no more.  The interpolant ends in the solution, to the bit. */
void support_tableau_solution(const struct tableau *row);
void support_tableau_comparisons(const struct tableau *row);
void support_tableau_interpolant(const struct tableau *row);
void support_tableau_ends(const struct tableau *row);

/* Errors measured: a step of the row, its estimates and its interpolant are evaluated in
 * MPFR on nonlinear equations that depend on time, and shrink with h as they should.
 * Only the coefficients are rounded to doubles, so that order 9 shows. */
void support_tableau_slopes(const struct tableau *row);

#endif
