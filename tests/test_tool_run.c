/* `ojit run` through the real binary: what is put out, in which form. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char decay[] =
	"param k = 2\n"
	"init  x = 1\n"
	"x' = -k*x\n"
	"out   twice = 2*x\n"
	"span  0 .. 1\n";
static const char plane[] =
	"init u[i in 1..2, j in 1..2] = i + 10*j\n"
	"u[i in 1..2, j in 1..2]' = -u[i, j]\n"
	"span 0 .. 1\n";

static void begin(void)
{
	tool_begin();
	tool_file("decay.ojit", decay);
	tool_file("plane.ojit", plane);
}
TestSuite(tool_run, .init = begin, .fini = tool_end);

static double at(struct table t, size_t row, size_t column)
{
	return t.at[row * t.columns + column];
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

/* ---- CSV ---- */

Test(tool_run, puts_out_200_points_as_csv_by_default)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit"), 0);
	struct table t = tool_table();
	cr_expect_eq(strncmp(t.heading, "t,x,twice\n", 10), 0, "%s", t.heading);
	cr_assert_eq(t.rows, 200);
	cr_expect_eq(at(t, 0, 0), 0);
	cr_expect_eq(at(t, 199, 0), 1);
	for (size_t i = 0; i < t.rows; i++) {
		cr_expect_float_eq(at(t, i, 0), (double)i / 199, 1e-15);
		cr_expect_float_eq(at(t, i, 1), exp(-2 * at(t, i, 0)), 2e-6);
		cr_expect_eq(at(t, i, 2), 2 * at(t, i, 1));
	}
	cr_expect_str_empty(tool_err());
}

Test(tool_run, writes_17_digits)
{
	tool_file("third.ojit", "init x = 1/3\nx' = 0\nspan 0 .. 1\n");
	cr_assert_eq(tool_run("$OJIT run third.ojit --final"), 0);
	cr_expect_str_eq(tool_out(), "t,x\n1,0.33333333333333331\n");
}

Test(tool_run, quotes_names_with_commas)
{
	cr_assert_eq(tool_run("$OJIT run plane.ojit --points 1"), 0);
	const char *heading = "t,\"u[1,1]\",\"u[1,2]\",\"u[2,1]\",\"u[2,2]\"\n";
	cr_expect_eq(strncmp(tool_out(), heading, strlen(heading)), 0, "%s", tool_out());
	cr_expect_eq(tool_table().columns, 5);
}

/* ---- times ---- */

Test(tool_run, counts_both_ends_among_its_points)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --points=3"), 0);
	struct table t = tool_table();
	cr_assert_eq(t.rows, 3);
	cr_expect_eq(at(t, 1, 0), 0.5);
}

Test(tool_run, puts_out_every_so_often)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --every 0.25 --t 0:1.1"), 0);
	struct table t = tool_table();
	cr_assert_eq(t.rows, 5);
	for (size_t i = 0; i < 5; i++)
		cr_expect_eq(at(t, i, 0), 0.25 * (double)i);
}

Test(tool_run, reads_times_from_a_file)
{
	tool_file("times", "0 0.1,0.2\n\n  0.75\t1e0\n");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --times times"), 0);
	struct table t = tool_table();
	cr_assert_eq(t.rows, 5);
	cr_expect_eq(at(t, 1, 0), 0.1);
	cr_expect_eq(at(t, 3, 0), 0.75);
	cr_assert_eq(tool_run("echo 0.5 | $OJIT run decay.ojit --times -"), 0);
	cr_expect_eq(tool_table().rows, 1);
}

Test(tool_run, goes_backwards_where_the_span_does)
{
	tool_file("times", "2 1.5 1");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 2:1 --times times --rtol 1e-10 --atol 1e-12"), 0);
	struct table t = tool_table();
	cr_assert_eq(t.rows, 3);
	cr_expect_eq(at(t, 0, 1), 1);
	cr_expect_float_eq(at(t, 1, 1), exp(1), 1e-8);
	cr_expect_float_eq(at(t, 2, 1), exp(2), 1e-8);
}

Test(tool_run, says_that_times_against_the_direction_are_out_of_order)
{
	tool_file("times", "0.75 0.5 0.25");
	cr_expect_eq(tool_run("$OJIT run decay.ojit --times times"), 2);
	EXPECT_HAS(tool_err(), "sort the times");
	cr_expect_str_empty(tool_out());
}

Test(tool_run, of_no_length_is_the_start_alone)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 3:3"), 0);
	cr_expect_str_eq(tool_out(), "t,x,twice\n3,1,2\n");
}

