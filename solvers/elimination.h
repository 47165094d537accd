/* Factors of small sparse matrices by a list of operations; see elimination.c. */
#ifndef OJ_ELIMINATION_H
#define OJ_ELIMINATION_H

#include "solvers/linear.h"

/* A row or a column of the pattern is a word of bits. */
enum { ELIMINATION_MOST = 64 };

/* A struct linear that begins with `base`, whose `way` it sets, for at most
 * ELIMINATION_MOST rows; NULL: out of memory. */
struct linear *oj_elimination_make(const struct linear *base);

/* Counted operations, where pivots are taken from the diagonal for the least fill. */
struct effort oj_elimination_effort(const struct pattern *pattern);

#endif
