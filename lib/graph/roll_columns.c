/* Pass roll: one expression for many of equal shape.
 *
 * Leaves of equal shape that read different elements, or are different numbers, are
 * columns: one value an instance.  A column becomes, in this order, the value all
 * instances share; an affine map of the row (and of the turn of a sum); a table over
 * the rows; a table over the instances.  Equal tables are one table.
 *
 * Instances of sums lie turn by turn: those of turn k of all rows that have one are
 * neighbours, so that lanes along the rows read neighbours too.  Tables over them
 * are longer by the rows, so that start[k] + i lies inside of them for all i. */
#include "lib/graph/roll.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static bool push(struct roller *r, ojit_expr e)
{
	return VECTOR_PUSH(r->space->context, &r->stack, e);
}

static struct part part_of(const struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	const struct mark *m = &r->marks[e];
	int64_t element;
	if (m->item)
		return (struct part){.like = e, .leaf = LEAF_SHELF, .from = m->height};
	if (n->op == OP_LITERAL)
		return (struct part){.like = e, .leaf = LEAF_LITERAL};
	if (n->op == OP_LOAD && oj_roll_element(r, n->ref.id, oj_operands(r->g, e), &element))
		return (struct part){.like = e, .leaf = LEAF_VECTOR, .from = r->space->arrays.at[n->ref.id].role};
	bool inner = n->arity > 0 && n->op != OP_LOAD && n->op != OP_ITOF;
	return (struct part){.like = e, .leaf = inner ? LEAF_NONE : LEAF_SAME};
}

/* own: look into `e` even where it is an item. */
static struct part own_part(const struct roller *r, ojit_expr e, bool own)
{
	struct mark *m = &r->marks[e];
	bool item = m->item;
	m->item = item && !own;
	struct part part = part_of(r, e);
	m->item = item;
	return part;
}

static bool push_operands(struct roller *r, ojit_expr e)
{
	bool ok = true;
	for (uint32_t i = oj_node(r->g, e)->arity; ok && i-- > 0;)
		ok = push(r, oj_roll_operand(r, e, i));
	return ok;
}

bool oj_columns_init(struct roller *r, struct columns *columns, ojit_expr e, bool own, size_t length)
{
	bool ok;
	*columns = (struct columns){.length = length, .own = own};
	r->stack.count = 0;
	for (ok = push(r, e); ok && r->stack.count; own = false) {
		ojit_expr at = r->stack.at[--r->stack.count];
		struct part part = own_part(r, at, own);
		if (part.leaf >= LEAF_LITERAL)
			part.column = columns->count++;
		ok = VECTOR_PUSH(r->space->context, &columns->parts, part) &&
		     (part.leaf != LEAF_NONE || push_operands(r, at));
	}
	if (!ok || columns->count == 0)
		return ok;
	columns->values = oj_memory_get(r->space->context, columns->count * length * sizeof *columns->values);
	return columns->values != NULL;
}

void oj_columns_drop(struct roller *r, struct columns *columns)
{
	VECTOR_DROP(r->space->context, &columns->parts);
	oj_memory_put(r->space->context, columns->values,
	              columns->count * columns->length * sizeof *columns->values);
	columns->values = NULL;
}

/* What the leaf `e` puts into its column. */
static int64_t leaf_value(const struct roller *r, ojit_expr e, enum leaf leaf)
{
	const struct node *n = oj_node(r->g, e);
	int64_t element = 0;
	if (leaf == LEAF_SHELF)
		return r->marks[e].place;
	if (leaf == LEAF_LITERAL)
		return n->integer;
	oj_roll_element(r, n->ref.id, oj_operands(r->g, e), &element);
	return element;
}

static bool same_part(const struct roller *r, const struct part *part, const struct part *like)
{
	const struct node *a = oj_node(r->g, part->like), *b = oj_node(r->g, like->like);
	if (part->leaf != like->leaf || part->from != like->from)
		return false;
	if (part->leaf == LEAF_SAME)
		return part->like == like->like;
	if (part->leaf != LEAF_NONE)
		return true;
	return a->op == b->op && a->arity == b->arity && (a->op != OP_POWI || a->integer == b->integer);
}

