/* Every function of lib/math against MPFR, on hard arguments, in every set of
 * functions and every lane count this CPU has, within the bound of its row. */
#include "lib/math/math.h"
#include "tests/support_arguments.h"
#include "tests/support_lanes.h"
#include "tests/support_mpfr.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { PRECISION = 160, NOT_HERE = -1, MANY = 0 };

static const struct row {
	const char *text, *type;
	int arity;
	int function; /* enum oj_math, or NOT_HERE */
	int leaf;
	double bound;
} rows[] = {
#define LEAF NOT_HERE, 1
#define EXPAND NOT_HERE, 0
#define INSTR(value) NOT_HERE, 0
#define MATH(fn) OJ_MATH_##fn, 0
#define OP(tag, text, arity, type, way, bound) { text, #type, arity, way, bound },
#include "lib/graph/ops.def"
#undef OP
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Returns the worst error, in units of the last place. */
static double compare(const struct row *row, enum oj_math_set set, int lanes, size_t count,
                      double (*x)[SUPPORT_OPERANDS], const double *values, const mpfr_t *exact)
{
	double worst = 0;
	int complaints = 0;
	for (size_t k = 0; k < count; k++) {
		double ulps = support_mpfr_ulps(values[k], exact[k]);
		worst = fmax(worst, ulps);
		if (ulps > row->bound && complaints++ < 5)
			cr_expect(0, "%s(%a, %a) = %a, not %a: %g ulp (set %d, %d lanes)", row->text, x[k][0],
			          x[k][1], values[k], mpfr_get_d(exact[k], MPFR_RNDN), ulps, set, lanes);
	}
	return worst;
}

static void check_row(const struct row *row)
{
	double(*x)[SUPPORT_OPERANDS] = malloc(SUPPORT_ARGUMENTS * sizeof *x);
	double *values = malloc(SUPPORT_ARGUMENTS * sizeof *values);
	double *scalar = malloc(SUPPORT_ARGUMENTS * sizeof *scalar);
	mpfr_t *exact = malloc(SUPPORT_ARGUMENTS * sizeof *exact);
	size_t count = support_arguments(row->text, row->arity, x);
	for (size_t k = 0; k < count; k++) {
		mpfr_init2(exact[k], PRECISION);
		cr_assert(support_mpfr_apply(exact[k], row->text, x[k], row->arity));
	}
	double worst = 0;
	for (int set = 0; set < OJ_MATH_SETS; set++)
		for (int lanes = 1; lanes <= 8; lanes *= 2) {
			const struct math_function *table = oj_math_table_of(set);
			if (table == NULL || !support_lanes(&table[row->function], lanes, x, count, values))
				continue;
			if (lanes == 1)
				memcpy(scalar, values, count * sizeof *values);
			else if (memcmp(scalar, values, count * sizeof *values) == 0)
				continue; /* judged already */
			worst = fmax(worst, compare(row, set, lanes, count, x, values, exact));
		}
	cr_log_info("%-8s %6zu arguments, worst %.4f ulp, bound %g", row->text, count, worst, row->bound);
	for (size_t k = 0; k < count; k++)
		mpfr_clear(exact[k]);
	free(exact), free(scalar), free(values), free(x);
}

static void check_half(int half)
{
	int checked = 0;
	for (int k = 0; k < ROWS; k++)
		if (rows[k].function != NOT_HERE && rows[k].function % 2 == half) {
			check_row(&rows[k]);
			checked++;
		}
	cr_expect_eq(checked, OJ_MATH_COUNT / 2);
}

/* In two halves, so that two processors may share them. */
Test(math_accuracy, even_functions_stay_within_their_bounds)
{
	check_half(0);
}

Test(math_accuracy, odd_functions_stay_within_their_bounds)
{
	check_half(1);
}

Test(math_accuracy, operators_and_functions_agree_on_names_and_arities)
{
	const struct math_function *table = oj_math_table();
	for (int k = 0; k < ROWS; k++)
		if (rows[k].function != NOT_HERE) {
			cr_expect_str_eq(rows[k].text, table[rows[k].function].name);
			cr_expect_eq(rows[k].arity, table[rows[k].function].arity, "%s", rows[k].text);
		}
}

Test(math_accuracy, every_operator_that_computes_has_a_meaning_in_mpfr)
{
	for (int k = 0; k < ROWS; k++)
		if (strcmp(rows[k].type, "REAL") == 0 && !rows[k].leaf)
			cr_expect(oj_mpfr_find(rows[k].text) != NULL, "%s", rows[k].text);
}
