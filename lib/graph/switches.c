/* See switches.h. */
#include "lib/graph/switches.h"

#include "lib/graph/passes.h"

#include <string.h>

enum { PURE = 1, TIMED = 2, REACHED = 4 }; /* it reads no state; it reads the time; f needs it as it is */

struct switches {
	struct program *made;
	const struct program *program;
	struct space *space;
	struct graph *g;
	const struct block *block;
	unsigned char *flags;  /* [nodes] of the program, of those that the block has */
	unsigned char *arrays; /* [arrays] of what was stored so far */
	size_t nodes, array_count;
	ojit_expr outer[LEVELS]; /* reductions around, from the outside in */
	uint32_t depth;
	struct expr_map scalars, boxed; /* what is stored, of the block's box alone */
	int64_t stored;
};

bool oj_op_jumps(enum op op)
{
	switch (op) {
	case OP_LT: case OP_LE: case OP_EQ: case OP_NE: case OP_SIGN: case OP_HEAVISIDE: case OP_FLOOR: case OP_CEIL:
	case OP_ROUND: case OP_MOD:
		return true;
	default:
		return false;
	}
}

static bool is_switch(const struct graph *g, ojit_expr e, unsigned flags)
{
	return oj_op_jumps(oj_node(g, e)->op) && (flags & PURE) && (flags & TIMED);
}

/* Of intermediates `arrays` says it; NULL: they may be anything. */
static unsigned look_at(const struct space *space, ojit_expr e, const unsigned char *flags, const unsigned char *arrays)
{
	const struct graph *g = &space->graph;
	const struct node *n = oj_node(g, e);
	unsigned all = PURE, some = 0;
	if (n->op == OP_TIME)
		return PURE | TIMED;
	if (n->op == OP_LOAD) {
		const struct array *array = &space->arrays.at[n->ref.id];
		all = array->role == ROLE_STATE || array->role == ROLE_SEED ? 0 : PURE;
		if (array->role == ROLE_TEMP || array->role == ROLE_OUT) {
			all = arrays ? arrays[n->ref.id] & PURE : PURE;
			some = arrays ? arrays[n->ref.id] & TIMED : TIMED;
		}
	}
	for (uint32_t i = 0; i < n->arity; i++) {
		unsigned operand = flags[oj_operands(g, e)[i]];
		all &= operand;
		some |= operand;
	}
	return (all & PURE) | (some & TIMED);
}

bool oj_may_switch(const struct space *space, bool *have)
{
	const struct graph *g = &space->graph;
	unsigned char *flags = oj_memory_get(g->context, g->nodes.count);
	*have = false;
	if (!flags)
		return false;
	flags[0] = 0;
	for (ojit_expr e = 1; e < g->nodes.count && !*have; e++) {
		flags[e] = (unsigned char)look_at(space, e, flags, NULL);
		*have = is_switch(g, e, flags[e]);
	}
	oj_memory_put(g->context, flags, g->nodes.count);
	return true;
}

/* ---- a switch as a number ---- */

/* How often the divisor went into the other: mod's value says it to the bit. */
static ojit_expr quotient(struct graph *g, ojit_expr mod)
{
	ojit_expr a = oj_operands(g, mod)[0], b = oj_operands(g, mod)[1];
	ojit_expr rest = oj_make1(g, OP_NEG, mod);
	ojit_expr whole = oj_make2(g, OP_ADD, a, rest);
	ojit_expr ratio = oj_make2(g, OP_DIV, whole, b);
	return oj_make1(g, OP_ROUND, ratio);
}

static ojit_expr as_number(struct graph *g, ojit_expr e)
{
	switch ((enum op)oj_node(g, e)->op) {
	case OP_LT: case OP_LE: case OP_EQ: case OP_NE: {
		ojit_expr one = oj_literal(g, 1), zero = oj_literal(g, 0);
		return oj_make3(g, OP_IF, e, one, zero);
	}
	case OP_HEAVISIDE:
		return oj_make1(g, OP_SIGN, oj_operands(g, e)[0]);
	case OP_MOD:
		return quotient(g, e);
	default:
		return e;
	}
}

