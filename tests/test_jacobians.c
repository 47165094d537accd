/* Sparse Jacobians against tangents in unit directions: every entry has its value, and
 * what is no entry is zero. */
#include "lib/graph/jacobian.h"

#include "tests/support_derivatives.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct program jacobian_of(struct derivative_problem *p, enum array_role role, struct pattern *pattern)
{
	struct program made;
	struct jacobian_request request = {role, p->states, role == ROLE_STATE ? p->states : p->parameters};
	oj_program_init(&made, &p->m.lowered.space, KERNEL_RHS);
	cr_assert_eq(oj_jacobian_program(&made, p->rhs, p->prepare, &request, pattern, &p->m.error), OJIT_OK, "%s",
	             oj_error_public(&p->m.error).text);
	struct pass_options options = {0};
	cr_assert_eq(oj_pass_simplify(&made, &options, &p->m.error), OJIT_OK);
	cr_assert_eq(oj_pass_split(&made, &options, &p->m.error), OJIT_OK, "%s", oj_error_public(&p->m.error).text);
	return made;
}

static struct exact *values_of(struct derivative_problem *p, const struct program *jacobian, int64_t entries)
{
	struct exact *x = exact_new(p->rhs, DERIVATIVE_BITS);
	derivative_point(x, p);
	derivative_prepare(x, p);
	for (int64_t k = 0; k < entries; k++)
		mpfr_set_nan(exact_element(x, ROLE_OUT, k)); /* everything has to be written */
	exact_run(x, jacobian);
	return x;
}

static void compare(struct derivative_problem *p, const char *text, enum array_role role)
{
	struct pattern pattern;
	struct program jacobian = jacobian_of(p, role, &pattern);
	bool states = role == ROLE_STATE;
	struct exact *x = values_of(p, &jacobian, pattern.entries);
	struct exact *tangents = derivative_tangents(p, states ? p->states : 0, states ? 0 : p->parameters);
	for (int64_t c = 0; c < pattern.columns; c++) {
		int64_t k = pattern.column[c];
		for (int64_t r = 0; r < pattern.rows; r++) {
			double want = mpfr_get_d(exact_element(tangents, ROLE_OUT, r * pattern.columns + c), MPFR_RNDN), got = 0;
			if (k < pattern.column[c + 1] && pattern.row[k] == r)
				got = mpfr_get_d(exact_element(x, ROLE_OUT, k++), MPFR_RNDN);
			cr_expect(fabs(got - want) <= 1e-15 * fabs(want), "%s\nrow %ld, column %ld: %.17g instead of %.17g", text,
			          (long)r, (long)c, got, want);
		}
		cr_expect_eq(k, pattern.column[c + 1], "%s\nrows of column %ld are not in order", text, (long)c);
	}
	exact_free(tangents);
	exact_free(x);
	oj_program_drop(&jacobian);
	oj_pattern_drop(&pattern, p->m.context);
}

static void hold(const char *text, enum array_role role, bool roll)
{
	struct derivative_problem p;
	derivative_begin(&p, text, roll);
	compare(&p, text, role);
	derivative_end(&p);
}

Test(jacobians, by_states_are_what_tangents_are)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], ROLE_STATE, true);
}

Test(jacobians, by_parameters_go_through_derived_ones)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], ROLE_PARAMETER, true);
}

Test(jacobians, of_unrolled_equations_are_the_same)
{
	for (size_t k = 0; k < derivative_model_count; k++)
		hold(derivative_models[k], ROLE_STATE, false);
}

/* Subscripts of a listed point and of a sum's index inside of it together. */
Test(jacobians, of_products_and_extremes_over_ragged_ranges)
{
	hold("const N = 5\nparam y = 1\ninit x[i in 1..N] = i\nx[i in 1..N]' = prod(j in 1..i-1, x[i-j]*x[j])", ROLE_STATE, true);
	hold("const N = 5\nparam y = 1\ninit x[i in 1..N] = i\nx[i in 1..N]' = sum(j in 1..i-1, max(k in 1..j, x[i-k]*x[j]))",
	     ROLE_STATE, true);
}

