/* What a caller asks of a run, checked, completed and looked up. */
#ifndef OJ_CONDITIONS_H
#define OJ_CONDITIONS_H

#include "solvers/solver.h"

/* Options (NULL: all defaults) for a run from t0 to t1: completed into s->options by what the
 * model and the library say; the method, that of the way back into s->back, s->linear, and
 * the loop's limits follow. */
ojit_status oj_conditions_check(ojit_solver *s, const ojit_options *options, double t0, double t1,
                                struct method *method);
/* The limits' part that asks for the states at the start, s->y. */
ojit_status oj_conditions_begin(ojit_solver *s, double t0, double t1);

#endif
