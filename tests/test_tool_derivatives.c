/* `ojit eval --kernel` of derivatives through the real binary. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static void begin(void)
{
	tool_begin();
	tool_file("m.ojit", "param a = 2, b = 3\ninit x = 0.5, u[i in 1..2] = i\nx' = a*x^2 + u[1]*t\n"
	                    "u[i in 1..2]' = -b*u[i] + x\nout s = x*u[2]\nspan 1 .. 2\n");
}
TestSuite(tool_derivatives, .init = begin, .fini = tool_end);

static double entry(json_t *entries, const char *row, const char *column)
{
	size_t k;
	json_t *e;
	json_array_foreach(entries, k, e)
		if (!strcmp(json_string_value(json_object_get(e, "row")), row) &&
		    !strcmp(json_string_value(json_object_get(e, "col")), column))
			return json_number_value(json_object_get(e, "value"));
	return NAN; /* no entry */
}

static double named(json_t *json, const char *name)
{
	return json_number_value(json_object_get(json_object_get(json, "values"), name));
}

static json_t *evaluate(const char *options)
{
	cr_assert_eq(tool_run("$OJIT eval m.ojit --format json --kernel %s", options), 0, "%s", tool_err());
	return tool_json();
}

Test(tool_derivatives, matrices_are_their_entries)
{
	json_t *json = evaluate("jac"), *entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 6);
	cr_expect_eq(entry(entries, "x", "x"), 2 * 2 * 0.5);
	cr_expect_eq(entry(entries, "x", "u[1]"), 1); /* t = 1, where the span begins */
	cr_expect_eq(entry(entries, "u[2]", "u[2]"), -3);
	cr_expect_eq(entry(entries, "u[2]", "x"), 1);
	cr_expect(isnan(entry(entries, "u[1]", "u[2]")));
	json_decref(json);
	json = evaluate("dfdp");
	entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 3);
	cr_expect_eq(entry(entries, "x", "a"), 0.25);
	cr_expect_eq(entry(entries, "u[2]", "b"), -2);
	json_decref(json);
	json = evaluate("jac --of outputs --at x=7");
	entries = json_object_get(json, "entries");
	cr_expect_eq(entry(entries, "s", "u[2]"), 7);
	cr_expect_eq(entry(entries, "s", "x"), 2);
	json_decref(json);
}

Test(tool_derivatives, vectors_have_names)
{
	json_t *json = evaluate("dfdt");
	cr_expect_eq(named(json, "x"), 1);
	cr_expect_eq(named(json, "u[1]"), 0);
	json_decref(json);
	json = evaluate("jvp --v x=1,u=2");
	cr_expect_eq(named(json, "x"), 2 + 2);
	cr_expect_eq(named(json, "u[2]"), -6 + 1);
	json_decref(json);
	json = evaluate("vjp --v 'u[2]=1,x=10'");
	cr_expect_eq(named(json, "x"), 20 + 1);
	cr_expect_eq(named(json, "u[2]"), -3);
	json_decref(json);
	json = evaluate("vjp --v x=2 --wrt parameters");
	cr_expect_eq(named(json, "a"), 0.5);
	cr_expect_eq(named(json, "b"), 0);
	json_decref(json);
	json = evaluate("jvp --v b=1 --wrt parameters");
	cr_expect_eq(named(json, "u[1]"), -1);
	json_decref(json);
}

