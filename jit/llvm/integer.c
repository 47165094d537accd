/* Subscripts, ranges, and conditions on indices.
 *
 * Constants and even steps between lanes stay outside of LLVM's values as long as
 * they can: u[i-1], u[i] and u[i+1] are then one index with three displacements,
 * and a lane index is a scalar.  Bits are not at stake here, integers are exact. */
#include "jit/llvm/emitter.h"

struct value oj_value_scale(struct emitter *e, struct value a, int64_t factor)
{
	if (a.lanes)
		return oj_value(LLVMBuildMul(e->builder, a.base, oj_splat(e, oj_word(e, factor), e->width), ""), true);
	LLVMValueRef base = a.base;
	if (base && factor != 1)
		base = LLVMBuildMul(e->builder, base, oj_word(e, factor), "");
	return oj_value_integer(base, a.offset * factor, a.step * factor);
}

struct value oj_value_add(struct emitter *e, struct value a, struct value b)
{
	if (a.lanes || b.lanes)
		return oj_value(LLVMBuildAdd(e->builder, oj_value_vector(e, a), oj_value_vector(e, b), ""), true);
	LLVMValueRef base = a.base ? a.base : b.base;
	if (a.base && b.base)
		base = LLVMBuildAdd(e->builder, a.base, b.base, "");
	return oj_value_integer(base, a.offset + b.offset, a.step + b.step);
}

static struct value emit_affine(struct emitter *e, const struct node *n, const struct step *step)
{
	const int64_t *c = e->space->graph.coefficients.at + n->ref.id;
	struct value sum = oj_value_integer(NULL, c[0], 0);
	for (uint32_t i = 0; i < n->arity; i++)
		sum = oj_value_add(e, sum, oj_value_scale(e, *oj_operand(e, step, i), c[1 + i]));
	return sum;
}

/* a floor-mod n of a scalar or a vector. */
static LLVMValueRef floor_mod(struct emitter *e, LLVMValueRef a, int64_t n)
{
	LLVMValueRef count = oj_constant_of(a, oj_word(e, n), e);
	LLVMValueRef zero = LLVMConstNull(LLVMTypeOf(a));
	LLVMValueRef rest = LLVMBuildSRem(e->builder, a, count, "");
	LLVMValueRef up = LLVMBuildAdd(e->builder, rest, count, "");
	LLVMValueRef low = LLVMBuildICmp(e->builder, LLVMIntSLT, rest, zero, "");
	return LLVMBuildSelect(e->builder, low, up, rest, "");
}

/* Lanes that grow evenly by less than n leave 0 .. n-1 at most once: a division in
 * one lane, a comparison in the others. */
static LLVMValueRef floor_mod_even(struct emitter *e, struct value a, int64_t n)
{
	LLVMValueRef first = floor_mod(e, oj_value_scalar(e, a), n);
	LLVMValueRef lanes = LLVMBuildAdd(e->builder, oj_splat(e, first, e->width), oj_ramp(e, a.step, e->width), "");
	LLVMValueRef count = oj_splat(e, oj_word(e, n), e->width);
	LLVMValueRef out, back;
	if (a.step > 0) {
		out = LLVMBuildICmp(e->builder, LLVMIntSGE, lanes, count, "");
		back = LLVMBuildSub(e->builder, lanes, count, "");
	} else {
		out = LLVMBuildICmp(e->builder, LLVMIntSLT, lanes, LLVMConstNull(LLVMTypeOf(lanes)), "");
		back = LLVMBuildAdd(e->builder, lanes, count, "");
	}
	return LLVMBuildSelect(e->builder, out, back, lanes, "");
}

static struct value emit_wrap(struct emitter *e, const struct node *n, struct value a)
{
	int64_t lo = e->space->graph.coefficients.at[n->ref.id];
	int64_t count = e->space->graph.coefficients.at[n->ref.id + 1];
	a = oj_value_add(e, a, oj_value_integer(NULL, -lo, 0));
	struct value rest;
	int64_t reach = (a.step < 0 ? -a.step : a.step);
	if (oj_value_uniform(a))
		rest = oj_value_integer(floor_mod(e, oj_value_scalar(e, a), count), 0, 0);
	else if (!a.lanes && reach < count / e->width)
		rest = oj_value(floor_mod_even(e, a, count), true);
	else
		rest = oj_value(floor_mod(e, oj_value_vector(e, a), count), true);
	return oj_value_add(e, rest, oj_value_integer(NULL, lo, 0));
}

