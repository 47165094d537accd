/* See plan.h.
 *
 * Pass one gathers, for every region, the nodes computed in it: a node belongs to
 * the ancestor that binds the deepest of its levels.  Meeting a reduction opens
 * (or joins) a loop: the loop's key is its parent region, level, range and
 * stage, and equal stages cannot need each other.  Pass two orders each
 * region by stage, loops of a stage before the nodes that use them, nodes and stores
 * by place, and numbers slots.  Both walk explicit lists; nesting alone recurses, nowhere. */
#include "lib/graph/plan.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct visit {
	ojit_expr node;
	uint32_t context; /* region the user of the node is in */
};

/* A region while it is being gathered. */
struct draft {
	struct expr_map seen;  /* node -> UINT32_MAX, then its place, then its slot */
	struct expr_list nodes;
	ojit_expr lo, end;
	uint32_t stage;
	uint32_t next; /* loop of the same hash; 0: none */
};

struct planner {
	struct plan *plan;
	const struct graph *g;
	VECTOR(struct draft) drafts; /* one a region */
	struct expr_map loops;       /* hash of a reduction loop -> the latest such region */
	bool stores_last;            /* in their order, after all that is computed */
	VECTOR(struct visit) todo;
};

static struct region *region_at(struct planner *p, uint32_t r)
{
	return &p->plan->regions.at[r];
}

static bool add_region(struct planner *p, struct region region, struct draft draft)
{
	oj_expr_map_init(&draft.seen, p->g->context);
	return VECTOR_PUSH(p->g->context, &p->plan->regions, region) &&
	       VECTOR_PUSH(p->g->context, &p->drafts, draft);
}

/* The ancestor of `context` (or itself) that binds the deepest level of `levels`. */
static uint32_t home(struct planner *p, uint32_t context, uint32_t levels)
{
	while (context && !(levels >> region_at(p, context)->level & 1))
		context = region_at(p, context)->parent;
	return context;
}

static bool push(struct planner *p, ojit_expr node, uint32_t context)
{
	return VECTOR_PUSH(p->g->context, &p->todo, (struct visit){node, context});
}

