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

/* An evaluator at the point asked for. */
struct place {
	ojit_evaluator *evaluator;
	double t;
	const double *y;
};

static int find_place(struct session *session, struct place *place)
{
	const double *p = ojit_solver_parameters(session->solver);
	place->evaluator = ojit_evaluator_new(session->program);
	if (!place->evaluator)
		return complain_plainly("out of memory");
	place->y = p ? ojit_solver_initials(session->solver, place->t) : NULL;
	if (!place->y)
		return complain_error(ojit_solver_error(session->solver));
	if (ojit_evaluator_parameters(place->evaluator, p) != OJIT_OK)
		return complain_error(ojit_evaluator_error(place->evaluator));
	return 0;
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

static int show_values(struct session *session, const struct request *request, const struct place *place)
{
	struct output output = {0};
	double *values = get_memory(ojit_solver_count(session->solver, kernels[request->kernel].names), sizeof *values);
	int status = 0;
	if (ojit_evaluator_call(place->evaluator, (ojit_kernel)request->kernel, place->t, place->y, values) != OJIT_OK)
		status = complain_error(ojit_evaluator_error(place->evaluator));
	if (status == 0)
		status = output_open(&output, request);
	if (status == 0) {
		write_values(&output, request, session->solver, values);
		status = output_close(&output);
	}
	free(values);
	return status;
}

static int show(struct session *session, const struct request *request)
{
	ojit_program_info info = ojit_program_describe(session->program);
	struct place place = {.t = time_given(request, info.has_span ? info.span[0] : 0)};
	int status = session_set(session, OJIT_STATES, &request->at);
	if (status == 0)
		status = find_place(session, &place);
	if (status == 0 && request->kernel < OJIT_KERNEL_COUNT)
		status = show_values(session, request, &place);
	else if (status == 0 && request->kernel >= EVAL_GRADIENT)
		status = scalar_show(session, request, place.evaluator, place.t, place.y);
	else if (status == 0)
		status = derivative_show(session, request, place.evaluator, place.t, place.y);
	ojit_evaluator_free(place.evaluator);
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
