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

/* A tangent, or an adjoint.  One that a choice may leave out is 0 there, and what it is multiplied
 * with may be infinite there; one that is 0 by chance, since a factor is, is a number as any other.
 * So it says where it has a part, as far as that is known in the block at hand. */
struct slope {
	ojit_expr e;
	bool chosen;    /* there may be places where it has no part, and is 0 */
	ojit_expr part; /* the truth that it has one; 0: not known, what is 0 has none */
};

/* slope * factor; e is 0 when out of memory, here and below. */
struct slope oj_slope_times(struct graph *g, struct slope slope, ojit_expr factor);
/* The slope where `condition` holds. */
struct slope oj_slope_where(struct graph *g, ojit_expr condition, struct slope slope);
/* Is the sum of two a chosen one, and where does it have a part?  Its e is that of `a`. */
struct slope oj_slope_either(struct graph *g, struct slope a, struct slope b);
/* Behind a sum over the index of `level`: e is the sum. */
struct slope oj_slope_summed(struct graph *g, struct slope slope, unsigned level, ojit_expr sum);
/* 1 where the slope has a part, else 0, as a number. */
ojit_expr oj_slope_part(struct graph *g, struct slope slope);
/* What is kept as such a number, or as a sum of them, as the part of a slope. */
struct slope oj_slope_kept(struct graph *g, ojit_expr e, ojit_expr parts);

#endif
