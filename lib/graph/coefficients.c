/* See coefficients.h.
 *
 * Orders are phases: phase k computes coefficient k of every node and, from that of the
 * right-hand side, coefficient k + 1 of the states.  Phases are written one after the
 * other, so that convolutions are straight code whose terms the order fixes: a loop
 * over orders would be shorter and, at orders around 20, slower.
 *
 * Straight programs (no loops) become one block; coefficients are its nodes.  In
 * others the coefficients that later phases ask for are kept: node e has an array for
 * every order, over the indices that e depends on, and a block of its own in each
 * phase, the node's site.  So code does not grow with the ranges of the indices, and
 * what stands inside of a reduction is computed once for each of its terms (for N
 * bodies: once a pair).  Pass fuse joins blocks over equal boxes.
 *
 * The box of a site spans every index range that the node is met with.  Where ranges
 * are ragged it spans more, and the node is computed at indices where nobody wants it:
 * its loads there are kept inside of their arrays. */
#include "lib/graph/coefficients.h"

#include "lib/graph/passes.h"

#include <stdlib.h>
#include <string.h>

/* Series of more doubles than this are not worth waiting for: 2 GiB. */
static const double most_kept = 0x1p28;
/* Nor is straight code of more operations. */
enum { MOST_OPERATIONS = 1 << 21 };

struct box {
	int64_t lo[RANK], end[RANK];
};

/* Where the coefficients of a kept node are computed. */
struct site {
	uint32_t node;  /* its place in the series */
	uint32_t block; /* of the right-hand side, before whose stores it comes */
	struct box box;
};

struct kept {
	struct box box;   /* of all sites */
	uint32_t levels;  /* that its axes are */
	uint32_t first;   /* site + 1 */
	bool late;        /* reads intermediates: each block has a site of its own */
	uint32_t *arrays; /* [2 * (order + 1)] values, slopes; UINT32_MAX: none */
};

struct taylor {
	struct space *space;
	struct graph *graph;
	struct program *rhs, *made;
	struct oj_error *error;
	struct series series;
	struct arena arena;
	int64_t states;
	int order;
	bool straight;
	struct kept *kept;      /* [nodes] */
	VECTOR(struct site) sites;
	uint32_t *coefficients; /* [order + 1] arrays over all states, in `out` */
	uint32_t *later;        /* [(order + 1) * arrays] of intermediates; UINT32_MAX: not yet */
	size_t arrays;
	ojit_expr *coefficient; /* straight code: [(order + 1) * states] */
	/* Of the walk over one block. */
	struct surroundings around;
	uint32_t block;
	ojit_status status;
};

static ojit_status memory(struct taylor *t)
{
	return oj_fail_memory(t->error);
}

/* ---- what kind of program it is ---- */

static bool is_straight(const struct space *space, const struct program *rhs, bool *ok)
{
	const struct graph *g = &space->graph;
	bool straight = true;
	for (size_t b = 0; *ok && straight && b < rhs->blocks.count; b++) {
		const struct block *block = &rhs->blocks.at[b];
		struct expr_list list = {0};
		*ok = oj_block_reach(space, block, true, &list);
		straight = block->rank == 0;
		for (size_t i = 0; straight && i < list.list.count; i++) {
			enum op op = oj_node(g, list.list.at[i])->op;
			straight = op != OP_REDUCE && op != OP_INDEX && op != OP_TABLE;
		}
		VECTOR_DROP(space->context, &list.list);
	}
	return straight;
}

static int64_t count_states(const struct space *space)
{
	int64_t states = 0;
	for (size_t a = 0; a < space->arrays.count; a++) {
		const struct array *array = &space->arrays.at[a];
		int64_t end = array->offset + oj_array_length(array);
		if (array->role == ROLE_STATE && end > states)
			states = end;
	}
	return states;
}

