/* A look inside: the text after any stage of compiling. */
#include "jit/compile.h"

#include <string.h>

const char *const *ojit_stages(void)
{
	static const char *const stages[] = {
		"model", "program", "simplify", "split", "roll", "inline", "fuse", "hoist", "expand",
		"partition", "prepare", "ir", "ir-optimised", "asm", NULL,
	};
	return stages;
}

static bool is_one_of(const char *stage, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(stage, *names))
			return true;
	return false;
}

static ojit_status list_code(const struct program *program, const struct settings *settings,
                             const char *stage, struct text *text, struct oj_error *error)
{
	const struct backend *backend;
	TRY(oj_backend_open(program->space->context, &backend, error));
	struct target target = oj_program_target(settings, backend);
	struct object none = {0};
	return backend->translate(program, &target, &none, stage, text, error);
}

static ojit_status print_stage(ojit_model *model, const struct settings *settings, int kind,
                               const char *stage, struct text *text)
{
	static const char *const code[] = {"ir", "ir-optimised", "asm", NULL};
	struct oj_error *error = &model->error;
	struct lowered lowered = {0};
	bool machine = is_one_of(stage, code);
	bool prepare = !strcmp(stage, "prepare");
	if (prepare)
		kind = KERNEL_PREPARE;
	ojit_status status = oj_compile(model, settings, kind, machine || prepare ? NULL : stage, &lowered, error);
	if (status == OJIT_OK && machine)
		status = list_code(&lowered.programs[kind], settings, stage, text, error);
	else if (status == OJIT_OK)
		oj_program_print(&lowered.programs[kind], text);
	oj_lowered_drop(&lowered);
	return status;
}

ojit_status ojit_program_dump(ojit_model *model, const ojit_compile_options *options, ojit_kernel kernel,
                              const char *stage, char **out)
{
	static const int kinds[OJIT_KERNEL_COUNT] = {
		[OJIT_RHS] = KERNEL_RHS, [OJIT_OBSERVABLES] = KERNEL_OUTPUTS, [OJIT_INITIAL] = KERNEL_INIT,
	};
	struct oj_error *error = &model->error;
	struct settings settings;
	struct text text;
	*out = NULL;
	if (error->status != OJIT_OK)
		return error->status;
	if ((unsigned)kernel >= OJIT_KERNEL_COUNT)
		return oj_fail(error, OJIT_ARGUMENT, "there is no kernel %d; see ojit_kernel", (int)kernel);
	if (!stage || !is_one_of(stage, ojit_stages()))
		return oj_fail(error, OJIT_ARGUMENT, "there is no stage '%s'; `ojit dump --help` lists them",
		               stage ? stage : "NULL");
	TRY(oj_settings(options, &settings, error));
	oj_text_init(&text, model->context);
	ojit_status status = OJIT_OK;
	if (!strcmp(stage, "model"))
		oj_model_print(model, &text);
	else
		status = print_stage(model, &settings, kinds[kernel], stage, &text);
	if (status == OJIT_OK && text.refused)
		status = oj_fail(error, OJIT_UNSUPPORTED, "an expression of the model is too long to be written out, "
		                 "for what it uses many times is written each time; name such parts with ojit_let");
	else if (status == OJIT_OK && text.failed)
		status = oj_fail_memory(error);
	if (status == OJIT_OK && (*out = oj_memory_get(model->context, text.length + 1)))
		memcpy(*out, oj_text_get(&text), text.length + 1);
	oj_text_drop(&text);
	return status == OJIT_OK && !*out ? oj_fail_memory(error) : status;
}

void ojit_text_free(ojit_context *context, char *text)
{
	if (text)
		oj_memory_put(context, text, strlen(text) + 1);
}
