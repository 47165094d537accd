/* Contexts, status codes and errors: what every other part of ojit leans on.
 *
 * A context owns the allocator and the counters.  There is no global state: two
 * contexts know nothing of each other.  A context may be used by several threads
 * at once; an object made from it (model, program, solver) states its own rule.
 *
 * Errors never reach stderr.  A function that can fail returns an ojit_status,
 * and the object it was called on keeps the first failure, which is the cause,
 * as an ojit_error.
 *
 * Pointers must not be NULL but where their description says so. */
#ifndef OJIT_BASE_H
#define OJIT_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define OJIT_API __attribute__((visibility("default")))
#else
#define OJIT_API
#endif

#define OJIT_VERSION_MAJOR 0
#define OJIT_VERSION_MINOR 1
#define OJIT_VERSION_PATCH 0

/* What a call came to.  Names of statuses are given by ojit_status_name. */
typedef enum ojit_status {
	OJIT_OK = 0,
	OJIT_OUT_OF_MEMORY, /* the allocator returned NULL */
	OJIT_ARGUMENT,      /* a call or an option was used wrongly */
	OJIT_SYNTAX,        /* text that is not a model */
	OJIT_NAME,          /* an unknown name, or one defined twice */
	OJIT_SHAPE,         /* ranks, ranges or lengths that do not fit */
	OJIT_RANGE,         /* an access that can leave an array */
	OJIT_CYCLE,         /* definitions that need each other */
	OJIT_UNSUPPORTED,   /* understood, and refused by name */
	OJIT_IO,            /* a file that could not be read or written */
	OJIT_BACKEND,       /* the code generator is missing or failed */
	OJIT_ENDED,         /* an integration ended before it came where it was sent */
	OJIT_STATUS_COUNT
} ojit_status;

/* A short lower-case name such as "syntax"; static, never NULL. */
OJIT_API const char *ojit_status_name(ojit_status status);

/* The first failure of an object.  Strings belong to the object and live until
 * its next failing call or its end; none is NULL (unknown ones are empty). */
typedef struct ojit_error {
	ojit_status status;  /* OJIT_OK: nothing failed */
	const char *message; /* the cause and the remedy, one sentence each */
	const char *file;    /* "" where the model did not come from a file */
	const char *source;  /* the source line, without its newline */
	int line, column;    /* from 1; columns count code points; 0: unknown */
	int length;          /* of the marked text, in code points, at least 1 */
	const char *text;    /* all of it as a person reads it: place, message, line, caret */
} ojit_error;

/* Memory as a context sees it.  `allocate` returns NULL when it has none;
 * `release` takes NULL.  Alignment is that of malloc.  Called from any thread
 * that uses the context. */
typedef struct ojit_allocator {
	void *(*allocate)(void *user, size_t size);
	void (*release)(void *user, void *memory, size_t size);
	void *user;
} ojit_allocator;

typedef struct ojit_context ojit_context;

/* A context with a copy of `allocator` (NULL: malloc and free).  NULL when out
 * of memory.  Free it last, after everything made from it. */
OJIT_API ojit_context *ojit_context_new(const ojit_allocator *allocator);
OJIT_API void ojit_context_free(ojit_context *context); /* NULL is allowed */

/* Counters since the context was made; monotonic except live_*.  Exact when no
 * other thread uses the context. */
typedef struct ojit_counters {
	uint64_t allocations; /* calls of the allocator */
	uint64_t live_bytes;  /* held now, ojit's own allocations */
	uint64_t compiles;    /* kernels translated to machine code */
	uint64_t live_code;   /* bytes of machine code and its tables loaded now */
} ojit_counters;
OJIT_API ojit_counters ojit_context_counters(const ojit_context *context);

#ifdef __cplusplus
}
#endif
#endif
