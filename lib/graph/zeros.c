/* See zeros.h. */
#include "lib/graph/zeros.h"

#include "lib/graph/cancel.h"
#include "lib/graph/domain.h"
#include "lib/graph/finite.h"
#include "lib/graph/known.h"
#include "lib/graph/passes.h"
#include "lib/graph/roots.h"
#include "lib/graph/simplify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH = 8 }; /* of sums in sums and products that are looked into */

struct zeros {
	bool chooses; /* index factors are to be told apart */
	bool chosen;  /* some were */
	bool changed; /* an intermediate has another value */
	bool finite;  /* finite states make finite numbers: 0 times them is 0 */
	const struct block *block; /* at hand */
	int64_t lo[LEVELS], end[LEVELS]; /* its indices; empty: not the same at all points */
	bool knows_sums; /* those of sums in it, too */
	bool failed;     /* out of memory */
	struct known known;
	struct expr_map empty; /* intermediates, by number + 1, of which some elements sum nothing -> 1 */
	struct expr_map fixed; /* arrays of derived parameters, by number + 1 -> what they are: a literal, or
	                        * a number of their own indices that is 0 at some */
};

/* ---------------------------------------------------------------- indices */

static bool is_zero(const struct graph *g, ojit_expr e)
{
	return oj_is(g, e, OP_LITERAL) && oj_node(g, e)->real == 0;
}

/* `e` as an integer of indices alone, times -1 or 1; 0: it is not. */
static ojit_expr integer_of(struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	ojit_expr sum = 0;
	if (n->op == OP_ITOF)
		return oj_operands(g, e)[0];
	if (n->op == OP_LITERAL)
		return fabs(n->real) < 1e9 && n->real == rint(n->real) ? oj_integer(g, (int64_t)n->real) : 0;
	if (n->op == OP_NEG)
		return (sum = integer_of(g, oj_operands(g, e)[0])) ? oj_integer_scale(g, sum, -1) : 0;
	for (uint32_t k = 0, arity = n->arity; n->op == OP_ADD && k < arity; k++) {
		ojit_expr term = integer_of(g, oj_operands(g, e)[k]);
		if (!term || !(sum = k ? oj_integer_add(g, sum, term) : term))
			return 0;
	}
	return sum;
}

/* What `e` is 0 with; 0: nothing is known. */
static ojit_expr below(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	double factor;
	if (n->op == OP_DIV || n->op == OP_NEG || (n->op == OP_POWI && n->integer > 0))
		return oj_operands(g, e)[0];
	return oj_scaled_operand(g, e, &factor);
}

/* An integer of indices that is 0 where `e` is; 0: none is known. */
static ojit_expr vanishing(struct graph *g, ojit_expr e)
{
	struct affine a;
	for (ojit_expr next; (next = below(g, e));)
		e = next;
	ojit_expr integer = oj_node(g, e)->levels ? integer_of(g, e) : 0;
	if (!integer)
		return 0;
	oj_affine(g, integer, &a);
	for (uint32_t k = 0; k < a.count; k++)
		if (!oj_is(g, a.atoms[k], OP_INDEX))
			return 0;
	return a.count ? integer : 0;
}

/* Does its value depend on anything but indices? */
static bool has_inputs(const struct graph *g, ojit_expr e, bool *failed)
{
	struct expr_list list = {0};
	bool found = false;
	*failed = *failed || !oj_reach(g, &e, 1, true, &list);
	for (size_t k = 0; k < list.list.count && !found; k++)
		found = oj_is(g, list.list.at[k], OP_LOAD) || oj_is(g, list.list.at[k], OP_TIME);
	VECTOR_DROP(g->context, &list.list);
	return found;
}

static bool others_have_inputs(const struct graph *g, ojit_expr e, uint32_t slot, bool *failed)
{
	bool found = false;
	for (uint32_t k = 0; k < oj_node(g, e)->arity && !found; k++)
		found = k != slot && has_inputs(g, oj_operands(g, e)[k], failed);
	return found;
}

typedef bool is_none(struct zeros *z, const struct space *space, ojit_expr e, const int64_t *index);

