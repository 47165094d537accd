/* See translate.h.  A stack of frames instead of recursion: a frame asks for its
 * operands one by one, finds their nodes on the stack of values, and leaves its own. */
#include "lib/model/translate.h"

#include <math.h>

void oj_translator_init(struct translator *t, struct lowering *low, struct space *space, int kernel)
{
	*t = (struct translator){.low = low, .space = space, .kernel = kernel};
	t->scopes[0] = ++low->scope;
}

void oj_translator_drop(struct translator *t)
{
	VECTOR_DROP(t->low->context, &t->frames);
	VECTOR_DROP(t->low->context, &t->values);
	VECTOR_DROP(t->low->context, &t->items);
}

void oj_translator_open(struct translator *t, uint32_t rank, const ojit_expr *indices,
                        const int64_t *lo, const int64_t *end, const bool *wrap)
{
	t->rank = t->levels = rank;
	t->scopes[1] = ++t->low->scope;
	for (uint32_t k = 0; k < rank; k++)
		t->indices[k] = (struct scope_index){indices[k], true, true, wrap && wrap[k], lo[k], end[k] - 1};
}

static ojit_status fail_memory(struct translator *t)
{
	return oj_fail_memory(t->low->error);
}

static ojit_status push_value(struct translator *t, ojit_expr value)
{
	if (value == 0) /* makers fail for want of memory only */
		return fail_memory(t);
	return VECTOR_PUSH(t->low->context, &t->values, value) ? OJIT_OK : fail_memory(t);
}

static ojit_status push_frame(struct translator *t, uint32_t term, enum want want)
{
	struct frame frame = {.term = term, .want = (uint8_t)want, .values = (uint32_t)t->values.count,
	                      .items = (uint32_t)t->items.count};
	return VECTOR_PUSH(t->low->context, &t->frames, frame) ? OJIT_OK : fail_memory(t);
}

/* ---- what was translated before */

static uint32_t nest(const struct translator *t)
{
	return t->levels - t->rank;
}

/* The depth of the innermost scope that a node depends on.  A reduction also
 * depends on its line, which fixes the number of its level. */
static uint32_t depth_of(const struct translator *t, ojit_expr e)
{
	const struct node *n = oj_node(&t->space->graph, e);
	uint32_t depth = n->stage > 0 ? 1 : 0;
	for (uint32_t level = t->levels; level-- > 0;)
		if (n->levels >> level & 1)
			return level < t->rank ? 1 : 2 + level - t->rank;
	return depth;
}

static bool remembered(const struct translator *t, const struct frame *f, ojit_expr *value)
{
	uint32_t known = 0;
	if (oj_term(t->low->forest, f->term)->uses < SHARED || !oj_expr_map_get(&t->low->memo_of, f->term, &known))
		return false;
	const struct memo *m = &t->low->memo.at[known - 1];
	if (m->want != f->want || m->depth > 1 + nest(t) || t->scopes[m->depth] != m->scope)
		return false;
	*value = m->value;
	/* Inside more loops than it was made in, a reduction's level may be taken. */
	return oj_node(&t->space->graph, m->value)->stage == 0 || m->nest >= nest(t);
}

/* False: out of memory. */
static bool remember(struct translator *t, const struct frame *f, ojit_expr value)
{
	struct lowering *low = t->low;
	uint32_t depth = depth_of(t, value), known = 0;
	struct memo memo = {value, t->scopes[depth], (uint8_t)depth, f->want, (uint8_t)nest(t)};
	if (oj_term(low->forest, f->term)->uses < SHARED)
		return true;
	if (oj_expr_map_get(&low->memo_of, f->term, &known)) {
		low->memo.at[known - 1] = memo;
		return true;
	}
	return VECTOR_PUSH(low->context, &low->memo, memo) &&
	       oj_expr_map_put(&low->memo_of, f->term, (uint32_t)low->memo.count);
}

/* ---- truth and numbers */

