/* The table of methods, tableaus.def, as the rest of the solvers see it. */
#ifndef OJ_TABLEAU_H
#define OJ_TABLEAU_H

#include <stdbool.h>
#include <stddef.h>

enum {
	TABLEAU_ESTIMATES = 2, /* at most */
	TABLEAU_STAGES = 26,   /* at most, f1 and extra stages included */
	TABLEAU_DEGREE = 9,    /* of an interpolant, at most */
	TABLEAU_GROUP = 8,     /* weights of an interpolant are computed in groups */
	TABLEAU_ROOM = (TABLEAU_STAGES + TABLEAU_GROUP - 1) / TABLEAU_GROUP * TABLEAU_GROUP,
};

/* How a row of tableaus.def writes its numbers. */
#define LIST(...)                                                 \
	{                                                         \
		(const double[]){__VA_ARGS__},                    \
		(int)(sizeof((const double[]){__VA_ARGS__}) / sizeof(double)) \
	}

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

/* The interpolant's weights: out[i], times h already, multiplies k[i], k being the stages,
 * f1, and the extra stages.  `interpolant` from oj_interpolant_set; out[TABLEAU_ROOM]. */
struct interpolant {
	int count, bubbles;
	double hermite[3][TABLEAU_ROOM]; /* theta(h0 + (1-theta)(h1 + theta h2)) */
	double bubble[TABLEAU_DEGREE - 3][TABLEAU_ROOM]; /* values, times theta^2 (1-theta)^2 */
	double share[TABLEAU_GROUP]; /* of each value, one over what Lagrange's product is at its point */
};
void oj_interpolant_set(struct interpolant *interpolant, const struct tableau *row);
/* Keep stages read[count] alone, whose numbers rise: out[j] is then of read[j]. */
void oj_interpolant_pick(struct interpolant *interpolant, const int *read, int count);
_Static_assert(TABLEAU_DEGREE - 3 <= TABLEAU_GROUP, "bubbles are one group");
void oj_interpolant_weights(const struct interpolant *interpolant, double theta, double h, double *out);

#endif
