/* Sparse factors whose last rows are full; see tail.c. */
#ifndef OJ_TAIL_H
#define OJ_TAIL_H

#include "solvers/linear/factors.h"

/* What is eliminated how: head rows by their pattern, the rest as a full matrix. */
struct tail_plan {
	ojit_context *context;
	int n, head;
	int *order;         /* [n] row and column that are eliminated k-th */
	int *start, *index; /* [n + 1], [start[head]]: of head row k, the later ones that it meets, rising */
	int room;           /* of index */
	size_t bytes;       /* of order and start */
	struct effort effort;
};

/* False: out of memory; plan->n is 0 where nothing is gained over KLU's `effort`, else it is
 * to be dropped. */
bool oj_tail_plan(struct tail_plan *plan, ojit_context *context, const struct pattern *pattern, struct effort effort);
void oj_tail_drop_plan(struct tail_plan *plan);

/* Takes the plan over, also where it fails.  NULL: out of memory. */
struct linear *oj_tail_make(const struct linear *base, struct tail_plan *plan);

#endif
