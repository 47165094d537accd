/* Factorisations of z I - J: every way against the equation itself, and against one
 * another. */
#include "solvers/linear.h"

#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A matrix with numbers that a generator gives, on a pattern. */
struct matrix {
	ojit_context *context;
	struct pattern pattern;
	double *values;
	uint64_t seed;
};

static double draw(struct matrix *m)
{
	m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(m->seed >> 11) / 9007199254740992.0 - 0.5;
}

/* Entries (i, j) where `has` says so. */
static struct matrix make_matrix(int64_t n, bool (*has)(int64_t i, int64_t j))
{
	struct matrix m = {.context = ojit_context_new(NULL), .seed = 7};
	int64_t entries = 0;
	for (int64_t i = 0; i < n * n; i++)
		entries += has(i / n, i % n);
	cr_assert(oj_pattern_init(&m.pattern, m.context, n, n, entries));
	m.values = malloc((size_t)entries * sizeof(double));
	entries = 0;
	for (int64_t j = 0; j < n; j++) {
		m.pattern.column[j] = entries;
		for (int64_t i = 0; i < n; i++)
			if (has(i, j)) {
				m.pattern.row[entries] = i;
				m.values[entries++] = draw(&m);
			}
	}
	m.pattern.column[n] = entries;
	return m;
}

static void drop_matrix(struct matrix *m)
{
	free(m->values);
	oj_pattern_drop(&m->pattern, m->context);
	ojit_context_free(m->context);
}

static bool in_band(int64_t i, int64_t j)
{
	return i - j <= 2 && j - i <= 1 && !(i == j && i % 3 == 0);
}

static bool scattered(int64_t i, int64_t j)
{
	return (i * 7 + j * 3) % 11 == 0;
}

/* Rows and columns are eliminated from the last to the first. */
static bool arrow(int64_t i, int64_t j)
{
	return i == j || i == 0 || j == 0;
}

static bool everywhere(int64_t i, int64_t j)
{
	(void)i, (void)j;
	return true;
}

static bool nowhere(int64_t i, int64_t j)
{
	(void)i, (void)j;
	return false;
}

static struct linear *make_linear(struct matrix *m, enum linear_kind kind, int complexes, struct text *why)
{
	struct linear *linear;
	struct oj_error error;
	oj_error_init(&error, m->context);
	cr_assert_eq(oj_linear_make(m->context, &m->pattern, kind, complexes, &linear, why, &error), OJIT_OK, "%s",
	             oj_text_get(&error.message));
	oj_error_drop(&error);
	return linear;
}

/* The largest component of (z I - J) x - b, over those of x times the size of the matrix. */
static double residual(const struct matrix *m, double complex z, const double complex *x, const double complex *b)
{
	int64_t n = m->pattern.rows;
	double worst = 0, size = 0, largest = cabs(z);
	for (int64_t k = 0; k < m->pattern.entries; k++)
		largest = fmax(largest, fabs(m->values[k]));
	double complex *r = malloc((size_t)n * sizeof *r);
	for (int64_t i = 0; i < n; i++)
		r[i] = z * x[i] - b[i];
	for (int64_t j = 0; j < n; j++)
		for (int64_t k = m->pattern.column[j]; k < m->pattern.column[j + 1]; k++)
			r[m->pattern.row[k]] -= m->values[k] * x[j];
	for (int64_t i = 0; i < n; i++) {
		worst = fmax(worst, cabs(r[i]));
		size = fmax(size, cabs(x[i]));
	}
	free(r);
	return worst / (size * largest);
}

