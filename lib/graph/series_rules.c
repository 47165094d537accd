/* See series_rules.h.  First the arithmetic of expressions that may vanish, then one function
 * a rule, in the order of series_rules.def. */
#include "lib/graph/series_rules.h"

#include "lib/graph/passes.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- expressions; 0 vanishes ---- */

static ojit_expr made(struct series *s, ojit_expr e)
{
	s->failed = s->failed || e == 0;
	return e;
}

static ojit_expr make(struct series *s, enum op op, uint32_t count, const ojit_expr *operands)
{
	ojit_expr e = made(s, oj_make(s->graph, op, count, operands));
	return e ? made(s, oj_simplified(s->graph, e, operands)) : 0;
}

static ojit_expr number(struct series *s, double value)
{
	return made(s, oj_literal(s->graph, value));
}

static ojit_expr times(struct series *s, ojit_expr a, ojit_expr b)
{
	return a && b ? make(s, OP_MUL, 2, (ojit_expr[]){a, b}) : 0;
}

static ojit_expr scaled(struct series *s, double factor, ojit_expr a)
{
	return a ? times(s, a, number(s, factor)) : 0;
}

static ojit_expr plus(struct series *s, ojit_expr a, ojit_expr b)
{
	return a && b ? make(s, OP_ADD, 2, (ojit_expr[]){a, b}) : a ? a : b;
}

static ojit_expr minus(struct series *s, ojit_expr a)
{
	return a ? make(s, OP_NEG, 1, &a) : 0;
}

static ojit_expr over(struct series *s, double a, ojit_expr b)
{
	return make(s, OP_DIV, 2, (ojit_expr[]){number(s, a), b});
}

static ojit_expr or_zero(struct series *s, ojit_expr a)
{
	return a ? a : number(s, 0);
}

static ojit_expr choose(struct series *s, ojit_expr condition, ojit_expr yes, ojit_expr no)
{
	if (!yes && !no)
		return 0;
	yes = or_zero(s, yes);
	no = or_zero(s, no);
	return make(s, OP_IF, 3, (ojit_expr[]){condition, yes, no});
}

static ojit_expr less(struct series *s, ojit_expr a, ojit_expr b)
{
	return make(s, OP_LT, 2, (ojit_expr[]){a, b});
}

/* ---- sums of products ---- */

struct factor {
	ojit_expr e;
	bool slope; /* k times the coefficient instead of the coefficient */
};

static ojit_expr coefficient(struct series *s, struct factor f, int k)
{
	return f.slope ? oj_series_slope(s, f.e, k) : oj_series_value(s, f.e, k);
}

/* sum + a b, the sum being gathered in s->terms where nothing is fused. */
static ojit_expr add_product(struct series *s, ojit_expr sum, ojit_expr a, ojit_expr b)
{
	if (!a || !b)
		return sum;
	if (!s->fused) {
		s->failed = s->failed || !VECTOR_PUSH(s->space->context, &s->terms.list, times(s, a, b));
		return 0;
	}
	if (!sum || oj_is_literal(s->graph, a, 1) || oj_is_literal(s->graph, b, 1))
		return plus(s, sum, times(s, a, b));
	return made(s, oj_make3(s->graph, OP_FMA, a, b, sum));
}

static ojit_expr add_term(struct series *s, ojit_expr sum, struct factor a, int i, struct factor b, int j)
{
	ojit_expr x = coefficient(s, a, i), y = coefficient(s, b, j);
	return add_product(s, sum, x, y);
}

static ojit_expr finish_sum(struct series *s, ojit_expr sum)
{
	size_t count = s->terms.list.count;
	s->terms.list.count = 0;
	if (s->fused || count == 0)
		return sum;
	return count == 1 ? s->terms.list.at[0] : make(s, OP_ADD, (uint32_t)count, s->terms.list.at);
}

/* sum + early late, by one operation after the late factor is there. */
static ojit_expr with_late(struct series *s, ojit_expr sum, ojit_expr early, ojit_expr late)
{
	if (!early || !late)
		return sum;
	if (!s->fused || !sum || oj_is_literal(s->graph, early, 1))
		return plus(s, sum, times(s, early, late));
	return made(s, oj_make3(s->graph, OP_FMA, early, late, sum));
}

