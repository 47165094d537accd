/* LLVM as a code generator: the table that libojit-llvm exports, and translation
 * from a program to an object.
 *
 * A translation owns an LLVM context, so that any number of them may run at once,
 * and returns everything it took. */
#include "jit/llvm/emitter.h"
#include "jit/llvm/load.h"
#include "jit/llvm/object.h"

#include <string.h>

struct translation {
	struct emitter emitter;
	struct machine machine;
	struct text complaint; /* LLVM's first error */
};

/* LLVM's errors would go to stderr. */
static void keep_complaint(LLVMDiagnosticInfoRef info, void *user)
{
	struct translation *t = user;
	if (LLVMGetDiagInfoSeverity(info) != LLVMDSError || t->complaint.length)
		return;
	char *message = LLVMGetDiagInfoDescription(info);
	oj_text_string(&t->complaint, message);
	LLVMDisposeMessage(message);
}

static void open_module(struct translation *t)
{
	struct emitter *e = &t->emitter;
	e->llvm = LLVMContextCreate();
	LLVMContextSetDiscardValueNames(e->llvm, true);
	LLVMContextSetDiagnosticHandler(e->llvm, keep_complaint, t);
	e->module = LLVMModuleCreateWithNameInContext("ojit", e->llvm);
	LLVMSetTarget(e->module, t->machine.triple);
	LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(t->machine.llvm);
	LLVMSetModuleDataLayout(e->module, layout);
	LLVMDisposeTargetData(layout);
}

static void close_module(struct translation *t)
{
	if (t->emitter.module)
		LLVMDisposeModule(t->emitter.module);
	if (t->emitter.llvm)
		LLVMContextDispose(t->emitter.llvm);
	oj_machine_close(&t->machine);
	oj_text_drop(&t->complaint);
}

static ojit_status take_object(struct translation *t, struct object *object)
{
	struct emitter *e = &t->emitter;
	LLVMMemoryBufferRef buffer;
	TRY(oj_machine_generate(&t->machine, e->module, false, &buffer, e->error));
	const unsigned char *bytes = (const unsigned char *)LLVMGetBufferStart(buffer);
	size_t size = LLVMGetBufferSize(buffer);
	ojit_status status = oj_object_check(bytes, size, e->error);
	if (status == OJIT_OK && !(object->bytes = oj_memory_get(e->context, size)))
		status = oj_fail_memory(e->error);
	if (status == OJIT_OK) {
		memcpy(object->bytes, bytes, size);
		object->size = size;
	}
	LLVMDisposeMemoryBuffer(buffer);
	return status;
}

static void list_ir(struct translation *t, struct text *text)
{
	char *ir = LLVMPrintModuleToString(t->emitter.module);
	oj_text_string(text, ir);
	LLVMDisposeMessage(ir);
}

/* Assembly, or the IR that it was made of, after the code generator's own passes. */
static ojit_status list_generated(struct translation *t, const char *what, struct text *text)
{
	LLVMMemoryBufferRef buffer;
	TRY(oj_machine_generate(&t->machine, t->emitter.module, true, &buffer, t->emitter.error));
	if (!strcmp(what, "ir-optimised"))
		list_ir(t, text);
	else
		oj_text_add(text, LLVMGetBufferStart(buffer), LLVMGetBufferSize(buffer));
	LLVMDisposeMemoryBuffer(buffer);
	return OJIT_OK;
}

static ojit_status check_listing(const char *what, struct oj_error *error)
{
	if (!strcmp(what, "ir") || !strcmp(what, "ir-optimised") || !strcmp(what, "asm"))
		return OJIT_OK;
	return oj_fail(error, OJIT_ARGUMENT, "no listing is called '%s'; ask for ir, ir-optimised or asm", what);
}

static ojit_status check_target(const struct target *target, struct oj_error *error)
{
	int lanes = target->lanes;
	if (lanes == 1 || lanes == 2 || lanes == 4 || lanes == 8)
		return OJIT_OK;
	return oj_fail(error, OJIT_ARGUMENT, "code cannot have %d lanes; ask for 1, 2, 4 or 8", lanes);
}

static ojit_status run_translation(struct translation *t, const struct program *program,
                                   struct object *object, const char *what, struct text *text)
{
	struct emitter *e = &t->emitter;
	TRY(oj_machine_open(&t->machine, e->target, e->error));
	open_module(t);
	TRY(oj_emit_program(e, program));
	if (text && !strcmp(what, "ir")) {
		list_ir(t, text);
		return OJIT_OK;
	}
	if (text)
		TRY(list_generated(t, what, text));
	else
		TRY(take_object(t, object));
	if (t->complaint.length)
		return oj_fail(e->error, OJIT_BACKEND, "LLVM refused the code: %s; this is a defect, please report it",
		               oj_text_get(&t->complaint));
	return OJIT_OK;
}

static ojit_status translate(const struct program *program, const struct target *target,
                             struct object *object, const char *what, struct text *text,
                             struct oj_error *error)
{
	TRY(check_target(target, error));
	if (text)
		TRY(check_listing(what, error));
	ojit_context *context = program->space->context;
	struct translation t = {.emitter = {.context = context, .error = error, .target = target,
	                                    .space = program->space, .kind = program->kind}};
	t.emitter.machine = &t.machine;
	oj_text_init(&t.complaint, context);
	if (object)
		*object = (struct object){0};
	ojit_status status = run_translation(&t, program, object, what, text);
	close_module(&t);
	if (status != OJIT_OK && object && object->bytes) {
		oj_memory_put(context, object->bytes, object->size);
		*object = (struct object){0};
	}
	return status;
}

OJIT_API const struct backend *ojit_llvm_backend(void)
{
	static const struct backend backend = {
		.version = BACKEND_VERSION,
		.translate = translate,
		.load = oj_code_load,
		.unload = oj_code_unload,
		.code_bytes = oj_code_bytes,
		.lanes = oj_machine_lanes,
	};
	return &backend;
}
