/* `ojit eval`, `dump`, `methods`, and help. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char model[] =
	"const N = 3\n"
	"param K = 2\n"
	"init  x = K, x' = 1/3, u[i in 1..N] = i\n"
	"x'' = -K*x + t\n"
	"u[i in 1..N]' = u[i]^2\n"
	"out   total = sum(i in 1..N, u[i])\n"
	"span  5 .. 5.1\n";

static void begin(void)
{
	tool_begin();
	tool_file("m.ojit", model);
}
TestSuite(tool_inside, .init = begin, .fini = tool_end);

/* ---- eval ---- */

static json_t *values(const char *options)
{
	cr_assert_eq(tool_run("$OJIT eval m.ojit --format json %s", options), 0, "%s: %s", options, tool_err());
	json_t *json = tool_json(), *inside = json_object_get(json, "values");
	cr_assert(json_object_size(json) == 1 && json_is_object(inside));
	json_incref(inside);
	json_decref(json);
	return inside;
}

static double value(json_t *all, const char *name)
{
	cr_assert(json_is_number(json_object_get(all, name)), "%s is missing", name);
	return json_number_value(json_object_get(all, name));
}

Test(tool_inside, evaluates_the_right_hand_side_at_the_start)
{
	json_t *all = values("--kernel rhs");
	cr_expect_eq(json_object_size(all), 5);
	cr_expect_eq(value(all, "x"), 1.0 / 3);
	cr_expect_eq(value(all, "x'"), -2 * 2 + 5);
	cr_expect_eq(value(all, "u[3]"), 9);
	json_decref(all);
}

Test(tool_inside, evaluates_at_a_point_with_other_parameters)
{
	json_t *all = values("--kernel rhs --at t=1,x=10 --at u=2 --set K=3");
	cr_expect_eq(value(all, "x'"), -3 * 10 + 1);
	cr_expect_eq(value(all, "x"), 1.0 / 3);
	cr_expect_eq(value(all, "u[1]"), 4);
	json_decref(all);
}

Test(tool_inside, evaluates_observables_and_initial_values)
{
	json_t *all = values("--kernel outputs --at u[2]=10");
	cr_expect_eq(json_object_size(all), 1);
	cr_expect_eq(value(all, "total"), 14);
	json_decref(all);
	all = values("--kernel init --set K=7");
	cr_expect_eq(value(all, "x"), 7);
	cr_expect_eq(value(all, "u[3]"), 3);
	json_decref(all);
}

Test(tool_inside, evaluates_in_plain_text_too)
{
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel rhs"), 0);
	cr_expect_str_eq(tool_out(), "x' = 0.33333333333333331\nx'' = 1\nu[1]' = 1\nu[2]' = 4\nu[3]' = 9\n");
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel outputs"), 0);
	cr_expect_str_eq(tool_out(), "total = 6\n");
}

Test(tool_inside, says_what_cannot_be_evaluated_at)
{
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel rhs --at K=2"), 2);
	EXPECT_HAS(tool_err(), "--set");
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel rhs --at y=2"), 2);
	EXPECT_HAS(tool_err(), "the model has x, x', u");
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel jacobian"), 2);
	EXPECT_HAS(tool_err(), "rhs, outputs, init");
}

/* ---- dump ---- */

/* A stage whose text is a model: printing what was read back changes nothing, and
 * it is the same model. */
static void expect_reads_back(const char *stage)
{
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage %s -o again.ojit", stage), 0, "%s", tool_err());
	const char *once = tool_read("again.ojit");
	cr_assert_eq(tool_run("$OJIT dump again.ojit --stage %s", stage), 0, "%s: %s", stage, tool_err());
	cr_expect_str_eq(tool_out(), once);
	cr_assert_eq(tool_run("$OJIT run m.ojit --final"), 0);
	const char *solution = tool_out();
	cr_assert_eq(tool_run("$OJIT run again.ojit --final"), 0);
	cr_expect_str_eq(tool_out(), solution);
}

Test(tool_inside, prints_the_parsed_text_so_that_it_reads_back)
{
	expect_reads_back("parse");
}

Test(tool_inside, prints_the_model_so_that_it_reads_back)
{
	expect_reads_back("model");
}

Test(tool_inside, prints_every_stage_it_lists)
{
	cr_assert_eq(tool_run("$OJIT dump --help"), 0);
	char stages[1024];
	const char *list = strstr(tool_out(), "Stages, in their order:\n");
	cr_assert_not_null(list);
	snprintf(stages, sizeof stages, "%s", strchr(list, '\n') + 1);
	int count = 0;
	for (char *stage = strtok(stages, " \n"); stage; stage = strtok(NULL, " \n"), count++) {
		cr_expect_eq(tool_run("$OJIT dump m.ojit --stage %s", stage), 0, "%s: %s", stage, tool_err());
		if (strcmp(stage, "prepare") != 0)
			cr_expect_gt(strlen(tool_out()), 10, "%s", stage);
	}
	cr_expect_gt(count, 8);
	cr_expect_not_null(strstr(list, " parse "));
	cr_expect_not_null(strstr(list, " asm"));
}

Test(tool_inside, prints_other_kernels_and_constants)
{
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage program --kernel outputs"), 0);
	const char *outputs = tool_out();
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage program --kernel rhs"), 0);
	cr_expect_str_neq(tool_out(), outputs);
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage program --kernel outputs --set N=77"), 0);
	EXPECT_HAS(tool_out(), "77");
	cr_expect_eq(tool_run("$OJIT dump m.ojit --stage program --set K=3"), 2);
	EXPECT_HAS(tool_err(), "no constant");
}

