/* The inside of an ojit_integrator. */
#ifndef OJ_INTEGRATOR_H
#define OJ_INTEGRATOR_H

#include "solvers/history.h"
#include "solvers/solver.h"

struct ojit_integrator {
	ojit_solver *solver; /* values, kernels, workspace, loop; its error is ours */
	struct history history;
	bool begun;
	uint64_t parameter_changes, tolerance_changes; /* the solver's that are in force */
	double *y; /* [states] of no interest between calls */
};

/* An integrator on a system, which must outlive it. */
ojit_integrator *oj_integrator_new(struct system *system);

#endif
