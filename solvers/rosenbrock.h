/* Rosenbrock methods; see rosenbrock.c. */
#ifndef OJ_ROSENBROCK_H
#define OJ_ROSENBROCK_H

#include "solvers/stepper.h"
#include "solvers/tableau.h"

/* A row of rosenbrock.def, where the columns are described. */
struct rosenbrock {
	const char *name, *full_name, *aliases, *source;
	int order, estimate_order, stages, dense_order, error_order;
	double gamma, safety, shrink, grow, beta, counts;
	struct numbers nodes, slopes, a, c, solution, estimate, dense;
};
size_t oj_rosenbrock_count(void);
const struct rosenbrock *oj_rosenbrock_at(size_t i);
extern const struct stepper oj_stepper_rosenbrock __attribute__((visibility("hidden")));

#endif
