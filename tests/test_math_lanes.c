/* The promise the whole house leans on: the same bits in every lane count. */
#include "lib/math/math.h"
#include "tests/support_arguments.h"
#include "tests/support_lanes.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bits_of(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static int same(double a, double b)
{
	return bits_of(a) == bits_of(b) || (isnan(a) && isnan(b));
}

struct work {
	double (*x)[SUPPORT_OPERANDS];
	double *first, *second;
	size_t count;
};

static struct work work_for(const struct math_function *function)
{
	struct work work = { malloc(SUPPORT_ARGUMENTS * sizeof *work.x),
		             malloc(SUPPORT_ARGUMENTS * sizeof(double)),
		             malloc(SUPPORT_ARGUMENTS * sizeof(double)), 0 };
	work.count = support_arguments(function->name, function->arity, work.x);
	return work;
}

static void drop(struct work *work)
{
	free(work->x), free(work->first), free(work->second);
}

static void expect_same(const struct work *work, const char *name, const char *what)
{
	int complaints = 0;
	for (size_t k = 0; k < work->count; k++)
		if (!same(work->first[k], work->second[k]) && complaints++ < 5)
			cr_expect(0, "%s(%a, %a): %a and %a, %s", name, work->x[k][0], work->x[k][1],
			          work->first[k], work->second[k], what);
}

static void check_set(enum oj_math_set set, int widest)
{
	const struct math_function *table = oj_math_table_of(set);
	if (table == NULL)
		cr_skip("this CPU cannot run set %d", set);
	for (int f = 0; f < OJ_MATH_COUNT; f++) {
		struct work work = work_for(&table[f]);
		cr_assert(support_lanes(&table[f], 1, work.x, work.count, work.first));
		cr_expect_gt(work.count, 10000);
		int widths = 0;
		for (int lanes = 2; lanes <= 8; lanes *= 2)
			if (support_lanes(&table[f], lanes, work.x, work.count, work.second)) {
				expect_same(&work, table[f].name, "1 lane and more");
				widths = lanes;
			}
		cr_expect_eq(widths, table[f].arity == 4 ? 0 : widest, "%s", table[f].name);
		drop(&work);
	}
}

Test(math_lanes, lanes_have_the_bits_of_the_scalar_without_fma)
{
	check_set(OJ_MATH_SSE2, 2);
}

Test(math_lanes, lanes_have_the_bits_of_the_scalar_with_avx2)
{
	check_set(OJ_MATH_AVX2, 4);
}

Test(math_lanes, lanes_have_the_bits_of_the_scalar_with_avx512)
{
	check_set(OJ_MATH_AVX512, 8);
}

Test(math_lanes, a_lane_does_not_see_its_neighbours)
{
	const struct math_function *table = oj_math_table();
	for (int f = 0; f < OJ_MATH_COUNT; f++) {
		struct work work = work_for(&table[f]);
		if (!support_lanes(&table[f], 2, work.x, work.count, work.first)) {
			drop(&work);
			continue;
		}
		/* the same arguments, each with another neighbour */
		memmove(work.x, work.x + 1, --work.count * sizeof *work.x);
		memmove(work.first, work.first + 1, work.count * sizeof *work.first);
		cr_assert(support_lanes(&table[f], 2, work.x, work.count, work.second));
		expect_same(&work, table[f].name, "with another neighbour");
		drop(&work);
	}
}

/* Pass expand writes these powers out with a root; every third keeps its exponent. */
Test(math_lanes, powers_of_one_half_and_three_halves_are_roots)
{
	const struct math_function *table = oj_math_table();
	struct work work = work_for(&table[OJ_MATH_pow]);
	for (size_t k = 0; k < work.count; k++) {
		double x = work.x[k][0];
		if (k % 3 == 2)
			work.first[k] = oj_math_scalar(OJ_MATH_pow, work.x[k]);
		else
			work.first[k] = x == -INFINITY ? INFINITY : k % 3 ? x * sqrt(x) : sqrt(x) + 0;
		if (k % 3 < 2)
			work.x[k][1] = k % 3 ? 1.5 : 0.5;
	}
	for (int lanes = 1; lanes <= 8; lanes *= 2)
		if (support_lanes(&table[OJ_MATH_pow], lanes, work.x, work.count, work.second))
			expect_same(&work, "pow", "as a root");
	drop(&work);
}

Test(math_lanes, the_chosen_set_is_the_widest_that_runs)
{
	cr_expect_eq(oj_math_table(), oj_math_table_of(oj_math_best()));
	cr_expect_not_null(oj_math_table_of(OJ_MATH_SSE2));
	for (int set = oj_math_best() + 1; set < OJ_MATH_SETS; set++)
		cr_expect_null(oj_math_table_of(set));
	double x = 0.7;
	cr_expect(same(oj_math_scalar(OJ_MATH_sin, &x), oj_math_call(&oj_math_table()[OJ_MATH_sin], &x)));
}

Test(math_lanes, minimum_and_maximum_order_zeros_and_keep_nans)
{
	cr_expect(same(oj_minimum(0.0, -0.0), -0.0) && same(oj_minimum(-0.0, 0.0), -0.0));
	cr_expect(same(oj_maximum(0.0, -0.0), 0.0) && same(oj_maximum(-0.0, 0.0), 0.0));
	cr_expect(isnan(oj_minimum(NAN, 1)) && isnan(oj_minimum(1, NAN)));
	cr_expect(isnan(oj_maximum(NAN, 1)) && isnan(oj_maximum(1, NAN)));
	cr_expect(same(oj_minimum(-INFINITY, 3), -INFINITY) && same(oj_maximum(2, 3), 3));
	cr_expect(same(oj_minimum(2, 2), 2) && same(oj_maximum(INFINITY, 3), INFINITY));
}
