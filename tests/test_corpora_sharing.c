/* One program, many solvers: threads share it and get the same bits, and solving
 * again neither translates nor allocates. */
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char model_text[] =
	"const N = 12\n"
	"param K = 0.7, half = K/2, w[i in 1..N] = 0.4 + 0.1*sin(i)\n"
	"init th[i in 1..N] = 0.3*i\n"
	"init x = half\n"
	"let R = sum(j in 1..N, cos(th[j]))/N\n"
	"th[i in 1..N]' = w[i] + K/N*sum(j in 1..N, sin(th[j] - th[i])) + half*exp(-x*x)\n"
	"x' = R - x\n"
	"out order = R*half\n"
	"span 0 .. 20\n";

enum { THREADS = 4, SOLVES = 5, STATES = 13, ROWS = 41, WIDTH = STATES + 2 };

static ojit_program *compile(ojit_context *context)
{
	ojit_program *program;
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, model_text, strlen(model_text), "shared");
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	return program;
}

struct worker {
	pthread_t thread;
	ojit_program *program;
	bool succeeded;
	double rows[SOLVES][ROWS * WIDTH];
};

/* Solve number k of any thread: other parameters, tolerances, methods. */
static bool solve(ojit_solver *solver, int k, double *rows)
{
	static const char *const methods[] = {"dop853", "tsit5", "dopri5", "bs3", "rk4"};
	ojit_options options = ojit_options_default();
	options.method = methods[k % 5];
	options.rtol = pow(10, -5 - k);
	options.fixed_step = k % 5 == 4 ? 0.01 : 0;
	if (ojit_solver_set(solver, OJIT_PARAMETERS, "K", 0.5 + 0.1 * k) != OJIT_OK ||
	    ojit_solver_set(solver, OJIT_STATES, "th[3]", 0.1 * k) != OJIT_OK ||
	    ojit_solver_run(solver, &options, 0, 20, ojit_output_points(ROWS)) != OJIT_OK ||
	    ojit_solver_stats(solver).outcome != OJIT_SUCCESS || ojit_solver_rows(solver) != ROWS ||
	    ojit_solver_columns(solver) != WIDTH)
		return false;
	for (size_t r = 0; r < ROWS; r++)
		memcpy(rows + r * WIDTH, ojit_solver_row(solver, r), WIDTH * sizeof *rows);
	return true;
}

static void *work(void *user)
{
	struct worker *w = user;
	ojit_solver *solver = ojit_solver_new(w->program);
	w->succeeded = solver != NULL;
	for (int k = 0; w->succeeded && k < SOLVES; k++)
		w->succeeded = solve(solver, k, w->rows[k]);
	ojit_solver_free(solver);
	return NULL;
}

Test(sharing, threads_on_one_program_get_the_same_bits)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *alone = compile(context), *shared = compile(context);
	struct worker *workers = calloc(THREADS + 1, sizeof *workers), *lone = &workers[THREADS];
	lone->program = alone;
	work(lone);
	cr_assert(lone->succeeded);
	for (int i = 0; i < THREADS; i++) { /* its kernels are translated by whoever comes first */
		workers[i].program = shared;
		cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		cr_expect(workers[i].succeeded, "thread %d", i);
		cr_expect(!memcmp(workers[i].rows, lone->rows, sizeof lone->rows), "thread %d", i);
	}
	cr_expect_neq(lone->rows[0][ROWS * WIDTH - 1], lone->rows[1][ROWS * WIDTH - 1]);
	free(workers);
	ojit_program_free(alone);
	ojit_program_free(shared);
	ojit_context_free(context);
}

Test(sharing, threads_translate_a_kernel_once)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = compile(context);
	struct worker *workers = calloc(THREADS, sizeof *workers);
	for (int i = 0; i < THREADS; i++) {
		workers[i].program = program;
		cr_assert_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	ojit_counters counters = ojit_context_counters(context);
	cr_expect_eq(counters.compiles, 2, "%d", (int)counters.compiles); /* right-hand side, observables */
	cr_expect_gt(counters.live_code, 0);
	free(workers);
	ojit_program_free(program);
	cr_expect_eq(ojit_context_counters(context).live_code, 0);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}

static void solve_again(ojit_solver *solver, const char *method, ojit_output output, int k)
{
	ojit_options options = ojit_options_default();
	options.method = method;
	options.rtol = 1e-6 / (1 + k % 3);
	options.atol = 1e-9 * (1 + k % 2);
	ojit_solver_set(solver, OJIT_PARAMETERS, k % 2 ? "K" : "w", 0.3 + 0.05 * (k % 4));
	ojit_solver_set(solver, OJIT_STATES, "th", 0.1 * (k % 5));
	ojit_solver_set(solver, OJIT_TOLERANCES, "x", 1e-8);
	cr_assert_eq(ojit_solver_run(solver, &options, 0.1 * (k % 3), 10 - k % 2, output), OJIT_OK, "%s",
	             ojit_solver_error(solver).text);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
}

/* Other parameters, initial values, tolerances, times and grids of no more rows. */
Test(sharing, solving_again_translates_and_allocates_nothing)
{
	static const char *const methods[] = {"dop853", "tsit5", "dopri5", "bs3"};
	ojit_context *context = ojit_context_new(NULL);
	ojit_program *program = compile(context);
	for (int m = 0; m < 4; m++) {
		ojit_solver *solver = ojit_solver_new(program);
		solve_again(solver, methods[m], ojit_output_points(200), 0);
		ojit_counters before = ojit_context_counters(context);
		for (int k = 1; k < 30; k++)
			solve_again(solver, methods[m],
			            k % 2 ? ojit_output_points(200) : ojit_output_points(50), k);
		ojit_counters after = ojit_context_counters(context);
		cr_expect_eq(after.compiles, before.compiles, "%s", methods[m]);
		cr_expect_eq(after.allocations, before.allocations, "%s: %d allocations", methods[m],
		             (int)(after.allocations - before.allocations));
		ojit_solver_free(solver);
	}
	ojit_program_free(program);
	ojit_context_free(context);
}
