/* From syntax tree to model, through the same calls a C program makes.
 *
 * The terms of a clause are in order of evaluation, so building is one loop over
 * them with a value each.  A call of the model's own function is that loop over
 * the function's body, with the values of the arguments; the same function of the
 * same arguments is built once, so what a body uses twice is not doubled at every
 * level of calls. */
#include "lib/model/definitions.h"
#include "lib/model/syntax.h"

#include <stdio.h>
#include <string.h>

enum { CALL_DEPTH = 200, EXPANSION = 1 << 24, REMEMBERED = 16 };

struct call { /* of a function, done */
	uint32_t next; /* of the same function; 0: none */
	uint32_t result;
	uint32_t first; /* arguments in builder->values */
};
struct builder {
	const struct syntax *syntax;
	ojit_model *model;
	uint32_t source; /* of the model */
	uint32_t *functions; /* [names] clause + 1 */
	uint32_t *calls;     /* [clauses] the latest call of a function */
	unsigned char *active; /* [clauses] the function is being built */
	VECTOR(struct call) done;
	VECTOR(ojit_expr) values;    /* a stack */
	VECTOR(ojit_expr) arguments; /* of the calls in done */
	int depth;
	size_t limit; /* of terms in the model */
};

/* One body: the values of its terms and of its index variables. */
struct frame {
	uint32_t first_term, first_binder;
	size_t terms, binders, arguments; /* in builder->values */
};

static ojit_status build_terms(struct builder *b, const struct clause *clause, struct frame *frame);

static void at_place(struct builder *b, uint32_t place)
{
	struct place p = b->syntax->forest.places.at[place];
	p.source = p.source ? b->source : 0;
	oj_model_set_place(b->model, &p);
}

static bool push_zeros(struct builder *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!VECTOR_PUSH(b->model->context, &b->values, 0))
			return false;
	return true;
}

/* The index variable of a binder, made when it is first met. */
static ojit_expr index_of(struct builder *b, const struct frame *frame, const struct term *t)
{
	ojit_expr *index = &b->values.at[frame->binders + (t->binder - frame->first_binder)];
	if (*index == 0)
		*index = ojit_index(b->model, oj_forest_text(&b->syntax->forest, t->name));
	return *index;
}

/* Among the latest calls only: equal ones stand close together in one body. */
static ojit_expr find_call(const struct builder *b, uint32_t function, uint32_t count, size_t arguments)
{
	int left = REMEMBERED;
	for (uint32_t c = b->calls[function]; c && left-- > 0; c = b->done.at[c - 1].next) {
		const struct call *call = &b->done.at[c - 1];
		if (memcmp(b->arguments.at + call->first, b->values.at + arguments, count * sizeof(ojit_expr)) == 0)
			return call->result;
	}
	return 0;
}

static void keep_call(struct builder *b, uint32_t function, uint32_t count, size_t arguments, ojit_expr result)
{
	struct call call = {b->calls[function], result, (uint32_t)b->arguments.count};
	for (uint32_t i = 0; i < count; i++)
		if (!VECTOR_PUSH(b->model->context, &b->arguments, b->values.at[arguments + i]))
			goto failed;
	if (!VECTOR_PUSH(b->model->context, &b->done, call))
		goto failed;
	b->calls[function] = (uint32_t)b->done.count;
	return;
failed:
	oj_fail_memory(&b->model->error);
}

static ojit_status check_call(struct builder *b, uint32_t function, uint32_t count)
{
	const struct clause *f = &b->syntax->clauses.at[function];
	const char *name = oj_forest_text(&b->syntax->forest, f->name);
	uint32_t here = b->model->place;
	if (count != f->argument_count)
		return oj_model_fail(b->model, here, OJIT_SYNTAX, "%s takes %u argument%s, not %u; correct the call", name, f->argument_count,
		                     f->argument_count == 1 ? "" : "s", count);
	if (b->active[function])
		return oj_model_fail(b->model, here, OJIT_CYCLE, "the function %s calls itself, directly or through others; "
		                     "write its body out", name);
	if (b->depth == CALL_DEPTH)
		return oj_model_fail(b->model, here, OJIT_UNSUPPORTED, "functions call each other more than %d deep; "
		                     "write some of them out", CALL_DEPTH);
	if (b->model->forest.terms.count > b->limit)
		return oj_model_fail(b->model, here, OJIT_UNSUPPORTED, "the calls of functions grow to more than %d operations; "
		                     "name common parts with let", EXPANSION);
	return OJIT_OK;
}

