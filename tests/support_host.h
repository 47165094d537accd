/* A text with what evaluates it through the public API. */
#ifndef SUPPORT_HOST_H
#define SUPPORT_HOST_H

#include <ojit/ojit.h>

struct host {
	ojit_context *context;
	ojit_program *program;
	ojit_evaluator *evaluator;
	ojit_solver *solver;
	size_t states, parameters, outputs;
	double *y; /* the states at the start, t = 0.25 */
};
void host_begin(struct host *host, const char *text, ojit_executor executor);
void host_begin_with(struct host *host, const char *text, const ojit_compile_options *options);
void host_end(struct host *host); /* checks that nothing leaked */

/* Of a call of the evaluator of `h`. */
#define HOST_OK(call) cr_assert_eq((call), OJIT_OK, "%s", ojit_evaluator_error(h->evaluator).text)

#endif
