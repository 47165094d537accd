/* The builder: see include/ojit/model.h.  Each call checks its own arguments, adds
 * a term or a definition, or makes the model's first error stick. */
#include "lib/model/definitions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

ojit_model *ojit_model_new(ojit_context *context)
{
	ojit_model *model = oj_memory_get(context, sizeof *model);
	if (!model)
		return NULL;
	*model = (ojit_model){.context = context};
	if (oj_forest_init(&model->forest, context) != OJIT_OK) {
		oj_memory_put(context, model, sizeof *model);
		return NULL;
	}
	oj_error_init(&model->error, context);
	oj_text_init(&model->spelled, context);
	return model;
}

void ojit_model_free(ojit_model *model)
{
	if (!model)
		return;
	ojit_context *context = model->context;
	VECTOR_DROP(context, &model->definitions);
	VECTOR_DROP(context, &model->axes);
	VECTOR_DROP(context, &model->givens);
	VECTOR_DROP(context, &model->overridings);
	VECTOR_DROP(context, &model->nonnegative);
	oj_forest_drop(&model->forest);
	oj_error_drop(&model->error);
	oj_text_drop(&model->spelled);
	oj_memory_put(context, model, sizeof *model);
}

ojit_error ojit_model_error(const ojit_model *model)
{
	return oj_error_public(&model->error);
}

ojit_status oj_model_fail(ojit_model *model, uint32_t place, ojit_status status, const char *format, ...)
{
	char message[512];
	struct origin origin = oj_forest_origin(&model->forest, place);
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return oj_fail_at(&model->error, status, &origin, "%s", message);
}

static bool failed(const ojit_model *model)
{
	return model->error.status != OJIT_OK;
}

/* ---- places */

uint32_t oj_model_source(ojit_model *model, const char *file, const char *text, size_t length)
{
	if (text && !oj_forest_has_room(&model->forest, length)) {
		oj_fail(&model->error, OJIT_UNSUPPORTED, "texts of a model of 2 GiB or more in all are not supported; "
		        "keep numbers in files of their own");
		return 0;
	}
	uint32_t source = oj_forest_source(&model->forest, file, text, length);
	if (!source)
		oj_fail_memory(&model->error);
	return source;
}

void ojit_model_place(ojit_model *model, const char *file, int line)
{
	if (failed(model))
		return;
	struct forest *f = &model->forest;
	const char *last = f->sources.at[f->sources.count - 1].file;
	uint32_t source = (uint32_t)f->sources.count - 1;
	if (!file || !*file)
		source = 0;
	else if (!last || strcmp(last, file) != 0 || f->sources.at[source].text)
		source = oj_model_source(model, file, NULL, 0);
	if (failed(model))
		return;
	model->place = oj_forest_mark(f, source, line > 0 ? (uint32_t)line : 0);
	if (!model->place)
		oj_fail_memory(&model->error);
}

/* ---- names */

/* `name` with its primes taken off and counted; false: failed. */
static bool take_name(ojit_model *model, const char *name, uint32_t *number, uint8_t *primes)
{
	const char *reason;
	size_t length = name ? strlen(name) : 0;
	*primes = 0;
	while (primes && length > 0 && name[length - 1] == '\'' && *primes < 3)
		length--, ++*primes;
	oj_text_drop(&model->spelled);
	if (!name || !oj_name_spell(name, length, &model->spelled, &reason)) {
		if (name && model->spelled.failed)
			oj_fail_memory(&model->error);
		else
			oj_model_fail(model, model->place, OJIT_ARGUMENT, "'%s' is not a name: %s", name ? name : "NULL",
			              name ? reason : "give one");
		return false;
	}
	if (*primes > 2) {
		oj_model_fail(model, model->place, OJIT_UNSUPPORTED, "%s: derivatives beyond the second are not supported; "
		              "give the second derivative a name and an equation", name);
		return false;
	}
	bool spelled = model->spelled.length > 0;
	*number = oj_forest_name(&model->forest, spelled ? model->spelled.at : name,
	                         spelled ? model->spelled.length : length);
	if (*number == UINT32_MAX)
		oj_fail_memory(&model->error);
	return *number != UINT32_MAX;
}

/* The same for a name that is to be defined, without primes unless `primes`. */
static bool take_new_name(ojit_model *model, const char *name, uint32_t *number, uint8_t *primes)
{
	uint8_t ignored;
	if (!take_name(model, name, number, primes ? primes : &ignored))
		return false;
	const char *text = oj_forest_text(&model->forest, *number);
	if (!primes && ignored)
		oj_model_fail(model, model->place, OJIT_ARGUMENT, "%s cannot have a prime; remove it", name);
	else if (oj_name_reserved(text))
		oj_model_fail(model, model->place, OJIT_NAME, "%s has a meaning of its own in expressions; choose another name", text);
	return !failed(model);
}

