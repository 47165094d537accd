/* The inside of an ojit_check: see ojit/check.h.
 *
 *   checker.c   makes it, takes it to points and hands out what was found
 *   measured.c  what programs compute in MPFR at the present point
 *   checked.c   kernels: making and evaluating one, in all ways
 *   judge_vectors.c, judge_matrices.c   forms of kernels, each with what it is held to
 *   judge.c     whether two numbers agree, and noting where they do not */
#ifndef OJ_CHECKER_H
#define OJ_CHECKER_H

#include <ojit/check.h>
#include <ojit/derive.h>

#include "jit/compile.h"
#include "jit/truth.h"

/* A program in MPFR, at the present point. */
enum { REACHES = 8 }; /* of inputs that are or-ed */
struct measured {
	struct truth *truth; /* NULL: there is nothing to compute */
	size_t count;
	struct truth_value *values;  /* [count]; all of them skipped where it takes too long */
	const double *seed;          /* [seeds] that it was asked with last */
	size_t seeds;
	double part;                 /* of what its loops put out that is looked at; 0: not known yet */
	bool is_known;               /* at this point there are values */
	bool is_whole;               /* and none was skipped */
	double *reach[REACHES];      /* [count], see oj_measured_reach; NULL until wanted */
	unsigned is_reached;         /* at this point, one bit each */
};

/* What the model says of the right-hand side or the observables. */
enum { SUBJECT_RHS, SUBJECT_OUTPUTS, SUBJECTS };
enum { SLOPES = 3 }; /* by states, parameters and time, as enum ojit_inputs has its bits */
struct subject {
	struct lowered lowered; /* as the model has it, before any pass but split */
	struct measured measured;
	bool is_rolled;                     /* so that derivatives have both forms */
	double effort;                      /* of all rows, in operations */
	size_t rows;
	struct truth_value *slopes[SLOPES]; /* [rows], along the directions of the inputs */
	struct truth_value *bends;          /* [rows], along two directions; NULL until wanted */
};

enum check_form { CHECK_VALUES, CHECK_MATRIX, CHECK_NEWTON, CHECK_LINEARISATION, CHECK_TANGENT, CHECK_ADJOINT,
                  CHECK_HESSIAN_PRODUCT, CHECK_HESSIAN, CHECK_FORMS };

/* A row of what is checked.  Adding a kernel is adding a row to kernels of checker.c and,
 * where no form fits, a form with its function. */
struct check_row {
	const char *name;
	int subject;
	unsigned by;          /* enum ojit_inputs or-ed; 0: values */
	enum check_form form;
	size_t directions;    /* at a time; 0: it has none */
	unsigned columns;     /* CHECK_HESSIAN: `by` is of the rows */
	bool is_element;      /* of one element of the subject, not of the sum with weights */
};

struct check_kernel {
	struct check_row row;
	ojit_check_row found;
	int64_t worst_row, worst_column;
	bool has_worst;            /* at the present point */
	bool made;
	bool is_written_out;       /* WAY_FLAT is a way of it */
	size_t count;              /* of what it puts out */
	double effort;             /* of one evaluation by the interpreter, in additions of MPFR */
	double *machine, *other;   /* [count], by machine code and by the interpreter */
	struct measured measured;  /* its own program */
	bool strong;               /* the one in which zeros of the seed are strong (struct variant) */
	ojit_pattern pattern;      /* of matrices */
	int64_t *colour;           /* CHECK_MATRIX: [columns]; columns of one colour share no row */
	size_t colours;
	double *direction;         /* workplace: CHECK_MATRIX: [columns], else what the kernel is asked with */
	double *sizes;             /* CHECK_MATRIX: [rows], along that; NULL until wanted */
	bool has_sizes;
	struct truth_value *slopes[2]; /* workplace of differences; CHECK_ADJOINT: by states, by parameters */
	bool has_slopes;           /* CHECK_ADJOINT: at this point */
};

