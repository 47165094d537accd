/* See support_exact.h. */
#include "tests/support_exact.h"

#include <criterion/criterion.h>

struct exact *exact_new(const struct program *program, int bits)
{
	struct exact *x = oj_exact_new(program->space->context, bits);
	cr_assert(x);
	return x;
}

void exact_free(struct exact *x)
{
	oj_exact_free(x);
	mpfr_free_cache();
}

mpfr_ptr exact_time(struct exact *x)
{
	return oj_exact_time(x)->value;
}

mpfr_ptr exact_element(struct exact *x, enum array_role role, int64_t k)
{
	cr_assert_geq(k, 0);
	return oj_exact_element(x, role, k)->value;
}

void exact_run(struct exact *x, const struct program *program)
{
	struct exact_plan *plan;
	cr_assert_eq(oj_exact_plan(program, (int)mpfr_get_prec(exact_time(x)), &plan), OJIT_OK);
	cr_assert_eq(oj_exact_run(x, plan), OJIT_OK);
	oj_exact_plan_free(plan);
}