static bool is_number_zero(struct zeros *z, const struct space *space, ojit_expr e, const int64_t *index)
{
	double value;
	(void)space;
	return oj_known_number(&z->known, e, index, &value) && value == 0;
}

static bool is_range_empty(struct zeros *z, const struct space *space, ojit_expr e, const int64_t *index)
{
	const ojit_expr *o = oj_operands(&space->graph, e);
	(void)z;
	return oj_integer_at(space, o[REDUCE_END], index) <= oj_integer_at(space, o[REDUCE_LO], index);
}

/* A level may be that of several sums: all of their turns. */
static void widen(struct zeros *z, uint32_t level, int64_t lo, int64_t end)
{
	bool first = z->end[level] <= z->lo[level];
	z->lo[level] = first || lo < z->lo[level] ? lo : z->lo[level];
	z->end[level] = first || end > z->end[level] ? end : z->end[level];
}

static void enter_block(struct zeros *z, const struct block *block)
{
	z->block = block;
	z->knows_sums = false;
	memset(z->lo, 0, sizeof z->lo);
	memset(z->end, 0, sizeof z->end);
	for (uint32_t k = 0; k < block->rank; k++)
		widen(z, k, block->lo[k], block->end[k]);
}

/* The ranges of all sums of the block; those that differ from row to row stay empty. */
static void find_sums(struct zeros *z, const struct space *space)
{
	const struct graph *g = &space->graph;
	struct expr_list list = {0};
	uint32_t unknown = 0;
	int64_t lo, end;
	z->failed = z->failed || !oj_block_reach(space, z->block, true, &list);
	for (size_t k = 0; k < list.list.count; k++) {
		const struct node *n = oj_node(g, list.list.at[k]);
		if (n->op != OP_REDUCE)
			continue;
		const ojit_expr *o = oj_operands(g, list.list.at[k]);
		if (oj_integer_value(g, o[REDUCE_LO], &lo) && oj_integer_value(g, o[REDUCE_END], &end))
			widen(z, n->reduction.level, lo, end);
		else
			unknown |= 1u << n->reduction.level;
	}
	for (uint32_t k = z->block->rank; k < LEVELS; k++)
		z->end[k] = unknown >> k & 1 ? z->lo[k] : z->end[k];
	z->knows_sums = true;
	VECTOR_DROP(space->context, &list.list);
}

/* Is that so at some point?  `levels`: the indices that it goes by. */
static bool somewhere(struct zeros *z, const struct space *space, ojit_expr e, uint32_t levels, is_none *none)
{
	enum { LOOKED_AT = 1000000 };
	int64_t index[LEVELS] = {0}, points = 1;
	bool zero = false, more = true;
	if (levels >> z->block->rank && !z->knows_sums)
		find_sums(z, space);
	for (uint32_t k = 0; k < LEVELS; k++) {
		index[k] = z->lo[k];
		if (levels >> k & 1 && (z->end[k] <= z->lo[k] || (points *= z->end[k] - z->lo[k]) > LOOKED_AT))
			return false;
	}
	if (levels == 0)
		return false;
	while (more && !zero) {
		zero = none(z, space, e, index);
		more = false;
		for (uint32_t k = 0; k < LEVELS && !more; k++) {
			if (!(levels >> k & 1))
				continue;
			more = ++index[k] < z->end[k];
			index[k] = more ? index[k] : z->lo[k];
		}
	}
	return zero;
}

/* Is a number known when compiling, which is no integer of indices, 0 at some points?  In sums it takes time
 * to say so, which is spent where it matters. */
static bool has_zeros(struct zeros *z, const struct space *space, ojit_expr e)
{
	uint32_t levels = oj_node(&space->graph, e)->levels, rank = z->block->rank;
	bool asked = levels >> rank ? !z->finite : oj_is_of_indices(&space->graph, e) || !z->finite;
	return levels && asked && oj_is_known(&z->known, e) && somewhere(z, space, e, levels, is_number_zero);
}

