/* Syntax trees and models as text that reads back.
 *
 * An expression is printed from a stack of pieces still to come, so its depth does
 * not matter; brackets stand only where precedence wants them. */
#include "lib/model/definitions.h"
#include "lib/model/syntax.h"

#include <math.h>
#include <string.h>

struct printed {
	const char *text; /* or */
	uint32_t term;
	int least; /* how tightly the term must bind */
};
struct printer {
	const struct forest *forest;
	struct text *text;
	VECTOR(struct printed) stack;
};

static void push(struct printer *p, const char *text, uint32_t term, int least)
{
	if (!VECTOR_PUSH(p->forest->context, &p->stack, (struct printed){text, term, least}))
		p->text->failed = true;
}

static int binding_of(const struct term *t)
{
	if (t->kind == TERM_NUMBER)
		return isnan(t->number) ? BIND_PRODUCT : signbit(t->number) ? BIND_SIGN : BIND_ATOM;
	if (t->kind == TERM_OP && oj_functions[t->op].infix)
		return oj_functions[t->op].infix;
	return BIND_ATOM;
}

/* Push operands separated by commas, then a closing bracket: last piece first. */
static void push_list(struct printer *p, const uint32_t *operands, uint32_t count, const char *close)
{
	push(p, close, 0, 0);
	while (count-- > 0) {
		push(p, NULL, operands[count], BIND_OR);
		if (count > 0)
			push(p, ", ", 0, 0);
	}
}

static void print_operator(struct printer *p, const struct term *t, const uint32_t *o)
{
	static const char *const words[OJIT_OP_COUNT] = {
		[OJIT_ADD] = " + ", [OJIT_SUB] = " - ", [OJIT_MUL] = "*", [OJIT_DIV] = "/", [OJIT_POW] = "^",
		[OJIT_LT] = " < ", [OJIT_LE] = " <= ", [OJIT_GT] = " > ", [OJIT_GE] = " >= ",
		[OJIT_EQ] = " == ", [OJIT_NE] = " != ", [OJIT_AND] = " and ", [OJIT_OR] = " or ",
	};
	const struct function *f = &oj_functions[t->op];
	if (f->infix == 0) {
		oj_text_string(p->text, f->text);
		oj_text_string(p->text, "(");
		push_list(p, o, t->arity, ")");
	} else if (t->arity == 1) {
		oj_text_string(p->text, t->op == OJIT_NOT ? "not " : "-");
		push(p, NULL, o[0], f->infix);
	} else {
		bool power = t->op == OJIT_POW, chain = f->infix != BIND_COMPARE && !power;
		push(p, NULL, o[1], power ? BIND_POWER : f->infix + 1);
		push(p, words[t->op], 0, 0);
		push(p, NULL, o[0], chain ? f->infix : f->infix + 1);
	}
}

static void print_reduction(struct printer *p, const struct term *t, const uint32_t *o)
{
	static const char *const words[] = {"sum(", "prod(", "min(", "max("};
	oj_text_string(p->text, words[t->op]);
	push(p, ")", 0, 0);
	push(p, NULL, o[REDUCE_TERM], BIND_OR);
	push(p, ", ", 0, 0);
	if (o[REDUCE_FILTER]) {
		push(p, NULL, o[REDUCE_FILTER], BIND_OR);
		push(p, " if ", 0, 0);
	}
	if (t->wrap)
		push(p, " wrap", 0, 0);
	push(p, NULL, o[REDUCE_TO], BIND_SUM);
	push(p, "..", 0, 0);
	push(p, NULL, o[REDUCE_FROM], BIND_SUM);
	push(p, " in ", 0, 0);
	push(p, NULL, o[REDUCE_INDEX], BIND_ATOM);
}

static void print_number(struct text *text, double value)
{
	if (isnan(value))
		oj_text_string(text, "0/0");
	else
		oj_text_double(text, value);
}

