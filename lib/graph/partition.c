/* Pass partition: straight code is cut so that no function is too long for the
 * code generator, whose cost grows faster than its input.
 *
 * Scalar blocks grow with the model, and so does what is made of them in several
 * directions at a time, which is a loop of as many turns: those are cut, loops only where
 * they are far too long, for what goes between parts takes memory for every turn (m: three
 * products with a Hessian of 1,000 equations of random shapes ready in 1.1 instead of 4.4 s).  The units are
 * the nodes that depend on no index variable but the block's and compute a number, at any depth:
 * such a node inside of a reduction is computed outside of it.  They are taken in order
 * of making, which is the order they were written in; each part is a block of its
 * own, and what a later part needs goes through one TEMP array.  What lies between
 * a unit and the next units below it, truth values, bodies and changes of sign, is
 * rebuilt in every part that wants it: to subtract costs nothing.  A long sum or product is cut as well, into one of parts. */
#include "lib/graph/passes.h"

#include <stdlib.h>
#include <string.h>

enum { PART = 200 };

struct partitioner {
	struct program *program, *done;
	const struct block *block;
	struct expr_list list;      /* units of the block, operands first */
	struct expr_list begins;    /* [parts] the first unit of each */
	struct expr_map slot;       /* unit needed by later parts -> place + 1 */
	struct expr_map here;       /* node -> what stands for it in the current part */
	struct expr_list between;   /* below one unit */
	struct expr_map seen;       /* those, where they are many */
	struct expr_list operands;
	size_t limit;
	uint32_t levels;            /* of the block's box */
	uint32_t parts, slots, array;
};

static bool is_sign(const struct graph *g, ojit_expr e)
{
	return oj_is(g, e, OP_NEG) && !oj_is(g, oj_operands(g, e)[0], OP_NEG);
}

static bool is_unit(const struct partitioner *p, ojit_expr e)
{
	const struct graph *g = &p->program->space->graph;
	const struct node *n = oj_node(g, e);
	if (is_sign(g, e))
		return false;
	return (n->levels & ~p->levels) == 0 && n->arity > 0 && n->op != OP_LOAD && n->op != OP_ITOF &&
	       oj_op_info[n->op].type == REAL;
}

static bool is_between(const struct partitioner *p, ojit_expr e)
{
	uint32_t ignored;
	if (p->seen.count)
		return oj_expr_map_get(&p->seen, e, &ignored);
	for (size_t i = 0; i < p->between.list.count; i++)
		if (p->between.list.at[i] == e)
			return true;
	return false;
}

/* Few, as a rule: a set is made only where there are more. */
static bool add_between(struct partitioner *p, ojit_expr e)
{
	enum { FEW = 16 };
	ojit_context *context = p->program->space->context;
	size_t count = p->between.list.count;
	bool ok = true;
	if (is_between(p, e))
		return true;
	for (size_t i = 0; ok && count >= FEW && p->seen.count < count; i++)
		ok = oj_expr_map_put(&p->seen, p->between.list.at[i], 1);
	if (count >= FEW)
		ok = ok && oj_expr_map_put(&p->seen, e, 1);
	return ok && VECTOR_PUSH(context, &p->between.list, e);
}

/* What lies below `e` down to the next units, those included, operands first. */
static bool find_between(struct partitioner *p, ojit_expr e)
{
	const struct graph *g = &p->program->space->graph;
	bool ok = true;
	size_t done = 0;
	p->between.list.count = 0;
	for (ojit_expr at = e; ok; at = p->between.list.at[done++]) {
		for (uint32_t i = 0; ok && (at == e || !is_unit(p, at)) && i < oj_node(g, at)->arity; i++)
			ok = add_between(p, oj_operands(g, at)[i]);
		if (done == p->between.list.count)
			break;
	}
	if (p->seen.count)
		oj_expr_map_drop(&p->seen);
	if (p->between.list.count > 1)
		qsort(p->between.list.at, p->between.list.count, sizeof *p->between.list.at, oj_by_index);
	return ok;
}

