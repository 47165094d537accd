/* Arrays, their edges and parts, derivatives and parameters: what a whole model
 * computes, against the same written out in C. */
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Right-hand side (or observables) of a model against numbers. */
static void expect_kernel(const char *text, enum kernel_kind kind, size_t count, const double *values)
{
	struct support_model m;
	support_model_open(&m, text, NULL);
	support_model_start(&m);
	cr_assert_eq((size_t)m.lowered.lengths[kind == KERNEL_OUTPUTS ? FAMILY_OUTPUTS : FAMILY_STATES], count, "%s", text);
	double *out = support_model_run(&m, kind);
	for (size_t i = 0; i < count; i++)
		cr_expect_eq(out[i], values[i], "element %zu is %.17g, not %.17g, in:\n%s", i, out[i], values[i], text);
	free(out);
	support_model_close(&m);
}
#define EXPECT_KERNEL(kind, text, ...)                                                  \
	do {                                                                            \
		const double values[] = {__VA_ARGS__};                                  \
		expect_kernel((text), (kind), sizeof values / sizeof *values, values); \
	} while (0)
#define EXPECT_RHS(text, ...) EXPECT_KERNEL(KERNEL_RHS, text, __VA_ARGS__)
#define EXPECT_OUT(text, ...) EXPECT_KERNEL(KERNEL_OUTPUTS, text, __VA_ARGS__)

#define U4 "init u[i in 1..4] = i^2\n" /* 1 4 9 16 */

Test(language_arrays, edges_extend_a_state_beyond_its_range)
{
	EXPECT_RHS(U4 "u[i in 1..4]' = u[i-1] + u[i+1]\nlet u[0] = 100, u[5] = u[4]", 104, 10, 20, 25);
	EXPECT_RHS(U4 "const N = 4\nlet u[0] = u[N], u[N+1] = u[1]\nu[i in 1..N]' = u[i-1] - u[i+1]", 12, -8, -12, 8);
	EXPECT_RHS(U4 "let u[0] = u[-1]/2\nlet u[-1] = t\nu[i in 1..4]' = u[i-2]", 0.25, 0.125, 1, 4);
	EXPECT_RHS("init u[i in 1..2, j in 1..2] = 10*i + j\nlet u[0, j in 1..2] = u[1, j], u[3, j in 1..2] = -u[2, j]\n"
	           "u[i in 1..2, j in 1..2]' = u[i-1, j] + u[i+1, j]", 11 + 21, 12 + 22, 11 - 21, 12 - 22);
	EXPECT_RHS("param p[i in 1..2] = i\nlet p[0] = 7\nx' = p[0] + p[2]; init x = 0", 9);
}

/* Elements around a square, and two sides of a cube, are edges one by one. */
static double around(int i, int j, int k)
{
	return i < 1 || i > 5 || j < 1 || j > 5 ? 100 * i + 7 * j + k : 10 * i + j + 100 * k;
}

static void write_edges(FILE *file)
{
	fprintf(file, "init u[i in 1..5, j in 1..5] = 10*i + j, v[i in 1..5, j in 1..5, k in 1..2] = 10*i + j + 100*k\n");
	for (int e = 0; e < 49; e++) {
		int i = e * 19 % 49 / 7, j = e * 19 % 49 % 7;
		if (i < 1 || i > 5 || j < 1 || j > 5)
			fprintf(file, "let u[%d, %d] = %g\n", i, j, around(i, j, 0));
		for (int k = 1; k <= 2 && (i == 0 || i == 6) && j >= 1 && j <= 5; k++)
			fprintf(file, "let v[%d, %d, %d] = %g\n", i, j, k, around(i, j, k));
	}
	fprintf(file, "u[i in 1..5, j in 1..5]' = u[i-1,j] + 2*u[i+1,j] + 3*u[i,j-1] + 4*u[i,j+1] + 5*u[i+1,j+1]\n"
	              "v[i in 1..5, j in 1..5, k in 1..2]' = v[i-1,j,k] + 2*v[i+1,j,3-k]\n");
}

