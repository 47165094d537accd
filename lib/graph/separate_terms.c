/* Pass separate: addition theorems.
 *
 * A body is taken apart from the outside in, at nodes where what varies with the rows
 * and what is summed over meet.  A sum of such parts a + b, a of the row and b of the
 * index summed over, is first centred: with c the mean of all b,
 *
 *   a + b = b' - u,   b' = b - c,   u = -a - c.
 *
 * u is minus the mean of a + b over the sum, so |u| is at most the mean of |a + b|, and
 * the sum of |b'|^n at most 2^n times that of |a + b|^n: what is expanded is never much
 * larger than what was summed, however large an offset all b have in common.
 *
 *   sin(b' - u)  = sin b' cos u - cos b' sin u        (with a phase besides: twice that)
 *   sinh(b' - u) = sinh b' cosh u - cosh b' sinh u
 *   (b' - u)^n   by multiplying out
 *   exp(b' - u)  = exp b' exp(-u),   but with c the greatest of all b
 *   cosh x       = exp(x) / 2 + exp(-x) / 2
 *
 * With the greatest b, exp b' is at most 1, and exp(-u) overflows only where the
 * greatest term does.  Where a is -b at another index, u is b' there: the same
 * function is wanted of rows and of terms. */
#include "lib/graph/separate.h"

#include <math.h>

enum { DEEP = 64, VISITS = 512, TERMS = 48, GREATEST_POWER = 16 };

/* ---------------------------------------------------------------- makers */

static ojit_expr made(struct separation *s, enum op op, uint32_t count, const ojit_expr *operands)
{
	struct graph *g = &s->space->graph;
	ojit_expr like = oj_make(g, op, count, operands);
	return like ? oj_simplified_by(g, like, operands, LAW_REAL) : 0;
}

static ojit_expr made1(struct separation *s, enum op op, ojit_expr a)
{
	return made(s, op, 1, &a);
}

static ojit_expr made2(struct separation *s, enum op op, ojit_expr a, ojit_expr b)
{
	return made(s, op, 2, (ojit_expr[]){a, b});
}

static ojit_expr difference(struct separation *s, ojit_expr a, ojit_expr b)
{
	ojit_expr minus = made1(s, OP_NEG, b);
	return made2(s, OP_ADD, a, minus);
}

static ojit_expr scaled(struct separation *s, double factor, ojit_expr e)
{
	if (factor == 1)
		return e;
	if (factor == -1)
		return made1(s, OP_NEG, e);
	ojit_expr number = oj_literal(&s->space->graph, factor);
	return made2(s, OP_MUL, number, e);
}

/* e * by, either of which may stand for 1. */
static ojit_expr product(struct separation *s, ojit_expr e, ojit_expr by)
{
	return !e ? by : !by ? e : made2(s, OP_MUL, e, by);
}

static ojit_expr reduced(struct separation *s, enum reduction_kind kind, ojit_expr body)
{
	struct graph *g = &s->space->graph;
	struct reduction reduction = {(uint8_t)kind, TREE8, (uint16_t)s->level};
	ojit_expr start = oj_literal(g, oj_reduction_identity(kind, true));
	ojit_expr operands[4] = {start, s->lo, s->end, body};
	ojit_expr like = oj_reduce(g, reduction, start, s->lo, s->end, body);
	return like ? oj_simplified_reduction(s->space, like, operands) : 0;
}

/* ---------------------------------------------------------------- lists of terms */

static bool push(struct separation *s, struct terms *to, double factor, ojit_expr outer, ojit_expr inner)
{
	if (to->at.count >= TERMS)
		s->reason = "it has too many terms";
	if (s->reason)
		return true;
	return VECTOR_PUSH(s->space->context, &to->at, (struct term){factor, outer, inner});
}

static void drop(struct separation *s, struct terms *terms)
{
	VECTOR_DROP(s->space->context, &terms->at);
}

