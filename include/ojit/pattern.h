/* Patterns of sparse matrices: which entries may differ from 0, and what solvers want to
 * know of them.  Nothing here takes room for a whole matrix. */
#ifndef OJIT_PATTERN_H
#define OJIT_PATTERN_H

#include <ojit/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* By columns (CSC): column j has entries column[j] .. column[j + 1] - 1, in rows row[k],
 * ascending.  Those that ojit hands out have no entry that is 0 by structure. */
typedef struct ojit_pattern {
	size_t rows, columns, entries;
	const int64_t *column; /* [columns + 1] */
	const int64_t *row;    /* [entries] */
} ojit_pattern;

/* How far entries lie from the diagonal: the greatest row - column below it and the
 * greatest column - row above it, 0 where there is none. */
OJIT_API void ojit_pattern_bandwidths(const ojit_pattern *pattern, size_t *lower, size_t *upper);

/* The same by rows (CSR): row i has entries row[i] .. row[i + 1] - 1, in columns column[k],
 * ascending; entry[k] is where the value of that entry lies among the columns' values.
 * row: [rows + 1]; column, entry: [entries], the caller's; `entry` may be NULL. */
OJIT_API void ojit_pattern_rows(const ojit_pattern *pattern, int64_t *row, int64_t *column, int64_t *entry);

/* position[j] = the entry of row j in column j, -1 where there is none.  position:
 * [columns]. */
OJIT_API void ojit_pattern_diagonal(const ojit_pattern *pattern, int64_t *position);

/* Colour the columns so that no two of one colour have an entry in the same row: the sum
 * of such columns is one direction that gives all their entries (Curtis, Powell, Reid, J. Inst.
 * Maths Applics 13, 1974).  Columns take the first colour that is free for them, in
 * their own order and then those first that meet most others (Coleman, Moré, SIAM J.
 * Numer. Anal. 20, 1983); the better of the two is kept.  colour: [columns], from 0 to
 * *colours - 1, the caller's.  Returns OJIT_OUT_OF_MEMORY or OJIT_OK. */
OJIT_API ojit_status ojit_pattern_colour(ojit_context *context, const ojit_pattern *pattern, int64_t *colour,
                                         size_t *colours);

#ifdef __cplusplus
}
#endif
#endif
