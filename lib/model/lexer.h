/* Text into tokens, with places counted in code points as people do.
 *
 * A statement ends at a newline or `;`, except that newlines inside brackets are
 * blank.  Keywords are names here; the parser knows where they mean something. */
#ifndef OJ_LEXER_H
#define OJ_LEXER_H

#include "lib/base/error.h"

enum token_kind {
	TOKEN_FINISH, /* of the text */
	TOKEN_END,    /* of a statement */
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_STRING, /* at/bytes without the quotes */
	TOKEN_DOTS,   /* .. */
	TOKEN_SIGN    /* one of + - * / ^ ( ) [ ] , = ' or < <= > >= == != in `sign` */
};
enum { SIGN_LE = 256, SIGN_GE, SIGN_EQ, SIGN_NE };

struct token {
	enum token_kind kind;
	int sign;
	const char *at;
	uint32_t bytes;
	uint32_t start; /* offset of its line */
	uint32_t line, column, length;
	double number;
};

struct lexer {
	const char *text, *end, *at;
	const char *file;
	uint32_t start, line, column; /* of `at` */
	uint32_t last_start, last_line, last_column; /* behind the last token, line 0: none yet */
	int depth;                    /* open brackets */
	struct oj_error *error;
};
void oj_lexer_init(struct lexer *lexer, const char *text, size_t length, const char *file,
                   struct oj_error *error);
ojit_status oj_lexer_next(struct lexer *lexer, struct token *token);

#endif
