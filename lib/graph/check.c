/* Is everything a block reads defined?  What pass split could not turn into a load
 * that stays inside of its array is an error here, which names the index. */
#include "lib/graph/passes.h"

struct checker {
	struct surroundings around;
	const struct block *block;
	struct oj_error *error;
};

static void add_subscripts(struct text *text, const char *name, const int64_t *index, uint32_t rank)
{
	oj_text_string(text, name);
	for (uint32_t k = 0; k < rank; k++)
		oj_text_format(text, "%s%lld", k ? "," : "[", (long long)index[k]);
	oj_text_string(text, "]");
}

static void add_ranges(struct text *text, const char *name, uint32_t rank, const int64_t *base,
                       const int64_t *extent)
{
	oj_text_string(text, name);
	for (uint32_t k = 0; k < rank; k++)
		oj_text_format(text, "%s%lld..%lld", k ? ", " : "[", (long long)base[k],
		               (long long)(base[k] + extent[k] - 1));
	oj_text_string(text, "]");
}

static bool in_some_piece(const struct symbol *symbol, const int64_t *index)
{
	for (size_t p = 0; p < symbol->pieces.count; p++) {
		const struct piece *piece = &symbol->pieces.at[p];
		bool inside = true;
		for (uint32_t k = 0; k < symbol->rank; k++)
			inside = inside && index[k] >= piece->base[k] && index[k] < piece->base[k] + piece->extent[k];
		if (inside)
			return true;
	}
	return false;
}

enum { TRIES = 1 << 16 };

/* The next value after `index` where pieces of an axis can change, up to `greatest`;
 * past it: the first, `least`, and true is not returned. */
static bool next_border(const struct symbol *symbol, uint32_t axis, int64_t least, int64_t greatest, int64_t *index)
{
	int64_t next = greatest;
	bool more = *index < greatest;
	for (size_t p = 0; p < symbol->pieces.count; p++) {
		const struct piece *piece = &symbol->pieces.at[p];
		int64_t borders[2] = {piece->base[axis], piece->base[axis] + piece->extent[axis]};
		for (int i = 0; i < 2; i++)
			if (borders[i] > *index && borders[i] < next)
				next = borders[i];
	}
	*index = more ? next : least;
	return more;
}

/* An index the access can have that no piece holds.  Looking where pieces begin and
 * end is enough.  False: there is none, so the pieces together hold them all. */
static bool offending_index(const struct symbol *symbol, const int64_t *least, const int64_t *greatest, int64_t *index)
{
	for (uint32_t k = 0; k < symbol->rank; k++)
		index[k] = least[k];
	for (int tries = 0; tries < TRIES; tries++) {
		if (!in_some_piece(symbol, index))
			return true;
		uint32_t axis = 0;
		while (axis < symbol->rank && !next_border(symbol, axis, least[axis], greatest[axis], &index[axis]))
			axis++;
		if (axis == symbol->rank)
			return false;
	}
	return false;
}

static ojit_status report_symbol(struct checker *s, ojit_expr e)
{
	struct space *space = s->around.space;
	struct node n = *oj_node(&space->graph, e);
	const struct symbol *symbol = &space->symbols.at[n.ref.id];
	const struct origin *origin = &space->origins.at[n.ref.info ? n.ref.info : s->block->origin];
	int64_t least[RANK], greatest[RANK], index[RANK];
	struct text text;
	oj_text_init(&text, space->context);
	bool known = true;
	for (uint32_t k = 0; k < n.arity; k++) {
		ojit_expr axis = oj_operands(&space->graph, e)[k];
		known = known && oj_bounds(&s->around, axis, &least[k], &greatest[k]);
	}
	if (space->graph.failed) {
		oj_text_drop(&text);
		return oj_fail_memory(s->error);
	}
	bool undefined = known && offending_index(symbol, least, greatest, index);
	if (undefined) {
		oj_text_string(&text, "this can reach ");
		add_subscripts(&text, symbol->name, index, n.arity);
		oj_text_string(&text, ", which is not defined; there is ");
	} else if (known) {
		oj_text_format(&text, "which part of %s this is depends on more than one index or on a table; there is ",
		               symbol->name);
	} else {
		oj_text_format(&text, "nothing bounds this subscript of %s; there is ", symbol->name);
	}
	for (size_t p = 0; p < symbol->pieces.count; p++) {
		const struct piece *piece = &symbol->pieces.at[p];
		if (p)
			oj_text_string(&text, p + 1 < symbol->pieces.count ? ", " : " and ");
		add_ranges(&text, symbol->name, symbol->rank, piece->base, piece->extent);
	}
	oj_text_string(&text, undefined || !known
	                              ? ". Extend it with a `let`, make the index `wrap`, or narrow the range"
	                              : ". Copy the parts into one array with a `let`");
	ojit_status status = oj_fail_at(s->error, OJIT_RANGE, origin, "%s", oj_text_get(&text));
	oj_text_drop(&text);
	return status;
}

