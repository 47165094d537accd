/* See support_model.h. */
#include "tests/support_model.h"

#include "lib/graph/interpret.h"
#include "lib/graph/passes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

void support_model_begin(struct support_model *m)
{
	*m = (struct support_model){.context = ojit_context_new(NULL), .t = 0.25};
	cr_assert_not_null(m->context);
	m->model = ojit_model_new(m->context);
	cr_assert_not_null(m->model);
	oj_error_init(&m->error, m->context);
}

void support_model_lower(struct support_model *m)
{
	oj_model_lower(m->model, &m->lowered, &m->error);
	cr_assert_eq(m->error.status, OJIT_OK, "%s", oj_error_public(&m->error).text);
}

void support_model_open(struct support_model *m, const char *text, const char *file)
{
	support_model_begin(m);
	ojit_model_read_text(m->model, text, strlen(text), file);
	support_model_lower(m);
}

void support_model_close(struct support_model *m)
{
	oj_lowered_drop(&m->lowered);
	oj_error_drop(&m->error);
	ojit_model_free(m->model);
	cr_expect_eq(ojit_context_counters(m->context).live_bytes, 0u, "memory was left");
	ojit_context_free(m->context);
	free(m->y);
	free(m->p);
}

static ojit_status prepare(struct program *program, struct oj_error *error)
{
	struct pass_options options = {0};
	TRY(oj_pass_split(program, &options, error));
	TRY(oj_pass_expand(program, &options, error));
	return oj_program_layout(program);
}

static void run_kernel(struct support_model *m, int kind, double *out)
{
	struct interpreter *interpreter;
	cr_assert_eq(oj_interpreter_new(&m->lowered.programs[kind], &interpreter), OJIT_OK);
	struct kernel kernel = oj_interpreter_kernel(interpreter);
	struct kernel_args args = {.t = &m->t, .y = m->y, .p = m->p, .out = out};
	double *scratch = calloc((size_t)kernel.scratch + 1, sizeof *scratch);
	oj_kernel_bind(&kernel, &args);
	args.scratch = scratch;
	kernel.run(&args);
	oj_interpreter_free(interpreter);
	free(scratch);
}

void support_model_start(struct support_model *m)
{
	for (int kind = 0; kind < PROGRAM_KINDS; kind++) {
		ojit_status status = prepare(&m->lowered.programs[kind], &m->error);
		cr_assert_eq(status, OJIT_OK, "%s", oj_error_public(&m->error).text);
	}
	m->p = calloc((size_t)m->lowered.lengths[FAMILY_PARAMETERS] + 1, sizeof *m->p);
	m->y = calloc((size_t)m->lowered.lengths[FAMILY_STATES] + 1, sizeof *m->y);
	run_kernel(m, KERNEL_PARAMETERS, m->p);
	run_kernel(m, KERNEL_INIT, m->y);
}

double *support_model_run(struct support_model *m, enum kernel_kind kind)
{
	enum family_kind family = kind == KERNEL_OUTPUTS ? FAMILY_OUTPUTS : FAMILY_STATES;
	double *out = calloc((size_t)m->lowered.lengths[family] + 1, sizeof *out);
	run_kernel(m, kind, out);
	return out;
}

int64_t support_model_find(const struct support_model *m, enum family_kind kind, const char *name)
{
	for (size_t i = 0; i < m->lowered.family_count[kind]; i++)
		if (strcmp(m->lowered.families[kind][i].name, name) == 0)
			return m->lowered.families[kind][i].offset;
	return -1;
}

/* Leave out lines "origin @1 ..." and marks " @1" at the ends of lines. */
static void strip_places(char *text)
{
	char *out = text;
	for (char *line = text; *line;) {
		size_t length = strcspn(line, "\n"), kept = length;
		bool origin = strncmp(line, "origin ", 7) == 0;
		while (kept > 0 && strchr("0123456789", line[kept - 1]))
			kept--;
		kept = kept > 1 && line[kept - 1] == '@' && line[kept - 2] == ' ' ? kept - 2 : length;
		if (!origin) {
			memmove(out, line, kept);
			out += kept;
			*out++ = '\n';
		}
		line += length + (line[length] == '\n');
	}
	*out = '\0';
}

char *support_model_print(struct support_model *m, int kind)
{
	struct text text;
	oj_text_init(&text, m->context);
	oj_program_print(&m->lowered.programs[kind], &text);
	char *copy = strdup(oj_text_get(&text));
	oj_text_drop(&text);
	strip_places(copy);
	return copy;
}

char *support_model_failure(const char *text, const char *file, ojit_status *status)
{
	struct support_model m;
	char *failure = NULL;
	support_model_begin(&m);
	ojit_model_read_text(m.model, text, strlen(text), file);
	if (oj_model_lower(m.model, &m.lowered, &m.error) == OJIT_OK)
		for (int kind = 0; kind < PROGRAM_KINDS && m.error.status == OJIT_OK; kind++)
			prepare(&m.lowered.programs[kind], &m.error);
	*status = m.error.status;
	if (m.error.status != OJIT_OK)
		failure = strdup(oj_error_public(&m.error).text);
	support_model_close(&m);
	return failure;
}

static double first_value(const char *text, enum kernel_kind kind, int64_t element)
{
	struct support_model m;
	support_model_open(&m, text, NULL);
	support_model_start(&m);
	cr_assert(element < m.lowered.lengths[kind == KERNEL_OUTPUTS ? FAMILY_OUTPUTS : FAMILY_STATES]);
	double *out = support_model_run(&m, kind), value = out[element];
	free(out);
	support_model_close(&m);
	return value;
}

double support_model_output(const char *text)
{
	return first_value(text, KERNEL_OUTPUTS, 0);
}

double support_model_rhs(const char *text, int64_t element)
{
	return first_value(text, KERNEL_RHS, element);
}