static void print_one(struct printer *p, uint32_t term)
{
	const struct term *t = oj_term(p->forest, term);
	const uint32_t *o = oj_term_operands(p->forest, term);
	switch ((enum term_kind)t->kind) {
	case TERM_NUMBER:
		print_number(p->text, t->number);
		break;
	case TERM_TIME:
		oj_text_string(p->text, "t");
		break;
	case TERM_CALL:
		oj_text_string(p->text, oj_forest_text(p->forest, t->name));
		oj_text_string(p->text, "(");
		push_list(p, o, t->arity, ")");
		break;
	case TERM_NAME:
		oj_text_string(p->text, oj_forest_text(p->forest, t->name));
		oj_text_add(p->text, "''", t->primes);
		if (t->arity) {
			oj_text_string(p->text, "[");
			push_list(p, o, t->arity, "]");
		}
		break;
	case TERM_INDEX:
	case TERM_ARGUMENT:
		oj_text_string(p->text, oj_forest_text(p->forest, t->name));
		break;
	case TERM_OP:
		print_operator(p, t, o);
		break;
	case TERM_REDUCE:
		print_reduction(p, t, o);
		break;
	case TERM_NONE:
		break;
	}
}

/* What is used many times is written out each time, so the text may be longer than
 * any memory; it is `refused` where it grows beyond this many bytes. */
enum { EXPRESSION_BYTES = 1 << 26 };

static void print_at_least(const struct forest *forest, uint32_t term, int least, struct text *text)
{
	struct printer p = {.forest = forest, .text = text};
	size_t most = text->length + EXPRESSION_BYTES;
	push(&p, NULL, term, least);
	while (p.stack.count > 0 && !text->failed) {
		if (text->length > most) {
			text->failed = text->refused = true;
			break;
		}
		struct printed piece = p.stack.at[--p.stack.count];
		if (piece.text) {
			oj_text_string(text, piece.text);
			continue;
		}
		bool brackets = binding_of(oj_term(forest, piece.term)) < piece.least;
		if (brackets) {
			oj_text_string(text, "(");
			push(&p, ")", 0, 0);
		}
		print_one(&p, piece.term);
	}
	VECTOR_DROP(forest->context, &p.stack);
}

void oj_term_print(const struct forest *forest, uint32_t term, struct text *text)
{
	print_at_least(forest, term, BIND_OR, text);
}

/* ---- definitions */

static const char *const keywords[] = {
	[OJIT_CONST] = "const ", [OJIT_PARAM] = "param ", [OJIT_INIT] = "init ", [OJIT_EQUATION] = "",
	[OJIT_LET] = "let ", [OJIT_OUT] = "out ", [OJIT_TABLE] = "index ",
};

/* What both kinds of definition come to. */
struct statement {
	int kind, primes, rank;
	uint32_t name, value;
	struct clause_axis axes[3];
	const char *path;
	bool listed;
	const double *numbers;
	size_t count;
};

static void print_axes(const struct forest *f, const struct statement *s, struct text *text)
{
	for (int k = 0; k < s->rank; k++) {
		const struct clause_axis *a = &s->axes[k];
		oj_text_string(text, k ? ", " : "[");
		if (a->index) {
			oj_term_print(f, a->index, text);
			oj_text_string(text, " in ");
		}
		print_at_least(f, a->lo, BIND_SUM, text);
		if (a->index) {
			oj_text_string(text, "..");
			print_at_least(f, a->hi, BIND_SUM, text);
		}
		if (a->wrap && a->index)
			oj_text_string(text, " wrap");
	}
	if (s->rank)
		oj_text_string(text, "]");
}

static void print_statement(const struct forest *f, const struct statement *s, struct text *text)
{
	oj_text_string(text, keywords[s->kind]);
	oj_text_string(text, oj_forest_text(f, s->name));
	print_axes(f, s, text);
	oj_text_add(text, "''", (size_t)s->primes);
	if (s->path) {
		oj_text_format(text, " from \"%s\"", s->path);
	} else if (s->listed) {
		oj_text_string(text, " = [");
		for (size_t i = 0; i < s->count; i++) {
			oj_text_string(text, i ? ", " : "");
			print_number(text, s->numbers[i]);
		}
		oj_text_string(text, "]");
	} else if (s->value) {
		oj_text_string(text, " = ");
		oj_term_print(f, s->value, text);
	}
	oj_text_string(text, "\n");
}

