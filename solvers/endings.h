/* How a run ends before its time: what is kept of it in `ending`, from which report.h makes the message. */
#ifndef OJ_ENDINGS_H
#define OJ_ENDINGS_H

#include "solvers/time_loop.h"

/* The stepper could not start: the states, their derivative or its Taylor series are not finite. */
void oj_end_at_start(struct loop *loop);
/* A state is beyond growth_limit. */
void oj_end_outgrown(struct loop *loop);
/* Nothing shorter can be tried: it was the error, or something not finite, or a limit. */
void oj_end_too_small(struct loop *loop);
/* An attempt was not finite, or not solved, that no other length can mend. */
void oj_end_nonfinite(struct loop *loop);
void oj_end_max_steps(struct loop *loop);
/* The state of y[n] that is farthest below 0, by more than its tolerance; -1: none is. */
int64_t oj_most_sunk(const struct loop *loop, const double *y);

#endif
