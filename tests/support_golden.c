/* See support_golden.h. */
#include "tests/support_golden.h"

#include <criterion/criterion.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAMS = 4 };
static const char *const divider = "====\n";

void bench_open(struct bench *bench, const char *text)
{
	memset(bench, 0, sizeof *bench);
	bench->context = ojit_context_new(NULL);
	oj_error_init(&bench->error, bench->context);
	cr_assert_eq(oj_space_init(&bench->space, bench->context), OJIT_OK);
	oj_program_init(&bench->program, &bench->space, KERNEL_RHS);
	if (text && oj_program_read(&bench->space, &bench->program, text, &bench->error) != OJIT_OK)
		cr_assert_fail("%s\n%s", oj_error_public(&bench->error).text, text);
}

void bench_close(struct bench *bench)
{
	oj_program_drop(&bench->program);
	oj_space_drop(&bench->space);
	oj_error_drop(&bench->error);
	cr_expect_eq(ojit_context_counters(bench->context).live_bytes, 0u);
	ojit_context_free(bench->context);
}

char *bench_print(const struct program *program)
{
	struct text text;
	oj_text_init(&text, program->space->context);
	oj_program_print(program, &text);
	cr_assert_not(text.failed);
	char *copy = strdup(oj_text_get(&text));
	oj_text_drop(&text);
	return copy;
}

static pass_function *find_pass(const char *name)
{
	for (const struct pass *pass = oj_passes; pass->name; pass++)
		if (!strcmp(pass->name, name))
			return pass->run;
	cr_assert_fail("no pass %s", name);
	return NULL;
}

void bench_pass(struct bench *bench, struct program *program, const char *name, struct pass_options options)
{
	if (find_pass(name)(program, &options, &bench->error) != OJIT_OK)
		cr_assert_fail("%s: %s", name, oj_error_public(&bench->error).text);
}

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	cr_assert_not_null(file, "%s", path);
	char *bytes = NULL;
	size_t room = 0;
	ssize_t length = getdelim(&bytes, &room, '\0', file);
	fclose(file);
	if (length < 0) {
		free(bytes);
		return strdup("");
	}
	return bytes;
}

static struct pass_options read_options(const char *text)
{
	struct pass_options options = {0};
	const char *partition = strstr(text, "#! partition ");
	if (partition)
		options.partition = (size_t)atoi(partition + strlen("#! partition "));
	options.roll_all = strstr(text, "#! roll all") != NULL;
	options.law = strstr(text, "#! law real") ? LAW_REAL : strstr(text, "#! law finite") ? LAW_FINITE : LAW_EXACT;
	return options;
}

/* The start of the next program in `text` after its first line; NULL: none. */
static char *next_program(char *text)
{
	char *found = strstr(text, "\nprogram ");
	return found ? found + 1 : NULL;
}

static void print_all(struct program *programs, int count, struct text *out)
{
	for (int i = 0; i < count; i++)
		oj_program_print(&programs[i], out);
}

/* What the pass makes of `input`; free it. */
static char *run_pass(const char *name, const char *path, char *input)
{
	struct bench bench;
	struct program programs[PROGRAMS + 1], prepare;
	struct pass_options options = read_options(input);
	struct text out;
	int count = 0;
	bench_open(&bench, NULL);
	oj_text_init(&out, bench.context);
	options.explanation = strstr(input, "#! explain") ? &out : NULL;
	oj_program_init(&prepare, &bench.space, KERNEL_PREPARE);
	if (!strcmp(name, "hoist"))
		options.prepare = &prepare;
	ojit_status status = OJIT_OK;
	for (char *at = input, *next; at && status == OJIT_OK; at = next) {
		next = strstr(at, "program ") ? next_program(strstr(at, "program ")) : NULL;
		if (next)
			next[-1] = '\0';
		cr_assert(count < PROGRAMS);
		status = oj_program_read(&bench.space, &programs[count], at, &bench.error);
		cr_assert_eq(status, OJIT_OK, "%s: %s", path, oj_error_public(&bench.error).text);
		if (next)
			next[-1] = '\n';
		status = find_pass(name)(&programs[count++], &options, &bench.error);
	}
	if (status != OJIT_OK)
		oj_text_format(&out, "%s\n", oj_error_public(&bench.error).text);
	else
		print_all(programs, count, &out);
	if (status == OJIT_OK && prepare.blocks.count) {
		cr_assert_eq(oj_program_layout(&prepare), OJIT_OK);
		print_all(&prepare, 1, &out);
	}
	char *copy = strdup(oj_text_get(&out));
	oj_text_drop(&out);
	oj_program_drop(&prepare);
	while (count > 0)
		oj_program_drop(&programs[--count]);
	bench_close(&bench);
	return copy;
}

static void golden_file(const char *name, const char *path)
{
	char *bytes = read_file(path), *middle = strstr(bytes, divider);
	const char *expected = middle ? middle + strlen(divider) : "", *bless = getenv("OJIT_BLESS");
	if (middle)
		*middle = '\0';
	char *got = run_pass(name, path, bytes);
	if (bless && *bless == '1') {
		FILE *file = fopen(path, "wb");
		cr_assert_not_null(file, "%s", path);
		fprintf(file, "%s%s%s", bytes, divider, got);
		fclose(file);
	} else {
		cr_expect_str_eq(got, expected, "%s gives\n%s\ninstead of\n%s", path, got, expected);
	}
	free(got);
	free(bytes);
}

int golden_pass(const char *name)
{
	char pattern[4096];
	glob_t files;
	snprintf(pattern, sizeof pattern, OJIT_SOURCE_DIR "/tests/golden/%s/*.txt", name);
	cr_assert_eq(glob(pattern, 0, NULL, &files), 0, "no files %s", pattern);
	for (size_t i = 0; i < files.gl_pathc; i++)
		golden_file(name, files.gl_pathv[i]);
	int count = (int)files.gl_pathc;
	globfree(&files);
	return count;
}

static void each_part(const char *path, char *part, void (*each)(const char *, const char *, void *), void *user)
{
	char *at = strncmp(part, "program ", 8) ? next_program(part) : part;
	while (at) {
		char *next = next_program(at);
		if (next)
			next[-1] = '\0';
		each(path, at, user);
		at = next;
	}
}

void golden_each(void (*each)(const char *path, const char *text, void *user), void *user)
{
	glob_t files;
	cr_assert_eq(glob(OJIT_SOURCE_DIR "/tests/golden/*/*.txt", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		char *bytes = read_file(files.gl_pathv[i]), *middle = strstr(bytes, divider);
		if (middle) {
			*middle = '\0';
			each_part(files.gl_pathv[i], middle + strlen(divider), each, user);
		}
		each_part(files.gl_pathv[i], bytes, each, user);
		free(bytes);
	}
	globfree(&files);
}
