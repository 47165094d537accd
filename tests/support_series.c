/* See support_series.h. */
#include "tests/support_series.h"

#include "lib/graph/interpret.h"
#include "lib/graph/passes.h"
#include "tests/support_exact.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { STEP = 100 }; /* e = 2^-STEP */

static void set_vector(struct exact *x, enum array_role role, const double *from, int64_t count)
{
	for (int64_t k = 0; k < count; k++)
		mpfr_set_d(exact_element(x, role, k), from[k], MPFR_RNDN);
}

/* States at j e from the coefficients 0 .. k. */
static void set_states(struct exact *x, const struct series_truth *truth, mpfr_t *c, int k, int j, int bits)
{
	mpfr_t s;
	mpfr_init2(s, bits);
	mpfr_set_si_2exp(s, j, -STEP, MPFR_RNDN);
	for (int64_t i = 0; i < truth->states; i++) {
		mpfr_ptr state = exact_element(x, ROLE_STATE, i);
		mpfr_set(state, c[k * truth->states + i], MPFR_RNDN);
		for (int m = k - 1; m >= 0; m--) {
			mpfr_mul(state, state, s, MPFR_RNDN);
			mpfr_add(state, state, c[m * truth->states + i], MPFR_RNDN);
		}
	}
	mpfr_add_d(exact_time(x), s, truth->t, MPFR_RNDN);
	mpfr_clear(s);
}

/* Coefficient k + 1 from those up to k. */
static void next_order(struct exact *x, const struct series_truth *truth, mpfr_t *c, int k, int bits)
{
	int64_t n = truth->states;
	mpfr_t *f = malloc((size_t)((k + 1) * n) * sizeof *f);
	for (int j = 0; j <= k; j++) {
		set_states(x, truth, c, k, j, bits);
		exact_run(x, truth->rhs);
		for (int64_t i = 0; i < n; i++) {
			mpfr_init2(f[j * n + i], bits);
			mpfr_set(f[j * n + i], exact_element(x, ROLE_OUT, i), MPFR_RNDN);
		}
	}
	for (int difference = 1; difference <= k; difference++)
		for (int j = k; j >= difference; j--)
			for (int64_t i = 0; i < n; i++)
				mpfr_sub(f[j * n + i], f[j * n + i], f[(j - 1) * n + i], MPFR_RNDN);
	for (int64_t i = 0; i < n; i++) {
		mpfr_ptr next = c[(k + 1) * n + i];
		mpfr_mul_2si(next, f[k * n + i], (long)STEP * k, MPFR_RNDN);
		for (int m = 2; m <= k + 1; m++)
			mpfr_div_ui(next, next, (unsigned)m, MPFR_RNDN);
	}
	for (int64_t i = 0; i < (k + 1) * n; i++)
		mpfr_clear(f[i]);
	free(f);
}

void support_series(const struct series_truth *truth, double *out)
{
	int bits = STEP * (truth->order + 1) + 100;
	int64_t count = (truth->order + 1) * truth->states;
	mpfr_t *c = malloc((size_t)count * sizeof *c);
	struct exact *x = exact_new(truth->rhs, bits);
	set_vector(x, ROLE_PARAMETER, truth->p, truth->parameters);
	set_vector(x, ROLE_DERIVED, truth->d, truth->derived);
	for (int64_t k = 0; k < count; k++)
		mpfr_init2(c[k], bits);
	for (int64_t i = 0; i < truth->states; i++)
		mpfr_set_d(c[i], truth->y[i], MPFR_RNDN);
	for (int k = 0; k < truth->order; k++)
		next_order(x, truth, c, k, bits);
	for (int64_t k = 0; k < count; k++) {
		out[k] = mpfr_get_d(c[k], MPFR_RNDN);
		mpfr_clear(c[k]);
	}
	exact_free(x);
	free(c);
}

void support_series_run(struct program *program, const struct series_truth *at, double *out)
{
	struct oj_error error;
	struct pass_options options = {0};
	struct interpreter *interpreter;
	oj_error_init(&error, program->space->context);
	cr_assert_eq(oj_pass_expand(program, &options, &error), OJIT_OK);
	cr_assert_eq(oj_program_layout(program), OJIT_OK);
	cr_assert_eq(oj_interpreter_new(program, &interpreter), OJIT_OK);
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	double *scratch = calloc((size_t)kernel.scratch + 1, sizeof *scratch);
	struct kernel_args args = {.t = &at->t, .y = at->y, .p = at->p, .d = at->d, .out = out, .scratch = scratch};
	oj_kernel_bind(&kernel, &args);
	kernel.run(&args);
	free(scratch);
	oj_interpreter_free(interpreter);
	oj_error_drop(&error);
}

static double largest(const struct series_truth *truth, const double *exact, int k)
{
	double most = 0;
	if (k < 0 || k > truth->order)
		return 0;
	for (int64_t i = 0; i < truth->states; i++)
		most = fmax(most, fabs(exact[k * truth->states + i]));
	return most;
}

double support_series_distance(const struct series_truth *truth, const double *a, const double *exact)
{
	double worst = 0;
	for (int k = 0; k <= truth->order; k++) {
		double around = sqrt(largest(truth, exact, k - 1) * largest(truth, exact, k + 1));
		double scale = fmax(fmax(largest(truth, exact, k), around), 1e-300);
		for (int64_t i = 0; i < truth->states; i++) {
			double e = fabs(a[k * truth->states + i] - exact[k * truth->states + i]) / scale;
			worst = e <= worst ? worst : e; /* nan is the worst */
		}
	}
	return worst;
}
