/* Statements: what a line of a model may be, one function a form.
 *
 * Keywords are keywords at the start of a statement only, and there only when no
 * ' or [ follows, which makes it an equation for a state of that name. */
#include "lib/model/parser.h"

#include "lib/model/places.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

ojit_status oj_parser_advance(struct parser *p)
{
	p->token = p->ahead;
	return oj_lexer_next(&p->lexer, &p->ahead);
}

bool oj_token_is(const struct token *token, const char *word)
{
	return token->kind == TOKEN_NAME && token->bytes == strlen(word) && memcmp(token->at, word, token->bytes) == 0;
}

ojit_status oj_parser_fail(struct parser *p, const struct token *token, ojit_status status,
                           const char *format, ...)
{
	char message[512];
	struct origin origin = {p->lexer.file, p->lexer.text + token->start, (int)token->line,
	                        (int)token->column, (int)token->length};
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return oj_fail_at(p->error, status, &origin, "%s", message);
}

ojit_status oj_parser_expected(struct parser *p, const char *what)
{
	const struct token *t = &p->token;
	if (t->kind == TOKEN_FINISH)
		return oj_parser_fail(p, t, OJIT_SYNTAX, "expected %s before the end of the text", what);
	if (t->kind == TOKEN_END)
		return oj_parser_fail(p, t, OJIT_SYNTAX, "expected %s before the end of the statement", what);
	return oj_parser_fail(p, t, OJIT_SYNTAX, "expected %s, found '%.*s'", what,
	                      t->bytes > 60 ? 60 : (int)t->bytes, t->at);
}

ojit_status oj_parser_take(struct parser *p, int sign, const char *what)
{
	return oj_parser_at(p, sign) ? oj_parser_advance(p) : oj_parser_expected(p, what);
}

ojit_status oj_parser_name(struct parser *p, const struct token *token, uint32_t *name)
{
	const char *reason;
	oj_text_drop(&p->spelled);
	if (!oj_name_spell(token->at, token->bytes, &p->spelled, &reason))
		return p->spelled.failed ? oj_fail_memory(p->error)
		                         : oj_parser_fail(p, token, OJIT_SYNTAX, "this is not a name: %s", reason);
	const char *at = p->spelled.length ? p->spelled.at : token->at;
	*name = oj_forest_name(&p->syntax->forest, at, p->spelled.length ? p->spelled.length : token->bytes);
	return *name == UINT32_MAX ? oj_fail_memory(p->error) : OJIT_OK;
}

/* A name about to be defined or bound. */
static ojit_status check_definable(struct parser *p, const struct token *at, uint32_t name)
{
	const char *text = oj_forest_text(&p->syntax->forest, name);
	if (!oj_name_reserved(text))
		return OJIT_OK;
	return oj_parser_fail(p, at, OJIT_NAME, "%s has a meaning of its own in expressions; choose another name", text);
}

ojit_status oj_parser_bind(struct parser *p, const struct token *at, uint32_t name, bool argument,
                           uint32_t value)
{
	TRY(check_definable(p, at, name));
	for (size_t i = 0; i < p->scope.count; i++)
		if (p->scope.at[i].name == name)
			return oj_parser_fail(p, at, OJIT_NAME, "%s already stands for %s here; choose another name",
			                      oj_forest_text(&p->syntax->forest, name),
			                      p->scope.at[i].argument ? "an argument" : "an index");
	if (VECTOR_PUSH(p->syntax->forest.context, &p->scope, (struct meaning){name, argument, value}))
		return OJIT_OK;
	return oj_fail_memory(p->error);
}

static struct clause new_clause(struct parser *p, int kind)
{
	return (struct clause){.kind = (uint8_t)kind, .first_term = (uint32_t)p->syntax->forest.terms.count,
	                       .first_binder = p->syntax->binders};
}

static ojit_status end_clause(struct parser *p, struct clause *clause)
{
	clause->end_term = (uint32_t)p->syntax->forest.terms.count;
	clause->end_binder = p->syntax->binders;
	p->scope.count = 0;
	if (VECTOR_PUSH(p->syntax->forest.context, &p->syntax->clauses, *clause))
		return OJIT_OK;
	return oj_fail_memory(p->error);
}

static ojit_status parse_axes(struct parser *p, struct clause *clause)
{
	if (!oj_parser_at(p, '['))
		return OJIT_OK;
	if (clause->rank)
		return oj_parser_expected(p, "'='");
	do {
		TRY(oj_parser_advance(p));
		if (clause->rank == 3)
			return oj_parser_fail(p, &p->token, OJIT_UNSUPPORTED, "arrays of more than three indices are not supported");
		struct clause_axis *axis = &clause->axes[clause->rank++];
		if (p->token.kind == TOKEN_NAME && oj_token_is(&p->ahead, "in"))
			TRY(oj_parse_range(p, axis));
		else
			TRY(oj_parse_expression(p, BIND_SUM, &axis->lo));
	} while (oj_parser_at(p, ','));
	return oj_parser_take(p, ']', "']' or ','");
}

