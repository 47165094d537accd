/* ojit's side: every method it has, in the form of a peer; see peers/peer.h. */
#ifndef BENCH_OURS_H
#define BENCH_OURS_H

#include "bench/peers/peer.h"

#include <stddef.h>

/* Compile a model, a file or, where `text` is not NULL, that text of the given length, and hold it
 * to a start and a right-hand side written in C, which must be the same.  NULL, or what is wrong
 * with it. */
const char *ours_begin(const char *path, const char *text, size_t length, int n, const double *start,
                       void (*rhs)(double, const double *, double *));

/* All methods, ended like peer_methods; good until ours_end. */
const struct peer_method *ours_methods(void);

void ours_end(void);

#endif