static ojit_expr one(struct separation *s, ojit_expr e)
{
	return e ? e : oj_literal(&s->space->graph, 1);
}

/* Add up terms that are alike on one side (or on both). */
static bool gather_by(struct separation *s, struct terms *terms, bool outer, bool inner)
{
	struct term *at = terms->at.at;
	size_t kept = 0;
	for (size_t i = 0; i < terms->at.count; i++) {
		size_t k = 0;
		while (k < kept && ((outer && at[k].outer != at[i].outer) || (inner && at[k].inner != at[i].inner)))
			k++;
		if (k == kept) {
			at[kept++] = at[i];
		} else if (outer && inner) {
			at[k].factor += at[i].factor;
		} else {
			ojit_expr a = one(s, outer ? at[k].inner : at[k].outer);
			ojit_expr b = one(s, outer ? at[i].inner : at[i].outer);
			b = scaled(s, at[i].factor / at[k].factor, b);
			ojit_expr sum = made2(s, OP_ADD, a, b);
			if (!sum)
				return false;
			if (outer)
				at[k].inner = sum;
			else
				at[k].outer = sum;
		}
	}
	terms->at.count = kept;
	return true;
}

static void drop_zeros(struct terms *terms)
{
	size_t kept = 0;
	for (size_t i = 0; i < terms->at.count; i++)
		if (terms->at.at[i].factor != 0)
			terms->at.at[kept++] = terms->at.at[i];
	terms->at.count = kept;
}

static bool gather(struct separation *s, struct terms *terms)
{
	bool ok = gather_by(s, terms, true, true);
	drop_zeros(terms);
	return ok;
}

static bool multiply(struct separation *s, struct terms *product_of, const struct terms *by)
{
	struct terms result = {0};
	bool ok = true;
	for (size_t i = 0; ok && i < product_of->at.count; i++)
		for (size_t k = 0; ok && k < by->at.count && !s->reason; k++) {
			struct term a = product_of->at.at[i], b = by->at.at[k];
			ojit_expr outer = product(s, a.outer, b.outer), inner = product(s, a.inner, b.inner);
			ok = (outer || (!a.outer && !b.outer)) && (inner || (!a.inner && !b.inner)) &&
			     push(s, &result, a.factor * b.factor, outer, inner);
		}
	ok = ok && gather(s, &result);
	drop(s, product_of);
	*product_of = result;
	return ok;
}

/* ---------------------------------------------------------------- a + b */

struct parts {
	ojit_expr minus_a, b; /* 0: none */
	ojit_expr phase;      /* numbers and parameters, which are added to small differences best */
};

static bool add_to(struct separation *s, ojit_expr *sum, double factor, ojit_expr e)
{
	e = scaled(s, factor, one(s, e));
	*sum = *sum ? made2(s, OP_ADD, *sum, e) : e;
	return *sum != 0;
}

static bool is_shared(const struct separation *s, ojit_expr e)
{
	return !e || !(oj_node(&s->space->graph, e)->levels & ~s->shared);
}

/* A number or parameter, but not a centre, which is best where it came from. */
static bool is_phase(const struct separation *s, ojit_expr e)
{
	const struct node *n = oj_node(&s->space->graph, e);
	return !e || (n->levels == 0 && n->stage == 0);
}

/* Terms that are of one side only, added up; the others stay in `terms`. */
static bool take_parts(struct separation *s, struct terms *terms, struct parts *parts)
{
	size_t kept = 0;
	bool ok = true;
	*parts = (struct parts){0};
	for (size_t i = 0; ok && i < terms->at.count; i++) {
		struct term t = terms->at.at[i];
		if (t.inner && is_shared(s, t.outer)) {
			ojit_expr b = product(s, t.outer, t.inner);
			ok = b && add_to(s, &parts->b, t.factor, b);
		} else if (!t.inner && is_phase(s, t.outer)) {
			ok = add_to(s, &parts->phase, t.factor, t.outer);
		} else if (!t.inner) {
			ok = add_to(s, &parts->minus_a, -t.factor, t.outer);
		} else {
			terms->at.at[kept++] = t;
		}
	}
	terms->at.count = kept;
	return ok;
}

