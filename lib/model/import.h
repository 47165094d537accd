/* Numbers from files: CSV and NPY. */
#ifndef OJ_IMPORT_H
#define OJ_IMPORT_H

#include "lib/base/error.h"

/* Read the array `name` with extent[rank], rank 1 to 3, from `path` into
 * values[product of extent], row by row.  A relative path starts from the
 * directory of origin->file, the model's; errors name that place. */
ojit_status oj_import(ojit_context *context, const char *path, const struct origin *origin,
                      const char *name, int rank, const int64_t *extent, double *values,
                      struct oj_error *error);

/* What the readers of formats get. */
struct import {
	ojit_context *context;
	const char *path; /* as it was opened */
	const struct origin *origin;
	const char *name;
	int rank;
	const int64_t *extent;
	int64_t count; /* of values */
	double *values;
	struct oj_error *error;
};
ojit_status oj_import_csv(struct import *import, char *bytes, size_t length);
ojit_status oj_import_npy(struct import *import, const char *bytes, size_t length);
/* "[8, 4]" */
const char *oj_import_shape(char buffer[96], int rank, const int64_t *extent);

#endif
