/* `ojit run`: formats agree to the bit and change no step, progress, and --refine. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char decay[] =
	"param k = 2\n"
	"init  x = 1, θ = 0.5\n"
	"x' = -k*x\n"
	"θ' = cos(3*t)*θ\n"
	"out   twice = 2*x\n"
	"span  0 .. 1\n";

static void begin(void)
{
	tool_begin();
	tool_file("decay.ojit", decay);
	tool_file("plain.ojit", "init x = 1\nx' = -x\nspan 0 .. 1\n");
	tool_file("times.txt", "0.1 0.25 0.9\n");
	tool_file("lorenz.ojit", "init x = 1, y = 1, z = 1\nx' = 10*(y - x)\ny' = x*(28 - z) - y\nz' = x*y - 8/3*z\n"
	                         "span 0 .. 60\n");
}
TestSuite(tool_output, .init = begin, .fini = tool_end);

/* ---- NPY, read as the format's definition says ---- */

struct npy {
	int version;
	char *header;
	double *at;
	size_t count;
};

static uint64_t little(const unsigned char *bytes, int count)
{
	uint64_t value = 0;
	for (int k = count; k-- > 0;)
		value = value << 8 | bytes[k];
	return value;
}

static struct npy read_npy(const char *name)
{
	struct npy npy = {0};
	char path[256], length[64];
	cr_assert_eq(tool_run("realpath %s; stat -c %%s %s", name, name), 0);
	cr_assert_eq(sscanf(tool_out(), "%255s %63s", path, length), 2);
	size_t size = (size_t)atol(length);
	unsigned char *bytes = malloc(size + 1);
	FILE *file = fopen(path, "rb");
	cr_assert(file && fread(bytes, 1, size, file) == size);
	fclose(file);
	cr_assert_eq(memcmp(bytes, "\x93NUMPY", 6), 0);
	npy.version = bytes[6];
	int width = npy.version == 1 ? 2 : 4;
	size_t header = little(bytes + 8, width), front = 8 + (size_t)width + header;
	cr_expect_eq(front % 64, 0);
	cr_assert_leq(front, size);
	cr_expect_eq(bytes[front - 1], '\n');
	npy.header = strndup((char *)bytes + 8 + width, header);
	npy.count = (size - front) / 8;
	npy.at = malloc(size - front + 1);
	for (size_t k = 0; k < npy.count; k++) {
		uint64_t bits = little(bytes + front + 8 * k, 8);
		memcpy(&npy.at[k], &bits, sizeof bits);
	}
	free(bytes);
	return npy;
}

static void drop_npy(struct npy *npy)
{
	free(npy->header);
	free(npy->at);
}

static const char *const grids[] = {"--points 7", "--every 0.3", "--times times.txt", "--steps", "--final"};
enum { GRIDS = sizeof grids / sizeof *grids };

Test(tool_output, npy_holds_what_csv_holds_to_the_bit)
{
	for (int g = 0; g < GRIDS; g++) {
		cr_assert_eq(tool_run("$OJIT run decay.ojit %s -o out.npy", grids[g]), 0);
		struct npy npy = read_npy("out.npy");
		cr_assert_eq(tool_run("$OJIT run decay.ojit %s", grids[g]), 0);
		struct table t = tool_table();
		cr_assert_eq(npy.count, t.rows * t.columns, "%s", grids[g]);
		cr_expect_eq(memcmp(npy.at, t.at, npy.count * sizeof *npy.at), 0, "%s", grids[g]);
		cr_expect_eq(npy.version, 3, "names that are not ASCII");
		EXPECT_HAS(npy.header, "'descr': [('t', '<f8'), ('x', '<f8'), ('θ', '<f8'), ('twice', '<f8')]");
		char shape[64];
		snprintf(shape, sizeof shape, "'shape': (%zu,)", t.rows);
		EXPECT_HAS(npy.header, shape);
		drop_npy(&npy);
	}
}

