/* What a program's values can be while the time runs from one to another: its plans walked with intervals.
 *
 * The program is one of switches (switches.h), which stores numbers that stay as they are but for jumps.
 * The kernel is given t = [from, to], two times in order, and index, not 0 if they are within the last that
 * were given with 0 and the same parameters, which takes less time; scratch has to be as it was left.  It
 * leaves in out[0] whether one of these numbers may jump on the way, an enum switching, and in out[1] whether so much
 * may jump that looking within that span will take no less time.  Of SWITCHING_DOES out[2] is the number of one that
 * does; mode, an enum switches_mode, leaves some out from here on, or takes all in, as it has to at first. */
#ifndef OJ_ENCLOSE_H
#define OJ_ENCLOSE_H

#include "lib/graph/interpret.h"

/* The kernel that walks the interpreter's plans that way; run, env and scratch filled in. */
struct kernel oj_enclosing_kernel(const struct interpreter *interpreter);

#endif