/* Is it a sum that sums nothing at some of them, perhaps times something, or an intermediate that is? */
static bool sums_nothing(struct zeros *z, const struct space *space, ojit_expr e, int depth)
{
	const struct graph *g = &space->graph;
	const ojit_expr *o = oj_operands(g, e);
	const struct node *n = oj_node(g, e);
	uint32_t known = 0;
	bool some = false;
	if (n->op == OP_LOAD)
		return oj_expr_map_get(&z->empty, n->ref.id + 1, &known) && known;
	if (n->op == OP_REDUCE && n->reduction.kind == REDUCE_SUM && is_zero(g, o[REDUCE_START])) {
		uint32_t levels = oj_node(g, o[REDUCE_LO])->levels | oj_node(g, o[REDUCE_END])->levels;
		return somewhere(z, space, e, levels, is_range_empty);
	}
	if (n->op == OP_IF && is_zero(g, o[2])) /* unless_empty */
		return sums_nothing(z, space, o[1], depth);
	uint32_t through = n->op == OP_MUL ? n->arity : n->op == OP_NEG || n->op == OP_DIV;
	for (uint32_t k = 0; depth && !some && k < through; k++)
		some = sums_nothing(z, space, o[k], depth - 1);
	return some;
}

static ojit_expr by_zero_factors(struct zeros *z, const struct space *space, struct graph *g, ojit_expr e, bool *failed);

/* The product `e` as a strong one of its operand `slot` and the others, of which more may have zeros. */
static ojit_expr strong_in(struct zeros *z, const struct space *space, struct graph *g, ojit_expr e, uint32_t slot,
                           bool *failed)
{
	uint32_t arity = oj_node(g, e)->arity, count = 0;
	size_t size = arity * sizeof(ojit_expr);
	ojit_expr *rest = oj_memory_get(g->context, size), factor = oj_operands(g, e)[slot], other = 0;
	for (uint32_t k = 0; rest && k < arity; k++)
		if (k != slot)
			rest[count++] = oj_operands(g, e)[k];
	if (rest)
		other = count == 1 ? rest[0] : oj_make(g, OP_MUL, count, rest);
	oj_memory_put(g->context, rest, size);
	if (other && count > 1)
		other = by_zero_factors(z, space, g, other, failed);
	return other ? oj_make2(g, OP_STRONG, factor, other) : 0;
}

/* A product as a strong one where a factor is known to be 0 at some points. */
static ojit_expr by_zero_factors(struct zeros *z, const struct space *space, struct graph *g, ojit_expr e, bool *failed)
{
	for (uint32_t k = 0, arity = oj_node(g, e)->arity; k < arity; k++) {
		ojit_expr factor = oj_operands(g, e)[k];
		if ((has_zeros(z, space, factor) || sums_nothing(z, space, factor, DEPTH)) &&
		    others_have_inputs(g, e, k, failed))
			return strong_in(z, space, g, e, k, failed);
	}
	return e;
}

/* `value` where the integer that makes operand `slot` of `e` vanish is 0, else what there is. */
static ojit_expr told_apart(struct zeros *z, struct graph *g, ojit_expr e, ojit_expr from, uint32_t slot, double value)
{
	bool failed = false;
	ojit_expr integer = vanishing(g, oj_operands(g, from)[slot]);
	if (!integer || !others_have_inputs(g, from, slot, &failed))
		return failed ? 0 : e;
	z->chosen = true;
	ojit_expr zero = oj_integer(g, 0), differs = oj_make2(g, OP_INE, integer, zero);
	return oj_make3(g, OP_IF, differs, e, oj_literal(g, value));
}

/* `e` where none of its operands that may make it vanish does. */
static ojit_expr by_indices(struct zeros *z, const struct space *space, struct graph *g, ojit_expr e)
{
	ojit_expr from = e;
	bool failed = false;
	if (oj_is(g, from, OP_DIV))
		return told_apart(z, g, e, from, 0, 0);
	if (oj_is(g, from, OP_POW))
		return told_apart(z, g, e, from, 1, 1);
	for (uint32_t k = 0; oj_is(g, from, OP_MUL) && e && k < oj_node(g, from)->arity; k++)
		e = told_apart(z, g, e, from, k, 0);
	if (oj_is(g, from, OP_MUL) && e == from)
		e = by_zero_factors(z, space, g, e, &failed);
	return failed ? 0 : e;
}

/* ---------------------------------------------------------------- nodes */

