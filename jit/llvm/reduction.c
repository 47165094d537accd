/* Reduction loops: sums, products, minima and maxima over a range.
 *
 * A range that differs between lanes is run in one of four forms:
 *   EVEN    lo and end move alike from lane to lane (or not at all): a plain loop
 *           whose index moves along with them
 *   UNION   one of them moves: the loop covers all lanes' ranges, its index is the
 *           same in all lanes, and a mask says whose turn it is.  As only one end
 *           moves, every index lies in some lane's range
 *   RAGGED  anything else: the k-th turn is every lane's k-th term, masked where a
 *           lane has no more; it ends with the longest
 *   ALONG   a TREE8 reduction outside of lanes: lanes are its own terms, the rest
 *           at the end masked
 * So an index is only ever used where some lane that counts needs it, and what
 * is the same in all lanes needs no mask.
 *
 * TREE8: term k belongs to partial sum k mod 8.  Instead of unrolling by eight, the
 * partials change places every turn, so that the current one is always the first.
 * After the loop they stand turned by the number of turns, which the tree does not
 * notice: turned by one, its even half and its odd half have changed places, and
 * operands of a commutative operation may.  In form ALONG eight lanes are eight
 * partials, four lanes half of them, and so on. */
#include "jit/llvm/emitter.h"

enum form { EVEN, UNION, RAGGED, ALONG };

struct range {
	enum form form;
	struct value lo, end;
	LLVMValueRef from, to;  /* of the counter */
	LLVMValueRef lengths;   /* RAGGED */
	int64_t stride;
};

struct carried { /* of a member */
	enum reduction_kind kind;
	int count;              /* partial sums, or 1 */
	LLVMValueRef initial[PARTIALS], phi[PARTIALS], next[PARTIALS];
};

static enum form choose_form(const struct emitter *e, const struct region *region, struct value lo,
                             struct value end)
{
	bool tree = region->order == TREE8;
	if (tree && e->width == 1 && e->target->axis == LANES_MAP && e->target->lanes > 1)
		return ALONG;
	if (!lo.lanes && !end.lanes && lo.step == end.step)
		return EVEN;
	if (!tree && !e->mask && !lo.lanes && !end.lanes && (lo.step == 0 || end.step == 0))
		return UNION;
	return RAGGED;
}

static LLVMValueRef longest(struct emitter *e, LLVMValueRef lengths)
{
	if (e->width == 1)
		return lengths;
	LLVMTypeRef type = LLVMTypeOf(lengths);
	return oj_intrinsic(e, "llvm.vector.reduce.smax", &type, 1, &lengths, 1);
}

static struct range open_range(struct emitter *e, const struct region *region)
{
	struct range r = {.lo = e->slots[region->lo], .end = e->slots[region->end], .stride = 1};
	r.form = choose_form(e, region, r.lo, r.end);
	switch (r.form) {
	case ALONG:
		r.stride = e->target->lanes;
		/* fallthrough */
	case EVEN:
		r.from = oj_value_in_lane(e, r.lo, 0);
		r.to = oj_value_in_lane(e, r.end, 0);
		break;
	case UNION:
		r.from = oj_value_in_lane(e, r.lo, r.lo.step < 0 ? e->width - 1 : 0);
		r.to = oj_value_in_lane(e, r.end, r.end.step > 0 ? e->width - 1 : 0);
		break;
	case RAGGED:
		r.lengths = LLVMBuildSub(e->builder, oj_value_vector(e, r.end), oj_value_vector(e, r.lo), "");
		if (e->mask)
			r.lengths = LLVMBuildSelect(e->builder, e->mask, r.lengths,
			                            LLVMConstNull(LLVMTypeOf(r.lengths)), "");
		r.from = oj_word(e, 0);
		r.to = longest(e, r.lengths);
		break;
	}
	return r;
}

/* The mask of a turn, NULL where every lane counts. */
static LLVMValueRef union_mask(struct emitter *e, const struct range *r, LLVMValueRef counter)
{
	LLVMValueRef index = oj_splat(e, counter, e->width);
	if (r->lo.step)
		return LLVMBuildICmp(e->builder, LLVMIntSLE, oj_value_vector(e, r->lo), index, "");
	return LLVMBuildICmp(e->builder, LLVMIntSLT, index, oj_value_vector(e, r->end), "");
}

