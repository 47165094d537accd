/* The printed forms of syntax tree and model read back to the same model. */
#include "lib/model/syntax.h"
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const char *const models[] = {
	"fun f(a, b) = a^2 - b; fun g() = 2\nx' = f(x, -y) + sum(j in 1..3, k in 1..j if k != 2 and not j == 1, j*k); y'' = -(-y)^2^x\n"
	"init x = 1e-300, y = 0.1, y' = -inf\nparam K = 2/(3/4), w[i in 1..3] = [1, -2.5, inf]; param half = K/2\n"
	"out x, v = if(x > y or x <= 3 and K != 1, x - (y - 1), -x*-y); span -1 .. 2*3; solve method = rk4, rtol = 1e-6, atol = 2e-9, until_steady = 1e-3, growth_limit = 1e9\n"
	"let a = x/(y*2)/3*4 - -2^-2 + (x < 1) + (not x)*(x and y)",
	"const N = 4\nindex n[i in 1..N, k in 1..2] = mod(i + k, N) + 1; index r[i in 0..N] = [0, 1, 2, 3, 4]\n"
	"u[i in 1..N wrap, j in 1..N]' = u[i+1, n[j, 1]]*u[i, j] - u[i, 0]; let u[i in 1..N, 0] = t\n"
	"init u[i in 1..N, j in 1..N] = normal(1, i, j)\nout m = max(i in 1..N, min(j in r[i-1]..r[i], u[i, max(j, 1)]))\n"
	"out p = prod(k in 1..2, heaviside(u[1, k], 1))",
};

static char *print_syntax(ojit_context *context, const char *text)
{
	struct syntax syntax;
	struct oj_error error;
	struct text printed;
	oj_error_init(&error, context);
	oj_text_init(&printed, context);
	oj_syntax_read(&syntax, context, &(struct reading){.text = text, .length = strlen(text), .base = 1}, &error);
	cr_assert_eq(error.status, OJIT_OK, "%s\n%s", oj_error_public(&error).text, text);
	oj_syntax_print(&syntax, &printed);
	char *copy = strdup(oj_text_get(&printed));
	oj_syntax_drop(&syntax);
	oj_text_drop(&printed);
	oj_error_drop(&error);
	return copy;
}

static char *print_model(struct support_model *m)
{
	struct text printed;
	oj_text_init(&printed, m->context);
	oj_model_print(m->model, &printed);
	char *copy = strdup(oj_text_get(&printed));
	oj_text_drop(&printed);
	return copy;
}

static void expect_same_programs(struct support_model *a, const char *text)
{
	struct support_model b;
	support_model_open(&b, text, NULL);
	for (int kind = 0; kind < PROGRAM_KINDS; kind++) {
		char *first = support_model_print(a, kind), *second = support_model_print(&b, kind);
		cr_expect_str_eq(first, second, "%s", text);
		free(first), free(second);
	}
	support_model_close(&b);
}

Test(model_print, printed_syntax_is_the_same_model_and_prints_the_same_again)
{
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		struct support_model m;
		support_model_open(&m, models[i], NULL);
		char *once = print_syntax(m.context, models[i]), *twice = print_syntax(m.context, once);
		cr_expect_str_eq(once, twice);
		expect_same_programs(&m, once);
		free(once), free(twice);
		support_model_close(&m);
	}
}

Test(model_print, printed_models_are_the_same_model)
{
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		struct support_model m;
		support_model_open(&m, models[i], NULL);
		char *printed = print_model(&m);
		expect_same_programs(&m, printed);
		free(printed);
		support_model_close(&m);
	}
}

Test(model_print, brackets_stand_where_they_are_needed_and_nowhere_else)
{
	static const char *const texts[] = {
		"x' = -x^2*3 + 2\n", "x' = (x + 1)*(x - 1)\n", "x' = x - (1 - x)\n", "x' = x - 1 - x\n", "x' = 2^3^x\n", "x' = (2^3)^x\n",
		"x' = (-2)^x\n", "x' = x*-x\n", "x' = sum(j in 1..3 if j != 2, x*j)\n", "x' = if(x < 1 and not (x == 0 or x > 2), 1, 0)\n",
		"x' = x/(2*x)\n", "x' = x/2*x\n", "param w[i in 1..3, j in 0..2*3 wrap] from \"w.csv\"\n", "init x[3]' = 0.1\n", "out x''\n",
	};
	ojit_context *context = ojit_context_new(NULL);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *printed = print_syntax(context, texts[i]);
		cr_expect_str_eq(printed, texts[i]);
		free(printed);
	}
	ojit_context_free(context);
}