Test(language_arrays, many_edges_of_two_and_three_axes_are_found)
{
	struct support_model m;
	char *text = NULL;
	size_t length = 0;
	FILE *file = open_memstream(&text, &length);
	write_edges(file);
	fclose(file);
	support_model_open(&m, text, NULL);
	support_model_start(&m);
	double *out = support_model_run(&m, KERNEL_RHS);
	for (int i = 1; i <= 5; i++)
		for (int j = 1; j <= 5; j++) {
			const double *u = out + 5 * (i - 1) + j - 1, *v = out + 25 + 10 * (i - 1) + 2 * (j - 1);
			cr_expect_eq(*u, around(i - 1, j, 0) + 2 * around(i + 1, j, 0) + 3 * around(i, j - 1, 0) + 4 * around(i, j + 1, 0) +
			             5 * around(i + 1, j + 1, 0), "u[%d,%d]", i, j);
			for (int k = 1; k <= 2; k++)
				cr_expect_eq(v[k - 1], around(i - 1, j, k) + 2 * around(i + 1, j, 3 - k), "v[%d,%d,%d]", i, j, k);
		}
	free(out);
	free(text);
	support_model_close(&m);
}

Test(language_arrays, wrapping_indices_are_periodic)
{
	EXPECT_RHS(U4 "u[i in 1..4 wrap]' = u[i-1] - u[i+1]", 16 - 4, 1 - 9, 4 - 16, 9 - 1);
	EXPECT_RHS(U4 "u[i in 1..4 wrap]' = u[i+9]", 4, 9, 16, 1);
	EXPECT_RHS(U4 "u[i in 1..4 wrap]' = u[2*i]", 4, 16, 4, 16);
	EXPECT_RHS(U4 "u[i in 1..4]' = sum(k in 1..4 wrap, u[k+1]*k) + i", 4 + 18 + 48 + 4 + 1, 76, 77, 78);
	EXPECT_RHS(U4 "index n[i in 1..4] = 5 - i\nu[i in 1..4 wrap]' = u[n[i+1]]", 9, 4, 1, 16);
}

Test(language_arrays, an_array_may_be_given_in_parts)
{
	EXPECT_RHS("init u[1] = 1, u[i in 2..3] = i, u[4] = 7\nu[1]' = 0\nu[i in 2..3]' = u[i-1]\nu[4]' = t", 0, 1, 2, 0.25);
	EXPECT_RHS("init u[i in 1..2, j in 1..3] = 1\nu[i in 1..2, 1]' = i\nu[1, j in 2..3]' = 10*j\nu[2, j in 2..3]' = 100*j",
	           1, 20, 30, 2, 200, 300);
	EXPECT_OUT("x' = 0; init x = 3\nlet a[1] = x, a[i in 2..3] = x*i\nout v[i in 1..2] = a[i], v[3] = a[3]", 3, 6, 9);
	EXPECT_OUT("x' = 0; init x = 3\nlet a[i in 1..3] = x*i, a[0] = a[1], a[4] = 2*a[0]\nout a", 3, 3, 6, 9, 6);
}

Test(language_arrays, derivatives_can_be_read)
{
	EXPECT_RHS("x' = 2*x; y' = x' - z'; z' = sum(k in 1..3, k*x); init x = 3, y = 0, z = 0", 6, 6 - 18, 18);
	EXPECT_RHS("init u[i in 1..2] = i, v[i in 1..2] = 0\nu[i in 1..2]' = 10*u[i]\nv[i in 1..2]' = u[3-i]' + u'[i]", 10, 20, 30, 30);
	EXPECT_OUT("x' = 2*x; init x = 3; out v = x' + 1, x', x", 7, 6, 3);
	EXPECT_OUT("init u[i in 1..2] = i\nu[i in 1..2]' = 10*u[i]\nout u'", 10, 20);
}

