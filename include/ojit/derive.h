/* Derivatives of a program's right-hand side and observables.
 *
 * They are exact to rounding, made from the equations by program transformation
 * (Griewank, Walther, Evaluating Derivatives, 2nd ed.) and compiled when first asked for;
 * nothing that is not asked for is. A family of equations stays one loop in all of them.
 *
 * Rules at points without a derivative: abs and sign at 0 give 0; floor, ceil and round
 * give 0 everywhere; a tie of min or max gives the first operand's, as
 * they are written; relu at 0 gives 0;
 * hypot and atan2 at (0, 0) give 0; x^0 gives 0 with respect to x, and x^p at x = 0 gives 0 with
 * respect to p > 0 and -inf to p <= 0; mod(a, b) gives 1 and -floor(a/b), also at its jumps.
 * sqrt, cbrt and x^p with 0 < p < 1 at 0, and log1p at -1, give inf.  A product has that of each
 * factor from all others, so zeros do no harm.  What an `if`, min or max does not choose has no
 * part in a derivative, whatever it is; nor has what is 0 by structure: f - f, also with other terms
 * between, 0*f, (i - 3)*f[i] at i = 3, and f times a sum over nothing; nor what a 0 in a direction or in weights
 * stands for, even where an operator gives it an infinite slope.  (Where a derivative is made of sums, products and functions
 * that are finite everywhere, as those of polynomials, sin and tanh are, and parameters are finite, such a 0 is multiplied: by
 * what has overflowed and at states that are not finite it gives nan, in every call and function alike.)
 * A factor that is 0 by chance is a factor: times an infinite slope it gives nan, in all of them, as a*sqrt(x) by x
 * where both are 0.  (Only the tangent multiplies an infinite slope with a sum where the others multiply it with the
 * terms: by x, sqrt(x^2 + x) at 0 has inf as J v, nan as entry.)
 * Even powers of abs and hypot, and whole powers of roots, have no edge.  trigamma, the second derivative of lgamma, has none: OJIT_UNSUPPORTED, by name.
 *
 * Parameters are taken as independent of one another, also those that the model defines
 * by others; derived quantities that it defines by `let` are followed.
 *
 * All functions belong to the thread that has the evaluator, allocate nothing after their
 * first call of a kind (and the first whose result would be nan for a 0 in a direction or in
 * weights), and take vectors in the order in which ojit_solver_name (solve.h)
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
 * column; owned by the program, alive as long as it; no code is made for it.  `of` is OJIT_RHS or OJIT_OBSERVABLES,
 * `by` one of ojit_inputs.  Errors: OJIT_ARGUMENT, OJIT_UNSUPPORTED (an operator without a
 * derivative), OJIT_OUT_OF_MEMORY, OJIT_BACKEND; see ojit_evaluator_error. */
OJIT_API ojit_status ojit_evaluator_pattern(ojit_evaluator *evaluator, ojit_kernel of, ojit_inputs by,
                                            ojit_pattern *pattern);

/* values[entries] of that Jacobian at (t, y), in the pattern's order. */
OJIT_API ojit_status ojit_evaluator_jacobian(ojit_evaluator *evaluator, ojit_kernel of, ojit_inputs by,
                                             double t, const double *y, double *values);

/* One row of that Jacobian alone, for matrices that are large as a whole, or of which another row has no derivative: the
 * pattern has one row. */
OJIT_API ojit_status ojit_evaluator_row_pattern(ojit_evaluator *evaluator, ojit_kernel of, size_t element, ojit_inputs by,
                                                ojit_pattern *pattern);
OJIT_API ojit_status ojit_evaluator_row(ojit_evaluator *evaluator, ojit_kernel of, size_t element, ojit_inputs by,
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

/* A number made of a kernel's elements: one of them, or the sum of all with weights
 * (w'f for a right-hand side f). */
typedef struct ojit_scalar {
	ojit_kernel of;        /* OJIT_RHS or OJIT_OBSERVABLES */
	size_t element;        /* which one; not looked at where there are weights */
	const double *weights; /* one an element of the kernel; NULL: the element alone */
} ojit_scalar;

/* The gradient of a scalar S, laid out as the result of ojit_evaluator_adjoint.  For an
 * element, only what it depends on is computed; so for the functions below. */
OJIT_API ojit_status ojit_evaluator_gradient(ojit_evaluator *evaluator, const ojit_scalar *scalar, unsigned by,
                                             double t, const double *y, double *out);

/* Second derivatives are tangents and Jacobians of gradients, so a family is one loop in
 * them too.  The rules above hold for each differentiation: the second derivative of abs at
 * 0 is 0, that of max(x, y)^2 by x at a tie is 2.  Where a first derivative is infinite or
 * about to be (sqrt at 0, pow(x, 1.5) at 0) the second is inf, -inf or nan; that of pow(x, p)
 * by x and p at x = +0 is 0 for p above 1; for 0 < p <= 1 it is 0 by x last and, by p last, -inf for p = 1, nan below;
 * for p = 0 nan by x last and inf by p last; for p < 0 inf.
 * trigamma has no derivative, so gamma and lgamma have two and digamma one.
 *
 * out = H seed, H the matrix of second derivatives of S by states, parameters or both,
 * for `directions` vectors at a time.  seed[k * directions + q] and out[k * directions + q]:
 * element k of vector q; the elements are the states, then the parameters, those that are
 * asked for. */
OJIT_API ojit_status ojit_evaluator_hessian_product(ojit_evaluator *evaluator, const ojit_scalar *scalar,
                                                    unsigned by, size_t directions, double t, const double *y,
                                                    const double *seed, double *out);

/* The pattern of d2S / d(rows) d(columns), for scalars that are small; `rows` and `columns`
 * are each one of OJIT_BY_STATES and OJIT_BY_PARAMETERS.  All entries are there, of both
 * triangles.  Entries that mirror each other are computed on their own and equal to
 * rounding. */
OJIT_API ojit_status ojit_evaluator_hessian_pattern(ojit_evaluator *evaluator, const ojit_scalar *scalar,
                                                    ojit_inputs rows, ojit_inputs columns, ojit_pattern *pattern);

/* values[entries] of those second derivatives, in the pattern's order. */
OJIT_API ojit_status ojit_evaluator_hessian(ojit_evaluator *evaluator, const ojit_scalar *scalar, ojit_inputs rows,
                                            ojit_inputs columns, double t, const double *y, double *values);

#ifdef __cplusplus
}
#endif
#endif
