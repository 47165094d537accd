/* Models that have every structure in them, brought to where derivatives are taken, and
 * evaluated in MPFR. */
#ifndef SUPPORT_DERIVATIVES_H
#define SUPPORT_DERIVATIVES_H

#include "lib/graph/passes.h"
#include "tests/support_exact.h"
#include "tests/support_model.h"

enum { DERIVATIVE_BITS = 500 };

/* Families, stencils, wraps, ragged tables, reductions of all kinds, choices,
 * intermediates and derived parameters; they keep clear of kinks. */
extern const char *const derivative_models[];
extern const size_t derivative_model_count;

struct derivative_problem {
	struct support_model m;
	struct program *rhs, *prepare; /* after hoist */
	struct program copies[2];      /* what they are */
	int64_t states, parameters;
};
/* roll: with pass roll. */
void derivative_begin(struct derivative_problem *problem, const char *text, bool roll);
void derivative_end(struct derivative_problem *problem);

/* Time, states and parameters as the model has them at its start, t = 0.25. */
void derivative_point(struct exact *x, const struct derivative_problem *problem);
/* What prepare computes becomes the derived parameters. */
void derivative_prepare(struct exact *x, const struct derivative_problem *problem);
/* Tangents of the right-hand side in the directions of all inputs, states first: element
 * i in direction k is element i * (states + parameters) + k of its OUT. */
struct exact *derivative_tangents(struct derivative_problem *problem, int64_t states, int64_t parameters);
/* What is printed of a derivative reads back, and printing that gives the same bytes. */
void derivative_reads_back(const struct program *made, const char *text);
/* A number of its own for every k and q, between -1 and 1. */
double derivative_seed(int64_t k, int64_t q);

#endif
