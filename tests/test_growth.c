/* What compiling takes grows with the text and no faster: memory asked for in all,
 * which follows the work, and memory held at once. */
#include "bench/texts.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <ojit/ojit.h>

struct counter {
	size_t live, peak, total, calls;
};

static void *allocate(void *user, size_t size)
{
	struct counter *c = user;
	c->total += size;
	c->calls++;
	c->live += size;
	if (c->live > c->peak)
		c->peak = c->live;
	return malloc(size);
}

static void release(void *user, void *memory, size_t size)
{
	struct counter *c = user;
	c->live -= memory ? size : 0;
	free(memory);
}

struct taken { /* an operation */
	double operations, definitions, peak, total, calls;
};

static struct taken take(void (*write)(struct source *, int), int size)
{
	struct counter counter = {0};
	ojit_allocator allocator = {allocate, release, &counter};
	ojit_context *context = ojit_context_new(&allocator);
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program = NULL;
	struct source source = {0};
	write(&source, size);
	options.executor = OJIT_INTERPRETER;
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, source.at, source.length, NULL);
	cr_assert(eq(int, ojit_program_compile(model, &options, &program), OJIT_OK));
	double n = (double)source_operations(&source);
	struct taken taken = {n, (double)source_definitions(&source), (double)counter.peak / n, (double)counter.total / n, (double)counter.calls / n};
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	free(source.at);
	cr_assert(eq(sz, counter.live, 0));
	return taken;
}

static const struct family {
	const char *name;
	void (*write)(struct source *, int);
	int small, large;
	int long_one; /* 10^5 operations, or 2*10^4 */
	bool names;   /* it has so many that they count as much as operations */
} families[] = {
	{"kuramoto", write_kuramoto, 20, 60, 183, false},
	{"brusselator", write_brusselator_ordered, 100, 800, 4000, false},
	{"brusselator by turns", write_brusselator_by_turns, 100, 800, 4000, false},
	{"network", write_network, 500, 4000, 23200, false},
	{"chain", write_chain, 1000, 8000, 50000, false},
	{"sum", write_sum, 1000, 8000, 50000, false},
	{"straight", write_straight, 4000, 32000, 94300, false},
	{"nested", write_nested, 2000, 16000, 99500, false},
	{"elements", write_elements, 1000, 8000, 50000, false},
	{"derived", write_derived, 200, 1600, 3000, true},
	{"rates", write_rates, 500, 4000, 7000, true},
	{"species", write_species, 500, 4000, 7000, true},
	{"initials", write_initials, 500, 4000, 7000, true},
	{"observables", write_observables, 500, 4000, 7000, true},
	{"decays", write_decays, 1000, 8000, 20000, true},
};

Test(growth, eight_times_the_text_takes_about_eight_times_the_work)
{
	for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
		struct taken small = take(families[f].write, families[f].small), large = take(families[f].write, families[f].large);
		cr_expect(lt(dbl, large.total, 1.5 * small.total), "%s: %g, then %g bytes an operation asked for in all",
		          families[f].name, small.total, large.total);
		cr_expect(lt(dbl, large.calls, 1.5 * small.calls), "%s: %g, then %g allocations an operation",
		          families[f].name, small.calls, large.calls);
	}
}

/* Of texts that are made of names, an operation or definition. */
Test(growth, long_texts_take_at_most_200_bytes_an_operation)
{
	for (size_t f = 0; f < sizeof families / sizeof *families; f++) {
		struct taken taken = take(families[f].write, families[f].long_one);
		double things = taken.operations + (families[f].names ? taken.definitions : 0);
		cr_expect(taken.operations > (families[f].names ? 1.99e4 : 0.99e5), "%s: %g operations", families[f].name, taken.operations);
		cr_expect(le(dbl, taken.peak * taken.operations / things, 200), "%s: %g bytes an operation; %g operations a definition",
		          families[f].name, taken.peak, taken.operations / taken.definitions);
	}
}

