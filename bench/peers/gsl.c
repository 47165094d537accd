/* GSL: Prince's and Dormand's 8(7) pair, rk8pd.  It has no interpolant: its driver
 * steps to every time asked for. */
#include "bench/peers/peer.h"
#include "bench/peers/problems.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_odeiv2.h>
#include <stdlib.h>
#include <string.h>

struct session {
	struct task task;
	gsl_odeiv2_system system;
	gsl_odeiv2_driver *driver;
	long evaluations;
	double first_step, y[];
};

#define P(name, n, from, to, atol, text) \
	static int name(double t, const double *y, double *out, void *evaluations) \
	{ \
		name##_rhs(t, y, out); \
		return ++*(long *)evaluations > PEER_EVALUATIONS ? GSL_EMAXITER : GSL_SUCCESS; \
	}
PROBLEMS(P)
#undef P
#define P(name, n, from, to, atol, text) name,
static int (*const functions[])(double, const double *, double *, void *) = {PROBLEMS(P)};
#undef P

static void *open_session(const struct task *task, int kind)
{
	struct session *s = malloc(sizeof *s + (size_t)task->n * sizeof(double));
	(void)kind;
	if (!s)
		return NULL;
	gsl_set_error_handler_off();
	s->task = *task;
	s->first_step = 1e-4 * (task->times[task->count] - task->times[0]);
	s->system = (gsl_odeiv2_system){functions[task->problem], NULL, (size_t)task->n, &s->evaluations};
	s->driver = gsl_odeiv2_driver_alloc_standard_new(&s->system, gsl_odeiv2_step_rk8pd, s->first_step,
	                                                 task->atol, task->rtol, 1, 0);
	return s;
}

static long solve(void *session, double *rows)
{
	struct session *s = session;
	const struct task *task = &s->task;
	size_t bytes = (size_t)task->n * sizeof(double);
	double t = task->times[0];
	s->evaluations = 0;
	gsl_odeiv2_driver_reset_hstart(s->driver, s->first_step);
	memcpy(s->y, task->start, bytes);
	for (int i = 1; i <= task->count; i++) {
		if (gsl_odeiv2_driver_apply(s->driver, &t, task->times[i], s->y) != GSL_SUCCESS)
			return 0;
		memcpy(rows + (i - 1) * task->n, s->y, bytes);
	}
	return s->evaluations;
}

static void close_session(void *session)
{
	struct session *s = session;
	gsl_odeiv2_driver_free(s->driver);
	free(s);
}

__attribute__((visibility("default"))) const struct peer_method peer_methods[] = {
	{"GSL rk8pd", 0, open_session, solve, close_session},
	{0},
};
