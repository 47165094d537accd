/* Sums of stages and norms against their formulas, to the bit, whatever the number of
 * states and with it the vectors they are computed in. */
#include "solvers/sums.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST = 300, STAGES = 18 };
static const int64_t counts[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 128, 129, MOST};
enum { COUNTS = sizeof counts / sizeof *counts };

static double before[MOST], after[MOST], absolute[MOST], k[STAGES * MOST], weights[STAGES];

static double somewhere(uint64_t *seed)
{
	return (double)(int64_t)random_bits(seed) * 0x1p-63;
}

static void fill(uint64_t seed)
{
	for (int i = 0; i < MOST; i++) {
		before[i] = somewhere(&seed);
		after[i] = before[i] + 0.1 * somewhere(&seed);
		absolute[i] = i % 5 == 0 ? 0 : 1e-3;
	}
	for (int i = 0; i < STAGES * MOST; i++)
		k[i] = somewhere(&seed);
	for (int j = 0; j < STAGES; j++)
		weights[j] = j % 7 == 4 ? 0 : somewhere(&seed);
}

static double plus(double sum, double a, double b)
{
	return oj_sums(1)->fused ? fma(a, b, sum) : sum + a * b;
}

/* The first `count` of the terms that there are, and y before the last one if so. */
static double sum_at(int64_t i, int count, const double *w, const struct terms *terms, bool stage)
{
	double sum = 0;
	int last = stage ? count - 1 : count;
	for (int j = 0; j < last; j++)
		sum = j == 0 ? w[0] * k[terms->offset[0] + i] : plus(sum, w[j], k[terms->offset[j] + i]);
	double whole = last > 0 ? before[i] + sum : before[i];
	return stage && count > 0 ? plus(whole, w[last], k[terms->offset[last] + i]) : whole;
}

static void expect_bits(double found, double wanted, const char *what, int64_t n, int count)
{
	cr_assert_eq(memcmp(&found, &wanted, sizeof found), 0, "%s of %d terms, %d states: %.17g, not %.17g", what, count,
	             (int)n, found, wanted);
}

Test(solvers_sums, sums_have_the_bits_of_their_formula_in_vectors_of_any_length)
{
	double w[STAGES], out[MOST], scaled[STAGES];
	struct terms terms;
	for (int given = 0; given <= STAGES; given++) {
		fill((uint64_t)given + 1);
		for (int c = 0; c < COUNTS; c++) {
			int64_t n = counts[c];
			int count = oj_terms_set(&terms, weights, given, MOST, w);
			oj_terms_scale(count, 0.7, w, scaled);
			for (int j = 0; j < count; j++)
				expect_bits(scaled[j], 0.7 * w[j], "weight", n, count);
			oj_sums(n)->stage(n, before, k, &terms, scaled, out);
			for (int64_t i = 0; i < n; i++)
				expect_bits(out[i], sum_at(i, count, scaled, &terms, true), "stage", n, count);
			oj_sums(n)->step(n, before, k, &terms, scaled, out);
			for (int64_t i = 0; i < n; i++)
				expect_bits(out[i], sum_at(i, count, scaled, &terms, false), "step", n, count);
			oj_sums_apart(n)->step(n, before, k, &terms, scaled, out);
			for (int64_t i = 0; i < n; i++)
				expect_bits(out[i], sum_at(i, count, scaled, &terms, false), "step apart", n, count);
		}
	}
}

/* The square of the norm as sums.h describes it, in long double. */
static double exact_norm(int64_t n, const double *w, const struct terms *terms, const struct tolerance *tolerance)
{
	long double sum = 0, most = 0;
	for (int64_t i = 0; i < n; i++) {
		long double error = 0, scale = absolute[i] + tolerance->rtol * fmaxl(fabsl(before[i]), fabsl(after[i]));
		for (int j = 0; j < terms->count; j++)
			error += (long double)w[j] * k[terms->offset[j] + i];
		sum += error * error / (scale * scale);
		most = fmaxl(most, error * error / (scale * scale));
	}
	return (double)(tolerance->max_norm ? most : sum / n);
}

/* Odd and even powers of h apart, by Horner's scheme; of slopes, each coefficient times its power. */
static double powers_at(int64_t i, int64_t n, int order, double h, bool slope)
{
	double sums[2] = {0, 0};
	for (int j = order; j >= 1; j--) {
		double c = slope ? j * k[j * n + i] : k[j * n + i];
		bool odd = j % 2;
		sums[odd] = order % 2 && j == order ? c : plus(c, sums[odd], h * h);
	}
	double sum = plus(sums[1], sums[0], h);
	return slope ? sum : h * sum;
}

