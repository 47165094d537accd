/* Loading: an object into memory through LLVM's ORC, and out of it again.
 *
 * One LLJIT serves the process.  It is made at the first load, is shared by all
 * contexts and threads (ORC locks itself), and is never taken down; it is this
 * library's only lasting state, since making one costs more than most
 * translations.  Every object has a resource tracker of its own, so that freeing
 * gives back its memory, and an entry of its own name, since all live in one
 * dynamic library: the six letters of "kernel" are counted up. */
#include "jit/llvm/load.h"

#include "jit/llvm/machine.h"
#include "jit/llvm/object.h"

#include <llvm-c/Core.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/OrcEE.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { NAME_LENGTH = sizeof OBJECT_ENTRY - 1 };

static struct {
	pthread_mutex_t making;
	LLVMOrcLLJITRef jit;
	atomic_uint_fast64_t loads;
} linker = {.making = PTHREAD_MUTEX_INITIALIZER};

struct code {
	LLVMOrcResourceTrackerRef tracker;
	size_t bytes;
};

static LLVMOrcObjectLayerRef make_layer(void *user, LLVMOrcExecutionSessionRef session, const char *triple)
{
	(void)user, (void)triple;
	return LLVMOrcCreateRTDyldObjectLinkingLayerWithSectionMemoryManager(session);
}

/* Failures are returned by the calls that meet them; here they would be printed. */
static void swallow(void *user, LLVMErrorRef failure)
{
	(void)user;
	LLVMConsumeError(failure);
}

static ojit_status fail_load(struct oj_error *error, LLVMErrorRef failure)
{
	char *message = LLVMGetErrorMessage(failure);
	oj_fail(error, OJIT_BACKEND, "code could not be loaded: %s; free programs that are no longer needed",
	        message);
	LLVMDisposeErrorMessage(message);
	return error->status;
}

static ojit_status make_linker(struct oj_error *error)
{
	struct machine machine;
	TRY(oj_machine_open(&machine, &(struct target){.lanes = 1}, error));
	LLVMOrcLLJITBuilderRef builder = LLVMOrcCreateLLJITBuilder();
	LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(
		builder, LLVMOrcJITTargetMachineBuilderCreateFromTargetMachine(machine.llvm));
	LLVMOrcLLJITBuilderSetObjectLinkingLayerCreator(builder, make_layer, NULL);
	LLVMOrcLLJITRef jit = NULL;
	LLVMErrorRef failure = LLVMOrcCreateLLJIT(&jit, builder);
	if (failure)
		return fail_load(error, failure);
	LLVMOrcExecutionSessionSetErrorReporter(LLVMOrcLLJITGetExecutionSession(jit), swallow, NULL);
	linker.jit = jit;
	return OJIT_OK;
}

static ojit_status open_linker(struct oj_error *error)
{
	pthread_mutex_lock(&linker.making);
	ojit_status status = linker.jit ? OJIT_OK : make_linker(error);
	pthread_mutex_unlock(&linker.making);
	return status;
}

/* The n-th name of NAME_LENGTH letters. */
static void write_name(char *name, uint64_t n)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	for (int i = 0; i < NAME_LENGTH; i++, n /= sizeof letters - 1)
		name[i] = letters[n % (sizeof letters - 1)];
	name[NAME_LENGTH] = '\0';
}

/* LLVM's own copy of the object, with the entry renamed. */
static LLVMMemoryBufferRef renamed_copy(const struct object *object, const char *name)
{
	LLVMMemoryBufferRef buffer =
		LLVMCreateMemoryBufferWithMemoryRangeCopy((const char *)object->bytes, object->size, name);
	char *bytes = (char *)LLVMGetBufferStart(buffer);
	memcpy(bytes + oj_object_entry_name(object->bytes), name, NAME_LENGTH);
	return buffer;
}

static ojit_status link_object(const struct object *object, LLVMOrcResourceTrackerRef tracker,
                               LLVMOrcExecutorAddress *address, struct oj_error *error)
{
	char name[NAME_LENGTH + 1];
	write_name(name, atomic_fetch_add(&linker.loads, 1));
	LLVMErrorRef failure =
		LLVMOrcLLJITAddObjectFileWithRT(linker.jit, tracker, renamed_copy(object, name));
	if (!failure)
		failure = LLVMOrcLLJITLookup(linker.jit, address, name);
	return failure ? fail_load(error, failure) : OJIT_OK;
}

static void drop_tracker(LLVMOrcResourceTrackerRef tracker)
{
	LLVMErrorRef failure = LLVMOrcResourceTrackerRemove(tracker);
	if (failure)
		LLVMConsumeError(failure);
	LLVMOrcReleaseResourceTracker(tracker);
	LLVMOrcExecutionSessionRef session = LLVMOrcLLJITGetExecutionSession(linker.jit);
	LLVMOrcSymbolStringPoolClearDeadEntries(LLVMOrcExecutionSessionGetSymbolStringPool(session));
}

ojit_status oj_code_load(ojit_context *context, const struct object *object, struct code **out,
                         void (**entry)(const struct kernel_args *), struct oj_error *error)
{
	TRY(oj_object_check(object->bytes, object->size, error));
	TRY(open_linker(error));
	struct code *code = oj_memory_get(context, sizeof *code);
	if (!code)
		return oj_fail_memory(error);
	LLVMOrcExecutorAddress address = 0;
	code->tracker = LLVMOrcJITDylibCreateResourceTracker(LLVMOrcLLJITGetMainJITDylib(linker.jit));
	code->bytes = oj_object_loaded_size(object->bytes);
	ojit_status status = link_object(object, code->tracker, &address, error);
	if (status != OJIT_OK) {
		drop_tracker(code->tracker);
		oj_memory_put(context, code, sizeof *code);
		return status;
	}
	atomic_fetch_add_explicit(&context->live_code, code->bytes, memory_order_relaxed);
	*entry = (void (*)(const struct kernel_args *))(uintptr_t)address;
	*out = code;
	return OJIT_OK;
}

void oj_code_unload(ojit_context *context, struct code *code)
{
	if (!code)
		return;
	drop_tracker(code->tracker);
	atomic_fetch_sub_explicit(&context->live_code, code->bytes, memory_order_relaxed);
	oj_memory_put(context, code, sizeof *code);
}

size_t oj_code_bytes(const struct code *code)
{
	return code->bytes;
}
