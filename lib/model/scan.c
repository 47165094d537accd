/* Who needs whom: names in the terms of units, checked and noted as edges.
 *
 * Of an array with parts (edges of a state or a parameter, lines of a let that read
 * each other) those are needed that a subscript may meet; so parts may read each
 * other, as in `let u[N+1] = u[N]`, and what they need may read the array too. */
#include "lib/model/lowering.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scan {
	struct lowering *low;
	uint32_t unit, line;
	struct expr_list stack;
};

static ojit_status add_edge(struct lowering *low, uint32_t from, uint32_t to, uint32_t place)
{
	struct unit *u = &low->units.at[from];
	if (!VECTOR_PUSH(low->context, &low->edges, (struct edge){to, place, u->edges}))
		return oj_fail_memory(low->error);
	u->edges = (uint32_t)low->edges.count - 1;
	return OJIT_OK;
}

/* ---- parts of one array that read each other */

static bool subscript_range(const struct scan *s, uint32_t term, int depth, double *lo, double *hi);

/* Where an index lies: over the box of its line or the range of its reduction. */
static bool index_range(const struct scan *s, uint32_t term, int depth, double *lo, double *hi)
{
	const struct lowering *low = s->low;
	const struct definition *d = oj_definition(low, s->line);
	uint32_t reduction = 0;
	double ignored;
	oj_expr_map_get(&low->reduction_of, term, &reduction);
	for (int k = 0; k < d->rank; k++)
		if (oj_axes(low, d)[k].index == term) {
			struct range range = oj_line_box(low, s->line)[k];
			*lo = (double)range.lo, *hi = (double)range.end - 1;
			return true;
		}
	if (reduction == 0 || reduction == NOWHERE || oj_term(low->forest, reduction)->wrap || depth == 0)
		return false;
	const uint32_t *o = oj_term_operands(low->forest, reduction);
	return subscript_range(s, o[REDUCE_FROM], depth - 1, lo, &ignored) &&
	       subscript_range(s, o[REDUCE_TO], depth - 1, &ignored, hi);
}

/* Where a subscript lies over the box of its line; false: anywhere. */
static bool subscript_range(const struct scan *s, uint32_t term, int depth, double *lo, double *hi)
{
	const struct lowering *low = s->low;
	const struct term *t = oj_term(low->forest, term);
	const uint32_t *o = oj_term_operands(low->forest, term);
	const struct definition *d = oj_definition(low, s->line);
	double l, h, l2, h2;
	if (t->kind == TERM_NUMBER)
		return *lo = *hi = t->number, true;
	if (t->kind == TERM_NAME && low->integral[term] & CONSTANT)
		return *lo = *hi = low->entities.at[low->entity_of[t->name]].value, true;
	if (t->kind == TERM_INDEX)
		return index_range(s, term, depth, lo, hi);
	if (d->wraps)
		return false;
	if (t->kind != TERM_OP || depth == 0 || (t->op != OJIT_ADD && t->op != OJIT_SUB && t->op != OJIT_NEG) ||
	    !subscript_range(s, o[0], depth - 1, &l, &h))
		return false;
	if (t->op == OJIT_NEG)
		return *lo = -h, *hi = -l, true;
	if (!subscript_range(s, o[1], depth - 1, &l2, &h2))
		return false;
	*lo = t->op == OJIT_ADD ? l + l2 : l - h2;
	*hi = t->op == OJIT_ADD ? h + h2 : h - l2;
	return true;
}

/* May this reference meet the part that `other` computes? */
static bool may_meet(const struct scan *s, uint32_t term, const struct unit *other)
{
	const uint32_t *o = oj_term_operands(s->low->forest, term);
	for (int k = 0; k < other->rank; k++) {
		double lo, hi;
		if (subscript_range(s, o[k], 64, &lo, &hi) &&
		    (hi < (double)other->box[k].lo || lo >= (double)(other->box[k].end)))
			return false;
	}
	return true;
}

