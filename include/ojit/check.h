/* Checking a model: what ojit computes of it, held to what it means.
 *
 * At every point the interpreter and machine code must give the same bits of the right-hand
 * side, the observables and every derivative, with equations rolled into loops and one by
 * one (derivatives where that is no more than some 100,000 operations); and all of it must
 * agree with numbers of 256 bits (MPFR) that are computed from the equations as they stand in
 * the model, before any pass: values directly, derivatives as central differences.  One row a
 * kernel:
 *
 *   rhs, outputs   the values
 *   jac            the sparse Jacobian: its product with a direction with a difference along it,
 *                  every entry with the Jacobian's own program in MPFR, and its columns one by
 *                  one with differences, as many as the work allows (columns that share no
 *                  row at once)
 *   dfdp, dfdt     the same by parameters and by time
 *   newton         I - gamma J, entry by entry, with J
 *   linearised     values and Jacobian in one call, with the bits of the two
 *   jvp            J v, with differences along v: by states, by parameters and by all with
 *                  time; and four directions at a time
 *   vjp            weights' J, by states, by parameters and by both, with the rows of jac and
 *                  dfdp, and its product with a direction
 *   grad           vjp of one element, drawn once
 *   hvp            second derivatives of the weighted sum, or of one element, times a direction,
 *                  with differences of the gradient's program, and as a whole with second
 *                  differences of the model itself; and three directions at a time
 *   hess           their entries: with the matrix's own program in MPFR, and its products with a
 *                  direction as hvp
 *
 * Agreement is to so many digits relative to the *size* of the value: the sum of the
 * absolute values of what is added up on the way to it (|x| for a number or an input, the
 * sum of the terms' sizes for a sum, |df/dx| times the size of x for f(x)).  So what a
 * cancellation leaves is held to what it was made of, and is no more than a rounding error
 * where double has no digits of it.
 *
 * Not every point can be judged, and is then marked instead:
 *   a kink or a jump: to a side of the point a condition, min or max chooses otherwise, or
 *     an operator has an edge there (abs at 0, floor at a whole number, 1/x at 0); or a
 *     condition or a step like floor is so near its limit that rounding decides;
 *   an overflow: a number on the way is beyond double's range, or so cancelled that double
 *     may have no digit of what follows;
 *   nothing to compare with: there is no number here, as with the logarithm of -1.
 * What agrees is not marked: so a rule that gives the derivative of a side or the mean of both
 * is passed over where it does, and marked where it does not.
 *
 * The work grows with the operations of the model: where an evaluation in MPFR takes more than
 * some 10 ms, loops that put out are looked at in part, others at every point (struct
 * ojit_check_row, part), and derivatives are held to differences along directions alone.
 * When something does not agree there, all of it is computed before it is said to be wrong.
 * Kernels whose code is long are left out where another one stands for them (omitted).
 *
 * MPFR lives in libojit-mpfr.so, found as libojit-llvm.so is (environment: OJIT_MPFR).
 * MPFR itself ends the process when it runs out of memory.  Everything here is
 * deterministic: work is counted in operations, and random numbers come from the seed. */
#ifndef OJIT_CHECK_H
#define OJIT_CHECK_H

#include <ojit/program.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ojit_check_options {
	int digits;      /* that must agree; default 13, at most 15 */
	uint64_t seed;   /* of random points, directions and weights */
	size_t findings; /* told one by one, a kind and a kernel; default 10 */
} ojit_check_options;
OJIT_API ojit_check_options ojit_check_options_default(void);

typedef struct ojit_check ojit_check;

/* Compile the model in the three ways that are compared; NULL options: the defaults.  On
 * failure *check is NULL and ojit_model_error says why.  The model may be freed. */
OJIT_API ojit_status ojit_check_new(ojit_model *model, const ojit_compile_options *compile,
                                    const ojit_check_options *options, ojit_check **check);
OJIT_API void ojit_check_free(ojit_check *check); /* NULL is allowed */
OJIT_API ojit_error ojit_check_error(const ojit_check *check);

/* Check at (t, y) with parameters p.  y NULL: the initial values, p NULL: the defaults. A
 * disagreement is no failure: see what was found. */
OJIT_API ojit_status ojit_check_at(ojit_check *check, double t, const double *y, const double *p);
/* Check at the next random point around (y, p), its time between t0 and t1: each number
 * times 2^u, -1 < u < 1, or, where it is 0, up to 1, at every other point down to -1. */
OJIT_API ojit_status ojit_check_around(ojit_check *check, double t0, double t1, const double *y, const double *p);
/* As many random points, up to 20, as take about half a second; from counted operations,
 * known after the first point.  At least 1, unless that one took long. */
OJIT_API size_t ojit_check_suggested(const ojit_check *check);

/* ---------------------------------------------------------------- what was found */

typedef enum ojit_found {
	OJIT_FOUND_WRONG,     /* double and MPFR do not agree */
	OJIT_FOUND_BITS,      /* two executors do not give the same bits */
	OJIT_FOUND_KINK,      /* marked, see above, as are the next two */
	OJIT_FOUND_OVERFLOW,
	OJIT_FOUND_UNDEFINED,
	OJIT_FOUND_KINDS
} ojit_found;

/* A kernel.  Strings live as long as the check. */
typedef struct ojit_check_row {
	const char *kernel;  /* "rhs", "outputs", "jac", ... */
	const char *of;      /* what it is the derivative of: "rhs", "outputs" */
	const char *by;      /* and by what: "states", ...; "" for values */
	const char *refused; /* why the kernel cannot be made; NULL: it can */
	const char *omitted; /* why it was not made, and what stands for it; NULL: it was */
	size_t compared;     /* values compared, all points together */
	size_t columns, differenced; /* of a matrix, all points together, and those compared one by one */
	double part;         /* of what its loops put out that is held to MPFR at a point; 1: all; 0: nothing,
	                      * which would take long */
	size_t found[OJIT_FOUND_KINDS];
	double digits;       /* the fewest that agreed where it could be judged; 17 at most */
	const char *row, *column; /* where; "" where there is none */
	size_t point;             /* counted from 0 */
} ojit_check_row;
OJIT_API size_t ojit_check_row_count(const ojit_check *check);
OJIT_API ojit_check_row ojit_check_row_at(const ojit_check *check, size_t k);

typedef struct ojit_finding {
	ojit_found kind;
	const char *kernel, *of, *by, *row, *column; /* as above: equation or observable, variable */
	const char *against; /* what it was compared with, such as "MPFR" */
	size_t point;
	double t;
	double value, expected, size; /* size: see above; 0 where bits were compared */
	double digits;                /* that agree */
} ojit_finding;
OJIT_API size_t ojit_check_finding_count(const ojit_check *check);
OJIT_API ojit_finding ojit_check_finding_at(const ojit_check *check, size_t k);
/* Nothing is wrong, and all bits are the same. */
OJIT_API int ojit_check_passed(const ojit_check *check);

#ifdef __cplusplus
}
#endif
#endif
