/* Switches: what jumps while time runs and nothing else changes.
 *
 * Comparisons, floor and their kin that read the time and parameters, and no state, jump at times that can
 * be found before any step is taken: doses, daylight, square waves.  They are stored as numbers that are
 * constant between the jumps; where numbers are sums over a loop's turns, each turn counts with a weight
 * of its own, so that two that change places do not cancel.  A comparison within another (the remainder
 * in mod(t, 24) < 8) counts for nothing by itself. */
#ifndef OJ_SWITCHES_H
#define OJ_SWITCHES_H

#include "lib/graph/program.h"

/* Does the operator's value jump? */
bool oj_op_jumps(enum op op);
/* May there be switches among these nodes?  One look at each.  *have; false: out of memory. */
bool oj_may_switch(const struct space *space, bool *have);
/* Fill `made`, a program without blocks in the same space, with stores of all switches of `program`, which is
 * as it was before pass expand; it stays empty where there are none. */
ojit_status oj_switches_program(struct program *made, const struct program *program, struct oj_error *error);

#endif
