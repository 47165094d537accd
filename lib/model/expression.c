/* Expressions, by operator precedence: one function climbs from loose to tight.
 *
 * From loose to tight: or, and, not, comparisons (which do not chain), + -, * /,
 * sign, ^ (from the right; its exponent may have a sign).  So -x^2 is -(x^2),
 * 2^3^2 is 2^9 and 2^-1 is 0.5.  Only brackets and exponents nest in C's stack,
 * and they are counted. */
#include "lib/model/parser.h"

#include <stdio.h>

ojit_status oj_parser_add(struct parser *p, struct term term, uint32_t arity, const uint32_t *operands,
                          uint32_t *out)
{
	*out = oj_forest_add(&p->syntax->forest, term, arity, operands);
	return *out ? OJIT_OK : oj_fail_memory(p->error);
}

static ojit_status add_operator(struct parser *p, ojit_op op, const struct token *at, uint32_t arity,
                                const uint32_t *operands, uint32_t *out)
{
	struct term term = {.kind = TERM_OP, .op = (uint8_t)op, .place = oj_parser_place(p, at)};
	return oj_parser_add(p, term, arity, operands, out);
}

ojit_status oj_parse_range(struct parser *p, struct clause_axis *axis)
{
	struct token at = p->token;
	uint32_t name;
	TRY(oj_parser_name(p, &at, &name));
	TRY(oj_parser_advance(p));
	TRY(oj_parser_advance(p)); /* in */
	TRY(oj_parse_expression(p, BIND_SUM, &axis->lo));
	if (p->token.kind != TOKEN_DOTS)
		return oj_parser_expected(p, "'..' and the end of the range");
	TRY(oj_parser_advance(p));
	TRY(oj_parse_expression(p, BIND_SUM, &axis->hi));
	axis->wrap = oj_token_is(&p->token, "wrap");
	if (axis->wrap)
		TRY(oj_parser_advance(p));
	uint32_t binder = p->syntax->binders++;
	TRY(oj_parser_bind(p, &at, name, false, binder));
	struct term index = {.kind = TERM_INDEX, .name = name, .binder = binder, .place = oj_parser_place(p, &at)};
	return oj_parser_add(p, index, 0, NULL, &axis->index);
}

/* `ranges [if filter], body)`, the first name of it at hand: nested reductions. */
static ojit_status parse_reduction(struct parser *p, const struct token *at, ojit_reduction kind, uint32_t *out)
{
	enum { MOST = 32 };
	struct clause_axis axes[MOST];
	uint32_t count = 0, filter = 0, body;
	size_t scope = p->scope.count;
	bool filtered = false;
	while (!filtered && p->token.kind == TOKEN_NAME && oj_token_is(&p->ahead, "in")) {
		if (count == MOST)
			return oj_parser_fail(p, &p->token, OJIT_UNSUPPORTED, "more than %d indices are not supported", MOST);
		TRY(oj_parse_range(p, &axes[count++]));
		filtered = oj_token_is(&p->token, "if");
		if (!filtered)
			TRY(oj_parser_take(p, ',', "',' and what is combined over the range"));
	}
	if (filtered) {
		TRY(oj_parser_advance(p));
		TRY(oj_parse_expression(p, BIND_OR, &filter));
		TRY(oj_parser_take(p, ',', "',' and what is combined over the range"));
	}
	TRY(oj_parse_expression(p, BIND_OR, &body));
	struct term term = {.kind = TERM_REDUCE, .op = (uint8_t)kind, .place = oj_parser_place(p, at)};
	while (count-- > 0) {
		uint32_t parts[REDUCE_PARTS] = {axes[count].index, axes[count].lo, axes[count].hi, filter, body};
		term.wrap = axes[count].wrap & 1;
		TRY(oj_parser_add(p, term, REDUCE_PARTS, parts, &body));
		filter = 0;
	}
	p->scope.count = scope;
	*out = body;
	return oj_parser_take(p, ')', "')'");
}

static bool reduction_of(const struct token *at, ojit_reduction *kind)
{
	static const char *const names[] = {"sum", "prod", "min", "max"};
	for (int i = 0; i < 4; i++) {
		*kind = (ojit_reduction)i;
		if (oj_token_is(at, names[i]))
			return true;
	}
	return false;
}

/* Expressions separated by commas up to `close`, appended to operands[*count]. */
static ojit_status parse_list(struct parser *p, int close, const char *what, uint32_t most,
                              uint32_t *operands, uint32_t *count)
{
	do {
		if (*count == most)
			return oj_parser_fail(p, &p->token, OJIT_SYNTAX, "more than %u are not possible here; "
			                      "remove the others", most);
		TRY(oj_parse_expression(p, BIND_OR, &operands[*count]));
		++*count;
		if (!oj_parser_at(p, ','))
			break;
		TRY(oj_parser_advance(p));
	} while (true);
	return oj_parser_take(p, close, what);
}

