/* A reaction network of mass action as arrays, and the loops over them that somebody would write in C.
 *
 * Reaction r is as fast as rate[r] times its one or two reactants; every species is changed by the
 * reactions of its terms. */
#ifndef BENCH_MASS_ACTION_H
#define BENCH_MASS_ACTION_H

#include <string.h>

struct network {
	int species, reactions;
	double *rate;          /* [reactions] */
	int (*reactants)[2];   /* [reactions], the second is -1 where there is one */
	long *first;           /* [species + 1]: where in `term` those of a species begin */
	int *term;             /* r + 1: reaction r makes one of the species, -(r + 1): it takes one */
	/* The Jacobian by columns, and which of its entries a term has a part in, by either reactant. */
	long *column, *row;    /* [species + 1], [entries] */
	long (*entry)[2];
};

/* out[species]; speed[reactions] is room. */
static inline void network_rhs(const struct network *n, const double *y, double *speed, double *out)
{
	for (int r = 0; r < n->reactions; r++) {
		const int *of = n->reactants[r];
		speed[r] = n->rate[r] * y[of[0]] * (of[1] < 0 ? 1 : y[of[1]]);
	}
	for (int i = 0; i < n->species; i++) {
		double sum = 0;
		for (long k = n->first[i]; k < n->first[i + 1]; k++)
			sum += n->term[k] > 0 ? speed[n->term[k] - 1] : -speed[-n->term[k] - 1];
		out[i] = sum;
	}
}

/* values[entries] */
static inline void network_jacobian(const struct network *n, const double *y, double *values)
{
	memset(values, 0, (size_t)n->column[n->species] * sizeof *values);
	for (long k = 0; k < n->first[n->species]; k++) {
		int r = n->term[k] > 0 ? n->term[k] - 1 : -n->term[k] - 1;
		const int *of = n->reactants[r];
		double rate = n->term[k] > 0 ? n->rate[r] : -n->rate[r];
		values[n->entry[k][0]] += of[1] < 0 ? rate : rate * y[of[1]];
		if (of[1] >= 0)
			values[n->entry[k][1]] += rate * y[of[0]];
	}
}

#endif
