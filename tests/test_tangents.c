/* Tangents of whole right-hand sides against differences in MPFR, for models that
 * have every structure in them: families, stencils, wraps, ragged tables, reductions
 * of all kinds, choices, intermediates and derived parameters. */
#include "lib/graph/tangent.h"

#include "lib/graph/passes.h"
#include "tests/support_exact.h"
#include "tests/support_model.h"
#include "tests/support_programs.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { BITS = 500, STEP = 120 };

static const char *const models[] = {
	"param a = 1.5, b = 0.3\ninit x = 0.4, y = 1.1\nx' = a*x - b*x*y + sin(t*x)\ny' = x^3/(1 + y^2) - exp(-b*y) + pow(y, a)",
	/* a family, all pairs */
	"const N = 5\nparam K = 0.5, w[i in 1..N] = 0.1*i\ninit θ[i in 1..N] = 0.3*i*i\n"
	"θ[i in 1..N]' = w[i] + K/N*sum(j in 1..N, sin(θ[j] - θ[i]))",
	/* a stencil with ends, and an intermediate array */
	"const N = 6\nparam d = 0.2\ninit u[i in 1..N] = 1 + 0.1*i, v[i in 1..N] = 2 - 0.1*i\n"
	"let r[i in 1..N] = u[i]^2*v[i]\nlet u[0] = 1, u[N+1] = 1\n"
	"u[i in 1..N]' = 1 + r[i] - 4*u[i] + d*(u[i-1] - 2*u[i] + u[i+1])\nv[i in 1..N]' = 3*u[i] - r[i]",
	/* products of many, with a zero among them; least and greatest */
	"const N = 4\nparam p[i in 1..N] = i\ninit x[i in 1..N] = i - 2\n"
	"x[i in 1..N]' = prod(j in 1..N, x[j] + p[i])*0.1 + min(j in 1..N, (x[j] - 0.3*p[i])^2) - "
	"max(j in 1..N, x[j]*p[j]) + x[i]*x[1]*x[2]*p[3]*x[4]",
	/* choices: what is not chosen is infinite */
	"param c = 2\ninit x = -0.5, y = 0.5\nx' = if(x > 0, sqrt(x)*y, c*y) + max(y, log(x + 1)) + abs(y - c)\n"
	"y' = min(x, y) + relu(y) + hypot(x, y) + sigmoid(y)*tanh(x + c) + sqrt(if(x > 0, x, 0))*y",
	/* derived parameters, observables of them, sums in sums */
	"const N = 3\nparam k = 0.7, q[i in 1..N] = k*i\nlet s = sum(i in 1..N, q[i]^2), e = exp(-k)\n"
	"init x[i in 1..N] = 0.2*i\n"
	"x[i in 1..N]' = -s*x[i] + e*sum(j in 1..N, q[j]*x[j]*sum(m in 1..j, x[m]))",
	/* two axes, periodic */
	"const N = 4\nparam D = 0.1\ninit u[i in 1..N, j in 1..N] = sin(i + 2*j)\n"
	"u[i in 1..N, j in 1..N]' = D*(u[mod(i, N) + 1, j] + u[i, mod(j, N) + 1] - 2*u[i, j]) - u[i, j]^3",
};

struct problem {
	struct support_model m;
	struct program *rhs, *prepare;
	struct program tangent;
	struct tangent_request request;
	int64_t states, parameters;
};

static void run_passes(struct problem *p)
{
	struct pass_options options = {.prepare = p->prepare};
	for (uint32_t k = 0; oj_passes[k].name; k++) {
		cr_assert_eq(oj_passes[k].run(p->rhs, &options, &p->m.error), OJIT_OK);
		if (!strcmp(oj_passes[k].name, "hoist"))
			break;
	}
}

static void begin(struct problem *p, const char *text)
{
	memset(p, 0, sizeof *p);
	support_model_open(&p->m, text, NULL);
	p->rhs = &p->m.lowered.programs[KERNEL_RHS];
	p->prepare = &p->m.lowered.programs[KERNEL_PREPARE];
	p->states = p->m.lowered.lengths[FAMILY_STATES];
	p->parameters = p->m.lowered.lengths[FAMILY_PARAMETERS];
	run_passes(p);
	support_model_start(&p->m);
}

static void differentiate(struct problem *p, struct tangent_request request)
{
	p->request = request;
	oj_program_init(&p->tangent, &p->m.lowered.space, KERNEL_RHS);
	cr_assert_eq(oj_tangent_program(&p->tangent, p->rhs, p->prepare, &request, &p->m.error), OJIT_OK, "%s",
	             oj_error_public(&p->m.error).text);
}

static void end(struct problem *p)
{
	oj_program_drop(&p->tangent);
	support_model_close(&p->m);
}

/* ---- values ---- */

static int64_t seeds(const struct problem *p)
{
	return p->request.states + p->request.parameters + p->request.time;
}

static double seed_value(int64_t k, int64_t direction)
{
	return sin(1.0 + (double)k * 2.3 + (double)direction * 0.7);
}

static void set_point(struct exact *x, const struct problem *p)
{
	mpfr_set_d(exact_time(x), 0.25, MPFR_RNDN);
	for (int64_t k = 0; k < p->states; k++)
		mpfr_set_d(exact_element(x, ROLE_STATE, k), p->m.y[k], MPFR_RNDN);
	for (int64_t k = 0; k < p->parameters; k++)
		mpfr_set_d(exact_element(x, ROLE_PARAMETER, k), p->m.p[k], MPFR_RNDN);
}

