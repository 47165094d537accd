/* Scalars, lanes, and integers in between.  See emitter.h. */
#include "jit/llvm/emitter.h"

#include <string.h>

LLVMTypeRef oj_type_lanes(LLVMTypeRef scalar, int width)
{
	return width > 1 ? LLVMVectorType(scalar, (unsigned)width) : scalar;
}

LLVMValueRef oj_word(struct emitter *e, int64_t value)
{
	return LLVMConstInt(e->word, (unsigned long long)value, true);
}

static LLVMValueRef splat_constant(LLVMValueRef scalar, int width)
{
	LLVMValueRef lanes[PARTIALS];
	for (int l = 0; l < width; l++)
		lanes[l] = scalar;
	return LLVMConstVector(lanes, (unsigned)width);
}

LLVMValueRef oj_splat(struct emitter *e, LLVMValueRef scalar, int width)
{
	if (width == 1)
		return scalar;
	if (LLVMIsConstant(scalar))
		return splat_constant(scalar, width);
	LLVMTypeRef type = LLVMVectorType(LLVMTypeOf(scalar), (unsigned)width);
	LLVMValueRef poison = LLVMGetPoison(type);
	LLVMValueRef one = LLVMBuildInsertElement(e->builder, poison, scalar, oj_word(e, 0), "");
	LLVMValueRef zeros = LLVMConstNull(LLVMVectorType(e->half, (unsigned)width));
	return LLVMBuildShuffleVector(e->builder, one, poison, zeros, "");
}

LLVMValueRef oj_ramp(struct emitter *e, int64_t step, int width)
{
	LLVMValueRef lanes[PARTIALS];
	for (int l = 0; l < width; l++)
		lanes[l] = oj_word(e, step * l);
	return width > 1 ? LLVMConstVector(lanes, (unsigned)width) : lanes[0];
}

struct value oj_value(LLVMValueRef base, bool lanes)
{
	return (struct value){.base = base, .lanes = lanes, .least = INT64_MIN, .greatest = INT64_MAX};
}

struct value oj_value_integer(LLVMValueRef base, int64_t offset, int64_t step)
{
	int64_t constant;
	struct value v = {.base = base, .offset = offset, .step = step, .least = INT64_MIN, .greatest = INT64_MAX};
	if (base && oj_constant_integer(base, &constant)) {
		v.base = NULL;
		v.offset += constant;
	}
	return v;
}

struct value oj_value_within(struct value v, int64_t least, int64_t greatest)
{
	v.least = least;
	v.greatest = greatest;
	return v;
}

bool oj_value_uniform(struct value v)
{
	return !v.lanes && v.step == 0;
}

LLVMValueRef oj_value_in_lane(struct emitter *e, struct value v, int lane)
{
	int64_t offset = v.offset + v.step * lane;
	if (!v.base)
		return oj_word(e, offset);
	return offset ? LLVMBuildAdd(e->builder, v.base, oj_word(e, offset), "") : v.base;
}

LLVMValueRef oj_value_scalar(struct emitter *e, struct value v)
{
	return v.base && !v.offset ? v.base : oj_value_in_lane(e, v, 0);
}

LLVMValueRef oj_value_vector(struct emitter *e, struct value v)
{
	if (v.lanes)
		return v.base;
	LLVMValueRef first = oj_splat(e, oj_value_scalar(e, v), e->width);
	if (v.step == 0 || e->width == 1)
		return first;
	return LLVMBuildAdd(e->builder, first, oj_ramp(e, v.step, e->width), "");
}

/* `constant` as often as `like` has lanes. */
LLVMValueRef oj_constant_of(LLVMValueRef like, LLVMValueRef constant, struct emitter *e)
{
	LLVMTypeRef type = LLVMTypeOf(like);
	bool vector = LLVMGetTypeKind(type) == LLVMVectorTypeKind;
	return oj_splat(e, constant, vector ? (int)LLVMGetVectorSize(type) : 1);
}

LLVMValueRef oj_intrinsic(struct emitter *e, const char *name, LLVMTypeRef *overloads, unsigned overload_count,
                          LLVMValueRef *operands, unsigned count)
{
	unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
	LLVMValueRef function = LLVMGetIntrinsicDeclaration(e->module, id, overloads, overload_count);
	LLVMTypeRef type = LLVMIntrinsicGetType(e->llvm, id, overloads, overload_count);
	return LLVMBuildCall2(e->builder, type, function, operands, count, "");
}

LLVMValueRef oj_extract_lanes(struct emitter *e, LLVMValueRef vector, int first, int count)
{
	if (count == 1)
		return LLVMBuildExtractElement(e->builder, vector, oj_word(e, first), "");
	LLVMValueRef lanes[PARTIALS];
	for (int l = 0; l < count; l++)
		lanes[l] = LLVMConstInt(e->half, (unsigned)(first + l), false);
	LLVMValueRef poison = LLVMGetPoison(LLVMTypeOf(vector));
	return LLVMBuildShuffleVector(e->builder, vector, poison, LLVMConstVector(lanes, (unsigned)count), "");
}

bool oj_constant_integer(LLVMValueRef v, int64_t *value)
{
	if (!LLVMIsAConstantInt(v))
		return false;
	*value = LLVMConstIntGetSExtValue(v);
	return true;
}
