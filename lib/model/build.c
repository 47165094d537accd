/* From syntax tree to model, through the same calls a C program makes.
 *
 * The terms of a clause are in order of evaluation, so building is one loop over
 * them with a value each.  A call of the model's own function is that loop over
 * the function's body, with the values of the arguments; the same function of the
 * same arguments is built once, so what a body uses twice is not doubled at every
 * level of calls.
 *
 * Clauses are built and forgotten while the text is being read, a batch at a time,
 * so that a long text is never there as a whole twice.  A batch that calls what is
 * no function yet waits until it is, or for the end of the text. */
#include "lib/model/definitions.h"
#include "lib/model/syntax.h"

#include <stdio.h>
#include <string.h>

enum { CALL_DEPTH = 200, EXPANSION = 1 << 24, REMEMBERED = 16, BATCH = 4096 };

struct call { /* of a function, done */
	uint32_t next; /* of the same function; 0: none */
	uint32_t result;
	uint32_t first; /* arguments in builder->values */
};
struct called { /* a function of the model */
	uint32_t clause;
	uint32_t latest; /* call in builder->done, + 1 */
	bool active;     /* it is being built */
};
struct known { /* a name of the syntax tree */
	uint32_t function; /* of builder->functions, + 1 */
	uint32_t name;     /* its number in the model, + 1 */
};
/* How much of the tree stays when the rest is forgotten. */
struct extent {
	size_t terms, operands, clauses, numbers, arguments;
	uint32_t binders;
};
struct builder {
	struct syntax syntax;
	ojit_model *model;
	VECTOR(struct called) functions;
	VECTOR(struct known) known; /* by name */
	VECTOR(struct call) done;
	VECTOR(ojit_expr) values;    /* a stack */
	VECTOR(ojit_expr) arguments; /* of the calls in done */
	int depth;
	size_t limit; /* of terms in the model */
	struct extent kept;
	size_t noted, seen; /* clauses whose functions are known; terms whose calls were looked at */
	size_t due;         /* terms that make a batch */
};

/* One body: the values of its terms and of its index variables. */
struct frame {
	uint32_t first_term, first_binder;
	size_t terms, binders, arguments; /* in builder->values */
};

static ojit_status build_terms(struct builder *b, const struct clause *clause, struct frame *frame);

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
		*index = ojit_index(b->model, oj_forest_text(&b->syntax.forest, t->name));
	return *index;
}

/* Among the latest calls only: equal ones stand close together in one body. */
static ojit_expr find_call(const struct builder *b, uint32_t function, uint32_t count, size_t arguments)
{
	int left = REMEMBERED;
	for (uint32_t c = b->functions.at[function].latest; c && left-- > 0; c = b->done.at[c - 1].next) {
		const struct call *call = &b->done.at[c - 1];
		if (memcmp(b->arguments.at + call->first, b->values.at + arguments, count * sizeof(ojit_expr)) == 0)
			return call->result;
	}
	return 0;
}

static void keep_call(struct builder *b, uint32_t function, uint32_t count, size_t arguments, ojit_expr result)
{
	struct call call = {b->functions.at[function].latest, result, (uint32_t)b->arguments.count};
	for (uint32_t i = 0; i < count; i++)
		if (!VECTOR_PUSH(b->model->context, &b->arguments, b->values.at[arguments + i]))
			goto failed;
	if (!VECTOR_PUSH(b->model->context, &b->done, call))
		goto failed;
	b->functions.at[function].latest = (uint32_t)b->done.count;
	return;
failed:
	oj_fail_memory(&b->model->error);
}

static ojit_status check_call(struct builder *b, uint32_t function, uint32_t count)
{
	const struct clause *f = &b->syntax.clauses.at[b->functions.at[function].clause];
	const char *name = oj_forest_text(&b->syntax.forest, f->name);
	uint32_t here = b->model->place;
	if (count != f->argument_count)
		return oj_model_fail(b->model, here, OJIT_SYNTAX, "%s takes %u argument%s, not %u; correct the call", name, f->argument_count,
		                     f->argument_count == 1 ? "" : "s", count);
	if (b->functions.at[function].active)
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
	const struct clause *f = &b->syntax.clauses.at[b->functions.at[function].clause];
	if (check_call(b, function, count) != OJIT_OK)
		return 0;
	ojit_expr result = find_call(b, function, count, arguments);
	if (result)
		return result;
	struct frame frame = {.arguments = arguments};
	size_t mark = b->values.count;
	b->functions.at[function].active = true;
	b->depth++;
	if (build_terms(b, f, &frame) == OJIT_OK)
		result = b->values.at[frame.terms + (f->value - f->first_term)];
	b->depth--;
	b->functions.at[function].active = false;
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
	uint32_t function = b->known.at[t->name].function;
	const char *name = oj_forest_text(&b->syntax.forest, t->name);
	ojit_expr result = function ? call_function(b, function - 1, t->arity, arguments)
	                            : ojit_call(b->model, name, t->arity, b->values.at + arguments);
	b->values.count = arguments;
	return result;
}

