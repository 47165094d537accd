/* ojit run: solve a model and write the solution. */
#include "tools/tool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ctrl-C asks the solve to end; what there is gets written.  A second one ends the
 * process as usual. */
static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void listen_to_interrupts(void)
{
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART | (int)SA_RESETHAND};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static ojit_verdict check_interrupts(void *user, double t)
{
	(void)user, (void)t;
	return interrupted ? OJIT_INTERRUPT : OJIT_CONTINUE;
}

/* ---- what to run ---- */

struct plan {
	double span[2];
	ojit_options options;
	ojit_output output;
	double *times;
};

static int plan_span(struct plan *plan, const struct request *request, const ojit_program_info *info)
{
	if (!request->has_span && !info->has_span)
		return complain_plainly("%s names no time span; add --t A:B, such as --t 0:10, or the line "
		                        "`span 0 .. 10` to the model", request->file);
	memcpy(plan->span, request->has_span ? request->span : info->span, sizeof plan->span);
	return 0;
}

static int plan_output(struct plan *plan, const struct request *request)
{
	size_t count;
	plan->output = ojit_output_points(request->points ? request->points : 200);
	if (request->steps)
		plan->output = ojit_output_steps();
	if (request->final)
		plan->output = ojit_output_final();
	if (request->every > 0)
		plan->output = ojit_output_every(request->every);
	if (!request->times)
		return 0;
	int status = times_read(request->times, &plan->times, &count);
	plan->output = ojit_output_times(plan->times, count);
	return status;
}

/* Tolerances without a name hold for all states, those with one for theirs. */
static int plan_tolerances(struct plan *plan, struct session *session, const struct request *request)
{
	for (size_t i = 0; i < request->atol.count; i++) {
		const struct item *item = &request->atol.all[i];
		if (item->name)
			continue;
		if (!(item->value >= 0))
			return complain_item(item, "a tolerance is 0 or larger");
		plan->options.atol = item->value;
	}
	return session_set(session, OJIT_TOLERANCES, &request->atol);
}

static int make_plan(struct plan *plan, struct session *session, const struct request *request)
{
	ojit_program_info info = ojit_program_describe(session->program);
	*plan = (struct plan){.options = request->options};
	plan->options.check = check_interrupts;
	int status = plan_span(plan, request, &info);
	if (status == 0)
		status = plan_output(plan, request);
	if (status == 0)
		status = plan_tolerances(plan, session, request);
	if (status == 0)
		status = session_set(session, OJIT_STATES, &request->init);
	return status;
}

/* ---- what came of it ---- */

struct result {
	ojit_solver *solver;
	ojit_stats stats;
	ojit_program_info info;
	double seconds;
};

static void write_csv(struct output *output, const struct result *result)
{
	FILE *out = output->file;
	const ojit_vector vectors[] = {OJIT_STATES, OJIT_OUTPUTS};
	fputc('t', out);
	for (int v = 0; v < 2; v++)
		for (size_t k = 0; k < ojit_solver_count(result->solver, vectors[v]); k++) {
			fputc(',', out);
			csv_name(out, ojit_solver_name(result->solver, vectors[v], k));
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

static void write_json_stats(FILE *out, const struct result *result)
{
	const ojit_stats *s = &result->stats;
	fprintf(out, "{\"status\": \"%s\", \"steps\": %llu, \"rejected\": %llu, \"rhs\": %llu, ",
	        ojit_outcome_name(s->outcome), (unsigned long long)s->steps,
	        (unsigned long long)s->rejected, (unsigned long long)s->rhs);
	write_json_below_atol(out, result->solver);
	fprintf(out, "\"compile_ms\": %.3f, \"solve_ms\": %.6f, \"nodes\": %zu, \"code_bytes\": %zu}",
	        1e3 * result->info.compile_seconds, 1e3 * result->seconds, result->info.nodes,
	        result->info.code_bytes);
}

static void write_json_columns(FILE *out, ojit_solver *solver)
{
	const ojit_vector vectors[] = {OJIT_STATES, OJIT_OUTPUTS};
	fputs("\"columns\": [\"t\"", out);
	for (int v = 0; v < 2; v++)
		for (size_t k = 0; k < ojit_solver_count(solver, vectors[v]); k++) {
			fputs(", ", out);
			json_string(out, ojit_solver_name(solver, vectors[v], k));
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

static void print_stats(const struct result *result)
{
	const ojit_stats *s = &result->stats;
	fprintf(stderr,
	        "status      %s\nsteps       %llu\nrejected    %llu\nrhs         %llu\n"
	        "compile_ms  %.3f\nsolve_ms    %.6f\nnodes       %zu\ncode_bytes  %zu\n",
	        ojit_outcome_name(s->outcome), (unsigned long long)s->steps,
	        (unsigned long long)s->rejected, (unsigned long long)s->rhs,
	        1e3 * result->info.compile_seconds, 1e3 * result->seconds, result->info.nodes,
	        result->info.code_bytes);
	print_below_atol(result->solver);
}

static void write_result(struct output *output, const struct request *request, const struct result *result)
{
	output_begin(output);
	if (request->format == CSV)
		write_csv(output, result);
	else if (request->final)
		write_json_final(output, result);
	else
		write_json_series(output, result);
}

/* ---- the command ---- */

static double seconds_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* The library refused to begin: say so, pointing at the option where one is known. */
static int fail_run(const struct request *request, ojit_error error)
{
	const char *method = request->options.method;
	if (error.status == OJIT_NAME && method)
		return complain("method", method, 0, strlen(method), "%s", error.message);
	return complain_error(error);
}

static int solve(struct session *session, const struct request *request, const struct plan *plan,
                 struct output *output)
{
	struct result result = {.solver = session->solver};
	listen_to_interrupts();
	result.seconds = -seconds_now();
	ojit_status status = ojit_solver_run(session->solver, &plan->options, plan->span[0], plan->span[1],
	                                     plan->output);
	result.seconds += seconds_now();
	if (status != OJIT_OK && status != OJIT_OUT_OF_MEMORY)
		return fail_run(request, ojit_solver_error(session->solver));
	result.stats = ojit_solver_stats(session->solver);
	result.info = ojit_program_describe(session->program);
	write_result(output, request, &result);
	int wrong = output_close(output);
	if (result.stats.outcome != OJIT_SUCCESS)
		fprintf(stderr, "ojit: %s\n", ojit_solver_message(session->solver));
	if (request->stats && request->format == CSV)
		print_stats(&result);
	return wrong ? wrong : result.stats.outcome == OJIT_SUCCESS ? EXIT_DONE : EXIT_EARLY;
}

int run_command(const struct request *request)
{
	struct session session;
	struct plan plan = {0};
	struct output output = {0};
	int status = session_open(&session, request);
	if (status == 0)
		status = make_plan(&plan, &session, request);
	if (status == 0)
		status = output_open(&output, request);
	if (status == 0)
		status = solve(&session, request, &plan, &output);
	if (output.file && output.path)
		fclose(output.file);
	free(plan.times);
	session_close(&session);
	return status;
}