/* Derivatives of 40 states at a point; `form` has %d where the number of one goes. */
static void evaluate_forty(const char *form, const char *first, double *out)
{
	enum { COUNT = 40 };
	double y[COUNT];
	struct source source = {0};
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program = NULL;
	options.executor = OJIT_INTERPRETER;
	add(&source, "%s", first);
	for (int k = 0; k < COUNT; k++) {
		int i = k * 7 % COUNT + 1;
		char line[256], *at = line;
		for (const char *c = form; *c; c++)
			at += *c == '@' ? sprintf(at, "%d", i) : *c == '<' ? sprintf(at, "%d", i - 1) : (*at = *c, 1);
		add(&source, "%.*s\n", (int)(at - line), line);
		y[k] = 0.3 + 0.01 * k;
	}
	ojit_model_read_text(model, source.at, source.length, NULL);
	cr_assert(eq(int, ojit_program_compile(model, &options, &program), OJIT_OK), "%s", ojit_model_error(model).text);
	ojit_evaluator *evaluator = ojit_evaluator_new(program);
	cr_assert(eq(int, ojit_evaluator_call(evaluator, OJIT_RHS, 0, y, out), OJIT_OK));
	ojit_evaluator_free(evaluator);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	free(source.at);
}

Test(growth, an_array_given_element_by_element_is_what_scalars_are)
{
	double elements[40], scalars[40];
	evaluate_forty("init y@ = 1; let a[@] = a[<]*y@ + @; let b[@] = exp(a[@])*a[<] - a[<]; y@' = b[@]/a[@]",
	               "let a[0] = 0.25\n", elements);
	evaluate_forty("init y@ = 1; let a@ = a<*y@ + @; let b@ = exp(a@)*a< - a<; y@' = b@/a@", "let a0 = 0.25\n", scalars);
	cr_expect(eq(int, memcmp(elements, scalars, sizeof elements), 0));
}

static ojit_status status_of_elements(const char *last)
{
	struct source source = {0};
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	add(&source, "init x = 1; x' = a[30]\n");
	for (int i = 2; i <= 30; i++)
		add(&source, "let a[%d] = a[%d] + x\n", i, i - 1);
	add(&source, "%s\n", last);
	ojit_model_read_text(model, source.at, source.length, NULL);
	ojit_program *program = NULL;
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = OJIT_INTERPRETER;
	ojit_status status = ojit_program_compile(model, &options, &program);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	free(source.at);
	return status;
}

Test(growth, of_many_elements_cycles_and_gaps_are_found)
{
	cr_expect(eq(int, status_of_elements("let a[1] = x"), OJIT_OK));
	cr_expect(eq(int, status_of_elements("let a[1] = a[30]"), OJIT_CYCLE));
	cr_expect(eq(int, status_of_elements("let a[1] = a[1]"), OJIT_CYCLE));
	cr_expect(eq(int, status_of_elements("let a[0] = x"), OJIT_SHAPE));
	cr_expect(eq(int, status_of_elements("let a[1] = a[0]"), OJIT_RANGE));
	cr_expect(eq(int, status_of_elements("let a[1] = x, a[7] = x"), OJIT_SHAPE));
}

/* `out` reads with subscripts that run, so everything of the name is an array. */
Test(growth, elements_read_by_number_are_what_they_are_in_an_array)
{
	static const char *const forms[] = {
		"init y@ = 1; let a[@] = a[<]*y@ + @; y@' = a[@]/(a[@] + 1)",
		"init y@ = 1; let a[@,-1] = a[<,-1]*y@ + @, a[@,1-1] = 1/a[@,-1]; y@' = a[@,0]/(a[@,-1] + 1)",
		"init y@ = 1; let a[@] = 1 + sum(k in 1..3, k*y@)/(1 + a[<]); y@' = a[@]",
	};
	static const char *const firsts[][2] = {
		{"let a[0] = 0.25\n", "let a[0] = 0.25; out a\n"},
		{"let a[0,-1] = 0.25, a[0,0] = 1\n", "let a[0,-1] = 0.25, a[0,0] = 1; out b[i in 0..40] = a[i,-1]\n"},
		{"let a[0] = 0.25\n", "let a[0] = 0.25; out a\n"},
	};
	for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
		double by_number[40], in_array[40];
		evaluate_forty(forms[f], firsts[f][0], by_number);
		evaluate_forty(forms[f], firsts[f][1], in_array);
		cr_expect(eq(int, memcmp(by_number, in_array, sizeof in_array), 0), "%s", forms[f]);
	}
}

/* Nobody reads a[1], and a[2] only where it is not needed. */
Test(growth, elements_nobody_needs_are_checked_all_the_same)
{
	double out[40];
	evaluate_forty("init y@ = 1; let a[@] = a[<] + y@; y@' = @", "let a[0] = 1\n", out);
	cr_expect(eq(dbl, out[39], 39 * 7 % 40 + 1));
	cr_expect(eq(int, status_of_elements("let a[1] = x, b[1] = x, b[2] = b[1] + a[77]"), OJIT_RANGE));
}

