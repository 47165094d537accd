/* Looking inside of a step for what happened there.
 *
 * Steps know f at a few points only.  Where f depends on time by itself, as by daylight, something
 * may have come and gone in between: after a quiet night steps are long enough to miss the whole
 * day, and nothing that is known of their ends tells.  So a step that is longer than the last
 * is looked into: at a few points of its interpolant f is to be the slope, as far as the
 * factors that it was solved with let errors live. */
#ifndef OJ_PROBE_H
#define OJ_PROBE_H

#include "solvers/stepper.h"

enum { PROBE_VECTORS = 4 };
/* Did something happen in the completed step, solved with factors that are in slot 0, that it does
 * not know of?  scratch[PROBE_VECTORS n]; evaluates f a few times. */
bool oj_probe_step(const struct stepper *stepper, void *state, struct rhs *f, const struct tolerance *tolerance,
                   const struct step *step, double *scratch);

#endif
