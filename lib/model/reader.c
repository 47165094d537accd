/* Models from text and files: the two steps from bytes to definitions, and a look
 * at what lies between them, the syntax tree. */
#include "lib/model/file.h"
#include "lib/model/lower.h"
#include "lib/model/syntax.h"

#include <errno.h>
#include <string.h>

ojit_status ojit_model_read_text(ojit_model *model, const char *text, size_t length, const char *file)
{
	if (model->error.status != OJIT_OK)
		return model->error.status;
	if (!text && length > 0)
		return oj_fail(&model->error, OJIT_ARGUMENT, "the text is NULL; give its bytes");
	uint32_t source = oj_model_source(model, file, text ? text : "", length);
	return source ? oj_syntax_build(model, source) : model->error.status;
}

/* The bytes of a file, for oj_file_drop; a failure is the model's. */
static ojit_status open_file(ojit_model *model, const char *path, char **bytes, size_t *length)
{
	if (model->error.status != OJIT_OK)
		return model->error.status;
	ojit_status status = oj_file_read(model->context, path, bytes, length);
	if (status == OJIT_OUT_OF_MEMORY)
		return oj_fail_memory(&model->error);
	if (status != OJIT_OK)
		return oj_fail(&model->error, OJIT_IO, "cannot read %s: %s; check its name", path, strerror(errno));
	return OJIT_OK;
}

ojit_status ojit_model_read_file(ojit_model *model, const char *path)
{
	char *bytes;
	size_t length;
	TRY(open_file(model, path, &bytes, &length));
	ojit_model_read_text(model, bytes, length, path);
	oj_file_drop(model->context, bytes, length);
	return model->error.status;
}

/* The text as memory of its own, terminated, as ojit_text_free takes it. */
static ojit_status give_text(ojit_model *model, const struct text *text, char **out)
{
	if (!text->failed)
		*out = oj_memory_get(model->context, text->length + 1);
	if (!*out)
		return oj_fail_memory(&model->error);
	memcpy(*out, oj_text_get(text), text->length + 1);
	return OJIT_OK;
}

static ojit_status print_parsed(ojit_model *model, const char *bytes, size_t length, const char *file,
                                char **out)
{
	struct syntax syntax;
	struct text text;
	struct reading reading = {.file = file, .text = bytes, .length = length, .base = 1};
	ojit_status status = oj_syntax_read(&syntax, model->context, &reading, &model->error);
	oj_text_init(&text, model->context);
	if (status == OJIT_OK) {
		oj_syntax_print(&syntax, &text);
		status = give_text(model, &text, out);
	}
	oj_text_drop(&text);
	oj_syntax_drop(&syntax);
	return status;
}

ojit_status ojit_model_parse_file(ojit_model *model, const char *path, char **text)
{
	char *bytes;
	size_t length;
	*text = NULL;
	TRY(open_file(model, path, &bytes, &length));
	ojit_status status = print_parsed(model, bytes, length, path, text);
	oj_file_drop(model->context, bytes, length);
	return status;
}

ojit_status ojit_model_check(ojit_model *model)
{
	struct lowered lowered;
	struct oj_error error;
	if (model->error.status != OJIT_OK)
		return model->error.status;
	oj_error_init(&error, model->context);
	if (oj_model_lower(model, &lowered, &error) == OJIT_OK)
		oj_lowered_drop(&lowered);
	else
		oj_fail_copy(&model->error, &error);
	oj_error_drop(&error);
	return model->error.status;
}
