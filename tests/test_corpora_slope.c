/* The error follows the tolerance: over a range of relative tolerances, the slope
 * of log error against log rtol lies between 0.7 and 1.3.
 *
 * Problems are those that still move at the end: where a solution has come to rest,
 * what is left of the error is chance.  Ranges start where the method resolves the
 * problem (later for Arenstorf, which amplifies errors by 1e9) and end above the last
 * digits of the references and above what rounding leaves of many steps. */
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

struct range {
	const char *method;
	double coarse, fine; /* exponents of rtol, walked in quarters */
};
enum { METHODS = 4 };

static const struct range usual[METHODS] = {
	{"dop853", -5, -10}, {"dopri5", -5, -10}, {"tsit5", -5, -10}, {"bs3", -4, -8},
};
static const struct range pleiades[METHODS] = {
	{"dop853", -5, -10}, {"dopri5", -4, -11}, {"tsit5", -4, -11}, {"bs3", -4, -8},
};
static const struct range arenstorf[METHODS] = {
	{"dop853", -7, -12}, {"dopri5", -6, -11}, {"tsit5", -6, -11}, {"bs3", -6, -8},
};

struct line {
	double n, x, y, xx, xy;
};

static void add_point(struct line *l, double x, double y)
{
	l->n += 1;
	l->x += x;
	l->y += y;
	l->xx += x * x;
	l->xy += x * y;
}

static double slope_of(const struct line *l)
{
	return (l->n * l->xy - l->x * l->y) / (l->n * l->xx - l->x * l->x);
}

static double error_at(ojit_solver *solver, const struct corpus_problem *problem, const char *method,
                       double rtol)
{
	ojit_options options = ojit_options_default();
	options.method = method;
	options.rtol = rtol;
	options.atol = 1e-3 * rtol * corpus_magnitude(problem);
	cr_assert_eq(ojit_solver_run(solver, &options, problem->t0, problem->tend, ojit_output_final()), OJIT_OK);
	cr_assert_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(solver));
	return corpus_error(problem, ojit_solver_last_states(solver));
}

static void hold_slopes(const struct corpus_problem *problem, const struct range *ranges)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = corpus_read(context, problem);
	ojit_program *program;
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_solver *solver = ojit_solver_new(program);
	for (const struct range *range = ranges; range < ranges + METHODS; range++) {
		struct line line = {0};
		for (double x = range->coarse; x >= range->fine; x -= 0.25)
			add_point(&line, x, log10(error_at(solver, problem, range->method, pow(10, x))));
		double slope = slope_of(&line);
		cr_expect(slope >= 0.7 && slope <= 1.3, "%s with %s: slope %.3f", problem->name, range->method, slope);
	}
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

static void need(const char *file, struct corpus *corpus)
{
	if (!corpus_load(file, corpus))
		cr_skip_test("there is no %s/%s; OJIT_CORPORA says where the corpora are", corpora_path(), file);
}

static void hold_usual(const char *file, const char *const *names, size_t count)
{
	struct corpus corpus;
	need(file, &corpus);
	for (size_t i = 0; i < count; i++)
		hold_slopes(corpus_find(&corpus, names[i]), usual);
	corpus_free(&corpus);
}

Test(slope, errors_of_celestial_problems_follow_the_tolerance)
{
	struct corpus corpus;
	need("bari.json", &corpus);
	hold_slopes(corpus_find(&corpus, "pleiades"), pleiades);
	hold_slopes(corpus_find(&corpus, "arenstorf"), arenstorf);
	corpus_free(&corpus);
}

Test(slope, errors_of_detest_follow_the_tolerance)
{
	static const char *const names[] = {"na3", "nb4", "nb5", "nc5", "nd1", "nd3", "nd5", "ne1", "ne2"};
	hold_usual("detest.json", names, sizeof names / sizeof *names);
}

Test(slope, errors_of_odebench_follow_the_tolerance)
{
	static const char *const names[] = {
		"odebench24_0", "odebench28_1", "odebench32_1", "odebench34_0", "odebench36_0", "odebench37_0",
		"odebench39_0", "odebench44_1", "odebench54_0", "odebench57_0", "odebench59_0", "odebench61_1",
	};
	hold_usual("odebench.json", names, sizeof names / sizeof *names);
}
