/* Loads and stores.
 *
 * The element of an array is one integer value, so its step between lanes says
 * how to move a vector: 0 a scalar, 1 contiguous, -1 reversed, a few apart shuffled
 * (stride.c), else a gather.  A gather of two lanes is two scalars, and of four an even
 * step apart four: their addresses cost nothing, and hardware is no faster.
 * Where some lanes do not count (a mask), only those that do are touched, so that
 * nothing is ever read out of range; where no index there can be leaves the array, all
 * are read, since a mask costs most processors more than the lanes it saves.
 *
 * Loads never alias the stores of a block, which loads no array it stores: inputs
 * are marked invariant, what other blocks store by an alias scope. */
#include "jit/llvm/emitter.h"

static const size_t role_field[ROLE_COUNT] = {
	[ROLE_STATE] = offsetof(struct kernel_args, y),
	[ROLE_PARAMETER] = offsetof(struct kernel_args, p),
	[ROLE_DERIVED] = offsetof(struct kernel_args, d),
	[ROLE_DISCRETE] = offsetof(struct kernel_args, z),
	[ROLE_SEED] = offsetof(struct kernel_args, seed),
	[ROLE_DATA] = offsetof(struct kernel_args, data),
	[ROLE_OUT] = offsetof(struct kernel_args, out),
	[ROLE_TEMP] = offsetof(struct kernel_args, scratch),
};

static void mark(struct emitter *e, LLVMValueRef load, bool invariant)
{
	if (invariant)
		LLVMSetMetadata(load, e->invariant, e->empty_node);
	else
		LLVMSetMetadata(load, e->scope, e->loads_scope);
}

LLVMValueRef oj_emit_field(struct emitter *e, size_t offset)
{
	LLVMValueRef *field = &e->fields[offset / sizeof(void *)];
	if (*field)
		return *field;
	LLVMBasicBlockRef here = LLVMGetInsertBlock(e->builder);
	LLVMPositionBuilderAtEnd(e->builder, e->first);
	LLVMValueRef index = oj_word(e, (int64_t)(offset / sizeof(void *)));
	LLVMValueRef address = LLVMBuildGEP2(e->builder, e->pointer, LLVMGetParam(e->function, 0), &index, 1, "");
	*field = LLVMBuildLoad2(e->builder, e->pointer, address, "");
	mark(e, *field, true);
	LLVMPositionBuilderAtEnd(e->builder, here);
	return *field;
}

/* No block stores there: KERNEL_PREPARE alone makes what others only read as d. */
static bool is_input(const struct emitter *e, enum array_role role)
{
	return role != ROLE_OUT && role != ROLE_TEMP && !(role == ROLE_DERIVED && e->kind == KERNEL_PREPARE);
}

/* One copy for all lanes; the kernel's own data always is. */
static bool is_shared(const struct emitter *e, int role)
{
	return e->target->axis == LANES_MAP || role == ROLE_DATA || (e->target->uniform >> role & 1);
}

/* *sum += factor * value; false: too great to be known. */
static bool add_multiple(int64_t *sum, int64_t factor, int64_t value)
{
	int64_t product;
	return !__builtin_mul_overflow(factor, value, &product) && !__builtin_add_overflow(*sum, product, sum);
}

/* The element of a vector that indices name; *shift is to be added. */
static struct value element_at(struct emitter *e, uint32_t rank, const int64_t *base, const int64_t *extent,
                               const uint32_t *indices, int64_t *shift)
{
	struct value at = oj_value_integer(NULL, 0, 0);
	int64_t stride = 1;
	*shift = 0;
	if (rank == 1) {
		*shift = -base[0];
		return e->slots[indices[0]];
	}
	for (uint32_t k = rank; k-- > 0; stride *= extent[k]) {
		at = oj_value_add(e, at, oj_value_scale(e, e->slots[indices[k]], stride));
		*shift -= base[k] * stride;
	}
	return at;
}

/* Where in its vector: the shape of an array or table, and slots of its indices. */
static void place(struct emitter *e, struct access *a, uint32_t rank, const int64_t *base, const int64_t *extent,
                  int64_t offset, const uint32_t *indices)
{
	int64_t stride = 1;
	a->at = element_at(e, rank, base, extent, indices, &a->shift);
	a->shift += offset;
	if (!a->at.lanes) {
		a->at.offset += a->shift;
		a->shift = 0;
	}
	a->first = a->least = a->greatest = offset;
	a->inside = true;
	for (uint32_t k = rank; k-- > 0; stride *= extent[k]) {
		struct value index = e->slots[indices[k]];
		a->inside = a->inside && index.least >= base[k] && index.greatest < base[k] + extent[k] &&
		            add_multiple(&a->least, stride, index.least - base[k]) &&
		            add_multiple(&a->greatest, stride, index.greatest - base[k]);
	}
	a->end = offset + stride;
}