static ojit_status need_part(struct scan *s, uint32_t term, const struct entity *e, uint32_t part, bool own)
{
	uint32_t place = oj_term(s->low->forest, term)->place;
	if (own && e->rank > 0 && !may_meet(s, term, &s->low->units.at[part]))
		return OJIT_OK;
	if (part == s->unit && e->rank > 0)
		return oj_fail_place(s->low, place, OJIT_CYCLE, "%s needs itself here (%s -> %s): recurrences are not supported; "
		                     "write it as a sum or make it a state", oj_entity_name(s->low, e),
		                     oj_entity_name(s->low, e), oj_entity_name(s->low, e));
	return add_edge(s->low, s->unit, part, place);
}

struct part {
	int64_t lo; /* on the first axis */
	uint32_t unit;
};

static int by_lo(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	return x->lo != y->lo ? (x->lo > y->lo) - (x->lo < y->lo) : (x->unit > y->unit) - (x->unit < y->unit);
}

enum { FEW_PARTS = 16 };

/* Parts in order of where they begin, for arrays that have many. */
static ojit_status sort_parts(struct lowering *low, const struct entity *e)
{
	struct holding *held = e->held;
	uint32_t count = 0;
	for (uint32_t part = e->edge_units; part != NOWHERE; part = low->units.at[part].next)
		count++;
	held->part_count = count;
	if (count < FEW_PARTS)
		return OJIT_OK;
	struct part *parts = oj_memory_get(low->context, count * sizeof *parts);
	held->parts = ARENA_NEW(&low->arena, uint32_t, count);
	for (uint32_t part = e->edge_units; parts && part != NOWHERE; part = low->units.at[part].next) {
		struct range first = low->units.at[part].box[0];
		parts[--count] = (struct part){first.lo, part};
		held->widest = oj_extent(first) > held->widest ? oj_extent(first) : held->widest;
	}
	if (parts)
		qsort(parts, held->part_count, sizeof *parts, by_lo);
	for (uint32_t p = 0; parts && held->parts && p < held->part_count; p++)
		held->parts[p] = parts[p].unit;
	oj_memory_put(low->context, parts, held->part_count * sizeof *parts);
	return parts && held->parts ? OJIT_OK : oj_fail_memory(low->error);
}

