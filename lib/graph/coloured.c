/* See coloured.h.
 *
 * The tangent program's seeds become data, its outputs an intermediate array of all
 * products, from which entries are gathered in the pattern's order. */
#include "lib/graph/coloured.h"

#include "lib/graph/domain.h"
#include "lib/graph/tangent.h"

#include <string.h>

struct coloured {
	struct program *made;
	struct space *space;
	struct graph *g;
	const struct pattern *pattern;
	const struct colouring *colouring;
	uint32_t products; /* array: [rows * colours] */
};

/* Seeds that were made from array `first` on lie in data, where columns go to their colours. */
static bool place_seeds(struct coloured *c, size_t first)
{
	int64_t colours = c->colouring->colours, offset = (int64_t)c->space->data.count;
	for (int64_t j = 0; j < c->pattern->columns; j++)
		for (int64_t q = 0; q < colours; q++)
			if (!VECTOR_PUSH(c->space->context, &c->space->data, c->colouring->colour[j] == q))
				return false;
	for (size_t a = first; a < c->space->arrays.count; a++) {
		struct array *array = &c->space->arrays.at[a];
		if (array->role == ROLE_SEED) {
			array->role = ROLE_DATA;
			array->offset += offset;
		}
	}
	return true;
}

/* Where an element lies in the vector that its array is a part of. */
static ojit_expr flat(struct coloured *c, const struct store *store)
{
	const struct array *array = &c->space->arrays.at[store->array];
	int64_t factor[RANK] = {0}, stride = 1, constant = array->offset;
	for (uint32_t k = array->rank; k-- > 0; stride *= array->extent[k]) {
		factor[k] = stride;
		constant -= stride * array->base[k];
	}
	return oj_integer_sum(c->g, constant, array->rank, store->index, factor);
}

static bool keep_products(struct coloured *c)
{
	int64_t base = 0, length = c->pattern->rows * c->colouring->colours;
	c->products = oj_space_array(c->space, "products", ROLE_TEMP, 1, &base, &length, 0);
	bool ok = c->products != UINT32_MAX;
	for (size_t b = 0; ok && b < c->made->blocks.count; b++)
		for (size_t s = 0; ok && s < c->made->blocks.at[b].stores.count; s++) {
			struct store *store = &c->made->blocks.at[b].stores.at[s];
			if (c->space->arrays.at[store->array].role != ROLE_OUT)
				continue;
			store->index[0] = flat(c, store);
			store->array = c->products;
			ok = store->index[0] != 0;
		}
	return ok;
}

/* place: [entries] of products */
static bool gather(struct coloured *c, int64_t *place)
{
	const struct pattern *p = c->pattern;
	int64_t zero = 0;
	for (int64_t j = 0; j < p->columns; j++)
		for (int64_t k = p->column[j]; k < p->column[j + 1]; k++)
			place[k] = p->row[k] * c->colouring->colours + c->colouring->colour[j];
	uint32_t array = oj_space_array(c->space, "jacobian", ROLE_OUT, 1, &zero, &p->entries, 0);
	ojit_expr from = oj_box_integer(c->space, "place", 1, &zero, &p->entries, place);
	ojit_expr value = from && array != UINT32_MAX ? oj_load(c->g, c->products, 1, &from) : 0;
	ojit_expr index = oj_index(c->g, 0);
	struct block *block = value ? oj_program_block(c->made, 1, &zero, &p->entries, 0) : NULL;
	return block && oj_block_store(c->space, block, array, value, &index);
}

static bool finish(struct coloured *c, size_t first)
{
	size_t size = (size_t)(c->pattern->entries + 1) * sizeof(int64_t);
	int64_t *place = oj_memory_get(c->space->context, size);
	bool ok = place && place_seeds(c, first) && keep_products(c) &&
	          (c->pattern->entries == 0 || gather(c, place)) && oj_program_layout(c->made) == OJIT_OK;
	oj_memory_put(c->space->context, place, size);
	return ok;
}

ojit_status oj_coloured_program(struct program *made, const struct program *program, const struct program *prepare,
                                bool by_states, const struct pattern *pattern, const struct colouring *colouring,
                                struct oj_error *error)
{
	struct coloured c = {.made = made, .space = made->space, .g = &made->space->graph, .pattern = pattern,
	                     .colouring = colouring};
	size_t first = c.space->arrays.count;
	struct tangent_request request = {.states = by_states ? pattern->columns : 0,
	                                  .parameters = by_states ? 0 : pattern->columns,
	                                  .directions = colouring->colours > 1 ? colouring->colours : 1, .strong = true};
	TRY(oj_tangent_program(made, program, prepare, &request, error));
	return finish(&c, first) ? OJIT_OK : oj_fail_memory(error);
}