Test(tool_run, puts_out_the_steps_it_took)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --steps --format json"), 0);
	json_t *json = tool_json(), *stats = json_object_get(json, "stats");
	cr_expect_eq(json_array_size(json_object_get(json, "rows")),
	             (size_t)json_integer_value(json_object_get(stats, "steps")) + 1);
	json_decref(json);
}

Test(tool_run, takes_a_method_and_fixed_steps)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --method euler --fixed-step 0.25 --steps"), 0);
	struct table t = tool_table();
	cr_assert_eq(t.rows, 5);
	for (size_t i = 0; i < 5; i++)
		cr_expect_eq(at(t, i, 1), pow(0.5, (double)i));
}

static double error_of(const char *options)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --method tsit5 --final %s", options), 0);
	return fabs(at(tool_table(), 0, 1) - exp(-2));
}

Test(tool_run, heeds_tolerances)
{
	double loose = error_of("--rtol 1e-4 --atol 1e-6"), tight = error_of("--rtol 1e-12 --atol=1e-14");
	cr_expect_gt(loose, 1e-8);
	cr_expect_lt(tight, 1e-12);
	cr_expect_lt(error_of("--rtol 1e-12 --atol x=1e-14"), 1e-12);
	cr_expect_gt(error_of("--rtol 1e-12 --atol 1e-14,x=1e-3"), 1e-6, "x has a tolerance of its own");
}

/* ---- JSON ---- */

Test(tool_run, writes_series_as_json)
{
	cr_assert_eq(tool_run("$OJIT run plane.ojit --format json --points 3"), 0);
	json_t *json = tool_json(), *columns = json_object_get(json, "columns");
	json_t *rows = json_object_get(json, "rows");
	cr_expect_eq(json_object_size(json), 4);
	cr_expect_eq(json_integer_value(json_object_get(json, "version")), 1);
	cr_assert_eq(json_array_size(columns), 5);
	cr_expect_str_eq(json_string_value(json_array_get(columns, 0)), "t");
	cr_expect_str_eq(json_string_value(json_array_get(columns, 3)), "u[2,1]");
	cr_assert_eq(json_array_size(rows), 3);
	json_t *last = json_array_get(rows, 2);
	cr_assert_eq(json_array_size(last), 5);
	cr_expect_float_eq(json_number_value(json_array_get(last, 3)), 12 * exp(-1), 1e-4);
	cr_expect(json_is_object(json_object_get(json, "stats")));
	json_decref(json);
}

Test(tool_run, writes_the_final_state_as_json)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --format=json --final"), 0);
	json_t *json = tool_json(), *stats = json_object_get(json, "stats");
	cr_expect_eq(json_object_size(json), 5);
	cr_expect_eq(json_integer_value(json_object_get(json, "version")), 1);
	cr_expect_eq(json_number_value(json_object_get(json, "t")), 1);
	double x = json_number_value(json_object_get(json_object_get(json, "states"), "x"));
	cr_expect_float_eq(x, exp(-2), 1e-5);
	cr_expect_eq(json_number_value(json_object_get(json_object_get(json, "outputs"), "twice")), 2 * x);
	static const char *const counts[] = {"steps", "rhs", "compile_ms", "solve_ms", "nodes", "code_bytes"};
	cr_expect_eq(json_object_size(stats), 10);
	cr_expect_str_eq(json_string_value(json_object_get(stats, "auto")), "tsit5 11 steps");
	cr_expect_str_eq(json_string_value(json_object_get(stats, "status")), "success");
	cr_expect(json_is_integer(json_object_get(stats, "rejected")));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		cr_expect_gt(json_number_value(json_object_get(stats, counts[i])), 0, "%s", counts[i]);
	json_decref(json);
}

Test(tool_run, writes_the_same_numbers_in_both_formats)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --points 7"), 0);
	struct table t = tool_table();
	cr_assert_eq(tool_run("$OJIT run decay.ojit --points 7 --format json"), 0);
	json_t *json = tool_json(), *rows = json_object_get(json, "rows");
	for (size_t i = 0; i < t.rows; i++)
		for (size_t k = 0; k < t.columns; k++)
			cr_expect_eq(json_number_value(json_array_get(json_array_get(rows, i), k)), at(t, i, k));
	json_decref(json);
}

