/* A module of a program: the functions that a cut gives it, each of one or several
 * blocks.  The first module has the entry `kernel` as well, which calls the functions
 * of all modules in order; a lone function is the entry.
 *
 * Each block begins a basic block, for passes that are not linear in it.  Measured: a
 * thousand equations of 30 operations take 780 ms in basic blocks of 256 operations,
 * 260 ms in basic blocks of their own. */
#include "jit/llvm/emitter.h"
#include "jit/llvm/object.h"

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

/* Part `p`, wherever it is defined. */
static LLVMValueRef function_of(struct emitter *e, size_t p)
{
	char name[32] = OBJECT_ENTRY;
	if (e->cut->parts.count > 1)
		snprintf(name, sizeof name, OBJECT_PART "%zu", p);
	LLVMValueRef function = LLVMGetNamedFunction(e->module, name);
	return function ? function : new_function(e, name);
}

/* One block without loops? */
static bool is_straight(const struct emitter *e, const struct program *program, const struct part *part)
{
	const struct block *block = &program->blocks.at[part->first];
	bool straight = part->end - part->first == 1 && block->rank == 0;
	for (size_t s = 0; straight && s < block->stores.count; s++)
		straight = oj_node(&e->space->graph, block->stores.at[s].value)->stage == 0;
	return straight;
}

/* The first basic block is kept open for what is loaded once.  Straight code has no other:
 * unoptimised, what one basic block hands to the next goes through memory (m: Lorenz 3.5
 * instead of 3.9 ns). */
static void open_function(struct emitter *e, size_t p, bool straight)
{
	e->function = function_of(e, p);
	if (e->cut->parts.count > 1 && e->cut->levels.count == 1)
		LLVMSetLinkage(e->function, LLVMInternalLinkage);
	e->first = LLVMAppendBasicBlockInContext(e->llvm, e->function, "");
	e->second = straight ? e->first : LLVMAppendBasicBlockInContext(e->llvm, e->function, "");
	LLVMPositionBuilderAtEnd(e->builder, e->second);
	memset(e->fields, 0, sizeof e->fields);
	memset(e->imports, 0, sizeof e->imports);
}

static void close_function(struct emitter *e)
{
	LLVMBuildRetVoid(e->builder);
	LLVMPositionBuilderAtEnd(e->builder, e->first);
	if (e->first != e->second)
		LLVMBuildBr(e->builder, e->second);
	e->function = NULL;
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

static ojit_status emit_blocks(struct emitter *e, const struct program *program, const struct part *part)
{
	ojit_status status = OJIT_OK;
	for (size_t b = part->first; status == OJIT_OK && b < part->end; b++) {
		struct plan plan;
		if (oj_plan_init(&plan, e->space, &program->blocks.at[b]) != OJIT_OK)
			return oj_fail_memory(e->error);
		open_scope(e, b);
		if (b > part->first)
			open_basic_block(e);
		status = emit_planned(e, &plan);
		oj_plan_drop(&plan);
	}
	return status;
}

static ojit_status emit_parts(struct emitter *e, const struct program *program, uint32_t module)
{
	for (size_t p = 0; p < e->cut->parts.count; p++) {
		if (e->cut->parts.at[p].module != module)
			continue;
		open_function(e, p, is_straight(e, program, &e->cut->parts.at[p]));
		TRY(emit_blocks(e, program, &e->cut->parts.at[p]));
		close_function(e);
	}
	return OJIT_OK;
}

static void emit_entry(struct emitter *e)
{
	LLVMValueRef entry = new_function(e, OBJECT_ENTRY), arguments = LLVMGetParam(entry, 0);
	LLVMPositionBuilderAtEnd(e->builder, LLVMAppendBasicBlockInContext(e->llvm, entry, ""));
	for (size_t p = 0; p < e->cut->parts.count; p++)
		LLVMBuildCall2(e->builder, e->kernel, function_of(e, p), &arguments, 1, "");
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

ojit_status oj_emit_module(struct emitter *e, const struct program *program, uint32_t module)
{
	make_types(e);
	make_marks(e);
	e->builder = LLVMCreateBuilderInContext(e->llvm);
	ojit_status status = emit_parts(e, program, module);
	if (status == OJIT_OK && module == 0 && e->cut->parts.count != 1)
		emit_entry(e);
	LLVMDisposeBuilder(e->builder);
	VECTOR_DROP(e->context, &e->waiting);
	return status;
}
