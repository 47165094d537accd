/* Programs over arrays: an ordered list of blocks.
 *
 * A block evaluates one graph over a box of indices (rank 0: a scalar equation)
 * and stores values into arrays.  Arrays, tables and nodes belong to a space that
 * all programs of a model share; a program is one kernel's list of blocks.
 *
 * Indices everywhere are the user's own: axis k of an array runs from base[k] to
 * base[k] + extent[k] - 1, a box from lo[k] to end[k] - 1, and level k of a node
 * is the box index itself.
 *
 * Invariants: a block loads no array it stores, except that of defaults of
 * parameters a scalar block may load what its earlier stores have stored; an array is
 * stored at each element by at most one block, before any block that loads it; after
 * pass split every load is in range whatever the indices. */
#ifndef OJ_PROGRAM_H
#define OJ_PROGRAM_H

#include "lib/base/error.h"
#include "lib/graph/graph.h"
#include "lib/system.h"

enum { RANK = 3 }; /* of arrays and boxes */

/* Which vector of struct kernel_args an array lives in. */
enum array_role {
	ROLE_STATE,     /* y */
	ROLE_PARAMETER, /* p */
	ROLE_DERIVED,   /* d */
	ROLE_DISCRETE,  /* z */
	ROLE_SEED,      /* seed */
	ROLE_DATA,      /* data: numbers known at compile time */
	ROLE_OUT,       /* out: what a kernel computes */
	ROLE_TEMP,      /* scratch: intermediates */
	ROLE_COUNT
};

struct array {
	const char *name;
	const int64_t *base, *extent; /* [rank] in the space's arena; row-major, last axis fastest */
	int64_t offset : 48; /* in its vector; TEMP: set by oj_program_layout, -1 before */
	enum array_role role : 8;
	uint32_t rank : 8;
};

struct table { /* integers, e.g. a neighbour list */
	const char *name;
	uint32_t rank;
	int64_t base[RANK], extent[RANK];
	int64_t offset;           /* in space->table_data */
	int32_t least, greatest;  /* of its values */
};

/* What a name in a model may be loaded from: an array, extended at its edges by
 * others (`let u[0] = 1`).  Pieces are disjoint. */
struct piece {
	int64_t base[RANK], extent[RANK];
	uint32_t array;
};
struct symbol {
	const char *name;
	uint32_t rank;
	VECTOR(struct piece) pieces;
	/* Of many pieces, once pass split wants them: by their bases, the longest extent along
	 * the first axis, and the piece that was found last. */
	const struct piece **order, *latest;
	int64_t longest;
};

/* Finds out where something was written, by the number that whoever made the space gave it. */
struct place_finder {
	struct origin (*find)(const void *book, uint32_t place);
	const void *book; /* lives as long as the space that was made with it */
};

struct space {
	ojit_context *context;
	struct arena arena; /* names */
	struct graph graph;
	size_t compacted;              /* nodes there were after oj_space_compact, 0 before */
	VECTOR(struct array) arrays;
	VECTOR(struct table) tables;
	VECTOR(struct symbol) symbols;
	VECTOR(double) data;
	VECTOR(int32_t) table_data;
	VECTOR(struct origin) origins; /* of SYMBOL nodes and blocks; 0 is unknown */
	VECTOR(uint32_t) places;       /* of what fills array k, a number for `finder`; 0, or none: unknown */
	struct place_finder finder;
	int64_t temporaries;           /* doubles of scratch given to TEMP arrays so far */
	int64_t derived;               /* doubles of d given to DERIVED arrays so far */
};
ojit_status oj_space_init(struct space *space, ojit_context *context);
void oj_space_drop(struct space *space);
/* A space of the same arrays, tables and nodes, under the same numbers, in which
 * programs can be made without touching the original, which must outlive it.  What
 * only models need (symbols) is not copied. */
ojit_status oj_space_copy(struct space *copy, const struct space *space);
/* UINT32_MAX when out of memory. base/extent: [rank]. */
uint32_t oj_space_array(struct space *space, const char *name, enum array_role role, uint32_t rank,
                        const int64_t *base, const int64_t *extent, int64_t offset);
/* The same with a name that lies in the space's arena already. */
uint32_t oj_space_array_named(struct space *space, const char *name, enum array_role role, uint32_t rank,
                              const int64_t *base, const int64_t *extent, int64_t offset);
/* What fills the array stands there; false: out of memory. */
bool oj_space_place(struct space *space, uint32_t array, uint32_t place);
uint32_t oj_space_place_of(const struct space *space, uint32_t array);
uint32_t oj_space_table(struct space *space, const char *name, uint32_t rank, const int64_t *base,
                        const int64_t *extent, const int32_t *values);
int64_t oj_array_length(const struct array *array);

struct store {
	uint32_t array;
	ojit_expr value;          /* REAL */
	ojit_expr index[RANK];    /* INTEGER, one an axis of the array */
};

struct block {
	uint32_t rank;
	int64_t lo[RANK], end[RANK];
	uint32_t origin;
	VECTOR(struct store) stores;
};

enum { KERNEL_PARAMETERS = KERNEL_KINDS, PROGRAM_KINDS }; /* default values of p, never compiled */

struct program {
	struct space *space;
	int kind; /* enum kernel_kind, or KERNEL_PARAMETERS */
	VECTOR(struct block) blocks;
	int64_t scratch; /* doubles of TEMP arrays, set by oj_program_layout */
};
void oj_program_init(struct program *program, struct space *space, int kind);
void oj_program_drop(struct program *program);
/* The same blocks in `space`, the program's own or a copy of it. */
ojit_status oj_program_copy(struct program *copy, const struct program *program, struct space *space);
/* Append a block like it. */
bool oj_program_copy_block(struct program *program, const struct block *like);
/* Append those stores of `from` that go to intermediate arrays. */
bool oj_program_intermediates(struct program *program, const struct program *from);
/* Append an empty block; NULL when out of memory. */
struct block *oj_program_block(struct program *program, uint32_t rank, const int64_t *lo,
                               const int64_t *end, uint32_t origin);
bool oj_block_store(struct space *space, struct block *block, uint32_t array, ojit_expr value,
                    const ojit_expr *index);
/* Where the first store stands whose value `e` is a part of, for messages: scalars share blocks. */
struct origin oj_block_origin(const struct space *space, const struct block *block, ojit_expr e);
/* Refuse `e`, whose operator has no derivative, as a part of that store. */
ojit_status oj_block_underivable(const struct space *space, const struct block *block, ojit_expr e, struct oj_error *error);
void oj_block_drop(struct space *space, struct block *block);
/* Points of its box. */
int64_t oj_block_points(const struct block *block);
/* All nodes below the values it stores, as oj_reach. */
bool oj_block_reach(const struct space *space, const struct block *block, bool into_bodies,
                    struct expr_list *list);
/* Drop stores into TEMP arrays that nobody loads, and blocks without stores;
 * then give the TEMP arrays that are left their offsets. */
ojit_status oj_program_layout(struct program *program);

/* The text form: dump, test input, serialisation, cache key.  Reading gives the
 * same program back (same arrays, tables and nodes in a fresh space). */
void oj_program_print(const struct program *program, struct text *text);
ojit_status oj_program_read(struct space *space, struct program *program, const char *text,
                            struct oj_error *error);

#endif
