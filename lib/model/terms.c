/* See terms.h. */
#include "lib/model/terms.h"

#include <string.h>

ojit_status oj_forest_init(struct forest *forest, ojit_context *context)
{
	*forest = (struct forest){.context = context};
	oj_arena_init(&forest->arena, context);
	if (VECTOR_PUSH(context, &forest->terms, (struct term){.kind = TERM_NONE}) &&
	    VECTOR_PUSH(context, &forest->operands, 0) &&
	    VECTOR_PUSH(context, &forest->places, (struct place){0}) &&
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
	VECTOR_DROP(context, &forest->places);
	VECTOR_DROP(context, &forest->sources);
	VECTOR_DROP(context, &forest->names.at);
	oj_memory_put(context, forest->names.slots, forest->names.slot_count * sizeof *forest->names.slots);
	oj_arena_drop(&forest->arena);
	*forest = (struct forest){.context = context};
}

uint32_t oj_forest_add(struct forest *forest, struct term term, uint32_t arity, const uint32_t *operands)
{
	if (forest->terms.count >= UINT32_MAX || forest->operands.count + arity >= UINT32_MAX)
		return 0;
	term.arity = arity;
	term.first = (uint32_t)forest->operands.count;
	for (uint32_t i = 0; i < arity; i++)
		if (!VECTOR_PUSH(forest->context, &forest->operands, operands[i]))
			return 0;
	for (uint32_t i = 0; i < arity; i++)
		forest->terms.at[operands[i]].uses++;
	if (!VECTOR_PUSH(forest->context, &forest->terms, term))
		return 0;
	return (uint32_t)forest->terms.count - 1;
}

uint32_t oj_forest_place(struct forest *forest, const struct place *place)
{
	struct place *last = &forest->places.at[forest->places.count - 1];
	if (forest->places.count > 1 && memcmp(last, place, sizeof *last) == 0)
		return (uint32_t)forest->places.count - 1;
	if (!VECTOR_PUSH(forest->context, &forest->places, *place)) {
		forest->failed = true;
		return 0;
	}
	return (uint32_t)forest->places.count - 1;
}

uint32_t oj_forest_source(struct forest *forest, const char *file, const char *text, size_t length)
{
	struct source source = {0};
	if (file && file[0] && !(source.file = oj_arena_string(&forest->arena, file, strlen(file))))
		return 0;
	if (text && !(source.text = oj_arena_string(&forest->arena, text, length)))
		return 0;
	if (!VECTOR_PUSH(forest->context, &forest->sources, source))
		return 0;
	return (uint32_t)forest->sources.count - 1;
}

struct origin oj_forest_origin(const struct forest *forest, uint32_t place)
{
	const struct place *p = &forest->places.at[place];
	const struct source *s = &forest->sources.at[p->source];
	return (struct origin){
		.file = s->file,
		.source = s->text ? s->text + p->start : NULL,
		.line = (int)p->line,
		.column = (int)p->column,
		.length = (int)p->length,
	};
}
