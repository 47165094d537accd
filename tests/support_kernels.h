/* The claim that derivatives have the same bits in whatever form they are evaluated:
 * rolled into loops and with every equation on its own, with any pass left out, interpreted
 * and as machine code. */
#ifndef SUPPORT_KERNELS_H
#define SUPPORT_KERNELS_H

#include <ojit/ojit.h>

enum kernels_effort {
	KERNELS_LARGE,  /* as the next, of the right-hand side Jacobian and adjoint at one point alone */
	KERNELS_FLAT,   /* interpreted, with pass roll and without it */
	KERNELS_PASSES, /* also without each of the other passes */
	KERNELS_CODE,   /* also as machine code, rolled with all numbers of lanes, and not */
};

/* Values, Jacobians, Newton matrix, linearisation, tangents, adjoints, gradients and, of models
 * of few inputs, Hessians and their products: of the right-hand side and of the
 * observables, at the initial values and at a point beside them.  A difference fails the
 * running test. */
void kernels_agree(ojit_model *model, const char *name, enum kernels_effort effort);

#endif