enum check_way { WAY_MACHINE, WAY_INTERPRETED, WAY_FLAT, CHECK_WAYS };

struct ojit_check {
	ojit_context *context;
	ojit_check_options options;
	struct oj_error error;
	struct arena arena;
	const struct truth_table *table;
	ojit_program *programs[CHECK_WAYS]; /* WAY_FLAT may be missing */
	ojit_evaluator *evaluators[CHECK_WAYS];
	struct subject subjects[SUBJECTS];
	struct check_kernel *kernels;
	size_t kernel_count, states, parameters, inputs;
	VECTOR(ojit_finding) findings;
	size_t points, draws; /* checked, and drawn at random */
	double work, tolerance;
	/* The present point and its random directions. */
	struct truth_point point;
	double *y, *p;                    /* where the next point goes */
	double *direction;                /* [inputs]: states, parameters, time */
	double *other_direction;          /* [inputs], for second derivatives */
	double *away;                     /* [inputs], a point beside this one */
	double *weights[SUBJECTS];        /* [rows] */
	double *unit[SUBJECTS];           /* [rows], the weights that mean one element */
	size_t element[SUBJECTS];
	double gamma;                     /* of Newton matrices */
};

/* ---- checker.c ---- */

/* Take over the failure of an evaluator. */
ojit_status oj_check_fail(struct ojit_check *check, int way);
/* A number in [0, 1) of its own for every purpose and k, at the present point. */
enum { DRAW_POINT, DRAW_DIRECTION, DRAW_WEIGHT, DRAW_COLOUR, DRAW_GAMMA, DRAW_SAMPLE, DRAW_ELEMENT };
double oj_check_draw(const struct ojit_check *check, int purpose, size_t k);
/* The magnitude of a direction at x, a power of two. */
double oj_check_scale(double x);

/* ---- measured.c ---- */

/* `program` and `prepare` must outlive it; NULL: nothing is computed, so all is 0. */
ojit_status oj_measured_open(struct ojit_check *check, struct measured *measured, const struct program *program,
                             const struct program *prepare, size_t count);
void oj_measured_close(struct ojit_check *check, struct measured *measured);
void oj_measured_forget(struct measured *measured); /* the point is another one */
/* Its values, or those of a sample where `limit` additions do not suffice. */
ojit_status oj_measured_values(struct ojit_check *check, struct measured *measured, double limit, const double *seed,
                               size_t seeds);
/* Now all of them, whatever it takes. */
ojit_status oj_measured_wholly(struct ojit_check *check, struct measured *measured);
/* The direction as far as it is in inputs `by`. */
struct truth_point oj_check_along(const struct ojit_check *check, unsigned by);
/* Derivatives along a direction and along two, of what has values. */
ojit_status oj_measured_slopes(struct ojit_check *check, struct measured *measured, const struct truth_point *direction,
                               struct truth_value *out);
ojit_status oj_measured_bends(struct ojit_check *check, struct measured *measured, const struct truth_point *a,
                              const struct truth_point *b, struct truth_value *out);
/* Sizes of its values a step away, `along` of the same point. */
ojit_status oj_measured_sizes(struct ojit_check *check, struct measured *measured, const struct truth_point *along,
                              double *sizes);
/* Where a difference seems wrong, its surroundings are looked at, a whole direction of inputs
 * `by` away.  By as much as the size of value k changes there the size of the slope must be
 * reckoned: so much is added up in it, though kernels may have numbers of the model put
 * together beforehand.  And where all is 0 at a point, only its surroundings tell what the
 * difference is off by because the function bends: a small part of the size there. */
#define SLOPE_BENDS 0x1p-150
#define BEND_BENDS 0x1p-110
struct reach {
	double change; /* of the size */
	double bend;
};
ojit_status oj_measured_reach(struct ojit_check *check, struct measured *measured, unsigned by, size_t k,
                              struct reach *reach);
