/* What a derivative takes of code does not depend on how long families are: every kernel of
 * a family has as many nodes at twice the length, and as many bytes of machine code but for
 * numbers that are written in more bytes where they are greater.  Lengths are such that no
 * loop is so short that it is written out. */
#include <ojit/ojit.h>

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct family {
	const char *name;
	const char *text; /* %d: the length; NULL: the example of that name, whose N it is; "": write_network */
	int length;
};
static const struct family families[] = {
	{"kuramoto", NULL, 20}, {"brusselator1d", NULL, 64}, {"brusselator2d", NULL, 36}, {"burgers", NULL, 64},
	{"nbody_ring", NULL, 12}, {"advection", NULL, 64},
	{"network of neurons",
	 "const m = %d, n = 18\nparam W1[k in 1..m, j in 1..n] = sin(k + 2*j), b1[k in 1..m] = 0.1*k\n"
	 "param W2[k in 1..m, j in 1..m] = cos(k*j)/m, b2[k in 1..m] = 0.2, W3[k in 1..n, j in 1..m] = sin(3*k + j)/m\n"
	 "init x[k in 1..n] = 1/k\nlet h1[k in 1..m] = tanh(sum(j in 1..n, W1[k, j]*x[j]) + b1[k])\n"
	 "let h2[k in 1..m] = tanh(sum(j in 1..m, W2[k, j]*h1[j]) + b2[k])\n"
	 "x[k in 1..n]' = sum(j in 1..m, W3[k, j]*h2[j]) - x[k]\nout V = sum(k in 1..n, x[k]^2)", 20},
	{"neighbours by a table",
	 "const N = %d\nindex s[i in 1..N] = mod(7*i*i, N) + 1\nparam c = 0.3, w[i in 1..N] = 1/i\n"
	 "init u[i in 1..N] = i/N\nlet r[i in 1..N] = c*u[i]*u[s[i]]\nu[i in 1..N]' = r[s[i]]*w[i] - sin(r[i])\n"
	 "out V = sum(i in 1..N, u[i]^2*u[s[i]])", 128},
	{"network written out", "", 48},
	{"energy of oscillators",
	 "const N = %d\nparam K = 0.5\ninit θ[i in 1..N] = i\nθ[i in 1..N]' = 0\n"
	 "out V = -K/(2*N)*sum(i in 1..N, j in 1..N, cos(θ[j] - θ[i]))", 20},
	{"potential of bodies",
	 "const N = %d\ninit x[i in 1..N] = cos(i), y[i in 1..N] = sin(2*i)\nx[i in 1..N]' = 0\ny[i in 1..N]' = 0\n"
	 "out V = -sum(i in 1..N, j in i+1..N, 1/hypot(x[j] - x[i], y[j] - y[i]))", 20},
};

struct host {
	ojit_context *context;
	ojit_model *model;
	ojit_program *program;
	ojit_evaluator *evaluator;
	ojit_program_info info;
	double *y, *seed, *out;
};

/* Species that react with others, equation by equation. */
static void write_network(char *text, size_t room, int n)
{
	size_t at = (size_t)snprintf(text, room, "param k = 0.1\ninit ");
	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at, "%sx%d = %d", i ? ", " : "", i, i + 1);
	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, room - at, "\nx%d' = k*x%d*x%d - 2*k*x%d*x%d", i, (5 * i + 1) % n, (i * i + 2) % n,
		                       i, (7 * i + 3) % n);
}

static void open_model(struct host *h, const struct family *family, int length)
{
	char text[10000];
	h->context = ojit_context_new(NULL);
	h->model = ojit_model_new(h->context);
	if (family->text) {
		if (*family->text)
			snprintf(text, sizeof text, family->text, length);
		else
			write_network(text, sizeof text, length);
		ojit_model_read_text(h->model, text, strlen(text), family->name);
	} else {
		snprintf(text, sizeof text, "%s/examples/%s.ojit", OJIT_SOURCE_DIR, family->name);
		ojit_model_read_file(h->model, text);
		ojit_model_set_const(h->model, "N", length);
	}
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = OJIT_UNOPTIMISED;
	cr_assert_eq(ojit_program_compile(h->model, &options, &h->program), OJIT_OK, "%s", ojit_model_error(h->model).text);
}

static void begin(struct host *h, const struct family *family, int length)
{
	enum { DIRECTIONS = 3 };
	open_model(h, family, length);
	h->evaluator = ojit_evaluator_new(h->program);
	h->info = ojit_program_describe(h->program);
	size_t inputs = h->info.states + h->info.parameters + 1, all = DIRECTIONS * inputs + h->info.outputs;
	h->y = calloc(3 * all, sizeof *h->y);
	h->seed = h->y + all;
	h->out = h->seed + all;
	for (size_t k = 0; k < all; k++)
		h->y[k] = 0.1 + 0.01 * (double)k;
}

static void end(struct host *h)
{
	free(h->y);
	ojit_evaluator_free(h->evaluator);
	ojit_program_free(h->program);
	ojit_model_free(h->model);
	ojit_context_free(h->context);
}

/* ---- nodes ---- */

/* Lines of the stage's text that are blocks, nodes or stores; tables and numbers are data. */
static size_t lines_of(struct host *h, ojit_kernel of, const char *stage)
{
	char *text = NULL;
	size_t count = 0;
	ojit_status status = ojit_program_dump(h->model, NULL, of, stage, &text);
	cr_assert_eq(status, OJIT_OK, "%s: %s", stage, ojit_model_error(h->model).text);
	for (const char *line = text; line; line = strchr(line + 1, '\n'))
		count += strncmp(line, "\n  %", 4) == 0 || strncmp(line, "\n  store", 8) == 0 || strncmp(line, "\nblock", 6) == 0;
	ojit_text_free(h->context, text);
	return count;
}