enum centre { MEAN, GREATEST };

/* parts->b becomes b', parts->minus_a u. */
static bool centre_parts(struct separation *s, enum centre centre, struct parts *parts)
{
	if (!parts->b || !parts->minus_a)
		return true;
	ojit_expr c = reduced(s, centre == MEAN ? REDUCE_SUM : REDUCE_MAX, parts->b);
	if (c && centre == MEAN)
		c = scaled(s, 1 / (double)s->length, c);
	if (!c)
		return false;
	parts->b = difference(s, parts->b, c);
	parts->minus_a = difference(s, parts->minus_a, c);
	return parts->b && parts->minus_a;
}

/* What is left of the phase becomes part of u. */
static bool add_phase(struct separation *s, struct parts *parts)
{
	if (!parts->phase)
		return true;
	ojit_expr minus = scaled(s, -1, parts->phase);
	parts->minus_a = parts->minus_a ? made2(s, OP_ADD, parts->minus_a, minus) : minus;
	return parts->minus_a != 0;
}

static bool centre_sum(struct separation *s, struct terms *terms)
{
	struct parts parts;
	bool ok = gather(s, terms) && take_parts(s, terms, &parts) && centre_parts(s, MEAN, &parts) &&
	          add_phase(s, &parts);
	if (ok && parts.b)
		ok = push(s, terms, 1, 0, parts.b);
	if (ok && parts.minus_a)
		ok = push(s, terms, -1, parts.minus_a, 0);
	return ok;
}

/* ---------------------------------------------------------------- operators */

/* `centred` false: if it is a sum, its parts are left as they are, for the function
 * around it will centre its argument as it needs. */
static bool expand(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to);

/* A sum that has to be centred: some of its operands are of one side only.  Others are
 * centred themselves. */
static bool is_loose(const struct separation *s, ojit_expr e)
{
	const struct graph *g = &s->space->graph;
	uint32_t own = 1u << s->level;
	if (!oj_is(g, e, OP_ADD))
		return false;
	for (uint32_t i = 0; i < oj_node(g, e)->arity; i++) {
		uint32_t levels = oj_node(g, oj_operands(g, e)[i])->levels;
		if (levels && (!(levels & own) || !(levels & ~(own | s->shared))))
			return true;
	}
	return false;
}

static bool expand_add(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	uint32_t arity = oj_node(&s->space->graph, e)->arity;
	bool ok = true;
	for (uint32_t i = 0; ok && i < arity && !s->reason; i++)
		ok = expand(s, oj_operands(&s->space->graph, e)[i], true, depth, to);
	return ok && (s->reason || !centred || !is_loose(s, e) || centre_sum(s, to));
}

static bool expand_neg(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	(void)centred;
	bool ok = expand(s, oj_operands(&s->space->graph, e)[0], true, depth, to);
	for (size_t i = 0; i < to->at.count; i++)
		to->at.at[i].factor = -to->at.at[i].factor;
	return ok;
}

static bool expand_mul(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	(void)centred;
	uint32_t arity = oj_node(&s->space->graph, e)->arity;
	bool ok = push(s, to, 1, 0, 0);
	for (uint32_t i = 0; ok && i < arity && !s->reason; i++) {
		struct terms by = {0};
		ok = expand(s, oj_operands(&s->space->graph, e)[i], true, depth, &by) &&
		     (s->reason || multiply(s, to, &by));
		drop(s, &by);
	}
	return ok;
}