/* sum + factor value, a factor of 0 standing for 1. */
static ojit_expr with_scaled(struct series *s, ojit_expr sum, ojit_expr factor, ojit_expr value)
{
	if (!factor)
		return plus(s, sum, value);
	if (oj_is_literal(s->graph, factor, -1))
		return plus(s, sum, minus(s, value));
	return with_late(s, sum, factor, value);
}

/* The sum over j = from .. to of a_j b_(k-j), from the middle outwards. */
static ojit_expr convolve(struct series *s, struct factor a, struct factor b, int k, int from, int to)
{
	ojit_expr sum = 0;
	int low = (from + to) / 2, high = low + 1;
	while (low >= from || high <= to) {
		if (low >= from)
			sum = add_term(s, sum, a, low, b, k - low);
		if (high <= to)
			sum = add_term(s, sum, a, high, b, k - high);
		low--;
		high++;
	}
	return finish_sum(s, sum);
}

/* The sum over j = from .. k - from of e_j e_(k-j): every product twice, the one of e_k last. */
static ojit_expr convolve_self(struct series *s, ojit_expr e, int k, int from)
{
	ojit_expr sum = 0, middle = k % 2 == 0 && k / 2 >= from ? oj_series_value(s, e, k / 2) : 0;
	for (int j = (k - 1) / 2; j >= from && j > 0; j--)
		sum = add_product(s, sum, oj_series_value(s, e, j), oj_series_value(s, e, k - j));
	sum = scaled(s, 2, finish_sum(s, sum));
	if (middle && sum && s->fused)
		sum = made(s, oj_make3(s->graph, OP_FMA, middle, middle, sum));
	else
		sum = plus(s, sum, times(s, middle, middle));
	ojit_expr twice = from == 0 ? scaled(s, 2, oj_series_value(s, e, 0)) : 0;
	return with_late(s, sum, twice, oj_series_value(s, e, k));
}

static bool is_constant(struct series *s, ojit_expr e)
{
	bool ok = true, constant = oj_degree(&s->degrees, e, &ok) == 0;
	s->failed = s->failed || !ok;
	return constant;
}

static struct factor value_of(ojit_expr e)
{
	return (struct factor){e, false};
}

static struct factor slope_of(ojit_expr e)
{
	return (struct factor){e, true};
}

/* ---- rules ---- */

struct task { /* v_k is wanted */
	const struct series_node *node;
	struct node n;
	ojit_expr o[4]; /* the first operands */
	double factor;
	int k;
};
typedef ojit_expr rule(struct series *s, const struct task *task);

static ojit_expr rule_none(struct series *s, const struct task *task)
{
	(void)task;
	return made(s, 0);
}

static ojit_expr rule_constant(struct series *s, const struct task *task)
{
	(void)s, (void)task;
	return 0;
}

static ojit_expr rule_time(struct series *s, const struct task *task)
{
	(void)task;
	return number(s, 1);
}

static ojit_expr rule_load(struct series *s, const struct task *task)
{
	return s->load(s, task->node->e, task->k);
}

/* A term of a sum, without the signs and constant factors that it is made with; these
 * times `factor` are left in *factor, 0 for 1. */
static ojit_expr bare_term(struct series *s, ojit_expr e, ojit_expr *factor)
{
	for (;;) {
		const struct node *n = oj_node(s->graph, e);
		ojit_expr first = n->arity ? oj_operands(s->graph, e)[0] : 0;
		bool scales = n->op == OP_MUL && n->arity == 2 && is_constant(s, first);
		if (n->op != OP_NEG && !scales)
			return e;
		e = oj_operands(s->graph, e)[scales];
		ojit_expr by = scales ? oj_series_value(s, first, 0) : 0;
		if (scales)
			*factor = *factor ? times(s, by, *factor) : by;
		else
			*factor = *factor ? minus(s, *factor) : number(s, -1);
	}
}

enum { FEW_TERMS = 8 };

/* Coefficient k of `e`, a sum of few terms or a single one, times `factor` where there is one (else 0).
 * The numbers of nodes tell what is there first: it is taken first, and each further
 * term adds one operation behind it. */
