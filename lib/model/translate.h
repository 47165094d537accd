/* Terms into nodes.
 *
 * A term is wanted as a number, a truth or an integer, and becomes different nodes
 * for each.  Scopes are open while their body is translated: the model (depth 0),
 * the line with its box (1), each reduction (2 ...).  What a term became may be
 * used again as long as the innermost scope it depends on is still open. */
#ifndef OJ_TRANSLATE_H
#define OJ_TRANSLATE_H

#include "lib/model/lowering.h"

enum want { WANT_REAL, WANT_TRUTH, WANT_INTEGER };

struct scope_index { /* an index variable in scope; its level is its position */
	ojit_expr index; /* the term; 0: none */
	bool known;      /* its range is within lo .. hi */
	bool exact;      /* and is just that */
	bool wrap;
	int64_t lo, hi;
};

struct frame {
	uint32_t term;
	uint8_t want, step;
	bool chain; /* terms are in items */
	uint32_t values, items, count;
};
struct item { /* of a sum or product */
	uint32_t term;
	bool minus;
};

struct translator {
	struct lowering *low;
	struct space *space; /* where nodes go */
	int kernel;
	uint32_t rank;       /* of the box */
	uint32_t levels;     /* open: rank + reductions */
	struct scope_index indices[LEVELS + 1];
	uint32_t scopes[LEVELS + 3]; /* by depth */
	VECTOR(struct frame) frames;
	VECTOR(ojit_expr) values;
	VECTOR(struct item) items;
};
void oj_translator_init(struct translator *t, struct lowering *low, struct space *space, int kernel);
void oj_translator_drop(struct translator *t);
/* Open a line's scope with these index variables and box. */
void oj_translator_open(struct translator *t, uint32_t rank, const ojit_expr *indices,
                        const int64_t *lo, const int64_t *end, const bool *wrap);
ojit_status oj_translate(struct translator *t, ojit_expr term, enum want want, ojit_expr *out);

/* references.c: what a name with subscripts is. */
ojit_status oj_reference(struct translator *t, uint32_t place, uint32_t name, unsigned primes,
                         uint32_t rank, const ojit_expr *subscripts, enum want want, ojit_expr *out);
/* A name whose subscripts are plain numbers, where what it stands for is a node
 * already; 0: it is something else.  No node is made for the subscripts. */
ojit_expr oj_known_element(struct translator *t, const struct term *term, const uint32_t *subscripts);
ojit_status oj_unit_array(struct lowering *low, uint32_t unit, int kernel, uint32_t *array);
/* An origin in the space; 0 when there is none. */
uint32_t oj_lowered_origin(struct lowering *low, uint32_t place);

/* integers.c: tables for other whole numbers, ranges of known ones, wrapping. */
ojit_status oj_tabulate_term(struct translator *t, ojit_expr term, ojit_expr *out);
/* A sum of such tables and indices as one table, whose bounds are then exact:
 * j*j - j is between 0 and 2 for j in 1..2, its parts taken alone are not. */
ojit_status oj_settle_integer(struct translator *t, ojit_expr term, ojit_expr *node);
bool oj_known_range(const struct translator *t, ojit_expr node, int64_t *lo, int64_t *hi);
ojit_status oj_subscript_wrap(struct translator *t, ojit_expr term, ojit_expr *node);

#endif
