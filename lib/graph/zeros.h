/* Zeros by structure: what is 0 whatever the states and parameters are, so that no derivative
 * goes through it.
 *
 * A program is rewritten before it is differentiated:
 *   - a sum in which terms cancel, as f - f, also through nested sums, signs and literal
 *     factors, and once short products and quotients of sums are multiplied out, is the sum of the others;
 *   - in boxes of one point, as edges are, loads of one element are one, so that they cancel, too;
 *   - 0*f, 0/f and f/inf are 0, f^0 is 1;
 *   - even powers of abs and hypot, which have no edge, and whole powers of roots lose those;
 *   - a product with a sum that sums nothing at some elements is a strong one, and so is one with a number
 *     that is known when compiling (known.h) and 0 at some;
 *   - where a factor is an integer of indices, as in (i - 3)*f[i], it is told apart where that
 *     is 0, and pass split cuts boxes and ranges there.
 * So Jacobians, tangents and adjoints follow one rule: such an f has no part in them, though
 * its slope may be infinite, and patterns have no entry for it.
 *
 * Values are those of the program, except where f is not finite, and in sums that cancelled,
 * which are closer to the truth.  What a condition compares stays as it is, so that
 * derivatives choose as the program does. */
#ifndef OJ_ZEROS_H
#define OJ_ZEROS_H

#include "lib/graph/program.h"

/* `prepare`, rewritten before, computes the derived parameters that `program` loads; NULL: it is
 * that itself.  `values`, NULL: none, is the program that this is a copy of and that is to run beside it:
 * where intermediates change here, it gets arrays of its own for its.  (`values` and not `program`, for nodes that are
 * made anew have other numbers, and so other orders of sums: derivatives are to be as they are without it.) */
ojit_status oj_drop_zeros(struct program *program, const struct program *prepare, struct program *values,
                          struct oj_error *error);

#endif
