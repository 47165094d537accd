/* Random programs, and an evaluator so plain that it is easy to trust: it walks
 * the nodes by recursion, meets every index one by one, and looks up symbols when
 * it gets there.  Passes and executors are held to it. */
#ifndef SUPPORT_PROGRAMS_H
#define SUPPORT_PROGRAMS_H

#include "lib/graph/program.h"

/* The vectors of a kernel, each with room for `length` numbers. */
enum { VECTOR_LENGTH = 512 };
struct vectors {
	double t, y[VECTOR_LENGTH], p[VECTOR_LENGTH], d[VECTOR_LENGTH], out[VECTOR_LENGTH];
};

/* Build a program of several blocks into an empty space, the same for equal seeds:
 * stencils over symbols with pieces, periodic subscripts, tables, filters, ragged
 * ranges, conditions, intermediate arrays and scalars. */
void random_program(struct space *space, struct program *program, uint64_t seed);
/* Inputs to go with it; some are zeros, infinities and nan. */
void random_vectors(struct vectors *vectors, uint64_t seed);
/* Evaluate `program` node by node.  A program of kind KERNEL_PREPARE writes d. */
void naive_run(const struct program *program, struct vectors *vectors);
/* The same through the interpreter. */
void interpreter_run(const struct program *program, struct vectors *vectors);
ojit_status interpreter_try(const struct program *program, struct vectors *vectors);
/* Equal bits, or both nan? The first that differs, -1 when all are alike. */
int first_difference(const double *a, const double *b, int count);

uint64_t random_bits(uint64_t *state);

#endif
