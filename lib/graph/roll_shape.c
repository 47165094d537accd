/* Pass roll: what is computed on its own, and what has equal shape.
 *
 * A key is a hash of operators, with roles of vectors for leaves and without which
 * element or number; where the order of the first two operands is free it goes by
 * key.  Equal keys are only a guess: instances are compared when they are taken.
 *
 * What becomes an item: a node of some work that several need, but for parts of terms
 * that few need and that a loop over terms will share; intermediates and shared nodes
 * that are terms of sums; the terms of a long sum of differing shapes, which then are
 * all loads; long sums inside of other expressions.  A bound on the work that is
 * repeated for want of an item keeps all of this linear. */
#include "lib/graph/roll.h"

#include "lib/graph/cost.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mixed(uint64_t h, uint64_t v)
{
	h = (h + 0xD1B54A32D192ED03u) ^ v;
	h = (h ^ h >> 32) * 0x9E3779B97F4A7C15u;
	return h ^ h >> 29;
}

static bool is_inner(const struct graph *g, ojit_expr e)
{
	const struct node *n = oj_node(g, e);
	return n->arity > 0 && n->op != OP_LOAD && n->op != OP_ITOF && oj_op_info[n->op].type != INTEGER;
}

static bool is_chain(enum op op)
{
	return op == OP_ADD || op == OP_MUL;
}

/* A number times a literal, or the negative of one: not worth an item. */
static bool is_multiple(const struct roller *r, ojit_expr e)
{
	double factor;
	return oj_roll_term(r, e, &factor) != e;
}

static uint64_t leaf_key(const struct roller *r, ojit_expr e, uint32_t *height)
{
	const struct node *n = oj_node(r->g, e);
	int64_t element;
	if (n->op == OP_LITERAL)
		return mixed(1, OP_LITERAL);
	if (n->op == OP_LOAD && oj_roll_element(r, n->ref.id, oj_operands(r->g, e), &element))
		return mixed(mixed(2, OP_LOAD), r->space->arrays.at[n->ref.id].role);
	if (n->op == OP_LOAD && r->space->arrays.at[n->ref.id].role == ROLE_TEMP)
		*height = r->array_height[n->ref.id];
	return mixed(3, e);
}

/* The key of `e` as others see it. */
static uint64_t outer_key(const struct roller *r, ojit_expr e)
{
	const struct mark *m = &r->marks[e];
	return m->item ? mixed(mixed(4, OP_LOAD), m->height) : m->key;
}

static uint32_t outer_height(const struct roller *r, ojit_expr e)
{
	return r->marks[e].height + r->marks[e].item;
}

/* A sum's first two terms may change places: the second comes first where only that
 * puts terms of one shape side by side. */
ojit_expr oj_roll_summand(const struct roller *r, ojit_expr e, uint32_t i)
{
	const struct node *n = oj_node(r->g, e);
	uint64_t key[3];
	for (uint32_t k = 0; i < 2 && n->arity > 2 && k < 3; k++) {
		double factor;
		ojit_expr o = oj_roll_resolved(r, oj_operands(r->g, e)[k]);
		key[k] = outer_key(r, n->op == OP_ADD ? oj_roll_term(r, o, &factor) : o);
	}
	if (i < 2 && n->arity > 2 && key[0] == key[2] && key[0] != key[1])
		i = 1 - i;
	return oj_roll_resolved(r, oj_operands(r->g, e)[i]);
}

/* Without its factor. */
static ojit_expr term_of(const struct roller *r, ojit_expr e, uint32_t i)
{
	double factor;
	ojit_expr o = oj_roll_summand(r, e, i);
	return oj_is(r->g, e, OP_ADD) ? oj_roll_term(r, o, &factor) : o;
}

uint64_t oj_roll_term_key(const struct roller *r, ojit_expr e, uint32_t i)
{
	return outer_key(r, term_of(r, e, i));
}

/* The key of a sum or product of any length by its terms: all of one shape, or at
 * most `most` shapes one after another; 0: they differ more. */
static uint64_t terms_key(const struct roller *r, ojit_expr e, uint32_t most)
{
	const struct node *n = oj_node(r->g, e);
	uint64_t latest = oj_roll_term_key(r, e, 0), key = mixed(latest, n->op);
	uint32_t phases = 1;
	for (uint32_t i = 1; i < n->arity; i++) {
		uint64_t next = oj_roll_term_key(r, e, i);
		if (next == latest)
			continue;
		if (++phases > most)
			return 0;
		key = mixed(key, latest = next);
	}
	return key;
}