/* Solve in a slot; returns the residual. */
static double try_slot(struct matrix *m, struct linear *linear, int slot, double complex z)
{
	int64_t n = m->pattern.rows;
	double complex *b = malloc((size_t)n * sizeof *b), *x = malloc((size_t)n * sizeof *x);
	double *plain = malloc((size_t)n * sizeof *plain);
	for (int64_t i = 0; i < n; i++) {
		double re = draw(m), im = slot ? draw(m) : 0;
		x[i] = b[i] = re + I * im;
		plain[i] = re;
	}
	cr_assert(linear->way->factor(linear, slot, m->values, creal(z), cimag(z)));
	linear->way->solve(linear, slot, slot ? (double *)x : plain);
	for (int64_t i = 0; slot == 0 && i < n; i++)
		x[i] = plain[i];
	double worst = residual(m, z, x, b);
	free(b), free(x), free(plain);
	return worst;
}

static void try_way(struct matrix *m, enum linear_kind kind)
{
	struct linear *linear = make_linear(m, kind, 2, NULL);
	for (int round = 0; round < 3; round++) {
		double z = round == 1 ? 1e-3 : 2.5;
		cr_expect_lt(try_slot(m, linear, 0, z), 1e-12, "%s", oj_linear_name(kind));
		cr_expect_lt(try_slot(m, linear, 1, z + 0.5 * I), 1e-12, "%s", oj_linear_name(kind));
		cr_expect_lt(try_slot(m, linear, 2, z - 3 * I), 1e-12, "%s", oj_linear_name(kind));
		for (int64_t k = 0; k < m->pattern.entries; k++)
			m->values[k] = draw(m);
	}
	oj_linear_drop(linear);
}

Test(linear, every_way_solves_its_equations)
{
	bool (*const shapes[])(int64_t, int64_t) = {in_band, scattered, arrow, everywhere};
	const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 40};
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
			for (enum linear_kind kind = LINEAR_DENSE; kind < LINEAR_KINDS; kind++) {
				struct matrix m = make_matrix(sizes[k], shapes[s]);
				try_way(&m, kind);
				drop_matrix(&m);
			}
}

/* ---- large full matrices ---- */

enum { LARGE = 1100 }; /* eight blocks of columns, and a part of one */

static struct matrix make_large(void)
{
	struct matrix m = make_matrix(LARGE, everywhere);
	for (int64_t k = 0; k < LARGE; k += 7) /* so that rows are exchanged all over */
		m.values[k * LARGE + (k * 31) % LARGE] += 20;
	return m;
}

Test(linear, large_full_matrices_are_solved_in_blocks)
{
	struct matrix m = make_large();
	struct linear *linear = make_linear(&m, LINEAR_DENSE, 1, NULL);
	cr_expect_lt(try_slot(&m, linear, 0, 2.5), 1e-11);
	cr_expect_lt(try_slot(&m, linear, 1, 2.5 + 0.5 * I), 1e-11);
	for (int64_t i = 0; i < LARGE; i++)
		m.values[700 * LARGE + i] = i == 700 ? 2.5 : 0; /* z I - J has a column of zeros */
	cr_expect_not(linear->way->factor(linear, 0, m.values, 2.5, 0));
	oj_linear_drop(linear);
	drop_matrix(&m);
}

struct asked {
	int times, allowed;
};

static bool is_allowed(void *user)
{
	struct asked *asked = user;
	return asked->times++ < asked->allowed;
}

/* The solution of a right side of ones. */
static void solve_ones(struct linear *linear, double *x)
{
	for (int i = 0; i < LARGE; i++)
		x[i] = 1;
	linear->way->solve(linear, 0, x);
}

Test(linear, large_factorisations_end_when_they_are_asked_to)
{
	struct matrix m = make_large();
	struct linear *linear = make_linear(&m, LINEAR_DENSE, 0, NULL);
	double *expected = malloc(LARGE * sizeof *expected), *x = malloc(LARGE * sizeof *x);
	cr_assert(linear->way->factor(linear, 0, m.values, 2.5, 0));
	solve_ones(linear, expected);
	struct asked asked = {.allowed = 1000};
	linear->go_on = is_allowed;
	linear->asked = &asked;
	cr_assert(linear->way->factor(linear, 0, m.values, 2.5, 0));
	solve_ones(linear, x);
	cr_expect_arr_eq(x, expected, LARGE * sizeof *x);
	cr_expect_geq(asked.times, 2 * LARGE / 128);
	for (int allowed = 0; allowed < 2 * LARGE / 128; allowed += 5) {
		asked = (struct asked){.allowed = allowed};
		cr_expect_not(linear->way->factor(linear, 0, m.values, 2.5, 0));
		cr_expect_eq(asked.times, allowed + 1);
	}
	free(expected), free(x);
	oj_linear_drop(linear);
	drop_matrix(&m);
}