Test(derivatives_size, nodes_do_not_depend_on_lengths)
{
	static const char *const stages[] = {"jac", "jvp", "vjp", "hvp", "hess", "newton"};
	const int newton = sizeof stages / sizeof stages[0] - 1;
	for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
		for (int s = 0; s <= newton; s++) {
			size_t counts[2];
			for (int twice = 0; twice < 2; twice++) {
				struct host h;
				open_model(&h, &families[f], families[f].length << twice);
				counts[twice] = lines_of(&h, OJIT_RHS, stages[s]);
				if (ojit_program_describe(h.program).outputs && s != newton)
					counts[twice] += lines_of(&h, OJIT_OBSERVABLES, stages[s]);
				ojit_program_free(h.program);
				ojit_model_free(h.model);
				ojit_context_free(h.context);
			}
			cr_expect_eq(counts[1], counts[0], "%s, %s: %zu lines, %zu at twice the length", families[f].name, stages[s],
			             counts[0], counts[1]);
		}
}

/* ---- bytes ---- */

enum kernel { VALUE, JACOBIAN, LINEARISATION, NEWTON, BY_PARAMETERS, BY_TIME, TANGENT, TANGENTS, ADJOINT, ADJOINT_PARAMETERS,
              PRODUCT, HESSIAN, GRADIENT, KERNELS };
static const char *const names[KERNELS] = {"rhs", "jac", "f and jac", "newton", "dfdp", "dfdt", "jvp", "jvp of 3", "vjp",
                                           "vjp by parameters", "hvp", "hess", "grad of an observable"};

static ojit_status matrix(struct host *h, ojit_inputs by)
{
	ojit_pattern pattern; /* makes the kernel */
	return ojit_evaluator_pattern(h->evaluator, OJIT_RHS, by, &pattern);
}

static ojit_status linearise(struct host *h)
{
	ojit_pattern pattern;
	ojit_status status = ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_STATES, &pattern);
	if (status != OJIT_OK)
		return status;
	double *values = calloc(h->info.states + pattern.entries + 1, sizeof *values);
	status = ojit_evaluator_linearisation(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, values);
	free(values);
	return status;
}

static ojit_status make(struct host *h, enum kernel kernel)
{
	const ojit_scalar sum = {.of = OJIT_RHS, .weights = h->y}, one = {.of = OJIT_OBSERVABLES, .element = 0};
	ojit_pattern pattern;
	switch (kernel) {
	case VALUE:
		return ojit_evaluator_call(h->evaluator, OJIT_RHS, 0, h->y, h->out);
	case LINEARISATION:
		return linearise(h);
	case NEWTON:
		return ojit_evaluator_newton_pattern(h->evaluator, &pattern);
	case JACOBIAN:
		return matrix(h, OJIT_BY_STATES);
	case BY_PARAMETERS:
		return matrix(h, OJIT_BY_PARAMETERS);
	case BY_TIME:
		return ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_TIME, 1, 0, h->y, h->seed, h->out);
	case TANGENT:
	case TANGENTS:
		return ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_STATES, kernel == TANGENT ? 1 : 3, 0, h->y, h->seed,
		                              h->out);
	case ADJOINT:
	case ADJOINT_PARAMETERS:
		return ojit_evaluator_adjoint(h->evaluator, OJIT_RHS, kernel == ADJOINT ? OJIT_BY_STATES : OJIT_BY_PARAMETERS, 0,
		                              h->y, h->seed, h->out);
	case PRODUCT:
		return ojit_evaluator_hessian_product(h->evaluator, &sum, OJIT_BY_STATES, 1, 0, h->y, h->seed, h->out);
	case HESSIAN:
		return ojit_evaluator_hessian_pattern(h->evaluator, &sum, OJIT_BY_STATES, OJIT_BY_STATES, &pattern);
	default:
		return h->info.outputs ? ojit_evaluator_gradient(h->evaluator, &one, OJIT_BY_STATES, 0, h->y, h->out) : OJIT_OK;
	}
}

/* Bytes of machine code of all kernels, one after another. */
static void measure(const struct family *family, int length, size_t *bytes)
{
	struct host h;
	begin(&h, family, length);
	for (enum kernel k = 0; k < KERNELS; k++) {
		size_t before = ojit_program_describe(h.program).code_bytes;
		cr_assert_eq(make(&h, k), OJIT_OK, "%s, %s: %s", family->name, names[k], ojit_evaluator_error(h.evaluator).text);
		bytes[k] = ojit_program_describe(h.program).code_bytes - before;
	}
	end(&h);
}

Test(derivatives_size, bytes_of_code_do_not_depend_on_lengths)
{
	for (size_t f = 0; f < sizeof families / sizeof families[0]; f++) {
		size_t once[KERNELS], twice[KERNELS];
		measure(&families[f], families[f].length, once);
		measure(&families[f], 2 * families[f].length, twice);
		for (int k = 0; k < KERNELS; k++) {
			cr_expect_leq(twice[k], once[k] + once[k] / 16 + 128, "%s, %s: %zu bytes, %zu at twice the length",
			              families[f].name, names[k], once[k], twice[k]);
		}
	}
}
