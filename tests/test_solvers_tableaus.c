/* The rows of tableaus.def, each held to what it says of itself: order conditions by
 * rooted trees, slopes measured in MPFR, names. */
#include "solvers/method.h"
#include "tests/support_tableaus.h"
#include "tests/support_trees.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void for_each_row(void (*check)(const struct tableau *row))
{
	for (size_t r = 0; r < oj_tableau_count(); r++)
		check(oj_tableau_at(r));
}

Test(solvers_tableaus, trees_are_all_there)
{
	static const int known[SUPPORT_TREE_ORDER + 1] = {0, 1, 1, 2, 4, 9, 20, 48, 115, 286, 719};
	for (int order = 1; order <= SUPPORT_TREE_ORDER; order++)
		cr_expect_eq(support_trees_count(order), known[order], "order %d", order);
}

Test(solvers_tableaus, rows_have_as_many_numbers_as_they_say)
{
	for_each_row(support_tableau_sizes);
}

Test(solvers_tableaus, nodes_are_the_sums_of_their_rows)
{
	for_each_row(support_tableau_nodes);
}

Test(solvers_tableaus, solutions_have_their_order_and_no_more)
{
	for_each_row(support_tableau_solution);
}

Test(solvers_tableaus, comparison_solutions_have_their_orders_and_no_more)
{
	for_each_row(support_tableau_comparisons);
}

Test(solvers_tableaus, fsal_says_whether_the_estimate_reads_the_last_slope)
{
	for_each_row(support_tableau_fsal);
}

Test(solvers_tableaus, interpolants_have_their_order_and_no_more)
{
	for_each_row(support_tableau_interpolant);
}

Test(solvers_tableaus, interpolants_begin_at_the_start_and_end_in_the_solution_itself)
{
	for_each_row(support_tableau_ends);
}

Test(solvers_tableaus, errors_of_steps_estimates_and_interpolants_shrink_as_their_orders_say)
{
	for_each_row(support_tableau_slopes);
}

Test(solvers_tableaus, every_method_asked_for_is_there)
{
	static const char *const names[] = {
		"euler", "midpoint", "heun", "ralston", "rk4", "bs3", "rkf45", "ck45", "bs5", "dopri5",
		"tsit5", "vern6", "vern7", "vern8", "dop853", "vern9",
	};
	struct method method;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_expect(oj_method_find(names[i], &method) && !strcmp(method.info.name, names[i]), "%s", names[i]);
}

Test(solvers_tableaus, methods_are_found_by_name_and_alias_in_either_case)
{
	static const struct {
		const char *asked, *found;
	} names[] = {
		{"tsit5", "tsit5"}, {"RK45", "dopri5"}, {"rk23", "bs3"}, {"DOP853", "dop853"},
		{"ode45", "dopri5"}, {"Vern7", "vern7"}, {"RKV98", "vern9"}, {"RKF45", "rkf45"},
		{"CashKarp", "ck45"}, {"Heun", "heun"}, {"ForwardEuler", "euler"},
	};
	struct method method;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_expect(oj_method_find(names[i].asked, &method) && !strcmp(method.info.name, names[i].found),
		          "%s", names[i].asked);
	cr_expect_not(oj_method_find("rk", &method));
	cr_expect_not(oj_method_find("", &method));
}

/* A name that is an alias elsewhere would hide one method behind another. */
Test(solvers_tableaus, no_name_means_two_methods)
{
	for (size_t i = 0; i < oj_method_count(); i++) {
		ojit_method info = oj_method_at(i).info;
		char words[256];
		snprintf(words, sizeof words, "%s %s", info.name, info.aliases);
		for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
			struct method found;
			cr_expect(oj_method_find(word, &found) && !strcmp(found.info.name, info.name), "%s", word);
		}
	}
}
