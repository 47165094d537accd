/* See adjoint.h; sweep.c walks single blocks, invert.c and transpose.c turn what they
 * contribute into sums. */
#include "lib/graph/adjoint.h"

#include "lib/graph/sweep.h"

#include <stdlib.h>
#include <string.h>

struct adjoint {
	struct sweep sweep;
	struct program *made;
	struct space *space;
	struct graph *g;
	const struct adjoint_request *request;
	uint32_t *array;       /* [arrays] its adjoints' array + 1; 0: none yet, or zero */
	uint32_t *part;        /* [arrays] that of their parts + 1; 0: they are not told */
	unsigned char *chosen; /* [arrays] some of them come out of a choice */
	size_t elements;       /* of made's blocks up to the one that takes single elements; 0: none does */
	uint32_t origin;
};

struct guarded { /* factor * value where a condition on indices holds */
	ojit_expr condition; /* 0: everywhere */
	ojit_expr factor;    /* the same for all elements; 0: none */
	ojit_expr value;
};

/* What is summed up into one array. */
struct target {
	uint32_t array;
	uint32_t rank;
	bool few;
	VECTOR(struct contribution) pulled; /* that are sums over other indices */
	VECTOR(struct contribution) fixed;  /* to one element each */
	VECTOR(struct guarded) guarded;     /* what is pulled */
	ojit_expr everywhere;               /* all of it; 0: nothing */
};

/* ---------------------------------------------------------------- activity */

static void activate_inputs(struct adjoint *a)
{
	for (size_t k = 0; k < a->sweep.arrays; k++) {
		enum array_role role = a->space->arrays.at[k].role;
		a->sweep.active[k] = (role == ROLE_STATE && a->request->states) ||
		                     (role == ROLE_PARAMETER && a->request->parameters);
	}
}

/* ---------------------------------------------------------------- one target */

static bool is_fixed(const struct graph *g, const struct contribution *c, uint32_t rank)
{
	bool fixed = true;
	for (uint32_t k = 0; k < rank; k++)
		fixed = fixed && oj_is(g, c->index[k], OP_INTEGER);
	return fixed;
}

/* The element number of `c`, an index of the target, where the target is a stretch of
 * a vector that several arrays share. */
static ojit_expr flat_index(const struct adjoint *a, const struct contribution *c)
{
	const struct array *array = &a->space->arrays.at[c->array];
	ojit_expr flat = oj_integer(a->g, array->offset);
	int64_t stride = 1;
	for (uint32_t k = array->rank; flat && k-- > 0; stride *= array->extent[k]) {
		ojit_expr from_base = oj_integer_offset(a->g, c->index[k], -array->base[k]);
		flat = oj_integer_add(a->g, flat, oj_integer_scale(a->g, from_base, stride));
	}
	return flat;
}

/* All contributions to one array. */
static bool collect(struct adjoint *a, struct target *t, uint32_t array, bool flat)
{
	ojit_context *context = a->space->context;
	bool ok = true;
	for (uint32_t k = a->sweep.last[array]; ok && k; k = a->sweep.contributions.at[k - 1].next) {
		struct contribution c = a->sweep.contributions.at[k - 1];
		if (flat)
			c.index[0] = flat_index(a, &c);
		c.array = t->array;
		/* Equations of more than one axis are conditions; cutting a box into single
		 * elements pays on a line only. */
		bool fixed = t->rank <= 1 && is_fixed(a->g, &c, t->rank);
		ok = fixed ? VECTOR_PUSH(context, &t->fixed, c) : VECTOR_PUSH(context, &t->pulled, c);
		if (array < a->sweep.arrays)
			a->chosen[array] |= c.chosen;
	}
	return ok;
}

static ojit_expr added(struct adjoint *a, ojit_expr sum, ojit_expr e)
{
	return sum && e ? oj_plus(a->g, sum, e) : e;
}

