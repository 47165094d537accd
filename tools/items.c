/* Arguments of options: numbers, lists of name=value, files of times. */
#include "tools/tool.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int number_read(const char *option, const char *argument, size_t at, size_t length, double *value)
{
	char *text = copy_text(argument + at, length), *end;
	errno = 0;
	*value = strtod(text, &end);
	bool whole = end > text && !isspace((unsigned char)*text) && *end == '\0';
	bool large = whole && errno == ERANGE && fabs(*value) > 1;
	free(text);
	if (!whole)
		return complain(option, argument, at, length, "--%s: a number was expected%s", option,
		                length ? "; write it like 3, -0.5 or 1e-9" : " here");
	if (large)
		return complain(option, argument, at, length, "--%s: this is beyond the largest number; "
		                "write inf if that is meant", option);
	return 0;
}

void items_drop(struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		free(items->all[i].name);
		free(items->all[i].meant);
	}
	free(items->all);
	*items = (struct items){0};
}

/* Bytes up to the next comma that is not in brackets. */
static size_t part_length(const char *text)
{
	int depth = 0;
	const char *at = text;
	for (; *at && (*at != ',' || depth > 0); at++)
		depth += (*at == '[') - (*at == ']');
	return (size_t)(at - text);
}

/* Shrink [*at, *at + *length) of `text` to what lies between blanks. */
static void trim(const char *text, size_t *at, size_t *length)
{
	while (*length > 0 && isspace((unsigned char)text[*at]))
		++*at, --*length;
	while (*length > 0 && isspace((unsigned char)text[*at + *length - 1]))
		--*length;
}

static int read_item(struct items *items, const char *option, const char *text, size_t at,
                     size_t length, bool bare)
{
	struct item item = {.option = option, .text = text};
	trim(text, &at, &length);
	const char *equals = memchr(text + at, '=', length);
	item.at = at;
	item.length = length;
	if (!equals && !bare)
		return complain(option, text, at, length, "--%s takes name=value; several are separated "
		                "by commas", option);
	if (equals) {
		size_t value = (size_t)(equals - text) + 1, rest = at + length - value;
		item.length = value - 1 - at;
		trim(text, &item.at, &item.length);
		if (item.length == 0)
			return complain(option, text, at, length, "--%s: there is no name before the =; "
			                "write name=value", option);
		trim(text, &value, &rest);
		at = value, length = rest;
	}
	int wrong = number_read(option, text, at, length, &item.value);
	if (wrong)
		return wrong;
	item.name = equals ? copy_text(text + item.at, item.length) : NULL;
	items->all = resize_memory(items->all, items->count + 1, sizeof *items->all);
	items->all[items->count++] = item;
	return 0;
}

int items_read(struct items *items, const char *option, const char *text, bool bare)
{
	for (size_t at = 0;; at++) {
		size_t length = part_length(text + at);
		int wrong = read_item(items, option, text, at, length, bare);
		if (wrong)
			return wrong;
		at += length;
		if (text[at] == '\0')
			return 0;
	}
}

int names_read(struct items *items, const char *option, const char *text)
{
	for (size_t at = 0;; at++) {
		size_t whole = part_length(text + at);
		struct item item = {.option = option, .text = text, .at = at, .length = whole};
		trim(text, &item.at, &item.length);
		if (item.length == 0)
			return complain(option, text, at, whole, "--%s takes names, separated by commas", option);
		item.name = copy_text(text + item.at, item.length);
		items->all = resize_memory(items->all, items->count + 1, sizeof *items->all);
		items->all[items->count++] = item;
		at += whole;
		if (text[at] == '\0')
			return 0;
	}
}

/* ---- times ---- */

static int fail_time(const char *path, const char *line, int number, size_t at, size_t length)
{
	char place[64];
	snprintf(place, sizeof place, ":%d:%zu:", number, at + 1);
	fprintf(stderr, "%s%s error: a time was expected; write numbers separated by blanks, commas "
	        "or newlines\n  %.*s\n  %*s", path, place, (int)strcspn(line, "\r\n"), line, (int)at, "");
	for (size_t i = 0; i < length; i++)
		fputc('^', stderr);
	fputc('\n', stderr);
	return EXIT_WRONG;
}

static int read_times_line(const char *path, const char *line, int number, double **values,
                           size_t *count)
{
	static const char blanks[] = " \t\r\n,";
	for (size_t at = strspn(line, blanks); line[at]; at += strspn(line + at, blanks)) {
		char *end;
		double value = strtod(line + at, &end);
		size_t length = strcspn(line + at, blanks);
		if (end != line + at + length || !isfinite(value))
			return fail_time(path, line, number, at, length);
		if ((*count & (*count - 1)) == 0) /* room is the next power of two */
			*values = resize_memory(*values, *count ? 2 * *count : 1, sizeof **values);
		(*values)[(*count)++] = value;
		at += length;
	}
	return 0;
}

int times_read(const char *path, double **values, size_t *count)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *line = NULL;
	size_t room = 0;
	int status = 0;
	*values = NULL;
	*count = 0;
	if (!file)
		return complain("times", path, 0, strlen(path), "--times: the file cannot be read: %s; "
		                "give one that holds numbers", strerror(errno));
	for (int number = 1; status == 0 && getline(&line, &room, file) >= 0; number++)
		status = read_times_line(path, line, number, values, count);
	if (status == 0 && ferror(file))
		status = complain("times", path, 0, strlen(path), "--times: the file cannot be read: %s",
		                  strerror(errno));
	else if (status == 0 && *count == 0)
		status = complain("times", path, 0, strlen(path), "--times: there are no numbers in the "
		                  "file; write the times to be put out into it");
	free(line);
	if (file != stdin)
		fclose(file);
	return status;
}
