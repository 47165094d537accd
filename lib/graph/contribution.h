/* Contributions: what is added up at an element, from where it is added.
 *
 * Reverse mode meets, for every load A[m], the number that the loop around it adds to
 * the adjoint of element m of A.  That is a scatter; here it is turned into a sum over
 * all points of the loops whose m is the element at hand.  Every subscript is known when
 * compiling, so the sum is found by solving m for indices (invert.c), or, where m goes
 * through tables or skips elements, by listing the points of every element
 * (transpose.c). */
#ifndef OJ_CONTRIBUTION_H
#define OJ_CONTRIBUTION_H

#include "lib/graph/domain.h"

struct contribution {
	uint32_t array;
	ojit_expr index[RANK]; /* in levels of the domain */
	ojit_expr value;       /* likewise */
	bool chosen;           /* the value comes out of a choice, */
	ojit_expr part;        /* and has a part where this holds, in the same levels; 0: not known (struct slope) */
	struct domain domain;
	uint32_t next;         /* of the same array, + 1; 0: none */
};

/* An empty sum that changes no bit of what it is added to. */
ojit_expr oj_nothing(struct graph *g);
/* The sum of the body over lo .. end - 1, its constant factors taken out. */
ojit_expr oj_contribution_sum(struct graph *g, unsigned level, ojit_expr lo, ojit_expr end, ojit_expr body, bool few);

/* *value = the sum for element [i0, i1, …], levels 0 .. rank - 1, of the contribution's
 * array; what lies outside of it is guarded by conditions, for pass split to decide.
 * `few`: there are few elements, so that sums are taken by trees.  *value 0: it has to
 * be listed.  False: out of memory. */
bool oj_invert(struct space *space, const struct contribution *c, uint32_t rank, bool few, ojit_expr *value);

/* Append a block to `made` that sums up the contribution for every element of `target`,
 * an array of rank 1 over all elements of the contribution's array in their order. */
bool oj_transpose(struct program *made, const struct contribution *c, uint32_t target, uint32_t origin);
/* The same for several contributions to one array: what they contribute is put into an array
 * point by point first, and what an element gets is added up from there, in their order. */
bool oj_transpose_together(struct program *made, const struct contribution *c, size_t count, uint32_t target,
                           uint32_t origin);
/* How many points the contribution has, counted up to `most`. */
size_t oj_contribution_points(const struct space *space, const struct contribution *c, size_t most);

#endif