static ojit_expr sum_terms(struct series *s, ojit_expr e, int k, ojit_expr factor)
{
	ojit_expr factors[FEW_TERMS], values[FEW_TERMS], sum = 0;
	bool several = oj_is(s->graph, e, OP_ADD) && oj_node(s->graph, e)->arity <= FEW_TERMS;
	uint32_t terms = 0, count = several ? oj_node(s->graph, e)->arity : 1;
	for (uint32_t i = 0; i < count; i++) {
		ojit_expr by = factor, bare = bare_term(s, several ? oj_operands(s->graph, e)[i] : e, &by);
		ojit_expr value = oj_series_value(s, bare, k);
		uint32_t at = terms;
		if (!value)
			continue;
		for (; at > 0 && values[at - 1] > value; at--) {
			values[at] = values[at - 1];
			factors[at] = factors[at - 1];
		}
		values[at] = value;
		factors[at] = by;
		terms++;
	}
	for (uint32_t i = 0; i < terms; i++)
		sum = with_scaled(s, sum, factors[i], values[i]);
	return sum;
}

static ojit_expr rule_sum(struct series *s, const struct task *task)
{
	size_t first = s->terms.list.count;
	if (s->fused && task->n.arity <= FEW_TERMS)
		return sum_terms(s, task->node->e, task->k, 0);
	for (uint32_t i = 0; i < task->n.arity; i++) {
		ojit_expr term = oj_series_value(s, oj_operands(s->graph, task->node->e)[i], task->k);
		s->failed = s->failed || (term && !VECTOR_PUSH(s->space->context, &s->terms.list, term));
	}
	uint32_t count = (uint32_t)(s->terms.list.count - first);
	s->terms.list.count = first;
	return count == 0 ? 0 : count == 1 ? s->terms.list.at[first] : make(s, OP_ADD, count, s->terms.list.at + first);
}

static ojit_expr rule_negative(struct series *s, const struct task *task)
{
	return minus(s, oj_series_value(s, task->o[0], task->k));
}

static ojit_expr rule_product(struct series *s, const struct task *task)
{
	if (task->o[0] == task->o[1])
		return convolve_self(s, task->o[0], task->k, 0);
	return convolve(s, value_of(task->o[0]), value_of(task->o[1]), task->k, 0, task->k);
}

/* `e`, or `instead` where `divisor`, a coefficient 0, is 0. */
static ojit_expr unless_zero(struct series *s, ojit_expr divisor, ojit_expr instead, ojit_expr e)
{
	ojit_expr is_zero = make(s, OP_EQ, 2, (ojit_expr[]){divisor, number(s, 0)});
	return choose(s, is_zero, instead, e);
}

/* a/divisor, 0 where that is 0. */
static ojit_expr over_or_zero(struct series *s, double a, ojit_expr divisor)
{
	return over(s, a, unless_zero(s, divisor, number(s, INFINITY), divisor));
}

enum { STILL = 4 };

/* v_k, but not finite from order STILL on where `divisor` is 0 and one of the operands has moved
 * by then: there is no series. Who moves later than that has some derivatives, and steps notice
 * what they miss by their error. */
static ojit_expr unless_moved(struct series *s, const struct task *task, ojit_expr divisor,
                              const ojit_expr *operands, uint32_t count, ojit_expr v)
{
	ojit_expr moved = 0;
	if (task->k != (s->order - 1 < STILL ? s->order - 1 : STILL))
		return v;
	for (uint32_t i = 0; i < count; i++)
		for (int k = 1; k <= task->k; k++) {
			ojit_expr value = oj_series_value(s, operands[i], k);
			moved = plus(s, moved, value ? make(s, OP_ABS, 1, &value) : 0);
		}
	if (!moved || s->failed)
		return v;
	ojit_expr zero = number(s, 0), at_zero = make(s, OP_EQ, 2, (ojit_expr[]){divisor, zero});
	ojit_expr moves = less(s, zero, moved), none = make(s, OP_AND, 2, (ojit_expr[]){at_zero, moves});
	return choose(s, none, number(s, NAN), v);
}

/* In what follows the sums have older coefficients alone, which are there before those of
 * order k are; what those count by is known at the start. */

