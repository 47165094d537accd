/* A block: the regions and steps of its plan, in the plan's order.
 *
 * Lanes run along one level of the box.  Where its extent is no multiple of their
 * number, the last turn starts early and computes some points again: a block
 * loads nothing it stores, so the same values go to the same places, and no
 * separate code for the rest is needed.
 *
 * Few turns of little work that read tables are written out one after the other: what
 * tables name is then known, so lanes are shuffled out of vectors (shuffle.c; m: the 21
 * pairs of seven stars).
 *
 * Recursion is over loops inside loops, at most LEVELS deep. */
#include "jit/llvm/emitter.h"

#include "lib/graph/cost.h"

/* Turns from lo by e->width; the last begins at end - e->width. */
static ojit_status emit_overlapping(struct emitter *e, uint32_t region, int level, int64_t lo, int64_t end)
{
	struct loop loop;
	LLVMValueRef last = oj_word(e, end - e->width);
	oj_loop_open(e, &loop, oj_word(e, lo), NULL, e->width);
	e->index[level] = oj_value_within(oj_value_integer(loop.counter, 0, 1), lo, end - 1);
	TRY(oj_emit_steps(e, region));
	LLVMValueRef next = LLVMBuildNSWAdd(e->builder, loop.counter, oj_word(e, e->width), "");
	LLVMValueRef again = LLVMBuildICmp(e->builder, LLVMIntNE, loop.counter, last, "");
	oj_loop_close_while(e, &loop, again, oj_word_extreme(e, false, next, last));
	return OJIT_OK;
}

/* Steps of all turns that are written out; only where they read tables at places that are
 * known then, since nothing else gains and all of them are to be translated. */
enum { MOST_TURNS = 8, MOST_STEPS = 320 };

static bool are_few(const struct emitter *e, uint32_t region, int level, int64_t extent)
{
	const struct region *r = &e->plan->regions.at[region];
	int64_t turns = (extent + e->width - 1) / e->width;
	bool few = region == e->plan->block->rank && e->width > 1 && turns <= MOST_TURNS &&
	           (size_t)turns * r->steps.count <= MOST_STEPS, tables = false;
	for (size_t s = 0; few && s < r->steps.count; s++) {
		const struct step *step = &r->steps.at[s];
		few = step->kind != STEP_REGION;
		tables = tables || (step->kind == STEP_NODE && oj_is(&e->space->graph, step->node, OP_TABLE) &&
		                    oj_node(&e->space->graph, step->node)->levels == 1u << level);
	}
	return few && tables;
}

static ojit_status emit_written_out(struct emitter *e, uint32_t region, int level, int64_t lo, int64_t end)
{
	for (int64_t from = lo; from < end; from += e->width) {
		int64_t first = from < end - e->width ? from : end - e->width;
		e->index[level] = oj_value_within(oj_value_integer(NULL, first, 1), lo, end - 1);
		TRY(oj_emit_steps(e, region));
	}
	return OJIT_OK;
}

static ojit_status emit_box_turns(struct emitter *e, uint32_t region, int level)
{
	int64_t lo = e->plan->block->lo[level], end = e->plan->block->end[level];
	bool lanes = level == e->lane_level;
	int64_t stride = lanes ? e->width : 1;
	if (end <= lo)
		return OJIT_OK;
	if (end - lo == stride) {
		e->index[level] = oj_value_within(oj_value_integer(NULL, lo, lanes), lo, end - 1);
		return oj_emit_steps(e, region);
	}
	if (lanes && are_few(e, region, level, end - lo))
		return emit_written_out(e, region, level, lo, end);
	if ((end - lo) % stride)
		return emit_overlapping(e, region, level, lo, end);
	struct loop loop;
	oj_loop_open(e, &loop, oj_word(e, lo), oj_word(e, end), stride);
	e->index[level] = oj_value_within(oj_value_integer(loop.counter, 0, lanes), lo, end - 1);
	TRY(oj_emit_steps(e, region));
	oj_loop_close(e, &loop);
	return OJIT_OK;
}

static ojit_status emit_box_loop(struct emitter *e, uint32_t region)
{
	int level = e->plan->regions.at[region].level, width = e->width;
	if (level == e->lane_level)
		e->width = e->lane_width;
	ojit_status status = emit_box_turns(e, region, level);
	e->width = width;
	return status;
}

