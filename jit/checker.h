/* The inside of an ojit_check: see ojit/check.h.  checker.c makes it, takes it to points
 * and hands out what was found; judge.c compares. */
#ifndef OJ_CHECKER_H
#define OJ_CHECKER_H

#include <ojit/check.h>
#include <ojit/derive.h>

#include "jit/compile.h"
#include "jit/truth.h"

enum check_form { CHECK_VALUES, CHECK_MATRIX, CHECK_NEWTON, CHECK_LINEARISATION, CHECK_TANGENT, CHECK_ADJOINT,
                  CHECK_HESSIAN_PRODUCT };

/* What the model says of the right-hand side or the observables, in MPFR. */
enum { SUBJECT_RHS, SUBJECT_OUTPUTS, SUBJECTS };
struct subject {
	struct lowered lowered; /* as the model has it, before any pass but split */
	struct truth *truth;
	size_t rows;
	/* At the present point, [rows]: values, and slopes along the directions of states,
	 * parameters and time. */
	struct truth_value *values, *by_states, *by_parameters, *by_time;
};

/* A row of what is checked.  Adding a kernel is adding a row to kernels of checker.c and,
 * where no form fits, a form with its function to judge.c. */
struct check_kernel {
	const char *name;
	int subject;
	unsigned by; /* enum ojit_inputs or-ed; 0: values */
	enum check_form form;
	ojit_check_row found;
	int64_t worst_row, worst_column;
	bool has_worst;            /* at the present point */
	bool made;
	size_t count;              /* of what it puts out */
	double *machine, *other;   /* [count], by machine code and by the interpreter */
	struct truth *truth;       /* of its own program; NULL: it computes nothing */
	struct truth_value *exact; /* [count] */
	ojit_pattern pattern;      /* of matrices */
	int64_t *colour;           /* CHECK_MATRIX: [columns]; columns of one colour share no row */
	size_t colours;
	double *direction;         /* [columns] and [rows]: workplace of differences */
	struct truth_value *slopes;
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
	double *weights[SUBJECTS];        /* [rows] */
	double *seeds;                    /* weights and directions in a row, for Hessian products */
	double gamma;                     /* of Newton matrices */
};

/* Take over the failure of an evaluator. */
ojit_status oj_check_fail(struct ojit_check *check, int way);
/* A number in [0, 1) of its own for every purpose and k, at the present point. */
enum { DRAW_POINT, DRAW_DIRECTION, DRAW_WEIGHT, DRAW_COLOUR, DRAW_GAMMA };
double oj_check_draw(const struct ojit_check *check, int purpose, size_t k);
/* The magnitude of a direction at x, a power of two. */
double oj_check_scale(double x);
/* Compare all kernels at the present point. */
ojit_status oj_check_point(struct ojit_check *check);

#endif
