/* What a host may do to the library: calls made wrongly, one by one, end in a status
 * and a place, never in a crash or in numbers that nobody asked for. */
#include <ojit/ojit.h>

#include "lib/base/text.h"

#include <criterion/criterion.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host {
	ojit_context *context;
	ojit_model *model;
	ojit_expr x, i;
	ojit_range axis;
};

static void begin(struct host *h)
{
	h->context = ojit_context_new(NULL);
	ojit_model *m = h->model = ojit_model_new(h->context);
	h->x = ojit_state(m, "x", 1);
	h->i = ojit_index(m, "i");
	h->axis = ojit_range_of(h->i, ojit_number(m, 1), ojit_number(m, 4));
	ojit_model_place(m, "host.c", 7);
}

static void end(struct host *h)
{
	ojit_model_free(h->model);
	cr_expect_eq(ojit_context_counters(h->context).live_bytes, 0);
	ojit_context_free(h->context);
}

/* Arrays that are missing though their count says they are there. */
static void call_without_array(struct host *h, int way)
{
	ojit_model *m = h->model;
	switch (way) {
	case 0: ojit_apply(m, OJIT_SIN, 1, NULL); break;
	case 1: ojit_call(m, "sin", 1, NULL); break;
	case 2: ojit_element(m, "u", 2, NULL); break;
	case 3: ojit_reduce(m, OJIT_SUM, 1, NULL, 0, h->x); break;
	case 4: ojit_define(m, OJIT_PARAM, "p", 1, NULL, h->x); break;
	case 5: ojit_define_values(m, OJIT_PARAM, "p", 1, &h->axis, 4, NULL); break;
	case 6: ojit_define_file(m, OJIT_PARAM, "p", 1, &h->axis, NULL); break;
	}
}

Test(embedding, missing_arrays_are_refused_at_their_place)
{
	for (int way = 0; way < 7; way++) {
		struct host h;
		begin(&h);
		call_without_array(&h, way);
		ojit_error error = ojit_model_error(h.model);
		cr_expect_eq(error.status, OJIT_ARGUMENT, "way %d", way);
		cr_expect(strstr(error.message, "NULL") || way == 3, "way %d: %s", way, error.text);
		cr_expect_str_eq(error.file, "host.c");
		cr_expect_eq(error.line, 7);
		end(&h);
	}
}

/* Where a 0 ends it means "no filter" or "what has this name": there it would give
 * a model other than the one that was meant. */
static void pass_zero(struct host *h, int way)
{
	ojit_model *m = h->model;
	ojit_range no_index = {0, h->axis.lo, h->axis.hi, 0};
	switch (way) {
	case 0: ojit_equation(m, "x'", ojit_mul(m, h->x, 0)); break;
	case 1: ojit_out(m, "x", ojit_mul(m, h->x, 0)); break;
	case 2: ojit_out(m, "s", ojit_reduce(m, OJIT_SUM, 1, &h->axis, ojit_apply2(m, OJIT_NE, h->i, 0), h->i)); break;
	case 3: ojit_reduce(m, OJIT_SUM, 1, &no_index, 0, h->x); break;
	case 4: ojit_element(m, "u", 1, (ojit_expr[]){0}); break;
	}
}

Test(embedding, a_zero_operand_is_an_error_where_it_is_used_first)
{
	for (int way = 0; way < 5; way++) {
		struct host h;
		begin(&h);
		pass_zero(&h, way);
		ojit_error error = ojit_model_error(h.model);
		cr_expect_eq(error.status, OJIT_ARGUMENT, "way %d", way);
		cr_expect_not_null(strstr(error.message, "0, which is no expression"), "way %d: %s", way, error.text);
		cr_expect_eq(error.line, 7);
		end(&h);
	}
}

Test(embedding, a_place_may_be_without_a_file)
{
	struct host h;
	begin(&h);
	ojit_model_place(h.model, NULL, 3);
	ojit_param(h.model, "a", 1);
	ojit_param(h.model, "a", 1);
	ojit_equation(h.model, "x'", h.x);
	cr_expect_eq(ojit_model_check(h.model), OJIT_NAME);
	cr_expect_str_eq(ojit_model_error(h.model).file, "");
	cr_expect_eq(ojit_model_error(h.model).line, 3);
	end(&h);
}

Test(embedding, messages_do_not_speak_of_a_line_that_is_not_known)
{
	struct host h;
	begin(&h);
	ojit_model_place(h.model, NULL, 0);
	ojit_model_span(h.model, h.axis.lo, h.axis.hi);
	cr_expect_eq(ojit_model_span(h.model, h.axis.lo, h.axis.hi), OJIT_NAME);
	cr_expect_str_eq(ojit_model_error(h.model).message, "the span is given twice; remove one");
	end(&h);
}