/* Loads and changes of sign of straight code are put off until somebody needs them:
 * without optimisation, a load is part of the instruction that needs it only where it
 * comes right before that, and a sum needs no changed signs at all. */
static bool can_wait(const struct emitter *e, const struct step *step)
{
	const struct graph *g = &e->space->graph;
	if (e->plan->regions.count > 1 || e->width > 1)
		return false;
	if (oj_is(g, step->node, OP_LOAD))
		return true;
	return oj_is(g, step->node, OP_NEG) && !oj_is(g, oj_operands(g, step->node)[0], OP_NEG);
}

const struct value *oj_slot(struct emitter *e, uint32_t number)
{
	struct value *slot = &e->slots[number];
	const struct step *step = slot->later;
	if (!step)
		return slot;
	slot->later = NULL;
	if (oj_is(&e->space->graph, step->node, OP_LOAD))
		*slot = oj_emit_load(e, step);
	else
		*slot = oj_emit_negative(e, *oj_operand(e, step, 0));
	return slot;
}

const struct value *oj_operand(struct emitter *e, const struct step *step, uint32_t i)
{
	return oj_slot(e, e->plan->operands.at[step->operands + i]);
}

static ojit_status emit_node(struct emitter *e, const struct step *step)
{
	struct value *slot = &e->slots[step->slot];
	const struct op_info *info = &oj_op_info[oj_node(&e->space->graph, step->node)->op];
	enum op op = oj_node(&e->space->graph, step->node)->op;
	if (info->way == WAY_EXPAND || op == OP_SYMBOL || op == OP_NONE)
		return oj_fail(e->error, OJIT_UNSUPPORTED,
		               "operator '%s' reached the code generator; passes 'split' and 'expand' "
		               "must run before it", info->text);
	if (can_wait(e, step))
		slot->later = step;
	else if (info->way == WAY_MATH)
		*slot = oj_emit_call(e, step);
	else if (info->type == INTEGER)
		*slot = oj_emit_integer(e, step);
	else if (op == OP_LOAD)
		*slot = oj_emit_load(e, step);
	else if (op == OP_TIME)
		*slot = oj_emit_time(e);
	else if (op == OP_ITOF)
		*slot = oj_emit_itof(e, *oj_operand(e, step, 0));
	else if (op >= OP_ILT && op <= OP_INE)
		*slot = oj_emit_comparison(e, step);
	else
		return oj_emit_number(e, step, slot);
	return OJIT_OK;
}

static ojit_status emit_step(struct emitter *e, const struct step *step)
{
	switch (step->kind) {
	case STEP_NODE:
		return emit_node(e, step);
	case STEP_STORE:
		return oj_emit_store(e, step);
	case STEP_REGION:
		break;
	}
	return e->plan->regions.at[step->region].reduction ? oj_emit_reduction(e, step->region)
	                                                   : emit_box_loop(e, step->region);
}

ojit_status oj_emit_steps(struct emitter *e, uint32_t region)
{
	const struct region *r = &e->plan->regions.at[region];
	for (size_t s = 0; s < r->steps.count; s++)
		TRY(emit_step(e, &r->steps.at[s]));
	if (region == e->plan->block->rank)
		oj_emit_waiting(e);
	return OJIT_OK;
}

/* A reduction by eight partial sums inside the box runs in lanes itself. */
static bool has_tree_in_box(const struct plan *plan)
{
	for (uint32_t r = plan->block->rank + 1; r < plan->regions.count; r++) {
		uint32_t outer = r;
		while (plan->regions.at[outer].reduction)
			outer = plan->regions.at[outer].parent;
		if (plan->regions.at[r].order == TREE8 && outer > 0)
			return true;
	}
	return false;
}

/* A division or root of eight lanes takes as long as two of four, and while vectors of
 * 512 bits are under way scalar code has one unit less.  So what is short, waits for these
 * and is followed by other code does better with four (m: pairs of seven stars 52 ns, 39
 * with four).  Functions of lib/math gain from all lanes. */
