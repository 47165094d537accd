/* See rewrite.h. */
#include "lib/graph/rewrite.h"

#include "lib/graph/passes.h"

#include <string.h>

/* What nodes become.  Which nodes is known beforehand, in order: each has a place for
 * every number from the first to the last where they lie close together, else it is
 * searched for. */
struct replacements {
	struct expr_list nodes;
	ojit_expr *to; /* [room], 0: not known */
	size_t room;
	bool close;
};

/* Those without index variables in one for the whole rewriting, the others in one a
 * body. */
struct memo {
	struct replacements open;
	struct expr_list operands;
};

static void replacements_drop(struct replacements *r, ojit_context *context)
{
	oj_memory_put(context, r->to, r->room * sizeof *r->to);
	VECTOR_DROP(context, &r->nodes.list);
}

/* Make ready for r->nodes. */
static bool replacements_open(struct replacements *r, ojit_context *context)
{
	enum { SPARSE = 8 };
	const ojit_expr *at = r->nodes.list.at;
	size_t count = r->nodes.list.count, span = count ? at[count - 1] - at[0] + 1 : 0;
	r->close = span / SPARSE <= count;
	size_t room = r->close ? span : count;
	if (room == 0)
		return true;
	r->to = oj_memory_get(context, room * sizeof *r->to);
	if (!r->to)
		return false;
	r->room = room;
	memset(r->to, 0, room * sizeof *r->to);
	return true;
}

/* Where what `e` becomes stands; NULL: it is none of the nodes. */
static ojit_expr *replacement_of(const struct replacements *r, ojit_expr e)
{
	size_t low = 0, high = r->nodes.list.count;
	if (r->room == 0 || e < r->nodes.list.at[0] || e > r->nodes.list.at[high - 1])
		return NULL;
	if (r->close)
		return &r->to[e - r->nodes.list.at[0]];
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (r->nodes.list.at[middle] <= e)
			low = middle;
		else
			high = middle;
	}
	return r->nodes.list.at[low] == e ? &r->to[low] : NULL;
}

static ojit_expr replacement(const struct replacements *r, ojit_expr e)
{
	const ojit_expr *to = replacement_of(r, e);
	return to ? *to : 0;
}

static struct replacements *home_of(struct rewrite *rewrite, struct memo *memo, ojit_expr e)
{
	bool closed = rewrite->closed && oj_node(&rewrite->space->graph, e)->levels == 0;
	return closed ? rewrite->closed : &memo->open;
}

static bool mapped_operands(struct rewrite *rewrite, struct memo *memo, ojit_expr e, uint32_t count)
{
	const struct graph *g = &rewrite->space->graph;
	memo->operands.list.count = 0;
	for (uint32_t i = 0; i < count; i++) {
		ojit_expr o = oj_operands(g, e)[i];
		bool kept = rewrite->keep_closed && oj_node(g, o)->levels == 0;
		ojit_expr to = kept ? o : replacement(home_of(rewrite, memo, o), o);
		if (!to || !VECTOR_PUSH(g->context, &memo->operands.list, to))
			return false;
	}
	return true;
}

static ojit_expr rewrite_one(struct rewrite *rewrite, struct memo *memo, ojit_expr e)
{
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	bool whole = n->op == OP_REDUCE && rewrite->reduction;
	if (!mapped_operands(rewrite, memo, e, whole ? REDUCE_BODY : n->arity))
		return 0;
	const ojit_expr *operands = memo->operands.list.at;
	if (whole)
		return rewrite->reduction(rewrite, e, operands);
	if (rewrite->node)
		return rewrite->node(rewrite, e, operands);
	if (n->op == OP_REDUCE)
		return oj_simplified_reduction(rewrite->space, e, operands);
	return oj_simplified(g, e, operands);
}

