/* Derivatives through the public API: machine code, interpreter, tangents, adjoints and
 * Jacobians agree with one another. */
#include "tests/support_derivatives.h"
#include "tests/support_host.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *room(size_t count)
{
	double *made = calloc(count + 1, sizeof *made);
	for (size_t k = 0; k < count; k++)
		made[k] = NAN;
	return made;
}

/* The dense matrix, rows * columns, by Jacobian entries. */
static double *by_entries(struct host *h, ojit_kernel of, ojit_inputs by, size_t *rows, size_t *columns)
{
	ojit_pattern p;
	HOST_OK(ojit_evaluator_pattern(h->evaluator, of, by, &p));
	double *values = room(p.entries), *dense = calloc(p.rows * p.columns + 1, sizeof *dense);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, of, by, 0.25, h->y, values));
	for (size_t c = 0; c < p.columns; c++)
		for (int64_t k = p.column[c]; k < p.column[c + 1]; k++)
			dense[(size_t)p.row[k] * p.columns + c] = values[k];
	*rows = p.rows;
	*columns = p.columns;
	free(values);
	return dense;
}

static double *by_tangents(struct host *h, ojit_kernel of, ojit_inputs by, size_t rows, size_t columns)
{
	double *seed = calloc(columns * columns + 1, sizeof *seed), *dense = room(rows * columns);
	for (size_t k = 0; k < columns; k++)
		seed[k * columns + k] = 1;
	HOST_OK(ojit_evaluator_tangent(h->evaluator, of, by, columns, 0.25, h->y, seed, dense));
	free(seed);
	return dense;
}

static double *by_adjoints(struct host *h, ojit_kernel of, ojit_inputs by, size_t rows, size_t columns)
{
	double *weights = calloc(rows + 1, sizeof *weights), *dense = room(rows * columns);
	for (size_t k = 0; k < rows; k++) {
		weights[k] = 1;
		HOST_OK(ojit_evaluator_adjoint(h->evaluator, of, by, 0.25, h->y, weights, dense + k * columns));
		weights[k] = 0;
	}
	free(weights);
	return dense;
}

static void same(const char *text, const char *what, const double *a, const double *b, size_t rows, size_t columns)
{
	for (size_t k = 0; k < rows * columns; k++)
		cr_expect(fabs(a[k] - b[k]) <= 1e-13 * (1 + fabs(a[k])), "%s\n%s: row %zu, column %zu: %.17g and %.17g", text, what,
		          k / columns, k % columns, a[k], b[k]);
}

static void three_ways(struct host *h, const char *text, ojit_kernel of, ojit_inputs by)
{
	size_t rows, columns;
	double *entries = by_entries(h, of, by, &rows, &columns);
	if (columns && rows) {
		double *tangents = by_tangents(h, of, by, rows, columns), *adjoints = by_adjoints(h, of, by, rows, columns);
		same(text, "Jacobian and tangents", entries, tangents, rows, columns);
		same(text, "Jacobian and adjoints", entries, adjoints, rows, columns);
		free(tangents);
		free(adjoints);
	}
	free(entries);
}

static void hold(ojit_executor executor)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct host h;
		host_begin(&h, derivative_models[k], executor);
		three_ways(&h, derivative_models[k], OJIT_RHS, OJIT_BY_STATES);
		three_ways(&h, derivative_models[k], OJIT_RHS, OJIT_BY_PARAMETERS);
		three_ways(&h, derivative_models[k], OJIT_OBSERVABLES, OJIT_BY_STATES);
		host_end(&h);
	}
}

Test(derive, three_ways_agree_in_machine_code)
{
	hold(OJIT_AUTOMATIC);
}

Test(derive, three_ways_agree_in_the_interpreter)
{
	hold(OJIT_INTERPRETER);
}

/* One row by itself has the entries that it has in the matrix, and no others. */
static void hold_row(struct host *h, const char *text, ojit_kernel of, ojit_inputs by, size_t row)
{
	ojit_pattern all, one;
	HOST_OK(ojit_evaluator_pattern(h->evaluator, of, by, &all));
	HOST_OK(ojit_evaluator_row_pattern(h->evaluator, of, row, by, &one));
	double *values = room(all.entries), *alone = room(one.entries);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, of, by, 0.25, h->y, values));
	HOST_OK(ojit_evaluator_row(h->evaluator, of, row, by, 0.25, h->y, alone));
	cr_assert_eq(one.rows, 1);
	cr_assert_eq(one.columns, all.columns);
	for (size_t j = 0, count = 0; j < all.columns; j++) {
		for (int64_t k = all.column[j]; k < all.column[j + 1]; k++)
			if ((size_t)all.row[k] == row)
				same(text, "in the matrix and by itself", &values[k], &alone[count++], 1, 1);
		cr_assert_eq((size_t)one.column[j + 1], count, "%s\nrow %zu, column %zu", text, row, j);
	}
	free(values);
	free(alone);
}