/* An array for what lists add up, an element of the target each. */
static uint32_t listed_array(struct adjoint *a, const struct target *t)
{
	int64_t base = 0, length = oj_array_length(&a->space->arrays.at[t->array]);
	return oj_space_array(a->space, "listed", ROLE_TEMP, 1, &base, &length, 0);
}

static ojit_expr load_listed(struct adjoint *a, const struct target *t, uint32_t sums)
{
	struct array like = a->space->arrays.at[t->array];
	int64_t stride = 1;
	ojit_expr flat = oj_integer(a->g, 0);
	for (uint32_t k = like.rank; flat && k-- > 0; stride *= like.extent[k]) {
		ojit_expr index = oj_index(a->g, k), from_base = oj_integer_offset(a->g, index, -like.base[k]);
		flat = oj_integer_add(a->g, flat, oj_integer_scale(a->g, from_base, stride));
	}
	return flat ? oj_load(a->g, sums, 1, &flat) : 0;
}

/* A list of points, summed up for all elements into an array of its own. */
static ojit_expr listed(struct adjoint *a, const struct target *t, const struct contribution *c)
{
	uint32_t sums = listed_array(a, t);
	if (sums == UINT32_MAX || !oj_transpose(a->made, c, sums, a->origin))
		return 0;
	return load_listed(a, t, sums);
}

/* By how much the condition, a comparison of integers, is met: it holds where this is 0
 * or more; 0: it is something else. */
static ojit_expr margin(struct graph *g, ojit_expr condition)
{
	if (!oj_is(g, condition, OP_ILE) && !oj_is(g, condition, OP_ILT))
		return 0;
	bool strict = oj_is(g, condition, OP_ILT);
	ojit_expr less = oj_operands(g, condition)[0], more = oj_operands(g, condition)[1];
	ojit_expr rest = oj_integer_add(g, more, oj_integer_scale(g, less, -1));
	return oj_integer_offset(g, rest, -(int64_t)strict);
}

/* The place of a condition in a chain of conjunctions; *next 0: the last. */
static ojit_expr conjunct(const struct graph *g, ojit_expr condition, ojit_expr *next)
{
	bool both = oj_is(g, condition, OP_AND);
	*next = both ? oj_operands(g, condition)[0] : 0;
	return both ? oj_operands(g, condition)[1] : condition;
}

/* Can a and b never hold together?  Then one of a's comparisons and one of b's add up to
 * less than 0, which is *sum. */
static bool exclude_each_other(struct graph *g, ojit_expr a, ojit_expr b, int64_t *sum)
{
	for (ojit_expr x, next_a; a; a = next_a) {
		ojit_expr by_a = margin(g, x = conjunct(g, a, &next_a));
		for (ojit_expr y, rest = b, next_b; by_a && rest; rest = next_b) {
			ojit_expr by_b = margin(g, y = conjunct(g, rest, &next_b));
			ojit_expr both = by_b ? oj_integer_add(g, by_a, by_b) : 0;
			if (both && oj_integer_value(g, both, sum) && *sum < 0)
				return true;
		}
	}
	return false;
}

/* a or b, which exclude each other; before and behind one index is all but that index. */
static ojit_expr either(struct graph *g, ojit_expr a, ojit_expr b, int64_t sum)
{
	bool comparisons = !oj_is(g, a, OP_AND) && !oj_is(g, b, OP_AND);
	if (comparisons && sum == -2)
		return oj_make2(g, OP_INE, oj_integer_offset(g, margin(g, a), 1), oj_integer(g, 0));
	return oj_make2(g, OP_OR, a, b);
}

/* Does `known` take in the new one?  Equal conditions hold for the sum; an equal value
 * holds under either condition, as for the ranges before and behind an index. */
