/* See products.h.  Ranges have to be fixed, and factors to depend on nothing but the box and
 * the product's own index; other products stay. */
#include "lib/graph/products.h"

#include "lib/graph/passes.h"
#include "lib/graph/simplify.h"

#include <string.h>

enum { LONG = 32, SHORT = 8, MOST = SHORT + 64 };

struct trees {
	struct program *made;
	const struct block *block; /* at hand */
	struct expr_map known;     /* products that depend on no index -> their trees */
};

struct tree {
	struct trees *trees;
	uint32_t rank;            /* of its arrays: axes of the box, then that of the factors */
	unsigned level[RANK];     /* of those axes in the box */
	int64_t lo[RANK], end[RANK];
	ojit_expr factors[MOST];  /* what is left to be multiplied */
	uint32_t count;
};

/* Is it long, with a fixed range? Then the axes of its arrays. */
static bool find_axes(struct trees *trees, const struct graph *g, ojit_expr e, const ojit_expr *operands, struct tree *tree)
{
	const struct node *n = oj_node(g, e);
	uint32_t levels = oj_node(g, operands[REDUCE_BODY])->levels & ~(1u << n->reduction.level);
	int64_t lo, end;
	*tree = (struct tree){.trees = trees};
	if (n->reduction.kind != REDUCE_PROD || levels >> trees->block->rank ||
	    !oj_integer_value(g, operands[REDUCE_LO], &lo) || !oj_integer_value(g, operands[REDUCE_END], &end) || end - lo < LONG)
		return false;
	for (uint32_t k = 0; k < trees->block->rank; k++) {
		if (!(levels >> k & 1))
			continue;
		if (tree->rank == RANK - 1)
			return false;
		tree->level[tree->rank] = k;
		tree->lo[tree->rank] = trees->block->lo[k];
		tree->end[tree->rank++] = trees->block->end[k];
	}
	tree->lo[tree->rank] = lo;
	tree->end[tree->rank++] = end;
	return true;
}

static uint32_t make_array(struct space *space, const struct tree *tree, int64_t count)
{
	int64_t base[RANK], extent[RANK];
	for (uint32_t k = 0; k < tree->rank; k++) {
		base[k] = k + 1 < tree->rank ? tree->lo[k] : 0;
		extent[k] = k + 1 < tree->rank ? tree->end[k] - tree->lo[k] : count;
	}
	return oj_space_array(space, "product", ROLE_TEMP, tree->rank, base, extent, 0);
}

/* array[axes, 0 .. count - 1] = value, in index variables of those axes. */
static bool store(const struct tree *tree, uint32_t array, int64_t count, ojit_expr value)
{
	struct program *made = tree->trees->made;
	struct graph *g = &made->space->graph;
	int64_t lo[RANK], end[RANK];
	ojit_expr index[RANK];
	memcpy(lo, tree->lo, sizeof lo);
	memcpy(end, tree->end, sizeof end);
	lo[tree->rank - 1] = 0;
	end[tree->rank - 1] = count;
	for (uint32_t k = 0; k < tree->rank; k++)
		index[k] = oj_index(g, k);
	struct block *block = value ? oj_program_block(made, tree->rank, lo, end, tree->trees->block->origin) : NULL;
	return block && oj_block_store(made->space, block, array, value, index);
}

/* The factors themselves. */
static uint32_t store_factors(const struct tree *tree, struct space *space, unsigned level, ojit_expr body)
{
	struct graph *g = &space->graph;
	ojit_expr map[LEVELS] = {0};
	uint32_t last = tree->rank - 1;
	int64_t count = tree->end[last] - tree->lo[last];
	uint32_t array = make_array(space, tree, count);
	for (uint32_t k = 0; k < last; k++)
		map[tree->level[k]] = oj_index(g, k);
	map[level] = oj_integer_offset(g, oj_index(g, last), tree->lo[last]);
	ojit_expr value = oj_substitute(space, body, map, LEVELS);
	return array != UINT32_MAX && store(tree, array, count, value) ? array : UINT32_MAX;
}

