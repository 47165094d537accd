/* ojit: right-hand sides of ordinary differential equations, compiled while your
 * program runs.
 *
 *   base.h   contexts, status codes, errors, counters
 *   model.h  building a model, from text or expression by expression
 *   program.h  compiling a model; kernels; looking inside
 *   solve.h  integrating it in time
 *   integrate.h  the same step by step
 *   pattern.h    patterns of sparse matrices
 *   derive.h     derivatives of what is integrated
 *   function.h   kernels as plain functions, for loops of one's own
 *   check.h      all of this held to numbers of 256 bits
 */
#ifndef OJIT_H
#define OJIT_H

#include <ojit/base.h>
#include <ojit/model.h>
#include <ojit/program.h>
#include <ojit/pattern.h>
#include <ojit/derive.h>
#include <ojit/function.h>
#include <ojit/solve.h>
#include <ojit/integrate.h>
#include <ojit/check.h>

#endif
