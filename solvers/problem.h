/* What a stepper integrates: a right-hand side with its arrays, and the scale that
 * errors are measured on. */
#ifndef OJ_PROBLEM_H
#define OJ_PROBLEM_H

#include "lib/system.h"

struct rhs {
	const struct kernel *kernel;
	struct kernel_args args; /* p, d, z, scratch set; t, y, out set by each call */
	int64_t n;               /* states */
	bool timeless;           /* it does not read the time, and nothing in it jumps */
	bool jumps;              /* something in it may jump */
	uint64_t calls;
	const struct kernel *variant;    /* the kernel made for the method; NULL: none */
	struct kernel_args variant_args; /* set but for t, y, out and what the variant wants more */
	const struct kernel *extra;      /* of steps: the one for the stages of their inside; NULL: none */
	struct kernel_args extra_args;   /* likewise */
	bool inside;                     /* somebody has asked for these stages */
	/* `wait` calls after it was `told` how many there were, the system may have a variant
	 * that it did not have: a stepper that can change over between steps asks, unless
	 * `ask` is NULL. */
	uint64_t told, wait;
	void (*ask)(struct rhs *f);
	struct implicit *implicit; /* what implicit methods have besides; NULL: see implicit.h */
	/* Make `implicit`, for a stepper that was to be without at first; false: there cannot be. */
	bool (*need_implicit)(struct rhs *f);
	double (*effort)(struct rhs *f); /* counted operations of a call; NULL: not known */
};

static inline void rhs_ask(struct rhs *f)
{
	if (f->ask && f->calls - f->told >= f->wait)
		f->ask(f);
}

static inline void rhs_eval(struct rhs *f, double t, const double *y, double *out)
{
	f->args.t = &t;
	f->args.y = y;
	f->args.out = out;
	f->calls++;
	f->kernel->run(&f->args);
}

struct tolerance {
	const double *atol; /* [n]; for explicit methods 0 behind it, to the stride of their vectors */
	double rtol;
	bool max_norm; /* else the root of the mean square */
};

#endif