#define GOLDEN 0.6180339887498949 /* weights of two turns never differ in sign alone, and none is 0 */

/* The sum over the turns of reduction `like`. */
static ojit_expr over_turns(struct switches *s, ojit_expr like, ojit_expr value)
{
	struct graph *g = s->g;
	struct reduction reduction = {REDUCE_SUM, SEQUENTIAL, oj_node(g, like)->reduction.level};
	ojit_expr index = oj_index(g, reduction.level);
	ojit_expr turn = oj_make1(g, OP_ITOF, index), golden = oj_literal(g, GOLDEN);
	ojit_expr weight = oj_make2(g, OP_ADD, turn, golden), body = oj_make2(g, OP_MUL, value, weight);
	const ojit_expr operands[] = {
		oj_literal(g, 0), oj_operands(g, like)[REDUCE_LO], oj_operands(g, like)[REDUCE_END], body,
	};
	ojit_expr sum = oj_reduce(g, reduction, operands[0], operands[1], operands[2], operands[3]);
	return sum ? oj_simplified_reduction(s->space, sum, operands) : 0;
}

/* Over the block's box, where it depends on that. */
static bool store(struct switches *s, ojit_expr value)
{
	const struct block *block = s->block;
	uint32_t rank = oj_node(s->g, value)->levels ? block->rank : 0, ignored;
	struct expr_map *known = rank ? &s->boxed : &s->scalars;
	int64_t extent[RANK] = {0};
	ojit_expr index[RANK] = {0};
	if (oj_expr_map_get(known, value, &ignored))
		return true;
	for (uint32_t k = 0; k < rank; k++) {
		extent[k] = block->end[k] - block->lo[k];
		index[k] = oj_index(s->g, k);
	}
	uint32_t array = oj_space_array(s->space, "switch", ROLE_OUT, rank, block->lo, extent, s->stored);
	struct block *made = oj_program_block(s->made, rank, block->lo, block->end, block->origin);
	if (array == UINT32_MAX || !made)
		return false;
	s->stored += oj_array_length(&s->space->arrays.at[array]);
	return oj_expr_map_put(known, value, 1) && oj_block_store(s->space, made, array, value, index);
}

static bool store_switch(struct switches *s, ojit_expr e)
{
	ojit_expr value = as_number(s->g, e);
	for (uint32_t k = s->depth; k-- > 0 && value;)
		if (oj_node(s->g, value)->levels >> oj_node(s->g, s->outer[k])->reduction.level & 1)
			value = over_turns(s, s->outer[k], value);
	return value && store(s, value);
}

/* ---- finding them ---- */

static bool look_below(struct switches *s, const ojit_expr *roots, size_t count);

static bool look_into(struct switches *s, ojit_expr reduction)
{
	ojit_expr body = oj_operands(s->g, reduction)[REDUCE_BODY];
	if (s->depth == LEVELS)
		return true;
	s->outer[s->depth++] = reduction;
	bool ok = look_below(s, &body, 1);
	s->depth--;
	return ok;
}

/* What f needs as it is, of nodes that are in order. */
static void mark_needed(struct switches *s, const struct expr_list *list, const ojit_expr *roots, size_t count)
{
	for (size_t k = 0; k < count; k++)
		s->flags[roots[k]] |= REACHED;
	for (size_t k = list->list.count; k-- > 0;) {
		ojit_expr e = list->list.at[k];
		uint32_t arity = oj_is(s->g, e, OP_REDUCE) ? REDUCE_BODY : oj_node(s->g, e)->arity;
		if (!(s->flags[e] & REACHED) || is_switch(s->g, e, s->flags[e]))
			continue;
		for (uint32_t i = 0; i < arity; i++)
			s->flags[oj_operands(s->g, e)[i]] |= REACHED;
	}
}

