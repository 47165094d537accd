/* Tangents of whole right-hand sides against differences in MPFR. */
#include "lib/graph/tangent.h"

#include "tests/support_derivatives.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { STEP = 120 };

struct problem {
	struct derivative_problem d;
	struct program tangent;
	struct tangent_request request;
};

static void differentiate(struct problem *p, struct tangent_request request)
{
	p->request = request;
	oj_program_init(&p->tangent, &p->d.m.lowered.space, KERNEL_RHS);
	cr_assert_eq(oj_tangent_program(&p->tangent, p->d.rhs, p->d.prepare, &request, &p->d.m.error), OJIT_OK, "%s",
	             oj_error_public(&p->d.m.error).text);
}

static void end(struct problem *p)
{
	oj_program_drop(&p->tangent);
	derivative_end(&p->d);
}

/* ---- values ---- */

static int64_t seeds(const struct problem *p)
{
	return p->request.states + p->request.parameters + p->request.time;
}

/* Seed k of the request, as the input it belongs to. */
static mpfr_ptr input(struct exact *x, const struct problem *p, int64_t k)
{
	if (k < p->request.states)
		return exact_element(x, ROLE_STATE, k);
	k -= p->request.states;
	return k < p->request.parameters ? exact_element(x, ROLE_PARAMETER, k) : exact_time(x);
}

static void run_all(struct exact *x, const struct problem *p)
{
	derivative_prepare(x, &p->d);
	exact_run(x, p->d.rhs);
}

static void move(struct exact *x, const struct problem *p, int64_t direction, int sign)
{
	mpfr_t step;
	mpfr_init2(step, DERIVATIVE_BITS);
	for (int64_t k = 0; k < seeds(p); k++) {
		mpfr_set_d(step, sign * derivative_seed(k, direction), MPFR_RNDN);
		mpfr_div_2ui(step, step, STEP, MPFR_RNDN);
		mpfr_add(input(x, p, k), input(x, p, k), step, MPFR_RNDN);
	}
	mpfr_clear(step);
}

/* Central differences in one direction. */
static void differences(struct problem *p, int64_t direction, mpfr_t *out)
{
	struct exact *x = exact_new(p->d.rhs, DERIVATIVE_BITS);
	derivative_point(x, &p->d);
	move(x, p, direction, 1);
	run_all(x, p);
	for (int64_t k = 0; k < p->d.states; k++)
		mpfr_set(out[k], exact_element(x, ROLE_OUT, k), MPFR_RNDN);
	exact_free(x);
	x = exact_new(p->d.rhs, DERIVATIVE_BITS);
	derivative_point(x, &p->d);
	move(x, p, direction, -1);
	run_all(x, p);
	for (int64_t k = 0; k < p->d.states; k++) {
		mpfr_sub(out[k], out[k], exact_element(x, ROLE_OUT, k), MPFR_RNDN);
		mpfr_mul_2ui(out[k], out[k], STEP - 1, MPFR_RNDN);
	}
	exact_free(x);
}

static struct exact *tangents(struct problem *p)
{
	struct exact *x = exact_new(p->d.rhs, DERIVATIVE_BITS);
	int64_t d = p->request.directions;
	derivative_point(x, &p->d);
	derivative_prepare(x, &p->d);
	for (int64_t k = 0; k < seeds(p); k++)
		for (int64_t q = 0; q < d; q++)
			mpfr_set_d(exact_element(x, ROLE_SEED, k * d + q), derivative_seed(k, q), MPFR_RNDN);
	exact_run(x, &p->tangent);
	return x;
}

/* At kinks differences from both sides meet in the middle, and the rules say another
 * thing; the models keep clear of them but for what `if` guards. */
static void compare(struct problem *p, const char *text)
{
	struct exact *x = tangents(p);
	mpfr_t *want = malloc((size_t)p->d.states * sizeof *want);
	for (int64_t k = 0; k < p->d.states; k++)
		mpfr_init2(want[k], DERIVATIVE_BITS);
	for (int64_t q = 0; q < p->request.directions; q++) {
		differences(p, q, want);
		for (int64_t k = 0; k < p->d.states; k++) {
			double exact = mpfr_get_d(want[k], MPFR_RNDN);
			mpfr_sub(want[k], want[k], exact_element(x, ROLE_OUT, k * p->request.directions + q), MPFR_RNDN);
			double error = fabs(mpfr_get_d(want[k], MPFR_RNDN));
			cr_expect_leq(error, 3e-16 * fabs(exact) + 1e-25, "%s\nelement %ld, direction %ld: off by %g of %g", text,
			              (long)k, (long)q, error, exact);
		}
	}
	for (int64_t k = 0; k < p->d.states; k++)
		mpfr_clear(want[k]);
	free(want);
	exact_free(x);
}

static void hold(const char *text, bool states, bool parameters, bool time, int64_t directions)
{
	struct problem p;
	derivative_begin(&p.d, text, true);
	differentiate(&p, (struct tangent_request){
		.states = states ? p.d.states : 0, .parameters = parameters ? p.d.parameters : 0,
		.time = time, .directions = directions,
	});
	compare(&p, text);
	end(&p);
}

Test(tangents, of_states_are_limits_of_differences)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], true, false, false, 1);
}

Test(tangents, of_parameters_go_through_derived_ones)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], false, true, false, 1);
}

Test(tangents, of_everything_in_several_directions_at_once)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], true, true, true, 3);
}

Test(tangents, of_an_operator_without_derivative_are_refused_by_name)
{
	struct problem p;
	derivative_begin(&p.d, "init x = 2\nx' = trigamma(x)", true);
	oj_program_init(&p.tangent, &p.d.m.lowered.space, KERNEL_RHS);
	struct tangent_request request = {.states = 1, .directions = 1};
	cr_expect_eq(oj_tangent_program(&p.tangent, p.d.rhs, p.d.prepare, &request, &p.d.m.error), OJIT_UNSUPPORTED);
	cr_expect(strstr(oj_error_public(&p.d.m.error).text, "trigamma"));
	end(&p);
}

Test(tangents, of_what_does_not_depend_on_the_seeds_are_zero)
{
	hold("param k = 2\ninit x = 1, y = 1\nx' = 3\ny' = k*x", true, false, false, 1);
	hold("param k = 2\ninit x = 1, y = 1\nx' = 3\ny' = k*x", false, false, true, 2);
}
