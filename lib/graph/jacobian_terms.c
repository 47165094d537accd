/* See jacobian_parts.h: terms, and the entries they make. */
#include "lib/graph/jacobian_parts.h"

#include "lib/graph/finite.h"

#include <stdlib.h>
#include <string.h>

int64_t *oj_jacobian_numbers(struct jacobian *j, int64_t count)
{
	size_t size = (size_t)(count + 1) * sizeof(int64_t);
	int64_t *made = oj_memory_get(j->space->context, size);
	if (made)
		memset(made, 0, size);
	return made;
}

void oj_jacobian_put(struct jacobian *j, int64_t *numbers, int64_t count)
{
	oj_memory_put(j->space->context, numbers, (size_t)(count + 1) * sizeof(int64_t));
}

/* ---------------------------------------------------------------- terms */

static int64_t flat(const struct space *space, uint32_t array, const ojit_expr *index, const int64_t *at)
{
	const struct array *a = &space->arrays.at[array];
	int64_t element = 0;
	for (uint32_t k = 0; k < a->rank; k++)
		element = element * a->extent[k] + oj_integer_at(space, index[k], at) - a->base[k];
	return element;
}

static bool add_term(struct jacobian *j, struct sparse *to, struct part *part, const int64_t *at, int64_t row,
                     int64_t column, int64_t entry)
{
	ojit_context *context = j->space->context;
	struct term term = {row, column, (uint32_t)to->parts.count, (uint32_t)part->count++, 0};
	bool ok = VECTOR_PUSH(context, &to->terms, term);
	for (uint32_t k = 0; ok && k < part->c.domain.count; k++)
		ok = VECTOR_PUSH(context, &part->index, at[part->c.domain.at[k].level]);
	return ok && VECTOR_PUSH(context, &part->index, entry);
}

/* What is known when compiling at a point. */
struct place {
	struct jacobian *j;
	const int64_t *at;
	bool alone; /* the term is the entry: nothing else is multiplied with it */
};
enum { LOOKED_INTO = 24 };

static bool vanishes(const struct place *p, ojit_expr e, int depth);

static bool is_known_zero(const struct place *p, ojit_expr e)
{
	double value;
	return oj_known_number(&p->j->known, e, p->at, &value) && value == 0;
}

static bool find_finite(struct jacobian *j, ojit_expr e)
{
	struct expr_list list = {0};
	bool ok = oj_reach(j->g, &e, 1, true, &list), finite = ok;
	for (size_t k = 0; finite && k < list.list.count; k++) {
		const struct node *n = oj_node(j->g, list.list.at[k]);
		enum array_role role = n->op == OP_LOAD ? j->space->arrays.at[n->ref.id].role : ROLE_STATE;
		finite = oj_node_keeps_finite(j->g, list.list.at[k]) && role != ROLE_TEMP && role != ROLE_DERIVED;
	}
	VECTOR_DROP(j->space->context, &list.list);
	j->failed = j->failed || !ok;
	return finite;
}

/* Is it finite where states, parameters and time are?  Asked at every point of a part. */
static bool stays_finite(struct jacobian *j, ojit_expr e)
{
	uint32_t known = 0;
	if (oj_expr_map_get(&j->stays_finite, e, &known))
		return known == 2;
	bool finite = find_finite(j, e);
	j->failed = !oj_expr_map_put(&j->stays_finite, e, 1u + finite) || j->failed;
	return finite;
}

static bool ask_kept(const struct place *p, ojit_expr e, int depth, bool (*ask)(const struct place *, ojit_expr, int));

/* Is it a sum over nothing, or made of one by factors?  That has no part, whatever it is multiplied with. */
static bool is_nothing(const struct place *p, ojit_expr e, int depth)
{
	const ojit_expr *o = oj_operands(p->j->g, e);
	const struct node *n = oj_node(p->j->g, e);
	bool any = false;
	if (depth == 0)
		return false;
	switch ((enum op)n->op) {
	case OP_REDUCE:
		return n->reduction.kind == REDUCE_SUM && oj_is(p->j->g, o[REDUCE_START], OP_LITERAL) &&
		       oj_node(p->j->g, o[REDUCE_START])->real == 0 &&
		       oj_integer_at(p->j->space, o[REDUCE_LO], p->at) >= oj_integer_at(p->j->space, o[REDUCE_END], p->at);
	case OP_NEG: case OP_DIV:
		return is_nothing(p, o[0], depth - 1);
	case OP_MUL: case OP_STRONG:
		for (uint32_t k = 0; !any && k < n->arity; k++)
			any = is_nothing(p, o[k], depth - 1);
		return any;
	case OP_LOAD:
		return ask_kept(p, e, depth - 1, is_nothing);
	default:
		return false;
	}
}

