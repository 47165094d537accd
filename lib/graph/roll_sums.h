/* Pass roll: sums and products of any lengths, as rows of terms (roll_sums.c), and the
 * affine structure in them (roll_strands.c). */
#ifndef OJ_ROLL_SUMS_H
#define OJ_ROLL_SUMS_H

#include "lib/graph/roll.h"

struct phase { /* terms of one shape, in every row */
	struct columns columns;
	int64_t *factors;         /* [terms], bits */
	uint32_t *length, *begin; /* [rows] terms of a row; its first instance */
	uint32_t terms, longest;
	bool plain;               /* all factors are 1 */
};

struct strand { /* of the rows of a stretch */
	uint32_t phase;
	int64_t length, length_step; /* terms in the base row, and more in each that follows */
	size_t map;                  /* in sums.maps: first, row step, turn step of each column */
};

struct stretch { /* every `shift`-th row of [lo, end): one box */
	uint32_t lo, end, shift, base; /* base: the row that maps begin with */
	size_t strand, strands;
};

struct sums {
	struct roller *r;
	const struct item *items;
	uint32_t count, all, phase_count; /* all: with those that were written out */
	enum op op;
	struct phase phases[PHASES];
	uint32_t *row, rows;              /* [count] those of the box at hand */
	VECTOR(struct strand) strands;
	VECTOR(int64_t) maps;
	VECTOR(struct stretch) stretches;
	VECTOR(struct stretch) open;      /* rows still to be looked at */
	unsigned char *taken;             /* [count] rows of stretches */
	bool failed;                      /* out of memory */
};

static inline int64_t oj_sums_element(const struct phase *phase, uint32_t column, size_t at)
{
	return phase->columns.values[column * phase->columns.length + at];
}
/* Rows of a stretch from its base to `row`. */
static inline int64_t oj_sums_step(const struct stretch *stretch, uint32_t row)
{
	return stretch->shift ? ((int64_t)row - stretch->base) / stretch->shift : 0;
}
/* Set the rows at hand to those of a stretch. */
void oj_sums_enter(struct sums *s, const struct stretch *stretch);
/* May a block of rows rows[0..count), or first..first + count - 1 (NULL), pay? */
bool oj_sums_may_pay(const struct sums *s, const uint32_t *rows, uint32_t first, uint32_t count);
/* Fill `stretches`, mark their rows as taken.  Sets `failed` when out of memory. */
void oj_sums_find_stretches(struct sums *s);

#endif
