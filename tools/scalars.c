/* ojit eval --kernel grad, hvp, hess: of one observable, of one state's equation, or of
 * their sum with weights; by states and parameters that are chosen by name.
 */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

enum { KINDS = 2 }; /* of inputs: second derivatives are not by the time */
static const ojit_inputs by_kind[KINDS] = {OJIT_BY_STATES, OJIT_BY_PARAMETERS};

struct view {
	ojit_solver *solver;
	ojit_evaluator *evaluator;
	const struct request *request;
	ojit_scalar scalar;
	double *weights;     /* of the scalar, or NULL */
	char *name;          /* of the scalar, in text */
	struct inputs by;
	double t;
	const double *y;
};

static int fail(const struct view *v)
{
	return complain_error(ojit_evaluator_error(v->evaluator));
}

/* ---- names ---- */

/* --of NAME: an observable, or the derivative of a state by time. */
static int find_element(struct view *v, const char *name)
{
	size_t count = 0;
	v->scalar.of = OJIT_OBSERVABLES;
	if (ojit_solver_find(v->solver, OJIT_OUTPUTS, name, &v->scalar.element, &count) != OJIT_OK) {
		v->scalar.of = OJIT_RHS;
		if (ojit_solver_find(v->solver, OJIT_STATES, name, &v->scalar.element, &count) != OJIT_OK)
			return complain("of", name, 0, strlen(name), "there is no observable '%s' and no state; `out %s` in the "
			                "model makes an observable of what it defines", name, name);
	}
	if (count != 1)
		return complain("of", name, 0, strlen(name), "'%s' means %zu numbers; name one of them, or give all weights "
		                "with --of %s --weights", name, count, v->scalar.of == OJIT_RHS ? "rhs" : "outputs");
	ojit_vector names = v->scalar.of == OJIT_RHS ? OJIT_STATES : OJIT_OUTPUTS;
	const char *full = ojit_solver_name(v->solver, names, v->scalar.element);
	v->name = get_memory(strlen(full) + 2, 1);
	strcpy(v->name, full);
	strcat(v->name, v->scalar.of == OJIT_RHS ? "'" : "");
	return 0;
}

static int read_weights(struct view *v)
{
	ojit_vector names = v->request->of == OJIT_RHS ? OJIT_STATES : OJIT_OUTPUTS;
	size_t count = ojit_solver_count(v->solver, names);
	v->scalar = (ojit_scalar){.of = (ojit_kernel)v->request->of};
	v->scalar.weights = v->weights = get_memory(count, sizeof *v->weights);
	v->name = copy_text("S", 1);
	return vector_read(v->solver, names, &v->request->weights, v->weights);
}

/* Without --of and --weights: the one observable that there is. */
static int find_scalar(struct view *v)
{
	const struct request *request = v->request;
	if (request->scalar)
		return find_element(v, request->scalar);
	if (request->weights.count)
		return read_weights(v);
	if (ojit_solver_count(v->solver, OJIT_OUTPUTS) != 1)
		return complain_plainly("of which number? name an observable with --of NAME, or give --weights for the sum "
		                        "of all elements of --of rhs|outputs");
	const char *name = ojit_solver_name(v->solver, OJIT_OUTPUTS, 0);
	char *only = copy_text(name, strlen(name));
	int status = find_element(v, only);
	free(only);
	return status;
}

/* ---- vectors ---- */

/* values: of all inputs, those chosen are written. */
static void write_vector(struct output *output, const struct view *v, const double *values)
{
	bool json = v->request->format == JSON, first = true, product = v->request->kernel == EVAL_HESSIAN_PRODUCT;
	FILE *out = output->file;
	fputs(json ? "{\"values\": {" : "", out);
	for (size_t k = 0; k < inputs_total(&v->by) && !output_failed(output); k++) {
		if (!v->by.chosen[k])
			continue;
		if (json) {
			fputs(first ? "" : ", ", out);
			json_string(out, inputs_name(&v->by, k));
			fputs(": ", out);
			json_number(out, values[k]);
		} else {
			fprintf(out, product ? "%s%s = " : "d %s / d %s = ", product ? "" : v->name, inputs_name(&v->by, k));
			csv_number(out, values[k]);
			fputc('\n', out);
		}
		first = false;
	}
	fputs(json ? "}}\n" : "", out);
}

/* The library takes and gives vectors of whole kinds: those wanted lie at the front. */
static int evaluate_vector(const struct view *v, const double *direction, double *values)
{
	unsigned by = inputs_kinds(&v->by);
	size_t skipped = by & OJIT_BY_STATES ? 0 : v->by.counts[0];
	ojit_status status = direction
		? ojit_evaluator_hessian_product(v->evaluator, &v->scalar, by, 1, v->t, v->y, direction + skipped,
		                                 values + skipped)
		: ojit_evaluator_gradient(v->evaluator, &v->scalar, by, v->t, v->y, values + skipped);
	return status == OJIT_OK ? 0 : fail(v);
}

