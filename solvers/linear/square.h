/* Factors of full matrices with partial pivoting, in blocks; see square.c.
 *
 * Column by column; complex matrices are two planes, of real and of imaginary parts, one behind
 * the other, and so are vectors. */
#ifndef OJ_SQUARE_H
#define OJ_SQUARE_H

#include <stdbool.h>

/* a[planes][n n] becomes its factors, rows having been exchanged as pivots[n] says.  False:
 * singular, or not finite. */
bool oj_square_factor(int n, int planes, double *a, int *pivots);
/* x[planes][n] = a^-1 x */
void oj_square_solve(int n, int planes, const double *a, const int *pivots, double *x);

#endif
