/* The passes over programs, in the order they run, each in a file of its name.
 *
 * simplify  rules on single nodes; reductions to their least level
 * split     cut boxes and ranges until every load is in range and every condition
 *           on indices alone is decided
 * roll      scalars of equal shape become blocks over tables
 * separate  sums over all pairs become sums over one index, for real numbers
 * inline    cheap producers into their users
 * fuse      blocks over equal boxes into one
 * hoist     what depends on parameters alone moves to the prepare program
 * pairs     sums over pairs of a few elements: terms once a pair, sums written out
 * expand    operators made of others are written out
 * partition straight code too long for one function is cut
 *
 * Each leaves a valid program, can be printed after, and (but for split and
 * expand, without which there is nothing to run) can be switched off. */
#ifndef OJ_PASSES_H
#define OJ_PASSES_H

#include "lib/base/text.h"
#include "lib/graph/simplify.h"

struct pass_options {
	enum law law;
	struct program *prepare; /* where hoist moves things to; NULL: no hoisting */
	size_t partition;        /* operations in one straight function at most; 0: 200 */
	bool roll_all;           /* roll whatever has equal shape, also where it does not pay */
	struct text *explanation; /* where a pass that `explains` tells what it decided; NULL: nowhere */
};

typedef ojit_status pass_function(struct program *program, const struct pass_options *options,
                                  struct oj_error *error);
pass_function oj_pass_simplify, oj_pass_split, oj_pass_roll, oj_pass_separate, oj_pass_inline, oj_pass_fuse,
	oj_pass_hoist, oj_pass_pairs, oj_pass_expand, oj_pass_partition;

struct pass {
	const char *name;
	pass_function *run;
	bool required;
	bool explains;
};
extern const struct pass oj_passes[]; /* ends with name NULL */

/* Does expand write POW with this exponent out, as a root? */
bool oj_is_root_exponent(const struct graph *g, ojit_expr exponent);

/* A reduction over other operands, at its least level. */
ojit_expr oj_simplified_reduction(struct space *space, ojit_expr like, const ojit_expr *operands);

/* The loops around an expression: box levels with constant ranges, and reductions
 * entered on the way, whose index may reuse the number of a box level (what is
 * inside cannot mean both).  reduction_lo[k] != 0: level k is a reduction's. */
struct surroundings {
	struct space *space;
	uint32_t rank;
	int64_t lo[LEVELS], end[LEVELS];
	ojit_expr reduction_lo[LEVELS], reduction_end[LEVELS];
};
/* Enter a reduction; gives what to hand to oj_leave. */
struct entered {
	unsigned level;
	ojit_expr lo, end;
};
struct entered oj_enter(struct surroundings *s, unsigned level, ojit_expr lo, ojit_expr end);
void oj_leave(struct surroundings *s, struct entered before);
void oj_surroundings_init(struct surroundings *s, struct space *space, const struct block *block);
/* Least and greatest value of an integer; false when unknown. Creates helper nodes. */
bool oj_bounds(struct surroundings *s, ojit_expr e, int64_t *least, int64_t *greatest);
/* Is LOAD or TABLE `e` inside of its array whatever the indices?  If not, the axis
 * and an index outside, INT64_MIN when it is unknown. */
bool oj_access_inside(struct surroundings *s, ojit_expr e, uint32_t *axis, int64_t *index);
/* Clears *inside unless all accesses below `e` that depend on indices are inside;
 * false: out of memory. */
bool oj_accesses_inside(struct surroundings *s, ojit_expr e, bool *inside);
/* Drop stores into TEMP arrays whose elements no later load can reach; false: out of
 * memory. */
bool oj_drop_unread(struct program *program);
/* OJIT_RANGE where the block has a symbol left or can read outside of an array. */
ojit_status oj_check_block(struct space *space, const struct block *block, struct oj_error *error);

#endif
