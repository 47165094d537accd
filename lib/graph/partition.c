/* Pass partition: straight code is cut so that no function is too long for the
 * code generator, whose cost grows faster than its input.
 *
 * Only scalar blocks grow with the model, so only they are cut.  Nodes are taken
 * in order of making, which is the order they were written in; each part is a
 * block of its own, and what a later part needs goes through one TEMP array. */
#include "lib/graph/passes.h"

#include <string.h>

enum { PART = 800 };

struct partitioner {
	struct program *program, *done;
	const struct block *block;
	struct expr_list list;      /* nodes of the block, operands first */
	struct expr_map part;       /* node -> part + 1 */
	struct expr_map slot;       /* node needed by later parts -> place + 1 */
	struct expr_map here;       /* node -> what stands for it in the current part */
	size_t limit;
	uint32_t parts, slots, array;
};

/* Leaves are loaded again where they are needed. */
static bool is_leaf(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	return n->arity == 0 || n->op == OP_LOAD || oj_op_info[n->op].type != REAL || n->op == OP_ITOF;
}

static bool needs(struct partitioner *p, ojit_expr e, uint32_t part)
{
	uint32_t home, ignored;
	oj_expr_map_get(&p->part, e, &home);
	if (is_leaf(&p->program->space->graph, e) || home == part || oj_expr_map_get(&p->slot, e, &ignored))
		return true;
	return oj_expr_map_put(&p->slot, e, ++p->slots);
}

/* Non-leaf operands of `e`, truth values looked through: those are recomputed. */
static bool need_operands(struct partitioner *p, ojit_expr e, uint32_t part)
{
	const struct graph *g = &p->program->space->graph;
	for (uint32_t i = 0; i < oj_node(g, e)->arity; i++) {
		ojit_expr o = oj_operands(g, e)[i];
		bool ok = oj_type(g, o) == TRUTH ? need_operands(p, o, part) : needs(p, o, part);
		if (!ok)
			return false;
	}
	return true;
}

static bool assign_parts(struct partitioner *p)
{
	const struct graph *g = &p->program->space->graph;
	size_t filled = 0;
	p->parts = 1;
	for (size_t i = 0; i < p->list.list.count; i++) {
		ojit_expr e = p->list.list.at[i];
		filled += !is_leaf(g, e);
		if (filled > p->limit) {
			p->parts++;
			filled = 1;
		}
		if (!oj_expr_map_put(&p->part, e, p->parts))
			return false;
	}
	for (size_t i = 0; i < p->list.list.count; i++) {
		ojit_expr e = p->list.list.at[i];
		uint32_t part;
		oj_expr_map_get(&p->part, e, &part);
		if (!is_leaf(g, e) && !need_operands(p, e, part))
			return false;
	}
	return true;
}

static ojit_expr load_slot(struct partitioner *p, uint32_t slot)
{
	struct graph *g = &p->program->space->graph;
	ojit_expr index = oj_integer(g, slot - 1);
	return oj_load(g, p->array, 1, &index);
}

/* `e` as the current part sees it: rebuilt if it belongs here, loaded otherwise. */
static ojit_expr local(struct partitioner *p, ojit_expr e, uint32_t part)
{
	struct graph *g = &p->program->space->graph;
	uint32_t known, home = 0, slot;
	if (oj_expr_map_get(&p->here, e, &known))
		return known;
	oj_expr_map_get(&p->part, e, &home);
	if (!is_leaf(g, e) && home != part)
		return oj_expr_map_get(&p->slot, e, &slot) ? load_slot(p, slot) : 0;
	uint32_t arity = oj_node(g, e)->arity;
	if (oj_type(g, e) != TRUTH || arity == 0)
		return e; /* leaves stand for themselves */
	ojit_expr operands[3];
	for (uint32_t i = 0; i < arity; i++)
		operands[i] = local(p, oj_operands(g, e)[i], part);
	return oj_remake(g, e, operands);
}