static bool take_in(struct adjoint *a, const struct guarded *known, struct guarded *fresh)
{
	int64_t sum;
	if (known->factor != fresh->factor)
		return false;
	if (known->condition == fresh->condition) {
		fresh->value = oj_plus(a->g, known->value, fresh->value);
		return true;
	}
	if (known->value != fresh->value || !known->condition || !fresh->condition ||
	    !exclude_each_other(a->g, known->condition, fresh->condition, &sum))
		return false;
	fresh->condition = either(a->g, known->condition, fresh->condition, sum);
	return true;
}

/* Apart what is the same for all elements, so that what shares it is added up first. */
static void take_factor(struct graph *g, struct guarded *one)
{
	ojit_expr product = one->value, inside = 0;
	bool negative = oj_is(g, product, OP_NEG);
	if (negative)
		product = oj_operands(g, product)[0];
	if (!oj_is(g, product, OP_MUL))
		return;
	for (uint32_t k = 0; k < oj_node(g, product)->arity; k++) {
		ojit_expr factor = oj_operands(g, product)[k];
		ojit_expr *to = oj_node(g, factor)->levels || oj_is(g, factor, OP_LITERAL) ? &inside : &one->factor;
		*to = *to ? oj_times(g, *to, factor) : factor;
	}
	if (one->factor && inside)
		one->value = negative ? oj_times(g, inside, oj_literal(g, -1)) : inside;
	else
		one->factor = 0;
}

static bool add_guarded(struct adjoint *a, struct target *t, ojit_expr value)
{
	struct guarded fresh = {.value = value};
	if (oj_is(a->g, value, OP_IF) && oj_is_literal(a->g, oj_operands(a->g, value)[2], -0.0)) {
		fresh.condition = oj_operands(a->g, value)[0];
		fresh.value = oj_operands(a->g, value)[1];
	}
	take_factor(a->g, &fresh);
	for (size_t k = 0; k < t->guarded.count;) {
		if (!take_in(a, &t->guarded.at[k], &fresh)) {
			k++;
			continue;
		}
		t->guarded.count--;
		memmove(&t->guarded.at[k], &t->guarded.at[k + 1], (t->guarded.count - k) * sizeof fresh);
		k = 0;
	}
	return fresh.value && VECTOR_PUSH(a->space->context, &t->guarded, fresh);
}

/* All of one factor and condition, in their order. */
static ojit_expr sum_under(struct adjoint *a, const struct target *t, const struct guarded *like)
{
	ojit_expr sum = 0;
	for (size_t k = 0; k < t->guarded.count; k++) {
		const struct guarded *one = &t->guarded.at[k];
		if (one->condition == like->condition && one->factor == like->factor && !(sum = added(a, sum, one->value)))
			return 0;
	}
	ojit_expr operands[3] = {like->condition, sum, oj_nothing(a->g)};
	return like->condition && sum ? oj_make(a->g, OP_IF, 3, operands) : sum;
}

/* Was there one of the same factor, and condition where that matters, before? */
static bool is_first(const struct target *t, size_t k, bool any_condition)
{
	const struct guarded *one = &t->guarded.at[k];
	for (size_t m = 0; m < k; m++)
		if (t->guarded.at[m].factor == one->factor &&
		    (any_condition || t->guarded.at[m].condition == one->condition))
			return false;
	return true;
}

static ojit_expr sum_of_factor(struct adjoint *a, const struct target *t, size_t first)
{
	const struct guarded *like = &t->guarded.at[first];
	ojit_expr sum = 0;
	for (size_t k = first; k < t->guarded.count; k++)
		if (t->guarded.at[k].factor == like->factor && is_first(t, k, false) &&
		    !(sum = added(a, sum, sum_under(a, t, &t->guarded.at[k]))))
			return 0;
	return like->factor && sum ? oj_times(a->g, like->factor, sum) : sum;
}

static bool add_up(struct adjoint *a, struct target *t)
{
	bool ok = true;
	for (size_t k = 0; ok && k < t->guarded.count; k++)
		if (is_first(t, k, true))
			ok = (t->everywhere = added(a, t->everywhere, sum_of_factor(a, t, k)));
	return ok;
}

