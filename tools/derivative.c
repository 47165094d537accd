/* ojit eval --kernel jac, dfdp, dfdt, jvp, vjp: matrices as their entries, vectors as
 * values with names; by whatever --wrt names. */
#include "tools/tool.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct derivative {
	const struct request *request;
	ojit_solver *solver;
	ojit_evaluator *evaluator;
	ojit_kernel of;
	ojit_vector rows;    /* what names them */
	size_t first, count; /* of the rows, those asked for */
	struct inputs by;
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

static bool is_json(const struct derivative *d)
{
	return d->request->format == JSON;
}

/* ---- matrices ---- */

struct matrix { /* by one kind of inputs */
	ojit_pattern pattern;
	double *values;
	int64_t *column, *row; /* of the pattern, where it is made here; NULL: it is the program's */
};

/* A name lives until the next is asked for. */
static void write_entry(FILE *out, const struct derivative *d, bool first, size_t row, size_t input, double value)
{
	if (is_json(d)) {
		fputs(first ? "\n{\"row\": " : ",\n{\"row\": ", out);
		json_string(out, ojit_solver_name(d->solver, d->rows, row));
		fputs(", \"col\": ", out);
		json_string(out, inputs_name(&d->by, input));
		fputs(", \"value\": ", out);
		json_number(out, value);
		fputc('}', out);
	} else {
		fprintf(out, "d %s%s / d ", ojit_solver_name(d->solver, d->rows, row), row_suffix(d));
		fprintf(out, "%s = ", inputs_name(&d->by, input));
		csv_number(out, value);
		fputc('\n', out);
	}
}

static void write_matrices(struct output *output, const struct derivative *d, const struct matrix *matrices)
{
	bool first = true;
	output_begin(output);
	fputs(is_json(d) ? "{\"entries\": [" : "", output->file);
	for (int kind = 0; kind < INPUT_KINDS; kind++) {
		const ojit_pattern *p = &matrices[kind].pattern;
		for (size_t j = 0; j < p->columns && !output_failed(output); j++) {
			size_t input = inputs_first(&d->by, kind) + j;
			for (int64_t e = p->column[j]; d->by.chosen[input] && e < p->column[j + 1]; e++) {
				size_t row = (size_t)p->row[e];
				if (row - d->first >= d->count)
					continue;
				write_entry(output->file, d, first, row, input, matrices[kind].values[e]);
				first = false;
			}
		}
	}
	fputs(is_json(d) ? "]}\n" : "", output->file);
}

/* The pattern is that of all columns, though a few may be asked for. */
static int fail_matrix(const struct derivative *d)
{
	if (ojit_evaluator_error(d->evaluator).status != OJIT_OUT_OF_MEMORY)
		return fail(d);
	size_t input = 0;
	while (!d->by.chosen[input])
		input++;
	return complain_plainly("out of memory for the whole matrix; --kernel jvp --v \"%s=1\" gives a column, --kernel vjp "
	                        "a row", inputs_name(&d->by, input));
}

static bool is_large(const struct derivative *d, int kind)
{
	const double large = 1e7; /* elements */
	return (double)d->by.counts[kind] * (double)ojit_solver_count(d->solver, d->rows) > large;
}

/* A few columns of what would be large as a whole come from tangents, one after the other. */
static bool is_by_columns(const struct derivative *d, int kind)
{
	enum { FEW = 16 };
	size_t chosen = 0, first = inputs_first(&d->by, kind);
	for (size_t j = 0; j < d->by.counts[kind]; j++)
		chosen += d->by.chosen[first + j];
	return chosen <= FEW && is_large(d, kind);
}

static int evaluate_column(const struct derivative *d, int kind, double *seed, size_t j, double by, double *out)
{
	seed[j] = by;
	ojit_status status = ojit_evaluator_tangent(d->evaluator, d->of, 1u << kind, 1, d->t, d->y, seed, out);
	seed[j] = 0;
	return status == OJIT_OK ? 0 : fail(d);
}