/* `name`, `name''`, `name[i in 1..N]'`. */
static ojit_status parse_target(struct parser *p, struct clause *clause)
{
	struct token at = p->token;
	if (at.kind != TOKEN_NAME)
		return oj_parser_expected(p, "a name");
	TRY(oj_parser_name(p, &at, &clause->name));
	TRY(check_definable(p, &at, clause->name));
	clause->place = oj_parser_place(p, &at);
	TRY(oj_parser_advance(p));
	TRY(oj_parse_primes(p, &clause->primes));
	TRY(parse_axes(p, clause));
	return oj_parse_primes(p, &clause->primes);
}

/* A number with its sign: an item of a list. */
static ojit_status parse_list_number(struct parser *p)
{
	bool minus = oj_parser_at(p, '-');
	if (minus || oj_parser_at(p, '+'))
		TRY(oj_parser_advance(p));
	double number = p->token.number;
	if (oj_token_is(&p->token, "inf"))
		number = INFINITY;
	else if (p->token.kind != TOKEN_NUMBER)
		return oj_parser_expected(p, "a number of the list");
	if (!VECTOR_PUSH(p->syntax->forest.context, &p->syntax->numbers, minus ? -number : number))
		return oj_fail_memory(p->error);
	return oj_parser_advance(p);
}

static ojit_status parse_list(struct parser *p, struct clause *clause)
{
	clause->listed = true;
	clause->first_number = (uint32_t)p->syntax->numbers.count;
	do {
		TRY(oj_parser_advance(p));
		TRY(parse_list_number(p));
	} while (oj_parser_at(p, ','));
	clause->number_count = (uint32_t)p->syntax->numbers.count - clause->first_number;
	return oj_parser_take(p, ']', "']' or ','");
}

static ojit_status keep_string(struct parser *p, const struct token *token, const char **out)
{
	*out = oj_arena_string(&p->syntax->forest.arena, token->at, token->bytes);
	return *out ? OJIT_OK : oj_fail_memory(p->error);
}

static ojit_status parse_value(struct parser *p, struct clause *clause)
{
	if (oj_token_is(&p->token, "from")) {
		TRY(oj_parser_advance(p));
		if (p->token.kind != TOKEN_STRING)
			return oj_parser_expected(p, "the name of a file in quotes");
		TRY(keep_string(p, &p->token, &clause->text));
		return oj_parser_advance(p);
	}
	if (clause->kind == OJIT_OUT && clause->rank == 0 && !oj_parser_at(p, '='))
		return OJIT_OK; /* observes what has this name */
	TRY(oj_parser_take(p, '=', "'='"));
	if (oj_parser_at(p, '['))
		return parse_list(p, clause);
	return oj_parse_expression(p, BIND_OR, &clause->value);
}

/* const, param, init, let, out, index, and equations. */
static ojit_status parse_definition(struct parser *p, int kind)
{
	struct clause clause = new_clause(p, kind);
	struct token at = p->token;
	TRY(parse_target(p, &clause));
	const char *name = oj_forest_text(&p->syntax->forest, clause.name);
	if (kind == OJIT_EQUATION && clause.primes == 0)
		return oj_parser_fail(p, &at, OJIT_SYNTAX, "a statement cannot start with '%.*s' unless it is the equation %s' = ...; "
		                      "write const, param or let before it to define %s", (int)at.bytes, at.at, name, name);
	if (kind == OJIT_CONST && clause.rank)
		return oj_parser_fail(p, &at, OJIT_UNSUPPORTED, "const %s is a single number; use index for whole numbers "
		                      "and param or let for others", name);
	TRY(parse_value(p, &clause));
	return end_clause(p, &clause);
}

/* `) = ...` of a function. */
static ojit_status parse_body(struct parser *p, struct clause *clause)
{
	TRY(oj_parser_take(p, ')', "')' or ','"));
	TRY(oj_parser_take(p, '=', "'='"));
	TRY(oj_parse_expression(p, BIND_OR, &clause->value));
	return end_clause(p, clause);
}

