/* SUNDIALS: CVODE's Adams formulas with fixed-point iteration, and ARKODE's explicit
 * Runge-Kutta pairs: its default of order 4, Dormand's and Prince's of order 5,
 * Fehlberg's of order 8.  Output goes through their interpolants, but for order 8, whose
 * interpolant is of order 5: it steps to the times asked for.  For stiff problems CVODE's BDF
 * with Jacobians by hand, in the form that suits the problem: full, band, or sparse with KLU.
 *
 * Built twice where both are there: with the packaged library, which was compiled
 * without optimisation, and with the same source compiled for this machine
 * (build-sundials). */
#include "bench/peers/mass_action.h"
#include "bench/peers/peer.h"
#include "bench/peers/stiff.h"

#include <arkode/arkode_erkstep.h>
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_band.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunlinsol/sunlinsol_klu.h>
#include <sunnonlinsol/sunnonlinsol_fixedpoint.h>

#ifdef SUNDIALS_AS_PACKAGED
#define NAME(text) text ", as packaged"
#else
#define NAME(text) text
#endif

enum { ADAMS, BDF, ORDER4, ORDER5, ORDER8 };

struct session {
	struct task task;
	int kind;
	long evaluations;
	SUNContext context;
	N_Vector start, y;
	SUNNonlinearSolver fixed_point;
	SUNMatrix matrix;
	SUNLinearSolver linear;
	unsigned char diagonal[2 * SIDE * SIDE]; /* see brusselator_square_values */
	double *speed; /* of a network's reactions */
	void *memory;
};

#define P(name, ...) \
	static int name(realtype t, N_Vector y, N_Vector out, void *session) \
	{ \
		name##_rhs(t, NV_DATA_S(y), NV_DATA_S(out)); \
		return ++((struct session *)session)->evaluations > PEER_EVALUATIONS ? -1 : 0; \
	}
ALL_PROBLEMS(P)
#undef P
#define P(name, ...) name,
static int (*const functions[])(realtype, N_Vector, N_Vector, void *) = {ALL_PROBLEMS(P)};
#undef P

/* Full matrices and bands by columns: CVODE has cleared them. */
#define P(name, ...) \
	static int name##_dense(realtype t, N_Vector y, N_Vector f, SUNMatrix J, void *session, N_Vector a, N_Vector b, N_Vector c) \
	{ \
		bool band = SUNMatGetID(J) == SUNMATRIX_BAND; \
		double *at = band ? SM_DATA_B(J) + SM_SUBAND_B(J) : SM_DATA_D(J); \
		(void)f, (void)session, (void)a, (void)b, (void)c; \
		name##_jacobian(t, NV_DATA_S(y), at, 1, band ? SM_LDIM_B(J) - 1 : SM_ROWS_D(J)); \
		return 0; \
	}
STIFF_PROBLEMS(P)
#undef P
#define P(name, n, from, to, atol, text, bands, ...) {name##_dense, bands},
static const struct {
	CVLsJacFn jacobian;
	int bands;
} stiff[] = {STIFF_PROBLEMS(P)};
#undef P

static int square_sparse(realtype t, N_Vector y, N_Vector f, SUNMatrix J, void *session, N_Vector a, N_Vector b, N_Vector c)
{
	(void)t, (void)f, (void)a, (void)b, (void)c;
	for (int k = 0; k <= 2 * SIDE * SIDE; k++)
		SM_INDEXPTRS_S(J)[k] = 6 * k;
	for (int k = 0; k < 2 * SIDE * SIDE; k++) {
		long rows[6];
		brusselator_square_rows(k % (SIDE * SIDE), k / (SIDE * SIDE), rows);
		for (int i = 0; i < 6; i++)
			SM_INDEXVALS_S(J)[6 * k + i] = rows[i];
	}
	brusselator_square_values(NV_DATA_S(y), ((struct session *)session)->diagonal, SM_DATA_S(J));
	return 0;
}

static int network_function(realtype t, N_Vector y, N_Vector out, void *session)
{
	struct session *s = session;
	(void)t;
	network_rhs(s->task.network, NV_DATA_S(y), s->speed, NV_DATA_S(out));
	return ++s->evaluations > PEER_EVALUATIONS ? -1 : 0;
}

