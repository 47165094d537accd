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

struct shared_text {
	atomic_size_t holders;
	size_t length;
	char at[];
};

struct shared_text *oj_shared_text(ojit_context *context, const char *bytes, size_t length)
{
	if (length > SIZE_MAX / 2)
		return NULL;
	struct shared_text *text = oj_memory_get(context, sizeof *text + length + 1);
	if (!text)
		return NULL;
	atomic_init(&text->holders, 1);
	text->length = length;
	memcpy(text->at, bytes, length);
	text->at[length] = '\0';
	return text;
}

const char *oj_shared_text_get(const struct shared_text *text)
{
	return text->at;
}

struct shared_text *oj_shared_text_hold(struct shared_text *text)
{
	atomic_fetch_add(&text->holders, 1);
	return text;
}

void oj_shared_text_drop(ojit_context *context, struct shared_text *text)
{
	if (text && atomic_fetch_sub(&text->holders, 1) == 1)
		oj_memory_put(context, text, sizeof *text + text->length + 1);
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

/* A literal as a whole number times a power of ten, which strtod reads whatever
 * the decimal point is called.  No double lies between two numbers that agree in
 * their first 768 digits but for those that 768 digits spell exactly, so of all
 * further digits it only matters whether one is not 0. */
enum { SIGNIFICANT = 800 };
struct decimal {
	char digits[SIGNIFICANT + 32]; /* then room for one more, 'e', exponent, '\0' */
	size_t count;
	long exponent;
	bool more; /* a digit other than 0 was left out */
};

static void add_digit(struct decimal *d, char digit, bool behind_point)
{
	bool kept = d->count < SIGNIFICANT && (d->count || digit != '0');
	if (kept)
		d->digits[d->count++] = digit;
	else if (d->count && digit != '0')
		d->more = true;
	/* Where it was left out at the end the rest moves up one place. */
	d->exponent += !kept && d->count ? !behind_point : -(long)behind_point;
}

static long read_exponent(const char *bytes, size_t length)
{
	long value = 0;
	bool negative = bytes[0] == '-';
	for (size_t i = bytes[0] == '-' || bytes[0] == '+'; i < length; i++)
		if (value < 100000000)
			value = 10 * value + bytes[i] - '0';
	return negative ? -value : value;
}

/* Up to 2^53 the digits are exact, up to 22 the power of ten is: one rounding gives
 * the nearest double (W. D. Clinger, How to Read Floating Point Numbers Accurately,
 * 1990).  `length` bytes are a number; false: there is more to it. */
static bool read_short(const char *bytes, size_t length, double *value)
{
	static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	                                1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	uint64_t digits = 0;
	int behind = 0;
	bool point = false;
	if (length > 16) /* at most 15 digits and a point, or 16 digits */
		return false;
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == 'e' || bytes[i] == 'E')
			return false;
		if (bytes[i] == '.') {
			point = true;
			continue;
		}
		digits = 10 * digits + (uint64_t)(bytes[i] - '0');
		behind += point;
	}
	*value = (double)digits / powers[behind];
	return digits <= (uint64_t)1 << 53;
}

size_t oj_number_read(const char *bytes, size_t length, double *value)
{
	size_t used = number_length(bytes, length);
	struct decimal d;
	bool behind_point = false;
	if (used == 0 || read_short(bytes, used, value))
		return used;
	d.count = 0, d.exponent = 0, d.more = false;
	for (size_t i = 0; i < used; i++) {
		if (bytes[i] == 'e' || bytes[i] == 'E') {
			d.exponent += read_exponent(bytes + i + 1, used - i - 1);
			break;
		}
		if (bytes[i] == '.')
			behind_point = true;
		else
			add_digit(&d, bytes[i], behind_point);
	}
	if (d.more) {
		d.digits[d.count++] = '1';
		d.exponent--;
	}
	snprintf(d.digits + d.count, sizeof d.digits - d.count, "%se%ld", d.count ? "" : "0", d.exponent);
	*value = strtod(d.digits, NULL);
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