static bool expand_div(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	(void)centred;
	struct terms below = {0};
	bool ok = expand(s, oj_operands(&s->space->graph, e)[0], true, depth, to) &&
	          (s->reason || expand(s, oj_operands(&s->space->graph, e)[1], true, depth, &below));
	if (ok && !s->reason && below.at.count != 1)
		s->reason = "it divides by a sum of both sides";
	for (size_t i = 0; ok && i < to->at.count && !s->reason; i++) {
		struct term *t = &to->at.at[i], d = below.at.at[0];
		t->factor /= d.factor;
		if (d.outer)
			ok = (t->outer = made2(s, OP_DIV, one(s, t->outer), d.outer)) != 0;
		if (ok && d.inner)
			ok = (t->inner = made2(s, OP_DIV, one(s, t->inner), d.inner)) != 0;
	}
	drop(s, &below);
	return ok;
}

static ojit_expr power(struct separation *s, ojit_expr e, int64_t exponent)
{
	ojit_expr like = e ? oj_power(&s->space->graph, e, exponent) : 0;
	return like ? oj_simplified_by(&s->space->graph, like, &e, LAW_REAL) : 0;
}

static double integer_power(double x, int64_t n)
{
	double value = 1;
	for (int64_t i = 0; i < (n < 0 ? -n : n); i++)
		value *= x;
	return n < 0 ? 1 / value : value;
}

static bool expand_powi(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	(void)centred;
	int64_t exponent = oj_node(&s->space->graph, e)->integer;
	struct terms base = {0};
	bool ok = expand(s, oj_operands(&s->space->graph, e)[0], true, depth, &base);
	if (ok && !s->reason && (exponent < -GREATEST_POWER || exponent > GREATEST_POWER))
		s->reason = "it has a high power";
	if (ok && !s->reason && base.at.count == 1) {
		struct term t = base.at.at[0];
		ojit_expr outer = power(s, t.outer, exponent), inner = power(s, t.inner, exponent);
		ok = (outer || !t.outer) && (inner || !t.inner) &&
		     push(s, to, integer_power(t.factor, exponent), outer, inner);
	} else if (ok && !s->reason && exponent < 0) {
		s->reason = "it divides by a sum of both sides";
	} else if (ok && !s->reason) {
		ok = push(s, to, 1, 0, 0);
		for (int64_t i = 0; ok && i < exponent && !s->reason; i++)
			ok = multiply(s, to, &base);
	}
	drop(s, &base);
	return ok;
}

/* The argument of a function as b - u plus a phase, about the mean where it is to be
 * `centred`. */
static bool argument(struct separation *s, ojit_expr e, int depth, bool centred, struct parts *parts)
{
	struct terms terms = {0};
	e = oj_operands(&s->space->graph, e)[0];
	bool ok = expand(s, e, false, depth, &terms) && gather(s, &terms) &&
	          (s->reason || take_parts(s, &terms, parts));
	if (ok && !s->reason && terms.at.count)
		s->reason = "it has a function of products of both sides";
	drop(s, &terms);
	if (!ok || s->reason)
		return ok;
	if (centred && is_loose(s, e))
		ok = centre_parts(s, MEAN, parts);
	ok = ok && (parts->b || (parts->b = oj_literal(&s->space->graph, 0)));
	return ok && (parts->minus_a || (parts->minus_a = oj_literal(&s->space->graph, 0)));
}

/* op(b) op'(u) and the like: one product of a function of each side. */
static bool push_functions(struct separation *s, struct terms *to, double factor, enum op outer, ojit_expr u,
                           enum op inner, ojit_expr b)
{
	ojit_expr f = made1(s, outer, u), h = made1(s, inner, b);
	return f && h && push(s, to, factor, f, h);
}

