/* ojit check: does everything that ojit makes of a model agree with what the model says? */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

/* Marks, and what they mean to a reader. */
static const struct {
	const char *key, *text;
} marks[OJIT_FOUND_KINDS] = {
	[OJIT_FOUND_WRONG] = {"wrong", "do not agree"},
	[OJIT_FOUND_BITS] = {"bits", "differ in their bits"},
	[OJIT_FOUND_KINK] = {"kink", "at a kink or a jump, not judged"},
	[OJIT_FOUND_OVERFLOW] = {"overflow", "beyond what double can hold, not judged"},
	[OJIT_FOUND_UNDEFINED] = {"undefined", "where there is no number, not judged"},
};

struct report {
	ojit_check *check;
	const struct request *request;
	size_t points;
	int digits;
};

/* ---- text ---- */

/* "d x' / d y", "x'", "vjp for k", or the kernel alone. */
static void print_element(FILE *out, const char *kernel, const char *row, const char *column)
{
	if (*row && *column)
		fprintf(out, "d %s / d %s", row, column);
	else if (*row || *column)
		fprintf(out, "%s", *row ? row : column);
	else
		fprintf(out, "%s as a whole", kernel);
}

static void print_row(FILE *out, const ojit_check_row *row)
{
	char name[64];
	snprintf(name, sizeof name, "%s%s%s", row->kernel, *row->by ? " of " : "", *row->by ? row->of : "");
	fprintf(out, "%-20s %-25s", name, row->by);
	if (row->refused || row->omitted) {
		fprintf(out, " %s: %s\n", row->refused ? "not made" : "left out", row->refused ? row->refused : row->omitted);
		return;
	}
	fprintf(out, " %9zu", row->compared);
	if (row->digits < 17) {
		fprintf(out, " %7.1f  ", row->digits);
		print_element(out, row->kernel, row->row, row->column);
		fprintf(out, ", point %zu", row->point);
	} else {
		fputs("     all", out);
	}
	if (row->differenced < row->columns)
		fprintf(out, " (%zu of %zu columns one by one)", row->differenced, row->columns);
	if (row->part < 1)
		fputs(row->part > 0 ? " (a sample)" : " (not by MPFR, which would take long)", out);
	fputc('\n', out);
}

static bool is_mark(ojit_found kind)
{
	return kind != OJIT_FOUND_WRONG && kind != OJIT_FOUND_BITS;
}

/* The first of its kind that names that equation. */
static bool is_first(const ojit_check *check, size_t k)
{
	ojit_finding f = ojit_check_finding_at(check, k);
	for (size_t i = 0; i < k; i++) {
		ojit_finding before = ojit_check_finding_at(check, i);
		if (before.kind == f.kind && (!*f.row || strcmp(before.row, f.row) == 0))
			return false;
	}
	return true;
}

static void print_finding(FILE *out, const ojit_finding *f)
{
	bool wrong = !is_mark(f->kind);
	fprintf(out, "%s: %s", wrong ? "WRONG" : "marked", f->kernel);
	if (*f->by)
		fprintf(out, " of %s by %s", f->of, f->by);
	fputs(", ", out);
	print_element(out, f->kernel, f->row, f->column);
	fputs(" = ", out);
	csv_number(out, f->value);
	fprintf(out, ", %s: ", f->against);
	csv_number(out, f->expected);
	if (wrong)
		fprintf(out, "; %.1f digits", f->digits);
	fprintf(out, "; at point %zu, t = ", f->point);
	csv_number(out, f->t);
	fprintf(out, "; %s\n", marks[f->kind].text);
}

/* Of what is only marked, a few equations of each kind. */
static void print_findings(FILE *out, const ojit_check *check)
{
	enum { FEW = 5 };
	size_t told[OJIT_FOUND_KINDS] = {0};
	for (size_t k = 0; k < ojit_check_finding_count(check); k++) {
		ojit_finding f = ojit_check_finding_at(check, k);
		if (!is_mark(f.kind) || (is_first(check, k) && told[f.kind]++ < FEW))
			print_finding(out, &f);
	}
}

static size_t total(const struct report *r, ojit_found kind)
{
	size_t sum = 0;
	for (size_t k = 0; k < ojit_check_row_count(r->check); k++)
		sum += ojit_check_row_at(r->check, k).found[kind];
	return sum;
}

static void print_summary(FILE *out, const struct report *r)
{
	for (int kind = 0; kind < OJIT_FOUND_KINDS; kind++) {
		size_t count = total(r, (ojit_found)kind);
		if (count)
			fprintf(out, "%zu %s %s\n", count, count == 1 ? "value" : "values", marks[kind].text);
	}
	if (ojit_check_passed(r->check))
		fprintf(out, "machine code, the interpreter and MPFR agree to %d digits at %zu %s\n", r->digits, r->points,
		        r->points == 1 ? "point" : "points");
	else
		fprintf(out, "there are disagreements\n");
}

static void print_report(FILE *out, const struct report *r)
{
	fprintf(out, "%-20s %-25s %9s %7s  %s\n", "kernel", "by", "compared", "digits", "fewest at");
	for (size_t k = 0; k < ojit_check_row_count(r->check); k++) {
		ojit_check_row row = ojit_check_row_at(r->check, k);
		print_row(out, &row);
	}
	fputc('\n', out);
	print_findings(out, r->check);
	print_summary(out, r);
}