/* ---- expressions */

/* With no failure before, a 0 is the caller's mistake: it must not spread unseen,
 * for 0 means "no filter" and "what has this name" where it would end. */
static bool check_operands(ojit_model *model, const struct term *term, uint32_t arity, const ojit_expr *operands)
{
	for (uint32_t i = 0; operands && i < arity; i++) {
		bool optional = term->kind == TERM_REDUCE && i == REDUCE_FILTER;
		if (operands[i] == 0 && !optional)
			oj_model_fail(model, model->place, OJIT_ARGUMENT, "an operand is 0, which is no expression; "
			              "make numbers with ojit_number");
		else if (operands[i] >= model->forest.terms.count)
			oj_model_fail(model, model->place, OJIT_ARGUMENT, "an operand is not an expression of this model; "
			              "make numbers with ojit_number");
	}
	if (!operands && arity)
		oj_model_fail(model, model->place, OJIT_ARGUMENT, "the operands are NULL; give as many as their count says");
	return !failed(model);
}

static ojit_expr add_term(ojit_model *model, struct term term, uint32_t arity, const ojit_expr *operands)
{
	if (failed(model) || !check_operands(model, &term, arity, operands))
		return 0;
	term.place = model->place;
	ojit_expr e = oj_forest_add(&model->forest, term, arity, operands);
	if (!e)
		oj_fail_memory(&model->error);
	return e;
}

ojit_expr ojit_number(ojit_model *model, double value)
{
	return add_term(model, (struct term){.kind = TERM_NUMBER, .number = value}, 0, NULL);
}

ojit_expr ojit_time(ojit_model *model)
{
	return add_term(model, (struct term){.kind = TERM_TIME}, 0, NULL);
}

ojit_expr ojit_name(ojit_model *model, const char *name)
{
	return ojit_element(model, name, 0, NULL);
}

ojit_expr ojit_element(ojit_model *model, const char *name, unsigned rank, const ojit_expr *subscripts)
{
	uint32_t number;
	if (failed(model))
		return 0;
	if (name && rank == 0 && strcmp(name, "t") == 0)
		return ojit_time(model);
	if (name && rank == 0 && (strcmp(name, "pi") == 0 || strcmp(name, "inf") == 0))
		return ojit_number(model, name[0] == 'p' ? M_PI : INFINITY);
	if (rank > 3) {
		oj_model_fail(model, model->place, OJIT_UNSUPPORTED, "arrays of more than three indices are not supported");
		return 0;
	}
	uint8_t primes;
	if (!take_name(model, name, &number, &primes))
		return 0;
	return oj_model_reference(model, number, primes, rank, subscripts);
}

ojit_expr oj_model_reference(ojit_model *model, uint32_t name, unsigned primes, unsigned rank, const ojit_expr *subscripts)
{
	return add_term(model, (struct term){.kind = TERM_NAME, .name = name, .primes = primes & 3}, rank, subscripts);
}

ojit_expr ojit_apply(ojit_model *model, ojit_op op, unsigned count, const ojit_expr *operands)
{
	if (failed(model))
		return 0;
	if ((unsigned)op >= OJIT_OP_COUNT) {
		oj_model_fail(model, model->place, OJIT_ARGUMENT, "%d is not an operator; use one of enum ojit_op", (int)op);
		return 0;
	}
	const struct function *f = &oj_functions[op];
	if (count < f->least || count > f->most) {
		char many[32];
		snprintf(many, sizeof many, f->least == f->most ? "%d" : "%d to %d", f->least, f->most);
		oj_model_fail(model, model->place, OJIT_SYNTAX, "%s takes %s argument%s, not %u; correct the call", f->text, many,
		              f->most == 1 ? "" : "s", count);
		return 0;
	}
	return add_term(model, (struct term){.kind = TERM_OP, .op = (uint8_t)op}, count, operands);
}

static void fail_function(ojit_model *model, const char *function)
{
	struct nearest nearest = {.name = function};
	for (int op = 0; op < OJIT_OP_COUNT; op++)
		if (oj_functions[op].infix == 0)
			oj_nearest_offer(&nearest, oj_functions[op].text);
	oj_model_fail(model, model->place, OJIT_NAME, nearest.best ? "there is no function %s; did you mean %s?"
	              : "there is no function %s; define it with fun, or write * if a product is meant", function, nearest.best);
}