Test(tool_run, writes_numbers_that_are_not_finite_as_strings)
{
	tool_file("strange.ojit", "init x = 1\nx' = 0\nout a = 1/0*x\nout b = -x/0\nout c = 0*x/0\nspan 0 .. 1\n");
	cr_assert_eq(tool_run("$OJIT run strange.ojit --format json --final"), 0);
	json_t *json = tool_json(), *outputs = json_object_get(json, "outputs");
	cr_expect_str_eq(json_string_value(json_object_get(outputs, "a")), "inf");
	cr_expect_str_eq(json_string_value(json_object_get(outputs, "b")), "-inf");
	cr_expect_str_eq(json_string_value(json_object_get(outputs, "c")), "nan");
	json_decref(json);
	cr_assert_eq(tool_run("$OJIT run strange.ojit --final"), 0);
	cr_expect_str_eq(tool_out(), "t,x,a,b,c\n1,1,inf,-inf,nan\n");
}

/* ---- files and statistics ---- */

Test(tool_run, writes_to_a_file)
{
	tool_file("out.csv", "something much longer that was there before, and goes\n1\n2\n3\n4\n5\n");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --final -o out.csv"), 0);
	cr_expect_str_empty(tool_out());
	const char *file = tool_read("out.csv");
	cr_expect_eq(strncmp(file, "t,x,twice\n1,", 12), 0, "%s", file);
	cr_expect_eq(lines_of(file), 2);
}

Test(tool_run, tells_what_it_took)
{
	static const char *const names[] = {"status      success", "steps ", "rejected ", "rhs ",
	                                    "compile_ms ", "solve_ms ", "nodes ", "code_bytes "};
	cr_assert_eq(tool_run("$OJIT run decay.ojit --final --stats"), 0);
	const char *told = tool_err();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		EXPECT_HAS(told, names[i]);
	cr_expect_eq(lines_of(tool_out()), 2);
	cr_assert_eq(tool_run("$OJIT run decay.ojit --final --stats --format json"), 0);
	cr_expect_str_empty(tool_err());
}

Test(tool_run, sliding_along_a_jump_is_named_as_such)
{
	tool_file("slide.ojit", "init x = 0.3, v = 0\nx' = v\nv' = -sign(v + x) - 0.1*x\nspan 0 .. 100\nsolve method = dopri5\n");
	cr_assert_neq(tool_run("$OJIT run slide.ojit --final --step-limit 20000"), 0);
	EXPECT_HAS(tool_err(), "seems to jump back and forth here");
	tool_file("stiff.ojit", "init x = 1\nx' = -1e6*(x - if(t < 5, cos(t), 1))\nspan 0 .. 10\nsolve method = dopri5\n");
	cr_assert_neq(tool_run("$OJIT run stiff.ojit --final --step-limit 5000"), 0);
	EXPECT_HAS(tool_err(), "of stiff equations explicit steps have to be short");
}

Test(tool_run, no_absolute_tolerance_is_one_too)
{
	tool_file("relative.ojit", "init x = 1e-12\nx' = -x\nspan 0 .. 1\nsolve method = dopri5, atol = 0\n");
	cr_assert_eq(tool_run("$OJIT run relative.ojit --final"), 0, "%s", tool_err());
	char *by_model = strdup(tool_out());
	cr_assert_eq(tool_run("$OJIT run relative.ojit --final --atol 0"), 0);
	cr_expect_str_eq(tool_out(), by_model);
	cr_assert_eq(tool_run("$OJIT run relative.ojit --final --atol 1"), 0);
	cr_expect_str_neq(tool_out(), by_model);
	free(by_model);
}

Test(tool_run, names_states_that_were_never_above_their_tolerance)
{
	tool_file("small.ojit", "init a = 1, b = 1e-12, u[i in 1..9] = 0\na' = -a\nb' = -b\nu[i in 1..9]' = 0\nspan 0 .. 1\n");
	cr_assert_eq(tool_run("$OJIT run small.ojit --final --stats"), 0);
	EXPECT_HAS(tool_err(), "below_atol  b, u[1], u[2], u[3], u[4], u[5], u[6], u[7] and 2 more");
	cr_assert_eq(tool_run("$OJIT run small.ojit --final --stats --atol b=1e-15 --init u=1"), 0);
	cr_expect_null(strstr(tool_err(), "below_atol"));
	cr_assert_eq(tool_run("$OJIT run small.ojit --final --format json"), 0);
	json_t *root = tool_json(), *names = json_object_get(json_object_get(root, "stats"), "below_atol");
	cr_assert_eq(json_array_size(names), 10);
	cr_expect_str_eq(json_string_value(json_array_get(names, 0)), "b");
}

