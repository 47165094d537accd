/* Numbers and truth, in as many lanes as their operands have.
 *
 * Every operator is the correctly rounded operation of its row, nothing is
 * contracted, and no fast-math flag is set, so that all lane counts and the
 * interpreter give the same bits.  a + (-b) is emitted as a - b, which it equals.
 *
 * Machines without instructions for rounding get it from additions of 2^52, as
 * in Hacker's Delight; LLVM would call libm, and objects call nothing. */
#include "jit/llvm/emitter.h"

typedef LLVMValueRef build_binary(LLVMBuilderRef, LLVMValueRef, LLVMValueRef, const char *);

static LLVMValueRef unary(struct emitter *e, const char *name, LLVMValueRef a)
{
	LLVMTypeRef type = LLVMTypeOf(a);
	return oj_intrinsic(e, name, &type, 1, &a, 1);
}

static LLVMValueRef binary(struct emitter *e, const char *name, LLVMValueRef a, LLVMValueRef b)
{
	LLVMTypeRef type = LLVMTypeOf(a);
	LLVMValueRef operands[] = {a, b};
	return oj_intrinsic(e, name, &type, 1, operands, 2);
}

static LLVMValueRef real(struct emitter *e, LLVMValueRef like, double value)
{
	return oj_constant_of(like, LLVMConstReal(e->real, value), e);
}

/* acc + term, where `negated` is what term is the negative of, or NULL. */
static LLVMValueRef add(struct emitter *e, LLVMValueRef acc, LLVMValueRef term, LLVMValueRef negated)
{
	return negated ? LLVMBuildFSub(e->builder, acc, negated, "") : LLVMBuildFAdd(e->builder, acc, term, "");
}

LLVMValueRef oj_combine(struct emitter *e, enum reduction_kind kind, LLVMValueRef acc, LLVMValueRef term,
                        LLVMValueRef negated)
{
	switch (kind) {
	case REDUCE_SUM:
		return add(e, acc, term, negated);
	case REDUCE_PROD:
		return LLVMBuildFMul(e->builder, acc, term, "");
	case REDUCE_MIN:
		return binary(e, "llvm.minimum", acc, term);
	case REDUCE_MAX:
		break;
	}
	return binary(e, "llvm.maximum", acc, term);
}

/* Half to even: what 2^52 added and taken away leaves; larger numbers, infinities
 * and nan are whole already. */
static LLVMValueRef round_by_addition(struct emitter *e, LLVMValueRef a)
{
	LLVMValueRef big = real(e, a, 0x1p52);
	LLVMValueRef size = unary(e, "llvm.fabs", a);
	LLVMValueRef whole = LLVMBuildFSub(e->builder, LLVMBuildFAdd(e->builder, size, big, ""), big, "");
	LLVMValueRef is_small = LLVMBuildFCmp(e->builder, LLVMRealOLT, size, big, "");
	return LLVMBuildSelect(e->builder, is_small, binary(e, "llvm.copysign", whole, a), a, "");
}

static LLVMValueRef floor_by_addition(struct emitter *e, LLVMValueRef a)
{
	LLVMValueRef nearest = round_by_addition(e, a);
	LLVMValueRef above = LLVMBuildFCmp(e->builder, LLVMRealOGT, nearest, a, "");
	LLVMValueRef excess = LLVMBuildSelect(e->builder, above, real(e, a, 1), real(e, a, 0), "");
	return LLVMBuildFSub(e->builder, nearest, excess, "");
}

static LLVMValueRef emit_rounding(struct emitter *e, enum op op, LLVMValueRef a)
{
	if (e->machine->rounding)
		return unary(e, op == OP_FLOOR ? "llvm.floor" : op == OP_CEIL ? "llvm.ceil" : "llvm.roundeven", a);
	if (op == OP_ROUND)
		return round_by_addition(e, a);
	if (op == OP_FLOOR)
		return floor_by_addition(e, a);
	LLVMValueRef minus = LLVMBuildFNeg(e->builder, a, "");
	return LLVMBuildFNeg(e->builder, floor_by_addition(e, minus), "");
}

/* Operands as LLVM values of one width. */
static void gather_operands(struct emitter *e, const struct step *step, uint32_t count, bool lanes,
                            LLVMValueRef *operands)
{
	for (uint32_t i = 0; i < count; i++) {
		struct value v = *oj_operand(e, step, i);
		operands[i] = lanes ? oj_value_vector(e, v) : v.base;
	}
}

