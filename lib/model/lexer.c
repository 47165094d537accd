/* See lexer.h. */
#include "lib/model/lexer.h"

#include "lib/model/terms.h"

#include <math.h>
#include <string.h>
#include <utf8proc.h>

void oj_lexer_init(struct lexer *lexer, const char *text, size_t length, const char *file,
                   struct oj_error *error)
{
	*lexer = (struct lexer){.text = text, .end = text + length, .at = text, .file = file,
	                        .line = 1, .column = 1, .error = error};
	if (length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) /* byte order mark */
		lexer->at += 3;
}

/* Go over `bytes` bytes of one line. */
static void advance(struct lexer *lexer, size_t bytes)
{
	for (const char *stop = lexer->at + bytes; lexer->at < stop; lexer->at++)
		lexer->column += ((unsigned char)*lexer->at & 0xC0) != 0x80;
}

static void advance_line(struct lexer *lexer)
{
	lexer->at++;
	lexer->line++;
	lexer->column = 1;
	lexer->start = (uint32_t)(lexer->at - lexer->text);
}

static ojit_status fail(struct lexer *lexer, size_t length, const char *format, const char *what, int bytes)
{
	struct origin origin = {lexer->file, lexer->text + lexer->start, (int)lexer->line,
	                        (int)lexer->column, (int)length};
	return oj_fail_at(lexer->error, OJIT_SYNTAX, &origin, format, bytes, what);
}

/* Bytes of the code point here; 0 when it is not UTF-8. */
static size_t point_size(const struct lexer *lexer)
{
	utf8proc_int32_t point;
	utf8proc_ssize_t size = utf8proc_iterate((const utf8proc_uint8_t *)lexer->at, lexer->end - lexer->at, &point);
	return size > 0 ? (size_t)size : 0;
}

#define NO_CONTROL "a control character has no meaning here%.*s; remove it"

static ojit_status skip_comment(struct lexer *lexer)
{
	while (lexer->at < lexer->end && *lexer->at != '\n') {
		size_t size = (unsigned char)*lexer->at < 0x80 ? 1 : point_size(lexer);
		if (size == 0)
			return fail(lexer, 1, "this is not UTF-8%.*s; save the file with that encoding", "", 0);
		if (*lexer->at == '\0')
			return fail(lexer, 1, NO_CONTROL, "", 0);
		advance(lexer, size);
	}
	return OJIT_OK;
}

/* Blanks, comments, and newlines inside brackets. */
static ojit_status skip_blank(struct lexer *lexer)
{
	while (lexer->at < lexer->end) {
		char c = *lexer->at;
		if (c == ' ' || c == '\t' || c == '\r')
			advance(lexer, 1);
		else if (c == '#')
			TRY(skip_comment(lexer));
		else if (c == '\n' && lexer->depth > 0)
			advance_line(lexer);
		else
			break;
	}
	return OJIT_OK;
}

static void finish(struct lexer *lexer, struct token *token, enum token_kind kind, size_t bytes)
{
	token->kind = kind;
	token->bytes = (uint32_t)bytes;
	advance(lexer, bytes);
	token->length = lexer->column - token->column;
	lexer->last_start = lexer->start;
	lexer->last_line = lexer->line;
	lexer->last_column = lexer->column;
}

/* The text ends where its last token does, not behind the blank lines after it. */
static ojit_status finish_text(const struct lexer *lexer, struct token *token)
{
	if (lexer->last_line) {
		token->start = lexer->last_start;
		token->line = lexer->last_line;
		token->column = lexer->last_column;
	}
	return OJIT_OK; /* TOKEN_FINISH */
}

static size_t name_bytes(const struct lexer *lexer)
{
	const char *at = lexer->at;
	size_t size;
	while (at < lexer->end && (size = oj_name_letter(at, lexer->end, at == lexer->at)) > 0)
		at += size;
	return (size_t)(at - lexer->at);
}

