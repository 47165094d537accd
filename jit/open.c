/* Where the code generator and MPFR come from; see backend.h and truth.h. */
#include "jit/backend.h"
#include "jit/truth.h"

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

static const struct module truth = {
	.kind = MODULE_TRUTH,
	.library = "libojit-mpfr.so",
	.what = "evaluator in MPFR, which checks are made with",
	.variable = "OJIT_MPFR",
	.entry = "ojit_mpfr_truth",
	.version = TRUTH_VERSION,
};

ojit_status oj_truth_open(ojit_context *context, const struct truth_table **table, struct oj_error *error)
{
	const void *opened = NULL;
	ojit_status status = oj_module_open(context, &truth, OJIT_BACKEND, &opened, error);
	*table = opened;
	return status;
}