static ojit_status parse_function(struct parser *p)
{
	struct clause clause = new_clause(p, CLAUSE_FUNCTION);
	struct token at = p->token;
	if (at.kind != TOKEN_NAME)
		return oj_parser_expected(p, "the name of the function");
	TRY(oj_parser_name(p, &at, &clause.name));
	TRY(check_definable(p, &at, clause.name));
	clause.place = oj_parser_place(p, &at);
	clause.first_argument = (uint32_t)p->syntax->arguments.count;
	TRY(oj_parser_advance(p));
	if (!oj_parser_at(p, '('))
		return oj_parser_expected(p, "'(' and the names of the arguments");
	if (p->ahead.kind == TOKEN_SIGN && p->ahead.sign == ')') {
		TRY(oj_parser_advance(p));
		return parse_body(p, &clause);
	}
	do {
		TRY(oj_parser_advance(p));
		struct token argument = p->token;
		uint32_t name;
		if (argument.kind != TOKEN_NAME)
			return oj_parser_expected(p, "the name of an argument");
		TRY(oj_parser_name(p, &argument, &name));
		TRY(oj_parser_bind(p, &argument, name, true, clause.argument_count++));
		if (!VECTOR_PUSH(p->syntax->forest.context, &p->syntax->arguments, name))
			return oj_fail_memory(p->error);
		TRY(oj_parser_advance(p));
	} while (oj_parser_at(p, ','));
	return parse_body(p, &clause);
}

static ojit_status parse_span(struct parser *p, const struct token *at)
{
	struct clause clause = new_clause(p, CLAUSE_SPAN);
	clause.place = oj_parser_place(p, at);
	TRY(oj_parse_expression(p, BIND_SUM, &clause.value));
	if (p->token.kind != TOKEN_DOTS)
		return oj_parser_expected(p, "'..' and the end of the span");
	TRY(oj_parser_advance(p));
	TRY(oj_parse_expression(p, BIND_SUM, &clause.second));
	return end_clause(p, &clause);
}

/* The name of no setting: those there are. */
static ojit_status refuse_setting(struct parser *p, const struct token *at)
{
	struct text names;
	oj_text_init(&names, p->syntax->forest.context);
	oj_text_string(&names, "method");
	for (int k = 0; k < SETTINGS; k++)
		oj_text_format(&names, k + 1 < SETTINGS ? ", %s" : " and %s", oj_solve_numbers[k].name);
	ojit_status status = names.failed ? oj_fail_memory(p->error)
		: oj_parser_fail(p, at, OJIT_UNSUPPORTED, "'%.*s' cannot be set here; solve takes %s",
		                 (int)at->bytes, at->at, oj_text_get(&names));
	oj_text_drop(&names);
	return status;
}

static ojit_status parse_solve_option(struct parser *p, struct clause *clause)
{
	struct token at = p->token;
	bool method = oj_token_is(&at, "method");
	int setting = 0;
	while (setting < SETTINGS && !oj_token_is(&at, oj_solve_numbers[setting].name))
		setting++;
	if (!method && setting == SETTINGS)
		return at.kind == TOKEN_NAME ? refuse_setting(p, &at) : oj_parser_expected(p, "the name of a setting, such as rtol");
	if (method ? clause->text != NULL : clause->settings[setting] != 0)
		return oj_parser_fail(p, &at, OJIT_NAME, "%.*s is given twice; remove one", (int)at.bytes, at.at);
	TRY(oj_parser_advance(p));
	TRY(oj_parser_take(p, '=', "'='"));
	if (!method)
		return oj_parse_expression(p, BIND_OR, &clause->settings[setting]);
	if (p->token.kind != TOKEN_NAME && p->token.kind != TOKEN_STRING)
		return oj_parser_expected(p, "the name of a method");
	TRY(keep_string(p, &p->token, &clause->text));
	return oj_parser_advance(p);
}

static ojit_status parse_solve(struct parser *p, const struct token *at)
{
	struct clause clause = new_clause(p, CLAUSE_SOLVE);
	clause.place = oj_parser_place(p, at);
	TRY(parse_solve_option(p, &clause));
	while (oj_parser_at(p, ',')) {
		TRY(oj_parser_advance(p));
		TRY(parse_solve_option(p, &clause));
	}
	return end_clause(p, &clause);
}

static ojit_status parse_nonnegative(struct parser *p)
{
	for (;;) {
		struct clause clause = new_clause(p, CLAUSE_NONNEGATIVE);
		clause.place = oj_parser_place(p, &p->token);
		if (p->token.kind != TOKEN_NAME)
			return oj_parser_expected(p, "the name of a state, or all");
		TRY(oj_parser_name(p, &p->token, &clause.name));
		TRY(oj_parser_advance(p));
		TRY(end_clause(p, &clause));
		if (!oj_parser_at(p, ','))
			return OJIT_OK;
		TRY(oj_parser_advance(p));
	}
}

