/* --set and --init: parameters, constants, families, names with commas. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <string.h>

static const char model[] =
	"const N = 2\n"
	"param K = 1, L = K/2, w[i in 1..N] = i\n"
	"init  x = 3, u[i in 1..N, j in 1..2] = i + 10*j\n"
	"x' = 0\n"
	"u[i in 1..N, j in 1..2]' = 0\n"
	"out   k = K\n"
	"out   l = L\n"
	"out   W = sum(i in 1..N, w[i])\n"
	"span  0 .. 1\n";

static void begin(void)
{
	tool_begin();
	tool_file("m.ojit", model);
}
TestSuite(tool_set, .init = begin, .fini = tool_end);

/* A value at the end of a run with these options. */
static double value(const char *options, const char *kind, const char *name)
{
	cr_assert_eq(tool_run("$OJIT run m.ojit --final --format json %s", options), 0, "%s: %s", options,
	             tool_err());
	json_t *json = tool_json(), *found = json_object_get(json_object_get(json, kind), name);
	cr_assert(json_is_number(found), "%s is missing", name);
	double number = json_number_value(found);
	json_decref(json);
	return number;
}

Test(tool_set, leaves_the_model_as_it_is_without_options)
{
	cr_expect_eq(value("", "outputs", "k"), 1);
	cr_expect_eq(value("", "outputs", "W"), 3);
	cr_expect_eq(value("", "states", "u[1,2]"), 21);
}

Test(tool_set, sets_parameters_and_those_that_follow_them)
{
	cr_expect_eq(value("--set K=6", "outputs", "k"), 6);
	cr_expect_eq(value("--set K=6", "outputs", "l"), 3);
	cr_expect_eq(value("--set K=6,L=7", "outputs", "l"), 7);
	cr_expect_str_empty(tool_err(), "a parameter needs no compiling and no words");
}

Test(tool_set, takes_several_items_in_any_manner)
{
	cr_expect_eq(value("--set K=6 --set=L=8", "outputs", "l"), 8);
	cr_expect_eq(value("--set K=6 L=9 w[1]=5", "outputs", "l"), 9);
	cr_expect_eq(value("--set 'K = 6, w[1] = 5 ,w[2]=-1e1'", "outputs", "W"), -5);
}

Test(tool_set, sets_all_elements_by_the_name_of_a_family)
{
	cr_expect_eq(value("--set w=4", "outputs", "W"), 8);
	cr_expect_eq(value("--init u=4", "states", "u[2,1]"), 4);
}

Test(tool_set, knows_rates_of_arrays_by_both_spellings)
{
	tool_file("m.ojit", "init y[i in 1..2] = i, y[i in 1..2]' = 0\ny[i in 1..2]'' = 0\nspan 0 .. 2\n");
	cr_expect_float_eq(value("--init \"y[2]'=3\"", "states", "y[2]"), 8, 1e-12);
	cr_expect_eq(value("--init \"y'[2]=3\"", "states", "y'[2]"), 3);
	cr_expect_float_eq(value("--init \"y'=1\"", "states", "y[1]"), 3, 1e-12);
	cr_expect_eq(value("--init \"y=1\"", "states", "y'[1]"), 0);
	cr_expect_eq(tool_run("$OJIT run m.ojit --init \"y[2]''=3\""), 2);
}

Test(tool_set, keeps_commas_inside_brackets)
{
	cr_expect_eq(value("--init u[1,2]=4,x=5", "states", "u[1,2]"), 4);
	cr_expect_eq(value("--init u[1,2]=4,x=5", "states", "x"), 5);
	cr_expect_eq(value("--init u[1,2]=4,x=5", "states", "u[2,1]"), 12);
}

Test(tool_set, compiles_anew_for_a_constant_and_says_so)
{
	cr_expect_eq(value("--set N=4,K=2", "outputs", "W"), 10);
	EXPECT_HAS(tool_err(), "N is a constant");
	cr_expect_null(strstr(tool_err(), "K is a constant"));
	cr_expect_eq(value("--set N=4,K=2", "outputs", "k"), 2);
	cr_expect_eq(value("--set N=4 --init u[4,2]=9", "states", "u[4,2]"), 9);
}

Test(tool_set, names_the_nearest_for_a_name_it_does_not_know)
{
	cr_expect_eq(tool_run("$OJIT run m.ojit --set KK=3,w[1]=2,LL=4"), 2);
	EXPECT_HAS(tool_err(), "did you mean K?");
	cr_expect_eq(tool_run("$OJIT run m.ojit --set K=3,LL=4"), 2);
	EXPECT_HAS(tool_err(), "did you mean L?");
	EXPECT_HAS(tool_err(), "  --set K=3,LL=4\n            ^^\n");
}

Test(tool_set, names_the_constant_that_is_near)
{
	tool_file("c.ojit", "const length = 2\nparam K = length\ninit x = 0\nx' = K\nspan 0 .. 1\n");
	cr_expect_eq(tool_run("$OJIT run c.ojit --set lenght=4"), 2);
	EXPECT_HAS(tool_err(), "did you mean length?");
}

Test(tool_set, says_which_option_is_the_right_one)
{
	cr_expect_eq(tool_run("$OJIT run m.ojit --set x=3"), 2);
	EXPECT_HAS(tool_err(), "--init");
	cr_expect_eq(tool_run("$OJIT run m.ojit --init K=3"), 2);
	EXPECT_HAS(tool_err(), "--set");
}

Test(tool_set, refuses_an_element_outside_its_family)
{
	cr_expect_eq(tool_run("$OJIT run m.ojit --init u[3,1]=3"), 2);
	EXPECT_HAS(tool_err(), "1..2");
	EXPECT_HAS(tool_err(), "^^^^^^");
}

Test(tool_set, refuses_what_is_no_item)
{
	cr_expect_eq(tool_run("$OJIT run m.ojit --set K"), 2);
	EXPECT_HAS(tool_err(), "name=value");
	cr_expect_eq(tool_run("$OJIT run m.ojit --set K=2x"), 2);
	EXPECT_HAS(tool_err(), "  --set K=2x\n          ^^\n");
	cr_expect_eq(tool_run("$OJIT run m.ojit --set K=,L=3"), 2);
	cr_expect_eq(tool_run("$OJIT run m.ojit --set =3"), 2);
	cr_expect_eq(tool_run("$OJIT run m.ojit --set K=1e999"), 2);
	EXPECT_HAS(tool_err(), "largest number");
}

Test(tool_set, shows_what_is_wrong_with_a_constant)
{
	cr_expect_eq(tool_run("$OJIT run m.ojit --set N=2.5"), 2);
	EXPECT_HAS(tool_err(), "m.ojit:");
	EXPECT_HAS(tool_err(), "^");
}
