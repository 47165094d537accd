/* lib/base/error.h: the first failure is kept, with its place, and reporting
 * never fails. */
#include "lib/base/error.h"
#include "tests/support_allocator.h"

#include <criterion/criterion.h>
#include <string.h>

Test(base_error, every_status_has_a_name_of_its_own)
{
	for (int a = 0; a < OJIT_STATUS_COUNT; a++) {
		cr_assert_neq(ojit_status_name((ojit_status)a)[0], '\0');
		for (int b = 0; b < a; b++)
			cr_assert_str_neq(ojit_status_name((ojit_status)a), ojit_status_name((ojit_status)b));
	}
	cr_assert_not_null(ojit_status_name((ojit_status)-1));
	cr_assert_not_null(ojit_status_name((ojit_status)1000));
}

Test(base_error, an_error_without_failure_is_empty)
{
	ojit_context *context = ojit_context_new(NULL);
	struct oj_error error;
	oj_error_init(&error, context);
	ojit_error seen = oj_error_public(&error);
	cr_assert_eq(seen.status, OJIT_OK);
	cr_assert_str_eq(seen.message, "");
	cr_assert_str_eq(seen.file, "");
	cr_assert_str_eq(seen.source, "");
	oj_error_drop(&error);
	ojit_context_free(context);
}

Test(base_error, the_first_failure_is_kept_until_cleared)
{
	ojit_context *context = ojit_context_new(NULL);
	struct oj_error error;
	oj_error_init(&error, context);
	cr_assert_eq(oj_fail(&error, OJIT_NAME, "no name %d", 1), OJIT_NAME);
	cr_assert_eq(oj_fail(&error, OJIT_RANGE, "no range"), OJIT_NAME);
	cr_assert_str_eq(oj_error_public(&error).message, "no name 1");
	cr_assert_str_eq(oj_error_public(&error).text, "error: no name 1");
	oj_error_clear(&error);
	cr_assert_eq(oj_error_public(&error).status, OJIT_OK);
	cr_assert_eq(oj_fail(&error, OJIT_RANGE, "no range"), OJIT_RANGE);
	cr_assert_str_eq(oj_error_public(&error).message, "no range");
	oj_error_drop(&error);
	cr_assert_eq(ojit_context_counters(context).live_bytes, 0u);
	ojit_context_free(context);
}

Test(base_error, the_caret_stands_under_what_is_meant)
{
	ojit_context *context = ojit_context_new(NULL);
	struct oj_error error;
	oj_error_init(&error, context);
	const char *lines = "\tθ' = ω + sni(θ)\nnext = 1\n";
	struct origin origin = {"kuramoto.ojit", lines, 4, 11, 3};
	oj_fail_at(&error, OJIT_NAME, &origin, "unknown function 'sni'; did you mean 'sin'?");
	ojit_error seen = oj_error_public(&error);
	cr_assert_str_eq(seen.text, "kuramoto.ojit:4:11: error: unknown function 'sni'; did you mean 'sin'?\n"
	                            "  \tθ' = ω + sni(θ)\n"
	                            "  \t         ^^^");
	cr_assert_str_eq(seen.source, "\tθ' = ω + sni(θ)");
	cr_assert_eq(seen.line, 4);
	cr_assert_eq(seen.column, 11);
	cr_assert_eq(seen.length, 3);
	oj_error_drop(&error);
	ojit_context_free(context);
}

Test(base_error, a_copied_failure_outlives_its_origin)
{
	ojit_context *context = ojit_context_new(NULL);
	struct oj_error from, to;
	oj_error_init(&from, context);
	oj_error_init(&to, context);
	cr_assert_eq(oj_fail_copy(&to, &from), OJIT_OK, "nothing failed, nothing to copy");
	char file[] = "a.ojit", source[] = "x' = y";
	struct origin origin = {file, source, 1, 6, 1};
	oj_fail_at(&from, OJIT_NAME, &origin, "100%% unknown: %s", "y");
	cr_assert_eq(oj_fail_copy(&to, &from), OJIT_NAME);
	memset(file, '!', sizeof file - 1);
	memset(source, '!', sizeof source - 1);
	oj_error_drop(&from);
	cr_assert_str_eq(oj_error_public(&to).text, "a.ojit:1:6: error: 100% unknown: y\n  x' = y\n       ^");
	oj_error_drop(&to);
	ojit_context_free(context);
}

Test(base_error, reporting_never_fails_for_want_of_memory)
{
	for (long refuse_from = 2; refuse_from < 8; refuse_from++) {
		struct watched_allocator watched = {.refuse_from = refuse_from};
		ojit_allocator allocator = watched_allocator(&watched);
		ojit_context *context = ojit_context_new(&allocator);
		struct oj_error error;
		oj_error_init(&error, context);
		struct origin origin = {"file.ojit", "x' = 1 +", 1, 9, 1};
		cr_assert_eq(oj_fail_at(&error, OJIT_SYNTAX, &origin, "%0200d", 1), OJIT_SYNTAX);
		ojit_error seen = oj_error_public(&error);
		cr_assert_eq(seen.status, OJIT_SYNTAX);
		cr_assert_neq(seen.message[0], '\0');
		cr_assert_neq(seen.text[0], '\0');
		cr_assert_not_null(seen.file);
		cr_assert_not_null(seen.source);
		oj_error_drop(&error);
		ojit_context_free(context);
		cr_assert_eq(watched.live_blocks, 0);
	}
}

Test(base_error, of_a_long_line_only_what_is_near_the_column_is_shown)
{
	enum { LENGTH = 5000 };
	char line[LENGTH + 1];
	memset(line, 'a', LENGTH);
	line[LENGTH] = '\0';
	line[2999] = 'X';
	ojit_context *context = ojit_context_new(NULL);
	struct oj_error error;
	struct origin origin = {NULL, line, 1, 3000, 4000};
	oj_error_init(&error, context);
	oj_fail_at(&error, OJIT_SYNTAX, &origin, "long");
	const char *text = oj_error_public(&error).text, *shown = strchr(text, '\n'), *carets = shown ? strchr(shown + 1, '\n') : NULL;
	cr_assert_not_null(carets);
	cr_expect_lt(strlen(text), 400);
	cr_expect_eq(strchr(shown, 'X') - shown, strchr(carets, '^') - carets);
	cr_expect_leq(strlen(carets), (size_t)(carets - shown));
	oj_error_drop(&error);
	ojit_context_free(context);
}