/* The address of lane 0, or of all lanes for a gather. */
static LLVMValueRef address_of(struct emitter *e, const struct access *a, bool gather)
{
	LLVMValueRef address = a->origin, index;
	if (a->at.lanes && a->shift)
		address = LLVMBuildGEP2(e->builder, a->element, address, (index = oj_word(e, a->shift), &index), 1, "");
	if (a->at.lanes) {
		index = a->at.narrow ? a->at.narrow : a->at.base;
		return LLVMBuildGEP2(e->builder, a->element, address, &index, 1, "");
	}
	if (a->at.base)
		address = LLVMBuildGEP2(e->builder, a->element, address, (index = a->at.base, &index), 1, "");
	if (a->at.offset)
		address = LLVMBuildGEP2(e->builder, a->element, address, (index = oj_word(e, a->at.offset), &index), 1, "");
	if (!gather)
		return address;
	index = oj_ramp(e, a->at.step, e->width);
	return LLVMBuildGEP2(e->builder, a->element, address, &index, 1, "");
}

static LLVMValueRef reversed(struct emitter *e, LLVMValueRef vector)
{
	LLVMValueRef lanes[PARTIALS];
	for (int l = 0; l < e->width; l++)
		lanes[l] = LLVMConstInt(e->half, (unsigned)(e->width - 1 - l), false);
	return LLVMBuildShuffleVector(e->builder, vector, LLVMGetPoison(LLVMTypeOf(vector)),
	                              LLVMConstVector(lanes, (unsigned)e->width), "");
}

LLVMValueRef oj_plain_load(struct emitter *e, struct access a, LLVMTypeRef type, int64_t by)
{
	a.at.offset += by;
	LLVMValueRef load = LLVMBuildLoad2(e->builder, type, address_of(e, &a, false), "");
	LLVMSetAlignment(load, a.element == e->half ? 4 : 8);
	mark(e, load, a.invariant);
	return load;
}

/* The access of one lane. */
static struct access in_lane(struct emitter *e, const struct access *a, int lane)
{
	struct access one = *a;
	if (!a->at.lanes) {
		one.at.offset += a->at.step * lane;
		return one;
	}
	LLVMValueRef element = oj_extract_lanes(e, a->at.narrow ? a->at.narrow : a->at.base, lane, 1);
	if (a->at.narrow)
		element = LLVMBuildSExt(e->builder, element, e->word, "");
	one.at = oj_value_integer(element, a->shift, 0);
	return one;
}

static LLVMValueRef load_one_by_one(struct emitter *e, const struct access *a, LLVMTypeRef type)
{
	LLVMValueRef vector = LLVMGetPoison(type);
	for (int l = 0; l < e->width; l++) {
		LLVMValueRef lane = oj_plain_load(e, in_lane(e, a, l), a->element, 0);
		vector = LLVMBuildInsertElement(e->builder, vector, lane, oj_word(e, l), "");
	}
	return vector;
}

LLVMValueRef oj_masked_load(struct emitter *e, const struct access *a, LLVMTypeRef type, LLVMValueRef mask)
{
	bool contiguous = !a->at.lanes && a->at.step == 1;
	LLVMValueRef address = address_of(e, a, !contiguous);
	LLVMValueRef all = LLVMConstAllOnes(oj_type_lanes(e->truth, e->width));
	LLVMValueRef align = LLVMConstInt(e->half, a->element == e->half ? 4 : 8, false);
	LLVMValueRef operands[] = {address, align, mask ? mask : all, LLVMConstNull(type)};
	LLVMTypeRef overloads[] = {type, LLVMTypeOf(address)};
	LLVMValueRef load = oj_intrinsic(e, contiguous ? "llvm.masked.load" : "llvm.masked.gather", overloads, 2,
	                                 operands, 4);
	mark(e, load, a->invariant);
	return load;
}

static LLVMValueRef load_lanes(struct emitter *e, const struct access *a, LLVMTypeRef type)
{
	int64_t places[PARTIALS];
	LLVMValueRef known = NULL;
	if (e->mask && !a->inside)
		return oj_masked_load(e, a, type, e->mask);
	if (!a->at.lanes && a->at.step == 1)
		return oj_plain_load(e, *a, type, 0);
	if (!a->at.lanes && a->at.step == -1)
		return reversed(e, oj_plain_load(e, *a, type, 1 - e->width));
	if (!a->at.lanes && oj_stride_fits(e, a->at.step))
		return oj_strided_load(e, a);
	bool placed = oj_places_known(e, a, places);
	if (placed && (known = oj_load_places(e, a, places)))
		return known;
	if (e->width == 2 || (e->width == 4 && (placed || !a->at.lanes)))
		return load_one_by_one(e, a, type);
	return oj_masked_load(e, a, type, NULL);
}

