/* ojit eval: what a model's right-hand side, observables or initial values are at
 * one point. */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

/* Kernels by enum ojit_kernel: the vector whose names their values have, and what
 * follows a name in text. */
static const struct {
	ojit_vector names;
	const char *suffix;
} kernels[] = {
	[OJIT_RHS] = {OJIT_STATES, "'"},
	[OJIT_OBSERVABLES] = {OJIT_OUTPUTS, ""},
	[OJIT_INITIAL] = {OJIT_STATES, ""},
};

/* Take the time out of the items: it is no state. */
static double time_of(const struct request *request, const ojit_program_info *info)
{
	double t = info->has_span ? info->span[0] : 0;
	for (size_t i = 0; i < request->at.count; i++) {
		struct item *item = &request->at.all[i];
		if (strcmp(item->name, "t") != 0)
			continue;
		t = item->value;
		free(item->name);
		item->name = NULL;
	}
	return t;
}

static int evaluate(struct session *session, const struct request *request, double t, double *values)
{
	ojit_kernel kernel = (ojit_kernel)request->kernel;
	ojit_evaluator *evaluator = ojit_evaluator_new(session->program);
	if (!evaluator)
		return complain_plainly("out of memory");
	const double *p = ojit_solver_parameters(session->solver), *y = NULL;
	ojit_status status = ojit_evaluator_parameters(evaluator, p);
	if (status == OJIT_OK && (y = ojit_solver_initials(session->solver, t)))
		status = ojit_evaluator_call(evaluator, kernel, t, y, values);
	int wrong = 0;
	if (!p || !y)
		wrong = complain_error(ojit_solver_error(session->solver));
	else if (status != OJIT_OK)
		wrong = complain_error(ojit_evaluator_error(evaluator));
	ojit_evaluator_free(evaluator);
	return wrong;
}

static void write_values(struct output *output, const struct request *request, ojit_solver *solver,
                         const double *values)
{
	FILE *out = output->file;
	ojit_vector names = kernels[request->kernel].names;
	output_begin(output);
	if (request->format == JSON) {
		fputs("{\"values\": ", out);
		json_values(out, solver, names, values);
		fputs("}\n", out);
		return;
	}
	for (size_t k = 0; k < ojit_solver_count(solver, names) && !output_failed(output); k++) {
		fprintf(out, "%s%s = ", ojit_solver_name(solver, names, k), kernels[request->kernel].suffix);
		csv_number(out, values[k]);
		fputc('\n', out);
	}
}

static int show(struct session *session, const struct request *request)
{
	struct output output = {0};
	ojit_program_info info = ojit_program_describe(session->program);
	double t = time_of(request, &info);
	int status = session_set(session, OJIT_STATES, &request->at);
	if (status)
		return status;
	size_t count = ojit_solver_count(session->solver, kernels[request->kernel].names);
	double *values = get_memory(count, sizeof *values);
	status = evaluate(session, request, t, values);
	if (status == 0)
		status = output_open(&output, request);
	if (status == 0) {
		write_values(&output, request, session->solver, values);
		status = output_close(&output);
	}
	free(values);
	return status;
}

int eval_command(const struct request *request)
{
	struct session session;
	int status = session_open(&session, request);
	if (status == 0)
		status = show(&session, request);
	session_close(&session);
	return status;
}