Test(derive, a_row_by_itself_is_that_of_the_matrix)
{
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct host host, *h = &host;
		const char *text = derivative_models[k];
		host_begin(h, text, OJIT_INTERPRETER);
		size_t rows[] = {0, h->states / 2, h->states - 1};
		for (size_t r = 0; r < 3; r++) {
			hold_row(h, text, OJIT_RHS, OJIT_BY_STATES, rows[r]);
			hold_row(h, text, OJIT_RHS, OJIT_BY_PARAMETERS, rows[r]);
			hold_row(h, text, OJIT_RHS, OJIT_BY_TIME, rows[r]);
		}
		if (h->outputs)
			hold_row(h, text, OJIT_OBSERVABLES, OJIT_BY_STATES, h->outputs - 1);
		host_end(h);
	}
}

/* Bits of everything, one after another. */
static size_t all_bits(struct host *h, double *out)
{
	size_t rows, columns, count = 0;
	static const ojit_inputs by[] = {OJIT_BY_STATES, OJIT_BY_PARAMETERS};
	for (int k = 0; k < 2; k++) {
		double *dense = by_entries(h, OJIT_RHS, by[k], &rows, &columns);
		if (columns) {
			double *adjoints = by_adjoints(h, OJIT_RHS, by[k], rows, columns);
			memcpy(out + count, dense, rows * columns * sizeof *out);
			memcpy(out + count + rows * columns, adjoints, rows * columns * sizeof *out);
			free(adjoints);
		}
		count += 2 * rows * columns;
		free(dense);
	}
	return count;
}

Test(derive, machine_code_and_interpreter_have_equal_bits)
{
	static double a[20000], b[20000];
	for (size_t k = 0; k < derivative_model_count; k++) {
		struct host h;
		host_begin(&h, derivative_models[k], OJIT_OPTIMISED);
		size_t count = all_bits(&h, a);
		host_end(&h);
		host_begin(&h, derivative_models[k], OJIT_INTERPRETER);
		cr_assert_eq(all_bits(&h, b), count);
		host_end(&h);
		cr_expect(memcmp(a, b, count * sizeof *a) == 0, "%s", derivative_models[k]);
	}
}

Test(derive, arguments_that_make_no_sense_are_refused)
{
	struct host h;
	ojit_pattern p;
	double out[4];
	host_begin(&h, derivative_models[0], OJIT_INTERPRETER);
	cr_expect_eq(ojit_evaluator_pattern(h.evaluator, OJIT_INITIAL, OJIT_BY_STATES, &p), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_pattern(h.evaluator, OJIT_RHS, (ojit_inputs)8, &p), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_pattern(h.evaluator, OJIT_RHS, (ojit_inputs)3, &p), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_row_pattern(h.evaluator, OJIT_RHS, h.states, OJIT_BY_STATES, &p), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_row(h.evaluator, OJIT_RHS, 0, (ojit_inputs)3, 0, h.y, out), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_adjoint(h.evaluator, OJIT_RHS, 0, 0, h.y, out, out), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_tangent(h.evaluator, OJIT_RHS, 1, 0, 0, h.y, out, out), OJIT_ARGUMENT);
	host_end(&h);
}

Test(derive, a_call_again_gives_the_same_whatever_came_between)
{
	static const double other[2] = {2.5, 0.6};
	struct host h;
	double first[4], again[4] = {0}, between[4];
	host_begin(&h, derivative_models[0], OJIT_INTERPRETER);
	for (int k = 0; k < 2; k++)
		cr_expect_eq(ojit_evaluator_jacobian(h.evaluator, OJIT_RHS, OJIT_BY_STATES, 0.25, h.y, k ? again : first), OJIT_OK);
	cr_expect_arr_eq(first, again, sizeof first);
	cr_expect_eq(ojit_evaluator_jacobian(h.evaluator, OJIT_RHS, OJIT_BY_PARAMETERS, 0.25, h.y, between), OJIT_OK);
	cr_expect_eq(ojit_evaluator_jacobian(h.evaluator, OJIT_INITIAL, OJIT_BY_STATES, 0.25, h.y, between), OJIT_ARGUMENT);
	memset(again, 0, sizeof again);
	cr_expect_eq(ojit_evaluator_jacobian(h.evaluator, OJIT_RHS, OJIT_BY_STATES, 0.25, h.y, again), OJIT_OK);
	cr_expect_arr_eq(first, again, sizeof first);
	cr_expect_eq(ojit_evaluator_error(h.evaluator).status, OJIT_OK);
	cr_expect_eq(ojit_evaluator_parameters(h.evaluator, other), OJIT_OK);
	cr_expect_eq(ojit_evaluator_jacobian(h.evaluator, OJIT_RHS, OJIT_BY_STATES, 0.25, h.y, again), OJIT_OK);
	cr_expect_arr_neq(first, again, sizeof first);
	host_end(&h);
}