/* A name as the model numbers it; t, pi and inf are none. */
static ojit_expr build_name(struct builder *b, const struct term *t, const ojit_expr *subscripts)
{
	struct known *known = &b->known.at[t->name];
	const char *text = oj_forest_text(&b->syntax.forest, t->name);
	if (known->name == 0 && t->primes == 0 && t->arity == 0 && oj_name_reserved(text))
		return ojit_name(b->model, text);
	if (known->name == 0)
		known->name = oj_forest_name(&b->model->forest, text, strlen(text)) + 1;
	if (known->name == 0)
		return oj_fail_memory(&b->model->error), 0;
	return oj_model_reference(b->model, known->name - 1, t->primes, t->arity, subscripts);
}

static ojit_expr build_term(struct builder *b, const struct frame *frame, const struct term *t, const uint32_t *operands)
{
	ojit_expr few[REDUCE_PARTS] = {0};
	for (uint32_t i = 0; t->kind != TERM_CALL && i < t->arity; i++)
		few[i] = operands[i] ? b->values.at[frame->terms + (operands[i] - frame->first_term)] : 0;
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
		return build_name(b, t, few);
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
	const struct forest *f = &b->syntax.forest;
	for (uint32_t i = 0; i < count && b->model->error.status == OJIT_OK; i++) {
		const struct term *t = oj_term(f, clause->first_term + i);
		b->model->place = t->place;
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
	const char *plain = oj_forest_text(&b->syntax.forest, c->name);
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
		                            b->syntax.numbers.at + c->first_number);
	else
		status = ojit_define(b->model, kind, name.at, c->rank, axes, value_of(b, frame, c->value));
	oj_text_drop(&name);
	return status;
}

static ojit_status build_solve(struct builder *b, const struct clause *c, struct frame *frame)
{
	ojit_expr settings[SETTINGS];
	for (int k = 0; k < SETTINGS; k++)
		settings[k] = value_of(b, frame, c->settings[k]);
	return oj_model_set(b->model, c->text, settings);
}

static ojit_status build_clause(struct builder *b, const struct clause *c)
{
	struct frame frame = {0};
	b->values.count = 0;
	TRY(build_terms(b, c, &frame));
	b->model->place = c->place;
	if (c->kind == CLAUSE_SPAN)
		return ojit_model_span(b->model, value_of(b, &frame, c->value), value_of(b, &frame, c->second));
	if (c->kind == CLAUSE_SOLVE)
		return build_solve(b, c, &frame);
	if (c->kind == CLAUSE_NONNEGATIVE)
		return ojit_model_nonnegative(b->model, oj_forest_text(&b->syntax.forest, c->name));
	return define(b, c, &frame);
}

/* Note what the clause defines, where that is a function. */
static ojit_status note_function(struct builder *b, uint32_t clause)
{
	const struct clause *c = &b->syntax.clauses.at[clause];
	const char *name = oj_forest_text(&b->syntax.forest, c->name);
	uint32_t *function = &b->known.at[c->name].function;
	if (oj_function_find(name) != OJIT_OP_COUNT || strcmp(name, "sum") == 0 || strcmp(name, "prod") == 0)
		return oj_model_fail(b->model, c->place, OJIT_NAME, "%s is a function of the language; choose another name", name);
	if (*function) {
		uint32_t other = b->syntax.clauses.at[b->functions.at[*function - 1].clause].place;
		return oj_model_fail(b->model, c->place, OJIT_NAME, "the function %s is defined twice (first in line %d); rename one",
		                     name, oj_forest_origin(&b->model->forest, other).line);
	}
	if (!VECTOR_PUSH(b->model->context, &b->functions, (struct called){.clause = clause}))
		return oj_fail_memory(&b->model->error);
	*function = (uint32_t)b->functions.count;
	return OJIT_OK;
}

static ojit_status note_functions(struct builder *b)
{
	while (b->known.count < b->syntax.forest.names.at.count)
		if (!VECTOR_PUSH(b->model->context, &b->known, (struct known){0}))
			return oj_fail_memory(&b->model->error);
	for (; b->noted < b->syntax.clauses.count; b->noted++)
		if (b->syntax.clauses.at[b->noted].kind == CLAUSE_FUNCTION)
			TRY(note_function(b, (uint32_t)b->noted));
	return OJIT_OK;
}

