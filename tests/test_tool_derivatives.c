/* `ojit eval --kernel` of derivatives through the real binary. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void begin(void)
{
	tool_begin();
	tool_file("m.ojit", "param a = 2, b = 3\ninit x = 0.5, u[i in 1..2] = i\nx' = a*x^2 + u[1]*t\n"
	                    "u[i in 1..2]' = -b*u[i] + x\nout s = x*u[2]\nspan 1 .. 2\n");
}
TestSuite(tool_derivatives, .init = begin, .fini = tool_end);

static double entry(json_t *entries, const char *row, const char *column)
{
	size_t k;
	json_t *e;
	json_array_foreach(entries, k, e)
		if (!strcmp(json_string_value(json_object_get(e, "row")), row) &&
		    !strcmp(json_string_value(json_object_get(e, "col")), column))
			return json_number_value(json_object_get(e, "value"));
	return NAN; /* no entry */
}

static double named(json_t *json, const char *name)
{
	return json_number_value(json_object_get(json_object_get(json, "values"), name));
}

static json_t *evaluate(const char *options)
{
	cr_assert_eq(tool_run("$OJIT eval m.ojit --format json --kernel %s", options), 0, "%s", tool_err());
	return tool_json();
}

Test(tool_derivatives, matrices_are_their_entries)
{
	json_t *json = evaluate("jac"), *entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 6);
	cr_expect_eq(entry(entries, "x", "x"), 2 * 2 * 0.5);
	cr_expect_eq(entry(entries, "x", "u[1]"), 1); /* t = 1, where the span begins */
	cr_expect_eq(entry(entries, "u[2]", "u[2]"), -3);
	cr_expect_eq(entry(entries, "u[2]", "x"), 1);
	cr_expect(isnan(entry(entries, "u[1]", "u[2]")));
	json_decref(json);
	json = evaluate("dfdp");
	entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 3);
	cr_expect_eq(entry(entries, "x", "a"), 0.25);
	cr_expect_eq(entry(entries, "u[2]", "b"), -2);
	json_decref(json);
	json = evaluate("jac --of outputs --at x=7");
	entries = json_object_get(json, "entries");
	cr_expect_eq(entry(entries, "s", "u[2]"), 7);
	cr_expect_eq(entry(entries, "s", "x"), 2);
	json_decref(json);
}

Test(tool_derivatives, vectors_have_names)
{
	json_t *json = evaluate("dfdt");
	cr_expect_eq(named(json, "x"), 1);
	cr_expect_eq(named(json, "u[1]"), 0);
	json_decref(json);
	json = evaluate("jvp --v x=1,u=2");
	cr_expect_eq(named(json, "x"), 2 + 2);
	cr_expect_eq(named(json, "u[2]"), -6 + 1);
	json_decref(json);
	json = evaluate("vjp --v 'u[2]=1,x=10'");
	cr_expect_eq(named(json, "x"), 20 + 1);
	cr_expect_eq(named(json, "u[2]"), -3);
	json_decref(json);
	json = evaluate("vjp --v x=2 --wrt parameters");
	cr_expect_eq(named(json, "a"), 0.5);
	cr_expect_eq(named(json, "b"), 0);
	json_decref(json);
	json = evaluate("jvp --v b=1 --wrt parameters");
	cr_expect_eq(named(json, "u[1]"), -1);
	json_decref(json);
}

Test(tool_derivatives, text_says_what_is_derived_by_what)
{
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel jac"), 0);
	EXPECT_HAS(tool_out(), "d x' / d u[1] = 1\n");
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel vjp --v x=1"), 0);
	EXPECT_HAS(tool_out(), "u[1] = 1\n");
}

Test(tool_derivatives, what_makes_no_sense_is_refused)
{
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel jac --v x=1"), 2);
	EXPECT_HAS(tool_err(), "--v is the vector");
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel rhs --of outputs"), 2);
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel jac --wrt parameters"), 2);
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel jvp --v y=1"), 2);
	EXPECT_HAS(tool_err(), "there is no state 'y'");
	tool_file("g.ojit", "init x = 2\nx' = trigamma(x)\n");
	cr_expect_eq(tool_run("$OJIT eval g.ojit --kernel jac"), 2);
	EXPECT_HAS(tool_err(), "trigamma has no derivative");
	EXPECT_HAS(tool_err(), "^");
}

Test(tool_derivatives, are_stages_to_look_at)
{
	static const char *const stages[] = {"jac", "jvp", "vjp"};
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage newton"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "gamma");
	cr_expect_eq(tool_run("$OJIT dump m.ojit --stage newton --kernel outputs"), 2);
	for (int k = 0; k < 3; k++) {
		cr_assert_eq(tool_run("$OJIT dump m.ojit --stage %s", stages[k]), 0, "%s", tool_err());
		EXPECT_HAS(tool_out(), "program rhs");
		EXPECT_HAS(tool_out(), "store");
		cr_assert_eq(tool_run("$OJIT dump m.ojit --stage %s --kernel outputs", stages[k]), 0);
		EXPECT_HAS(tool_out(), "program outputs");
		cr_expect_eq(tool_run("$OJIT dump m.ojit --stage %s --kernel init", stages[k]), 2);
	}
}
