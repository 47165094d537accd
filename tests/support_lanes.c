/* Any lane count, and two lanes, which every CPU has. */
#include "tests/support_lanes.h"

#include <emmintrin.h>
#include <string.h>

SUPPORT_CALL(2, __m128d, )

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
		case 2: support_call2(pointer, f->arity, a, b, y); break;
		case 4: support_call4(pointer, f->arity, a, b, y); break;
		default: support_call8(pointer, f->arity, a, b, y); break;
		}
		for (size_t l = 0; l < (size_t)lanes && k + l < count; l++)
			values[k + l] = y[l];
	}
	return true;
}