static ojit_expr as_wanted(struct translator *t, ojit_expr e, enum want want)
{
	struct graph *g = &t->space->graph;
	enum type type = oj_type(g, e);
	if (want == WANT_TRUTH && type == REAL)
		return oj_make2(g, OP_NE, e, oj_literal(g, 0.0));
	if (want == WANT_REAL && type == TRUTH)
		return oj_make3(g, OP_IF, e, oj_literal(g, 1.0), oj_literal(g, 0.0));
	if (want == WANT_REAL && type == INTEGER)
		return oj_make1(g, OP_ITOF, e);
	return e;
}

/* ---- sums and products */

static bool continues(const struct translator *t, ojit_op op, uint32_t term)
{
	const struct term *other = oj_term(t->low->forest, term);
	if (other->kind != TERM_OP || other->uses == SHARED)
		return false;
	return op == OJIT_MUL ? other->op == OJIT_MUL : other->op == OJIT_ADD || other->op == OJIT_SUB;
}

/* The terms of a left-leaning chain, left to right, into items. */
static ojit_status collect_chain(struct translator *t, struct frame *f)
{
	ojit_op op = (ojit_op)oj_term(t->low->forest, f->term)->op;
	uint32_t at = f->term;
	for (bool go_on = true; go_on; f->count++) {
		const uint32_t *o = oj_term_operands(t->low->forest, at);
		bool minus = oj_term(t->low->forest, at)->op == OJIT_SUB;
		if (!VECTOR_PUSH(t->low->context, &t->items, (struct item){o[1], minus}))
			return fail_memory(t);
		at = o[0];
		go_on = continues(t, op, at);
	}
	if (!VECTOR_PUSH(t->low->context, &t->items, (struct item){at, false}))
		return fail_memory(t);
	f->count++;
	for (uint32_t i = 0; i < f->count / 2; i++) {
		struct item *a = &t->items.at[f->items + i], *b = &t->items.at[f->items + f->count - 1 - i], swap = *a;
		*a = *b, *b = swap;
	}
	f->chain = true;
	return OJIT_OK;
}

static ojit_status finish_chain(struct translator *t, const struct frame *f, ojit_expr *out)
{
	struct graph *g = &t->space->graph;
	ojit_expr *v = t->values.at + f->values;
	bool product = oj_term(t->low->forest, f->term)->op == OJIT_MUL;
	for (uint32_t i = 0; i < f->count; i++)
		if (t->items.at[f->items + i].minus && !(v[i] = oj_make1(g, OP_NEG, v[i])))
			return fail_memory(t);
	*out = oj_make(g, product ? OP_MUL : OP_ADD, f->count, v);
	return OJIT_OK;
}

/* ---- integers */

enum { LARGEST = 53 }; /* bits */

/* Is |e| surely below 2^53 / factor?  Bounds the coefficients, not the values. */
static bool is_small(const struct graph *g, ojit_expr e, double factor)
{
	struct affine a;
	oj_affine(g, e, &a);
	double size = fabs((double)a.constant);
	for (uint32_t k = 0; k < a.count; k++)
		size += fabs((double)a.coefficients[k]);
	return size * fabs(factor) < ldexp(1, LARGEST);
}

static ojit_status fail_large(const struct translator *t, uint32_t term)
{
	return oj_fail_place(t->low, oj_term(t->low->forest, term)->place, OJIT_RANGE,
	                     "this whole number may pass 2^53; keep subscripts and ranges smaller");
}

static ojit_status finish_integer_sum(struct translator *t, const struct frame *f, ojit_expr *out)
{
	struct graph *g = &t->space->graph;
	*out = t->values.at[f->values];
	for (uint32_t i = 1; i < f->count && *out; i++) {
		ojit_expr next = t->values.at[f->values + i];
		if (!is_small(g, *out, 2) || !is_small(g, next, 2))
			return fail_large(t, f->term);
		if (t->items.at[f->items + i].minus)
			next = oj_integer_scale(g, next, -1);
		*out = oj_integer_add(g, *out, next);
	}
	return OJIT_OK;
}