Test(solvers_sums, powers_have_the_bits_of_their_formula_in_vectors_of_any_length_with_slopes_or_without)
{
	double change[MOST], slope[MOST], alone[MOST];
	fill(7);
	for (int order = 1; order < STAGES; order++)
		for (int c = 0; c < COUNTS; c++) {
			int64_t n = counts[c];
			oj_sums(n)->powers(n, order, k, 0.3, change, slope);
			oj_sums(n)->powers(n, order, k, 0.3, alone, NULL);
			for (int64_t i = 0; i < n; i++) {
				expect_bits(change[i], powers_at(i, n, order, 0.3, false), "change", n, order);
				expect_bits(slope[i], powers_at(i, n, order, 0.3, true), "slope", n, order);
				expect_bits(alone[i], change[i], "change without slope", n, order);
			}
		}
}

Test(solvers_sums, norms_are_mean_or_largest_squares_with_the_same_bits_in_all_vectors)
{
	double w[STAGES];
	struct terms terms;
	fill(99);
	for (int way = 0; way < 2; way++) {
		struct tolerance tolerance = {.atol = absolute, .rtol = 1e-3, .max_norm = way};
		for (int c = 0; c < COUNTS; c++) {
			int64_t n = counts[c];
			int count = oj_terms_set(&terms, weights, 9, MOST, w);
			double found = oj_sums(n)->norm(n, n, k, &terms, w, before, after, &tolerance);
			double wanted = exact_norm(n, w, &terms, &tolerance);
			cr_expect_lt(fabs(found - wanted), 1e-13 * wanted, "%d states: %.17g, not %.17g", (int)n, found, wanted);
			expect_bits(oj_sums_apart(n)->norm(n, n, k, &terms, w, before, after, &tolerance), found, "norm apart", n, count);
			expect_bits(oj_sums(n < OJ_FEW ? n : OJ_FEW)->norm(n, n, k, &terms, w, before, after, &tolerance),
			            oj_sums(MOST)->norm(n, n, k, &terms, w, before, after, &tolerance), "norm", n, count);
		}
	}
}

/* As states of a stepper are laid out: whole vectors, with nothing behind the last state. */
static void clear_from(int64_t n, int64_t padded)
{
	for (int64_t i = n; i < padded; i++) {
		before[i] = after[i] = absolute[i] = 0;
		for (int j = 0; j < STAGES; j++)
			k[j * MOST + i] = 0;
	}
}

Test(solvers_sums, norms_over_whole_vectors_have_the_bits_of_those_over_states)
{
	double w[STAGES];
	struct terms terms;
	for (int way = 0; way < 2; way++) {
		struct tolerance tolerance = {.atol = absolute, .rtol = 1e-3, .max_norm = way};
		int count = oj_terms_set(&terms, weights, 9, MOST, w);
		for (int c = 0; c < COUNTS; c++) {
			int64_t n = counts[c], padded = n < OJ_FEW ? n : (n + 7) / 8 * 8;
			if (padded > MOST)
				continue;
			fill(31);
			double found = oj_sums(n)->norm(n, n, k, &terms, w, before, after, &tolerance);
			clear_from(n, padded);
			expect_bits(oj_sums(n)->norm(n, padded, k, &terms, w, before, after, &tolerance), found, "padded norm", n, count);
			expect_bits(oj_sums_apart(n)->norm(n, padded, k, &terms, w, before, after, &tolerance), found,
			            "padded norm apart", n, count);
		}
	}
}

Test(solvers_sums, norms_are_not_finite_where_a_state_or_a_slope_is_not_and_0_where_nothing_moves)
{
	static const double flaws[] = {NAN, INFINITY, -INFINITY};
	static double nothing[2 * MOST];
	double w[STAGES];
	struct terms terms;
	for (int way = 0; way < 2; way++) {
		struct tolerance tolerance = {.atol = nothing, .rtol = 1e-3, .max_norm = way};
		oj_terms_set(&terms, (const double[]){1, -1}, 2, MOST, w);
		for (int c = 0; c < COUNTS; c++) {
			int64_t n = counts[c];
			cr_expect_eq(oj_sums(n)->norm(n, n, nothing, &terms, w, nothing, nothing, &tolerance), 0, "%d states", (int)n);
			for (int f = 0; f < 3; f++) {
				fill(7);
				after[n - 1] = flaws[f];
				cr_expect(!isfinite(oj_sums(n)->norm(n, n, k, &terms, w, before, after, &tolerance)), "%d states", (int)n);
				fill(7);
				k[n / 2] = flaws[f];
				cr_expect(!isfinite(oj_sums(n)->norm(n, n, k, &terms, w, before, after, &tolerance)), "%d states", (int)n);
			}
		}
	}
}
