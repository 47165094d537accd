/* The rows of tableaus.def against the order conditions: for every rooted tree,
 * the weighted sum of a method's elementary weights is theta^order / density.
 * Trees are generated here, so the test knows nothing of any method (Butcher; HNW
 * II.2, theorem 2.13; for interpolants II.6). */
#include "solvers/method.h"
#include "solvers/tableau.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef long double real; /* 64 bits of mantissa at least: the rows' own rounding shows */

/* ---- rooted trees, as parents of numbered nodes, by canonical level sequences ---- */

enum { MOST = 9, TREES = 600 };
struct tree {
	int order, parent[MOST];
};
static struct tree trees[TREES];
static int tree_count;

static void add_tree(const int *level, int order)
{
	struct tree *tree = &trees[tree_count++];
	tree->order = order;
	for (int i = 1; i < order; i++)
		for (int j = 0; j < i; j++)
			if (level[j] == level[i] - 1)
				tree->parent[i] = j;
}

/* All trees of one order (Beyer, Hedetniemi, SIAM J. Comput. 9, 1980). */
static void add_trees(int order)
{
	int level[MOST];
	for (int i = 0; i < order; i++)
		level[i] = i;
	for (;;) {
		add_tree(level, order);
		int p = order - 1;
		while (p > 0 && level[p] == 1)
			p--;
		if (p <= 0)
			return;
		int q = p - 1;
		while (level[q] != level[p] - 1)
			q--;
		for (int i = p; i < order; i++)
			level[i] = level[i - (p - q)];
	}
}

static real density(const struct tree *tree)
{
	int size[MOST];
	real product = 1;
	for (int i = 0; i < tree->order; i++)
		size[i] = 1;
	for (int i = tree->order - 1; i >= 0; i--) {
		product *= size[i];
		if (i > 0)
			size[tree->parent[i]] += size[i];
	}
	return product;
}

/* ---- a row with all its stages, as one square matrix ---- */

struct matrix {
	int count;
	real a[TABLEAU_STAGES][TABLEAU_STAGES];
};

static struct matrix matrix_of(const struct tableau *row)
{
	struct matrix m = {.count = row->stages + 1 + row->extra};
	for (int i = 1; i < row->stages; i++)
		for (int j = 0; j < i; j++)
			m.a[i][j] = oj_tableau_row(row, i)[j];
	for (int j = 0; j < row->stages; j++)
		m.a[row->stages][j] = row->b.at[j];
	for (int i = 0; i < row->extra; i++)
		for (int j = 0; j < row->stages + 1 + i; j++)
			m.a[row->stages + 1 + i][j] = oj_tableau_extra_row(row, i)[j];
	return m;
}

/* How far weights w are from the tree's condition, over the sum of absolute terms,
 * which is what rounded coefficients can be asked for. */
static real defect(const struct matrix *m, const real *w, const struct tree *tree, real theta)
{
	real value[MOST][TABLEAU_STAGES], size[MOST][TABLEAU_STAGES], sum = 0, total = 0;
	for (int node = 0; node < tree->order; node++)
		for (int i = 0; i < m->count; i++)
			value[node][i] = size[node][i] = 1;
	for (int node = tree->order - 1; node > 0; node--)
		for (int i = 0; i < m->count; i++) {
			real inner = 0, absolute = 0;
			for (int j = 0; j < i; j++) {
				inner += m->a[i][j] * value[node][j];
				absolute += fabsl(m->a[i][j]) * size[node][j];
			}
			value[tree->parent[node]][i] *= inner;
			size[tree->parent[node]][i] *= absolute;
		}
	for (int i = 0; i < m->count; i++) {
		sum += w[i] * value[0][i];
		total += fabsl(w[i]) * size[0][i];
	}
	real right = powl(theta, tree->order) / density(tree);
	return fabsl(sum - right) / (total + right);
}

/* The largest defect over all trees of an order. */
static real worst(const struct matrix *m, const real *w, int order, real theta)
{
	real most = 0;
	for (int i = 0; i < tree_count; i++)
		if (trees[i].order == order)
			most = fmaxl(most, defect(m, w, &trees[i], theta));
	return most;
}

static void setup(void)
{
	tree_count = 0;
	for (int order = 1; order <= MOST; order++)
		add_trees(order);
}

/* Coefficients are rounded to 2^-53, a product of eight of them to eight times that. */
#define ROUNDING (16 * 0x1p-53L)

static void expect_order(const struct tableau *row, const char *what, const struct matrix *m,
                         const real *w, int order, real theta)
{
	for (int q = 1; q <= order; q++) {
		real most = worst(m, w, q, theta);
		cr_expect_leq(most, ROUNDING, "%s %s, theta %Lg: order %d misses by %Lg", row->name, what,
		              theta, q, most);
	}
	cr_expect_gt(worst(m, w, order + 1, theta), 1e3L * ROUNDING,
	             "%s %s: has order %d, not %d", row->name, what, order + 1, order);
}

TestSuite(solvers_tableaus, .init = setup);

Test(solvers_tableaus, trees_are_all_there)
{
	static const int known[MOST + 1] = {0, 1, 1, 2, 4, 9, 20, 48, 115, 286};
	for (int order = 1; order <= MOST; order++) {
		int count = 0;
		for (int i = 0; i < tree_count; i++)
			count += trees[i].order == order;
		cr_expect_eq(count, known[order], "%d trees of order %d", count, order);
	}
}