/* The first node that changes in time and has no recurrence is refused. */
static ojit_status refuse_unknown(struct taylor *t, const struct block *block)
{
	struct expr_list list = {0};
	bool ok = oj_block_reach(t->space, block, true, &list);
	ojit_status status = OJIT_OK;
	for (size_t i = 0; ok && status == OJIT_OK && i < list.list.count; i++) {
		const struct node *n = oj_node(t->graph, list.list.at[i]);
		if (oj_series_knows(n) || oj_degree(&t->series.degrees, list.list.at[i], &ok) == 0)
			continue;
		const char *what = n->op == OP_REDUCE ? "prod over more than 64 terms or a varying range"
		                                      : oj_op_info[n->op].text;
		struct origin origin = oj_block_origin(t->space, block, list.list.at[i]);
		status = oj_fail_at(t->error, OJIT_UNSUPPORTED, &origin, "method taylor has no recurrence for %s of something that changes in time; "
		                    "choose another method", what);
	}
	VECTOR_DROP(t->space->context, &list.list);
	return ok ? status : memory(t);
}

/* ---- arrays of coefficients ---- */

/* The array that holds coefficient k of an intermediate. */
static uint32_t array_of(struct taylor *t, uint32_t a, int k)
{
	uint32_t *later = &t->later[(size_t)k * t->arrays + a];
	const struct array array = t->space->arrays.at[a];
	if (*later == UINT32_MAX)
		*later = oj_space_array(t->space, array.name, ROLE_TEMP, array.rank, array.base, array.extent, 0);
	return *later;
}

/* An index into the whole vector of states, for an element of one of its arrays. */
static ojit_expr flat_index(struct taylor *t, const struct array *array, const ojit_expr *indices)
{
	int64_t stride = 1, constant = array->offset, strides[RANK];
	for (uint32_t k = array->rank; k-- > 0;) {
		strides[k] = stride;
		constant -= array->base[k] * stride;
		stride *= array->extent[k];
	}
	return oj_integer_sum(t->graph, constant, array->rank, indices, strides);
}

/* The element that constant indices mean, within the vector of the array's role. */
static int64_t element_of(const struct taylor *t, const struct array *array, const ojit_expr *indices)
{
	int64_t at = 0;
	for (uint32_t i = 0; i < array->rank; i++) {
		int64_t index = 0;
		oj_integer_value(t->graph, indices[i], &index);
		at = at * array->extent[i] + (index - array->base[i]);
	}
	return array->offset + at;
}

static ojit_expr load_later(struct series *series, ojit_expr e, int k)
{
	struct taylor *t = series->data;
	struct node n = *oj_node(t->graph, e);
	const struct array *array = &t->space->arrays.at[n.ref.id];
	ojit_expr indices[RANK];
	memcpy(indices, oj_operands(t->graph, e), n.arity * sizeof *indices);
	if (t->straight)
		return t->coefficient[k * t->states + element_of(t, array, indices)];
	bool state = array->role == ROLE_STATE;
	ojit_expr flat = state ? flat_index(t, array, indices) : 0;
	uint32_t later = state ? t->coefficients[k] : array_of(t, n.ref.id, k);
	ojit_expr load = later == UINT32_MAX ? 0 : oj_load(t->graph, later, state ? 1 : n.arity, state ? &flat : indices);
	series->failed = series->failed || load == 0;
	return load;
}

static ojit_expr load_kept(struct taylor *t, const struct kept *kept, uint32_t array)
{
	ojit_expr indices[RANK];
	uint32_t rank = 0;
	for (unsigned level = 0; level < LEVELS; level++)
		if (kept->levels >> level & 1)
			indices[rank++] = oj_index(t->graph, level);
	return oj_load(t->graph, array, rank, indices);
}

/* ---- sites ---- */

static bool is_kept(const struct series_node *node)
{
	return (node->keeps_value || node->keeps_slope) && node->degree > 0;
}

static ojit_status refuse_levels(struct taylor *t)
{
	const struct block *block = &t->rhs->blocks.at[t->block];
	return oj_fail_at(t->error, OJIT_UNSUPPORTED, &t->space->origins.at[block->origin],
	                  "method taylor would need a series for every combination of more than %d indices here; "
	                  "choose another method", RANK);
}

/* The ranges of the levels a node depends on. False: one is empty. */
static bool box_of(struct taylor *t, uint32_t levels, struct box *box)
{
	uint32_t axis = 0;
	for (unsigned level = 0; level < LEVELS; level++) {
		int64_t least, greatest;
		if (!(levels >> level & 1))
			continue;
		if (!oj_bounds(&t->around, oj_index(t->graph, level), &least, &greatest) || least > greatest)
			return false;
		box->lo[axis] = least;
		box->end[axis++] = greatest + 1;
	}
	return true;
}

