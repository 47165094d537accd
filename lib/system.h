/* The meeting point: what a solver knows of a model.
 *
 * A system names its sizes and hands out kernels.  jit/ makes systems whose
 * kernels are machine code, the interpreter makes systems whose kernels walk the
 * program, a caller may bring C functions; solvers cannot tell them apart.
 *
 * A kernel is compiled when it is first asked for, which may fail.  Kernels live
 * as long as their system.  Systems are immutable to the eye: `kernel` may be
 * called from several threads at once. */
#ifndef OJ_SYSTEM_H
#define OJ_SYSTEM_H

#include "lib/base/error.h"
#include "lib/base/pattern.h"

enum kernel_kind {
	KERNEL_RHS,     /* out[states]  = dy/dt                       (t, y, p, d, z) */
	KERNEL_OUTPUTS, /* out[outputs] = the observables             (t, y, p, d, z) */
	KERNEL_INIT,    /* out[states]  = y at the start              (t, p, d, z) */
	KERNEL_PREPARE, /* out[derived] = what depends on p alone     (p) */
	KERNEL_KINDS
};

/* Every array is uniform (one value for all lanes, stride 0 between lanes) or
 * per lane: element k of lane l at [k * lanes + l].  With lanes == 1 both are the
 * plain array.  Which arrays are uniform is fixed when a kernel is made. */
struct kernel_args {
	const double *t;    /* [1] the time; per lane like y */
	const double *y;    /* [states] */
	const double *p;    /* [parameters] */
	const double *d;    /* [derived] derived parameters, written by KERNEL_PREPARE */
	const double *z;    /* [discrete] variables that only events change */
	const double *seed; /* seeds of tangents and adjoints */
	double *out;        /* what the kernel computes */
	double *scratch;    /* [kernel->scratch * lanes], contents of no interest */
	const double *data;    /* the kernel's constant tables, set from struct kernel */
	const int32_t *tables; /* likewise, integers */
	const void *env;       /* import table of machine code; program of the interpreter */
	int64_t index;         /* a run-time index, for kernels that want one */
	uint64_t mode;         /* branches of switches on time alone, frozen within a step */
};

struct kernel {
	void (*run)(const struct kernel_args *);
	const double *data;
	const int32_t *tables;
	const void *env;
	int64_t scratch; /* doubles a lane */
	int lanes;       /* trajectories a call, 1 unless an ensemble was asked for */
	bool apart;      /* half of `out` or more is stored number by number, not as vectors */
};

/* A named family: "x" (rank 0) or "u[1..3, 0..7]" (rank 2).  Element [i, j] sits
 * at offset + (i - base[0]) * extent[1] + (j - base[1]) of its vector. */
enum { FAMILY_RANK = 3 };
struct family { /* small, for models may have a name for every number */
	const char *name;
	const int64_t *shape; /* [2 * rank] base, then extent; rank 0: NULL */
	int64_t offset : 56;  /* within the vector of its kind */
	int64_t rank : 8;
};
static inline int64_t oj_family_base(const struct family *family, int axis)
{
	return family->shape[axis];
}
static inline int64_t oj_family_extent(const struct family *family, int axis)
{
	return family->shape[family->rank + axis];
}
/* 1 for rank 0. */
static inline int64_t oj_family_length(const struct family *family)
{
	int64_t length = 1;
	for (int axis = 0; axis < family->rank; axis++)
		length *= oj_family_extent(family, axis);
	return length;
}

enum family_kind { FAMILY_STATES, FAMILY_PARAMETERS, FAMILY_OUTPUTS, FAMILY_DISCRETE, FAMILY_KINDS };

/* What a step of an explicit Runge–Kutta method is made of (HNW II.4): nodes c[stages];
 * rows 1 .. stages-1 of a, one behind the other; weights b[stages] of the solution and
 * e[stages + 1] of each error estimate, the last for f(t1, y1); nodes and rows of the extra
 * stages that its interpolant has, each row for all stages before.  Static tables.
 *
 * The kernel is given t = t0, y = y0, seed = atol [states], and out = a block of vectors, each
 * `stride` (at least STEP_SCALAR_COUNT) doubles after the last: */
enum step_vector {
	STEP_SCALARS,    /* h, t1 and rtol; left there: the norms */
	STEP_SOLUTION,   /* left there: y1 */
	STEP_STAGES      /* k[0] = f(t0, y0); left there: k[1] .., k[stages] = f(t1, y1).  The kernel of
	                  * extra stages finds all these and leaves its own behind them, no more */
};
enum step_scalar {
	STEP_LENGTH,
	STEP_END,
	STEP_RTOL,
	STEP_NORMS, /* the mean square of each estimate's scaled errors, not finite where y1 is not */
	STEP_SCALAR_COUNT = STEP_NORMS + 2
};
struct step_recipe {
	int stages, estimates, extra;
	const double *c, *a, *b, *e[STEP_SCALAR_COUNT - STEP_NORMS], *extra_c, *extra_a;
	int64_t states, stride;
	bool fused; /* products and sums are rounded once, together, as solvers/sums.h has it */
};

/* A kernel that one method wants, made of the right-hand side, or a derivative of it or
 * of the observables. */
