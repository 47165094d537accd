/* Inputs that once went wrong, each with what it should have given. */
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_rhs(const char *text, double value)
{
	double found = support_model_rhs(text, 0);
	cr_expect(found == value, "%s: %.17g, not %.17g", text, found, value);
}

static void expect_failure(const char *text, const char *part)
{
	ojit_status status;
	char *failure = support_model_failure(text, NULL, &status);
	cr_expect_not_null(failure, "%s", text);
	if (failure)
		cr_expect_not_null(strstr(failure, part), "%s:\n%s", text, failure);
	free(failure);
}

Test(language_regressions, if_after_the_comma_of_a_reduction_is_the_function)
{
	expect_rhs("init x = 1\nx' = sum(i in 1..3, if(i > 1, i, 10))", 15);
	expect_rhs("init x = 1\nx' = sum(i in 1..3, j in 1..2, if(i > j, 1, 0))", 3);
	expect_rhs("init x = 1\nx' = max(i in 1..3 if i < 3, if(i == 2, 7, 0))", 7);
}

Test(language_regressions, an_edge_may_need_sums_over_the_inside)
{
	expect_rhs("const N = 3\ninit u[i in 1..N] = i\nlet u[0] = sum(j in 1..N, u[j])\n"
	           "u[i in 1..N]' = u[i-1]", 6);
	expect_rhs("const N = 3\ninit u[i in 1..N] = i\nlet u[0] = sum(j in 1..N, k in j..N, u[k])\n"
	           "u[i in 1..N]' = u[i-1]", 14);
	expect_rhs("const N = 3\ninit u[i in 1..N] = i\nlet total = sum(j in 1..N, u[j])\n"
	           "let u[0] = total, u[N+1] = -total\nu[i in 1..N]' = u[i-1] + u[N+1]*u[i]", 0);
}

Test(language_regressions, an_edge_that_needs_itself_is_refused)
{
	expect_failure("const N = 3\ninit u[i in 1..N] = i\nlet u[0] = sum(j in 0..N, u[j])\n"
	               "u[i in 1..N]' = u[i-1]", "u needs itself");
	expect_failure("const N = 3\ninit u[i in 1..N] = i\nlet u[0] = sum(j in 1..N wrap, u[j+1])\n"
	               "u[i in 1..N]' = u[i-1]", "u needs itself");
	expect_failure("const N = 3\ninit u[i in 1..N] = i\nlet u[0] = u[N+1], u[N+1] = u[0]\n"
	               "u[i in 1..N]' = u[i-1]", "u[0] -> u[4] -> u[0]");
}

Test(language_regressions, a_line_that_goes_on_without_brackets_is_told_how)
{
	expect_failure("init x = 1\nx' = x\n  + 1", "inside brackets only");
}

/* The nodes of the chain count once, not once for each equation: in time, but first
 * of all in blocks. */
Test(language_regressions, scalar_equations_share_a_block)
{
	enum { COUNT = 2000, ROOM = 80 };
	char *text = malloc(COUNT * ROOM);
	size_t at = (size_t)sprintf(text, "let a0 = x0\n");
	for (int k = 0; k < COUNT; k++) {
		at += (size_t)sprintf(text + at, "init x%d = 1\nx%d' = a%d - x%d\n", k, k, k, k);
		if (k > 0)
			at += (size_t)sprintf(text + at, "let a%d = 0.5*a%d + x%d\n", k, k - 1, k);
	}
	struct support_model m;
	support_model_open(&m, text, NULL);
	free(text);
	cr_expect_eq(m.lowered.programs[KERNEL_RHS].blocks.count, 1);
	cr_expect_eq(m.lowered.programs[KERNEL_RHS].blocks.at[0].stores.count, COUNT);
	support_model_start(&m);
	double *value = support_model_run(&m, KERNEL_RHS);
	cr_expect_eq(value[0], 0);
	cr_expect_eq(value[1], 0.5);
	cr_expect_eq(value[2], 0.75);
	free(value);
	support_model_close(&m);
}
