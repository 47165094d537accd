/* Compiling a model, evaluating its kernels, looking inside.
 *
 * A program is a compiled model: immutable, shared by any number of threads, alive
 * until it is freed, independent of the model it came from.  Kernels are
 * translated to machine code when they are first needed; parameters, initial
 * values, tolerances and times are run-time data, so nothing a solve changes ever
 * translates anything again. */
#ifndef OJIT_PROGRAM_H
#define OJIT_PROGRAM_H

#include <ojit/base.h>
#include <ojit/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ojit_program ojit_program;

/* Who computes.  All give the same bits on a machine with FMA.  Machine code is made
 * by libojit-llvm.so, which lies beside libojit, or where the environment's OJIT_LLVM
 * says, or among the installed libraries. */
typedef enum ojit_executor {
	OJIT_AUTOMATIC,   /* the default: machine code; loops are optimised, straight code that is
	                   * very short or very long is not: it would wait longer than it gains */
	OJIT_OPTIMISED,   /* machine code; whole steps of small models from a method's first run on */
	OJIT_UNOPTIMISED, /* machine code without optimisation: quicker to make, slower to run */
	OJIT_INTERPRETER, /* no code generator needed */
} ojit_executor;

/* Which rules may simplify an expression; see `ojit dump --help`. */
typedef enum ojit_law {
	OJIT_LAW_EXACT,  /* those that change no bit of any result: the default */
	OJIT_LAW_FINITE, /* those right whenever no inf or nan occurs */
	OJIT_LAW_REAL,   /* those right for real numbers; rounding may differ.  Sums over all pairs of sines,
	                  * cosines, exponentials and powers of differences then become sums over one
	                  * index, with an error of a few roundings of the sum of what was expanded about
	                  * the mean c: |x[j] - c| + |x[i] - c| for sin(x[j] - x[i]), its n-th power for
	                  * an n-th power */
} ojit_law;

/* How sparse Jacobians are computed, and what is made of them. */
typedef enum ojit_jacobian {
	OJIT_JACOBIAN_AUTOMATIC, /* what takes fewer counted operations: the default */
	OJIT_JACOBIAN_DIRECT,    /* a formula an entry; derivatives of intermediates are carried on by sparse products */
	OJIT_JACOBIAN_COLOURED,  /* tangents in as many directions as columns have colours; an entry is nan where
	                          * another of its row is infinite */
} ojit_jacobian;

typedef struct ojit_compile_options {
	ojit_executor executor;
	ojit_law law;
	int lanes;                  /* doubles a vector: 1, 2, 4, 8; 0: what suits this machine */
	/* [without_count] passes to leave out, to hunt for a fault, or for "step": never
	 * compile whole steps of a method as one kernel.  Values keep their bits, and so do
	 * derivatives (under OJIT_LAW_EXACT): these are made of the program with all passes,
	 * and without "roll", where the model has no loops of its own, written out. */
	const char *const *without;
	size_t without_count;
	/* Called as each step begins, to measure what compiling takes: with the name of a
	 * stage (see ojit_stages; "program" is making it from the model), once for every
	 * kernel that goes through it, and with "" when the last has ended.  On the
	 * thread that compiles; it must not use the model.  NULL: nobody watches. */
	void (*watch)(void *user, const char *stage);
	void *watch_user;
	/* Threads that may translate at once, the calling one among them.  1, the default: none
	 * is ever made.  0: as many as this process may use cores.  Others are made for the
	 * length of a translation, where it is long enough to be shared, and block all signals;
	 * they call the context's allocator.  Machine code does not depend on their number. */
	int threads;
	ojit_jacobian jacobian;
} ojit_compile_options;
OJIT_API ojit_compile_options ojit_compile_options_default(void);

/* Compile a model; `options` may be NULL.  Checks all of the model, then brings
 * its kernels to the form that is translated on demand.  On failure *program is
 * NULL and ojit_model_error says why: whatever the model's text got wrong, or
 * OJIT_ARGUMENT for an unknown pass; that sticks like any failure of a model.  After
 * a success the model may be freed, added to, or compiled again. */
OJIT_API ojit_status ojit_program_compile(ojit_model *model, const ojit_compile_options *options,
                                          ojit_program **program);
/* Frees all code and memory; solvers and evaluators on it must be gone. */
OJIT_API void ojit_program_free(ojit_program *program); /* NULL is allowed */

