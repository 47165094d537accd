/* The C API builds what text builds, and says where it was called from when it is
 * called wrongly. */
#include "tests/support_allocator.h"
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Models built by hand and by text must lower to the same programs. */
static void expect_equal(struct support_model *built, const char *text)
{
	struct support_model read;
	support_model_lower(built);
	support_model_open(&read, text, NULL);
	for (int kind = 0; kind < PROGRAM_KINDS; kind++) {
		char *a = support_model_print(built, kind), *b = support_model_print(&read, kind);
		cr_expect_str_eq(a, b, "%s", text);
		free(a), free(b);
	}
	support_model_close(&read);
	support_model_close(built);
}

Test(model_builder, lorenz_is_a_dozen_calls)
{
	struct support_model b;
	support_model_begin(&b);
	ojit_model *m = b.model;
	ojit_expr s = ojit_param(m, "s", 10), r = ojit_param(m, "r", 28), c = ojit_param(m, "b", 8.0 / 3);
	ojit_expr x = ojit_state(m, "x", 1), y = ojit_state(m, "y", 1), z = ojit_state(m, "z", 1);
	ojit_equation(m, "x'", ojit_mul(m, s, ojit_sub(m, y, x)));
	ojit_equation(m, "y'", ojit_sub(m, ojit_mul(m, x, ojit_sub(m, r, z)), y));
	ojit_equation(m, "z'", ojit_sub(m, ojit_mul(m, x, y), ojit_mul(m, c, z)));
	ojit_out(m, "x", 0);
	expect_equal(&b, "param s = 10, r = 28, b = 2.6666666666666665\ninit x = 1, y = 1, z = 1\nx' = s*(y - x)\n"
	                 "y' = x*(r - z) - y\nz' = x*y - b*z\nout x");
}

Test(model_builder, kuramoto_needs_arrays_and_a_reduction)
{
	struct support_model b;
	support_model_begin(&b);
	ojit_model *m = b.model;
	ojit_expr one = ojit_number(m, 1), n = ojit_const(m, "N", 20), k = ojit_param(m, "K", 0.5);
	ojit_expr i = ojit_index(m, "i"), j = ojit_index(m, "j");
	ojit_range along_i = ojit_range_of(i, one, n), along_j = ojit_range_of(j, one, n);
	ojit_expr wi = ojit_element(m, "w", 1, &i), thi = ojit_element(m, "th", 1, &i), thj = ojit_element(m, "th", 1, &j);
	ojit_expr differs = ojit_apply2(m, OJIT_NE, j, i);
	ojit_expr pull = ojit_reduce(m, OJIT_SUM, 1, &along_j, differs, ojit_call(m, "sin", 1, (ojit_expr[]){ojit_sub(m, thj, thi)}));
	ojit_define(m, OJIT_PARAM, "w", 1, &along_i, ojit_add(m, ojit_number(m, 0.1), ojit_mul(m, ojit_number(m, 0.03), ojit_apply1(m, OJIT_SIN, i))));
	ojit_define(m, OJIT_INIT, "th", 1, &along_i, ojit_apply2(m, OJIT_MOD, ojit_mul(m, ojit_number(m, 0.618034), i), one));
	ojit_define(m, OJIT_EQUATION, "th'", 1, &along_i, ojit_add(m, wi, ojit_mul(m, ojit_div(m, k, n), pull)));
	expect_equal(&b, "const N = 20\nparam K = 0.5\nparam w[i in 1..N] = 0.1 + 0.03*sin(i)\ninit th[i in 1..N] = mod(0.618034*i, 1)\n"
	                 "th[i in 1..N]' = w[i] + K/N*sum(j in 1..N if j != i, sin(th[j] - th[i]))");
}

