/* Adjoints of random programs against their Jacobians, which are taken by other ways: no
 * program is refused, and what a store weighs comes to every input by its entries. */
#include "lib/graph/adjoint.h"
#include "lib/graph/jacobian.h"

#include "tests/support_derivatives.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>

enum { BITS = 200 };

struct random {
	struct space space;
	struct program program, adjoint, jacobian;
	struct pattern pattern;
	int64_t rows, columns;
	struct oj_error error;
};

/* How long the vector of a role is. */
static int64_t length_of(const struct space *space, enum array_role role)
{
	int64_t length = 0;
	for (size_t a = 0; a < space->arrays.count; a++) {
		const struct array *array = &space->arrays.at[a];
		int64_t end = array->role == role ? array->offset + oj_array_length(array) : 0;
		length = end > length ? end : length;
	}
	return length;
}

static void finish(struct random *r, struct program *made, uint64_t seed)
{
	struct pass_options options = {0};
	cr_assert_eq(oj_pass_simplify(made, &options, &r->error), OJIT_OK);
	cr_assert_eq(oj_pass_split(made, &options, &r->error), OJIT_OK, "seed %lu: %s", (unsigned long)seed,
	             oj_error_public(&r->error).text);
}

static void differentiate(struct random *r, uint64_t seed)
{
	random_program(&r->space, &r->program, seed);
	finish(r, &r->program, seed);
	r->rows = length_of(&r->space, ROLE_OUT);
	r->columns = length_of(&r->space, ROLE_STATE);
	struct adjoint_request adjoint = {.states = r->columns};
	struct jacobian_request jacobian = {ROLE_STATE, r->rows, r->columns};
	oj_program_init(&r->adjoint, &r->space, KERNEL_RHS);
	oj_program_init(&r->jacobian, &r->space, KERNEL_RHS);
	cr_assert_eq(oj_adjoint_program(&r->adjoint, &r->program, NULL, &adjoint, &r->error), OJIT_OK);
	cr_assert_eq(oj_jacobian_program(&r->jacobian, &r->program, NULL, &jacobian, &r->pattern, &r->error), OJIT_OK);
	finish(r, &r->adjoint, seed);
	finish(r, &r->jacobian, seed);
}

static struct exact *run_program(const struct random *r, const struct program *program)
{
	struct exact *x = exact_new(&r->program, BITS);
	mpfr_set_d(exact_time(x), 0.25, MPFR_RNDN);
	for (int64_t k = 0; k < VECTOR_LENGTH; k++) {
		mpfr_set_d(exact_element(x, ROLE_STATE, k), 0.5 + 0.4 * derivative_seed(k, 3), MPFR_RNDN);
		mpfr_set_d(exact_element(x, ROLE_PARAMETER, k), 1 + 0.3 * derivative_seed(k, 4), MPFR_RNDN);
	}
	for (int64_t k = 0; k < r->rows; k++)
		mpfr_set_d(exact_element(x, ROLE_SEED, k), derivative_seed(k, 5), MPFR_RNDN);
	exact_run(x, program);
	return x;
}

/* What column c gets, and the size of the terms it is a sum of. */
static double weighted(const struct random *r, struct exact *entries, int64_t c, double *size)
{
	double sum = 0;
	*size = 0;
	for (int64_t k = r->pattern.column[c]; k < r->pattern.column[c + 1]; k++) {
		double entry = mpfr_get_d(exact_element(entries, ROLE_OUT, k), MPFR_RNDN);
		double term = entry * derivative_seed(r->pattern.row[k], 5);
		sum += term;
		*size += fabs(term);
	}
	return sum;
}

static size_t compare(uint64_t seed)
{
	ojit_context *context = ojit_context_new(NULL);
	struct random random = {0}, *r = &random;
	size_t compared = 0;
	oj_error_init(&r->error, context);
	cr_assert_eq(oj_space_init(&r->space, context), OJIT_OK);
	differentiate(r, seed);
	struct exact *entries = run_program(r, &r->jacobian), *adjoint = run_program(r, &r->adjoint);
	for (int64_t c = 0; c < r->columns; c++) {
		double size, want = weighted(r, entries, c, &size);
		double got = mpfr_get_d(exact_element(adjoint, ROLE_OUT, c), MPFR_RNDN);
		if (!isfinite(size) || !isfinite(got))
			continue;
		cr_expect_leq(fabs(got - want), 1e-13 * size + 1e-40, "seed %lu, state %ld: %.17g instead of %.17g",
		              (unsigned long)seed, (long)c, got, want);
		compared += size > 0;
	}
	exact_free(entries);
	exact_free(adjoint);
	oj_program_drop(&r->program);
	oj_program_drop(&r->adjoint);
	oj_program_drop(&r->jacobian);
	oj_pattern_drop(&r->pattern, context);
	oj_space_drop(&r->space);
	oj_error_drop(&r->error);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
	return compared;
}

Test(derivatives_random, adjoints_are_weighted_rows)
{
	size_t compared = 0;
	for (uint64_t seed = 1; seed <= 80; seed++)
		compared += compare(seed);
	cr_expect_gt(compared, 200);
}

/* Sums and products in sums over ragged ranges, whose loads are in range only where the
 * loops around have a turn, and entries that one point of a box shares with a sum. */
Test(derivatives_random, ranges_that_are_empty_somewhere_are_no_reason_to_refuse)
{
	static const uint64_t seeds[] = {127, 155, 166, 175, 225, 292, 322, 588, 782};
	for (size_t k = 0; k < sizeof seeds / sizeof *seeds; k++)
		compare(seeds[k]);
}