/* Seed k of the request, as the input it belongs to. */
static mpfr_ptr input(struct exact *x, const struct problem *p, int64_t k)
{
	if (k < p->request.states)
		return exact_element(x, ROLE_STATE, k);
	k -= p->request.states;
	return k < p->request.parameters ? exact_element(x, ROLE_PARAMETER, k) : exact_time(x);
}

/* DERIVED arrays are what prepare computes. */
static void run_all(struct exact *x, const struct problem *p)
{
	exact_run(x, p->prepare);
	exact_run(x, p->rhs);
}

static void move(struct exact *x, const struct problem *p, int64_t direction, int sign)
{
	mpfr_t step;
	mpfr_init2(step, BITS);
	for (int64_t k = 0; k < seeds(p); k++) {
		mpfr_set_d(step, sign * seed_value(k, direction), MPFR_RNDN);
		mpfr_div_2ui(step, step, STEP, MPFR_RNDN);
		mpfr_add(input(x, p, k), input(x, p, k), step, MPFR_RNDN);
	}
	mpfr_clear(step);
}

/* Central differences in one direction. */
static void differences(struct problem *p, int64_t direction, mpfr_t *out)
{
	struct exact *x = exact_new(p->rhs, BITS);
	set_point(x, p);
	move(x, p, direction, 1);
	run_all(x, p);
	for (int64_t k = 0; k < p->states; k++)
		mpfr_set(out[k], exact_element(x, ROLE_OUT, k), MPFR_RNDN);
	exact_free(x);
	x = exact_new(p->rhs, BITS);
	set_point(x, p);
	move(x, p, direction, -1);
	run_all(x, p);
	for (int64_t k = 0; k < p->states; k++) {
		mpfr_sub(out[k], out[k], exact_element(x, ROLE_OUT, k), MPFR_RNDN);
		mpfr_mul_2ui(out[k], out[k], STEP - 1, MPFR_RNDN);
	}
	exact_free(x);
}

static struct exact *tangents(struct problem *p)
{
	struct exact *x = exact_new(p->rhs, BITS);
	int64_t d = p->request.directions;
	set_point(x, p);
	exact_run(x, p->prepare);
	for (int64_t k = 0; k < seeds(p); k++)
		for (int64_t q = 0; q < d; q++)
			mpfr_set_d(exact_element(x, ROLE_SEED, k * d + q), seed_value(k, q), MPFR_RNDN);
	exact_run(x, &p->tangent);
	return x;
}

/* At kinks differences from both sides meet in the middle, and the rules say another
 * thing; the models keep clear of them but for what `if` guards. */
static void compare(struct problem *p, const char *text)
{
	struct exact *x = tangents(p);
	mpfr_t *want = malloc((size_t)p->states * sizeof *want);
	for (int64_t k = 0; k < p->states; k++)
		mpfr_init2(want[k], BITS);
	for (int64_t q = 0; q < p->request.directions; q++) {
		differences(p, q, want);
		for (int64_t k = 0; k < p->states; k++) {
			double exact = mpfr_get_d(want[k], MPFR_RNDN);
			mpfr_sub(want[k], want[k], exact_element(x, ROLE_OUT, k * p->request.directions + q), MPFR_RNDN);
			double error = fabs(mpfr_get_d(want[k], MPFR_RNDN));
			cr_expect_leq(error, 3e-16 * fabs(exact) + 1e-25, "%s\nelement %ld, direction %ld: off by %g of %g", text,
			              (long)k, (long)q, error, exact);
		}
	}
	for (int64_t k = 0; k < p->states; k++)
		mpfr_clear(want[k]);
	free(want);
	exact_free(x);
}

static void hold(const char *text, bool states, bool parameters, bool time, int64_t directions)
{
	struct problem p;
	begin(&p, text);
	differentiate(&p, (struct tangent_request){states ? p.states : 0, parameters ? p.parameters : 0, time, directions});
	compare(&p, text);
	end(&p);
}

Test(tangents, of_states_are_limits_of_differences)
{
	for (size_t k = 0; k < sizeof models / sizeof models[0]; k++)
		hold(models[k], true, false, false, 1);
}

Test(tangents, of_parameters_go_through_derived_ones)
{
	for (size_t k = 0; k < sizeof models / sizeof models[0]; k++)
		hold(models[k], false, true, false, 1);
}

Test(tangents, of_everything_in_several_directions_at_once)
{
	for (size_t k = 0; k < sizeof models / sizeof models[0]; k++)
		hold(models[k], true, true, true, 3);
}

Test(tangents, of_an_operator_without_derivative_are_refused_by_name)
{
	struct problem p;
	begin(&p, "init x = 2\nx' = lgamma(x)");
	oj_program_init(&p.tangent, &p.m.lowered.space, KERNEL_RHS);
	struct tangent_request request = {.states = 1, .directions = 1};
	cr_expect_eq(oj_tangent_program(&p.tangent, p.rhs, p.prepare, &request, &p.m.error), OJIT_UNSUPPORTED);
	cr_expect(strstr(oj_error_public(&p.m.error).text, "lgamma"));
	end(&p);
}

Test(tangents, of_what_does_not_depend_on_the_seeds_are_zero)
{
	hold("param k = 2\ninit x = 1, y = 1\nx' = 3\ny' = k*x", true, false, false, 1);
	hold("param k = 2\ninit x = 1, y = 1\nx' = 3\ny' = k*x", false, false, true, 2);
}
