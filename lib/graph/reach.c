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

bool oj_reach(const struct graph *g, const ojit_expr *roots, size_t root_count, bool into_bodies,
              struct expr_list *out)
{
	struct expr_map seen;
	oj_expr_map_init(&seen, g->context);
	size_t first = out->list.count, done = first;
	bool ok = true;
	uint32_t ignored;
	for (size_t i = 0; ok && i < root_count; i++)
		if (roots[i] && !oj_expr_map_get(&seen, roots[i], &ignored))
			ok = oj_expr_map_put(&seen, roots[i], 1) && VECTOR_PUSH(g->context, &out->list, roots[i]);
	while (ok && done < out->list.count) { /* breadth first: the list is its own queue */
		ojit_expr e = out->list.at[done++];
		const struct node *n = oj_node(g, e);
		uint32_t count = n->op == OP_REDUCE && !into_bodies ? REDUCE_BODY : n->arity;
		for (uint32_t i = 0; ok && i < count; i++) {
			ojit_expr o = oj_operands(g, e)[i];
			if (!oj_expr_map_get(&seen, o, &ignored))
				ok = oj_expr_map_put(&seen, o, 1) && VECTOR_PUSH(g->context, &out->list, o);
		}
	}
	oj_expr_map_drop(&seen);
	if (ok && out->list.count > first)
		qsort(out->list.at + first, out->list.count - first, sizeof *out->list.at, oj_by_index);
	return ok;
}
