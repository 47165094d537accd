/* Right-hand sides: machine code of ojit against C compiled by clang. */
#include "bench/bench.h"

#include <math.h>
#include <string.h>

void peer_lorenz(double t, const double *y, double *out, const double *p);
void peer_kuramoto(int n, const double *y, double *out, const double *p);
void peer_kuramoto_factored(int n, const double *y, double *out, const double *p, double *sine, double *cosine);
void peer_brusselator(int n, const double *y, double *out, double a, double b, double c);

struct side {
	ojit_evaluator *evaluator;
	int n;
	double *y, *out, *p;
	double *sine, *cosine; /* [n], where sums are factored by hand */
};

static double ours(void *data)
{
	struct side *s = data;
	ojit_evaluator_call(s->evaluator, OJIT_RHS, 0, s->y, s->out);
	return s->out[0];
}

static double their_lorenz(void *data)
{
	struct side *s = data;
	peer_lorenz(0, s->y, s->out, s->p);
	return s->out[0];
}

static double their_kuramoto(void *data)
{
	struct side *s = data;
	peer_kuramoto(s->n, s->y, s->out, s->p);
	return s->out[0];
}

static double their_kuramoto_factored(void *data)
{
	struct side *s = data;
	peer_kuramoto_factored(s->n, s->y, s->out, s->p, s->sine, s->cosine);
	return s->out[0];
}

static double their_brusselator(void *data)
{
	struct side *s = data;
	peer_brusselator(s->n, s->y, s->out, s->p[0], s->p[1], s->p[2]);
	return s->out[0];
}

/* Both sides must compute the same thing, or the ratio means nothing. */
static void compare(const char *name, struct side *us, struct side *them, int count, bench_function *theirs)
{
	ours(us);
	theirs(them);
	for (int i = 0; i < count; i++)
		if (!(fabs(us->out[i] - them->out[i]) <= 1e-9 * (1 + fabs(them->out[i])))) {
			fprintf(stderr, "%s: element %d is %.17g here and %.17g there\n", name, i, us->out[i], them->out[i]);
			exit(2);
		}
}

static void bench_case(const char *name, ojit_program *program, int n, const double *y, const double *p,
                       int parameters, bench_function *theirs)
{
	int states = (int)ojit_program_describe(program).states;
	struct side us = {.evaluator = ojit_evaluator_new(program), .n = n}, them = {.n = n};
	us.y = them.y = malloc((size_t)states * sizeof(double));
	us.out = malloc((size_t)states * sizeof(double));
	them.out = malloc((size_t)states * sizeof(double));
	them.p = malloc((size_t)parameters * sizeof(double));
	them.sine = malloc((size_t)n * sizeof(double));
	them.cosine = malloc((size_t)n * sizeof(double));
	memcpy(us.y, y, (size_t)states * sizeof(double));
	memcpy(them.p, p, (size_t)parameters * sizeof(double));
	ours(&us);
	if (ojit_evaluator_error(us.evaluator).status != OJIT_OK)
		bench_fail(ojit_evaluator_error(us.evaluator).text);
	compare(name, &us, &them, states, theirs);
	double a, b;
	bench_pair(ours, &us, theirs, &them, &a, &b);
	bench_line("rhs", name, "ns", a * 1e9, "clang -O3 -march=native, libm", b * 1e9);
	ojit_evaluator_free(us.evaluator);
	free(us.y), free(us.out), free(them.out), free(them.p), free(them.sine), free(them.cosine);
	ojit_program_free(program);
}

static void lorenz(ojit_context *context)
{
	double y[3] = {1.1, 2.2, 20.5}, p[3] = {10, 28, 8.0 / 3};
	bench_case("lorenz", bench_program(context, "lorenz.ojit", NULL, 0), 3, y, p, 3, their_lorenz);
}

/* Parameters of the example: K, then w. Under OJIT_LAW_REAL, where sums over pairs become
 * sums over one index, against `theirs` that may do the same. */
static void kuramoto(ojit_context *context, int n, double around, ojit_law law, const char *how,
                     bench_function *theirs)
{
	char name[96];
	ojit_program *program = bench_program_by(context, law, "kuramoto.ojit", "N", n);
	ojit_solver *solver = ojit_solver_new(program);
	size_t parameters = ojit_program_describe(program).parameters, first, count;
	double *y = malloc((size_t)n * sizeof *y), *p = malloc((parameters + 1) * sizeof *p);
	const double *values = ojit_solver_parameters(solver);
	double copy[1];
	ojit_solver_find(solver, OJIT_PARAMETERS, "K", &first, &count);
	values = ojit_solver_parameters(solver);
	copy[0] = values[first];
	ojit_solver_find(solver, OJIT_PARAMETERS, "w", &first, &count);
	values = ojit_solver_parameters(solver);
	p[0] = copy[0];
	memcpy(p + 1, values + first, count * sizeof *p);
	for (int i = 0; i < n; i++)
		y[i] = around * (0.5 + fmod(0.618034 * (i + 1), 1));
	snprintf(name, sizeof name, "kuramoto N=%d, angles around %g%s", n, around, how);
	ojit_solver_free(solver);
	bench_case(name, program, n, y, p, n + 1, theirs);
	free(y), free(p);
}

static void brusselator(ojit_context *context, int n)
{
	char name[64];
	ojit_program *program = bench_program(context, "brusselator1d.ojit", "N", n);
	double *y = malloc(2 * (size_t)n * sizeof *y);
	double p[3] = {1, 3, (n + 1.0) * (n + 1.0) / 50};
	for (int i = 0; i < n; i++) {
		y[i] = 1 + sin(2 * 3.14159265358979 * (i + 1) / (n + 1));
		y[n + i] = 3;
	}
	snprintf(name, sizeof name, "brusselator N=%d", n);
	bench_case(name, program, n, y, p, 3, their_brusselator);
	free(y);
}

int main(void)
{
	ojit_context *context = ojit_context_new(NULL);
	lorenz(context);
	kuramoto(context, 150, 1, OJIT_LAW_EXACT, "", their_kuramoto);
	kuramoto(context, 150, 1e5, OJIT_LAW_EXACT, "", their_kuramoto);
	kuramoto(context, 1000, 1, OJIT_LAW_EXACT, "", their_kuramoto);
	kuramoto(context, 1000, 1e5, OJIT_LAW_EXACT, "", their_kuramoto);
	kuramoto(context, 1000, 1, OJIT_LAW_REAL, ", --fp real, peer over all pairs", their_kuramoto);
	kuramoto(context, 1000, 1, OJIT_LAW_REAL, ", --fp real, peer factored by hand", their_kuramoto_factored);
	brusselator(context, 500);
	ojit_context_free(context);
	return 0;
}