/* LOAD or TABLE `e` can have subscript `index` on an axis. */
static ojit_status report_access(struct checker *s, ojit_expr e, uint32_t axis, int64_t index)
{
	struct space *space = s->around.space;
	const struct origin *origin = &space->origins.at[s->block->origin];
	struct node n = *oj_node(&space->graph, e);
	struct text text;
	oj_text_init(&text, space->context);
	if (n.op == OP_LOAD) {
		const struct array *a = &space->arrays.at[n.ref.id];
		add_ranges(&text, a->name, a->rank, a->base, a->extent);
	} else {
		const struct table *t = &space->tables.at[n.ref.id];
		add_ranges(&text, t->name, t->rank, t->base, t->extent);
	}
	const char *name = oj_text_get(&text);
	ojit_status status =
		index == INT64_MIN
			? oj_fail_at(s->error, OJIT_RANGE, origin,
		                     "nothing bounds subscript %u of %s here. Simplify it", axis + 1, name)
			: oj_fail_at(s->error, OJIT_RANGE, origin,
		                     "subscript %u of %s can be %lld here. Narrow the range", axis + 1, name, (long long)index);
	oj_text_drop(&text);
	return status;
}

static ojit_status check_open(struct checker *s, const ojit_expr *roots, size_t count);

/* Neither a symbol that is left nor an access out of range. */
static ojit_status check_node(struct checker *s, ojit_expr e)
{
	struct graph *g = &s->around.space->graph;
	struct node n = *oj_node(g, e);
	uint32_t axis;
	int64_t index;
	if (n.op == OP_SYMBOL)
		return report_symbol(s, e);
	if ((n.op == OP_TABLE || n.op == OP_LOAD) && !oj_access_inside(&s->around, e, &axis, &index))
		return g->failed ? oj_fail_memory(s->error) : report_access(s, e, axis, index);
	if (n.op != OP_REDUCE)
		return OJIT_OK;
	ojit_expr lo = oj_operands(g, e)[REDUCE_LO], end = oj_operands(g, e)[REDUCE_END];
	ojit_expr body = oj_operands(g, e)[REDUCE_BODY];
	struct entered before = oj_enter(&s->around, n.reduction.level, lo, end);
	ojit_status status = check_open(s, &body, 1);
	oj_leave(&s->around, before);
	return status;
}

static ojit_status check_open(struct checker *s, const ojit_expr *roots, size_t count)
{
	struct graph *g = &s->around.space->graph;
	struct expr_list list = {0};
	ojit_status status = oj_reach_open(g, roots, count, &list) ? OJIT_OK : oj_fail_memory(s->error);
	for (size_t i = 0; status == OJIT_OK && i < list.list.count; i++)
		status = check_node(s, list.list.at[i]);
	VECTOR_DROP(g->context, &list.list);
	return status;
}

/* What depends on no index is looked at once, however deep it lies. */
ojit_status oj_check_block(struct space *space, const struct block *block, struct oj_error *error)
{
	struct checker checker = {.block = block, .error = error}, *s = &checker;
	struct expr_list list = {0};
	oj_surroundings_init(&s->around, space, block);
	ojit_status status = oj_block_reach(space, block, true, &list) ? OJIT_OK : oj_fail_memory(error);
	for (size_t i = 0; status == OJIT_OK && i < list.list.count; i++)
		if (oj_node(&space->graph, list.list.at[i])->levels == 0)
			status = check_node(s, list.list.at[i]);
	for (size_t i = 0; status == OJIT_OK && i < block->stores.count; i++)
		status = check_open(s, &block->stores.at[i].value, 1);
	VECTOR_DROP(space->context, &list.list);
	return space->graph.failed ? oj_fail_memory(error) : status;
}
