/* Pass roll, its parts: what the values of scalar blocks are made of (roll.c), which
 * of them are computed on their own and which have equal shape (roll_shape.c), and
 * the blocks that compute many at once (roll_rows.c, roll_sums.c, from roll_columns.c,
 * roll_slots.c, roll_boxes.c, roll_lanes.c and roll_strands.c), and whether that pays
 * (roll_verdict.c).
 *
 * A scalar that is computed on its own is an item: what a block stores for good, or
 * a node that several others need, which goes to an array of its height.  The
 * height of an item is 0 where it needs no other, else one more than the greatest
 * it needs; so an array of height h is complete before anything reads it. */
#ifndef OJ_ROLL_H
#define OJ_ROLL_H

#include "lib/graph/passes.h"
#include "lib/graph/roll_boxes.h"
#include "lib/graph/roll_cost.h"

enum {
	LONG_SUM = 8,     /* more operands than that: a loop where their shapes are equal */
	COMMON = 8,       /* so many sums of one shape are many */
	LONG_ROW = 64,    /* operations of a sum that is written out in a block */
	LONG_RUNS = 64,   /* terms of a sum of a few shapes in long runs */
	FEW_USERS = 6,
	PHASES = 4,       /* shapes a sum has one after another at most */
};

struct mark { /* of a node: 24 bytes, for there is one for each */
	uint64_t key : 54;     /* equal for equal shapes */
	uint64_t seen : 1, item : 1, forced : 1;
	uint64_t term : 1;     /* of a sum, or a multiple of it is */
	uint64_t named : 1;    /* an intermediate of the model */
	uint64_t root : 1;     /* stored for good */
	uint64_t common : 1;   /* a sum whose shape many have */
	uint64_t placed : 1;
	uint64_t outside : 1;  /* needed elsewhere than in the terms of long sums */
	uint64_t spared : 1;   /* from being an item, though several need it */
	union {
		uint32_t users; /* until items are found */
		uint32_t place; /* of an item in the array of its height, once placed */
		ojit_expr built; /* what stands for another node in straight code; 0: nothing yet */
	};
	union {
		uint32_t work;
		ojit_expr joined; /* while heights are levelled: a term of a sum with it; 0: none */
	};
	uint32_t cost;     /* of the work, by cost.h */
	uint32_t height;
};
_Static_assert(sizeof(struct mark) == 24, "what a node takes in pass roll");

enum choice { STRAIGHT, EQUAL, RAGGED };
enum reason { ALONE, LITTLE, DEARER, NEEDED, SHORT, REASONS }; /* for staying straight */

struct item {
	ojit_expr node;    /* value, names resolved */
	uint32_t block;    /* of the program as it was */
	uint32_t store;    /* there; UINT32_MAX: the node is kept in the array of its height */
	uint32_t height, sequence;
	uint32_t terms : 30; /* RAGGED: operands */
	enum choice choice : 2;
	int64_t order;     /* in its group: by element of out, else by sequence */
	uint64_t key, ragged; /* ragged 0: the terms differ in shape */
};

struct unit { /* of what is emitted */
	uint32_t height, sequence;
	uint32_t first, count; /* items; count 0: block `first` of the program as it was */
};

struct shelf { /* the array of one height */
	uint32_t array, count, filled;
};

struct roller {
	struct program *program, done;
	struct space *space;
	struct graph *g;
	struct arena arena;
	size_t arrays, nodes;        /* when the pass began */
	struct mark *marks;          /* [nodes] */
	ojit_expr *named;            /* [arrays] value of a scalar intermediate, resolved; 0: none */
	unsigned char *needed;       /* [arrays] 1: loaded, 2: by a block that stays as it is too */
	uint32_t *array_height;      /* [arrays] of what needs nothing more than this TEMP array */
	VECTOR(ojit_expr) order;     /* nodes of scalar blocks, operands first */
	VECTOR(size_t) ends;         /* [blocks] of a block's nodes in order */
	VECTOR(struct item) items;
	VECTOR(struct unit) units;
	VECTOR(struct shelf) shelves; /* by height */
	VECTOR(ojit_expr) stack, operands;
	struct expr_map tables, data; /* hash of contents -> the latest such table or array, + 1 */
	uint32_t vectors[ROLE_COUNT]; /* arrays over whole vectors, + 1 */
	int64_t lengths[ROLE_COUNT];  /* of vectors, as far as known */
	uint32_t straight, straight_height; /* block of done for straight code, + 1, and its height */
	bool all;                    /* groups are rolled whether that pays or not */
	size_t hopeful, rolled;      /* groups that may pay, and that do */
	struct {
		struct text *text;   /* about groups; NULL: nobody asks */
		size_t groups;
		unsigned straight[REASONS]; /* values */
	} told;
	bool refused;                /* the program has to stay as it is */
};