/* The part of a unit, by where parts begin; 0: no unit of the block. */
static uint32_t part_of(const struct partitioner *p, ojit_expr e)
{
	size_t low = 0, high = p->begins.list.count;
	if (!is_unit(p, e) || e < p->begins.list.at[0])
		return 0;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (p->begins.list.at[middle] <= e)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low + 1;
}

/* Units below `e` in other parts get a slot. */
static bool need_units(struct partitioner *p, ojit_expr e, uint32_t part)
{
	bool ok = find_between(p, e);
	for (size_t i = 0; ok && i < p->between.list.count; i++) {
		ojit_expr unit = p->between.list.at[i];
		uint32_t home = part_of(p, unit), ignored;
		if (home && home != part && !oj_expr_map_get(&p->slot, unit, &ignored))
			ok = oj_expr_map_put(&p->slot, unit, ++p->slots);
	}
	return ok;
}

/* Instructions, roughly: what the limit is counted in. */
static size_t weight(const struct graph *g, ojit_expr unit)
{
	const struct node *n = oj_node(g, unit);
	return n->op == OP_ADD || n->op == OP_MUL ? n->arity - 1 : 1;
}

static bool assign_parts(struct partitioner *p)
{
	const struct graph *g = &p->program->space->graph;
	size_t filled = 0;
	bool ok = true;
	for (size_t i = 0; ok && i < p->list.list.count; i++) {
		size_t more = weight(g, p->list.list.at[i]);
		if (i == 0 || (filled && filled + more > p->limit)) {
			ok = VECTOR_PUSH(g->context, &p->begins.list, p->list.list.at[i]);
			filled = 0;
		}
		filled += more;
	}
	p->parts = (uint32_t)p->begins.list.count;
	for (size_t i = 0; ok && i < p->list.list.count; i++)
		ok = need_units(p, p->list.list.at[i], part_of(p, p->list.list.at[i]));
	return ok;
}

/* The element of a slot, one for every turn of the block. */
static bool place_slot(struct partitioner *p, uint32_t slot, ojit_expr *index)
{
	struct graph *g = &p->program->space->graph;
	bool ok = (index[0] = oj_integer(g, slot - 1)) != 0;
	for (uint32_t k = 0; ok && k < p->block->rank; k++)
		ok = (index[k + 1] = oj_index(g, k)) != 0;
	return ok;
}

static ojit_expr load_slot(struct partitioner *p, uint32_t slot)
{
	ojit_expr index[RANK];
	return place_slot(p, slot, index) ? oj_load(&p->program->space->graph, p->array, 1 + p->block->rank, index) : 0;
}

/* What stands for `e` in the current part; 0: out of memory. */
static ojit_expr local(struct partitioner *p, ojit_expr e)
{
	uint32_t known, slot;
	if (oj_expr_map_get(&p->here, e, &known))
		return known;
	if (is_unit(p, e))
		return oj_expr_map_get(&p->slot, e, &slot) ? load_slot(p, slot) : 0;
	return e;
}

static ojit_expr rebuild_one(struct partitioner *p, ojit_expr e)
{
	struct graph *g = &p->program->space->graph;
	p->operands.list.count = 0;
	for (uint32_t i = 0; i < oj_node(g, e)->arity; i++) {
		ojit_expr operand = local(p, oj_operands(g, e)[i]);
		if (!operand || !VECTOR_PUSH(g->context, &p->operands.list, operand))
			return 0;
	}
	return p->operands.list.count ? oj_remake(g, e, p->operands.list.at) : e;
}

/* `e`, a unit of the current part, as that part sees it. */
static ojit_expr rebuild(struct partitioner *p, ojit_expr e)
{
	if (!find_between(p, e))
		return 0;
	for (size_t i = 0; i < p->between.list.count; i++) {
		ojit_expr at = p->between.list.at[i];
		uint32_t known;
		if (is_unit(p, at) || oj_expr_map_get(&p->here, at, &known))
			continue;
		ojit_expr made = rebuild_one(p, at);
		if (!made || !oj_expr_map_put(&p->here, at, made))
			return 0;
	}
	return rebuild_one(p, e);
}

