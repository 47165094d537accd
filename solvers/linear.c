/* See linear.h. */
#include "solvers/linear.h"

#include "solvers/elimination.h"

#include "lib/base/module.h"

static const struct module library = {
	.kind = MODULE_LINEAR,
	.library = "libojit-linear.so",
	.what = "solver of linear systems",
	.variable = "OJIT_LINEAR",
	.entry = "ojit_linear_library",
	.version = LINEAR_VERSION,
};

/* An operation from a list takes longer than one of LAPACK's, a call of LAPACK as long as so
 * many operations (measured once: full matrices take equally long with 24 rows). */
#define STATIC_PRICE 1.2
#define CALL_PRICE 200.0

/* Is the pattern one for lists of operations?  `why` gets a line if so. */
static bool suits_lists(const struct pattern *pattern, struct text *why)
{
	if (pattern->columns > ELIMINATION_MOST)
		return false;
	double own = STATIC_PRICE * oj_effort_of_step(oj_elimination_effort(pattern));
	double dense = oj_effort_of_step(oj_dense_effort(pattern->columns)) + (1 + SOLVES_A_STEP) * CALL_PRICE;
	if (own > dense)
		return false;
	if (why)
		oj_text_format(why, "%s; counted a step: static %.3g, dense %.3g", oj_linear_name(LINEAR_STATIC), own, dense);
	return true;
}

static ojit_status make_lists(ojit_context *context, const struct pattern *pattern, int complexes,
                              struct linear **linear, struct oj_error *error)
{
	struct linear base = {.context = context, .pattern = pattern, .kind = LINEAR_STATIC, .complexes = complexes};
	if (pattern->columns > ELIMINATION_MOST)
		return oj_fail(error, OJIT_UNSUPPORTED, "linear = static is for at most %d states, and there are %lld; "
		               "choose sparse or auto", ELIMINATION_MOST, (long long)pattern->columns);
	base.effort = oj_effort_times(STATIC_PRICE, oj_elimination_effort(pattern));
	*linear = oj_elimination_make(&base);
	return *linear ? OJIT_OK : oj_fail_memory(error);
}

ojit_status oj_linear_make(ojit_context *context, const struct pattern *pattern, enum linear_kind kind,
                           int complexes, struct linear **linear, struct text *why, struct oj_error *error)
{
	const void *table = NULL;
	*linear = NULL;
	if (kind == LINEAR_STATIC && why)
		oj_text_format(why, "%s, as asked for", oj_linear_name(kind));
	if (kind == LINEAR_STATIC || (kind == LINEAR_AUTO && suits_lists(pattern, why)))
		return make_lists(context, pattern, complexes, linear, error);
	TRY(oj_module_open(context, &library, OJIT_BACKEND, &table, error));
	return ((const struct linear_library *)table)->make(context, pattern, kind, complexes, linear, why, error);
}

void oj_linear_drop(struct linear *linear)
{
	if (linear)
		linear->way->drop(linear);
}