/* Does the block stay as it is: not a scalar, or with loops in it? */
bool oj_roll_foreign(const struct roller *r, const struct block *block);
ojit_expr oj_roll_resolved(const struct roller *r, ojit_expr e);
/* Operand i, resolved, in the order that shapes are compared in. */
ojit_expr oj_roll_operand(const struct roller *r, ojit_expr e, uint32_t i);
/* The element a load or store reads of its role's vector; false: not a constant one. */
bool oj_roll_element(const struct roller *r, uint32_t array, const ojit_expr *index, int64_t *element);
/* The number that is added up in a sum, without its sign and literal factor. */
ojit_expr oj_roll_term(const struct roller *r, ojit_expr e, double *factor);

/* An exponent that is part of the operator: equal for equal ones, 0 for none. */
uint64_t oj_roll_exponent(const struct roller *r, ojit_expr e);

/* Keys, heights, items, groups: roll_shape.c. False: out of memory. */
bool oj_roll_find_items(struct roller *r);
/* Operand i of a sum or product, resolved, in the order that it is added in; and its
 * key as others see it, its factor taken off. */
ojit_expr oj_roll_summand(const struct roller *r, ojit_expr e, uint32_t i);
uint64_t oj_roll_term_key(const struct roller *r, ojit_expr e, uint32_t i);
bool oj_roll_group(struct roller *r);

/* What a leaf of a shape is filled with, over all instances of the shape. */
enum leaf { LEAF_NONE, LEAF_SAME, LEAF_LITERAL, LEAF_VECTOR, LEAF_SHELF };
struct part { /* of a shape, users first */
	ojit_expr like;
	enum leaf leaf;
	uint32_t from;   /* VECTOR: role. SHELF: height */
	uint32_t column;
	uint32_t size;   /* parts of the operands and itself, which lie side by side */
	uint32_t width;  /* columns of them, which do too */
};
struct columns {
	VECTOR(struct part) parts;
	VECTOR(bool) numbers; /* of a column: bits of literals, else elements */
	int64_t *values;  /* [count * length] */
	uint32_t count;
	bool own;         /* instances are items and looked into */
	size_t length;
};
/* Take the shape of `e`; its instances are then added one by one. */
bool oj_columns_init(struct roller *r, struct columns *columns, ojit_expr e, bool own, size_t length);
bool oj_columns_add(struct roller *r, struct columns *columns, ojit_expr e, size_t instance);
void oj_columns_drop(struct roller *r, struct columns *columns);
bool oj_columns_same_part(const struct roller *r, const struct part *a, const struct part *b);
/* Give each instance's commuting operands the slots that make columns affine, by
 * segments that end before instance ends[s]: roll_slots.c. */
void oj_columns_orient(const struct roller *r, struct columns *columns, const size_t *ends, size_t segments);

/* The shape, its columns filled in by functions; 0: out of memory, or refused. */
struct filling {
	const struct columns *columns;
	ojit_expr (*element)(struct roller *r, const struct filling *f, const int64_t *values);
	ojit_expr (*number)(struct roller *r, const struct filling *f, const int64_t *values);
	const struct grid *grid;
	const void *data;
};
ojit_expr oj_columns_build(struct roller *r, const struct filling *filling);

/* The loops that instances are met in: the points of a box; for sums, the turns in
 * each row of a box of one axis.  Tables of sums lie turn by turn where they can, so
 * that lanes along the rows read neighbours. */