static int network_sparse(realtype t, N_Vector y, N_Vector f, SUNMatrix J, void *session, N_Vector a, N_Vector b, N_Vector c)
{
	const struct network *network = ((struct session *)session)->task.network;
	(void)t, (void)f, (void)a, (void)b, (void)c;
	for (int j = 0; j <= network->species; j++)
		SM_INDEXPTRS_S(J)[j] = network->column[j];
	for (long k = 0; k < network->column[network->species]; k++)
		SM_INDEXVALS_S(J)[k] = network->row[k];
	network_jacobian(network, NV_DATA_S(y), SM_DATA_S(J));
	return 0;
}

static void close_session(void *session)
{
	struct session *s = session;
	if (s->kind <= BDF)
		CVodeFree(&s->memory);
	else
		ERKStepFree(&s->memory);
	if (s->fixed_point)
		SUNNonlinSolFree(s->fixed_point);
	if (s->linear)
		SUNLinSolFree(s->linear);
	if (s->matrix)
		SUNMatDestroy(s->matrix);
	N_VDestroy(s->start);
	N_VDestroy(s->y);
	SUNContext_Free(&s->context);
	free(s->speed);
	free(s);
}

static bool make_adams(struct session *s)
{
	const struct task *task = &s->task;
	s->memory = CVodeCreate(CV_ADAMS, s->context);
	s->fixed_point = SUNNonlinSol_FixedPoint(s->y, 0, s->context);
	return CVodeInit(s->memory, functions[task->problem], task->times[0], s->start) == CV_SUCCESS
		&& CVodeSStolerances(s->memory, task->rtol, task->atol) == CV_SUCCESS
		&& CVodeSetUserData(s->memory, s) == CV_SUCCESS
		&& CVodeSetNonlinearSolver(s->memory, s->fixed_point) == CV_SUCCESS
		&& CVodeSetMaxNumSteps(s->memory, 1000000) == CV_SUCCESS;
}

static void make_sparse(struct session *s, long entries)
{
	s->matrix = SUNSparseMatrix(s->task.n, s->task.n, entries, CSC_MAT, s->context);
	s->linear = SUNLinSol_KLU(s->y, s->matrix, s->context);
	SUNLinSol_KLUSetOrdering(s->linear, 0); /* AMD: half the time of the default, COLAMD */
}

static void make_matrix(struct session *s, int bands)
{
	int n = s->task.n;
	if (bands == FULL) {
		s->matrix = SUNDenseMatrix(n, n, s->context);
		s->linear = SUNLinSol_Dense(s->y, s->matrix, s->context);
	} else if (bands == SPARSE) {
		make_sparse(s, SQUARE_ENTRIES);
	} else {
		s->matrix = SUNBandMatrix(n, bands, bands, s->context);
		s->linear = SUNLinSol_Band(s->y, s->matrix, s->context);
	}
}

static void find_diagonal(struct session *s)
{
	for (int k = 0; k < 2 * SIDE * SIDE; k++) {
		long rows[6];
		brusselator_square_rows(k % (SIDE * SIDE), k / (SIDE * SIDE), rows);
		while (rows[s->diagonal[k]] != k)
			s->diagonal[k]++;
	}
}

static bool begin_bdf(struct session *s, CVRhsFn function, CVLsJacFn jacobian)
{
	const struct task *task = &s->task;
	return CVodeInit(s->memory, function, task->times[0], s->start) == CV_SUCCESS
		&& CVodeSStolerances(s->memory, task->rtol, task->atol) == CV_SUCCESS
		&& CVodeSetUserData(s->memory, s) == CV_SUCCESS
		&& CVodeSetLinearSolver(s->memory, s->linear, s->matrix) == CV_SUCCESS
		&& CVodeSetJacFn(s->memory, jacobian) == CV_SUCCESS
		&& CVodeSetMaxNumSteps(s->memory, 1000000) == CV_SUCCESS;
}

