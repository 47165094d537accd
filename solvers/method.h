/* Methods: one row each, whatever steps it.
 *
 * Rows of tableaus.def are methods as they stand; a method with a stepper of its own
 * is a row of `others` in method.c. */
#ifndef OJ_METHOD_H
#define OJ_METHOD_H

#include "solvers/stepper.h"

#include <ojit/solve.h>

struct method {
	const struct stepper *stepper;
	const void *row; /* what the stepper knows it by: a struct tableau, … */
	struct controller control;
	ojit_method info;
};

size_t oj_method_count(void);
struct method oj_method_at(size_t i); /* i < count */
/* By name or alias, upper and lower case alike; false: there is none. */
bool oj_method_find(const char *name, struct method *method);
/* A row of the table of tableaus, or one like them, as a method. */
struct tableau;
struct method oj_method_of_tableau(const struct tableau *row);

#endif
