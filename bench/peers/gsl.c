/* GSL: Prince's and Dormand's 8(7) pair, rk8pd; for small stiff problems its BDF, msbdf, and the
 * method of Bader and Deuflhard, bsimp.  They have no interpolants: its driver steps to
 * every time asked for. */
#include "bench/peers/peer.h"
#include "bench/peers/stiff.h"

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

enum { RK8PD, MSBDF, BSIMP, SMALL = 20 };

#define P(name, ...) \
	static int name(double t, const double *y, double *out, void *evaluations) \
	{ \
		name##_rhs(t, y, out); \
		return ++*(long *)evaluations > PEER_EVALUATIONS ? GSL_EMAXITER : GSL_SUCCESS; \
	}
ALL_PROBLEMS(P)
#undef P
#define P(name, ...) name,
static int (*const functions[])(double, const double *, double *, void *) = {ALL_PROBLEMS(P)};
#undef P

/* By rows. */
#define P(name, n, ...) \
	static int name##_full(double t, const double *y, double *J, double *by_time, void *evaluations) \
	{ \
		(void)evaluations; \
		memset(J, 0, (size_t)n * n * sizeof *J); \
		name##_jacobian(t, y, J, n, 1); \
		memset(by_time, 0, n * sizeof(double)); \
		return GSL_SUCCESS; \
	}
STIFF_PROBLEMS(P)
#undef P
#define P(name, ...) name##_full,
static int (*const jacobians[])(double, const double *, double *, double *, void *) = {STIFF_PROBLEMS(P)};
#undef P

static const gsl_odeiv2_step_type *step_type(int kind)
{
	return kind == RK8PD ? gsl_odeiv2_step_rk8pd : kind == MSBDF ? gsl_odeiv2_step_msbdf : gsl_odeiv2_step_bsimp;
}

static void *open_session(const struct task *task, int kind)
{
	bool stiff = task->problem >= EASY_COUNT;
	if (stiff != (kind != RK8PD) || (stiff && task->n > SMALL))
		return NULL;
	struct session *s = malloc(sizeof *s + (size_t)task->n * sizeof(double));
	if (!s)
		return NULL;
	gsl_set_error_handler_off();
	s->task = *task;
	s->first_step = 1e-4 * (stiff ? task->times[1] : task->times[task->count]) - 1e-4 * task->times[0];
	s->system = (gsl_odeiv2_system){functions[task->problem], stiff ? jacobians[task->problem - EASY_COUNT] : NULL,
	                                 (size_t)task->n, &s->evaluations};
	s->driver = gsl_odeiv2_driver_alloc_standard_new(&s->system, step_type(kind), s->first_step,
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
	{"GSL rk8pd", RK8PD, open_session, solve, close_session},
	{"GSL msbdf", MSBDF, open_session, solve, close_session},
	{"GSL bsimp", BSIMP, open_session, solve, close_session},
	{0},
};
