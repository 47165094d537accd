/* Linear systems of implicit steps: (z I - J) x = b for a sparse J and shifts z, one of
 * them real and some complex.
 *
 * Few equations are factorised here (elimination.h), others by LAPACK and KLU.  These are
 * linked to a module of their own, libojit-linear, which is opened when it is first needed:
 * whoever solves explicitly, or little, waits for none of them. */
#ifndef OJ_LINEAR_H
#define OJ_LINEAR_H

#include "lib/system.h"

enum linear_kind {
	LINEAR_AUTO,   /* what takes the fewest operations, see choose.c */
	LINEAR_DENSE,  /* LAPACK, all n^2 entries */
	LINEAR_BAND,   /* LAPACK, between the outermost diagonals */
	LINEAR_SPARSE, /* KLU: in order of least fill, refactorised in its pivot order, and in a
	                  fresh one when entries grow */
	LINEAR_STATIC, /* few rows, see elimination.h: by lists of operations, in an order of little
	                  fill, and in a fresh one when entries grow */
	LINEAR_KINDS
};
static inline const char *oj_linear_name(enum linear_kind kind)
{
	static const char *const names[LINEAR_KINDS] = {"auto", "dense", "band", "sparse", "static"};
	return names[kind];
}

/* Counted operations of a real shift: of a factorisation, and of a solve. */
struct effort {
	double factor, solve;
};

/* What is solved, and room for its factors: of a real shift, slot 0, and of `complexes`
 * complex ones, slots 1 .. complexes. */
struct linear {
	const struct linear_way *way;
	ojit_context *context;
	const struct pattern *pattern; /* of J, square; outlives this */
	enum linear_kind kind;         /* never LINEAR_AUTO */
	int complexes;
	struct effort effort; /* weighed by what an operation takes */
	/* Asked within what takes long; false: end it, factors and solutions are of no interest any more.
	 * NULL: never. */
	bool (*go_on)(void *asked);
	void *asked;
};

/* One way of factorising.  Everything but `make` allocates nothing, save that KLU looks
 * for a fresh pivot order in memory of its own (from malloc, as all of KLU's). */
struct linear_way {
	void (*drop)(struct linear *linear);
	/* Factors of z I - J, J's values in the order of its pattern.  False: singular, or not to go on. */
	bool (*factor)(struct linear *linear, int slot, const double *values, double re, double im);
	/* x = (z I - J)^-1 x: n doubles, 2n in complex slots, real and imaginary parts by
	 * turns. */
	void (*solve)(struct linear *linear, int slot, double *x);
	/* Forget pivot orders, so that what follows does not depend on what was before.  NULL:
	 * there is nothing to forget. */
	void (*forget)(struct linear *linear);
	/* Have the factors of `from`, of the same making, to the bit.  False: out of memory. */
	bool (*copy)(struct linear *linear, const struct linear *from);
};

/* A step of an implicit method is taken to be one factorisation and eight solves. */
enum { SOLVES_A_STEP = 8 };
static inline double oj_effort_of_step(struct effort effort)
{
	return effort.factor + SOLVES_A_STEP * effort.solve;
}
static inline struct effort oj_effort_times(double factor, struct effort effort)
{
	return (struct effort){factor * effort.factor, factor * effort.solve};
}
/* LAPACK's, of n rows. */
static inline struct effort oj_dense_effort(int64_t n)
{
	double size = (double)n;
	return (struct effort){.factor = 2.0 / 3 * size * size * size, .solve = 2 * size * size};
}

/* The module's table. */
struct linear_library {
	unsigned version;
	/* `linear` of the kind, or of the one that suits the pattern; `why`, where not NULL,
	 * gets a line on what was chosen from. */
	ojit_status (*make)(ojit_context *context, const struct pattern *pattern, enum linear_kind kind, int complexes,
	                    struct linear **linear, struct text *why, struct oj_error *error);
};
enum { LINEAR_VERSION = 4 };

ojit_status oj_linear_make(ojit_context *context, const struct pattern *pattern, enum linear_kind kind,
                           int complexes, struct linear **linear, struct text *why, struct oj_error *error);
void oj_linear_drop(struct linear *linear); /* NULL is allowed */

#endif