Test(language_arrays, second_order_equations_make_two_states)
{
	EXPECT_RHS("x'' = -4*x - x'; init x = 1, x' = 3", 3, -7);
	EXPECT_RHS("y' = x''; x'' = -x; init x = 2, x' = 5, y = 0", -2, 5, -2);
	EXPECT_RHS("init q[i in 1..2] = i, q[i in 1..2]' = 10*i\nq[i in 1..2]'' = q'[i]*q[i]", 10, 20, 10, 40);
	struct support_model m;
	support_model_open(&m, "q[i in 1..2]'' = 0; init q[i in 1..2] = i, q[i in 1..2]' = 0; a' = 1; init a = 0", NULL);
	cr_expect_eq(support_model_find(&m, FAMILY_STATES, "q"), 0);
	cr_expect_eq(support_model_find(&m, FAMILY_STATES, "q'"), 2);
	cr_expect_eq(support_model_find(&m, FAMILY_STATES, "a"), 4);
	support_model_close(&m);
}

Test(language_arrays, states_stand_in_the_order_of_their_equations)
{
	struct support_model m;
	support_model_open(&m, "init b = 0, a = 0, u[i in 0..2] = 0\na' = 1\nu[i in 0..2]' = 1\nb' = 1\nparam q = 1, p = 2", NULL);
	cr_expect_eq(support_model_find(&m, FAMILY_STATES, "a"), 0);
	cr_expect_eq(support_model_find(&m, FAMILY_STATES, "u"), 1);
	cr_expect_eq(support_model_find(&m, FAMILY_STATES, "b"), 4);
	cr_expect_eq(oj_family_base(&m.lowered.families[FAMILY_STATES][1], 0), 0);
	cr_expect_eq(oj_family_extent(&m.lowered.families[FAMILY_STATES][1], 0), 3);
	cr_expect_eq(support_model_find(&m, FAMILY_PARAMETERS, "p"), 1);
	support_model_close(&m);
}

Test(language_arrays, parameters_follow_each_other)
{
	struct support_model m;
	support_model_open(&m, "param third = half*2/3, half = K/2, K = 6, w[i in 1..3] = K*i, s = sum(i in 1..3, w[i])\n"
	                       "x' = 0; init x = s + third", NULL);
	support_model_start(&m);
	cr_expect_eq(m.p[support_model_find(&m, FAMILY_PARAMETERS, "half")], 3);
	cr_expect_eq(m.p[support_model_find(&m, FAMILY_PARAMETERS, "third")], 2);
	cr_expect_eq(m.p[support_model_find(&m, FAMILY_PARAMETERS, "w") + 2], 18);
	cr_expect_eq(m.y[0], 38);
	support_model_close(&m);
}

Test(language_arrays, random_numbers_depend_on_seed_and_counters_alone)
{
	struct support_model m;
	support_model_open(&m, "param a[i in 1..4] = uniform(1, i), b[i in 1..4] = uniform(1, 5 - i), c = uniform(2, 1)\n"
	                       "init x = normal(3, 1); x' = 0", NULL);
	support_model_start(&m);
	for (int i = 0; i < 4; i++) {
		cr_expect(m.p[i] > 0 && m.p[i] < 1);
		cr_expect_eq(m.p[i], m.p[7 - i]);
	}
	cr_expect_neq(m.p[0], m.p[1]);
	cr_expect_neq(m.p[0], m.p[8]);
	support_model_close(&m);
}

Test(language_arrays, constants_may_use_functions_tables_and_each_other)
{
	EXPECT_OUT("const M = N^2, N = 3, h = 1/M, last = row[N]\nindex row[i in 1..N] = i*i - 1\nx' = 0; init x = 0\n"
	           "out a = M, b = h, c = last, d = sum(i in 1..last, 1)", 9, 1.0 / 9, 8, 8);
	EXPECT_RHS("const a = sin(1), b = sum(i in 1..4, 1/i), c = sigmoid(0.3)\nx' = a - sin(y); y' = b - sum(i in 1..4, 1/i)\n"
	           "z' = c - sigmoid(y - 0.7)*1; init x = 0, y = 1, z = 0", 0, 0, 0);
}