/* A solve that would take for ever, interrupted as the terminal does it. */
Test(tool_run, writes_what_there_is_when_it_is_interrupted)
{
	const char *start = "$OJIT run $TREE/examples/lorenz.ojit --t 0:1e9 --every 0.25 --step-limit 100000000 "
	                    "--stats -o part.csv & until [ -e part.csv ]; do sleep 0.05; done; sleep 0.5; "
	                    "kill -INT $!; wait $!";
	cr_assert_eq(tool_run("%s", start), 1);
	EXPECT_HAS(tool_err(), "interrupted at t = ");
	EXPECT_HAS(tool_err(), " with step ");
	EXPECT_HAS(tool_err(), "status      interrupted");
	const char *rows = tool_read("part.csv");
	cr_expect_eq(strncmp(rows, "t,x,y,z\n0,1,1,1\n0.25,", 21), 0, "%.60s", rows);
	cr_expect_gt(lines_of(rows), 100);
	cr_expect_eq(rows[strlen(rows) - 1], '\n');
}

Test(tool_run, has_an_option_for_each_control)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1 --steps --first-step 0.0078125"), 0);
	cr_expect_eq(at(tool_table(), 1, 0), 0.0078125);
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1 --steps --max-step 0.125"), 0);
	struct table table = tool_table();
	cr_expect_geq(table.rows, 9);
	for (size_t i = 1; i < table.rows; i++)
		cr_expect_leq(at(table, i, 0) - at(table, i - 1, 0), 0.1263);
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1 --steps --fixed-step 0.25 --method rk4"), 0);
	cr_expect_eq(tool_table().rows, 5);
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1 --final --norm max"), 0);
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1 --steps --step-limit 2"), 1);
	EXPECT_HAS(tool_err(), "the step limit of 2 was reached at t = ");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1 --final --min-step 0.5 --rtol 1e-12"), 1);
	EXPECT_HAS(tool_err(), "it fell below min_step: the error of x does not get below its tolerance; lower min_step");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1 --final --rtol 1e-15"), 2);
	EXPECT_HAS(tool_err(), "rtol = 1e-15 is below 10 rounding errors");
}

Test(tool_run, ends_where_nothing_moves_or_a_state_outgrows_its_limit)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:1000 --until-steady 1e-3 --format json --points 3"), 0);
	EXPECT_HAS(tool_out(), "\"status\": \"steady\"");
	EXPECT_HAS(tool_err(), "ojit: steady at t = ");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:10 --set k=-1 --growth-limit 100 --final"), 1);
	EXPECT_HAS(tool_err(), "x is beyond growth_limit = 100 at t = 4.");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --t 0:10 --growth-limit -1"), 2);
	EXPECT_HAS(tool_err(), "--growth-limit must be positive, or 0 for none");
	cr_assert_eq(tool_run("$OJIT run decay.ojit --nonnegative x,z"), 2);
	EXPECT_HAS(tool_err(), "  --nonnegative x,z\n                  ^\n");
}

Test(tool_run, goes_back_where_it_came_from)
{
	cr_assert_eq(tool_run("$OJIT run decay.ojit --method euler --reverse-method implicit_euler --fixed-step 0.125 --steps"), 0);
	struct table t = tool_table();
	cr_assert_eq(t.rows, 9);
	cr_expect(at(t, 0, 0) == 1 && at(t, 8, 0) == 0);
	cr_expect_float_eq(at(t, 8, 1), 1, 1e-14);
	cr_assert_eq(tool_run("$OJIT run decay.ojit --method trapezoid --reverse-method trapezoi"), 2);
	EXPECT_HAS(tool_err(), "  --reverse-method trapezoi\n");
}

Test(tool_run, gives_the_same_bytes_with_every_executor)
{
	const char *lorenz = "$OJIT run $TREE/examples/lorenz.ojit --points 9";
	cr_assert_eq(tool_run("%s", lorenz), 0);
	const char *code = tool_out();
	cr_assert_eq(tool_run("%s --executor interpreter", lorenz), 0);
	cr_expect_str_eq(tool_out(), code);
	cr_assert_eq(tool_run("%s --executor unoptimised --lanes 2 --threads 2", lorenz), 0);
	cr_expect_str_eq(tool_out(), code);
	cr_assert_eq(tool_run("%s --no-pass simplify --no-pass=fuse", lorenz), 0);
	cr_expect_eq(tool_table().rows, 9);
}
