/* See graph.h.  The table of known nodes is open addressing with linear probing
 * over node indices; its order never shows, since nodes are numbered in order of
 * making. */
#include "lib/graph/graph_parts.h"

#include "lib/math/math.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define LEAF WAY_LEAF, -1
#define INSTR(value) WAY_INSTR, -1
#define MATH(function) WAY_MATH, OJ_MATH_##function
#define EXPAND WAY_EXPAND, -1
const struct op_info oj_op_info[OP_COUNT] = {
#define OP(tag, text, arity, type, way, bound) [OP_##tag] = {text, arity, type, way, bound},
#include "lib/graph/ops.def"
#undef OP
};
#undef LEAF
#undef INSTR
#undef MATH
#undef EXPAND

static struct node *node_at(const struct graph *g, ojit_expr e)
{
	return &g->nodes.chunks.at[e / NODE_CHUNK][e % NODE_CHUNK];
}

static bool add_node(struct graph *g, struct node n)
{
	if (g->nodes.count == g->nodes.chunks.count * NODE_CHUNK) {
		struct node *chunk = oj_memory_get(g->context, NODE_CHUNK * sizeof *chunk);
		if (!chunk || !VECTOR_PUSH(g->context, &g->nodes.chunks, chunk)) {
			oj_memory_put(g->context, chunk, NODE_CHUNK * sizeof *chunk);
			return false;
		}
	}
	*node_at(g, (ojit_expr)g->nodes.count++) = n;
	return true;
}

/* A piece of `slots` chunks in a row. */
static bool add_operand_chunks(struct graph *g, size_t slots)
{
	uint32_t owned = (uint32_t)slots * OPERAND_CHUNK;
	ojit_expr *piece = oj_memory_get(g->context, owned * sizeof *piece);
	size_t count = g->operands.chunks.count;
	bool room = count + slots <= g->operands.chunks.room ||
	            oj_vector_grow(g->context, (void **)&g->operands.chunks.at, &g->operands.chunks.room, count + slots,
	                           sizeof *g->operands.chunks.at);
	if (!piece || !room) {
		oj_memory_put(g->context, piece, owned * sizeof *piece);
		return false;
	}
	for (size_t k = 0; k < slots; k++)
		g->operands.chunks.at[count + k] = (struct operand_chunk){piece + k * OPERAND_CHUNK, k ? 0 : owned};
	g->operands.chunks.count += slots;
	return true;
}

/* Room for `arity` operands together, at *place: behind the last ones, or from the
 * next chunk on. */
static bool place_operands(struct graph *g, uint32_t arity, uint32_t *place)
{
	size_t end = g->operands.chunks.count * OPERAND_CHUNK;
	if (end - g->operands.used < arity) {
		size_t slots = (arity + OPERAND_CHUNK - 1) / OPERAND_CHUNK;
		if (end + slots * OPERAND_CHUNK > UINT32_MAX || !add_operand_chunks(g, slots))
			return false;
		g->operands.used = end;
	}
	*place = (uint32_t)g->operands.used;
	g->operands.used += arity;
	return true;
}

static ojit_expr *operands_at(const struct graph *g, uint32_t place)
{
	return g->operands.chunks.at[place / OPERAND_CHUNK].at + place % OPERAND_CHUNK;
}

/* One of each, so that no pointer into nothing is ever formed. */
ojit_status oj_graph_init(struct graph *g, ojit_context *context)
{
	uint32_t ignored;
	*g = (struct graph){.context = context};
	bool ok = add_node(g, (struct node){.op = OP_NONE}) && place_operands(g, 1, &ignored) &&
	          VECTOR_PUSH(context, &g->coefficients, 0);
	return ok ? OJIT_OK : OJIT_OUT_OF_MEMORY;
}

static bool copy_nodes(struct graph *copy, const struct graph *g)
{
	for (ojit_expr e = 0; e < g->nodes.count; e++)
		if (!add_node(copy, *oj_node(g, e)))
			return false;
	return true;
}