/* Both factors are the same state in 2 rows of 24: these entries are not made one. */
Test(jacobians, of_factors_that_tables_name_and_that_seldom_meet)
{
	static const char text[] = "const N = 24\nindex a[i in 1..N] = mod(5*i, N) + 1, b[i in 1..N] = mod(7*i + 2, N) + 1\n"
		"param k = 0.3\ninit x[i in 1..N] = 1 + 0.1*i\nlet r[i in 1..N] = k*x[a[i]]*x[b[i]]*(1 + x[b[i]])\n"
		"x[i in 1..N]' = r[a[i]] - r[b[i]]*x[i]";
	hold(text, ROLE_STATE, true);
	hold(text, ROLE_PARAMETER, true);
}

static int64_t entries_of(const char *text)
{
	struct derivative_problem p;
	struct pattern pattern;
	derivative_begin(&p, text, true);
	struct program jacobian = jacobian_of(&p, ROLE_STATE, &pattern);
	int64_t entries = pattern.entries;
	oj_program_drop(&jacobian);
	oj_pattern_drop(&pattern, p.m.context);
	derivative_end(&p);
	return entries;
}

Test(jacobians, have_no_entries_that_are_zero_by_structure)
{
	cr_expect_eq(entries_of("init x = 1, y = 2\nx' = x - x + y\ny' = 0*x + 3"), 1);
	cr_expect_eq(entries_of("init x = 1, y = 2\nx' = floor(x) + y^2\ny' = sign(y)"), 1);
	cr_expect_eq(entries_of("const N = 50\ninit u[i in 1..N] = i\nlet u[0] = 0, u[N+1] = 0\n"
	                        "u[i in 1..N]' = u[i-1] - 2*u[i] + u[i+1]"), 3 * 50 - 2);
	cr_expect_eq(entries_of("init x = 1, y = 2\nlet r = x*y\nx' = r - r\ny' = -r"), 2);
}

Test(jacobians, are_texts_that_read_back)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct derivative_problem p;
		struct pattern pattern;
		derivative_begin(&p, derivative_models[k], true);
		struct program jacobian = jacobian_of(&p, ROLE_STATE, &pattern);
		derivative_reads_back(&jacobian, derivative_models[k]);
		oj_program_drop(&jacobian);
		oj_pattern_drop(&pattern, p.m.context);
		derivative_end(&p);
	}
}

static size_t blocks_of(const char *format, int n)
{
	char text[400];
	struct derivative_problem p;
	struct pattern pattern;
	snprintf(text, sizeof text, format, n);
	derivative_begin(&p, text, true);
	struct program jacobian = jacobian_of(&p, ROLE_STATE, &pattern);
	size_t blocks = jacobian.blocks.count;
	oj_program_drop(&jacobian);
	oj_pattern_drop(&pattern, p.m.context);
	derivative_end(&p);
	return blocks;
}

Test(jacobians, of_families_are_as_many_blocks_whatever_their_length)
{
	static const char *const families[] = {
		"const N = %d\nparam K = 0.5\ninit θ[i in 1..N] = i\nθ[i in 1..N]' = K/N*sum(j in 1..N, sin(θ[j] - θ[i]))",
		"const N = %d\ninit u[i in 1..N] = i\nlet u[0] = 0, u[N+1] = 0\n"
		"u[i in 1..N]' = u[i]*(u[i-1] - 2*u[i] + u[i+1])",
		"const N = %d\nindex s[i in 1..N] = mod(i*i, N) + 1\ninit u[i in 1..N] = i\nlet r[i in 1..N] = u[i]*u[s[i]]\n"
		"u[i in 1..N]' = r[s[i]] - r[i]",
		("const N = %d\ninit u[i in 1..N, j in 1..N] = i + j\nlet u[0, j in 1..N] = u[2, j], u[N+1, j in 1..N] = u[N-1, j]\n"
		 "u[i in 1..N, j in 1..N]' = u[i-1, j]*u[i, j] + u[i+1, j]*u[i, mod(j, N) + 1]"),
	};
	for (size_t k = 0; k < sizeof families / sizeof families[0]; k++)
		cr_expect_eq(blocks_of(families[k], 10), blocks_of(families[k], 40), "%s", families[k]);
}

