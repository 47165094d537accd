/* Problems with trustworthy answers, as models.
 *
 * The corpora are JSON files outside the tree: OJIT_CORPORA names their directory,
 * else ../shared/corpora beside the sources.  Each problem becomes a model twice:
 * as text in the model language, and through the C API from the same strings by
 * another way (a parser of the corpora's own expressions), so that the two can be
 * compared.  Nothing here leans on the test framework; a program may use it. */
#ifndef SUPPORT_CORPORA_H
#define SUPPORT_CORPORA_H

#include <ojit/ojit.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct corpus_problem {
	const char *name; /* "odebench07_1", "pleiades", "bcr" */
	char *text;       /* the model, terminated */
	size_t states, parameters, outputs;
	double t0, tend;
	double *init;      /* [states] */
	bool nonsmooth;    /* a right-hand side with kinks or jumps, as the file says */
	double *reference; /* [reference_count] first states at tend; NULL: none */
	size_t reference_count;
	double *published; /* [rows][1 + outputs]: time, observables; NULL: none */
	size_t rows;
	const json_t *json;
};

struct corpus {
	struct corpus_problem *problems;
	size_t count;
	json_t *json;
};

/* Where the corpora are, without a promise that there is anything. */
const char *corpora_path(void);
/* All problems of a file such as "bari.json" or "networks/tlbr.json", in its order.
 * false: no such file.  A file of another shape ends the process, with a message. */
bool corpus_load(const char *file, struct corpus *corpus);
void corpus_free(struct corpus *corpus);
/* The problem of that name; the process ends where there is none. */
const struct corpus_problem *corpus_find(const struct corpus *corpus, const char *name);

/* Names in models: those that mean something there get another ending. */
void corpus_print_name(FILE *out, const char *name);
/* An observable's name, other than those of states, parameters and intermediates. */
void corpus_print_observable(FILE *out, const json_t *problem, const char *name);
/* The right-hand side of a state as the corpora's README wants it written. */
const char *corpus_equation(const struct corpus_problem *problem, size_t state);

/* The problem as a model, from its text or through the C API.  Errors stick to it. */
ojit_model *corpus_read(ojit_context *context, const struct corpus_problem *problem);
ojit_model *corpus_build(ojit_context *context, const struct corpus_problem *problem);

/* max_i |y_i - ref_i| / max(|ref_i|, 1e-3 max|ref|): the error of a solution. */
double corpus_error(const struct corpus_problem *problem, const double *y);
/* The largest |reference|. */
double corpus_magnitude(const struct corpus_problem *problem);

#endif