/* Contributions that reach few of the elements each, where the elements that are computed one by
 * one are many: each of those would hold all contributions against itself.  So they are
 * listed, all in one list (m: the adjoint of 4,000 reactions with one of five hubs each ready in
 * 0.3 instead of 5 s). */
static bool pull_together(struct adjoint *a, struct target *t)
{
	enum { HARDLY_MANY = 1024 }; /* contributions that are looked at, for all elements together */
	size_t elements = (size_t)oj_array_length(&a->space->arrays.at[t->array]), others = 0;
	VECTOR(struct contribution) narrow = {0};
	bool ok = true;
	if (t->rank != 1 || t->pulled.count * t->fixed.count < HARDLY_MANY)
		return true;
	for (size_t k = 0; ok && k < t->pulled.count; k++) {
		struct contribution c = t->pulled.at[k];
		if (oj_contribution_points(a->space, &c, elements / 2 + 1) <= elements / 2)
			ok = VECTOR_PUSH(a->space->context, &narrow, c);
		else
			t->pulled.at[others++] = c;
	}
	if (ok)
		t->pulled.count = others;
	if (ok && narrow.count) {
		uint32_t sums = listed_array(a, t);
		ojit_expr value = sums != UINT32_MAX && oj_transpose_together(a->made, narrow.at, narrow.count, sums, a->origin)
			? load_listed(a, t, sums) : 0;
		ok = value && add_guarded(a, t, value);
	}
	VECTOR_DROP(a->space->context, &narrow);
	return ok;
}

static bool pull(struct adjoint *a, struct target *t)
{
	if (!pull_together(a, t))
		return false;
	for (size_t k = t->pulled.count; k-- > 0;) {
		const struct contribution *c = &t->pulled.at[k];
		ojit_expr value = 0;
		if (!oj_invert(a->space, c, t->rank, t->few, &value))
			return false;
		if (!value)
			value = listed(a, t, c);
		if (!value || !add_guarded(a, t, value))
			return false;
	}
	return add_up(a, t);
}

/* The block for one more element of what nobody reads yet.  Elements share much of what they
 * are made of, and whatever looks at blocks one by one would look at that again for each. */
static struct block *block_of_elements(struct adjoint *a)
{
	size_t count = a->made->blocks.count;
	if (a->elements && a->elements == count)
		return &a->made->blocks.at[count - 1];
	a->elements = count + 1;
	return oj_program_block(a->made, 0, NULL, NULL, a->origin);
}

static bool store(struct adjoint *a, const struct target *t, const int64_t *lo, const int64_t *end, ojit_expr value)
{
	ojit_expr index[RANK];
	struct block *block = t->rank ? oj_program_block(a->made, t->rank, lo, end, a->origin) : block_of_elements(a);
	for (uint32_t k = 0; k < t->rank; k++)
		index[k] = oj_index(a->g, k);
	if (!value)
		value = oj_literal(a->g, 0);
	return block && oj_block_store(a->space, block, t->array, value, index);
}

static int64_t fixed_element(const struct graph *g, const struct contribution *c)
{
	return oj_node(g, c->index[0])->integer;
}

struct placed { /* a fixed contribution */
	int64_t element;
	size_t number;
};

static int by_element(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->element != y->element)
		return x->element < y->element ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* The sum of a run of fixed contributions to one element, and of all that is pulled. */
static bool store_element(struct adjoint *a, const struct target *t, const struct placed *placed, size_t count)
{
	ojit_expr index = oj_integer(a->g, placed->element), sum = 0, value;
	if (t->everywhere && !(sum = oj_substitute(a->space, t->everywhere, &index, 1)))
		return false;
	for (size_t k = count; k-- > 0;) { /* as they were met going backwards */
		struct contribution c = t->fixed.at[placed[k].number];
		if (!oj_invert(a->space, &c, 0, true, &value) || !value)
			return false;
		sum = added(a, sum, value);
		if (!sum)
			return false;
	}
	struct block *block = block_of_elements(a);
	return block && oj_block_store(a->space, block, t->array, sum, &index);
}