enum { ARGUMENTS = 64 };

/* A call whose arguments are separated by commas: outside of oj_parse_call, for
 * their array would else weigh on every level of brackets. */
static __attribute__((noinline)) ojit_status parse_arguments(struct parser *p, const struct token *at, uint32_t *out)
{
	VECTOR(uint32_t) list = {0};
	ojit_context *context = p->syntax->forest.context;
	ojit_status status = OJIT_OK;
	struct term term = {.kind = TERM_CALL, .place = oj_parser_place(p, at)};
	uint32_t name = 0;
	status = oj_parser_name(p, at, &name);
	term.name = name;
	while (status == OJIT_OK && !oj_parser_at(p, ')')) {
		uint32_t argument = 0;
		if (list.count == ARGUMENTS)
			status = oj_parser_fail(p, &p->token, OJIT_UNSUPPORTED, "more than %d arguments are not supported", ARGUMENTS);
		else
			status = oj_parse_expression(p, BIND_OR, &argument);
		if (status == OJIT_OK && !VECTOR_PUSH(context, &list, argument))
			status = oj_fail_memory(p->error);
		if (status != OJIT_OK || !oj_parser_at(p, ','))
			break;
		status = oj_parser_advance(p);
	}
	if (status == OJIT_OK)
		status = oj_parser_take(p, ')', "')' or ','");
	if (status == OJIT_OK)
		status = oj_parser_add(p, term, (uint32_t)list.count, list.at, out);
	VECTOR_DROP(context, &list);
	return status;
}

static ojit_status parse_call(struct parser *p, uint32_t *out)
{
	struct token at = p->token;
	ojit_reduction kind;
	TRY(oj_parser_advance(p));
	TRY(oj_parser_advance(p)); /* ( */
	if (p->token.kind == TOKEN_NAME && oj_token_is(&p->ahead, "in")) {
		if (reduction_of(&at, &kind))
			return parse_reduction(p, &at, kind, out);
		return oj_parser_fail(p, &at, OJIT_SYNTAX, "%.*s does not run over an index; sum, prod, min and max do",
		                      (int)at.bytes, at.at);
	}
	if (oj_token_is(&at, "sum") || oj_token_is(&at, "prod"))
		return oj_parser_fail(p, &at, OJIT_SYNTAX, "%.*s needs an index with its range; write %.*s(i in 1..N, ...)",
		                      (int)at.bytes, at.at, (int)at.bytes, at.at);
	return parse_arguments(p, &at, out);
}

ojit_status oj_parse_primes(struct parser *p, uint8_t *primes)
{
	while (oj_parser_at(p, '\'')) {
		if (*primes == 2)
			return oj_parser_fail(p, &p->token, OJIT_UNSUPPORTED, "derivatives beyond the second are not supported; "
			                      "give the second derivative a name and an equation");
		++*primes;
		TRY(oj_parser_advance(p));
	}
	return OJIT_OK;
}

static ojit_status parse_reference(struct parser *p, uint32_t *out)
{
	struct token at = p->token;
	struct term term = {.kind = TERM_NAME};
	uint32_t subscripts[3], count = 0;
	uint32_t name;
	TRY(oj_parser_name(p, &at, &name));
	term.name = name;
	TRY(oj_parser_advance(p));
	for (size_t i = p->scope.count; i-- > 0;) {
		const struct meaning *b = &p->scope.at[i];
		if (b->name != term.name)
			continue;
		term.kind = b->argument ? TERM_ARGUMENT : TERM_INDEX;
		term.binder = b->value;
		term.place = oj_parser_place(p, &at);
		if (oj_parser_at(p, '[') || oj_parser_at(p, '\''))
			return oj_parser_fail(p, &at, OJIT_SYNTAX, "%.*s is %s here, a single number; rename one of the two",
			                      (int)at.bytes, at.at, b->argument ? "an argument" : "an index");
		return oj_parser_add(p, term, 0, NULL, out);
	}
	uint8_t primes = 0;
	TRY(oj_parse_primes(p, &primes));
	if (oj_parser_at(p, '[')) {
		TRY(oj_parser_advance(p));
		TRY(parse_list(p, ']', "']' or ','", 3, subscripts, &count));
		TRY(oj_parse_primes(p, &primes));
	}
	term.primes = primes & 3;
	term.place = oj_parser_place(p, &at);
	return oj_parser_add(p, term, count, subscripts, out);
}

