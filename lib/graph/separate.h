/* Inside of pass separate, see separate.c. */
#ifndef OJ_SEPARATE_H
#define OJ_SEPARATE_H

#include "lib/graph/passes.h"

/* factor * outer * inner, where `outer` does not depend on the index that is summed
 * over and `inner` on no row; 0 stands for 1. */
struct term {
	double factor;
	ojit_expr outer, inner;
};
struct terms { VECTOR(struct term) at; };

/* A body that is to be taken apart, and how that went. */
struct separation {
	struct space *space;
	unsigned level;    /* of the index that is summed over, */
	ojit_expr lo, end; /* and its range, of constants */
	int64_t length;
	uint32_t shared;    /* levels that both sides may depend on */
	const char *reason; /* why the body cannot be separated; NULL: it can */
	bool unbounded;     /* an exponential is among what was taken apart */
	unsigned visits;    /* so far */
};

/* The body as a sum of terms; false: out of memory.  `terms` is empty before. */
bool oj_separate_terms(struct separation *separation, ojit_expr body, struct terms *terms);
/* Their sum over the range. 0: out of memory. */
ojit_expr oj_separate_sum(struct separation *separation, const struct terms *terms);

/* Functions of a row that sums over all rows need as well, and sums that depend on some
 * axes of a box only, kept in arrays by blocks before `block`, which go to `done`. */
struct kept {
	ojit_expr node; /* over levels 0 .. rank - 1 */
	uint32_t rank;
	int64_t lo[RANK], end[RANK];
	uint32_t array;
};
struct keeping {
	struct space *space;
	struct program *done;
	VECTOR(struct kept) all; /* by any block so far */
};
bool oj_separate_keep(struct keeping *keeping, struct block *block);
/* A reduction that stands in loops it does not depend on, inside of one that it does? */
bool oj_is_stray(const struct graph *g, const struct block *block, ojit_expr e);

#endif
