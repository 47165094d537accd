/* Calls of lib/math's functions by lane count. */
#ifndef SUPPORT_LANES_H
#define SUPPORT_LANES_H

#include "lib/math/math.h"
#include "tests/support_arguments.h"

/* values[k] = function(x[k]), `lanes` neighbours a call (the last call is filled
 * up with the first arguments).  False where the function has no such width. */
bool support_lanes(const struct math_function *function, int lanes, double (*x)[SUPPORT_OPERANDS],
                   size_t count, double *values);

/* One call of a vector function of one or two operands, `lanes` doubles each; a
 * file a width, compiled for the instructions its vectors need. */
void support_call2(void *function, int arity, const double *a, const double *b, double *y);
void support_call4(void *function, int arity, const double *a, const double *b, double *y);
void support_call8(void *function, int arity, const double *a, const double *b, double *y);

#define SUPPORT_CALL(width, vector, target)                                                   \
	target void support_call##width(void *function, int arity, const double *a,           \
	                                const double *b, double *y)                           \
	{                                                                                     \
		typedef vector one(vector), two(vector, vector);                              \
		vector first, second, result;                                                 \
		memcpy(&first, a, sizeof first);                                              \
		memcpy(&second, b, sizeof second);                                            \
		result = arity == 1 ? ((one *)function)(first) : ((two *)function)(first, second); \
		memcpy(y, &result, sizeof result);                                            \
	}

#endif