Test(derive, calls_that_go_well_forget_a_failure)
{
	struct host h;
	double out[4];
	host_begin(&h, derivative_models[0], OJIT_INTERPRETER);
	for (int k = 0; k < 2; k++)
		cr_expect_eq(ojit_evaluator_call(h.evaluator, OJIT_RHS, 0, h.y, out), OJIT_OK);
	cr_expect_eq(ojit_evaluator_adjoint(h.evaluator, OJIT_RHS, 0, 0, h.y, out, out), OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_error(h.evaluator).status, OJIT_ARGUMENT);
	cr_expect_eq(ojit_evaluator_call(h.evaluator, OJIT_RHS, 0, h.y, out), OJIT_OK);
	cr_expect_eq(ojit_evaluator_error(h.evaluator).status, OJIT_OK);
	host_end(&h);
}

Test(derive, by_time_is_the_derivative_by_time)
{
	struct host hosted, *h = &hosted;
	double one = 1, out[1], y = 0.4;
	host_begin(h, "init x = 0.4\nx' = sin(t*x) + t^2", OJIT_AUTOMATIC);
	HOST_OK(ojit_evaluator_tangent(h->evaluator, OJIT_RHS, OJIT_BY_TIME, 1, 0.25, &y, &one, out));
	cr_expect_float_eq(out[0], y * cos(0.25 * y) + 0.5, 1e-15);
	host_end(h);
}

Test(derive, nothing_is_allocated_by_a_second_call)
{
	struct host hosted, *h = &hosted;
	double values[100];
	host_begin(h, derivative_models[1], OJIT_AUTOMATIC);
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, values));
	uint64_t before = ojit_context_counters(h->context).allocations;
	HOST_OK(ojit_evaluator_jacobian(h->evaluator, OJIT_RHS, OJIT_BY_STATES, 0, h->y, values));
	cr_expect_eq(ojit_context_counters(h->context).allocations, before);
	host_end(h);
}

/* A model that is not read from a text has no lines to show. */
Test(derive, what_has_no_derivative_is_refused_with_its_equation)
{
	ojit_context *context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(context);
	ojit_program *program;
	ojit_pattern pattern;
	ojit_expr x = ojit_state(model, "x", 1), y = ojit_state(model, "y", 2);
	ojit_equation(model, "x'", y);
	ojit_equation(model, "y'", ojit_mul(model, x, ojit_call(model, "trigamma", 1, &y)));
	cr_assert_eq(ojit_program_compile(model, NULL, &program), OJIT_OK, "%s", ojit_model_error(model).text);
	ojit_evaluator *e = ojit_evaluator_new(program);
	const double at[2] = {1, 2};
	double out[2];
	for (int k = 0; k < 3; k++) {
		ojit_status status = k == 0   ? ojit_evaluator_pattern(e, OJIT_RHS, OJIT_BY_STATES, &pattern)
		                     : k == 1 ? ojit_evaluator_tangent(e, OJIT_RHS, OJIT_BY_STATES, 1, 0, at, at, out)
		                              : ojit_evaluator_adjoint(e, OJIT_RHS, OJIT_BY_STATES, 0, at, at, out);
		cr_expect_eq(status, OJIT_UNSUPPORTED);
		cr_expect_not_null(strstr(ojit_evaluator_error(e).text, "trigamma has no derivative that ojit knows, and y' is made of it"),
		                   "%s", ojit_evaluator_error(e).text);
	}
	ojit_evaluator_free(e);
	ojit_program_free(program);
	ojit_model_free(model);
	cr_expect_eq(ojit_context_counters(context).live_bytes, 0);
	ojit_context_free(context);
}