/* Is 0 times it 0, whatever the states are? */
static bool takes_zeros(const struct place *p, ojit_expr e)
{
	return p->j->finite || oj_is(p->j->g, e, OP_LITERAL) || (p->alone && stays_finite(p->j, e));
}

/* A factor that is 0 by chance leaves others in that are infinite. */
static bool product_vanishes(const struct place *p, ojit_expr e, int depth)
{
	const ojit_expr *o = oj_operands(p->j->g, e);
	uint32_t arity = oj_node(p->j->g, e)->arity, zero = 0;
	while (zero < arity && !vanishes(p, o[zero], depth))
		zero++;
	bool vanish = zero < arity;
	for (uint32_t k = 0; vanish && k < arity; k++)
		vanish = k == zero || takes_zeros(p, o[k]);
	return vanish || (zero < arity && is_nothing(p, e, depth));
}

/* Here it leaves out what comes second. */
static bool strong_product_vanishes(const struct place *p, ojit_expr e, int depth)
{
	const ojit_expr *o = oj_operands(p->j->g, e);
	return vanishes(p, o[0], depth) ||
	       (vanishes(p, o[1], depth) &&
	        (oj_is_known(&p->j->known, o[0]) || takes_zeros(p, o[0]) || is_nothing(p, o[1], depth)));
}

static bool all_vanish(const struct place *p, ojit_expr e, int depth)
{
	bool all = true;
	for (uint32_t k = 0; all && k < oj_node(p->j->g, e)->arity; k++)
		all = vanishes(p, oj_operands(p->j->g, e)[k], depth);
	return all;
}

static bool branch_vanishes(const struct place *p, ojit_expr e, int depth)
{
	const ojit_expr *o = oj_operands(p->j->g, e);
	int condition = oj_known_truth(&p->j->known, o[0], p->at, depth);
	return (condition == 0 || vanishes(p, o[1], depth)) && (condition == 1 || vanishes(p, o[2], depth));
}

/* What an intermediate's elements are made of.  What a sweep keeps lies in a block by itself, one
 * of the last.  NULL: several stores make it, or none. */
static const struct store *find_kept(const struct jacobian *j, uint32_t array)
{
	if (array < j->arrays)
		return j->of[array].several ? NULL : j->of[array].made_by;
	for (size_t b = j->made->blocks.count; b-- > 0;) {
		const struct block *block = &j->made->blocks.at[b];
		if (block->stores.count == 1 && block->stores.at[0].array == array)
			return &block->stores.at[0];
	}
	return NULL;
}

/* Asks about an intermediate's element. */
static bool ask_kept(const struct place *p, ojit_expr e, int depth, bool (*ask)(const struct place *, ojit_expr, int))
{
	const struct node *n = oj_node(p->j->g, e);
	const struct store *store = find_kept(p->j, n->ref.id);
	int64_t at[LEVELS] = {0};
	if (!store)
		return false;
	for (uint32_t k = 0; k < n->arity; k++)
		at[k] = oj_integer_at(p->j->space, oj_operands(p->j->g, e)[k], p->at);
	return ask(&(struct place){p->j, at, p->alone}, store->value, depth / 2); /* chains are not followed for long */
}

/* A sum, from 0, over a range that is empty there or of terms that all vanish. */
static bool sum_vanishes(const struct place *p, ojit_expr e, int depth)
{
	const ojit_expr *o = oj_operands(p->j->g, e);
	struct reduction reduction = oj_node(p->j->g, e)->reduction;
	if (reduction.kind != REDUCE_SUM || !vanishes(p, o[REDUCE_START], depth))
		return false;
	int64_t lo = oj_integer_at(p->j->space, o[REDUCE_LO], p->at), at[LEVELS];
	int64_t end = oj_integer_at(p->j->space, o[REDUCE_END], p->at);
	struct place turn = {p->j, at, p->alone};
	bool all = true;
	memcpy(at, p->at, sizeof at);
	for (int64_t k = lo; all && k < end; k++) {
		at[reduction.level] = k;
		all = vanishes(&turn, o[REDUCE_BODY], depth);
	}
	return all;
}