Test(embedding, min_says_how_many_it_takes)
{
	ojit_expr many[256];
	struct host h;
	begin(&h);
	for (int k = 0; k < 256; k++)
		many[k] = h.x;
	cr_expect_neq(ojit_apply(h.model, OJIT_MIN, 255, many), 0u);
	cr_expect_eq(ojit_apply(h.model, OJIT_MIN, 256, many), 0u);
	cr_expect_not_null(strstr(ojit_model_error(h.model).message, "min takes 1 to 255 arguments, not 256"));
	end(&h);
}

/* Twice as long at each level: the text of this expression has 2^200 names in it. */
Test(embedding, an_expression_too_long_to_write_out_compiles_and_is_refused_as_text)
{
	struct host h;
	char *text;
	ojit_program *program;
	begin(&h);
	ojit_expr y = h.x;
	for (int k = 0; k < 200; k++)
		y = ojit_add(h.model, ojit_apply1(h.model, OJIT_SIN, y), y);
	ojit_equation(h.model, "x'", y);
	cr_expect_eq(ojit_program_compile(h.model, NULL, &program), OJIT_OK);
	ojit_program_free(program);
	cr_expect_eq(ojit_program_dump(h.model, NULL, OJIT_RHS, "model", &text), OJIT_UNSUPPORTED);
	cr_expect_null(text);
	cr_expect_not_null(strstr(ojit_model_error(h.model).message, "ojit_let"));
	end(&h);
}

Test(embedding, a_stage_or_a_pass_without_a_name_is_refused)
{
	struct host h;
	char *text;
	ojit_program *program;
	ojit_compile_options options = ojit_compile_options_default();
	begin(&h);
	ojit_equation(h.model, "x'", h.x);
	cr_expect_eq(ojit_program_dump(h.model, NULL, OJIT_RHS, NULL, &text), OJIT_ARGUMENT);
	end(&h);
	begin(&h);
	ojit_equation(h.model, "x'", h.x);
	options.without_count = 1;
	cr_expect_eq(ojit_program_compile(h.model, &options, &program), OJIT_ARGUMENT);
	cr_expect_null(program);
	end(&h);
}

Test(embedding, a_vector_that_does_not_exist_is_not_called_observables)
{
	struct host h;
	ojit_program *program;
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = OJIT_INTERPRETER;
	begin(&h);
	ojit_equation(h.model, "x'", h.x);
	cr_assert_eq(ojit_program_compile(h.model, &options, &program), OJIT_OK);
	ojit_solver *solver = ojit_solver_new(program);
	cr_expect_eq(ojit_solver_set(solver, (ojit_vector)99, "x", 1), OJIT_ARGUMENT);
	cr_expect_not_null(strstr(ojit_solver_error(solver).message, "99"));
	cr_expect_eq(ojit_solver_count(solver, (ojit_vector)99), 0);
	ojit_solver_free(solver);
	ojit_program_free(program);
	end(&h);
}

/* ---- a locale for each thread */

struct reader {
	pthread_t thread;
	locale_t locale;
	long wrong;
};

/* Often, for what two threads share they must touch in the same instant. */
static void *read_numbers(void *user)
{
	struct reader *r = user;
	uselocale(r->locale);
	for (int k = 0; k < 3000000; k++) {
		double value = 0;
		r->wrong += oj_number_read("0.0625", 6, &value) != 6 || value != 0.0625;
	}
	uselocale(LC_GLOBAL_LOCALE);
	return NULL;
}

static locale_t comma_locale(void)
{
	static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8", "fr_FR.utf8"};
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		locale_t locale = newlocale(LC_ALL_MASK, names[k], (locale_t)0);
		if (locale && !strcmp(nl_langinfo_l(RADIXCHAR, locale), ","))
			return locale;
		if (locale)
			freelocale(locale);
	}
	return (locale_t)0;
}

Test(embedding, threads_may_have_locales_of_their_own)
{
	struct reader readers[2] = {{.locale = comma_locale()}, {.locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)}};
	if (!readers[0].locale)
		cr_skip_test("no locale with a decimal comma on this machine");
	for (int k = 0; k < 2; k++)
		cr_assert_eq(pthread_create(&readers[k].thread, NULL, read_numbers, &readers[k]), 0);
	for (int k = 0; k < 2; k++) {
		pthread_join(readers[k].thread, NULL);
		freelocale(readers[k].locale);
		cr_expect_eq(readers[k].wrong, 0, "thread %d read %ld numbers wrongly", k, readers[k].wrong);
	}
}
