/* What a block costs: nanoseconds an evaluation, microseconds of translation.
 *
 * Estimates from counts alone, the same on every machine: what is decided by them
 * never depends on the machine's mood. */
#ifndef OJ_ROLL_COST_H
#define OJ_ROLL_COST_H

#include "lib/graph/program.h"

struct cost { double run, make; };

/* What a loop over rows reads and computes, each node counted once. */
struct loop_content {
	uint32_t operations;
	uint32_t shared;  /* loads of the same element in every row */
	uint32_t affine;  /* loads of elements at equal distances */
	uint32_t table;   /* loads of elements that a table names */
	uint32_t numbers; /* loads of numbers kept as data */
};

/* Add the cost of a block of rank > 0 as a loop, and what is in it.  False: out of memory. */
bool oj_cost_loop(const struct space *space, const struct block *block, struct cost *cost,
                  struct loop_content *content);
/* Of `values` scalars of `operations` and together `work` (cost.h) as code in a line;
 * `waits` of the operations are terms of sums, which wait for one another. */
struct cost oj_cost_straight(double values, double operations, double work, double waits);
/* The least that loops over `rows` rows of equal shape can cost, of `operations` and
 * `work` each, or of sums of together `terms` terms: nothing is gathered. */
struct cost oj_cost_least(double rows, double operations, double work);
struct cost oj_cost_least_sums(double rows, double terms);
/* Translating once and evaluating 100,000 times, in microseconds: what is to be little.
 * So often is a right-hand side evaluated by one demanding solve, or some ordinary ones. */
double oj_cost_total(struct cost cost);

#endif
