/* Scalars: one element of what a program puts out, as a program of its own. */
#ifndef OJ_SCALAR_H
#define OJ_SCALAR_H

#include "lib/graph/program.h"

/* Fill `made`, a program without blocks, with out[0] = the program's out[element] and the
 * intermediates that it may need. */
ojit_status oj_scalar_program(struct program *made, const struct program *program, int64_t element,
                              struct oj_error *error);

#endif
