/* Patterns of sparse matrices; ojit/pattern.h is their public face, which says more. */
#ifndef OJ_PATTERN_H
#define OJ_PATTERN_H

#include "lib/base/memory.h"

#include <ojit/pattern.h>

/* Which entries of a matrix may differ from 0, by columns (CSC): those of column j are
 * k = column[j] .. column[j + 1] - 1, in rows row[k], ascending. */
struct pattern {
	int64_t rows, columns, entries;
	int64_t *column; /* [columns + 1] */
	int64_t *row;    /* [entries] */
};
bool oj_pattern_init(struct pattern *pattern, ojit_context *context, int64_t rows, int64_t columns, int64_t entries);
void oj_pattern_drop(struct pattern *pattern, ojit_context *context);
ojit_pattern oj_pattern_public(const struct pattern *pattern);

void oj_pattern_bandwidths(const struct pattern *pattern, int64_t *lower, int64_t *upper);
/* position: [columns], -1 where there is no such entry. */
void oj_pattern_diagonal(const struct pattern *pattern, int64_t *position);
/* `to` is the pattern `from` with the whole diagonal, where entry k is entry[k]; the caller's
 * to drop.  False: out of memory. */
bool oj_pattern_add_diagonal(const struct pattern *from, ojit_context *context, struct pattern *to, int64_t *entry);
/* False: out of memory. colour: [columns] */
bool oj_pattern_colour(const struct pattern *pattern, ojit_context *context, int64_t *colour, int64_t *colours);

#endif
