/* Errors of steps that add up: relative to a long decay, or over many turns, nothing is forgotten, and
 * hundreds of errors of one kind are one large error unless steps are held to less (before they were, the
 * errors here were up to 73, 164 and 101 tolerances). */
#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <math.h>

static const char *const methods[] = {"bdf", "kencarp4", "trbdf2", "rosenbrock23", "rodas4p", "implicit_midpoint", "trapezoid"};
enum { METHODS = sizeof methods / sizeof *methods };

/* A problem of two states, with a solution. */
struct known {
	const char *text;
	double end, exact[2];
	bool each; /* state has a size of its own; else they are compared with the larger one */
	double most; /* tolerances that its error may be */
};

static double error_of(const struct known *known, const char *method, double rtol)
{
	struct trial trial;
	trial_begin(&trial, known->text, method);
	trial.options.rtol = rtol;
	trial.options.atol = 1e-30;
	trial_solve(&trial, 0, known->end, ojit_output_final());
	const double *y = ojit_solver_last_states(trial.solver), *exact = known->exact;
	double larger = fmax(fabs(exact[0]), fabs(exact[1])), error = 0;
	for (int i = 0; i < 2; i++)
		error = fmax(error, fabs(y[i] - exact[i]) / (known->each ? fabs(exact[i]) : larger));
	trial_end(&trial);
	return error / rtol;
}

static void hold(const struct known *known)
{
	for (int m = 0; m < METHODS; m++)
		for (double rtol = 1e-4; rtol > 0.5e-5; rtol /= 10) {
			double error = error_of(known, methods[m], rtol);
			cr_expect_lt(error, known->most, "%s at %g: %g tolerances", methods[m], rtol, error);
		}
}

/* Relative to what is left each step's error is of the same sign. */
Test(drift, a_long_decay_is_right_relative_to_what_is_left)
{
	hold(&(struct known){.text = "x' = -2*x\ny' = -y\ninit x = 1, y = 1\n", .end = 20, .exact = {exp(-40), exp(-20)},
	                     .each = true, .most = 25});
}

Test(drift, turns_that_decay_are_right_relative_to_what_is_left)
{
	hold(&(struct known){.text = "x' = -x + 10*y\ny' = -10*x - y\ninit x = 1, y = 0\n", .end = 10,
	                     .exact = {exp(-10) * cos(100), -exp(-10) * sin(100)}, .most = 20});
}

/* Here what lies along the slope does not stay there. */
Test(drift, turns_of_equations_that_read_the_time_are_right)
{
	hold(&(struct known){.text = "x' = y\ny' = -101*x + cos(10*t)\ninit x = 1, y = 0\n", .end = 10,
	                     .exact = {cos(100), -10 * sin(100)}, .most = 35});
}
