/* ojit run --refine: error that is seen.
 *
 * The solve is repeated with tolerances a tenth of the last (steps half of them) until
 * what is put out agrees with the run before in as many digits as are wanted.  Two values
 * agree in d digits when |a - b| <= 10^-d max(|b|, a thousandth of the column's largest):
 * a zero crossing has no relative digits.  What agrees is what the run before the last
 * got right; the last, which is put out, is better. */
#include "tools/tool.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLOOR 2.3e-15 /* the least tolerance there is */
#define MOST_DIGITS 17.0

struct rows { /* of a run */
	double *at;
	size_t rows, columns; /* the time among them */
};

static struct rows keep_rows(ojit_solver *solver)
{
	struct rows kept = {.rows = ojit_solver_rows(solver), .columns = ojit_solver_columns(solver)};
	kept.at = get_memory(kept.rows * kept.columns, sizeof *kept.at);
	for (size_t i = 0; i < kept.rows; i++)
		memcpy(kept.at + i * kept.columns, ojit_solver_row(solver, i), kept.columns * sizeof *kept.at);
	return kept;
}

static double digits_of(double error)
{
	if (isnan(error))
		return 0;
	return error > 0 ? fmin(MOST_DIGITS, fmax(0, -log10(error))) : MOST_DIGITS;
}

static double column_digits(const struct rows *before, const struct rows *now, size_t column)
{
	double largest = 0, error = 0;
	size_t rows = before->rows < now->rows ? before->rows : now->rows;
	for (size_t i = 0; i < now->rows; i++)
		largest = fmax(largest, fabs(now->at[i * now->columns + column]));
	for (size_t i = 0; i < rows; i++) {
		double a = before->at[i * now->columns + column], b = now->at[i * now->columns + column];
		double off = a == b ? 0 : fabs(a - b) / fmax(fabs(b), 1e-3 * largest);
		if (!(off <= error))
			error = off;
	}
	return before->rows == now->rows ? digits_of(error) : 0;
}

static void compare(struct refinement *r, const struct rows *before, const struct rows *now)
{
	r->worst = 0;
	for (size_t k = 0; k < r->columns; k++) {
		r->digits[k] = column_digits(before, now, k + 1);
		if (r->digits[k] < r->digits[r->worst])
			r->worst = k;
	}
	r->reached = r->columns == 0 || r->digits[r->worst] >= r->wanted;
}

/* What the first run uses where nothing was asked for. */
static void settle_options(const struct session *session, ojit_options *o)
{
	ojit_program_info info = ojit_program_describe(session->program);
	if (o->rtol < 0)
		o->rtol = info.rtol > 0 ? info.rtol : 1e-6;
	if (o->atol < 0)
		o->atol = info.has_atol ? info.atol : 1e-9;
}

/* False: there is nothing tighter. */
static bool tighten(ojit_options *o)
{
	if (o->fixed_step > 0) {
		o->fixed_step /= 2;
		return true;
	}
	if (o->rtol <= FLOOR)
		return false;
	o->rtol = fmax(o->rtol / 10, FLOOR);
	o->atol /= 10;
	return true;
}

/* Tolerances by name are tightened along. */
static int tighten_named(struct session *session, const struct request *request, int runs)
{
	for (size_t i = 0; i < request->atol.count; i++) {
		const struct item *item = &request->atol.all[i];
		double value = item->value * pow(10, -runs);
		if (item->name && ojit_solver_set(session->solver, OJIT_TOLERANCES, item->name, value) != OJIT_OK)
			return complain_error(ojit_solver_error(session->solver));
	}
	return 0;
}

enum { MOST_RUNS = 40 };

int refine(struct session *session, const struct request *request, struct plan *plan, struct result *result,
           struct refinement *r)
{
	ojit_options *o = &plan->options;
	struct rows before = {0}, now;
	int status;
	settle_options(session, o);
	*r = (struct refinement){.columns = ojit_solver_columns(session->solver) - 1};
	r->wanted = request->digits ? (double)request->digits : floor(-log10(o->rtol) + 1e-9);
	r->digits = get_memory(r->columns, sizeof *r->digits);
	do {
		r->rtol = o->rtol, r->atol = o->atol, r->fixed_step = o->fixed_step;
		status = plan_run(session, request, plan, result);
		if (status)
			break;
		now = keep_rows(session->solver);
		if (r->runs++ > 0)
			compare(r, &before, &now);
		free(before.at);
		before = now;
		status = tighten_named(session, request, r->runs);
	} while (!status && !r->reached && result->stats.outcome == OJIT_SUCCESS && r->runs < MOST_RUNS && tighten(o));
	free(before.at);
	return status;
}

static const char *column_name(ojit_solver *solver, size_t column)
{
	size_t states = ojit_solver_count(solver, OJIT_STATES);
	return column < states ? ojit_solver_name(solver, OJIT_STATES, column)
	                       : ojit_solver_name(solver, OJIT_OUTPUTS, column - states);
}

void refinement_tell(ojit_solver *solver, const struct refinement *r)
{
	if (r->columns == 0 || r->runs < 2)
		return;
	fprintf(stderr, "ojit: %.0f digits hold%s, fewest in %s (%d solves, ", floor(r->digits[r->worst]),
	        r->reached ? "" : ", fewer than wanted", column_name(solver, r->worst), r->runs);
	if (r->fixed_step > 0)
		fprintf(stderr, "the last with steps of %g)\n", r->fixed_step);
	else
		fprintf(stderr, "the last with rtol = %g)\n", r->rtol);
}

void refinement_write_json(FILE *out, ojit_solver *solver, const struct refinement *r)
{
	if (!r)
		return;
	fprintf(out, "\"refine\": {\"reached\": %s, \"solves\": %d, \"rtol\": ", r->reached ? "true" : "false", r->runs);
	json_number(out, r->rtol);
	fputs(", \"fixed_step\": ", out);
	json_number(out, r->fixed_step);
	fputs(", \"digits\": {", out);
	for (size_t k = 0; k < r->columns; k++) {
		fputs(k ? ", " : "", out);
		json_string(out, column_name(solver, k));
		fputs(": ", out);
		json_number(out, r->runs > 1 ? floor(10 * r->digits[k]) / 10 : 0);
	}
	fputs("}}, ", out);
}

void refinement_drop(struct refinement *r)
{
	if (r)
		free(r->digits);
}
