/* The interpreter: the same plans the code generator translates, walked.
 *
 * It is the oracle of every test of machine code (equal bits), the fallback where
 * no code generator is at hand, and what runs once-only work too small to be
 * worth compiling.  Executes LEAF, INSTR and MATH operators. */
#ifndef OJ_INTERPRET_H
#define OJ_INTERPRET_H

#include "lib/graph/plan.h"

struct interpreter;
/* Plans all blocks of `program`, which must outlive the interpreter. */
ojit_status oj_interpreter_new(const struct program *program, struct interpreter **interpreter);
void oj_interpreter_free(struct interpreter *interpreter);
/* As a kernel: run, env and scratch filled in; one trajectory a call.  Of defaults of
 * parameters those elements k stay as they are for which args->seed[k] != 0, unless it is
 * NULL. */
struct kernel oj_interpreter_kernel(const struct interpreter *interpreter);

/* The value of an INSTR or MATH operator of fixed arity (ADD, MUL: two operands). */
double oj_evaluate(enum op op, double a, double b, double c);
double oj_evaluate_many(enum op op, const double *operands, uint32_t arity);

#endif
