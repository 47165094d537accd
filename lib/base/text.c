/* See text.h.  glibc's strtod and printf round exactly; only the decimal point
 * depends on the locale, so it is translated at the border instead of switching
 * the host's locale under its feet. */
#include "lib/base/text.h"

#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void oj_text_init(struct text *text, ojit_context *context)
{
	*text = (struct text){.context = context};
}

void oj_text_drop(struct text *text)
{
	oj_memory_put(text->context, text->at, text->room);
	*text = (struct text){.context = text->context};
}

const char *oj_text_get(const struct text *text)
{
	return text->at ? text->at : "";
}

static bool reserve(struct text *text, size_t more)
{
	size_t need = text->length + more + 1;
	if (need <= text->room)
		return true;
	if (text->failed || need < more ||
	    !oj_vector_grow(text->context, (void **)&text->at, &text->room, need < 64 ? 64 : need, 1))
		text->failed = true;
	return !text->failed;
}

void oj_text_add(struct text *text, const char *bytes, size_t length)
{
	if (!reserve(text, length))
		return;
	memcpy(text->at + text->length, bytes, length);
	text->length += length;
	text->at[text->length] = '\0';
}

void oj_text_string(struct text *text, const char *string)
{
	oj_text_add(text, string, strlen(string));
}

void oj_text_vformat(struct text *text, const char *format, va_list arguments)
{
	va_list again;
	va_copy(again, arguments);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0 || !reserve(text, (size_t)length))
		return;
	vsnprintf(text->at + text->length, (size_t)length + 1, format, arguments);
	text->length += (size_t)length;
}

void oj_text_format(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	oj_text_vformat(text, format, arguments);
	va_end(arguments);
}

void oj_text_double(struct text *text, double value)
{
	char buffer[32];
	oj_text_add(text, buffer, (size_t)oj_number_shortest(buffer, value));
}

/* Bytes of `bytes` that spell a number: digits [. digits] [e [sign] digits]. */
static size_t number_length(const char *bytes, size_t length)
{
	size_t at = 0, digits = 0;
	while (at < length && bytes[at] >= '0' && bytes[at] <= '9')
		at++, digits++;
	if (at < length && bytes[at] == '.' && !(at + 1 < length && bytes[at + 1] == '.')) {
		at++;
		while (at < length && bytes[at] >= '0' && bytes[at] <= '9')
			at++, digits++;
	}
	if (digits == 0)
		return 0;
	size_t exponent = at;
	if (exponent < length && (bytes[exponent] == 'e' || bytes[exponent] == 'E')) {
		exponent++;
		if (exponent < length && (bytes[exponent] == '+' || bytes[exponent] == '-'))
			exponent++;
		size_t first = exponent;
		while (exponent < length && bytes[exponent] >= '0' && bytes[exponent] <= '9')
			exponent++;
		if (exponent > first)
			at = exponent;
	}
	return at;
}

/* Of this thread's locale; localeconv would answer through memory that all threads
 * share. */
static const char *decimal_point(void)
{
	const char *point = nl_langinfo(RADIXCHAR);
	return point[0] ? point : ".";
}

size_t oj_number_read(const char *bytes, size_t length, double *value)
{
	size_t used = number_length(bytes, length);
	if (used == 0)
		return 0;
	/* A literal may be as long as its author likes; strtod needs it terminated. */
	char small[128], *copy = small;
	const char *point = decimal_point();
	size_t room = used + strlen(point) + 1;
	if (room > sizeof small && !(copy = malloc(room)))
		return 0;
	size_t out = 0;
	for (size_t i = 0; i < used; i++) {
		if (bytes[i] == '.') {
			memcpy(copy + out, point, strlen(point));
			out += strlen(point);
		} else {
			copy[out++] = bytes[i];
		}
	}
	copy[out] = '\0';
	*value = strtod(copy, NULL);
	if (copy != small)
		free(copy);
	return used;
}

int oj_number_print(char *buffer, double value, int digits)
{
	if (isnan(value))
		return snprintf(buffer, 32, "nan");
	if (isinf(value))
		return snprintf(buffer, 32, value > 0 ? "inf" : "-inf");
	int length = snprintf(buffer, 32, "%.*g", digits, value);
	const char *point = decimal_point();
	char *at = strcmp(point, ".") ? strstr(buffer, point) : NULL;
	if (!at)
		return length;
	size_t wide = strlen(point);
	*at = '.';
	memmove(at + 1, at + wide, strlen(at + wide) + 1);
	return length - (int)wide + 1;
}

static double read_back(const char *printed)
{
	double value = 0;
	bool negative = printed[0] == '-';
	oj_number_read(printed + negative, strlen(printed + negative), &value);
	return negative ? -value : value;
}

int oj_number_shortest(char *buffer, double value)
{
	int length = 0;
	for (int digits = 15; digits <= 17; digits++) {
		length = oj_number_print(buffer, value, digits);
		if (!isfinite(value) || digits == 17 || read_back(buffer) == value)
			break;
	}
	return length;
}
