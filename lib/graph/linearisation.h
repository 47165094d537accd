/* Linearisations: a program and its Jacobian in one, which share what they have in common.
 *
 * Solvers that linearise at every step want f and J at one point; most of what J
 * computes, f computes too. */
#ifndef OJ_LINEARISATION_H
#define OJ_LINEARISATION_H

#include "lib/graph/program.h"

/* `made` was derived from `program`, both in one space that nothing else reads, and takes
 * its values in: out[0 .. rows - 1] is what `program` puts out, behind it what `made` did. */
ojit_status oj_linearisation_program(struct program *made, const struct program *program, int64_t rows,
                                     struct oj_error *error);

#endif