static bool store_slot(struct partitioner *p, struct block *out, ojit_expr e, ojit_expr value)
{
	struct space *space = p->program->space;
	uint32_t slot;
	if (!oj_expr_map_get(&p->slot, e, &slot))
		return true;
	ojit_expr index[RANK];
	return place_slot(p, slot, index) && oj_block_store(space, out, p->array, value, index);
}

/* Stores of units, and of units with their sign changed, go where the unit is; all
 * others to the first part. */
struct homed {
	uint32_t part, store;
};

static int by_part(const void *a, const void *b)
{
	const struct homed *x = a, *y = b;
	return x->part != y->part ? (x->part > y->part) - (x->part < y->part)
	                          : (x->store > y->store) - (x->store < y->store);
}

struct homes { VECTOR(struct homed) list; };

static bool find_homes(struct partitioner *p, struct homes *homes)
{
	const struct graph *g = &p->program->space->graph;
	for (uint32_t s = 0; s < p->block->stores.count; s++) {
		ojit_expr value = p->block->stores.at[s].value;
		struct homed homed = {part_of(p, is_sign(g, value) ? oj_operands(g, value)[0] : value), s};
		homed.part = homed.part ? homed.part : 1;
		if (!VECTOR_PUSH(p->program->space->context, &homes->list, homed))
			return false;
	}
	qsort(homes->list.at, homes->list.count, sizeof *homes->list.at, by_part);
	return true;
}

/* The part's units from `*next` on, and what the model stores of them. */
static bool emit_part(struct partitioner *p, uint32_t part, size_t *next, const struct homes *homes, size_t *home)
{
	struct space *space = p->program->space;
	struct block *out = oj_program_block(p->done, p->block->rank, p->block->lo, p->block->end, p->block->origin);
	oj_expr_map_drop(&p->here);
	if (!out)
		return false;
	for (; *next < p->list.list.count; ++*next) {
		ojit_expr e = p->list.list.at[*next];
		if (part_of(p, e) != part)
			break;
		ojit_expr value = rebuild(p, e);
		if (!value || !oj_expr_map_put(&p->here, e, value) || !store_slot(p, out, e, value))
			return false;
	}
	for (; *home < homes->list.count && homes->list.at[*home].part == part; ++*home) {
		const struct store *store = &p->block->stores.at[homes->list.at[*home].store];
		bool sign = is_sign(&space->graph, store->value);
		ojit_expr value = sign ? rebuild_one(p, store->value) : local(p, store->value);
		if (!value || !oj_block_store(space, out, store->array, value, store->index))
			return false;
	}
	return true;
}

static bool partition_block(struct partitioner *p)
{
	struct space *space = p->program->space;
	struct homes homes = {0};
	bool ok = assign_parts(p) && find_homes(p, &homes);
	int64_t base[RANK] = {0}, extent[RANK] = {p->slots ? p->slots : 1};
	for (uint32_t k = 0; k < p->block->rank; k++) {
		base[k + 1] = p->block->lo[k];
		extent[k + 1] = p->block->end[k] - p->block->lo[k];
	}
	p->array = ok ? oj_space_array(space, "part", ROLE_TEMP, 1 + p->block->rank, base, extent, 0) : UINT32_MAX;
	ok = p->array != UINT32_MAX;
	size_t next = 0, home = 0;
	for (uint32_t part = 1; ok && part <= p->parts; part++)
		ok = emit_part(p, part, &next, &homes, &home);
	VECTOR_DROP(space->context, &homes.list);
	return ok;
}

/* A sum longer than a part as a sum of its beginning and so on: it is added from the
 * left anyway, so no bit changes. */
static ojit_expr cut_sum(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	const struct partitioner *p = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	const struct node n = *oj_node(g, e);
	size_t limit = p->limit;
	if (!is_unit(p, e) || weight(g, e) <= limit)
		return oj_remake(g, e, operands);
	ojit_expr *few = oj_memory_get(g->context, (limit + 1) * sizeof *few), sum = operands[0];
	for (uint32_t at = 1; few && sum && at < n.arity;) {
		uint32_t count = 0;
		for (few[count++] = sum; count <= limit && at < n.arity; at++)
			few[count++] = operands[at];
		sum = oj_make(g, n.op, count, few);
	}
	oj_memory_put(g->context, few, (limit + 1) * sizeof *few);
	return few ? sum : 0;
}

