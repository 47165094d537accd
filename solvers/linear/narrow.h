/* Factors of narrow bands, in place: storage is LAPACK's for bands (entry (i, j) in row
 * lower + upper + i - j of column j, of 2 lower + upper + 1 rows), with diagonals inverted.
 *
 * LAPACK calls BLAS for every column, which for a few entries takes longer than they do (m: 1000
 * rows, two entries to each side: factors 16 -> 8.5 us, a solve 12.7 -> 4.2 us). */
#ifndef OJ_NARROW_H
#define OJ_NARROW_H

#include <stdbool.h>

enum { NARROW_MOST = 12 }; /* entries to each side of the diagonal, at most; wider bands are LAPACK's */

/* Of real or complex numbers, these in pairs.  Partial pivoting; pivots[n + 1], how far below each
 * diagonal its pivot was, and the most.  False: singular. */
bool oj_narrow_factor(bool real, int n, int lower, int upper, double *a, int *pivots);
void oj_narrow_solve(bool real, int n, int lower, int upper, const double *a, const int *pivots, double *x);

#endif
