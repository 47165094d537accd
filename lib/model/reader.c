/* Models from text and files: the two steps from bytes to definitions. */
#include "lib/model/file.h"
#include "lib/model/lower.h"
#include "lib/model/syntax.h"

#include <errno.h>
#include <string.h>

ojit_status ojit_model_read_text(ojit_model *model, const char *text, size_t length, const char *file)
{
	struct syntax syntax;
	if (model->error.status != OJIT_OK)
		return model->error.status;
	if (!text && length > 0)
		return oj_fail(&model->error, OJIT_ARGUMENT, "the text is NULL; give its bytes");
	if (oj_syntax_read(&syntax, model->context, text ? text : "", length, file, &model->error) == OJIT_OK)
		oj_syntax_build(&syntax, model);
	oj_syntax_drop(&syntax);
	return model->error.status;
}

ojit_status ojit_model_read_file(ojit_model *model, const char *path)
{
	char *bytes;
	size_t length;
	if (model->error.status != OJIT_OK)
		return model->error.status;
	ojit_status status = oj_file_read(model->context, path, &bytes, &length);
	if (status == OJIT_OUT_OF_MEMORY)
		return oj_fail_memory(&model->error);
	if (status != OJIT_OK)
		return oj_fail(&model->error, OJIT_IO, "cannot read %s: %s; check its name", path, strerror(errno));
	ojit_model_read_text(model, bytes, length, path);
	oj_file_drop(model->context, bytes, length);
	return model->error.status;
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
