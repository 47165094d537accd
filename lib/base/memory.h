/* Memory: a context's allocator with counters, and arenas on top of it.
 *
 * Everything ojit allocates goes through memory_get, so that a test can make
 * every single allocation fail once.  A graph, a compile and a model each own
 * one arena and free it whole; nothing inside is freed alone. */
#ifndef OJ_MEMORY_H
#define OJ_MEMORY_H

#include <ojit/base.h>
#include <stdatomic.h>
#include <stdbool.h>

enum module_kind {
	MODULE_CODE,   /* jit/backend.h */
	MODULE_LINEAR, /* solvers/linear.h */
	MODULE_TRUTH,  /* jit/truth.h */
	MODULE_KINDS
};

struct ojit_context {
	ojit_allocator allocator;
	atomic_uint_fast64_t allocations, live_bytes, compiles, live_code;
	_Atomic(const void *) modules[MODULE_KINDS]; /* once they are open, see module.h */
	atomic_flag modules_lock;
};

/* `size` bytes, not cleared; NULL when out of memory or size is 0. */
void *oj_memory_get(ojit_context *context, size_t size);
void oj_memory_put(ojit_context *context, void *memory, size_t size);
/* Grow or shrink; on failure NULL is returned and `memory` stays. */
void *oj_memory_resize(ojit_context *context, void *memory, size_t old, size_t size);

/* An arena: a chain of chunks.  `failed` sticks, so that builders may go on and
 * their caller checks once. */
struct arena {
	ojit_context *context;
	struct arena_chunk *chunks;
	size_t chunk_size;
	bool failed;
};
void oj_arena_init(struct arena *arena, ojit_context *context);
void oj_arena_drop(struct arena *arena); /* frees all; the arena may be used again */
/* Aligned to 16; NULL when out of memory (never for size 0). */
void *oj_arena_get(struct arena *arena, size_t size);
void *oj_arena_zeroed(struct arena *arena, size_t size);
/* A terminated copy. */
char *oj_arena_string(struct arena *arena, const char *text, size_t length);

#define ARENA_NEW(arena, type, count) \
	((type *)oj_arena_get((arena), sizeof(type) * (size_t)(count)))
#define ARENA_ZEROED(arena, type, count) \
	((type *)oj_arena_zeroed((arena), sizeof(type) * (size_t)(count)))

/* A growing array in an allocator: declare as `VECTOR(int) v = {0}`. */
#define VECTOR(type)          \
	struct {              \
		type *at;     \
		size_t count, room; \
	}
/* Make room for one more and count it; false when out of memory. */
#define VECTOR_GROW(context, v)                                                     \
	((v)->count < (v)->room || oj_vector_grow((context), (void **)&(v)->at, &(v)->room, \
	                                          (v)->count + 1, sizeof *(v)->at))
#define VECTOR_PUSH(context, v, ...) \
	(VECTOR_GROW((context), (v)) ? ((v)->at[(v)->count++] = (__VA_ARGS__), true) : false)
/* Append the elements of another vector of the type; false when out of memory. */
#define VECTOR_APPEND(context, v, from)                                                       \
	(oj_vector_append((context), (void **)&(v)->at, &(v)->count, &(v)->room, (from)->at, \
	                  (from)->count, sizeof *(v)->at))
/* Make room for `total` in all; false when out of memory. */
#define VECTOR_RESERVE(context, v, total)                                                    \
	((total) <= (v)->room || oj_vector_reserve((context), (void **)&(v)->at, &(v)->room, (total), sizeof *(v)->at))
/* Give back room that is left over, where it is more than an eighth; false when out
 * of memory. */
#define VECTOR_TRIM(context, v)                                                              \
	((v)->room - (v)->count <= (v)->count / 8 ||                                         \
	 oj_vector_reserve((context), (void **)&(v)->at, &(v)->room, (v)->count, sizeof *(v)->at))
#define VECTOR_DROP(context, v)                                                        \
	(oj_memory_put((context), (v)->at, (v)->room * sizeof *(v)->at), (v)->at = NULL, \
	 (v)->count = (v)->room = 0)
bool oj_vector_grow(ojit_context *context, void **at, size_t *room, size_t need, size_t size);
bool oj_vector_append(ojit_context *context, void **at, size_t *count, size_t *room, const void *from,
                      size_t more, size_t size);
bool oj_vector_reserve(ojit_context *context, void **at, size_t *room, size_t total, size_t size);

#endif