static bool rewrite_list(struct rewrite *rewrite, struct memo *memo, const struct expr_list *list, bool closed)
{
	for (size_t i = 0; i < list->list.count; i++) {
		ojit_expr e = list->list.at[i];
		struct replacements *home = home_of(rewrite, memo, e);
		if (closed != (home == rewrite->closed) || replacement(home, e))
			continue;
		ojit_expr to = rewrite_one(rewrite, memo, e), *place = replacement_of(home, e);
		if (!to || !place)
			return false;
		*place = to;
	}
	return true;
}

/* Closed nodes at any depth first and in order, so that a closed reduction inside
 * of another is done before it and nesting costs neither time nor stack. */
static bool rewrite_closed(struct rewrite *rewrite, struct memo *memo, const ojit_expr *roots, size_t count)
{
	const struct graph *g = &rewrite->space->graph;
	struct replacements *closed = rewrite->closed;
	return oj_reach(g, roots, count, true, &closed->nodes) && replacements_open(closed, g->context) &&
	       rewrite_list(rewrite, memo, &closed->nodes, true);
}

static bool rewrite_open(struct rewrite *rewrite, struct memo *memo, ojit_expr *roots, size_t count)
{
	const struct graph *g = &rewrite->space->graph;
	struct expr_list *list = &memo->open.nodes;
	bool open = rewrite->closed || rewrite->keep_closed;
	bool ok = open ? oj_reach_open(g, roots, count, list) : oj_reach(g, roots, count, true, list);
	ok = ok && replacements_open(&memo->open, g->context) && rewrite_list(rewrite, memo, list, false);
	for (size_t i = 0; ok && i < count; i++)
		if (roots[i] && !(rewrite->keep_closed && oj_node(g, roots[i])->levels == 0))
			ok = (roots[i] = replacement(home_of(rewrite, memo, roots[i]), roots[i])) != 0;
	return ok;
}

ojit_status oj_rewrite(struct rewrite *rewrite, ojit_expr *roots, size_t count)
{
	ojit_context *context = rewrite->space->context;
	struct replacements closed = {0}, *outer = rewrite->closed;
	struct memo memo = {0};
	if (rewrite->reduction && !outer && !rewrite->keep_closed)
		rewrite->closed = &closed;
	bool ok = (outer || !rewrite->closed || rewrite_closed(rewrite, &memo, roots, count)) &&
	          rewrite_open(rewrite, &memo, roots, count);
	rewrite->closed = outer;
	VECTOR_DROP(context, &memo.operands.list);
	replacements_drop(&memo.open, context);
	replacements_drop(&closed, context);
	return ok && !rewrite->space->graph.failed ? OJIT_OK : OJIT_OUT_OF_MEMORY;
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

ojit_expr oj_fixed_entry(struct space *space, ojit_expr e, const ojit_expr *operands)
{
	const struct table *table = &space->tables.at[oj_node(&space->graph, e)->ref.id];
	int64_t at = 0;
	for (uint32_t k = 0; k < table->rank; k++) {
		int64_t index;
		if (!oj_integer_value(&space->graph, operands[k], &index) || index < table->base[k] ||
		    index - table->base[k] >= table->extent[k])
			return 0;
		at = at * table->extent[k] + index - table->base[k];
	}
	return oj_integer(&space->graph, space->table_data.at[table->offset + at]);
}

static ojit_expr substitute_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	const struct substitution *s = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	const struct node *n = oj_node(g, e);
	if (n->op == OP_INDEX)
		return s->index[n->integer] ? s->index[n->integer] : e;
	ojit_expr entry = n->op == OP_TABLE ? oj_fixed_entry(rewrite->space, e, operands) : 0;
	return entry ? entry : oj_simplified(g, e, operands);
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
	uint32_t levels = 0;
	for (uint32_t k = 0; k < count; k++) {
		s.index[k] = index[k];
		levels |= index[k] ? 1u << k : 0;
	}
	if (!(oj_node(&space->graph, e)->levels & levels))
		return e; /* nothing to replace */
	struct rewrite rewrite = {.space = space, .node = substitute_node,
	                          .reduction = substitute_reduction, .data = &s, .keep_closed = true};
	return oj_rewrite(&rewrite, &e, 1) == OJIT_OK ? e : 0;
}
