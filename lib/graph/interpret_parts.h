/* What walkers of plans share: the interpreter, and the one that takes intervals (enclose.h). */
#ifndef OJ_INTERPRET_PARTS_H
#define OJ_INTERPRET_PARTS_H

#include "lib/graph/plan.h"

union value {
	double real;
	int64_t integer; /* and truth: 0 or 1 */
};

struct block_plan {
	struct plan plan;
	uint32_t *partials; /* [regions] first partial sum of its first member */
	uint32_t slots;     /* with partial sums */
};

struct interpreter {
	const struct program *program;
	size_t count;
	uint32_t slots; /* most of any block */
	struct block_plan blocks[];
};

/* Where [slots[0], slots[1], ...] lies in the vector of an array or table. */
int64_t oj_interpreted_element(const int64_t *base, const int64_t *extent, uint32_t rank, int64_t offset,
                               const union value *values, const uint32_t *slots);
/* The value of an integer, of a comparison of integers, of TRUE or FALSE; operands are in v[o[...]]. */
int64_t oj_interpreted_integer(const struct space *space, const struct node *n, const int32_t *tables,
                               const int64_t *index, const union value *v, const uint32_t *o);

#endif