static struct value load(struct emitter *e, struct access a)
{
	LLVMTypeRef vector = oj_type_lanes(a.element, e->width);
	if (a.lanes) {
		a.at = oj_value_scale(e, a.at, e->width);
		return oj_value(oj_plain_load(e, a, vector, 0), e->width > 1);
	}
	if (oj_value_uniform(a.at) || e->width == 1)
		return oj_value(oj_plain_load(e, a, a.element, 0), false);
	return oj_value(load_lanes(e, &a, vector), true);
}

struct value oj_emit_load(struct emitter *e, const struct step *step)
{
	const struct node *n = oj_node(&e->space->graph, step->node);
	const struct array *array = &e->space->arrays.at[n->ref.id];
	struct access a = {
		.element = e->real,
		.origin = oj_emit_field(e, role_field[array->role]),
		.lanes = !is_shared(e, array->role),
		.invariant = is_input(e, array->role),
	};
	place(e, &a, array->rank, array->base, array->extent, array->offset, e->plan->operands.at + step->operands);
	return load(e, a);
}

struct value oj_emit_table(struct emitter *e, const struct step *step)
{
	const struct node *n = oj_node(&e->space->graph, step->node);
	const struct table *table = &e->space->tables.at[n->ref.id];
	struct access a = {
		.element = e->half,
		.origin = oj_emit_field(e, offsetof(struct kernel_args, tables)),
		.invariant = true,
	};
	place(e, &a, table->rank, table->base, table->extent, table->offset, e->plan->operands.at + step->operands);
	if (!a.at.base && !e->mask)
		return oj_known_entries(e, table, &a);
	struct value entry = load(e, a);
	LLVMTypeRef type = oj_type_lanes(e->word, entry.lanes ? e->width : 1);
	LLVMValueRef wide = LLVMBuildSExt(e->builder, entry.base, type, "");
	LLVMValueRef narrow = entry.lanes ? entry.base : NULL;
	entry = entry.lanes ? oj_value(wide, true) : oj_value_integer(wide, 0, 0);
	entry.narrow = narrow;
	/* Lanes that do not count may have read 0. */
	return oj_value_within(entry, table->least < 0 ? table->least : 0, table->greatest > 0 ? table->greatest : 0);
}

struct value oj_emit_time(struct emitter *e)
{
	struct access a = {
		.element = e->real,
		.origin = oj_emit_field(e, offsetof(struct kernel_args, t)),
		.lanes = !is_shared(e, ROLE_COUNT),
		.invariant = true,
	};
	return load(e, a);
}

void oj_plain_store(struct emitter *e, struct access a, LLVMValueRef value, int64_t by)
{
	a.at.offset += by;
	LLVMValueRef store = LLVMBuildStore(e->builder, value, address_of(e, &a, false));
	LLVMSetAlignment(store, 8);
	LLVMSetMetadata(store, e->noalias, e->loads_scope);
}

/* Lane by lane, in the order of lanes. */
static void scatter(struct emitter *e, const struct access *a, LLVMValueRef vector)
{
	for (int l = 0; l < e->width; l++)
		oj_plain_store(e, in_lane(e, a, l), oj_extract_lanes(e, vector, l, 1), 0);
}

static void store_value(struct emitter *e, struct access a, struct value value)
{
	if (a.lanes) {
		a.at = oj_value_scale(e, a.at, e->width);
		oj_plain_store(e, a, oj_value_vector(e, value), 0);
	} else if (e->width == 1 || (oj_value_uniform(a.at) && !value.lanes)) {
		oj_plain_store(e, a, value.base, 0);
	} else if (!a.at.lanes && a.at.step == 1) {
		oj_plain_store(e, a, oj_value_vector(e, value), 0);
	} else if (!a.at.lanes && a.at.step == -1) {
		oj_plain_store(e, a, reversed(e, oj_value_vector(e, value)), 1 - e->width);
	} else {
		scatter(e, &a, oj_value_vector(e, value));
	}
}

/* Are two integers the same but for a constant? */
static bool moves_alike(const struct graph *g, ojit_expr x, ojit_expr y)
{
	struct affine a, b;
	oj_affine(g, x, &a);
	oj_affine(g, y, &b);
	bool alike = a.count == b.count;
	for (uint32_t i = 0; alike && i < a.count; i++)
		alike = a.atoms[i] == b.atoms[i] && a.coefficients[i] == b.coefficients[i];
	return alike;
}

/* Elements from a's to b's, the same in every turn; -1: they are not. */
static int64_t distance(const struct emitter *e, const struct waiting *a, const struct waiting *b)
{
	const struct array *x = &e->space->arrays.at[a->store->array], *y = &e->space->arrays.at[b->store->array];
	bool known = x->role == y->role && x->rank == y->rank && a->access.at.step == b->access.at.step;
	for (uint32_t k = 0; known && k < x->rank; k++)
		known = (k == 0 || x->extent[k] == y->extent[k]) &&
		        moves_alike(&e->space->graph, a->store->index[k], b->store->index[k]);
	return known ? b->access.at.offset - a->access.at.offset : -1;
}