static LLVMValueRef rest_mask(struct emitter *e, const struct range *r, LLVMValueRef counter)
{
	int64_t from, to;
	if (oj_constant_integer(r->from, &from) && oj_constant_integer(r->to, &to) && (to - from) % r->stride == 0)
		return NULL;
	LLVMValueRef left = oj_splat(e, LLVMBuildSub(e->builder, r->to, counter, ""), e->width);
	return LLVMBuildICmp(e->builder, LLVMIntSLT, oj_ramp(e, 1, e->width), left, "");
}

/* What the index of a turn can be, in lanes that count and in those that do not: a lane
 * goes on as long as the longest. */
static void bound_index(struct emitter *e, const struct region *region, const struct range *r)
{
	struct value *index = &e->index[region->level], lo = r->lo, end = r->end;
	int64_t most = r->form == RAGGED ? lo.greatest : lo.least, span, last;
	bool known = lo.least != INT64_MIN && end.greatest != INT64_MAX &&
	             !__builtin_sub_overflow(end.greatest, lo.least, &span) &&
	             !__builtin_add_overflow(most, span - 1 + (r->form == ALONG ? r->stride - 1 : 0), &last);
	*index = known ? oj_value_within(*index, lo.least, last) : *index;
}

/* Set index and mask of a turn; gives the mask that the turn itself has. */
static LLVMValueRef begin_turn(struct emitter *e, const struct region *region, const struct range *r,
                               LLVMValueRef counter)
{
	struct value *index = &e->index[region->level];
	LLVMValueRef mask = NULL;
	switch (r->form) {
	case EVEN:
		*index = oj_value_integer(counter, 0, r->lo.step);
		break;
	case UNION:
		*index = oj_value_integer(counter, 0, 0);
		mask = union_mask(e, r, counter);
		break;
	case RAGGED:
		*index = oj_value_add(e, r->lo, oj_value_integer(counter, 0, 0));
		mask = LLVMBuildICmp(e->builder, LLVMIntSLT, oj_splat(e, counter, e->width), r->lengths, "");
		break;
	case ALONG:
		e->width = (int)r->stride;
		*index = oj_value_integer(counter, 0, 1);
		mask = rest_mask(e, r, counter);
		break;
	}
	bound_index(e, region, r);
	if (mask)
		e->mask = mask;
	return mask;
}

/* The accumulators of a member, which start outside of the loop. */
static void open_member(struct emitter *e, const struct loop *loop, const struct region *region,
                        const struct member *member, const struct range *r, bool masked,
                        struct carried *c)
{
	struct value start = e->slots[member->start], body = e->slots[member->body];
	bool tree = region->order == TREE8;
	bool lanes = masked || r->form == ALONG || body.lanes || (!tree && start.lanes);
	c->kind = oj_node(&e->space->graph, member->node)->reduction.kind;
	c->count = !tree ? 1 : r->form == ALONG ? PARTIALS / (int)r->stride : PARTIALS;
	LLVMValueRef initial = LLVMConstReal(e->real, oj_reduction_identity(c->kind, true));
	LLVMBasicBlockRef here = oj_loop_outside(e, loop);
	if (tree && lanes)
		initial = oj_splat(e, initial, e->width);
	else if (!tree)
		initial = lanes ? oj_value_vector(e, start) : start.base;
	LLVMPositionBuilderAtEnd(e->builder, here);
	for (int i = 0; i < c->count; i++) {
		c->initial[i] = initial;
		c->phi[i] = oj_loop_carry(e, loop, initial);
	}
}

/* One more term: the first accumulator takes it and goes to the back. */
static void add_term(struct emitter *e, const struct member *member, LLVMValueRef mask, struct carried *c)
{
	struct value body = e->slots[member->body];
	LLVMValueRef acc = c->phi[0], term = body.base, negated = body.negated;
	if (LLVMGetTypeKind(LLVMTypeOf(acc)) == LLVMVectorTypeKind) {
		term = oj_value_vector(e, body);
		negated = negated ? oj_value_vector(e, oj_value(negated, body.lanes)) : NULL;
	}
	LLVMValueRef sum = oj_combine(e, c->kind, acc, term, negated);
	if (mask)
		sum = LLVMBuildSelect(e->builder, mask, sum, acc, "");
	for (int i = 0; i + 1 < c->count; i++)
		c->next[i] = c->phi[i + 1];
	c->next[c->count - 1] = sum;
}

