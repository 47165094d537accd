/* See import.h: finds the file, tells its format by the extension. */
#include "lib/model/import.h"

#include "lib/model/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *oj_import_shape(char buffer[96], int rank, const int64_t *extent)
{
	int used = snprintf(buffer, 96, "[");
	for (int k = 0; k < rank; k++)
		used += snprintf(buffer + used, 96 - (size_t)used, k ? ", %lld" : "%lld", (long long)extent[k]);
	snprintf(buffer + used, 96 - (size_t)used, "]");
	return buffer;
}

/* `path` from the directory of the model's file, unless it is absolute. */
static void locate(struct text *located, const char *path, const char *model)
{
	const char *slash = model ? strrchr(model, '/') : NULL;
	if (path[0] != '/' && slash)
		oj_text_add(located, model, (size_t)(slash - model) + 1);
	oj_text_string(located, path);
}

static bool ends_in(const char *path, const char *ending)
{
	size_t length = strlen(path), wanted = strlen(ending);
	return length > wanted && strcmp(path + length - wanted, ending) == 0;
}

static ojit_status read_and_parse(struct import *import)
{
	bool csv = ends_in(import->path, ".csv"), npy = ends_in(import->path, ".npy");
	char *bytes;
	size_t length;
	if (!csv && !npy)
		return oj_fail_at(import->error, OJIT_UNSUPPORTED, import->origin, "the numbers of %s cannot come from %s; "
		                  "save them as .csv or .npy", import->name, import->path);
	ojit_status status = oj_file_read(import->context, import->path, &bytes, &length);
	if (status == OJIT_OUT_OF_MEMORY)
		return oj_fail_memory(import->error);
	if (status != OJIT_OK)
		return oj_fail_at(import->error, OJIT_IO, import->origin, "cannot read %s: %s; names of files are relative to the model's",
		                  import->path, strerror(errno));
	status = csv ? oj_import_csv(import, bytes, length) : oj_import_npy(import, bytes, length);
	oj_file_drop(import->context, bytes, length);
	return status;
}

ojit_status oj_import(ojit_context *context, const char *path, const struct origin *origin,
                      const char *name, int rank, const int64_t *extent, double *values,
                      struct oj_error *error)
{
	struct text located;
	struct import import = {.context = context, .origin = origin, .name = name, .rank = rank, .extent = extent,
	                        .count = 1, .values = values, .error = error};
	for (int k = 0; k < rank; k++)
		import.count *= extent[k];
	oj_text_init(&located, context);
	locate(&located, path, origin->file);
	import.path = oj_text_get(&located);
	ojit_status status = located.failed ? oj_fail_memory(error) : read_and_parse(&import);
	oj_text_drop(&located);
	return status;
}
