/* Programs that take a whole step of an explicit Runge–Kutta method.
 *
 * Stage sums, right-hand sides, the new states and the norms of their errors are one
 * block of straight code: no calls, and nothing goes through memory on the way.  Every
 * product, sum and quotient is the one that solvers/sums.c takes, in its order, so a step
 * has the bits of one that is taken stage by stage. */
#ifndef OJ_FUSED_STEP_H
#define OJ_FUSED_STEP_H

#include "lib/graph/program.h"

/* Is it worth it?  Not where the right-hand side has loops, or is so long that calls do
 * not show beside it. */
ojit_status oj_fused_step_pays(const struct program *rhs, const struct step_recipe *recipe, bool *pays,
                               struct oj_error *error);

/* Fill `made`, a program without blocks, with a step of `recipe`; `rhs`, in the same
 * space, is the right-hand side, without loops, and lib/system.h says where the step
 * finds and leaves what. */
ojit_status oj_fused_step(struct program *made, const struct program *rhs, const struct step_recipe *recipe,
                          struct oj_error *error);

/* The same for the extra stages, after a step. */
ojit_status oj_fused_extra(struct program *made, const struct program *rhs, const struct step_recipe *recipe,
                           struct oj_error *error);

#endif
