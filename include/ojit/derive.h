/* Derivatives of a program's right-hand side and observables.
 *
 * They are exact to rounding, made from the equations by program transformation
 * (Griewank, Walther, Evaluating Derivatives, 2nd ed.) and compiled when first asked for;
 * nothing that is not asked for is. A family of equations stays one loop in all of them.
 *
 * Rules at points without a derivative: abs and sign at 0 give 0; floor, ceil and round
 * give 0 everywhere; a tie of min or max gives the first operand's; relu at 0 gives 0;
 * hypot and atan2 at (0, 0) give 0; x^0 gives 0 with respect to x.  sqrt and cbrt at 0 give
 * inf.  What an `if`, min or max does not choose has no part in a derivative, whatever it
 * is.  trigamma, the second derivative of lgamma, has none: OJIT_UNSUPPORTED, by name.
 *
 * Parameters are taken as independent of one another, also those that the model defines
 * by others; derived quantities that it defines by `let` are followed.
 *
 * All functions belong to the thread that has the evaluator, allocate nothing after their
 * first call of a kind, and take vectors in the order in which ojit_solver_name (solve.h)
 * names their elements. */
#ifndef OJIT_DERIVE_H
#define OJIT_DERIVE_H

#include <ojit/pattern.h>
#include <ojit/program.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is differentiated by; or-ed together where a function says so. */
typedef enum ojit_inputs {
	OJIT_BY_STATES = 1,
	OJIT_BY_PARAMETERS = 2,
	OJIT_BY_TIME = 4,
} ojit_inputs;

/* The pattern of d(kernel)/d(states), d(kernel)/d(parameters) or d(kernel)/dt, which has one
 * column; owned by the program, alive as long as it.  `of` is OJIT_RHS or OJIT_OBSERVABLES,
 * `by` one of ojit_inputs.  Errors: OJIT_ARGUMENT, OJIT_UNSUPPORTED (an operator without a
 * derivative), OJIT_OUT_OF_MEMORY, OJIT_BACKEND; see ojit_evaluator_error. */
OJIT_API ojit_status ojit_evaluator_pattern(ojit_evaluator *evaluator, ojit_kernel of, ojit_inputs by,
                                            ojit_pattern *pattern);

/* values[entries] of that Jacobian at (t, y), in the pattern's order. */
OJIT_API ojit_status ojit_evaluator_jacobian(ojit_evaluator *evaluator, ojit_kernel of, ojit_inputs by,
                                             double t, const double *y, double *values);

/* The kernel and its Jacobian in one call, with the bits of the two calls; what they have
 * in common is computed once.  out: the kernel's elements, then the pattern's entries. */
OJIT_API ojit_status ojit_evaluator_linearisation(ojit_evaluator *evaluator, ojit_kernel of, ojit_inputs by,
                                                  double t, const double *y, double *out);

/* The Newton matrix I - gamma J of the right-hand side by states, as implicit methods solve
 * with it: gamma is their coefficient times the step.  Its pattern is that of J with the
 * whole diagonal (ojit_pattern_diagonal finds it); owned by the program.  Entries are
 * rounded as J's are, then as -gamma * entry and 1 + that. */
OJIT_API ojit_status ojit_evaluator_newton_pattern(ojit_evaluator *evaluator, ojit_pattern *pattern);
OJIT_API ojit_status ojit_evaluator_newton(ojit_evaluator *evaluator, double t, const double *y, double gamma,
                                           double *values);

/* Tangents: out = J v for `directions` vectors v at a time.  `by` is any of ojit_inputs
 * or-ed.  seed[k * directions + q] is element k of direction q; the elements are the
 * states, then the parameters, then the time, those that are asked for.  out[i * directions
 * + q]: element i of the kernel's derivative in direction q. */
OJIT_API ojit_status ojit_evaluator_tangent(ojit_evaluator *evaluator, ojit_kernel of, unsigned by,
                                            size_t directions, double t, const double *y,
                                            const double *seed, double *out);

/* Adjoints: out = weights' J, the gradient of the weighted sum of the kernel's elements.
 * weights: one an element of the kernel.  `by` is OJIT_BY_STATES, OJIT_BY_PARAMETERS or
 * both; out holds the states' part, then the parameters', those that are asked for. */
OJIT_API ojit_status ojit_evaluator_adjoint(ojit_evaluator *evaluator, ojit_kernel of, unsigned by, double t,
                                            const double *y, const double *weights, double *out);

#ifdef __cplusplus
}
#endif
#endif
