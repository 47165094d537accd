/* What a wrong model is told: the whole text, place and caret included.
 *
 * A message says the cause and the remedy and marks what the user wrote.  Each row
 * is a model and what a person reads; OJIT_SHOW=1 in the environment prints what
 * they would read now. */
#include "tests/support_model.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct wrong {
	const char *model;
	ojit_status status;
	const char *text; /* after "line " */
};

/* `X` stands before models that only lack a state. */
#define X "x' = 1; init x = 0\n"

static const struct wrong wrongs[] = {
#include "tests/language_errors.def"
};

Test(language_errors, say_the_cause_the_place_and_the_remedy)
{
	bool show = getenv("OJIT_SHOW") != NULL;
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		const struct wrong *w = &wrongs[i];
		ojit_status status;
		char *text = support_model_failure(w->model, NULL, &status);
		cr_expect_not_null(text, "no error for:\n%s", w->model);
		if (text && show)
			printf("MODEL\n%s\nSTATUS %s\n%s\nEND\n", w->model, ojit_status_name(status), text);
		else if (text)
			cr_expect(status == w->status && strcmp(text, w->text) == 0, "%s\n--- is told (%s)\n%s\n--- but should be (%s)\n%s", w->model,
			          ojit_status_name(status), text, ojit_status_name(w->status), w->text);
		free(text);
	}
}

Test(language_errors, name_the_file_where_there_is_one)
{
	ojit_status status;
	char *text = support_model_failure("xx' = xy\ninit xx = 0\n", "models/one.ojit", &status);
	cr_expect_str_eq(text, "models/one.ojit:1:7: error: the name xy is not defined; did you mean xx?\n  xx' = xy\n        ^^");
	free(text);
}

Test(language_errors, count_columns_in_code_points_and_keep_tabs)
{
	ojit_status status;
	char *text = support_model_failure("\xCE\xB8' =\t\xCE\xB8 + \xCE\xBB\xCE\xBB\ninit \xCE\xB8 = 0\n", NULL, &status);
	cr_expect_str_eq(text, "line 1, column 10: error: the name \xCE\xBB\xCE\xBB is not defined; define it with const, param, "
	                 "let or an equation\n  \xCE\xB8' =\t\xCE\xB8 + \xCE\xBB\xCE\xBB\n      \t    ^^");
	free(text);
}

Test(language_errors, what_is_no_text_is_refused_with_its_column)
{
	static const char *const texts[] = {"x' = \xFF", "x' = 1 # \xC3(", "x\xED\xA0\x80' = 1", "x' = \x01", "param a from \"\xFE\""};
	static const int columns[] = {6, 10, 2, 6, 14};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct support_model m;
		support_model_begin(&m);
		ojit_model_read_text(m.model, texts[i], strlen(texts[i]), NULL);
		ojit_error error = ojit_model_error(m.model);
		cr_expect_eq(error.status, OJIT_SYNTAX, "text %zu: %s", i, error.text);
		cr_expect_eq(error.column, columns[i], "text %zu: %s", i, error.text);
		support_model_close(&m);
	}
}

Test(language_errors, zero_bytes_are_refused_wherever_they_stand)
{
	static const char *const texts[] = {"x' = 1 # a\0b\ny = 2", "param a[i in 1..2] from \"a\0b\"", "x' = \0 1"};
	static const size_t lengths[] = {19, 29, 8};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct support_model m;
		support_model_begin(&m);
		cr_expect_eq(ojit_model_read_text(m.model, texts[i], lengths[i], NULL), OJIT_SYNTAX, "text %zu", i);
		cr_expect_eq(ojit_model_error(m.model).line, 1);
		support_model_close(&m);
	}
}

Test(language_errors, brackets_beyond_the_limit_are_refused_and_long_chains_are_not)
{
	enum { COUNT = 100000 };
	char *text = malloc(4 * COUNT + 100);
	ojit_status status;
	strcpy(text, "x' = ");
	memset(text + 5, '(', 10000);
	strcpy(text + 10005, "x\ninit x = 0");
	char *failure = support_model_failure(text, NULL, &status);
	cr_expect_eq(status, OJIT_UNSUPPORTED);
	cr_expect_not_null(strstr(failure, "nested brackets"));
	free(failure);
	char *at = text + sprintf(text, "init x = 0\nx' = x");
	for (int i = 0; i < COUNT; i++)
		at += sprintf(at, i % 3 == 2 ? "/x" : i % 3 ? "-x" : "*x");
	cr_expect_null(support_model_failure(text, NULL, &status));
	at = text + sprintf(text, "init x = 0\nx' = ");
	memset(at, '-', COUNT);
	strcpy(at + COUNT, "x");
	cr_expect_null(support_model_failure(text, NULL, &status));
	free(text);
}

/* A chain of lets, each of two of the one before; the reverse order, too. */
Test(language_errors, long_chains_of_definitions_are_fine_and_a_long_cycle_is_shown_in_part)
{
	enum { COUNT = 50000 };
	char *text = malloc(64 * COUNT), *at = text + sprintf(text, "init x = 0\nx' = a%d\nlet a0 = x\n", COUNT);
	ojit_status status;
	for (int k = COUNT; k > 0; k--)
		at += sprintf(at, "let a%d = a%d*0.5\n", k, k - 1);
	cr_expect_null(support_model_failure(text, NULL, &status));
	memcpy(strstr(text, "x' = a50000"), "x' = 1#####", 11); /* nobody uses the chain */
	cr_expect_null(support_model_failure(text, NULL, &status));
	char *first = strstr(text, "let a0 = x");
	memcpy(first, "let a0 =a9", 10);
	char *failure = support_model_failure(text, NULL, &status);
	cr_assert_not_null(failure);
	cr_expect_eq(status, OJIT_CYCLE);
	cr_expect_not_null(strstr(failure, "a9 -> a8 -> a7"), "%s", failure);
	free(failure);
	free(text);
}
