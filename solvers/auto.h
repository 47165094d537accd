/* Method `auto`: explicit where that is cheapest, implicit or stabilised where stiffness makes
 * it dearer; see auto.c. */
#ifndef OJ_AUTO_H
#define OJ_AUTO_H

#include "solvers/stepper.h"

extern const struct stepper oj_stepper_auto __attribute__((visibility("hidden")));

/* Which methods took how many of the run's steps, and why they changed. */
void oj_auto_explain(const void *state, uint64_t steps, struct text *text);

#endif
