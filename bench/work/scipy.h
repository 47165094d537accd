/* SciPy as a peer: a child process that measures itself; see peers/scipy_peer.py. */
#ifndef BENCH_SCIPY_H
#define BENCH_SCIPY_H

#include "bench/peers/peer.h"
#include "bench/work/curve.h"

struct scipy;

/* Start the child with a time limit a solve.  NULL: it cannot be started. */
struct scipy *scipy_start(const char *python, const char *script, double limit);

/* Have it solve a problem and add the curves to *curves, which is grown; the task's
 * tolerances do not matter, atol is `absolute` times rtol.  False: it went away; what it
 * could not import it says itself on standard error. */
bool scipy_solve(struct scipy *child, const char *problem, const struct task *task, double absolute,
                 const double *reference, struct curve **curves, int *count);

void scipy_end(struct scipy *child); /* NULL is allowed */

#endif
