/* What a matrix does to most vectors: the size of its largest eigenvalues, and whether they
 * turn. */
#ifndef OJ_SPECTRUM_H
#define OJ_SPECTRUM_H

#include "solvers/implicit.h"

/* Seen by the power method, which goes on where it ended the last time. */
struct spectrum {
	int64_t n;
	double *vector, *once, *twice; /* [n], nearly an eigenvector, and what the matrix makes of it */
	double radius; /* near the spectral radius, and seldom above */
	double cosine; /* of the angle between a vector and the matrix' square of it: of twice the eigenvalues' argument */
};
/* Doubles that lie behind `memory`. */
static inline size_t oj_spectrum_room(int64_t n)
{
	return 3 * (size_t)n;
}
void oj_spectrum_lay_out(struct spectrum *spectrum, int64_t n, double *memory);
/* Nothing is known yet. */
void oj_spectrum_forget(struct spectrum *spectrum);
/* Look at the matrix that was evaluated last, in the scale that the tolerance gives y; states without
 * one, for they and their atol are 0, have no part in it. */
void oj_spectrum_see(struct spectrum *spectrum, const struct matrix *matrix, const double *y,
                     const struct tolerance *tolerance);
/* About the radius of J at (t, y), where f is f0, for two evaluations of f.  0: not known. */
double oj_spectrum_glance(struct spectrum *spectrum, struct rhs *f, double t, const double *y, const double *f0,
                          const struct tolerance *tolerance);
/* Do modes turn by more than they decay?  BDF of order 5 is stable up to about there. */
static inline bool oj_spectrum_turns(const struct spectrum *spectrum)
{
	return spectrum->cosine < 0;
}
/* And hardly decay? */
static inline bool oj_spectrum_undamped(const struct spectrum *spectrum)
{
	return spectrum->cosine < -0.9;
}

#endif
