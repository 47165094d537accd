/* See rewrite.h. */
#include "lib/graph/rewrite.h"

#include "lib/graph/passes.h"

struct memo {
	struct expr_map map;
	VECTOR(ojit_expr) operands;
};

static bool mapped_operands(const struct graph *g, struct memo *memo, ojit_expr e, uint32_t count)
{
	memo->operands.count = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t to = 0;
		oj_expr_map_get(&memo->map, oj_operands(g, e)[i], &to);
		if (!VECTOR_PUSH(g->context, &memo->operands, to))
			return false;
	}
	return true;
}

static ojit_expr rewrite_one(struct rewrite *rewrite, struct memo *memo, ojit_expr e)
{
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	bool whole = n->op == OP_REDUCE && rewrite->reduction;
	if (!mapped_operands(g, memo, e, whole ? REDUCE_BODY : n->arity))
		return 0;
	for (size_t i = 0; i < memo->operands.count; i++)
		if (!memo->operands.at[i])
			return 0;
	if (whole)
		return rewrite->reduction(rewrite, e, memo->operands.at);
	if (rewrite->node)
		return rewrite->node(rewrite, e, memo->operands.at);
	if (n->op == OP_REDUCE)
		return oj_simplified_reduction(rewrite->space, e, memo->operands.at);
	return oj_simplified(g, e, memo->operands.at);
}

ojit_status oj_rewrite(struct rewrite *rewrite, ojit_expr *roots, size_t count)
{
	struct graph *g = &rewrite->space->graph;
	struct expr_list list = {0};
	struct memo memo = {0};
	oj_expr_map_init(&memo.map, g->context);
	bool ok = oj_reach(g, roots, count, !rewrite->reduction, &list);
	for (size_t i = 0; ok && i < list.list.count; i++) {
		ojit_expr e = list.list.at[i], to = rewrite_one(rewrite, &memo, e);
		ok = to && oj_expr_map_put(&memo.map, e, to);
	}
	for (size_t i = 0; ok && i < count; i++)
		if (roots[i])
			oj_expr_map_get(&memo.map, roots[i], &roots[i]);
	VECTOR_DROP(g->context, &list.list);
	VECTOR_DROP(g->context, &memo.operands);
	oj_expr_map_drop(&memo.map);
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

ojit_status oj_rewrite_block(struct rewrite *rewrite, struct block *block)
{
	ojit_context *context = rewrite->space->context;
	VECTOR(ojit_expr) roots = {0};
	bool ok = true;
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		ok = VECTOR_PUSH(context, &roots, store->value);
		for (uint32_t k = 0; ok && k < RANK; k++)
			ok = VECTOR_PUSH(context, &roots, store->index[k]);
	}
	ok = ok && oj_rewrite(rewrite, roots.at, roots.count) == OJIT_OK;
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		struct store *store = &block->stores.at[s];
		store->value = roots.at[s * (1 + RANK)];
		for (uint32_t k = 0; k < RANK; k++)
			store->index[k] = roots.at[s * (1 + RANK) + 1 + k];
	}
	VECTOR_DROP(context, &roots);
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

/* Substitution.  Reductions inside may stand at a level the new indices use, so
 * their bodies are rewritten with their own index moved above everything. */

struct substitution {
	ojit_expr index[LEVELS]; /* 0: stays */
};

static ojit_expr substitute_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	const struct substitution *s = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	if (n->op == OP_INDEX)
		return s->index[n->integer] ? s->index[n->integer] : e;
	return oj_simplified(g, e, operands);
}

/* A level nothing in the substituted reduction uses. */
static unsigned free_level(const struct graph *g, const struct substitution *s, ojit_expr e,
                           const ojit_expr *outer)
{
	uint32_t used = oj_node(g, outer[0])->levels | oj_node(g, outer[1])->levels |
	                oj_node(g, outer[2])->levels;
	uint32_t body = oj_node(g, oj_operands(g, e)[REDUCE_BODY])->levels;
	unsigned own = oj_node(g, e)->reduction.level;
	for (unsigned k = 0; k < LEVELS; k++)
		if (k != own && body >> k & 1)
			used |= s->index[k] ? oj_node(g, s->index[k])->levels : 1u << k;
	return used ? 32 - (unsigned)__builtin_clz(used) : 0;
}

static ojit_expr substitute_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct graph *g = &rewrite->space->graph;
	struct substitution inner = *(const struct substitution *)rewrite->data;
	ojit_expr start = outer[REDUCE_START], lo = outer[REDUCE_LO], end = outer[REDUCE_END];
	struct reduction reduction = oj_node(g, e)->reduction;
	unsigned level = free_level(g, &inner, e, outer);
	if (level >= LEVELS)
		return 0;
	ojit_expr body = oj_operands(g, e)[REDUCE_BODY];
	inner.index[reduction.level] = oj_index(g, level);
	struct rewrite again = *rewrite;
	again.data = &inner;
	if (oj_rewrite(&again, &body, 1) != OJIT_OK)
		return 0;
	reduction.level = (uint16_t)level;
	return oj_reduce(g, reduction, start, lo, end, body);
}

ojit_expr oj_substitute(struct space *space, ojit_expr e, const ojit_expr *index, uint32_t count)
{
	struct substitution s = {0};
	for (uint32_t k = 0; k < count; k++)
		s.index[k] = index[k];
	struct rewrite rewrite = {.space = space, .node = substitute_node,
	                          .reduction = substitute_reduction, .data = &s};
	return oj_rewrite(&rewrite, &e, 1) == OJIT_OK ? e : 0;
}
