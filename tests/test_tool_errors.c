/* What `ojit` says when something is wrong, and how it ends. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>

static const char decay[] = "init x = 1\nx' = -x\nspan 0 .. 1\n";

static void begin(void)
{
	tool_begin();
	tool_file("decay.ojit", decay);
	tool_file("nospan.ojit", "init x = 1\nx' = -x\n");
	tool_file("bad.ojit", "init x = 1\nx' = -x + kappa\nparam kapa = 2\nspan 0 .. 1\n");
	tool_file("pole.ojit", "init x = 1\nx' = x^2\nspan 0 .. 2\n");
}
TestSuite(tool_errors, .init = begin, .fini = tool_end);

/* The command ends with 2, writes nothing, and says `part`. */
static void expect_wrong(const char *command, const char *part)
{
	cr_expect_eq(tool_run("%s", command), 2, "%s", command);
	const char *told = tool_err();
	cr_expect(strstr(told, part), "%s: '%s' is missing in:\n%s", command, part, told);
	cr_expect_str_empty(tool_out(), "%s", command);
}

/* ---- models ---- */

Test(tool_errors, at_the_very_start_leave_the_start_in_the_output)
{
	tool_file("domain.ojit", "init x = 1\nx' = log(x - 2)\nspan 0 .. 1\n");
	cr_expect_eq(tool_run("$OJIT run domain.ojit --points 5"), 1);
	cr_expect_str_eq(tool_out(), "t,x\n0,1\n");
	cr_expect(strstr(tool_err(), "the derivative of x is not finite at t = 0"));
}

Test(tool_errors, of_a_method_nobody_knows_point_at_the_statement)
{
	tool_file("method.ojit", "init x = 1\nx' = -x\nspan 0 .. 1\nsolve rtol = 1e-6, method = rk5\n");
	expect_wrong("$OJIT run method.ojit", "method.ojit:4:");
	expect_wrong("$OJIT eval method.ojit --kernel rhs", "there is no method 'rk5'; choose one of euler");
}

Test(tool_errors, point_at_the_place_in_the_model)
{
	expect_wrong("$OJIT run bad.ojit", "bad.ojit:2:11: error: ");
	EXPECT_HAS(tool_err(), "\n  x' = -x + kappa\n            ^^^^^\n");
	EXPECT_HAS(tool_err(), "kapa");
	expect_wrong("$OJIT eval bad.ojit --kernel rhs", "bad.ojit:2:11:");
	expect_wrong("$OJIT dump bad.ojit --stage program", "bad.ojit:2:11:");
}

Test(tool_errors, name_a_file_that_cannot_be_read)
{
	expect_wrong("$OJIT run nothing.ojit", "nothing.ojit");
}

Test(tool_errors, ask_for_a_span_where_there_is_none)
{
	expect_wrong("$OJIT run nospan.ojit", "--t A:B");
	cr_expect_eq(tool_run("$OJIT run nospan.ojit --t 0:1 --final"), 0);
}

/* ---- options ---- */

Test(tool_errors, name_the_option_and_the_remedy)
{
	expect_wrong("$OJIT run decay.ojit --t 5", "  --t 5\n      ^\n");
	EXPECT_HAS(tool_err(), "0:20");
	expect_wrong("$OJIT run decay.ojit --t 0:five", "        ^^^^\n");
	expect_wrong("$OJIT run decay.ojit --points 0", "--points takes a whole number");
	expect_wrong("$OJIT run decay.ojit --points 2.5", "--points takes a whole number");
	expect_wrong("$OJIT run decay.ojit --rtol -1", "--rtol must be positive");
	expect_wrong("$OJIT run decay.ojit --rtol 1e-20", "rtol");
	expect_wrong("$OJIT run decay.ojit --atol y=1e-3", "the model has x");
	expect_wrong("$OJIT run decay.ojit --atol -1", "  --atol -1\n         ^^\n");
	expect_wrong("$OJIT run decay.ojit --format xml", "csv, json");
	expect_wrong("$OJIT run decay.ojit --method rk45x", "tsit5");
	expect_wrong("$OJIT run decay.ojit --method rk45x", "           ^^^^^\n");
	expect_wrong("$OJIT run decay.ojit --lanes 3", "1, 2, 4, 8");
	expect_wrong("$OJIT run decay.ojit --no-pass nothing", "simplify");
	expect_wrong("$OJIT run decay.ojit --threads -1", "--threads takes a whole number");
	expect_wrong("$OJIT eval decay.ojit --threads 1.5", "--threads takes a whole number");
	expect_wrong("$OJIT run decay.ojit --points 3 --final", "exclude each other");
	expect_wrong("$OJIT run decay.ojit --set", "--set needs a value");
	expect_wrong("$OJIT run decay.ojit --stats=yes", "takes no value");
}

Test(tool_errors, suggest_what_may_have_been_meant)
{
	expect_wrong("$OJIT run decay.ojit --pionts 3", "did you mean --points?");
	expect_wrong("$OJIT run decay.ojit --kernel rhs", "ojit run does not take --kernel");
	expect_wrong("$OJIT rum decay.ojit", "did you mean 'ojit run'?");
	expect_wrong("$OJIT run decay.ojit -q", "-q");
	expect_wrong("$OJIT dump decay.ojit --stage simplfy", "did you mean 'simplify'?");
}