/* v b = a */
static ojit_expr rule_division(struct series *s, const struct task *task)
{
	ojit_expr v = task->node->e, b = task->o[1], b0 = oj_series_value(s, b, 0), inverse = over(s, 1, b0);
	ojit_expr share = minus(s, times(s, oj_series_value(s, v, 0), inverse));
	if (task->node->flattened) {
		inverse = over_or_zero(s, 1, b0);
		share = unless_zero(s, b0, 0, share);
	}
	ojit_expr known = convolve(s, value_of(v), value_of(b), task->k, 1, task->k - 1);
	ojit_expr rest = minus(s, times(s, known, inverse));
	ojit_expr sum = with_late(s, rest, inverse, oj_series_value(s, task->o[0], task->k));
	ojit_expr value = with_late(s, sum, share, oj_series_value(s, b, task->k));
	return task->node->flattened ? unless_moved(s, task, b0, &b, 1, value) : value;
}

/* What roots multiply by, 0.5/v_0. Where v_0 is 0 it is huge in the first half of the orders: an
 * operand that stays 0 has coefficients 0 all the same, one that moves has a square in the
 * second half that is not finite, which is right, for there is no series. In that half it is 0
 * then, so that nothing huge is left over. No condition and no minimum, because roots are what
 * bodies wait for (m: with unless_moved a step of Arenstorf's orbit took a third longer); where
 * v_0 is of any size, the sum is v_0 and the share 1. */
static ojit_expr half_over(struct series *s, ojit_expr v0, int k)
{
	ojit_expr least = number(s, DBL_MIN), positive = plus(s, v0, least), half = over(s, 0.5, positive);
	if (2 * k < s->order)
		return half;
	ojit_expr share = make(s, OP_DIV, 2, (ojit_expr[]){v0, positive});
	return times(s, half, share);
}

/* v v = u, where u_k is known as `whole` */
static ojit_expr root_of(struct series *s, const struct task *task, ojit_expr whole)
{
	ojit_expr v = task->node->e, half = half_over(s, oj_series_value(s, v, 0), task->k);
	ojit_expr rest = minus(s, times(s, convolve_self(s, v, task->k, 1), half));
	return with_late(s, rest, half, whole);
}

static ojit_expr rule_root(struct series *s, const struct task *task)
{
	return root_of(s, task, oj_series_value(s, task->o[0], task->k));
}

static ojit_expr rule_distance(struct series *s, const struct task *task)
{
	ojit_expr a = convolve_self(s, task->o[0], task->k, 0), b = convolve_self(s, task->o[1], task->k, 0);
	return root_of(s, task, plus(s, a, b));
}

/* u v' = e v u' */
static ojit_expr rule_power(struct series *s, const struct task *task)
{
	ojit_expr u = task->o[0], v = task->node->e, u0 = oj_series_value(s, u, 0), exponent;
	ojit_expr inverse = over_or_zero(s, 1, u0);
	if (task->n.op == OP_POW)
		exponent = oj_series_value(s, task->o[1], 0);
	else
		exponent = number(s, task->n.op == OP_POWI ? (double)task->n.integer : task->factor);
	ojit_expr grown = convolve(s, slope_of(u), value_of(v), task->k, 1, task->k - 1);
	ojit_expr known = convolve(s, slope_of(v), value_of(u), task->k, 1, task->k - 1);
	ojit_expr whole = times(s, exponent, grown), sum = plus(s, whole, minus(s, known));
	ojit_expr rest = times(s, sum, scaled(s, 1.0 / task->k, inverse));
	ojit_expr share = unless_zero(s, u0, 0, times(s, times(s, exponent, oj_series_value(s, v, 0)), inverse));
	return unless_moved(s, task, u0, &u, 1, with_late(s, rest, share, oj_series_value(s, u, task->k)));
}

/* v' = f w u' */
static ojit_expr rule_flow(struct series *s, const struct task *task)
{
	ojit_expr u = task->o[0], w = task->node->auxiliary;
	ojit_expr sum = convolve(s, slope_of(u), value_of(w), task->k, 1, task->k - 1);
	ojit_expr rest = scaled(s, task->factor / task->k, sum), share = scaled(s, task->factor, oj_series_value(s, w, 0));
	return with_late(s, rest, share, oj_series_value(s, u, task->k));
}

