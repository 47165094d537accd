/* Inside of jacobian.c: derivatives of an array's elements as a sparse array.
 *
 * A part is the local derivative of one store by one load: an expression over loops.
 * Its terms are what it adds to entries, one for every point of the loops and, where the
 * load is of an intermediate array, every entry in that array's row.  Terms are sorted,
 * equal places are one entry (but for intermediate arrays, where parts over boxes that share
 * few places have entries of their own: who reads the array adds them up), and every
 * entry is computed in one of these ways:
 *
 *   by itself    all its terms come of parts without loops: an expression
 *   by a box     a part that has one term an entry leads: a block over its own loops, whose
 *                subscripts stay what they are.  Others join it where they share entries
 *                with it: all of them, or those that a condition on indices tells
 *                (jacobian_boxes.c)
 *   by a list    all its terms come of one part (listing.h)
 *   by a sum     terms of several parts lie in an array first, and a list adds them up
 *                (jacobian_lists.c) */
#ifndef OJ_JACOBIAN_PARTS_H
#define OJ_JACOBIAN_PARTS_H

#include "lib/graph/jacobian.h"
#include "lib/graph/known.h"
#include "lib/graph/sweep.h"

struct part {
	struct contribution c; /* value over domain */
	uint32_t source;       /* the intermediate array that is read, + 1; 0: an input */
	size_t first, count;   /* of its terms in sparse.by_part */
	VECTOR(int64_t) index; /* [count * (loops + 1)] the point, then the source's entry */
	uint32_t store;        /* of all stores in their order */
	uint32_t origin;
	bool apart;            /* its entries are its own, though others may be at the same places */
	bool listed;           /* some of its entries are by lists */
	uint32_t box;          /* the part that leads the box it is in, + 1; 0: none */
};

struct term {
	int64_t row, column; /* of the entry */
	uint32_t part, number; /* in the part */
	int64_t entry;
};

enum { NOBODY = -1, SEVERAL = -2 };

/* Where the points of a part that joins a box are, in indices of the box's axes. */
struct line { /* slope * axis + constant; slope 0: anywhere */
	uint32_t axis;
	int64_t slope, constant;
};
struct join {
	uint32_t part;
	bool everywhere;                /* at all points of the box; else where these hold: */
	int64_t lo[RANK], end[RANK];
	struct line equal[RANK];        /* an axis by one before it, slope 0: free */
	struct line loop[RANK];         /* the part's loops */
};

/* Derivatives of an array's elements, row by row once they are settled. */
struct sparse {
	VECTOR(struct part) parts;
	VECTOR(struct term) terms; /* by entry */
	struct term *by_part;      /* [terms] by part, then by entry */
	VECTOR(struct join) joins;
	const struct store *made_by; /* the one that stores all elements, each at its own point, if not several do */
	bool several;
	bool settled;
	int64_t rows, entries;
	int64_t *start;        /* [rows + 1] */
	int64_t *entry;        /* [entries] those of row r from start[r] on */
	int64_t *column;       /* [entries] */
	int64_t *owner;        /* [entries] the one part not in boxes that has terms there, or SEVERAL */
	ojit_expr *value;      /* [entries] of what is computed by itself, 0: it is in `array` */
	uint32_t array;        /* of rank 1, [entries]; UINT32_MAX: none yet */
	bool by_itself;        /* all of it */
	bool chosen;           /* some of it comes out of a choice */
};

struct jacobian {
	struct sweep sweep;
	struct program *made;
	struct space *space;
	struct graph *g;
	const struct jacobian_request *request;
	struct sparse *of;     /* [arrays], those of OUT unused */
	struct sparse out;
	size_t arrays;
	uint32_t stores;       /* differentiated so far */
	struct known known;
	struct expr_map stays_finite; /* factors -> 1 + (are they?) */
	bool failed;           /* out of memory */
	bool finite;           /* finite states make finite numbers, so that what is 0 stays 0 */
};

static inline bool oj_jacobian_is_loopless(const struct part *part)
{
	return part->c.domain.count == 0;
}

/* Numbers, all 0; given back with the same count. */
int64_t *oj_jacobian_numbers(struct jacobian *j, int64_t count);
void oj_jacobian_put(struct jacobian *j, int64_t *numbers, int64_t count);

/* jacobian_terms.c */

/* All terms of a part that `store` gave, of which `to` has no terms yet; what the part
 * reads is settled. */
bool oj_jacobian_terms(struct jacobian *j, struct sparse *to, struct part *part, const struct store *store);
/* Over a box, fixed when compiling, with one term a point? */
bool oj_jacobian_is_box(const struct jacobian *j, const struct part *part, int64_t *lo, int64_t *end);
/* All parts are there: sort their terms into entries. */
bool oj_jacobian_entries(struct jacobian *j, struct sparse *s, int64_t rows, bool by_columns);
/* All boxes are found: whose entries the others are. */
void oj_jacobian_owners(struct sparse *s);
/* Entries of an intermediate array in order of their parts, so that a part stores
 * neighbours; in rows they stay where they are. */
bool oj_jacobian_renumber(struct jacobian *j, struct sparse *s);
void oj_jacobian_drop(struct jacobian *j, struct sparse *s);

/* jacobian_boxes.c: find what boxes compute; jacobian_store.c: append their blocks. */
bool oj_jacobian_find_boxes(struct jacobian *j, struct sparse *s);
bool oj_jacobian_store_boxes(struct jacobian *j, struct sparse *s);

/* jacobian_lists.c: append blocks for what is left. */
bool oj_jacobian_store_lists(struct jacobian *j, struct sparse *s);

/* A part's value times an entry of its source; where one of them was not chosen, the other has
 * no part in it. */
ojit_expr oj_jacobian_product(struct jacobian *j, const struct part *part, ojit_expr inner);

#endif