/* A line, cut at the elements that get more than the others. */
static bool store_line(struct adjoint *a, const struct target *t)
{
	const struct array line = a->space->arrays.at[t->array];
	size_t count = t->fixed.count, size = count * sizeof(struct placed), next;
	struct placed *placed = oj_memory_get(a->space->context, size);
	int64_t lo = line.base[0], end = lo + line.extent[0];
	bool ok = placed || count == 0;
	for (size_t k = 0; ok && k < count; k++)
		placed[k] = (struct placed){fixed_element(a->g, &t->fixed.at[k]), k};
	if (ok && count)
		qsort(placed, count, sizeof *placed, by_element);
	for (size_t k = 0; ok && k < count; k = next) {
		for (next = k + 1; next < count && placed[next].element == placed[k].element;)
			next++;
		if (placed[k].element > lo)
			ok = store(a, t, &lo, &placed[k].element, t->everywhere);
		ok = ok && store_element(a, t, placed + k, next - k);
		lo = placed[k].element + 1;
	}
	if (ok && lo < end)
		ok = store(a, t, &lo, &end, t->everywhere);
	oj_memory_put(a->space->context, placed, size);
	return ok;
}

static bool store_scalar(struct adjoint *a, const struct target *t)
{
	ojit_expr sum = 0, value;
	for (size_t k = t->fixed.count; k-- > 0;) {
		if (!oj_invert(a->space, &t->fixed.at[k], 0, true, &value) || !value)
			return false;
		if (!(sum = added(a, sum, value)))
			return false;
	}
	return store(a, t, NULL, NULL, sum);
}

/* Is all that a vector gets one list?  Then that needs no array of its own. */
static bool is_one_list(struct adjoint *a, const struct target *t, const struct array *like)
{
	ojit_expr value = 0;
	return t->pulled.count == 1 && t->fixed.count == 0 && like->rank == 1 && like->base[0] == 0 &&
	       oj_invert(a->space, &t->pulled.at[0], 1, t->few, &value) && !value;
}

static bool store_target(struct adjoint *a, struct target *t)
{
	const struct array like = a->space->arrays.at[t->array];
	int64_t lo[RANK], end[RANK];
	t->rank = like.rank;
	t->few = oj_array_length(&like) < 8;
	if (is_one_list(a, t, &like))
		return oj_transpose(a->made, &t->pulled.at[0], t->array, a->origin);
	if (!pull(a, t))
		return false;
	if (like.rank == 0)
		return store_scalar(a, t);
	if (like.rank == 1)
		return store_line(a, t);
	for (uint32_t k = 0; k < like.rank; k++) {
		lo[k] = like.base[k];
		end[k] = like.base[k] + like.extent[k];
	}
	return store(a, t, lo, end, t->everywhere);
}

static void drop_target(struct adjoint *a, struct target *t)
{
	VECTOR_DROP(a->space->context, &t->pulled);
	VECTOR_DROP(a->space->context, &t->guarded);
	VECTOR_DROP(a->space->context, &t->fixed);
}

/* ---------------------------------------------------------------- intermediates */

enum partiality {
	WHOLE,
	GUARDED,        /* everything that is added up holds for some of the elements only */
	ELEMENTS_ALONE, /* single elements are added to, others are not */
};

/* Does everything that is added up hold for some of the elements only? */
static bool is_guarded(const struct target *t)
{
	bool guarded = t->guarded.count > 0 && t->fixed.count == 0;
	for (size_t k = 0; k < t->guarded.count; k++)
		guarded = guarded && t->guarded.at[k].condition;
	return guarded;
}

