/* Method `auto` against its own candidates, in counted operations: whoever chooses well pays little more
 * than whoever knew, and is as right as a tolerance lets expect.  No clock is read. */
#include "solvers/auto_state.h"
#include "solvers/implicit.h"
#include "solvers/solver.h"

#include <criterion/criterion.h>
#include <math.h>
#include <ojit/ojit.h>
#include <stdio.h>
#include <string.h>

static const char *const stiff[] = {"rock4", "rodas5p", "radau", "bdf"};
enum { STIFF = sizeof stiff / sizeof *stiff, STEPS = 3000 };

/* atol over rtol; by how much `auto` may be above the best candidate, at its worst tolerance. */
static const struct problem {
	const char *file;
	double end, absolute, worst;
} problems[] = {
	{"bench/models/vdpol.ojit", 2000, 1e-3, 1.25}, {"bench/models/orego.ojit", 360, 1e-3, 1.4},
	{"bench/models/rober.ojit", 1e5, 1e-5, 1.1}, {"bench/models/hires.ojit", 321.8122, 1e-4, 1.25},
	{"bench/models/pollu.ojit", 60, 1e-4, 1.75}, {"examples/burgers.ojit", 1, 1, 1.35},
	{"bench/models/front.ojit", 1, 1, 1.4}, {"examples/brusselator1d.ojit", 10, 1, 1.4},
	{"bench/models/ring.ojit", 4, 1, 1.06}, {"bench/models/chain.ojit", 20, 1, 1.45},
};
enum { PROBLEMS = sizeof problems / sizeof *problems, TOLERANCES = 6 };

/* What a run of one method, or of several, came to. */
static double cost_of(const ojit_solver *solver, double explicit_attempts)
{
	struct rhs *f = (struct rhs *)&solver->rhs;
	ojit_stats stats = ojit_solver_stats(solver);
	double attempts = (double)(stats.steps + stats.rejected);
	double sum = (double)stats.rhs * oj_price_of_call(f) + explicit_attempts * oj_price_of_attempt(f->n, true) +
	             (attempts - explicit_attempts) * oj_price_of_attempt(f->n, false);
	return sum + (f->implicit ? f->implicit->effort : 0);
}

/* HUGE_VAL: it did not come to the end in so many steps. */
static double run(ojit_solver *solver, const struct problem *problem, const char *method, double rtol)
{
	ojit_options options = ojit_options_default();
	options.method = method;
	options.rtol = rtol;
	options.atol = problem->absolute * rtol;
	options.step_limit = STEPS;
	cr_assert_eq(ojit_solver_run(solver, &options, 0, problem->end, ojit_output_final()), OJIT_OK, "%s",
	             ojit_solver_error(solver).text);
	ojit_stats stats = ojit_solver_stats(solver);
	if (stats.outcome != OJIT_SUCCESS)
		return HUGE_VAL;
	double all = (double)(stats.steps + stats.rejected);
	if (strcmp(method, "auto") != 0)
		return cost_of(solver, strcmp(method, "tsit5") && strcmp(method, "vern8") ? 0 : all);
	const struct auto_state *state = solver->state;
	return cost_of(solver, state->change_count > 0 ? (double)state->candidates[CANDIDATE_EXPLICIT].steps : all);
}

static double best_of(ojit_solver *solver, const struct problem *problem, double rtol)
{
	double best = run(solver, problem, rtol < 1e-6 ? "vern8" : "tsit5", rtol);
	for (int m = 0; m < STIFF; m++)
		best = fmin(best, run(solver, problem, stiff[m], rtol));
	return best;
}

/* The sum of logarithms of the ratios. */
static double compare(const struct problem *problem)
{
	char path[4096];
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program;
	snprintf(path, sizeof path, "%s/%s", OJIT_SOURCE_DIR, problem->file);
	cr_assert_eq(ojit_model_read_file(model, path), OJIT_OK, "%s", ojit_model_error(model).text);
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	ojit_solver *solver = ojit_solver_new(program);
	double sum = 0;
	for (int k = 0; k < TOLERANCES; k++) {
		double rtol = pow(10, -3 - k), best = best_of(solver, problem, rtol);
		double ratio = run(solver, problem, "auto", rtol) / best;
		cr_expect_leq(ratio, problem->worst, "%s at %g: %.3g times the best; %s", problem->file, rtol, ratio,
		              ojit_solver_choice(solver));
		sum += log(ratio);
	}
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_context_free(context);
	return sum;
}

Test(costs, what_is_chosen_costs_little_more_than_the_best)
{
	double sum = 0;
	for (int p = 0; p < PROBLEMS; p++)
		sum += compare(&problems[p]);
	double mean = exp(sum / (PROBLEMS * TOLERANCES));
	cr_expect_leq(mean, 1.1, "the mean ratio is %.3g", mean);
}
