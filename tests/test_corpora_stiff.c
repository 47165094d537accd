/* Stiff problems against published end values, problem by problem and method by method:
 * at relative tolerances from 1e-4 to 1e-10 errors stay below ten times the tolerance times
 * the problem's own sensitivity (kappa, see support_kappa.h), so they fall with it.  What a
 * reference, or rounding, does not allow stands in the table. */
#include "tests/support_kappa.h"
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void need(const char *file, struct corpus *corpus)
{
	if (!corpus_load(file, corpus))
		cr_skip_test("there is no %s/%s; OJIT_CORPORA says where the corpora are", corpora_path(), file);
}

struct solved {
	ojit_context *context;
	ojit_program *program;
	ojit_solver *solver;
};

static struct solved open_problem(const struct corpus_problem *problem)
{
	struct solved s = {.context = ojit_context_new(NULL)};
	ojit_model *model = corpus_read(s.context, problem);
	cr_assert_eq(ojit_program_compile(model, NULL, &s.program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	s.solver = ojit_solver_new(s.program);
	return s;
}

static void close_problem(struct solved *s)
{
	ojit_solver_free(s->solver);
	ojit_program_free(s->program);
	ojit_context_free(s->context);
}

static void advance(ojit_solver *solver, const ojit_options *options, const char *name, double t0, double t1)
{
	cr_assert_eq(ojit_solver_run(solver, options, t0, t1, ojit_output_final()), OJIT_OK, "%s: %s", name,
	             ojit_solver_error(solver).text);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS, "%s, %s at %g: %s", name, options->method,
	             options->rtol, ojit_solver_message(solver));
}

/* To the end, by way of a break in the equations where there is one; the states there. */
static const double *solve(ojit_solver *solver, const ojit_options *options, const struct corpus_problem *problem,
                           double break_at)
{
	double t0 = problem->t0;
	cr_assert_eq(ojit_solver_reset(solver, OJIT_STATES), OJIT_OK);
	if (break_at > t0) {
		advance(solver, options, problem->name, t0, break_at);
		cr_assert_eq(ojit_solver_set_all(solver, OJIT_STATES, ojit_solver_last_states(solver)), OJIT_OK);
		t0 = break_at;
	}
	advance(solver, options, problem->name, t0, problem->tend);
	return ojit_solver_last_states(solver);
}

/* What methods are held to: errors below `times` kappa rtol^power, at tolerances down to 1e-finest.
 * Below, steps become too many: those of order 2 grow by 3.2 for each digit, 1e6 for the whole set at
 * 1e-7.  Implicit Euler's estimate is h^2 below rtol, which over 1/h steps leaves h = rtol^(1/2); for
 * errors of rtol it would have to take 1/rtol steps.
 *
 * sb1 turns 32 times while it decays: relative to what is left all errors of all steps are there at the end.  Steps
 * are held to less where that is seen (drift.h), which is `adding`: 12 to 20 where the first turns leave
 * a little more than ten, for errors have to be there to be seen.  RINGMOD turns thousands of
 * times, in 20,000 to 370,000 steps, with fast modes that hide what slow ones add up to: methods of which a step's error is as large as
 * its estimate are held to `turning` there. */
struct promise {
	const char *name;
	int finest;
	double times, power, adding, turning;
	bool undamped; /* fast modes go on as they are, and have to be followed where something excites them */
};
static const struct promise promises[] = {
	{"radau", 10, 10, 1, 10, 10, false}, {"rodas5p", 10, 10, 1, 10, 10, false}, {"auto", 10, 10, 1, 10, 10, false},
	{"radau5", 8, 10, 1, 10, 10, false}, {"rodas4p", 8, 10, 1, 10, 10, false}, {"kencarp4", 8, 10, 1, 12, 30, false},
	{"bdf", 10, 10, 1, 20, 100, false}, {"trbdf2", 6, 10, 1, 10, 40, false}, {"rosenbrock23", 6, 10, 1, 12, 50, false},
	{"implicit_midpoint", 6, 10, 1, 12, 10, true}, {"trapezoid", 6, 10, 1, 12, 10, true}, {"implicit_euler", 4, 5, 0.5, 30, 10, false},
};
enum { METHODS = sizeof promises / sizeof promises[0], COARSEST = 4 };

enum course { FORGETS, ADDS, TURNS };

static double allowed(const struct promise *promise, double rtol, double kappa, enum course course)
{
	const double times[] = {promise->times, promise->adding, promise->turning};
	return kappa * times[course] * pow(rtol, promise->power);
}

static ojit_options options_of(const struct promise *promise, int digits)
{
	ojit_options options = ojit_options_default();
	options.method = promise->name;
	options.rtol = pow(10, -digits);
	return options;
}

static double kappa_of_problem(const struct corpus_problem *problem)
{
	double kappa = kappa_in_table(problem->name);
	return isfinite(kappa) ? kappa : 1; /* which it is at least */
}

/* What is known of a problem, besides its kappa. */
struct known {
	const char *name;
	double floor;     /* below which the reference is not right */
	double kappa;     /* where the table has none */
	double break_at;  /* a time at which the equations break; 0: none */
	enum course course;
	bool fast;        /* modes that undamped methods follow in more than 100,000 steps: these are not held to it */
	int coarsest, finest; /* exponents of tolerances held to; 0: as promised */
	const char *only; /* methods, separated by blanks; NULL: all */
};

static bool is_held(const struct known *known, const struct promise *promise)
{
	const char *method = promise->name;
	size_t length = strlen(method);
	if (known->fast && promise->undamped)
		return false;
	for (const char *at = known->only; at && (at = strstr(at, method)); at += length)
		if ((at == known->only || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return !known->only;
}

static void hold(const struct corpus_problem *problem, const struct known *known)
{
	struct solved s = open_problem(problem);
	double kappa = known->kappa > 0 ? known->kappa : kappa_of_problem(problem);
	for (int m = 0; m < METHODS; m++) {
		const struct promise *promise = &promises[m];
		int finest = known->finest && known->finest < promise->finest ? known->finest : promise->finest;
		int coarsest = known->coarsest ? known->coarsest : COARSEST;
		for (int digits = coarsest; is_held(known, promise) && digits <= finest; digits++) {
			ojit_options options = options_of(promise, digits);
			options.atol = 1e-3 * options.rtol * corpus_magnitude(problem);
			double error = corpus_error(problem, solve(s.solver, &options, problem, known->break_at));
			double bound = allowed(promise, options.rtol, kappa, known->course) + known->floor;
			cr_expect_leq(error, bound, "%s by %s at 1e-%d: error %.3g, but kappa %.3g allows %.3g", problem->name,
			              promise->name, digits, error, kappa, bound);
		}
	}
	close_problem(&s);
}

/* ---- STIFF DETEST ---- */

/* Floors: references printed with an absolute error beside small values. */
static const struct known detest[] = {
	{.name = "sa1", .floor = 1.5e-8}, {.name = "sb4", .floor = 1e-9},
	{.name = "sf3", .floor = 5e-9}, {.name = "sf5", .fast = true},
};

static const struct known *known_of(const char *name)
{
	static const struct known nothing;
	for (size_t i = 0; i < sizeof detest / sizeof *detest; i++)
		if (!strcmp(detest[i].name, name))
			return &detest[i];
	return &nothing;
}

/* se4's reference is not verified, and sb1's solution is known better than its. */
Test(stiff, detest_is_within_its_sensitivity)
{
	struct corpus corpus;
	size_t held = 0;
	need("detest.json", &corpus);
	for (size_t i = 0; i < corpus.count; i++) {
		const struct corpus_problem *problem = &corpus.problems[i];
		if (problem->name[0] != 's' || !strcmp(problem->name, "se4") || !strcmp(problem->name, "sb1"))
			continue;
		hold(problem, known_of(problem->name));
		held++;
	}
	cr_expect_eq(held, 28);
	corpus_free(&corpus);
}

/* sb1 is linear, and its modes that are not a spiral are gone at the end. */
static double error_of_spiral(const double *y)
{
	const double exact[] = {exp(-20) * cos(200), -10 * exp(-20) * sin(200)};
	return fmax(fabs(y[0] / exact[0] - 1), fabs(y[1] / exact[1] - 1));
}

Test(stiff, a_spiral_ends_as_its_formula)
{
	struct corpus corpus;
	need("detest.json", &corpus);
	const struct corpus_problem *problem = corpus_find(&corpus, "sb1");
	double kappa = kappa_of_problem(problem);
	struct solved s = open_problem(problem);
	for (int m = 0; m < METHODS; m++)
		for (int digits = COARSEST; digits <= promises[m].finest; digits++) {
			ojit_options options = options_of(&promises[m], digits);
			options.atol = 1e-3 * options.rtol * corpus_magnitude(problem);
			double error = error_of_spiral(solve(s.solver, &options, problem, 0));
			double bound = allowed(&promises[m], options.rtol, kappa, ADDS);
			cr_expect_leq(error, bound, "%s at 1e-%d: error %.3g, but %.3g is allowed", promises[m].name, digits, error, bound);
		}
	close_problem(&s);
	corpus_free(&corpus);
}

/* ---- on the way ---- */

/* Errors at fifty times, which hardly a step ends at, as corpus_error has them: in the size of each state then, or a
 * thousandth of the largest.  Against radau's solution, at 1e-12. */
static double error_on_the_way(ojit_solver *solver, const struct corpus_problem *problem, const ojit_options *options,
                               const double *truth)
{
	double worst = 0;
	cr_assert_eq(ojit_solver_run(solver, options, problem->t0, problem->tend, ojit_output_points(KAPPA_TIMES + 1)), OJIT_OK);
	cr_assert_eq(ojit_solver_rows(solver), KAPPA_TIMES + 1, "%s by %s: %s", problem->name, options->method, ojit_solver_message(solver));
	for (size_t row = 1; row <= KAPPA_TIMES; row++) {
		const double *y = ojit_solver_row(solver, row) + 1, *right = truth + row * problem->states;
		double most = 0;
		for (size_t i = 0; i < problem->states; i++)
			most = fmax(most, fabs(right[i]));
		for (size_t i = 0; i < problem->states; i++)
			worst = fmax(worst, fabs(y[i] - right[i]) / fmax(fabs(right[i]), 1e-3 * most));
	}
	return worst;
}

static double *solve_truth(ojit_solver *solver, const struct corpus_problem *problem)
{
	size_t n = problem->states;
	double *truth = malloc((KAPPA_TIMES + 1) * n * sizeof *truth);
	ojit_options options = ojit_options_default();
	options.method = "radau";
	options.rtol = 1e-12;
	options.atol = 1e-15 * corpus_magnitude(problem);
	cr_assert(truth);
	cr_assert_eq(ojit_solver_run(solver, &options, problem->t0, problem->tend, ojit_output_points(KAPPA_TIMES + 1)), OJIT_OK);
	cr_assert_eq(ojit_solver_rows(solver), KAPPA_TIMES + 1, "%s: %s", problem->name, ojit_solver_message(solver));
	for (size_t row = 0; row <= KAPPA_TIMES; row++)
		memcpy(truth + row * n, ojit_solver_row(solver, row) + 1, n * sizeof *truth);
	return truth;
}

/* Decays by e^-7 and more, and turns that decay, are measured by what is left: what the first of their errors have added up to
 * before it is seen is there at all times. */
static double times_on_the_way(const char *problem, const struct promise *promise)
{
	static const char *const adding[] = {"sa1", "sa4", "sb1", "sb4", "sb5"};
	for (size_t i = 0; i < sizeof adding / sizeof *adding; i++)
		if (!strcmp(problem, adding[i]))
			return 20;
	return promise->times;
}

static void hold_on_the_way(const struct corpus_problem *problem)
{
	struct solved s = open_problem(problem);
	double *truth = solve_truth(s.solver, problem), kappa = kappa_on_the_way_in_table(problem->name);
	kappa = isfinite(kappa) ? kappa : kappa_of_problem(problem);
	for (int m = 0; m < METHODS; m++)
		for (int digits = COARSEST; digits <= 6 && digits <= promises[m].finest && promises[m].power == 1 && !promises[m].undamped; digits++) {
			ojit_options options = options_of(&promises[m], digits);
			options.atol = 1e-3 * options.rtol * corpus_magnitude(problem);
			double error = error_on_the_way(s.solver, problem, &options, truth);
			double bound = times_on_the_way(problem->name, &promises[m]) * kappa * options.rtol;
			cr_expect_leq(error, bound, "%s by %s at 1e-%d: error %.3g on the way, but kappa %.3g allows %.3g", problem->name,
			              promises[m].name, digits, error, kappa, bound);
		}
	free(truth);
	close_problem(&s);
}

Test(stiff, results_are_as_good_on_the_way)
{
	static const char *const files[] = {"detest.json", "bari.json"};
	size_t held = 0;
	for (int f = 0; f < 2; f++) {
		struct corpus corpus;
		need(files[f], &corpus);
		for (size_t i = 0; i < corpus.count; i++)
			if (kappa_is_stiff(corpus.problems[i].name))
				hold_on_the_way(&corpus.problems[i]), held++;
		corpus_free(&corpus);
	}
	cr_expect_eq(held, 32);
}

/* So that nobody loosens a bound by editing it. */
Test(stiff, kappa_table_is_what_its_definition_gives)
{
	static const char *const names[] = {"sb3", "sc3", "sd3", "se2"};
	struct corpus corpus;
	need("detest.json", &corpus);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct corpus_problem *problem = corpus_find(&corpus, names[i]);
		struct solved s = open_problem(problem);
		double kappa = kappa_on_the_way(s.program, problem, &kappa_stiff), stated = kappa_on_the_way_in_table(problem->name);
		cr_expect_float_eq(kappa, stated, 0.02 * stated, "%s on the way: %.4g, not %.4g", problem->name, kappa, stated);
		close_problem(&s);
	}
	corpus_free(&corpus);
}

/* ---- the Bari test set ---- */

static void hold_bari(const struct known *known)
{
	struct corpus corpus;
	need("bari.json", &corpus);
	hold(corpus_find(&corpus, known->name), known);
	corpus_free(&corpus);
}

Test(stiff, bari_is_within_its_sensitivity)
{
	static const struct known bari[] = {
		{.name = "hires"}, {.name = "pollu", .fast = true}, {.name = "orego"}, {.name = "vdpol"},
		/* By differences of whole solves, see below. */
		{.name = "ringmod", .kappa = 10.5, .course = TURNS, .finest = 4,
		 .only = "radau radau5 rodas4p rodas5p rosenbrock23 bdf kencarp4 trbdf2 auto"},
		{.name = "ringmod", .kappa = 10.5, .course = TURNS, .coarsest = 5, .finest = 5, .only = "radau radau5 rodas4p rodas5p kencarp4 auto"},
		{.name = "ringmod", .kappa = 10.5, .course = TURNS, .coarsest = 6, .finest = 7, .only = "radau rodas5p auto"},
	};
	for (size_t i = 0; i < sizeof bari / sizeof *bari; i++)
		hold_bari(&bari[i]);
}

/* Each state by itself: the first two are 1e-8 and 1e-14 at the end.  Steps become as long
 * as 1e10, and beside 0.04 there is no more left of 1/h than rounding lets stand. */
Test(stiff, robertson_is_right_in_each_of_its_states)
{
	struct corpus corpus;
	need("bari.json", &corpus);
	const struct corpus_problem *problem = corpus_find(&corpus, "rober");
	struct solved s = open_problem(problem);
	for (int m = 0; m < METHODS; m++)
		for (int digits = COARSEST; !promises[m].undamped && digits <= promises[m].finest; digits++) {
			ojit_options options = options_of(&promises[m], digits);
			options.atol = 1e-30;
			const double *y = solve(s.solver, &options, problem, 0);
			double bound = allowed(&promises[m], options.rtol, 1, FORGETS) + 2e-8;
			for (int i = 0; i < 3; i++)
				cr_expect_leq(fabs(y[i] / problem->reference[i] - 1), bound, "y%d by %s at 1e-%d: %.3g", i + 1,
				              options.method, digits, y[i] / problem->reference[i] - 1);
		}
	close_problem(&s);
	corpus_free(&corpus);
}

/* Of E5 only y2 and y3 are above 1e-30 at the end.  They are equal and fall as 1/(M C t), as
 * long as y2' - y3' = y4' holds to rounding; published, they are 1.4e-3 from each other.  A
 * Rosenbrock step, which solves one linear system where iterations would go back to the equations,
 * loses that: what is large in two rows of the matrix cancels only in their difference.  So rodas4p,
 * rodas5p and auto, which takes rodas5p for a part of it, are held to the form below alone. */
Test(stiff, e5_keeps_what_its_equations_conserve)
{
	static const struct known held = {.only = "radau radau5 rosenbrock23 bdf kencarp4 trbdf2"};
	struct corpus corpus;
	need("bari.json", &corpus);
	const struct corpus_problem *problem = corpus_find(&corpus, "e5");
	struct solved s = open_problem(problem);
	for (int m = 0; m < METHODS; m++)
		for (int digits = 5; is_held(&held, &promises[m]) && digits <= promises[m].finest && digits < 10; digits++) {
			ojit_options options = options_of(&promises[m], digits);
			options.atol = 1e-27;
			const double *y = solve(s.solver, &options, problem, 0);
			for (int i = 1; i < 3; i++)
				cr_expect_float_eq(y[i] / problem->reference[i], 1, 0.03, "y%d by %s at 1e-%d: %.3g", i + 1,
				                   options.method, digits, y[i] / problem->reference[i] - 1);
		}
	close_problem(&s);
	corpus_free(&corpus);
}

/* With y2 = y3 + y4 written in, nothing is lost, and all that fades into atol is as small as
 * what is left: 1e-25 rtol.  The mean of the published y2 and y3 is free of what parts them. */
Test(stiff, e5_falls_with_the_tolerance_where_its_sum_is_written_in)
{
	static const char text[] = "param A = 7.89e-10, B = 1.1e7, C = 1.13e3, M = 1e6\n"
		"y1' = -A*y1 - B*y1*y3\n"
		"y3' = A*y1 - M*C*(y3 + y4)*y3 - (B*y1*y3 - C*y4)\n"
		"y4' = B*y1*y3 - C*y4\n"
		"init y1 = 1.76e-3, y3 = 0, y4 = 0\n";
	struct corpus corpus;
	struct trial trial;
	need("bari.json", &corpus);
	const double *reference = corpus_find(&corpus, "e5")->reference, y3 = (reference[1] + reference[2]) / 2;
	trial_begin(&trial, text, NULL);
	for (int m = 0; m < METHODS; m++)
		for (int digits = COARSEST; !promises[m].undamped && digits <= promises[m].finest; digits++) {
			trial.options = options_of(&promises[m], digits);
			trial.options.atol = 1e-25 * trial.options.rtol;
			trial_solve(&trial, 0, 1e13, ojit_output_final());
			double error = ojit_solver_last_states(trial.solver)[1] / y3 - 1;
			cr_expect_leq(fabs(error), allowed(&promises[m], trial.options.rtol, 1, FORGETS) + 3e-7, "%s at 1e-%d: %.3g",
			              promises[m].name, digits, error);
		}
	trial_end(&trial);
	corpus_free(&corpus);
}

/* Discontinuous at pi and at 5: solved up to there, and on from there.  These and RINGMOD are too large,
 * or take too long, for the table of kappa: theirs is what perturbations of the states at the start, behind
 * the break, and of RINGMOD at four times more, amount to, by differences of whole solves at rtol 1e-8
 * and 1e-9.  BEAM's modes turn undamped: BDF is not stable there. */
Test(stiff, breaks_are_stopped_at)
{
	const double pi = 3.141592653589793;
	hold_bari(&(struct known){.name = "beam", .kappa = 276, .break_at = pi, .finest = 5, .only = "radau auto"});
	hold_bari(&(struct known){.name = "beam", .kappa = 276, .coarsest = 6, .finest = 6, .only = "auto"}); /* over the break */
	hold_bari(&(struct known){.name = "beam", .kappa = 276, .break_at = pi, .finest = 4, .only = "rodas5p kencarp4 trbdf2 implicit_midpoint trapezoid"});
	hold_bari(&(struct known){.name = "medakzo", .kappa = 45.5, .break_at = 5, .floor = 2e-8, .finest = 5});
	hold_bari(&(struct known){.name = "medakzo", .kappa = 45.5, .break_at = 5, .floor = 2e-8, .coarsest = 6, .finest = 6,
	                          .only = "radau radau5 rodas4p rodas5p rosenbrock23 bdf kencarp4 trbdf2 auto"});
}
