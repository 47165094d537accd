/* Objects of restricted form: what translate makes and load takes.
 *
 * An ELF file for x86-64 with one entry, `kernel`; sections that go to memory are
 * .text* and .rodata*; relocations in .text* only, relative to the program counter
 * and to symbols inside the object; no undefined symbols.  Such an object can be
 * copied anywhere, needs nothing from anybody, and is loaded by copying,
 * relocating and protecting. */
#ifndef OJ_LLVM_OBJECT_H
#define OJ_LLVM_OBJECT_H

#include "jit/backend.h"

/* OJIT_BACKEND naming the first offender; any bytes may be given. */
ojit_status oj_object_check(const unsigned char *bytes, size_t size, struct oj_error *error);
/* Bytes that go to memory, of a checked object. */
size_t oj_object_loaded_size(const unsigned char *bytes);
/* Where in a checked object the entry's name stands. */
size_t oj_object_entry_name(const unsigned char *bytes);
#define OBJECT_ENTRY "kernel"

#endif
