/* A program as an LLVM module: one function a block, called in order by the entry
 * `kernel`; a lone block is the entry.
 *
 * Functions are small where blocks are: what LLVM spends grows faster than a
 * function, so pass `partition` cuts blocks, and this file never joins them. */
#include "jit/llvm/emitter.h"

#include <stdio.h>
#include <string.h>

static void add_flag(struct emitter *e, LLVMValueRef function, const char *name)
{
	LLVMAttributeRef flag =
		LLVMCreateEnumAttribute(e->llvm, LLVMGetEnumAttributeKindForName(name, strlen(name)), 0);
	LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex, flag);
}

static void add_text(struct emitter *e, LLVMValueRef function, const char *name, const char *value)
{
	LLVMAttributeRef text = LLVMCreateStringAttribute(e->llvm, name, (unsigned)strlen(name), value,
	                                                  (unsigned)strlen(value));
	LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex, text);
}

/* No unwind tables, no calls that LLVM makes up, vectors as wide as they are. */
static LLVMValueRef new_function(struct emitter *e, const char *name)
{
	LLVMValueRef function = LLVMAddFunction(e->module, name, e->kernel);
	add_flag(e, function, "nounwind");
	add_text(e, function, "no-builtins", "true");
	if (e->target->lanes == 8) {
		add_text(e, function, "prefer-vector-width", "512");
		add_text(e, function, "min-legal-vector-width", "512");
	}
	return function;
}

/* The first basic block is kept open for what is loaded once. */
static LLVMBasicBlockRef open_function(struct emitter *e, LLVMValueRef function)
{
	e->function = function;
	e->first = LLVMAppendBasicBlockInContext(e->llvm, function, "");
	LLVMBasicBlockRef second = LLVMAppendBasicBlockInContext(e->llvm, function, "");
	LLVMPositionBuilderAtEnd(e->builder, second);
	memset(e->fields, 0, sizeof e->fields);
	memset(e->imports, 0, sizeof e->imports);
	return second;
}

static void close_function(struct emitter *e, LLVMBasicBlockRef second)
{
	LLVMBuildRetVoid(e->builder);
	LLVMPositionBuilderAtEnd(e->builder, e->first);
	LLVMBuildBr(e->builder, second);
}

static ojit_status emit_planned(struct emitter *e, const struct plan *plan, LLVMValueRef function)
{
	size_t size = plan->slot_count * sizeof(struct value);
	e->plan = plan;
	e->slots = size ? oj_memory_get(e->context, size) : NULL;
	if (size && !e->slots)
		return oj_fail_memory(e->error);
	if (size)
		memset(e->slots, 0, size);
	LLVMBasicBlockRef second = open_function(e, function);
	ojit_status status = oj_emit_block(e);
	close_function(e, second);
	oj_memory_put(e->context, e->slots, size);
	return status;
}

static ojit_status emit_block_function(struct emitter *e, const struct block *block, LLVMValueRef function)
{
	struct plan plan;
	if (oj_plan_init(&plan, e->space, block) != OJIT_OK)
		return oj_fail_memory(e->error);
	ojit_status status = emit_planned(e, &plan, function);
	oj_plan_drop(&plan);
	return status;
}

static ojit_status emit_blocks(struct emitter *e, const struct program *program, LLVMValueRef entry)
{
	LLVMBuilderRef caller = LLVMCreateBuilderInContext(e->llvm);
	LLVMPositionBuilderAtEnd(caller, LLVMAppendBasicBlockInContext(e->llvm, entry, ""));
	ojit_status status = OJIT_OK;
	for (size_t b = 0; status == OJIT_OK && b < program->blocks.count; b++) {
		char name[32];
		snprintf(name, sizeof name, "block_%zu", b);
		LLVMValueRef function = new_function(e, name), arguments = LLVMGetParam(entry, 0);
		LLVMSetLinkage(function, LLVMInternalLinkage);
		LLVMBuildCall2(caller, e->kernel, function, &arguments, 1, "");
		status = emit_block_function(e, &program->blocks.at[b], function);
	}
	LLVMBuildRetVoid(caller);
	LLVMDisposeBuilder(caller);
	return status;
}

static void make_types(struct emitter *e)
{
	e->real = LLVMDoubleTypeInContext(e->llvm);
	e->word = LLVMInt64TypeInContext(e->llvm);
	e->half = LLVMInt32TypeInContext(e->llvm);
	e->truth = LLVMInt1TypeInContext(e->llvm);
	e->pointer = LLVMPointerTypeInContext(e->llvm, 0);
	e->nothing = LLVMVoidTypeInContext(e->llvm);
	e->kernel = LLVMFunctionType(e->nothing, &e->pointer, 1, false);
}

static LLVMMetadataRef node_of(struct emitter *e, const char *name, LLVMMetadataRef second)
{
	LLVMMetadataRef parts[] = {LLVMMDStringInContext2(e->llvm, name, strlen(name)), second};
	return LLVMMDNodeInContext2(e->llvm, parts, second ? 2 : 1);
}

static void make_marks(struct emitter *e)
{
	static const char *const names[] = {"nounwind", "willreturn", "memory"};
	for (int i = 0; i < 3; i++)
		e->pure[i] = LLVMCreateEnumAttribute(
			e->llvm, LLVMGetEnumAttributeKindForName(names[i], strlen(names[i])), 0);
	e->invariant = LLVMGetMDKindIDInContext(e->llvm, "invariant.load", 14);
	e->scope = LLVMGetMDKindIDInContext(e->llvm, "alias.scope", 11);
	e->noalias = LLVMGetMDKindIDInContext(e->llvm, "noalias", 7);
	e->empty_node = LLVMMetadataAsValue(e->llvm, LLVMMDNodeInContext2(e->llvm, NULL, 0));
	LLVMMetadataRef scope = node_of(e, "loads", node_of(e, "ojit", NULL));
	e->loads_scope = LLVMMetadataAsValue(e->llvm, LLVMMDNodeInContext2(e->llvm, &scope, 1));
}

ojit_status oj_emit_program(struct emitter *e, const struct program *program)
{
	make_types(e);
	make_marks(e);
	e->builder = LLVMCreateBuilderInContext(e->llvm);
	LLVMValueRef entry = new_function(e, "kernel");
	ojit_status status = program->blocks.count == 1
	                             ? emit_block_function(e, &program->blocks.at[0], entry)
	                             : emit_blocks(e, program, entry);
	LLVMDisposeBuilder(e->builder);
	return status;
}
