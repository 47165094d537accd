/* Whole files in a context's memory. */
#ifndef OJ_FILE_H
#define OJ_FILE_H

#include "lib/base/memory.h"

/* *bytes is *length long, followed by a zero; give it back with oj_file_drop.
 * OJIT_IO: errno says why. */
ojit_status oj_file_read(ojit_context *context, const char *path, char **bytes, size_t *length);
void oj_file_drop(ojit_context *context, char *bytes, size_t length);

#endif
