/* libFuzzer: a model's text together with options of compiling and solving.  Whatever they
 * are, they are done or refused with a reason; rows lie in order of time and nothing
 * crashes, leaks or hangs.
 *
 * The options stand in the first line, which is a comment to the model:
 *
 *     # method=rk4 rtol=1e-3 t=0:1 points=5 no-pass=roll executor=3 derive=1 */
#include <ojit/ojit.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STATES = 200, MOST_STEPS = 300, MOST_POINTS = 40, WORD = 64 };

struct options {
	char words[32][WORD];
	size_t count;
	ojit_compile_options compile;
	ojit_options solve;
	ojit_output output;
	const char *without[1];
	double span[2], times[3];
	bool derive;
};

/* The value of `key=value`; NULL: it is not there. */
static const char *find(const struct options *o, const char *key)
{
	size_t length = strlen(key);
	for (size_t k = 0; k < o->count; k++)
		if (!strncmp(o->words[k], key, length) && o->words[k][length] == '=')
			return o->words[k] + length + 1;
	return NULL;
}

static double number(const struct options *o, const char *key, double otherwise)
{
	const char *text = find(o, key);
	return text ? strtod(text, NULL) : otherwise;
}

static void split_line(struct options *o, const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size && data[i] != '\n' && o->count < 32;) {
		size_t length = 0;
		while (i + length < size && length < WORD - 1 && data[i + length] != ' ' && data[i + length] != '\n')
			length++;
		memcpy(o->words[o->count], data + i, length);
		o->words[o->count++][length] = '\0';
		i += length + (i + length < size && data[i + length] == ' ');
		if (length == WORD - 1)
			return;
	}
}

static int choice(const struct options *o, const char *key, int count)
{
	double value = number(o, key, 0);
	return value >= -1 && value <= count ? (int)value : 0;
}

static void read_options(struct options *o, const uint8_t *data, size_t size)
{
	*o = (struct options){.compile = ojit_compile_options_default(), .solve = ojit_options_default()};
	split_line(o, data, size);
	const char *span = find(o, "t"), *to = span ? strchr(span, ':') : NULL;
	o->span[0] = span ? strtod(span, NULL) : 0;
	o->span[1] = to ? strtod(to + 1, NULL) : 1;
	o->compile.executor = (ojit_executor)choice(o, "executor", 4);
	if (!find(o, "executor"))
		o->compile.executor = OJIT_INTERPRETER;
	o->compile.law = (ojit_law)choice(o, "law", 3);
	o->compile.lanes = choice(o, "lanes", 16);
	if ((o->without[0] = find(o, "no-pass")))
		o->compile.without = o->without, o->compile.without_count = 1;
	o->solve.method = find(o, "method");
	o->solve.rtol = number(o, "rtol", -1);
	o->solve.atol = number(o, "atol", -1);
	o->solve.norm = (ojit_norm)choice(o, "norm", 2);
	o->solve.first_step = number(o, "first", 0);
	o->solve.max_step = number(o, "max", 0);
	o->solve.min_step = number(o, "min", 0);
	o->solve.fixed_step = number(o, "fixed", 0);
	o->solve.step_limit = MOST_STEPS;
	o->solve.memory_limit = (size_t)1 << 22;
	o->derive = find(o, "derive") != NULL;
	o->times[0] = number(o, "t1", 0.1), o->times[1] = number(o, "t2", 0.2), o->times[2] = number(o, "t3", 0.3);
	o->output = ojit_output_points((size_t)choice(o, "points", MOST_POINTS));
	if (find(o, "every"))
		o->output = ojit_output_every(number(o, "every", 0.1));
	if (find(o, "steps"))
		o->output = ojit_output_steps();
	if (find(o, "final"))
		o->output = ojit_output_final();
	if (find(o, "t1"))
		o->output = ojit_output_times(o->times, 3);
}

/* Sizes that would only test patience: a number of five digits or more. */
static bool is_large(const uint8_t *data, size_t size)
{
	size_t digits = 0;
	for (size_t i = 0; i < size; i++) {
		digits = data[i] >= '0' && data[i] <= '9' ? digits + 1 : 0;
		if (digits > 3 || ((data[i] == 'e' || data[i] == 'E' || data[i] == '^') && i > 0))
			return true;
	}
	return false;
}