/* Runs of fewer than four terms are not worth a loop each. */
static uint32_t most_phases(uint32_t terms)
{
	return terms < 8 ? 1 : terms / 4 < PHASES ? terms / 4 : PHASES;
}

/* A long sum or product whose terms differ, but for a few shapes in long runs.
 * Numbers and elements do not count: they cannot be made like the others. */
static bool is_mixed(const struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	uint32_t phases = 0, most = n->arity >= LONG_RUNS ? PHASES : 1;
	uint64_t latest = 0;
	if (!is_chain(n->op) || n->arity <= LONG_SUM)
		return false;
	for (uint32_t i = 0; i < n->arity && phases <= most; i++) {
		ojit_expr o = term_of(r, e, i);
		if (!is_inner(r->g, o))
			continue;
		phases += phases == 0 || outer_key(r, o) != latest;
		latest = outer_key(r, o);
	}
	return phases > most;
}

uint64_t oj_roll_exponent(const struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	return n->op == OP_POWI ? (uint64_t)n->integer : 0;
}

/* An item is at least as high as its mark says. */
static void find_key(const struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	struct mark *m = &r->marks[e];
	uint32_t least = m->height;
	m->work = m->cost = m->height = 0;
	if (!is_inner(r->g, e)) {
		m->key = leaf_key(r, e, &m->height);
		return;
	}
	uint64_t key = mixed(mixed(n->op, n->arity), oj_roll_exponent(r, e));
	m->work = n->op == OP_NEG ? 0 : is_chain(n->op) ? n->arity - 1 : 1;
	m->cost = n->op == OP_NEG ? 0 : oj_node_cost(r->g, e);
	for (uint32_t i = 0; i < n->arity; i++) {
		ojit_expr o = oj_roll_operand(r, e, i);
		uint32_t height = outer_height(r, o);
		key = mixed(key, outer_key(r, o));
		m->work += r->marks[o].item ? 0 : r->marks[o].work;
		m->cost += r->marks[o].item ? 0 : r->marks[o].cost;
		m->height = height > m->height ? height : m->height;
	}
	m->key = key;
	m->height = least > m->height ? least : m->height;
}

static bool is_shared(const struct mark *m)
{
	if (m->users < 2 || (m->spared && m->work <= LONG_ROW))
		return false;
	return m->work > 1 || m->term || (m->users > FEW_USERS && m->cost >= COST_CALL);
}

static bool worth_an_item(const struct roller *r, ojit_expr e)
{
	const struct mark *m = &r->marks[e];
	const struct node *n = oj_node(r->g, e);
	if (!is_inner(r->g, e) || oj_type(r->g, e) != REAL || is_multiple(r, e))
		return false;
	if (m->forced || is_shared(m) || (m->named && m->term))
		return true;
	return is_chain(n->op) && n->arity > LONG_SUM && !m->root && !m->common;
}

static uint32_t short_key(uint64_t key)
{
	return (uint32_t)(key ^ key >> 32) | 1;
}

/* Sums whose terms differ, but that many have alike: such equations are rows of a
 * block as they are, if they are no longer than a block should be. */
static bool find_common(const struct roller *r)
{
	struct expr_map counts;
	bool ok = true;
	oj_expr_map_init(&counts, r->space->context);
	for (int pass = 0; ok && pass < 2; pass++)
		for (size_t i = 0; ok && i < r->order.count; i++) {
			ojit_expr e = r->order.at[i];
			struct mark *m = &r->marks[e];
			uint32_t count = 0;
			if (m->work > LONG_ROW || !is_mixed(r, e))
				continue;
			oj_expr_map_get(&counts, short_key(m->key), &count);
			m->common = count >= COMMON;
			ok = pass || oj_expr_map_put(&counts, short_key(m->key), count + 1);
		}
	oj_expr_map_drop(&counts);
	return ok;
}

/* What several terms of long sums need, but nothing else, is computed again in each:
 * the sums will be loops, and those that belong together one loop, which shares it
 * (the distances of bodies, for the forces along three axes).  Where more than a few
 * need it, as that of one body for all others, it is kept. */