/* By any states and parameters and by the time; of any equation or observable. */
Test(tool_derivatives, inputs_and_rows_are_chosen_by_name)
{
	json_t *json = evaluate("jac --wrt x,a,t"), *entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 5);
	cr_expect_eq(entry(entries, "u[2]", "x"), 1);
	cr_expect_eq(entry(entries, "x", "a"), 0.25);
	cr_expect_eq(entry(entries, "x", "t"), 1); /* u[1] */
	json_decref(json);
	json = evaluate("jac --of u --wrt states,b");
	entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 6);
	cr_expect(isnan(entry(entries, "x", "x")));
	cr_expect_eq(entry(entries, "u[2]", "b"), -2);
	json_decref(json);
	json = evaluate("jac --of s");
	cr_expect_eq(entry(json_object_get(json, "entries"), "s", "u[2]"), 0.5);
	json_decref(json);
	json = evaluate("jvp --v x=1,a=2,t=3");
	cr_expect_eq(named(json, "x"), 2 + 0.5 + 3);
	cr_expect_eq(named(json, "u[1]"), 1);
	json_decref(json);
	json = evaluate("vjp --v x=1 --wrt a,x");
	cr_expect_eq(json_object_size(json_object_get(json, "values")), 2);
	cr_expect_eq(named(json, "a"), 0.25);
	cr_expect_eq(named(json, "x"), 2);
	json_decref(json);
	json = evaluate("vjp --of s --at x=7");
	cr_expect_eq(named(json, "x"), 2);
	cr_expect_eq(named(json, "u[2]"), 7);
	json_decref(json);
	json = evaluate("vjp --of x --wrt a");
	cr_expect_eq(json_object_size(json_object_get(json, "values")), 1);
	cr_expect_eq(named(json, "a"), 0.25);
	json_decref(json);
}

Test(tool_derivatives, text_says_what_is_derived_by_what)
{
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel jac"), 0);
	EXPECT_HAS(tool_out(), "d x' / d u[1] = 1\n");
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel vjp --v x=1"), 0);
	EXPECT_HAS(tool_out(), "u[1] = 1\n");
}

Test(tool_derivatives, what_makes_no_sense_is_refused)
{
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel jac --v x=1"), 2);
	EXPECT_HAS(tool_err(), "--v is the vector");
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel rhs --of outputs"), 2);
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel dfdt --wrt parameters"), 2);
	cr_expect_eq(tool_run("$OJIT eval m.ojit --wrt nonsense"), 2);
	EXPECT_HAS(tool_err(), "--wrt says what to differentiate by");
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel vjp --of s --v x=1"), 2);
	EXPECT_HAS(tool_err(), "--of s is one number");
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel jvp --v y=1"), 2);
	EXPECT_HAS(tool_err(), "there is neither a state nor a parameter 'y'");
	cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel jvp --v x=1,a=2 --wrt parameters"), 2);
	EXPECT_HAS(tool_err(), "not among what --wrt");
	tool_file("g.ojit", "init x = 2\nx' = trigamma(x)\n");
	cr_expect_eq(tool_run("$OJIT eval g.ojit --kernel jac"), 2);
	EXPECT_HAS(tool_err(), "trigamma has no derivative that ojit knows, and x' is made of it");
	EXPECT_HAS(tool_err(), "explicit methods");
	EXPECT_HAS(tool_err(), "^");
}

