/* Objects of restricted form: what translate makes and load takes.
 *
 * An ELF file for x86-64 with one entry, `kernel`; sections that go to memory are
 * .text* and .rodata*; relocations in .text* only, relative to the program counter
 * and to symbols inside the object; no undefined symbols.  Such an object can be
 * copied anywhere, needs nothing from anybody, and is loaded by copying,
 * relocating and protecting.
 *
 * A piece of an object is one module's: it may offer functions named `part_0`,
 * `part_1`, ..., and need those of other pieces. */
#ifndef OJ_LLVM_OBJECT_H
#define OJ_LLVM_OBJECT_H

#include "jit/backend.h"

#include <elf.h>

/* OJIT_BACKEND naming the first offender; any bytes may be given. */
ojit_status oj_object_check(const unsigned char *bytes, size_t size, struct oj_error *error);
/* Bytes that go to memory, of a checked object. */
size_t oj_object_loaded_size(const unsigned char *bytes);
/* Where in a checked object the entry's name stands. */
size_t oj_object_entry_name(const unsigned char *bytes);
#define OBJECT_ENTRY "kernel"
#define OBJECT_PART "part_"

/* The ELF file behind an object. */
struct view {
	const unsigned char *bytes;
	size_t size;
	const Elf64_Ehdr *header;
	const Elf64_Shdr *sections;
	bool piece;
	struct oj_error *error;
};
/* Look at a piece; OJIT_BACKEND as for objects. */
ojit_status oj_object_view(struct view *v, const struct object *piece, struct oj_error *error);
/* A string of table section `table`, NULL when it is not whole. */
const char *oj_object_string(const struct view *v, uint32_t table, uint32_t offset);
/* The symbols of table section `s`, NULL when they are not whole. */
const Elf64_Sym *oj_object_symbols(const struct view *v, uint32_t s, size_t *count);
/* Is it the name of a piece's function, and of which? */
bool oj_object_part(const char *name, size_t *number);

/* join.c: one object of `count` pieces that together define functions part_0 to
 * part_<parts - 1> and the entry; from the context's allocator.  OJIT_BACKEND where
 * they do not. */
ojit_status oj_object_join(ojit_context *context, const struct object *pieces, size_t count, size_t parts,
                           struct object *joined, struct oj_error *error);

#endif