struct grid {
	uint32_t rank, extent[RANK], points;
	const uint32_t *rows;   /* [points] the row each is; NULL: as they come */
	/* Of sums: */
	const uint32_t *length, *begin; /* turns of a row; its first instance, others follow */
	uint32_t turns;         /* of the longest; 0: no sum */
	uint32_t *start;        /* [turns] place in tables of turn k of the first row, others follow; NULL: */
	uint32_t *home;         /* [points] that of the first turn of a row, others follow */
	size_t places;          /* with those that lanes may name but do not need */
	ojit_expr at;           /* the place */
};
struct grid oj_roll_box(uint32_t rank, const uint32_t *extent, const uint32_t *rows);
/* Values of instances as an integer in the indices of the box and the turn. */
ojit_expr oj_roll_integer(struct roller *r, const int64_t *values, const struct grid *grid);
ojit_expr oj_roll_number(struct roller *r, const int64_t *bits, const struct grid *grid);
/* Are all values of each row of a sum the same?  Are elements not even affine in row and turn? */
bool oj_roll_is_by_row(const int64_t *values, const struct grid *grid);
bool oj_roll_is_scattered(const int64_t *elements, const struct grid *grid);
uint32_t oj_roll_vector(struct roller *r, enum array_role role); /* its array; UINT32_MAX */
ojit_expr oj_roll_shelf_load(struct roller *r, uint32_t height, ojit_expr index);

/* Blocks for a group of items: roll_rows.c, and for sums roll_sums.c. */
bool oj_roll_emit_equal(struct roller *r, struct item *items, uint32_t count);
bool oj_roll_emit_sums(struct roller *r, const struct item *items, uint32_t count);
/* Sums that are short enough to be written out in a block, and of which many of one
 * shape lie on a lattice.  Those that remain come first, *count of them, in order. */
bool oj_roll_emit_written_out(struct roller *r, struct item *items, uint32_t *count);
/* Make boxes of rows that lie in none but share elements, whatever their order: roll_lanes.c. */
bool oj_roll_share_lanes(struct roller *r, const struct columns *columns, struct boxes *boxes);
/* Items that stay straight code: roll.c. */
bool oj_roll_emit_straight(struct roller *r, const struct item *item);
/* Give items the next places on their shelf, but those that have one; and the latest
 * that were given back. */
void oj_roll_place(struct roller *r, const struct item *items, uint32_t count);
void oj_roll_unplace(struct roller *r, const struct item *items, uint32_t count);
/* Where an item goes: its place on the shelf, or an element of out. */
int64_t oj_roll_target(const struct roller *r, const struct item *item);
/* A block that stores `value` where `element` says, for items like `item`. */
bool oj_roll_emit_block(struct roller *r, const struct item *item, const struct grid *box, ojit_expr value,
                        ojit_expr element);

/* How much is made of the program so far, and that again. */
struct made {
	size_t blocks, stores;             /* stores: of the block for straight code */
	uint32_t straight, straight_height;
};
struct made oj_roll_made(const struct roller *r);
void oj_roll_take_back(struct roller *r, const struct made *before);

/* Whether a group pays: roll_verdict.c. */
struct weighed {
	struct cost rolled, straight;
	struct loop_content content;
	unsigned loops, values; /* blocks; rows that are straight code */
};
/* Is the program long enough for any? */
bool oj_roll_is_long(const struct roller *r);
/* Can a loop over items like `like` pay at all, `rows` of them, or sums of together
 * `terms` terms (0: no sums)? */
bool oj_roll_may_pay(const struct roller *r, const struct item *like, uint32_t rows, size_t terms);
/* Does it, in the blocks made from `first` on, those rows included that are straight?  The first for a part of a group, the
 * second for all of it, which is told of.  False: out of memory. */
bool oj_roll_part_pays(const struct roller *r, const struct item *like, uint32_t rows, size_t first, bool *pays);
bool oj_roll_weigh(struct roller *r, const struct item *items, uint32_t count, size_t first, bool *rolls);
/* What was decided, as comments of the text form. */
void oj_roll_tell(struct roller *r, struct text *text);

#endif