/* ---- JSON ---- */

static void json_member(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\": ", name);
	json_string(out, text);
	fputs(", ", out);
}

static void json_amount(FILE *out, const char *name, double value)
{
	fprintf(out, "\"%s\": ", name);
	json_number(out, value);
	fputs(", ", out);
}

static void json_where(FILE *out, const char *kernel, const char *of, const char *by, const char *row, const char *column)
{
	json_member(out, "kernel", kernel);
	json_member(out, "of", of);
	json_member(out, "by", by);
	json_member(out, "row", row);
	json_member(out, "col", column);
}

static void json_row(FILE *out, const ojit_check_row *row)
{
	fputc('{', out);
	json_where(out, row->kernel, row->of, row->by, row->row, row->column);
	if (row->refused)
		json_member(out, "refused", row->refused);
	if (row->omitted)
		json_member(out, "omitted", row->omitted);
	for (int kind = 0; kind < OJIT_FOUND_KINDS; kind++)
		json_amount(out, marks[kind].key, (double)row->found[kind]);
	json_amount(out, "columns", (double)row->columns);
	json_amount(out, "differenced", (double)row->differenced);
	json_amount(out, "digits", row->digits);
	json_amount(out, "part", row->part);
	json_amount(out, "point", (double)row->point);
	fprintf(out, "\"compared\": %zu}", row->compared);
}

static void json_finding(FILE *out, const ojit_finding *f)
{
	fputc('{', out);
	json_member(out, "kind", marks[f->kind].key);
	json_where(out, f->kernel, f->of, f->by, f->row, f->column);
	json_member(out, "against", f->against);
	json_amount(out, "t", f->t);
	json_amount(out, "value", f->value);
	json_amount(out, "expected", f->expected);
	json_amount(out, "size", f->size);
	json_amount(out, "digits", f->digits);
	fprintf(out, "\"point\": %zu}", f->point);
}

static void json_report(FILE *out, const struct report *r)
{
	fputc('{', out);
	json_member(out, "file", r->request->file);
	fprintf(out, "\"points\": %zu, \"wanted\": %d, \"passed\": %s,\n\"kernels\": [", r->points, r->digits,
	        ojit_check_passed(r->check) ? "true" : "false");
	for (size_t k = 0; k < ojit_check_row_count(r->check); k++) {
		ojit_check_row row = ojit_check_row_at(r->check, k);
		fputs(k ? ",\n" : "\n", out);
		json_row(out, &row);
	}
	fputs("],\n\"findings\": [", out);
	for (size_t k = 0; k < ojit_check_finding_count(r->check); k++) {
		ojit_finding finding = ojit_check_finding_at(r->check, k);
		fputs(k ? ",\n" : "\n", out);
		json_finding(out, &finding);
	}
	fputs("]}\n", out);
}

/* ---- checking ---- */

static int fail(const ojit_check *check)
{
	return complain_error(ojit_check_error(check));
}

/* The point that is asked for, or the initial values, and random points around it. */
static int visit(struct session *session, struct report *r)
{
	const struct request *request = r->request;
	ojit_program_info info = ojit_program_describe(session->program);
	double span[2] = {info.has_span ? info.span[0] : 0, info.has_span ? info.span[1] : 1};
	double t = time_given(request, span[0]);
	const double *p = ojit_solver_parameters(session->solver);
	int status = session_set(session, OJIT_STATES, &request->at);
	const double *y = status == 0 && p ? ojit_solver_initials(session->solver, t) : NULL;
	if (status)
		return status;
	if (!y)
		return complain_error(ojit_solver_error(session->solver));
	if (ojit_check_at(r->check, t, y, p) != OJIT_OK)
		return fail(r->check);
	size_t points = request->points ? (size_t)request->points : ojit_check_suggested(r->check);
	for (r->points = 1; r->points <= points; r->points++)
		if (ojit_check_around(r->check, span[0], span[1], y, p) != OJIT_OK)
			return fail(r->check);
	return 0;
}

static int write_report(const struct report *r)
{
	struct output output = {0};
	int status = output_open(&output, r->request);
	if (status)
		return status;
	output_begin(&output);
	(r->request->format == JSON ? json_report : print_report)(output.file, r);
	status = output_close(&output);
	return status ? status : ojit_check_passed(r->check) ? EXIT_DONE : EXIT_DIFFERS;
}

int check_command(const struct request *request)
{
	struct session session;
	struct report report = {.request = request};
	ojit_check_options options = ojit_check_options_default();
	options.digits = request->digits ? (int)(request->digits > 99 ? 99 : request->digits) : options.digits;
	options.seed = request->seed ? request->seed : options.seed;
	report.digits = options.digits;
	int status = session_open(&session, request);
	if (status == 0 && ojit_check_new(session.model, &request->compile, &options, &report.check) != OJIT_OK)
		status = complain_error(ojit_model_error(session.model));
	if (status == 0)
		status = visit(&session, &report);
	if (status == 0)
		status = write_report(&report);
	ojit_check_free(report.check);
	session_close(&session);
	return status;
}
