/* Pass roll: one expression for many of equal shape.
 *
 * Leaves of equal shape that read different elements, or are different numbers, are
 * columns: one value an instance.  A column becomes, in this order, the value all
 * instances share; an affine map of the box's indices (and of the turn of a sum); a
 * table over the rows; a table over the instances.  Equal tables are one table. */
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

static bool add_part(struct roller *r, struct columns *columns, ojit_expr e, bool own)
{
	struct part part = own_part(r, e, own);
	bool column = part.leaf >= LEAF_LITERAL;
	part.column = columns->count;
	part.size = 1;
	part.width = column;
	columns->count += column;
	return VECTOR_PUSH(r->space->context, &columns->parts, part) &&
	       (!column || VECTOR_PUSH(r->space->context, &columns->numbers, part.leaf == LEAF_LITERAL)) &&
	       (part.leaf != LEAF_NONE || push_operands(r, e));
}

/* Backwards, operands come before their user: the first one next to it, the others
 * each behind the one before. */
static void measure_parts(const struct roller *r, struct columns *columns)
{
	for (size_t p = columns->parts.count; p-- > 0;) {
		struct part *part = &columns->parts.at[p];
		uint32_t arity = part->leaf == LEAF_NONE ? oj_node(r->g, part->like)->arity : 0;
		for (uint32_t i = 0; i < arity; i++) {
			const struct part *operand = part + part->size;
			part->size += operand->size;
			part->width += operand->width;
		}
	}
}

bool oj_columns_init(struct roller *r, struct columns *columns, ojit_expr e, bool own, size_t length)
{
	bool ok;
	*columns = (struct columns){.length = length, .own = own};
	r->stack.count = 0;
	for (ok = push(r, e); ok && r->stack.count; own = false)
		ok = add_part(r, columns, r->stack.at[--r->stack.count], own);
	if (!ok || columns->count == 0)
		return ok;
	measure_parts(r, columns);
	columns->values = oj_memory_get(r->space->context, columns->count * length * sizeof *columns->values);
	return columns->values != NULL;
}

