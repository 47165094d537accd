/* Inside of series.c: the recurrences of series_rules.def, and what they ask the table for. */
#ifndef OJ_SERIES_RULES_H
#define OJ_SERIES_RULES_H

#include "lib/graph/series.h"

/* The node's place in the table; false: it has none, as integers. */
bool oj_series_find(const struct series *series, ojit_expr e, size_t *at);

/* w, whose coefficients the rule of `e` asks for beside those of its operands; 0: none. */
ojit_expr oj_series_auxiliary(struct graph *graph, ojit_expr e);
/* Note which earlier coefficients the rule of a node asks for. */
void oj_series_mark(struct series *series, const struct series_node *node);
/* Coefficient k >= 1 of a node that changes in time, from earlier ones. */
ojit_expr oj_series_recur(struct series *series, const struct series_node *node, int k);

#endif
