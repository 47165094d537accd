/* Objects in memory; see struct backend. */
#ifndef OJ_LLVM_LOAD_H
#define OJ_LLVM_LOAD_H

#include "jit/backend.h"

ojit_status oj_code_load(ojit_context *context, const struct object *object, struct code **code,
                         void (**entry)(const struct kernel_args *), struct oj_error *error);
void oj_code_unload(ojit_context *context, struct code *code);
size_t oj_code_bytes(const struct code *code);

#endif
