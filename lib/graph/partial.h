/* Partial derivatives of single nodes with respect to their operands.
 *
 * The rules are partials.def, and here what has any number of operands or a payload.
 * A partial is an expression over the node's own operands and the node itself, so
 * that what the value costs is not spent again. */
#ifndef OJ_PARTIAL_H
#define OJ_PARTIAL_H

#include "lib/graph/simplify.h"

enum partial_kind {
	PARTIAL_ZERO,    /* the operand never matters */
	PARTIAL_FACTOR,  /* times `e`, a number */
	PARTIAL_CHOICE,  /* as it is where `e`, a truth, holds; else not at all */
	PARTIAL_MISSING, /* the operator has no derivative; refuse it by name */
};
struct partial {
	enum partial_kind kind;
	ojit_expr e; /* FACTOR, CHOICE; 0: out of memory */
};

/* With respect to operand `slot` of `e`, which is a real node and no LOAD, SYMBOL or
 * REDUCE. Factors of 1 and 0 are found as such. */
struct partial oj_partial(struct graph *g, ojit_expr e, uint32_t slot);

/* a * b, simplified; a factor of 1 or -1 costs nothing.  Not to be used where `b` may
 * be infinite while `a` is a zero that means "no part": see oj_times_strong. */
ojit_expr oj_times(struct graph *g, ojit_expr a, ojit_expr b);
/* 0 where `a` is 0, whatever `b` is; else a * b. */
ojit_expr oj_times_strong(struct graph *g, ojit_expr a, ojit_expr b);
ojit_expr oj_plus(struct graph *g, ojit_expr a, ojit_expr b);
/* Where `condition` holds `e`, else 0. */
ojit_expr oj_where(struct graph *g, ojit_expr condition, ojit_expr e);

#endif
