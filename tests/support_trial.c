#include "tests/support_trial.h"

#include <criterion/criterion.h>
#include <string.h>

void trial_begin(struct trial *trial, const char *text, const char *method)
{
	trial->context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(trial->context);
	ojit_model_read_text(model, text, strlen(text), "test");
	cr_assert_eq(ojit_program_compile(model, NULL, &trial->program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	trial->solver = ojit_solver_new(trial->program);
	trial->options = ojit_options_default();
	trial->options.method = method;
}

void trial_solve(struct trial *trial, double t0, double t1, ojit_output output)
{
	cr_assert_eq(ojit_solver_run(trial->solver, &trial->options, t0, t1, output), OJIT_OK, "%s",
	             ojit_solver_error(trial->solver).text);
	cr_expect_eq(ojit_solver_stats(trial->solver).outcome, OJIT_SUCCESS, "%s", ojit_solver_message(trial->solver));
}

const char *trial_fail(struct trial *trial, double t0, double t1, ojit_outcome outcome)
{
	cr_assert_eq(ojit_solver_run(trial->solver, &trial->options, t0, t1, ojit_output_final()), OJIT_OK, "%s",
	             ojit_solver_error(trial->solver).text);
	cr_expect_eq(ojit_solver_stats(trial->solver).outcome, outcome, "%s", ojit_solver_message(trial->solver));
	return ojit_solver_message(trial->solver);
}

void trial_end(struct trial *trial)
{
	ojit_solver_free(trial->solver);
	ojit_program_free(trial->program);
	ojit_context_free(trial->context);
}
