/* What is known when compiling: numbers and truths made of indices, tables and data, and of
 * derived parameters that are made of those.  Structure may go by them, as patterns do: no
 * state, parameter or time changes them.  Values have the bits that executors find. */
#ifndef OJ_KNOWN_H
#define OJ_KNOWN_H

#include "lib/graph/program.h"

struct known_maker { /* of a derived parameter's elements */
	const struct block *block;
	const struct store *store;
	uint32_t next; /* the array's maker before, + 1 */
};
struct known {
	const struct space *space;
	struct expr_map made;    /* array + 1 -> its last maker, + 1 */
	struct expr_map answers; /* node -> 1 + (is it known?) */
	VECTOR(struct known_maker) makers;
	uint32_t depth;          /* of what is being looked into */
	bool failed;             /* out of memory: nothing more is known */
};

/* `prepare` computes the derived parameters; NULL: none of them is known. */
bool oj_known_open(struct known *known, const struct space *space, const struct program *prepare);
void oj_known_close(struct known *known);

/* Is it known at every point? */
bool oj_is_known(struct known *known, ojit_expr e);
/* Its value where level k is index[k]; false: it is not known, or dear to find. */
bool oj_known_number(struct known *known, ojit_expr e, const int64_t *index, double *value);
/* 1: it holds there, 0: it does not, -1: that is not known, or not within `depth` conditions. */
int oj_known_truth(struct known *known, ojit_expr e, const int64_t *index, int depth);

#endif