bool oj_columns_add(struct roller *r, struct columns *columns, ojit_expr e, size_t instance)
{
	bool own = columns->own;
	r->stack.count = 0;
	if (!push(r, e))
		return false;
	for (size_t p = 0; p < columns->parts.count; p++, own = false) {
		const struct part *like = &columns->parts.at[p];
		ojit_expr at = r->stack.at[--r->stack.count];
		struct part part = own_part(r, at, own);
		if (!same_part(r, &part, like)) { /* two shapes with one key */
			r->refused = true;
			return true;
		}
		if (part.leaf == LEAF_NONE && !push_operands(r, at))
			return false;
		if (part.leaf >= LEAF_LITERAL)
			columns->values[like->column * columns->length + instance] = leaf_value(r, at, part.leaf);
	}
	return true;
}

/* ---------------------------------------------------------------- columns to expressions */

static size_t instances(const struct grid *grid)
{
	return grid->turns ? grid->start[grid->turns - 1] + (size_t)grid->rows : grid->rows;
}

/* Are all values of every row the same?  Those of turn 0 are then the rows' own. */
static bool by_row(const int64_t *values, const struct grid *grid)
{
	for (uint32_t k = 1; k < grid->turns; k++)
		for (uint32_t i = 0; i < grid->rows && grid->length[i] > k; i++)
			if (values[grid->start[k] + i] != values[i])
				return false;
	return true;
}

/* constant + row * i + turn * k? */
static bool is_affine(const int64_t *values, const struct grid *grid, int64_t *row, int64_t *turn)
{
	*row = grid->rows > 1 ? values[1] - values[0] : 0;
	*turn = grid->turns > 1 ? values[grid->start[1]] - values[0] : 0;
	for (uint32_t k = 0; k < (grid->turns ? grid->turns : 1); k++)
		for (uint32_t i = 0; i < grid->rows && (!grid->turns || grid->length[i] > k); i++)
			if (values[(grid->turns ? grid->start[k] : 0) + i] != values[0] + *row * i + *turn * k)
				return false;
	return true;
}

static uint32_t hash32(const void *bytes, size_t size)
{
	uint64_t hash = XXH3_64bits(bytes, size);
	return (uint32_t)(hash ^ hash >> 32) | 1;
}

/* A table of these values, made or met before; UINT32_MAX: out of memory. */
static uint32_t table_of(struct roller *r, const int32_t *values, size_t count)
{
	struct space *space = r->space;
	uint32_t key = hash32(values, count * sizeof *values), known = 0;
	int64_t base = 0, extent = (int64_t)count;
	if (oj_expr_map_get(&r->tables, key, &known)) {
		const struct table *t = &space->tables.at[known - 1];
		if (t->extent[0] == extent && !memcmp(space->table_data.at + t->offset, values, count * sizeof *values))
			return known - 1;
	}
	known = oj_space_table(space, "rolled", 1, &base, &extent, values);
	return known != UINT32_MAX && oj_expr_map_put(&r->tables, key, known + 1) ? known : UINT32_MAX;
}

static uint32_t data_of(struct roller *r, const int64_t *bits, size_t count, size_t padded)
{
	struct space *space = r->space;
	uint32_t key = hash32(bits, count * sizeof *bits), known = 0;
	int64_t base = 0, extent = (int64_t)padded;
	if (oj_expr_map_get(&r->data, key, &known)) {
		const struct array *a = &space->arrays.at[known - 1];
		if (a->extent[0] == extent && !memcmp(space->data.at + a->offset, bits, count * sizeof *bits))
			return known - 1;
	}
	known = oj_space_array(space, "rolled", ROLE_DATA, 1, &base, &extent, (int64_t)space->data.count);
	for (size_t i = 0; known != UINT32_MAX && i < padded; i++) {
		double value;
		memcpy(&value, &bits[i < count ? i : count - 1], sizeof value);
		if (!VECTOR_PUSH(space->context, &space->data, value))
			known = UINT32_MAX;
	}
	return known != UINT32_MAX && oj_expr_map_put(&r->data, key, known + 1) ? known : UINT32_MAX;
}

/* How many values are there, of how many elements of a table? */
static size_t count_values(const struct grid *grid, bool rows, size_t *padded)
{
	*padded = rows ? grid->rows : instances(grid);
	if (rows || !grid->turns)
		return *padded;
	uint32_t last = 0;
	while (last < grid->rows && grid->length[last] >= grid->turns)
		last++;
	return grid->start[grid->turns - 1] + (size_t)last;
}

