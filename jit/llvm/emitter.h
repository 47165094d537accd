/* What the emitter's files share: the state of one translation, and values.
 *
 * A value is what a slot of a plan holds.  Outside of lanes it is a scalar.  In
 * lanes it is one number a lane: a vector, or, as long as it is an integer that
 * grows evenly from lane to lane, still a scalar with the step between lanes.
 * That is what tells a contiguous load from a gather.
 *
 *   emit.c       a module: functions of blocks, and the entry
 *   region.c     a block: regions and steps in the plan's order, box loops
 *   reduction.c  reduction loops
 *   loop.c       one LLVM loop
 *   value.c      scalars, lanes and what is between
 *   integer.c    subscripts, ranges, conditions on indices
 *   access.c     loads and stores
 *   stride.c     those whose lanes are a few elements apart
 *   shuffle.c    those whose lanes are known when compiling
 *   arithmetic.c numbers and truth
 *   call.c       functions of lib/math
 *
 * Nothing here decides an order of computation: that is the plan's.  Nothing here
 * grants LLVM any freedom with floating point: no fast-math flag is ever set. */
#ifndef OJ_LLVM_EMITTER_H
#define OJ_LLVM_EMITTER_H

#include "jit/backend.h"
#include "jit/llvm/cut.h"
#include "jit/llvm/machine.h"
#include "lib/graph/plan.h"

#include <llvm-c/Core.h>

enum { PARTIALS = 8 }; /* of a TREE8 reduction */

struct value {
	LLVMValueRef base;    /* a vector where `lanes`; NULL: the integer 0 */
	LLVMValueRef negated; /* numbers: what `base` is the negative of, or NULL */
	LLVMValueRef narrow;  /* lanes of integers: `base` in 32 bits, which all of them fit, or NULL */
	int64_t offset, step; /* integers with a scalar base: base + offset + step * lane */
	int64_t least, greatest; /* integers in slots and indices: in any lane, also one that
	                          * does not count, in any turn of the loops around */
	bool lanes;
	const struct step *later; /* of a slot: put off, to be emitted by this step; or NULL */
};

/* How one array or table is to be moved. */
struct access {
	LLVMTypeRef element;
	LLVMValueRef origin;     /* pointer to the vector it lives in */
	struct value at;         /* element there */
	int64_t shift;           /* more elements, where that has lanes */
	int64_t first, end;      /* of the array in that vector */
	int64_t least, greatest; /* elements that `at` can name; any that are in the array, if `inside` */
	bool inside;             /* no lane of any turn leaves the array, also one that does not count */
	bool lanes;              /* ENSEMBLE: one copy a lane */
	bool invariant;
};

struct waiting { /* a store */
	const struct store *store;
	struct access access;
	struct value value;
};

struct emitter {
	ojit_context *context;
	struct oj_error *error;
	const struct target *target;
	const struct machine *machine;
	const struct cut *cut;
	const struct space *space;
	int kind; /* of the program */

	LLVMContextRef llvm;
	LLVMModuleRef module;
	LLVMBuilderRef builder;
	LLVMTypeRef real, word, half, truth, pointer, nothing; /* double, i64, i32, i1 */
	LLVMTypeRef kernel;                                    /* void (ptr) */
	unsigned invariant, scope, noalias;                    /* kinds of metadata */
	LLVMValueRef empty_node, loads_scope;
	LLVMAttributeRef pure[3];

	/* The function at hand.  Field and import addresses are loaded once, in its
	 * first basic block, when they are first needed. */
	LLVMValueRef function;
	LLVMBasicBlockRef first, second;
	LLVMValueRef fields[sizeof(struct kernel_args) / sizeof(void *)];
	LLVMValueRef imports[OJ_MATH_COUNT][4]; /* by log2 of the lanes */

	/* The block at hand. */
	const struct plan *plan;
	struct value *slots;         /* [plan->slot_count] */
	struct value index[LEVELS];  /* of the loops around this place */
	int width;                   /* lanes here, 1 outside of lanes */
	int lane_level, lane_width;  /* of the box loop that runs in lanes, or -1 */
	LLVMValueRef mask;           /* lanes that count here; NULL: all */
	bool pairs;                  /* straight code: neighbours are stored two at a time */
	VECTOR(struct waiting) waiting;
};

/* emit.c */
ojit_status oj_emit_module(struct emitter *e, const struct program *program, uint32_t module);

/* region.c */
ojit_status oj_emit_block(struct emitter *e);
ojit_status oj_emit_steps(struct emitter *e, uint32_t region);
/* What is in a slot of the plan, and in that of an operand of a step; emitted now if it
 * was put off. */
const struct value *oj_slot(struct emitter *e, uint32_t slot);
const struct value *oj_operand(struct emitter *e, const struct step *step, uint32_t i);

/* reduction.c */
ojit_status oj_emit_reduction(struct emitter *e, uint32_t region);

/* loop.c: a loop tested at its end, with a test before it unless the first turn
 * is known to happen.  While it is open, carried values may be added. */
struct loop {
	LLVMBasicBlockRef before, body, after;
	LLVMValueRef counter, end; /* end NULL: closed by oj_loop_close_while */
	int64_t stride;
	bool guarded;
};
/* `from` and `end` are scalars; runs while counter < end. */
void oj_loop_open(struct emitter *e, struct loop *loop, LLVMValueRef from, LLVMValueRef end,
                  int64_t stride);
