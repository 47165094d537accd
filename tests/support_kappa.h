/* How much a problem amplifies errors: its kappa.
 *
 * Let w_j(t) = max(|y_j(t)|, 1e-3 M) with M = max_i |ref_i| be the scale that a
 * relative tolerance with atol = 1e-3 rtol M gives errors in component j at time
 * t, v_i = max(|ref_i|, 1e-3 M) the scale in which the final error is measured, and
 * F(s) the derivative of the final state with respect to the state at time s.  Then
 *
 *     kappa = max(1, max over s of max_i sum_j |F_ij(s)| w_j(s) / v_i),
 *
 * the largest factor by which relative perturbations of all components, made at
 * any one time along the trajectory, can appear in the final error.  It belongs
 * to the problem: no solver's error at any tolerance enters.
 *
 * Times s are the ends of the steps of dop853 at rtol 1e-13, or of radau at 1e-12 where the
 * problem is stiff; they crowd where the solution is quick.  F is the product of the
 * derivatives over single steps, each
 * by central differences of the step of fixed length, perturbed by 1e-6 w_j. */
#ifndef SUPPORT_KAPPA_H
#define SUPPORT_KAPPA_H

#include "tests/support_corpora.h"

/* Methods for trajectory and single steps. */
struct kappa_methods {
	const char *trajectory, *step;
	double rtol; /* of the trajectory */
};
extern const struct kappa_methods kappa_explicit, kappa_stiff;

/* The same over KAPPA_TIMES times, equidistant and the end the last: the largest kappa of all
 * problems that end at one of them, in all states, with errors at time t measured in
 * max(|y_i(t)|, 1e-3 max_k |y_k(t)|).  NAN likewise. */
enum { KAPPA_TIMES = 50 };
double kappa_time(const struct corpus_problem *problem, int k); /* k from 1 */
double kappa_on_the_way(ojit_program *program, const struct corpus_problem *problem,
                        const struct kappa_methods *methods);

/* Models of the house that are held to their kappa on the way as the corpora's problems are.  What
 * stands for published end values, which give M alone, is vern9's solution. */
struct kappa_model {
	const char *name, *path; /* from the root of the sources */
	double tend;             /* they begin at 0 */
};
enum { KAPPA_MODELS = 5 };
extern const struct kappa_model kappa_models[KAPPA_MODELS];
/* false: it cannot be read, or not solved.  kappa_model_close in any case. */
bool kappa_model_open(const struct kappa_model *model, struct corpus_problem *problem);
void kappa_model_close(struct corpus_problem *problem);

/* NAN when the problem could not be integrated. */
double kappa_of(ojit_program *program, const struct corpus_problem *problem, const struct kappa_methods *methods);

/* The table tests/data/kappa.txt: kappa, and that on the way.  NAN: the problem is not in
 * it. */
double kappa_in_table(const char *name);
/* Is it there by kappa_stiff?  STIFF DETEST without se4, whose end values are not verified, and se1, which rests at its
 * end: all that is perturbed is gone there; and some of the Bari test set. */
bool kappa_is_stiff(const char *name);
double kappa_on_the_way_in_table(const char *name);

#endif
