/* See support_derivatives.h. */
#include "tests/support_derivatives.h"

#include "lib/graph/tangent.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

const char *const derivative_models[] = {
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
	/* tables, ragged sums, strides, a convolution */
	"const N = 6\nindex s[i in 1..N] = mod(5*i*i, 6) + 1, e[i in 1..N] = mod(i*i, 4)\nparam w[i in 1..N] = 1/i, c = 0.3\n"
	"init x[i in 1..N] = 0.1*i, y[i in 1..2*N] = 0.3 + 0.05*i\nlet r[i in 1..N] = c*x[s[i]]*y[2*i - 1]\n"
	"x[i in 1..N]' = r[s[i]] - exp(x[i]) + sum(j in 1..e[i], w[j]*sin(x[s[j]])*r[i]) + "
	"sum(j in 1..i, w[j]*x[i - j + 1])\n"
	"y[i in 1..2*N]' = -y[2*N + 1 - i]^2 + x[1]*y[3] + if(i <= N, r[i], x[2])",
	/* equations one by one: rolled, with some left over */
	"param k1 = 0.1, k2 = 0.2, k3 = 0.3\n"
	"init a = 1, b = 2, c = 3, d = 0.4, e = 0.5, f = 0.6, g = 0.7, h = 0.8, p = 0.9, q = 1.1, z = 0.2\n"
	"a' = k1*b*c - k2*a\nb' = k1*c*d - k2*b\nc' = k3*d*e - k2*c\nd' = k1*e*f - k3*d\ne' = k1*f*g - k2*e\n"
	"f' = k2*g*h - k2*f\ng' = k1*h*p - k1*g\nh' = k1*p*q - k2*h\np' = k3*q*a - k2*p\nq' = k1*a*b - k2*q\n"
	"z' = sin(a*z) + b*c*k3 - a*z^2",
	/* two axes, periodic */
	"const N = 4\nparam D = 0.1\ninit u[i in 1..N, j in 1..N] = sin(i + 2*j)\n"
	"u[i in 1..N, j in 1..N]' = D*(u[mod(i, N) + 1, j] + u[i, mod(j, N) + 1] - 2*u[i, j]) - u[i, j]^3",
	/* subscripts of two indices, beside what is dear */
	"const N = 3\ninit x[i in 1..N, k in 1..2*N] = 0.01*i*k, y[i in 1..N, j in 1..N] = 0.1*i + j, z[k in 0..20] = 0.02*k\n"
	"x[i in 1..N, k in 1..2*N]' = -x[i, k]\nz[k in 0..20]' = t - z[k]\n"
	"y[i in 1..N, j in 1..N]' = exp(x[i, i+j])*sin(y[i, j]*x[i, i+j]) + cos(z[6*i+j-1])*sin(y[i, j]*z[6*i+j-1])",
};
const size_t derivative_model_count = sizeof derivative_models / sizeof derivative_models[0];

static void run_passes(struct derivative_problem *p, bool roll)
{
	struct pass_options options = {.prepare = p->prepare};
	for (uint32_t k = 0; oj_passes[k].name; k++) {
		if (roll || strcmp(oj_passes[k].name, "roll"))
			cr_assert_eq(oj_passes[k].run(p->rhs, &options, &p->m.error), OJIT_OK);
		if (!strcmp(oj_passes[k].name, "hoist"))
			break;
	}
}

void derivative_begin(struct derivative_problem *p, const char *text, bool roll)
{
	memset(p, 0, sizeof *p);
	support_model_open(&p->m, text, NULL);
	p->rhs = &p->m.lowered.programs[KERNEL_RHS];
	p->prepare = &p->m.lowered.programs[KERNEL_PREPARE];
	p->states = p->m.lowered.lengths[FAMILY_STATES];
	p->parameters = p->m.lowered.lengths[FAMILY_PARAMETERS];
	run_passes(p, roll);
	cr_assert_eq(oj_program_copy(&p->copies[0], p->rhs, p->rhs->space), OJIT_OK);
	cr_assert_eq(oj_program_copy(&p->copies[1], p->prepare, p->rhs->space), OJIT_OK);
	p->rhs = &p->copies[0]; /* what follows writes operators out */
	p->prepare = &p->copies[1];
	support_model_start(&p->m);
}

void derivative_end(struct derivative_problem *p)
{
	oj_program_drop(p->rhs);
	oj_program_drop(p->prepare);
	support_model_close(&p->m);
}

void derivative_point(struct exact *x, const struct derivative_problem *p)
{
	mpfr_set_d(exact_time(x), 0.25, MPFR_RNDN);
	for (int64_t k = 0; k < p->states; k++)
		mpfr_set_d(exact_element(x, ROLE_STATE, k), p->m.y[k], MPFR_RNDN);
	for (int64_t k = 0; k < p->parameters; k++)
		mpfr_set_d(exact_element(x, ROLE_PARAMETER, k), p->m.p[k], MPFR_RNDN);
}

void derivative_prepare(struct exact *x, const struct derivative_problem *p)
{
	exact_run(x, p->prepare);
	for (int64_t k = 0; k < p->m.lowered.space.derived; k++)
		mpfr_set(exact_element(x, ROLE_DERIVED, k), exact_element(x, ROLE_OUT, k), MPFR_RNDN);
}

double derivative_seed(int64_t k, int64_t q)
{
	return sin(1.0 + (double)k * 2.3 + (double)q * 0.7);
}

struct exact *derivative_tangents(struct derivative_problem *p, int64_t states, int64_t parameters)
{
	struct program made;
	int64_t inputs = states + parameters;
	struct tangent_request request = {.states = states, .parameters = parameters, .directions = inputs};
	oj_program_init(&made, &p->m.lowered.space, KERNEL_RHS);
	cr_assert_eq(oj_tangent_program(&made, p->rhs, p->prepare, &request, &p->m.error), OJIT_OK);
	struct exact *x = exact_new(p->rhs, DERIVATIVE_BITS);
	derivative_point(x, p);
	derivative_prepare(x, p);
	for (int64_t k = 0; k < inputs; k++)
		for (int64_t q = 0; q < inputs; q++)
			mpfr_set_d(exact_element(x, ROLE_SEED, k * inputs + q), k == q, MPFR_RNDN);
	exact_run(x, &made);
	derivative_reads_back(&made, "tangents");
	oj_program_drop(&made);
	return x;
}

void derivative_reads_back(const struct program *made, const char *text)
{
	struct text first, second;
	struct space space;
	struct program again = {0};
	struct oj_error error;
	ojit_context *context = made->space->context;
	oj_text_init(&first, context);
	oj_text_init(&second, context);
	oj_error_init(&error, context);
	oj_program_print(made, &first);
	cr_assert_eq(oj_space_init(&space, context), OJIT_OK);
	cr_assert_eq(oj_program_read(&space, &again, oj_text_get(&first), &error), OJIT_OK, "%s\n%s", text,
	             oj_error_public(&error).text);
	oj_program_print(&again, &second);
	cr_expect_str_eq(oj_text_get(&second), oj_text_get(&first));
	oj_program_drop(&again);
	oj_space_drop(&space);
	oj_error_drop(&error);
	oj_text_drop(&first);
	oj_text_drop(&second);
}
