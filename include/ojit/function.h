/* Kernels as plain functions, for whoever calls them from a loop of his own: an integrator,
 * an optimiser, a library that takes callbacks.
 *
 * A function and the data it wants are handed out once.  A call is then one jump to the
 * code, nothing is looked up or checked, and it cannot fail; for kernels of a few
 * nanoseconds that is a fifth of their time.  Results are those of ojit_evaluator_call and of the
 * functions of derive.h, to the bit.
 *
 * A function works as long as its evaluator lives, with the parameters of the evaluator:
 * after ojit_evaluator_parameters with the new ones.  It belongs to the thread that has the
 * evaluator; threads take evaluators of their own, on the same program.  Functions may be
 * called in any order with one another and with the evaluator's own calls, allocate nothing,
 * and leave ojit_evaluator_error as it is. */
#ifndef OJIT_FUNCTION_H
#define OJIT_FUNCTION_H

#include <ojit/derive.h>
#include <ojit/program.h>

#ifdef __cplusplus
extern "C" {
#endif

/* call(data, t, y, seed, out) computes out from the time t and the states y.  No vector may
 * overlap `out`. */
typedef struct ojit_function {
	void (*call)(void *data, double t, const double *y, const double *seed, double *out);
	void *data; /* the evaluator's */
} ojit_function;

/* What it computes; the function whose result that is says how vectors are laid out. */
typedef enum ojit_function_kind {
	OJIT_FUNCTION_VALUE,         /* ojit_evaluator_call; seed is not read */
	OJIT_FUNCTION_JACOBIAN,      /* ojit_evaluator_jacobian; seed is not read */
	OJIT_FUNCTION_LINEARISATION, /* ojit_evaluator_linearisation; seed is not read */
	OJIT_FUNCTION_NEWTON,        /* ojit_evaluator_newton; seed: gamma */
	OJIT_FUNCTION_TANGENT,       /* ojit_evaluator_tangent; seed: the directions */
	OJIT_FUNCTION_ADJOINT,       /* ojit_evaluator_adjoint; seed: the weights */
	OJIT_FUNCTION_KINDS
} ojit_function_kind;

/* The function of a kind, translated here if it was not yet; asked for again, it is the same.
 * `of`: the kernel, for matrices and products OJIT_RHS or OJIT_OBSERVABLES, for
 * OJIT_FUNCTION_NEWTON OJIT_RHS.  `by`: one or several of ojit_inputs, as the kind takes
 * them; 0 for values, OJIT_BY_STATES for OJIT_FUNCTION_NEWTON.  `directions`: of
 * tangents, else 1.  Where tangents and adjoints may be nan because a 0 of their seed meets what is
 * infinite, the kernel that is then run is translated as well.  Errors: OJIT_ARGUMENT,
 * OJIT_UNSUPPORTED (an operator without a derivative), OJIT_OUT_OF_MEMORY, OJIT_BACKEND;
 * *function is then 0 and ojit_evaluator_error says why.  Executor OJIT_INTERPRETER has
 * functions, too.
 *
 * Once there are functions, ojit_evaluator_parameters computes what depends on parameters
 * alone at once, and may translate a kernel that functions need for parameters that are not finite; if it
 * fails, they are not to be called until it succeeds. */
OJIT_API ojit_status ojit_evaluator_function(ojit_evaluator *evaluator, ojit_function_kind kind, ojit_kernel of,
                                             unsigned by, size_t directions, ojit_function *function);

#ifdef __cplusplus
}
#endif
#endif
