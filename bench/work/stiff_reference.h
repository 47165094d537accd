/* Solutions of small stiff problems to measure errors against; see stiff_reference.c. */
#ifndef BENCH_STIFF_REFERENCE_H
#define BENCH_STIFF_REFERENCE_H

#include <stdbool.h>

bool stiff_reference_has(int problem);
/* As reference_solve. */
bool stiff_reference_solve(int problem, int n, const double *start, const double *times, int count, double *rows);

#endif
