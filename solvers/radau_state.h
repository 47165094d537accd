/* The state of a Radau IIA stepper, and what its parts share: the polynomial through the
 * stages (radau_course.c), the iterations that find them (radau_newton.c), error and control
 * (radau.c). */
#ifndef OJ_RADAU_STATE_H
#define OJ_RADAU_STATE_H

#include "solvers/iterations.h"
#include "solvers/radau.h"

enum { RADAU_ROWS = 4, RADAU_STAGES = 7 };

/* A polynomial u - y0 through stages Z at the nodes of `row`, of a step of length h. */
struct course {
	const struct radau_row *row;
	double h;
	double *z; /* [stages][stride] */
};

struct radau_state {
	const struct radau *radau;
	struct rhs *f;
	const struct tolerance *tolerance; /* NULL: steps of given size */
	int64_t n, stride;
	double *y0, *y1, *low, *next_low, *f0, *f1, *weight, *error, *work; /* work[2 stride] */
	double *reached;       /* [n], see oj_is_rounding */
	double *f_stages;      /* [stages][stride] */
	double *w, *g;         /* the same; pairs by turns, real and imaginary part */
	struct course now, last; /* last.row NULL: there is none */

	const struct radau_row *row; /* of the coming step */
	/* What the factors in f->implicit are of. */
	const struct radau_row *factored;
	double factored_h, lambda[RADAU_STAGES]; /* real, then pairs */
	bool fresh;    /* J is of this step's beginning */
	bool have_jacobian;

	/* The iterations of the last attempt. */
	double share; /* of the scale in the tolerance that was asked for */
	struct convergence convergence;
	double retry;           /* the length to try instead */
	int64_t fault;          /* the state that F, or a scale of 0, was not finite in since the last step; -1: none */
	bool fault_is_scale;

	/* Control. */
	double begin[RADAU_ROWS][RADAU_STAGES], end[RADAU_ROWS][RADAU_STAGES]; /* slopes of u at its ends, from stages */
	double scales[RADAU_ROWS][RADAU_STAGES]; /* of Lagrange's polynomials */
	double crest[RADAU_ROWS]; /* the largest |M(theta)/M'(0)| */
	double spread[RADAU_ROWS]; /* the largest entry of T^-1, at least 1: errors grow so much by it */
	double now_error, proposed, old_h, old_error;
	bool first, rejected, failed;
	bool clipped; /* the loop set states of the last step to 0 */
	int since; /* steps since the order changed */
	bool have_f1, have_error;
};

/* The row of so many stages. */
const struct radau_row *oj_radau_row_of(int stages);

/* Lagrange's polynomials through 0 and the nodes, those of the nodes, at theta; `scales` makes each
 * 1 at its node. */
void oj_radau_weights(const struct radau_row *row, const double *scales, double theta, double weights[RADAU_STAGES]);
void oj_radau_scales(const struct radau_row *row, double scales[RADAU_STAGES]);
/* Their slopes at theta, which is 0 or a node. */
void oj_radau_slopes(const struct radau_row *row, double theta, double slopes[RADAU_STAGES]);
/* What the error is multiplied with in the bubble: real/M'(0) M(theta), where M is the
 * integral from 0 of the product of theta - c_i, and vanishes at 1. */
double oj_radau_bubble(const struct radau_row *row, double theta);
/* y = y0 + the polynomial of `row` through stages z[stages][stride] + the bubble. */
void oj_radau_look_inside(int64_t n, const struct radau_row *row, const double *scales, double theta,
                          const double *y0, const double *error, const double *z, int64_t stride, double *y);

/* The norm of v times the weights; not finite where v is not. */
double oj_radau_norm(const struct radau_state *s, const double *v);
/* The most iterations of a step. */
int oj_radau_rounds(const struct radau_row *row);
/* The stages of a step, in s->now.  False: the iterations came to nothing, s->retry is the
 * length to try instead. */
bool oj_radau_solve(struct radau_state *s, const struct step *step);

#endif
