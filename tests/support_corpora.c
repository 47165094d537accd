/* See support_corpora.h: reading the files, and writing problems as text. */
#include "tests/support_corpora.h"

#include "lib/base/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifndef OJIT_SOURCE_DIR
#define OJIT_SOURCE_DIR "."
#endif

const char *corpora_path(void)
{
	const char *given = getenv("OJIT_CORPORA");
	return given && *given ? given : OJIT_SOURCE_DIR "/../shared/corpora";
}

static void insist(bool holds, const char *file, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "corpus file %s: %s\n", file, what);
	abort();
}

/* ---- names, numbers, expressions ---- */

static void print_number(FILE *out, double value)
{
	char buffer[32];
	oj_number_shortest(buffer, value);
	fputs(buffer, out);
}

static bool is_letter(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static bool is_taken(const char *name)
{
	static const char *const words[] = {
		"pi", "inf", "and", "or", "not", "if", "in", "const", "param", "init", "let", "fun", "out",
		"span", "solve", "nonnegative", "index", "when", "at", "every", "var", "table", "input", "delay", "wiener", "cost",
	};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(words[i], name))
			return true;
	return false;
}

void corpus_print_name(FILE *out, const char *name)
{
	fprintf(out, is_taken(name) ? "%s_" : "%s", name);
}

static bool defines(const json_t *problem, const char *name)
{
	size_t i;
	json_t *entry;
	json_array_foreach(json_object_get(problem, "states"), i, entry)
		if (!strcmp(json_string_value(entry), name))
			return true;
	json_array_foreach(json_object_get(problem, "let"), i, entry)
		if (!strcmp(json_string_value(json_array_get(entry, 0)), name))
			return true;
	return json_object_get(json_object_get(problem, "params"), name) != NULL;
}

void corpus_print_observable(FILE *out, const json_t *problem, const char *name)
{
	corpus_print_name(out, name);
	if (defines(problem, name))
		fputs("_observed", out);
}

static const char *comparison(const char *function)
{
	static const char *const signs[][2] = {
		{"lt", "<"}, {"le", "<="}, {"gt", ">"}, {"ge", ">="}, {"eq", "=="}, {"ne", "!="},
	};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (!strcmp(signs[i][0], function))
			return signs[i][1];
	return NULL;
}

/* The comma or the closing bracket that belongs to an operand starting at `at`. */
static const char *operand_end(const char *at)
{
	for (int depth = 0; depth > 0 || (*at != ',' && *at != ')'); at++)
		depth += (*at == '(') - (*at == ')');
	return at;
}

static const char *print_expression(FILE *out, const char *at, const char *end);

/* le(a, b) as ((a) <= (b)); `at` is behind the opening bracket. */
static const char *print_comparison(FILE *out, const char *sign, const char *at)
{
	const char *middle = operand_end(at), *end = operand_end(middle + 1);
	fputs("((", out);
	print_expression(out, at, middle);
	fprintf(out, ") %s (", sign);
	print_expression(out, middle + 1, end);
	fputs("))", out);
	return end + 1;
}

static const char *print_word(FILE *out, const char *at)
{
	char word[64];
	size_t length = 0;
	for (; is_letter(at[length]) || isdigit((unsigned char)at[length]); length++)
		word[length < sizeof word - 1 ? length : sizeof word - 1] = at[length];
	word[length < sizeof word - 1 ? length : sizeof word - 1] = '\0';
	at += length;
	if (*at == '(' && comparison(word))
		return print_comparison(out, comparison(word), at + 1);
	if (*at == '(')
		fputs(strcmp(word, "select") ? word : "if", out);
	else
		corpus_print_name(out, word);
	return at;
}

static const char *print_expression(FILE *out, const char *at, const char *end)
{
	while (at < end && *at) {
		char *behind = (char *)at + 1;
		if (is_letter(*at)) {
			at = print_word(out, at);
			continue;
		}
		if (isdigit((unsigned char)*at) || *at == '.')
			strtod(at, &behind);
		fwrite(at, 1, (size_t)(behind - at), out);
		at = behind;
	}
	return at;
}

