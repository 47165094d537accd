/* uniform and normal: the published generator, and draws that behave like it. */
#include "lib/math/math.h"

#include <criterion/criterion.h>
#include <string.h>

enum { DRAWS = 200000, CELLS = 64 };

static double draw(enum oj_math function, double seed, double i, double j, double k)
{
	return oj_math_scalar(function, (const double[]){ seed, i, j, k });
}

/* Known answer of threefry2x64-20 for key 0 and counter 0, from the kat_vectors
 * file that comes with Random123. */
Test(math_random, uniform_is_the_published_generator)
{
	uint64_t words[2];
	cr_assert(oj_math_random((const double[4]){ 0 }, OJ_MATH_STREAM_UNIFORM, words));
	cr_expect_eq(words[0], UINT64_C(0xc2b6e3a8c2c69865));
	cr_expect_eq(words[1], UINT64_C(0x6f81ed42f350084d));
	cr_expect_eq(draw(OJ_MATH_uniform, 0, 0, 0, 0),
	             (double)(UINT64_C(0xc2b6e3a8c2c69865) >> 11) * 0x1p-53);
}

Test(math_random, uniform_fills_its_interval_evenly)
{
	int cells[CELLS] = { 0 };
	double sum = 0, chi = 0;
	for (int i = 0; i < DRAWS; i++) {
		double u = draw(OJ_MATH_uniform, 7, i, 0, 0);
		cr_assert(u >= 0 && u < 1);
		cells[(int)(u * CELLS)]++;
		sum += u;
	}
	for (int c = 0; c < CELLS; c++)
		chi += pow(cells[c] - (double)DRAWS / CELLS, 2) / ((double)DRAWS / CELLS);
	/* five standard deviations of each */
	cr_expect_lt(fabs(sum / DRAWS - 0.5), 5 * sqrt(1.0 / 12 / DRAWS));
	cr_expect_lt(fabs(chi - (CELLS - 1)), 5 * sqrt(2.0 * (CELLS - 1)), "chi squared %g", chi);
}

Test(math_random, normal_has_the_moments_of_the_bell)
{
	double moment[5] = { 0 };
	int tail = 0;
	for (int i = 0; i < DRAWS; i++) {
		double z = draw(OJ_MATH_normal, 7, i, 3, 0);
		cr_assert(fabs(z) < 8.6);
		for (int m = 1; m <= 4; m++)
			moment[m] += pow(z, m) / DRAWS;
		tail += fabs(z) > 1.959963984540054;
	}
	const double expected[5] = { 0, 0, 1, 0, 3 }, variance[5] = { 0, 1, 2, 15, 96 };
	for (int m = 1; m <= 4; m++)
		cr_expect_lt(fabs(moment[m] - expected[m]), 5 * sqrt(variance[m] / DRAWS), "moment %d: %g", m,
		             moment[m]);
	cr_expect_lt(fabs(tail / (double)DRAWS - 0.05), 5 * sqrt(0.05 * 0.95 / DRAWS));
}

static double correlation(enum oj_math f, enum oj_math g, int seed_step, int i_step, int j_step, int k_step)
{
	double sum = 0, sums[2] = { 0 }, squares[2] = { 0 };
	for (int i = 0; i < DRAWS / 4; i++) {
		double a = draw(f, 1, i, 0, 0), b = draw(g, 1 + seed_step, i + i_step, j_step, k_step);
		sum += a * b, sums[0] += a, sums[1] += b, squares[0] += a * a, squares[1] += b * b;
	}
	const double n = DRAWS / 4;
	return (sum / n - sums[0] / n * (sums[1] / n)) /
	       sqrt((squares[0] / n - pow(sums[0] / n, 2)) * (squares[1] / n - pow(sums[1] / n, 2)));
}

Test(math_random, seed_and_every_counter_and_the_two_functions_are_independent)
{
	const double limit = 5 / sqrt(DRAWS / 4);
	const enum oj_math u = OJ_MATH_uniform, z = OJ_MATH_normal;
	cr_expect_lt(fabs(correlation(u, u, 1, 0, 0, 0)), limit);
	cr_expect_lt(fabs(correlation(u, u, 0, 1, 0, 0)), limit);
	cr_expect_lt(fabs(correlation(u, u, 0, 0, 1, 0)), limit);
	cr_expect_lt(fabs(correlation(z, z, 0, 0, 0, 1)), limit);
	cr_expect_lt(fabs(correlation(u, z, 0, 0, 0, 0)), limit);
	cr_expect_gt(correlation(u, u, 0, 0, 0, 0), 0.999);
}

Test(math_random, large_counters_do_not_meet_and_zeros_are_one)
{
	double far = 0x1p51;
	cr_expect_neq(draw(OJ_MATH_uniform, 1, far, 0, 0), draw(OJ_MATH_uniform, 1, far + 1, 0, 0));
	cr_expect_neq(draw(OJ_MATH_uniform, 1, 0, 0, far), draw(OJ_MATH_uniform, 1, 0, 0, far + 1));
	cr_expect_neq(draw(OJ_MATH_uniform, 1, 2, 3, 0), draw(OJ_MATH_uniform, 1, 3, 2, 0));
	cr_expect_neq(draw(OJ_MATH_uniform, 1, 2, 0, 3), draw(OJ_MATH_uniform, 1, -2, 0, 3));
	cr_expect_eq(draw(OJ_MATH_uniform, -0.0, -0.0, 1, -0.0), draw(OJ_MATH_uniform, 0, 0, 1, 0));
	cr_expect(isnan(draw(OJ_MATH_uniform, 1, NAN, 0, 0)) && isnan(draw(OJ_MATH_normal, NAN, 0, 0, 0)));
}