/* From a level of the tree, the next: each of its first half by one of its second. */
static uint32_t store_pairs(const struct tree *tree, struct space *space, uint32_t from, int64_t count)
{
	struct graph *g = &space->graph;
	ojit_expr index[RANK], pair[2];
	uint32_t array = make_array(space, tree, count);
	for (uint32_t k = 0; k < tree->rank; k++)
		index[k] = oj_index(g, k);
	pair[0] = oj_load(g, from, tree->rank, index);
	index[tree->rank - 1] = oj_integer_offset(g, index[tree->rank - 1], count);
	pair[1] = oj_load(g, from, tree->rank, index);
	return array != UINT32_MAX && store(tree, array, count, oj_make(g, OP_MUL, 2, pair)) ? array : UINT32_MAX;
}

/* Element k of a level is multiplied at the place of the product itself. */
static bool add_factor(struct tree *tree, struct graph *g, uint32_t array, int64_t k)
{
	ojit_expr index[RANK];
	for (uint32_t axis = 0; axis + 1 < tree->rank; axis++)
		index[axis] = oj_index(g, tree->level[axis]);
	index[tree->rank - 1] = oj_integer(g, k);
	tree->factors[tree->count] = oj_load(g, array, tree->rank, index);
	return tree->factors[tree->count++] != 0;
}

/* The product that `e` is over other operands; 0: out of memory. */
static ojit_expr of_product(struct space *space, struct tree *tree, ojit_expr e, const ojit_expr *operands)
{
	struct graph *g = &space->graph;
	ojit_expr from[4];
	memcpy(from, operands, sizeof from);
	int64_t count = tree->end[tree->rank - 1] - tree->lo[tree->rank - 1];
	uint32_t array = store_factors(tree, space, oj_node(g, e)->reduction.level, from[REDUCE_BODY]);
	if (!oj_is_literal(g, from[REDUCE_START], 1))
		tree->factors[tree->count++] = from[REDUCE_START];
	for (; array != UINT32_MAX && count > SHORT; count /= 2) {
		if (count % 2 && !add_factor(tree, g, array, count - 1))
			return 0;
		array = store_pairs(tree, space, array, count / 2);
	}
	for (int64_t k = 0; array != UINT32_MAX && k < count; k++)
		if (!add_factor(tree, g, array, k))
			return 0;
	return array == UINT32_MAX ? 0 : oj_make(g, OP_MUL, tree->count, tree->factors);
}

static ojit_expr of_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct trees *trees = rewrite->data;
	struct graph *g = &rewrite->space->graph;
	struct tree tree;
	ojit_expr known = 0;
	if (!oj_is(g, e, OP_REDUCE))
		return oj_remake(g, e, operands);
	if (!find_axes(trees, g, e, operands, &tree))
		return oj_simplified_reduction(rewrite->space, e, operands);
	if (oj_expr_map_get(&trees->known, e, &known))
		return known;
	ojit_expr product = of_product(rewrite->space, &tree, e, operands);
	if (product && oj_node(g, e)->levels == 0 && !oj_expr_map_put(&trees->known, e, product))
		return 0;
	return product;
}

static bool has_products(const struct program *program, bool *found)
{
	struct expr_list list = {0};
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count && !*found; b++) {
		list.list.count = 0;
		ok = oj_block_reach(program->space, &program->blocks.at[b], true, &list);
		for (size_t k = 0; ok && k < list.list.count; k++) {
			const struct node *n = oj_node(&program->space->graph, list.list.at[k]);
			*found = *found || (n->op == OP_REDUCE && n->reduction.kind == REDUCE_PROD);
		}
	}
	VECTOR_DROP(program->space->context, &list.list);
	return ok;
}

ojit_status oj_products_to_trees(struct program *program, struct oj_error *error)
{
	struct program made;
	bool found = false;
	if (!has_products(program, &found))
		return oj_fail_memory(error);
	if (!found)
		return OJIT_OK;
	oj_program_init(&made, program->space, program->kind);
	struct trees trees = {.made = &made};
	struct rewrite rewrite = {.space = program->space, .node = of_node, .data = &trees};
	oj_expr_map_init(&trees.known, program->space->context);
	bool ok = true;
	for (size_t b = 0; ok && b < program->blocks.count; b++) {
		trees.block = &program->blocks.at[b];
		ok = oj_rewrite_block(&rewrite, &program->blocks.at[b]) == OJIT_OK && oj_program_copy_block(&made, &program->blocks.at[b]);
	}
	oj_expr_map_drop(&trees.known);
	if (!ok) {
		oj_program_drop(&made);
		return oj_fail_memory(error);
	}
	oj_program_drop(program);
	*program = made;
	return OJIT_OK;
}
