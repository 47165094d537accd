/* Models from text, lowered and interpreted, for tests of the language. */
#ifndef SUPPORT_MODEL_H
#define SUPPORT_MODEL_H

#include "lib/model/lower.h"

struct support_model {
	ojit_context *context;
	ojit_model *model;
	struct lowered lowered;
	struct oj_error error;
	double t;
	double *y, *p; /* initial values and defaults of parameters, once run */
};

/* Read and lower; a failure fails the test. `file` may be NULL. */
void support_model_open(struct support_model *m, const char *text, const char *file);
/* Lower what the caller built into m->model. */
void support_model_begin(struct support_model *m);
void support_model_lower(struct support_model *m);
/* Pass the kernels through split and expand and compute p and y. */
void support_model_start(struct support_model *m);
/* A kernel's values at m->t, m->y, m->p; free() them. */
double *support_model_run(struct support_model *m, enum kernel_kind kind);
void support_model_close(struct support_model *m); /* fails the test where memory was left */

/* Number of the first element of a family; -1: there is none of that name. */
int64_t support_model_find(const struct support_model *m, enum family_kind kind, const char *name);

/* The text of a lowered kernel (enum kernel_kind or KERNEL_PARAMETERS), but for the
 * places in the source; free() it. */
char *support_model_print(struct support_model *m, int kind);

/* Everything of a failure as a person reads it, or NULL when the text is fine up to
 * and with pass split; free() it. */
char *support_model_failure(const char *text, const char *file, ojit_status *status);

/* The first observable, or element of the right-hand side, of a model at t = 0.25. */
double support_model_output(const char *text);
double support_model_rhs(const char *text, int64_t element);

#endif
