/* A model solved by CVODE (SUNDIALS) with what ojit compiles for it: the right-hand side
 * and the sparse Newton matrix, which KLU factorises.
 *
 *     cvode MODEL RTOL ATOL TIME...      prints a line of states for every time
 *
 * The adapter is the four functions that come first. */
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <ojit/ojit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sunlinsol/sunlinsol_klu.h>
#include <sunmatrix/sunmatrix_sparse.h>

/* ---------------------------------------------------------------- the adapter */

static int rhs(realtype t, N_Vector y, N_Vector out, void *evaluator)
{
	return ojit_evaluator_call(evaluator, OJIT_RHS, t, NV_DATA_S(y), NV_DATA_S(out)) == OJIT_OK ? 0 : -1;
}

/* I - gamma J goes straight into the matrix, whose pattern never changes. */
static int newton(realtype t, N_Vector y, N_Vector f, SUNMatrix m, booleantype reuse, booleantype *fresh,
                  realtype gamma, void *evaluator, N_Vector a, N_Vector b, N_Vector c)
{
	(void)f, (void)reuse, (void)a, (void)b, (void)c;
	*fresh = SUNTRUE;
	return ojit_evaluator_newton(evaluator, t, NV_DATA_S(y), gamma, SM_DATA_S(m)) == OJIT_OK ? 0 : -1;
}

static SUNMatrix newton_matrix(ojit_evaluator *evaluator, SUNContext context)
{
	ojit_pattern p;
	if (ojit_evaluator_newton_pattern(evaluator, &p) != OJIT_OK)
		return NULL;
	SUNMatrix m = SUNSparseMatrix((sunindextype)p.rows, (sunindextype)p.columns, (sunindextype)p.entries, CSC_MAT, context);
	for (size_t j = 0; m && j <= p.columns; j++)
		SM_INDEXPTRS_S(m)[j] = p.column[j];
	for (size_t k = 0; m && k < p.entries; k++)
		SM_INDEXVALS_S(m)[k] = p.row[k];
	return m;
}

static int attach(void *cvode, ojit_evaluator *evaluator, SUNLinearSolver solver, SUNMatrix m)
{
	return CVodeSetUserData(cvode, evaluator) || CVodeSetLinearSolver(cvode, solver, m) ||
	       CVodeSetLinSysFn(cvode, newton);
}

/* ---------------------------------------------------------------- a program around it */

struct session {
	ojit_context *context;
	ojit_program *program;
	ojit_evaluator *evaluator;
	SUNContext sundials;
	N_Vector y;
	SUNMatrix m;
	SUNLinearSolver solver;
	void *cvode;
};

static int complain(const char *message)
{
	fprintf(stderr, "%s\n", message);
	return 1;
}

static int read_model(struct session *s, const char *path)
{
	s->context = ojit_context_new(NULL);
	ojit_model *model = ojit_model_new(s->context);
	int failed = ojit_model_read_file(model, path) != OJIT_OK ||
	             ojit_program_compile(model, NULL, &s->program) != OJIT_OK;
	if (failed)
		complain(ojit_model_error(model).text);
	ojit_model_free(model);
	s->evaluator = failed ? NULL : ojit_evaluator_new(s->program);
	return !s->evaluator;
}

static int start(struct session *s, double rtol, double atol, double t0)
{
	size_t states = ojit_program_describe(s->program).states;
	if (SUNContext_Create(NULL, &s->sundials))
		return complain("SUNDIALS cannot start");
	s->y = N_VNew_Serial((sunindextype)states, s->sundials);
	if (ojit_evaluator_call(s->evaluator, OJIT_INITIAL, t0, NV_DATA_S(s->y), NV_DATA_S(s->y)) != OJIT_OK ||
	    !(s->m = newton_matrix(s->evaluator, s->sundials)))
		return complain(ojit_evaluator_error(s->evaluator).text);
	s->solver = SUNLinSol_KLU(s->y, s->m, s->sundials);
	s->cvode = CVodeCreate(CV_BDF, s->sundials);
	return CVodeInit(s->cvode, rhs, t0, s->y) || CVodeSStolerances(s->cvode, rtol, atol) ||
	       attach(s->cvode, s->evaluator, s->solver, s->m) || CVodeSetMaxNumSteps(s->cvode, 1000000);
}

static int run(struct session *s, int count, char **times)
{
	for (int k = 0; k < count; k++) {
		realtype t, to = atof(times[k]);
		if (CVodeSetStopTime(s->cvode, to) || CVode(s->cvode, to, s->y, &t, CV_NORMAL) < 0)
			return complain(ojit_evaluator_error(s->evaluator).text);
		for (sunindextype i = 0; i < NV_LENGTH_S(s->y); i++)
			printf(i ? " %.17g" : "%.17g", NV_DATA_S(s->y)[i]);
		printf("\n");
	}
	return 0;
}

static void finish(struct session *s)
{
	if (s->cvode)
		CVodeFree(&s->cvode);
	if (s->solver)
		SUNLinSolFree(s->solver);
	if (s->m)
		SUNMatDestroy(s->m);
	if (s->y)
		N_VDestroy(s->y);
	if (s->sundials)
		SUNContext_Free(&s->sundials);
	ojit_evaluator_free(s->evaluator);
	ojit_program_free(s->program);
	ojit_context_free(s->context);
}

int main(int count, char **words)
{
	struct session s = {0};
	if (count < 5)
		return complain("usage: cvode MODEL RTOL ATOL TIME...");
	int failed = read_model(&s, words[1]) || start(&s, atof(words[2]), atof(words[3]), 0) ||
	             run(&s, count - 4, words + 4);
	finish(&s);
	return failed;
}
