/* ojit run: solve a model and write the solution. */
#include "tools/tool.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Ctrl-C asks the solve to end; what there is gets written.  A second signal ends the process as
 * usual, also in the middle of a long step. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	interrupted = 1;
}

static void listen_to_interrupts(void)
{
	struct sigaction action = {.sa_handler = interrupt, .sa_flags = SA_RESTART};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Asked after every step. */
static ojit_verdict check(void *user, double t)
{
	progress_step(user, t);
	return interrupted ? OJIT_INTERRUPT : OJIT_CONTINUE;
}

/* ---- what to run ---- */

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
	plan->options.check = check;
	int status = plan_span(plan, request, &info);
	if (status == 0)
		status = plan_output(plan, request);
	if (status == 0)
		status = plan_tolerances(plan, session, request);
	if (status == 0)
		status = session_set(session, OJIT_STATES, &request->init);
	return status;
}

/* ---- the command ---- */

/* The library refused to begin: say so, pointing at the option where one is known. */
/* Of a name that is not known: the option that has it, with a caret below it. */
static int fail_run(const struct request *request, ojit_error error)
{
	const ojit_options *o = &request->options;
	const struct {
		const char *option, *text;
		bool list; /* of names */
	} named[] = {{"method", o->method, false}, {"reverse-method", o->reverse_method, false},
	             {"nonnegative", o->nonnegative, true}};
	const char *from = error.status == OJIT_NAME ? strchr(error.message, '\'') : NULL;
	const char *to = from ? strchr(from + 1, '\'') : NULL;
	char name[64];
	if (!to || to - from > (ptrdiff_t)sizeof name)
		return complain_error(error);
	memcpy(name, from + 1, (size_t)(to - from - 1));
	name[to - from - 1] = '\0';
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		const char *at = named[i].text ? strstr(named[i].text, name) : NULL;
		if (at && (named[i].list || !strcmp(named[i].text, name)))
			return complain(named[i].option, named[i].text, (size_t)(at - named[i].text), strlen(name), "%s", error.message);
	}
	return complain_error(error);
}

int plan_run(struct session *session, const struct request *request, struct plan *plan, struct result *result)
{
	struct progress progress;
	progress_begin(&progress, request, plan->span);
	plan->options.user = &progress;
	result->seconds -= seconds_now();
	ojit_status status = ojit_solver_run(session->solver, &plan->options, plan->span[0], plan->span[1],
	                                     plan->output);
	result->seconds += seconds_now();
	progress_end(&progress);
	/* Out of memory for rows, what there is is written; a run that was not begun has none. */
	bool begun = ojit_solver_stats(session->solver).rhs > 0;
	if (status != OJIT_OK && !(status == OJIT_OUT_OF_MEMORY && begun))
		return fail_run(request, ojit_solver_error(session->solver));
	result->stats = ojit_solver_stats(session->solver);
	return 0;
}

static int solve(struct session *session, const struct request *request, struct plan *plan, struct output *output)
{
	struct result result = {.solver = session->solver};
	struct refinement refinement = {0};
	listen_to_interrupts();
	int status = request->refine ? refine(session, request, plan, &result, &refinement)
	                             : plan_run(session, request, plan, &result);
	if (status) {
		refinement_drop(&refinement);
		return status;
	}
	result.refinement = request->refine ? &refinement : NULL;
	result.info = ojit_program_describe(session->program);
	status = result_write(output, request, &result);
	int wrong = output_close(output);
	if (result.stats.outcome != OJIT_SUCCESS)
		fprintf(stderr, "ojit: %s\n", ojit_solver_message(session->solver));
	if (request->refine)
		refinement_tell(session->solver, &refinement);
	if (request->stats && request->format != JSON)
		result_print_stats(&result);
	bool done = !refinement.failure && (result.stats.outcome == OJIT_SUCCESS || result.stats.outcome == OJIT_STEADY);
	refinement_drop(&refinement);
	if (status || wrong)
		return status ? status : wrong;
	return done ? EXIT_DONE : EXIT_EARLY;
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