/* A grid whose ranges do not begin at 1, a family behind it, a scalar between them. */
static const char families[] =
	"init  u[i in 0..2, j in 2..3] = i + 10*j, x = 1, v[i in 1..4] = i, w[i in 1..2, j in 1..3, k in -1..0] = i\n"
	"u[i in 0..2, j in 2..3]' = -u[i, j]\n"
	"x' = -x\n"
	"v[i in 1..4]' = -v[i]\n"
	"w[i in 1..2, j in 1..3, k in -1..0]' = -k\n"
	"out   one[i in 5..5] = x, x, v\n"
	"span  0 .. 1\n";

Test(tool_output, npy_has_one_field_for_a_family_in_the_order_of_its_indices)
{
	tool_file("families.ojit", families);
	cr_assert_eq(tool_run("$OJIT run families.ojit --points 3 -o out.npy"), 0, "%s", tool_err());
	struct npy npy = read_npy("out.npy");
	EXPECT_HAS(npy.header, "'descr': [('t', '<f8'), ('u', '<f8', (3, 2)), ('x', '<f8'), ('v', '<f8', (4,)), "
	                       "('w', '<f8', (2, 3, 2)), ('one', '<f8', (1,)), ('out x', '<f8'), ('out v', '<f8', (4,))], ");
	EXPECT_HAS(npy.header, "'shape': (3,)");
	cr_assert_eq(tool_run("$OJIT run families.ojit --points 3"), 0);
	EXPECT_HAS(tool_out(), "t,\"u[0,2]\",\"u[0,3]\",\"u[1,2]\",\"u[1,3]\",\"u[2,2]\",\"u[2,3]\",x,v[1],");
	struct table t = tool_table();
	cr_assert_eq(npy.count, t.rows * t.columns);
	cr_expect_eq(memcmp(npy.at, t.at, npy.count * sizeof *npy.at), 0);
	drop_npy(&npy);
}

Test(tool_output, npy_headers_do_not_grow_with_families)
{
	tool_file("grid.ojit", "init u[i in 1..90, j in 1..90] = i, v[i in 1..90, j in 1..90] = j\n"
	                       "u[i in 1..90, j in 1..90]' = -u[i, j]\nv[i in 1..90, j in 1..90]' = -v[i, j]\nspan 0 .. 0.1\n");
	cr_assert_eq(tool_run("$OJIT run grid.ojit --final -o out.npy"), 0);
	struct npy npy = read_npy("out.npy");
	cr_expect_lt(strlen(npy.header), 200);
	cr_expect_eq(npy.version, 1);
	cr_expect_eq(npy.count, 2 * 90 * 90 + 1);
	drop_npy(&npy);
}

/* A model of `count` scalars. */
static void write_scalars(const char *name, int count)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	for (int k = 0; k < count; k++)
		fprintf(out, "init x%d = %d\nx%d' = -x%d\n", k, k, k, k);
	fputs("span 0 .. 0.1\n", out);
	fclose(out);
	tool_file(name, text);
	free(text);
}

Test(tool_output, npy_has_the_version_its_header_needs)
{
	cr_assert_eq(tool_run("$OJIT run plain.ojit --final -o out.npy"), 0);
	struct npy npy = read_npy("out.npy");
	cr_expect_eq(npy.version, 1);
	drop_npy(&npy);
	write_scalars("wide.ojit", 4000);
	cr_assert_eq(tool_run("$OJIT run wide.ojit --final -o out.npy"), 0);
	npy = read_npy("out.npy");
	cr_expect_eq(npy.version, 2);
	cr_expect_eq(npy.count, 4001);
	drop_npy(&npy);
}

Test(tool_output, the_format_follows_the_name_of_the_file)
{
	cr_assert_eq(tool_run("$OJIT run plain.ojit --final -o out.json && cat out.json"), 0);
	json_t *json = tool_json();
	cr_expect(json_object_get(json, "states"));
	json_decref(json);
	cr_assert_eq(tool_run("$OJIT run plain.ojit --final --format csv -o out.json && cat out.json"), 0);
	cr_expect_eq(strncmp(tool_out(), "t,x\n", 4), 0);
}