const char *corpus_equation(const struct corpus_problem *problem, size_t state)
{
	/* E5 holds only if its third equation subtracts what the others computed. */
	if (!strcmp(problem->name, "e5") && state == 2)
		return "y2' - y4'";
	return json_string_value(json_array_get(json_object_get(problem->json, "rhs"), state));
}

/* ---- a problem as text ---- */

static void print_definition(FILE *out, const char *keyword, const char *name, const char *prime)
{
	fputs(keyword, out);
	corpus_print_name(out, name);
	fprintf(out, "%s = ", prime);
}

static void print_value(FILE *out, const char *keyword, const char *name, double value)
{
	print_definition(out, keyword, name, "");
	print_number(out, value);
	fputc('\n', out);
}

static void print_observables(FILE *out, const json_t *problem)
{
	const char *name;
	json_t *terms, *term, *states = json_object_get(problem, "states");
	size_t i;
	json_object_foreach(json_object_get(problem, "observables"), name, terms) {
		fputs("out ", out);
		corpus_print_observable(out, problem, name);
		fputs(" = ", out);
		json_array_foreach(terms, i, term) {
			size_t species = (size_t)json_integer_value(json_array_get(term, 1));
			fputs(i ? " + " : "", out);
			print_number(out, json_number_value(json_array_get(term, 0)));
			fputc('*', out);
			corpus_print_name(out, json_string_value(json_array_get(states, species - 1)));
		}
		fputc('\n', out);
	}
}

static void print_equations(FILE *out, const struct corpus_problem *problem)
{
	json_t *entry;
	size_t i;
	json_array_foreach(json_object_get(problem->json, "let"), i, entry) {
		const char *value = json_string_value(json_array_get(entry, 1));
		print_definition(out, "let ", json_string_value(json_array_get(entry, 0)), "");
		print_expression(out, value, value + strlen(value));
		fputc('\n', out);
	}
	json_array_foreach(json_object_get(problem->json, "states"), i, entry) {
		const char *value = corpus_equation(problem, i);
		print_definition(out, "", json_string_value(entry), "'");
		print_expression(out, value, value + strlen(value));
		fputc('\n', out);
	}
}

static char *write_text(const struct corpus_problem *problem)
{
	char *text = NULL;
	size_t length, i;
	const char *name;
	json_t *entry;
	FILE *out = open_memstream(&text, &length);
	insist(out != NULL, problem->name, "no memory");
	fprintf(out, "# %s\n", problem->name);
	json_object_foreach(json_object_get(problem->json, "params"), name, entry)
		print_value(out, "param ", name, json_number_value(entry));
	json_array_foreach(json_object_get(problem->json, "states"), i, entry)
		print_value(out, "init ", json_string_value(entry), problem->init[i]);
	print_equations(out, problem);
	print_observables(out, problem->json);
	fputs("span ", out);
	print_number(out, problem->t0);
	fputs(" .. ", out);
	print_number(out, problem->tend);
	fputc('\n', out);
	fclose(out);
	return text;
}

/* ---- reading ---- */

/* Numbers, some of them strings of more digits than a double has. */
static double *read_numbers(const json_t *array, size_t *count)
{
	*count = json_array_size(array);
	double *numbers = calloc(*count + 1, sizeof *numbers);
	insist(numbers != NULL, "numbers", "no memory");
	for (size_t i = 0; i < *count; i++) {
		const json_t *entry = json_array_get(array, i);
		numbers[i] = json_is_string(entry) ? strtod(json_string_value(entry), NULL) : json_number_value(entry);
	}
	return numbers;
}

/* Published observables: a column each, in the order of the problem's own (one file
 * spells them differently there). */
static void read_published(struct corpus_problem *problem)
{
	const json_t *gdat = json_object_get(problem->json, "gdat"), *row;
	const json_t *rows = json_object_get(gdat, "rows");
	size_t width = problem->outputs + 1;
	if (!gdat)
		return;
	problem->rows = json_array_size(rows);
	problem->published = calloc(problem->rows * width + 1, sizeof(double));
	insist(problem->published != NULL, problem->name, "no memory");
	for (size_t r = 0; r < problem->rows; r++) {
		row = json_array_get(rows, r);
		insist(json_array_size(row) == width, problem->name, "not one published column an observable");
		for (size_t c = 0; c < width; c++)
			problem->published[r * width + c] = json_number_value(json_array_get(row, c));
	}
}

