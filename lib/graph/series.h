/* Taylor coefficients of expressions, by recurrences.
 *
 * With x(t0 + s) = sum of x_k s^k for every state, each node has coefficients v_k
 * too, and for every operator v_k follows from coefficients of its operands up to k
 * and of itself below k (series_rules.def).  A series is a table from nodes and orders
 * to the expressions that compute their coefficients.
 *
 * What vanishes by structure is 0, no expression, and costs nothing.  Sums of products
 * begin with the oldest coefficients and end with the newest, so that what the next
 * order waits for is short; `fused` makes them chains of fused multiply-adds, for
 * machines that have the instruction.
 *
 * Recurrences divide by coefficients 0, which may be 0: the square root of t has no series
 * about 0, and coefficients are not finite there.  That of 0 has one, though, and so have
 * other powers, quotients and inverse functions whose operand does not move (half_over,
 * unless_moved): its coefficients are 0, as those of sqrt(max(t - 1, 0)) are before 1.
 *
 * The nodes must be in the form that taylor_form.c makes. */
#ifndef OJ_SERIES_H
#define OJ_SERIES_H

#include "lib/graph/degree.h"

struct series_node {
	ojit_expr e;
	ojit_expr auxiliary; /* w of `flow` and `quotient`, 0: none */
	uint16_t degree;
	/* Later orders ask for earlier values, or for k times them, the slopes. */
	bool keeps_value, keeps_slope;
	bool flattened; /* an operator reads it that may have a value where it is infinite */
};

struct series {
	struct space *space;
	struct graph *graph;
	int order;
	bool fused;
	bool failed; /* out of memory */
	struct degrees degrees;
	VECTOR(struct series_node) nodes; /* operands first; auxiliaries behind their users */
	struct expr_map position;         /* node -> its place in `nodes` + 1 */
	ojit_expr *values, *slopes;       /* [(order + 1) * nodes], 0: not yet, or vanishes */
	size_t bytes;
	struct expr_list terms;           /* of a sum being made */
	/* Coefficient k >= 1 of what a LOAD that changes in time reads; 0: vanishes, or
	 * `failed` is set. */
	ojit_expr (*load)(struct series *series, ojit_expr e, int k);
	void *data;
};
void oj_series_init(struct series *series, struct space *space, int order, bool fused);
void oj_series_drop(struct series *series);
/* Take in all nodes that `roots` need, auxiliaries included, and lay out the table. */
bool oj_series_take(struct series *series, const ojit_expr *roots, size_t count);
/* Has the operator a recurrence?  Asked for nodes that change in time. */
bool oj_series_knows(const struct node *node);
/* Is the coefficient of a node that changes in time a sum over all orders? */
bool oj_series_convolves(const struct series *series, const struct series_node *node);
/* Coefficient k of the node at `at`, to be asked for in order of k, then of `at`; put
 * into the table, where the caller may put something else of the same value. */
ojit_expr oj_series_compute(struct series *series, size_t at, int k);
/* Coefficient k of `e`; 0: vanishes. */
ojit_expr oj_series_value(struct series *series, ojit_expr e, int k);
/* `by` times it, where it is a sum with the factor in each term: for who waits for it. */
ojit_expr oj_series_scaled(struct series *series, ojit_expr e, int k, double by);
/* k times it. */
ojit_expr oj_series_slope(struct series *series, ojit_expr e, int k);
static inline ojit_expr *oj_series_entry(struct series *s, ojit_expr *table, size_t at, int k)
{
	return &table[(size_t)k * s->nodes.count + at];
}

#endif