static bool is_infinite(const struct graph *g, ojit_expr e)
{
	return oj_is(g, e, OP_LITERAL) && isinf(oj_node(g, e)->real);
}

/* May something in the body that does not depend on its index have an infinite slope? */
static bool has_slopes_from_outside(const struct space *space, ojit_expr e, bool *failed)
{
	const struct graph *g = &space->graph;
	ojit_expr body = oj_operands(g, e)[REDUCE_BODY];
	struct expr_list list = {0};
	bool found = false;
	*failed = *failed || !oj_reach(g, &body, 1, true, &list);
	for (size_t k = 0; k < list.list.count && !found; k++) {
		const struct node *n = oj_node(g, list.list.at[k]);
		if (n->levels >> oj_node(g, e)->reduction.level & 1)
			continue;
		enum array_role role = n->op == OP_LOAD ? space->arrays.at[n->ref.id].role : ROLE_DATA;
		found = role == ROLE_TEMP || role == ROLE_DERIVED || n->op == OP_CBRT ||
		        (n->op != OP_LITERAL && !oj_node_keeps_finite(g, list.list.at[k]));
	}
	VECTOR_DROP(g->context, &list.list);
	return found;
}

/* The reduction `e`; where its range is empty nothing in it has a part.  That matters to what does not depend on
 * its index, whose adjoint is a sum over the range. */
static ojit_expr unless_empty(struct zeros *z, struct space *space, ojit_expr e)
{
	struct graph *g = &space->graph;
	bool failed = !e;
	if (failed || !z->chooses || !oj_is(g, e, OP_REDUCE))
		return e;
	ojit_expr operands[4];
	memcpy(operands, oj_operands(g, e), sizeof operands);
	uint32_t levels = oj_node(g, operands[REDUCE_LO])->levels | oj_node(g, operands[REDUCE_END])->levels;
	if (!somewhere(z, space, e, levels, is_range_empty) || !has_slopes_from_outside(space, e, &failed))
		return failed ? 0 : e;
	ojit_expr begun = oj_make2(g, OP_ILT, operands[REDUCE_LO], operands[REDUCE_END]);
	return oj_make3(g, OP_IF, begun, e, operands[REDUCE_START]);
}

/* Sums of zeros, and products that one is in. */
static ojit_expr of_reduction(struct zeros *z, struct space *space, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &space->graph;
	enum reduction_kind kind = (enum reduction_kind)oj_node(g, e)->reduction.kind;
	bool zero = is_zero(g, operands[REDUCE_BODY]), from_zero = is_zero(g, operands[REDUCE_START]);
	int64_t length = 0;
	if (kind == REDUCE_SUM && zero)
		return from_zero ? oj_literal(g, 0) : operands[REDUCE_START];
	if (kind == REDUCE_PROD && from_zero)
		return oj_literal(g, 0);
	ojit_expr range = oj_integer_add(g, operands[REDUCE_END], oj_integer_scale(g, operands[REDUCE_LO], -1));
	if (!range)
		return 0;
	if (kind == REDUCE_PROD && zero && oj_integer_value(g, range, &length) && length > 0)
		return oj_literal(g, 0);
	return unless_empty(z, space, oj_simplified_reduction(space, e, operands));
}

static ojit_expr of_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct zeros *z = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	if (oj_type(g, e) != REAL)
		return e;
	ojit_expr known = 0;
	if (n->op == OP_LOAD && oj_expr_map_get(&z->fixed, n->ref.id + 1, &known))
		return oj_substitute(rewrite->space, known, operands, n->arity);
	if (n->op == OP_REDUCE)
		return of_reduction(z, rewrite->space, e, operands);
	if (n->op == OP_ADD)
		return oj_cancelled_sum(g, e, operands);
	if (n->op == OP_DIV && (is_zero(g, operands[0]) || is_infinite(g, operands[1])))
		return oj_literal(g, 0);
	if (n->op == OP_POW && is_zero(g, operands[1]))
		return oj_literal(g, 1);
	if (n->op == OP_POWI && oj_is_power_of_root(g, operands[0], n->integer))
		return oj_power_of_root(g, operands[0], n->integer);
	ojit_expr simple = n->op == OP_MUL ? oj_product_of_roots(g, e, operands) : oj_simplified_by(g, e, operands, LAW_FINITE);
	return z->chooses && simple ? by_indices(z, rewrite->space, g, simple) : simple;
}

