/* What came of a solve, in every format it can be written in; NPY is in records.c. */
#include "tools/tool.h"

#include <stdlib.h>
#include <string.h>

static const ojit_vector written[] = {OJIT_STATES, OJIT_OUTPUTS}; /* after the time */

/* ---- CSV ---- */

static void write_csv(struct output *output, const struct result *result)
{
	FILE *out = output->file;
	fputc('t', out);
	for (int v = 0; v < 2; v++)
		for (size_t k = 0; k < ojit_solver_count(result->solver, written[v]); k++) {
			fputc(',', out);
			csv_name(out, ojit_solver_name(result->solver, written[v], k));
		}
	fputc('\n', out);
	size_t columns = ojit_solver_columns(result->solver);
	for (size_t i = 0; i < ojit_solver_rows(result->solver) && !output_failed(output); i++) {
		const double *row = ojit_solver_row(result->solver, i);
		for (size_t k = 0; k < columns; k++) {
			fputs(k ? "," : "", out);
			csv_number(out, row[k]);
		}
		fputc('\n', out);
	}
}

/* ---- statistics ---- */

/* States whose errors nothing held down: said with the statistics. */
enum { NAMED = 8 };

static void print_below_atol(ojit_solver *solver)
{
	size_t states[NAMED], count = ojit_solver_below_atol(solver, states, NAMED);
	if (count == 0)
		return;
	fputs("below_atol  ", stderr);
	for (size_t i = 0; i < count && i < NAMED; i++)
		fprintf(stderr, "%s%s", i ? ", " : "", ojit_solver_name(solver, OJIT_STATES, states[i]));
	if (count > NAMED)
		fprintf(stderr, " and %zu more", count - NAMED);
	fputs("  (never above their absolute tolerance)\n", stderr);
}

static void write_json_below_atol(FILE *out, ojit_solver *solver)
{
	size_t count = ojit_solver_below_atol(solver, NULL, 0);
	size_t *states = get_memory(count, sizeof *states);
	ojit_solver_below_atol(solver, states, count);
	fputs("\"below_atol\": [", out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		json_string(out, ojit_solver_name(solver, OJIT_STATES, states[i]));
	}
	fputs("], ", out);
	free(states);
}

static void write_json_implicit(FILE *out, const struct result *result)
{
	const ojit_stats *s = &result->stats;
	if (s->factorisations == 0)
		return;
	fprintf(out, "\"jacobians\": %llu, \"factorisations\": %llu, \"iterations\": %llu, \"linear\": ",
	        (unsigned long long)s->jacobians, (unsigned long long)s->factorisations,
	        (unsigned long long)s->iterations);
	json_string(out, ojit_solver_linear(result->solver));
	fputs(", ", out);
}

static void write_json_choice(FILE *out, const struct result *result)
{
	const char *choice = ojit_solver_choice(result->solver);
	if (!*choice)
		return;
	fputs("\"auto\": ", out);
	json_string(out, choice);
	fputs(", ", out);
}

static void write_json_stats(FILE *out, const struct result *result)
{
	const ojit_stats *s = &result->stats;
	fprintf(out, "{\"status\": \"%s\", \"steps\": %llu, \"rejected\": %llu, \"rhs\": %llu, ",
	        ojit_outcome_name(s->outcome), (unsigned long long)s->steps,
	        (unsigned long long)s->rejected, (unsigned long long)s->rhs);
	if (s->clipped > 0)
		fprintf(out, "\"clipped\": %llu, ", (unsigned long long)s->clipped);
	write_json_implicit(out, result);
	write_json_choice(out, result);
	write_json_below_atol(out, result->solver);
	refinement_write_json(out, result->solver, result->refinement);
	fprintf(out, "\"compile_ms\": %.3f, \"solve_ms\": %.6f, \"nodes\": %zu, \"code_bytes\": %zu}",
	        1e3 * result->info.compile_seconds, 1e3 * result->seconds, result->info.nodes,
	        result->info.code_bytes);
}

/* ---- JSON ---- */

static void write_json_columns(FILE *out, ojit_solver *solver)
{
	fputs("\"columns\": [\"t\"", out);
	for (int v = 0; v < 2; v++)
		for (size_t k = 0; k < ojit_solver_count(solver, written[v]); k++) {
			fputs(", ", out);
			json_string(out, ojit_solver_name(solver, written[v], k));
		}
	fputs("],\n", out);
}

static void write_json_series(struct output *output, const struct result *result)
{
	FILE *out = output->file;
	size_t columns = ojit_solver_columns(result->solver), rows = ojit_solver_rows(result->solver);
	fputs("{\"version\": 1,\n", out);
	write_json_columns(out, result->solver);
	fputs("\"rows\": [", out);
	for (size_t i = 0; i < rows && !output_failed(output); i++) {
		const double *row = ojit_solver_row(result->solver, i);
		fputs(i ? ",\n[" : "\n[", out);
		for (size_t k = 0; k < columns; k++) {
			fputs(k ? ", " : "", out);
			json_number(out, row[k]);
		}
		fputc(']', out);
	}
	fputs("],\n\"stats\": ", out);
	write_json_stats(out, result);
	fputs("}\n", out);
}

static void write_json_final(struct output *output, const struct result *result)
{
	FILE *out = output->file;
	fputs("{\"version\": 1, \"t\": ", out);
	json_number(out, result->stats.t);
	fputs(",\n\"states\": ", out);
	json_values(out, result->solver, OJIT_STATES, ojit_solver_last_states(result->solver));
	fputs(",\n\"outputs\": ", out);
	json_values(out, result->solver, OJIT_OUTPUTS, ojit_solver_last_outputs(result->solver));
	fputs(",\n\"stats\": ", out);
	write_json_stats(out, result);
	fputs("}\n", out);
}

void result_print_stats(const struct result *result)
{
	const ojit_stats *s = &result->stats;
	fprintf(stderr,
	        "status      %s\nsteps       %llu\nrejected    %llu\nrhs         %llu\n",
	        ojit_outcome_name(s->outcome), (unsigned long long)s->steps,
	        (unsigned long long)s->rejected, (unsigned long long)s->rhs);
	if (s->factorisations > 0)
		fprintf(stderr, "jacobians   %llu\nfactors     %llu\niterations  %llu\nlinear      %s\n",
		        (unsigned long long)s->jacobians, (unsigned long long)s->factorisations,
		        (unsigned long long)s->iterations, ojit_solver_linear(result->solver));
	if (s->clipped > 0)
		fprintf(stderr, "clipped     %llu\n", (unsigned long long)s->clipped);
	fprintf(stderr, "compile_ms  %.3f\nsolve_ms    %.6f\nnodes       %zu\ncode_bytes  %zu\n", 1e3 * result->info.compile_seconds,
	        1e3 * result->seconds, result->info.nodes, result->info.code_bytes);
	const char *choice = ojit_solver_choice(result->solver);
	if (*choice)
		fprintf(stderr, "auto        %s\n", choice);
	print_below_atol(result->solver);
}

int result_write(struct output *output, const struct request *request, const struct result *result)
{
	output_begin(output);
	if (request->format == NPY)
		return records_write(output, result);
	if (request->format == CSV)
		write_csv(output, result);
	else if (request->final)
		write_json_final(output, result);
	else
		write_json_series(output, result);
	return 0;
}
