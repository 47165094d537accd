/* What the pages say, tried: every model of docs/language.md is solved, every
 * mistake is one, and the programs of README.md are compiled and run. */
#include <ojit/ojit.h>

#include "tests/support_sanitizer.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- pages ---- */

static char *read_page(const char *name)
{
	char path[512], *text = NULL;
	size_t size = 0;
	snprintf(path, sizeof path, "%s/%s", OJIT_SOURCE_DIR, name);
	FILE *file = fopen(path, "r"), *memory = open_memstream(&text, &size);
	cr_assert(file && memory, "%s", path);
	for (int c; (c = getc(file)) != EOF;)
		putc(c, memory);
	fclose(file);
	fclose(memory);
	return text;
}

/* The next block that starts with ```kind, after *at, which moves behind it; NULL:
 * there is none.  To be freed. */
static char *next_block(const char **at, const char *kind)
{
	char fence[32];
	snprintf(fence, sizeof fence, "\n```%s\n", kind);
	const char *start = strstr(*at, fence);
	if (!start)
		return NULL;
	start += strlen(fence);
	const char *end = strstr(start, "\n```");
	cr_assert_not_null(end, "a block is not closed: %.40s", start);
	*at = end;
	return strndup(start, (size_t)(end - start) + 1);
}

/* ---- models ---- */

/* What name means at the end of a run: a state or an observable. */
static double value_of(ojit_solver *solver, const char *name)
{
	size_t k, count;
	if (ojit_solver_find(solver, OJIT_STATES, name, &k, &count) == OJIT_OK)
		return ojit_solver_last_states(solver)[k];
	cr_assert_eq(ojit_solver_find(solver, OJIT_OUTPUTS, name, &k, &count), OJIT_OK, "%s", name);
	return ojit_solver_last_outputs(solver)[k];
}

/* Hold the solver to the lines `#> name = value`, good to the digits given, or to the
 * distance after ±; their number. */
static int check_claims(ojit_solver *solver, const char *text)
{
	int claims = 0;
	for (const char *line = text; (line = strstr(line, "#> ")); line += 3, claims++) {
		char name[64], number[64];
		cr_assert_eq(sscanf(line, "#> %63s = %63s", name, number), 2, "%.40s", line);
		const char *point = strchr(number, '.'), *give = strstr(line, "±");
		double room = 0.51 * pow(10, point ? -(double)strlen(point + 1) : -6);
		if (give && give < strchr(line, '\n'))
			room = atof(give + strlen("±"));
		double found = value_of(solver, name);
		cr_expect_float_eq(found, atof(number), room, "%s is %.10g, not %s, in:\n%s", name, found, number,
		                   text);
	}
	return claims;
}

static int check_model(const char *text)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program;
	ojit_model_read_text(model, text, strlen(text), "");
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_program_info info = ojit_program_describe(program);
	ojit_solver *solver = ojit_solver_new(program);
	ojit_options options = ojit_options_default();
	options.rtol = 1e-8;
	options.atol = 1e-10;
	cr_assert(info.has_span);
	cr_assert_eq(ojit_solver_run(solver, &options, info.span[0], info.span[1], ojit_output_final()), OJIT_OK,
	             "%s", ojit_solver_error(solver).text);
	cr_expect_eq(ojit_solver_stats(solver).outcome, OJIT_SUCCESS);
	int claims = check_claims(solver, text);
	ojit_solver_free(solver);
	ojit_program_free(program);
	ojit_model_free(model);
	ojit_context_free(context);
	return claims;
}

Test(docs, the_models_of_the_language_page_do_what_it_says)
{
	char *page = read_page("docs/language.md"), *block;
	const char *at = page;
	int models = 0;
	for (; (block = next_block(&at, "ojit")); models++) {
		cr_expect_gt(check_model(block), 0, "nothing is said of:\n%s", block);
		free(block);
	}
	cr_expect_geq(models, 10);
	free(page);
}

Test(docs, the_mistakes_of_the_language_page_are_mistakes)
{
	char *page = read_page("docs/language.md"), *block;
	const char *at = page;
	int mistakes = 0;
	for (; (block = next_block(&at, "ojit-error")); mistakes++) {
		ojit_context *context = ojit_context_new(NULL);
		ojit_model *model = ojit_model_new(context);
		ojit_program *program = NULL;
		char *said = strstr(block, "#! ");
		cr_assert_not_null(said);
		said[strcspn(said, "\n")] = '\0';
		ojit_model_read_text(model, block, (size_t)(said - block), "");
		cr_expect_neq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", block);
		ojit_error error = ojit_model_error(model);
		cr_expect(error.line > 0 && error.column > 0, "%s", error.text);
		cr_expect_not_null(strstr(error.message, said + 3), "'%s' is missing in: %s", said + 3, error.text);
		ojit_program_free(program);
		ojit_model_free(model);
		ojit_context_free(context);
		free(block);
	}
	cr_expect_geq(mistakes, 3);
	free(page);
}

/* ---- the README ---- */

Test(docs, the_readme_shows_an_example_as_it_is)
{
	char *page = read_page("README.md"), *example = read_page("examples/kuramoto.ojit");
	const char *at = page;
	char *block = next_block(&at, "ojit");
	cr_assert_not_null(block);
	cr_expect_not_null(strstr(example, block), "examples/kuramoto.ojit differs from the README");
	free(block);
	free(example);
	free(page);
}