static int64_t below, above;
static bool in_given_band(int64_t i, int64_t j)
{
	return i - j <= below && j - i <= above;
}

/* Narrow ones are eliminated here, wide ones by LAPACK; both exchange rows. */
Test(linear, bands_of_all_widths_are_solved)
{
	for (below = 0; below < 15; below++)
		for (above = 0; above < 5; above++)
			for (int64_t n = 1; n < 60; n += 19) {
				struct matrix m = make_matrix(n, in_given_band);
				try_way(&m, LINEAR_BAND);
				drop_matrix(&m);
			}
}

/* The worst residual, real and complex, with large diagonals: rows are eliminated from both ends.  That of
 * column j, where there is one, is next to nothing: rows there have to be exchanged. */
static double try_dominated(struct matrix *m, int64_t j)
{
	const double large = 8, little = 1e-9;
	struct linear *linear = make_linear(m, LINEAR_BAND, 1, NULL);
	double *diagonal = m->values + (j < 0 ? 0 : m->pattern.column[j] + (j < above ? j : above)), before = *diagonal;
	*diagonal = j < 0 ? before : large - little;
	double worst = fmax(try_slot(m, linear, 0, large), try_slot(m, linear, 1, large + little * I));
	*diagonal = before;
	oj_linear_drop(linear);
	return worst;
}

Test(linear, bands_are_solved_from_both_ends_and_where_rows_have_to_be_exchanged)
{
	for (below = 1; below < 6; below++)
		for (above = 1; above < 6; above++) {
			struct matrix m = make_matrix(23, in_given_band);
			for (int64_t j = -1; j < 23; j++)
				cr_expect_lt(try_dominated(&m, j), 1e-15, "%d below, %d above, %d", (int)below, (int)above, (int)j);
			drop_matrix(&m);
		}
}

Test(linear, an_empty_pattern_leaves_the_shift)
{
	for (enum linear_kind kind = LINEAR_DENSE; kind < LINEAR_KINDS; kind++) {
		struct matrix m = make_matrix(5, nowhere);
		struct linear *linear = make_linear(&m, kind, 0, NULL);
		cr_expect_lt(try_slot(&m, linear, 0, 4), 1e-15);
		oj_linear_drop(linear);
		drop_matrix(&m);
	}
}

Test(linear, what_is_singular_is_said_to_be)
{
	for (enum linear_kind kind = LINEAR_DENSE; kind < LINEAR_KINDS; kind++) {
		struct matrix m = make_matrix(3, everywhere);
		struct linear *linear = make_linear(&m, kind, 1, NULL);
		for (int64_t k = 0; k < 9; k++)
			m.values[k] = 1;
		cr_expect_not(linear->way->factor(linear, 0, m.values, 0, 0), "%s", oj_linear_name(kind));
		cr_expect_not(linear->way->factor(linear, 1, m.values, 0, 0), "%s", oj_linear_name(kind));
		cr_expect_lt(try_slot(&m, linear, 0, 1), 1e-14, "and then not");
		oj_linear_drop(linear);
		drop_matrix(&m);
	}
}

