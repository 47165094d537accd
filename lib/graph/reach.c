/* Maps from expressions, and walks over what some roots need. */
#include "lib/graph/graph.h"

#include <stdlib.h>
#include <string.h>

void oj_expr_map_init(struct expr_map *map, ojit_context *context)
{
	*map = (struct expr_map){.context = context};
}

void oj_expr_map_drop(struct expr_map *map)
{
	oj_memory_put(map->context, map->keys, 2 * map->room * sizeof *map->keys);
	map->keys = map->values = NULL;
	map->room = map->count = 0;
}

static size_t find(const struct expr_map *map, uint32_t key)
{
	size_t at = key * 0x9E3779B9u & (map->room - 1);
	while (map->keys[at] && map->keys[at] != key)
		at = (at + 1) & (map->room - 1);
	return at;
}

static bool grow(struct expr_map *map)
{
	struct expr_map fresh = {.context = map->context, .room = map->room ? map->room * 2 : 32};
	size_t bytes = 2 * fresh.room * sizeof *fresh.keys;
	fresh.keys = oj_memory_get(map->context, bytes);
	if (!fresh.keys)
		return false;
	memset(fresh.keys, 0, bytes);
	fresh.values = fresh.keys + fresh.room;
	for (size_t i = 0; i < map->room; i++) {
		if (!map->keys[i])
			continue;
		size_t at = find(&fresh, map->keys[i]);
		fresh.keys[at] = map->keys[i];
		fresh.values[at] = map->values[i];
	}
	fresh.count = map->count;
	oj_expr_map_drop(map);
	*map = fresh;
	return true;
}

bool oj_expr_map_put(struct expr_map *map, uint32_t key, uint32_t value)
{
	if (map->count * 2 >= map->room && !grow(map))
		return false;
	size_t at = find(map, key);
	map->count += map->keys[at] == 0;
	map->keys[at] = key;
	map->values[at] = value;
	return true;
}

bool oj_expr_map_get(const struct expr_map *map, uint32_t key, uint32_t *value)
{
	if (map->room == 0)
		return false;
	size_t at = find(map, key);
	*value = map->values[at];
	return map->keys[at] == key;
}

int oj_by_index(const void *a, const void *b)
{
	ojit_expr x = *(const ojit_expr *)a, y = *(const ojit_expr *)b;
	return (x > y) - (x < y);
}

enum scope { EVERYWHERE, OUTSIDE_BODIES, OPEN };

struct reaching {
	const struct graph *g;
	enum scope scope;
	struct expr_list *out;
	size_t first;       /* of out that is ours */
	ojit_expr greatest; /* of the roots, and so of all */
	struct expr_map seen; /* once there are more than FEW */
	uint64_t *bits;
};
enum { FEW = 16 };

static bool is_wanted(const struct reaching *r, ojit_expr e)
{
	return e && (r->scope != OPEN || oj_node(r->g, e)->levels != 0);
}

static uint32_t operand_count(const struct reaching *r, const struct node *n)
{
	return n->op == OP_REDUCE && r->scope != EVERYWHERE ? REDUCE_BODY : n->arity;
}

static bool is_known(const struct reaching *r, ojit_expr e)
{
	uint32_t ignored;
	if (r->seen.count)
		return oj_expr_map_get(&r->seen, e, &ignored);
	for (size_t i = r->first; i < r->out->list.count; i++)
		if (r->out->list.at[i] == e)
			return true;
	return false;
}

/* A short list is its own set. */
static bool make_known(struct reaching *r, ojit_expr e)
{
	size_t count = r->out->list.count;
	bool ok = true;
	if (r->seen.count == 0 && count - r->first < FEW)
		return true;
	for (size_t i = r->first; ok && r->seen.count < count - r->first; i++)
		ok = oj_expr_map_put(&r->seen, r->out->list.at[i], 1);
	return ok && oj_expr_map_put(&r->seen, e, 1);
}

static bool meet(struct reaching *r, ojit_expr e)
{
	if (!is_wanted(r, e) || is_known(r, e))
		return true;
	if (e > r->greatest)
		r->greatest = e;
	return make_known(r, e) && VECTOR_PUSH(r->g->context, &r->out->list, e);
}