static ojit_expr rebuild(struct partitioner *p, ojit_expr e, uint32_t part)
{
	struct graph *g = &p->program->space->graph;
	uint32_t arity = oj_node(g, e)->arity;
	ojit_expr few[16], *operands = few;
	if (arity > 16 && !(operands = oj_memory_get(g->context, arity * sizeof *operands)))
		return 0;
	for (uint32_t i = 0; i < arity; i++)
		operands[i] = local(p, oj_operands(g, e)[i], part);
	ojit_expr made = oj_remake(g, e, operands);
	if (operands != few)
		oj_memory_put(g->context, operands, arity * sizeof *operands);
	return made;
}

static bool store_slot(struct partitioner *p, struct block *out, ojit_expr e, ojit_expr value)
{
	struct space *space = p->program->space;
	uint32_t slot;
	if (!oj_expr_map_get(&p->slot, e, &slot))
		return true;
	ojit_expr index = oj_integer(&space->graph, slot - 1);
	return index && oj_block_store(space, out, p->array, value, &index);
}

/* The part's nodes, and what the model stores of them. */
static bool emit_part(struct partitioner *p, uint32_t part, size_t *next)
{
	struct space *space = p->program->space;
	const struct graph *g = &space->graph;
	struct block *out = oj_program_block(p->done, 0, NULL, NULL, p->block->origin);
	uint32_t home = part;
	oj_expr_map_drop(&p->here);
	if (!out)
		return false;
	for (; *next < p->list.list.count; ++*next) {
		ojit_expr e = p->list.list.at[*next];
		oj_expr_map_get(&p->part, e, &home);
		if (home != part)
			break;
		if (is_leaf(g, e))
			continue;
		ojit_expr value = rebuild(p, e, part);
		if (!value || !oj_expr_map_put(&p->here, e, value) || !store_slot(p, out, e, value))
			return false;
	}
	for (size_t s = 0; s < p->block->stores.count; s++) {
		const struct store *store = &p->block->stores.at[s];
		oj_expr_map_get(&p->part, store->value, &home);
		if (home != part)
			continue;
		ojit_expr value = local(p, store->value, part);
		if (!value || !oj_block_store(space, out, store->array, value, store->index))
			return false;
	}
	return true;
}

static bool partition_block(struct partitioner *p)
{
	struct space *space = p->program->space;
	bool ok = assign_parts(p);
	int64_t base = 0, extent = p->slots ? p->slots : 1;
	p->array = ok ? oj_space_array(space, "part", ROLE_TEMP, 1, &base, &extent, 0) : UINT32_MAX;
	ok = p->array != UINT32_MAX;
	size_t next = 0;
	for (uint32_t part = 1; ok && part <= p->parts; part++)
		ok = emit_part(p, part, &next);
	return ok;
}

static bool too_long(struct partitioner *p, bool *ok)
{
	const struct graph *g = &p->program->space->graph;
	size_t work = 0;
	p->list.list.count = 0;
	for (size_t s = 0; *ok && s < p->block->stores.count; s++)
		*ok = VECTOR_PUSH(g->context, &p->list.list, p->block->stores.at[s].value);
	struct expr_list roots = p->list;
	p->list = (struct expr_list){0};
	*ok = *ok && oj_reach(g, roots.list.at, roots.list.count, false, &p->list);
	VECTOR_DROP(g->context, &roots.list);
	for (size_t i = 0; i < p->list.list.count; i++)
		work += !is_leaf(g, p->list.list.at[i]);
	return work > p->limit + p->limit / 4;
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
		oj_expr_map_init(&p.part, space->context);
		oj_expr_map_init(&p.slot, space->context);
		oj_expr_map_init(&p.here, space->context);
		bool cut = p.block->rank == 0 && too_long(&p, &ok);
		ok = ok && (cut ? partition_block(&p) : keep_block(&p));
		VECTOR_DROP(space->context, &p.list.list);
		oj_expr_map_drop(&p.part);
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
