/* Coloured Jacobians: the entries of a known pattern by tangents in few directions.
 *
 * Columns of one colour have no row in common, so the tangent in the direction of their
 * sum holds all their entries, each in a row of its own (Curtis, Powell, Reid, J. Inst.
 * Maths Applics 13, 1974).  That takes fewer operations than formulas of the entries
 * where many intermediates lie between inputs and outputs and colours are few.
 *
 * What an entry's row meets in other columns is multiplied by a strong 0: it has no part,
 * though it may be infinite. */
#ifndef OJ_COLOURED_H
#define OJ_COLOURED_H

#include "lib/graph/program.h"

struct colouring {
	int64_t colours;
	const int64_t *colour; /* [columns of the pattern] */
};

/* Fill `made`, a program without blocks, with out[k] = the value of entry k of `pattern`:
 * `program` differentiated by states or by parameters.  Otherwise as oj_jacobian_program;
 * pass split has to follow. */
ojit_status oj_coloured_program(struct program *made, const struct program *program, const struct program *prepare,
                                bool by_states, const struct pattern *pattern, const struct colouring *colouring,
                                struct oj_error *error);

#endif