static void spare_parts(const struct roller *r)
{
	for (size_t i = r->order.count; i-- > 0;) {
		ojit_expr e = r->order.at[i];
		const struct node *n = oj_node(r->g, e);
		struct mark *m = &r->marks[e];
		m->spared = !m->outside && !m->root && !m->term && !m->forced && m->users <= FEW_USERS;
		bool sum = is_chain(n->op) && n->arity > LONG_SUM && !m->common && !is_mixed(r, e);
		bool looped = sum || (!m->outside && !m->root && (m->spared || !m->item));
		for (uint32_t k = 0; is_inner(r->g, e) && !looped && k < n->arity; k++)
			r->marks[oj_roll_resolved(r, oj_operands(r->g, e)[k])].outside = true;
	}
}

/* Terms of a long sum that differ are kept, each for itself, so that all are loads. */
static void force_terms(const struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	if (r->marks[e].common || !is_mixed(r, e))
		return;
	for (uint32_t i = 0; i < n->arity; i++) {
		double factor;
		ojit_expr o = oj_roll_resolved(r, oj_operands(r->g, e)[i]);
		r->marks[n->op == OP_ADD ? oj_roll_term(r, o, &factor) : o].forced = true;
	}
}

static void forget_heights(const struct roller *r)
{
	for (size_t i = 0; i < r->order.count; i++)
		r->marks[r->order.at[i]].height = 0;
}

static void find_keys(const struct roller *r, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++) {
		ojit_expr e = r->order.at[i];
		r->marks[e].item = false;
		find_key(r, e);
		r->marks[e].item = worth_an_item(r, e);
	}
}

/* Terms of one sum had best be of one height, so that they are read from one array.
 * Terms that sums join form a class, which gets the greatest height in it. */
static ojit_expr class_of(const struct roller *r, ojit_expr e)
{
	while (r->marks[e].joined) {
		ojit_expr next = r->marks[e].joined;
		if (r->marks[next].joined)
			r->marks[e].joined = r->marks[next].joined;
		e = next;
	}
	return e;
}

static void join_terms(const struct roller *r, ojit_expr e)
{
	const struct node *n = oj_node(r->g, e);
	ojit_expr first = 0;
	for (int pass = 0; is_chain(n->op) && pass < 2; pass++)
		for (uint32_t i = 0; i < n->arity; i++) {
			double factor;
			ojit_expr o = oj_roll_resolved(r, oj_operands(r->g, e)[i]);
			o = n->op == OP_ADD ? oj_roll_term(r, o, &factor) : o;
			if (!r->marks[o].item)
				return;
			ojit_expr class = class_of(r, o);
			first = first ? first : class;
			if (pass && class != class_of(r, first))
				r->marks[class].joined = class_of(r, first);
		}
}

static void level_heights(const struct roller *r)
{
	for (size_t i = 0; i < r->order.count; i++)
		r->marks[r->order.at[i]].joined = 0;
	for (size_t i = 0; i < r->order.count; i++)
		join_terms(r, r->order.at[i]);
	for (size_t i = 0; i < r->order.count; i++) {
		const struct mark *m = &r->marks[r->order.at[i]];
		struct mark *class = &r->marks[class_of(r, r->order.at[i])];
		if (m->item && m->height > class->height)
			class->height = m->height;
	}
	for (size_t i = 0; i < r->order.count; i++) {
		struct mark *m = &r->marks[r->order.at[i]];
		m->height = m->item ? r->marks[class_of(r, r->order.at[i])].height : 0;
	}
}

/* Users of a multiple are users of the number. */
static void pass_users_on(const struct roller *r)
{
	for (size_t i = r->order.count; i-- > 0;) {
		double factor;
		ojit_expr e = r->order.at[i], o = oj_roll_term(r, e, &factor);
		if (o != e)
			r->marks[o].users += r->marks[e].users - 1;
	}
}

/* Heights of arrays that blocks write which stay as they are. */
static bool settle_foreign(struct roller *r, uint32_t b, uint32_t *height)
{
	const struct block *block = &r->program->blocks.at[b];
	struct expr_list list = {0};
	bool ok = oj_block_reach(r->space, block, true, &list);
	*height = 0;
	for (size_t i = 0; ok && i < list.list.count; i++) {
		const struct node *n = oj_node(r->g, list.list.at[i]);
		if (n->op == OP_LOAD && r->array_height[n->ref.id] > *height)
			*height = r->array_height[n->ref.id];
	}
	VECTOR_DROP(r->space->context, &list.list);
	return ok;
}

