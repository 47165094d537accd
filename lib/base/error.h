/* Errors: the first failure of an object, which is the cause.
 *
 * Building a message may itself run out of memory; then the status is kept and
 * the text is a constant, so reporting never fails. */
#ifndef OJ_ERROR_H
#define OJ_ERROR_H

#include "lib/base/text.h"

/* Where something was written.  `file` and `source` must outlive the error's
 * making, not the error. line 0: unknown. */
struct origin {
	const char *file;   /* NULL: unknown */
	const char *source; /* the line, ends at '\n' or '\0'; NULL: unknown */
	int line, column, length; /* code points, from 1 */
};

struct oj_error {
	ojit_status status;
	struct origin origin; /* strings below are the copies */
	struct text message, file, source, full;
};
void oj_error_init(struct oj_error *error, ojit_context *context);
void oj_error_drop(struct oj_error *error);
void oj_error_clear(struct oj_error *error);
/* Keep this failure unless one is kept already; returns the kept status. */
ojit_status oj_fail(struct oj_error *error, ojit_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
ojit_status oj_fail_at(struct oj_error *error, ojit_status status, const struct origin *origin,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));
ojit_status oj_fail_memory(struct oj_error *error);
/* Take over a failure of another object. */
ojit_status oj_fail_copy(struct oj_error *error, const struct oj_error *from);
/* As the public struct; strings live as long as `error` is not changed. */
ojit_error oj_error_public(const struct oj_error *error);

#define TRY(call)                              \
	do {                                   \
		ojit_status try_ = (call);     \
		if (try_ != OJIT_OK)           \
			return try_;           \
	} while (0)

#endif