static bool any_lanes(struct emitter *e, const struct step *step, uint32_t count)
{
	if (e->width == 1)
		return false;
	for (uint32_t i = 0; i < count; i++)
		if (oj_operand(e, step, i)->lanes)
			return true;
	return false;
}

static LLVMValueRef negated_operand(struct emitter *e, struct value v, bool lanes)
{
	if (!v.negated)
		return NULL;
	return lanes ? oj_value_vector(e, oj_value(v.negated, v.lanes)) : v.negated;
}

/* Operand `i` of a sum; of a change of sign that was put off, only what it changes. */
static struct value term(struct emitter *e, const struct step *step, uint32_t i)
{
	const struct step *later = e->slots[e->plan->operands.at[step->operands + i]].later;
	if (!later || !oj_is(&e->space->graph, later->node, OP_NEG))
		return *oj_operand(e, step, i);
	return (struct value){.negated = oj_operand(e, later, 0)->base};
}

static LLVMValueRef term_base(struct emitter *e, struct value v, bool lanes)
{
	return lanes && v.base ? oj_value_vector(e, v) : v.base;
}

static LLVMValueRef emit_sum(struct emitter *e, const struct step *step, uint32_t count, bool lanes)
{
	struct value first = term(e, step, 0), second = term(e, step, 1);
	LLVMValueRef sum;
	if (first.negated && !second.negated) {
		sum = LLVMBuildFSub(e->builder, term_base(e, second, lanes), negated_operand(e, first, lanes), "");
	} else {
		LLVMValueRef acc = term_base(e, first.base ? first : *oj_operand(e, step, 0), lanes);
		sum = add(e, acc, term_base(e, second, lanes), negated_operand(e, second, lanes));
	}
	for (uint32_t i = 2; i < count; i++) {
		struct value v = term(e, step, i);
		sum = add(e, sum, term_base(e, v, lanes), negated_operand(e, v, lanes));
	}
	return sum;
}

static LLVMValueRef emit_product(struct emitter *e, const struct step *step, uint32_t count, bool lanes)
{
	LLVMValueRef product = NULL;
	for (uint32_t i = 0; i < count; i++) {
		struct value v = *oj_operand(e, step, i);
		LLVMValueRef factor = lanes ? oj_value_vector(e, v) : v.base;
		product = product ? LLVMBuildFMul(e->builder, product, factor, "") : factor;
	}
	return product;
}

static LLVMValueRef emit_truth(struct emitter *e, enum op op, const LLVMValueRef *o)
{
	switch (op) {
	case OP_LT:
		return LLVMBuildFCmp(e->builder, LLVMRealOLT, o[0], o[1], "");
	case OP_LE:
		return LLVMBuildFCmp(e->builder, LLVMRealOLE, o[0], o[1], "");
	case OP_EQ:
		return LLVMBuildFCmp(e->builder, LLVMRealOEQ, o[0], o[1], "");
	case OP_NE:
		return LLVMBuildFCmp(e->builder, LLVMRealUNE, o[0], o[1], "");
	case OP_AND:
		return LLVMBuildAnd(e->builder, o[0], o[1], "");
	case OP_OR:
		return LLVMBuildOr(e->builder, o[0], o[1], "");
	default:
		return LLVMBuildNot(e->builder, o[0], "");
	}
}

static LLVMValueRef emit_fixed(struct emitter *e, enum op op, LLVMValueRef *o)
{
	LLVMTypeRef type = LLVMTypeOf(o[0]);
	switch (op) {
	case OP_DIV:
		return LLVMBuildFDiv(e->builder, o[0], o[1], "");
	case OP_FMA:
		return oj_intrinsic(e, "llvm.fma", &type, 1, o, 3);
	case OP_SQRT:
		return unary(e, "llvm.sqrt", o[0]);
	case OP_ABS:
		return unary(e, "llvm.fabs", o[0]);
	case OP_FLOOR:
	case OP_CEIL:
	case OP_ROUND:
		return emit_rounding(e, op, o[0]);
	case OP_MIN:
		return binary(e, "llvm.minimum", o[0], o[1]);
	case OP_MAX:
		return binary(e, "llvm.maximum", o[0], o[1]);
	default:
		return emit_truth(e, op, o);
	}
}