/* A call of a function of the model; its arguments are values[arguments..]. */
static ojit_expr call_function(struct builder *b, uint32_t function, uint32_t count, size_t arguments)
{
	const struct clause *f = &b->syntax->clauses.at[function];
	if (check_call(b, function, count) != OJIT_OK)
		return 0;
	ojit_expr result = find_call(b, function, count, arguments);
	if (result)
		return result;
	struct frame frame = {.arguments = arguments};
	size_t mark = b->values.count;
	b->active[function] = 1;
	b->depth++;
	if (build_terms(b, f, &frame) == OJIT_OK)
		result = b->values.at[frame.terms + (f->value - f->first_term)];
	b->depth--;
	b->active[function] = 0;
	b->values.count = mark;
	if (result)
		keep_call(b, function, count, arguments, result);
	return result;
}

static ojit_expr build_call(struct builder *b, const struct frame *frame, const struct term *t, const uint32_t *operands)
{
	size_t arguments = b->values.count;
	for (uint32_t i = 0; i < t->arity; i++)
		if (!VECTOR_PUSH(b->model->context, &b->values, b->values.at[frame->terms + (operands[i] - frame->first_term)]))
			return oj_fail_memory(&b->model->error), 0;
	uint32_t function = b->functions[t->name];
	const char *name = oj_forest_text(&b->syntax->forest, t->name);
	ojit_expr result = function ? call_function(b, function - 1, t->arity, arguments)
	                            : ojit_call(b->model, name, t->arity, b->values.at + arguments);
	b->values.count = arguments;
	return result;
}

static ojit_expr build_term(struct builder *b, const struct frame *frame, const struct term *t, const uint32_t *operands)
{
	ojit_expr few[REDUCE_PARTS] = {0};
	for (uint32_t i = 0; t->kind != TERM_CALL && i < t->arity; i++)
		few[i] = operands[i] ? b->values.at[frame->terms + (operands[i] - frame->first_term)] : 0;
	struct text name;
	ojit_expr result;
	switch ((enum term_kind)t->kind) {
	case TERM_NUMBER:
		return ojit_number(b->model, t->number);
	case TERM_INDEX:
		return index_of(b, frame, t);
	case TERM_ARGUMENT:
		return b->values.at[frame->arguments + t->binder];
	case TERM_OP:
		return ojit_apply(b->model, (ojit_op)t->op, t->arity, few);
	case TERM_CALL:
		return build_call(b, frame, t, operands);
	case TERM_REDUCE:
		return ojit_reduce(b->model, (ojit_reduction)t->op, 1,
		                   &(ojit_range){few[REDUCE_INDEX], few[REDUCE_FROM], few[REDUCE_TO], t->wrap},
		                   few[REDUCE_FILTER], few[REDUCE_TERM]);
	case TERM_NAME:
		oj_text_init(&name, b->model->context);
		oj_text_string(&name, oj_forest_text(&b->syntax->forest, t->name));
		oj_text_add(&name, "''", t->primes);
		if (name.failed)
			oj_fail_memory(&b->model->error);
		result = ojit_element(b->model, name.failed ? NULL : name.at, t->arity, few);
		oj_text_drop(&name);
		return result;
	case TERM_NONE:
	case TERM_TIME:
		break;
	}
	return 0;
}

/* Build all terms of a clause; frame->arguments is given, the rest is set. */
static ojit_status build_terms(struct builder *b, const struct clause *clause, struct frame *frame)
{
	uint32_t count = clause->end_term - clause->first_term;
	frame->first_term = clause->first_term;
	frame->first_binder = clause->first_binder;
	frame->terms = b->values.count;
	frame->binders = frame->terms + count;
	if (!push_zeros(b, count + (clause->end_binder - clause->first_binder)))
		return oj_fail_memory(&b->model->error);
	const struct forest *f = &b->syntax->forest;
	for (uint32_t i = 0; i < count && b->model->error.status == OJIT_OK; i++) {
		const struct term *t = oj_term(f, clause->first_term + i);
		at_place(b, t->place);
		ojit_expr value = build_term(b, frame, t, oj_term_operands(f, clause->first_term + i));
		b->values.at[frame->terms + i] = value;
	}
	return b->model->error.status;
}

static ojit_expr value_of(const struct builder *b, const struct frame *frame, uint32_t term)
{
	return term ? b->values.at[frame->terms + (term - frame->first_term)] : 0;
}

