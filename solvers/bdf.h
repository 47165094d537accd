/* Backward differentiation formulas of orders 1 to 5; see bdf.c. */
#ifndef OJ_BDF_H
#define OJ_BDF_H

#include "solvers/stepper.h"

extern const struct stepper oj_stepper_bdf __attribute__((visibility("hidden")));

#endif