Test(language_arrays, a_const_can_be_given_another_value)
{
	struct support_model m;
	const char *text = "const N = 2, M = N + 1\nu[i in 1..M]' = 0; init u[i in 1..M] = 0";
	support_model_begin(&m);
	ojit_model_set_const(m.model, "N", 9);
	ojit_model_read_text(m.model, text, strlen(text), NULL);
	support_model_lower(&m);
	cr_expect_eq(m.lowered.lengths[FAMILY_STATES], 10);
	support_model_close(&m);
	support_model_begin(&m);
	ojit_model_read_text(m.model, text, strlen(text), NULL);
	ojit_model_set_const(m.model, "NN", 9);
	cr_expect_eq(ojit_model_check(m.model), OJIT_NAME);
	cr_expect_not_null(strstr(ojit_model_error(m.model).message, "did you mean N?"), "%s", ojit_model_error(m.model).text);
	support_model_close(&m);
}

Test(language_arrays, span_and_solve_are_defaults_made_of_constants)
{
	struct support_model m;
	support_model_open(&m, "const T = 5\nspan -T .. 2*T; solve method = rk4, rtol = 1/2^10\nx' = 1; init x = 0\nsolve atol = 1e-9", NULL);
	cr_expect(m.lowered.has_span);
	cr_expect_eq(m.lowered.span[0], -5);
	cr_expect_eq(m.lowered.span[1], 10);
	cr_expect_str_eq(m.lowered.method, "rk4");
	cr_expect_eq(m.lowered.rtol, ldexp(1, -10));
	cr_expect_eq(m.lowered.atol, 1e-9);
	support_model_close(&m);
}

Test(language_arrays, code_does_not_grow_with_the_size_of_arrays)
{
	size_t nodes[2], blocks[2];
	for (int k = 0; k < 2; k++) {
		struct support_model m;
		const char *text = k ? "const N = 1000000\ninit u[i in 1..N] = i; u[i in 1..N wrap]' = u[i-1] + sum(j in 1..N if j != i, u[j])"
		                     : "const N = 100\ninit u[i in 1..N] = i; u[i in 1..N wrap]' = u[i-1] + sum(j in 1..N if j != i, u[j])";
		support_model_open(&m, text, NULL);
		nodes[k] = m.lowered.space.graph.nodes.count;
		blocks[k] = m.lowered.programs[KERNEL_RHS].blocks.count;
		support_model_close(&m);
	}
	cr_expect_eq(nodes[0], nodes[1]);
	cr_expect_eq(blocks[0], 1);
	cr_expect_eq(blocks[1], 1);
}

Test(language_arrays, reductions_use_eight_partial_sums_where_there_is_little_to_run_along)
{
	static const char *const texts[] = {
		"u[i in 1..7]' = sum(j in 1..9, u[i]*j); init u[i in 1..7] = 0",
		"u[i in 1..8]' = sum(j in 1..9, u[i]*j); init u[i in 1..8] = 0",
		"u[i in 1..8]' = sum(j in 1..9, 1.5*j) + u[i]; init u[i in 1..8] = 0",
		"u[i in 1..2]' = sum(k in 1..4, sum(j in 1..9, u[i]*j*k)); init u[i in 1..2] = 0",
	};
	static const int orders[] = {TREE8, SEQUENTIAL, TREE8, SEQUENTIAL}; /* of the reduction over j */
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct support_model m;
		int found = -1;
		support_model_open(&m, texts[i], NULL);
		for (size_t e = 1; e < m.lowered.space.graph.nodes.count; e++) /* the inner one is made first */
			if (oj_is(&m.lowered.space.graph, (ojit_expr)e, OP_REDUCE) && found < 0)
				found = oj_node(&m.lowered.space.graph, (ojit_expr)e)->reduction.order;
		cr_expect_eq(found, orders[i], "%s", texts[i]);
		support_model_close(&m);
	}
}
