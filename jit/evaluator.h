/* The inside of an ojit_evaluator. */
#ifndef OJ_EVALUATOR_H
#define OJ_EVALUATOR_H

#include "jit/compile.h"

/* A derivative's kernel, as far as this evaluator has asked for it. */
struct derivative_kernel {
	struct variant variant;
	const struct kernel *kernel; /* NULL: there is nothing to compute */
	struct kernel_args args;
	bool finite; /* of finite numbers it makes finite ones, but for overflow */
	double *seed; /* where weights and directions are put together, NULL: they are not */
	size_t seeds;
	struct derivative_kernel *next;
};

struct ojit_evaluator {
	struct ojit_program *program;
	struct oj_error error;
	bool prepared; /* d fits p */
	bool finite;   /* all of p and d, where prepared */
	double t;      /* of the call at hand, where arguments of kernels find it */
	double *p, *d, *scratch;
	size_t room, scratch_room; /* doubles: p with d, scratch */
	const struct kernel *kernels[KERNEL_KINDS]; /* NULL: not asked for yet */
	struct kernel_args args[KERNEL_KINDS];
	struct derivative_kernel *derivatives;
	struct plain_function *functions; /* that were handed out: function.c */
	/* The derivative of a kind that was called last and went well: where the same is asked
	 * for again, nothing is to be found.  run NULL: there is none.  Linearisations, Jacobians
	 * with values, come behind the kinds. */
	struct derivative_ready {
		void (*run)(const struct kernel_args *);
		struct kernel_args *args;
		ojit_kernel of;
		unsigned by;
		size_t order;
		bool finite; /* the kernel and what parameters give to it */
	} latest[VARIANT_KINDS + 1];
	/* What a call may go to at once where no failure is to be forgotten, when nothing is
	 * left to fetch or prepare; set by a call that went well, unset by whatever could
	 * change it. */
	struct {
		void (*run)(const struct kernel_args *);
		struct kernel_args *args;
	} ready[OJIT_KERNEL_COUNT];
};

/* Begin a call: forget the last failure, bring derived parameters up to date. */
ojit_status oj_evaluator_begin(ojit_evaluator *evaluator);
/* Scratch for `count` doubles; arguments made before point to where it is now. */
ojit_status oj_evaluator_reserve(ojit_evaluator *evaluator, size_t count);
/* The kernel, made if it was not yet; OJIT_ARGUMENT where there is none of that number. */
ojit_status oj_evaluator_kernel(ojit_evaluator *evaluator, ojit_kernel which, const struct kernel **kernel);
void oj_evaluator_drop_derivatives(ojit_evaluator *evaluator);

/* Begin a call of variant->kind, one of VARIANT_JACOBIAN, VARIANT_TANGENT and VARIANT_ADJOINT: check what is
 * asked for and fill it in. */
ojit_status oj_derivative_begin(ojit_evaluator *evaluator, ojit_kernel of, unsigned by, size_t directions,
                                struct variant *variant);
/* Of what is differentiated, and of what it is differentiated by. */
void oj_derivative_sizes(const ojit_evaluator *evaluator, const struct variant *variant, size_t *elements,
                         size_t *inputs);
/* The kernel of a variant, made if it was not yet; it stays where it is. */
ojit_status oj_derivative_find(ojit_evaluator *evaluator, const struct variant *variant,
                               struct derivative_kernel **found);

/* Functions: what is run fits the parameters, scratch is where it is now. */
ojit_status oj_functions_choose(ojit_evaluator *evaluator);
void oj_functions_move(ojit_evaluator *evaluator);
void oj_evaluator_drop_functions(ojit_evaluator *evaluator);

#endif
