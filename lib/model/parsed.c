/* The first stage of compiling: a file's syntax tree, printed. */
#include "lib/model/definitions.h"
#include "lib/model/file.h"
#include "lib/model/syntax.h"

#include <errno.h>
#include <string.h>

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
	ojit_status status = oj_syntax_read(&syntax, model->context, bytes, length, file, &model->error);
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
	if (model->error.status != OJIT_OK)
		return model->error.status;
	ojit_status status = oj_file_read(model->context, path, &bytes, &length);
	if (status == OJIT_OUT_OF_MEMORY)
		return oj_fail_memory(&model->error);
	if (status != OJIT_OK)
		return oj_fail(&model->error, OJIT_IO, "cannot read %s: %s; check its name", path, strerror(errno));
	status = print_parsed(model, bytes, length, path, text);
	oj_file_drop(model->context, bytes, length);
	return status;
}
