/* See newton.h.
 *
 * Stores keep their blocks and loops: what they store is multiplied by -gamma, 1 is
 * added on the diagonal, and entries move up by as many as the diagonal gained before
 * them. */
#include "lib/graph/newton.h"

#include "lib/graph/domain.h"
#include "lib/graph/partial.h"

#include <string.h>

struct newton {
	struct program *made;
	struct space *space;
	struct graph *g;
	const struct pattern *jacobian;
	struct pattern pattern;
	int64_t *entry;           /* [entries of the Jacobian] as one of the matrix */
	unsigned char *diagonal;  /* [entries of the matrix] */
	int64_t *gained;          /* [columns + 1] on the diagonal; so many: */
	int64_t gained_count;
	uint32_t array;
	ojit_expr factor;         /* -gamma */
};

/* ---------------------------------------------------------------- the pattern */

/* What is on the diagonal and is no entry of the Jacobian. */
static void mark_gained(struct newton *n)
{
	for (int64_t k = 0, old = 0; k < n->pattern.entries; k++) {
		if (old < n->jacobian->entries && n->entry[old] == k)
			old++;
		else
			n->gained[n->gained_count++] = k;
	}
}

static bool draw_pattern(struct newton *n)
{
	const struct pattern *p = n->jacobian;
	ojit_context *context = n->space->context;
	n->entry = oj_memory_get(context, (size_t)(p->entries + 1) * sizeof *n->entry);
	n->diagonal = oj_memory_get(context, (size_t)(p->entries + p->columns + 1));
	n->gained = oj_memory_get(context, (size_t)(p->columns + 1) * sizeof *n->gained);
	if (!n->entry || !n->diagonal || !n->gained || !oj_pattern_add_diagonal(p, context, &n->pattern, n->entry))
		return false;
	for (int64_t j = 0; j < p->columns; j++)
		for (int64_t k = n->pattern.column[j]; k < n->pattern.column[j + 1]; k++)
			n->diagonal[k] = n->pattern.row[k] == j;
	mark_gained(n);
	return true;
}

static void drop_newton(struct newton *n)
{
	ojit_context *context = n->space->context;
	const struct pattern *p = n->jacobian;
	oj_memory_put(context, n->entry, (size_t)(p->entries + 1) * sizeof *n->entry);
	oj_memory_put(context, n->diagonal, (size_t)(p->entries + p->columns + 1));
	oj_memory_put(context, n->gained, (size_t)(p->columns + 1) * sizeof *n->gained);
}

/* ---------------------------------------------------------------- stores */

/* Is it just where the second index of a box of two is the first and *apart? */
static bool is_line(const struct newton *n, const struct block *block, const int64_t *entry, int64_t *apart)
{
	bool found = false, line = block->rank == 2;
	for (int pass = 0; pass < 2 && line; pass++) {
		int64_t p = 0;
		for (int64_t i = block->lo[0]; i < block->end[0]; i++)
			for (int64_t j = block->lo[1]; j < block->end[1]; j++, p++) {
				bool one = n->diagonal[entry[p]];
				if (pass)
					line = line && one == (j - i == *apart);
				else if (one && !found)
					*apart = j - i, found = true;
			}
	}
	return line && found;
}

static ojit_expr on_line(struct newton *n, int64_t apart)
{
	ojit_expr other = oj_integer_offset(n->g, oj_index(n->g, 0), apart), index = oj_index(n->g, 1);
	ojit_expr on = oj_make2(n->g, OP_IEQ, index, other), one = oj_literal(n->g, 1), none = oj_literal(n->g, -0.0);
	return oj_make3(n->g, OP_IF, on, one, none);
}

/* 1 at points on the diagonal; at others -0, which changes no bit of what it is added to. */
static ojit_expr identity(struct newton *n, const struct block *block, const int64_t *entry, int64_t points)
{
	int64_t extent[RANK], offset = (int64_t)n->space->data.count, ones = 0, apart = 0;
	ojit_expr index[RANK];
	for (int64_t p = 0; p < points; p++)
		ones += n->diagonal[entry[p]];
	if (ones == 0 || ones == points)
		return oj_literal(n->g, ones ? 1 : -0.0);
	if (is_line(n, block, entry, &apart))
		return on_line(n, apart);
	for (uint32_t k = 0; k < block->rank; k++) {
		extent[k] = block->end[k] - block->lo[k];
		index[k] = oj_index(n->g, k);
	}
	for (int64_t p = 0; p < points; p++)
		if (!VECTOR_PUSH(n->space->context, &n->space->data, n->diagonal[entry[p]] ? 1 : -0.0))
			return 0;
	uint32_t array = oj_space_array(n->space, "identity", ROLE_DATA, block->rank, block->lo, extent, offset);
	return array == UINT32_MAX ? 0 : oj_load(n->g, array, block->rank, index);
}