static ojit_status read_number(struct lexer *lexer, struct token *token, size_t bytes)
{
	if (isinf(token->number))
		return fail(lexer, bytes, "%.*s is beyond the largest number; write inf if that is meant",
		            lexer->at, bytes > 40 ? 40 : (int)bytes);
	finish(lexer, token, TOKEN_NUMBER, bytes);
	if (lexer->at < lexer->end && oj_name_letter(lexer->at, lexer->end, true))
		return fail(lexer, 1, "a name cannot follow a number directly%.*s; write * between them", "", 0);
	return OJIT_OK;
}

static ojit_status read_string(struct lexer *lexer, struct token *token)
{
	const char *stop = lexer->at + 1;
	while (stop < lexer->end && *stop != '"' && *stop != '\n' && *stop != '\0')
		stop++;
	if (stop == lexer->end || *stop != '"')
		return fail(lexer, 1, "this quotation is not closed on its line; add a \"%.*s", "", 0);
	size_t bytes = (size_t)(stop - lexer->at) + 1;
	if (utf8proc_decompose((const utf8proc_uint8_t *)token->at, (utf8proc_ssize_t)bytes, NULL, 0, 0) < 0)
		return fail(lexer, 1, "this quotation is not UTF-8%.*s; save the file with that encoding", "", 0);
	finish(lexer, token, TOKEN_STRING, bytes);
	token->at++;
	token->bytes -= 2;
	return OJIT_OK;
}

static ojit_status read_sign(struct lexer *lexer, struct token *token)
{
	static const struct { char text[3]; int sign; } pairs[] = {
		{"<=", SIGN_LE}, {">=", SIGN_GE}, {"==", SIGN_EQ}, {"!=", SIGN_NE},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (lexer->end - lexer->at < 2 || memcmp(lexer->at, pairs[i].text, 2) != 0)
			continue;
		token->sign = pairs[i].sign;
		finish(lexer, token, TOKEN_SIGN, 2);
		return OJIT_OK;
	}
	char c = *lexer->at;
	if (c && strchr("+-*/^()[],='<>", c)) {
		lexer->depth += c == '(' || c == '[';
		lexer->depth -= (c == ')' || c == ']') && lexer->depth > 0;
		token->sign = c;
		finish(lexer, token, TOKEN_SIGN, 1);
		return OJIT_OK;
	}
	size_t size = point_size(lexer);
	if (size == 0)
		return fail(lexer, 1, "this is not UTF-8%.*s; save the file with that encoding", "", 0);
	if ((unsigned char)c < 0x20 || c == 0x7F)
		return fail(lexer, 1, NO_CONTROL, "", 0);
	return fail(lexer, 1, "'%.*s' has no meaning in a model; remove it or spell it in words", lexer->at, (int)size);
}

ojit_status oj_lexer_next(struct lexer *lexer, struct token *token)
{
	TRY(skip_blank(lexer));
	*token = (struct token){.at = lexer->at, .start = lexer->start, .line = lexer->line,
	                        .column = lexer->column, .length = 1};
	if (lexer->at == lexer->end)
		return finish_text(lexer, token);
	char c = *lexer->at;
	if (c == '\n') {
		token->kind = TOKEN_END;
		advance_line(lexer);
		return OJIT_OK;
	}
	if (c == ';' && lexer->depth == 0) {
		finish(lexer, token, TOKEN_END, 1);
		return OJIT_OK;
	}
	if (c == ';')
		return fail(lexer, 1, "a bracket is still open here%.*s; close it before the statement ends", "", 0);
	size_t bytes = oj_number_read(lexer->at, (size_t)(lexer->end - lexer->at), &token->number);
	if (bytes)
		return read_number(lexer, token, bytes);
	bytes = name_bytes(lexer);
	if (bytes) {
		finish(lexer, token, TOKEN_NAME, bytes);
		return OJIT_OK;
	}
	if (c == '"')
		return read_string(lexer, token);
	if (lexer->end - lexer->at >= 2 && c == '.' && lexer->at[1] == '.') {
		finish(lexer, token, TOKEN_DOTS, 2);
		return OJIT_OK;
	}
	return read_sign(lexer, token);
}
