/* A method that is not in the table: the row of docs/adding-a-method.md, which is
 * tests/added_row.def, passes what every row passes, and solves equations. */
#include "solvers/method.h"
#include "solvers/time_loop.h"
#include "tests/support_systems.h"
#include "tests/support_tableaus.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLEAU(tag, ...) {.name = #tag, __VA_ARGS__},
static const struct tableau added[] = {
#include "tests/added_row.def"
};

Test(solvers_added, the_page_shows_the_row_as_it_is)
{
	char *page = NULL, *row = NULL;
	size_t page_size = 0, row_size = 0;
	FILE *file = fopen(OJIT_SOURCE_DIR "/docs/adding-a-method.md", "r");
	cr_assert(file && getdelim(&page, &page_size, '\0', file) > 0);
	fclose(file);
	file = fopen(OJIT_SOURCE_DIR "/tests/added_row.def", "r");
	cr_assert(file && getdelim(&row, &row_size, '\0', file) > 0);
	fclose(file);
	cr_expect_not_null(strstr(page, row), "docs/adding-a-method.md has another row than tests/added_row.def");
	free(page);
	free(row);
}

Test(solvers_added, the_row_passes_every_check_of_rows)
{
	static void (*const checks[])(const struct tableau *row) = {
		support_tableau_sizes, support_tableau_nodes, support_tableau_fsal, support_tableau_solution,
		support_tableau_comparisons, support_tableau_interpolant, support_tableau_ends,
		support_tableau_slopes,
	};
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		checks[i](&added[0]);
}

/* y' = y cos t */
static void rhs(const struct kernel_args *a)
{
	a->out[0] = a->y[0] * cos(*a->t);
}

/* The end of a run from 0 to 3, by the loop itself. */
static double solve(const struct tableau *row, double rtol)
{
	const double atol = rtol, y = 1;
	const struct kernel kernel = {.run = rhs, .lanes = 1};
	struct rhs f = {.kernel = &kernel, .n = 1};
	struct tolerance tolerance = {.atol = &atol, .rtol = rtol};
	struct setup setup = {.row = row, .n = 1, .rtol = rtol};
	ojit_options options = ojit_options_default();
	int64_t small;
	struct loop loop = {
		.method = oj_method_of_tableau(row), .f = &f, .tolerance = &tolerance,
		.options = &options, .t0 = 0, .t1 = 3, .small = &small,
	};
	options.step_limit = 100000;
	loop.stepper = loop.method.stepper;
	loop.state = malloc(loop.stepper->state_size(&setup));
	loop.stepper->init(loop.state, &setup);
	oj_loop_begin(&loop, &y);
	while (loop.running)
		oj_loop_step(&loop, loop.t1);
	oj_loop_settle(&loop);
	cr_expect_eq(loop.stats.outcome, OJIT_SUCCESS);
	double end = oj_loop_states(&loop)[0];
	free(loop.state);
	return end;
}

Test(solvers_added, the_row_solves_to_the_tolerance)
{
	double right = exp(sin(3));
	cr_expect_lt(fabs(solve(&added[0], 1e-4) - right), 1e-3);
	cr_expect_lt(fabs(solve(&added[0], 1e-8) - right), 1e-7);
}

Test(solvers_added, the_row_becomes_a_method_with_its_properties)
{
	struct method method = oj_method_of_tableau(&added[0]);
	cr_expect_str_eq(method.info.name, "kutta3");
	cr_expect_eq(method.info.order, 3);
	cr_expect_eq(method.control.error_order, 3);
	cr_expect_not(oj_method_find("kutta3", &method), "the example is in the table: take another");
}
