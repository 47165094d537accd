/* Radau IIA methods of orders 1, 5, 9 and 13; see radau.c. */
#ifndef OJ_RADAU_H
#define OJ_RADAU_H

#include "solvers/stepper.h"
#include "solvers/tableau.h"

/* A row of radau.def, where the columns are described. */
struct radau_row {
	int stages;
	double real;
	struct numbers nodes, shifts, t, t_inverse, error;
};
/* All rows, i from 0, by rising stages; NULL behind the last. */
const struct radau_row *oj_radau_row(size_t i);

/* What the stepper knows a method by: the stages it may take, of the rows there are. */
struct radau {
	int least, most;
};
extern const struct radau oj_radau, oj_radau5, oj_radau9, oj_radau13, oj_implicit_euler
	__attribute__((visibility("hidden")));
extern const struct stepper oj_stepper_radau __attribute__((visibility("hidden")));

#endif
