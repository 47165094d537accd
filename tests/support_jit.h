/* Hand-made programs, and the claim that machine code agrees with the interpreter.
 *
 * support_jit_agree runs a program through the interpreter and through machine
 * code of every lane count, both lane axes, both levels and several processors, in one
 * module and in as many as there are blocks, and compares what they store to the bit
 * (payloads of nans aside).  Inputs lie against pages that cannot be read, at either
 * end, so that a load out of range ends the test. */
#ifndef SUPPORT_JIT_H
#define SUPPORT_JIT_H

#include "jit/backend.h"

struct support_program {
	ojit_context *context;
	const struct backend *backend;
	struct space space;
	struct program program;
	struct graph *g;
	int64_t used[ROLE_COUNT]; /* doubles of each role given to arrays */
	struct oj_error error;
};
void support_jit_open(struct support_program *p);
void support_jit_open_with(struct support_program *p, const ojit_allocator *allocator);
void support_jit_close(struct support_program *p); /* checks that nothing leaked */

/* Arrays, one after another in their role; indices from base. */
uint32_t support_jit_array(struct support_program *p, enum array_role role, int64_t base, int64_t extent);
uint32_t support_jit_matrix(struct support_program *p, enum array_role role, int64_t base0, int64_t extent0,
                            int64_t base1, int64_t extent1);
/* An integer table of rank 1. */
uint32_t support_jit_table(struct support_program *p, int64_t base, int64_t extent, const int32_t *values);
ojit_expr support_jit_load1(struct support_program *p, uint32_t array, ojit_expr index);
ojit_expr support_jit_load2(struct support_program *p, uint32_t array, ojit_expr i, ojit_expr j);
ojit_expr support_jit_table1(struct support_program *p, uint32_t table, ojit_expr index);

/* Blocks over boxes of rank 0, 1 and 2. */
struct block *support_jit_scalar(struct support_program *p);
struct block *support_jit_line(struct support_program *p, int64_t lo, int64_t end);
struct block *support_jit_plane(struct support_program *p, int64_t lo0, int64_t end0, int64_t lo1, int64_t end1);
void support_jit_store1(struct support_program *p, struct block *block, uint32_t array, ojit_expr value,
                        ojit_expr index);
void support_jit_store2(struct support_program *p, struct block *block, uint32_t array, ojit_expr value,
                        ojit_expr i, ojit_expr j);

/* kind over level `level` from lo to end - 1, started with its identity. */
ojit_expr support_jit_reduce(struct support_program *p, enum reduction_kind kind, enum reduction_order order,
                             unsigned level, ojit_expr lo, ojit_expr end, ojit_expr body);

/* What inputs are made of. */
enum inputs { INPUTS_PLAIN, INPUTS_HARD };
/* See above; `name` is what a failure calls the program. */
void support_jit_agree(struct support_program *p, const char *name, enum inputs inputs);
/* For one target only; the error is p->error. */
ojit_status support_jit_translate(struct support_program *p, const struct target *target,
                                  struct object *object);

#endif