static void expect(bool claim)
{
	if (!claim)
		abort();
}

static void check_rows(ojit_solver *solver, const struct options *o)
{
	double sign = o->span[1] < o->span[0] ? -1 : 1;
	for (size_t i = 1; i < ojit_solver_rows(solver); i++)
		expect(sign * ojit_solver_row(solver, i)[0] >= sign * ojit_solver_row(solver, i - 1)[0]);
	ojit_stats stats = ojit_solver_stats(solver);
	expect(stats.outcome == OJIT_SUCCESS || ojit_solver_message(solver)[0] != '\0');
	expect(stats.outcome != OJIT_SUCCESS || stats.t == o->span[1]);
}

static void solve(ojit_program *program, const struct options *o)
{
	ojit_solver *solver = ojit_solver_new(program);
	ojit_status status = ojit_solver_run(solver, &o->solve, o->span[0], o->span[1], o->output);
	if (status == OJIT_OK)
		check_rows(solver, o);
	else
		expect(ojit_solver_error(solver).text[0] != '\0');
	ojit_solver_free(solver);
}

static void differentiate(ojit_program *program, const ojit_program_info *info)
{
	ojit_evaluator *e = ojit_evaluator_new(program);
	ojit_pattern pattern;
	size_t room = info->states + info->parameters + 1;
	double *y = calloc(room, sizeof *y), *weights = calloc(room, sizeof *weights), *out = calloc(room, sizeof *out);
	double *values = NULL;
	ojit_status status = ojit_evaluator_pattern(e, OJIT_RHS, OJIT_BY_STATES, &pattern);
	expect(status == OJIT_OK || ojit_evaluator_error(e).text[0] != '\0');
	if (status == OJIT_OK && (values = calloc(pattern.entries + 1, sizeof *values))) {
		/* The pattern needs no machine code; where there is no code generator, the values say so. */
		status = ojit_evaluator_jacobian(e, OJIT_RHS, OJIT_BY_STATES, 0.5, y, values);
		expect(status == OJIT_OK || (status == OJIT_BACKEND && ojit_evaluator_error(e).text[0] != '\0'));
		for (size_t c = 0; c < pattern.columns; c++)
			for (int64_t k = pattern.column[c]; k < pattern.column[c + 1]; k++)
				expect(pattern.row[k] >= 0 && (size_t)pattern.row[k] < pattern.rows &&
				       (k == pattern.column[c] || pattern.row[k] > pattern.row[k - 1]));
		ojit_evaluator_adjoint(e, OJIT_RHS, OJIT_BY_STATES | OJIT_BY_PARAMETERS, 0.5, y, weights, out);
		ojit_evaluator_tangent(e, OJIT_RHS, OJIT_BY_STATES, 1, 0.5, y, weights, out);
	}
	free(values);
	free(y);
	free(weights);
	free(out);
	ojit_evaluator_free(e);
}

static void use(ojit_model *model, const struct options *o)
{
	ojit_program *program;
	if (ojit_program_compile(model, &o->compile, &program) != OJIT_OK) {
		expect(ojit_model_error(model).text[0] != '\0');
		return;
	}
	ojit_program_info info = ojit_program_describe(program);
	if (info.states <= MOST_STATES) {
		solve(program, o);
		if (o->derive && info.parameters <= MOST_STATES)
			differentiate(program, &info);
	}
	ojit_program_free(program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct options options;
	const uint8_t *line = memchr(data, '\n', size);
	size_t first = line ? (size_t)(line - data) + 1 : size;
	if (size == 0 || is_large(data + first, size - first))
		return 0;
	read_options(&options, data, first);
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	if (ojit_model_read_text(model, (const char *)data + first, size - first, "fuzz.ojit") == OJIT_OK)
		use(model, &options);
	ojit_model_free(model);
	expect(ojit_context_counters(context).live_bytes == 0);
	ojit_context_free(context);
	return 0;
}
