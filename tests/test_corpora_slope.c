/* The error follows the tolerance: over a range of relative tolerances, the slope
 * of log error against log rtol lies between 0.7 and 1.3.
 *
 * Each row's range starts where the method resolves the problem and ends above its
 * reference's last digits (11 to 13 of DETEST's, 14 of the others') and above what
 * rounding leaves of many steps. */
#include "tests/support_corpora.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

struct row {
	const char *file, *problem, *method;
	double coarse, fine; /* exponents of rtol, in steps of a quarter */
};

static const struct row rows[] = {
	{"bari.json", "pleiades", "dop853", -5, -10},
	{"bari.json", "pleiades", "dopri5", -5, -9},
	{"bari.json", "pleiades", "tsit5", -5, -9},
	{"bari.json", "pleiades", "bs3", -4, -7},
	{"bari.json", "arenstorf", "dop853", -7, -12},
	{"bari.json", "arenstorf", "dopri5", -7, -10},
	{"bari.json", "arenstorf", "tsit5", -7, -10},
	{"bari.json", "arenstorf", "bs3", -6, -8},
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

static void hold_slope(const struct row *row, const struct corpus_problem *problem)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = corpus_read(context, problem);
	ojit_program *program;
	struct line line = {0};
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_solver *solver = ojit_solver_new(program);
	for (double x = row->coarse; x >= row->fine; x -= 0.25)
		add_point(&line, x, log10(error_at(solver, problem, row->method, pow(10, x))));
	double slope = slope_of(&line);
	cr_expect(slope >= 0.7 && slope <= 1.3, "%s with %s: slope %.3f", row->problem, row->method, slope);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
}

static void hold_file(const char *file)
{
	struct corpus corpus;
	if (!corpus_load(file, &corpus))
		cr_skip_test("there is no %s/%s; OJIT_CORPORA says where the corpora are", corpora_path(), file);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].file, file))
			hold_slope(&rows[i], corpus_find(&corpus, rows[i].problem));
	corpus_free(&corpus);
}

Test(slope, errors_of_celestial_problems_follow_the_tolerance)
{
	hold_file("bari.json");
}

Test(slope, errors_of_detest_follow_the_tolerance)
{
	hold_file("detest.json");
}

Test(slope, errors_of_odebench_follow_the_tolerance)
{
	hold_file("odebench.json");
}
