/* What a program's values can be while the time runs from one to another: its plans walked with intervals.
 *
 * The program is one of switches (switches.h), which stores numbers that stay as they are but for jumps.
 * The kernel is given t = [from, to], two times in order, and index, not 0 if they are within the last that
 * were given with 0 and the same parameters, which takes less time; scratch has to be as it was left.  It
 * leaves in out[0] whether one of these numbers may jump on the way, an enum switching, and in out[1] whether so much
 * may jump that looking within that span will take no less time. */
#ifndef OJ_ENCLOSE_H
#define OJ_ENCLOSE_H

#include "lib/graph/interpret.h"

/* The kernel that walks the interpreter's plans that way; run, env and scratch filled in. */
struct kernel oj_enclosing_kernel(const struct interpreter *interpreter);

#endif
