/* LU factors of large full matrices in blocks of columns, as LAPACK's dgetrf and zgetrf make them, but with
 * somebody asked in between whether to go on: of tens of thousands of rows they take minutes.
 *
 * A panel of columns is factorised by LAPACK, its exchanges of rows and its eliminations are carried to what
 * is right of it, a strip of columns at a time, whose products BLAS makes (right-looking elimination; J. J.
 * Dongarra et al., Numerical Linear Algebra for High-Performance Computers, 5.4). */
#ifndef OJ_BLOCKED_H
#define OJ_BLOCKED_H

#include "solvers/linear.h"

enum { BLOCKED_LEAST = 1024 }; /* rows; fewer take a blink */

/* Factors in place of a[n n], pairs where not `real`, and pivots[n] as LAPACK's solvers take them.  False:
 * singular, or linear->go_on said so. */
bool oj_blocked_factor(const struct linear *linear, bool real, int n, double *a, int *pivots);

#endif