Test(model_builder, one_index_variable_serves_several_ranges_and_lists_give_values)
{
	struct support_model b;
	support_model_begin(&b);
	ojit_model *m = b.model;
	ojit_expr i = ojit_index(m, "i"), one = ojit_number(m, 1), three = ojit_number(m, 3);
	ojit_range axis = ojit_range_of(i, one, three), place = {0, ojit_number(m, 0), 0, 0};
	ojit_range wrapped = axis;
	wrapped.wrap = 1;
	ojit_expr next = ojit_add(m, i, one), ui = ojit_element(m, "u", 1, &i), unext = ojit_element(m, "u", 1, &next);
	ojit_expr total = ojit_reduce(m, OJIT_SUM, 1, &axis, 0, ui);
	OJIT_HERE(m); /* reads from different places stay apart until pass split */
	ojit_expr again = ojit_element(m, "u", 1, &i);
	ojit_expr largest = ojit_reduce(m, OJIT_GREATEST, 1, &axis, 0, again);
	ojit_define_values(m, OJIT_INIT, "u", 1, &axis, 3, (double[]){5, 6, 7});
	ojit_define_values(m, OJIT_TABLE, "n", 1, &axis, 3, (double[]){3, 1, 2});
	ojit_define(m, OJIT_EQUATION, "u'", 1, &wrapped, unext);
	ojit_define(m, OJIT_LET, "u", 1, &place, three);
	ojit_let(m, "both", ojit_add(m, total, largest));
	ojit_out(m, "v", ojit_element(m, "u", 1, (ojit_expr[]){ojit_element(m, "n", 1, &one)}));
	ojit_model_span(m, one, three);
	expect_equal(&b, "init u[i in 1..3] = [5, 6, 7]\nindex n[i in 1..3] = [3, 1, 2]\nu[i in 1..3 wrap]' = u[i + 1]\nlet u[0] = 3\n"
	                 "let both = sum(i in 1..3, u[i]) + max(i in 1..3, u[i])\nout v = u[n[1]]\nspan 1..3");
}

Test(model_builder, an_expression_may_be_used_in_many_places_and_depths)
{
	struct support_model b;
	support_model_begin(&b);
	ojit_model *m = b.model;
	ojit_expr one = ojit_number(m, 1), three = ojit_number(m, 3), k = ojit_index(m, "k"), j = ojit_index(m, "j"), i = ojit_index(m, "i");
	ojit_range along_k = ojit_range_of(k, one, three), along_j = ojit_range_of(j, one, three), along_i = ojit_range_of(i, one, three);
	ojit_expr s = ojit_reduce(m, OJIT_SUM, 1, &along_k, 0, ojit_mul(m, k, ojit_name(m, "x")));
	ojit_expr nested = ojit_reduce(m, OJIT_SUM, 1, &along_j, 0, ojit_mul(m, s, j));
	ojit_equation(m, "x'", ojit_add(m, s, nested));
	ojit_state(m, "x", 2);
	ojit_define(m, OJIT_EQUATION, "u'", 1, &along_i, ojit_add(m, ojit_mul(m, nested, i), s));
	ojit_define(m, OJIT_INIT, "u", 1, &along_i, one);
	support_model_lower(&b);
	support_model_start(&b);
	double *out = support_model_run(&b, KERNEL_RHS);
	cr_expect_eq(out[0], 12 + 72);
	cr_expect_eq(out[3], 3 * 72 + 12);
	free(out);
	support_model_close(&b);
}

Test(model_builder, a_deep_expression_is_no_deeper_for_the_machine)
{
	struct support_model b;
	support_model_begin(&b);
	ojit_expr x = ojit_state(b.model, "x", 0.5), y = x;
	for (int k = 0; k < 200000; k++) /* Horner */
		y = ojit_add(b.model, ojit_mul(b.model, y, x), x);
	ojit_equation(b.model, "x'", y);
	support_model_lower(&b);
	support_model_close(&b);
}