/* Which rows depend on an input is seen by nan as its direction, for 0 times nan is nan. */
static int add_column(const struct derivative *d, int kind, double *seed, size_t j, struct matrix *matrix)
{
	size_t rows = matrix->pattern.rows;
	double *depends = get_memory(rows, 2 * sizeof *depends), *values = depends + rows;
	int status = evaluate_column(d, kind, seed, j, NAN, depends);
	if (status == 0)
		status = evaluate_column(d, kind, seed, j, 1, values);
	for (size_t i = 0; status == 0 && i < rows; i++) {
		if (!isnan(depends[i]))
			continue;
		matrix->row[matrix->pattern.entries] = (int64_t)i;
		matrix->values[matrix->pattern.entries++] = values[i];
	}
	free(depends);
	return status;
}

static int evaluate_columns(const struct derivative *d, int kind, struct matrix *matrix)
{
	size_t columns = d->by.counts[kind], rows = ojit_solver_count(d->solver, d->rows), chosen = 0;
	const bool *is_chosen = d->by.chosen + inputs_first(&d->by, kind);
	double *seed = get_memory(columns, sizeof *seed);
	int status = 0;
	for (size_t j = 0; j < columns; j++)
		chosen += is_chosen[j];
	matrix->column = get_memory(columns + 1, sizeof *matrix->column);
	matrix->row = get_memory(chosen * rows, sizeof *matrix->row);
	matrix->values = get_memory(chosen * rows, sizeof *matrix->values);
	matrix->pattern = (ojit_pattern){rows, columns, 0, matrix->column, matrix->row};
	for (size_t j = 0; status == 0 && j < columns; j++) {
		if (is_chosen[j])
			status = add_column(d, kind, seed, j, matrix);
		matrix->column[j + 1] = (int64_t)matrix->pattern.entries;
	}
	free(seed);
	return status;
}

enum { FEW_ROWS = 16 };
struct rows { /* of a matrix, one after the other */
	ojit_pattern patterns[FEW_ROWS];
	double *values[FEW_ROWS];
};

/* The rows' entries in the order of columns. */
static void join_rows(const struct derivative *d, const struct rows *rows, struct matrix *matrix)
{
	size_t columns = rows->patterns[0].columns, entries = 0;
	for (size_t r = 0; r < d->count; r++)
		entries += rows->patterns[r].entries;
	matrix->column = get_memory(columns + 1, sizeof *matrix->column);
	matrix->row = get_memory(entries, sizeof *matrix->row);
	matrix->values = get_memory(entries, sizeof *matrix->values);
	matrix->pattern = (ojit_pattern){ojit_solver_count(d->solver, d->rows), columns, 0, matrix->column, matrix->row};
	for (size_t j = 0; j < columns; j++) {
		for (size_t r = 0; r < d->count; r++) {
			const ojit_pattern *p = &rows->patterns[r];
			if (p->column[j] == p->column[j + 1])
				continue;
			matrix->row[matrix->pattern.entries] = (int64_t)(d->first + r);
			matrix->values[matrix->pattern.entries++] = rows->values[r][p->column[j]];
		}
		matrix->column[j + 1] = (int64_t)matrix->pattern.entries;
	}
}

static int evaluate_rows(const struct derivative *d, ojit_inputs by, struct matrix *matrix)
{
	struct rows rows = {0};
	int status = 0;
	for (size_t r = 0; status == 0 && r < d->count; r++) {
		size_t row = d->first + r;
		if (ojit_evaluator_row_pattern(d->evaluator, d->of, row, by, &rows.patterns[r]) != OJIT_OK)
			status = fail(d);
		rows.values[r] = get_memory(rows.patterns[r].entries, sizeof *rows.values[r]);
		if (status == 0 && ojit_evaluator_row(d->evaluator, d->of, row, by, d->t, d->y, rows.values[r]) != OJIT_OK)
			status = fail(d);
	}
	if (status == 0)
		join_rows(d, &rows, matrix);
	for (size_t r = 0; r < FEW_ROWS; r++)
		free(rows.values[r]);
	return status;
}

