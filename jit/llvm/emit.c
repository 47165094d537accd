/* A program as an LLVM module: functions of one or several blocks, called in order
 * by the entry `kernel`; a lone function is the entry.
 *
 * Every function costs LLVM about 0.8 ms in passes that find nothing to do, so
 * consecutive blocks share one, up to a size beyond which passes that are not linear
 * show; each begins a basic block, for the same reason.  Measured: a stencil of nine
 * blocks takes 12 ms in nine functions, 7 ms in one; a thousand equations of 30
 * operations 780 ms in basic blocks of 256 operations, 260 ms in basic blocks of their
 * own.  Pass `partition` cuts blocks that are larger by themselves. */
#include "jit/llvm/emitter.h"
#include "jit/llvm/object.h"

#include <stdio.h>
#include <string.h>

enum { FUNCTION_SLOTS = 512 };

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
static void open_function(struct emitter *e)
{
	char name[32];
	snprintf(name, sizeof name, "part_%zu", e->functions.count);
	e->function = new_function(e, name);
	LLVMSetLinkage(e->function, LLVMInternalLinkage);
	e->first = LLVMAppendBasicBlockInContext(e->llvm, e->function, "");
	e->second = LLVMAppendBasicBlockInContext(e->llvm, e->function, "");
	LLVMPositionBuilderAtEnd(e->builder, e->second);
	memset(e->fields, 0, sizeof e->fields);
	memset(e->imports, 0, sizeof e->imports);
}

static ojit_status close_function(struct emitter *e)
{
	if (!e->function)
		return OJIT_OK;
	LLVMBuildRetVoid(e->builder);
	LLVMPositionBuilderAtEnd(e->builder, e->first);
	LLVMBuildBr(e->builder, e->second);
	bool counted = VECTOR_PUSH(e->context, &e->functions, e->function);
	e->function = NULL;
	return counted ? OJIT_OK : oj_fail_memory(e->error);
}

static LLVMMetadataRef node_of(struct emitter *e, const char *name, LLVMMetadataRef second)
{
	LLVMMetadataRef parts[] = {LLVMMDStringInContext2(e->llvm, name, strlen(name)), second};
	return LLVMMDNodeInContext2(e->llvm, parts, second ? 2 : 1);
}

/* No store of a block touches what the block loads; other blocks may. */
static void open_scope(struct emitter *e, size_t block)
{
	char name[48];
	snprintf(name, sizeof name, "loads of block %zu", block);
	LLVMMetadataRef scope = node_of(e, name, node_of(e, "ojit", NULL));
	e->loads_scope = LLVMMetadataAsValue(e->llvm, LLVMMDNodeInContext2(e->llvm, &scope, 1));
}

static ojit_status emit_planned(struct emitter *e, const struct plan *plan)
{
	size_t size = plan->slot_count * sizeof(struct value);
	e->plan = plan;
	e->slots = size ? oj_memory_get(e->context, size) : NULL;
	if (size && !e->slots)
		return oj_fail_memory(e->error);
	if (size)
		memset(e->slots, 0, size);
	ojit_status status = oj_emit_block(e);
	oj_memory_put(e->context, e->slots, size);
	return status;
}

/* Blocks share no values, so each begins a basic block: what selecting instructions
 * costs grows faster than the basic block. */
static void open_basic_block(struct emitter *e)
{
	LLVMBasicBlockRef next = LLVMAppendBasicBlockInContext(e->llvm, e->function, "");
	LLVMBuildBr(e->builder, next);
	LLVMPositionBuilderAtEnd(e->builder, next);
}

/* `size` is that of the function at hand, in slots. */
static ojit_status emit_in_function(struct emitter *e, const struct plan *plan, size_t block, size_t *size)
{
	size_t more = plan->slot_count + plan->block->stores.count;
	if (e->function && *size + more > FUNCTION_SLOTS)
		TRY(close_function(e));
	if (!e->function) {
		open_function(e);
		*size = 0;
	}
	*size += more;
	open_scope(e, block);
	open_basic_block(e);
	return emit_planned(e, plan);
}

static ojit_status emit_blocks(struct emitter *e, const struct program *program)
{
	size_t size = 0;
	ojit_status status = OJIT_OK;
	for (size_t b = 0; status == OJIT_OK && b < program->blocks.count; b++) {
		struct plan plan;
		if (oj_plan_init(&plan, e->space, &program->blocks.at[b]) != OJIT_OK)
			return oj_fail_memory(e->error);
		status = emit_in_function(e, &plan, b, &size);
		oj_plan_drop(&plan);
	}
	return status == OJIT_OK ? close_function(e) : status;
}

static void emit_entry(struct emitter *e)
{
	if (e->functions.count == 1) {
		LLVMSetValueName2(e->functions.at[0], OBJECT_ENTRY, strlen(OBJECT_ENTRY));
		LLVMSetLinkage(e->functions.at[0], LLVMExternalLinkage);
		return;
	}
	LLVMValueRef entry = new_function(e, OBJECT_ENTRY), arguments = LLVMGetParam(entry, 0);
	LLVMPositionBuilderAtEnd(e->builder, LLVMAppendBasicBlockInContext(e->llvm, entry, ""));
	for (size_t f = 0; f < e->functions.count; f++)
		LLVMBuildCall2(e->builder, e->kernel, e->functions.at[f], &arguments, 1, "");
	LLVMBuildRetVoid(e->builder);
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
}

ojit_status oj_emit_program(struct emitter *e, const struct program *program)
{
	make_types(e);
	make_marks(e);
	e->builder = LLVMCreateBuilderInContext(e->llvm);
	ojit_status status = emit_blocks(e, program);
	if (status == OJIT_OK)
		emit_entry(e);
	LLVMDisposeBuilder(e->builder);
	VECTOR_DROP(e->context, &e->functions);
	VECTOR_DROP(e->context, &e->waiting);
	return status;
}