/* The line of the README that starts with `start` after four blanks, without them. */
static char *command_of(const char *page, const char *start)
{
	char wanted[64];
	snprintf(wanted, sizeof wanted, "\n    %s", start);
	const char *line = strstr(page, wanted);
	cr_assert_not_null(line, "the README has no command %s", start);
	return strndup(line + 5, strcspn(line + 5, "\n"));
}

Test(docs, the_c_program_of_the_readme_solves_lorenz)
{
	const char *library = getenv("OJIT_LIBRARY");
	if (!library)
		cr_skip_test("OJIT_LIBRARY does not say where libojit is; ctest sets it");
#ifdef SANITIZED
	cr_skip_test("a plain cc does not link a sanitized library");
#endif
	char *page = read_page("README.md"), directory[] = "/tmp/ojit_readme_XXXXXX";
	const char *at = page;
	char *program = next_block(&at, "c"), *command = command_of(page, "cc lorenz.c"), all[4096];
	cr_assert_not_null(program);
	cr_assert_not_null(mkdtemp(directory));
	snprintf(all, sizeof all, "cd %s && ln -s %s/include include && ln -s %s build && cat >lorenz.c",
	         directory, OJIT_SOURCE_DIR, OJIT_BINARY_DIR);
	FILE *source = popen(all, "w");
	fputs(program, source);
	cr_assert_eq(pclose(source), 0);
	snprintf(all, sizeof all, "cd %s && { %s\n} 2>&1", directory, command);
	FILE *output = popen(all, "r");
	double t = -1, x = 0, early = 0;
	int rows = 0;
	for (; fscanf(output, "%lf %lf", &t, &x) == 2; rows++)
		early = rows == 10 ? x : early;
	cr_expect_eq(pclose(output), 0, "%s", command);
	cr_expect_eq(rows, 201);
	cr_expect_eq(t, 20);
	/* x(1), marched with 10,000 steps of the classical Runge-Kutta method */
	cr_expect_float_eq(early, -9.37857, 1e-4, "%g", early);
	snprintf(all, sizeof all, "rm -rf %s", directory);
	cr_expect_eq(system(all), 0);
	free(program);
	free(command);
	free(page);
}

/* Of two lines of output: words are the same, numbers are near. */
static void expect_like(const char *shown, const char *found)
{
	char *rest_shown, *rest_found;
	while (*shown && *shown != '\n') {
		double a = strtod(shown, &rest_shown), b = strtod(found, &rest_found);
		if (rest_shown == shown) {
			cr_assert_eq(*shown, *found, "the README shows %.60s\nfound %.60s", shown, found);
			shown++, found++;
			continue;
		}
		cr_assert_float_eq(b, a, 1e-3 * fmax(1, fabs(a)), "the README shows %.60s\nfound %.60s", shown,
		                   found);
		shown = rest_shown, found = rest_found;
	}
}

Test(docs, the_readme_shows_what_the_demo_prints)
{
	const char *tool = getenv("OJIT_TOOL");
	if (!tool || access(tool, X_OK) != 0)
		cr_skip_test("OJIT_TOOL does not say where the command ojit is; ctest sets it");
	char *page = read_page("README.md"), *demo = read_page("tools/demo"), all[1024], found[256];
	char *command = command_of(page, "$ build/ojit run");
	cr_expect_not_null(strstr(demo, command + 2), "tools/demo runs another command");
	snprintf(all, sizeof all, "cd %s && '%s' %s 2>&1", OJIT_SOURCE_DIR, tool, strstr(command, "run "));
	FILE *output = popen(all, "r");
	const char *line = strchr(strstr(page, command), '\n') + 1;
	int lines = 0;
	for (; strncmp(line, "    ", 4) == 0 && fgets(found, sizeof found, output); lines++) {
		expect_like(line + 4, found);
		line = strchr(line, '\n') + 1;
	}
	while (fgets(found, sizeof found, output))
		;
	cr_expect_eq(pclose(output), 0);
	cr_expect_geq(lines, 10);
	free(command);
	free(demo);
	free(page);
}

Test(docs, the_commands_of_the_readme_work)
{
	const char *tool = getenv("OJIT_TOOL");
	if (!tool || access(tool, X_OK) != 0)
		cr_skip_test("OJIT_TOOL does not say where the command ojit is; ctest sets it");
	char *page = read_page("README.md"), directory[] = "/tmp/ojit_readme_XXXXXX", all[4096];
	cr_assert_not_null(mkdtemp(directory));
	int commands = 0;
	for (const char *line = page; (line = strstr(line, "\n    build/ojit ")); commands++) {
		line += 5;
		snprintf(all, sizeof all, "cd %s && ln -sfn %s/examples examples && '%s' %.*s >log 2>&1", directory,
		         OJIT_SOURCE_DIR, tool, (int)strcspn(line, "\n") - 11, line + 11);
		cr_expect_eq(system(all), 0, "%s", all);
	}
	cr_expect_geq(commands, 5);
	snprintf(all, sizeof all, "rm -rf %s", directory);
	cr_expect_eq(system(all), 0);
	free(page);
}