/* reached[element]: something is contributed to it. */
static void mark_reached(const struct adjoint *a, const struct contribution *c, bool *reached)
{
	const struct array like = a->space->arrays.at[c->array];
	struct walk walk;
	for (oj_walk_begin(&walk, a->space, &c->domain); oj_walk_next(&walk);) {
		int64_t element = 0;
		bool inside = true;
		for (uint32_t k = 0; k < like.rank; k++) {
			int64_t at = oj_integer_at(a->space, c->index[k], walk.index) - like.base[k];
			inside = inside && at >= 0 && at < like.extent[k];
			element = element * like.extent[k] + at;
		}
		if (inside)
			reached[element] = true;
	}
}

/* Are there elements that nothing is contributed to?  They are read by nobody, so their zeros mean "no part",
 * as with r[i, i] of distances where j != i. */
static bool find_partial(const struct adjoint *a, uint32_t array, const struct target *t, enum partiality *partial)
{
	enum { LOOKED_AT = 20000 };
	size_t elements = (size_t)oj_array_length(&a->space->arrays.at[array]), points = elements;
	for (uint32_t k = a->sweep.last[array]; k && points <= LOOKED_AT; k = a->sweep.contributions.at[k - 1].next)
		points += oj_contribution_points(a->space, &a->sweep.contributions.at[k - 1], LOOKED_AT);
	*partial = is_guarded(t) ? GUARDED : WHOLE; /* as far as can be told quickly */
	if (points > LOOKED_AT)
		return true;
	bool *reached = oj_memory_get(a->space->context, elements + 1);
	if (!reached)
		return false;
	memset(reached, 0, elements + 1);
	for (uint32_t k = a->sweep.last[array]; k; k = a->sweep.contributions.at[k - 1].next)
		mark_reached(a, &a->sweep.contributions.at[k - 1], reached);
	if (!memchr(reached, 0, elements))
		*partial = WHOLE;
	else if (*partial != GUARDED)
		*partial = ELEMENTS_ALONE;
	oj_memory_put(a->space->context, reached, elements + 1);
	return true;
}

/* *made: an array of what `array`, or where its parts go, got, + 1.  partial NULL: not asked for. */
static bool settle_one(struct adjoint *a, struct array like, uint32_t array, uint32_t *made, enum partiality *partial)
{
	struct target t = {.rank = like.rank};
	t.array = oj_space_array(a->space, like.name, ROLE_TEMP, like.rank, like.base, like.extent, 0);
	*made = t.array + 1;
	bool ok = t.array != UINT32_MAX && collect(a, &t, array, false) && store_target(a, &t);
	ok = ok && (!partial || find_partial(a, array, &t, partial));
	drop_target(a, &t);
	return ok;
}

/* The adjoints of an array whose users have all been swept. */
static bool settle(struct adjoint *a, uint32_t array)
{
	struct array like = a->space->arrays.at[array];
	bool derived = like.role == ROLE_DERIVED;
	enum partiality partial;
	if (a->array[array] || !a->sweep.last[array])
		return true;
	a->elements = 0; /* which are read from here on */
	if (!settle_one(a, like, array, &a->array[array], &partial))
		return false;
	a->chosen[array] |= partial == ELEMENTS_ALONE || partial == GUARDED;
	/* Where a parts' array would be as large as distances of all pairs are, zeros tell. */
	bool parts = a->sweep.sums_parts || partial == ELEMENTS_ALONE || (derived && a->chosen[array]);
	return !parts || settle_one(a, like, array + (uint32_t)a->sweep.arrays, &a->part[array], NULL);
}

static bool seed(struct adjoint *a, uint32_t array)
{
	struct array like = a->space->arrays.at[array];
	if (!a->array[array])
		a->array[array] = 1 + oj_space_array(a->space, like.name, ROLE_SEED, like.rank, like.base, like.extent,
		                                     like.offset);
	return a->array[array] != 0;
}

