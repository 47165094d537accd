/* See cancel.h. */
#include "lib/graph/cancel.h"

#include "lib/graph/simplify.h"

#include <stdlib.h>

/* A sum as terms with literal factors.  Nested sums are opened as far as `room` goes, so that a
 * chain of sums takes no more than its length. */
enum { NESTED = 32, DEPTH = 8, FACTORS = 16 };
struct term {
	ojit_expr e;
	double factor;
};
struct terms {
	struct graph *g;
	struct expr_map place; /* of an expression in at, + 1 */
	VECTOR(struct term) at;
	double constant;
	uint32_t room;
	bool failed;
};

static void add_term(struct terms *t, ojit_expr e, double factor)
{
	uint32_t at = 0;
	if (oj_expr_map_get(&t->place, e, &at)) {
		t->at.at[at - 1].factor += factor;
		return;
	}
	t->failed = t->failed || !VECTOR_PUSH(t->g->context, &t->at, ((struct term){e, factor})) ||
	            !oj_expr_map_put(&t->place, e, (uint32_t)t->at.count);
}

ojit_expr oj_scaled_operand(const struct graph *g, ojit_expr e, double *factor)
{
	if (!oj_is(g, e, OP_MUL) || oj_node(g, e)->arity != 2)
		return 0;
	for (int k = 0; k < 2; k++) {
		*factor = oj_node(g, oj_operands(g, e)[k])->real;
		if (oj_is(g, oj_operands(g, e)[k], OP_LITERAL))
			return oj_operands(g, e)[!k];
	}
	return 0;
}

/* A product as its factors, without literals and signs. */
struct product {
	ojit_expr at[FACTORS];
	uint32_t count;
	double factor;
	bool plain; /* it is written just so */
	bool longer; /* it has more factors */
};

static bool is_short_power(const struct node *n)
{
	return n->op == OP_POWI && n->integer > 1 && n->integer <= 4;
}

static void open_product(const struct graph *g, struct product *p, ojit_expr e, int depth)
{
	const struct node *n = oj_node(g, e);
	uint32_t times = is_short_power(n) ? (uint32_t)n->integer : 1;
	bool opened = depth < DEPTH && (n->op == OP_NEG || n->op == OP_MUL || times > 1);
	p->plain = p->plain && n->op != OP_LITERAL && (!opened || (depth == 0 && n->op == OP_MUL));
	p->factor *= n->op == OP_LITERAL ? n->real : opened && n->op == OP_NEG ? -1 : 1;
	for (uint32_t k = 0; opened && k < n->arity * times && !p->longer; k++)
		open_product(g, p, oj_operands(g, e)[k % n->arity], depth + 1);
	if (opened || n->op == OP_LITERAL)
		return;
	p->longer = p->longer || p->count == FACTORS;
	if (!p->longer)
		p->at[p->count++] = e;
}

/* In an order of its own, so that equal products are equal expressions. */
static ojit_expr product_of(struct graph *g, struct product *p)
{
	if (p->count > 2)
		qsort(p->at, p->count, sizeof *p->at, oj_by_index);
	return p->count == 0 ? oj_literal(g, 1) : p->count == 1 ? p->at[0] : oj_make(g, OP_MUL, p->count, p->at);
}

static void open_term(struct terms *t, ojit_expr e, double factor, int depth);

/* The sum `sum`, the factor `place` of a product, times the others. */
static void multiply_out(struct terms *t, const struct product *p, uint32_t place, double factor, int depth)
{
	struct product term;
	ojit_expr sum = p->at[place];
	uint32_t arity = oj_node(t->g, sum)->arity;
	t->room -= arity;
	for (uint32_t k = 0; k < arity && !t->failed; k++) {
		term = *p;
		term.at[place] = oj_operands(t->g, sum)[k];
		ojit_expr product = product_of(t->g, &term);
		t->failed = !product;
		if (product)
			open_term(t, product, factor, depth + 1);
	}
}

static void open_factors(struct terms *t, ojit_expr e, double factor, int depth)
{
	struct product p = {.factor = factor, .plain = true};
	open_product(t->g, &p, e, 0);
	if (p.longer) {
		add_term(t, e, factor);
		return;
	}
	for (uint32_t k = 0; k < p.count; k++) {
		const struct node *n = oj_node(t->g, p.at[k]);
		if (n->op != OP_ADD || n->arity > t->room)
			continue;
		multiply_out(t, &p, k, p.factor, depth);
		return;
	}
	ojit_expr key = p.plain && p.count == 2 ? e : product_of(t->g, &p);
	t->failed = t->failed || !key;
	if (key)
		add_term(t, key, p.factor);
}

