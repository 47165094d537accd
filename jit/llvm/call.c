/* Calls of lib/math's functions, through the table in kernel_args.env.
 *
 * Each function comes for 1, 2, 4 and 8 lanes with equal bits.  Lanes go to the
 * widest version that the target's table has, in as many calls as it takes.  The functions are pure and LLVM is told so, but not which they are, so
 * that it can neither fold nor rewrite them. */
#include "jit/llvm/emitter.h"

static const size_t entry_of_width[4] = {
	offsetof(struct math_function, lanes1),
	offsetof(struct math_function, lanes2),
	offsetof(struct math_function, lanes4),
	offsetof(struct math_function, lanes8),
};

/* Which functions come in lanes.  Read from the rows, not from the table, so that
 * the functions themselves are not linked in here. */
static const bool comes_in_lanes[OJ_MATH_COUNT] = {
#define SLEEF(name, error) true
#define WRAPPED(name) true
#define SCALAR(name) false
#define FUNCTION(name, arity, way) [OJ_MATH_##name] = way,
#include "lib/math/math.def"
#undef FUNCTION
#undef SLEEF
#undef WRAPPED
#undef SCALAR
};

static LLVMValueRef import(struct emitter *e, int function, int log2_width)
{
	LLVMValueRef *import = &e->imports[function][log2_width];
	if (*import)
		return *import;
	LLVMValueRef table = oj_emit_field(e, offsetof(struct kernel_args, env));
	LLVMBasicBlockRef here = LLVMGetInsertBlock(e->builder);
	LLVMPositionBuilderAtEnd(e->builder, e->first);
	size_t offset = (size_t)function * sizeof(struct math_function) + entry_of_width[log2_width];
	LLVMValueRef index = oj_word(e, (int64_t)offset);
	LLVMValueRef address = LLVMBuildGEP2(e->builder, LLVMInt8TypeInContext(e->llvm), table, &index, 1, "");
	*import = LLVMBuildLoad2(e->builder, e->pointer, address, "");
	LLVMSetMetadata(*import, e->invariant, e->empty_node);
	LLVMPositionBuilderAtEnd(e->builder, here);
	return *import;
}

/* One call, at 1 << log2_width lanes. */
static LLVMValueRef call(struct emitter *e, int function, int log2_width, LLVMValueRef *operands,
                         uint32_t arity)
{
	LLVMTypeRef type = oj_type_lanes(e->real, 1 << log2_width), parameters[4];
	for (uint32_t i = 0; i < arity; i++)
		parameters[i] = type;
	LLVMTypeRef signature = LLVMFunctionType(type, parameters, arity, false);
	LLVMValueRef result = LLVMBuildCall2(e->builder, signature, import(e, function, log2_width), operands,
	                                     arity, "");
	for (size_t i = 0; i < sizeof e->pure / sizeof *e->pure; i++)
		LLVMAddCallSiteAttribute(result, LLVMAttributeFunctionIndex, e->pure[i]);
	return result;
}

/* a and b in one vector. */
static LLVMValueRef joined(struct emitter *e, LLVMValueRef a, LLVMValueRef b, int width)
{
	LLVMValueRef lanes[PARTIALS];
	for (int l = 0; l < 2 * width; l++)
		lanes[l] = LLVMConstInt(e->half, (unsigned)l, false);
	return LLVMBuildShuffleVector(e->builder, a, b, LLVMConstVector(lanes, (unsigned)(2 * width)), "");
}

/* `parts` vectors of `width` lanes as one, by pairs. */
static LLVMValueRef join(struct emitter *e, LLVMValueRef *parts, int count, int width)
{
	if (width == 1) {
		LLVMValueRef vector = LLVMGetPoison(oj_type_lanes(e->real, count));
		for (int l = 0; l < count; l++)
			vector = LLVMBuildInsertElement(e->builder, vector, parts[l], oj_word(e, l), "");
		return vector;
	}
	for (; count > 1; count /= 2, width *= 2)
		for (int i = 0; i < count / 2; i++)
			parts[i] = joined(e, parts[2 * i], parts[2 * i + 1], width);
	return parts[0];
}

static LLVMValueRef call_lanes(struct emitter *e, int function, LLVMValueRef *vectors, uint32_t arity)
{
	int log2_width = 0;
	if (comes_in_lanes[function])
		while (2 << log2_width <= e->width && 2 << log2_width <= e->machine->registers)
			log2_width++;
	int width = 1 << log2_width;
	if (width == e->width)
		return call(e, function, log2_width, vectors, arity);
	LLVMValueRef parts[PARTIALS];
	int count = e->width / width;
	for (int part = 0; part < count; part++) {
		LLVMValueRef operands[4];
		for (uint32_t i = 0; i < arity; i++)
			operands[i] = oj_extract_lanes(e, vectors[i], part * width, width);
		parts[part] = call(e, function, log2_width, operands, arity);
	}
	return join(e, parts, count, width);
}

struct value oj_emit_call(struct emitter *e, const struct step *step)
{
	const struct node *n = oj_node(&e->space->graph, step->node);
	int function = oj_op_info[n->op].math;
	LLVMValueRef operands[4];
	bool lanes = false;
	for (uint32_t i = 0; i < n->arity; i++)
		lanes |= oj_operand(e, step, i)->lanes;
	for (uint32_t i = 0; i < n->arity; i++) {
		struct value v = *oj_operand(e, step, i);
		operands[i] = lanes ? oj_value_vector(e, v) : v.base;
	}
	return oj_value(lanes ? call_lanes(e, function, operands, n->arity)
	                      : call(e, function, 0, operands, n->arity), lanes);
}
