/* What implicit methods share: the Jacobian of the right-hand side, factors of shifted
 * matrices, and counts of both. */
#ifndef OJ_IMPLICIT_H
#define OJ_IMPLICIT_H

#include "solvers/linear.h"
#include "solvers/problem.h"

/* What a method and its user ask for. */
struct implicit_request {
	enum linear_kind kind;
	int complexes; /* complex shifts, as the stepper says */
	bool by_time;  /* df/dt too */
};

/* A matrix of derivatives, and the kernel that computes its entries. */
struct matrix {
	struct variant variant;
	const struct kernel *kernel; /* NULL: they are 0, or nobody asked for them */
	const struct pattern *pattern;
	double *values;        /* [pattern->entries], as evaluated last */
	uint64_t calls, wait;  /* since the kernel was asked for, and until it is to be again: the
	                          first is interpreted, for few calls are not worth compiling for */
};

/* Made by the solver, for a method that asks for shifts; see stepper.h. */
struct implicit {
	struct matrix jacobian, by_time;
	struct kernel_args args; /* set but for t, y, out, and what belongs to a kernel */
	struct linear *linear;
	uint64_t jacobians, factorisations, iterations;
	double effort;          /* operations that all of this took, counted */
	double jacobian_effort; /* those of one evaluation of J */
	/* What it was made for, and out of. */
	struct system *system;
	double *aside; /* [n + entries] a point beside and J there; NULL: never asked for */
	struct text why; /* the way of factorising was chosen */
	struct implicit_request request;
	double *memory, *scratch;
	size_t bytes, scratch_bytes, aside_bytes;
};

/* Make `m`, all zero at first, as requested, or leave it where it fits already; kernels
 * read what `args` says.  Fails where the system has no Jacobian, or none can be
 * factorised. */
ojit_status oj_implicit_make(struct implicit *m, struct system *system, const struct implicit_request *request,
                             const struct kernel_args *args, struct oj_error *error);
void oj_implicit_drop(struct implicit *m, ojit_context *context);
/* Have the Jacobian and the factors of `from`, made alike; false: out of memory. */
bool oj_implicit_copy(struct implicit *m, const struct implicit *from);

/* A run begins: counts from 0, and nothing known of runs before. */
void oj_implicit_begin(struct implicit *m);
/* Forget pivot orders: what follows is as in a run that begins now. */
void oj_implicit_forget(struct implicit *m);

/* J at (t, y); entries that are infinite or not a number there, as sqrt's at 0, are those of a
 * point beside, at a distance of the tolerance; NULL: of a small part of the largest state. */
void oj_jacobian_eval(struct rhs *f, double t, const double *y, const struct tolerance *tolerance);
/* The state whose row of J, as evaluated last, is not finite; -1: all are. */
int64_t oj_jacobian_fault(const struct implicit *m);
/* noise[n]: what rounding may make of f near y, as far as the terms of J y, as evaluated last, tell. */
void oj_jacobian_noise(const struct implicit *m, int64_t n, const double *y, double *noise);
/* out[n] = df/dt at (t, y); false: f does not depend on time, and nothing was written. */
bool oj_by_time_eval(struct rhs *f, double t, const double *y, double *out);
/* Counted operations of a factorisation with a real shift, and of a solve. */
double oj_factor_price(const struct rhs *f);
double oj_solve_price(const struct rhs *f);
/* Factors of z I - J into a slot, 0 for a real z; false: singular, or not finite. */
bool oj_shift_factor(struct rhs *f, int slot, double re, double im);
/* x = (z I - J)^-1 x; see linear_way.solve. */
void oj_shift_solve(struct rhs *f, int slot, double *x);

#endif
