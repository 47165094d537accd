/* See series.h: the table.  What its entries are is series_rules.c. */
#include "lib/graph/series_rules.h"

#include "lib/graph/passes.h"

#include <string.h>

void oj_series_init(struct series *s, struct space *space, int order, bool fused)
{
	*s = (struct series){.space = space, .graph = &space->graph, .order = order, .fused = fused,
	                     .degrees = {.space = space}};
	oj_expr_map_init(&s->position, space->context);
}

void oj_series_drop(struct series *s)
{
	ojit_context *context = s->space->context;
	oj_memory_put(context, s->values, s->bytes);
	VECTOR_DROP(context, &s->nodes);
	VECTOR_DROP(context, &s->terms.list);
	oj_expr_map_drop(&s->position);
	oj_degrees_drop(&s->degrees);
}

bool oj_series_find(const struct series *s, ojit_expr e, size_t *at)
{
	uint32_t place = 0;
	bool found = oj_expr_map_get(&s->position, e, &place);
	*at = place - 1;
	return found;
}

static bool add_node(struct series *s, ojit_expr e)
{
	size_t at;
	bool ok = true;
	if (oj_type(s->graph, e) == INTEGER || oj_series_find(s, e, &at))
		return true;
	struct series_node node = {.e = e, .degree = (uint16_t)oj_degree(&s->degrees, e, &ok)};
	return ok && VECTOR_PUSH(s->space->context, &s->nodes, node) &&
	       oj_expr_map_put(&s->position, e, (uint32_t)s->nodes.count);
}

static bool add_reached(struct series *s, const ojit_expr *roots, size_t count)
{
	struct expr_list list = {0};
	bool ok = oj_reach(s->graph, roots, count, true, &list);
	for (size_t i = 0; ok && i < list.list.count; i++)
		ok = add_node(s, list.list.at[i]);
	VECTOR_DROP(s->space->context, &list.list);
	return ok;
}

/* Auxiliaries behind all that is there, and theirs behind them. */
static bool add_auxiliaries(struct series *s)
{
	bool ok = true;
	for (size_t i = 0; ok && i < s->nodes.count; i++) {
		struct series_node *node = &s->nodes.at[i];
		if (node->degree == 0)
			continue;
		ojit_expr w = oj_series_auxiliary(s->graph, node->e);
		node->auxiliary = w;
		ok = !s->graph->failed && (!w || add_reached(s, &w, 1));
	}
	return ok;
}

bool oj_series_take(struct series *s, const ojit_expr *roots, size_t count)
{
	if (!add_reached(s, roots, count) || !add_auxiliaries(s))
		return false;
	for (size_t i = 0; i < s->nodes.count; i++)
		if (s->nodes.at[i].degree)
			oj_series_mark(s, &s->nodes.at[i]);
	size_t entries = (size_t)(s->order + 1) * s->nodes.count;
	s->bytes = 2 * entries * sizeof *s->values;
	if (s->bytes == 0)
		return true;
	s->values = oj_memory_get(s->space->context, s->bytes);
	if (!s->values)
		return false;
	memset(s->values, 0, s->bytes);
	s->slopes = s->values + entries;
	return true;
}

ojit_expr oj_series_value(struct series *s, ojit_expr e, int k)
{
	size_t at;
	if (!oj_series_find(s, e, &at))
		return k == 0 ? e : 0; /* integers */
	return *oj_series_entry(s, s->values, at, k);
}

/* Coefficient 0: the operator itself, of its operands' coefficients 0. */
static ojit_expr first_coefficient(struct series *s, ojit_expr e)
{
	uint32_t arity = oj_node(s->graph, e)->arity;
	s->terms.list.count = 0;
	for (uint32_t i = 0; i < arity; i++) {
		ojit_expr operand = oj_series_value(s, oj_operands(s->graph, e)[i], 0);
		s->failed = s->failed || !VECTOR_PUSH(s->space->context, &s->terms.list, operand);
	}
	const ojit_expr *operands = s->terms.list.at;
	s->terms.list.count = 0;
	if (s->failed)
		return 0;
	return oj_is(s->graph, e, OP_REDUCE) ? oj_simplified_reduction(s->space, e, operands)
	                                     : oj_simplified(s->graph, e, operands);
}

ojit_expr oj_series_compute(struct series *s, size_t at, int k)
{
	const struct series_node *node = &s->nodes.at[at];
	ojit_expr *entry = oj_series_entry(s, s->values, at, k);
	if (k > node->degree || s->failed)
		return *entry = 0;
	if (k > 0)
		return *entry = oj_series_recur(s, node, k);
	*entry = first_coefficient(s, node->e);
	s->failed = s->failed || *entry == 0;
	return *entry;
}
