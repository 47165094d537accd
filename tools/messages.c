/* Messages in the shape the library gives its own: what is wrong and what to do,
 * then the line and a caret under the place. */
#include "tools/tool.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Blanks as wide as `bytes` of UTF-8 text. */
static void blank(const char *text, size_t bytes, char mark)
{
	for (size_t i = 0; i < bytes; i++)
		if (((unsigned char)text[i] & 0xC0) != 0x80)
			fputc(mark, stderr);
}

int complain(const char *option, const char *argument, size_t at, size_t length,
             const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("ojit: error: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	if (!argument)
		return EXIT_WRONG;
	fprintf(stderr, "  --%s %s\n     ", option, argument);
	blank(option, strlen(option), ' ');
	blank(argument, at, ' ');
	blank(argument + at, length, '^');
	fputs(length ? "\n" : "^\n", stderr);
	return EXIT_WRONG;
}

int complain_plainly(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("ojit: error: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_WRONG;
}

int complain_item(const struct item *item, const char *message)
{
	return complain(item->option, item->text, item->at, item->length, "%s", message);
}

int complain_error(ojit_error error)
{
	bool placed = error.line > 0 || error.file[0];
	fprintf(stderr, "%s%s\n", placed ? "" : "ojit: ", error.text);
	return EXIT_WRONG;
}

static void end_without_memory(void)
{
	fputs("ojit: error: out of memory\n", stderr);
	exit(EXIT_WRONG);
}

void *get_memory(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);
	if (!memory)
		end_without_memory();
	return memory;
}

void *resize_memory(void *memory, size_t count, size_t size)
{
	memory = reallocarray(memory, count ? count : 1, size);
	if (!memory)
		end_without_memory();
	return memory;
}

char *copy_text(const char *text, size_t length)
{
	return memcpy(get_memory(length + 1, 1), text, length);
}

/* Insertions, deletions and changes that make one word of the other. */
static size_t word_distance(const char *a, const char *b)
{
	enum { LONGEST = 32 };
	size_t row[LONGEST + 1], n = strlen(a), m = strlen(b);
	if (n > LONGEST || m > LONGEST)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t least = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			least = row[j] + 1 < least ? row[j] + 1 : least;
			row[j] = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
		}
	}
	return row[m];
}

const char *nearest_word(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t least = strlen(word) / 2 + 1;
	for (; *words; words++) {
		size_t distance = word_distance(word, *words);
		if (distance < least)
			least = distance, best = *words;
	}
	return best;
}