/* Values where w is 0: at 1, where they begin or end. */
static bool has_ends(enum op op)
{
	return op == OP_ASIN || op == OP_ACOS || op == OP_ACOSH;
}

/* v' w = f u' */
static ojit_expr rule_quotient(struct series *s, const struct task *task)
{
	ojit_expr u = task->o[0], w = task->node->auxiliary, w0 = oj_series_value(s, w, 0);
	bool still = has_ends(task->n.op) || task->node->flattened;
	ojit_expr inverse = still ? over_or_zero(s, 1, w0) : over(s, 1, w0);
	ojit_expr known = convolve(s, slope_of(task->node->e), value_of(w), task->k, 1, task->k - 1);
	ojit_expr rest = times(s, known, scaled(s, -1.0 / task->k, inverse)), share = scaled(s, task->factor, inverse);
	ojit_expr value = with_late(s, rest, share, oj_series_value(s, u, task->k));
	return still ? unless_moved(s, task, w0, &u, 1, value) : value;
}

/* v' (x^2 + y^2) = y' x - x' y */
static ojit_expr rule_angle(struct series *s, const struct task *task)
{
	ojit_expr y = task->o[0], x = task->o[1], w = task->node->auxiliary, inverse = over(s, 1, oj_series_value(s, w, 0));
	ojit_expr grown = convolve(s, slope_of(y), value_of(x), task->k, 1, task->k - 1);
	ojit_expr shrunk = convolve(s, slope_of(x), value_of(y), task->k, 1, task->k - 1);
	ojit_expr known = convolve(s, slope_of(task->node->e), value_of(w), task->k, 1, task->k - 1);
	ojit_expr sum = plus(s, grown, minus(s, shrunk));
	sum = plus(s, sum, minus(s, known));
	ojit_expr rest = times(s, sum, scaled(s, 1.0 / task->k, inverse));
	ojit_expr share_y = times(s, oj_series_value(s, x, 0), inverse);
	ojit_expr share_x = minus(s, times(s, oj_series_value(s, y, 0), inverse));
	sum = with_late(s, rest, share_y, oj_series_value(s, y, task->k));
	return with_late(s, sum, share_x, oj_series_value(s, x, task->k));
}

static ojit_expr rule_choice(struct series *s, const struct task *task)
{
	ojit_expr yes = oj_series_value(s, task->o[1], task->k), no = oj_series_value(s, task->o[2], task->k);
	return choose(s, oj_series_value(s, task->o[0], 0), yes, no);
}

static ojit_expr rule_magnitude(struct series *s, const struct task *task)
{
	ojit_expr u = oj_series_value(s, task->o[0], task->k);
	ojit_expr below = less(s, oj_series_value(s, task->o[0], 0), number(s, 0));
	return choose(s, below, minus(s, u), u);
}

static ojit_expr rule_positive(struct series *s, const struct task *task)
{
	ojit_expr zero = number(s, 0);
	ojit_expr above = less(s, zero, oj_series_value(s, task->o[0], 0));
	return choose(s, above, oj_series_value(s, task->o[0], task->k), 0);
}

static ojit_expr rule_extreme(struct series *s, const struct task *task)
{
	bool least = task->n.op == OP_MIN;
	ojit_expr first = oj_series_value(s, task->o[!least], 0), second = oj_series_value(s, task->o[least], 0);
	ojit_expr a = oj_series_value(s, task->o[0], task->k), b = oj_series_value(s, task->o[1], task->k);
	return choose(s, less(s, first, second), a, b);
}

/* a - b floor(a/b), between jumps */
static ojit_expr rule_remainder(struct series *s, const struct task *task)
{
	ojit_expr a = oj_series_value(s, task->o[0], task->k), b = oj_series_value(s, task->o[1], task->k);
	if (!b)
		return a;
	ojit_expr a0 = oj_series_value(s, task->o[0], 0), b0 = oj_series_value(s, task->o[1], 0);
	ojit_expr ratio = make(s, OP_DIV, 2, (ojit_expr[]){a0, b0});
	return plus(s, a, minus(s, times(s, b, make(s, OP_FLOOR, 1, &ratio))));
}

