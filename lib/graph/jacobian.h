/* Jacobians: from a program, its exact pattern and the program of the entries' values.
 *
 * Every store of a block has a local derivative with respect to each of its loads, found
 * by one backward sweep (sweep.c), which is a sparse array over the block's loops.  Those of
 * intermediate arrays are carried on to what reads them: products of sparse arrays, done
 * symbolically when compiling, so that only numbers are left to do.  No zero that is one
 * by structure is an entry. */
#ifndef OJ_JACOBIAN_H
#define OJ_JACOBIAN_H

#include "lib/graph/program.h"

struct jacobian_request {
	enum array_role role; /* STATE or PARAMETER: what is differentiated by */
	int64_t rows, columns;
};

/* Fill `made`, a program without blocks, with out[k] = the value of entry k of the
 * pattern, which is drawn up here and the caller's to drop.  `program` and `prepare` as
 * for oj_adjoint_program. */
ojit_status oj_jacobian_program(struct program *made, const struct program *program, const struct program *prepare,
                                const struct jacobian_request *request, struct pattern *pattern,
                                struct oj_error *error);

#endif