static bool waits_for_divisions(const struct emitter *e, int64_t extent)
{
	const struct graph *g = &e->space->graph;
	const struct region *r = &e->plan->regions.at[e->plan->block->rank];
	bool divides = false;
	if (e->lane_width < PARTIALS || extent > MOST_TURNS * PARTIALS || e->plan->regions.count > 1 + e->plan->block->rank)
		return false;
	for (size_t s = 0; s < r->steps.count; s++) {
		if (r->steps.at[s].kind != STEP_NODE)
			continue;
		enum op op = oj_node(g, r->steps.at[s].node)->op;
		if (oj_op_info[op].way == WAY_MATH)
			return false;
		divides = divides || op == OP_DIV || op == OP_SQRT;
	}
	return divides;
}

/* Does the subscript name elements that are apart: through a table, or by a step that no
 * interleaving helps? */
static bool is_apart(const struct emitter *e, ojit_expr subscript, int level)
{
	struct affine a;
	bool apart = false;
	oj_affine(&e->space->graph, subscript, &a);
	for (uint32_t k = 0; k < a.count; k++) {
		const struct node *n = oj_node(&e->space->graph, a.atoms[k]);
		int64_t step = a.coefficients[k] < 0 ? -a.coefficients[k] : a.coefficients[k];
		apart = apart || (n->levels >> level & 1 && (n->op != OP_INDEX || (step > 1 && step > e->lane_width / 2)));
	}
	return apart;
}

/* Is there little to do in lanes but to store numbers one by one, as for entries of a
 * Jacobian?  A scalar loop stores as fast, and is half of the code. */
static bool only_scatters(const struct emitter *e, int level)
{
	const struct block *block = e->plan->block;
	size_t work = 0;
	if (e->lane_width == 1)
		return false;
	for (size_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		uint32_t rank = e->space->arrays.at[store->array].rank;
		if (rank == 0 || !is_apart(e, store->index[rank - 1], level))
			return false;
	}
	for (uint32_t r = 0; r < e->plan->regions.count; r++) {
		if (e->plan->regions.at[r].reduction)
			return false;
		for (size_t s = 0; s < e->plan->regions.at[r].steps.count; s++) {
			const struct step *step = &e->plan->regions.at[r].steps.at[s];
			if (step->kind == STEP_NODE && oj_node(&e->space->graph, step->node)->levels >> level & 1)
				work += oj_node_cost(&e->space->graph, step->node);
		}
	}
	return work <= 2 * block->stores.count;
}

/* Straight code that does little but store is held back by that: two numbers are stored a cycle
 * at the most (m: the 25 entries of HIRES 5.0 ns, 4.1 in pairs; by hand in C 3.9; the 82 of
 * POLLU 12.7 and 11.6).  Where nothing is optimised, LLVM takes half a millisecond longer to
 * select what makes pairs, so there it is done for a few numbers only. */
static bool pays_to_pair(const struct emitter *e)
{
	enum { FEW = 16, MANY = 64 };
	size_t stores = e->plan->block->stores.count;
	bool few = stores >= FEW && stores <= MANY && e->cut->parts.count == 1 && !e->target->soon;
	return e->plan->fills && e->target->axis == LANES_MAP && (few || e->target->level > 0);
}

/* The last axis moves contiguously; where it is short, the longest is better. */
static void choose_lanes(struct emitter *e)
{
	const struct block *block = e->plan->block;
	e->lane_level = -1;
	e->lane_width = e->target->lanes;
	e->width = e->target->axis == LANES_ENSEMBLE ? e->target->lanes : 1;
	if (e->target->axis == LANES_ENSEMBLE || block->rank == 0 || has_tree_in_box(e->plan))
		return;
	int best = (int)block->rank - 1;
	int64_t extent = block->end[best] - block->lo[best];
	for (int level = best; extent < e->lane_width && level-- > 0;)
		if (block->end[level] - block->lo[level] > extent) {
			best = level;
			extent = block->end[level] - block->lo[level];
		}
	while (e->lane_width > 1 && e->lane_width > extent)
		e->lane_width /= 2;
	if (waits_for_divisions(e, extent))
		e->lane_width /= 2;
	if (only_scatters(e, best))
		e->lane_width = 1;
	if (e->lane_width > 1)
		e->lane_level = best;
}

ojit_status oj_emit_block(struct emitter *e)
{
	e->mask = NULL;
	choose_lanes(e);
	e->pairs = pays_to_pair(e);
	return oj_emit_steps(e, 0);
}
