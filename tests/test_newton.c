/* Newton matrices, linearisations and derivatives by time hold to the bits of what they
 * are made of. */
#include <ojit/ojit.h>

#include "tests/support_host.h"
#include "tests/support_derivatives.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the diagonal has gaps: of single equations, of families short and long. */
static const char *const gaps[] = {
	"init x = 1, v = 0.5\nx' = v\nv' = -sin(x)*t + t^2",
	"const N = 40\ninit x[i in 1..N] = 0.1*i, v[i in 1..N] = 1/i\nx[i in 1..N]' = v[i]*t\n"
	"v[i in 1..N]' = sum(j in 1..N if j != i, (x[j] - x[i])/(1 + (x[j] - x[i])^2)^1.5)",
	"const N = 3\ninit x[i in 1..N] = 0.1*i, v[i in 1..N] = 1/i\nlet e[i in 1..N] = exp(-t*x[i])\n"
	"x[i in 1..N]' = v[i]\nv[i in 1..N]' = -e[i]*v[i]",
	"init x = 1, y = 2, z = 3\nx' = 1\ny' = t\nz' = x*y",
};
enum { GAPS = sizeof gaps / sizeof *gaps };

static void begin(struct host *h, const char *text, ojit_executor executor, bool roll)
{
	static const char *const left_out[] = {"roll"};
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = executor;
	options.without = left_out;
	options.without_count = !roll;
	host_begin_with(h, text, &options);
}

static double *room(size_t count)
{
	double *made = calloc(count + 1, sizeof *made);
	for (size_t k = 0; k < count; k++)
		made[k] = NAN;
	return made;
}

static void each(void (*hold)(struct host *h, const char *text))
{
	for (size_t k = 0; k < derivative_model_count + GAPS; k++) {
		const char *text = k < GAPS ? gaps[k] : derivative_models[k - GAPS];
		/* rolled, by both executors; not rolled */
		for (int way = 0; way < 3; way++) {
			struct host h;
			begin(&h, text, way == 1 ? OJIT_AUTOMATIC : OJIT_INTERPRETER, way < 2);
			hold(&h, text);
			host_end(&h);
		}
	}
}

/* ---------------------------------------------------------------- the Newton matrix */

static void hold_newton(struct host *h, const char *text)
{
	const double gamma = 0.37;
	ojit_pattern j, m;
	HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_STATES, &j));
	HOST_OK(ojit_evaluator_newton_pattern(h->evaluator, &m));
	double *jacobian = room(j.entries), *newton = room(m.entries);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0.25, h->y, jacobian));
	HOST_OK(ojit_evaluator_newton(h->evaluator, 0.25, h->y, gamma, newton));
	cr_assert(m.rows == h->states && m.columns == h->states);
	int64_t at = 0;
	for (size_t c = 0; c < m.columns; c++) {
		bool diagonal = false;
		for (int64_t k = m.column[c]; k < m.column[c + 1]; k++) {
			bool there = at < j.column[c + 1] && j.row[at] == m.row[k], one = m.row[k] == (int64_t)c;
			double product = there ? -gamma*jacobian[at++] : 0, want = one ? (there ? 1 + product : 1) : product;
			diagonal = diagonal || one;
			cr_expect(there || one, "%s\nan entry that is 0 by structure", text);
			cr_expect(memcmp(&want, &newton[k], sizeof want) == 0, "%s\nrow %ld, column %zu: %.17g, not %.17g", text,
			          (long)m.row[k], c, newton[k], want);
		}
		cr_expect(diagonal, "%s\ncolumn %zu has no diagonal", text, c);
		cr_expect_eq(at, j.column[c + 1], "%s\nan entry is lost in column %zu", text, c);
	}
	free(jacobian);
	free(newton);
}

Test(newton, matrices_are_the_identity_less_gamma_times_the_jacobian)
{
	each(hold_newton);
}

