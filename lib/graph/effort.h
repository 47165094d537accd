/* Operations that a program takes, counted: each node as often as the loops around it
 * run, in the units of cost.h.  The same on all machines; choices rest on it. */
#ifndef OJ_EFFORT_H
#define OJ_EFFORT_H

#include "lib/graph/program.h"

/* Of one evaluation, stores included; < 0: out of memory. */
double oj_program_effort(const struct program *program);
/* Loads alone, from arrays of that role. */
double oj_program_loads(const struct program *program, enum array_role role);

#endif
