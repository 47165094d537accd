/* Growing text, and numbers as text.
 *
 * Numbers are read exactly rounded and printed so that they read back, whatever
 * locale the host process runs in. */
#ifndef OJ_TEXT_H
#define OJ_TEXT_H

#include "lib/base/memory.h"

#include <stdarg.h>

struct text {
	ojit_context *context;
	char *at; /* always terminated once anything was added; NULL before */
	size_t length, room;
	bool failed; /* an addition ran out of memory, or */
	bool refused; /* its maker gave up: it would have been too long */
};
void oj_text_init(struct text *text, ojit_context *context);
void oj_text_drop(struct text *text);
void oj_text_add(struct text *text, const char *bytes, size_t length);
void oj_text_string(struct text *text, const char *string);
/* printf-like; integers and strings only, doubles go through oj_text_double. */
void oj_text_format(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void oj_text_vformat(struct text *text, const char *format, va_list arguments);
/* The shortest of 15, 16 or 17 digits that reads back; nan, inf, -inf. */
void oj_text_double(struct text *text, double value);
const char *oj_text_get(const struct text *text); /* "" when empty */

/* A text that several hold on to and nobody changes. */
struct shared_text;
/* A terminated copy with one holder; NULL: out of memory. */
struct shared_text *oj_shared_text(ojit_context *context, const char *bytes, size_t length);
const char *oj_shared_text_get(const struct shared_text *text);
struct shared_text *oj_shared_text_hold(struct shared_text *text);        /* one more; any thread */
void oj_shared_text_drop(ojit_context *context, struct shared_text *text); /* one less; NULL is allowed */

/* Longest prefix of `bytes[0..length)` that is a number (digits, optional point
 * and exponent; no sign): its length, with the value in *value.  0: none.  A
 * point followed by another point ("1..N") is not part of the number. */
size_t oj_number_read(const char *bytes, size_t length, double *value);
/* `buffer` of 32 bytes; `digits` 1..17 significant. C locale. Returns length. */
int oj_number_print(char *buffer, double value, int digits);
/* The shortest form that reads back. */
int oj_number_shortest(char *buffer, double value);

#endif