/* ---------------------------------------------------------------- boxes of one point */

/* In a box of one point u[i] may be u[1], so that they cancel: such loads are made one by writing the
 * point's indices into them.  Stores stay as they are, for boxes are told by them. */
static uint32_t find_point(struct graph *g, const struct block *block, ojit_expr *index)
{
	uint32_t levels = 0;
	for (uint32_t k = 0; k < block->rank; k++) {
		bool fixed = block->end[k] - block->lo[k] == 1;
		index[k] = fixed ? oj_integer(g, block->lo[k]) : 0;
		levels |= (uint32_t)fixed << k;
	}
	return levels;
}

/* Do two loads of the values become one? */
static bool loads_meet(struct space *space, const struct block *block, const ojit_expr *index, uint32_t levels, bool *failed)
{
	struct graph *g = &space->graph;
	struct expr_list list = {0};
	struct expr_map met;
	bool meet = false;
	oj_expr_map_init(&met, space->context);
	*failed = *failed || !oj_block_reach(space, block, true, &list);
	for (size_t k = 0; k < list.list.count && !meet && !*failed; k++) {
		ojit_expr load = list.list.at[k];
		uint32_t known = 0;
		if (!oj_is(g, load, OP_LOAD))
			continue;
		ojit_expr there = oj_node(g, load)->levels & levels ? oj_substitute(space, load, index, block->rank) : load;
		meet = oj_expr_map_get(&met, there, &known) && known != load;
		*failed = !there || (!meet && !oj_expr_map_put(&met, there, load));
	}
	oj_expr_map_drop(&met);
	VECTOR_DROP(space->context, &list.list);
	return meet && !*failed;
}

static bool join_loads(struct space *space, struct block *block)
{
	ojit_expr index[LEVELS] = {0};
	bool failed = false;
	uint32_t levels = find_point(&space->graph, block, index);
	if (!levels || !loads_meet(space, block, index, levels, &failed))
		return !failed;
	for (size_t s = 0; s < block->stores.count && !failed; s++) {
		ojit_expr value = oj_substitute(space, block->stores.at[s].value, index, block->rank);
		failed = !value;
		block->stores.at[s].value = failed ? block->stores.at[s].value : value;
	}
	return !failed;
}

/* ---------------------------------------------------------------- blocks */

static bool rewrite_block(struct rewrite *rewrite, struct block *block)
{
	struct zeros *z = rewrite->data;
	struct space *space = rewrite->space;
	size_t count = block->stores.count, size = (count + 1) * sizeof(ojit_expr);
	ojit_expr *before = oj_memory_get(space->context, size);
	for (size_t s = 0; before && s < count; s++)
		before[s] = block->stores.at[s].value;
	enter_block(z, block);
	bool ok = before && join_loads(space, block) && oj_rewrite_block(rewrite, block) == OJIT_OK && !z->failed;
	for (size_t s = 0; ok && s < count; s++) {
		const struct store *store = &block->stores.at[s];
		bool inside = space->arrays.at[store->array].role == ROLE_TEMP;
		z->changed = z->changed || (inside && store->value != before[s]);
		if (inside && sums_nothing(z, space, store->value, DEPTH))
			ok = oj_expr_map_put(&z->empty, store->array + 1, 1);
	}
	oj_memory_put(space->context, before, size);
	return ok;
}

static ojit_status rewritten(struct program *program, struct zeros *z, struct oj_error *error)
{
	struct rewrite rewrite = {.space = program->space, .node = of_node, .data = z};
	for (size_t b = 0; b < program->blocks.count; b++)
		if (!rewrite_block(&rewrite, &program->blocks.at[b]))
			return oj_fail_memory(error);
	return OJIT_OK;
}

/* ---------------------------------------------------------------- arrays of their own */

static ojit_expr of_load(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	const uint32_t *own = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	return n->op == OP_LOAD && own[n->ref.id] ? oj_load(g, own[n->ref.id], n->arity, operands) : oj_remake(g, e, operands);
}

