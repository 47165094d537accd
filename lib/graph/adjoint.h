/* Adjoints: from a program, the program of its vector-Jacobian products.
 *
 * Reverse mode (Griewank, Walther, Evaluating Derivatives, 2nd ed., ch. 3): blocks are
 * swept backwards, the last first, and the adjoint of an array is complete before what
 * computed it is swept.  Every adjoint is a gather: a family stays one loop over its
 * elements, each of which sums up what all loads of it contribute.  So size and time of
 * compiling do not depend on how long families are. */
#ifndef OJ_ADJOINT_H
#define OJ_ADJOINT_H

#include "lib/graph/program.h"

/* seed[k] is the weight of the program's out[k].  The result is the gradient of the
 * weighted sum, one vector after another, those that are asked for: with respect to
 * states, to parameters. */
struct adjoint_request {
	int64_t states, parameters; /* how many there are, 0: not asked for */
	bool unit;                  /* all weights are 1 and not read */
	bool strong;                /* what has weight 0 has no part: 0 times anything is 0 */
};

/* Fill `made`, a program without blocks, with the adjoints of `program`, both in one
 * space; pass split has to follow.  `prepare` as for oj_tangent_program. OJIT_UNSUPPORTED
 * for an operator without a derivative, by name and place. */
ojit_status oj_adjoint_program(struct program *made, const struct program *program, const struct program *prepare,
                               const struct adjoint_request *request, struct oj_error *error);

#endif
