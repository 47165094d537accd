#include "tests/support_host.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void host_begin_with(struct host *h, const char *text, const ojit_compile_options *options)
{
	h->context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(h->context);
	cr_assert_eq(ojit_model_read_text(model, text, strlen(text), NULL), OJIT_OK, "%s", ojit_model_error(model).text);
	cr_assert_eq(ojit_program_compile(model, options, &h->program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	h->evaluator = ojit_evaluator_new(h->program);
	h->solver = ojit_solver_new(h->program);
	ojit_program_info info = ojit_program_describe(h->program);
	h->states = info.states;
	h->parameters = info.parameters;
	h->outputs = info.outputs;
	h->y = calloc(h->states + 1, sizeof *h->y);
	cr_assert(h->y);
	cr_assert_eq(ojit_evaluator_call(h->evaluator, OJIT_INITIAL, 0.25, h->y, h->y), OJIT_OK);
}

void host_begin(struct host *h, const char *text, ojit_executor executor)
{
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = executor;
	host_begin_with(h, text, &options);
}

void host_end(struct host *h)
{
	ojit_evaluator_free(h->evaluator);
	ojit_solver_free(h->solver);
	ojit_program_free(h->program);
	cr_expect_eq(ojit_context_counters(h->context).live_bytes, 0);
	ojit_context_free(h->context);
	free(h->y);
}