/* Is `e` 0 there, whatever states and parameters are, and no part of the term in other kernels either? */
static bool vanishes(const struct place *p, ojit_expr e, int depth)
{
	const ojit_expr *o = oj_operands(p->j->g, e);
	if (depth == 0)
		return false;
	switch ((enum op)oj_node(p->j->g, e)->op) {
	case OP_LITERAL:
		return oj_node(p->j->g, e)->real == 0;
	case OP_LOAD:
		return is_known_zero(p, e) || ask_kept(p, e, depth - 1, vanishes);
	case OP_NEG:
		return vanishes(p, o[0], depth - 1);
	case OP_DIV:
		return vanishes(p, o[0], depth - 1) &&
		       (p->j->finite || oj_is(p->j->g, o[1], OP_LITERAL) || is_nothing(p, o[0], depth - 1));
	case OP_MUL:
		return product_vanishes(p, e, depth - 1);
	case OP_STRONG:
		return strong_product_vanishes(p, e, depth - 1);
	case OP_ADD:
		return is_known_zero(p, e) || all_vanish(p, e, depth - 1);
	case OP_IF:
		return is_known_zero(p, e) || branch_vanishes(p, e, depth - 1);
	case OP_REDUCE:
		return is_known_zero(p, e) || sum_vanishes(p, e, depth - 1);
	default:
		return is_known_zero(p, e);
	}
}

/* Has a sum more terms here than there, and so none perhaps? */
static bool has_own_range(const struct graph *g, ojit_expr e)
{
	const ojit_expr *o = oj_operands(g, e);
	return oj_is(g, e, OP_REDUCE) && (oj_node(g, o[REDUCE_LO])->levels | oj_node(g, o[REDUCE_END])->levels);
}

/* May a part have no value at some of its points? */
static bool may_vanish(struct jacobian *j, ojit_expr e, int depth)
{
	const struct node *n = oj_node(j->g, e);
	const struct store *kept = n->op == OP_LOAD ? find_kept(j, n->ref.id) : NULL;
	bool may = false;
	if (depth == 0)
		return false;
	if (kept)
		return may_vanish(j, kept->value, depth / 2);
	if (n->levels && (n->op == OP_IF || has_own_range(j->g, e) || oj_is_known(&j->known, e)))
		return true;
	bool through = n->op == OP_MUL || n->op == OP_STRONG || n->op == OP_ADD, first = n->op == OP_NEG || n->op == OP_DIV;
	if (n->op == OP_REDUCE)
		return may_vanish(j, oj_operands(j->g, e)[REDUCE_BODY], depth - 1);
	for (uint32_t k = 0; !may && k < (through ? n->arity : first); k++)
		may = may_vanish(j, oj_operands(j->g, e)[k], depth - 1);
	return may;
}

bool oj_jacobian_terms(struct jacobian *j, struct sparse *to, struct part *part, const struct store *store)
{
	const struct array *stored = &j->space->arrays.at[store->array], *read = &j->space->arrays.at[part->c.array];
	const struct sparse *source = part->source ? &j->of[part->source - 1] : NULL;
	bool ok = true, out = to == &j->out, looks = may_vanish(j, part->c.value, LOOKED_INTO);
	struct walk walk;
	struct place place = {j, walk.index, j->finite || (out && !source)};
	for (oj_walk_begin(&walk, j->space, &part->c.domain); ok && oj_walk_next(&walk);) {
		if (looks && vanishes(&place, part->c.value, LOOKED_INTO))
			continue;
		int64_t row = flat(j->space, store->array, store->index, walk.index) + (out ? stored->offset : 0);
		int64_t column = flat(j->space, part->c.array, part->c.index, walk.index);
		if (!source) {
			ok = add_term(j, to, part, walk.index, row, read->offset + column, 0);
			continue;
		}
		for (int64_t k = source->start[column]; ok && k < source->start[column + 1]; k++)
			ok = add_term(j, to, part, walk.index, row, source->column[source->entry[k]], source->entry[k]);
	}
	return ok;
}