static ojit_status parse_bracket(struct parser *p, uint32_t *out)
{
	struct token open = p->token;
	TRY(oj_parser_advance(p));
	TRY(oj_parse_expression(p, BIND_OR, out));
	if (oj_parser_at(p, ')'))
		return oj_parser_advance(p);
	if (p->token.kind == TOKEN_FINISH)
		return oj_parser_fail(p, &open, OJIT_SYNTAX, "this bracket is never closed; add a ')'");
	if (p->token.line == open.line)
		return oj_parser_expected(p, "')' or an operator");
	char what[96];
	snprintf(what, sizeof what, "')' for the bracket in line %u, column %u, or an operator", open.line, open.column);
	return oj_parser_expected(p, what);
}

static ojit_status parse_atom(struct parser *p, uint32_t *out)
{
	if (p->token.kind == TOKEN_NUMBER) {
		struct term term = {.kind = TERM_NUMBER, .number = p->token.number,
		                    .place = oj_parser_place(p, &p->token)};
		TRY(oj_parser_advance(p));
		return oj_parser_add(p, term, 0, NULL, out);
	}
	if (oj_parser_at(p, '('))
		return parse_bracket(p, out);
	if (p->token.kind != TOKEN_NAME)
		return oj_parser_expected(p, "a number, a name or '('");
	if (p->ahead.kind == TOKEN_SIGN && p->ahead.sign == '(')
		return parse_call(p, out);
	if (oj_token_is(&p->token, "and") || oj_token_is(&p->token, "or") || oj_token_is(&p->token, "if"))
		return oj_parser_expected(p, "a number, a name or '('");
	return parse_reference(p, out);
}

/* A sign or `not` before its operand, any number of them. */
static ojit_status parse_prefix(struct parser *p, int least, uint32_t *out)
{
	bool negation = oj_token_is(&p->token, "not");
	struct token at = p->token;
	uint32_t count = 0;
	if (negation && least > BIND_NOT)
		return oj_parser_fail(p, &at, OJIT_SYNTAX, "'not' binds less tightly than what stands before it; put brackets around it");
	while (negation ? oj_token_is(&p->token, "not") : oj_parser_at(p, '-') || oj_parser_at(p, '+')) {
		count += !oj_parser_at(p, '+');
		TRY(oj_parser_advance(p));
	}
	TRY(oj_parse_expression(p, negation ? BIND_COMPARE : BIND_POWER, out));
	for (; count > 0; count--)
		TRY(add_operator(p, negation ? OJIT_NOT : OJIT_NEG, &at, 1, out, out));
	return OJIT_OK;
}

static bool infix_at(const struct parser *p, ojit_op *op)
{
	static const struct { int sign; ojit_op op; } signs[] = {
		{'+', OJIT_ADD}, {'-', OJIT_SUB}, {'*', OJIT_MUL}, {'/', OJIT_DIV}, {'^', OJIT_POW},
		{'<', OJIT_LT}, {'>', OJIT_GT}, {SIGN_LE, OJIT_LE}, {SIGN_GE, OJIT_GE}, {SIGN_EQ, OJIT_EQ},
		{SIGN_NE, OJIT_NE},
	};
	*op = oj_token_is(&p->token, "and") ? OJIT_AND : OJIT_OR;
	if (p->token.kind == TOKEN_NAME)
		return *op == OJIT_AND || oj_token_is(&p->token, "or");
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		*op = signs[i].op;
		if (oj_parser_at(p, signs[i].sign))
			return true;
	}
	return false;
}

static ojit_status parse_infix(struct parser *p, ojit_op op, uint32_t *left)
{
	struct token at = p->token;
	int binding = oj_functions[op].infix;
	uint32_t operands[2] = {*left, 0};
	TRY(oj_parser_advance(p));
	TRY(oj_parse_expression(p, op == OJIT_POW ? BIND_POWER : binding + 1, &operands[1]));
	TRY(add_operator(p, op, &at, 2, operands, left));
	ojit_op next;
	if (binding == BIND_COMPARE && infix_at(p, &next) && oj_functions[next].infix == BIND_COMPARE)
		return oj_parser_fail(p, &p->token, OJIT_SYNTAX, "comparisons do not chain; write a < b and b < c");
	return OJIT_OK;
}

ojit_status oj_parse_expression(struct parser *p, int least, uint32_t *out)
{
	if (p->nesting == NESTING)
		return oj_parser_fail(p, &p->token, OJIT_UNSUPPORTED, "more than %d nested brackets are not supported; "
		                      "name a part of this with let", NESTING);
	p->nesting++;
	if (oj_parser_at(p, '-') || oj_parser_at(p, '+') || (oj_token_is(&p->token, "not")))
		TRY(parse_prefix(p, least, out));
	else
		TRY(parse_atom(p, out));
	ojit_op op;
	while (infix_at(p, &op) && oj_functions[op].infix >= least)
		TRY(parse_infix(p, op, out));
	p->nesting--;
	return OJIT_OK;
}
