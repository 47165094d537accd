/* Looking through what a kernel has put out or was given, which takes a share of a small kernel's time. */
#ifndef OJ_NANS_H
#define OJ_NANS_H

#include <stdbool.h>
#include <stddef.h>

bool oj_has_nan(const double *x, size_t count);
bool oj_only_finite(const double *x, size_t count);
bool oj_has_zero(const double *x, size_t count);

#endif