static bool make_bdf(struct session *s)
{
	const struct network *network = s->task.network;
	s->memory = CVodeCreate(CV_BDF, s->context);
	if (network) {
		s->speed = calloc((size_t)network->reactions, sizeof *s->speed);
		make_sparse(s, network->column[network->species]);
		return s->speed && begin_bdf(s, network_function, network_sparse);
	}
	int problem = s->task.problem - EASY_COUNT, bands = stiff[problem].bands;
	make_matrix(s, bands);
	if (bands == SPARSE)
		find_diagonal(s);
	return begin_bdf(s, functions[s->task.problem], bands == SPARSE ? square_sparse : stiff[problem].jacobian);
}

static bool make_pair(struct session *s)
{
	const struct task *task = &s->task;
	s->memory = ERKStepCreate(functions[task->problem], task->times[0], s->start, s->context);
	if (s->kind == ORDER5 && ERKStepSetTableNum(s->memory, ARKODE_DORMAND_PRINCE_7_4_5) != ARK_SUCCESS)
		return false;
	if (s->kind == ORDER8 && ERKStepSetTableNum(s->memory, ARKODE_FEHLBERG_13_7_8) != ARK_SUCCESS)
		return false;
	return ERKStepSStolerances(s->memory, task->rtol, task->atol) == ARK_SUCCESS
		&& ERKStepSetUserData(s->memory, s) == ARK_SUCCESS
		&& ERKStepSetMaxNumSteps(s->memory, 1000000) == ARK_SUCCESS;
}

static void no_words(int code, const char *module, const char *function, char *text, void *user)
{
	(void)code, (void)module, (void)function, (void)text, (void)user;
}

static void *open_session(const struct task *task, int kind)
{
	if ((task->problem >= EASY_COUNT) != (kind == BDF))
		return NULL;
	struct session *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->task = *task;
	s->kind = kind;
	SUNContext_Create(NULL, &s->context);
	s->start = N_VNew_Serial(task->n, s->context);
	s->y = N_VNew_Serial(task->n, s->context);
	memcpy(NV_DATA_S(s->start), task->start, (size_t)task->n * sizeof(double));
	if (kind == ADAMS ? make_adams(s) : kind == BDF ? make_bdf(s) : make_pair(s)) {
		if (kind <= BDF)
			CVodeSetErrHandlerFn(s->memory, no_words, NULL);
		else
			ERKStepSetErrHandlerFn(s->memory, no_words, NULL);
		return s;
	}
	close_session(s);
	return NULL;
}

static bool restart(struct session *s)
{
	double t0 = s->task.times[0];
	s->evaluations = 0;
	if (s->kind <= BDF)
		return CVodeReInit(s->memory, t0, s->start) == CV_SUCCESS;
	return ERKStepReInit(s->memory, functions[s->task.problem], t0, s->start) == ARK_SUCCESS;
}

static bool go_to(struct session *s, double time)
{
	double reached;
	if (s->kind <= BDF)
		return CVode(s->memory, time, s->y, &reached, CV_NORMAL) >= 0;
	if (s->kind == ORDER8 && ERKStepSetStopTime(s->memory, time) != ARK_SUCCESS)
		return false;
	return ERKStepEvolve(s->memory, time, s->y, &reached, ARK_NORMAL) >= 0;
}

static long solve(void *session, double *rows)
{
	struct session *s = session;
	const struct task *task = &s->task;
	if (!restart(s))
		return 0;
	for (int i = 1; i <= task->count; i++) {
		if (!go_to(s, task->times[i]))
			return 0;
		memcpy(rows + (i - 1) * task->n, NV_DATA_S(s->y), (size_t)task->n * sizeof(double));
	}
	return s->evaluations;
}

__attribute__((visibility("default"))) const struct peer_method peer_methods[] = {
	{NAME("CVODE Adams"), ADAMS, open_session, solve, close_session},
	{NAME("CVODE BDF"), BDF, open_session, solve, close_session},
	{NAME("ARKODE order 4"), ORDER4, open_session, solve, close_session},
	{NAME("ARKODE dopri5"), ORDER5, open_session, solve, close_session},
	{NAME("ARKODE fehlberg78"), ORDER8, open_session, solve, close_session},
	{0},
};