/* Are all functions known that are called?  Those found to be are not looked at again. */
static bool calls_are_known(struct builder *b)
{
	for (; b->seen < b->syntax.forest.terms.count; b->seen++) {
		const struct term *t = oj_term(&b->syntax.forest, (uint32_t)b->seen);
		if (t->kind == TERM_CALL && !b->known.at[t->name].function &&
		    oj_function_find(oj_forest_text(&b->syntax.forest, t->name)) == OJIT_OP_COUNT)
			return false;
	}
	return true;
}

static struct extent extent_of(const struct syntax *s)
{
	return (struct extent){s->forest.terms.count, s->forest.operands.count, s->clauses.count,
	                       s->numbers.count, s->arguments.count, s->binders};
}

/* Forget the clauses since the last batch, unless a function is among them. */
static void forget_clauses(struct builder *b)
{
	struct syntax *s = &b->syntax;
	bool function = false;
	for (size_t i = b->kept.clauses; i < s->clauses.count; i++)
		function = function || s->clauses.at[i].kind == CLAUSE_FUNCTION;
	if (function)
		b->kept = extent_of(s);
	s->forest.terms.count = b->kept.terms;
	s->forest.operands.count = b->kept.operands;
	s->clauses.count = b->kept.clauses;
	s->numbers.count = b->kept.numbers;
	s->arguments.count = b->kept.arguments;
	s->binders = b->kept.binders;
	b->noted = b->kept.clauses;
	b->seen = b->kept.terms;
	b->due = b->kept.terms + BATCH;
}

static ojit_status build_batch(struct builder *b)
{
	b->limit += b->syntax.forest.terms.count - b->kept.terms;
	for (size_t i = b->kept.clauses; i < b->syntax.clauses.count; i++)
		if (b->syntax.clauses.at[i].kind != CLAUSE_FUNCTION)
			TRY(build_clause(b, &b->syntax.clauses.at[i]));
	forget_clauses(b);
	return OJIT_OK;
}

/* A statement was read. */
static ojit_status take_statement(void *user)
{
	struct builder *b = user;
	size_t terms = b->syntax.forest.terms.count;
	if (terms < b->due)
		return OJIT_OK;
	TRY(note_functions(b));
	if (calls_are_known(b))
		return build_batch(b);
	b->due = 2 * terms;
	return OJIT_OK;
}

/* A function nobody calls is still checked, with its arguments standing for 0. */
static ojit_status check_unused(struct builder *b)
{
	for (uint32_t i = 0; i < b->functions.count; i++) {
		const struct clause *c = &b->syntax.clauses.at[b->functions.at[i].clause];
		if (b->functions.at[i].latest)
			continue;
		b->values.count = 0;
		b->model->place = c->place;
		ojit_expr zero = ojit_number(b->model, 0);
		for (uint32_t k = 0; k < c->argument_count; k++)
			if (!VECTOR_PUSH(b->model->context, &b->values, zero))
				return oj_fail_memory(&b->model->error);
		call_function(b, i, c->argument_count, 0);
		if (b->model->error.status != OJIT_OK)
			break;
	}
	return b->model->error.status;
}

static ojit_status build_all(struct builder *b, const struct source *source)
{
	struct reading reading = {.file = source->file, .text = source->text, .length = source->length,
	                          .base = source->base, .take = take_statement, .user = b};
	TRY(oj_syntax_read(&b->syntax, b->model->context, &reading, &b->model->error));
	TRY(note_functions(b));
	TRY(build_batch(b));
	return check_unused(b);
}

ojit_status oj_syntax_build(ojit_model *model, uint32_t source)
{
	struct builder b = {.model = model, .due = BATCH, .kept = {.terms = 1, .operands = 1}};
	b.limit = model->forest.terms.count + EXPANSION;
	build_all(&b, &model->forest.sources.at[source]);
	VECTOR_DROP(model->context, &b.functions);
	VECTOR_DROP(model->context, &b.known);
	VECTOR_DROP(model->context, &b.done);
	VECTOR_DROP(model->context, &b.values);
	VECTOR_DROP(model->context, &b.arguments);
	oj_syntax_drop(&b.syntax);
	struct forest *f = &model->forest;
	if (!VECTOR_TRIM(model->context, &f->terms) || !VECTOR_TRIM(model->context, &f->operands) ||
	    (model->definitions.count && !VECTOR_TRIM(model->context, &model->definitions)) ||
	    (model->axes.count && !VECTOR_TRIM(model->context, &model->axes)) ||
	    (f->names.at.count && !VECTOR_TRIM(model->context, &f->names.at)))
		oj_fail_memory(&model->error);
	model->place = 0;
	return model->error.status;
}