/* Those that wait and fill every element together with `first`: one at each distance
 * below its step. */
static bool find_companions(const struct emitter *e, const struct waiting *first, size_t *found)
{
	int64_t step = first->access.at.step, missing = step;
	for (int64_t d = 0; d < step; d++)
		found[d] = SIZE_MAX;
	for (size_t s = 0; s < e->waiting.count && missing > 0; s++) {
		int64_t d = distance(e, first, &e->waiting.at[s]);
		if (d < 0 || d >= step || found[d] != SIZE_MAX)
			continue;
		found[d] = s;
		missing--;
	}
	return missing == 0;
}

static void drop_found(struct emitter *e, const size_t *found, int64_t count)
{
	size_t kept = 0;
	for (size_t s = 0; s < e->waiting.count; s++) {
		bool gone = false;
		for (int64_t d = 0; d < count; d++)
			gone = gone || found[d] == s;
		if (!gone)
			e->waiting.at[kept++] = e->waiting.at[s];
	}
	e->waiting.count = kept;
}

static bool store_together(struct emitter *e, const struct waiting *first)
{
	struct access a = first->access;
	size_t found[PARTIALS];
	LLVMValueRef values[PARTIALS];
	if (a.at.step < 0 || !find_companions(e, first, found))
		return false;
	for (int64_t d = 0; d < a.at.step; d++)
		values[d] = oj_value_vector(e, e->waiting.at[found[d]].value);
	oj_interleaved_store(e, &a, values, (int)a.at.step);
	drop_found(e, found, a.at.step);
	return true;
}

/* The latest may be the last that was missing. */
static void try_together(struct emitter *e)
{
	struct waiting latest = e->waiting.at[e->waiting.count - 1];
	int64_t step = latest.access.at.step;
	for (size_t s = 0; s < e->waiting.count; s++) {
		int64_t d = distance(e, &e->waiting.at[s], &latest);
		if (d >= 0 && d < step && store_together(e, &e->waiting.at[s]))
			return;
	}
}

static void store_pair(struct emitter *e, const struct waiting *low, const struct waiting *high)
{
	LLVMValueRef pair = LLVMGetPoison(oj_type_lanes(e->real, 2));
	pair = LLVMBuildInsertElement(e->builder, pair, low->value.base, oj_word(e, 0), "");
	pair = LLVMBuildInsertElement(e->builder, pair, high->value.base, oj_word(e, 1), "");
	oj_plain_store(e, low->access, pair, 0);
}

/* Each waits for the next. */
static bool pair_up(struct emitter *e, const struct waiting *next)
{
	struct waiting last = e->waiting.count ? e->waiting.at[0] : (struct waiting){0};
	if (last.access.origin == next->access.origin && next->access.at.offset - last.access.at.offset == 1) {
		store_pair(e, &last, next);
		e->waiting.count = 0;
		return true;
	}
	oj_emit_waiting(e);
	return VECTOR_PUSH(e->context, &e->waiting, *next);
}

ojit_status oj_emit_store(struct emitter *e, const struct step *step)
{
	const struct store *store = &e->plan->block->stores.at[step->store];
	const struct array *array = &e->space->arrays.at[store->array];
	const uint32_t *operands = e->plan->operands.at + step->operands;
	struct waiting w = {.store = store, .value = *oj_slot(e, operands[0])};
	w.access = (struct access){.element = e->real, .origin = oj_emit_field(e, role_field[array->role]),
	                           .lanes = !is_shared(e, array->role)};
	place(e, &w.access, array->rank, array->base, array->extent, array->offset, operands + 1);
	if (e->target->axis == LANES_ENSEMBLE && !w.access.lanes && w.value.lanes)
		return oj_fail(e->error, OJIT_ARGUMENT,
		               "array '%s' is shared by all lanes, but its values differ between them; "
		               "give every lane its own copy", array->name);
	if (e->pairs && !w.access.at.base)
		return pair_up(e, &w) ? OJIT_OK : oj_fail_memory(e->error);
	if (w.access.lanes || w.access.at.lanes || !oj_stride_fits(e, w.access.at.step)) {
		store_value(e, w.access, w.value);
		return OJIT_OK;
	}
	if (!VECTOR_PUSH(e->context, &e->waiting, w))
		return oj_fail_memory(e->error);
	try_together(e);
	return OJIT_OK;
}

void oj_emit_waiting(struct emitter *e)
{
	for (size_t s = 0; s < e->waiting.count; s++)
		store_value(e, e->waiting.at[s].access, e->waiting.at[s].value);
	e->waiting.count = 0;
}