/* A product of integers: one node, or NOT_AFFINE. */
static ojit_status finish_integer_product(struct translator *t, const struct frame *f, ojit_expr *out)
{
	struct graph *g = &t->space->graph;
	*out = t->values.at[f->values];
	for (uint32_t i = 1; i < f->count && *out; i++) {
		ojit_expr next = t->values.at[f->values + i], scaled = *out;
		int64_t factor;
		if (!oj_integer_value(g, next, &factor)) {
			scaled = next;
			if (!oj_integer_value(g, *out, &factor))
				return oj_tabulate_term(t, f->term, out);
		}
		if (!is_small(g, scaled, (double)factor))
			return fail_large(t, f->term);
		*out = oj_integer_scale(g, scaled, factor);
	}
	return OJIT_OK;
}

static ojit_status translate_integer(struct translator *t, double number, uint32_t term, ojit_expr *out)
{
	if (number != floor(number) || fabs(number) >= ldexp(1, LARGEST)) {
		char digits[32];
		oj_number_shortest(digits, number);
		return oj_fail_place(t->low, oj_term(t->low->forest, term)->place, OJIT_SHAPE,
		                     "a whole number is needed here, not %s; use floor or round", digits);
	}
	*out = oj_integer(&t->space->graph, (int64_t)number);
	return OJIT_OK;
}

/* ---- functions */

static ojit_expr fold_left(struct graph *g, enum op op, uint32_t count, const ojit_expr *v)
{
	ojit_expr folded = v[0];
	for (uint32_t i = 1; i < count && folded; i++)
		folded = op == OP_IMIN ? oj_integer_min(g, folded, v[i]) : op == OP_IMAX ? oj_integer_max(g, folded, v[i])
		         : oj_make2(g, op, folded, v[i]);
	return folded;
}

/* The value of a small expression of literals; false: it is none. */
static bool literal_value(const struct graph *g, ojit_expr e, int depth, double *value)
{
	const struct node *n = oj_node(g, e);
	double operands[4];
	if (n->op == OP_LITERAL) {
		*value = n->real;
		return true;
	}
	if (depth == 0 || n->arity == 0 || n->arity > 3 ||
	    (n->op != OP_ADD && n->op != OP_MUL && n->op != OP_NEG && n->op != OP_DIV))
		return false;
	for (uint32_t i = 0; i < n->arity; i++)
		if (!literal_value(g, oj_operands(g, e)[i], depth - 1, &operands[i]))
			return false;
	*value = operands[0];
	if (n->op == OP_NEG)
		*value = -*value;
	for (uint32_t i = 1; i < n->arity; i++)
		*value = n->op == OP_ADD ? *value + operands[i] : n->op == OP_MUL ? *value * operands[i] : *value / operands[i];
	return true;
}

static ojit_expr make_power(struct graph *g, const ojit_expr *v)
{
	double exponent;
	if (!literal_value(g, v[1], 8, &exponent))
		return oj_make2(g, OP_POW, v[0], v[1]);
	if (exponent != floor(exponent) || fabs(exponent) > 64)
		return oj_make2(g, OP_POW, v[0], oj_literal(g, exponent));
	if (exponent == 0 || exponent == 1)
		return exponent == 0 ? oj_literal(g, 1.0) : v[0];
	return oj_power(g, v[0], (int64_t)exponent);
}

static ojit_expr make_compare(struct graph *g, ojit_op op, const ojit_expr *v)
{
	bool integers = oj_type(g, v[0]) == INTEGER, swap = op == OJIT_GT || op == OJIT_GE;
	enum op made = oj_functions[op].op;
	if (integers)
		made = made == OP_LT ? OP_ILT : made == OP_LE ? OP_ILE : made == OP_EQ ? OP_IEQ : OP_INE;
	return oj_make2(g, made, v[swap], v[!swap]);
}

static ojit_expr make_operator(struct graph *g, const struct term *term, const ojit_expr *v)
{
	ojit_op op = (ojit_op)term->op;
	ojit_expr padded[4] = {v[0], 0, 0, 0};
	switch (op) {
	case OJIT_POW:
		return make_power(g, v);
	case OJIT_LT: case OJIT_LE: case OJIT_GT: case OJIT_GE: case OJIT_EQ: case OJIT_NE:
		return make_compare(g, op, v);
	case OJIT_NEG:
		if (oj_is(g, v[0], OP_LITERAL))
			return oj_literal(g, -oj_node(g, v[0])->real);
		return oj_make1(g, OP_NEG, v[0]);
	case OJIT_MIN: case OJIT_MAX:
		return fold_left(g, oj_functions[op].op, term->arity, v);
	case OJIT_HEAVISIDE:
		return oj_make2(g, OP_HEAVISIDE, v[0], term->arity > 1 ? v[1] : oj_literal(g, 0.5));
	case OJIT_UNIFORM: case OJIT_NORMAL:
		for (uint32_t i = 1; i < 4; i++)
			padded[i] = i < term->arity ? v[i] : oj_literal(g, 0.0);
		return oj_make(g, oj_functions[op].op, 4, padded);
	default:
		return oj_make(g, oj_functions[op].op, term->arity, v);
	}
}

