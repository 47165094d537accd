/* See file.h.  The size is not asked for in advance: pipes have none. */
#include "lib/model/file.h"

#include <errno.h>
#include <stdio.h>

static ojit_status read_all(ojit_context *context, FILE *stream, char **bytes, size_t *length)
{
	VECTOR(char) buffer = {0};
	size_t got = 1;
	while (got > 0) {
		if (!oj_vector_grow(context, (void **)&buffer.at, &buffer.room, buffer.count + 4096, 1)) {
			VECTOR_DROP(context, &buffer);
			return OJIT_OUT_OF_MEMORY;
		}
		got = fread(buffer.at + buffer.count, 1, buffer.room - buffer.count - 1, stream);
		buffer.count += got;
	}
	*length = buffer.count;
	*bytes = oj_memory_resize(context, buffer.at, buffer.room, buffer.count + 1);
	if (!*bytes) {
		VECTOR_DROP(context, &buffer);
		return OJIT_OUT_OF_MEMORY;
	}
	(*bytes)[buffer.count] = '\0';
	return ferror(stream) ? OJIT_IO : OJIT_OK;
}

ojit_status oj_file_read(ojit_context *context, const char *path, char **bytes, size_t *length)
{
	FILE *stream = fopen(path, "rb");
	*bytes = NULL;
	*length = 0;
	if (!stream)
		return OJIT_IO;
	ojit_status status = read_all(context, stream, bytes, length);
	int kept = errno;
	fclose(stream);
	if (status != OJIT_OK && *bytes) {
		oj_file_drop(context, *bytes, *length);
		*bytes = NULL;
	}
	errno = kept;
	return status;
}

void oj_file_drop(ojit_context *context, char *bytes, size_t length)
{
	oj_memory_put(context, bytes, length + 1);
}