/* The adjoint of what a program puts out. Where zeros are strong, what has no weight has no part. */
static struct slope bar_of_output(struct adjoint *a, uint32_t array, uint32_t rank, const ojit_expr *index)
{
	ojit_expr weight = a->request->unit ? oj_literal(a->g, 1) : oj_load(a->g, a->array[array] - 1, rank, index);
	bool strong = a->request->strong && !a->request->unit;
	return strong ? oj_slope_kept(a->g, weight, weight) : (struct slope){weight, false, 0};
}

static struct slope bar_of(struct adjoint *a, uint32_t array, uint32_t rank, const ojit_expr *index)
{
	ojit_expr bar = oj_load(a->g, a->array[array] - 1, rank, index);
	ojit_expr part = a->part[array] ? oj_load(a->g, a->part[array] - 1, rank, index) : 0;
	return a->part[array] ? oj_slope_kept(a->g, bar, part) : (struct slope){bar, a->chosen[array], 0};
}

static bool sweep_block(struct adjoint *a, const struct program *program, const struct block *block)
{
	size_t count = block->stores.count, size = (count + 1) * sizeof(struct slope);
	struct slope *bars = oj_memory_get(a->space->context, size);
	bool ok = bars != NULL;
	a->origin = block->origin;
	for (size_t s = 0; ok && s < count; s++) {
		const struct store *store = &block->stores.at[s];
		uint32_t seen = oj_sweep_seen(program, store->array), rank = a->space->arrays.at[store->array].rank;
		bool out = a->space->arrays.at[seen].role == ROLE_OUT;
		ok = out ? seed(a, store->array) : settle(a, seen);
		bars[s] = (struct slope){0};
		if (!ok || !a->array[seen])
			continue;
		bars[s] = out ? bar_of_output(a, seen, rank, store->index) : bar_of(a, seen, rank, store->index);
		ok = bars[s].e != 0;
	}
	ok = ok && oj_sweep_block(&a->sweep, block, bars);
	oj_memory_put(a->space->context, bars, size);
	return ok;
}

static bool sweep_program(struct adjoint *a, const struct program *program)
{
	bool ok = true;
	for (size_t b = program->blocks.count; ok && b-- > 0;)
		ok = sweep_block(a, program, &program->blocks.at[b]);
	return ok;
}

/* ---------------------------------------------------------------- inputs */

struct member { /* an array that contributions go to */
	int64_t lo, end; /* of its vector */
	uint32_t array;
};

static int by_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	if (x->lo != y->lo)
		return x->lo < y->lo ? -1 : 1;
	return x->array < y->array ? -1 : 1;
}

/* Elements lo .. end - 1 of the vector, which nothing contributes to. */
static bool store_zeros(struct adjoint *a, int64_t lo, int64_t end, int64_t offset)
{
	int64_t extent = end - lo;
	struct target t = {.rank = 1};
	if (extent <= 0)
		return true;
	t.array = oj_space_array(a->space, "zero", ROLE_OUT, 1, &lo, &extent, offset + lo);
	return t.array != UINT32_MAX && store(a, &t, &lo, &end, 0);
}

/* One stretch of the vector: an array for itself, or several that overlap. */
static bool store_stretch(struct adjoint *a, const struct member *members, size_t count, int64_t end, int64_t offset)
{
	struct array like = a->space->arrays.at[members->array];
	struct target t = {.rank = 1};
	int64_t lo = members->lo, extent = end - lo;
	if (count == 1) {
		t.array = oj_space_array(a->space, like.name, ROLE_OUT, like.rank, like.base, like.extent, offset + like.offset);
		t.rank = like.rank;
	} else {
		t.array = oj_space_array(a->space, like.name, ROLE_OUT, 1, &lo, &extent, offset + lo);
	}
	bool ok = t.array != UINT32_MAX;
	for (size_t k = 0; ok && k < count; k++)
		ok = collect(a, &t, members[k].array, count > 1);
	ok = ok && store_target(a, &t);
	drop_target(a, &t);
	return ok;
}

