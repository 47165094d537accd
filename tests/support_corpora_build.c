/* Corpus problems through the C API: another way to the same model than its text.
 *
 * Operators bind as mathematicians write them: ^ to the right and tighter than a
 * sign, * and / before + and -. */
#include "tests/support_corpora.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	ojit_model *model;
	const char *at;
};
enum { SUM, PRODUCT, SIGN, POWER };

static ojit_expr read_expression(struct reader *r, int least);

static bool take(struct reader *r, char sign)
{
	while (*r->at == ' ')
		r->at++;
	if (*r->at != sign)
		return false;
	r->at++;
	return true;
}

static char *name_for_model(const char *name, size_t length)
{
	char *plain = strndup(name, length), *renamed = NULL;
	size_t size;
	FILE *out = open_memstream(&renamed, &size);
	corpus_print_name(out, plain);
	fclose(out);
	free(plain);
	return renamed;
}

static ojit_expr call(struct reader *r, const char *name, size_t length)
{
	static const struct { const char *name; ojit_op op; } others[] = {
		{"select", OJIT_IF}, {"lt", OJIT_LT}, {"le", OJIT_LE}, {"gt", OJIT_GT},
		{"ge", OJIT_GE}, {"eq", OJIT_EQ}, {"ne", OJIT_NE},
	};
	ojit_expr operands[8];
	unsigned count = 0;
	char function[32] = {0};
	memcpy(function, name, length < 31 ? length : 31);
	do
		operands[count++] = read_expression(r, SUM);
	while (take(r, ',') && count < 8);
	take(r, ')');
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (!strcmp(others[i].name, function))
			return ojit_apply(r->model, others[i].op, count, operands);
	return ojit_call(r->model, function, count, operands);
}

static ojit_expr read_name(struct reader *r)
{
	const char *name = r->at;
	while (isalnum((unsigned char)*r->at) || *r->at == '_' || *r->at == '\'')
		r->at++;
	size_t length = (size_t)(r->at - name);
	if (take(r, '('))
		return call(r, name, length);
	if (length == 1 && *name == 't')
		return ojit_time(r->model);
	char *renamed = name_for_model(name, length);
	ojit_expr value = ojit_name(r->model, renamed);
	free(renamed);
	return value;
}

static ojit_expr read_operand(struct reader *r)
{
	if (take(r, '-'))
		return ojit_neg(r->model, read_expression(r, SIGN));
	if (take(r, '(')) {
		ojit_expr inside = read_expression(r, SUM);
		take(r, ')');
		return inside;
	}
	if (!isdigit((unsigned char)*r->at) && *r->at != '.')
		return read_name(r);
	char *behind;
	double value = strtod(r->at, &behind);
	r->at = behind;
	return ojit_number(r->model, value);
}

static ojit_expr read_expression(struct reader *r, int least)
{
	static const struct { char sign; int binds, right; ojit_op op; } rows[] = {
		{'+', SUM, PRODUCT, OJIT_ADD}, {'-', SUM, PRODUCT, OJIT_SUB}, {'*', PRODUCT, SIGN, OJIT_MUL},
		{'/', PRODUCT, SIGN, OJIT_DIV}, {'^', POWER, SIGN, OJIT_POW},
	};
	ojit_expr left = read_operand(r);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].binds < least || !take(r, rows[i].sign))
			continue;
		ojit_expr right = read_expression(r, rows[i].right);
		left = ojit_apply2(r->model, rows[i].op, left, right);
		i = (size_t)-1; /* look again from the first row */
	}
	return left;
}

static ojit_expr expression(ojit_model *model, const char *text)
{
	struct reader r = {model, text};
	return read_expression(&r, SUM);
}

static void build_observables(ojit_model *model, const json_t *problem)
{
	const char *name;
	json_t *terms, *states = json_object_get(problem, "states");
	json_object_foreach(json_object_get(problem, "observables"), name, terms) {
		size_t count = json_array_size(terms), size;
		ojit_expr sum = 0;
		for (size_t i = 0; i < count; i++) {
			const json_t *term = json_array_get(terms, i);
			size_t species = (size_t)json_integer_value(json_array_get(term, 1));
			const char *state = json_string_value(json_array_get(states, species - 1));
			ojit_expr weight = ojit_number(model, json_number_value(json_array_get(term, 0)));
			ojit_expr part = ojit_mul(model, weight, expression(model, state));
			sum = i ? ojit_add(model, sum, part) : part;
		}
		char *observable = NULL;
		FILE *out = open_memstream(&observable, &size);
		corpus_print_observable(out, problem, name);
		fclose(out);
		ojit_out(model, observable, sum);
		free(observable);
	}
}

static void build_equations(ojit_model *model, const struct corpus_problem *problem)
{
	json_t *entry;
	size_t i;
	json_array_foreach(json_object_get(problem->json, "let"), i, entry) {
		const char *name = json_string_value(json_array_get(entry, 0));
		char *renamed = name_for_model(name, strlen(name));
		ojit_let(model, renamed, expression(model, json_string_value(json_array_get(entry, 1))));
		free(renamed);
	}
	json_array_foreach(json_object_get(problem->json, "states"), i, entry) {
		char primed[64];
		char *renamed = name_for_model(json_string_value(entry), strlen(json_string_value(entry)));
		snprintf(primed, sizeof primed, "%s'", renamed);
		ojit_equation(model, primed, expression(model, corpus_equation(problem, i)));
		free(renamed);
	}
}

ojit_model *corpus_build(ojit_context *context, const struct corpus_problem *problem)
{
	ojit_model *model = ojit_model_new(context);
	const char *name;
	json_t *entry;
	size_t i;
	json_object_foreach(json_object_get(problem->json, "params"), name, entry) {
		char *renamed = name_for_model(name, strlen(name));
		ojit_param(model, renamed, json_number_value(entry));
		free(renamed);
	}
	json_array_foreach(json_object_get(problem->json, "states"), i, entry) {
		char *renamed = name_for_model(json_string_value(entry), strlen(json_string_value(entry)));
		ojit_state(model, renamed, problem->init[i]);
		free(renamed);
	}
	build_equations(model, problem);
	build_observables(model, problem->json);
	ojit_model_span(model, ojit_number(model, problem->t0), ojit_number(model, problem->tend));
	return model;
}

ojit_model *corpus_read(ojit_context *context, const struct corpus_problem *problem)
{
	ojit_model *model = ojit_model_new(context);
	ojit_model_read_text(model, problem->text, strlen(problem->text), problem->name);
	return model;
}
