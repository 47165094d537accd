/* Forgetting nodes that no program needs any more, between passes. */
#ifndef OJ_COMPACT_H
#define OJ_COMPACT_H

#include "lib/graph/program.h"

/* Keep the nodes that blocks of programs[count] need, drop all others, renumber.
 * Those must be all programs of the space (others among them, or none yet, are passed
 * over), and nobody may hold a node's number outside of them.  After a failure
 * nothing can be made in the graph any more, and programs can only be dropped. */
ojit_status oj_space_compact(struct space *space, struct program *const *programs, size_t count);
/* The same where there is something to gain: the graph is large and has grown by a
 * quarter since the last time. */
ojit_status oj_space_tidy(struct space *space, struct program *const *programs, size_t count);

#endif
