/* How long steps may be that nothing but accuracy holds back, from how slopes change over several
 * steps. */
#ifndef OJ_CURVATURE_H
#define OJ_CURVATURE_H

#include "solvers/problem.h"

struct curvature {
	int64_t n;
	double *slope; /* [n] at t */
	double t;
	bool known;    /* slope and t are */
	double length; /* of steps of rodas5p, roughly; 0: not known */
};
/* Doubles that lie behind `memory`. */
static inline size_t oj_curvature_room(int64_t n)
{
	return (size_t)n;
}
void oj_curvature_lay_out(struct curvature *c, int64_t n, double *memory);
/* Nothing is known yet. */
void oj_curvature_forget(struct curvature *c);
/* The slope f at (t, y), some steps after the last one that was seen. */
void oj_curvature_see(struct curvature *c, double t, const double *y, const double *f, const struct tolerance *tolerance);

#endif
