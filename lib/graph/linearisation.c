/* See linearisation.h. */
#include "lib/graph/linearisation.h"

#include <string.h>

/* Bit 0: `program` stores to the array, bit 1: `made` does so. */
static void mark(unsigned char *stored, const struct program *program, unsigned char bit)
{
	for (size_t b = 0; b < program->blocks.count; b++)
		for (size_t s = 0; s < program->blocks.at[b].stores.count; s++)
			stored[program->blocks.at[b].stores.at[s].array] |= bit;
}

/* Drop what is there already: `made` has copies of the intermediates that it reads. */
static void drop_copies(struct block *block, const unsigned char *stored)
{
	size_t kept = 0;
	for (size_t s = 0; s < block->stores.count; s++)
		if (!(stored[block->stores.at[s].array] & 1))
			block->stores.at[kept++] = block->stores.at[s];
	block->stores.count = kept;
}

static bool append(struct program *program, struct program *from)
{
	for (size_t b = 0; b < from->blocks.count; b++) {
		struct block *block = &from->blocks.at[b];
		struct block *copy = oj_program_block(program, block->rank, block->lo, block->end, block->origin);
		if (!copy)
			return false;
		copy->stores.at = block->stores.at;
		copy->stores.count = block->stores.count;
		copy->stores.room = block->stores.room;
		block->stores.at = NULL;
		block->stores.count = block->stores.room = 0;
	}
	return true;
}

static bool join(struct program *made, const struct program *program, int64_t rows, unsigned char *stored)
{
	struct space *space = made->space;
	struct program joined;
	mark(stored, program, 1);
	mark(stored, made, 2);
	for (size_t a = 0; a < space->arrays.count; a++)
		if (stored[a] == 2 && space->arrays.at[a].role == ROLE_OUT)
			space->arrays.at[a].offset += rows;
	for (size_t b = 0; b < made->blocks.count; b++)
		drop_copies(&made->blocks.at[b], stored);
	bool ok = oj_program_copy(&joined, program, space) == OJIT_OK && append(&joined, made);
	if (ok) {
		joined.kind = made->kind;
		oj_program_drop(made);
		*made = joined;
		return oj_program_layout(made) == OJIT_OK;
	}
	oj_program_drop(&joined);
	return false;
}

ojit_status oj_linearisation_program(struct program *made, const struct program *program, int64_t rows,
                                     struct oj_error *error)
{
	size_t size = made->space->arrays.count + 1;
	unsigned char *stored = oj_memory_get(made->space->context, size);
	if (stored)
		memset(stored, 0, size);
	bool ok = stored && join(made, program, rows, stored);
	oj_memory_put(made->space->context, stored, size);
	return ok ? OJIT_OK : oj_fail_memory(error);
}
