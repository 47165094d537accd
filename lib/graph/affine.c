/* Integer expressions of graph.h, always in normal form: a constant and a sum of multiples of
 * atoms, in the order of the atoms. */
#include "lib/graph/graph_parts.h"

#include <string.h>

ojit_expr oj_integer(struct graph *g, int64_t value)
{
	return oj_graph_intern(g, (struct node){.op = OP_INTEGER, .integer = value}, NULL, NULL);
}

ojit_expr oj_index(struct graph *g, unsigned level)
{
	return oj_graph_intern(g, (struct node){.op = OP_INDEX, .integer = level}, NULL, NULL);
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

bool oj_mirrored(const struct graph *g, ojit_expr x, ojit_expr y, int64_t *half, int64_t *rest)
{
	struct affine a, b;
	int64_t sum;
	oj_affine(g, x, &a);
	oj_affine(g, y, &b);
	bool mirrored = a.count == b.count && !__builtin_add_overflow(a.constant, b.constant, &sum);
	for (uint32_t i = 0; mirrored && i < a.count; i++)
		mirrored = a.atoms[i] == b.atoms[i] && a.coefficients[i] != INT64_MIN &&
		           a.coefficients[i] == -b.coefficients[i];
	if (!mirrored)
		return false;
	*rest = sum / 2 - (sum % 2 < 0);
	*half = sum - *rest;
	return true;
}

/* Arithmetic that sticks at the ends of its range. */
static int64_t sticky_add(int64_t a, int64_t b)
{
	int64_t sum;
	return __builtin_add_overflow(a, b, &sum) ? (a < 0 ? INT64_MIN : INT64_MAX) : sum;
}

static int64_t sticky_mul(int64_t a, int64_t b)
{
	int64_t product;
	return __builtin_mul_overflow(a, b, &product) ? ((a < 0) != (b < 0) ? INT64_MIN : INT64_MAX) : product;
}

/* A sum being gathered: terms in order of their atoms. */
struct sum {
	int64_t *coefficients; /* [1 + count]: the constant first */
	ojit_expr *atoms;
	uint32_t count;
	size_t room;
	ojit_expr few_atoms[16];
	int64_t few_coefficients[17];
};

static bool sum_init(struct graph *g, struct sum *sum, size_t room, int64_t constant)
{
	sum->atoms = sum->few_atoms;
	sum->coefficients = sum->few_coefficients;
	sum->count = 0;
	sum->room = room > 16 ? room : 0;
	if (sum->room) {
		sum->coefficients = oj_memory_get(g->context, (room + 1) * (sizeof(int64_t) + sizeof(ojit_expr)));
		sum->atoms = (ojit_expr *)(sum->coefficients + room + 1);
	}
	if (!sum->coefficients)
		return oj_graph_fail(g) != 0;
	sum->coefficients[0] = constant;
	return true;
}

/* Add `factor` times an atom; near the end when atoms come in order. */
static void sum_atom(const struct graph *g, struct sum *sum, ojit_expr atom, int64_t factor)
{
	uint32_t at = sum->count;
	while (at > 0 && oj_compare(g, sum->atoms[at - 1], atom, NULL) > 0)
		at--;
	int64_t *c = sum->coefficients + 1;
	if (at > 0 && sum->atoms[at - 1] == atom) {
		c[at - 1] = sticky_add(c[at - 1], factor);
		return;
	}
	memmove(sum->atoms + at + 1, sum->atoms + at, (sum->count - at) * sizeof *sum->atoms);
	memmove(c + at + 1, c + at, (sum->count - at) * sizeof *c);
	sum->atoms[at] = atom;
	c[at] = factor;
	sum->count++;
}

/* Add factor times all of `e`, an integer. */
static void sum_integer(const struct graph *g, struct sum *sum, ojit_expr e, int64_t factor)
{
	struct affine a;
	oj_affine(g, e, &a);
	sum->coefficients[0] = sticky_add(sum->coefficients[0], sticky_mul(factor, a.constant));
	for (uint32_t i = 0; i < a.count; i++)
		sum_atom(g, sum, a.atoms[i], sticky_mul(factor, a.coefficients[i]));
}

static ojit_expr sum_finish(struct graph *g, struct sum *sum)
{
	int64_t *c = sum->coefficients;
	uint32_t count = 0;
	for (uint32_t i = 0; i < sum->count; i++) {
		if (c[1 + i] == 0)
			continue;
		sum->atoms[count] = sum->atoms[i];
		c[1 + count++] = c[1 + i];
	}
	ojit_expr made;
	if (count == 0)
		made = oj_integer(g, c[0]);
	else if (count == 1 && c[0] == 0 && c[1] == 1)
		made = sum->atoms[0];
	else
		made = oj_graph_intern(g, (struct node){.op = OP_AFFINE, .arity = count}, sum->atoms, c);
	if (sum->room)
		oj_memory_put(g->context, c, (sum->room + 1) * (sizeof(int64_t) + sizeof(ojit_expr)));
	return made;
}

ojit_expr oj_integer_sum(struct graph *g, int64_t constant, uint32_t count, const ojit_expr *integers,
                         const int64_t *factors)
{
	struct sum sum;
	size_t room = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct affine a;
		if (!integers[i])
			return 0;
		oj_affine(g, integers[i], &a);
		room += a.count;
	}
	if (!sum_init(g, &sum, room, constant))
		return 0;
	for (uint32_t i = 0; i < count; i++)
		sum_integer(g, &sum, integers[i], factors[i]);
	return sum_finish(g, &sum);
}

ojit_expr oj_integer_remake(struct graph *g, ojit_expr like, const ojit_expr *operands)
{
	struct affine a;
	oj_affine(g, like, &a); /* read to the end before the node is made */
	return oj_integer_sum(g, a.constant, a.count, operands, a.coefficients);
}

static ojit_expr add_scaled(struct graph *g, ojit_expr a, ojit_expr b, int64_t factor)
{
	return oj_integer_sum(g, 0, 2, (ojit_expr[]){a, b}, (int64_t[]){1, factor});
}

ojit_expr oj_integer_add(struct graph *g, ojit_expr a, ojit_expr b)
{
	return add_scaled(g, a, b, 1);
}

ojit_expr oj_integer_scale(struct graph *g, ojit_expr a, int64_t factor)
{
	return oj_integer_sum(g, 0, 1, &a, &factor);
}

ojit_expr oj_integer_offset(struct graph *g, ojit_expr a, int64_t offset)
{
	int64_t one = 1;
	return oj_integer_sum(g, offset, 1, &a, &one);
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
		return oj_integer(g, lo + floor_mod(floor_mod(value, n) - floor_mod(lo, n), n));
	return oj_graph_intern(g, (struct node){.op = OP_WRAP, .arity = 1}, &a, (int64_t[]){lo, n});
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
	return oj_graph_make_like(g, (struct node){.op = op, .arity = 2}, (ojit_expr[]){a, b});
}

ojit_expr oj_integer_min(struct graph *g, ojit_expr a, ojit_expr b)
{
	return extreme(g, OP_IMIN, a, b);
}

ojit_expr oj_integer_max(struct graph *g, ojit_expr a, ojit_expr b)
{
	return extreme(g, OP_IMAX, a, b);
}
