/* Operations that running a program takes, counted over its plan and weighed as cost.h
 * does, in units of one addition: divisions and roots 5, functions 20, all others 1; loads,
 * stores, subscripts and changes of sign are none.  A clock would tell of the machine. */
#ifndef SUPPORT_COUNTS_H
#define SUPPORT_COUNTS_H

#include "jit/compile.h"

double support_count(const struct program *program);

/* Of the right-hand side, and of derivatives of it as they are compiled.  The model and
 * its context are freed with it. */
struct support_counted {
	struct lowered lowered;
	struct settings settings;
	struct oj_error error;
	ojit_model *model;
};
void support_counted_open(struct support_counted *c, ojit_model *model);
double support_counted_rhs(struct support_counted *c);
double support_counted_variant(struct support_counted *c, const struct variant *variant);
void support_counted_close(struct support_counted *c);

#endif