/* Rows that are few of many: where all of them are many elements, or another one has no derivative. */
static bool is_by_rows(const struct derivative *d, int kind, bool refused)
{
	size_t all = ojit_solver_count(d->solver, d->rows);
	return d->count && d->count <= FEW_ROWS && d->count < all && (refused || is_large(d, kind));
}

static int evaluate_matrix(const struct derivative *d, int kind, struct matrix *matrix)
{
	if (is_by_columns(d, kind))
		return evaluate_columns(d, kind, matrix);
	if (is_by_rows(d, kind, false))
		return evaluate_rows(d, (ojit_inputs)(1u << kind), matrix);
	ojit_inputs by = (ojit_inputs)(1u << kind);
	ojit_status status = ojit_evaluator_pattern(d->evaluator, d->of, by, &matrix->pattern);
	if (status == OJIT_UNSUPPORTED && is_by_rows(d, kind, true))
		return evaluate_rows(d, by, matrix);
	if (status != OJIT_OK)
		return fail_matrix(d);
	matrix->values = get_memory(matrix->pattern.entries, sizeof *matrix->values);
	return ojit_evaluator_jacobian(d->evaluator, d->of, by, d->t, d->y, matrix->values) == OJIT_OK ? 0 : fail(d);
}

static int show_matrices(const struct derivative *d)
{
	struct matrix matrices[INPUT_KINDS] = {0};
	struct output output = {0};
	int status = 0;
	for (int kind = 0; status == 0 && kind < INPUT_KINDS; kind++)
		if (inputs_has(&d->by, kind))
			status = evaluate_matrix(d, kind, &matrices[kind]);
	if (status == 0)
		status = output_open(&output, d->request);
	if (status == 0) {
		write_matrices(&output, d, matrices);
		status = output_close(&output);
	}
	for (int kind = 0; kind < INPUT_KINDS; kind++) {
		free(matrices[kind].column);
		free(matrices[kind].row);
		free(matrices[kind].values);
	}
	return status;
}

/* ---- vectors ---- */

static void write_value(FILE *out, const struct derivative *d, bool first, const char *name, const char *suffix,
                        double value)
{
	if (is_json(d)) {
		fputs(first ? "" : ", ", out);
		json_string(out, name);
		fputs(": ", out);
		json_number(out, value);
	} else {
		fprintf(out, "%s%s = ", name, suffix);
		csv_number(out, value);
		fputc('\n', out);
	}
}

/* Of the rows, or of the inputs, those asked for. */
static int write_vector(const struct derivative *d, bool by_row, const double *values)
{
	struct output output = {0};
	bool first = true;
	int status = output_open(&output, d->request);
	if (status)
		return status;
	output_begin(&output);
	fputs(is_json(d) ? "{\"values\": {" : "", output.file);
	size_t count = by_row ? d->first + d->count : inputs_total(&d->by);
	for (size_t k = by_row ? d->first : 0; k < count && !output_failed(&output); k++) {
		if (!by_row && !d->by.chosen[k])
			continue;
		write_value(output.file, d, first, by_row ? ojit_solver_name(d->solver, d->rows, k) : inputs_name(&d->by, k),
		            by_row ? row_suffix(d) : "", values[k]);
		first = false;
	}
	fputs(is_json(d) ? "}}\n" : "", output.file);
	return output_close(&output);
}

/* Vectors of all inputs and, for the library, of those kinds alone that are asked for. */
static void pack(const struct derivative *d, const double *all, double *packed)
{
	for (int kind = 0; kind < INPUT_KINDS; kind++) {
		size_t count = inputs_has(&d->by, kind) ? d->by.counts[kind] : 0;
		if (count)
			memcpy(packed, all + inputs_first(&d->by, kind), count * sizeof *packed);
		packed += count;
	}
}

static void unpack(const struct derivative *d, const double *packed, double *all)
{
	for (int kind = 0; kind < INPUT_KINDS; kind++) {
		size_t count = inputs_has(&d->by, kind) ? d->by.counts[kind] : 0;
		if (count)
			memcpy(all + inputs_first(&d->by, kind), packed, count * sizeof *packed);
		packed += count;
	}
}