static void raise_array(struct roller *r, uint32_t array, uint32_t height)
{
	if (r->space->arrays.at[array].role == ROLE_TEMP && r->array_height[array] <= height)
		r->array_height[array] = height + 1;
}

/* Is a factor of a term other than 1 and -1?  Such sums are for themselves, for signs
 * alone cost others no load. */
static bool has_factors(const struct roller *r, ojit_expr e)
{
	double factor = 1;
	for (uint32_t i = 0; oj_is(r->g, e, OP_ADD) && factor * factor == 1 && i < oj_node(r->g, e)->arity; i++)
		oj_roll_term(r, oj_roll_resolved(r, oj_operands(r->g, e)[i]), &factor);
	return factor * factor != 1;
}

static bool add_item(struct roller *r, ojit_expr e, uint32_t block, uint32_t store, uint32_t sequence)
{
	const struct mark *m = &r->marks[e];
	struct item item = {.node = e, .block = block, .store = store, .sequence = sequence};
	bool kept = store == UINT32_MAX, whole = kept || !m->item; /* not a copy of an item */
	bool free = kept || r->space->arrays.at[r->program->blocks.at[block].stores.at[store].array].role == ROLE_OUT;
	item.height = kept ? m->height : outer_height(r, e);
	item.key = mixed(mixed(kept ? m->key : outer_key(r, e), item.height), kept);
	item.key = free ? item.key | 1 : 0;
	item.order = free && !kept ? oj_roll_target(r, &item) : sequence;
	if (free && whole && is_inner(r->g, e) && is_chain(oj_node(r->g, e)->op)) {
		item.terms = oj_node(r->g, e)->arity & 0x3FFFFFFF;
		item.ragged = terms_key(r, e, most_phases(item.terms));
		if (item.ragged)
			item.ragged = mixed(mixed(item.ragged, item.height), 2u * has_factors(r, e) + kept) | 1;
	}
	return VECTOR_PUSH(r->space->context, &r->items, item);
}

/* The items of a scalar block: nodes met here first, then what it stores. */
static bool add_items(struct roller *r, uint32_t b, size_t from, uint32_t *sequence)
{
	const struct block *block = &r->program->blocks.at[b];
	bool ok = true;
	for (size_t i = from; ok && i < r->ends.at[b]; i++)
		if (r->marks[r->order.at[i]].item)
			ok = add_item(r, r->order.at[i], b, UINT32_MAX, (*sequence)++);
	for (uint32_t s = 0; ok && s < block->stores.count; s++) {
		const struct store *store = &block->stores.at[s];
		bool temp = r->space->arrays.at[store->array].role == ROLE_TEMP;
		if (temp && (r->named[store->array] || !r->needed[store->array]))
			continue;
		ok = add_item(r, oj_roll_resolved(r, store->value), b, s, (*sequence)++);
		if (ok)
			raise_array(r, store->array, r->items.at[r->items.count - 1].height);
	}
	return ok;
}

static bool add_foreign(struct roller *r, uint32_t b, uint32_t sequence)
{
	const struct block *block = &r->program->blocks.at[b];
	struct unit unit = {.sequence = sequence, .first = b};
	if (!settle_foreign(r, b, &unit.height) || !VECTOR_PUSH(r->space->context, &r->units, unit))
		return false;
	for (size_t s = 0; s < block->stores.count; s++)
		raise_array(r, block->stores.at[s].array, unit.height);
	return true;
}

/* Room for what is stored and what is kept, as far as heights are known now. */
static bool reserve_items(struct roller *r)
{
	size_t count = 0;
	for (size_t b = 0; b < r->program->blocks.count; b++)
		count += r->program->blocks.at[b].stores.count;
	for (size_t i = 0; i < r->order.count; i++)
		count += r->marks[r->order.at[i]].item;
	return VECTOR_RESERVE(r->space->context, &r->items, count);
}

