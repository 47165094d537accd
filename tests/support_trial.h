/* A text with all that it takes to solve it through the public API. */
#ifndef SUPPORT_TRIAL_H
#define SUPPORT_TRIAL_H

#include <ojit/ojit.h>

struct trial {
	ojit_context *context;
	ojit_program *program;
	ojit_solver *solver;
	ojit_options options;
};
/* `method` NULL: the default one. */
void trial_begin(struct trial *trial, const char *text, const char *method);
/* Solve, and hold that it is a success. */
void trial_solve(struct trial *trial, double t0, double t1, ojit_output output);
/* Solve, and hold that it ends otherwise; what is said of it. */
const char *trial_fail(struct trial *trial, double t0, double t1, ojit_outcome outcome);
void trial_end(struct trial *trial);

#endif
