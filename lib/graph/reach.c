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

static bool meet(const struct graph *g, struct expr_map *seen, ojit_expr e, enum scope scope, struct expr_list *out)
{
	uint32_t ignored;
	if (!e || (scope == OPEN && oj_node(g, e)->levels == 0) || oj_expr_map_get(seen, e, &ignored))
		return true;
	return oj_expr_map_put(seen, e, 1) && VECTOR_PUSH(g->context, &out->list, e);
}

static bool reach(const struct graph *g, const ojit_expr *roots, size_t root_count, enum scope scope,
                  struct expr_list *out)
{
	struct expr_map seen;
	oj_expr_map_init(&seen, g->context);
	size_t first = out->list.count, done = first;
	bool ok = true;
	for (size_t i = 0; ok && i < root_count; i++)
		ok = meet(g, &seen, roots[i], scope, out);
	while (ok && done < out->list.count) { /* breadth first: the list is its own queue */
		ojit_expr e = out->list.at[done++];
		const struct node *n = oj_node(g, e);
		uint32_t count = n->op == OP_REDUCE && scope != EVERYWHERE ? REDUCE_BODY : n->arity;
		for (uint32_t i = 0; ok && i < count; i++)
			ok = meet(g, &seen, oj_operands(g, e)[i], scope, out);
	}
	oj_expr_map_drop(&seen);
	if (ok && out->list.count > first)
		qsort(out->list.at + first, out->list.count - first, sizeof *out->list.at, oj_by_index);
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