/* Of a matrix that is large as a whole; an entry that is 0 by chance is one. */
Test(tool_derivatives, single_columns_and_rows_of_large_matrices)
{
	tool_file("large.ojit", "const N = 4000\nparam k = 0\ninit u[i in 1..N] = i\n"
	          "u[i in 1..N]' = u[i]*u[1] + k*u[N+1-i] + if(i == 7, t*u[9], 0)\n");
	cr_assert_eq(tool_run("$OJIT eval large.ojit --at t=2 --kernel jac --wrt 'u[5],k,u[9],t' --of 'u[7]'"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "d u[7]' / d u[9] = 2\nd u[7]' / d k = 3994\nd u[7]' / d t = 9\n");
	cr_assert_eq(tool_run("$OJIT eval large.ojit --kernel jac --wrt 'u[5]'"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "d u[5]' / d u[5] = 1\nd u[3996]' / d u[5] = 0\n");
	cr_assert_eq(tool_run("$OJIT eval large.ojit --at t=2 --kernel jac --of 'u[7]'"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "d u[7]' / d u[1] = 7\nd u[7]' / d u[7] = 1\nd u[7]' / d u[9] = 2\nd u[7]' / d u[3994] = 0\n");
}

Test(tool_derivatives, rows_with_a_derivative_are_there_whatever_the_others_have)
{
	tool_file("rows.ojit", "init x = 1, y = 2\nlet w = trigamma(y)\nx' = lgamma(x)*w\ny' = x^2*t\nout a = w\nout b = x^2*y\n");
	cr_assert_eq(tool_run("$OJIT eval rows.ojit --kernel jac --of b"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "d b / d x = 4\nd b / d y = 1\n");
	cr_assert_eq(tool_run("$OJIT eval rows.ojit --kernel jac --of y --wrt states,t --at t=3"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "d y' / d x = 6\nd y' / d t = 1\n");
	cr_assert_eq(tool_run("$OJIT eval rows.ojit --kernel jac --of x"), 2);
	EXPECT_HAS(tool_err(), "rows.ojit:3:");
}

/* Scalars share blocks: each has its own line nevertheless, also through what it is made of. */
Test(tool_derivatives, refuse_at_the_line_that_has_no_derivative)
{
	tool_file("lines.ojit", "init x = 2, w = 1\nlet s = trigamma(w)\nx' = x\nw' = x*w + s\n"
	          "out a = x^2\nout b = x*w\nout c = trigamma(w + x)\nout d = digamma(x)\n");
	static const struct {
		const char *options, *line;
	} wrong[] = {
		{"jac", "lines.ojit:4:"}, {"jvp --v x=1", "lines.ojit:4:"}, {"vjp --v x=1", "lines.ojit:4:"},
		{"jac --of outputs", "lines.ojit:7:"}, {"jvp --of outputs --v x=1", "lines.ojit:7:"},
		{"vjp --of outputs --v a=1", "lines.ojit:7:"}, {"grad --of c", "lines.ojit:7:"}, {"hess --of d", "lines.ojit:8:"},
	};
	for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
		cr_expect_eq(tool_run("$OJIT eval lines.ojit --kernel %s", wrong[k].options), 2, "%s", wrong[k].options);
		EXPECT_HAS(tool_err(), wrong[k].line);
		EXPECT_HAS(tool_err(), "trigamma has no derivative");
	}
	cr_expect_eq(tool_run("$OJIT run lines.ojit --method taylor --t 0:1"), 2);
	EXPECT_HAS(tool_err(), "lines.ojit:4:");
}

Test(tool_derivatives, are_stages_to_look_at)
{
	static const char *const stages[] = {"jac", "jvp", "vjp", "hvp", "hess"};
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage newton"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "gamma");
	cr_expect_eq(tool_run("$OJIT dump m.ojit --stage newton --kernel outputs"), 2);
	for (int k = 0; k < 5; k++) {
		cr_assert_eq(tool_run("$OJIT dump m.ojit --stage %s", stages[k]), 0, "%s", tool_err());
		EXPECT_HAS(tool_out(), "program rhs");
		EXPECT_HAS(tool_out(), "store");
		cr_assert_eq(tool_run("$OJIT dump m.ojit --stage %s --kernel outputs", stages[k]), 0);
		EXPECT_HAS(tool_out(), "program outputs");
		cr_expect_eq(tool_run("$OJIT dump m.ojit --stage %s --kernel init", stages[k]), 2);
		EXPECT_HAS(tool_err(), "not of initial values");
	}
}

Test(tool_derivatives, taylor_coefficients_are_a_stage_to_look_at)
{
	cr_assert_eq(tool_run("$OJIT dump m.ojit --stage taylor"), 0, "%s", tool_err());
	EXPECT_HAS(tool_out(), "program rhs");
	EXPECT_HAS(tool_out(), "coefficient~2");
	cr_expect_eq(tool_run("$OJIT dump m.ojit --stage taylor --kernel outputs"), 2);
	EXPECT_HAS(tool_err(), "Taylor coefficients of the right-hand side only");
	tool_file("g.ojit", "init x = 2\nx' = gamma(x)\n");
	cr_expect_eq(tool_run("$OJIT dump g.ojit --stage taylor"), 2);
	EXPECT_HAS(tool_err(), "method taylor has no recurrence for gamma");
	EXPECT_HAS(tool_err(), "^");
}

/* ---- of one number ---- */

static void well(void)
{
	tool_begin();
	tool_file("m.ojit", "param k = 3, w[i in 1..2] = i\ninit x = 0.5, u[i in 1..3] = i\nlet q = k*x*u[2]\nx' = k*x^2*t\n"
	                    "u[i in 1..3]' = -u[i]^2\nout V = x^4 - 2*x^2 + q^2, e[i in 1..2] = w[i]*u[i]^2*x\nspan 2 .. 3\n");
}
TestSuite(tool_scalars, .init = well, .fini = tool_end);

Test(tool_scalars, gradients_are_by_names_that_are_chosen)
{
	json_t *json = evaluate("grad --of V"); /* q = 3, q_x = 6, q_u2 = 1.5, q_k = 1 */
	cr_expect_eq(json_object_size(json_object_get(json, "values")), 4);
	cr_expect_eq(named(json, "x"), 4 * 0.125 - 4 * 0.5 + 2 * 3 * 6);
	cr_expect_eq(named(json, "u[2]"), 2 * 3 * 1.5);
	cr_expect_eq(named(json, "u[1]"), 0);
	json_decref(json);
	json = evaluate("grad --of V --wrt k,x");
	cr_expect_eq(json_object_size(json_object_get(json, "values")), 2);
	cr_expect_eq(named(json, "k"), 2 * 3 * 1);
	cr_expect_eq(named(json, "x"), 4 * 0.125 - 4 * 0.5 + 2 * 3 * 6);
	json_decref(json);
	json = evaluate("grad --of 'e[2]' --wrt w,u");
	cr_expect_eq(named(json, "w[2]"), 4 * 0.5);
	cr_expect_eq(named(json, "u[2]"), 2 * 2 * 2 * 0.5);
	cr_expect_eq(named(json, "w[1]"), 0);
	json_decref(json);
	json = evaluate("grad --of x --wrt parameters");
	cr_expect_eq(named(json, "k"), 0.25 * 2);
	json_decref(json);
}

Test(tool_scalars, Hessians_are_whole_and_mixed_where_both_kinds_are_named)
{
	json_t *json = evaluate("hess --of V"), *entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 4);
	cr_expect_eq(entry(entries, "x", "x"), 12 * 0.25 - 4 + 2 * 36);
	cr_expect_eq(entry(entries, "x", "u[2]"), 2 * (6 * 1.5 + 3 * 3));
	cr_expect_eq(entry(entries, "u[2]", "x"), 2 * (6 * 1.5 + 3 * 3));
	cr_expect_eq(entry(entries, "u[2]", "u[2]"), 2 * 1.5 * 1.5);
	json_decref(json);
	json = evaluate("hess --of V --wrt x,k");
	entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 4);
	cr_expect_eq(entry(entries, "x", "k"), 2 * (6 * 1 + 3 * 2));
	cr_expect_eq(entry(entries, "k", "x"), 2 * (6 * 1 + 3 * 2));
	cr_expect_eq(entry(entries, "k", "k"), 2);
	json_decref(json);
	json = evaluate("hess --of outputs --weights 'e[1]=10' --wrt 'u[1],w'");
	entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 3);
	cr_expect_eq(entry(entries, "u[1]", "u[1]"), 10 * 2 * 0.5);
	cr_expect_eq(entry(entries, "w[1]", "u[1]"), 10 * 2 * 0.5);
	json_decref(json);
	json = evaluate("hess --of rhs --weights 'u[3]=2,x=1'");
	entries = json_object_get(json, "entries");
	cr_expect_eq(json_array_size(entries), 4);
	cr_expect_eq(entry(entries, "u[3]", "u[3]"), -4);
	cr_expect_eq(entry(entries, "x", "x"), 2 * 3 * 2);
	json_decref(json);
}

Test(tool_scalars, products_are_Hessians_times_vectors)
{
	json_t *json = evaluate("hvp --of V --v x=2,k=-1 --wrt x,k");
	cr_expect_eq(named(json, "x"), 2 * 71 - 24);
	cr_expect_eq(named(json, "k"), 2 * 24 - 2);
	json_decref(json);
	json = evaluate("hvp --of rhs --weights u=1 --v 'u[2]=3'");
	cr_expect_eq(named(json, "u[2]"), -6);
	cr_expect_eq(named(json, "u[1]"), 0);
	json_decref(json);
}

Test(tool_scalars, text_says_what_is_derived_by_what)
{
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel grad --of V --wrt k"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "d V / d k = 6\n");
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel hess --of x"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "d2 x' / d x d x = 12\n");
	cr_assert_eq(tool_run("$OJIT eval m.ojit --kernel hvp --of x --v x=1 --wrt x"), 0, "%s", tool_err());
	cr_expect_str_eq(tool_out(), "x = 12\n");
}

Test(tool_scalars, what_makes_no_sense_is_refused)
{
	static const struct {
		const char *options, *message;
	} wrong[] = {
		{"hess", "of which number?"}, {"hess --of q", "there is no observable 'q'"},
		{"hess --of e", "means 2 numbers"}, {"hess --of rhs", "--weights"},
		{"hess --of V --weights V=1", "is one number"}, {"hess --of V --v x=1", "--v is the vector"},
		{"hess --of V --wrt t", "second derivatives are by states and parameters"},
		{"hvp --of V --v k=1", "not among what --wrt"}, {"hess --of V --wrt q", "'q'"},
		{"hess --of V --wrt 'u[7]'", "u[7]"}, {"jac --of q", "there is no observable 'q'"},
		{"vjp --of V --v x=1", "--of V is one number"}, {"jvp --weights x=1", "--weights belongs"},
		{"hess --of outputs --weights f=1", "'f'"}, {"rhs --of rhs", "--of belongs"},
	};
	for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
		cr_expect_eq(tool_run("$OJIT eval m.ojit --kernel %s", wrong[k].options), 2, "%s", wrong[k].options);
		EXPECT_HAS(tool_err(), wrong[k].message);
	}
	tool_file("g.ojit", "init x = 2\nx' = 1\nout S = digamma(x)\n");
	cr_expect_eq(tool_run("$OJIT eval g.ojit --kernel grad"), 0, "%s", tool_err());
	cr_expect_eq(tool_run("$OJIT eval g.ojit --kernel hess"), 2);
	EXPECT_HAS(tool_err(), "trigamma has no derivative");
}

