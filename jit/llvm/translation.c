/* See translation.h. */
#include "jit/llvm/translation.h"

#include "jit/llvm/emitter.h"

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
	object->size = LLVMGetBufferSize(buffer);
	object->bytes = oj_memory_get(e->context, object->size);
	if (object->bytes)
		memcpy(object->bytes, LLVMGetBufferStart(buffer), object->size);
	LLVMDisposeMemoryBuffer(buffer);
	return object->bytes ? OJIT_OK : oj_fail_memory(e->error);
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

static ojit_status run(struct translation *t, const struct program *program, uint32_t module,
                       struct object *object, const char *what, struct text *text)
{
	struct emitter *e = &t->emitter;
	TRY(oj_machine_open(&t->machine, e->target, e->error));
	open_module(t);
	TRY(oj_emit_module(e, program, module));
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

ojit_status oj_module_translate(const struct program *program, const struct target *target, const struct cut *cut,
                                uint32_t module, struct object *object, const char *what,
                                struct text *text, struct oj_error *error)
{
	ojit_context *context = program->space->context;
	struct target mine = *target;
	mine.level = cut->levels.at[module];
	struct translation t = {.emitter = {.context = context, .error = error, .target = &mine, .cut = cut,
	                                    .space = program->space, .kind = program->kind}};
	t.emitter.machine = &t.machine;
	oj_text_init(&t.complaint, context);
	ojit_status status = run(&t, program, module, object, what, text);
	close_module(&t);
	return status;
}