static void print_span(const struct forest *f, uint32_t from, uint32_t to, struct text *text)
{
	oj_text_string(text, "span ");
	print_at_least(f, from, BIND_SUM, text);
	oj_text_string(text, " .. ");
	print_at_least(f, to, BIND_SUM, text);
	oj_text_string(text, "\n");
}

/* Nothing where nothing is given. */
static void print_solve(const struct forest *f, const char *method, const uint32_t settings[SETTINGS], struct text *text)
{
	const char *between = "solve ";
	if (method)
		oj_text_format(text, "%smethod = %s", between, method), between = ", ";
	for (int k = 0; k < SETTINGS; k++) {
		if (!settings[k])
			continue;
		oj_text_format(text, "%s%s = ", between, oj_solve_numbers[k].name), between = ", ";
		oj_term_print(f, settings[k], text);
	}
	if (*between == ',')
		oj_text_string(text, "\n");
}

static void print_function(const struct syntax *syntax, const struct clause *c, struct text *text)
{
	const struct forest *f = &syntax->forest;
	oj_text_format(text, "fun %s(", oj_forest_text(f, c->name));
	for (uint32_t k = 0; k < c->argument_count; k++)
		oj_text_format(text, k ? ", %s" : "%s", oj_forest_text(f, syntax->arguments.at[c->first_argument + k]));
	oj_text_string(text, ") = ");
	oj_term_print(f, c->value, text);
	oj_text_string(text, "\n");
}

void oj_syntax_print(const struct syntax *syntax, struct text *text)
{
	for (size_t i = 0; i < syntax->clauses.count; i++) {
		const struct clause *c = &syntax->clauses.at[i];
		if (c->kind == CLAUSE_FUNCTION) {
			print_function(syntax, c, text);
		} else if (c->kind == CLAUSE_SPAN) {
			print_span(&syntax->forest, c->value, c->second, text);
		} else if (c->kind == CLAUSE_SOLVE) {
			print_solve(&syntax->forest, c->text, c->settings, text);
		} else if (c->kind == CLAUSE_NONNEGATIVE) {
			oj_text_format(text, "nonnegative %s\n", oj_forest_text(&syntax->forest, c->name));
		} else {
			struct statement s = {c->kind, c->primes, c->rank, c->name, c->value, {{0}}, c->text, c->listed,
			                      c->listed ? syntax->numbers.at + c->first_number : NULL, c->number_count};
			memcpy(s.axes, c->axes, sizeof s.axes);
			print_statement(&syntax->forest, &s, text);
		}
	}
}

void oj_model_print(const ojit_model *model, struct text *text)
{
	for (size_t i = 0; i < model->definitions.count; i++) {
		const struct definition *d = &model->definitions.at[i];
		const struct given none = {0}, *given = d->given ? oj_model_given(model, (uint32_t)i) : &none;
		struct statement s = {d->kind, d->primes, d->rank, d->name, d->value, {{0}}, given->path, given->numbers != NULL,
		                      given->numbers, given->count};
		for (int k = 0; k < d->rank; k++) {
			const struct axis *a = &model->axes.at[d->axes + (uint32_t)k];
			s.axes[k] = (struct clause_axis){a->index, a->lo, a->hi, d->wraps >> k & 1};
		}
		print_statement(&model->forest, &s, text);
	}
	if (model->span[0])
		print_span(&model->forest, model->span[0], model->span[1], text);
	print_solve(&model->forest, model->method, model->settings, text);
	for (size_t i = 0; i < model->nonnegative.count; i++)
		oj_text_format(text, "nonnegative %s\n", oj_forest_text(&model->forest, model->nonnegative.at[i].name));
}