/* ---------------------------------------------------------------- entries */

#define THREE_WAY(x, y) (((x) > (y)) - ((x) < (y)))

static int by_row(const void *a, const void *b)
{
	const struct term *x = a, *y = b;
	if (x->row != y->row)
		return THREE_WAY(x->row, y->row);
	if (x->column != y->column)
		return THREE_WAY(x->column, y->column);
	return x->part != y->part ? THREE_WAY(x->part, y->part) : THREE_WAY(x->number, y->number);
}

static int by_column(const void *a, const void *b)
{
	const struct term *x = a, *y = b;
	return x->column != y->column ? THREE_WAY(x->column, y->column) : by_row(a, b);
}

static bool same_place(const struct term *a, const struct term *b)
{
	return a->row == b->row && a->column == b->column;
}

bool oj_jacobian_is_box(const struct jacobian *j, const struct part *part, int64_t *lo, int64_t *end)
{
	const struct domain *domain = &part->c.domain;
	size_t points = 1;
	if (part->source || domain->count == 0 || domain->count > RANK)
		return false;
	for (uint32_t k = 0; k < domain->count; k++) {
		if (!oj_integer_value(j->g, domain->at[k].lo, &lo[k]) || !oj_integer_value(j->g, domain->at[k].end, &end[k]))
			return false;
		points *= (size_t)(end[k] - lo[k]);
	}
	return points == part->count;
}

/* Parts over boxes that share few places with others: were these entries shared, all of a
 * part would go to lists. */
static bool find_apart(struct jacobian *j, struct sparse *s)
{
	enum { FEW = 8 };
	int64_t *shared = oj_jacobian_numbers(j, (int64_t)s->parts.count), lo[RANK], end[RANK];
	if (!shared)
		return false;
	for (size_t k = 1; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		if (same_place(t, t - 1) && t->part != t[-1].part) {
			shared[t->part]++;
			shared[t[-1].part]++;
		}
	}
	for (size_t p = 0; p < s->parts.count; p++) {
		struct part *part = &s->parts.at[p];
		part->apart = shared[p] && (size_t)shared[p] * FEW <= part->count && oj_jacobian_is_box(j, part, lo, end);
	}
	oj_jacobian_put(j, shared, (int64_t)s->parts.count);
	return true;
}

static void number_entries(struct sparse *s)
{
	s->entries = 0;
	for (size_t k = 0; k < s->terms.count; k++) {
		struct term *t = &s->terms.at[k], *before = k ? t - 1 : NULL;
		bool same = before && same_place(before, t);
		if (same && before->part != t->part)
			same = !s->parts.at[before->part].apart && !s->parts.at[t->part].apart;
		s->entries += !same;
		t->entry = s->entries - 1;
	}
}

/* Of all parts without loops, the first that has a term stands for them. */
void oj_jacobian_owners(struct sparse *s)
{
	for (int64_t e = 0; e < s->entries; e++)
		s->owner[e] = NOBODY;
	for (size_t k = 0; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		const struct part *part = &s->parts.at[t->part];
		int64_t *owner = &s->owner[t->entry];
		if (part->box)
			continue;
		if (*owner == NOBODY)
			*owner = t->part;
		else if (*owner != t->part && (*owner == SEVERAL || !oj_jacobian_is_loopless(&s->parts.at[*owner]) ||
		                               !oj_jacobian_is_loopless(part)))
			*owner = SEVERAL;
	}
}

/* A stable counting sort. */
static bool sort_by_part(struct jacobian *j, struct sparse *s)
{
	size_t size = (s->parts.count + 1) * sizeof(size_t), sum = 0;
	size_t *next = oj_memory_get(j->space->context, size);
	s->by_part = oj_memory_get(j->space->context, (s->terms.count + 1) * sizeof *s->by_part);
	if (next && s->by_part) {
		for (size_t p = 0; p < s->parts.count; sum += s->parts.at[p++].count)
			next[p] = s->parts.at[p].first = sum;
		for (size_t k = 0; k < s->terms.count; k++)
			s->by_part[next[s->terms.at[k].part]++] = s->terms.at[k];
	}
	oj_memory_put(j->space->context, next, size);
	return next && s->by_part;
}