/* The builder moves to where the loop's predecessors end, and back. */
LLVMBasicBlockRef oj_loop_outside(struct emitter *e, const struct loop *loop);
LLVMValueRef oj_loop_carry(struct emitter *e, const struct loop *loop, LLVMValueRef initial);
void oj_loop_close(struct emitter *e, struct loop *loop);
void oj_loop_close_while(struct emitter *e, struct loop *loop, LLVMValueRef again, LLVMValueRef next);
/* After closing: give a carried value its next, and get its last. */
LLVMValueRef oj_loop_result(struct emitter *e, const struct loop *loop, LLVMValueRef carried,
                            LLVMValueRef initial, LLVMValueRef next, LLVMBasicBlockRef latch);

/* value.c */
LLVMTypeRef oj_type_lanes(LLVMTypeRef scalar, int width);
LLVMValueRef oj_splat(struct emitter *e, LLVMValueRef scalar, int width);
LLVMValueRef oj_word(struct emitter *e, int64_t value);
LLVMValueRef oj_ramp(struct emitter *e, int64_t step, int width); /* 0, step, 2 step, ... */
struct value oj_value(LLVMValueRef base, bool lanes);
struct value oj_value_integer(LLVMValueRef base, int64_t offset, int64_t step); /* of any size */
struct value oj_value_within(struct value v, int64_t least, int64_t greatest);
bool oj_value_uniform(struct value v);                 /* the same in all lanes */
LLVMValueRef oj_value_scalar(struct emitter *e, struct value v);      /* of a uniform one */
LLVMValueRef oj_value_in_lane(struct emitter *e, struct value v, int lane); /* integers, no vector */
LLVMValueRef oj_value_vector(struct emitter *e, struct value v);      /* of any; scalar at width 1 */
LLVMValueRef oj_constant_of(LLVMValueRef like, LLVMValueRef constant, struct emitter *e);
LLVMValueRef oj_intrinsic(struct emitter *e, const char *name, LLVMTypeRef *overloads, unsigned overload_count,
                          LLVMValueRef *operands, unsigned count);
/* Lanes first .. first + count - 1. */
LLVMValueRef oj_extract_lanes(struct emitter *e, LLVMValueRef vector, int first, int count);
bool oj_constant_integer(LLVMValueRef v, int64_t *value);

/* integer.c */
struct value oj_emit_integer(struct emitter *e, const struct step *step);
struct value oj_emit_comparison(struct emitter *e, const struct step *step);
struct value oj_emit_itof(struct emitter *e, struct value a);
struct value oj_value_add(struct emitter *e, struct value a, struct value b);
struct value oj_value_scale(struct emitter *e, struct value a, int64_t factor);
LLVMValueRef oj_value_narrow(struct emitter *e, struct value v); /* lanes of 32 bits */
LLVMValueRef oj_word_extreme(struct emitter *e, bool greatest, LLVMValueRef a, LLVMValueRef b);

/* access.c */
struct value oj_emit_load(struct emitter *e, const struct step *step);
struct value oj_emit_table(struct emitter *e, const struct step *step);
struct value oj_emit_time(struct emitter *e);
/* A store whose lanes are a few elements apart waits for others that store what is
 * between, at most until the end of the innermost loop of the box. */
ojit_status oj_emit_store(struct emitter *e, const struct step *step);
void oj_emit_waiting(struct emitter *e);
LLVMValueRef oj_emit_field(struct emitter *e, size_t offset); /* of struct kernel_args */
/* Neighbours in memory from element `at` of lane 0, moved by `by`. */
LLVMValueRef oj_plain_load(struct emitter *e, struct access a, LLVMTypeRef type, int64_t by);
void oj_plain_store(struct emitter *e, struct access a, LLVMValueRef value, int64_t by);

/* Lanes that `mask` leaves out are 0; NULL: none. */
LLVMValueRef oj_masked_load(struct emitter *e, const struct access *a, LLVMTypeRef type, LLVMValueRef mask);

/* shuffle.c: lanes whose places are known when compiling. */
/* [from] of a's lanes and then b's; negative: any. */
LLVMValueRef oj_shuffle(struct emitter *e, LLVMValueRef a, LLVMValueRef b, const int *from);
bool oj_places_known(const struct emitter *e, const struct access *a, int64_t *places);
/* NULL: they are too far apart. */
LLVMValueRef oj_load_places(struct emitter *e, const struct access *a, const int64_t *places);
/* Entries of a table at a place that is known. */
struct value oj_known_entries(struct emitter *e, const struct table *table, const struct access *a);

/* stride.c */
bool oj_stride_fits(const struct emitter *e, int64_t step); /* lanes these many elements apart */
LLVMValueRef oj_strided_load(struct emitter *e, const struct access *a);
/* Lanes of `count` values whose elements in turn fill an array: a->at is value 0's, whose
 * step is `count`. */
void oj_interleaved_store(struct emitter *e, const struct access *a, const LLVMValueRef *values, int count);

/* arithmetic.c */
ojit_status oj_emit_number(struct emitter *e, const struct step *step, struct value *result);
struct value oj_emit_negative(struct emitter *e, struct value a);
/* acc op term, of equal type.  `negated`: what term is the negative of, or NULL. */
LLVMValueRef oj_combine(struct emitter *e, enum reduction_kind kind, LLVMValueRef acc, LLVMValueRef term,
                        LLVMValueRef negated);

/* call.c */
struct value oj_emit_call(struct emitter *e, const struct step *step);

#endif
