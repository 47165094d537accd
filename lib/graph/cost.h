/* What computing something costs, in units of one addition.  Rough on purpose:
 * it only ranks, so that choices do not depend on the machine's mood. */
#ifndef OJ_COST_H
#define OJ_COST_H

#include "lib/graph/program.h"

/* One node, operands not counted. */
unsigned oj_node_cost(const struct graph *g, ojit_expr e);
/* All nodes below `e`, each once; reductions count as COST_LOOP. Saturates at `most`. */
enum { COST_CALL = 20, COST_LOOP = 100 };
bool oj_cost(const struct graph *g, ojit_expr e, unsigned most, unsigned *cost);

#endif
