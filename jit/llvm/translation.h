/* Translation of one module, from a program to a piece of its object.
 *
 * A translation owns an LLVM context and a target machine, so that any number of them
 * may run at once, and returns everything it took. */
#ifndef OJ_LLVM_TRANSLATION_H
#define OJ_LLVM_TRANSLATION_H

#include "jit/llvm/cut.h"

/* `text`, where not NULL, gets listing `what` instead of an object.  On failure the
 * object may have bytes; they are the caller's. */
ojit_status oj_module_translate(const struct program *program, const struct target *target, const struct cut *cut,
                                uint32_t module, struct object *object, const char *what,
                                struct text *text, struct oj_error *error);

#endif
