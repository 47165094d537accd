/* Twisted factors of narrow bands that need no exchanges of rows: from both ends to the middle.
 *
 * An elimination, and a solve, is one chain of operations each of which waits for the one before.
 * From both ends there are two, each half as long.  Rows of U are divided by their pivots, so that
 * a link of the chain is one multiply-add.
 *
 * Entry (i, j) stands in row width + i - j of column j, of 2 width + 1 rows. */
#ifndef OJ_TWISTED_H
#define OJ_TWISTED_H

#include <stdbool.h>

enum { TWISTED_MOST = 4 }; /* entries to each side of the diagonal */

/* Are there enough rows for two ends? */
static inline bool twisted_suits(int n, int width)
{
	return width > 0 && width <= TWISTED_MOST && n >= 4 * width;
}

/* In place.  False: some entry below or above its pivot, as seen from the end that it is nearer
 * to, is larger, so rows ought to be exchanged (a singular matrix always is such); a is no more
 * what it was. */
bool oj_twisted_factor(bool real, int n, int width, double *a);
void oj_twisted_solve(bool real, int n, int width, const double *a, double *x);

#endif
