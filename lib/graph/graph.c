/* See graph.h.  The table of known nodes is open addressing with linear probing
 * over node indices; its order never shows, since nodes are numbered in order of
 * making. */
#include "lib/graph/graph.h"

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

ojit_status oj_graph_init(struct graph *g, ojit_context *context)
{
	*g = (struct graph){.context = context};
	if (!VECTOR_PUSH(context, &g->nodes, (struct node){.op = OP_NONE}))
		return OJIT_OUT_OF_MEMORY;
	return OJIT_OK;
}

void oj_graph_drop(struct graph *g)
{
	ojit_context *context = g->context;
	if (!context)
		return;
	VECTOR_DROP(context, &g->nodes);
	VECTOR_DROP(context, &g->operands);
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
	uint64_t bits = coefficients ? 0 : n->bits;
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
	if (!coefficients)
		return k->bits == n->bits;
	return !memcmp(g->coefficients.at + k->ref.id, coefficients,
	               coefficient_count(n->op, n->arity) * sizeof *coefficients);
}

static bool grow_slots(struct graph *g)
{
	size_t fresh_count = g->slot_count ? g->slot_count * 2 : 64;
	uint32_t *fresh = oj_memory_get(g->context, fresh_count * sizeof *fresh);
	if (!fresh)
		return false;
	memset(fresh, 0, fresh_count * sizeof *fresh);
	for (ojit_expr e = 1; e < g->nodes.count; e++) {
		const struct node *n = oj_node(g, e);
		const int64_t *c = coefficient_count(n->op, n->arity) ? g->coefficients.at + n->ref.id : NULL;
		size_t at = hash_node(n, oj_operands(g, e), c) & (fresh_count - 1);
		while (fresh[at])
			at = (at + 1) & (fresh_count - 1);
		fresh[at] = e;
	}
	oj_memory_put(g->context, g->slots, g->slot_count * sizeof *g->slots);
	g->slots = fresh;
	g->slot_count = fresh_count;
	return true;
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

static ojit_expr fail_node(struct graph *g)
{
	g->failed = true;
	return 0;
}

/* The node, found or made.  `operands` may point into the graph. */
static ojit_expr intern(struct graph *g, struct node n, const ojit_expr *operands,
                        const int64_t *coefficients)
{
	for (uint32_t i = 0; i < n.arity; i++)
		if (operands[i] == 0)
			return 0;
	if (g->failed || (g->nodes.count * 2 >= g->slot_count && !grow_slots(g)))
		return fail_node(g);
	size_t mask = g->slot_count - 1, at = hash_node(&n, operands, coefficients) & mask;
	for (; g->slots[at]; at = (at + 1) & mask)
		if (same_node(g, g->slots[at], &n, operands, coefficients))
			return g->slots[at];
	if (g->nodes.count >= UINT32_MAX - 1 || g->operands.count + n.arity >= UINT32_MAX)
		return fail_node(g);
	inherit(g, &n, operands);
	n.first = (uint32_t)g->operands.count;
	for (uint32_t i = 0; i < n.arity; i++) {
		ojit_expr operand = operands[i]; /* read before the vector may move */
		bool inside = operands >= g->operands.at && operands < g->operands.at + g->operands.count;
		size_t where = inside ? (size_t)(operands - g->operands.at) : 0;
		if (!VECTOR_PUSH(g->context, &g->operands, operand))
			return fail_node(g);
		if (inside)
			operands = g->operands.at + where;
	}
	if (coefficients) {
		n.bits = 0;
		n.ref.id = (uint32_t)g->coefficients.count;
		for (uint32_t i = 0; i < coefficient_count(n.op, n.arity); i++)
			if (!VECTOR_PUSH(g->context, &g->coefficients, coefficients[i]))
				return fail_node(g);
	}
	if (!VECTOR_PUSH(g->context, &g->nodes, n))
		return fail_node(g);
	return g->slots[at] = (uint32_t)(g->nodes.count - 1);
}

ojit_expr oj_literal(struct graph *g, double value)
{
	return intern(g, (struct node){.op = OP_LITERAL, .real = value}, NULL, NULL);
}

ojit_expr oj_time(struct graph *g)
{
	return intern(g, (struct node){.op = OP_TIME}, NULL, NULL);
}

static bool commutes(enum op op)
{
	switch (op) {
	case OP_ADD: case OP_MUL: case OP_MIN: case OP_MAX: case OP_EQ: case OP_NE:
	case OP_IEQ: case OP_INE: case OP_AND: case OP_OR: case OP_IMIN: case OP_IMAX:
	case OP_HYPOT:
		return true;
	default:
		return false;
	}
}

static bool in_order(const struct graph *g, ojit_expr a, ojit_expr b)
{
	uint32_t sa = oj_node(g, a)->shape, sb = oj_node(g, b)->shape;
	return sa != sb ? sa < sb : a <= b;
}

/* A node with everything but its operands taken from `like`. */
static ojit_expr make_like(struct graph *g, struct node n, const ojit_expr *operands)
{
	n.first = n.levels = n.shape = 0;
	n.stage = n.symbolic = 0;
	if (!commutes(n.op) || n.arity < 2 || !operands[0] || !operands[1] ||
	    in_order(g, operands[0], operands[1]))
		return intern(g, n, operands, NULL);
	ojit_expr pair[2] = {operands[1], operands[0]};
	if (n.arity == 2)
		return intern(g, n, pair, NULL);
	ojit_expr *many = oj_memory_get(g->context, n.arity * sizeof *many);
	if (!many)
		return fail_node(g);
	memcpy(many, operands, n.arity * sizeof *many);
	memcpy(many, pair, sizeof pair);
	ojit_expr made = intern(g, n, many, NULL);
	oj_memory_put(g->context, many, n.arity * sizeof *many);
	return made;
}

ojit_expr oj_make(struct graph *g, enum op op, uint32_t arity, const ojit_expr *operands)
{
	if ((op == OP_ADD || op == OP_MUL) && arity == 1)
		return operands[0];
	return make_like(g, (struct node){.op = op, .arity = arity}, operands);
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
	return intern(g, (struct node){.op = OP_POWI, .arity = 1, .integer = exponent}, &a, NULL);
}

ojit_expr oj_load(struct graph *g, uint32_t array, uint32_t rank, const ojit_expr *indices)
{
	struct node n = {.op = OP_LOAD, .arity = rank};
	n.ref.id = array;
	return intern(g, n, indices, NULL);
}

ojit_expr oj_symbol(struct graph *g, uint32_t symbol, uint32_t origin, uint32_t rank,
                    const ojit_expr *indices)
{
	struct node n = {.op = OP_SYMBOL, .arity = rank};
	n.ref.id = symbol;
	n.ref.info = origin;
	return intern(g, n, indices, NULL);
}

ojit_expr oj_reduce(struct graph *g, struct reduction reduction, ojit_expr start, ojit_expr lo,
                    ojit_expr end, ojit_expr body)
{
	struct node n = {.op = OP_REDUCE, .arity = 4};
	n.reduction = reduction;
	return intern(g, n, (ojit_expr[]){start, lo, end, body}, NULL);
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

static ojit_expr remake_affine(struct graph *g, const struct node *n, const ojit_expr *operands)
{
	uint32_t at = n->ref.id, arity = n->arity;
	ojit_expr sum = oj_integer(g, g->coefficients.at[at]);
	for (uint32_t i = 0; i < arity; i++)
		sum = oj_integer_add(g, sum, oj_integer_scale(g, operands[i], g->coefficients.at[at + 1 + i]));
	return sum;
}

ojit_expr oj_remake(struct graph *g, ojit_expr like, const ojit_expr *operands)
{
	struct node n = *oj_node(g, like);
	switch (n.op) {
	case OP_AFFINE:
		return remake_affine(g, &n, operands);
	case OP_WRAP:
		return oj_integer_wrap(g, operands[0], g->coefficients.at[n.ref.id],
		                       g->coefficients.at[n.ref.id + 1]);
	case OP_IMIN:
		return oj_integer_min(g, operands[0], operands[1]);
	case OP_IMAX:
		return oj_integer_max(g, operands[0], operands[1]);
	default:
		return make_like(g, n, operands);
	}
}

/* Integers. */

ojit_expr oj_integer(struct graph *g, int64_t value)
{
	return intern(g, (struct node){.op = OP_INTEGER, .integer = value}, NULL, NULL);
}

ojit_expr oj_index(struct graph *g, unsigned level)
{
	return intern(g, (struct node){.op = OP_INDEX, .integer = level}, NULL, NULL);
}

bool oj_integer_value(const struct graph *g, ojit_expr e, int64_t *value)
{
	if (!oj_is(g, e, OP_INTEGER))
		return false;
	*value = oj_node(g, e)->integer;
	return true;
}

void oj_affine(const struct graph *g, ojit_expr e, struct affine *a)
{
	const struct node *n = oj_node(g, e);
	*a = (struct affine){.self = e, .one = 1};
	if (n->op == OP_INTEGER) {
		a->constant = n->integer;
	} else if (n->op == OP_AFFINE) {
		a->constant = g->coefficients.at[n->ref.id];
		a->count = n->arity;
		a->atoms = oj_operands(g, e);
		a->coefficients = g->coefficients.at + n->ref.id + 1;
	} else {
		a->count = 1;
		a->atoms = &a->self;
		a->coefficients = &a->one;
	}
}

enum { FEW = 16 };

/* a + factor * b, merging the sorted atoms of both. */
static ojit_expr add_scaled(struct graph *g, ojit_expr ea, ojit_expr eb, int64_t factor)
{
	if (!ea || !eb)
		return 0;
	struct affine a, b;
	oj_affine(g, ea, &a);
	oj_affine(g, eb, &b);
	ojit_expr few_atoms[FEW], *atoms = few_atoms;
	int64_t few_coefficients[FEW + 1], *c = few_coefficients;
	size_t room = a.count + b.count;
	if (room > FEW) {
		atoms = oj_memory_get(g->context, room * sizeof *atoms);
		c = oj_memory_get(g->context, (room + 1) * sizeof *c);
	}
	ojit_expr made = 0;
	if (atoms && c) {
		uint32_t n = 0, i = 0, j = 0;
		c[0] = a.constant + factor * b.constant;
		while (i < a.count || j < b.count) {
			bool left = j == b.count || (i < a.count && a.atoms[i] <= b.atoms[j]);
			bool right = i == a.count || (j < b.count && b.atoms[j] <= a.atoms[i]);
			atoms[n] = left ? a.atoms[i] : b.atoms[j];
			c[n + 1] = (left ? a.coefficients[i] : 0) + (right ? factor * b.coefficients[j] : 0);
			i += left, j += right;
			n += c[n + 1] != 0;
		}
		if (n == 0)
			made = oj_integer(g, c[0]);
		else if (n == 1 && c[0] == 0 && c[1] == 1)
			made = atoms[0];
		else
			made = intern(g, (struct node){.op = OP_AFFINE, .arity = n}, atoms, c);
	} else {
		fail_node(g);
	}
	if (room > FEW) {
		oj_memory_put(g->context, atoms, room * sizeof *atoms);
		oj_memory_put(g->context, c, (room + 1) * sizeof *c);
	}
	return made;
}

ojit_expr oj_integer_add(struct graph *g, ojit_expr a, ojit_expr b)
{
	return add_scaled(g, a, b, 1);
}

ojit_expr oj_integer_scale(struct graph *g, ojit_expr a, int64_t factor)
{
	if (factor == 1)
		return a;
	return add_scaled(g, oj_integer(g, 0), a, factor);
}

ojit_expr oj_integer_offset(struct graph *g, ojit_expr a, int64_t offset)
{
	return offset ? add_scaled(g, a, oj_integer(g, offset), 1) : a;
}

static int64_t floor_mod(int64_t a, int64_t n)
{
	int64_t r = a % n;
	return r < 0 ? r + n : r;
}

ojit_expr oj_integer_wrap(struct graph *g, ojit_expr a, int64_t lo, int64_t n)
{
	int64_t value;
	if (!a)
		return 0;
	if (oj_integer_value(g, a, &value))
		return oj_integer(g, lo + floor_mod(value - lo, n));
	return intern(g, (struct node){.op = OP_WRAP, .arity = 1}, &a, (int64_t[]){lo, n});
}

static ojit_expr extreme(struct graph *g, enum op op, ojit_expr a, ojit_expr b)
{
	if (!a || !b)
		return 0;
	/* A constant difference decides. */
	int64_t difference;
	ojit_expr d = add_scaled(g, a, b, -1);
	if (!d)
		return 0;
	if (oj_integer_value(g, d, &difference))
		return (difference < 0) == (op == OP_IMIN) ? a : b;
	return make_like(g, (struct node){.op = op, .arity = 2}, (ojit_expr[]){a, b});
}

ojit_expr oj_integer_min(struct graph *g, ojit_expr a, ojit_expr b)
{
	return extreme(g, OP_IMIN, a, b);
}

ojit_expr oj_integer_max(struct graph *g, ojit_expr a, ojit_expr b)
{
	return extreme(g, OP_IMAX, a, b);
}

ojit_expr oj_table(struct graph *g, uint32_t table, uint32_t rank, const ojit_expr *indices)
{
	struct node n = {.op = OP_TABLE, .arity = rank};
	n.ref.id = table;
	return intern(g, n, indices, NULL);
}