static bool is_reserved_statement(const struct token *token)
{
	static const char *const words[] = {"when", "at", "every", "var", "table", "input", "delay", "wiener", "cost"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (oj_token_is(token, words[i]))
			return true;
	return false;
}

static int definition_kind(const struct token *token)
{
	static const char *const words[] = {
		[OJIT_CONST] = "const", [OJIT_PARAM] = "param", [OJIT_INIT] = "init", [OJIT_EQUATION] = "",
		[OJIT_LET] = "let", [OJIT_OUT] = "out", [OJIT_TABLE] = "index",
	};
	for (int kind = 0; kind <= OJIT_TABLE; kind++)
		if (oj_token_is(token, words[kind]))
			return kind;
	return -1;
}

static ojit_status parse_definitions(struct parser *p, int kind)
{
	TRY(oj_parser_advance(p));
	TRY(parse_definition(p, kind));
	while (oj_parser_at(p, ',')) {
		TRY(oj_parser_advance(p));
		TRY(parse_definition(p, kind));
	}
	return OJIT_OK;
}

static ojit_status parse_statement(struct parser *p)
{
	struct token at = p->token;
	if (at.kind == TOKEN_NUMBER)
		return oj_parser_fail(p, &at, OJIT_UNSUPPORTED, "algebraic equations (0 = ...) are not supported yet; "
		                      "solve for the unknown and write let");
	if (at.kind == TOKEN_SIGN)
		return oj_parser_fail(p, &at, OJIT_SYNTAX, "a statement cannot start with '%.*s'; one goes on in the next line "
		                      "inside brackets only", (int)at.bytes, at.at);
	if (at.kind != TOKEN_NAME)
		return oj_parser_expected(p, "a statement");
	bool equation = p->ahead.kind == TOKEN_SIGN && (p->ahead.sign == '\'' || p->ahead.sign == '[');
	if (equation)
		return parse_definition(p, OJIT_EQUATION);
	if (is_reserved_statement(&at))
		return oj_parser_fail(p, &at, OJIT_UNSUPPORTED, "'%.*s' statements are not supported yet; remove this one",
		                      (int)at.bytes, at.at);
	int kind = definition_kind(&at);
	if (kind >= 0)
		return parse_definitions(p, kind);
	bool function = oj_token_is(&at, "fun"), span = oj_token_is(&at, "span"), solve = oj_token_is(&at, "solve");
	bool nonnegative = oj_token_is(&at, "nonnegative");
	if (!function && !span && !solve && !nonnegative)
		return parse_definition(p, OJIT_EQUATION);
	TRY(oj_parser_advance(p));
	if (nonnegative)
		return parse_nonnegative(p);
	return function ? parse_function(p) : span ? parse_span(p, &at) : parse_solve(p, &at);
}

static ojit_status parse_all(struct parser *p, const struct reading *reading)
{
	TRY(oj_lexer_next(&p->lexer, &p->ahead));
	TRY(oj_parser_advance(p));
	while (p->token.kind != TOKEN_FINISH) {
		if (p->token.kind != TOKEN_END)
			TRY(parse_statement(p));
		if (p->token.kind != TOKEN_END && p->token.kind != TOKEN_FINISH)
			return oj_parser_expected(p, "an operator or the end of the statement");
		if (p->token.kind == TOKEN_END)
			TRY(oj_parser_advance(p));
		if (reading->take)
			TRY(reading->take(reading->user));
	}
	return OJIT_OK;
}

ojit_status oj_syntax_read(struct syntax *syntax, ojit_context *context, const struct reading *reading,
                           struct oj_error *error)
{
	*syntax = (struct syntax){.forest.context = context};
	struct parser p = {.syntax = syntax, .error = error, .base = reading->base};
	if (oj_forest_init(&syntax->forest, context) != OJIT_OK)
		return oj_fail_memory(error);
	if (reading->length >= MARKED)
		return oj_fail(error, OJIT_UNSUPPORTED, "a model text of 2 GiB or more is not supported; "
		               "keep numbers in files of their own");
	oj_text_init(&p.spelled, context);
	oj_lexer_init(&p.lexer, reading->text, reading->length, reading->file, error);
	ojit_status status = parse_all(&p, reading);
	VECTOR_DROP(context, &p.scope);
	oj_text_drop(&p.spelled);
	return status;
}

void oj_syntax_drop(struct syntax *syntax)
{
	ojit_context *context = syntax->forest.context;
	VECTOR_DROP(context, &syntax->clauses);
	VECTOR_DROP(context, &syntax->numbers);
	VECTOR_DROP(context, &syntax->arguments);
	oj_forest_drop(&syntax->forest);
}