static int show_vector(const struct view *v, struct output *output)
{
	size_t count = inputs_total(&v->by);
	double *values = get_memory(count, 2 * sizeof *values), *direction = values + count;
	bool product = v->request->kernel == EVAL_HESSIAN_PRODUCT;
	int status = product ? inputs_read(&v->by, &v->request->direction, direction) : 0;
	if (status == 0)
		status = evaluate_vector(v, product ? direction : NULL, values);
	if (status == 0)
		status = output_open(output, v->request);
	if (status == 0) {
		output_begin(output);
		write_vector(output, v, values);
		status = output_close(output);
	}
	free(values);
	return status;
}

/* ---- matrices ---- */

struct block { /* second derivatives by two kinds of inputs */
	ojit_pattern pattern;
	double *values;
};

static int evaluate_block(const struct view *v, int rows, int columns, struct block *block)
{
	ojit_inputs by_rows = by_kind[rows], by_columns = by_kind[columns];
	if (ojit_evaluator_hessian_pattern(v->evaluator, &v->scalar, by_rows, by_columns, &block->pattern) != OJIT_OK)
		return fail(v);
	block->values = get_memory(block->pattern.entries, sizeof *block->values);
	return ojit_evaluator_hessian(v->evaluator, &v->scalar, by_rows, by_columns, v->t, v->y, block->values) == OJIT_OK
		? 0 : fail(v);
}

static void write_entry(FILE *out, const struct view *v, bool first, size_t row, size_t column, double value)
{
	if (v->request->format == JSON) {
		fputs(first ? "\n{\"row\": " : ",\n{\"row\": ", out);
		json_string(out, inputs_name(&v->by, row));
		fputs(", \"col\": ", out);
		json_string(out, inputs_name(&v->by, column));
		fputs(", \"value\": ", out);
		json_number(out, value);
		fputc('}', out);
	} else {
		fprintf(out, "d2 %s / d %s", v->name, inputs_name(&v->by, row)); /* a name lives until the next is asked for */
		fprintf(out, " d %s = ", inputs_name(&v->by, column));
		csv_number(out, value);
		fputc('\n', out);
	}
}

static void write_column(struct output *output, const struct view *v, const struct block *block, int rows,
                         size_t column, size_t k, bool *first)
{
	const ojit_pattern *p = &block->pattern;
	for (int64_t e = p->column[k]; e < p->column[k + 1] && !output_failed(output); e++) {
		size_t row = inputs_first(&v->by, rows) + (size_t)p->row[e];
		if (!v->by.chosen[row])
			continue;
		write_entry(output->file, v, *first, row, column, block->values[e]);
		*first = false;
	}
}

static void write_matrix(struct output *output, const struct view *v, struct block blocks[KINDS][KINDS])
{
	bool json = v->request->format == JSON, first = true;
	fputs(json ? "{\"entries\": [" : "", output->file);
	for (int columns = 0; columns < KINDS; columns++)
		for (size_t k = 0; inputs_has(&v->by, columns) && k < v->by.counts[columns]; k++) {
			size_t column = inputs_first(&v->by, columns) + k;
			for (int rows = 0; rows < KINDS; rows++)
				if (v->by.chosen[column] && inputs_has(&v->by, rows))
					write_column(output, v, &blocks[rows][columns], rows, column, k, &first);
		}
	fputs(json ? "]}\n" : "", output->file);
}

static int show_hessian(const struct view *v, struct output *output)
{
	struct block blocks[KINDS][KINDS] = {0};
	int status = 0;
	for (int rows = 0; rows < KINDS; rows++)
		for (int columns = 0; columns < KINDS; columns++)
			if (status == 0 && inputs_has(&v->by, rows) && inputs_has(&v->by, columns))
				status = evaluate_block(v, rows, columns, &blocks[rows][columns]);
	if (status == 0)
		status = output_open(output, v->request);
	if (status == 0) {
		output_begin(output);
		write_matrix(output, v, blocks);
		status = output_close(output);
	}
	for (int k = 0; k < KINDS * KINDS; k++)
		free(blocks[k / KINDS][k % KINDS].values);
	return status;
}

/* ---- all of it ---- */

int scalar_show(struct session *session, const struct request *request, ojit_evaluator *evaluator, double t,
                const double *y)
{
	struct output output = {0};
	struct view v = {.solver = session->solver, .evaluator = evaluator, .request = request, .t = t, .y = y};
	inputs_init(&v.by, session->solver, false);
	int status = find_scalar(&v);
	if (status == 0)
		status = inputs_choose(&v.by, &request->wrt);
	if (request->wrt.count == 0)
		inputs_choose_all(&v.by, 0);
	if (status == 0)
		status = request->kernel == EVAL_HESSIAN ? show_hessian(&v, &output) : show_vector(&v, &output);
	free(v.weights);
	free(v.name);
	inputs_drop(&v.by);
	return status;
}
