/* Jumps by the time alone on the way of steps: which of the crossings (crossings.h) matter with the states
 * that there are, and where a step has to end for them. */
#ifndef OJ_JUMPS_H
#define OJ_JUMPS_H

#include "solvers/time_loop.h"

/* Are there any, in steps that may be shortened?  Steps of given size are as they are given. */
bool oj_minds_jumps(const struct loop *loop);
/* The time that the next step may lead to: that of a jump before the target that matters, for all that is
 * known here, or that where nothing is known any more, or the target itself. */
double oj_foresee_jump(struct loop *loop, double target);
/* Is the time that of a jump that matters, or so close that no step leads there? */
bool oj_stands_before_jump(const struct loop *loop);
/* Does a jump that the step goes over matter with the states that there are by then?  Then the next attempt
 * ends there. */
bool oj_goes_over_jump(struct loop *loop);
/* A step to the time before a jump that is at the span's end is one to the end. */
void oj_jump_ends_step(struct loop *loop);

#endif
