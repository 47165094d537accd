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
	const double *y; /* the states at the start, t = 0.25 */
};
void host_begin(struct host *host, const char *text, ojit_executor executor);
void host_end(struct host *host); /* checks that nothing leaked */

#endif