Test(tool_output, npy_is_refused_where_it_makes_no_sense)
{
	cr_expect_eq(tool_run("$OJIT eval plain.ojit --format npy"), 2);
	EXPECT_HAS(tool_err(), "ojit eval writes lines of text, or json");
	cr_expect_eq(tool_run("script -qec \"$OJIT run plain.ojit --format npy\" /dev/null"), 2);
	EXPECT_HAS(tool_out(), "write it to a file with -o");
}

/* The statistics of a run, as far as they are no times. */
static void steps_of(const char *options, long long *steps, long long *rejected)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --stats %s 2>&1 >/dev/null | grep -E '^(steps|rejected)'", options), 0);
	cr_assert_eq(sscanf(tool_out(), "steps %lld rejected %lld", steps, rejected), 2, "%s", tool_out());
}

Test(tool_output, neither_grid_nor_format_changes_a_step)
{
	long long steps, rejected, s, r;
	char last[3][64];
	steps_of("--final", &steps, &rejected);
	for (int g = 0; g < GRIDS; g++) {
		steps_of(grids[g], &s, &r);
		cr_expect(s == steps && r == rejected, "%s", grids[g]);
	}
	/* The last state, to the bit. */
	static const char *const ends[] = {"--points 50", "--steps", "--final"};
	for (int k = 0; k < 3; k++) {
		cr_assert_eq(tool_run("$OJIT run decay.ojit %s | tail -n 1 | cut -d, -f2", ends[k]), 0);
		snprintf(last[k], sizeof last[k], "%s", tool_out());
		cr_expect_str_eq(last[k], last[0]);
	}
}

Test(tool_output, partial_results_are_whole_files)
{
	tool_file("blow.ojit", "init x = 1\nx' = x^2\nspan 0 .. 2\n");
	cr_expect_eq(tool_run("$OJIT run blow.ojit --points 101 -o out.npy"), 1);
	struct npy npy = read_npy("out.npy");
	cr_expect_gt(npy.count, 2 * 40);
	cr_expect_lt(npy.count, 2 * 101);
	drop_npy(&npy);
	cr_expect_eq(tool_run("$OJIT run blow.ojit --points 101 --format json"), 1);
	json_t *json = tool_json();
	cr_expect_gt(json_array_size(json_object_get(json, "rows")), 40);
	json_decref(json);
}

/* ---- progress ---- */

Test(tool_output, progress_is_told_to_terminals_and_to_who_asks)
{
	cr_assert_eq(tool_run("$OJIT run lorenz.ojit --final"), 0);
	cr_expect_str_empty(tool_err());
	cr_assert_eq(tool_run("$OJIT run lorenz.ojit --final --progress"), 0);
	EXPECT_HAS(tool_err(), "% ");
	EXPECT_HAS(tool_err(), " steps ");
	EXPECT_HAS(tool_err(), " left");
	cr_expect_eq(tool_err()[strlen(tool_err()) - 1], '\r'); /* the line is taken away */
	cr_assert_eq(tool_run("script -qec \"$OJIT run lorenz.ojit --final --no-progress\" /dev/null"), 0);
	cr_expect_null(strstr(tool_out(), " left"));
	cr_expect_eq(tool_run("$OJIT run lorenz.ojit --progress --no-progress"), 2);
}

Test(tool_output, progress_changes_no_number)
{
	cr_assert_eq(tool_run("$OJIT run lorenz.ojit > a; $OJIT run lorenz.ojit --progress > b 2> /dev/null; cmp a b"), 0);
}

/* ---- refining ---- */

Test(tool_output, refining_gets_the_digits_it_is_after)
{
	cr_assert_eq(tool_run("$OJIT run plain.ojit --refine --digits 11 --points 5"), 0);
	struct table t = tool_table();
	for (size_t i = 0; i < t.rows; i++)
		cr_expect_float_eq(t.at[2 * i + 1], exp(-t.at[2 * i]), 1e-11);
	EXPECT_HAS(tool_err(), " digits hold, fewest in x");
}