static bool copy_operands(struct graph *copy, const struct graph *g)
{
	const struct operand_chunk *chunks = g->operands.chunks.at;
	for (size_t c = 0, next; c < g->operands.chunks.count; c = next) {
		for (next = c + 1; next < g->operands.chunks.count && chunks[next].owned == 0;)
			next++;
		if (!add_operand_chunks(copy, next - c))
			return false;
		size_t left = g->operands.used - c * OPERAND_CHUNK, most = (next - c) * OPERAND_CHUNK;
		memcpy(copy->operands.chunks.at[c].at, chunks[c].at, (left < most ? left : most) * sizeof *chunks[c].at);
	}
	copy->operands.used = g->operands.used;
	return true;
}

ojit_status oj_graph_copy(struct graph *copy, const struct graph *g)
{
	ojit_context *context = g->context;
	size_t bytes = g->slot_count * sizeof *g->slots;
	*copy = (struct graph){.context = context};
	bool ok = copy_nodes(copy, g) && copy_operands(copy, g) && VECTOR_APPEND(context, &copy->coefficients, &g->coefficients);
	if (!ok || bytes == 0)
		return ok && !g->failed ? OJIT_OK : OJIT_OUT_OF_MEMORY;
	copy->slots = oj_memory_get(context, bytes);
	if (!copy->slots)
		return OJIT_OUT_OF_MEMORY;
	copy->slot_count = g->slot_count;
	memcpy(copy->slots, g->slots, bytes);
	return g->failed ? OJIT_OUT_OF_MEMORY : OJIT_OK;
}

/* Free the chunks behind the first ones. */
static void drop_chunks(struct graph *g, size_t node_chunks, size_t operand_chunks)
{
	while (g->nodes.chunks.count > node_chunks)
		oj_memory_put(g->context, g->nodes.chunks.at[--g->nodes.chunks.count], NODE_CHUNK * sizeof(struct node));
	while (g->operands.chunks.count > operand_chunks) {
		struct operand_chunk *chunk = &g->operands.chunks.at[--g->operands.chunks.count];
		if (chunk->owned)
			oj_memory_put(g->context, chunk->at, chunk->owned * sizeof *chunk->at);
	}
}

void oj_graph_drop(struct graph *g)
{
	ojit_context *context = g->context;
	if (!context)
		return;
	drop_chunks(g, 0, 0);
	VECTOR_DROP(context, &g->nodes.chunks);
	VECTOR_DROP(context, &g->operands.chunks);
	VECTOR_DROP(context, &g->coefficients);
	oj_memory_put(context, g->slots, g->slot_count * sizeof *g->slots);
	g->slots = NULL;
	g->slot_count = 0;
}

/* What follows the coefficients of an AFFINE or WRAP node in its identity. */
static uint32_t coefficient_count(enum op op, uint32_t arity)
{
	return op == OP_AFFINE ? arity + 1 : op == OP_WRAP ? 2 : 0;
}

static uint64_t hash_node(const struct node *n, const ojit_expr *operands, const int64_t *coefficients)
{
	uint64_t bits = coefficients || n->inside ? 0 : n->bits;
	uint64_t hash = XXH3_64bits_withSeed(operands, n->arity * sizeof *operands, bits * 0x9E3779B97F4A7C15u + n->op);
	if (coefficients)
		hash ^= XXH3_64bits(coefficients, coefficient_count(n->op, n->arity) * sizeof *coefficients);
	return hash ^ hash >> 32;
}

static bool same_node(const struct graph *g, ojit_expr known, const struct node *n,
                      const ojit_expr *operands, const int64_t *coefficients)
{
	const struct node *k = oj_node(g, known);
	if (k->op != n->op || k->arity != n->arity)
		return false;
	if (n->arity && memcmp(oj_operands(g, known), operands, n->arity * sizeof *operands))
		return false;
	if (k->inside)
		return true;
	if (!coefficients)
		return k->bits == n->bits;
	return !memcmp(g->coefficients.at + k->ref.id, coefficients,
	               coefficient_count(n->op, n->arity) * sizeof *coefficients);
}

