/* The threads that translate the modules of a program. */
#ifndef OJ_LLVM_CREW_H
#define OJ_LLVM_CREW_H

#include "jit/llvm/translation.h"

/* All modules of a cut, by target->threads threads at most; pieces: [modules], empty.
 * On failure some pieces may have bytes; they are the caller's. */
ojit_status oj_crew_translate(const struct program *program, const struct target *target, const struct cut *cut,
                              struct object *pieces, struct oj_error *error);

#endif
