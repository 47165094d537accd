/* Diagonally implicit Runge-Kutta methods; see sdirk.c. */
#ifndef OJ_SDIRK_H
#define OJ_SDIRK_H

#include "solvers/method.h"
#include "solvers/tableau.h"

/* A row of sdirk.def, where the columns are described. */
struct sdirk {
	const char *name, *full_name, *aliases, *source;
	int order, estimate_order, stages;
	double gamma, share;
	struct controller control;
	struct numbers c, a, b, e;
	int dense_order;
	struct numbers inside;
};
/* All rows, i from 0; NULL behind the last. */
const struct sdirk *oj_sdirk_at(size_t i);
size_t oj_sdirk_count(void);

enum { SDIRK_STAGES = 8 }; /* at most */
/* What stage i takes of the stages before it, [i]. */
const double *oj_sdirk_before(const struct sdirk *row, int i);
/* What it takes of itself: gamma, or 0 where it is f(t0, y0). */
double oj_sdirk_diagonal(const struct sdirk *row, int i);
/* The interpolant's weights at theta, out[stages]. */
void oj_sdirk_weights(const struct sdirk *row, double theta, double *out);

extern const struct stepper oj_stepper_sdirk __attribute__((visibility("hidden")));

#endif