static void write_chain(int count)
{
	char *text;
	size_t size;
	FILE *file = open_memstream(&text, &size);
	fprintf(file, "init x0 = 1\nx0' = -x0\n");
	for (int i = 1; i < count; i++)
		fprintf(file, "init x%d = 1\nx%d' = x%d - x%d\n", i, i, i - 1, i);
	fclose(file);
	tool_file("chain.ojit", text);
	free(text);
}

Test(tool_inside, explains_what_a_stage_decided_before_the_program)
{
	write_chain(100);
	cr_assert_eq(tool_run("$OJIT dump chain.ojit --stage roll"), 0, "%s", tool_err());
	const char *program = tool_out();
	cr_assert_eq(tool_run("$OJIT dump chain.ojit --stage roll --explain"), 0);
	const char *explained = tool_out(), *behind = strstr(explained, "program rhs");
	cr_assert_not_null(behind);
	cr_expect_str_eq(behind, program);
	EXPECT_HAS(explained, "# group 1: 99 results of one shape, such as x1'\n");
	EXPECT_HAS(explained, "# rolled groups: 1 of 1");
	EXPECT_HAS(explained, "# values that stay straight, of a shape that no other has: 1");
	cr_assert_eq(tool_run("$OJIT dump chain.ojit --stage roll --explain"), 0);
	cr_expect_str_eq(tool_out(), explained);
}

Test(tool_inside, explains_what_products_take)
{
	tool_file("chain.ojit", "init x[i in 1..10] = 1\nx[i in 1..10]' = sum(j in 1..10, x[j]*x[j])*x[i]\n");
	cr_assert_eq(tool_run("$OJIT dump chain.ojit --stage vjp --explain"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "# adjoint by states: ");
	EXPECT_HAS(tool_out(), " numbers kept on the way\nprogram rhs\n");
	double operations, times, of;
	cr_assert_eq(sscanf(tool_out(), "# adjoint by states: %lf operations, %lf times the %lf", &operations, &times, &of), 3);
	cr_expect(fabs(operations - times * of) <= 0.005 * of && of >= 60, "%g operations, %g times %g", operations, times, of);
	static const char *const others[][2] = {{"jvp", "# tangent in one"}, {"hvp", "# Hessian product in one"}, {"hess", "# Hessian by"}};
	for (size_t k = 0; k < 3; k++) {
		cr_assert_eq(tool_run("$OJIT dump chain.ojit --stage %s --explain", others[k][0]), 0, "%s", tool_err());
		EXPECT_HAS(tool_out(), others[k][1]);
	}
}

Test(tool_inside, explains_how_jacobians_are_computed)
{
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage jac --explain"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "# Jacobian by states: ");
	EXPECT_HAS(tool_out(), "# -> formulas\n");
	EXPECT_HAS(tool_out(), "program rhs");
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage jac --explain --jacobian coloured"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "# -> tangents, as was asked for\n");
	EXPECT_HAS(tool_out(), "products");
	cr_expect_eq(tool_run("$OJIT dump m.ojit --stage jac --jacobian plain"), 2);
	EXPECT_HAS(tool_err(), "coloured");
}

Test(tool_inside, refuses_to_explain_what_has_no_explanation)
{
	cr_expect_eq(tool_run("$OJIT dump m.ojit --stage fuse --explain"), 2);
	EXPECT_HAS(tool_err(), "stage 'fuse' has nothing to explain; these have: roll");
	cr_expect_eq(tool_run("$OJIT dump m.ojit --stage roll --explain --no-pass roll"), 2);
	EXPECT_HAS(tool_err(), "pass 'roll' is left out");
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage roll --explain"), 0);
	EXPECT_HAS(tool_out(), "of a program that is short as it is");
}

/* ---- the rest ---- */

Test(tool_inside, lists_the_methods)
{
	static const char *const names[] = {"\neuler ", "\nrk4 ", "\nbs3 ", "\ndopri5 ", "\ntsit5 ", "\ndop853 ",
	                                    "\nvern9 ", "also RK45", "Verner", "\ntaylor ", "Zou"};
	cr_assert_eq(tool_run("$OJIT methods"), 0);
	const char *table = tool_out();
	EXPECT_HAS(table, "order");
	EXPECT_HAS(table, "stages");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		EXPECT_HAS(table, names[i]);
}

Test(tool_inside, helps_with_every_command)
{
	static const char *const commands[] = {"run", "eval", "dump", "methods"};
	cr_assert_eq(tool_run("$OJIT --help"), 0);
	const char *help = tool_out();
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		EXPECT_HAS(help, commands[i]);
		cr_expect_eq(tool_run("$OJIT %s --help", commands[i]), 0);
		EXPECT_HAS(tool_out(), "Usage: ojit");
		cr_expect_str_empty(tool_err());
	}
	cr_expect_eq(tool_run("$OJIT run --help"), 0);
	static const char *const options[] = {
		"--t A:B", "--method", "--rtol", "--atol", "--set", "--init", "--points", "--every", "--times",
		"--steps", "--final", "-o, --output", "--format csv|json", "--stats", "--no-pass", "Exit status",
	};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		EXPECT_HAS(tool_out(), options[i]);
}

Test(tool_inside, tells_its_version)
{
	cr_assert_eq(tool_run("$OJIT --version"), 0);
	cr_expect_str_eq(tool_out(), "ojit 0.1.0\n");
	cr_expect_eq(tool_run("$OJIT"), 2);
	EXPECT_HAS(tool_err(), "Usage:");
}