/* sin or cos of b - u + phase. */
static bool expand_wave(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	bool is_sin = oj_is(&s->space->graph, e, OP_SIN);
	struct terms shift = {0}, sine = {0};
	struct parts p;
	(void)centred;
	bool ok = argument(s, e, depth, true, &p);
	if (!ok || s->reason)
		return ok;
	enum op same = is_sin ? OP_SIN : OP_COS, other = is_sin ? OP_COS : OP_SIN;
	ok = push_functions(s, to, 1, OP_COS, p.minus_a, same, p.b) &&
	     push_functions(s, to, is_sin ? -1 : 1, OP_SIN, p.minus_a, other, p.b);
	if (ok && p.phase) { /* cos(phase) of that, and +-sin(phase) of the other function */
		ojit_expr c = made1(s, OP_COS, p.phase), d = made1(s, OP_SIN, p.phase);
		ok = c && d && push(s, &shift, 1, c, 0) && multiply(s, to, &shift) &&
		     push_functions(s, &sine, is_sin ? 1 : -1, OP_COS, p.minus_a, other, p.b) &&
		     push_functions(s, &sine, 1, OP_SIN, p.minus_a, same, p.b);
		shift.at.count = 0;
		ok = ok && push(s, &shift, 1, d, 0) && multiply(s, &sine, &shift);
		for (size_t i = 0; ok && i < sine.at.count; i++)
			ok = push(s, to, sine.at.at[i].factor, sine.at.at[i].outer, sine.at.at[i].inner);
		ok = ok && gather_by(s, to, false, true);
	}
	drop(s, &shift);
	drop(s, &sine);
	return ok;
}

/* factor * op(b - u) for an exponential. */
static bool push_exponential(struct separation *s, struct terms *to, double factor, enum op op, struct parts p)
{
	s->unbounded = true;
	if (!centre_parts(s, GREATEST, &p) || !add_phase(s, &p))
		return false;
	ojit_expr a = made1(s, OP_NEG, p.minus_a);
	return a && push_functions(s, to, factor, op, a, op, p.b);
}

static bool expand_exponential(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	enum op op = oj_node(&s->space->graph, e)->op;
	struct parts p;
	(void)centred;
	bool ok = argument(s, e, depth, false, &p);
	if (!ok || s->reason)
		return ok;
	if (op != OP_COSH)
		return push_exponential(s, to, 1, op, p);
	struct parts minus = {0};
	minus.minus_a = made1(s, OP_NEG, p.minus_a);
	minus.b = made1(s, OP_NEG, p.b);
	minus.phase = p.phase ? made1(s, OP_NEG, p.phase) : 0;
	if (p.phase && !minus.phase)
		return false;
	return minus.minus_a && minus.b && push_exponential(s, to, 0.5, OP_EXP, p) &&
	       push_exponential(s, to, 0.5, OP_EXP, minus);
}

static bool expand_sinh(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	struct parts p;
	(void)centred;
	s->unbounded = true;
	bool ok = argument(s, e, depth, true, &p) && (s->reason || add_phase(s, &p));
	if (!ok || s->reason)
		return ok;
	return push_functions(s, to, 1, OP_COSH, p.minus_a, OP_SINH, p.b) &&
	       push_functions(s, to, -1, OP_SINH, p.minus_a, OP_COSH, p.b);
}

/* An integer is a sum too. */
static bool expand_itof(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	struct graph *g = &s->space->graph;
	ojit_expr whole = oj_operands(g, e)[0], inner = oj_integer(g, 0);
	struct affine a;
	(void)depth;
	oj_affine(g, whole, &a);
	for (uint32_t i = 0, count = a.count; i < count; i++) {
		oj_affine(g, whole, &a); /* the graph may have moved */
		int64_t c = a.coefficients[i];
		ojit_expr atom = a.atoms[i];
		if (oj_node(g, atom)->levels & 1u << s->level)
			inner = oj_integer_add(g, inner, oj_integer_scale(g, atom, c));
	}
	ojit_expr outer = oj_integer_add(g, whole, oj_integer_scale(g, inner, -1));
	if (!inner || !outer)
		return false;
	if (oj_node(g, inner)->levels & ~(s->shared | 1u << s->level) || oj_node(g, outer)->levels & 1u << s->level) {
		s->reason = "it reads a table of both sides";
		return true;
	}
	ojit_expr a_part = made1(s, OP_ITOF, outer), b_part = made1(s, OP_ITOF, inner);
	return a_part && b_part && push(s, to, 1, a_part, 0) && push(s, to, 1, 0, b_part) &&
	       (!centred || centre_sum(s, to));
}

