/* Inside of graph.c and affine.c: the making of nodes. */
#ifndef OJ_GRAPH_PARTS_H
#define OJ_GRAPH_PARTS_H

#include "lib/graph/graph.h"

/* Out of memory, or of numbers: 0. */
ojit_expr oj_graph_fail(struct graph *g);
/* The node, found or made.  `operands` may point into the graph. */
ojit_expr oj_graph_intern(struct graph *g, struct node n, const ojit_expr *operands, const int64_t *coefficients);
/* A node with everything but its operands taken from `n`, in the order of its kind. */
ojit_expr oj_graph_make_like(struct graph *g, struct node n, const ojit_expr *operands);
/* An AFFINE with other atoms. */
ojit_expr oj_integer_remake(struct graph *g, ojit_expr like, const ojit_expr *operands);

#endif
