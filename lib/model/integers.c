/* Whole numbers beyond sums of multiples of indices.
 *
 * What is no such sum (i*j, mod(i, 3), floor(i/2)) but depends on indices with
 * known ranges only is computed here for all their values and becomes a table, so
 * that later passes only ever see sums and tables. */
#include "lib/model/translate.h"

#include <math.h>
#include <string.h>

/* Push what a walk over terms goes on with. */
static ojit_status push_operands(struct lowering *low, uint32_t term, struct expr_list *stack, bool into_names)
{
	bool skipped = oj_term(low->forest, term)->kind == TERM_NAME && !into_names;
	return skipped || oj_push_unseen(low, term, stack) ? OJIT_OK : oj_fail_memory(low->error);
}

/* Which open levels a term mentions, as bits. */
static ojit_status levels_of(struct translator *t, ojit_expr term, bool into_names, uint64_t *levels)
{
	struct expr_list stack = {0};
	struct lowering *low = t->low;
	low->stamp++;
	*levels = 0;
	ojit_status status = VECTOR_PUSH(low->context, &stack.list, term) ? OJIT_OK : oj_fail_memory(low->error);
	while (status == OJIT_OK && stack.list.count > 0) {
		uint32_t at = stack.list.at[--stack.list.count];
		for (uint32_t k = 0; k < t->levels; k++)
			if (t->indices[k].index == at)
				*levels |= (uint64_t)1 << k;
		status = push_operands(low, at, &stack, into_names);
	}
	VECTOR_DROP(low->context, &stack.list);
	return status;
}

/* Range of one atom or sum; `depth` bounds the recursion through min and max. */
static bool range_of(const struct translator *t, ojit_expr e, int depth, int64_t *lo, int64_t *hi)
{
	const struct graph *g = &t->space->graph;
	const struct node *n = oj_node(g, e);
	struct affine a;
	int64_t l, h, l2, h2;
	if (oj_integer_value(g, e, lo)) {
		*hi = *lo;
		return true;
	}
	if (depth == 0)
		return false;
	switch ((enum op)n->op) {
	case OP_INDEX:
		*lo = t->indices[n->integer].lo, *hi = t->indices[n->integer].hi;
		return t->indices[n->integer].known && *lo <= *hi;
	case OP_TABLE:
		*lo = t->space->tables.at[n->ref.id].least, *hi = t->space->tables.at[n->ref.id].greatest;
		return true;
	case OP_WRAP:
		*lo = g->coefficients.at[n->ref.id], *hi = *lo + g->coefficients.at[n->ref.id + 1] - 1;
		return true;
	case OP_IMIN: case OP_IMAX:
		if (!range_of(t, oj_operands(g, e)[0], depth - 1, &l, &h) || !range_of(t, oj_operands(g, e)[1], depth - 1, &l2, &h2))
			return false;
		*lo = (l < l2) == (n->op == OP_IMIN) ? l : l2;
		*hi = (h < h2) == (n->op == OP_IMIN) ? h : h2;
		return true;
	case OP_AFFINE:
		oj_affine(g, e, &a);
		*lo = *hi = a.constant;
		for (uint32_t k = 0; k < a.count; k++) {
			int64_t c = a.coefficients[k], small, large;
			if (!range_of(t, a.atoms[k], depth - 1, &l, &h) ||
			    __builtin_mul_overflow(c, c < 0 ? h : l, &small) || __builtin_mul_overflow(c, c < 0 ? l : h, &large) ||
			    __builtin_add_overflow(*lo, small, lo) || __builtin_add_overflow(*hi, large, hi))
				return false;
		}
		return true;
	default:
		return false;
	}
}

bool oj_known_range(const struct translator *t, ojit_expr node, int64_t *lo, int64_t *hi)
{
	return range_of(t, node, 40, lo, hi);
}

ojit_status oj_subscript_wrap(struct translator *t, ojit_expr term, ojit_expr *node)
{
	uint64_t levels, wraps = 0;
	const struct scope_index *found = NULL;
	for (uint32_t k = 0; k < t->levels; k++)
		wraps |= (uint64_t)t->indices[k].wrap << k;
	if (wraps == 0 || oj_term(t->low->forest, term)->kind == TERM_INDEX)
		return OJIT_OK;
	TRY(levels_of(t, term, false, &levels));
	for (uint32_t k = 0; k < t->levels; k++) {
		const struct scope_index *index = &t->indices[k];
		if (!(levels & wraps) || !(levels & wraps & (uint64_t)1 << k))
			continue;
		if (found && (found->lo != index->lo || found->hi != index->hi))
			return oj_fail_place(t->low, oj_term(t->low->forest, term)->place, OJIT_SHAPE,
			                     "this subscript has two wrapping indices with different ranges; use mod for one");
		found = index;
	}
	if (found)
		*node = oj_integer_wrap(&t->space->graph, *node, found->lo, found->hi - found->lo + 1);
	return *node ? OJIT_OK : oj_fail_memory(t->low->error);
}

