/* Domains: the loops around an expression, and walks over all their points. */
#ifndef OJ_DOMAIN_H
#define OJ_DOMAIN_H

#include "lib/graph/program.h"

struct loop {
	unsigned level;
	ojit_expr lo, end; /* integers in outer levels; end exclusive */
};
struct domain {
	uint32_t count;
	struct loop at[LEVELS]; /* from the outside in, levels all different */
};

/* The box of a block, empty for a scalar one. */
bool oj_domain_of_box(struct space *space, const struct block *block, struct domain *domain);
/* Bit k: level k is a loop of the domain. */
uint32_t oj_domain_levels(const struct domain *domain);

/* The value of an integer where level k is index[k]. */
int64_t oj_integer_at(const struct space *space, ojit_expr e, const int64_t *index);

/* Is a number made of indices and literals alone?  Then its value there; what it is to be for
 * sure is small: beyond that depth it is not looked at. */
bool oj_is_of_indices(const struct graph *g, ojit_expr e);
double oj_number_at(const struct space *space, ojit_expr e, const int64_t *index);

/* value[point], the last axis fastest, as an integer in the indices of a box that is not
 * empty: affine where it is, else a table of that name. 0: out of memory. */
ojit_expr oj_box_integer(struct space *space, const char *name, uint32_t rank, const int64_t *lo, const int64_t *end,
                         const int64_t *value);
bool oj_box_is_affine(uint32_t rank, const int64_t *lo, const int64_t *end, const int64_t *value);

/* All points, the last loop fastest. */
struct walk {
	const struct space *space;
	const struct domain *domain;
	int64_t index[LEVELS]; /* by level */
	int64_t end[LEVELS];   /* by level, of the loops entered */
	bool begun;
};
void oj_walk_begin(struct walk *walk, const struct space *space, const struct domain *domain);
bool oj_walk_next(struct walk *walk); /* false: there are no more */

#endif
