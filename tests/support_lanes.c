/* One caller a width, each compiled for the instructions its vectors need. */
#include "tests/support_lanes.h"

#include <immintrin.h>

#define CALLER(width, vector, target)                                                        \
	target static void call##width(void *pointer, int arity, const double *a,            \
	                               const double *b, double *y)                           \
	{                                                                                    \
		typedef vector one(vector), two(vector, vector);                             \
		vector first, second, result;                                                \
		__builtin_memcpy(&first, a, sizeof first);                                   \
		__builtin_memcpy(&second, b, sizeof second);                                 \
		result = arity == 1 ? ((one *)pointer)(first) : ((two *)pointer)(first, second); \
		__builtin_memcpy(y, &result, sizeof result);                                 \
	}
CALLER(2, __m128d, )
CALLER(4, __m256d, __attribute__((target("avx2"))))
CALLER(8, __m512d, __attribute__((target("avx512f"))))

bool support_lanes(const struct math_function *f, int lanes, double (*x)[SUPPORT_OPERANDS],
                   size_t count, double *values)
{
	void *const pointers[] = { f->lanes1, f->lanes2, f->lanes4, f->lanes8 };
	void *pointer = pointers[lanes == 1 ? 0 : lanes == 2 ? 1 : lanes == 4 ? 2 : 3];
	if (pointer == NULL)
		return false;
	for (size_t k = 0; k < count; k += (size_t)lanes) {
		double a[8], b[8], y[8];
		for (size_t l = 0; l < (size_t)lanes; l++) {
			a[l] = x[(k + l) % count][0];
			b[l] = x[(k + l) % count][1];
		}
		switch (lanes) {
		case 1: y[0] = oj_math_call(f, x[k]); break;
		case 2: call2(pointer, f->arity, a, b, y); break;
		case 4: call4(pointer, f->arity, a, b, y); break;
		default: call8(pointer, f->arity, a, b, y); break;
		}
		for (size_t l = 0; l < (size_t)lanes && k + l < count; l++)
			values[k + l] = y[l];
	}
	return true;
}