static int longest_block(const char *text)
{
	int longest = 0, lines = 0;
	for (const char *line = strstr(text, "\nblock"); line; line = strchr(line + 1, '\n')) {
		lines = strncmp(line, "\nblock", 6) == 0 ? 0 : lines + 1;
		longest = lines > longest ? lines : longest;
	}
	return longest;
}

/* Three turns of a body of 3,000 operations. */
static void write_long_body(struct source *s)
{
	add(s, "init y[i in 1..3] = 0.1*i\ny[i in 1..3]' = 0");
	for (int k = 1; k <= 1000; k++)
		add(s, " + sin(%d*y[i])*y[%d - i]", k, 4);
	add(s, "\n");
}

Test(growth, long_loops_of_few_turns_are_cut_and_no_bit_changes)
{
	enum { MOST = 600 };
	static const char *const all[] = {"partition"};
	struct source source = {0};
	char *text = NULL;
	double out[2][3];
	const double y[3] = {0.3, -1.2, 2.5};
	write_long_body(&source);
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_compile_options options = ojit_compile_options_default();
	ojit_model_read_text(model, source.at, source.length, NULL);
	cr_assert(eq(int, ojit_program_dump(model, NULL, OJIT_RHS, "expand", &text), OJIT_OK), "%s", ojit_model_error(model).text);
	cr_expect(longest_block(text) > 3 * MOST);
	ojit_text_free(context, text);
	cr_assert(eq(int, ojit_program_dump(model, NULL, OJIT_RHS, "partition", &text), OJIT_OK));
	cr_expect(longest_block(text) < MOST, "%d lines", longest_block(text));
	ojit_text_free(context, text);
	for (int k = 0; k < 2; k++) {
		ojit_program *program;
		options.executor = k ? OJIT_INTERPRETER : OJIT_AUTOMATIC;
		options.without = all;
		options.without_count = (size_t)k;
		cr_assert(eq(int, ojit_program_compile(model, &options, &program), OJIT_OK), "%s", ojit_model_error(model).text);
		ojit_evaluator *evaluator = ojit_evaluator_new(program);
		cr_assert(eq(int, ojit_evaluator_call(evaluator, OJIT_RHS, 0, y, out[k]), OJIT_OK));
		ojit_evaluator_free(evaluator);
		ojit_program_free(program);
	}
	cr_expect(eq(int, memcmp(out[0], out[1], sizeof out[0]), 0));
	ojit_model_free(model);
	ojit_context_free(context);
	free(source.at);
}

struct heard {
	char names[512];
	int ended;
};

static void hear(void *user, const char *stage)
{
	struct heard *heard = user;
	size_t length = strlen(heard->names);
	cr_assert(eq(int, heard->ended, 0));
	heard->ended = *stage == '\0';
	snprintf(heard->names + length, sizeof heard->names - length, "%s ", stage);
}

static struct heard listen(const char *text, ojit_status status, const char *without)
{
	struct heard heard = {0};
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_compile_options options = ojit_compile_options_default();
	ojit_program *program;
	options.executor = OJIT_INTERPRETER;
	options.watch = hear;
	options.watch_user = &heard;
	options.without = &without;
	options.without_count = without != NULL;
	ojit_model_read_text(model, text, strlen(text), NULL);
	cr_expect(eq(int, ojit_program_compile(model, &options, &program), status));
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return heard;
}

Test(growth, whoever_watches_hears_of_every_step_in_order_and_of_the_end)
{
	struct heard all = listen("init x = 1; x' = -x", OJIT_OK, NULL), fewer = listen("init x = 1; x' = -x", OJIT_OK, "fuse");
	const char *passes = "simplify split roll separate inline fuse hoist pairs expand partition ";
	cr_expect(eq(int, strncmp(all.names, "program ", 8), 0));
	cr_expect(eq(int, strncmp(all.names + 8, passes, strlen(passes)), 0));
	cr_expect(all.ended);
	cr_expect(strstr(fewer.names, "fuse") == NULL);
	cr_expect(strstr(fewer.names, "roll separate inline hoist") != NULL);
}

Test(growth, whoever_watches_hears_of_the_end_when_compiling_fails)
{
	struct heard heard = listen("init x = 1; x' = -y", OJIT_NAME, NULL);
	cr_expect(eq(str, heard.names, "program  "));
	cr_expect(heard.ended);
}