/* Where a hash belongs in a table of any length (D. Lemire, Fast random integer
 * generation in an interval, 2019). */
static size_t home_slot(uint64_t hash, size_t count)
{
	return (size_t)((uint64_t)(uint32_t)hash * count >> 32);
}

void oj_graph_unhash(struct graph *g)
{
	oj_memory_put(g->context, g->slots, g->slot_count * sizeof *g->slots);
	g->slots = NULL;
	g->slot_count = 0;
}

/* A table of `count` slots for the nodes there are; the one before is not needed to
 * make it, so there are never two. */
static bool make_slots(struct graph *g, size_t count)
{
	oj_graph_unhash(g);
	uint32_t *fresh = oj_memory_get(g->context, count * sizeof *fresh);
	if (!fresh)
		return false;
	memset(fresh, 0, count * sizeof *fresh);
	for (ojit_expr e = 1; e < g->nodes.count; e++) {
		const struct node *n = oj_node(g, e);
		const int64_t *c = coefficient_count(n->op, n->arity) ? g->coefficients.at + n->ref.id : NULL;
		size_t at = home_slot(hash_node(n, oj_operands(g, e), c), count);
		while (fresh[at])
			at = at + 1 < count ? at + 1 : 0;
		fresh[at] = e;
	}
	g->slots = fresh;
	g->slot_count = count;
	return true;
}

/* At most three of four slots are taken, and four of seven when it has grown. */
static size_t slots_for(size_t nodes)
{
	return nodes < 48 ? 64 : nodes + nodes / 4 * 3;
}

static bool is_full(const struct graph *g)
{
	return g->nodes.count >= g->slot_count / 4 * 3;
}

/* Do the operands fit where other nodes have a number or a name? */
static bool fits_inside(const struct node *n)
{
	switch ((enum op)n->op) {
	case OP_LITERAL: case OP_INTEGER: case OP_INDEX: case OP_POWI: case OP_LOAD: case OP_SYMBOL: case OP_TABLE:
	case OP_AFFINE: case OP_WRAP: case OP_REDUCE:
		return false;
	default:
		return n->arity == 1 || n->arity == 2;
	}
}

/* Operands move down inside of what there is: a node's new place is never behind its
 * old one.  Long pieces keep their chunks, so that what follows cannot overtake. */
static uint32_t move_operands(struct graph *g, const struct node *n, const uint32_t *numbers)
{
	uint32_t place = 0;
	size_t end = (g->operands.used + OPERAND_CHUNK - 1) / OPERAND_CHUNK * OPERAND_CHUNK;
	ojit_expr *from = operands_at(g, n->first);
	if (n->arity == 0 || n->inside)
		return 0;
	if (n->arity > OPERAND_CHUNK || end - g->operands.used < n->arity)
		g->operands.used = n->arity > OPERAND_CHUNK ? n->first : end;
	place = (uint32_t)g->operands.used;
	ojit_expr *to = operands_at(g, place);
	for (uint32_t i = 0; i < n->arity; i++)
		to[i] = numbers[from[i]];
	g->operands.used += n->arity;
	return place;
}