/* own[a]: the array that stands for `a`, 0: itself. */
static bool move_stores(struct program *program, uint32_t *own, size_t count)
{
	struct space *space = program->space;
	for (size_t b = 0; b < program->blocks.count; b++)
		for (size_t s = 0; s < program->blocks.at[b].stores.count; s++) {
			struct store *store = &program->blocks.at[b].stores.at[s];
			struct array like = space->arrays.at[store->array];
			if (like.role != ROLE_TEMP || store->array >= count)
				continue;
			if (!own[store->array])
				own[store->array] = oj_space_array(space, like.name, ROLE_TEMP, like.rank, like.base, like.extent, 0);
			store->array = own[store->array];
			if (store->array == UINT32_MAX)
				return false;
		}
	return true;
}

static ojit_status set_apart(struct program *program, struct oj_error *error)
{
	ojit_context *context = program->space->context;
	size_t count = program->space->arrays.count, size = (count + 1) * sizeof(uint32_t);
	uint32_t *own = oj_memory_get(context, size);
	struct rewrite rewrite = {.space = program->space, .node = of_load, .data = own};
	if (own)
		memset(own, 0, size);
	bool ok = own && move_stores(program, own, count);
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = oj_rewrite_block(&rewrite, &program->blocks.at[b]) == OJIT_OK;
	oj_memory_put(context, own, size);
	return ok ? OJIT_OK : oj_fail_memory(error);
}

static bool is_fixed(struct zeros *z, const struct space *space, const struct block *block, const struct store *store)
{
	const struct array *array = &space->arrays.at[store->array];
	bool whole = array->role == ROLE_OUT && array->rank == block->rank && oj_block_points(block) == oj_array_length(array);
	for (uint32_t k = 0; whole && k < block->rank; k++)
		whole = oj_is(&space->graph, store->index[k], OP_INDEX) && oj_node(&space->graph, store->index[k])->integer == k;
	return whole && (oj_is(&space->graph, store->value, OP_LITERAL) ||
	                 (oj_is_of_indices(&space->graph, store->value) && has_zeros(z, space, store->value)));
}

/* What prepare stores lies in an array, and what others load in the one behind it (hoist.c). */
static bool find_fixed(struct zeros *z, const struct program *prepare)
{
	const struct space *space = prepare->space;
	bool ok = true;
	for (size_t b = 0; ok && b < prepare->blocks.count; b++)
		for (size_t s = 0; ok && s < prepare->blocks.at[b].stores.count; s++) {
			const struct store *store = &prepare->blocks.at[b].stores.at[s];
			if (s == 0)
				enter_block(z, &prepare->blocks.at[b]);
			if (is_fixed(z, space, &prepare->blocks.at[b], store))
				ok = oj_expr_map_put(&z->fixed, store->array + 2, store->value);
		}
	return ok;
}

/* What indices decide is 0 in boxes of its own then, which is looked at again. */
static ojit_status drop_zeros(struct program *program, struct zeros *z, struct program *values, struct oj_error *error)
{
	struct pass_options options = {.law = LAW_EXACT};
	TRY(rewritten(program, z, error));
	if (z->chosen) {
		z->chooses = false;
		TRY(oj_pass_split(program, &options, error));
		TRY(rewritten(program, z, error));
	}
	return values && z->changed ? set_apart(values, error) : OJIT_OK;
}

ojit_status oj_drop_zeros(struct program *program, const struct program *prepare, struct program *values,
                          struct oj_error *error)
{
	struct zeros z = {.chooses = true};
	oj_expr_map_init(&z.empty, program->space->context);
	oj_expr_map_init(&z.fixed, program->space->context);
	bool ok = oj_keeps_finite(program, &z.finite) && oj_known_open(&z.known, program->space, prepare) &&
	          (!prepare || find_fixed(&z, prepare));
	ojit_status status = ok ? drop_zeros(program, &z, values, error) : oj_fail_memory(error);
	oj_expr_map_drop(&z.empty);
	oj_expr_map_drop(&z.fixed);
	status = status == OJIT_OK && (z.failed || z.known.failed) ? oj_fail_memory(error) : status;
	oj_known_close(&z.known);
	return status;
}
