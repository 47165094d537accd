/* Hard arguments for operators: huge, tiny, subnormal, next to poles, zeros and
 * overflow, ±0, inf, nan, and ordinary ones, in a fixed but shuffled order, so
 * that a vector of neighbours mixes them. */
#ifndef SUPPORT_ARGUMENTS_H
#define SUPPORT_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>

enum { SUPPORT_ARGUMENTS = 40000, SUPPORT_OPERANDS = 4 };

/* Fill `at` with operands of the operator `text` (column of lib/graph/ops.def),
 * `arity` of them used; returns how many tuples, at most SUPPORT_ARGUMENTS.  The
 * same on every call. */
size_t support_arguments(const char *text, int arity, double (*at)[SUPPORT_OPERANDS]);

#endif
