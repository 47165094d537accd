/* See terms.h. */
#include "lib/model/terms.h"

ojit_status oj_forest_init(struct forest *forest, ojit_context *context)
{
	*forest = (struct forest){.context = context};
	oj_arena_init(&forest->arena, context);
	if (VECTOR_PUSH(context, &forest->terms, (struct term){.kind = TERM_NONE}) &&
	    VECTOR_PUSH(context, &forest->operands, 0) &&
	    VECTOR_PUSH(context, &forest->sources, (struct source){0}))
		return OJIT_OK;
	oj_forest_drop(forest);
	return OJIT_OUT_OF_MEMORY;
}

void oj_forest_drop(struct forest *forest)
{
	ojit_context *context = forest->context;
	VECTOR_DROP(context, &forest->terms);
	VECTOR_DROP(context, &forest->operands);
	VECTOR_DROP(context, &forest->marks);
	for (size_t s = 0; s < forest->sources.count; s++)
		oj_shared_text_drop(context, forest->sources.at[s].shared);
	VECTOR_DROP(context, &forest->sources);
	VECTOR_DROP(context, &forest->names.at);
	oj_memory_put(context, forest->names.slots, forest->names.slot_count * sizeof *forest->names.slots);
	oj_arena_drop(&forest->arena);
	*forest = (struct forest){.context = context};
}

uint32_t oj_forest_add(struct forest *forest, struct term term, uint32_t arity, const uint32_t *operands)
{
	if (forest->terms.count >= UINT32_MAX || forest->operands.count + arity >= UINT32_MAX || arity > UINT8_MAX)
		return 0;
	term.arity = (uint8_t)arity;
	if (term.kind == TERM_OP && arity <= 2) {
		term.pair[0] = operands[0];
		term.pair[1] = arity == 2 ? operands[1] : 0;
	} else if (arity == 1) {
		term.first = operands[0];
	} else if (arity) {
		term.first = (uint32_t)forest->operands.count;
		for (uint32_t i = 0; i < arity; i++)
			if (!VECTOR_PUSH(forest->context, &forest->operands, operands[i]))
				return 0;
	}
	for (uint32_t i = 0; i < arity; i++) {
		struct term *operand = &forest->terms.at[operands[i]];
		operand->uses = operand->uses ? SHARED : 1;
	}
	if (!VECTOR_PUSH(forest->context, &forest->terms, term))
		return 0;
	return (uint32_t)forest->terms.count - 1;
}
