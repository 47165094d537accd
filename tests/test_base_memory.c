/* lib/base/memory.h: the context's counters, arenas and vectors, and that each
 * says so when memory runs out. */
#include "lib/base/memory.h"
#include "tests/support_allocator.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

Test(base_memory, a_context_counts_what_it_hands_out)
{
	struct watched_allocator watched = {0};
	ojit_allocator allocator = watched_allocator(&watched);
	ojit_context *context = ojit_context_new(&allocator);
	void *block = oj_memory_get(context, 100);
	cr_assert_eq(ojit_context_counters(context).allocations, 1u);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 100u);
	block = oj_memory_resize(context, block, 100, 300);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 300u);
	oj_memory_put(context, block, 300);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 0u);
	cr_assert_eq(watched.live_blocks, 1, "only the context itself");
	ojit_context_free(context);
	cr_assert_eq(watched.live_blocks, 0);
	cr_assert_eq(watched.wrong_sizes, 0);
}

Test(base_memory, a_context_without_memory_is_null)
{
	struct watched_allocator watched = {.refuse = 1};
	ojit_allocator allocator = watched_allocator(&watched);
	cr_assert_null(ojit_context_new(&allocator));
	ojit_context_free(NULL);
}

Test(base_memory, nothing_is_asked_for_nothing)
{
	ojit_context *context = ojit_context_new(NULL);
	cr_assert_null(oj_memory_get(context, 0));
	oj_memory_put(context, NULL, 0);
	cr_assert_eq(ojit_context_counters(context).allocations, 0u);
	ojit_context_free(context);
}

Test(base_memory, a_failed_resize_leaves_the_block_alone)
{
	struct watched_allocator watched = {.refuse = 3};
	ojit_allocator allocator = watched_allocator(&watched);
	ojit_context *context = ojit_context_new(&allocator);
	char *block = oj_memory_get(context, 8);
	strcpy(block, "kept");
	cr_assert_null(oj_memory_resize(context, block, 8, 1000));
	cr_assert_str_eq(block, "kept");
	cr_assert_eq(ojit_context_counters(context).live_bytes, 8u);
	oj_memory_put(context, block, 8);
	ojit_context_free(context);
}

Test(base_memory, arena_blocks_are_aligned_apart_and_lasting)
{
	ojit_context *context = ojit_context_new(NULL);
	struct arena arena;
	oj_arena_init(&arena, context);
	enum { COUNT = 2000 };
	unsigned char *blocks[COUNT];
	for (int i = 0; i < COUNT; i++) {
		blocks[i] = oj_arena_get(&arena, (size_t)(i % 97));
		cr_assert_not_null(blocks[i]);
		cr_assert_eq((uintptr_t)blocks[i] % 16, 0u);
		memset(blocks[i], i & 255, (size_t)(i % 97));
	}
	for (int i = 0; i < COUNT; i++)
		for (int k = 0; k < i % 97; k++)
			cr_assert_eq(blocks[i][k], i & 255, "block %d byte %d", i, k);
	oj_arena_drop(&arena);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 0u);
	ojit_context_free(context);
}

Test(base_memory, an_arena_serves_a_block_larger_than_its_chunks)
{
	ojit_context *context = ojit_context_new(NULL);
	struct arena arena;
	oj_arena_init(&arena, context);
	char *small = oj_arena_string(&arena, "before and more", 6);
	size_t large = (size_t)1 << 22;
	unsigned char *zeroed = oj_arena_zeroed(&arena, large);
	for (size_t i = 0; i < large; i++)
		cr_assert_eq(zeroed[i], 0);
	memset(zeroed, 1, large);
	cr_assert_str_eq(small, "before");
	oj_arena_drop(&arena);
	ojit_context_free(context);
}

Test(base_memory, an_arena_remembers_that_it_failed_until_dropped)
{
	struct watched_allocator watched = {.refuse = 2};
	ojit_allocator allocator = watched_allocator(&watched);
	ojit_context *context = ojit_context_new(&allocator);
	struct arena arena;
	oj_arena_init(&arena, context);
	cr_assert_null(oj_arena_get(&arena, 10));
	cr_assert(arena.failed);
	cr_assert_not_null(oj_arena_get(&arena, 10));
	cr_assert(arena.failed, "a later success does not hide the failure");
	oj_arena_drop(&arena);
	cr_assert_not(arena.failed);
	cr_assert_null(oj_arena_get(&arena, SIZE_MAX - 3), "sizes that would wrap are refused");
	cr_assert(arena.failed);
	oj_arena_drop(&arena);
	ojit_context_free(context);
}

Test(base_memory, a_vector_keeps_its_elements_as_it_grows)
{
	ojit_context *context = ojit_context_new(NULL);
	VECTOR(int) numbers = {0};
	for (int i = 0; i < 10000; i++)
		cr_assert(VECTOR_PUSH(context, &numbers, i * 3));
	cr_assert_eq(numbers.count, 10000u);
	for (int i = 0; i < 10000; i++)
		cr_assert_eq(numbers.at[i], i * 3);
	VECTOR_DROP(context, &numbers);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 0u);
	ojit_context_free(context);
}

Test(base_memory, a_vector_that_cannot_hold_so_many_says_so)
{
	ojit_context *context = ojit_context_new(NULL);
	VECTOR(double) numbers = {0};
	cr_assert_not(oj_vector_grow(context, (void **)&numbers.at, &numbers.room,
	                             SIZE_MAX / sizeof(double) + 1, sizeof(double)));
	cr_assert_eq(numbers.room, 0u);
	ojit_context_free(context);
}

/* Arena and vector side by side, as every pass uses them. */
static int fill_arena_and_vector(ojit_context *context, void *user)
{
	int success = 1;
	struct arena arena;
	oj_arena_init(&arena, context);
	VECTOR(char *) names = {0};
	for (int i = 0; i < 300 && success; i++) {
		char *name = oj_arena_string(&arena, "a name of some length", 21);
		success = name && VECTOR_PUSH(context, &names, name);
	}
	success = success && !arena.failed && *(int *)user == 7;
	VECTOR_DROP(context, &names);
	oj_arena_drop(&arena);
	return success;
}

Test(base_memory, every_allocation_may_fail_and_nothing_leaks)
{
	int user = 7;
	long culprit = 0;
	long swept = watched_sweep(fill_arena_and_vector, &user, &culprit);
	cr_assert_gt(swept, 5, "swept %ld, culprit %ld", swept, culprit);
}

static int leak_on_failure(ojit_context *context, void *user)
{
	void *first = oj_memory_get(context, 10);
	if (!first)
		return 0;
	void *second = oj_memory_get(context, 10);
	if (!second) {
		*(void **)user = first; /* the defect: `first` is not given back */
		return 0;
	}
	oj_memory_put(context, first, 10);
	oj_memory_put(context, second, 10);
	return 1;
}

static int ignore_failure(ojit_context *context, void *user)
{
	(void)user;
	oj_memory_put(context, oj_memory_get(context, 10), 10);
	return 1;
}

Test(base_memory, the_sweep_itself_finds_leaks_and_unreported_failures)
{
	long culprit = 0;
	void *leaked = NULL;
	cr_assert_eq(watched_sweep(leak_on_failure, &leaked, &culprit), -1);
	cr_assert_eq(culprit, 3);
	free((char *)leaked - 16);
	cr_assert_eq(watched_sweep(ignore_failure, NULL, &culprit), -1);
	cr_assert_eq(culprit, 2);
}