static void read_reference(struct corpus_problem *problem)
{
	const json_t *checkpoints = json_object_get(json_object_get(problem->json, "quad"), "checkpoints");
	const json_t *reference = json_object_get(problem->json, "ref");
	if (checkpoints)
		reference = json_object_get(json_array_get(checkpoints, json_array_size(checkpoints) - 1), "x");
	if (!reference)
		return;
	problem->reference = read_numbers(reference, &problem->reference_count);
	while (problem->reference_count && json_is_null(json_array_get(reference, problem->reference_count - 1)))
		problem->reference_count--; /* only the first components were published */
}

static void read_problem(struct corpus_problem *problem, const char *name, const json_t *json)
{
	size_t count;
	*problem = (struct corpus_problem){.name = name, .json = json};
	problem->states = json_array_size(json_object_get(json, "states"));
	problem->parameters = json_object_size(json_object_get(json, "params"));
	problem->outputs = json_object_size(json_object_get(json, "observables"));
	problem->t0 = json_number_value(json_object_get(json, "t0"));
	problem->tend = json_number_value(json_object_get(json, "tend"));
	problem->nonsmooth = json_is_true(json_object_get(json, "nonsmooth")) ||
	                     json_array_size(json_object_get(json_object_get(json, "quad"), "nonsmooth")) > 0;
	problem->init = read_numbers(json_object_get(json, "init"), &count);
	insist(problem->states > 0 && count == problem->states, name, "states or initial values are missing");
	insist(json_array_size(json_object_get(json, "rhs")) == count, name, "not one equation a state");
	read_reference(problem);
	read_published(problem);
	problem->text = write_text(problem);
}

bool corpus_load(const char *file, struct corpus *corpus)
{
	char path[4096];
	json_error_t error;
	const char *name;
	json_t *entry;
	*corpus = (struct corpus){0};
	snprintf(path, sizeof path, "%s/%s", corpora_path(), file);
	FILE *exists = fopen(path, "r");
	if (!exists)
		return false;
	corpus->json = json_loadf(exists, 0, &error);
	fclose(exists);
	insist(json_is_object(corpus->json), path, error.text);
	bool one = json_object_get(corpus->json, "states") != NULL;
	corpus->problems = calloc(one ? 1 : json_object_size(corpus->json), sizeof *corpus->problems);
	insist(corpus->problems != NULL, path, "no memory");
	if (one)
		read_problem(&corpus->problems[corpus->count++],
		             json_string_value(json_object_get(corpus->json, "name")), corpus->json);
	else
		json_object_foreach(corpus->json, name, entry)
			read_problem(&corpus->problems[corpus->count++], name, entry);
	return true;
}

void corpus_free(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		free(corpus->problems[i].text);
		free(corpus->problems[i].init);
		free(corpus->problems[i].reference);
		free(corpus->problems[i].published);
	}
	free(corpus->problems);
	json_decref(corpus->json);
}

const struct corpus_problem *corpus_find(const struct corpus *corpus, const char *name)
{
	for (size_t i = 0; i < corpus->count; i++)
		if (!strcmp(corpus->problems[i].name, name))
			return &corpus->problems[i];
	insist(false, name, "there is no such problem");
	return NULL;
}

/* ---- errors ---- */

double corpus_magnitude(const struct corpus_problem *problem)
{
	double largest = 0;
	for (size_t i = 0; i < problem->reference_count; i++)
		largest = fmax(largest, fabs(problem->reference[i]));
	return largest;
}

double corpus_error(const struct corpus_problem *problem, const double *y)
{
	double floor = 1e-3 * corpus_magnitude(problem), worst = 0;
	for (size_t i = 0; i < problem->reference_count; i++) {
		double error = fabs(y[i] - problem->reference[i]) / fmax(fabs(problem->reference[i]), floor);
		if (!(error <= worst))
			worst = error; /* a nan is the worst of all, and stays */
		if (isnan(worst))
			return INFINITY;
	}
	return worst;
}
