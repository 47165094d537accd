/* Rebuilding expressions: the loop that all passes share.
 *
 * Nodes below some roots are visited operands first; for each, `node` gets the
 * operands already rewritten and gives the replacement.  A pass whose answer
 * depends on the loop a node is in sets `reduction`: it is then given reductions
 * whole and rewrites their bodies by calls of its own (of the same or a copied
 * struct), each with a fresh memory.  Nodes that depend on no index variable mean
 * the same everywhere, so each is visited once, before all others. */
#ifndef OJ_REWRITE_H
#define OJ_REWRITE_H

#include "lib/graph/program.h"

struct rewrite {
	struct space *space;
	/* 0 is failure; NULL: oj_simplified. */
	ojit_expr (*node)(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands);
	ojit_expr (*reduction)(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer);
	void *data;
	bool keep_closed;        /* nodes that depend on no index variable stay as they are */
	struct replacements *closed; /* oj_rewrite's own: what closed nodes became */
};
/* Replace roots[0..count) by what they become.  Zero roots stay.  `outer` of
 * `reduction` has start, lo and end rewritten. */
ojit_status oj_rewrite(struct rewrite *rewrite, ojit_expr *roots, size_t count);
/* All values and indices of a block's stores. */
ojit_status oj_rewrite_block(struct rewrite *rewrite, struct block *block);

/* `e` with index variable `level` k replaced by index[k] for k < count, and the
 * reductions inside renumbered to fit. 0: out of memory. */
ojit_expr oj_substitute(struct space *space, ojit_expr e, const ojit_expr *index, uint32_t count);
/* The entry that TABLE `e` names where its operands become these; 0: they vary, or there is
 * none. */
ojit_expr oj_fixed_entry(struct space *space, ojit_expr e, const ojit_expr *operands);

#endif
