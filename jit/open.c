/* Where the code generator comes from; see backend.h. */
#include "jit/backend.h"

#include "lib/base/module.h"

static const struct module code_generator = {
	.kind = MODULE_CODE,
	.library = "libojit-llvm.so",
	.what = "code generator",
	.variable = "OJIT_LLVM",
	.entry = "ojit_llvm_backend",
	.version = BACKEND_VERSION,
};

ojit_status oj_backend_open(ojit_context *context, const struct backend **backend, struct oj_error *error)
{
	const void *table = NULL;
	ojit_status status = oj_module_open(context, &code_generator, OJIT_BACKEND, &table, error);
	*backend = table;
	return status;
}
