/* Newton matrices: from a Jacobian's program, that of I - gamma J, written in place.
 *
 * Implicit methods solve with such matrices for ever other steps h, so gamma (their
 * coefficient times h) is an argument of the kernel.  Every entry of the diagonal is
 * in the pattern, also where the Jacobian has none. */
#ifndef OJ_NEWTON_H
#define OJ_NEWTON_H

#include "lib/graph/program.h"

/* `made` computes the entries of `pattern`, a square one, and shall compute those of the
 * Newton matrix, whose pattern takes the place of the Jacobian's.  seed[0] is gamma. */
ojit_status oj_newton_program(struct program *made, struct pattern *pattern, struct oj_error *error);

#endif
