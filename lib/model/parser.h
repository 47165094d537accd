/* What the two halves of the parser share: statements (parser.c) and expressions
 * (expression.c). */
#ifndef OJ_PARSER_H
#define OJ_PARSER_H

#include "lib/model/lexer.h"
#include "lib/model/syntax.h"

enum { NESTING = 1000 }; /* of brackets and exponents */

struct meaning { /* a name with a meaning inside one clause */
	uint32_t name;
	bool argument;  /* else an index variable */
	uint32_t value; /* binder, or number of the argument */
};

struct parser {
	struct lexer lexer;
	struct token token, ahead;
	struct syntax *syntax;
	struct oj_error *error;
	uint32_t base; /* the place of the text's beginning */
	VECTOR(struct meaning) scope;
	int nesting;
	struct text spelled; /* work space for names */
};

ojit_status oj_parser_advance(struct parser *p);
/* Fail at the current token; the format ends with what was found there. */
ojit_status oj_parser_expected(struct parser *p, const char *what);
ojit_status oj_parser_fail(struct parser *p, const struct token *token, ojit_status status,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));
static inline bool oj_parser_at(const struct parser *p, int sign)
{
	return p->token.kind == TOKEN_SIGN && p->token.sign == sign;
}
bool oj_token_is(const struct token *token, const char *word);
/* Step over `sign`, or say that it is missing. */
ojit_status oj_parser_take(struct parser *p, int sign, const char *what);
/* The name at a token as a number of the forest. */
ojit_status oj_parser_name(struct parser *p, const struct token *token, uint32_t *name);
static inline uint32_t oj_parser_place(const struct parser *p, const struct token *at)
{
	return p->base + (uint32_t)(at->at - p->lexer.text);
}
/* Give a name a meaning until scope.count is set back. */
ojit_status oj_parser_bind(struct parser *p, const struct token *at, uint32_t name, bool argument,
                           uint32_t value);

/* An expression whose operators bind at least as tightly as `least`. */
ojit_status oj_parse_expression(struct parser *p, int least, uint32_t *term);
/* As many ' as there are, counted on top of *primes. */
ojit_status oj_parse_primes(struct parser *p, uint8_t *primes);
/* `name in lo..hi [wrap]`, the index bound. */
ojit_status oj_parse_range(struct parser *p, struct clause_axis *axis);
ojit_status oj_parser_add(struct parser *p, struct term term, uint32_t arity, const uint32_t *operands,
                          uint32_t *out);

#endif
