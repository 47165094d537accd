/* Reductions written out, over terms that are known one by one. */
#ifndef OJ_WRITTEN_H
#define OJ_WRITTEN_H

#include "lib/graph/graph.h"

/* What a reduction of that kind and order computes from the start, values[0], and the terms
 * values[1 .. count], by the same operations in the same order, so with the same bits.
 * 0: out of memory. */
ojit_expr oj_written_reduction(struct graph *g, struct reduction r, const ojit_expr *values, size_t count);

#endif
