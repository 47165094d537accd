/* How relative errors go through operators: see jit/truth.h on sizes. */
#ifndef OJ_MPFR_SIZES_H
#define OJ_MPFR_SIZES_H

#include "lib/graph/graph.h"

enum { SIZE_OPERANDS = 4 };

/* The size of operator(a[0], ...) = self, whose operands have sizes[] and are as near to
 * doubles as a[] says.  For operators of fixed arity but IF; the exponent of POWI is a[1]. */
double oj_size(enum op op, const double *a, const double *sizes, double self);
/* Of a sum or a product of two. */
double oj_size_of_sum(double sum, double size_a, double size_b);
double oj_size_of_product(double a, double size_a, double b, double size_b);

#endif
