/* Running out of memory anywhere between text and programs is reported, leaks
 * nothing and breaks nothing; and reading takes time in proportion to the text. */
#include "tests/support_allocator.h"
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const text =
	"const N = 3, M = N + sin(0), L = row[2]\nindex row[i in 1..N] = i*i\nfun f(a) = a + sum(j in 1..2, a*j)\n"
	"param K = 2, w[i in 1..N] = [1, 2, 3], h = K/2 + uniform(1, 2)\n\xCE\xBCu' = f(f(x)) + x'\ninit e\xCC\x81 = 1; e\xCC\x81' = 2\n"
	"x' = a[2] + R; init x = K, \xCE\xBCu = g; let g = 2*K\nlet R = prod(j in 1..N if j != 2, w[j])\n"
	"u[i in 1..N]' = u[i+1] - u[mod(i, 3)] + u[i]; init u[i in 1..N] = i\nlet u[0] = 1, u[N+1] = u[N]\n"
	"let a[i in 1..2] = x^2, a[3] = a[1]\nq'' = -q; init q = 1, q' = 0\nout x, v[i in 1..N] = u[i]', a\n"
	"v[i in 1..2 wrap]' = v[i+1]'' ; init v[i in 1..2] = 0";

/* Read, lower and drop; nothing but success or OJIT_OUT_OF_MEMORY is expected. */
static int read_and_lower(ojit_context *context, void *user)
{
	const char *model_text = user;
	struct lowered lowered;
	struct oj_error error;
	ojit_model *model = ojit_model_new(context);
	if (!model)
		return 0;
	oj_error_init(&error, context);
	ojit_model_read_text(model, model_text, strlen(model_text), "a.ojit");
	ojit_status status = oj_model_lower(model, &lowered, &error);
	bool fine = status == OJIT_OK;
	if (fine)
		oj_lowered_drop(&lowered);
	if (!fine && status != OJIT_OUT_OF_MEMORY) {
		fprintf(stderr, "%s\n", oj_error_public(&error).text);
		abort();
	}
	oj_error_drop(&error);
	ojit_model_free(model);
	return fine;
}

Test(model_memory, every_refused_allocation_is_reported_and_nothing_leaks)
{
	char *fine = strdup(text), *last = strstr(fine, "v[i in 1..2 wrap]");
	*last = '\0'; /* that line is for the next test */
	long culprit = 0, swept = watched_sweep(read_and_lower, fine, &culprit);
	cr_expect_gt(swept, 200, "allocation %ld was not handled (%ld)", culprit, swept);
	free(fine);
}

/* A wrong model: the error, or out of memory, but never success or a leak. */
static int fail_to_lower(ojit_context *context, void *user)
{
	(void)user;
	ojit_model *model = ojit_model_new(context);
	if (!model)
		return 0;
	ojit_model_read_text(model, text, strlen(text), "a.ojit");
	ojit_status status = ojit_model_check(model);
	ojit_error error = ojit_model_error(model);
	bool expected = status == OJIT_NAME && error.text[0] != '\0';
	if (!expected && status != OJIT_OUT_OF_MEMORY)
		abort();
	ojit_model_free(model);
	return expected && strstr(error.message ? "" : "", "") != NULL;
}

Test(model_memory, errors_survive_refused_allocations)
{
	for (long refuse = 0; refuse < 100000; refuse++) {
		struct watched_allocator watched = {.refuse = refuse};
		ojit_allocator allocator = watched_allocator(&watched);
		ojit_context *context = ojit_context_new(&allocator);
		if (!context)
			continue;
		fail_to_lower(context, NULL);
		ojit_context_free(context);
		cr_assert_eq(watched.live_blocks, 0, "refusing %ld leaks", refuse);
		cr_assert_eq(watched.wrong_sizes, 0);
		if (refuse > 0 && refuse > watched.calls)
			break;
	}
}

/* Bytes asked of the allocator on the way from a text of so many equations to its
 * programs, those given back included. */
static size_t asked;
static void *count_asked(void *user, size_t size)
{
	(void)user;
	asked += size;
	return malloc(size);
}
static void give_back(void *user, void *memory, size_t size)
{
	(void)user, (void)size;
	free(memory);
}

static size_t bytes_for(int equations)
{
	const ojit_allocator allocator = {count_asked, give_back, NULL};
	char *big = malloc((size_t)equations * 120 + 100), *at = big;
	for (int k = 0; k < equations; k++)
		at += sprintf(at, "let a%d = x%d*2 + 0.5\nx%d' = a%d - x%d*3 + x%d^2/4\ninit x%d = 1\n", k, k, k, k, (k + 1) % equations,
		              (k * 7) % equations, k);
	ojit_context *context = ojit_context_new(&allocator);
	asked = 0;
	cr_expect_eq(read_and_lower(context, big), 1);
	ojit_context_free(context);
	free(big);
	return asked;
}

Test(model_memory, all_memory_asked_for_grows_with_the_length_of_the_text)
{
	/* Vectors double, so a size may fall just before or just after a step. */
	size_t small = bytes_for(10000), large = bytes_for(80000);
	cr_expect_lt(large, 8 * 2 * small, "8 times the text asked for %g times the bytes", (double)large / (double)small);
}