static void span(struct box *box, const struct box *more, uint32_t rank)
{
	for (uint32_t k = 0; k < rank; k++) {
		box->lo[k] = more->lo[k] < box->lo[k] ? more->lo[k] : box->lo[k];
		box->end[k] = more->end[k] > box->end[k] ? more->end[k] : box->end[k];
	}
}

static ojit_status add_site(struct taylor *t, size_t at)
{
	struct kept *kept = &t->kept[at];
	uint32_t levels = oj_node(t->graph, t->series.nodes.at[at].e)->levels;
	uint32_t rank = (uint32_t)__builtin_popcount(levels);
	struct site site = {.node = (uint32_t)at, .block = t->block};
	if (rank > RANK)
		return refuse_levels(t);
	if (!box_of(t, levels, &site.box))
		return OJIT_OK;
	kept->levels = levels;
	if (kept->first)
		span(&kept->box, &site.box, rank);
	else
		kept->box = site.box;
	struct site *latest = kept->first ? &t->sites.at[kept->first - 1] : NULL;
	if (latest && (!kept->late || latest->block == t->block)) {
		span(&latest->box, &site.box, rank);
		return OJIT_OK;
	}
	if (!VECTOR_PUSH(t->space->context, &t->sites, site))
		return memory(t);
	kept->first = (uint32_t)t->sites.count;
	return OJIT_OK;
}

static bool push_unseen(struct taylor *t, struct expr_map *seen, struct expr_list *list, ojit_expr e)
{
	uint32_t ignored;
	if (!e || oj_type(t->graph, e) == INTEGER || oj_expr_map_get(seen, e, &ignored))
		return true;
	return oj_expr_map_put(seen, e, 1) && VECTOR_PUSH(t->space->context, &list->list, e);
}

static ojit_status walk(struct taylor *t, const ojit_expr *roots, size_t count);

static ojit_status walk_body(struct taylor *t, ojit_expr e)
{
	const ojit_expr *o = oj_operands(t->graph, e);
	ojit_expr body = o[REDUCE_BODY];
	struct entered before = oj_enter(&t->around, oj_node(t->graph, e)->reduction.level, o[REDUCE_LO], o[REDUCE_END]);
	ojit_status status = walk(t, &body, 1);
	oj_leave(&t->around, before);
	return status;
}

/* What stands around a node decides its ranges; auxiliaries stand where their users do. */
static ojit_status meet(struct taylor *t, struct expr_map *seen, struct expr_list *list, ojit_expr e)
{
	uint32_t place = 0;
	bool ok = true;
	oj_expr_map_get(&t->series.position, e, &place);
	const struct series_node *node = &t->series.nodes.at[place - 1];
	uint32_t count = oj_is(t->graph, e, OP_REDUCE) ? REDUCE_BODY : oj_node(t->graph, e)->arity;
	for (uint32_t i = 0; ok && i < count; i++)
		ok = push_unseen(t, seen, list, oj_operands(t->graph, e)[i]);
	ok = ok && push_unseen(t, seen, list, node->auxiliary);
	if (!ok)
		return memory(t);
	if (is_kept(node) && !oj_is(t->graph, e, OP_LOAD) && !oj_is(t->graph, e, OP_TIME))
		TRY(add_site(t, place - 1));
	return oj_is(t->graph, e, OP_REDUCE) ? walk_body(t, e) : OJIT_OK;
}

static ojit_status walk(struct taylor *t, const ojit_expr *roots, size_t count)
{
	struct expr_map seen;
	struct expr_list list = {0};
	ojit_status status = OJIT_OK;
	bool ok = true;
	oj_expr_map_init(&seen, t->space->context);
	for (size_t i = 0; ok && i < count; i++)
		ok = push_unseen(t, &seen, &list, roots[i]);
	while (ok && status == OJIT_OK && list.list.count)
		status = meet(t, &seen, &list, list.list.at[--list.list.count]);
	VECTOR_DROP(t->space->context, &list.list);
	oj_expr_map_drop(&seen);
	return ok ? status : memory(t);
}