Test(solvers_tableaus, rows_have_as_many_numbers_as_they_say)
{
	cr_assert_geq(oj_tableau_count(), 6);
	for (size_t r = 0; r < oj_tableau_count(); r++) {
		const struct tableau *row = oj_tableau_at(r);
		int s = row->stages, all = s + 1 + row->extra, extra = 0;
		for (int i = 0; i < row->extra; i++)
			extra += s + 1 + i;
		cr_expect_leq(all, TABLEAU_STAGES, "%s", row->name);
		cr_expect_leq(row->dense_degree, TABLEAU_DEGREE, "%s", row->name);
		cr_expect_eq(row->c.count, s, "%s", row->name);
		cr_expect_eq(row->a.count, s * (s - 1) / 2, "%s", row->name);
		cr_expect_eq(row->b.count, s, "%s", row->name);
		for (int i = 0; i < row->estimates; i++)
			cr_expect_eq(row->e[i].count, s + 1, "%s", row->name);
		cr_expect_eq(row->extra_c.count, row->extra, "%s", row->name);
		cr_expect_eq(row->extra_a.count, extra, "%s", row->name);
		int bubbles = row->dense_degree > 3 ? row->dense_degree - 3 : 0;
		cr_expect_eq(row->bubble.count, bubbles * all, "%s", row->name);
	}
}

Test(solvers_tableaus, nodes_are_the_sums_of_their_rows)
{
	for (size_t r = 0; r < oj_tableau_count(); r++) {
		const struct tableau *row = oj_tableau_at(r);
		struct matrix m = matrix_of(row);
		for (int i = 0; i < m.count; i++) {
			real sum = 0, size = 1;
			for (int j = 0; j < i; j++)
				sum += m.a[i][j], size += fabsl(m.a[i][j]);
			real c = i < row->stages ? row->c.at[i]
			       : i == row->stages ? 1 : row->extra_c.at[i - row->stages - 1];
			cr_expect_leq(fabsl(sum - c), 2 * 0x1p-53L * size, "%s, stage %d", row->name, i);
		}
	}
}

Test(solvers_tableaus, solutions_have_their_order_and_no_more)
{
	for (size_t r = 0; r < oj_tableau_count(); r++) {
		const struct tableau *row = oj_tableau_at(r);
		struct matrix m = matrix_of(row);
		real w[TABLEAU_STAGES] = {0};
		for (int i = 0; i < row->stages; i++)
			w[i] = row->b.at[i];
		expect_order(row, "solution", &m, w, row->order, 1);
	}
}

Test(solvers_tableaus, comparison_solutions_have_their_orders_and_no_more)
{
	for (size_t r = 0; r < oj_tableau_count(); r++) {
		const struct tableau *row = oj_tableau_at(r);
		struct matrix m = matrix_of(row);
		for (int k = 0; k < row->estimates; k++) {
			real w[TABLEAU_STAGES] = {0};
			for (int i = 0; i <= row->stages; i++)
				w[i] = (i < row->stages ? (real)row->b.at[i] : 0) - row->e[k].at[i];
			expect_order(row, "comparison", &m, w, row->estimate_order[k], 1);
		}
	}
}

Test(solvers_tableaus, fsal_says_whether_the_estimate_reads_the_last_slope)
{
	for (size_t r = 0; r < oj_tableau_count(); r++) {
		const struct tableau *row = oj_tableau_at(r);
		bool reads = false;
		for (int k = 0; k < row->estimates; k++)
			reads = reads || row->e[k].at[row->stages] != 0;
		cr_expect_eq(reads, row->fsal, "%s", row->name);
	}
}

Test(solvers_tableaus, interpolants_have_their_order_and_no_more)
{
	static const double thetas[] = {0.0625, 0.21, 0.5, 0.77, 0.9375};
	for (size_t r = 0; r < oj_tableau_count(); r++) {
		const struct tableau *row = oj_tableau_at(r);
		struct matrix m = matrix_of(row);
		struct nested nested;
		oj_tableau_nest(row, &nested);
		for (size_t k = 0; k < sizeof thetas / sizeof *thetas; k++) {
			double weights[TABLEAU_STAGES];
			real w[TABLEAU_STAGES];
			oj_nested_weights(&nested, thetas[k], weights);
			for (int i = 0; i < m.count; i++)
				w[i] = weights[i];
			expect_order(row, "interpolant", &m, w, row->dense_order, thetas[k]);
		}
	}
}

Test(solvers_tableaus, interpolants_end_in_the_solution_itself)
{
	for (size_t r = 0; r < oj_tableau_count(); r++) {
		const struct tableau *row = oj_tableau_at(r);
		struct nested nested;
		double weights[TABLEAU_STAGES];
		oj_tableau_nest(row, &nested);
		oj_nested_weights(&nested, 1, weights);
		for (int i = 0; i < nested.count; i++)
			cr_expect_eq(weights[i], i < row->stages ? row->b.at[i] : 0, "%s, weight %d",
			             row->name, i);
	}
}

Test(solvers_tableaus, methods_are_found_by_name_and_alias_in_either_case)
{
	struct method method;
	cr_expect(oj_method_find("tsit5", &method) && !strcmp(method.info.name, "tsit5"));
	cr_expect(oj_method_find("RK45", &method) && !strcmp(method.info.name, "dopri5"));
	cr_expect(oj_method_find("rk23", &method) && !strcmp(method.info.name, "bs3"));
	cr_expect(oj_method_find("DOP853", &method) && !strcmp(method.info.name, "dop853"));
	cr_expect_not(oj_method_find("rk", &method));
	cr_expect_not(oj_method_find("", &method));
}
