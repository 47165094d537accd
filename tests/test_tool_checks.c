/* `ojit check` through the real binary. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void begin(void)
{
	tool_begin();
	tool_file("m.ojit", "param a = 2, b = 3\ninit x = 0.5, u[i in 1..2] = i\nx' = a*x^2 + u[1]*t\n"
	                    "u[i in 1..2]' = -b*u[i] + max(x, 1)\nout s = x*u[2]\nspan 1 .. 2\n");
}
TestSuite(tool_checks, .init = begin, .fini = tool_end);

Test(tool_checks, agreement_is_told_by_kernel)
{
	cr_expect_eq(tool_run("$OJIT check m.ojit --points 2"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "vjp of outputs       states, parameters");
	EXPECT_HAS(tool_out(), "agree to 13 digits at 3 points");
}

Test(tool_checks, points_are_the_same_for_the_same_seed)
{
	cr_expect_eq(tool_run("$OJIT check m.ojit --points 2 --json --seed 5"), 0);
	char *first = strdup(tool_out());
	cr_expect_eq(tool_run("$OJIT check m.ojit --points 2 --json --seed 5"), 0);
	cr_expect_str_eq(tool_out(), first);
	cr_expect_eq(tool_run("$OJIT check m.ojit --points 2 --json --seed 6"), 0);
	cr_expect_str_neq(tool_out(), first);
	free(first);
}

Test(tool_checks, a_kink_is_marked_where_it_is)
{
	cr_expect_eq(tool_run("$OJIT check m.ojit --at x=1,t=1.5 --points 1"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "marked: jac of rhs by states, d u[1]' / d x = ");
	EXPECT_HAS(tool_out(), "at point 0, t = 1.5; at a kink or a jump, not judged");
	cr_expect_eq(tool_run("$OJIT check m.ojit --at x=1,t=1.5 --points 1 --json"), 0);
	json_t *json = tool_json(), *finding = json_array_get(json_object_get(json, "findings"), 0);
	cr_expect(json_is_true(json_object_get(json, "passed")));
	cr_expect_str_eq(json_string_value(json_object_get(finding, "kind")), "kink");
	json_decref(json);
}

/* The same number added 1000 times is rounded the same way again and again. */
Test(tool_checks, too_many_digits_are_a_disagreement)
{
	tool_file("long.ojit", "init x[i in 1..9] = i\nx[i in 1..9]' = sum(j in 1..1000, 0.1*x[i])\n");
	cr_expect_eq(tool_run("$OJIT check long.ojit --points 1 --digits 13"), 0, "%s", tool_out());
	cr_expect_eq(tool_run("$OJIT check long.ojit --points 1 --digits 15"), 1, "%s", tool_out());
	EXPECT_HAS(tool_out(), "WRONG: rhs, x[1]' = ");
	EXPECT_HAS(tool_out(), "there are disagreements");
}

Test(tool_checks, what_makes_no_sense_is_refused)
{
	cr_expect_eq(tool_run("$OJIT check m.ojit --at z=1"), 2);
	EXPECT_HAS(tool_err(), "there is no state 'z'");
	cr_expect_eq(tool_run("$OJIT check m.ojit --digits 16"), 2);
	EXPECT_HAS(tool_err(), "1 to 15");
	cr_expect_eq(tool_run("$OJIT run m.ojit --json"), 2);
}
