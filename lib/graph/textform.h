/* Reading the text form of programs: words, numbers and names.
 *
 * Everything is counted from the text, so that any text is safe to read; the first
 * mistake is reported with its line, its column and what to do, and all functions
 * return false from then on.  `#` starts a comment.
 *
 * Names are looked up as they are written, quotes and count included.  Beside them
 * stand the names of what the space had before, which a declaration may mean. */
#ifndef OJ_TEXTFORM_H
#define OJ_TEXTFORM_H

#include "lib/graph/words.h"

#define OJ_LARGEST (INT64_C(1) << 40) /* of ranges, offsets, extents */

struct entry { /* a name as it is written, or of what the space had before */
	const char *name;
	size_t length;
	uint32_t class, id, next;
	bool known, taken; /* in the space before; declared by this text already */
};

struct reader {
	struct space *space;
	struct graph *g;
	struct program *program;
	struct oj_error *error;
	const char *text, *at;
	bool failed;
	VECTOR(struct entry) entries;
	struct expr_map heads;      /* hash -> the latest entry + 1 */
	VECTOR(ojit_expr) nodes;    /* by number, 0 unused */
	VECTOR(uint32_t) origins;   /* by number, 0 unused */
	VECTOR(ojit_expr) operands; /* of the line being read */
	VECTOR(int64_t) factors;
	VECTOR(double) numbers; /* values between braces */
	size_t data_before, table_data_before; /* what the space had */
};

/* Report a mistake in text[at..at+length); false. */
bool oj_scan_fail(struct reader *r, const char *at, size_t length, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool oj_scan_memory(struct reader *r);
/* Report that `what` should stand here; false. */
bool oj_scan_expected(struct reader *r, const char *what);

void oj_scan_blanks(struct reader *r);
bool oj_scan_end(struct reader *r);       /* of the line? */
size_t oj_scan_word(const char *at);      /* length of the word there */
bool oj_scan_accept(struct reader *r, const char *token);
bool oj_scan_expect(struct reader *r, const char *token);
int oj_scan_one_of(struct reader *r, const char *const *words, int count); /* -1: none */

bool oj_scan_magnitude(struct reader *r, uint64_t most, uint64_t *value);
bool oj_scan_integer(struct reader *r, int64_t *value);
bool oj_scan_size(struct reader *r, int64_t *value); /* |value| <= OJ_LARGEST */
bool oj_scan_literal(struct reader *r, double *value);
bool oj_scan_range(struct reader *r, int64_t *lo, int64_t *end);               /* lo..end-1 */
bool oj_scan_box(struct reader *r, uint32_t *rank, int64_t *lo, int64_t *end); /* [RANK] each */
bool oj_scan_numbers(struct reader *r, int64_t count);                         /* = {...}, to r->numbers */
bool oj_scan_quoted(struct reader *r, struct text *out);

bool oj_scan_known(struct reader *r); /* note what the space has */
bool oj_scan_add(struct reader *r, struct entry entry);
/* The next entry of a name behind `entry` (NULL: the first); NULL: none. */
struct entry *oj_scan_entry(struct reader *r, struct entry *entry, enum name_class class, const char *name,
                            size_t length, bool known);
/* The name of a thing that is being declared; its plain text goes to `name`. */
bool oj_scan_declare(struct reader *r, enum name_class class, struct entry *entry, struct text *name);
bool oj_scan_name(struct reader *r, enum name_class class, const char *what, uint32_t *id);

/* Declarations, behind their first word: declare.c. */
bool oj_read_array(struct reader *r);
bool oj_read_table(struct reader *r);
bool oj_read_symbol(struct reader *r);
bool oj_read_origin(struct reader *r);
/* @number, as the space numbers origins; 0 where there is none. */
bool oj_scan_origin(struct reader *r, uint32_t *origin);

#endif