enum { BY_STATES = 1, BY_PARAMETERS = 2, BY_TIME = 4 };
struct variant {
	enum variant_kind {
		VARIANT_TAYLOR,   /* Taylor coefficients of the solution, to `order` */
		VARIANT_STEP,     /* a whole step of `recipe` */
		VARIANT_EXTRA,    /* the extra stages of `recipe`, after a step */
		VARIANT_SWITCHES, /* does anything jump by time alone from t[0] to t[1] > t[0]?  out[0] = an
		                   * enum switching.  Reads no y; index != 0: within the last span that was given
		                   * with 0, scratch being as it was left, which takes less time unless that left
		                   * out[1] = 1; out[2] = number of what jumps; mode: enum switches_mode */
		VARIANT_TANGENT,  /* in `order` directions at a time; lib/graph/tangent.h */
		VARIANT_ADJOINT,  /* lib/graph/adjoint.h */
		VARIANT_JACOBIAN, /* out[entries of its pattern]; lib/graph/jacobian.h */
		VARIANT_NEWTON,   /* I - gamma J of the right-hand side by states, gamma = seed[0], with all
		                   * of the diagonal: out[entries of its pattern]; lib/graph/newton.h */
		VARIANT_HESSIAN_PRODUCT, /* with `order` vectors at a time; lib/graph/hessian.h */
		VARIANT_HESSIAN,  /* out[entries of its pattern]; lib/graph/hessian.h */
		VARIANT_KINDS
	} kind;
	int order;
	struct step_recipe recipe;
	enum kernel_kind of; /* derivatives: KERNEL_RHS or KERNEL_OUTPUTS */
	unsigned by;         /* derivatives: BY_STATES and others, of which a Jacobian takes one */
	bool with_value;     /* Jacobian, Newton matrix: what is differentiated comes first in out */
	int64_t scalar;      /* adjoints, Hessians: of this element, + 1; 0: of the sum with weights */
	unsigned columns;    /* Hessians: what columns are by, as `by` says of rows */
	bool strong;         /* tangents, adjoints, Hessians: a seed of 0 has no part, whatever it is
	                      * multiplied with */
	/* Of kernels that only save time: how often the method has evaluated the right-hand
	 * side since it asked last, and where to write after how many more to ask again.  Of a
	 * Jacobian for which `wait` is set, how often that was evaluated: at first it may be
	 * interpreted. */
	uint64_t evaluations, *wait;
};

#define OJ_DEFAULT_RTOL 1e-6
/* The order of VARIANT_TAYLOR that a relative tolerance asks for: solvers/taylor.c; up to
 * TAYLOR_FEW states orders are higher and steps longer. */
enum { TAYLOR_FEW = 6 };
int oj_taylor_order(double rtol, int64_t states);

enum switching {
	SWITCHING_NONE, /* nothing jumps */
	SWITCHING_MAY,  /* something may, for all that intervals tell, but all is the same at both times */
	SWITCHING_DOES  /* something is another at the one than at the other */
};

enum switches_mode {
	SWITCHES_SAME,   /* look at those as before */
	SWITCHES_ALL,    /* from here on at all; so it has to be at first */
	SWITCHES_WITHOUT /* + k: from here on without number k */
};

struct system {
	ojit_context *context;
	int64_t states, parameters, derived, discrete, outputs;
	/* Families tile their vector in order of offset. */
	const struct family *families[FAMILY_KINDS];
	size_t family_count[FAMILY_KINDS];
	/* The kernel of a kind, compiled on demand. */
	ojit_status (*kernel)(struct system *self, enum kernel_kind kind,
	                      const struct kernel **kernel, struct oj_error *error);
	/* A variant, compiled on demand; *kernel NULL: this system does better without, so far.
	 * NULL: the system cannot make any. */
	ojit_status (*variant)(struct system *self, const struct variant *variant,
	                       const struct kernel **kernel, struct oj_error *error);
	/* The pattern of a matrix' variant, once that was asked for; lives as long. */
	const struct pattern *(*pattern)(struct system *self, const struct variant *variant);
	/* Operations of one call, counted in units of an addition, of a variant that was asked for,
	 * or of the right-hand side where `variant` is NULL; < 0: not known.  NULL: never known. */
	double (*effort)(struct system *self, const struct variant *variant);
	/* Fill p[parameters] with defaults.  Elements k with set[k] != 0 are given by
	 * the caller and stay; defaults that read them follow them.  `set` may be NULL:
	 * none is given.  Allocates nothing. */
	ojit_status (*defaults)(struct system *self, const unsigned char *set, double *p,
	                        struct oj_error *error);
	/* What the model's `span` and `solve` statements ask for. */
	bool has_span;
	double span[2];
	const char *method;             /* NULL: not given */
	double rtol, atol;              /* 0: not given */
	double until_steady, growth_limit; /* likewise */
	const char *nonnegative;        /* names separated by commas, or "all"; NULL: not given */
	bool has_atol;                  /* given, though it be 0 */
	bool switches;                  /* something in the right-hand side may jump by time alone */
	bool jumps;                     /* there are conditions on numbers, or steps such as sign and floor */
	bool timeless;                  /* the right-hand side is known not to read the time */
};

/* Add the name of element k of a kind: "x", "u[3]", "u[2,7]". */
void oj_system_name(const struct system *system, enum family_kind kind, int64_t k, struct text *name);
/* Elements that `name` means: "x", "u[3]", "u[2, 7]" one, "u" the whole family.
 * OJIT_NAME with a message that names the nearest known name, OJIT_RANGE for an
 * index outside. */
ojit_status oj_system_find(const struct system *system, enum family_kind kind, const char *name,
                           int64_t *offset, int64_t *length, struct oj_error *error);

/* Whether the solvers have a method of that name; where they have not, the names of
 * all are added to `known`, separated by commas. Defined by solvers/. */
bool oj_method_known(const char *name, struct text *known);

/* The system inside a compiled program; lives as long as the program. */
struct ojit_program;
struct system *oj_program_system(struct ojit_program *program);

/* Fill in what belongs to the kernel; the caller sets the rest. */
static inline void oj_kernel_bind(const struct kernel *kernel, struct kernel_args *args)
{
	args->data = kernel->data;
	args->tables = kernel->tables;
	args->env = kernel->env;
}

#endif
