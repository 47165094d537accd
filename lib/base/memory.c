/* See memory.h.  Counters are atomics with relaxed order: they are read for
 * totals, never to order anything. */
#include "lib/base/memory.h"

#include <stdlib.h>
#include <string.h>

static void *heap_allocate(void *user, size_t size)
{
	(void)user;
	return malloc(size);
}

static void heap_release(void *user, void *memory, size_t size)
{
	(void)user, (void)size;
	free(memory);
}

ojit_context *ojit_context_new(const ojit_allocator *allocator)
{
	const ojit_allocator heap = {heap_allocate, heap_release, NULL};
	if (!allocator)
		allocator = &heap;
	ojit_context *context = allocator->allocate(allocator->user, sizeof *context);
	if (!context)
		return NULL;
	memset(context, 0, sizeof *context);
	context->allocator = *allocator;
	atomic_flag_clear(&context->modules_lock);
	return context;
}

void ojit_context_free(ojit_context *context)
{
	if (!context)
		return;
	ojit_allocator allocator = context->allocator;
	allocator.release(allocator.user, context, sizeof *context);
}

ojit_counters ojit_context_counters(const ojit_context *context)
{
	return (ojit_counters){
		.allocations = atomic_load_explicit(&context->allocations, memory_order_relaxed),
		.live_bytes = atomic_load_explicit(&context->live_bytes, memory_order_relaxed),
		.compiles = atomic_load_explicit(&context->compiles, memory_order_relaxed),
		.live_code = atomic_load_explicit(&context->live_code, memory_order_relaxed),
	};
}

void *oj_memory_get(ojit_context *context, size_t size)
{
	if (size == 0)
		return NULL;
	atomic_fetch_add_explicit(&context->allocations, 1, memory_order_relaxed);
	void *memory = context->allocator.allocate(context->allocator.user, size);
	if (memory)
		atomic_fetch_add_explicit(&context->live_bytes, size, memory_order_relaxed);
	return memory;
}

void oj_memory_put(ojit_context *context, void *memory, size_t size)
{
	if (!memory)
		return;
	atomic_fetch_sub_explicit(&context->live_bytes, size, memory_order_relaxed);
	context->allocator.release(context->allocator.user, memory, size);
}

void *oj_memory_resize(ojit_context *context, void *memory, size_t old, size_t size)
{
	void *fresh = oj_memory_get(context, size);
	if (!fresh)
		return NULL;
	if (memory)
		memcpy(fresh, memory, old < size ? old : size);
	oj_memory_put(context, memory, old);
	return fresh;
}

bool oj_vector_reserve(ojit_context *context, void **at, size_t *room, size_t total, size_t size)
{
	if (total > SIZE_MAX / size)
		return false;
	void *fresh = oj_memory_resize(context, *at, *room * size, total * size);
	if (!fresh)
		return false;
	*at = fresh;
	*room = total;
	return true;
}

enum { LARGE = 1 << 16 }; /* bytes; from here on room is left more sparingly */

bool oj_vector_grow(ojit_context *context, void **at, size_t *room, size_t need, size_t size)
{
	size_t total = *room * size < LARGE ? *room * 2 : *room + *room / 2;
	if (*room == 0)
		total = size <= 8 ? 8 : size <= 16 ? 4 : 1; /* most blocks store one value, most plans have one loop */
	return oj_vector_reserve(context, at, room, total < need ? need : total, size);
}

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used; /* bytes after this header, used from the front */
	size_t end;        /* strings, which need no alignment, are used from here on */
};

enum { ALIGNMENT = 16, HEADER = (sizeof(struct arena_chunk) + ALIGNMENT - 1) & ~(ALIGNMENT - 1) };

void oj_arena_init(struct arena *arena, ojit_context *context)
{
	*arena = (struct arena){.context = context, .chunk_size = 4096};
}

void oj_arena_drop(struct arena *arena)
{
	for (struct arena_chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
		next = chunk->next;
		oj_memory_put(arena->context, chunk, HEADER + chunk->size);
	}
	arena->chunks = NULL;
	arena->failed = false;
}

static struct arena_chunk *add_chunk(struct arena *arena, size_t size)
{
	size_t room = arena->chunk_size > size ? arena->chunk_size : size;
	struct arena_chunk *chunk = oj_memory_get(arena->context, HEADER + room);
	if (!chunk) {
		arena->failed = true;
		return NULL;
	}
	*chunk = (struct arena_chunk){.next = arena->chunks, .size = room, .end = room};
	arena->chunks = chunk;
	if (arena->chunk_size < (size_t)1 << 20)
		arena->chunk_size *= 2;
	return chunk;
}

void *oj_arena_get(struct arena *arena, size_t size)
{
	if (size > SIZE_MAX / 2) {
		arena->failed = true;
		return NULL;
	}
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (size == 0)
		size = ALIGNMENT;
	struct arena_chunk *chunk = arena->chunks;
	if (!chunk || chunk->end - chunk->used < size)
		chunk = add_chunk(arena, size);
	if (!chunk)
		return NULL;
	void *memory = (char *)chunk + HEADER + chunk->used;
	chunk->used += size;
	return memory;
}

void *oj_arena_zeroed(struct arena *arena, size_t size)
{
	void *memory = oj_arena_get(arena, size);
	if (memory)
		memset(memory, 0, size);
	return memory;
}

char *oj_arena_string(struct arena *arena, const char *text, size_t length)
{
	struct arena_chunk *chunk = arena->chunks;
	if (length > SIZE_MAX / 2) {
		arena->failed = true;
		return NULL;
	}
	if (!chunk || chunk->end - chunk->used <= length)
		chunk = add_chunk(arena, length + 1);
	if (!chunk)
		return NULL;
	chunk->end -= length + 1;
	char *copy = (char *)chunk + HEADER + chunk->end;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

bool oj_vector_append(ojit_context *context, void **at, size_t *count, size_t *room, const void *from,
                      size_t more, size_t size)
{
	if (more == 0)
		return true;
	if (*room - *count < more && !oj_vector_grow(context, at, room, *count + more, size))
		return false;
	memcpy((char *)*at + *count * size, from, more * size);
	*count += more;
	return true;
}
