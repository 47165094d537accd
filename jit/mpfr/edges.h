/* Edges: where an operator is not smooth.  The kink of abs, the jumps of floor, the ends of
 * the domain of sqrt, the poles of a division.
 *
 * Differences to both sides say nothing about a derivative at an edge.  Which side of its
 * edges an operator is on is a small number; at an edge it is another one than to at least
 * one side of it.  Conditions, min and max are theirs who evaluate them. */
#ifndef OJ_MPFR_EDGES_H
#define OJ_MPFR_EDGES_H

#include "lib/graph/graph.h"

#include <mpfr.h>
#include <stdbool.h>

bool oj_has_edges(enum op op);
/* The side, from 0 to 127, of operands and value.  For POWI the exponent is operand 1. */
int oj_edge_side(enum op op, const mpfr_srcptr *operands, mpfr_srcptr value);

#endif
