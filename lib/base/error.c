/* See error.h. */
#include "lib/base/error.h"

#include <string.h>

const char *ojit_status_name(ojit_status status)
{
	static const char *const names[OJIT_STATUS_COUNT] = {
		"ok", "out of memory", "argument", "syntax", "name", "shape",
		"range", "cycle", "unsupported", "io", "backend", "ended",
	};
	return (unsigned)status < OJIT_STATUS_COUNT ? names[status] : "unknown status";
}

void oj_error_init(struct oj_error *error, ojit_context *context)
{
	*error = (struct oj_error){.status = OJIT_OK};
	oj_text_init(&error->message, context);
	oj_text_init(&error->file, context);
	oj_text_init(&error->source, context);
	oj_text_init(&error->full, context);
}

void oj_error_drop(struct oj_error *error)
{
	oj_text_drop(&error->message);
	oj_text_drop(&error->file);
	oj_text_drop(&error->source);
	oj_text_drop(&error->full);
	error->status = OJIT_OK;
}

void oj_error_clear(struct oj_error *error)
{
	ojit_context *context = error->message.context;
	oj_error_drop(error);
	oj_error_init(error, context);
}

enum { SHOWN = 120, BEFORE = 80 }; /* code points of a long line, and those before the column */

/* `count` code points further, or the end. */
static const char *forward(const char *s, int count)
{
	while (*s && count > 0) {
		for (s++; ((unsigned char)*s & 0xC0) == 0x80; s++)
			continue;
		count--;
	}
	return s;
}

/* The source line, or what is near the column of a long one; below it blanks (tabs
 * kept) up to the column, then carets. */
static void add_caret(struct text *full, const char *source, const struct origin *origin)
{
	bool is_long = *forward(source, SHOWN) != '\0';
	int first = is_long && origin->column > BEFORE ? origin->column - BEFORE : 1;
	const char *from = forward(source, first - 1), *end = is_long ? forward(from, SHOWN) : from + strlen(from);
	int column = first, most = is_long ? first + SHOWN - origin->column : origin->length;
	oj_text_string(full, first > 1 ? "\n  ..." : "\n  ");
	oj_text_add(full, from, (size_t)(end - from));
	oj_text_string(full, *end ? "..." : "");
	oj_text_string(full, first > 1 ? "\n     " : "\n  ");
	for (const char *s = from; s < end && column < origin->column; s = forward(s, 1), column++)
		oj_text_add(full, *s == '\t' ? "\t" : " ", 1);
	for (int i = 0; i < (origin->length > 0 ? origin->length : 1) && (i == 0 || i < most); i++)
		oj_text_add(full, "^", 1);
}

static void compose(struct oj_error *error)
{
	struct text *full = &error->full;
	const struct origin *o = &error->origin;
	if (error->file.length)
		oj_text_format(full, "%s:", oj_text_get(&error->file));
	if (o->line)
		oj_text_format(full, error->file.length ? "%d:%d:" : "line %d, column %d:", o->line, o->column);
	if (full->length)
		oj_text_string(full, " ");
	oj_text_format(full, "error: %s", oj_text_get(&error->message));
	if (o->line && error->source.length)
		add_caret(full, oj_text_get(&error->source), o);
}

static ojit_status keep(struct oj_error *error, ojit_status status, const struct origin *origin,
                        const char *format, va_list arguments)
{
	if (error->status != OJIT_OK)
		return error->status;
	error->status = status;
	oj_text_vformat(&error->message, format, arguments);
	if (origin) {
		error->origin = *origin;
		if (origin->file)
			oj_text_string(&error->file, origin->file);
		if (origin->source)
			oj_text_add(&error->source, origin->source, strcspn(origin->source, "\r\n"));
	}
	compose(error);
	return status;
}

ojit_status oj_fail(struct oj_error *error, ojit_status status, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	status = keep(error, status, NULL, format, arguments);
	va_end(arguments);
	return status;
}

ojit_status oj_fail_at(struct oj_error *error, ojit_status status, const struct origin *origin,
                       const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	status = keep(error, status, origin, format, arguments);
	va_end(arguments);
	return status;
}

ojit_status oj_fail_memory(struct oj_error *error)
{
	return oj_fail(error, OJIT_OUT_OF_MEMORY, "out of memory");
}

ojit_status oj_fail_copy(struct oj_error *error, const struct oj_error *from)
{
	if (error->status != OJIT_OK || from->status == OJIT_OK)
		return error->status;
	struct origin origin = from->origin;
	origin.file = from->file.length ? oj_text_get(&from->file) : NULL;
	origin.source = from->source.length ? oj_text_get(&from->source) : NULL;
	return oj_fail_at(error, from->status, &origin, "%s", oj_text_get(&from->message));
}

ojit_error oj_error_public(const struct oj_error *error)
{
	bool lost = error->status == OJIT_OUT_OF_MEMORY || error->message.failed;
	return (ojit_error){
		.status = error->status,
		.message = lost ? "out of memory" : oj_text_get(&error->message),
		.file = oj_text_get(&error->file),
		.source = oj_text_get(&error->source),
		.line = error->origin.line,
		.column = error->origin.column,
		.length = error->origin.length,
		.text = lost || error->full.failed ? "error: out of memory" : oj_text_get(&error->full),
	};
}