static ojit_expr reduce(struct series *s, const struct task *task, enum reduction_kind kind, ojit_expr start,
                        ojit_expr body)
{
	ojit_expr operands[4] = {start, task->o[REDUCE_LO], task->o[REDUCE_END], body};
	struct reduction reduction = task->n.reduction;
	reduction.kind = (uint8_t)kind;
	ojit_expr e = made(s, oj_reduce(s->graph, reduction, operands[0], operands[1], operands[2], operands[3]));
	return e ? made(s, oj_simplified_reduction(s->space, e, operands)) : 0;
}

/* The coefficient of a term, where it is the one that is least or greatest. */
static ojit_expr if_extreme(struct series *s, const struct task *task, ojit_expr term)
{
	ojit_expr value = oj_series_value(s, term, 0), whole = oj_series_value(s, task->node->e, 0);
	ojit_expr is_it = make(s, OP_EQ, 2, (ojit_expr[]){value, whole});
	ojit_expr never = number(s, -INFINITY);
	return choose(s, is_it, oj_series_value(s, term, task->k), never);
}

static ojit_expr rule_reduction(struct series *s, const struct task *task)
{
	ojit_expr start = task->o[REDUCE_START], body = task->o[REDUCE_BODY];
	if (task->n.reduction.kind != REDUCE_SUM) {
		ojit_expr from = if_extreme(s, task, start), term = if_extreme(s, task, body);
		return reduce(s, task, REDUCE_MAX, from, term);
	}
	ojit_expr from = oj_series_value(s, start, task->k), term = oj_series_value(s, body, task->k);
	if (!term)
		return from;
	return reduce(s, task, REDUCE_SUM, from ? from : number(s, -0.0), term);
}

/* ---- auxiliaries: parts of series_rules.def ---- */

static ojit_expr apply(struct graph *g, enum op op, ojit_expr u)
{
	return oj_make1(g, op, u);
}

static ojit_expr negated(struct graph *g, ojit_expr u)
{
	return oj_make1(g, OP_NEG, u);
}

static ojit_expr square(struct graph *g, ojit_expr u)
{
	return oj_make2(g, OP_MUL, u, u);
}

static ojit_expr shifted(struct graph *g, double by, ojit_expr u)
{
	return oj_make2(g, OP_ADD, u, oj_literal(g, by));
}

/* (1 - u)(1 + u), which cancels less than 1 - u^2 */
static ojit_expr one_minus_square(struct graph *g, ojit_expr u)
{
	ojit_expr below = shifted(g, 1, negated(g, u)), above = shifted(g, 1, u);
	return oj_make2(g, OP_MUL, below, above);
}

static ojit_expr logistic_slope(struct graph *g, ojit_expr v)
{
	return oj_make2(g, OP_MUL, v, shifted(g, 1, negated(g, v)));
}

static ojit_expr bell(struct graph *g, ojit_expr u)
{
	return apply(g, OP_EXP, negated(g, square(g, u)));
}

static ojit_expr square_sum(struct graph *g, const ojit_expr *operands)
{
	ojit_expr y = operands[0], x = operands[1]; /* read before the graph moves */
	ojit_expr a = square(g, x), b = square(g, y);
	return oj_make2(g, OP_ADD, a, b);
}

ojit_expr oj_series_auxiliary(struct graph *g, ojit_expr v)
{
	const ojit_expr *operands = oj_operands(g, v);
	ojit_expr u = oj_node(g, v)->arity ? operands[0] : 0;
	switch ((enum op)oj_node(g, v)->op) {
#define SERIES(tag, degree, rule, factor, auxiliary) \
	case OP_##tag:                               \
		return auxiliary;
#include "lib/graph/series_rules.def"
#undef SERIES
	case OP_COUNT:
		break;
	}
	return 0;
}

static const struct row {
	rule *apply;
	double factor;
} rows[OP_COUNT] = {
#define SERIES(tag, degree, rule, factor, auxiliary) [OP_##tag] = {rule_##rule, factor},
#include "lib/graph/series_rules.def"
#undef SERIES
};

bool oj_series_knows(const struct node *node)
{
	bool product = node->op == OP_REDUCE && node->reduction.kind == REDUCE_PROD;
	return rows[node->op].apply != rule_none && !product;
}