/* Columns at edges are shorter, so what goes over all of them is cut there; over the core the
 * entries of a column are stored one after the other. */
Test(jacobians, of_stencils_are_stored_column_by_column_without_tables)
{
	static const struct { const char *text; int64_t core[2]; size_t at_core; } stencils[] = {
		{"const N = 20\ninit u[i in 1..N] = i\nlet u[0] = 0, u[N+1] = 0\nu[i in 1..N]' = u[i]*(u[i-1] - 2*u[i] + u[i+1])",
		 {3, 19}, 3},
		{"const N = 12\ninit u[i in 1..N, j in 1..N] = i + j, v[i in 1..N, j in 1..N] = i*j\n"
		 "let u[0, j in 1..N] = u[2, j], u[N+1, j in 1..N] = u[N-1, j]\n"
		 "u[i in 1..N, j in 1..N]' = u[i-1, j] - 2*u[i, j] + u[i+1, j]*v[i, j]\n"
		 "v[i in 1..N, j in 1..N]' = u[i, j]*v[i, j]", {3, 11}, 4},
	};
	for (size_t k = 0; k < sizeof stencils / sizeof stencils[0]; k++) {
		struct derivative_problem p;
		struct pattern pattern;
		size_t at_core = 0;
		derivative_begin(&p, stencils[k].text, true);
		struct program jacobian = jacobian_of(&p, ROLE_STATE, &pattern);
		cr_expect_eq(p.rhs->space->tables.count, 0, "%s", stencils[k].text);
		for (size_t b = 0; b < jacobian.blocks.count; b++) {
			const struct block *block = &jacobian.blocks.at[b];
			at_core += block->lo[0] == stencils[k].core[0] && block->end[0] == stencils[k].core[1] ? block->stores.count : 0;
		}
		cr_expect_eq(at_core, stencils[k].at_core, "%zu: %s", at_core, stencils[k].text);
		oj_program_drop(&jacobian);
		oj_pattern_drop(&pattern, p.m.context);
		compare(&p, stencils[k].text, ROLE_STATE);
		derivative_end(&p);
	}
}

/* Entries that several loads share are added up in boxes: the diagonal of a sum over all,
 * what a mirrored edge counts twice, a fixed column, loads that meet in part. */
Test(jacobians, of_families_need_no_lists_where_loads_share_entries)
{
	static const char *const families[] = {
		"const N = 12\nparam K = 0.5\ninit θ[i in 1..N] = i\nθ[i in 1..N]' = K/N*sum(j in 1..N, sin(θ[j] - θ[i]))",
		("const N = 9\ninit u[i in 1..N, j in 1..N] = i + j\nlet u[0, j in 1..N] = u[2, j], u[N+1, j in 1..N] = u[N-1, j]\n"
		 "u[i in 1..N, j in 1..N]' = u[i-1, j] - 2*u[i, j] + u[i+1, j]"),
		"const N = 12\ninit u[i in 1..N] = i\nu[i in 1..N]' = u[i]^2*u[3] + sum(j in 1..N, u[j]*u[N + 1 - i]/j)",
	};
	for (size_t k = 0; k < sizeof families / sizeof families[0]; k++) {
		struct derivative_problem p;
		struct pattern pattern;
		derivative_begin(&p, families[k], true);
		struct program jacobian = jacobian_of(&p, ROLE_STATE, &pattern);
		for (size_t a = 0; a < p.rhs->space->arrays.count; a++)
			cr_expect_str_neq(p.rhs->space->arrays.at[a].name, "terms", "%s", families[k]);
		for (size_t t = 0; t < p.rhs->space->tables.count; t++)
			cr_expect_str_neq(p.rhs->space->tables.at[t].name, "listed", "%s", families[k]);
		oj_program_drop(&jacobian);
		oj_pattern_drop(&pattern, p.m.context);
		compare(&p, families[k], ROLE_STATE);
		derivative_end(&p);
	}
}
