/* The stabilised explicit methods ROCK2 and ROCK4, for equations that are stiff because of
 * many real negative eigenvalues (diffusion): as many stages as a step needs to be
 * stable, which grow with the root of the stiffness.  See rock.c. */
#ifndef OJ_ROCK_H
#define OJ_ROCK_H

#include "solvers/stepper.h"
#include "solvers/tableau.h"

enum rock_method { ROCK2, ROCK4 };

/* A row of rock.def, where the columns are described. */
struct rock_degree {
	enum rock_method method;
	int degree;
	double reach;
	struct numbers a, b, e, recurrence;
};

/* What the stepper knows a method by. */
struct rock {
	enum rock_method method;
	int finishing;   /* stages of the finishing procedure */
	int error_order; /* the estimate shrinks as h to this power */
	bool reads_f1;   /* the estimate does */
	int parts;       /* of a step, whose ends the interpolant passes through */
};
extern const struct rock oj_rock2 __attribute__((visibility("hidden")));
extern const struct rock oj_rock4 __attribute__((visibility("hidden")));
extern const struct stepper oj_stepper_rock __attribute__((visibility("hidden")));

/* All rows, i from 0; NULL behind the last. */
const struct rock_degree *oj_rock_degree(size_t i);

/* What is known of the spectral radius of the Jacobian in a stepper's state: the last
 * estimate, a fifth on the safe side. */
double oj_rock_radius(const void *state);

#endif