/* All of the subject at the present point. */
ojit_status oj_subject_measure(struct ojit_check *check, struct subject *subject);
/* The slope of a row along the direction, as far as it is in inputs `by`. */
struct truth_value oj_subject_slope(const struct subject *subject, size_t row, unsigned by);

/* ---- checked.c ---- */

/* Compile the kernel, unless that is done; what cannot be differentiated is told once and
 * left out. */
ojit_status oj_checked_make(struct ojit_check *check, struct check_kernel *kernel);
/* Evaluate in all ways, whose bits are compared. */
ojit_status oj_checked_run(struct ojit_check *check, struct check_kernel *kernel);
/* The values of its own program, with what the kernel was asked with; all: whatever it takes. */
ojit_status oj_checked_measure(struct ojit_check *check, struct check_kernel *kernel);
/* Where the inputs `by` begin in the direction. */
const double *oj_check_direction(const struct ojit_check *check, unsigned by);
size_t oj_check_inputs(const struct ojit_check *check, unsigned by);
/* A kernel of that form for the same subject, with one direction and of all elements; NULL: it
 * was not made. */
struct check_kernel *oj_check_find(const struct ojit_check *check, const struct check_kernel *like,
                                   enum check_form form, unsigned by, unsigned columns);
/* Element i of what the kernel puts out as its own program has it in MPFR or, where that was
 * skipped, as machine code has it. */
struct truth_value oj_checked_value(const struct check_kernel *kernel, size_t i);

/* ---- judge.c ---- */

/* Which element of a kernel: an equation and a variable, NO_ELEMENT where it has none. */
enum { NO_ELEMENT = -1 };
struct element {
	int64_t row, column;
};
struct element oj_checked_element(const struct ojit_check *check, const struct check_kernel *kernel, size_t i);
/* `slack`: what the truth itself may be off by. */
bool oj_agrees(const struct ojit_check *check, double value, struct truth_value expected, double slack);
/* To three digits less, for elements that a sample left out, whose sizes are not known: that much
 * is no reason to compute all of them.  Those of the sample are judged. */
bool oj_agrees_roughly(const struct ojit_check *check, double value, struct truth_value expected, double slack);
void oj_judge(struct ojit_check *check, struct check_kernel *kernel, struct element element, double value,
              struct truth_value expected, double slack, const char *against);
void oj_compare_bits(struct ojit_check *check, struct check_kernel *kernel, struct element element, double value,
                     double other, const char *against);
/* Names of where the fewest digits agreed, where that has changed. */
void oj_name_worst(struct ojit_check *check, struct check_kernel *kernel);

/* Sums of products, in numbers long enough for their own rounding not to count. */
struct sum {
	long double value;
	double size;
	unsigned marks;
};
void oj_sum_add(struct sum *sum, struct truth_value value, double factor);
struct truth_value oj_sum_value(const struct sum *sum);

/* ---- judge_vectors.c, judge_matrices.c ---- */

ojit_status oj_check_values(struct ojit_check *check, struct check_kernel *kernel);
ojit_status oj_check_tangent(struct ojit_check *check, struct check_kernel *kernel);
ojit_status oj_check_adjoint(struct ojit_check *check, struct check_kernel *kernel);
ojit_status oj_check_hessian_product(struct ojit_check *check, struct check_kernel *kernel);
/* The gradient that second derivatives are of, with its slopes along the directions of
 * states and of parameters; *gradient NULL: there are none. */
ojit_status oj_check_gradient(struct ojit_check *check, const struct check_kernel *kernel, struct check_kernel **gradient);
struct truth_value oj_gradient_slope(const struct check_kernel *gradient, size_t i, unsigned by);
ojit_status oj_check_matrix(struct ojit_check *check, struct check_kernel *kernel);
ojit_status oj_check_newton(struct ojit_check *check, struct check_kernel *kernel);
ojit_status oj_check_linearisation(struct ojit_check *check, struct check_kernel *kernel);
ojit_status oj_check_hessian(struct ojit_check *check, struct check_kernel *kernel);

#endif