Test(model_builder, the_first_error_sticks_and_names_its_place)
{
	struct support_model b;
	support_model_begin(&b);
	ojit_model *m = b.model;
	ojit_model_place(m, "here.c", 41);
	ojit_expr x = ojit_state(m, "x", 1);
	ojit_model_place(m, "here.c", 42);
	ojit_expr wrong = ojit_apply1(m, OJIT_ADD, x);
	cr_expect_eq(wrong, 0u);
	ojit_model_place(m, "here.c", 43);
	cr_expect_eq(ojit_mul(m, x, x), 0u, "nothing works after an error");
	cr_expect_eq(ojit_equation(m, "x'", x), OJIT_SYNTAX);
	cr_expect_eq(ojit_model_check(m), OJIT_SYNTAX);
	ojit_error error = ojit_model_error(m);
	cr_expect_str_eq(error.text, "here.c:42:1: error: + takes 2 arguments, not 1; correct the call");
	support_model_close(&b);
}

Test(model_builder, errors_found_when_checking_name_the_place_of_the_expression)
{
	struct support_model b;
	support_model_begin(&b);
	ojit_model *m = b.model;
	OJIT_HERE(m);
	ojit_state(m, "x", 1);
	ojit_model_place(m, "there.c", 7);
	ojit_expr y = ojit_name(m, "yy");
	OJIT_HERE(m);
	ojit_equation(m, "x'", y);
	cr_expect_eq(ojit_model_error(m).status, OJIT_OK);
	cr_expect_eq(ojit_model_check(m), OJIT_NAME);
	cr_expect_str_eq(ojit_model_error(m).file, "there.c");
	cr_expect_eq(ojit_model_error(m).line, 7);
	support_model_close(&b);
}

/* Each call is wrong in one way. */
static void call_wrongly(ojit_model *m, int way)
{
	ojit_expr x = ojit_state(m, "x", 1), i = ojit_index(m, "i");
	ojit_range axis = ojit_range_of(i, x, x), no_index = ojit_range_of(x, x, x), two[2] = {axis, axis};
	switch (way) {
	case 0: ojit_name(m, "1a"); break;
	case 1: ojit_name(m, NULL); break;
	case 2: ojit_param(m, "pi", 3); break;
	case 3: ojit_equation(m, "x", x); break;
	case 4: ojit_call(m, "nosuch", 1, &x); break;
	case 5: ojit_apply(m, (ojit_op)999, 1, &x); break;
	case 6: ojit_add(m, x, 123456); break;
	case 7: ojit_define(m, OJIT_LET, "a", 1, &no_index, x); break;
	case 8: ojit_define(m, OJIT_LET, "a", 4, two, x); break;
	case 9: ojit_define(m, OJIT_LET, "a", 2, two, x); break;
	case 10: ojit_define(m, OJIT_CONST, "a", 1, &axis, x); break;
	case 11: ojit_define(m, OJIT_LET, "a", 0, NULL, 0); break;
	case 12: ojit_define_values(m, OJIT_PARAM, "a", 0, NULL, 1, (double[]){1}); break;
	case 13: ojit_reduce(m, OJIT_SUM, 0, NULL, 0, x); break;
	case 14: ojit_equation(m, "x'''", x); break;
	case 15: ojit_define(m, (ojit_kind)77, "a", 0, NULL, x); break;
	case 16: ojit_model_span(m, 0, x); break;
	case 17: ojit_model_read_text(m, NULL, 5, NULL); break;
	case 18: ojit_model_read_file(m, "/nonexistent/model.ojit"); break;
	case 19: ojit_equation(m, "x'", i); ojit_model_check(m); break;
	default: break;
	}
}

Test(model_builder, every_wrong_call_is_refused)
{
	for (int way = 0; way < 20; way++) {
		struct support_model b;
		support_model_begin(&b);
		call_wrongly(b.model, way);
		cr_expect_neq(ojit_model_error(b.model).status, OJIT_OK, "way %d", way);
		cr_expect_neq(ojit_model_error(b.model).status, OJIT_OUT_OF_MEMORY, "way %d", way);
		support_model_close(&b);
	}
}