uint32_t oj_first_part(const struct lowering *lowering, const struct holding *held, double at)
{
	uint32_t low = 0, high = held->part_count;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if ((double)(oj_part_lo(lowering, held, middle) + held->widest) <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Of many parts those that can be met on the first axis, the latest first as they are
 * in their chain. */
static ojit_status need_some(struct scan *s, uint32_t term, const struct entity *e, double lo, double hi)
{
	const struct holding *held = e->held;
	struct expr_list met = {0};
	ojit_status status = OJIT_OK;
	for (uint32_t p = oj_first_part(s->low, held, lo);
	     status == OJIT_OK && p < held->part_count && (double)oj_part_lo(s->low, held, p) <= hi; p++)
		if (!VECTOR_PUSH(s->low->context, &met.list, held->parts[p]))
			status = oj_fail_memory(s->low->error);
	if (met.list.count > 1)
		qsort(met.list.at, met.list.count, sizeof *met.list.at, oj_by_index);
	for (size_t i = met.list.count; status == OJIT_OK && i-- > 0;)
		status = need_part(s, term, e, met.list.at[i], true);
	VECTOR_DROP(s->low->context, &met.list);
	return status;
}

static ojit_status need_parts(struct scan *s, uint32_t term, const struct entity *e, bool with_main)
{
	double lo, hi;
	bool own = s->low->units.at[s->unit].entity == (uint32_t)(e - s->low->entities.at) &&
	           (s->low->units.at[s->unit].kind == UNIT_EDGE || s->low->units.at[s->unit].kind == UNIT_LET ||
	            s->low->units.at[s->unit].kind == UNIT_PARAM);
	if (with_main)
		TRY(need_part(s, term, e, e->unit, own && e->kind != OJIT_PARAM));
	if (e->edge_units == NOWHERE)
		return OJIT_OK;
	if (e->held->part_count == 0)
		TRY(sort_parts(s->low, e));
	if (e->held->parts && subscript_range(s, oj_term_operands(s->low->forest, term)[0], 64, &lo, &hi))
		return need_some(s, term, e, lo, hi);
	for (uint32_t part = e->edge_units; part != NOWHERE; part = s->low->units.at[part].next)
		TRY(need_part(s, term, e, part, true));
	return OJIT_OK;
}

/* ---- references */

static ojit_status check_shape(const struct lowering *low, const struct term *t, const struct entity *e)
{
	const char *name = oj_name_of(low, t->name);
	if (t->primes && e->kind != OJIT_EQUATION)
		return oj_fail_place(low, t->place, OJIT_NAME, "%s is %s and has no derivative; remove the '", name, oj_entity_kind(e));
	if (t->primes > e->order)
		return oj_fail_place(low, t->place, OJIT_NAME, "%s'' is not known because the equation is for %s'; write it out", name, name);
	if (t->arity == e->rank)
		return OJIT_OK;
	if (e->rank == 0)
		return oj_fail_place(low, t->place, OJIT_SHAPE, "%s is %s, a single number; remove the brackets", name, oj_entity_kind(e));
	return oj_fail_place(low, t->place, OJIT_SHAPE, "%s has %d ind%s, not %u; write %s%s", name, e->rank,
	                     e->rank == 1 ? "ex" : "ices", t->arity, name, e->rank == 1 ? "[i]" : e->rank == 2 ? "[i, j]" : "[i, j, k]");
}

static const char *taint_name(const struct lowering *low, unsigned kind, uint32_t name)
{
	return kind == TAINT_TIME ? "t" : oj_name_of(low, name);
}

static const char *const taints[] = {[TAINT_STATE] = "state", [TAINT_DERIVATIVE] = "derivative of", [TAINT_TIME] = "time"};

static ojit_status taint(struct scan *s, uint32_t place, enum taint kind, uint32_t name)
{
	struct unit *u = &s->low->units.at[s->unit];
	if (u->kind == UNIT_INIT || u->kind == UNIT_PARAM)
		return oj_fail_place(s->low, place, OJIT_NAME, "%s may use constants and parameters, not the %s %s",
		                     u->kind == UNIT_INIT ? "an initial value" : "a parameter", taints[kind], taint_name(s->low, kind, name));
	if (u->taint == TAINT_NONE) {
		u->taint = kind & 3;
		u->taint_name = name;
	}
	return OJIT_OK;
}

static ojit_status note_name(struct scan *s, uint32_t term)
{
	struct lowering *low = s->low;
	const struct term *t = oj_term(low->forest, term);
	uint32_t known = low->entity_of[t->name];
	bool statics = low->units.at[s->unit].kind <= UNIT_TABLE;
	uint32_t ignored;
	if (known == NOWHERE)
		return oj_expr_map_get(&low->out_of, 3 * t->name + 1, &ignored)
		       ? oj_fail_place(low, t->place, OJIT_NAME, "%s is an observable and cannot be read; define it with let "
		                       "and write out %s", oj_name_of(low, t->name), oj_name_of(low, t->name))
		       : oj_fail_unknown(low, t->place, "the name", t->name, DEFINE_IT);
	const struct entity *e = &low->entities.at[known];
	TRY(check_shape(low, t, e));
	switch ((ojit_kind)e->kind) {
	case OJIT_CONST:
	case OJIT_TABLE:
		low->tables = low->tables || (e->kind == OJIT_TABLE && !statics);
		return statics ? add_edge(low, s->unit, e->unit, t->place) : OJIT_OK;
	case OJIT_PARAM:
	case OJIT_LET:
		return statics ? OJIT_OK : need_parts(s, term, e, true);
	default:
		break;
	}
	if (statics) /* refused when it is evaluated */
		return OJIT_OK;
	TRY(taint(s, t->place, t->primes == e->order ? TAINT_DERIVATIVE : TAINT_STATE, t->name));
	if (t->primes < e->order)
		return t->primes == 0 ? need_parts(s, term, e, false) : OJIT_OK;
	low->units.at[e->unit].shared = true;
	return add_edge(low, s->unit, e->unit, t->place);
}

static ojit_status note_term(struct scan *s, uint32_t term)
{
	const struct term *t = oj_term(s->low->forest, term);
	struct unit *u = &s->low->units.at[s->unit];
	if (t->kind == TERM_REDUCE)
		u->reduces = true;
	if (t->kind == TERM_TIME && u->kind > UNIT_TABLE)
		return taint(s, t->place, TAINT_TIME, 0);
	if (t->kind == TERM_OP && (t->op == OJIT_UNIFORM || t->op == OJIT_NORMAL) && u->kind != UNIT_PARAM && u->kind != UNIT_INIT)
		return oj_fail_place(s->low, t->place, OJIT_UNSUPPORTED, "%s can be used in param and init only; give the numbers a param",
		                     oj_functions[t->op].text);
	return t->kind == TERM_NAME ? note_name(s, term) : OJIT_OK;
}

static ojit_status visit(struct scan *s, uint32_t term)
{
	struct lowering *low = s->low;
	bool ok = true;
	if (term && oj_is_unseen(low, term, &ok))
		ok = ok && VECTOR_PUSH(low->context, &s->stack.list, term);
	return ok ? OJIT_OK : oj_fail_memory(low->error);
}

static ojit_status scan_line(struct scan *s)
{
	struct lowering *low = s->low;
	const struct definition *d = oj_definition(low, s->line);
	TRY(visit(s, d->value));
	for (int k = 0; k < d->rank && d->kind == OJIT_TABLE; k++) {
		const struct axis *a = &oj_axes(low, d)[k];
		TRY(visit(s, a->lo));
		TRY(visit(s, a->index ? a->hi : 0));
	}
	while (s->stack.list.count > 0) {
		uint32_t term = s->stack.list.at[--s->stack.list.count];
		TRY(note_term(s, term));
		const struct term *t = oj_term(low->forest, term);
		for (uint32_t i = t->arity; i-- > 0;) /* the leftmost is looked at first */
			TRY(visit(s, oj_term_operands(low->forest, term)[i]));
	}
	return OJIT_OK;
}

/* Widen the box of `u` to that of a part. */
static void cover(struct unit *u, const struct unit *part)
{
	for (int k = 0; k < u->rank; k++) {
		u->box[k].lo = part->box[k].lo < u->box[k].lo ? part->box[k].lo : u->box[k].lo;
		u->box[k].end = part->box[k].end > u->box[k].end ? part->box[k].end : u->box[k].end;
	}
}

/* `out x`: what it observes. */
static ojit_status scan_bare(struct scan *s)
{
	struct lowering *low = s->low;
	struct unit *u = &low->units.at[s->unit];
	const struct definition *d = oj_unit_definition(low, u);
	uint32_t known = low->entity_of[d->name];
	if (known == NOWHERE)
		return oj_fail_unknown(low, d->place, "the name", d->name, "write out with a value, such as out v = ...");
	const struct entity *e = &low->entities.at[known];
	struct term like = {.kind = TERM_NAME, .primes = u->primes, .place = d->place, .name = d->name, .arity = e->rank};
	TRY(check_shape(low, &like, e));
	const struct unit *main = &low->units.at[e->unit];
	u->rank = e->rank;
	u->entity = known;
	u->box = ARENA_NEW(&low->arena, struct range, u->rank);
	if (!u->box)
		return oj_fail_memory(low->error);
	for (int k = 0; k < u->rank; k++)
		u->box[k] = main->box[k];
	for (uint32_t part = e->edge_units; e->kind == OJIT_LET && part != NOWHERE; part = low->units.at[part].next)
		cover(u, &low->units.at[part]);
	if (e->kind == OJIT_EQUATION && u->primes < e->order)
		return OJIT_OK;
	if (e->kind == OJIT_EQUATION)
		low->units.at[e->unit].shared = true;
	for (uint32_t part = e->edge_units; e->kind == OJIT_LET && part != NOWHERE; part = low->units.at[part].next)
		TRY(add_edge(low, s->unit, part, d->place));
	return e->kind == OJIT_CONST || e->kind == OJIT_TABLE ? OJIT_OK : add_edge(low, s->unit, e->unit, d->place);
}

ojit_status oj_scan_unit(struct lowering *low, uint32_t unit)
{
	struct scan s = {.low = low, .unit = unit};
	const struct definition *first = oj_unit_definition(low, &low->units.at[unit]);
	ojit_status status = OJIT_OK;
	low->stamp++;
	if (first->kind == OJIT_OUT && first->value == 0 && !first->given)
		return scan_bare(&s);
	for (uint32_t line = low->units.at[unit].first; status == OJIT_OK && line != NOWHERE; line = oj_next_line(low, line)) {
		s.line = line;
		low->stamp += low->units.at[unit].rank > 0; /* boxes differ, so look again */
		status = scan_line(&s);
	}
	VECTOR_DROP(low->context, &s.stack.list);
	return status;
}

bool oj_is_unseen(struct lowering *low, uint32_t term, bool *ok)
{
	uint32_t stamp = 0;
	if (oj_term(low->forest, term)->uses < SHARED)
		return true;
	oj_expr_map_get(&low->seen, term, &stamp);
	if (stamp == low->stamp)
		return false;
	*ok = *ok && oj_expr_map_put(&low->seen, term, low->stamp);
	return true;
}

bool oj_push_unseen(struct lowering *low, uint32_t term, struct expr_list *stack)
{
	bool ok = true;
	for (uint32_t i = 0; ok && i < oj_term(low->forest, term)->arity; i++) {
		uint32_t o = oj_term_operands(low->forest, term)[i];
		if (o && oj_is_unseen(low, o, &ok))
			ok = ok && VECTOR_PUSH(low->context, &stack->list, o);
	}
	return ok;
}

/* ---- lets whose lines read each other become parts of their own */

static bool reads_itself(struct lowering *low, uint32_t unit, struct expr_list *stack, bool *failed)
{
	const struct unit *u = &low->units.at[unit];
	bool found = false;
	low->stamp++;
	stack->list.count = 0;
	for (uint32_t line = u->first; line != NOWHERE; line = oj_next_line(low, line))
		if (oj_definition(low, line)->value && !VECTOR_PUSH(low->context, &stack->list, oj_definition(low, line)->value))
			*failed = true;
	while (stack->list.count > 0 && !found && !*failed) {
		uint32_t term = stack->list.at[--stack->list.count];
		const struct term *t = oj_term(low->forest, term);
		found = t->kind == TERM_NAME && t->name == oj_unit_definition(low, u)->name;
		*failed = *failed || !oj_push_unseen(low, term, stack);
	}
	return found;
}

static void take_line(struct lowering *low, struct unit *u, uint32_t line)
{
	u->first = line;
	u->box = oj_line_box(low, line);
	low->next[oj_definition(low, line)->axes] = NOWHERE;
}

static ojit_status take_apart(struct lowering *low, uint32_t unit)
{
	uint32_t line = oj_next_line(low, low->units.at[unit].first), entity = low->units.at[unit].entity;
	while (line != NOWHERE) {
		uint32_t next = oj_next_line(low, line);
		struct unit part = low->units.at[unit];
		part.kind = UNIT_EDGE;
		part.next = low->entities.at[entity].edge_units;
		take_line(low, &part, line);
		if (!VECTOR_PUSH(low->context, &low->units, part))
			return oj_fail_memory(low->error);
		low->entities.at[entity].edge_units = (uint32_t)low->units.count - 1;
		line = next;
	}
	struct unit *u = &low->units.at[unit];
	take_line(low, u, u->first);
	return OJIT_OK;
}

static ojit_status take_lets_apart(struct lowering *low)
{
	struct expr_list stack = {0};
	bool failed = false;
	size_t count = low->units.count;
	ojit_status status = OJIT_OK;
	for (uint32_t u = 0; status == OJIT_OK && u < count; u++) {
		if (low->units.at[u].kind != UNIT_LET || oj_next_line(low, low->units.at[u].first) == NOWHERE)
			continue;
		if (reads_itself(low, u, &stack, &failed))
			status = take_apart(low, u);
		if (failed)
			status = oj_fail_memory(low->error);
	}
	VECTOR_DROP(low->context, &stack.list);
	return status;
}

/* ---- what initial values and parameters may need */

static ojit_status spread_taint(struct lowering *low)
{
	for (size_t i = 0; i < low->order.count; i++) {
		struct unit *u = &low->units.at[low->order.at[i]];
		if (u->kind <= UNIT_TABLE)
			continue;
		for (uint32_t e = u->edges; e != NOWHERE; e = low->edges.at[e].next) {
			const struct unit *needed = &low->units.at[low->edges.at[e].unit];
			if (needed->kind == UNIT_PARAM || !needed->taint)
				continue;
			if (u->kind == UNIT_INIT || u->kind == UNIT_PARAM)
				return oj_fail_place(low, low->edges.at[e].place, OJIT_NAME, "%s may use constants and parameters, "
				                     "and %s depends on the %s %s", u->kind == UNIT_INIT ? "an initial value" : "a parameter",
				                     oj_unit_name(low, needed), taints[needed->taint],
				                     taint_name(low, needed->taint, needed->taint_name));
			u->taint = needed->taint;
			u->taint_name = needed->taint_name;
		}
	}
	return OJIT_OK;
}

/* ---- elements that are read by number only */

bool oj_is_node(const struct lowering *low, const struct unit *unit)
{
	const struct definition *d = oj_unit_definition(low, unit);
	bool part = unit->kind == UNIT_LET || unit->kind == UNIT_EDGE;
	if (unit->reduces || !d->value || unit->rank == 0)
		return !unit->reduces && d->value;
	for (int k = 0; k < unit->rank; k++)
		part = part && !oj_axes(low, d)[k].index;
	return part && oj_next_line(low, unit->first) == NOWHERE && !low->entities.at[unit->entity].indexed;
}

static void note_subscripts(struct lowering *low, uint32_t term)
{
	const struct term *t = oj_term(low->forest, term);
	bool constant = true;
	for (uint32_t k = 0; k < t->arity; k++)
		constant = constant && low->integral[oj_term_operands(low->forest, term)[k]] & CONSTANT;
	if (!constant && low->entity_of[t->name] != NOWHERE)
		low->entities.at[low->entity_of[t->name]].indexed = true;
}

/* An observable of all of an array reads it with subscripts that run. */
static void find_indexed(struct lowering *low)
{
	for (uint32_t term = 1; term < low->forest->terms.count; term++)
		if (oj_term(low->forest, term)->kind == TERM_NAME)
			note_subscripts(low, term);
	for (uint32_t u = 0; u < low->units.count; u++) {
		const struct unit *out = &low->units.at[u];
		uint32_t known = out->kind == UNIT_OUT ? low->entity_of[oj_unit_definition(low, out)->name] : NOWHERE;
		if (known != NOWHERE)
			low->entities.at[known].indexed = true;
	}
}

/* The reduction an index runs in; NOWHERE: several. */
static ojit_status find_reductions(struct lowering *low)
{
	for (uint32_t term = 1; term < low->forest->terms.count; term++) {
		if (oj_term(low->forest, term)->kind != TERM_REDUCE)
			continue;
		uint32_t index = oj_term_operands(low->forest, term)[REDUCE_INDEX], other = 0;
		oj_expr_map_get(&low->reduction_of, index, &other);
		if (!oj_expr_map_put(&low->reduction_of, index, other ? NOWHERE : term))
			return oj_fail_memory(low->error);
	}
	return OJIT_OK;
}

ojit_status oj_scan(struct lowering *low)
{
	TRY(find_reductions(low));
	find_indexed(low);
	TRY(take_lets_apart(low));
	for (uint32_t u = 0; u < low->units.count; u++)
		if (low->units.at[u].kind > UNIT_TABLE)
			TRY(oj_scan_unit(low, u));
	TRY(oj_order_units(low, false));
	return spread_taint(low);
}
