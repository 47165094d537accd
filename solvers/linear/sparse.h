/* What KLU finds out about a pattern. */
#ifndef OJ_SPARSE_H
#define OJ_SPARSE_H

#include "solvers/linear/factors.h"

#include <klu.h>

/* Its analysis of a pattern with the whole diagonal; NULL: out of memory. */
klu_symbolic *oj_sparse_analyse(const struct pattern *pattern, klu_common *common);

#endif