/* Pivots of the first numbers are hopeless for the second. */
Test(linear, sparse_pivots_are_chosen_afresh_when_entries_grow)
{
	const enum linear_kind kinds[] = {LINEAR_SPARSE, LINEAR_STATIC};
	for (int k = 0; k < 2; k++) {
		struct matrix m = make_matrix(40, scattered);
		struct linear *linear = make_linear(&m, kinds[k], 1, NULL);
		cr_expect_lt(try_slot(&m, linear, 0, 1e3), 1e-13);
		cr_expect_lt(try_slot(&m, linear, 1, 1e3 + I), 1e-13);
		for (int64_t e = 0; e < m.pattern.entries; e++)
			m.values[e] = draw(&m);
		cr_expect_lt(try_slot(&m, linear, 0, 1e-14), 1e-9, "%s", oj_linear_name(kinds[k]));
		cr_expect_lt(try_slot(&m, linear, 1, 1e-14 * I), 1e-9, "%s", oj_linear_name(kinds[k]));
		oj_linear_drop(linear);
		drop_matrix(&m);
	}
}

/* Few rows are written out: pivots of the first numbers again, the largest of each
 * column in turn, and numbers whose squares are none. */
Test(linear, few_rows_are_solved_whichever_entries_are_large)
{
	const double sizes[] = {1, 1e-200, 1e200};
	for (int64_t n = 1; n <= 5; n++)
		for (int64_t large = 0; large < n * n; large++)
			for (int s = 0; s < 3; s++) {
				struct matrix m = make_matrix(n, everywhere);
				struct linear *linear = make_linear(&m, LINEAR_STATIC, 1, NULL);
				cr_expect_lt(try_slot(&m, linear, 0, 1e9), 1e-15);
				for (int64_t k = 0; k < n * n; k++)
					m.values[k] = sizes[s] * (draw(&m) * (k == large ? 1e12 : 1) + (k % (n + 1) ? 0 : 2));
				cr_expect_lt(try_slot(&m, linear, 0, 1e-3 * sizes[s]), 1e-11, "%lld rows, %g", (long long)n, sizes[s]);
				cr_expect_lt(try_slot(&m, linear, 1, 1e-3 * sizes[s] * I), 1e-11, "%lld rows, %g", (long long)n, sizes[s]);
				oj_linear_drop(linear);
				drop_matrix(&m);
			}
}

/* Bytes of memory that can be executed and belong to no file; neighbours may be one line. */
static size_t count_code(void)
{
	char line[512];
	size_t bytes = 0;
	unsigned long from, to;
	FILE *maps = fopen("/proc/self/maps", "r");
	cr_assert(maps);
	while (fgets(line, sizeof line, maps))
		if (strstr(line, " r-xp 00000000 00:00 0 ") && !strchr(line, '[') && sscanf(line, "%lx-%lx", &from, &to) == 2)
			bytes += to - from;
	fclose(maps);
	return bytes;
}

/* What a slot gives for one right-hand side after `rounds` times, which machine code is made after. */
static void solve_often(struct matrix *m, struct linear *linear, int slot, int rounds, double *x)
{
	size_t bytes = 2 * (size_t)m->pattern.rows * sizeof *x;
	double b[128];
	for (int i = 0; i < 128; i++)
		b[i] = sin(i);
	for (int k = 0; k < rounds; k++) {
		cr_assert(linear->way->factor(linear, slot, m->values, slot ? 0.25 : 2.5, slot ? 1.5 : 0));
		memcpy(x, b, bytes);
		linear->way->solve(linear, slot, x);
	}
}

/* By lists at first, then by machine code: more rows than wait in registers, and fewer. */
Test(linear, machine_code_of_few_rows_gives_the_bits_of_the_lists)
{
	bool (*const shapes[])(int64_t, int64_t) = {in_band, scattered, arrow};
	const int64_t sizes[] = {5, 8, 12, 13, 14, 20, 40};
	for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			struct matrix m = make_matrix(sizes[k], shapes[s]);
			struct linear *linear = make_linear(&m, LINEAR_STATIC, 2, NULL);
			size_t before = count_code();
			for (int slot = 0; slot < 2; slot++) {
				double first[128], last[128];
				size_t here = count_code();
				solve_often(&m, linear, slot, 1, first);
				solve_often(&m, linear, slot, 260, last);
				cr_expect_arr_eq(first, last, (slot ? 2 : 1) * (size_t)sizes[k] * sizeof(double), "%lld rows",
				                 (long long)sizes[k]);
				cr_expect_gt(count_code(), here, "slot %d of %lld rows", slot, (long long)sizes[k]);
			}
			oj_linear_drop(linear);
			cr_expect_eq(count_code(), before, "code is left");
			drop_matrix(&m);
		}
}