Test(tool_errors, ask_for_the_one_file)
{
	expect_wrong("$OJIT run", "there is no model");
	expect_wrong("$OJIT run decay.ojit pole.ojit", "one model too many");
	expect_wrong("$OJIT methods decay.ojit", "takes no file");
	expect_wrong("$OJIT dump decay.ojit", "--stage");
}

Test(tool_errors, show_where_a_file_of_times_goes_wrong)
{
	tool_file("times", "0 0.5\n0.6 0,7x 1\n");
	expect_wrong("$OJIT run decay.ojit --times times", "times:2:7: error: a time was expected");
	EXPECT_HAS(tool_err(), "\n  0.6 0,7x 1\n        ^^\n");
	tool_file("times", "\n");
	expect_wrong("$OJIT run decay.ojit --times times", "no numbers");
	expect_wrong("$OJIT run decay.ojit --times nothing", "nothing");
	tool_file("times", "0 7\n");
	expect_wrong("$OJIT run decay.ojit --times times", "outside the span");
}

/* ---- ends ---- */

Test(tool_errors, an_early_end_keeps_what_there_is_and_is_1)
{
	cr_expect_eq(tool_run("$OJIT run pole.ojit --points 21"), 1);
	struct table t = tool_table();
	/* x = 1/(1 - t); the pole found may lie a little behind t = 1 */
	cr_assert(t.rows == 10 || t.rows == 11, "%zu rows", t.rows);
	cr_expect_float_eq(t.at[9 * 2 + 1], 10, 1e-2);
	EXPECT_HAS(tool_err(), "x");
	cr_expect_eq(tool_run("$OJIT run pole.ojit --final --format json"), 1);
	json_t *json = tool_json();
	const char *status = json_string_value(json_object_get(json_object_get(json, "stats"), "status"));
	cr_expect(!strcmp(status, "nonfinite") || !strcmp(status, "step_too_small"), "%s", status);
	cr_expect_float_eq(json_number_value(json_object_get(json, "t")), 1, 1e-6);
	json_decref(json);
}

Test(tool_errors, a_step_limit_ends_early)
{
	cr_expect_eq(tool_run("$OJIT run decay.ojit --step-limit 2 --format json --steps"), 1);
	json_t *json = tool_json();
	cr_expect_str_eq(json_string_value(json_object_get(json_object_get(json, "stats"), "status")),
	                 "max_steps");
	cr_expect_leq(json_array_size(json_object_get(json, "rows")), 3);
	json_decref(json);
	EXPECT_HAS(tool_err(), "step limit");
}

Test(tool_errors, an_interrupt_writes_what_there_is)
{
	tool_file("long.ojit", "init x = 1, v = 0\nx' = v\nv' = -x\nspan 0 .. 1e9\n");
	int status = tool_run("$OJIT run long.ojit --every 1000 --step-limit 1e15 --format json & pid=$!\n"
	                      "sleep 1; while kill -INT $pid; do sleep 1; done 2>/dev/null; wait $pid");
	cr_expect_eq(status, 1);
	json_t *json = tool_json();
	cr_expect_str_eq(json_string_value(json_object_get(json_object_get(json, "stats"), "status")),
	                 "interrupted");
	cr_expect_gt(json_array_size(json_object_get(json, "rows")), 1);
	json_decref(json);
	EXPECT_HAS(tool_err(), "interrupted");
}

Test(tool_errors, a_full_disk_is_told)
{
	struct stat full;
	if (stat("/dev/full", &full) != 0)
		cr_skip_test("this machine has no /dev/full");
	expect_wrong("$OJIT run decay.ojit --points 5000 -o /dev/full", "No space left");
	cr_expect_eq(tool_run("$OJIT run decay.ojit >/dev/full"), 2);
	EXPECT_HAS(tool_err(), "No space left");
	cr_expect_eq(tool_run("$OJIT eval decay.ojit --kernel rhs >/dev/full"), 2);
	cr_expect_eq(tool_run("$OJIT methods >/dev/full"), 2);
	cr_expect_eq(tool_run("$OJIT run --help >/dev/full"), 2);
}

Test(tool_errors, a_reader_that_has_had_enough_is_no_error)
{
	cr_expect_eq(tool_run("$OJIT run decay.ojit --points 100000 | head -1"), 0);
	cr_expect_str_eq(tool_out(), "t,x\n");
	cr_expect_str_empty(tool_err());
	tool_run("trap '' PIPE; $OJIT run decay.ojit --points 100000 | head -1");
	cr_expect_str_empty(tool_err(), "nor where the signal is ignored");
}

Test(tool_errors, the_model_is_not_overwritten)
{
	expect_wrong("$OJIT run decay.ojit -o ./decay.ojit", "the model itself");
	cr_expect_str_eq(tool_read("decay.ojit"), decay);
	expect_wrong("$OJIT run decay.ojit -o nowhere/out", "No such file");
}