Test(tool_output, refining_says_how_many_hold_column_by_column)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --refine --format json"), 0);
	json_t *json = tool_json(), *refine = json_object_get(json_object_get(json, "stats"), "refine");
	cr_assert(refine);
	cr_expect(json_is_true(json_object_get(refine, "reached")));
	cr_expect_gt(json_integer_value(json_object_get(refine, "solves")), 1);
	json_t *digits = json_object_get(refine, "digits");
	cr_expect_eq(json_object_size(digits), 3);
	cr_expect_geq(json_number_value(json_object_get(digits, "θ")), 6);
	json_decref(json);
}

Test(tool_output, refining_what_cannot_be_known_says_so)
{
	cr_assert_eq(tool_run("$OJIT run lorenz.ojit --refine --final"), 0);
	EXPECT_HAS(tool_err(), "fewer than wanted");
}

Test(tool_output, refining_halves_fixed_steps)
{
	cr_assert_eq(tool_run("$OJIT run plain.ojit --refine --digits 6 --fixed-step 0.1 --method rk4 --final"), 0);
	EXPECT_HAS(tool_err(), "the last with steps of");
	struct table t = tool_table();
	cr_expect_float_eq(t.at[1], exp(-1), 1e-6);
}

Test(tool_output, refining_needs_times_to_compare_at)
{
	cr_expect_eq(tool_run("$OJIT run plain.ojit --refine --steps"), 2);
	EXPECT_HAS(tool_err(), "--refine compares");
	cr_expect_eq(tool_run("$OJIT run plain.ojit --digits 3"), 2);
	EXPECT_HAS(tool_err(), "add --refine");
}

/* What was solved to the end is put out, with the digits that it has, though the next solve fails. */
Test(tool_output, refining_that_ends_early_loses_nothing)
{
	cr_expect_eq(tool_run("$OJIT run plain.ojit --refine --digits 14 --method heun --step-limit 20000 --points 3"), 1);
	struct table t = tool_table();
	cr_assert_eq(t.rows, 3);
	cr_expect_eq(t.at[2 * 2], 1);
	cr_expect_float_eq(t.at[2 * 2 + 1], exp(-1), 1e-6);
	EXPECT_HAS(tool_err(), "a tighter solve ended early, the one before is put out: the step limit of 20000 was reached");
	cr_expect_null(strstr(tool_err(), "ojit: 0 digits hold"));
}

Test(tool_output, what_tolerances_take_for_0_has_no_digits_to_lose)
{
	cr_assert_eq(tool_run("$OJIT run plain.ojit --t 0:60 --refine --final"), 0);
	cr_expect_null(strstr(tool_err(), "fewer than wanted"), "%s", tool_err());
}

Test(tool_output, refining_until_nothing_moves_is_refused)
{
	cr_expect_eq(tool_run("$OJIT run plain.ojit --refine --until-steady 1e-3"), 2);
	EXPECT_HAS(tool_err(), "--until-steady ends every solve at another");
	cr_expect_eq(tool_run("$OJIT run plain.ojit --refine --digits 16"), 2);
	EXPECT_HAS(tool_err(), "--digits takes 1 to 15");
}

Test(tool_output, refining_translates_nothing_again)
{
	cr_assert_eq(tool_run("$OJIT run plain.ojit --final --format json"), 0);
	json_t *one = tool_json();
	cr_assert_eq(tool_run("$OJIT run plain.ojit --final --format json --refine"), 0);
	json_t *many = tool_json();
	cr_expect_eq(json_integer_value(json_object_get(json_object_get(one, "stats"), "code_bytes")),
	             json_integer_value(json_object_get(json_object_get(many, "stats"), "code_bytes")));
	json_decref(one);
	json_decref(many);
}