static ojit_expr tabled(struct roller *r, const int64_t *values, const struct grid *grid, bool rows)
{
	size_t padded, count = count_values(grid, rows, &padded);
	int32_t *narrow = oj_memory_get(r->space->context, padded * sizeof *narrow);
	if (!narrow)
		return 0;
	for (size_t i = 0; i < padded; i++) {
		int64_t value = values[i < count ? i : count - 1];
		narrow[i] = (int32_t)value;
		r->refused = r->refused || narrow[i] != value;
	}
	uint32_t table = table_of(r, narrow, padded);
	oj_memory_put(r->space->context, narrow, padded * sizeof *narrow);
	ojit_expr at = rows ? oj_index(r->g, 0) : grid->at;
	return table == UINT32_MAX ? 0 : oj_table(r->g, table, 1, &at);
}

ojit_expr oj_roll_integer(struct roller *r, const int64_t *values, const struct grid *grid)
{
	int64_t row, turn;
	if (is_affine(values, grid, &row, &turn)) {
		ojit_expr levels[2] = {oj_index(r->g, 0), oj_index(r->g, 1)};
		return oj_integer_sum(r->g, values[0], 2, levels, (int64_t[]){row, turn});
	}
	return tabled(r, values, grid, !grid->turns || by_row(values, grid));
}

ojit_expr oj_roll_number(struct roller *r, const int64_t *bits, const struct grid *grid)
{
	size_t padded;
	bool rows = !grid->turns || by_row(bits, grid), same = rows;
	for (uint32_t i = 1; same && i < grid->rows; i++)
		same = bits[i] == bits[0];
	if (same) {
		double value;
		memcpy(&value, bits, sizeof value);
		return oj_literal(r->g, value);
	}
	size_t count = count_values(grid, rows, &padded);
	uint32_t array = data_of(r, bits, count, padded);
	ojit_expr at = rows ? oj_index(r->g, 0) : grid->at;
	return array == UINT32_MAX ? 0 : oj_load(r->g, array, 1, &at);
}

uint32_t oj_roll_vector(struct roller *r, enum array_role role)
{
	static const char *const names[ROLE_COUNT] = {
		[ROLE_STATE] = "y", [ROLE_PARAMETER] = "p", [ROLE_DERIVED] = "d", [ROLE_DISCRETE] = "z",
		[ROLE_SEED] = "seed", [ROLE_DATA] = "data", [ROLE_OUT] = "out", [ROLE_TEMP] = "temp",
	};
	int64_t base = 0;
	if (!r->vectors[role])
		r->vectors[role] = oj_space_array(r->space, names[role], role, 1, &base, &r->lengths[role], 0) + 1;
	return r->vectors[role] - 1;
}

ojit_expr oj_roll_shelf_load(struct roller *r, uint32_t height, ojit_expr index)
{
	return oj_load(r->g, r->shelves.at[height].array, 1, &index);
}

static ojit_expr build_leaf(struct roller *r, const struct columns *columns, const struct part *part,
                            const struct grid *grid)
{
	const int64_t *values = columns->values + part->column * columns->length;
	if (part->leaf == LEAF_SAME)
		return part->like;
	if (part->leaf == LEAF_LITERAL)
		return oj_roll_number(r, values, grid);
	ojit_expr index = oj_roll_integer(r, values, grid);
	if (part->leaf == LEAF_SHELF)
		return index ? oj_roll_shelf_load(r, part->from, index) : 0;
	if (index && oj_is(r->g, index, OP_INTEGER)) /* the same in all */
		return part->like;
	uint32_t vector = index ? oj_roll_vector(r, part->from) : UINT32_MAX;
	return vector == UINT32_MAX ? 0 : oj_load(r->g, vector, 1, &index);
}

/* Operands lie on the stack, the first on top. */
static ojit_expr build_inner(struct roller *r, ojit_expr like)
{
	uint32_t arity = oj_node(r->g, like)->arity;
	r->operands.count = 0;
	for (uint32_t i = 0; i < arity; i++)
		if (!VECTOR_PUSH(r->space->context, &r->operands, r->stack.at[--r->stack.count]))
			return 0;
	return oj_remake(r->g, like, r->operands.at);
}

ojit_expr oj_columns_build(struct roller *r, const struct columns *columns, const struct grid *grid)
{
	r->stack.count = 0;
	for (size_t p = columns->parts.count; p-- > 0;) {
		const struct part *part = &columns->parts.at[p];
		ojit_expr e = part->leaf == LEAF_NONE ? build_inner(r, part->like) : build_leaf(r, columns, part, grid);
		if (!e || !push(r, e))
			return 0;
	}
	return r->stack.at[0];
}