static bool change_store(struct newton *n, const struct block *block, struct store *store, const int64_t *entry,
                         int64_t points)
{
	ojit_expr one = identity(n, block, entry, points);
	ojit_expr value = one ? oj_times(n->g, n->factor, store->value) : 0;
	store->value = value && !oj_is_literal(n->g, one, -0.0) ? oj_plus(n->g, one, value) : value;
	store->array = n->array;
	if (n->gained_count)
		store->index[0] = oj_box_integer(n->space, "entry", block->rank, block->lo, block->end, entry);
	return store->value && store->index[0];
}

/* The matrix' entries at all points of the block. */
static void list_entries(struct newton *n, const struct domain *domain, const struct store *store, int64_t *entry)
{
	int64_t points = 0;
	struct walk walk;
	for (oj_walk_begin(&walk, n->space, domain); oj_walk_next(&walk);)
		entry[points++] = n->entry[oj_integer_at(n->space, store->index[0], walk.index)];
}

static bool change_block(struct newton *n, struct block *block)
{
	int64_t points = oj_block_points(block);
	size_t size = (size_t)(points + 1) * sizeof(int64_t);
	int64_t *entry = oj_memory_get(n->space->context, size);
	struct domain domain;
	bool ok = entry && oj_domain_of_box(n->space, block, &domain);
	for (size_t s = 0; ok && points && s < block->stores.count; s++) {
		struct store *store = &block->stores.at[s];
		if (n->space->arrays.at[store->array].role != ROLE_OUT)
			continue;
		list_entries(n, &domain, store, entry);
		ok = change_store(n, block, store, entry, points);
	}
	oj_memory_put(n->space->context, entry, size);
	return ok;
}

/* What the diagonal gained is 1. */
static bool store_ones(struct newton *n)
{
	enum { FEW = 16 }; /* are written out */
	int64_t lo = 0, end = n->gained_count;
	bool loop = end > FEW;
	ojit_expr one = oj_literal(n->g, 1);
	struct block *block = end && one ? oj_program_block(n->made, loop, &lo, &end, 0) : NULL;
	if (end == 0 || !block)
		return end == 0;
	for (int64_t k = 0; !loop && k < end; k++) {
		ojit_expr index = oj_integer(n->g, n->gained[k]);
		if (!index || !oj_block_store(n->space, block, n->array, one, &index))
			return false;
	}
	ojit_expr index = loop ? oj_box_integer(n->space, "gained", 1, &lo, &end, n->gained) : 0;
	return !loop || (index && oj_block_store(n->space, block, n->array, one, &index));
}

static bool run(struct newton *n)
{
	if (!draw_pattern(n))
		return false;
	int64_t base = 0;
	uint32_t scalar = oj_space_array(n->space, "gamma", ROLE_SEED, 0, NULL, NULL, 0);
	n->array = oj_space_array(n->space, "newton", ROLE_OUT, 1, &base, &n->pattern.entries, 0);
	if (scalar == UINT32_MAX || n->array == UINT32_MAX)
		return false;
	n->factor = oj_make1(n->g, OP_NEG, oj_load(n->g, scalar, 0, NULL));
	bool ok = n->factor != 0;
	for (size_t b = 0; ok && b < n->made->blocks.count; b++)
		ok = change_block(n, &n->made->blocks.at[b]);
	return ok && store_ones(n);
}

ojit_status oj_newton_program(struct program *made, struct pattern *pattern, struct oj_error *error)
{
	struct newton n = {.made = made, .space = made->space, .g = &made->space->graph, .jacobian = pattern};
	bool ok = run(&n);
	drop_newton(&n);
	oj_pattern_drop(ok ? pattern : &n.pattern, made->space->context);
	if (ok)
		*pattern = n.pattern;
	return ok ? OJIT_OK : oj_fail_memory(error);
}
