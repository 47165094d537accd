/* ojit run --refine: error that is seen.
 *
 * The solve is repeated with tolerances a tenth of the last (steps half of them) until
 * what is put out agrees with the run before in as many digits as are wanted.  Two values
 * agree in d digits when |a - b| <= 10^-d max(|b|, a thousandth of the column's largest, of
 * states atol/rtol): neither a zero crossing nor what the tolerances take for 0 has relative
 * digits.  What agrees is what the run before the last got right; the last, which is put out,
 * is better.  A run that ends early is left out, and the one before put out.
 *
 * Two solvers take turns, so that the run before is there whatever comes of the last. */
#include "tools/tool.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FLOOR 2.3e-15 /* the least tolerance there is */
#define MOST_DIGITS 17.0

static double digits_of(double error)
{
	if (isnan(error))
		return 0;
	return error > 0 ? fmin(MOST_DIGITS, fmax(0, -log10(error))) : MOST_DIGITS;
}

static double column_digits(ojit_solver *before, ojit_solver *now, size_t column, double scale)
{
	double error = 0;
	size_t rows = ojit_solver_rows(now);
	if (ojit_solver_rows(before) != rows)
		return 0;
	for (size_t i = 0; i < rows; i++)
		scale = fmax(scale, 1e-3 * fabs(ojit_solver_row(now, i)[column]));
	for (size_t i = 0; i < rows; i++) {
		double a = ojit_solver_row(before, i)[column], b = ojit_solver_row(now, i)[column];
		double off = a == b ? 0 : fabs(a - b) / fmax(fabs(b), scale);
		if (!(off <= error))
			error = off;
	}
	return digits_of(error);
}

static void compare(struct refinement *r, ojit_solver *before, ojit_solver *now)
{
	r->worst = 0;
	for (size_t k = 0; k < r->columns; k++) {
		r->digits[k] = column_digits(before, now, k + 1, r->scales[k]);
		if (r->digits[k] < r->digits[r->worst])
			r->worst = k;
	}
	r->reached = r->columns == 0 || r->digits[r->worst] >= r->wanted;
}

/* What the first run uses where nothing was asked for. */
static void settle_options(const ojit_program_info *info, ojit_options *o)
{
	if (o->rtol < 0)
		o->rtol = info->rtol > 0 ? info->rtol : 1e-6;
	if (o->atol < 0)
		o->atol = info->has_atol ? info->atol : 1e-9;
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

/* Magnitudes of states below which the first run's tolerances see nothing relative. */
static int find_scales(struct refinement *r, ojit_solver *solver, const struct request *request, const ojit_options *o)
{
	size_t first, count;
	for (size_t k = 0; o->fixed_step == 0 && k < ojit_solver_count(solver, OJIT_STATES); k++)
		r->scales[k] = o->atol / o->rtol;
	for (size_t i = 0; o->fixed_step == 0 && i < request->atol.count; i++) {
		const struct item *item = &request->atol.all[i];
		if (!item->name)
			continue;
		if (ojit_solver_find(solver, OJIT_TOLERANCES, item->name, &first, &count) != OJIT_OK)
			return complain_error(ojit_solver_error(solver));
		for (size_t k = first; k < first + count; k++)
			r->scales[k] = item->value / o->rtol;
	}
	return 0;
}

static int begin(struct session *session, const struct request *request, ojit_options *o, struct refinement *r)
{
	ojit_program_info info = ojit_program_describe(session->program);
	if (o->until_steady > 0 || (o->until_steady == 0 && info.until_steady > 0))
		return complain_plainly("--refine compares what is put out at the same times, and --until-steady ends every "
		                        "solve at another; leave one out (--until-steady 0 where the model asks for it)");
	settle_options(&info, o);
	*r = (struct refinement){.columns = ojit_solver_columns(session->solver) - 1};
	r->wanted = request->digits ? (double)request->digits : floor(-log10(o->rtol) + 1e-9);
	r->digits = get_memory(r->columns, sizeof *r->digits);
	r->scales = get_memory(r->columns, sizeof *r->scales);
	return find_scales(r, session->solver, request, o);
}

/* The solver that is not the run before's, with values like it. */
static int take_turns(struct session *session, const struct request *request, ojit_solver **before)
{
	ojit_solver *now = session->solver;
	session->solver = *before;
	*before = now;
	if (session->solver)
		return 0;
	int status = session_solver(session, request);
	return status ? status : session_set(session, OJIT_STATES, &request->init);
}

/* A run after the first ended early: back to the one before. */
static void go_back(struct session *session, struct refinement *r, ojit_solver **before)
{
	ojit_solver *failed = session->solver;
	const char *why = ojit_solver_message(failed);
	r->failure = copy_text(why, strlen(why));
	session->solver = *before;
	*before = failed;
}

enum { MOST_RUNS = 40 };

int refine(struct session *session, const struct request *request, struct plan *plan, struct result *result,
           struct refinement *r)
{
	ojit_options *o = &plan->options;
	ojit_solver *before = NULL;
	ojit_stats stats = {0};
	int status = begin(session, request, o, r);
	while (!status) {
		status = plan_run(session, request, plan, result);
		if (status)
			break;
		if (r->runs > 0 && result->stats.outcome != OJIT_SUCCESS) {
			go_back(session, r, &before);
			result->stats = stats;
			break;
		}
		r->rtol = o->rtol, r->atol = o->atol, r->fixed_step = o->fixed_step;
		stats = result->stats;
		if (r->runs++ > 0)
			compare(r, before, session->solver);
		if (r->reached || stats.outcome != OJIT_SUCCESS || r->runs == MOST_RUNS || !tighten(o))
			break;
		status = take_turns(session, request, &before);
		if (!status)
			status = tighten_named(session, request, r->runs);
	}
	ojit_solver_free(before);
	result->solver = session->solver;
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
	if (r->failure)
		fprintf(stderr, "ojit: a tighter solve ended early, the one before is put out: %s\n", r->failure);
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
	if (!r)
		return;
	free(r->digits);
	free(r->scales);
	free(r->failure);
}
