/* See linear.h. */
#include "solvers/linear.h"

#include "lib/base/module.h"

static const struct module library = {
	.kind = MODULE_LINEAR,
	.library = "libojit-linear.so",
	.what = "solver of linear systems",
	.variable = "OJIT_LINEAR",
	.entry = "ojit_linear_library",
	.version = LINEAR_VERSION,
};

ojit_status oj_linear_make(ojit_context *context, const struct pattern *pattern, enum linear_kind kind,
                           int complexes, struct linear **linear, struct text *why, struct oj_error *error)
{
	const void *table = NULL;
	*linear = NULL;
	TRY(oj_module_open(context, &library, OJIT_BACKEND, &table, error));
	return ((const struct linear_library *)table)->make(context, pattern, kind, complexes, linear, why, error);
}

void oj_linear_drop(struct linear *linear)
{
	if (linear)
		linear->way->drop(linear);
}