void oj_graph_keep(struct graph *g, const uint32_t *numbers)
{
	uint32_t coefficients = 1, nodes = 1;
	g->operands.used = 1;
	for (ojit_expr e = 1; e < g->nodes.count; e++) {
		if (!numbers[e])
			continue;
		struct node n = *oj_node(g, e);
		uint32_t more = coefficient_count(n.op, n.arity);
		if (more) {
			memmove(g->coefficients.at + coefficients, g->coefficients.at + n.ref.id, more * sizeof *g->coefficients.at);
			n.ref.id = coefficients;
		}
		n.first = move_operands(g, &n, numbers);
		for (uint32_t i = 0; n.inside && i < n.arity; i++)
			n.pair[i] = numbers[n.pair[i]];
		coefficients += more;
		*node_at(g, nodes++) = n;
	}
	g->nodes.count = nodes;
	g->coefficients.count = coefficients;
	drop_chunks(g, (nodes + NODE_CHUNK - 1) / NODE_CHUNK, (g->operands.used + OPERAND_CHUNK - 1) / OPERAND_CHUNK);
}

bool oj_graph_rehash(struct graph *g)
{
	return make_slots(g, slots_for(g->nodes.count));
}

bool oj_graph_reserve(struct graph *g, size_t nodes)
{
	return slots_for(nodes) <= g->slot_count || make_slots(g, slots_for(nodes));
}

static uint32_t mix(uint32_t h, uint32_t v)
{
	h = (h ^ v) * 0x85EBCA6Bu;
	return h ^ h >> 15;
}

/* Levels, stage, shape: what a node inherits from its operands. */
static void inherit(const struct graph *g, struct node *n, const ojit_expr *operands)
{
	n->shape = mix(0x12345u + n->op, n->arity);
	for (uint32_t i = 0; i < n->arity; i++) {
		const struct node *o = oj_node(g, operands[i]);
		n->levels |= o->levels;
		n->symbolic |= o->symbolic;
		if (o->stage > n->stage)
			n->stage = o->stage;
		n->shape = mix(n->shape, o->shape);
	}
	if (n->op == OP_INDEX)
		n->levels = 1u << n->integer;
	if (n->op == OP_SYMBOL)
		n->symbolic = 1;
	if (n->op == OP_REDUCE) {
		/* The start and the range are outside of the loop. */
		n->levels = oj_node(g, operands[REDUCE_BODY])->levels & ~(1u << n->reduction.level);
		for (int i = REDUCE_START; i <= REDUCE_END; i++)
			n->levels |= oj_node(g, operands[i])->levels;
		n->stage++;
	}
}

ojit_expr oj_graph_fail(struct graph *g)
{
	g->failed = true;
	return 0;
}

ojit_expr oj_graph_intern(struct graph *g, struct node n, const ojit_expr *operands, const int64_t *coefficients)
{
	for (uint32_t i = 0; i < n.arity; i++)
		if (operands[i] == 0)
			return 0;
	if (g->failed || (is_full(g) && !make_slots(g, slots_for(g->nodes.count + 1))))
		return oj_graph_fail(g);
	size_t at = home_slot(hash_node(&n, operands, coefficients), g->slot_count);
	for (; g->slots[at]; at = at + 1 < g->slot_count ? at + 1 : 0)
		if (same_node(g, g->slots[at], &n, operands, coefficients))
			return g->slots[at];
	if (g->nodes.count >= UINT32_MAX - 1)
		return oj_graph_fail(g);
	inherit(g, &n, operands);
	n.inside = fits_inside(&n);
	if (n.arity && !n.inside && !place_operands(g, n.arity, &n.first))
		return oj_graph_fail(g);
	if (n.arity)
		memcpy(n.inside ? n.pair : operands_at(g, n.first), operands, n.arity * sizeof *operands);
	if (coefficients) {
		n.bits = 0;
		n.ref.id = (uint32_t)g->coefficients.count;
		for (uint32_t i = 0; i < coefficient_count(n.op, n.arity); i++)
			if (!VECTOR_PUSH(g->context, &g->coefficients, coefficients[i]))
				return oj_graph_fail(g);
	}
	if (!add_node(g, n))
		return oj_graph_fail(g);
	return g->slots[at] = (uint32_t)(g->nodes.count - 1);
}

