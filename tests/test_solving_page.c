/* Every command of docs/solving.md does what is shown there.
 *
 * In its blocks ```console, `$ cat FILE` shows a file, which is written; any other line after `$ `
 * is run, and what follows is what it says: rows, then what it tells the user.  Words are the same,
 * numbers agree to the digits shown, counts to a third; `…` ends a line, or stands for lines. */
#include "tests/support_tool.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char dots[] = "…";

/* What a number that is shown so may be off by: its last digit, and of a count a third. */
static double room_of(const char *shown, const char *end)
{
	size_t length = (size_t)(end - shown), whole = strcspn(shown, ".eE\n");
	const char *exponent = shown + strcspn(shown, "eE\n");
	if (whole >= length)
		return 0.34 * fabs(strtod(shown, NULL));
	double unit = exponent < end ? pow(10, strtod(exponent + 1, NULL)) : 1;
	size_t digits = (size_t)((exponent < end ? exponent : end) - shown) - whole;
	return 0.6 * unit * pow(10, 1 - (double)digits);
}

/* Is this line what is shown?  Both end where a line does. */
static bool is_line(const char *shown, const char *found)
{
	while (*shown && *shown != '\n') {
		char *rest_shown, *rest_found;
		if (!strncmp(shown, dots, strlen(dots)))
			return true;
		double a = strtod(shown, &rest_shown), b = strtod(found, &rest_found);
		if (rest_shown == shown || *shown == ' ') {
			if (*shown++ != *found++)
				return false;
			continue;
		}
		if (rest_found == found || !(fabs(a - b) <= room_of(shown, rest_shown)))
			return false;
		shown = rest_shown, found = rest_found;
	}
	return *found == '\n' || *found == '\0';
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');
	return end ? end + 1 : line + strlen(line);
}

/* Hold `found` to the lines from `shown` on, `count` of them. */
static void expect_lines(const char *command, const char *shown, int count, const char *found)
{
	bool skips = false;
	for (; count > 0; shown = next_line(shown), count--) {
		if (!strncmp(shown, dots, strlen(dots))) {
			skips = true;
			continue;
		}
		while (skips && *found && !is_line(shown, found))
			found = next_line(found);
		cr_expect(*found && is_line(shown, found), "%s\nis shown to say  %.*s\nand says         %.*s", command,
		          (int)strcspn(shown, "\n"), shown, (int)strcspn(found, "\n"), found);
		found = next_line(found);
		skips = false;
	}
	cr_expect(skips || !*found, "%s\nsays more than is shown: %s", command, found);
}

static void try_command(const char *line, const char *shown, int count)
{
	char command[512], name[64], *all = NULL;
	size_t size = 0;
	snprintf(command, sizeof command, "%.*s", (int)strcspn(line, "\n"), line);
	if (sscanf(command, "cat %63s", name) == 1) {
		const char *end = shown;
		for (int k = 0; k < count; k++)
			end = next_line(end);
		char *text = strndup(shown, (size_t)(end - shown));
		tool_file(name, text);
		free(text);
		return;
	}
	tool_run("ojit() { \"$OJIT\" \"$@\"; }; ln -sfn \"$TREE/examples\" examples; %s", command);
	FILE *file = open_memstream(&all, &size);
	fprintf(file, "%s%s", tool_out(), tool_err());
	fclose(file);
	expect_lines(command, shown, count, all);
	free(all);
}

/* The page, to be freed. */
static char *read_page(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *page = fopen(OJIT_SOURCE_DIR "/docs/solving.md", "r"), *memory = open_memstream(&text, &size);
	cr_assert(page && memory);
	for (int c; (c = getc(page)) != EOF;)
		putc(c, memory);
	fclose(page);
	fclose(memory);
	return text;
}

Test(solving_page, its_commands_say_what_it_shows)
{
	static const char fence[] = "\n```console\n";
	char *page = read_page();
	int commands = 0;
	tool_begin();
	for (const char *at = page; (at = strstr(at, fence));) {
		at += strlen(fence);
		while (!strncmp(at, "$ ", 2)) {
			const char *line = at + 2, *shown = next_line(at);
			int count = 0;
			for (at = shown; strncmp(at, "$ ", 2) && strncmp(at, "```", 3); at = next_line(at))
				count++;
			try_command(line, shown, count);
			commands++;
		}
	}
	cr_expect_geq(commands, 12);
	tool_end();
	free(page);
}