/* So many that a bit for every node costs less than a set of those met. */
static bool are_many(const struct reaching *r)
{
	return r->out->list.count - r->first > 32 + r->greatest / 1024;
}

/* Breadth first: the list is its own queue.  Stops where there are many. */
static bool walk(struct reaching *r, const ojit_expr *roots, size_t root_count)
{
	bool ok = true;
	size_t done = r->first;
	for (size_t i = 0; ok && i < root_count; i++)
		ok = meet(r, roots[i]);
	while (ok && done < r->out->list.count && !are_many(r)) {
		ojit_expr e = r->out->list.at[done++];
		uint32_t count = operand_count(r, oj_node(r->g, e));
		for (uint32_t i = 0; ok && i < count; i++)
			ok = meet(r, oj_operands(r->g, e)[i]);
	}
	return ok;
}

/* One loop down the words meets each node after all its users. */
static void mark_below(struct reaching *r, size_t word)
{
	for (uint64_t left = UINT64_MAX; r->bits[word] & left;) {
		int bit = 63 - __builtin_clzll(r->bits[word] & left);
		ojit_expr e = (ojit_expr)(64 * word + (size_t)bit);
		const ojit_expr *operands = oj_operands(r->g, e);
		uint32_t count = operand_count(r, oj_node(r->g, e));
		for (uint32_t i = 0; i < count; i++)
			if (is_wanted(r, operands[i]))
				r->bits[operands[i] / 64] |= (uint64_t)1 << operands[i] % 64;
		left = ((uint64_t)1 << bit) - 1;
	}
}

static bool list_bits(struct reaching *r, size_t words)
{
	for (size_t w = 0; w < words; w++)
		for (uint64_t left = r->bits[w]; left; left &= left - 1)
			if (!VECTOR_PUSH(r->g->context, &r->out->list, (ojit_expr)(64 * w + (size_t)__builtin_ctzll(left))))
				return false;
	return true;
}

/* Replace what was found so far by all there is. */
static bool sweep(struct reaching *r)
{
	size_t words = r->greatest / 64 + 1, found = 0;
	oj_expr_map_drop(&r->seen);
	r->bits = oj_memory_get(r->g->context, words * sizeof *r->bits);
	if (!r->bits)
		return false;
	memset(r->bits, 0, words * sizeof *r->bits);
	for (size_t i = r->first; i < r->out->list.count; i++)
		r->bits[r->out->list.at[i] / 64] |= (uint64_t)1 << r->out->list.at[i] % 64;
	for (size_t w = words; w-- > 0;) {
		mark_below(r, w);
		found += (size_t)__builtin_popcountll(r->bits[w]);
	}
	r->out->list.count = r->first;
	bool ok = VECTOR_RESERVE(r->g->context, &r->out->list, r->first + found) && list_bits(r, words);
	oj_memory_put(r->g->context, r->bits, words * sizeof *r->bits);
	return ok;
}

static bool reach(const struct graph *g, const ojit_expr *roots, size_t root_count, enum scope scope,
                  struct expr_list *out)
{
	struct reaching r = {.g = g, .scope = scope, .out = out, .first = out->list.count};
	oj_expr_map_init(&r.seen, g->context);
	bool ok = walk(&r, roots, root_count);
	if (ok && are_many(&r))
		ok = sweep(&r);
	else if (ok && out->list.count > r.first)
		qsort(out->list.at + r.first, out->list.count - r.first, sizeof *out->list.at, oj_by_index);
	oj_expr_map_drop(&r.seen);
	return ok;
}

bool oj_reach(const struct graph *g, const ojit_expr *roots, size_t root_count, bool into_bodies,
              struct expr_list *out)
{
	return reach(g, roots, root_count, into_bodies ? EVERYWHERE : OUTSIDE_BODIES, out);
}

bool oj_reach_open(const struct graph *g, const ojit_expr *roots, size_t root_count, struct expr_list *out)
{
	return reach(g, roots, root_count, OPEN, out);
}