/* (x + y)/b as x/b and y/b */
static void open_quotient(struct terms *t, ojit_expr e, double factor, int depth)
{
	ojit_expr sum = oj_operands(t->g, e)[0], by = oj_operands(t->g, e)[1];
	uint32_t arity = oj_node(t->g, sum)->arity;
	t->room -= arity;
	for (uint32_t k = 0; k < arity && !t->failed; k++) {
		ojit_expr quotient = oj_make2(t->g, OP_DIV, oj_operands(t->g, sum)[k], by);
		t->failed = !quotient;
		if (quotient)
			open_term(t, quotient, factor, depth + 1);
	}
}

static void open_term(struct terms *t, ojit_expr e, double factor, int depth)
{
	const struct node *n = oj_node(t->g, e);
	const struct node *first = n->op == OP_DIV ? oj_node(t->g, oj_operands(t->g, e)[0]) : n;
	double by;
	ojit_expr scaled = oj_scaled_operand(t->g, e, &by);
	if (n->op == OP_LITERAL) {
		t->constant += factor * n->real;
	} else if (depth < DEPTH && n->op == OP_NEG) {
		open_term(t, oj_operands(t->g, e)[0], -factor, depth + 1);
	} else if (depth < DEPTH && scaled) {
		open_term(t, scaled, factor * by, depth + 1);
	} else if (depth < DEPTH && n->op == OP_ADD && n->arity <= t->room) {
		uint32_t arity = n->arity;
		t->room -= arity;
		for (uint32_t k = 0; k < arity; k++)
			open_term(t, oj_operands(t->g, e)[k], factor, depth + 1);
	} else if (depth < DEPTH && (n->op == OP_MUL || is_short_power(n))) {
		open_factors(t, e, factor, depth);
	} else if (depth < DEPTH && first->op == OP_ADD && first->arity <= t->room) {
		open_quotient(t, e, factor, depth);
	} else {
		add_term(t, e, factor);
	}
}

static ojit_expr with_factor(struct graph *g, struct term term)
{
	if (term.factor == 1)
		return term.e;
	return term.factor == -1 ? oj_make1(g, OP_NEG, term.e) : oj_make2(g, OP_MUL, oj_literal(g, term.factor), term.e);
}

/* The sum of what did not cancel; 0: nothing did, or out of memory. */
static ojit_expr sum_of_rest(struct terms *t)
{
	size_t left = 0, count = t->at.count;
	for (size_t k = 0; k < count; k++)
		if (t->at.at[k].factor != 0)
			t->at.at[left++] = t->at.at[k];
	if (left == count)
		return 0;
	if (left == 0)
		return oj_literal(t->g, t->constant);
	size_t size = (left + 1) * sizeof(ojit_expr);
	ojit_expr *operands = oj_memory_get(t->g->context, size), sum = 0;
	t->failed = t->failed || !operands;
	if (!operands)
		return 0;
	for (size_t k = 0; k < left; k++)
		operands[k] = with_factor(t->g, t->at.at[k]);
	if (t->constant != 0)
		operands[left++] = oj_literal(t->g, t->constant);
	sum = left == 1 ? operands[0] : oj_make(t->g, OP_ADD, (uint32_t)left, operands);
	oj_memory_put(t->g->context, operands, size);
	return sum;
}

ojit_expr oj_cancelled_sum(struct graph *g, ojit_expr e, const ojit_expr *operands)
{
	struct terms t = {.g = g, .room = NESTED};
	uint32_t arity = oj_node(g, e)->arity;
	oj_expr_map_init(&t.place, g->context);
	for (uint32_t k = 0; k < arity; k++)
		open_term(&t, operands[k], 1, 0);
	ojit_expr rest = t.failed ? 0 : sum_of_rest(&t);
	oj_expr_map_drop(&t.place);
	VECTOR_DROP(g->context, &t.at);
	if (t.failed)
		return 0;
	return rest ? rest : oj_simplified_by(g, e, operands, LAW_FINITE);
}
