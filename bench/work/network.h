/* A reaction network of the corpora, which OJIT_CORPORA names: as arrays for peers, as a text for
 * ojit. */
#ifndef BENCH_WORK_NETWORK_H
#define BENCH_WORK_NETWORK_H

#include "bench/peers/mass_action.h"

#include <stdbool.h>

/* Read NAME.json, once.  NULL: it is not there, which was said. */
const struct network *network_open(const char *name);
/* What was read: its text, its initial values, its right-hand side. */
const char *network_text(size_t *length);
void network_start(double *y);
void network_slopes(double t, const double *y, double *out);
void network_close(void);

#endif
