/* See support_tool.h. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEPT = 256 };
static struct {
	char directory[64];
	char *texts[KEPT]; /* to be freed at the end */
	size_t count;
	double *numbers[KEPT];
	size_t tables;
} tool;

void tool_begin(void)
{
	const char *path = getenv("OJIT_TOOL");
	if (!path || access(path, X_OK) != 0)
		cr_skip_test("OJIT_TOOL does not say where the command ojit is; ctest sets it");
	strcpy(tool.directory, "/tmp/ojit_tool_XXXXXX");
	cr_assert_not_null(mkdtemp(tool.directory));
	setenv("OJIT", path, 1);
	char tree[4096];
	if (!getenv("TREE") && getcwd(tree, sizeof tree))
		setenv("TREE", tree, 1);
}

void tool_end(void)
{
	char command[128];
	snprintf(command, sizeof command, "rm -rf '%s'", tool.directory);
	if (tool.directory[0])
		cr_expect_eq(system(command), 0);
	while (tool.count > 0)
		free(tool.texts[--tool.count]);
	while (tool.tables > 0)
		free(tool.numbers[--tool.tables]);
}

static FILE *open_there(const char *name, const char *mode)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", tool.directory, name);
	return fopen(path, mode);
}

void tool_file(const char *name, const char *text)
{
	FILE *file = open_there(name, "w");
	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

const char *tool_read(const char *name)
{
	FILE *file = open_there(name, "r");
	char *text = NULL;
	size_t size = 0;
	cr_assert_not_null(file, "%s was not written", name);
	FILE *memory = open_memstream(&text, &size);
	for (int c; (c = getc(file)) != EOF;)
		putc(c, memory);
	fclose(memory);
	fclose(file);
	cr_assert_lt(tool.count, (size_t)KEPT);
	return tool.texts[tool.count++] = text;
}

int tool_run(const char *format, ...)
{
	char command[4096], all[8192];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	snprintf(all, sizeof all, "cd %s && { %s\n} >stdout 2>stderr", tool.directory, command);
	int status = system(all);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const char *tool_out(void)
{
	return tool_read("stdout");
}

const char *tool_err(void)
{
	return tool_read("stderr");
}

json_t *tool_json(void)
{
	json_error_t error;
	const char *text = tool_out();
	json_t *json = json_loads(text, 0, &error);
	cr_assert_not_null(json, "%s in:\n%s\n%s", error.text, text, tool_err());
	return json;
}

struct table tool_table(void)
{
	const char *text = tool_out(), *at = text;
	struct table table = {.heading = text, .columns = 1};
	bool quoted = false;
	for (; *at && *at != '\n'; at++) {
		quoted ^= *at == '"';
		table.columns += *at == ',' && !quoted;
	}
	size_t room = strlen(text) / 2 + 1, count = 0;
	table.at = malloc(room * sizeof *table.at);
	cr_assert(table.at && tool.tables < KEPT);
	tool.numbers[tool.tables++] = table.at;
	for (at += *at == '\n'; *at;) {
		char *end;
		cr_assert_lt(count, room);
		table.at[count++] = strtod(at, &end);
		cr_assert(end > at && (*end == ',' || *end == '\n'), "no number at: %.40s", at);
		at = end + 1;
	}
	cr_assert_eq(count % table.columns, 0);
	table.rows = count / table.columns;
	return table;
}