bool oj_roll_find_items(struct roller *r)
{
	uint32_t sequence = 0;
	size_t from = 0;
	bool ok = true;
	pass_users_on(r);
	find_keys(r, 0, r->order.count);
	ok = find_common(r);
	for (size_t i = 0; ok && i < r->order.count; i++)
		force_terms(r, r->order.at[i]);
	spare_parts(r);
	forget_heights(r);
	find_keys(r, 0, r->order.count);
	level_heights(r);
	ok = ok && reserve_items(r);
	for (uint32_t b = 0; ok && b < r->program->blocks.count; from = r->ends.at[b++]) {
		find_keys(r, from, r->ends.at[b]);
		ok = oj_roll_foreign(r, &r->program->blocks.at[b]) ? add_foreign(r, b, sequence++)
		                                                     : add_items(r, b, from, &sequence);
	}
	for (size_t i = 0; ok && i < r->order.count; i++)
		r->marks[r->order.at[i]].built = 0;
	VECTOR_DROP(r->space->context, &r->order); /* what follows goes by items, and needs the memory */
	return ok;
}

/* Groups. */

#define THREE_WAY(x, y) (((x) > (y)) - ((x) < (y)))

static int by_key(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->key != y->key)
		return THREE_WAY(x->key, y->key);
	return x->order != y->order ? THREE_WAY(x->order, y->order) : THREE_WAY(x->sequence, y->sequence);
}

static int by_choice(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	if (x->choice != y->choice)
		return THREE_WAY(x->choice, y->choice);
	if (x->choice == EQUAL)
		return by_key(a, b);
	if (x->ragged != y->ragged)
		return THREE_WAY(x->ragged, y->ragged);
	return x->order != y->order ? THREE_WAY(x->order, y->order) : THREE_WAY(x->sequence, y->sequence);
}

static int by_height(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;
	return x->height != y->height ? THREE_WAY(x->height, y->height) : THREE_WAY(x->sequence, y->sequence);
}

static bool alike(const struct item *a, const struct item *b)
{
	return a->choice == b->choice && (a->choice == EQUAL ? a->key == b->key : a->ragged == b->ragged);
}

/* Many of equal shape are rows of a block, unless they are long sums, which other
 * long sums may join. */
static void choose_equal(struct roller *r)
{
	struct item *at = r->items.at;
	for (size_t i = 0, next; i < r->items.count; i = next) {
		for (next = i + 1; next < r->items.count && at[next].key == at[i].key;)
			next++;
		uint32_t count = (uint32_t)(next - i);
		bool loop = at[i].ragged && at[i].terms > LONG_SUM; /* as all of one key */
		bool equal = at[i].key && !loop && oj_roll_may_pay(r, &at[i], count, 0);
		for (size_t k = i; k < next; k++)
			at[k].choice = equal ? EQUAL : at[k].ragged ? RAGGED : STRAIGHT;
		if (at[i].choice == STRAIGHT)
			r->told.straight[!at[i].key ? NEEDED : count > 1 ? LITTLE : ALONE] += count;
	}
}

/* A run of items that belong together becomes one unit, or one each. */
static bool add_units(struct roller *r, uint32_t first, uint32_t count)
{
	struct item *at = r->items.at + first;
	struct unit unit = {.height = at->height, .sequence = at->sequence, .first = first, .count = count};
	size_t terms = 0;
	for (uint32_t i = 0; i < count; i++) {
		terms += at[i].terms;
		if (at[i].sequence < unit.sequence)
			unit.sequence = at[i].sequence;
	}
	if (at->choice == EQUAL || (at->choice == RAGGED && oj_roll_may_pay(r, at, count, terms))) {
		r->hopeful++;
		return VECTOR_PUSH(r->space->context, &r->units, unit);
	}
	if (at->choice == RAGGED)
		r->told.straight[count > 1 ? LITTLE : ALONE] += count;
	for (uint32_t i = 0; i < count; i++) {
		at[i].choice = STRAIGHT;
		unit = (struct unit){at[i].height, at[i].sequence, first + i, 1};
		if (!VECTOR_PUSH(r->space->context, &r->units, unit))
			return false;
	}
	return true;
}

bool oj_roll_group(struct roller *r)
{
	bool ok = true;
	if (r->items.count == 0)
		return true;
	qsort(r->items.at, r->items.count, sizeof *r->items.at, by_key);
	choose_equal(r);
	qsort(r->items.at, r->items.count, sizeof *r->items.at, by_choice);
	for (size_t i = 0, next; ok && i < r->items.count; i = next) {
		const struct item *at = r->items.at;
		for (next = i + 1; next < r->items.count && at[i].choice != STRAIGHT && alike(&at[i], &at[next]);)
			next++;
		ok = add_units(r, (uint32_t)i, (uint32_t)(next - i));
	}
	if (ok)
		qsort(r->units.at, r->units.count, sizeof *r->units.at, by_height);
	return ok;
}