/* ((p0+p4)+(p2+p6)) + ((p1+p5)+(p3+p7)): halves onto halves, of the accumulators
 * first and of their lanes then. */
static LLVMValueRef fold_tree(struct emitter *e, enum reduction_kind kind, LLVMValueRef *partials, int count,
                              int lanes)
{
	for (int half = count / 2; half >= 1; half /= 2)
		for (int p = 0; p < half; p++)
			partials[p] = oj_combine(e, kind, partials[p], partials[p + half], NULL);
	LLVMValueRef sum = partials[0];
	for (int half = lanes / 2; half >= 1; half /= 2)
		sum = oj_combine(e, kind, oj_extract_lanes(e, sum, 0, half), oj_extract_lanes(e, sum, half, half), NULL);
	return sum;
}

static struct value finish_tree(struct emitter *e, const struct member *member, const struct range *r,
                                struct carried *c)
{
	struct value start = e->slots[member->start];
	LLVMValueRef sum = fold_tree(e, c->kind, c->next, c->count, r->form == ALONG ? (int)r->stride : 1);
	bool lanes = LLVMGetTypeKind(LLVMTypeOf(sum)) == LLVMVectorTypeKind;
	if (lanes || start.lanes) {
		sum = oj_value_vector(e, oj_value(sum, lanes));
		start.base = oj_value_vector(e, start);
	}
	return oj_value(oj_combine(e, c->kind, start.base, sum, NULL), lanes || start.lanes);
}

static void close_members(struct emitter *e, const struct region *region, const struct range *r,
                          struct loop *loop, struct carried *carried)
{
	LLVMBasicBlockRef latch = LLVMGetInsertBlock(e->builder);
	oj_loop_close(e, loop);
	for (size_t m = 0; m < region->members.count; m++) {
		struct carried *c = &carried[m];
		for (int i = 0; i < c->count; i++)
			c->next[i] = oj_loop_result(e, loop, c->phi[i], c->initial[i], c->next[i], latch);
	}
	for (size_t m = 0; m < region->members.count; m++) {
		const struct member *member = &region->members.at[m];
		LLVMValueRef result = carried[m].next[0];
		bool lanes = LLVMGetTypeKind(LLVMTypeOf(result)) == LLVMVectorTypeKind;
		e->slots[member->slot] = region->order == TREE8 ? finish_tree(e, member, r, &carried[m])
		                                                : oj_value(result, lanes);
	}
}

static ojit_status emit_turns(struct emitter *e, uint32_t number, struct carried *carried)
{
	const struct region *region = &e->plan->regions.at[number];
	LLVMValueRef outer_mask = e->mask;
	int outer_width = e->width;
	struct range range = open_range(e, region);
	struct loop loop;
	oj_loop_open(e, &loop, range.from, range.to, range.stride);
	LLVMValueRef mask = begin_turn(e, region, &range, loop.counter);
	TRY(oj_emit_steps(e, number));
	for (size_t m = 0; m < region->members.count; m++) {
		open_member(e, &loop, region, &region->members.at[m], &range, mask != NULL, &carried[m]);
		add_term(e, &region->members.at[m], mask, &carried[m]);
	}
	e->mask = outer_mask;
	e->width = outer_width;
	close_members(e, region, &range, &loop, carried);
	return OJIT_OK;
}

ojit_status oj_emit_reduction(struct emitter *e, uint32_t region)
{
	size_t size = e->plan->regions.at[region].members.count * sizeof(struct carried);
	struct carried *carried = oj_memory_get(e->context, size);
	if (!carried)
		return oj_fail_memory(e->error);
	ojit_status status = emit_turns(e, region, carried);
	oj_memory_put(e->context, carried, size);
	return status;
}