static enum want operand_want(const struct translator *t, const struct term *term, uint32_t k, enum want want)
{
	const uint32_t *o = oj_term_operands(t->low->forest, (uint32_t)(term - t->low->forest->terms.at));
	switch ((ojit_op)term->op) {
	case OJIT_LT: case OJIT_LE: case OJIT_GT: case OJIT_GE: case OJIT_EQ: case OJIT_NE:
		return t->low->integral[o[0]] & t->low->integral[o[1]] & INTEGRAL ? WANT_INTEGER : WANT_REAL;
	case OJIT_AND: case OJIT_OR: case OJIT_NOT:
		return WANT_TRUTH;
	case OJIT_IF:
		return k == 0 ? WANT_TRUTH : WANT_REAL;
	default:
		return want == WANT_INTEGER ? WANT_INTEGER : WANT_REAL;
	}
}

/* Operators that integers have themselves. */
static bool is_integer_operator(ojit_op op)
{
	return op == OJIT_ADD || op == OJIT_SUB || op == OJIT_MUL || op == OJIT_NEG || op == OJIT_MIN || op == OJIT_MAX;
}

static ojit_status finish_operator(struct translator *t, const struct frame *f, ojit_expr *out)
{
	struct graph *g = &t->space->graph;
	const struct term *term = oj_term(t->low->forest, f->term);
	const ojit_expr *v = t->values.at + f->values;
	if (f->want != WANT_INTEGER)
		*out = make_operator(g, term, v);
	else if (term->op == OJIT_NEG)
		*out = oj_integer_scale(g, v[0], -1);
	else
		*out = fold_left(g, term->op == OJIT_MIN ? OP_IMIN : OP_IMAX, term->arity, v);
	return OJIT_OK;
}

static ojit_status step_operator(struct translator *t, struct frame *f, bool *done, ojit_expr *out)
{
	const struct term *term = oj_term(t->low->forest, f->term);
	ojit_op op = (ojit_op)term->op;
	if (f->want == WANT_INTEGER && !is_integer_operator(op)) {
		*done = true;
		return oj_tabulate_term(t, f->term, out);
	}
	if (f->step == 0 && (op == OJIT_ADD || op == OJIT_SUB || op == OJIT_MUL) && !f->chain)
		TRY(collect_chain(t, f));
	uint32_t count = f->chain ? f->count : term->arity, k = (uint32_t)(t->values.count - f->values);
	f->step = 1;
	if (k < count) {
		uint32_t operand = f->chain ? t->items.at[f->items + k].term
		                            : oj_term_operands(t->low->forest, f->term)[k];
		return push_frame(t, operand, operand_want(t, term, k, f->want));
	}
	*done = true;
	if (!f->chain)
		return finish_operator(t, f, out);
	if (f->want != WANT_INTEGER)
		return finish_chain(t, f, out);
	return op == OJIT_MUL ? finish_integer_product(t, f, out) : finish_integer_sum(t, f, out);
}

/* ---- names and indices */

static ojit_status step_index(struct translator *t, const struct frame *f, ojit_expr *out)
{
	for (uint32_t level = t->levels; level-- > 0;) {
		if (t->indices[level].index != f->term)
			continue;
		*out = oj_index(&t->space->graph, level);
		return OJIT_OK;
	}
	const struct term *term = oj_term(t->low->forest, f->term);
	return oj_fail_place(t->low, term->place, OJIT_NAME, "the index %s is used outside of its range; "
	                     "give it one with sum or on the left", oj_name_of(t->low, term->name));
}