ojit_expr oj_literal(struct graph *g, double value)
{
	return oj_graph_intern(g, (struct node){.op = OP_LITERAL, .real = value}, NULL, NULL);
}

ojit_expr oj_time(struct graph *g)
{
	return oj_graph_intern(g, (struct node){.op = OP_TIME}, NULL, NULL);
}

bool oj_commutes(enum op op)
{
	switch (op) {
	case OP_ADD: case OP_MUL: case OP_EQ: case OP_NE: /* and no MIN or MAX: at a tie the first counts */
	case OP_IEQ: case OP_INE: case OP_AND: case OP_OR: case OP_IMIN: case OP_IMAX:
	case OP_HYPOT:
		return true;
	default:
		return false;
	}
}

bool oj_is_plain(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	if (n->op != OP_AFFINE)
		return n->arity == 0 && n->op != OP_LOAD && n->op != OP_SYMBOL && n->op != OP_TABLE;
	/* Index variables come first. */
	return n->arity < 2 || oj_is(g, oj_operands(g, e)[n->arity - 2], OP_INDEX);
}

bool oj_read_tables(const struct graph *g, const ojit_expr *integers, uint32_t count)
{
	bool found = false;
	for (uint32_t k = 0; k < count; k++) {
		struct affine a;
		oj_affine(g, integers[k], &a);
		for (uint32_t i = 0; i < a.count; i++)
			found = found || oj_is(g, a.atoms[i], OP_TABLE);
	}
	return found;
}

#define THREE_WAY(x, y) (((x) > (y)) - ((x) < (y)))

static int compare_affine(const struct graph *g, ojit_expr a, ojit_expr b, const struct expr_map *number)
{
	struct affine x, y;
	oj_affine(g, a, &x);
	oj_affine(g, b, &y);
	int order = THREE_WAY(x.count, y.count);
	for (uint32_t i = 0; order == 0 && i < x.count; i++) {
		order = oj_compare(g, x.atoms[i], y.atoms[i], number);
		if (order == 0)
			order = THREE_WAY(x.coefficients[i], y.coefficients[i]);
	}
	return order ? order : THREE_WAY(x.constant, y.constant);
}

int oj_compare(const struct graph *g, ojit_expr a, ojit_expr b, const struct expr_map *number)
{
	const struct node *x = oj_node(g, a), *y = oj_node(g, b);
	if (a == b)
		return 0;
	bool plain = oj_is_plain(g, a), plain_b = oj_is_plain(g, b);
	if (plain != plain_b)
		return plain ? -1 : 1;
	if (plain && x->op != y->op)
		return THREE_WAY(x->op, y->op);
	if (plain && x->op == OP_AFFINE)
		return compare_affine(g, a, b, number);
	if (plain)
		return x->op == OP_LITERAL ? THREE_WAY(x->bits, y->bits) : THREE_WAY(x->integer, y->integer);
	uint32_t at_a = a, at_b = b;
	if (number) {
		oj_expr_map_get(number, a, &at_a);
		oj_expr_map_get(number, b, &at_b);
	}
	return THREE_WAY(at_a, at_b);
}

static bool in_order(const struct graph *g, ojit_expr a, ojit_expr b)
{
	uint32_t sa = oj_node(g, a)->shape, sb = oj_node(g, b)->shape;
	return sa != sb ? sa < sb : oj_compare(g, a, b, NULL) <= 0;
}

ojit_expr oj_graph_make_like(struct graph *g, struct node n, const ojit_expr *operands)
{
	n.first = n.levels = n.shape = n.stage = 0;
	n.symbolic = 0;
	if (n.inside)
		n.inside = 0, n.bits = 0;
	if (!oj_commutes(n.op) || n.arity < 2 || !operands[0] || !operands[1] ||
	    in_order(g, operands[0], operands[1]))
		return oj_graph_intern(g, n, operands, NULL);
	ojit_expr pair[2] = {operands[1], operands[0]};
	if (n.arity == 2)
		return oj_graph_intern(g, n, pair, NULL);
	ojit_expr *many = oj_memory_get(g->context, n.arity * sizeof *many);
	if (!many)
		return oj_graph_fail(g);
	memcpy(many, operands, n.arity * sizeof *many);
	memcpy(many, pair, sizeof pair);
	ojit_expr made = oj_graph_intern(g, n, many, NULL);
	oj_memory_put(g->context, many, n.arity * sizeof *many);
	return made;
}

