/* Simplified Newton iterations of implicit steps, and when they have converged.
 *
 * Every implicit method solves equations d = psi + gamma f(t, base + d) with one Jacobian and
 * one factorisation of I/gamma - J for many iterations and many steps:
 * - Iterations have converged when rate/(1 - rate) times the last increment, which is what the
 *   coming ones would add up to, is below `enough`.  It takes two to see a rate: that of an
 *   earlier step says nothing of J now.  They have failed when they grow, when at their rate they
 *   would not get there, and when something is not finite; but what rounding holds up, of the
 *   states or, with a fresh J, at a hundredth of the tolerance, has converged.
 * - A failure asks for a fresh Jacobian, and for a shorter step where it was fresh.  It is never
 *   the end of a solve.  Steps of given size cannot be shorter: they are begun once more, with J
 *   at every iterate and damped increments, which is Newton's own method, as far as each makes the
 *   next smaller (P. Deuflhard, Newton Methods for Nonlinear Problems, 2004, 3.3).
 * - Factors of another gamma serve as well, with increments times 2 rho/(1 + rho) for the ratio
 *   rho of the two, halfway between what slow and fast modes need.
 * Sources: E. Hairer, G. Wanner, Solving Ordinary Differential Equations II, IV.8; A. C.
 * Hindmarsh et al., SUNDIALS, ACM Trans. Math. Softw. 31 (2005) 363-396. */
#ifndef OJ_ITERATIONS_H
#define OJ_ITERATIONS_H

#include "solvers/stepper.h"

/* What errors and increments are measured by. */
struct gauge {
	int64_t n;
	double *weight; /* [n], one over the scale; infinite where there is no tolerance */
	double share;   /* of the tolerance that counts as all of it; 0: 1 */
	bool max_norm;
};
/* Weights of steps of given size, which have no tolerance: one over `scale` times what v counts as,
 * itself or a thousandth of the largest; of several vectors the largest counts. */
void oj_fixed_weights(int64_t n, double scale, const double *v, bool first, double *weight);
/* The share of atol and rtol times the size of y; without a tolerance, rounding of what counts. */
void oj_gauge_set(struct gauge *gauge, const struct tolerance *tolerance, const double *y);
/* The norm of v times the weights; not finite where v is not. */
double oj_gauge_norm(const struct gauge *gauge, const double *v);
/* The state with the largest of v times the weights. */
int64_t oj_gauge_worst(const struct gauge *gauge, const double *v);
enum newton_verdict { NEWTON_GOES_ON, NEWTON_DONE, NEWTON_FAILED };

/* Steps of given size have no tolerance that would say what is nothing.  Are these increments v[n] what a few
 * roundings, `times` so many, make of the largest that each state was since the beginning, or of a thousandth of the
 * largest of all?  Where terms cancel, as in what comes to rest at 0, equations are no better. */
bool oj_is_rounding(int64_t n, const double *v, const double *reached, double times);
/* The largest that states were, with y. */
void oj_note_reached(int64_t n, const double *y, double *reached);

struct convergence {
	/* Set before the iterations. */
	double enough;    /* increments below this are nothing */
	double floor;     /* what rounding makes of increments */
	int most;         /* iterations */
	bool fresh;       /* J is of the step's beginning */
	bool forced;      /* there is no shorter step: a slow rate is no failure */
	/* Found by them. */
	double rate;      /* an iteration's shrinking, over two of them where there were */
	double remaining; /* rate/(1 - rate): what the coming increments add up to, in units of the last */
	int iterations;
	double shorten;   /* after a failure: what to multiply the step's length with */
	double last, last_rate; /* increment, rate */
};
/* `enough` for a relative tolerance, max(10 eps/rtol, min(0.03, sqrt(rtol))), and `floor` for
 * scales of at least `share` times the states, where rounding makes `spread` times that of
 * the states; rtol 0: forced. */
void oj_convergence_set(struct convergence *c, double rtol, double share, double spread);
/* Forget earlier iterations. */
void oj_convergence_begin(struct convergence *c);
/* What an increment of this size says. */
enum newton_verdict oj_convergence_judge(struct convergence *c, double size);
/* Have increments shrunk so little that they may be rounding's? */
bool oj_convergence_is_slow(const struct convergence *c);

/* Of Newton's own iterations in steps of given size, where J is new in each: is an increment so small that
 * the next one is its square, and was it the last?  `last` is the size before, infinite at first. */
bool oj_convergence_is_near(double size);
bool oj_convergence_ends_anew(const struct convergence *c, double size, double last);

enum { NEWTON_FIXED_ROUNDS = 60 }; /* where there is no shorter step */
#define NEWTON_DAMPED_LEAST 1e-9   /* of an increment, in Newton's own iterations */

/* The equations of a real shift, slot 0 of f->implicit. */
struct newton {
	struct rhs *f;
	struct gauge gauge;
	struct convergence convergence;
	double *argument, *slope, *increment; /* [n] */
	const double *start; /* what the step begins with */
	double *defect;  /* [n], of the equations in the last iteration */
	double *stuck;   /* [n], the defect where it did not shrink in it, though of some size were nothing stiff; else 0 */
	double *noise;   /* [n], scratch */
	bool have_jacobian;
	bool fresh;     /* J is of the coming step's beginning */
	double factored; /* the gamma of the factors; 0: there are none */
	double worst_rate; /* since oj_newton_begin */
	int iterations;    /* likewise */
	int64_t fault;  /* the state that f, or a scale of 0, was not finite in since the last step; -1: none */
	bool fault_is_scale;
	bool anew;      /* J at every iterate */
	double *reached; /* [n], in steps of given size: the largest that each state was */
	int64_t fault_before; /* it was anew */
};

/* Begin again: neither J nor factors, nor states that were larger. */
void oj_newton_restart(struct newton *newton);
/* A step from y begins: set scales, and what is enough: 0 for what rtol says. */
void oj_newton_begin(struct newton *newton, const struct tolerance *tolerance, const double *y, int most, double enough);
/* J at (t, y) if there is none. */
void oj_newton_linearise(struct newton *newton, double t, const double *y, const struct tolerance *tolerance);
/* Factors for gamma unless those that are there are.  False: singular, or f or J at (t, y)
 * is not finite, see fault. */
bool oj_newton_factor(struct newton *newton, double gamma, double t, const double *y);
/* Find d[n], from a guess.  False: see convergence.shorten and fault. */
bool oj_newton_solve(struct newton *newton, double t, double gamma, const double *base, const double *psi, double *d);
/* A step of given size failed with a fresh J: try it once more, from its beginning at (t, y), anew?  False: it
 * was so already, or there is a shorter step.  `anew` is the caller's to take back when a step begins. */
bool oj_newton_insist(struct newton *newton, double t, const double *y);
/* v = (I - gamma J)^-1 v, by the factors that are there. */
void oj_newton_filter(struct newton *newton, double *v);

/* What a stepper's culprit answers: f1 and error, where they are known, [n]. */
int64_t oj_newton_culprit(const struct newton *newton, const struct step *step, const double *f1, const double *error,
                          bool *finite);

#endif
