/* Loops written out: what a program computes as straight code, with the same bits. */
#ifndef OJ_UNROLL_H
#define OJ_UNROLL_H

#include "lib/graph/program.h"

/* Has the program boxes or reductions?  *ok false: out of memory. */
bool oj_has_loops(const struct program *program, bool *ok);
/* Every block becomes a scalar one with a store for each point of its box, every
 * reduction the operations it stands for, in their order.  The program grows with its
 * points; pass split has been run over it. */
ojit_status oj_unroll(struct program *program, struct oj_error *error);

#endif