Test(linear, long_lists_stay_lists)
{
	struct matrix m = make_matrix(64, everywhere);
	struct linear *linear = make_linear(&m, LINEAR_STATIC, 0, NULL);
	size_t before = count_code();
	double x[128];
	solve_often(&m, linear, 0, 260, x);
	cr_expect_eq(count_code(), before);
	oj_linear_drop(linear);
	drop_matrix(&m);
}

/* Code of pivots that are hopeless for the numbers that come is left for lists, and for other
 * code in the end. */
Test(linear, machine_code_follows_the_pivots)
{
	struct matrix m = make_matrix(20, scattered);
	struct linear *linear = make_linear(&m, LINEAR_STATIC, 1, NULL);
	double x[128];
	solve_often(&m, linear, 0, 260, x);
	solve_often(&m, linear, 1, 260, x);
	for (int times = 0; times < 4; times++) {
		for (int64_t e = 0; e < m.pattern.entries; e++)
			m.values[e] = draw(&m);
		cr_expect_lt(try_slot(&m, linear, 0, 1e-14), 1e-9);
		cr_expect_lt(try_slot(&m, linear, 1, 1e-14 * I), 1e-9);
		solve_often(&m, linear, 0, 600, x);
		cr_expect_lt(try_slot(&m, linear, 0, 1e-14), 1e-9);
		cr_expect_lt(try_slot(&m, linear, 1, 1e-3 + 1e-200 * I), 1e-9);
		for (int64_t e = 0; e < m.pattern.entries; e++)
			m.values[e] = 1;
		cr_expect_not(linear->way->factor(linear, 0, m.values, NAN, 0));
	}
	oj_linear_drop(linear);
	drop_matrix(&m);
}

/* Once forgotten, what was factorised before leaves no trace. */
Test(linear, a_pivot_order_that_is_forgotten_changes_nothing)
{
	for (enum linear_kind kind = LINEAR_DENSE; kind < LINEAR_KINDS; kind++) {
		struct matrix m = make_matrix(20, scattered);
		struct linear *linear = make_linear(&m, kind, 0, NULL), *fresh = make_linear(&m, kind, 0, NULL);
		double x[20], y[20];
		try_slot(&m, linear, 0, 1e3);
		if (linear->way->forget)
			linear->way->forget(linear);
		cr_assert(linear->way->factor(linear, 0, m.values, 0.01, 0));
		cr_assert(fresh->way->factor(fresh, 0, m.values, 0.01, 0));
		for (int i = 0; i < 20; i++)
			x[i] = y[i] = draw(&m);
		linear->way->solve(linear, 0, x);
		fresh->way->solve(fresh, 0, y);
		cr_expect_arr_eq(x, y, sizeof x, "%s", oj_linear_name(kind));
		oj_linear_drop(linear);
		oj_linear_drop(fresh);
		drop_matrix(&m);
	}
}

Test(linear, lists_are_for_few_rows)
{
	struct matrix m = make_matrix(65, in_band);
	struct linear *linear;
	struct oj_error error;
	oj_error_init(&error, m.context);
	cr_expect_eq(oj_linear_make(m.context, &m.pattern, LINEAR_STATIC, 0, &linear, NULL, &error), OJIT_UNSUPPORTED);
	cr_expect(strstr(oj_text_get(&error.message), "at most 64 states, and there are 65"), "%s",
	          oj_text_get(&error.message));
	oj_error_drop(&error);
	drop_matrix(&m);
	m = make_matrix(64, in_band);
	try_way(&m, LINEAR_STATIC);
	drop_matrix(&m);
}