ojit_expr ojit_call(ojit_model *model, const char *function, unsigned count, const ojit_expr *operands)
{
	if (failed(model))
		return 0;
	ojit_op op = function ? oj_function_find(function) : OJIT_OP_COUNT;
	if (op != OJIT_OP_COUNT)
		return ojit_apply(model, op, count, operands);
	fail_function(model, function ? function : "NULL");
	return 0;
}

ojit_expr ojit_index(ojit_model *model, const char *name)
{
	uint32_t number;
	if (failed(model) || !take_new_name(model, name, &number, NULL))
		return 0;
	struct term term = {.kind = TERM_INDEX, .name = number, .binder = (uint32_t)model->forest.terms.count};
	return add_term(model, term, 0, NULL);
}

/* Is `e` an index variable?  0 passes: an axis may do without. */
static bool check_index(ojit_model *model, ojit_expr e)
{
	if (e == 0 || (e < model->forest.terms.count && oj_term(&model->forest, e)->kind == TERM_INDEX))
		return true;
	oj_model_fail(model, model->place, OJIT_ARGUMENT, "the index of a range is not an index variable; make one with ojit_index");
	return false;
}

ojit_expr ojit_reduce(ojit_model *model, ojit_reduction reduction, unsigned count,
                      const ojit_range *ranges, ojit_expr filter, ojit_expr body)
{
	if (failed(model))
		return 0;
	if ((unsigned)reduction > OJIT_GREATEST || count == 0 || !ranges) {
		oj_model_fail(model, model->place, OJIT_ARGUMENT, "a reduction needs its kind and at least one range");
		return 0;
	}
	struct term term = {.kind = TERM_REDUCE, .op = (uint8_t)reduction};
	while (count-- > 0) {
		const ojit_range *r = &ranges[count];
		if (!check_index(model, r->index))
			return 0;
		ojit_expr parts[REDUCE_PARTS] = {r->index, r->lo, r->hi, filter, body};
		term.wrap = r->wrap != 0;
		body = add_term(model, term, REDUCE_PARTS, parts);
		filter = 0;
	}
	return body;
}

/* ---- definitions */

static bool take_axes(ojit_model *model, struct definition *d, unsigned rank, const ojit_range *axes)
{
	const uint32_t terms = (uint32_t)model->forest.terms.count;
	if (rank > 3) {
		oj_model_fail(model, model->place, OJIT_UNSUPPORTED, "arrays of more than three indices are not supported");
		return false;
	}
	if (rank > 0 && !axes) {
		oj_model_fail(model, model->place, OJIT_ARGUMENT, "the axes are NULL; give as many as the rank says");
		return false;
	}
	d->rank = (uint8_t)rank;
	d->axes = rank ? (uint32_t)model->axes.count : 0;
	for (unsigned k = 0; k < rank; k++) {
		d->wraps |= (uint8_t)((axes[k].wrap != 0) << k);
		if (!VECTOR_PUSH(model->context, &model->axes, (struct axis){axes[k].index, axes[k].lo, axes[k].hi})) {
			oj_fail_memory(&model->error);
			return false;
		}
		if (!check_index(model, axes[k].index))
			return false;
		if (axes[k].lo == 0 || axes[k].lo >= terms || (axes[k].index && (axes[k].hi == 0 || axes[k].hi >= terms))) {
			oj_model_fail(model, model->place, OJIT_ARGUMENT, "an axis has no range; give it lo and hi");
			return false;
		}
		for (unsigned other = 0; other < k; other++)
			if (axes[k].index && axes[k].index == axes[other].index) {
				oj_model_fail(model, model->place, OJIT_ARGUMENT, "two axes have the same index variable; give each its own");
				return false;
			}
	}
	return true;
}