void oj_columns_drop(struct roller *r, struct columns *columns)
{
	VECTOR_DROP(r->space->context, &columns->parts);
	VECTOR_DROP(r->space->context, &columns->numbers);
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

bool oj_columns_same_part(const struct roller *r, const struct part *part, const struct part *like)
{
	const struct node *a = oj_node(r->g, part->like), *b = oj_node(r->g, like->like);
	if (part->leaf != like->leaf || part->from != like->from)
		return false;
	if (part->leaf == LEAF_SAME)
		return part->like == like->like;
	if (part->leaf != LEAF_NONE)
		return true;
	return a->op == b->op && a->arity == b->arity &&
	       oj_roll_exponent(r, part->like) == oj_roll_exponent(r, like->like);
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
		if (!oj_columns_same_part(r, &part, like)) { /* two shapes with one key */
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

struct grid oj_roll_box(uint32_t rank, const uint32_t *extent, const uint32_t *rows)
{
	struct grid grid = {.rank = rank, .points = 1, .rows = rows};
	for (uint32_t a = 0; a < rank; a++)
		grid.points *= grid.extent[a] = extent[a];
	return grid;
}

static size_t row_of(const struct grid *grid, size_t point)
{
	return grid->rows ? grid->rows[point] : point;
}

static uint32_t length_of(const struct grid *grid, size_t point)
{
	return grid->length[row_of(grid, point)];
}

static int64_t at_turn(const int64_t *values, const struct grid *grid, size_t point, uint32_t turn)
{
	return values[grid->begin[row_of(grid, point)] + (size_t)turn];
}

/* The value of a point, in a sum that of its turn 0. */
static int64_t at_point(const int64_t *values, const struct grid *grid, size_t point)
{
	return grid->turns ? at_turn(values, grid, point, 0) : values[row_of(grid, point)];
}

bool oj_roll_is_by_row(const int64_t *values, const struct grid *grid)
{
	for (uint32_t i = 0; i < grid->points; i++)
		for (uint32_t k = 1; k < length_of(grid, i); k++)
			if (at_turn(values, grid, i, k) != at_point(values, grid, i))
				return false;
	return true;
}

/* constant + sum of coefficient[k] * index of axis k, the turn being the last? */
struct affine_map { int64_t constant, coefficient[RANK + 1]; };

static bool is_affine_box(const int64_t *values, const struct grid *grid, struct affine_map *map)
{
	size_t stride = grid->points;
	*map = (struct affine_map){.constant = at_point(values, grid, 0)};
	for (uint32_t a = 0; a < grid->rank; a++) {
		stride /= grid->extent[a];
		if (grid->extent[a] > 1)
			map->coefficient[a] = at_point(values, grid, stride) - map->constant;
	}
	uint32_t index[RANK] = {0};
	for (size_t point = 0; point < grid->points; point++) {
		int64_t expected = map->constant;
		for (uint32_t a = 0; a < grid->rank; a++)
			expected += map->coefficient[a] * index[a];
		if (at_point(values, grid, point) != expected)
			return false;
		for (uint32_t a = grid->rank; a-- > 0 && ++index[a] == grid->extent[a];)
			index[a] = 0;
	}
	return true;
}

static bool is_affine_sum(const int64_t *values, const struct grid *grid, struct affine_map *map)
{
	uint32_t some = 0; /* a row of more than one turn */
	*map = (struct affine_map){.constant = at_point(values, grid, 0)};
	while (some + 1 < grid->points && length_of(grid, some) < 2)
		some++;
	if (grid->points > 1)
		map->coefficient[0] = at_point(values, grid, 1) - map->constant;
	if (length_of(grid, some) > 1)
		map->coefficient[1] = at_turn(values, grid, some, 1) - at_point(values, grid, some);
	for (uint32_t i = 0; i < grid->points; i++)
		for (uint32_t k = 0; k < length_of(grid, i); k++)
			if (at_turn(values, grid, i, k) != map->constant + map->coefficient[0] * i + map->coefficient[1] * k)
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

static uint32_t data_of(struct roller *r, const int64_t *bits, size_t count)
{
	struct space *space = r->space;
	uint32_t key = hash32(bits, count * sizeof *bits), known = 0;
	int64_t base = 0, extent = (int64_t)count;
	if (oj_expr_map_get(&r->data, key, &known)) {
		const struct array *a = &space->arrays.at[known - 1];
		if (a->extent[0] == extent && !memcmp(space->data.at + a->offset, bits, count * sizeof *bits))
			return known - 1;
	}
	known = oj_space_array(space, "rolled", ROLE_DATA, 1, &base, &extent, (int64_t)space->data.count);
	for (size_t i = 0; known != UINT32_MAX && i < count; i++) {
		double value;
		memcpy(&value, &bits[i], sizeof value);
		if (!VECTOR_PUSH(space->context, &space->data, value))
			known = UINT32_MAX;
	}
	return known != UINT32_MAX && oj_expr_map_put(&r->data, key, known + 1) ? known : UINT32_MAX;
}

/* The values in the order of a table, `count` of them: by points of a box, or by
 * places of a sum, where those without a term take another's.  NULL: out of memory. */
static int64_t *spread(struct roller *r, const int64_t *values, const struct grid *grid, bool rows, size_t count)
{
	int64_t *out = oj_memory_get(r->space->context, count * sizeof *out);
	for (size_t i = 0; out && i < count; i++)
		out[i] = at_point(values, grid, rows ? i : 0);
	for (uint32_t i = 0; out && !rows && i < grid->points; i++)
		for (uint32_t k = 0; k < length_of(grid, i); k++)
			out[grid->start ? grid->start[k] + (size_t)i : grid->home[i] + (size_t)k] = at_turn(values, grid, i, k);
	return out;
}

/* The place of an instance of a sum, or the number of a point of a box. */
static ojit_expr place_in_table(struct roller *r, const struct grid *grid, bool rows)
{
	ojit_expr levels[RANK];
	int64_t strides[RANK];
	size_t stride = grid->points;
	if (!rows)
		return grid->at;
	for (uint32_t a = 0; a < grid->rank; a++) {
		levels[a] = oj_index(r->g, a);
		strides[a] = (int64_t)(stride /= grid->extent[a]);
	}
	return oj_integer_sum(r->g, 0, grid->rank, levels, strides);
}

static ojit_expr tabled(struct roller *r, const int64_t *values, const struct grid *grid, bool rows)
{
	size_t count = rows ? grid->points : grid->places;
	int64_t *wide = spread(r, values, grid, rows, count);
	int32_t *narrow = oj_memory_get(r->space->context, count * sizeof *narrow);
	uint32_t table = UINT32_MAX;
	for (size_t i = 0; wide && narrow && i < count; i++) {
		narrow[i] = (int32_t)wide[i];
		r->refused = r->refused || narrow[i] != wide[i];
	}
	if (wide && narrow)
		table = table_of(r, narrow, count);
	oj_memory_put(r->space->context, wide, count * sizeof *wide);
	oj_memory_put(r->space->context, narrow, count * sizeof *narrow);
	ojit_expr at = place_in_table(r, grid, rows);
	return table == UINT32_MAX ? 0 : oj_table(r->g, table, 1, &at);
}

/* Have points that differ along the last axis of a box alone the same values? */
static bool is_level(const int64_t *values, const struct grid *grid)
{
	uint32_t last = grid->rank > 1 && !grid->turns ? grid->extent[grid->rank - 1] : 1;
	for (uint32_t i = 0; last > 1 && i < grid->points; i++)
		if (at_point(values, grid, i) != at_point(values, grid, i - i % last))
			return false;
	return last > 1;
}

/* The values over a box without its last axis, where they are level along it. */
static ojit_expr over_outer_box(struct roller *r, const int64_t *values, const struct grid *grid,
                                ojit_expr (*build)(struct roller *, const int64_t *, const struct grid *))
{
	uint32_t last = grid->extent[grid->rank - 1], count = grid->points / last;
	uint32_t *rows = oj_memory_get(r->space->context, count * sizeof *rows);
	for (uint32_t i = 0; rows && i < count; i++)
		rows[i] = (uint32_t)row_of(grid, (size_t)i * last);
	struct grid outer = oj_roll_box(grid->rank - 1, grid->extent, rows);
	ojit_expr e = rows ? build(r, values, &outer) : 0;
	oj_memory_put(r->space->context, rows, count * sizeof *rows);
	return e;
}

bool oj_roll_is_scattered(const int64_t *elements, const struct grid *grid)
{
	struct affine_map map;
	return !is_affine_sum(elements, grid, &map) && !oj_roll_is_by_row(elements, grid);
}

ojit_expr oj_roll_integer(struct roller *r, const int64_t *values, const struct grid *grid)
{
	struct affine_map map;
	if (grid->turns ? is_affine_sum(values, grid, &map) : is_affine_box(values, grid, &map)) {
		ojit_expr levels[RANK + 1];
		for (uint32_t a = 0; a <= grid->rank; a++)
			levels[a] = oj_index(r->g, a);
		return oj_integer_sum(r->g, map.constant, grid->rank + (grid->turns > 0), levels, map.coefficient);
	}
	if (is_level(values, grid))
		return over_outer_box(r, values, grid, oj_roll_integer);
	return tabled(r, values, grid, !grid->turns || oj_roll_is_by_row(values, grid));
}

static bool all_same(const int64_t *values, const struct grid *grid)
{
	for (uint32_t i = 1; i < grid->points; i++)
		if (at_point(values, grid, i) != at_point(values, grid, 0))
			return false;
	return !grid->turns || oj_roll_is_by_row(values, grid);
}

ojit_expr oj_roll_number(struct roller *r, const int64_t *bits, const struct grid *grid)
{
	bool rows = !grid->turns || oj_roll_is_by_row(bits, grid);
	size_t count = rows ? grid->points : grid->places;
	if (all_same(bits, grid)) {
		double value;
		int64_t same = at_point(bits, grid, 0);
		memcpy(&value, &same, sizeof value);
		return oj_literal(r->g, value);
	}
	if (is_level(bits, grid))
		return over_outer_box(r, bits, grid, oj_roll_number);
	int64_t *all = spread(r, bits, grid, rows, count);
	uint32_t array = all ? data_of(r, all, count) : UINT32_MAX;
	oj_memory_put(r->space->context, all, count * sizeof *all);
	ojit_expr at = place_in_table(r, grid, rows);
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

static bool is_element(const struct roller *r, ojit_expr load, ojit_expr index)
{
	int64_t element, value;
	return oj_integer_value(r->g, index, &value) &&
	       oj_roll_element(r, oj_node(r->g, load)->ref.id, oj_operands(r->g, load), &element) && element == value;
}

static ojit_expr build_leaf(struct roller *r, const struct filling *f, const struct part *part)
{
	if (part->leaf == LEAF_SAME)
		return part->like; /* where all parts are, there are no values */
	const int64_t *values = f->columns->values + part->column * f->columns->length;
	if (part->leaf == LEAF_LITERAL)
		return f->number(r, f, values);
	ojit_expr index = f->element(r, f, values);
	if (part->leaf == LEAF_SHELF)
		return index ? oj_roll_shelf_load(r, part->from, index) : 0;
	if (index && is_element(r, part->like, index)) /* the same in all */
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

ojit_expr oj_columns_build(struct roller *r, const struct filling *filling)
{
	r->stack.count = 0;
	for (size_t p = filling->columns->parts.count; p-- > 0;) {
		const struct part *part = &filling->columns->parts.at[p];
		ojit_expr e = part->leaf == LEAF_NONE ? build_inner(r, part->like) : build_leaf(r, filling, part);
		if (!e || !push(r, e))
			return 0;
	}
	return r->stack.at[0];
}