bool oj_jacobian_entries(struct jacobian *j, struct sparse *s, int64_t rows, bool by_columns)
{
	s->rows = rows;
	if (s->terms.count)
		qsort(s->terms.at, s->terms.count, sizeof *s->terms.at, by_columns ? by_column : by_row);
	if (!by_columns && !find_apart(j, s)) /* a Jacobian's own entries are its pattern */
		return false;
	number_entries(s);
	s->start = oj_jacobian_numbers(j, rows);
	s->entry = oj_jacobian_numbers(j, s->entries);
	s->column = oj_jacobian_numbers(j, s->entries);
	s->owner = oj_jacobian_numbers(j, s->entries);
	s->value = oj_memory_get(j->space->context, (size_t)(s->entries + 1) * sizeof *s->value);
	if (!s->start || !s->entry || !s->column || !s->owner || !s->value)
		return false;
	for (int64_t e = 0; e < s->entries; e++)
		s->entry[e] = e;
	memset(s->value, 0, (size_t)(s->entries + 1) * sizeof *s->value);
	for (size_t k = 0; k < s->terms.count; k++) {
		const struct term *t = &s->terms.at[k];
		if (k == 0 || t[-1].entry != t->entry)
			s->start[t->row + 1]++;
		s->column[t->entry] = t->column;
	}
	for (int64_t r = 0; r < rows; r++)
		s->start[r + 1] += s->start[r];
	return sort_by_part(j, s);
}

/* fresh[e]: what entry e is called from here on. */
static void rename_entries(struct sparse *s, const int64_t *fresh, int64_t *work)
{
	for (size_t k = 0; k < s->terms.count; k++) {
		s->terms.at[k].entry = fresh[s->terms.at[k].entry];
		s->by_part[k].entry = fresh[s->by_part[k].entry];
	}
	for (int64_t e = 0; e < s->entries; e++)
		work[fresh[e]] = s->column[e];
	memcpy(s->column, work, (size_t)s->entries * sizeof *work);
	for (int64_t e = 0; e < s->entries; e++)
		work[fresh[e]] = s->owner[e];
	memcpy(s->owner, work, (size_t)s->entries * sizeof *work);
	memcpy(s->entry, fresh, (size_t)s->entries * sizeof *fresh);
}

bool oj_jacobian_renumber(struct jacobian *j, struct sparse *s)
{
	int64_t *fresh = oj_jacobian_numbers(j, s->entries), *work = oj_jacobian_numbers(j, s->entries), next = 0;
	bool ok = fresh && work;
	for (int64_t e = 0; ok && e < s->entries; e++)
		fresh[e] = NOBODY;
	for (int shared = 0; ok && shared < 2; shared++)
		for (size_t k = 0; k < s->terms.count; k++) {
			int64_t e = s->by_part[k].entry;
			if (fresh[e] == NOBODY && (s->owner[e] == SEVERAL) == shared)
				fresh[e] = next++;
		}
	if (ok)
		rename_entries(s, fresh, work);
	oj_jacobian_put(j, fresh, s->entries);
	oj_jacobian_put(j, work, s->entries);
	return ok;
}

void oj_jacobian_drop(struct jacobian *j, struct sparse *s)
{
	ojit_context *context = j->space->context;
	for (size_t k = 0; k < s->parts.count; k++)
		VECTOR_DROP(context, &s->parts.at[k].index);
	oj_memory_put(context, s->by_part, (s->terms.count + 1) * sizeof *s->by_part);
	VECTOR_DROP(context, &s->parts);
	VECTOR_DROP(context, &s->terms);
	VECTOR_DROP(context, &s->joins);
	oj_jacobian_put(j, s->start, s->rows);
	oj_jacobian_put(j, s->entry, s->entries);
	oj_jacobian_put(j, s->column, s->entries);
	oj_jacobian_put(j, s->owner, s->entries);
	oj_memory_put(context, s->value, (size_t)(s->entries + 1) * sizeof *s->value);
	s->start = s->entry = s->column = s->owner = NULL;
	s->value = NULL;
	s->by_part = NULL;
}