/* The part of a definition that all forms share; false: failed. */
static bool start(ojit_model *model, struct definition *d, ojit_kind kind, const char *name,
                  unsigned rank, const ojit_range *axes)
{
	if (failed(model))
		return false;
	*d = (struct definition){.kind = (uint8_t)kind, .place = model->place};
	if ((unsigned)kind > OJIT_TABLE) {
		oj_model_fail(model, model->place, OJIT_ARGUMENT, "%d is not a kind of definition; use one of enum ojit_kind", (int)kind);
		return false;
	}
	bool primed = kind == OJIT_EQUATION || kind == OJIT_INIT || kind == OJIT_OUT;
	uint8_t primes = 0;
	if (!take_new_name(model, name, &d->name, primed ? &primes : NULL) || !take_axes(model, d, rank, axes))
		return false;
	d->primes = primes & 3;
	if (kind == OJIT_EQUATION && d->primes == 0)
		oj_model_fail(model, model->place, OJIT_ARGUMENT, "the equation of %s must be named \"%s'\" or \"%s''\"", name, name, name);
	else if (kind == OJIT_INIT && d->primes == 2)
		oj_model_fail(model, model->place, OJIT_NAME, "%s has no initial value; %.*s and its first derivative have", name,
		              (int)strlen(name) - 2, name);
	else if (kind == OJIT_CONST && rank)
		oj_model_fail(model, model->place, OJIT_UNSUPPORTED, "const %s is a single number; use OJIT_TABLE for whole "
		              "numbers and OJIT_PARAM or OJIT_LET for others", name);
	else if (kind == OJIT_TABLE && rank == 0)
		oj_model_fail(model, model->place, OJIT_SHAPE, "index %s has no axes; write index %s[i in 1..N] = ..., or const for a single number", name, name);
	return !failed(model);
}

static ojit_status keep(ojit_model *model, const struct definition *d)
{
	if (!failed(model) && !VECTOR_PUSH(model->context, &model->definitions, *d))
		oj_fail_memory(&model->error);
	return model->error.status;
}

static ojit_status keep_given(ojit_model *model, struct definition *d, struct given given)
{
	given.definition = (uint32_t)model->definitions.count;
	d->given = true;
	if (!VECTOR_PUSH(model->context, &model->givens, given))
		return oj_fail_memory(&model->error);
	return keep(model, d);
}

const struct given *oj_model_given(const ojit_model *model, uint32_t definition)
{
	size_t low = 0, high = model->givens.count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (model->givens.at[middle].definition <= definition)
			low = middle;
		else
			high = middle;
	}
	return &model->givens.at[low];
}

ojit_status ojit_define(ojit_model *model, ojit_kind kind, const char *name, unsigned rank,
                        const ojit_range *axes, ojit_expr value)
{
	struct definition d;
	if (!start(model, &d, kind, name, rank, axes))
		return model->error.status;
	d.value = value;
	if (value >= model->forest.terms.count || (value == 0 && (kind != OJIT_OUT || rank)))
		return oj_model_fail(model, model->place, OJIT_ARGUMENT, "%s has no value; give it one", name);
	return keep(model, &d);
}

ojit_status ojit_define_values(ojit_model *model, ojit_kind kind, const char *name, unsigned rank,
                               const ojit_range *axes, size_t count, const double *values)
{
	struct definition d;
	if (!start(model, &d, kind, name, rank, axes))
		return model->error.status;
	if (kind == OJIT_CONST || rank == 0)
		return oj_model_fail(model, model->place, OJIT_SHAPE, "%s is a single number, not a list; give it axes such as [i in 1..%zu]", name, count);
	if (!values && count)
		return oj_model_fail(model, model->place, OJIT_ARGUMENT, "the numbers of %s are NULL; give as many as their count says", name);
	double *numbers = ARENA_NEW(&model->forest.arena, double, count);
	if (!numbers)
		return oj_fail_memory(&model->error);
	if (count)
		memcpy(numbers, values, count * sizeof *values);
	return keep_given(model, &d, (struct given){.numbers = numbers, .count = count});
}

ojit_status ojit_define_file(ojit_model *model, ojit_kind kind, const char *name, unsigned rank,
                             const ojit_range *axes, const char *path)
{
	struct definition d;
	if (!start(model, &d, kind, name, rank, axes))
		return model->error.status;
	if (!path)
		return oj_model_fail(model, model->place, OJIT_ARGUMENT, "the path of the numbers of %s is NULL; name a file", name);
	if (kind == OJIT_CONST || rank == 0)
		return oj_model_fail(model, model->place, OJIT_SHAPE, "%s is a single number and cannot come from a file; give it axes", name);
	const char *copy = oj_arena_string(&model->forest.arena, path, strlen(path));
	if (!copy)
		return oj_fail_memory(&model->error);
	return keep_given(model, &d, (struct given){.path = copy});
}

static ojit_expr define_scalar(ojit_model *model, ojit_kind kind, const char *name, ojit_expr value)
{
	return ojit_define(model, kind, name, 0, NULL, value) == OJIT_OK ? ojit_name(model, name) : 0;
}

ojit_expr ojit_const(ojit_model *model, const char *name, double value)
{
	return define_scalar(model, OJIT_CONST, name, ojit_number(model, value));
}