static bool store_vector(struct adjoint *a, enum array_role role, int64_t length, int64_t offset)
{
	size_t count = 0, room = a->sweep.arrays * sizeof(struct member), next;
	struct member *members = oj_memory_get(a->space->context, room);
	int64_t done = 0, end;
	bool ok = members || room == 0;
	a->elements = 0;
	for (uint32_t k = 0; ok && k < a->sweep.arrays; k++) {
		const struct array *array = &a->space->arrays.at[k];
		if (array->role == role && a->sweep.last[k])
			members[count++] = (struct member){array->offset, array->offset + oj_array_length(array), k};
	}
	if (ok && count)
		qsort(members, count, sizeof *members, by_place);
	for (size_t k = 0; ok && k < count; k = next, done = end) {
		end = members[k].end;
		for (next = k + 1; next < count && members[next].lo < end; next++)
			end = members[next].end > end ? members[next].end : end;
		ok = store_zeros(a, done, members[k].lo, offset) && store_stretch(a, members + k, next - k, end, offset);
	}
	ok = ok && store_zeros(a, done, length, offset);
	oj_memory_put(a->space->context, members, room);
	return ok;
}

/* ---------------------------------------------------------------- all of it */

static bool open_adjoint(struct adjoint *a, struct oj_error *error)
{
	ojit_context *context = a->space->context;
	size_t count = a->space->arrays.count + 1;
	bool ok = oj_sweep_open(&a->sweep, a->made, a->space, error);
	a->array = oj_memory_get(context, count * sizeof *a->array);
	a->part = oj_memory_get(context, count * sizeof *a->part);
	a->chosen = oj_memory_get(context, count);
	if (!ok || !a->array || !a->part || !a->chosen)
		return false;
	a->sweep.tells_parts = true;
	a->sweep.sums_parts = a->request->strong && !a->request->unit;
	memset(a->part, 0, count * sizeof *a->part);
	memset(a->array, 0, count * sizeof *a->array);
	memset(a->chosen, 0, count);
	return true;
}

static void close_adjoint(struct adjoint *a)
{
	ojit_context *context = a->space->context;
	size_t count = a->sweep.arrays + 1;
	oj_memory_put(context, a->array, count * sizeof *a->array);
	oj_memory_put(context, a->part, count * sizeof *a->part);
	oj_memory_put(context, a->chosen, count);
	oj_sweep_close(&a->sweep);
}

/* Sweeping forward for what matters, then backward: through the program, then through
 * what its derived parameters are made of. */
static bool run(struct adjoint *a, const struct program *program, const struct program *prepare)
{
	bool through = prepare && a->request->parameters;
	activate_inputs(a);
	if (through && (!oj_sweep_activate(&a->sweep, prepare) || !oj_program_intermediates(a->made, prepare)))
		return false;
	if (!oj_sweep_activate(&a->sweep, program) || !oj_program_intermediates(a->made, program))
		return false;
	return sweep_program(a, program) && (!through || sweep_program(a, prepare)) &&
	       store_vector(a, ROLE_STATE, a->request->states, 0) &&
	       store_vector(a, ROLE_PARAMETER, a->request->parameters, a->request->states) &&
	       oj_program_layout(a->made) == OJIT_OK;
}

ojit_status oj_adjoint_program(struct program *made, const struct program *program, const struct program *prepare,
                               const struct adjoint_request *request, struct oj_error *error)
{
	struct space *space = program->space;
	struct adjoint a = {.made = made, .space = space, .g = &space->graph, .request = request};
	bool ok = open_adjoint(&a, error) && run(&a, program, prepare) && !space->graph.failed;
	close_adjoint(&a);
	if (ok)
		return OJIT_OK;
	return error->status != OJIT_OK ? error->status : oj_fail_memory(error);
}
