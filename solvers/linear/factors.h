/* The ways of factorising that libojit-linear knows; see solvers/linear.h. */
#ifndef OJ_FACTORS_H
#define OJ_FACTORS_H

#include "solvers/linear.h"

/* Diagonals below and above the main one that J reaches. */
struct band {
	int64_t lower, upper;
};
struct band oj_band_of(const struct pattern *pattern);

/* Each makes a struct linear that begins with `base`, whose `way` it sets; NULL: out of
 * memory. */
struct linear *oj_dense_make(const struct linear *base);
struct linear *oj_band_make(const struct linear *base);
struct linear *oj_sparse_make(const struct linear *base);

/* Bytes that factors of all shifts take, before they are asked for. */
size_t oj_dense_bytes(const struct linear *base);
size_t oj_band_bytes(const struct linear *base, struct band band);

struct effort oj_band_effort(int64_t n, struct band band);
/* By KLU's analysis; false: out of memory. */
bool oj_sparse_effort(const struct pattern *pattern, struct effort *effort);

#endif
