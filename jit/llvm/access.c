/* Loads and stores.
 *
 * The element of an array is one integer value, so its step between lanes says
 * how to move a vector: 0 a scalar, 1 contiguous, -1 reversed, else a gather.
 * Where some lanes do not count (a mask), only those that do are touched, so that
 * nothing is ever read out of range.
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

/* How one array is to be moved. */
struct access {
	LLVMTypeRef element;
	LLVMValueRef origin;  /* pointer to the vector it lives in */
	struct value at;      /* element there */
	bool lanes;           /* ENSEMBLE: one copy a lane */
	bool invariant;
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

static struct value element_at(struct emitter *e, uint32_t rank, const int64_t *base, const int64_t *extent,
                               int64_t offset, const uint32_t *indices)
{
	int64_t stride = 1;
	struct value at = oj_value_integer(NULL, offset, 0);
	for (uint32_t k = rank; k-- > 0;) {
		struct value index = e->slots[indices[k]];
		at = oj_value_add(e, at, oj_value_scale(e, index, stride));
		at = oj_value_add(e, at, oj_value_integer(NULL, -base[k] * stride, 0));
		stride *= extent[k];
	}
	return at;
}

/* The address of lane 0, or of all lanes for a gather. */
static LLVMValueRef address_of(struct emitter *e, const struct access *a, bool gather)
{
	LLVMValueRef address = a->origin, index;
	if (a->at.lanes)
		return LLVMBuildGEP2(e->builder, a->element, address, (index = a->at.base, &index), 1, "");
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

static LLVMValueRef plain_load(struct emitter *e, struct access a, LLVMTypeRef type, int64_t back)
{
	a.at.offset -= back;
	LLVMValueRef load = LLVMBuildLoad2(e->builder, type, address_of(e, &a, false), "");
	LLVMSetAlignment(load, a.element == e->half ? 4 : 8);
	mark(e, load, a.invariant);
	return load;
}

static LLVMValueRef masked_load(struct emitter *e, const struct access *a, LLVMTypeRef type)
{
	bool contiguous = !a->at.lanes && a->at.step == 1;
	LLVMValueRef address = address_of(e, a, !contiguous);
	LLVMValueRef all = LLVMConstAllOnes(oj_type_lanes(e->truth, e->width));
	LLVMValueRef align = LLVMConstInt(e->half, a->element == e->half ? 4 : 8, false);
	LLVMValueRef operands[] = {address, align, e->mask ? e->mask : all, LLVMConstNull(type)};
	LLVMTypeRef overloads[] = {type, LLVMTypeOf(address)};
	LLVMValueRef load = oj_intrinsic(e, contiguous ? "llvm.masked.load" : "llvm.masked.gather", overloads, 2,
	                                 operands, 4);
	mark(e, load, a->invariant);
	return load;
}

static struct value load(struct emitter *e, struct access a)
{
	LLVMTypeRef vector = oj_type_lanes(a.element, e->width);
	if (a.lanes) {
		a.at = oj_value_scale(e, a.at, e->width);
		return oj_value(plain_load(e, a, vector, 0), e->width > 1);
	}
	if (oj_value_uniform(a.at) || e->width == 1)
		return oj_value(plain_load(e, a, a.element, 0), false);
	if (e->mask || a.at.lanes || (a.at.step != 1 && a.at.step != -1))
		return oj_value(masked_load(e, &a, vector), true);
	if (a.at.step == 1)
		return oj_value(plain_load(e, a, vector, 0), true);
	return oj_value(reversed(e, plain_load(e, a, vector, e->width - 1)), true);
}

struct value oj_emit_load(struct emitter *e, const struct step *step)
{
	const struct node *n = oj_node(&e->space->graph, step->node);
	const struct array *array = &e->space->arrays.at[n->ref.id];
	struct access a = {
		.element = e->real,
		.origin = oj_emit_field(e, role_field[array->role]),
		.at = element_at(e, array->rank, array->base, array->extent, array->offset,
		                 e->plan->operands.at + step->operands),
		.lanes = !is_shared(e, array->role),
		.invariant = is_input(e, array->role),
	};
	return load(e, a);
}

struct value oj_emit_table(struct emitter *e, const struct step *step)
{
	const struct node *n = oj_node(&e->space->graph, step->node);
	const struct table *table = &e->space->tables.at[n->ref.id];
	struct access a = {
		.element = e->half,
		.origin = oj_emit_field(e, offsetof(struct kernel_args, tables)),
		.at = element_at(e, table->rank, table->base, table->extent, table->offset,
		                 e->plan->operands.at + step->operands),
		.invariant = true,
	};
	struct value entry = load(e, a);
	LLVMTypeRef type = oj_type_lanes(e->word, entry.lanes ? e->width : 1);
	LLVMValueRef wide = LLVMBuildSExt(e->builder, entry.base, type, "");
	return entry.lanes ? oj_value(wide, true) : oj_value_integer(wide, 0, 0);
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

static void plain_store(struct emitter *e, struct access a, LLVMValueRef value, int64_t back)
{
	a.at.offset -= back;
	LLVMValueRef store = LLVMBuildStore(e->builder, value, address_of(e, &a, false));
	LLVMSetAlignment(store, 8);
	LLVMSetMetadata(store, e->noalias, e->loads_scope);
}

/* Lane by lane, in the order of lanes. */
static void scatter(struct emitter *e, const struct access *a, LLVMValueRef vector)
{
	for (int l = 0; l < e->width; l++) {
		struct access one = *a;
		if (a->at.lanes)
			one.at = oj_value_integer(oj_extract_lanes(e, a->at.base, l, 1), 0, 0);
		else
			one.at.offset += a->at.step * l;
		plain_store(e, one, oj_extract_lanes(e, vector, l, 1), 0);
	}
}

ojit_status oj_emit_store(struct emitter *e, const struct store *store, const uint32_t *operands)
{
	const struct array *array = &e->space->arrays.at[store->array];
	struct value value = e->slots[operands[0]];
	struct access a = {
		.element = e->real,
		.origin = oj_emit_field(e, role_field[array->role]),
		.at = element_at(e, array->rank, array->base, array->extent, array->offset, operands + 1),
		.lanes = !is_shared(e, array->role),
	};
	if (e->target->axis == LANES_ENSEMBLE && !a.lanes && value.lanes)
		return oj_fail(e->error, OJIT_ARGUMENT,
		               "array '%s' is shared by all lanes, but its values differ between them; "
		               "give every lane its own copy", array->name);
	if (a.lanes) {
		a.at = oj_value_scale(e, a.at, e->width);
		plain_store(e, a, oj_value_vector(e, value), 0);
	} else if (e->width == 1 || (oj_value_uniform(a.at) && !value.lanes)) {
		plain_store(e, a, value.base, 0);
	} else if (!a.at.lanes && a.at.step == 1) {
		plain_store(e, a, oj_value_vector(e, value), 0);
	} else if (!a.at.lanes && a.at.step == -1) {
		plain_store(e, a, reversed(e, oj_value_vector(e, value)), e->width - 1);
	} else {
		scatter(e, &a, oj_value_vector(e, value));
	}
	return OJIT_OK;
}