static ojit_status define(struct builder *b, const struct clause *c, const struct frame *frame)
{
	ojit_range axes[3];
	for (int k = 0; k < c->rank; k++) {
		const struct clause_axis *a = &c->axes[k];
		axes[k] = (ojit_range){value_of(b, frame, a->index), value_of(b, frame, a->lo), value_of(b, frame, a->hi), a->wrap};
	}
	const char *plain = oj_forest_text(&b->syntax->forest, c->name);
	struct text name;
	oj_text_init(&name, b->model->context);
	oj_text_string(&name, plain);
	oj_text_add(&name, "''", c->primes);
	ojit_kind kind = (ojit_kind)c->kind;
	ojit_status status;
	if (name.failed)
		status = oj_fail_memory(&b->model->error);
	else if (c->text)
		status = ojit_define_file(b->model, kind, name.at, c->rank, axes, c->text);
	else if (c->listed)
		status = ojit_define_values(b->model, kind, name.at, c->rank, axes, c->number_count,
		                            b->syntax->numbers.at + c->first_number);
	else
		status = ojit_define(b->model, kind, name.at, c->rank, axes, value_of(b, frame, c->value));
	oj_text_drop(&name);
	return status;
}

static ojit_status build_clause(struct builder *b, const struct clause *c)
{
	struct frame frame = {0};
	b->values.count = 0;
	TRY(build_terms(b, c, &frame));
	at_place(b, c->place);
	if (c->kind == CLAUSE_SPAN)
		return ojit_model_span(b->model, value_of(b, &frame, c->value), value_of(b, &frame, c->second));
	if (c->kind == CLAUSE_SOLVE)
		return ojit_model_solve(b->model, c->text, value_of(b, &frame, c->value), value_of(b, &frame, c->second));
	return define(b, c, &frame);
}

/* Note which names are functions. */
static ojit_status note_functions(struct builder *b)
{
	const struct syntax *s = b->syntax;
	for (size_t i = 0; i < s->clauses.count; i++) {
		const struct clause *c = &s->clauses.at[i];
		if (c->kind != CLAUSE_FUNCTION)
			continue;
		const char *name = oj_forest_text(&s->forest, c->name);
		at_place(b, c->place);
		uint32_t here = b->model->place;
		if (oj_function_find(name) != OJIT_OP_COUNT || strcmp(name, "sum") == 0 || strcmp(name, "prod") == 0)
			return oj_model_fail(b->model, here, OJIT_NAME, "%s is a function of the language; choose another name", name);
		uint32_t other = b->functions[c->name];
		if (other)
			return oj_model_fail(b->model, here, OJIT_NAME, "the function %s is defined twice (first in line %u); rename one",
			                     name, s->forest.places.at[s->clauses.at[other - 1].place].line);
		b->functions[c->name] = (uint32_t)i + 1;
	}
	return OJIT_OK;
}

/* A function nobody calls is still checked, with its arguments standing for 0. */
static ojit_status check_unused(struct builder *b)
{
	for (size_t i = 0; i < b->syntax->clauses.count; i++) {
		const struct clause *c = &b->syntax->clauses.at[i];
		if (c->kind != CLAUSE_FUNCTION || b->calls[i])
			continue;
		b->values.count = 0;
		at_place(b, c->place);
		ojit_expr zero = ojit_number(b->model, 0);
		for (uint32_t k = 0; k < c->argument_count; k++)
			if (!VECTOR_PUSH(b->model->context, &b->values, zero))
				return oj_fail_memory(&b->model->error);
		call_function(b, (uint32_t)i, c->argument_count, 0);
		if (b->model->error.status != OJIT_OK)
			break;
	}
	return b->model->error.status;
}

static ojit_status build_all(struct builder *b)
{
	const struct source *source = &b->syntax->forest.sources.at[b->syntax->forest.sources.count - 1];
	b->source = oj_model_source(b->model, source->file, source->text, source->text ? strlen(source->text) : 0);
	TRY(note_functions(b));
	for (size_t i = 0; i < b->syntax->clauses.count; i++)
		if (b->syntax->clauses.at[i].kind != CLAUSE_FUNCTION)
			TRY(build_clause(b, &b->syntax->clauses.at[i]));
	return check_unused(b);
}

ojit_status oj_syntax_build(const struct syntax *syntax, ojit_model *model)
{
	struct builder b = {.syntax = syntax, .model = model};
	struct arena arena;
	if (model->error.status != OJIT_OK)
		return model->error.status;
	oj_arena_init(&arena, model->context);
	b.limit = model->forest.terms.count + syntax->forest.terms.count + EXPANSION;
	b.functions = ARENA_ZEROED(&arena, uint32_t, syntax->forest.names.at.count);
	b.calls = ARENA_ZEROED(&arena, uint32_t, syntax->clauses.count);
	b.active = ARENA_ZEROED(&arena, unsigned char, syntax->clauses.count);
	if (!arena.failed)
		build_all(&b);
	else
		oj_fail_memory(&model->error);
	VECTOR_DROP(model->context, &b.done);
	VECTOR_DROP(model->context, &b.values);
	VECTOR_DROP(model->context, &b.arguments);
	oj_arena_drop(&arena);
	model->place = 0;
	return model->error.status;
}