ojit_expr ojit_param(ojit_model *model, const char *name, double value)
{
	return define_scalar(model, OJIT_PARAM, name, ojit_number(model, value));
}

ojit_expr ojit_let(ojit_model *model, const char *name, ojit_expr value)
{
	return define_scalar(model, OJIT_LET, name, value);
}

ojit_expr ojit_state(ojit_model *model, const char *name, double initial)
{
	return define_scalar(model, OJIT_INIT, name, ojit_number(model, initial));
}

ojit_status ojit_equation(ojit_model *model, const char *name, ojit_expr value)
{
	return ojit_define(model, OJIT_EQUATION, name, 0, NULL, value);
}

ojit_status ojit_out(ojit_model *model, const char *name, ojit_expr value)
{
	return ojit_define(model, OJIT_OUT, name, 0, NULL, value);
}

/* ---- settings */

ojit_status ojit_model_set_const(ojit_model *model, const char *name, double value)
{
	struct overriding o = {.value = value};
	if (!failed(model) && take_new_name(model, name, &o.name, NULL) &&
	    !VECTOR_PUSH(model->context, &model->overridings, o))
		oj_fail_memory(&model->error);
	return model->error.status;
}

/* `first` is the place of what was given before. */
static ojit_status fail_twice(ojit_model *model, const char *what, uint32_t first)
{
	int line = oj_forest_origin(&model->forest, first).line;
	char where[32] = "";
	if (line)
		snprintf(where, sizeof where, " (first in line %d)", line);
	return oj_model_fail(model, model->place, OJIT_NAME, "%s is given twice%s; remove one", what, where);
}

ojit_status ojit_model_span(ojit_model *model, ojit_expr from, ojit_expr to)
{
	size_t terms = model->forest.terms.count;
	if (failed(model))
		return model->error.status;
	if (from == 0 || to == 0 || from >= terms || to >= terms)
		return oj_model_fail(model, model->place, OJIT_ARGUMENT, "a span needs a beginning and an end");
	if (model->span[0])
		return fail_twice(model, "the span", model->span_place);
	model->span[0] = from, model->span[1] = to;
	model->span_place = model->place;
	return OJIT_OK;
}

ojit_status oj_model_set(ojit_model *model, const char *method, const ojit_expr settings[SETTINGS])
{
	bool twice = method && model->method;
	if (failed(model))
		return model->error.status;
	for (int k = 0; k < SETTINGS; k++) {
		if (settings[k] >= model->forest.terms.count)
			return oj_model_fail(model, model->place, OJIT_ARGUMENT, "%s is not an expression of this model",
			                     oj_solve_numbers[k].name);
		twice = twice || (settings[k] && model->settings[k]);
	}
	if (twice)
		return fail_twice(model, "a setting of solve", model->solve_place);
	if (method && !(model->method = oj_arena_string(&model->forest.arena, method, strlen(method))))
		return oj_fail_memory(&model->error);
	for (int k = 0; k < SETTINGS; k++)
		model->settings[k] = settings[k] ? settings[k] : model->settings[k];
	model->solve_place = model->place;
	return OJIT_OK;
}

ojit_status ojit_model_solve(ojit_model *model, const char *method, ojit_expr rtol, ojit_expr atol)
{
	const ojit_expr settings[SETTINGS] = {[SETTING_RTOL] = rtol, [SETTING_ATOL] = atol};
	return oj_model_set(model, method, settings);
}

ojit_status ojit_model_limits(ojit_model *model, ojit_expr until_steady, ojit_expr growth_limit)
{
	const ojit_expr settings[SETTINGS] = {[SETTING_UNTIL_STEADY] = until_steady, [SETTING_GROWTH_LIMIT] = growth_limit};
	return oj_model_set(model, NULL, settings);
}

const char *oj_primed(struct arena *arena, const char *name, unsigned primes)
{
	if (primes == 0)
		return name;
	size_t length = strlen(name);
	char *primed = oj_arena_get(arena, length + primes + 1);
	if (!primed)
		return NULL;
	memcpy(primed, name, length);
	memset(primed + length, '\'', primes);
	primed[length + primes] = '\0';
	return primed;
}

ojit_status ojit_model_nonnegative(ojit_model *model, const char *name)
{
	if (failed(model))
		return model->error.status;
	uint32_t known = oj_forest_name(&model->forest, name, strlen(name));
	if (known == UINT32_MAX ||
	    !VECTOR_PUSH(model->context, &model->nonnegative, (struct named_place){known, model->place}))
		return oj_fail_memory(&model->error);
	return OJIT_OK;
}