/* The subscript on top of the stack. */
static ojit_status finish_subscript(struct translator *t, uint32_t term)
{
	ojit_expr node = t->values.at[t->values.count - 1];
	TRY(oj_settle_integer(t, term, &node));
	TRY(oj_subscript_wrap(t, term, &node));
	t->values.at[t->values.count - 1] = node;
	return OJIT_OK;
}

static ojit_status step_name(struct translator *t, const struct frame *f, bool *done, ojit_expr *out)
{
	const struct term *term = oj_term(t->low->forest, f->term);
	uint32_t k = (uint32_t)(t->values.count - f->values);
	const uint32_t *operands = oj_term_operands(t->low->forest, f->term);
	if (k == 0 && term->arity && f->want != WANT_INTEGER && (*out = oj_known_element(t, term, operands)) != 0) {
		*done = true;
		return OJIT_OK;
	}
	if (k > 0)
		TRY(finish_subscript(t, operands[k - 1]));
	if (k < term->arity)
		return push_frame(t, operands[k], WANT_INTEGER);
	*done = true;
	const ojit_expr *subscripts = term->arity ? t->values.at + f->values : NULL;
	return oj_reference(t, term->place, term->name, term->primes, term->arity, subscripts, (enum want)f->want, out);
}

/* ---- reductions */

static ojit_status open_reduction(struct translator *t, const struct frame *f)
{
	const struct term *term = oj_term(t->low->forest, f->term);
	const uint32_t *o = oj_term_operands(t->low->forest, f->term);
	const struct graph *g = &t->space->graph;
	if (t->levels == LEVELS)
		return oj_fail_place(t->low, term->place, OJIT_UNSUPPORTED, "more than %d nested loops are not supported; "
		                     "name a part of this with let", LEVELS);
	for (uint32_t k = 0; k < t->levels; k++)
		if (t->indices[k].index == o[REDUCE_INDEX])
			return oj_fail_place(t->low, term->place, OJIT_NAME, "the index %s already runs here; use another for the inner range",
			                     oj_name_of(t->low, oj_term(t->low->forest, o[REDUCE_INDEX])->name));
	struct scope_index index = {.index = o[REDUCE_INDEX], .wrap = term->wrap};
	ojit_expr from = t->values.at[f->values], to = t->values.at[f->values + 1];
	int64_t ignored;
	index.exact = oj_integer_value(g, from, &index.lo) && oj_integer_value(g, to, &index.hi);
	index.known = index.exact || (oj_known_range(t, from, &index.lo, &ignored) && oj_known_range(t, to, &ignored, &index.hi));
	if (index.wrap && (!index.exact || index.hi < index.lo))
		return oj_fail_place(t->low, term->place, OJIT_UNSUPPORTED, "a range that wraps must be known when compiling and not empty; "
		                     "write constants for it");
	t->indices[t->levels++] = index;
	t->scopes[1 + nest(t)] = ++t->low->scope;
	return OJIT_OK;
}

/* Eight partial sums where there are fewer than eight places to run along. */
static enum reduction_order order_for(const struct translator *t, uint32_t levels)
{
	double points = 1;
	for (uint32_t k = 0; k < t->levels; k++) {
		const struct scope_index *i = &t->indices[k];
		if (!(levels >> k & 1))
			continue;
		if (!i->exact)
			return SEQUENTIAL;
		points *= i->hi < i->lo ? 0 : (double)(i->hi - i->lo + 1);
	}
	return points < 8 ? TREE8 : SEQUENTIAL;
}

