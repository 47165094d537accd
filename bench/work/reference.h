/* Solutions to measure errors against; see reference.c. */
#ifndef BENCH_REFERENCE_H
#define BENCH_REFERENCE_H

#include <stdbool.h>

/* States of a problem (its number among PROBLEMS, n states) at times[1 .. count],
 * times[0] being its start: rows[count][n].  False: no memory, or the steps became too
 * small. */
bool reference_solve(int problem, int n, const double *start, const double *times, int count, double *rows);

#endif
