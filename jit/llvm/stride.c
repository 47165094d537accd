/* Lanes that lie a few elements apart in memory: u[2*i], u[n - 3*i].
 *
 * Vectors of neighbours cover them, and shuffles choose; a gather would fetch each lane
 * by itself.  Measured with 8 lanes of AVX-512, 500 of them in the first cache: 40, 37
 * and 21 ns less than gathers take, of about 150, where lanes are 2, 3 and 4 apart.
 *
 * The vectors begin where a period of the elements does, so that u[2*i] and u[2*i + 1]
 * read the same ones and the code generator loads them once.  Where that might leave
 * the array they begin at the first lane and the last ends at the last, so that nothing
 * is read but what lies between lanes.
 *
 * Stores to all elements of a period, out[2*i] and out[2*i + 1], become vectors by the
 * inverse of the same shuffles. */
#include "jit/llvm/emitter.h"

/* With more vectors than that, lanes one by one are as quick. */
bool oj_stride_fits(const struct emitter *e, int64_t step)
{
	int64_t apart = step < 0 ? -step : step;
	return apart >= 2 && apart <= e->width / 2;
}

/* The vectors that cover the lanes: vector k begins starts[k] elements after `from`. */
struct cover {
	int64_t from;  /* from the element of lane 0 */
	int count;
	int64_t starts[PARTIALS];
	int64_t lane[PARTIALS]; /* where lanes are, from `from` */
};

static int64_t floor_mod(int64_t a, int64_t n)
{
	return (a % n + n) % n;
}

static struct cover cover_lanes(const struct emitter *e, const struct access *a)
{
	struct cover c;
	int64_t step = a->at.step, apart = step < 0 ? -step : step, width = e->width;
	int64_t low = step < 0 ? step * (width - 1) : 0, before = floor_mod(a->at.offset + low, apart);
	int64_t span = apart * width;
	if (!a->inside || a->least - before < a->first || a->greatest - before + apart > a->end) {
		before = 0;
		span -= apart - 1;
	}
	c.from = low - before;
	c.count = (int)((span + width - 1) / width);
	for (int64_t k = 0; k < c.count; k++)
		c.starts[k] = k * width < span - width ? k * width : span - width;
	for (int64_t l = 0; l < width; l++)
		c.lane[l] = before + apart * (step < 0 ? width - 1 - l : l);
	return c;
}

LLVMValueRef oj_strided_load(struct emitter *e, const struct access *a)
{
	struct cover c = cover_lanes(e, a);
	LLVMTypeRef type = oj_type_lanes(a->element, e->width);
	LLVMValueRef result = oj_plain_load(e, *a, type, c.from);
	for (int k = 1; k < c.count; k++) {
		LLVMValueRef next = oj_plain_load(e, *a, type, c.from + c.starts[k]);
		int from[PARTIALS];
		for (int l = 0; l < e->width; l++) {
			int64_t here = c.lane[l] - c.starts[k], first = k == 1 ? c.lane[l] : l;
			bool met = c.lane[l] < c.starts[k - 1] + e->width;
			from[l] = met ? (int)first : here < e->width ? (int)here + e->width : -1;
		}
		result = oj_shuffle(e, result, next, from);
	}
	return result;
}

/* Vector k of the result: its element m is lane (k * width + m) / count of value
 * (k * width + m) % count.  Two values at a time. */
static LLVMValueRef interleave(struct emitter *e, const LLVMValueRef *values, int count, int k)
{
	LLVMValueRef result = values[0];
	for (int v = 1; v < count; v++) {
		int from[PARTIALS];
		for (int m = 0; m < e->width; m++) {
			int element = k * e->width + m, value = element % count, lane = element / count;
			from[m] = value == v ? e->width + lane : value > v ? -1 : v == 1 ? lane : m;
		}
		result = oj_shuffle(e, result, values[v], from);
	}
	return result;
}

void oj_interleaved_store(struct emitter *e, const struct access *a, const LLVMValueRef *values, int count)
{
	for (int k = 0; k < count; k++)
		oj_plain_store(e, *a, interleave(e, values, count, k), (int64_t)k * e->width);
}