static ojit_status close_reduction(struct translator *t, const struct frame *f, ojit_expr *out)
{
	static const uint8_t kinds[] = {REDUCE_SUM, REDUCE_PROD, REDUCE_MIN, REDUCE_MAX};
	struct graph *g = &t->space->graph;
	const struct term *term = oj_term(t->low->forest, f->term);
	const ojit_expr *v = t->values.at + f->values;
	bool filtered = oj_term_operands(t->low->forest, f->term)[REDUCE_FILTER] != 0;
	uint32_t own = --t->levels;
	struct reduction r = {.kind = kinds[term->op], .level = (uint16_t)own};
	const struct scope_index *index = &t->indices[own];
	bool nonempty = index->exact && index->lo <= index->hi;
	ojit_expr lo = v[0], hi = v[1], body = v[filtered ? 3 : 2];
	if (filtered) /* combining with this changes no bit */
		body = oj_make3(g, OP_IF, v[2], body, oj_literal(g, oj_reduction_identity(r.kind, true)));
	ojit_expr end = oj_integer_offset(g, hi, 1), start = oj_literal(g, oj_reduction_identity(r.kind, nonempty));
	if (!body || !end || !start)
		return fail_memory(t);
	uint32_t levels = oj_node(g, lo)->levels | oj_node(g, end)->levels | (oj_node(g, body)->levels & ~(1u << own));
	r.order = (uint8_t)order_for(t, levels);
	*out = oj_reduce(g, r, start, lo, end, body);
	return OJIT_OK;
}

static ojit_status step_reduction(struct translator *t, struct frame *f, bool *done, ojit_expr *out)
{
	const uint32_t *o = oj_term_operands(t->low->forest, f->term);
	if (f->want == WANT_INTEGER) {
		*done = true;
		return oj_tabulate_term(t, f->term, out);
	}
	if (f->step == REDUCE_TO)
		TRY(open_reduction(t, f));
	do
		f->step++;
	while (f->step == REDUCE_FILTER && o[f->step] == 0);
	if (f->step < REDUCE_PARTS)
		return push_frame(t, o[f->step], f->step <= REDUCE_TO ? WANT_INTEGER : f->step == REDUCE_FILTER ? WANT_TRUTH : WANT_REAL);
	*done = true;
	return close_reduction(t, f, out);
}

/* ---- the walk */

static ojit_status step(struct translator *t, struct frame *f, bool *done, ojit_expr *out)
{
	const struct term *term = oj_term(t->low->forest, f->term);
	switch ((enum term_kind)term->kind) {
	case TERM_NUMBER:
		*done = true;
		if (f->want == WANT_INTEGER)
			return translate_integer(t, term->number, f->term, out);
		*out = oj_literal(&t->space->graph, term->number);
		return OJIT_OK;
	case TERM_TIME:
		*done = true;
		if (t->kernel == STATIC_KERNEL || f->want == WANT_INTEGER)
			return oj_fail_place(t->low, term->place, OJIT_SHAPE, "this must be known when compiling, and t is not; use constants");
		*out = oj_time(&t->space->graph);
		return OJIT_OK;
	case TERM_INDEX:
		*done = true;
		return step_index(t, f, out);
	case TERM_NAME:
		return step_name(t, f, done, out);
	case TERM_OP:
		return step_operator(t, f, done, out);
	case TERM_REDUCE:
		return step_reduction(t, f, done, out);
	default:
		*done = true;
		return oj_fail_place(t->low, term->place, OJIT_ARGUMENT, "this is no expression");
	}
}

static ojit_status walk(struct translator *t, size_t bottom)
{
	while (t->frames.count > bottom) {
		struct frame f = t->frames.at[t->frames.count - 1];
		ojit_expr value = 0;
		bool done = f.step == 0 && remembered(t, &f, &value), known = done;
		size_t frames = t->frames.count;
		if (!done) {
			size_t self = frames - 1;
			TRY(step(t, &f, &done, &value));
			struct frame *kept = &t->frames.at[self];
			kept->step = f.step, kept->chain = f.chain, kept->count = f.count;
		}
		if (!done)
			continue;
		if (value && !(value = as_wanted(t, value, (enum want)f.want)))
			return fail_memory(t);
		if (value && !known && !remember(t, &f, value))
			return fail_memory(t);
		t->frames.count--;
		t->values.count = f.values;
		t->items.count = f.items;
		TRY(push_value(t, value));
	}
	return OJIT_OK;
}

ojit_status oj_translate(struct translator *t, ojit_expr term, enum want want, ojit_expr *out)
{
	size_t bottom = t->frames.count, values = t->values.count;
	TRY(push_frame(t, term, want));
	TRY(walk(t, bottom));
	*out = t->values.at[t->values.count - 1];
	t->values.count = values;
	return OJIT_OK;
}