/* Nodes that read intermediates cannot be computed before all of them are stored. */
static void find_late(struct taylor *t)
{
	for (size_t i = 0; i < t->series.nodes.count; i++) {
		ojit_expr e = t->series.nodes.at[i].e;
		const struct node *n = oj_node(t->graph, e);
		bool late = n->op == OP_LOAD && t->space->arrays.at[n->ref.id].role == ROLE_TEMP;
		for (uint32_t k = 0; k < n->arity; k++) {
			uint32_t place = 0;
			oj_expr_map_get(&t->series.position, oj_operands(t->graph, e)[k], &place);
			late = late || (place && t->kept[place - 1].late);
		}
		t->kept[i].late = late;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct site *x = a, *y = b;
	return x->block != y->block ? (x->block > y->block) - (x->block < y->block)
	                            : (x->node > y->node) - (x->node < y->node);
}

static ojit_status check_room(struct taylor *t)
{
	double doubles = 0;
	for (size_t i = 0; i < t->sites.count; i++) {
		const struct kept *kept = &t->kept[t->sites.at[i].node];
		double points = t->order;
		for (int k = 0; k < __builtin_popcount(kept->levels); k++)
			points *= (double)(kept->box.end[k] - kept->box.lo[k]);
		doubles += points;
		if (doubles > most_kept)
			return oj_fail_at(t->error, OJIT_UNSUPPORTED,
			                  &t->space->origins.at[t->rhs->blocks.at[t->sites.at[i].block].origin],
			                  "method taylor would keep %d coefficients for every combination of the indices "
			                  "here, %.1f GB or more; choose another method", t->order, doubles * 8e-9);
	}
	return OJIT_OK;
}

static ojit_status find_sites(struct taylor *t)
{
	find_late(t);
	for (t->block = 0; t->block < t->rhs->blocks.count; t->block++) {
		const struct block *block = &t->rhs->blocks.at[t->block];
		oj_surroundings_init(&t->around, t->space, block);
		for (size_t i = 0; i < block->stores.count; i++)
			TRY(walk(t, &block->stores.at[i].value, 1));
	}
	if (t->sites.count)
		qsort(t->sites.at, t->sites.count, sizeof *t->sites.at, by_place);
	return check_room(t);
}

/* ---- loads that stay inside ---- */

static ojit_expr clamp_node(struct rewrite *rewrite, ojit_expr e, const ojit_expr *operands)
{
	struct taylor *t = rewrite->data;
	struct node n = *oj_node(t->graph, e);
	uint32_t axis;
	int64_t index;
	if (n.op == OP_REDUCE)
		return oj_simplified_reduction(t->space, e, operands);
	ojit_expr access = oj_simplified(t->graph, e, operands), clamped[RANK];
	if (!access || (n.op != OP_LOAD && n.op != OP_TABLE) || oj_access_inside(&t->around, access, &axis, &index))
		return access;
	const int64_t *base = n.op == OP_LOAD ? t->space->arrays.at[n.ref.id].base : t->space->tables.at[n.ref.id].base;
	const int64_t *extent = n.op == OP_LOAD ? t->space->arrays.at[n.ref.id].extent
	                                        : t->space->tables.at[n.ref.id].extent;
	for (uint32_t k = 0; k < n.arity; k++) {
		ojit_expr first = oj_integer(t->graph, base[k]), last = oj_integer(t->graph, base[k] + extent[k] - 1);
		ojit_expr above = oj_integer_max(t->graph, oj_operands(t->graph, access)[k], first);
		clamped[k] = oj_integer_min(t->graph, above, last);
	}
	return oj_remake(t->graph, access, clamped);
}

static ojit_expr clamp_reduction(struct rewrite *rewrite, ojit_expr e, const ojit_expr *outer)
{
	struct taylor *t = rewrite->data;
	ojit_expr operands[4] = {outer[0], outer[1], outer[2], oj_operands(t->graph, e)[REDUCE_BODY]};
	struct entered before = oj_enter(&t->around, oj_node(t->graph, e)->reduction.level, outer[REDUCE_LO],
	                                 outer[REDUCE_END]);
	ojit_status status = oj_rewrite(rewrite, &operands[REDUCE_BODY], 1);
	oj_leave(&t->around, before);
	return status == OJIT_OK ? oj_simplified_reduction(t->space, e, operands) : 0;
}

/* The values of a site's block with every access inside, whatever the indices. */
static bool keep_inside(struct taylor *t, struct block *block)
{
	bool inside = true, ok = true;
	struct rewrite rewrite = {.space = t->space, .node = clamp_node, .reduction = clamp_reduction, .data = t};
	oj_surroundings_init(&t->around, t->space, block);
	for (size_t i = 0; ok && inside && i < block->stores.count; i++)
		ok = oj_accesses_inside(&t->around, block->stores.at[i].value, &inside);
	return ok && (inside || oj_rewrite_block(&rewrite, block) == OJIT_OK);
}

/* ---- phases ---- */

/* Array for coefficient k of a kept node, and the load of it in the node's own levels. */
static bool open_array(struct taylor *t, struct kept *kept, int slopes, int k, uint32_t *array, ojit_expr *load)
{
	int64_t extent[RANK];
	uint32_t rank = (uint32_t)__builtin_popcount(kept->levels);
	for (uint32_t i = 0; i < rank; i++)
		extent[i] = kept->box.end[i] - kept->box.lo[i];
	*array = oj_space_array(t->space, slopes ? "slope" : "series", ROLE_TEMP, rank, kept->box.lo, extent, 0);
	kept->arrays[slopes * (t->order + 1) + k] = *array;
	*load = *array == UINT32_MAX ? 0 : load_kept(t, kept, *array);
	return *load != 0;
}

/* A node's own levels become the axes of its site. */
static ojit_expr in_site(struct taylor *t, const struct kept *kept, ojit_expr value)
{
	ojit_expr index[LEVELS] = {0};
	unsigned axis = 0;
	for (unsigned level = 0; level < LEVELS; level++)
		if (kept->levels >> level & 1)
			index[level] = oj_index(t->graph, axis++);
	return oj_substitute(t->space, value, index, LEVELS);
}

struct pending { /* values that the sites of a phase store */
	ojit_expr value, slope;
};

/* Compute coefficient k of a node; where it is kept, later users load it. */
static bool compute(struct taylor *t, size_t at, int k, struct pending *pending)
{
	struct series *s = &t->series;
	struct kept *kept = &t->kept[at];
	const struct series_node *node = &s->nodes.at[at];
	uint32_t array;
	pending->value = oj_series_compute(s, at, k);
	if (s->failed)
		return false;
	if (!kept->first || !pending->value)
		return true;
	ojit_expr *value = oj_series_entry(s, s->values, at, k), *slope = oj_series_entry(s, s->slopes, at, k);
	pending->slope = k && node->keeps_slope ? oj_series_slope(s, node->e, k) : 0;
	if (node->keeps_value && !open_array(t, kept, 0, k, &array, value))
		return false;
	if (!node->keeps_value)
		*value = pending->value;
	return !pending->slope || open_array(t, kept, 1, k, &array, slope);
}

static bool store_kept(struct taylor *t, struct block *block, const struct kept *kept, int slopes, int k,
                       ojit_expr value)
{
	ojit_expr index[RANK];
	uint32_t rank = (uint32_t)__builtin_popcount(kept->levels), array = kept->arrays[slopes * (t->order + 1) + k];
	if (!value || array == UINT32_MAX)
		return true;
	for (uint32_t i = 0; i < rank; i++)
		index[i] = oj_index(t->graph, i);
	ojit_expr here = in_site(t, kept, value);
	return here && oj_block_store(t->space, block, array, here, index);
}

static bool emit_site(struct taylor *t, const struct site *site, int k, const struct pending *pending)
{
	const struct kept *kept = &t->kept[site->node];
	uint32_t rank = (uint32_t)__builtin_popcount(kept->levels);
	struct block *block;
	if (!pending->value)
		return true;
	block = oj_program_block(t->made, rank, site->box.lo, site->box.end, t->rhs->blocks.at[site->block].origin);
	return block && store_kept(t, block, kept, 0, k, pending->value) &&
	       store_kept(t, block, kept, 1, k, pending->slope) && keep_inside(t, block);
}

/* Coefficient 0 of the states that `store` differentiates: the states. */
static bool copy_state(struct taylor *t, struct block *block, const struct store *store)
{
	const struct array array = t->space->arrays.at[store->array];
	uint32_t from = oj_space_array(t->space, array.name, ROLE_STATE, array.rank, array.base, array.extent,
	                               array.offset);
	if (from == UINT32_MAX)
		return false;
	ojit_expr state = oj_load(t->graph, from, array.rank, store->index), at = flat_index(t, &array, store->index);
	return state && at && oj_block_store(t->space, block, t->coefficients[0], state, &at);
}

/* f_k / (k + 1) of e; 0: out of memory.  In straight code the next order waits for it. */
static ojit_expr next_coefficient(struct taylor *t, ojit_expr e, int k)
{
	if (t->straight && t->series.fused && k > 0) {
		ojit_expr next = oj_series_scaled(&t->series, e, k, 1.0 / (k + 1));
		return t->series.failed ? 0 : next ? next : oj_literal(t->graph, 0);
	}
	ojit_expr f = oj_series_value(&t->series, e, k);
	ojit_expr literal = oj_literal(t->graph, f ? 1.0 / (k + 1) : 0), operands[2] = {f, literal};
	if (!f || !literal)
		return literal;
	ojit_expr scaled = oj_make(t->graph, OP_MUL, 2, operands);
	return scaled ? oj_simplified(t->graph, scaled, operands) : 0;
}

static bool store_derivative(struct taylor *t, struct block *block, const struct store *store, int k)
{
	const struct array array = t->space->arrays.at[store->array];
	int64_t element = t->straight ? element_of(t, &array, store->index) : 0;
	ojit_expr value = next_coefficient(t, store->value, k);
	if (!value)
		return false;
	if (t->straight)
		t->coefficient[(k + 1) * t->states + element] = oj_is_literal(t->graph, value, 0) ? 0 : value;
	ojit_expr at = flat_index(t, &array, store->index);
	return at && oj_block_store(t->space, block, t->coefficients[k + 1], value, &at) &&
	       (k > 0 || copy_state(t, block, store));
}

static bool store_intermediate(struct taylor *t, struct block *block, const struct store *store, int k)
{
	uint32_t to = k == 0 ? store->array : array_of(t, store->array, k);
	ojit_expr value = oj_series_value(&t->series, store->value, k);
	if (t->straight)
		return true; /* its loads became the value */
	value = value ? value : oj_literal(t->graph, 0);
	return value && to != UINT32_MAX && oj_block_store(t->space, block, to, value, store->index);
}

static bool emit_stores(struct taylor *t, const struct block *from, int k)
{
	bool fresh = !t->straight || t->made->blocks.count == 0;
	struct block *block = fresh ? oj_program_block(t->made, from->rank, from->lo, from->end, from->origin)
	                            : &t->made->blocks.at[0];
	bool ok = block != NULL;
	for (size_t i = 0; ok && i < from->stores.count; i++) {
		const struct store *store = &from->stores.at[i];
		ok = t->space->arrays.at[store->array].role == ROLE_OUT ? store_derivative(t, block, store, k)
		                                                        : store_intermediate(t, block, store, k);
	}
	return ok;
}

static bool emit_phase(struct taylor *t, int k, struct pending *pending)
{
	size_t site = 0;
	bool ok = true;
	for (size_t i = 0; ok && i < t->series.nodes.count; i++) {
		pending[i] = (struct pending){0};
		ok = compute(t, i, k, &pending[i]);
	}
	for (uint32_t b = 0; ok && b < t->rhs->blocks.count; b++) {
		for (; ok && site < t->sites.count && t->sites.at[site].block == b; site++)
			ok = emit_site(t, &t->sites.at[site], k, &pending[t->sites.at[site].node]);
		ok = ok && emit_stores(t, &t->rhs->blocks.at[b], k);
	}
	return ok && !t->graph->failed;
}

static ojit_status emit_phases(struct taylor *t)
{
	struct pending *pending = ARENA_NEW(&t->arena, struct pending, t->series.nodes.count);
	size_t before = t->graph->nodes.count;
	if (!pending)
		return memory(t);
	for (int k = 0; k < t->order; k++) {
		if (!emit_phase(t, k, pending))
			return memory(t);
		if (t->graph->nodes.count - before > MOST_OPERATIONS)
			return oj_fail(t->error, OJIT_UNSUPPORTED, "method taylor would need more than %d operations for "
			               "this system at order %d; choose another method", MOST_OPERATIONS, t->order);
	}
	return OJIT_OK;
}

/* ---- all of it ---- */

static bool add_coefficients(struct taylor *t)
{
	int64_t base = 0;
	for (int k = 0; k <= t->order; k++) {
		t->coefficients[k] = oj_space_array(t->space, "coefficient", ROLE_OUT, 1, &base, &t->states, k * t->states);
		if (t->coefficients[k] == UINT32_MAX)
			return false;
	}
	return true;
}

static bool lay_out(struct taylor *t)
{
	size_t orders = (size_t)t->order + 1, nodes = t->series.nodes.count;
	t->arrays = t->space->arrays.count;
	t->kept = ARENA_ZEROED(&t->arena, struct kept, nodes);
	t->later = ARENA_NEW(&t->arena, uint32_t, orders * t->arrays);
	t->coefficients = ARENA_NEW(&t->arena, uint32_t, orders);
	t->coefficient = ARENA_ZEROED(&t->arena, ojit_expr, t->straight ? orders * (size_t)t->states : 0);
	if (t->arena.failed || !add_coefficients(t))
		return false;
	memset(t->later, 0xFF, orders * t->arrays * sizeof *t->later);
	for (size_t i = 0; !t->straight && i < nodes; i++) {
		if (!is_kept(&t->series.nodes.at[i]))
			continue;
		t->kept[i].arrays = ARENA_NEW(&t->arena, uint32_t, 2 * orders);
		if (!t->kept[i].arrays)
			return false;
		memset(t->kept[i].arrays, 0xFF, 2 * orders * sizeof *t->kept[i].arrays);
	}
	return true;
}

static ojit_status take_values(struct taylor *t)
{
	struct expr_list roots = {0};
	bool ok = true;
	for (size_t b = 0; b < t->rhs->blocks.count; b++) {
		const struct block *block = &t->rhs->blocks.at[b];
		for (size_t i = 0; ok && i < block->stores.count; i++)
			ok = VECTOR_PUSH(t->space->context, &roots.list, block->stores.at[i].value);
	}
	ok = ok && oj_series_take(&t->series, roots.list.at, roots.list.count);
	VECTOR_DROP(t->space->context, &roots.list);
	return ok ? OJIT_OK : memory(t);
}

/* What several blocks need of the long sums is computed once and kept as well: else
 * every piece of a stencil would have them all. */
static ojit_status keep_shared(struct taylor *t)
{
	struct series *s = &t->series;
	uint32_t *met = ARENA_ZEROED(&t->arena, uint32_t, s->nodes.count), place;
	struct expr_list list = {0};
	bool ok = met != NULL;
	for (size_t b = 0; ok && b < t->rhs->blocks.count; b++) {
		list.list.count = 0;
		ok = oj_block_reach(t->space, &t->rhs->blocks.at[b], true, &list);
		for (size_t i = 0; ok && i < list.list.count; i++)
			if (oj_expr_map_get(&s->position, list.list.at[i], &place))
				met[place - 1]++;
	}
	for (size_t i = 0; ok && i < s->nodes.count; i++)
		s->nodes.at[i].keeps_value |= met[i] > 1 && oj_series_convolves(s, &s->nodes.at[i]);
	VECTOR_DROP(t->space->context, &list.list);
	return ok ? OJIT_OK : memory(t);
}

static ojit_status make_program(struct taylor *t)
{
	bool ok = true;
	t->straight = is_straight(t->space, t->rhs, &ok);
	if (!ok)
		return memory(t);
	TRY(oj_taylor_form(t->rhs, t->straight, t->error));
	for (size_t b = 0; b < t->rhs->blocks.count; b++)
		TRY(refuse_unknown(t, &t->rhs->blocks.at[b]));
	TRY(take_values(t));
	if (!t->straight)
		TRY(keep_shared(t));
	if (!lay_out(t))
		return memory(t);
	if (!t->straight)
		TRY(find_sites(t));
	return emit_phases(t);
}

ojit_status oj_taylor_program(struct program *made, struct program *rhs, int order, bool fused,
                              struct oj_error *error)
{
	struct space *space = rhs->space;
	struct taylor t = {.space = space, .graph = &space->graph, .rhs = rhs, .made = made, .error = error,
	                   .order = order, .states = count_states(space)};
	oj_arena_init(&t.arena, space->context);
	oj_series_init(&t.series, space, order, fused);
	t.series.load = load_later;
	t.series.data = &t;
	ojit_status status = make_program(&t);
	VECTOR_DROP(space->context, &t.sites);
	oj_series_drop(&t.series);
	oj_arena_drop(&t.arena);
	return status;
}