ojit_expr oj_make(struct graph *g, enum op op, uint32_t arity, const ojit_expr *operands)
{
	if ((op == OP_ADD || op == OP_MUL) && arity == 1)
		return operands[0];
	return oj_graph_make_like(g, (struct node){.op = op, .arity = arity}, operands);
}

ojit_expr oj_make1(struct graph *g, enum op op, ojit_expr a)
{
	return oj_make(g, op, 1, &a);
}

ojit_expr oj_make2(struct graph *g, enum op op, ojit_expr a, ojit_expr b)
{
	return oj_make(g, op, 2, (ojit_expr[]){a, b});
}

ojit_expr oj_make3(struct graph *g, enum op op, ojit_expr a, ojit_expr b, ojit_expr c)
{
	return oj_make(g, op, 3, (ojit_expr[]){a, b, c});
}

ojit_expr oj_power(struct graph *g, ojit_expr a, int64_t exponent)
{
	return oj_graph_intern(g, (struct node){.op = OP_POWI, .arity = 1, .integer = exponent}, &a, NULL);
}

ojit_expr oj_load(struct graph *g, uint32_t array, uint32_t rank, const ojit_expr *indices)
{
	struct node n = {.op = OP_LOAD, .arity = rank};
	n.ref.id = array;
	return oj_graph_intern(g, n, indices, NULL);
}

ojit_expr oj_table(struct graph *g, uint32_t table, uint32_t rank, const ojit_expr *indices)
{
	struct node n = {.op = OP_TABLE, .arity = rank};
	n.ref.id = table;
	return oj_graph_intern(g, n, indices, NULL);
}

ojit_expr oj_symbol(struct graph *g, uint32_t symbol, uint32_t origin, uint32_t rank,
                    const ojit_expr *indices)
{
	struct node n = {.op = OP_SYMBOL, .arity = rank};
	n.ref.id = symbol;
	n.ref.info = origin;
	return oj_graph_intern(g, n, indices, NULL);
}

ojit_expr oj_reduce(struct graph *g, struct reduction reduction, ojit_expr start, ojit_expr lo,
                    ojit_expr end, ojit_expr body)
{
	struct node n = {.op = OP_REDUCE, .arity = 4};
	n.reduction = reduction;
	return oj_graph_intern(g, n, (ojit_expr[]){start, lo, end, body}, NULL);
}

double oj_reduction_identity(enum reduction_kind kind, bool nonempty)
{
	switch (kind) {
	case REDUCE_SUM:
		return nonempty ? -0.0 : 0.0;
	case REDUCE_PROD:
		return 1;
	case REDUCE_MIN:
		return INFINITY;
	case REDUCE_MAX:
		return -INFINITY;
	}
	return 0;
}

ojit_expr oj_remake(struct graph *g, ojit_expr like, const ojit_expr *operands)
{
	struct node n = *oj_node(g, like);
	switch (n.op) {
	case OP_AFFINE:
		return oj_integer_remake(g, like, operands);
	case OP_WRAP:
		return oj_integer_wrap(g, operands[0], g->coefficients.at[n.ref.id],
		                       g->coefficients.at[n.ref.id + 1]);
	case OP_IMIN:
		return oj_integer_min(g, operands[0], operands[1]);
	case OP_IMAX:
		return oj_integer_max(g, operands[0], operands[1]);
	default:
		return oj_graph_make_like(g, n, operands);
	}
}