static int show_tangent(const struct derivative *d, const double *v)
{
	double *seed = get_memory(inputs_total(&d->by), sizeof *seed);
	double *out = get_memory(ojit_solver_count(d->solver, d->rows), sizeof *out);
	pack(d, v, seed);
	int status = ojit_evaluator_tangent(d->evaluator, d->of, inputs_kinds(&d->by), 1, d->t, d->y, seed, out) == OJIT_OK
		? 0 : fail(d);
	if (status == 0)
		status = write_vector(d, true, out);
	free(seed);
	free(out);
	return status;
}

static int show_adjoint(const struct derivative *d)
{
	size_t inputs = inputs_total(&d->by);
	double *weights = get_memory(ojit_solver_count(d->solver, d->rows), sizeof *weights);
	double *packed = get_memory(inputs, 2 * sizeof *packed), *values = packed + inputs;
	int status = vector_read(d->solver, d->rows, &d->request->direction, weights);
	if (status == 0 && ojit_evaluator_adjoint(d->evaluator, d->of, inputs_kinds(&d->by), d->t, d->y, weights, packed))
		status = fail(d);
	if (status == 0) {
		unpack(d, packed, values);
		status = write_vector(d, false, values);
	}
	free(weights);
	free(packed);
	return status;
}

static int show(const struct derivative *d)
{
	size_t inputs = inputs_total(&d->by);
	double *v = get_memory(inputs, sizeof *v);
	int status = 0;
	switch (d->request->kernel) {
	case EVAL_ADJOINT:
		status = show_adjoint(d);
		break;
	case EVAL_TANGENT:
		status = inputs_read(&d->by, &d->request->direction, v);
		status = status ? status : show_tangent(d, v);
		break;
	case EVAL_BY_TIME:
		v[inputs - 1] = 1;
		status = show_tangent(d, v);
		break;
	default:
		status = show_matrices(d);
	}
	free(v);
	return status;
}

/* ---- what of, and what by ---- */

/* --of NAME: an observable, or the derivative of a state by time. */
static int choose_rows(struct derivative *d)
{
	const char *name = d->request->scalar;
	d->rows = d->of == OJIT_RHS ? OJIT_STATES : OJIT_OUTPUTS;
	d->count = ojit_solver_count(d->solver, d->rows);
	if (!name)
		return 0;
	d->of = OJIT_OBSERVABLES, d->rows = OJIT_OUTPUTS;
	if (ojit_solver_find(d->solver, OJIT_OUTPUTS, name, &d->first, &d->count) == OJIT_OK)
		return 0;
	d->of = OJIT_RHS, d->rows = OJIT_STATES;
	if (ojit_solver_find(d->solver, OJIT_STATES, name, &d->first, &d->count) == OJIT_OK)
		return 0;
	return complain("of", name, 0, strlen(name), "there is no observable '%s' and no state; `out %s` in the model "
	                "makes an observable of what it defines", name, name);
}

/* Where --wrt is not given, jvp is by what its vector names. */
static int choose_inputs(struct derivative *d)
{
	const struct request *request = d->request;
	if (request->wrt.count)
		return inputs_choose(&d->by, &request->wrt);
	if (request->kernel == EVAL_TANGENT && request->direction.count)
		return inputs_choose(&d->by, &request->direction);
	inputs_choose_all(&d->by, request->kernel == EVAL_BY_PARAMETERS ? 1 : request->kernel == EVAL_BY_TIME ? 2 : 0);
	return 0;
}

int derivative_show(struct session *session, const struct request *request, ojit_evaluator *evaluator, double t,
                    const double *y)
{
	struct derivative d = {.request = request, .solver = session->solver, .evaluator = evaluator,
	                       .of = (ojit_kernel)request->of, .t = t, .y = y};
	inputs_init(&d.by, session->solver, request->kernel != EVAL_ADJOINT);
	int status = choose_rows(&d);
	if (status == 0)
		status = choose_inputs(&d);
	if (status == 0)
		status = show(&d);
	inputs_drop(&d.by);
	return status;
}
