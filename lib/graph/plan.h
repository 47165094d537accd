/* The order in which a block is computed: the one place that decides it.
 *
 * A block becomes a tree of regions.  Region 0 is outside of all loops; regions
 * 1..rank are the box loops, nested; the others are reduction loops.  Every node
 * is computed in the outermost region that binds all its indices, once.
 * Reductions of equal range in the same region that do not need each other share
 * one loop (they are its members), and so share the nodes of their bodies.
 *
 * The interpreter walks a plan, the code generator translates the same plan;
 * neither decides anything about order.
 *
 * A node computed in a region occupies a slot; the same node may have several
 * slots, in different regions.  Slots number the values of a block densely.
 *
 * Few values wait at a time: what needs no number (a load, a literal, a subscript)
 * comes right before the first node that needs it, and a value is stored as soon as
 * it is known.  Code generators keep long blocks in order, or nearly so, and spill
 * what waits.  Measured on 10,000 random operations, with loads first and stores last
 * instead: 6.9 for 4.7 us unoptimised, 5.0 for 4.4 us optimised.  Where little else is done
 * than to store, as in Jacobians of small systems, each value is computed when its turn to
 * be stored comes (82 entries of POLLU: 12.6 instead of 17.8 ns), and loops over several stores
 * end with them, in their order. */
#ifndef OJ_PLAN_H
#define OJ_PLAN_H

#include "lib/graph/program.h"

enum step_kind { STEP_NODE, STEP_REGION, STEP_STORE };
struct step {
	enum step_kind kind;
	union {
		ojit_expr node;  /* STEP_NODE: what to compute */
		uint32_t region; /* STEP_REGION: the loop to run, always with greater number */
		uint32_t store;  /* STEP_STORE: which of the block's; in region `rank` only */
	};
	uint32_t slot;     /* STEP_NODE: where it goes */
	uint32_t operands; /* first of its operands' slots in plan->operands; STEP_STORE: of
	                    * the value, then of the indices */
};

struct member { /* of a reduction loop */
	ojit_expr node;
	uint32_t slot;        /* of the result, a value of the parent region */
	uint32_t start, body; /* slots: in the parent region or further out; in the loop or further out */
};

struct region {
	uint32_t parent; /* 0 for region 0 */
	int level;       /* -1 for region 0 */
	bool reduction;  /* else a box loop from block->lo to block->end */
	uint16_t order;      /* reductions: enum reduction_order */
	uint32_t lo, end;    /* reductions: slots of the range, in the parent or further out */
	VECTOR(struct step) steps;     /* in order */
	VECTOR(struct member) members; /* reductions only */
};

struct plan {
	ojit_context *context;
	const struct space *space;
	const struct block *block;
	VECTOR(struct region) regions; /* 0 .. rank are root and box loops */
	VECTOR(uint32_t) operands;
	uint32_t slot_count;
	bool fills; /* straight code that does little else than to store, one number behind the other */
};
/* OJIT_OUT_OF_MEMORY or OJIT_OK; `block` must outlive the plan. */
ojit_status oj_plan_init(struct plan *plan, const struct space *space, const struct block *block);
/* Scalars without reductions, stored one after the other: each may load what those
 * before it have stored, as defaults of parameters do. */
ojit_status oj_plan_in_order(struct plan *plan, const struct space *space, const struct block *block);
void oj_plan_drop(struct plan *plan);

#endif