Test(newton, matrices_are_for_any_gamma_with_one_translation)
{
	struct host hosted, *h = &hosted;
	double values[4] = {0};
	begin(h, gaps[0], OJIT_AUTOMATIC, true);
	size_t before = ojit_program_describe(h->program).compiles;
	for (int k = 0; k < 3; k++) {
		HOST_OK(ojit_evaluator_newton(h->evaluator, 0, h->y, k, values));
		cr_expect(values[0] == 1 && values[3] == 1 && values[2] == -k, "%d: %g %g %g %g", k, values[0], values[1],
		          values[2], values[3]);
	}
	cr_expect_eq(ojit_program_describe(h->program).compiles, before + 1);
	host_end(h);
}

/* ---------------------------------------------------------------- linearisations */

static void hold_linearisation(struct host *h, const char *text)
{
	static const ojit_inputs by[] = {OJIT_BY_STATES, OJIT_BY_PARAMETERS, OJIT_BY_TIME};
	for (size_t k = 0; k < sizeof by / sizeof *by; k++) {
		ojit_pattern p;
		HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, by[k], &p));
		double *both = room(h->states + p.entries), *apart = room(h->states + p.entries);
		HOST_OK(ojit_evaluator_linearisation(h->evaluator, OJIT_RHS, by[k], 0.25, h->y, both));
		HOST_OK(ojit_evaluator_call(h->evaluator, OJIT_RHS, 0.25, h->y, apart));
		HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, by[k], 0.25, h->y, apart + h->states));
		for (size_t i = 0; i < h->states + p.entries; i++)
			cr_expect(memcmp(&both[i], &apart[i], sizeof *both) == 0, "%s\nby %d, element %zu: %.17g, apart %.17g", text,
			          (int)by[k], i, both[i], apart[i]);
		free(both);
		free(apart);
	}
}

Test(newton, linearisations_are_the_kernel_and_its_jacobian)
{
	each(hold_linearisation);
}

/* ---------------------------------------------------------------- stencils at random */

static unsigned pick(uint64_t *seed, unsigned below)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*seed >> 33) % below;
}

/* What lies beside the edge: some of it changes where zeros are dropped, some does not. */
static const char *beyond(uint64_t *seed)
{
	static const char *const edges[] = {"0.5", "0 - u[%u, j]", "-u[%u, j]", "u[%u, j] + a - a", "a - u[%u, j]", "0*a + u[%u, j]"};
	return edges[pick(seed, sizeof edges / sizeof *edges)];
}

static void add(char *text, size_t size, const char *format, ...)
{
	va_list arguments;
	size_t length = strlen(text);
	va_start(arguments, format);
	int added = vsnprintf(text + length, size - length, format, arguments);
	va_end(arguments);
	cr_assert(added >= 0 && (size_t)added < size - length);
}

static void write_stencil(char *text, size_t size, uint64_t seed)
{
	static const char *const inner[] = {"a - u[i, j]", "a*u[i, j] + u[i, j]^2", "sin(u[i, j]) - a"};
	static const char *const terms[] = {"a*0.5", "w[i-1, j]*w[i+1, j]", "w[i+1, j]*u[i-1, j]", "w[i, j]^2", "a*w[i-1, j]",
	                                    "cos(w[i+1, j])*u[i, j]", "u[i+1, j]*u[i-1, j]", "a^2*w[i+1, j]"};
	unsigned rows = 2 + pick(&seed, 3), count = 2 + pick(&seed, 3);
	text[0] = 0;
	add(text, size, "param a = 1.3\ninit u[i in 1..%u, j in 1..3] = 0.3*i + 0.17*j^2 + 0.1*i*j\n", rows);
	for (unsigned edge = 0; edge < 2; edge++) {
		add(text, size, "let u[%u, j in 1..3] = ", edge ? rows + 1 : 0);
		add(text, size, beyond(&seed), edge ? rows : 1);
		add(text, size, "\n");
	}
	add(text, size, "let w[i in 0..%u, j in 1..3] = %s\nu[i in 1..%u, j in 1..3]' = ", rows + 1, inner[pick(&seed, 3)], rows);
	for (unsigned k = 0; k < count; k++)
		add(text, size, "%s%s", k ? " + " : "", terms[pick(&seed, sizeof terms / sizeof *terms)]);
	add(text, size, "\n");
}

