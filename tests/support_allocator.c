/* See support_allocator.h.  The size is kept in front of each block. */
#include "tests/support_allocator.h"

#include "tests/support_sanitizer.h"

#include <stdlib.h>
#include <string.h>

enum { FRONT = 16 }; /* keeps malloc's alignment */

/* Of long sweeps, sanitizers, which are slow, see every third allocation after the first. */
#ifdef SANITIZED
enum { ALL = 200, STEP = 3 };
#else
enum { ALL = 0, STEP = 1 };
#endif

static void *watched_get(void *user, size_t size)
{
	struct watched_allocator *watched = user;
	long call = atomic_fetch_add(&watched->calls, 1) + 1;
	if (call == watched->refuse || (watched->refuse_from && call >= watched->refuse_from))
		return NULL;
	char *block = malloc(size + FRONT);
	if (!block)
		return NULL;
	memcpy(block, &size, sizeof size);
	atomic_fetch_add(&watched->live_blocks, 1);
	atomic_fetch_add(&watched->live_bytes, (long)size);
	return block + FRONT;
}

static void watched_put(void *user, void *memory, size_t size)
{
	struct watched_allocator *watched = user;
	if (!memory)
		return;
	char *block = (char *)memory - FRONT;
	size_t asked;
	memcpy(&asked, block, sizeof asked);
	if (asked != size)
		atomic_fetch_add(&watched->wrong_sizes, 1);
	atomic_fetch_sub(&watched->live_blocks, 1);
	atomic_fetch_sub(&watched->live_bytes, (long)asked);
	free(block);
}

ojit_allocator watched_allocator(struct watched_allocator *watched)
{
	return (ojit_allocator){watched_get, watched_put, watched};
}

static int sweep_once(struct watched_allocator *watched,
                      int (*action)(ojit_context *context, void *user), void *user)
{
	ojit_allocator allocator = watched_allocator(watched);
	ojit_context *context = ojit_context_new(&allocator);
	int success = context && action(context, user);
	ojit_context_free(context);
	return success;
}

long watched_sweep(int (*action)(ojit_context *context, void *user), void *user, long *culprit)
{
	return watched_sweep_from(action, user, 1, culprit);
}

long watched_sweep_from(int (*action)(ojit_context *context, void *user), void *user, long first, long *culprit)
{
	for (long refuse = first, swept = 0;; swept++, refuse += swept <= ALL ? 1 : STEP) {
		struct watched_allocator watched = {.refuse = refuse};
		int success = sweep_once(&watched, action, user);
		int reached = watched.calls >= refuse;
		*culprit = refuse;
		if (success == reached || watched.live_blocks || watched.live_bytes || watched.wrong_sizes)
			return -1;
		if (!reached)
			return swept;
	}
}