LLVMValueRef oj_word_extreme(struct emitter *e, bool greatest, LLVMValueRef a, LLVMValueRef b)
{
	LLVMTypeRef type = LLVMTypeOf(a);
	LLVMValueRef operands[] = {a, b};
	return oj_intrinsic(e, greatest ? "llvm.smax" : "llvm.smin", &type, 1, operands, 2);
}

static struct value emit_extreme(struct emitter *e, bool greatest, struct value a, struct value b)
{
	if (!a.lanes && !b.lanes && a.step == b.step) {
		LLVMValueRef base = oj_word_extreme(e, greatest, oj_value_scalar(e, a), oj_value_scalar(e, b));
		return oj_value_integer(base, 0, a.step);
	}
	return oj_value(oj_word_extreme(e, greatest, oj_value_vector(e, a), oj_value_vector(e, b)), true);
}

static struct value emit_plain(struct emitter *e, const struct node *n, const struct step *step)
{
	switch ((enum op)n->op) {
	case OP_INTEGER:
		return oj_value_integer(NULL, n->integer, 0);
	case OP_AFFINE:
		return emit_affine(e, n, step);
	case OP_WRAP:
		return emit_wrap(e, n, *oj_operand(e, step, 0));
	default:
		return emit_extreme(e, n->op == OP_IMAX, *oj_operand(e, step, 0), *oj_operand(e, step, 1));
	}
}

/* The least or greatest value that an affine integer can have; false: it is not known. */
static bool affine_end(struct emitter *e, const struct node *n, const struct step *step, bool greatest,
                       int64_t *value)
{
	const int64_t *c = e->space->graph.coefficients.at + n->ref.id;
	*value = c[0];
	for (uint32_t i = 0; i < n->arity; i++) {
		const struct value *o = oj_operand(e, step, i);
		int64_t product, end = (c[1 + i] > 0) == greatest ? o->greatest : o->least;
		if (end == INT64_MIN || end == INT64_MAX || __builtin_mul_overflow(c[1 + i], end, &product) ||
		    __builtin_add_overflow(*value, product, value))
			return false;
	}
	return true;
}

static bool find_bounds(struct emitter *e, const struct node *n, const struct step *step, int64_t *least,
                        int64_t *greatest)
{
	if (n->op == OP_AFFINE)
		return affine_end(e, n, step, false, least) && affine_end(e, n, step, true, greatest);
	if (n->op == OP_INTEGER || n->op == OP_WRAP) {
		const int64_t *c = e->space->graph.coefficients.at + n->ref.id;
		*least = n->op == OP_INTEGER ? n->integer : c[0];
		*greatest = n->op == OP_INTEGER ? n->integer : c[0] + c[1] - 1;
		return true;
	}
	struct value a = *oj_operand(e, step, 0), b = *oj_operand(e, step, 1);
	bool most = n->op == OP_IMAX;
	const ojit_expr *o = oj_operands(&e->space->graph, step->node);
	int64_t half, rest;
	*least = (a.least > b.least) == most ? a.least : b.least;
	*greatest = (a.greatest > b.greatest) == most ? a.greatest : b.greatest;
	if (oj_mirrored(&e->space->graph, o[0], o[1], &half, &rest)) {
		*least = most && *least < half ? half : *least;
		*greatest = !most && *greatest > rest ? rest : *greatest;
	}
	return true;
}

static bool is_small(int64_t least, int64_t greatest)
{
	return least >= INT32_MIN && greatest <= INT32_MAX;
}

LLVMValueRef oj_value_narrow(struct emitter *e, struct value v)
{
	if (v.lanes)
		return v.narrow;
	return LLVMBuildTrunc(e->builder, oj_value_vector(e, v), oj_type_lanes(e->half, e->width), "");
}

/* Can lanes be computed in 32 bits?  Sums can, whatever their parts, if the result fits. */
static bool has_narrow_lanes(struct emitter *e, const struct node *n, const struct step *step)
{
	bool lanes = false;
	for (uint32_t i = 0; i < n->arity; i++) {
		const struct value *o = oj_operand(e, step, i);
		if (o->lanes ? !o->narrow : n->op != OP_AFFINE && !is_small(o->least, o->greatest))
			return false;
		lanes = lanes || o->lanes;
	}
	return lanes && (n->op == OP_AFFINE || n->op == OP_IMIN || n->op == OP_IMAX);
}

