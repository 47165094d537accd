/* Adjoints of whole right-hand sides against tangents, which are held to differences in
 * test_tangents.c: the gradient of a weighted sum, element by element. */
#include "lib/graph/adjoint.h"

#include "tests/support_derivatives.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct program adjoint_of(struct derivative_problem *p, struct adjoint_request request)
{
	struct program made;
	struct pass_options options = {0};
	oj_program_init(&made, &p->m.lowered.space, KERNEL_RHS);
	cr_assert_eq(oj_adjoint_program(&made, p->rhs, p->prepare, &request, &p->m.error), OJIT_OK, "%s",
	             oj_error_public(&p->m.error).text);
	cr_assert_eq(oj_pass_simplify(&made, &options, &p->m.error), OJIT_OK);
	cr_assert_eq(oj_pass_split(&made, &options, &p->m.error), OJIT_OK, "%s", oj_error_public(&p->m.error).text);
	return made;
}

static struct exact *by_adjoint(struct derivative_problem *p, const struct program *adjoint)
{
	struct exact *x = exact_new(p->rhs, DERIVATIVE_BITS);
	derivative_point(x, p);
	derivative_prepare(x, p);
	for (int64_t k = 0; k < p->states; k++)
		mpfr_set_d(exact_element(x, ROLE_SEED, k), derivative_seed(k, 0), MPFR_RNDN);
	for (int64_t k = 0; k < p->states + p->parameters; k++)
		mpfr_set_nan(exact_element(x, ROLE_OUT, k)); /* everything has to be written */
	exact_run(x, adjoint);
	derivative_reads_back(adjoint, "adjoints");
	return x;
}

static void compare(struct derivative_problem *p, const char *text, int64_t states, int64_t parameters)
{
	struct program adjoint = adjoint_of(p, (struct adjoint_request){.states = states,
	                                                                  .parameters = parameters});
	struct exact *tangents = derivative_tangents(p, states, parameters), *x = by_adjoint(p, &adjoint);
	int64_t inputs = states + parameters;
	mpfr_t sum, term;
	mpfr_inits2(DERIVATIVE_BITS, sum, term, (mpfr_ptr)0);
	for (int64_t k = 0; k < inputs; k++) {
		mpfr_set_zero(sum, 1);
		for (int64_t i = 0; i < p->states; i++) {
			mpfr_mul_d(term, exact_element(tangents, ROLE_OUT, i * inputs + k), derivative_seed(i, 0), MPFR_RNDN);
			mpfr_add(sum, sum, term, MPFR_RNDN);
		}
		double want = mpfr_get_d(sum, MPFR_RNDN), got = mpfr_get_d(exact_element(x, ROLE_OUT, k), MPFR_RNDN);
		mpfr_sub(term, exact_element(x, ROLE_OUT, k), sum, MPFR_RNDN);
		cr_expect(fabs(mpfr_get_d(term, MPFR_RNDN)) <= 1e-100 + 1e-16 * fabs(want), "%s\ninput %ld: %.17g instead of %.17g",
		          text, (long)k, got, want);
	}
	mpfr_clears(sum, term, (mpfr_ptr)0);
	exact_free(tangents);
	exact_free(x);
	oj_program_drop(&adjoint);
}

static void hold(const char *text, bool states, bool parameters, bool roll)
{
	struct derivative_problem p;
	derivative_begin(&p, text, roll);
	compare(&p, text, states ? p.states : 0, parameters ? p.parameters : 0);
	derivative_end(&p);
}

Test(adjoints, of_states_are_weighted_sums_of_tangents)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], true, false, true);
}

Test(adjoints, of_parameters_go_through_derived_ones)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], false, true, true);
}

Test(adjoints, of_both_at_once)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], true, true, false);
}