static double entry_of(const char *text, const char *options, int number)
{
	tool_file("edge.ojit", text);
	cr_assert_eq(tool_run("$OJIT eval edge.ojit --format json --kernel %s", options), 0, "%s", tool_err());
	json_t *json = tool_json(), *entry = json_array_get(json_object_get(json, "entries"), (size_t)number);
	double value = json_number_value(json_object_get(entry, "value"));
	json_decref(json);
	return value;
}

/* d2/(dx dp) x^p at p = 0 is 1/x; a branch that is not taken has no part in what a choice
 * hands on through an intermediate; mod(0.9, 0.1) goes down by 8. */
Test(tool_derivatives, smooth_points_of_powers_choices_and_remainders_are_right)
{
	static const char power[] = "param p = 0\ninit x = 2\nx' = x^p\n";
	static const char choice[] = "const N = 2\ninit x[i in 1..N] = 2*i - 3\nx[i in 1..N]' = -x[i]\n"
	                             "let s[i in 1..N] = sqrt(x[i])\n"
	                             "out E = sum(i in 1..N, if(x[i] > 0, s[i]*x[i], x[i]^2))\n";
	cr_expect_float_eq(entry_of(power, "hess --of x --wrt x,p", 1), 0.5, 1e-15);
	cr_expect_float_eq(entry_of(power, "hess --of x --wrt x,p", 2), 0.5, 1e-15);
	cr_expect_float_eq(entry_of(choice, "hess --of E", 0), 2, 1e-15);
	cr_expect_float_eq(entry_of(choice, "hess --of E", 1), 0.75, 1e-15);
	cr_expect_eq(entry_of("init b = 0.1, a = 0.9\na' = mod(a, b)\nb' = 0\n", "jac", 1), -8);
}
