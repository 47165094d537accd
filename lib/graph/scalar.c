/* See scalar.h.  Where the element is one of a family, the point of the family's box is
 * looked for that stores it, and the box becomes that point. */
#include "lib/graph/scalar.h"

#include "lib/graph/domain.h"
#include "lib/graph/rewrite.h"

/* Where in its vector the store goes at the walk's point. */
static int64_t element_at(const struct space *space, const struct store *store, const struct walk *walk)
{
	const struct array *array = &space->arrays.at[store->array];
	int64_t element = 0;
	for (uint32_t k = 0; k < array->rank; k++)
		element = element * array->extent[k] + oj_integer_at(space, store->index[k], walk->index) - array->base[k];
	return array->offset + element;
}

/* The point of the box at which the store goes to `element`; false: there is none. */
static bool find_point(const struct space *space, const struct store *store, const struct domain *box, int64_t element,
                       struct walk *walk)
{
	const struct array *array = &space->arrays.at[store->array];
	if (element < array->offset || element >= array->offset + oj_array_length(array))
		return false;
	for (oj_walk_begin(walk, space, box); oj_walk_next(walk);)
		if (element_at(space, store, walk) == element)
			return true;
	return false;
}

/* Of a store in a block of many; 0: unknown, or out of memory. */
static uint32_t origin_of(struct space *space, const struct block *block, const struct store *store)
{
	if (block->stores.count == 1)
		return block->origin;
	struct origin origin = oj_block_origin(space, block, store->value);
	return VECTOR_PUSH(space->context, &space->origins, origin) ? (uint32_t)space->origins.count - 1 : 0;
}

/* out[0] = what the store stores at the walk's point. */
static bool store_scalar(struct program *made, const struct block *block, const struct store *store,
                         const struct walk *walk)
{
	struct space *space = made->space;
	ojit_expr point[RANK] = {0};
	uint32_t array = oj_space_array(space, space->arrays.at[store->array].name, ROLE_OUT, 0, NULL, NULL, 0);
	for (uint32_t k = 0; k < block->rank; k++)
		point[k] = oj_integer(&space->graph, walk->index[k]);
	ojit_expr value = oj_substitute(space, store->value, point, block->rank);
	struct block *scalar = oj_program_block(made, 0, NULL, NULL, origin_of(space, block, store));
	return array != UINT32_MAX && value && scalar && oj_block_store(space, scalar, array, value, NULL);
}

static bool select_from(struct program *made, const struct block *block, int64_t element)
{
	struct domain box;
	struct walk walk;
	bool ok = oj_domain_of_box(made->space, block, &box);
	for (size_t s = 0; ok && s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		if (made->space->arrays.at[store->array].role == ROLE_OUT &&
		    find_point(made->space, store, &box, element, &walk))
			return store_scalar(made, block, store, &walk);
	}
	return ok;
}

ojit_status oj_scalar_program(struct program *made, const struct program *program, int64_t element,
                              struct oj_error *error)
{
	bool ok = oj_program_intermediates(made, program);
	for (size_t b = 0; ok && b < program->blocks.count; b++)
		ok = select_from(made, &program->blocks.at[b], element);
	ok = ok && oj_program_layout(made) == OJIT_OK;
	return ok && !made->space->graph.failed ? OJIT_OK : oj_fail_memory(error);
}
