/* Tangents: from a program, the program of its directional derivatives.
 *
 * Forward mode (Griewank, Walther, Evaluating Derivatives, 2nd ed., ch. 3): every array
 * a gets an array of its tangents, every block a block that computes them from the
 * tangents of what it loads.  A family stays one loop, so size and time of compiling
 * do not depend on how long it is. */
#ifndef OJ_TANGENT_H
#define OJ_TANGENT_H

#include "lib/graph/program.h"

/* Seeds lie one vector after another, those that are asked for: states, parameters,
 * time; element k of direction q at seed[k * directions + q].  Results lie alike:
 * element k of the program's out in direction q at out[k * directions + q]. */
struct tangent_request {
	int64_t states, parameters; /* how many there are to seed, 0: none is */
	bool time;
	int64_t directions;         /* at a time, at least 1 */
	bool strong;                /* 0 in a seed means "not in this direction": 0 times anything is 0 */
	int64_t before;             /* elements of the seed that the program itself reads, before all that */
};

/* Fill `made`, a program without blocks, with the tangents of `program`, both in one
 * space.  `prepare` gives the derived parameters, whose values the kernel is handed
 * and whose tangents it computes itself; NULL, or one without blocks: there are none.
 * OJIT_UNSUPPORTED for an operator without a derivative, by name and place. */
ojit_status oj_tangent_program(struct program *made, const struct program *program, const struct program *prepare,
                               const struct tangent_request *request, struct oj_error *error);

#endif