static uint32_t loop_key(const struct node *n, const ojit_expr *o, uint32_t parent)
{
	uint32_t parts[] = {parent, n->reduction.level, n->reduction.order, n->stage, o[REDUCE_LO], o[REDUCE_END]};
	uint64_t hash = XXH3_64bits(parts, sizeof parts);
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

/* The loop that computes reduction `e` when its parent is `parent`; 0: no memory. */
static uint32_t loop_for(struct planner *p, ojit_expr e, uint32_t parent)
{
	const struct node *n = oj_node(p->g, e);
	const ojit_expr *o = oj_operands(p->g, e);
	uint32_t key = loop_key(n, o, parent), latest = 0;
	oj_expr_map_get(&p->loops, key, &latest);
	for (uint32_t r = latest; r; r = p->drafts.at[r].next) {
		const struct region *known = region_at(p, r);
		const struct draft *draft = &p->drafts.at[r];
		if (known->parent == parent && known->level == n->reduction.level &&
		    known->order == n->reduction.order && draft->stage == n->stage &&
		    draft->lo == o[REDUCE_LO] && draft->end == o[REDUCE_END])
			return r;
	}
	struct region region = {.parent = parent, .level = n->reduction.level, .reduction = true,
	                        .order = n->reduction.order};
	struct draft draft = {.lo = o[REDUCE_LO], .end = o[REDUCE_END], .stage = n->stage, .next = latest};
	uint32_t fresh = (uint32_t)p->plan->regions.count;
	return add_region(p, region, draft) && oj_expr_map_put(&p->loops, key, fresh) ? fresh : 0;
}

static bool visit_reduction(struct planner *p, ojit_expr e, uint32_t parent)
{
	uint32_t loop = loop_for(p, e, parent);
	if (!loop)
		return false;
	const ojit_expr *o = oj_operands(p->g, e);
	return VECTOR_PUSH(p->g->context, &region_at(p, loop)->members, (struct member){.node = e}) &&
	       push(p, o[REDUCE_START], parent) && push(p, o[REDUCE_LO], parent) &&
	       push(p, o[REDUCE_END], parent) && push(p, o[REDUCE_BODY], loop);
}

static bool visit(struct planner *p, struct visit v)
{
	const struct node *n = oj_node(p->g, v.node);
	uint32_t region = home(p, v.context, n->levels), ignored;
	struct draft *draft = &p->drafts.at[region];
	if (oj_expr_map_get(&draft->seen, v.node, &ignored))
		return true;
	if (!oj_expr_map_put(&draft->seen, v.node, UINT32_MAX))
		return false;
	if (n->op == OP_REDUCE)
		return visit_reduction(p, v.node, region);
	if (!VECTOR_PUSH(p->g->context, &draft->nodes.list, v.node))
		return false;
	for (uint32_t i = 0; i < n->arity; i++)
		if (!push(p, oj_operands(p->g, v.node)[i], region))
			return false;
	return true;
}

static bool gather(struct planner *p)
{
	const struct block *block = p->plan->block;
	uint32_t innermost = block->rank;
	for (size_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		if (!push(p, store->value, innermost))
			return false;
		for (uint32_t k = 0; k < p->plan->space->arrays.at[store->array].rank; k++)
			if (!push(p, store->index[k], innermost))
				return false;
	}
	while (p->todo.count)
		if (!visit(p, p->todo.at[--p->todo.count]))
			return false;
	return true;
}

/* Pass two. */

static uint32_t slot_of(struct planner *p, ojit_expr node, uint32_t context)
{
	uint32_t slot = UINT32_MAX;
	oj_expr_map_get(&p->drafts.at[home(p, context, oj_node(p->g, node)->levels)].seen, node, &slot);
	return slot;
}

/* A node's place is its number, for operands have smaller ones; but where it needs no
 * number itself, the least place of those that need it. */
static bool needs_no_number(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	for (uint32_t i = 0; i < n->arity; i++)
		if (oj_op_info[oj_node(g, oj_operands(g, e)[i])->op].type != INTEGER)
			return false;
	return true;
}

static bool place_before(struct draft *draft, ojit_expr operand, uint32_t place)
{
	uint32_t known;
	return !oj_expr_map_get(&draft->seen, operand, &known) || known <= place ||
	       oj_expr_map_put(&draft->seen, operand, place);
}

/* Subscripts of a store come before its value. */
static bool place_subscripts(struct planner *p, struct draft *draft)
{
	const struct block *block = p->plan->block;
	bool ok = true;
	for (size_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		for (uint32_t k = 0; ok && k < p->plan->space->arrays.at[store->array].rank; k++)
			ok = place_before(draft, store->index[k], store->value);
	}
	return ok;
}

/* Users before operands: draft->seen becomes node -> place. */
static bool place_nodes(struct planner *p, uint32_t r)
{
	struct draft *draft = &p->drafts.at[r];
	size_t count = draft->nodes.list.count;
	bool ok = r != p->plan->block->rank || place_subscripts(p, draft);
	if (count)
		qsort(draft->nodes.list.at, count, sizeof *draft->nodes.list.at, oj_by_index);
	for (size_t i = count; ok && i-- > 0;) {
		ojit_expr e = draft->nodes.list.at[i];
		uint32_t place = UINT32_MAX;
		oj_expr_map_get(&draft->seen, e, &place);
		if (place == UINT32_MAX || !needs_no_number(p->g, e))
			place = e;
		ok = oj_expr_map_put(&draft->seen, e, place);
		for (uint32_t k = 0; ok && k < oj_node(p->g, e)->arity; k++)
			ok = place_before(draft, oj_operands(p->g, e)[k], place);
	}
	return ok;
}

enum entry_kind { ENTRY_LOOP, ENTRY_NODE, ENTRY_STORE };
struct entry { /* of a region's schedule, sorted by its members in turn */
	uint32_t stage, place;
	uint32_t kind, index;
};

static int by_schedule(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	if (x->stage != y->stage)
		return x->stage < y->stage ? -1 : 1;
	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

struct schedule { VECTOR(struct entry) entries; };

/* As soon as `operand` is known; what comes from further out is known already. */
static void store_after(struct planner *p, struct entry *entry, uint32_t r, ojit_expr operand)
{
	const struct node *n = oj_node(p->g, operand);
	uint32_t place = 0;
	if (home(p, r, n->levels) != r || n->stage < entry->stage)
		return;
	if (n->op != OP_REDUCE)
		oj_expr_map_get(&p->drafts.at[r].seen, operand, &place);
	if (n->stage > entry->stage || place > entry->place)
		entry->place = place;
	entry->stage = n->stage;
}

static bool collect_stores(struct planner *p, uint32_t r, struct schedule *schedule)
{
	const struct block *block = p->plan->block;
	for (uint32_t s = 0; s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		struct entry entry = {.kind = ENTRY_STORE, .index = s};
		if (p->stores_last)
			entry.stage = entry.place = UINT32_MAX;
		store_after(p, &entry, r, store->value);
		for (uint32_t k = 0; k < p->plan->space->arrays.at[store->array].rank; k++)
			store_after(p, &entry, r, store->index[k]);
		if (!VECTOR_PUSH(p->g->context, &schedule->entries, entry))
			return false;
	}
	return true;
}

static bool collect_nodes(struct planner *p, uint32_t r, struct schedule *schedule)
{
	const struct draft *draft = &p->drafts.at[r];
	for (size_t i = 0; i < draft->nodes.list.count; i++) {
		ojit_expr e = draft->nodes.list.at[i];
		struct entry entry = {.stage = oj_node(p->g, e)->stage, .kind = ENTRY_NODE, .index = e};
		oj_expr_map_get(&draft->seen, e, &entry.place);
		if (!VECTOR_PUSH(p->g->context, &schedule->entries, entry))
			return false;
	}
	return true;
}

/* What is done in `region`; the next box loop comes at the end. */
static bool collect(struct planner *p, uint32_t r, const uint32_t *first_child, const uint32_t *next,
                    struct schedule *schedule)
{
	if (!place_nodes(p, r) || !collect_nodes(p, r, schedule))
		return false;
	if (r == p->plan->block->rank && !collect_stores(p, r, schedule))
		return false;
	for (uint32_t child = first_child[r]; child; child = next[child]) {
		bool box = !region_at(p, child)->reduction;
		uint32_t stage = box ? UINT32_MAX : p->drafts.at[child].stage;
		struct entry entry = {.stage = stage, .kind = ENTRY_LOOP, .index = child};
		if (!VECTOR_PUSH(p->g->context, &schedule->entries, entry))
			return false;
	}
	if (schedule->entries.count)
		qsort(schedule->entries.at, schedule->entries.count, sizeof *schedule->entries.at, by_schedule);
	return true;
}

static bool push_operand(struct planner *p, ojit_expr operand, uint32_t r)
{
	return VECTOR_PUSH(p->plan->context, &p->plan->operands, slot_of(p, operand, r));
}

static bool schedule_node(struct planner *p, uint32_t r, ojit_expr e)
{
	struct plan *plan = p->plan;
	struct step step = {.kind = STEP_NODE, .node = e, .slot = plan->slot_count++,
	                    .operands = (uint32_t)plan->operands.count};
	for (uint32_t i = 0; i < oj_node(p->g, e)->arity; i++)
		if (!push_operand(p, oj_operands(p->g, e)[i], r))
			return false;
	return oj_expr_map_put(&p->drafts.at[r].seen, e, step.slot) &&
	       VECTOR_PUSH(plan->context, &region_at(p, r)->steps, step);
}

static bool schedule_store(struct planner *p, uint32_t r, uint32_t s)
{
	struct plan *plan = p->plan;
	const struct store *store = &plan->block->stores.at[s];
	struct step step = {.kind = STEP_STORE, .store = s, .operands = (uint32_t)plan->operands.count};
	if (!push_operand(p, store->value, r))
		return false;
	for (uint32_t k = 0; k < plan->space->arrays.at[store->array].rank; k++)
		if (!push_operand(p, store->index[k], r))
			return false;
	return VECTOR_PUSH(plan->context, &region_at(p, r)->steps, step);
}

/* Results of a loop are values of its parent: they get their slots when the loop
 * is placed, its range and starts being known by then. */
static bool schedule_loop(struct planner *p, uint32_t parent, uint32_t loop)
{
	struct plan *plan = p->plan;
	struct region *region = region_at(p, loop);
	if (region->reduction) {
		region->lo = slot_of(p, p->drafts.at[loop].lo, parent);
		region->end = slot_of(p, p->drafts.at[loop].end, parent);
		for (size_t m = 0; m < region->members.count; m++) {
			struct member *member = &region->members.at[m];
			member->start = slot_of(p, oj_operands(p->g, member->node)[REDUCE_START], parent);
			member->slot = plan->slot_count++;
			if (!oj_expr_map_put(&p->drafts.at[parent].seen, member->node, member->slot))
				return false;
		}
	}
	return VECTOR_PUSH(plan->context, &region_at(p, parent)->steps,
	                   (struct step){.kind = STEP_REGION, .region = loop});
}

static int by_member(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	return (x->node > y->node) - (x->node < y->node);
}

static bool schedule_region(struct planner *p, uint32_t r, const uint32_t *first_child, const uint32_t *next)
{
	struct schedule schedule = {0};
	static bool (*const put[])(struct planner *, uint32_t, uint32_t) = {
		[ENTRY_LOOP] = schedule_loop, [ENTRY_NODE] = schedule_node, [ENTRY_STORE] = schedule_store,
	};
	bool ok = collect(p, r, first_child, next, &schedule);
	for (size_t i = 0; ok && i < schedule.entries.count; i++)
		ok = put[schedule.entries.at[i].kind](p, r, schedule.entries.at[i].index);
	VECTOR_DROP(p->g->context, &schedule.entries);
	return ok;
}

/* Children before their later siblings; parents before children, so that what a
 * loop needs from outside has its slots.  Region numbers grow inwards. */
static bool schedule_all(struct planner *p)
{
	size_t count = p->plan->regions.count;
	uint32_t *first_child = oj_memory_get(p->g->context, 2 * count * sizeof *first_child);
	if (!first_child)
		return false;
	uint32_t *next = first_child + count;
	memset(first_child, 0, 2 * count * sizeof *first_child);
	for (uint32_t r = (uint32_t)count; r-- > 1;) {
		struct region *region = region_at(p, r);
		next[r] = first_child[region->parent];
		first_child[region->parent] = r;
		if (region->members.count)
			qsort(region->members.at, region->members.count, sizeof *region->members.at, by_member);
	}
	bool ok = true;
	for (uint32_t r = 0; ok && r < count; r++)
		ok = schedule_region(p, r, first_child, next);
	oj_memory_put(p->g->context, first_child, 2 * count * sizeof *first_child);
	return ok;
}

static void find_bodies(struct planner *p)
{
	for (uint32_t r = 0; r < p->plan->regions.count; r++)
		for (size_t m = 0; m < region_at(p, r)->members.count; m++) {
			struct member *member = &region_at(p, r)->members.at[m];
			member->body = slot_of(p, oj_operands(p->g, member->node)[REDUCE_BODY], r);
		}
}

static bool add_box_regions(struct planner *p)
{
	for (int level = -1; level < (int)p->plan->block->rank; level++) {
		struct region region = {.parent = level < 0 ? 0 : (uint32_t)level, .level = level};
		if (!add_region(p, region, (struct draft){0}))
			return false;
	}
	return true;
}

static bool plan_loops(struct planner *p)
{
	bool ok = gather(p) && schedule_all(p);
	if (ok)
		find_bodies(p);
	return ok;
}

/* What a store needs and none before it did, then the store. */
static bool plan_store(struct planner *p, uint32_t s)
{
	const struct store *store = &p->plan->block->stores.at[s];
	struct expr_list *fresh = &p->drafts.at[0].nodes;
	fresh->list.count = 0;
	bool ok = push(p, store->value, 0);
	for (uint32_t k = 0; ok && k < p->plan->space->arrays.at[store->array].rank; k++)
		ok = push(p, store->index[k], 0);
	while (ok && p->todo.count)
		ok = visit(p, p->todo.at[--p->todo.count]);
	if (fresh->list.count > 1)
		qsort(fresh->list.at, fresh->list.count, sizeof *fresh->list.at, oj_by_index);
	for (size_t i = 0; ok && i < fresh->list.count; i++)
		ok = schedule_node(p, 0, fresh->list.at[i]);
	return ok && schedule_store(p, 0, s);
}

static bool plan_stores(struct planner *p)
{
	bool ok = true;
	for (uint32_t s = 0; ok && s < p->plan->block->stores.count; s++)
		ok = plan_store(p, s);
	return ok && (p->plan->regions.at[0].steps.count == 0 ||
	              VECTOR_TRIM(p->plan->context, &p->plan->regions.at[0].steps));
}

static ojit_status make_plan(struct plan *plan, const struct space *space, const struct block *block,
                             bool (*fill)(struct planner *))
{
	*plan = (struct plan){.context = space->context, .space = space, .block = block};
	struct planner p = {.plan = plan, .g = &space->graph};
	oj_expr_map_init(&p.loops, space->context);
	bool ok = VECTOR_PUSH(plan->context, &plan->operands, 0) && /* never an empty vector */
	          add_box_regions(&p) && fill(&p);
	for (size_t i = 0; i < p.drafts.count; i++) {
		oj_expr_map_drop(&p.drafts.at[i].seen);
		VECTOR_DROP(plan->context, &p.drafts.at[i].nodes.list);
	}
	oj_expr_map_drop(&p.loops);
	VECTOR_DROP(plan->context, &p.drafts);
	VECTOR_DROP(plan->context, &p.todo);
	if (!ok)
		oj_plan_drop(plan);
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

/* The place in its vector that is stored to; -1: it is not one. */
static int64_t place_of(const struct space *space, const struct store *store)
{
	const struct array *array = &space->arrays.at[store->array];
	int64_t at = 0, index;
	for (uint32_t k = 0; k < array->rank; k++) {
		if (!oj_integer_value(&space->graph, store->index[k], &index))
			return -1;
		at = at * array->extent[k] + index - array->base[k];
	}
	return array->offset < 0 ? -1 : array->offset + at;
}

/* Are single elements of one vector stored, one behind the other? */
static bool stores_ascend(const struct space *space, const struct block *block)
{
	int64_t last = -1;
	bool ascend = block->rank == 0 && block->stores.count > 1;
	for (size_t s = 0; ascend && s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		int64_t at = place_of(space, store);
		ascend = space->arrays.at[store->array].role == space->arrays.at[block->stores.at[0].array].role && at > last;
		last = at;
	}
	return ascend;
}

/* Is there little else to do than to store?  Then neighbours are stored together, as
 * processors do two stores at a time to one line of their caches, but one to any. */
static bool is_mostly_stores(const struct space *space, const struct block *block, bool *mostly)
{
	struct expr_list list = {0};
	size_t work = 0;
	bool ok = oj_block_reach(space, block, true, &list), loops = false;
	for (size_t i = 0; ok && i < list.list.count; i++) {
		const struct node *n = oj_node(&space->graph, list.list.at[i]);
		loops = loops || n->op == OP_REDUCE;
		work += oj_op_info[n->op].way != WAY_LEAF && n->op != OP_NEG;
	}
	*mostly = ok && !loops && work <= 2 * block->stores.count;
	VECTOR_DROP(space->context, &list.list);
	return ok;
}

/* Loops over several stores, as few as there are registers, hold what they store. */
static bool may_wait(const struct block *block)
{
	enum { REGISTERS = 24 };
	return block->rank > 0 && block->stores.count > 1 && block->stores.count <= REGISTERS;
}

static bool plan_stores_last(struct planner *p)
{
	p->stores_last = true;
	return plan_loops(p);
}

ojit_status oj_plan_init(struct plan *plan, const struct space *space, const struct block *block)
{
	bool ascend = stores_ascend(space, block), mostly = false;
	if ((ascend || may_wait(block)) && !is_mostly_stores(space, block, &mostly))
		return OJIT_OUT_OF_MEMORY;
	ojit_status status =
		make_plan(plan, space, block, !mostly ? plan_loops : ascend ? plan_stores : plan_stores_last);
	plan->fills = ascend && mostly;
	return status;
}

ojit_status oj_plan_in_order(struct plan *plan, const struct space *space, const struct block *block)
{
	return make_plan(plan, space, block, plan_stores);
}

void oj_plan_drop(struct plan *plan)
{
	for (size_t r = 0; r < plan->regions.count; r++) {
		VECTOR_DROP(plan->context, &plan->regions.at[r].steps);
		VECTOR_DROP(plan->context, &plan->regions.at[r].members);
	}
	VECTOR_DROP(plan->context, &plan->regions);
	VECTOR_DROP(plan->context, &plan->operands);
}
