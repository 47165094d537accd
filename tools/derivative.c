/* ojit eval --kernel jac, dfdp, dfdt, jvp, vjp: matrices as their entries, vectors as
 * values with names. */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

struct derivative {
	ojit_solver *solver;
	ojit_evaluator *evaluator;
	ojit_kernel of;
	ojit_vector rows, columns; /* what names them */
	double t;
	const double *y;
};

static int fail(const struct derivative *d)
{
	return complain_error(ojit_evaluator_error(d->evaluator));
}

/* "x'" for what is the derivative of a state, in text. */
static const char *row_suffix(const struct derivative *d)
{
	return d->of == OJIT_RHS ? "'" : "";
}

/* ---- matrices ---- */

static void write_entry(FILE *out, const struct derivative *d, bool json, size_t row, size_t column, double value)
{
	/* A name lives until the next is asked for. */
	if (json)
		fputs("{\"row\": ", out);
	const char *name = ojit_solver_name(d->solver, d->rows, row);
	if (json)
		json_string(out, name);
	else
		fprintf(out, "d %s%s / d ", name, row_suffix(d));
	name = ojit_solver_name(d->solver, d->columns, column);
	if (json) {
		fputs(", \"col\": ", out);
		json_string(out, name);
		fputs(", \"value\": ", out);
		json_number(out, value);
		fputc('}', out);
	} else {
		fprintf(out, "%s = ", name);
		csv_number(out, value);
		fputc('\n', out);
	}
}

static void write_matrix(struct output *output, const struct derivative *d, bool json, const ojit_pattern *pattern,
                         const double *values)
{
	FILE *out = output->file;
	output_begin(output);
	fputs(json ? "{\"entries\": [" : "", out);
	for (size_t c = 0; c < pattern->columns && !output_failed(output); c++)
		for (int64_t k = pattern->column[c]; k < pattern->column[c + 1]; k++) {
			fputs(json ? k ? ",\n" : "\n" : "", out);
			write_entry(out, d, json, (size_t)pattern->row[k], c, values[k]);
		}
	fputs(json ? "]}\n" : "", out);
}

static int show_matrix(const struct derivative *d, const struct request *request, ojit_inputs by)
{
	ojit_pattern pattern;
	struct output output = {0};
	if (ojit_evaluator_pattern(d->evaluator, d->of, by, &pattern) != OJIT_OK)
		return fail(d);
	double *values = get_memory(pattern.entries, sizeof *values);
	int status = ojit_evaluator_jacobian(d->evaluator, d->of, by, d->t, d->y, values) == OJIT_OK ? 0 : fail(d);
	if (status == 0)
		status = output_open(&output, request);
	if (status == 0) {
		write_matrix(&output, d, request->format == JSON, &pattern, values);
		status = output_close(&output);
	}
	free(values);
	return status;
}

/* ---- vectors ---- */

static int write_vector(const struct derivative *d, const struct request *request, ojit_vector names,
                        const char *suffix, const double *values)
{
	struct output output = {0};
	int status = output_open(&output, request);
	if (status)
		return status;
	output_begin(&output);
	if (request->format == JSON) {
		fputs("{\"values\": ", output.file);
		json_values(output.file, d->solver, names, values);
		fputs("}\n", output.file);
	}
	for (size_t k = 0; request->format != JSON && k < ojit_solver_count(d->solver, names); k++) {
		fprintf(output.file, "%s%s = ", ojit_solver_name(d->solver, names, k), suffix);
		csv_number(output.file, values[k]);
		fputc('\n', output.file);
	}
	return output_close(&output);
}

int vector_read(ojit_solver *solver, ojit_vector names, const struct items *items, double *v)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct item *item = &items->all[i];
		size_t first, count;
		if (ojit_solver_find(solver, names, item->name, &first, &count) != OJIT_OK) {
			const char *message = ojit_solver_error(solver).message;
			char *kept = copy_text(message, strlen(message));
			int status = complain_item(item, kept);
			free(kept);
			return status;
		}
		for (size_t k = first; k < first + count; k++)
			v[k] = item->value;
	}
	return 0;
}

static double *vector_of(const struct derivative *d, ojit_vector names)
{
	size_t count = ojit_solver_count(d->solver, names);
	double *made = get_memory(count, sizeof *made);
	memset(made, 0, count * sizeof *made);
	return made;
}

static int show_tangent(const struct derivative *d, const struct request *request, unsigned by, const double *seed)
{
	double *out = vector_of(d, d->rows);
	int status = ojit_evaluator_tangent(d->evaluator, d->of, by, 1, d->t, d->y, seed, out) == OJIT_OK ? 0 : fail(d);
	if (status == 0)
		status = write_vector(d, request, d->rows, row_suffix(d), out);
	free(out);
	return status;
}

static int show_product(const struct derivative *d, const struct request *request, unsigned by)
{
	bool tangent = request->kernel == EVAL_TANGENT;
	double *v = vector_of(d, tangent ? d->columns : d->rows), *out;
	int status = vector_read(d->solver, tangent ? d->columns : d->rows, &request->direction, v);
	if (status == 0 && tangent) {
		status = show_tangent(d, request, by, v);
	} else if (status == 0) {
		out = vector_of(d, d->columns);
		status = ojit_evaluator_adjoint(d->evaluator, d->of, by, d->t, d->y, v, out) == OJIT_OK ? 0 : fail(d);
		if (status == 0)
			status = write_vector(d, request, d->columns, "", out);
		free(out);
	}
	free(v);
	return status;
}

int derivative_show(struct session *session, const struct request *request, ojit_evaluator *evaluator, double t,
                    const double *y)
{
	static const double one = 1;
	bool parameters = request->kernel == EVAL_BY_PARAMETERS || request->by_parameters;
	struct derivative d = {
		.solver = session->solver, .evaluator = evaluator, .of = (ojit_kernel)request->of,
		.rows = request->of == OJIT_RHS ? OJIT_STATES : OJIT_OUTPUTS,
		.columns = parameters ? OJIT_PARAMETERS : OJIT_STATES, .t = t, .y = y,
	};
	unsigned by = parameters ? OJIT_BY_PARAMETERS : OJIT_BY_STATES;
	if (request->kernel == EVAL_BY_TIME)
		return show_tangent(&d, request, OJIT_BY_TIME, &one);
	if (request->kernel == EVAL_TANGENT || request->kernel == EVAL_ADJOINT)
		return show_product(&d, request, by);
	return show_matrix(&d, request, (ojit_inputs)by);
}
