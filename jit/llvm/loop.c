/* One LLVM loop, tested at its end.
 *
 * The test before the first turn is left out where constants decide it, so that
 * fixed ranges cost no branch.  Carried values are added when the body is known,
 * since only then is it known whether they are scalars or lanes: their phis are
 * put in front of the body afterwards. */
#include "jit/llvm/emitter.h"

static LLVMBasicBlockRef new_block(struct emitter *e)
{
	return LLVMAppendBasicBlockInContext(e->llvm, e->function, "");
}

void oj_loop_open(struct emitter *e, struct loop *loop, LLVMValueRef from, LLVMValueRef end,
                  int64_t stride)
{
	int64_t first, last;
	bool known = end && oj_constant_integer(from, &first) && oj_constant_integer(end, &last);
	*loop = (struct loop){.before = LLVMGetInsertBlock(e->builder), .body = new_block(e),
	                      .after = new_block(e), .end = end, .stride = stride,
	                      .guarded = end && !(known && first < last)};
	if (loop->guarded) {
		LLVMValueRef enter = LLVMBuildICmp(e->builder, LLVMIntSLT, from, end, "");
		LLVMBuildCondBr(e->builder, enter, loop->body, loop->after);
	} else {
		LLVMBuildBr(e->builder, loop->body);
	}
	LLVMPositionBuilderAtEnd(e->builder, loop->body);
	loop->counter = LLVMBuildPhi(e->builder, e->word, "");
	LLVMAddIncoming(loop->counter, &from, &loop->before, 1);
}

LLVMBasicBlockRef oj_loop_outside(struct emitter *e, const struct loop *loop)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(e->builder);
	LLVMPositionBuilderBefore(e->builder, LLVMGetBasicBlockTerminator(loop->before));
	return here;
}

LLVMValueRef oj_loop_carry(struct emitter *e, const struct loop *loop, LLVMValueRef initial)
{
	LLVMBasicBlockRef here = LLVMGetInsertBlock(e->builder), before = loop->before;
	LLVMPositionBuilderBefore(e->builder, LLVMGetFirstInstruction(loop->body));
	LLVMValueRef carried = LLVMBuildPhi(e->builder, LLVMTypeOf(initial), "");
	LLVMAddIncoming(carried, &initial, &before, 1);
	LLVMPositionBuilderAtEnd(e->builder, here);
	return carried;
}

void oj_loop_close_while(struct emitter *e, struct loop *loop, LLVMValueRef again, LLVMValueRef next)
{
	LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->builder);
	LLVMBuildCondBr(e->builder, again, loop->body, loop->after);
	LLVMAddIncoming(loop->counter, &next, &latch, 1);
	LLVMMoveBasicBlockAfter(loop->after, latch);
	LLVMPositionBuilderAtEnd(e->builder, loop->after);
}

void oj_loop_close(struct emitter *e, struct loop *loop)
{
	LLVMValueRef next = LLVMBuildNSWAdd(e->builder, loop->counter, oj_word(e, loop->stride), "");
	LLVMValueRef again = LLVMBuildICmp(e->builder, LLVMIntSLT, next, loop->end, "");
	oj_loop_close_while(e, loop, again, next);
}

LLVMValueRef oj_loop_result(struct emitter *e, const struct loop *loop, LLVMValueRef carried,
                            LLVMValueRef initial, LLVMValueRef next, LLVMBasicBlockRef latch)
{
	LLVMBasicBlockRef before = loop->before;
	LLVMAddIncoming(carried, &next, &latch, 1);
	if (!loop->guarded)
		return next;
	LLVMValueRef result = LLVMBuildPhi(e->builder, LLVMTypeOf(initial), "");
	LLVMAddIncoming(result, &initial, &before, 1);
	LLVMAddIncoming(result, &next, &latch, 1);
	return result;
}