static bool cut_sums(struct partitioner *p, struct block *block)
{
	const struct graph *g = &p->program->space->graph;
	struct rewrite rewrite = {.space = p->program->space, .node = cut_sum, .data = p};
	bool any = false, ok = oj_block_reach(p->program->space, block, true, &p->list);
	for (size_t i = 0; ok && !any && i < p->list.list.count; i++)
		any = is_unit(p, p->list.list.at[i]) && weight(g, p->list.list.at[i]) > p->limit + p->limit / 4;
	p->list.list.count = 0;
	return ok && (!any || oj_rewrite_block(&rewrite, block) == OJIT_OK);
}

/* Find the units of the block: are there too many? */
static bool too_long(struct partitioner *p, bool *ok)
{
	const struct graph *g = &p->program->space->graph;
	size_t units = 0, work = 0;
	*ok = oj_block_reach(p->program->space, p->block, true, &p->list);
	for (size_t i = 0; i < p->list.list.count; i++)
		if (is_unit(p, p->list.list.at[i])) {
			work += weight(g, p->list.list.at[i]);
			p->list.list.at[units++] = p->list.list.at[i];
		}
	p->list.list.count = units;
	return work > p->limit + p->limit / 4;
}

/* A loop of few turns, of which one is far too long, and without loops inside, whose indices
 * may have the numbers of its own? */
static bool is_long_loop(const struct partitioner *p, bool *ok)
{
	enum { FEW = 64, FAR = 4 };
	const struct graph *g = &p->program->space->graph;
	struct expr_list list = {0};
	size_t work = 0;
	bool loops = false;
	*ok = true;
	if (p->block->rank >= RANK || oj_block_points(p->block) > FEW)
		return false;
	*ok = oj_block_reach(p->program->space, p->block, true, &list);
	for (size_t i = 0; i < list.list.count; i++) {
		loops = loops || oj_is(g, list.list.at[i], OP_REDUCE);
		work += is_unit(p, list.list.at[i]) ? weight(g, list.list.at[i]) : 0;
	}
	VECTOR_DROP(p->program->space->context, &list.list);
	return !loops && work > FAR * p->limit;
}

static bool keep_block(struct partitioner *p)
{
	struct block copy = *p->block;
	struct block *mine = (struct block *)p->block;
	if (!VECTOR_PUSH(p->program->space->context, &p->done->blocks, copy))
		return false;
	memset(&mine->stores, 0, sizeof mine->stores); /* moved */
	return true;
}

ojit_status oj_pass_partition(struct program *program, const struct pass_options *options, struct oj_error *error)
{
	struct space *space = program->space;
	struct program done;
	oj_program_init(&done, space, program->kind);
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		struct partitioner p = {.program = program, .done = &done, .block = &program->blocks.at[b],
		                        .limit = options->partition ? options->partition : PART};
		oj_expr_map_init(&p.seen, space->context);
		oj_expr_map_init(&p.slot, space->context);
		oj_expr_map_init(&p.here, space->context);
		p.levels = (1u << p.block->rank) - 1;
		bool cut = p.block->rank == 0 || is_long_loop(&p, &ok);
		ok = ok && (!cut || cut_sums(&p, &program->blocks.at[b]));
		cut = cut && ok && too_long(&p, &ok);
		ok = ok && (cut ? partition_block(&p) : keep_block(&p));
		VECTOR_DROP(space->context, &p.list.list);
		VECTOR_DROP(space->context, &p.between.list);
		VECTOR_DROP(space->context, &p.operands.list);
		oj_expr_map_drop(&p.seen);
		VECTOR_DROP(space->context, &p.begins.list);
		oj_expr_map_drop(&p.slot);
		oj_expr_map_drop(&p.here);
	}
	struct program old = *program;
	*program = done;
	oj_program_drop(&old);
	if (!ok || oj_program_layout(program) != OJIT_OK)
		return oj_fail_memory(error);
	return OJIT_OK;
}
