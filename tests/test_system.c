/* Names of a system's elements, and elements of a name. */
#include "lib/system.h"
#include "tests/support_systems.h"

#include <criterion/criterion.h>
#include <string.h>

static ojit_context *context;
static struct support_system hand;
static struct oj_error error;

/* States x, u[0..3, 2..4], v[-1..1], w[1..2, 1..2, 5..7]; parameters K, gamma. */
static void setup(void)
{
	static const char *const x[] = {"x"}, *const parameters[] = {"K", "gamma"};
	context = ojit_context_new(NULL);
	support_system_init(&hand, context, 1, NULL, NULL);
	support_system_scalars(&hand, FAMILY_STATES, x, 1);
	support_system_family(&hand, FAMILY_STATES, "u", 2, (const int64_t[]){0, 2}, (const int64_t[]){4, 3});
	support_system_family(&hand, FAMILY_STATES, "v", 1, (const int64_t[]){-1}, (const int64_t[]){3});
	support_system_family(&hand, FAMILY_STATES, "w", 3, (const int64_t[]){1, 1, 5},
	                      (const int64_t[]){2, 2, 3});
	support_system_scalars(&hand, FAMILY_PARAMETERS, parameters, 2);
	oj_error_init(&error, context);
}

static void teardown(void)
{
	oj_error_drop(&error);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}

TestSuite(system, .init = setup, .fini = teardown);

static void expect_found(const char *name, int64_t offset, int64_t length)
{
	int64_t o = -1, l = -1;
	cr_expect_eq(oj_system_find(&hand.system, FAMILY_STATES, name, &o, &l, &error), OJIT_OK, "%s: %s",
	             name, oj_error_public(&error).message);
	cr_expect(o == offset && l == length, "%s: %d, %d", name, (int)o, (int)l);
}

static void expect_refused(enum family_kind kind, const char *name, ojit_status status, const char *says)
{
	int64_t o, l;
	oj_error_clear(&error);
	cr_expect_eq(oj_system_find(&hand.system, kind, name, &o, &l, &error), status, "%s", name);
	cr_expect_not_null(strstr(oj_error_public(&error).message, says), "%s: %s", name,
	                   oj_error_public(&error).message);
	oj_error_clear(&error);
}

Test(system, every_element_is_found_under_its_own_name)
{
	cr_assert_eq(hand.system.states, 28);
	for (int64_t k = 0; k < hand.system.states; k++) {
		struct text name;
		oj_text_init(&name, context);
		oj_system_name(&hand.system, FAMILY_STATES, k, &name);
		expect_found(oj_text_get(&name), k, 1);
		oj_text_drop(&name);
	}
}

Test(system, names_are_written_like_subscripts)
{
	static const struct {
		int64_t k;
		const char *name;
	} cases[] = {{0, "x"}, {1, "u[0,2]"}, {6, "u[1,4]"}, {13, "v[-1]"}, {16, "w[1,1,5]"}, {27, "w[2,2,7]"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct text name;
		oj_text_init(&name, context);
		oj_system_name(&hand.system, FAMILY_STATES, cases[i].k, &name);
		cr_expect_str_eq(oj_text_get(&name), cases[i].name);
		oj_text_drop(&name);
	}
}

Test(system, a_family_name_means_all_of_it_and_blanks_do_not_matter)
{
	expect_found("u", 1, 12);
	expect_found(" w ", 16, 12);
	expect_found("u[ 1 , 4 ]", 6, 1);
	expect_found("v [ -1 ]", 13, 1);
}

Test(system, an_index_outside_is_named_with_its_range)
{
	expect_refused(FAMILY_STATES, "u[4,2]", OJIT_RANGE, "index 4 of 'u[4,2]' is outside 0..3");
	expect_refused(FAMILY_STATES, "u[0,1]", OJIT_RANGE, "index 1 of 'u[0,1]' is outside 2..4");
	expect_refused(FAMILY_STATES, "v[-2]", OJIT_RANGE, "outside -1..1");
}

Test(system, a_subscript_that_does_not_fit_is_shown_how)
{
	expect_refused(FAMILY_STATES, "u[1]", OJIT_SHAPE, "2 indices; write it like 'u[1,1]'");
	expect_refused(FAMILY_STATES, "v[1,1]", OJIT_SHAPE, "1 index");
	expect_refused(FAMILY_STATES, "x[1]", OJIT_SHAPE, "'x' has no indices");
	expect_refused(FAMILY_STATES, "v[]", OJIT_SHAPE, "no element");
	expect_refused(FAMILY_STATES, "v[1", OJIT_SHAPE, "no element");
	expect_refused(FAMILY_STATES, "v[1]x", OJIT_SHAPE, "no element");
	expect_refused(FAMILY_STATES, "v[99999999999999999999]", OJIT_SHAPE, "no element");
}

Test(system, an_unknown_name_is_told_the_nearest_or_what_there_is)
{
	expect_refused(FAMILY_PARAMETERS, "gama", OJIT_NAME, "did you mean 'gamma'?");
	expect_refused(FAMILY_PARAMETERS, "k", OJIT_NAME, "did you mean 'K'?");
	expect_refused(FAMILY_STATES, "K", OJIT_NAME, "'K' is a parameter, not a state");
	expect_refused(FAMILY_OUTPUTS, "energy", OJIT_NAME, "the model has no outputs");
	char long_name[300];
	memset(long_name, 'g', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	expect_refused(FAMILY_PARAMETERS, long_name, OJIT_NAME, "the model has K, gamma");
	expect_refused(FAMILY_PARAMETERS, "q", OJIT_NAME, "the model has K, gamma");
	expect_refused(FAMILY_PARAMETERS, "", OJIT_NAME, "the model has K, gamma");
}
