/* From a model to programs over arrays.
 *
 * Lowering finds out what names stand for, sizes arrays, orders definitions by
 * what they need, and writes one block for each line of a definition.  References
 * to arrays become SYMBOL nodes that remember their place; pass split turns them
 * into loads and finds accesses that leave the array. */
#ifndef OJ_LOWER_H
#define OJ_LOWER_H

#include "lib/graph/program.h"
#include "lib/model/definitions.h"

struct lowered {
	struct space space;
	struct program programs[PROGRAM_KINDS]; /* KERNEL_PREPARE is left empty */
	/* What variants and derivatives are made of; left empty. */
	struct program primal, primal_outputs, primal_prepare;
	bool loopless[PROGRAM_KINDS]; /* as lowered; noted where pass roll is left out */
	/* Families tile their vector in order of offset; in the space's arena. */
	struct family *families[FAMILY_KINDS];
	size_t family_count[FAMILY_KINDS];
	int64_t lengths[FAMILY_KINDS];
	struct shared_text **texts; /* [text_count] that origins point into; in the space's arena */
	size_t text_count;
	bool has_span;
	double span[2];
	const char *method; /* NULL: not given; in the space's arena */
	double rtol, atol, until_steady, growth_limit; /* 0: not given */
	const char *nonnegative; /* names separated by commas, or "all"; NULL: not given */
	bool has_atol;
};
/* `lowered` must not be moved afterwards, and is empty after a failure.  The model
 * may be freed. */
ojit_status oj_model_lower(const ojit_model *model, struct lowered *lowered, struct oj_error *error);
void oj_lowered_drop(struct lowered *lowered);

#endif
