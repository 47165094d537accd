/* The backward sweep over one block: from the adjoints of what it stores to what every
 * load contributes.
 *
 * A node's adjoint is a number over all loops around it.  What is in the body of a
 * reduction but does not depend on its index is summed over the index and handed to the
 * loops outside; so an adjoint is never spread over more points than its node is. */
#ifndef OJ_SWEEP_H
#define OJ_SWEEP_H

#include "lib/graph/contribution.h"
#include "lib/graph/partial.h"

struct sweep {
	struct program *made; /* blocks for adjoints that are kept go here */
	struct space *space;
	struct graph *g;
	struct oj_error *error;
	unsigned char *active;          /* [arrays] does what it holds depend on what is asked for? */
	size_t arrays;
	struct expr_map activity;       /* node -> 1 + (is it active?) */
	VECTOR(struct contribution) contributions;
	uint32_t *last;                 /* [2 arrays] latest contribution to it, + 1; behind all arrays, of parts */
	const struct block *block;      /* at hand */
	bool tells_parts;               /* contributions come with where they have a part, to array + arrays */
	bool sums_parts;                /* also what is summed tells it */
	bool keeps_terms;               /* dear adjoints are kept inside of sums, too */
	bool failed;
};

/* No array is active yet, nothing contributed. */
bool oj_sweep_open(struct sweep *sweep, struct program *made, struct space *space, struct oj_error *error);
void oj_sweep_close(struct sweep *sweep);
/* What depends on active arrays becomes active, through all blocks. */
bool oj_sweep_activate(struct sweep *sweep, const struct program *program);
/* The array whose loads see what `program` stores to `array`: derived parameters are
 * loaded from the array behind the one that the prepare program stores (hoist.c). */
uint32_t oj_sweep_seen(const struct program *program, uint32_t array);
/* Forget what was contributed. */
void oj_sweep_forget(struct sweep *sweep);
/* Is the node active?  Those below it are looked at first. */
bool oj_sweep_active(struct sweep *sweep, ojit_expr e);
/* Sweep over the block; bars[s] is the adjoint of what store s stores, over the
 * box; e = 0: it has none. */
bool oj_sweep_block(struct sweep *sweep, const struct block *block, const struct slope *bars);

#endif