static LLVMValueRef narrow_constant(struct emitter *e, int64_t value)
{
	return oj_splat(e, LLVMConstInt(e->half, (uint32_t)value, false), e->width);
}

static LLVMValueRef narrow_sum(struct emitter *e, const struct node *n, const struct step *step)
{
	const int64_t *c = e->space->graph.coefficients.at + n->ref.id;
	LLVMValueRef sum = narrow_constant(e, c[0]);
	for (uint32_t i = 0; i < n->arity; i++) {
		LLVMValueRef part = oj_value_narrow(e, *oj_operand(e, step, i));
		if (c[1 + i] != 1 && c[1 + i] != -1)
			part = LLVMBuildMul(e->builder, part, narrow_constant(e, c[1 + i]), "");
		sum = c[1 + i] == -1 ? LLVMBuildSub(e->builder, sum, part, "") : LLVMBuildAdd(e->builder, sum, part, "");
	}
	return sum;
}

static struct value emit_narrow(struct emitter *e, const struct node *n, const struct step *step)
{
	LLVMValueRef narrow;
	if (n->op == OP_AFFINE) {
		narrow = narrow_sum(e, n, step);
	} else {
		LLVMValueRef a = oj_value_narrow(e, *oj_operand(e, step, 0));
		LLVMValueRef b = oj_value_narrow(e, *oj_operand(e, step, 1));
		narrow = oj_word_extreme(e, n->op == OP_IMAX, a, b);
	}
	struct value v = oj_value(LLVMBuildSExt(e->builder, narrow, oj_type_lanes(e->word, e->width), ""), true);
	v.narrow = narrow;
	return v;
}

struct value oj_emit_integer(struct emitter *e, const struct step *step)
{
	const struct node *n = oj_node(&e->space->graph, step->node);
	int64_t least, greatest;
	if (n->op == OP_INDEX)
		return e->index[n->integer];
	if (n->op == OP_TABLE)
		return oj_emit_table(e, step);
	if (!find_bounds(e, n, step, &least, &greatest))
		return emit_plain(e, n, step);
	bool narrow = is_small(least, greatest) && has_narrow_lanes(e, n, step);
	return oj_value_within(narrow ? emit_narrow(e, n, step) : emit_plain(e, n, step), least, greatest);
}

struct value oj_emit_comparison(struct emitter *e, const struct step *step)
{
	struct value a = *oj_operand(e, step, 0), b = *oj_operand(e, step, 1);
	enum op op = oj_node(&e->space->graph, step->node)->op;
	LLVMIntPredicate predicate = op == OP_ILT ? LLVMIntSLT : op == OP_ILE ? LLVMIntSLE
	                           : op == OP_IEQ ? LLVMIntEQ : LLVMIntNE;
	bool lanes = a.lanes || b.lanes || a.step != b.step;
	if ((a.lanes || b.lanes) && is_small(a.least, a.greatest) && is_small(b.least, b.greatest) &&
	    (!a.lanes || a.narrow) && (!b.lanes || b.narrow)) {
		LLVMValueRef left = oj_value_narrow(e, a), right = oj_value_narrow(e, b);
		return oj_value(LLVMBuildICmp(e->builder, predicate, left, right, ""), true);
	}
	LLVMValueRef left = lanes ? oj_value_vector(e, a) : oj_value_scalar(e, a);
	LLVMValueRef right = lanes ? oj_value_vector(e, b) : oj_value_scalar(e, b);
	return oj_value(LLVMBuildICmp(e->builder, predicate, left, right, ""), lanes);
}

/* Even lanes: the first is converted, the others are sums of integers below 2^53
 * and so exact. */
struct value oj_emit_itof(struct emitter *e, struct value a)
{
	if (a.lanes) {
		LLVMTypeRef type = oj_type_lanes(e->real, e->width);
		return oj_value(LLVMBuildSIToFP(e->builder, a.base, type, ""), true);
	}
	LLVMValueRef first = LLVMBuildSIToFP(e->builder, oj_value_scalar(e, a), e->real, "");
	if (a.step == 0 || e->width == 1)
		return oj_value(first, false);
	LLVMValueRef lanes[PARTIALS];
	for (int l = 0; l < e->width; l++)
		lanes[l] = LLVMConstReal(e->real, (double)(a.step * l));
	LLVMValueRef ramp = LLVMConstVector(lanes, (unsigned)e->width);
	return oj_value(LLVMBuildFAdd(e->builder, oj_splat(e, first, e->width), ramp, ""), true);
}