Test(linear, a_copy_solves_to_the_bit)
{
	for (enum linear_kind kind = LINEAR_DENSE; kind < LINEAR_KINDS; kind++) {
		struct matrix m = make_matrix(30, scattered);
		struct linear *linear = make_linear(&m, kind, 1, NULL), *other = make_linear(&m, kind, 1, NULL);
		double x[60], y[60];
		try_slot(&m, linear, 1, 0.3 + I);
		for (int64_t k = 0; k < m.pattern.entries; k++)
			m.values[k] += 0.1 * draw(&m);
		try_slot(&m, linear, 1, 0.2 + I);
		try_slot(&m, linear, 0, 0.7);
		cr_assert(other->way->copy(other, linear));
		for (int i = 0; i < 60; i++)
			x[i] = y[i] = draw(&m);
		linear->way->solve(linear, 1, x);
		other->way->solve(other, 1, y);
		cr_expect_arr_eq(x, y, sizeof x, "%s", oj_linear_name(kind));
		linear->way->solve(linear, 0, x);
		other->way->solve(other, 0, y);
		cr_expect_arr_eq(x, y, sizeof x, "%s", oj_linear_name(kind));
		oj_linear_drop(linear);
		oj_linear_drop(other);
		drop_matrix(&m);
	}
}

/* The diagonal and two corners of 200,000 rows: full matrices would take 2 TB. */
Test(linear, factors_that_no_memory_holds_are_refused_with_their_size)
{
	const enum linear_kind kinds[] = {LINEAR_DENSE, LINEAR_BAND};
	for (int k = 0; k < 2; k++) {
		ojit_context *context = ojit_context_new(NULL);
		struct pattern large = {0};
		struct linear *linear;
		struct oj_error error;
		int64_t n = 200000;
		oj_error_init(&error, context);
		cr_assert(oj_pattern_init(&large, context, n, n, n + 2));
		for (int64_t j = 0, entries = 0; j < n; j++) {
			large.column[j] = entries;
			if (j == n - 1)
				large.row[entries++] = 0;
			large.row[entries++] = j;
			if (j == 0)
				large.row[entries++] = n - 1;
			large.column[j + 1] = entries;
		}
		cr_expect_eq(oj_linear_make(context, &large, kinds[k], 3, &linear, NULL, &error), OJIT_UNSUPPORTED);
		const char *text = oj_text_get(&error.message);
		cr_expect(strstr(text, " GB for 200000 states, in one real and 3 complex matrices"), "%s", text);
		cr_expect(strstr(text, "choose sparse or auto"), "%s", text);
		oj_error_drop(&error);
		oj_pattern_drop(&large, context);
		ojit_context_free(context);
	}
}

static enum linear_kind chosen(int64_t n, bool (*has)(int64_t, int64_t))
{
	struct matrix m = make_matrix(n, has);
	struct text why;
	oj_text_init(&why, m.context);
	struct linear *linear = make_linear(&m, LINEAR_AUTO, 1, &why);
	enum linear_kind kind = linear->kind;
	cr_expect(strstr(oj_text_get(&why), kind == LINEAR_STATIC ? "static " : "band of"), "%s", oj_text_get(&why));
	oj_linear_drop(linear);
	oj_text_drop(&why);
	drop_matrix(&m);
	return kind;
}

Test(linear, the_way_follows_from_the_pattern)
{
	cr_expect_eq(chosen(3, everywhere), LINEAR_STATIC);
	cr_expect_eq(chosen(64, in_band), LINEAR_STATIC);
	cr_expect_eq(chosen(64, everywhere), LINEAR_DENSE);
	cr_expect_eq(chosen(30, everywhere), LINEAR_DENSE);
	cr_expect_eq(chosen(300, in_band), LINEAR_BAND);
	cr_expect_eq(chosen(300, arrow), LINEAR_SPARSE);
}
