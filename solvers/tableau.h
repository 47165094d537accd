/* The table of methods, tableaus.def, as the rest of the solvers see it. */
#ifndef OJ_TABLEAU_H
#define OJ_TABLEAU_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TABLEAU_ESTIMATES = 2, /* at most */
	TABLEAU_STAGES = 16,   /* at most, f1 and extra stages included */
	TABLEAU_DEGREE = 7,    /* of an interpolant, at most */
};

/* Numbers of a row with their count, so that a test can hold a row to its sizes. */
struct numbers {
	const double *at;
	int count;
};

/* Columns are described at the top of tableaus.def. */
struct tableau {
	const char *name, *full_name, *aliases, *source;
	int order, estimates, estimate_order[TABLEAU_ESTIMATES], stages, error_order;
	bool fsal;
	double safety, shrink, grow, beta;
	struct numbers c, a, b, e[TABLEAU_ESTIMATES];
	int dense_order, dense_degree, extra;
	struct numbers extra_c, extra_a, bubble;
};

size_t oj_tableau_count(void);
const struct tableau *oj_tableau_at(size_t i);
/* Entries of row `stage` (from 1) of the triangle a; of the rows of extra_a (from 0). */
const double *oj_tableau_row(const struct tableau *row, int stage);
const double *oj_tableau_extra_row(const struct tableau *row, int extra);

/* The interpolant's weights: out[i] multiplies h k[i], k being the stages, f1, and
 * the extra stages.  `nested` from oj_tableau_nest. */
struct nested {
	int count, degree;
	double at[TABLEAU_STAGES][TABLEAU_DEGREE];
};
void oj_tableau_nest(const struct tableau *row, struct nested *nested);
void oj_nested_weights(const struct nested *nested, double theta, double *out);

#endif