/* Keep those that are switches, or loops with some inside; forget all marks. */
static void keep_wanted(struct switches *s, struct expr_list *list)
{
	size_t kept = 0;
	for (size_t k = 0; k < list->list.count; k++) {
		ojit_expr e = list->list.at[k];
		bool is_loop = oj_is(s->g, e, OP_REDUCE) && (s->flags[e] & TIMED);
		if ((s->flags[e] & REACHED) && (is_loop || is_switch(s->g, e, s->flags[e])))
			list->list.at[kept++] = e;
		s->flags[e] &= (unsigned char)~REACHED;
	}
	list->list.count = kept;
}

static bool look_below(struct switches *s, const ojit_expr *roots, size_t count)
{
	struct expr_list list = {0};
	bool ok = oj_reach(s->g, roots, count, false, &list);
	if (ok) {
		mark_needed(s, &list, roots, count);
		keep_wanted(s, &list);
	}
	for (size_t k = 0; ok && k < list.list.count; k++)
		ok = oj_is(s->g, list.list.at[k], OP_REDUCE) ? look_into(s, list.list.at[k]) : store_switch(s, list.list.at[k]);
	VECTOR_DROP(s->g->context, &list.list);
	return ok;
}

/* What this block's nodes and the arrays it stores are made of. */
static bool set_flags(struct switches *s)
{
	struct expr_list list = {0};
	bool ok = oj_block_reach(s->space, s->block, true, &list);
	for (size_t k = 0; ok && k < list.list.count; k++)
		s->flags[list.list.at[k]] = (unsigned char)look_at(s->space, list.list.at[k], s->flags, s->arrays);
	VECTOR_DROP(s->g->context, &list.list);
	for (size_t k = 0; ok && k < s->block->stores.count; k++) {
		unsigned char *array = &s->arrays[s->block->stores.at[k].array], value = s->flags[s->block->stores.at[k].value];
		*array = (unsigned char)((*array & value & PURE) | ((*array | value) & TIMED));
	}
	return ok;
}

static bool look_at_block(struct switches *s)
{
	VECTOR(ojit_expr) values = {0};
	bool ok = set_flags(s);
	for (size_t k = 0; ok && k < s->block->stores.count; k++)
		ok = VECTOR_PUSH(s->g->context, &values, s->block->stores.at[k].value);
	ok = ok && (values.count == 0 || look_below(s, values.at, values.count));
	VECTOR_DROP(s->g->context, &values);
	oj_expr_map_drop(&s->boxed);
	oj_expr_map_init(&s->boxed, s->g->context);
	return ok;
}

static bool look_at_all(struct switches *s)
{
	bool ok = oj_program_intermediates(s->made, s->program);
	for (size_t b = 0; ok && b < s->program->blocks.count; b++) {
		s->block = &s->program->blocks.at[b];
		ok = look_at_block(s);
	}
	if (ok && s->stored == 0) {
		oj_program_drop(s->made);
		oj_program_init(s->made, s->space, KERNEL_RHS);
		return true;
	}
	return ok && oj_drop_unread(s->made) && oj_program_layout(s->made) == OJIT_OK && !s->g->failed;
}

ojit_status oj_switches_program(struct program *made, const struct program *program, struct oj_error *error)
{
	struct space *space = made->space;
	struct switches s = {.made = made, .program = program, .space = space, .g = &space->graph,
	                     .nodes = space->graph.nodes.count, .array_count = space->arrays.count};
	ojit_context *context = space->context;
	s.flags = oj_memory_get(context, s.nodes);
	s.arrays = oj_memory_get(context, s.array_count + 1);
	oj_expr_map_init(&s.scalars, context);
	oj_expr_map_init(&s.boxed, context);
	bool ok = s.flags && s.arrays;
	if (ok) {
		memset(s.flags, 0, s.nodes);
		memset(s.arrays, PURE, s.array_count + 1);
		ok = look_at_all(&s);
	}
	oj_expr_map_drop(&s.scalars);
	oj_expr_map_drop(&s.boxed);
	oj_memory_put(context, s.flags, s.nodes);
	oj_memory_put(context, s.arrays, s.array_count + 1);
	return ok ? OJIT_OK : oj_fail_memory(error);
}
