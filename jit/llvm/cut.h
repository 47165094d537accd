/* How a program is cut for the code generator: blocks into functions, functions into
 * modules, and a level of optimisation for each module.
 *
 * The cut depends on program and target alone, never on the number of threads, and
 * so does the object that is made of it. */
#ifndef OJ_LLVM_CUT_H
#define OJ_LLVM_CUT_H

#include "jit/backend.h"

struct part { /* a function: consecutive blocks */
	size_t first, end;
	uint32_t module;
};

struct cut {
	ojit_context *context;
	VECTOR(struct part) parts; /* in the order they run */
	VECTOR(int) levels;        /* of each module; never empty */
};
/* OJIT_OUT_OF_MEMORY or OJIT_OK. */
ojit_status oj_cut_init(struct cut *cut, const struct program *program, const struct target *target);
void oj_cut_drop(struct cut *cut);

#endif