static const struct theorem {
	enum op op;
	bool (*expand)(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to);
} theorems[] = {
	{OP_ADD, expand_add},   {OP_NEG, expand_neg},         {OP_MUL, expand_mul},
	{OP_DIV, expand_div},   {OP_POWI, expand_powi},       {OP_SIN, expand_wave},
	{OP_COS, expand_wave},  {OP_EXP, expand_exponential}, {OP_EXP2, expand_exponential},
	{OP_SINH, expand_sinh}, {OP_COSH, expand_exponential}, {OP_ITOF, expand_itof},
};

static const char *refusal(enum op op)
{
	return op == OP_LOAD     ? "it reads an array by row and term"
	       : op == OP_REDUCE ? "it has a sum of both sides inside"
	                         : "it has a function of both sides without an addition theorem";
}

/* What is of one side only: numbers and signs are kept as factors. */
static bool push_part(struct separation *s, ojit_expr e, struct terms *to)
{
	struct graph *g = &s->space->graph;
	double factor = 1;
	if (oj_is(g, e, OP_NEG)) {
		factor = -1;
		e = oj_operands(g, e)[0];
	}
	if (oj_is(g, e, OP_LITERAL))
		return push(s, to, factor * oj_node(g, e)->real, 0, 0);
	bool is_inner = oj_node(g, e)->levels >> s->level & 1;
	return is_inner ? push(s, to, factor, 0, e) : push(s, to, factor, e, 0);
}

static bool expand(struct separation *s, ojit_expr e, bool centred, int depth, struct terms *to)
{
	const struct node *n = oj_node(&s->space->graph, e);
	uint32_t own = 1u << s->level;
	const struct theorem *theorem = theorems, *end = theorems + sizeof theorems / sizeof *theorems;
	if (!(n->levels & own) || !(n->levels & ~(own | s->shared)))
		return push_part(s, e, to);
	while (theorem < end && theorem->op != n->op)
		theorem++;
	if (theorem == end)
		s->reason = refusal(n->op);
	else if (depth >= DEEP || s->visits++ >= VISITS)
		s->reason = "it is too long";
	if (s->reason)
		return true;
	struct terms own_terms = {0};
	bool ok = theorem->expand(s, e, centred, depth + 1, &own_terms);
	for (size_t i = 0; ok && i < own_terms.at.count; i++)
		ok = push(s, to, own_terms.at.at[i].factor, own_terms.at.at[i].outer, own_terms.at.at[i].inner);
	drop(s, &own_terms);
	return ok;
}

bool oj_separate_terms(struct separation *s, ojit_expr body, struct terms *terms)
{
	bool ok = expand(s, body, true, 0, terms);
	if (!ok || s->reason)
		return ok;
	return gather(s, terms) && gather_by(s, terms, true, false) && gather_by(s, terms, false, true);
}

ojit_expr oj_separate_sum(struct separation *s, const struct terms *terms)
{
	struct graph *g = &s->space->graph;
	ojit_expr sum = 0;
	for (size_t i = 0; i < terms->at.count; i++) {
		const struct term *t = &terms->at.at[i];
		ojit_expr over = t->inner ? reduced(s, REDUCE_SUM, t->inner) : oj_literal(g, (double)s->length);
		ojit_expr value = over ? product(s, t->outer, over) : 0;
		if (!value || !add_to(s, &sum, t->factor, value))
			return 0;
	}
	return sum ? sum : oj_literal(g, 0);
}