bool oj_series_convolves(const struct series *s, const struct series_node *node)
{
	static rule *const sums[] = {rule_product, rule_division, rule_root, rule_distance, rule_power,
	                             rule_flow, rule_quotient, rule_angle};
	rule *apply = rows[oj_node(s->graph, node->e)->op].apply;
	bool found = false;
	for (size_t i = 0; node->degree && i < sizeof sums / sizeof *sums; i++)
		found = found || apply == sums[i];
	return found;
}

/* ---- what the rules ask for ---- */

static void keep(struct series *s, ojit_expr e, bool value, bool slope)
{
	size_t at;
	if (!oj_series_find(s, e, &at))
		return;
	s->nodes.at[at].keeps_value |= value;
	s->nodes.at[at].keeps_slope |= slope;
}

static void mark_product(struct series *s, const ojit_expr *o)
{
	size_t a = 0, b = 0;
	oj_series_find(s, o[0], &a);
	oj_series_find(s, o[1], &b);
	bool both = s->nodes.at[a].degree && s->nodes.at[b].degree;
	keep(s, o[0], both, false);
	keep(s, o[1], both, false);
}

/* The quotient, power or logarithm that is all that changes in the operand of exp and its like. */
static void mark_flattened(struct series *s, ojit_expr e)
{
	const ojit_expr *o = oj_operands(s->graph, e);
	size_t at;
	while (oj_is(s->graph, e, OP_NEG) || (oj_is(s->graph, e, OP_MUL) && is_constant(s, o[0]))) {
		e = o[oj_is(s->graph, e, OP_MUL)];
		o = oj_operands(s->graph, e);
	}
	if (!oj_series_find(s, e, &at) || oj_node(s->graph, e)->arity == 0)
		return;
	s->nodes.at[at].flattened = true;
	keep(s, o[0], rows[oj_node(s->graph, e)->op].apply == rule_quotient, false); /* see unless_moved */
}

void oj_series_mark(struct series *s, const struct series_node *node)
{
	const ojit_expr *o = oj_operands(s->graph, node->e);
	rule *apply = rows[oj_node(s->graph, node->e)->op].apply;
	bool is_power = apply == rule_power, is_quotient = apply == rule_quotient, is_angle = apply == rule_angle;
	if (apply == rule_product)
		mark_product(s, o);
	if (apply == rule_flow)
		mark_flattened(s, o[0]);
	if (apply == rule_division)
		keep(s, o[1], true, false);
	if (has_ends(oj_node(s->graph, node->e)->op))
		keep(s, o[0], true, false); /* see unless_moved */
	if (apply == rule_division || apply == rule_root || apply == rule_distance || is_power)
		keep(s, node->e, true, false);
	if (is_power || is_quotient || is_angle)
		keep(s, node->e, false, true);
	if (is_power || apply == rule_flow || is_angle)
		keep(s, o[0], is_power || is_angle, true);
	if (is_angle)
		keep(s, o[1], true, true);
	if (apply == rule_distance)
		keep(s, o[0], true, false), keep(s, o[1], true, false);
	if (apply == rule_magnitude || apply == rule_positive || apply == rule_extreme)
		keep(s, o[0], true, false); /* order 0 alone: the rest is never stored */
	if (apply == rule_extreme)
		keep(s, o[1], true, false);
	if (node->auxiliary)
		keep(s, node->auxiliary, true, false);
}

/* ---- coefficients ---- */

ojit_expr oj_series_recur(struct series *s, const struct series_node *node, int k)
{
	struct task task = {.node = node, .n = *oj_node(s->graph, node->e), .k = k};
	uint32_t few = task.n.arity < 4 ? task.n.arity : 4;
	if (few)
		memcpy(task.o, oj_operands(s->graph, node->e), few * sizeof *task.o);
	task.factor = rows[task.n.op].factor;
	return rows[task.n.op].apply(s, &task);
}

ojit_expr oj_series_slope(struct series *s, ojit_expr e, int k)
{
	size_t at;
	if (!oj_series_find(s, e, &at))
		return 0;
	ojit_expr *slope = oj_series_entry(s, s->slopes, at, k);
	if (!*slope)
		*slope = scaled(s, k, oj_series_value(s, e, k));
	return *slope;
}

ojit_expr oj_series_scaled(struct series *s, ojit_expr e, int k, double by)
{
	return sum_terms(s, e, k, number(s, by));
}