typedef struct ojit_program_info {
	size_t states, parameters, outputs, derived;
	size_t nodes;      /* of the expression graph, all kernels */
	size_t code_bytes; /* machine code loaded so far, with its constants */
	size_t compiles;   /* kernels translated so far */
	double compile_seconds; /* spent in compiling and translating so far */
	int has_span;      /* does the model name a time span? */
	double span[2];
	const char *method; /* "" where the model names none */
	double rtol, atol;  /* 0 where the model names none */
	const char *nonnegative; /* names separated by commas, or "all"; "" where the model names none */
	int has_atol;       /* 0 may be what it names */
	double until_steady, growth_limit; /* 0 where the model names none */
} ojit_program_info;
OJIT_API ojit_program_info ojit_program_describe(ojit_program *program);

/* ------------------------------------------------------------------ evaluating */

typedef enum ojit_kernel {
	OJIT_RHS,         /* [states] derivatives */
	OJIT_OBSERVABLES, /* [outputs] */
	OJIT_INITIAL,     /* [states] at the start; y is not read */
	OJIT_KERNEL_COUNT
} ojit_kernel;

/* A place to evaluate kernels from: its own scratch and parameter values.  One
 * thread at a time.  Vectors have their elements in the order in which
 * ojit_solver_name (solve.h) names them.  NULL when out of memory. */
typedef struct ojit_evaluator ojit_evaluator;
OJIT_API ojit_evaluator *ojit_evaluator_new(ojit_program *program);
OJIT_API void ojit_evaluator_free(ojit_evaluator *evaluator); /* NULL is allowed */
OJIT_API ojit_error ojit_evaluator_error(const ojit_evaluator *evaluator);
/* p: [parameters]; NULL: the model's defaults, as after ojit_evaluator_new. */
OJIT_API ojit_status ojit_evaluator_parameters(ojit_evaluator *evaluator, const double *p);
/* out = kernel(t, y).  The first call of a kernel may translate it, and then fail as
 * OJIT_BACKEND or OJIT_OUT_OF_MEMORY; the next call tries again. */
OJIT_API ojit_status ojit_evaluator_call(ojit_evaluator *evaluator, ojit_kernel kernel, double t,
                                         const double *y, double *out);

/* --------------------------------------------------------------- looking inside */

/* The text of a stage of compiling one kernel, allocated from the model's context:
 * "model", "program" (before any pass), a pass by name (after it), "prepare",
 * "jac", "jvp", "vjp" (the Jacobian, tangent and adjoint by states, of a right-hand side or
 * of observables), "newton" (the Newton matrix of a right-hand side), "taylor" (Taylor
 * coefficients of the solution, to the order that the model's rtol asks for; of a right-hand
 * side), "ir", "ir-optimised", "asm".  Free it with ojit_text_free.  On failure *text is NULL
 * and ojit_model_error says why; that sticks as well. */
OJIT_API ojit_status ojit_program_dump(ojit_model *model, const ojit_compile_options *options,
                                       ojit_kernel kernel, const char *stage, char **text);
/* What a stage of compiling one kernel decided, and why, for people to read: lines that
 * begin with '#', which the text of ojit_program_dump takes for comments.  "roll": for
 * each group of equations of equal shape its size; loads that are the same in all rows,
 * at equal distances, or named by tables, and numbers kept as data; the estimated
 * costs as loops and as straight code, in time an evaluation and in translation, and which
 * it became; how many values stay straight code otherwise, and for what reasons.
 * "separate": for each sum over pairs its operations, and what they would be as sums over one
 * index, or why it stays; under OJIT_LAW_EXACT and OJIT_LAW_FINITE, what OJIT_LAW_REAL would
 * give.  "pairs": for each block with sums over a few elements their number, and the
 * estimated costs as loops and as a loop over pairs.  "jac": the pattern's size, bandwidths
 * and colours, and the operations of either way of ojit_jacobian.  "jvp", "vjp", "hvp", "hess": the operations, also as a
 * multiple of those of what is differentiated, and how many numbers are kept on the way.  Costs come from tables,
 * not from a clock, so the text is the same on all machines.  Other stages have nothing to
 * explain yet and fail as OJIT_ARGUMENT, by name, as does a pass that `options` leave out.
 * *text and errors as with ojit_program_dump. */
OJIT_API ojit_status ojit_program_explain(ojit_model *model, const ojit_compile_options *options,
                                          ojit_kernel kernel, const char *stage, char **text);
OJIT_API void ojit_text_free(ojit_context *context, char *text); /* NULL is allowed */
/* Names of the stages in order, NULL at the end. */
OJIT_API const char *const *ojit_stages(void);

#ifdef __cplusplus
}
#endif
#endif
