/* Second derivatives of scalars: of one element of what a program puts out, or of the sum
 * of all elements with weights.
 *
 * The gradient is an adjoint (adjoint.h), a program like any other; its tangents are
 * products of the Hessian with directions (forward over reverse: Griewank, Walther,
 * Evaluating Derivatives, 2nd ed., ch. 5), its Jacobian is the Hessian, with the pattern
 * as exact as that of any Jacobian.  So families stay loops here too. */
#ifndef OJ_HESSIAN_H
#define OJ_HESSIAN_H

#include "lib/graph/program.h"
#include "lib/graph/simplify.h"

struct scalar_request {
	int64_t element;            /* of the program's out; -1: weighted, seed[k] is the weight of out[k] */
	int64_t weights;            /* how many there are, 0 where an element is asked for */
	int64_t states, parameters; /* how many there are, 0: the gradient is not by them */
	enum law law;
	bool strong;                /* weights and directions of 0 have no part, see tangent.h */
};

/* Fill `made`, a program without blocks, with the gradient: by states, then by parameters.
 * Pass split has been over it.  `program` and `prepare` as for oj_adjoint_program; so for
 * those below.  OJIT_UNSUPPORTED for an operator without a (second) derivative. */
ojit_status oj_gradient_program(struct program *made, const struct program *program, const struct program *prepare,
                                const struct scalar_request *request, struct oj_error *error);

/* With the Hessian times vectors.  Directions lie in the seed behind the weights, and
 * results in out, as those of oj_tangent_program. */
ojit_status oj_hessian_product(struct program *made, const struct program *program, const struct program *prepare,
                               const struct scalar_request *request, int64_t directions, struct oj_error *error);

/* With the values of the gradient's derivatives by the `columns` elements of `role`, the
 * entries of `pattern`, as oj_jacobian_program. */
ojit_status oj_hessian_program(struct program *made, const struct program *program, const struct program *prepare,
                               const struct scalar_request *request, enum array_role role, int64_t columns,
                               struct pattern *pattern, struct oj_error *error);

#endif
