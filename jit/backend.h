/* What libojit asks of a code generator, and where it gets one.
 *
 * A code generator lives in a library of its own (libojit-llvm), opened at the
 * first compile, so that processes that never compile do not pay for LLVM and a
 * host's own LLVM is never met.  The table of functions below is all that passes
 * between them.
 *
 * translate is a pure function from program and target to an object of
 * restricted form: sections .text and .rodata only, internal PC-relative
 * relocations only, no undefined symbols; what it needs from outside comes
 * through kernel_args.env, the table of lib/math's functions. */
#ifndef OJ_BACKEND_H
#define OJ_BACKEND_H

#include "lib/graph/program.h"
#include "lib/math/math.h"

enum lane_axis { LANES_MAP, LANES_ENSEMBLE };

struct target {
	int lanes;              /* W: 1, 2, 4 or 8 doubles a vector */
	enum lane_axis axis;    /* ENSEMBLE: `lanes` trajectories a call */
	unsigned uniform;       /* ENSEMBLE: bit r set: arrays of role r (and bit ROLE_COUNT: time) are shared by all lanes */
	int level;              /* 0: no optimisation (FastISel); 2: the default; LEVEL_AUTOMATIC */
	bool soon;              /* LEVEL_AUTOMATIC optimises nothing */
	const char *cpu, *features; /* LLVM's names; NULL: this machine */
	size_t module;          /* nodes that are translated together at most; 0: what suits */
	int threads;            /* that may translate at once, the caller's own among them; no bit of the
	                         * object depends on it.  Less than 2: none is made */
};
enum { LEVEL_AUTOMATIC = -1 }; /* block by block, optimised where that pays */

struct object { /* an ELF file of restricted form */
	unsigned char *bytes; /* from the context's allocator */
	size_t size;
};

struct code; /* a loaded object */

struct backend {
	unsigned version; /* BACKEND_VERSION of whoever built it */
	/* Machine code for all blocks of a program, in order, with one entry named
	 * "kernel".  Threads that help take no signals and are gone afterwards; they use the
	 * context's allocator.  `text`, where not NULL, gets a listing instead of an object:
	 * what = "ir", "ir-optimised" or "asm". */
	ojit_status (*translate)(const struct program *program, const struct target *target,
	                         struct object *object, const char *what, struct text *text,
	                         struct oj_error *error);
	/* Loading and freeing return all memory; any thread. */
	ojit_status (*load)(ojit_context *context, const struct object *object, struct code **code,
	                    void (**entry)(const struct kernel_args *), struct oj_error *error);
	void (*unload)(ojit_context *context, struct code *code);
	size_t (*code_bytes)(const struct code *code);
	/* The lane width that suits this machine: 8, 4 or 2. */
	int (*lanes)(void);
};
enum { BACKEND_VERSION = 3 };
typedef const struct backend *backend_entry(void); /* exported as ojit_llvm_backend */

/* The backend, opened if it was not yet. OJIT_BACKEND where it cannot be. */
ojit_status oj_backend_open(ojit_context *context, const struct backend **backend,
                            struct oj_error *error);

/* kernel_args.env of machine code is oj_math_table(): the address to call for
 * function `id` at W lanes is the field lanesW of entry `id`; where it is NULL for
 * the target's width (known when translating), lanes1 is called once per lane. */

#endif