/* The open indices a term depends on, at most three, with known ranges. */
struct domain {
	uint32_t rank;
	uint32_t levels[RANK];
	ojit_expr indices[RANK];
	int64_t lo[RANK], end[RANK];
};

/* `obstacle` says why there is no such domain; NULL: there is one. */
static ojit_status domain_of(struct translator *t, ojit_expr term, struct domain *d, const char **obstacle)
{
	uint64_t levels;
	double points = 1;
	*d = (struct domain){0};
	*obstacle = NULL;
	TRY(levels_of(t, term, true, &levels));
	for (uint32_t k = 0; k < t->levels; k++) {
		const struct scope_index *index = &t->indices[k];
		if (!(levels >> k & 1))
			continue;
		if (!index->known || index->hi < index->lo)
			*obstacle = "has an index whose range is not known when compiling";
		else if (d->rank == RANK)
			*obstacle = "depends on more than three indices at once";
		if (*obstacle)
			return OJIT_OK;
		points *= (double)(index->hi - index->lo + 1);
		d->levels[d->rank] = k;
		d->indices[d->rank] = index->index;
		d->lo[d->rank] = index->lo;
		d->end[d->rank++] = index->hi + 1;
	}
	if (points > (double)(1 << 26))
		*obstacle = "has more than 2^26 values";
	return OJIT_OK;
}

static ojit_status make_table(struct translator *t, ojit_expr term, const struct domain *d, double *values, ojit_expr *out)
{
	struct graph *g = &t->space->graph;
	int64_t extent[RANK] = {0};
	uint32_t table, copy, place = oj_term(t->low->forest, term)->place;
	ojit_expr indices[RANK] = {0};
	TRY(oj_tabulate(t->low, term, d->rank, d->indices, d->lo, d->end, values));
	for (uint32_t k = 0; k < d->rank; k++) {
		extent[k] = d->end[k] - d->lo[k];
		indices[k] = oj_index(g, d->levels[k]);
		if (!indices[k])
			return oj_fail_memory(t->low->error);
	}
	TRY(oj_add_table(t->low, "", place, d->rank, d->lo, extent, values, &table, &copy));
	*out = oj_table(g, t->space == &t->low->statics ? copy : table, d->rank, indices);
	return *out ? OJIT_OK : oj_fail_memory(t->low->error);
}

ojit_status oj_tabulate_term(struct translator *t, ojit_expr term, ojit_expr *out)
{
	struct lowering *low = t->low;
	struct domain d;
	const char *obstacle;
	if (low->tabulating > 50)
		return oj_fail_place(low, oj_term(low->forest, term)->place, OJIT_UNSUPPORTED,
		                     "whole numbers in whole numbers nest too deeply here; use index tables");
	TRY(domain_of(t, term, &d, &obstacle));
	if (obstacle)
		return oj_fail_place(low, oj_term(low->forest, term)->place, OJIT_UNSUPPORTED, "this whole number is no sum of "
		                     "multiples of indices and %s; use an index table", obstacle);
	if (d.rank == 0) {
		int64_t value;
		TRY(oj_constant_integer(low, term, "here", &value));
		*out = oj_integer(&t->space->graph, value);
		return *out ? OJIT_OK : oj_fail_memory(low->error);
	}
	struct range box[RANK];
	for (uint32_t k = 0; k < d.rank; k++)
		box[k] = (struct range){d.lo[k], d.end[k]};
	size_t bytes = (size_t)oj_box_points(d.rank, box) * sizeof(double);
	double *values = oj_memory_get(low->context, bytes);
	if (!values)
		return oj_fail_memory(low->error);
	low->tabulating++;
	ojit_status status = make_table(t, term, &d, values, out);
	low->tabulating--;
	oj_memory_put(low->context, values, bytes);
	return status;
}

/* The tables made here have no name. */
static bool is_tabulated(const struct translator *t, ojit_expr e)
{
	const struct node *n = oj_node(&t->space->graph, e);
	return n->op == OP_TABLE && t->space->tables.at[n->ref.id].name[0] == '\0';
}

ojit_status oj_settle_integer(struct translator *t, ojit_expr term, ojit_expr *node)
{
	struct affine a;
	struct domain d;
	const char *obstacle;
	bool tabulated = false;
	oj_affine(&t->space->graph, *node, &a);
	for (uint32_t k = 0; k < a.count; k++)
		tabulated = tabulated || is_tabulated(t, a.atoms[k]);
	if (a.count < 2 || !tabulated)
		return OJIT_OK;
	TRY(domain_of(t, term, &d, &obstacle));
	return obstacle ? OJIT_OK : oj_tabulate_term(t, term, node);
}
