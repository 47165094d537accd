/* See ours.h.  One model at a time is compiled; a session is a solver on it.  All kernels are
 * optimised at once, as the peers are: what a program that solves often arrives at, and no
 * compiling is part of a time here (bench/waiting has it). */
#include "bench/work/ours.h"

#include "bench/peers/stiff.h"

#include <math.h>
#include <ojit/ojit.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
	ojit_context *context;
	ojit_program *program;
	struct peer_method *methods;
	char failure[1024];
} ours;

struct session {
	struct task task;
	ojit_solver *solver;
	ojit_options options;
	long steps;
	double begun; /* seconds of the processor */
};

/* Of large stiff problems explicit methods would take minutes. */
enum { LARGE = 100, STEPS_UNSEEN = 32 };
#define LONGEST 1.0 /* seconds */
#define LONGEST_OF_NETWORK 120.0
static const char *const for_networks[] = {"bdf", "rodas5p", "auto"};

static double spent(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static ojit_verdict end_late(void *session, double t)
{
	struct session *s = session;
	(void)t;
	double longest = s->task.network ? LONGEST_OF_NETWORK : LONGEST;
	bool late = ++s->steps % STEPS_UNSEEN == 0 && spent() - s->begun > longest;
	return late ? OJIT_STOP : OJIT_CONTINUE;
}

static bool is_for_networks(const char *method)
{
	for (size_t i = 0; i < sizeof for_networks / sizeof *for_networks; i++)
		if (!strcmp(method, for_networks[i]))
			return true;
	return false;
}

static void *open_session(const struct task *task, int kind)
{
	if (task->network && !is_for_networks(ojit_method_info((size_t)kind).name))
		return NULL;
	struct session *s = malloc(sizeof *s);
	if (!s)
		return NULL;
	*s = (struct session){.task = *task, .solver = ojit_solver_new(ours.program),
	                      .options = ojit_options_default()};
	s->options.method = ojit_method_info((size_t)kind).name;
	s->options.rtol = task->rtol;
	s->options.atol = task->atol;
	if (task->problem >= EASY_COUNT) /* explicit methods end early */
		s->options.step_limit = 100000;
	if (task->problem >= EASY_COUNT && task->n > LARGE) {
		s->options.check = end_late;
		s->options.user = s;
	}
	ojit_solver_set_all(s->solver, OJIT_STATES, task->start);
	return s;
}

static long solve(void *session, double *rows)
{
	struct session *s = session;
	const struct task *task = &s->task;
	ojit_output output = ojit_output_times(task->times + 1, (size_t)task->count);
	s->steps = 0;
	s->begun = spent();
	ojit_status status = ojit_solver_run(s->solver, &s->options, task->times[0], task->times[task->count], output);
	ojit_stats stats = ojit_solver_stats(s->solver);
	if (status != OJIT_OK || stats.outcome != OJIT_SUCCESS)
		return 0;
	for (int i = 0; i < task->count; i++)
		memcpy(rows + i * task->n, ojit_solver_row(s->solver, (size_t)i) + 1, (size_t)task->n * sizeof(double));
	return (long)stats.rhs;
}

static void close_session(void *session)
{
	struct session *s = session;
	ojit_solver_free(s->solver);
	free(s);
}

/* Every row of the table, named as people say: "ojit dopri5". */
static struct peer_method *list_methods(void)
{
	size_t count = ojit_method_count();
	struct peer_method *methods = calloc(count + 1, sizeof *methods);
	for (size_t i = 0; methods && i < count; i++) {
		size_t size = strlen(ojit_method_info(i).name) + sizeof "ojit ";
		char *name = malloc(size);
		if (name)
			snprintf(name, size, "ojit %s", ojit_method_info(i).name);
		methods[i] = (struct peer_method){name, (int)i, open_session, solve, close_session};
	}
	return methods;
}

const struct peer_method *ours_methods(void)
{
	if (!ours.methods)
		ours.methods = list_methods();
	return ours.methods;
}

/* Do both sides mean the same equations?  Asked at the start, which is given. */
static const char *compare(int n, const double *start, void (*rhs)(double, const double *, double *))
{
	ojit_evaluator *evaluator = ojit_evaluator_new(ours.program);
	double *here = calloc(3 * (size_t)n, sizeof *here), *there = here + n, *initial = here + 2 * n;
	double largest = 0;
	bool same = here && (int)ojit_program_describe(ours.program).states == n
		&& ojit_evaluator_call(evaluator, OJIT_INITIAL, 0, NULL, initial) == OJIT_OK
		&& ojit_evaluator_call(evaluator, OJIT_RHS, 0, start, here) == OJIT_OK;
	if (same)
		rhs(0, start, there);
	for (int i = 0; same && i < n; i++)
		largest = fmax(largest, fmax(fabs(there[i]), fabs(start[i])));
	for (int i = 0; same && i < n; i++)
		same = fabs(here[i] - there[i]) <= 1e-13 * largest && fabs(initial[i] - start[i]) <= 1e-13 * largest;
	ojit_evaluator_free(evaluator);
	free(here);
	return same ? NULL : "the model and the equations in C differ";
}

const char *ours_begin(const char *path, const char *text, size_t length, int n, const double *start,
                       void (*rhs)(double, const double *, double *))
{
	if (!ours.context)
		ours.context = ojit_context_new(NULL);
	ojit_program_free(ours.program);
	ojit_model *model = ojit_model_new(ours.context);
	if (text)
		ojit_model_read_text(model, text, length, path);
	else
		ojit_model_read_file(model, path);
	ojit_compile_options options = ojit_compile_options_default();
	options.executor = OJIT_OPTIMISED;
	ojit_status status = ojit_program_compile(model, &options, &ours.program);
	if (status != OJIT_OK)
		snprintf(ours.failure, sizeof ours.failure, "%s", ojit_model_error(model).text);
	ojit_model_free(model);
	return status != OJIT_OK ? ours.failure : compare(n, start, rhs);
}

void ours_end(void)
{
	for (struct peer_method *m = ours.methods; m && m->open; m++)
		free((char *)m->name);
	free(ours.methods);
	ojit_program_free(ours.program);
	ojit_context_free(ours.context);
	memset(&ours, 0, sizeof ours);
}
