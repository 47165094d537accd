/* What an elimination does, as lists; see elimination.c. */
#ifndef OJ_ELIMINATION_PLAN_H
#define OJ_ELIMINATION_PLAN_H

#include "solvers/elimination.h"
#include "solvers/elimination_few.h"

/* One step of the elimination. */
struct round {
	int row, column;  /* of the pivot */
	int first;        /* entry of its row */
	int left, across; /* entries of its row before the pivot, behind it */
	int down;         /* rows that it is subtracted from */
};

struct plan {
	bool chosen;
	bool coded; /* machine code of these lists is there */
	int entries, lowers, targets;
	struct round rounds[ELIMINATION_MOST];
	struct place places[ELIMINATION_FEW];
	uint16_t *other;  /* [entries] the round that an entry's column is pivot of */
	uint16_t *lower;  /* multipliers, by rounds, */
	uint16_t *target; /* and what their products are taken from, in order */
	uint16_t *place;  /* [J's entries] of J's entries, then [n] of the diagonal */
	double *values;   /* [entries], complex: pairs */
};

#endif