/* A condition that is the same in all lanes picks whole vectors. */
/* -a where the condition holds, else a: a change of the sign bit, where a choice between
 * two numbers would be a jump, or several instructions a vector. */
static LLVMValueRef change_sign(struct emitter *e, LLVMValueRef condition, LLVMValueRef a)
{
	LLVMTypeRef real = LLVMTypeOf(a);
	bool lanes = LLVMGetTypeKind(real) == LLVMVectorTypeKind;
	LLVMTypeRef word = oj_type_lanes(e->word, lanes ? (int)LLVMGetVectorSize(real) : 1);
	LLVMValueRef all = LLVMBuildSExt(e->builder, condition, word, "");
	LLVMValueRef sign = LLVMBuildAnd(e->builder, all, oj_constant_of(a, oj_word(e, INT64_MIN), e), "");
	LLVMValueRef bits = LLVMBuildBitCast(e->builder, a, word, "");
	bits = LLVMBuildXor(e->builder, bits, sign, "");
	return LLVMBuildBitCast(e->builder, bits, real, "");
}

static struct value emit_if(struct emitter *e, const struct step *step)
{
	struct value condition = *oj_operand(e, step, 0);
	struct value yes = *oj_operand(e, step, 1), no = *oj_operand(e, step, 2);
	bool lanes = condition.lanes || yes.lanes || no.lanes;
	bool masks = e->machine->registers >= 8; /* choosing between lanes costs nothing then */
	if (yes.negated && yes.negated == no.base && (!lanes || (!masks && condition.lanes && no.lanes)))
		return oj_value(change_sign(e, condition.base, no.base), lanes);
	LLVMValueRef a = lanes ? oj_value_vector(e, yes) : yes.base;
	LLVMValueRef b = lanes ? oj_value_vector(e, no) : no.base;
	return oj_value(LLVMBuildSelect(e->builder, condition.base, a, b, ""), lanes);
}

/* Without optimisation LLVM changes the sign of a number in an integer register; -0 - x is
 * one instruction and the same bits. */
static LLVMValueRef negative(struct emitter *e, struct value a)
{
	if (e->target->level || a.lanes)
		return LLVMBuildFNeg(e->builder, a.base, "");
	return LLVMBuildFSub(e->builder, LLVMConstReal(e->real, -0.0), a.base, "");
}

struct value oj_emit_negative(struct emitter *e, struct value a)
{
	struct value result = oj_value(negative(e, a), a.lanes);
	result.negated = a.base;
	return result;
}

static struct value emit_instruction(struct emitter *e, const struct step *step, const struct node *n)
{
	bool lanes = any_lanes(e, step, n->arity);
	if (n->op == OP_ADD && n->arity > 1)
		return oj_value(emit_sum(e, step, n->arity, lanes), lanes);
	if (n->op == OP_ADD || n->op == OP_MUL)
		return oj_value(emit_product(e, step, n->arity, lanes), lanes);
	LLVMValueRef operands[3] = {0};
	gather_operands(e, step, n->arity, lanes, operands);
	return oj_value(emit_fixed(e, n->op, operands), lanes);
}

ojit_status oj_emit_number(struct emitter *e, const struct step *step, struct value *result)
{
	const struct node *n = oj_node(&e->space->graph, step->node);
	switch ((enum op)n->op) {
	case OP_LITERAL:
		*result = oj_value(LLVMConstReal(e->real, n->real), false);
		return OJIT_OK;
	case OP_TRUE:
	case OP_FALSE:
		*result = oj_value(LLVMConstInt(e->truth, n->op == OP_TRUE, false), false);
		return OJIT_OK;
	case OP_IF:
		*result = emit_if(e, step);
		return OJIT_OK;
	case OP_NEG:
		*result = oj_emit_negative(e, *oj_operand(e, step, 0));
		return OJIT_OK;
	case OP_FMA:
		if (!e->machine->fma)
			return oj_fail(e->error, OJIT_UNSUPPORTED,
			               "the target has no fused multiply-add, which operator 'fma' needs; "
			               "compile without fma or for a processor that has it");
		break;
	default:
		break;
	}
	*result = emit_instruction(e, step, n);
	return OJIT_OK;
}