/* Dropping zeros changes intermediates; the order of an entry's terms must not go by what else is
 * computed. */
Test(newton, linearisations_of_random_stencils_have_the_bits_of_jacobians)
{
	char text[1000];
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct host h;
		write_stencil(text, sizeof text, seed);
		host_begin(&h, text, OJIT_INTERPRETER);
		hold_linearisation(&h, text);
		host_end(&h);
	}
}

Test(newton, linearisations_compute_once_what_both_need)
{
	const char *text = "init x = 1, y = 2\nx' = exp(x*y)\ny' = -exp(x*y)*x";
	struct host hosted, *h = &hosted;
	begin(h, text, OJIT_OPTIMISED, true);
	double out[6];
	size_t code[4]; /* of the right-hand side, which the solver has taken, and what comes after it */
	code[0] = ojit_program_describe(h->program).code_bytes;
	HOST_OK(ojit_evaluator_linearisation(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, out));
	code[1] = ojit_program_describe(h->program).code_bytes;
	HOST_OK(ojit_evaluator_call(h->evaluator, OJIT_RHS, 0, h->y, out));
	code[2] = ojit_program_describe(h->program).code_bytes;
	cr_expect_eq(code[2], code[1]);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, out));
	code[3] = ojit_program_describe(h->program).code_bytes;
	cr_expect(code[0] > 0 && code[1] - code[0] < code[0] + code[3] - code[2]);
	cr_expect_eq(ojit_program_describe(h->program).compiles, 3);
	host_end(h);
}

/* ---------------------------------------------------------------- by time */

static void hold_time(struct host *h, const char *text)
{
	const double one = 1;
	ojit_pattern p;
	HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_TIME, &p));
	cr_assert(p.rows == h->states && p.columns == 1);
	double *values = room(p.entries), *tangent = room(h->states);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, OJIT_BY_TIME, 0.25, h->y, values));
	HOST_OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_TIME, 1, 0.25, h->y, &one, tangent));
	size_t at = 0;
	for (size_t i = 0; i < h->states; i++) {
		double got = at < p.entries && p.row[at] == (int64_t)i ? values[at++] : 0;
		cr_expect(fabs(got - tangent[i]) <= 1e-14*fabs(tangent[i]), "%s\nstate %zu: %.17g, tangent %.17g", text, i, got,
		          tangent[i]);
	}
	cr_expect_eq(at, p.entries);
	free(values);
	free(tangent);
}

Test(newton, by_time_there_are_entries_where_time_is_met)
{
	static const size_t entries[GAPS] = {1, 40, 3, 1};
	each(hold_time);
	for (int k = 0; k < GAPS; k++) {
		struct host hosted, *h = &hosted;
		ojit_pattern p;
		begin(h, gaps[k], OJIT_INTERPRETER, true);
		HOST_OK(ojit_evaluator_pattern(h->evaluator, OJIT_RHS, OJIT_BY_TIME, &p));
		cr_expect_eq(p.entries, entries[k], "%s", gaps[k]);
		host_end(h);
	}
}

/* Its text, as its code, does not grow with what all of it couples. */
Test(newton, the_identity_of_a_box_is_a_condition)
{
	size_t length[2] = {0};
	for (int k = 0; k < 2; k++) {
		char model_text[256], *text = NULL;
		snprintf(model_text, sizeof model_text, "const N = %d\ninit x[i in 1..N] = i\n"
		         "x[i in 1..N]' = sum(j in 1..N, sin(x[j] - x[i]))/N", 30 << k);
		ojit_context *context = ojit_context_new(NULL);
		ojit_model *model = ojit_model_new(context);
		cr_assert_eq(ojit_model_read_text(model, model_text, strlen(model_text), NULL), OJIT_OK);
		cr_assert_eq(ojit_program_dump(model, NULL, OJIT_RHS, "newton", &text), OJIT_OK, "%s", ojit_model_error(model).text);
		length[k] = strlen(text);
		ojit_text_free(context, text);
		ojit_model_free(model);
		ojit_context_free(context);
	}
	cr_expect(length[1] < length[0] + 64, "%zu and %zu bytes", length[0], length[1]);
}
